"""Storage commitment (PS3.4 Annex J) with modalities by hand: reports on the association of the
request and on new ones, peers that refuse or fall silent, a server killed before it has reported;
`pacs commit` as the other side, and the jobs behind it all."""

import contextlib
import io
import json
import socket
import struct
import threading
import time

import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.filebase import DicomBytesIO
from pydicom.uid import generate_uid

import harness
import raw_dicom as raw
from harness import eventually, pacs
from test_retrieve import CT, many, store

QUICK = {"jobs": {"retry_seconds_min": 1, "retry_seconds_max": 1}}


def encoded(ds):
    """Implicit VR Little Endian"""
    ds.is_little_endian, ds.is_implicit_VR = True, True
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, True
    write_dataset(out, ds)
    return out.getvalue()


def decoded(data):
    return read_dataset(io.BytesIO(data), is_implicit_VR=True, is_little_endian=True)


def references(*pairs):
    items = []
    for sop_class, sop_instance in pairs:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, sop_instance
        items.append(reference)
    return items


def request(pairs, transaction=None):
    ds = Dataset()
    ds.TransactionUID = transaction or generate_uid()
    ds.ReferencedSOPSequence = references(*pairs)
    return ds


def of_report(ds):
    """(committed, {failed: reason})"""
    committed = [str(r.ReferencedSOPInstanceUID) for r in ds.get("ReferencedSOPSequence", [])]
    failed = {str(r.ReferencedSOPInstanceUID): r.FailureReason
              for r in ds.get("FailedSOPSequence", [])}
    return committed, failed


def identities(folder):
    found = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.rglob("*.dcm"))]
    return [(str(ds.SOPClassUID), str(ds.SOPInstanceUID)) for ds in found]


class Modality(raw.Connection):
    """An association as modalities open it to ask for commitment."""

    def __init__(self, server, title="MODALITY"):
        super().__init__(server.port, seconds=harness.SECONDS_MAX)
        accepted = self.associate(raw.context(1, raw.COMMITMENT), calling=title)
        assert accepted[1] == (0, raw.IMPLICIT), accepted

    def asks(self, ds, action=1, instance=raw.COMMITMENT_INSTANCE):
        """The status of the response; `ds` may be encoded already."""
        data, chunk = ds if isinstance(ds, bytes) else encoded(ds), 16000
        self.send(raw.p_data(raw.pdv(
            1, raw.n_action_rq(raw.COMMITMENT, instance, action), command=True)))
        for at in range(0, len(data), chunk):
            self.send(raw.p_data(raw.pdv(1, data[at:at + chunk], last=at + chunk >= len(data))))
        return raw.status_of(self.message())

    def hears_bytes(self):
        """(event type, bytes of the report) of the next N-EVENT-REPORT, which is answered."""
        command, data = self.message_with_data()
        assert command[0x00000100] == b"\x00\x01", command
        self.send(raw.p_data(raw.pdv(1, raw.n_event_report_rsp(command), command=True)))
        return struct.unpack("<H", command[0x00001002])[0], data

    def hears(self):
        event, data = self.hears_bytes()
        return event, decoded(data)


class Listener:
    """Where event reports of a SOP class are taken: one association after the other."""

    def __init__(self, role=(0, 1), silent=False, port=None, sop_class=raw.COMMITMENT):
        self.role, self.silent, self.sop_class = role, silent, sop_class
        self.reports, self.callers, self.instances = [], [], []
        self.socket = socket.create_server(("127.0.0.1", port or 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                accepted, _ = self.socket.accept()
            except OSError:
                return
            peer = raw.Connection.__new__(raw.Connection)
            peer.socket = accepted
            accepted.settimeout(harness.SECONDS_MAX)
            try:
                self.serve(peer)
            except (AssertionError, OSError, TypeError):
                pass
            accepted.close()

    def serve(self, peer):
        kind, body = peer.read()
        assert kind == raw.ASSOCIATE_RQ
        self.callers.append(body[20:36].decode().strip())
        roles = raw.role_selection(self.sop_class, *self.role) if self.role else b""
        items = raw.item(0x10, b"1.2.840.10008.3.1.1.1")
        items += raw.item(0x21, bytes([1, 0, 0, 0]) + raw.item(0x40, raw.IMPLICIT.encode()))
        items += raw.user_information(extra=roles)
        peer.send(raw.pdu(raw.ASSOCIATE_AC, body[:68] + items))
        command, data = peer.message_with_data()
        if self.silent:
            peer.read()
            return
        self.instances.append(command[0x00001000].rstrip(b"\0").decode())
        self.reports.append((struct.unpack("<H", command[0x00001002])[0], decoded(data) if data else None))
        peer.send(raw.p_data(raw.pdv(1, raw.n_event_report_rsp(command), command=True)))
        kind, _ = peer.read()
        if kind == raw.RELEASE_RQ:
            peer.send(raw.pdu(raw.RELEASE_RP, bytes(4)))

    def report(self):
        return eventually(lambda: self.reports and self.reports[-1], "a report")

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # else the thread that accepts holds the port
        self.socket.close()


class OtherArchive:
    """Storage commitment as no archive should do it: `script(self)` runs once it was asked."""

    def __init__(self, script):
        self.script, self.answers, self.failure = script, [], None
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        self.peer = raw.Connection.__new__(raw.Connection)
        self.peer.socket, _ = self.socket.accept()
        self.peer.socket.settimeout(harness.SECONDS_MAX)
        try:
            kind, body = self.peer.read()
            assert kind == raw.ASSOCIATE_RQ
            items = raw.item(0x10, b"1.2.840.10008.3.1.1.1")
            items += raw.item(0x21, bytes([1, 0, 0, 0]) + raw.item(0x40, raw.IMPLICIT.encode()))
            self.peer.send(raw.pdu(raw.ASSOCIATE_AC, body[:68] + items + raw.user_information()))
            self.command, data = self.peer.message_with_data()
            self.asked = decoded(data)
            self.script(self)
            answer = self.peer.read()
            if answer and answer[0] == raw.RELEASE_RQ:
                self.peer.send(raw.pdu(raw.RELEASE_RP, bytes(4)))
        except (AssertionError, OSError, TypeError) as failure:
            self.failure = failure
        self.peer.socket.close()

    def agrees(self):
        """The response to N-ACTION."""
        self.peer.send(raw.p_data(raw.pdv(1, raw.n_action_rsp(self.command), command=True)))

    def reports(self, event=1, **changes):
        """A report of all that was asked for, changed; keeps the status of its answer."""
        ds = Dataset()
        ds.TransactionUID, ds.ReferencedSOPSequence = self.asked.TransactionUID, self.asked.ReferencedSOPSequence
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        command = raw.n_event_report_rq(raw.COMMITMENT, raw.COMMITMENT_INSTANCE, event)
        self.answers.append(raw.status_of(self.peer.request(1, command, encoded(ds))[0]))

    def close(self):
        self.socket.close()


class CommitToOthersTest(harness.TestCase):
    """`pacs commit` and archives that do as they like."""

    def commits(self, script, *options):
        """(what it ended with, the statuses it answered reports with)"""
        archive = OtherArchive(script)
        self.addCleanup(archive.close)
        done = pacs("commit", f"OTHER@127.0.0.1:{archive.port}", "--sop-class", "CTImageStorage", "1.2.3.4",
                    "--wait", 2, *options)
        archive.thread.join(harness.SECONDS_MAX)
        return done, archive.answers

    def test_a_report_before_the_response_is_taken(self):
        def script(archive):
            archive.reports()
            archive.agrees()
        done, answers = self.commits(script)
        self.assertEqual((done.returncode, answers), (0, [0]), done.stderr)
        self.assertIn("1 of 1 committed", done.stderr)

    def test_an_unknown_event_type_is_no_commitment(self):
        def script(archive):
            archive.agrees()
            archive.reports(event=9)
        done, answers = self.commits(script)
        self.assertEqual((done.returncode, answers), (1, [0x0113]), done.stdout)
        self.assertIn("a report was refused: event type 9", done.stderr)
        self.assertIn("no report within 2 s", done.stderr)

    def test_a_report_against_itself_is_named_and_not_believed(self):
        def script(archive):
            archive.agrees()
            archive.reports(event=2)
        done, answers = self.commits(script)
        self.assertEqual((done.returncode, answers), (1, [0]), done.stdout)
        self.assertIn("failures exist (event type 2), and names none", done.stderr)

    def test_a_report_of_another_class_or_instance_is_named_and_not_believed(self):
        def script(archive):
            archive.agrees()
            archive.reports(ReferencedSOPSequence=references(("1.2.840.10008.5.1.4.1.1.4", "1.2.3.4")))
        done, _ = self.commits(script)
        self.assertEqual(done.returncode, 1)
        self.assertIn("reported with another SOP class: 1.2.840.10008.5.1.4.1.1.4", done.stdout)
        self.assertIn("0 of 1 committed", done.stderr)

        def more(archive):
            archive.agrees()
            archive.reports(ReferencedSOPSequence=references((raw.CT_STORAGE, "1.2.3.4"), (raw.CT_STORAGE, "1.2.3.5")))
        done, _ = self.commits(more, "--json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not asked for: 1.2.3.5", done.stderr)
        self.assertIn("1.2.3.5", json.loads(done.stdout)["problems"][0])

    def test_reports_on_other_transactions_are_refused_and_do_not_prolong_the_wait(self):
        def script(archive):
            archive.agrees()
            while len(archive.answers) < 40:
                archive.reports(TransactionUID="1.2.3.4.5")
                time.sleep(0.25)
        started = time.monotonic()
        done, answers = self.commits(script)
        self.assertLess(time.monotonic() - started, 6)
        self.assertEqual((done.returncode, set(answers)), (1, {0x0110}), done.stdout)
        self.assertIn("no report within 2 s", done.stderr)
        self.assertIn("1.2.3.4.5", done.stderr)


class CommitmentTest(harness.TestCase):
    seconds = 60

    def serve(self, *listeners, **tables):
        remotes = [{"ae_title": "MODALITY", "host": "127.0.0.1", "port": listener.port}
                   for listener in listeners]
        server = self.server({**QUICK, **tables, "remote_ae": remotes})
        self.files = many(self.folder / "study", 5)
        store(server, self.files)
        return server

    def listener(self, **options):
        listener = Listener(**options)
        self.addCleanup(listener.close)
        return listener

    def jobs(self, server, query=""):
        status, text, _ = server.http("/api/jobs" + query)
        self.assertEqual(status, 200, text)
        return json.loads(text)["jobs"]

    def job(self, server):
        jobs = self.jobs(server)
        self.assertEqual(len(jobs), 1, jobs)
        return jobs[0]

    def becomes(self, server, state):
        return eventually(lambda: (found := self.job(server))["state"] == state and found,
                          f"a job that is {state}")

    def test_the_report_comes_on_the_association_of_the_request(self):
        server = self.serve()
        asked = request(identities(self.files))
        with Modality(server) as modality:
            self.assertEqual(modality.asks(asked), 0)
            event, report = modality.hears()
            self.assertTrue(modality.release())
        self.assertEqual(event, 1)
        self.assertEqual(report.TransactionUID, asked.TransactionUID)
        self.assertEqual(report.RetrieveAETitle, "PACS")
        self.assertEqual(of_report(report), ([uid for _, uid in identities(self.files)], {}))
        self.assertEqual(self.becomes(server, "done")["progress"], {"done": 5, "total": 5})

    def test_each_failure_has_its_reason(self):
        server = self.serve()
        good, other, bad = identities(self.files)[:3]
        # Files are in their places after a start.
        self.assertEqual(server.stop(), 0)
        for path in server.objects():
            data = bytearray(path.read_bytes())
            if bad[1].encode() + b"\0" in data or bad[1].encode() in data:
                if pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID == bad[1]:
                    data[-100] ^= 1
                    path.write_bytes(data)
        server = self.start(harness.Pacs, self.folder, QUICK)
        with Modality(server) as modality:
            pairs = [good, ("1.2.840.10008.5.1.4.1.1.4", other[1]), bad, (good[0], "1.2.3.4.5.6")]
            self.assertEqual(modality.asks(request(pairs)), 0)
            event, report = modality.hears()
        self.assertEqual(event, 2)
        self.assertEqual(of_report(report), ([good[1]], {
            other[1]: 0x0119, bad[1]: 0x0110, "1.2.3.4.5.6": 0x0112}))

    def test_after_the_release_it_comes_on_a_new_association_in_the_role_of_scp(self):
        listener = self.listener()
        server = self.serve(listener, commitment={"same_association": False})
        with Modality(server) as modality:
            self.assertEqual(modality.asks(request(identities(self.files))), 0)
            modality.release()
        event, report = listener.report()
        self.assertEqual((event, len(report.ReferencedSOPSequence)), (1, 5))
        self.assertEqual(listener.callers, ["PACS"])
        self.becomes(server, "done")

    def test_killed_between_request_and_report_it_reports_after_the_start(self):
        listener = self.listener()
        port = listener.port
        server = self.serve(listener)
        listener.close()
        with Modality(server) as modality:
            self.assertEqual(modality.asks(request(identities(self.files))), 0)
            server.kill()
        listener = self.listener(port=port)
        server = self.start(harness.Pacs, self.folder, {**QUICK, "remote_ae": [
            {"ae_title": "MODALITY", "host": "127.0.0.1", "port": port}]})
        event, report = listener.report()
        self.assertEqual((event, len(report.ReferencedSOPSequence)), (1, 5))
        self.becomes(server, "done")
        self.assertEqual(len(listener.reports), 1)

    def test_an_ae_that_is_entered_gets_what_waits_for_it(self):
        server = self.server({"commitment": {"same_association": False}, "jobs": {"retry_seconds_min": 600}})
        with Modality(server) as modality:
            self.assertEqual(modality.asks(request([("1.2.3", "1.2.3.4")])), 0)
            modality.release()
        eventually(lambda: "is not known" in self.job(server).get("error", ""), "an error")
        listener = self.listener()
        entry = {"ae_title": "MODALITY", "host": "127.0.0.1", "port": listener.port}
        status, text, _ = server.http("/api/remote-aes", "POST", json.dumps(entry).encode(),
                                      {"Content-Type": "application/json"})
        self.assertEqual(status, 201, text)
        listener.report()
        self.becomes(server, "done")

    def test_a_peer_that_answers_no_role_item_gets_its_report(self):
        listener = self.listener(role=None)
        server = self.serve(listener, commitment={"same_association": False})
        with Modality(server) as modality:
            self.assertEqual(modality.asks(request(identities(self.files))), 0)
            modality.release()
        event, report = listener.report()
        self.assertEqual((event, len(report.ReferencedSOPSequence)), (1, 5))
        self.becomes(server, "done")

    def test_a_peer_that_refuses_the_role_is_tried_until_it_takes_it(self):
        listener = self.listener(role=(1, 0))
        server = self.serve(listener, commitment={"same_association": False})
        with Modality(server) as modality:
            self.assertEqual(modality.asks(request(identities(self.files))), 0)
            modality.release()
        eventually(lambda: "role selection" in self.job(server).get("error", ""), "an error")
        listener.role = (0, 1)
        self.assertEqual(listener.report()[0], 1)
        self.becomes(server, "done")

    def test_a_peer_that_never_answers_is_tried_again_and_the_job_is_dead_in_the_end(self):
        listener = self.listener(silent=True)
        server = self.serve(listener, commitment={"same_association": False},
                            dicom={"sub_operation_seconds": 1},
                            jobs={"retry_seconds_min": 1, "attempts_max": 2})
        with Modality(server) as modality:
            self.assertEqual(modality.asks(request(identities(self.files))), 0)
            modality.release()
        job = self.becomes(server, "dead")
        self.assertIn("given up after 2 attempts", job["error"])
        self.assertIn(str(job["id"]), pacs("jobs", "list", "--state", "dead", "--config",
                                           server.config_file, ok=True).stdout)
        listener.silent = False
        pacs("jobs", "retry", job["id"], "--config", server.config_file, ok=True)
        self.assertEqual(listener.report()[0], 1)
        self.becomes(server, "done")
        again = pacs("jobs", "retry", job["id"], "--config", server.config_file, ok=False)
        self.assertIn("is done: it cannot be tried again", again.stderr)
        self.becomes(server, "done")

    def test_a_peer_that_does_not_even_answer_the_association_does_not_hold_up_the_end(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.port = silent.getsockname()[1]
        server = self.serve(self, commitment={"same_association": False})
        with Modality(server) as modality:
            self.assertEqual(modality.asks(request(identities(self.files))), 0)
            modality.release()
        taken, _ = silent.accept()
        self.addCleanup(taken.close)
        self.assertTrue(taken.recv(1))
        started = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - started, 10)  # five seconds for the job

    def test_the_same_references_in_another_order_are_the_same_request(self):
        server = self.serve()
        asked = request(identities(self.files))
        for pairs in (identities(self.files), identities(self.files)[::-1]):
            with Modality(server) as modality:
                self.assertEqual(modality.asks(request(pairs, asked.TransactionUID)), 0)
                event, _ = modality.hears()
                self.assertEqual(event, 1)
            self.becomes(server, "done")

    def test_what_cannot_be_asked_is_refused_and_leaves_nothing(self):
        server = self.serve()
        with Modality(server) as modality:
            good = request(identities(self.files))
            self.assertEqual(modality.asks(good, action=2), 0x0123)
            self.assertEqual(modality.asks(good, instance="1.2.3"), 0x0112)
            nameless = request(identities(self.files))
            del nameless.TransactionUID
            self.assertEqual(modality.asks(nameless), 0x0120)
            empty = request([])
            self.assertEqual(modality.asks(empty), 0x0121)
            del empty.ReferencedSOPSequence
            self.assertEqual(modality.asks(empty), 0x0120)
            self.assertEqual(self.jobs(server), [])
            self.assertEqual(modality.asks(good), 0)
            self.assertEqual(modality.hears()[0], 1)

    def test_very_many_references_with_half_unknown(self):
        count = int(100_000 * harness.MANY)
        server = self.serve()
        known = identities(self.files)
        pairs = [known[i // 2 % 5] if i % 2 else (known[0][0], f"1.2.826.0.1.3680043.2.1143.{i}")
                 for i in range(count)]
        with Modality(server) as modality:
            self.assertEqual(modality.asks(request(pairs)), 0)
            event, report = modality.hears()
        committed, failed = of_report(report)
        self.assertEqual((event, len(committed), len(failed)), (2, count // 2, count // 2))
        self.assertEqual(set(failed.values()), {0x0112})

    def test_commit_shows_what_is_kept_and_what_is_not(self):
        listener_port = harness.free_port()
        server = self.server({**QUICK, "remote_ae": [
            {"ae_title": "MODALITY", "host": "127.0.0.1", "port": listener_port}]})
        files = many(self.folder / "study", 3)
        store(server, files)
        peer = f"PACS@127.0.0.1:{server.port}"
        done = pacs("commit", peer, files, "--json", ok=True)
        self.assertEqual([i["committed"] for i in json.loads(done.stdout)["instances"]], [True] * 3)
        done = pacs("commit", peer, "-aet", "MODALITY", "--listen", listener_port, files, ok=True)
        self.assertEqual(done.stdout.count("committed"), 3)
        done = pacs("commit", "127.0.0.1", server.port, "-aec", "PACS", files, "1.2.3.4",
                    "--sop-class", "CTImageStorage", ok=False)
        self.assertIn("failed: 0112 no such object instance", done.stdout)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(pacs("commit", peer, "1.2.3.4").returncode, 2)
        self.assertEqual(pacs("commit", peer, self.folder / "nothing.dcm").returncode, 2)

    def test_jobs_are_listed_and_steered_by_http(self):
        server = self.server(QUICK)
        with Modality(server, title="NOBODY") as modality:
            self.assertEqual(modality.asks(request([("1.2.3", "1.2.3.4")])), 0)
        job = eventually(lambda: (found := self.job(server))["state"] == "waiting" and
                         "error" in found and found, "a job that waits after a first try")
        self.assertEqual((job["kind"], job["destination"]), ("commitment", "NOBODY"))
        self.assertIn("NOBODY", job["error"])
        path = f"/api/jobs/{job['id']}"
        send = {"Content-Type": "application/json"}
        status, text, _ = server.http(path, "PATCH", b'{"priority": 5}', send)
        self.assertEqual((status, json.loads(text)["priority"]), (200, 5))
        for body in (b"", b"[]", b'{"priority": "high"}', b'{"priority": 101}', b'{"due": 1}'):
            self.assertEqual(server.http(path, "PATCH", body, send)[0], 400, body)
        command = ["jobs", "priority", "--config", server.config_file]
        said = pacs(*command, job["id"], -7, ok=True).stdout
        self.assertIn("has priority -7", said)
        self.assertEqual(self.job(server)["priority"], -7)
        self.assertIn("no job", pacs(*command, 999, 1, ok=False).stderr)
        self.assertEqual(pacs(*command, job["id"], 101).returncode, 2)
        self.assertEqual(server.http(path + "/cancel", "POST", b"{}")[0], 415)
        status, text, _ = eventually(
            lambda: (answer := server.http(path + "/cancel", "POST", b"{}", send))[0] == 200
            and answer, "cancelled")
        self.assertEqual(json.loads(text)["state"], "cancelled")
        self.assertEqual(server.http(path + "/cancel", "POST", b"{}", send)[0], 409)
        self.assertEqual(self.jobs(server, "?state=waiting"), [])
        self.assertEqual(len(self.jobs(server, "?state=cancelled&kind=commitment")), 1)
        for query in ("?state=asleep", "?limit=0", "?limit=1001", "?before=x", "?colour=red"):
            self.assertEqual(server.http("/api/jobs" + query)[0], 400, query)
        self.assertEqual(server.http(path, "DELETE")[0], 204)
        self.assertEqual(server.http(path)[0], 404)
        self.assertEqual(server.http("/api/jobs/none")[0], 404)
        self.assertEqual(server.metric("pacs_jobs"), 0)


if __name__ == "__main__":
    import unittest
    unittest.main()
