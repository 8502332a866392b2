// Verifies this page in the browser with WebCrypto alone, then helps to find things in it. It loads and sends nothing.
//
// 1. The checkpoint has a valid Ed25519 signature of the key (C2SP signed-note).
// 2. Each entry has the content that its header names, and leads by its path to the signed root (RFC 9162).
// 3. What the page shows is what those entries say: expected() works out the text of every cell anew.
//
// Whatever is not shown to be so is said; an error is never a pass.
"use strict";
(() => {

class Refused extends Error {}
class Unsupported extends Error {}
const refuse = (why) => { throw new Refused(why); };

// --- bytes -------------------------------------------------------------------------------------------------------

const utf8 = (text) => new TextEncoder().encode(text);
const text = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (a, b) => a.length === b.length && a.every((byte, place) => byte === b[place]);
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => Array.from(part)));
const bytes = (base64) => {
  try { return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)); }
  catch { return refuse("something that should be base64 is not"); }
};
const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
const prefixed = (prefix, data) => {
  const out = new Uint8Array(data.length + 1);
  out[0] = prefix;
  out.set(data, 1);
  return out;
};

// --- RFC 9162: leaf and node hashes, inclusion (2.1.3.2), consistency (2.1.4.2) -------------------------------------

const leafHash = (leaf) => sha256(prefixed(0x00, leaf));
const nodeHash = (left, right) => sha256(joined([0x01], left, right));

// Sizes stay below 2^53, and are halved by division: bit operations would cut them at 32 bits.
const half = (number) => Math.floor(number / 2);
const odd = (number) => number % 2 === 1;

async function included(index, size, leaf, path, root) {
  if (!(index < size)) return false;
  let [node, last, hash] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (odd(node) || node === last) {
      hash = await nodeHash(sibling, hash);
      while (!odd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && same(hash, root);
}

async function grew(oldSize, size, path, oldRoot, root) {
  if (!(oldSize > 0 && oldSize <= size)) return false;
  if (oldSize === size) return path.length === 0 && same(oldRoot, root);
  const rest = path.slice();
  let [node, last] = [oldSize - 1, size - 1];
  while (odd(node)) [node, last] = [half(node), half(last)];
  // An old tree that is a perfect one is its own first hash.
  let before = node === 0 ? oldRoot : rest.shift();
  if (!before) return false;
  let after = before;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (odd(node) || node === last) {
      before = await nodeHash(sibling, before);
      after = await nodeHash(sibling, after);
      while (!odd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      after = await nodeHash(after, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && same(before, oldRoot) && same(after, root);
}

// --- C2SP signed-note and tlog-checkpoint ------------------------------------------------------------------------------

const ED25519 = 0x01;

async function keyOf(vkey) {
  const parts = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(vkey.trim());
  if (!parts) refuse("the key is not a key of a log: name, key id and key, with + between them");
  const [, name, id, encoded] = parts;
  const key = bytes(encoded);
  if (key.length !== 33 || key[0] !== ED25519) refuse("the key is not an Ed25519 key of a log");
  const named = (await sha256(joined(utf8(`${name}\n`), key))).slice(0, 4);
  if (hex(named) !== id) refuse("the key does not have the key id that stands beside it");
  return { name, id: named, key: key.slice(1), vkey: vkey.trim() };
}

async function ed25519(key, signature, data) {
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, data);
  } catch (error) {
    if (error.name === "NotSupportedError" || error instanceof TypeError) throw new Unsupported();
    return false;
  }
}

// A note: its text with the final line feed, an empty line, signatures.
async function checkpointOf(note, key) {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) refuse("the checkpoint is not a signed note");
  const signed = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split("\n");
  let valid = false;
  for (const line of lines) {
    const parts = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+=*)$/.exec(line);
    if (!parts) refuse("the checkpoint has a line that is no signature");
    const signature = bytes(parts[2]);
    if (parts[1] !== key.name || !same(signature.slice(0, 4), key.id)) continue;
    if (!await ed25519(key.key, signature.slice(4), utf8(signed))) refuse("the signature of the checkpoint is wrong");
    valid = true;
  }
  if (!valid) refuse("the checkpoint has no signature of this key");
  const [origin, size, root] = signed.split("\n");
  if (origin !== key.name) refuse("the checkpoint is of another log than the key");
  if (!/^(0|[1-9][0-9]{0,14})$/.test(size)) refuse("the checkpoint has no size");
  const hash = bytes(root);
  if (hash.length !== 32) refuse("the checkpoint has no root");
  return { origin, size: Number(size), root: hash, written: root };
}

// --- entries of the log ------------------------------------------------------------------------------------------------

// A leaf is a line of JSON, then the content where it is small.
async function opened(entry, head) {
  const fault = (why) => refuse(`entry ${entry.index}: ${why}`);
  const leaf = bytes(entry.leaf);
  const path = entry.path.map(bytes);
  if (path.some((hash) => hash.length !== 32)) fault("its path has something that is no hash");
  if (!await included(entry.index, head.size, await leafHash(leaf), path, head.root)) {
    fault("its leaf does not lead to the signed root");
  }
  const end = leaf.indexOf(10);
  const header = JSON.parse(text(leaf.slice(0, end)));
  if (header.v !== 1) fault("it has a format that this page does not know");
  const inline = leaf.slice(end + 1);
  const content = inline.length > 0 || header.size === 0 ? inline
    : entry.content === undefined ? null : bytes(entry.content);
  if (content !== null && (content.length !== header.size || hex(await sha256(content)) !== header.content)) {
    fault("its content is not the content that its header names");
  }
  return { index: entry.index, header, content };
}

// --- text as it is shown: the rules of text.rs -------------------------------------------------------------------------

const LONGEST = 500;
const HIDDEN = [[0x0, 0x1f], [0x7f, 0x9f], [0xad, 0xad], [0x34f, 0x34f], [0x61c, 0x61c], [0x115f, 0x1160],
  [0x17b4, 0x17b5], [0x180b, 0x180f], [0x200b, 0x200f], [0x2028, 0x202e], [0x2060, 0x206f], [0x3164, 0x3164],
  [0xfeff, 0xfeff], [0xffa0, 0xffa0], [0xfff0, 0xfffb], [0x1d173, 0x1d17a], [0xe0000, 0xe0fff]];

function shown(value) {
  const characters = Array.from(value);
  const visible = characters.slice(0, LONGEST).map((character) => {
    const code = character.codePointAt(0);
    return HIDDEN.some(([from, to]) => from <= code && code <= to) ? `\\u{${code.toString(16)}}` : character;
  });
  const rest = characters.length - LONGEST;
  return visible.join("") + (rest > 0 ? `\u2026 (${rest} more characters)` : "");
}

const moment = (at) => `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
const seconds = (at) => Math.floor(Date.parse(at.replace(/\.\d+Z$/, "Z")) / 1000);
const day = (second) => new Date(second * 1000).toISOString().slice(0, 10);
const counted = (count, noun) => count === 1 ? `1 ${noun}` : `${count} ${noun}s`;

function length(count) {
  if (count < 0) return "0 s";
  if (count < 120) return `${count} s`;
  if (count < 7200) return `${Math.floor(count / 60)} min`;
  if (count < 259200) return `${Math.floor(count / 3600)} h`;
  return `${Math.floor(count / 86400)} days`;
}

const STATES = {
  "deviations": "deviations", "no-evidence": "no evidence", "gaps": "gaps", "excepted": "excepted",
  "examined": "examined, not tested", "held": "held", "not-applicable": "not applicable",
};
const KINDS = {
  "state": "state, sampled by each run",
  "population": "population, every event of the window",
  "register": "register or record",
  "self-test": "self-test, the control is attacked and must refuse",
};
const SEVERITIES = ["low", "medium", "high", "critical"];
const rank = (deviation) => SEVERITIES.indexOf(deviation.severity);

// --- what the page must say ------------------------------------------------------------------------------------------------

const [ROWS, GAPS, WIDTH, TICKS] = [50, 20, 1000, 4];

// The text of every cell by its key, and the bars of every chart, from proven contents.
function expected(entries, head, key) {
  const cells = new Map([
    ["origin", shown(head.origin)], ["key", shown(key.vkey)],
    ["head", `${head.size} entries, root ${head.written}`],
  ]);
  const bars = new Map();
  const findings = entries.filter(({ header, content }) => header.kind === "finding" && content !== null);
  const parsed = findings.map(({ header, content, index }) => {
    const finding = JSON.parse(text(content));
    if (header.control !== (finding.control ?? finding.check)) refuse(`entry ${index}: its header names another finding`);
    return { finding, window: header.window };
  });
  const windows = new Set(parsed.map(({ window }) => `${window.from} ${window.to}`));
  if (windows.size > 1) refuse("the findings are of different windows");
  const [first] = parsed;
  if (!first) return { cells, bars };
  const window = { from: seconds(first.window.from), to: seconds(first.window.to) };
  cells.set("window", `${day(window.from)} to ${day(window.to - 1)}`);
  for (let tick = 0; tick <= TICKS; tick += 1) {
    const length = window.to - window.from;
    cells.set(`axis/${tick}`, day(window.from + Math.min(Math.floor(length * tick / TICKS), length - 1)));
  }
  const counts = new Map(Object.values(STATES).map((word) => [word, 0]));
  for (const { finding } of parsed) {
    const known = finding.control === undefined ? `k/${finding.check}` : `c/${finding.control}`;
    if (cells.has(known)) refuse(`two entries of the log speak of ${shown(known)}`);
    if (finding.control === undefined) {
      ofCheck(finding, window, cells, bars);
    } else {
      const word = ofControl(finding, cells);
      counts.set(word, counts.get(word) + 1);
    }
  }
  for (const [word, count] of counts) cells.set(`n/${word}`, `${count}`);
  return { cells, bars };
}

function ofControl(control, cells) {
  const key = `c/${control.control}`;
  const state = STATES[control.state] ?? refuse("a control has a state that this page does not know");
  cells.set(key, shown(control.control));
  cells.set(`${key}/title`, shown(control.title));
  cells.set(`${key}/rule`, control.rule);
  cells.set(`${key}/state`, state);
  control.checks.forEach((check, place) => cells.set(`${key}/checks/${place}`, shown(check)));
  return state;
}

function ofCheck(check, window, cells, bars) {
  const key = `k/${check.check}`;
  const put = (name, value) => cells.set(`${key}/${name}`, value);
  const { coverage, deviations, excepted, population } = check;
  const state = STATES[check.state] ?? refuse("a check has a state that this page does not know");
  const sorted = deviations.slice().sort((a, b) => rank(b) - rank(a));
  cells.set(key, shown(check.check));
  put("state", state);
  put("title", shown(check.title));
  put("kind", KINDS[check.kind]);
  put("remedy", shown(check.remedy));
  put("definition", check.definition);
  put("observations", `${check.observations}`);
  put("last", check.last === null ? "none" : `entry ${check.last}, ${moment(check.last_at)}`);
  put("tally", sorted.length === 0 ? state
    : `${counted(sorted.length, "deviation")}, worst: ${sorted[0].severity}`);
  put("coverage", words(coverage));
  if (population) {
    const unseen = Math.max(0, population.items - population.observed);
    put("population", `${counted(population.items, "item")}, ${population.observed} observed, `
      + `${unseen} in part unobservable`);
    put("completeness", shown(population.completeness));
    put("root", population.root);
  }
  list(coverage.gaps, GAPS, "gap", "findings.json", (gap, at) => put(at,
    `${moment(gap.from)} to ${moment(gap.to)}, ${length(seconds(gap.to) - seconds(gap.from))}`));
  list(sorted, ROWS, "deviation", "deviations.csv", deviation);
  list(excepted, ROWS, "excepted", "deviations.csv", (one, at) => {
    put(`${at}/exception`, shown(one.exception));
    deviation(one.deviation, at);
  });
  const unobservable = Object.entries(check.unobservable).sort(([a], [b]) => byBytes(a, b));
  list(unobservable, ROWS, "unobservable", "findings.json", ([what, items], at) => {
    put(`${at}/what`, shown(what));
    put(`${at}/items`, `${items}`);
  });
  list(check.notes, ROWS, "note", "findings.json", (note, at) => put(at, shown(note)));
  charts(key, coverage, window, bars);

  function list(all, limit, name, place, each) {
    all.slice(0, limit).forEach((one, row) => each(one, `${name}/${row}`));
    if (all.length > limit) put(`${name}/more`, `${all.length - limit} more in ${place} of the pack`);
  }
  function deviation(one, at) {
    const columns = [one.severity, shown(one.code), shown(one.item), shown(one.text),
      one.since ? moment(one.since) : "not known", one.until ? moment(one.until) : "open or not known",
      one.place === undefined ? "none named" : shown(one.place)];
    columns.forEach((column, place) => put(`${at}/${place}`, column));
  }
}

// By code points, as the program sorts; JavaScript would compare halves of characters.
function byBytes(a, b) {
  const [left, right] = [utf8(a), utf8(b)];
  const place = left.findIndex((byte, at) => byte !== right[at]);
  return place < 0 ? left.length - right.length : left[place] - (right[place] ?? -1);
}

const permille = (coverage) => coverage.seconds === 0 ? 0 : Math.trunc(coverage.covered * 1000 / coverage.seconds);

function words(coverage) {
  if (coverage.seconds === 0) return "the window has not begun";
  const share = permille(coverage);
  const percent = `${Math.trunc(share / 10)}.${share % 10} %`;
  const gaps = coverage.gaps.map((gap) => seconds(gap.to) - seconds(gap.from));
  if (gaps.length === 0) return percent;
  const longest = length(gaps.reduce((a, b) => Math.max(a, b), 0));
  return gaps.length === 1 ? `${percent}, 1 gap of ${longest}` : `${percent}, ${gaps.length} gaps, longest ${longest}`;
}

function charts(key, coverage, window, bars) {
  const put = (name, form, from, to, top, bottom) => {
    if (to > from) bars.set(`${key}/${name}`, [form, from, top, to - from, bottom - top].join(" "));
  };
  const units = (second) =>
    Math.min(WIDTH, Math.max(0, Math.trunc(second * WIDTH / (window.to - window.from))));
  const past = units(coverage.seconds);
  put("bar", "seen", 0, permille(coverage), 0, 6);
  put("strip/future", "future", past, WIDTH, 22, 24);
  let from = 0;
  coverage.gaps.slice(0, STRIPS).forEach((gap, place) => {
    const [begin, stop] = [gap.from, gap.to].map((at) => units(seconds(at) - window.from));
    put(`strip/seen/${place}`, "seen", from, begin, 0, 24);
    put(`strip/gap/${place}`, "gap", begin, Math.max(stop, begin + 2), 16, 24);
    from = stop;
  });
  put("strip/seen/last", "seen", from, past, 0, 24);
}
const STRIPS = 500;

// --- what the page says ------------------------------------------------------------------------------------------------------

// Text of the page that is the same in every report. Nothing else may stand among proven cells.
const LABELS = new Set([
  "Window", "Head of the log", "Origin of the log", "Key of the log",
  "Controls of the catalogue, by what was observed of them in the window:", ...Object.values(STATES),
  "What to do next", "No check asks for anything.",
  "HIPAA, 45 CFR Part 164", "SOC 2, Trust Services Criteria (2017)",
  "Control", "What it asks", "Rule", "State", "Checks", "none", "not in this program",
  "Coverage of each check", "Check", "Coverage", "Over the window",
  "Kind", "Result", "Remedy", "Observations in the window", "Last observation", "Definition, SHA-256", "Population",
  "Completeness", "Root of the population", "Gaps",
  "Deviations", "Deviations, the gravest first", "Severity", "Code", "Item", "What", "Since", "Until", "Place",
  "Excepted", "Exception", "Deviations that an exception covers",
  "Unobservable", "What could not be judged", "What cannot be seen", "Items",
  "Notes of the last observation",
]);

// Compares every cell and bar of the page with what it must say. Returns what is wrong, and what no entry speaks of.
function compared({ cells, bars }) {
  const [wrong, unproven] = [[], new Set()];
  const mark = (element, why) => {
    element.classList.add("changed");
    wrong.push(why);
  };
  const missing = new Set(cells.keys());
  // A finding speaks of all its keys: one that it does not know was added to the page.
  const spoken = (key) => !/^[ck]\//.test(key) || owners.has(owner(key));
  const owner = (key) => key.split("/").slice(0, 2).join("/");
  const owners = new Set(Array.from(cells.keys(), owner));
  for (const element of document.querySelectorAll("[data-v]")) {
    const key = element.dataset.v;
    element.classList.remove("changed");
    missing.delete(key);
    if (cells.get(key) === element.textContent && element.childElementCount === 0) {
      if (!element.closest("[data-proven]")) mark(element, `"${shown(key)}" stands outside of what is compared`);
    } else if (!cells.has(key) && !spoken(key)) unproven.add(owner(key));
    else mark(element, `the page shows another text than the log for "${shown(key)}"`);
  }
  for (const key of missing) wrong.push(`the page does not show "${shown(key)}", which the log has`);
  const bare = new Set(bars.keys());
  for (const element of document.querySelectorAll("[data-g]")) {
    const key = element.dataset.g;
    const drawn = ["class", "x", "y", "width", "height"].map((name) => element.getAttribute(name)).join(" ");
    bare.delete(key);
    if (bars.get(key) === drawn) continue;
    if (owners.has(owner(key))) wrong.push(`the page draws another bar than the log for "${shown(key)}"`);
  }
  for (const key of bare) wrong.push(`the page does not draw "${shown(key)}", which the log has`);
  for (const state of document.querySelectorAll("[data-proven] .state")) {
    const [form] = Object.entries(STATES).find(([, word]) => word === state.textContent) ?? [];
    const shape = state.querySelector("use")?.getAttribute("href");
    if (state.className !== `state ${form}` || shape !== `#s-${form}`) mark(state, "a state has the sign of another");
  }
  for (const place of document.querySelectorAll("[data-proven]")) labels(place, mark);
  return { wrong, unproven };
}

function labels(place, mark) {
  const walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const label = node.data.trim();
    if (label === "" || node.parentElement.closest("[data-v]")) continue;
    if (!LABELS.has(label)) mark(node.parentElement, `the page has a text that is no label: "${shown(label)}"`);
  }
  for (const element of place.querySelectorAll("[data-label], [aria-label], [title]")) {
    for (const name of ["data-label", "aria-label", "title"]) {
      const label = element.getAttribute(name);
      if (label !== null && !LABELS.has(label)) mark(element, `the page has a name that is no label: "${shown(label)}"`);
    }
  }
}

// --- the whole -----------------------------------------------------------------------------------------------------------------

const proven = [];

async function verified(keptKey, keptHead) {
  if (!globalThis.crypto?.subtle) throw new Unsupported();
  const data = JSON.parse(document.getElementById("proven").textContent);
  const key = await keyOf(keptKey || data.key);
  if (key.vkey !== data.key) refuse("the key that you kept is not the key of this page");
  const head = await checkpointOf(text(bytes(data.checkpoint)), key);
  if (head.origin !== data.origin) refuse("the checkpoint is of another log than the page says");
  const entries = [];
  for (const entry of data.entries) entries.push(await opened(entry, head));
  const { wrong, unproven } = compared(expected(entries, head, key));
  if (wrong.length > 0) throw Object.assign(new Refused(wrong[0]), { all: wrong });
  proven.splice(0, proven.length, ...entries);
  const findings = entries.filter(({ header }) => header.kind === "finding").length;
  return { findings, head, unproven, grown: keptHead ? await growth(keptHead, key, head, data.earlier) : null };
}

async function growth(note, key, head, proofs) {
  const kept = await checkpointOf(`${note.replace(/\r\n/g, "\n").replace(/^\n+|\n+$/g, "")}\n`, key);
  if (kept.size > head.size) refuse("the checkpoint that you kept is of a longer log: entries were taken out");
  const proof = kept.size === head.size ? { path: [] } : proofs.find((one) => one.size === kept.size);
  if (!proof) return { kept, shown: false };
  if (!await grew(kept.size, head.size, proof.path.map(bytes), kept.root, head.root)) {
    refuse("the log does not begin with the log of the checkpoint that you kept");
  }
  return { kept, shown: true };
}

const result = document.getElementById("result");

function say(kind, title, lines) {
  result.className = `result ${kind}`;
  const heading = document.createElement("p");
  heading.append(Object.assign(document.createElement("b"), { textContent: title }));
  const items = lines.map((line) => Object.assign(document.createElement("li"), { textContent: line }));
  const list = document.createElement("ul");
  list.append(...items);
  result.replaceChildren(heading, list);
}

async function verify() {
  const [keptKey, keptHead] = ["kept-key", "kept-head"].map((id) => document.getElementById(id).value.trim());
  say("running", "Verifying.", []);
  try {
    const { findings, head, unproven, grown } = await verified(keptKey, keptHead);
    const done = `${counted(findings, "finding")} verified under the signed head of ${head.size} entries; `
      + "what this page shows of them is what they say.";
    const open = [];
    if (unproven.size > 0) {
      const named = Array.from(unproven, (key) => shown(key.slice(2)));
      open.push(`Not verified here, as their content is not in this page: ${named.slice(0, 10).join(", ")}`
        + `${named.length > 10 ? ` and ${named.length - 10} more` : ""}. Use: vouchsafe evidence verify.`);
    }
    if (!keptKey) open.push("No key was given that you kept: a log that was signed again with another key is not excluded.");
    if (!grown) open.push("No earlier checkpoint was given: entries that were left out are not excluded.");
    else if (!grown.shown) {
      open.push(`This page has no proof from the head of ${grown.kept.size} entries: entries that were left out are not `
        + "excluded. Use: vouchsafe evidence verify.");
    }
    const kept = grown?.shown ? [`The log begins with all ${grown.kept.size} entries of the checkpoint that you kept.`] : [];
    if (findings === 0) say("incomplete", "Nothing to verify: the page brings no finding.", open);
    else if (unproven.size > 0) say("incomplete", "Verified in part.", [done, ...kept, ...open]);
    else say(open.length > 0 ? "partly" : "verified", open.length > 0 ? "Verified, with reservations." : "Verified.",
      [done, ...kept, ...open]);
  } catch (error) {
    if (error instanceof Unsupported) {
      say("incomplete", "Not verified: this browser cannot verify Ed25519 signatures.",
        ["Use a newer browser, or: vouchsafe evidence verify."]);
    } else {
      const all = error.all ?? [error instanceof Refused ? error.message : `the proofs cannot be read: ${error.message}`];
      const lines = all.slice(0, 10);
      if (all.length > lines.length) lines.push(`and ${all.length - lines.length} more`);
      say("refused", "Refused: this page is not what the log says.", lines);
    }
  }
}

// A file is known by its digest: a content of a proven entry, or of a line of the evidence on this page.
async function compareFiles(event) {
  const list = document.createElement("ul");
  for (const file of event.target.files) {
    const digest = hex(await sha256(new Uint8Array(await file.arrayBuffer())));
    const entry = proven.find(({ header }) => header.content === digest);
    const line = Array.from(document.querySelectorAll("td.digest")).find((cell) => cell.textContent === digest);
    const what = entry ? `is the content of entry ${entry.index} of the log (${shown(entry.header.kind)}), verified`
      : line ? `has the digest of entry ${line.parentElement.cells[0].textContent} of the evidence on this page`
        : "has a digest that this page does not name";
    list.append(Object.assign(document.createElement("li"), { textContent: `${shown(file.name)}: ${what}. SHA-256 ${digest}` }));
  }
  document.getElementById("file-result").replaceChildren(list);
}

// --- finding things --------------------------------------------------------------------------------------------------------------

function find(event) {
  const wanted = event.target.value.trim().toLowerCase();
  let count = 0;
  for (const row of document.querySelectorAll("[data-find]")) {
    row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    if (!row.hidden) count += 1;
  }
  document.getElementById("found").textContent = wanted === "" ? "" : `${count} found`;
}

// A link to what is folded opens it; on paper everything is open.
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let place = target; place; place = place.parentElement) if (place.localName === "details") place.open = true;
  target?.scrollIntoView();
}

document.querySelector(".find").hidden = false;
document.getElementById("find").addEventListener("input", find);
document.getElementById("again").addEventListener("click", verify);
document.getElementById("file").addEventListener("change", compareFiles);
addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
if (location.hash) unfold();
verify();

})();
