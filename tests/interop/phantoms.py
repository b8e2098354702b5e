"""Studies to look at: slices of the Shepp-Logan head phantom in three dimensions, as CT and MR of made-up people."""

import copy

import numpy
import pydicom
from pydicom.uid import generate_uid

from harness import PYDICOM_FILES as FILES

# Density; half axes; centre; rotation in degrees.
ELLIPSOIDS = [(1.0, (.69, .92, .81), (0, 0, 0), 0), (-.8, (.6624, .874, .78), (0, -.0184, 0), 0),
              (-.2, (.11, .31, .22), (.22, 0, 0), -18), (-.2, (.16, .41, .28), (-.22, 0, 0), 18),
              (.1, (.21, .25, .41), (0, .35, -.15), 0), (.1, (.046, .046, .05), (0, .1, .25), 0),
              (.1, (.046, .046, .05), (0, -.1, .25), 0), (.1, (.046, .023, .05), (-.08, -.605, 0), 0),
              (.1, (.023, .023, .02), (0, -.606, 0), 0), (.1, (.023, .046, .02), (.06, -.605, 0), 0)]
PEOPLE = [("Novak^Eva", "P-1042", "19710312", "F"), ("Okafor^Daniel", "P-1043", "19880920", "M"),
          ("Hong^Gildong=洪^吉洞=홍^길동", "K-0007", "19600101", "M"), ("Larsen^Ingrid", "P-1044", "19540707", "F"),
          ("Silva^João Pedro", "P-1045", "20010102", "M"), ("Tanaka^Yuki", "P-1046", "19930505", "F"),
          ("Moreau^Claire", "P-1047", "19791130", "F"), ("Haddad^Samir", "P-1048", "19660214", "M"),
          ("Kim^Minji=金^敏智=김^민지", "K-0008", "19970818", "F"), ("Weber^Jonas", "P-1049", "19820623", "M")]
STUDIES = [("CT", "Head without contrast", [("Axial 5 mm", 18), ("Coronal 3 mm", 8)]),
           ("MR", "Brain", [("T1 axial", 12), ("T2 FLAIR", 12)]), ("CT", "Head, follow-up", [("Axial 1 mm", 24)])]
PIXELS = 160


def slice_at(z, axis=2):
    """Densities from 0 to 1, seen along an axis."""
    grid = numpy.linspace(-1, 1, PIXELS)
    u, v = numpy.meshgrid(grid, -grid)
    x, y, depth = (u, v, numpy.full_like(u, z)) if axis == 2 else (u, numpy.full_like(u, z), v)
    image = numpy.zeros_like(u)
    for density, (a, b, c), (x0, y0, z0), degrees in ELLIPSOIDS:
        cos, sin = numpy.cos(numpy.radians(degrees)), numpy.sin(numpy.radians(degrees))
        along, across = (x - x0) * cos + (y - y0) * sin, (y - y0) * cos - (x - x0) * sin
        image[(along / a) ** 2 + (across / b) ** 2 + ((depth - z0) / c) ** 2 <= 1] += density
    return image


def instance(modality, number, count, series_number):
    ds = copy.deepcopy(pydicom.dcmread(FILES / ("CT_small.dcm" if modality == "CT" else "MR_small.dcm")))
    z = numpy.linspace(-.7, .7, count)[number - 1]
    image = slice_at(z, 1 if modality == "CT" and series_number == 2 else 2)
    noise = numpy.random.default_rng(number).normal(0, .012, image.shape)
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue", "DataSetTrailingPadding"):
        if keyword in ds:
            delattr(ds, keyword)
    ds.PixelData = numpy.clip((image + noise) * 1000 + 20, 0, 4000).astype("<i2").tobytes()
    ds.Rows = ds.Columns = PIXELS
    ds.RescaleIntercept, ds.RescaleSlope = 0, 1
    ds.WindowCenter, ds.WindowWidth = (260, 420) if modality == "CT" else (200, 520)
    return ds


def make(folder):
    """Writes the files into a folder; the UIDs of the studies, the first of which has most to see."""
    uids = []
    for person, (name, patient_id, born, sex) in enumerate([*PEOPLE, PEOPLE[0]]):  # the first has a prior study
        modality, description, all_series = STUDIES[person % len(STUDIES)]
        study = generate_uid()
        uids.append(study)
        for series_number, (series_name, count) in enumerate(all_series, 1):
            series = generate_uid()
            for number in range(1, count + 1):
                ds = instance(modality, number, count, series_number)
                ds.SpecificCharacterSet = "ISO_IR 192"
                ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = name, patient_id, born, sex
                ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = study, series, generate_uid()
                ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
                ds.StudyDescription, ds.SeriesDescription = f"{modality} {description}", series_name
                ds.SeriesNumber, ds.InstanceNumber = series_number, number
                ds.StudyDate, ds.StudyTime = f"202611{30 - 2 * person:02}", f"{16 - person:02}{person * 5:02}00"
                ds.AccessionNumber, ds.ReferringPhysicianName = f"A{70110 - person}", "Adeyemi^Ruth"
                ds.save_as(folder / f"{person}-{series_number}-{number}.dcm")
    return uids
