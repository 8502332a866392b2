"""Stands in front of a moto server and is stricter than it: every signature is computed again by botocore, as AWS would.

It also does what storage does at its worst, each by a line in the file that it is given (METHOD, a part of the key, what):
  403 | 404 | 500    answers so, without a call
  once500            answers 500 once, and passes the next
  cut                ends the body early
  html404            404 as a proxy writes it
  unconditional      passes the call without its condition
  lost               passes the call once, and never answers
  hold               waits once, until there is a file "release"; "held" says that it does
  die N              passes the call behind N others, and then kills the process whose id stands in the file "victim"
  die-before N       kills it, and passes nothing
"""

import http.client
import os
import signal
import ssl
import sys
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MOTO = ("127.0.0.1", int(sys.argv[1]))
FOLDER = sys.argv[2]
SECRETS = {"AKIDALLOWED": "allowed-secret-canary", "AKIDTOKEN": "token-secret-canary"}
TOKENS = {"AKIDTOKEN": "session-token-canary"}
CLOCK = threading.Lock()


def faults():
    try:
        lines = open(os.path.join(FOLDER, "faults")).read().splitlines()
    except FileNotFoundError:
        return []
    return [line.split() for line in lines if line.strip()]


def consume(fault, instead=None):
    kept = [one for one in faults() if one != fault] + ([instead] if instead else [])
    open(os.path.join(FOLDER, "faults"), "w").write("\n".join(" ".join(one) for one in kept))


def signature_is_right(method, address, headers):
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    for name in ("X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"):
        if name not in query:
            return f"no {name}"
    key, _, region, service, _ = query["X-Amz-Credential"].split("/")
    if key not in SECRETS or service != "s3":
        return "InvalidAccessKeyId"
    if query.get("X-Amz-Security-Token") != TOKENS.get(key):
        return "InvalidToken"
    age = datetime.now(timezone.utc) - datetime.strptime(query["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
    if not -900 < age.total_seconds() < int(query["X-Amz-Expires"]):
        return "AccessDenied"
    signed = query["X-Amz-SignedHeaders"].split(";")
    # AWS refuses headers of its own that are not signed.
    loose = [name for name in headers if name.lower().startswith("x-amz-") and name.lower() not in signed]
    if loose or "host" not in signed:
        return "HeadersNotSigned"
    given = {name: headers[name] for name in signed if name in headers}
    request = AWSRequest(method=method, url=f"http://{headers['Host']}{unquote(address.path)}", headers=given)
    auth = S3SigV4QueryAuth(Credentials(key, SECRETS[key], TOKENS.get(key)), service, region, expires=int(query["X-Amz-Expires"]))
    # botocore signs for now: here it signs for the time of the request.
    moment = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    with CLOCK, mock.patch("botocore.auth.get_current_datetime", lambda: moment):
        auth.add_auth(request)
    wanted = dict(parse_qsl(urlsplit(request.url).query))["X-Amz-Signature"]
    return None if wanted == query["X-Amz-Signature"] else "SignatureDoesNotMatch"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code><Message>secret details</Message></Error>".encode())

    def do(self):
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        with open(os.path.join(FOLDER, "calls"), "a") as calls:
            condition = self.headers.get("If-None-Match") and "new" or self.headers.get("If-Match") and "unchanged" or "-"
            calls.write(f"{self.command} {address.path} {condition}\n")
        wrong = signature_is_right(self.command, address, self.headers)
        if wrong:
            return self.error(403, wrong)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        cut = lost = die = False
        for fault in faults():
            method, part, what = fault[:3]
            if method != self.command or part not in address.path:
                continue
            if what in ("die", "die-before"):
                with CLOCK:
                    left = int(fault[3])
                    consume(fault, [*fault[:3], str(left - 1)] if left else None)
                if left:
                    continue
                if what == "die-before":
                    return self.kill()
                die = True
            if what in ("403", "404", "500"):
                return self.error(int(what), {"403": "AccessDenied", "404": "NoSuchBucket", "500": "InternalError"}[what])
            if what == "once500":
                consume(fault)
                return self.error(500, "InternalError")
            if what == "html404":
                return self.answer(404, b"<html>not found</html>")
            if what == "unconditional":
                headers = {n: v for n, v in headers.items() if n.lower() not in ("if-none-match", "if-match")}
            cut |= what == "cut"
            if what == "lost":
                consume(fault)
                lost = True
            if what == "hold":
                consume(fault)
                open(os.path.join(FOLDER, "held"), "w").close()
                while not os.path.exists(os.path.join(FOLDER, "release")):
                    time.sleep(0.05)
        moto = http.client.HTTPConnection(*MOTO)
        # moto looks whether an address has a signature, and not at it.
        moto.request(self.command, self.path, body, headers)
        answer = moto.getresponse()
        content = answer.read()
        if die:
            return self.kill()
        if lost:
            self.close_connection = True
            return self.connection.close()
        if cut and answer.status == 200:
            self.send_response(200)
            self.send_header("ETag", answer.headers["ETag"])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return None
        return self.answer(answer.status, content, answer.headers.items())

    def kill(self):
        os.kill(int(open(os.path.join(FOLDER, "victim")).read()), signal.SIGKILL)
        self.close_connection = True
        self.connection.close()

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
