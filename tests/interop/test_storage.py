"""Storing, in both roles and with everybody: DCMTK and Orthanc against our SCP, our SCUs against
theirs, and every sample of pydicom through the network into the archive and back."""

import collections
import json
import pathlib
import shutil
import signal
import urllib.request
import warnings

import pydicom
import pydicom.uid

import harness
from harness import pacs, run

FILES = harness.PYDICOM_FILES
CT = FILES / "CT_small.dcm"
MR = FILES / "MR_small.dcm"

EXPLICIT_LITTLE, IMPLICIT_LITTLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
EXPLICIT_BIG, DEFLATED = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"


def read(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, force=True)


def split(path):
    """(has preamble, bytes of the data set) of a file; meta group walked element by element, since
    its group length may be missing or wrong."""
    whole = pathlib.Path(path).read_bytes()
    if whole[128:132] != b"DICM":
        return False, whole
    position = 132
    while whole[position:position + 2] == b"\x02\x00":
        if whole[position + 4:position + 6] in (b"OB", b"UN"):
            position += 12 + int.from_bytes(whole[position + 8:position + 12], "little")
        else:
            position += 8 + int.from_bytes(whole[position + 6:position + 8], "little")
    return True, whole[position:]


def identity(path):
    """(SOP class, SOP instance) as the data set names them, the meta group's where it is silent."""
    data_set = read(path)
    meta = getattr(data_set, "file_meta", pydicom.Dataset())

    def named(keyword):
        value = data_set.get(keyword) or meta.get("MediaStorage" + keyword) or ""
        # A file that gives the VR of all it holds as UN has bytes here, padding included.
        return value.rstrip(b"\0 ").decode() if isinstance(value, bytes) else str(value)

    return named("SOPClassUID"), named("SOPInstanceUID")


def counted(data_set):
    """The tags of a data set but group lengths and trailing padding, which DCMTK writes anew or drops."""
    return [e.tag for e in data_set if e.tag.element != 0 and e.tag != 0xFFFCFFFC]


def stored(server):
    """{SOP instance: file} of what lies in a server's archive, which is stopped for it."""
    code = server.stop()
    assert code == 0, server.log
    server.verify()
    return {str(pydicom.filereader.read_file_meta_info(path).MediaStorageSOPInstanceUID): path
            for path in server.objects()}


def ask(orthanc, path, data=None):
    """The body of Orthanc's answer to GET, or POST with data."""
    with urllib.request.urlopen(f"http://127.0.0.1:{orthanc.http_port}{path}", data,
                                timeout=harness.SECONDS_MAX) as answer:
        return answer.read()


def syntax_of(path):
    return str(pydicom.filereader.read_file_meta_info(path).TransferSyntaxUID)


def as_video(path, to):
    """A compressed file under the name of MPEG-2, which goes out only as it came."""
    ds = read(path)
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
    ds.save_as(to)
    return to


def with_instance(source, path, uid, **elements):
    """A copy of a Part 10 file under another SOP instance UID."""
    data_set = read(source)
    data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = uid
    for name, value in elements.items():
        setattr(data_set, name, value)
    data_set.save_as(path)
    return path


def encapsulated(path, uid, transfer_syntax, payload):
    """An object whose pixel data is one fragment: for the archive it is what its label says."""
    data_set = read(CT)
    data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = uid
    data_set.file_meta.TransferSyntaxUID = transfer_syntax
    data_set.is_little_endian, data_set.is_implicit_VR = True, False
    data_set.PixelData = pydicom.encaps.encapsulate([payload])
    data_set["PixelData"].VR = "OB"
    data_set["PixelData"].is_undefined_length = True
    data_set.save_as(path)
    return path


# Samples that are damaged on purpose, and what a C-STORE of them is answered. Nothing half is stored.
REFUSED = {
    # The data set ends inside an element.
    "MR_truncated.dcm": "C000",
    "rtplan_truncated.dcm": "C000",
    # Only the meta group names an object; the data set has neither SOP class nor instance.
    "chrSQEncoding.dcm": "C000",
    "chrSQEncoding1.dcm": "C000",
    "UN_sequence.dcm": "C000",
    "no_meta_group_length.dcm": "C000",
    "priv_SQ.dcm": "C000",
}
# The first names JPEG Baseline, whose data sets are in explicit VR, and is written in implicit VR.
UNREADABLE_BY_DCMTK = {"SC_rgb_jpeg.dcm", "rtdose_rle.dcm", "rtdose_rle_1frame.dcm"}


class EverySample(harness.TestCase):
    """Each file of pydicom's test data that names a SOP class and instance."""

    def rounds(self):
        """The samples in rounds in which no instance comes twice: many are one object in several
        transfer syntaxes, which an archive keeps once."""
        rounds = collections.defaultdict(list)
        seen = collections.Counter()
        for path in harness.test_files():
            _, uid = identity(path)
            rounds[seen[uid] if uid else 0].append(path)
            seen[uid] += 1
        return rounds.values()

    def compare(self, ours, path):
        expected = split(path)[1]
        if syntax_of(ours) == DEFLATED and len(expected) % 2:
            expected += b"\0"  # PS3.5 A.5: padded to even length
        self.assertEqual(split(ours)[1], expected, path.name)

    def test_pacs_store_puts_each_sample_into_the_archive_byte_for_byte(self):
        compared, refused, skipped = 0, {}, set()
        for number, paths in enumerate(self.rounds()):
            server = self.server(name=f"round{number}")
            done = pacs("store", f"PACS@127.0.0.1:{server.port}", "--json", *paths)
            report = json.loads(done.stdout)
            failed = {row["file"]: row["reason"] for row in report["failed"]}
            passed_over = {row["file"] for row in report["skipped"]}
            archive = stored(server)
            for path in paths:
                if str(path) in passed_over:
                    skipped.add(path.name)
                    continue
                if str(path) in failed:
                    refused[path.name] = failed[str(path)]
                    continue
                _, uid = identity(path)
                self.assertIn(uid, archive, path.name)
                self.compare(archive[uid], path)
                compared += 1
            self.assertEqual(len(archive), report["stored"])
        self.assertEqual(set(refused), set(REFUSED))
        for name, status in REFUSED.items():
            # Of odd length, so it would have to be written anew: our own tool finds what is wrong.
            said = "truncated" if name == "rtplan_truncated.dcm" else f"status {status}"
            self.assertIn(said, refused[name], name)
        for name in skipped:
            named = [p for p in harness.test_files() if p.name == name and all(identity(p))]
            self.assertTrue(not named or name.startswith("DICOMDIR"), f"{name} was skipped")
        self.assertGreater(compared, 130)

    def test_what_storescu_sends_of_the_samples_lies_there_element_by_element(self):
        options = {IMPLICIT_LITTLE: "-xi", EXPLICIT_BIG: "-xb", DEFLATED: "-xd",
                   pydicom.uid.JPEGBaseline: "-xy", pydicom.uid.JPEGExtended: "-xx",
                   pydicom.uid.JPEGLossless: "-xs", pydicom.uid.JPEGLSLossless: "-xt",
                   pydicom.uid.JPEG2000Lossless: "-xv", pydicom.uid.JPEG2000: "-xw",
                   pydicom.uid.RLELossless: "-xr"}
        compared, unreadable = 0, set()
        for number, paths in enumerate(self.rounds()):
            server = self.server(name=f"round{number}")
            sent = {}
            by_option = collections.defaultdict(list)
            for path in paths:
                if split(path)[0] and all(identity(path)) and path.name not in REFUSED \
                        and not path.name.startswith("DICOMDIR"):
                    by_option[options.get(syntax_of(path), "-xe")].append(path)
            for option, group in by_option.items():
                done = run("storescu", "-v", "-nh", "-R", option, *server.peer, *group)
                said = done.stdout + done.stderr
                readable = [path for path in group if f"{path}, ignoring file" not in said]
                unreadable |= {path.name for path in group} - {path.name for path in readable}
                self.assertEqual(said.count("(Success)"), len(readable), said)
                sent.update({identity(path)[1]: path for path in readable})
            archive = stored(server)
            self.assertEqual(set(archive), set(sent))
            for uid, path in sent.items():
                ours, theirs = read(archive[uid]), read(path)
                self.assertEqual(counted(ours), counted(theirs), path.name)
                for tag in counted(theirs):
                    mine, its = ours[tag], theirs[tag]
                    recoded = tag == 0x7FE00010 and syntax_of(archive[uid]) != syntax_of(path)
                    if mine.VR == its.VR != "SQ" and not recoded:
                        self.assertEqual(mine.value, its.value, f"{path.name} {tag}")
                compared += 1
        self.assertEqual(unreadable, UNREADABLE_BY_DCMTK)
        self.assertGreater(compared, 120)


class ProposalOptions(harness.TestCase):
    """storescu with each way to propose transfer syntaxes; one server sees them all."""

    def setUp(self):
        super().setUp()
        self.pacs = self.server()
        self.sent = {}

    def send(self, source, *options, expected):
        """Sends a copy under a UID of its own; `expected`: the transfer syntax that it is kept in."""
        uid = f"1.2.826.0.1.3680043.9.7.{len(self.sent) + 1}"
        path = with_instance(source, self.folder / f"{uid}.dcm", uid)
        run("storescu", *options, *self.pacs.peer, path, ok=True)
        self.sent[uid] = (expected, path)

    def verify_all(self):
        archive = stored(self.pacs)
        self.assertEqual(set(archive), set(self.sent))
        for uid, (expected, path) in self.sent.items():
            self.assertEqual(syntax_of(archive[uid]), expected, path.name)
            if expected == syntax_of(path) and expected not in (DEFLATED, EXPLICIT_BIG):
                self.assertEqual(read(archive[uid]).PixelData, read(path).PixelData)

    def test_uncompressed_proposals(self):
        for more in ((), ("-R",), ("+C",), ("-R", "+C")):
            self.send(CT, "-x=", *more, expected=EXPLICIT_LITTLE)
            self.send(CT, "-xe", *more, expected=EXPLICIT_LITTLE)
            self.send(CT, "-xi", *more, expected=IMPLICIT_LITTLE)
            # Big Endian in front of the little ones, in one context: we take Explicit Little.
            self.send(CT, "-xb", *more, expected=EXPLICIT_LITTLE)
        self.verify_all()

    def test_deflated_is_kept_deflated(self):
        self.send(FILES / "image_dfl.dcm", "-xd", expected=DEFLATED)
        self.send(FILES / "image_dfl.dcm", "-xd", "-R", "+C", expected=DEFLATED)
        self.verify_all()

    def test_big_endian_objects_arrive_in_what_was_negotiated(self):
        self.send(FILES / "MR_small_bigendian.dcm", "-xb", expected=EXPLICIT_BIG)
        self.send(FILES / "MR_small_bigendian.dcm", "-xe", expected=EXPLICIT_LITTLE)
        self.verify_all()

    def test_each_compressed_proposal_is_stored_as_it_comes(self):
        near = encapsulated(self.folder / "near-lossless.dcm", "1.2.3", "1.2.840.10008.1.2.4.81",
                            b"\xff\xd8 near lossless")
        samples = {"-xs": FILES / "SC_rgb_jpeg_gdcm.dcm", "-xy": FILES / "SC_rgb_jpeg_dcmtk.dcm",
                   "-xx": FILES / "JPGExtended.dcm", "-xv": FILES / "MR_small_jp2klossless.dcm",
                   "-xw": FILES / "JPEG2000.dcm", "-xt": FILES / "MR_small_jpeg_ls_lossless.dcm",
                   "-xu": near, "-xr": FILES / "MR_small_RLE.dcm"}
        for option, sample in samples.items():
            for more in ((), ("-R",), ("+C",)):
                self.send(sample, option, *more, expected=syntax_of(sample))
        self.verify_all()

    def test_each_video_proposal_is_stored_as_it_comes(self):
        videos = {"-xm": "100", "-xh": "101", "-xn": "102", "-xl": "103", "-x2": "104",
                  "-x3": "105", "-xo": "106", "-x4": "107", "-x5": "108"}
        for option, last in videos.items():
            syntax = f"1.2.840.10008.1.2.4.{last}"
            source = encapsulated(self.folder / f"video{last}.dcm", f"1.2.3.{last}", syntax,
                                  bytes(range(256)) * 500)
            self.send(source, option, expected=syntax)
        self.verify_all()

    def test_pdu_sizes_in_both_directions(self):
        for size in (4096, 16384, 65536, 131072):
            self.send(CT, "--max-pdu", size, expected=EXPLICIT_LITTLE)
            self.send(CT, "--max-send-pdu", size, expected=EXPLICIT_LITTLE)
        self.verify_all()

    def test_our_own_maximum_pdu_is_kept_to_by_the_peer(self):
        small = self.server({"dicom": {"pdu_bytes_max": 4096}}, name="small")
        run("storescu", *small.peer, CT, MR, ok=True)
        self.assertEqual(len(stored(small)), 2)


class OtherSenders(harness.TestCase):
    def test_repeated_objects_are_acknowledged_and_kept_once(self):
        server = self.server()
        run("storescu", "--repeat", 5, *server.peer, CT, MR, ok=True)
        self.assertEqual(len(stored(server)), 2)

    def test_invented_patients_studies_and_instances_are_all_kept(self):
        server = self.server()
        run("storescu", "+IR", 3, "+IS", 2, "+IP", 2, "--repeat", 24, *server.peer, CT, ok=True)
        archive = [read(path) for path in stored(server).values()]
        self.assertEqual(len({d.SOPInstanceUID for d in archive}), 24)
        self.assertEqual(len({d.SeriesInstanceUID for d in archive}), 8)
        self.assertEqual(len({d.StudyInstanceUID for d in archive}), 4)
        self.assertEqual(len({d.PatientID for d in archive}), 2)

    def test_an_abort_after_storing_loses_nothing(self):
        server = self.server()
        run("storescu", "--abort", *server.peer, CT)
        self.assertTrue(server.echoes())
        self.assertEqual(len(stored(server)), 1)

    def test_a_folder_by_storescu_and_by_dcmsend(self):
        server = self.server()
        run("storescu", "+sd", "+r", *server.peer, FILES / "dicomdirtests" / "77654033", ok=True)
        run("dcmsend", "+sd", "+r", "-nh", *server.peer, FILES / "dicomdirtests" / "98892003", ok=True)
        expected = [p for folder in ("77654033", "98892003")
                    for p in (FILES / "dicomdirtests" / folder).rglob("*") if p.is_file()]
        archive = stored(server)
        self.assertEqual(set(archive), {identity(p)[1] for p in expected})
        for path in expected:
            self.assertEqual(read(archive[identity(path)[1]]).PixelData, read(path).PixelData)

    def test_dcmsend_sends_mixed_transfer_syntaxes_as_they_are(self):
        server = self.server()
        mixed = [CT, FILES / "MR_small_RLE.dcm", FILES / "SC_rgb_jpeg_dcmtk.dcm", FILES / "693_J2KI.dcm",
                 FILES / "image_dfl.dcm", FILES / "test-SR.dcm", FILES / "waveform_ecg.dcm"]
        run("dcmsend", "--decompress-never", *server.peer, *mixed, ok=True)
        archive = stored(server)
        for path in mixed:
            self.assertEqual(syntax_of(archive[identity(path)[1]]), syntax_of(path), path.name)

    def test_echoscu_with_many_contexts_transfer_syntaxes_and_repeats(self):
        server = self.server()
        run("echoscu", "-pts", 38, "-ppc", 128, "--repeat", 20, *server.peer, ok=True)
        run("echoscu", "--abort", *server.peer, ok=True)
        run("echoscu", "-pdu", 4096, *server.peer, ok=True)

    def test_a_private_class_from_the_configuration(self):
        private = "1.3.46.670589.11.0.0.12.1"
        path = with_instance(MR, self.folder / "private.dcm", "1.2.3.4", SOPClassUID=private)
        data_set = read(path)
        data_set.file_meta.MediaStorageSOPClassUID = private
        data_set.save_as(path)
        without = self.server(name="without")
        self.assertEqual(pacs("store", f"PACS@127.0.0.1:{without.port}", path).returncode, 1)
        taking = self.server({"storage": {"additional_sop_classes": [private]}}, name="taking")
        pacs("store", f"PACS@127.0.0.1:{taking.port}", path, ok=True)
        self.assertEqual(set(stored(taking)), {"1.2.3.4"})

    def test_orthanc_stores_into_us(self):
        server = self.server()
        peer = self.start(harness.orthanc, self.folder,
                          DicomModalities={"us": ["PACS", "127.0.0.1", server.port]})
        for path in (CT, FILES / "MR_small_RLE.dcm", FILES / "JPEG2000.dcm", FILES / "rtplan.dcm"):
            ask(peer, "/instances", path.read_bytes())
        instances = json.loads(ask(peer, "/instances"))
        self.assertEqual(len(instances), 4)
        answer = json.loads(ask(peer, "/modalities/us/store", json.dumps(instances).encode()))
        self.assertEqual(answer["FailedInstancesCount"], 0)
        archive = stored(server)
        for path in (CT, FILES / "MR_small_RLE.dcm", FILES / "JPEG2000.dcm", FILES / "rtplan.dcm"):
            self.assertEqual(syntax_of(archive[identity(path)[1]]), syntax_of(path), path.name)


class OurSenders(harness.TestCase):
    """`pacs echo` and `pacs store` against other people's servers."""

    SAMPLES = [CT, FILES / "MR_small_RLE.dcm", FILES / "SC_rgb_jpeg_dcmtk.dcm",
               FILES / "693_J2KI.dcm", FILES / "ExplVR_BigEnd.dcm", FILES / "image_dfl.dcm",
               FILES / "rtplan.dcm", FILES / "test-SR.dcm", FILES / "waveform_ecg.dcm"]

    def store(self, peer, *arguments, ok=True):
        done = pacs("store", "127.0.0.1", peer.port, "-aec", peer.ae_title, "--json", *arguments, ok=ok)
        return json.loads(done.stdout)

    def test_storescp_gets_each_object_byte_for_byte(self):
        sink = self.start(harness.storescp, self.folder, "+xa", "+B")
        report = self.store(sink, *self.SAMPLES)
        self.assertEqual((report["stored"], report["failed"]), (len(self.SAMPLES), []))
        received = {identity(path)[1]: path for path in sink.received.iterdir()}
        for path in self.SAMPLES:
            expected = split(path)[1]
            self.assertEqual(split(received[identity(path)[1]])[1], expected + b"\0" * (len(expected) % 2),
                             path.name)

    def test_several_associations_with_a_forking_storescp(self):
        sink = self.start(harness.storescp, self.folder, "+xa", "--fork")
        folder = FILES / "dicomdirtests" / "98892003"
        report = self.store(sink, "-j", "4", folder)
        self.assertEqual(report["failed"], [])
        self.assertEqual(len(list(sink.received.iterdir())), report["stored"])

    def test_a_peer_that_takes_only_implicit_gets_it_and_video_fails_with_the_reason(self):
        sink = self.start(harness.storescp, self.folder, "+xi")
        uncompressed = [CT, FILES / "ExplVR_BigEnd.dcm", FILES / "image_dfl.dcm"]
        video = as_video(FILES / "MR_small_RLE.dcm", self.folder / "video.dcm")
        report = self.store(sink, *uncompressed, video, ok=False)
        self.assertEqual(report["stored"], 3)
        self.assertIn("takes no MPEG2", report["failed"][0]["reason"])
        for path in sink.received.iterdir():
            self.assertEqual(syntax_of(path), IMPLICIT_LITTLE)
        for path in uncompressed:
            received = [p for p in sink.received.iterdir() if identity(p)[1] == identity(path)[1]]
            self.assertEqual(len(received), 1, path.name)
            ours, theirs = read(received[0]), read(path)
            self.assertEqual(ours.PixelData if path != FILES / "ExplVR_BigEnd.dcm" else None,
                             theirs.PixelData if path != FILES / "ExplVR_BigEnd.dcm" else None)
            self.assertEqual(str(ours.get("PatientName")), str(theirs.get("PatientName")))

    def test_peers_that_refuse_abort_or_go_away_make_the_command_fail(self):
        for option in ("--refuse", "--abort-after", "--abort-during"):
            sink = self.start(harness.storescp, self.folder, option)
            report = self.store(sink, "--retries", "0", CT, MR, ok=False)
            self.assertEqual((report["stored"], len(report["failed"])), (0, 2), option)
            sink.kill()
        done = pacs("store", "127.0.0.1", harness.free_port(), CT, ok=False)
        self.assertEqual(done.returncode, 1)

    def test_a_file_on_which_the_peer_breaks_off_costs_only_itself(self):
        odd = self.folder / "odd.dcm"  # storescp aborts when a fragment has odd length
        odd.write_bytes(with_instance(CT, self.folder / "x.dcm", "1.2.3.4").read_bytes() + b"\1")
        sink = self.start(harness.storescp, self.folder)
        report = self.store(sink, CT, odd, MR, FILES / "test-SR.dcm", ok=False)
        self.assertEqual(report["stored"], 3)
        self.assertEqual([row["file"] for row in report["failed"]], [str(odd)])

    def test_dcmqrscp_indexes_what_we_send(self):
        peer = self.start(harness.dcmqrscp, self.folder)
        pacs("echo", "127.0.0.1", peer.port, "-aec", peer.ae_title, ok=True)
        report = self.store(peer, FILES / "dicomdirtests" / "77654033")
        self.assertEqual(report["failed"], [])
        found = run("findscu", "-S", "-aec", peer.ae_title, "127.0.0.1", peer.port,
                    "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=77654033", "-k", "StudyInstanceUID")
        self.assertIn("StudyInstanceUID", found.stdout + found.stderr)

    def test_orthanc_keeps_what_we_send_element_by_element(self):
        peer = self.start(harness.orthanc, self.folder)
        pacs("echo", f"ORTHANC@127.0.0.1:{peer.port}", "--repeat", 3, ok=True)
        samples = [p for p in self.SAMPLES if p.name != "image_dfl.dcm"]
        report = self.store(peer, "-j", "2", *samples)
        self.assertEqual((report["stored"], report["failed"]), (len(samples), []))
        by_uid = {}
        for orthanc_id in json.loads(ask(peer, "/instances")):
            tags = json.loads(ask(peer, f"/instances/{orthanc_id}/simplified-tags"))
            by_uid[tags["SOPInstanceUID"]] = orthanc_id
        for path in samples:
            kept = self.folder / "kept.dcm"
            kept.write_bytes(ask(peer, f"/instances/{by_uid[identity(path)[1]]}/file"))
            # Orthanc counts group lengths anew, so not byte for byte.
            self.assertEqual([(e.tag, e.value) for e in read(kept) if e.tag.element],
                             [(e.tag, e.value) for e in read(path) if e.tag.element], path.name)

    def test_echo_says_how_long_it_took_and_who_answered(self):
        sink = self.start(harness.storescp, self.folder)
        report = json.loads(pacs("echo", "127.0.0.1", sink.port, "--repeat", 10, "--json", ok=True).stdout)
        self.assertTrue(report["ok"])
        self.assertEqual(len(report["echo_ms"]), 10)
        self.assertIn("OFFIS", report["peer_implementation"])
        text = pacs("echo", "127.0.0.1", sink.port, ok=True).stdout
        self.assertIn("answered", text)

    def test_echo_of_nobody_fails_and_wrong_usage_is_2(self):
        self.assertEqual(pacs("echo", "127.0.0.1", harness.free_port()).returncode, 1)
        self.assertEqual(pacs("echo", "127.0.0.1").returncode, 2)
        self.assertEqual(pacs("echo", "127.0.0.1", "port").returncode, 2)
        self.assertEqual(pacs("store", "127.0.0.1", "104").returncode, 2)

    def test_everything_between_us_and_ourselves_in_a_window(self):
        server = self.server({"dicom": {"operations_window_max": 8}})
        report = self.store(server, "-j", "3", FILES / "dicomdirtests")
        self.assertEqual(report["failed"], [])
        archive = stored(server)
        self.assertEqual(len(archive), report["stored"])


class OverTls(harness.TestCase):
    """Our requestors against storescp's TLS (PS3.15 B.12)."""

    def certificate(self, name):
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-keyout", key,
            "-out", certificate, "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", ok=True)
        return key, certificate

    def test_echo_and_store_with_certificates_on_both_sides(self):
        key, certificate = self.certificate("server")
        our_key, our_certificate = self.certificate("client")
        sink = self.start(harness.storescp, self.folder, "+tls", key, certificate, "+cf", our_certificate,
                          "--require-peer-cert", "+xa", "+B")
        tls = ("--tls", "--tls-ca", certificate, "--tls-cert", our_certificate, "--tls-key", our_key)
        pacs("echo", "127.0.0.1", sink.port, *tls, ok=True)
        pacs("store", "127.0.0.1", sink.port, *tls, CT, MR, ok=True)
        received = {identity(path)[1]: path for path in sink.received.iterdir()}
        for path in (CT, MR):
            self.assertEqual(split(received[identity(path)[1]])[1], split(path)[1])
        without = pacs("echo", "127.0.0.1", sink.port, "--tls-ca", certificate)
        self.assertEqual(without.returncode, 1)

    def test_a_server_that_nobody_vouches_for_is_refused_unless_told(self):
        key, certificate = self.certificate("server")
        _, stranger = self.certificate("stranger")
        sink = self.start(harness.storescp, self.folder, "+tls", key, certificate, "--ignore-peer-cert")
        pacs("echo", "127.0.0.1", sink.port, "--tls-ca", certificate, ok=True)
        self.assertEqual(pacs("echo", "127.0.0.1", sink.port, "--tls-ca", stranger).returncode, 1)
        pacs("echo", "127.0.0.1", sink.port, "--tls-no-verify", ok=True)
        self.assertEqual(pacs("echo", "127.0.0.1", sink.port).returncode, 1)


class Import(harness.TestCase):
    def config(self):
        path = self.folder / "import.toml"
        harness.write_toml(path, {"storage": {"path": self.folder / "data"}})
        return path

    def test_a_folder_goes_in_once_however_often_it_is_imported(self):
        config = self.config()
        folder = FILES / "dicomdirtests"
        first = json.loads(pacs("import", "--config", config, "--json", folder, ok=True).stdout)
        again = json.loads(pacs("import", "--config", config, "--json", folder, ok=True).stdout)
        self.assertGreater(first["stored"], 25)
        self.assertEqual((again["stored"], again["already_stored"]), (0, first["stored"]))
        self.assertEqual(first["skipped"], again["skipped"])  # DICOMDIRs and a README
        report = json.loads(pacs("verify", "--config", config, "--json", ok=True).stdout)
        self.assertEqual((report["objects"], report["problems"]), (first["stored"], []))
        archive = self.folder / "data"
        self.assertEqual([path for path in [archive, *archive.rglob("*")] if path.stat().st_mode & 0o007], [],
                         "readable for everybody")

    def test_bad_files_are_named_with_their_reason_and_the_rest_goes_in(self):
        config = self.config()
        folder = self.folder / "mixed"
        folder.mkdir()
        shutil.copy(CT, folder / "good.dcm")
        shutil.copy(FILES / "MR_truncated.dcm", folder / "cut.dcm")
        (folder / "notes.txt").write_text("not DICOM")
        done = pacs("import", "--config", config, folder, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed: " + str(folder / "cut.dcm"), done.stderr)
        self.assertIn("skipped: " + str(folder / "notes.txt"), done.stderr)
        self.assertIn("imported 1 of 3 files", done.stdout)

    def test_a_file_that_differs_from_what_is_there_is_named_and_not_passed_over_in_silence(self):
        config = self.config()
        pacs("import", "--config", config, CT, ok=True)
        whole = bytearray(CT.read_bytes())
        whole[-100] ^= 1
        other = self.folder / "other.dcm"
        other.write_bytes(whole)
        done = pacs("import", "--config", config, "--quiet", CT, other)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"differs: {other}: ", done.stderr)
        self.assertIn(identity(CT)[1], done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        done = pacs("import", "--config", config, "--json", CT, other)
        self.assertEqual(done.returncode, 1)
        report = json.loads(done.stdout)
        self.assertEqual([entry["file"] for entry in report["differing"]], [str(other)])
        self.assertEqual((report["already_stored"], report["kept"], report["failed"]), (1, 1, []))
        pacs("import", "--config", config, CT, ok=True)

    def test_an_import_that_is_killed_is_run_again_and_completes(self):
        config = self.config()
        folder = self.folder / "many"
        folder.mkdir()
        whole, uid = CT.read_bytes(), identity(CT)[1].encode()
        for number in range(1500):
            (folder / f"{number:04}.dcm").write_bytes(whole.replace(uid, uid[:-4] + b"%04d" % number))
        process = self.start(harness.Process, harness.PROGRAM, "import", "--config", config, folder)
        data = self.folder / "data"
        harness.eventually(lambda: sum(f.stat().st_size for f in data.rglob("*") if f.is_file())
                           > 3_000_000 or not process.running(), "some objects to be written")
        process.signal(signal.SIGKILL)
        process.popen.wait()
        report = json.loads(pacs("import", "--config", config, "--json", folder, ok=True).stdout)
        self.assertEqual(report["stored"] + report["already_stored"], 1500)
        verified = json.loads(pacs("verify", "--config", config, "--json", ok=True).stdout)
        self.assertEqual((verified["objects"], verified["problems"]), (1500, []))

    def test_a_running_server_holds_the_archive_and_the_message_says_what_to_do(self):
        server = self.server()
        for command in (("import", CT), ("verify",)):
            done = pacs(command[0], "--config", server.config_file, *command[1:])
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(server.pid), done.stderr)
            self.assertIn("stop that one first", done.stderr)


class Verify(harness.TestCase):
    def test_a_changed_byte_and_a_missing_object_are_found_and_named(self):
        server = self.server()
        pacs("store", f"PACS@127.0.0.1:{server.port}", CT, MR, FILES / "rtplan.dcm", ok=True)
        archive = stored(server)
        changed, missing = archive[identity(CT)[1]], archive[identity(MR)[1]]
        whole = bytearray(changed.read_bytes())
        whole[-100] ^= 1
        changed.write_bytes(whole)
        missing.unlink()
        done = pacs("verify", "--config", server.config_file, "--json")
        self.assertEqual(done.returncode, 1)
        report = json.loads(done.stdout)
        self.assertEqual(len(report["problems"]), 2, report)
