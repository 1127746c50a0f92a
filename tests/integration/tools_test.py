"""The routes below /tools, without those that search: settings that take effect at once, figures, maintenance."""

import io
import json
import os
import re
import subprocess
import threading
import time
import unittest

import pydicom
from pydicom.uid import generate_uid

from dicom_peer import BOTH, CT, EXPLICIT, IMPLICIT, VERIFICATION, Peer
from hilum_server import HilumServer, eventually
from openapi_check import problems_of
from resources_case import OPTIONS, UNKNOWN, ServerTest, archive, make_dicom, read

# What a sanitizer takes is not the server's.
SANITIZED = bool(os.environ.get("HILUM_SAMPLE_FLAGS"))
MEGABYTE = 1 << 20
SETTERS = ("/tools/log-level", "/tools/log-level-dicom", "/tools/metrics", "/tools/default-encoding",
           "/tools/accepted-transfer-syntaxes", "/tools/unknown-sop-class-accepted")
JPEG = "1.2.840.10008.1.2.4.50"
UNKNOWN_CLASS = "1.2.3.4.5.6.7.8.9"


def metrics_of(text):
    """Prometheus text -> name with labels -> value."""
    values = {}
    for line in text.splitlines():
        match = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^ {}]*\})?) ([-+0-9.e]+|nan|inf) (\d{13})', line)
        assert match, line
        assert match.group(1) not in values, line
        values[match.group(1)] = float(match.group(2))
    return values


def without_charset(name):
    """A file whose patient's name has bytes beyond ASCII and that does not say what they mean."""
    number = str(time.time_ns())
    dataset = pydicom.dcmread(io.BytesIO(make_dicom(patient=number, study=f"1.2.{number}", series=f"1.3.{number}")))
    dataset.PatientName = "X" * len(name)
    memory = io.BytesIO()
    pydicom.dcmwrite(memory, dataset, write_like_original=False)
    return memory.getvalue().replace(b"X" * len(name), name)


class DocumentsTest(ServerTest):
    def test_list_of_tools(self):
        tools = self.get("/tools")
        self.assertEqual(tools, sorted(tools))
        self.assertLess({"accepted-sop-classes", "accepted-transfer-syntaxes", "bulk-delete", "default-encoding",
                         "dicom-conformance", "generate-uid", "invalidate-tags", "log-level", "log-level-dicom",
                         "metrics", "metrics-prometheus", "now", "now-local", "reconstruct", "reset", "shutdown",
                         "unknown-sop-class-accepted"}, set(tools))

    def test_clocks(self):
        before = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        now = self.expect(200, "GET", "/tools/now").text()
        self.assertLessEqual(before, now)
        self.assertLessEqual(now, time.strftime("%Y%m%dT%H%M%S", time.gmtime()))
        self.assertRegex(self.expect(200, "GET", "/tools/now-local").text(), r"^\d{8}T\d{6}$")

    def test_uids_are_new_and_valid(self):
        for level in ("study", "series", "instance"):
            uids = {self.expect(200, "GET", f"/tools/generate-uid?level={level}").text() for _ in range(50)}
            self.assertEqual(len(uids), 50)
            for uid in uids:
                self.assertRegex(uid, r"^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$")
                self.assertLessEqual(len(uid), 64)
        patients = {self.expect(200, "GET", "/tools/generate-uid?level=patient").text() for _ in range(50)}
        self.assertEqual(len(patients), 50)
        self.expect(404, "GET", "/tools/generate-uid?level=nope", orthanc="bare")

    def test_uids_from_many_threads(self):
        uids = []

        def ask():
            uids.extend(self.server.get("/tools/generate-uid?level=series").text() for _ in range(40))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(uids)), 320)

    def test_openapi(self):
        document = self.get("/openapi.json")
        self.assertEqual(problems_of(document), [])
        self.assertLess({"/tools/metrics", "/tools/bulk-delete", "/instances/{id}/file", "/openapi.json"},
                        set(document["paths"]))
        delete = document["paths"]["/tools/bulk-delete"]["post"]
        self.assertIn("Resources",
                      delete["requestBody"]["content"]["application/json"]["schema"]["properties"])
        self.assertIn("text/plain", document["paths"]["/tools/log-level"]["put"]["requestBody"]["content"])
        # Every path of the document is answered, and no other method than those that it names.
        for path, item in document["paths"].items():
            answer = self.server.request("OPTIONS", re.sub(r"\{[^}]*\}", "x", path))
            self.assertEqual(answer.status, 204, path)
            self.assertEqual(sorted(answer.headers["allow"].split(",")), sorted(m.upper() for m in item), path)

    def test_openapi_of_the_command_line(self):
        target = os.path.join(self.server.folder, "openapi.json")
        subprocess.run([self.server.binary, "--openapi=" + target, self.server.config_path], check=True, timeout=60,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(target, encoding="utf-8") as file:
            self.assertEqual(json.load(file), self.get("/openapi.json"))

    def test_checker_finds_mistakes(self):
        def broken(change):
            document = self.get("/openapi.json")
            change(document)
            return problems_of(document)

        operation = ("/tools/bulk-delete", "post")

        def at(document):
            return document["paths"][operation[0]][operation[1]]

        for change in (lambda d: d.pop("info"), lambda d: d.update(extra=1),
                       lambda d: at(d).pop("responses"), lambda d: at(d).update(summary=""),
                       lambda d: at(d)["responses"].update({"2x": {"description": "a"}}),
                       lambda d: at(d)["parameters"].append({"in": "path", "name": "id", "required": True,
                                                             "schema": {"type": "string"}}),
                       lambda d: at(d)["responses"]["default"].update({"$ref": "#/components/responses/None"}),
                       lambda d: at(d)["requestBody"]["content"].clear(),
                       lambda d: at(d)["requestBody"]["content"]["application/json"]["schema"].update(type="list"),
                       lambda d: at(d).update(operationId=d["paths"]["/tools/now"]["get"]["operationId"])):
            self.assertTrue(broken(change))

    def test_conformance_follows_the_settings(self):
        answer = self.expect(200, "GET", "/tools/dicom-conformance")
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))
        text = answer.text()
        for part in ("DICOM Conformance Statement", "Echo SCP Conformance", "Store SCP Conformance",
                     "Find SCP Conformance", "Transfer Syntaxes", "CTImageStorage", CT, JPEG, VERIFICATION,
                     f"port {self.server.dicom_port}"):
            self.assertIn(part, text)
        for service in ("Move SCP Conformance", "Get SCP Conformance", "Storage Commitment Conformance"):
            self.assertIn(service, text)
        self.assertNotIn("Worklist SCP", text)  # nobody provides entries
        self.addCleanup(self.server.put, "/tools/accepted-transfer-syntaxes", "*")
        self.server.put("/tools/accepted-transfer-syntaxes", f'["{IMPLICIT}"]')
        self.assertNotIn(JPEG, self.server.get("/tools/dicom-conformance").text())
        self.server.put("/tools/accepted-transfer-syntaxes", "")
        self.assertIn("Storage is switched off", self.server.get("/tools/dicom-conformance").text())


class SettingsTest(ServerTest):
    options = {**OPTIONS, "DicomAlwaysAllowFind": True}

    def setUp(self):
        self.addCleanup(self.server.put, "/tools/accepted-transfer-syntaxes", "*")
        self.addCleanup(self.server.put, "/tools/unknown-sop-class-accepted", "0")
        self.addCleanup(self.server.put, "/tools/default-encoding", "Latin1")
        self.addCleanup(self.server.put, "/tools/log-level", "default")

    def lines(self, text):
        return self.server.log().count(text)

    def test_log_levels_count_at_once(self):
        self.server.get("/statistics?quiet")
        self.assertEqual(self.lines("GET /statistics from"), 0)
        self.expect(200, "PUT", "/tools/log-level-http", "verbose")
        self.server.get("/statistics")
        self.assertTrue(eventually(lambda: self.lines("GET /statistics from") == 1))
        self.expect(200, "PUT", "/tools/log-level-http", "default")
        self.server.get("/statistics")
        time.sleep(0.2)
        self.assertEqual(self.lines("GET /statistics from"), 1)
        self.expect(200, "PUT", "/tools/log-level", "trace")
        for category in ("dicom", "generic", "http", "jobs", "lua", "plugins", "sqlite"):
            self.assertEqual(self.server.get(f"/tools/log-level-{category}").text(), "trace")

    def test_encoding_counts_for_what_comes_in_and_for_answers(self):
        stored = self.store(without_charset(b"\xe9\xef"))
        name = lambda ids: self.get(f"/patients/{ids['patients']}")["MainDicomTags"]["PatientName"]  # noqa: E731
        tag = lambda ids: self.get(f"/instances/{ids['instances']}/simplified-tags")["PatientName"]  # noqa: E731
        self.assertEqual((name(stored), tag(stored)), ("éï", "éï"))
        self.assertEqual(self.expect(200, "PUT", "/tools/default-encoding", "greek").text(), "Greek")
        self.assertEqual((name(stored), tag(stored)), ("éï", "ιο"))  # the index keeps what was read
        other = self.store(without_charset(b"\xe9\xef"))
        self.assertEqual((name(other), tag(other)), ("ιο", "ιο"))
        self.expect(400, "PUT", "/tools/default-encoding", "nope", orthanc=3)
        self.assertEqual(self.server.get("/tools/default-encoding").text(), "Greek")
        # Reconstruction reads the files by what holds now.
        self.expect(200, "POST", "/tools/reconstruct")
        self.assertEqual(name(stored), "ιο")

    def test_encoding_counts_for_answers_of_find(self):
        self.store(without_charset(b"\xe9\xef"))
        for name, term in (("Greek", "ISO_IR 126"), ("Utf8", "ISO_IR 192"), ("Latin1", "ISO_IR 100")):
            self.expect(200, "PUT", "/tools/default-encoding", name)
            done = subprocess.run(["findscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName", "-k",
                                   "StudyInstanceUID", "127.0.0.1", str(self.server.dicom_port)],
                                  capture_output=True, text=True, errors="replace", timeout=60, check=True)
            terms = set(re.findall(r"\(0008,0005\) CS \[([^\]]*)\]", done.stdout + done.stderr))
            self.assertEqual({one.strip() for one in terms}, {term})

    def negotiated(self, contexts):
        with Peer(self.server.dicom_port, contexts) as peer:
            return {number: result for number, (result, _) in peer.accepted().items()}

    def test_transfer_syntaxes_count_for_new_associations(self):
        contexts = {1: (CT, [JPEG]), 3: (CT, [EXPLICIT]), 5: (VERIFICATION, [IMPLICIT])}
        self.assertEqual(self.negotiated(contexts), {1: 0, 3: 0, 5: 0})
        with Peer(self.server.dicom_port, BOTH) as running:
            self.assertEqual(running.accepted()[1][0], 0)
            answer = self.expect(200, "PUT", "/tools/accepted-transfer-syntaxes", "1.2.840.10008.1.2.4.*").json()
            self.assertIn(JPEG, answer)
            self.assertNotIn(EXPLICIT, answer)
            self.assertEqual(self.negotiated(contexts), {1: 0, 3: 4, 5: 0})
            self.expect(200, "PUT", "/tools/accepted-transfer-syntaxes", b"")
            self.assertEqual(self.negotiated(contexts), {1: 3, 3: 3, 5: 0})
            self.assertEqual(running.store(generate_uid()), 0)  # goes on as it was negotiated
        self.expect(200, "PUT", "/tools/accepted-transfer-syntaxes", ["*"])
        self.assertEqual(self.negotiated(contexts), {1: 0, 3: 0, 5: 0})

    def test_unknown_sop_classes(self):
        contexts = {1: (UNKNOWN_CLASS, [IMPLICIT]), 3: (CT, [IMPLICIT])}
        self.assertEqual(self.negotiated(contexts), {1: 3, 3: 0})
        self.assertNotIn(UNKNOWN_CLASS, self.server.get("/tools/dicom-conformance").text())
        self.expect(200, "PUT", "/tools/unknown-sop-class-accepted", "1")
        self.assertEqual(self.server.get("/tools/unknown-sop-class-accepted").text(), "1")
        self.assertEqual(self.negotiated(contexts), {1: 0, 3: 0})
        self.expect(200, "PUT", "/tools/unknown-sop-class-accepted", "false")
        self.assertEqual(self.negotiated(contexts), {1: 3, 3: 0})

    def test_sop_classes(self):
        classes = self.get("/tools/accepted-sop-classes")
        self.assertIn(CT, classes)
        self.assertEqual(classes, sorted(set(classes)))
        self.expect(405, "PUT", "/tools/accepted-sop-classes", "[]")

    def test_changes_while_associations_are_negotiated(self):
        stop = threading.Event()
        results = set()

        def negotiate():
            while not stop.is_set():
                results.add(tuple(sorted(self.negotiated({1: (CT, [JPEG]), 3: (CT, [EXPLICIT])}).items())))

        threads = [threading.Thread(target=negotiate) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(60):
            self.expect(200, "PUT", "/tools/accepted-transfer-syntaxes", JPEG if number % 2 else EXPLICIT)
        stop.set()
        for thread in threads:
            thread.join()
        # Each association saw the one or the other rule, never a mixture; the first ones still saw all.
        self.assertLessEqual(results, {((1, 0), (3, 4)), ((1, 4), (3, 0)), ((1, 0), (3, 0))})

    def test_hostile_bodies(self):
        deep = "[" * 200000
        for path in SETTERS:
            before = self.server.get(path).body
            for body in (b"\0" * 64, b"\xff" * 64, b"x" * (2 * MEGABYTE), deep, "{" * 1000, '{"a":' * 5000,
                         '["a",' * 5000, "[" + "1," * 100000 + "1]", b"null", b"-1", b"1e999"):
                answer = self.server.put(path, body)
                if path == "/tools/accepted-transfer-syntaxes" and answer.status == 200:
                    self.assertEqual(answer.json(), [])  # a pattern that matches nothing
                    self.server.put(path, "*")
                else:
                    self.assertIn(answer.status, (400, 413), (path, body[:20]))
            self.assertEqual(self.server.get(path).body, before, path)
        stars = json.dumps(["*" * 200 + "x"] * 1000)
        begin = time.monotonic()
        self.assertEqual(self.expect(200, "PUT", "/tools/accepted-transfer-syntaxes", stars).json(), [])
        self.assertLess(time.monotonic() - begin, 60)  # bounded; a sanitizer or a busy machine takes its time
        for body in (["*"] * 1001, ["*" * 257], ["*", 1], [["*"]], [None]):
            self.expect(400, "PUT", "/tools/accepted-transfer-syntaxes", body)

    def test_large_bodies_cost_no_memory(self):
        def resident():
            with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
                return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) << 10

        body = b"[" + b'"1.2.3",' * (100 * MEGABYTE // 8) + b'"1"]'
        before = resident()
        for method, path in [("PUT", path) for path in SETTERS] + [("POST", "/tools/bulk-delete")]:
            self.assertIn(self.server.request(method, path, body).status, (400, 413), path)
        for many in (b'{"Resources":[' + b"1," * (7 * MEGABYTE) + b"1]}",
                     b'{"Resources":[' + b"[]," * (5 * MEGABYTE) + b"1]}",
                     b'{"Resources":["a"],' + b'"a":1,' * (2 * MEGABYTE) + b'"a":1}'):
            self.expect(400, "POST", "/tools/bulk-delete", many)
        if not SANITIZED:
            self.assertLess(resident() - before, 96 * MEGABYTE)


class MetricsTest(ServerTest):
    def metrics(self):
        answer = self.expect(200, "GET", "/tools/metrics-prometheus")
        self.assertEqual(answer.headers["content-type"], "text/plain; version=0.0.4")
        return metrics_of(answer.text())

    def test_names_and_values(self):
        self.store(read("CT_small.dcm"))
        ids = self.store(read("MR_small.dcm"))
        self.server.get(f"/instances/{ids['instances']}/file")
        self.server.get(f"/instances/{ids['instances']}/tags")
        with Peer(self.server.dicom_port, BOTH) as peer:
            self.assertEqual(peer.echo(), 0)
            self.assertEqual(peer.store(generate_uid()), 0)
        self.server.delete(f"/instances/{ids['instances']}")
        values = self.metrics()
        statistics = self.get("/statistics")
        for level in ("Patients", "Studies", "Series", "Instances"):
            self.assertEqual(values["orthanc_count_" + level.lower()], statistics["Count" + level])
        self.assertAlmostEqual(values["orthanc_disk_size_mb"], int(statistics["TotalDiskSize"]) / MEGABYTE, places=5)
        self.assertEqual(values["orthanc_last_change"], self.get("/changes?last")["Last"])
        for name in ("orthanc_jobs_running", "orthanc_jobs_pending", "orthanc_jobs_completed", "orthanc_jobs_success",
                     "orthanc_jobs_failed", "orthanc_dicom_cache_count"):
            self.assertEqual(values[name], 0)
        self.assertGreaterEqual(values["orthanc_rest_api_active_requests"], 1)  # this very one
        self.assertGreater(values["orthanc_available_http_threads_count"], 0)
        self.assertGreater(values["orthanc_available_dicom_threads"], 0)
        self.assertGreaterEqual(values["orthanc_up_time_s"], 0)
        self.assertGreater(values["orthanc_storage_written_bytes"], 40000)
        self.assertGreater(values["orthanc_storage_read_bytes"], 1000)
        for timer in ("orthanc_rest_api_duration_ms", "orthanc_store_dicom_duration_ms",
                      "orthanc_storage_create_duration_ms", "orthanc_storage_read_duration_ms",
                      "orthanc_storage_remove_duration_ms", "hilum_commit_duration_ms",
                      "hilum_index_write_duration_ms", "hilum_dicom_echo_duration_ms",
                      "hilum_dicom_store_duration_ms", 'hilum_rest_duration_ms{family="tools",method="GET"}',
                      'hilum_rest_duration_ms{family="resources",method="POST"}'):
            self.assertIn(timer, values)
            self.check_histogram(values, timer)

    def check_histogram(self, values, timer):
        name, _, labels = timer.partition("{")
        labels = labels[:-1]
        with_labels = "{" + labels + "}" if labels else ""
        buckets = [value for key, value in values.items()
                   if key.startswith(name + "_bucket{" + (labels + "," if labels else "le="))]
        self.assertEqual(buckets, sorted(buckets), timer)
        self.assertEqual(len(buckets), 19, timer)
        self.assertEqual(buckets[-1], values[f"{name}_count{with_labels}"], timer)
        self.assertGreater(buckets[-1], 0, timer)
        self.assertGreaterEqual(values[f"{name}_sum{with_labels}"], 0, timer)

    def test_requests_are_counted_by_family(self):
        key = 'hilum_rest_duration_ms_count{family="resources",method="GET"}'
        self.server.get("/patients")
        before = self.settled(key)
        for _ in range(7):
            self.server.get("/patients")
        self.assertEqual(self.settled(key, before + 7), before + 7)

    def settled(self, key, expected=None):
        """The figure once it rests: a request is counted after its answer has been sent."""
        last, quiet_since, deadline = None, 0, time.monotonic() + 20
        while time.monotonic() < deadline:
            value = self.metrics()[key]
            if value != last:
                last, quiet_since = value, time.monotonic()
            if time.monotonic() - quiet_since > 0.5 and expected in (None, value):
                break
            time.sleep(0.02)
        return last

    def test_switch(self):
        self.assertEqual(self.server.get("/tools/metrics").text(), "1")
        self.expect(200, "PUT", "/tools/metrics", "0")
        self.addCleanup(self.server.put, "/tools/metrics", "1")
        self.assertEqual(self.server.get("/tools/metrics").text(), "0")
        self.assertEqual(self.expect(200, "GET", "/tools/metrics-prometheus").body, b"")
        self.expect(200, "PUT", "/tools/metrics", "1")
        self.assertIn("orthanc_count_patients", self.metrics())
        self.expect(400, "PUT", "/tools/metrics", "maybe", orthanc=15)

    def test_asking_in_parallel(self):
        threads = [threading.Thread(target=lambda: [self.metrics() for _ in range(10)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class MaintenanceTest(ServerTest):
    def test_bulk_delete(self):
        kept = self.store(make_dicom(patient="K", study="9.1", series="9.1.1"))
        first = self.store(make_dicom(patient="A", study="1.1", series="1.1.1"))
        second = self.store(make_dicom(patient="A", study="1.1", series="1.1.2"))
        third = self.store(make_dicom(patient="B", study="2.1", series="2.1.1"))
        body = {"Resources": [first["instances"], "nope", "", UNKNOWN, third["patients"], third["instances"],
                              first["instances"]]}
        answer = self.expect(200, "POST", "/tools/bulk-delete", body)
        self.assertEqual(answer.body, b"")
        self.assertEqual(sorted(self.get("/instances")), sorted([kept["instances"], second["instances"]]))
        self.assertEqual(sorted(self.get("/patients")), sorted([kept["patients"], second["patients"]]))
        for bad in ({}, {"Resources": "a"}, {"Resources": [1]}, {"Resources": [["a"]]}):
            self.expect(400, "POST", "/tools/bulk-delete", bad, orthanc=15)
        for bad in ([], "nope", "", "[" * 100000, '{"Resources":' * 3000):
            self.expect(400, "POST", "/tools/bulk-delete", bad if isinstance(bad, str) else json.dumps(bad), orthanc=8)
        self.expect(200, "POST", "/tools/bulk-delete", {"Resources": ["x"] * 100000})
        self.assertEqual(len(self.get("/instances")), 2)

    def test_reconstruct_and_invalidate(self):
        ids = self.store(read("rtplan.dcm"))
        before = self.get(f"/studies/{ids['studies']}")
        for body in (b"", b"anything", {"ReconstructFiles": False}, {"ReconstructFiles": True}):
            self.assertEqual(self.expect(200, "POST", "/tools/reconstruct", body).body, b"")
        self.expect(400, "POST", "/tools/reconstruct", {"ReconstructFiles": "yes"}, orthanc=15)
        after = self.get(f"/studies/{ids['studies']}")
        self.assertEqual(before["MainDicomTags"], after["MainDicomTags"])
        self.assertEqual(self.server.get(f"/instances/{ids['instances']}/file").body, read("rtplan.dcm"))
        self.assertEqual(self.expect(200, "POST", "/tools/invalidate-tags").body, b"")
        self.assertEqual(self.server.get(f"/instances/{ids['instances']}/file").status, 200)

    def test_methods(self):
        for path in ("reset", "shutdown", "reconstruct", "invalidate-tags", "bulk-delete"):
            for method in ("GET", "PUT", "DELETE"):
                answer = self.expect(405, method, "/tools/" + path)
                self.assertEqual(answer.headers["allow"], "POST")


class EndTest(unittest.TestCase):
    def test_reset_forgets_settings_and_shutdown_ends(self):
        with HilumServer() as server:
            for path, value in (("/tools/log-level-http", "trace"), ("/tools/default-encoding", "Thai"),
                                ("/tools/metrics", "0"), ("/tools/unknown-sop-class-accepted", "1"),
                                ("/tools/accepted-transfer-syntaxes", "")):
                self.assertEqual(server.put(path, value).status, 200)
            server.upload(read("CT_small.dcm"))
            answer = server.post("/tools/reset")
            self.assertEqual((answer.status, answer.json()), (200, {}))
            self.assertTrue(answer.headers["content-type"].startswith("application/json"))
            self.assertTrue(eventually(lambda: "starts again" in server.log()))

            def answers():
                try:
                    return server.get("/tools/log-level-http").text() == "default"
                except OSError:
                    return False

            self.assertTrue(eventually(answers))
            self.assertEqual(server.get("/tools/default-encoding").text(), "Latin1")
            self.assertEqual(server.get("/tools/metrics").text(), "1")
            self.assertEqual(server.get("/tools/unknown-sop-class-accepted").text(), "0")
            self.assertEqual(len(server.get_json("/tools/accepted-transfer-syntaxes")), 42)
            self.assertEqual(len(server.get_json("/instances")), 1)
            self.assertIsNone(server.process.poll())
            answer = server.post("/tools/shutdown", b"anything")
            self.assertEqual((answer.status, answer.json()), (200, {}))
            self.assertEqual(server.wait_for_end(20), 0)

    def test_a_long_deletion_does_not_hold_up_the_end(self):
        files = [(str(i), make_dicom(patient=f"P{i}", study=f"5.{i}", series=f"5.{i}.1", instance=f"5.{i}.1.1"))
                 for i in range(1500)]
        with HilumServer({"StableAge": 1000}) as server:
            self.assertEqual(server.post("/instances", archive(files)).status, 200)
            patients = server.get_json("/patients")
            self.assertEqual(len(patients), 1500)
            answers = []
            thread = threading.Thread(target=lambda: answers.append(
                server.post("/tools/bulk-delete", {"Resources": patients}).status))
            thread.start()
            self.assertTrue(eventually(lambda: server.get_json("/statistics")["CountPatients"] < 1500, pause=0))
            server.stop()
            thread.join()
            self.assertEqual(answers, [503])
            server.start()
            self.assertGreater(len(server.get_json("/patients")), 0)

    def test_options_are_what_the_settings_begin_with(self):
        options = {"DefaultEncoding": "Hebrew", "MetricsEnabled": False, "UnknownSopClassAccepted": True,
                   "AcceptedTransferSyntaxes": ["1.2.840.10008.1.2.*"], "RejectedSopClasses": [CT],
                   "RleTransferSyntaxAccepted": False, "DicomServerEnabled": False}
        with HilumServer(options) as server:
            self.assertEqual(server.get("/tools/default-encoding").text(), "Hebrew")
            self.assertEqual(server.get("/tools/metrics").text(), "0")
            self.assertEqual(server.get("/tools/unknown-sop-class-accepted").text(), "1")
            syntaxes = server.get_json("/tools/accepted-transfer-syntaxes")
            self.assertNotIn("1.2.840.10008.1.2", syntaxes)
            self.assertNotIn("1.2.840.10008.1.2.5", syntaxes)
            self.assertIn("1.2.840.10008.1.2.1", syntaxes)
            self.assertNotIn(CT, server.get_json("/tools/accepted-sop-classes"))
            text = server.get("/tools/dicom-conformance").text()
            self.assertIn("The DICOM server is disabled", text)
            self.assertNotRegex(text, r"\n  CTImageStorage ")


if __name__ == "__main__":
    unittest.main()
