"""kill -9 while objects arrive, 50 times ($KILLS) at random moments: what was acknowledged is there and intact,
nothing half-stored is visible, and the next start needs no hand and at most two seconds (the middle one of all:
other tests run beside it)."""

import os
import pathlib
import random
import statistics
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402
import raw_dicom as raw  # noqa: E402

KILLS = int(os.environ.get("KILLS", "50"))
SENDERS = 4
RECOVERY_SECONDS_MAX = 2.0
SEED = 20240311
CT = harness.PYDICOM_FILES / "CT_small.dcm"


def template():
    """(data set bytes, SOP Instance UID in it) of a CT; a new UID of the same length makes a new object."""
    whole = CT.read_bytes()
    body = whole[144 + int.from_bytes(whole[140:144], "little"):]
    at = body.index(b"\x08\x00\x18\x00UI")
    length = struct.unpack_from("<H", body, at + 6)[0]
    return body, body[at + 8:at + 8 + length].rstrip(b"\0")


class Sender(threading.Thread):
    """Stores one new instance after the other until the server is gone; remembers what it was told."""

    def __init__(self, port, name, started):
        super().__init__(daemon=True)
        self.port, self.prefix, self.started_sending = port, name, started
        self.acknowledged, self.refused, self.outstanding = [], [], None

    def run(self):
        body, uid = template()
        try:
            with raw.Connection(self.port) as peer:
                peer.associate(raw.context(1, raw.CT_STORAGE, [raw.EXPLICIT]))
                number = 0
                while True:
                    number += 1
                    room = len(uid) - len(self.prefix) - 2
                    mine = self.prefix + b".1" + b"%0*d" % (room, number)
                    self.outstanding = mine
                    status = peer.store(1, raw.CT_STORAGE, mine, body.replace(uid, mine))
                    (self.acknowledged if status == 0 else self.refused).append(mine.decode())
                    self.outstanding = None
                    self.started_sending.set()
        except (OSError, AssertionError, TypeError, KeyError):
            return  # the server was killed; what it had acknowledged stands in the list


class KillMinus9(harness.TestCase):
    seconds = 40

    def test_acknowledged_instances_survive_kills(self):
        rng = random.Random(SEED)
        ports = {"dicom": {"port": harness.free_port()}, "http": {"port": harness.free_port()}}
        acknowledged, outstanding, recoveries = [], [], []
        server = self.server(ports)
        for kill in range(KILLS):
            started = threading.Event()
            senders = [Sender(server.port, b"1.2.826.0.1.%d.%d" % (kill + 1, s + 1), started)
                       for s in range(SENDERS)]
            for sender in senders:
                sender.start()
            self.assertTrue(started.wait(harness.SECONDS_MAX), "nothing was stored:\n" + server.log)
            time.sleep(rng.uniform(0, 0.25))  # the random moment
            server.kill()
            for sender in senders:
                sender.join()
                self.assertEqual(sender.refused, [])
                acknowledged += sender.acknowledged
                outstanding += [sender.outstanding] if sender.outstanding else []
            server = self.server(ports)
            recoveries.append(server.seconds_to_ready)
        held = server.instances()
        self.assertEqual(server.stop(), 0)

        # Every acknowledged instance, and at most those whose answer the kill swallowed.
        self.assertGreaterEqual(held, len(acknowledged))
        self.assertLessEqual(held, len(acknowledged) + len(outstanding))
        # Each object against its checksum, index against objects, objects nobody knows.
        server.verify()
        self.assert_each_is_intact(server, acknowledged)
        if not harness.SANITIZED:
            self.assertLessEqual(statistics.median(recoveries), RECOVERY_SECONDS_MAX)
        print(f"      {KILLS} kills, {len(acknowledged)} acknowledged, {held} held, "
              f"slowest start {max(recoveries):.2f} s")

    def assert_each_is_intact(self, server, uids):
        """The bytes on disk are those that were sent."""
        body, uid = template()
        found = {}
        for path in server.objects():
            stored = path.read_bytes()
            at = stored.index(b"\x08\x00\x18\x00UI", 132)
            length = struct.unpack_from("<H", stored, at + 6)[0]
            found[stored[at + 8:at + 8 + length].rstrip(b"\0").decode()] = stored
        missing = [u for u in uids if u not in found]
        self.assertEqual(missing, [])
        for instance in uids:
            self.assertTrue(found[instance].endswith(body.replace(uid, instance.encode())), instance)


if __name__ == "__main__":
    unittest.main()
