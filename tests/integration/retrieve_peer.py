"""C-MOVE and C-GET requests by hand, and what their responses say."""

import struct

import pydicom

from dicom_peer import element, pdv, us

CANCEL_FIELD = 0x0FFF
COUNTERS = {"remaining": 0x1020, "completed": 0x1021, "failed": 0x1022, "warning": 0x1023}


def read(content):
    """A DICOM file without its pixels."""
    return pydicom.dcmread(pydicom.filebase.DicomBytesIO(content), stop_before_pixels=True)


def text(tag, value):
    """An element with a text, in implicit little endian."""
    value = value.encode()
    return element(tag, value + b" " * (len(value) % 2))


def fields_of(content):
    """The elements of two bytes of the command set in a P-DATA-TF, by their numbers."""
    at, fields = 6, {}
    while at + 8 <= len(content):
        _, number, length = struct.unpack("<HHI", content[at:at + 8])
        if length == 2:
            fields[number] = struct.unpack("<H", content[at + 8:at + 10])[0]
        at += 8 + length
    return fields


def retrieve(peer, sop_class, field, *keys, destination=None, context=1, message=7):
    """Sends a request; keys are (tag, text)."""
    body = element(0x00000002, sop_class.encode()) + us(0x00000100, field) + us(0x00000110, message)
    if destination is not None:
        body += text(0x00000600, destination)
    body += us(0x00000700, 0) + us(0x00000800, 1)
    peer.send(pdv(context, element(0, struct.pack("<I", len(body))) + body, command=True))
    peer.send(pdv(context, b"".join(text(tag, value) for tag, value in sorted(keys))))


def cancel(peer, message, context=1):
    body = us(0x00000100, CANCEL_FIELD) + us(0x00000120, message) + us(0x00000800, 0x0101)
    peer.send(pdv(context, element(0, struct.pack("<I", len(body))) + body, command=True))


def response(content, peer):
    """(status, counters, data set bytes) of the response whose command is in this P-DATA-TF."""
    fields, data = fields_of(content), b""
    if fields.get(0x0800) != 0x0101:
        _, data = peer.receive()
    return fields[0x0900], {name: fields.get(tag) for name, tag in COUNTERS.items()}, data[6:]


def responses(peer):
    """All responses to a C-MOVE, the last one included."""
    found = []
    while True:
        kind, content = peer.receive()
        assert kind == 4, f"PDU type {kind}"
        found.append(response(content, peer))
        if found[-1][0] != 0xFF00:
            return found
