#!/usr/bin/python3
"""Fails when a document says what is not so, as far as a script can tell.

    scripts/check_docs.py

Every path between backticks that begins with one of our folders must exist, every relative link must lead
somewhere, every configuration key named must be one, both READMEs must show the same commands, and the
tables of docs/CONFORMANCE.md and docs/DEPARTURES.md must be those of the code.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = "core|encoding|network|storage|services|integration|web|apps|tests|bench|examples|scripts|docs|cmake"
PATH = re.compile(rf"`(?:\./)?((?:{FOLDERS})/[\w./*-]*)[^`]*`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
KEY = re.compile(r"`((?:dicom|http|storage|index|limits|logging|server|worklist|mpps|commitment|jobs)\.[a-z_.]+)`")
COMMANDS = re.compile(r"^```(?:sh|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def problems():
    keys = set(re.findall(r'"((?:dicom|http|storage|index|limits|logging|server|worklist|mpps|commitment|jobs)\.[a-z_.]+)"',
                          (ROOT / "apps" / "config" / "config_keys.cpp").read_text()))
    tables = {key.rsplit(".", 1)[0] for key in keys}
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        text = document.read_text()
        name = document.relative_to(ROOT)
        for path in PATH.findall(text):
            if not list(ROOT.glob(path.rstrip("/."))) and not list(ROOT.glob(path.rstrip("/.") + ".*")):
                yield f"{name}: there is no {path}"
        for link in LINK.findall(text):
            if not (document.parent / link).exists():
                yield f"{name}: the link to {link} leads nowhere"
        for key in KEY.findall(text):
            if key not in keys and key.rstrip(".*") not in tables and not key.endswith((".md", ".sh", ".py")):
                yield f"{name}: {key} is no configuration key"
    english, korean = ((ROOT / name).read_text() for name in ("README.md", "README_KO.md"))
    without_comments = [re.sub(r"[ \t]*#.*", "", "\n".join(COMMANDS.findall(text))) for text in (english, korean)]
    if without_comments[0] != without_comments[1]:
        yield "README.md and README_KO.md show different commands"
    if subprocess.run([ROOT / "scripts" / "conformance_tables.py", "--check"]).returncode != 0:
        yield "docs/CONFORMANCE.md: tables"
    if subprocess.run([ROOT / "scripts" / "departure_tables.py", "--check"]).returncode != 0:
        yield "docs/DEPARTURES.md: tables"


def main():
    found = list(problems())
    print("\n".join(found) if found else "documents: nothing untrue found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
