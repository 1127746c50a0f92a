"""Storage commitment as SCP: requests and reports on plain sockets."""

import socket
import struct
import threading
import unittest

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_peer import EXPLICIT, IMPLICIT, Peer, command, element, item, pdu, pdv, us
from hilum_server import HilumServer
from remote_peers import CT, MR, make_file
from retrieve_peer import fields_of, read

PUSH, WELL_KNOWN = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
N_ACTION, N_EVENT_REPORT = 0x0130, 0x0100


def encode(ds, implicit=True):
    buffer = pydicom.filebase.DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, implicit
    pydicom.filewriter.write_dataset(buffer, ds)
    return buffer.getvalue()


def references(*pairs):
    items = []
    for sop_class, sop_instance in pairs:
        one = Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = sop_class, sop_instance
        items.append(one)
    return Sequence(items)


def request(transaction, *pairs):
    ds = Dataset()
    ds.TransactionUID = transaction
    ds.ReferencedSOPSequence = references(*pairs)
    return encode(ds)


class Receiver:
    """The modality that gets reports: one association after the other, on a thread."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests, self.reports, self.answers = [], [], []
        self.arrived = threading.Condition()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(30)
            with connection:
                try:
                    self.association(connection)
                except (OSError, ValueError):
                    pass

    @staticmethod
    def pdu(connection):
        def exactly(count):
            data = b""
            while len(data) < count:
                piece = connection.recv(count - len(data))
                if not piece:
                    raise ValueError
                data += piece
            return data
        kind, _, length = struct.unpack(">BBI", exactly(6))
        return kind, exactly(length)

    def association(self, connection):
        kind, content = self.pdu(connection)
        assert kind == 1
        self.requests.append(content)
        context, syntax, role = 0, IMPLICIT, b""
        position = 68
        while position < len(content):
            item_type, _, length = struct.unpack(">BBH", content[position:position + 4])
            body = content[position + 4:position + 4 + length]
            if item_type == 0x20 and PUSH.encode() in body:
                context = body[0]
            if item_type == 0x50 and b"\x54\x00" in body:
                at = body.index(b"\x54\x00")
                role = body[at:at + 4 + struct.unpack(">H", body[at + 2:at + 4])[0]]
            position += 4 + length
        accept = content[:68] + item(0x10, b"1.2.840.10008.3.1.1.1")
        accept += item(0x21, bytes([context, 0, 0, 0]) + item(0x40, syntax.encode()))
        accept += item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3.4") + role)
        connection.sendall(pdu(2, accept))
        while True:
            kind, content = self.pdu(connection)
            if kind != 4:
                connection.sendall(pdu(6, bytes(4)))
                return
            # Command and data set may share a PDU.
            pieces = {1: b"", 0: b""}
            complete = set()
            while True:
                at = 0
                while at < len(content):
                    length, _, flags = struct.unpack(">IBB", content[at:at + 6])
                    pieces[flags & 1] += content[at + 6:at + 4 + length]
                    if flags & 2:
                        complete.add(flags & 1)
                    at += 4 + length
                if complete == {0, 1}:
                    break
                _, content = self.pdu(connection)
            fields = fields_of(b"\0" * 6 + pieces[1])
            data = pydicom.filereader.read_dataset(pydicom.filebase.DicomBytesIO(pieces[0]), is_implicit_VR=True,
                                                   is_little_endian=True)
            with self.arrived:
                self.reports.append((fields[0x1002], data, role))
                self.arrived.notify_all()
            body = element(2, PUSH.encode()) + us(0x100, 0x8100) + us(0x120, fields[0x0110]) + us(0x800, 0x0101)
            body += us(0x900, 0) + element(0x1000, WELL_KNOWN.encode()) + us(0x1002, fields[0x1002])
            connection.sendall(pdv(context, element(0, struct.pack("<I", len(body))) + body, command=True))

    def report(self, transaction):
        """(event, data set, role item) of the report about a transaction."""
        def find():
            return next((one for one in self.reports if one[1].TransactionUID == transaction), None)
        with self.arrived:
            self.arrived.wait_for(find, 60)
            return find()


class CommitmentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.receiver = Receiver()
        cls.dead = socket.socket()
        cls.dead.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else gets it
        dead = cls.dead.getsockname()[1]
        cls.server = HilumServer(options={"DicomScuTimeout": 10, "DicomModalities": {
            "asker": ["ASKER", "127.0.0.1", cls.receiver.port],
            "dead": ["DEAD", "127.0.0.1", dead],
            "not": {"AET": "NOT", "Host": "127.0.0.1", "Port": dead, "AllowStorageCommitment": False}}})
        cls.server.start()
        cls.file = make_file(1, 1, 1, 1)
        cls.uid = str(read(cls.file).SOPInstanceUID)
        assert cls.server.post("/instances", cls.file).status == 200

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.receiver.close()
        cls.dead.close()

    def send(self, data, calling="ASKER", called="ARCHIVE", field=N_ACTION, kind=1, peer=None):
        """The status of the response, or what came instead."""
        def ask(one):
            body = element(3 if field == N_ACTION else 2, PUSH.encode()) + us(0x100, field) + us(0x110, 3)
            body += us(0x800, 1) + element(0x1001 if field == N_ACTION else 0x1000, WELL_KNOWN.encode())
            body += us(0x1008 if field == N_ACTION else 0x1002, kind)
            one.send(pdv(1, element(0, struct.pack("<I", len(body))) + body, command=True))
            pieces = [data[at:at + 16000] for at in range(0, len(data), 16000)] or [b""]
            for piece in pieces[:-1]:
                one.send(pdv(1, piece, last=False))
            one.send(pdv(1, pieces[-1]))
            return one.response()
        if peer is not None:
            return ask(peer)
        with Peer(self.server.dicom_port, {1: (PUSH, [IMPLICIT])}, calling=calling, called=called) as one:
            return ask(one)

    def test_all_are_committed(self):
        self.assertEqual(self.send(request("1.2.3.1", (CT, self.uid))), 0)
        event, data, role = self.receiver.report("1.2.3.1")
        self.assertEqual(event, 1)
        self.assertEqual([str(one.ReferencedSOPInstanceUID) for one in data.ReferencedSOPSequence], [self.uid])
        self.assertEqual(str(data.ReferencedSOPSequence[0].ReferencedSOPClassUID), CT)
        self.assertNotIn("FailedSOPSequence", data)
        # We take the role of the SCP, under the title that was called.
        self.assertEqual(role[-2:], b"\x00\x01")
        self.assertIn(b"ARCHIVE".ljust(16), self.receiver.requests[-1][20:36])

    def test_failures(self):
        pairs = ((CT, self.uid), (MR, self.uid), (CT, "9.9.9"))
        self.assertEqual(self.send(request("1.2.3.2", *pairs)), 0)
        event, data, _ = self.receiver.report("1.2.3.2")
        self.assertEqual(event, 2)
        self.assertEqual(len(data.ReferencedSOPSequence), 1)
        self.assertEqual([(str(one.ReferencedSOPInstanceUID), one.FailureReason) for one in data.FailedSOPSequence],
                         [(self.uid, 0x0119), ("9.9.9", 0x0112)])
        self.assertEqual(self.send(request("1.2.3.3", (CT, "9.9.9"))), 0)
        event, data, _ = self.receiver.report("1.2.3.3")
        self.assertEqual((event, len(data.ReferencedSOPSequence)), (2, 0))  # there, and empty

    def test_an_instance_that_is_there_twice_is_not_committed(self):
        twice = make_file(1, 2, 1, 1, SOPInstanceUID="1.2.3.4.5")
        again = make_file(1, 3, 1, 1, SOPInstanceUID="1.2.3.4.5")
        for content in (twice, again):
            self.server.post("/instances", content)
        self.assertEqual(self.send(request("1.2.3.7", (MR, "1.2.3.4.5"), (CT, "1.2.3.4.5"))), 0)
        self.assertEqual(self.receiver.report("1.2.3.7")[0], 2)

    def test_bad_requests(self):
        with Peer(self.server.dicom_port, {1: (PUSH, [IMPLICIT])}, calling="ASKER") as peer:
            missing = Dataset()
            missing.ReferencedSOPSequence = references((CT, self.uid))
            for data in (encode(missing), b"\xff" * 30, request("1.2.3.4", (CT, "")),
                         request("1" * 100, (CT, self.uid)), encode(Dataset())):
                self.assertEqual(self.send(data, peer=peer), 0x0110)
            self.assertEqual(self.send(request("1.2.3.5", (CT, self.uid)), peer=peer, kind=2), 0x0110)
            self.assertEqual(self.send(request("1.2.3.6", (CT, self.uid)), peer=peer), 0)
        self.assertEqual(self.receiver.report("1.2.3.6")[0], 1)
        self.assertIsNone(next((one for one in self.receiver.reports if one[1].TransactionUID == "1.2.3.5"), None))

    def test_callers_that_may_not(self):
        for calling in ("NOT", "STRANGER"):
            self.assertEqual(self.send(request("1.2.3.8", (CT, self.uid)), calling=calling), "abort")

    def test_a_modality_that_is_down_does_no_harm(self):
        self.assertEqual(self.send(request("1.2.3.9", (CT, self.uid)), calling="DEAD"), 0)
        self.assertEqual(self.send(request("1.2.3.10", (CT, self.uid))), 0)
        self.assertEqual(self.receiver.report("1.2.3.10")[0], 1)

    def test_many_items(self):
        pairs = [(CT, f"9.9.{number}") for number in range(3000)]
        self.assertEqual(self.send(request("1.2.3.11", (CT, self.uid), *pairs)), 0)
        event, data, _ = self.receiver.report("1.2.3.11")
        self.assertEqual((event, len(data.FailedSOPSequence)), (2, 3000))

    def test_reports_about_unknown_transactions(self):
        self.assertEqual(self.send(request("1.2.3.12", (CT, self.uid)), field=N_EVENT_REPORT), 0x0110)
        self.assertEqual(self.send(b"\xff" * 30, field=N_EVENT_REPORT), 0x0110)
        self.assertEqual(self.send(request("1.2.3.12", (CT, self.uid)), field=N_EVENT_REPORT, kind=3), 0x0110)


if __name__ == "__main__":
    unittest.main()
