"""How the program behaves for whoever runs it: endpoints, logs, stopping, restarting, a full disk, TLS."""

import errno
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import unittest

import harness
import raw_dicom as raw

CT = harness.PYDICOM_FILES / "CT_small.dcm"
MR = harness.PYDICOM_FILES / "MR_small.dcm"


def sop_instance_uid(path):
    import pydicom
    return pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID


def data_set_of(path):
    """The bytes of a Part 10 file behind its meta group (PS3.10 §7.1)."""
    whole = pathlib.Path(path).read_bytes()
    return whole[144 + int.from_bytes(whole[140:144], "little"):]


class Endpoints(harness.ServerTestCase):
    def test_health_readiness_status_and_page_answer(self):
        for path, expected in (("/healthz", 200), ("/readyz", 200), ("/api/status", 200), ("/", 200),
                               ("/nothing-here", 404)):
            self.assertEqual(self.pacs.http(path)[0], expected, path)
        self.assertTrue(json.loads(self.pacs.http("/readyz")[1])["ready"])

    def test_the_start_says_what_to_give_a_modality_and_a_browser(self):
        for words in (self.pacs.ae_title, str(self.pacs.port), f"http://127.0.0.1:{self.pacs.http_port}"):
            self.pacs.wait_for_line(words)

    def test_it_is_idle_in_less_than_40_mib(self):
        self.assertLess(self.server().status_kib("VmRSS"), 40 * 1024)

    def test_metrics_count_what_was_done(self):
        before = self.pacs.metrics()
        harness.run("echoscu", *self.pacs.peer, ok=True)
        harness.run("storescu", *self.pacs.peer, CT, ok=True)
        harness.eventually(lambda: self.pacs.status()["associations"] == 0, "associations to end")
        after = self.pacs.metrics()
        for operation in ("C-ECHO", "C-STORE"):
            rows = [name for name in after if name.startswith("pacs_dimse_seconds_count") and operation in name]
            self.assertTrue(rows, operation)
            self.assertEqual(sum(after[r] - before.get(r, 0) for r in rows), 1, operation)

    def test_metrics_are_well_formed(self):
        _, text, headers = self.pacs.http("/metrics")
        self.assertIn("text/plain", headers["Content-Type"])
        for line in text.splitlines():
            if line and not line.startswith("#"):
                self.assertRegex(line, r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*\})? '
                                       r'[-+0-9.eInfNa]+$')

    def test_an_unwanted_method_is_refused(self):
        self.assertIn(self.pacs.http("/healthz", method="DELETE")[0], (404, 405))


class Readme(harness.TestCase):
    def test_the_first_steps_followed_literally_end_with_a_stored_study(self):
        """In a folder of their own, and on free ports, for 11112 may be somebody's."""
        for name, target in (("scripts", harness.ROOT / "scripts"), ("build", pathlib.Path(harness.PROGRAM).parent)):
            (self.folder / name).symlink_to(target)
        server = self.server({"storage": {"path": self.folder / "pacs-data"}})
        readme = (harness.ROOT / "README.md").read_text()
        steps = readme[readme.index("## First steps"):]
        steps = steps[steps.index("```sh\n") + 6:]
        steps = steps[:steps.index("```")].replace("11112", str(server.port))
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", steps], cwd=self.folder,
                              capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for words in ("(0010,0010)", "CompressedSamples^CT1", "(0020,000d)", sop_instance_uid(CT)):
            self.assertIn(words, done.stdout)


class CalledTitles(harness.TestCase):
    def test_a_first_echo_needs_no_title(self):
        server = self.server()
        harness.run("echoscu", "127.0.0.1", server.port, ok=True)
        harness.pacs("echo", "127.0.0.1", server.port, ok=True)
        self.assertNotEqual(harness.run("echoscu", "-aec", "SOMEBODY", "127.0.0.1", server.port).returncode, 0)

    def test_other_titles_are_the_configurations_to_say(self):
        server = self.server({"dicom": {"other_ae_titles": ["OLD PACS"]}})
        harness.run("echoscu", "-aec", "OLD PACS", "127.0.0.1", server.port, ok=True)
        refused = harness.run("echoscu", "127.0.0.1", server.port)
        self.assertIn("Called AE Title Not Recognized", refused.stdout + refused.stderr)


class Logs(harness.TestCase):
    def test_one_id_leads_from_the_association_to_the_stored_instance(self):
        server = self.server({"logging": {"format": "json"}})
        harness.run("storescu", "-aet", "TRACED", *server.peer, CT, ok=True)
        uid = sop_instance_uid(CT)
        harness.eventually(lambda: uid in server.log, "a line about the stored instance")
        server.stop()
        rows = [json.loads(line) for line in server.lines if line.startswith("{")]
        stored = [row for row in rows if uid in json.dumps(row)]
        ids = {value for row in stored for key, value in row.items() if key in ("trace_id", "trace", "id")}
        self.assertEqual(len(ids), 1, stored)
        association = [row for row in rows if "TRACED" in json.dumps(row) and ids & set(map(str, row.values()))]
        self.assertTrue(association, "no line of the same id names the calling AE title")

    def test_a_calling_title_cannot_forge_a_line(self):
        server = self.server()
        with raw.Connection(server.port) as peer:
            peer.send(raw.associate_rq(calling=b"A\nready forged\x1b[1m"[:16]))
            peer.read()
        server.stop()
        self.assertFalse([line for line in server.lines if line.startswith("ready forged")])
        self.assertNotIn("\x1b[1m", server.log)


class StoppingAndStarting(harness.TestCase):
    def test_what_was_stored_is_there_after_a_restart(self):
        server = self.server()
        harness.run("storescu", *server.peer, CT, MR, ok=True)
        self.assertEqual(server.stop(), 0)
        again = self.server({"dicom": {"port": server.port}, "http": {"port": server.http_port}})
        self.assertEqual(again.instances(), 2)
        again.stop()
        again.verify()

    def test_sigterm_ends_idle_associations_and_exits_0(self):
        server = self.server()
        with raw.Connection(server.port) as peer:
            peer.associate(raw.context(1, raw.VERIFICATION))
            server.signal(signal.SIGTERM)
            answer = peer.read()
            self.assertTrue(answer is None or answer[0] == raw.ABORT, answer)
        self.assertEqual(server.end(), 0)

    def test_sigterm_lets_the_operation_in_flight_finish(self):
        server = self.server()
        body = data_set_of(CT)
        with raw.Connection(server.port) as peer:
            peer.associate(raw.context(1, raw.CT_STORAGE, [raw.EXPLICIT]))
            uid = sop_instance_uid(CT)
            peer.send(raw.p_data(raw.pdv(1, raw.c_store_rq(raw.CT_STORAGE, uid), command=True)))
            peer.send(raw.p_data(raw.pdv(1, body[:1000], last=False)))
            # The server has begun: it counts the association as open.
            harness.eventually(lambda: server.status()["associations"] == 1, "the association")
            server.signal(signal.SIGTERM)
            harness.eventually(lambda: not harness.listens(server.port), "the port to close")
            for at in range(1000, len(body), 10_000):
                peer.send(raw.p_data(raw.pdv(1, body[at:at + 10_000], last=at + 10_000 >= len(body))))
            self.assertEqual(raw.status_of(peer.message()), 0)
        self.assertEqual(server.end(), 0)
        self.assertEqual(len(server.objects()) > 0, True)
        server.verify()

    def test_a_second_server_on_the_same_data_is_refused(self):
        server = self.server()
        second = harness.Process(harness.PROGRAM, "serve", "--config", server.config_file,
                                 env={"PACS_DICOM_PORT": str(harness.free_port()),
                                      "PACS_HTTP_PORT": str(harness.free_port())})
        self.addCleanup(second.kill)
        self.assertNotEqual(second.end(), 0)
        self.assertIn(str(server.pid), second.log)

    def test_a_port_in_use_is_said_in_words(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            server = self.start(harness.Pacs, self.folder, {"dicom": {"port": taken.getsockname()[1]}}, wait=False)
            self.assertNotEqual(server.end(), 0)
        self.assertIn(str(server.port), server.log)

    def test_unknown_configuration_is_refused_with_the_nearest_known_key(self):
        server = self.start(harness.Pacs, self.folder, {"dicom": {"ae_tittle": "X"}}, wait=False)
        self.assertNotEqual(server.end(), 0)
        self.assertIn("ae_title", server.log)

    def test_listening_to_everybody_is_refused_unless_said(self):
        server = self.start(harness.Pacs, self.folder, {"dicom": {"listen": "0.0.0.0"}}, wait=False)
        self.assertNotEqual(server.end(), 0)
        self.assertIn("allow_unauthenticated_remote", server.log)


class FullDisk(harness.TestCase):
    """A file system of 32 MiB of its own; without the right to mount one, a reserve above what is free."""

    def small_disk(self):
        point = self.folder / "disk"
        point.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", point],
                                 capture_output=True)
        if mounted.returncode == 0:
            self.addCleanup(subprocess.run, ["umount", "-l", point], capture_output=True)
            return point
        return None

    def test_a_full_disk_answers_a700_loses_nothing_and_recovers(self):
        point = self.small_disk()
        storage = {"path": point / "data", "free_bytes_min": 4 << 20} if point else {
            "path": self.folder / "data", "free_bytes_min": shutil.disk_usage(self.folder).free - (24 << 20)}
        server = self.server({"storage": storage})
        body = grown(data_set_of(CT), 1)
        uid = sop_instance_uid(CT).encode()
        statuses = []
        with raw.Connection(server.port) as peer:
            peer.associate(raw.context(1, raw.CT_STORAGE, [raw.EXPLICIT]))
            for number in range(60):
                mine = uid[:-3] + b"%03d" % number
                statuses.append(peer.store(1, raw.CT_STORAGE, mine, body.replace(uid, mine), chunk=100_000))
            self.assertIn(0xA700, statuses)
            # Somebody else takes what the journal gives back: now there is no room for certain.
            ballast = pathlib.Path(storage["path"]).parent / "ballast"
            fill(ballast, 64 << 20)
            mine = uid[:-3] + b"%03d" % 60
            statuses.append(peer.store(1, raw.CT_STORAGE, mine, body.replace(uid, mine), chunk=100_000))
            self.assertEqual(statuses[-1], 0xA700)
            stored = statuses.count(0)
            self.assertGreater(stored, 5)
            # Refuses and goes on serving; says so to whoever balances load.
            self.assertEqual(server.http("/readyz")[0], 503)
            self.assertTrue(server.echoes())
            self.assertEqual(server.instances(), stored)
        server.stop()
        ballast.unlink()
        if point:
            subprocess.run(["mount", "-o", "remount,size=96m", point], check=True)
        else:
            storage["free_bytes_min"] = 1 << 20
        # Not before: without a byte of room the index cannot be opened, and verify says so.
        server.verify()
        again = self.server({"storage": storage})
        self.assertEqual(again.instances(), stored)
        harness.run("storescu", *again.peer, MR, ok=True)
        self.assertEqual(again.instances(), stored + 1)


def fill(path, most):
    """A file of `most` bytes, or as many as the file system has room for."""
    with open(path, "wb", buffering=0) as file:
        try:
            for _ in range(most >> 16):
                file.write(bytes(1 << 16))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def grown(body, megabytes):
    """The data set with a private element of that size in its place, before group 0010."""
    at = body.index(b"\x10\x00\x10\x00PN")
    value = bytes(megabytes << 20)
    return (body[:at] + b"\x0b\x00\x10\x00LO\x04\x00TEST"
            + b"\x0b\x00\x01\x10OB\0\0" + len(value).to_bytes(4, "little") + value + body[at:])


class Tls(harness.TestCase):
    """DCMTK's +tls tools against us, and ours against theirs (PS3.15 §B.12)."""

    def setUp(self):
        super().setUp()
        self.certificates = {}
        for name in ("server", "client", "stranger"):
            key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
            harness.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                        "-keyout", key, "-out", certificate, ok=True)
            self.certificates[name] = (key, certificate)

    def tls_server(self, client_certificate="off"):
        key, certificate = self.certificates["server"]
        tls = {"port": harness.free_port(), "certificate": certificate, "key": key,
               "client_certificate": client_certificate}
        if client_certificate != "off":
            tls["ca"] = self.certificates["client"][1]
        server = self.server({"dicom.tls": tls})
        server.tls_port = tls["port"]
        return server

    def dcmtk(self, tool, server, *options, who="client", trust="server", port=None):
        key, certificate = self.certificates[who]
        return harness.run(tool, "+tls", key, certificate, "+cf", self.certificates[trust][1], *options,
                           "-aec", server.ae_title, "127.0.0.1", port or server.tls_port,
                           *([CT] if tool == "storescu" else []))

    def test_echo_and_store_over_tls(self):
        server = self.tls_server()
        for tool in ("echoscu", "storescu"):
            done = self.dcmtk(tool, server)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(server.instances(), 1)
        self.assertTrue(server.echoes())

    def test_a_server_nobody_vouches_for_is_not_trusted(self):
        server = self.tls_server()
        self.assertNotEqual(self.dcmtk("echoscu", server, trust="stranger").returncode, 0)

    def test_required_client_certificates_are_required(self):
        server = self.tls_server("required")
        self.assertEqual(self.dcmtk("echoscu", server).returncode, 0)
        self.assertNotEqual(self.dcmtk("echoscu", server, who="stranger").returncode, 0)
        key = self.certificates["server"][1]
        self.assertNotEqual(harness.run("echoscu", "+tla", "+cf", key, "-aec", server.ae_title, "127.0.0.1",
                                        server.tls_port).returncode, 0)

    def test_optional_client_certificates_are_optional(self):
        server = self.tls_server("optional")
        key = self.certificates["server"][1]
        self.assertEqual(self.dcmtk("echoscu", server).returncode, 0)
        self.assertEqual(harness.run("echoscu", "+tla", "+cf", key, "-aec", server.ae_title, "127.0.0.1",
                                     server.tls_port).returncode, 0)

    def test_only_tls_1_2_and_1_3_are_spoken(self):
        server = self.tls_server()
        for version, accepted in (("-tls1", False), ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            done = harness.run("openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}", version,
                               "-cipher", "DEFAULT:@SECLEVEL=0", stdin="")
            self.assertEqual("Cipher is (NONE)" not in done.stdout and done.returncode == 0, accepted,
                             version + done.stdout[-500:])

    def test_a_server_with_an_expired_certificate_says_so_and_serves_its_other_port(self):
        key, certificate = self.certificates["server"]
        harness.run("openssl", "x509", "-in", certificate, "-signkey", key, "-days", "-1", "-out", certificate, ok=True)
        server = self.tls_server()
        line = server.wait_for_line("the certificate expired at ")
        self.assertRegex(line, "warning .*dicom.tls.certificate: ")
        self.assertTrue(server.echoes())

    def test_plain_dicom_on_the_tls_port_is_turned_away(self):
        server = self.tls_server()
        self.assertNotEqual(harness.run("echoscu", "-to", "5", "-aec", server.ae_title, "127.0.0.1",
                                        server.tls_port).returncode, 0)
        self.assertEqual(self.dcmtk("echoscu", server).returncode, 0)

    def test_half_a_handshake_and_silence_ends_with_artim(self):
        key, certificate = self.certificates["server"]
        port = harness.free_port()
        self.server({"dicom": {"artim_seconds": 2},
                     "dicom.tls": {"port": port, "certificate": certificate, "key": key}})
        with raw.Connection(port) as peer:
            peer.send(b"\x16\x03\x01\x02\x00\x01\x00")
            while True:
                piece = peer.socket.recv(4096)
                if not piece:
                    break


class OurScus(harness.TestCase):
    """`pacs echo` and `pacs store` against DCMTK and Orthanc."""

    def test_echo_against_every_peer(self):
        for make in (harness.storescp, harness.dcmqrscp, harness.orthanc):
            with harness.running(make(self.folder)) as peer:
                done = harness.pacs("echo", "-aec", peer.ae_title, "127.0.0.1", peer.port)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_echo_to_nobody_fails_in_words(self):
        done = harness.pacs("echo", "127.0.0.1", harness.free_port())
        self.assertEqual(done.returncode, 1)
        self.assertIn("refused", (done.stdout + done.stderr).lower())

    def test_store_of_files_arrives_byte_for_byte(self):
        sink = self.start(harness.storescp, self.folder, "+B", "-pm", "+xa")
        done = harness.pacs("store", "-aec", sink.ae_title, "127.0.0.1", sink.port, CT, MR)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        received = [data_set_of(path) for path in sink.received.iterdir()]
        for sent in (CT, MR):
            self.assertIn(data_set_of(sent), received)

    def test_store_fails_when_the_peer_takes_only_some(self):
        broken = self.folder / "broken.dcm"
        broken.write_bytes(CT.read_bytes()[:400])
        sink = self.start(harness.storescp, self.folder)
        done = harness.pacs("store", "-aec", sink.ae_title, "127.0.0.1", sink.port, CT, broken)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(len(list(sink.received.iterdir())), 1)


if __name__ == "__main__":
    unittest.main()
