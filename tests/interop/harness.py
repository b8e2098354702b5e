"""Starts the program under test and its peers (DCMTK, Orthanc) on free ports of 127.0.0.1.

Plain Python with Debian's packages only. The program is $PACS, or build/pacs; every process started
here is ended by its own handle, and its log is shown when a test fails.
"""

import contextlib
import functools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("PACS", ROOT / "build" / "pacs"))
# A sanitised build starts and answers slower; the tests stay the same.
SECONDS_MAX = float(os.environ.get("TEST_SECONDS", "60"))
SANITIZED = "asan" in PROGRAM
# AddressSanitizer keeps what was freed for a while, to tell of its use.
MEMORY_SLACK_KIB = 512 * 1024 if SANITIZED else 0
# Tests whose name has "very_many": MANY=1 (scripts/nightly.sh) makes as many as they say; else a tenth.
MANY = 1 if os.environ.get("MANY") else 0.1
# Whether new archives get a journal from make_journal: run_all says so for all tests but those of recovery.
JOURNALS_HAVE_HOLES = False
PYDICOM_FILES = pathlib.Path("/usr/lib/python3/dist-packages/pydicom/data/test_files")
PYDICOM_CHARSETS = pathlib.Path("/usr/lib/python3/dist-packages/pydicom/data/charset_files")

# Below the ports that the kernel gives to clients, so that none of those sits on one of ours.
PORTS = range(10000, int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]))
_ports_given = []


def free_port():
    """A port nobody listens on now, and which no other test of this machine gets while this process lives:
    a name in the kernel's table of Unix sockets is held for each."""
    while True:
        port = random.choice(PORTS)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0pacs-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _ports_given.append(claim)
        return port


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(condition, what, seconds=None):
    """Polls until `condition()` is true and returns its value; fails with `what` after `seconds`."""
    end = time.monotonic() + (SECONDS_MAX if seconds is None else seconds)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds or SECONDS_MAX} s: {what}")
        time.sleep(0.01)


def run(*command, env=None, ok=None, stdin=None, timeout=None):
    """Runs a command to its end; with ok=True/False asserts success or failure. Output is text."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          errors="replace", env={**os.environ, **(env or {})}, input=stdin,
                          timeout=timeout or SECONDS_MAX)
    if ok is not None and (done.returncode == 0) != ok:
        raise AssertionError(f"{' '.join(map(str, command))} exited {done.returncode}:\n"
                             f"{done.stdout}{done.stderr}")
    return done


def pacs(*arguments, ok=None, **options):
    """Runs `pacs ARGUMENTS`."""
    return run(PROGRAM, *arguments, ok=ok, **options)


def to_toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(str(value))
    return str(value)


def write_toml(path, tables):
    """tables: {"dicom": {"port": 1}, "remote_ae": [{...}, {...}]}"""
    lines = []
    for name, table in tables.items():
        for entry in table if isinstance(table, list) else [table]:
            lines.append(f"[[{name}]]" if isinstance(table, list) else f"[{name}]")
            lines += [f"{key} = {to_toml(value)}" for key, value in entry.items()]
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


class Process:
    """A program running in the background with its output collected line by line."""

    def __init__(self, *command, env=None, cwd=None, preexec_fn=None):
        self.command = [str(part) for part in command]
        self.lines = []
        self._changed = threading.Condition()
        self.popen = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                                      cwd=cwd, preexec_fn=preexec_fn)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.popen.stdout:
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def pid(self):
        return self.popen.pid

    @property
    def log(self):
        return "\n".join(self.lines)

    def running(self):
        return self.popen.poll() is None

    def wait_for_line(self, text, seconds=None, whole=False):
        """Returns the first line that holds (`whole`: is) `text`; fails when the program ends before."""
        end = time.monotonic() + (SECONDS_MAX if seconds is None else seconds)
        seen = 0
        with self._changed:
            while True:
                for line in self.lines[seen:]:
                    if line == text or (text in line and not whole):
                        return line
                seen = len(self.lines)
                ended = not self.running() and not self._reader.is_alive()
                left = end - time.monotonic()
                if ended or left <= 0:
                    why = f"exited {self.popen.returncode}" if ended else "took too long"
                    raise AssertionError(f"{self.command[0]} {why} before it said {text!r}:\n{self.log}")
                self._changed.wait(min(left, 0.2))

    def wait_for_port(self, port, seconds=None):
        eventually(lambda: listens(port) or not self.running(), f"{self.command[0]} on {port}", seconds)
        if not self.running():
            self._reader.join(5)
            raise AssertionError(f"{self.command[0]} exited {self.popen.returncode}:\n{self.log}")

    def status_kib(self, field):
        """VmRSS, VmHWM, ... of /proc/PID/status in KiB."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise AssertionError(f"no {field} for {self.command[0]}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        """kill -9, then waits for the end."""
        if self.running():
            self.popen.kill()
        self.popen.wait()
        self._reader.join(5)
        self.popen.stdout.close()

    def stop(self, seconds=None):
        """SIGTERM; returns the exit code; fails when it does not end in time."""
        if self.running():
            self.popen.send_signal(signal.SIGTERM)
        return self.end(seconds)

    def end(self, seconds=None):
        """Waits for the end and returns the exit code."""
        try:
            self.popen.wait(SECONDS_MAX if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.command[0]} did not end:\n{self.log}")
        self._reader.join(5)
        self.popen.stdout.close()
        return self.popen.returncode


class ApiDescription:
    """/api/openapi.json: what every answer of /api in these tests must be like."""

    def __init__(self, document):
        self.document = document
        # As the router has it: where two patterns fit, the one that is more literal.
        self.patterns = sorted(((re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(pattern))), rows)
                                for pattern, rows in document["paths"].items()),
                               key=lambda pattern: pattern[0].pattern.count("[^/]+"))

    def rows(self, path):
        """The methods of a path; {} for one that is not described."""
        return next((rows for pattern, rows in self.patterns if pattern.fullmatch(path)), {})

    def check(self, method, path, status, text, headers):
        if status == 304 or method in ("HEAD", "OPTIONS"):
            return
        described = self.rows(path).get(method.lower(), {"responses": {}})["responses"]
        if status >= 400:
            described = described.get("default") or {"content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"}}}}
        else:
            assert str(status) in described, f"{method} {path} answers {status}, which is not described"
            described = described[str(status)]
        if "content" not in described:
            assert not text, f"{method} {path} answers {text[:200]!r} where nothing is described"
            return
        (media_type, content), = described["content"].items()
        said = (headers.get("Content-Type") or "").partition(";")[0]
        assert said == media_type, f"{method} {path} answers {said}, not {media_type}"
        schema = {**content["schema"], "components": self.document["components"]}
        wrong = jsonschema.Draft202012Validator(schema).iter_errors(json.loads(text))
        wrong = "\n".join(f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in wrong)
        assert not wrong, f"{method} {path} is answered otherwise than described:\n{wrong[:2000]}"


@functools.cache
def _described(document):
    return ApiDescription(json.loads(document))


def api_description(http_port):
    """What a server says of its own /api."""
    with urllib.request.urlopen(f"http://127.0.0.1:{http_port}/api/openapi.json", timeout=SECONDS_MAX) as answer:
        return _described(answer.read())


def make_journal(data):
    """The journal of an archive that is not there yet, as files with holes: the server would write 64 MiB of
    zeros first, and more as it goes on, which is most of what the tests write. One of another size it makes anew."""
    journal = data / "journal"
    if JOURNALS_HAVE_HOLES and not data.exists() and os.access(data.parent, os.W_OK):
        journal.mkdir(parents=True)
        for number in range(1, 17):
            with open(journal / f"{number:06}.log", "wb") as segment:
                segment.truncate(16 << 20)


class Pacs(Process):
    """`pacs serve` with a configuration of its own, ready when the constructor returns.

    `config` is {"table": {key: value}}, laid over free ports and a data folder in `folder`.
    """

    def __init__(self, folder, config=None, env=None, name="pacs", wait=True, preexec_fn=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / f"{name}-data"
        self.config_file = self.folder / f"{name}.toml"
        tables = {"dicom": {"ae_title": "PACS", "port": free_port()},
                  "http": {"port": free_port()},
                  "storage": {"path": self.data}}
        for table, values in (config or {}).items():
            if isinstance(values, list):
                tables[table] = values
            else:
                tables.setdefault(table, {}).update(values)
        self.config = tables
        self.ae_title = tables["dicom"]["ae_title"]
        self.port = tables["dicom"]["port"]
        self.http_port = tables["http"]["port"]
        self.data = pathlib.Path(tables["storage"]["path"])
        write_toml(self.config_file, tables)
        make_journal(self.data)
        started = time.monotonic()
        super().__init__(PROGRAM, "serve", "--config", self.config_file, env=env, preexec_fn=preexec_fn)
        if wait:
            self.wait_until_ready()
        self.seconds_to_ready = time.monotonic() - started

    def wait_until_ready(self, seconds=None):
        self.wait_for_line("ready", seconds, whole=True)

    @property
    def peer(self):
        """Arguments that name this server to a DCMTK SCU: -aec PACS 127.0.0.1 11112"""
        return ["-aec", self.ae_title, "127.0.0.1", str(self.port)]

    def http(self, path, method="GET", data=None, headers=None):
        """(status, body as text, headers)"""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", method=method,
                                         data=data, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
                status, text, headers = answer.status, answer.read().decode(errors="replace"), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                status, text, headers = error.code, error.read().decode(errors="replace"), error.headers
        if path.startswith("/api/"):
            api_description(self.http_port).check(method, path.partition("?")[0], status, text, headers)
        return status, text, headers

    def status(self):
        """/api/status as a dictionary."""
        code, text, _ = self.http("/api/status")
        assert code == 200, text
        return json.loads(text)

    def instances(self):
        """How many instances the archive says it holds."""
        return self.status()["counts"]["instances"]

    def metrics(self):
        """{'name{labels}': value}"""
        status, text, _ = self.http("/metrics")
        assert status == 200, text
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in rows}

    def metric(self, name):
        """Sum of all series of one metric."""
        return sum(value for series, value in self.metrics().items()
                   if series.split("{", 1)[0] == name)

    def echoes(self):
        """echoscu still gets a success."""
        return run("echoscu", "-to", "10", *self.peer).returncode == 0

    def objects(self):
        """Every Part 10 file below the data folder."""
        found = []
        for path in sorted(self.data.rglob("*")):
            if path.is_file():
                with path.open("rb") as file:
                    if file.read(132)[128:] == b"DICM":
                        found.append(path)
        return found

    def verify(self, ok=True):
        """`pacs verify` over this server's data (which must be stopped)."""
        return pacs("verify", "--config", self.config_file, ok=ok)


def storescp(folder, *options, env=None):
    """DCMTK's storescp, a sink that writes what it gets as it came into folder/received."""
    port = free_port()
    received = pathlib.Path(folder) / "received"
    received.mkdir(exist_ok=True)
    process = Process("storescp", "-aet", "STORESCP", "-od", received, *options, port, env=env)
    process.port, process.ae_title, process.received = port, "STORESCP", received
    process.wait_for_port(port)
    return process


def dcmqrscp(folder, peers=(), env=None):
    """DCMTK's dcmqrscp with one read-write area DCMQRSCP; peers: [(ae_title, port)]."""
    port = free_port()
    folder = pathlib.Path(folder)
    database = folder / "dcmqrscp-data"
    database.mkdir(exist_ok=True)
    hosts = "\n".join(f"peer{i} = ({ae}, 127.0.0.1, {p})" for i, (ae, p) in enumerate(peers))
    config = folder / "dcmqrscp.cfg"
    config.write_text(f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 32\n"
                      f"HostTable BEGIN\n{hosts}\nHostTable END\n"
                      "VendorTable BEGIN\nVendorTable END\n"
                      f"AETable BEGIN\nDCMQRSCP {database} RW (1000, 10240mb) ANY\nAETable END\n")
    process = Process("dcmqrscp", "-c", config, env=env)
    process.port, process.ae_title, process.database = port, "DCMQRSCP", database
    process.wait_for_port(port)
    return process


def wlmscpfs(folder, env=None):
    """DCMTK's worklist server over folder/OFFIS, for those who call OFFIS."""
    port = free_port()
    process = Process("wlmscpfs", "-dfp", folder, port, env=env)
    process.port, process.ae_title = port, "OFFIS"
    process.wait_for_port(port)
    return process


def orthanc(folder, env=None, **settings):
    """Orthanc with its defaults (which flush), without its REST plugins, below `folder`."""
    port, http_port = free_port(), free_port()
    folder = pathlib.Path(folder)
    config = folder / "orthanc.json"
    config.write_text(json.dumps({
        "Name": "ORTHANC", "DicomAet": "ORTHANC", "DicomPort": port, "HttpPort": http_port,
        "StorageDirectory": str(folder / "orthanc-data"), "IndexDirectory": str(folder / "orthanc-data"),
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "Plugins": [],
        "DicomCheckCalledAet": False, "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowStore": True,
        "UnknownSopClassAccepted": True, "SyncStorageArea": True, "OverwriteInstances": False,
        "MaximumStorageSize": 0, **settings}))
    process = Process("Orthanc", config, env=env)
    process.port, process.http_port, process.ae_title = port, http_port, "ORTHANC"
    process.wait_for_port(http_port)
    process.wait_for_port(port)
    return process


class TestCase(unittest.TestCase):
    """A test with a folder of its own; what it starts through `start` is ended with it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pacs-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, make, *arguments, **options):
        """self.start(Pacs, self.folder, {...}), self.start(storescp, self.folder)"""
        process = make(*arguments, **options)
        self.addCleanup(process.kill)
        return process

    def server(self, config=None, **options):
        return self.start(Pacs, self.folder, config, **options)


class ServerTestCase(TestCase):
    """One server (`cls.pacs`) for all tests of a class; `config` may be set in the class."""

    config = {}

    @classmethod
    def setUpClass(cls):
        cls.class_folder = pathlib.Path(tempfile.mkdtemp(prefix="pacs-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.class_folder, ignore_errors=True)
        cls.pacs = Pacs(cls.class_folder, cls.config)
        cls.addClassCleanup(cls._end)

    @classmethod
    def _end(cls):
        log = cls.pacs.log
        code = cls.pacs.stop()
        if code != 0:
            raise AssertionError(f"pacs serve exited {code} on SIGTERM:\n{log[-4000:]}")


@contextlib.contextmanager
def running(process):
    """with running(storescp(folder)) as sink: ..."""
    try:
        yield process
    finally:
        process.kill()


def test_files():
    """Every file of pydicom's test data, charset files included, in a fixed order."""
    files = [*PYDICOM_FILES.rglob("*"), *PYDICOM_CHARSETS.rglob("*")]
    return sorted(path for path in files if path.is_file())


if __name__ == "__main__":
    sys.exit("a library: run tests/interop/run_all")
