"""The servers that are measured, each started fresh in a folder of its own, and what a run costs them."""

import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "interop"))
import harness  # noqa: E402  (the tests' way to start them)

TICKS = 100.0


# destinations: the AEs that each may move to, [(AE title, port)].
def pacs(folder, env=None, destinations=()):
    """Ours, defaults: index, checksums, durability "full"."""
    remotes = [{"ae_title": ae, "host": "127.0.0.1", "port": port} for ae, port in destinations]
    return harness.Pacs(folder, {"remote_ae": remotes} if remotes else None, env=env)


def storescp(folder, env=None, destinations=()):
    """DCMTK's sink: writes a file, no index, no flush; one process for each association."""
    return harness.storescp(folder, "--fork", env=env)


def dcmqrscp(folder, env=None, destinations=()):
    """DCMTK's archive: index without a flush."""
    return harness.dcmqrscp(folder, destinations, env=env)


def orthanc(folder, env=None, destinations=()):
    """Orthanc with its defaults: SQLite index, each file flushed."""
    modalities = {ae: [ae, "127.0.0.1", port] for ae, port in destinations}
    return harness.orthanc(folder, env=env, DicomModalities=modalities, DicomAlwaysAllowFind=True,
                           DicomAlwaysAllowGet=True, DicomAlwaysAllowMove=True)


def orthanc_web(folder, env=None, destinations=()):
    """The same with its DICOMweb plugin."""
    return harness.orthanc(folder, env=env, Plugins=[ORTHANC_DICOMWEB], DicomWeb={"Enable": True, "Root": "/dicom-web/"})


ORTHANC_DICOMWEB = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
# Where each answers DICOMweb.
WEB_ROOTS = {"pacs": "/dicomweb", "orthanc-web": "/dicom-web"}

ALL = {"pacs": pacs, "storescp": storescp, "dcmqrscp": dcmqrscp, "orthanc": orthanc, "orthanc-web": orthanc_web}


def family(pid):
    """The process and its living children."""
    pids = [pid]
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pids.append(int(child))
    return pids


def cpu_seconds(server):
    """User and system seconds of the server, its children alive and reaped."""
    total = 0
    for pid in family(server.pid):
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except FileNotFoundError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def settle(server, quiet_seconds=0.3, seconds_max=30):
    """Waits until the server has done its deferred work: no CPU used for a while and no child left."""
    end = time.monotonic() + seconds_max
    last, since = cpu_seconds(server), time.monotonic()
    while time.monotonic() < end:
        time.sleep(0.05)
        now = cpu_seconds(server)
        if now != last or len(family(server.pid)) > 1:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > quiet_seconds:
            return


class PeakWatch:
    """VmHWM of the server; for one that forks, the greatest sum over processes alive at the same time."""

    def __init__(self, server):
        self.server, self.most, self.ended = server, 0.0, threading.Event()
        self.look()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def look(self):
        total = 0
        try:
            for pid in family(self.server.pid):
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                total += int(status.split("VmHWM:")[1].split()[0])
        except (OSError, IndexError):
            return
        self.most = max(self.most, total / 1024)

    def watch(self):
        while not self.ended.wait(0.02):
            self.look()

    def mib(self):
        self.look()
        return self.most

    def stop(self):
        self.ended.set()
        self.thread.join()


def resident_mib(server):
    return server.status_kib("VmRSS") / 1024
