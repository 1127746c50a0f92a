"""Requests of /tools/find, /tools/lookup and /tools/bulk-content."""

import glob
import json
import os

from generate import SINGLE, WHOLE, generated_files
from resources_requests import UNKNOWN, read, test_files

OPTIONS = {"StableAge": 1000, "UserMetadata": {"color": 2000}}

LEVELS = {"Patient": "patients", "Study": "studies", "Series": "series", "Instance": "instances"}
TAGS = {
    "Patient": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "OtherPatientIDs"),
    "Study": ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber",
              "InstitutionName", "ReferringPhysicianName", "RequestedProcedureDescription"),
    "Series": ("SeriesInstanceUID", "Modality", "Manufacturer", "SeriesDescription", "SeriesDate", "SeriesNumber",
               "StationName", "BodyPartExamined", "ProtocolName", "OperatorsName"),
    "Instance": ("SOPInstanceUID", "InstanceNumber", "InstanceCreationDate", "NumberOfFrames", "ImageComments",
                 "ImagePositionPatient"),
}
TEXTS = {"PatientID", "PatientName", "PatientSex", "OtherPatientIDs", "StudyID", "StudyDescription", "AccessionNumber",
         "InstitutionName", "ReferringPhysicianName", "RequestedProcedureDescription", "Modality", "Manufacturer",
         "SeriesDescription", "StationName", "BodyPartExamined", "ProtocolName", "OperatorsName", "ImageComments"}


def send(both):
    files = {os.path.basename(path): read(path) for path in test_files()}
    for path in sorted(glob.glob("/usr/lib/python3/dist-packages/pydicom/data/charset_files/*.dcm")):
        files[os.path.basename(path)] = read(path)
    del files["chrH32.dcm"]  # 1.10.1 does not decode its second character set
    find(both, {"Level": "Patient", "Query": {}})
    for name in sorted(files):
        both.send("POST", "/instances", files[name], label=name)
    values = values_of(both)
    everything(both)
    single_tags(both, values)
    levels_and_names(both, values)
    combinations(both, values)
    pages(both)
    outside_the_index(both)
    bad_requests(both)
    lookup(both, values)
    bulk_content(both)
    generated(both)


def find(both, body, label=None):
    text = body if isinstance(body, (bytes, str)) else json.dumps(body)
    raw = text.encode() if isinstance(text, str) else text
    return both.send("POST", "/tools/find", raw, label=label or raw[:150].decode("utf-8", "replace"))


def values_of(both):
    """Values that both have, by tag: some files are decoded otherwise."""
    values = [{}, {}]
    for server, found in zip((both.orthanc, both.hilum), values):
        for level, plural in LEVELS.items():
            for item in server.get_json(f"/{plural}?expand"):
                for tag, value in item["MainDicomTags"].items():
                    if tag in TAGS[level]:
                        found.setdefault(tag, set()).add(value)
    return {tag: sorted(found & values[1][tag]) for tag, found in values[0].items()}


def everything(both):
    for level in LEVELS:
        for form in ({}, {"Expand": True}, {"Expand": False}, {"Expand": 1}, {"Expand": True, "Short": True},
                     {"Expand": True, "Full": True}, {"Expand": True, "Full": True, "Simplify": True},
                     {"Expand": True, "Short": True, "Full": True}, {"Short": True}, {"Nonsense": 7}):
            find(both, {"Level": level, "Query": {}, **form})
    for level in ("patient", "PATIENTS", "Studies", "STUDY", "serieS", "image", "Images", "instances", "Instance ", "",
                  "Foo", "Serie"):
        find(both, {"Level": level, "Query": {}})


def forms_of(tag, value):
    """Query values made of a stored one."""
    yield value
    yield value.lower()
    yield value.upper()
    yield f" {value} "
    yield value + "x"
    yield value + "\\nope"
    yield "nope\\" + value.lower()
    middle = len(value) // 2
    yield value[:middle] + "*"
    yield "*" + value[middle:]
    yield value[:1].lower() + "*" + value[-1:].upper()
    yield "?" * len(value)
    yield "?" + value[1:]
    yield value[:-1] + "?"
    if tag.endswith(("Date", "Time")):
        yield value + "-"
        yield "-" + value
        yield value + "-" + value
        yield "19000101-20991231"
        yield value + "-" + value + "\\" + value


def single_tags(both, values):
    for level, tags in TAGS.items():
        for tag in tags:
            for value in ("*", "", "-", "?", "**", "?*", "\\", " ", "%", "_"):
                find(both, {"Level": level, "Query": {tag: value}})
            found = values.get(tag, [])
            for value in found if tag == "PatientName" else found[:1] + found[len(found) // 2:][:2] + found[-1:]:
                for form in dict.fromkeys(forms_of(tag, value)):
                    find(both, {"Level": level, "Query": {tag: form}})
                    find(both, {"Level": level, "Query": {tag: form}, "CaseSensitive": True})


def generated(both):
    """Names in every character set, however they are written; private and nested tags."""
    for name, body in generated_files("charset", "private", "nested").items():
        both.send("POST", "/instances", body, label=name)
    for _, name in [*SINGLE.values(), *WHOLE.values()]:
        family = name.split("^")[0]
        for form in (name, name.upper(), name.lower(), family + "*", "*" + name[2:], name[:2] + "*" + name[-1:]):
            find(both, {"Level": "Study", "Query": {"PatientName": form}})
        find(both, {"Level": "Study", "Query": {"PatientName": name}, "CaseSensitive": True})
        find(both, {"Level": "Study", "Query": {"InstitutionName": name.split("=")[0].lower()}})
    for form in ("Yamada^Tarou*", "*山田*", "*やまだ^たろう", "*홍^길동", "hong^gildong=*", "*张*", "zhang*", "*筧*"):
        find(both, {"Level": "Patient", "Query": {"PatientName": form}})
    for tag, value in (("0031,1001", "a"), ("0031,1001", "*"), ("0031-1001", "a*"), ("0029,1008", "IMAGE NUM 4"), ("0033,1001", "one"),
                       ("0031,1006", "*"), ("0040,a730", "*"), ("0008,1032", "")):
        for level in ("Study", "Instance"):
            find(both, {"Level": level, "Query": {"PatientID": "GEN*", tag: value}})


def levels_and_names(both, values):
    """Each tag at each level, and by each of its names."""
    for level in LEVELS:
        for tags in TAGS.values():
            for tag in tags:
                if values.get(tag):
                    find(both, {"Level": level, "Query": {tag: values[tag][-1]}})
                    if tag in TEXTS:
                        find(both, {"Level": level, "Query": {tag: values[tag][-1][:2] + "*"}})
    for name in ("0010,0020", "0010-0020", "00100020", "PatientId", "patientid", "OtherPatientIDs",
                 "RETIRED_OtherPatientIDs", "nope", "", "0010", "PatientID.PatientName", "0019,1012", "0009,0010",
                 "7fe0,0010", "9999,9999", "RequestAttributesSequence", "QueryRetrieveLevel", "SpecificCharacterSet",
                 "0008,0000", "0002,0010"):
        for value in ("", "*", "1CT1"):
            find(both, {"Level": "Study", "Query": {name: value}})
    for value in ("CT", "ct", "CT\\MR", "M*", "*", "nope", "", "CT\\nope", "?R"):
        for level in LEVELS:
            find(both, {"Level": level, "Query": {"ModalitiesInStudy": value}})


def combinations(both, values):
    names = values["PatientName"]
    for name in names:
        for modality in ("CT", "MR", "*"):
            for level in LEVELS:
                query = {"PatientName": name}
                if level in ("Series", "Instance"):
                    query["Modality"] = modality
                elif level == "Study":
                    query["ModalitiesInStudy"] = modality
                find(both, {"Level": level, "Query": query})
                find(both, {"Level": level, "Query": {"PatientName": "*", "PatientID": "*", "StudyDate": "2004*-"}})
    find(both, {"Level": "Instance", "Query": {"StudyDate": "20040101-20041231", "PatientID": "*", "Modality": "C?"}})
    find(both, {"Level": "Study", "Query": {"StudyDate": "-20050101", "PatientName": "*^*"}})


def pages(both):
    """Only how many: the order is each server's own, so that the pages are others."""
    for level in LEVELS:
        for limit in (0, 1, 2, 5, 1000):
            for since in (0, 1, 3, 1000):
                for query in ({}, {"PatientName": "*"}, {"PatientID": "1CT1"}):
                    find(both, {"Level": level, "Query": query, "Limit": limit, "Since": since})
    for number in (-1, "5", 1.5, 2.0, None, True, [], {}, 1 << 33, 1 << 70, -(1 << 70)):
        for field in ("Limit", "Since"):
            find(both, {"Level": "Patient", "Query": {}, field: number})


def outside_the_index(both):
    for level in LEVELS:
        for query in ({"Rows": "128"}, {"Rows": "12"}, {"Rows": "*"}, {"PatientPosition": "HFS"}, {"Columns": "128\\64"},
                      {"PhotometricInterpretation": "MONO*"}, {"PatientID": "1CT1", "Rows": "128"},
                      {"SliceThickness": "5.0*"}, {"AcquisitionDate": "2004*"}, {"AcquisitionDate": "20040101-"},
                      {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, {"SOPClassUID": "*"},
                      {"NumberOfStudyRelatedSeries": "1"}, {"PatientAge": "000Y"}, {"ImageType": "ORIGINAL*"},
                      {"ImageType": "ORIGINAL\\PRIMARY\\AXIAL"}):
            find(both, {"Level": level, "Query": query})


def bad_requests(both):
    good = {"Level": "Study", "Query": {"PatientID": "1CT1"}}
    for body in (b"", b"[]", b"{", b"null", b"5", b'"text"', b"{}", b'{"Level": "Study"}', b'{"Query": {}}',
                 b'{"Level": 5, "Query": {}}', b'{"Level": null, "Query": {}}', b'{"Level": "Study", "Query": null}',
                 b'{"Level": "Study", "Query": []}', b'{"Level": "Study", "Query": "x"}',
                 b'{"Level": "Study", "Query": {"PatientID": 5}}', b'{"Level": "Study", "Query": {"PatientID": null}}',
                 b'{"Level": "Study", "Query": {"PatientID": ["1CT1"]}}', b'{"Level":"Study","Query":{},}'):
        find(both, body)
    for field in ("Expand", "CaseSensitive", "Full", "Short", "Simplify"):
        for value in (True, False, 1, 0, "true", None, [], {}, 0.5):
            find(both, {**good, field: value})
    for value in ("*", "?", "1.2*", "1.2.3\\1.*"):
        for tag in ("StudyInstanceUID", "StudyDate", "StudyTime"):
            find(both, {"Level": "Study", "Query": {tag: value}})
    for method in ("GET", "PUT", "DELETE"):
        for path in ("/tools/find", "/tools/lookup", "/tools/bulk-content"):
            both.send(method, path, None if method == "GET" else b"")


def lookup(both, values):
    for tag in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientName"):
        for value in values[tag]:
            for form in (value, value.lower(), f"  {value} ", value + "x"):
                both.send("POST", "/tools/lookup", form.encode(), label=form)
    for value in (b"", b" ", b"1CT1\n", b"*", b"1CT?", b'"1CT1"', b"\xff\xfe", b"\x00", b"1.2.3", b"{}"):
        both.send("POST", "/tools/lookup", value, label=repr(value))


def bulk_content(both):
    def send_body(body, label=None):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        both.send("POST", "/tools/bulk-content", raw, label=label or raw[:150].decode())

    ids = [both.orthanc.get_json(f"/{plural}")[position] for position in (0, 1) for plural in LEVELS.values()]
    for extra in ({}, {"Metadata": False}, {"Short": True}, {"Full": True, "Metadata": True}, {"Simplify": True},
                  *({"Level": level} for level in LEVELS), {"Level": "studies", "Metadata": False}):
        send_body({"Resources": ids, **extra}, f"all {extra}")
        send_body({"Resources": ids[:1], **extra}, f"one {extra}")
        send_body({"Resources": ids[1:2] + ids[3:4] + ids[1:2] + [UNKNOWN], **extra}, f"twice {extra}")
        send_body({"Resources": [], **extra})
    send_body({"Resources": [UNKNOWN, "nope", ""]})
    for body in (b"", b"[]", b"{}", b"5", b"{", {"Resources": "x"}, {"Resources": [5]}, {"Resources": {}},
                 {"Resources": None}, {"Level": "Study"}):
        send_body(body)
    for field in ("Metadata", "Full", "Short", "Simplify", "Level"):
        for value in (5, "x", None, [], {}):
            send_body({"Resources": ids[:1], field: value}, f"{field} {value!r}")
