"""STOW-RS (PS3.18 §10.5): pydicom's files, curl, and bodies that no client should send."""

import io
import json
import os
import socket
import unittest

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

import harness

BOUNDARY = "--=_boundary (of) 'this' test?"
OBJECTS = f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'
JSON = "application/dicom+json"


def multipart(parts):
    """parts: [(head fields as text, bytes)]"""
    body = b""
    for fields, content in parts:
        body += f"\r\n--{BOUNDARY}\r\n{fields}\r\n".encode() + content
    return body + f"\r\n--{BOUNDARY}--\r\n".encode()


def data_set_bytes(content):
    """What of a file is the data set."""
    length = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True).file_meta.FileMetaInformationGroupLength
    return content[128 + 4 + 12 + length:]


def ct_file(uid, study, pixels=b"\r\n--x\r\n\r\n"):
    dataset = pydicom.Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, "1.2.826.9"
    dataset.PatientID, dataset.PatientName = "STOW", "Müller^Jörg"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.add_new(0x7FE00010, "OW", pixels)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.is_little_endian, dataset.is_implicit_VR = True, False
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, write_like_original=False)
    return stream.getvalue()


def named(module, tag):
    """The SOP instances of a sequence of the Store Instances Response Module."""
    return [item.get("00081155", {}).get("Value", [""])[0] for item in module.get(tag, {}).get("Value", [])]


class Stow(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.pacs = self.server()

    def post(self, body, content_type=OBJECTS, path="/dicomweb/studies"):
        """(status, the answer)"""
        status, text, headers = self.pacs.http(path, "POST", body, {"Content-Type": content_type, "Accept": JSON})
        if headers["Content-Type"] == JSON:
            return status, json.loads(text)
        return status, text

    def fetched(self, study):
        """{SOP Instance UID: data set as it comes from the archive}"""
        folder = self.folder / "fetched" / study
        harness.pacs("get", f"PACS@127.0.0.1:{self.pacs.port}", "-k", f"StudyInstanceUID={study}",
                     "--output", folder, ok=True)
        found = {}
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                self.assertEqual(content[:128], bytes(128))
                found[str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = data_set_bytes(content)
        return found

    def test_pydicoms_files_lie_in_the_archive_byte_for_byte(self):
        files = {}
        for path in sorted(harness.PYDICOM_FILES.glob("*.dcm")):
            try:
                dataset = pydicom.dcmread(path, stop_before_pixels=True)
                content = path.read_bytes()
                if all(dataset.get(key) for key in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")):
                    files.setdefault(str(dataset.SOPInstanceUID), content)
            except Exception:  # what pydicom cannot read is for other tests
                continue
        self.assertGreater(len(files), 20)
        status, module = self.post(multipart([("Content-Type: application/dicom\r\n", content)
                                              for content in files.values()]))
        stored = set(named(module, "00081199"))
        self.assertIn(status, (200, 202))
        self.assertEqual(self.pacs.instances(), len(stored))
        self.assertEqual(stored | set(named(module, "00081198")), set(files))
        self.assertGreater(len(stored), 20)
        harness.eventually(lambda: len(self.pacs.objects()) == len(stored), "all objects to be written")
        for path in self.pacs.objects():
            content = path.read_bytes()
            self.assertEqual(content[:128], bytes(128), "the preamble is our own")
            uid = str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)
            self.assertTrue(files[uid].endswith(data_set_bytes(content)), uid)

    def test_curl_stores_a_file_and_a_stream_of_unknown_length(self):
        study = generate_uid()
        file = self.folder / "one.dcm"
        file.write_bytes(ct_file("1.2.826.1", study))
        body = self.folder / "body"
        body.write_bytes(multipart([("", ct_file("1.2.826.2", study)), ("X: y\r\n", ct_file("1.2.826.3", study))]))
        url = f"http://127.0.0.1:{self.pacs.http_port}/dicomweb/studies/{study}"
        one = harness.run("curl", "-sS", "--data-binary", f"@{file}", "-H", "Content-Type: application/dicom", url, ok=True)
        self.assertEqual(named(json.loads(one.stdout), "00081199"), ["1.2.826.1"])
        two = harness.run("curl", "-sS", "-X", "POST", "-T", body, "-H", "Transfer-Encoding: chunked",
                          "-H", f"Content-Type: {OBJECTS}", url, ok=True)
        module = json.loads(two.stdout)
        self.assertEqual(named(module, "00081199"), ["1.2.826.2", "1.2.826.3"])
        self.assertEqual(module["00081190"]["Value"], [url])
        self.assertEqual(set(self.fetched(study)), {"1.2.826.1", "1.2.826.2", "1.2.826.3"})

    def test_dicomweb_client_stores_files(self):
        study = generate_uid()
        files = [self.folder / "one.dcm", self.folder / "two.dcm"]
        for number, file in enumerate(files, 1):
            file.write_bytes(ct_file(f"1.2.826.{number}", study))
        client = harness.ROOT / "tests" / "interop" / "node" / "store_client.mjs"
        done = harness.run("node", client, f"http://127.0.0.1:{self.pacs.http_port}/dicomweb", *files, ok=True)
        self.assertEqual(named(json.loads(done.stdout), "00081199"), ["1.2.826.1", "1.2.826.2"])
        self.assertEqual(set(self.fetched(study)), {"1.2.826.1", "1.2.826.2"})

    def test_metadata_and_bulk_data_of_pydicom_are_put_together(self):
        study = generate_uid()
        dataset = pydicom.dcmread(harness.PYDICOM_FILES / "CT_small.dcm")
        dataset.StudyInstanceUID = study
        bulk = {}

        def keep(element):
            bulk[f"bulk/{element.tag}"] = element.value
            return f"bulk/{element.tag}"

        model = dataset.to_json_dict(bulk_data_threshold=100, bulk_data_element_handler=keep)
        self.assertIn("bulk/(7fe0, 0010)", bulk)
        parts = [(f"Content-Type: {JSON}\r\n", json.dumps([model]).encode())]
        parts += [(f"Content-Type: application/octet-stream\r\nContent-Location: {uri}\r\n", value)
                  for uri, value in bulk.items()]
        status, module = self.post(multipart(parts), OBJECTS.replace("application/dicom", JSON))
        self.assertEqual(status, 200, module)
        folder = self.folder / "got"
        harness.pacs("get", f"PACS@127.0.0.1:{self.pacs.port}", "-k", f"StudyInstanceUID={study}", "--output", folder, ok=True)
        got = pydicom.dcmread(next(path for path in folder.rglob("*") if path.is_file()))
        self.assertEqual(got.PixelData, dataset.PixelData)
        self.assertEqual(got.PatientName, dataset.PatientName)
        self.assertEqual(len(got), len(dataset) + ("SpecificCharacterSet" not in dataset))

    def test_a_large_object_takes_little_memory(self):
        study = generate_uid()
        before = self.pacs.status_kib("VmHWM")
        pixels = os.urandom(1 << 20) * 300
        status, module = self.post(multipart([("", ct_file("1.2.826.1", study, pixels))]))
        self.assertEqual(status, 200, module)
        self.assertLess(self.pacs.status_kib("VmHWM") - before, 64 * 1024 + harness.MEMORY_SLACK_KIB)

    def test_a_client_that_goes_away_stores_nothing_in_part(self):
        study = generate_uid()
        whole, cut = ct_file("1.2.826.1", study), ct_file("1.2.826.2", study, os.urandom(1 << 20))
        body = multipart([("", whole), ("", cut)])
        with socket.create_connection(("127.0.0.1", self.pacs.http_port)) as client:
            client.sendall((f"POST /dicomweb/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: {OBJECTS}\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n").encode() + body[:-1000])
        harness.eventually(lambda: self.pacs.instances() == 1, "the first instance")
        self.assertEqual(set(self.fetched(study)), {"1.2.826.1"})

    def test_ten_gigabytes_that_are_only_said_take_nothing(self):
        with socket.create_connection(("127.0.0.1", self.pacs.http_port)) as client:
            client.sendall((f"POST /dicomweb/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: {OBJECTS}\r\n"
                            f"Content-Length: {10 << 30}\r\n\r\n--{BOUNDARY}\r\nno colon\r\n\r\n").encode() + bytes(1 << 18))
            answer = client.recv(1000)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
        self.assertTrue(self.pacs.echoes())
        self.assertEqual(self.pacs.instances(), 0)


if __name__ == "__main__":
    unittest.main()
