"""C-STORE from memory on a plain socket, and the smallest DICOM files, made without any library.

An association of this sender costs nothing beside the server's own work, and its answers are exact: either the
status of a response, or an error.
"""

import socket
import struct

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture Image Storage
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
LONG_VRS = ("OB", "OW", "UN", "UT", "SQ")


def element(group, number, vr, value):
    """An element in explicit VR little endian (PS3.5, 7.1.2)."""
    if isinstance(value, str):
        value = value.encode("ascii")
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    head = struct.pack("<HH", group, number) + vr.encode("ascii")
    size = struct.pack("<HI", 0, len(value)) if vr in LONG_VRS else struct.pack("<H", len(value))
    return head + size + value


def data_set(patient, study, series, instance, payload=b"", sop_class=SOP_CLASS):
    """A data set; UIDs that are None are left out. `payload` becomes the pixel data."""
    elements = [
        (0x0008, 0x0016, "UI", sop_class), (0x0008, 0x0018, "UI", instance), (0x0008, 0x0060, "CS", "OT"),
        (0x0010, 0x0020, "LO", patient), (0x0020, 0x000d, "UI", study), (0x0020, 0x000e, "UI", series),
        (0x7fe0, 0x0010, "OB", payload)]
    return b"".join(element(*one) for one in elements if one[3] is not None)


def dicom_file(dataset, instance, sop_class=SOP_CLASS):
    """The data set as a file (PS3.10, 7.1)."""
    meta = (element(0x0002, 0x0001, "OB", b"\0\1") + element(0x0002, 0x0002, "UI", sop_class)
            + element(0x0002, 0x0003, "UI", instance) + element(0x0002, 0x0010, "UI", EXPLICIT_LITTLE_ENDIAN)
            + element(0x0002, 0x0012, "UI", "1.2.3.4"))
    return b"\0" * 128 + b"DICM" + element(0x0002, 0x0000, "UL", struct.pack("<I", len(meta))) + meta + dataset


def data_set_of(file):
    """The data set of a file in explicit VR little endian: what lies behind the meta header."""
    length = struct.unpack_from("<I", file, 140)[0]
    return file[144 + length:]


def _item(kind, content):
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _command_element(number, value):
    if isinstance(value, int):
        value = struct.pack("<H", value)
    else:
        value = value.encode("ascii")
        value += b"\0" * (len(value) % 2)
    return struct.pack("<HHI", 0, number, len(value)) + value


class Association:
    """Owned by one thread. Raises OSError when the connection ends."""

    def __init__(self, port, called="HILUM", calling="SENDER", sop_class=SOP_CLASS, timeout=60):
        self.sop_class = sop_class
        self.message_id = 0
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = b"\1\0\0\0" + _item(0x30, sop_class.encode()) + _item(0x40, EXPLICIT_LITTLE_ENDIAN.encode())
        user = _item(0x51, struct.pack(">I", 0)) + _item(0x52, b"1.2.3.4")
        body = (struct.pack(">HH", 1, 0) + called.ljust(16).encode() + calling.ljust(16).encode() + b"\0" * 32
                + _item(0x10, APPLICATION_CONTEXT.encode()) + _item(0x20, context) + _item(0x50, user))
        self.socket.sendall(struct.pack(">BBI", 1, 0, len(body)) + body)
        kind, answer = self._pdu()
        if kind != 2 or b"\x21\0" not in answer:
            self.socket.close()
            raise ConnectionError(f"association refused: PDU {kind}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.socket.sendall(struct.pack(">BBII", 5, 0, 4, 0))
            self._pdu()
        except OSError:
            pass
        self.socket.close()

    def store(self, instance, dataset, piece=16000):
        """Sends one instance; the status of the response."""
        self.message_id = self.message_id % 65535 + 1
        command = (_command_element(0x0002, self.sop_class) + _command_element(0x0100, 1)
                   + _command_element(0x0110, self.message_id) + _command_element(0x0700, 0)
                   + _command_element(0x0800, 0) + _command_element(0x1000, instance))
        command = struct.pack("<HHII", 0, 0, 4, len(command)) + command
        parts = [self._fragment(3, command)]
        for start in range(0, len(dataset), piece):
            is_last = start + piece >= len(dataset)
            parts.append(self._fragment(2 if is_last else 0, dataset[start:start + piece]))
        self.socket.sendall(b"".join(parts))
        kind, answer = self._pdu()
        if kind != 4:
            raise ConnectionError(f"PDU {kind} instead of a response")
        return self._status(answer[6:])

    @staticmethod
    def _fragment(flags, content):
        return struct.pack(">BBIIBB", 4, 0, len(content) + 6, len(content) + 2, 1, flags) + content

    @staticmethod
    def _status(command):
        at = 0
        while at + 8 <= len(command):
            _, number, length = struct.unpack_from("<HHI", command, at)
            if number == 0x0900:
                return struct.unpack_from("<H", command, at + 8)[0]
            at += 8 + length
        raise ConnectionError("a response without status")

    def _pdu(self):
        kind, _, length = struct.unpack(">BBI", self._read(6))
        return kind, self._read(length)

    def _read(self, size):
        content = b""
        while len(content) < size:
            piece = self.socket.recv(size - len(content))
            if not piece:
                raise ConnectionError("the connection has ended")
            content += piece
        return content
