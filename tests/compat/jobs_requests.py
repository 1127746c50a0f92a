"""Requests of /jobs: every change in every state that can be reached without waiting for luck, with jobs that the routes of
modification and archives make."""

import json
import re
import time

from comparison import side_of
from resources_requests import read, test_files

OPTIONS = {"ConcurrentJobs": 1, "JobsHistorySize": 1000}
UNKNOWN = "00000000-0000-0000-0000-000000000000"
ACTIONS = ("pause", "cancel", "resume", "resubmit")
TIME = re.compile(r"^\d{8}T\d{6}(\.\d{6})?$")
OID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIMES = ("CompletionTime", "CreationTime", "EstimatedTimeOfArrival", "Timestamp")


def plain(value, key=None):
    """A job without what differs from run to run; the form of it has to be right."""
    if key in TIMES and isinstance(value, str) and TIME.match(value):
        return "<time>"
    if key == "EffectiveRuntime" and isinstance(value, float):
        return "<seconds>"
    if key in ("ArchiveSize", "ArchiveSizeMB", "UncompressedSize", "UncompressedSizeMB"):
        return type(value).__name__
    if isinstance(value, dict):
        return {name: plain(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, str):
        return UUID.sub("<uuid>", OID.sub("<oid>", value))
    return value


class Pair:
    """One job on both servers."""

    def __init__(self, both, path, body, answers=None):
        self.both = both
        if not answers:
            answers = [server.request("POST", path, json.dumps(body)) for server in (both.hilum, both.orthanc)]
        both.count += 1
        self.compare(f"POST {path} {body}", *answers)
        self.ids = [answer.json()["ID"] for answer in answers]

    @staticmethod
    def many(both, requests, then):
        """Jobs that reach a server right after each other; `then` is what is done there to the last one."""
        answers = []
        for server in (both.hilum, both.orthanc):
            answers.append([server.request("POST", path, json.dumps(body)) for path, body in requests])
            server.post(f"/jobs/{answers[-1][-1].json()['ID']}/{then}")
        return [Pair(both, *request, each) for request, each in zip(requests, zip(*answers))]

    def compare(self, name, ours, theirs):
        sides = [side_of(answer, name) for answer in (ours, theirs)]
        for side in sides:
            body = side.body
            if isinstance(body, dict) and "Uri" in body:
                body["Uri"] = UUID.sub("<uuid>", body["Uri"])
            object.__setattr__(side, "body", b"<bytes>" if isinstance(body, bytes) and len(body) > 100 else plain(body))
        self.both.compare(name, *sides)

    def send(self, method, suffix="", body=None, label=""):
        ours, theirs = (server.request(method, f"/jobs/{identifier}{suffix}", body)
                        for server, identifier in zip((self.both.hilum, self.both.orthanc), self.ids))
        self.both.count += 1
        self.compare(f"{method} /jobs/{{id}}{suffix} ({label})", ours, theirs)

    def states(self):
        return [server.get_json("/jobs/" + identifier)["State"]
                for server, identifier in zip((self.both.hilum, self.both.orthanc), self.ids)]

    def wait(self, state, seconds=60):
        deadline = time.monotonic() + seconds
        while self.states() != [state, state]:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.states()} is not {state}")
            time.sleep(0.02)
        self.send("GET", label=state)

    def each_action(self, state):
        for action in ACTIONS:
            self.send("POST", "/" + action, b"garbage", state)
            self.send("GET", label=f"{state}, {action}")


def send(both):
    unknown(both)
    stored = [both.send("POST", "/instances", read(path)).json() for path in test_files()]
    chosen = next(item for path, item in zip(test_files(), stored) if path.endswith("CT_small.dcm"))
    study = chosen["ParentStudy"]
    others = {item["ParentPatient"] for item in stored if "ParentPatient" in item}
    patients = sorted(others - {chosen["ParentPatient"]})
    finished(both, study)
    waiting(both, study, patients)
    arguments(both, study)
    lists(both)
    unknown(both)


def unknown(both):
    for identifier in (UNKNOWN, "nope", "%C3%A9"):
        both.get(f"/jobs/{identifier}")
        both.get(f"/jobs/{identifier}/archive")
        for action in ACTIONS:
            both.send("POST", f"/jobs/{identifier}/{action}", b"")
            both.get(f"/jobs/{identifier}/{action}")
            both.send("DELETE", f"/jobs/{identifier}/{action}")
        both.send("DELETE", f"/jobs/{identifier}")
        for method in ("PUT", "POST"):
            both.send(method, f"/jobs/{identifier}", b"{}")
            both.send(method, f"/jobs/{identifier}/archive", b"{}")
    for method in ("PUT", "POST", "DELETE"):
        both.send(method, "/jobs", b"{}")


def modification(study, **more):
    return f"/studies/{study}/modify", {"Replace": {"StudyDescription": "x"}, "Asynchronous": True, **more}


def finished(both, study):
    for path, body in (modification(study), (f"/studies/{study}/archive", {"Asynchronous": True, "Priority": 5})):
        job = Pair(both, path, body)
        job.wait("Success")
        for key in ("archive", "nope", "archive/x"):
            job.send("GET", "/" + key)
        job.each_action("Success")
    # One more archive: the output of the one before goes, the job stays.
    again = Pair(both, f"/studies/{study}/archive", {"Asynchronous": True})
    again.wait("Success")
    again.send("GET", "/archive")
    job.send("GET", "/archive", label="of an older archive")
    job.send("GET", label="of an older archive")


def waiting(both, study, patients):
    """Jobs that wait behind large ones."""
    for in_front in (3, 9, 27, 81):
        large = "/tools/create-archive", {"Resources": patients, "Asynchronous": True, "Priority": 10}
        paused = []
        for last in (modification(study), (f"/studies/{study}/archive", {"Asynchronous": True})):
            *front, job = Pair.many(both, [large] * in_front + [last], "pause")
            front[-1].wait("Success", 300)
            paused.append(job)
        if all(job.states() == ["Paused", "Paused"] for job in paused):
            break
    for job in paused:
        job.wait("Paused")
        job.send("GET", "/archive", label="Paused")
        job.send("POST", "/pause", b"", "Paused")
        job.send("POST", "/resubmit", b"", "Paused")
        job.send("GET", label="Paused, refused")
        job.send("POST", "/cancel", b"", "Paused")
        job.wait("Failure")
        job.send("GET", "/archive", label="Failure")
        for action in ("pause", "cancel", "resume"):
            job.send("POST", "/" + action, b"", "Failure")
            job.send("GET", label=f"Failure, {action}")
    paused[1].send("POST", "/resubmit", b"", "Failure of an archive")
    paused[1].send("GET", label="Failure of an archive, resubmit")
    paused[0].send("POST", "/resubmit", b"", "Failure")
    paused[0].wait("Success")


def arguments(both, study):
    """What the routes of jobs have in common."""
    path, body = modification(study)
    for field in ("Synchronous", "Asynchronous", "Permissive", "Priority"):
        for value in ("x", "true", "5", 1.5, [], {}, None) + ((1,) if field != "Priority" else (True,)):
            both.send("POST", path, json.dumps({**body, field: value}), label=f"{field} {value!r}")
    for more in ({"Priority": -5}, {"Priority": 2147483647}, {"Priority": -2147483648}, {"Permissive": True},
                 {"Unknown": 1}, {"Synchronous": False, "Asynchronous": False}):
        Pair(both, path, {**body, **more}).wait("Success")


def lists(both):
    """Ids are those of each server: their number and their order."""
    for query in ("", "?expand", "?expand=true", "?expand=1", "?nonsense"):
        answers = [server.get_json("/jobs" + query) for server in (both.hilum, both.orthanc)]
        ids = [[job if isinstance(job, str) else job["ID"] for job in jobs] for jobs in answers]
        both.count += 1
        if [each == sorted(each) for each in ids] != [True, True] or len(ids[0]) != len(ids[1]):
            both.failures.append(f"GET /jobs{query}: {len(ids[0])} and {len(ids[1])} jobs, or not in order")
