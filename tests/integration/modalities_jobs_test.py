"""Jobs of /modalities: pause, cancel, restart; storage commitment and C-MOVE in the background, with a second Hilum and with Orthanc."""

import os
import sys
import unittest

import modalities_test
from hilum_server import HilumServer, eventually
from modalities_test import STUDY, UNKNOWN
from remote_peers import CT, ROOT, StoreScp, make_file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "compat"))

from orthanc_server import OrthancServer, find_orthanc  # noqa: E402  (found by the path above)


class Jobs(modalities_test.Case):
    """Pauses, cancels and restarts of a store to a slow peer."""

    options = {"JobsHistorySize": 1000}

    def test_pause_resume_cancel_restart(self):
        content = [make_file(9, 1, 1, number) for number in range(1, 21)]
        patient = [self.server.upload(one) for one in content][0]["ParentPatient"]
        with StoreScp("--sleep-after", "1") as peer:
            self.expect(200, "PUT", "/modalities/slow", peer.definition())
            submitted = self.post("/modalities/slow/store", {"Resources": [patient], "Synchronous": False})
            self.assertEqual(submitted["Path"], "/jobs/" + submitted["ID"])
            job = submitted["ID"]
            self.assertTrue(eventually(lambda: self.server.get_json(f"/jobs/{job}")["Progress"] > 0))
            self.expect(200, "POST", f"/jobs/{job}/pause")
            self.job(job, "Paused")
            sent = peer.count()
            self.assertTrue(0 < sent < 20, sent)
            self.expect(200, "POST", f"/jobs/{job}/resume")
            self.assertTrue(eventually(lambda: peer.count() > sent))
            self.expect(200, "POST", f"/jobs/{job}/cancel")
            self.assertEqual(self.job(job, "Failure")["ErrorCode"], 37)
            self.assertLess(peer.count(), 20)


    def test_goes_on_after_a_restart(self):
        with StoreScp("--sleep-after", "1") as peer:
            with HilumServer({"DicomModalities": {"slow": ["STORE", "127.0.0.1", peer.port]}}) as server:
                patient = [server.upload(make_file(8, 1, 1, number)) for number in range(1, 9)][0]["ParentPatient"]
                job = server.post("/modalities/slow/store", {"Resources": [patient], "Asynchronous": True}).json()["ID"]
                self.assertTrue(eventually(lambda: server.get_json(f"/jobs/{job}")["Progress"] > 20))
                server.restart()
                done = eventually(lambda: (lambda j: j if j["State"] not in ("Pending", "Running") else None)(
                    server.get_json(f"/jobs/{job}")))
                self.assertEqual((done["State"], done["Content"]["FailedInstancesCount"]), ("Success", 0), done)
            self.assertEqual(peer.count(), 8)
            # What had been sent is not sent again, but for what was on its way.
            self.assertLessEqual(peer.log().count("Received Store Request"), 10)


class Commitment(unittest.TestCase):
    """Storage commitment, C-MOVE in the background, and everything with a server of the same or of another kind."""

    def peers(self, other):
        mine = HilumServer({"DicomAet": "HILUM", "StorageCommitmentReportsSize": 2, "DicomAlwaysAllowMove": True,
                            "SynchronousCMove": False})
        self.addCleanup(mine.close)
        mine.start()
        self.addCleanup(other.close)
        other.start()
        mine.put("/modalities/other", {"AET": "OTHER", "Host": "127.0.0.1", "Port": other.dicom_port})
        other.put("/modalities/mine", {"AET": "HILUM", "Host": "127.0.0.1", "Port": mine.dicom_port})
        return mine, other

    def report(self, server, path):
        report = eventually(lambda: (lambda r: r if r["Status"] != "Pending" else None)(server.get_json(path)))
        self.assertTrue(report, "no report")
        return report

    def commit(self, mine, other):
        stored = mine.upload(make_file(1, 1, 1, 1))
        mine.upload(make_file(1, 1, 1, 2))
        answer = mine.post("/modalities/other/store", {"Resources": [stored["ID"]], "StorageCommitment": True})
        self.assertEqual(answer.status, 200, answer.body)
        uid = answer.json()["StorageCommitmentTransactionUID"]
        report = self.report(mine, f"/storage-commitment/{uid}")
        expected = [{"SOPClassUID": CT, "SOPInstanceUID": f"{STUDY}.1.1"}]
        self.assertEqual(report, {"RemoteAET": "OTHER", "Status": "Success", "Success": expected, "Failures": []})
        asked = mine.post("/modalities/other/storage-commitment", {"Resources": [stored["ParentStudy"]]}).json()
        report = self.report(mine, asked["Path"])
        self.assertEqual((report["Status"], report["Success"]), ("Failure", expected))
        self.assertEqual(report["Failures"], [{"SOPClassUID": CT, "SOPInstanceUID": f"{STUDY}.1.2", "FailureReason": 0x112,
                                               "Description": report["Failures"][0]["Description"]}])
        self.assertEqual(mine.post(asked["Path"] + "/remove").status, 500)
        self.assertEqual(len(mine.get_json("/instances")), 2)
        self.assertEqual(mine.post(f"/storage-commitment/{uid}/remove").body, b"{}")
        self.assertEqual(len(mine.get_json("/instances")), 1)
        self.assertEqual(mine.get(f"/storage-commitment/{uid}").status, 404)
        self.assertEqual(len(other.get_json("/instances")), 1)

    def test_with_another_hilum(self):
        mine, other = self.peers(HilumServer({"DicomAet": "OTHER"}))
        self.commit(mine, other)
        jobs = [job for job in other.get_json("/jobs?expand") if job["Type"] == "StorageCommitmentScp"]
        self.assertEqual(len(jobs), 2)
        self.assertEqual(set(jobs[0]["Content"]), {"CalledAet", "RemoteAet", "TransactionUid", "Description"})
        self.background_move(mine, other)
        for body in (b"", b"{", {}, {"Resources": 5}, {"Resources": [5]}, {"DicomInstances": [5]}, {"DicomInstances": [["1"]]},
                     {"DicomInstances": [["1", "x" * 100]]}):
            answer = mine.post("/modalities/other/storage-commitment", body)
            self.assertEqual((answer.status, answer.json()["OrthancStatus"]), (400, 15), body)
        self.assertEqual(mine.post("/modalities/other/storage-commitment", {"Resources": [UNKNOWN]}).status, 404)
        first = mine.post("/modalities/other/storage-commitment", {"DicomInstances": [["1.2", "1.3"]]}).json()["Path"]
        self.report(mine, first)  # a report that comes later would make it the latest again
        for _ in range(2):
            mine.post("/modalities/other/storage-commitment", {"DicomInstances": [{"SOPClassUID": "1.2", "SOPInstanceUID": "1"}]})
        self.assertEqual(mine.get(first).status, 404, "only the latest reports are kept")

    def background_move(self, mine, other):
        """A C-MOVE of the other server is a job here."""
        before = len(other.get_json("/instances"))
        mine.upload(make_file(3, 1, 1, 1))
        answer = other.post("/modalities/mine/move", {"Level": "Study", "Resources": [{"StudyInstanceUID": f"{ROOT}.3.1"}]})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertTrue(eventually(lambda: len(other.get_json("/instances")) > before))
        moved = eventually(lambda: [job for job in mine.get_json("/jobs?expand")
                                    if job["Content"].get("Description") == "C-MOVE" and job["State"] == "Success"])
        self.assertEqual(moved[0]["Type"], "DicomModalityStore")
        self.assertEqual(moved[0]["Content"]["MoveOriginatorAET"], "OTHER")
        self.assertEqual(moved[0]["Content"]["RemoteAet"], "OTHER")

    @unittest.skipUnless(find_orthanc(), "Orthanc is not installed")
    def test_with_orthanc(self):
        mine, other = self.peers(OrthancServer({"DicomAet": "OTHER"}))
        self.commit(mine, other)
        mine.upload(make_file(4, 1, 1, 1))
        for body in ({"Level": "Study", "Query": {"PatientID": "PAT4"}},):
            self.assertEqual(mine.post("/modalities/other/query", body).status, 200)
        instance = [one for one in mine.get_json("/instances?expand") if one["MainDicomTags"]["SOPInstanceUID"] == f"{ROOT}.4.1.1.1"]
        self.assertEqual(mine.post("/modalities/other/store", instance[0]["ID"]).status, 200)
        mine.delete(f"/instances/{instance[0]['ID']}")
        move = mine.post("/modalities/other/move", {"Level": "Study", "Resources": [{"StudyInstanceUID": f"{ROOT}.4.1"}]})
        self.assertEqual(move.status, 200, move.body)
        self.assertEqual(move.json()["Details"][0]["ReceivedInstancesIds"], [instance[0]["ID"]])
        mine.delete(f"/instances/{instance[0]['ID']}")
        get = mine.post("/modalities/other/get", {"Level": "Study", "Resources": [{"StudyInstanceUID": f"{ROOT}.4.1"}]})
        self.assertEqual(get.json()["Details"][0]["ReceivedInstancesIds"], [instance[0]["ID"]])


if __name__ == "__main__":
    unittest.main()
