"""One run of one server and what it costs; the clients of DCMTK; the objects that are sent."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import data
import servers
from servers import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = pathlib.Path(os.environ.get("BENCH_FOLDER", ROOT / "build" / "bench-work"))
NODELAY = {"TCP_NODELAY": "1"}


class Failed(Exception):
    """The peer did not do the work; the table says so."""


def storescu(server, folder, *options, env=NODELAY):
    return subprocess.Popen(["storescu", "-aec", server.ae_title, *options, "127.0.0.1", str(server.port),
                             "+sd", "+r", str(folder)], env={**os.environ, **(env or {})},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(clients):
    for client in clients:
        output = client.communicate(timeout=1800)[0].decode(errors="replace")
        if client.returncode != 0 or "Failed" in output:
            raise Failed(f"client exited {client.returncode}: {output[-200:]}")


def empty(folder):
    """Frees the disk space but keeps the files until the end: when ext4 creates a file it skips each inode
    freed in the last minutes, and the next measurement would pay for that."""
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.truncate(path, 0)


class Run:
    """One server, started for one measurement."""

    def __init__(self, name, env=NODELAY, warm=True, holds=None, destinations=()):
        """`holds`: a folder of files to store before the clock starts."""
        self.name, self.peak = name, None
        self.folder = tempfile.mkdtemp(dir=WORK / "runs", prefix=f"{name}-")
        self.server = servers.ALL[name](self.folder, env=env, destinations=destinations)
        for folder in [WORK / "data" / "warm"] * warm + [holds] * bool(holds):
            compressed = ["-xs"] if str(folder).endswith("-jpeg") else []
            finish([storescu(self.server, folder, *compressed)])
        servers.settle(self.server)
        self.watch()

    def watch(self):
        """The clock starts."""
        if self.peak:
            self.peak.stop()
        self.peak = servers.PeakWatch(self.server)
        self.peak_before = self.peak.mib()
        self.cpu_before = servers.cpu_seconds(self.server)
        self.started = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peak.stop()
        self.server.kill()
        empty(self.folder)

    def measured(self):
        """Call it after the clients have ended."""
        wall = time.monotonic() - self.started
        servers.settle(self.server)
        peak = self.peak.mib()
        return {"wall": wall, "cpu": servers.cpu_seconds(self.server) - self.cpu_before,
                "peak": peak, "growth": peak - self.peak_before}


def one_study(what, count):
    """(folder, key) of `count` objects in one study."""
    folder = data.make(WORK / "data" / f"{what}-study-{count}", what, count, studies=1)
    return folder, "StudyInstanceUID=" + data.uid({"ct": 1, "mr": 2, "multi": 3}[what], 1)


def expect(client, line, times):
    """Waits for a client and counts what it says it received."""
    output = client.communicate(timeout=1800)[0].decode(errors="replace")
    if client.returncode != 0 or output.count(line) < times:
        raise Failed(f"{output.count(line)} of {times} came: {output[-200:]}")


def set_cache(run, cached):
    """Servers that write through the page cache leave the last objects in it, those that bypass it do not.
    To start all alike, this reads every object once, or drops all of them from the cache."""
    os.sync()
    for path in pathlib.Path(run.folder).rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if cached:
                    while file.read(1 << 20):
                        pass
                else:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    servers.settle(run.server)
    run.watch()


def million_studies():
    """An archive folder with an index of 1,000,000 studies that the real index code wrote: made once."""
    archive = WORK / "million-studies" / "pacs-data"
    if not (WORK / "million-studies" / "complete").exists():
        shutil.rmtree(WORK / "million-studies", ignore_errors=True)
        archive.mkdir(parents=True)
        harness.run(ROOT / "build" / "bench" / "fill_index", archive, "--studies", 1_000_000, ok=True,
                    timeout=7200)
        (WORK / "million-studies" / "complete").touch()
    return archive


def read_part10(path):
    """(SOP Instance UID, data set bytes) of a file that `data` wrote."""
    raw = path.read_bytes()
    group_length = int.from_bytes(raw[140:144], "little")
    meta = raw[144:144 + group_length]
    at = meta.index(b"\x02\x00\x03\x00UI")
    length = int.from_bytes(meta[at + 6:at + 8], "little")
    return meta[at + 8:at + 8 + length].rstrip(b"\0").decode(), raw[144 + group_length:]


def studies_200():
    """200 studies of two small images."""
    return data.make(WORK / "data" / "mr-200-studies", "mr", 400, studies=200)
