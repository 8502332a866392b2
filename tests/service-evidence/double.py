"""Services over HTTPS, each with one weakness, and one without any: what a probe must find, and must not.

    double.py FOLDER    writes FOLDER/urls.json (name -> URL), tokens, and serves until it is ended
"""
import base64, hashlib, hmac, http.server, json, os, ssl, sys, threading, time

folder = sys.argv[1]
SECRET, ISSUER, AUDIENCE = os.urandom(32), "https://issuer.example", "https://api.example"
PUBLIC = os.urandom(32)  # an Ed25519 key that signs nothing here: bait for the confusion of algorithms


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def token(header=None, **changes):
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "person/1", "iat": now, "exp": now + 900, **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = ".".join(text(json.dumps(part).encode()) for part in (header or {"alg": "HS256", "kid": "k1"}, claims))
    return signed + "." + text(hmac.new(SECRET, signed.encode(), hashlib.sha256).digest())


def pem():
    der = bytes.fromhex("302a300506032b6570032100") + PUBLIC
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----"


def accepts(token, weakness):
    """Whether a bearer is let in: all of RFC 8725 but for the weakness."""
    if weakness == "any-credential":
        return bool(token)
    if weakness == "deaf":
        return False
    try:
        signed, signature = token.rsplit(".", 1)
        header, claims = (json.loads(data(part)) for part in signed.split("."))
        signature = data(signature)
    except ValueError:
        return False
    algorithm = str(header.get("alg"))
    mac = lambda key: hmac.new(key, signed.encode(), hashlib.sha256).digest()
    good = algorithm == "HS256" and header.get("kid") == "k1" and hmac.compare_digest(signature, mac(SECRET))
    good |= weakness == "alg-none" and algorithm.lower() == "none" and signature == b""
    good |= weakness == "signature" and algorithm == "HS256"
    good |= weakness == "confused" and signature == mac(pem())
    good |= weakness == "kid-path" and "dev/null" in str(header.get("kid")) and signature == mac(b"")
    good |= weakness == "weak-secret" and signature == mac(b"secret")
    now, exp, iat = time.time(), claims.get("exp"), claims.get("iat", 0)
    if weakness != "no-exp" and exp is None:
        return False
    if weakness != "expired" and exp is not None and exp <= now:
        return False
    if weakness != "long-exp" and exp is not None and exp - iat > 3600:
        return False
    if weakness != "wrong-aud" and claims.get("aud") != AUDIENCE:
        return False
    return good and (weakness == "wrong-iss" or claims.get("iss") == ISSUER)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def version_string(self):
        return "double/1.2.3" if self.server.weakness == "version" else "double"

    def answer(self, status, body=b"{}", **headers):
        weakness = self.server.weakness
        self.send_response(status)
        if weakness != "cacheable" or status >= 400:
            self.send_header("Cache-Control", "no-store")
        if weakness != "headers":
            self.send_header("Strict-Transport-Security", "max-age=31536000")
            self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def any(self):
        weakness, path = self.server.weakness, self.path.split("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        known = {"/me": ["GET"], "/patients": ["GET", "POST"], "/export": ["GET"]}
        methods = ["GET", "PUT"] if path.startswith("/patients/") else known.get(path)
        if path == "/health":
            return self.answer(200)
        if path == "/.well-known/jwks.json":
            return self.answer(200, json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": text(PUBLIC)}]}).encode())
        if path == "/auth/sign-in" and self.command == "POST":
            self.server.failures += 1
            if self.server.failures > 5 and weakness != "no-throttle":
                return self.answer(429, Retry_After="60")
            return self.answer(401)
        if path == "/actuator/env" and weakness == "management":
            return self.answer(200)
        if weakness == "forgot-method" and path == "/patients" and self.command == "DELETE":
            return self.answer(204, b"")
        if methods is None:
            return self.answer(404)
        if self.command not in methods:
            return self.answer(405)
        if weakness == "open-route" and path == "/export":
            return self.answer(200, b'{"patients": []}')
        if weakness == "trace" and self.command == "POST":
            try:
                json.loads(body)
            except ValueError:
                return self.answer(500, b"Traceback (most recent call last):\n  File \"app.py\", line 1")
        if accepts(bearer, weakness):
            return self.answer(200, b'{"name": "a body that nobody may store: 219-09-9999"}')
        if weakness == "echo" and bearer:
            return self.answer(401, f"the token {bearer} is not valid".encode(), WWW_Authenticate="Bearer")
        return self.answer(401, WWW_Authenticate="Bearer")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = any


WEAKNESSES = """none alg-none signature confused kid-path weak-secret no-exp expired long-exp wrong-aud wrong-iss any-credential
open-route forgot-method management trace echo cacheable headers version no-throttle deaf""".split()

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/double.pem", f"{folder}/double.key")
urls = {}
for weakness in WEAKNESSES:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.weakness, server.failures, server.daemon_threads = weakness, 0, True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    urls[weakness] = f"https://localhost:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()

now = int(time.time())
tokens = {
    "good": token(), "expired": token(iat=now - 7200, exp=now - 3600), "no-exp": token(exp=None),
    "long-exp": token(exp=now + 10**8), "wrong-aud": token(aud="https://elsewhere.example"),
    "wrong-iss": token(iss="https://elsewhere.example"),
}
for name, value in tokens.items():
    with open(os.open(f"{folder}/{name}.token", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(value)
with open(f"{folder}/urls.new", "w") as file:
    json.dump(urls, file)
os.rename(f"{folder}/urls.new", f"{folder}/urls.json")
threading.Event().wait()
