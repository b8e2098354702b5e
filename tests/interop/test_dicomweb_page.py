"""Each request of docs/DICOMWEB.md, pasted into a shell from the first to the last."""

import re
import subprocess
import sys
import unittest

import harness

PAGE = harness.ROOT / "docs" / "DICOMWEB.md"
# Says which curl got no answer of success.
CURL = """
curl() { command curl -sS --fail-with-body "$@" >>answers 2>&1 || echo "FAILED $? curl $*"; }
"""


class DicomwebPage(harness.ServerTestCase):
    def blocks(self, language):
        text = PAGE.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{self.pacs.http_port}")
        return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)

    def test_every_request_works_as_it_stands(self):
        script = CURL + "".join(self.blocks("sh"))
        self.assertGreater(script.count("\ncurl "), 30)
        done = subprocess.run(["bash", "-eu", "-c", script], cwd=self.class_folder, capture_output=True, text=True,
                              timeout=harness.SECONDS_MAX)
        answers = (self.class_folder / "answers").read_text(errors="replace")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), answers[-2000:])
        self.assertEqual((self.class_folder / "one.dcm").read_bytes()[128:132], b"DICM")
        self.assertEqual((self.class_folder / "three.multipart").read_bytes().count(b"Content-Location: "), 3)
        self.assertEqual((self.class_folder / "all.multipart").read_bytes().count(b"Content-Location: "), 15)
        for python in self.blocks("python"):
            said = harness.run(sys.executable, "-c", python, ok=True).stdout
            self.assertEqual(said.strip(), "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322")


if __name__ == "__main__":
    unittest.main()
