"""Requests of /peers. The peer is played by this program: what both servers send to it is compared as well."""

import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from comparison import Side, side_of  # noqa: E402
from http_peer import Peer  # noqa: E402
from resources_requests import read, test_files  # noqa: E402

OPTIONS = {"LogExportedResources": True}
UNKNOWN = "00000000-11111111-22222222-33333333-44444444"
STATUSES = (200, 201, 204, 299, 302, 400, 401, 403, 404, 405, 409, 413, 415, 500, 503)


def answer(_, request):
    """The status stands in the path: /<status>/system. 299 is garbage."""
    status = next((int(part) for part in request[1].split("/") if part.isdigit()), 200)
    return status, b"" if status == 204 else b"garbage <" if status == 299 else b'{"a": 1}'


def definitions(url):
    here = __file__
    return ([url], [url, "u"], [url, "u", "p"], [""], [], [1], [url, 5, "p"], [url, "u", "p", "q"], [url, "", ""], [url, "u", ""],
            [url, "", "p"], ["http://h/a/b/"], ["HTTP://h"], ["h:80"], ["https://h"], ["file:///etc"], ["http://a:b@h/"],
            {"Url": url}, {"URL": url, "Username": "u", "Password": "p"}, {"Url": url, "Password": "p"}, {"Url": url, "Username": "u"},
            {"Url": url, "Username": "", "Password": ""}, {"Url": "ftp://x"}, {"Url": url, "HttpHeaders": {"A": "b", "C": "d"}},
            {"Url": url, "HttpHeaders": {}}, {"Url": url, "HttpHeaders": {"A": 1}}, {"Url": url, "HttpHeaders": ["a"]},
            {"Url": url, "HttpHeaders": {"X y": "b"}}, {"Url": url, "CertificateFile": here},
            {"Url": url, "CertificateFile": here, "CertificateKeyFile": here, "CertificateKeyPassword": "z"},
            {"Url": url, "CertificateFile": "/no"}, {"Url": url, "CertificateKeyFile": here},
            {"Url": url, "CertificateFile": here, "CertificateKeyFile": "/no"}, {"Url": url, "Pkcs11": False},
            {"Url": url, "Pkcs11": 1}, {"Url": url, "Timeout": 3}, {"Url": url, "Timeout": 0}, {"Url": url, "Timeout": "3"},
            {"Url": url, "Timeout": -1}, {"Url": url, "Color": True, "No": False, "N": 5, "S": "s", "E": ""}, {"Url": url, "F": 1.5},
            {"Url": url, "L": []}, {"Url": url, "L": {}}, {"Url": url, "L": None}, {"Url": 5}, {}, {"Username": "u"}, 5, 1.5, True)


class Sent:
    """What one server has sent to the peer, as both should."""

    def __init__(self, peer):
        self.peer = peer

    def take(self):
        with self.peer.lock:
            requests, self.peer.requests[:] = list(self.peer.requests), []
        shown = []
        for method, path, headers, body in requests:
            encoding = headers.get("content-encoding")
            shown.append([method, path, headers.get("authorization"), headers.get("a"), encoding, "compressed" if encoding else len(body)])
        return Side(200, None, sorted(shown, key=json.dumps))


def send(both):
    with Peer(answer) as peer:
        run(both, peer)


def run(both, peer):
    stored = [both.send("POST", "/instances", read(path)).json() for path in test_files()[:40]]
    chosen = next(item for item in stored if "ParentSeries" in item)
    sent = Sent(peer)

    def watched(method, path, body=None, label=""):
        """A request to both, and then what each of them has sent."""
        both.count += 1
        sides = []
        for server in (both.hilum, both.orthanc):
            reply = server.request(method, path, body)
            sides.append((reply, sent.take()))
        name = f"{method} {path} ({label})" if label else f"{method} {path}"
        both.compare(name, side_of(sides[0][0], path), side_of(sides[1][0], path))
        both.compare(f"sent by {name}", sides[0][1], sides[1][1])

    registry(both, peer.url, chosen["ID"], watched)
    statuses(both, peer.url, chosen["ID"], watched)
    bodies(chosen, stored, watched)
    both.send("PUT", "/peers/down", '["http://127.0.0.1:1"]')
    for method, name, body in (("GET", "system", None), ("POST", "store", chosen["ID"]), ("POST", "store-straight", b"x")):
        both.send(method, f"/peers/down/{name}", body)
    exports = [server.get_json("/exports?limit=1000")["Exports"] for server in (both.hilum, both.orthanc)]
    both.compare("GET /exports", *(Side(200, None, sorted({(row["ID"], row["RemoteModality"], row["ResourceType"]) for row in rows}))
                                   for rows in exports))


def registry(both, url, instance, watched):
    for query in ("", "?expand", "?expand=true", "?expand=1"):
        both.get("/peers" + query)
    for number, definition in enumerate(definitions(url)):
        name = f"d{number}"
        label = json.dumps(definition)[:100]
        both.send("PUT", f"/peers/{name}", json.dumps(definition), label=label)
        both.get(f"/peers/{name}", label=label)
        both.get(f"/peers/{name}/configuration", label=label)
        accepted = all(server.get(f"/peers/{name}").status == 200 for server in (both.hilum, both.orthanc))
        if accepted and url in json.dumps(definition):
            watched("POST", f"/peers/{name}/store", instance, label)
    for body in (b"", b"nope", b'"x"', b"null"):
        both.send("PUT", "/peers/nobody", body, label=repr(body))
    for name in ("a b", "a.b", "\u00e4", "a_b-1", "A"):
        both.send("PUT", "/peers/" + urllib.parse.quote(name), json.dumps([url]), label=ascii(name))
    for query in ("", "?expand"):
        both.get("/peers" + query, label="many")
    both.send("DELETE", "/peers/d0")
    both.get("/peers/d0")
    both.send("DELETE", "/peers/d0")
    for method, path in (("GET", ""), ("GET", "/configuration"), ("GET", "/system"), ("POST", "/store"), ("POST", "/store-straight"),
                         ("DELETE", ""), ("GET", "/nope")):
        both.send(method, "/peers/nobody" + path, b"" if method == "POST" else None)
    for path, methods in (("", "PUT POST DELETE"), ("/a_b-1", "POST"), ("/a_b-1/system", "PUT POST DELETE"),
                          ("/a_b-1/configuration", "PUT POST DELETE"), ("/a_b-1/store", "GET PUT DELETE"),
                          ("/a_b-1/store-straight", "GET PUT DELETE")):
        for method in methods.split():
            both.send(method, "/peers" + path, b"{}")


def statuses(both, url, instance, watched):
    """What answers of a peer mean."""
    for status in STATUSES:
        both.send("PUT", f"/peers/s{status}", json.dumps([f"{url}/{status}", "u", "p"]))
        watched("GET", f"/peers/s{status}/system")
        watched("POST", f"/peers/s{status}/store", instance)
        watched("POST", f"/peers/s{status}/store-straight", b"bytes of a file")
        watched("POST", f"/peers/s{status}/store", json.dumps({"Resources": [instance], "Permissive": True}), "Permissive")


def bodies(chosen, stored, watched):
    path = "/peers/s200/store"
    identifier, study = chosen["ID"], chosen["ParentStudy"]
    for body in ("", "x", "[]", "{}", '{"Resources": 5}', '{"Resources": [5]}', '["x"]', '{"Resources": []}', "5", "null", "true", "[[]]",
                 json.dumps(identifier), json.dumps([chosen["ParentSeries"]]), json.dumps([chosen["ParentPatient"]]),
                 json.dumps([study, identifier]), json.dumps([UNKNOWN]), UNKNOWN, json.dumps([identifier, UNKNOWN]),
                 json.dumps({"Resources": [study], "Compress": True})):
        watched("POST", path, body, body[:60])
    for field, values in (("Compress", (5, "x", None, False)), ("Permissive", (5, "x", None, True)), ("Priority", ("x", 5, -5, 1.5)),
                          ("Synchronous", (5, "x", True)), ("Unknown", (5,)), ("Transcode", (5, "1.2.3", "", "JPEG"))):
        for value in values:
            watched("POST", path, json.dumps({"Resources": [identifier], field: value}), f"{field} {value!r}")
    every = sorted({item["ID"] for item in stored if "ParentSeries" in item})
    watched("POST", path, json.dumps({"Resources": every}), "all files")
    watched("POST", path, json.dumps({"Resources": every, "Compress": True}), "all files, compressed")
    for body in (b"", b"xyz", b"x" * 100000):
        watched("POST", "/peers/s200/store-straight", body, f"{len(body)} bytes")
