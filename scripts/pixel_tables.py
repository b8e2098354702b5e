#!/usr/bin/python3
"""Writes what the documents show of pixels, from what the tests find with $PACS (build/pacs).

    scripts/pixel_tables.py     the table of layouts and transfer syntaxes in docs/CONFORMANCE.md, by
                                tests/interop/test_layouts.py; docs/images, by tests/interop/test_pictures.py
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    tests = ROOT / "tests" / "interop"
    done = subprocess.run([tests / "run_all", tests / "test_layouts.py", tests / "test_pictures.py"], env={**os.environ, "PIXEL_TABLES": "write"})
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
