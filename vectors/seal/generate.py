#!/usr/bin/env python3
"""Known answers and hostile inputs for sealing: the format, implemented a second time."""

import hashlib
import hmac
import json
import pathlib
import uuid

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = pathlib.Path(__file__).parent


def frame(*fields):
    """u32 big-endian length and bytes of each field."""
    fields = [f.encode() if isinstance(f, str) else f for f in fields]
    return b"".join(len(f).to_bytes(4, "big") + f for f in fields)


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def extract(salt, secret):
    return mac(salt.encode(), secret)


def expand(prk, label, suite, place):
    """HKDF-Expand (RFC 5869) to 32 bytes: one block."""
    return mac(prk, frame(label, bytes([suite]), place) + b"\x01")


def aes(key, block):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def gcm(suite, key, nonce, plain, aad):
    if suite == 2:
        l = int.from_bytes(aes(key, bytes(16)), "big")
        k1 = ((l << 1) % (1 << 128)) ^ (0x87 if l >> 127 else 0)
        one = lambda i: aes(key, (int.from_bytes(bytes([0, i, 0x58, 0]) + nonce[:12], "big") ^ k1).to_bytes(16, "big"))
        key, nonce = one(1) + one(2), nonce[12:]
    return AESGCM(key).encrypt(nonce, plain, aad)


def envelope(prk, suite, version, place, aad_fields, nonce, plain):
    header = b"VS" + bytes([1, suite, 0]) + version.to_bytes(4, "big")
    header += expand(prk, "vouchsafe/1/commitment", suite, place) + nonce
    key = expand(prk, "vouchsafe/1/key", suite, place)
    return header + gcm(suite, key, nonce, plain, frame(*aad_fields, header))


class Entropy:
    def __init__(self, seed):
        self.pool = hashlib.shake_128(seed).digest(256)
        self.at = 0

    def take(self, count):
        self.at += count
        return self.pool[self.at - count:self.at]


def owner_bytes(owner):
    return bytes(17) if owner is None else b"\x01" + uuid.UUID(owner).bytes


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def split(document, layout, entropy, version):
    """Only what the cases need: members of the root, and one array of objects."""
    parts = {}
    for name, value in document.items():
        if name in layout:
            parts.setdefault(layout[name], {})[name] = value
            continue
        items = {}
        for at, item in enumerate(value):
            tag = [entropy.take(8).hex(), (at + 1) << 20, version]
            shares = {}
            for member, inner in item.items():
                shares.setdefault(layout[f"{name}.{member}"], {})[member] = inner
            for slot, share in shares.items():
                items.setdefault(slot, []).append(tag + [share])
        for slot, share in items.items():
            parts.setdefault(slot, {})[name] = {"~": share}
    return parts


def record(name, owner, layout, document, seed, key_version=1, version=1):
    secret = hashlib.sha256(b"secret " + seed).digest()
    tenant, rid = "6f1c2e9a-0d4b-4c52-9a41-1d3d6c0b7e11", "0b9d4e0c-7a57-4d6c-8f0e-55b7a1c2d3e4"
    rtype = "Patient" if owner else "Location"
    suite = 1 if owner else 2
    entropy = Entropy(seed)
    prk = extract("vouchsafe/1/record", secret)
    where = (uuid.UUID(tenant).bytes, rtype, uuid.UUID(rid).bytes, owner_bytes(owner))

    def place(slot, purpose):
        return frame("record", uuid.UUID(tenant).bytes, owner_bytes(owner), rtype, slot, purpose)

    blobs = {}
    for slot, part in split(document, layout, entropy, version).items():
        nonce = entropy.take(12 if suite == 1 else 24)
        fields = ("vouchsafe/1/blob", *where, version.to_bytes(4, "big"), slot, "content")
        blobs[slot] = envelope(prk, suite, key_version, place(slot, "content"), fields, nonce, compact(part).encode())

    body = b"VM" + bytes([1, 0]) + key_version.to_bytes(4, "big") + len(blobs).to_bytes(2, "big")
    for slot, blob in sorted(blobs.items()):
        body += bytes([len(slot)]) + slot.encode() + version.to_bytes(4, "big") + hashlib.sha256(blob).digest()
    mac_key = expand(prk, "vouchsafe/1/mac", 0, place("", "manifest"))
    manifest = body + mac(mac_key, frame("vouchsafe/1/manifest", *where, version.to_bytes(4, "big"), body))
    return {
        "name": name, "secret": secret.hex(), "key_version": key_version, "tenant": tenant, "owner": owner,
        "record_type": rtype, "id": rid, "version": version, "layout": sorted(layout.items()),
        "document": compact(document), "entropy": entropy.pool.hex(),
        "blobs": {slot: blob.hex() for slot, blob in blobs.items()}, "manifest": manifest.hex(),
    }


def wrapped(secret, key_version, context, nonce, key):
    prk = extract("vouchsafe/1/wrapping", secret)
    return envelope(prk, 2, key_version, frame("wrap"), ("vouchsafe/1/wrap", context), nonce, key)


def system(suite, branch, tenant, purpose, key_version, context, nonce, plain):
    place = frame("system", uuid.UUID(tenant).bytes, purpose)
    prk = extract("vouchsafe/1/system", branch)
    return envelope(prk, suite, key_version, place, ("vouchsafe/1/system", place, context), nonce, plain)


def tag(secret, tenant, version, rtype, index, value, bits):
    prk = extract("vouchsafe/1/index", secret)
    info = frame("index", uuid.UUID(tenant).bytes, version.to_bytes(4, "big"))
    key = expand(prk, "vouchsafe/1/mac", 0, info)
    full = int.from_bytes(mac(key, frame("tag", rtype, index, value))[:16], "big")
    return (full >> (128 - bits) << (128 - bits)).to_bytes(16, "big")


def known():
    subject = "2f3e4d5c-6b7a-4988-8776-655443322110"
    patient = {"resourceType": "operational", "name": "demographic", "note": "clinical+note",
               "contact.name": "demographic", "contact.phone": "contact"}
    document = {"resourceType": "Patient", "name": "Ana Müller", "note": "a \"quoted\" note",
                "contact": [{"name": "Bo", "phone": "555-1"}, {"phone": "555-2"}]}
    s1, s2 = hashlib.sha256(b"one").digest(), hashlib.sha256(b"two").digest()
    tenant = "6f1c2e9a-0d4b-4c52-9a41-1d3d6c0b7e11"
    n24 = bytes(range(24))
    return {
        "records": [
            record("a subject's record, suite 1", subject, patient, document, b"case 1"),
            record("a later version under a later key", subject, patient, document, b"case 2", 7, 4_000_000_000),
            record("a tenant's record, suite 2", None, {"resourceType": "operational", "name": "operational"},
                   {"resourceType": "Location", "name": "Ward 3"}, b"case 3"),
        ],
        "wrapped": [{"secret": s1.hex(), "key_version": 3, "context": b"tenant/branch".hex(), "key": s2.hex(),
                     "wrapped": wrapped(s1, 3, b"tenant/branch", n24, s2).hex()}],
        "system": [{"suite": suite, "branch": s1.hex(), "tenant": tenant, "purpose": "vectors", "key_version": 1,
                    "context": b"totp/1".hex(), "plain": plain.hex(),
                    "sealed": system(suite, s1, tenant, "vectors", 1, b"totp/1", n24[:24 if suite == 2 else 12], plain).hex()}
                   for suite in (1, 2) for plain in (b"", b"a seed")],
        "index": [{"secret": s2.hex(), "tenant": tenant, "version": 2, "record_type": "Patient", "index": "family",
                   "value": "müller".encode().hex(), "bits": bits,
                   "tag": tag(s2, tenant, 2, "Patient", "family", "müller".encode(), bits).hex()}
                  for bits in (1, 8, 12, 127, 128)],
    }


def hostile(answers):
    """Against the key of `wrapped[0]`, and for the manifest parser."""
    case = answers["wrapped"][0]
    good = bytes.fromhex(case["wrapped"])
    put = lambda at, data: (good[:at] + data + good[at + len(data):]).hex()
    s1, context = bytes.fromhex(case["secret"]), bytes.fromhex(case["context"])
    n24 = bytes(range(24))
    envelopes = [
        ("empty", "", "Envelope"),
        ("only the magic", good[:2].hex(), "Envelope"),
        ("header cut before the commitment", good[:9].hex(), "Envelope"),
        ("header cut inside the nonce", good[:50].hex(), "Envelope"),
        ("no room for a tag", good[:65 + 15].hex(), "Envelope"),
        ("other magic", put(0, b"sv"), "Envelope"),
        ("a manifest's magic", put(0, b"VM"), "Envelope"),
        ("format 0", put(2, b"\x00"), "UnknownFormat"),
        ("format 2", put(2, b"\x02"), "UnknownFormat"),
        ("suite 0", put(3, b"\x00"), "UnknownFormat"),
        ("suite 3", put(3, b"\x03"), "UnknownFormat"),
        ("suite 255", put(3, b"\xff"), "UnknownFormat"),
        ("suite 1 instead of 2", put(3, b"\x01"), "Commitment"),
        ("reserved flag 1", put(4, b"\x01"), "Envelope"),
        ("reserved flag 128", put(4, b"\x80"), "Envelope"),
        ("key version 0", put(5, bytes(4)), "KeyVersion"),
        ("key version one higher", put(5, (4).to_bytes(4, "big")), "KeyVersion"),
        ("key version little-endian", put(5, (3).to_bytes(4, "little")), "KeyVersion"),
        ("commitment of zeros", put(9, bytes(32)), "Commitment"),
        ("commitment of another context's key", put(9, hashlib.sha256(b"x").digest()), "Commitment"),
        ("nonce of zeros", put(41, bytes(24)), "Tag"),
        ("ciphertext of zeros", put(65, bytes(32)), "Tag"),
        ("tag of zeros", put(97, bytes(16)), "Tag"),
        ("last byte missing", good[:-1].hex(), "Tag"),
        ("one byte more", (good + b"\0").hex(), "Tag"),
        ("twice", (good + good).hex(), "Tag"),
        ("another context", wrapped(s1, 3, context + b"/", n24, bytes(32)).hex(), "Tag"),
        ("context and label joined", wrapped(s1, 3, b"", n24, bytes(32)).hex(), "Tag"),
        ("another key", wrapped(bytes(32), 3, context, n24, bytes(32)).hex(), "Commitment"),
        ("a key of 31 bytes", wrapped(s1, 3, context, n24, bytes(31)).hex(), "Envelope"),
        ("a key of 33 bytes", wrapped(s1, 3, context, n24, bytes(33)).hex(), "Envelope"),
        ("a system envelope of the same secret",
         system(2, s1, "6f1c2e9a-0d4b-4c52-9a41-1d3d6c0b7e11", "wrap", 3, context, n24, bytes(32)).hex(), "Commitment"),
    ]
    entry = lambda slot, version=1: bytes([len(slot)]) + slot.encode() + version.to_bytes(4, "big") + bytes(32)
    body = lambda entries, flags=0, fmt=1, count=None: (
        b"VM" + bytes([fmt, flags]) + (1).to_bytes(4, "big")
        + (len(entries) if count is None else count).to_bytes(2, "big") + b"".join(entries))
    full = lambda *a, **k: (body(*a, **k) + bytes(32)).hex()
    manifests = [
        ("empty", "", "Manifest"),
        ("only a MAC", bytes(32).hex(), "Manifest"),
        ("cut in the head", (b"VM\x01\x00" + bytes(32)).hex(), "Manifest"),
        ("an envelope", good.hex(), "Manifest"),
        ("format 2", full([], fmt=2), "UnknownFormat"),
        ("reserved flag", full([], flags=2), "Manifest"),
        ("more entries said than there are", full([entry("clinical")], count=2), "Manifest"),
        ("fewer entries said than there are", full([entry("clinical")], count=0), "Manifest"),
        ("65535 entries said", full([], count=65535), "Manifest"),
        ("out of order", full([entry("contact"), entry("clinical")]), "Manifest"),
        ("a slot twice", full([entry("clinical"), entry("clinical", 2)]), "Manifest"),
        ("unknown class", full([entry("clinic")]), "Manifest"),
        ("an own name that is none", full([entry("clinical+")]), "Manifest"),
        ("upper case", full([entry("Clinical")]), "Manifest"),
        ("no name", full([entry("")]), "Manifest"),
        ("name not UTF-8", (body([b"\x01\xff" + bytes(36)]) + bytes(32)).hex(), "Manifest"),
        ("name longer than all", (body([b"\xff" + bytes(36)]) + bytes(32)).hex(), "Manifest"),
        ("version 0", full([entry("clinical", 0)]), "Manifest"),
        ("one byte more", full([entry("clinical") + b"\0"], count=1), "Manifest"),
    ]
    row = lambda items: [{"name": n, "bytes": b, "error": e} for n, b, e in items]
    return {"envelopes": row(envelopes), "manifests": row(manifests)}


if __name__ == "__main__":
    answers = known()
    for name, content in (("known.json", answers), ("hostile.json", hostile(answers))):
        (HERE / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
