#!/usr/bin/python3
"""Writes the tables of docs/DEPARTURES.md that follow from the code and from the tests' names.

    scripts/departure_tables.py [--check]     --check changes nothing and fails when they differ

Between `<!-- NAME -->` and `<!-- /NAME -->` of the document stand:
  kinds   every row of encoding/scan/departure.h
  tests   every test whose suite or class begins with Field, by what stands behind that: FieldDataSet,
          FieldValue, FieldFile, FieldArchive, FieldConversation. Its name says what is sent and what is done with it.
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "DEPARTURES.md"
SECTIONS = {"DataSet": "Data sets", "Value": "Values", "File": "Files", "Archive": "In the archive",
            "Conversation": "Conversations"}
# Words that a test's name cannot spell.
SPELLED = {"vr": "VR", "un": "UN", "nuls": "NULs", "dicm": "DICM", "dicom": "DICOM", "pdv": "PDV", "uid": "UID",
           "uids": "UIDs", "json": "JSON", "xml": "XML", "tls": "TLS", "id": "ID", "ids": "IDs", "ae": "AE",
           "utf8": "UTF-8", "rq": "RQ", "cstore": "C-STORE", "cfind": "C-FIND", "cget": "C-GET", "cmove": "C-MOVE"}


def kinds():
    row = re.compile(r'\{Departure::\w+, "(\w+)", "([^"]*)"\}')
    yield "| name | what it is, and how it is read |"
    yield "| --- | --- |"
    for name, rule in row.findall((ROOT / "encoding" / "scan" / "departure.h").read_text()):
        yield f"| `{name}` | {rule} |"


def sentence(words):
    text = " ".join(SPELLED.get(word.lower(), word.lower()) for word in words)
    return text[0].upper() + text[1:]


def field_tests():
    """(section, sentence, file) of each."""
    for path in sorted((ROOT / "tests").rglob("*_test.cpp")):
        for suite, name in re.findall(r"^TEST(?:_\w)?\(Field(\w+),\s*(\w+)\)", path.read_text(), re.MULTILINE):
            yield suite, sentence(re.findall(r"[A-Z][a-z]*|\d+", name)), path
    for path in sorted((ROOT / "tests" / "interop").glob("test_*.py")):
        suite = ""
        for line in path.read_text().splitlines():
            if found := re.match(r"class (\w+)", line):
                suite = found[1].removeprefix("Field") if found[1].startswith("Field") else ""
            elif suite and (found := re.match(r"    def test_(\w+)", line)):
                yield suite.removesuffix("s"), sentence(found[1].split("_")), path


def tests():
    rows = collections.defaultdict(lambda: collections.defaultdict(list))
    for suite, text, path in field_tests():
        if suite not in SECTIONS:
            raise SystemExit(f"{path}: Field{suite} is none of Field" + ", Field".join(SECTIONS))
        rows[suite][text].append(f"`{path.relative_to(ROOT)}`")
    for suite, title in SECTIONS.items():
        if not rows[suite]:
            continue
        yield f"### {title}"
        yield ""
        yield "| what comes, and what is done | test |"
        yield "| --- | --- |"
        for text, paths in rows[suite].items():
            yield f"| {text} | {', '.join(dict.fromkeys(paths))} |"
        yield ""


def main():
    check = sys.argv[1:] == ["--check"]
    text = document = DOCUMENT.read_text()
    for name, table in (("kinds", kinds), ("tests", tests)):
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not block.search(text):
            raise SystemExit(f"{DOCUMENT}: there is no <!-- {name} -->")
        lines = "\n".join(table()).rstrip("\n")
        text = block.sub(lambda found: found[1] + lines + "\n" + found[2], text)
    if text == document:
        return 0
    if check:
        print("docs/DEPARTURES.md is not what scripts/departure_tables.py writes", file=sys.stderr)
        return 1
    DOCUMENT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
