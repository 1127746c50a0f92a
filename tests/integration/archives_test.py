#!/usr/bin/python3
"""ZIP archives and DICOMDIR media of the real server."""

import io
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import zipfile

import pydicom

from hilum_server import HilumServer, eventually
from resources_case import UNKNOWN, ServerTest, make_dicom, read

IMPLICIT = "1.2.840.10008.1.2"
ZIP = "application/zip"
# What a sanitizer takes is not the server's.
SANITIZED = bool(os.environ.get("HILUM_SAMPLE_FLAGS"))
# Archives over 4 GB take a minute and their size on the disk.
LONG = os.environ.get("HILUM_LONG_TESTS") == "1"


def opened(answer):
    """The archive of an answer, after all readers at hand have found it sound."""
    assert answer.status == 200, (answer.status, answer.body[:500])
    assert answer.headers["content-type"] == ZIP
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.testzip() is None
    if shutil.which("unzip") and archive.namelist():
        with tempfile.NamedTemporaryFile(suffix=".zip") as file:
            file.write(answer.body)
            file.flush()
            done = subprocess.run(["unzip", "-tqq", file.name], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    return archive


def local_flags(body, info):
    """Flags, CRC and sizes in the header in front of an entry."""
    header = struct.unpack_from("<4s5H3I", body, info.header_offset)
    assert header[0] == b"PK\3\4"
    return header[2], header[6], header[7], header[8]


class Layout(ServerTest):
    def archive_names(self, path):
        return opened(self.expect(200, "GET", path)).namelist()

    def test_folders_and_files(self):
        ids = [self.store(make_dicom("FOLDERS", "1.3.1", series, f"{series}.{number}", InstanceNumber=str(number),
                                     PatientName="Doe^John", AccessionNumber="ACC", StudyDescription="Knee/left",
                                     SeriesDescription="T1: fat?"))
               for series in ("1.3.1.1", "1.3.1.2") for number in (12, 3)]
        names = self.archive_names(f"/studies/{ids[0]['studies']}/archive")
        folder = "FOLDERS Doe^John/ACC Knee left/"
        self.assertEqual(names, [folder + "CT T1 fat/CT000003.dcm", folder + "CT T1 fat/CT000012.dcm",
                                 folder + "CT T1 fat-2/CT000003.dcm", folder + "CT T1 fat-2/CT000012.dcm"])
        # All four levels, whatever was asked for.
        self.assertEqual(self.archive_names(f"/series/{ids[0]['series']}/archive")[0].count("/"), 3)
        self.assertEqual(self.archive_names(f"/patients/{ids[0]['patients']}/archive"), names)

    def test_numbers_that_repeat_are_counted(self):
        ids = [self.store(make_dicom("COUNTED", "1.3.2", "1.3.2.1", f"1.3.2.1.{n}", InstanceNumber="5", Modality="M"))
               for n in range(3)]
        names = self.archive_names(f"/series/{ids[0]['series']}/archive")
        self.assertEqual([name.rpartition("/")[2] for name in names],
                         ["M0000000.dcm", "M0000001.dcm", "M0000002.dcm"])

    def test_names_cannot_leave_the_folder(self):
        for number, (patient, name) in enumerate((("..", ""), ("../../etc", ""), ("", "^^^^"), ("/", "\\"), ("a\nb", "."))):
            ids = self.store(make_dicom(patient, f"1.3.3.{number}", f"1.3.3.{number}.1", f"1.3.3.{number}.1.1",
                                        PatientName=name, StudyDescription="..", SeriesDescription="C:\\x",
                                        Modality="../"))
            for path in self.archive_names(f"/studies/{ids['studies']}/archive"):
                parts = path.split("/")
                self.assertEqual(len(parts), 4, path)
                for part in parts:
                    self.assertNotIn(part, ("", ".", ".."))
                    self.assertFalse(set(part) & set('\\:*?"<>|\n'), path)

    def test_letters_outside_of_ascii(self):
        ids = self.store(make_dicom("UMLAUT", "1.3.4", "1.3.4.1", "1.3.4.1.1", SpecificCharacterSet="ISO_IR 192",
                                    StudyDescription="IRM cérébrale, neuro-crâne"))
        path = f"/studies/{ids['studies']}/archive"
        self.assertIn("/IRM crbrale, neuro-crne/", self.archive_names(path)[0])
        answer = self.expect(200, "POST", path, {"Utf8": True})
        info = opened(answer).infolist()[0]
        self.assertIn("/IRM cérébrale, neuro-crâne/", info.filename)
        self.assertEqual(info.flag_bits, 0x800)

    def test_long_names_fit_into_file_systems(self):
        ids = self.store(make_dicom("LONG", "1.3.5", "1.3.5.1", "1.3.5.1.1", SpecificCharacterSet="ISO_IR 192",
                                    StudyDescription="é" * 120, AccessionNumber="é" * 16))
        info = opened(self.expect(200, "POST", f"/studies/{ids['studies']}/archive", {"Utf8": True})).infolist()[0]
        self.assertLessEqual(max(len(part.encode()) for part in info.filename.split("/")), 240)

    def test_names_that_are_taken(self):
        for number, name in enumerate(("T", "T", "T-2", "T", "T-2")):
            ids = self.store(make_dicom("TAKEN", "1.3.8", f"1.3.8.{number}", f"1.3.8.{number}.1", SeriesDescription=name,
                                        Modality="MR"))
        folders = [path.split("/")[2] for path in self.archive_names(f"/studies/{ids['studies']}/archive")]
        self.assertEqual(len(set(folders)), 5, folders)
        for folder in folders:
            self.assertRegex(folder, r"^MR T(-2)?(-\d)?$")

    def test_lists_are_a_tree(self):
        ids = [self.store(make_dicom("TREE", "1.3.6", "1.3.6.1", f"1.3.6.1.{n}", InstanceNumber=str(n))) for n in range(2)]
        other = self.store(make_dicom("TREE2", "1.3.7", "1.3.7.1", "1.3.7.1.1"))

        def count(resources):
            return len(opened(self.expect(200, "POST", "/tools/create-archive", resources)).namelist())

        self.assertEqual(count([ids[0]["instances"]]), 1)
        self.assertEqual(count([ids[0]["instances"], ids[0]["instances"]]), 2)
        self.assertEqual(count([ids[0]["instances"], ids[0]["studies"], ids[1]["series"]]), 2)
        self.assertEqual(count([ids[0]["patients"], ids[0]["instances"], other["series"]]), 3)
        answer = self.expect(200, "GET", f"/tools/create-archive?resources={ids[0]['series']},{other['studies']}")
        self.assertEqual(len(opened(answer).namelist()), 3)
        self.assertEqual(answer.headers["content-disposition"], 'filename="Archive.zip"')


class Bytes(ServerTest):
    def test_files_are_what_was_stored(self):
        for name in ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "image_dfl.dcm", "rtplan.dcm"):
            ids = self.store(read(name))
            answer = self.expect(200, "GET", f"/series/{ids['series']}/archive")
            archive = opened(answer)
            info = archive.infolist()[0]
            self.assertEqual(archive.read(info), read(name), name)
            # What is compressed already is stored as it is.
            stored = name in ("JPEG2000.dcm", "image_dfl.dcm")
            self.assertEqual(info.compress_type, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED, name)
            self.assertEqual(local_flags(answer.body, info), (0, info.CRC, info.compress_size, info.file_size), name)

    def test_large_files_go_through_in_pieces(self):
        pixels = bytes(range(256)) * 4096 * 9 + b"end!"
        ids = self.store(make_dicom("LARGE", "1.4.1", "1.4.1.1", "1.4.1.1.1", Rows=3072, Columns=1536,
                                    BitsAllocated=16, BitsStored=16, HighBit=15, PixelRepresentation=0,
                                    SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", PixelData=pixels))
        stored = self.server.get(f"/instances/{ids['instances']}/file").body
        answer = self.expect(200, "GET", f"/studies/{ids['studies']}/archive")
        archive = opened(answer)
        info = archive.infolist()[0]
        self.assertEqual(archive.read(info), stored)
        # Its size is not known in advance: it follows the entry.
        self.assertEqual(local_flags(answer.body, info), (8, 0, 0, 0))
        self.assertLess(info.compress_size, info.file_size // 10)
        media = opened(self.expect(200, "GET", f"/studies/{ids['studies']}/media"))
        self.assertEqual(media.read("IMAGES/IM0"), stored)

    def test_large_files_that_are_not_compressed(self):
        with HilumServer({"StableAge": 1000, "ZipCompressionLevel": 0}) as server:
            content = make_dicom("LARGE", "1.4.2", "1.4.2.1", "1.4.2.1.1", EncapsulatedDocument=os.urandom(6 << 20))
            stored = server.upload(content)
            answer = server.get(f"/studies/{stored['ParentStudy']}/archive")
            info = opened(answer).infolist()[0]
            self.assertEqual(local_flags(answer.body, info), (0, info.CRC, len(content), len(content)))
            self.assertEqual(opened(answer).read(info), content)

    def test_streams_and_files_are_the_same(self):
        with HilumServer({"StableAge": 1000, "SynchronousZipStream": False}) as server:
            stored = server.upload(read("CT_small.dcm"))
            answer = server.get(f"/studies/{stored['ParentStudy']}/archive")
            self.assertEqual(answer.headers["content-length"], str(len(answer.body)))
            self.assertNotIn("transfer-encoding", answer.headers)
            self.assertEqual(opened(answer).read(opened(answer).namelist()[0]), read("CT_small.dcm"))

    def test_instances_that_are_deleted_meanwhile_are_left_out(self):
        for attempt in range(3):
            uid = f"1.4.9.{attempt}"
            ids = [self.store(make_dicom("GONE", uid, uid + ".1", f"{uid}.1.{n}")) for n in range(150)]
            answers = []
            reader = threading.Thread(
                target=lambda: answers.append(self.server.get(f"/studies/{ids[0]['studies']}/archive")))
            reader.start()
            for one in reversed(ids[1:]):
                self.server.request("DELETE", f"/instances/{one['instances']}")
            reader.join()
            self.assertGreaterEqual(len(opened(answers[0]).namelist()), 1)

    def test_transcoding(self):
        source = make_dicom("TRANSCODE", "1.4.5", "1.4.5.1", "1.4.5.1.1", Rows=2, Columns=2, BitsAllocated=8, BitsStored=8,
                            HighBit=7, PixelRepresentation=0, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2",
                            PixelData=b"\0\1\2\3")
        ids = self.store(source)
        path = f"/series/{ids['series']}/archive"
        for answer in (self.expect(200, "GET", path + "?transcode=" + IMPLICIT),
                       self.expect(200, "POST", path, {"Transcode": IMPLICIT})):
            archive = opened(answer)
            data = pydicom.dcmread(io.BytesIO(archive.read(archive.namelist()[0])))
            self.assertEqual(data.file_meta.TransferSyntaxUID, IMPLICIT)
            self.assertEqual(data.SOPInstanceUID, pydicom.dcmread(io.BytesIO(source)).SOPInstanceUID)
        # What cannot be transcoded stays as it is.
        archive = opened(self.expect(200, "GET", path + "?transcode=1.2.840.10008.1.2.4.100"))
        self.assertEqual(archive.read(archive.namelist()[0]), source)

    def test_many_entries_need_zip64(self):
        ids = self.store(make_dicom("MANY", "1.4.3", "1.4.3.1", "1.4.3.1.1"))
        answer = self.expect(200, "POST", "/tools/create-archive", [ids["instances"]] * 65_536)
        archive = opened(answer)
        self.assertEqual(len(archive.namelist()), 65_536)
        # The record of ZIP64 and its locator; the end record refers to them.
        self.assertIn(b"PK\6\6", answer.body[-150:])
        self.assertIn(b"PK\6\7", answer.body[-150:])
        self.assertIn(b"PK\5\6\0\0\0\0\xff\xff\xff\xff", answer.body[-150:])
        records = answer.body.rindex(b"PK\6\6")
        count, total, size, offset = struct.unpack_from("<4Q", answer.body, records + 24)
        self.assertEqual((count, total, offset + size), (65_536, 65_536, records))

    @unittest.skipUnless(LONG, "HILUM_LONG_TESTS=1")
    def test_four_gigabytes(self):
        ids = self.store(make_dicom("HUGE", "1.4.4", "1.4.4.1", "1.4.4.1.1", EncapsulatedDocument=os.urandom(200 << 20)))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "huge.zip")
            subprocess.run(["curl", "-sSf", "-o", path, "--data", json.dumps([ids["instances"]] * 22),
                            self.server.url("/tools/create-archive")], check=True)
            self.assertGreater(os.path.getsize(path), 4 << 30)
            with zipfile.ZipFile(path) as archive:
                self.assertEqual(len(archive.namelist()), 22)
                self.assertIsNone(archive.testzip())
            subprocess.run(["unzip", "-tqq", path], check=True)


class Media(ServerTest):
    def media(self, path, body=None):
        archive = opened(self.expect(200, "POST" if body is not None else "GET", path, body))
        self.assertEqual(archive.namelist()[-1], "DICOMDIR")
        folder = tempfile.mkdtemp(prefix="hilum-media-")
        self.addCleanup(shutil.rmtree, folder)
        archive.extractall(folder)
        return folder, archive

    def check(self, folder, files):
        """Every file has its record, every record its file; walked through by the offsets, not only in their order."""
        path = os.path.join(folder, "DICOMDIR")
        done = subprocess.run(["dcmdump", path], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(b"W:", done.stderr)
        directory = pydicom.dcmread(path)
        self.assertEqual(directory.file_meta.MediaStorageSOPClassUID, "1.2.840.10008.1.3.10")
        records = {record.seq_item_tell: record for record in directory.DirectoryRecordSequence}
        found = []

        def walk(offset, types):
            last = 0
            while offset:
                record = records.pop(offset)
                self.assertEqual(record.DirectoryRecordType, types[0])
                if types[0] == "IMAGE":
                    file = pydicom.dcmread(os.path.join(folder, *record.ReferencedFileID))
                    self.assertEqual(record.ReferencedSOPInstanceUIDInFile, file.SOPInstanceUID)
                    self.assertEqual(record.ReferencedSOPClassUIDInFile, file.SOPClassUID)
                    self.assertEqual(record.ReferencedTransferSyntaxUIDInFile, file.file_meta.TransferSyntaxUID)
                    found.append("/".join(record.ReferencedFileID))
                else:
                    walk(record.OffsetOfReferencedLowerLevelDirectoryEntity, types[1:])
                last, offset = offset, record.OffsetOfTheNextDirectoryRecord
            return last

        last = walk(directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity,
                    ["PATIENT", "STUDY", "SERIES", "IMAGE"])
        self.assertEqual(last, directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity)
        self.assertEqual(records, {})
        self.assertEqual(sorted(found), sorted(files))
        return directory

    def test_directory(self):
        ids = []
        for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "JPEG2000.dcm", "MR_small_bigendian.dcm", "test-SR.dcm"):
            ids.append(self.store(read(name), None))
        for study in range(2):
            for series in range(2):
                for number in range(3):
                    uid = f"1.5.{study}.{series}"
                    ids.append(self.store(make_dicom("WALK", f"1.5.{study}", uid, f"{uid}.{number}",
                                                     InstanceNumber=str(number), SeriesDescription="Serie")))
        resources = sorted({one["patients"] for one in ids})
        folder, archive = self.media("/tools/create-media", resources)
        directory = self.check(folder, archive.namelist()[:-1])
        self.assertFalse(any("SeriesDescription" in record for record in directory.DirectoryRecordSequence))
        folder, archive = self.media("/tools/create-media-extended", resources)
        directory = self.check(folder, archive.namelist()[:-1])
        self.assertTrue(any(record.get("SeriesDescription") == "Serie" for record in directory.DirectoryRecordSequence))
        # Transcoded files are described as they are on the media.
        folder, archive = self.media("/tools/create-media", {"Resources": resources, "Transcode": IMPLICIT})
        self.check(folder, archive.namelist()[:-1])

    def store(self, body, expected="Success"):
        stored = self.server.upload(body)
        return {"patients": stored["ParentPatient"], "studies": stored["ParentStudy"],
                "series": stored["ParentSeries"], "instances": stored["ID"]}

    def test_texts_keep_their_letters(self):
        ids = self.store(make_dicom("KANJI", "1.5.9", "1.5.9.1", "1.5.9.1.1", SpecificCharacterSet="ISO_IR 192",
                                    PatientName="Yamada^Tarou=山田^太郎", StudyDescription="膝"))
        folder, archive = self.media(f"/studies/{ids['studies']}/media")
        directory = self.check(folder, archive.namelist()[:-1])
        self.assertEqual(str(directory.DirectoryRecordSequence[0].PatientName), "Yamada^Tarou=山田^太郎")
        self.assertEqual(directory.DirectoryRecordSequence[1].StudyDescription, "膝")

    def test_values_that_are_too_long_are_left_out(self):
        ids = self.store(make_dicom("LONG", "1.5.11", "1.5.11.1", "1.5.11.1.1", SpecificCharacterSet="ISO_IR 192",
                                    StudyDescription="膝" * 64, AccessionNumber="7" * 17, StudyID="8" * 17,
                                    StudyDate="1997.01.02", SeriesNumber="1"))
        folder, archive = self.media(f"/studies/{ids['studies']}/media")
        study = self.check(folder, archive.namelist()[:-1]).DirectoryRecordSequence[1]
        self.assertEqual(study.StudyDescription, "膝" * 64)  # characters, not bytes
        self.assertEqual(study.AccessionNumber, "")
        self.assertNotIn("StudyID", study)
        self.assertEqual(study["StudyDate"].value, "1997.01.02")

    def test_studies_without_a_date_get_today(self):
        ids = self.store(make_dicom("DATE", "1.5.10", "1.5.10.1", "1.5.10.1.1", AcquisitionDate="20200102"))
        folder, _ = self.media(f"/studies/{ids['studies']}/media")
        study = pydicom.dcmread(os.path.join(folder, "DICOMDIR")).DirectoryRecordSequence[1]
        self.assertEqual(study.StudyDate, "20200102")
        self.assertRegex(study.StudyTime, r"^\d{6}$")

    def test_nothing(self):
        folder, archive = self.media("/tools/create-media", [])
        self.assertEqual(archive.namelist(), ["DICOMDIR"])
        self.assertEqual(len(pydicom.dcmread(os.path.join(folder, "DICOMDIR")).DirectoryRecordSequence), 0)


class Arguments(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = cls.server.upload(read("CT_small.dcm"))

    def test_resources(self):
        study, series = self.ids["ParentStudy"], self.ids["ParentSeries"]
        for suffix in ("archive", "media"):
            for level in ("patients", "studies", "series"):
                self.expect(404, "GET", f"/{level}/{UNKNOWN}/{suffix}", orthanc=7)
                self.expect(404, "POST", f"/{level}/{UNKNOWN}/{suffix}", "{}", orthanc=7)
                self.expect(404, "GET", f"/{level}/{'x' * 5000}/{suffix}", orthanc=7)
            self.expect(404, "GET", f"/studies/{series}/{suffix}", orthanc=7)
            self.expect(404, "GET", f"/series/{study}/{suffix}", orthanc=7)
            self.expect(404, "GET", f"/instances/{self.ids['ID']}/{suffix}", orthanc=17)

    def test_arguments_of_get(self):
        for suffix in ("archive", "media"):
            path = f"/studies/{self.ids['ParentStudy']}/{suffix}"
            for query in ("transcode=nope", "transcode=", "transcode=1.2.3", "lossy-quality=0", "lossy-quality=101",
                          "lossy-quality=a", "lossy-quality=", "filename=" + "x" * 300):
                self.expect(400, "GET", f"{path}?{query}", orthanc=3)
            for query, name in (("filename=a.zip", "a.zip"), ("filename=", f"{self.ids['ParentStudy']}.zip"),
                                ("filename=a%22b", "a\\\"b")):
                self.assertEqual(self.expect(200, "GET", f"{path}?{query}").headers["content-disposition"],
                                 f'filename="{name}"')
            answer = self.expect(200, "GET", f"{path}?filename=a%0D%0Ax:y")
            self.assertNotIn("x", answer.headers)
        self.expect(400, "GET", "/tools/create-archive", orthanc=8)
        self.expect(404, "GET", "/tools/create-media?resources=nope", orthanc=17)
        self.expect(404, "GET", f"/tools/create-media?resources={self.ids['ID']},", orthanc=17)

    def test_other_methods(self):
        path = f"/studies/{self.ids['ParentStudy']}/archive"
        answer = self.expect(200, "HEAD", path)
        self.assertEqual((answer.headers["content-type"], answer.body), (ZIP, b""))
        self.assertEqual(self.expect(405, "PUT", path, "", orthanc="bare").headers["allow"], "GET,POST")
        # Nobody could tell a cut archive from a whole one if the connection served on.
        self.assertEqual(self.expect(200, "GET", path).headers["transfer-encoding"], "chunked")

    def test_bodies(self):
        path = f"/studies/{self.ids['ParentStudy']}/archive"
        for body in ("", "nope", "{", '{"Synchronous": 1}', '{"Priority": "a"}', '{"Transcode": 1}', '{"LossyQuality": "a"}',
                     '{"LossyQuality": 1.5}', '{"Filename": 1}', '{"Utf8": 1}', '{"Extended": 0}', "[" * 100000):
            self.expect(400, "POST", path, body, orthanc=15)
        for body in ('{"Transcode": "nope"}', '{"LossyQuality": 0}', '{"Filename": "%s"}' % ("x" * 300)):
            self.expect(400, "POST", path, body, orthanc=3)
        for body in ("{}", "[]", '"x"', '{"Nope": 1}', '{"UserData": {"a": 1}}'):
            self.expect(200, "POST", path, body)

    def test_lists(self):
        for tool in ("create-archive", "create-media", "create-media-extended"):
            path = f"/tools/{tool}"
            for body in ("", "nope", "1", '"x"', "null", "{}", "[1]", "[[]]", '{"Resources": "a"}', '{"Resources": null}',
                         '{"Resources": [{}]}'):
                self.expect(400, "POST", path, body, orthanc=15)
            for body in ('["nope"]', '[""]', [UNKNOWN], {"Resources": [self.ids["ID"], "x" * 100000]}):
                self.expect(404, "POST", path, body, orthanc=17)
        answer = self.expect(200, "POST", "/tools/create-archive", "[]")
        self.assertEqual(answer.body, b"PK\5\6" + b"\0" * 16 + struct.pack("<H", 16) + b"Created by Hilum")


class Jobs(ServerTest):
    def ended(self, path):
        return eventually(lambda: (job := self.get(path))["State"] in ("Success", "Failure") and job)

    def test_archive_of_a_job(self):
        ids = self.store(read("CT_small.dcm"))
        for suffix, kind in (("archive", "Archive"), ("media", "Media")):
            answer = self.expect(200, "POST", f"/studies/{ids['studies']}/{suffix}",
                                 {"Asynchronous": True, "Priority": 3, "UserData": "mine", "Filename": "mine.zip"}).json()
            self.assertEqual(answer["Path"], f"/jobs/{answer['ID']}")
            job = self.ended(answer["Path"])
            self.assertEqual((job["State"], job["Type"], job["Priority"], job["Progress"], job["UserData"]),
                             ("Success", kind, 3, 100, "mine"))
            archive = self.expect(200, "GET", answer["Path"] + "/archive")
            self.assertIn("mine.zip", archive.headers["content-disposition"])
            self.assertEqual(opened(archive).read(opened(archive).namelist()[0]), read("CT_small.dcm"))
            self.assertEqual(archive.headers["content-length"], str(len(archive.body)))
            content = job["Content"]
            self.assertEqual(content["ArchiveSize"], str(len(archive.body)))
            self.assertEqual(content["InstancesCount"], 1)
            self.assertEqual(content["UncompressedSize"], str(len(read("CT_small.dcm"))))
            self.assertEqual(content["Description"], "REST API")
            self.expect(400, "POST", answer["Path"] + "/resubmit", orthanc="bare")

    def test_mistakes_are_told_at_once(self):
        ids = self.store(read("MR_small.dcm"))
        before = self.get("/jobs")
        self.expect(404, "POST", f"/studies/{UNKNOWN}/archive", {"Asynchronous": True}, orthanc=7)
        self.expect(400, "POST", f"/studies/{ids['studies']}/archive", {"Asynchronous": True, "Transcode": "x"}, orthanc=3)
        self.expect(404, "POST", "/tools/create-media", {"Asynchronous": True, "Resources": ["nope"]}, orthanc=17)
        self.assertEqual(self.get("/jobs"), before)

    def test_deleted_meanwhile(self):
        """Instances that vanish between the request and their turn are left out; the archive stays sound."""
        ids = [self.store(make_dicom("GONE", "1.6.1", f"1.6.1.{n % 40}", f"1.6.1.{n % 40}.{n}")) for n in range(400)]
        answer = self.expect(200, "POST", f"/patients/{ids[0]['patients']}/media", {"Asynchronous": True}).json()
        self.expect(200, "DELETE", f"/patients/{ids[0]['patients']}")
        self.assertEqual(self.ended(answer["Path"])["State"], "Success")
        archive = opened(self.expect(200, "GET", answer["Path"] + "/archive"))
        self.assertEqual(archive.namelist()[-1], "DICOMDIR")


class Clients(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = cls.server.upload(make_dicom("CLIENT", "1.7.1", "1.7.1.1", "1.7.1.1.1",
                                               EncapsulatedDocument=os.urandom(20 << 20)))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def begin(self, count):
        """A client that has read the first bytes of a long archive."""
        body = json.dumps([self.ids["ID"]] * count).encode()
        client = socket.create_connection(("127.0.0.1", self.server.http_port), timeout=30)
        client.sendall(b"POST /tools/create-archive HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertIn(b"200 OK", client.recv(65536))
        return client

    def test_clients_that_leave(self):
        self.begin(1).close()
        eventually(lambda: self.server.get_json("/statistics"))
        before = self.descriptors()
        for _ in range(5):
            client = self.begin(1000)  # 20 GB
            client.close()
        # Nothing is kept for them: neither files nor connections.
        self.assertTrue(eventually(lambda: self.descriptors() <= before + 2), self.descriptors())

    def test_clients_that_read_slowly_cost_little(self):
        def memory():
            with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
                return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024

        before = memory()
        clients = [self.begin(1000) for _ in range(3)]
        time.sleep(1)
        if not SANITIZED:
            self.assertLess(memory() - before, 150)
        for client in clients:
            client.close()


if __name__ == "__main__":
    unittest.main()
