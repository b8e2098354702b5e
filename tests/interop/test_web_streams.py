"""What is long goes through the HTTP server in little memory, however long it is, and begins at once."""

import http.client
import io
import socket
import time
import unittest

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

import harness

MIB = 1 << 20
STUDY = "1.2.826.0.1.3680043.9.80"
INSTANCE = f"/dicomweb/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.2"
MEMORY_KIB_MAX = 16 * 1024 + harness.MEMORY_SLACK_KIB
FRAME_SIDE = 2048
FRAME_BYTES = FRAME_SIDE * FRAME_SIDE * 2
FRAMES = 8 if harness.SANITIZED else 128  # of 8 MiB: a gigabyte
INSTANCES = 500 if harness.SANITIZED else 10_000


def ct_image(number, study=STUDY):
    """Without pixels: they can be sent behind it."""
    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"{study}.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.InstanceNumber = study, f"{study}.1", number
    ds.PatientID, ds.PatientName, ds.Modality = "LONG", "Long^Study", "CT"
    ds.ImagePositionPatient, ds.PixelSpacing = [0, 0, number], [0.5, 0.5]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.is_little_endian, ds.is_implicit_VR = True, False
    return ds


def file_of(ds):
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, ds, write_like_original=False)
    return stream.getvalue()


def highest_since(server):
    """From now on VmHWM tells of what comes, and not of what was."""
    with open(f"/proc/{server.pid}/clear_refs", "w") as file:
        file.write("5")
    return server.status_kib("VmHWM")


class LongBodies(harness.TestCase):
    """Of one object of a gigabyte: stored in one request, and given twice over in one answer."""

    seconds = 60

    def upload(self, server, front):
        body_bytes = len(front) + FRAMES * FRAME_BYTES
        frame = bytes(FRAME_BYTES)
        with socket.create_connection(("127.0.0.1", server.http_port), timeout=harness.SECONDS_MAX) as client:
            client.sendall(f"POST /dicomweb/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/dicom\r\n"
                           f"Content-Length: {body_bytes}\r\n\r\n".encode() + front)
            for _ in range(FRAMES):
                client.sendall(frame)
            answer = client.recv(4096)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    def download(self, server, path):
        """The bytes of the body, which nobody keeps."""
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=harness.SECONDS_MAX)
        connection.request("GET", path, headers={
            "Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        buffer, total = bytearray(MIB), 0
        while count := answer.readinto(buffer):
            total += count
        connection.close()
        self.assertEqual(total, int(answer.headers["Content-Length"]))
        return total

    def test_a_gigabyte_up_and_two_down_take_sixteen_megabytes(self):
        server = self.server()
        ds = ct_image(2)
        ds.Rows = ds.Columns = FRAME_SIDE
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 0, 1
        ds.PhotometricInterpretation, ds.NumberOfFrames = "MONOCHROME2", FRAMES
        pixel_data = b"\xe0\x7f\x10\x00OW\0\0" + (FRAMES * FRAME_BYTES).to_bytes(4, "little")
        before = highest_since(server)
        self.upload(server, file_of(ds) + pixel_data)
        self.assertLess(server.status_kib("VmHWM") - before, MEMORY_KIB_MAX, "to store it")
        self.assertEqual(server.instances(), 1)
        numbers = ",".join(map(str, range(1, FRAMES + 1)))
        before = highest_since(server)
        total = self.download(server, f"{INSTANCE}/frames/{numbers},{numbers}")
        self.assertGreater(total, 2 * FRAMES * FRAME_BYTES)
        self.assertLess(server.status_kib("VmHWM") - before, MEMORY_KIB_MAX, "to give it twice")


class LongLists(harness.TestCase):
    """The metadata of a study of ten thousand instances."""

    seconds = 60

    def store(self, server):
        first = b"\r\n--b\r\n\r\n" + file_of(ct_image(10000))
        body = b"".join(first.replace(b"10000", b"%d" % number) for number in range(10000, 10000 + INSTANCES))
        status, text, _ = server.http("/dicomweb/studies", "POST", body + b"\r\n--b--", {
            "Content-Type": 'multipart/related; type="application/dicom"; boundary=b'})
        self.assertEqual(status, 200, text[:500])
        self.assertEqual(server.instances(), INSTANCES)  # and the index has taken them in

    def metadata(self, server, accept):
        """(the text, seconds to its first byte, seconds to its end)"""
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=harness.SECONDS_MAX)
        begun = time.monotonic()
        connection.request("GET", f"/dicomweb/studies/{STUDY}/metadata", headers={"Accept": accept})
        answer = connection.getresponse()
        text = answer.read(1)
        first_byte = time.monotonic() - begun
        text += answer.read()
        connection.close()
        return text, first_byte, time.monotonic() - begun

    def test_metadata_of_ten_thousand_instances_begins_at_once_and_is_not_held(self):
        server = self.server()
        self.store(server)
        before = highest_since(server)
        for accept, each in (("application/dicom+json", b'"00080018"'),
                             ('multipart/related; type="application/dicom+xml"', b'tag="00080018"')):
            text, first_byte, whole = self.metadata(server, accept)
            self.assertEqual(text.count(each), INSTANCES)
            self.assertLess(server.status_kib("VmHWM") - before, MEMORY_KIB_MAX, f"of {len(text)} bytes of text")
        shares = [first_byte / whole]  # XML is made anew each time; the machine may have had other things to do
        for _ in range(2):
            _, first_byte, whole = self.metadata(server, accept)
            shares.append(first_byte / whole)
        self.assertLess(min(shares), 1 / 3, "the first instances are sent while the others are read")


if __name__ == "__main__":
    unittest.main()
