"""Images in every transfer syntax that is decoded, sent to peers that take only some, and rendered. What
is right is said by other people's decoders: dcmdjpeg, dcmdrle, dcmdjpls, gdcmconv, opj_decompress, pydicom."""

import json
import pathlib
import struct
import tempfile
import unittest
import zlib

import numpy
import pydicom
import pydicom.encaps

import harness
import test_retrieve as retrieve
import test_storage as samples
from harness import pacs, run

FILES = harness.PYDICOM_FILES
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
RLE = "1.2.840.10008.1.2.5"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
HTJ2K = "1.2.840.10008.1.2.4.201"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"

# Whose decoder is asked, by transfer syntax, in that order.
DCMTK = {"1.2.840.10008.1.2.4.50": "dcmdjpeg", "1.2.840.10008.1.2.4.51": "dcmdjpeg",
         "1.2.840.10008.1.2.4.57": "dcmdjpeg", "1.2.840.10008.1.2.4.70": "dcmdjpeg",
         JPEG_LS: "dcmdjpls", "1.2.840.10008.1.2.4.81": "dcmdjpls", RLE: "dcmdrle"}
LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"}


def syntax_of(path):
    return str(pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID)


def pixels(path):
    """Of an uncompressed file, frames by rows by columns by samples, whatever the planar configuration."""
    ds = pydicom.dcmread(path)
    frames = int(ds.get("NumberOfFrames") or 1)
    samples_per_pixel = ds.SamplesPerPixel
    if ds.BitsAllocated == 1:
        count = frames * ds.Rows * ds.Columns
        return numpy.unpackbits(numpy.frombuffer(ds.PixelData, numpy.uint8), bitorder="little")[:count]
    kind = numpy.dtype(f"<{'i' if ds.PixelRepresentation else 'u'}{ds.BitsAllocated // 8}")
    count = frames * ds.Rows * ds.Columns * samples_per_pixel
    values = numpy.frombuffer(ds.PixelData, kind)[:count]
    if samples_per_pixel == 1:
        return values.reshape(frames, ds.Rows, ds.Columns, 1)
    if ds.PlanarConfiguration:
        return values.reshape(frames, samples_per_pixel, ds.Rows, ds.Columns).transpose(0, 2, 3, 1)
    return values.reshape(frames, ds.Rows, ds.Columns, samples_per_pixel)


def rgb(path):
    """YBR_FULL as RGB, for peers that leave it so."""
    values = pixels(path)
    if pydicom.dcmread(path, stop_before_pixels=True).PhotometricInterpretation != "YBR_FULL":
        return values.astype(int)
    y, cb, cr = (values[..., i].astype(float) for i in range(3))
    red = y + 1.402 * (cr - 128)
    green = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)
    blue = y + 1.772 * (cb - 128)
    return numpy.clip(numpy.round(numpy.stack([red, green, blue], -1)), 0, 255).astype(int)


def decoded_by_others(path, to):
    """An uncompressed file that DCMTK or GDCM made of another."""
    syntax = syntax_of(path)
    if syntax in DCMTK:
        run(DCMTK[syntax], path, to, ok=True)
    else:
        run("gdcmconv", "--raw", path, to, ok=True)
    return to


STUDY = "1.2.826.0.1.3680043.9.77"
# A codestream of four thousand million columns that nobody reads, and a file that pydicom cannot write again.
UNUSED = {"JPEG2000-embedded-sequence-delimiter.dcm", "SC_rgb_jpeg.dcm"}


def copy_of(path, to, number):
    """The file as instance `number` of one study: several of pydicom's share their identity."""
    ds = pydicom.dcmread(path)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{STUDY}.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = STUDY, f"{STUDY}.{number}.1", "PIXELS"
    ds.save_as(to)


class Receivers(harness.ServerTestCase):
    """An archive of images in many transfer syntaxes, and workstations that take only some."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.class_folder / "sent"
        folder.mkdir()
        cls.sent = {}
        for number, path in enumerate(filter(cls.is_compressed_image, sorted(FILES.glob("*.dcm"))), 1):
            copy = folder / path.name
            copy_of(path, copy, number)
            cls.sent[f"{STUDY}.{number}"] = copy
        assert len(cls.sent) > 30
        retrieve.store(cls.pacs, *cls.sent.values())

    @staticmethod
    def is_compressed_image(path):
        if path.name in UNUSED:
            return False
        ds = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        syntax = getattr(ds, "file_meta", {}).get("TransferSyntaxUID")
        return bool(syntax and syntax.is_encapsulated and "Rows" in ds and not ds.is_implicit_VR)

    def compare(self, uid, received):
        """Whether the pixels are those that other decoders see."""
        sent = self.sent[uid]
        with tempfile.TemporaryDirectory() as folder:
            theirs = decoded_by_others(sent, pathlib.Path(folder) / "theirs.dcm")
            bits = (1 << pydicom.dcmread(sent, stop_before_pixels=True).BitsStored) - 1
            # Bits above those stored mean nothing (PS3.5 §8.1.1); GDCM does not extend signs into them.
            difference = numpy.abs((rgb(received) & bits) - (rgb(theirs) & bits))
        if syntax_of(sent) not in LOSSY:
            self.assertEqual(int(difference.max()), 0, sent.name)
        else:  # transforms round differently, and colours are interpolated differently
            self.assertLess(float(difference.mean()), 2, sent.name)

    def check(self, folder):
        received = {samples.identity(path)[1]: path for path in folder.rglob("*") if path.is_file()}
        self.assertEqual(received.keys(), self.sent.keys())
        for uid, path in received.items():
            with self.subTest(self.sent[uid].name):
                self.assertEqual(syntax_of(path), IMPLICIT)
                self.compare(uid, path)

    def sink(self, name):
        folder = self.class_folder / name
        folder.mkdir()
        sink = harness.storescp(folder, "+xi")
        self.addCleanup(sink.kill)
        return sink

    def test_pacs_store_gives_a_workstation_that_takes_only_implicit_every_image(self):
        sink = self.sink("store")
        pacs("store", "--no-convert", retrieve.peer_of(sink), "-q", *self.sent.values(), ok=False)
        self.assertEqual(list(sink.received.iterdir()), [])
        pacs("store", retrieve.peer_of(sink), "-q", *self.sent.values(), ok=True)
        self.check(sink.received)

    def test_c_move_gives_it_every_image(self):
        sink = self.sink("move")
        status, text, _ = self.pacs.http("/api/remote-aes", "POST", json.dumps(retrieve.remote(sink)).encode(),
                                         {"Content-Type": "application/json"})
        self.assertEqual(status, 201, text)
        retrieve.move(self.pacs, sink.ae_title, "-k", f"StudyInstanceUID={STUDY}")
        self.check(sink.received)

    def test_c_get_gives_it_every_image(self):
        folder = self.class_folder / "get"
        classes = {samples.identity(path)[0] for path in self.sent.values()}
        options = [word for uid in sorted(classes) for word in ("--sop-class", uid)]
        pacs("get", retrieve.peer_of(self.pacs), "-k", f"StudyInstanceUID={STUDY}", *options, "--transfer-syntax",
             IMPLICIT, "--output", folder, "-q", ok=True)
        self.check(folder)


class Undecodable(harness.TestCase):
    def test_what_nobody_can_decode_is_one_failure_and_the_rest_goes_on(self):
        sink = self.start(harness.storescp, self.folder, "+xi")
        server = self.server({"remote_ae": [retrieve.remote(sink)]})
        for number, name in ((1, "JPEG2000-embedded-sequence-delimiter.dcm"), (2, "JPEG2000.dcm")):
            copy_of(FILES / name, self.folder / name, number)
            retrieve.store(server, self.folder / name)
        report, code = retrieve.move(server, sink.ae_title, "-k", f"StudyInstanceUID={STUDY}")
        self.assertEqual((report["completed"], report["failed"], code), (1, 1, 1), report)
        self.assertEqual(report["failed_instances"], [f"{STUDY}.1"])
        server.wait_for_line("tiles")


def image(uid, rows=23, columns=37, bits=16, stored=16, signed=False, samples_per_pixel=1, planar=0, frames=1):
    """A file of noise with all values that its bits can hold, in Explicit VR Little Endian."""
    random = numpy.random.default_rng(bits * 100 + stored + frames)
    low, high = (-(1 << stored - 1), 1 << stored - 1) if signed else (0, 1 << stored)
    kind = numpy.dtype(f"<{'i' if signed else 'u'}{bits // 8}")
    values = random.integers(low, high, (frames, rows, columns, samples_per_pixel), dtype=numpy.int64)
    values[0, 0, 0], values[0, 0, 1] = low, high - 1
    values[:, 8:16] = values[:, 8:9]  # runs, for those who look for them
    ds = pydicom.dcmread(FILES / "CT_small.dcm")
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{uid}.1", f"{uid}.2"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = rows, columns, samples_per_pixel
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, stored, stored - 1, int(signed)
    ds.PhotometricInterpretation = "RGB" if samples_per_pixel == 3 else "MONOCHROME2"
    if samples_per_pixel == 3:
        ds.PlanarConfiguration = planar
        if planar:
            values = values.transpose(0, 3, 1, 2)
    if frames > 1:
        ds.NumberOfFrames = frames
    data = values.astype(kind).tobytes()
    ds.PixelData = data + bytes(len(data) % 2)
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
        if keyword in ds:
            delattr(ds, keyword)
    return ds


# Bits Allocated, Bits Stored, signed, samples, planar, frames.
LAYOUTS = {
    "8 bits": (8, 8, False, 1, 0, 1),
    "8 bits, 3 frames": (8, 8, False, 1, 0, 3),
    "12 of 16 bits": (16, 12, False, 1, 0, 1),
    "12 of 16 bits, signed": (16, 12, True, 1, 0, 1),
    "16 bits": (16, 16, False, 1, 0, 2),
    "16 bits, signed": (16, 16, True, 1, 0, 1),
    "RGB by pixel": (8, 8, False, 3, 0, 1),
    "RGB by plane, 2 frames": (8, 8, False, 3, 1, 2),
    "RGB of 16 bits": (16, 16, False, 3, 0, 1),
    "32 bits": (32, 32, False, 1, 0, 1),
}
# Who writes what: a command that makes `to` of `path`, and the layouts that it aborts at or does not read again itself.
WRITERS = {
    "RLE by DCMTK": (lambda path, to: run("dcmcrle", path, to, ok=True), set()),
    "RLE by GDCM": (lambda path, to: run("gdcmconv", "--rle", path, to, ok=True),
                    {"8 bits", "RGB by pixel", "32 bits"}),
    "JPEG Lossless by DCMTK": (lambda path, to: run("dcmcjpeg", path, to, ok=True),
                               {"RGB by plane, 2 frames", "32 bits"}),
    "JPEG Lossless, predictor 6, by DCMTK": (lambda path, to: run("dcmcjpeg", "+el", "+sv", 6, path, to, ok=True),
                                             {"RGB by plane, 2 frames", "32 bits"}),
    "JPEG-LS by DCMTK": (lambda path, to: run("dcmcjpls", path, to, ok=True), {"32 bits"}),
    "JPEG-LS by GDCM": (lambda path, to: run("gdcmconv", "--jpegls", path, to, ok=True), {"32 bits"}),
    "JPEG 2000 by GDCM": (lambda path, to: run("gdcmconv", "--j2k", path, to, ok=True),
                          {"RGB of 16 bits", "32 bits"}),
}
# GDCM makes multi-frame classes of several frames.
CLASSES = ["1.2.840.10008.5.1.4.1.1.7", *(f"1.2.840.10008.5.1.4.1.1.7.{number}" for number in range(1, 5))]
READERS = {RLE: ("dcmdrle", set()), JPEG_LS: ("dcmdjpls", {"32 bits"}), JPEG_2000: ("gdcmconv", {"32 bits"})}


class Layouts(harness.ServerTestCase):
    """Every layout of pixels, written by others and read by us, written by us and read by others."""

    count = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = harness.Pacs(cls.class_folder, {}, name="other")
        cls.addClassCleanup(cls.other.kill)

    def path(self):
        Layouts.count += 1
        return self.class_folder / f"{Layouts.count}.dcm"

    def made(self, layout):
        bits, stored, signed, samples_per_pixel, planar, frames = LAYOUTS[layout]
        path = self.path()
        ds = image(f"1.2.826.0.1.3680043.9.78.{Layouts.count}", bits=bits, stored=stored, signed=signed,
                   samples_per_pixel=samples_per_pixel, planar=planar, frames=frames)
        ds.save_as(path)
        return path, ds.StudyInstanceUID

    def got(self, study, syntax, server=None):
        folder = self.class_folder / f"got-{study}-{syntax}"
        classes = [word for uid in CLASSES for word in ("--sop-class", uid)]
        pacs("get", retrieve.peer_of(server or self.pacs), "-k", f"StudyInstanceUID={study}", *classes,
             "--transfer-syntax", syntax, "--output", folder, "-q", ok=True)
        path, = folder.iterdir()
        self.assertEqual(syntax_of(path), syntax)
        return path

    def equal(self, one, other):
        # Bits above those stored mean nothing (PS3.5 §8.1.1); DCMTK and OpenJPEG do not extend signs into them.
        bits = (1 << pydicom.dcmread(other, stop_before_pixels=True).BitsStored) - 1
        numpy.testing.assert_array_equal(pixels(one).astype(int) & bits, pixels(other).astype(int) & bits)

    def test_what_others_write_is_read(self):
        for writer, (write, refused) in WRITERS.items():
            for layout in LAYOUTS.keys() - refused:
                with self.subTest(writer=writer, layout=layout):
                    original, study = self.made(layout)
                    coded = self.path()
                    write(original, coded)
                    retrieve.store(self.pacs, coded)
                    self.equal(self.got(study, IMPLICIT), original)

    def test_what_is_written_others_read(self):
        for syntax, (reader, refused) in READERS.items():
            for layout in LAYOUTS.keys() - refused:
                with self.subTest(syntax=syntax, layout=layout):
                    original, study = self.made(layout)
                    retrieve.store(self.pacs, original)
                    coded, decoded = self.got(study, syntax), self.path()
                    run(reader, *(["--raw"] if reader == "gdcmconv" else []), coded, decoded, ok=True)
                    self.equal(decoded, original)

    def test_dciodvfy_finds_nothing_new_in_what_is_written(self):
        def remarks(path):
            done = run("dciodvfy", path)
            return {line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning"))}

        for name in ("CT_small.dcm", "MR_small_RLE.dcm", "SC_rgb_rle_2frame.dcm", "SC_rgb_jpeg_gdcm.dcm"):
            classes = {samples.identity(FILES / name)[0]}
            original = self.path()
            copy_of(FILES / name, original, Layouts.count)
            retrieve.store(self.other, original)
            for syntax in (EXPLICIT, IMPLICIT, RLE, JPEG_LS, JPEG_2000):
                with self.subTest(name, syntax=syntax):
                    folder = self.class_folder / f"verified-{Layouts.count}-{syntax}"
                    pacs("get", retrieve.peer_of(self.other), "-L", "SERIES", "-k", f"StudyInstanceUID={STUDY}",
                         "-k", f"SeriesInstanceUID={STUDY}.{Layouts.count}.1", "--sop-class", *classes,
                         "--transfer-syntax", syntax, "--output", folder, "-q", ok=True)
                    path, = folder.iterdir()
                    self.assertEqual(remarks(path) - remarks(original), set())

    def test_high_throughput_jpeg_2000_is_read_by_openjpeg(self):
        for layout in ("8 bits", "12 of 16 bits, signed", "16 bits", "RGB by pixel"):
            with self.subTest(layout):
                original, study = self.made(layout)
                retrieve.store(self.pacs, original)
                ds = pydicom.dcmread(self.got(study, HTJ2K))
                codestream, raw = self.class_folder / "frame.j2k", self.class_folder / "frame.rawl"
                codestream.write_bytes(next(pydicom.encaps.generate_pixel_data_frame(ds.PixelData, 1)))
                run("opj_decompress", "-i", codestream, "-o", raw, ok=True)
                values = pixels(original)[0].transpose(2, 0, 1)
                bits = (1 << ds.BitsStored) - 1
                theirs = numpy.frombuffer(raw.read_bytes(), values.dtype).reshape(values.shape)
                numpy.testing.assert_array_equal(theirs.astype(int) & bits, values.astype(int) & bits)

    def test_deflated_frames_are_inflated_by_zlib(self):
        for layout in LAYOUTS:
            with self.subTest(layout):
                original, study = self.made(layout)
                retrieve.store(self.pacs, original)
                ds = pydicom.dcmread(self.got(study, DEFLATED_FRAMES))
                frames = int(ds.get("NumberOfFrames") or 1)
                inflated = b"".join(zlib.decompressobj(-15).decompress(frame) for frame in
                                    pydicom.encaps.generate_pixel_data_frame(ds.PixelData, frames))
                native = pydicom.dcmread(original)
                count = native.Rows * native.Columns * native.SamplesPerPixel * native.BitsAllocated // 8 * frames
                if ds.SamplesPerPixel == 1 or ds.PlanarConfiguration == native.PlanarConfiguration:
                    self.assertEqual(inflated, native.PixelData[:count])

    def test_what_is_written_is_read_again(self):
        for layout in LAYOUTS.keys() - {"32 bits"}:
            for syntax in (RLE, JPEG_LS, JPEG_2000, HTJ2K, DEFLATED_FRAMES):
                with self.subTest(syntax=syntax, layout=layout):
                    original, study = self.made(layout)
                    retrieve.store(self.pacs, original)
                    retrieve.store(self.other, self.got(study, syntax))
                    self.equal(self.got(study, IMPLICIT, self.other), original)


def png(path):
    """Rows by columns by channels of a PNG (ISO/IEC 15948), its rows unfiltered by the five rules of §9.2."""
    data, at, packed = pathlib.Path(path).read_bytes(), 8, b""
    while at < len(data):
        length, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
        packed += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    channels = {0: 1, 2: 3}[colour]
    step = channels * depth // 8
    raw, row_bytes = zlib.decompress(packed), width * step
    above, rows = bytearray(row_bytes), []
    for start in range(0, len(raw), row_bytes + 1):
        rule, row = raw[start], bytearray(raw[start + 1:start + 1 + row_bytes])
        for i in range(row_bytes):
            a, b, c = (row[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
            paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            row[i] = (row[i] + (0, a, b, (a + b) // 2, paeth)[rule]) & 255
        rows.append(bytes(row))
        above = row
    return numpy.frombuffer(b"".join(rows), ">u2" if depth == 16 else "u1").reshape(height, width, channels)


class Rendering(harness.TestCase):
    """`pacs render` beside DCMTK's dcmj2pnm, and beside the formula of PS3.3 §C.11.2.1.2.1."""

    def rendered(self, path, *options, name="ours.png"):
        pacs("render", path, *options, "-o", self.folder / name, ok=True)
        return self.folder / name

    def test_a_window_is_what_the_standard_says(self):
        ds = pydicom.dcmread(FILES / "CT_small.dcm")
        values = pixels(FILES / "CT_small.dcm")[0, ..., 0] * ds.RescaleSlope + ds.RescaleIntercept
        center, width = -20, 400
        expected = numpy.clip(((values - (center - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)
        shown = png(self.rendered(FILES / "CT_small.dcm", "--window", f"{center}/{width}"))[..., 0]
        self.assertLessEqual(float(numpy.abs(shown - expected).max()), 0.5 + 1e-6)
        deep = png(self.rendered(FILES / "CT_small.dcm", "--window", f"{center}/{width}", "--16-bit"))[..., 0]
        self.assertLessEqual(float(numpy.abs(deep - expected * 257).max()), 0.5 + 1e-3)

    def test_pictures_are_those_of_dcmj2pnm(self):
        for name, window in (("CT_small.dcm", ["+Ww", 40, 500]), ("MR_small_RLE.dcm", ["+Wi", 1]),
                             ("JPGExtended.dcm", ["+Wm"]), ("MR_small_jpeg_ls_lossless.dcm", ["+Wi", 1])):
            with self.subTest(name):
                options = ["-w", "40/500"] if "+Ww" in window else []
                shown = png(self.rendered(FILES / name, *options))
                source = FILES / name
                if syntax_of(source) == JPEG_LS:  # which it does not read
                    source = decoded_by_others(source, self.folder / "native.dcm")
                run("dcmj2pnm", *window, "+op", source, self.folder / "theirs.pgm", ok=True)
                data = (self.folder / "theirs.pgm").read_bytes()
                theirs = numpy.frombuffer(data[-shown.size:], numpy.uint8).reshape(shown.shape)
                self.assertLessEqual(int(numpy.abs(shown.astype(int) - theirs).max()), 1)

    def test_sizes_frames_and_jpeg(self):
        self.assertEqual(png(self.rendered(FILES / "CT_small.dcm", "--size", "64x500")).shape, (64, 64, 1))
        frames = [png(self.rendered(FILES / "SC_rgb_rle_2frame.dcm", "--frame", n, name=f"{n}.png")) for n in (1, 2)]
        self.assertEqual(frames[0].shape, (100, 100, 3))
        self.assertFalse((frames[0] == frames[1]).all())
        run("djpeg", "-outfile", self.folder / "out.ppm", self.rendered(FILES / "SC_rgb_rle.dcm", name="a.jpg"), ok=True)
        beyond = pacs("render", FILES / "SC_rgb_rle_2frame.dcm", "--frame", 3, "-o", self.folder / "x.png", ok=False)
        self.assertIn("frame", beyond.stderr)
        self.assertFalse((self.folder / "x.png").exists())
        wrong = pacs("render", FILES / "rtplan.dcm", "-o", self.folder / "x.png", ok=False)
        self.assertIn("no pixel data", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
