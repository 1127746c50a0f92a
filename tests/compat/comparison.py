"""Compares two answers to one request."""

import collections
import dataclasses
import json
import re
from typing import Callable, Optional

# What differs from run to run and from server to server by its nature: it must be there on both sides, and have
# the same form.
VOLATILE = {
    "Date": re.compile(r"^\d{8}T\d{6}$"),
    "FileUuid": re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    "LastUpdate": re.compile(r"^\d{8}T\d{6}$"),
    "ReceptionDate": re.compile(r"^\d{8}T\d{6}$"),
    "Uuid": re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
}
UUID_NAME = re.compile(r'filename="[0-9a-f-]{36}(\.dcm)?"')
TIME = re.compile(rb"^\d{8}T\d{6}$")
TIME_ETAG = re.compile(r'^"\d+-[0-9a-f]{32}"$')


@dataclasses.dataclass(frozen=True)
class Side:
    """An answer as it is compared."""

    status: int
    content_type: Optional[str]
    body: object  # decoded JSON, or bytes
    headers: tuple = ()


@dataclasses.dataclass(frozen=True)
class Difference:
    """A difference that is meant. `pattern` is searched in "METHOD path". `adapt` gets (hilum, orthanc) and
    returns the pair as it should agree; it must be as narrow as it can."""

    reason: str
    pattern: str
    adapt: Callable


def normalised(value, key=None):
    if key in VOLATILE and isinstance(value, str) and VOLATILE[key].match(value):
        return f"<{key}>"
    if isinstance(value, dict):
        return {name: normalised(member, name) for name, member in value.items()}
    if isinstance(value, list):
        items = [normalised(item) for item in value]
        if items and all(isinstance(item, dict) and "ID" in item for item in items):
            return sorted(items, key=lambda item: item["ID"])  # no order is promised
        return items
    return value


def side_of(answer, path):
    content_type = answer.headers.get("content-type")
    body = answer.body
    headers = []
    if (content_type or "").startswith(("application/json", "application/dicom+json")) and answer.status == 200:
        try:
            body = normalised(json.loads(body))
        except ValueError:
            body = b"<no JSON> " + body
    elif answer.status >= 400:
        # The wording and the type of error bodies are each server's own; the codes are not.
        content_type = None
        if body:
            error = json.loads(body)
            body = {key: error.get(key) for key in ("HttpError", "HttpStatus", "Method", "OrthancStatus", "Uri")}
    elif TIME.match(body):
        body = b"<time>"
    if "content-disposition" in answer.headers:
        headers.append(UUID_NAME.sub(r'filename="<uuid>\1"', answer.headers["content-disposition"]))
    if "etag" in answer.headers:
        etag = answer.headers["etag"]
        headers.append("<etag>" if body == b"<time>" and TIME_ETAG.match(etag) else etag)
    if "location" in answer.headers and 300 <= answer.status < 400:
        headers.append("Location: " + answer.headers["location"])
    if "allow" in answer.headers:
        headers.append("Allow: " + answer.headers["allow"])
    return Side(answer.status, content_type, body, tuple(headers))


def first_difference(a, b, path=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            if key not in a:
                return f"{path}/{key}: only Orthanc has it ({b[key]!r:.80})"
            if key not in b:
                return f"{path}/{key}: only Hilum has it ({a[key]!r:.80})"
            if a[key] != b[key]:
                return first_difference(a[key], b[key], f"{path}/{key}")
    if isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return f"{path}: {len(a)} elements, Orthanc has {len(b)}"
        for index, (left, right) in enumerate(zip(a, b)):
            if left != right:
                return first_difference(left, right, f"{path}[{index}]")
    return f"{path}: {a!r:.200} ; Orthanc: {b!r:.200}"


class Comparison:
    """Sends requests to both servers, one after the other, and collects what disagrees."""

    def __init__(self, hilum, orthanc, differences):
        self.hilum = hilum
        self.orthanc = orthanc
        self.differences = differences
        self.failures = []
        self.used = collections.Counter()
        self.count = 0

    def send(self, method, path, body=None, headers=None, label=""):
        """One request to both; returns Orthanc's answer."""
        self.count += 1
        theirs = self.orthanc.request(method, path, body, headers)
        ours = self.hilum.request(method, path, body, headers)
        name = f"{method} {path}" + (f" ({label})" if label else "")
        self.compare(name, side_of(ours, path), side_of(theirs, path))
        return theirs

    def get(self, path, headers=None, label=""):
        return self.send("GET", path, None, headers, label)

    def compare(self, name, ours, theirs):
        for difference in self.differences:
            if re.search(difference.pattern, name):
                adapted = difference.adapt(ours, theirs)
                if adapted != (ours, theirs):
                    self.used[difference] += 1
                    ours, theirs = adapted
        if ours == theirs:
            return
        if ours.status != theirs.status:
            what = f"status {ours.status}, Orthanc: {theirs.status}; bodies {ours.body!r:.200} ; {theirs.body!r:.200}"
        elif ours.content_type != theirs.content_type:
            what = f"type {ours.content_type!r}, Orthanc: {theirs.content_type!r}"
        elif ours.headers != theirs.headers:
            what = f"headers {ours.headers}, Orthanc: {theirs.headers}"
        else:
            what = first_difference(ours.body, theirs.body)
        self.failures.append(f"{name[:200]}\n    {what}")
