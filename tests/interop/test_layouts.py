"""Every layout of pixels in every transfer syntax: written by others and read here, written here and read by others.

What is right is said by the generated pixels themselves, by the codecs that viewers run in browsers, and by DCMTK,
OpenJPEG, libjxl, zlib and pydicom. What comes out is a table of docs/CONFORMANCE.md: the test fails when that says
something else, and scripts/pixel_tables.py writes it.
"""

import collections
import json
import os
import pathlib
import re
import tempfile
import zlib

import numpy
import pydicom
from pydicom.pixel_data_handlers import rle_handler

import browser
import harness
import layouts
import test_pixels as images
import test_retrieve as retrieve
from harness import pacs, run
from layouts import LAYOUTS

ROOT = "1.2.826.0.1.3680043.9.79"
IMPLICIT = "1.2.840.10008.1.2"
BASELINE, EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS, JPEG_XL = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.110"
UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
NATIVE = {"Implicit VR": IMPLICIT, "Deflated": "1.2.840.10008.1.2.1.99", "Big Endian": "1.2.840.10008.1.2.2"}
# The columns of the table, in the order of PS3.5 Annex A.
COLUMNS = {"native": images.EXPLICIT, "Encaps. Uncompr.": UNCOMPRESSED, "JPEG .50": BASELINE, "JPEG .51": EXTENDED,
           "JPEG .70": JPEG_LOSSLESS, "JPEG-LS": images.JPEG_LS, "JPEG 2000": images.JPEG_2000,
           "HTJ2K": images.HTJ2K, "JPEG XL": JPEG_XL, "RLE": images.RLE, "Deflated Frame": images.DEFLATED_FRAMES}
READ_ONLY = {BASELINE, EXTENDED, JPEG_LOSSLESS, JPEG_XL}
LOSSY = {BASELINE, EXTENDED}
DOCUMENT = harness.ROOT / "docs" / "CONFORMANCE.md"
TABLE = re.compile(r"(<!-- pixel-layouts -->\n).*?(<!-- /pixel-layouts -->)", re.DOTALL)


class Refused(Exception):
    """Another program does not write or read this layout."""


def interleaved(layout, folder):
    """The path of a file by pixel and without anything in unused bits, for writers that know no other."""
    numbers = layouts.values(layout)
    plain = layouts.Layout(layout.bits, layout.stored, layout.signed, layout.samples, 0, layout.frames,
                           layout.photometric, rows=layout.rows, columns=layout.columns)
    path = folder / "plain.dcm"
    layouts.data_set(plain, "1.2.3", "1.2", numbers).save_as(path, write_like_original=False)
    return path


def by_dcmtk(layout, *options):
    if layout.photometric == "YBR_FULL_422" or layout.real or layout.bits == 1 or layout.overlay_bit:
        raise Refused
    bits_max = {"+eb": 8, "+ee": 12, "+e1": 16}[options[0]]
    colours_change = bits_max < 16 and (layout.signed or layout.photometric == "PALETTE COLOR")
    if layout.stored > bits_max or colours_change:
        raise Refused  # it makes other pixels of them before
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        done = run("dcmcjpeg", *options, interleaved(layout, folder), folder / "coded.dcm")
        if done.returncode != 0:
            raise Refused(done.stderr)
        coded = pydicom.dcmread(folder / "coded.dcm")
        return layouts.codestreams_of(coded), {"PhotometricInterpretation": coded.PhotometricInterpretation,
                                               "PlanarConfiguration": layout.planar}


def by_browser(codec, layout):
    misread = codec == "htj2k" and (layout.samples * layout.bits > 24 or (layout.signed and layout.bits == 8))
    if layout.real or layout.bits in (1, 32) or misread or (layout.overlay_bit and codec != "jpeg-ls"):
        raise Refused
    numbers, bits = layouts.values(layout), layout.stored
    if layout.overlay_bit:  # whole cells, as some writers have it
        cells = b"".join(layouts.frames_of(layout, numbers))
        numbers, bits = numpy.frombuffer(cells, numbers.dtype).reshape(numbers.shape), layout.bits
    colour = {"PhotometricInterpretation": "YBR_RCT"} if layout.samples == 3 and codec == "htj2k" else {}
    return browser.encode(codec, numbers, bits), colour


def by_opj_compress(layout):
    if layout.real or layout.overlay_bit or layout.bits in (1, 32):
        raise Refused
    with tempfile.TemporaryDirectory() as folder:
        folder, codestreams = pathlib.Path(folder), []
        for frame in layouts.values(layout):
            (folder / "frame.rawl").write_bytes(frame.transpose(2, 0, 1).tobytes())
            shape = f"{layout.columns},{layout.rows},{layout.samples},{layout.stored},{'s' if layout.signed else 'u'}"
            run("opj_compress", "-i", folder / "frame.rawl", "-o", folder / "frame.j2k", "-F", shape, "-n", 3,
                "-mct", int(layout.samples == 3), ok=True)
            codestreams.append((folder / "frame.j2k").read_bytes())
        return codestreams, {"PhotometricInterpretation": "YBR_RCT"} if layout.samples == 3 else {}


def by_cjxl(layout):
    if layout.real or layout.overlay_bit or layout.signed or layout.bits in (1, 32) or \
            layout.photometric.startswith("YBR"):
        raise Refused
    # libjxl 0.7 scales samples that do not fill their bytes, with loss: the whole bytes are given.
    with tempfile.TemporaryDirectory() as folder:
        folder, codestreams = pathlib.Path(folder), []
        for frame in layouts.values(layout):
            kind, name = (b"P6", "frame.ppm") if layout.samples == 3 else (b"P5", "frame.pgm")
            most = 65535 if layout.bits > 8 else 255
            cells = frame.astype(">u2" if layout.bits > 8 else "u1").tobytes()
            (folder / name).write_bytes(b"%s\n%d %d\n%d\n" % (kind, layout.columns, layout.rows, most) + cells)
            run("cjxl", folder / name, folder / "frame.jxl", "-d", 0, "--container=0", ok=True)
            codestreams.append((folder / "frame.jxl").read_bytes())
        return codestreams, {}


def as_bytes(layout, code):
    if layout.real:
        raise Refused  # PS3.3 §C.7.6.24: never encapsulated
    return [code(frame) for frame in layouts.frames_of(layout, layouts.values(layout))], {}


def deflated(frame):
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(frame) + deflate.flush()


def by_rle(layout):
    if layout.photometric == "YBR_FULL_422":
        raise Refused
    return as_bytes(layout, lambda frame: layouts.rle_frame(frame, layout))


# What makes frames of a layout: codestreams, and what the data set says otherwise.
WRITERS = {
    UNCOMPRESSED: lambda layout: as_bytes(layout, bytes),
    BASELINE: lambda layout: by_dcmtk(layout, "+eb"),
    EXTENDED: lambda layout: by_dcmtk(layout, "+ee"),
    JPEG_LOSSLESS: lambda layout: by_dcmtk(layout, "+e1"),
    images.JPEG_LS: lambda layout: by_browser("jpeg-ls", layout),
    images.JPEG_2000: by_opj_compress,
    images.HTJ2K: lambda layout: by_browser("htj2k", layout),
    JPEG_XL: by_cjxl,
    images.RLE: by_rle,
    images.DEFLATED_FRAMES: lambda layout: as_bytes(layout, deflated),
}


def rle_decoded(ds, codestream):
    """By pydicom; its planes as native cells by pixel."""
    offsets = rle_handler._parse_rle_header(codestream[:64])
    ends = [*offsets[1:], len(codestream)]
    planes = [bytes(rle_handler._rle_decode_segment(codestream[begin:end])) for begin, end in zip(offsets, ends)]
    if ds.BitsAllocated == 1:
        return planes[0]
    size, count = ds.BitsAllocated // 8, ds.Rows * ds.Columns
    cells = numpy.array([list(plane[:count]) for plane in planes], numpy.uint8).reshape(-1, size, count)
    cells = cells[:, ::-1].transpose(2, 0, 1).reshape(count, -1)
    if ds.SamplesPerPixel > 1 and ds.PlanarConfiguration:
        cells = cells.reshape(count, -1, size).transpose(1, 0, 2)
    return cells.tobytes()


def decoded_by_others(ds):
    """The values of a data set as somebody else's decoder sees them."""
    syntax = str(ds.file_meta.TransferSyntaxUID)
    if not ds.file_meta.TransferSyntaxUID.is_encapsulated:
        return layouts.values_of(ds)
    frames = layouts.codestreams_of(ds)
    if syntax == UNCOMPRESSED:
        return layouts.values_of(ds, frames)
    if syntax == images.DEFLATED_FRAMES:
        return layouts.values_of(ds, [zlib.decompressobj(-15).decompress(frame) for frame in frames])
    if syntax == images.RLE:
        return layouts.values_of(ds, [rle_decoded(ds, frame) for frame in frames])
    if ds.BitsStored > 16:
        raise Refused  # all of them have 16 at most
    if misread_by_browsers(ds):
        return numbers_of_samples(ds, numpy.stack([decoded_by_openjpeg(ds, frame) for frame in frames]))
    arrays = browser.decode([(browser.BY_SYNTAX[syntax], frame) for frame in frames])
    wrong = [array for array in arrays if isinstance(array, str)]
    if wrong:
        raise AssertionError(wrong[0])
    return numbers_of_samples(ds, numpy.stack(arrays))


def misread_by_browsers(ds):
    """Cornerstone's JPEG 2000 and HTJ2K give 0 for negative samples of 8 bits, and its HTJ2K mixes up the samples of
    colours that are not transformed."""
    syntax = str(ds.file_meta.TransferSyntaxUID)
    of_bytes = ds.PixelRepresentation and ds.BitsAllocated == 8
    return (of_bytes and syntax != images.JPEG_LS) or (syntax == images.HTJ2K and
                                                       ds.PhotometricInterpretation == "YBR_FULL")


def decoded_by_openjpeg(ds, codestream):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "frame.j2k").write_bytes(codestream)
        run("opj_decompress", "-i", folder / "frame.j2k", "-o", folder / "frame.rawl", ok=True)
        kind = numpy.dtype(f"<u{1 if ds.BitsStored <= 8 else 2}")
        planes = numpy.frombuffer((folder / "frame.rawl").read_bytes(), kind)
        return planes.reshape(ds.SamplesPerPixel, ds.Rows, ds.Columns).transpose(1, 2, 0)


def numbers_of_samples(ds, samples):
    """What a decoder gave as numbers: JPEG-LS does not know signs."""
    numbers = samples.astype(numpy.int64) & (1 << ds.BitsStored) - 1
    if ds.PixelRepresentation:
        sign = 1 << ds.BitsStored - 1
        numbers = (numbers ^ sign) - sign
    return numbers


def study(what):
    return f"{ROOT}.{int.from_bytes(what.encode(), 'big') % 10 ** 9}"


def uid(what, layout):
    return f"{study(what)}.{list(LAYOUTS).index(layout) + 1}"


class Layouts(harness.ServerTestCase):
    seconds = 60

    def send(self, what, data_sets):
        """Stores {layout: data set} as a study of its own."""
        folder = self.class_folder / what
        folder.mkdir()
        for number, (layout, ds) in enumerate(data_sets.items()):
            ds.StudyInstanceUID, ds.SeriesInstanceUID = study(what), f"{study(what)}.1"
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(what, layout)
            ds.save_as(folder / f"{number}.dcm", write_like_original=False)
        retrieve.store(self.pacs, *folder.iterdir())

    def get(self, what, syntax):
        """{layout: data set} of a study as somebody gets it who takes only this transfer syntax, and what failed."""
        folder = self.class_folder / f"{what}-{syntax}"
        done = pacs("get", retrieve.peer_of(self.pacs), "-k", f"StudyInstanceUID={study(what)}", "--sop-class",
                    layouts.SECONDARY_CAPTURE, "--sop-class", layouts.PARAMETRIC_MAP, "--transfer-syntax", syntax,
                    "--output", folder, "--json")
        by_uid = {uid(what, layout): layout for layout in LAYOUTS}
        got = {by_uid[ds.SOPInstanceUID]: ds for ds in map(pydicom.dcmread, sorted(folder.glob("*")))}
        return got, {by_uid[failed] for failed in retrieve.moved(done)["failed_instances"]}

    def check(self, layout, ds, numbers):
        """Whether the pixels of what was received are the generated ones, and the overlay is there."""
        if LAYOUTS[layout].real:
            self.assertTrue((numbers == layouts.values(LAYOUTS[layout])).all())
            return
        expected = layouts.values(LAYOUTS[layout]).astype(numpy.int64)
        numpy.testing.assert_array_equal(numbers.astype(numpy.int64), expected)
        if LAYOUTS[layout].overlay_bit:
            in_cells = (0x6000, 0x3000) not in ds
            self.assertFalse(in_cells and ds.file_meta.TransferSyntaxUID.is_encapsulated)
            cells = layouts.cells_of(ds, layouts.native_bytes(ds)) if in_cells else None
            numpy.testing.assert_array_equal(layouts.overlay_of(ds, cells), layouts.overlay(LAYOUTS[layout]))

    def check_lossy(self, made, ds):
        """JPEG: whether the pixels are those that DCMTK's decoder sees, but for the rounding of transforms."""
        sent, theirs = self.class_folder / "sent.dcm", self.class_folder / "theirs.dcm"
        made.save_as(sent, write_like_original=False)
        run("dcmdjpeg", sent, theirs, ok=True)
        ds.save_as(sent, write_like_original=False)
        difference = numpy.abs(images.rgb(sent) - images.rgb(theirs))
        self.assertLessEqual(int(difference.max()), 1 if ds.SamplesPerPixel == 1 else 4)

    def written(self, column, syntax):
        """Gets all layouts in a transfer syntax, lets others read them, and reads them again."""
        got, failed = self.get("original", syntax)
        self.assertEqual(got.keys() | failed, LAYOUTS.keys())
        for layout, ds in got.items():
            with self.subTest("written", syntax=syntax, layout=layout):
                try:
                    self.check(layout, ds, decoded_by_others(ds))
                    self.cells[layout, column].add("W")
                except Refused:
                    pass
        self.send(f"again-{syntax}", got)
        back, failed = self.get(f"again-{syntax}", IMPLICIT)
        self.received.update((ds.SOPInstanceUID, ds) for ds in back.values())
        self.assertEqual((back.keys(), failed), (got.keys(), set()))
        for layout, ds in back.items():
            with self.subTest("written and read again", syntax=syntax, layout=layout):
                self.check(layout, ds, layouts.values_of(ds))
                self.cells[layout, column].update("rw")
        return got.keys()

    def read(self, column, syntax):
        """Lets others write all layouts in a transfer syntax, and reads them."""
        made = {}
        for layout in LAYOUTS:
            try:
                codestreams, attributes = WRITERS[syntax](LAYOUTS[layout])
            except Refused:
                continue
            ds = layouts.data_set(LAYOUTS[layout], "1.2.3", "1.2")
            made[layout] = layouts.encapsulated(ds, syntax, codestreams, **attributes)
        self.send(f"made-{syntax}", made)
        got, failed = self.get(f"made-{syntax}", IMPLICIT)
        self.received.update((ds.SOPInstanceUID, ds) for ds in got.values())
        self.assertEqual((got.keys(), failed), (made.keys(), set()))
        for layout, ds in got.items():
            with self.subTest("read", syntax=syntax, layout=layout):
                if syntax in LOSSY:
                    self.check_lossy(made[layout], ds)
                else:
                    self.check(layout, ds, layouts.values_of(ds))
                self.cells[layout, column].update("Rr")

    def test_every_layout_in_every_transfer_syntax(self):
        self.cells = collections.defaultdict(set)  # by layout and column
        self.received = {}  # in Implicit VR Little Endian by C-GET, each compared with what it was made of
        self.send("original", {layout: layouts.data_set(LAYOUTS[layout], "1.2.3", "1.2") for layout in LAYOUTS})
        for syntax in NATIVE.values():
            self.assertEqual(self.written("native", syntax), LAYOUTS.keys())
        for layout in LAYOUTS:  # they came from pydicom, and were right in all the others
            self.cells[layout, "native"].add("R")
        for column, syntax in list(COLUMNS.items())[1:]:
            if syntax not in READ_ONLY:
                self.written(column, syntax)
            self.read(column, syntax)
        self.compare_document()
        self.check_move()

    def broken(self):
        """{layout: data set} that nobody can decode, and {layout: attribute} that is at fault."""
        wrong = {}
        for layout, syntax, attributes in (
                ("8 bits", images.RLE, {"Rows": 24}), ("16 bits, signed", images.JPEG_LS, {"Columns": 38}),
                ("RGB by pixel", images.RLE, {"BitsAllocated": 12}), ("1 bit", images.DEFLATED_FRAMES, {}),
                ("12 of 16 bits", images.RLE, {"NumberOfFrames": 3})):
            codestreams, _ = WRITERS[syntax](LAYOUTS[layout])
            if layout == "1 bit":
                codestreams = [codestreams[0][:20]]
            wrong[layout] = layouts.encapsulated(layouts.data_set(LAYOUTS[layout], "1.2.3", "1.2"), syntax, codestreams,
                                                 **attributes)
        return wrong, {"8 bits": "7fe0,0010", "16 bits, signed": "7fe0,0010", "RGB by pixel": "0028,0100",
                       "1 bit": "7fe0,0010", "12 of 16 bits": "0028,0008"}

    def check_move(self):
        """A workstation that takes only Implicit VR Little Endian gets the same by C-MOVE, of all that was stored."""
        wrong, at_fault = self.broken()
        self.send("broken", wrong)
        sink = self.start(harness.storescp, self.class_folder, "+xi")
        status, text, _ = self.pacs.http("/api/remote-aes", "POST", json.dumps(retrieve.remote(sink)).encode(),
                                         {"Content-Type": "application/json"})
        self.assertEqual(status, 201, text)
        report, _ = retrieve.move(self.pacs, sink.ae_title, "-P", "-L", "PATIENT", "-k", "PatientID=LAYOUTS")
        self.assertEqual(sorted(report["failed_instances"]), sorted(uid("broken", layout) for layout in wrong),
                         report)
        moved = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, sink.received.iterdir())}
        self.assertEqual(moved.keys() - self.received.keys(), {uid("original", layout) for layout in LAYOUTS})
        for instance, ds in self.received.items():
            self.assertEqual(moved[instance].file_meta.TransferSyntaxUID, IMPLICIT)
            self.assertEqual(moved[instance], ds)
        for layout, attribute in at_fault.items():
            self.assertTrue(any(f"({attribute})" in line and f"first={uid('broken', layout)}" in line
                                for line in self.pacs.lines), layout)

    def compare_document(self):
        found = TABLE.search(DOCUMENT.read_text())
        table = "\n".join(self.table()) + "\n"
        if os.environ.get("PIXEL_TABLES") == "write":
            text = TABLE.sub(lambda block: f"{block[1]}\n{table}\n{block[2]}", DOCUMENT.read_text())
            DOCUMENT.write_text(text)
            return
        self.assertEqual(found[0].split("\n\n")[1] + "\n", table, "run scripts/pixel_tables.py")

    def table(self):
        yield "| pixels | " + " | ".join(COLUMNS) + " |"
        yield "| --- |" + " --- |" * len(COLUMNS)
        for layout in LAYOUTS:
            yield f"| {layout} | " + " | ".join(self.cell(self.cells[layout, column]) for column in COLUMNS) + " |"

    @staticmethod
    def cell(seen):
        """R, W: others wrote and read it; r, w: nobody else does, and we read what we write."""
        return " ".join(letter if letter in seen else letter.lower() for letter in "RW" if letter.lower() in seen or
                        letter in seen)


class Uncompressible(harness.TestCase):
    def test_what_no_codec_takes_goes_uncompressed_to_who_takes_that_too(self):
        sink = self.start(harness.storescp, self.folder, "+xt")
        server = self.server({"remote_ae": [retrieve.remote(sink, transfer_syntaxes=["JPEGLSLossless"])]})
        retrieve.store(server, harness.PYDICOM_FILES / "rtdose_rle.dcm", harness.PYDICOM_FILES / "MR_small_RLE.dcm")
        for name in ("rtdose_rle.dcm", "MR_small_RLE.dcm"):
            ds = pydicom.dcmread(harness.PYDICOM_FILES / name)
            report, _ = retrieve.move(server, sink.ae_title, "-k", f"StudyInstanceUID={ds.StudyInstanceUID}")
            self.assertEqual((report["completed"], report["failed"]), (1, 0), report)
        syntaxes = {ds.Modality: ds.file_meta.TransferSyntaxUID for ds in map(pydicom.dcmread, sink.received.iterdir())}
        self.assertEqual(syntaxes, {"RTDOSE": layouts.EXPLICIT, "MR": images.JPEG_LS})

    def test_cells_of_32_bits_are_turned_around_as_a_whole(self):
        server = self.server()
        retrieve.store(server, harness.PYDICOM_FILES / "rtdose_expb.dcm")
        original = pydicom.dcmread(harness.PYDICOM_FILES / "rtdose.dcm")
        pacs("get", retrieve.peer_of(server), "-k", f"StudyInstanceUID={original.StudyInstanceUID}", "--output",
             self.folder / "got", "-q", ok=True)
        got, = (self.folder / "got").iterdir()
        self.assertEqual(pydicom.dcmread(got).PixelData, original.PixelData)


class Subsampled(harness.TestCase):
    def test_chroma_of_12_bits_is_interpolated_as_dcmtk_does(self):
        server = self.server()
        y, x = numpy.mgrid[:41, :53]
        colours = numpy.stack([2048 + 1500 * numpy.sin(x / 7), 2048 + 1500 * numpy.cos(y / 5 + x / 9),
                               2048 + 1500 * numpy.sin(x * y / 60)], -1)[None].astype("<u2")
        layout = layouts.Layout(16, 12, samples=3, photometric="RGB", rows=41, columns=53)
        for number, options in enumerate((["+s2"], ["+n1"], ["+s4"]), 1):
            with self.subTest(options):
                plain, coded, theirs = (self.folder / f"{number}{name}.dcm" for name in ("", "coded", "theirs"))
                ds = layouts.data_set(layout, f"{ROOT}.5.{number}", f"{ROOT}.5", colours)
                ds.save_as(plain, write_like_original=False)
                run("dcmcjpeg", "+ee", "+un", *options, plain, coded, ok=True)
                run("dcmdjpeg", coded, theirs, ok=True)
                retrieve.store(server, coded)
                pacs("get", retrieve.peer_of(server), "-L", "IMAGE", "-k", f"StudyInstanceUID={ROOT}.5", "-k",
                     f"SeriesInstanceUID={ROOT}.5.1", "-k", f"SOPInstanceUID={ROOT}.5.{number}", "--sop-class",
                     layouts.SECONDARY_CAPTURE, "--transfer-syntax", IMPLICIT, "--output", self.folder / f"got{number}",
                     "-q", ok=True)
                got, = (self.folder / f"got{number}").iterdir()
                numpy.testing.assert_array_equal(images.rgb(got), images.rgb(theirs))
