#!/usr/bin/python3
"""Writes the tables of docs/CONFORMANCE.md that follow from the code's own tables.

    scripts/conformance_tables.py [--check]     --check changes nothing and fails when they differ

Between `<!-- NAME -->` and `<!-- /NAME -->` of the document stand:
  storage-sop-classes   every SOP class that core/uid_registry_data.inc marks as storage
  transfer-syntaxes     every row of encoding/transfer_syntax.cpp
  mpps-attributes       every row of services/mpps/mpps_table.cpp
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "CONFORMANCE.md"


def storage_sop_classes():
    row = re.compile(r'\{"([\d.]+)", "(\w*)", "([^"]*)", UidType::SopClass, (true|false), true\}')
    text = (ROOT / "core" / "uid_registry_data.inc").read_text()
    yield "| SOP class | UID | |"
    yield "| --- | --- | --- |"
    for uid, _, name, retired in row.findall(text):
        yield f"| {name} | {uid} | {'retired' if retired == 'true' else ''} |"


def transfer_syntaxes():
    row = re.compile(r'TransferSyntax\{"([\d.]+)", "(\w*)", "([^"]*)", (\w+), (\w+), (\w+), Codec::(\w+), (\w+), (\w+), (\w+)\}')
    text = (ROOT / "encoding" / "transfer_syntax.cpp").read_text()
    yield "| transfer syntax | UID | VR | byte order | form | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for uid, _, name, explicit, order, deflated, _, encapsulated, _, retired in row.findall(text):
        form = "deflated" if deflated == "true" else "encapsulated" if encapsulated == "true" else "native"
        yield (f"| {name} | {uid} | {'explicit' if explicit == 'true' else 'implicit'} | "
               f"{order[1:].lower()} endian | {form} | {'retired' if retired == 'true' else ''} |")


def mpps_attributes():
    entry = re.compile(r'\{Tag\{0x(\w{8})\}, .*?"(\w+)", "([^"]*)"\}')
    names = {keyword: (f"({tag[:4]},{tag[4:]})", name) for tag, keyword, name in
             entry.findall((ROOT / "core" / "dicom_dictionary_data.inc").read_text())}
    source = (ROOT / "services" / "mpps" / "mpps_table.cpp").read_text()
    macros = dict(re.findall(r"Table (F\.7\.2-1[a-f]), .*\nconstexpr MppsAttribute (\w+)\[\]", source))
    titles = {array: table for table, array in macros.items()}
    rows = source[source.index("kAttributes[] = {"):source.index("// clang-format on")]
    row = re.compile(r"\{(\d),\s+(?:tags::)?(\w+),\s+(\w+),\s+(\w+),\s+(\w+),\s+(\w+)(.*)\},")
    yield "| attribute | tag | N-CREATE | N-SET (SCU/SCP) | final state |"
    yield "| --- | --- | --- | --- | --- |"
    for level, keyword, create, scu, scp, final, rest in row.findall(rows):
        indent = "&gt;" * int(level)
        if keyword == "kInclude":
            yield f"| {indent}*include Table {titles[rest.split()[-1]]}* | | | | |"
            continue
        tag, name = ("", "*all other attributes*") if keyword == "kOthers" else names[keyword]
        create, scu, scp, final = (kind.removeprefix("T") for kind in (create, scu, scp, final))
        change = "not allowed" if scu == "no" else f"{scu}/{scp}"
        yield f"| {indent}{name} | {tag} | {create} | {change} | {'' if final == 'no' else final} |"


TABLES = {"storage-sop-classes": storage_sop_classes, "transfer-syntaxes": transfer_syntaxes,
          "mpps-attributes": mpps_attributes}


def main():
    before = after = DOCUMENT.read_text()
    for name, rows in TABLES.items():
        table = list(rows())
        if len(table) < 10:
            sys.exit(f"{name}: no rows found; did the source change its form?")
        opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
        start, end = after.index(opening) + len(opening), after.index(closing)
        after = after[:start] + "\n\n" + "\n".join(table) + "\n\n" + after[end:]
    if "--check" in sys.argv[1:]:
        if before != after:
            sys.exit("docs/CONFORMANCE.md differs from the code's tables: run scripts/conformance_tables.py")
        return
    DOCUMENT.write_text(after)


if __name__ == "__main__":
    main()
