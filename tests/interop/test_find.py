"""C-FIND: DCMTK's findscu and hand-made requests against us, `pacs find` against DCMTK and Orthanc."""

import csv
import io
import json
import re
import socket
import threading
import time
import unittest
import warnings

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import harness
import queries
import raw_dicom as raw
from harness import pacs, run
from queries import (CANCELLED, CANNOT_UNDERSTAND, MISMATCH, OUT_OF_RESOURCES, PATIENT_ROOT,
                     PATIENT_STUDY_ONLY, PENDING_WARNING, STUDY_ROOT, Finder, find, findscu, identifier)

CHARSET_FILES = sorted(path for path in harness.PYDICOM_CHARSETS.glob("*.dcm")
                       if "SQEncoding" not in path.name)


def strings(values):
    return sorted(str(value) for value in values)


def multi(value):
    """The values of an element, however many there are."""
    if value is None or value == "":
        return []
    return [str(v) for v in value] if isinstance(value, pydicom.multival.MultiValue) else [str(value)]


def instance(number, study="1", charset=None, **attributes):
    """A small object; `study` names its study, patient attributes by keyword."""
    ds = Dataset()
    if charset:
        ds.SpecificCharacterSet = charset
    ds.SOPClassUID = raw.CT_STORAGE
    ds.StudyInstanceUID = f"1.2.826.0.1.3680043.8.498.5.{study}"
    ds.SeriesInstanceUID = f"1.2.826.0.1.3680043.8.498.5.{study}.1"
    ds.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.5.{study}.1.{number}"
    ds.PatientID, ds.PatientName, ds.Modality = "P1", "Doe^Jane", "CT"
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def store(server, *instances):
    with raw.Connection(server.port, harness.SECONDS_MAX) as peer:
        peer.associate(raw.context(1, raw.CT_STORAGE, [raw.EXPLICIT]), called=server.ae_title)
        for message_id, ds in enumerate(instances, 1):
            status = peer.store(1, raw.CT_STORAGE, ds.SOPInstanceUID, queries.encoded(ds),
                                message_id & 0xFFFF)
            assert status == 0, f"{status:04X}"
        assert peer.release()


class Samples(harness.ServerTestCase):
    """pydicom's test files, stored; what pydicom reads in them is what we must answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pacs("store", "127.0.0.1", cls.pacs.port, "-aec", "PACS", "-q", harness.PYDICOM_FILES,
             harness.PYDICOM_CHARSETS)
        # What is there: by what is stored, since some samples cannot be.
        cls.stored = []
        cls.pacs.stop()
        for path in cls.pacs.objects():
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            ds.decode()
            cls.stored.append(ds)
        cls.pacs = harness.Pacs(cls.class_folder, cls.config)

    def values(self, keyword, **where):
        """Distinct values among stored objects."""
        return sorted({str(ds.get(keyword, "")) for ds in self.stored
                       if all(str(ds.get(k, "")) == str(v) for k, v in where.items())})

    def test_patients_of_both_patient_models(self):
        for model in ("-P", "-O"):
            found, _ = findscu(self.pacs, model, "QueryRetrieveLevel=PATIENT", "PatientID", "PatientName",
                               "NumberOfPatientRelatedInstances")
            named = strings(ds.PatientID for ds in found if ds.PatientID)
            self.assertEqual(named, [value for value in self.values("PatientID") if value])
            self.assertEqual(sum(int(ds.NumberOfPatientRelatedInstances) for ds in found), len(self.stored))

    def test_studies_with_counts_and_modalities(self):
        found, _ = findscu(self.pacs, "-S", "QueryRetrieveLevel=STUDY", "StudyInstanceUID", "ModalitiesInStudy",
                           "NumberOfStudyRelatedInstances", "NumberOfStudyRelatedSeries", "SOPClassesInStudy")
        self.assertEqual(strings(ds.StudyInstanceUID for ds in found), self.values("StudyInstanceUID"))
        for ds in found:
            mine = [s for s in self.stored if s.StudyInstanceUID == ds.StudyInstanceUID]
            self.assertEqual(int(ds.NumberOfStudyRelatedInstances), len(mine))
            self.assertEqual(int(ds.NumberOfStudyRelatedSeries), len({s.SeriesInstanceUID for s in mine}))
            self.assertEqual(set(multi(ds.ModalitiesInStudy)),
                             {str(s.Modality) for s in mine if s.get("Modality")})
            self.assertEqual(set(multi(ds.SOPClassesInStudy)), {str(s.SOPClassUID) for s in mine})

    def test_series_and_images_below_each_study(self):
        for study in self.values("StudyInstanceUID"):
            series, _ = findscu(self.pacs, "-S", "QueryRetrieveLevel=SERIES", f"StudyInstanceUID={study}",
                                "SeriesInstanceUID", "Modality", "NumberOfSeriesRelatedInstances")
            self.assertEqual(strings(ds.SeriesInstanceUID for ds in series),
                             self.values("SeriesInstanceUID", StudyInstanceUID=study))
            for ds in series:
                images, _ = findscu(self.pacs, "-S", "QueryRetrieveLevel=IMAGE", f"StudyInstanceUID={study}",
                                    f"SeriesInstanceUID={ds.SeriesInstanceUID}", "SOPInstanceUID", "Rows")
                self.assertEqual(
                    strings(image.SOPInstanceUID for image in images),
                    self.values("SOPInstanceUID", SeriesInstanceUID=ds.SeriesInstanceUID))
                self.assertEqual(int(ds.NumberOfSeriesRelatedInstances), len(images))

    def test_the_patient_root_goes_down_to_images(self):
        one = next(ds for ds in self.stored if ds.get("PatientID") and ds.get("Rows"))
        found, _ = findscu(self.pacs, "-P", "QueryRetrieveLevel=IMAGE", f"PatientID={one.PatientID}",
                           f"StudyInstanceUID={one.StudyInstanceUID}",
                           f"SeriesInstanceUID={one.SeriesInstanceUID}",
                           f"SOPInstanceUID={one.SOPInstanceUID}", "Rows", "Columns", "TransferSyntaxUID")
        self.assertEqual([(ds.Rows, ds.Columns) for ds in found], [(one.Rows, one.Columns)])
        self.assertEqual(found[0].RetrieveAETitle, "PACS")
        self.assertEqual(found[0].InstanceAvailability, "ONLINE")

    def test_any_key_of_the_stored_headers_is_returned_when_asked(self):
        one = next(ds for ds in self.stored if ds.SOPInstanceUID == "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322")
        found = find(self.pacs, identifier(
            "IMAGE", StudyInstanceUID=one.StudyInstanceUID, SeriesInstanceUID=one.SeriesInstanceUID,
            SOPInstanceUID=one.SOPInstanceUID, KVP=None, ImageType=None, Manufacturer=None, SliceThickness=None))
        self.assertEqual(len(found), 1)
        for keyword in ("KVP", "ImageType", "Manufacturer", "SliceThickness"):
            self.assertEqual(found[0].get(keyword), one.get(keyword), keyword)

    def test_the_keys_that_were_asked_for_come_and_no_others(self):
        found = find(self.pacs, identifier("STUDY", StudyInstanceUID=None, StudyDate=None, InstitutionName=None))
        asked = {"QueryRetrieveLevel", "StudyInstanceUID", "StudyDate", "InstitutionName"}
        for ds in found:
            self.assertTrue(asked <= {element.keyword for element in ds}, ds)
            self.assertTrue({element.keyword for element in ds} <=
                            asked | {"RetrieveAETitle", "InstanceAvailability", "SpecificCharacterSet"}, ds)

    def test_our_own_scu_sees_what_findscu_sees(self):
        keys = ("PatientName", "PatientID", "StudyDate", "StudyInstanceUID", "ModalitiesInStudy")
        theirs, _ = findscu(self.pacs, "-S", "QueryRetrieveLevel=STUDY", "0008,0005=ISO_IR 192", *keys)
        options = [part for key in keys for part in ("-k", key)]
        lines = pacs("find", f"PACS@127.0.0.1:{self.pacs.port}", "--json", *options, ok=True).stdout.splitlines()
        ours = [Dataset.from_json(line) for line in lines]
        self.assertEqual(sorted([str(ds.get(key)) for key in keys] for ds in ours),
                         sorted([str(ds.get(key)) for key in keys] for ds in theirs))
        table = csv.DictReader(io.StringIO(
            pacs("find", f"PACS@127.0.0.1:{self.pacs.port}", "--csv", *options, ok=True).stdout))
        self.assertEqual(sorted(row["StudyInstanceUID"] for row in table),
                         sorted(ds.StudyInstanceUID for ds in ours))

    def test_the_example_lists_studies(self):
        example = harness.pathlib.Path(harness.PROGRAM).resolve().parent / "examples" / "find_scu"
        shown = run(example, "127.0.0.1", self.pacs.port, "PACS", "CompressedSamples*", ok=True).stdout
        self.assertIn("CompressedSamples^CT1", shown)
        self.assertIn("status 0000", shown)


class CharacterSets(harness.ServerTestCase):
    """Names stored in one character set, asked for in another (PS3.3 C.12.1.1.2)."""

    TERMS = ["ISO_IR 192", "ISO_IR 100", "ISO_IR 101", "ISO_IR 126", "ISO_IR 127", "ISO_IR 138", "ISO_IR 144",
             "ISO_IR 166", "GB18030", "GBK", ["", "ISO 2022 IR 87"], ["ISO 2022 IR 13", "ISO 2022 IR 87"],
             ["", "ISO 2022 IR 149"], ["", "ISO 2022 IR 58"], ["ISO 2022 IR 100", "ISO 2022 IR 144"]]
    ESCAPES = {"ISO 2022 IR 87": b"$B", "ISO 2022 IR 149": b"$)C", "ISO 2022 IR 58": b"$)A",
               "ISO 2022 IR 100": b"-A", "ISO 2022 IR 144": b"-L", "ISO 2022 IR 13": b"(J"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pacs("store", "127.0.0.1", cls.pacs.port, "-aec", "PACS", "-q", *CHARSET_FILES)
        cls.names = {}
        for path in CHARSET_FILES:
            ds = pydicom.dcmread(path)
            ds.decode()
            cls.names.setdefault(str(ds.PatientName), set()).add(str(ds.StudyInstanceUID))

    def strays(self, data, terms):
        """Whether pydicom has used a set that the terms do not name: JIS X 0212, or ISO 8859-1."""
        if isinstance(terms, str):
            return False
        allowed = b"|".join(map(re.escape, (b"(B", *(self.ESCAPES[term] for term in terms if term))))
        before_any_set = b"" if terms[0] else data.split(b"\x1b")[0]
        return bool(re.search(rb"\x1b(?!" + allowed + rb")", data) or re.search(rb"[\x80-\xff]", before_any_set))

    def encodable(self, text, terms):
        """Whether pydicom writes the text in these sets and reads it back."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                ds = identifier("STUDY", charset=terms, PatientName=text)
                data = queries.encoded(ds)
                return not self.strays(data, terms) and str(queries.decoded(data).PatientName) == text
            except (UnicodeError, UserWarning, LookupError):
                return False

    def asked_in(self, terms, name):
        return {str(ds.StudyInstanceUID)
                for ds in find(self.pacs, identifier("STUDY", charset=terms, PatientName=name,
                                                     StudyInstanceUID=None))}

    def test_every_name_is_found_in_every_set_that_holds_it(self):
        tried = 0
        for name, studies in self.names.items():
            for terms in self.TERMS:
                if self.encodable(name, terms):
                    self.assertTrue(studies <= self.asked_in(terms, name), (name, terms))
                    tried += 1
        self.assertGreater(tried, 2 * len(self.names))

    def test_groups_of_a_name_match_each_by_itself(self):
        yamada = self.names["Yamada^Tarou=山田^太郎=やまだ^たろう"] | self.names["ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"]
        for name in ("=山田^太郎", "=山田*", "==やまだ^たろう"):
            self.assertTrue(yamada <= self.asked_in("ISO_IR 192", name), name)
            self.assertTrue(yamada <= self.asked_in(["", "ISO 2022 IR 87"], name), name)

    def test_case_and_diacritics_do_not_matter(self):
        jerome = self.names["Buc^Jérôme"]
        for name in ("Buc^Jérôme", "BUC^JEROME", "buc^jerome", "buc^J*", "bUC^j?RÔME"):
            self.assertTrue(jerome <= self.asked_in("ISO_IR 192", name), name)
        self.assertTrue(self.names["Διονυσιος"] <= self.asked_in("ISO_IR 126", "ΔΙΟΝΥΣΙΟΣ"))

    def test_answers_are_in_the_set_of_the_request_if_it_holds_them_and_say_so(self):
        for terms in self.TERMS:
            for ds in find(self.pacs, identifier("STUDY", charset=terms, PatientName=None, StudyInstanceUID=None)):
                name = next(name for name, studies in self.names.items() if str(ds.StudyInstanceUID) in studies)
                said = ds.get("SpecificCharacterSet") or ""
                said = [said] if isinstance(said, str) else list(said)
                wanted = [terms] if isinstance(terms, str) else list(terms)
                if self.encodable(name, terms):
                    self.assertTrue(name.isascii() or said == wanted, (terms, name, said))
                    self.assertEqual(str(ds.PatientName), name, terms)
                elif said == ["ISO_IR 192"]:
                    self.assertEqual(str(ds.PatientName), name, terms)
                else:  # held, but pydicom cannot write it, or splits half a letter off as a backslash
                    self.assertEqual(said, wanted, (terms, name))

    def test_pacs_find_speaks_the_terminals_utf_8_and_other_sets_when_told(self):
        peer = f"PACS@127.0.0.1:{self.pacs.port}"
        for options in ((), ("--character-set", "ISO_IR 144")):
            shown = pacs("find", peer, *options, "-k", "PatientName=Люк*", ok=True).stdout
            self.assertIn("Люкceмбypг", shown)
        shown = pacs("find", peer, "--character-set", "\\ISO 2022 IR 87", "-k", "PatientName==山田*", ok=True).stdout
        self.assertEqual(shown.count("山田^太郎"), 2)
        refused = pacs("find", peer, "--character-set", "ISO_IR 100", "-k", "PatientName=山田", ok=False)
        self.assertEqual(refused.returncode, 2)

    def test_text_that_is_none_is_found_and_shown_with_replacement_characters(self):
        broken = instance(1, "77", charset="ISO_IR 192", PatientID="BROKEN")
        broken.PatientName = "X^Y"
        data = queries.encoded(broken).replace(b"X^Y ", b"X^\xFF ")
        with raw.Connection(self.pacs.port) as peer:
            peer.associate(raw.context(1, raw.CT_STORAGE, [raw.EXPLICIT]), called="PACS")
            self.assertEqual(peer.store(1, raw.CT_STORAGE, broken.SOPInstanceUID, data), 0)
        found = find(self.pacs, identifier("STUDY", charset="ISO_IR 192", PatientID="BROKEN", PatientName=None))
        self.assertEqual([str(ds.PatientName) for ds in found], ["X^\uFFFD"])


class Negotiation(harness.ServerTestCase):
    """SOP class extended negotiation (PS3.4 C.5.1.1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        store(cls.pacs,
              instance(1, "1", StudyDate="20240101", StudyTime="230000", PatientName="Meyer^Anna", StudyID="A"),
              instance(1, "2", StudyDate="20240102", StudyTime="010000", PatientName="Smith^Bob", StudyID="",
                       PatientID="P2"),
              instance(1, "3", StudyDate="20240102", StudyTime="120000", PatientName="Maier^Carl", PatientID="P3"))

    def studies(self, fields, level="STUDY", **keys):
        """Last number of the study UIDs that a query finds after negotiating `fields`."""
        ds = identifier(level, StudyInstanceUID=keys.pop("StudyInstanceUID", None), **keys)
        extended = queries.extended_negotiation(STUDY_ROOT, *fields) if fields else b""
        with Finder(self.pacs, extended=extended) as finder:
            if fields:
                self.assertIn(raw.uid_bytes(STUDY_ROOT) + bytes(fields), finder.accepted)
            found, final = finder.find(ds)
            return sorted({str(ds.StudyInstanceUID)[-1] for ds in found}), final.status

    def test_relational_queries(self):
        self.assertEqual(self.studies([1], "SERIES", PatientID="P3"), (["3"], 0))
        self.assertEqual(self.studies([], "SERIES", PatientID="P3"), ([], MISMATCH))
        self.assertEqual(self.studies([0], "SERIES", PatientID="P3"), ([], MISMATCH))

    def test_date_and_time_as_one_range(self):
        keys = dict(StudyDate="20240101-20240102", StudyTime="220000-020000")
        self.assertEqual(self.studies([0, 1], **keys), (["1", "2"], 0))

    def test_names_that_sound_alike(self):
        self.assertEqual(self.studies([0, 0, 1], PatientName="MEIER"), (["1", "3"], 0))
        self.assertEqual(self.studies([], PatientName="MEIER"), ([], 0))

    def test_empty_values(self):
        self.assertEqual(self.studies([0, 0, 0, 0, 0, 1], StudyID='""'), (["2", "3"], 0))

    def test_the_zone_of_the_request_is_no_key(self):
        keys = dict(StudyDate="20240101", StudyTime="2300-", TimezoneOffsetFromUTC="+0100")
        self.assertEqual(self.studies([], **keys), (["1"], 0))
        self.assertEqual(self.studies([0, 0, 0, 1], **keys), (["1"], 0))
        found, _ = findscu(self.pacs, "-S", "QueryRetrieveLevel=STUDY", "PatientID=P3", "TimezoneOffsetFromUTC=+0100")
        self.assertEqual([(ds.PatientID, ds.TimezoneOffsetFromUTC) for ds in found], [("P3", "")])

    def test_what_is_not_done_is_not_agreed_on(self):
        with Finder(self.pacs, extended=queries.extended_negotiation(STUDY_ROOT, *[1] * 7)) as finder:
            self.assertIn(raw.uid_bytes(STUDY_ROOT) + bytes([1, 1, 1, 1, 0, 1, 1]), finder.accepted)
        with Finder(self.pacs) as finder:
            self.assertNotIn(b"\x56\x00", finder.accepted[-200:])

    def test_pacs_find_negotiates(self):
        peer = f"PACS@127.0.0.1:{self.pacs.port}"
        shown = pacs("find", peer, "--fuzzy", "-k", "PatientName=MEIER", ok=True).stdout
        self.assertIn("Meyer^Anna", shown)
        series = pacs("find", peer, "--relational", "-L", "SERIES", "-k", "PatientID=P3", "--csv", ok=True).stdout
        self.assertEqual(len(series.splitlines()), 2)


class Identifiers(harness.ServerTestCase):
    """Wrong and hostile identifiers: the right status, nothing hung, nothing hurt."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        store(cls.pacs, *[instance(1, str(i), PatientID=f"P{i}", PatientName=name)
                          for i, name in enumerate(["100%^A_B", "O'Hara^\"X\"", "A*B?C^Star", "Doe^Jane"], 1)])

    def final(self, ds, sop_class=STUDY_ROOT):
        with Finder(self.pacs, sop_class) as finder:
            _, answer = finder.find(ds)
            self.assertTrue(finder.release())
            return answer

    def test_what_does_not_fit_the_model_is_a900_with_the_element(self):
        for ds, sop_class, element in [
                (identifier(None, PatientID="P1"), STUDY_ROOT, "0008,0052"),
                (Dataset(), STUDY_ROOT, "0008,0052"),
                (identifier("WARD", PatientID="P1"), STUDY_ROOT, "0008,0052"),
                (identifier(["STUDY", "SERIES"], PatientID="P1"), STUDY_ROOT, "0008,0052"),
                (2 * queries.encoded(identifier("STUDY")), STUDY_ROOT, "0008,0052"),
                (identifier("PATIENT", PatientID="P1"), STUDY_ROOT, "0008,0052"),
                (identifier("SERIES", PatientID="P1", StudyInstanceUID="1.2"), PATIENT_STUDY_ONLY, "0008,0052"),
                (identifier("STUDY", StudyInstanceUID="1.2"), PATIENT_ROOT, "0010,0020"),
                (identifier("SERIES", SeriesInstanceUID="1.2"), STUDY_ROOT, "0020,000d"),
                (identifier("IMAGE", StudyInstanceUID="1.2"), STUDY_ROOT, "0020,000e")]:
            answer = self.final(ds, sop_class)
            self.assertEqual(answer.status, MISMATCH, ds)
            self.assertEqual(answer.offending, [element], ds)
            self.assertTrue(answer.comment)

    def test_what_cannot_be_processed_is_c000_with_the_element(self):
        wrong_vr = queries.encoded(identifier("STUDY", PatientName="X")).replace(b"\x10\x00\x10\x00PN",
                                                                                  b"\x10\x00\x10\x00US")
        two_items = identifier("STUDY")
        two_items.ProcedureCodeSequence = Sequence([identifier(CodeValue="A"), identifier(CodeValue="B")])
        for ds, element in [(wrong_vr, "0010,0010"), (two_items, "0008,1032"),
                            (identifier("STUDY", StudyDate="20240199"), "0008,0020"),
                            (identifier("STUDY", StudyTime="noon"), "0008,0030")]:
            answer = self.final(ds)
            self.assertEqual(answer.status, CANNOT_UNDERSTAND, ds)
            self.assertEqual(answer.offending, [element], ds)

    def test_a_data_set_that_is_none_is_c000(self):
        whole = queries.encoded(identifier("STUDY", PatientName="Doe*"))
        for data in (whole[:-3], b"\xFF" * 40, whole + b"\x10"):
            self.assertEqual(self.final(data).status, CANNOT_UNDERSTAND)
        self.assertEqual(self.final(b"").status, MISMATCH)

    def names(self, name):
        return strings(ds.PatientName for ds in find(self.pacs, identifier("STUDY", PatientName=name)))

    def test_metacharacters_of_sql_are_letters(self):
        self.assertEqual(self.names("100%^A_B"), ["100%^A_B"])
        for name in ("%", "_", "1__%^A_B", "100%", "'; DROP TABLE study; --", "' OR '1'='1"):
            self.assertEqual(self.names(name), [], name)
        self.assertEqual(self.names("O'Hara*"), ["O'Hara^\"X\""])
        self.assertEqual(self.names("*"), self.names(None))
        self.assertEqual(len(self.names(None)), 4)

    def test_wildcards_cost_no_exponential_time(self):
        started = time.monotonic()
        for name in ("*?*?*?*", "*" * 5000, "?" * 64, "*a" * 2000, "*?*" * 300 + "z"):
            with Finder(self.pacs) as finder:
                _, answer = finder.find(identifier("STUDY", PatientName=name))
                self.assertIn(answer.status, (0, CANNOT_UNDERSTAND), name[:20])
        self.assertLess(time.monotonic() - started, 5)

    def test_values_and_lists_of_any_length(self):
        self.assertEqual(self.final(identifier("STUDY", PatientName="x" * 10_000)).status, 0)
        long = identifier("STUDY", AccessionNumber="9" * 10_000, StudyDescription="y" * 10_000)
        self.assertEqual(self.final(long).status, 0)
        uids = [f"1.2.826.0.1.3680043.8.498.5.{i}" for i in range(1, 100_001)]
        ds = identifier("STUDY", PatientID=None)
        # Too long for the 16-bit length of UI: as UN (PS3.5 6.2.2), which is what others send.
        data = queries.encoded(ds)
        value = "\\".join(uids).encode()
        value += b"\0" * (len(value) % 2)
        data += b"\x20\x00\x0D\x00UN\0\0" + len(value).to_bytes(4, "little") + value
        with Finder(self.pacs) as finder:
            found, answer = finder.find(data)
            self.assertEqual((answer.status, len(found)), (0, 4))

    def test_a_query_that_is_not_understood_leaves_the_association_open(self):
        with Finder(self.pacs) as finder:
            self.assertEqual(finder.find(Dataset())[1].status, MISMATCH)
            self.assertEqual(len(finder.find(identifier("STUDY", PatientID=None))[0]), 4)
            self.assertTrue(finder.release())

    def test_a_key_that_cannot_be_matched_is_ff01(self):
        ds = identifier("STUDY", PatientID=None)
        ds.add_new(0x00090010, "LO", "SOMEBODY")
        ds.add_new(0x00091001, "UN", b"XXXX")
        with Finder(self.pacs) as finder:
            finder.ask(ds)
            self.assertEqual(finder.answer().status, PENDING_WARNING)

    def test_other_commands_on_the_context_are_0211(self):
        with Finder(self.pacs) as finder:
            finder.send(raw.p_data(raw.pdv(1, raw.c_store_rq(STUDY_ROOT, "1.2", data_set=True), command=True)))
            finder.send(raw.p_data(raw.pdv(1, queries.encoded(identifier("STUDY")))))
            self.assertEqual(finder.answer().status, 0x0211)

    def test_pacs_find_says_what_the_peer_refused_and_what_was_written_wrong(self):
        peer = f"PACS@127.0.0.1:{self.pacs.port}"
        refused = pacs("find", peer, "-L", "SERIES", "--exact", "-k", "Modality")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("A900", refused.stderr)
        self.assertIn("(0020,000d)", refused.stderr)
        for arguments, said in [(("-k", "PatientNam=X"), "did you mean PatientName?"),
                                (("-L", "WARD"), "not a level"), (("stray",), "-k"),
                                (("-k", "Rows=tall"), "not a value of VR US"),
                                (("-k", "0009,1001=priv"), "write -k 0009,0010=CREATOR before it")]:
            wrong = pacs("find", peer, *arguments)
            self.assertEqual(wrong.returncode, 2, arguments)
            self.assertIn(said, wrong.stderr)
        self.assertEqual(pacs("find", "127.0.0.1", harness.free_port()).returncode, 1)


class LongText(harness.ServerTestCase):
    def test_long_text_is_returned_and_matched(self):
        """LT has up to 10,240 characters (PS3.5 Table 6.2-1)."""
        long = "y" * 10_000 + "END"
        store(self.pacs, instance(1, "9", PatientID="LONG", PatientComments=long, ImageComments=long,
                                  TextValue="z" * 100_000))
        study = {"StudyInstanceUID": "1.2.826.0.1.3680043.8.498.5.9"}
        with Finder(self.pacs) as finder:
            found, _ = finder.find(identifier("STUDY", PatientComments=None, ImageComments=None, TextValue=None, **study))
            self.assertEqual([(ds.PatientComments, ds.ImageComments, len(ds.TextValue)) for ds in found],
                             [(long, long, 100_000)])
            for keyword in ("PatientComments", "ImageComments"):
                for value in ("yy*END", long):
                    found, _ = finder.find(identifier("STUDY", **study, **{keyword: value}))
                    self.assertEqual(len(found), 1, keyword)
                found, _ = finder.find(identifier("STUDY", **study, **{keyword: "yy*END?"}))
                self.assertEqual(found, [], keyword)
            finder.release()


class Streams(harness.TestCase):
    """Many answers: cancel, limits, peers that do not read or vanish."""
    seconds = 30

    COUNT = 1500
    EVERYTHING = identifier("STUDY", StudyInstanceUID=None, PatientComments=None)  # 6 MB of answers

    def filled(self):
        server = self.server()
        store(server, *[instance(1, str(i), PatientID=f"P{i}", PatientComments="c" * 4000)
                        for i in range(self.COUNT)])
        return server

    def test_cancel_limits_and_peers_that_stop_reading(self):
        server = self.filled()
        everything = self.EVERYTHING

        with self.subTest("all come, once each"):
            found = find(server, everything)
            self.assertEqual(len({str(ds.StudyInstanceUID) for ds in found}), self.COUNT)

        with self.subTest("a cancel is answered FE00 and the association goes on"):
            with Finder(server) as finder:
                # Nothing is read until the cancel is there: the sockets' buffers hold only a part.
                finder.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                finder.ask(everything)
                finder.cancel()
                answers, answer = 0, finder.answer()
                while answer.pending:
                    answers, answer = answers + 1, finder.answer()
                self.assertEqual(answer.status, CANCELLED)
                self.assertLess(answers, self.COUNT)
                self.assertEqual(finder.find(identifier("STUDY", StudyInstanceUID="1.2"))[1].status, 0)

        with self.subTest("findscu cancels, and so do we"):
            found, said = findscu(server, "-S", "QueryRetrieveLevel=STUDY", "StudyInstanceUID",
                                  options=("--cancel", "3", "-v"))
            self.assertLessEqual(3, len(found))
            limited = pacs("find", f"PACS@127.0.0.1:{server.port}", "--limit", "3", "--csv", ok=True)
            self.assertEqual(len(limited.stdout.splitlines()), 4)
            self.assertEqual(pacs("find", f"PACS@127.0.0.1:{server.port}", "--limit", "-1").returncode, 2)

        with self.subTest("peers that do not read cost a bounded amount of memory, and time-outs nobody else"):
            before = server.status_kib("VmRSS")
            deaf = [Finder(server) for _ in range(20)]
            for finder in deaf:
                finder.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                finder.ask(everything)
            with Finder(server) as finder:
                self.assertEqual(finder.count(everything), (self.COUNT, 0))
            self.assertLess(server.status_kib("VmRSS") - before, 40 * 1024 + harness.MEMORY_SLACK_KIB)
            for finder in deaf:
                finder.socket.close()

        with self.subTest("peers that vanish in the middle leave nothing behind"):
            for _ in range(20):
                with Finder(server) as finder:
                    finder.ask(everything)
                    finder.answer()
            harness.eventually(lambda: server.status()["associations"] == 0, "associations end")
            with Finder(server) as finder:
                self.assertEqual(finder.count(everything), (self.COUNT, 0))
        self.assertEqual(server.stop(), 0)

    def test_above_the_limit_the_answers_end_with_a700(self):
        server = self.server({"dicom": {"find_matches_max": 5}})
        store(server, *[instance(1, str(i)) for i in range(6)])
        with Finder(server) as finder:
            found, final = finder.find(identifier("STUDY", StudyInstanceUID=None))
            self.assertEqual((len(found), final.status), (5, OUT_OF_RESOURCES))
            self.assertIn("more than 5 matches", final.comment)
            few = identifier("STUDY", StudyInstanceUID=["1.2.826.0.1.3680043.8.498.5.1"])
            self.assertEqual(finder.find(few)[1].status, 0)

    def test_eight_clients_query_while_another_stores(self):
        server = self.server()
        store(server, *[instance(1, str(i)) for i in range(50)])
        done, failures = threading.Event(), []

        def ask():
            try:
                while not done.is_set():
                    with Finder(server) as finder:
                        found = finder.count(identifier("STUDY", StudyInstanceUID=None, PatientName="DOE*",
                                                        NumberOfStudyRelatedInstances=None))
                        assert found[0] >= 50 and found[1] == 0, found
            except AssertionError as error:
                failures.append(error)

        clients = [threading.Thread(target=ask) for _ in range(8)]
        for client in clients:
            client.start()
        store(server, *[instance(2 + i % 3, str(i % 70)) for i in range(400)])
        done.set()
        for client in clients:
            client.join()
        self.assertEqual(failures, [])
        found = find(server, identifier("STUDY", StudyInstanceUID=None, NumberOfStudyRelatedInstances=None))
        self.assertEqual(len(found), 70)
        self.assertEqual(sum(int(ds.NumberOfStudyRelatedInstances) for ds in found), server.instances())

    def test_what_was_acknowledged_is_found_at_once(self):
        server = self.server()
        for i in range(50):
            store(server, instance(1, str(i), AccessionNumber=f"A{i}"))
            found = find(server, identifier("STUDY", AccessionNumber=f"A{i}", StudyInstanceUID=None))
            self.assertEqual(len(found), 1, i)


class AsScu(harness.TestCase):
    """`pacs find` against other archives."""

    def fill(self, peer):
        files = [harness.PYDICOM_FILES / name for name in ("CT_small.dcm", "MR_small.dcm")]
        run("storescu", "-aec", peer.ae_title, "127.0.0.1", peer.port, *files, ok=True)

    def check(self, peer):
        self.fill(peer)
        address = f"{peer.ae_title}@127.0.0.1:{peer.port}"
        rows = list(csv.DictReader(io.StringIO(pacs("find", address, "--csv", ok=True).stdout)))
        self.assertEqual(sorted(row["PatientID"] for row in rows), ["1CT1", "4MR1"])
        ct = next(row for row in rows if row["PatientID"] == "1CT1")
        series = pacs("find", address, "-L", "SERIES", "--json", "-k", f"StudyInstanceUID={ct['StudyInstanceUID']}",
                      "-k", "SeriesInstanceUID", "-k", "Modality", ok=True).stdout
        self.assertEqual(json.loads(series)["00080060"]["Value"], ["CT"])
        patients = pacs("find", address, "-P", "-L", "PATIENT", "-k", "PatientName=CompressedSamples*",
                        "-k", "PatientID", ok=True)
        self.assertIn("CompressedSamples^MR1", patients.stdout)
        self.assertIn("2 matches", patients.stderr)
        none = pacs("find", address, "-k", "PatientID=NOBODY", ok=True)
        self.assertEqual((none.stdout, none.stderr.strip()), ("", "0 matches"))

    def test_dcmqrscp(self):
        self.check(self.start(harness.dcmqrscp, self.folder))

    def test_orthanc(self):
        self.check(self.start(harness.orthanc, self.folder, DicomAlwaysAllowFind=True))

    def test_a_peer_without_queries_is_said_so(self):
        sink = self.start(harness.storescp, self.folder)
        refused = pacs("find", f"STORESCP@127.0.0.1:{sink.port}", ok=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("does not accept queries", refused.stderr)


if __name__ == "__main__":
    unittest.main()
