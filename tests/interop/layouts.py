"""Images of every layout of pixels (PS3.3 §C.7.6.3), generated, and what their pixels are.

A layout's `values` are frames by rows by columns by samples, as numbers; `data_set` is a file of them in Explicit VR
Little Endian; `values_of` reads them from a data set and its frames, whatever the layout of these is by now.
"""

import dataclasses
import math
import struct

import numpy
import pydicom.encaps
from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import Dataset, FileMetaDataset

# What Debian's pydicom does not know yet, and therefore would not write.
for uid, name in (("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian"),
                  ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
                  ("1.2.840.10008.1.2.4.112", "JPEG XL"),
                  ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 (Lossless Only)"),
                  ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression")):
    UID_dictionary.setdefault(uid, (name, "Transfer Syntax", "", "", name.replace(" ", "")))

EXPLICIT = "1.2.840.10008.1.2.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"


@dataclasses.dataclass(frozen=True)
class Layout:
    bits: int
    stored: int
    signed: bool = False
    samples: int = 1
    planar: int = 0
    frames: int = 1
    photometric: str = "MONOCHROME2"
    high: int = -1        # High Bit; -1: Bits Stored - 1
    overlay_bit: int = 0  # in the pixels' cells
    real: bool = False    # Float or Double Float Pixel Data
    rows: int = 23
    columns: int = 37

    @property
    def high_bit(self):
        return self.stored - 1 if self.high < 0 else self.high

    @property
    def kind(self):
        return numpy.dtype(f"<{'f' if self.real else 'i' if self.signed else 'u'}{max(self.bits, 8) // 8}")


LAYOUTS = {
    "1 bit": Layout(1, 1),
    "1 bit, 3 frames": Layout(1, 1, frames=3),
    "8 bits": Layout(8, 8),
    "8 bits, signed, 3 frames": Layout(8, 8, signed=True, frames=3),
    "6 of 8 bits": Layout(8, 6),
    "12 of 16 bits": Layout(16, 12),
    "12 of 16 bits, signed": Layout(16, 12, signed=True),
    "12 of 16 bits, High Bit 15": Layout(16, 12, signed=True, high=15),
    "12 of 16 bits, an overlay in bit 15": Layout(16, 12, overlay_bit=15, frames=2),
    "16 bits, 2 frames": Layout(16, 16, frames=2),
    "16 bits, signed": Layout(16, 16, signed=True),
    "24 of 32 bits": Layout(32, 24),
    "32 bits": Layout(32, 32),
    "32 bits, signed": Layout(32, 32, signed=True),
    "PALETTE COLOR, 8 bits": Layout(8, 8, photometric="PALETTE COLOR"),
    "PALETTE COLOR, 16 bits": Layout(16, 16, photometric="PALETTE COLOR"),
    "RGB by pixel": Layout(8, 8, samples=3, photometric="RGB"),
    "RGB by plane, 3 frames": Layout(8, 8, samples=3, planar=1, frames=3, photometric="RGB"),
    "RGB of 16 bits": Layout(16, 16, samples=3, photometric="RGB"),
    "RGB of 32 bits": Layout(32, 32, samples=3, photometric="RGB"),
    "YBR_FULL by plane": Layout(8, 8, samples=3, planar=1, photometric="YBR_FULL"),
    "YBR_FULL_422, 2 frames": Layout(8, 8, samples=3, frames=2, photometric="YBR_FULL_422", columns=38),
    "Float Pixel Data": Layout(32, 32, real=True, frames=2),
    "Double Float Pixel Data": Layout(64, 64, real=True),
}


def values(layout):
    """Noise with all that its bits can hold, and runs, for those who look for them."""
    random = numpy.random.default_rng(layout.bits * 100 + layout.stored + layout.frames)
    shape = (layout.frames, layout.rows, layout.columns, layout.samples)
    if layout.real:
        return random.normal(0, 1e3, shape).astype(layout.kind)
    low, high = (-(1 << layout.stored - 1), 1 << layout.stored - 1) if layout.signed else (0, 1 << layout.stored)
    numbers = random.integers(low, high, shape, dtype=numpy.int64)
    numbers[0, 0, 0], numbers[0, 0, 1] = low, high - 1
    numbers[:, 8:16] = numbers[:, 8:9]
    if layout.photometric == "YBR_FULL_422":
        numbers[:, :, 1::2, 1:] = numbers[:, :, ::2, 1:]
    return numbers.astype(layout.kind)


def overlay(layout):
    """Frames by rows by columns of bits; None where there is no overlay."""
    if not layout.overlay_bit:
        return None
    shape = (layout.frames, layout.rows, layout.columns)
    return numpy.random.default_rng(60).integers(0, 2, shape, dtype=numpy.uint8)


def frames_of(layout, numbers):
    """The bytes of each frame of a file of the layout."""
    if layout.bits == 1:
        return [numpy.packbits(frame, bitorder="little").tobytes() for frame in numbers]
    if layout.photometric == "YBR_FULL_422":  # PS3.3 §C.7.6.3.1.2: Y, Y, CB, CR
        pairs = numpy.stack([numbers[:, :, ::2, 0], numbers[:, :, 1::2, 0], numbers[:, :, ::2, 1],
                             numbers[:, :, ::2, 2]], -1)
        return [frame.tobytes() for frame in pairs]
    if not layout.real:
        cells = numbers.astype(numpy.int64) << (layout.high_bit + 1 - layout.stored)
        if layout.overlay_bit:
            cells = cells & (1 << layout.overlay_bit) - 1 | overlay(layout)[..., None].astype(int) << layout.overlay_bit
        numbers = cells.astype(layout.kind)
    return [(frame.transpose(2, 0, 1) if layout.planar else frame).tobytes() for frame in numbers]


def describe(ds, layout):
    ds.SamplesPerPixel, ds.PhotometricInterpretation = layout.samples, layout.photometric
    ds.Rows, ds.Columns, ds.BitsAllocated = layout.rows, layout.columns, layout.bits
    if layout.samples > 1:
        ds.PlanarConfiguration = layout.planar
    if layout.frames > 1:
        ds.NumberOfFrames = layout.frames
    if not layout.real:
        ds.BitsStored, ds.HighBit, ds.PixelRepresentation = layout.stored, layout.high_bit, int(layout.signed)
    if layout.photometric == "PALETTE COLOR":
        ramp = numpy.arange(256, dtype="<u2") * 257
        for colour, table in (("Red", ramp), ("Green", ramp[::-1]), ("Blue", ramp)):
            setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            setattr(ds, f"{colour}PaletteColorLookupTableData", table.tobytes())
    if layout.overlay_bit:
        for element, vr, value in ((0x10, "US", layout.rows), (0x11, "US", layout.columns), (0x40, "CS", "G"),
                                   (0x50, "SS", [1, 1]), (0x100, "US", layout.bits),
                                   (0x102, "US", layout.overlay_bit), (0x15, "IS", layout.frames)):
            ds.add_new((0x6000, element), vr, value)


def data_set(layout, uid, study, numbers=None):
    """Of the pixels `values(layout)`, or others."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = EXPLICIT
    ds.is_little_endian, ds.is_implicit_VR = True, False
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = PARAMETRIC_MAP if layout.real else SECONDARY_CAPTURE
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = study, f"{study}.1", "OT"
    ds.PatientID, ds.PatientName, ds.StudyID, ds.InstanceNumber = "LAYOUTS", "Layouts^Of Pixels", "1", 1
    describe(ds, layout)
    numbers = values(layout) if numbers is None else numbers
    if layout.bits == 1:  # frames follow each other within bytes
        data = numpy.packbits(numbers, bitorder="little").tobytes()
    else:
        data = b"".join(frames_of(layout, numbers))
    data += bytes(len(data) % 2)
    if layout.real:
        ds.add_new((0x7fe0, 8 if layout.bits == 32 else 9), "OF" if layout.bits == 32 else "OD", data)
    else:
        ds.add_new((0x7fe0, 0x10), "OB" if layout.bits == 8 else "OW", data)
    return ds


def encapsulated(ds, syntax, codestreams, **attributes):
    """The data set with these frames as its pixel data."""
    ds.file_meta.TransferSyntaxUID = syntax
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    ds.add_new((0x7fe0, 0x10), "OB", pydicom.encaps.encapsulate(
        [frame + bytes(len(frame) % 2) for frame in codestreams], has_bot=False))
    ds["PixelData"].is_undefined_length = True
    return ds


def codestreams_of(ds):
    """The frames of encapsulated pixel data, one fragment each."""
    return list(pydicom.encaps.generate_pixel_data_frame(ds.PixelData, int(ds.get("NumberOfFrames") or 1)))


def cells_of(ds, data):
    """Native bytes of all frames as frames by rows by columns by samples of what lies in memory."""
    frames, rows, columns, samples = int(ds.get("NumberOfFrames") or 1), ds.Rows, ds.Columns, ds.SamplesPerPixel
    count = frames * rows * columns * samples
    if ds.BitsAllocated == 1:
        return numpy.unpackbits(numpy.frombuffer(data, numpy.uint8), bitorder="little")[:count].reshape(
            frames, rows, columns, samples)
    real = "FloatPixelData" in ds or "DoubleFloatPixelData" in ds
    cells = numpy.frombuffer(data, f"<{'f' if real else 'u'}{ds.BitsAllocated // 8}")
    if ds.PhotometricInterpretation == "YBR_FULL_422":
        pairs = cells[:count // 3 * 2].reshape(frames, rows, columns // 2, 4)
        chroma = numpy.repeat(pairs[..., 2:], 2, axis=2)
        return numpy.concatenate([pairs[..., :2].reshape(frames, rows, columns, 1), chroma], -1)
    cells = cells[:count]
    if samples > 1 and ds.PlanarConfiguration:
        return cells.reshape(frames, samples, rows, columns).transpose(0, 2, 3, 1)
    return cells.reshape(frames, rows, columns, samples)


def numbers_of(ds, cells):
    """Cells as the numbers that Bits Stored, High Bit and Pixel Representation say they are."""
    if cells.dtype.kind == "f" or ds.BitsAllocated == 1:
        return cells
    numbers = cells.astype(numpy.int64) >> (ds.HighBit + 1 - ds.BitsStored) & (1 << ds.BitsStored) - 1
    if ds.PixelRepresentation:
        sign = 1 << ds.BitsStored - 1
        numbers = (numbers ^ sign) - sign
    return numbers


def native_bytes(ds):
    """The value of whichever pixel data it is, in little endian."""
    for keyword in ("FloatPixelData", "DoubleFloatPixelData", "PixelData"):
        if keyword in ds:
            data, unit = ds[keyword].value, {"OB": 1, "OW": 2, "OF": 4, "OD": 8}[ds[keyword].VR]
            if keyword == "PixelData" and unit > 1:
                unit = max(ds.BitsAllocated // 8, 2)
            if ds.is_little_endian:
                return data
            return numpy.frombuffer(data, f">u{unit}").astype(f"<u{unit}").tobytes()


def values_of(ds, frames=None):
    """The numbers of a native data set, or of native frames under it that a decoder gave."""
    if frames is None:
        return numbers_of(ds, cells_of(ds, native_bytes(ds)))
    if ds.BitsAllocated == 1:
        count = ds.Rows * ds.Columns
        bits = [numpy.unpackbits(numpy.frombuffer(frame, numpy.uint8), bitorder="little")[:count] for frame in frames]
        return numpy.stack(bits).reshape(len(frames), ds.Rows, ds.Columns, 1)
    size = math.prod((ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.BitsAllocated // 8))
    if ds.PhotometricInterpretation == "YBR_FULL_422":
        size = size // 3 * 2
    return numbers_of(ds, cells_of(ds, b"".join(frame[:size] for frame in frames)))


def overlay_of(ds, cells=None):
    """Frames by rows by columns of the overlay in group 6000, from Overlay Data or the cells' bits; None for none."""
    if (0x6000, 0x10) not in ds:
        return None
    shape = (int(ds.get("NumberOfFrames") or 1), ds[0x6000, 0x10].value, ds[0x6000, 0x11].value)
    if (0x6000, 0x3000) in ds:
        bits = numpy.unpackbits(numpy.frombuffer(ds[0x6000, 0x3000].value, numpy.uint8), bitorder="little")
        return bits[:math.prod(shape)].reshape(shape)
    return (cells[..., 0] >> ds[0x6000, 0x102].value & 1).astype(numpy.uint8)


def rle_frame(frame, layout):
    """PS3.5 Annex G in its simplest form: bytes as they are, in literal runs."""
    size = max(layout.bits, 8) // 8
    cells = numpy.frombuffer(frame, numpy.uint8)
    if layout.bits > 1:
        planes = cells.reshape(layout.samples, -1, size) if layout.planar else \
            cells.reshape(-1, layout.samples, size).transpose(1, 0, 2)
        segments = [planes[sample, :, size - 1 - byte].tobytes() for sample in range(layout.samples)
                    for byte in range(size)]
    else:
        segments = [frame]
    packed = [b"".join(bytes([len(run) - 1]) + run for run in (segment[at:at + 128] for at in
                                                             range(0, len(segment), 128))) for segment in segments]
    packed = [data + bytes(len(data) % 2) for data in packed]
    offsets = [64 + sum(map(len, packed[:i])) for i in range(len(packed))]
    return struct.pack("<16I", len(packed), *offsets, *[0] * (15 - len(packed))) + b"".join(packed)
