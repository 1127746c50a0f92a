"""Requests of the family /patients, /studies, /series, /instances."""

import glob
import gzip
import io
import os
import zipfile
from urllib.parse import quote

from generate import generated_files

OPTIONS = {"StableAge": 1000, "UserMetadata": {"color": 2000}}

FILES = "/usr/lib/python3/dist-packages/pydicom/data/test_files"
LEVELS = ("patients", "studies", "series", "instances")
UNKNOWN = "00000000-11111111-22222222-33333333-44444444"
FORMS = ("", "?full", "?short", "?simplify", "?simplify=true", "?short=false", "?simplify&short&full")
BELOW = {"patients": ("studies", "series", "instances"), "studies": ("series", "instances"),
         "series": ("instances",), "instances": ()}
ABOVE = {"patients": (), "studies": ("patient",), "series": ("patient", "study"),
         "instances": ("patient", "study", "series")}


def test_files():
    """The folders hold what pydicom comes with; the list is never empty where the test may run."""
    files = sorted(glob.glob(os.path.join(FILES, "**", "*.dcm"), recursive=True))
    if not files:
        raise SystemExit(f"no test files in {FILES} (Debian package python3-pydicom)")
    return files


def read(path):
    with open(path, "rb") as file:
        return file.read()


def send(both):
    files = {os.path.basename(path): read(path) for path in test_files()}
    empty_server(both)
    chains = upload(both, files)
    both.send("POST", "/instances", files["CT_small.dcm"], label="again")
    both.send("POST", "/instances", gzip.compress(files["MR_small.dcm"]), {"Content-Encoding": "gzip"},
              label="gzip")
    bad_uploads(both, files)
    lists(both)
    for name in sorted(chains):
        chain = chains[name]
        for level in LEVELS:
            descriptions(both, level, chain[level])
        tags(both, chain)
        content(both, chain["instances"], files[name])
    generated(both)
    wrong_ids(both, chains["CT_small.dcm"])
    metadata(both, chains["CT_small.dcm"])
    protection(both, chains["CT_small.dcm"])
    methods(both, chains["CT_small.dcm"])
    reconstruct(both, chains)
    removal(both, chains, files)


def empty_server(both):
    for level in LEVELS:
        for query in ("", "?expand", "?since=0&limit=10"):
            both.get(f"/{level}{query}")


def upload(both, files):
    """Stores all files on both; ids of the four levels by file name, of those whose file is kept."""
    chains = {}
    for name, content_ in files.items():
        answer = both.send("POST", "/instances", content_, label=name)
        if answer.status == 200 and answer.json()["Status"] == "Success":
            ids = answer.json()
            chains[name] = {"patients": ids["ParentPatient"], "studies": ids["ParentStudy"],
                            "series": ids["ParentSeries"], "instances": ids["ID"]}
    return chains


def archive(entries):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content_ in entries:
            file.writestr(name, content_)
    return memory.getvalue()


def bad_uploads(both, files):
    whole = files["CT_small.dcm"]
    bodies = {"empty": b"", "text": b"hello", "preamble only": bytes(128) + b"DICM", "half": whole[:20000],
              "zeros": bytes(1000), "gzip without its header": gzip.compress(whole), "empty ZIP": archive([]),
              "broken ZIP": archive([("a", whole)])[:5000],
              "JSON": b"{}", "cut in the header": whole[:300]}
    for label, body in bodies.items():
        both.send("POST", "/instances", body, label=label)
    both.send("POST", "/instances", archive([("readme.txt", b"hello"), ("empty", b"")]), label="useless ZIP")
    both.send("POST", "/instances",
              archive([("readme.txt", b"hello"), ("a/CT", whole), ("a/MR", files["MR_small.dcm"])]), label="ZIP")


def lists(both):
    numbers = ("0", "1", "3", "1000", "-1", "-5", "", "abc", "1.5", "+1", "18446744073709551615",
               "18446744073709551616", "0x10")
    for level in LEVELS:
        for query in ("", "?expand", "?expand&short", "?expand&full", "?expand&since=0&limit=2", "?since=0",
                      "?limit=1", "?nonsense"):
            both.get(f"/{level}{query}")
        for number in numbers:
            both.get(f"/{level}?since=0&limit={quote(number)}")
            both.get(f"/{level}?since={quote(number)}&limit=1")


def descriptions(both, level, identifier):
    base = f"/{level}/{identifier}"
    for form in FORMS:
        both.get(base + form)
    for route in BELOW[level] + ABOVE[level]:
        for form in ("", "?full", "?short"):
            both.get(f"{base}/{route}{form}")
    for route in ("statistics", "metadata", "metadata?expand"):
        both.get(f"{base}/{route}")
    for name in ("LastUpdate", "IndexInSeries", "ReceptionDate", "RemoteAET", "ExpectedNumberOfInstances", "Origin",
                 "TransferSyntax", "SopClassUid", "RemoteIP", "HttpUsername", "PixelDataOffset", "CalledAET"):
        both.get(f"{base}/metadata/{name}")


def tags(both, chain):
    for form in FORMS:
        both.get(f"/instances/{chain['instances']}/tags{form}")
        both.get(f"/instances/{chain['instances']}/header{form}")
    both.get(f"/instances/{chain['instances']}/simplified-tags")
    for argument in ("PatientID,PatientName", "0019-1012", "00191012", "7fe0-0010", "nope", "0019,1012", "", ",",
                     "PatientID,"):
        both.get(f"/instances/{chain['instances']}/tags?ignore-length={argument}")
        both.get(f"/instances/{chain['instances']}/simplified-tags?ignore-length={argument}")
    both.get(f"/studies/{chain['studies']}/module-patient")
    for level in LEVELS:
        base = f"/{level}/{chain[level]}"
        for form in ("", "?short", "?simplify"):
            both.get(f"{base}/module{form}")
            if level != "instances":
                both.get(f"{base}/instances-tags{form}")
                both.get(f"{base}/shared-tags{form}")
        both.get(f"{base}/module?ignore-length=PatientName")


def content(both, instance, file):
    base = f"/instances/{instance}/content"
    listed = both.get(base).json()
    both.get(base + "/")
    for tag in listed:
        answer = both.get(f"{base}/{tag}")
        if not (answer.headers.get("content-type") or "").startswith("application/json"):
            continue
        children = answer.json()
        for index in children[:3] + children[-1:]:
            item = both.get(f"{base}/{tag}/{index}")
            if (item.headers.get("content-type") or "").startswith("application/json"):
                for inner in item.json()[:5]:
                    both.get(f"{base}/{tag}/{index}/{inner}")
        both.get(f"{base}/{tag}/{len(children)}")
    for path in ("0002-0010", "9999-9999", "nope", "PatientID", "00100020", "0010,0020", "PatientID/0", "PatientID/x",
                 "7fe0-0010/-1", "7fe0-0010/a", "7fe0-0010/0/1", "7fe0-0010/99999999999999999999"):
        both.get(f"{base}/{quote(path)}")
    answer = both.get(f"/instances/{instance}/file")
    if answer.body != file:
        both.failures.append(f"the file of {instance} isn't what was sent")


def generated(both):
    """What depends on the content of a file, once for each."""
    files = generated_files("charset", "private", "nested", "image", "syntax")
    routes = {
        "charset": ("/tags", "/simplified-tags"),
        "private": ("/tags", "/tags?short", "/simplified-tags", "/tags?ignore-length=0031-1001,0031-1002", "/module"),
        "image": ("/metadata?expand", "/content/PixelData", "/content/7fe0-0010/0", "/content/7fe0-0010/1"),
    }
    routes["nested"] = routes["private"]
    routes["syntax"] = routes["image"] + ("", "/content/Rows", "/header?simplify")
    for name, chain in upload(both, files).items():
        kind = name.split()[0]
        base = f"/instances/{chain['instances']}"
        for route in routes[kind]:
            both.get(base + route, label=name)
        if kind == "charset":
            both.get(f"/patients/{chain['patients']}?full", label=name)
            both.get(f"/series/{chain['series']}", label=name)
        elif kind in ("private", "nested"):
            both.get(f"/series/{chain['series']}/shared-tags?simplify", label=name)
            walk(both, f"{base}/content", 0, name)
        elif both.get(f"{base}/file", label=name).body != files[name]:
            both.failures.append(f"{name}: the file isn't what was sent")


def walk(both, path, depth, name):
    """All that /content lists, and down into the first and the last item of each sequence, 70 steps deep at most."""
    answer = both.get(path, label=name)
    if depth < 70 and answer.status == 200 and (answer.headers.get("content-type") or "").startswith("application/json"):
        children = answer.json()
        is_items = children and len(children[0]) < 9
        for child in dict.fromkeys(children[:1] + children[-1:]) if is_items else children:
            if depth == 0 or not child.startswith("0008-010"):  # one line of a deep nesting is enough
                walk(both, f"{path}/{child}", depth + 1, name)


def wrong_ids(both, chain):
    """Every route with an id of every level, and with ids that nobody has."""
    routes = ("", "/studies", "/series", "/instances", "/patient", "/study", "/statistics", "/metadata",
              "/metadata/LastUpdate", "/metadata/nope", "/tags", "/simplified-tags", "/header", "/module",
              "/module-patient", "/shared-tags", "/instances-tags", "/protected", "/content", "/content/0010-0010",
              "/file", "/nonsense")
    for level in LEVELS:
        both.get(f"/{level}/%00")
        for identifier in [chain[other] for other in LEVELS] + [UNKNOWN, "nope", "%C3%A9", "a" * 2000]:
            for route in routes:
                both.get(f"/{level}/{identifier}{route}")


def metadata(both, chain):
    for level in LEVELS:
        base = f"/{level}/{chain[level]}/metadata"
        for name in ("1024", "color", "65535"):
            both.get(f"{base}/{name}")
            both.send("DELETE", f"{base}/{name}")
            for value in (b"red", b"red", b"", "gr\u00fcn".encode(), bytes(range(256))):
                both.send("PUT", f"{base}/{name}", value)
                both.get(f"{base}/{name}")
            both.get(base)
            both.send("PUT", f"{base}/{name}", b"plain")
            both.get(f"{base}?expand")
            both.send("DELETE", f"{base}/{name}")
            both.get(f"{base}/{name}")
        for name in ("nope", "-1", "0", "1", "1023", "65536", "99999999999", "LastUpdate", "%201", "Color"):
            for identifier in (chain[level], UNKNOWN):
                path = f"/{level}/{identifier}/metadata/{name}"
                both.get(path)
                both.send("PUT", path, b"x")
                both.send("DELETE", path)
        revisions(both, f"{base}/1030")
    both.send("PUT", f"/patients/{chain['instances']}/metadata/1025", b"the level isn't checked")
    both.get(f"/instances/{chain['instances']}/metadata/1025")
    both.send("DELETE", f"/patients/{chain['instances']}/metadata/1025")


def revisions(both, path):
    md5_of_x = "9dd4e461268c8034f5c8564e155c67a6"
    both.send("PUT", path, b"x", {"If-Match": f'"5-{md5_of_x}"'})  # absent: any condition creates it
    for value in (f'"0-{md5_of_x}"', f"0-{md5_of_x}", f' "0-{md5_of_x}" ', "0-abc", '"0-"', "abc", '"abc"', "5", "a-b"):
        both.get(path, {"If-None-Match": value}, label=value)
    for value in ('"0-abc"', "abc", f'"7-{md5_of_x}"'):
        both.send("PUT", path, b"y", {"If-Match": value}, label=value)
        both.send("DELETE", path, None, {"If-Match": value}, label=value)
    both.send("DELETE", path, None, {"If-Match": f'"0-{md5_of_x}"'})
    both.send("DELETE", path, None, {"If-Match": f'"0-{md5_of_x}"'}, label="absent")


def protection(both, chain):
    path = f"/patients/{chain['patients']}/protected"
    both.get(path)
    for body in (b"1", b"0", b"true", b"false", b" 1 ", b"\n0\n", b"yes", b"", b"TRUE", b'"1"', b"2", b"1" * 5000):
        both.send("PUT", path, body, label=repr(body[:10]))
        both.get(path)
    for identifier in (chain["studies"], UNKNOWN, "nope"):
        both.get(f"/patients/{identifier}/protected")
        both.send("PUT", f"/patients/{identifier}/protected", b"1")


def methods(both, chain):
    for level in LEVELS:
        for path in (f"/{level}", f"/{level}/{chain[level]}", f"/{level}/{chain[level]}/metadata/1024",
                     f"/{level}/{chain[level]}/statistics", f"/{level}/{chain[level]}/reconstruct"):
            for method in ("PUT", "POST", "DELETE", "GET"):
                if path.count("/") <= 2 and method in ("POST", "DELETE"):
                    continue  # would change something
                if "metadata" in path and method in ("PUT", "DELETE"):
                    continue
                both.send(method, path, b"")
    both.send("POST", f"/instances/{chain['instances']}/export", b"/nonexistent/file.dcm", label="disabled")


def reconstruct(both, chains):
    for level in LEVELS:
        both.send("POST", f"/{level}/{UNKNOWN}/reconstruct", b"")
        both.send("POST", f"/{level}/nope/reconstruct", b"{}")
        for name in ("CT_small.dcm", "MR_small.dcm"):
            identifier = chains[name][level]
            for body in (b"", b"{}", b"no JSON"):
                both.send("POST", f"/{level}/{identifier}/reconstruct", body, label=body.decode())
            for other in LEVELS:
                both.get(f"/{other}/{chains[name][other]}")
            both.get(f"/{level}/{identifier}/metadata")


def removal(both, chains, files):
    for level in LEVELS:
        for identifier in (UNKNOWN, "nope"):
            both.send("DELETE", f"/{level}/{identifier}")
    names = sorted(chains)
    for position, name in enumerate(names):
        level = LEVELS[position % 4]
        for other in LEVELS:
            if other != level:
                both.send("DELETE", f"/{other}/{chains[name][level]}", label="wrong level")
        both.send("DELETE", f"/{level}/{chains[name][level]}", label=name)
        for other in LEVELS:
            both.get(f"/{other}/{chains[name][other]}")
        if position % 5 == 0:
            both.send("POST", "/instances", files[name], label="after deletion")
            both.send("DELETE", f"/instances/{chains[name]['instances']}", label=name)
    for level in LEVELS:
        both.get(f"/{level}")
