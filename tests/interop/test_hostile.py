"""Malformed everything over real sockets: what is answered, and that the server goes on serving.

Before an association the answer to what is not an A-ASSOCIATE-RQ is AA-1 (A-ABORT, source 0) or
AA-2 (close) of PS3.8 Table 9-10; inside one it is AA-8 (A-ABORT, source 2, reason of Table 9-26).
A malformed data set costs its sender one failed C-STORE and nobody anything else.
"""

import random
import socket
import struct
import threading
import time
import zlib

import harness
import raw_dicom as raw
from pydicom.dataset import Dataset
from pydicom.filewriter import write_dataset
from pydicom.filebase import DicomBytesIO

USER, PROVIDER = 0, 2                      # source of an A-ABORT (PS3.8 §9.3.8)
UNRECOGNIZED_PDU, UNEXPECTED_PDU, INVALID_PARAMETER = 1, 2, 6
GROWTH_KIB_MAX = 48 * 1024                 # what a whole class of abuse may leave behind


def verdict(answer):
    """("abort", source, reason), ("reject", result, source, reason), ("accept",) or ("closed",)"""
    if answer is None:
        return ("closed",)
    kind, body = answer
    if kind == raw.ABORT:
        return ("abort", body[2], body[3])
    if kind == raw.ASSOCIATE_RJ:
        return ("reject", body[1], body[2], body[3])
    return {raw.ASSOCIATE_AC: ("accept",), raw.RELEASE_RP: ("released",), raw.P_DATA: ("data",)}[kind]


class HostileTestCase(harness.ServerTestCase):
    config = {"dicom": {"artim_seconds": 2}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for _ in range(3):
            assert cls.pacs.echoes()
        cls.resident_before = cls.pacs.status_kib("VmRSS")

    @classmethod
    def tearDownClass(cls):
        growth = cls.pacs.status_kib("VmRSS") - cls.resident_before
        super().tearDownClass()
        if growth > GROWTH_KIB_MAX + harness.MEMORY_SLACK_KIB:
            raise AssertionError(f"memory grew by {growth} KiB")

    def tearDown(self):
        self.assertTrue(self.pacs.echoes(), "the server no longer serves:\n" + self.pacs.log[-2000:])

    def connect(self):
        connection = raw.Connection(self.pacs.port)
        self.addCleanup(connection.socket.close)
        return connection

    def answer_to(self, *pieces):
        """What a fresh connection is answered."""
        with raw.Connection(self.pacs.port) as peer:
            for piece in pieces:
                peer.send_as_far_as_taken(piece)
            return verdict(peer.read())

    def answer_inside(self, *pieces, contexts=None):
        """What is answered inside an association with Verification and CT storage accepted."""
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(*(contexts or [raw.context(1, raw.VERIFICATION),
                                          raw.context(3, raw.CT_STORAGE, [raw.EXPLICIT])]))
            for piece in pieces:
                peer.send_as_far_as_taken(piece)
            return verdict(peer.read())


class BeforeAnAssociation(HostileTestCase):
    def test_every_unknown_pdu_type_is_answered_with_an_abort(self):
        for kind in [0, *range(8, 256, 13), 255]:
            with self.subTest(type=kind):
                self.assertEqual(self.answer_to(raw.pdu(kind, bytes(4)))[:2], ("abort", USER))

    def test_every_known_pdu_that_is_not_a_request_is_answered_with_an_abort(self):
        for kind in (raw.ASSOCIATE_AC, raw.ASSOCIATE_RJ, raw.P_DATA, raw.RELEASE_RQ, raw.RELEASE_RP):
            body = raw.pdv(1, raw.c_echo_rq(), command=True) if kind == raw.P_DATA else bytes(
                4 if kind != raw.ASSOCIATE_AC else 68)
            with self.subTest(type=kind):
                self.assertEqual(self.answer_to(raw.pdu(kind, body))[:2], ("abort", USER))

    def test_an_abort_is_answered_by_closing(self):
        self.assertEqual(self.answer_to(raw.pdu(raw.ABORT, bytes(4))), ("closed",))

    def test_another_protocol_is_turned_away(self):
        self.assertIn(self.answer_to(b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n")[0], ("abort", "closed"))
        self.assertIn(self.answer_to(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(508))[0],
                      ("abort", "closed"))

    def test_random_bytes_are_turned_away(self):
        rng = random.Random(7)
        for _ in range(50):
            self.assertIn(self.answer_to(b"\xff" + rng.randbytes(200))[0], ("abort", "closed"))

    def test_a_length_of_four_gigabytes_is_not_waited_for(self):
        started = time.monotonic()
        self.assertIn(self.answer_to(struct.pack(">BBI", raw.ASSOCIATE_RQ, 0, 0xFFFFFFFF))[0],
                      ("abort", "closed"))
        self.assertLess(time.monotonic() - started, 1.5)

    def test_silence_ends_with_artim(self):
        started = time.monotonic()
        self.assertTrue(self.connect().closed())
        self.assertGreater(time.monotonic() - started, 1.5)

    def test_half_a_request_and_silence_ends_with_artim(self):
        connection = self.connect()
        connection.send(raw.associate_rq()[:100])
        self.assertTrue(connection.closed())

    def test_a_request_dripping_in_byte_by_byte_does_not_outlive_artim(self):
        connection = self.connect()
        request = raw.associate_rq()
        end = time.monotonic() + 10
        try:
            for at in range(len(request) - 1):
                connection.send(request[at:at + 1])
                connection.socket.settimeout(0.1)
                try:
                    if connection.socket.recv(1) == b"":
                        break
                except socket.timeout:
                    pass
                self.assertLess(time.monotonic(), end, "ARTIM did not end it")
        except (BrokenPipeError, ConnectionResetError):
            pass

    def test_an_aborted_peer_that_stays_is_closed_after_artim(self):
        connection = self.connect()
        connection.send(raw.pdu(99, b""))
        self.assertEqual(verdict(connection.read())[0], "abort")
        self.assertTrue(connection.closed())


class Requests(HostileTestCase):
    def test_a_request_cut_at_every_byte_is_never_accepted(self):
        whole = raw.associate_rq()[6:]
        before_user_information = len(whole) - len(raw.user_information())
        for cut in range(0, len(whole)):
            if cut == before_user_information:
                continue  # a whole request of a peer that says nothing of itself: taken
            with self.subTest(cut=cut):
                self.assertIn(self.answer_to(raw.pdu(raw.ASSOCIATE_RQ, whole[:cut]))[0],
                              ("abort", "reject"))

    def test_a_request_with_any_byte_changed_is_answered(self):
        whole = bytearray(raw.associate_rq())
        rng = random.Random(11)
        for at in range(6, len(whole)):
            changed = bytearray(whole)
            changed[at] = rng.randrange(256)
            with self.subTest(at=at):
                self.assertIn(self.answer_to(bytes(changed))[0], ("abort", "reject", "accept"))

    def test_items_whose_length_passes_the_end_are_refused(self):
        for broken in (raw.item(0x10, b"1.2", length=5000), raw.item(0x20, b"\1\0\0\0", length=60000),
                       raw.item(0x50, raw.item(0x51, b"\0\0\0\0", length=9))):
            variable = raw.item(0x10, b"1.2.840.10008.3.1.1.1") + broken
            self.assertEqual(self.answer_to(raw.associate_rq(variable=variable))[0], "abort")

    def test_a_called_title_that_is_not_ours_is_rejected(self):
        for title in ("OTHER", "pacs", "PACSX", "", "\0" * 16, b"\xff" * 16, "P A C S"):
            with self.subTest(title=title):
                # PS3.8 Table 9-21: rejected-permanent, service-user, called-AE-title-not-recognized
                self.assertEqual(self.answer_to(raw.associate_rq(called=title)), ("reject", 1, 1, 7))

    def test_a_calling_title_that_is_none_is_rejected(self):
        for title in (b"\x1b[31m\n", b"A\\B", b"\xc5SE"):
            with self.subTest(title=title):
                self.assertEqual(self.answer_to(raw.associate_rq(calling=title)), ("reject", 1, 1, 3))
        for blank in ("", "\0" * 16):  # a name that says nothing, where any may call
            with self.subTest(title=blank):
                self.assertEqual(self.answer_to(raw.associate_rq(calling=blank)), ("accept",))

    def test_an_unknown_application_context_is_rejected(self):
        self.assertEqual(self.answer_to(raw.associate_rq(application="1.2.3")), ("reject", 1, 1, 2))

    def test_a_protocol_version_without_bit_0_is_rejected(self):
        # PS3.8 §9.3.2: only bit 0 is tested; service-provider (ACSE), protocol-version-not-supported
        self.assertEqual(self.answer_to(raw.associate_rq(version=2)), ("reject", 1, 2, 2))
        self.assertEqual(self.answer_to(raw.associate_rq(version=0x8001)), ("accept",))

    def test_unknown_syntaxes_are_refused_one_by_one(self):
        answers = self.connect().associate(
            raw.context(1, raw.VERIFICATION), raw.context(3, "1.2.3.4.5.6"),
            raw.context(5, raw.CT_STORAGE, ["1.2.3.4"]), raw.context(7, "1.2.840.10008.9999"))
        self.assertEqual([answers[n][0] for n in (1, 3, 5, 7)], [0, 3, 4, 3])

    def test_all_128_contexts_are_answered(self):
        contexts = [raw.context(n, raw.CT_STORAGE, [raw.EXPLICIT]) for n in range(1, 256, 2)]
        answers = self.connect().associate(*contexts)
        self.assertEqual({n: r for n, (r, _) in answers.items()}, {n: 0 for n in range(1, 256, 2)})

    def test_even_doubled_and_missing_contexts_get_an_answer(self):
        for contexts in ([raw.context(2, raw.VERIFICATION)], [raw.context(1, raw.VERIFICATION)] * 2, [],
                         [raw.context(1, raw.VERIFICATION, [])], [raw.context(0, raw.VERIFICATION)]):
            self.assertIn(self.answer_to(raw.associate_rq(contexts))[0], ("abort", "reject", "accept"))

    def test_uids_of_any_form_do_no_harm(self):
        for uid in ("../../../../etc/passwd", b"1.2\0.3", "1" * 10_000, "", b"\xff" * 64, "1..2", "a.b.c"):
            with self.subTest(uid=uid[:20]):
                self.assertIn(self.answer_to(raw.associate_rq([raw.context(1, uid)])),
                              [("accept",), ("abort", USER, 0), ("abort", PROVIDER, 6)])

    def test_a_megabyte_of_items_is_answered(self):
        many = [raw.context(n % 256 | 1, raw.VERIFICATION) for n in range(20_000)]
        self.assertIn(self.answer_to(raw.associate_rq(many))[0], ("abort", "reject", "closed"))

    def test_odd_user_information_is_answered(self):
        for extra in (raw.item(0x53, b""), raw.item(0x54, b"\0\x20abc"), raw.item(0x58, b"\1\0\xff\xff"),
                      raw.item(0x99, bytes(300)), raw.item(0x51, b""), raw.item(0x56, b"\0\0")):
            self.assertIn(self.answer_to(raw.associate_rq(user=raw.user_information(extra=extra)))[0],
                          ("abort", "accept"))
        self.assertIn(self.answer_to(raw.associate_rq(user=raw.user_information(max_pdu=1)))[0],
                      ("abort", "reject", "accept"))

    def test_more_associations_than_allowed_are_turned_away_and_room_comes_back(self):
        held = [raw.Connection(self.pacs.port) for _ in range(700)]
        for connection in held:
            connection.socket.close()
        harness.eventually(self.pacs.echoes, "an echo after 700 connections")


class InsideAnAssociation(HostileTestCase):
    def abort_inside(self, reason, *pieces, **options):
        self.assertEqual(self.answer_inside(*pieces, **options), ("abort", PROVIDER, reason))

    def test_an_unknown_pdu_type(self):
        self.abort_inside(UNRECOGNIZED_PDU, raw.pdu(0x77, bytes(4)))

    def test_a_second_request_or_an_answer_nobody_asked_for(self):
        for piece in (raw.associate_rq(), raw.pdu(raw.RELEASE_RP, bytes(4)),
                      raw.pdu(raw.ASSOCIATE_RJ, b"\0\1\1\1")):
            self.abort_inside(UNEXPECTED_PDU, piece)

    def test_p_data_without_a_value(self):
        self.abort_inside(INVALID_PARAMETER, raw.p_data())

    def test_values_with_impossible_lengths(self):
        for length in (0, 1, 99_999, 0xFFFFFFFF):
            with self.subTest(length=length):
                self.abort_inside(INVALID_PARAMETER, raw.p_data(raw.pdv(1, b"abcd", length=length)))

    def test_half_a_value_header(self):
        self.abort_inside(INVALID_PARAMETER, raw.p_data(b"\0\0\0"))

    def test_a_pdu_above_the_maximum_we_announced(self):
        self.assertEqual(self.answer_inside(struct.pack(">BBI", raw.P_DATA, 0, 0xFFFFFFF0))[:2],
                         ("abort", PROVIDER))

    def test_a_context_that_was_not_accepted(self):
        for number in (0, 2, 5, 255):
            with self.subTest(context=number):
                answer = self.answer_inside(raw.p_data(raw.pdv(number, raw.c_echo_rq(), command=True)))
                self.assertEqual(answer[:2], ("abort", PROVIDER))

    def test_a_data_set_before_its_command(self):
        self.assertEqual(self.answer_inside(raw.p_data(raw.pdv(3, bytes(64))))[0], "abort")

    def test_a_data_set_where_the_command_says_there_is_none(self):
        answer = self.answer_inside(raw.p_data(raw.pdv(1, raw.c_echo_rq(), command=True),
                                               raw.pdv(1, bytes(20))))
        self.assertIn(answer[0], ("abort", "data"))

    def test_an_echo_with_a_data_set_is_an_invalid_attribute_value(self):
        peer = self.connect()
        peer.associate()
        echo = raw.command_set(raw.ui(0x00000002, raw.VERIFICATION), raw.us(0x00000100, 0x0030),
                               raw.us(0x00000110, 1), raw.us(0x00000800, 1))
        answer, _ = peer.request(1, echo, raw.element(0x00080060, b"CT"))
        self.assertEqual(raw.status_of(answer), 0x0106)
        self.assertEqual(peer.echo(), 0)

    def test_a_command_in_the_middle_of_a_data_set(self):
        store = raw.c_store_rq(raw.CT_STORAGE, "1.2.3.4")
        self.assertEqual(self.answer_inside(raw.p_data(raw.pdv(3, store, command=True)),
                                            raw.p_data(raw.pdv(3, bytes(64), last=False)),
                                            raw.p_data(raw.pdv(3, store, command=True)))[0], "abort")

    def test_data_set_pieces_on_another_context_than_their_command(self):
        store = raw.c_store_rq(raw.CT_STORAGE, "1.2.3.4")
        self.assertEqual(self.answer_inside(raw.p_data(raw.pdv(3, store, command=True)),
                                            raw.p_data(raw.pdv(1, bytes(64))))[0], "abort")

    def test_a_command_that_never_ends(self):
        piece = raw.p_data(raw.pdv(1, bytes(16_000), command=True, last=False))
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(raw.context(1, raw.VERIFICATION))
            while peer.send_as_far_as_taken(piece):
                pass

    def test_a_million_values_without_a_byte(self):
        empty = raw.p_data(*[raw.pdv(3, b"", last=False)] * 2000)
        store = raw.c_store_rq(raw.CT_STORAGE, "1.2.3.4")
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(raw.context(3, raw.CT_STORAGE, [raw.EXPLICIT]))
            peer.send(raw.p_data(raw.pdv(3, store, command=True)))
            for _ in range(500):
                if not peer.send_as_far_as_taken(empty):
                    break

    def test_commands_cut_at_every_byte(self):
        whole = raw.c_echo_rq()
        for cut in range(len(whole)):
            with self.subTest(cut=cut):
                answer = self.answer_inside(raw.p_data(raw.pdv(1, whole[:cut], command=True)))
                self.assertIn(answer[0], ("abort", "data"))

    def test_commands_without_what_their_table_requires(self):
        ui, us = raw.ui, raw.us
        sop, field, number, none = (ui(2, raw.VERIFICATION), us(0x100, 0x30), us(0x110, 1), us(0x800, 0x101))
        for parts in ((field, number, none), (sop, number, none), (sop, field, none), (sop, field, number), ()):
            answer = self.answer_inside(raw.p_data(raw.pdv(1, raw.command_set(*parts), command=True)))
            self.assertIn(answer[0], ("abort", "data"))

    def test_an_unknown_command_field_is_answered(self):
        command = raw.command_set(raw.ui(2, raw.VERIFICATION), raw.us(0x100, 0x7777), raw.us(0x110, 5),
                                  raw.us(0x800, 0x101))
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(raw.context(1, raw.VERIFICATION))
            peer.send(raw.p_data(raw.pdv(1, command, command=True)))
            # PS3.7 §C.5.20: unrecognized operation
            self.assertEqual(raw.status_of(peer.message()), 0x0211)

    def test_a_response_nobody_waits_for_does_no_harm(self):
        response = raw.command_set(raw.us(0x100, 0x8030), raw.us(0x120, 9), raw.us(0x800, 0x101),
                                   raw.us(0x900, 0))
        answer = self.answer_inside(raw.p_data(raw.pdv(1, response, command=True)),
                                    raw.p_data(raw.pdv(1, raw.c_echo_rq(), command=True)))
        self.assertIn(answer[0], ("abort", "data"))

    def test_a_peer_that_never_reads_is_not_answered_into_memory(self):
        before = self.pacs.status_kib("VmRSS")
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(raw.context(1, raw.VERIFICATION))
            peer.socket.settimeout(2)
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # full the sooner
            flood = raw.p_data(raw.pdv(1, raw.c_echo_rq(), command=True)) * 1000
            for _ in range(400):
                if not peer.send_as_far_as_taken(flood):
                    break
        self.assertLess(self.pacs.status_kib("VmRSS") - before, 32 * 1024 + harness.MEMORY_SLACK_KIB)

    def test_a_peer_gone_in_the_middle_of_anything(self):
        stream = (raw.associate_rq([raw.context(3, raw.CT_STORAGE, [raw.EXPLICIT])])
                  + raw.p_data(raw.pdv(3, raw.c_store_rq(raw.CT_STORAGE, "1.2.3.4"), command=True))
                  + raw.p_data(raw.pdv(3, bytes(1000), last=False)))
        for cut in range(1, len(stream), 17):
            with raw.Connection(self.pacs.port) as peer:
                peer.send(stream[:cut])
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def data_set(**changes):
    """A small CT data set; `changes` replace its attributes."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = raw.CT_STORAGE, "1.2.826.0.1.3680043.8.498.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"
    ds.PatientName, ds.PatientID, ds.Modality = "Hostile^Test", "H1", "CT"
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return ds


def encoded(ds, implicit=False):
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, implicit
    write_dataset(out, ds)
    return out.getvalue()


def explicit(tag, vr, value, length=None):
    """Explicit VR Little Endian; `length` may lie."""
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    size = len(value) if length is None else length
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"UC", b"UR", b"OF", b"OD", b"OL", b"OV", b"SV", b"UV"):
        return head + b"\0\0" + struct.pack("<I", size) + value
    return head + struct.pack("<H", size) + value


class DataSets(HostileTestCase):
    """C-STOREs that must fail, each with a status, on an association that goes on."""
    seconds = 30

    config = {"dicom": {"artim_seconds": 2}, "limits": {"inflated_bytes_max": 256 << 20}}

    def setUp(self):
        super().setUp()
        self.peer = self.connect()
        answers = self.peer.associate(raw.context(1, raw.CT_STORAGE, [raw.EXPLICIT]),
                                      raw.context(3, raw.CT_STORAGE, [raw.IMPLICIT]),
                                      raw.context(5, raw.CT_STORAGE, [raw.DEFLATED]),
                                      raw.context(7, raw.VERIFICATION))
        self.assertEqual([answers[n][0] for n in (1, 3, 5, 7)], [0, 0, 0, 0])
        self.before = self.pacs.instances()

    def tearDown(self):
        self.assertEqual(self.peer.echo(7), 0, "the association did not go on")
        super().tearDown()

    def assert_refused(self, body, number=1, sop_class=raw.CT_STORAGE,
                       sop_instance="1.2.826.0.1.3680043.8.498.1", statuses=None):
        status = self.peer.store(number, sop_class, sop_instance, body)
        if statuses:
            self.assertIn(status, statuses, f"{status:04X}")
        self.assertEqual(status & 0xF000 in (0xA000, 0xC000) or status in (0x0106, 0x0111, 0x0117, 0x0122), True,
                         f"{status:04X}")
        self.assertEqual(self.pacs.instances(), self.before, "something of it was stored")

    def test_nothing_at_all(self):
        self.assert_refused(b"")

    def test_cut_inside_every_element_is_never_success(self):
        ds = data_set()
        ds.ReferencedStudySequence = [Dataset()]
        ds.ReferencedStudySequence[0].ReferencedSOPInstanceUID = "1.2.3"
        whole = encoded(ds)
        ends = set()
        for count in range(len(ds) + 1):
            part = Dataset()
            for element in list(ds)[:count]:
                part.add(element)
            ends.add(len(encoded(part)))
        for cut in range(1, len(whole)):
            if cut not in ends:
                with self.subTest(cut=cut):
                    self.assert_refused(whole[:cut])

    def test_lengths_past_the_end_and_of_four_gigabytes(self):
        for length in (100, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
            for vr in (b"OB", b"UT", b"SQ", b"UN"):
                with self.subTest(vr=vr, length=length):
                    self.assert_refused(encoded(data_set()) + explicit(0x00430010, vr, b"abcd", length))

    def test_nesting_100_000_deep(self):
        level = explicit(0x00400275, b"SQ", b"", 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
        self.assert_refused(encoded(data_set()) + level * 100_000)
        level = struct.pack("<HHI", 0x0040, 0x0275, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
        self.assert_refused(encoded(data_set(), implicit=True) + level * 100_000, number=3)

    def test_delimiters_where_none_belong(self):
        comment = explicit(0x00400280, b"ST", b"more")
        for stray in (struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + comment,
                      struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) + comment,
                      struct.pack("<HHI", 0xFFFE, 0xE00D, 4) + bytes(4),
                      struct.pack("<HHI", 0xFFFE, 0xE000, 8) + bytes(8)):
            self.assert_refused(encoded(data_set()) + stray)

    def test_bytes_behind_the_last_element(self):
        for tail in (bytes(600) + b"\1", b"\0\0\1", b"    ", bytes(8) + explicit(0x00400280, b"ST", b"more")):
            self.assert_refused(encoded(data_set()) + tail)

    def test_a_vr_of_two_unprintable_letters_is_read_as_unknown_and_its_length_still_checked(self):
        self.assert_refused(encoded(data_set()) + b"\x43\x00\x10\x00\x01\x02\x05\x00abcd")

    def test_deflated_data_that_is_not_deflate(self):
        self.assert_refused(b"\xde\xad\xbe\xef" * 100, number=5)

    def test_deflated_data_cut_short(self):
        squeezed = deflate(encoded(data_set(PatientComments="x" * 5000)))
        self.assert_refused(squeezed[:-8], number=5)

    def test_a_deflate_bomb_is_stopped_at_its_limit_and_never_held(self):
        before = self.pacs.status_kib("VmRSS")
        zeros = bytes(1 << 20)
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = squeeze.compress(encoded(data_set()) + explicit(0x7FE00010, b"OW", b"", 0xF0000000))
        for _ in range(300):
            bomb += squeeze.compress(zeros)
        bomb += squeeze.flush()
        self.assert_refused(bomb, number=5)
        self.assertLess(self.pacs.status_kib("VmRSS") - before, 64 * 1024 + harness.MEMORY_SLACK_KIB)

    def test_others_are_served_while_deflate_bombs_inflate(self):
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = squeeze.compress(encoded(data_set()) + explicit(0x7FE00010, b"OW", b"", 0xF0000000))
        zeros = bytes(1 << 20)
        for _ in range(2000):
            bomb += squeeze.compress(zeros)
        bomb += squeeze.flush()
        ended = []

        def attack():
            with raw.Connection(self.pacs.port, seconds=300) as peer:
                peer.associate(raw.context(1, raw.CT_STORAGE, [raw.DEFLATED]))
                peer.store(1, raw.CT_STORAGE, b"1.2.3", bomb)
                ended.append(True)

        attackers = [threading.Thread(target=attack) for _ in range(4)]
        for attacker in attackers:
            attacker.start()
        for _ in range(3):
            self.assertTrue(self.pacs.echoes())
            self.assertEqual(self.pacs.http("/healthz")[0], 200)
        self.assertLess(len(ended), len(attackers), "they were served while it went on")
        for attacker in attackers:
            attacker.join()

    def test_uids_that_name_paths_hold_nul_or_never_end(self):
        for uid in ("../../../../tmp/pacs-hostile", "/etc/passwd", b"1.2\0/../3", b"1.2.\xff", "1" * 10_000,
                    "1" * 65, "", ".", "..", "1..2", "a.b", "1.2\\3", " "):
            with self.subTest(uid=uid[:24]):
                text = uid.decode("latin-1") if isinstance(uid, bytes) else uid
                value = uid if isinstance(uid, bytes) else uid.encode()
                body = patched(value)
                status = self.peer.store(1, raw.CT_STORAGE, value[:60_000], body)
                self.assertNotEqual(status, 0, text)
                self.assertEqual(self.pacs.instances(), self.before)
        for path in self.pacs.folder.rglob("*"):
            self.assertTrue(path.resolve().is_relative_to(self.pacs.folder.resolve()), path)

    def test_study_and_series_uids_are_held_to_the_same_rules(self):
        for tag in (0x0020000D, 0x0020000E):
            for value in (b"../../x", b"1" * 9999, b""):
                self.assert_refused(patched(b"1.2.826.0.1.3680043.8.498.1", {tag: value}))

    def test_an_instance_that_is_not_what_the_command_said(self):
        # PS3.4 Table B.2-1: A9xx, data set does not match SOP class
        self.assert_refused(encoded(data_set(SOPInstanceUID="1.2.3.4.5")), statuses=range(0xA900, 0xAA00))
        self.assert_refused(encoded(data_set(SOPClassUID="1.2.840.10008.5.1.4.1.1.4")),
                            statuses=range(0xA900, 0xAA00))

    def test_random_mutations_of_a_good_data_set_are_answered(self):
        rng = random.Random(5)
        whole = encoded(data_set(SOPInstanceUID="1.2.826.0.1.3680043.8.498.77"))
        for _ in range(300):
            body = bytearray(whole)
            for _ in range(rng.randrange(1, 6)):
                body[rng.randrange(len(body))] = rng.randrange(256)
            self.peer.store(1, raw.CT_STORAGE, "1.2.826.0.1.3680043.8.498.77", bytes(body))

    def test_a_sender_gone_in_the_middle_of_an_object_stores_nothing(self):
        body = encoded(data_set(PatientComments="x" * 10_000)) + explicit(0x7FE00010, b"OW", bytes(200_000))
        for _ in range(5):
            with raw.Connection(self.pacs.port) as peer:
                peer.associate(raw.context(1, raw.CT_STORAGE, [raw.EXPLICIT]))
                peer.send(raw.p_data(raw.pdv(1, raw.c_store_rq(raw.CT_STORAGE, "1.2.3"), command=True)))
                peer.send(raw.p_data(raw.pdv(1, body[:10_000], last=False)))
        self.assertEqual(self.pacs.instances(), self.before)

    def test_a_release_in_the_middle_of_an_object_stores_nothing(self):
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(raw.context(1, raw.CT_STORAGE, [raw.EXPLICIT]))
            peer.send(raw.p_data(raw.pdv(1, raw.c_store_rq(raw.CT_STORAGE, "1.2.3"), command=True)))
            peer.send(raw.p_data(raw.pdv(1, encoded(data_set())[:40], last=False)))
            peer.send(raw.pdu(raw.RELEASE_RQ, bytes(4)))
            self.assertIn(verdict(peer.read())[0], ("abort", "released", "closed"))
        self.assertEqual(self.pacs.instances(), self.before)


class Http(HostileTestCase):
    def exchange(self, request):
        with socket.create_connection(("127.0.0.1", self.pacs.http_port), timeout=20) as peer:
            try:
                peer.sendall(request)
                return peer.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                return b""

    def tearDown(self):
        self.assertEqual(self.pacs.http("/healthz")[0], 200)
        super().tearDown()

    def test_what_is_not_http_is_answered_or_closed(self):
        for request in (b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                        raw.associate_rq() + b"\r\n\r\n"):
            answer = self.exchange(request)
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4") or
                            answer.startswith(b"HTTP/1.1 5"), answer[:80])

    def test_headers_without_end_are_cut_off(self):
        answer = self.exchange(b"GET / HTTP/1.1\r\n" + b"X-Padding: " + b"a" * (1 << 20) + b"\r\n\r\n")
        self.assertTrue(answer == b"" or b" 4" in answer[:16], answer[:80])

    def test_a_body_of_any_announced_length_is_not_waited_for_in_memory(self):
        answer = self.exchange(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n")
        self.assertTrue(answer == b"" or b" 4" in answer[:16], answer[:80])

    def test_paths_that_climb_are_not_found(self):
        for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5cboot.ini", "//etc/passwd"):
            status, body, _ = self.pacs.http(path)
            self.assertIn(status, (400, 404), path)
            self.assertNotIn("root:", body)


def deflate(body):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(body) + squeeze.flush()


def patched(sop_instance, others=None):
    """An Explicit VR data set whose UIDs are whatever bytes are given, unchecked."""
    values = {0x00080016: raw.CT_STORAGE.encode(), 0x00080018: sop_instance,
              0x0020000D: b"1.2.826.0.1.3680043.8.498.2", 0x0020000E: b"1.2.826.0.1.3680043.8.498.3",
              **(others or {})}
    return b"".join(explicit(tag, b"UI", (value + b"\0" * (len(value) % 2))[:65534])
                    for tag, value in sorted(values.items()))


class ManyAtOnce(HostileTestCase):
    alone = True  # it takes the whole machine

    def test_twenty_attackers_and_one_honest_sender(self):
        """While twenty connections send rubbish, an honest one is served every time."""
        stop = threading.Event()

        def attack(seed):
            rng = random.Random(seed)
            while not stop.is_set():
                try:
                    with raw.Connection(self.pacs.port, seconds=2) as peer:
                        peer.send(raw.associate_rq()[:rng.randrange(1, 240)] + rng.randbytes(rng.randrange(400)))
                except OSError:
                    pass
        attackers = [threading.Thread(target=attack, args=[seed]) for seed in range(20)]
        for attacker in attackers:
            attacker.start()
        try:
            for _ in range(5):
                with raw.Connection(self.pacs.port) as honest:
                    honest.associate(raw.context(1, raw.VERIFICATION))
                    self.assertEqual(honest.echo(), 0)
                    self.assertTrue(honest.release())
        finally:
            stop.set()
            for attacker in attackers:
                attacker.join()


class Files(harness.ServerTestCase):
    """`pacs dump` and `pacs import` over broken files: an error with a place, never a crash."""

    def test_a_part_10_file_cut_at_every_byte_is_dumped_or_refused(self):
        whole = (harness.PYDICOM_FILES / "rtplan.dcm").read_bytes()
        path = self.class_folder / "cut.dcm"
        for cut in range(0, len(whole), 29):
            path.write_bytes(whole[:cut])
            done = harness.pacs("dump", path)
            self.assertIn(done.returncode, (0, 1), done.stderr)
        path.write_bytes(whole[:-1])
        self.assertEqual(harness.pacs("dump", path).returncode, 1)

    def test_files_that_are_nothing_are_refused_with_a_reason(self):
        for name, content in (("empty", b""), ("text", b"hello world\n" * 50), ("preamble", bytes(128) + b"DICM"),
                              ("zeros", bytes(100_000))):
            path = self.class_folder / name
            path.write_bytes(content)
            done = harness.pacs("dump", path)
            self.assertEqual(done.returncode, 1, name)
            self.assertIn(name, done.stderr)


if __name__ == "__main__":
    import unittest
    unittest.main()
