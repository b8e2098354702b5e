"""QIDO-RS: curl, pydicom and npm dicomweb-client search us; C-FIND and Orthanc's DICOMweb plugin are asked the same."""

import json
import pathlib
import re
import threading
import unittest
import urllib.parse
import xml.etree.ElementTree

from pydicom.dataset import Dataset

import harness
import queries
from harness import pacs, run
from test_find import CHARSET_FILES, instance, store

ORTHANC_DICOMWEB = pathlib.Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
NODE = pathlib.Path(__file__).parent / "node"


def ask(server, path, root="/dicomweb", accept=None, **parameters):
    """(data sets as pydicom reads them, headers)"""
    query = urllib.parse.urlencode(parameters, doseq=True, safe="*?^,")
    status, text, headers = server_http(server, f"{root}{path}?{query}" if query else root + path,
                                        accept or "application/dicom+json")
    assert status == 200, f"{path}?{query}: {status} {text}"
    return [as_data_set(match) for match in json.loads(text)], headers


def as_data_set(match):
    """pydicom takes no string for a number: those of samples that are none become text."""
    for element in match.values():
        if element["vr"] in ("IS", "DS") and any(isinstance(value, str) for value in element.get("Value", ())):
            element["vr"] = "LO"
    return Dataset.from_json(match)


def server_http(server, path, accept):
    done = run("curl", "-sS", "-i", "-g", "-H", f"Accept: {accept}",
               f"http://127.0.0.1:{server.http_port}{path}", ok=True)
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    headers = {name.lower(): value for name, value in
               (line.split(": ", 1) for line in head.split("\n")[1:] if ": " in line)}
    return int(head.split()[1]), body, headers


def values(matches, keyword):
    return [str(match.get(keyword, "")) for match in matches]


class SearchTests(harness.ServerTestCase):
    """pydicom's test files, stored."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pacs("store", "127.0.0.1", cls.pacs.port, "-aec", "PACS", "-q", harness.PYDICOM_FILES,
             harness.PYDICOM_CHARSETS)

    # ---- the same answers as C-FIND

    LEVELS = (("STUDY", "/studies"), ("SERIES", "/series"), ("IMAGE", "/instances"))

    def assert_as_c_find(self, level, path, **keys):
        """What QIDO-RS answers, C-FIND does: the same entities with the same values."""
        web, _ = ask(self.pacs, path, limit=50000, **keys)
        asked = {key: keys.get(key) for match in web for key in match.dir()} | keys
        for of_web in ("RetrieveURL", "InstanceAvailability", "SpecificCharacterSet"):
            asked.pop(of_web, None)
        sequences = [key for key in asked if key.endswith("Sequence")]
        for key in sequences:
            asked.pop(key)
        extended = queries.extended_negotiation(queries.STUDY_ROOT, 1, 1)
        dimse = queries.find(self.pacs, queries.identifier(level, "ISO_IR 192", **asked), extended=extended)
        key = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}[level]
        of_dimse = {(str(ds.StudyInstanceUID), str(ds[key].value)): ds for ds in dimse}
        self.assertEqual(sorted((str(ds.StudyInstanceUID), str(ds[key].value)) for ds in web), sorted(of_dimse))
        for ds in web:
            other = of_dimse[str(ds.StudyInstanceUID), str(ds[key].value)]
            for element in ds:
                if element.keyword in asked:
                    self.assertEqual(str(element.value or ""), str(other[element.keyword].value or ""), element.keyword)
        return web

    def test_universal_searches(self):
        for level, path in self.LEVELS:
            with self.subTest(path):
                self.assertGreater(len(self.assert_as_c_find(level, path)), 30)

    def test_keys(self):
        for keys in ({"PatientName": "*a*"}, {"StudyDate": "19990101-20101231"}, {"Modality": "MR"},
                     {"PatientID": "*"}, {"PatientSex": "F", "PatientName": "*"}):
            for level, path in self.LEVELS:
                with self.subTest(path, **keys):
                    self.assert_as_c_find(level, path, **keys)

    def test_every_study_series_and_instance_is_found_below_its_parent(self):
        for study in values(ask(self.pacs, "/studies")[0], "StudyInstanceUID"):
            series = ask(self.pacs, f"/studies/{study}/series")[0]
            instances = values(ask(self.pacs, f"/studies/{study}/instances")[0], "SOPInstanceUID")
            below = [uid for one in series for uid in
                     values(ask(self.pacs, f"/studies/{study}/series/{one.SeriesInstanceUID}/instances")[0],
                            "SOPInstanceUID")]
            self.assertEqual(sorted(below), sorted(instances))
            self.assertEqual(sum(int(one.NumberOfSeriesRelatedInstances) for one in series), len(instances))

    def test_names_in_every_character_set_come_as_utf8(self):
        import pydicom
        for path in CHARSET_FILES:
            ds = pydicom.dcmread(path)
            ds.decode()
            name = str(ds.get("PatientName", ""))
            if not name:
                continue
            found, _ = ask(self.pacs, "/instances", SOPInstanceUID=str(ds.SOPInstanceUID), PatientName=name)
            if found:
                self.assertEqual(str(found[0].PatientName), name, path.name)

    # ---- forms

    def test_xml_holds_the_same_as_json(self):
        status, body, headers = server_http(self.pacs, "/dicomweb/studies?limit=5",
                                            'multipart/related; type="application/dicom+xml"')
        self.assertEqual(status, 200)
        boundary = re.search(r"boundary=(\S+)", headers["content-type"]).group(1)
        parts = body.split(f"--{boundary}")[1:-1]
        uids = []
        for part in parts:
            head, _, document = part.strip("\n").partition("\n\n")
            self.assertEqual(head, "Content-Type: application/dicom+xml")
            model = xml.etree.ElementTree.fromstring(document)
            uids.append(model.find("DicomAttribute[@keyword='StudyInstanceUID']/Value").text)
        self.assertEqual(uids, values(ask(self.pacs, "/studies", limit=5)[0], "StudyInstanceUID"))

    def test_no_match_is_an_empty_list(self):
        status, body, headers = server_http(self.pacs, "/dicomweb/studies?PatientID=nobody", "*/*")
        self.assertEqual((status, body.strip(), headers["content-type"]), (200, "[]", "application/dicom+json"))

    def test_options_describe_what_is_there(self):
        done = run("curl", "-sS", "-X", "OPTIONS", f"http://127.0.0.1:{self.pacs.http_port}/dicomweb/", ok=True)
        wadl = xml.etree.ElementTree.fromstring(done.stdout)
        names = {"w": "http://wadl.dev.java.net/2009/02"}
        self.assertIn("SearchForStudies", [m.get("id") for m in wadl.findall(".//w:method", names)])

        def check(resource, path):
            for method in resource.findall("w:method", names):
                if method.get("id").startswith("SearchFor"):
                    self.assertEqual(server_http(self.pacs, f"/dicomweb{path}?limit=1", "*/*")[0], 200, path)
            for child in resource.findall("w:resource", names):
                check(child, f"{path}/{child.get('path').replace('{study}', '1.2').replace('{series}', '1.3')}")
        check(wadl.find("w:resources", names), "")

    # ---- clients

    def test_dicomweb_client_of_npm(self):
        study = ask(self.pacs, "/studies")[0][0]
        uid = str(study.StudyInstanceUID)
        searches = [["searchForStudies", {}],
                    ["searchForStudies", {"queryParams": {"PatientID": str(study.PatientID), "limit": 2}}],
                    ["searchForSeries", {"studyInstanceUID": uid}],
                    ["searchForInstances", {"studyInstanceUID": uid}]]
        done = run("node", NODE / "search_client.mjs", f"http://127.0.0.1:{self.pacs.http_port}/dicomweb",
                   json.dumps(searches), ok=True)
        every, one, series, instances = json.loads(done.stdout.strip().splitlines()[-1])
        self.assertEqual([found["StudyInstanceUID"] for found in every],
                         values(ask(self.pacs, "/studies")[0], "StudyInstanceUID"))
        self.assertIn(uid, [found["StudyInstanceUID"] for found in one])
        self.assertEqual([found["SeriesInstanceUID"] for found in series],
                         values(ask(self.pacs, f"/studies/{uid}/series")[0], "SeriesInstanceUID"))
        self.assertEqual([found["SOPInstanceUID"] for found in instances],
                         values(ask(self.pacs, f"/studies/{uid}/instances")[0], "SOPInstanceUID"))


class PagingTests(harness.ServerTestCase):
    """Pages while another one stores."""

    def test_nothing_is_missed_or_repeated_while_more_is_stored(self):
        first = [instance(1, study=str(number), PatientID=f"P{number % 7}", StudyDate=f"202401{28 - number % 20:02d}")
                 for number in range(1, 121)]
        store(self.pacs, *first)
        stop = threading.Event()

        def keep_storing():
            number = 1000
            while not stop.is_set():
                number += 1
                store(self.pacs, instance(1, study=str(number), PatientID="P0", StudyDate="20240101"))
        thread = threading.Thread(target=keep_storing)
        thread.start()
        try:
            there = {str(ds.StudyInstanceUID) for ds in first}
            for keys in ({}, {"StudyDate": "20240101-20240131"}, {"PatientID": "P*"}, {"PatientName": "doe*"}):
                found, offset = [], 0
                while True:
                    page, headers = ask(self.pacs, "/studies", limit=20, offset=offset, **keys)
                    found += values(page, "StudyInstanceUID")
                    offset += 20
                    if "warning" not in headers or offset >= 200:
                        break
                with self.subTest(**keys):
                    self.assertEqual(len(found), len(set(found)))
                    self.assertLessEqual(there, set(found))
                    self.assertEqual(found[:120], [str(ds.StudyInstanceUID) for ds in first])
        finally:
            stop.set()
            thread.join()


class OrthancTests(harness.ServerTestCase):
    """Where the standard leaves one right answer, Orthanc's plugin gives the same."""

    def test_the_same_questions_get_the_same_answers(self):
        peer = self.start(harness.orthanc, self.folder, Plugins=[str(ORTHANC_DICOMWEB)],
                          DicomWeb={"Enable": True, "Root": "/dicom-web/"})
        objects = [instance(number, study=f"{study}", PatientID=f"P{study}", PatientName=name,
                            StudyDate=date, AccessionNumber=f"A{study}", Modality=modality,
                            InstanceNumber=str(number), StudyDescription="Chest", PatientSex="F",
                            PatientBirthDate="19700101", StudyTime="101500", StudyID="S1", SeriesNumber="1",
                            ReferringPhysicianName="Roe^Ron")
                   for study, name, date, modality in ((1, "Doe^Jane", "20240101", "CT"),
                                                       (2, "Doe^John", "20240215", "MR"),
                                                       (3, "Roe^Ann", "20240301", "CT"))
                   for number in (1, 2)]
        store(self.pacs, *objects)
        store(peer, *objects)
        uids = [str(ds.StudyInstanceUID) for ds in objects[::2]]
        required = ("StudyDate", "AccessionNumber", "ModalitiesInStudy", "PatientName", "PatientID",
                    "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "ReferringPhysicianName",
                    "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
        for path, key, parameters in (
                ("/studies", "StudyInstanceUID", {}),
                ("/studies", "StudyInstanceUID", {"PatientName": "Doe*"}),
                ("/studies", "StudyInstanceUID", {"PatientName": "doe^j?hn"}),
                ("/studies", "StudyInstanceUID", {"StudyDate": "20240201-20240331"}),
                ("/studies", "StudyInstanceUID", {"StudyDate": "20240101"}),
                ("/studies", "StudyInstanceUID", {"AccessionNumber": "A2"}),
                ("/studies", "StudyInstanceUID", {"StudyInstanceUID": f"{uids[0]},{uids[2]}"}),
                ("/studies", "StudyInstanceUID", {"ModalitiesInStudy": "CT"}),
                ("/series", "SeriesInstanceUID", {"Modality": "CT"}),
                (f"/studies/{uids[1]}/series", "SeriesInstanceUID", {}),
                (f"/studies/{uids[1]}/instances", "SOPInstanceUID", {}),
                ("/instances", "SOPInstanceUID", {"InstanceNumber": "2"})):
            with self.subTest(path, **parameters):
                ours, _ = ask(self.pacs, path, **parameters)
                theirs, _ = ask(peer, path, root="/dicom-web", **parameters)
                self.assertEqual(sorted(values(ours, key)), sorted(values(theirs, key)))
                if path == "/studies":
                    by_uid = {str(ds.StudyInstanceUID): ds for ds in theirs}
                    for ds in ours:
                        for keyword in required:
                            self.assertEqual(str(ds[keyword].value),
                                             str(by_uid[str(ds.StudyInstanceUID)][keyword].value), keyword)


if __name__ == "__main__":
    unittest.main()
