"""Requests of the attachments of /patients, /studies, /series, /instances."""

from generate import generated_files
from resources_requests import FILES, LEVELS, UNKNOWN, read

OPTIONS = {"StableAge": 1000, "UserContentType": {"report": 1025, "paper": [1026, "application/pdf"]}}

READS = ("", "/data", "/compressed-data", "/size", "/compressed-size", "/md5", "/compressed-md5", "/is-compressed",
         "/info")
WRITES = ("compress", "uncompress", "verify-md5")
NAMES = ("dicom", "1", "2", "dicom-as-json", "3", "dicom-until-pixel-data", "1024", "report", "paper", "nope", "Dicom",
         "0", "-1", "70000", "9999999999999", "%201", "+1", "1.0", "%C3%A9", "x" * 1000)


def send(both):
    for name in ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "no_meta.dcm", "badVR.dcm"):
        answer = both.send("POST", "/instances", read(f"{FILES}/{name}"), label=name)
        if answer.status != 200:
            continue
        ids = answer.json()
        chain = {"patients": ids["ParentPatient"], "studies": ids["ParentStudy"], "series": ids["ParentSeries"],
                 "instances": ids["ID"]}
        listing(both, chain)
        dicom(both, f"/instances/{chain['instances']}/attachments/dicom")
        if name == "CT_small.dcm":
            names(both, chain)
            wrong_ids(both, chain)
            for level in LEVELS:
                base = f"/{level}/{chain[level]}/attachments"
                for attachment in ("1024", "report", "paper", "65535"):
                    user(both, f"{base}/{attachment}")
                revisions(both, f"{base}/1030")
                listing(both, chain)
            methods(both, chain)
    generated(both)


def generated(both):
    """The bytes of files of each transfer syntax, stored either way."""
    for name, body in generated_files("image", "syntax").items():
        path = f"/instances/{both.send('POST', '/instances', body, label=name).json()['ID']}/attachments"
        both.get(path, label=name)
        for step in ("compress", "uncompress"):
            both.send("POST", f"{path}/dicom/{step}", b"", label=name)
            both.send("POST", f"{path}/dicom/verify-md5", b"", label=name)
            for route in ("/data", "/md5", "/size", "/is-compressed"):
                both.get(f"{path}/dicom{route}", label=name)


def listing(both, chain):
    for level in LEVELS:
        for query in ("", "?full", "?full=false", "?expand", "?nonsense"):
            both.get(f"/{level}/{chain[level]}/attachments{query}")


def everything(both, path, label=""):
    for route in READS:
        both.get(path + route, label=label)
    for query in ("?filename=a.dcm", "?filename=", "?filename=a%20b.pdf"):
        both.get(f"{path}/data{query}", label="filename")


def dicom(both, path):
    everything(both, path)
    for step, route in enumerate(("compress", "compress", "verify-md5", "uncompress", "uncompress", "verify-md5")):
        both.send("POST", f"{path}/{route}", b"")
        for read_route in READS:
            both.get(path + read_route, label="compressed" if step < 3 else "")


def names(both, chain):
    for level in LEVELS:
        for name in NAMES:
            path = f"/{level}/{chain[level]}/attachments/{name}"
            for route in READS + ("/nope", "/data/x"):
                both.get(path + route)
            for route in WRITES:
                if name not in ("dicom", "1"):
                    both.send("POST", f"{path}/{route}", b"")
            if name not in ("1024", "report", "paper"):
                both.send("PUT", path, b"x")
                both.send("DELETE", path)


def wrong_ids(both, chain):
    for level in LEVELS:
        for identifier in [chain[other] for other in LEVELS if other != level] + [UNKNOWN, "nope", "a" * 2000]:
            base = f"/{level}/{identifier}/attachments"
            both.get(base)
            both.get(base + "?full")
            for name in ("dicom", "1024", "nope"):
                for route in READS:
                    both.get(f"{base}/{name}{route}")
                for route in WRITES:
                    both.send("POST", f"{base}/{name}/{route}", b"")
                both.send("DELETE", f"{base}/{name}")
    both.send("PUT", f"/patients/{chain['instances']}/attachments/1027", b"the level isn't checked")
    both.get(f"/instances/{chain['instances']}/attachments/1027/data")
    both.send("DELETE", f"/studies/{chain['instances']}/attachments/1027")
    for name in ("dicom", "1", "nope"):
        both.send("PUT", f"/patients/{UNKNOWN}/attachments/{name}", b"x")
    both.send("PUT", f"/patients/{UNKNOWN}/attachments/1024", b"x")


def user(both, path):
    everything(both, path)
    both.send("DELETE", path)
    for body in (b"hello" * 100, b"hello" * 100, b"", bytes(range(256)) * 1000):
        both.send("PUT", path, body, label=str(len(body)))
        everything(both, path)
        for route in ("verify-md5", "compress", "verify-md5"):
            both.send("POST", f"{path}/{route}", b"")
        everything(both, path, "compressed")
        both.send("POST", f"{path}/uncompress", b"ignored")
        everything(both, path)
    both.send("DELETE", path)
    both.send("DELETE", path)
    both.get(f"{path}/data")


def revisions(both, path):
    md5_of_x = "9dd4e461268c8034f5c8564e155c67a6"
    both.send("PUT", path, b"x", {"If-Match": f'"5-{md5_of_x}"'})  # absent: any condition creates it
    for value in (f'"0-{md5_of_x}"', f"0-{md5_of_x}", f' "0-{md5_of_x}" ', "0-abc", '"0-"', "abc", '"abc"', "5", "a-b"):
        for route in READS:
            both.get(path + route, {"If-None-Match": value}, label=value)
    for value in ('"0-abc"', "abc", f'"7-{md5_of_x}"'):
        both.send("PUT", path, b"y", {"If-Match": value}, label=value)
        both.send("DELETE", path, None, {"If-Match": value}, label=value)
        both.get(f"{path}/data")
    both.send("DELETE", path, None, {"If-Match": f'"0-{md5_of_x}"'})
    both.send("DELETE", path, None, {"If-Match": f'"0-{md5_of_x}"'}, label="absent")
    both.send("PUT", path, b"x")
    both.send("PUT", path, b"x")
    both.get(path)
    both.send("DELETE", path)


def methods(both, chain):
    for level in LEVELS:
        base = f"/{level}/{chain[level]}/attachments"
        for path in (base, f"{base}/dicom", *(f"{base}/dicom{route}" for route in READS[1:]),
                     *(f"{base}/dicom/{route}" for route in WRITES), f"{base}/dicom/nope"):
            for method in ("PUT", "POST", "DELETE", "GET"):
                if method == "POST" and path.endswith(WRITES):
                    continue  # would change something
                both.send(method, path, b"")
