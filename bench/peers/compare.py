#!/usr/bin/python3
"""Runs the same work through pacs, DCMTK's storescp and dcmqrscp, and Orthanc, and prints a table.

    scripts/bench.sh [--runs N] [--lines ct1,mr4,...] [--servers pacs,orthanc] [--json FILE]

Wall is the client's, from its start to its end, medians of N runs that alternate between the servers;
CPU is the server's user and system time until it is quiet again, deferred work included; peak is
VmHWM, summed over the processes of a server that forks. Client and server have TCP_NODELAY=1 except
where a line says otherwise. Each run starts a server with an empty archive and stores one object
before the clock starts.
"""

import argparse
import atexit
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import data
import servers
import viewing
import web
from measure import (NODELAY, ROOT, WORK, Failed, Run, expect, finish, million_studies, one_study, read_part10, set_cache,
                     storescu, studies_200)
from servers import harness

QUICK = ("pacs", "storescp", "dcmqrscp", "orthanc")
ARCHIVES = ("pacs", "dcmqrscp", "orthanc")


def storing(what, count, associations, env=NODELAY):
    def measure(name):
        folder = data.make(WORK / "data" / what, what, count)
        with Run(name, env) as run:
            parts = [folder] if associations == 1 else [folder / str(i + 1) for i in range(associations)]
            finish([storescu(run.server, part, env=env) for part in parts])
            return run.measured()
    return measure


def one_compressed_study(what, count):
    """The same in JPEG Lossless, as dcmcjpeg writes it."""
    plain, key = one_study(what, count)
    folder = plain.with_name(plain.name + "-jpeg")
    for path in plain.rglob("*"):
        to = folder / path.relative_to(plain)
        if path.is_file() and not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            harness.run("dcmcjpeg", path, to, ok=True)
    return folder, key


def retrieving(tool, server, *options):
    """getscu or movescu at study level."""
    return subprocess.Popen([tool, "-v", "-S", "-aec", server.ae_title, "-k", "QueryRetrieveLevel=STUDY",
                             *options, "127.0.0.1", str(server.port)], env={**os.environ, **NODELAY},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def getting(what, count, cached=True, study=one_study):
    """The client discards what it receives, so that the servers are measured and not its disk."""
    def measure(name):
        folder, key = study(what, count)
        with Run(name, holds=folder) as run:
            set_cache(run, cached)
            expect(retrieving("getscu", run.server, "--ignore", "-k", key),
                   "Sending C-STORE Response (Success)", count)
            return run.measured()
    return measure


def moving(what, count):
    """To a storescp that discards what it receives."""
    def measure(name):
        folder, key = one_study(what, count)
        with tempfile.TemporaryDirectory(dir=WORK / "runs") as place, \
                harness.running(harness.storescp(place, "--ignore", "-v", env=NODELAY)) as sink, \
                Run(name, holds=folder, destinations=[(sink.ae_title, sink.port)]) as run:
            set_cache(run, cached=True)
            expect(retrieving("movescu", run.server, "-aem", sink.ae_title, "-k", key),
                   "Received Final Move Response (Success)", 1)
            result = run.measured()
            stored = sink.log.count("Received Store Request")
            if stored != count:
                raise Failed(f"{stored} of {count} came")
            return result
    return measure


def sending_2gb(name):
    """Peak memory of a fresh start that sends 10 objects of 210 MB."""
    count = 10
    folder, key = one_study("multi", count)
    with Run(name) as run:
        finish([storescu(run.server, folder)])
        run.server.stop()
        run.server = harness.Pacs(run.folder, env=NODELAY)
        run.watch()
        expect(retrieving("getscu", run.server, "--ignore", "-k", key),
               "Sending C-STORE Response (Success)", count)
        return run.measured()


def sending_2gb_compressed(name):
    """Growth of a fresh start that sends one object of 2 GiB, decoding it as the client takes no JPEG."""
    folder = WORK / "data" / "long-jpeg"
    folder.mkdir(parents=True, exist_ok=True)
    data.long_jpeg(folder)
    with Run(name) as run:
        finish([storescu(run.server, folder, "-xs")])
        run.server.stop()
        run.server = harness.Pacs(run.folder, env=NODELAY)
        run.watch()
        expect(retrieving("getscu", run.server, "--ignore", "-k", "StudyInstanceUID=" + data.uid(3, 1)),
               "Sending C-STORE Response (Success)", 1)
        return run.measured()


STUDY_KEYS = ("StudyInstanceUID", "PatientName", "PatientID", "StudyDate", "StudyTime", "StudyDescription",
              "AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedSeries",
              "NumberOfStudyRelatedInstances")


def finding(times, answers, *keys):
    """The same study-level query again and again on one association."""
    def measure(name):
        with Run(name, holds=studies_200()) as run:
            arguments = [part for key in ("QueryRetrieveLevel=STUDY", *keys) for part in ("-k", key)]
            client = subprocess.Popen(["findscu", "-S", "--repeat", str(times), "-aec", run.server.ae_title, *arguments,
                                       "127.0.0.1", str(run.server.port)], env={**os.environ, **NODELAY},
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            expect(client, "Find Response:", times * answers)
            result = run.measured()
            return {**result, "each_ms": 1000 * result["cpu"] / times}
    return measure


def storing_while_asked(clients, pause_seconds=0.5):
    """400 CT on one association, first alone, then while workstations list 200 studies twice a second each.
    They share two processors with the server, so they ask at people's pace and not as fast as they can."""
    def measure(name):
        import queries
        folder = data.make(WORK / "data" / "ct", "ct", 400)
        with Run(name, holds=studies_200()) as run:
            finish([storescu(run.server, folder)])
            alone = run.measured()["wall"]
        with Run(name, holds=studies_200()) as run:
            done, asked = threading.Event(), []

            def ask():
                keys = queries.identifier("STUDY", PatientID="BENCH*", **{key: None for key in STUDY_KEYS
                                                                           if key != "PatientID"})
                with queries.Finder(run.server, max_pdu=131072) as finder:
                    while not done.wait(pause_seconds):
                        asked.append(finder.count(keys))
            threads = [threading.Thread(target=ask) for _ in range(clients)]
            for thread in threads:
                thread.start()
            finish([storescu(run.server, folder)])
            wall = time.monotonic() - run.started
            done.set()
            for thread in threads:
                thread.join()
            if not asked or any(answers < 200 or status != 0 for answers, status in asked):
                raise Failed(f"queries failed: {asked[-1:]}")
            return {**run.measured(), "wall": wall, "kept": alone / wall}
    return measure


def multi_frames(associations):
    """The same 210 MB object with a new SOP Instance UID on each association."""
    def measure(name):
        folder = data.make(WORK / "data" / "multi", "multi", 1)
        with Run(name) as run:
            finish([storescu(run.server, folder, "+II") for _ in range(associations)])
            return run.measured()
    return measure


def many_associations(count):
    """`count` associations open at once, each then storing one MR while the others do."""
    def measure(name):
        import raw_dicom as raw
        files = sorted(data.make(WORK / "data" / "mr", "mr", 2000).rglob("*.dcm"))[:count]
        with Run(name, warm=False) as run:
            stored, ready = [], threading.Barrier(count)

            def one(path):
                ds_uid, body = read_part10(path)
                try:
                    with raw.Connection(run.server.port, seconds=60) as peer:
                        peer.associate(raw.context(1, data.MR, [raw.EXPLICIT]), called=run.server.ae_title)
                        ready.wait(60)
                        stored.append(peer.store(1, data.MR, ds_uid, body) == 0 and peer.release())
                except (OSError, AssertionError, TypeError, threading.BrokenBarrierError):
                    ready.abort()
            threads = [threading.Thread(target=one, args=[path]) for path in files]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if stored.count(True) != count:
                raise Failed(f"{stored.count(True)} of {count} stored")
            return run.measured()
    return measure


def idle(name):
    with Run(name, warm=False) as run:
        return {"resident": servers.resident_mib(run.server)}


def recovery(name):
    """kill -9 under load on four associations, then start to ready (both ports answer)."""
    folder = data.make(WORK / "data" / "ct", "ct", 400)
    with Run(name) as run:
        clients = [storescu(run.server, folder / str(i + 1)) for i in range(4)]
        time.sleep(random.uniform(0.2, 0.6))
        run.server.kill()
        for client in clients:
            client.communicate()
        run.server = harness.Pacs(run.folder, {"dicom": {"port": run.server.port},
                                               "http": {"port": run.server.http_port}})
        return {"wall": run.server.seconds_to_ready}


def start_million(name):
    """Start to ready over an index of 1,000,000 instances that the real index code wrote."""
    archive = WORK / "million" / "pacs-data"
    if not (WORK / "million" / "complete").exists():
        shutil.rmtree(WORK / "million", ignore_errors=True)
        archive.mkdir(parents=True)
        one_ct = next(data.make(WORK / "data" / "ct", "ct", 400).rglob("*.dcm"))
        harness.run(ROOT / "build" / "bench" / "fill_index", archive, 1_000_000, one_ct, ok=True, timeout=3600)
        (WORK / "million" / "complete").touch()
    with harness.running(harness.Pacs(WORK / "million", {"storage": {"path": archive}})) as server:
        instances = server.instances()
        if instances < 1_000_000:
            raise Failed(f"{instances} instances indexed")
        result = {"wall": server.seconds_to_ready, "resident": servers.resident_mib(server)}
        server.stop()
        return result


# Many rows are examined for each answer; measured, but without a promise.
QUERIES_NOT_PROMISED = ("name and a year", "ten years, rare description")


def query_million(name):
    """bench/query_bench in-process: the worst p95 of the kinds of queries that are promised and of the others, and
    all studies streamed."""
    out = harness.run(ROOT / "build" / "bench" / "query_bench", million_studies(), 100, ok=True,
                      timeout=1800).stdout
    kinds = re.findall(r"^(.{28}) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +[\d.]+$", out, re.MULTILINE)
    rate, resident = map(float, re.search(r"([\d.]+) a second, ([\d.]+) MiB resident", out).groups())
    promised = [kind for kind in kinds if kind[0].strip() not in QUERIES_NOT_PROMISED]
    return {"kinds": len(promised), "first_p95": max(float(kind[2]) for kind in promised),
            "all_p95": max(float(kind[4]) for kind in promised), "others_p95": max(float(kind[4]) for kind in kinds),
            "rate": rate, "resident": resident}


def index_bytes(name):
    """Bytes of index on disk for each of 400 CT, after an orderly stop."""
    folder = data.make(WORK / "data" / "ct", "ct", 400)
    with Run(name) as run:
        finish([storescu(run.server, folder)])
        run.server.stop()
        size = sum(p.stat().st_size for p in run.server.data.rglob("*")
                   if p.is_file() and ("index" in p.name))
        return {"bytes": size / 401}


def committing(count):
    """A request for commitment of `count` MR: to its response, and to the report when every object was read
    against its checksum."""
    def measure(name):
        import commitment
        folder = data.make(WORK / "data" / f"mr-{count}", "mr", count)
        with Run(name, holds=folder) as run:
            answered, reported = commitment.measure(run.server, folder, count)
            return {**run.measured(), "answered": answered, "reported": reported}
    return measure


def worklist_100k(name):
    """bench/worklist_bench: the kinds of query that modalities send, among 100,000 scheduled steps."""
    archive = WORK / "worklist-100k"
    out = harness.run(ROOT / "build" / "bench" / "worklist_bench", archive, 100_000, ok=True, timeout=1800).stdout
    return {"p95_ms": float(re.search(r"^p95 ([\d.]+) ms", out, re.MULTILINE).group(1))}


def asking_worklist(count):
    """What is scheduled for one station on one day, asked again and again, among `count` worklist files."""
    def measure(name):
        folder = data.make_worklist(WORK / "data" / f"worklist-{count}", count)
        times = 300 if name == "pacs" else 15
        with tempfile.TemporaryDirectory(dir=WORK / "runs") as place:
            if name == "pacs":
                server = harness.Pacs(place, {"worklist": {"folder": folder}}, env=NODELAY)
            else:
                server = harness.wlmscpfs(folder, env=NODELAY)
            with harness.running(server):
                if name == "pacs":
                    harness.eventually(lambda: server.log.count("worklist file taken") == count, "files taken", 300)
                servers.settle(server)
                before = servers.cpu_seconds(server)
                keys = [f"ScheduledProcedureStepSequence[0].{key}" for key in (
                    "ScheduledStationAETitle=CT1", "ScheduledProcedureStepStartDate=20240705", "Modality",
                    "ScheduledProcedureStepStartTime", "ScheduledProcedureStepID")]
                keys += ["PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID"]
                client = subprocess.Popen(["findscu", "-W", "--repeat", str(times), "-aec", server.ae_title,
                                           *(part for key in keys for part in ("-k", key)),
                                           "127.0.0.1", str(server.port)], env={**os.environ, **NODELAY},
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                started = time.monotonic()
                expect(client, "Find Response:", times * data.WORKLIST_ANSWERS)
                wall = time.monotonic() - started
                servers.settle(server)
                return {"wall": wall, "each_ms": 1000 * (servers.cpu_seconds(server) - before) / times,
                        "each_wall_ms": 1000 * wall / times}
    return measure


def parse(name):
    """bench/parse_bench: headers in memory, ours and DCMTK's, over pydicom's files."""
    out = harness.run(ROOT / "build" / "bench" / "parse_bench", ok=True, timeout=1800).stdout
    data_set, header_reader = map(float, re.search(
        r"read_data_set is ([\d.]+) times as fast as DCMTK, HeaderReader ([\d.]+) times", out).groups())
    return {"data_set": data_set, "header_reader": header_reader}


def bench_times(program, **more):
    """{benchmark: seconds for one of its pixels or rounds, the least of the repetitions, which alternate between the
    benchmarks: what else the machine does only adds to it}"""
    options = {"repetitions": 9, "enable_random_interleaving": "true", "min_time": 0.05, "format": "json", **more}
    arguments = [f"--benchmark_{key}={value}" for key, value in options.items()]
    out = harness.run(ROOT / "build" / "bench" / program, *arguments, ok=True, timeout=3600).stdout
    taken = {}
    for one in json.loads(out[out.index("{"):])["benchmarks"]:
        if one["run_type"] == "iteration":
            name = one["run_name"].removesuffix("/real_time").removesuffix("/process_time")
            seconds = 1 / one["items_per_second"] if "items_per_second" in one else one["cpu_time"] * 1e-9
            taken.setdefault(name, []).append(seconds)
    return {name: min(times) for name, times in taken.items()}


def codecs(name):
    """bench/codec_bench: our rate of decoding (or coding) a frame by that of each other, from the same bytes."""
    times = bench_times("codec_bench")
    return {one: seconds / times[one.rsplit("/", 1)[0] + "/ours"] for one, seconds in times.items()
            if not one.endswith("/ours")}


def frames(name):
    """bench/frame_bench: pictures, one frame out of many, a multi-frame object on one core and on two."""
    times = bench_times("frame_bench")
    result = {f"{one} GPixel/s": 1e-9 / seconds for one, seconds in times.items() if one.startswith("render/")}
    for codec in ("jpeg_2000", "rle"):
        result[f"one_of_400/{codec}"] = times[f"one_of_400/{codec}"] / times[f"alone/{codec}"]
    result["transcode_all/two_cores"] = times["transcode_all/one_core"] / times["transcode_all/two_cores"]
    return result


# name: (title, measure, servers, runs at most, promises as (text, check over {server: result}))
def ratio(of, to, field, limit):
    def check(results):
        if of not in results or to not in results:
            return None
        value = results[of][field] / max(results[to][field], 1e-9)
        return f"{field} {value:.2f} x {to}", value <= limit
    return f"{field} <= {limit:.3g} x {to}", check


def at_most(field, limit, unit):
    def check(results):
        if "pacs" not in results:
            return None
        value = results["pacs"][field]
        return f"{field} {value:.2f} {unit}", value <= limit
    return f"{field} <= {limit} {unit}", check


def at_least(field, limit, unit):
    def check(results):
        if "pacs" not in results:
            return None
        value = results["pacs"][field]
        return f"{field} {value:.2f} {unit}", value >= limit
    return f"{field} >= {limit} {unit}", check


def times(of, to, field, limit):
    def check(results):
        if of not in results or to not in results:
            return None
        value = results[of][field] / max(results[to][field], 1e-9)
        return f"{field} {value:.2f} x {to}", value >= limit
    return f"{field} >= {limit:.3g} x {to}", check


def best(field, limit):
    """At most `limit` of what the best of the other archives takes."""
    def check(results):
        others = {server: r[field] for server, r in results.items() if server != "pacs"}
        if "pacs" not in results or not others:
            return None
        name = min(others, key=others.get)
        value = results["pacs"][field] / max(others[name], 1e-9)
        return f"{field} {value:.2f} x {name}", value <= limit
    return f"{field} <= {limit} x the best peer", check


LINES = {
    "ct1": ("400 CT x 526 kB, one association", storing("ct", 400, 1), QUICK, 99,
            [ratio("pacs", "storescp", "wall", 2.2), ratio("pacs", "orthanc", "cpu", 1 / 6)]),
    "ct4": ("400 CT, four associations", storing("ct", 400, 4), QUICK, 99,
            [ratio("pacs", "orthanc", "wall", 1 / 3)]),
    "mr1": ("2,000 MR x 9 kB, one association", storing("mr", 2000, 1), QUICK, 99,
            [ratio("pacs", "storescp", "wall", 1.6)]),
    "mr4": ("2,000 MR, four associations", storing("mr", 2000, 4), QUICK, 99,
            [ratio("pacs", "storescp", "wall", 2.0)]),
    "nagle": ("400 CT, client's default settings (Nagle on)", storing("ct", 400, 1, env=None), QUICK, 1,
              [ratio("pacs", "storescp", "wall", 0.1), ratio("pacs", "dcmqrscp", "wall", 0.1),
               ratio("pacs", "orthanc", "wall", 0.1)]),
    "multi1": ("one 210 MB multi-frame", multi_frames(1), QUICK, 99, [at_most("growth", 32, "MiB")]),
    "multi20": ("20 x 210 MB on 20 associations", multi_frames(20), ("pacs",), 1,
                [at_most("peak", 256, "MiB")]),
    "get": ("C-GET of 400 CT, objects in the page cache", getting("ct", 400), ARCHIVES, 99, [best("wall", 0.7), best("cpu", 0.5)]),
    "get_cold": ("C-GET of 400 CT from disk", getting("ct", 400, cached=False), ARCHIVES, 99,
                 [best("wall", 0.7), best("cpu", 0.5)]),
    "get_jpeg": ("C-GET of 400 CT in JPEG Lossless by a client that takes them uncompressed",
                 getting("ct", 400, study=one_compressed_study), ("pacs", "orthanc"), 99,
                 [ratio("pacs", "orthanc", "wall", 1 / 3)]),
    "move": ("C-MOVE of 400 CT, objects in the page cache", moving("ct", 400), ARCHIVES, 99, [best("wall", 0.7), best("cpu", 0.5)]),
    "get_mr": ("C-GET of 2,000 MR", getting("mr", 2000), ARCHIVES, 99, []),
    "move_mr": ("C-MOVE of 2,000 MR", moving("mr", 2000), ARCHIVES, 99, []),
    "get2gb": ("C-GET of 10 x 210 MB", sending_2gb, ("pacs",), 3, [at_most("peak", 64, "MiB")]),
    "get2gb_jpeg": ("C-GET of 2 GiB of frames in JPEG Lossless by a client that takes them uncompressed",
                    sending_2gb_compressed, ("pacs",), 3, [at_most("growth", 64, "MiB")]),
    "wado_metadata": ("WADO-RS metadata of 400 CT, gzip", web.metadata(400), ("pacs", "orthanc-web"), 99,
                      [ratio("pacs", "orthanc-web", "cpu", 1 / 10), at_most("first_ms", 5, "ms"),
                       at_most("again_ms", 20, "ms")]),
    "wado_study": ("WADO-RS of a study of 400 CT as stored", web.retrieving(400), ("pacs", "orthanc-web"), 99,
                   [ratio("pacs", "orthanc-web", "cpu", 0.5)]),
    "wado_frame": ("WADO-RS of single frames of 200 MR, six connections for 5 s", web.frames(200, 6, 5),
                   ("pacs", "orthanc-web"), 99,
                   [at_most("each_ms", 1, "ms of server time"), at_least("rate_web", 2000, "frames a second")]),
    "find": ("40 study-level C-FIND, each returning 200 studies", finding(40, 200, *STUDY_KEYS), ARCHIVES, 99,
             [ratio("pacs", "orthanc", "cpu", 1 / 8), ratio("pacs", "dcmqrscp", "cpu", 1)]),
    "find1": ("1,000 C-FIND of one study by accession number",
              finding(1000, 1, "AccessionNumber=A2000057", "StudyInstanceUID", "PatientName"), ARCHIVES, 99,
              [at_most("each_ms", 0.5, "ms of server time")]),
    "wado_metadata600": ("WADO-RS metadata of 600 CT, gzip", web.metadata(600), ("pacs", "orthanc-web"), 99,
                         [at_most("again_ms", 20, "ms")]),
    "wado_frames": ("2,000 frames of one object in one request", web.all_frames(2000), ("pacs", "orthanc-web"), 99,
                    [at_most("of_whole", 2, "x the object whole")]),
    "stow": ("STOW-RS of 400 CT in requests of 20", web.stowing("ct", 400, 20), ("pacs", "orthanc-web"), 99,
             [at_most("of_store", 1.2, "x the CPU of C-STORE")]),
    "stow_flat": ("five clients that store 100,000 MR by STOW-RS", web.stowing_on(100_000, 5), ("pacs", "orthanc-web"), 1,
                  [at_least("kept", 0.9, "of the first rate at the end"), times("pacs", "orthanc-web", "rate_end", 4)]),
    "qido": ("40 QIDO-RS, each returning 200 studies", web.searching(40, 200), ("pacs", "orthanc-web"), 99,
             [ratio("pacs", "orthanc-web", "cpu", 1 / 25)]),
    "qido_million": ("first pages of QIDO-RS over 1,000,000 studies", web.qido_million, ("pacs",), 3,
                     [at_most("p95_ms", 10, "ms"), at_most("beside_ms", 10, "ms")]),
    "viewing": ("a study of 400 CT opened in the OHIF viewer", viewing.opening(400), ("pacs", "orthanc-web"), 99,
                [ratio("pacs", "orthanc-web", "first_image", 1), ratio("pacs", "orthanc-web", "all_images", 1),
                 ratio("pacs", "orthanc-web", "cpu", 0.5)]),
    "page_million": ("the page over 1,000,000 studies, in Chromium", viewing.page_million, ("pacs",), 3,
                     [at_most("paint_ms", 300, "ms"), at_most("usable_ms", 1000, "ms"), at_most("key_p95_ms", 100, "ms"),
                      at_most("long_task_ms", 50, "ms"), at_most("get_ms", 50, "ms")]),
    "worklist": ("worklist queries among 100,000 scheduled steps", worklist_100k, ("pacs",), 3,
                 [at_most("p95_ms", 3, "ms")]),
    "worklist1000": ("a station's day among 1,000 worklist files", asking_worklist(1000), ("pacs", "wlmscpfs"), 99,
                     [ratio("pacs", "wlmscpfs", "each_ms", 1 / 20),
                      ratio("pacs", "wlmscpfs", "each_wall_ms", 1 / 20)]),
    "storefind": ("400 CT while 8 clients list 200 studies twice a second", storing_while_asked(8),
                  ("pacs",), 99, [at_least("kept", 0.8, "of the rate without")]),
    "commit": ("commitment of 10,000 MR: request to response, and to the report with checksums", committing(10_000),
               ("pacs",), 99, [at_most("answered", 2, "s")]),
    "assoc200": ("200 associations at once, each storing", many_associations(200),
                 ("pacs", "storescp", "orthanc"), 3, []),
    "idle": ("idle", idle, QUICK, 1, [at_most("resident", 40, "MiB")]),
    "million": ("start with 1,000,000 instances", start_million, ("pacs",), 3, [at_most("wall", 1, "s")]),
    "query_million": ("queries over 1,000,000 studies, in-process", query_million, ("pacs",), 3,
                      [at_most("first_p95", 5, "ms"), at_most("all_p95", 20, "ms"),
                       at_least("rate", 50_000, "a second")]),
    "recovery": ("ready again after kill -9 under load", recovery, ("pacs",), 99, [at_most("wall", 2, "s")]),
    "index": ("index for each CT instance", index_bytes, ("pacs",), 1, [at_most("bytes", 1024, "B")]),
    "parse": ("parsing headers in memory", parse, ("pacs",), 3,
              [at_least("data_set", 10, "x DCMTK"), at_least("header_reader", 10, "x DCMTK")]),
    "codecs": ("one frame in memory, rates by those of others", codecs, ("pacs",), 1,
               [*(at_least(f"{one}/dcmtk", 3, "x DCMTK") for one in (
                   "rle/512x512x12", "rle/3000x4000x16", "jpeg_lossless/512x512x12", "jpeg_lossless/3000x4000x16")),
                *(at_least(f"{one}/bare", 0.95, "x the bare library") for one in (
                    "jpeg/512x512x8", "jpeg/3000x4000x8x3", "jpeg_ls/512x512x12", "jpeg_ls/3000x4000x16",
                    "jpeg_2000/512x512x12", "jpeg_2000/3000x4000x16", "htj2k/512x512x12", "htj2k/3000x4000x16", "jpeg_xl/3000x4000x16",
                    "to_htj2k/512x512x12", "to_htj2k/3000x4000x16"))]),
    "frames": ("frames of stored objects in memory", frames, ("pacs",), 1,
               [*(at_least(f"render/{one} GPixel/s", 1, "") for one in ("16_bit_window", "16_bit", "8_bit")),
                at_most("one_of_400/jpeg_2000", 1.2, "x one frame alone"),
                at_least("transcode_all/two_cores", 1.8, "x one core")]),
}


def median(results):
    """The median of each number over the runs."""
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def describe(result):
    if isinstance(result, str):
        return result
    parts = []
    for key, form in (("wall", "{:.2f} s"), ("cpu", "cpu {:.2f} s"), ("peak", "peak {:.0f} MiB"),
                      ("each_ms", "cpu {:.2f} ms each"), ("each_wall_ms", "wall {:.2f} ms each"),
                      ("first_image", "first image {:.2f} s"), ("all_images", "all {:.2f} s"),
                      ("paint_ms", "first paint {:.0f} ms"), ("usable_ms", "list {:.0f} ms"),
                      ("key_p50_ms", "first rows {:.0f} ms behind a key"), ("key_p95_ms", "p95 {:.0f} ms"),
                      ("long_task_ms", "longest task {:.0f} ms"), ("first_ms", "first byte {:.1f} ms"), ("again_ms", "again {:.1f} ms"),
                      ("bytes_sent", "{:.0f} B sent"), ("rate_web", "{:.0f} a second"),
                      ("rate_end", "{:.0f} objects a second at the end"), ("of_store", "{:.2f} x the CPU of C-STORE"),
                      ("of_whole", "{:.2f} x the object whole"),
                      ("p95_ms", "p95 {:.2f} ms"), ("beside_ms", "{:.2f} ms beside"), ("rate_stored", "{:.0f} stores a second"),
                      ("get_p95_ms", "GETs p95 {:.0f} ms"), ("get_ms", "slowest {:.0f} ms"), ("kept", "{:.2f} of the rate alone"),
                      ("answered", "answered {:.3f} s"), ("reported", "reported {:.2f} s"),
                      ("growth", "+{:.0f} MiB"), ("resident", "{:.1f} MiB"), ("bytes", "{:.0f} B"),
                      ("kinds", "worst of {:.0f} kinds"), ("first_p95", "first answer p95 {:.2f} ms"),
                      ("all_p95", "200 answers p95 {:.2f} ms"),
                      ("others_p95", "of harder kinds {:.2f} ms"), ("rate", "all studies {:.0f} a second"),
                      ("data_set", "data set {:.1f} x DCMTK"), ("header_reader", "streaming {:.1f} x DCMTK")):
        if key in result:
            parts.append(form.format(result[key]))
    parts += [f"{key} {value:.2f}" for key, value in sorted(result.items()) if "/" in key]
    return ", ".join(parts)


def measure_line(name, names, runs):
    """{server: median result or why not}"""
    _, measure, possible, runs_max, _ = LINES[name]
    collected, answers = {}, {}
    for _ in range(min(runs, runs_max)):
        for server in (s for s in possible if s in names and s not in answers):
            try:
                result = measure(server)
                collected.setdefault(server, []).append(result)
            except (Failed, AssertionError, subprocess.TimeoutExpired) as error:
                answers[server] = "fails: " + " ".join(str(error).split())[:120]
    for server, results in collected.items():
        if server not in answers:
            answers[server] = median(results)
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--lines", default=",".join(LINES), help="default: " + ",".join(LINES))
    parser.add_argument("--servers", default=",".join((*QUICK, "orthanc-web", "wlmscpfs")))
    parser.add_argument("--json", type=pathlib.Path, help="also write all numbers there")
    options = parser.parse_args()
    (WORK / "runs").mkdir(parents=True, exist_ok=True)
    atexit.register(shutil.rmtree, WORK / "runs", ignore_errors=True)
    if not (WORK / "data" / "warm").exists():
        data.write(data.mr_image(9, 9, 9, data.numpy.random.default_rng(9)), WORK / "data" / "warm" / "one.dcm")
    everything, missed = {}, 0
    for name in options.lines.split(","):
        title, _, possible, _, promises = LINES[name]
        answers = measure_line(name, options.servers.split(","), options.runs)
        everything[name] = answers
        print(f"\n{title}")
        for server in possible:
            if server in answers:
                print(f"  {server:11} {describe(answers[server])}")
        good = {server: a for server, a in answers.items() if not isinstance(a, str)}
        for promise, check in promises:
            verdict = check(good)
            if verdict:
                text, kept = verdict
                missed += not kept
                print(f"  {'kept  ' if kept else 'MISSED'} {promise}: {text}")
        sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1))
    print(f"\n{missed} promises missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
