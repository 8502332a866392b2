"""Compares what checks found with what must be found: expect.py PART RUN.json ..."""
import json, re, sys

part, run = sys.argv[1:3]
checks = {check["check"]: check for check in json.load(open(run))["checks"]}
failed = 0


def want(what, right, seen):
    global failed
    print(("ok    " if right else "WRONG ") + what + ("" if right else f": {seen}"))
    failed |= not right


def codes(check, start=""):
    found = checks[check]["deviations"]
    return sorted({one["code"] for one in found if one["item"].startswith(start)})


def outcome(check, expected, codes_expected=()):
    seen = (checks[check]["outcome"], codes(check), checks[check]["notes"])
    want(f"{part}: {check} is {expected} {' '.join(codes_expected)}".rstrip(), seen[0] == expected and seen[1] == sorted(codes_expected), seen)


SERVICE = ["access.default-deny", "jwt.refused", "mgmt.exposure", "rate-limit", "service.answers"]

if part == "doubles":
    urls = json.load(open(sys.argv[3]))
    forged = {name: ("jwt.refused", ["FORGED_TOKEN_TAKEN"]) for name in ["alg-none", "signature", "confused", "kid-path", "weak-secret"]}
    bad = {name: ("jwt.refused", ["BAD_TOKEN_TAKEN"]) for name in ["no-exp", "expired", "long-exp", "wrong-aud", "wrong-iss"]}
    others = {
        "open-route": ("access.default-deny", ["OPEN_ROUTE"]), "forgot-method": ("access.default-deny", ["OPEN_ROUTE"]),
        "management": ("mgmt.exposure", ["MANAGEMENT_OPEN"]), "no-throttle": ("rate-limit", ["NOT_THROTTLED"]),
        "trace": ("service.answers", ["STACK_TRACE"]), "echo": ("service.answers", ["TOKEN_SHOWN"]),
        "cacheable": ("service.answers", ["CACHEABLE"]), "headers": ("service.answers", ["NO_HSTS", "NO_NOSNIFF"]),
        "version": ("service.answers", ["SERVER_VERSION"]),
    }
    for name, (check, expected) in {**forged, **bad, **others}.items():
        # A space or the end after the port: :4431 is no part of :44310.
        seen = {other: [one for one in checks[other]["deviations"] if re.match(re.escape(urls[name]) + r"( |$)", one["item"])] for other in SERVICE}
        got = {other: sorted({one["code"] for one in found}) for other, found in seen.items() if found}
        want(f"weakness {name}: {check} finds {' '.join(expected)}, and nothing else is found", got == {check: expected}, got)
    seen = {other: [one for one in checks[other]["deviations"] if re.match(re.escape(urls["none"]) + r"( |$)", one["item"])] for other in SERVICE}
    want("a service without weakness deviates nowhere", not any(seen.values()), seen)
    taken = {re.split(" ", one["item"], maxsplit=1)[1] for one in checks["jwt.refused"]["deviations"] if one["item"].startswith(urls["confused"] + " ")}
    want("the confusion of algorithms is found by the key as PEM, and by no other way", taken == {"hs256-public-key-pem"}, taken)
    anybody = codes("access.default-deny", urls["any-credential"] + " ")
    want("weakness any-credential: access.default-deny finds OPEN_ROUTE", anybody == ["OPEN_ROUTE"], anybody)
elif part == "strong":
    for check in SERVICE:
        outcome(check, "pass")
elif part == "deaf":
    outcome("access.default-deny", "error")
    outcome("jwt.refused", "error")
elif part == "gone":
    for check in SERVICE:
        outcome(check, "error")
elif part == "no-token":
    outcome("access.default-deny", "pass")
    outcome("jwt.refused", "error")
elif part.startswith("ours"):
    outcome("access.default-deny", "pass")
    outcome("jwt.refused", "pass")
    outcome("rate-limit", "pass")
    outcome("service.answers", "pass")
    # The probe runs on the host of the service: there its operations port is reached, and that is said.
    outcome("mgmt.exposure", "fail", ["MANAGEMENT_REACHED"])
    outcome("integrity.aead", "pass")
    outcome("audit.actor-present", "pass")
    outcome("crypto.keys", "pass")
    # Logins of the demo are named after roles, for whoever reads them.
    outcome("identity.unique", *(("fail", ["GENERIC_NAME"]) if part == "ours-sqlite" else ("pass",)))
    outcome("phi.leak-scan", "pass")
    outcome("audit.append-only", "fail", ["LOG_NOT_SEPARATED"])
    outcome("auth.mfa", "fail", ["ADMINISTRATOR_CAN_BE_PHISHED"])
    outcome("crypto.at-rest", "pass" if part == "ours-sqlite" else "error")
elif part == "postgres":
    expected = json.load(open(sys.argv[3]))
    for role, wanted in expected.items():
        found = sorted({one["code"] for one in checks["audit.append-only"]["deviations"] if one["item"].endswith(" " + role)})
        want(f"postgres: the role {role} deviates by {' '.join(wanted) or 'nothing'}", found == sorted(wanted), found)
sys.exit(failed)
