"""Requests of /changes and /exports."""

from urllib.parse import quote

from resources_requests import read, test_files

OPTIONS = {"StableAge": 1000}

NUMBERS = ("0", "1", "2", "7", "100", "1000000", "-1", "-7", "", "abc", "1.5", " 1", "0x10", "99999999999999999999",
           "9223372036854775807", "-9223372036854775808", "-9223372036854775809")


def send(both):
    pages(both)  # of empty logs
    files = test_files()[::6]
    stored = [both.send("POST", "/instances", read(path)).json() for path in files]
    pages(both)
    walk(both)
    writes(both, [item for item in stored if item.get("Status") == "Success"])
    for method in ("PUT", "POST"):
        for path in ("/changes", "/exports", "/changes/1", "/exports/1"):
            both.send(method, path, b"")
    for path in ("/changes/1", "/exports/", "/changes//", "/Changes", "/changes/last"):
        both.get(path)
    clear(both, files)


def pages(both):
    for path in ("/changes", "/exports"):
        both.get(path)
        for query in ("last", "last=0", "last=false", "last&since=3", "last&limit=0", "nonsense=1", "limit=1&last"):
            both.get(f"{path}?{query}")
        for number in NUMBERS:
            number = quote(number)
            if number != "-1" and number != "-7":
                both.get(f"{path}?limit={number}")
                both.get(f"{path}?since=2&limit={number}")
            if path == "/exports" and "9223372036854775" in number:
                continue  # 1.10.1 cuts its Last to 32 bits
            both.get(f"{path}?since={number}")
            both.get(f"{path}?since={number}&limit=3")
            both.get(f"{path}?since={number}&limit=0")
    both.get("/changes?limit=-1")
    both.get("/changes?since=2&limit=-1")


def walk(both):
    """As a client does: page by page until Done."""
    since = 0
    for _ in range(1000):
        page = both.get(f"/changes?since={since}&limit=7").json()
        if page["Done"]:
            break
        since = page["Last"]


def writes(both, stored):
    """What logs a change, and what does not."""
    first = stored[0]
    levels = {"patients": first["ParentPatient"], "studies": first["ParentStudy"], "series": first["ParentSeries"],
              "instances": first["ID"]}
    for level, identifier in levels.items():
        for kind in ("metadata", "attachments"):
            path = f"/{level}/{identifier}/{kind}/1030"
            for method, body in (("PUT", b"a"), ("PUT", b"a"), ("PUT", b"b"), ("GET", None), ("DELETE", None),
                                 ("DELETE", None)):
                both.send(method, path + "/size" if kind == "attachments" and method == "GET" else path, body)
                both.get("/changes?last")
        both.send("POST", f"/{level}/{identifier}/reconstruct", b"")
        both.get("/changes?last")
    for route in ("compress", "uncompress", "verify-md5"):
        both.send("POST", f"/instances/{first['ID']}/attachments/dicom/{route}", b"")
        both.get("/changes?last")
    for body in (b"1", b"0"):
        both.send("PUT", f"/patients/{first['ParentPatient']}/protected", body)
        both.get("/changes?last")
    for position, item in enumerate(stored[:8]):
        path = item["Path"] if position % 2 else f"/patients/{item['ParentPatient']}"
        both.send("DELETE", path)
        both.get("/changes?limit=1000")
        both.get("/changes?last")
    walk(both)


def clear(both, files):
    for path in ("/changes", "/exports"):
        both.send("DELETE", path)
        both.get(path)
        both.send("DELETE", path)
    pages(both)
    for path in files[:3]:
        both.send("POST", "/instances", read(path))
        both.get("/changes")
        both.get("/changes?last")
    walk(both)
