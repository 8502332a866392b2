"""A witness (C2SP tlog-witness) that shares no code with the product: proofs by RFC 9162, signatures by `cryptography`.

witness.py FOLDER LOG_VKEY: prints its port and its vkey, each on a line. Its state is a file, "state": size and root.
A file "mode" with a status makes it answer so.
"""

import base64
import hashlib
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FOLDER, LOG = sys.argv[1:]
NAME = "witness.example/test"
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


def key_id(name, kind, key):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def consistent(first, second, first_root, second_root, proof):
    """RFC 9162, 2.1.4.2."""
    if first == second:
        return not proof and first_root == second_root
    if not proof:
        return False
    if first & (first - 1) == 0:
        proof = [first_root, *proof]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


def log_signed(text, lines):
    name, ident, encoded = LOG.split("+", 2)
    key = base64.b64decode(encoded)[1:]
    for line in lines:
        dash, signer, blob = line.split(" ")
        blob = base64.b64decode(blob)
        if dash == "—" and signer == name and blob[:4].hex() == ident:
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], text.encode())
                return True
            except InvalidSignature:
                return False
    return False


def answer(body):
    head, _, note = body.partition("\n\n")
    first, *proof = head.split("\n")
    old = int(first.removeprefix("old "))
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    origin, size, root, *_ = text.split("\n")
    if origin != LOG.split("+")[0]:
        return 404, ""
    if not log_signed(text, signatures.strip("\n").split("\n")):
        return 403, ""
    size, root = int(size), base64.b64decode(root)
    if old > size:
        return 400, ""
    path = os.path.join(FOLDER, "state")
    kept, kept_root = 0, b""
    if os.path.exists(path):
        kept, kept_root = open(path).read().split()
        kept, kept_root = int(kept), base64.b64decode(kept_root)
    if old != kept:
        return 409, f"{kept}\n"
    if kept == size and kept_root != root:
        return 409, f"{kept}\n"
    if kept and not consistent(kept, size, kept_root, root, [base64.b64decode(line) for line in proof]):
        return 422, ""
    open(path, "w").write(f"{size} {base64.b64encode(root).decode()}")
    now = int(time.time())
    signed = KEY.sign(f"cosignature/v1\ntime {now}\n{text}".encode())
    blob = key_id(NAME, 4, PUBLIC) + now.to_bytes(8, "big") + signed
    return 200, f"— {NAME} {base64.b64encode(blob).decode()}\n"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        open(os.path.join(FOLDER, "calls"), "a").write(body + "\n")
        mode = os.path.join(FOLDER, "mode")
        if self.path != "/w/add-checkpoint":
            status, text = 404, ""
        elif os.path.exists(mode):
            status, text = int(open(mode).read()), ""
        else:
            status, text = answer(body)
        content = text.encode()
        self.send_response(status)
        if status == 409:
            self.send_header("Content-Type", "text/x.tlog.size")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1])
print(f"{NAME}+{key_id(NAME, 4, PUBLIC).hex()}+{base64.b64encode(bytes([4]) + PUBLIC).decode()}", flush=True)
server.serve_forever()
