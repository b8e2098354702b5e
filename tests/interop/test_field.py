"""Data sets as broken writers send them, over real associations: each is stored as it came, found,
counted and named in the log, comes back byte for byte, and comes out right in another transfer syntax
and in JSON. docs/DEPARTURES.md lists these tests by name."""

import gzip
import json
import pathlib
import struct
import unittest
import warnings
import zlib

import pydicom

import harness
import queries
import raw_dicom as raw
import test_dump_agrees
import test_storage as samples
from harness import pacs

BIG_ENDIAN, JPEG = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50"
LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT")
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
ROOT = "1.2.826.0.1.3680043.8.498.9"


class Form:
    """How elements are written: PS3.5 §7.1.2 and §7.1.3, in either byte order."""

    def __init__(self, explicit=True, order="<"):
        self.explicit, self.order = explicit, order

    def tag(self, tag):
        return struct.pack(self.order + "HH", tag >> 16, tag & 0xFFFF)

    def delimiter(self, tag, length=0):
        return self.tag(tag) + struct.pack(self.order + "I", length)

    def element(self, tag, vr, value, length=None):
        if isinstance(value, int):
            value = struct.pack(self.order + "H", value)
        size = len(value) if length is None else length
        if not self.explicit:
            return self.tag(tag) + struct.pack(self.order + "I", size) + value
        if vr in LONG:
            return self.tag(tag) + vr + b"\0\0" + struct.pack(self.order + "I", size) + value
        return self.tag(tag) + vr + struct.pack(self.order + "H", size) + value

    def item(self, body, undefined=True):
        if undefined:
            return self.delimiter(ITEM, UNDEFINED) + body + self.delimiter(ITEM_END)
        return self.delimiter(ITEM, len(body)) + body

    def data_set(self, elements):
        """(tag, VR, value), or bytes as they are"""
        return b"".join(e if isinstance(e, bytes) else self.element(*e) for e in elements)


EXPLICIT, IMPLICIT, BIG = Form(), Form(explicit=False), Form(order=">")


class Object:
    """A small image under UIDs of its own; `middle` stands between (0008,0060) and (0010,0010)."""
    count = 0

    def __init__(self):
        Object.count += 1
        self.study = f"{ROOT}.{Object.count}"
        self.series, self.instance = f"{self.study}.1", f"{self.study}.1.1"

    def elements(self, *middle, pixels=True):
        def ui(tag, uid):
            raw_uid = uid.encode()
            return tag, b"UI", raw_uid + b"\0" * (len(raw_uid) % 2)
        yield (0x00080005, b"CS", b"ISO_IR 100")
        yield ui(0x00080016, raw.CT_STORAGE)
        yield ui(0x00080018, self.instance)
        yield (0x00080060, b"CS", b"CT")
        yield from middle
        yield (0x00100010, b"PN", b"M\xfcller^Eva")
        yield (0x00100020, b"LO", b"F1")
        yield ui(0x0020000D, self.study)
        yield ui(0x0020000E, self.series)
        yield (0x00280002, b"US", 1)
        yield (0x00280004, b"CS", b"MONOCHROME2 ")
        for tag, number in ((0x00280010, 4), (0x00280011, 4), (0x00280100, 8), (0x00280101, 8),
                            (0x00280102, 7), (0x00280103, 0)):
            yield (tag, b"US", number)
        if pixels:
            yield (0x7FE00010, b"OB", bytes(range(16)))


def referenced(form):
    """The content of an item of Referenced Image Sequence."""
    return form.element(0x00081150, b"UI", b"1.2.3\0") + form.element(0x00081155, b"UI", b"1.2.3.4\0")


CLEAN_ITEM = EXPLICIT.item(referenced(EXPLICIT))
CLEAN_SEQUENCE = (0x00081140, b"SQ", CLEAN_ITEM + EXPLICIT.delimiter(SEQUENCE_END), UNDEFINED)


class FieldDataSets(harness.ServerTestCase):
    """`clean` is what a departing data set means, as the standard writes it."""
    config = {"dicom": {"artim_seconds": 5}}
    seconds = 60

    @classmethod
    def _end(cls):
        super()._end()
        cls.pacs.verify()

    def store(self, one, body, syntax):
        """The status, of a sender with a name of its own, so that the log says each."""
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(raw.context(1, raw.CT_STORAGE, [syntax]), called="PACS", calling=f"F{Object.count}")
            status = peer.store(1, raw.CT_STORAGE, one.instance, body, chunk=1000)
            self.assertTrue(peer.release())
        return status

    def get(self, one, syntax):
        """The file that C-GET in one transfer syntax writes."""
        folder = pathlib.Path(self.class_folder) / f"{one.instance}-{syntax}"
        pacs("get", f"PACS@127.0.0.1:{self.pacs.port}", "-k", f"StudyInstanceUID={one.study}",
             "--sop-class", raw.CT_STORAGE, "--transfer-syntax", syntax, "--output", folder, "-q", ok=True)
        file, = folder.iterdir()
        return file

    def departures(self):
        return {name.split('"')[1]: value for name, value in self.pacs.metrics().items()
                if name.startswith("pacs_storage_departures_total")}

    def dumped(self, file):
        return json.loads(pacs("dump", "--json", file, ok=True).stdout)

    def said_of(self, one):
        """What the log says of its departures."""
        self.pacs.wait_for_line(f"sop_instance={one.instance} objects_so_far=1")
        lines = [line for line in self.pacs.log.splitlines()
                 if "departs from the standard" in line and f"sop_instance={one.instance}" in line]
        self.assertEqual(len(lines), 1, self.pacs.log[-2000:])
        self.assertIn(f"source_ae=F{Object.count}", lines[0])
        return lines[0].split("departures=")[1].split()[0]

    def kept(self, one, body, syntax, clean, kinds, pydicom_reads=True, dumps=True):
        before = self.departures()
        self.assertEqual(self.store(one, body, syntax), 0, self.pacs.log[-2000:])
        after = self.departures()
        self.assertEqual({kind for kind in after if after[kind] > before.get(kind, 0)}, set(kinds.split(",")))
        self.assertEqual(self.said_of(one), kinds)
        # Found by what it holds.
        found = queries.find(self.pacs, queries.identifier("STUDY", StudyInstanceUID=one.study,
                                                           PatientName=None, PatientID=None))
        self.assertEqual([(str(a.PatientName), a.PatientID) for a in found], [("Müller^Eva", "F1")])
        # Comes back as it came.
        file = self.get(one, syntax)
        if len(body) % 2 == 0 or syntax == raw.DEFLATED:
            self.assertEqual(samples.split(file)[1], body + b"\0" * (len(body) % 2))
        expected = EXPLICIT.data_set(clean)
        if dumps:
            self.assert_means(file, expected)
        if pydicom_reads:
            self.assert_agrees_with_pydicom(file)
        # And right in another transfer syntax.
        if syntax != JPEG:
            other = raw.IMPLICIT if syntax != raw.IMPLICIT else raw.EXPLICIT
            self.assert_means(self.get(one, other), expected)

    def assert_means(self, file, expected):
        path = pathlib.Path(self.class_folder) / "clean.dcm"
        path.write_bytes(part10(EXPLICIT.element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0"), expected))
        mine, theirs = self.dumped(file), self.dumped(path)
        pixels = [json_model.pop("7FE00010", {}) for json_model in (mine, theirs)]
        self.assertEqual(mine, theirs)
        if pixels[1]:  # OW where it is read out of implicit VR
            self.assertEqual(pixels[0]["InlineBinary"], pixels[1]["InlineBinary"])

    def assert_agrees_with_pydicom(self, file):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(file)
            theirs = dataset.to_json_dict()
        comparison = test_dump_agrees.Comparison(dataset)
        comparison.datasets("", self.dumped(file), theirs)
        # pydicom takes the VR of pixels from the transfer syntax.
        differences = [one for one in comparison.differences if not one.startswith("7FE00010 VR")]
        self.assertEqual(differences, [])

    def refused(self, body, syntax=raw.EXPLICIT):
        before = self.pacs.instances()
        self.assertEqual(self.store(self.one, body, syntax), 0xC000)
        self.assertEqual(self.pacs.instances(), before)

    def setUp(self):
        super().setUp()
        self.one = Object()

    def again(self):
        self.one = Object()
        return self.one

    def test_nuls_behind_the_last_element_are_ignored(self):
        for count in (2, 8, 512, 7):
            for form, syntax in ((EXPLICIT, raw.EXPLICIT), (IMPLICIT, raw.IMPLICIT)):
                with self.subTest(count=count, syntax=syntax):
                    one = self.again()
                    clean = list(one.elements())
                    self.kept(one, form.data_set(clean) + bytes(count), syntax, clean, "trailing_nuls",
                              pydicom_reads=False)

    def test_other_bytes_behind_the_last_element_are_refused(self):
        self.refused(EXPLICIT.data_set(self.one.elements()) + bytes(512) + b"\1")

    def test_delimiters_behind_the_last_element_are_ignored(self):
        for form, syntax in ((EXPLICIT, raw.EXPLICIT), (IMPLICIT, raw.IMPLICIT)):
            for tail in (form.delimiter(ITEM_END), form.delimiter(SEQUENCE_END)):
                with self.subTest(syntax=syntax, tail=tail):
                    one = self.again()
                    clean = list(one.elements())
                    self.kept(one, form.data_set(clean) + tail, syntax, clean, "stray_delimiter",
                              pydicom_reads=False)

    def test_empty_delimiters_at_items_and_sequences_of_defined_length_are_passed_over(self):
        end_item, end_sequence = EXPLICIT.delimiter(ITEM_END), EXPLICIT.delimiter(SEQUENCE_END)
        item = referenced(EXPLICIT)
        defined = EXPLICIT.item(item, undefined=False)
        for value, clean in (
                (EXPLICIT.item(item + end_item, undefined=False), defined),
                (defined + end_sequence, defined),
                (defined + end_item, defined)):
            with self.subTest(value=value):
                one = self.again()
                body = one.elements((0x00081140, b"SQ", value))
                self.kept(one, EXPLICIT.data_set(body), raw.EXPLICIT,
                          list(one.elements((0x00081140, b"SQ", clean))), "stray_delimiter",
                          pydicom_reads=False)
        one = self.again()  # and behind the sequence
        sequence = (0x00081140, b"SQ", defined)
        self.kept(one, EXPLICIT.data_set(one.elements(sequence, end_sequence)), raw.EXPLICIT,
                  list(one.elements(sequence)), "stray_delimiter", pydicom_reads=False)

    def test_a_last_item_ends_with_the_delimiter_of_its_sequence(self):
        one = self.one
        value = EXPLICIT.delimiter(ITEM, UNDEFINED) + referenced(EXPLICIT) + EXPLICIT.delimiter(SEQUENCE_END)
        self.kept(one, EXPLICIT.data_set(one.elements((0x00081140, b"SQ", value, UNDEFINED))), raw.EXPLICIT,
                  list(one.elements(CLEAN_SEQUENCE)), "item_without_end", pydicom_reads=False)

    def test_pixel_data_ends_with_a_data_set_that_surely_ended_where_all_frames_are_there(self):
        one = self.one
        frame = EXPLICIT.delimiter(ITEM, 4) + b"\xff\xd8\xff\xd9"
        pixels = EXPLICIT.element(0x7FE00010, b"OB", EXPLICIT.delimiter(ITEM) + frame, UNDEFINED)
        clean = list(one.elements(pixels=False))
        body = EXPLICIT.data_set(clean) + pixels
        self.kept(one, body, JPEG, clean, "pixel_data_without_end", pydicom_reads=False, dumps=False)
        # A file may have been cut there.
        self.assertIn("does not end", pacs("dump", self.get(one, JPEG)).stderr)
        self.refused(body[:-2], JPEG)
        self.refused(EXPLICIT.data_set(self.again().elements(
            (0x00280008, b"IS", b"2 "), pixels=False)) + pixels, JPEG)

    def test_an_element_without_vr_is_read_as_the_form_that_leads_on(self):
        one = self.one
        description = (0x00081030, b"LO", b"Thorax")
        clean = list(one.elements(description))
        self.kept(one, EXPLICIT.data_set(one.elements(IMPLICIT.element(*description))), raw.EXPLICIT, clean,
                  "no_vr", pydicom_reads=False)

    def test_a_sequence_without_vr_is_read_as_one(self):
        for form in (EXPLICIT, IMPLICIT):
            one = self.again()
            value = form.item(referenced(form)) + EXPLICIT.delimiter(SEQUENCE_END)
            sequence = IMPLICIT.element(0x00081140, b"SQ", value, UNDEFINED)
            self.kept(one, EXPLICIT.data_set(one.elements(sequence)), raw.EXPLICIT,
                      list(one.elements(CLEAN_SEQUENCE)), "no_vr", pydicom_reads=False)

    def test_what_identifies_an_object_is_never_read_without_its_vr(self):
        self.refused(EXPLICIT.data_set(
            IMPLICIT.element(*e) if e[0] == 0x00100020 else e for e in self.one.elements()))

    def test_a_data_set_in_implicit_vr_under_an_explicit_syntax_is_read_as_it_is(self):
        for syntax in (raw.EXPLICIT, BIG_ENDIAN):
            one = self.again()
            clean = list(one.elements(CLEAN_SEQUENCE))
            value = IMPLICIT.item(referenced(IMPLICIT)) + IMPLICIT.delimiter(SEQUENCE_END)
            kinds = "other_vr_form" + (",other_byte_order" if syntax == BIG_ENDIAN else "")
            self.kept(one, IMPLICIT.data_set(one.elements((0x00081140, b"SQ", value, UNDEFINED))), syntax,
                      clean, kinds, pydicom_reads=syntax == raw.EXPLICIT)
        one = self.again()
        clean = list(one.elements(pixels=False))
        frame = IMPLICIT.delimiter(ITEM, 4) + b"\xff\xd8\xff\xd9"
        pixels = IMPLICIT.element(0x7FE00010, b"OB", IMPLICIT.delimiter(ITEM) + frame
                                  + IMPLICIT.delimiter(SEQUENCE_END), UNDEFINED)
        self.kept(one, IMPLICIT.data_set(clean) + pixels, JPEG, clean, "other_vr_form", pydicom_reads=False)

    def test_a_data_set_in_explicit_vr_under_the_implicit_syntax_is_read_as_it_is(self):
        one = self.one
        clean = list(one.elements(CLEAN_SEQUENCE))
        self.kept(one, EXPLICIT.data_set(clean), raw.IMPLICIT, clean, "other_vr_form")

    def test_a_data_set_in_the_other_byte_order_is_read_as_it_is(self):
        one = self.one
        value = BIG.item(referenced(BIG)) + BIG.delimiter(SEQUENCE_END)
        big = BIG.data_set(one.elements((0x00081140, b"SQ", value, UNDEFINED)))
        self.kept(one, big, raw.EXPLICIT, list(one.elements(CLEAN_SEQUENCE)), "other_byte_order",
                  pydicom_reads=False)
        one = self.again()
        clean = list(one.elements(CLEAN_SEQUENCE))
        self.kept(one, EXPLICIT.data_set(clean), BIG_ENDIAN, clean, "other_byte_order", pydicom_reads=False)

    def test_explicit_items_in_un_of_undefined_length_are_read_as_they_are(self):
        one = self.one
        value = CLEAN_ITEM + EXPLICIT.delimiter(SEQUENCE_END)
        creator = (0x00090010, b"LO", b"ACME")
        self.kept(one, EXPLICIT.data_set(one.elements(creator, (0x00091001, b"UN", value, UNDEFINED))),
                  raw.EXPLICIT, list(one.elements(creator, (0x00091001, b"SQ", value, UNDEFINED))),
                  "explicit_in_un", pydicom_reads=False)

    def test_a_public_sequence_under_a_vr_of_bytes_is_read_as_the_sequence(self):
        for vr in (b"OB", b"OW"):
            one = self.again()
            value = CLEAN_ITEM + EXPLICIT.delimiter(SEQUENCE_END)
            self.kept(one, EXPLICIT.data_set(one.elements((0x00081140, vr, value, UNDEFINED))), raw.EXPLICIT,
                      list(one.elements(CLEAN_SEQUENCE)), "sequence_as_bytes", pydicom_reads=False)

    def test_a_zlib_or_gzip_header_before_the_deflate_stream_is_passed_over(self):
        for squeeze in (zlib.compress, gzip.compress):
            one = self.again()
            clean = list(one.elements())
            self.kept(one, squeeze(EXPLICIT.data_set(clean)), raw.DEFLATED, clean, "zlib_header",
                      pydicom_reads=False)


def part10(meta, data_set):
    return bytes(128) + b"DICM" + meta + data_set


class FieldFiles(harness.TestCase):
    """Files as broken writers leave them: `pacs dump` and `pacs import`."""

    def imported(self, content):
        """What `pacs import` and then the archive make of a file."""
        path = self.folder / "file.dcm"
        path.write_bytes(content)
        server = harness.Pacs(self.folder, wait=True)
        server.stop()
        done = pacs("import", "--config", server.config_file, path)
        server.verify()
        return done, server.objects()

    def test_dicm_at_byte_128_of_a_file_without_preamble_is_a_value(self):
        one = Object()
        body = EXPLICIT.data_set(one.elements(EXPLICIT.element(0x00080081, b"ST", b" " * 200)))
        at = body.index(b" " * 200)
        self.assertLess(at, 128)
        body = body[:128] + b"DICM" + body[132:]
        done, objects = self.imported(body)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(samples.split(objects[0])[1], body)

    def test_dicm_at_the_beginning_stands_for_a_preamble_that_is_missing(self):
        one = Object()
        body = EXPLICIT.data_set(one.elements())
        meta = EXPLICIT.element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
        done, objects = self.imported(b"DICM" + meta + body)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(samples.split(objects[0])[1], body)

    def test_a_data_set_in_another_form_than_the_file_names_is_read_as_it_is(self):
        one = Object()
        body = IMPLICIT.data_set(one.elements())
        meta = EXPLICIT.element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
        done, objects = self.imported(part10(meta, body))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(samples.split(objects[0])[1], body)
        self.assertIn("departs from the standard: other_vr_form", pacs("dump", objects[0], ok=True).stdout)


if __name__ == "__main__":
    unittest.main()
