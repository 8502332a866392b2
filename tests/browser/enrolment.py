"""Two people enrol in a browser and sign in: one in a hurry, one by keyboard who makes every mistake first."""

import base64
import contextlib
import hmac
import json
import os
import pathlib
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from webdriver import ELEMENT, ENTER, SPACE, TAB, Browser, Driver, Refused

PROGRAM, WORK, SPKI = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
SERVICE = json.loads((WORK / "serve.json").read_text())
BASE = SERVICE["base"]
STEP = 30  # seconds, RFC 6238
PASSWORD = "otter gravel 7 lantern moss"


def same(what, actual, expected):
    assert actual == expected, f"{what}: {actual!r}, expected {expected!r}"


def until(what, seen, seconds=20):
    """Polls what a person would wait for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(Refused):  # an element of the page before
            if value := seen():
                return value
        time.sleep(0.05)
    raise AssertionError(f"waited in vain until {what}")


def step():
    return int(time.time()) // STEP


def code(secret, at):
    """The one-time code of a time step (RFC 6238, RFC 4226)."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", at), "sha1")
    offset = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def wrong_code(secret):
    near = {code(secret, step() + skew) for skew in range(-3, 4)}
    return next(digits for digits in (f"{number:06}" for number in range(10)) if digits not in near)


# --- the service, without a browser ----------------------------------------------------------------------------

def request(path, token=None, body=None):
    """Status and JSON of an answer; the certificate of the installation is the only one that is trusted."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=SERVICE["cacert"]))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trust)
    try:
        with opener.open(urllib.request.Request(BASE + path, data, headers), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def sign_in(login, digits):
    return request("/auth/sign-in", body={"login": login, "password": PASSWORD, "code": digits})


def invite(name, login, role):
    command = [PROGRAM, "person", "add", name, login, "--role", role, "--days", "1", "--reason", "a test"]
    ran = subprocess.run([*command, "--json", "--data", WORK / "data"], check=True, capture_output=True, text=True)
    return json.loads(ran.stdout)["link"]


# --- what the page shows ---------------------------------------------------------------------------------------

def picture(page, name):
    if folder := os.environ.get("VOUCHSAFE_TEST_SCREENSHOTS"):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        pathlib.Path(folder, f"{name}.png").write_bytes(page.screenshot())


def open_link(page, link):
    page.open(link)
    until("the form is shown", lambda: any(form.shown() for form in page.find_all("#form")))
    return page.find("#secret").text().replace(" ", "")


def told(page, words):
    """Waits for words in place of the form."""
    until(words, lambda: words in page.find("#state").text())


def refused(page, words, field):
    """Waits for words at the form, and looks where the focus went."""
    until(words, lambda: words in page.find("#error").text())
    same("the role of the refusal", page.find("#error").role(), "alert")
    same("the focus", page.focused(), page.find(field))
    same("the field is marked", page.find(field).attribute("aria-invalid"), "true")
    assert "error" in page.find(field).attribute("aria-describedby"), "the field does not say what is wrong"
    assert page.run("""
        const {top, bottom} = document.getElementById("error").getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;"""), "what is wrong is out of sight"


def problems(page, expected=()):
    """What the console holds beside the failed requests that were meant to fail: (path, words)."""
    def meant(entry):
        return entry["source"] == "network" and any(
            entry["message"].startswith(f"{BASE}{path} ") and words in entry["message"] for path, words in expected
        )
    return [entry for entry in page.console() if not meant(entry)]


def contrast(page):
    """The least contrast of any text that is shown (WCAG 2.2, 1.4.3)."""
    return page.run("""
        const light = (colour) => {
          const [r, g, b] = colour.match(/[0-9.]+/g).map(Number).map((c) => c / 255)
            .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = (element) => {
          const colour = getComputedStyle(element).backgroundColor;
          return colour.startsWith("rgba(0, 0, 0, 0") ? ground(element.parentElement) : colour;
        };
        const shown = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility()
          && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""));
        return Math.min(...shown.map((element) => {
          const two = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
          return (two[0] + 0.05) / (two[1] + 0.05);
        }));""")


def nothing_kept(page, secrets):
    """Neither the address, nor the way back, nor the document, nor its storage holds any of it."""
    history = page.devtools("Page.getNavigationHistory")
    held = json.dumps(history) + page.url() + page.run("""
        return document.documentElement.outerHTML + JSON.stringify([localStorage, sessionStorage, history.state])
          + document.cookie + [...document.querySelectorAll("input")].map((input) => input.value).join(" ");""")
    for secret in secrets:
        assert secret not in held, "something secret is left in the page, its address or the history"


def only_ours(page, token, secret):
    """All requests went to the service, and what is secret went in bodies alone."""
    requests, responses = page.network()
    assert requests, "no requests were seen"
    for sent in requests:
        assert sent["url"].startswith(f"{BASE}/auth/"), f"an external request: {sent['url']}"
        around = json.dumps([sent["url"], sent["headers"]])
        assert not any(held in around for held in (token, secret, PASSWORD)), "something secret is in a URL or header"
        if PASSWORD in sent.get("postData", ""):
            same("what takes the password", (sent["method"], sent["url"]), ("POST", f"{BASE}/auth/enrol"))
    return requests, responses


def guarded(responses):
    """The headers of the page."""
    page = next(answer for answer in responses if answer["url"].startswith(f"{BASE}/auth/enrol")
                and answer["mimeType"] == "text/html")
    headers = {name.lower(): value for name, value in page["headers"].items()}
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    for directive in ("default-src", "form-action", "frame-ancestors", "base-uri"):
        same(directive, policy[directive], "'none'")
    for directive in ("script-src", "style-src", "connect-src"):
        same(directive, policy[directive], "'self'")
    same("referrer-policy", headers["referrer-policy"], "no-referrer")
    same("cache-control", headers["cache-control"], "no-store")
    same("x-content-type-options", headers["x-content-type-options"], "nosniff")


def scanned(image, suffix):
    """What a QR code in a picture says, to a reader that others wrote (ZXing)."""
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(image)
        file.flush()
        return subprocess.run(["ZXingReader", file.name], check=True, capture_output=True, text=True).stdout


def every_size_is_read(page):
    """Codes of all sizes that the page can make: one in a clinic has a long name."""
    rows = page.run("""
        return import("/auth/qr.js").then(({qr}) => arguments[0].map((text) => qr(text)));""", texts := [
        ("otpauth://totp/V:%C3%A4" * 29)[:length] for length in (*range(1, 120, 12), *range(120, 667, 26), 667)
    ])
    same("a text that is too long", rows.pop(), None)
    sizes = set()
    for text, modules in zip(texts, rows):
        side, scale = len(modules) + 8, 4
        sizes.add((len(modules) - 17) // 4)
        line = lambda row: b"".join((b"\0" if dark else b"\xff") * scale for dark in [*[0] * 4, *row, *[0] * 4])
        blank = [[0] * len(modules)] * 4
        grey = b"".join(line(row) * scale for row in [*blank, *modules, *blank])
        image = b"P5 %d %d 255\n" % (side * scale, side * scale) + grey
        assert f'"{text}"' in scanned(image, ".pgm"), f"a QR code of {len(text)} characters is not read"
    same("versions that were read", sizes, set(range(1, 21)))


# --- the two people --------------------------------------------------------------------------------------------

def in_a_hurry(driver):
    """The first administrator, by mouse, who clicks twice."""
    link = SERVICE["enrolment"]
    same("a PHI route before anybody enrolled", request("/fhir/R4/Patient", token="none")[0], 503)
    with Browser(driver, WORK / "hurry", SPKI) as page:
        secret = open_link(page, link)
        same("the name", page.find("#name").text(), "Ada Example")
        page.find("#password").write(PASSWORD)
        page.find("#reveal").click()
        same("the password, shown", page.find("#password").attribute("type"), "text")
        page.find("#code").write(code(secret, step()))
        page.run("const button = document.getElementById('submit'); button.click(); button.click();")
        told(page, "Sign in as ada@example.org")
        requests, _ = only_ours(page, link.split("#")[1], secret)
        sent = [one for one in requests if one["method"] == "POST" and one["url"] == f"{BASE}/auth/enrol"]
        same("requests for two clicks", len(sent), 1)
        same("the console", problems(page), [])
    until("PHI routes open", lambda: request("/fhir/R4/Patient", token="none")[0] == 401)
    return secret


def look(page):
    """Labels, order, reflow, contrast."""
    same("the language", page.find("html").attribute("lang"), "en")
    same("the picture", (page.find("#qr").role(), page.find("#qr").label()), ("image", "QR code of the key below"))
    same("headings", len(page.find_all("h1")), 1)
    same("inline script, style or handlers", page.run("""
        return [...document.querySelectorAll("script:not([src]), style, [style]")].length + [...document.querySelectorAll("*")]
          .filter((element) => element.getAttributeNames().some((name) => name.startsWith("on"))).length;"""), 0)
    stops = []
    for _ in range(5):
        page.type(TAB)
        stops.append((page.focused().role(), page.focused().label()))
    same("the way by keyboard", stops, [
        ("link", "Add the key to it"), ("textbox", "Password"), ("checkbox", "Show the password"),
        ("textbox", "Code"), ("button", "Set up"),
    ])
    for field in ("#password", "#code"):
        described = page.find(field).attribute("aria-describedby")
        assert page.find(f"#{described}").text(), "a field without a hint"
    for scheme in ("light", "dark"):
        page.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.run("scrollTo(0, 0)")
        picture(page, f"form-{scheme}")
        uri = page.find("#uri").attribute("href")
        assert f'"{uri}"' in scanned(page.find("#qr").screenshot(), ".png"), f"the QR code is not read in {scheme}"
        least = contrast(page)
        assert least >= 4.5, f"contrast of {least:.1f} in {scheme}"
    page.devtools("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=False)
    picture(page, "form-narrow")
    same("what is wider than 320 pixels", page.run("return document.documentElement.scrollWidth > innerWidth"), False)
    page.devtools("Emulation.clearDeviceMetricsOverride")


def submit(page, password, digits):
    """Fills the form by keyboard, and presses Enter in the last field."""
    for field, text in (("#password", password), ("#code", digits)):
        page.find(field).clear()
        page.run("arguments[0].focus()", {ELEMENT: page.find(field).reference})
        page.type(*text)
    page.type(ENTER)


def every_mistake(driver, link):
    """A clinician, by keyboard, who tries everything that must not work first."""
    token = link.split("#")[1]
    with Browser(driver, WORK / "mistakes", SPKI) as page:
        page.open(f"{BASE}/auth/enrol")
        told(page, "Open your link again")
        page.open(f"{BASE}/auth/enrol#{token[::-1]}")
        told(page, "This link is unknown, used or expired: ask for a new one.")
        picture(page, "no-link")
        # In the tab where another was open: a new fragment alone loads nothing.
        secret = open_link(page, link)
        same("the address", page.url(), f"{BASE}/auth/enrol")
        assert len(secret) == 32 and secret == secret.upper(), "160 bits in base32"
        uri = page.find("#uri").attribute("href")
        assert uri.startswith("otpauth://totp/Vouchsafe:dr%40example.org?") and f"secret={secret}" in uri, "the URI"
        look(page)
        every_size_is_read(page)
        submit(page, "", code(secret, step()))
        refused(page, "Choose a password.", "#password")
        submit(page, "short", code(secret, step()))
        refused(page, "A password has at least 12 characters.", "#password")
        submit(page, "Password2026!", code(secret, step()))
        refused(page, "This password is easy to guess", "#password")
        picture(page, "refused")
        submit(page, "dr@example.org", code(secret, step()))
        refused(page, "This password is easy to guess", "#password")
        submit(page, PASSWORD, "12345")
        refused(page, "Type the six digits that the app shows now.", "#code")
        submit(page, PASSWORD, wrong_code(secret))
        refused(page, "The one-time code is wrong: check the time of your device.", "#code")
        network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        page.devtools("Network.emulateNetworkConditions", offline=True, **network)
        submit(page, PASSWORD, code(secret, step()))
        until("it says so", lambda: "The service did not answer" in page.find("#error").text())
        page.devtools("Network.emulateNetworkConditions", offline=False, **network)
        # Nothing of that has used the link up. Apps show the code in two groups, and people type what they see.
        used = step()
        digits = code(secret, used)
        submit(page, PASSWORD, f"{digits[:3]}{SPACE}{digits[3:]}")
        told(page, "Sign in as dr@example.org with your password and the next code of the app")
        picture(page, "done")
        same("the title", page.find("h1").text(), "You are set up")
        same("the focus", page.focused(), page.find("h1"))
        same("forms", len(page.find_all("form, input")), 0)
        nothing_kept(page, (token, secret, PASSWORD))
        expected = [("/auth/enrolment", "404"), ("/auth/enrol", "422"), ("/auth/enrol", "ERR_INTERNET_DISCONNECTED")]
        same("the console", problems(page, expected), [])
        _, responses = only_ours(page, token, secret)
        guarded(responses)
        dead(page, link)
    return token, secret, used


def dead(page, link):
    """Used up: for the one who used it, and for whoever finds it."""
    page.call("POST", "/refresh")
    told(page, "Open your link again")
    page.open(link)
    told(page, "This link is unknown, used or expired: ask for a new one.")
    assert not page.find_all("form"), "a dead link shows a form"
    same("the address", page.url(), f"{BASE}/auth/enrol")
    page.console()
    # The policy holds against what would be injected.
    page.run("""
        addEventListener("securitypolicyviolation", (event) => { (window.blocked ??= []).push(event.effectiveDirective); });
        const script = document.createElement("script");
        script.textContent = "window.injected = true";
        document.body.append(script);
        fetch("https://example.org/").catch(() => {});
        document.body.append(Object.assign(document.createElement("img"), {src: "https://example.org/x.png"}));""")
    blocked = until("all three are blocked", lambda: (
        (found := page.run("return window.blocked")) and len(found) == 3 and found))
    same("blocked", sorted(blocked), ["connect-src", "img-src", "script-src-elem"])
    same("an injected script", page.run("return window.injected === undefined"), True)
    assert len([entry for entry in page.console() if entry["source"] == "security"]) >= 3, "the console is not seen"


def nothing_on_disk(secrets):
    """Neither the browser nor the service keeps password or key in any file."""
    forms = [form for secret in secrets for form in (secret.encode(), secret.encode("utf-16-le"))]
    visited = set()
    for file in WORK.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert not any(form in held for form in forms), f"something secret is in {file.relative_to(WORK)}"
            if f"{BASE}/auth/enrol".encode() in held:
                visited.add(file.relative_to(WORK).parts[0])
    assert {"hurry", "mistakes"} <= visited, "the profiles of the browsers were not there to be searched"


def main():
    with open(WORK / "driver.log", "w", encoding="utf-8") as log, Driver(log) as driver:
        first = in_a_hurry(driver)
        token, secret, used = every_mistake(driver, invite("Dr Example", "dr@example.org", "clinician"))
    same("the code of the enrolment, again", sign_in("dr@example.org", code(secret, used))[0], 401)
    status, answer = sign_in("dr@example.org", code(secret, used + 1))
    same("a sign-in with the next code", status, 200)
    same("metadata", request("/fhir/R4/metadata", answer["access_token"])[0], 200)
    status, found = request("/fhir/R4/Patient", answer["access_token"])
    same("a PHI route", (status, found["resourceType"], found["type"]), (200, "Bundle", "searchset"))
    grouped = " ".join(secret[at:at + 4] for at in range(0, len(secret), 4))
    nothing_on_disk((PASSWORD, first, secret, grouped))
    print("ok: two people enrolled in a browser, and signed in; the links are dead")


main()
