#!/usr/bin/python3
"""`pacs dump --json` says of every pydicom sample what pydicom reads in it (PS3.18 Annex F).

    tests/interop/test_dump_agrees.py [PROGRAM]     default: $PACS or build/pacs
"""

import base64
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import unittest
import warnings

import pydicom
from pydicom.uid import ExplicitVRBigEndian

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("PACS", str(ROOT / "build" / "pacs"))
SAMPLES = pathlib.Path(pydicom.__file__).parent / "data"
UNITS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}

# Files that our dump refuses whole, each with the word of its error.
REFUSED = {
    "MR_truncated.dcm": "truncated", "rtplan_truncated.dcm": "truncated",  # cut on purpose
    "DICOMDIR-nooffset": "malformed",  # its last item is longer than its sequence
}

# What pydicom has no JSON for: the IS "1A" of badVR.dcm, which we give as a string.
BEYOND_PYDICOM = {"badVR.dcm": ["00280008 only in ours"]}

# pydicom replaces private UN by what its list of private elements says; we show what the file says.
pydicom.datadict.private_dictionaries.clear()
warnings.simplefilter("ignore")


def every_sample():
    for folder in ("test_files", "charset_files"):
        yield from sorted(path for path in (SAMPLES / folder).rglob("*") if path.is_file())


def dicom_samples():
    for path in every_sample():
        try:
            yield path, pydicom.dcmread(path)
        except pydicom.errors.InvalidDicomError:
            pass


def ours(path):
    run = subprocess.run([PROGRAM, "dump", "--json", str(path)], capture_output=True, check=False)
    return run.returncode, run.stdout, run.stderr.decode()


class Comparison:
    """Walks two JSON models side by side and collects where they differ."""

    def __init__(self, dataset):
        self.big_endian = not dataset.is_little_endian
        self.implicit = dataset.is_implicit_VR
        self.differences = []

    def datasets(self, where, mine, theirs):
        for tag in sorted(set(mine) | set(theirs)):
            place = f"{where}{tag}"
            if tag not in mine or tag not in theirs:
                self.differences.append(f"{place} only in {'ours' if tag in mine else 'pydicom'}")
            else:
                self.element(place, mine[tag], theirs[tag])

    def element(self, place, mine, theirs):
        a, b = mine["vr"], theirs["vr"]
        if "SQ" in (a, b):
            items_a, items_b = mine.get("Value", []), theirs.get("Value", [])
            if (a, b) != ("SQ", "SQ") or len(items_a) != len(items_b):
                self.differences.append(f"{place} {a} {len(items_a)} items, pydicom {b} {len(items_b)}")
            for number, (x, y) in enumerate(zip(items_a, items_b)):
                self.datasets(f"{place}[{number}].", x or {}, y or {})
            return
        if a != b:
            self.differences.append(f"{place} VR {a}, pydicom {b}")
        elif "InlineBinary" in mine or "InlineBinary" in theirs:
            self.binary(place, a, mine, theirs)
        else:
            self.values(place, a, mine, theirs)

    def binary(self, place, vr, mine, theirs):
        a = base64.b64decode(mine.get("InlineBinary", ""))
        b = base64.b64decode(theirs.get("InlineBinary", ""))
        if self.big_endian and vr in UNITS:  # pydicom leaves these as they lie in the file
            unit = UNITS[vr]
            b = b"".join(b[i:i + unit][::-1] for i in range(0, len(b), unit))
        if a != b:
            self.differences.append(f"{place} {vr} {len(a)} bytes {a[:16]!r}, pydicom {len(b)} {b[:16]!r}")

    def values(self, place, vr, mine, theirs):
        a = [self.normal(vr, value) for value in mine.get("Value", [])]
        b = [self.normal(vr, value) for value in theirs.get("Value", [])]
        while b and b[-1] is None and len(b) > len(a):  # an empty value is [""] or [None] to pydicom
            b.pop()
        if a != b:
            self.differences.append(f"{place} {vr} {a[:4]!r}, pydicom {b[:4]!r}")

    @staticmethod
    def normal(vr, value):
        if value in ("", None, {}):
            return None
        if vr in ("FL", "OF"):
            return struct.pack("<f", float(value))
        if vr in ("FD", "DS", "IS", "SV", "UV"):
            try:
                number = float(value)
            except ValueError:
                return value
            return "NaN" if math.isnan(number) else number
        if isinstance(value, dict):
            return {key: text.rstrip() for key, text in value.items() if text}
        return value.strip(" \0") if isinstance(value, str) else value


class DumpAgrees(unittest.TestCase):
    def test_the_json_of_every_sample_says_what_pydicom_reads(self):
        compared = 0
        for path, dataset in dicom_samples():
            with self.subTest(file=path.name):
                code, out, error = ours(path)
                if path.name in REFUSED:
                    self.assertEqual(code, 1)
                    self.assertIn(REFUSED[path.name], error)
                    continue
                self.assertEqual(code, 0, error)
                theirs = dataset.to_json_dict(bulk_data_threshold=1 << 40, suppress_invalid_tags=True)
                # PS3.18 §F.2.2: the model has no group lengths.
                theirs = {tag: value for tag, value in theirs.items() if not tag.endswith("0000")}
                comparison = Comparison(dataset)
                comparison.datasets("", json.loads(out), theirs)
                self.assertEqual(comparison.differences, BEYOND_PYDICOM.get(path.name, []))
                compared += 1
        self.assertGreater(compared, 120)

    def test_what_pydicom_takes_only_by_force_is_read_when_dcmtk_reads_it(self):
        """Bare data sets are; text, archives, and no_meta.dcm with its stray first byte are not."""
        read, refused = set(), set()
        for path in every_sample():
            try:
                pydicom.dcmread(path)
            except pydicom.errors.InvalidDicomError:
                dcmdump = subprocess.run(["dcmdump", str(path)], capture_output=True, check=False)
                code, _, error = ours(path)
                self.assertEqual(code == 0, dcmdump.returncode == 0, f"{path.name}: {error}")
                (read if code == 0 else refused).add(path.name)
        self.assertEqual(read, {"ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm", "rtstruct.dcm"})
        self.assertIn("no_meta.dcm", refused)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = sys.argv.pop(1)
    unittest.main(warnings="ignore")
