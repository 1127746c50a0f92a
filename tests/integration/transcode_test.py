"""GET /instances/{id}/file?transcode=...: what comes out, read by other programs, pixel by pixel."""

import glob
import io
import os
import subprocess
import tempfile
import unittest

import numpy
import pydicom
from pydicom.encaps import decode_data_sequence, encapsulate
from pydicom.uid import UID, generate_uid

from hilum_server import HilumServer
from resources_case import FILES, make_dicom

SYNTAX = "1.2.840.10008.1.2"
IMPLICIT, EXPLICIT, DEFLATED, BIG = SYNTAX, SYNTAX + ".1", SYNTAX + ".1.99", SYNTAX + ".2"
NATIVE = (IMPLICIT, EXPLICIT, DEFLATED, BIG)
TOOLS = {".4.50": "dcmdjpeg", ".4.51": "dcmdjpeg", ".4.57": "dcmdjpeg", ".4.70": "dcmdjpeg", ".4.80": "dcmdjpls",
         ".4.81": "dcmdjpls", ".5": "dcmdrle", ".4.90": "gdcmconv", ".4.91": "gdcmconv"}
LOSSLESS = (".4.57", ".4.70", ".4.80", ".4.90", ".5")
LOSSY = {".4.50": "ISO_10918_1", ".4.51": "ISO_10918_1", ".4.81": "ISO_14495_1", ".4.91": "ISO_15444_1"}


def image(pixels, stored=None, photometric=None, signed=False, planar=0, **tags):
    """A file in explicit VR around an array of (frames,) rows, columns(, samples)."""
    pixels = numpy.ascontiguousarray(pixels)
    allocated = pixels.dtype.itemsize * 8
    samples = 3 if photometric in ("RGB", "YBR_FULL") else 1
    shape = pixels.shape[:-1] if samples == 3 else pixels.shape
    if planar:
        pixels = numpy.ascontiguousarray(numpy.moveaxis(pixels, -1, -3))
    stored = stored or allocated
    if len(shape) == 3:
        tags["NumberOfFrames"] = shape[0]
    if samples > 1:
        tags["PlanarConfiguration"] = planar
    raw = pixels.tobytes()
    return make_dicom(SamplesPerPixel=samples, PhotometricInterpretation=photometric or "MONOCHROME2", Rows=shape[-2],
                      Columns=shape[-1], BitsAllocated=allocated, BitsStored=stored, HighBit=stored - 1,
                      PixelRepresentation=int(signed), PixelData=raw + b"\0" * (len(raw) % 2), **tags)


def smooth(shape, top, dtype=numpy.uint16):
    """A picture with noise in it, from 0 to `top`."""
    grid = numpy.indices(shape).sum(axis=0) * (top / (sum(shape) + 1.0))
    noise = numpy.random.default_rng(7).integers(0, max(2, top // 64), shape)
    return numpy.clip(grid + noise, 0, top).astype(dtype)


def samples_of(dataset):
    """Samples of a native data set, interleaved."""
    words = dataset.BitsAllocated // 8
    order = ">" if dataset.file_meta.TransferSyntaxUID == BIG and dataset["PixelData"].VR == "OW" else "<"
    raw = dataset.PixelData
    if order == ">" and words == 1:
        raw = numpy.frombuffer(raw, dtype="<u2").byteswap().tobytes()
    values = numpy.frombuffer(raw, dtype=f"{order}{'i' if dataset.PixelRepresentation else 'u'}{words}")
    frames = int(dataset.get("NumberOfFrames", 1))
    count = frames * dataset.Rows * dataset.Columns * dataset.SamplesPerPixel
    values = values[:count]
    if dataset.SamplesPerPixel > 1 and dataset.PlanarConfiguration == 1:
        values = numpy.moveaxis(values.reshape(frames, dataset.SamplesPerPixel, -1), 1, 2)
    return values.reshape(-1)


class Transcode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer({"OverwriteInstances": True}).__enter__()
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.folder.cleanup()

    def upload(self, dicom):
        return self.server.upload(dicom)["Path"] + "/file"

    def transcode(self, path, tail, more=""):
        answer = self.server.get(f"{path}?transcode={tail if tail.startswith('1.') else SYNTAX + tail}{more}")
        self.assertEqual(answer.status, 200, answer.body[:400])
        return answer.body

    def refuse(self, path, query, status, code):
        answer = self.server.get(f"{path}?{query}")
        self.assertEqual((answer.status, answer.json()["OrthancStatus"]), (status, code), answer.body)
        return answer.json()["Details"]

    def decoded_by_others(self, body, tail):
        source = os.path.join(self.folder.name, "in.dcm")
        target = os.path.join(self.folder.name, "out.dcm")
        with open(source, "wb") as file:
            file.write(body)
        tool = TOOLS[tail]
        command = [tool, "--raw", source, target] if tool == "gdcmconv" else [tool, source, target]
        subprocess.run(command, check=True, capture_output=True)
        return pydicom.dcmread(target)

    def images(self):
        rng = numpy.random.default_rng(3)
        yield "8 bits", image(smooth((61, 47), 255, numpy.uint8))
        yield "8 bits, odd", image(smooth((7, 3), 255, numpy.uint8))
        yield "12 of 16", image(smooth((64, 50), 4095), 12)
        yield "16", image(rng.integers(0, 65536, (33, 20), dtype=numpy.uint16))
        yield "signed", image((smooth((40, 41), 65535).astype(numpy.int32) - 32768).astype(numpy.int16), 16,
                              signed=True)
        yield "signed 12", image((smooth((40, 41), 4095).astype(numpy.int32) - 2048).astype(numpy.int16), 12, signed=True)
        yield "junk above", image(smooth((30, 20), 4095) | 0x8000, 12)
        yield "8 of 16", image(smooth((30, 20), 255), 8)
        yield "RGB", image(rng.integers(0, 256, (20, 31, 3), dtype=numpy.uint8), photometric="RGB")
        yield "RGB planes", image(rng.integers(0, 256, (20, 31, 3), dtype=numpy.uint8), photometric="RGB", planar=1)
        yield "frames", image(smooth((5, 32, 24), 4095), 12)
        yield "1x1", image(numpy.array([[77]], dtype=numpy.uint8))

    def test_lossless(self):
        for name, dicom in self.images():
            path = self.upload(dicom)
            original = pydicom.dcmread(io.BytesIO(dicom))
            pixels = samples_of(original)
            for tail in LOSSLESS:
                with self.subTest(image=name, syntax=tail):
                    body = self.transcode(path, tail)
                    coded = pydicom.dcmread(io.BytesIO(body))
                    self.assertEqual(coded.file_meta.TransferSyntaxUID, SYNTAX + tail)
                    self.assertEqual(coded.SOPInstanceUID, original.SOPInstanceUID)
                    self.assertNotIn("LossyImageCompression", coded)
                    self.assertEqual(len(list(decode_data_sequence(coded.PixelData))),
                                     original.get("NumberOfFrames", 1))
                    if not (tail == ".4.90" and name in ("junk above", "signed", "signed 12", "1x1", "8 bits, odd")):
                        numpy.testing.assert_array_equal(samples_of(self.decoded_by_others(body, tail)), pixels)
                    again = pydicom.dcmread(io.BytesIO(self.transcode(self.upload(self.renamed(body)), EXPLICIT)))
                    numpy.testing.assert_array_equal(samples_of(again), pixels)

    def test_native(self):
        for name, dicom in self.images():
            path = self.upload(dicom)
            pixels = samples_of(pydicom.dcmread(io.BytesIO(dicom)))
            for syntax in NATIVE:
                with self.subTest(image=name, syntax=syntax):
                    body = self.transcode(path, syntax)
                    dataset = pydicom.dcmread(io.BytesIO(body))
                    self.assertEqual(dataset.file_meta.TransferSyntaxUID, syntax)
                    numpy.testing.assert_array_equal(samples_of(dataset), pixels)
                    again = self.transcode(self.upload(self.renamed(body)), EXPLICIT)
                    self.assertEqual(pydicom.dcmread(io.BytesIO(again)).PixelData,
                                     pydicom.dcmread(io.BytesIO(dicom)).PixelData)

    def test_lossy(self):
        cases = [("8", image(smooth((64, 48), 255, numpy.uint8)), (".4.50", ".4.51", ".4.81", ".4.91"), 16),
                 ("12", image(smooth((64, 48), 4095), 12), (".4.51", ".4.81", ".4.91"), 256),
                 ("16", image(smooth((64, 48), 65535), 16), (".4.91",), 4096),
                 ("RGB", image(numpy.stack([smooth((48, 64), 255, numpy.uint8)] * 3, -1), photometric="RGB"),
                  (".4.50", ".4.51", ".4.91"), 24),
                 ("odd", image(smooth((7, 5), 255, numpy.uint8)), (".4.50", ".4.81"), 32),
                 ("odd 16", image(smooth((1, 1), 4095), 12), (".4.51", ".4.81"), 256),
                 ("frames", image(smooth((3, 64, 48), 255, numpy.uint8)), (".4.50", ".4.81"), 16)]
        for name, dicom, tails, limit in cases:
            original = pydicom.dcmread(io.BytesIO(dicom))
            path = self.upload(dicom)
            for tail in tails:
                with self.subTest(image=name, syntax=tail):
                    body = self.transcode(path, tail)
                    coded = pydicom.dcmread(io.BytesIO(body))
                    self.check_marks(original, coded, tail)
                    pixels = samples_of(self.decoded_by_others(body, tail)).astype(int)
                    self.assertLess(numpy.abs(pixels - samples_of(original)).max(), limit)
                    again = pydicom.dcmread(io.BytesIO(self.transcode(self.upload(body), EXPLICIT)))
                    self.assertEqual(again.LossyImageCompression, "01")
                    self.assertLess(numpy.abs(samples_of(again).astype(int) - samples_of(original)).max(), limit)

    def check_marks(self, original, coded, tail):
        self.assertEqual(coded.file_meta.TransferSyntaxUID, SYNTAX + tail)
        self.assertNotEqual(coded.SOPInstanceUID, original.SOPInstanceUID)
        self.assertTrue(UID(coded.SOPInstanceUID).is_valid)
        self.assertEqual(coded.file_meta.MediaStorageSOPInstanceUID, coded.SOPInstanceUID)
        self.assertEqual(coded.ImageType[0], "DERIVED")
        self.assertEqual(coded.LossyImageCompression, "01")
        self.assertEqual(coded.LossyImageCompressionMethod, LOSSY[tail])
        size = sum(len(frame) for frame in decode_data_sequence(coded.PixelData))
        self.assertAlmostEqual(float(coded.LossyImageCompressionRatio), samples_of(original).nbytes / size, 2)
        self.assertEqual(coded.DerivationCodeSequence[0].CodeValue, "113040")
        self.assertEqual(coded.SourceImageSequence[0].ReferencedSOPInstanceUID, original.SOPInstanceUID)

    def test_quality(self):
        path = self.upload(image(smooth((64, 48), 255, numpy.uint8)))
        for tail in (".4.50", ".4.91"):
            sizes = [len(self.transcode(path, tail, f"&lossy-quality={quality}")) for quality in (1, 40, 90, 100)]
            self.assertEqual(sizes, sorted(sizes))
            self.assertLess(sizes[0], sizes[-1])
        for bad in ("0", "101", "-5", "x", "", "1.5", "99999999999999999999"):
            self.refuse(path, f"transcode={SYNTAX}.4.50&lossy-quality={bad}", 400, 3)

    def test_every_file(self):
        """Small files of pydicom through all syntaxes: what works is read by pydicom, what does not is a plain error."""
        done = 0
        for name in sorted(glob.glob(os.path.join(FILES, "*.dcm"))):
            with open(name, "rb") as file:
                answer = self.server.post("/instances", file.read())
            if answer.status != 200 or os.path.getsize(name) > 70000:
                continue
            path = answer.json()["Path"] + "/file"
            for tail in (*NATIVE, *TOOLS):
                syntax = tail if tail.startswith("1.") else SYNTAX + tail
                got = self.server.get(f"{path}?transcode={syntax}")
                with self.subTest(file=os.path.basename(name), syntax=tail):
                    self.assertIn(got.status, (200, 400, 500, 413), got.body[:300])
                    if got.status != 200:
                        self.assertIn(got.json()["OrthancStatus"], (2, 15, 23, 47), got.body[:300])
                        continue
                    dataset = pydicom.dcmread(io.BytesIO(got.body), force=True)
                    # A file without meta header that has the syntax already comes as it is.
                    self.assertEqual(dataset.file_meta.get("TransferSyntaxUID", syntax), syntax)
                    len(str(dataset))
                    done += 1
        self.assertGreater(done, 100)

    def test_refused(self):
        path = self.upload(image(smooth((16, 16), 65535)))
        for bad in ("jpeg", "1.2.3", "", "LittleEndianExplicit", "1.2.840.10008.1.1", "9" * 500):
            self.assertIn("Unknown transfer syntax", self.refuse(path, "transcode=" + bad, 400, 3))
        for tail in (".4.50", ".4.51", ".4.100", ".4.201", ".4.53", ".4.94"):
            self.refuse(path, "transcode=" + SYNTAX + tail, 500, 2)
        self.assertEqual(self.server.get("/instances/no/file?transcode=" + EXPLICIT).status, 404)

    def test_lying_headers(self):
        """The image module says more than there is."""
        base = pydicom.dcmread(io.BytesIO(image(smooth((16, 16), 4095), 12)))
        for tags in ({"NumberOfFrames": 2147483647}, {"NumberOfFrames": 0}, {"Rows": 65535, "Columns": 65535},
                     {"BitsAllocated": 64, "BitsStored": 64, "HighBit": 63}, {"BitsStored": 0},
                     {"SamplesPerPixel": 65535}, {"BitsAllocated": 7}):
            dataset = pydicom.dcmread(io.BytesIO(self.bytes_of(base)))
            dataset.SOPInstanceUID = generate_uid()
            for keyword, value in tags.items():
                setattr(dataset, keyword, value)
            path = self.upload(self.bytes_of(dataset))
            for tail in (".4.70", ".4.80", ".4.90", ".5"):
                with self.subTest(tags=tags, syntax=tail):
                    got = self.server.get(f"{path}?transcode={SYNTAX}{tail}")
                    self.assertIn((got.status, got.json()["OrthancStatus"]), ((400, 15), (500, 2), (413, 47), (400, 3)))

    def test_too_many_frames(self):
        """Frames of a byte, many thousands of them in a deflated byte: offset tables are not made for all."""
        count = (1 << 20) + 2
        path = self.upload(image(numpy.zeros((count, 1, 1), dtype=numpy.uint8)))
        deflated = self.transcode(path, DEFLATED)
        self.assertLess(len(deflated), 5000)
        path = self.upload(self.renamed(deflated))
        for tail in (".4.80", ".5"):
            self.assertIn(f"{count} frames", self.refuse(path, f"transcode={SYNTAX}{tail}", 413, 47))
        self.assertEqual(len(pydicom.dcmread(io.BytesIO(self.transcode(path, EXPLICIT))).PixelData), count)

    def test_uids_of_unknown_vr(self):
        dataset = pydicom.dcmread(io.BytesIO(image(smooth((16, 16), 4095), 12)))
        uid, sop_class = dataset.SOPInstanceUID, dataset.SOPClassUID
        for tag, value in ((0x00080016, sop_class), (0x00080018, uid)):
            raw = value.encode() + b"\0" * (len(value) % 2)
            dataset[tag] = pydicom.DataElement(tag, "UN", raw)
        memory = io.BytesIO()
        dataset.save_as(memory)
        path = self.upload(memory.getvalue())
        same = pydicom.dcmread(io.BytesIO(self.transcode(path, ".4.70")))
        self.assertEqual(same.file_meta.MediaStorageSOPInstanceUID, uid)
        source = pydicom.dcmread(io.BytesIO(self.transcode(path, ".4.51"))).SourceImageSequence[0]
        self.assertEqual((source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID), (sop_class, uid))

    def test_broken_streams(self):
        source = self.transcode(self.upload(image(smooth((4, 32, 24), 4095), 12)), ".4.70")
        for frames in (1, 3, 4, 5, 100000000):
            for cut in (0, 40):
                dataset = pydicom.dcmread(io.BytesIO(source))
                pieces = list(decode_data_sequence(dataset.PixelData))
                pieces[-1] = pieces[-1][:len(pieces[-1]) - cut]
                dataset.SOPInstanceUID = generate_uid()
                dataset.PixelData = encapsulate(pieces)
                dataset.NumberOfFrames = frames
                path = self.upload(self.bytes_of(dataset))
                good = frames == 4 and cut == 0
                for syntax in (EXPLICIT, SYNTAX + ".4.80"):
                    with self.subTest(frames=frames, cut=cut, syntax=syntax):
                        got = self.server.get(f"{path}?transcode={syntax}")
                        if frames == 1:
                            continue  # four streams behind each other: decoders read the first
                        self.assertEqual(got.status, 200 if good else 400, got.body[:300])

    def renamed(self, dicom):
        dataset = pydicom.dcmread(io.BytesIO(dicom))
        dataset.SOPInstanceUID = generate_uid()
        return self.bytes_of(dataset)

    def bytes_of(self, dataset):
        memory = io.BytesIO()
        dataset.save_as(memory)
        return memory.getvalue()

    def test_no_pixels(self):
        dicom = make_dicom(PatientComments="text")
        for tail in (*NATIVE, ".4.70"):
            body = self.transcode(self.upload(dicom), tail)
            dataset = pydicom.dcmread(io.BytesIO(body))
            self.assertEqual(dataset.PatientComments, "text")

    def test_offset_table_and_elements_behind(self):
        dataset = pydicom.dcmread(io.BytesIO(image(smooth((6, 16, 15), 255, numpy.uint8))))
        dataset.add_new(0x7fe10010, "LO", "TEST CREATOR")
        dataset.add_new(0x7fe11001, "OB", b"behind")
        path = self.upload(self.bytes_of(dataset))
        for tail in (*NATIVE, *LOSSLESS):
            with self.subTest(syntax=tail):
                body = self.transcode(path, tail)
                coded = pydicom.dcmread(io.BytesIO(body))
                self.assertEqual(coded[0x7fe11001].value[:6], b"behind")
                if tail in NATIVE:
                    continue
                self.assertEqual(coded.PixelData[:8], b"\xfe\xff\x00\xe0" + (24).to_bytes(4, "little"))
                offsets = numpy.frombuffer(coded.PixelData[8:32], dtype="<u4")
                self.assertEqual((offsets[0], len(set(offsets))), (0, 6))
                for start in offsets + 32:
                    self.assertEqual(coded.PixelData[start:start + 4], b"\xfe\xff\x00\xe0")

    def test_icon(self):
        """An icon that is compressed as the image is."""
        dataset = pydicom.dcmread(io.BytesIO(self.transcode(
            self.upload(image(smooth((32, 24), 255, numpy.uint8))), ".4.70")))
        icon = pydicom.Dataset()
        for keyword in ("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored",
                        "HighBit", "PixelRepresentation"):
            setattr(icon, keyword, getattr(dataset, keyword))
        icon.PixelData = dataset.PixelData
        icon["PixelData"].VR = "OB"
        icon["PixelData"].is_undefined_length = True
        dataset.IconImageSequence = [icon]
        path = self.upload(self.bytes_of(dataset))
        for syntax in (EXPLICIT, IMPLICIT, SYNTAX + ".4.80"):
            coded = pydicom.dcmread(io.BytesIO(self.transcode(path, syntax)))
            self.assertEqual(len(coded.IconImageSequence[0].PixelData), 32 * 24)

    def test_large_goes_through_a_file(self):
        pixels = smooth((40, 512, 512), 4095)
        path = self.upload(image(pixels, 12))
        body = self.transcode(path, DEFLATED)
        numpy.testing.assert_array_equal(samples_of(pydicom.dcmread(io.BytesIO(body))), pixels.reshape(-1))
        body = self.transcode(path, BIG)
        numpy.testing.assert_array_equal(samples_of(pydicom.dcmread(io.BytesIO(body))), pixels.reshape(-1))


if __name__ == "__main__":
    unittest.main()
