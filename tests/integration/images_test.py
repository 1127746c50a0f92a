#!/usr/bin/python3
"""Pictures, arrays and raw frames over REST, and what hostile images and arguments do to them."""

import gzip
import io
import os
import shutil
import socket
import struct
import tempfile
import threading
import time
import unittest
import zipfile

import numpy
import pydicom

from hilum_server import eventually
from images_case import image, make_pdf, read_png
from resources_case import OPTIONS, UNKNOWN, ServerTest, make_dicom, read

RAMP = [[x * 300 + y for x in range(16)] for y in range(9)]
COLOURS = [[[x * 15, y * 20, 255 - x] for x in range(16)] for y in range(9)]
# Sanitizers keep shadows and quarantines, and take their time: what they measure is not the server.
SANITIZED = bool(os.environ.get("HILUM_SAMPLE_FLAGS"))
SECONDS = 100 if SANITIZED else 30
WAITING_DECODER = os.path.join(os.environ.get("HILUM_BUILD_DIR") or
                               os.path.dirname(os.path.dirname(os.path.abspath(os.environ["HILUM_BINARY"]))),
                               "tests", "plugins", "waiting_decoder.so")
PAM = {"Accept": "image/x-portable-arbitrarymap"}


def preview_model(pixels):
    values = numpy.array(pixels, dtype=numpy.float32)
    low, high = values.min(), values.max()
    if low == high:
        return numpy.zeros(values.shape, dtype=numpy.uint8)
    scale = numpy.float32(255) / (high - low)
    return numpy.clip(numpy.floor(scale * values - low * scale + numpy.float32(0.5)), 0, 255).astype(numpy.uint8)


def rendered_model(pixels, center, width, slope=1.0, intercept=0.0):
    scale = numpy.float32(255 * slope / width)
    offset = numpy.float32((intercept - center + width / 2) / slope)
    values = scale * numpy.array(pixels, dtype=numpy.float32) + offset * scale
    return numpy.clip(numpy.floor(values), 0, 255).astype(numpy.uint8)


class ImagesCase(ServerTest):
    def stored(self, body):
        return self.store(body)["instances"]

    def picture(self, path, headers=None):
        answer = self.expect(200, "GET", path, headers=headers)
        self.assertEqual(answer.headers["content-type"], "image/png")
        width, height, channels, _, rows = read_png(answer.body)
        array = numpy.array(rows)
        self.assertEqual(array.shape, (height, width * channels))
        return array.reshape(height, width, 3) if channels == 3 else array

    def same(self, left, right):
        numpy.testing.assert_array_equal(numpy.array(left), numpy.array(right))

    def array(self, path):
        return numpy.load(io.BytesIO(self.expect(200, "GET", path).body))


class Pictures(ImagesCase):
    def test_gray_follows_the_models(self):
        signed = [[x * 250 - 1500 + y for x in range(17)] for y in range(11)]
        cases = {
            "16 bits": (RAMP, {}),
            "signed": (signed, {"PixelRepresentation": 1}),
            "8 bits": ([[(x * y) % 251 for x in range(16)] for y in range(9)], {"bits": 8}),
            "32 bits": ([[x * 7000000 for x in range(9)] for y in range(5)], {"bits": 32}),
            "signed 8 bits": ([[x - 60 for x in range(9)] for y in range(5)], {"bits": 8, "PixelRepresentation": 1}),
            "windowed": (RAMP, {"WindowCenter": 1000, "WindowWidth": 2000, "RescaleSlope": 2, "RescaleIntercept": -50}),
        }
        for name, (pixels, tags) in cases.items():
            with self.subTest(name):
                bits = tags.get("bits", 16)
                center, width = tags.get("WindowCenter", 2.0 ** (bits - 1)), tags.get("WindowWidth", 2.0 ** bits)
                slope, intercept = tags.get("RescaleSlope", 1), tags.get("RescaleIntercept", 0)
                base = f"/instances/{self.stored(image(pixels, **tags))}"
                self.same(self.picture(f"{base}/preview"), preview_model(pixels))
                self.same(self.picture(f"{base}/rendered"), rendered_model(pixels, center, width, slope, intercept))
                self.same(self.picture(f"{base}/rendered?window-center=40&window-width=500"),
                          rendered_model(pixels, 40, 500, slope, intercept))
                self.same(self.picture(f"{base}/image-uint8"), numpy.clip(pixels, 0, 255))
                self.same(self.picture(f"{base}/image-uint16"), numpy.clip(pixels, 0, 65535))
                self.same(self.picture(f"{base}/image-int16"), numpy.clip(pixels, -32768, 32767) & 65535)

    def test_monochrome1_is_inverted_where_it_is_shown(self):
        base = f"/instances/{self.stored(image(RAMP, PhotometricInterpretation='MONOCHROME1'))}"
        self.same(self.picture(f"{base}/preview"), 255 - preview_model(RAMP))
        self.same(self.picture(f"{base}/rendered?window-center=9&window-width=99"), 255 - rendered_model(RAMP, 9, 99))
        self.same(self.picture(f"{base}/image-uint16"), RAMP)

    def test_colours(self):
        ybr = [[[76, 85, 255], [150, 44, 21], [29, 255, 107], [255, 128, 128]]]
        rgb = [[[254, 0, 0], [0, 255, 1], [0, 0, 254], [255, 255, 255]]]
        deep = [[[0x1234, 0xff00, 0x00ff], [0, 0x8000, 0xffff]]]
        planes = image(COLOURS, bits=8, colour=True, PlanarConfiguration=1)
        for name, body, expected in (
                ("RGB", image(COLOURS, bits=8, colour=True), COLOURS),
                ("planes", planes, COLOURS),
                ("YBR_FULL", image(ybr, bits=8, colour=True, PhotometricInterpretation="YBR_FULL"), rgb),
                ("16 bits", image(deep, colour=True), [[[0x12, 0xff, 0], [0, 0x80, 0xff]]])):
            with self.subTest(name):
                base = f"/instances/{self.stored(body)}"
                self.same(self.picture(f"{base}/preview"), expected)
                self.same(self.picture(f"{base}/rendered?window-center=1&window-width=3"), expected)
                self.expect(415, "GET", f"{base}/image-uint16", orthanc="bare")

    def test_subsampled_colours(self):
        # Y Y Cb Cr
        body = image([[[0, 0, 0], [0, 0, 0]]], bits=8, colour=True, PhotometricInterpretation="YBR_FULL_422",
                     PixelData=bytes([76, 255, 128, 128]))
        identifier = self.stored(body)
        self.same(self.picture(f"/instances/{identifier}/preview"), [[[76] * 3, [255] * 3]])
        self.assertEqual(self.expect(200, "GET", f"/instances/{identifier}/frames/0/raw").body, bytes([76, 255, 128, 128]))

    def test_palettes(self):
        tags = {"PhotometricInterpretation": "PALETTE COLOR"}
        for channel, data in (("Red", [0, 0x1000, 0xff00]), ("Green", [0x100, 0x200, 0x300]), ("Blue", [0, 0, 0xffff])):
            tags[f"{channel}PaletteColorLookupTableDescriptor"] = [3, 5, 16]
            tags[f"{channel}PaletteColorLookupTableData"] = struct.pack("<3H", *data)
        base = f"/instances/{self.stored(image([[0, 5, 6], [7, 8, 255]], bits=8, **tags))}"
        first, last = [0, 1, 0], [255, 3, 255]
        self.same(self.picture(f"{base}/preview"), [[first, first, [16, 2, 0]], [last, last, last]])
        tags["RedPaletteColorLookupTableDescriptor"] = [9, 5, 16]
        base = f"/instances/{self.stored(image([[0, 5]], bits=8, **tags))}"
        self.expect(415, "GET", f"{base}/preview", orthanc="bare")
        self.expect(400, "GET", f"{base}/numpy", orthanc=15)

    def test_bits(self):
        pixels = [[[(x + y + frame) % 3 == 0 for x in range(5)] for y in range(3)] for frame in range(3)]
        base = f"/instances/{self.stored(image(pixels, bits=1))}"
        for frame in range(3):
            self.same(self.picture(f"{base}/frames/{frame}/preview"), numpy.array(pixels[frame]) * 255)

    def test_each_frame_has_its_window(self):
        groups = [{"center": 100, "width": 50, "slope": 2, "intercept": -7}, {"center": 9000, "width": 90}]
        base = f"/instances/{self.stored(image([RAMP, RAMP], groups=groups))}"
        self.same(self.picture(f"{base}/frames/0/rendered"), rendered_model(RAMP, 100, 50, 2, -7))
        self.same(self.picture(f"{base}/frames/1/rendered"), rendered_model(RAMP, 9000, 90))
        self.same(self.array(f"{base}/numpy")[:, :, :, 0], [numpy.array(RAMP) * 2.0 - 7, RAMP])

    def test_sizes(self):
        base = f"/instances/{self.stored(image(RAMP))}/rendered?window-center=2000&window-width=4000"
        whole = rendered_model(RAMP, 2000, 4000)
        for query, width, height in (("width=8", 8, 5), ("height=90", 160, 90), ("width=7&height=100", 7, 4),
                                     ("width=0&height=0", 16, 9)):
            rows = numpy.minimum(((numpy.arange(height) + 0.5) * (9 / height)).astype(int), 8)
            columns = numpy.minimum(((numpy.arange(width) + 0.5) * (16 / width)).astype(int), 15)
            self.same(self.picture(f"{base}&{query}"), whole[rows][:, columns])

    def test_formats(self):
        base = f"/instances/{self.stored(image(RAMP))}"
        answer = self.expect(200, "GET", f"{base}/image-uint16", headers=PAM)
        head, _, pixels = answer.body.partition(b"ENDHDR\n")
        self.assertEqual(head.split(), b"P7 WIDTH 16 HEIGHT 9 DEPTH 1 MAXVAL 65535 TUPLTYPE GRAYSCALE".split())
        self.assertEqual(pixels, struct.pack(">144H", *[value for row in RAMP for value in row]))
        answer = self.expect(200, "GET", f"{base}/preview?quality=50", headers={"Accept": "image/jpeg"})
        self.assertEqual(answer.headers["content-type"], "image/jpeg")
        self.assertTrue(answer.body.startswith(b"\xff\xd8") and answer.body.endswith(b"\xff\xd9"))

    def test_negotiation(self):
        base = f"/instances/{self.stored(image(RAMP))}"
        png, jpeg, pam = "image/png", "image/jpeg", "image/x-portable-arbitrarymap"
        for accept, expected in (("*/*", png), ("image/*", png), (jpeg, jpeg), (f"{pam}, {png}", pam), ("*/*;q=0", png),
                                 (f"image/*;q=1,{jpeg};q=0.1", jpeg), (f"{jpeg};q=0.5,{png};q=0.7", png),
                                 (f"text/html;q=9,{pam}", 415), (f"{png};q=x", 415), (f"{png};q=-1", 415),
                                 ("text/html", 404), ("IMAGE/PNG", 404), ("*/png", 404), ("", 404)):
            with self.subTest(accept):
                answer = self.server.request("GET", f"{base}/preview", headers={"Accept": accept})
                self.assertEqual(answer.headers["content-type"] if answer.status == 200 else answer.status, expected)
        self.expect(404, "GET", f"{base}/image-int16", headers={"Accept": jpeg}, orthanc="bare")

    def test_unsupported_images_have_a_placeholder(self):
        identifier = self.stored(make_dicom())
        self.expect(415, "GET", f"/instances/{identifier}/preview", orthanc="bare")
        for path, location in ((f"/instances/{identifier}/preview", "../../app/images/unsupported.png"),
                               (f"/instances/{identifier}/frames/0/rendered", "../../../../app/images/unsupported.png")):
            answer = self.expect(307, "GET", f"{path}?returnUnsupportedImage=false")
            self.assertEqual(answer.headers["location"], location)
        self.expect(404, "GET", f"/instances/{UNKNOWN}/preview?returnUnsupportedImage", orthanc="bare")

    def test_deflated_files(self):
        identifier = self.stored(read("image_dfl.dcm"))
        self.same(self.picture(f"/instances/{identifier}/image-uint8"),
                  self.array(f"/instances/{identifier}/numpy?rescale=0")[0, :, :, 0])


class Overwritten(ImagesCase):
    options = {**OPTIONS, "OverwriteInstances": True}

    def test_new_content_is_shown(self):
        for value in (1, 2, 3):
            pixels = [[[value * 10 + frame + x for x in range(2 + value)] for _ in range(3)] for frame in range(1 + value)]
            base = f"/instances/{self.stored(image(pixels, instance='2.25.4321'))}"
            for _ in range(2):
                self.assertEqual(self.get(f"{base}/frames"), list(range(1 + value)))
                self.same(self.picture(f"{base}/frames/{value}/image-uint16"), pixels[value])
                self.same(self.array(f"{base}/frames/{value}/numpy")[:, :, 0], pixels[value])


class CompressedPng(ImagesCase):
    options = {**OPTIONS, "PngCompressionLevel": 9}

    def test_level_changes_no_pixel(self):
        base = f"/instances/{self.stored(image(RAMP))}"
        self.same(self.picture(f"{base}/preview"), preview_model(RAMP))
        self.same(self.picture(f"{base}/image-uint16"), RAMP)


class Arrays(ImagesCase):
    def test_numpy(self):
        pixels = [RAMP, [[5] * 16] * 9]
        identifier = self.stored(image(pixels, RescaleSlope=1.5, RescaleIntercept=-0.25))
        base = f"/instances/{identifier}"
        expected = numpy.array(pixels) * 1.5 - 0.25
        whole = self.array(f"{base}/numpy")
        self.assertEqual((whole.dtype.str, whole.shape), ("<f4", (2, 9, 16, 1)))
        self.same(whole[:, :, :, 0], expected)
        self.same(self.array(f"{base}/frames/1/numpy")[:, :, 0], expected[1])
        raw = self.array(f"{base}/numpy?rescale=0")
        self.assertEqual(raw.dtype.str, "<u2")
        self.same(raw[:, :, :, 0], pixels)
        answer = self.expect(200, "GET", f"{base}/numpy?compress")
        self.assertEqual(zipfile.ZipFile(io.BytesIO(answer.body)).testzip(), None)
        self.same(numpy.load(io.BytesIO(answer.body))["arr_0"], whole)

    def test_numpy_of_colours(self):
        base = f"/instances/{self.stored(image(COLOURS, bits=8, colour=True))}"
        for query in ("", "?rescale=1"):
            array = self.array(f"{base}/numpy{query}")
            self.assertEqual(array.dtype.str, "|u1")
            self.same(array[0], COLOURS)

    def test_series(self):
        ids = None
        for position in (3, 1, 2):
            ids = self.store(image([[position] * 4] * 2, series="2.25.888", study="2.25.889", patient="S",
                                   ImagePositionPatient=[0, 0, position], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                                   InstanceNumber=10 - position))
        array = self.array(f"/series/{ids['series']}/numpy")
        self.assertEqual(array.shape, (3, 2, 4, 1))
        self.same(array[:, 0, 0, 0], [1, 2, 3])
        order = self.get(f"/series/{ids['series']}/ordered-slices")
        self.assertEqual(order["Type"], "Volume")
        self.assertEqual([f"/instances/{name}/frames/0" for name, _, _ in order["SlicesShort"]], order["Slices"])
        self.store(image([[1] * 5] * 2, series="2.25.888", study="2.25.889", patient="S", InstanceNumber=50))
        self.expect(500, "GET", f"/series/{ids['series']}/numpy", orthanc=24)

    def test_order_of_slices(self):
        flat, turned = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, 1]
        for number, (slices, kind, order) in enumerate((
                ([(5, 1, flat), (1, 2, flat), (3, 3, flat)], "Volume", [1, 2, 0]),
                ([(5, 1, flat), (1, 2, [1, 0, 0, 0, -1, 0])], "Volume", [1, 0]),
                ([(5, 2, flat), (1, 1, turned)], "Sequence", [1, 0]),
                ([(5, 2, flat), (5, 1, flat)], "Sequence", [1, 0]),
                ([(5, -5, flat), (None, 7, flat), (None, -1, flat)], "Sequence", [1, 0, 2]),
                ([(5, None, flat)], "Sequence", [0]),
                ([(None, None, flat), (None, None, flat)], None, None))):
            stored = []
            for z, index, orientation in slices:
                tags = {"ImageOrientationPatient": orientation}
                if z is not None:
                    tags["ImagePositionPatient"] = [0, 0, z]
                if index is not None:
                    tags["InstanceNumber"] = index
                stored.append(self.store(image([[1]], series=f"2.25.77{number}", study="2.25.77", patient="O", **tags)))
            path = f"/series/{stored[0]['series']}/ordered-slices"
            if kind is None:
                self.expect(500, "GET", path, orthanc=-1)
                continue
            answer = self.get(path)
            self.assertEqual(answer["Type"], kind)
            self.assertEqual(answer["Dicom"], [f"/instances/{stored[place]['instances']}/file" for place in order])

    def test_large_arrays_are_streamed(self):
        frames, side = 40, 512
        pixels = numpy.random.default_rng(1).integers(0, 4096, (frames, side, side), dtype=numpy.uint16)
        body = image([[0]], Rows=side, Columns=side, NumberOfFrames=frames, PixelData=pixels.tobytes())
        identifier = self.stored(body)
        self.same(self.array(f"/instances/{identifier}/numpy?rescale=0")[:, :, :, 0], pixels)
        floats = numpy.load(io.BytesIO(self.expect(200, "GET", f"/instances/{identifier}/numpy?compress").body))["arr_0"]
        self.same(floats[:, :, :, 0], pixels)
        self.assertEqual(self.expect(200, "GET", f"/instances/{identifier}/frames/39/raw").body, pixels[39].tobytes())

    def test_matlab(self):
        base = f"/instances/{self.stored(image([[1, 2, 3], [4, 5, 6]]))}"
        self.assertEqual(self.expect(200, "GET", f"{base}/matlab").body, b"double([ 1 2 3 ; 4 5 6 ])")
        base = f"/instances/{self.stored(image([[[0, 1, 2], [3, 4, 5], [6, 7, 8]]], bits=8, colour=True))}"
        self.assertEqual(self.expect(200, "GET", f"{base}/frames/0/matlab").body,
                         b"double(permute(reshape([ 0 1 2 3 4 5 6 7 8 ], [ 3 3 1 ]), [ 3 2 1 ]))")

    def test_raw(self):
        pixels = [[[1, 2]], [[3, 4]]]
        base = f"/instances/{self.stored(image(pixels))}/frames"
        self.assertEqual(self.get(base), [0, 1])
        self.assertEqual(self.expect(200, "GET", f"{base}/1/raw").body, struct.pack("<2H", 3, 4))
        answer = self.expect(200, "GET", f"{base}/1/raw.gz")
        self.assertEqual(answer.headers["content-type"], "application/gzip")
        self.assertNotIn("content-encoding", answer.headers)
        self.assertEqual(gzip.decompress(answer.body), struct.pack("<2H", 3, 4))
        self.expect(400, "GET", f"{base}/2/raw", orthanc=3)
        self.expect(404, "GET", f"{base}/x/raw.gz", orthanc="bare")

    def test_pdf(self):
        for number, document in enumerate((b"%PDF-1.5\n", b"%PDF-1.5\n%%EOF\n", b"%PDF" + b"x" * 100000 + b"\r")):
            answer = self.expect(200, "GET", f"/instances/{self.stored(make_pdf(document, number))}/pdf")
            self.assertEqual(answer.headers["content-type"], "application/pdf")
            self.assertEqual(answer.body, document)
        self.expect(404, "GET", f"/instances/{self.stored(image(RAMP))}/pdf", orthanc="bare")


class Hostile(ImagesCase):
    def timed(self, status, path, **more):
        start = time.monotonic()
        answer = self.expect(status, "GET", path, **more)
        self.assertLess(time.monotonic() - start, SECONDS)
        return answer

    def memory_is_below(self, limit):
        if not SANITIZED:
            self.assertLess(self.peak_memory(), limit)

    def peak_memory(self):
        """In MB."""
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) // 1024

    def test_huge_sizes_are_refused(self):
        base = f"/instances/{self.stored(image([[x for x in range(16)]] * 16))}/rendered"
        for query in ("width=1000000", "width=60000", "height=16385", "width=2147483647&height=2147483647"):
            self.timed(400, f"{base}?{query}", orthanc=8)
        self.timed(404, f"{base}?width=99999999999999999999", orthanc="bare")
        self.timed(200, f"{base}?width=1000000&height=10")
        flat = f"/instances/{self.stored(image([[x for x in range(600)]]))}/rendered"
        self.timed(400, f"{flat}?height=30", orthanc=8)
        self.timed(415, f"{flat}?width=20", orthanc="bare")  # less than half a row
        before = self.peak_memory()
        self.assertLess(len(self.timed(200, f"{base}?width=16384").body), 16384 * 16384)
        self.memory_is_below(before + 150)

    def test_promises_without_data(self):
        for rows, columns, frames in ((65535, 65535, 1), (46341, 46341, 1), (65535, 65535, 2147483647), (9, 16, 2147483647)):
            base = f"/instances/{self.stored(image(RAMP, Rows=rows, Columns=columns, NumberOfFrames=frames))}"
            status = 200 if rows == 9 else 415
            for operation in ("preview", "rendered?width=16000", "image-uint8"):
                self.timed(status, f"{base}/{operation}")
            self.timed(415, f"{base}/frames/{frames - 1 if frames > 1 else 0}/preview", orthanc="bare")
            self.timed(400, f"{base}/numpy", orthanc=15)
            if rows != 9:
                self.timed(400, f"{base}/matlab", orthanc=15)
                self.timed(400, f"{base}/frames/0/raw", orthanc=15)
            if frames > 1:
                self.timed(400, f"{base}/frames", orthanc=15)
        self.memory_is_below(400)

    def test_bad_image_modules(self):
        for tags in ({"BitsAllocated": 12}, {"BitsStored": 17}, {"HighBit": 16}, {"SamplesPerPixel": 0}, {"SamplesPerPixel": 65535},
                     {"Rows": 0}, {"Columns": 0}, {"PhotometricInterpretation": "HSV"}, {"BitsAllocated": 64, "BitsStored": 64},
                     {"NumberOfFrames": 0}, {"RescaleSlope": "1e308", "RescaleIntercept": "-1e308", "BitsStored": 17}):
            base = f"/instances/{self.stored(image(RAMP, **tags))}"
            for operation in ("preview", "rendered", "image-int16"):
                self.timed(415, f"{base}/{operation}", orthanc="bare")
            answer = self.server.request("GET", f"{base}/numpy")
            self.assertIn((answer.status, answer.json()["OrthancStatus"]), ((400, 15), (500, 2)), tags)

    def test_numbers_without_bound_are_rendered(self):
        for tags in ({"RescaleSlope": "1e308", "RescaleIntercept": "-1e308"}, {"WindowCenter": "1e300", "WindowWidth": "1e-300"},
                     {"RescaleSlope": "nan", "RescaleIntercept": "inf"}, {"WindowCenter": "-1e308", "WindowWidth": "1e308"}):
            base = f"/instances/{self.stored(image(RAMP, **tags))}"
            self.timed(200, f"{base}/rendered")
            self.timed(200, f"{base}/numpy")
        self.timed(200, f"{base}/rendered?window-center=1e308&window-width=-1e308")

    def test_hostile_palettes(self):
        for segments in ([2, 1, 0, 0], [0, 1, 7, 2, 65535, 0, 0], [1, 65535, 9], [0, 65535, 1], [2, 65535, 65535, 65535], [9, 9]):
            tags = {"PhotometricInterpretation": "PALETTE COLOR"}
            for channel in ("Red", "Green", "Blue"):
                tags[f"{channel}PaletteColorLookupTableDescriptor"] = [0, 0, 16]
                tags[f"Segmented{channel}PaletteColorLookupTableData"] = struct.pack(f"<{len(segments)}H", *segments)
            self.timed(415, f"/instances/{self.stored(image([[1]], bits=8, **tags))}/preview", orthanc="bare")

    def test_long_arguments(self):
        base = f"/instances/{self.stored(image(RAMP))}"
        self.timed(404, f"{base}/rendered?window-center={'9' * 5000}", orthanc="bare")
        self.timed(200, f"{base}/preview", headers={"Accept": ",".join(["text/html;q=0.1"] * 300) + ",*/*"})
        self.timed(404, f"{base}/frames/{'9' * 3000}/preview", orthanc="bare")
        self.timed(415, f"{base}/preview?quality={'9' * 3000}", orthanc="bare")

    def test_slow_clients_stop_nobody(self):
        identifier = self.stored(image([[x for x in range(16)]] * 16))
        request = (f"GET /instances/{identifier}/rendered?width=8000 HTTP/1.1\r\nHost: x\r\n"
                   "Accept: image/x-portable-arbitrarymap\r\n\r\n").encode()
        before = self.peak_memory()
        clients = []
        try:
            for _ in range(12):
                client = socket.create_connection(("127.0.0.1", self.server.http_port))
                clients.append(client)
                client.sendall(request)
            # Refused while so many are being decoded; not for as long as nobody reads the answers.
            self.assertTrue(eventually(lambda: self.server.get(f"/instances/{identifier}/preview").status == 200, SECONDS))
            self.memory_is_below(before + 500)
        finally:
            for client in clients:
                client.close()

    def test_pixels_do_not_wait_for_slow_clients(self):
        side, count = 3000, 12
        pixels = numpy.arange(side * side, dtype=numpy.uint32).astype(numpy.uint16).reshape(side, side)
        identifier = self.stored(image([[0]], Rows=side, Columns=side, PixelData=pixels.tobytes()))
        before = self.memory()
        clients = []
        try:
            for _ in range(count):
                client = socket.create_connection(("127.0.0.1", self.server.http_port))
                clients.append(client)
                client.settimeout(SECONDS)
                client.sendall(f"GET /instances/{identifier}/numpy HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                self.assertTrue(client.recv(20).startswith(b"HTTP/1.1 200"))
            # 36 MB of floats for each client: not all in memory once they are made.
            if not SANITIZED:
                self.assertTrue(eventually(lambda: self.memory() < before + 300, SECONDS), self.memory() - before)
            parts = []
            while sum(map(len, parts)) < 4 * side * side:
                parts.append(clients[0].recv(1 << 20))
                self.assertTrue(parts[-1])
            self.same(numpy.frombuffer(b"".join(parts)[-4 * side:], dtype="<f4"), pixels[-1])
        finally:
            for client in clients:
                client.close()

    def memory(self):
        """In MB, now."""
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) // 1024

    def test_large_pictures_are_whole(self):
        base = f"/instances/{self.stored(image([[x for x in range(16)]] * 16))}"
        answer = self.expect(200, "GET", f"{base}/rendered?width=6000&window-center=8&window-width=16", headers=PAM)
        rows = numpy.frombuffer(answer.body.partition(b"ENDHDR\n")[2], dtype=numpy.uint8).reshape(6000, 6000)
        small = self.picture(f"{base}/rendered?window-center=8&window-width=16")
        self.assertTrue((rows == numpy.repeat(numpy.repeat(small, 375, 0), 375, 1)).all())

    def test_too_many_samples_in_a_few_bytes(self):
        side = 16400  # a little more than 2^28 samples: runs of 128 zeros, two bytes each
        stream = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\0" * (side * side // 128)
        body = image([[0]], bits=8, Rows=side, Columns=side)
        dataset = pydicom.dcmread(io.BytesIO(body))
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.RLELossless
        dataset.PixelData = pydicom.encaps.encapsulate([stream])
        dataset["PixelData"].is_undefined_length = True
        file = io.BytesIO()
        pydicom.dcmwrite(file, dataset, write_like_original=False)
        base = f"/instances/{self.stored(file.getvalue())}"
        before = self.peak_memory()
        self.timed(415, f"{base}/preview", orthanc="bare")
        answer = self.timed(500, f"{base}/numpy", orthanc=2)
        self.assertIn("samples", answer.json()["Details"])
        self.memory_is_below(before + 100)

    def test_many_at_once(self):
        base = f"/instances/{self.stored(image([RAMP, [[7] * 16] * 9]))}"
        expected = {operation: self.server.request("GET", f"{base}/{operation}").body
                    for operation in ("preview", "frames/1/rendered", "numpy", "matlab", "image-uint16", "frames/1/raw")}
        wrong = []

        def ask(operation):
            for _ in range(25):
                answer = self.server.request("GET", f"{base}/{operation}")
                if answer.status != 200 or answer.body != expected[operation]:
                    wrong.append((operation, answer.status))

        threads = [threading.Thread(target=ask, args=(operation,)) for operation in list(expected) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Slots(ImagesCase):
    """Who finds no slot is told so, and waits for nobody."""

    WAITING = 24

    @classmethod
    def setUpClass(cls):
        cls.gate = os.path.join(tempfile.mkdtemp(prefix="hilum-gate-"), "open")
        cls.addClassCleanup(shutil.rmtree, os.path.dirname(cls.gate))
        os.environ["HILUM_TEST_GATE"] = cls.gate
        cls.addClassCleanup(os.environ.pop, "HILUM_TEST_GATE")
        cls.options = {**OPTIONS, "Plugins": [WAITING_DECODER]}
        super().setUpClass()

    def test_busy(self):
        dataset = pydicom.dcmread(io.BytesIO(image([[1, 2], [3, 4]], bits=8)))
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID("1.2.840.10008.1.2.6.1")  # one that pydicom knows, as long
        dataset.PixelData = pydicom.encaps.encapsulate([b"\1\2\3\4"])
        dataset["PixelData"].is_undefined_length = True
        file = io.BytesIO()
        pydicom.dcmwrite(file, dataset, write_like_original=False)
        body = file.getvalue().replace(b"1.2.840.10008.1.2.6.1", b"1.2.840.10008.1.2.8.1")
        path = f"/instances/{self.stored(body)}/image-uint8"
        slots = max(4, os.cpu_count())
        answers = []

        def ask():
            answers.append(self.server.request("GET", path))

        # One more than can hold a slot and wait for one: that one is refused, while no frame is done.
        threads = [threading.Thread(target=ask) for _ in range(slots + self.WAITING + 1)]
        try:
            for thread in threads:
                thread.start()
            self.assertTrue(eventually(lambda: answers, 60))
            self.assertEqual(answers[0].status, 503)
            self.assertEqual(answers[0].json()["HttpStatus"], 503)
            self.assertFalse(os.path.exists(self.gate))
        finally:
            with open(self.gate, "w", encoding="ascii"):
                pass
            for thread in threads:
                thread.join()
        self.assertIn(200, [answer.status for answer in answers])
        self.assertLessEqual({answer.status for answer in answers}, {200, 503})
        self.same(self.picture(path), [[1, 2], [3, 4]])


if __name__ == "__main__":
    unittest.main()
