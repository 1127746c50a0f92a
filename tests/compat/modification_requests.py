"""Requests of modify, anonymize, split, merge, bulk-* and create-dicom. The results have identifiers of their own on each server:
what is compared is all their tags, with new identifiers numbered in the order in which they appear."""

import base64
import dataclasses
import io
import json
import os
import re
import struct
import warnings
import zlib

import pydicom

from comparison import Side, side_of
from resources_requests import UNKNOWN, read, test_files

OPTIONS = {"StableAge": 1000, "JobsHistorySize": 1000}

warnings.filterwarnings("ignore", module="pydicom")  # of values that are wrong on purpose

UID = re.compile(r"[0-9.]{10,64}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PUBLIC_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{8}){4}")
METHOD = re.compile(r"(Orthanc|Hilum) [0-9.]+")
SKIPPED = {"JPEG2000-embedded-sequence-delimiter.dcm"}
SYNTAX = "1.2.840.10008.1.2"


class Numbering:
    """Gives each identifier that was not in the sources a number."""

    def __init__(self, known):
        self.known = known
        self.numbers = {}

    def text(self, value):
        def number(match):
            text = match.group(0)
            if text in self.known or text.startswith("1.2.840.10008."):
                return text
            return f"<new {self.numbers.setdefault(text, len(self.numbers) + 1)}>"

        value = METHOD.sub("<server>", value)
        value = re.sub(r"^Anonymized\d+$", "<name>", value)
        value = UUID.sub(number, value)
        return UID.sub(number, value) if UID.fullmatch(value.strip("\0 ")) else value


def flat(dataset, numbering, path=""):
    """All elements of a data set as text by their paths."""
    result = {}
    for element in dataset:
        name = f"{path}{element.tag.group:04x},{element.tag.element:04x}"
        if element.VR == "SQ":
            result[name] = f"{len(element.value)} items"
            for index, item in enumerate(element.value):
                result.update(flat(item, numbering, f"{name}[{index}]."))
        elif isinstance(element.value, bytes):
            value = element.value
            result[name] = value.rstrip(b"\0 ").hex() if len(value) < 200 else f"{len(value)} bytes, {zlib.crc32(value)}"
        elif isinstance(element.value, pydicom.multival.MultiValue):
            result[name] = [numbering.text(str(value)) for value in element.value]
        else:
            result[name] = numbering.text("" if element.value is None else str(element.value))
    return result


def known_uids(source):
    return set(UID.findall(source.decode("latin-1"))) if source else set()


def dicom_side(body, known):
    dataset = pydicom.dcmread(io.BytesIO(body), force=True)
    numbering = Numbering(known)
    tags = flat(dataset, numbering)
    tags["syntax"] = dataset.file_meta.get("TransferSyntaxUID", body[:200])
    tags["meta instance"] = numbering.text(dataset.file_meta.get("MediaStorageSOPInstanceUID", ""))
    return tags


def numbered(value, ids):
    if isinstance(value, dict):
        return {name: numbered(member, ids) for name, member in sorted(value.items())}
    if isinstance(value, list):
        return [numbered(item, ids) for item in value]
    if not isinstance(value, str):
        return value
    value = PUBLIC_ID.sub(lambda match: f"<id {ids.setdefault(match.group(0), len(ids) + 1)}>", value)
    value = UUID.sub("<uuid>", value)
    return re.sub(r"^(2\.25|1\.2\.276)\.[0-9.]+$", "<uid>", value)


def side(answer, path, known, ids):
    """Lists of results are compared by their types and the order of these: the ids are sorted, and differ."""
    if answer.status == 200 and answer.headers.get("content-type") == "application/dicom":
        return Side(200, "application/dicom", dicom_side(answer.body, known))
    plain = side_of(answer, path)
    if isinstance(plain.body, (dict, list)) and answer.status == 200:
        results = answer.json().get("Resources", [])
        if results and "Path" in results[0]:
            body = {**plain.body, "Resources": [(one["Type"], one["Path"].split("/")[1]) for one in results]}
            plain = dataclasses.replace(plain, body=body)
        return dataclasses.replace(plain, body=numbered(plain.body, ids))
    return plain


def ask(both, path, body, source=b"", label="", method="POST"):
    """Sends to both, compares, returns both answers."""
    if not isinstance(body, (bytes, type(None))):
        label = label or json.dumps(body)[:150]
        body = json.dumps(body).encode()
    both.count += 1
    theirs = both.orthanc.request(method, path, body)
    ours = both.hilum.request(method, path, body)
    known = known_uids(source)
    # The sources have the same ids on both servers.
    both.compare(f"{method} {path} ({label or (body or b'')[:100]!r})", side(ours, path, known, {}), side(theirs, path, known, {}))
    return ours, theirs


def metadata(server, path):
    """Without what 1.11 and 1.12 added."""
    return sorted(set(server.get_json(f"{path}/metadata")) - {"MainDicomTagsSignature", "MainDicomSequences", "PixelDataVR"})


def compare_files(both, name, answers, known):
    """The files below the result of a job, sorted by what they are."""
    sides = []
    for server, answer in zip((both.hilum, both.orthanc), answers):
        files = []
        if answer.status == 200:
            content = answer.json()
            path = content.get("Path") or (f"/studies/{content['TargetStudy']}" if "TargetStudy" in content else None)
            below = [path[11:]] if path and path.startswith("/instances/") else [
                one["ID"] for one in (server.get_json(path + "/instances") if path else [])]
            for instance in below:
                files.append(dicom_side(server.get(f"/instances/{instance}/file").body, known))
            if path:
                files.append({"metadata": metadata(server, path), "instance metadata": sorted(metadata(server, f"/instances/{one}") for one in below)})
        files.sort(key=lambda file: json.dumps(file, sort_keys=True, default=str))
        sides.append(Side(answer.status, None, files))
    both.compare("FILES " + name, *sides)


def send(both):
    files = {os.path.basename(path): read(path) for path in test_files() if os.path.basename(path) not in SKIPPED}
    chains = upload(both, files)
    for name, chain in sorted(chains.items()):
        instance_routes(both, chain["instances"], files[name], name)
    chain = chains["CT_small.dcm"]
    bad_bodies(both, chain)
    values(both, chain["instances"], files["CT_small.dcm"])
    paths(both, chains["rtplan.dcm"]["instances"], files["rtplan.dcm"])
    jobs(both, chains, files)
    bulk(both, chains)
    split_and_merge(both, chains, files)
    create(both, chains, files)


def upload(both, files):
    chains = {}
    for name, content in files.items():
        answers = [server.request("POST", "/instances", content) for server in (both.orthanc, both.hilum)]
        if all(answer.status == 200 and answer.json()["Status"] == "Success" for answer in answers):
            ids = answers[0].json()
            chains[name] = {"patients": ids["ParentPatient"], "studies": ids["ParentStudy"],
                            "series": ids["ParentSeries"], "instances": ids["ID"]}
    return chains


MODIFICATIONS = (
    {},
    {"Replace": {"PatientName": "J\u00f6rg^M", "StudyDescription": "new", "0010,1010": "033Y"}},
    {"Replace": {"PatientID": "other"}, "Force": True},
    {"Replace": {"SOPInstanceUID": "1.2.3.4.5.6.7.8.9.10"}, "Force": True},
    {"Keep": ["SOPInstanceUID"], "Force": True},
    {"Remove": ["PatientBirthDate", "0008-1030", "00080050"], "RemovePrivateTags": True},
)
ANONYMIZATIONS = (
    {"DicomVersion": "2008"}, {"DicomVersion": "2017c"}, {"DicomVersion": "2021b"},
    {"DicomVersion": "2021b", "KeepPrivateTags": True},
    {"DicomVersion": "2021b", "Keep": ["StudyDescription", "SeriesDescription", "PatientName"]},
    {"DicomVersion": "2017c", "Replace": {"PatientName": "Nobody", "PatientID": "1"}, "Force": True},
    {"DicomVersion": "2008", "Remove": ["Modality", "PatientName"]},
)


def instance_routes(both, instance, source, name):
    for body in MODIFICATIONS:
        ask(both, f"/instances/{instance}/modify", body, source, f"{name} {json.dumps(body)}")
    for body in ANONYMIZATIONS:
        ask(both, f"/instances/{instance}/anonymize", body, source, f"{name} {json.dumps(body)}")


BODIES = (
    b"", b"[]", b"{", b"null", b'"x"', b"\xff", b'{"Replace":5}', b'{"Replace":[]}', b'{"Replace":null}', b'{"Remove":{}}',
    b'{"Remove":"x"}', b'{"Remove":[5]}', b'{"Remove":["nope"]}', b'{"Remove":[""]}', b'{"Keep":5}', b'{"Keep":["nope"]}',
    b'{"Force":1}', b'{"PrivateCreator":1}', b'{"Transcode":"x"}', b'{"Transcode":5}', b'{"Replace":{"PatientID":"x"}}',
    b'{"Replace":{"StudyInstanceUID":"1.2"}}', b'{"Remove":["PatientID"]}', b'{"Remove":["PatientID"],"Force":true}',
    b'{"Keep":["SOPInstanceUID"]}', b'{"RemovePrivateTags":5}', b'{"Replace":{"PatientName":5}}', b'{"Replace":{"PatientName":true}}',
    b'{"Replace":{"PatientName":{}}}', b'{"Replace":{"PatientName":["x"]}}', b'{"Replace":{"nope":"5"}}',
    b'{"Replace":{"RequestAttributesSequence.PatientName":"5"}}', b'{"Replace":{"RequestAttributesSequence[].PatientName":"5"}}',
    b'{"Replace":{"RequestAttributesSequence[a].PatientName":"5"}}', b'{"Replace":{"RequestAttributesSequence[0].nope":"5"}}',
    b'{"Remove":["RequestAttributesSequence[0]"]}', b'{"Replace":{"Rows":"abc"}}', b'{"Replace":{"Rows":"5x"}}',
    b'{"Replace":{"Rows":"70000"}}', b'{"Replace":{"RequestAttributesSequence":"x"}}', b'{"Replace":{"RequestAttributesSequence":null}}',
    b'{"Replace":{"RequestAttributesSequence":5}}', b'{"Replace":{"RequestAttributesSequence":["x"]}}',
    b'{"DicomVersion":"x"}', b'{"DicomVersion":5}', b'{"KeepPrivateTags":5}', b'{"Level":"x"}',
    b'{"Replace":{"FrameIncrementPointer":"foo"}}', b'{"KeepSource":5}', b'{"Priority":"x"}', b'{"Synchronous":5}', b'{"Permissive":5}',
)


def bad_bodies(both, chain):
    for level in ("instances", "series", "studies", "patients"):
        for verb in ("modify", "anonymize"):
            for body in BODIES:
                if level == "instances" and body in (b'{"KeepSource":5}', b'{"Priority":"x"}', b'{"Synchronous":5}', b'{"Permissive":5}'):
                    continue
                if level == "patients" and verb == "modify" and b"Force" not in body and b"{\"" in body:
                    continue  # refused for lack of a PatientID
                if good_without(body, verb):
                    continue  # makes a copy: not here
                ask(both, f"/{level}/{chain[level]}/{verb}", body, label=f"bad {body!r}")
            ask(both, f"/{level}/{UNKNOWN}/{verb}", {"Replace": {"PatientID": "x"}, "Force": True})
            ask(both, f"/{level}/nope/{verb}", b"nonsense")
            ask(both, f"/{level}/{chain[level]}/{verb}", None, method="GET")
            ask(both, f"/{level}/{chain[level]}/{verb}", b"{}", method="PUT")


def good_without(body, verb):
    """Bodies whose mistake is one for the other verb only."""
    return (verb == "modify" and (b"DicomVersion" in body or b"KeepPrivateTags" in body)) or b"Level" in body or (
        verb == "anonymize" and b"RemovePrivateTags" in body)


def values(both, instance, source):
    path = f"/instances/{instance}/modify"
    sequence = [{"ScheduledProcedureStepID": "a", "PatientName": "b\u00e9", "Rows": "5"}, {}]
    for replace in (
            {"PatientName": ""}, {"PatientName": None}, {"Rows": ""}, {"Rows": None}, {"Rows": "5"}, {"ImageType": "A\\B\\C"},
            {"PatientName": "a=b=c"}, {"RequestAttributesSequence": sequence}, {"RequestAttributesSequence": []},
            {"PixelSpacing": "1\\2"}, {"PixelSpacing": "x"}, {"SliceThickness": "1.5"}, {"InstanceNumber": "x"},
            {"FrameIncrementPointer": "0018,1063"}, {"FrameIncrementPointer": "00181063"}, {"FrameIncrementPointer": "FrameTime"},
            {"ExaminedBodyThickness": "1.25"}, {"DiffusionBValue": "1.5"}, {"ReferencePixelX0": "-5"}, {"0009,0010": "GEMS"},
            {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "J\u00f6rg"}, {"PatientName": "data:text/plain;base64,QUJD"},
            {"EncapsulatedDocument": "data:application/octet-stream;base64,QUJD"}, {"TransferSyntaxUID": "1.2.3"},
            {"0008,0000": "5"}, {"(0010,0010)": "x"}, {"(00100010)": "x"}, {"(0010-0010)": "x"}, {"OtherPatientIDs": "x"},
            {"SOPClassUID": "1.2.3"}, {"PixelData": png(5, 4, 0)}):
        ask(both, path, {"Replace": replace}, source)
    for remove in (["PixelData"], ["SOPClassUID"], ["SpecificCharacterSet"], ["0009,0010"], ["PatientName"] * 3):
        ask(both, path, {"Remove": remove}, source)
    for body in ({"Remove": ["PatientName"], "Replace": {"PatientName": "x"}}, {"Replace": {"PatientName": "x"}, "Keep": ["PatientName"]},
                 {"Remove": ["PatientName"], "Keep": ["PatientName"]},
                 {"Replace": {"StudyInstanceUID": "1.2.3"}, "Force": True}, {"Replace": {"SeriesInstanceUID": "1.2.3"}, "Force": True},
                 {"Keep": ["StudyInstanceUID", "SeriesInstanceUID"], "Replace": {"PatientID": "x"}, "Force": True},
                 {"Transcode": "1.2.840.10008.1.2"}, {"Transcode": "1.2.840.10008.1.2.2"}, {"Transcode": "1.2.840.10008.1.2.1"}):
        ask(both, path, body, source)


def paths(both, instance, source):
    path = f"/instances/{instance}/modify"
    for replace in ({"BeamSequence[0].BeamName": "x"}, {"BeamSequence[*].BeamName": "x"}, {"BeamSequence[9].BeamName": "x"},
                    {"BeamSequence[*].ControlPointSequence[*].NominalBeamEnergy": "7"},
                    {"BeamSequence[*].ControlPointSequence[1].NominalBeamEnergy": "7"}, {"RequestAttributesSequence[0].PatientName": "x"},
                    {" BeamSequence [ 0 ] . BeamName ": "x"}, {"BeamSequence[0].PatientName": "x"}, {"300a-00b0[0].300a,00c2": "x"},
                    {"ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID": "1.2.3"}):
        ask(both, path, {"Replace": replace}, source)
        ask(both, path, {"Remove": list(replace)}, source)
    path = f"/instances/{instance}/anonymize"
    for keep in (["ReferencedSOPInstanceUID"], ["ReferencedStructureSetSequence"], ["BeamSequence"], ["FractionGroupSequence[0]"],
                 ["ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID"], ["ReferencedStructureSetSequence[*].ReferencedSOPInstanceUID"],
                 ["ReferencedStructureSetSequence[3].ReferencedSOPInstanceUID"]):
        ask(both, path, {"DicomVersion": "2021b", "Keep": keep}, source)
    for body in ({"Replace": {"BeamSequence[*].BeamName": "x"}}, {"Remove": ["BeamSequence[0].BeamName"]},
                 {"Replace": {"StudyInstanceUID": "1.2.3"}, "Force": True}, {"Keep": ["StudyInstanceUID"], "Force": True},
                 {"Remove": ["ReferencedSOPInstanceUID"]}):
        ask(both, path, {"DicomVersion": "2021b", **body}, source)


def jobs(both, chains, files):
    for name in ("MR_small.dcm", "rtplan.dcm", "JPEG-lossy.dcm"):
        chain, known = chains[name], known_uids(files[name])
        for level, body in (("patients", {"Replace": {"PatientID": "new " + name}, "Force": True}),
                            ("studies", {"Replace": {"PatientName": "x"}, "Permissive": True, "Priority": 5}),
                            ("studies", {}), ("series", {"Replace": {"SeriesDescription": "x"}}), ("studies", {"Transcode": SYNTAX})):
            answers = ask(both, f"/{level}/{chain[level]}/modify", body, label=name + json.dumps(body))
            compare_files(both, f"modify {name} {level} {json.dumps(body)}", answers, known)
        for level in ("studies", "series"):
            body = {"DicomVersion": "2021b"}
            answers = ask(both, f"/{level}/{chain[level]}/anonymize", body, label=name)
            compare_files(both, f"anonymize {name} {level}", answers, known)
    chain = chains["MR_small.dcm"]
    for body in ({"Asynchronous": True}, {"Synchronous": False}, {"Synchronous": False, "Asynchronous": False}):
        ask(both, f"/studies/{chain['studies']}/anonymize", body)
    for body in ({"Synchronous": True, "Asynchronous": True},):
        ask(both, f"/studies/{chain['studies']}/modify", body)


def bulk(both, chains):
    ct, plan = chains["CT_small.dcm"], chains["rtplan.dcm"]
    for verb in ("modify", "anonymize"):
        path = f"/tools/bulk-{verb}"
        for body in (b"", b"[]", b"{}", b'{"Resources":"x"}', b'{"Resources":[5]}', b'{"Resources":null}', b'{"Resources":["nope"]}',
                     b'{"Resources":[]}', b'{"Resources":["%s"]}' % UNKNOWN.encode()):
            ask(both, path, body)
        ask(both, path, {"Resources": [ct["studies"], plan["instances"]]})
    ask(both, "/tools/bulk-modify", {"Resources": [ct["series"]], "Level": "Series", "Replace": {"SeriesDescription": "x"}})
    ask(both, "/tools/bulk-modify", {"Resources": [plan["series"]], "Level": "patient", "Replace": {"PatientID": "b"}, "Force": True})
    for level in ("x", ""):
        ask(both, "/tools/bulk-modify", {"Resources": [ct["series"]], "Level": level})
    ask(both, "/tools/bulk-modify", {"Resources": [ct["series"]], "Level": "Patient"})
    for path in ("/tools/bulk-modify", "/tools/bulk-anonymize"):
        ask(both, path, None, method="GET")


def split_and_merge(both, chains, files):
    ct, mr, plan = chains["CT_small.dcm"], chains["MR_small.dcm"], chains["rtplan.dcm"]
    split, merge = f"/studies/{mr['studies']}/split", f"/studies/{ct['studies']}/merge"
    for body in (b"", b"[]", b"{}", {"Series": []}, {"Series": "x"}, {"Series": [5]}, {"Series": ["nope"]}, {"Series": [ct["series"]]},
                 {"Instances": [ct["instances"]]}, {"Instances": ["nope"]}, {"Series": [mr["studies"]]}, {"Instances": [mr["series"]]},
                 {"Series": [mr["series"]], "Replace": {"nope": "x"}}, {"Series": [mr["series"]], "Replace": {"Modality": "x"}},
                 {"Series": [mr["series"]], "Replace": {"StudyInstanceUID": "x"}}, {"Series": [mr["series"]], "Replace": {"PatientName": 5}},
                 {"Series": [mr["series"]], "Replace": []}, {"Series": [mr["series"]], "Remove": {}}, {"Series": [mr["series"]], "Remove": ["Modality"]},
                 {"Series": [mr["series"]], "Remove": ["SeriesInstanceUID"]}, {"Series": [mr["series"]], "KeepSource": 5}):
        ask(both, split, body)
    ask(both, f"/studies/{UNKNOWN}/split", {"Series": [mr["series"]]})
    for body in ({"Series": [mr["series"]], "KeepSource": True},
                 {"Series": [mr["series"]], "KeepSource": True, "Replace": {"PatientName": "S\u00e9", "PatientID": "split"}, "Remove": ["StudyDescription"]},
                 {"Instances": [mr["instances"]], "KeepSource": True}):
        answers = ask(both, split, body)
        compare_files(both, f"split {json.dumps(body)[:100]}", answers, known_uids(files["MR_small.dcm"]))
    for body in (b"", b"[]", b"{}", {"Resources": []}, {"Resources": "x"}, {"Resources": [5]}, {"Resources": ["nope"]},
                 {"Resources": [ct["studies"]]}, {"Resources": [ct["series"]]}, {"Resources": [ct["instances"]]}, {"Resources": [mr["patients"]]},
                 {"Resources": [mr["studies"]], "KeepSource": 5}):
        ask(both, merge, body)
    ask(both, f"/studies/{UNKNOWN}/merge", {"Resources": [mr["series"]]})
    target = f"/studies/{chains['liver_1frame.dcm']['studies']}/merge"
    for body in ({"Resources": [mr["studies"]], "KeepSource": True}, {"Resources": [plan["series"]], "KeepSource": True}):
        answers = ask(both, target, body)
        compare_files(both, f"merge {json.dumps(body)[:100]}", answers,
                      set().union(*(known_uids(files[name]) for name in ("MR_small.dcm", "rtplan.dcm", "liver_1frame.dcm"))))
    for path in (split, merge):
        ask(both, path, None, method="GET")


def png(width, height, colour, depth=8):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    samples = {0: 1, 2: 3, 4: 2, 6: 4, 3: 1}[colour] * depth // 8
    rows = b"".join(b"\0" + bytes((x * 7 + y * 3) % 256 for x in range(width * samples)) for y in range(height))
    palette = chunk(b"PLTE", bytes(range(256)) * 3) if colour == 3 else b""
    file = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)) + palette +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return uri("image/png", file)


def uri(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def create(both, chains, files):
    path = "/tools/create-dicom"
    tags = {"PatientName": "Test^Case", "Modality": "CR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}
    mr = chains["MR_small.dcm"]
    pam = b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + bytes(range(12))
    pdf = uri("application/pdf", b"%PDF-1.4\nhello\n")
    good = (
        {"Tags": {}}, {"Tags": tags}, {}, {"PatientName": "X", "Modality": "CT"}, {"PatientName": "X", "PixelData": png(4, 3, 0)},
        {"Tags": tags, "Content": png(5, 4, 0)}, {"Tags": tags, "Content": png(5, 4, 2)}, {"Tags": tags, "Content": png(5, 4, 6)},
        {"Tags": tags, "Content": png(5, 4, 0, 16)}, {"Tags": tags, "Content": png(5, 4, 2, 16)},
        {"Tags": tags, "Content": uri("image/x-portable-arbitrarymap", pam)}, {"Tags": tags, "Content": uri("application/octet-stream", b"abc")},
        {"Tags": {"PatientName": "P"}, "Content": pdf}, {"Tags": {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "J\u00f6rg"}},
        {"Tags": {"PatientName": "J\u00f6rg", "PatientID": "x", "StudyDate": "20200101"}},
        {"Tags": {"RequestAttributesSequence": [{"ScheduledProcedureStepID": "x"}]}},
        {"Tags": {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"}, "Force": True},
        {"Tags": {"Modality": "CR"}, "Parent": mr["studies"]}, {"Tags": {"InstanceNumber": "7"}, "Parent": mr["series"]},
        {"Tags": {"Modality": "CR"}, "Parent": mr["patients"]}, {"Tags": {"PatientName": "other"}, "Parent": mr["studies"], "Force": True},
        {"Tags": tags, "Content": []}, {"Tags": tags, "Content": [png(5, 4, 0), png(4, 4, 0)]},
        {"Tags": tags, "Content": [{"Content": png(5, 4, 0), "Tags": {"SeriesDescription": "x"}}]},
        {"Tags": {"EncapsulatedDocument": uri("text/plain", b"ABC")}, "InterpretBinaryTags": False},
        {"Tags": {"EncapsulatedDocument": uri("text/plain", b"ABC")}},
    )
    for body in good:
        answers = ask(both, path, body)
        compare_created(both, json.dumps(body)[:200], answers, known_uids(files["MR_small.dcm"]) | {"1.2.3.4"})
    for body in (b"", b"[]", b"null", b"nonsense", {"Tags": 5}, {"Tags": []}, {"Tags": {}, "Force": 5}, {"Tags": {}, "InterpretBinaryTags": 5},
                 {"Tags": {}, "PrivateCreator": 5}, {"Tags": {"nope": "x"}}, {"Tags": {"PatientName": 5}}, {"Tags": {"PixelData": "x"}},
                 {"Tags": {}, "Content": None}, {"Tags": {}, "Content": 5}, {"Tags": {}, "Content": {}}, {"Tags": {}, "Content": "x"},
                 {"Tags": {}, "Content": "data:image/png;base64,xxxx"}, {"Tags": {}, "Content": "data:image/png;base64,????"},
                 {"Tags": {}, "Content": uri("image/png", b"hello")}, {"Tags": {}, "Content": uri("image/jpeg", b"hello")},
                 {"Tags": {}, "Content": uri("application/pdf", b"hello")}, {"Tags": {}, "Content": uri("text/plain", b"hello")},
                 {"Tags": {}, "Content": uri("nope/nope", b"hello")}, {"Tags": {}, "Content": png(5, 4, 3)},
                 {"Tags": {}, "Parent": "nope"}, {"Tags": {}, "Parent": UNKNOWN}, {"Tags": {}, "Parent": mr["instances"]},
                 {"Tags": {"StudyInstanceUID": "1.2.3"}}, {"Tags": {"PatientName": "x"}, "Parent": mr["studies"]},
                 {"Tags": {"SpecificCharacterSet": "foo"}}, {"Tags": {}, "Content": [png(5, 4, 0), 5]},
                 {"Tags": {}, "Content": [png(5, 4, 0), {}]}, {"Tags": {}, "Content": [png(5, 4, 0), {"Content": 5}]},
                 {"Tags": {}, "Content": [png(5, 4, 0), "x"]}, {"PatientName": 5}, {"nope": "x"}, {"Tags": {"Rows": "x"}}):
        ask(both, path, body)
    ask(both, path, None, method="GET")


TIMES = re.compile(r"^0008,00(12|13|2[0-3]|3[0-3])$")


def compare_created(both, name, answers, known):
    sides = []
    for server, answer in zip((both.hilum, both.orthanc), answers):
        files = []
        if answer.status == 200:
            path = answer.json()["Path"]
            below = [path[11:]] if path.startswith("/instances/") else [one["ID"] for one in server.get_json(path + "/instances")]
            for instance in below:
                tags = dicom_side(server.get(f"/instances/{instance}/file").body, known)
                files.append({tag: re.sub(r"\d", "9", value) if TIMES.match(tag) else value for tag, value in tags.items()})
        files.sort(key=lambda file: json.dumps(file, sort_keys=True, default=str))
        sides.append(Side(answer.status, None, files))
    both.compare("CREATED " + name, *sides)
