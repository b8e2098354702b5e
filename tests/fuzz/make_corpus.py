#!/usr/bin/python3
"""Makes the seeds of the data set, Part 10, JSON, XML, character set, identifier, N-service, frame index and
rendering targets, most from pydicom's samples.

    tests/fuzz/make_corpus.py       writes tests/fuzz/corpus/fuzz_*/, which is checked in
"""

import hashlib
import pathlib
import subprocess
import zlib

import pydicom
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = pathlib.Path(pydicom.__file__).parent / "data"
BYTES_MAX = 4096  # of one seed: longer ones slow the fuzzer down
SYNTAXES = {"1.2.840.10008.1.2": 0, "1.2.840.10008.1.2.1": 1, "1.2.840.10008.1.2.2": 2,
            "1.2.840.10008.1.2.1.99": 3}  # the first byte of a seed; 4 is encapsulated
ENCAPSULATED = 4


def seed(target, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()[:16]).write_bytes(content)


def data_set_offset(content, meta):
    return 128 + 4 + 12 + meta[0x00020000].value if "FileMetaInformationGroupLength" in meta else None


def from_file(path):
    content = path.read_bytes()
    try:
        dataset = pydicom.dcmread(path)
    except Exception:  # not DICOM, or broken in a way that is a seed only as it is
        if len(content) <= BYTES_MAX and path.suffix == ".dcm":
            seed("fuzz_part10", content)
        return
    if len(content) <= BYTES_MAX:
        seed("fuzz_part10", content)
    offset = data_set_offset(content, dataset.file_meta)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    data_set = content[offset:] if offset else b""
    if data_set and len(data_set) <= BYTES_MAX:
        seed("fuzz_data_set", bytes([SYNTAXES.get(syntax, ENCAPSULATED), 7]) + data_set)
    try:
        text = dataset.to_json(bulk_data_threshold=1 << 40, suppress_invalid_tags=True).encode()
    except Exception:  # pydicom has no JSON for some
        return
    if len(text) <= BYTES_MAX:
        seed("fuzz_json", text)
        xml = subprocess.run(["dcm2xml", "-q", "-nat", "+Eb", path], capture_output=True, check=False)
        if xml.returncode == 0 and len(xml.stdout) <= BYTES_MAX * 2:
            seed("fuzz_xml", xml.stdout)


def deflated(path):
    dataset = pydicom.dcmread(path)
    content = path.read_bytes()[data_set_offset(path.read_bytes(), dataset.file_meta):]
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    seed("fuzz_data_set", bytes([3, 7]) + squeeze.compress(content) + squeeze.flush())


def data_set(**values):
    dataset = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def implicit(dataset):
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def identifier(rules, **keys):
    seed("fuzz_identifier", bytes([rules]) + implicit(data_set(**keys)))


def identifiers():
    item = pydicom.Dataset()
    item.ScheduledProcedureStepStartDate, item.ScheduledProcedureStepStartTime = "20200101-", "1000-"
    item.Modality = "CT"
    identifier(1, QueryRetrieveLevel="STUDY", PatientName="SMI*^J?hn", StudyDate="20200101-20201231",
               StudyTime="10-12", StudyInstanceUID="", ModalitiesInStudy="CT")
    identifier(0xFD, SpecificCharacterSet=["ISO 2022 IR 13", "ISO 2022 IR 87"], QueryRetrieveLevel="STUDY",
               PatientName="ﾔﾏﾀﾞ*=山田*", ModalitiesInStudy=["CT", "PT"], StudyDescription='""',
               TimezoneOffsetFromUTC="+0100")
    identifier(4, QueryRetrieveLevel="PATIENT", PatientID="%_'*", PatientBirthDate="-19700101", PatientName="*?*?*?*")
    identifier(5, QueryRetrieveLevel="IMAGE", SOPInstanceUID=["1.2", "1.3", "1.4"], InstanceNumber="01",
               Rows=512, AcquisitionDateTime="2020-2021")
    identifier(9, QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2", ScheduledProcedureStepSequence=[item])
    # Of a worklist.
    identifier(11, PatientName="SMI*", PatientID="", ScheduledProcedureStepSequence=[item])
    identifier(0x33, SpecificCharacterSet="ISO_IR 100", PatientName="M\xfc*", TimezoneOffsetFromUTC="-0500",
               AccessionNumber="A?", ScheduledProcedureStepSequence=[item])


def n_service(strictness, attributes, modifications):
    first = implicit(attributes)
    seed("fuzz_n_service", bytes([strictness]) + len(first).to_bytes(2, "little") + first + implicit(modifications))


def n_services():
    reference = data_set(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID="1.2.3")
    code = data_set(CodeValue="110513", CodingSchemeDesignator="DCM", CodeMeaning="Discontinued")
    request = data_set(
        StudyInstanceUID="1.2.3.1", ReferencedStudySequence=[reference], AccessionNumber="A1", RequestedProcedureID="R1",
        RequestedProcedureDescription="", ScheduledProcedureStepID="S1", ScheduledProcedureStepDescription="",
        ScheduledProtocolCodeSequence=[code])
    begin = dict(
        ScheduledStepAttributesSequence=[request], PatientName="Doe^Jane", PatientID="P1", PatientBirthDate="",
        PatientSex="F", ReferencedPatientSequence=[], PerformedProcedureStepID="PPS1", PerformedStationAETitle="CT",
        PerformedStationName="", PerformedLocation="", PerformedProcedureStepStartDate="20260101",
        PerformedProcedureStepStartTime="101500", PerformedProcedureStepStatus="IN PROGRESS",
        PerformedProcedureStepDescription="", PerformedProcedureTypeDescription="", ProcedureCodeSequence=[code],
        PerformedProcedureStepEndDate="", PerformedProcedureStepEndTime="", Modality="CT", StudyID="",
        PerformedProtocolCodeSequence=[], PerformedSeriesSequence=[])
    series = data_set(
        PerformingPhysicianName="", ProtocolName="HEAD", OperatorsName="", SeriesInstanceUID="1.2.3.1.1",
        SeriesDescription="", RetrieveAETitle="", ReferencedImageSequence=[reference, reference],
        ReferencedNonImageCompositeSOPInstanceSequence=[reference])
    end = dict(PerformedProcedureStepStatus="COMPLETED", PerformedProcedureStepEndDate="20260101",
               PerformedProcedureStepEndTime="1030", PerformedSeriesSequence=[series])
    n_service(0, data_set(**begin), data_set(**end))
    n_service(0, data_set(SpecificCharacterSet="ISO_IR 100", **{**begin, "PatientName": "Jäger"}),
              data_set(SpecificCharacterSet="ISO_IR 126", PerformedProcedureStepDescription="α"))
    n_service(0, data_set(**begin), data_set(PatientName="Roe", PerformedProcedureStepStatus="DISCONTINUED"))
    n_service(1, data_set(ScheduledStepAttributesSequence=[data_set(StudyInstanceUID="1.2")],
                          PerformedProcedureStepStatus="IN PROGRESS"), data_set(PerformedProcedureStepStatus="COMPLETED"))
    n_service(0, data_set(PerformedProcedureStepStatus="COMPLETED"), data_set())


# Data sets that depart from the standard: the syntax as in a seed, then hex digits and 'text'.
DEPARTURES = (
    (1, "1000 1000 'PN' 0400 'Doe ' 0000000000000000000000"),
    (0, "1000 1000 04000000 'Doe ' FEFF0DE0 00000000 FEFFDDE0 00000000 0000"),
    (0, "0800 1011 1A000000 FEFF00E0 12000000 0800 5011 02000000 '1.' FEFF0DE0 00000000 FEFFDDE0 00000000"),
    (1, "0800 1011 'SQ' 0000 20000000 FEFF00E0 00000000 FEFF0DE0 00000000 FEFF00E0 00000000 FEFFDDE0 00000000"),
    (1, "0800 1011 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.' FEFFDDE0 00000000 1000 1000 'PN' 0000"),
    (4, "E07F 1000 'OB' 0000 FFFFFFFF FEFF00E0 00000000 FEFF00E0 04000000 FFD8FFD9"),
    (1, "0800 6000 02000000 'CT' 0800 7000 'LO' 0200 'AB' 0900 1000 04000000 'ACME' 0900 0110 04000000 'WORD'"),
    (1, "0800 6000 'CS' 0200 'CT' 0800 1011 FFFFFFFF FEFF00E0 FFFFFFFF 0800 5011 02000000 '1.' FEFF0DE0 00000000"
        "FEFFDDE0 00000000 1000 1000 'PN' 0400 'Doe '"),
    (1, "0900 0110 '??' 0200 0102  0900 0210 2020 0000"),
    (1, "0800 0500 0A000000 'ISO_IR 100' 0800 6000 02000000 'CT' 1000 1000 04000000 'Doe ' 2800 1000 02000000 0002"),
    (0, "0800 0500 'CS' 0A00 'ISO_IR 100' 0800 6000 'CS' 0200 'CT' 1000 1000 'PN' 0400 'Doe ' 2800 1000 'US' 0200 0002"),
    (1, "0008 0005 'CS' 000A 'ISO_IR 100' 0008 0060 'CS' 0002 'CT' 0010 0010 'PN' 0004 'Doe '"),
    (2, "0800 0500 0A000000 'ISO_IR 100' 0800 6000 02000000 'CT' 1000 1000 04000000 'Doe '"),
    (1, "0900 0110 'UN' 0000 FFFFFFFF FEFF00E0 00000000 FEFF00E0 FFFFFFFF 0800 1900 'UT' 0000 02000000 'ab'"
        "0900 0210 'LO' 0200 'cd' FEFF0DE0 00000000 FEFFDDE0 00000000"),
    (1, "0800 1011 'OB' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 0800 5011 'UI' 0200 '1.' FEFF0DE0 00000000 FEFFDDE0 00000000"),
)


def departures():
    for syntax, text in DEPARTURES:
        parts = text.split("'")
        content = b"".join(part.encode() if i % 2 else bytes.fromhex(part) for i, part in enumerate(parts))
        seed("fuzz_data_set", bytes([syntax, 7]) + content)
    content = bytes.fromhex("1000 1000 504E 0400 446F6520")
    seed("fuzz_data_set", bytes([3, 7]) + zlib.compress(content))
    seed("fuzz_part10", b"DICM" + bytes.fromhex("0200 1000 5549 1400") + b"1.2.840.10008.1.2.1\0" + content)


def rendered(photometric, bits, **changed):
    """A seed of the rendering target: its options, the frame, and the data set of a small image."""
    dataset = pydicom.Dataset()
    dataset.is_little_endian, dataset.is_implicit_VR = True, False
    dataset.Rows, dataset.Columns = 3, 5
    dataset.SamplesPerPixel = 3 if photometric in ("RGB", "YBR_FULL") else 1
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = 0
    for name, value in changed.items():
        setattr(dataset, name, value)
    written = DicomBytesIO()
    written.is_little_endian, written.is_implicit_VR = True, False
    write_dataset(written, dataset)
    seed("fuzz_render", b"\x07\x00" + written.getvalue())


def lut_item(descriptor, data):
    item = pydicom.Dataset()
    item.LUTDescriptor = descriptor
    item.add_new(0x00283006, "OW", data)
    return item


def renderings():
    rendered("MONOCHROME2", 16, BitsStored=12, HighBit=11, WindowCenter=40, WindowWidth=400, RescaleSlope=2,
             RescaleIntercept=-1024, PixelPaddingValue=0, PixelAspectRatio=[2, 1])
    rendered("MONOCHROME1", 8, VOILUTFunction="SIGMOID", WindowCenter=40, WindowWidth=400)
    rendered("MONOCHROME2", 1)
    rendered("MONOCHROME2", 32)
    rendered("MONOCHROME2", 8, ModalityLUTSequence=[lut_item([4, 1, 16], bytes(range(8)))],
             VOILUTSequence=[lut_item([4, 1, 8], bytes(range(4)))])
    rendered("RGB", 8, PlanarConfiguration=1)
    rendered("YBR_FULL", 16)
    palette = {}
    for colour in ("Red", "Green", "Blue"):
        palette[f"{colour}PaletteColorLookupTableDescriptor"] = [6, 1, 16]
        palette[f"Segmented{colour}PaletteColorLookupTableData"] = bytes.fromhex(
            "000001000500010002000900020002000000" "0000")
    rendered("PALETTE COLOR", 8, **palette)
    rendered("MONOCHROME2", 8, PixelPresentation="MIXED", **palette)
    voi, group, shared = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    voi.WindowCenter, voi.WindowWidth = 40, 400
    group.FrameVOILUTSequence = [voi]
    rendered("MONOCHROME2", 16, SharedFunctionalGroupsSequence=[group], PerFrameFunctionalGroupsSequence=[group, shared])


def frame_indexes():
    """Two frames over three fragments, with and without tables, under many transfer syntaxes."""
    front = bytes(8) + b"\xff\xd8\xff\xe0" + bytes(8) + b"\x00\x00\xff\xd9" + bytes(8) + b"\xff\xd8\xff\xd9"
    for syntax in range(0, 48, 4):
        seed("fuzz_frame_index", bytes([1, 3, 3, 1, 0, syntax, 1, 0, 0, 3, 4, 4, 4]) + front)
    seed("fuzz_frame_index", bytes([1, 3, 3, 1, 0, 8, 1, 2, 0, 24, 2, 0, 12, 3, 4, 4, 4]) + front)
    seed("fuzz_frame_index", bytes([3, 2, 2, 0, 0, 0, 0, 0, 0]) + bytes(8))


def main():
    renderings()
    frame_indexes()
    departures()
    identifiers()
    n_services()
    for folder in ("test_files", "charset_files"):
        for path in sorted((SAMPLES / folder).glob("*")):
            if path.is_file():
                from_file(path)
    deflated(SAMPLES / "test_files" / "reportsi.dcm")
    for term, stored in (("ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf^\xc0=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"),
                         ("\\ISO 2022 IR 149", b"Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"),
                         ("\\ISO 2022 IR 58", b"Zhang=\x1b$)A\xd5\xc5"), ("\\ISO 2022 IR 159", b"\x1b$(D0!\x1b(B"),
                         ("ISO 2022 IR 100\\ISO 2022 IR 144", b"\xe9\x1b-L\xb1\\\xe9"), ("GB18030", b"\xcd\xf5^\x81\x30\x81\x30"),
                         ("GBK", b"\x81\\b"), ("ISO_IR 192", "王^小東".encode()), ("ISO_IR 13", b"\xb1\\~"),
                         ("ISO_IR 166", b"\xa1\xe1")):
        seed("fuzz_character_set", term.encode() + b"\n" + stored)


if __name__ == "__main__":
    main()
