#!/usr/bin/python3
"""Attachments of /patients, /studies, /series and /instances on the real server."""

import concurrent.futures
import hashlib
import http.client
import json
import os
import random
import struct
import threading
import unittest
import zlib

from hilum_server import HilumServer
from resources_case import LEVELS, UNKNOWN, ServerTest, make_dicom, read

# What a sanitizer takes is not the server's.
SANITIZED = bool(os.environ.get("HILUM_SAMPLE_FLAGS"))
OPTIONS = {"StableAge": 1000, "UserContentType": {"report": 1025, "paper": [1026, "application/pdf"]}}
OPERATIONS = ["compress", "compressed-data", "compressed-md5", "compressed-size", "data", "info", "is-compressed",
              "md5", "size", "uncompress", "verify-md5"]


def md5(content):
    return hashlib.md5(content).hexdigest()


def resident_mb(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


class Attachments(ServerTest):
    options = OPTIONS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file = read("CT_small.dcm")
        stored = cls.server.upload(cls.file)
        cls.ids = {"patients": stored["ParentPatient"], "studies": stored["ParentStudy"],
                   "series": stored["ParentSeries"], "instances": stored["ID"]}
        cls.dicom = f"/instances/{stored['ID']}/attachments/dicom"

    def path(self, name, level="studies"):
        return f"/{level}/{self.ids[level]}/attachments/{name}"

    def content(self, path, query=""):
        return self.expect(200, "GET", f"{path}/data{query}").body

    def test_dicom(self):
        self.assertEqual(self.content(self.dicom), self.file)
        self.assertEqual(self.get(self.dicom), OPERATIONS)
        info = self.get(self.dicom + "/info")
        self.assertRegex(info.pop("Uuid"), r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        size = len(self.file)
        self.assertEqual(info, {"ContentType": 1, "CompressedMD5": md5(self.file), "UncompressedMD5": md5(self.file),
                                "CompressedSize": size, "UncompressedSize": size})
        for route, value in (("size", str(size)), ("compressed-size", str(size)), ("md5", md5(self.file)),
                             ("compressed-md5", md5(self.file)), ("is-compressed", "0")):
            answer = self.expect(200, "GET", f"{self.dicom}/{route}")
            self.assertEqual((answer.text(), answer.headers["content-type"]), (value, "text/plain"))
            self.assertEqual(answer.headers["etag"], f'"0-{md5(self.file)}"')
        self.assertEqual(self.get(f"/instances/{self.ids['instances']}/attachments"), ["dicom"])
        self.assertEqual(self.get(f"/instances/{self.ids['instances']}/attachments?full"), {"dicom": 1})

    def test_compression_and_back(self):
        before = self.get(self.dicom + "/info")
        for _ in range(2):
            self.assertEqual(self.expect(200, "POST", self.dicom + "/compress", b"").body, b"{}")
        stored = self.expect(200, "GET", self.dicom + "/compressed-data")
        self.assertEqual(stored.headers["content-type"], "application/octet-stream")
        self.assertEqual(struct.unpack("<Q", stored.body[:8])[0], len(self.file))
        self.assertEqual(zlib.decompress(stored.body[8:]), self.file)
        info = self.get(self.dicom + "/info")
        self.assertEqual(info["CompressedSize"], len(stored.body))
        self.assertEqual(info["CompressedMD5"], md5(stored.body))
        self.assertEqual(info["UncompressedMD5"], md5(self.file))
        self.assertNotEqual(info["Uuid"], before["Uuid"])
        self.assertEqual(self.server.get(self.dicom + "/is-compressed").text(), "1")
        self.assertEqual(self.content(self.dicom), self.file)
        self.assertEqual(self.server.get(f"/instances/{self.ids['instances']}/file").body, self.file)
        self.ranges(self.dicom + "/data", self.file)
        self.ranges(self.dicom + "/compressed-data", stored.body)
        self.expect(200, "POST", self.dicom + "/verify-md5", b"")
        self.expect(200, "POST", self.dicom + "/uncompress", b"")
        self.assertEqual(self.server.get(self.dicom + "/compressed-data").body, self.file)
        self.assertEqual(self.server.get(self.dicom).headers["etag"], f'"0-{md5(self.file)}"')

    def test_etag_belongs_to_the_bytes(self):
        """While an attachment is replaced again and again."""
        path = f"/patients/{self.ids['patients']}/attachments/1099"
        self.expect(200, "PUT", path, b"first")
        done = threading.Event()

        def replace():
            for number in range(400):
                self.server.put(path, b"content %d" % number)
            done.set()

        thread = threading.Thread(target=replace)
        thread.start()
        wrong, count = [], 0
        while not done.is_set():
            for route in ("compressed-data", "data"):
                answer = self.server.get(f"{path}/{route}")
                count += 1
                if answer.status != 200 or not answer.headers["etag"].endswith(f'-{md5(answer.body)}"'):
                    wrong.append((route, answer.status, answer.headers.get("etag"), answer.body[:100]))
        thread.join()
        self.assertEqual(wrong, [])
        self.assertGreater(count, 10)
        self.expect(200, "DELETE", path)

    def ranges(self, path, content):
        size = len(content)
        for header, first, end in (("bytes=0-0", 0, 1), ("bytes=0-99", 0, 100), (f"bytes={size - 1}-", size - 1, size),
                                   ("bytes=5-999999999999", 5, size), ("bytes=-100", size - 100, size),
                                   ("bytes=100-199", 100, 200), (f"bytes=-{size + 5}", 0, size)):
            answer = self.expect(206, "GET", path, None, {"Range": header})
            self.assertEqual(answer.body, content[first:end], header)
            self.assertEqual(answer.headers["content-range"], f"bytes {first}-{end - 1}/{size}")
        for header in (f"bytes={size}-", "bytes=99999999999999-", "bytes=-0"):
            answer = self.expect(416, "GET", path, None, {"Range": header}, orthanc=41)
            self.assertIn(str(size), answer.json()["Details"])
        for header in ("bytes=0-0,5-6", "bytes=5-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=", "x" * 5000,
                       "bytes=" + "0-0," * 1000):
            self.assertEqual(self.expect(200, "GET", path, None, {"Range": header}).body, content, header)

    def test_ranges(self):
        self.ranges(self.path("dicom", "instances") + "/data", self.file)
        etag = self.server.get(self.dicom + "/data").headers["etag"]
        for if_range, status in ((etag, 206), ('"7-abc"', 200), ("Mon, 01 Jan 2024 00:00:00 GMT", 200)):
            self.expect(status, "GET", self.dicom + "/data", None, {"Range": "bytes=0-9", "If-Range": if_range})

    def test_user_attachments_at_every_level(self):
        for level in LEVELS:
            for name, number, mime in (("report", 1025, "application/octet-stream"), ("paper", 1026, "application/pdf"),
                                       ("1024", 1024, "application/octet-stream"),
                                       ("65535", 65535, "application/octet-stream")):
                path = self.path(name, level)
                answer = self.expect(200, "PUT", path, b"hello")
                self.assertEqual((answer.body, answer.headers["content-type"]), (b"{}", "application/json"))
                self.assertEqual(answer.headers["etag"], f'"0-{md5(b"hello")}"')
                answer = self.expect(200, "GET", path + "/data")
                self.assertEqual((answer.body, answer.headers["content-type"]), (b"hello", mime))
                self.assertEqual(answer.headers["content-disposition"],
                                 f'filename="{self.get(path + "/info")["Uuid"]}"')
                self.assertEqual(self.server.get(self.path(str(number), level) + "/data").body, b"hello")
                self.assertEqual(self.server.get(path + "/data?filename=a%20b.pdf").headers["content-disposition"],
                                 'filename="a b.pdf"')
                self.assertEqual(self.expect(200, "PUT", path, b"").headers["etag"], f'"1-{md5(b"")}"')
                self.assertEqual(self.content(path), b"")
            listed = self.get(f"/{level}/{self.ids[level]}/attachments?full")
            listed.pop("dicom", None)
            self.assertEqual(listed, {"report": 1025, "paper": 1026, "1024": 1024, "65535": 65535})
            self.assertEqual(self.get(f"/{level}/{self.ids[level]}/attachments")[-4:],
                             ["1024", "report", "paper", "65535"])
            for name in ("report", "paper", "1024", "65535"):
                self.expect(200, "DELETE", self.path(name, level), orthanc="bare")
                self.expect(404, "DELETE", self.path(name, level), orthanc=17)
                self.expect(404, "GET", self.path(name, level) + "/data", orthanc=17)

    def test_refusals(self):
        base = f"/instances/{self.ids['instances']}/attachments"
        for name in ("dicom", "1", "3", "dicom-until-pixel-data", "0", "-1", "1023", "65536"):
            self.expect(403, "PUT", f"{base}/{name}", b"x", orthanc="bare")
            self.expect(403, "DELETE", f"{base}/{name}", orthanc="bare")
        self.expect(403, "PUT", base + "/dicom-as-json", b"x", orthanc="bare")
        self.expect(404, "DELETE", base + "/dicom-as-json", orthanc=17)
        for method in ("GET", "PUT", "DELETE"):
            self.expect(404, method, base + "/nope", b"", orthanc=7)
            self.expect(400, method, base + "/99999999999", b"", orthanc=5)
            self.expect(404, method, f"/studies/{UNKNOWN}/attachments/1024", b"", orthanc=17)
            self.expect(404, method, "/studies/nope/attachments/1024", b"", orthanc=17)
        for route in ("compress", "uncompress"):
            self.expect(404, "POST", f"{base}/1024/{route}", b"", orthanc=17)
            self.expect(404, "POST", f"{base}/nope/{route}", b"", orthanc=7)
        self.expect(400, "POST", f"{base}/1024/verify-md5", b"", orthanc="bare")
        self.expect(404, "GET", f"/patients/{self.ids['instances']}/attachments", orthanc=17)
        self.expect(404, "GET", base + "/dicom/nope", orthanc=17)
        for name in ("x" * 5000, "%00", "%0d%0a", "..%2f..", "1e3", "%F0%9F%98%80", " ", "9" * 4000):
            for method in ("GET", "PUT", "DELETE"):
                status = self.server.request(method, f"{base}/{name.replace(' ', '%20')}", b"x").status
                self.assertIn(status, (400, 403, 404, 405, 414, 431), name[:20])
        self.assertEqual(self.content(self.dicom), self.file)

    def test_file_names_cannot_break_the_header(self):
        for name, expected in (("a%22b.pdf", 'filename="a\\"b.pdf"'),
                               ("%C3%A9.pdf", "filename=\"__.pdf\"; filename*=UTF-8''%C3%A9.pdf"),
                               ("a%0d%0aX-Evil:1", "filename=\"a__X-Evil:1\"; filename*=UTF-8''a%0D%0AX-Evil%3A1")):
            answer = self.expect(200, "GET", self.dicom + "/data?filename=" + name)
            self.assertEqual(answer.headers["content-disposition"], expected)
            self.assertNotIn("x-evil", answer.headers)

    def test_revisions(self):
        path = self.path("1030")
        etag = self.expect(200, "PUT", path, b"a", {"If-Match": '"5-abc"'}).headers["etag"]  # absent: any will do
        self.assertEqual(etag, f'"0-{md5(b"a")}"')
        for known, status in ((etag, 304), (etag.strip('"'), 304), ('"1-abc"', 200), (f'"1-{md5(b"a")}"', 200)):
            for route in ("", "/data", "/compressed-data", "/size", "/md5", "/info", "/is-compressed"):
                answer = self.expect(status, "GET", path + route, None, {"If-None-Match": known})
                self.assertEqual(answer.headers["etag"], etag)
        for method in ("PUT", "DELETE"):
            self.expect(409, method, path, b"b", {"If-Match": '"1-abc"'}, orthanc=43)
            for bad in ("abc", '""', "5", "-", "x" * 5000):
                self.expect(400, method, path, b"b", {"If-Match": bad}, orthanc=3)
        self.expect(400, "GET", path, None, {"If-None-Match": "abc"}, orthanc=3)
        self.assertEqual(self.content(path), b"a")
        second = self.expect(200, "PUT", path, b"b", {"If-Match": etag}).headers["etag"]
        self.assertEqual(second, f'"1-{md5(b"b")}"')
        self.expect(409, "PUT", path, b"c", {"If-Match": etag}, orthanc=43)
        self.expect(200, "POST", path + "/compress", b"")
        self.assertEqual(self.server.get(path).headers["etag"], second)
        self.expect(200, "DELETE", path, None, {"If-Match": second})
        self.expect(404, "DELETE", path, None, {"If-Match": second}, orthanc=17)

    def test_statistics_and_restart(self):
        path = self.path("1040", "series")
        before = self.get(f"/series/{self.ids['series']}/statistics")
        self.expect(200, "PUT", path, b"s" * 12345)
        after = self.get(f"/series/{self.ids['series']}/statistics")
        self.assertEqual(int(after["UncompressedSize"]) - int(before["UncompressedSize"]), 12345)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.content(path), b"s" * 12345)
        self.expect(200, "DELETE", path)
        self.assertEqual(self.get(f"/series/{self.ids['series']}/statistics"), before)

    def test_one_hundred_writers(self):
        path = self.path("1050", "patients")
        self.expect(200, "PUT", path, b"0")

        def write(number):
            routes = (("PUT", path, str(number).encode()), ("POST", path + "/compress", b""),
                      ("POST", path + "/uncompress", b""), ("GET", path + "/data", None))
            return self.server.request(*routes[number % 4]).status

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(write, range(200)))
        # A lost race of compressing says so; nothing else may fail.
        self.assertLessEqual(set(statuses), {200, 503})
        self.assertGreater(statuses.count(200), 150)
        self.assertEqual(self.server.get(path).headers["etag"].partition("-")[0], '"50')
        self.expect(200, "POST", path + "/verify-md5", b"")
        self.expect(200, "DELETE", path)


class Deleting(ServerTest):
    options = OPTIONS

    def test_attachments_go_with_their_resource(self):
        ids = self.store(make_dicom(patient="DEL", study="4.1", series="4.1.1"))
        for level in LEVELS:
            self.expect(200, "PUT", f"/{level}/{ids[level]}/attachments/1024", b"x" * 1000)
        self.expect(200, "DELETE", f"/instances/{ids['instances']}")
        for level in LEVELS:
            self.expect(404, "GET", f"/{level}/{ids[level]}/attachments", orthanc=17)
        self.assertEqual(self.get("/statistics")["TotalDiskSize"], "0")


class Large(ServerTest):
    """Bodies far larger than what the server may hold in memory."""

    options = OPTIONS
    size = 300 << 20

    def test_memory(self):
        ids = self.store(make_dicom(patient="BIG", study="4.2", series="4.2.1"))
        path = f"/patients/{ids['patients']}/attachments/1024"
        block = random.Random(1).randbytes(1 << 20)
        digest = hashlib.md5()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.http_port, timeout=60)
        connection.putrequest("PUT", path)
        connection.putheader("Content-Length", str(self.size))
        connection.endheaders()
        for _ in range(self.size >> 20):
            connection.send(block)
            digest.update(block)
        answer = connection.getresponse()
        answer.read()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["etag"], f'"0-{digest.hexdigest()}"')
        connection.close()
        self.expect(200, "POST", path + "/verify-md5", b"")
        self.assertEqual(self.server.get(path + "/size").text(), str(self.size))
        last = self.server.request("GET", path + "/data", None, {"Range": "bytes=-5"}).body
        self.assertEqual(last, block[-5:])
        if not SANITIZED:
            self.assertLess(resident_mb(self.server), 150)
        self.expect(200, "DELETE", path)


class Compressed(ServerTest):
    options = {**OPTIONS, "StorageCompression": True}

    def test_new_ones_are_compressed(self):
        stored = self.server.upload(read("CT_small.dcm"))
        base = f"{stored['Path']}/attachments"
        self.assertEqual(self.get(base), ["dicom", "dicom-until-pixel-data"])
        self.assertEqual(self.server.get(base + "/dicom/is-compressed").text(), "1")
        self.assertEqual(self.server.get(base + "/dicom/data").body, read("CT_small.dcm"))
        header = self.server.get(base + "/3/data")
        self.assertEqual(header.body, read("CT_small.dcm")[:len(header.body)])
        self.assertRegex(header.headers["content-disposition"], r'\.dcm"$')
        self.expect(200, "PUT", base + "/1024", b"z" * 100000)
        self.assertLess(int(self.server.get(base + "/1024/compressed-size").text()), 1000)
        self.assertEqual(self.server.get(base + "/1024/data").body, b"z" * 100000)
        large = random.Random(3).randbytes(1 << 20) + b"z" * (1 << 20)
        self.expect(200, "PUT", base + "/1024", large)
        for first, last in ((0, 9), (1048570, 1048580), (2097142, 2097151), (5, 2000000)):
            answer = self.expect(206, "GET", base + "/1024/data", None, {"Range": f"bytes={first}-{last}"})
            self.assertEqual(answer.body, large[first:last + 1])
        self.expect(200, "PUT", base + "/1024", b"")
        self.assertEqual(self.server.get(base + "/1024/data").body, b"")


class WithoutMd5(ServerTest):
    options = {**OPTIONS, "StoreMD5ForAttachments": False}

    def test_md5_is_not_listed(self):
        stored = self.server.upload(make_dicom())
        path = f"{stored['Path']}/attachments/dicom"
        self.assertEqual(self.get(path), [name for name in OPERATIONS if "md5" not in name])
        for route in ("md5", "compressed-md5"):
            self.expect(404, "GET", f"{path}/{route}", orthanc="bare")
        self.expect(400, "POST", path + "/verify-md5", b"", orthanc="bare")
        etag = self.expect(200, "PUT", f"{stored['Path']}/attachments/1024", b"x").headers["etag"]
        self.assertEqual(etag, '"0-"')
        self.assertEqual(self.server.get(f"{stored['Path']}/attachments/1024").headers["etag"], etag)


class CheckedRevisions(ServerTest):
    options = {**OPTIONS, "CheckRevisions": True}

    def test_if_match_is_needed(self):
        stored = self.server.upload(make_dicom())
        path = f"{stored['Path']}/attachments/1024"
        etag = self.expect(200, "PUT", path, b"a").headers["etag"]
        self.expect(409, "PUT", path, b"b", orthanc=43)
        self.expect(409, "DELETE", path, orthanc=43)
        etag = self.expect(200, "PUT", path, b"b", {"If-Match": etag}).headers["etag"]
        self.expect(200, "DELETE", path, None, {"If-Match": etag})


class Damage(unittest.TestCase):
    def test_verify_finds_it(self):
        with HilumServer({**OPTIONS, "StorageCompression": False}) as server:
            content = random.Random(2).randbytes(100000)
            stored = server.upload(make_dicom())
            path = f"{stored['Path']}/attachments/1024"
            self.assertEqual(server.put(path, content).status, 200)
            self.assertEqual(server.post(path + "/verify-md5").status, 200)
            self.assertTrue(self.damage(os.path.join(server.folder, "storage"), content[50000:50100]))
            answer = server.post(path + "/verify-md5")
            self.assertEqual((answer.status, answer.body), (400, b""))
            self.assertIsNone(server.process.poll())

    @staticmethod
    def damage(folder, needle):
        for root, _, files in os.walk(folder):
            for name in files:
                with open(os.path.join(root, name), "r+b") as file:
                    position = file.read().find(needle)
                    if position >= 0:
                        file.seek(position)
                        file.write(b"DAMAGED")
                        return True
        return False


class BadOptions(unittest.TestCase):
    def test_the_server_does_not_start_and_names_the_entry(self):
        for table, word in (({"dicom": 1024}, "taken"), ({"7": 1024}, "number"), ({"a": 1023}, "1024"),
                            ({"a": 1024, "b": 1024}, "already"), ({"a": [1024]}, "1024"),
                            ({"a": [1024, "pdf"]}, "MIME"), ({"a": [1024, "a/b\r\nX: 1"]}, "MIME")):
            with self.subTest(json.dumps(table)):
                server = HilumServer({"UserContentType": table})
                self.addCleanup(server.close)
                server.launch()
                self.assertNotEqual(server.wait_for_end(), 0)
                self.assertRegex(server.log(), f'option "UserContentType", entry "[^"]+": [^\n]*{word}')


if __name__ == "__main__":
    unittest.main()
