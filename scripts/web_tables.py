#!/usr/bin/python3
"""Writes the table of web resources and media types in docs/CONFORMANCE.md, from what $PACS (build/pacs) gives.

    scripts/web_tables.py       by tests/interop/test_web_media.py
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    tests = ROOT / "tests" / "interop"
    return subprocess.run([tests / "run_all", tests / "test_web_media.py"],
                          env={**os.environ, "WEB_TABLES": "write"}).returncode


if __name__ == "__main__":
    sys.exit(main())
