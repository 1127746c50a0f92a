"""Requests of /modalities, /tools/dicom-echo and /storage-commitment, against a dcmqrscp of each server's own."""

import json

from comparison import side_of
from remote_peers import Archive, make_file, small_archive

OPTIONS = {"DicomAet": "COMPAT", "LogExportedResources": True, "DicomScuTimeout": 5}
UNKNOWN = "00000000-11111111-22222222-33333333-44444444"
BAD_JSON = (b"", b"{", b"nope", b"5", b"null", b'"x"', b"[]", b"true")
ACTIONS = ("echo", "find", "find-instance", "find-patient", "find-series", "find-study", "find-worklist", "move",
           "storage-commitment", "store", "store-straight")


def send(both):
    registry(both)
    archives = [Archive({"COMPAT": server.dicom_port}).start().fill(small_archive())
                for server in (both.hilum, both.orthanc)]
    try:
        for server, archive in zip((both.hilum, both.orthanc), archives):
            server.put("/modalities/peer", archive.definition())
            server.put("/modalities/down", {"AET": "DOWN", "Host": "127.0.0.1", "Port": 1})
        unknown(both)
        echo(both, archives)
        find(both)
        worklist(both)
        store(both)
        straight(both)
        move(both)
        commitment(both)
    finally:
        for archive in archives:
            archive.close()


def definitions():
    full = {"AET": "X", "Host": "h", "Port": 104}
    yield from ([], ["A"], ["A", "h"], ["A", "h", 104], ["A", "h", "104"], ["A", "h", 104, "GE"], ["A", "h", 104, "Nope"],
                ["A", "h", 104, "Generic", 1], ["A", 5, 104], [5, "h", 104], ["A", "h", 0], ["A", "h", 65534],
                ["A", "h", 65535], ["A", "h", 70000], ["A", "h", -1], ["A", "h", "x"], ["A", "h", 1.5], ["A", "h", None],
                {}, full, {"AET": "X", "Host": "h"}, {"AET": "X", "Port": 5}, {"Host": "h", "Port": 5})
    for name in ("AllowEcho", "AllowFind", "AllowMove", "AllowStore", "AllowGet", "AllowFindWorklist", "AllowNAction",
                 "AllowEventReport", "AllowStorageCommitment", "AllowTranscoding", "UseDicomTls"):
        yield from ({**full, name: value} for value in (True, False, "true", 1, None, []))
    yield from ({**full, "Port": value} for value in ("104", "x", "", 0, 65535, -4, 1.0, None, True, []))
    yield from ({**full, "Timeout": value} for value in (0, 5, -1, "5", 1.5, None, 4294967295))
    yield from ({**full, "LocalAet": value} for value in ("", "LOCAL", 5, None))
    yield from ({**full, "Host": value} for value in ("", 5, None, "a.b.c"))
    yield from ({**full, "AET": value} for value in (5, None, "A B"))
    yield from ({**full, "Manufacturer": value} for value in (
        "Generic", "GenericNoWildcardInDates", "GenericNoUniversalWildcard", "GE", "Vitrea", "MedInria", "EFilm2",
        "ClearCanvas", "Dcm4Chee", "AgfaImpax", "SyngoVia", "generic", "", 5, None))
    yield {**full, "Unknown": [1, {"a": 2}]}


def registry(both):
    both.get("/modalities")
    for number, definition in enumerate(definitions()):
        body = json.dumps(definition)
        both.send("PUT", "/modalities/one", body, label=f"{number} {body}")
        both.get("/modalities/one/configuration", label=f"{number} {body}")
    for body in BAD_JSON:
        both.send("PUT", "/modalities/one", body, label=repr(body))
    for server in (both.hilum, both.orthanc):  # the same again on both
        server.put("/modalities/one", json.dumps(["A", "h", 104]))
    for name in ("a-b", "A_b0", "a.b", "a%20b", "%C3%A9", "x" * 100):
        both.send("PUT", f"/modalities/{name}", json.dumps(["A", "h", 104]))
        both.get(f"/modalities/{name}")
    for server in (both.hilum, both.orthanc):  # only one of them takes this name
        server.delete("/modalities/" + "x" * 100)
    for query in ("", "?expand", "?expand=1", "?expand=true", "?nope"):
        both.get("/modalities" + query)
    for name in ("a-b", "A_b0", "nope"):
        both.send("DELETE", f"/modalities/{name}")
        both.send("DELETE", f"/modalities/{name}")
    for method in ("PUT", "POST", "DELETE"):
        both.send(method, "/modalities", b"{}")
    for method in ("POST",):
        both.send(method, "/modalities/one", b"{}")
        both.send(method, "/modalities/one/configuration", b"{}")
    both.send("DELETE", "/modalities/one")


def unknown(both):
    for path in ("/modalities/nope", "/modalities/nope/configuration", "/storage-commitment", "/storage-commitment/1.2.3",
                 "/modalities/nope/nope"):
        both.get(path)
    both.get("/modalities/peer")
    for action in ACTIONS:
        both.send("POST", f"/modalities/nope/{action}", b"{}")
        both.get(f"/modalities/peer/{action}")
        both.send("DELETE", f"/modalities/peer/{action}")
    both.send("POST", "/storage-commitment/1.2.3/remove", b"")


def echo(both, archives):
    for body in (*BAD_JSON, b"{}", b'{"Timeout":5}', b'{"Timeout":0}', b'{"Timeout":"5"}', b'{"Timeout":-1}',
                 b'{"Timeout":null}', b'{"CheckFind":true}', b'{"CheckFind":false}', b'{"CheckFind":1}'):
        both.send("POST", "/modalities/peer/echo", body, label=repr(body))
        both.send("POST", "/modalities/down/echo", body, label=repr(body))
    for body in BAD_JSON:
        both.send("POST", "/tools/dicom-echo", body, label=repr(body))
    for change in ({}, {"Timeout": 3}, {"CheckFind": True}, {"CheckFind": "x"}, {"Port": 1}, {"Host": 5}, {"AET": 5},
                   {"Timeout": "x"}, {"Manufacturer": "Nope"}, {"LocalAet": "OTHER"}):
        answers = [server.post("/tools/dicom-echo", {**archive.definition(), **change})
                   for server, archive in zip((both.hilum, both.orthanc), archives)]
        compare(both, f"POST /tools/dicom-echo ({change})", answers)


def compare(both, name, answers):
    both.count += 1
    both.compare(name, *(side_of(answer, name) for answer in answers))


def find(both):
    study = {"PatientID": "PAT1"}
    queries = [{}, study, {"PatientName": "m*"}, {"PatientID": "P*", "StudyDate": "20200101-20200101"},
               {**study, "StudyInstanceUID": "1.2.826.0.1.3680043.10.1511.6.1.1"},
               {**study, "StudyInstanceUID": "1.2.826.0.1.3680043.10.1511.6.1.1",
                "SeriesInstanceUID": "1.2.826.0.1.3680043.10.1511.6.1.1.1"},
               {"AccessionNumber": "ACC11"}, {"0010,0020": "PAT2"}, {"PatientID": "PA"}, {"PatientID": 5},
               {"Nope": "x"}, {"PatientID": None}]
    for action in ("find", "find-patient", "find-study", "find-series", "find-instance"):
        for query in queries:
            body = json.dumps(query)
            answers = [server.post(f"/modalities/peer/{action}", query) for server in (both.hilum, both.orthanc)]
            both.count += 1
            sides = [ordered(side_of(answer, action)) for answer in answers]
            both.compare(f"POST /modalities/peer/{action} ({body})", *sides)
        for body in BAD_JSON:
            both.send("POST", f"/modalities/peer/{action}", body, label=repr(body))
        both.send("POST", f"/modalities/down/{action}", json.dumps(queries[5]))


def ordered(side):
    """Answers come in any order."""
    if isinstance(side.body, list):
        object.__setattr__(side, "body", sorted((deep(item) for item in side.body), key=lambda item: json.dumps(item)))
    return side


def deep(item):
    if isinstance(item, dict):
        return {key: sorted((deep(one) for one in value), key=json.dumps) if isinstance(value, list) else value
                for key, value in item.items()}
    return item


def worklist(both):
    for body in (*BAD_JSON, b"{}", b'{"PatientID":""}', b'{"Query":{"PatientID":""},"Short":true}', b'{"Query":5}',
                 b'{"Nope":""}', b'{"ScheduledProcedureStepSequence":[{"Modality":"MR"}]}'):
        both.send("POST", "/modalities/peer/find-worklist", body, label=repr(body))


def store(both):
    stored = [both.send("POST", "/instances", content).json() for content in small_archive()]
    instance, study = stored[0]["ID"], stored[0]["ParentStudy"]
    patient = stored[0]["ParentPatient"]
    path = "/modalities/peer/store"
    for body in (*BAD_JSON, b"{}", instance, " " + instance + "\n", json.dumps(instance), json.dumps([instance]),
                 json.dumps([study, instance]), json.dumps([patient]), UNKNOWN, json.dumps([UNKNOWN]),
                 json.dumps([5]), json.dumps(["nope"]), json.dumps([instance, None]), json.dumps({"Resources": instance}),
                 json.dumps({"Resources": 5}), json.dumps({"Resources": [UNKNOWN]})):
        both.send("POST", path, body, label=repr(body))
    for more in ({}, {"Permissive": True}, {"LocalAet": "OTHER"}, {"Timeout": 3}, {"MoveOriginatorAet": "MOVER"},
                 {"MoveOriginatorAet": "MOVER", "MoveOriginatorID": 5}, {"MoveOriginatorID": 0}, {"Priority": 3},
                 {"Synchronous": True}, {"Asynchronous": False}, {"Permissive": 1}, {"Timeout": "x"}, {"LocalAet": 5},
                 {"MoveOriginatorID": -1}, {"MoveOriginatorID": 70000}, {"MoveOriginatorAet": 5},
                 {"StorageCommitment": False}, {"StorageCommitment": "x"}, {"StorageCommitment": True}, {"Unknown": 1}):
        both.send("POST", path, json.dumps({"Resources": [instance], **more}), label=json.dumps(more))
    for more in ({}, {"Permissive": True}):
        both.send("POST", "/modalities/down/store", json.dumps({"Resources": [instance], **more}), label=json.dumps(more))
    answers = [server.post(path, {"Resources": [study], "Asynchronous": True}) for server in (both.hilum, both.orthanc)]
    both.count += 1
    keys = [sorted(answer.json()) for answer in answers]
    if keys[0] != keys[1]:
        both.failures.append(f"POST {path} (asynchronous): {keys}")
    both.get("/exports")


def straight(both):
    content = make_file(3, 1, 1, 1)
    path = "/modalities/peer/store-straight"
    for body, label in ((content, "file"), (b"", "empty"), (b"nope", "text"), (content[:200], "cut")):
        both.send("POST", path, body, label=label)
    both.send("POST", "/modalities/down/store-straight", content)


def move(both):
    root = "1.2.826.0.1.3680043.10.1511.6"
    path = "/modalities/peer/move"
    series = {"StudyInstanceUID": root + ".1.1", "SeriesInstanceUID": root + ".1.1.1"}
    good = [("Patient", {"PatientID": "PAT2"}), ("Study", {"StudyInstanceUID": root + ".1.1"}), ("Series", series),
            ("Instance", {**series, "SOPInstanceUID": root + ".1.1.1.1"}), ("study", {"0020,000d": root + ".1.1"}),
            ("Image", {**series, "SOPInstanceUID": root + ".1.1.1.1"})]
    for level, keys in good:
        for more in ({}, {"TargetAet": "COMPAT"}, {"TargetAet": "NOPE"}):
            body = json.dumps({"Level": level, "Resources": [keys], **more})
            both.send("POST", path, body, label=body)
    for body in (*BAD_JSON, b"{}"):
        both.send("POST", path, body, label=repr(body))
    for body in ({"Level": "Study"}, {"Resources": []}, {"Level": "Nope", "Resources": []}, {"Level": 5, "Resources": []},
                 {"Level": "Study", "Resources": []}, {"Level": "Study", "Resources": {}}, {"Level": "Study", "Resources": [5]},
                 {"Level": "Study", "Resources": [{}]}, {"Level": "Series", "Resources": [good[1][1]]},
                 {"Level": "Study", "Resources": [{"Nope": "1"}]}, {"Level": "Study", "Resources": [{"StudyInstanceUID": 5}]},
                 {"Level": "Study", "Resources": [good[1][1]], "TargetAet": 5},
                 {"Level": "Study", "Resources": [good[1][1]], "Timeout": "x"},
                 {"Level": "Study", "Resources": [good[1][1]], "LocalAet": 5}):
        both.send("POST", path, json.dumps(body), label=json.dumps(body))
    both.send("POST", "/modalities/down/move", json.dumps({"Level": "Study", "Resources": [good[1][1]]}))


def commitment(both):
    path = "/modalities/peer/storage-commitment"
    instance = both.hilum.get_json("/instances")[0]
    for body in (*BAD_JSON, b"{}", json.dumps({"Resources": [instance]}), json.dumps({"Resources": [UNKNOWN]}),
                 json.dumps({"Resources": ["nope"]}), json.dumps({"Resources": [5]}), json.dumps({"Resources": 5}),
                 json.dumps({"Resources": []}), json.dumps({"DicomInstances": []}), json.dumps({"DicomInstances": 5}),
                 json.dumps({"DicomInstances": [["1.2", "1.3"]]}), json.dumps({"DicomInstances": [["1.2"]]}),
                 json.dumps({"DicomInstances": [{"SOPClassUID": "1.2", "SOPInstanceUID": "1.3"}]}),
                 json.dumps({"DicomInstances": [{"SOPClassUID": "1.2"}]}), json.dumps({"DicomInstances": [5]}),
                 json.dumps({"DicomInstances": [["1.2", "1.3"]], "Timeout": "x"})):
        both.send("POST", path, body, label=repr(body))
    both.send("POST", "/modalities/down/storage-commitment", json.dumps({"DicomInstances": [["1.2", "1.3"]]}))
