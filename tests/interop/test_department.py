"""A day in a department: orders come in, three modalities (dcmjs-dimse) ask for their worklist, report what
they perform, store it and ask for commitment, while the server is killed twice. At the end every count agrees."""

import json
import pathlib
import random
import subprocess
import time

import harness

MODALITY = pathlib.Path(__file__).resolve().parent / "modality"
STATIONS = ("CT1", "CT2", "MR1")
DAY = "20261127"
ORDERS = 200
IMAGES = 3
UID_ROOT = "1.2.826.0.1.3680043.8.498.77."


def station_of(number):
    return STATIONS[number % len(STATIONS)]


def order(number, description="ROUTINE"):
    """An order as DICOM JSON model; one scheduled procedure step."""
    def text(vr, *values):
        return {"vr": vr, "Value": list(values)}
    step = {"00400001": text("AE", station_of(number)), "00400002": text("DA", DAY),
            "00400003": text("TM", f"{8 + number % 10:02}0000"), "00080060": text("CS", station_of(number)[:2]),
            "00400007": text("LO", description), "00400009": text("SH", f"SPS{number:04}")}
    return {"00080005": text("CS", "ISO_IR 192"),
            "00080050": text("SH", f"ACC{number:04}"),
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": f"Müller^Patient {number}"}]},
            "00100020": text("LO", f"P{number:04}"), "00100030": text("DA", "19700101"), "00100040": text("CS", "F"),
            "0020000D": text("UI", f"{UID_ROOT}{number}"),
            "00321060": text("LO", "EXAMINATION"), "00401001": text("SH", f"RP{number:04}"),
            "00400100": {"vr": "SQ", "Value": [step]}}


def write_worklist_file(path, number):
    """The same as a file of DCMTK's wlmscpfs, in Latin-1; every other one without a Part 10 header."""
    import pydicom
    data_set = pydicom.Dataset.from_json(json.dumps(order(number)))
    data_set.SpecificCharacterSet = "ISO_IR 100"
    # Decoded and set anew, so that it is written in the other character set.
    data_set.PatientName = str(data_set.PatientName)
    data_set.is_little_endian, data_set.is_implicit_VR = True, number % 2 == 0
    partial = path.with_suffix(".partial")
    if number % 2 == 0:
        data_set.save_as(partial, write_like_original=True)
    else:
        meta = pydicom.dataset.FileMetaDataset()
        meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.31"
        meta.MediaStorageSOPInstanceUID = f"{UID_ROOT}99.{number}"
        meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        file = pydicom.dataset.FileDataset(None, data_set, preamble=b"\0" * 128, file_meta=meta)
        file.is_little_endian, file.is_implicit_VR = True, False
        file.save_as(partial, write_like_original=False)
    partial.rename(path)


class Modality(harness.Process):
    def __init__(self, server, aet, port, associations):
        super().__init__("node", MODALITY / "modality.cjs", json.dumps(
            {"port": server.port, "aet": aet, "aec": server.ae_title, "listen": port, "date": DAY, "images": IMAGES,
             "associations": associations, "stays": True}))
        self.aet = aet

    def did(self, what):
        rows = [json.loads(line) for line in self.lines if line.startswith('{"did"')]
        return [row for row in rows if row["did"] == what]


class Department(harness.TestCase):
    seconds = 50

    def rest(self, path, method="GET", body=None, expect=(200, 201)):
        status, text, _ = self.pacs.http(path, method, None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        self.assertIn(status, expect, f"{method} {path}: {text[:400]}")
        return json.loads(text) if text else None

    def worklist(self, status):
        return self.rest(f"/api/worklist?limit=1000&status={status}")

    def jobs(self, state):
        return self.rest(f"/api/jobs?state={state}&limit=1000")["jobs"]

    def pages(self, path):
        """All steps of /api/performed-steps."""
        steps, before = [], None
        while True:
            page = self.rest(path + (f"&before={before}" if before else ""))
            steps += page["steps"]
            before = page["next_before"]
            if not before:
                return steps

    def start_server(self):
        self.pacs = self.start(harness.Pacs, self.folder, self.config)
        return self.pacs

    def test_a_day_with_two_hundred_orders_and_two_crashes(self):
        rng = random.Random(4)
        folder = self.folder / "orders"
        folder.mkdir()
        listeners = {aet: harness.free_port() for aet in STATIONS}
        self.config = {
            "dicom": {"port": harness.free_port()}, "http": {"port": harness.free_port()},
            "worklist": {"folder": folder, "folder_seconds": 1},
            "jobs": {"retry_seconds_min": 1, "retry_seconds_max": 2, "workers": 3},
            "remote_ae": [{"ae_title": aet, "host": "127.0.0.1", "port": port}
                          for aet, port in listeners.items()]}
        self.start_server()
        for number in range(0, ORDERS // 2):
            self.rest("/api/worklist", "POST", order(number, "DISCONTINUE" if number == 7 else "ROUTINE"), (201,))
        for number in range(ORDERS // 2, ORDERS):
            write_worklist_file(folder / f"order{number}.wl", number)
        harness.eventually(lambda: len(self.worklist("SCHEDULED")) == ORDERS, "all orders in the worklist")
        self.assertFalse((folder / "failed").exists() and list((folder / "failed").iterdir()))

        modalities = [self.start(Modality, self.pacs, aet, port, 2) for aet, port in listeners.items()]
        for _ in range(2):
            done = sum(len(m.did("performed")) for m in modalities)
            wanted = done + rng.randint(20, 50)
            harness.eventually(lambda: sum(len(m.did("performed")) for m in modalities) >= wanted,
                               "steps to be performed")
            self.pacs.kill()
            time.sleep(rng.uniform(0.1, 0.5))
            self.start_server()
        for modality in modalities:
            modality.wait_for_line('{"did":"day"', harness.SECONDS_MAX * 3)

        performed = [row for m in modalities for row in m.did("performed")]
        self.assertEqual(sum(m.did("day")[0]["items"] for m in modalities), ORDERS)
        self.assertEqual(len(performed), ORDERS)
        self.assertEqual(sorted(row["sps"] for row in performed), [f"SPS{n:04}" for n in range(ORDERS)])
        self.check_worklist(performed)
        self.check_steps(performed)
        self.check_reports(modalities)
        made = sum(len(row["instances"]) for row in performed)
        self.assertEqual(made, (ORDERS - 1) * IMAGES)
        self.assertEqual(self.pacs.instances(), made)
        harness.eventually(lambda: not self.jobs("waiting") and not self.jobs("running"), "all jobs to end")
        for modality in modalities:
            self.assertEqual(modality.stop(), 0, modality.log[-3000:])
        self.assertEqual(self.jobs("dead"), [])
        self.assertEqual(self.pacs.stop(), 0)
        self.pacs.verify()

    def check_worklist(self, performed):
        self.assertEqual(self.worklist("SCHEDULED,ARRIVED,READY,STARTED"), [])
        discontinued = [item["0020000D"]["Value"][0] for item in self.worklist("DISCONTINUED")]
        self.assertEqual(discontinued, [UID_ROOT + "7"])
        completed = {item["0020000D"]["Value"][0] for item in self.worklist("COMPLETED")}
        self.assertEqual(completed, {row["study"] for row in performed if row["status"] == "COMPLETED"})

    def check_steps(self, performed):
        steps = {step["sop_instance_uid"]: step for step in self.pages("/api/performed-steps?limit=500")}
        self.assertEqual(set(steps), {row["step"] for row in performed})
        for row in performed:
            step = steps[row["step"]]
            self.assertEqual(step["status"], row["status"])
            self.assertFalse(step["mismatch"], step)
            self.assertEqual(step["performed"], len(row["instances"]))
            self.assertEqual(step["stored"], len(row["instances"]))
        self.assertEqual(self.pages("/api/performed-steps?mismatch=true"), [])

    def check_reports(self, modalities):
        """Each request is reported exactly as it is; one whose answer a crash swallowed may come again."""
        for modality in modalities:
            reported = {}
            for report in modality.did("reported"):
                reported.setdefault(report["transaction"], []).append(report)
            asked = {row["transaction"]: row["instances"] for row in modality.did("asked")}
            self.assertEqual(set(asked), set(reported), modality.aet)
            for transaction, instances in asked.items():
                for report in reported[transaction]:
                    self.assertEqual((report["event"], sorted(report["committed"]), report["failed"]),
                                     (1, sorted(instances), []))


class Readable(harness.TestCase):
    def test_the_modality_speaks_with_a_server_that_has_nothing_for_it(self):
        server = self.server()
        done = subprocess.run(["node", MODALITY / "modality.cjs", json.dumps(
            {"port": server.port, "aet": "CT1", "aec": "PACS", "listen": harness.free_port()})],
            capture_output=True, text=True, timeout=harness.SECONDS_MAX)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('{"did":"worklist","items":0}', done.stdout)
