"""What the field does to an archive that works: rows that a database refuses, folders that cannot be read whole,
scanners that leave things out, listeners that are away, and folders that are full already."""

import json
import sqlite3
import subprocess
import unittest

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import harness
import test_mpps as mpps
import test_storage as samples
import test_worklist as worklist
from harness import eventually
from test_commitment import QUICK, Listener

CT, MR = harness.PYDICOM_FILES / "CT_small.dcm", harness.PYDICOM_FILES / "MR_small.dcm"


class Stored(harness.TestCase):
    @staticmethod
    def store(server, *paths):
        """As they are: DCMTK's storescu leaves out the padding behind the pixels."""
        harness.pacs("store", f"{server.ae_title}@127.0.0.1:{server.port}", "-q", *paths, ok=True)


class SetAside(Stored):
    def test_an_instance_that_the_index_refuses_is_set_aside_and_stops_nothing(self):
        server = self.server()
        self.assertEqual(server.stop(), 0)
        uid = samples.identity(MR)[1]
        with sqlite3.connect(server.data / "index.sqlite") as index:
            index.execute("CREATE TRIGGER refuse BEFORE INSERT ON instance WHEN NEW.sop_instance_uid = "
                          f"'{uid}' BEGIN SELECT RAISE(ABORT, 'a row that nobody can write'); END")
        index.close()
        server = self.server()
        self.store(server, CT, MR)  # durable, so acknowledged
        eventually(lambda: server.metric("pacs_storage_set_aside") == 1, "the metric")
        self.assertEqual(server.instances(), 1)
        code, text, _ = server.http("/readyz")
        self.assertEqual(code, 200)
        self.assertIn("1 files are set aside", json.loads(text)["checks"][0]["detail"])
        kept, = (server.data / "set-aside").iterdir()
        self.assertEqual(samples.split(kept)[1], samples.split(MR)[1])
        line = server.wait_for_line("is set aside")
        self.assertIn(uid, line)
        self.assertIn(str(kept), line)
        # Also when nobody stopped it properly, and what is imported again is whole.
        server.kill()
        server = self.server()
        self.assertEqual(server.instances(), 1)
        self.assertEqual(server.stop(), 0)
        server.verify(ok=True)
        with sqlite3.connect(server.data / "index.sqlite") as index:
            index.execute("DROP TRIGGER refuse")
        index.close()
        harness.pacs("import", "--config", server.config_file, kept, ok=True)
        kept.unlink()
        server = self.server()
        self.assertEqual(server.instances(), 2)
        self.assertEqual(json.loads(server.http("/readyz")[1])["checks"][0], {"name": "Archive", "ok": True})


class WorklistFolder(harness.TestCase):
    def test_what_cannot_be_looked_at_cancels_no_order(self):
        folder = self.folder / "worklist"
        (folder / "CT1").mkdir(parents=True)
        self.write(folder / "a.wl", worklist.order("S1"))
        self.write(folder / "CT1" / "b.wl", worklist.order("S2"))
        server = self.server({"worklist": {"folder": folder, "folder_seconds": 1}})
        eventually(lambda: self.steps(server) == {"S1": "SCHEDULED", "S2": "SCHEDULED"}, "both orders")
        (folder / "a.wl").unlink()
        (folder / "a.wl").symlink_to("a.wl")  # a loop: neither there nor gone
        (folder / "CT1" / "b.wl").unlink()
        server.wait_for_line("the worklist folder cannot be followed")
        (folder / "a.wl").unlink()
        self.write(folder / "a.wl", worklist.order("S1"))
        eventually(lambda: self.steps(server)["S2"] == "CANCELED", "what is gone once it can be seen")
        self.assertEqual(self.steps(server)["S1"], "SCHEDULED")

    @staticmethod
    def write(path, ds):
        path.write_bytes(mpps.queries.encoded(ds))

    @staticmethod
    def steps(server):
        found = {}
        for state in ("SCHEDULED", "CANCELED"):
            status, text, _ = server.http(f"/api/worklist?status={state}")
            assert status == 200, text
            for item in json.loads(text):
                found[item["00400100"]["Value"][0]["00400009"]["Value"][0]] = state
        return found


class PerformedSteps(harness.TestCase):
    def test_what_a_step_has_to_tell_comes_in_its_order(self):
        listener = Listener(sop_class=mpps.NOTIFICATION)
        port = listener.port
        listener.close()
        server = self.server({**QUICK, "mpps": {"notify": ["RIS"]},
                              "remote_ae": [{"ae_title": "RIS", "host": "127.0.0.1", "port": port}]})
        steps = [f"{mpps.ROOT_UID}.77.{n}" for n in range(3)]
        with mpps.Modality(server) as modality:
            for step in steps:
                self.assertEqual(modality.create(step, mpps.beginning(step)).status, 0)
                for status in ("IN PROGRESS", "COMPLETED"):
                    self.assertEqual(modality.set(step, mpps.ending(status, step + ".1", [])).status, 0)
        # Each has been tried by now, and is tried again when its own time has come.
        eventually(lambda: server.metric("pacs_job_runs_total") >= 3, "attempts")
        listener = Listener(sop_class=mpps.NOTIFICATION, port=port)
        self.addCleanup(listener.close)
        eventually(lambda: len(listener.reports) == 9, "all reports")
        for step in steps:
            told = [event for (event, _), instance in zip(listener.reports, listener.instances) if instance == step]
            self.assertEqual(told, [1, 4, 2])

    def test_a_scanner_that_leaves_things_out_is_taken_where_that_is_configured(self):
        lenient = self.server({"mpps": {"strict": False}}, name="lenient")
        strict = self.server(name="strict")
        step = mpps.beginning(mpps.ROOT_UID + ".78")
        del step.PerformedSeriesSequence
        step.ReferencedPatientSequence = Sequence([Dataset()])
        step.ScheduledStepAttributesSequence[0].ReferencedStudySequence = Sequence([Dataset()])
        with mpps.Modality(strict) as modality:
            refused = modality.create("", step)
            self.assertEqual(refused.status, mpps.MISSING)
            self.assertIn("mpps.strict", refused.comment)
        with mpps.Modality(lenient) as modality:
            created = modality.create("", step)
            self.assertEqual((created.status, created.comment), (0, ""))
            self.assertEqual(modality.get(created.uid).status, 0)
        line = lenient.wait_for_line("lacks what PS3.4 Table F.7.2-1 requires")
        for said in ("Affected SOP Instance UID is missing", "PerformedSeriesSequence is missing",
                     "in item 1 of ReferencedStudySequence"):
            self.assertIn(said, line)


class Commands(Stored):
    def get(self, server, cwd, *arguments):
        return subprocess.run([str(harness.PROGRAM), "get", f"PACS@127.0.0.1:{server.port}",
                               *map(str, arguments)],
                              cwd=cwd, capture_output=True, text=True, timeout=harness.SECONDS_MAX)

    def test_get_fills_no_folder_unasked_and_overwrites_nothing(self):
        server = self.server()
        self.store(server, MR)
        study = str(samples.read(MR).StudyInstanceUID)
        here = self.folder / "here"
        here.mkdir()
        done = self.get(server, here, "-k", f"StudyInstanceUID={study}")
        self.assertEqual(done.returncode, 0, done.stderr)
        made, = here.iterdir()
        self.assertTrue(made.is_dir())
        self.assertIn(str(made), done.stdout)
        self.assertIn(str(made), done.stderr)
        file, = made.iterdir()
        self.assertEqual(samples.split(file)[1], samples.split(MR)[1])
        # As getscu does, when asked; what is there stays.
        file = here / f"{samples.identity(MR)[1]}.dcm"
        file.write_bytes(b"somebody's own")
        for _ in range(2):
            done = self.get(server, here, "-k", f"StudyInstanceUID={study}", "-o", ".", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["folder"], str(here))
        self.assertEqual(file.read_bytes(), b"somebody's own")
        self.assertEqual(sorted(path.name for path in here.glob("*.dcm")),
                         sorted([file.name, file.stem + ".2.dcm"]))
        # Nothing came, nothing is made.
        done = self.get(server, here, "-k", "StudyInstanceUID=9.9")
        self.assertEqual(done.returncode, 1)
        self.assertEqual([path for path in here.iterdir() if path.is_dir()], [made])


if __name__ == "__main__":
    unittest.main()
