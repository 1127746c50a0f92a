"""C-GET as SCP: getscu, and plain sockets for what no tool would do."""

import os
import struct
import subprocess
import tempfile
import unittest

import pydicom

from dicom_peer import CT, EXPLICIT, IMPLICIT, Peer, element, pdv, us
from hilum_server import HilumServer
from remote_peers import MR, make_file, small_archive
from retrieve_peer import cancel, fields_of, read, response, retrieve

GET = "1.2.840.10008.5.1.4.1.2.2.3"
PATIENT_GET = "1.2.840.10008.5.1.4.1.2.1.3"
GET_FIELD = 0x10
SC = "1.2.840.10008.5.1.4.1.1.7"
SAMPLES = "/usr/lib/python3/dist-packages/pydicom/data/test_files"


class GetPeer(Peer):
    """Takes what comes by C-STORE during a C-GET."""

    def command(self):
        kind, content = self.receive()
        assert kind == 4 and content[5] & 1, f"PDU type {kind}"
        return content

    def take(self, status=0, limit=None, each=None):
        """Serves C-STOREs until the last response: ([(context, bytes of the data set)], [responses])."""
        stored, found = [], []
        while True:
            content = self.command()
            fields = fields_of(content)
            if fields[0x0100] != 0x0001:
                found.append(response(content, self))
                if found[-1][0] != 0xFF00:
                    return stored, found
                continue
            data = b""
            while True:
                _, part = self.receive()
                at = 0
                while at < len(part):  # PDVs
                    length, context, flags = struct.unpack(">IBB", part[at:at + 6])
                    data += part[at + 6:at + 4 + length]
                    at += 4 + length
                if flags & 2:
                    break
            stored.append((context, data))
            if each is not None:
                each(len(stored))
            if limit is not None and len(stored) == limit:
                return stored, found
            body = element(0x00000002, CT.encode()) + us(0x00000100, 0x8001)
            body += us(0x00000120, fields[0x0110]) + us(0x00000800, 0x0101) + us(0x00000900, status)
            self.send(pdv(context, element(0, struct.pack("<I", len(body))) + body, command=True))


CONTEXTS = {1: (GET, [IMPLICIT]), 3: (CT, [EXPLICIT]), 5: (MR, [EXPLICIT])}


class GetTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer(options={"DicomAlwaysAllowGet": True, "DicomModalities": {
            "strict": {"AET": "STRICT", "Host": "127.0.0.1", "Port": 104, "AllowTranscoding": False}}})
        cls.server.start()
        cls.files = small_archive()
        for content in cls.files:
            assert cls.server.post("/instances", content).status == 200
        for name in ("SC_rgb_jpeg_dcmtk.dcm", "MR_small_RLE.dcm"):
            with open(os.path.join(SAMPLES, name), "rb") as file:
                assert cls.server.post("/instances", file.read()).status == 200

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def ask(self, *keys, contexts=None, sop_class=GET, calling="ASKER", **options):
        with GetPeer(self.server.dicom_port, contexts or CONTEXTS, calling=calling) as peer:
            retrieve(peer, sop_class, GET_FIELD, *keys)
            return peer.take(**options)

    # --- what arrives ---

    def test_study_arrives_over_the_same_association(self):
        study = str(read(self.files[0]).StudyInstanceUID)
        stored, found = self.ask((0x00080052, "STUDY"), (0x0020000D, study))
        self.assertEqual([status for status, _, _ in found], [0xFF00] * 4 + [0])
        self.assertEqual([counters["completed"] for _, counters, _ in found], [1, 2, 3, 4, 4])
        self.assertEqual([counters["remaining"] for _, counters, _ in found], [3, 2, 1, 0, None])
        expected = {str(read(content).SOPInstanceUID): content for content in self.files
                    if str(read(content).StudyInstanceUID) == study}
        for context, data in stored:
            self.assertEqual(context, 3)
            ds = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data), force=True)
            self.assertTrue(expected.pop(str(ds.SOPInstanceUID)).endswith(data))  # not a byte is another
        self.assertEqual(expected, {})

    def test_levels_and_lists(self):
        first, last = read(self.files[0]), read(self.files[-1])
        for keys, expected in (
                ([(0x00080052, "PATIENT"), (0x00100020, "PAT1")], 8),
                ([(0x00080052, "SERIES"), (0x0020000E, str(first.SeriesInstanceUID))], 2),
                ([(0x00080052, "IMAGE"), (0x00080018, f"{first.SOPInstanceUID}\\{last.SOPInstanceUID}")], 2),
                ([(0x00080052, "STUDY"), (0x00080050, "ACC12")], 4),
                ([(0x00080052, "STUDY"), (0x00080050, ""), (0x0020000D, str(last.StudyInstanceUID))], 1)):
            with self.subTest(keys=keys):
                stored, found = self.ask(*keys)
                self.assertEqual((found[-1][0], len(stored)), (0, expected))

    def test_bad_requests_fail_and_the_association_goes_on(self):
        study = str(read(self.files[0]).StudyInstanceUID)
        with GetPeer(self.server.dicom_port, CONTEXTS) as peer:
            for keys in ([(0x0020000D, study)],  # the level is needed here
                         [(0x00080052, "STUDY"), (0x0020000D, f"{study}\\9.9")],  # every item must match
                         [(0x00080052, "STUDY"), (0x0020000D, "9.9.9")],
                         [(0x00080052, "STUDY"), (0x0020000D, "1.2.*")],
                         [(0x00080052, "STUDY")], [(0x00080052, "NOPE"), (0x0020000D, study)], []):
                with self.subTest(keys=keys):
                    retrieve(peer, GET, GET_FIELD, *keys)
                    stored, found = peer.take()
                    self.assertEqual((stored, found[-1][0]), ([], 0xC000))
            retrieve(peer, GET, GET_FIELD, (0x00080052, "STUDY"), (0x0020000D, study))
            self.assertEqual(len(peer.take()[0]), 4)

    def test_patient_root(self):
        stored, _ = self.ask((0x00080052, "PATIENT"), (0x00100020, "PAT2"), sop_class=PATIENT_GET,
                             contexts={1: (PATIENT_GET, [IMPLICIT]), 3: (CT, [EXPLICIT])})
        self.assertEqual(len(stored), 1)

    # --- contexts and transcoding ---

    def test_uncompressed_syntaxes_are_converted(self):
        uid = str(read(self.files[0]).SOPInstanceUID)
        for syntaxes in ([IMPLICIT], ["1.2.840.10008.1.2.2"]):
            with self.subTest(syntaxes=syntaxes):
                stored, found = self.ask((0x00080052, "IMAGE"), (0x00080018, uid),
                                         contexts={1: (GET, [IMPLICIT]), 3: (CT, syntaxes)})
                self.assertEqual(found[-1][0], 0)
                big = syntaxes[0] != IMPLICIT
                ds = pydicom.filereader.read_dataset(pydicom.filebase.DicomBytesIO(stored[0][1]),
                                                     is_implicit_VR=not big, is_little_endian=not big)
                self.assertEqual(ds.SOPInstanceUID, uid)
                self.assertEqual(len(ds.PixelData), 512)

    def test_compressed_instances_are_decoded_if_the_peer_needs_it(self):
        rle = pydicom.dcmread(os.path.join(SAMPLES, "MR_small_RLE.dcm"))
        plain = pydicom.dcmread(os.path.join(SAMPLES, "MR_small.dcm"))
        keys = [(0x00080052, "IMAGE"), (0x00080018, str(rle.SOPInstanceUID))]
        stored, found = self.ask(*keys)
        self.assertEqual(found[-1][0], 0)
        ds = pydicom.filereader.read_dataset(pydicom.filebase.DicomBytesIO(stored[0][1]), is_implicit_VR=False,
                                             is_little_endian=True)
        self.assertEqual(ds.PixelData, plain.PixelData)
        # As it is, if the peer takes it.
        stored, found = self.ask(*keys, contexts={1: (GET, [IMPLICIT]), 3: (MR, [EXPLICIT]),
                                                  5: (MR, ["1.2.840.10008.1.2.5"])})
        self.assertEqual((found[-1][0], stored[0][0]), (0, 5))
        # A modality that shall get nothing transcoded.
        stored, found = self.ask(*keys, calling="STRICT")
        self.assertEqual((stored, found[-1][0]), ([], 0xA702))

    def test_an_instance_without_context_is_counted_and_named(self):
        # PAT1 has CT and MR; the peer takes CT only.
        stored, found = self.ask((0x00080052, "PATIENT"), (0x00100020, "PAT1"),
                                 contexts={1: (GET, [IMPLICIT]), 3: (CT, [EXPLICIT])})
        status, counters, data = found[-1]
        self.assertEqual((status, len(stored)), (0xB000, 4))
        self.assertEqual((counters["completed"], counters["failed"], counters["remaining"]), (4, 4, None))
        for content in self.files[4:8]:
            self.assertIn(str(read(content).SOPInstanceUID).encode(), data)

    def test_failures_and_warnings_of_the_peer(self):
        keys = [(0x00080052, "PATIENT"), (0x00100020, "PAT1")]
        for status, final, counter in ((0xA700, 0xA702, "failed"), (0xB000, 0xB000, "warning"),
                                       (0xB007, 0xB000, "warning"), (0x0122, 0xA702, "failed")):
            with self.subTest(status=hex(status)):
                stored, found = self.ask(*keys, status=status)
                self.assertEqual(len(stored), 8)
                self.assertEqual((found[-1][0], found[-1][1][counter]), (final, 8))

    # --- cancelling, and peers that misbehave ---

    def test_cancel(self):
        with GetPeer(self.server.dicom_port, CONTEXTS) as peer:
            retrieve(peer, GET, GET_FIELD, (0x00080052, "PATIENT"), (0x00100020, "PAT1"), message=9)
            stored, found = peer.take(each=lambda count: cancel(peer, 9) if count == 2 else None)
            status, counters, _ = found[-1]
            self.assertEqual((status, len(stored)), (0xFE00, 2))
            self.assertEqual((counters["completed"], counters["remaining"]), (2, 6))
            cancel(peer, 9)  # too late: no answer
            retrieve(peer, GET, GET_FIELD, (0x00080052, "PATIENT"), (0x00100020, "PAT2"))
            self.assertEqual(len(peer.take()[0]), 1)

    def test_wrong_answers_end_the_association(self):
        for field, message in ((0x8001, 4711), (0x0030, 1), (0x8020, 1)):
            with self.subTest(field=hex(field)), GetPeer(self.server.dicom_port, CONTEXTS) as peer:
                retrieve(peer, GET, GET_FIELD, (0x00080052, "PATIENT"), (0x00100020, "PAT1"))
                peer.take(limit=1)
                body = us(0x00000100, field) + us(0x00000120, message) + us(0x00000800, 0x0101) + us(0x00000900, 0)
                peer.send(pdv(3, element(0, struct.pack("<I", len(body))) + body, command=True))
                self.assertEqual(peer.receive()[0], 7)

    def test_a_peer_that_goes_away(self):
        for _ in range(3):
            with GetPeer(self.server.dicom_port, CONTEXTS) as peer:
                retrieve(peer, GET, GET_FIELD, (0x00080052, "PATIENT"), (0x00100020, "PAT1"))
                peer.take(limit=1)
        stored, found = self.ask((0x00080052, "PATIENT"), (0x00100020, "PAT1"))
        self.assertEqual((len(stored), found[-1][0]), (8, 0))

    # --- the tool ---

    def test_getscu(self):
        study = str(read(self.files[0]).StudyInstanceUID)
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["getscu", "-v", "-S", "-od", folder, "-k", "0008,0052=STUDY", "-k",
                                   f"0020,000d={study}", "127.0.0.1", str(self.server.dicom_port)],
                                  capture_output=True, timeout=60, check=False, env=dict(os.environ, TCP_NODELAY="1"))
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertEqual(len(os.listdir(folder)), 4)

    def test_large_instances_in_small_and_large_pdus(self):
        big = make_file(8, 1, 1, 1, size=1400)
        uid = str(read(big).SOPInstanceUID)
        answer = self.server.post("/instances", big).json()
        self.addCleanup(lambda: self.server.delete(f"/instances/{answer['ID']}"))
        for size in ("4096", "16384", "131072"):
            with self.subTest(size=size), tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(["getscu", "-S", "--max-pdu", size, "-od", folder, "-k", "0008,0052=IMAGE", "-k",
                                       f"0008,0018={uid}", "127.0.0.1", str(self.server.dicom_port)],
                                      capture_output=True, timeout=60, check=False,
                                      env=dict(os.environ, TCP_NODELAY="1"))
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                names = os.listdir(folder)
                self.assertEqual(len(names), 1)
                got = pydicom.dcmread(os.path.join(folder, names[0]))
                self.assertEqual(got.PixelData, pydicom.dcmread(pydicom.filebase.DicomBytesIO(big)).PixelData)


if __name__ == "__main__":
    unittest.main()
