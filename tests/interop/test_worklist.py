"""Modality Worklist: DCMTK's findscu asks us, our `pacs worklist query` asks DCMTK's wlmscpfs, and both
servers answer the same questions over the same .wl files alike."""

import json
import pathlib
import tempfile
import unittest

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import harness
from harness import pacs, run

EXAMPLES = pathlib.Path("/usr/share/doc/dcmtk/examples")


def make_example_files(folder):
    """The worklist files that DCMTK comes with, as its README makes them, and an order in another
    character set. The date and time of step are made whole where the example has none."""
    for dump in sorted((EXAMPLES / "wlistdb" / "OFFIS").glob("*.dump")):
        run("dump2dcm", "-q", "-g", dump, folder / (dump.stem + ".wl"), ok=True)
    (folder / "lockfile").touch()
    return sorted(folder.glob("*.wl"))


def step_key(**keys):
    item = Dataset()
    for keyword, value in keys.items():
        setattr(item, keyword, value)
    return Sequence([item])


def order(step_id, **changes):
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID, ds.AccessionNumber = "Doe^Jane", "P1", "A1"
    ds.StudyInstanceUID, ds.RequestedProcedureID = f"1.2.3.{abs(hash(step_id)) % 10**8}", "R1"
    step = Dataset()
    step.ScheduledStationAETitle, step.Modality = "CT1", "CT"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20240705", "1000"
    step.ScheduledProcedureStepID = step_id
    for keyword, value in changes.items():
        setattr(step if keyword.startswith("Scheduled") or keyword == "Modality" else ds, keyword, value)
    ds.ScheduledProcedureStepSequence = Sequence([step])
    return ds


def findscu(server, query):
    """The answers of a server to a query, each a data set."""
    with tempfile.TemporaryDirectory() as place:
        path, out = pathlib.Path(place) / "query.dcm", pathlib.Path(place) / "out"
        out.mkdir()
        query.file_meta = pydicom.dataset.FileMetaDataset()
        query.is_little_endian, query.is_implicit_VR = True, True
        pydicom.dcmwrite(path, query, write_like_original=True)
        run("findscu", "-W", "-X", "-aet", "CT1", "-aec", server.ae_title, "-od", out, "127.0.0.1",
            server.port, path, ok=True)
        return [pydicom.dcmread(file, force=True) for file in sorted(out.iterdir())]


def plain(ds):
    """Text of a data set without what a server may add of its own."""
    rows = {}
    for element in ds:
        if element.keyword == "SpecificCharacterSet" or element.tag.group <= 2 or element.tag.element == 0:
            continue
        if element.VR == "SQ":
            rows[element.keyword] = [plain(item) for item in element.value]
        else:
            rows[element.keyword] = str(element.value).strip()
    return rows


# Not wildcards in Patient ID, for which PS3.4 Table K.6-1 asks single value matching only: wlmscpfs has none.
QUERIES = [
    {"PatientName": None},
    {"PatientName": "V*"},
    {"PatientName": "*A*"},
    {"PatientID": "AV35674"},
    {"AccessionNumber": "00000"},
    {"step": {"Modality": "MR"}},
    {"step": {"Modality": "CT"}},
    {"step": {"ScheduledStationAETitle": "AA32"}},
    {"step": {"ScheduledStationAETitle": "NOBODY"}},
    {"step": {"ScheduledProcedureStepStartDate": "19951015"}},
    {"step": {"ScheduledProcedureStepStartDate": "19950101-19960101"}},
    {"step": {"ScheduledProcedureStepStartDate": "19960101-"}},
    {"step": {"ScheduledProcedureStepStartDate": "-19960101"}},
    {"step": {"ScheduledProcedureStepStartTime": "120000-"}},
    {"step": {"ScheduledPerformingPhysicianName": "JOHN*"}},
    {"PatientName": "*", "step": {"Modality": "MR", "ScheduledProcedureStepStartDate": "19951015"}},
]


class SameFilesTest(harness.TestCase):
    """wlmscpfs and our server over the same folder."""

    def setUp(self):
        super().setUp()
        self.database = self.folder / "worklist" / "OFFIS"
        self.database.mkdir(parents=True)
        self.files = make_example_files(self.database)
        self.peer = self.start(harness.wlmscpfs, self.folder / "worklist")
        self.pacs = self.server({"worklist": {"folder": self.folder / "worklist", "folder_seconds": 1}})
        for path in self.files:
            self.pacs.wait_for_line(f"OFFIS/{path.name}")

    def query(self, keys):
        query = Dataset()
        for keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID",
                        "RequestedProcedureID", "RequestedProcedureDescription", "MedicalAlerts"):
            setattr(query, keyword, keys.get(keyword) or "")
        usual = dict.fromkeys(("Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate",
                               "ScheduledProcedureStepStartTime", "ScheduledPerformingPhysicianName",
                               "ScheduledProcedureStepDescription", "ScheduledProcedureStepID",
                               "ScheduledStationName", "ScheduledProcedureStepLocation"), "")
        query.ScheduledProcedureStepSequence = step_key(**{**usual, **keys.get("step", {})})
        return query

    def test_answers_are_those_of_wlmscpfs(self):
        self.assertFalse((self.folder / "worklist" / "failed").exists(), "every example file is taken")
        found = 0
        for keys in QUERIES:
            theirs, ours = (sorted(map(plain, findscu(server, self.query(keys))), key=str)
                            for server in (self.peer, self.pacs))
            self.assertEqual(ours, theirs, keys)
            found += len(ours)
        self.assertGreater(found, 3 * len(self.files))

    def test_our_query_tool_reads_both(self):
        arguments = ["-k", "Modality=MR", "-k", "PatientName=*", "--csv"]
        theirs = pacs("worklist", "query", f"OFFIS@127.0.0.1:{self.peer.port}", *arguments, ok=True).stdout
        ours = pacs("worklist", "query", f"PACS@127.0.0.1:{self.pacs.port}", *arguments, ok=True).stdout
        self.assertEqual(sorted(ours.splitlines()), sorted(theirs.splitlines()))
        self.assertGreater(len(ours.splitlines()), 1)


class FolderTest(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.watched = self.folder / "worklist"
        self.watched.mkdir()
        self.pacs = self.server({"worklist": {"folder": self.watched, "folder_seconds": 1}})

    def write(self, name, ds, part10=True, implicit=False):
        ds.is_little_endian, ds.is_implicit_VR = True, implicit
        path = self.watched / name
        if part10:
            ds.file_meta = pydicom.dataset.FileMetaDataset()
            ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1"
            ds.file_meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"
            ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
            pydicom.dcmwrite(path, ds, write_like_original=False)
        else:
            pydicom.dcmwrite(path, ds, write_like_original=True)

    def names(self):
        listed = pacs("worklist", "list", "--config", self.pacs.config_file, "--csv", ok=True).stdout
        return {row.split(",")[8]: row.split(",")[2] for row in listed.splitlines()[1:]}

    def wait_for(self, expected):
        harness.eventually(lambda: self.names() == expected, str(expected))

    def test_a_file_comes_changes_and_goes(self):
        self.write("a.wl", order("S1"))
        self.write("b.wl", order("S2"), part10=False, implicit=True)
        self.write("c.wl", order("S3", SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jürgen"))
        self.wait_for({"S1": "SCHEDULED", "S2": "SCHEDULED", "S3": "SCHEDULED"})
        found = pacs("worklist", "query", f"PACS@127.0.0.1:{self.pacs.port}", "-k", "PatientName=müller*",
                     "--csv", ok=True).stdout
        self.assertIn("Müller^Jürgen", found)
        (self.watched / "a.wl").unlink()
        self.wait_for({"S1": "CANCELED", "S2": "SCHEDULED", "S3": "SCHEDULED"})

    def test_a_cut_file_is_set_aside_with_its_reason(self):
        self.write("whole.wl", order("S1"))
        whole = (self.watched / "whole.wl").read_bytes()
        (self.watched / "cut.wl").write_bytes(whole[:-30])
        self.pacs.wait_for_line("worklist file set aside")
        harness.eventually((self.watched / "failed" / "cut.wl.reason.txt").exists, "the reason")
        self.assertTrue((self.watched / "failed" / "cut.wl").exists())
        self.wait_for({"S1": "SCHEDULED"})

    def test_a_file_with_text_of_no_character_set_is_set_aside_with_the_element(self):
        self.write("a.wl", order("S1", SpecificCharacterSet="ISO_IR 100", PatientAddress="Lörrach"))
        whole = (self.watched / "a.wl").read_bytes()
        self.wait_for({"S1": "SCHEDULED"})
        for name, term in (("none.wl", b"ISO_IR 6  "), ("other.wl", b"ISO_IR 999")):
            (self.watched / name).write_bytes(whole.replace(b"ISO_IR 100", term).replace(b"S1", b"S2"))
        reasons = {name: self.watched / "failed" / f"{name}.reason.txt" for name in ("none.wl", "other.wl")}
        harness.eventually(lambda: all(path.exists() for path in reasons.values()), "the reasons")
        self.assertIn("PatientAddress cannot be read as ISO_IR 6 (0010,1040)", reasons["none.wl"].read_text())
        self.assertIn("SpecificCharacterSet has an unknown term (0008,0005)", reasons["other.wl"].read_text())
        self.wait_for({"S1": "SCHEDULED"})

    def test_a_server_that_was_away_catches_up(self):
        self.write("a.wl", order("S1"))
        self.write("b.wl", order("S2"))
        self.wait_for({"S1": "SCHEDULED", "S2": "SCHEDULED"})
        self.pacs.kill()
        (self.watched / "a.wl").unlink()
        self.write("c.wl", order("S3"))
        self.pacs = self.server({"worklist": {"folder": self.watched, "folder_seconds": 1}})
        self.wait_for({"S1": "CANCELED", "S2": "SCHEDULED", "S3": "SCHEDULED"})


class CommandTest(harness.TestCase):
    """`pacs worklist` beside a running server and without one."""

    def setUp(self):
        super().setUp()
        self.pacs = self.server()
        self.config = ["--config", self.pacs.config_file]

    def file(self, name, *orders):
        path = self.folder / name
        path.write_text(json.dumps([ds.to_json_dict() for ds in orders]))
        return path

    def test_add_list_and_cancel(self):
        for running in (True, False):
            if not running:
                self.pacs.stop()
            step = "S1" if running else "T1"
            path = self.file("orders.json", order(step), order(step + "x"))
            added = pacs("worklist", "add", path, *self.config, ok=True).stdout
            self.assertIn(step + "x", added)
            again = pacs("worklist", "add", path, *self.config, ok=False)
            self.assertIn("already", again.stderr)
            pacs("worklist", "add", "--replace", path, *self.config, ok=True)
            pacs("worklist", "cancel", step, *self.config, ok=True)
            listed = pacs("worklist", "list", "--status", "CANCELED", "-k",
                          f"ScheduledProcedureStepID={step}", *self.config, "--json", ok=True).stdout
            self.assertEqual(len(listed.splitlines()), 1)
            pacs("worklist", "cancel", "NONE", *self.config, ok=False)

    def test_a_file_without_an_order_is_named(self):
        done = pacs("worklist", "add", self.file("none.json"), *self.config, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no order in", done.stderr)
        self.assertIn("none.json", done.stderr)

    def test_a_bad_file_adds_nothing(self):
        bad = order("S2")
        del bad.PatientID
        (self.folder / "no.wl").write_text("no DICOM")
        done = pacs("worklist", "add", self.file("good.json", order("S1")), self.file("bad.json", bad),
                    self.folder / "no.wl", *self.config, ok=False)
        self.assertIn("PatientID is missing", done.stderr)
        self.assertIn("nothing was added", done.stderr)
        listed = pacs("worklist", "list", *self.config, "--csv", ok=True).stdout
        self.assertEqual(len(listed.splitlines()), 1)

    def steps(self):
        listed = pacs("worklist", "list", *self.config, "--csv", ok=True).stdout
        return [row.split(",")[8] for row in listed.splitlines()[1:]]

    def many(self, count):
        return [order(f"M{number}", StudyInstanceUID=f"1.2.3.{number + 1}") for number in range(count)]

    def test_more_orders_than_one_request_holds(self):
        added = pacs("worklist", "add", self.file("many.json", *self.many(1500)), *self.config, ok=True).stdout
        self.assertEqual(len(added.splitlines()), 1500)
        self.assertEqual(len(self.steps()), 1500)

    def test_what_is_refused_behind_others_is_said_with_the_count(self):
        orders = self.many(1500)
        pacs("worklist", "add", self.file("last.json", orders[-1]), *self.config, ok=True)
        path = self.file("many.json", *orders)
        done = pacs("worklist", "add", path, *self.config)
        self.assertEqual(done.returncode, 1)
        # Orders of this size: 1,000 are below 512 KiB.
        self.assertIn("1000 of 1500 steps were taken, not steps 1001 to 1500: duplicate: step M1499 of study "
                      "1.2.3.1500 is already in the worklist", done.stderr)
        self.assertEqual([line.split()[1] for line in done.stdout.splitlines()], [f"M{n}" for n in range(1000)])
        self.assertEqual(sorted(self.steps()), sorted([f"M{n}" for n in range(1000)] + ["M1499"]))
        self.pacs.stop()  # the archive itself: all or none
        done = pacs("worklist", "add", self.file("two.json", orders[1200], orders[0]), *self.config)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("0 of 2 steps were taken", done.stderr)
        self.assertEqual(len(self.steps()), 1001)

    def test_a_replacement_that_is_refused_is_named(self):
        nobody = "http://127.0.0.1:" + str(harness.free_port())
        done = pacs("worklist", "add", "--replace", "--url", nobody, self.file("two.json", order("S1"), order("S2")))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("0 of 2 steps were taken, not step 1 (S1 of study 1.2.3.", done.stderr)
        self.assertIn(") and those after it: ", done.stderr)

    def test_a_filter_that_is_none_is_wrong_usage(self):
        for filters in (["--status", "FOO"], ["-k", "PatientID"], ["-k", "NoSuchKeyword=1"]):
            self.assertEqual(pacs("worklist", "list", *self.config, *filters).returncode, 2, filters)

    def test_without_an_archive_none_is_made(self):
        nowhere = self.folder / "nowhere"
        for command in (["list"], ["cancel", "S1"]):
            done = pacs("worklist", *command, *self.config, "--set", f"storage.path={nowhere}")
            self.assertEqual(done.returncode, 1)
            self.assertIn("there is no archive here", done.stderr)
            self.assertFalse(nowhere.exists())

    def test_a_step_is_performed_of_one_item(self):
        items = [json.dumps(order(step).to_json_dict()) for step in ("S1", "S2")]
        for text in ("\n".join(items), "[" + ",".join(items) + "]"):
            (self.folder / "items.json").write_text(text)
            done = pacs("mpps", "create", f"PACS@127.0.0.1:{self.pacs.port}", "--from-worklist",
                        self.folder / "items.json")
            self.assertEqual(done.returncode, 2)
            self.assertIn("has 2 worklist items: keep the one", done.stderr)

    def test_what_was_acknowledged_survives_kill_9(self):
        for number in range(20):
            body = json.dumps(order(f"K{number}").to_json_dict()).encode()
            status, text, _ = self.pacs.http("/api/worklist", "POST", body,
                                             {"Content-Type": "application/json"})
            self.assertEqual(status, 201, text)
        self.pacs.kill()
        self.pacs = self.server()
        listed = pacs("worklist", "list", "--config", self.pacs.config_file, "--csv", ok=True).stdout
        self.assertEqual(len(listed.splitlines()), 21)


if __name__ == "__main__":
    unittest.main()
