#!/usr/bin/python3
"""Makes the seeds of the PDU, command set and upper layer targets.

    tests/fuzz/make_network_corpus.py       writes tests/fuzz/corpus/fuzz_{pdu,command,upper_layer}/
"""

import hashlib
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
CT = b"1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = b"1.2.840.10008.1.1"
IMPLICIT, EXPLICIT = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1"


def seed(target, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()[:16]).write_bytes(content)


def pdu(kind, body):
    return struct.pack(">BxI", kind, len(body)) + body


def item(kind, body):
    return struct.pack(">BxH", kind, len(body)) + body


def counted(text):
    return struct.pack(">H", len(text)) + text


FIXED = struct.pack(">HH16s16s32x", 1, 0, b"CALLED".ljust(16), b"CALLING".ljust(16))
APPLICATION = item(0x10, b"1.2.840.10008.3.1.1.1")
USER = [
    item(0x51, struct.pack(">I", 16384)),
    item(0x52, b"1.2.3.4"),
    item(0x53, struct.pack(">HH", 5, 0)),
    item(0x54, counted(CT) + b"\x00\x01"),
    item(0x55, b"VERSION"),
    item(0x56, counted(CT) + b"\x01\x01\x00"),
    item(0x57, counted(b"1.2.3") + counted(b"1.2.4") + counted(counted(b"1.2.5") + counted(b"1.2.6"))),
    item(0x58, b"\x02\x01" + counted(b"doctor") + counted(b"secret")),
]


def request(user):
    contexts = b"".join(
        item(0x20, bytes([number, 0, 0, 0]) + item(0x30, abstract) + b"".join(item(0x40, s) for s in syntaxes))
        for number, abstract, syntaxes in ((1, VERIFICATION, [IMPLICIT]), (5, CT, [EXPLICIT, IMPLICIT])))
    return pdu(1, FIXED + APPLICATION + contexts + item(0x50, user))


def answer():
    contexts = item(0x21, b"\x01\0\0\0" + item(0x40, IMPLICIT)) + item(0x21, b"\x03\0\x03\0")
    return pdu(2, FIXED + APPLICATION + contexts + item(0x50, USER[0] + item(0x59, counted(b"ticket"))))


def value(context, control, fragment):
    return struct.pack(">IBB", len(fragment) + 2, context, control) + fragment


def element(number, content):
    return struct.pack("<HHI", 0, number, len(content)) + content


def us(number, value_):
    return element(number, struct.pack("<H", value_))


def uid(number, text):
    return element(number, text + b"\0" * (len(text) % 2))


ECHO = uid(0x0002, VERIFICATION) + us(0x0100, 0x30) + us(0x0110, 7) + us(0x0800, 0x0101)
STORE = (uid(0x0002, CT) + us(0x0100, 1) + us(0x0110, 8) + us(0x0700, 0) + us(0x0800, 0) +
         uid(0x1000, b"1.2.3.4") + element(0x1030, b"ORIGIN") + us(0x1031, 3))
MOVE_RSP = (us(0x0100, 0x8021) + us(0x0120, 8) + us(0x0800, 0x0101) + us(0x0900, 0xA702) +
            element(0x0901, b"\x08\0\x18\0") + element(0x0902, b"comment ") +
            b"".join(us(0x1020 + i, i) for i in range(4)))
ACTION = (uid(0x0003, b"1.2.840.10008.1.20.1") + us(0x0100, 0x130) + us(0x0110, 9) + us(0x0800, 1) +
          uid(0x1001, b"1.2.840.10008.1.20.1.1") + us(0x1008, 1))
CANCEL = us(0x0100, 0xFFF) + us(0x0120, 8) + us(0x0800, 0x0101)
COMMANDS = [ECHO, STORE, MOVE_RSP, ACTION, CANCEL, element(0, struct.pack("<I", len(ECHO))) + ECHO,
            STORE.replace(b"1.2.3.4", b"\0" * 7), us(0x0100, 0x77) + us(0x0110, 1) + us(0x0800, 0x0101)]
DATA = [pdu(4, value(1, 3, ECHO)), pdu(4, value(5, 1, STORE[:40]) + value(5, 3, STORE[40:])),
        pdu(4, value(5, 0, b"\x08\0\x18\0") + value(5, 2, b"")), pdu(4, value(9, 3, ECHO))]
SMALL = [pdu(3, b"\0\x01\x01\x07"), pdu(5, bytes(4)), pdu(6, bytes(4)), pdu(7, b"\0\0\x02\x06")]


def conversation(side, *steps):
    """A number is a primitive; bytes come from the peer, in blocks of at most 255."""
    content = bytes([side])
    for step in steps:
        if isinstance(step, int):
            content += bytes([0, step])
            continue
        for start in range(0, len(step), 255):
            block = step[start:start + 255]
            content += bytes([len(block)]) + block
    return content


CONFIRMED, MAY_SEND, RELEASE, RELEASE_ANSWER, ABORT, ARTIM, CLOSED = range(7)


def main():
    requests = [request(b"".join(USER))] + [request(sub_item) for sub_item in USER]
    for whole in requests + [answer()] + DATA + SMALL:
        seed("fuzz_pdu", whole)
    for command in COMMANDS:
        seed("fuzz_command", command)
    open_ = request(USER[0])
    for steps in ((open_, *DATA[:3], MAY_SEND, pdu(5, bytes(4)), RELEASE_ANSWER, CLOSED),
                  (open_, DATA[3]), (open_, open_), (open_, RELEASE, SMALL[1], SMALL[2], RELEASE_ANSWER, ARTIM),
                  (open_, ABORT, SMALL[3]), (SMALL[0],), (request(USER[7]).replace(b"\0\x01\0\0CALLED", b"\0\x02\0\0CALLED"),)):
        seed("fuzz_upper_layer", conversation(0, *steps))
    for steps in ((answer(), MAY_SEND, pdu(4, value(1, 3, CANCEL)), RELEASE, DATA[0], SMALL[2]),
                  (answer(), RELEASE, SMALL[1], RELEASE_ANSWER, SMALL[2]), (SMALL[0],), (answer(), SMALL[3]), (CLOSED,)):
        seed("fuzz_upper_layer", conversation(1, *steps))


if __name__ == "__main__":
    main()
