"""The DICOM server as peers see it: DCMTK's tools, and plain sockets for what no tool would send."""

import glob
import os
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from dicom_peer import (BOTH, CT, EXPLICIT, FIND, IMPLICIT, Peer, VERIFICATION, association_request, command, data_set,
                        element, pdu, pdv, us)
from hilum_server import HilumServer

OPTIONS = {
    "DicomAet": "HILUM",
    "DicomAlwaysAllowFind": True,
    "DicomScpTimeout": 3,
    "MaximumDicomAssociations": 8,
}


def run(*command, timeout=60):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                          env=dict(os.environ, TCP_NODELAY="1"))
    return done.returncode, done.stdout.decode("utf-8", "replace")


def example_files():
    for folder in glob.glob("/usr/lib/python3/dist-packages/pydicom/data/test_files"):
        return folder
    return None


class DimseTest(unittest.TestCase):
    options = OPTIONS

    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer(options=cls.options)
        cls.server.start()
        cls.port = cls.server.dicom_port

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.assertEqual(self.echo_status(), 0)

    def tearDown(self):
        # Whatever a test has done: the server serves the next one.
        self.assertEqual(self.echo_status(), 0)

    def echo_status(self):
        with Peer(self.port, BOTH) as peer:
            return peer.echo()

    def find(self, *keys, tool=("-S",)):
        arguments = [argument for key in keys for argument in ("-k", key)]
        code, output = run("findscu", *tool, *arguments, "127.0.0.1", str(self.port))
        self.assertEqual(code, 0, output)
        return output

    # --- negotiation ---

    def test_echo_by_tool(self):
        start = time.monotonic()
        code, output = run("echoscu", "127.0.0.1", str(self.port))
        self.assertEqual(code, 0, output)
        self.assertLess(time.monotonic() - start, 30)

    def test_contexts(self):
        with Peer(self.port, {1: (CT, ["1.2.3", IMPLICIT, EXPLICIT]), 3: (CT, ["1.2.840.10008.1.2.4.90", EXPLICIT]),
                              5: ("1.2.3.4", [EXPLICIT]), 7: (CT, ["1.2.3"]),
                              9: ("1.2.840.10008.5.1.4.31", [EXPLICIT]), 11: (VERIFICATION, [EXPLICIT])}) as peer:
            accepted = peer.accepted()
        self.assertEqual(accepted[1], (0, IMPLICIT))
        self.assertEqual(accepted[3], (0, "1.2.840.10008.1.2.4.90"))
        self.assertEqual([accepted[number][0] for number in (5, 7, 9, 11)], [3, 4, 3, 0])

    def test_nothing_acceptable_is_accepted_all_the_same(self):
        with Peer(self.port, {1: ("1.2.3.4", [EXPLICIT])}) as peer:
            self.assertEqual(peer.accepted()[1][0], 3)

    def test_wrong_application_context(self):
        with Peer(self.port, BOTH, context_name="1.2.3") as peer:
            self.assertEqual(peer.answer, (3, bytes([0, 1, 1, 2])))

    def test_large_request(self):
        syntaxes = [IMPLICIT] + ["1.2.840.10008.1.2.4.%d" % number for number in range(50, 90)]
        contexts = {2 * number + 1: (CT, syntaxes) for number in range(128)}
        with Peer(self.port, contexts) as peer:
            self.assertEqual({result for result, _ in peer.accepted().values()}, {0})
            self.assertEqual(len(peer.accepted()), 128)

    # --- who delays whom ---

    def test_silent_clients_delay_nobody(self):
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(300)]
        try:
            for peer in silent[::3]:
                peer.sendall(b"\x01\x00")
            start = time.monotonic()
            self.assertEqual(self.echo_status(), 0)
            self.assertLess(time.monotonic() - start, 30)  # one after the other they would take 900
        finally:
            for peer in silent:
                peer.close()

    def test_too_many_associations_are_rejected(self):
        peers = []
        try:
            peers = [Peer(self.port, BOTH) for _ in range(OPTIONS["MaximumDicomAssociations"])]
            self.assertEqual({peer.answer[0] for peer in peers}, {2})
            late = Peer(self.port)
            peers.append(late)
            late.send(association_request(BOTH))
            # Rejected (transient, local limit), or served when one of the others has timed out.
            kind, content = late.receive()
            self.assertIn((kind, content if kind == 3 else b""), [(3, bytes([0, 2, 3, 2])), (2, b"")])
        finally:
            for peer in peers:
                peer.socket.close()

    def test_idle_association_is_aborted(self):
        with Peer(self.port, BOTH) as peer:
            start = time.monotonic()
            self.assertEqual(peer.receive()[0], 7)
            self.assertGreater(time.monotonic() - start, 1.5)

    # --- C-STORE ---

    def test_store_statuses(self):
        with Peer(self.port, BOTH) as peer:
            self.assertEqual(peer.store("1.2.3.1"), 0)
            self.assertEqual(peer.store("1.2.3.1"), 0)  # once more: success, the first copy stays
            self.assertEqual(peer.store("1.2.3.2", named="1.2.3.99"), 0xA900)
            self.assertEqual(peer.store("1.2.3.2", body=b"no data set at all"), 0xC000)
            self.assertEqual(peer.store("1.2.3.2", body=data_set("1.2.3.2")[:-3]), 0xC000)
            self.assertEqual(peer.store("1.2.3.2", body=b""), 0xC000)
            without_study = element(0x00080016, CT.encode()) + element(0x00080018, b"1.2.3.2")
            self.assertEqual(peer.store("1.2.3.2", body=without_study), 0xA700)
            self.assertEqual(peer.store("1.2.3.2"), 0)
            self.assertEqual(peer.echo(), 0)

    def test_large_instance_in_small_pieces(self):
        body = data_set("1.2.3.77", pixels=os.urandom(5 << 20))
        with Peer(self.port, BOTH) as peer:
            peer.send(pdv(1, command(1, True, instance="1.2.3.77"), command=True))
            for at in range(0, len(body), 8000):
                peer.send(pdv(1, body[at:at + 8000], last=at + 8000 >= len(body)))
            self.assertEqual(peer.response(), 0)

    def test_tools_send_many_transfer_syntaxes(self):
        folder = example_files()
        if folder is None:
            self.skipTest("pydicom's test files are not installed")
        for name, option in (("CT_small.dcm", "-xe"), ("MR_small.dcm", "-xi"), ("CT_small.dcm", "-xb"),
                             ("JPEG2000.dcm", "-xw"), ("SC_rgb_rle_32bit.dcm", "-xr"), ("image_dfl.dcm", "-xd")):
            with self.subTest(name=name, option=option):
                code, output = run("storescu", "-R", option, "127.0.0.1", str(self.port), os.path.join(folder, name))
                self.assertEqual(code, 0, output)

    def test_parallel_senders(self):
        results = []

        def send(sender):
            with Peer(self.port, BOTH) as peer:
                results.extend(peer.store(f"1.2.7.{sender}.{number}", patient=f"PAR{sender}", study=f"1.2.7.{sender}")
                               for number in range(20))

        threads = [threading.Thread(target=send, args=(sender,)) for sender in range(1, 6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(results, [0] * 100)
        output = self.find("0008,0052=PATIENT", "PatientID=PAR*", "NumberOfPatientRelatedInstances", tool=("-P",))
        self.assertEqual(len(re.findall(r"0020,1204\) IS \[20 *\]", output)), 5, output)

    # --- what breaks the protocol ---

    def test_odd_connections_are_harmless(self):
        request = association_request(BOTH)
        for data in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x01\x00\xff\xff\xff\xff", pdu(1, b""), pdu(1, bytes(68)),
                     pdu(4, b"x" * 100), request[:50], request[:-3], pdu(1, os.urandom(500)),
                     pdu(1, request[6:80] + b"\xff" * 200)):
            with Peer(self.port) as peer:
                peer.send(data)

    def test_odd_pdus_after_negotiation(self):
        store = pdv(1, command(1, True, instance="1.2.3.5"), command=True)
        for data in (pdu(4, b""), pdu(4, b"\0\0\0\1x"), pdu(4, struct.pack(">IBB", 0xFFFFFFFF, 1, 3)),
                     pdu(4, struct.pack(">IBB", 2, 1, 3)), pdu(9, b"abc"), pdu(1, b"abc"), pdu(2, b""),
                     struct.pack(">BBI", 4, 0, 0x7FFFFFFF) + b"x" * 1000, pdv(99, command(1, True), command=True),
                     pdv(1, b"", command=True), pdv(1, b"\xff" * 64, command=True),
                     pdv(1, element(0x00000002, b"1.2"), command=True), pdv(1, b"data without command"),
                     store + store, store + pdv(3, b"other context"), store + pdu(5, bytes(4)),
                     store + pdu(7, bytes(4)), store):
            with self.subTest(data=data[:40]):
                with Peer(self.port, BOTH) as peer:
                    self.assertEqual(peer.answer[0], 2)
                    try:
                        peer.send(data)
                        peer.socket.shutdown(socket.SHUT_WR)
                    except OSError:
                        continue  # cut already
                    peer.receive()

    def test_endless_command_is_cut(self):
        with Peer(self.port, BOTH) as peer:
            try:
                for _ in range(40):
                    peer.send(pdv(1, bytes(8000), command=True, last=False))
                self.assertIn(peer.receive()[0], (7, None))
            except ConnectionError:
                pass  # cut while we were still sending

    def test_abort_in_the_middle_leaves_nothing(self):
        for _ in range(20):
            with Peer(self.port, BOTH) as peer:
                peer.send(pdv(1, command(1, True, instance="1.2.3.666"), command=True))
                peer.send(pdv(1, data_set("1.2.3.666", pixels=bytes(6000)), last=False))
                peer.send(pdu(7, bytes(4)))
        self.assertNotIn("(Pending)", self.find("0008,0052=IMAGE", "SOPInstanceUID=1.2.3.666"))

    def test_commands_that_are_not_served_are_ignored(self):
        with Peer(self.port, BOTH) as peer:
            peer.send(pdv(3, command(0x7777, True, sop_class="1.2"), command=True))
            peer.send(pdv(3, b"whatever"))
            self.assertEqual(peer.echo(), 0)

    # --- C-FIND ---

    def test_find(self):
        with Peer(self.port, BOTH) as peer:
            for number in range(3):
                self.assertEqual(peer.store(f"1.5.{number}", study="1.5", series=f"1.5.0.{number}", patient="FIND-ME"), 0)
        output = self.find("0008,0052=study", "PatientID=FIND-*", "StudyInstanceUID", "ModalitiesInStudy",
                           "NumberOfStudyRelatedSeries", "InstanceAvailability", "StudyDescription")
        self.assertEqual(output.count("(Pending)"), 1, output)
        for expected in (r"0008,0052\) CS \[study", r"0008,0054\) AE \[HILUM", r"0008,0056\) CS \[ONLINE",
                         r"0008,0061\) CS \[CT", r"0020,1206\) IS \[3", r"0020,000d\) UI \[1\.5", r"0008,1030\) LO \(no value"):
            self.assertRegex(output, expected)
        output = self.find("0008,0052=IMAGE", "StudyInstanceUID=1.5", "SOPInstanceUID=1.5.0\\1.5.2")
        self.assertEqual(output.count("(Pending)"), 2, output)
        self.assertNotIn("(Pending)", self.find("0008,0052=STUDY", "PatientID=find-*"))

    def test_find_errors(self):
        for keys in (("PatientID=X",), ("0008,0052=WORD", "PatientID"), ("0008,0052=STUDY", "StudyDate=2020*")):
            code, output = run("findscu", "-v", "-S", *[a for key in keys for a in ("-k", key)], "127.0.0.1", str(self.port))
            self.assertRegex(output, r"(?i)unabletoprocess|unable to process|0xc000", (code, output))

    def test_find_is_cancelled(self):
        with Peer(self.port, BOTH) as peer:
            for number in range(60):
                self.assertEqual(peer.store(f"1.6.{number}", study="1.6", series="1.6.0", patient="CANCEL"), 0)
        query = element(0x00080018, b"") + element(0x00080052, b"IMAGE ") + element(0x00100020, b"CANCEL")
        cancel = us(0x00000100, 0x0FFF) + us(0x00000120, 1) + us(0x00000800, 0x0101)
        cancel = element(0x00000000, struct.pack("<I", len(cancel))) + cancel
        with Peer(self.port, {1: (FIND, [IMPLICIT])}) as peer:
            peer.send(pdv(1, command(0x20, True, sop_class=FIND), command=True) + pdv(1, query) + pdv(1, cancel, command=True))
            status, answers = 0xFF00, 0
            while status == 0xFF00:
                status = peer.response()
                if status == 0xFF00:
                    answers += 1
                    peer.receive()  # the identifier
            self.assertEqual(status, 0xFE00)
            self.assertLess(answers, 60)


class ClosedDimseTest(unittest.TestCase):
    """Only known modalities may do anything."""

    def setUp(self):
        self.server = HilumServer(options={
            "DicomAet": "HILUM", "DicomAlwaysAllowEcho": False, "DicomAlwaysAllowStore": False,
            "DicomCheckCalledAet": True,
            "DicomModalities": {"one": {"AET": "ONE", "Host": "127.0.0.1", "Port": 104, "AllowStore": False}}})
        self.server.start()
        self.port = self.server.dicom_port

    def tearDown(self):
        self.server.close()

    def test_permissions(self):
        with Peer(self.port, BOTH, calling="OTHER") as peer:
            self.assertEqual(peer.answer, (3, bytes([0, 1, 1, 3])))
        with Peer(self.port, BOTH, calling="ONE", called="WRONG") as peer:
            self.assertEqual(peer.answer, (3, bytes([0, 1, 1, 7])))
        with Peer(self.port, BOTH, calling="one", called="hilum") as peer:
            self.assertEqual(peer.echo(), 0)
            self.assertIn(peer.store("1.2.3"), ("abort", "closed"))


if __name__ == "__main__":
    unittest.main()
