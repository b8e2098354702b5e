"""OHIF in Chromium, from the program itself: what its canvas shows is what we render (docs/PAGE.md shows it)."""

import json
import os

import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

import harness
from chromium import Browser

FILES = harness.PYDICOM_FILES
PICTURE = harness.ROOT / "docs" / "pictures" / "viewer.png"
CT, SEG, PDF = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.104.1"
FRAME_OF_REFERENCE, DIMENSIONS = generate_uid(), generate_uid()
SLICES = 12


def new(sop_class, study, modality, number):
    """An object of a study, with what every class asks for."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, generate_uid(), FRAME_OF_REFERENCE
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Volume^Vera", "V1", "19600101", "F"
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID = "20260102", "101112", "A1", "1"
    ds.StudyDescription, ds.ReferringPhysicianName, ds.Modality, ds.SeriesNumber = "Two blocks", "", modality, number
    return ds


def volume(study):
    """A CT of two blocks that grow from slice to slice."""
    series, slices = generate_uid(), []
    for number in range(SLICES):
        ds = new(CT, study, "CT", 1)
        ds.SeriesInstanceUID, ds.InstanceNumber, ds.SeriesDescription = series, number + 1, "Thorax"
        ds.ImageType, ds.PatientPosition, ds.KVP = ["ORIGINAL", "PRIMARY", "AXIAL"], "HFS", "120"
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, -3 * number], [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = [1, 1], 3
        ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 160, 160, 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        ds.RescaleIntercept, ds.RescaleSlope, ds.WindowCenter, ds.WindowWidth = -1024, 1, 100, 1200
        y, x = numpy.mgrid[:160, :160]
        values = 600 + 3 * x + 2 * y
        values[40:60 + 5 * number, 50:110] = 1500
        values[90:110, 40:60 + 6 * number] = 300
        ds.PixelData = values.astype("<u2").tobytes()
        slices.append(ds)
    return slices


def segmentation(study, slices):
    """The first block as a binary segment of the first slices (PS3.3 §A.51)."""
    ds = new(SEG, study, "SEG", 2)
    ds.SeriesDescription, ds.InstanceNumber, ds.ContentLabel, ds.ContentDescription = "Blocks", 1, "BLOCKS", "Blocks"
    ds.ContentCreatorName, ds.ContentDate, ds.ContentTime, ds.Manufacturer = "Test", "20260102", "101112", "Test"
    ds.ImageType, ds.SegmentationType, ds.LossyImageCompression = ["DERIVED", "PRIMARY"], "BINARY", "00"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 160, 160, 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = ds.PixelRepresentation = 0

    def code(value, scheme, meaning):
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
        return Sequence([item])
    segment = Dataset()
    segment.SegmentNumber, segment.SegmentLabel, segment.SegmentAlgorithmType = 1, "Block", "MANUAL"
    segment.SegmentedPropertyCategoryCodeSequence = code("49755003", "SCT", "Morphologically Abnormal Structure")
    segment.SegmentedPropertyTypeCodeSequence = code("4147007", "SCT", "Mass")
    ds.SegmentSequence = Sequence([segment])
    item = Dataset()
    item.SeriesInstanceUID = slices[0].SeriesInstanceUID
    item.ReferencedInstanceSequence = Sequence()
    for one in slices:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CT, one.SOPInstanceUID
        item.ReferencedInstanceSequence.append(reference)
    ds.ReferencedSeriesSequence = Sequence([item])
    organization = Dataset()
    organization.DimensionOrganizationUID = DIMENSIONS
    ds.DimensionOrganizationSequence = Sequence([organization])
    index = Dataset()
    index.DimensionOrganizationUID, index.DimensionIndexPointer = DIMENSIONS, 0x00200032
    index.FunctionalGroupPointer = 0x00209113
    ds.DimensionIndexSequence = Sequence([index])
    shared = Dataset()
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([Dataset()]), Sequence([Dataset()])
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures = shared.PixelMeasuresSequence[0]
    measures.PixelSpacing, measures.SliceThickness, measures.SpacingBetweenSlices = [1, 1], 3, 3
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence()
    bits = numpy.zeros((SLICES, 160, 160), numpy.uint8)
    for number, one in enumerate(slices):
        bits[number, 40:60 + 5 * number, 50:110] = 1
        frame = Dataset()
        frame.PlanePositionSequence, frame.FrameContentSequence = Sequence([Dataset()]), Sequence([Dataset()])
        frame.PlanePositionSequence[0].ImagePositionPatient = one.ImagePositionPatient
        frame.FrameContentSequence[0].DimensionIndexValues = [number + 1]
        frame.SegmentIdentificationSequence = Sequence([Dataset()])
        frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 1
        source = Dataset()
        source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = CT, one.SOPInstanceUID
        derivation = Dataset()
        derivation.SourceImageSequence = Sequence([source])
        derivation.DerivationCodeSequence = code("113076", "DCM", "Segmentation")
        source.PurposeOfReferenceCodeSequence = code("121322", "DCM", "Source image for image processing operation")
        frame.DerivationImageSequence = Sequence([derivation])
        ds.PerFrameFunctionalGroupsSequence.append(frame)
    ds.NumberOfFrames = SLICES
    ds.PixelData = numpy.packbits(bits.ravel(), bitorder="little").tobytes()
    return ds


class Viewer(harness.TestCase):
    alone = True  # a browser and its server have the two cores for themselves

    def store(self, *datasets):
        folder = self.folder / generate_uid()
        folder.mkdir()
        for number, ds in enumerate(datasets):
            ds.is_little_endian, ds.is_implicit_VR = True, False
            ds.save_as(folder / f"{number}.dcm", write_like_original=False)
        self.send(folder)

    def send(self, *paths):
        harness.pacs("store", "127.0.0.1", self.pacs.port, *paths, "--aec", "PACS", ok=True)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser_of_class = Browser("--webgl")
        cls.addClassCleanup(cls.browser_of_class.end)

    def browser(self, run, **what):
        return self.browser_of_class(run, url=f"http://127.0.0.1:{self.pacs.http_port}", **what)

    def look(self, studies, steps, token=None):
        """What the viewer shows of studies: the steps' answers; it has no errors to tell."""
        answer = self.browser("viewer", studies=studies, steps=steps, token=token)
        self.assertEqual(answer["errors"], [], studies)
        for step, found in zip(steps, answer["steps"]):
            if "shows" in step:
                self.assertLess(found["difference"], step.get("within", 3), f"{step}: {found}")
                self.assertGreater(found["spread"], 5, f"a picture of nothing: {step}")
        return answer["steps"]

    @staticmethod
    def rendered(ds, query="", frame=None):
        path = f"/dicomweb/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"
        return path + (f"/frames/{frame}" if frame else "") + "/rendered?accept=image/png" + query

    def test_a_volume_is_scrolled_windowed_and_segmented(self):
        self.pacs = self.server()
        study = generate_uid()
        slices = volume(study)
        self.store(*slices, segmentation(study, slices))
        steps = self.look([study], [
            {"shows": self.rendered(slices[0])},
            {"thumbnails": 1},
            {"press": "ArrowDown"},
            {"shows": self.rendered(slices[1])},
            {"wheel": 100},
            {"shows": self.rendered(slices[2])},
            {"press": "1"},  # soft tissue: 40/400
            {"shows": self.rendered(slices[2], "&window=40,400,linear")},
            # The segmentation, over the first slice.
            {"series": "Blocks", "shows": self.rendered(slices[0]), "within": 60, "coloured": 0.1},
            *([{"picture": str(PICTURE)}] if os.environ.get("PAGE_PICTURES") == "write" else []),
        ])
        *plain, segmented = (step for step in steps if "difference" in step)
        self.assertEqual([step["coloured"] for step in plain], [0, 0, 0, 0])
        self.assertAlmostEqual(segmented["coloured"], 20 * 60 / 96 ** 2, delta=0.02)

    def test_two_studies_side_by_side(self):
        self.pacs = self.server()
        first, second = volume(generate_uid()), volume(generate_uid())
        for ds in second:
            ds.StudyDate, ds.StudyDescription, ds.SeriesDescription = "20250102", "Before", "Earlier thorax"
            ds.PixelData = numpy.frombuffer(ds.PixelData, "<u2")[::-1].tobytes()
        self.store(*first, *second)
        self.look([first[0].StudyInstanceUID, second[0].StudyInstanceUID], [
            {"thumbnails": 2},  # which of them is shown first is OHIF's choice
            {"series": "Thorax", "shows": self.rendered(first[0])},
            {"series": "Earlier thorax", "shows": self.rendered(second[0])}])

    def test_from_an_empty_page_to_the_first_image_within_a_minute(self):
        self.pacs = self.server()
        [one] = volume(generate_uid())[:1]
        one.is_little_endian, one.is_implicit_VR = True, False
        one.save_as(self.folder / "one.dcm", write_like_original=False)
        got = self.browser("first_image", files=[self.folder / "one.dcm"], shows=self.rendered(one))
        self.assertLess(got["difference"], 3)
        self.assertLess(got["seconds"], 60)

    def test_a_report_and_a_document(self):
        self.pacs = self.server()
        report = pydicom.dcmread(FILES / "reportsi.dcm")
        study = generate_uid()
        document = new(PDF, study, "DOC", 1)
        document.DocumentTitle, document.MIMETypeOfEncapsulatedDocument = "Letter", "application/pdf"
        document.BurnedInAnnotation, document.ConversionType, document.InstanceNumber = "YES", "WSD", 1
        document.SeriesDescription, document.EncapsulatedDocument = "A letter", b"%PDF-1.4\n%%EOF\n"
        self.store(document)
        self.send(FILES / "reportsi.dcm")
        self.look([report.StudyInstanceUID], [{"wait": "Observation Context Mode:"}])
        self.look([study], [{"wait": "A letter"}, {"element": 'object[data^="blob:"]'}])

    def test_what_is_compressed_or_of_many_frames_or_colour_for_a_token(self):
        self.pacs = self.server({"http": {"proxies": ["127.0.0.1"]}})  # so that nobody is "this machine"
        token = json.loads(harness.pacs("token", "create", "--name", "reader", "--role", "viewer", "--config",
                                        self.pacs.config_file, "--json", ok=True).stdout)["token"]
        for name in ("MR_small_jpeg_ls_lossless.dcm", "MR_small_jp2klossless.dcm", "MR_small_RLE.dcm",
                     "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_rle_2frame.dcm"):
            ds = pydicom.dcmread(FILES / name)
            ds.StudyInstanceUID = generate_uid()  # several of them are one object
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            ds.save_as(self.folder / name)
            self.send(self.folder / name)
            self.look([ds.StudyInstanceUID], [{"shows": self.rendered(ds), "within": 6}], token)
        stranger = harness.run("curl", "-si", f"http://127.0.0.1:{self.pacs.http_port}/viewer/viewer?StudyInstanceUIDs=1",
                               ok=True).stdout
        self.assertIn("303 See Other", stranger)
        self.assertIn("Location: /login?next=%2Fviewer%2Fviewer%3FStudyInstanceUIDs%3D1", stranger)
