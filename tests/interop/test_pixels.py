"""Images in every transfer syntax that is decoded, sent to peers that take only some, and rendered. What
is right is said by other people's decoders: dcmdjpeg, dcmdrle, dcmdjpls, gdcmconv, opj_decompress, pydicom."""

import pathlib
import tempfile
import unittest

import numpy
import pydicom

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


def copy_of(path, folder, number):
    """The file with identity of its own: several of pydicom's share theirs."""
    ds = pydicom.dcmread(path)
    uid = f"1.2.826.0.1.3680043.9.77.{number}"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = f"{uid}.1", f"{uid}.2", f"PIXELS{number}"
    to = pathlib.Path(folder) / f"{number:03d}-{path.name}"
    ds.save_as(to)
    return to


class Receivers(harness.ServerTestCase):
    """An archive of images in many transfer syntaxes, and workstations that take only some."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.class_folder / "sent"
        folder.mkdir()
        compressed = [path for path in sorted(FILES.glob("*.dcm")) if cls.is_compressed_image(path)]
        assert len(compressed) > 30
        cls.sent = {}
        for number, path in enumerate(compressed, 1):
            copy = copy_of(path, folder, number)
            cls.sent[f"1.2.826.0.1.3680043.9.77.{number}"] = copy
        retrieve.store(cls.pacs, *cls.sent.values())

    @staticmethod
    def is_compressed_image(path):
        ds = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        syntax = ds.file_meta.get("TransferSyntaxUID") if "file_meta" in dir(ds) else None
        return bool(syntax and syntax.is_compressed and syntax != "1.2.840.10008.1.2.1.99" and "Rows" in ds
                    and "StudyInstanceUID" in ds and "SOPClassUID" in ds)

    def get(self, syntax):
        """{SOP instance: file} of all that C-GET in one transfer syntax gives."""
        folder = self.class_folder / f"got-{syntax}"
        done = pacs("get", f"PACS@127.0.0.1:{self.pacs.port}", "-k", "PatientID=PIXELS*", "--sop-class",
                    "SecondaryCaptureImageStorage", "--transfer-syntax", syntax, "--output", folder, "-q", ok=True)
        return {samples.identity(path)[1]: path for path in folder.rglob("*") if path.is_file()}, done

    def compare(self, uid, received):
        """Whether the pixels are those that other decoders see."""
        sent = self.sent[uid]
        with tempfile.TemporaryDirectory() as folder:
            theirs = decoded_by_others(sent, pathlib.Path(folder) / "theirs.dcm")
            difference = numpy.abs(rgb(received) - rgb(theirs))
        if syntax_of(sent) not in LOSSY:
            self.assertEqual(int(difference.max()), 0, sent.name)
        else:  # transforms round differently, and colours are interpolated differently
            self.assertLess(float(difference.mean()), 2, sent.name)

    def test_a_workstation_that_takes_only_implicit_gets_every_image(self):
        sink = harness.storescp(self.class_folder, "+xi")
        self.addCleanup(sink.kill)
        pacs("store", "--no-convert", retrieve.peer_of(sink), "-q", *self.sent.values(), ok=False)
        self.assertEqual(list(sink.received.iterdir()), [])
        pacs("store", retrieve.peer_of(sink), "-q", *self.sent.values(), ok=True)
        received = {samples.identity(path)[1]: path for path in sink.received.iterdir()}
        self.assertEqual(received.keys(), self.sent.keys())
        for uid, path in received.items():
            with self.subTest(self.sent[uid].name):
                self.assertEqual(syntax_of(path), IMPLICIT)
                self.compare(uid, path)


if __name__ == "__main__":
    unittest.main()
