"""Images in every transfer syntax that is decoded, sent to peers that take only some, and rendered. What
is right is said by other people's decoders: dcmdjpeg, dcmdrle, dcmdjpls, gdcmconv, opj_decompress, pydicom."""

import json
import pathlib
import re
import struct
import subprocess
import tempfile
import unittest
import zlib

import numpy
import pydicom
import pydicom.encaps

import harness
import layouts
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

    def test_a_frame_damaged_in_the_middle_is_one_failure_of_c_get_and_of_wado_and_the_rest_goes_on(self):
        server = self.server()
        good = struct.pack("<16I", 2, 64, 64 + 1024, *[0] * 13) + b"\x81\0" * 1024  # 256 x 256 x 16 of zeros
        for number in range(3):
            ds = image(f"{STUDY}.{number}", rows=256, columns=256, frames=40)
            ds.StudyInstanceUID, frames = STUDY, [good] * 40
            if number == 1:
                frames[35] = good[:80]
            layouts.encapsulated(ds, "1.2.840.10008.1.2.5", frames).save_as(self.folder / f"{number}.dcm", write_like_original=False)
            retrieve.store(server, self.folder / f"{number}.dcm")
        got = self.folder / "got"
        done = pacs("get", retrieve.peer_of(server), "-k", f"StudyInstanceUID={STUDY}", "--sop-class", ds.SOPClassUID,
                    "--transfer-syntax", IMPLICIT, "--output", got, ok=False)
        self.assertEqual(len([path for path in got.rglob("*") if path.is_file()]), 2, done.stdout + done.stderr)
        status, body, _ = server.http(f"/dicomweb/studies/{STUDY}", headers={
            "Accept": 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1'})
        self.assertEqual((status, body.count("Content-Type: application/dicom")), (200, 3), "the damaged one as it is stored")


class Video(harness.TestCase):
    """Nothing here reads video: it is carried."""

    def made(self, number, syntax):
        """A file of MPEG-2, H.264 or HEVC: one stream in two fragments, whatever it holds."""
        ds = pydicom.dcmread(FILES / "CT_small.dcm")
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.StudyInstanceUID}.{number}"
        ds.update({"NumberOfFrames": 30, "SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_PARTIAL_420",
                   "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PlanarConfiguration": 0})
        stream = numpy.random.default_rng(number).integers(0, 256, 60_000, numpy.uint8).tobytes()
        ds = layouts.encapsulated(ds, syntax, [stream])
        ds.PixelData = pydicom.encaps.encapsulate([stream], fragments_per_frame=2, has_bot=False)
        del ds[0xfffc, 0xfffc]  # which storescp does not keep
        path = self.folder / f"{number}.dcm"
        ds.save_as(path, write_like_original=False)
        return path

    def test_video_is_carried_untouched_and_fails_alone_where_it_is_not_taken(self):
        syntaxes = {1: "1.2.840.10008.1.2.4.100", 2: "1.2.840.10008.1.2.4.102", 3: "1.2.840.10008.1.2.4.107"}
        sent = {number: self.made(number, syntax) for number, syntax in syntaxes.items()}
        sink = self.start(harness.storescp, self.folder, "+xa")
        (self.folder / "plain").mkdir()
        plain = self.start(harness.storescp, self.folder / "plain", "+xe")
        server = self.server({"remote_ae": [retrieve.remote(sink), {**retrieve.remote(plain), "ae_title": "PLAIN"}]})
        retrieve.store(server, FILES / "CT_small.dcm", *sent.values())
        study = pydicom.dcmread(FILES / "CT_small.dcm").StudyInstanceUID
        pacs("get", retrieve.peer_of(server), "-k", f"StudyInstanceUID={study}", "--sop-class",
             "1.2.840.10008.5.1.4.1.1.77.1.1.1", *[part for syntax in syntaxes.values()
                                                  for part in ("--transfer-syntax", syntax)],
             "--output", self.folder / "got", "-q")
        report, _ = retrieve.move(server, sink.ae_title, "-k", f"StudyInstanceUID={study}")
        self.assertEqual((report["completed"], report["failed"]), (4, 0), report)
        for folder in (self.folder / "got", sink.received):
            got = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, folder.iterdir())}
            for number, path in sent.items():
                original = pydicom.dcmread(path)
                arrived = got[original.SOPInstanceUID]
                self.assertEqual(arrived.file_meta.TransferSyntaxUID, syntaxes[number])
                self.assertEqual(arrived.PixelData, original.PixelData)
                self.assertEqual(list(arrived), list(original))
        report, _ = retrieve.move(server, "PLAIN", "-k", f"StudyInstanceUID={study}")
        self.assertEqual((report["completed"], report["failed"]), (1, 3), report)
        self.assertEqual(sorted(report["failed_instances"]), [f"{study}.{number}" for number in syntaxes])
        harness.eventually(lambda: sum("the peer takes no " in line for line in server.lines) >= 3, "reasons in the log")


class JpegXl(harness.TestCase):
    def test_what_is_coded_with_loss_is_what_djxl_decodes(self):
        server = self.server()
        y, x = numpy.mgrid[:61, :83]
        waves = numpy.stack([128 + 100 * numpy.sin(x / 7), 128 + 100 * numpy.cos(y / 5 + x / 9), 255 * (x + y) / 144], -1)
        for number, (samples, distance, syntax) in enumerate(((3, 1, "1.2.840.10008.1.2.4.112"),
                                                              (1, 2, "1.2.840.10008.1.2.4.112")), 1):
            with self.subTest(samples):
                values = waves[..., :samples].round().astype(numpy.uint8)
                name = "a.ppm" if samples == 3 else "a.pgm"
                (self.folder / name).write_bytes(b"P%d\n83 61\n255\n" % (6 if samples == 3 else 5) + values.tobytes())
                coded, theirs = self.folder / "a.jxl", self.folder / f"theirs-{name}"
                run("cjxl", self.folder / name, coded, "-d", distance, "--container=0", ok=True)
                run("djxl", coded, theirs, ok=True)
                layout = layouts.Layout(8, 8, samples=samples, photometric="RGB" if samples == 3 else "MONOCHROME2",
                                        rows=61, columns=83)
                study = f"1.2.826.0.1.3680043.9.79.8.{number}"
                ds = layouts.data_set(layout, f"{study}.2", study, values[None])
                layouts.encapsulated(ds, syntax, [coded.read_bytes()]).save_as(self.folder / "a.dcm",
                                                                              write_like_original=False)
                retrieve.store(server, self.folder / "a.dcm")
                pacs("get", retrieve.peer_of(server), "-k", f"StudyInstanceUID={study}", "--sop-class",
                     layouts.SECONDARY_CAPTURE, "--transfer-syntax", EXPLICIT, "--output",
                     self.folder / f"got{number}", "-q", ok=True)
                got, = (self.folder / f"got{number}").iterdir()
                data = theirs.read_bytes()[-values.size:]
                difference = numpy.abs(pixels(got)[0].astype(int) -
                                       numpy.frombuffer(data, numpy.uint8).reshape(values.shape))
                self.assertLessEqual(int(difference.max()), 1)


class Departing(harness.TestCase):
    def test_a_codestream_of_another_sign_than_the_data_set_says_is_counted_and_said(self):
        path = FILES / "J2K_pixelrep_mismatch.dcm"
        rendered = pacs("render", path, "-o", self.folder / "image.png", ok=True)
        self.assertIn("codestream_sign", rendered.stderr)
        sink = self.start(harness.storescp, self.folder, "+xi")
        sent = pacs("store", retrieve.peer_of(sink), path, ok=True)
        self.assertRegex(sent.stderr, "warning: .*codestream_sign")
        server = self.server({"remote_ae": [retrieve.remote(sink)]})
        copy_of(path, self.folder / "copy.dcm", 1)
        retrieve.store(server, self.folder / "copy.dcm")
        retrieve.move(server, sink.ae_title, "-k", f"StudyInstanceUID={STUDY}")
        self.assertEqual(server.metrics()['pacs_pixel_departures_total{kind="codestream_sign"}'], 1)
        server.wait_for_line("departures=codestream_sign")


def remarks(path):
    """What dciodvfy has to say, but for the UIDs in it."""
    done = run("dciodvfy", path)
    return {re.sub(r"<[\d.]+>", "<>", line) for line in (done.stdout + done.stderr).splitlines()
            if line.startswith(("Error", "Warning"))}


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


class LossyCopies(harness.TestCase):
    """What a receiver gets that is configured to take images with loss."""

    MEAN_ERROR_MAX = 1.5  # of 255, at quality 90: of waves and a little noise
    QUALITY = 90

    def setUp(self):
        super().setUp()
        self.lossy = self.sink("lossy", "+xa")
        self.plain = self.sink("plain", "+xa")
        self.old = self.sink("old", "+xi")  # asks for it and then takes no JPEG
        remotes = [{**retrieve.remote(sink), "ae_title": sink.name} for sink in (self.lossy, self.plain, self.old)]
        for remote in (remotes[0], remotes[2]):
            remote["lossy_jpeg_quality"] = self.QUALITY
        self.archive = self.server({"remote_ae": remotes})

    def sink(self, name, accepts):
        folder = self.folder / name
        folder.mkdir()
        sink = self.start(harness.storescp, folder, accepts)
        sink.name = name.upper()
        return sink

    def made(self, number, **layout):
        """A file of waves, which JPEG is for, in place of noise."""
        ds = image(f"{STUDY}.{number}", **layout)
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = STUDY, f"{STUDY}.1", "PIXELS"
        del ds.RescaleSlope, ds.RescaleIntercept  # not of colours
        frames, colours = int(ds.get("NumberOfFrames") or 1), ds.SamplesPerPixel
        random = numpy.random.default_rng(number)
        y, x = numpy.mgrid[0:ds.Rows, 0:ds.Columns] / 32
        waves = [0.5 + 0.4 * numpy.sin(x + 2 * c + f) * numpy.cos(y - c) for f in range(frames) for c in range(colours)]
        values = numpy.stack(waves).reshape(frames, colours, ds.Rows, ds.Columns).transpose(0, 2, 3, 1)
        values = values * ((1 << ds.BitsStored) - 1) + random.integers(0, 2, values.shape)
        data = values.astype(numpy.uint8 if ds.BitsAllocated == 8 else numpy.uint16).tobytes()
        ds.PixelData = data + bytes(len(data) % 2)
        path = self.folder / f"{number}.dcm"
        ds.save_as(path)
        retrieve.store(self.archive, path)
        return path

    def moved_to(self, sink):
        """{SOP Instance UID: path} of what came."""
        report, code = retrieve.move(self.archive, sink.name, "-k", f"StudyInstanceUID={STUDY}")
        self.assertEqual((report["failed"], code), (0, 0), report)
        return {samples.identity(path)[1]: path for path in sink.received.iterdir()}

    def check_copy(self, path, original):
        copy, source = pydicom.dcmread(path), pydicom.dcmread(original)
        self.assertNotEqual(copy.SOPInstanceUID, source.SOPInstanceUID)
        self.assertTrue(copy.SOPInstanceUID.startswith("2.25."))
        self.assertEqual(copy.file_meta.MediaStorageSOPInstanceUID, copy.SOPInstanceUID)
        self.assertEqual((copy.ImageType[0], list(copy.ImageType[1:])), ("DERIVED", list(source.ImageType[1:])))
        self.assertEqual((copy.LossyImageCompression, copy.LossyImageCompressionMethod), ("01", "ISO_10918_1"))
        frames = list(pydicom.encaps.generate_pixel_data_frame(copy.PixelData, int(copy.get("NumberOfFrames") or 1)))
        natively = copy.Rows * copy.Columns * copy.SamplesPerPixel * len(frames)
        self.assertAlmostEqual(float(copy.LossyImageCompressionRatio), natively / sum(map(len, frames)), delta=0.01)
        self.assertIn("quality 90", copy.DerivationDescription)
        self.assertEqual(copy.DerivationCodeSequence[-1].CodeValue, "113040")
        self.assertEqual(copy.SourceImageSequence[-1].ReferencedSOPInstanceUID, source.SOPInstanceUID)
        self.assertEqual(copy.PhotometricInterpretation, "YBR_FULL_422" if copy.SamplesPerPixel == 3 else "MONOCHROME2")
        decoded = self.folder / "decoded.dcm"
        run("dcmdjpeg", path, decoded, ok=True)
        difference = numpy.abs(rgb(decoded) - pixels(original).astype(int))
        self.assertGreater(float(difference.mean()), 0)
        self.assertLess(float(difference.mean()), self.MEAN_ERROR_MAX)
        self.assertEqual(remarks(path) - remarks(original), set())

    def test_images_of_eight_bits_are_copied_with_loss_and_all_others_come_as_they_are(self):
        originals = [self.made(1, bits=8, stored=8, rows=200, columns=301),
                     self.made(2, bits=8, stored=8, samples_per_pixel=3, rows=200, columns=301),
                     self.made(3, bits=8, stored=8, rows=64, columns=64, frames=7)]
        grey_16 = self.made(4, bits=16, stored=12)
        came = self.moved_to(self.lossy)
        self.assertEqual(len(came), 4)
        copies = {str(pydicom.dcmread(path).SourceImageSequence[0].ReferencedSOPInstanceUID): path
                  for path in came.values() if syntax_of(path).endswith(".4.50")}
        for original in originals:
            copy = copies[samples.identity(original)[1]]
            with self.subTest(original.name):
                self.check_copy(copy, original)
        numpy.testing.assert_array_equal(pixels(came[f"{STUDY}.4"]), pixels(grey_16))
        self.assertEqual(syntax_of(came[f"{STUDY}.4"]), EXPLICIT)
        contents = {uid: path.read_bytes() for uid, path in came.items()}
        again = self.moved_to(self.lossy)
        self.assertEqual({uid: path.read_bytes() for uid, path in again.items()}, contents)

    def test_nobody_else_gets_anything_with_loss(self):
        original = self.made(1, bits=8, stored=8, samples_per_pixel=3, rows=64, columns=64)
        jpeg = "1.2.840.10008.1.2.4.50"
        for sink, syntax in ((self.plain, EXPLICIT), (self.old, IMPLICIT)):
            came = self.moved_to(sink)
            self.assertEqual(came.keys(), {f"{STUDY}.1"})
            numpy.testing.assert_array_equal(pixels(came[f"{STUDY}.1"]), pixels(original))
            self.assertEqual(syntax_of(came[f"{STUDY}.1"]), syntax)
        folder = self.folder / "got"
        done = pacs("get", retrieve.peer_of(self.archive), "-k", f"StudyInstanceUID={STUDY}", "--sop-class", CLASSES[0],
                    "--transfer-syntax", jpeg, "--output", folder, "-q")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual([path for path in folder.rglob("*") if path.is_file()], [])


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

    def test_what_a_picture_is_called_says_what_it_is(self):
        for name, front in (("a.PNG", b"\x89PNG"), ("a.JPG", b"\xff\xd8\xff"), ("a.Jpeg", b"\xff\xd8\xff")):
            self.assertEqual(self.rendered(FILES / "CT_small.dcm", name=name).read_bytes()[:len(front)], front)
        with tempfile.TemporaryFile() as output:
            done = subprocess.run([harness.PROGRAM, "render", FILES / "CT_small.dcm", "-o", "-"], stdout=output,
                                  cwd=self.folder, timeout=60)
            output.seek(0)
            piped = output.read()
        self.assertEqual((done.returncode, piped), (0, self.rendered(FILES / "CT_small.dcm").read_bytes()))
        self.assertFalse((self.folder / "-").exists())
        for options, said in ((["-o", "x.bmp"], ".png, .jpg or .jpeg"), (["-o", "x.png", "--size", "0x0"], "--size"),
                              (["-o", "x.png", "--frame", "0"], "--frame"), (["-o", "x.png", "--view", "0"], "--view")):
            wrong = run(harness.PROGRAM, "render", FILES / "CT_small.dcm", *options)
            self.assertEqual(wrong.returncode, 2, wrong)
            self.assertIn(said, wrong.stderr)
            self.assertLess(len(wrong.stderr), 200, wrong.stderr)
            self.assertFalse(pathlib.Path(options[1]).exists())


if __name__ == "__main__":
    unittest.main()
