"""What peers of the field do that is not by the letter and is answered all the same: sessions that are resumed,
commands with odd or missing information, blank titles, Patient Root without a patient, duplicates, floods."""

import contextlib
import itertools
import json
import pathlib
import socket
import struct
import threading

import harness
import queries
import raw_dicom as raw
import test_retrieve as retrieve
import test_storage as samples
from harness import pacs, run

CT = harness.PYDICOM_FILES / "CT_small.dcm"
CLASS, INSTANCE = samples.identity(CT)
DATA = samples.split(CT)[1]
FIND, GET, MOVE = (f"1.2.840.10008.5.1.4.1.2.1.{n}" for n in (1, 3, 2))  # Patient Root
MOVE_ORIGINATOR, MOVE_ORIGINATOR_ID = 0x00001030, 0x00001031


def without(command, *tags):
    """A command set without these elements."""
    kept = {tag: value for tag, value in raw.parse_command(command).items() if tag not in (0, *tags)}
    return raw.command_set(*(raw.element(tag, value) for tag, value in sorted(kept.items())))


def request(field, sop_class, *more):
    """A C-FIND-RQ, C-GET-RQ or C-MOVE-RQ without Priority (PS3.7 Tables 9.3-3, 9.3-6, 9.3-9)."""
    return raw.command_set(raw.ui(0x00000002, sop_class), raw.us(0x00000100, field), raw.us(0x00000110, 1),
                           *more, raw.us(0x00000800, 1))


class Commands(harness.ServerTestCase):
    def store(self, command):
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(raw.context(1, CLASS, [raw.EXPLICIT]))
            response, _ = peer.request(1, command, DATA)
            self.assertTrue(peer.release())
        return raw.status_of(response)

    def test_an_overlong_or_odd_move_originator_is_noted_and_ignored(self):
        plain = raw.c_store_rq(CLASS, INSTANCE)
        elements = [raw.element(tag, value) for tag, value in sorted(raw.parse_command(plain).items()) if tag]
        for more in ([raw.element(MOVE_ORIGINATOR, b"A_TITLE_OF_TWENTY_LTRS"), raw.us(MOVE_ORIGINATOR_ID, 7)],
                     [raw.element(MOVE_ORIGINATOR, b"MODALITY"), raw.element(MOVE_ORIGINATOR_ID, bytes(4))],
                     [raw.us(MOVE_ORIGINATOR_ID, 7), raw.us(MOVE_ORIGINATOR_ID, 8)]):
            self.assertEqual(self.store(raw.command_set(*elements, *more)), 0, more)
        harness.eventually(lambda: "MoveOriginatorApplicationEntityTitle of C-STORE-RQ" in self.pacs.log,
                           "a line in the log")

    def test_a_request_without_priority_or_with_an_unknown_one_is_served(self):
        store = raw.c_store_rq(CLASS, INSTANCE)
        self.assertEqual(self.store(without(store, 0x00000700)), 0)
        self.assertEqual(self.store(store.replace(raw.us(0x00000700, 0), raw.us(0x00000700, 0x4711))), 0)
        identifier = queries.encoded(queries.identifier("PATIENT", PatientID="NOBODY"))
        for field, sop_class, more in ((0x0020, FIND, []), (0x0010, GET, []),
                                       (0x0021, MOVE, [raw.element(0x00000600, b"NOBODY")])):
            with raw.Connection(self.pacs.port) as peer:
                peer.associate(raw.context(1, sop_class, [raw.EXPLICIT]))
                response, _ = peer.request(1, request(field, sop_class, *more), identifier)
                expected = 0xA801 if field == 0x0021 else 0  # it was understood
                self.assertEqual(raw.status_of(response), expected, hex(field))

    def test_a_blank_calling_title_is_served(self):
        for title in (b"", bytes(16)):
            with raw.Connection(self.pacs.port) as peer:
                peer.associate(calling=title.ljust(16, title[:1] or b" "))
                self.assertEqual(peer.echo(), 0)
                self.assertTrue(peer.release())

    def test_the_answer_repeats_bytes_11_to_74(self):
        fields = raw.title("PACS") + b"ODD".ljust(16, b"\0") + bytes(range(32))
        asked = bytearray(raw.associate_rq())
        asked[10:74] = fields
        with raw.Connection(self.pacs.port) as peer:
            peer.send(bytes(asked))
            kind, body = peer.read()
        self.assertEqual((kind, body[4:68]), (raw.ASSOCIATE_AC, fields))


class PatientRoot(harness.TestCase):
    """DCMTK's getscu and movescu, whose default model is Patient Root, with UIDs and no Patient ID."""

    def keys(self, **values):
        found = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": retrieve.CT_STUDY, **values}
        return list(itertools.chain.from_iterable(["-k", f"{keyword}={value}"] for keyword, value in found.items()))

    def test_getscu(self):
        server = self.server()
        retrieve.store(server, CT)
        series = {"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": retrieve.CT_SERIES}
        image = {**series, "QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": retrieve.CT_INSTANCE}
        for number, (keys, count) in enumerate(((self.keys(), 1), (self.keys(**series), 1), (self.keys(**image), 1),
                                                (self.keys(PatientID="1CT1"), 1),
                                                (self.keys(PatientID="ANOTHER"), 0))):
            received = self.folder / f"got{number}"
            received.mkdir()
            run("getscu", "-od", received, *keys, *server.peer, ok=True)
            self.assertEqual(len(list(received.iterdir())), count, keys)

    def test_movescu(self):
        sink = self.start(harness.storescp, self.folder)
        server = self.server({"remote_ae": [retrieve.remote(sink)]})
        retrieve.store(server, CT)
        run("movescu", "-aem", sink.ae_title, *self.keys(PatientID="ANOTHER"), *server.peer, ok=True)
        self.assertEqual(list(sink.received.iterdir()), [])
        run("movescu", "-aem", sink.ae_title, *self.keys(), *server.peer, ok=True)
        self.assertEqual(len(list(sink.received.iterdir())), 1)


class Duplicates(harness.TestCase):
    def test_a_peer_that_has_the_object_is_a_warning(self):
        other = self.server({"dicom": {"ae_title": "OTHER"}, "storage": {"on_duplicate": "reject"}}, name="other")
        server = self.server({"remote_ae": [retrieve.remote(other)]})
        changed = samples.read(CT)
        changed.PatientComments = "not what the peer has"
        changed.save_as(self.folder / "changed.dcm")
        retrieve.store(other, CT)
        done = pacs("store", retrieve.peer_of(other), "--json", self.folder / "changed.dcm", ok=True)
        [warning] = json.loads(done.stdout)["warnings"]
        self.assertIn("0111", warning["reason"])
        self.assertIn("does not say whether it is the same", warning["reason"])
        retrieve.store(server, self.folder / "changed.dcm")
        report, _ = retrieve.move(server, "OTHER", "-k", f"StudyInstanceUID={retrieve.CT_STUDY}")
        self.assertEqual((report["completed"], report["warning"], report["failed"]), (0, 1, 0), report)


class TlsSessions(harness.TestCase):
    """Java and .NET resume a TLS session by default; openssl does it when told to."""

    def setUp(self):
        super().setUp()
        self.key, self.certificate = self.folder / "key.pem", self.folder / "cert.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-keyout", self.key,
            "-out", self.certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", ok=True)

    def connect(self, port, version, *options):
        done = run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-cert", self.certificate,
                   "-key", self.key, "-CAfile", self.certificate, *options, stdin="")
        self.assertNotIn("alert", done.stderr + done.stdout)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def session_of_another_server(self, version):
        """One that the server cannot know: a client keeps them by address."""
        port, session = harness.free_port(), self.folder / f"other{version}"
        other = self.start(harness.Process, "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert",
                           self.certificate, "-key", self.key, "-www")
        other.wait_for_port(port)
        run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-sess_out", session,
            "-ign_eof",  # TLS 1.3 sends its tickets behind the handshake: the server's end is waited for
            stdin="GET / HTTP/1.0\r\n\r\n", ok=True)
        self.assertTrue(session.exists())
        return session

    def resumes(self, client_certificate):
        port = harness.free_port()
        self.server({"dicom.tls": {"certificate": self.certificate, "key": self.key, "ca": self.certificate,
                                   "port": port, "client_certificate": client_certificate}})
        for version in ("-tls1_2", "-tls1_3"):
            session = self.folder / f"session{version}"
            self.assertIn("New, TLS", self.connect(port, version, "-sess_out", session))
            sessions = [self.session_of_another_server(version)]
            if session.exists():  # in TLS 1.3 there is one only with a ticket
                sessions.append(session)
            for kept in sessions * 2:
                said = self.connect(port, version, "-sess_in", kept)
                self.assertIn("New, TLS", said)
                self.assertNotIn("Reused, TLS", said)
        tls = ["--tls", "--tls-ca", self.certificate, "--tls-cert", self.certificate, "--tls-key", self.key]
        for _ in range(3):
            pacs("echo", f"PACS@127.0.0.1:{port}", *tls, ok=True)

    def test_a_full_handshake_each_time_where_a_certificate_is_required(self):
        self.resumes("required")

    def test_a_full_handshake_each_time_where_a_certificate_is_optional(self):
        self.resumes("optional")


class Floods(harness.TestCase):
    """Connections that say nothing: they yield to those who do."""

    def open(self, count, port, address, first=b""):
        for _ in range(count):
            peer = socket.create_connection(("127.0.0.1", port), source_address=(address, 0),
                                            timeout=harness.SECONDS_MAX)
            self.addCleanup(peer.close)
            peer.sendall(first)

    def test_silent_dicom_connections_hold_nobody_up(self):
        server = self.server()
        with raw.Connection(server.port) as established:
            established.associate()
            for address in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
                self.open(400, server.port, address)
            run("echoscu", "-to", 10, *server.peer, ok=True)
            with raw.Connection(server.port, from_address="127.0.0.2") as same_address:
                same_address.associate()
                self.assertEqual(same_address.echo(), 0)
            self.assertEqual(established.echo(), 0)
        lines = [line for line in server.lines if "make room" in line and "more_times" not in line]
        self.assertGreater(len(lines), 0)
        self.assertLessEqual(len(lines), 3 * 5)  # five of each peer, then their sum

    def test_silent_http_connections_hold_nobody_up(self):
        server = self.server()
        for first in (b"", b"GET /heal"):
            self.open(300, server.http_port, "127.0.0.2", first)
            self.assertEqual(server.http("/healthz")[0], 200)

    def test_ten_thousand_connections_aborted_at_once_write_few_lines(self):
        server = self.server()
        reset = struct.pack("ii", 1, 0)
        for number in range(10_000):
            peer = socket.create_connection(("127.0.0.1", server.port), source_address=("127.0.0.2", 0))
            peer.sendall(raw.pdu(raw.ABORT, bytes(4)) if number % 2 else b"GET / HTTP/1.0\r\n\r\n")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            peer.close()
        run("echoscu", "-to", 10, *server.peer, ok=True)
        self.assertLess(len([line for line in server.lines if " warning " in line]), 100)


class MuteHosts(harness.TestCase):
    def test_echoes_to_hosts_that_do_not_answer_stop_neither_health_nor_metrics(self):
        mute = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(mute.close)
        server = self.server({"remote_ae": [{"ae_title": f"MUTE{n}", "host": "127.0.0.1",
                                             "port": mute.getsockname()[1]} for n in range(4)]})
        ended = []

        def echo(number):
            ended.append(server.http(f"/api/remote-aes/MUTE{number}/echo", "POST", b"",
                                     {"Content-Type": "application/json"}))
        threads = [threading.Thread(target=echo, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        called = [mute.accept()[0] for _ in threads]
        self.assertEqual(server.http("/healthz")[0], 200)
        self.assertEqual(server.http("/metrics")[0], 200)
        self.assertEqual(ended, [])
        for peer in called:
            with contextlib.suppress(OSError):
                peer.close()
        for thread in threads:
            thread.join()
        self.assertEqual([(status, json.loads(text)["ok"]) for status, text, _ in ended], [(200, False)] * 4)


class ClientTls(harness.TestCase):
    def test_a_certificate_without_tls_is_refused_before_connecting(self):
        for options in (["--tls-cert", "c.pem", "--tls-key", "c.key"], ["--tls-key", "c.key"]):
            done = pacs("echo", "127.0.0.1", "1", *options, ok=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("add --tls", done.stderr)

    def test_the_passcode_can_be_kept_out_of_the_list_of_processes(self):
        server = self.server()
        passcode = pathlib.Path(self.folder / "passcode")
        passcode.write_text("secret\n")
        pacs("echo", *server.peer, "--user", "doctor", "--passcode-file", passcode, ok=True)
        pacs("echo", *server.peer, "--user", "doctor", env={"PACS_PASSCODE": "secret"}, ok=True)
        done = pacs("echo", *server.peer, "--user", "doctor", "--passcode-file", self.folder / "nothing", ok=False)
        self.assertIn("--passcode-file", done.stderr)
