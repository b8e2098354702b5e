"""The upper layer by hand: builds and reads PDUs byte by byte, so that tests can send what no
toolkit would. Each function stands under the part of PS3.8 or PS3.7 whose form it writes."""

import socket
import struct

VERIFICATION = "1.2.840.10008.1.1"
CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"

N_EVENT_REPORT_RQ, N_GET_RQ, N_SET_RQ, N_ACTION_RQ, N_CREATE_RQ = 0x0100, 0x0110, 0x0120, 0x0130, 0x0140
ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)


def pdu(kind, body, length=None):
    """PS3.8 §9.3.1: type, reserved, 32-bit length. `length` may lie."""
    return struct.pack(">BBI", kind, 0, len(body) if length is None else length) + body


def item(kind, body, length=None):
    return struct.pack(">BBH", kind, 0, len(body) if length is None else length) + body


def uid_bytes(uid):
    return uid if isinstance(uid, bytes) else uid.encode("ascii")


def context(number, abstract, transfers=(IMPLICIT,)):
    """PS3.8 §9.3.2.2"""
    inner = item(0x30, uid_bytes(abstract))
    inner += b"".join(item(0x40, uid_bytes(uid)) for uid in transfers)
    return item(0x20, bytes([number, 0, 0, 0]) + inner)


def user_information(max_pdu=16384, extra=b""):
    """PS3.8 §9.3.2.3 and PS3.7 Annex D"""
    inner = item(0x51, struct.pack(">I", max_pdu)) + item(0x52, b"1.2.3.4.5") + extra
    return item(0x50, inner)


def title(name):
    raw = name if isinstance(name, bytes) else name.encode("ascii")
    return raw[:16].ljust(16)


def associate_rq(contexts=None, called="PACS", calling="RAW", version=1, user=None,
                 application="1.2.840.10008.3.1.1.1", variable=None):
    """PS3.8 §9.3.2; `variable` replaces all items."""
    if variable is None:
        items = contexts if contexts is not None else [context(1, VERIFICATION)]
        variable = item(0x10, uid_bytes(application)) + b"".join(items)
        variable += user_information() if user is None else user
    fixed = struct.pack(">HH", version, 0) + title(called) + title(calling) + bytes(32)
    return pdu(ASSOCIATE_RQ, fixed + variable)


def pdv(number, fragment, command=False, last=True, length=None):
    """PS3.8 §9.3.5.1 and §E.2"""
    header = (1 if command else 0) | (2 if last else 0)
    size = len(fragment) + 2 if length is None else length
    return struct.pack(">IBB", size, number, header) + fragment


def p_data(*pdvs):
    return pdu(P_DATA, b"".join(pdvs))


def element(tag, value):
    """Implicit VR Little Endian, as command sets are (PS3.7 §6.3.1)."""
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def us(tag, number):
    return element(tag, struct.pack("<H", number))


def ui(tag, uid):
    raw = uid_bytes(uid)
    return element(tag, raw + b"\0" * (len(raw) % 2))


def command_set(*elements):
    body = b"".join(elements)
    return element(0x00000000, struct.pack("<I", len(body))) + body


def c_echo_rq(message_id=1):
    """PS3.7 Table 9.3-12"""
    return command_set(ui(0x00000002, VERIFICATION), us(0x00000100, 0x0030),
                       us(0x00000110, message_id), us(0x00000800, 0x0101))


def c_store_rq(sop_class, sop_instance, message_id=1, data_set=True):
    """PS3.7 Table 9.3-1"""
    return command_set(ui(0x00000002, sop_class), us(0x00000100, 0x0001),
                       us(0x00000110, message_id), us(0x00000700, 0),
                       us(0x00000800, 1 if data_set else 0x0101), ui(0x00001000, sop_instance))


COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"


def n_action_rq(sop_class, sop_instance, action, message_id=1):
    """PS3.7 Table 10.3-7"""
    return command_set(ui(0x00000003, sop_class), us(0x00000100, 0x0130),
                       us(0x00000110, message_id), us(0x00000800, 1),
                       ui(0x00001001, sop_instance), us(0x00001008, action))


def n_action_rsp(request, status=0):
    """PS3.7 Table 10.3-8, to a request as parse_command gives it"""
    return command_set(element(0x00000002, request[0x00000003]), us(0x00000100, 0x8130),
                       element(0x00000120, request[0x00000110]), us(0x00000800, 0x0101),
                       us(0x00000900, status), element(0x00001000, request[0x00001001]))


def n_event_report_rq(sop_class, sop_instance, event, message_id=1):
    """PS3.7 Table 10.3-1"""
    return command_set(ui(0x00000002, sop_class), us(0x00000100, 0x0100),
                       us(0x00000110, message_id), us(0x00000800, 1),
                       ui(0x00001000, sop_instance), us(0x00001002, event))


def n_event_report_rsp(request, status=0):
    """PS3.7 Table 10.3-2, to a request as parse_command gives it"""
    return command_set(element(0x00000002, request[0x00000002]), us(0x00000100, 0x8100),
                       element(0x00000120, request[0x00000110]), us(0x00000800, 0x0101),
                       us(0x00000900, status), element(0x00001000, request[0x00001000]),
                       element(0x00001002, request[0x00001002]))


def role_selection(sop_class, scu, scp):
    """PS3.7 Table D.3-9"""
    raw = uid_bytes(sop_class)
    return item(0x54, struct.pack(">H", len(raw)) + raw + bytes([scu, scp]))


def n_rq(field, sop_class, sop_instance, message_id=1, data_set=True, attributes=()):
    """An N-service request: PS3.7 Tables 10.3-3 (N-GET), 10.3-5 (N-SET), 10.3-9 (N-CREATE) ..."""
    requested = field in (N_GET_RQ, N_SET_RQ, N_ACTION_RQ)  # the others say Affected
    elements = [ui(0x00000003 if requested else 0x00000002, sop_class), us(0x00000100, field),
                us(0x00000110, message_id), us(0x00000800, 1 if data_set else 0x0101)]
    if sop_instance:
        elements.append(ui(0x00001001 if requested else 0x00001000, sop_instance))
    if attributes:
        elements.append(element(0x00001005, b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF)
                                                     for tag in attributes)))
    return command_set(*elements)


def parse_command(raw):
    """{tag: bytes}"""
    elements, at = {}, 0
    while at + 8 <= len(raw):
        group, number, length = struct.unpack_from("<HHI", raw, at)
        elements[group << 16 | number] = raw[at + 8:at + 8 + length]
        at += 8 + length
    return elements


class Connection:
    """A TCP connection that speaks raw PDUs."""

    def __init__(self, port, seconds=20, host="127.0.0.1", from_address=None):
        """`from_address`: the client's, one of 127.0.0.0/8."""
        self.socket = socket.create_connection((host, port), timeout=seconds,
                                               source_address=from_address and (from_address, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, raw):
        self.socket.sendall(raw)

    def send_as_far_as_taken(self, raw):
        """For floods: the peer may close in the middle, which is an answer, not an error."""
        try:
            self.socket.sendall(raw)
            return True
        except (BrokenPipeError, ConnectionResetError, socket.timeout):
            return False

    def read_exactly(self, count):
        raw = b""
        while len(raw) < count:
            piece = self.socket.recv(count - len(raw))
            if not piece:
                return None
            raw += piece
        return raw

    def read(self):
        """(type, body) of the next PDU, or None when the peer closed."""
        try:
            head = self.read_exactly(6)
            if head is None:
                return None
            kind, _, length = struct.unpack(">BBI", head)
            return kind, self.read_exactly(length) if length else b""
        except ConnectionResetError:
            return None

    def closed(self):
        """Waits for the peer's close (True) or its next byte (False)."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def associate(self, *contexts, **options):
        """Sends an A-ASSOCIATE-RQ and returns {context id: (result, transfer syntax)}."""
        self.send(associate_rq(list(contexts) or None, **options))
        answer = self.read()
        if not answer or answer[0] != ASSOCIATE_AC:
            raise AssertionError(f"not accepted: {answer}")
        return parse_contexts(answer[1])

    def message_with_data(self):
        """The next command set as {tag: bytes}, and the bytes of its data set (b"" when none)."""
        parts, ended, number = {True: b"", False: b""}, {True: False, False: False}, 0
        while not (ended[True] and (ended[False] or not has_data_set(parts[True]))):
            answer = self.read()
            if answer is None or answer[0] != P_DATA:
                raise AssertionError(f"not P-DATA: {answer}")
            body, at = answer[1], 0
            while at < len(body):
                size, number, control = struct.unpack_from(">IBB", body, at)
                command = bool(control & 1)
                parts[command] += body[at + 6:at + 4 + size]
                ended[command] = ended[command] or bool(control & 2)
                at += 4 + size
        self.context = number
        return parse_command(parts[True]), parts[False]

    def request(self, number, command, data_set=b"", chunk=16000):
        """Sends a request; its response as message_with_data gives it."""
        parts = p_data(pdv(number, command, command=True))
        for at in range(0, len(data_set), chunk):
            parts += p_data(pdv(number, data_set[at:at + chunk], last=at + chunk >= len(data_set)))
        self.send(parts)
        return self.message_with_data()

    def message(self):
        """The next command set as {tag: bytes}; the data set, if any, is read and dropped."""
        raw, finished = b"", False
        while not finished:
            answer = self.read()
            if answer is None or answer[0] != P_DATA:
                raise AssertionError(f"not P-DATA: {answer}")
            body, at = answer[1], 0
            while at < len(body):
                size, _, control = struct.unpack_from(">IBB", body, at)
                if control & 1:
                    raw += body[at + 6:at + 4 + size]
                    finished = finished or bool(control & 2)
                at += 4 + size
        return parse_command(raw)

    def echo(self, number=1, message_id=1):
        """C-ECHO; returns the status."""
        self.send(p_data(pdv(number, c_echo_rq(message_id), command=True)))
        return status_of(self.message())

    def store(self, number, sop_class, sop_instance, data_set, message_id=1, chunk=16000):
        """C-STORE of raw data set bytes; returns the status."""
        parts = p_data(pdv(number, c_store_rq(sop_class, sop_instance, message_id), command=True))
        for at in range(0, max(len(data_set), 1), chunk):
            parts += p_data(pdv(number, data_set[at:at + chunk], last=at + chunk >= len(data_set)))
        self.send(parts)
        return status_of(self.message())

    def release(self):
        self.send(pdu(RELEASE_RQ, bytes(4)))
        answer = self.read()
        return answer is not None and answer[0] == RELEASE_RP


def has_data_set(command):
    return parse_command(command).get(0x00000800, b"\x01\x01") != b"\x01\x01"


def status_of(command):
    return struct.unpack("<H", command[0x00000900])[0]


def parse_contexts(body):
    """PS3.8 §9.3.3.2: {id: (result, transfer syntax)}"""
    contexts, at = {}, 68
    while at + 4 <= len(body):
        kind, _, length = struct.unpack_from(">BBH", body, at)
        if kind == 0x21:
            number, _, result, _ = body[at + 4:at + 8]
            contexts[number] = (result, body[at + 12:at + 4 + length].decode("ascii", "replace"))
        at += 4 + length
    return contexts
