"""David Clunie's dicom3tools read what the archive has written: the files of stored objects, and those that
`pacs get` writes, are the objects that were sent, and no worse by their rules than before."""

import harness

NAMES = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "rtstruct.dcm", "waveform_ecg.dcm", "test-SR.dcm",
         "JPEG2000.dcm", "liver_1frame.dcm", "SC_rgb_rle_2frame.dcm", "SC_rgb_jpeg_gdcm.dcm", "nested_priv_SQ.dcm",
         "reportsi.dcm")


def elements(path):
    """dcdump's lines of the data set, without the meta group, which is the writer's own."""
    done = harness.run("dcdump", path, ok=True)
    return [line for line in (done.stdout + done.stderr).splitlines() if not line.lstrip().startswith("(0x0002,")]


def findings(path):
    """dciodvfy's findings in the object, and in its file meta information."""
    done = harness.run("dciodvfy", path)
    lines = (done.stdout + done.stderr).splitlines()
    of_meta = [line for line in lines if "MediaStorage" in line or "MetaInformation" in line]
    return sorted(line for line in lines if line not in of_meta), of_meta


class Dicom3tools(harness.ServerTestCase):
    def originals(self):
        paths = [harness.PYDICOM_FILES / name for name in NAMES]
        return [path for path in paths if path.exists()]

    def test_stored_and_fetched_files_read_as_the_originals(self):
        import pydicom

        def header(path):
            return pydicom.dcmread(path, stop_before_pixels=True, force=True)
        originals = {}
        for path in self.originals():
            uid = header(path).get("SOPInstanceUID")
            if uid:
                originals.setdefault(uid, path)
        self.assertGreaterEqual(len(originals), 8)
        peer = f"PACS@127.0.0.1:{self.pacs.port}"
        harness.pacs("store", peer, *originals.values(), ok=True)
        harness.eventually(lambda: len(self.pacs.objects()) == len(originals), "all files to be written")
        fetched = self.class_folder / "fetched"
        for study in {str(header(path).StudyInstanceUID) for path in originals.values()}:
            harness.pacs("get", peer, "-k", f"StudyInstanceUID={study}", "--output", fetched, ok=True)
        stored = {header(path).SOPInstanceUID: path for path in self.pacs.objects()}
        self.assertEqual(set(stored), set(originals))
        for uid, original in originals.items():
            for ours in (stored[uid], fetched / f"{uid}.dcm"):
                self.assertEqual(elements(ours), elements(original), original.name)
                of_object, of_meta = findings(ours)
                self.assertEqual(of_object, findings(original)[0], original.name)
                self.assertEqual(of_meta, [], original.name)
