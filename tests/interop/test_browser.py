"""Frames as viewers in browsers see them: Cornerstone's decoders over pydicom's compressed files see what is decoded
here. What is encoded here they decode in test_layouts.py."""

import numpy
import pydicom

import browser
import harness
import layouts
import test_pixels as images
import test_retrieve as retrieve
from harness import pacs

# What data set and codestream disagree about browsers take from the codestream. Here a sign and colours that the
# codestream is silent about are the data set's, as DCMTK and GDCM have it, with which test_pixels.py compares them.
DISAGREES = {"J2K_pixelrep_mismatch.dcm", "SC_jpeg_no_color_transform.dcm", "SC_rgb_jpeg_lossy_gdcm.dcm"}


class Browser(harness.ServerTestCase):
    def test_browsers_see_the_pixels_that_are_decoded_here(self):
        sent = {}
        for path in sorted(harness.PYDICOM_FILES.glob("*.dcm")):
            if not images.Receivers.is_compressed_image(path) or path.name in DISAGREES:
                continue
            if images.syntax_of(path) in browser.BY_SYNTAX:
                number = len(sent) + 1
                images.copy_of(path, self.class_folder / path.name, number)
                sent[f"{images.STUDY}.{number}"] = self.class_folder / path.name
        self.assertGreater(len(sent), 14)
        retrieve.store(self.pacs, *sent.values())
        folder = self.class_folder / "got"
        classes = {str(pydicom.dcmread(path).SOPClassUID) for path in sent.values()}
        options = [word for uid in sorted(classes) for word in ("--sop-class", uid)]
        pacs("get", retrieve.peer_of(self.pacs), "-k", f"StudyInstanceUID={images.STUDY}", *options,
             "--transfer-syntax", images.IMPLICIT, "--output", folder, "-q", ok=True)
        got = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, folder.iterdir())}
        self.assertEqual(got.keys(), sent.keys())
        frames = [(uid, codestream) for uid, path in sent.items()
                  for codestream in layouts.codestreams_of(pydicom.dcmread(path))]
        codec = {uid: browser.BY_SYNTAX[images.syntax_of(path)] for uid, path in sent.items()}
        seen = browser.decode([(codec[uid], codestream) for uid, codestream in frames])
        for (uid, _), array in zip(frames, seen):
            with self.subTest(sent[uid].name):
                self.assertNotIsInstance(array, str)
                bits = (1 << got[uid].BitsStored) - 1
                ours, theirs = (values.astype(int) & bits for values in (layouts.values_of(got[uid])[0], array))
                numpy.testing.assert_array_equal(ours, theirs)
