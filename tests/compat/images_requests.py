"""Requests of the family /instances/{id}/frames, preview, rendered, image-*, matlab, numpy, raw, pdf, /series/{id}/ordered-slices.

Hilum runs with libpng's own compression, so that PNG files are equal byte by byte.
"""

import io
import os
import struct

import pydicom

import orthanc_server  # noqa: F401  puts tests/integration into the path
from generate import generated_files
from images_case import FILES, image, make_pdf, read  # of tests/integration
from resources_case import make_dicom

OPTIONS = {"PngCompressionLevel": 6}

UNKNOWN = "00000000-11111111-22222222-33333333-44444444"
PICTURES = ("preview", "rendered", "image-uint8", "image-uint16", "image-int16")
PNG, JPEG, PAM = "image/png", "image/jpeg", "image/x-portable-arbitrarymap"


def send(both):
    for number, name in enumerate(sorted(os.listdir(FILES))):
        if name.endswith(".dcm"):
            everything(both, upload(both, renamed(read(name), number), name), name)
    for name, body in made_images().items():
        everything(both, upload(both, body, name), name)
    for name, body in generated_files("image", "syntax").items():
        generated(both, upload(both, body, name), name)
    series(both)
    pdf(both)
    first = upload(both, image([[0, 1, 2, 3], [4, 5, 6, 700]], instance="2.25.9000"), "for arguments")["instances"]
    two = upload(both, image([[[0, 9]], [[3, 9]]], instance="2.25.9001"), "two frames")["instances"]
    colour = upload(both, image([[[1, 2, 3], [4, 5, 6]]] * 3, bits=8, colour=True, instance="2.25.9002"), "colour")["instances"]
    negotiation(both, first)
    arguments(both, first, colour)
    frame_numbers(both, two)
    unknown(both)
    methods(both, first)


def upload(both, body, label):
    """Stores a file on both; the ids of the four levels, or None."""
    answer = both.send("POST", "/instances", body, label=label)
    if answer.status != 200:
        return None
    ids = answer.json()
    return {"series": ids["ParentSeries"], "instances": ids["ID"]}


def renamed(body, number):
    """The file with UIDs of its own, all else the same, the length of the UIDs, too."""
    dataset = pydicom.dcmread(io.BytesIO(body), force=True, stop_before_pixels=True)
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID"):
        uid = str(dataset.get(keyword, ""))
        if len(uid) > 8:
            body = body.replace(uid.encode(), (uid[:-3] + f"{number + 100:03d}").encode())
    return body


def everything(both, ids, name):
    """Every operation on the first frame and on the last."""
    if not ids:
        return
    base = f"/instances/{ids['instances']}"
    frames = both.get(f"{base}/frames", label=name)
    for operation in PICTURES + ("matlab",):
        both.get(f"{base}/{operation}", label=name)
    both.get(f"{base}/preview", {"Accept": JPEG}, label=name)
    both.get(f"{base}/rendered", {"Accept": PAM}, label=name)
    both.get(f"{base}/rendered?width=37&height=50&smooth=1", label=name)
    both.get(f"{base}/rendered?width=300", label=name)
    both.get(f"{base}/rendered?window-center=100&window-width=1000", label=name)
    for options in ("", "?rescale=0", "?compress", "?rescale=false&compress=1"):
        both.get(f"{base}/numpy{options}", label=name)
    both.get(f"/series/{ids['series']}/numpy", label=name)
    last = max(frames.json()) if frames.status == 200 and frames.json() else 0
    for frame in sorted({0, last}):
        for operation in PICTURES + ("matlab", "raw", "raw.gz", "numpy", "numpy?rescale=0"):
            both.get(f"{base}/frames/{frame}/{operation}", label=name)


def generated(both, ids, name):
    """What depends on layout and transfer syntax: the pixels of the first and the last frame, in each form once."""
    base = f"/instances/{ids['instances']}"
    frames = both.get(f"{base}/frames", label=name).json()
    for operation in ("image-uint16", "rendered", "numpy", "matlab", "preview"):
        both.get(f"{base}/{operation}", label=name)
    for frame in sorted({0, len(frames) - 1}):
        for operation in ("preview", "raw", "image-uint8"):
            both.get(f"{base}/frames/{frame}/{operation}", label=name)


def made_images():
    """Layouts that the files of pydicom don't have."""
    ramp = [[x * 300 + y for x in range(16)] for y in range(9)]
    small = [[x * 15 + y for x in range(16)] for y in range(9)]
    signed = [[x * 300 + y - 2000 for x in range(16)] for y in range(9)]
    rgb = [[[x * 15, y * 20, 255 - x] for x in range(16)] for y in range(9)]
    groups = [{"center": 100, "width": 50, "slope": 2, "intercept": -7}, {"center": 5, "width": 9}]
    palette = {"PhotometricInterpretation": "PALETTE COLOR"}
    for channel, factor in (("Red", 255), ("Green", 100), ("Blue", 7)):
        palette[f"{channel}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palette[f"{channel}PaletteColorLookupTableData"] = struct.pack("<256H", *[i * factor for i in range(256)])
    return {
        "palette": image(small, bits=8, **palette),
        "palette of two frames": image([small, small], bits=8, **palette),
        "palette of 200 colours": image(small, bits=8, **{
            **palette, **{f"{channel}PaletteColorLookupTableDescriptor": [200, 5, 16] for channel in ("Red", "Green", "Blue")}}),
        "palette that is missing": image(small, bits=8, PhotometricInterpretation="PALETTE COLOR"),
        "YBR_FULL": image(rgb, bits=8, colour=True, PhotometricInterpretation="YBR_FULL"),
        "6 bits of 8": image(small, bits=8, BitsStored=6),
        "10 bits of 16 signed": image(signed, PixelRepresentation=1, BitsStored=10, HighBit=12),
        "8 bits of 16": image(ramp, BitsStored=8),
        "odd columns of one bit": image([[x % 3 == 0 for x in range(11)] for _ in range(5)], bits=1),
        "unknown colour": image(small, bits=8, PhotometricInterpretation="HSV"),
        "no colour": image(small, bits=8, PhotometricInterpretation=""),
        "gray 16": image(ramp),
        "gray 12": image(ramp, BitsStored=12, HighBit=11),
        "gray 12 shifted": image(ramp, BitsStored=12, HighBit=15),
        "gray 8": image(small, bits=8),
        "signed 16": image(signed, PixelRepresentation=1),
        "signed 12": image(signed, PixelRepresentation=1, BitsStored=12, HighBit=11),
        "MONOCHROME1": image(ramp, PhotometricInterpretation="MONOCHROME1"),
        "MONOCHROME1 8": image(small, bits=8, PhotometricInterpretation="MONOCHROME1"),
        "constant": image([[5] * 4] * 4),
        "window": image(ramp, WindowCenter=["1000", "5"], WindowWidth=["2000", "1"]),
        "center alone": image(ramp, WindowCenter="1000"),
        "narrow window": image(small, bits=8, WindowCenter="100", WindowWidth="0.5"),
        "rescale": image(signed, PixelRepresentation=1, RescaleSlope="1.5", RescaleIntercept="-1024.25",
                         WindowCenter="40", WindowWidth="400"),
        "no slope": image(ramp, RescaleSlope="0", RescaleIntercept="3"),
        "slope alone": image(ramp, RescaleSlope="2", WindowCenter="1000", WindowWidth="500"),
        "dose": image(ramp, SOPClassUID="1.2.840.10008.5.1.4.1.1.481.2", RescaleSlope="2", RescaleIntercept="1"),
        "functional groups": image([ramp, ramp], groups=groups),
        "rgb": image(rgb, bits=8, colour=True),
        "rgb planar": image(rgb, bits=8, colour=True, PlanarConfiguration=1),
        "rgb 16": image(rgb, colour=True),
        "one bit": image([[x % 3 == 0 for x in range(16)] for _ in range(5)], bits=1),
        "32 bits": image([[0, 70000], [5, 1 << 31]], bits=32),
        "signed 8": image([[1, 2], [3, -4]], bits=8, PixelRepresentation=1),
        "no pixel data": make_dicom(instance="2.25.8000"),
        "no frames": image(ramp, NumberOfFrames=0),
        "more frames than data": image(ramp, NumberOfFrames=3),
        "larger than its data": image(ramp, Rows=65535, Columns=65535),
        "24 bits": image(ramp, BitsAllocated=24, BitsStored=24, HighBit=23),
        "more stored than allocated": image(ramp, BitsStored=17),
    }


def series(both):
    """Several instances in a series: their order, and one array of all."""
    flat = [1, 0, 0, 0, 1, 0]
    cases = {
        "positions": [dict(z=5, n=1), dict(z=1, n=2), dict(z=3, n=3)],
        "opposite": [dict(z=5, n=1), dict(z=1, n=2, o=[1, 0, 0, 0, -1, 0])],
        "not parallel": [dict(z=5, n=2), dict(z=1, n=1, o=[1, 0, 0, 0, 0, 1])],
        "same position": [dict(z=5, n=3), dict(z=5, n=1), dict(z=6, n=2)],
        "one has no position": [dict(z=5, n=3), dict(n=1)],
        "no number": [dict(n=None), dict(n=None)],
        "one, no number": [dict(n=None)],
        "one with position": [dict(z=1, n=7)],
        "negative": [dict(n=-1), dict(n=-5), dict(n=3)],
        "same number": [dict(n=4), dict(n=2)],
        "other size": [dict(n=1), dict(n=2, size=3)],
        "other type": [dict(n=1), dict(n=2, bits=8)],
        "frames": [dict(n=2, frames=3), dict(n=1)],
    }
    for index, (name, slices) in enumerate(cases.items()):
        ids = None
        for position, entry in enumerate(slices):
            tags = {}
            if entry.get("n") is not None:
                tags["InstanceNumber"] = entry["n"]
            if "z" in entry:
                tags["ImagePositionPatient"] = [0, 0, entry["z"]]
                tags["ImageOrientationPatient"] = entry.get("o", flat)
            size = entry.get("size", 2)
            pixels = [[position + x for x in range(size)] for _ in range(size)]
            if "frames" in entry:
                pixels = [pixels] * entry["frames"]
            body = image(pixels, bits=entry.get("bits", 16), instance=f"2.25.7{index:02d}{position}",
                         series=f"2.25.7{index:02d}", **tags)
            ids = upload(both, body, name)
        both.get(f"/series/{ids['series']}/ordered-slices", label=name)
        for options in ("", "?rescale=0", "?compress=1"):
            both.get(f"/series/{ids['series']}/numpy{options}", label=name)


def pdf(both):
    for name, body in {
            "even": make_pdf(b"%PDF-1.5 x", 1),
            "newline": make_pdf(b"%PDF-1.5\n", 2),
            "padding": make_pdf(b"%PDF-1.5\n\0", 3),
            "other type": make_pdf(b"%PDF-1.5\n", 4, mime="text/plain"),
            "other class": make_pdf(b"%PDF-1.5\n", 5, sop_class="1.2.840.10008.5.1.4.1.1.7")}.items():
        ids = upload(both, body, name)
        for operation in ("pdf", "preview", "frames", "frames/0/raw", "numpy", "matlab"):
            both.get(f"/instances/{ids['instances']}/{operation}", label=name)


def negotiation(both, instance):
    accepts = (None, "*/*", "image/*", PNG, JPEG, PAM, "text/html", "image/jpg", "application/pam", "*/png", "IMAGE/PNG",
               "image/jpeg, image/png", "image/png, image/jpeg", "image/*;q=1,image/jpeg;q=0.1", "*/*;q=0",
               "image/jpeg;q=0.5,image/png;q=0.7", "image/jpeg;q=0.9 , image/png;q=0.7", "image/png;q=2",
               "image/png;q=abc", "image/png;q=", "image/png;level=1", "text/html;q=5", "text/html;q=5,image/jpeg", "",
               " ", ",", ";", "image/png;q=-0.1", "image/jpeg;q=1.0;q=0.1,image/png;q=0.5", "image/jpeg;Q=0.1, image/png",
               "image/webp,image/apng,image/*,*/*;q=0.8", "text/html,application/xhtml+xml,*/*;q=0.1")
    for operation in ("preview", "image-uint16", "image-int16", "rendered", "image-uint8"):
        for accept in accepts:
            headers = {} if accept is None else {"Accept": accept}
            both.get(f"/instances/{instance}/{operation}", headers, label=f"Accept: {accept}")


def arguments(both, instance, colour):
    base = f"/instances/{instance}"
    for quality in ("1", "100", "0", "101", "-1", "abc", "", "50.0", "99999999999", "%2050"):
        for accept in (PNG, JPEG):
            both.get(f"{base}/preview?quality={quality}", {"Accept": accept}, label=accept)
        both.get(f"/instances/{colour}/rendered?quality={quality}", {"Accept": JPEG})
    for name in ("window-center", "window-width"):
        for value in ("3", "-7.5", "1e2", "1E-3", "0", "", "abc", "1,5", "5x", "nan"):
            both.get(f"{base}/rendered?{name}={value}")
            both.get(f"/instances/{colour}/rendered?{name}={value}")
    for name in ("width", "height"):
        for value in ("1", "2", "3", "7", "100", "0", "-1", "abc", "", "5.0", "99999999999"):
            both.get(f"{base}/rendered?{name}={value}")
            both.get(f"/instances/{colour}/rendered?{name}={value}")
    for query in ("width=8&height=4", "width=3&height=30", "width=30&height=3", "width=1&height=1&smooth=1",
                  "width=3&smooth=true", "width=3&smooth=false", "width=3&smooth=0", "width=3&smooth", "width=3&smooth=yes",
                  "width=100&smooth=1", "width=0&height=0", "width=-1&window-center=x"):
        both.get(f"{base}/rendered?{query}")
        both.get(f"/instances/{colour}/rendered?{query}")
    for path in (f"/instances/{colour}/image-uint8", f"/instances/{colour}/frames/0/image-int16",
                 f"{base}/frames/7/preview", f"{base}/preview", f"{base}/frames/0/preview?quality=0&x=1"):
        separator = "&" if "?" in path else "?"
        for value in ("", "=true", "=false", "=0"):
            both.get(f"{path}{separator}returnUnsupportedImage{value}")
    for query in ("rescale", "rescale=", "rescale=1", "rescale=true", "rescale=yes", "compress=", "compress=0", "compress=x"):
        for path in (f"{base}/numpy", f"{base}/frames/0/numpy", f"/instances/{colour}/numpy"):
            both.get(f"{path}?{query}")


def frame_numbers(both, instance):
    base = f"/instances/{instance}/frames"
    for number in ("0", "1", "01", "2", "-1", "abc", "1.0", "+1", "%201", "99999999999", "18446744073709551616", "0x1"):
        both.get(f"{base}/{number}")
        for operation in PICTURES + ("matlab", "numpy", "raw", "raw.gz", "nope"):
            both.get(f"{base}/{number}/{operation}")


def unknown(both):
    for identifier in (UNKNOWN, "nope"):
        both.get(f"/instances/{identifier}/frames")
        both.get(f"/instances/{identifier}/frames/0")
        both.get(f"/instances/{identifier}/frames/x")
        for operation in PICTURES + ("matlab", "numpy", "pdf"):
            both.get(f"/instances/{identifier}/{operation}")
        for operation in PICTURES + ("matlab", "numpy", "raw", "raw.gz"):
            both.get(f"/instances/{identifier}/frames/0/{operation}")
            both.get(f"/instances/{identifier}/frames/x/{operation}")
        both.get(f"/instances/{identifier}/preview?quality=0")
        both.get(f"/instances/{identifier}/preview?returnUnsupportedImage")
        both.get(f"/instances/{identifier}/rendered?width=x")
        both.get(f"/instances/{identifier}/preview", {"Accept": "text/html"})
        both.get(f"/instances/{identifier}/numpy?rescale=x")
        for operation in ("numpy", "ordered-slices"):
            both.get(f"/series/{identifier}/{operation}")


def methods(both, instance):
    for path in ("preview", "rendered", "image-uint8", "image-uint16", "image-int16", "matlab", "pdf", "frames", "frames/0",
                 "frames/0/raw", "frames/0/raw.gz", "frames/0/preview", "frames/0/matlab"):
        for method in ("POST", "PUT", "DELETE"):
            both.send(method, f"/instances/{instance}/{path}", b"")
