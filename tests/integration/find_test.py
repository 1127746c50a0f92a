#!/usr/bin/python3
"""Searching on the real server: /tools/find, /tools/count-resources, /tools/lookup, /tools/bulk-content, /tools/labels."""

import io
import os
import subprocess
import tempfile
import time
import unittest

import pydicom

from hilum_server import HilumServer
from resources_case import OPTIONS, UNKNOWN, ServerTest, make_dicom, public_id, read

CHARSETS = os.path.join(os.path.dirname(pydicom.__file__), "data", "charset_files")


class Search(ServerTest):
    """Questions of a search."""

    def ask(self, level, query=None, **fields):
        answer = self.expect(200, "POST", "/tools/find", {"Level": level, "Query": query or {}, **fields})
        return answer.json()

    def names(self, level, query=None, tag="PatientID", **fields):
        """The values of a tag of the matches, in their order."""
        found = self.ask(level, query, Expand=True, RequestedTags=[tag], **fields)
        return [item["RequestedTags"].get(tag) for item in found]

    def count(self, level, query=None, **fields):
        body = {"Level": level, "Query": query or {}, **fields}
        answer = self.expect(200, "POST", "/tools/count-resources", body).json()
        self.assertEqual(list(answer), ["Count"])
        return answer["Count"]


class Matching(Search):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        upload = cls.server.upload
        upload(make_dicom("A", "1.1", "1.1.1", "1.1.1.1", PatientName="J\u00e9r\u00f4me^Buc", SpecificCharacterSet="ISO_IR 192",
                          StudyDate="20200101", AccessionNumber="ACC1", InstanceNumber=2))
        upload(make_dicom("A", "1.1", "1.1.1", "1.1.1.2", PatientName="J\u00e9r\u00f4me^Buc", SpecificCharacterSet="ISO_IR 192",
                          StudyDate="20200101", InstanceNumber=10))
        upload(make_dicom("A", "1.1", "1.1.2", "1.1.2.1", Modality="SR", StudyDate="20200101"))
        upload(make_dicom("a", "1.2", "1.2.1", "1.2.1.1", PatientName="JEROME^BUC", StudyDate="20210101", Modality="MR",
                          AccessionNumber=""))
        upload(make_dicom("A_B%C", "1.3", "1.3.1", "1.3.1.1", PatientName="A B^C", StudyDate="20220101",
                          Modality="PT"))
        upload(make_dicom("D", "1.4", "1.4.1", "1.4.1.1", PatientName="NOCS", StudyDate="2023", Modality=""))

    def test_values(self):
        self.assertEqual(self.names("Patient", {"PatientID": "a"}), ["A", "a"])
        self.assertEqual(self.names("Patient", {"PatientID": "a"}, CaseSensitive=True), ["a"])
        self.assertEqual(self.names("Patient", {"PatientName": "J\u00c9R*"}), ["A"])
        self.assertEqual(self.names("Patient", {"PatientName": "jer*"}), ["a"])
        self.assertEqual(self.names("Patient", {"PatientName": "J?R?ME^BUC"}), ["A", "a"])
        self.assertEqual(self.names("Patient", {"PatientName": "J?r\u00f4me^Buc"}, CaseSensitive=True), ["A"])
        self.assertEqual(self.names("Patient", {"PatientID": "A\\d\\nope"}), ["A", "a", "D"])
        self.assertEqual(self.names("Patient", {"PatientID": "A*\\D"}), ["D"])
        self.assertEqual(self.names("Patient", {"PatientID": "A B C"}), [])
        self.assertEqual(self.names("Patient", {"PatientID": "a_b%c"}), ["A_B%C"])
        self.assertEqual(self.names("Patient", {"PatientName": " NOCS "}), [])
        self.assertEqual(len(self.ask("Patient", {"PatientName": ""})), 4)
        self.assertEqual(self.names("Patient", {"PatientID": "A", "PatientName": "*BUC"}), ["A", "a"])

    def test_absent_and_empty(self):
        self.assertEqual(self.names("Study", {"AccessionNumber": "*"}, "StudyInstanceUID"), ["1.1", "1.2"])
        self.assertEqual(self.names("Study", {"AccessionNumber": "?*"}, "StudyInstanceUID"), ["1.1"])
        self.assertEqual(len(self.ask("Study", {"AccessionNumber": ""})), 4)

    def test_ranges(self):
        def studies(value):
            return self.names("Study", {"StudyDate": value}, "StudyInstanceUID")

        self.assertEqual(studies("20200101-20210101"), ["1.1", "1.2"])
        self.assertEqual(studies("20210102-"), ["1.3", "1.4"])
        self.assertEqual(studies("-2020"), [])
        self.assertEqual(studies("-20200101"), ["1.1"])
        self.assertEqual(len(studies("-")), 4)
        self.assertEqual(studies("2020"), [])
        self.assertEqual(studies("20200101-20210101\\20220101"), ["1.1", "1.2"])
        self.assertEqual(studies("20200101\\2023"), ["1.1", "1.4"])

    def test_levels(self):
        self.assertEqual(self.ask("Patient", {"Modality": "CT"}), [])
        self.assertEqual(self.ask("Series", {"SOPInstanceUID": "1.1.1.1"}), [])
        self.assertEqual(self.names("Instance", {"PatientID": "A", "Modality": "CT"}, "SOPInstanceUID", CaseSensitive=True),
                         ["1.1.1.1", "1.1.1.2"])
        self.assertEqual(self.names("Series", {"AccessionNumber": "acc1"}, "SeriesInstanceUID"), ["1.1.1", "1.1.2"])
        self.assertEqual(self.names("Study", {"ModalitiesInStudy": "sr"}, "StudyInstanceUID"), ["1.1"])
        self.assertEqual(self.names("Study", {"ModalitiesInStudy": "MR\\CT"}, "StudyInstanceUID"), ["1.1", "1.2"])
        self.assertEqual(len(self.ask("Study", {"ModalitiesInStudy": "*"})), 3)
        self.assertEqual(self.ask("Series", {"ModalitiesInStudy": "CT"}), [])
        self.assertEqual(self.ask("Study", {"RequestAttributesSequence": "x"}), [])
        self.assertEqual(self.ask("Series", {"RequestAttributesSequence": "x"}), [])

    def test_parents(self):
        patient, study, series = public_id("A"), public_id("A", "1.1"), public_id("A", "1.1", "1.1.1")
        instances = ["1.1.1.1", "1.1.1.2", "1.1.2.1"]
        self.assertEqual(self.names("Instance", {}, "SOPInstanceUID", ParentPatient=patient), instances)
        self.assertEqual(self.names("Instance", {}, "SOPInstanceUID", ParentStudy=study), instances)
        self.assertEqual(self.names("Instance", {}, "SOPInstanceUID", ParentSeries=series), instances[:2])
        self.assertEqual(self.names("Instance", {"Modality": "SR"}, "SOPInstanceUID", ParentPatient=patient), instances[2:])
        self.assertEqual(self.names("Study", {}, "StudyInstanceUID", ParentPatient=patient), ["1.1"])
        self.assertEqual(self.ask("Instance", {"PatientID": "D"}, ParentPatient=patient), [])
        for other in (UNKNOWN, "nope", "", study):
            self.assertEqual(self.ask("Instance", ParentPatient=other), [])
        self.assertEqual(self.ask("Study", ParentStudy=study), [])
        self.assertEqual(self.count("Instance", ParentStudy=study), 3)

    def test_pages_hold_everything_once(self):
        for level, query in (("Instance", {}), ("Instance", {"PatientID": "*"}), ("Series", {"Modality": "*"})):
            everything = self.ask(level, query)
            for limit in (1, 2, 4):
                pages = []
                while page := self.ask(level, query, Limit=limit, Since=len(pages)):
                    self.assertLessEqual(len(page), limit)
                    pages += page
                self.assertEqual(pages, everything)
        self.assertEqual(len(self.ask("Instance", Limit=0)), 6)
        self.assertEqual(self.ask("Instance", Since=6), [])
        self.assertEqual(self.ask("Instance", Since=2**60, Limit=2**62), [])

    def test_order(self):
        def instances(*orderings, **fields):
            wanted = [dict(zip(("Type", "Key", "Direction"), ordering)) for ordering in orderings]
            return self.names("Instance", {}, "SOPInstanceUID", OrderBy=wanted, **fields)

        arrival = ["1.1.1.1", "1.1.1.2", "1.1.2.1", "1.2.1.1", "1.3.1.1", "1.4.1.1"]
        numbered, rest = arrival[:2], arrival[2:]
        self.assertEqual(instances(("DicomTagAsInt", "InstanceNumber", "ASC")), numbered + rest)
        self.assertEqual(instances(("DicomTagAsInt", "InstanceNumber", "DESC")), numbered[::-1] + rest)
        self.assertEqual(instances(("DicomTag", "InstanceNumber", "ASC")), numbered[::-1] + rest)
        self.assertEqual(instances(("DicomTagAsFloat", "InstanceNumber", "ASC")), numbered + rest)
        self.assertEqual(instances(("MetadataAsInt", "IndexInSeries", "DESC")), numbered[::-1] + rest)
        self.assertEqual(instances(("MetadataAsFloat", "1", "DESC")), numbered[::-1] + rest)
        self.assertEqual(instances(("Metadata", "IndexInSeries", "DESC")), numbered + rest)
        self.assertEqual(instances(("DicomTag", "StudyDate", "DESC"), ("DicomTag", "SOPInstanceUID", "DESC")),
                         ["1.4.1.1", "1.3.1.1", "1.2.1.1", "1.1.2.1", "1.1.1.2", "1.1.1.1"])
        self.assertEqual(instances(("DicomTag", "Rows", "DESC"), ("Metadata", "2000", "ASC")), arrival)
        self.assertEqual(instances(("DicomTag", "StudyDate", "DESC"), Since=1, Limit=2), ["1.3.1.1", "1.2.1.1"])
        self.assertEqual(instances(("DicomTag", "StudyDate")), arrival)

    def test_metadata(self):
        study = public_id("a", "1.2")
        self.server.put(f"/studies/{study}/metadata/color", "Dark Red")
        for value in ("dark red", "DARK*", "blue\\dark red", "*"):
            self.assertEqual(self.ask("Study", MetadataQuery={"color": value}), [study], value)
        self.assertEqual(self.ask("Study", MetadataQuery={"2000": "Dark Red"}, CaseSensitive=True), [study])
        self.assertEqual(self.ask("Study", MetadataQuery={"color": "dark red"}, CaseSensitive=True), [])
        self.assertEqual(len(self.ask("Study", MetadataQuery={"color": ""})), 4)
        self.assertEqual(self.ask("Study", {"PatientID": "D"}, MetadataQuery={"color": "*"}), [])
        self.assertEqual(self.count("Instance", MetadataQuery={"IndexInSeries": "2"}), 1)
        self.expect(400, "POST", "/tools/find", {"Level": "Study", "Query": {}, "MetadataQuery": {"nope": "x"}}, orthanc=3)

    def test_labels(self):
        studies = [public_id("A", "1.1"), public_id("a", "1.2"), public_id("A_B%C", "1.3"), public_id("D", "1.4")]
        for position, labels in enumerate((("one", "both"), ("two", "both"), ("one",))):
            for label in labels:
                self.server.put(f"/studies/{studies[position]}/labels/{label}")

        def found(labels, rule=None, query=None):
            fields = {"Labels": labels, **({"LabelsConstraint": rule} if rule else {})}
            positions = [studies.index(item) for item in self.ask("Study", query, **fields)]
            self.assertEqual(self.count("Study", query, **fields), len(positions))
            return positions

        self.assertEqual(self.get("/tools/labels"), ["both", "one", "two"])
        self.assertEqual(found([]), [0, 1, 2, 3])
        self.assertEqual(found([], "Any"), [0, 1, 2, 3])
        self.assertEqual(found([], "None"), [3])
        self.assertEqual(found([""], "None"), [3])
        self.assertEqual(len(self.ask("Study", LabelsConstraint="None")), 4)
        self.assertEqual(found(["one"]), [0, 2])
        self.assertEqual(found(["one", "both"]), [0])
        self.assertEqual(found(["one", "two"], "All"), [])
        self.assertEqual(found(["one", "two"], "Any"), [0, 1, 2])
        self.assertEqual(found(["one", "one", ""], "Any"), [0, 2])
        self.assertEqual(found(["one"], "None"), [1, 3])
        self.assertEqual(found(["two", "nobody"], "None"), [0, 2, 3])
        self.assertEqual(found(["nobody"]), [])
        self.assertEqual(found(["nobody"], "Any"), [])
        self.assertEqual(found(["both"], None, {"StudyDate": "2021*\\20210101"}), [1])
        self.assertEqual(self.ask("Patient", Labels=["one"]), [])
        self.expect(400, "POST", "/tools/find", {"Level": "Study", "Query": {}, "Labels": ["a b"]}, orthanc=3)

    def test_what_is_told(self):
        study = self.ask("Study", {"StudyInstanceUID": "1.1"}, Expand=True,
                         RequestedTags=["ModalitiesInStudy", "NumberOfStudyRelatedInstances", "PatientName", "0008,0016"])[0]
        self.assertEqual(study["RequestedTags"],
                         {"ModalitiesInStudy": "CT\\SR", "NumberOfStudyRelatedInstances": "3",
                          "PatientName": "J\u00e9r\u00f4me^Buc", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"})
        del study["RequestedTags"]
        self.assertEqual(study, self.get("/studies/" + public_id("A", "1.1")))
        self.assertEqual(self.ask("Study", {"PatientID": "D"}, Expand=True, RequestedTags=[])[0]["RequestedTags"], {})
        contents = {(): {"ID", "Type"}, ("MainDicomTags",): {"ID", "Type", "MainDicomTags", "PatientMainDicomTags"},
                    ("Children", "Parent"): {"ID", "Type", "Series", "ParentPatient"},
                    ("Labels", "IsStable", "RequestedTags"): {"ID", "Type", "Labels", "IsStable"},
                    ("Metadata", "Attachments"): {"ID", "Type", "Metadata", "Attachments"}}
        for content, keys in contents.items():
            self.assertEqual(set(self.ask("Study", {"PatientID": "D"}, ResponseContent=list(content))[0]), keys)
        short = self.ask("Study", {"PatientID": "D"}, Expand=True, Short=True)[0]
        self.assertEqual(short["MainDicomTags"]["0020,000d"], "1.4")

    def test_count(self):
        for level, count in (("Patient", 4), ("Study", 4), ("Series", 5), ("Instance", 6)):
            self.assertEqual(self.count(level), count)
        self.assertEqual(self.count("Instance", {"PatientID": "A"}, Limit=1, Since=1, Expand=True, CaseSensitive=False), 4)
        self.assertEqual(self.count("Patient", {"Modality": "CT"}), 0)
        self.assertEqual(self.count("Study", {"ModalitiesInStudy": "CT"}), 1)
        self.expect(400, "POST", "/tools/count-resources", {"Level": "Study", "Query": {}, "CaseSensitive": True}, orthanc=8)
        self.expect(400, "POST", "/tools/count-resources", {"Level": "Study", "Query": {"Rows": "1"}}, orthanc=8)

    def test_lookup(self):
        def found(identifier):
            return [item["Path"] for item in self.expect(200, "POST", "/tools/lookup", identifier).json()]

        self.assertEqual(found("A"), ["/patients/" + public_id("A"), "/patients/" + public_id("a")])
        self.assertEqual(found(" a b c "), ["/patients/" + public_id("A_B%C")])
        self.assertEqual(found("1.1.1"), ["/series/" + public_id("A", "1.1", "1.1.1")])
        self.assertEqual(found(""), [])
        self.assertEqual(found("JEROME^BUC"), [])
        self.assertEqual(found(b"\xff\xfe\x00"), [])
        self.expect(400, "POST", "/tools/lookup", "A*", orthanc=3)
        self.expect(413, "POST", "/tools/lookup", "A" * 100_000)


class Charsets(Search):
    """Names in the alphabets of pydicom's files, asked for in UTF-8."""

    NAMES = {"chrArab.dcm": "\u0642\u0628\u0627\u0646\u064a^\u0644\u0646\u0632\u0627\u0631", "chrFren.dcm": "Buc^J\u00e9r\u00f4me",
             "chrGerm.dcm": "\u00c4neas^R\u00fcdiger", "chrGreek.dcm": "\u0394\u03b9\u03bf\u03bd\u03c5\u03c3\u03b9\u03bf\u03c2",
             "chrH31.dcm": "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046",
             "chrH32.dcm": "\uff94\uff8f\uff80\uff9e^\uff80\uff9b\uff73=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046",
             "chrHbrw.dcm": "\u05e9\u05e8\u05d5\u05df^\u05d3\u05d1\u05d5\u05e8\u05d4",
             "chrI2.dcm": "Hong^Gildong=\u6d2a^\u5409\u6d1e=\ud64d^\uae38\ub3d9",
             "chrRuss.dcm": "\u041b\u044e\u043ace\u043c\u0431yp\u0433", "chrX1.dcm": "Wang^XiaoDong=\u738b^\u5c0f\u6771=",
             "chrX2.dcm": "Wang^XiaoDong=\u738b^\u5c0f\u4e1c="}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studies = {}
        for position, name in enumerate(cls.NAMES):
            dataset = pydicom.dcmread(os.path.join(CHARSETS, name), force=True)
            dataset.PatientID = name
            dataset.StudyInstanceUID = f"1.2.{position}"
            file = io.BytesIO()
            pydicom.dcmwrite(file, dataset, write_like_original=False)
            cls.studies[name] = cls.server.upload(file.getvalue())["ParentStudy"]

    def test_names(self):
        for name, text in self.NAMES.items():
            text = text.rstrip("=")
            for query in (text + "*", text[:-1] + "?*", "?" + text[1:] + "*", "*" + text[1:] + "*", text.upper() + "*",
                          text.lower() + "*", text[:2] + "*" + text[-2:] + "*"):
                self.assertIn(self.studies[name], self.ask("Study", {"PatientName": query}), (name, query))
            self.assertIn(self.studies[name], self.ask("Study", {"PatientName": text + "*"}, CaseSensitive=True), name)

    def test_alphabets_do_not_mix(self):
        self.assertEqual(self.ask("Study", {"PatientName": "*\u0433"}), [self.studies["chrRuss.dcm"]])
        self.assertEqual(self.ask("Study", {"PatientName": "*\u6771*"}), [self.studies["chrX1.dcm"]])
        self.assertEqual(self.ask("Study", {"PatientName": "Aneas*"}), [])


class OutsideTheIndex(Search):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ct, cls.mr = (cls.server.upload(read(name)) for name in ("CT_small.dcm", "MR_small.dcm"))

    def test_files_are_read(self):
        for level, key in (("Patient", "ParentPatient"), ("Study", "ParentStudy"), ("Series", "ParentSeries"), ("Instance", "ID")):
            self.assertEqual(self.ask(level, {"Rows": "128"}), [self.ct[key]])
            self.assertEqual(self.ask(level, {"PhotometricInterpretation": "monochrome*", "Rows": "64"}), [self.mr[key]])
            self.assertEqual(self.ask(level, {"PatientID": "1CT1", "Rows": "64"}), [])
            self.assertEqual(self.ask(level, {"NoSuchTag": ""}), self.ask(level))
            self.assertEqual(self.ask(level, {"0009,1001": "GEMS"}), [])

    def test_what_does_not_go_together(self):
        for fields in ({"Since": 1}, {"Limit": 1}):
            self.expect(400, "POST", "/tools/find", {"Level": "Study", "Query": {"Rows": "1"}, **fields}, orthanc=8)
        self.expect(400, "POST", "/tools/find", {"Level": "Study", "Query": {}, "Since": 1, "CaseSensitive": True}, orthanc=8)

    def test_storage_access(self):
        for access, rows in (("Answers", True), ("Never", False)):
            with HilumServer({**OPTIONS, "StorageAccessOnFind": access}) as server:
                server.upload(read("CT_small.dcm"))
                body = {"Level": "Study", "Query": {"Rows": "128"}}
                self.assertEqual(server.post("/tools/find", body).json(), [])
                body = {"Level": "Study", "Query": {"PatientID": "1CT1"}, "Expand": True, "RequestedTags": ["Rows", "StudyDate"]}
                tags = server.post("/tools/find", body).json()[0]["RequestedTags"]
                self.assertEqual(tags, {"StudyDate": "20040119", **({"Rows": "128"} if rows else {})})

    def test_bulk_content(self):
        def content(resources, **fields):
            return self.expect(200, "POST", "/tools/bulk-content", {"Resources": resources, **fields}).json()

        study, instance = self.ct["ParentStudy"], self.mr["ID"]
        items = content([instance, UNKNOWN, study, instance])
        self.assertEqual([item["ID"] for item in items], [instance, study, instance])
        self.assertEqual(items[1]["Metadata"]["RemoteAET"] if "RemoteAET" in items[1]["Metadata"] else "", "")
        plain = content([study], Metadata=False)[0]
        self.assertEqual(plain, self.get("/studies/" + study))
        both = content([study, instance, self.mr["ParentPatient"]], Level="Series")
        self.assertEqual([item["ID"] for item in both], sorted((self.ct["ParentSeries"], self.mr["ParentSeries"])))
        self.assertEqual({item["Type"] for item in content([study, instance], Level="patients")}, {"Patient"})


class Limits(Search):
    options = {**OPTIONS, "LimitFindResults": 2, "LimitFindInstances": 3}

    def test_limits(self):
        for number in range(5):
            self.server.upload(make_dicom(f"P{number}", f"1.{number}", f"1.{number}.1"))
        for level, most in (("Patient", 2), ("Study", 2), ("Series", 2), ("Instance", 3)):
            self.assertEqual(len(self.ask(level)), most)
            self.assertEqual(len(self.ask(level, {"PatientID": "P*"}, Limit=100)), most)
            self.assertEqual(len(self.ask(level, Limit=1)), 1)
            self.assertEqual(len(self.ask(level, Since=4)), 1)
            self.assertEqual(self.count(level), 5)


class TagsOfTheConfiguration(unittest.TestCase):
    """ExtraMainDicomTags and Dictionary."""

    def test_extra_main_tags(self):
        with HilumServer({**OPTIONS, "DicomAlwaysAllowFind": True}) as server:
            def find_by_dicom(*keys):
                """How many matches C-FIND gives."""
                arguments = [argument for key in ("0008,0052=STUDY", *keys) for argument in ("-k", key)]
                done = subprocess.run(["findscu", "-v", "-S", *arguments, "127.0.0.1", str(server.dicom_port)],
                                      capture_output=True, text=True, timeout=60, check=True)
                return (done.stdout + done.stderr).count("(Pending)")

            def ask(query, **fields):
                answer = server.post("/tools/find", {"Level": "Study", "Query": query, **fields})
                self.assertEqual(answer.status, 200, answer.body)
                return answer.json()

            def upload(number, **tags):
                return server.upload(make_dicom(f"P{number}", f"1.{number}", f"1.{number}.1", **tags))["ParentStudy"]

            old = [upload(0, PatientSize="1.8", BodyPartExamined="HEAD"), upload(1, PatientSize="1.7"), upload(2)]
            server.options["ExtraMainDicomTags"] = {"Study": ["PatientSize"], "Patient": ["0010,1030"]}
            server.restart()
            new = [upload(3, PatientSize="1.8", PatientWeight="80"), upload(4)]
            self.assertIn("0010,1020", server.get_json("/system")["MainDicomTags"]["Study"])
            self.assertEqual(server.get_json("/studies/" + new[0])["MainDicomTags"]["PatientSize"], "1.8")
            # Older resources lack the tag in the index: their files decide.
            wanted = [old[0], new[0]]
            self.assertEqual(ask({"PatientSize": "1.8"}), wanted)
            self.assertEqual(ask({"PatientSize": "1.8"}, Since=1), wanted[1:])
            self.assertEqual(ask({"PatientSize": "1.8"}, Limit=1), wanted[:1])
            self.assertEqual(ask({"PatientSize": "1.8", "PatientID": "P*"}), wanted)
            self.assertEqual(ask({"PatientWeight": "80"}), new[:1])
            count = {"Level": "Study", "Query": {"PatientSize": "1.8"}}
            self.assertEqual(server.post("/tools/count-resources", count).json(), {"Count": 2})
            self.assertEqual(find_by_dicom("PatientSize=1.8"), 2)
            # Without files they cannot be found, and the log says so, until they are reconstructed.
            server.options["StorageAccessOnFind"] = "Never"
            server.restart()
            self.assertEqual(ask({"PatientSize": "1.8"}), new[:1])
            self.assertEqual(find_by_dicom("PatientSize=1.8"), 1)
            self.assertIn("ExtraMainDicomTags", server.log())
            for study in old:
                self.assertEqual(server.post(f"/studies/{study}/reconstruct").status, 200)
            self.assertEqual(ask({"PatientSize": "1.8"}), wanted)
            self.assertEqual(ask({"PatientSize": "1.8\\1.7"}), [*old[:2], new[0]])

    def test_dictionary(self):
        options = {"Dictionary": {"0077,1005": ["LO", "OwnText", 1, 1, "HILUM TEST"], "0010,9ff5": ["SH", "OwnPublic"],
                                  "0077,1006": ["US", "OwnNumbers", 1, 0, "HILUM TEST"]},
                   "ExtraMainDicomTags": {"Study": ["OwnPublic"]}}
        dataset = pydicom.dcmread(io.BytesIO(make_dicom()))
        dataset.add_new(0x00770011, "LO", "HILUM TEST")
        dataset.add_new(0x00771105, "LO", "private")
        dataset.add_new(0x00109FF5, "SH", "public")
        file = io.BytesIO()
        pydicom.dcmwrite(file, dataset, write_like_original=False)
        with HilumServer(options) as server:
            stored = server.upload(file.getvalue())
            tags = server.get_json(f"/instances/{stored['ID']}/tags?simplify")
            self.assertEqual((tags["OwnText"], tags["OwnPublic"]), ("private", "public"))
            for name in ("OwnPublic", "0010,9ff5"):
                for value in ("PUBLIC", "pub*"):
                    answer = server.post("/tools/find", {"Level": "Study", "Query": {name: value}})
                    self.assertEqual(answer.json(), [stored["ParentStudy"]])

    def test_which_dictionaries(self):
        """A private tag that DCMTK lists, one of an external dictionary, and a public one."""
        dataset = pydicom.dcmread(io.BytesIO(make_dicom()))
        dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
        dataset.add_new(0x00291008, "CS", "IMAGE NUM 4")
        dataset.add_new(0x00770010, "LO", "HILUM TEST")
        dataset.add_new(0x00771005, "LO", "own")
        file = io.BytesIO()
        pydicom.dcmwrite(file, dataset, write_like_original=False)
        with tempfile.TemporaryDirectory(prefix="hilum-dictionary-") as folder:
            path = os.path.join(folder, "own.dic")
            with open(path, "w", encoding="ascii") as own:
                own.write('(0077,"HILUM TEST",05)\tLO\tOwnText\t1\tPrivateTag\n(0008,0060)\tCS\tModality\t1\tDICOM\n')
            for options, siemens, text, name in (({}, True, False, True), ({"LoadPrivateDictionary": False}, False, False, True),
                                                 ({"ExternalDictionaries": [path]}, False, True, False)):
                with HilumServer(options) as server:
                    tags = server.get_json(f"/instances/{server.upload(file.getvalue())['ID']}/tags")
                    known = [tags[tag]["Name"] for tag in ("0029,1008", "0077,1005", "0010,0010", "0008,0060")]
                    self.assertEqual([known[0] != "Unknown Tag & Data", known[1] == "OwnText", known[2] == "PatientName", known[3]],
                                     [siemens, text, name, "Modality"], known)
            for bad in (os.path.join(folder, "absent.dic"), folder):
                server = HilumServer({"ExternalDictionaries": [bad]})
                try:
                    server.launch()
                    self.assertNotEqual(server.wait_for_end(), 0)
                    self.assertIn("ExternalDictionaries", server.log())
                finally:
                    server.close()

    def test_bad_dictionaries(self):
        for entry in ({"0077,1005": ["LO", "Name"]}, {"0010,9ff5": ["XX", "Name"]}, {"0010,9ff5": "LO"}, {"nope": ["LO", "Name"]},
                      {"0010,9ff5": ["LO", "Name", -1]}, {"0010,9ff5": ["LO", "Name", 1, 1, "CREATOR"]}):
            server = HilumServer({"Dictionary": entry})
            try:
                server.launch()
                self.assertNotEqual(server.wait_for_end(), 0)
                self.assertIn("Dictionary", server.log())
            finally:
                server.close()


class Hostile(Search):
    """Bodies that are wrong, or made to take long."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number in range(30):
            cls.server.upload(make_dicom(f"P{number}", f"1.{number}", f"1.{number}.1", PatientName="a" * 60 + f"^{number}"))

    def quickly(self, statuses, body, path="/tools/find"):
        begin = time.monotonic()
        answer = self.server.request("POST", path, body)
        self.assertIn(answer.status, statuses if isinstance(statuses, tuple) else (statuses,), answer.body[:300])
        self.assertLess(time.monotonic() - begin, 60)  # bounded; a sanitizer or a busy machine takes its time
        return answer

    def test_wrong_types(self):
        good = {"Level": "Study", "Query": {}}
        for fields, orthanc in (({"Query": []}, 8), ({"Query": "x"}, 8), ({"Query": {"PatientID": 5}}, 8), ({"Level": 5}, 8),
                                ({"Level": "Foo"}, 3), ({"Limit": "5"}, 8), ({"Limit": -1}, 3), ({"Since": -1}, 3),
                                ({"Since": 1.5}, 8), ({"Limit": 10**30}, 8), ({"Expand": "yes"}, 8), ({"CaseSensitive": []}, 8),
                                ({"Full": 1}, 15), ({"Short": None}, 15), ({"Simplify": "x"}, 15), ({"Labels": "a"}, 8),
                                ({"Labels": [1]}, 8), ({"LabelsConstraint": "all"}, 8), ({"LabelsConstraint": 1}, 8),
                                ({"RequestedTags": "x"}, 8), ({"RequestedTags": [1]}, 8), ({"RequestedTags": ["nope"]}, 27),
                                ({"ResponseContent": "x"}, 8), ({"ResponseContent": ["x"]}, 3), ({"MetadataQuery": []}, 8),
                                ({"MetadataQuery": {"1": 1}}, 8), ({"ParentStudy": 5}, 8), ({"OrderBy": {}}, 8),
                                ({"OrderBy": [5]}, 8), ({"OrderBy": [{"Type": "x", "Key": "PatientID"}]}, 8),
                                ({"OrderBy": [{"Type": "DicomTag", "Key": "nope"}]}, 27),
                                ({"OrderBy": [{"Type": "DicomTag"}]}, 8),
                                ({"OrderBy": [{"Type": "DicomTag", "Key": "PatientID", "Direction": "UP"}]}, 8),
                                ({"OrderBy": [{"Type": "Metadata", "Key": "nope", "Direction": "ASC"}]}, 3),
                                ({"Query": {"nope": "x"}}, 27), ({"Query": {"PatientID.PatientName": "x"}}, 27),
                                ({"Query": {"StudyInstanceUID": "*"}}, 3), ({"Query": {"StudyDate": "2020*-"}}, 3)):
            self.expect(400, "POST", "/tools/find", {**good, **fields}, orthanc=orthanc)
        for body in (b"", b"[]", b"{", b"\xff\xfe", b"null", b'"x"', b"[" * 1_000_000, b'{"Level":' * 100_000):
            for path in ("/tools/find", "/tools/count-resources", "/tools/bulk-content"):
                self.assertEqual(self.quickly(400, body, path).json()["OrthancStatus"], 8)

    def test_many_stars(self):
        for pattern in ("*" * 10_000, "*a" * 10_000, "a*" * 10_000 + "b", "?*" * 10_000, "*" * 10_000 + "b", "*?" * 25 + "x"):
            self.quickly(200, {"Level": "Study", "Query": {"PatientName": pattern, "StudyDescription": pattern}})
        self.assertEqual(len(self.ask("Study", {"PatientName": "*a" * 30 + "*" * 10_000})), 30)

    def test_huge_lists(self):
        values = "\\".join(f"Q{number}" for number in range(400_000))
        self.assertEqual(self.quickly(200, {"Level": "Study", "Query": {"PatientID": values}}).json(), [])
        self.assertEqual(len(self.ask("Study", {"PatientID": values + "\\P7"})), 1)
        self.quickly(413, {"Level": "Study", "Query": {"PatientID": "x" * (5 << 20)}})
        self.quickly(400, {"Level": "Study", "Query": {f"0009,{number:04x}": "x" for number in range(20_000)}})
        self.quickly(400, {"Level": "Study", "Query": {"/".join(["0010,0010[1]"] * 100_000): "x"}})
        self.quickly(400, {"Level": "Study", "Query": {}, "RequestedTags": ["PatientID"] * 200_000})
        self.quickly(400, {"Level": "Study", "Query": {}, "Labels": [f"l{number}" for number in range(100_000)]})
        order = [{"Type": "DicomTag", "Key": "PatientID", "Direction": "ASC"}] * 10_000
        self.quickly(400, {"Level": "Study", "Query": {}, "OrderBy": order})
        self.assertEqual(self.quickly(200, {"Resources": ["x"] * 500_000}, "/tools/bulk-content").json(), [])
        self.quickly(413, b" " * (5 << 20), "/tools/bulk-content")

    def test_many_at_once_end_in_order(self):
        ids = [item["ID"] for item in self.ask("Patient", Expand=True)]
        body = {"Resources": ids * 1000, "Level": "Instance", "Metadata": False}
        self.assertEqual(len(self.quickly(200, body, "/tools/bulk-content").json()), 30)


if __name__ == "__main__":
    unittest.main()
