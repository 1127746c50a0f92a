"""C-MOVE as SCP: movescu asks, its own port or a storescp receives; plain sockets for what no tool would ask."""

import os
import socket
import struct
import subprocess
import tempfile
import unittest

import pydicom

from dicom_peer import EXPLICIT, IMPLICIT, Peer, element, pdv, us
from hilum_server import HilumServer, eventually, free_ports
from remote_peers import StoreScp, make_file, small_archive
from retrieve_peer import cancel, fields_of, read, responses, retrieve, text

MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
MOVE_FIELD = 0x21


class MoveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dead = socket.socket()
        cls.dead.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else gets it
        dead_port = cls.dead.getsockname()[1]
        cls.store = StoreScp("+xa").start()
        cls.server = HilumServer(options={
            "DicomAlwaysAllowMove": True,
            "DicomScuTimeout": 10,
            "DicomModalities": {
                "store": cls.store.definition(),
                "dead": ["DEAD", "127.0.0.1", dead_port],
            },
        })
        cls.server.start()
        cls.files = small_archive()
        for content in cls.files:
            assert cls.server.post("/instances", content).status == 200

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.store.close()
        cls.dead.close()

    def setUp(self):
        for name in os.listdir(self.store.received):
            os.remove(os.path.join(self.store.received, name))

    def ask(self, *keys, destination="STORE", context=1, message=7, calling="ASKER"):
        """Raw request: keys are (tag, text). The responses."""
        with Peer(self.server.dicom_port, {1: (MOVE, [IMPLICIT]), 3: ("1.2.840.10008.5.1.4.1.2.1.2", [IMPLICIT])},
                  calling=calling) as peer:
            self.request(peer, *keys, destination=destination, context=context, message=message)
            return responses(peer)

    @staticmethod
    def request(peer, *keys, destination="STORE", context=1, message=7):
        retrieve(peer, MOVE, MOVE_FIELD, *keys, destination=destination, context=context, message=message)

    def received(self):
        return sorted(str(ds.SOPInstanceUID) for ds in self.store.files())

    @staticmethod
    def uids(prefix):
        return sorted(str(ds.SOPInstanceUID) for ds in map(read, MoveTest.files)
                      if str(ds.SOPInstanceUID).startswith(prefix + "."))

    # --- what is moved ---

    def test_study_counts_every_sub_operation(self):
        study = str(read(self.files[0]).StudyInstanceUID)
        found = self.ask((0x00080052, "STUDY"), (0x0020000D, study))
        self.assertEqual([status for status, _, _ in found], [0xFF00] * 3 + [0])
        self.assertEqual([counters["completed"] for _, counters, _ in found], [1, 2, 3, 4])
        self.assertEqual([counters["remaining"] for _, counters, _ in found], [3, 2, 1, None])
        self.assertEqual([counters["failed"] for _, counters, _ in found], [0] * 4)
        self.assertEqual(self.received(), self.uids(study))

    def test_levels_and_lists(self):
        first, last = read(self.files[0]), read(self.files[-1])
        for keys, expected in (
                ([(0x00080052, "PATIENT"), (0x00100020, "PAT1")], 8),
                ([(0x00080052, "SERIES"), (0x0020000E, str(first.SeriesInstanceUID))], 2),
                ([(0x00080052, "IMAGE"), (0x00080018, str(first.SOPInstanceUID))], 1),
                ([(0x00080052, "INSTANCE"), (0x00080018, f"{first.SOPInstanceUID}\\{last.SOPInstanceUID}")], 2),
                ([(0x00080052, "STUDY"), (0x00080050, "ACC12")], 4),  # by accession number
                ([(0x00080052, "STUDY"), (0x00080050, ""), (0x0020000D, str(last.StudyInstanceUID))], 1),
                ([(0x00080052, "STUDY"), (0x0020000D, f"{last.StudyInstanceUID}\\9.9.9")], 1),  # unmatched: ignored
                ([(0x0020000E, str(first.SeriesInstanceUID))], 2),  # no level: the keys say
                ([(0x00080018, str(first.SOPInstanceUID)), (0x00100020, "PAT1")], 1)):
            with self.subTest(keys=keys):
                self.setUp()
                found = self.ask(*keys, context=1)
                self.assertEqual(found[-1][0], 0)
                self.assertEqual(len(found), expected)
                self.assertEqual(len(self.received()), expected)

    def test_patient_root_and_any_case_of_titles(self):
        found = self.ask((0x00080052, "patient"), (0x00100020, "PAT2"), destination="store", context=3)
        self.assertEqual(found[-1][0], 0)
        self.assertEqual(len(self.received()), 1)

    def test_bad_requests_fail_and_the_association_goes_on(self):
        study = str(read(self.files[0]).StudyInstanceUID)
        with Peer(self.server.dicom_port, {1: (MOVE, [IMPLICIT])}) as peer:
            for keys, destination in (
                    ([(0x00080052, "STUDY"), (0x0020000D, study)], "NOBODY"),  # unknown destination
                    ([(0x00080052, "STUDY"), (0x0020000D, study)], ""),
                    ([(0x00080052, "STUDY"), (0x0020000D, "9.9.9")], "STORE"),  # nothing matches
                    ([(0x00080052, "STUDY"), (0x0020000D, "*")], "STORE"),  # no wildcards
                    ([(0x00080052, "PATIENT"), (0x00100020, "PAT?")], "STORE"),
                    ([(0x00080052, "STUDY")], "STORE"),
                    ([(0x00080052, "NOPE"), (0x0020000D, study)], "STORE"),
                    ([], "STORE"),
                    ([(0x00080052, "STUDY"), (0x0020000D, "\\".join(["9.9"] * 5000))], "STORE"),
                    ([(0x00080052, "STUDY"), (0x0020000D, study)], "DEAD")):  # nobody listens there
                with self.subTest(keys=str(keys)[:100], destination=destination):
                    self.request(peer, *keys, destination=destination)
                    found = responses(peer)
                    self.assertEqual(found[-1][0], 0xC000)
            self.request(peer, (0x00080052, "STUDY"), (0x0020000D, study))
            self.assertEqual(responses(peer)[-1][0], 0)
        self.assertEqual(self.received(), self.uids(study))

    def test_garbage_identifier(self):
        with Peer(self.server.dicom_port, {1: (MOVE, [EXPLICIT])}) as peer:
            for garbage in (b"\xff" * 64, struct.pack("<HH2sH", 0x0020, 0x000D, b"UI", 60000) + b"1.2",
                            struct.pack("<HH2sHI", 0x0008, 0x1199, b"SQ", 0, 0xFFFFFFF0)):
                body = element(0x00000002, MOVE.encode()) + us(0x00000100, MOVE_FIELD) + us(0x00000110, 1)
                body += text(0x00000600, "STORE") + us(0x00000700, 0) + us(0x00000800, 1)
                peer.send(pdv(1, element(0, struct.pack("<I", len(body))) + body, command=True))
                peer.send(pdv(1, garbage))
                self.assertEqual(responses(peer)[-1][0], 0xC000)

    def test_a_restricted_caller_is_aborted(self):
        with HilumServer(options={"DicomModalities": {
                "restricted": {"AET": "NOMOVE", "Host": "127.0.0.1", "Port": 104, "AllowMove": False}}}) as server:
            for calling in ("NOMOVE", "STRANGER"):
                with Peer(server.dicom_port, {1: (MOVE, [IMPLICIT])}, calling=calling) as peer:
                    self.request(peer, (0x00080052, "STUDY"), (0x0020000D, "1.2"))
                    self.assertEqual(peer.receive()[0], 7)  # A-ABORT

    # --- failures of single instances ---

    def test_what_the_destination_does_not_take_is_counted(self):
        # A class that storescp does not know: the others arrive all the same.
        study = "1.2.826.0.1.3680043.10.1511.6.77"
        good = make_file(7, 1, 1, 1, StudyInstanceUID=study, SeriesInstanceUID=study + ".1")
        strange = make_file(7, 1, 1, 2, StudyInstanceUID=study, SeriesInstanceUID=study + ".1",
                            SOPClassUID="1.2.826.0.1.3680043.10.1511.999")
        ids = [self.server.post("/instances", content).json()["ID"] for content in (strange, good)]
        self.addCleanup(lambda: [self.server.delete(f"/instances/{one}") for one in ids])
        found = self.ask((0x00080052, "STUDY"), (0x0020000D, study))
        status, counters, data = found[-1]
        self.assertEqual(status, 0xB000)
        self.assertEqual((counters["completed"], counters["failed"]), (1, 1))
        self.assertIn(str(read(strange).SOPInstanceUID).encode(), data)  # FailedSOPInstanceUIDList
        self.assertEqual(self.received(), [str(read(good).SOPInstanceUID)])
        found = self.ask((0x00080052, "IMAGE"), (0x00080018, str(read(strange).SOPInstanceUID)))
        self.assertEqual(found[-1][0], 0xA702)
        self.assertEqual(found[-1][1]["failed"], 1)

    # --- the standard's own client ---

    def test_movescu_receives_on_its_own_port(self):
        files = self.files[:4]
        study = str(read(files[0]).StudyInstanceUID)
        for _ in range(5):
            port = free_ports(1)[0]
            with tempfile.TemporaryDirectory() as folder, HilumServer(options={
                    "DicomAlwaysAllowMove": True,
                    "DicomModalities": {"movescu": ["MOVESCU", "127.0.0.1", port]}}) as server:
                for content in files:
                    server.post("/instances", content)
                done = subprocess.run(
                    ["movescu", "-v", "-S", "-aet", "MOVESCU", "-aem", "MOVESCU", "-aec", "HILUM", "+P", str(port),
                     "-od", folder, "-k", "0008,0052=STUDY", "-k", f"0020,000d={study}", "127.0.0.1",
                     str(server.dicom_port)],
                    capture_output=True, timeout=60, check=False, env=dict(os.environ, TCP_NODELAY="1"))
                got = [pydicom.dcmread(os.path.join(folder, name)) for name in os.listdir(folder)]
            if got or b"already in use" not in (done.stdout + done.stderr).lower():
                break  # else somebody has taken the port meanwhile
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(sorted(str(ds.SOPInstanceUID) for ds in got), self.uids(study))
        for ds in got:
            self.assertEqual(len(ds.PixelData), 512)

    def test_originator_is_told(self):
        with StoreScp("-d") as peer, HilumServer(options={
                "DicomAlwaysAllowMove": True, "DicomModalities": {"told": peer.definition(AET="TOLD")}}) as server:
            server.post("/instances", self.files[-1])
            with Peer(server.dicom_port, {1: (MOVE, [IMPLICIT])}, calling="ORIGIN") as asker:
                self.request(asker, (0x00080052, "PATIENT"), (0x00100020, "PAT2"), destination="TOLD", message=4711)
                self.assertEqual(responses(asker)[-1][0], 0)
            log = peer.log()
        self.assertRegex(log, r"Move Originator AE Title\s*: ORIGIN")
        self.assertRegex(log, r"Move Originator ID\s*: 4711")

    # --- cancelling ---

    def test_cancel(self):
        with StoreScp("--sleep-during", "0") as slow, HilumServer(options={
                "DicomAlwaysAllowMove": True,
                "DicomModalities": {"slow": slow.definition(AET="SLOW")}}) as server:
            for instance in range(1, 61):
                server.post("/instances", make_file(9, 1, 1, instance))
            with Peer(server.dicom_port, {1: (MOVE, [IMPLICIT])}) as peer:
                self.request(peer, (0x00080052, "PATIENT"), (0x00100020, "PAT9"), destination="SLOW", message=5)
                kind, content = peer.receive()
                self.assertEqual((kind, fields_of(content)[0x0900]), (4, 0xFF00))
                cancel(peer, 5)
                status, counters, _ = responses(peer)[-1]
                # It may have come too late.
                self.assertIn(status, (0xFE00, 0))
                if status == 0xFE00:
                    self.assertEqual(counters["remaining"] + counters["completed"], 60)


class AsynchronousTest(unittest.TestCase):
    def test_the_job_sends_after_the_answer(self):
        with StoreScp() as store, HilumServer(options={
                "DicomAlwaysAllowMove": True, "SynchronousCMove": False,
                "DicomModalities": {"store": store.definition()}}) as server:
            files = small_archive()
            for content in files:
                server.post("/instances", content)
            with Peer(server.dicom_port, {1: (MOVE, [IMPLICIT])}, calling="ORIGIN") as peer:
                retrieve(peer, MOVE, MOVE_FIELD, (0x00080052, "PATIENT"), (0x00100020, "PAT1\\PAT2"),
                         destination="STORE", message=5)
                found = responses(peer)
                self.assertEqual([status for status, _, _ in found], [0xFF00] * 8 + [0])
                self.assertEqual(found[-1][1]["completed"], 9)
                retrieve(peer, MOVE, MOVE_FIELD, (0x00080052, "PATIENT"), (0x00100020, "PAT1"), destination="NOBODY")
                self.assertEqual(responses(peer)[-1][0], 0xC000)
            self.assertTrue(eventually(lambda: [job["State"] for job in server.get_json("/jobs?expand")
                                                if job["Type"] == "DicomModalityStore"] == ["Success"]))
            self.assertEqual(sorted(str(ds.SOPInstanceUID) for ds in store.files()),
                             sorted(str(read(content).SOPInstanceUID) for content in files))
            jobs = [job for job in server.get_json("/jobs?expand") if job["Type"] == "DicomModalityStore"]
            self.assertEqual(len(jobs), 1)
            self.assertEqual((jobs[0]["Content"]["MoveOriginatorAET"], jobs[0]["Content"]["MoveOriginatorID"]),
                             ("ORIGIN", 5))


if __name__ == "__main__":
    unittest.main()
