#!/usr/bin/python3
"""Writes the seeds that are made rather than kept: seeds.py FOLDER -> FOLDER/<target>/..."""

import glob
import io
import os
import struct
import sys
import zipfile
import zlib

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


def associations(store_command):
    """Seeds of association_fuzz.cpp: what they are is said by the first byte."""
    def item(kind, content):
        return struct.pack(">BBH", kind, 0, len(content)) + content

    def pdv(content, flags):
        return struct.pack(">BBIIBB", 4, 0, len(content) + 6, len(content) + 2, 1, flags) + content

    head = struct.pack(">HH", 1, 0) + b"HILUM".ljust(16) + b"FUZZ".ljust(16) + bytes(32) + item(0x10, b"1.2.840.10008.3.1.1.1")
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3.4") + item(0x53, bytes(4)) + item(0x55, b"N")
                + item(0x54, struct.pack(">H", 17) + b"1.2.840.10008.1.1" + b"\1\1") + item(0x58, b"\2\1\0\3abc\0\1x"))
    syntax = item(0x40, b"1.2.840.10008.1.2")
    yield "association", "request", b"\0" + head + item(0x20, b"\1\0\0\0" + item(0x30, b"1.2.840.10008.1.1") + syntax) + user
    yield "association", "accept", b"\2" + head + b"".join(item(0x21, bytes([n, 0, n % 5, 0]) + syntax) for n in (1, 3, 5, 7)) + user
    whole = element(0x00000000, struct.pack("<I", len(store_command))) + store_command
    yield "association", "store", b"\1" + pdv(whole, 3) + pdv(element(0x00080016, b"1.2.840.10008.5.1.4.1.1.2"), 2) + b"\5\0\0\0\0\4\0\0\0\0"
    yield "association", "abort", b"\1" + pdv(whole[:20], 1) + b"\7\0\0\0\0\4\0\0\0\0"
    references = struct.pack("<HHI", 8, 0x1199, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    references += element(0x00081150, b"1.2.840.10008.5.1.4.1.1.2") + element(0x00081155, b"1.2.3")
    references += struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    yield "association", "commitment", b"\3" + references
    yield "association", "commitment-with-uid", b"\3" + element(0x00081195, b"2.25.1") + references
    yield "association", "retrieval", b"\3" + element(0x00080052, b"STUDY ") + element(0x0020000D, b"1.2\\1.3")


def pictures():
    """A PNG, a JPEG and a PAM of a few pixels."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes(range(12)) for _ in range(3))
    yield "picture", "rgb.png", (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, 8, 2, 0, 0, 0))
                                + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    for depth, largest in ((1, 255), (2, 65535), (6, 255)):
        samples, size = (3, 1) if depth == 6 else (1, depth)
        yield "picture", f"{depth}.pam", (f"P7\nWIDTH 3\nHEIGHT 2\nDEPTH {samples}\nMAXVAL {largest}\nTUPLTYPE "
                                          f"{'RGB' if samples == 3 else 'GRAYSCALE'}\nENDHDR\n").encode() + bytes(6 * samples * size)
    for name, content in jpeg_frames():
        yield "picture", name + ".jpg", content


def jpeg_frames():
    for target, name, content in frames():
        if target == "codecs" and content[0] == 1:
            yield name, content[7:]


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
    yield from associations(command)
    yield from pictures()
    for name, content in small:
        if len(content) < 4000:
            yield "edit", name, b"0040A730[0].0010,0010\n\"A^B\"\n" + content
    yield "edit", "sequence", b"ReferencedImageSequence\n[{\"ReferencedSOPInstanceUID\": \"1.2.3\"}]\n" + small[0][1]
    for choice in range(7):
        yield "encoders", f"way-{choice}", bytes([choice, 9, 11, choice % 3, 0, 7, 0]) + bytes(range(256))
        yield "encoders", f"way-{choice}-16", bytes([choice, 9, 11, 0, 1, 11, 0]) + bytes(range(256))
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
