"""A browser that is driven as a person would: Chromium by chromedriver, spoken to in WebDriver (W3C) over HTTP."""

import base64
import json
import subprocess
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver, section 12.1: the key of an element's reference
TAB, ENTER, SPACE, SHIFT = "\ue004", "\ue007", " ", "\ue008"

FLAGS = [
    "--headless",
    "--no-sandbox",  # it is refused to root and in many containers; the only page that is opened is our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever the page or the browser asks of others cannot be found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
]


class Refused(Exception):
    """An error of WebDriver."""


class Driver:
    """The running chromedriver; it ends with its `with` block."""

    def __init__(self, log):
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0", "--log-level=WARNING"],
            stdout=subprocess.PIPE, stderr=log, text=True,
        )
        for line in self.process.stdout:
            if "successfully on port " in line:
                self.url = "http://127.0.0.1:" + line.rsplit(" ", 1)[1].strip(" .\n")
                return
        raise Refused("chromedriver did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def call(self, method, path, body=None):
        data = None if method in ("GET", "DELETE") else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        # Not by way of a proxy: it is on this host.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise Refused(f"{value['error']}: {value['message'].splitlines()[0]}") from None


class Browser:
    """One new, empty profile."""

    def __init__(self, driver, profile, spki):
        self.driver = driver
        options = {
            "args": FLAGS + [
                f"--user-data-dir={profile}",
                # This one certificate is trusted, by its key; every other error of TLS still counts.
                f"--ignore-certificate-errors-spki-list={spki}",
            ],
        }
        logs = {"browser": "ALL", "performance": "ALL"}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": logs}
        session = driver.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.path = f"/session/{session['sessionId']}"
        self.version = session["capabilities"]["browserVersion"]
        self.requests = []
        self.responses = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call("DELETE", "")

    def call(self, method, path, body=None):
        return self.driver.call(method, self.path + path, body)

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def url(self):
        return self.call("GET", "/url")

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        return Element(self, found[ELEMENT])

    def find_all(self, selector):
        found = self.call("POST", "/elements", {"using": "css selector", "value": selector})
        return [Element(self, one[ELEMENT]) for one in found]

    def focused(self):
        return Element(self, self.call("GET", "/element/active")[ELEMENT])

    def type(self, *keys):
        """Presses and releases keys, wherever the focus is."""
        actions = []
        for key in keys:
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def screenshot(self):
        """A picture of what is in sight, in PNG."""
        return base64.b64decode(self.call("GET", "/screenshot"))

    def console(self):
        """What was written to the console since it was asked last."""
        return self.call("POST", "/se/log", {"type": "browser"})

    def network(self):
        """The requests and responses of pages until now; the browser's own page of a new tab does not count."""
        for entry in self.call("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                if message["params"]["documentURL"].startswith("chrome://"):
                    continue
                self.requests.append(message["params"]["request"])
            elif message["method"] == "Network.responseReceived":
                self.responses.append(message["params"]["response"])
        return self.requests, self.responses


class Element:
    def __init__(self, browser, reference):
        self.browser = browser
        self.path = f"/element/{reference}"
        self.reference = reference

    def __eq__(self, other):
        return self.reference == other.reference

    def get(self, what):
        return self.browser.call("GET", f"{self.path}/{what}")

    def text(self):
        return self.get("text")

    def label(self):
        return self.get("computedlabel")

    def role(self):
        return self.get("computedrole")

    def attribute(self, name):
        return self.get(f"attribute/{name}")

    def shown(self):
        return self.get("displayed")

    def screenshot(self):
        return base64.b64decode(self.get("screenshot"))

    def click(self):
        self.browser.call("POST", f"{self.path}/click")

    def clear(self):
        self.browser.call("POST", f"{self.path}/clear")

    def write(self, text):
        self.browser.call("POST", f"{self.path}/value", {"text": text})
