#!/usr/bin/python3
"""Changing /patients, /studies, /series and /instances on the real server: uploads, metadata, labels, deletion."""

import concurrent.futures
import gzip
import hashlib
import http.client
import os
import unittest

from resources_case import LEVELS, UNKNOWN, ServerTest, archive, make_dicom, public_id, read


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
        for body in (b"", b"hello", bytes(128) + b"DICM", whole[:20000], b"{}", whole[:300]):
            self.expect(400, "POST", "/instances", body, orthanc=15)
        self.expect(404, "POST", "/instances", bytes(1000), orthanc=21)  # a data set, but without identifiers
        self.expect(404, "POST", "/instances", read(os.path.join("dicomdirtests", "DICOMDIR")), orthanc=21)
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
            for bad in ("a%20b", "z" * 65, "%C3%A9", "a.b"):
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
        self.go_away()

    def go_away(self):
        """Clients that ask for much and leave."""
        for _ in range(20):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.http_port)
            connection.request("GET", "/instances?expand")
            connection.close()
        self.assertEqual(self.server.get("/patients").status, 200)


if __name__ == "__main__":
    unittest.main()
