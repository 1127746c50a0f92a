#!/usr/bin/python3
"""POST .../modify, /anonymize, /split, /merge, /tools/bulk-*, /tools/create-dicom against the real server."""

import base64
import io
import json
import struct
import subprocess
import tempfile
import unittest
import zlib

import pydicom
import pydicom.encaps
from pydicom.uid import generate_uid

from hilum_server import eventually
from modification_case import ModificationTest, parse, slices
from resources_case import OPTIONS, UNKNOWN, make_dicom, read


def uids(files, keyword):
    return {getattr(file, keyword) for file in files}


def raw(tag, vr, value):
    """An element of explicit VR little endian as it lies in a file."""
    length = struct.pack("<HI", 0, len(value)) if vr in ("OB", "SQ", "UN") else struct.pack("<H", len(value))
    return struct.pack("<HH", tag >> 16, tag & 0xffff) + vr.encode() + length + value


def raw_item(content):
    return struct.pack("<HHI", 0xfffe, 0xe000, len(content)) + content


class ModifyTest(ModificationTest):

    def test_a_study_gets_new_identifiers_and_keeps_its_patient(self):
        ids = self.fill(3, patient="A")
        before = self.files(f"/studies/{ids['studies']}")
        content = self.change(f"/studies/{ids['studies']}/modify", {"Replace": {"StudyDescription": "J\u00f6rg"}}).json()
        self.assertEqual((content["InstancesCount"], content["FailedInstancesCount"], content["Type"]), (3, 0, "Study"))
        self.assertEqual(content["PatientID"], ids["patients"])
        after = self.files(content["Path"])
        self.assertEqual(uids(after, "StudyDescription"), {"J\u00f6rg"})
        self.assertEqual(uids(after, "PatientID"), {"A"})
        for keyword, count in (("StudyInstanceUID", 1), ("SeriesInstanceUID", 1), ("SOPInstanceUID", 3)):
            self.assertEqual(len(uids(after, keyword)), count)
            self.assertFalse(uids(after, keyword) & uids(before, keyword))
        # References are not touched.
        referenced = {file.ReferencedImageSequence[0].ReferencedSOPInstanceUID for file in after}
        self.assertEqual(referenced, uids(before, "SOPInstanceUID"))
        self.assertEqual(len(self.files(f"/studies/{ids['studies']}")), 3)
        study = self.get(content["Path"])
        self.assertEqual(study["ModifiedFrom"], ids["studies"])
        self.assertNotIn("ModifiedFrom", self.get(f"/patients/{ids['patients']}"))
        origin = self.server.get(f"/instances/{self.get(content['Path'] + '/instances')[0]['ID']}/metadata/Origin").text()
        self.assertEqual(origin, "RestApi")

    def test_sources_go_if_they_are_not_kept(self):
        ids = self.fill(3)
        content = self.change(f"/series/{ids['series']}/modify", {"KeepSource": False}).json()
        self.expect(404, "GET", f"/series/{ids['series']}")
        self.assertEqual(len(self.files(content["Path"])), 3)

    def test_pixels_and_what_follows_them_stay_as_they_are(self):
        for name in ("CT_small.dcm", "JPEG-lossy.dcm", "ExplVR_BigEnd.dcm", "image_dfl.dcm", "JPEG2000.dcm", "SC_rgb_small_odd.dcm"):
            with self.subTest(name):
                source = read(name)
                stored = self.server.upload(source)
                answer = self.change(f"/instances/{stored['ID']}/modify", {"Remove": ["PatientBirthDate"]})
                before, after = parse(source), parse(answer.body)
                self.assertEqual(after.PixelData, before.PixelData)
                self.assertEqual(after.file_meta.TransferSyntaxUID, before.file_meta.TransferSyntaxUID)
                self.assertEqual(after.file_meta.MediaStorageSOPInstanceUID, after.SOPInstanceUID)
                for element in before:
                    if element.tag not in (0x00080018, 0x00100030) and element.tag.element != 0:
                        self.assertEqual(after[element.tag].value, element.value, element.tag)

    def test_private_groups_behind_the_pixels_are_cleaned(self):
        file = parse(make_dicom(BitsAllocated=16, PixelRepresentation=0, PixelData=b"\1\2"))
        block = file.private_block(0x7fe1, "SECRET", create=True)
        block.add_new(1, "LO", "Jones")
        memory = io.BytesIO()
        file.save_as(memory)
        ids = self.store(memory.getvalue())
        modified = parse(self.change(f"/instances/{ids['instances']}/modify", {"Replace": {"7fe1,1001": "x"}}).body)
        self.assertEqual((modified[0x7fe11001].value, modified.PixelData), ("x", b"\1\2"))
        answer = self.change(f"/instances/{ids['instances']}/anonymize", {})
        self.assertNotIn(b"Jones", answer.body)
        self.assertEqual(parse(answer.body).PixelData, b"\1\2")

    def test_in_place_needs_the_option_and_the_sources(self):
        ids = self.fill(1)
        keep = {"Keep": ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"], "Force": True}
        before = self.everything()
        for body in (keep, {**keep, "KeepSource": False}, {**keep, "Replace": {"StudyDescription": "x"}}):
            for level in ("studies", "series"):
                self.change(f"/{level}/{ids[level]}/modify", body, 400, orthanc=8)
        self.assertEqual(self.everything(), before)

    def test_texts_that_a_character_set_cannot_hold_change_it(self):
        ids = self.store(make_dicom(SpecificCharacterSet="ISO_IR 100", StudyDescription="\u00e9t\u00e9"))
        file = parse(self.change(f"/instances/{ids['instances']}/modify", {"Replace": {"PatientName": "\u5c71\u7530"}}).body)
        self.assertEqual((file.SpecificCharacterSet, str(file.PatientName), file.StudyDescription),
                         ("ISO_IR 192", "\u5c71\u7530", "\u00e9t\u00e9"))

    def test_labels_are_copied_on_demand(self):
        ids = self.fill(1, patient="labelled")
        for level in ("patients", "studies", "series", "instances"):
            self.expect(200, "PUT", f"/{level}/{ids[level]}/labels/{level}")
        body = {"Replace": {"PatientID": "labels"}, "Force": True, "KeepLabels": True}
        content = self.change(f"/patients/{ids['patients']}/modify", body).json()
        study = self.get(content["Path"] + "/studies")[0]
        self.assertEqual((self.get(content["Path"])["Labels"], study["Labels"]), (["patients"], ["studies"]))
        content = self.change(f"/studies/{study['ID']}/modify", {}).json()
        self.assertEqual(self.get(content["Path"])["Labels"], [])

    def test_a_study_does_not_contradict_its_patients_others(self):
        self.fill(1, patient="twice", PatientSex="M")
        ids = self.fill(1, patient="twice", PatientSex="M")
        path = f"/studies/{ids['studies']}/modify"
        answer = self.change(path, {"Replace": {"PatientSex": "F"}}, 400, orthanc=8)
        self.assertIn("Failing tag: 0010,0", answer.json()["Details"])
        same = {"PatientName": "Test^Case", "PatientBirthDate": "19700101", "PatientSex": "M"}
        self.change(path, {"Replace": {**same, "OtherPatientIDs": "x"}}, 400, orthanc=8)
        self.change(path, {"Replace": same})
        alone = self.fill(1, patient="alone")
        self.change(f"/studies/{alone['studies']}/modify", {"Replace": {"PatientID": "twice", **same}, "Force": True})
        self.change(f"/studies/{alone['studies']}/modify", {"Replace": {"PatientID": "twice", "PatientName": "Other"}, "Force": True}, 400)

    def test_a_job_stores_all_or_nothing(self):
        # The second and the third instance of a series would get the identifiers of the first.
        ids = self.fill(3)
        self.store(make_dicom(patient="PAT", study=self.files(f"/studies/{ids['studies']}")[0].StudyInstanceUID,
                              series=generate_uid(), SOPInstanceUID=generate_uid()))
        before = self.everything()
        body = {"Replace": {"SOPInstanceUID": "1.2.3.4"}, "Force": True, "KeepSource": False}
        self.change(f"/studies/{ids['studies']}/modify", body, 500, orthanc=2018)
        self.assertEqual(self.everything(), before)
        content = self.change(f"/studies/{ids['studies']}/modify", {**body, "Permissive": True}).json()
        self.assertEqual((content["InstancesCount"], content["FailedInstancesCount"]), (4, 2))
        after = self.everything()
        self.assertEqual(len(after["instances"]), len(before["instances"]))  # two sources have gone, their results have come

    def test_asynchronous_jobs_can_be_watched(self):
        ids = self.fill(3)
        answer = self.change(f"/studies/{ids['studies']}/modify", {"Asynchronous": True, "Priority": 3}).json()
        job = eventually(lambda: (lambda job: job if job["State"] == "Success" else None)(self.get(answer["Path"])))
        self.assertEqual((job["Type"], job["Priority"], job["Progress"]), ("ResourceModification", 3, 100))
        self.assertEqual(len(self.files(job["Content"]["Path"])), 3)

    def test_transcoding(self):
        stored = self.server.upload(read("MR_small.dcm"))
        answer = self.change(f"/instances/{stored['ID']}/modify", {"Transcode": "1.2.840.10008.1.2.2"})
        self.assertEqual(parse(answer.body).file_meta.TransferSyntaxUID, "1.2.840.10008.1.2.2")
        self.assertEqual((parse(answer.body).pixel_array == parse(read("MR_small.dcm")).pixel_array).all(), True)
        content = self.change(f"/studies/{stored['ParentStudy']}/modify", {"Transcode": "1.2.840.10008.1.2.4.70"}).json()
        self.assertEqual(content["Transcode"], "1.2.840.10008.1.2.4.70")
        self.assertEqual(self.files(content["Path"])[0].file_meta.TransferSyntaxUID, "1.2.840.10008.1.2.4.70")
        for body, code in (({"Transcode": "nope"}, 3), ({"LossyQuality": 0}, 3), ({"LossyQuality": "x"}, 15)):
            self.change(f"/instances/{stored['ID']}/modify", body, 400, orthanc=code)

    def test_hostile_bodies(self):
        ids = self.fill(1)
        deep = "[{\"ReferencedImageSequence\":" * 200 + "[]" + "}]" * 200
        before = self.everything()
        for body in (b"", b"[]", b"\xff\xfe", b"{\"Replace\":{" + b"\"PatientName\":{" * 2000, b"[" * 100000,
                     json.dumps({"Replace": {"PatientName": "x" * 100000}}),
                     '{"Replace": {"ReferencedImageSequence": %s}}' % deep,
                     json.dumps({"Remove": ["PatientName"] * 20000}), json.dumps({"Replace": {"Rows": "9" * 100000}}),
                     json.dumps({"Remove": ["ReferencedImageSequence[0]." * 100 + "PatientName"]}),
                     json.dumps({"Remove": ["ReferencedImageSequence[99999999999].PatientName"]}),
                     json.dumps({"Keep": ["ReferencedImageSequence[0].PatientName"] * 5000}),
                     json.dumps({"Replace": {"PixelData": "data:image/png;base64,QUJD"}})):
            for path in (f"/instances/{ids['instances']}/modify", f"/studies/{ids['studies']}/modify"):
                answer = self.server.request("POST", path, body)
                self.assertIn(answer.status, (400, 413), (path, body[:80], answer.body[:300]))
        self.assertEqual(self.everything(), before)
        for path in (f"/instances/{UNKNOWN}/modify", f"/studies/{UNKNOWN}/modify", "/series/nope/anonymize"):
            self.change(path, {}, 404, orthanc=17)


class OverwriteTest(ModificationTest):
    options = {**OPTIONS, "OverwriteInstances": True}

    def test_in_place(self):
        ids = self.fill(3)
        body = {"Keep": ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"], "Force": True, "Replace": {"StudyDescription": "new"}}
        content = self.change(f"/studies/{ids['studies']}/modify", body).json()
        self.assertEqual(content["ID"], ids["studies"])
        self.assertEqual(uids(self.files(content["Path"]), "StudyDescription"), {"new"})
        self.assertEqual(self.get(content["Path"])["MainDicomTags"]["StudyDescription"], "new")
        self.assertEqual(len(self.everything()["instances"]), 3)
        self.change(f"/studies/{ids['studies']}/modify", {**body, "KeepSource": False}, 400, orthanc=8)
        self.assertEqual(len(self.everything()["instances"]), 3)


class AnonymizeTest(ModificationTest):

    def test_links_hold_and_names_go(self):
        ids = self.fill(3, ReferringPhysicianName="Doctor")
        before = self.files(f"/studies/{ids['studies']}")
        content = self.change(f"/studies/{ids['studies']}/anonymize", {}).json()
        after = self.files(content["Path"])
        self.assertEqual(len(after), 3)
        referenced = {file.ReferencedImageSequence[0].ReferencedSOPInstanceUID for file in after}
        self.assertEqual(referenced, uids(after, "SOPInstanceUID"))
        self.assertEqual(len(uids(after, "FrameOfReferenceUID")), 1)
        self.assertFalse(uids(after, "FrameOfReferenceUID") & uids(before, "FrameOfReferenceUID"))
        for file in after:
            self.assertRegex(str(file.PatientName), r"^Anonymized\d+$")
            self.assertEqual(file.ReferencedImageSequence[0].PatientName, file.PatientName)
            self.assertEqual((file.PatientIdentityRemoved, file.ReferringPhysicianName, file.PatientBirthDate), ("YES", "", ""))
            self.assertIn("PS 3.15-2023b", file.DeidentificationMethod)
        self.assertEqual(self.get(content["Path"])["AnonymizedFrom"], ids["studies"])
        for one in self.get(content["Path"] + "/instances"):
            self.assertNotIn(b"Nested^Name", self.server.get(f"/instances/{one['ID']}/file").body)
        again = self.files(self.change(f"/studies/{ids['studies']}/anonymize", {}).json()["Path"])
        self.assertFalse(uids(again, "SOPInstanceUID") & uids(after, "SOPInstanceUID"))
        self.assertFalse(uids(again, "PatientName") & uids(after, "PatientName"))

    def test_what_is_kept_and_replaced(self):
        ids = self.fill(1, ReferringPhysicianName="Doctor")
        path = f"/instances/{ids['instances']}/anonymize"
        file = parse(self.change(path, {"Keep": ["ReferencedImageSequence"]}).body)
        self.assertEqual(file.ReferencedImageSequence[0].PatientName, "Nested^Name")
        file = parse(self.change(path, {"Keep": ["ReferencedImageSequence[*].PatientName", "ReferringPhysicianName"]}).body)
        self.assertEqual((file.ReferencedImageSequence[0].PatientName, file.ReferringPhysicianName), ("Nested^Name", "Doctor"))
        file = parse(self.change(path, {"Replace": {"PatientName": "X", "PatientID": "Y"}, "Force": True}).body)
        self.assertEqual((file.PatientName, file.PatientID, file.ReferencedImageSequence[0].PatientName), ("X", "Y", "X"))
        file = parse(self.change(path, {"Remove": ["PatientName"]}).body)
        self.assertNotIn("PatientName", file)
        self.assertNotIn("PatientName", file.ReferencedImageSequence[0])
        self.change(path, {"Replace": {"PatientID": "Y"}}, 400, orthanc=8)
        self.change(path, {"DicomVersion": "1999"}, 400, orthanc=3)

    def anonymized(self, elements, body=None, implicit=False):
        """A file with these elements behind all others, after its way through the profile."""
        source = parse(make_dicom(study=generate_uid(), series=generate_uid(), SOPInstanceUID=generate_uid()))
        memory = io.BytesIO()
        if implicit:
            source.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
            source.is_implicit_VR = True
        pydicom.dcmwrite(memory, source, write_like_original=False)
        ids = self.store(memory.getvalue() + elements)
        return self.change(f"/instances/{ids['instances']}/anonymize", body or {}).body

    def test_sequences_that_nobody_can_open_go(self):
        nested = raw_item(struct.pack("<HHI", 0x10, 0x10, 10) + b"Jones^John")
        for tag in (0x00400441, 0x00720101):  # a sequence to the dictionary, and nothing
            for vr in ("UN", "OB") if tag == 0x00400441 else ("UN",):
                with self.subTest(tag=hex(tag), vr=vr):
                    element = raw(tag, vr, nested)
                    self.assertNotIn(b"Jones", self.anonymized(element))
                    self.assertNotIn(b"Jones", self.anonymized(raw(0x00400440, "SQ", raw_item(element))))
                    kept = self.anonymized(element, {"Keep": [f"{tag >> 16:04x},{tag & 0xffff:04x}"]})
                    self.assertIn(b"Jones", kept)
        unknown = struct.pack("<HHI", 0x72, 0x101, len(nested)) + nested
        self.assertNotIn(b"Jones", self.anonymized(unknown, implicit=True))
        private = raw(0x00990010, "LO", b"ACME") + raw(0x00991001, "UN", nested)
        self.assertNotIn(b"Jones", self.anonymized(private, {"KeepPrivateTags": True}))
        # Other bytes of VR UN stay.
        self.assertIn(b"harmless", self.anonymized(raw(0x00720101, "UN", b"harmless")))

    def test_uids_that_are_no_text_go(self):
        name = raw(0x00100010, "PN", b"Jones^John")
        for element in (raw(0x0040a124, "OB", b"Jones^John"), raw(0x0040a124, "SQ", raw_item(name)), raw(0x0040a124, "UN", b"Jones^John"),
                        raw(0x0040a124, "UI", b"\0Jones"), raw(0x0020000d, "OB", b"Jones^John"), raw(0x0020000e, "SQ", raw_item(name)),
                        raw(0x00080018, "UI", b"\0Jones"), raw(0x00081155, "OB", b"Jones^John")):
            with self.subTest(element):
                for body in ({}, {"Keep": ["SOPInstanceUID"], "Force": True} if element[:2] != b"\x08\0" or element[2:4] != b"\x18\0" else {}):
                    self.assertNotIn(b"Jones", self.anonymized(raw(0x00400440, "SQ", raw_item(element)), body))

    def test_too_many_elements_are_refused(self):
        many = b"".join(raw((0x41 + 2 * (i // 0x8000)) << 16 | 0x1000 + i % 0x8000, "CS", b"AB") for i in range(100001))
        ids = self.store(make_dicom(study=generate_uid(), series=generate_uid()) + raw(0x00400440, "SQ", raw_item(many)))
        self.change(f"/instances/{ids['instances']}/anonymize", {}, 413)

    def test_many_at_once(self):
        one, two = self.fill(2, patient="P1"), self.fill(2, patient="P2")
        content = self.change("/tools/bulk-anonymize", {"Resources": [one["studies"], two["patients"], one["instances"]]}).json()
        self.assertEqual(content["InstancesCount"], 4)
        kinds = [resource["Type"] for resource in content["Resources"]]
        self.assertEqual(kinds, ["Instance"] * 4 + ["Series"] * 2 + ["Study"] * 2 + ["Patient"] * 2)
        names = {str(file.PatientName) for resource in content["Resources"] if resource["Type"] == "Study" for file in self.files(resource["Path"])}
        self.assertEqual(len(names), 1)
        self.change("/tools/bulk-anonymize", {"Resources": [one["studies"], UNKNOWN]}, 404, orthanc=17)
        self.change("/tools/bulk-modify", {"Resources": [one["studies"]], "Level": 5}, 400, orthanc=3)

    def test_the_counter_survives_a_restart(self):
        def number():
            answer = self.change(f"/instances/{ids['instances']}/anonymize", {})
            return int(str(parse(answer.body).PatientName)[len("Anonymized"):])

        ids = self.fill(1)
        first = number()
        self.assertEqual(number(), first + 1)
        self.server.restart()
        self.assertEqual(number(), first + 2)

    def test_results_are_as_valid_as_their_sources(self):
        for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "JPEG-lossy.dcm"):
            stored = self.server.upload(read(name))
            answer = self.change(f"/instances/{stored['ID']}/anonymize", {})
            self.assertLessEqual(self.errors(answer.body) - self.errors(read(name)), set(), name)

    def test_created_objects_are_as_valid_as_what_they_are_made_of(self):
        source = read("CT_small.dcm")
        study = self.server.upload(source)["ParentStudy"]
        tags = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "Modality": "OT", "ConversionType": "WSD", "SeriesNumber": "5", "InstanceNumber": "1",
                "PatientOrientation": "", "Laterality": ""}
        for content in (uri("image/png", png(5, 4)), uri("image/png", png(5, 4, 2))):
            answer = self.change("/tools/create-dicom", {"Parent": study, "Tags": tags, "Content": content}).json()
            self.assertLessEqual(self.errors(self.server.get(answer["Path"] + "/file").body) - self.errors(source), set(), content[:20])
        document = {"DocumentTitle": "Report", "BurnedInAnnotation": "NO", "SeriesNumber": "6", "InstanceNumber": "1", "Manufacturer": "Hilum"}
        answer = self.change("/tools/create-dicom", {"Parent": study, "Tags": document, "Content": uri("application/pdf", b"%PDF-1.4\nx")}).json()
        self.assertLessEqual(self.errors(self.server.get(answer["Path"] + "/file").body) - self.errors(source), set())

    def errors(self, file):
        """What dciodvfy calls an error, without values; nothing if it is not installed."""
        with tempfile.NamedTemporaryFile(suffix=".dcm") as temporary:
            temporary.write(file)
            temporary.flush()
            try:
                output = subprocess.run(["dciodvfy", temporary.name], capture_output=True, text=True, errors="replace", timeout=60, check=False)
            except FileNotFoundError:
                self.skipTest("dciodvfy (Debian package dicom3tools) is not installed")
        # A Type 2C or 1 attribute that the profile empties or removes is the profile's doing.
        lines = (output.stderr + output.stdout).splitlines()
        return {line for line in lines if line.startswith("Error") and "Empty attribute" not in line and "Missing attribute" not in line}


class JobTest(ModificationTest):
    """The life of the jobs of this family; what holds for all jobs is tested in jobs_test.py."""

    def paused(self, path, body):
        """A job that was paused before its end. One that has been faster is followed by another."""
        for _ in range(20):
            job = self.change(path, {**body, "Asynchronous": True}).json()["ID"]
            self.expect(200, "POST", f"/jobs/{job}/pause", b"")
            eventually(lambda: self.state(job) in ("Paused", "Success"))
            if self.state(job) == "Paused":
                return job
        self.fail("no job could be paused")

    def state(self, job):
        return self.get(f"/jobs/{job}")["State"]

    def test_a_paused_job_has_stored_nothing_and_goes_on(self):
        ids = self.fill(300, patient="life")
        for path, body in ((f"/studies/{ids['studies']}/anonymize", {}), (f"/series/{ids['series']}/modify", {"Replace": {"Modality": "MR"}})):
            job = self.paused(path, body)
            before = self.everything()
            self.assertNotIn("Path", self.get(f"/jobs/{job}")["Content"])
            self.expect(200, "POST", f"/jobs/{job}/resume", b"")
            self.assertTrue(eventually(lambda: self.state(job) == "Success"))
            self.assertEqual(len(self.files(self.get(f"/jobs/{job}")["Content"]["Path"])), 300)
            self.assertEqual(len(self.everything()["instances"]), len(before["instances"]) + 300)

    def test_a_cancelled_job_leaves_nothing_and_can_be_run_anew(self):
        ids = self.fill(300, patient="anew")
        job = self.paused(f"/studies/{ids['studies']}/modify", {"KeepSource": False})
        before = self.everything()
        self.expect(200, "POST", f"/jobs/{job}/cancel", b"")
        self.assertTrue(eventually(lambda: self.state(job) == "Failure"))
        self.assertEqual(self.everything(), before)
        self.expect(200, "POST", f"/jobs/{job}/resubmit", b"")
        self.assertTrue(eventually(lambda: self.state(job) == "Success"))
        self.expect(404, "GET", f"/studies/{ids['studies']}")
        self.assertEqual(len(self.everything()["instances"]), len(before["instances"]))


class StudyTest(ModificationTest):

    def two_series(self, **tags):
        study = generate_uid()
        first = [self.store(file) for file in slices(2, study=study, **tags)][-1]
        second = [self.store(file) for file in slices(2, study=study, **tags)][-1]
        return first, second

    def test_split(self):
        first, second = self.two_series(patient="split")
        body = {"Series": [second["series"]], "Replace": {"PatientName": "New", "PatientID": "other"}, "Remove": ["StudyDescription"]}
        content = self.change(f"/studies/{first['studies']}/split", body).json()
        self.assertEqual(content["InstancesCount"], 2)
        files = self.files(f"/studies/{content['TargetStudy']}")
        self.assertEqual(uids(files, "StudyInstanceUID"), {content["TargetStudyUID"]})
        self.assertEqual((uids(files, "PatientID"), len(uids(files, "SeriesInstanceUID"))), ({"other"}, 1))
        self.assertNotIn("StudyDescription", files[0])
        self.expect(404, "GET", f"/series/{second['series']}")
        self.assertEqual(len(self.files(f"/studies/{first['studies']}")), 2)
        self.assertNotIn("ModifiedFrom", self.get(f"/studies/{content['TargetStudy']}"))

    def test_split_with_texts_that_a_character_set_cannot_hold(self):
        first, second = self.two_series(patient="charset", SpecificCharacterSet="ISO_IR 100", SeriesDescription="\u00e9t\u00e9")
        body = {"Series": [second["series"]], "Replace": {"PatientName": "\u5c71\u7530"}}
        files = self.files(f"/studies/{self.change('/studies/' + first['studies'] + '/split', body).json()['TargetStudy']}")
        self.assertEqual({(file.SpecificCharacterSet, str(file.PatientName), file.SeriesDescription) for file in files},
                         {("ISO_IR 192", "\u5c71\u7530", "\u00e9t\u00e9")})

    def test_merge(self):
        first, second = self.two_series(patient="merged")
        target = self.store(make_dicom(patient="t\u00e4rget", study=generate_uid(), series=generate_uid(), SpecificCharacterSet="ISO_IR 192",
                                       PatientName="\u5c71\u7530", StudyDescription="Target"))
        content = self.change(f"/studies/{target['studies']}/merge", {"Resources": [first["studies"]], "KeepLabels": True}).json()
        self.assertEqual((content["InstancesCount"], content["TargetStudy"]), (4, target["studies"]))
        files = self.files(f"/studies/{target['studies']}")
        self.assertEqual((len(files), uids(files, "StudyDescription"), uids(files, "PatientID")), (5, {"Target"}, {"t\u00e4rget"}))
        self.assertEqual({str(file.PatientName) for file in files}, {"\u5c71\u7530"})
        self.assertEqual(len(uids(files, "SeriesInstanceUID")), 3)
        self.expect(404, "GET", f"/studies/{first['studies']}")

    def test_refusals_leave_everything(self):
        first, second = self.two_series(patient="refused")
        before = self.everything()
        split, merge = f"/studies/{first['studies']}/split", f"/studies/{first['studies']}/merge"
        other = self.fill(1)
        before = self.everything()
        for path, body, status, code in (
                (split, {}, 400, 8), (split, {"Series": []}, 400, 8), (split, {"Series": [other["series"]]}, 404, 17),
                (split, {"Series": [first["series"]], "Replace": {"Modality": "x"}}, 400, 3),
                (split, {"Series": [first["series"]], "Replace": {"PatientName": 5}}, 400, 15),
                (split, {"Series": [first["series"]], "Remove": ["SeriesInstanceUID"]}, 400, 3),
                (f"/studies/{UNKNOWN}/split", {"Series": [first["series"]]}, 404, 17),
                (merge, {}, 400, 15), (merge, {"Resources": [first["studies"]]}, 404, 17), (merge, {"Resources": [first["series"]]}, 404, 17),
                (merge, {"Resources": [other["patients"]]}, 404, 17), (merge, {"Resources": [other["studies"], UNKNOWN]}, 404, 17)):
            with self.subTest(path=path, body=body):
                self.change(path, body, status, orthanc=code)
        self.assertEqual(self.everything(), before)


def progressive(scans):
    """A progressive JPEG file of 8 x 8 pixels, whose scans after the first refine nothing."""
    def segment(marker, data):
        return bytes((0xff, marker)) + struct.pack(">H", len(data) + 2) + data

    def scan(first, last, high_low):
        return segment(0xda, bytes((1, 1, 0, first, last, high_low)))

    tables = b"".join(segment(0xc4, bytes((kind,)) + b"\1" + bytes(15) + b"\0") for kind in (0x00, 0x10))
    return (b"\xff\xd8" + segment(0xdb, b"\0" + b"\1" * 64) + segment(0xc2, struct.pack(">BHHBBBB", 8, 8, 8, 1, 1, 0x11, 0)) + tables +
            scan(0, 0, 0) + b"\x7f" + (scan(1, 1, 0) + b"\x7f") * (scans - 1) + b"\xff\xd9")


def png(width, height, colour=0, depth=8, claimed=None, extra=b""):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    samples = {0: 1, 2: 3, 6: 4}[colour] * depth // 8
    rows = b"".join(b"\0" + bytes((x + 10 * y) % 256 for x in range(width * samples)) for y in range(height))
    width, height = claimed or (width, height)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)) + extra +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def uri(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


class CreateTest(ModificationTest):

    def create(self, body, status=200, **more):
        return self.expect(status, "POST", "/tools/create-dicom", json.dumps(body), **more)

    def made(self, body):
        return parse(self.server.get(self.create(body).json()["Path"] + "/file").body)

    def test_pictures(self):
        file = self.made({"Tags": {"PatientName": "J\u00f6rg"}, "Content": uri("image/png", png(5, 4))})
        self.assertEqual((file.Rows, file.Columns, file.SamplesPerPixel, file.PhotometricInterpretation), (4, 5, 1, "MONOCHROME2"))
        self.assertEqual((file.pixel_array[3][4], str(file.PatientName)), (34, "J\u00f6rg"))
        file = self.made({"Tags": {}, "Content": uri("image/png", png(3, 2, 2, 16))})
        self.assertEqual((file.SamplesPerPixel, file.BitsStored, file.pixel_array[1][2][2]), (3, 16, (10 + 16) * 256 + 27))
        wide = self.made({"Tags": {}, "Content": uri("image/png", png(3, 2, 6))})
        self.assertEqual((wide.PhotometricInterpretation, wide.PlanarConfiguration, list(wide.pixel_array[0][1])), ("RGB", 0, [4, 5, 6]))

    def test_jpeg(self):
        jpeg = pydicom.encaps.decode_data_sequence(parse(read("SC_rgb_jpeg_dcmtk.dcm")).PixelData)[0]
        file = self.made({"Tags": {}, "Content": uri("image/jpeg", jpeg)})
        self.assertEqual((file.Rows, file.Columns, file.BitsAllocated, len(file.PixelData)), (100, 100, 8, 30000))
        file = self.made({"Tags": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "Content": uri("image/jpg", jpeg), "Encapsulate": True})
        self.assertEqual(file.file_meta.TransferSyntaxUID, "1.2.840.10008.1.2.4.50")
        self.assertEqual(pydicom.encaps.decode_data_sequence(file.PixelData)[0][:len(jpeg)], jpeg)
        self.create({"Tags": {}, "Content": uri("image/png", png(2, 2)), "Encapsulate": True}, 500, orthanc=2)

    def test_pictures_that_take_more_than_they_show(self):
        self.made({"Tags": {}, "Content": uri("image/jpeg", progressive(60))})
        self.create({"Tags": {}, "Content": uri("image/jpeg", progressive(5000))}, 400, orthanc=15)
        body = b"zTXtComment\0\0" + zlib.compress(b"x" * 7000000)
        text = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        file = self.made({"Tags": {}, "Content": uri("image/png", png(5, 4, extra=text * 500))})
        self.assertEqual((file.Rows, file.Columns), (4, 5))

    def test_documents(self):
        file = self.made({"Tags": {"PatientID": "doc"}, "Content": uri("application/pdf", b"%PDF-1.4\nx")})
        self.assertEqual((file.MIMETypeOfEncapsulatedDocument, file.Modality, file.ConversionType), ("application/pdf", "OT", "WSD"))
        self.assertEqual((file.EncapsulatedDocument, file.SOPClassUID), (b"%PDF-1.4\nx", "1.2.840.10008.5.1.4.1.1.104.1"))
        file = self.made({"Tags": {}, "Content": uri("model/stl", b"solid")})
        self.assertEqual((file.Modality, file.SOPClassUID), ("M3D", "1.2.840.10008.5.1.4.1.1.104.3"))

    def test_parents_and_series(self):
        ids = self.fill(1, patient="parent")
        answer = self.create({"Tags": {"Modality": "SC"}, "Parent": ids["studies"]}).json()
        self.assertEqual((answer["ParentStudy"], answer["ParentPatient"]), (ids["studies"], ids["patients"]))
        self.create({"Tags": {"PatientName": "x"}, "Parent": ids["studies"]}, 400, orthanc=2020)
        self.create({"Tags": {}, "Parent": ids["instances"]}, 400, orthanc=2025)
        self.create({"Tags": {}, "Parent": UNKNOWN}, 400, orthanc=2024)
        answer = self.create({"Tags": {"Modality": "CR"}, "Content": [uri("image/png", png(2, 2)), {"Content": uri("image/png", png(2, 2)), "Tags": {"SeriesNumber": "5"}}]}).json()
        self.assertEqual(sorted(answer), ["ID", "Path", "Status"])
        self.assertEqual({str(file.InstanceNumber) for file in self.files(answer["Path"])}, {"1", "2"})
        self.assertEqual(self.get(answer["Path"])["Status"], "Complete")

    def test_nothing_is_made_of_bad_content(self):
        before = self.everything()
        good = uri("image/png", png(2, 2))
        for content in (None, 5, {}, "x", uri("image/png", b"x"), uri("image/png", png(2, 2)[:60]), uri("image/png", png(2, 2, claimed=(60000, 60000))),
                        uri("image/png", png(2, 2, claimed=(0, 5))), uri("image/jpeg", b"\xff\xd8\xff"), uri("application/pdf", b"x"),
                        uri("image/x-portable-arbitrarymap", b"P7\nWIDTH 60000\nHEIGHT 60000\nDEPTH 1\nMAXVAL 255\nENDHDR\nx"),
                        [good, "x"], [good, {}], [good, 5], ["x"], [{"Content": good, "Tags": {"nope": "x"}}],
                        [{"Content": good, "Tags": {"StudyInstanceUID": "1.2"}}]):
            answer = self.server.request("POST", "/tools/create-dicom", json.dumps({"Tags": {}, "Content": content}))
            self.assertIn(answer.status, (400, 413), (str(content)[:100], answer.body))
        for body in (b"", b"[]", b"{", b'{"Tags": 5}', b'{"Tags": {"nope": "x"}}', b'{"Tags": {"PixelData": "x"}}', b'{"Tags": {}, "Force": 5}',
                     b'{"Tags": {"SpecificCharacterSet": "foo"}}', b'{"PatientName": 5}', b'{"Tags": {"StudyInstanceUID": "1.2"}}'):
            self.expect(400, "POST", "/tools/create-dicom", body)
        self.assertEqual(self.everything(), before)


if __name__ == "__main__":
    unittest.main()
