"""Modality Performed Procedure Step: hand-made modalities against us, and `pacs mpps`."""

import json
import struct
import threading
import unittest

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import harness
import queries
import raw_dicom as raw
from harness import pacs
from test_commitment import QUICK, Listener

MPPS = "1.2.840.10008.3.1.2.3.3"
RETRIEVE = "1.2.840.10008.3.1.2.3.4"
NOTIFICATION = "1.2.840.10008.3.1.2.3.5"
ROOT_UID = "1.2.826.0.1.3680043.8.498.7"

SUCCESS, NO_SUCH_ATTRIBUTE, INVALID_VALUE, LIST_ERROR = 0x0000, 0x0105, 0x0106, 0x0107
PROCESSING_FAILURE, DUPLICATE, NO_SUCH_INSTANCE, INVALID_INSTANCE = 0x0110, 0x0111, 0x0112, 0x0117
NO_SUCH_CLASS, MISSING, MISSING_VALUE, UNRECOGNIZED = 0x0118, 0x0120, 0x0121, 0x0211


def beginning(study, scheduled="", **attributes):
    """What PS3.4 Table F.7.2-1 requires of an N-CREATE."""
    request = Dataset()
    request.StudyInstanceUID, request.ScheduledProcedureStepID = study, scheduled
    request.ReferencedStudySequence, request.ScheduledProtocolCodeSequence = Sequence(), Sequence()
    for keyword in ("AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription",
                    "ScheduledProcedureStepDescription"):
        setattr(request, keyword, "")
    ds = Dataset()
    ds.ScheduledStepAttributesSequence = Sequence([request])
    ds.PatientName, ds.PatientID = "Doe^Jane", "P1"
    ds.PerformedProcedureStepID, ds.PerformedStationAETitle, ds.Modality = "PPS1", "SCANNER", "CT"
    ds.PerformedProcedureStepStartDate, ds.PerformedProcedureStepStartTime = "20260101", "101500"
    ds.PerformedProcedureStepStatus = "IN PROGRESS"
    for keyword in ("PatientBirthDate", "PatientSex", "PerformedStationName", "PerformedLocation", "StudyID",
                    "PerformedProcedureStepDescription", "PerformedProcedureTypeDescription",
                    "PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime"):
        setattr(ds, keyword, "")
    for keyword in ("ReferencedPatientSequence", "ProcedureCodeSequence", "PerformedProtocolCodeSequence",
                    "PerformedSeriesSequence"):
        setattr(ds, keyword, Sequence())
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def ending(status, series_uid, images):
    """What its final state requires."""
    series = Dataset()
    series.SeriesInstanceUID, series.ProtocolName = series_uid, "HEAD"
    for keyword in ("PerformingPhysicianName", "OperatorsName", "SeriesDescription", "RetrieveAETitle"):
        setattr(series, keyword, "")
    series.ReferencedNonImageCompositeSOPInstanceSequence = Sequence()
    references = []
    for uid in images:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = raw.CT_STORAGE, uid
        references.append(reference)
    series.ReferencedImageSequence = Sequence(references)
    ds = Dataset()
    ds.PerformedProcedureStepStatus = status
    ds.PerformedProcedureStepEndDate, ds.PerformedProcedureStepEndTime = "20260101", "103000"
    ds.PerformedSeriesSequence = Sequence([series])
    return ds


def image(study, series, uid):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = raw.CT_STORAGE, uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    ds.PatientID, ds.PatientName, ds.Modality = "P1", "Doe^Jane", "CT"
    return ds


class Answer:
    def __init__(self, command, data):
        self.status = raw.status_of(command)
        self.comment = command.get(0x00000902, b"").decode().strip()
        self.error_id = struct.unpack("<H", command[0x00000903])[0] if 0x00000903 in command else None
        self.attributes, self.offending = (
            [group << 16 | element for group, element in struct.iter_unpack("<HH", command.get(tag, b""))]
            for tag in (0x00001005, 0x00000901))
        self.uid = command.get(0x00001000, b"").rstrip(b"\0").decode()
        self.data_set = queries.decoded(data) if data else None


class Modality(raw.Connection):
    """A modality with an association of its own."""

    def __init__(self, server):
        super().__init__(server.port, harness.SECONDS_MAX)
        self.associate(*(raw.context(number, uid, [raw.EXPLICIT]) for number, uid in
                         ((1, MPPS), (3, RETRIEVE), (5, raw.CT_STORAGE))), called=server.ae_title)

    def create(self, uid, ds, number=1, sop_class=MPPS):
        return self.ask(raw.N_CREATE_RQ, sop_class, uid, ds, number)

    def set(self, uid, ds):
        return self.ask(raw.N_SET_RQ, MPPS, uid, ds, 1)

    def get(self, uid, *attributes, number=3, sop_class=RETRIEVE):
        command = raw.n_rq(raw.N_GET_RQ, sop_class, uid, data_set=False, attributes=attributes)
        return Answer(*self.request(number, command))

    def ask(self, field, sop_class, uid, ds, number):
        data = ds if isinstance(ds, bytes) else queries.encoded(ds)
        command = raw.n_rq(field, sop_class, uid, data_set=bool(data))
        return Answer(*self.request(number, command, data))

    def stores(self, ds):
        return self.store(5, raw.CT_STORAGE, ds.SOPInstanceUID, queries.encoded(ds))


def api(server, path=""):
    status, text, _ = server.http("/api/performed-steps" + path)
    assert status == 200, text
    return json.loads(text)


class Notification(harness.TestCase):
    """PS3.4 §F.9: whoever mpps.notify names is told on an association that we open."""

    def test_a_listener_that_was_away_while_the_server_was_killed_hears_of_each_change(self):
        listener = Listener(sop_class=NOTIFICATION)
        port = listener.port
        listener.close()
        config = {**QUICK, "mpps": {"notify": ["RIS"]},
                  "remote_ae": [{"ae_title": "RIS", "host": "127.0.0.1", "port": port}]}
        server = self.server(config)
        study, step = ROOT_UID + ".8888", ROOT_UID + ".8888.9"
        with Modality(server) as modality:
            self.assertEqual(modality.create(step, beginning(study)).status, SUCCESS)
            self.assertEqual(modality.set(step, ending("COMPLETED", study + ".1", [])).status, SUCCESS)
        server.kill()
        listener = Listener(sop_class=NOTIFICATION, port=port)
        self.addCleanup(listener.close)
        self.server(config)
        harness.eventually(lambda: {event for event, _ in listener.reports} == {1, 2}, "both reports")
        self.assertEqual(set(listener.instances), {step})
        self.assertEqual({information for _, information in listener.reports}, {None})


class Steps(harness.ServerTestCase):
    count = 0

    def setUp(self):
        super().setUp()
        Steps.count += 1
        self.study = f"{ROOT_UID}.{Steps.count}"
        self.step, self.series = self.study + ".9", self.study + ".1"
        self.modality = Modality(self.pacs)
        self.addCleanup(self.modality.__exit__)

    def instances(self, count):
        return [f"{self.series}.{number}" for number in range(1, count + 1)]

    def test_a_step_from_beginning_to_end(self):
        self.assertEqual(self.modality.create(self.step, beginning(self.study)).status, SUCCESS)
        for uid in self.instances(3):
            self.assertEqual(self.modality.stores(image(self.study, self.series, uid)), 0)
        end = ending("COMPLETED", self.series, self.instances(3))
        self.assertEqual(self.modality.set(self.step, end).status, SUCCESS)
        shown = self.modality.get(self.step)
        self.assertEqual(shown.status, SUCCESS)
        self.assertEqual(shown.data_set.PerformedProcedureStepStatus, "COMPLETED")
        self.assertEqual(len(shown.data_set.PerformedSeriesSequence[0].ReferencedImageSequence), 3)
        step = api(self.pacs, "/" + self.step)
        self.assertEqual((step["status"], step["performed"], step["stored"], step["mismatch"]),
                         ("COMPLETED", 3, 3, False))
        self.assertEqual(step["attributes"]["00400252"]["Value"], ["COMPLETED"])
        self.assertTrue(self.modality.release())

    def test_what_differs_is_listed(self):
        self.modality.create(self.step, beginning(self.study))
        first, second, third = self.instances(3)
        for uid in (first, third):
            self.modality.stores(image(self.study, self.series, uid))
        self.modality.set(self.step, ending("COMPLETED", self.series, [first, second]))
        step = api(self.pacs, "/" + self.step)
        self.assertEqual([row["sop_instance_uid"] for row in step["instances"]["not_stored"]], [second])
        self.assertEqual([row["sop_instance_uid"] for row in step["instances"]["not_performed"]], [third])
        listed = api(self.pacs, f"?mismatch=true&study={self.study}")["steps"]
        self.assertEqual([row["sop_instance_uid"] for row in listed], [self.step])
        self.modality.stores(image(self.study, self.series, second))
        self.assertEqual(api(self.pacs, "/" + self.step)["instances"]["not_stored"], [])

    def test_a_step_without_uid_is_given_one(self):
        created = self.modality.create("", beginning(self.study))
        self.assertEqual(created.status, SUCCESS)
        self.assertEqual(self.modality.get(created.uid).status, SUCCESS)

    def test_each_refusal_has_its_status_and_changes_nothing(self):
        begin, end = beginning(self.study), ending("COMPLETED", self.series, [])
        refused = self.modality.set(self.step, end)
        self.assertEqual(refused.status, NO_SUCH_INSTANCE)
        self.assertEqual(self.modality.get(self.step).status, NO_SUCH_INSTANCE)
        self.assertEqual(self.modality.create("1.2.x", begin).status, INVALID_INSTANCE)
        self.assertEqual(self.modality.create(self.step, b"").status, MISSING)

        lacking = beginning(self.study)
        del lacking.PerformedProcedureStepID
        refused = self.modality.create(self.step, lacking)
        self.assertEqual((refused.status, refused.attributes), (MISSING, [0x00400253]))
        self.assertEqual(refused.comment, "mpps.strict: PerformedProcedureStepID is missing")
        refused = self.modality.create(self.step, beginning(self.study, PerformedProcedureStepID=""))
        self.assertEqual(refused.status, MISSING_VALUE)
        self.assertIn("PerformedProcedureStepID", refused.data_set)
        refused = self.modality.create(self.step, beginning(self.study, PerformedProcedureStepStatus="COMPLETED"))
        self.assertEqual(refused.status, INVALID_VALUE)
        self.assertEqual(refused.data_set.PerformedProcedureStepStatus, "COMPLETED")
        self.assertEqual(self.modality.get(self.step).status, NO_SUCH_INSTANCE)

        self.assertEqual(self.modality.create(self.step, begin).status, SUCCESS)
        self.assertEqual(self.modality.create(self.step, begin).status, DUPLICATE)
        end.PatientName = "Roe^Jane"
        refused = self.modality.set(self.step, end)
        self.assertEqual((refused.status, refused.attributes), (NO_SUCH_ATTRIBUTE, [0x00100010]))
        del end.PatientName, end.PerformedSeriesSequence
        self.assertEqual(self.modality.set(self.step, end).status, MISSING_VALUE)
        end = ending("COMPLETED", self.series, ["no uid"])
        self.assertEqual(self.modality.set(self.step, end).status, INVALID_VALUE)
        self.assertEqual(self.modality.get(self.step, 0x00400252).data_set.PerformedProcedureStepStatus,
                         "IN PROGRESS")

        self.assertEqual(self.modality.set(self.step, ending("DISCONTINUED", self.series, [])).status, SUCCESS)
        refused = self.modality.set(self.step, ending("COMPLETED", self.series, []))
        self.assertEqual((refused.status, refused.error_id), (PROCESSING_FAILURE, 0xA710))
        self.assertEqual(refused.comment, "Performed Procedure Step Object may no longer be updated")

    def test_operations_of_other_sop_classes_are_refused(self):
        begin = beginning(self.study)
        self.assertEqual(self.modality.create(self.step, begin, number=3).status, UNRECOGNIZED)
        self.assertEqual(self.modality.create(self.step, begin, sop_class=RETRIEVE).status, NO_SUCH_CLASS)
        self.assertEqual(self.modality.get(self.step, number=1, sop_class=MPPS).status, UNRECOGNIZED)
        self.assertEqual(self.modality.get(self.step, sop_class=MPPS).status, NO_SUCH_CLASS)

    def test_an_unknown_attribute_is_warned_of(self):
        self.modality.create(self.step, beginning(self.study))
        shown = self.modality.get(self.step, 0x00280010, 0x00100020)
        self.assertEqual((shown.status, shown.attributes), (LIST_ERROR, [0x00280010]))
        self.assertEqual(shown.data_set.PatientID, "P1")

    def test_names_come_back_in_the_character_set_they_came_in(self):
        for charset, name in (("ISO_IR 192", "Äpfel^山田"), ("ISO_IR 100", "Jäger^Zoë"),
                              ("ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう")):
            uid = f"{self.step}.{abs(hash(charset))}"
            ds = beginning(self.study, SpecificCharacterSet=charset, PatientName=name)
            if charset == "ISO 2022 IR 87":
                ds.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
            self.assertEqual(self.modality.create(uid, ds).status, SUCCESS, charset)
            shown = self.modality.get(uid, 0x00100010).data_set
            shown.decode()
            self.assertEqual(str(shown.PatientName), name)
            self.assertEqual(api(self.pacs, "/" + uid)["patient_name"], name)

    def test_text_of_no_character_set_is_refused(self):
        begin = beginning(self.study, SpecificCharacterSet="ISO_IR 100", PatientName="Müller")
        self.assertEqual(self.modality.create(self.step, begin).status, SUCCESS)
        data = queries.encoded(begin)
        for term, tag in ((b"ISO_IR 6  ", 0x00100010), (b"ISO_IR 999", 0x00080005)):
            refused = self.modality.create(self.step + ".1", data.replace(b"ISO_IR 100", term))
            self.assertEqual((refused.status, refused.offending), (INVALID_VALUE, [tag]))
        self.assertEqual(self.modality.get(self.step + ".1").status, NO_SUCH_INSTANCE)

    def test_a_long_list_of_instances(self):
        self.modality.create(self.step, beginning(self.study))
        uids = self.instances(20_000)
        self.assertEqual(self.modality.set(self.step, ending("COMPLETED", self.series, uids)).status, SUCCESS)
        step = api(self.pacs, "/" + self.step)
        self.assertEqual((step["performed"], step["not_stored"]), (20_000, 20_000))
        self.assertEqual(len(step["instances"]["not_stored"]), 10_000)

    def test_garbage_is_answered_and_the_association_goes_on(self):
        whole = queries.encoded(beginning(self.study))
        for data in (whole[:-7], b"\xff" * 64, b"\0" * 3):
            self.assertEqual(self.modality.create(self.step, data).status, INVALID_VALUE)
        self.assertEqual(self.modality.create(self.step, beginning(self.study)).status, SUCCESS)

    def test_many_modalities_at_once(self):
        failures = []

        def work(number):
            try:
                with Modality(self.pacs) as modality:
                    for i in range(25):
                        uid = f"{self.step}.{number}.{i}"
                        answers = [modality.create(uid, beginning(f"{self.study}.{number}.{i}")),
                                   modality.set(uid, ending("COMPLETED", self.series, [uid + ".1"]))]
                        failures.extend(answer.status for answer in answers if answer.status)
                    modality.release()
            except Exception as error:  # said by the assertion below
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(sum(len(api(self.pacs, f"?study={self.study}.{number}.{i}&status=completed")["steps"])
                             for number in range(4) for i in range(25)), 100)


class Program(harness.ServerTestCase):
    """`pacs mpps` against `pacs serve`."""

    def mpps(self, verb, *arguments, ok=True):
        return pacs("mpps", verb, "127.0.0.1", self.pacs.port, *arguments, "-aet", "SCANNER", ok=ok)

    def test_from_a_worklist_item_to_the_end(self):
        step = Dataset()
        step.ScheduledProcedureStepID, step.Modality = "S7", "MR"
        step.ScheduledProcedureStepDescription, step.ScheduledStationName = "Knee left", "MR2"
        item = Dataset()
        item.SpecificCharacterSet = "ISO_IR 100"
        item.PatientName, item.PatientID, item.AccessionNumber = "Jäger^Anna", "P7", "A7"
        item.StudyInstanceUID = ROOT_UID + ".100"
        item.RequestedProcedureID = "R7"
        item.ScheduledProcedureStepSequence = Sequence([step])
        item.is_little_endian, item.is_implicit_VR = True, False
        path = self.folder / "item.wl"
        pydicom.dcmwrite(path, item)
        files = self.folder / "made"
        files.mkdir()
        for number in (1, 2):
            made = image(item.StudyInstanceUID, item.StudyInstanceUID + ".1", f"{item.StudyInstanceUID}.1.{number}")
            made.Rows = made.Columns = 1
            made.is_little_endian, made.is_implicit_VR = True, True
            pydicom.dcmwrite(files / f"{number}.dcm", made)

        uid = self.mpps("create", "--from-worklist", path).stdout.strip()
        begun = api(self.pacs, "/" + uid)
        self.assertEqual((begun["status"], begun["patient_name"], begun["modality"], begun["source_ae"]),
                         ("IN PROGRESS", "Jäger^Anna", "MR", "SCANNER"))
        self.assertEqual(begun["requests"], [{"study_instance_uid": item.StudyInstanceUID, "holds_objects": True,
                                              "scheduled_procedure_step_id": "S7", "accession_number": "A7"}])
        self.mpps("set", uid, "--status", "completed", "--instances", files)
        ended = api(self.pacs, "/" + uid)
        self.assertEqual((ended["status"], ended["performed"]), ("COMPLETED", 2))
        listed = self.folder / "item.json"  # as DICOMweb and /api/worklist answer: an array
        listed.write_text(f"[{item.to_json()}]")
        again = self.mpps("create", "--from-worklist", listed).stdout.strip()
        self.assertEqual(api(self.pacs, "/" + again)["requests"], begun["requests"])
        shown = json.loads(self.mpps("get", uid, "--json").stdout)
        self.assertEqual(shown["attributes"]["00400252"]["Value"], ["COMPLETED"])
        self.assertIn("PerformedProcedureStepStatus", self.mpps("get", uid, "-k", "PerformedProcedureStepStatus").stdout)
        late = self.mpps("set", uid, "--status", "discontinued", ok=False)
        self.assertIn("0110", late.stderr)
        self.assertIn("A710", late.stderr)

    def test_an_unscheduled_step_and_raw_attributes(self):
        uid = self.mpps("create", ROOT_UID + ".200", "-k", "PatientID=P9", "-k", "Modality=US").stdout.strip()
        self.assertEqual(uid, ROOT_UID + ".200")
        self.assertEqual(api(self.pacs, "/" + uid)["modality"], "US")
        refused = self.mpps("create", "--raw", "-k", "PerformedProcedureStepStatus=COMPLETED", "--json", ok=False)
        self.assertEqual(json.loads(refused.stdout)["status"], "0106")

    def test_a_step_ends_before_its_first_instance(self):
        reason = "PerformedProcedureStepDiscontinuationReasonCodeSequence."
        uid = self.mpps("create").stdout.strip()
        self.mpps("set", uid, "--status", "discontinued", "-k", reason + "CodeValue=110513",
                  "-k", reason + "CodingSchemeDesignator=DCM", "-k", reason + "CodeMeaning=Discontinued for unspecified reason")
        step = api(self.pacs, "/" + uid)
        self.assertEqual((step["status"], step["performed"]), ("DISCONTINUED", 0))
        self.assertEqual(len(step["attributes"]["00400340"]["Value"]), 1)

    def test_what_was_reported_before_stays_when_a_step_is_discontinued(self):
        made = image(ROOT_UID + ".400", ROOT_UID + ".400.1", ROOT_UID + ".400.1.1")
        made.is_little_endian, made.is_implicit_VR = True, True
        pydicom.dcmwrite(self.folder / "made.dcm", made)
        uid = self.mpps("create").stdout.strip()
        self.mpps("set", uid, "--instances", self.folder / "made.dcm")
        self.mpps("set", uid, "--status", "discontinued")
        step = api(self.pacs, "/" + uid)
        self.assertEqual((step["status"], step["performed"]), ("DISCONTINUED", 1))

    def test_nothing_to_report_is_said_before_anything_is_sent(self):
        nothing = self.folder / "nothing"
        nothing.mkdir()
        uid = self.mpps("create").stdout.strip()
        for arguments, what in ((("--status", "completed", "--instances", nothing), "no instance in"),
                                ((), "nothing to set")):
            refused = self.mpps("set", uid, *arguments, ok=False)
            self.assertEqual(refused.returncode, 2)
            self.assertIn(what, refused.stderr)
        self.assertEqual(api(self.pacs, "/" + uid)["status"], "IN PROGRESS")

    def test_a_peer_without_the_sop_class(self):
        peer = self.start(harness.storescp, self.folder)
        refused = pacs("mpps", "create", "127.0.0.1", peer.port, "-aec", "STORESCP", ok=False)
        self.assertIn("did not accept", refused.stderr)

    def test_wrong_usage(self):
        for arguments in (("set",), ("get",), ("create", "1.2", "1.3"), ("create", "-k", "NoSuchKeyword=1"),
                          ("set", "1.2", "--status", "finished")):
            self.assertEqual(self.mpps(*arguments, ok=False).returncode, 2, arguments)


class Lenient(harness.ServerTestCase):
    config = {"mpps": {"strict": False}}

    def test_only_the_essential_is_required(self):
        request, ds = Dataset(), Dataset()
        request.StudyInstanceUID = ROOT_UID + ".300"
        ds.ScheduledStepAttributesSequence = Sequence([request])
        ds.PerformedProcedureStepStatus = "IN PROGRESS"
        end = Dataset()
        end.PerformedProcedureStepStatus = "DISCONTINUED"
        with Modality(self.pacs) as modality:
            self.assertEqual(modality.create("1.2.3", ds).status, SUCCESS)
            self.assertEqual(modality.set("1.2.3", end).status, SUCCESS)
            del request.StudyInstanceUID
            self.assertEqual(modality.create("1.2.4", ds).status, MISSING)
            modality.release()


class Killed(harness.TestCase):
    def test_what_was_acknowledged_outlives_kill_9(self):
        server = self.server()
        with Modality(server) as modality:
            for number in range(20):
                self.assertEqual(modality.create(f"1.2.{number}", beginning(ROOT_UID)).status, SUCCESS)
                if number % 2:
                    end = ending("COMPLETED", "1.2.3.4", [f"1.2.3.4.{number}"])
                    self.assertEqual(modality.set(f"1.2.{number}", end).status, SUCCESS)
            server.kill()
        server = self.server()
        steps = api(server)["steps"]
        self.assertEqual(len(steps), 20)
        for step in steps:
            done = int(step["sop_instance_uid"].split(".")[-1]) % 2 == 1
            self.assertEqual(step["status"], "COMPLETED" if done else "IN PROGRESS")
            self.assertEqual(step["performed"], int(done))


if __name__ == "__main__":
    unittest.main()
