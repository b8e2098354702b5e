"""The page at `/`, as people use it: Chromium over the real server, driven by tests/interop/pages."""

import base64
import copy
import json
import os
import pathlib
import time
import subprocess
import threading
import unittest
import zipfile

import pydicom
from pydicom.uid import generate_uid

import harness
import phantoms
from chromium import Browser
from harness import PYDICOM_FILES as FILES

PICTURES = harness.ROOT / "docs" / "pictures"
# As from another machine: a proxy's header makes this machine somebody else.
REMOTE = {"X-Forwarded-For": "192.0.2.7"}
VIEWS = ["#/studies", "#/upload", "#/worklist", "#/steps", "#/conflicts", "#/overview", "#/jobs", "#/aes", "#/tokens",
         "#/configuration"]
MANY_FILES, MANY_SERIES = int(50_000 * harness.MANY), int(20_000 * harness.MANY)
ORDER = {"00080050": {"vr": "SH", "Value": ["ACC1"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Order^Olga"}]},
         "00100020": {"vr": "LO", "Value": ["4711"]}, "0020000D": {"vr": "UI", "Value": ["2.25.4711"]},
         "00401001": {"vr": "SH", "Value": ["RP1"]},
         "00400100": {"vr": "SQ", "Value": [{
             "00080060": {"vr": "CS", "Value": ["CT"]}, "00400001": {"vr": "AE", "Value": ["CT1"]},
             "00400002": {"vr": "DA", "Value": ["20261127"]}, "00400003": {"vr": "TM", "Value": ["0830"]},
             "00400009": {"vr": "SH", "Value": ["SPS1"]}}]}}


def image(path, study=None, source="MR_small.dcm", **attributes):
    """A copy of a sample with a UID and a patient of its own, and other attributes."""
    ds = copy.deepcopy(pydicom.dcmread(FILES / source))
    ds.StudyInstanceUID = study or generate_uid()
    ds.SeriesInstanceUID, ds.SOPInstanceUID = generate_uid(), generate_uid()
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    for keyword, value in {"PatientID": "P" + ds.SOPInstanceUID[-15:], **attributes}.items():
        setattr(ds, keyword, value)
    ds.save_as(path)
    return ds


class Page(harness.ServerTestCase):
    seconds = 200
    nowhere = harness.free_port()
    config = {"mpps": {"notify": ["RIS"]},
              "remote_ae": [{"ae_title": "RIS", "host": "127.0.0.1", "port": nowhere},
                            {"ae_title": "NOBODY", "host": "127.0.0.1", "port": nowhere}]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser_of_class = Browser()
        cls.addClassCleanup(cls.browser_of_class.end)
        made = cls.class_folder / "made"
        made.mkdir()
        for number, name in enumerate(["Sort^Anna", "Sort^Carl", "Sort^Bert"]):
            image(made / f"sort{number}.dcm", PatientName=name, PatientID=f"S{number}", StudyDescription="Knee left",
                  StudyDate=f"2024051{number}", AccessionNumber=f"ACC{number}", Modality="MR")
        cls.keys = image(made / "keys.dcm", PatientName="Keyboard^Kim", PatientID="KB1")
        image(made / "prior.dcm", PatientName="Keyboard^Kim", PatientID="KB1", StudyDescription="Prior elbow", StudyDate="20200102")
        cls.report = image(made / "sr.dcm", source="test-SR.dcm", PatientName="Report^Rita")
        broken = image(made / "broken.dcm", source="JPEG2000.dcm", PatientName="Broken^Bo")
        broken.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + b"nothing" * 30])
        broken.save_as(made / "broken.dcm")
        cls.broken = broken
        cls.odd = image(made / "odd.dcm", PatientName="Odd^Otto", BitsAllocated=24)
        for path in sorted(made.iterdir()):
            cls.store(path)
        body = json.dumps(ORDER).encode()
        assert cls.pacs.http("/api/worklist", "POST", body, {"Content-Type": "application/json"})[0] == 201
        harness.pacs("mpps", "create", f"PACS@127.0.0.1:{cls.pacs.port}", "-k", "PatientName=Step^Stan", ok=True)

    @classmethod
    def store(cls, path):
        status, text, _ = cls.pacs.http("/dicomweb/studies", "POST", pathlib.Path(path).read_bytes(),
                                        {"Content-Type": "application/dicom"})
        assert status == 200, text

    def browser(self, run, **what):
        return self.browser_of_class(run, url=f"http://127.0.0.1:{self.pacs.http_port}", **what)

    def test_files_folders_and_zips_are_stored_and_what_is_refused_is_listed(self):
        folder = self.folder / "disk"
        (folder / "deep").mkdir(parents=True)
        for number in range(70):
            image(folder / "deep" / f"{number}.dcm", PatientName="Folder^Fay", PatientID=f"F{number}")
        (folder / "readme.txt").write_text("words")
        (folder / "deep" / "cut.dcm").write_bytes((FILES / "MR_truncated.dcm").read_bytes())
        (folder / "DICOMDIR").write_bytes((FILES / "dicomdirtests" / "DICOMDIR").read_bytes())
        before = self.pacs.instances()
        got = self.browser("upload", folder=folder)
        self.assertEqual(self.pacs.instances() - before, 70)
        self.assertIn("70 files are stored. 3 were refused", got["line"])
        refused = "\n".join(got["refused"])
        for words in ("disk/readme.txt", "It is not a DICOM file.", "cut.dcm", "DICOMDIR", "an archive does not store"):
            self.assertIn(words, refused)
        self.assertEqual(self.browser("more", typed="folder", all=70), 50)
        archive = self.folder / "study.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for number in range(3):
                image(self.folder / "one.dcm", PatientName="Zip^Zoe")
                packed.write(self.folder / "one.dcm", f"a/{number}.dcm", zipfile.ZIP_STORED if number else None)
        damaged = self.folder / "damaged.zip"
        damaged.write_bytes(archive.read_bytes()[:5000])
        got = self.browser("upload", files=[archive, damaged])
        self.assertIn("3 files are stored. 1 was refused", got["line"])
        self.assertIn("The zip is damaged. 1", got["refused"])
        self.assertEqual(self.pacs.instances() - before, 73)

    def test_an_upload_after_another_shows_its_own(self):
        for name in "one", "two":
            image(self.folder / f"{name}.dcm", PatientName=f"Row^{name}")
            (self.folder / f"{name}.txt").write_text(name)
        one, two = self.browser("uploads_in_a_row", uploads=[
            {"files": [self.folder / f"{name}.dcm", self.folder / f"{name}.txt"], "patient": f"Row, {name}"} for name in ("one", "two")])
        self.assertEqual((len(one["links"]), len(two["links"])), (1, 1))
        self.assertIn("two.txt", "\n".join(two["refused"]))
        self.assertNotIn("one.txt", "\n".join(two["refused"]))

    def test_an_upload_of_very_many_files_and_a_study_of_very_many_series(self):
        study = generate_uid()
        one = image(self.folder / "one.dcm", study, Rows=1, Columns=1, PixelData=b"\1\0", PatientName="Many^Mia")
        template, uids = (self.folder / "one.dcm").read_bytes(), (one.SeriesInstanceUID, one.SOPInstanceUID)
        with zipfile.ZipFile(self.folder / "many.zip", "w") as packed:
            for number in range(MANY_FILES):
                content = template
                for uid, value in zip(uids, (number % MANY_SERIES, number)):
                    content = content.replace(uid.encode(), uid[:-8].encode() + b"%08d" % value)
                packed.writestr(f"{number}.dcm", content)
        before = self.pacs.instances()
        got = self.browser("very_many", file=self.folder / "many.zip", series=f"{MANY_SERIES:,}", seconds=harness.SECONDS_MAX * 6)
        self.assertEqual(got, {"stored": f"{MANY_FILES:,} files are stored.", "shown": 50})
        self.assertEqual(self.pacs.instances() - before, MANY_FILES)

    def test_after_a_cancelled_upload_another_goes(self):
        image(self.folder / "next.dcm", PatientName="Next^Nora")
        before = self.pacs.instances()
        self.assertEqual(self.browser("cancelled_upload", files=[self.folder / "next.dcm"]), "1 file is stored.")
        self.assertEqual(self.pacs.instances() - before, 1)

    def test_a_drop_stores_and_a_drop_of_nothing_says_so(self):
        image(self.folder / "dropped.dcm", PatientName="Drop^Dan")
        got = self.browser("drop", name="dropped.dcm",
                           base64=base64.b64encode((self.folder / "dropped.dcm").read_bytes()).decode())
        self.assertEqual(got, {"said": "There was no file in what was dropped.", "line": "1 file is stored.", "refused": []})

    def test_studies_are_found_as_one_types(self):
        all_three = ["Sort, Bert", "Sort, Carl", "Sort, Anna"]  # the latest first
        found = self.browser("find", searches=[
            ["sort", 3], ["SORT mr", 3], ["sort 2024-05", 3], ["sort 20240511", 1], ["carl", 1], ["acc2", 1], ["s1 sort", 1],
            ["knee", 3], ["bert left", 1], ["2024", 3], ['"sort"', 3], ["sort^anna", 1]])
        self.assertEqual(found["sort"], all_three)
        self.assertEqual(found["sort 20240511"], ["Sort, Carl"])
        self.assertEqual(found["carl"], ["Sort, Carl"], "a given name")
        self.assertEqual(found["acc2"], ["Sort, Bert"])
        self.assertEqual(found["sort^anna"], ["Sort, Anna"])
        self.assertEqual(found["hash"], "#/studies?search=zzz-nobody")
        self.assertEqual(self.browser("type_fast", typed="sort anna", count=1), ["Sort, Anna"])

    def test_rows_are_sorted_and_columns_kept(self):
        got = self.browser("sort_and_columns")
        ascending = ["Sort, Anna", "Sort, Bert", "Sort, Carl"]
        self.assertEqual(got["orders"], [ascending, ascending[::-1]])
        self.assertEqual(got["sort"], "descending")
        self.assertIn("Born", got["heads"])

    def test_a_study_shows_its_pictures_and_all_attributes_and_comes_as_a_zip(self):
        got = self.browser("study", uid=self.keys.StudyInstanceUID)
        self.assertEqual(got["title"], "Keyboard, Kim")
        self.assertIn("KB1", got["facts"])
        self.assertEqual(got["priors"], ["2020-01-02 · MR · Prior elbow"])
        self.assertEqual(got["zip"], "PK\x03\x04")
        for words in ("(0010,0010)", "PN", "PatientName", "Keyboard, Kim"):
            self.assertIn(words, got["row"])
        self.assertGreater(got["attributes"], 70)
        self.assertGreater(got["picture"], 63)

    def test_the_place_of_a_picture_says_why_there_is_none(self):
        self.assertEqual(self.browser("places", uid=self.report.StudyInstanceUID), ["Has no pixels"])
        [why] = self.browser("places", uid=self.broken.StudyInstanceUID)
        self.assertRegex(why, "JPEG 2000|decode|codestream|damaged")
        [why] = self.browser("places", uid=self.odd.StudyInstanceUID)
        self.assertIn("BitsAllocated", why)

    def test_remote_aes_jobs_worklist_and_performed_steps(self):
        self.assertRegex(self.browser("remote_ae", title="PACS", port=self.pacs.port), r"^answers, \d+ ms$")
        self.browser("remote_ae", title="A/~B", port=self.pacs.port)
        self.assertIn("RIS", self.browser("jobs", destination="RIS"))
        self.assertIn("ACC1", self.browser("view", hash="#/worklist", words="Order, Olga"))
        self.assertIn("IN PROGRESS", self.browser("view", hash="#/steps", words="Step, Stan"))
        self.assertIn(str(self.pacs.port), self.browser("view", hash="#/overview", words="Connect a modality"))

    def test_a_study_is_sent_and_who_does_not_answer_is_tried_again(self):
        receiver = self.start(harness.storescp, self.folder)
        body = json.dumps({"ae_title": receiver.ae_title, "host": "127.0.0.1", "port": receiver.port}).encode()
        self.assertEqual(self.pacs.http("/api/remote-aes", "POST", body, {"Content-Type": "application/json"})[0], 201)
        got = self.browser("send", uid=self.keys.StudyInstanceUID, to=receiver.ae_title, nobody="NOBODY")
        self.assertEqual(got["done"], "Done · 1 / 1")
        self.assertRegex(got["waiting"], r"^Waiting · .*refused.* · next try ")

    def test_a_token_is_made_shown_once_and_revoked(self):
        got = self.browser("token", name="CT room/2")
        self.assertIn("uploader", got["listed"])
        self.assertEqual(got["me"]["role"], "uploader")
        self.assertFalse(got["shown"])

    def test_the_configuration_says_where_values_come_from(self):
        got = self.browser("configuration", typed="mpps.notify")
        self.assertEqual(len(got["found"]), 1)
        self.assertRegex(got["found"][0], r"mpps\.notify\s+RIS\s+configuration file\s+\S+\.toml:\d+")
        self.assertGreater(got["all"], 50)
        self.assertIn("mpps.notify", got["changed"])

    def test_the_overview_has_plots(self):
        def known():
            return [value for value in json.loads(self.pacs.http("/api/history")[1])["series"]["memory_bytes"] if value]
        harness.eventually(known, "the first step of the history is over", 30)
        titles = self.browser("plots")
        for words in "Storage in use", "Time to store (95 %)", "HTTP answers (95 %)":
            self.assertIn(words, titles)

    def test_lists_that_stand_open_are_kept_up_to_date(self):
        order = copy.deepcopy(ORDER)
        order["00100010"]["Value"] = [{"Alphabetic": "Later^Lena"}]
        order["0020000D"]["Value"] = ["2.25.4712"]
        self.browser("live", hash="#/worklist", path="/api/worklist", made=order, words="Later, Lena")
        self.browser("live", hash="#/aes", path="/api/remote-aes", words="LATER",
                     made={"ae_title": "LATER", "host": "127.0.0.1", "port": self.nowhere})

    def test_a_stale_cookie_keeps_nobody_out_who_needs_none(self):
        self.browser("with_a_stale_cookie")

    def test_a_view_that_is_not_for_a_role_says_so(self):
        made = json.loads(harness.pacs("token", "create", "--name", "looks", "--role", "viewer", "--config",
                                       self.pacs.config_file, "--json", ok=True).stdout)
        got = self.browser("not_for_me", hash="#/configuration", token=made["token"])
        self.assertEqual(got["said"], "This is not allowed with your role.")
        self.assertNotIn("Upload", got["nav"])

    def test_texts_are_korean_or_english(self):
        got = self.browser("languages", korean=True)
        self.assertEqual(got, {"korean": "현황", "lang": "ko", "after": "en"})

    def test_everything_works_by_keyboard(self):
        self.assertEqual(self.browser("keyboard", typed="keyboard 2004"), "H1", "the focus follows")

    def test_nothing_keeps_people_out(self):
        study = self.keys
        hashes = [*VIEWS, f"#/study/{study.StudyInstanceUID}",
                  f"#/study/{study.StudyInstanceUID}/{study.SeriesInstanceUID}/{study.SOPInstanceUID}"]
        for look, seen in (({}, hashes), ({"dark": True, "korean": True}, hashes), ({"phone": True}, hashes[-2:])):
            found = self.browser("axe", hashes=seen, **look)
            self.assertFalse(found, "\n".join(map(str, [look, *found])))

    def test_hostile_texts_are_only_text(self):
        script = "<script>alert(1)</script><img src onerror:alert(2)><b>\"'&"  # a name has no "="
        study = generate_uid()
        image(self.folder / "script.dcm", study, PatientName=f"Hostile^{script}", PatientID="H1",
              StudyDescription="\u202Eevil\x07<img src=x onerror=alert(3)>" + "long " * 2000, SpecificCharacterSet="ISO_IR 192")
        self.store(self.folder / "script.dcm")
        got = self.browser("hostile", typed="hostile", uid=study)
        self.assertEqual((got["rows"], got["fired"], got["elements"]), ([f"Hostile, {script}"], [], 0))
        self.assertIn("\\u202eevil", got["shown"])
        self.assertLessEqual(got["width"][0], got["width"][1])
        self.assertLessEqual(got["wide"], 0)
        nameless = generate_uid()
        image(self.folder / "nameless.dcm", nameless, PatientName="", PatientID="", StudyDescription="Nobody")
        self.store(self.folder / "nameless.dcm")
        self.assertEqual(self.browser("hostile", typed="nobody", uid=nameless)["rows"], ["(no name)"])

    def test_a_server_that_was_away_is_back_without_a_reload(self):
        cls = type(self)
        image(self.folder / "late.dcm", PatientName="Late^Lou")
        before = self.pacs.instances()
        self.browser("open_list", keep="list")
        self.browser("open_list", keep="upload")
        self.assertEqual(self.pacs.stop(), 0)
        self.browser("sees_it_away", keep="list")
        self.browser("begin_upload", keep="upload", files=[self.folder / "late.dcm"])
        cls.pacs = harness.Pacs(cls.class_folder, self.pacs.config)
        self.browser("sees_it_back", keep="list")
        self.assertEqual(self.browser("end_upload", keep="upload")["line"], "1 file is stored.")
        self.assertEqual(self.pacs.instances() - before, 1)

    def test_an_upload_whose_server_is_killed_in_the_middle_ends_well(self):
        cls = type(self)
        for number in range(150):
            image(self.folder / f"{number}.dcm", PatientName="Cut^Cora")
        before = self.pacs.instances()
        self.browser("upload_half_way", keep="cut", files=sorted(self.folder.glob("*.dcm")))
        self.pacs.kill()
        cls.pacs = harness.Pacs(cls.class_folder, self.pacs.config)
        self.assertEqual(self.browser("end_upload", keep="cut")["line"], "150 files are stored.")
        self.assertEqual(self.pacs.instances() - before, 150)

    def test_who_has_no_valid_token_is_led_to_the_login(self):
        made = json.loads(harness.pacs("token", "create", "--name", "page", "--role", "viewer", "--config",
                                       self.pacs.config_file, "--json", ok=True).stdout)
        self.browser("log_in", keep="remote", headers=REMOTE, token=made["token"])
        harness.pacs("token", "revoke", made["id"], "--config", self.pacs.config_file, ok=True)
        self.assertEqual(self.browser("is_sent_to_log_in", keep="remote", headers=REMOTE), "/#/jobs")

    def test_the_page_is_light(self):
        got = self.browser("weight")
        self.assertLess(sum(size for _, size in got["files"]), 150_000, got["files"])


@unittest.skipUnless(os.environ.get("PAGE_PICTURES") == "write", "PAGE_PICTURES=write makes docs/pictures anew")
class PagePictures(harness.ServerTestCase):
    def test_pictures(self):
        made = self.folder / "made"
        made.mkdir()
        study = phantoms.make(made)[0]
        for path in sorted(made.iterdir(), reverse=True):
            status, text, _ = self.pacs.http("/dicomweb/studies", "POST", path.read_bytes(), {"Content-Type": "application/dicom"})
            self.assertEqual(status, 200, text)
        ninth = pydicom.dcmread(made / "0-1-9.dcm")
        instance = f"#/study/{study}/{ninth.SeriesInstanceUID}/{ninth.SOPInstanceUID}"
        PICTURES.mkdir(exist_ok=True)
        time.sleep(30)  # the overview has plots
        browser = Browser()
        self.addCleanup(browser.end)
        for look, shots in (
                ({}, [["", "studies"], [instance, "instance"], ["#/overview", "overview"]]),
                ({"dark": True}, [[f"#/study/{study}", "study-dark"]]),
                ({"phone": True}, [["", "studies-phone"]]), ({"phone": True, "dark": True}, [[f"#/study/{study}", "study-phone-dark"]]),
                ({"korean": True}, [["#/studies?search=ct", "search-korean"]])):
            browser("pictures", url=f"http://127.0.0.1:{self.pacs.http_port}", **look,
                    shots=[[hash_, PICTURES / f"{name}.png"] for hash_, name in shots])
        browser("picture_of_upload", url=f"http://127.0.0.1:{self.pacs.http_port}", path=PICTURES / "upload.png",
                files=[*sorted(made.glob("1-*.dcm")), FILES / "README.txt", FILES / "MR_truncated.dcm"])


if __name__ == "__main__":
    unittest.main()
