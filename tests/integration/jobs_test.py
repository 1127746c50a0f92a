"""/jobs with the sample plugin's jobs: states, answers, restarts, outputs, events, limits and hostile arguments."""

import http.client
import json
import os
import re
import signal
import socket
import threading
import time
import unittest
import unittest.mock

from hilum_server import HilumServer, eventually

BUILD = os.environ.get("HILUM_BUILD_DIR") or os.path.dirname(os.path.dirname(os.path.abspath(
    os.environ["HILUM_BINARY"])))
SAMPLE = os.path.join(BUILD, "samples", "countdown.so")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
TIME = re.compile(r"^\d{8}T\d{6}(\.\d{6})?$")
LONG = 3000  # steps of a job that does not end during a test


class JobsCase(unittest.TestCase):
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer({"Plugins": [SAMPLE], "JobsHistorySize": 1000, **cls.options})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def tearDown(self):
        if self.server.process is not None:
            self.assertIsNone(self.server.process.poll(), "the server has ended:\n" + self.server.log()[-4000:])

    def expect(self, status, method, path, body=None, orthanc=None, headers=None):
        answer = self.server.request(method, path, body, headers)
        self.assertEqual(answer.status, status, f"{method} {path[:200]}: {answer.body[:500]!r}")
        if orthanc == "bare":
            self.assertEqual(answer.body, b"")
        elif orthanc is not None:
            self.assertEqual(answer.json()["OrthancStatus"], orthanc, answer.body)
        return answer

    def submit(self, **body):
        answer = self.expect(200, "POST", "/countdown", body).json()
        self.assertEqual(answer["Path"], "/jobs/" + answer["ID"])
        return answer["ID"]

    def job(self, identifier):
        return self.server.get_json("/jobs/" + identifier)

    def wait(self, identifier, *states):
        job = eventually(lambda: (lambda j: j if j["State"] in states else None)(self.job(identifier)))
        self.assertTrue(job, f"{identifier} is not {states} but {self.job(identifier)['State']}")
        return job

    def change(self, action, identifier, status=200):
        answer = self.expect(status, "POST", f"/jobs/{identifier}/{action}", b"garbage {")
        self.assertEqual(answer.body, b"{}" if status == 200 else b"")
        if status == 200:
            self.assertEqual(answer.headers["content-type"], "application/json")


@unittest.skipUnless(os.path.exists(SAMPLE), "built without the sample plugins")
class JobsTest(JobsCase):
    def test_a_job_from_its_beginning_to_its_end(self):
        identifier = self.submit(From=30, Milliseconds=10, Priority=3, UserData={"a": [1, 2.5, "\u00e9"]})
        self.assertRegex(identifier, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        seen = []

        def look():
            job = self.job(identifier)
            seen.append((job["Progress"], job["Content"]["Left"]))
            return job if job["State"] == "Success" else None

        job = eventually(look, pause=0.01)
        self.assertEqual([p for p, _ in seen], sorted(p for p, _ in seen))
        self.assertGreater(len({p for p, _ in seen}), 3, "progress moves")
        self.assertEqual(set(job), {"ID", "Type", "State", "Priority", "Progress", "Content", "CreationTime", "Timestamp",
                                    "CompletionTime", "EffectiveRuntime", "ErrorCode", "ErrorDescription",
                                    "ErrorDetails", "UserData"})
        self.assertEqual(job["Content"], {"Description": "REST API", "Left": 0})
        self.assertEqual((job["Type"], job["Priority"], job["Progress"]), ("Countdown", 3, 100))
        self.assertEqual((job["ErrorCode"], job["ErrorDescription"], job["ErrorDetails"]), (0, "Success", ""))
        self.assertEqual(job["UserData"], {"a": [1, 2.5, "\u00e9"]})
        self.assertGreaterEqual(job["EffectiveRuntime"], 0.3)
        for field in ("CreationTime", "CompletionTime", "Timestamp"):
            self.assertRegex(job[field], TIME)
        self.assertLessEqual(job["CreationTime"], job["CompletionTime"])

    def test_layout(self):
        identifier = self.submit(From=1)
        self.wait(identifier, "Success")
        text = self.server.get("/jobs/" + identifier).text()
        self.assertIn('\n   "Content" : \n   {\n      "Description" : "REST API",\n      "Left" : 0\n   },\n', text)
        self.assertFalse(text.endswith("\n"))

    def test_running(self):
        identifier = self.submit(From=LONG, Milliseconds=10)
        job = eventually(lambda: (lambda j: j if j["Progress"] > 1 else None)(self.job(identifier)))
        self.assertEqual(job["State"], "Running")
        self.assertRegex(job["EstimatedTimeOfArrival"], TIME)
        self.assertNotIn("CompletionTime", job)
        self.assertGreater(job["EffectiveRuntime"], 0)
        self.change("cancel", identifier)
        job = self.wait(identifier, "Failure")
        self.assertEqual((job["ErrorCode"], job["ErrorDetails"]), (37, ""))
        self.assertEqual(job["ErrorDescription"], "This job was canceled")
        self.assertGreater(job["Progress"], 0)
        self.assertLess(job["Progress"], 100)

    def test_pause_and_resume(self):
        identifier = self.submit(From=40, Milliseconds=10)
        eventually(lambda: self.job(identifier)["Progress"] > 5)
        self.change("pause", identifier)
        paused = self.wait(identifier, "Paused")
        time.sleep(0.1)
        self.assertEqual(self.job(identifier)["Content"], paused["Content"])
        self.assertEqual(self.job(identifier)["EffectiveRuntime"], paused["EffectiveRuntime"])
        self.change("pause", identifier)
        self.change("resubmit", identifier, 400)
        self.change("resume", identifier)
        job = self.wait(identifier, "Success")
        self.assertGreater(job["EffectiveRuntime"], paused["EffectiveRuntime"])

    def test_changes_in_finished_states(self):
        good = self.submit(From=1)
        self.wait(good, "Success")
        for action, status in (("pause", 200), ("cancel", 200), ("resume", 400), ("resubmit", 400)):
            self.change(action, good, status)
            self.assertEqual(self.job(good)["State"], "Success")
        bad = self.submit(From=10, FailAt=5)
        job = self.wait(bad, "Failure")
        self.assertEqual((job["ErrorCode"], job["Progress"]), (20, 50))
        self.assertEqual(job["ErrorDescription"], "Corrupted file (e.g. inconsistent MD5 hash)")
        self.assertEqual(job["ErrorDetails"], "the count has failed, as it was told to")
        for action, status in (("pause", 200), ("cancel", 200), ("resume", 400)):
            self.change(action, bad, status)
            self.assertEqual(self.job(bad)["ErrorCode"], 20)
        self.change("resubmit", bad)
        job = self.wait(bad, "Success")
        self.assertEqual((job["ErrorCode"], job["Progress"]), (0, 100))

    def test_unknown_job(self):
        for identifier in (UNKNOWN, "nope", "%00", "a" * 3000, "%C3%A9"):
            if "%00" not in identifier:
                self.expect(404, "GET", f"/jobs/{identifier}", orthanc="bare")
                self.expect(404, "DELETE", f"/jobs/{identifier}", orthanc=7)
                self.expect(404, "GET", f"/jobs/{identifier}/archive", orthanc=7)
                self.expect(404, "DELETE", f"/jobs/{identifier}/archive", orthanc=7)
                for action in ("pause", "cancel", "resume", "resubmit"):
                    self.change(action, identifier, 400)
            else:
                self.assertIn(self.server.get(f"/jobs/{identifier}").status, (400, 404))
        details = self.expect(404, "GET", f"/jobs/{UNKNOWN}/archive").json()["Details"]
        self.assertEqual(details, "Job has no such output: archive")
        details = self.expect(404, "DELETE", f"/jobs/{UNKNOWN}").json()["Details"]
        self.assertEqual(details, "No job found with this id: " + UNKNOWN)

    def test_retry(self):
        identifier = self.submit(From=10, RetryAt=5, Milliseconds=150)
        job = self.wait(identifier, "Retry")
        self.assertEqual(job["Progress"], 50)
        self.change("pause", identifier)
        self.assertEqual(self.job(identifier)["State"], "Paused")
        self.change("resume", identifier)
        self.wait(identifier, "Success")

    def test_outputs(self):
        identifier = self.submit(From=1, Report=True)
        self.wait(identifier, "Success")
        answer = self.expect(200, "GET", f"/jobs/{identifier}/report")
        self.assertEqual(answer.body, b"Counted down from 1.\n")
        self.assertEqual(answer.headers["content-type"], "text/plain")
        self.assertEqual(answer.headers["content-length"], "21")
        self.assertEqual(answer.headers["content-disposition"], 'filename="report.txt"')
        answer = self.expect(206, "GET", f"/jobs/{identifier}/report", headers={"Range": "bytes=8-11"})
        self.assertEqual((answer.body, answer.headers["content-range"]), (b"down", "bytes 8-11/21"))
        self.expect(416, "GET", f"/jobs/{identifier}/report", headers={"Range": "bytes=21-"})
        self.expect(404, "GET", f"/jobs/{identifier}/archive", orthanc=7)
        answer = self.expect(200, "DELETE", f"/jobs/{identifier}/report", orthanc="bare")
        self.assertEqual(answer.headers["content-type"], "text/plain")
        self.expect(404, "GET", f"/jobs/{identifier}/report", orthanc=7)
        self.expect(404, "DELETE", f"/jobs/{identifier}/report", orthanc=7)
        self.assertEqual(self.job(identifier)["State"], "Success")

    def test_the_oldest_output_goes(self):  # MediaArchiveSize is 1
        first, second = self.submit(From=1, Report=True), None
        self.wait(first, "Success")
        self.expect(200, "GET", f"/jobs/{first}/report")
        second = self.submit(From=1, Report=True)
        self.wait(second, "Success")
        self.expect(404, "GET", f"/jobs/{first}/report", orthanc=7)
        self.expect(200, "GET", f"/jobs/{second}/report")
        self.assertEqual(self.job(first)["State"], "Success")

    def test_delete(self):
        running = self.submit(From=LONG)
        self.wait(running, "Running")
        self.expect(404, "DELETE", f"/jobs/{running}", orthanc=7)
        self.change("cancel", running)
        self.wait(running, "Failure")
        answer = self.expect(200, "DELETE", f"/jobs/{running}", orthanc="bare")
        self.assertEqual(answer.headers["content-type"], "text/plain")
        self.expect(404, "GET", f"/jobs/{running}", orthanc="bare")
        self.assertNotIn(running, self.server.get_json("/jobs"))

    def test_synchronous(self):
        answer = self.expect(200, "POST", "/countdown", {"From": 3, "Synchronous": True})
        self.assertEqual(answer.body, b'{\n   "Description" : "REST API",\n   "Left" : 0\n}')
        self.assertEqual(answer.headers["content-type"], "application/json; charset=utf-8")
        error = self.expect(500, "POST", "/countdown", {"From": 3, "FailAt": 1, "Synchronous": True}, orthanc=20).json()
        self.assertEqual(error["Details"], "the count has failed, as it was told to")
        # Synchronous wins, whatever Asynchronous says.
        for body, synchronous in (({"Synchronous": True, "Asynchronous": True}, True),
                                  ({"Synchronous": False, "Asynchronous": False}, False),
                                  ({"Asynchronous": False}, True), ({"Asynchronous": True}, False), ({}, False)):
            answer = self.expect(200, "POST", "/countdown", {"From": 1, **body}).json()
            self.assertEqual("Left" in answer, synchronous, body)

    def test_synchronous_and_cancelled(self):
        before = set(self.server.get_json("/jobs"))
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            self.server.request("POST", "/countdown", {"From": LONG, "Synchronous": True})))
        thread.start()
        new = eventually(lambda: set(self.server.get_json("/jobs")) - before)
        self.change("cancel", new.pop())
        thread.join(30)
        self.assertEqual(answers[0].status, 500)
        self.assertEqual(answers[0].json()["OrthancStatus"], 37)

    def test_a_client_that_goes_does_not_matter(self):
        before = set(self.server.get_json("/jobs"))
        body = json.dumps({"From": 20, "Milliseconds": 20, "Synchronous": True}).encode()
        with socket.create_connection(("127.0.0.1", self.server.http_port)) as connection:
            connection.sendall(b"POST /countdown HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            (identifier,) = eventually(lambda: set(self.server.get_json("/jobs")) - before)
        self.wait(identifier, "Success")

    def test_arguments_of_other_types(self):
        jobs = len(self.server.get_json("/jobs"))
        for field, kind in (("Synchronous", "Boolean"), ("Asynchronous", "Boolean"), ("Permissive", "Boolean"),
                            ("Priority", "Integer")):
            for value in ("x", 1.5, [], {}, None, "true", 5000000000) + ((1,) if kind == "Boolean" else (True,)):
                error = self.expect(400, "POST", "/countdown", {"From": 1, field: value}, orthanc=15).json()
                self.assertEqual(error["Details"], f"{kind} value expected in field: {field}")
        for body in (b"", b"[]", b"{", b"nonsense", b"[" * 100000, b'{"a":' * 5000):
            self.assertEqual(self.server.post("/countdown", body).status, 400)
        self.assertEqual(len(self.server.get_json("/jobs")), jobs, "no job was made")

    def test_list(self):
        jobs = [self.submit(From=1, Priority=p) for p in (5, -7, 5)]
        failed = self.submit(From=2, FailAt=1)
        for job in jobs:
            self.wait(job, "Success")
        self.wait(failed, "Failure")
        everything = self.server.get_json("/jobs")
        self.assertEqual(everything, sorted(everything))
        self.assertLessEqual(set(jobs), set(everything))
        for query in ("expand", "expand=true", "expand=1"):
            expanded = self.server.get_json("/jobs?" + query)
            self.assertEqual([job["ID"] for job in expanded], everything)
        for query in ("expand=false", "expand=0"):
            self.assertEqual(self.server.get_json("/jobs?" + query), everything)
        failures = self.server.get_json("/jobs?state=Failure")
        self.assertIn(failed, failures)
        self.assertFalse(set(jobs) & set(failures))
        self.assertEqual(self.server.get_json("/jobs?state=Failure,Success,Pending,Running,Paused,Retry"), everything)
        self.assertEqual(self.server.get_json("/jobs?type=Countdown"), everything)
        self.assertEqual(self.server.get_json("/jobs?type=Countdown,Other&state=Failure"), failures)
        self.assertEqual(self.server.get_json("/jobs?type=Other"), [])
        self.assertEqual(self.server.get_json("/jobs?resource=" + UNKNOWN), [])
        created = self.server.get_json("/jobs?order=created")
        self.assertEqual([job for job in created if job in jobs], jobs)
        self.assertEqual(self.server.get_json("/jobs?order=-created"), created[::-1])
        priorities = [job["Priority"] for job in self.server.get_json("/jobs?order=-priority&expand")]
        self.assertEqual(priorities, sorted(priorities, reverse=True))
        for order in ("id", "changed", "progress", "state", "type", "-id", "-changed", "-progress", "-state", "-type"):
            self.assertEqual(sorted(self.server.get_json("/jobs?order=" + order)), everything)
        for query in ("state=", "state=success", "state=Success,", "order=", "order=-", "order=Created", "order=--id",
                      "expand=maybe", "state=" + "x" * 5000):
            self.expect(400, "GET", "/jobs?" + query, orthanc=3)

    def test_methods(self):
        for method, path, allow in (("POST", "/jobs", "GET"), ("PUT", f"/jobs/{UNKNOWN}", "GET,DELETE"),
                                    ("PUT", f"/jobs/{UNKNOWN}/archive", "GET,DELETE")):
            answer = self.expect(405, method, path, b"{}")
            self.assertEqual(set(answer.headers["allow"].replace(" ", "").split(",")), set(allow.split(",")))
        for action in ("cancel", "pause", "resume", "resubmit"):
            answer = self.expect(405, "GET", f"/jobs/{UNKNOWN}/{action}")
            self.assertEqual(answer.headers["allow"], "POST")

    def test_figures(self):
        job = self.submit(From=1)
        self.wait(job, "Success")
        text = self.server.get("/tools/metrics-prometheus").text()
        figures = dict(line.split()[:2] for line in text.splitlines() if line and line[0] != "#")
        self.assertGreaterEqual(float(figures["orthanc_jobs_success"]), 1)
        self.assertEqual(float(figures["orthanc_jobs_completed"]),
                         float(figures["orthanc_jobs_success"]) + float(figures["orthanc_jobs_failed"]))

    def test_documents(self):
        paths = self.server.get_json("/openapi.json")["paths"]
        names = {argument["name"] for argument in paths["/jobs"]["get"]["parameters"]}
        self.assertLessEqual({"expand", "state", "type", "resource", "order"}, names)
        self.assertEqual(set(paths["/jobs/{id}"]), {"get", "delete"})


class Stream:
    """A client of GET /jobs/events."""

    def __init__(self, server, query="", headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
        self.connection.request("GET", "/jobs/events" + query, headers=headers or {})
        self.response = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.response.close()
        self.connection.close()

    def events(self):
        fields = {}
        for line in self.response:
            line = line.decode("utf-8").rstrip("\n")
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                yield fields
                fields = {}

    def jobs(self):
        for event in self.events():
            if event.get("event") == "job":
                yield event["id"], json.loads(event["data"])


@unittest.skipUnless(os.path.exists(SAMPLE), "built without the sample plugins")
class EventsTest(JobsCase):
    options = {"HttpThreadsCount": 12}

    def test_events(self):
        old = self.submit(From=1)
        self.wait(old, "Success")
        with Stream(self.server) as stream:
            self.assertEqual(stream.response.status, 200)
            self.assertEqual(stream.response.getheader("Content-Type"), "text/event-stream")
            jobs = stream.jobs()
            first = next(job for _, job in jobs if job["ID"] == old)
            self.assertEqual(first, {**self.job(old), "Timestamp": unittest.mock.ANY})
            new = self.submit(From=40, Milliseconds=20)
            seen, last = [], 0
            for version, job in jobs:
                self.assertGreater(int(version), last)
                last = int(version)
                if job["ID"] == new:
                    seen.append((job["State"], job["Progress"]))
                    if job["State"] == "Success":
                        break
            self.assertEqual(seen[-1], ("Success", 100))
            self.assertGreater(len(seen), 3)
            self.assertEqual([p for _, p in seen], sorted(p for _, p in seen))
        # A client that comes back hears only what it has missed.
        third = self.submit(From=1)
        self.wait(third, "Success")
        with Stream(self.server, headers={"Last-Event-ID": str(last)}) as stream:
            self.assertEqual(next(stream.jobs())[1]["ID"], third)
        with Stream(self.server, "?state=Failure&type=Countdown") as stream:
            failed = self.submit(From=1, FailAt=0)
            self.assertEqual(next(stream.jobs())[1]["ID"], failed)
        self.expect(400, "GET", "/jobs/events?state=nonsense", orthanc=3)

    def test_a_slow_listener_holds_nobody_up(self):
        with socket.create_connection(("127.0.0.1", self.server.http_port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /jobs/events HTTP/1.1\r\nHost: x\r\n\r\n")
            user_data = "x" * 60000
            for _ in range(100):
                self.wait(self.submit(From=1, Milliseconds=0, UserData=user_data), "Success")

    def test_deep_user_data(self):
        """What is nested deeply is indented so far that little JSON would make gigabytes."""
        def nested(levels, inner):
            return {"UserData": json.loads("[" * levels + inner + "]" * levels)}
        deepest = nested(64, "1")
        self.assertEqual(self.job(self.submit(From=1, **deepest))["UserData"], deepest["UserData"])
        self.expect(400, "POST", "/countdown", {"From": 1, **nested(65, "1")}, orthanc=15)
        self.expect(400, "POST", "/countdown", {"From": 1, **nested(900, ",".join(["1"] * 400000))}, orthanc=15)
        self.expect(413, "POST", "/countdown", {"From": 1, **nested(64, ",".join(["1"] * 400000))}, orthanc=47)


@unittest.skipUnless(os.path.exists(SAMPLE), "built without the sample plugins")
class ListenersTest(JobsCase):
    options = {"HttpThreadsCount": 12}

    def test_number_of_listeners(self):
        """A quarter of the threads; then 503, and all else still works. Who goes makes room."""
        streams = [Stream(self.server) for _ in range(3)]
        for stream in streams:
            self.assertEqual(stream.response.status, 200)
        self.expect(503, "GET", "/jobs/events", orthanc=42)
        self.expect(200, "GET", "/jobs")
        for stream in streams:
            stream.__exit__()
        # The server notices when it next writes: a change, or its heartbeat.

        def has_room():
            self.submit(From=1)
            with Stream(self.server) as again:
                return again.response.status == 200

        self.assertTrue(eventually(has_room, pause=0.3))


@unittest.skipUnless(os.path.exists(SAMPLE), "built without the sample plugins")
class RestartTest(JobsCase):
    options = {"ConcurrentJobs": 1}

    def prepare(self):
        """Jobs in all states that last."""
        jobs = {"success": self.submit(From=1, Report=True, UserData=[1])}
        self.wait(jobs["success"], "Success")
        jobs["failure"] = self.submit(From=4, FailAt=2)
        self.wait(jobs["failure"], "Failure")
        jobs["running"] = self.submit(From=LONG, Milliseconds=10, Priority=9)
        self.wait(jobs["running"], "Running")
        jobs["pending"] = self.submit(From=5)
        jobs["paused"] = self.submit(From=5)
        self.change("pause", jobs["paused"])
        return jobs

    def check(self, before, jobs, success):
        self.assertEqual(self.job(jobs["success"]), {**success, "Timestamp": unittest.mock.ANY})
        self.expect(404, "GET", f"/jobs/{jobs['success']}/report", orthanc=7)
        job = self.job(jobs["failure"])
        self.assertEqual((job["State"], job["ErrorCode"], job["Progress"]), ("Failure", 20, 50))
        self.assertEqual(self.job(jobs["paused"])["State"], "Paused")
        running = self.wait(jobs["running"], "Running")
        self.assertEqual(self.job(jobs["pending"])["State"], "Pending")
        self.assertEqual(running["Priority"], 9)
        self.assertLessEqual(running["Content"]["Left"], LONG - before)
        self.change("resubmit", jobs["failure"])
        self.change("resume", jobs["paused"])
        self.change("cancel", jobs["running"])
        for name in ("failure", "pending", "paused"):
            self.wait(jobs[name], "Success")
        self.assertEqual(self.job(jobs["running"])["ErrorCode"], 37)

    def test_stop_and_start(self):
        jobs = self.prepare()
        success = self.job(jobs["success"])
        done = LONG - self.job(jobs["running"])["Content"]["Left"]
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.check(done, jobs, success)

    def test_kill(self):
        jobs = self.prepare()
        success = self.job(jobs["success"])
        time.sleep(3.5)  # a running job is saved every 3 s
        self.server.kill()
        self.server.start()
        self.check(100, jobs, success)

    def test_submitted_is_kept(self):
        """What was answered is durable: a kill right after the answer loses no job."""
        for _ in range(5):
            jobs = [self.submit(From=2, Milliseconds=30) for _ in range(4)]
            self.server.kill()
            self.server.start()
            for job in jobs:
                self.wait(job, "Success")

    def test_the_type_is_gone(self):
        job = self.submit(From=LONG)
        paused = self.submit(From=LONG)
        self.change("pause", paused)
        self.server.stop()
        self.server.options["Plugins"] = []
        self.server.start()
        for identifier in (job, paused):
            failed = self.wait(identifier, "Failure")
            self.assertEqual(failed["ErrorCode"], 36)
            self.assertIn("Countdown", failed["ErrorDetails"])
        self.assertEqual(self.expect(503, "POST", f"/jobs/{job}/resubmit", b"").json()["OrthancStatus"], 36)
        self.assertEqual(self.job(job)["State"], "Failure")
        self.server.stop()
        self.server.options["Plugins"] = [SAMPLE]
        self.server.start()
        self.change("resubmit", job)
        self.wait(job, "Running")
        self.change("cancel", job)

    def test_without_the_saved_jobs(self):
        job = self.submit(From=LONG)
        self.server.stop()
        self.server.arguments = ["--no-jobs"]
        self.server.start()
        self.server.arguments = []
        self.assertEqual(self.server.get_json("/jobs"), [])
        self.server.restart()
        self.assertEqual(self.server.get_json("/jobs"), [])
        self.expect(404, "GET", f"/jobs/{job}", orthanc="bare")

    def test_restart_in_the_same_process(self):
        job = self.submit(From=LONG)
        self.wait(job, "Running")
        self.expect(200, "POST", "/tools/reset", b"")
        eventually(lambda: self.server.log().count("Hilum starts again") >= 1)

        def runs():
            try:
                return self.job(job)["State"] == "Running"
            except (OSError, http.client.HTTPException, AssertionError):
                return False

        self.assertTrue(eventually(runs))
        self.change("cancel", job)
        self.wait(job, "Failure")


@unittest.skipUnless(os.path.exists(SAMPLE), "built without the sample plugins")
class WaitingTest(JobsCase):
    options = {"HttpThreadsCount": 12}

    def test_synchronous_callers_leave_threads(self):
        """Requests that wait for jobs never take all threads: those beyond get 503, and jobs can be cancelled."""
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.server.request(
            "POST", "/countdown", {"From": LONG, "Milliseconds": 50, "Synchronous": True}).status)) for _ in range(16)]
        for thread in threads:
            thread.start()
        self.assertTrue(eventually(lambda: len(answers) >= 6), answers)
        self.assertEqual(set(answers), {503})

        def cancel_all():
            unfinished = self.server.get_json("/jobs?state=Pending,Running")
            for identifier in unfinished:
                self.change("cancel", identifier)
            return len(answers) == 16

        self.assertTrue(eventually(cancel_all))
        for thread in threads:
            thread.join(30)
        self.assertEqual(sorted(answers), [500] * 10 + [503] * 6)


@unittest.skipUnless(os.path.exists(SAMPLE), "built without the sample plugins")
class StopTest(JobsCase):
    def test_stop_tells_those_who_wait(self):
        answers = []
        streams = [Stream(self.server), Stream(self.server)]
        thread = threading.Thread(target=lambda: answers.append(self.server.request(
            "POST", "/countdown", {"From": 1, "Milliseconds": 60000, "Synchronous": True})))
        thread.start()
        (job,) = eventually(lambda: self.server.get_json("/jobs?state=Running"))
        process = self.server.process
        process.send_signal(signal.SIGTERM)
        thread.join(30)
        self.assertEqual(answers[0].status, 503)
        self.assertIn(job, answers[0].json()["Details"])
        for stream in streams:
            list(stream.events())  # ends
            stream.__exit__()
        self.assertEqual(process.wait(30), 0)
        self.server.process = None
        self.server.start()
        self.change("cancel", job)
        self.wait(job, "Failure")


@unittest.skipUnless(os.path.exists(SAMPLE), "built without the sample plugins")
class LimitsTest(JobsCase):
    options = {"JobsHistorySize": 0, "MaximumUnfinishedJobs": 5, "SaveJobs": False, "ConcurrentJobs": 1}

    def test_no_history(self):
        self.assertEqual(self.expect(200, "POST", "/countdown", {"From": 2, "Synchronous": True}).json()["Left"], 0)
        self.expect(500, "POST", "/countdown", {"From": 2, "FailAt": 0, "Synchronous": True}, orthanc=20)
        job = self.submit(From=1)
        self.assertTrue(eventually(lambda: self.server.get(f"/jobs/{job}").status == 404))

    def test_too_many(self):
        jobs = [self.submit(From=LONG, Milliseconds=10) for _ in range(5)]
        self.expect(503, "POST", "/countdown", {"From": 1}, orthanc=42)
        self.expect(503, "POST", "/countdown", {"From": 1, "Synchronous": True}, orthanc=42)
        for job in jobs:
            self.change("cancel", job)
        self.assertTrue(eventually(lambda: self.server.get_json("/jobs") == []))
        self.expect(200, "POST", "/countdown", {"From": 1, "Synchronous": True})

    def test_not_saved(self):
        job = self.submit(From=LONG)
        self.server.restart()
        self.expect(404, "GET", f"/jobs/{job}", orthanc="bare")

    def test_priorities(self):
        first = self.submit(From=20, Milliseconds=20)
        jobs = {priority: self.submit(From=20, Milliseconds=20, Priority=priority) for priority in (0, -5, 10)}
        for priority in (10, 0, -5):
            seen = eventually(lambda: [p for p, job in jobs.items()
                                       if self.server.get_json("/jobs?state=Running") == [job]], pause=0.01)
            self.assertEqual(seen, [priority], f"while {first} has ended")
            self.assertTrue(eventually(lambda: self.server.get(f"/jobs/{jobs[priority]}").status == 404))


if __name__ == "__main__":
    unittest.main()
