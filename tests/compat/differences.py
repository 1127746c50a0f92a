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



DIFFERENCES = {
    "resources": [
        Difference("Labels and IsProtected are in every description since 1.12", DETAILS,
                   without("Labels", "IsProtected")),
        Difference("MainDicomTagsSignature and its like are metadata since 1.11", r"^GET /[^?]+/metadata(\?|$)",
                   metadata_signature),
        Difference("revisions of metadata are stored (1.10.1 on SQLite forgets them)",
                   r"^(GET|PUT) /[^?]+/metadata/(1\d\d\d|color)", revision_is_kept),
    ],
}
