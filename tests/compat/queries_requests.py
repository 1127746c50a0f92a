"""Requests of /modalities/{id}/query and /queries, against a dcmqrscp of each server's own."""

import json
import re

from comparison import side_of
from modalities_requests import BAD_JSON, ordered
from remote_peers import ROOT, Archive, small_archive

OPTIONS = {"DicomAet": "COMPAT", "QueryRetrieveSize": 1000, "DicomScuTimeout": 5}
NOBODY = "00000000-0000-4000-8000-000000000000"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FORMS = ("", "?short", "?simplify", "?simplify=true", "?simplify=false", "?short&simplify")


class Pair:
    """The same query on both servers; None if it was refused."""

    def __init__(self, both, path, body, paths=None):
        self.both = both
        self.servers = (both.hilum, both.orthanc)
        name = f"POST {path} ({json.dumps(body)})"
        answers = [server.post(own, body) for server, own in zip(self.servers, paths or (path, path))]
        self.compare(name, answers)
        self.paths = None
        if all(answer.status == 200 for answer in answers):
            self.paths = [answer.json()["Path"] for answer in answers]
            # Each archive answers in an order of its own: answers are compared by what they say.
            self.order = [self.sorted_indices(*pair) for pair in zip(self.servers, self.paths)]

    @staticmethod
    def sorted_indices(server, path):
        answers = server.get_json(path + "/answers?expand&simplify")
        return sorted(range(len(answers)), key=lambda index: json.dumps(answers[index], sort_keys=True))

    def compare(self, name, answers):
        self.both.count += 1
        sides = []
        for answer in answers:
            side = side_of(answer, name)
            if isinstance(side.body, dict):
                body = {key: UUID.sub("<uuid>", value) if isinstance(value, str) else value
                        for key, value in side.body.items()}
                if "Uri" in body:
                    body["Uri"] = re.sub(r"/answers/\d+", "/answers/<index>", body["Uri"])
                object.__setattr__(side, "body", body)
            sides.append(ordered(side))
        self.both.compare(name, *sides)

    def send(self, method, tail="", body=None):
        answers = [server.request(method, path + tail, body) for server, path in zip(self.servers, self.paths)]
        self.compare(f"{method} /queries/{{id}}{tail} ({str(body)[:120]})", answers)

    def send_to_answer(self, method, rank, tail="", body=None):
        """The answer at the same place of both sorted lists."""
        answers = [server.request(method, f"{path}/answers/{order[rank]}{tail}", body)
                   for server, path, order in zip(self.servers, self.paths, self.order)]
        self.compare(f"{method} /queries/{{id}}/answers/{{{rank}}}{tail} ({str(body)[:120]})", answers)

    def below(self, rank, tail, body):
        paths = [f"{path}/answers/{order[rank]}{tail}" for path, order in zip(self.paths, self.order)]
        return Pair(self.both, f"/queries/{{id}}/answers/{{{rank}}}{tail}", body, paths)


def send(both):
    archives = [Archive({"COMPAT": server.dicom_port}).start().fill(small_archive())
                for server in (both.hilum, both.orthanc)]
    try:
        for server, archive in zip((both.hilum, both.orthanc), archives):
            server.put("/modalities/peer", archive.definition())
            server.put("/modalities/down", {"AET": "DOWN", "Host": "127.0.0.1", "Port": 1})
        unknown(both)
        creation(both)
        for level in ("Patient", "Study", "Series", "Instance"):
            one_query(both, level)
        retrieve(both)
    finally:
        for archive in archives:
            archive.close()


def unknown(both):
    both.get("/queries")
    for tail in ("", "/answers", "/level", "/modality", "/query", "/answers/0", "/answers/0/content", "/nope"):
        both.get(f"/queries/{NOBODY}{tail}")
    for tail in ("/retrieve", "/answers/0/retrieve", "/answers/0/query-series", "/answers/0/query-studies",
                 "/answers/0/query-instances"):
        both.send("POST", f"/queries/{NOBODY}{tail}", b"{}")
        both.get(f"/queries/{NOBODY}{tail}")
    both.send("DELETE", f"/queries/{NOBODY}")
    for method in ("PUT", "POST", "DELETE"):
        both.send(method, "/queries", b"{}")


def creation(both):
    path = "/modalities/peer/query"
    for body in (*BAD_JSON, b"{}"):
        both.send("POST", path, body, label=repr(body))
    for body in ({"Level": "Nope"}, {"Level": 5}, {"Level": ""}, {"Level": "Study", "Query": 5}, {"Level": "Study", "Query": []},
                 {"Level": "Study", "Query": {"Nope": ""}}, {"Level": "Study", "Query": {"PatientID": 5}},
                 {"Level": "Study", "Query": {"PatientID": None}}, {"Level": "Study", "Query": {"PatientID": ["x"]}},
                 {"Level": "Study", "Normalize": 5}, {"Level": "Study", "LocalAet": 5}, {"Level": "Study", "Timeout": "x"},
                 {"Level": "Study", "Timeout": -1}):
        both.send("POST", path, json.dumps(body), label=json.dumps(body))
    both.send("POST", "/modalities/nope/query", json.dumps({"Level": "Study"}))
    both.send("POST", "/modalities/down/query", json.dumps({"Level": "Study"}))
    for level in ("patient", "STUDY", "Studies", "series", "image", "Images", "instances", "Patients"):
        query = Pair(both, path, {"Level": level})
        query.send("GET", "/level")
    for query in ({"PatientName": "m*"}, {"PatientName": "M\u00fcller*"}, {"PatientID": "PAT1", "StudyDate": "20200101-"},
                  {"InstitutionName": "x"}, {"ModalitiesInStudy": "MR"}, {"0010,0020": "PAT2"}, {"PatientID": "nobody"},
                  {"AccessionNumber": "ACC1?"}, {"StudyDescription": "Study 1", "NumberOfStudyRelatedInstances": ""}):
        for more in ({}, {"Normalize": False}):
            pair = Pair(both, path, {"Level": "Study", "Query": query, **more})
            if pair.paths:
                pair.send("GET", "/answers")
                pair.send("GET", "/answers?expand&simplify")
                pair.send("GET", "/query")


def one_query(both, level):
    keys = {"PatientID": "PAT1", "PatientName": ""}
    if level in ("Series", "Instance"):
        keys["StudyInstanceUID"] = f"{ROOT}.1.1"
    if level == "Instance":
        keys["SeriesInstanceUID"] = f"{ROOT}.1.1.1"
    query = Pair(both, "/modalities/peer/query", {"Level": level, "Query": keys, "Timeout": 5, "LocalAet": "COMPAT"})
    query.send("GET")
    for tail in ("/level", "/modality", "/answers", "/nope", "/answers/5000", "/answers/-1", "/answers/x", "/answers/5000/content",
                 "/answers/x/content"):
        query.send("GET", tail)
    for form in FORMS:
        query.send("GET", "/query" + form)
        query.send_to_answer("GET", 0, "/content" + form)
    for form in ("?expand", "?expand&short", "?expand&simplify", "?expand=true", "?short"):
        query.send("GET", "/answers" + form)
    query.send_to_answer("GET", 0)
    for tail in ("/query-studies", "/query-series", "/query-instances"):
        for body in (b"", b"{", b"[]", b"5"):
            query.send_to_answer("POST", 0, tail, body)
        for body in ({}, {"Query": {}}, {"Query": {"SeriesDescription": "Series 1"}}, {"Query": 5}, {"Query": {"Nope": ""}},
                     {"Timeout": 5}, {"Timeout": "x"}, {"Query": {"PatientID": 5}}):
            child = query.below(0, tail, body)
            if child.paths:
                child.send("GET", "/level")
                child.send("GET", "/query?simplify")
                child.send("GET", "/answers?expand&simplify")
        query.send_to_answer("GET", 0, tail)
    query.send("DELETE")
    query.send("GET")
    query.send("DELETE")


def retrieve(both):
    for level, keys in (("Patient", {"PatientID": "PAT2"}), ("Study", {"PatientID": "PAT1"}),
                        ("Series", {"StudyInstanceUID": f"{ROOT}.1.1"}),
                        ("Instance", {"StudyInstanceUID": f"{ROOT}.1.1", "SeriesInstanceUID": f"{ROOT}.1.1.1"}),
                        ("Study", {"PatientID": "nobody"})):
        query = Pair(both, "/modalities/peer/query", {"Level": level, "Query": keys})
        for body in (b"", b"COMPAT", b"NOPE", b"{}", b"{", b" COMPAT ", b'"COMPAT"', b"5", b"[]",
                     b'{"TargetAet":"COMPAT"}', b'{"TargetAet":"NOPE"}', b'{"TargetAet":5}', b'{"Full":true}',
                     b'{"Simplify":true}', b'{"Short":true}', b'{"Timeout":5}', b'{"Timeout":"x"}', b'{"Permissive":true}',
                     b'{"Synchronous":true}', b'{"Synchronous":5}', b'{"Priority":3}', b'{"Unknown":1}'):
            query.send("POST", "/retrieve", body)
            if query.order[0]:
                query.send_to_answer("POST", 0, "/retrieve", body)
        query.send("GET", "/retrieve")
