"""Looks at the evidence report as an auditor would, then as somebody would who wants to deceive one."""

import base64
import json
import os
import pathlib
import re
import sys
import tempfile
import time

from webdriver import ENTER, TAB, Browser, Driver, Refused

work = pathlib.Path(sys.argv[1])
axe = pathlib.Path(sys.argv[2]).read_text() if len(sys.argv) > 2 and sys.argv[2] else None
pictures = os.environ.get("VOUCHSAFE_TEST_SCREENSHOTS")
PASSED = []


def check(what, held, seen=""):
    if not held:
        sys.exit(f"evidence-report: {what}: NOT so; seen: {seen}")
    PASSED.append(what)
    print(f"  ok: {what}")


def outcome(browser):
    """What the page says of itself, when it has come to an end."""
    for _ in range(300):
        kind, text = browser.run("const r = document.getElementById('result'); return [r.className, r.innerText]")
        if kind not in ("result", "result running"):
            return kind.removeprefix("result "), text
        time.sleep(0.1)
    sys.exit(f"evidence-report: the page came to no end: {text}")


def opened(browser, page):
    path = work / "tried.html"
    path.write_bytes(page.encode())
    browser.open(path.as_uri())
    return outcome(browser)


def proofs(page):
    return json.loads(re.search(r'id="proven">(.*?)</script>', page, re.S)[1])


def with_proofs(page, data):
    text = json.dumps(data).replace("<", "\\u003c")
    return re.sub(r'(id="proven">).*?(</script>)', lambda found: found[1] + text + found[2], page, count=1, flags=re.S)


def flipped(encoded, place):
    data = bytearray(base64.b64decode(encoded))
    data[place] ^= 1
    return base64.b64encode(data).decode()


def once(page, old, new):
    if page.count(old) < 1:
        sys.exit(f"evidence-report: the page has no {old!r} to change")
    return page.replace(old, new, 1)


def an_honest_page(browser, page, key, kept):
    kind, text = opened(browser, page)
    check("an honest page verifies, with reservations", kind == "partly", text)
    check("without a kept key it says what is not excluded", "signed again" in text and "left out" in text, text)
    kind, text = again(browser, key, "")
    check("with the kept key the one reservation is omission", kind == "partly" and "signed again" not in text, text)
    kind, text = again(browser, key, kept)
    check("with key and an earlier checkpoint there is none", kind == "verified", text)
    check("it says that the log begins with what was kept", "begins with all" in text, text)
    kind, text = again(browser, key, kept.replace("+", "/", 1) if "+" in kept.split("\n")[2] else changed_root(kept))
    check("a changed earlier checkpoint is refused", kind == "refused", text)
    kind, text = again(browser, key.replace("+", "+0", 1)[: len(key)], kept)
    check("a key with another id is refused", kind == "refused", text)
    asked, _ = browser.network()
    foreign = [one["url"] for one in asked if not one["url"].startswith(("file:", "data:"))]
    check("nothing is asked of the network", foreign == [], foreign)
    check("nothing is written to the console", browser.console() == [])


def changed_root(note):
    lines = note.split("\n")
    lines[2] = flipped(lines[2], 3)
    return "\n".join(lines)


def again(browser, key, head):
    browser.run("document.getElementById('kept-key').value = arguments[0];"
                "document.getElementById('kept-head').value = arguments[1];", key, head)
    browser.find("#again").click()
    return outcome(browser)


def changed_proofs(browser, page):
    data = proofs(page)
    at = next(place for place, one in enumerate(data["entries"]) if "content" in one)

    def tried(what, change):
        bad = json.loads(json.dumps(data))
        change(bad)
        kind, text = opened(browser, with_proofs(page, bad))
        check(f"refused: {what}", kind == "refused", text)

    def flip(entry, name, place):
        return lambda bad: bad["entries"][entry].update({name: flipped(bad["entries"][entry][name], place)})

    note = base64.b64decode(data["checkpoint"])
    size = note.index(b"\n") + 1
    tried("a byte of the size in the checkpoint", lambda bad: bad.update(checkpoint=flipped(bad["checkpoint"], size)))
    tried("a byte of the root in the checkpoint",
          lambda bad: bad.update(checkpoint=flipped(bad["checkpoint"], note.index(b"\n", size) + 3)))
    tried("a byte of the signature", lambda bad: bad.update(checkpoint=flipped(bad["checkpoint"], len(note) - 20)))
    tried("a byte of a leaf's header", flip(at, "leaf", 5))
    tried("a byte of a content that stands in its leaf", flip(0, "leaf", -5))
    tried("a byte of a content beside its leaf", flip(at, "content", 40))
    for length in range(len(data["entries"][at]["path"])):
        if length in (0, 4):
            def path(bad, place=length):
                bad["entries"][at]["path"][place] = flipped(bad["entries"][at]["path"][place], 0)
            tried(f"a byte of hash {length} of a path", path)
    tried("a path that is too short", lambda bad: bad["entries"][at]["path"].pop())
    tried("another index", lambda bad: bad["entries"][at].update(index=bad["entries"][at]["index"] ^ 1))
    tried("an entry that comes twice", lambda bad: bad["entries"].append(bad["entries"][0]))
    tried("another key", lambda bad: bad.update(key=bad["key"][:-2] + ("A" if bad["key"][-2] != "A" else "B") + bad["key"][-1]))


def changed_pages(browser, page):
    def tried(what, changed, wanted="refused"):
        kind, text = opened(browser, changed)
        check(f"{wanted}: {what}", kind == wanted, text)

    state = '<span data-v="c/CC8.1/state">deviations</span>'
    tried("a state in the table of controls", once(page, state, state.replace("deviations<", "held<")))
    tried("the sign of a state", once(page, '<span class="state deviations">', '<span class="state held">'))
    tried("the shape of a state", once(page, '"true"><use href="#s-deviations"/></svg><span data-v',
                                       '"true"><use href="#s-held"/></svg><span data-v'))
    tried("a count", re.sub(r'(data-v="n/held">)\d+', r"\g<1>12", page))
    tried("a date of a deviation", once(page, "2026-02-11 00:00 UTC", "2026-03-03 00:00 UTC"))
    tried("the window", once(page, '<dd data-v="window">2026-01-01', '<dd data-v="window">2025-01-01'))
    tried("a row of deviations that is taken out",
          re.sub(r'<tr><td[^>]*data-v="k/baa.covers-service/deviation/0/0".*?</tr>', "", page, count=1, flags=re.S))
    tried("a row that is added", once(page, '<tr data-find="held"><th scope="row" data-v="c/164.312(a)(1)"',
                                      '<tr><th>CC1.1</th><td>held</td></tr><tr data-find="held"><th scope="row" data-v="c/164.312(a)(1)"'))
    tried("a cell of a deviation that is added", once(page, '<h4>Unobservable</h4>',
                                                      '<p data-v="k/change.reviewed/deviation/99/0">none</p><h4>Unobservable</h4>'))
    tried("a text among the findings", once(page, "<h3>What to do next</h3>", "<h3>Nothing to do</h3>"))
    tried("a bar that is longer", re.sub(r'(data-g="k/backup.fresh/bar"[^>]* width=")\d+', r"\g<1>1000", page))
    tried("a gap that is not drawn", re.sub(r'<rect data-g="k/backup.fresh/strip/gap/1"[^>]*/>', "", page))
    # Taking the proof away is no way out.
    data = proofs(page)
    headers = [base64.b64decode(one["leaf"]).split(b"\n")[0] for one in data["entries"]]
    data["entries"] = [one for one, header in zip(data["entries"], headers) if json.loads(header).get("control") != "change.reviewed"]
    tried("a finding whose proof was taken away", with_proofs(page, data), wanted="incomplete")
    script = once(page, '"use strict";', '"use strict"; document.title = "changed";')
    path = work / "tried.html"
    path.write_bytes(script.encode())
    browser.open(path.as_uri())
    time.sleep(1)
    check("a changed script does not run", "Not verified." in browser.find("#result").text(), browser.find("#result").text())
    browser.console()


def a_log_signed_again(browser, key):
    page = (work / "signed-again/report.html").read_bytes().decode()
    kind, text = opened(browser, page)
    check("a log that was signed again looks whole, and the page says that this is not excluded",
          kind == "partly" and "signed again" in text, text)
    kind, text = again(browser, key, "")
    check("the kept key shows it", kind == "refused", text)


def without_ed25519(browser, page):
    patch = ("const real = SubtleCrypto.prototype.importKey; SubtleCrypto.prototype.importKey = function (form, key, how, ...rest) {"
             " if (how.name === 'Ed25519') return Promise.reject(new DOMException('no', 'NotSupportedError'));"
             " return real.call(this, form, key, how, ...rest); }")
    added = browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=patch)
    kind, text = opened(browser, page)
    check("a browser without Ed25519 says so, and passes nothing", kind == "incomplete" and "cannot verify Ed25519" in text, text)
    browser.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])


def without_script(browser, page):
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    path = work / "tried.html"
    path.write_bytes(page.encode())
    browser.open(path.as_uri())
    check("without a script it says that it is not verified", "Not verified." in browser.find("#result").text())
    browser.find("#checks details:not([open]) summary").click()
    check("without a script a check unfolds", len(browser.find_all("#checks details[open]")) == 6)
    browser.devtools("Emulation.setScriptExecutionDisabled", value=False)


def by_keyboard(browser, page):
    opened(browser, page)
    browser.type(TAB)
    check("the first stop leads to the report", browser.focused().attribute("href") == "#main")
    browser.type(ENTER)
    target = browser.find("#checks summary")
    browser.run("document.querySelector('#checks summary').focus()")
    browser.type(ENTER)
    check("a check unfolds by the keyboard", browser.run("return document.querySelector('#checks details').open"), target)
    search = browser.find("#find")
    check("the search field has a name", search.label() == "Find in controls, checks and evidence", search.label())
    search.write("RUSTSEC-2026-0004")
    left = browser.run("return [...document.querySelectorAll('#checks > details')].filter(d => !d.hidden).length")
    check("searching leaves what was searched for", left == 1, left)
    search.clear()
    browser.run("document.getElementById('find').dispatchEvent(new Event('input'))")


def files(browser, page):
    opened(browser, page)
    field = browser.find("#file")
    field.write(str(work / "usual/change.reviewed.csv"))
    for _ in range(50):
        said = browser.find("#file-result").text()
        if said:
            break
        time.sleep(0.1)
    check("a population of the pack is known by its digest", "is the content of entry" in said, said)
    other = work / "other.csv"
    other.write_bytes((work / "usual/change.reviewed.csv").read_bytes() + b"x")
    browser.open((work / "tried.html").as_uri())
    outcome(browser)
    browser.find("#file").write(str(other))
    time.sleep(1)
    said = browser.find("#file-result").text()
    check("a population with a byte more is not", "does not name" in said, said)


def accessible(browser, page):
    for width, scheme in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]:
        browser.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        opened(browser, page)
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        check(f"no scrolling to the side at {width}, {scheme}", wide <= 0, wide)
        if pictures:
            keep(browser, width, scheme)
        if axe is None:
            continue
        browser.run(axe + "; window.axe = axe")
        found = browser.run("return axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map("
                            "(v) => [v.id, v.help, v.nodes.slice(0, 3).map((n) => n.html)]))")
        check(f"axe-core finds nothing at {width}, {scheme}", found == [], json.dumps(found, indent=1))
    # A check that cannot fail says nothing: grey on grey must be found.
    if axe is not None:
        browser.run("document.querySelector('h1').style.color = '#ddd'")
        browser.run("document.querySelector('label[for=find]').remove()")
        bad = browser.run("return axe.run().then((r) => r.violations.map((v) => v.id))")
        check("axe-core finds what is made bad", {"label"} <= set(bad), bad)


def keep(browser, width, scheme):
    height = browser.run("return document.documentElement.scrollHeight")
    for number, top in enumerate(range(0, min(height, 12000), 3000)):
        clip = {"x": 0, "y": top, "width": width, "height": min(3000, height - top), "scale": 1}
        shot = browser.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path = pathlib.Path(pictures) / f"report-{width}-{scheme}-{number}.png"
        path.write_bytes(base64.b64decode(shot["data"]))


def on_paper(browser, page):
    browser.devtools("Emulation.clearDeviceMetricsOverride")
    browser.devtools("Emulation.setEmulatedMedia", features=[])
    opened(browser, page)
    paper = browser.devtools("Page.printToPDF", printBackground=True)
    (work / "paper.pdf").write_bytes(base64.b64decode(paper["data"]))
    if pictures:
        (pathlib.Path(pictures) / "paper.pdf").write_bytes(base64.b64decode(paper["data"]))
    import subprocess
    text = subprocess.run(["pdftotext", "-layout", str(work / "paper.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    check("on paper everything is unfolded", "Every week's activity was reviewed" in text and "Completeness" in text)
    check("on paper there is no form", "Verify with these" not in text)


def main():
    usual = (work / "usual/report.html").read_bytes().decode()
    small = (work / "small/report.html").read_bytes().decode()
    key = (work / "usual/key").read_text()
    kept = (work / "usual/kept").read_bytes().decode()
    with tempfile.TemporaryDirectory() as profile, open(work / "driver.log", "w") as log, Driver(log) as driver, \
            Browser(driver, profile, "none") as browser:
        print(f"Chromium {browser.version}")
        an_honest_page(browser, usual, key, kept)
        changed_proofs(browser, usual)
        changed_pages(browser, small)
        a_log_signed_again(browser, key)
        without_ed25519(browser, small)
        without_script(browser, small)
        by_keyboard(browser, small)
        files(browser, usual)
        on_paper(browser, small)
        accessible(browser, small)
    print(f"{len(PASSED)} passed, 0 failed")


main()
