"""Each resource of the web services in each media type: what is given is what docs/CONFORMANCE.md says."""

import os
import re
import unittest

import pydicom

import harness

DOCUMENT = harness.ROOT / "docs" / "CONFORMANCE.md"
TABLE = re.compile(r"(<!-- web-media-types -->)\n.*?(<!-- /web-media-types -->)", re.DOTALL)
MEDIA = ("application/dicom", "application/zip", "application/dicom+json", "application/json", "application/dicom+xml",
         "application/octet-stream", "image/jpeg", "image/png", "image/jls", "image/jp2", "image/jpx", "image/jphc",
         "image/jxl", "image/dicom-rle", "video/mp4")
STUDY = "1.2.826.0.1.3680043.9.81"
# What is stored, by the name that the table has for it.
FILES = {"uncompressed": "CT_small.dcm", "JPEG-LS": "MR_small_jpeg_ls_lossless.dcm", "JPEG 2000": "MR_small_jp2klossless.dcm",
         "RLE": "MR_small_RLE.dcm", "JPEG": "SC_rgb_jpeg_dcmtk.dcm", "no image": "test-SR.dcm"}


class MediaTypes(harness.ServerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, name in enumerate(FILES.values(), 1):
            ds = pydicom.dcmread(harness.PYDICOM_FILES / name)
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{STUDY}.{number}.1"
            ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = STUDY, f"{STUDY}.{number}", "MEDIA"
            copy = cls.class_folder / name
            ds.save_as(copy)
            harness.pacs("store", *cls.pacs.peer, copy, ok=True)

    def resources(self):
        """(name of the row, path)"""
        study = f"/dicomweb/studies/{STUDY}"
        series = {name: f"{study}/series/{STUDY}.{number}" for number, name in enumerate(FILES, 1)}
        instance = {name: f"{path}/instances/{STUDY}.{number}.1" for number, (name, path) in enumerate(series.items(), 1)}
        image = instance["uncompressed"]
        for name, path in (("studies", "/dicomweb/studies"), ("series", "/dicomweb/series"),
                           ("instances", "/dicomweb/instances"), ("study's series", f"{study}/series"),
                           ("study's instances", f"{study}/instances"),
                           ("series' instances", f"{series['uncompressed']}/instances")):
            yield f"search: {name}", path
        yield "study", study
        yield "series", series["uncompressed"]
        yield "instance", image
        yield "study's metadata", f"{study}/metadata"
        yield "series' metadata", f"{series['uncompressed']}/metadata"
        yield "instance's metadata", f"{image}/metadata"
        for name in FILES:
            if name != "no image":
                yield f"frame, stored as {name}", f"{instance[name]}/frames/1"
        yield "bulk data", f"{image}/bulkdata/7FE00010"
        for what in ("rendered", "thumbnail"):
            yield f"study, {what}", f"{study}/{what}"
            yield f"series, {what}", f"{series['uncompressed']}/{what}"
            yield f"instance, {what}", f"{image}/{what}"
            yield f"frame, {what}", f"{image}/frames/1/{what}"
        for name in ("uncompressed", "no image"):
            uids = re.findall(r"/([\d.]+)", instance[name])
            yield (f"WADO-URI, {'an image' if name == 'uncompressed' else name}",
                   "/dicomweb/wado?requestType=WADO&studyUID={}&seriesUID={}&objectUID={}".format(*uids))

    def cell(self, path, media):
        """A: given alone, P: in parts, also to who asks for it alone where there are several."""
        seen = ""
        for accept in (media, f'multipart/related; type="{media}"'):
            status, text, headers = self.pacs.http(path, headers={"Accept": accept})
            self.assertIn(status, (200, 206, 406), f"{path} as {accept}: {text[:300]}")
            if status == 406:
                self.assertEqual(headers["Content-Type"], "application/problem+json")
                continue
            given = headers["Content-Type"]
            self.assertIn(media, given, f"{path} as {accept}")
            letter = "P" if given.startswith("multipart/related;") else "A"
            seen += letter if letter not in seen else ""
        return seen

    def table(self):
        yield "| resource | " + " | ".join(f"`{media}`" for media in MEDIA) + " |"
        yield "| --- |" + " --- |" * len(MEDIA)
        for name, path in self.resources():
            yield f"| {name} | " + " | ".join(self.cell(path, media) for media in MEDIA) + " |"

    def test_the_document_says_what_is_given(self):
        found = TABLE.search(DOCUMENT.read_text())
        table = "\n".join(self.table()) + "\n"
        if os.environ.get("WEB_TABLES") == "write":
            DOCUMENT.write_text(TABLE.sub(lambda block: f"{block[1]}\n\n{table}\n{block[2]}", DOCUMENT.read_text()))
            return
        self.assertEqual(found[0].split("\n\n")[1] + "\n", table, "run scripts/web_tables.py")


if __name__ == "__main__":
    unittest.main()
