"""Requests of the archives: ZIP files and DICOMDIR media, by resource and by list."""

import dataclasses
import io
import json
import os
import zipfile

import pydicom

from comparison import side_of
from resources_requests import FILES, UNKNOWN, read

from resources_case import make_dicom  # of ../integration, which orthanc_server puts into the path

OPTIONS = {"StableAge": 1000}
SUFFIXES = ("archive", "media")
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"


def send(both):
    files = upload(both)
    for level in ("patients", "studies", "series"):
        for one in files:
            for suffix in SUFFIXES:
                compare(both, "GET", f"/{level}/{one[level]}/{suffix}")
    one = files[0]
    resource_arguments(both, one)
    lists(both, files)
    list_arguments(both, one)
    names(both)
    methods(both, one)
    export(both, one)


def upload(both):
    """Native and compressed images, objects without pixels, and a patient with several series."""
    stored = []
    for name in ("CT_small.dcm", "MR_small.dcm", "MR_small_jpeg_ls_lossless.dcm", "rtplan.dcm", "SC_rgb_jpeg_dcmd.dcm",
                 "SC_rgb_small_odd.dcm", "liver_1frame.dcm", "JPEG2000.dcm", "test-SR.dcm"):
        stored.append(store(both, read(os.path.join(FILES, name)), name))
    for number in range(3):
        stored.append(store(both, make_dicom(patient="MANY", study="1.2.9", series=f"1.2.9.{number // 2}",
                                             instance=f"1.2.9.9.{number}", InstanceNumber=str(7 - number),
                                             SeriesDescription="Serie", StudyDescription="Etude")))
    return stored


def store(both, content, label=""):
    answer = both.send("POST", "/instances", content, label=label).json()
    return {"patients": answer["ParentPatient"], "studies": answer["ParentStudy"],
            "series": answer["ParentSeries"], "instances": answer["ID"]}


def plain(name):
    """A path of an archive without what the rules of 1.12 changed in it: punctuation and the number of a file."""
    folders, _, file = name.rpartition("/")
    keep = "".join(c for c in folders if c.isalnum() or c in "/.")
    letters = "".join(c for c in file[:2] if c.isalpha())
    return f"{keep}/{letters}" if folders and not folders.startswith("IMAGES") else name


def described(directory):
    """The records of a DICOMDIR, in their order."""
    data = pydicom.dcmread(io.BytesIO(directory))
    records = []
    for record in data.DirectoryRecordSequence:
        tags = {}
        for element in record:
            if element.tag in (0x00041400, 0x00041420):
                continue
            value = element.value
            # Orthanc reduces texts to ASCII, and adds the time of the answer to studies without one.
            if element.keyword in ("StudyDate", "StudyTime"):
                value = "<time>"
            tags[element.keyword] = str(value).encode("ascii", "ignore").decode()
        records.append(tags)
    return {"Class": str(data.file_meta.MediaStorageSOPClassUID), "Records": records}


def transcoded(content):
    """A file without what says who has written it, and how sequences are delimited."""
    data = pydicom.dcmread(io.BytesIO(content))
    data.pop(0xfffcfffc, None)  # Data Set Trailing Padding, which Hilum leaves out of what it writes anew
    return [str(data.file_meta.TransferSyntaxUID), str(data.file_meta.MediaStorageSOPInstanceUID), data.to_json_dict()]


def content_of(answer, is_transcoded=False):
    """An archive in a form that can be compared: its entries, and what is in them."""
    with zipfile.ZipFile(io.BytesIO(answer.body)) as file:
        assert file.testzip() is None
        entries = []
        for info in file.infolist():
            content = file.read(info)
            if info.filename == "DICOMDIR":
                content = described(content)
            elif is_transcoded:
                content = transcoded(content)
            entries.append([info.filename, content])
    return entries


def compare(both, method, path, body=None, label="", names_matter=False):
    """A request whose answer is an archive on both sides, or an error on both."""
    both.count += 1
    theirs = both.orthanc.request(method, path, body)
    ours = both.hilum.request(method, path, body)
    name = f"{method} {path}" + (f" ({label})" if label else "")
    sides = []
    for answer in (ours, theirs):
        side = side_of(answer, path)
        if answer.status == 200 and answer.headers.get("content-type") == "application/zip":
            entries = content_of(answer, "ranscode" in path + str(body))
            if not names_matter:
                entries = sorted(([plain(name), content] for name, content in entries),
                                 key=lambda entry: (entry[0], str(entry[1])))
            side = dataclasses.replace(side, body=entries)
        sides.append(side)
    both.compare(name, *sides)
    return theirs


def resource_arguments(both, one):
    for level in ("patients", "studies", "series", "instances"):
        for suffix in SUFFIXES:
            compare(both, "GET", f"/{level}/{UNKNOWN}/{suffix}")
            compare(both, "GET", f"/{level}/nope/{suffix}")
            compare(both, "POST", f"/{level}/{UNKNOWN}/{suffix}", b"{}")
            compare(both, "GET", f"/{level}/{one['series']}/{suffix}", label="a series at another level")
    study = one["studies"]
    for suffix in SUFFIXES:
        path = f"/studies/{study}/{suffix}"
        for query in ("?transcode=" + IMPLICIT, "?transcode=" + EXPLICIT, "?transcode=nope", "?transcode=", "?transcode",
                      "?transcode=LittleEndianExplicit", "?transcode=1.2.840.10008.1.2.4.100",
                      "?transcode=1.2.840.10008.1.2.5", "?extended", "?extended=1", "?extended=false",
                      "?filename=a%20b.zip", "?filename=", "?nope=1"):
            compare(both, "GET", path + query)
        for body in (b"{}", b"[]", b'"x"', b"", b"nope", b"{", b"1", b"null", b'{"Synchronous": true}',
                     b'{"Synchronous": 1}', b'{"Asynchronous": "a"}', b'{"Priority": "a"}', b'{"Priority": 1.5}',
                     b'{"Priority": -3}', b'{"Transcode": "nope"}', b'{"Transcode": 1}', b'{"Transcode": "1.2"}',
                     b'{"Transcode": "%s"}' % IMPLICIT.encode(), b'{"Extended": true}', b'{"Extended": 1}',
                     b'{"Nope": 1}', b'{"Asynchronous": true, "Synchronous": true}', b'{"Filename": "a.zip"}'):
            compare(both, "POST", path, body, label=repr(body[:60]))
        asynchronous(both, path, b'{"Asynchronous": true}')
        asynchronous(both, path, b'{"Synchronous": false, "Priority": 2}')


def asynchronous(both, path, body):
    """A job on both sides; what it says of itself, and what it has made."""
    both.count += 1
    sides = []
    for server in (both.hilum, both.orthanc):
        answer = server.request("POST", path, body)
        if answer.status != 200:
            sides.append(side_of(answer, path))
            continue
        job = json.loads(answer.body)
        assert job["Path"] == "/jobs/" + job["ID"], job
        description = waited(server, job["Path"])
        archive = server.request("GET", job["Path"] + "/archive")
        side = side_of(archive, path)
        content = dict(description["Content"])
        for key in ("ArchiveSize", "ArchiveSizeMB"):
            content[key] = type(content[key]).__name__  # the compressors differ
        entries = sorted(([plain(name), data] for name, data in content_of(archive)),
                         key=lambda entry: (entry[0], str(entry[1])))
        side = dataclasses.replace(side, body={
            "Job": {key: description[key] for key in ("State", "Type", "Priority", "ErrorCode", "Progress")},
            "Content": content, "Entries": entries,
            "Resubmit": server.request("POST", job["Path"] + "/resubmit").status})
        sides.append(side)
    both.compare(f"POST {path} ({body!r}, job)", *sides)


def waited(server, path):
    import time
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        job = server.get_json(path)
        if job["State"] in ("Success", "Failure"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"{path} does not end: {job}")


def lists(both, files):
    for tool in ("create-archive", "create-media", "create-media-extended"):
        path = f"/tools/{tool}"
        one, other = files[0], files[1]
        for label, ids in (
                ("one instance", [one["instances"]]),
                ("levels", [one["instances"], other["series"]]),
                ("parent and child", [one["studies"], one["instances"], one["patients"]]),
                ("twice an instance", [one["instances"], one["instances"]]),
                ("twice a series", [one["series"], one["series"]]),
                ("all", [item["patients"] for item in files]),
                ("many", [item["instances"] for item in files])):
            compare(both, "POST", path, json.dumps(ids).encode(), label=label)
            compare(both, "POST", path, json.dumps({"Resources": ids}).encode(), label=label + ", object")
        compare(both, "POST", path, json.dumps({"Resources": [one["series"]], "Transcode": IMPLICIT}).encode(),
                label="transcode")
        compare(both, "GET", path, label="no method before 1.12")
        asynchronous(both, path, json.dumps({"Resources": [one["studies"], other["series"]],
                                             "Asynchronous": True}).encode())


def list_arguments(both, one):
    for tool in ("create-archive", "create-media", "create-media-extended"):
        path = f"/tools/{tool}"
        for body in (b"", b"nope", b"{", b"1", b'"x"', b"null", b"{}", b"[1]", b"[{}]", b'["nope"]', b'[""]',
                     b'["%s"]' % UNKNOWN.encode(), b'{"Resources": "a"}', b'{"Resources": [1]}',
                     b'{"Resources": null}', b'{"Resources": {}}', b'{"Resources": ["nope"]}', b'{"resources": []}',
                     b"[]", b'{"Resources": []}',
                     b'{"Resources": [], "Synchronous": 1}', b'{"Resources": [], "Priority": "a"}',
                     b'{"Resources": [], "Transcode": "nope"}', b'{"Resources": [], "Extended": "a"}'):
            compare(both, "POST", path, body, label=repr(body[:60]))
        compare(both, "POST", path, json.dumps({"Resources": [one["series"], UNKNOWN]}).encode(), label="one unknown")


def names(both):
    """Folders whose names need to be cleaned, or are taken; compared letter by letter under the old rules."""
    for number, (patient, name, study, series) in enumerate((
            ("SAME", "A", "one", "s"), ("SAME2", "Doe^John^^Dr", "a/b:c*d  e", "ser-ie.s_1 (x)"),
            ("", "Nobody", "", ""), ("CARETS", "", "T2W/FE-EPI", "A-1.2_3"))):
        one = store(both, make_dicom(patient=patient, study=f"1.2.10.{number}", series=f"1.2.10.{number}.1",
                                     instance=f"1.2.10.{number}.1.1", PatientName=name, StudyDescription=study,
                                     SeriesDescription=series, AccessionNumber=""))
        compare(both, "GET", f"/studies/{one['studies']}/archive", label="names", names_matter=True)


def methods(both, one):
    for path in (f"/studies/{one['studies']}/archive", f"/series/{one['series']}/media", "/tools/create-archive"):
        both.send("PUT", path, b"")
        both.send("DELETE", path)
    both.get(f"/instances/{one['instances']}/archive")
    both.get(f"/instances/{one['instances']}/media")


def export(both, one):
    for body in (b"", b"/tmp/nowhere", b'"x"'):
        both.send("POST", f"/instances/{one['instances']}/export", body, label=repr(body))
    both.send("POST", f"/instances/{UNKNOWN}/export", b"/tmp/nowhere")
