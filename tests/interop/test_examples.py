"""The example programs, run as their first lines say."""

import pathlib
import signal
import unittest

import harness

EXAMPLES = pathlib.Path(harness.PROGRAM).resolve().parent / "examples"
CT = harness.PYDICOM_FILES / "CT_small.dcm"


class Examples(harness.TestCase):
    def test_read_header_prints_what_a_file_shows(self):
        shown = harness.run(EXAMPLES / "read_header", CT, ok=True).stdout
        self.assertIn("CompressedSamples^CT1", shown)
        self.assertIn("128 x 128", shown)
        self.assertEqual(harness.run(EXAMPLES / "read_header", "/nowhere").returncode, 1)

    def test_read_header_decodes_text(self):
        shown = harness.run(EXAMPLES / "read_header", harness.PYDICOM_CHARSETS / "chrH31.dcm", ok=True).stdout
        self.assertIn("山田^太郎", shown)

    def test_echo_and_store_reach_the_server(self):
        server = self.server()
        peer = ("127.0.0.1", server.port, "PACS")
        self.assertIn("0000", harness.run(EXAMPLES / "echo_scu", *peer, ok=True).stdout)
        harness.run(EXAMPLES / "store_file", *peer, CT, harness.PYDICOM_FILES / "MR_small.dcm", ok=True)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(server.objects()), 2)

    def test_the_mini_archive_keeps_what_it_gets(self):
        port = harness.free_port()
        archive = self.start(harness.Process, EXAMPLES / "mini_archive", port, self.folder / "data")
        archive.wait_for_line("listens")
        harness.run("storescu", "-aec", "MINI", "127.0.0.1", port, CT, ok=True)
        archive.signal(signal.SIGINT)
        self.assertEqual(archive.popen.wait(harness.SECONDS_MAX), 0)
        kept = [path for path in (self.folder / "data").rglob("*") if path.suffix == ".dcm"]
        self.assertEqual(len(kept), 1)


if __name__ == "__main__":
    unittest.main()
