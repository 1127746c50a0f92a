"""What the tests of the resources share: files, made and read, and a server with its questions."""

import hashlib
import io
import os
import unittest
import zipfile

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from hilum_server import HilumServer

# Not through pydicom.data: that asks the network for files that aren't installed.
FILES = os.path.join(os.path.dirname(pydicom.__file__), "data", "test_files")
UNKNOWN = "00000000-11111111-22222222-33333333-44444444"
LEVELS = ("patients", "studies", "series", "instances")
OPTIONS = {"StableAge": 1000, "UserMetadata": {"color": 2000}}


def read(name):
    with open(os.path.join(FILES, name), "rb") as file:
        return file.read()


def public_id(*values):
    digest = hashlib.sha1("|".join(values).encode("utf-8")).hexdigest()
    return "-".join(digest[i:i + 8] for i in range(0, 40, 8))


def make_dicom(patient="PAT", study="1.2.3", series="1.2.3.4", instance=None, **tags):
    """A small DICOM file. Tags by keyword."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = instance or generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.is_little_endian = True
    dataset.is_implicit_VR = False
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.PatientID = patient
    dataset.PatientName = "Test^Case"
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = series
    dataset.Modality = "CT"
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    memory = io.BytesIO()
    pydicom.dcmwrite(memory, dataset, write_like_original=False)
    return memory.getvalue()


def archive(entries):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return memory.getvalue()


class ServerTest(unittest.TestCase):
    """One server for the tests of a class."""

    options = OPTIONS

    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer(cls.options)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), "the server has ended:\n" + self.server.log()[-4000:])

    def store(self, body, expected="Success"):
        stored = self.server.upload(body)
        self.assertEqual(stored["Status"], expected)
        return {"patients": stored["ParentPatient"], "studies": stored["ParentStudy"],
                "series": stored["ParentSeries"], "instances": stored["ID"]}

    def expect(self, status, method, path, body=None, headers=None, orthanc=None):
        """Sends a request; `orthanc` is the OrthancStatus of an error body, "bare" an empty one."""
        answer = self.server.request(method, path, body, headers)
        self.assertEqual(answer.status, status, f"{method} {path[:200]}: {answer.body[:500]!r}")
        if orthanc == "bare":
            self.assertEqual(answer.body, b"")
        elif orthanc is not None:
            error = answer.json()
            self.assertEqual(error["OrthancStatus"], orthanc, error)
            self.assertEqual(error["HttpStatus"], status)
        return answer

    def get(self, path):
        return self.server.get_json(path)
