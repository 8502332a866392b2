"""Writes a text between two markers of a Markdown file.

usage: insert.py FILE NAME < TEXT

The markers are `<!-- NAME -->` and `<!-- end of NAME -->`, each on a line of its own.
"""

import sys


def main():
    path, name = sys.argv[1:3]
    page = open(path, encoding="utf-8").read()
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    if page.count(start) != 1 or page.count(end) != 1:
        sys.exit(f"{path} has no place for {name}")
    before, rest = page.split(start)
    after = rest.split(end)[1]
    text = sys.stdin.read().strip("\n")
    open(path, "w", encoding="utf-8").write(f"{before}{start}\n{text}\n\n{end}{after}")


main()
