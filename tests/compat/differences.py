"""Where Hilum answers otherwise than Orthanc 1.10.1 on purpose: one table per family, each row with its reason."""

import array
import dataclasses
import io
import json
import math
import re
import zipfile
import zlib

from comparison import Difference

DETAILS = r"^(GET /(patients|studies|series|instances)(\?|$|/[^/]+(/(patient|study|studies|series|instances))?(\?|$)))"


def edit(body, function):
    """Applies `function` to the objects of a details answer (one object or a list)."""
    if isinstance(body, list):
        return [edit(item, function) for item in body]
    return function(body) if isinstance(body, dict) and "Type" in body else body


def without(*keys):
    """Hilum has these keys in descriptions of resources, Orthanc has not."""

    def adapt(ours, theirs):
        def drop(item):
            return {key: value for key, value in item.items() if key not in keys}

        return dataclasses.replace(ours, body=edit(ours.body, drop)), theirs

    return adapt


def metadata_signature(ours, theirs):
    """Hilum lists MainDicomTagsSignature and what 1.11 and 1.12 added beside it."""
    added = ("MainDicomTagsSignature", "MainDicomSequences", "PixelDataVR")
    body = ours.body
    if isinstance(body, list):
        body = [name for name in body if name not in added]
    elif isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in added}
    return dataclasses.replace(ours, body=body), theirs


def revision_is_kept(ours, theirs):
    """The ETag of a value that was set again: Orthanc on SQLite forgets its revision."""
    if len(ours.headers) == len(theirs.headers):
        pairs = zip(ours.headers, theirs.headers)
        headers = tuple(our if re.sub(r'^"\d+-', "", our) == re.sub(r'^"\d+-', "", their) else their
                        for our, their in pairs)
        return ours, dataclasses.replace(theirs, headers=headers)
    return ours, theirs


ADDED_MAIN_TAGS = {"TimezoneOffsetFromUTC", "0008,0201", "PerformedProcedureStepStartDate", "0040,0244",
                   "PerformedProcedureStepStartTime", "0040,0245", "RequestAttributesSequence", "0040,0275"}


def main_tags_added(ours, theirs):
    def drop(item):
        tags = item.get("MainDicomTags", {})
        return {**item, "MainDicomTags": {key: value for key, value in tags.items() if key not in ADDED_MAIN_TAGS}}

    return dataclasses.replace(ours, body=edit(ours.body, drop)), theirs


def yen_to_backslash(value):
    if isinstance(value, dict):
        return {key: yen_to_backslash(member) for key, member in value.items()}
    if isinstance(value, list):
        return [yen_to_backslash(item) for item in value]
    return value.replace("\u00a5", "\\") if isinstance(value, str) else value


def backslash_is_separator(ours, theirs):
    return ours, dataclasses.replace(theirs, body=yen_to_backslash(theirs.body))


def other_child(ours, theirs):
    """The same kind of answer, of another instance of the same patient."""
    if ours.status == theirs.status == 200 and set(map(type, (ours.body, theirs.body))) == {dict}:
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def without_texts(value):
    if isinstance(value, dict):
        return {key: without_texts(member) for key, member in value.items()}
    if isinstance(value, list):
        return [without_texts(item) for item in value]
    return "" if isinstance(value, str) else value


def other_texts(ours, theirs):
    """The same answer, in which texts are decoded otherwise."""
    if ours.status == theirs.status == 200 and without_texts(ours.body) == without_texts(theirs.body):
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def frame_by_frame(ours, theirs):
    """Native pixel data of several frames: 1.10.1 has them as one piece."""
    if theirs.body == ["0"] and isinstance(ours.body, list):
        return ours, dataclasses.replace(theirs, body=ours.body)
    if theirs.status == 404 and ours.status == 200:
        return ours, ours
    return one_frame_only(ours, theirs)


def as_in_the_file(ours, theirs):
    """Big-endian values: 1.10.1 gives them as its processor holds them."""
    if not isinstance(ours.body, bytes) or not isinstance(theirs.body, bytes) or len(ours.body) % 2:
        return ours, theirs
    swapped = bytes(ours.body[i ^ 1] for i in range(len(ours.body)))
    if theirs.body in (ours.body[::-1], swapped):
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def padding_is_kept(ours, theirs):
    if isinstance(ours.body, bytes) and isinstance(theirs.body, bytes) and ours.body.rstrip() == theirs.body.rstrip():
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def one_frame_only(ours, theirs):
    if isinstance(ours.body, bytes) and isinstance(theirs.body, bytes) and theirs.body.startswith(ours.body):
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def refused_nul(ours, theirs):
    return (theirs, theirs) if ours.status == 400 and theirs.status == 200 else (ours, theirs)


def no_internal_error(ours, theirs):
    if theirs.status == 500 and theirs.body.get("OrthancStatus") == -1 and ours.status == 404:
        return ours, ours
    return ours, theirs


def error_without_etag(ours, theirs):
    return (ours, dataclasses.replace(theirs, headers=())) if theirs.status == 400 else (ours, theirs)


def without_first(ours, theirs):
    if isinstance(ours.body, dict) and isinstance(theirs.body, dict) and "First" not in theirs.body:
        body = {key: value for key, value in ours.body.items() if key != "First"}
        return dataclasses.replace(ours, body=body), theirs
    return ours, theirs


def negative_limit(ours, theirs):
    return (ours, ours) if theirs.body["Done"] and not theirs.body[list(theirs.body)[0]] else (ours, theirs)


def other_zlib_level(ours, theirs):
    """The same content, compressed by another level: other bytes, size and MD5. 1.10.1 keeps nothing of nothing."""

    def content(body):
        return body[:8] + zlib.decompress(body[8:]) if body else bytes(8)

    if isinstance(ours.body, dict):
        sizes = {key: ours.body[key] for key in ("CompressedSize", "CompressedMD5")}
        return ours, dataclasses.replace(theirs, body={**theirs.body, **sizes})
    pair = (ours.body, theirs.body)
    is_number = all(re.fullmatch(rb"\d+|[0-9a-f]{32}", body) for body in pair)
    if is_number or content(ours.body) == content(theirs.body):
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def asked_file_name(ours, theirs):
    if "uuid" in str(theirs.headers) and not "uuid" in str(ours.headers):
        return ours, dataclasses.replace(theirs, headers=ours.headers)
    return ours, theirs


def without_uuid(ours, theirs):
    if isinstance(theirs.body, list) and theirs.body[-1:] == ["uuid"]:
        return ours, dataclasses.replace(theirs, body=theirs.body[:-1])
    return ours, theirs


def unknown_is_404(ours, theirs):
    return (ours, ours) if ours.status == 404 and theirs.status == 200 else (ours, theirs)


def metadata_added(ours, theirs):
    """The same, inside of descriptions."""

    def drop(item):
        added = ("MainDicomTagsSignature", "MainDicomSequences", "PixelDataVR")
        metadata = {name: value for name, value in item.get("Metadata", {}).items() if name not in added}
        return {**item, "Metadata": metadata} if "Metadata" in item else item

    return dataclasses.replace(ours, body=edit(ours.body, drop)), theirs


def order_is_open(ours, theirs):
    """Lists of ids: the same ones, in another order."""
    if isinstance(ours.body, list) and isinstance(theirs.body, list) and ours.body != theirs.body:
        if all(isinstance(item, str) for item in ours.body + theirs.body) and sorted(ours.body) == sorted(theirs.body):
            return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def other_page(ours, theirs):
    """As many ids: a page of another order."""
    if isinstance(ours.body, list) and isinstance(theirs.body, list) and len(ours.body) == len(theirs.body):
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def finds_more(ours, theirs):
    if isinstance(ours.body, list) and isinstance(theirs.body, list) and set(theirs.body) < set(ours.body):
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def old_name(ours, theirs):
    if ours.status == 200 and theirs.status == 500 and theirs.body.get("OrthancStatus") == 27:
        return ours, ours
    return ours, theirs


def unknown_tag_is_400(ours, theirs):
    if ours.status == 400 and theirs.status == 500 and ours.body["OrthancStatus"] == theirs.body["OrthancStatus"] == 27:
        return ours, ours
    return ours, theirs


def mistake_of_the_client(ours, theirs):
    """An internal error (-1) of 1.10.1 where a field of the body has a wrong type."""
    if ours.status == 400 and theirs.status == 500 and theirs.body.get("OrthancStatus") == -1:
        return ours, ours
    return ours, theirs


def large_number(ours, theirs):
    if ours.status == 200 and theirs.status == 500 and theirs.body.get("OrthancStatus") == -1:
        return ours, ours
    return ours, theirs


UID = re.compile(rb"^(1\.2\.276\.0\.7230010\.3\.1\.[234])(\.\d+){4}$")
UUID = re.compile(rb"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def identifier_form(ours, theirs):
    """Identifiers are new each time: only their form can agree."""

    def form(side):
        match = isinstance(side.body, bytes) and UID.match(side.body)
        if match:
            return dataclasses.replace(side, body=match.group(1))
        is_uuid = isinstance(side.body, bytes) and UUID.match(side.body)
        return dataclasses.replace(side, body=b"<uuid>") if is_uuid else side

    return form(ours), form(theirs)


ADDED_TOOLS = {"accepted-sop-classes", "count-resources", "labels"}
LATER_TOOLS = {"bulk-anonymize", "bulk-modify", "create-archive", "create-dicom", "create-media",
               "create-media-extended", "dicom-echo", "execute-script"}


def other_tools(ours, theirs):
    if isinstance(ours.body, list) and isinstance(theirs.body, list):
        return (dataclasses.replace(ours, body=[name for name in ours.body if name not in ADDED_TOOLS]),
                dataclasses.replace(theirs, body=[name for name in theirs.body
                                                  if name in ours.body or name not in LATER_TOOLS]))
    return ours, theirs


def more_metrics(ours, theirs):
    """All figures of 1.10.1 are there; those that count resources are equal."""
    if not (isinstance(ours.body, bytes) and isinstance(theirs.body, bytes) and ours.status == theirs.status == 200):
        return ours, theirs

    def values(side):
        return {line.split()[0]: line.split()[1] for line in side.body.splitlines()}

    mine = values(ours)
    wanted = {name.replace(b"dicom_cache_size", b"dicom_cache_size_mb"): value for name, value in values(theirs).items()}
    counted = [name for name in wanted if name.startswith(b"orthanc_count_")]
    if not counted or not set(wanted) <= set(mine) or any(mine[name] != wanted[name] for name in counted):
        return ours, theirs
    return ours, dataclasses.replace(theirs, body=ours.body)


def refused_pattern(ours, theirs):
    is_refusal = ours.status == 400 and ours.body["OrthancStatus"] == 15
    return (ours, ours) if theirs.body == [] and (is_refusal or len(ours.body) == 42) else (ours, theirs)


def plain_uid(ours, theirs):
    return (ours, ours) if len(ours.body) == 1 and (theirs.status == 400 or len(theirs.body) == 42) else (ours, theirs)


def stripped_pattern(ours, theirs):
    return (ours, ours) if len(ours.body) == 42 and theirs.body == [] else (ours, theirs)


def own_statement(ours, theirs):
    """Each statement says what its server does; the sections of what both do have the same names."""
    if ours.status == theirs.status == 200 and isinstance(ours.body, bytes):
        titles = (b"Echo SCP Conformance", b"Store SCP Conformance", b"Find SCP Conformance", b"Transfer Syntaxes")
        if all(title in ours.body and title in theirs.body for title in titles):
            return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def bytes_after_the_end(ours, theirs):
    """The last chunk of a PNG file, twice."""
    if isinstance(theirs.body, bytes) and theirs.body == ours.body + b"\0\0\0\0IEND\xaeB`\x82":
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def unpacked(side):
    """The array in an .npz archive."""
    if isinstance(side.body, bytes) and side.body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(side.body)) as archive:
            assert archive.namelist() == ["arr_0"]
            return dataclasses.replace(side, body=archive.read("arr_0"))
    return side


def archives(ours, theirs):
    return (unpacked(ours), unpacked(theirs)) if ours.body != theirs.body else (ours, theirs)


def fractions_are_kept(ours, theirs):
    """Arrays of floats, of which Orthanc's is rounded down."""
    if ours.status != 200 or theirs.status != 200 or ours.body == theirs.body:
        return ours, theirs
    start = ours.body.index(b"\n") + 1
    if b"'<f4'" in ours.body[:start] and ours.body[:start] == theirs.body[:start]:
        values = array.array("f", ours.body[start:])
        floors = array.array("f", [math.floor(value) for value in values]).tobytes()
        return dataclasses.replace(ours, body=ours.body[:start] + floors), theirs
    return ours, theirs


def shows_more(ours, theirs):
    """Hilum has a picture or an array, Orthanc does not decode."""
    if ours.status == 200 and (theirs.status == 415 or theirs.status == 500 and theirs.body["OrthancStatus"] == 2):
        return ours, ours
    return ours, theirs


def serves_what_is_there(ours, theirs):
    if ours.status == 200 and (theirs.status == 415 or theirs.status == 400 and theirs.body["OrthancStatus"] == 15):
        return ours, ours
    return ours, theirs


def one_bit(ours, theirs):
    ours, theirs = shows_more(ours, theirs)
    return serves_what_is_there(ours, theirs)


def bad_file_is_400(ours, theirs):
    if ours.status == 400 and theirs.status == 500 and ours.body["OrthancStatus"] == 15:
        if theirs.body["OrthancStatus"] in (2, 6, 23):
            return ours, ours
    return ours, theirs


def other_pixels(ours, theirs):
    if ours.status == theirs.status == 200 and ours.content_type == theirs.content_type:
        return ours, dataclasses.replace(theirs, body=ours.body)
    return ours, theirs


def sides_in_order(ours, theirs):
    """Matlab text of colour: Orthanc prints 3, height, width."""
    if isinstance(ours.body, bytes) and isinstance(theirs.body, bytes):
        start, _, end = ours.body.rpartition(b"], [ 3 ")
        turned = start + b"], [ 3 " + re.sub(rb"^(\d+) (\d+) ", rb"\2 \1 ", end)
        return dataclasses.replace(ours, body=turned), theirs
    return ours, theirs


def temporary_redirect(ours, theirs):
    return (ours, dataclasses.replace(theirs, status=307)) if (ours.status, theirs.status) == (307, 301) else (ours, theirs)


def refused_as_text(ours, theirs):
    return (ours, ours) if ours.status == 404 and theirs.status == 200 else (ours, theirs)


def missing_from_archive(ours, theirs):
    """An unknown resource: 404 on both sides, by the code of 1.12."""
    if ours.status == theirs.status == 404 and theirs.body["OrthancStatus"] == 17:
        return dataclasses.replace(ours, body={**ours.body, "OrthancStatus": 17}), theirs
    return ours, theirs


def level_is_checked(ours, theirs):
    return (ours, ours) if (ours.status, theirs.status) == (404, 200) else (ours, theirs)


def file_is_named(ours, theirs):
    if ours.status == theirs.status == 200 and ours.headers in (('filename="a b.zip"',), ('filename="a.zip"',)):
        return dataclasses.replace(ours, headers=theirs.headers), theirs
    return ours, theirs


def get_since_1_12(ours, theirs):
    """405 of 1.10.1 on a GET without arguments, and the methods that are allowed."""
    if (ours.status, theirs.status) == (400, 405):
        return ours, ours
    return dataclasses.replace(ours, headers=theirs.headers) if ours.headers == ("Allow: GET,POST",) else ours, theirs


def media_by_number(ours, theirs):
    """The same files and records, images of a series in another order, and with it under other names."""

    def sort(side):
        files = sorted(str(content) for name, content in side.body if name != "DICOMDIR")
        records = sorted(str({key: value for key, value in record.items() if key != "ReferencedFileID"})
                         for record in dict(map(tuple, side.body))["DICOMDIR"]["Records"])
        return dataclasses.replace(side, body=[files, records])

    if ours.status != 200 or theirs.status != 200 or ours.body == theirs.body:
        return ours, theirs
    return sort(ours), sort(theirs)


def job_says_utf8(ours, theirs):
    content = dict(ours.body["Content"])
    content.pop("Utf8", None)
    return dataclasses.replace(ours, body={**ours.body, "Content": content}), theirs


def rle_is_written(ours, theirs):
    written = ours.status == theirs.status == 200 and "1.2.840.10008.1.2.5" in str(ours.body)
    return (ours, ours) if written else (ours, theirs)


def own_patient_tags(ours, theirs):
    """The same, in a folder of another name."""

    def rename(side):
        return dataclasses.replace(side, body=[[name.partition("/")[2], content] for name, content in side.body])

    if ours.status != 200 or ours.body == theirs.body:
        return ours, theirs
    return rename(ours), rename(theirs)


NAMES_OF_1_12 = {"SAME2 Doe John Dr/abcd e/CT serie.s_1 x/CT000000.dcm": "SAME2 Doe^John^^Dr/a b c d e/CT ser-ie.s_1 (x)/CT000000.dcm",
                 "CARETS/T2WFEEPI/CT A1.2_3/CT000000.dcm": "CARETS/T2W FE-EPI/CT A-1.2_3/CT000000.dcm"}


def names_of_1_12(ours, theirs):
    return ours, dataclasses.replace(theirs, body=[[NAMES_OF_1_12.get(name, name), content]
                                                   for name, content in theirs.body])


def retired_lengths_are_dropped(ours, theirs):
    """Group lengths (retired) that a file had."""

    def drop(body):
        if isinstance(body, list):
            return [drop(item) for item in body]
        return {name: value for name, value in body.items() if not re.search(r"\d,0000$|[a-f],0000$", name)} if isinstance(body, dict) else body

    return ours, dataclasses.replace(theirs, body=drop(theirs.body))


def files_as_ours(ours, theirs):
    """The files are what Hilum makes, if there are as many."""
    if ours.status != 200 or theirs.status != 200 or len(ours.body) != len(theirs.body):
        return ours, theirs
    return ours, dataclasses.replace(theirs, body=ours.body)


def tags_as_ours(*tags):
    """These tags of a file are what Hilum says, or absent."""

    def adapt(ours, theirs):
        def take(our, their):
            if isinstance(our, list) and isinstance(their, list) and len(our) == len(their):
                return [take(*pair) for pair in zip(our, their)]
            if not isinstance(our, dict) or not isinstance(their, dict):
                return their
            result = {name: value for name, value in their.items() if name not in tags}
            return {**result, **{name: our[name] for name in tags if name in our}}

        if ours.status != 200 or theirs.status != 200:
            return ours, theirs
        return ours, dataclasses.replace(theirs, body=take(ours.body, theirs.body))

    return adapt


def renumbered(ours, theirs):
    """A new identifier more shifts the numbers of the others: they are compared by their places only."""

    def plain(body):
        if isinstance(body, dict):
            return {name: plain(value) for name, value in body.items()}
        if isinstance(body, list):
            return [plain(value) for value in body]
        return re.sub(r"<new \d+>", "<new>", body) if isinstance(body, str) else body

    return dataclasses.replace(ours, body=plain(ours.body)), dataclasses.replace(theirs, body=plain(theirs.body))


def patient_id_is_new(ours, theirs):
    return renumbered(*tags_as_ours("0010,0020")(ours, theirs))


def sources_are_named(ours, theirs):
    """1.11.3 and 1.12.11 name the sources in the content of the job."""
    if not isinstance(ours.body, dict) or ours.status != 200 or "ParentResources" not in ours.body:
        return ours, theirs
    added = ("ParentResources",) if "Resources" in theirs.body else ("ParentResources", "Resources")
    numbers = {}

    def number(text):
        return re.sub(r"<id \d+>", lambda match: numbers.setdefault(match.group(0), f"<id {len(numbers)}>"), text)

    body = {name: value for name, value in ours.body.items() if name not in added}
    body = json.loads(number(json.dumps(body, sort_keys=True)))
    numbers.clear()
    return dataclasses.replace(ours, body=body), dataclasses.replace(theirs, body=json.loads(number(json.dumps(theirs.body, sort_keys=True))))


def client_error_is_400(ours, theirs):
    """The same code, with the status of a mistake of the client."""
    return (theirs, theirs) if theirs.status == 500 and ours.status in (400, 404) else (ours, theirs)


def works_here(ours, theirs):
    return (theirs, theirs) if ours.status == 200 and theirs.status in (400, 500) else (ours, theirs)


def refused_here(ours, theirs):
    return (theirs, theirs) if ours.status == 400 and theirs.status == 200 else (ours, theirs)


def same_kind_of_file(ours, theirs):
    """Two files that are not compared further."""
    return (theirs, theirs) if ours.status == theirs.status == 200 else (ours, theirs)


def deleted_since_1_12(ours, theirs):
    """Jobs and outputs can be deleted: 1.10.1 has no such method."""
    if theirs.status != 405:
        return ours, theirs
    if ours.status == 405:
        return dataclasses.replace(ours, headers=tuple(header.replace(",DELETE", "") for header in ours.headers)), theirs
    return (ours, ours) if ours.status == 404 else (ours, theirs)


def changes_have_routes(ours, theirs):
    """/jobs/{id}/pause is not taken for an output of that name."""
    return (ours, ours) if ours.headers == ("Allow: POST",) and theirs.status in (404, 405) else (ours, theirs)


def newer_content(ours, theirs):
    """The content of jobs with what came after 1.10.1."""
    added = ("ParentResources", "Resources", "Utf8")
    if not isinstance(ours.body, dict) or "Content" not in ours.body:
        return ours, theirs
    content = {key: value for key, value in ours.body["Content"].items() if key not in added}
    return dataclasses.replace(ours, body={**ours.body, "Content": content}), theirs


def peer_is_no_json(ours, theirs):
    """A body that is no definition: 1.10.1 says that there is no such route."""
    return (theirs, theirs) if ours.status == 400 and theirs.status == 404 else (ours, theirs)


def peer_status(ours, theirs):
    """Any status but a success of the peer is 500/2005 here; 1.10.1 answers with the same status where it knows it."""
    is_so = ours.status == 500 and isinstance(ours.body, dict) and ours.body["OrthancStatus"] == 2005 and (theirs.status >= 400 or theirs.status == 200)
    return (theirs, theirs) if is_so else (ours, theirs)


def peer_is_no_server(ours, theirs):
    """An answer that is no JSON says nothing of the peer."""
    is_so = ours.status == 500 and isinstance(ours.body, dict) and ours.body["OrthancStatus"] == 9 and isinstance(theirs.body, bytes) and b"<no JSON>" in theirs.body
    return (theirs, theirs) if is_so else (ours, theirs)


def peer_user_alone(ours, theirs):
    """A user without a password is shown to the peer, too."""
    return (theirs, theirs) if [row[2] for row in ours.body] == ["Basic dTo="] and theirs.body[0][2] is None else (ours, theirs)


def peer_job(ours, theirs):
    """The sources are named, and no value of a header."""
    if ours.status != 200 or not isinstance(ours.body, dict) or "Peer" not in ours.body:
        return ours, theirs
    body, other = dict(ours.body), dict(theirs.body)
    body.pop("Resources", None)
    if isinstance(other["Peer"], dict):
        other["Peer"] = {**other["Peer"], "HttpHeaders": sorted(other["Peer"]["HttpHeaders"])}
        other["Peer"].pop("CertificateKeyFile", None)
    return dataclasses.replace(ours, body=body), dataclasses.replace(theirs, body=other)


def peer_size(ours, theirs):
    """The size of a gzip stream depends on who has made it."""
    if ours.status != 200 or not isinstance(ours.body, dict) or not ours.body.get("Compress"):
        return ours, theirs
    return tuple(dataclasses.replace(side, body={**side.body, "Size": "<size>", "SizeMB": 0}) for side in (ours, theirs))


def peer_failures(ours, theirs):
    """1.10.1 forgets to count."""
    if ours.status == theirs.status == 200 and ours.body.get("FailedInstancesCount") == 1:
        other = {**theirs.body, "FailedInstancesCount": 1, "Size": "0", "SizeMB": 0}
        return ours, dataclasses.replace(theirs, body=other)
    return ours, theirs


def peer_url_without_password(ours, theirs):
    text = json.dumps(theirs.body).replace("http://a:b@h/", "http://h/") if isinstance(theirs.body, (dict, list)) else None
    return (ours, dataclasses.replace(theirs, body=json.loads(text))) if text and theirs.status == 200 else (ours, theirs)


def peer_once(ours, theirs):
    """An instance that is named twice is sent once."""
    return (theirs, theirs) if ours.status == theirs.status == 200 else (ours, theirs)


def without_refused_peers(ours, theirs):
    """Lists of peers without those that only 1.10.1 has taken."""
    refused = ("d5", "d6", "d27")
    if isinstance(theirs.body, list):
        return ours, dataclasses.replace(theirs, body=[name for name in theirs.body if name not in refused])
    if isinstance(theirs.body, dict) and theirs.status == 200:
        body = {name: value for name, value in theirs.body.items() if name not in refused}
        return ours, dataclasses.replace(theirs, body=body)
    return ours, theirs


def refused_peer(ours, theirs):
    """Not there, for it was refused."""
    return (theirs, theirs) if ours.status in (400, 404) and theirs.status == 200 else (ours, theirs)


def mistake_of_the_client(ours, theirs):
    """1.10.1 answers some with 500, others with another code of the 4xx."""
    if ours.status == 400 and theirs.status == 500 and isinstance(ours.body, dict) and isinstance(theirs.body, dict):
        same = {key: ours.body[key] for key in ("HttpError", "HttpStatus", "OrthancStatus")}
        return ours, dataclasses.replace(theirs, status=400, body={**theirs.body, **same})
    return ours, theirs


def definition_is_of_1_12(ours, theirs):
    """RetrieveMethod and PermissiveStoreSopClasses."""
    def drop(value):
        if not isinstance(value, dict):
            return value
        return {key: drop(member) for key, member in value.items()
                if key not in ("PermissiveStoreSopClasses", "RetrieveMethod")}

    return dataclasses.replace(ours, body=drop(ours.body)), theirs


def get_is_a_route(ours, theirs):
    if isinstance(ours.body, list):
        return dataclasses.replace(ours, body=[name for name in ours.body if name != "get"]), theirs
    return ours, theirs


def is_refused(ours, theirs):
    """Hilum refuses what 1.10.1 takes."""
    return (theirs, theirs) if ours.status == 400 and theirs.status == 200 else (ours, theirs)


def body_of_another(ours, theirs):
    return (ours, dataclasses.replace(theirs, body=ours.body)) if ours.status == theirs.status else (ours, theirs)


def whole_port_is_taken(ours, theirs):
    return (theirs, theirs) if ours.status == 200 and theirs.status == 400 else (ours, theirs)


def long_names(ours, theirs):
    return (theirs, theirs) if ours.status in (400, 404) and theirs.status == 200 else (ours, theirs)


def unknown_modality_first(ours, theirs):
    return (theirs, theirs) if ours.status == 404 and theirs.status == 400 else (ours, theirs)


def find_with_other_values(ours, theirs):
    """Hilum says what is wrong with them; 1.10.1 takes numbers and null as texts, or answers a plain 400."""
    if ours.status == 400 and (theirs.status == 200 or theirs.body == b""):
        return theirs, theirs
    return ours, theirs


def without_media_storage(value):
    """1.10.1 adds a tag of group 0002 to what the peer has answered."""
    if isinstance(value, list):
        return [without_media_storage(one) for one in value]
    if isinstance(value, dict):
        return {key: without_media_storage(member) for key, member in value.items()
                if key not in ("MediaStorageSOPInstanceUID", "0002,0003")}
    return value


def no_media_storage(ours, theirs):
    return ours, dataclasses.replace(theirs, body=without_media_storage(theirs.body))


def without_members(*names):
    def adapt(ours, theirs):
        if ours.status == theirs.status == 200 and isinstance(ours.body, dict):
            return dataclasses.replace(ours, body={key: value for key, value in ours.body.items() if key not in names}), theirs
        return ours, theirs

    return adapt


def move_is_a_job(ours, theirs):
    if theirs.body == {} and isinstance(ours.body, dict) and {"Details", "Query", "TargetAet"} <= set(ours.body):
        return theirs, theirs
    return ours, theirs


def counts_named_twice(ours, theirs):
    if isinstance(ours.body, dict) and ours.body.get("InstancesCount") == 4 and theirs.body.get("InstancesCount") == 5:
        return ours, dataclasses.replace(theirs, body={**theirs.body, "InstancesCount": 4})
    return ours, theirs


def failures_are_counted(ours, theirs):
    if isinstance(ours.body, dict) and ours.body.get("FailedInstancesCount") == 1:
        return dataclasses.replace(ours, body={**ours.body, "FailedInstancesCount": 0}), theirs
    return ours, theirs


def exports_of_bad_requests(ours, theirs):
    """1.10.1 also lists what it has not tried to send because of a mistake in the request."""
    if isinstance(ours.body, dict) and isinstance(theirs.body, dict):
        def kinds(side):
            return {(one["ID"], one["RemoteModality"]) for one in side.body["Exports"]}

        if kinds(ours) == kinds(theirs) and len(ours.body["Exports"]) < len(theirs.body["Exports"]):
            return theirs, theirs
    return ours, theirs


def query_studies_is_its_name(ours, theirs):
    if isinstance(theirs.body, list) and "query-study" in theirs.body:
        return ours, dataclasses.replace(theirs, body=sorted("query-studies" if name == "query-study" else name
                                                             for name in theirs.body))
    return ours, theirs


def instance_is_named(ours, theirs):
    """1.10.1 leaves the instance out of what it says to have fetched."""
    names = ("0008,0018", "SOPInstanceUID")

    def named(body):
        return any(name in query for query in body.get("Query", []) for name in names)

    if ours.status == theirs.status == 200 and named(ours.body) and not named(theirs.body):
        queries = [{key: value for key, value in query.items() if key not in names} for query in ours.body["Query"]]
        return dataclasses.replace(ours, body={**ours.body, "Query": queries}), theirs
    return ours, theirs


def title_as_json(ours, theirs):
    """A title that is a JSON text, or looks like a number, crashes the request in 1.10.1."""
    if isinstance(theirs.body, dict) and theirs.body.get("OrthancStatus") == -1:
        return theirs, theirs
    return ours, theirs


DIFFERENCES = {
    "modalities": [
        Difference("mistakes of the client are 4xx", r"^(PUT|POST) /modalities/", mistake_of_the_client),
        Difference("definitions have the members of 1.12", r"^GET /modalities(/one/configuration|\?)", definition_is_of_1_12),
        Difference("get came with 1.12", r"^GET /modalities/[^/]+$", get_is_a_route),
        Difference("a modality has a host", r'^(PUT|GET) /modalities/one.*"Host": ""', is_refused),
        Difference("so it stays what it was", r'^GET /modalities/one/configuration.*"Host": (""|5|null)', body_of_another),
        Difference("a port may be a whole number", r'^PUT /modalities/one .*"Port": 1.0', whole_port_is_taken),
        Difference("and is then what it says", r'^GET /modalities/one/configuration.*"Port": (1.0|null|true|\[\])', body_of_another),
        Difference("names have at most 64 characters", r"^(PUT|GET|DELETE) /modalities/x{100}", long_names),
        Difference("the modality is looked up first", r"^POST /modalities/nope/", unknown_modality_first),
        Difference("values of queries are texts", r"/modalities/peer/find.*(: 5|null|Nope)", find_with_other_values),
        Difference("answers are as the peer has sent them", r"/modalities/peer/find", no_media_storage),
        Difference("bad bodies have one code", r"/find-worklist \(b'(null|\{\"Query\":5)", body_of_another),
        Difference("a store lists what was named with its type (1.12)", r"^POST /modalities/[a-z]+/store ", without_members("Resources")),
        Difference("an instance that is named twice is sent once", r"^POST /modalities/peer/store ", counts_named_twice),
        Difference("failures of a permissive store count", r"^POST /modalities/down/store .*Permissive", failures_are_counted),
        Difference("only what is sent is exported", r"^GET /exports", exports_of_bad_requests),
        Difference("a move is a job with content (1.11.1)", r"^POST /modalities/peer/move", move_is_a_job),
    ],
    "queries": [
        Difference("a route is listed by its name", r"^GET /queries/\{id\}/answers/\{0\}", query_studies_is_its_name),
        Difference("mistakes of the client are 4xx", r"^POST /queries/", mistake_of_the_client),
        Difference("answers are as the peer has sent them", r"^GET /queries/\{id\}/answers", no_media_storage),
        Difference("a fetch says where to and what has come (1.12.10)", r"^POST /queries/.*/retrieve",
                   without_members("Details", "TargetAet")),
        Difference("a fetch of an instance names it", r"^POST /queries/.*/retrieve", instance_is_named),
        Difference("a title may be a JSON text", r"^POST /queries/.*/retrieve \(b'(\"COMPAT|5)", title_as_json),
    ],
    "archives": [
        Difference("jobs say whether names have letters outside of ASCII, as since 1.12.11", r", job\)$", job_says_utf8),
        Difference("RLE is written", r"\?transcode=1\.2\.840\.10008\.1\.2\.5$", rle_is_written),
        Difference("an unknown resource has the code that it has since 1.12.0", r"/(archive|media)( |$)", missing_from_archive),
        Difference("the level of the id is checked, as since 1.12.0", r"\(a series at another level\)$", level_is_checked),
        Difference("the name of the file comes from the request, as since 1.11.0 and 1.12.7", r"[fF]ilename", file_is_named),
        Difference("GET of lists came with 1.12.2", r"^[A-Z]+ /tools/create-", get_since_1_12),
        Difference("images come by their numbers in the series, as since 1.12.6", r"(/media|create-media(-extended)?)( \((all|many).*|$)",
                   media_by_number),
        Difference("names are cleaned by the rules of 1.12.11", r"\(names\)$", names_of_1_12),
        Difference("patients' folders are called by the tags of the study, as since 1.12.2",
                   r"^GET /(studies|series)/.*/archive( \(names\))?$", own_patient_tags),
    ],
    "jobs": [
        Difference("jobs and outputs can be deleted, as since 1.12", r"^(DELETE|PUT|POST) /jobs/[^/]+(/archive)?$",
                   deleted_since_1_12),
        Difference("changes of state have routes of their own", r"^(GET|DELETE) /jobs/[^/]+/(pause|cancel|resume|resubmit)$",
                   changes_have_routes),
        Difference("contents say what came after 1.10.1", r"^GET /jobs/\{id\} \(", newer_content),
    ],
    "tools": [
        Difference("identifiers are new each time", r"^GET /tools/generate-uid", identifier_form),
        Difference("what 1.12 added, and families that are still to come", r"^GET /tools/?( |$)", other_tools),
        Difference("more figures, in histograms, too", r"^GET /tools/metrics-prometheus", more_metrics),
        Difference("the conformance statement is each server's own", r"^GET /tools/dicom-conformance", own_statement),
        Difference("Labels and IsProtected are in every description since 1.12", DETAILS,
                   without("Labels", "IsProtected")),
        Difference("main DICOM tags that 1.12.5 added", DETAILS, main_tags_added),
        Difference("a broken JSON list is refused; 1.10.1 takes it for a pattern that matches nothing, and from then "
                   "on accepts nothing", r"^(PUT|GET) /tools/accepted-transfer-syntaxes \((after )?b'\[(\"a\")?'\)",
                   refused_pattern),
        Difference("a plain UID is taken, as documented; 1.10.1 takes it for a number",
                   r"^(PUT|GET) /tools/accepted-transfer-syntaxes \((after )?b'1\.2\.840", plain_uid),
        Difference("spaces around a pattern do not count",
                   r"^(PUT|GET) /tools/accepted-transfer-syntaxes \((after )?b' \* '", stripped_pattern),
    ],
    "find": [
        Difference("matches come in the order of their arrival; 1.10.1 has the order of its database",
                   r"^POST /tools/find", order_is_open),
        Difference("so pages hold other resources", r'^POST /tools/find .*"(Limit|Since)": [1-9]', other_page),
        Difference("Labels and IsProtected are in every description since 1.12", r"^POST /tools/(find|bulk-content)",
                   without("Labels", "IsProtected")),
        Difference("main DICOM tags that 1.12.5 added", r"^POST /tools/(find|bulk-content)", main_tags_added),
        Difference("the byte 0x5c separates values in every character set (PS3.5 section 6.1.2.3); 1.10.1 makes a yen "
                   "sign of it in ISO_IR 13", r"^POST /tools/(find|bulk-content)", backslash_is_separator),
        Difference("MainDicomTagsSignature and its like are metadata since 1.11", r"^POST /tools/bulk-content",
                   metadata_added),
        Difference("`?` stands for one character, in every alphabet", r'^POST /tools/find .*"(Patient|Operators)Name": "[^"]*\?',
                   finds_more),
        Difference("texts are compared without case in every alphabet", r'^POST /tools/find .*"InstitutionName": "[^"]*\\u',
                   finds_more),
        Difference("names in character sets that 1.10.1 does not decode",
                   r'^POST /tools/find .*"PatientName": "(J\\u00e9r|\\u015[23]u|\\u0152UV|\*vre\^|\*\\u5c71|\\u00e7avu)', finds_more),
        Difference("studies of one StudyInstanceUID that different patients have are all found by their modalities",
                   r'^POST /tools/find .*"ModalitiesInStudy"', finds_more),
        Difference("OtherPatientIDs is found by its plain name since 1.11", r'^POST /tools/find .*"OtherPatientIDs"', old_name),
        Difference("an unknown tag is a mistake of the client", r"^POST /tools/find", unknown_tag_is_400),
        Difference("a field of a wrong type is a mistake of the client", r"^POST /tools/", mistake_of_the_client),
        Difference("large numbers are numbers", r'^POST /tools/find .*"(Limit|Since)": ', large_number),
    ],
    "changes": [
        Difference("revisions are stored (1.10.1 on SQLite forgets them)", r"^(GET|PUT) /[^?]+/1030", revision_is_kept),
        Difference("First came with 1.12.5", r"^GET /(changes|exports)", without_first),
        Difference("a negative limit means all, as in lists; 1.10.1 answers an empty page that it calls complete",
                   r"^GET /changes\?(since=2&)?limit=-", negative_limit),
    ],
    "attachments": [
        Difference("attachments are compressed by zlib's fastest level",
                   r"^GET /[^?]+/attachments/[^/]+/(compressed-(data|size|md5)|info) \(compressed\)$",
                   other_zlib_level),
        Difference("the argument filename came with 1.11", r"^GET /[^?]+/data\?filename=[a-z]", asked_file_name),
        Difference("1.10.1 lists a route uuid that it has not", r"^GET /[^?]+/attachments/[^/?]+ ?", without_uuid),
        Difference("revisions of attachments are stored (1.10.1 on SQLite forgets them)",
                   r"^(GET|PUT) /[^?]+/attachments/(\d{4,5}|report|paper)", revision_is_kept),
        Difference("an error carries no ETag: it says nothing about the value", r"^GET /[^?]+/attachments/1030",
                   error_without_etag),
        Difference("an attachment of an unknown resource is 404; 1.10.1 says it was stored",
                   r"^PUT /[a-z]+/0000[0-9-]+/attachments/1024$", unknown_is_404),
    ],
    "images": [
        Difference("PNG files end with their last chunk; 1.10.1 writes it twice in those of 16 bits",
                   r"/image-u?int16( |$)", bytes_after_the_end),
        Difference("ZIP archives of other writers have other bytes around the same array", r"/numpy\?.*compress", archives),
        Difference("numpy keeps the fractions of rescaled values, as 1.12 does", r"/numpy.*\(rescale|/numpy.*liver", fractions_are_kept),
        Difference("JPEG 2000 is decoded", r"\((693_J2KI|GDCMJ2K_TextGBR|J2K_pixelrep_mismatch|JPEG2000|MR_small_jp2klossless|"
                   r"SC_rgb_gdcm_KY)\.dcm\)$|\(syntax GDCM JPEG 2000 ", shows_more),
        Difference("RLE has its colours plane by plane, whatever PlanarConfiguration says (PS3.5 section 8.2.2); 1.10.1 mixes them",
                   r"\(syntax GDCM RLE rgb8\)$", other_pixels),
        Difference("colours of 16 bits are shown", r"\((SC_rgb_rle_16bit(_2frame)?\.dcm|rgb 16)\)$", shows_more),
        Difference("gray of 32 bits is shown", r"\((rtdose(_rle|_expb)?(_1frame)?\.dcm|32 bits)\)$", shows_more),
        Difference("the window of images without one spans their 32 bits; in 1.10.1 the number overflows",
                   r"/rendered.*\(rtdose_rle(_1frame)?\.dcm\)$", other_pixels),
        Difference("signed gray of 8 bits is shown", r"\(signed 8\)$", shows_more),
        Difference("less than 8 bits in a byte are shown", r"\(6 bits of 8\)$", shows_more),
        Difference("8 bits in 16 are one sample; 1.10.1 takes each byte for a pixel", r"\(8 bits of 16\)$", other_pixels),
        Difference("palettes of any length, and of several frames, are shown", r"\(palette of (200 colours|two frames)\)$",
                   shows_more),
        Difference("one-bit images of any width are shown", r"\(odd columns of one bit\)$", one_bit),
        Difference("YBR_FULL without compression is shown", r"\(YBR_FULL\)$", shows_more),
        Difference("YBR_FULL_422 without compression is shown, and its frames have their true size",
                   r"\(SC_ybr_full_422_uncompressed\.dcm\)$", shows_more),
        Difference("raw frames of YBR_FULL_422 have their true size", r"/raw.*\(SC_ybr_full_422_uncompressed\.dcm\)$",
                   serves_what_is_there),
        Difference("frames that are there are served although others are missing", r"\(more frames than data\)$",
                   serves_what_is_there),
        Difference("a file without a usable image is a bad one (400), not one that is not implemented (500)",
                   r"/(numpy|matlab|raw|raw\.gz)(\?| )", bad_file_is_400),
        Difference("Matlab's text of colours has width and height in the order that Matlab needs",
                   r"/matlab \((ExplVR_BigEnd\.dcm|rgb( planar)?|palette|image colour by .*|syntax (?!GDCM (JPEG 2000|RLE)).* rgb8)\)$", sides_in_order),
        Difference("the placeholder for unsupported images is a temporary redirect since 1.12.4: a decoder may be added",
                   r"returnUnsupportedImage", temporary_redirect),
        Difference("not-a-number is no number for a window", r"window-(center|width)=nan$", refused_as_text),
    ],
    "modification": [
        Difference("the retired group lengths are not written again", r"/(modify|anonymize) |^(FILES|CREATED)", retired_lengths_are_dropped),
        Difference("a changed profile leaves DeidentificationMethod with the name of the server alone, as 1.12.7 does",
                   r"/anonymize ", tags_as_ours("0012,0063")),
        Difference("a patient without PatientID gets a new one: the result is another patient", r"/anonymize .*(BigEnd|TextGBR)",
                   patient_id_is_new),
        Difference("1.10.1 leaves identifiers in this file", r"/anonymize .*rtdose_rle", same_kind_of_file),
        Difference("OtherPatientIDs is known by its old name, too", r"/modify .*OtherPatientIDs", works_here),
        Difference("1.10.1 leaves the meta header of another instance when SOPInstanceUID is kept in RLE", r"/modify .*rtdose_rle",
                   tags_as_ours("meta instance")),
        Difference("texts that the file's character set cannot hold turn it into UTF-8; 1.10.1 drops the characters",
                   r"/modify .*pixelrep_mismatch.*00f6rg", tags_as_ours("0008,0005", "0010,0010", "0008,1030")),
        Difference("unknown tags are a mistake of the client", r"(nope|\[\"\"\]|foo|SequenceX|Sequence\[0\])", client_error_is_400),
        Difference("Transcode counts for /instances/{id}/anonymize, as in 1.12.5", r"/anonymize .*Transcode", refused_here),
        Difference("null empties any tag but a sequence", r'/modify .*"Rows": null', works_here),
        Difference("data URIs of any type are the bytes of an encapsulated document",
                   r"(create-dicom|CREATED|/modify) .*EncapsulatedDocument", works_here),
        Difference("Data Set Trailing Padding does not survive a transcoding", r"Transcode", tags_as_ours("fffc,fffc")),
        Difference("1.10.1 leaves this file in JPEG in the middle of a run, and transcodes it when asked alone",
                   r"FILES modify JPEG-lossy.dcm studies .*Transcode", files_as_ours),
        Difference("the content of jobs names their sources, as 1.11.3 and 1.12.11 do", r"/(bulk-)?(modify|anonymize) ", sources_are_named),
        Difference("a body that is no object is a mistake of the client", r"/split \(b'\[\]'", client_error_is_400),
        Difference("a resource of another level does not belong to the study", r"/split ", client_error_is_400),
        Difference("pictures with 16 bits of colour are taken, as in 1.11.2", r"(create-dicom|CREATED) .*image/png", works_here),
        Difference("a broken JPEG is a mistake of the client", r"create-dicom .*image/jpeg", client_error_is_400),
    ],
    "peers": [
        Difference("a definition that cannot be read is a mistake of the client", r"^PUT /peers/nobody", peer_is_no_json),
        Difference("texts are texts, and names of headers tokens (RFC 9110 section 5.6.2)",
                   r"^(PUT|GET) /peers/d\d+.* \(.*(\[1\]|\[\".*\", 5, |X y)", refused_peer),
        Difference("what was refused is not listed", r"^GET /peers(\?expand)? \(many\)", without_refused_peers),
        Difference("a password in a URL is not shown", r"^GET /peers", peer_url_without_password),
        Difference("the status of another server is no status of this one; redirects are not followed",
                   r"^GET /peers/s\d+/system", peer_status),
        Difference("an answer that is no JSON says nothing of the peer", r"^GET /peers/s\d+/system", peer_is_no_server),
        Difference("the content of jobs names the sources, as 1.12.11 does, and headers without their values", r"^POST .*/store", peer_job),
        Difference("another zlib level", r"^POST .*/store", peer_size),
        Difference("failures are counted, as in 1.11.3, and what has not arrived has no size", r"^POST .*/store \(Permissive\)", peer_failures),
        Difference("an instance that is named twice is sent once", r"/store \(\[\"[^,]*,", peer_once),
        Difference("a user without a password is shown to the peer, too", r"^sent by POST /peers/d\d+/store", peer_user_alone),
    ],
    "resources": [
        Difference("Labels and IsProtected are in every description since 1.12", DETAILS,
                   without("Labels", "IsProtected")),
        Difference("main DICOM tags that 1.12.5 added", DETAILS, main_tags_added),
        Difference("MainDicomTagsSignature and its like are metadata since 1.11", r"^GET /[^?]+/metadata(\?|$)",
                   metadata_signature),
        Difference("revisions of metadata are stored (1.10.1 on SQLite forgets them)",
                   r"^(GET|PUT) /[^?]+/metadata/(\d{4,5}|color)", revision_is_kept),
        Difference("an error carries no ETag: it says nothing about the value", r"^GET /[^?]+/metadata/1030 ",
                   error_without_etag),
        Difference("the byte 0x5c separates values in every character set (PS3.5 section 6.1.2.3); 1.10.1 makes a yen "
                   "sign of it in ISO_IR 13", r"^GET ", backslash_is_separator),
        Difference("which instance speaks for a patient with several isn't fixed; Hilum takes the oldest",
                   r"^GET /patients/da39a3ee-5e6b4b0d-3255bfef-95601890-afd80709/module", other_child),
        Difference("/content gives the bytes as they lie in the file, big-endian ones, too",
                   r"^GET /instances/(07ba157e-[0-9a-f-]+/content/[0-9a-f]{4}-[0-9a-f]{4}$|.*\(syntax big endian )",
                   as_in_the_file),
        Difference("/content keeps padding of more than one byte",
                   r"^GET /instances/[0-9a-f-]+/content/0008-0008$", padding_is_kept),
        Difference("/content gives the bytes of the frame, not what follows it in the pixel data",
                   r"^GET /instances/(36edb7e3|39fa6d31)-[0-9a-f-]+/content/7fe0-0010/0$", one_frame_only),
        Difference("/content has native pixel data frame by frame; 1.10.1 has them as one piece",
                   r"/content/(PixelData|7fe0-0010/[01]) \((image .*|syntax (implicit|big endian|deflated) frames8)\)$",
                   frame_by_frame),
        Difference("ISO_IR 203 (Latin-9) came into the standard later", r"\(charset ISO(_| 2022 )IR 203\)$", other_texts),
        Difference("code extensions between any character sets are followed (PS3.5 section 6.1.2.5); 1.10.1 knows one "
                   "multi-byte set", r"\(charset (japanese 13 87|latin greek cyrillic|ascii greek)\)$", other_texts),
        Difference("a character set that is unknown is taken for the default one; 1.10.1 drops all but ASCII",
                   r"\(charset (unknown|hyphen)\)$", other_texts),
        Difference("of what is no UTF-8, the bytes that are wrong are dropped, and not good ones behind them",
                   r"\(charset (utf8 with others|bytes that are no UTF-8)\)$", other_texts),
        Difference("control characters of texts are kept in every character set", r"\(charset (ascii|unfinished escape)\)$",
                   other_texts),
        Difference("an item of a sequence may have a character set of its own (PS3.3 section C.12.1.1.2)",
                   r"\(charset of an item\)$", other_texts),
        Difference("a NUL byte in a path is refused with 400; 1.10.1 ends the path there", r"^GET /[a-z]+/%00$",
                   refused_nul),
        Difference("an id that isn't an instance's is 404, not an internal error",
                   r"^GET /instances/[0-9a-f-]+/(header|content)(/|$)", no_internal_error),
    ],
}
