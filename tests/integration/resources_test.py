#!/usr/bin/python3
"""The routes of /patients, /studies, /series and /instances on the real server, with good and bad input."""

import concurrent.futures
import glob
import gzip
import hashlib
import http.client
import io
import os
import unittest
import xml.etree.ElementTree
import zipfile

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from hilum_server import HilumServer

# Not through pydicom.data: that asks the network for files that aren't installed.
FILES = os.path.join(os.path.dirname(pydicom.__file__), "data", "test_files")
UNKNOWN = "00000000-11111111-22222222-33333333-44444444"
LEVELS = ("patients", "studies", "series", "instances")
TYPES = dict(zip(LEVELS, ("Patient", "Study", "Series", "Instance")))
OPTIONS = {"StableAge": 1000, "UserMetadata": {"color": 2000}}

KEYS = {
    "patients": {"ID", "IsProtected", "IsStable", "Labels", "LastUpdate", "MainDicomTags", "Studies", "Type"},
    "studies": {"ID", "IsStable", "Labels", "LastUpdate", "MainDicomTags", "ParentPatient", "PatientMainDicomTags",
                "Series", "Type"},
    "series": {"ExpectedNumberOfInstances", "ID", "Instances", "IsStable", "Labels", "LastUpdate", "MainDicomTags",
               "ParentStudy", "Status", "Type"},
    "instances": {"FileSize", "FileUuid", "ID", "IndexInSeries", "Labels", "MainDicomTags", "ParentSeries", "Type"},
}


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


class Descriptions(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ct = read("CT_small.dcm")
        stored = cls.server.upload(cls.ct)
        cls.ids = {"patients": stored["ParentPatient"], "studies": stored["ParentStudy"],
                   "series": stored["ParentSeries"], "instances": stored["ID"]}

    def test_ids_are_hashes(self):
        dataset = pydicom.dcmread(io.BytesIO(self.ct))
        values = [dataset.PatientID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID]
        for position, level in enumerate(LEVELS):
            self.assertEqual(self.ids[level], public_id(*values[:position + 1]))

    def test_key_sets(self):
        for level in LEVELS:
            item = self.get(f"/{level}/{self.ids[level]}")
            self.assertEqual(set(item), KEYS[level])
            self.assertEqual(item["Type"], TYPES[level])
            self.assertEqual(item["Labels"], [])
            self.assertIn(item, self.get(f"/{level}?expand"))
            self.assertEqual(list(item), sorted(item))

    def test_instance_facts(self):
        item = self.get(f"/instances/{self.ids['instances']}")
        self.assertEqual(item["FileSize"], len(self.ct))
        self.assertEqual(item["IndexInSeries"], 1)
        self.assertRegex(item["FileUuid"], r"^[0-9a-f]{8}-")
        self.assertEqual(item["ParentSeries"], self.ids["series"])

    def test_forms(self):
        base = f"/studies/{self.ids['studies']}"
        self.assertEqual(self.get(base)["MainDicomTags"]["StudyDate"], "20040119")
        self.assertEqual(self.get(base + "?simplify=true")["MainDicomTags"]["StudyDate"], "20040119")
        self.assertEqual(self.get(base + "?short=true")["MainDicomTags"]["0008,0020"], "20040119")
        self.assertEqual(self.get(base + "?full")["PatientMainDicomTags"]["0010,0020"],
                         {"Name": "PatientID", "Type": "String", "Value": "1CT1"})
        self.assertEqual(self.get(base + "?short=false&simplify=0"), self.get(base))

    def test_requested_tags(self):
        study = self.get(f"/studies/{self.ids['studies']}?requestedTags="
                         "ModalitiesInStudy;NumberOfStudyRelatedSeries;NumberOfStudyRelatedInstances;SOPClassesInStudy;"
                         "PatientName;StudyDate;Rows;ReferencedStudySequence;TimezoneOffsetFromUTC")["RequestedTags"]
        self.assertEqual(study, {"ModalitiesInStudy": "CT", "NumberOfStudyRelatedSeries": "1",
                                 "NumberOfStudyRelatedInstances": "1", "SOPClassesInStudy": "1.2.840.10008.5.1.4.1.1.2",
                                 "PatientName": "CompressedSamples^CT1", "StudyDate": "20040119", "Rows": "128"})
        patient = self.get(f"/patients/{self.ids['patients']}?requested-tags=NumberOfPatientRelatedStudies;0020,1202;"
                           "NumberOfPatientRelatedInstances")["RequestedTags"]
        self.assertEqual(set(patient.values()), {"1"})
        self.assertEqual(len(patient), 3)
        series = self.get(f"/series/{self.ids['series']}?requested-tags=NumberOfSeriesRelatedInstances;PatientID")
        self.assertEqual(series["RequestedTags"], {"NumberOfSeriesRelatedInstances": "1", "PatientID": "1CT1"})
        instance = self.get(f"/instances/{self.ids['instances']}?requested-tags=InstanceAvailability")
        self.assertEqual(instance["RequestedTags"], {"InstanceAvailability": "ONLINE"})
        self.assertEqual(self.get(f"/studies/{self.ids['studies']}?requested-tags=")["RequestedTags"], {})
        self.expect(400, "GET", f"/studies/{self.ids['studies']}?requested-tags=Nonsense", orthanc=8)
        self.expect(400, "GET", "/studies?expand&requested-tags=PatientID;no", orthanc=8)

    def test_requested_sequence(self):
        ids = self.store(make_dicom(patient="SEQ", study="1.2.7", series="1.2.7.1",
                                    ProcedureCodeSequence=Sequence([pydicom.Dataset()])))
        found = self.get(f"/studies/{ids['studies']}?requested-tags=ProcedureCodeSequence")["RequestedTags"]
        self.assertEqual(found, {"ProcedureCodeSequence": [{}]})

    def test_response_content(self):
        def keys(level, content):
            return set(self.get(f"/{level}?response-content={content}")[0])

        self.assertEqual(keys("studies", ""), {"ID", "Type"})
        self.assertEqual(keys("studies", "MainDicomTags;Parent;Children"),
                         {"ID", "Type", "MainDicomTags", "PatientMainDicomTags", "ParentPatient", "Series"})
        self.assertEqual(keys("series", "Status"), {"ID", "Type", "Status", "ExpectedNumberOfInstances"})
        self.assertEqual(keys("patients", "Labels;IsStable;IsProtected;RequestedTags"),
                         {"ID", "Type", "Labels", "IsStable", "IsProtected"})
        instance = self.get(f"/instances/{self.ids['instances']}?response-content=Metadata;Attachments")
        self.assertEqual(set(instance), {"ID", "Type", "Metadata", "Attachments"})
        self.assertEqual(instance["Metadata"]["TransferSyntax"], "1.2.840.10008.1.2.1")
        self.assertEqual(instance["Attachments"][0]["UncompressedSize"], len(self.ct))
        self.expect(400, "GET", "/studies?response-content=Everything", orthanc=3)

    def test_navigation(self):
        ids = self.ids
        for level, below in (("patients", ("studies", "series", "instances")), ("studies", ("series", "instances")),
                             ("series", ("instances",))):
            for child in below:
                path = f"/{level}/{ids[level]}/{child}"
                self.assertIn(self.get(f"/{child}/{ids[child]}"), self.get(path))
                self.assertEqual(self.get(path + "?expand=false"), [ids[child]])
                self.expect(404, "GET", f"/{level}/{UNKNOWN}/{child}", orthanc=17)
                self.expect(400, "GET", f"/{level}/{ids['instances']}/{child}", orthanc=5)
        for level, above in (("instances", ("patient", "study", "series")), ("series", ("patient", "study")),
                             ("studies", ("patient",))):
            for parent in above:
                plural = {"patient": "patients", "study": "studies", "series": "series"}[parent]
                self.assertEqual(self.get(f"/{level}/{ids[level]}/{parent}"), self.get(f"/{plural}/{ids[plural]}"))
                self.expect(404, "GET", f"/{level}/{UNKNOWN}/{parent}", orthanc=17)
                self.expect(404, "GET", f"/{level}/{ids['patients']}/{parent}", orthanc="bare")

    def test_unknown_and_wrong_level(self):
        for level in LEVELS:
            for identifier in [self.ids[other] for other in LEVELS if other != level] + [UNKNOWN, "x", "%2e%2e%00"]:
                self.expect(404, "GET", f"/{level}/{identifier}", orthanc="bare")
            for route in ("metadata", "statistics", "labels", "module"):
                self.expect(404, "GET", f"/{level}/{UNKNOWN}/{route}", orthanc=17)

    def test_lists(self):
        everything = self.get("/instances")
        self.assertIn(self.ids["instances"], everything)
        self.assertEqual(self.get("/instances?since=0&limit=1"), everything[:1])
        self.assertEqual(self.get("/instances?since=1&limit=1000"), everything[1:])
        self.assertEqual(self.get("/instances?since=0&limit=0"), [])
        self.assertEqual(self.get("/instances?since=999&limit=5"), [])
        self.assertEqual(self.get("/instances?since=0&limit=-1"), everything)
        self.assertEqual(self.get("/instances?expand=false"), everything)
        for query in ("since=0", "limit=1"):
            error = self.expect(400, "GET", f"/patients?{query}", orthanc=8).json()
            self.assertIn("argument for GET request against: /patients/", error["Details"])
        for value in ("", "a", "1.5", "0x1", "18446744073709551616", "9" * 5000, "%00", "--1"):
            self.expect(400, "GET", f"/studies?since=0&limit={value}", orthanc=5)
            self.expect(400, "GET", f"/studies?since={value}&limit=0", orthanc=5)
        for value in ("yes", "2", "TRUE"):
            self.expect(400, "GET", f"/studies?expand={value}", orthanc=3)

    def test_statistics(self):
        size = str(len(self.ct))
        sizes = {"DicomDiskSize", "DicomUncompressedSize", "DiskSize", "UncompressedSize"}
        for level, counts in zip(LEVELS, (3, 2, 1, 0)):
            found = self.get(f"/{level}/{self.ids[level]}/statistics")
            self.assertEqual(len(found), counts + 8)
            self.assertEqual({found[key] for key in sizes}, {size})
            self.assertEqual({found[key + "MB"] for key in sizes}, {0})
        self.assertEqual(self.get(f"/patients/{self.ids['patients']}/statistics")["CountStudies"], 1)

    def test_xml(self):
        answer = self.server.get(f"/series/{self.ids['series']}", {"Accept": "application/xml"})
        self.assertTrue(answer.headers["content-type"].startswith("application/xml"))
        self.assertEqual(xml.etree.ElementTree.fromstring(answer.body).find("Type").text, "Series")


class SeriesStatus(ServerTest):
    def status(self, name, expected, numbers):
        for number in numbers:
            ids = self.store(make_dicom(patient=name, study=f"1.5.{len(name)}", series=f"1.5.{name}.1",
                                        CardiacNumberOfImages=expected, InstanceNumber=number))
        series = self.get(f"/series/{ids['series']}")
        return series["ExpectedNumberOfInstances"], series["Status"]

    def test_status(self):
        self.assertEqual(self.status("1", 3, [1, 2]), (3, "Missing"))
        self.assertEqual(self.status("2", 3, [1, 2, 3]), (3, "Complete"))
        self.assertEqual(self.status("3", 3, [1, 1]), (3, "Inconsistent"))
        self.assertEqual(self.status("4", 3, [4]), (3, "Inconsistent"))
        self.assertEqual(self.status("5", None, [1]), (None, "Unknown"))
        self.assertEqual(self.status("6", 2, [None, 1]), (2, "Unknown"))

    def test_index_in_series(self):
        for number, expected in ((7, 7), (0, 0), (None, None)):
            ids = self.store(make_dicom(patient="I", study="1.6", series="1.6.1", InstanceNumber=number))
            self.assertEqual(self.get(f"/instances/{ids['instances']}")["IndexInSeries"], expected)


class Tags(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = {os.path.basename(path): path for path in
                     sorted(glob.glob(os.path.join(FILES, "**", "*.dcm"), recursive=True))}
        cls.stored = {}
        for name, path in cls.files.items():
            with open(path, "rb") as file:
                body = file.read()
            answer = cls.server.post("/instances", body)
            if answer.status == 200 and answer.json()["Status"] == "Success":
                cls.stored[name] = (answer.json(), body)

    def test_files_come_back_byte_for_byte_after_restarts(self):
        self.assertGreater(len(self.stored), 50)
        for _ in range(2):
            for name, (ids, body) in self.stored.items():
                answer = self.server.get(ids["Path"] + "/file")
                self.assertEqual(answer.body, body, name)
                self.assertEqual(answer.headers["content-type"], "application/dicom")
                self.assertEqual(self.get(ids["Path"])["FileSize"], len(body))
            self.assertEqual(self.server.stop(), 0)
            self.server.start()
        self.server.kill()
        self.server.start()
        for name, (ids, body) in self.stored.items():
            self.assertEqual(self.server.get(ids["Path"] + "/file").body, body, name)

    def test_every_file_has_tags(self):
        for name, (ids, _) in self.stored.items():
            full = self.get(ids["Path"] + "/tags")
            short = self.get(ids["Path"] + "/tags?short")
            self.assertEqual({tag: element["Type"] == "Sequence" or element["Value"] for tag, element in full.items()},
                             {tag: isinstance(value, list) or value for tag, value in short.items()}, name)
            simple = self.get(ids["Path"] + "/tags?simplify")
            self.assertEqual(simple, self.get(ids["Path"] + "/simplified-tags"))
            self.assertEqual(simple["SOPInstanceUID"], short["0008,0018"])
            self.get(ids["Path"] + "/header")
            self.assertIn("0008-0018", self.get(ids["Path"] + "/content"))
            self.assertIn("0008,0018", self.get(ids["Path"] + "/module"))
            for form in ("application/dicom+json", "application/dicom+xml"):
                answer = self.server.get(ids["Path"] + "/file", {"Accept": form})
                self.assertEqual((answer.status, answer.headers["content-type"]), (200, form), name)

    def ct(self):
        return self.stored["CT_small.dcm"]

    def test_tags(self):
        path = self.ct()[0]["Path"]
        full = self.get(path + "/tags")
        self.assertEqual(full["0028,0010"], {"Name": "Rows", "Type": "String", "Value": "128"})
        self.assertEqual(full["7fe0,0010"], {"Name": "PixelData", "Type": "Null", "Value": None})
        self.assertNotIn("fffc,fffc", full)  # lies behind the pixel data
        self.assertIn("fffc,fffc", self.get(path + "/tags?whole=true"))
        self.assertNotIn("0002,0010", full)
        header = self.get(path + "/header")
        self.assertEqual(header["0002,0010"]["Value"], "1.2.840.10008.1.2.1")
        self.assertEqual(self.get(path + "/header?simplify")["TransferSyntaxUID"], "1.2.840.10008.1.2.1")
        for route in ("tags", "simplified-tags", "header", "module", "content", "file"):
            self.expect(404, "GET", f"/instances/{UNKNOWN}/{route}", orthanc=17)

    def test_ignore_length(self):
        ids = self.store(make_dicom(patient="LONG", study="1.9", series="1.9.1", PatientComments="x" * 300))
        base = f"/instances/{ids['instances']}/tags"
        self.assertEqual(self.get(base)["0010,4000"]["Type"], "TooLong")
        for name in ("PatientComments", "0010-4000", "00104000,PatientID"):
            self.assertEqual(self.get(f"{base}?simplify&ignore-length={name}")["PatientComments"], "x" * 300)
        for name in ("nope", "0010,4000", ",", "%00", "y" * 7000):
            self.expect(500, "GET", f"{base}?ignore-length={name}", orthanc=27)

    def test_shared_and_instances_tags(self):
        for number in (1, 2, 3):
            ids = self.store(make_dicom(patient="SHARED", study="1.8", series="1.8.1", InstanceNumber=number,
                                        StudyDescription="same", SeriesDescription=None if number == 2 else "other"))
        shared = self.get(f"/series/{ids['series']}/shared-tags?simplify")
        self.assertEqual(shared["StudyDescription"], "same")
        self.assertNotIn("InstanceNumber", shared)
        self.assertNotIn("SeriesDescription", shared)
        for level in ("patients", "studies", "series"):
            answers = self.get(f"/{level}/{ids[level]}/instances-tags?short")
            self.assertEqual(len(answers), 3)
            self.assertEqual(list(answers), sorted(answers))
            self.assertEqual({tags["0020,0013"] for tags in answers.values()}, {"1", "2", "3"})
            self.expect(404, "GET", f"/{level}/{UNKNOWN}/instances-tags", orthanc=17)
            self.expect(404, "GET", f"/{level}/{UNKNOWN}/shared-tags", orthanc=17)

    def test_modules(self):
        ids = self.ct()[0]
        self.assertIn("PatientName", self.get(f"/patients/{ids['ParentPatient']}/module?simplify"))
        self.assertIn("PatientName", self.get(f"/studies/{ids['ParentStudy']}/module-patient?simplify"))
        study = self.get(f"/studies/{ids['ParentStudy']}/module?simplify")
        self.assertIn("StudyDate", study)
        self.assertNotIn("PatientName", study)
        self.assertIn("Modality", self.get(f"/series/{ids['ParentSeries']}/module?simplify"))
        self.expect(404, "GET", f"/studies/{UNKNOWN}/module-patient", orthanc=17)

    def test_content(self):
        ids, body = self.ct()
        base = ids["Path"] + "/content"
        dataset = pydicom.dcmread(io.BytesIO(body))
        self.assertIn("7fe0-0010", self.get(base))
        for tag in ("0010-0020", "00100020", "0010,0020", "PatientID"):
            answer = self.server.get(f"{base}/{tag}")
            self.assertEqual((answer.body, answer.headers["content-type"]), (b"1CT1", "application/octet-stream"))
        self.assertEqual(self.get(base + "/7fe0-0010"), ["0"])
        self.assertEqual(self.server.get(base + "/7fe0-0010/0").body, dataset.PixelData)
        for path in ("0002-0010", "9999-9999", "PatientID/0", "7fe0-0010/1", "7fe0-0010/-1", "7fe0-0010/x",
                     "7fe0-0010/0/0", "/".join(["0008-1140", "0"] * 2000)):
            self.expect(404, "GET", f"{base}/{path}", orthanc="bare")
        self.expect(500, "GET", f"{base}/nope", orthanc=27)

    def test_content_of_fragments(self):
        ids, body = self.stored["JPEG2000.dcm"]
        fragments = self.get(ids["Path"] + "/content/7fe0-0010")
        self.assertGreaterEqual(len(fragments), 2)
        parts = list(pydicom.encaps.generate_pixel_data_fragment(
            pydicom.filebase.DicomBytesIO(pydicom.dcmread(io.BytesIO(body)).PixelData[8:])))
        self.assertEqual(self.server.get(ids["Path"] + "/content/7fe0-0010/1").body, parts[0])

    def test_content_of_a_large_file(self):
        """Over the size that is read into memory: frames of native pixel data, and an element behind them."""
        frames, size = 40, 1 << 20
        pixels = b"".join(bytes([number]) * size for number in range(frames))
        ids = self.store(make_dicom(patient="LARGE", study="1.10", series="1.10.1", Rows=1024, Columns=1024,
                                    SamplesPerPixel=1, BitsAllocated=8, BitsStored=8, HighBit=7, NumberOfFrames=frames,
                                    PixelRepresentation=0, PhotometricInterpretation="MONOCHROME2", PixelData=pixels,
                                    DataSetTrailingPadding=b"end!"))
        base = f"/instances/{ids['instances']}"
        self.assertEqual(len(self.get(base + "/content/7fe0-0010")), frames)
        self.assertEqual(self.server.get(base + "/content/7fe0-0010/39").body, bytes([39]) * size)
        self.assertEqual(self.server.get(base + "/content/fffc-fffc").body, b"end!")
        self.assertIn("fffc,fffc", self.get(base + "/tags?whole"))
        self.assertEqual(self.server.get(base + "/file", {"Range": "bytes=-4"}).body, b"end!")

    def test_file_name(self):
        path = self.ct()[0]["Path"] + "/file"
        uuid = self.get(self.ct()[0]["Path"])["FileUuid"]
        self.assertEqual(self.server.get(path).headers["content-disposition"], f'filename="{uuid}.dcm"')
        self.assertEqual(self.server.get(path + "?filename=a%20b.dcm").headers["content-disposition"],
                         'filename="a b.dcm"')
        header = self.server.get(path + "?filename=%22%5C%0d%0aX-Evil:%201%C3%A9").headers
        self.assertNotIn("x-evil", header)
        self.assertEqual(header["content-disposition"],
                         "filename=\"\\\"\\\\__X-Evil: 1__\"; filename*=UTF-8''%22%5C%0D%0AX-Evil%3A%201%C3%A9")

    def test_file_ranges(self):
        ids, body = self.ct()
        path = ids["Path"] + "/file"
        total = len(body)
        for value, expected in (("bytes=0-131", body[:132]), ("bytes=128-", body[128:]), ("bytes=-10", body[-10:]),
                                (f"bytes={total - 1}-{total + 500}", body[-1:])):
            answer = self.expect(206, "GET", path, headers={"Range": value})
            self.assertEqual(answer.body, expected)
            self.assertRegex(answer.headers["content-range"], rf"^bytes \d+-\d+/{total}$")
        for value in ("bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=", "bytes=5-2"):
            self.assertEqual(self.expect(200, "GET", path, headers={"Range": value}).body, body)
        self.expect(416, "GET", path, headers={"Range": f"bytes={total}-"}, orthanc=41)

    def test_transcode(self):
        path = self.ct()[0]["Path"] + "/file"
        self.assertEqual(self.expect(200, "GET", path + "?transcode=1.2.840.10008.1.2.1").body, self.ct()[1])
        details = self.expect(500, "GET", path + "?transcode=1.2.840.10008.1.2.4.70", orthanc=2).json()["Details"]
        self.assertIn("1.2.840.10008.1.2.1 ", details)
        self.expect(400, "GET", path + "?transcode=jpeg", orthanc=3)


class Uploads(ServerTest):
    def test_answer(self):
        body = make_dicom(patient="UP", study="1.20", series="1.20.1", instance="1.20.1.1")
        stored = self.server.upload(body)
        self.assertEqual(stored, {
            "ID": public_id("UP", "1.20", "1.20.1", "1.20.1.1"),
            "ParentPatient": public_id("UP"), "ParentStudy": public_id("UP", "1.20"),
            "ParentSeries": public_id("UP", "1.20", "1.20.1"),
            "Path": "/instances/" + public_id("UP", "1.20", "1.20.1", "1.20.1.1"), "Status": "Success"})
        self.assertEqual(self.server.upload(body)["Status"], "AlreadyStored")

    def test_gzip(self):
        body = make_dicom(patient="GZ", study="1.21", series="1.21.1")
        answer = self.expect(200, "POST", "/instances", gzip.compress(body), {"Content-Encoding": "gzip"})
        self.assertEqual(self.server.get(answer.json()["Path"] + "/file").body, body)
        self.expect(400, "POST", "/instances", gzip.compress(body), orthanc=15)

    def test_zip(self):
        bodies = [make_dicom(patient="ZIP", study="1.22", series="1.22.1") for _ in range(20)]
        entries = [("dir/", b""), ("readme.txt", b"hello"), ("empty", b"")]
        entries += [(f"dir/{number}.dcm", body) for number, body in enumerate(bodies)]
        answer = self.expect(200, "POST", "/instances", archive(entries)).json()
        self.assertEqual([item["Status"] for item in answer], ["Success"] * 20)
        for item, body in zip(answer, bodies):
            self.assertEqual(self.server.get(item["Path"] + "/file").body, body)
        self.assertEqual(self.expect(200, "POST", "/instances", archive([("a", b"hello")])).json(), [])
        self.assertEqual(len(self.expect(200, "POST", "/instances", archive([("a", bodies[0])])).json()), 1)
        self.expect(400, "POST", "/instances", archive([]), orthanc=15)
        self.expect(400, "POST", "/instances", archive(entries)[:500], orthanc=15)

    def test_multipart(self):
        bodies = [make_dicom(patient="MP", study="1.23", series="1.23.1") for _ in range(2)]
        parts = b"".join(b'--edge\r\nContent-Disposition: form-data; name="f"; filename="a.dcm"\r\n\r\n' + body + b"\r\n"
                         for body in bodies) + b"--edge--\r\n"
        self.expect(200, "POST", "/instances", parts, {"Content-Type": "multipart/form-data; boundary=edge"})
        self.assertEqual(len(self.get(f"/patients/{public_id('MP')}/instances")), 2)

    def test_refused(self):
        whole = read("CT_small.dcm")
        for body in (b"", b"hello", bytes(128) + b"DICM", whole[:20000], bytes(1000), b"{}", whole[:300]):
            self.expect(400, "POST", "/instances", body, orthanc=15)
        self.expect(404, "POST", "/instances", read("DICOMDIR") if os.path.exists(os.path.join(FILES, "DICOMDIR"))
                    else read(os.path.join("dicomdirtests", "DICOMDIR")), orthanc=21)
        self.expect(400, "POST", "/instances", make_dicom(patient="x" * 300), orthanc=5)

    def test_concurrent_uploads_and_reads(self):
        bodies = [make_dicom(patient=f"CON{number % 7}", study=f"1.30.{number % 7}", series=f"1.30.{number % 7}.1",
                             InstanceNumber=number) for number in range(200)]

        def store_and_read(body):
            stored = self.server.upload(body)
            return stored["Status"], self.server.get(stored["Path"] + "/file").body == body

        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            self.assertEqual(set(pool.map(store_and_read, bodies)), {("Success", True)})
            readers = pool.map(lambda path: self.server.get(path).status,
                               ["/patients?expand", "/instances?expand", "/series?expand", "/studies"] * 50)
            self.assertEqual(set(readers), {200})
        counts = [self.get(f"/patients/{public_id(f'CON{number}')}/statistics")["CountInstances"] for number in range(7)]
        self.assertEqual(sum(counts), 200)
        self.server.restart()
        self.assertEqual(len(self.get(f"/patients/{public_id('CON0')}/instances?expand=false")), counts[0])


class Metadata(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stored = cls.server.upload(make_dicom(patient="META", study="1.40", series="1.40.1", InstanceNumber=4))
        cls.ids = {"patients": stored["ParentPatient"], "studies": stored["ParentStudy"],
                   "series": stored["ParentSeries"], "instances": stored["ID"]}

    def test_list(self):
        base = f"/instances/{self.ids['instances']}/metadata"
        names = self.get(base)
        self.assertEqual(names[:3], ["IndexInSeries", "ReceptionDate", "RemoteAET"])
        numbers = self.get(base + "?numeric")
        self.assertEqual(numbers, sorted(numbers))
        self.assertEqual(len(numbers), len(names))
        expanded = self.get(base + "?expand")
        self.assertEqual(list(expanded), sorted(names))
        self.assertEqual(expanded["IndexInSeries"], "4")
        self.assertEqual(expanded["Origin"], "RestApi")
        self.assertEqual(self.get(base + "?expand&numeric")["1"], "4")
        self.assertEqual(self.get(base + "?expand=false"), names)
        self.expect(404, "GET", f"/patients/{self.ids['instances']}/metadata", orthanc=17)

    def test_write(self):
        for level in LEVELS:
            base = f"/{level}/{self.ids[level]}/metadata"
            for name in ("color", "1024"):
                self.expect(404, "GET", f"{base}/{name}", orthanc="bare")
                answer = self.expect(200, "PUT", f"{base}/{name}", b"r\xc3\xa9d")
                self.assertEqual(answer.headers["etag"], f'"0-{hashlib.md5(b"r" + bytes([0xc3, 0xa9]) + b"d").hexdigest()}"')
                self.assertEqual(answer.headers["content-type"], "text/plain")
                read_ = self.expect(200, "GET", f"{base}/{name}")
                self.assertEqual((read_.body, read_.headers["etag"]), (b"r\xc3\xa9d", answer.headers["etag"]))
                self.expect(200, "PUT", f"{base}/{name}", b"")
                self.assertTrue(self.expect(200, "GET", f"{base}/{name}").headers["etag"].startswith('"1-'))
                self.assertIn(name, self.get(base))
                self.expect(200, "DELETE", f"{base}/{name}")
                self.expect(404, "DELETE", f"{base}/{name}", orthanc=17)
        self.assertEqual(self.get(f"/instances/{self.ids['instances']}/metadata?numeric")[-1] < 1024, True)

    def test_refused(self):
        base = f"/instances/{self.ids['instances']}/metadata"
        for name in ("1", "0", "-5", "1023", "65536", "TransferSyntax"):
            self.expect(403, "PUT", f"{base}/{name}", b"x", orthanc="bare")
            self.expect(403, "DELETE", f"{base}/{name}", orthanc="bare")
        for method in ("GET", "PUT", "DELETE"):
            self.expect(404, method, f"{base}/nope", b"", orthanc=7)
            self.expect(404, method, f"/instances/{UNKNOWN}/metadata/1024", b"", orthanc=17)
            self.expect(400, method, f"{base}/99999999999999999999", b"", orthanc=5)
        self.expect(413, "PUT", f"{base}/1024", bytes(17 << 20))
        self.assertEqual(self.server.get(f"{base}/1024").status, 404)

    def test_revisions(self):
        path = f"/studies/{self.ids['studies']}/metadata/1030"
        tag = self.expect(200, "PUT", path, b"one", {"If-Match": '"9-x"'}).headers["etag"]  # absent: created
        self.expect(304, "GET", path, headers={"If-None-Match": tag}, orthanc="bare")
        self.expect(304, "GET", path, headers={"If-None-Match": tag.strip('"')}, orthanc="bare")
        self.expect(200, "GET", path, headers={"If-None-Match": '"7-abc"'})
        self.expect(400, "GET", path, headers={"If-None-Match": "nonsense"}, orthanc=3)
        for bad in ('"0-abc"', f'"5-{tag[3:-1]}"'):
            self.expect(409, "PUT", path, b"two", {"If-Match": bad}, orthanc=43)
            self.expect(409, "DELETE", path, None, {"If-Match": bad}, orthanc=43)
        self.expect(400, "PUT", path, b"two", {"If-Match": "nonsense"}, orthanc=3)
        tag = self.expect(200, "PUT", path, b"two", {"If-Match": tag}).headers["etag"]
        self.assertEqual(self.server.get(path).headers["etag"], tag)
        self.server.restart()
        self.assertEqual(self.server.get(path).headers["etag"], tag)
        self.expect(200, "DELETE", path, None, {"If-Match": tag})

    def test_labels(self):
        for level in LEVELS:
            base = f"/{level}/{self.ids[level]}"
            for label in ("b", "A-1_x", "b", "z" * 64):
                answer = self.expect(200, "PUT", f"{base}/labels/{label}", b"ignored")
                self.assertEqual((answer.body, answer.headers["content-type"]), (b"", "text/plain"))
            self.assertEqual(self.get(base + "/labels"), ["A-1_x", "b", "z" * 64])
            self.assertEqual(self.get(base)["Labels"], ["A-1_x", "b", "z" * 64])
            self.expect(200, "GET", f"{base}/labels/b", orthanc="bare")
            self.expect(404, "GET", f"{base}/labels/c", orthanc="bare")
            for bad in ("a%20b", "z" * 65, "%C3%A9", "a.b", "%00"):
                self.expect(400, "PUT", f"{base}/labels/{bad}", b"", orthanc=3)
            for label in ("b", "b", "A-1_x", "z" * 64):
                self.expect(200, "DELETE", f"{base}/labels/{label}", orthanc="bare")
            self.assertEqual(self.get(base + "/labels"), [])
            for method in ("GET", "PUT", "DELETE"):
                self.expect(404, method, f"/{level}/{UNKNOWN}/labels/b", b"", orthanc=17)
        self.expect(404, "PUT", f"/patients/{self.ids['studies']}/labels/b", b"", orthanc=17)

    def test_protection(self):
        path = f"/patients/{self.ids['patients']}/protected"
        self.assertEqual(self.server.get(path).body, b"0")
        for body, expected in ((b"1", b"1"), (b" false\n", b"0"), (b"true", b"1")):
            self.assertEqual(self.expect(200, "PUT", path, body).body, b"")
            self.assertEqual(self.server.get(path).body, expected)
        self.assertTrue(self.get(f"/patients/{self.ids['patients']}")["IsProtected"])
        self.server.restart()
        self.assertEqual(self.server.get(path).body, b"1")
        for body in (b"", b"yes", b"TRUE", b"11", b" " * 100000):
            self.expect(400, "PUT", path, body, orthanc=15)
        for identifier in (self.ids["studies"], UNKNOWN):
            self.expect(400, "GET", f"/patients/{identifier}/protected", orthanc=3)
            self.expect(400, "PUT", f"/patients/{identifier}/protected", b"1", orthanc=3)

    def test_unknown_routes_and_methods(self):
        self.expect(404, "GET", f"/studies/{self.ids['studies']}/protected", orthanc=17)
        self.assertEqual(self.expect(405, "PUT", "/instances", b"", orthanc="bare").headers["allow"], "GET,POST")
        path = f"/series/{self.ids['series']}/metadata/1024"
        self.assertEqual(self.expect(405, "POST", path, b"", orthanc="bare").headers["allow"], "GET,PUT,DELETE")


class CheckRevisions(ServerTest):
    options = {"CheckRevisions": True}

    def test_condition_is_needed(self):
        ids = self.store(make_dicom())
        path = f"/series/{ids['series']}/metadata/1024"
        tag = self.expect(200, "PUT", path, b"a").headers["etag"]
        self.expect(409, "PUT", path, b"b", orthanc=43)
        self.assertIn("If-Match", self.expect(409, "DELETE", path, orthanc=43).json()["Details"])
        tag = self.expect(200, "PUT", path, b"b", {"If-Match": tag}).headers["etag"]
        self.expect(200, "DELETE", path, None, {"If-Match": tag})


class Removal(ServerTest):
    def test_remaining_ancestor(self):
        first = self.store(make_dicom(patient="DEL", study="1.50", series="1.50.1", instance="1.50.1.1"))
        second = self.store(make_dicom(patient="DEL", study="1.50", series="1.50.2", instance="1.50.2.1"))
        third = self.store(make_dicom(patient="DEL", study="1.50", series="1.50.2", instance="1.50.2.2"))
        for level in LEVELS:
            self.expect(404, "DELETE", f"/{level}/{UNKNOWN}", orthanc="bare")
        self.expect(404, "DELETE", f"/series/{first['studies']}", orthanc="bare")

        def delete(level, ids):
            return self.expect(200, "DELETE", f"/{level}/{ids[level]}").json()["RemainingAncestor"]

        self.assertEqual(delete("instances", third), {"ID": third["series"], "Path": "/series/" + third["series"],
                                                      "Type": "Series"})
        self.assertEqual(delete("instances", second)["Type"], "Study")
        self.server.restart()
        self.expect(404, "GET", f"/series/{second['series']}", orthanc="bare")
        self.assertIsNone(delete("series", first))
        self.expect(404, "GET", f"/patients/{first['patients']}", orthanc="bare")
        self.assertEqual(self.get("/patients"), [])

    def test_reconstruct(self):
        ids = self.store(make_dicom(patient="REC", study="1.51", series="1.51.1", PatientName="Old"))
        self.store(make_dicom(patient="REC", study="1.51", series="1.51.1", PatientName="New"))
        path = f"/patients/{ids['patients']}"
        self.assertEqual(self.get(path)["MainDicomTags"]["PatientName"], "Old")
        for body in (b"", b"no JSON", b"{}", b'{"ReconstructFiles": true}', b"[" * 100000):
            self.assertEqual(self.expect(200, "POST", path + "/reconstruct", body).body, b"")
        self.assertEqual(self.get(path)["MainDicomTags"]["PatientName"], "New")
        self.expect(400, "POST", path + "/reconstruct", b'{"ReconstructFiles": 1}', orthanc=15)
        for level in LEVELS:
            self.expect(404, "POST", f"/{level}/{UNKNOWN}/reconstruct", b"", orthanc=17)
        self.expect(200, "DELETE", path)


class Export(ServerTest):
    def test_disabled(self):
        ids = self.store(make_dicom())
        self.expect(403, "POST", f"/instances/{ids['instances']}/export", b"/tmp/x", orthanc="bare")


class ExportEnabled(ServerTest):
    options = {"RestApiWriteToFileSystemEnabled": True}

    def test_export(self):
        body = read("MR_small.dcm")
        ids = self.store(body)
        route = f"/instances/{ids['instances']}/export"
        folder = os.path.join(self.server.folder, "exported")
        os.mkdir(folder)
        target = os.path.join(folder, "out.dcm")
        for _ in range(2):
            self.assertEqual(self.expect(200, "POST", route, target).json(), {})
            with open(target, "rb") as file:
                self.assertEqual(file.read(), body)
        self.expect(500, "POST", route, folder, orthanc=14)
        self.expect(500, "POST", route, os.path.join(folder, "no", "folder"), orthanc=14)
        self.expect(400, "POST", route, b"", orthanc=8)
        self.expect(400, "POST", route, b"/tmp/a\0b", orthanc=8)
        self.expect(413, "POST", route, b"/" * 100000)
        self.expect(404, "POST", f"/instances/{UNKNOWN}/export", target, orthanc=17)
        self.assertEqual(os.listdir(folder), ["out.dcm"])


class LargeSeries(ServerTest):
    def test_pages_and_streams(self):
        """Answers that outgrow a buffer are complete, and the status of a long series comes at once."""
        count = 600
        bodies = [make_dicom(patient="BIG", study="1.60", series="1.60.1", InstanceNumber=number + 1,
                             CardiacNumberOfImages=count, PatientComments="c" * 200) for number in range(count)]
        answer = self.expect(200, "POST", "/instances", archive([(str(n), body) for n, body in enumerate(bodies)]))
        self.assertEqual(len(answer.json()), count)
        series = answer.json()[0]["ParentSeries"]
        self.assertEqual(self.get(f"/series/{series}")["Status"], "Complete")
        self.assertEqual(len(self.get("/instances?expand")), count)
        self.assertEqual(len(self.get(f"/series/{series}/instances?full")), count)
        self.assertEqual(len(self.get(f"/series/{series}/instances-tags")), count)
        self.assertEqual(len(self.get(f"/series/{series}/shared-tags?simplify")["PatientComments"]), 200)
        ids = [identifier for since in range(0, count, 100) for identifier in
               self.get(f"/instances?since={since}&limit=100")]
        self.assertEqual(ids, self.get("/instances"))
        self.assertEqual(ids, [item["ID"] for item in answer.json()])

    def test_client_that_goes_away(self):
        self.store(make_dicom(patient="GONE", study="1.61", series="1.61.1"))
        for _ in range(20):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.http_port)
            connection.request("GET", "/instances?expand")
            connection.close()
        self.assertEqual(self.server.get("/patients").status, 200)


if __name__ == "__main__":
    unittest.main()
