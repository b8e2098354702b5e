"""Makes the studies that the benchmark sends: headers as scanners write them, incompressible pixels.

Everything is derived from a fixed seed, so that two runs send the same bytes.
"""

import pathlib
import struct
import subprocess

import numpy
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import generate_pixel_data_frame
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

ROOT_UID = "1.2.826.0.1.3680043.8.498.77"
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
MULTI_FRAME_GRAYSCALE_WORD = "1.2.840.10008.5.1.4.1.1.7.3"


def uid(*parts):
    return ".".join([ROOT_UID, *map(str, parts)])


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def common(modality, sop_class, kind, study, series, number):
    """Patient, General Study, General Series, Equipment, Frame of Reference and SOP Common modules."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.InstanceCreationDate, ds.InstanceCreationTime = "20240311", f"0915{number % 60:02d}.{number:06d}"
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, uid(kind, study, series, number)
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20240311"
    ds.StudyTime, ds.SeriesTime = "090000.123000", "091200.456000"
    ds.AcquisitionTime = ds.ContentTime = f"0915{number % 60:02d}.{number:06d}"
    ds.AccessionNumber = f"A{kind}{study:06d}"
    ds.Modality, ds.Manufacturer = modality, "ACME Medical Systems"
    ds.InstitutionName, ds.InstitutionAddress = "General Hospital", "1 Main Street, Springfield"
    ds.ReferringPhysicianName = "Referrer^Ruth^^Dr."
    ds.StationName, ds.StudyDescription = f"{modality}01", f"{modality} chest and abdomen"
    ds.ProcedureCodeSequence = Sequence([code("P5-09051", "SRT", "CT of chest")])
    ds.SeriesDescription = f"axial series {series}"
    ds.InstitutionalDepartmentName = "Radiology"
    ds.PerformingPhysicianName, ds.OperatorsName = "Performer^Paul", "Operator^Olga"
    ds.ManufacturerModelName = f"ACME {modality} 9000"
    reference = Dataset()
    reference.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    reference.ReferencedSOPInstanceUID = uid(kind, study, 9)
    ds.ReferencedStudySequence = Sequence([reference])
    ds.PatientName = f"Benchmark^Patient{study:04d}^M"
    ds.PatientID = f"BENCH{kind}{study:06d}"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19610423", "F", "062Y"
    ds.PatientSize, ds.PatientWeight = "1.72", "71.5"
    ds.BodyPartExamined = "CHEST"
    ds.DeviceSerialNumber, ds.SoftwareVersions = "SN-004711", ["syngo 9.1", "build 77"]
    ds.ProtocolName = "Thorax routine"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(kind, study), uid(kind, study, series)
    ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = f"S{study}", series, 1, number
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = uid(kind, study, 8), "SN"
    request = Dataset()
    request.ScheduledProcedureStepDescription, request.ScheduledProcedureStepID = "Thorax", f"SPS{study}"
    request.RequestedProcedureID = f"RP{study}"
    ds.RequestAttributesSequence = Sequence([request])
    ds.PerformedProcedureStepStartDate, ds.PerformedProcedureStepID = "20240311", f"PPS{study}"
    private = ds.private_block(0x0029, "ACME CSA HEADER", create=True)
    private.add_new(0x08, "CS", "IMAGE NUM 4")
    private.add_new(0x10, "OB", bytes(range(256)))
    return ds


def image(ds, rows, columns, number, rng, frames=1):
    """Image Plane and Image Pixel modules."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient = ["-172.5", "-301.25", f"{-400 + 1.25 * number:.2f}"]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.SliceLocation, ds.SliceThickness = f"{-400 + 1.25 * number:.2f}", "1.25"
    ds.PixelSpacing = ["0.6738281", "0.6738281"]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = ["40", "-600"], ["400", "1600"]
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    pixels = rng.integers(0, 4096, size=frames * rows * columns, dtype=numpy.uint16)
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OW"


def ct_image(study, series, number, rng):
    """CT Image module (PS3.3 C.8.2.1), 526 kB."""
    ds = common("CT", CT, 1, study, series, number)
    ds.ScanOptions, ds.KVP, ds.DataCollectionDiameter = "HELICAL MODE", "120", "500"
    ds.ReconstructionDiameter, ds.DistanceSourceToDetector = "345", "949.075"
    ds.DistanceSourceToPatient, ds.GantryDetectorTilt, ds.TableHeight = "541", "0", "151.5"
    ds.RotationDirection, ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = "CW", 500, 280, 140
    ds.FilterType, ds.GeneratorPower, ds.FocalSpots = "BODY FILTER", 33, ["1.2"]
    ds.ConvolutionKernel, ds.PatientPosition = "B31f", "FFS"
    ds.RevolutionTime, ds.SingleCollimationWidth, ds.TotalCollimationWidth = 0.5, 0.625, 40.0
    ds.SpiralPitchFactor, ds.CTDIvol = 0.984375, 8.52
    image(ds, 512, 512, number, rng)
    return ds


def mr_image(study, series, number, rng):
    """MR Image module (PS3.3 C.8.3.1), 9 kB."""
    ds = common("MR", MR, 2, study, series, number)
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "SE", "SK", "PFP"
    ds.MRAcquisitionType, ds.SequenceName = "2D", "*se2d1"
    ds.RepetitionTime, ds.EchoTime, ds.NumberOfAverages = "500", "14", "2"
    ds.ImagingFrequency, ds.ImagedNucleus, ds.EchoNumbers = "63.623", "1H", "1"
    ds.MagneticFieldStrength, ds.EchoTrainLength, ds.PercentSampling = "1.5", "1", "100"
    ds.PixelBandwidth, ds.TransmitCoilName, ds.FlipAngle, ds.SAR = "130", "Body", "90", "0.0312"
    ds.PatientPosition = "HFS"
    image(ds, 64, 64, number, rng)
    return ds


def multi_frame(number, rng, frames=400, side=512):
    """Multi-frame Grayscale Word Secondary Capture, 400 frames of 512 x 512: 210 MB."""
    ds = common("OT", MULTI_FRAME_GRAYSCALE_WORD, 3, 1, 1, number)
    ds.ConversionType, ds.NumberOfFrames, ds.FrameIncrementPointer = "WSD", frames, 0x00181063
    ds.FrameTime, ds.BurnedInAnnotation = "40", "NO"
    image(ds, side, side, number, rng, frames)
    return ds


LONG_FRAMES = 4096  # of 512 x 512 x 16 bits: 2 GiB when they are uncompressed


def long_jpeg(folder):
    """folder/long.dcm: one object of LONG_FRAMES frames in JPEG Lossless, as dcmcjpeg codes eight of them."""
    path = pathlib.Path(folder) / "long.dcm"
    if path.exists():
        return path
    rng = numpy.random.default_rng(20240311)
    y, x = numpy.mgrid[-1:1:512j, -1:1:512j]
    codestreams = []
    for number in range(8):
        ds = multi_frame(1, rng, frames=1)
        wave = (0.5 + 0.3 * numpy.sin(9 * x + number) * numpy.cos(7 * y)) * (x * x + y * y < 0.8)
        ds.PixelData = (wave * 4000 + rng.normal(0, 8, wave.shape)).clip(0, 4095).astype("<u2").tobytes()
        one, coded = path.with_suffix(".one"), path.with_suffix(".coded")
        write(ds, one)
        subprocess.run(["dcmcjpeg", one, coded], check=True)
        ds = dcmread(coded)
        codestreams.append(next(generate_pixel_data_frame(ds.PixelData, 1)))
        one.unlink()
        coded.unlink()
    ds.NumberOfFrames = LONG_FRAMES
    del ds.PixelData
    part = path.with_suffix(".part")
    ds.save_as(part, write_like_original=False)
    with part.open("ab") as file:
        item = lambda data: struct.pack("<HHI", 0xFFFE, 0xE000, len(data)) + data  # noqa: E731
        file.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + item(b""))
        for number in range(LONG_FRAMES):
            file.write(item(codestreams[number % len(codestreams)]))
        file.write(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
    part.rename(path)
    return path


def write(ds, path):
    meta = FileMetaDataset()
    # Worklist files have no SOP Common module; dump2dcm gives them DCMTK's private class.
    meta.MediaStorageSOPClassUID = ds.get("SOPClassUID", "1.2.276.0.7230010.3.1.0.1")
    meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", uid(0, 1))
    meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, uid(0)
    ds.file_meta, ds.is_little_endian, ds.is_implicit_VR = meta, True, False
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, write_like_original=False)


def make(folder, what, count, studies=4):
    """Fills folder/1 .. folder/4 with `count` files of kind "ct", "mr" or "multi"; returns `folder`.

    Four subfolders (or fewer) with one study each: one association sends all of them, four send one each."""
    folder = pathlib.Path(folder)
    done = folder.with_name(f"{folder.name}-{count}-complete")
    if done.exists():
        return folder
    rng = numpy.random.default_rng(20240311)
    each = max(count // studies, 1)
    for index in range(count):
        study, number = (index // each) % studies + 1, index % each + 1
        if what == "multi":
            ds = multi_frame(number, rng)
        else:
            ds = (ct_image if what == "ct" else mr_image)(study, 1, number, rng)
        write(ds, folder / str(study) / f"{index:06d}.dcm")
    done.touch()
    return folder


WORKLIST_ANSWERS = 5  # steps of station CT1 on 2024-07-05 in every worklist of 100 files and more


def make_worklist(folder, count):
    """`count` worklist files in folder/OFFIS, as wlmscpfs wants them; returns `folder`."""
    place = folder / "OFFIS"
    if (place / "lockfile").exists():
        return folder
    place.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        ds, step = Dataset(), Dataset()
        ds.SpecificCharacterSet = "ISO_IR 100"
        ds.PatientName, ds.PatientID = f"Benchmark^Patient{number:05d}", f"P{number:07d}"
        ds.PatientBirthDate, ds.PatientSex = "19610423", "F"
        ds.AccessionNumber, ds.StudyInstanceUID = f"A{number:08d}", uid(7, number)
        ds.ReferringPhysicianName, ds.RequestingPhysician = "Referrer^Ruth", "Requester^Rose"
        ds.RequestedProcedureID, ds.RequestedProcedureDescription = f"R{number:07d}", "CT of chest"
        ours = number < WORKLIST_ANSWERS
        step.ScheduledStationAETitle = "CT1" if ours else f"ST{number % 40:02d}"
        step.Modality = "CT"
        step.ScheduledProcedureStepStartDate = "20240705" if ours else f"202407{number % 30 + 1:02d}"
        step.ScheduledProcedureStepStartTime = f"{7 + number % 12:02d}{number % 60:02d}00"
        step.ScheduledPerformingPhysicianName = "Performer^Paul"
        step.ScheduledProcedureStepDescription, step.ScheduledProcedureStepID = "Thorax", f"SPS{number:07d}"
        ds.ScheduledProcedureStepSequence = Sequence([step])
        write(ds, place / f"{number:05d}.wl")
    (place / "lockfile").touch()
    return folder
