"""What the tests of images share: image files, made of numbers."""

import struct
import zlib

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from resources_case import FILES, make_dicom, read  # noqa: F401

CHARACTERS = {8: "B", 16: "H", 32: "I"}
_made = 0


def next_uid():
    global _made
    _made += 1
    return f"2.25.6{_made:06d}"


def flattened(value):
    if isinstance(value, (list, tuple)):
        return [sample for part in value for sample in flattened(part)]
    return [value]


def pack(samples, bits, planar_size=0):
    if bits == 1:
        packed = bytearray((len(samples) + 7) // 8)
        for index, sample in enumerate(samples):
            packed[index // 8] |= int(sample) << (index % 8)
        return bytes(packed)
    if planar_size:
        samples = [sample for start in range(0, len(samples), planar_size)
                   for channel in range(3) for sample in samples[start + channel:start + planar_size:3]]
    return struct.pack(f"<{len(samples)}{CHARACTERS[bits]}", *[int(sample) & ((1 << bits) - 1) for sample in samples])


def functional_groups(groups):
    def item(**tags):
        dataset = Dataset()
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)
        return Sequence([dataset])

    frames = []
    for group in groups:
        frame = Dataset()
        frame.FrameVOILUTSequence = item(WindowCenter=group["center"], WindowWidth=group["width"])
        if "slope" in group:
            frame.PixelValueTransformationSequence = item(RescaleSlope=group["slope"],
                                                          RescaleIntercept=group["intercept"], RescaleType="US")
        frames.append(frame)
    return Sequence(frames)


def image(pixels, bits=16, colour=False, groups=None, instance=None, **tags):
    """A DICOM file of rows of samples, or of frames of such rows; rows of [r, g, b] with `colour`."""
    depth = 0
    inner = pixels
    while isinstance(inner, (list, tuple)):
        depth += 1
        inner = inner[0]
    frames = pixels if depth - (1 if colour else 0) == 3 else [pixels]
    rows, columns = len(frames[0]), len(frames[0][0])
    uid = instance or next_uid()
    values = {"patient": "P" + uid, "study": uid + ".1", "series": uid + ".2", "instance": uid,
              "Rows": rows, "Columns": columns, "BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1,
              "SamplesPerPixel": 3 if colour else 1, "PixelRepresentation": 0,
              "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2"}
    if colour:
        values["PlanarConfiguration"] = 0
    if len(frames) > 1:
        values["NumberOfFrames"] = len(frames)
    if groups:
        values["PerFrameFunctionalGroupsSequence"] = functional_groups(groups)
    if "BitsStored" in tags and "HighBit" not in tags:
        values["HighBit"] = tags["BitsStored"] - 1
    values.update(tags)
    data = pack(flattened(frames), bits, 3 * rows * columns if colour and values["PlanarConfiguration"] == 1 else 0)
    return make_dicom(**{"PixelData": data + b"\0" * (len(data) % 2), **values})


def make_pdf(document, number, mime="application/pdf", sop_class="1.2.840.10008.5.1.4.1.1.104.1"):
    return make_dicom(patient="PDF", study="2.25.500", series="2.25.501", instance=f"2.25.50{number}",
                      SOPClassUID=sop_class, MIMETypeOfEncapsulatedDocument=mime, EncapsulatedDocument=document)


def read_png(body):
    """Width, height, channels, bits and the rows of samples (flat) of a PNG file without palette."""
    assert body[:8] == b"\x89PNG\r\n\x1a\n", body[:20]
    position, header, data = 8, None, b""
    while position < len(body):
        size, kind = struct.unpack(">I4s", body[position:position + 8])
        chunk = body[position + 8:position + 8 + size]
        check, = struct.unpack(">I", body[position + 8 + size:position + 12 + size])
        assert zlib.crc32(kind + chunk) == check
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", chunk)
        elif kind == b"IDAT":
            data += chunk
        position += 12 + size
    width, height, bits, colour = header[:4]
    channels = {0: 1, 2: 3}[colour]
    return width, height, channels, bits, unfiltered(zlib.decompress(data), width, height, channels * bits // 8, bits)


def unfiltered(data, width, height, step, bits):
    size = width * step
    above = bytearray(size)
    rows = []
    for y in range(height):
        kind = data[y * (size + 1)]
        line = bytearray(data[y * (size + 1) + 1:(y + 1) * (size + 1)])
        for x in range(size):
            left = line[x - step] if x >= step else 0
            corner = above[x - step] if x >= step else 0
            if kind == 1:
                predicted = left
            elif kind == 2:
                predicted = above[x]
            elif kind == 3:
                predicted = (left + above[x]) // 2
            elif kind == 4:
                estimate = left + above[x] - corner
                predicted = min((left, above[x], corner), key=lambda value: abs(estimate - value))
            else:
                predicted = 0
            line[x] = (line[x] + predicted) & 255
        above = line
        rows.append(list(line) if bits == 8 else list(struct.unpack(f">{size // 2}H", line)))
    return rows
