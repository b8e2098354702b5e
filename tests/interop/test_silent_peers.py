"""Peers that accept a connection and then say nothing, or nonsense: every tool ends within the times it was given."""

import concurrent.futures
import contextlib
import socket
import threading
import time

import pydicom
from pydicom.dataset import Dataset

import harness
import queries
import raw_dicom as raw
from harness import pacs

CT = harness.PYDICOM_FILES / "CT_small.dcm"
# What a tool may take beyond its own times: to start, and 1 s for its A-ABORT to arrive. ARTIM is 30 s.
SPARE_SECONDS = 20 if harness.SANITIZED else 10

TOOLS = {
    "echo": (),
    "store": (CT,),
    "find": ("-k", "PatientID=1"),
    "get": ("-k", "StudyInstanceUID=1.2", "--output"),  # and a folder
    "move": ("-k", "StudyInstanceUID=1.2", "--destination", "SINK"),
    "worklist query": ("-k", "PatientID=1"),
    "mpps create": (),
    "commit": (CT,),
}


def mute(peer):
    """Reads, and never says a word."""
    while peer.read() is not None:
        pass


def dribble(peer):
    """An A-ASSOCIATE-AC that never ends, a byte now and then."""
    peer.send(raw.pdu(raw.ASSOCIATE_AC, b"", length=1000))
    with contextlib.suppress(OSError):
        while True:
            peer.send(b"\0")
            time.sleep(0.1)


def accept(peer):
    """An A-ASSOCIATE-AC that takes every context in its first transfer syntax."""
    kind, body = peer.read()
    assert kind == raw.ASSOCIATE_RQ
    items, at = raw.item(0x10, b"1.2.840.10008.3.1.1.1"), 68
    while at + 4 <= len(body):
        length = int.from_bytes(body[at + 2:at + 4], "big")
        if body[at] == 0x20:
            syntax = body.index(b"\x40\0", at + 8)
            size = 4 + int.from_bytes(body[syntax + 2:syntax + 4], "big")
            items += raw.item(0x21, body[at + 4:at + 5] + bytes(3) + body[syntax:syntax + size])
        at += 4 + length
    peer.send(raw.pdu(raw.ASSOCIATE_AC, body[:68] + items + raw.user_information()))


def accept_and_be_mute(peer):
    accept(peer)
    mute(peer)


def accept_and_talk_nonsense(peer):
    accept(peer)
    peer.read()
    peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    mute(peer)


def begin_a_response_and_be_mute(peer):
    accept(peer)
    peer.read()
    peer.send(raw.pdu(raw.P_DATA, bytes(10), length=200))
    mute(peer)


def answer_all_but_the_release(peer):
    accept(peer)
    peer.message()
    peer.send(raw.p_data(raw.pdv(1, raw.command_set(
        raw.ui(0x00000002, raw.VERIFICATION), raw.us(0x00000100, 0x8030), raw.us(0x00000120, 1),
        raw.us(0x00000800, 0x0101), raw.us(0x00000900, 0)), command=True)))
    mute(peer)


class Peer:
    """Listens, and behaves in one of these ways on every connection until the other end closes."""

    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self.socket.accept()
                threading.Thread(target=self.serve, args=(accepted,), daemon=True).start()

    def serve(self, accepted):
        peer = raw.Connection.__new__(raw.Connection)
        peer.socket = accepted
        with contextlib.suppress(OSError, TypeError):
            self.behaviour(peer)

    def kill(self):
        self.socket.close()


class SilentPeers(harness.TestCase):
    def ends(self, tool, behaviour, *options, said, within):
        peer = self.start(Peer, behaviour)
        more = list(TOOLS[tool])
        if tool == "get":
            more.append(self.folder / "got")
        begin = time.monotonic()
        done = pacs(*tool.split(), "127.0.0.1", peer.port, *more, *options)
        took = time.monotonic() - begin
        self.assertNotEqual(done.returncode, 0, tool)
        self.assertRegex(done.stdout + done.stderr, said, tool)
        self.assertLess(took, within + SPARE_SECONDS, tool)

    def every_tool_ends(self, behaviour, *options, **expected):
        with concurrent.futures.ThreadPoolExecutor(len(TOOLS)) as threads:
            for done in [threads.submit(self.ends, tool, behaviour, *options, **expected) for tool in TOOLS]:
                done.result()

    def test_the_connect_time_covers_the_answer_to_the_association_request(self):
        self.every_tool_ends(mute, "--connect-timeout", 1, within=1,
                             said="no answer to the association request within 1000 ms")

    def test_the_connect_time_covers_the_tls_handshake_and_is_said(self):
        self.every_tool_ends(mute, "--connect-timeout", 1, "--tls-no-verify", within=1,
                             said="timeout: the TLS handshake did not end within 1000 ms")

    def test_an_answer_that_dribbles_in_does_not_prolong_the_connect_time(self):
        self.ends("echo", dribble, "--connect-timeout", 1, within=1,
                  said="no answer to the association request within 1000 ms")

    def test_a_response_that_does_not_come_costs_the_response_time(self):
        self.every_tool_ends(accept_and_be_mute, "--timeout", 1, within=1, said="within 1(000 m| )s")

    def test_a_response_that_stops_in_the_middle_costs_the_response_time(self):
        self.ends("find", begin_a_response_and_be_mute, "--timeout", 1, within=1,
                  said="no response from the peer within 1000 ms")

    def test_nonsense_ends_a_tool_at_once(self):
        self.every_tool_ends(accept_and_talk_nonsense, within=0, said="PDU|malformed")

    def test_a_release_without_answer_costs_the_response_time(self):
        self.ends("echo", answer_all_but_the_release, "--timeout", 1, within=1,
                  said="no answer to the release within 1000 ms")


class PeersOfTheServer(harness.TestCase):
    def test_one_that_takes_nothing_loses_its_connection_after_send_seconds(self):
        study_root_get = "1.2.840.10008.5.1.4.1.2.2.3"
        large = pydicom.dcmread(CT)
        large.PixelData = bytes(32 << 20)  # more than the sockets' buffers
        large.save_as(self.folder / "large.dcm")
        server = self.server({"dicom": {"send_seconds": 1}})
        pacs("store", *server.peer, self.folder / "large.dcm", ok=True)
        harness.eventually(lambda: server.instances() == 1, "the object in the index")
        wanted = Dataset()
        wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", large.StudyInstanceUID
        with raw.Connection(server.port) as peer:
            peer.associate(raw.context(1, study_root_get, [raw.EXPLICIT]),
                           raw.context(3, raw.CT_STORAGE, [raw.EXPLICIT]), called=server.ae_title,
                           user=raw.user_information(extra=raw.role_selection(raw.CT_STORAGE, 0, 1)))
            get = raw.command_set(raw.ui(0x00000002, study_root_get), raw.us(0x00000100, 0x0010),
                                  raw.us(0x00000110, 1), raw.us(0x00000700, 0), raw.us(0x00000800, 1))
            peer.send(raw.p_data(raw.pdv(1, get, command=True)) + raw.p_data(raw.pdv(1, queries.encoded(wanted))))
            harness.eventually(lambda: "took nothing for 1000 ms" in server.log, "the server to give up",
                               1 + 2 * SPARE_SECONDS)
