#!/usr/bin/python3
"""/changes and /exports on the real server: pages, filters, emptying, restarts."""

import concurrent.futures
import os
import time
import unittest
from urllib.parse import quote

from hilum_server import HilumServer
from resources_case import OPTIONS, UNKNOWN, ServerTest, make_dicom

CREATION = ["NewInstance", "NewSeries", "NewStudy", "NewPatient"]


def exports_plugin():
    """Shared object of tests/unit/plugins/fixtures/exports.c, which the build makes."""
    build = os.environ.get("HILUM_BUILD_DIR") or os.path.dirname(os.path.dirname(
        os.path.realpath(os.environ.get("HILUM_BINARY", "."))))
    return os.path.join(build, "tests", "unit", "plugins", "fixtures", "exports.so")


class Changes(ServerTest):
    def setUp(self):
        self.expect(200, "DELETE", "/changes", orthanc="bare")
        self.start = self.get("/changes")["Last"]

    def page(self, query=""):
        return self.get("/changes" + query)

    def sequences(self, query):
        """Of a page, counted from where the test began."""
        return [row["Seq"] - self.start for row in self.page(query)["Changes"]]

    def after(self, sequence, **arguments):
        return f"?since={self.start + sequence}" + "".join(f"&{key}={value}" for key, value in arguments.items())

    def test_rows(self):
        ids = self.store(make_dicom(patient="ROWS", study="2.1", series="2.1.1"))
        page = self.page()
        self.assertEqual([row["ChangeType"] for row in page["Changes"]], CREATION)
        row = page["Changes"][2]
        self.assertEqual(set(row), {"ChangeType", "Date", "ID", "Path", "ResourceType", "Seq"})
        self.assertEqual((row["ID"], row["Path"], row["ResourceType"]),
                         (ids["studies"], "/studies/" + ids["studies"], "Study"))
        self.assertRegex(row["Date"], r"^\d{8}T\d{6}$")
        self.assertLess(abs(time.mktime(time.strptime(row["Date"], "%Y%m%dT%H%M%S")) - time.timezone - time.time()
                            + (3600 if time.localtime().tm_isdst else 0)), 100)
        self.assertEqual((page["Done"], page["First"], page["Last"]), (True, self.start + 1, self.start + 4))
        self.assertEqual([row["ChangeType"] for row in self.page("?last")["Changes"]], ["NewPatient"])
        self.assertEqual(self.server.get("/changes").headers["content-type"], "application/json; charset=utf-8")

    def test_every_page_of_the_log_once(self):
        for number in range(30):
            self.store(make_dicom(patient="WALK", study="2.2", series="2.2.1", InstanceNumber=number))
        seen, since = [], 0
        for _ in range(20):
            page = self.page(f"?since={since}&limit=5")
            self.assertLessEqual(len(page["Changes"]), 5)
            seen += [row["Seq"] - self.start for row in page["Changes"]]
            since = page["Last"]
            if page["Done"]:
                break
        self.assertEqual(seen, list(range(1, 34)))
        self.assertEqual(self.sequences("?limit=-1"), seen)
        self.assertEqual(self.sequences("?limit=18446744073709551616"), seen)  # no number: as if absent
        self.assertEqual(self.sequences(self.after(31, limit="abc")), seen)

    def test_to(self):
        for number in range(10):
            self.store(make_dicom(patient="TO", study="2.3", series="2.3.1", InstanceNumber=number))
        page = self.page(f"?to={self.start + 9}&limit=3")
        self.assertEqual([row["Seq"] - self.start for row in page["Changes"]], [7, 8, 9])
        self.assertEqual((page["Done"], page["First"], page["Last"]), (False, self.start + 7, self.start + 9))
        self.assertEqual(self.sequences(f"?to={page['First'] - 1}&limit=3"), [4, 5, 6])
        page = self.page(self.after(3, to=self.start + 6))
        self.assertEqual([row["Seq"] - self.start for row in page["Changes"]], [4, 5, 6])
        self.assertIs(page["Done"], True)
        self.assertIs(self.page(self.after(3, to=self.start + 6, limit=2))["Done"], False)
        self.assertEqual(self.sequences("?to=-5"), [])
        self.assertEqual(self.sequences("?to=9223372036854775807&limit=1"), [13])
        self.assertEqual(self.sequences(self.after(9, to=self.start + 3)), [])

    def test_type(self):
        ids = self.store(make_dicom(patient="TYPE", study="2.4", series="2.4.1"))
        self.expect(200, "PUT", f"/studies/{ids['studies']}/metadata/1024", b"x")
        self.expect(200, "PUT", f"/studies/{ids['studies']}/attachments/1024", b"x")
        self.assertEqual(self.sequences("?type=NewStudy"), [3])
        self.assertEqual(self.sequences("?type=NewStudy;UpdatedMetadata;UpdatedAttachment"), [3, 5, 6])
        self.assertEqual(self.sequences(f"?type=NewStudy;UpdatedMetadata&to={self.start + 5}&limit=1"), [5])
        self.assertEqual(self.sequences("?type=NewStudy;UpdatedMetadata&limit=1"), [3])
        self.assertIs(self.page("?type=NewStudy&limit=1")["Done"], True)
        self.assertEqual(self.sequences("?type="), [1, 2, 3, 4, 5, 6])
        page = self.page("?type=StableStudy")
        self.assertEqual((page["Changes"], page["Done"], page["Last"]), ([], True, self.start + 6))
        self.assertNotIn("First", page)
        for name in ("nope", "newstudy", "NewStudy,NewSeries", "x" * 5000, "NewStudy;nope"):
            self.expect(400, "GET", "/changes?type=" + name, orthanc=3)
        self.assertEqual(self.sequences("?type=" + ";".join(["NewStudy"] * 500)), [3])
        self.assertEqual(self.sequences("?type=" + ";" * 5000), [1, 2, 3, 4, 5, 6])

    def test_one_row_for_each_write(self):
        ids = self.store(make_dicom(patient="ONE", study="2.5", series="2.5.1"))
        for level, identifier in ids.items():
            for kind in ("metadata", "attachments"):
                before = self.page()["Last"]
                path = f"/{level}/{identifier}/{kind}/1024"
                self.expect(200, "PUT", path, b"a")
                self.expect(200, "PUT", path, b"a")
                self.expect(200, "DELETE", path)
                rows = self.page(f"?since={before}")["Changes"]
                name = "UpdatedMetadata" if kind == "metadata" else "UpdatedAttachment"
                self.assertEqual([(row["ChangeType"], row["ID"]) for row in rows], [(name, identifier)] * 3)

    def test_deletion_takes_its_rows_along(self):
        kept = self.store(make_dicom(patient="KEEP", study="2.6", series="2.6.1"))
        gone = self.store(make_dicom(patient="GONE", study="2.7", series="2.7.1"))
        self.expect(200, "DELETE", "/patients/" + gone["patients"])
        page = self.page()
        self.assertEqual({row["ID"] for row in page["Changes"]}, set(kept.values()))
        self.assertEqual(self.page(self.after(4))["Last"], self.start + 8)  # it never goes down

    def test_cleared_for_good(self):
        self.store(make_dicom(patient="CLEAR", study="2.8", series="2.8.1"))
        self.expect(200, "DELETE", "/changes", orthanc="bare")
        for _ in range(2):
            page = self.page()
            self.assertEqual((page["Changes"], page["Done"], page["Last"]), ([], True, self.start + 4))
            self.server.restart()
        self.store(make_dicom(patient="CLEAR2", study="2.9", series="2.9.1"))
        self.assertEqual(self.sequences("?since=0"), [5, 6, 7, 8])

    def test_odd_numbers(self):
        self.store(make_dicom(patient="ODD", study="2.10", series="2.10.1"))
        for number in ("-1", "-9223372036854775808", "", "abc", "1.5", "0x10", "99999999999999999999", "9" * 5000):
            self.assertEqual(self.sequences("?since=" + number), [1, 2, 3, 4])
        for number in ("9223372036854775807", "9223372036854775806"):
            self.assertEqual(self.sequences("?since=" + number), [])
        self.assertEqual(self.sequences("?limit=0"), [])
        self.assertIs(self.page("?limit=0")["Done"], False)

    def test_a_poller_misses_nothing_while_instances_arrive(self):
        bodies = [make_dicom(patient=f"POLL{number % 5}", study=f"2.20.{number % 5}", series=f"2.20.{number % 5}.1")
                  for number in range(150)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            uploads = [pool.submit(self.server.upload, body) for body in bodies]
            seen, since = [], self.start
            while True:
                stored = all(upload.done() for upload in uploads)  # asked before the page
                page = self.page(f"?since={since}&limit=20&type=NewInstance")
                seen += [row["ID"] for row in page["Changes"]]
                since = page["Last"] if page["Changes"] else since
                if stored and page["Done"]:
                    break
        self.assertEqual(len(seen), len(set(seen)))
        self.assertEqual(set(seen), {upload.result()["ID"] for upload in uploads})

    def test_methods(self):
        for path in ("/changes", "/exports"):
            for method in ("PUT", "POST"):
                answer = self.expect(405, method, path, b"", orthanc="bare")
                self.assertEqual(answer.headers["allow"], "GET,DELETE")


class Exports(unittest.TestCase):
    def server(self, logged):
        plugin = exports_plugin()
        if not os.path.exists(plugin):
            self.skipTest(f"{plugin} was not built")
        options = {**OPTIONS, "Plugins": [plugin]}
        if logged:
            options["LogExportedResources"] = True
        server = HilumServer(options)
        self.addCleanup(server.close)
        return server.start()

    def test_off_by_default(self):
        server = self.server(False)
        stored = server.upload(make_dicom())
        self.assertEqual(server.get(f"/fixture/export/{stored['ID']}/PACS").text(), "0")
        self.assertEqual(server.get_json("/exports"), {"Exports": [], "Done": True, "Last": 0})

    def test_rows(self):
        server = self.server(True)
        stored = server.upload(make_dicom(patient="EXP", study="1.2.3", series="1.2.3.4", instance="1.2.3.4.5"))
        instance, study = stored["ID"], stored["ParentStudy"]
        self.assertEqual(server.get(f"/fixture/export/{instance}/PACS").text(), "1")
        self.assertEqual(server.get(f"/fixture/export/{study}/caf%C3%A9").text(), "2")
        self.assertEqual(server.get(f"/fixture/export/{UNKNOWN}/PACS").status, 404)
        self.assertEqual(server.get(f"/fixture/export/{instance}/{'x' * 300}").status, 400)
        page = server.get_json("/exports")
        for row in page["Exports"]:
            self.assertRegex(row.pop("Date"), r"^\d{8}T\d{6}$")
        self.assertEqual(page, {"Done": True, "First": 1, "Last": 2, "Exports": [
            {"ID": instance, "Path": "/instances/" + instance, "PatientID": "EXP", "RemoteModality": "PACS",
             "ResourceType": "Instance", "SOPInstanceUID": "1.2.3.4.5", "Seq": 1, "SeriesInstanceUID": "1.2.3.4",
             "StudyInstanceUID": "1.2.3"},
            {"ID": study, "Path": "/studies/" + study, "PatientID": "EXP", "RemoteModality": "caf\u00e9",
             "ResourceType": "Study", "Seq": 2, "StudyInstanceUID": "1.2.3"}]})
        for query, rows in (("since=1", [2]), ("limit=1", [1]), ("last", [2]), ("to=1", [1]), ("since=2", []),
                            ("since=9", []), ("since=x", [1, 2]), ("type=nope", [1, 2])):
            answer = server.get("/exports?" + quote(query, safe="=&"))
            self.assertEqual([row["Seq"] for row in answer.json()["Exports"]], rows, query)
        self.assertEqual(server.get_json("/exports?since=9")["Last"], 9)
        # They outlive the resource and the process; emptied, the numbers go on.
        self.assertEqual(server.delete(stored["Path"]).status, 200)
        server.kill()
        server.start()
        self.assertEqual(len(server.get_json("/exports")["Exports"]), 2)
        self.assertEqual(server.delete("/exports").status, 200)
        self.assertEqual(server.get_json("/exports"), {"Exports": [], "Done": True, "Last": 0})
        stored = server.upload(make_dicom())
        self.assertEqual(server.get(f"/fixture/export/{stored['ID']}/PACS").text(), "3")


if __name__ == "__main__":
    unittest.main()
