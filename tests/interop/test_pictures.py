"""The pictures of docs/images are what `pacs render` makes today; scripts/pixel_tables.py makes them anew."""

import os
import pathlib

import numpy
import pydicom
import pydicom.data

import harness
import test_pixels as images
from harness import pacs

FILES = harness.PYDICOM_FILES
PICTURES = harness.ROOT / "docs" / "images"


def inverse(folder):
    """Bones dark on white, as nuclear medicine likes them: Presentation LUT Shape INVERSE (PS3.3 §C.11.6)."""
    ds = pydicom.dcmread(FILES / "JPGExtended.dcm")
    ds.PresentationLUTShape = "INVERSE"
    ds.save_as(folder / "inverse.dcm")
    return folder / "inverse.dcm"


def palette(folder):
    """A CT of 8 bits in the colours of the Hot Iron palette (PS3.6 §B.1.1)."""
    ds = pydicom.dcmread(FILES / "CT_small.dcm")
    iron = pydicom.dcmread(pydicom.data.get_palette_files("hotiron.dcm")[0])
    values = images.pixels(FILES / "CT_small.dcm")[0, ..., 0].astype(int)
    ds.PixelData = numpy.clip((values - 800) / 500 * 255, 0, 255).astype(numpy.uint8).tobytes()
    ds["PixelData"].VR = "OB"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for colour in ("Red", "Green", "Blue"):
        for what, vr in (("Descriptor", "US"), ("Data", "OW")):
            element = iron[f"{colour}PaletteColorLookupTable{what}"]
            ds.add_new(element.tag, vr, element.value)
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
        if keyword in ds:
            delattr(ds, keyword)
    ds.save_as(folder / "palette.dcm")
    return folder / "palette.dcm"


def overlay(folder):
    """A CT with a circle and its centre in Overlay Data (PS3.3 §C.9.2)."""
    ds = pydicom.dcmread(FILES / "693_J2KI.dcm")
    y, x = numpy.mgrid[:ds.Rows, :ds.Columns]
    distance = numpy.hypot(y - 300, x - 180)
    points = (numpy.abs(distance - 60) < 2) | ((numpy.abs(y - 300) < 2) | (numpy.abs(x - 180) < 2)) & (distance < 15)
    for element, vr, value in ((0x10, "US", ds.Rows), (0x11, "US", ds.Columns), (0x40, "CS", "G"),
                               (0x50, "SS", [1, 1]), (0x100, "US", 1), (0x102, "US", 0),
                               (0x3000, "OW", numpy.packbits(points, bitorder="little").tobytes())):
        ds.add_new((0x6000, element), vr, value)
    ds.save_as(folder / "overlay.dcm")
    return folder / "overlay.dcm"


# Each: a file, or what makes it in a folder, and options.
RENDERED = {
    "ct-soft-tissue.png": (FILES / "693_J2KI.dcm", ["--window", "40/400", "--size", "256x256"]),
    "ct-bone.png": (FILES / "693_J2KI.dcm", ["--window", "400/1800", "--size", "256x256"]),
    "mr.png": (FILES / "MR_small_RLE.dcm", ["--size", "256x256"]),
    "nm-inverse.png": (inverse, ["--size", "256x512"]),
    "us-colour.png": (FILES / "ExplVR_BigEnd.dcm", ["--size", "256x256"]),
    "palette.png": (palette, ["--size", "256x256"]),
    "overlay.png": (overlay, ["--window", "40/400", "--size", "256x256"]),
}


class Pictures(harness.TestCase):
    def test_pictures_in_the_documents_are_what_is_rendered(self):
        for name, (source, options) in RENDERED.items():
            with self.subTest(name):
                path = source if isinstance(source, pathlib.Path) else source(self.folder)
                writes = os.environ.get("PIXEL_TABLES") == "write"
                to = PICTURES / name if writes else self.folder / name
                pacs("render", path, *options, "-o", to, ok=True)
                shown, expected = images.png(to).astype(int), images.png(PICTURES / name).astype(int)
                self.assertEqual(shown.shape, expected.shape)
                self.assertLessEqual(int(numpy.abs(shown - expected).max()), 1)

    def test_documents_show_each_picture(self):
        text = "".join(path.read_text() for path in [*harness.ROOT.glob("*.md"), *(harness.ROOT / "docs").glob("*.md")])
        for path in PICTURES.iterdir():
            self.assertTrue(f"images/{path.name}" in text, path.name)
        self.assertEqual({path.name for path in PICTURES.iterdir()}, RENDERED.keys())
