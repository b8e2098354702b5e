"""C-FIND by hand and by DCMTK: identifiers made and read by pydicom, responses one by one."""

import io
import pathlib
import shutil
import struct
import tempfile
import warnings

import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

import harness
import raw_dicom as raw

warnings.filterwarnings("ignore", module="pydicom")  # samples and hostile keys are meant to be wrong

PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_STUDY_ONLY = "1.2.840.10008.5.1.4.1.2.3.1"

PENDING, PENDING_WARNING, CANCELLED = 0xFF00, 0xFF01, 0xFE00
OUT_OF_RESOURCES, MISMATCH, CANNOT_UNDERSTAND = 0xA700, 0xA900, 0xC000


def identifier(level=None, charset=None, **keys):
    """A data set of keys by keyword; None is an empty value."""
    ds = Dataset()
    if charset is not None:
        ds.SpecificCharacterSet = charset
    if level is not None:
        ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(ds, keyword, value)
    return ds


def encoded(ds, implicit=False):
    stream = pydicom.filebase.DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, implicit
    write_dataset(stream, ds)
    return stream.getvalue()


def decoded(data, implicit=False):
    ds = read_dataset(io.BytesIO(data), implicit, True)
    ds.decode()
    return ds


def c_find_rq(sop_class, message_id):
    """PS3.7 Table 9.3-3"""
    return raw.command_set(raw.ui(0x00000002, sop_class), raw.us(0x00000100, 0x0020),
                           raw.us(0x00000110, message_id), raw.us(0x00000700, 0), raw.us(0x00000800, 1))


def c_cancel_rq(message_id):
    """PS3.7 Table 9.3-5"""
    return raw.command_set(raw.us(0x00000100, 0x0FFF), raw.us(0x00000120, message_id),
                           raw.us(0x00000800, 0x0101))


def extended_negotiation(sop_class, *fields):
    """PS3.7 Table D.3-11 with the fields of PS3.4 Table C.5-1"""
    uid = raw.uid_bytes(sop_class)
    return raw.item(0x56, struct.pack(">H", len(uid)) + uid + bytes(fields))


class Answer:
    """One C-FIND-RSP."""

    def __init__(self, command, data):
        self.status = raw.status_of(command)
        self.pending = self.status in (PENDING, PENDING_WARNING)
        self.comment = command.get(0x00000902, b"").decode("ascii").strip()
        tags = command.get(0x00000901, b"")
        self.offending = [f"{group:04x},{element:04x}"
                          for group, element in struct.iter_unpack("<HH", tags)]
        self.data = decoded(data) if data else None


class Finder(raw.Connection):
    """An association for C-FIND."""

    def __init__(self, server, sop_class=STUDY_ROOT, max_pdu=16384, extended=b"", seconds=None):
        super().__init__(server.port, seconds or harness.SECONDS_MAX)
        self.sop_class, self.message_id = sop_class, 0
        self.send(raw.associate_rq([raw.context(1, sop_class, [raw.EXPLICIT])], called=server.ae_title,
                                   user=raw.user_information(max_pdu, extended)))
        answer = self.read()
        assert answer and answer[0] == raw.ASSOCIATE_AC, answer
        self.accepted = answer[1]

    def ask(self, ds):
        """Sends a C-FIND-RQ; `ds` is an identifier or the bytes of one."""
        self.message_id += 1
        data = ds if isinstance(ds, bytes) else encoded(ds)
        parts = raw.p_data(raw.pdv(1, c_find_rq(self.sop_class, self.message_id), command=True))
        for at in range(0, max(len(data), 1), 16000):
            parts += raw.p_data(raw.pdv(1, data[at:at + 16000], last=at + 16000 >= len(data)))
        self.send(parts)

    def cancel(self):
        self.send(raw.p_data(raw.pdv(1, c_cancel_rq(self.message_id), command=True)))

    def response(self):
        """The next response: its command set, and the bytes of its data set."""
        command, data = b"", b""
        while True:
            pdu = self.read()
            assert pdu is not None and pdu[0] == raw.P_DATA, pdu
            body, at = pdu[1], 0
            while at < len(body):
                size, _, control = struct.unpack_from(">IBB", body, at)
                fragment = body[at + 6:at + 4 + size]
                at += 4 + size
                if not control & 1:
                    data += fragment
                    if control & 2:
                        return raw.parse_command(command), data
                    continue
                command += fragment
                if control & 2 and raw.parse_command(command)[0x00000800] == b"\x01\x01":
                    return raw.parse_command(command), b""

    def answer(self):
        """The next response, read."""
        return Answer(*self.response())

    def count(self, ds):
        """Asks and passes over the answers; (how many, the final status)."""
        self.ask(ds)
        answers = 0
        while True:
            status = raw.status_of(self.response()[0])
            if status not in (PENDING, PENDING_WARNING):
                return answers, status
            answers += 1

    def find(self, ds):
        """([data sets], the final response)"""
        self.ask(ds)
        found = []
        while True:
            answer = self.answer()
            if not answer.pending:
                return found, answer
            found.append(answer.data)


def find(server, ds, sop_class=STUDY_ROOT, **options):
    """The matches of one query that ends with success."""
    with Finder(server, sop_class, **options) as finder:
        found, final = finder.find(ds)
        assert final.status == 0, f"{final.status:04X} {final.comment} {final.offending}"
        assert finder.release()
        return found


def findscu(server, model, *keys, options=(), query=None, ok=True):
    """DCMTK's findscu with -k for each key; the answers as data sets. model: "-P", "-S" or "-O".
    `query`: an identifier, for keys whose VR DCMTK does not know."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pacs-findscu-"))
    try:
        arguments = [part for key in keys for part in ("-k", key)]
        if query is not None:
            (folder / "query").write_bytes(encoded(query))
            arguments.append(folder / "query")
        done = harness.run("findscu", model, *options, "-X", "-od", folder, *server.peer, *arguments, ok=ok)
        found = [pydicom.dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]
        for ds in found:
            ds.decode()
        return found, done.stdout + done.stderr
    finally:
        shutil.rmtree(folder, ignore_errors=True)
