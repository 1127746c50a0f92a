#!/usr/bin/python3
"""Writes the seeds that are made rather than kept: seeds.py FOLDER -> FOLDER/<target>/..."""

import glob
import io
import os
import struct
import sys
import zipfile

import pydicom
from pydicom.data import get_testdata_files
from pydicom.encaps import decode_data_sequence

LARGEST = 9000  # bytes


def files():
    for path in sorted(get_testdata_files()):
        if os.path.isfile(path) and os.path.getsize(path) < LARGEST and "TINY_ALPHA" not in path:
            with open(path, "rb") as file:
                yield os.path.basename(path), file.read()


# The targets of frames, the first byte that chooses the decoder, and the ends of the transfer syntaxes.
DECODERS = (("codecs", b"\0", (".2.5",)), ("codecs", b"\1", (".4.50", ".4.51", ".4.57", ".4.70")),
            ("codecs", b"\2", (".4.80", ".4.81")), ("jpeg2000", b"", (".4.90", ".4.91")))


def frames():
    """Compressed frames behind the six bytes of a format, as decoder.h reads them."""
    # Not through pydicom.data: that asks the network for files that aren't installed.
    folder = os.path.join(os.path.dirname(pydicom.__file__), "data", "test_files")
    for path in sorted(glob.glob(os.path.join(folder, "*.dcm"))):
        if os.path.getsize(path) > 60000:
            continue
        dataset = pydicom.dcmread(path, force=True)
        syntax = dataset.file_meta.get("TransferSyntaxUID", "")
        for target, choice, ends in DECODERS:
            if "PixelData" in dataset and syntax.endswith(ends):
                rows, columns = min(dataset.Rows, 255), min(dataset.Columns, 255)
                depth = {8: 0, 16: 1, 32: 2}[dataset.BitsAllocated]
                head = bytes([rows, columns, dataset.SamplesPerPixel - 1, depth, dataset.BitsStored - 1, 4])
                yield target, os.path.basename(path), choice + head + decode_data_sequence(dataset.PixelData)[0]


def archive(compression, entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, content in entries:
            file.writestr(name, content)
    return out.getvalue()


def element(tag, value):
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def segment():
    """Two groups; the target itself sets the checksums right."""
    uuid = bytes(range(16))
    blob = bytes([1]) + uuid + bytes([5]) + bytes(4) + bytes([3]) + b"abc"
    removed = bytes([3]) + uuid + bytes([1])
    redo = bytes([0, 1]) + b"k" + bytes([1]) + b"v" + bytes([1, 1]) + b"k"
    out = b"HILUMSEG" + struct.pack("<IIQIIQQ", 1, 1, 99, 0, 0, 0, 0) + bytes(16)
    for number, (directory, data) in enumerate([(blob, b"bytes"), (removed, b"")], 1):
        meta = directory + redo
        out += b"HGRP" + struct.pack("<IQQQQII", 0, number, number - 1, len(meta), len(data), 0, len(directory))
        out += meta + data
    return out


def seeds():
    small = list(files())
    for name, content in small:
        yield "dicom_file", name, content
        yield "frames", name, content
        yield "image", name, content
    yield from frames()
    yield "zip", "stored", archive(zipfile.ZIP_STORED, small[:2])
    yield "zip", "deflated", archive(zipfile.ZIP_DEFLATED, [("a/", b""), ("../../etc/x", b"x" * 5000), ("b", b"")])
    yield "segment_log", "two-groups", segment()
    command = element(0x00000002, b"1.2.840.10008.5.1.4.1.1.2") + element(0x00000100, b"\x01\0")
    command += element(0x00000110, b"\x01\0") + element(0x00000800, b"\x01\0") + element(0x00001000, b"1.2.3")
    yield "dimse", "store", element(0x00000000, struct.pack("<I", len(command))) + command
    yield "dimse", "find", (element(0x00080005, b"ISO_IR 192") + element(0x00080020, b"20200101-")
                            + element(0x00080052, b"STUDY") + element(0x00100010, b"A*^?")
                            + element(0x0020000D, b"1.2\\1.3") + element(0x00080061, b"CT\\MR"))


def main(folder):
    for target, name, content in seeds():
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        with open(os.path.join(folder, target, name), "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main(sys.argv[1])
