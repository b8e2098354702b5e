"""WADO-RS and WADO-URI asked by other people's clients: curl, dicomweb-client and dcmjs under node; what comes
is read by pydicom, numpy and Python's zipfile. What viewers send is sent here as they send it."""

import email.parser
import io
import json
import pathlib
import subprocess
import unittest
import urllib.parse
import zipfile

import numpy
import pydicom
import pydicom.encaps

import harness
from harness import run

FILES = harness.PYDICOM_FILES
NODE = pathlib.Path(__file__).parent / "node"
EXPLICIT = "1.2.840.10008.1.2.1"
RLE = "1.2.840.10008.1.2.5"
DICOM_PARTS = 'multipart/related; type="application/dicom"'
OCTET_PARTS = 'multipart/related; type="application/octet-stream"'


def parts_of(body, headers):
    """[(headers, bytes)] of a multipart answer, by Python's own reader of mail."""
    message = email.parser.Parser().parsestr(f"Content-Type: {headers['Content-Type']}\r\n\r\n")
    assert message.get_content_maintype() == "multipart", headers
    boundary = b"--" + message.get_boundary().encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + boundary)
    assert pieces[-1].startswith(b"--"), pieces[-1][:20]
    parts = []
    for piece in pieces[1:-1]:
        fields, content = piece[2:].split(b"\r\n\r\n", 1)
        parts.append((email.parser.Parser().parsestr(fields.decode()), content))
    return parts


class Wado(harness.ServerTestCase):
    """Files of pydicom's, each in a series of its own."""

    names = ("CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm",
             "MR_small_jpeg_ls_lossless.dcm", "JPEG2000.dcm")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.objects = {}
        for name in cls.names:
            ds = pydicom.dcmread(FILES / name)
            # Several of them are one image in other forms.
            uid = f"1.2.826.0.1.3680043.9.78.{len(cls.objects) + 1}"
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid
            ds.StudyInstanceUID = "1.2.826.0.1.3680043.9.78"
            ds.SeriesInstanceUID = uid + ".1"
            ds.PatientID = "WADO"
            copy = cls.class_folder / name
            ds.save_as(copy)
            harness.pacs("store", *cls.pacs.peer, copy, ok=True)
            cls.objects[name] = ds

    def path(self, name):
        ds = self.objects[name]
        return f"/dicomweb/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"

    def curl(self, path, *options):
        """(status, headers, body) of what curl gets."""
        done = subprocess.run(["curl", "-sS", "-D", "-", *options, f"http://127.0.0.1:{self.pacs.http_port}{path}"],
                              capture_output=True, timeout=harness.SECONDS_MAX, check=True)
        head, body = done.stdout.split(b"\r\n\r\n", 1)
        status, fields = head.decode().split("\r\n", 1)
        return int(status.split()[1]), email.parser.Parser().parsestr(fields), body

    def accepts(self, path, accept):
        return self.curl(path, "-H", f"Accept: {accept}")

    def get_file(self, name, accept="application/dicom"):
        status, _, body = self.accepts(self.path(name), accept)
        self.assertEqual(status, 200, body[:200])
        return pydicom.dcmread(io.BytesIO(body))

    def test_what_was_stored_comes_back_whole(self):
        for name, ds in self.objects.items():
            with self.subTest(name):
                stored = ds.file_meta.TransferSyntaxUID
                back = self.get_file(name, "application/dicom; transfer-syntax=*")
                never = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.2")
                self.assertEqual(back.file_meta.TransferSyntaxUID, EXPLICIT if stored in never else stored)
                for element in ds:
                    if element.tag.group != 0x7FE0 and element.VR != "SQ" and element.tag in back:
                        self.assertEqual(back[element.tag].value, element.value, element)
                self.assertEqual(len(back), len(ds))

    def test_the_default_is_uncompressed_and_its_pixels_are_right(self):
        plain = pydicom.dcmread(FILES / "MR_small.dcm").pixel_array
        for name in ("MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm"):
            back = self.get_file(name)
            self.assertEqual(back.file_meta.TransferSyntaxUID, EXPLICIT)
            self.assertTrue((back.pixel_array == plain).all(), name)

    def test_a_study_comes_in_parts_and_as_a_zip_archive(self):
        study = "/dicomweb/studies/1.2.826.0.1.3680043.9.78"
        status, headers, body = self.accepts(study, f"{DICOM_PARTS}; transfer-syntax=*")
        self.assertEqual(status, 200)
        uids = {pydicom.dcmread(io.BytesIO(content)).SOPInstanceUID for _, content in parts_of(body, headers)}
        self.assertEqual(uids, {ds.SOPInstanceUID for ds in self.objects.values()})
        status, headers, body = self.accepts(study, "application/zip")
        self.assertEqual(int(headers["Content-Length"]), len(body))
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(len(archive.namelist()), len(self.objects))
            for name in archive.namelist():
                uid = pydicom.dcmread(io.BytesIO(archive.read(name))).SOPInstanceUID
                self.assertTrue(name.endswith(f"/{uid}.dcm"), name)

    def test_metadata_reads_back_equal(self):
        for name, ds in self.objects.items():
            with self.subTest(name):
                status, _, body = self.accepts(self.path(name) + "/metadata", "application/dicom+json")
                self.assertEqual(status, 200)
                back = pydicom.Dataset.from_json(json.loads(body)[0], lambda *_: b"")
                for element in ds:
                    if element.tag.group != 0x7FE0 and element.tag.elem != 0 and element.VR not in (
                            "SQ", "UN", "OB", "OW", "PN", "FL"):
                        self.assertEqual(back[element.tag].value, element.value, element)
                    if element.VR == "FL":
                        self.assertEqual(numpy.float32(back[element.tag].value), numpy.float32(element.value))
                self.assertEqual(str(back.PatientName), str(ds.PatientName))

    def test_metadata_asked_for_again_is_the_same_and_packed_by_gzip(self):
        study = "/dicomweb/studies/1.2.826.0.1.3680043.9.78/metadata"
        first, again = self.curl(study)[2], self.curl(study)[2]
        self.assertEqual(first, again)
        self.assertEqual(len(json.loads(first)), len(self.objects))
        packed, plain = self.curl(study, "-H", "Accept-Encoding: gzip"), self.curl(study, "--compressed")
        self.assertEqual(packed[1]["Content-Encoding"], "gzip")
        self.assertLess(len(packed[2]), len(first) / 2)
        self.assertEqual(plain[2], first)
        tag = self.curl(study)[1]["ETag"]
        self.assertEqual(self.curl(study, "-H", f"If-None-Match: {tag}")[0], 304)

    def test_bulk_data_is_what_metadata_names(self):
        metadata = json.loads(self.curl(self.path("CT_small.dcm") + "/metadata")[2])[0]
        url = metadata["7FE00010"]["BulkDataURI"]
        status, _, body = self.curl(urllib.parse.urlparse(url).path)
        self.assertEqual(status, 200)
        self.assertEqual(body, self.objects["CT_small.dcm"].PixelData)
        status, headers, part = self.curl(urllib.parse.urlparse(url).path, "-r", "100-199")
        self.assertEqual((status, part), (206, body[100:200]))

    def test_what_viewers_send_for_frames(self):
        """OHIF and cornerstone, dicom-microscopy-viewer, Google's and Microsoft's documents."""
        asked = {
            f"{OCTET_PARTS[:-1]}\"; transfer-syntax=*": "application/octet-stream",
            "multipart/related; type=application/octet-stream; transfer-syntax=*": "application/octet-stream",
            "multipart/related;type=image/jls;q=0.9;transfer-syntax=1.2.840.10008.1.2.4.80,"
            "multipart/related;type=application/octet-stream;transfer-syntax=*": "application/octet-stream",
            'multipart/related; type="image/dicom-rle"; transfer-syntax=1.2.840.10008.1.2.5': "image/dicom-rle",
            'multipart/related; type="image/x-dicom-rle"': "image/x-dicom-rle",
            'multipart/related; type="image/jpeg", multipart/related; type="image/jp2", '
            'multipart/related; type="application/octet-stream"': "application/octet-stream",
            'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1':
                "application/octet-stream",
            "multipart/related": "application/octet-stream",
        }
        plain = pydicom.dcmread(FILES / "MR_small.dcm")
        for accept, media in asked.items():
            with self.subTest(accept):
                status, headers, body = self.accepts(self.path("MR_small_RLE.dcm") + "/frames/1", accept)
                self.assertEqual(status, 200, body)
                fields, content = parts_of(body, headers)[0]
                self.assertTrue(fields["Content-Type"].startswith(media), fields["Content-Type"])
                if fields["Content-Type"].endswith(EXPLICIT):
                    self.assertEqual(content, plain.PixelData)
                else:
                    self.assertTrue(fields["Content-Type"].endswith(RLE))

    def test_frames_are_coded_as_asked(self):
        plain = pydicom.dcmread(FILES / "CT_small.dcm").pixel_array
        for media, syntax, reader in (("image/jls", "1.2.840.10008.1.2.4.80", "dcmdjpls"),
                                      ("image/dicom-rle", RLE, "dcmdrle")):
            back = self.get_file("CT_small.dcm", f"application/dicom; transfer-syntax={syntax}")
            status, headers, frame = self.accepts(self.path("CT_small.dcm") + "/frames/1", media)
            self.assertEqual((status, headers["Content-Type"]), (200, f"{media}; transfer-syntax={syntax}"))
            back.PixelData = pydicom.encaps.encapsulate([frame])
            coded, decoded = self.class_folder / "coded.dcm", self.class_folder / "decoded.dcm"
            back.save_as(coded)
            run(reader, coded, decoded, ok=True)
            self.assertTrue((pydicom.dcmread(decoded).pixel_array == plain).all())

    def test_pictures(self):
        for name in self.objects:
            with self.subTest(name):
                status, headers, body = self.curl(self.path(name) + "/rendered")
                self.assertEqual((status, headers["Content-Type"], body[:2]), (200, "image/jpeg", b"\xff\xd8"))
                status, _, body = self.accepts(self.path(name) + "/thumbnail", "image/png")
                self.assertEqual((status, body[:4]), (200, b"\x89PNG"))

    def test_wado_uri(self):
        ds = self.objects["CT_small.dcm"]
        query = {"requestType": "WADO", "studyUID": ds.StudyInstanceUID, "seriesUID": ds.SeriesInstanceUID,
                 "objectUID": ds.SOPInstanceUID}
        status, headers, _ = self.curl("/dicomweb/wado?" + urllib.parse.urlencode(query))
        self.assertEqual((status, headers["Content-Type"]), (200, "image/jpeg"))
        status, _, body = self.curl("/dicomweb/wado?" + urllib.parse.urlencode(
            {**query, "contentType": "application/dicom"}))
        self.assertEqual(pydicom.dcmread(io.BytesIO(body)).SOPInstanceUID, ds.SOPInstanceUID)

    def test_npm_dicomweb_client_and_dcmjs(self):
        ds = self.objects["MR_small_RLE.dcm"]
        done = run("node", NODE / "wado_client.mjs", f"http://127.0.0.1:{self.pacs.http_port}/dicomweb",
                   ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID, ok=True)
        answers = json.loads(done.stdout)
        pixels = 64 * 64 * 2
        self.assertEqual(set(answers["study"]), {one.SOPInstanceUID for one in self.objects.values()})
        self.assertEqual((answers["series"], answers["instance"]), (1, ds.SOPInstanceUID))
        self.assertEqual(answers["file"], {"uid": ds.SOPInstanceUID, "pixels": pixels})
        self.assertEqual(answers["files"], [ds.SOPInstanceUID])
        self.assertEqual((answers["frame"], answers["bulk"]), ([pixels], [pixels]))
        self.assertLess(answers["asStored"][0], pixels)
        self.assertEqual((answers["png"], answers["jpeg"]), ("PNG", "ffd8"))

    def test_bad_requests_are_refused_and_the_server_goes_on(self):
        path = self.path("CT_small.dcm")
        for bad, code in {"/frames/0": 400, "/frames/2": 404, "/frames/1,,1": 400, "/frames/99999999999": 400,
                          "/frames/%2e%2e": 400, "/bulkdata/..%2f..%2fetc": 400, "/bulkdata/zzzz": 404,
                          "/rendered?viewport=1,1,1,1,-9999999999,1": 400, "/rendered?window=%0d%0aX:%201": 400,
                          "/rendered?viewport=99999999,99999999": 400}.items():
            with self.subTest(bad):
                status, headers, _ = self.curl(path + bad, "--path-as-is")
                self.assertEqual(status, code)
                self.assertNotIn("X", headers)
        for uid in ("1.2.3%0d%0aSet-Cookie:x", "1..2", "x" * 65, "1" * 65, "%00", "1.2/../1.3"):
            with self.subTest(uid):
                status, headers, _ = self.curl(f"/dicomweb/studies/{uid}/metadata", "--path-as-is")
                self.assertEqual(status, 400)
                self.assertNotIn("Set-Cookie", headers)
        for accept in ("multipart/related; type=application", ";;;", "multipart/related; type=\"application/dicom", "a" * 9000):
            with self.subTest(accept[:20]):
                self.assertIn(self.accepts(path, accept)[0], (400, 406))
        self.assertTrue(self.pacs.echoes())


class Streams(harness.TestCase):
    """What is long leaves in little memory, and stops when nobody takes it."""

    def test_an_answer_of_hundreds_of_megabytes_is_not_held(self):
        server = self.server()
        ds = pydicom.dcmread(FILES / "CT_small.dcm")
        ds.Rows = ds.Columns = 4000
        ds.PixelData = bytes(4000 * 4000 * 2)
        for number in range(1, 9):
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.9.79.{number}"
            ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.9.79", "1.2.826.0.1.3680043.9.79.0"
            ds.save_as(self.folder / f"{number}.dcm")
        for number in range(1, 9):
            harness.pacs("store", *server.peer, self.folder / f"{number}.dcm", ok=True)
        before = server.status_kib("VmHWM")
        url = f"http://127.0.0.1:{server.http_port}/dicomweb/studies/1.2.826.0.1.3680043.9.79"
        for syntax in ("*", RLE):
            accept = f"Accept: {DICOM_PARTS}; transfer-syntax={syntax}"
            done = run("curl", "-sS", "-o", "/dev/null", "-w", "%{size_download}", "-H", accept, url, ok=True)
            self.assertGreater(int(done.stdout), 8 * 32_000_000 if syntax == "*" else 8 * 100_000)
        grown = server.status_kib("VmHWM") - before
        self.assertLess(grown, 160 * 1024 + harness.MEMORY_SLACK_KIB, "RLE holds frames of 32 MB, one at a time")
        for _ in range(3):  # who goes away in the middle
            with subprocess.Popen(["curl", "-sS", "--limit-rate", "100k", "-o", "/dev/null", "-H",
                                   f"Accept: {DICOM_PARTS}; transfer-syntax=*", url]) as client:
                harness.time.sleep(0.2)
                client.kill()
        self.assertTrue(server.echoes())
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
