"""C-GET and C-MOVE with everybody: DCMTK's getscu and movescu against us, our get and move against
dcmqrscp and Orthanc, each of them and ourselves as destination, and destinations that misbehave."""

import collections
import json
import pathlib
import signal
import socket
import threading

import pydicom

import harness
import raw_dicom as raw
import test_storage as samples
from harness import pacs, run

FILES = harness.PYDICOM_FILES
CT, MR, NM = FILES / "CT_small.dcm", FILES / "MR_small.dcm", FILES / "JPEG2000.dcm"
CT_STUDY = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
CT_SERIES = "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322"
CT_INSTANCE = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
GET_STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.3"


def remote(process, **more):
    """A [[remote_ae]] for a process of the harness."""
    return {"ae_title": process.ae_title, "host": "127.0.0.1", "port": process.port, **more}


def peer_of(process):
    return f"{process.ae_title}@127.0.0.1:{process.port}"


def store(server, *paths):
    pacs("store", peer_of(server), "-q", *paths, ok=True)


def many(folder, count, source=CT, rows=None):
    """`count` objects of one study; `rows` makes them larger."""
    folder.mkdir()
    ds = samples.read(source)
    prefix = "1.2.826.0.1.3680043.9.8.1234567890.1234567890.1234567890"
    if rows:
        ds.Rows = ds.Columns = rows
        ds.PixelData = bytes(2 * rows * rows)
    for i in range(1, count + 1):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{prefix}.{i}"
        ds.InstanceNumber = i
        ds.save_as(folder / f"{i:05d}.dcm")
    return folder


def received(folder):
    """{SOP instance: data set bytes} of the files in a folder."""
    return {samples.identity(path)[1]: samples.split(path)[1]
            for path in pathlib.Path(folder).rglob("*") if path.is_file()}


def moved(done):
    """The JSON of `pacs move --json` or `pacs get --json`."""
    return json.loads(done.stdout)


def move(server, destination, *keys):
    done = pacs("move", peer_of(server), "--destination", destination, "--json", *keys)
    return moved(done), done.returncode


def key(keyword, *values):
    return ["-k", f"{keyword}=" + "\\".join(map(str, values))]


LEVELS = {
    "PATIENT": ("-P", key("PatientID", "1CT1")),
    "STUDY": ("-S", key("StudyInstanceUID", CT_STUDY)),
    "SERIES": ("-S", key("StudyInstanceUID", CT_STUDY) + key("SeriesInstanceUID", CT_SERIES)),
    "IMAGE": ("-S", key("StudyInstanceUID", CT_STUDY) + key("SeriesInstanceUID", CT_SERIES)
              + key("SOPInstanceUID", CT_INSTANCE)),
}


class TestCase(harness.TestCase):
    def _folder(self, name):
        folder = self.folder / name
        folder.mkdir()
        return folder


class DcmtkAsksUs(TestCase):
    def setUp(self):
        super().setUp()
        self.sink = self.start(harness.storescp, self.folder, "+B")
        self.pacs = self.server({"remote_ae": [remote(self.sink)]})
        store(self.pacs, CT, MR)

    def test_getscu_gets_each_level(self):
        for level, (model, keys) in LEVELS.items():
            folder = self.folder / level
            folder.mkdir()
            run("getscu", model, "+B", "-od", folder, *self.pacs.peer,
                *key("QueryRetrieveLevel", level), *keys, ok=True)
            self.assertEqual(received(folder), {CT_INSTANCE: samples.split(CT)[1]}, level)

    def test_getscu_that_likes_compressed_images_better_gets_those_that_are_not(self):
        for option in ("+xs", "+xy", "+xv", "+xt", "+xr"):
            folder = self._folder(option)
            run("getscu", "-S", option, "+B", "-od", folder, *self.pacs.peer, *key("QueryRetrieveLevel", "STUDY"),
                *key("StudyInstanceUID", CT_STUDY), ok=True)
            self.assertEqual(received(folder), {CT_INSTANCE: samples.split(CT)[1]}, option)

    def test_an_issuer_of_the_patient_id_keeps_other_peoples_images_back(self):
        folder = self._folder("issuers")
        sent = {}
        for number, issuer in enumerate(("NORTH", "SOUTH"), 1):
            ds = samples.read(CT)
            for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
                setattr(ds, keyword, f"{ds.get(keyword)}.{number}")
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            ds.PatientID, ds.IssuerOfPatientID = "SHARED", issuer
            ds.save_as(folder / f"{issuer}.dcm")
            sent[issuer] = str(ds.SOPInstanceUID)
        store(self.pacs, folder)
        patient = key("QueryRetrieveLevel", "PATIENT") + key("PatientID", "SHARED")
        for issuer, wanted in [("NORTH", {sent["NORTH"]}), ("SOUTH", {sent["SOUTH"]}), ("", set(sent.values()))]:
            out = self._folder(f"getscu-{issuer}")
            run("getscu", "-P", "+B", "-od", out, *self.pacs.peer, *patient, *key("IssuerOfPatientID", issuer), ok=True)
            self.assertEqual(set(received(out)), wanted, issuer)
            out = self.folder / f"pacs-{issuer}"
            pacs("get", peer_of(self.pacs), "-P", *patient, *key("IssuerOfPatientID", issuer), "--output", out, ok=True)
            self.assertEqual(set(received(out)), wanted, issuer)
            for path in self.sink.received.iterdir():
                path.unlink()
            report, code = move(self.pacs, "STORESCP", "-P", *patient, *key("IssuerOfPatientID", issuer))
            self.assertEqual((code, report["completed"]), (0, len(wanted)), report)
            self.assertEqual(set(received(self.sink.received)), wanted, issuer)

    def test_getscu_of_the_retired_model(self):
        out = self.folder / "out"
        out.mkdir()
        run("getscu", "-O", "+B", "-od", out, *self.pacs.peer, *key("QueryRetrieveLevel", "STUDY"),
            *key("PatientID", "1CT1"), *key("StudyInstanceUID", CT_STUDY), ok=True)
        self.assertEqual(set(received(out)), {CT_INSTANCE})

    def test_movescu_moves_each_level(self):
        for level, (model, keys) in LEVELS.items():
            for path in self.sink.received.iterdir():
                path.unlink()
            run("movescu", model, "-aem", "STORESCP", *self.pacs.peer, *key("QueryRetrieveLevel", level),
                *keys, ok=True)
            self.assertEqual(received(self.sink.received), {CT_INSTANCE: samples.split(CT)[1]}, level)

    def test_movescu_receives_on_a_port_of_its_own(self):
        port = harness.free_port()
        self.pacs.http("/api/remote-aes", "POST", json.dumps(
            {"ae_title": "MOVESCU", "host": "127.0.0.1", "port": port}).encode(),
            {"Content-Type": "application/json"})
        run("movescu", "-S", "+P", port, "-od", self.folder, *self.pacs.peer,
            *key("QueryRetrieveLevel", "STUDY"), *key("StudyInstanceUID", CT_STUDY), ok=True)
        self.assertEqual(len(list(self.folder.glob("CT.*"))), 1)

    def test_what_a_destination_takes_in_implicit_vr_only_is_converted(self):
        sink = self.start(harness.storescp, self._folder("implicit"), "+xi", "+B")
        server = self.start(harness.Pacs, self.folder, {"remote_ae": [remote(sink)]}, name="other")
        store(server, CT, FILES / "MR_small_bigendian.dcm")
        studies = [samples.read(path).StudyInstanceUID for path in (CT, FILES / "MR_small_bigendian.dcm")]
        report, code = move(server, "STORESCP", *key("StudyInstanceUID", *studies))
        self.assertEqual((code, report["completed"]), (0, 2), report)
        for got in sink.received.iterdir():
            original = CT if CT_INSTANCE in got.name else FILES / "MR_small_bigendian.dcm"
            self.assertEqual(samples.syntax_of(got), samples.IMPLICIT_LITTLE)
            self.assertTrue((samples.read(got).pixel_array == samples.read(original).pixel_array).all())

    def test_an_unknown_destination_is_a801(self):
        done = run("movescu", "-v", "-S", "-aem", "NOBODY", *self.pacs.peer,
                   *key("QueryRetrieveLevel", "STUDY"), *key("StudyInstanceUID", CT_STUDY), ok=False)
        self.assertIn("MoveDestinationUnknown", done.stdout + done.stderr)

    def test_movescu_cancels(self):
        store(self.pacs, many(self.folder / "many", 400, rows=512))
        done = run("movescu", "-v", "-S", "-aem", "STORESCP", "--cancel", 1, *self.pacs.peer,
                   *key("QueryRetrieveLevel", "STUDY"), *key("StudyInstanceUID", CT_STUDY))
        self.assertIn("Received Final Move Response (Cancel", done.stdout + done.stderr)
        self.assertLess(len(list(self.sink.received.iterdir())), 401)
        self.assertTrue(self.pacs.echoes())


class WeAskOthers(TestCase):
    """Our get and move against each archive, with each as destination."""

    def archives(self):
        self.sink = self.start(harness.storescp, self.folder)
        allowed = {f"DicomAlwaysAllow{service}": True for service in ("Find", "Get", "Move")}
        yield self.start(harness.dcmqrscp, self.folder, [("STORESCP", self.sink.port)])
        yield self.start(harness.orthanc, self.folder, **allowed,
                         DicomModalities={"sink": ["STORESCP", "127.0.0.1", self.sink.port]})
        yield self.server({"remote_ae": [remote(self.sink)]})

    def test_get_and_move(self):
        for archive in self.archives():
            with self.subTest(archive.ae_title):
                store(archive, CT, MR)
                out = self.folder / f"got-{archive.ae_title}"
                done = pacs("get", peer_of(archive), *key("StudyInstanceUID", CT_STUDY), "--output", out,
                            "--json", ok=True)
                self.assertEqual(moved(done)["received"], 1)
                got, = out.iterdir()
                self.assertEqual(got.name, f"{CT_INSTANCE}.dcm")
                self.assertEqual(samples.counted(samples.read(got)), samples.counted(samples.read(CT)))
                for path in self.sink.received.iterdir():
                    path.unlink()
                report, code = move(archive, "STORESCP", *key("StudyInstanceUID", CT_STUDY))
                self.assertEqual((code, report["status"]), (0, "0000"), report)
                self.assertEqual(set(received(self.sink.received)), {CT_INSTANCE})

    def test_we_move_to_each(self):
        dcmqrscp, orthanc = self.start(harness.dcmqrscp, self.folder), self.start(harness.orthanc, self.folder)
        other = self.start(harness.Pacs, self.folder, {"dicom": {"ae_title": "OTHER"}}, name="other")
        server = self.server({"remote_ae": [remote(p) for p in (dcmqrscp, orthanc, other)]})
        store(server, CT, MR, NM)
        studies = [str(samples.read(path).StudyInstanceUID) for path in (CT, MR)]
        for destination in (dcmqrscp, orthanc, other):
            report, code = move(server, destination.ae_title, *key("StudyInstanceUID", *studies))
            self.assertEqual((code, report["completed"]), (0, 2), report)
        self.assertEqual(len(json.loads(samples.ask(orthanc, "/instances"))), 2)
        self.assertEqual(other.instances(), 2)

    def test_to_ourselves(self):
        port = harness.free_port()
        server = self.server({"dicom": {"port": port},
                              "remote_ae": [{"ae_title": "PACS", "host": "127.0.0.1", "port": port}]})
        store(server, CT, MR)
        report, code = move(server, "PACS", *key("StudyInstanceUID", CT_STUDY))
        self.assertEqual((code, report["completed"]), (0, 1), report)
        self.assertEqual(server.instances(), 2)

    def test_get_says_what_did_not_come(self):
        server = self.server()
        store(server, CT, NM)
        study = str(samples.read(NM).StudyInstanceUID)
        done = pacs("get", peer_of(server), *key("StudyInstanceUID", study), "--output", self.folder / "out",
                    "--sop-class", str(samples.read(CT).SOPClassUID), ok=False)
        self.assertIn("A702", done.stderr)
        self.assertIn(samples.identity(NM)[1], done.stderr)
        nothing = pacs("get", peer_of(server), *key("StudyInstanceUID", "9.9"), "--output", self.folder / "out")
        self.assertEqual(nothing.returncode, 1)
        self.assertEqual(list((self.folder / "out").iterdir()), [])

    def test_ctrl_c_cancels_a_get(self):
        server = self.server()
        store(server, many(self.folder / "many", 400, rows=512))
        out = self.folder / "out"
        client = self.start(harness.Process, harness.PROGRAM, "get", peer_of(server), "--json",
                            *key("StudyInstanceUID", CT_STUDY), "--output", out)
        harness.eventually(lambda: out.exists() and len(list(out.glob("*.dcm"))) > 3, "objects")
        client.signal(signal.SIGINT)
        self.assertEqual(client.end(), 1)
        report = json.loads(client.log)
        self.assertEqual(report["status"], "FE00")
        self.assertEqual(report["completed"] + report["remaining"], 400)
        self.assertEqual(len(list(out.glob("*.dcm"))), report["received"])
        self.assertEqual(list(out.glob(".*")), [])

    def test_ctrl_c_cancels_a_move_to_a_destination_that_does_not_answer(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
            server = self.server({"remote_ae": [
                {"ae_title": "SILENT", "host": "127.0.0.1", "port": silent.getsockname()[1]}]})
            store(server, CT)
            client = self.start(harness.Process, harness.PROGRAM, "move", peer_of(server), "--json",
                                "--destination", "SILENT", *key("StudyInstanceUID", CT_STUDY))
            connection, _ = silent.accept()
            client.signal(signal.SIGINT)
            # The destination has 30 s to take the association: none of them is waited for.
            self.assertEqual(client.end(15), 1)
            connection.close()
        self.assertEqual(json.loads(client.log)["status"], "FE00")

    def test_the_example_gets_a_study(self):
        server = self.server()
        store(server, CT, MR)
        example = pathlib.Path(harness.PROGRAM).resolve().parent / "examples" / "get_study"
        done = run(example, "127.0.0.1", server.port, "PACS", CT_STUDY, self.folder / "out", ok=True)
        self.assertIn("status 0000, 1 completed, 0 failed", done.stdout)
        self.assertEqual(received(self.folder / "out"), {CT_INSTANCE: samples.split(CT)[1]})


class EverySample(TestCase):
    """Each file of pydicom that can be stored comes back by C-GET and by C-MOVE as it was sent."""

    rounds = samples.EverySample.rounds

    def expected(self, path):
        data_set = samples.split(path)[1]
        if samples.split(path)[0] and samples.syntax_of(path) == samples.DEFLATED and len(data_set) % 2:
            data_set += b"\0"  # PS3.5 A.5
        return data_set

    def test_every_sample_comes_back(self):
        sink = self.start(harness.storescp, self.folder, "+B", "+xa")
        compared = 0
        for number, paths in enumerate(self.rounds()):
            server = self.server({"remote_ae": [remote(sink)]}, name=f"round{number}")
            report = json.loads(pacs("store", peer_of(server), "--json", *paths).stdout)
            not_stored = {row["file"] for row in report["failed"] + report["skipped"]}
            sent = {samples.identity(path)[1]: path for path in paths
                    if str(path) not in not_stored}
            if not sent:
                continue
            kinds = collections.defaultdict(list)
            for line in pacs("find", peer_of(server), "--relational", "-L", "IMAGE", "--json",
                             *key("SOPInstanceUID", *sent), "-k", "SOPClassUID",
                             "-k", "AvailableTransferSyntaxUID", ok=True).stdout.splitlines():
                row = {tag: element["Value"][0] for tag, element in json.loads(line).items()
                       if element.get("Value")}
                kinds[row["00080016"], row["00083002"]].append(row["00080018"])
            out = self.folder / f"out{number}"
            for (sop_class, syntax), uids in kinds.items():
                pacs("get", peer_of(server), "--relational", "-L", "IMAGE", *key("SOPInstanceUID", *uids),
                     "--sop-class", sop_class, "--transfer-syntax", syntax, "--output", out, "-q", ok=True)
            for path in sink.received.iterdir():
                path.unlink()
            report, code = move(server, "STORESCP", "--relational", "-L", "IMAGE",
                                *key("SOPInstanceUID", *sent))
            self.assertEqual((code, report["completed"]), (0, len(sent)), report)
            by_get, by_move = received(out), received(sink.received)
            self.assertEqual(set(by_get), set(sent))
            self.assertEqual(set(by_move), set(sent))
            for uid, path in sent.items():
                self.assertEqual(by_get[uid], self.expected(path), f"get {path.name}")
                self.assertEqual(by_move[uid], self.expected(path), f"move {path.name}")
                compared += 1
        self.assertGreater(compared, 130)


class Destinations(TestCase):
    """What a destination does costs only its own objects, and not for ever."""

    config = {"dicom": {"sub_operation_seconds": 1, "connect_seconds": 1, "artim_seconds": 1}}

    def move_to(self, destination, *paths, tables=None):
        server = self.server({**self.config, **(tables or {}), "remote_ae": [destination]})
        store(server, *paths)
        studies = {str(samples.read(path).StudyInstanceUID) for path in paths}
        report, code = move(server, destination["ae_title"], *key("StudyInstanceUID", *studies))
        self.assertTrue(server.echoes())
        return report, code, server

    def test_nobody_listens(self):
        report, code, _ = self.move_to({"ae_title": "GONE", "host": "127.0.0.1", "port": harness.free_port()},
                                       CT, MR)
        self.assertEqual((code, report["status"], report["failed"]), (1, "A702", 2), report)
        self.assertEqual(len(report["failed_instances"]), 2)
        self.assertIn("cannot connect", report["error"])

    def test_it_refuses_the_association(self):
        sink = self.start(harness.storescp, self.folder, "--refuse")
        report, code, _ = self.move_to(remote(sink), CT)
        self.assertEqual((code, report["status"], report["failed"]), (1, "A702", 1), report)

    def test_it_refuses_a_context(self):
        sink = self.start(harness.storescp, self.folder)
        video = samples.as_video(NM, self.folder / "video.dcm")
        report, code, _ = self.move_to(remote(sink), CT, video, MR)  # takes no video
        self.assertEqual((code, report["status"]), (1, "B000"), report)
        self.assertEqual((report["completed"], report["failed"]), (2, 1))
        self.assertEqual(report["failed_instances"], [samples.identity(NM)[1]])
        self.assertIn("the peer", report["error"])

    def test_it_aborts_in_the_middle(self):
        for option in ("--abort-during", "--abort-after"):
            with self.subTest(option):
                folder = self.folder / option.strip("-")
                folder.mkdir()
                sink = self.start(harness.storescp, folder, option)
                report, code, server = self.move_to(remote(sink), CT, MR)
                self.assertEqual((code, report["failed"]), (1, 2), report)
                self.assertEqual(server.stop(), 0)

    def test_it_hangs(self):
        sink = self.start(harness.storescp, self.folder, "--sleep-during", 30)
        report, code, _ = self.move_to(remote(sink), CT)
        self.assertEqual((code, report["status"], report["failed"]), (1, "A702", 1), report)

    def test_it_takes_connections_and_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            report, code, _ = self.move_to(
                {"ae_title": "MUTE", "host": "127.0.0.1", "port": listener.getsockname()[1]}, CT)
        self.assertEqual((code, report["status"], report["failed"]), (1, "A702", 1), report)

    def test_several_associations(self):
        sink = self.start(harness.storescp, self.folder, "--fork")
        server = self.server({"dicom": {"move_associations": 4}, "remote_ae": [remote(sink)]})
        store(server, many(self.folder / "many", 60))
        report, code = move(server, "STORESCP", *key("StudyInstanceUID", CT_STUDY))
        self.assertEqual((code, report["completed"]), (0, 60), report)
        self.assertEqual(len(list(sink.received.iterdir())), 60)

    def test_several_moves_at_a_time(self):
        slow = self.start(harness.storescp, self.folder, "--sleep-after", 1)
        quick = harness.storescp(self._folder("quick"), "--fork")
        quick.ae_title = "QUICK"
        self.addCleanup(quick.kill)
        server = self.server({"remote_ae": [remote(slow), remote(quick)]})
        store(server, many(self.folder / "many", 6))
        ends = {}

        def slowly():
            ends["slow"] = move(server, "STORESCP", *key("StudyInstanceUID", CT_STUDY))
        waiting = threading.Thread(target=slowly)
        waiting.start()
        harness.eventually(lambda: list(slow.received.iterdir()), "the first object")
        report, code = move(server, "QUICK", *key("StudyInstanceUID", CT_STUDY))
        self.assertEqual((code, report["completed"]), (0, 6), report)
        self.assertTrue(waiting.is_alive(), "the slow one was first")
        waiting.join()
        self.assertEqual(ends["slow"][0]["completed"], 6)

    def test_over_tls(self):
        key_file, certificate = self.folder / "key.pem", self.folder / "cert.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-keyout", key_file,
            "-out", certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", ok=True)
        tls = {"certificate": certificate, "key": key_file, "ca": certificate}
        tls_port = harness.free_port()
        other = self.start(harness.Pacs, self.folder,
                           {"dicom": {"ae_title": "OTHER"}, "dicom.tls": {**tls, "port": tls_port}}, name="other")
        report, code, _ = self.move_to({"ae_title": "OTHER", "host": "127.0.0.1", "port": tls_port, "tls": True},
                                       CT, tables={"dicom.tls": {**tls, "port": harness.free_port()}})
        self.assertEqual((code, report["completed"]), (0, 1), report)
        self.assertEqual(other.instances(), 1)


class HardQuestions(TestCase):
    seconds = 30

    def test_one_hundred_thousand_uids(self):
        sink = self.start(harness.storescp, self.folder)
        server = self.server({"remote_ae": [remote(sink)]})
        store(server, CT, MR)
        uids = [CT_INSTANCE, samples.identity(MR)[1], *(f"1.2.826.0.1.3680043.9.9.{i}" for i in range(100_000))]
        keys = self.folder / "keys.json"
        keys.write_text(json.dumps({"00080018": {"vr": "UI", "Value": uids}}))
        asked = ["--relational", "-L", "IMAGE", "--keys-from", keys]
        done = pacs("get", peer_of(server), *asked, "--output", self.folder / "out", "--json", ok=True)
        self.assertEqual(moved(done)["received"], 2)
        report, code = move(server, "STORESCP", *asked)
        self.assertEqual((code, report["completed"]), (0, 2), report)

    def test_more_failures_than_fit_a_16_bit_length_are_listed(self):
        server = self.server({"remote_ae": [{"ae_title": "GONE", "host": "127.0.0.1",
                                             "port": harness.free_port()}]})
        store(server, many(self.folder / "many", 1200))
        report, code = move(server, "GONE", *key("StudyInstanceUID", CT_STUDY))
        self.assertEqual((code, report["status"], report["failed"]), (1, "A702", 1200))
        self.assertGreater(sum(len(uid) + 1 for uid in set(report["failed_instances"])), 0xFFFF)

    def test_a_requestor_that_vanishes_leaves_nothing_behind(self):
        server = self.server()
        store(server, many(self.folder / "many", 50, rows=512))
        command = raw.command_set(raw.ui(0x00000002, GET_STUDY_ROOT), raw.us(0x00000100, 0x0010),
                                  raw.us(0x00000110, 1), raw.us(0x00000700, 0), raw.us(0x00000800, 1))
        identifier = raw.element(0x00080052, b"STUDY ") + raw.ui(0x0020000D, CT_STUDY)
        role = raw.item(0x54, len(raw.CT_STORAGE).to_bytes(2, "big") + raw.CT_STORAGE.encode() + b"\0\1")
        for messages in (0, 1, 3):
            with raw.Connection(server.port) as peer:
                peer.associate(raw.context(1, GET_STUDY_ROOT), raw.context(3, raw.CT_STORAGE, [raw.EXPLICIT]),
                               user=raw.user_information(extra=role))
                peer.send(raw.p_data(raw.pdv(1, command, command=True)) + raw.p_data(raw.pdv(1, identifier)))
                for _ in range(messages):
                    self.assertEqual(peer.read()[0], raw.P_DATA)
        harness.eventually(lambda: server.metric("pacs_associations_active") == 0, "associations end")
        self.assertTrue(server.echoes())
        self.assertEqual(server.stop(), 0)

    def test_remote_aes_outlive_a_restart(self):
        server = self.server()
        body = json.dumps({"ae_title": "LATER", "host": "127.0.0.1", "port": 104}).encode()
        self.assertEqual(server.http("/api/remote-aes", "POST", body, {"Content-Type": "application/json"})[0], 201)
        self.assertEqual(server.stop(), 0)
        again = self.start(harness.Pacs, self.folder)
        self.assertEqual(json.loads(again.http("/api/remote-aes/LATER")[1])["port"], 104)
        echo = again.http("/api/remote-aes/LATER/echo", "POST", b"", {"Content-Type": "application/json"})
        self.assertFalse(json.loads(echo[1])["ok"])
