"""Where Hilum answers otherwise than Orthanc 1.10.1 on purpose: one table per family, each row with its reason."""

import dataclasses

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
    if len(ours.headers) == len(theirs.headers) == 1:
        _, _, our_md5 = ours.headers[0].partition("-")
        _, _, their_md5 = theirs.headers[0].partition("-")
        if our_md5 == their_md5:
            return ours, dataclasses.replace(theirs, headers=ours.headers)
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


def as_in_the_file(ours, theirs):
    """Big-endian values: 1.10.1 gives them as its processor holds them."""
    if isinstance(ours.body, bytes) and isinstance(theirs.body, bytes) and theirs.body == ours.body[::-1]:
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


DIFFERENCES = {
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
                   r"^GET /instances/07ba157e-[0-9a-f-]+/content/[0-9a-f]{4}-[0-9a-f]{4}$", as_in_the_file),
        Difference("/content keeps padding of more than one byte",
                   r"^GET /instances/[0-9a-f-]+/content/0008-0008$", padding_is_kept),
        Difference("/content gives the bytes of the frame, not what follows it in the pixel data",
                   r"^GET /instances/(36edb7e3|39fa6d31)-[0-9a-f-]+/content/7fe0-0010/0$", one_frame_only),
        Difference("a NUL byte in a path is refused with 400; 1.10.1 ends the path there", r"^GET /[a-z]+/%00$",
                   refused_nul),
        Difference("an id that isn't an instance's is 404, not an internal error",
                   r"^GET /instances/[0-9a-f-]+/(header|content)(/|$)", no_internal_error),
    ],
}
