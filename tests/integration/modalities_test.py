"""/modalities with real peers: dcmqrscp and storescp."""

import json
import socket
import threading
import unittest

from hilum_server import HilumServer, eventually
from remote_peers import CT, ROOT, Archive, StoreScp, Worklist, make_file, small_archive

UNKNOWN = "00000000-11111111-22222222-33333333-44444444"
STUDY = f"{ROOT}.1.1"
SERIES = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": f"{STUDY}.1"}


class Case(unittest.TestCase):
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer({"DicomAet": "HILUM", "LogExportedResources": True, "OverwriteInstances": True,
                                  "DicomScuTimeout": 30, "StableAge": 1000, "DicomAlwaysAllowFind": True, **cls.options})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.archive = Archive({"HILUM": cls.server.dicom_port})
        cls.addClassCleanup(cls.archive.close)
        cls.archive.start().fill(small_archive())
        cls.server.put("/modalities/peer", cls.archive.definition())
        cls.server.put("/modalities/down", {"AET": "DOWN", "Host": "127.0.0.1", "Port": 1})

    def setUp(self):
        for patient in self.server.get_json("/patients"):
            self.server.delete(f"/patients/{patient}")

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), "the server has ended:\n" + self.server.log()[-4000:])

    def expect(self, status, method, path, body=None, orthanc=None):
        answer = self.server.request(method, path, body)
        self.assertEqual(answer.status, status, f"{method} {path[:200]}: {answer.body[:500]!r}")
        if orthanc is not None:
            self.assertEqual(answer.json()["OrthancStatus"], orthanc, answer.body[:500])
        return answer

    def post(self, path, body=None):
        return self.expect(200, "POST", path, {} if body is None else body).json()

    def job(self, identifier, *states):
        job = eventually(lambda: (lambda j: j if j["State"] in states else None)(
            self.server.get_json(f"/jobs/{identifier}")))
        self.assertTrue(job, f"not {states}: {self.server.get_json('/jobs/' + identifier)}")
        return job

    def instances(self):
        return sorted(self.server.get_json(f"/instances/{one}/simplified-tags")["SOPInstanceUID"]
                      for one in self.server.get_json("/instances"))


class Registry(Case):
    def test_definitions(self):
        self.expect(200, "PUT", "/modalities/one", {
            "AET": "ONE", "Host": "host", "Port": "104", "LocalAet": "ME", "Timeout": 7, "RetrieveMethod": "C-GET",
            "PermissiveStoreSopClasses": ["1.2.3"], "AllowStorageCommitment": False, "Unknown": 1})
        one = self.server.get_json("/modalities/one/configuration")
        self.assertEqual((one["AET"], one["Port"], one["LocalAet"], one["Timeout"]), ("ONE", 104, "ME", 7))
        self.assertEqual((one["RetrieveMethod"], one["AllowNAction"], one["AllowEventReport"]), ("C-GET", False, False))
        self.assertEqual(one["PermissiveStoreSopClasses"], ["1.2.3"])
        self.assertNotIn("Unknown", one)
        self.assertNotIn("AllowStorageCommitment", one)
        self.assertEqual(self.server.get_json("/modalities"), ["down", "one", "peer"])
        self.assertEqual(self.server.get_json("/modalities?expand")["one"], one)
        self.assertEqual(self.server.get_json("/modalities?expand=false"), ["down", "one", "peer"])
        self.assertIn("get", self.server.get_json("/modalities/one"))
        self.assertIn("query", self.server.get_json("/modalities/one"))
        for body in ("", "{", "[]", '["A"]', '"x"', json.dumps(["A" * 17, "h", 104]), "[" * 100000,
                     json.dumps({"AET": "A", "Host": "h", "Port": 104, "Manufacturer": 5})):
            self.expect(400, "PUT", "/modalities/one", body, 15)
        self.expect(413, "PUT", "/modalities/one", '"' + "x" * (2 << 20) + '"')
        self.expect(400, "PUT", "/modalities/one", ["A", "h", 0], 3)
        self.assertEqual(self.server.get_json("/modalities/one/configuration"), one, "a bad definition changes nothing")
        self.expect(200, "DELETE", "/modalities/one")
        self.expect(404, "DELETE", "/modalities/one", orthanc=7)
        self.assertEqual(self.expect(404, "GET", "/modalities/one").body, b"")

    def test_kept_in_the_database(self):
        options = {"DicomModalitiesInDatabase": True, "DicomModalities": {"configured": ["A", "h", 104]}}
        with HilumServer(options) as server:
            self.assertEqual(server.get_json("/modalities"), [])
            self.assertEqual(server.put("/modalities/kept", ["KEPT", "h", 104, "GE"]).status, 200)
            server.restart()
            self.assertEqual(server.get_json("/modalities?expand")["kept"]["Manufacturer"], "GE")
            server.delete("/modalities/kept")
            server.restart()
            self.assertEqual(server.get_json("/modalities"), [])

    def test_echo(self):
        self.assertEqual(self.post("/modalities/peer/echo"), {})
        self.assertEqual(self.post("/modalities/peer/echo", {"CheckFind": True, "Timeout": 20}), {})
        self.expect(500, "POST", "/modalities/down/echo", {}, 9)
        self.expect(404, "POST", "/modalities/nope/echo", {}, 7)
        self.assertEqual(self.post("/tools/dicom-echo", self.archive.definition()), {})
        self.expect(500, "POST", "/tools/dicom-echo", self.archive.definition(AET="WRONG"), 9)
        for body in (b"{", b"", json.dumps(self.archive.definition(Timeout="x")), json.dumps(self.archive.definition(CheckFind=5))):
            self.expect(400, "POST", "/tools/dicom-echo", body, 15)

    def test_a_peer_that_says_nothing(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(8)
            self.server.put("/modalities/mute", {"AET": "MUTE", "Host": "127.0.0.1", "Port": listener.getsockname()[1]})
            self.expect(500, "POST", "/modalities/mute/echo", {"Timeout": 1}, 9)
            self.expect(500, "POST", "/modalities/mute/query", {"Level": "Study", "Timeout": 1}, 9)
            self.expect(200, "DELETE", "/modalities/mute")


class Find(Case):
    def test_levels(self):
        self.assertEqual([one["PatientID"] for one in self.post("/modalities/peer/find-patient", {"PatientID": "PAT2"})], ["PAT2"])
        studies = self.post("/modalities/peer/find-study", {"PatientID": "PAT1"})
        self.assertEqual(sorted(one["AccessionNumber"] for one in studies), ["ACC11", "ACC12"])
        self.assertEqual(studies[0]["QueryRetrieveLevel"], "STUDY")
        series = self.post("/modalities/peer/find-series", {"PatientID": "PAT1", "StudyInstanceUID": STUDY})
        self.assertEqual(sorted(one["SeriesInstanceUID"] for one in series), [STUDY + ".1", STUDY + ".2"])
        images = self.post("/modalities/peer/find-instance", {"PatientID": "PAT1", **SERIES})
        self.assertEqual(len(images), 2)
        tree = self.post("/modalities/peer/find", {"PatientID": "PAT1"})
        self.assertEqual(len(tree), 1)
        self.assertEqual(sorted(len(study["Series"]) for study in tree[0]["Studies"]), [2, 2])
        self.assertEqual(tree[0]["PatientName"], "M\u00fcller^Patient 1")

    def test_refused(self):
        for action, query in (("find-study", {}), ("find-study", {"PatientID": "P"}), ("find-series", {"PatientID": "PAT1"}),
                              ("find-instance", {"PatientID": "PAT1", "StudyInstanceUID": STUDY}), ("find", [])):
            self.assertEqual(self.expect(400, "POST", f"/modalities/peer/{action}", query).body, b"")
        self.expect(400, "POST", "/modalities/peer/find-patient", {"Nope": ""}, 27)
        self.expect(400, "POST", "/modalities/peer/find-patient", {"PatientID": 5}, 15)
        self.expect(400, "POST", "/modalities/peer/find-patient", {f"{0x10000 + n * 2:08x}": "" for n in range(2000)}, 15)

    def test_worklist(self):
        with Worklist() as peer:
            self.server.put("/modalities/worklist", peer.definition())
            step = {"ScheduledProcedureStepSequence": [{"Modality": "MR", "ScheduledStationAETitle": ""}]}
            query = {"PatientName": "M\u00fcller*", "PatientID": "", **step}
            entries = self.post("/modalities/worklist/find-worklist", query)
            self.assertEqual([(one["PatientName"], one["PatientID"]) for one in entries], [("M\u00fcller^MR", "IDMR")])
            self.assertEqual(entries[0]["ScheduledProcedureStepSequence"],
                             [{"Modality": "MR", "ScheduledStationAETitle": "STATION"}])
            short = self.post("/modalities/worklist/find-worklist", {"Query": {"PatientID": "", "AccessionNumber": "ACT"}, "Short": True})
            self.assertEqual([one["0010,0020"] for one in short], ["IDCT"])
            full = self.post("/modalities/worklist/find-worklist", {"Query": {"0010,0020": "IDCT"}, "Full": True})
            self.assertEqual(full[0]["0010,0020"], {"Name": "PatientID", "Type": "String", "Value": "IDCT"})
            self.assertEqual(len(self.post("/modalities/worklist/find-worklist", {"PatientID": "", "ScheduledProcedureStepSequence": ""})), 2)

    def test_worklist_refused(self):
        self.expect(500, "POST", "/modalities/peer/find-worklist", {})  # dcmqrscp has none
        for body in (b"[]", b"5", b"{", b'{"Query":5}'):
            self.expect(400, "POST", "/modalities/peer/find-worklist", body, 15)
        self.expect(400, "POST", "/modalities/peer/find-worklist", {"Nope": ""}, 27)
        deep = query = {}
        for _ in range(200):
            query["ScheduledProcedureStepSequence"] = [{}]
            query = query["ScheduledProcedureStepSequence"][0]
        self.expect(400, "POST", "/modalities/peer/find-worklist", deep, 15)


class Store(Case):
    def upload(self, *files):
        return [self.server.upload(content) for content in files or small_archive()]

    def test_bodies(self):
        stored = self.upload()
        instance, study = stored[0]["ID"], stored[0]["ParentStudy"]
        with StoreScp() as peer:
            self.server.put("/modalities/store", peer.definition())
            seen = 0
            for body, count in ((instance, 1), (json.dumps(instance), 1), ([study], 4), ({"Resources": [study, instance]}, 4)):
                answer = self.post("/modalities/store/store", body)
                seen += count
                self.assertEqual((answer["InstancesCount"], answer["FailedInstancesCount"]), (count, 0))
                self.assertEqual((answer["LocalAet"], answer["RemoteAet"], answer["Description"]), ("HILUM", "STORE", "REST API"))
            self.assertEqual(answer["ParentResources"], sorted([study, instance]))
            self.assertEqual(sorted((one["ID"], one["Type"]) for one in answer["Resources"]),
                             sorted([(study, "Study"), (instance, "Instance")]))
            self.assertEqual({str(one.SOPInstanceUID) for one in peer.files()}, {f"{STUDY}.{s}.{i}" for s in (1, 2) for i in (1, 2)})
            self.assertEqual(peer.log().count("Received Store Request"), seen)
            exports = self.server.get_json("/exports?limit=1000")["Exports"]
            self.assertEqual({one["RemoteModality"] for one in exports}, {"store"})
            self.assertEqual([one["ID"] for one in exports[-2:]], [study, instance])

    def test_refused(self):
        instance = self.upload()[0]["ID"]
        path = "/modalities/peer/store"
        for body in (b"", b"{", b"nope", b"5", b"{}", [5], ["nope"], {"Resources": instance}, {"Resources": [None]},
                     "[" * 100000, {"Resources": [instance], "Permissive": 1}, {"Resources": [instance], "Timeout": -1}):
            self.expect(400, "POST", path, body, 15)
        for more in ({"LocalAet": 5}, {"CalledAet": 5}, {"Host": 5}, {"Port": "x"}, {"StorageCommitment": 5},
                     {"MoveOriginatorAet": 5}):
            self.expect(400, "POST", path, {"Resources": [instance], **more}, 5)
        for more in ({"Port": 65535}, {"MoveOriginatorID": 65536}, {"MoveOriginatorID": -1}):
            self.expect(400, "POST", path, {"Resources": [instance], **more}, 3)
        self.expect(400, "POST", path, {"Resources": [instance], "LocalAet": "A" * 17}, 15)
        self.expect(404, "POST", path, UNKNOWN, 17)
        self.expect(404, "POST", "/modalities/nope/store", instance, 7)

    def test_other_destinations(self):
        instance = self.upload()[0]["ID"]
        with StoreScp("-d") as peer:
            body = {"Resources": [instance], "Host": "127.0.0.1", "Port": peer.port, "CalledAet": "ELSEWHERE",
                    "LocalAet": "SOMEBODY", "MoveOriginatorAet": "MOVER", "MoveOriginatorID": 77, "UserData": {"a": 1}}
            answer = self.post("/modalities/down/store", body)
            self.assertEqual((answer["LocalAet"], answer["RemoteAet"]), ("SOMEBODY", "ELSEWHERE"))
            self.assertEqual((answer["MoveOriginatorAET"], answer["MoveOriginatorID"]), ("MOVER", 77))
            log = peer.log()
            for text in ("SOMEBODY", "ELSEWHERE", "MOVER", "77"):
                self.assertIn(text, log)

    def test_failures(self):
        instance = self.upload()[0]["ID"]
        answer = self.expect(500, "POST", "/modalities/down/store", {"Resources": [instance]}, 9).json()
        self.assertEqual(answer["ErrorPayload"], {"Type": "Dimse", "Content": {"DimseErrorStatus": 0}})
        answer = self.post("/modalities/down/store", {"Resources": [instance], "Permissive": True})
        self.assertEqual((answer["FailedInstancesCount"], answer["InstancesCount"]), (1, 1))
        failed = self.post("/modalities/down/store", {"Resources": [instance], "Asynchronous": True})["ID"]
        job = self.job(failed, "Failure")
        self.assertEqual((job["Type"], job["ErrorCode"], job["Content"]["FailedInstancesCount"]), ("DicomModalityStore", 9, 1))
        self.assertEqual(job["ErrorPayload"]["Type"], "Dimse")

    def test_one_of_three_is_not_taken(self):
        """storescp takes storage classes that it knows."""
        unknown_class = b"1.2.826.0.1.3680043.10.99"
        strange = make_file(5, 1, 1, 2).replace(CT.encode() + b"\0", unknown_class + b"\0")
        self.assertEqual(strange.count(unknown_class), 2)
        stored = self.upload(make_file(5, 1, 1, 1), strange, make_file(5, 1, 1, 3))
        ids = [one["ID"] for one in stored]
        with StoreScp() as peer:
            self.server.put("/modalities/store", peer.definition())
            answer = self.post("/modalities/store/store", {"Resources": ids, "Permissive": True})
            self.assertEqual((answer["InstancesCount"], answer["FailedInstancesCount"]), (3, 1))
            self.assertEqual(peer.count(), 2)
        with StoreScp() as peer:
            self.server.put("/modalities/store", peer.definition())
            answer = self.expect(500, "POST", "/modalities/store/store", {"Resources": ids}).json()
            self.assertIn("1.2.826.0.1.3680043.10.99", answer["Details"])
            self.assertEqual([str(one.SOPInstanceUID) for one in peer.files()], [f"{ROOT}.5.1.1.1"], "it stops there")

    def test_resubmit_once_the_peer_is_there(self):
        stored = self.upload()
        with StoreScp() as peer:
            self.server.put("/modalities/later", {"AET": "STORE", "Host": "127.0.0.1", "Port": 1})
            job = self.post("/modalities/later/store", {"Resources": [stored[0]["ParentPatient"]], "Asynchronous": True})["ID"]
            self.job(job, "Failure")
            self.server.put("/modalities/later", peer.definition())
            self.expect(200, "POST", f"/jobs/{job}/resubmit")
            done = self.job(job, "Success")
            self.assertEqual((done["Content"]["InstancesCount"], done["Content"]["FailedInstancesCount"]), (8, 0))
            self.assertEqual(done["Progress"], 100)
            self.assertEqual(peer.count(), 8)

    def test_straight(self):
        content = make_file(7, 1, 1, 1)
        big = make_file(7, 1, 1, 2, size=2200)  # 9.7 MB: through a temporary file
        with StoreScp() as peer:
            self.server.put("/modalities/store", peer.definition())
            for number, file in ((1, content), (2, big)):
                answer = self.expect(200, "POST", "/modalities/store/store-straight", file).json()
                self.assertEqual(answer, {"SOPClassUID": CT, "SOPInstanceUID": f"{ROOT}.7.1.1.{number}"})
            self.assertEqual(peer.count(), 2)
            for bad in (b"", b"nope", content[:150], content[:-100]):
                self.expect(400, "POST", "/modalities/store/store-straight", bad, 15)
        self.expect(500, "POST", "/modalities/down/store-straight", content, 9)
        self.assertEqual(self.instances(), [], "nothing is stored here")


class Retrieve(Case):
    def test_move(self):
        for level, keys, count in (("Study", {"StudyInstanceUID": STUDY}, 4), ("Series", SERIES, 2),
                                   ("Instance", {**SERIES, "SOPInstanceUID": f"{STUDY}.1.1"}, 1)):
            self.setUp()
            answer = self.post("/modalities/peer/move", {"Level": level, "Resources": [keys]})
            self.assertEqual(len(self.instances()), count)
            self.assertEqual((answer["LocalAet"], answer["RemoteAet"], answer["TargetAet"]), ("HILUM", "PEER", "HILUM"))
            self.assertEqual(answer["Query"][0]["0020,000d"], STUDY)
            self.assertEqual(answer["Query"], [answer["Details"][0]["Query"]])
            self.assertEqual(answer["Details"][0]["DimseErrorStatus"], 0)
            self.assertEqual(sorted(answer["Details"][0]["ReceivedInstancesIds"]), sorted(self.server.get_json("/instances")))
        again = self.post("/modalities/peer/move", {"Level": "Series", "Resources": [SERIES]})
        self.assertEqual(len(again["Details"][0]["ReceivedInstancesIds"]), 2, "what was stored already counts")

    def test_get(self):
        body = {"Level": "Study", "Resources": [{"StudyInstanceUID": STUDY}, {"StudyInstanceUID": f"{ROOT}.2.1"}]}
        answer = self.post("/modalities/peer/get", body)
        self.assertEqual(len(self.instances()), 5)
        self.assertNotIn("TargetAet", answer)
        self.assertEqual([len(one["ReceivedInstancesIds"]) for one in answer["Details"]], [4, 1])
        one = self.server.get_json("/instances")[0]
        self.assertEqual(self.server.get(f"/instances/{one}/metadata/Origin").text(), "DicomProtocol")
        job = self.post("/modalities/peer/get", {**body, "Asynchronous": True, "UserData": "mine"})["ID"]
        done = self.job(job, "Success")
        self.assertEqual((done["Type"], done["UserData"], done["Progress"]), ("DicomGetScu", "mine", 100))
        classes = {"StudyInstanceUID": STUDY, "SOPClassesInStudy": CT}
        self.assertEqual(len(self.post("/modalities/peer/get", {"Level": "Study", "Resources": [classes]})["Details"][0][
            "ReceivedInstancesIds"]), 4)

    def test_refused(self):
        good = {"StudyInstanceUID": STUDY}
        for route in ("move", "get"):
            path = f"/modalities/peer/{route}"
            for body in (b"", b"{", b"[]", {}, {"Level": "Study"}, {"Resources": []}, {"Level": 5, "Resources": []},
                         {"Level": "Study", "Resources": {}}, {"Level": "Study", "Resources": [5]},
                         {"Level": "Study", "Resources": [{"StudyInstanceUID": 5}]},
                         {"Level": "Study", "Resources": [good], "Timeout": "x"}):
                self.expect(400, "POST", path, body, 15)
            self.expect(400, "POST", path, {"Level": "Nope", "Resources": []}, 3)
            self.expect(400, "POST", path, {"Level": "Series", "Resources": [good]}, 8)
            self.expect(400, "POST", path, {"Level": "Study", "Resources": [{"Nope": ""}]}, 27)
            self.assertEqual(self.post(path, {"Level": "Study", "Resources": []})["Details"], [])
            self.expect(500, "POST", f"/modalities/down/{route}", {"Level": "Study", "Resources": [good]}, 9)
        answer = self.expect(500, "POST", "/modalities/peer/move",
                             {"Level": "Study", "Resources": [good], "TargetAet": "NOBODY"}, 9).json()
        self.assertEqual(answer["ErrorPayload"]["Type"], "RetrieveJob")
        status = answer["ErrorPayload"]["Content"][0]["DimseErrorStatus"]
        self.assertEqual(status, 0xA801)
        permissive = self.post("/modalities/peer/move", {"Level": "Study", "Resources": [good], "TargetAet": "NOBODY",
                                                         "Permissive": True})
        self.assertEqual(permissive["Details"][0]["DimseErrorStatus"], 0xA801)

    def test_several_at_once(self):
        errors = []

        def fetch(keys):
            try:
                answer = self.post("/modalities/peer/move", {"Level": "Series", "Resources": [keys]})
                self.assertEqual(len(answer["Details"][0]["ReceivedInstancesIds"]), 2)
            except Exception as error:  # pylint: disable=broad-except
                errors.append(error)

        threads = [threading.Thread(target=fetch, args=({"StudyInstanceUID": f"{ROOT}.1.{study}",
                                                         "SeriesInstanceUID": f"{ROOT}.1.{study}.{series}"},))
                   for study in (1, 2) for series in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(len(self.instances()), 8)


if __name__ == "__main__":
    unittest.main()
