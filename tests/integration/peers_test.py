"""/peers: the registry, and jobs that send to another Hilum, to Orthanc and to peers that the test plays."""

import gzip
import io
import json
import os
import shutil
import threading
import unittest

import pydicom

from hilum_server import HilumServer, eventually
from http_peer import Peer
from resources_case import UNKNOWN, make_dicom, read

ORTHANC = os.environ.get("ORTHANC_BINARY") or shutil.which("Orthanc") or "/usr/sbin/Orthanc"
SYNTAX = "1.2.840.10008.1.2"


class PeersCase(unittest.TestCase):
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer({"JobsHistorySize": 1000, "HttpTimeout": 60, **cls.options})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def tearDown(self):
        if self.server.process is not None:
            self.assertIsNone(self.server.process.poll(), "the server has ended:\n" + self.server.log()[-4000:])

    def expect(self, status, method, path, body=None, orthanc=None, headers=None):
        answer = self.server.request(method, path, body, headers)
        self.assertEqual(answer.status, status, f"{method} {path[:200]} {str(body)[:200]}: {answer.body[:500]!r}")
        if orthanc == "bare":
            self.assertEqual(answer.body, b"")
        elif orthanc is not None:
            self.assertEqual(answer.json()["OrthancStatus"], orthanc, answer.body)
        return answer

    def put(self, name, definition):
        answer = self.expect(200, "PUT", f"/peers/{name}", definition, "bare")
        self.assertEqual(answer.headers["content-type"], "text/plain")

    def study(self, count, name, size=2000):
        """The id of a new study of so many instances."""
        stored = [self.server.upload(make_dicom(name, "1.2.826." + str(abs(hash(name)) % 10**9), PatientComments=str(i) * (size // 2)))
                  for i in range(count)]
        return stored[0]["ParentStudy"]

    def start(self, peer, body):
        return self.expect(200, "POST", f"/peers/{peer}/store", {**body, "Asynchronous": True}).json()["ID"]

    def job(self, identifier):
        return self.server.get_json("/jobs/" + identifier)

    def wait(self, identifier, *states, seconds=60):
        job = eventually(lambda: (lambda j: j if j["State"] in states else None)(self.job(identifier)), seconds)
        self.assertTrue(job, f"{identifier} is not {states} but {self.job(identifier)}")
        return job

    def sop_uids(self, peer):
        return [pydicom.dcmread(io.BytesIO(body), stop_before_pixels=True).SOPInstanceUID for _, _, _, body in peer.requests]


class RegistryTest(PeersCase):
    options = {"OrthancPeers": {"configured": ["http://localhost:1", "alice", "secret-1"],
                                "object": {"Url": "https://localhost:1/x", "Color": "blue"}}}

    def test_forms(self):
        base = {"HttpHeaders": [], "Pkcs11": False, "Timeout": 0}
        user = {"Username": "u", "Password": None}
        for definition, shown in (
                (["http://h"], {**base, "Url": "http://h/"}),
                (["h:80/a/"], {**base, "Url": "h:80/a/"}),
                (["http://h", "u", "secret-2"], {**base, **user, "Url": "http://h/"}),
                ({"URL": "http://h", "Username": "u", "Password": "secret-2"}, {**base, **user, "Url": "http://h/"}),
                ({"Url": "http://h", "HttpHeaders": {"X-Token": "secret-2", "A": ""}, "Timeout": 7},
                 {**base, "Url": "http://h/", "HttpHeaders": ["A", "X-Token"], "Timeout": 7}),
                ({"Url": "http://h", "Color": True, "N": 5, "S": "s", "Pkcs11": True},
                 {**base, "Url": "http://h/", "Color": "1", "N": "5", "S": "s", "Pkcs11": True}),
                (["http://u:secret-2@h/"], {**base, "Url": "http://h/"}),
                ({"Url": "http://h", "CertificateFile": __file__, "CertificateKeyFile": __file__,
                  "CertificateKeyPassword": "secret-2"},
                 {**base, "Url": "http://h/", "CertificateFile": __file__, "CertificateKeyFile": None,
                  "CertificateKeyPassword": None})):
            self.put("form", definition)
            self.assertEqual(self.server.get_json("/peers/form/configuration"), shown)
            self.assertEqual(self.server.get_json("/peers?expand")["form"], shown)
            self.assertNotIn(b"secret", self.server.get("/peers?expand").body)
        self.expect(200, "DELETE", "/peers/form", None, "bare")
        self.expect(404, "DELETE", "/peers/form", None, 7)

    def test_lists(self):
        self.assertEqual(self.server.get_json("/peers"), ["configured", "object"])
        self.assertEqual(self.server.get_json("/peers?expand=false"), ["configured", "object"])
        self.assertEqual(sorted(self.server.get_json("/peers?expand")), ["configured", "object"])
        self.assertEqual(self.server.get_json("/peers/configured"), ["configuration", "store", "store-straight", "system"])
        self.expect(404, "GET", "/peers/nobody", None, "bare")
        for method, path in (("GET", "configuration"), ("GET", "system"), ("POST", "store"), ("POST", "store-straight")):
            self.expect(404, method, f"/peers/nobody/{path}", "[]" if method == "POST" else None, 17)

    def test_bad_definitions(self):
        url = "http://h"
        for bad in (b"", b"nope", "x", 5, None, [], [1], [url, "u"], [url, 5, "p"], [url, "u", "p", "q"], [""], {}, ["ftp://h"],
                    ["file:///etc/passwd"], ["http://h\r\nX: y"], ["http://h /"], {"Username": "u"}, {"Url": 5},
                    {"Url": url, "Password": "p"}, [url, "", "p"], [url, "a:b", "p"], {"Url": url, "HttpHeaders": ["a"]},
                    {"Url": url, "HttpHeaders": {"a": 1}}, {"Url": url, "HttpHeaders": {"a b": "c"}},
                    {"Url": url, "HttpHeaders": {"a": "b\r\nc: d"}}, {"Url": url, "HttpHeaders": {"": "b"}},
                    {"Url": url, "Pkcs11": 1}, {"Url": url, "Timeout": "3"}, {"Url": url, "Timeout": -1},
                    {"Url": url, "Timeout": 2**32}, {"Url": url, "F": 1.5}, {"Url": url, "L": []}, {"Url": url, "N": None},
                    b"[" * 100000):
            body = bad if isinstance(bad, bytes) else json.dumps(bad)
            self.expect(400, "PUT", "/peers/bad", body, 15)
        for file in ("CertificateFile", "CertificateKeyFile"):
            self.expect(404, "PUT", "/peers/bad", {"Url": url, "CertificateFile": __file__, file: "/nowhere"}, 13)
        for name in ("a%20b", "a.b", "%C3%A4", "a" * 256, "%00"):
            self.expect(400, "PUT", "/peers/" + name, [url])
        self.expect(413, "PUT", "/peers/bad", b'["http://h", "' + b"x" * 300000 + b'"]', 47)
        self.assertNotIn("bad", self.server.get_json("/peers"))

    def test_smart_cards_are_refused(self):
        self.put("card", {"Url": "http://localhost:1", "Pkcs11": True})
        self.expect(500, "GET", "/peers/card/system", None, 2)
        self.expect(200, "DELETE", "/peers/card")


class DatabaseTest(PeersCase):
    options = {"OrthancPeersInDatabase": True, "OrthancPeers": {"ignored": ["http://h"]}}

    def test_they_survive(self):
        self.assertEqual(self.server.get_json("/peers"), [])
        self.put("one", ["http://h", "u", "p"])
        self.put("two", {"Url": "http://h", "HttpHeaders": {"A": "b"}, "Color": "blue", "Timeout": 5})
        self.put("gone", ["http://h"])
        self.expect(200, "DELETE", "/peers/gone")
        before = self.server.get_json("/peers?expand")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.get_json("/peers?expand"), before)
        self.assertEqual(sorted(before), ["one", "two"])
        with Peer() as peer:  # the secrets are there, too
            self.put("one", [peer.url, "u", "p"])
            self.server.restart()
            self.expect(200, "GET", "/peers/one/system")
            self.assertEqual(peer.requests[0][2]["authorization"], "Basic dTpw")


class StoreTest(PeersCase):
    """From one Hilum to another, and to Orthanc."""

    options = {"LogExportedResources": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = HilumServer({"AuthenticationEnabled": True, "RegisteredUsers": {"alice": "pass-1"}})
        cls.addClassCleanup(cls.target.close)
        cls.target.start()
        cls.server.put("/peers/target", [cls.target.url(), "alice", "pass-1"])
        cls.server.put("/peers/wrong", [cls.target.url(), "alice", "pass-2"])

    def at_target(self, method, path):
        return self.target.request(method, path, headers={"Authorization": "Basic YWxpY2U6cGFzcy0x"})

    def test_a_study_arrives_as_it_is(self):
        study = self.study(30, "AsItIs")
        answer = self.expect(200, "POST", "/peers/target/store", study).json()
        size = int(self.server.get_json(f"/studies/{study}/statistics")["UncompressedSize"])
        self.assertEqual(answer, {
            "Compress": False, "Description": "REST API", "FailedInstancesCount": 0, "InstancesCount": 30,
            "ParentResources": [study], "Peer": [self.target.url("/"), "alice", ""],
            "Resources": [{"ID": study, "Type": "Study"}], "Size": str(size), "SizeMB": size >> 20})
        for instance in self.server.get_json(f"/studies/{study}/instances"):
            file = self.at_target("GET", f"/instances/{instance['ID']}/file")
            self.assertEqual(file.body, self.server.get(f"/instances/{instance['ID']}/file").body)
        self.assertEqual(self.at_target("DELETE", f"/studies/{study}").status, 200)

    def test_levels_and_forms_of_the_body(self):
        study = self.study(2, "Levels")
        details = self.server.get_json(f"/studies/{study}")
        series = details["Series"][0]
        instance = self.server.get_json(f"/series/{series}")["Instances"][0]
        for body, count in ((instance, 1), (json.dumps(instance), 1), ([series], 2), ([instance, series, instance], 2),
                            ({"Resources": [details["ParentPatient"]]}, 2), ({"Resources": []}, 0), ([], 0),
                            (f"  {study}\n", 2)):
            self.assertEqual(self.expect(200, "POST", "/peers/target/store", body).json()["InstancesCount"], count)

    def test_bad_bodies(self):
        study = self.study(1, "BadBodies")
        jobs = self.server.get_json("/jobs")
        for bad in (b"", b"x", b"5", b"null", b"true", b"{}", b'{"Resources": 5}', b'{"Resources": [5]}', b'["x"]', b"[[]]",
                    b'{"Resources": ["' + b"0" * 44 + b'"]}', b"[" * 100000,
                    *(json.dumps({"Resources": [study], name: value}).encode()
                      for name, value in (("Compress", 5), ("Transcode", 5), ("Transcode", "1.2.3"), ("Transcode", ""),
                                          ("Permissive", "x"), ("Priority", "x"), ("Synchronous", 1)))):
            self.expect(400, "POST", "/peers/target/store", bad, 15)
        self.expect(404, "POST", "/peers/target/store", UNKNOWN, 17)
        self.expect(404, "POST", "/peers/target/store", [study, UNKNOWN], 17)
        self.assertEqual(self.server.get_json("/jobs"), jobs)

    def test_bad_credentials(self):
        study = self.study(3, "Credentials")
        self.expect(500, "GET", "/peers/wrong/system", None, 2005)
        details = self.expect(500, "POST", "/peers/wrong/store", study, 9).json()["Details"]
        self.assertIn("401", details)
        answer = self.expect(200, "POST", "/peers/wrong/store", {"Resources": [study], "Permissive": True}).json()
        self.assertEqual((answer["FailedInstancesCount"], answer["InstancesCount"], answer["Size"]), (3, 3, "0"))
        self.assertEqual(self.expect(200, "GET", "/peers/target/system").json()["Server"], "Hilum")
        # A job looks its peer up when it begins: what was wrong can be mended.
        self.put("mended", [self.target.url(), "alice", "nope"])
        job = self.start("mended", {"Resources": [study], "UserData": {"a": 1}})
        self.assertEqual(self.wait(job, "Failure")["ErrorCode"], 9)
        self.put("mended", [self.target.url(), "alice", "pass-1"])
        self.expect(200, "POST", f"/jobs/{job}/resubmit")
        done = self.wait(job, "Success")
        self.assertEqual((done["Progress"], done["UserData"], done["Type"]), (100, {"a": 1}, "OrthancPeerStore"))
        self.assertNotIn("pass-", self.server.log())

    def test_exports(self):
        study = self.study(1, "Exports")
        series = self.server.get_json(f"/studies/{study}")["Series"][0]
        self.expect(200, "POST", "/peers/target/store", [study, series])
        rows = [row for row in self.server.get_json("/exports?limit=1000")["Exports"] if row["ID"] in (study, series)]
        self.assertEqual([(row["ID"], row["RemoteModality"], row["ResourceType"]) for row in rows],
                         [(study, "target", "Study"), (series, "target", "Series")])

    def test_straight(self):
        dicom = make_dicom("Straight")
        answer = self.expect(200, "POST", "/peers/target/store-straight", dicom).json()
        self.assertEqual(answer["Status"], "Success")
        self.assertEqual(self.at_target("GET", answer["Path"] + "/file").body, dicom)
        self.expect(500, "POST", "/peers/target/store-straight", b"no DICOM file", 9)
        self.expect(500, "POST", "/peers/target/store-straight", b"", 9)
        self.expect(500, "POST", "/peers/wrong/store-straight", dicom, 9)
        large = make_dicom("Straight", EncapsulatedDocument=b"x" * (20 << 20))
        answer = self.expect(200, "POST", "/peers/target/store-straight", large).json()
        self.assertEqual(len(self.at_target("GET", answer["Path"] + "/file").body), len(large))

    def test_compressed_and_transcoded(self):
        stored = self.server.upload(read("CT_small.dcm"))
        answer = self.expect(200, "POST", "/peers/target/store", {
            "Resources": [stored["ID"]], "Compress": True, "Transcode": SYNTAX + ".4.70"}).json()
        self.assertEqual((answer["Compress"], answer["Transcode"]), (True, SYNTAX + ".4.70"))
        self.assertLess(int(answer["Size"]), 25000)
        got = pydicom.dcmread(io.BytesIO(self.at_target("GET", f"/instances/{stored['ID']}/file").body))
        self.assertEqual(got.file_meta.TransferSyntaxUID, SYNTAX + ".4.70")
        self.assertEqual(got.SOPInstanceUID, pydicom.dcmread(io.BytesIO(read("CT_small.dcm"))).SOPInstanceUID)

    @unittest.skipUnless(os.access(ORTHANC, os.X_OK), "Orthanc is not installed")
    def test_to_orthanc(self):
        class Orthanc(HilumServer):
            def configuration(self):
                return {"HttpPort": self.http_port, "DicomPort": self.dicom_port, "RemoteAccessAllowed": False,
                        "AuthenticationEnabled": True, "RegisteredUsers": {"bob": "b"}, "StorageDirectory": self.folder,
                        "IndexDirectory": self.folder, "Plugins": [],
                        "OrthancPeers": {"back": [back.url()]}}
        back = self.server
        study = self.study(20, "ToOrthanc")
        with Orthanc(binary=ORTHANC) as orthanc:
            login = {"Authorization": "Basic Ym9iOmI="}
            self.put("orthanc", [orthanc.url(), "bob", "b"])
            self.assertEqual(self.expect(200, "GET", "/peers/orthanc/system").json()["Version"], "1.10.1")
            for body in ({"Resources": [study]}, {"Resources": [study], "Compress": True}):
                self.expect(200, "POST", "/peers/orthanc/store", body)
                there = orthanc.get(f"/studies/{study}/instances", login).json()
                self.assertEqual(len(there), 20)
                for instance in there[:3]:
                    self.assertEqual(orthanc.get(f"/instances/{instance['ID']}/file", login).body,
                                     self.server.get(f"/instances/{instance['ID']}/file").body)
                self.assertEqual(orthanc.delete(f"/studies/{study}", login).status, 200)
            # And the other way round.
            self.expect(200, "POST", "/peers/orthanc/store", study)
            self.expect(200, "DELETE", f"/studies/{study}")
            answer = orthanc.request("POST", "/peers/back/store", json.dumps({"Resources": [study], "Compress": True}), login)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(len(self.server.get_json(f"/studies/{study}/instances")), 20)


class JobTest(PeersCase):
    """What a job does, seen from a peer that the test plays."""

    def test_headers_and_bytes(self):
        with Peer() as peer:
            self.put("peer", {"Url": peer.url + "/a/b", "HttpHeaders": {"X-One": "1", "X-Empty": ""}, "Username": "u",
                              "Password": "p"})
            stored = self.server.upload(make_dicom("Headers"))
            file = self.server.get(f"/instances/{stored['ID']}/file").body
            for compress in (False, True):
                answer = self.expect(200, "POST", "/peers/peer/store", {"Resources": [stored["ID"]], "Compress": compress}).json()
                method, path, headers, body = peer.requests.pop()
                self.assertEqual((method, path), ("POST", "/a/b/instances"))
                self.assertEqual((headers["x-one"], headers["x-empty"]), ("1", ""))
                self.assertEqual(headers["authorization"], "Basic dTpw")
                self.assertEqual(headers.get("content-encoding"), "gzip" if compress else None)
                self.assertEqual(headers["content-type"], "application/dicom")
                self.assertEqual(gzip.decompress(body) if compress else body, file)
                self.assertEqual(answer["Size"], str(len(body)))

    def test_several_connections(self):
        def behave(peer, request):
            eventually(lambda: peer.most_open >= 4, 20)  # nobody is answered before four are here
            return 200, b"{}"

        study = self.study(16, "Several")
        with Peer(behave) as peer:
            self.put("several", [peer.url])
            self.expect(200, "POST", "/peers/several/store", study)
            self.assertEqual(peer.most_open, 4)
            self.assertEqual(peer.connections, 4, "connections are kept open")
            self.assertEqual(len(set(self.sop_uids(peer))), 16)

    def test_a_cut_is_mended(self):
        """The peer goes away in the middle, and comes back: what it has acknowledged is not sent again."""
        acknowledged = []

        def behave(peer, request):
            uid = pydicom.dcmread(io.BytesIO(request[3]), stop_before_pixels=True).SOPInstanceUID
            with peer.lock:
                if len(acknowledged) == 10 and not peer.is_back:
                    peer.cuts += 1
                    peer.is_back = peer.cuts >= 8
                    return None
                acknowledged.append(uid)
            return 200, b"{}"

        study = self.study(40, "Cut")
        with Peer(behave) as peer:
            peer.cuts, peer.is_back = 0, False
            self.put("cut", [peer.url])
            job = self.start("cut", {"Resources": [study]})
            done = self.wait(job, "Success")
        self.assertEqual(done["Content"]["FailedInstancesCount"], 0)
        self.assertEqual(len(acknowledged), 40)
        self.assertEqual(len(set(acknowledged)), 40)

    def test_a_failure_goes_on_when_it_is_resubmitted(self):
        acknowledged = []

        def behave(peer, request):
            with peer.lock:
                if len(acknowledged) >= 10 and peer.is_broken:
                    return 401, b"{}"
                acknowledged.append(request[3])
            return 200, b"{}"

        study = self.study(25, "Resubmit")
        with Peer(behave) as peer:
            peer.is_broken = True
            self.put("resubmit", [peer.url])
            job = self.start("resubmit", {"Resources": [study]})
            failed = self.wait(job, "Failure")
            self.assertEqual((failed["ErrorCode"], failed["Progress"]), (9, 40))
            self.expect(200, "POST", f"/jobs/{job}/resubmit")
            self.wait(job, "Failure")
            peer.is_broken = False
            self.expect(200, "POST", f"/jobs/{job}/resubmit")
            done = self.wait(job, "Success")
        self.assertEqual((len(acknowledged), len(set(acknowledged))), (25, 25))
        self.assertEqual(done["Content"]["Size"], str(sum(map(len, acknowledged))))

    def test_pause_cancel_and_restart(self):
        gate = threading.Event()

        def behave(peer, request):
            with peer.lock:
                peer.count += 1
                answered = peer.count <= 8 or gate.is_set()
            if not answered:
                gate.wait(60)  # the job stands still here until somebody stops it
            return (200, b"{}") if answered else None

        study = self.study(30, "Pause")
        with Peer(behave) as peer:
            peer.count = 0
            self.put("pause", [peer.url])
            job = self.start("pause", {"Resources": [study]})
            self.assertTrue(eventually(lambda: peer.count >= 12))
            self.expect(200, "POST", f"/jobs/{job}/pause")
            paused = self.wait(job, "Paused")  # although no answer has come
            self.assertIn(paused["Progress"], (26, 27))
            self.server.restart()
            self.put("pause", [peer.url])
            self.assertEqual(self.job(job)["State"], "Paused")
            self.assertEqual(self.job(job)["Content"], paused["Content"])
            self.expect(200, "POST", f"/jobs/{job}/cancel")
            self.assertEqual(self.wait(job, "Failure")["ErrorCode"], 37)
            gate.set()
            self.assertTrue(eventually(lambda: len(peer.requests) >= 12))
            before = len(peer.requests)
            self.expect(200, "POST", f"/jobs/{job}/resubmit")
            self.wait(job, "Success")
            self.assertEqual(len(peer.requests) - before, 22, "those that had been answered are not sent again")

    def test_a_crash_goes_on(self):
        """Killed in the middle: after the restart the job sends what is left, and what the last seconds have sent."""
        gate = threading.Event()

        def behave(peer, request):
            if len(peer.requests) >= 20:
                gate.wait(60)
            return 200, b"{}"

        study = self.study(60, "Crash")
        with Peer(behave) as peer:
            name = "crash"
            self.server.options["OrthancPeers"] = {name: [peer.url]}
            self.server.restart()
            job = self.start(name, {"Resources": [study]})
            self.assertTrue(eventually(lambda: len(peer.requests) >= 20))
            self.server.kill()
            gate.set()
            self.server.start()
            done = self.wait(job, "Success")
            self.assertEqual((done["Content"]["InstancesCount"], done["Content"]["FailedInstancesCount"]), (60, 0))
            self.assertEqual(len(set(self.sop_uids(peer))), 60)

    def test_permissive(self):
        def behave(peer, request):
            bad = b"Refused" in request[3]
            return (400 if bad else 200), b"{}"

        good = [self.server.upload(make_dicom("Good"))["ID"] for _ in range(3)]
        bad = [self.server.upload(make_dicom("Refused"))["ID"] for _ in range(2)]
        with Peer(behave) as peer:
            self.put("picky", [peer.url])
            answer = self.expect(200, "POST", "/peers/picky/store", {"Resources": bad + good, "Permissive": True}).json()
            self.assertEqual((answer["FailedInstancesCount"], answer["InstancesCount"]), (2, 5))
            self.assertEqual(len(peer.requests), 5)
            self.expect(500, "POST", "/peers/picky/store", bad, 9)

    def test_removed_meanwhile(self):
        gate = threading.Event()

        def behave(peer, request):
            gate.wait(60)
            return 200, b"{}"

        study = self.study(12, "Removed")
        last = self.server.get_json(f"/studies/{study}/instances")
        with Peer(behave) as peer:
            self.put("removed", [peer.url])
            job = self.start("removed", {"Resources": [study], "Permissive": True})
            self.assertTrue(eventually(lambda: peer.open == 4))
            for instance in last:
                self.expect(200, "DELETE", f"/instances/{instance['ID']}")
            gate.set()
            content = self.wait(job, "Success")["Content"]
        self.assertEqual((content["InstancesCount"], content["FailedInstancesCount"]), (12, 8))

    def test_nobody_there(self):
        self.put("down", ["http://127.0.0.1:1"])
        study = self.study(3, "Down")
        self.expect(500, "GET", "/peers/down/system", None, 9)
        self.expect(500, "POST", "/peers/down/store", study, 9)
        self.expect(500, "POST", "/peers/down/store-straight", make_dicom(), 9)
        answer = self.expect(200, "POST", "/peers/down/store", {"Resources": [study], "Permissive": True}).json()
        self.assertEqual(answer["FailedInstancesCount"], 3)

    def test_large_files_are_streamed(self):
        stored = self.server.upload(make_dicom("Large", EncapsulatedDocument=os.urandom(1 << 20) * 60))
        with Peer() as peer:
            self.put("large", [peer.url])
            for compress in (False, True):
                self.expect(200, "POST", "/peers/large/store", {"Resources": [stored["ID"]], "Compress": compress})
                body = peer.requests.pop()[3]
                file = self.server.get(f"/instances/{stored['ID']}/file").body
                self.assertTrue(file == (gzip.decompress(body) if compress else body))


if __name__ == "__main__":
    unittest.main()
