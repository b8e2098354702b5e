"""docs/WORKFLOW.md, followed as written: each block is run, in its order, on free ports."""

import json
import pathlib
import re
import subprocess

import harness

PAGE = (harness.ROOT / "docs" / "WORKFLOW.md").read_text()


class WorkflowPage(harness.TestCase):
    def test_followed_as_written_it_ends_with_a_committed_study(self):
        for name in ("scripts", "tests"):
            (self.folder / name).symlink_to(harness.ROOT / name)
        (self.folder / "build").symlink_to(pathlib.Path(harness.PROGRAM).parent)
        ports = {"11112": harness.free_port(), "11190": harness.free_port(), "8080": harness.free_port()}

        def on_free_ports(text):
            return re.sub("11112|11190|8080", lambda match: str(ports[match[0]]), text)
        blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
        self.assertEqual([kind for kind, _ in blocks].count("toml"), 1)
        toml = next(text for kind, text in blocks if kind == "toml")
        (self.folder / "workflow.toml").write_text(
            on_free_ports(toml) + f"\n[dicom]\nport = {ports['11112']}\n\n[http]\nport = {ports['8080']}\n")
        (self.folder / "order.json").write_text(next(text for kind, text in blocks if kind == "json"))

        said, answered = [], ""
        for kind, text in blocks:
            if kind != "sh":
                continue
            text = on_free_ports(text)
            if " serve " in text:
                words = text.split()
                self.server_process = self.start(harness.Process, harness.PROGRAM, *words[1:], cwd=self.folder)
                self.server_process.wait_for_line("ready", whole=True)
                continue
            done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", text], cwd=self.folder,
                                  capture_output=True, text=True, timeout=harness.SECONDS_MAX * 3)
            self.assertEqual(done.returncode, 0, f"{text}\n{done.stdout}{done.stderr}\n{self.server_process.log}")
            said.append(done.stdout)
            if "findscu" in text:
                answered = done.stdout + done.stderr  # DCMTK's log goes to either
        whole = "\n".join(said)
        for words in ("Doe^Jane", "SPS1", "STARTED", "COMPLETED", '"status":"COMPLETED"', '"mismatch":false'):
            self.assertIn(words, whole)
        self.assertIn("Doe^Jane", answered, "findscu prints an order")
        rows = [json.loads(line) for line in whole.splitlines() if line.startswith('{"did"')]
        # The report may be here before the answer to what asked for it has been looked at.
        self.assertEqual(sorted({row["did"] for row in rows}), ["asked", "day", "performed", "reported", "worklist"])
        # A report that crosses the modality's release comes again.
        self.assertEqual({row["event"] for row in rows if row["did"] == "reported"}, {1})
