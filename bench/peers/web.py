"""What DICOMweb costs: searches, metadata, studies and frames fetched, instances stored."""

import concurrent.futures
import contextlib
import http.client
import json
import multiprocessing
import time

import data
import dicomweb
import servers
from measure import WORK, Failed, Run, finish, million_studies, one_study, read_part10, set_cache, storescu, studies_200
from servers import harness


def study_path(key):
    return "/studies/" + key.split("=")[1]


def metadata(count):
    """The metadata of a study of CT, once and again, as a viewer asks for it."""
    def measure(name):
        folder, key = one_study("ct", count)
        with Run(name, holds=folder) as run:
            set_cache(run, cached=True)
            client = dicomweb.Client(name, run.server)
            path = study_path(key) + "/metadata"
            ask = {"Accept": "application/dicom+json", "Accept_Encoding": "gzip"}
            first, _, _ = client.get(path, **ask)
            result = run.measured()
            _, again, size = client.get(path, **ask)
            return {**result, "first_ms": 1000 * first, "again_ms": 1000 * again, "bytes_sent": size}
    return measure


def retrieving(count):
    def measure(name):
        folder, key = one_study("ct", count)
        with Run(name, holds=folder) as run:
            set_cache(run, cached=True)
            accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
            _, _, size = dicomweb.Client(name, run.server).get(study_path(key), Accept=accept)
            if size < count * 500_000:
                raise Failed(f"{size} bytes of {count} CT came")
            return run.measured()
    return measure


def frames(count, connections, seconds):
    """Single frames of `count` small MR, by six connections as a browser has them."""
    def measure(name):
        folder, key = one_study("mr", count)
        with Run(name, holds=folder) as run:
            import pydicom
            paths = []
            for path in sorted(folder.rglob("*.dcm")):
                ds = pydicom.dcmread(path, stop_before_pixels=True)
                paths.append(f"{study_path(key)}/series/{ds.SeriesInstanceUID}/instances/"
                             f"{ds.SOPInstanceUID}/frames/1")
            run.watch()
            accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
            requests, rate = dicomweb.load(name, run.server, paths, accept, connections, seconds)
            result = run.measured()
            return {**result, "each_ms": 1000 * result["cpu"] / requests, "rate_web": rate}
    return measure


def all_frames(count):
    """Each frame of an object by one request, beside the object whole; both are in the page cache."""
    def measure(name):
        folder = WORK / "data" / f"frames-{count}"
        if not (folder / "one.dcm").exists():
            data.write(data.multi_frame(1, data.numpy.random.default_rng(1), count, side=128), folder / "one.dcm")
        with Run(name, holds=folder) as run:
            set_cache(run, cached=True)
            client = dicomweb.Client(name, run.server)
            study, series, instance = (data.uid(3, 1), data.uid(3, 1, 1), read_part10(folder / "one.dcm")[0])
            path = f"/studies/{study}/series/{series}/instances/{instance}"
            _, whole, _ = client.get(path, Accept='multipart/related; type="application/dicom"; transfer-syntax=*')
            run.watch()
            frames = ",".join(str(number) for number in range(1, count + 1))
            _, wall, size = client.get(f"{path}/frames/{frames}",
                                       Accept='multipart/related; type="application/octet-stream"; transfer-syntax=*')
            if size < count * 128 * 128 * 2:
                raise Failed(f"{size} bytes of {count} frames came")
            return {**run.measured(), "of_whole": wall / whole}
    return measure


def store_body(objects):
    """The body of a STOW-RS request, and its Content-Type (PS3.18 §10.5.1)."""
    body = b"".join(b"--part\r\nContent-Type: application/dicom\r\n\r\n" + one + b"\r\n" for one in objects)
    return body + b"--part--\r\n", 'multipart/related; type="application/dicom"; boundary=part'


def store(connection, name, objects):
    body, content_type = store_body(objects)
    connection.request("POST", servers.WEB_ROOTS[name] + "/studies", body,
                       {"Content-Type": content_type, "Accept": "application/dicom+json"})
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise Failed(f"{answer.status}: {said[:200]}")


def stowing(what, count, at_once):
    """The objects of C-STORE's line by one connection, and the CPU of both."""
    def measure(name):
        folder = data.make(WORK / "data" / what, what, count)
        with Run(name) as run:
            finish([storescu(run.server, folder)])
            stored = run.measured()
        files = sorted(folder.rglob("*.dcm"))
        with Run(name) as run:
            connection = http.client.HTTPConnection("127.0.0.1", run.server.http_port, timeout=600)
            for at in range(0, count, at_once):
                store(connection, name, [file.read_bytes() for file in files[at:at + at_once]])
            result = run.measured()
        return {**result, "of_store": result["cpu"] / stored["cpu"]}
    return measure


def numbered_template(**replaced):
    """The bytes of an MR image whose UIDs `numbered` replaces."""
    ds = data.mr_image(1, 1, 1, data.numpy.random.default_rng(1))
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.1.00000000", "1.2.3.2.00000000"
    ds.SOPInstanceUID = "1.2.3.3.00000000"
    for keyword, value in replaced.items():
        setattr(ds, keyword, value)
    data.write(ds, WORK / "data" / "numbered.dcm")
    return (WORK / "data" / "numbered.dcm").read_bytes()


def numbered(template, numbers):
    """Objects that differ by UIDs: 200 make a study of two series."""
    for number in numbers:
        one = template
        for kind, every in ((b"1.2.3.1.00000000", 200), (b"1.2.3.2.00000000", 100), (b"1.2.3.3.00000000", 1)):
            one = one.replace(kind, kind[:8] + b"%08d" % (10_000_000 + number // every))
        yield one


def _store_numbered(task):
    """One client of `stowing_on`, ten objects in a request: when each was answered."""
    name, port, template, first, count = task
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.connect()
    answered = []
    for at in range(first, first + count, 10):
        store(connection, name, list(numbered(template, range(at, at + 10))))
        answered.append(time.monotonic())
    return answered


def _store_steadily(port, template, rate, first, stopped, stored):
    """Stores `rate` objects a second, ten in a request, until it is stopped."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    started = time.monotonic()
    while not stopped.is_set():
        at = first + stored.value
        store(connection, "pacs", list(numbered(template, range(at, at + 10))))
        stored.value += 10
        time.sleep(max(0, started + stored.value / rate - time.monotonic()))


@contextlib.contextmanager
def while_stored(port, rate):
    """Small objects come at this rate; {"rate": what came of it} afterwards."""
    spawn = multiprocessing.get_context("spawn")
    stopped, stored = spawn.Event(), spawn.Value("q", 0)
    template = numbered_template(Rows=8, Columns=8, PixelData=bytes(128))
    client = spawn.Process(target=_store_steadily,
                           args=(port, template, rate, int(time.time()) % 10**7 * 8, stopped, stored))
    client.start()
    found = {}
    try:
        while stored.value == 0 and client.is_alive():
            time.sleep(0.05)
        began, before = time.monotonic(), stored.value
        yield found
        found["rate"] = (stored.value - before) / (time.monotonic() - began)
    finally:
        stopped.set()
        client.join()


def stowing_on(total, clients):
    """Rates of the first and the last tenth while an archive grows from nothing to `total` small objects."""
    def measure(name):
        template = numbered_template()
        with Run(name) as run, concurrent.futures.ProcessPoolExecutor(
                clients, multiprocessing.get_context("spawn")) as pool:
            each = total // clients
            tasks = [(name, run.server.http_port, template, client * each, each) for client in range(clients)]
            started = time.monotonic()
            answered = sorted(moment for one in pool.map(_store_numbered, tasks) for moment in one)
            result = run.measured()
            tenth = len(answered) // 10
            first = answered[2 * tenth] - answered[tenth]  # not while the clients start
            last = answered[-1] - answered[-1 - tenth]
            return {**result, "wall": answered[-1] - started, "rate_web": total / (answered[-1] - started),
                    "rate_end": 10 * tenth / last, "kept": first / last}
    return measure


def searching(times, answers, path="/studies"):
    """The same QIDO-RS search again and again on one connection."""
    def measure(name):
        with Run(name, holds=studies_200()) as run:
            connection = http.client.HTTPConnection("127.0.0.1", run.server.http_port, timeout=600)
            for _ in range(times):
                connection.request("GET", servers.WEB_ROOTS[name] + path, headers={"Accept": "application/dicom+json"})
                answer = connection.getresponse()
                found = len(json.loads(answer.read()))
                if answer.status != 200 or found < answers:
                    raise Failed(f"{answer.status}: {found} of {answers} studies")
            result = run.measured()
            return {**result, "each_ms": 1000 * result["cpu"] / times}
    return measure


# First pages by each key with an index, over what fill_index makes; {number} differs from one to the next.
SEARCHES = {"all": "", "patient id": "PatientID=P{number:07}", "accession number": "AccessionNumber=A{number:08}",
            "study UID": "StudyInstanceUID=1.2.826.0.1.3680043.8.498.2.{number}", "a day": "StudyDate={day}",
            "a month": "StudyDate={month}01-{month}28", "a year": "StudyDate={year}0101-{year}1231",
            "from a year on": "StudyDate={year}0101-", "a month and modality": "StudyDate={month}01-{month}28&ModalitiesInStudy=CT",
            "name SMITH*": "PatientName=SMITH*", "name BER*": "PatientName=BER*", "name *MITH*": "PatientName=*MITH*",
            "full name": "PatientName=SMITH^JOHN", "description": "StudyDescription=XA%20KNEE",
            "physician": "ReferringPhysicianName=Smith*", "series of a study": "/studies/1.2.826.0.1.3680043.8.498.2.{number}/series"}


def search_times(port, studies, rounds=40):
    """{kind: (p50, p95) in ms} of the first page (limit=100) over HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    times = {}
    for kind, form in SEARCHES.items():
        taken = []
        for turn in range(rounds):
            year = 2001 + turn % 23
            text = form.format(number=turn * 7919 * 104729 % (studies // 2), year=year, month=f"{year}{turn % 12 + 1:02}",
                               day=f"{year}{turn % 12 + 1:02}{turn % 28 + 1:02}")
            path = f"{text}?" if text.startswith("/") else f"/studies?{text}&"
            started = time.monotonic()
            connection.request("GET", f"/dicomweb{path}limit=100", headers={"Accept": "application/dicom+json"})
            answer = connection.getresponse()
            body = answer.read()
            taken.append(1000 * (time.monotonic() - started))
            if answer.status != 200:
                raise Failed(f"{path}: {answer.status} {body[:200]}")
        taken.sort()
        times[kind] = taken[len(taken) // 2], taken[(len(taken) - 1) * 95 // 100]
    return times


def qido_million(name):
    """The worst p95 of the first pages over 1,000,000 studies: alone, and while 500 objects a second are stored."""
    with harness.running(harness.Pacs(WORK / "million-studies", {"storage": {"path": million_studies()}})) as server:
        search_times(server.http_port, 1_000_000, rounds=5)  # what is asked often lies in the page cache
        alone = search_times(server.http_port, 1_000_000)
        with while_stored(server.http_port, 500) as stored:
            beside = search_times(server.http_port, 1_000_000)
        return {"kinds": len(alone), "p95_ms": max(p95 for _, p95 in alone.values()), "rate_stored": stored["rate"],
                "beside_ms": max(p95 for _, p95 in beside.values()),
                **{f"{kind}/p95": p95 for kind, (_, p95) in alone.items()}}
