"""Queries as the field sends them: keys that nobody knows, studies of two patients, lists without end."""

import json

import harness
import queries
import raw_dicom as raw
from queries import (CANNOT_UNDERSTAND, PENDING, PENDING_WARNING, STUDY_ROOT, Finder, findscu,
                     identifier)
from test_find import instance, store

WORKLIST = "1.2.840.10008.5.1.4.31"
MPPS = "1.2.840.10008.3.1.2.3.3"
COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
JSON = {"Content-Type": "application/json"}


def with_private(ds, creator="ACME 1.1", value="x", group=0x0009):
    block = ds.private_block(group, creator, create=True)
    block.add_new(0x01, "LO", value)
    return ds


class UnsupportedKeys(harness.ServerTestCase):
    """PS3.4 C.2.2.1.3: what is not supported restricts nothing, and is said."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        store(cls.pacs, instance(1), with_private(instance(1, study="2"), value="stored"))

    def statuses(self, ds, server=None, sop_class=STUDY_ROOT):
        """(the statuses of the matches, the final one)"""
        with Finder(server or self.pacs, sop_class) as finder:
            finder.ask(ds)
            pending = []
            while True:
                answer = finder.answer()
                if not answer.pending:
                    self.assertTrue(finder.release())
                    return pending, answer.status
                pending.append(answer.status)

    def test_private_and_unknown_keys_of_findscu(self):
        everything, _ = findscu(self.pacs, "-S", "QueryRetrieveLevel=STUDY", "StudyInstanceUID")
        self.assertEqual(len(everything), 2)
        unknown = identifier("STUDY", StudyInstanceUID=None)
        unknown.add_new(0x00080FFE, "LO", "x")
        of_nobody = identifier("STUDY", StudyInstanceUID=None)
        of_nobody.add_new(0x00191001, "LO", "x")
        for query in (unknown, of_nobody, with_private(identifier("STUDY", StudyInstanceUID=None)),
                      with_private(identifier("STUDY", StudyInstanceUID=None), "SIEMENS CT VA0  COAD",
                                   "OLD", 0x0019)):
            found, said = findscu(self.pacs, "-S", query=query, options=("-v",))
            self.assertEqual(len(found), 2, query)
            self.assertIn("Warning", said, query)

    def test_matches_are_warnings_only_when_a_value_was_ignored(self):
        plain = identifier("STUDY", StudyInstanceUID=None)
        self.assertEqual(self.statuses(plain), ([PENDING] * 2, 0))
        self.assertEqual(self.statuses(with_private(plain, value="")), ([PENDING] * 2, 0))
        self.assertEqual(self.statuses(with_private(plain)), ([PENDING_WARNING] * 2, 0))

    def test_a_listed_creator_is_matched_on(self):
        server = self.server({"query": {"private_creators": ["ACME 1.1"]}}, name="listed")
        store(server, instance(1), with_private(instance(1, study="2"), value="stored"))
        ask = lambda value, **other: self.statuses(
            with_private(identifier("STUDY", StudyInstanceUID=None), value=value, **other), server)
        self.assertEqual(ask("stored"), ([PENDING], 0))
        self.assertEqual(ask("other"), ([], 0))
        self.assertEqual(ask("other", creator="ACME 2"), ([PENDING_WARNING] * 2, 0))

    def test_the_worklist_does_the_same(self):
        order = {"00100020": {"vr": "LO", "Value": ["P1"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A"}]},
                 "00400100": {"vr": "SQ", "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]},
                                                     "00400001": {"vr": "AE", "Value": ["CT1"]},
                                                     "00400002": {"vr": "DA", "Value": ["20300101"]},
                                                     "00400003": {"vr": "TM", "Value": ["0800"]}}]}}
        self.assertEqual(self.pacs.http("/api/worklist", "POST", json.dumps(order).encode(), JSON)[0], 201)
        asked = with_private(identifier(PatientID=None))
        self.assertEqual(self.statuses(asked, sop_class=WORKLIST), ([PENDING_WARNING], 0))


class TwoPatients(harness.ServerTestCase):
    def conflicts(self):
        return json.loads(self.pacs.http("/api/conflicts")[1])["conflicts"]

    def test_a_study_of_two_patients_is_listed_until_somebody_decides(self):
        store(self.pacs, instance(1), instance(2, PatientID="P2", PatientName="Roe^Jane"))
        for restarted in (False, True):
            conflict, = self.conflicts()
            self.assertEqual(conflict["study_instance_uid"], instance(1).StudyInstanceUID)
            self.assertEqual(conflict["filed_under"]["patient_id"], "P1")
            other, = conflict["others"]
            self.assertEqual((other["patient_id"], other["patient_name"], other["instances"], other["source_ae"]),
                             ("P2", "Roe^Jane", 1, "RAW"))
            if not restarted:
                self.pacs.stop()
                type(self).pacs = harness.Pacs(self.class_folder, self.config)
        decide = ("/api/conflicts/" + conflict["study_instance_uid"], "DELETE")
        self.assertEqual(self.pacs.http(*decide)[0], 204)
        self.assertEqual(self.conflicts(), [])
        self.assertEqual(self.pacs.http(*decide)[0], 404)


class Memory(harness.ServerTestCase):
    """One large request does not make the server large."""
    alone = True
    BYTES = 30 << 20
    GROWTH_MAX_KIB = 96 * 1024 + harness.MEMORY_SLACK_KIB

    def setUp(self):
        super().setUp()
        self.small = self.server(name="small")
        self.before = self.small.status_kib("VmHWM")

    def expect_small(self):
        grown = self.small.status_kib("VmHWM") - self.before
        print(f"\n{self.id()}: grown by {grown >> 10} MiB")
        self.assertLess(grown, self.GROWTH_MAX_KIB)

    def request(self, sop_class, command, data):
        """Sends it in Implicit VR; the status of the response."""
        chunk = 120_000
        with raw.Connection(self.small.port, harness.SECONDS_MAX) as peer:
            peer.associate(raw.context(1, sop_class), called="PACS")
            peer.send(raw.p_data(raw.pdv(1, command, command=True)))
            for at in range(0, len(data), chunk):
                peer.send(raw.p_data(raw.pdv(1, data[at:at + chunk], last=at + chunk >= len(data))))
            status = raw.status_of(peer.message())
            self.assertTrue(peer.release())
            return status

    def test_a_query_that_lists_fifteen_million_studies(self):
        data = raw.element(0x00080052, b"STUDY ") + raw.element(0x0020000D, b"1\\" * (self.BYTES // 2))
        status = self.request(STUDY_ROOT, queries.c_find_rq(STUDY_ROOT, 1), data)
        self.assertEqual(status, CANNOT_UNDERSTAND)
        self.expect_small()

    def test_a_query_as_long_as_one_may_be(self):
        data = raw.element(0x00080052, b"STUDY ") + raw.element(0x0020000D, b"1\\" * (500 << 10))
        self.assertEqual(self.request(STUDY_ROOT, queries.c_find_rq(STUDY_ROOT, 1), data), CANNOT_UNDERSTAND)
        self.expect_small()

    def test_a_step_of_empty_items(self):
        items = raw.element(0x00400340, b"\xfe\xff\x00\xe0\0\0\0\0" * (self.BYTES // 8))
        status = self.request(MPPS, raw.n_rq(0x0140, MPPS, "1.2.3.4.5"), items)
        self.assertEqual(status, 0x0213)
        self.expect_small()

    def test_a_request_for_commitment_of_empty_items(self):
        items = raw.element(0x00081199, b"\xfe\xff\x00\xe0\0\0\0\0" * (self.BYTES // 8))
        status = self.request(COMMITMENT, raw.n_action_rq(COMMITMENT, COMMITMENT_INSTANCE, 1), items)
        self.assertEqual(status, 0x0213)
        self.expect_small()

    def test_an_order_of_noughts(self):
        body = b'{"00101030":{"vr":"DS","Value":[' + b"0," * ((1 << 19) - 100) + b"0]}}"
        self.assertEqual(self.small.http("/api/worklist", "POST", body, JSON)[0], 413)
        self.expect_small()

