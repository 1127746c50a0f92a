"""Modality worklists: findscu asks, wlmscpfs is the comparison; entries of the folder and over REST."""

import os
import re
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence

from dicom_peer import IMPLICIT, Peer, command, element, pdv
from hilum_server import HilumServer
from remote_peers import Process, make_file
from retrieve_peer import text

WORKLIST = "1.2.840.10008.5.1.4.31"


def entry(number, **tags):
    """A worklist file as dump2dcm makes them."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"
    meta.MediaStorageSOPInstanceUID = f"1.2.276.0.7230010.3.1.4.{number}"
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.ImplementationClassUID = "1.2.276.0.7230010.3.0.3.6.7"
    ds = FileDataset(None, Dataset(), file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=False, is_little_endian=True)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.AccessionNumber = f"A{number}"
    ds.PatientName, ds.PatientID = f"M\u00fcller^Patient {number}", f"W{number}"
    ds.PatientBirthDate, ds.PatientSex = "19700102", "F"
    ds.StudyInstanceUID = f"1.2.826.0.1.3680043.10.1511.7.{number}"
    ds.RequestedProcedureID = f"RP{number}"
    step = Dataset()
    step.Modality = "MR" if number % 2 else "CT"
    step.ScheduledStationAETitle = ["AA32", "AA33"] if number == 1 else f"AET{number}"
    step.ScheduledProcedureStepStartDate = f"199510{number:02}"
    step.ScheduledProcedureStepStartTime = "085607"
    step.ScheduledPerformingPhysicianName = "Schulz"
    ds.ScheduledProcedureStepSequence = Sequence([step])
    for name, value in tags.items():
        setattr(ds, name, value)
    return ds


def find(port, *keys, calling="FINDSCU", called="HILUM", extra=()):
    """The answers to findscu, in order."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [argument for key in keys for argument in ("-k", key)]
        done = subprocess.run(["findscu", "-W", "-X", "-od", folder, "-aet", calling, "-aec", called, *extra, *arguments,
                               "127.0.0.1", str(port)], capture_output=True, timeout=60, check=False,
                              env=dict(os.environ, TCP_NODELAY="1"))
        return done, [pydicom.dcmread(os.path.join(folder, name), force=True) for name in sorted(os.listdir(folder))]


def ids(found):
    return sorted(str(ds.PatientID) for ds in found[1])


class FolderTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hilum-wl-")
        for number in range(1, 6):
            name = f"entry{number}.{'WL' if number == 2 else 'wl'}"
            entry(number).save_as(os.path.join(cls.folder, name), write_like_original=False)
        entry(9).save_as(os.path.join(cls.folder, "other.dcm"), write_like_original=False)
        os.mkdir(os.path.join(cls.folder, "below.wl"))
        with open(os.path.join(cls.folder, "broken.wl"), "wb") as file:
            file.write(b"no DICOM file")
        cls.server = HilumServer(options={"DicomAlwaysAllowFindWorklist": True,
                                          "Worklists": {"Enable": True, "Database": cls.folder}})
        cls.server.start()
        cls.port = cls.server.dicom_port

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        shutil.rmtree(cls.folder)

    def expect(self, keys, expected, **options):
        with self.subTest(keys=keys):
            found = find(self.port, "PatientID", *keys, **options)
            self.assertEqual(found[0].returncode, 0, found[0].stderr)
            self.assertEqual(ids(found), [f"W{number}" for number in expected])

    def test_matching(self):
        step = "ScheduledProcedureStepSequence[0]."
        self.expect([], [1, 2, 3, 4, 5])
        self.expect(["PatientID=W3"], [3])
        self.expect(["PatientID=w3"], [])
        self.expect(["PatientID=W1\\W4"], [1, 4])
        self.expect(["PatientName=M*"], [1, 2, 3, 4, 5])
        self.expect(["PatientName=m*patient 2"], [2])  # person names ignore case
        self.expect(["AccessionNumber=A?"], [1, 2, 3, 4, 5])
        self.expect([step + "Modality=MR"], [1, 3, 5])
        self.expect([step + "Modality=mr"], [])
        self.expect([step + "Modality=MR", "PatientID=W2"], [])
        self.expect([step + "ScheduledProcedureStepStartDate=19951002-19951004"], [2, 3, 4])
        self.expect([step + "ScheduledProcedureStepStartDate=-19951002"], [1, 2])
        self.expect([step + "ScheduledProcedureStepStartDate=19951004-"], [4, 5])
        self.expect([step + "ScheduledStationAETitle=AA33"], [1])  # one of several
        self.expect([step + "ScheduledStationAETitle=AET*"], [2, 3, 4, 5])
        self.expect(["StudyID=1"], [])
        self.expect(["ReferencedStudySequence[0]"], [1, 2, 3, 4, 5])

    def test_answers_have_what_was_asked_for(self):
        _, found = find(self.port, "PatientID=W2", "PatientName", "StudyID", "ScheduledProcedureStepSequence[0].Modality")
        self.assertEqual([elem.keyword for elem in found[0] if elem.tag.group > 2],
                         ["SpecificCharacterSet", "PatientName", "PatientID", "ScheduledProcedureStepSequence"])
        self.assertEqual(str(found[0].PatientName), "M\u00fcller^Patient 2")
        self.assertEqual([elem.keyword for elem in found[0].ScheduledProcedureStepSequence[0]], ["Modality"])
        _, found = find(self.port, "PatientID=W2", "ScheduledProcedureStepSequence")
        self.assertEqual(found[0].ScheduledProcedureStepSequence[0].ScheduledPerformingPhysicianName, "Schulz")

    def test_encoding_follows_the_server(self):
        self.assertEqual(self.server.put("/tools/default-encoding", "Utf8").status, 200)
        try:
            _, found = find(self.port, "PatientID=W2", "PatientName")
            self.assertEqual(found[0].SpecificCharacterSet, "ISO_IR 192")
            self.assertEqual(str(found[0].PatientName), "M\u00fcller^Patient 2")
        finally:
            self.server.put("/tools/default-encoding", "Latin1")

    def test_files_that_come_change_and_go(self):
        path = os.path.join(self.folder, "late.wl")
        entry(8).save_as(path, write_like_original=False)
        self.expect(["PatientID=W8"], [8])
        ds = entry(7)
        ds.save_as(path + ".new", write_like_original=False)
        os.rename(path + ".new", path)
        self.expect(["PatientID=W8"], [])
        self.expect(["PatientID=W7"], [7])
        os.remove(path)
        self.expect(["PatientID=W7"], [])

    def test_same_answers_as_wlmscpfs(self):
        with Worklist(self.folder) as other:
            step = "ScheduledProcedureStepSequence[0]."
            for keys in (["PatientID=W3"], ["PatientName=M*"], [step + "Modality=MR"],
                         [step + "ScheduledProcedureStepStartDate=19951002-19951004"],
                         [step + "Modality=CT", step + "ScheduledProcedureStepStartDate=19951003-"]):
                with self.subTest(keys=keys):
                    expected = find(other.port, "PatientID", *keys, called="ANY-SCP")
                    self.assertEqual(expected[0].returncode, 0, expected[0].stderr)
                    self.assertEqual(ids(find(self.port, "PatientID", *keys)), ids(expected))

    def test_hostile_queries(self):
        def status(*keys):
            with Peer(self.port, {1: (WORKLIST, [IMPLICIT]), 3: ("1.2.840.10008.1.1", [IMPLICIT])}) as peer:
                peer.send(pdv(1, command(0x20, True, sop_class=WORKLIST), command=True))
                peer.send(pdv(1, b"".join(keys)))
                found = peer.response()
                while found == 0xFF00:
                    peer.receive()  # the answer
                    found = peer.response()
                self.assertEqual(peer.echo(), 0)  # the association goes on
                return found

        item = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
        self.assertEqual(status(), 0)
        self.assertEqual(status(element(0x00400100, item + item)), 0xC000)  # two items
        self.assertEqual(status(text(0x0020000D, "1.2.*")), 0xC000)  # a wildcard in a UID
        self.assertEqual(status(b"\xff" * 40), 0xC000)
        nested = b""
        for _ in range(2000):
            nested = element(0x00400100, struct.pack("<HHI", 0xFFFE, 0xE000, len(nested)) + nested)
        self.assertEqual(status(nested), 0xC000)
        self.assertEqual(status(text(0x00100020, "W" * 60000)), 0)
        self.assertEqual(status(text(0x00100010, "*a" * 5000)), 0)


class Worklist(Process):
    """wlmscpfs over the same files."""

    def __init__(self, files):
        super().__init__()
        below = os.path.join(self.folder, "ANY-SCP")  # the title that is called
        os.mkdir(below)
        open(os.path.join(below, "lockfile"), "wb").close()
        for number, name in enumerate(sorted(os.listdir(files))):
            if re.fullmatch(r"entry\d+\.wl", name, re.IGNORECASE):
                shutil.copyfile(os.path.join(files, name), os.path.join(below, f"e{number}.wl"))

    def arguments(self):
        return ["wlmscpfs", "-v", "-dfp", self.folder, "-dfr", str(self.port)]


class AccessTest(unittest.TestCase):
    def test_without_provider_the_context_is_refused(self):
        with HilumServer(options={"DicomAlwaysAllowFindWorklist": True}) as server:
            with Peer(server.dicom_port, {1: (WORKLIST, [IMPLICIT])}) as peer:
                self.assertEqual(peer.accepted()[1][0], 3)
            self.assertEqual(server.get("/worklists").status, 404)

    def test_options(self):
        with tempfile.TemporaryDirectory() as folder:
            for number in range(1, 6):
                entry(number).save_as(os.path.join(folder, f"{number}.wl"), write_like_original=False)
            with HilumServer(options={
                    "Worklists": {"Enable": True, "Database": folder, "FilterIssuerAet": True, "LimitAnswers": 2},
                    "DicomModalities": {"a": ["AA33", "127.0.0.1", 104], "b": ["AET3", "127.0.0.1", 104],
                                        "c": {"AET": "NOT", "Host": "127.0.0.1", "Port": 104,
                                              "AllowFindWorklist": False}}}) as server:
                def ask(*keys, calling="AA33"):
                    return find(server.dicom_port, "PatientID", *keys, calling=calling)

                station = "ScheduledProcedureStepSequence[0].ScheduledStationAETitle="
                self.assertEqual(ids(ask()), ["W1"])
                self.assertEqual(ids(ask(calling="AET3")), ["W3"])
                self.assertEqual(ids(ask(station + "*")), ["W1"])
                self.assertEqual(ids(ask(station + "AET2")), ["W2"])
                done, found = ask(station + "A?T*")  # the limit: two of four, and the last status says so
                self.assertEqual(len(found), 2)
                done = find(server.dicom_port, "PatientID", station + "A?T*", calling="AA33", extra=["-v"])[0]
                self.assertRegex((done.stdout + done.stderr).decode(), "(?i)cancel")
                for calling in ("NOT", "STRANGER"):
                    done, found = ask(calling=calling)
                    self.assertEqual(found, [])
                    self.assertRegex((done.stdout + done.stderr).decode(), "(?i)abort")


class RestTest(unittest.TestCase):
    tags = {"PatientID": "R1", "PatientName": "\u0413\u0443\u0441\u0435\u0432\u0430^\u0415", "AccessionNumber": "RA1",
            "ScheduledProcedureStepSequence": [{"Modality": "US", "ScheduledStationAETitle": "SONO",
                                                "ScheduledProcedureStepStartDate": "20240102"}]}

    def check_life(self, server):
        answer = server.post("/worklists/create", {"Tags": self.tags})
        self.assertEqual(answer.status, 200, answer.body)
        made = answer.json()
        self.assertEqual(made["Path"], "/worklists/" + made["ID"])
        _, found = find(server.dicom_port, "PatientID=R1", "PatientName", "StudyInstanceUID",
                        "ScheduledProcedureStepSequence[0].Modality=US")
        self.assertEqual(len(found), 1)
        self.assertRegex(str(found[0].StudyInstanceUID), r"^2\.25\.\d+$")  # given
        simple = server.get_json(f"{made['Path']}?format=Simplify")
        self.assertEqual(simple["PatientName"], self.tags["PatientName"])
        self.assertEqual(simple["ScheduledProcedureStepSequence"][0]["Modality"], "US")
        self.assertEqual(server.get_json(f"{made['Path']}?format=Short")["0010,0020"], "R1")
        self.assertEqual(server.get_json(made["Path"])["0010,0020"],
                         {"Name": "PatientID", "Type": "String", "Value": "R1"})
        listed = server.get_json("/worklists/?format=Simplify")
        self.assertEqual([(one["ID"], one["Tags"]["PatientID"]) for one in listed], [(made["ID"], "R1")])
        self.assertEqual(server.put(made["Path"], {"Tags": dict(self.tags, PatientID="R2")}).status, 200)
        self.assertEqual(ids(find(server.dicom_port, "PatientID")), ["R2"])
        server.restart()
        self.assertEqual(ids(find(server.dicom_port, "PatientID")), ["R2"])
        self.assertEqual(server.delete(made["Path"]).status, 200)
        self.assertEqual(server.delete(made["Path"]).status, 404)
        self.assertEqual(server.get_json("/worklists"), [])
        self.assertEqual(ids(find(server.dicom_port, "PatientID")), [])

    def test_in_the_folder(self):
        with tempfile.TemporaryDirectory() as folder, HilumServer(options={
                "DicomAlwaysAllowFindWorklist": True,
                "Worklists": {"Enable": True, "Directory": folder}}) as server:
            self.check_life(server)
            made = server.post("/worklists/create", {"Tags": self.tags}).json()
            self.assertEqual(os.listdir(folder), [made["ID"] + ".wl"])
            entry(3).save_as(os.path.join(folder, "foreign.wl"), write_like_original=False)
            self.assertEqual(server.get_json("/worklists/foreign?format=Simplify")["PatientID"], "W3")

    def test_in_the_database(self):
        with HilumServer(options={"DicomAlwaysAllowFindWorklist": True,
                                  "Worklists": {"Enable": True, "SaveInOrthancDatabase": True}}) as server:
            self.check_life(server)

    def test_a_stable_study_ends_its_entries(self):
        with HilumServer(options={"StableAge": 1, "DicomAlwaysAllowFindWorklist": True,
                                  "Worklists": {"Enable": True, "SaveInOrthancDatabase": True}}) as server:
            file = make_file(1, 1, 1, 1)
            study = str(pydicom.dcmread(pydicom.filebase.DicomBytesIO(file)).StudyInstanceUID)
            server.post("/worklists/create", {"Tags": dict(self.tags, StudyInstanceUID=study)})
            other = server.post("/worklists/create", {"Tags": self.tags}).json()["ID"]
            server.post("/instances", file)
            self.assertTrue(wait(lambda: [one["ID"] for one in server.get_json("/worklists")] == [other]))

    def test_bad_requests(self):
        with tempfile.TemporaryDirectory() as folder, HilumServer(options={
                "Worklists": {"Enable": True, "Directory": folder}}) as server:
            deep = {"PatientID": "1"}
            for _ in range(150):
                deep = {"ScheduledProcedureStepSequence": [deep]}
            for body in (b"", b"{", b"[]", {}, {"Tags": []}, {"Tags": {"NoSuchTag": "1"}}, {"Tags": {"PatientID": {}}},
                         {"Tags": {"StudyDate": [1]}}, {"Tags": {"ScheduledProcedureStepSequence": "x"}},
                         {"Tags": deep}):
                with self.subTest(body=str(body)[:80]):
                    answer = server.post("/worklists/create", body)
                    self.assertEqual(answer.status // 100, 4, answer.body)
            self.assertEqual(server.post("/worklists/create", {"Tags": {"PatientID": "x" * (2 << 20)}}).status, 413)
            for path in ("/worklists/none", "/worklists/..%2f..%2fetc%2fpasswd", "/worklists/%00"):
                self.assertEqual(server.get(path).status // 100, 4)
                self.assertEqual(server.delete(path).status // 100, 4)
                self.assertEqual(server.put(path, {"Tags": {}}).status // 100, 4)
            self.assertEqual(server.get("/worklists?format=Nope").status, 400)
            self.assertEqual(os.listdir(folder), [])

    def test_a_missing_folder_is_told(self):
        server = HilumServer(options={"Worklists": {"Enable": True, "Database": "/does/not/exist"}})
        self.addCleanup(server.close)
        server.launch()
        self.assertEqual(server.wait_for_end(), 255)
        self.assertIn("/does/not/exist", server.log())


def wait(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


if __name__ == "__main__":
    unittest.main()
