// QR codes (ISO/IEC 18004): text in byte mode, error correction level M, versions 1 to 20.
// Names and numbers in comments are those of the standard's tables and sections.

// Table 9, level M: check codewords in each block, and blocks, of versions 1, 2, ...
const CHECK = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];

// Table 10: which modules a mask turns.
const MASKS = [
  (x, y) => (x + y) % 2,
  (x, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

// Rows of modules, true where they are dark; null when the text is too long.
export function qr(text) {
  const bytes = new TextEncoder().encode(text);
  const version = CHECK.findIndex((_, at) => bytes.length <= room(at + 1)) + 1;
  if (version === 0) return null;
  const drawn = MASKS.map((_, mask) => draw(version, codewords(bytes, version), mask));
  const costs = drawn.map(cost);
  return drawn[costs.indexOf(Math.min(...costs))];
}

// --- from text to codewords (sections 7.4 to 7.6) ---

const lengthBits = (version) => (version < 10 ? 8 : 16);
const dataCodewords = (version) => total(version) - CHECK[version - 1] * BLOCKS[version - 1];
const room = (version) => dataCodewords(version) - Math.ceil((4 + lengthBits(version)) / 8);

// How many codewords a symbol has: its area without the function patterns.
function total(version) {
  let modules = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const lines = Math.floor(version / 7) + 2;
    modules -= (25 * lines - 10) * lines - 55;
  }
  if (version >= 7) modules -= 36;
  return Math.floor(modules / 8);
}

function codewords(bytes, version) {
  const binary = (value, length) => value.toString(2).padStart(length, "0");
  const head = "0100" + binary(bytes.length, lengthBits(version)); // byte mode
  const bits = head + [...bytes].map((byte) => binary(byte, 8)).join("") + "0000";
  const data = bits.match(/.{8}/g).map((octet) => parseInt(octet, 2));
  for (let pad = 0xec; data.length < dataCodewords(version); pad ^= 0xec ^ 0x11) data.push(pad);
  return interleaved(data, CHECK[version - 1], BLOCKS[version - 1]);
}

// The last blocks have one codeword more, where it does not come out even.
function interleaved(data, check, blocks) {
  const short = Math.floor(data.length / blocks);
  const firstLong = blocks - (data.length % blocks);
  const parts = [];
  for (let block = 0, at = 0; block < blocks; block += 1) {
    const length = short + (block >= firstLong ? 1 : 0);
    parts.push(data.slice(at, at + length));
    at += length;
  }
  const checks = parts.map((part) => remainder(part, check));
  const out = [];
  for (let at = 0; at <= short; at += 1) out.push(...parts.filter((part) => at < part.length).map((part) => part[at]));
  for (let at = 0; at < check; at += 1) out.push(...checks.map((part) => part[at]));
  return out;
}

// Reed-Solomon over GF(256) with x^8 + x^4 + x^3 + x^2 + 1.
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> bit) & 1) * a;
  }
  return product;
}

function remainder(data, degree) {
  let generator = [1];
  for (let power = 0, root = 1; power < degree; power += 1, root = times(root, 2)) {
    generator = [...generator, 0].map((factor, at) => factor ^ (at > 0 ? times(generator[at - 1], root) : 0));
  }
  let rest = Array(degree).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest[0];
    rest = [...rest.slice(1), 0].map((value, at) => value ^ times(generator[at + 1], factor));
  }
  return rest;
}

// --- from codewords to modules (sections 6.3, 7.7 to 7.10) ---

function draw(version, words, mask) {
  const size = 17 + 4 * version;
  const modules = Array.from({ length: size }, () => Array(size).fill(undefined));
  const put = (x, y, dark) => {
    if (x >= 0 && y >= 0 && x < size && y < size) modules[y][x] = Boolean(dark);
  };
  const free = (x, y) => modules[y][x] === undefined;
  patterns(version, size, put, free);
  format(mask, size, put);
  let bit = 0;
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5; // the column of the timing pattern
    for (let step = 0; step < size; step += 1) {
      const y = up ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (!free(x, y)) continue;
        const dark = bit < words.length * 8 ? (words[bit >> 3] >> (7 - (bit & 7))) & 1 : 0;
        put(x, y, dark ^ (MASKS[mask](x, y) === 0));
        bit += 1;
      }
    }
  }
  return modules;
}

function patterns(version, size, put, free) {
  const square = (left, top, reach, dark) => {
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) {
        put(left + dx, top + dy, dark(Math.max(Math.abs(dx), Math.abs(dy))));
      }
    }
  };
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) square(x, y, 4, (ring) => ring !== 2 && ring !== 4);
  const lines = alignment(version, size);
  for (const y of lines) {
    for (const x of lines) if (free(x, y)) square(x, y, 2, (ring) => ring !== 1);
  }
  for (let at = 8; at < size - 8; at += 1) {
    put(at, 6, at % 2 === 0);
    put(6, at, at % 2 === 0);
  }
  if (version < 7) return;
  const bits = checked(version, 12, 0x1f25);
  for (let at = 0; at < 18; at += 1) {
    const [far, near] = [size - 11 + (at % 3), Math.floor(at / 3)];
    put(far, near, (bits >> at) & 1);
    put(near, far, (bits >> at) & 1);
  }
}

// Annex E: where alignment patterns are centred, both ways.
function alignment(version, size) {
  if (version === 1) return [];
  const lines = Math.floor(version / 7) + 2;
  const step = Math.ceil((4 * version + 4) / (2 * lines - 2)) * 2;
  return [6, ...Array.from({ length: lines - 1 }, (_, at) => size - 7 - at * step)];
}

// Annexes C and D: a value with the check bits of a BCH code.
function checked(value, degree, generator) {
  let rest = value;
  for (let step = 0; step < degree; step += 1) rest = (rest << 1) ^ ((rest >> (degree - 1)) * generator);
  return (value << degree) | rest;
}

// Section 7.9: level M is 00, then the mask; twice, and one module that is always dark.
function format(mask, size, put) {
  const bits = checked(mask, 10, 0x537) ^ 0x5412;
  for (let at = 0; at < 15; at += 1) {
    const dark = (bits >> at) & 1;
    const along = at < 6 ? at : at < 8 ? at + 1 : 14 - at;
    if (at < 8) put(8, along, dark);
    else put(at === 8 ? 7 : along, 8, dark);
    if (at < 8) put(size - 1 - at, 8, dark);
    else put(8, size - 15 + at, dark);
  }
  put(8, size - 8, true);
}

// Section 7.8.3: what makes a symbol hard to read.
function cost(modules) {
  const lines = (rows) => rows.map((row) => row.map(Number).join(""));
  const both = [...lines(modules), ...lines(modules.map((row, at) => row.map((_, x) => modules[x][at])))];
  let points = 0;
  for (const line of both) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) points += run.length - 2;
    for (const _ of line.matchAll(/(?=10111010000|00001011101)/g)) points += 40;
  }
  for (let y = 1; y < modules.length; y += 1) {
    for (let x = 1; x < modules.length; x += 1) {
      const four = modules[y][x] + modules[y][x - 1] + modules[y - 1][x] + modules[y - 1][x - 1];
      if (four % 4 === 0) points += 3;
    }
  }
  const dark = modules.flat().filter(Boolean).length / modules.length ** 2;
  return points + Math.floor(Math.abs(dark - 0.5) * 20) * 10;
}
