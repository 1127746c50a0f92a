"""DICOM upper layer and DIMSE by hand (PS3.8 section 9.3, PS3.7 section 6.3): for what no tool would send."""

import socket
import struct

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def pdu(kind, content):
    return struct.pack(">BBI", kind, 0, len(content)) + content


def item(kind, content):
    return struct.pack(">BBH", kind, 0, len(content)) + content


def association_request(contexts, context_name="1.2.840.10008.3.1.1.1", called="HILUM", calling="TEST"):
    body = struct.pack(">HH", 1, 0) + called.ljust(16).encode() + calling.ljust(16).encode() + bytes(32)
    body += item(0x10, context_name.encode())
    for number, (abstract, syntaxes) in contexts.items():
        content = bytes([number, 0, 0, 0]) + item(0x30, abstract.encode())
        content += b"".join(item(0x40, syntax.encode()) for syntax in syntaxes)
        body += item(0x20, content)
    body += item(0x50, item(0x51, struct.pack(">I", 65536)) + item(0x52, b"1.2.3.4"))
    return pdu(1, body)


def pdv(context, data, command=False, last=True):
    flags = (1 if command else 0) | (2 if last else 0)
    return pdu(4, struct.pack(">IBB", len(data) + 2, context, flags) + data)


def element(tag, value):
    if len(value) % 2:
        value += b"\0"
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def us(tag, value):
    return element(tag, struct.pack("<H", value))


def command(field, data_set, message=1, sop_class=CT, instance=None):
    body = element(0x00000002, sop_class.encode()) + us(0x00000100, field) + us(0x00000110, message)
    body += us(0x00000700, 0) + us(0x00000800, 1 if data_set else 0x0101)
    if instance:
        body += element(0x00001000, instance.encode())
    return element(0x00000000, struct.pack("<I", len(body))) + body


def data_set(instance, study="1.2.3.9", series="1.2.3.9.1", sop_class=CT, patient="RAW", pixels=b""):
    """Implicit little endian."""
    content = element(0x00080016, sop_class.encode()) + element(0x00080018, instance.encode())
    content += element(0x00080060, b"CT") + element(0x00100020, patient.encode())
    content += element(0x0020000D, study.encode()) + element(0x0020000E, series.encode())
    return content + (element(0x7FE00010, pixels) if pixels else b"")


class Peer:
    """One association on a plain socket."""

    def __init__(self, port, contexts=None, **request):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if contexts is not None:
            self.send(association_request(contexts, **request))
            self.answer = self.receive()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                return data
            data += piece
        return data

    def receive(self):
        """(type, content) of the next PDU; (None, b"") at the end of the connection."""
        try:
            header = self.exactly(6)
            if len(header) < 6:
                return None, b""
            kind, _, length = struct.unpack(">BBI", header)
            return kind, self.exactly(length)
        except ConnectionError:
            return None, b""

    def accepted(self):
        """Context number -> (result, transfer syntax) of the A-ASSOCIATE-AC."""
        kind, content = self.answer
        assert kind == 2, f"PDU type {kind}"
        result, position = {}, 68
        while position < len(content):
            item_type, _, length = struct.unpack(">BBH", content[position:position + 4])
            if item_type == 0x21:
                number, _, reason, _ = content[position + 4:position + 8]
                result[number] = (reason, content[position + 12:position + 4 + length].decode().rstrip("\0"))
            position += 4 + length
        return result

    def response(self):
        """The status of the next response, or the name of what came instead."""
        kind, content = self.receive()
        if kind != 4:
            return {None: "closed", 7: "abort", 6: "released"}.get(kind, kind)
        at = content.find(struct.pack("<HHI", 0, 0x0900, 2))
        return struct.unpack("<H", content[at + 8:at + 10])[0]

    def store(self, instance, body=None, named=None, **options):
        self.send(pdv(1, command(1, True, instance=named or instance), command=True))
        self.send(pdv(1, data_set(instance, **options) if body is None else body))
        return self.response()

    def echo(self, context=3):
        self.send(pdv(context, command(0x30, False, sop_class=VERIFICATION), command=True))
        return self.response()


BOTH = {1: (CT, [IMPLICIT]), 3: (VERIFICATION, [IMPLICIT])}
