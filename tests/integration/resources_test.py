#!/usr/bin/python3
"""Reading /patients, /studies, /series and /instances on the real server: descriptions, lists, tags, files."""

import glob
import io
import os
import unittest
import xml.etree.ElementTree

import pydicom
from pydicom.sequence import Sequence

from resources_case import FILES, LEVELS, UNKNOWN, ServerTest, make_dicom, public_id, read

TYPES = dict(zip(LEVELS, ("Patient", "Study", "Series", "Instance")))

KEYS = {
    "patients": {"ID", "IsProtected", "IsStable", "Labels", "LastUpdate", "MainDicomTags", "Studies", "Type"},
    "studies": {"ID", "IsStable", "Labels", "LastUpdate", "MainDicomTags", "ParentPatient", "PatientMainDicomTags",
                "Series", "Type"},
    "series": {"ExpectedNumberOfInstances", "ID", "Instances", "IsStable", "Labels", "LastUpdate", "MainDicomTags",
               "ParentStudy", "Status", "Type"},
    "instances": {"FileSize", "FileUuid", "ID", "IndexInSeries", "Labels", "MainDicomTags", "ParentSeries", "Type"},
}


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
                                 "PatientName": "CompressedSamples^CT1", "StudyDate": "20040119", "Rows": "128",
                                 "TimezoneOffsetFromUTC": "-0500"})
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

    def test_sequence_among_main_tags(self):
        item = pydicom.Dataset()
        item.ScheduledProcedureStepID = "STEP"
        item.ScheduledProtocolCodeSequence = Sequence([pydicom.Dataset()])
        ids = self.store(make_dicom(patient="RAS", study="1.2.9", series="1.2.9.1",
                                    RequestAttributesSequence=Sequence([item])))
        base = f"/series/{ids['series']}"
        self.assertEqual(self.get(base)["MainDicomTags"]["RequestAttributesSequence"],
                         [{"ScheduledProcedureStepID": "STEP", "ScheduledProtocolCodeSequence": [{}]}])
        self.assertEqual(self.get(base + "?short")["MainDicomTags"]["0040,0275"],
                         [{"0040,0009": "STEP", "0040,0008": [{}]}])
        full = self.get(base + "?full")["MainDicomTags"]["0040,0275"]
        self.assertEqual((full["Name"], full["Type"]), ("RequestAttributesSequence", "Sequence"))
        self.assertEqual(full["Value"][0]["0040,0009"],
                         {"Name": "ScheduledProcedureStepID", "Type": "String", "Value": "STEP"})

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
            for identifier in [self.ids[other] for other in LEVELS if other != level] + [UNKNOWN, "x", "%C3%A9", "x" * 2000]:
                self.expect(404, "GET", f"/{level}/{identifier}", orthanc="bare")
            self.expect(400, "GET", f"/{level}/a%00b", orthanc=12)
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
        for value in ("", "a", "1.5", "0x1", "%2B1", "18446744073709551616", "9" * 5000, "--1"):
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
        self.assertGreater(len(self.stored), 30)
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
        for name in ("nope", "0010,4000", ",", "", "y" * 7000):
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
        checked = 0
        for name, (ids, body) in self.stored.items():
            dataset = pydicom.dcmread(io.BytesIO(body), force=True)
            syntax = dataset.file_meta.get("TransferSyntaxUID")
            if "PixelData" not in dataset or not syntax or not syntax.is_encapsulated:
                continue
            pixels = pydicom.filebase.DicomBytesIO(dataset.PixelData)
            pixels.is_little_endian = True
            offsets = dataset.PixelData[8:8 + int.from_bytes(dataset.PixelData[4:8], "little")]
            pixels.seek(8 + len(offsets))
            parts = [offsets, *pydicom.encaps.generate_pixel_data_fragment(pixels)]
            base = ids["Path"] + "/content/7fe0-0010"
            self.assertEqual(self.get(base), [str(index) for index in range(len(parts))], name)
            for index, part in enumerate(parts):
                self.assertEqual(self.server.get(f"{base}/{index}").body, part, name)
            checked += 1
        self.assertGreater(checked, 2)

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
        details = self.expect(500, "GET", path + "?transcode=1.2.840.10008.1.2.4.100", orthanc=2).json()["Details"]
        self.assertIn("1.2.840.10008.1.2.1 ", details)
        self.expect(400, "GET", path + "?transcode=jpeg", orthanc=3)


if __name__ == "__main__":
    unittest.main()
