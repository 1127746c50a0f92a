"""Requests of the family /tools, without those that search, make files or speak DICOM."""

import os

from resources_requests import FILES, UNKNOWN, read

OPTIONS = {"StableAge": 1000}

CATEGORIES = ("", "-dicom", "-generic", "-http", "-jobs", "-lua", "-plugins", "-sqlite")
ENCODINGS = ("Ascii", "Utf8", "Latin1", "Latin2", "Latin3", "Latin4", "Latin5", "Cyrillic", "Windows1251", "Arabic",
             "Greek", "Hebrew", "Thai", "Japanese", "Chinese", "Korean", "JapaneseKanji", "SimplifiedChinese")
BODIES = (b"", b"1", b"0", b"true", b"false", b" true\n", b"True", b"yes", b"2", b"\"true\"", b"[]", b"{}", b"null",
          b"\xff\xfe", b"1" * 2000)


def send(both):
    listing(both)
    clocks(both)
    identifiers(both)
    log_levels(both)
    booleans(both)
    transfer_syntaxes(both)
    ids = upload(both)
    encodings(both, ids)
    metrics(both)
    maintenance(both, ids)
    bulk_delete(both, ids)
    methods(both)


def upload(both):
    ids = []
    for name in ("CT_small.dcm", "MR_small.dcm", "chrGerm.dcm", "rtplan.dcm"):
        folder = os.path.join(FILES, name)
        path = folder if os.path.exists(folder) else os.path.join(FILES, "..", "charset_files", name)
        ids.append(both.send("POST", "/instances", read(path), label=name).json())
    return ids


def listing(both):
    both.get("/tools")
    both.get("/tools/")
    both.get("/tools/nope")


def clocks(both):
    both.get("/tools/now")
    both.get("/tools/now-local")


def identifiers(both):
    for level in ("patient", "study", "series", "instance"):
        both.get(f"/tools/generate-uid?level={level}")
    for query in ("", "?level", "?level=", "?level=Patient", "?level=STUDY", "?level=studies", "?level=nope",
                  "?Level=study", "?level=" + "x" * 1000):
        both.get(f"/tools/generate-uid{query}", label=query[:30])


def log_levels(both):
    for category in CATEGORIES:
        path = f"/tools/log-level{category}"
        both.get(path)
        for level in (b"verbose", b"trace", b"default"):
            both.send("PUT", path, level)
            both.get(path, label="after " + level.decode())
            both.get("/tools/log-level", label=f"after {path} {level.decode()}")
        for level in (b"", b"Verbose", b" verbose", b"verbose\n", b"info", b"error", b"\"verbose\"", b"1"):
            both.send("PUT", path, level, label=repr(level))
            both.get(path)
    both.send("PUT", "/tools/log-level", b"verbose")
    for category in CATEGORIES:
        both.get(f"/tools/log-level{category}", label="all verbose")
    both.send("PUT", "/tools/log-level-http", b"default")
    both.get("/tools/log-level", label="one quiet")
    both.send("PUT", "/tools/log-level", b"default")
    for path in ("/tools/log-level-", "/tools/log-level-nope", "/tools/log-level-index", "/tools/log-level-DICOM"):
        both.get(path)
        both.send("PUT", path, b"trace")


def booleans(both):
    for path in ("/tools/metrics", "/tools/unknown-sop-class-accepted"):
        both.get(path)
        for body in BODIES:
            both.send("PUT", path, body, label=repr(body[:20]))
            both.get(path, label=f"after {body[:20]!r}")
        both.send("PUT", path, b"0")
    both.get("/tools/metrics-prometheus", label="switched off")
    both.send("PUT", "/tools/metrics", b"1")


def transfer_syntaxes(both):
    path = "/tools/accepted-transfer-syntaxes"
    both.get(path, label="default")
    for body in (b'["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]', b'["1.2.840.10008.1.2.4.*"]', b'"1.2.840.10008.1.2.5"',
                 b"*", b"nope", b"", b"[]", b'["nope"]', b'["1.2.840.10008.1.2.4.?0", "1.2.840.10008.1.2.5"]',
                 b'["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.5"]', b'[1]', b'["1.2.840.10008.1.2", 1]', b"{}",
                 b'{"a": "b"}', b"42", b"1.5", b"true", b"null", b"[", b'["a"', b'[["1.2.840.10008.1.2"]]',
                 b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.4.7?", b"*.5", b" * ", b"\xff"):
        both.send("PUT", path, body, label=repr(body[:60]))
        both.get(path, label=f"after {body[:60]!r}")
        both.send("PUT", path, b"*")


def encodings(both, ids):
    path = "/tools/default-encoding"
    both.get(path)
    for name in ENCODINGS:
        both.send("PUT", path, name.encode(), label=name)
        both.get(path, label=name)
        # A file that declares no encoding is read by the default.
        both.get(f"/instances/{ids[0]['ID']}/simplified-tags", label=name)
    for name in (b"utf8", b"LATIN1", b"jAPANESE"):
        both.send("PUT", path, name, label=repr(name))
    for name in (b"", b"nope", b"UTF-8", b" Utf8", b"Utf8\n", b"Windows31J", b'"Utf8"', b"x" * 1000):
        both.send("PUT", path, name, label=repr(name[:20]))
        both.get(path, label=f"after {name[:20]!r}")
    both.send("PUT", path, b"Latin1")


def metrics(both):
    both.get("/tools/metrics")
    both.get("/tools/metrics-prometheus")


def maintenance(both, ids):
    for body in (b"", b"{}", b"nonsense", b'{"ReconstructFiles": false}'):
        both.send("POST", "/tools/reconstruct", body, label=repr(body))
        both.send("POST", "/tools/invalidate-tags", body, label=repr(body))
    for one in ids:
        both.get(f"/studies/{one['ParentStudy']}", label="after all")
        both.get(f"/instances/{one['ID']}", label="after all")


def bulk_delete(both, ids):
    path = "/tools/bulk-delete"
    for body in (b"", b"[]", b"nope", b"{", b"null", b"1", b"{}", b'{"Resources": "a"}', b'{"Resources": [1]}',
                 b'{"Resources": null}', b'{"Resources": {}}', b'{"Resources": ["a", {}]}', b'{"resources": []}',
                 b'{"Resources": []}', b'{"Resources": ["nope", ""]}',
                 b'{"Resources": ["%s"]}' % UNKNOWN.encode()):
        both.send("POST", path, body, label=repr(body[:60]))
    both.get("/instances", label="before")
    both.send("POST", path, b'{"Resources": ["%s", "nope", "%s", "%s"]}' % (
        ids[0]["ID"].encode(), ids[0]["ParentPatient"].encode(), ids[1]["ParentSeries"].encode()))
    both.send("POST", path, b'{"Resources": ["%s", "%s"]}' % (ids[2]["ParentStudy"].encode(), ids[2]["ID"].encode()))
    for level in ("patients", "studies", "series", "instances"):
        both.get(f"/{level}", label="after bulk-delete")
    both.get("/statistics")


def methods(both):
    for path in ("/tools", "/tools/now", "/tools/now-local", "/tools/generate-uid", "/tools/log-level",
                 "/tools/log-level-http", "/tools/metrics", "/tools/metrics-prometheus", "/tools/default-encoding",
                 "/tools/accepted-transfer-syntaxes", "/tools/unknown-sop-class-accepted", "/tools/reset",
                 "/tools/shutdown", "/tools/reconstruct", "/tools/invalidate-tags", "/tools/bulk-delete",
                 "/tools/dicom-conformance"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            if (method, path) not in (("POST", "/tools/reset"), ("POST", "/tools/shutdown")):
                both.send(method, path, b"" if method in ("POST", "PUT") else None)
    for path in ("/tools/default-encoding", "/tools/accepted-transfer-syntaxes", "/tools/metrics"):
        both.send("PUT", path, {"/tools/default-encoding": b"Latin1", "/tools/metrics": b"1"}.get(path, b"*"))
