"""Writes patients without a pause until a file appears; notes each id that was acknowledged, and how long none was.

    load.py BASE CA HEADER STOP ACKNOWLEDGED

Each line of ACKNOWLEDGED is the time, the status of the answer (000: none) and the id of the record that was created, or the
code of the OperationOutcome.
"""

import http.client
import json
import os
import ssl
import sys
import threading
import time
from urllib.parse import urlsplit

base, ca, header, stop, acknowledged = sys.argv[1:]
name, value = open(header, encoding="utf-8").read().strip().split(": ", 1)
context = ssl.create_default_context(cafile=ca)
where = urlsplit(base)
lock = threading.Lock()
out = open(acknowledged, "w", encoding="ascii", buffering=1)
patient = json.dumps({"resourceType": "Patient", "name": [{"family": "Failover", "given": ["Test"]}]})


def work():
    connection = None
    while not os.path.exists(stop):
        status, record, code = "000", "", ""
        try:
            connection = connection or http.client.HTTPSConnection(where.hostname, where.port, context=context, timeout=30)
            connection.request("POST", f"{where.path}/Patient", patient, {name: value, "Content-Type": "application/fhir+json"})
            answer = connection.getresponse()
            body = answer.read()
            status = str(answer.status)
            if answer.status == 201:
                record = json.loads(body)["id"]
            else:
                code = json.loads(body)["issue"][0]["code"]
        except (OSError, http.client.HTTPException):
            connection = None
        with lock:
            out.write(f"{time.time():.3f} {status} {record or code}\n")
        if not record:
            time.sleep(0.05)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
