"""Frames of compressed files, decoded by the plugins and by other programs: equal pixel by pixel."""

import glob
import io
import os
import shutil
import subprocess
import tempfile
import unittest
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy
import pydicom
from pydicom.encaps import decode_data_sequence, encapsulate
from pydicom.uid import UID, generate_uid

from hilum_server import HilumServer
from resources_case import FILES

PLUGIN = os.path.join(os.environ.get("HILUM_BUILD_DIR") or
                      os.path.dirname(os.path.dirname(os.path.abspath(os.environ["HILUM_BINARY"]))),
                      "tests", "plugins", "decoded_frames.so")
SAMPLE = os.path.join(os.path.dirname(PLUGIN), "..", "..", "samples", "deflated.so")
SYNTAX = "1.2.840.10008.1.2."
DCMTK = {"4.50": "dcmdjpeg", "4.51": "dcmdjpeg", "4.53": "dcmdjpeg", "4.55": "dcmdjpeg", "4.57": "dcmdjpeg",
         "4.70": "dcmdjpeg", "4.80": "dcmdjpls", "4.81": "dcmdjpls", "5": "dcmdrle"}
JPEG_2000 = ("4.90", "4.91")


class Format:
    """What the test plugin says about a decoded frame."""

    def __init__(self, text):
        *numbers, self.photometric = text.split(" ")
        (self.rows, self.columns, self.samples, self.allocated, self.stored, self.high_bit, self.signed,
         self.planar) = map(int, numbers)

    def frame_size(self):
        return self.rows * self.columns * self.samples * self.allocated // 8


def interleaved(pixels, samples, size):
    """Planes of samples of `size` bytes, mixed."""
    plane = len(pixels) // samples
    return b"".join(pixels[s * plane + i:s * plane + i + size]
                    for i in range(0, plane, size) for s in range(samples))


def put_frame(dataset, stream):
    dataset.PixelData = encapsulate([stream + b"\0" * (len(stream) % 2) or b"\0\0"])
    dataset["PixelData"].is_undefined_length = True


def save_with_syntax(dataset, syntax, path):
    """Writes through a compressed syntax that pydicom knows, and whose UID is as long."""
    stand_in = {3: "6.1", 4: "4.91", 5: "4.100"}[len(syntax)]
    dataset.file_meta.TransferSyntaxUID = UID(SYNTAX + stand_in)
    memory = io.BytesIO()
    dataset.save_as(memory)
    with open(path, "wb") as file:
        file.write(memory.getvalue().replace((SYNTAX + stand_in).encode(), (SYNTAX + syntax).encode(), 1))


def syntax_of(dataset):
    return str(dataset.file_meta.TransferSyntaxUID)[len(SYNTAX):]


def decompressed(path, syntax):
    """The file as another program decodes it."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.dcm")
        if syntax in JPEG_2000:
            command = ["gdcmconv", "--raw", path, out]
        else:
            command = [DCMTK[syntax], path, out]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return pydicom.dcmread(out)


def expected_frame(reference, n):
    frames = int(reference.get("NumberOfFrames", 1) or 1)
    size = reference.Rows * reference.Columns * reference.SamplesPerPixel * reference.BitsAllocated // 8
    assert len(reference.PixelData) >= frames * size
    pixels = reference.PixelData[n * size:(n + 1) * size]
    if reference.SamplesPerPixel > 1 and reference.PlanarConfiguration == 1:
        pixels = interleaved(pixels, reference.SamplesPerPixel, reference.BitsAllocated // 8)
    return pixels


class CodecsCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        warnings.filterwarnings("ignore", module="pydicom")
        plugins = [PLUGIN] + [SAMPLE] * os.path.exists(SAMPLE)
        cls.server = HilumServer({"Plugins": plugins, "OverwriteInstances": True})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.folder = tempfile.mkdtemp(prefix="hilum-codecs-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)

    def upload(self, path):
        with open(path, "rb") as file:
            return self.server.upload(file.read())["ID"]

    def decoded(self, instance, n=0):
        answer = self.server.get(f"/test/frames/{instance}/{n}/decoded")
        self.assertEqual(answer.status, 200, answer.body)
        form = Format(answer.headers["format"])
        self.assertEqual(len(answer.body), form.frame_size())
        return form, answer.body

    def check(self, path, syntax):
        """All frames of a file as the server decodes them and as the reference does."""
        reference = decompressed(path, syntax)
        instance = self.upload(path)
        for n in range(int(reference.get("NumberOfFrames", 1) or 1)):
            form, pixels = self.decoded(instance, n)
            if form.planar:
                pixels = interleaved(pixels, form.samples, form.allocated // 8)
            self.assertEqual((form.rows, form.columns, form.samples, form.allocated),
                             (reference.Rows, reference.Columns, reference.SamplesPerPixel,
                              reference.BitsAllocated))
            self.assertTrue(pixels == expected_frame(reference, n), f"frame {n} differs")
        return form, reference

    def status_of(self, path):
        """HTTP status of the first frame, or of its file if that is refused already."""
        with open(path, "rb") as file:
            answer = self.server.post("/instances", file.read())
        if answer.status != 200:
            return answer.status
        return self.server.get(f"/test/frames/{answer.json()['ID']}/0/decoded").status

    def encoded(self, source, *command):
        """A file through an encoder: `command` with its options, without the names of the files."""
        made = os.path.join(self.folder, f"{generate_uid()}.dcm")
        subprocess.run([*command, source, made], check=True, capture_output=True, timeout=60)
        return made


class FilesTest(CodecsCase):
    # gdcmconv keeps unsigned what the data set calls signed; here the data set decides, as in pydicom.
    SIGN_OF_THE_DATA_SET = {"J2K_pixelrep_mismatch.dcm"}
    # Damaged on purpose: gdcmconv and dcmdjpeg fail, and so must the server (the second one refuses it on arrival).
    DAMAGED = {"JPEG2000-embedded-sequence-delimiter.dcm", "SC_rgb_jpeg.dcm"}

    def test_all_files_of_pydicom(self):
        seen = set()
        for path in sorted(glob.glob(os.path.join(FILES, "*.dcm"))):
            dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
            if "Rows" not in dataset or "TransferSyntaxUID" not in dataset.file_meta:
                continue
            syntax = syntax_of(dataset)
            name = os.path.basename(path)
            if syntax not in DCMTK and syntax not in JPEG_2000:
                continue
            with self.subTest(name):
                if name in self.DAMAGED:
                    self.assertEqual(self.status_of(path), 400)
                elif name in self.SIGN_OF_THE_DATA_SET:
                    self.check_sign(path, syntax)
                else:
                    self.check(path, syntax)
                seen.add(syntax)
        self.assertEqual(seen, {"4.50", "4.51", "4.70", "4.80", "4.90", "4.91", "5"})

    def check_sign(self, path, syntax):
        reference = decompressed(path, syntax)
        expected = numpy.frombuffer(reference.PixelData, "<u2").astype("<i4")
        expected[expected >= 1 << (reference.BitsStored - 1)] -= 1 << reference.BitsStored
        self.assertEqual(reference.PixelRepresentation, 1)
        _, pixels = self.decoded(self.upload(path))
        self.assertTrue(numpy.array_equal(numpy.frombuffer(pixels, "<i2"), expected))

    def test_native_files_of_pydicom(self):
        """Big-endian, 1-bit, deflated, subsampled: as pydicom reads them."""
        little = {"MR_small_expb.dcm": "MR_small.dcm", "MR_small_bigendian.dcm": "MR_small.dcm",
                  "liver_expb_1frame.dcm": "liver_1frame.dcm"}
        for name, other in little.items():
            with self.subTest(name):
                twin = pydicom.dcmread(os.path.join(FILES, other))
                frames = int(twin.get("NumberOfFrames", 1) or 1)
                instance = self.upload(os.path.join(FILES, name))
                pixels = b"".join(self.decoded(instance, n)[1] for n in range(frames))
                self.assertTrue(pixels == twin.PixelData[:len(pixels)])
        # 32 bits in OW, big-endian, are two words whose bytes are swapped (PS3.5 section 6.2); pydicom's files have
        # them the other way round, so that DCMTK is asked.
        name = os.path.join(FILES, "rtdose_expb.dcm")
        twin = pydicom.dcmread(self.encoded(name, "dcmconv", "+te"))
        self.assertTrue(self.decoded(self.upload(name), 14)[1] == twin.PixelData[14 * 400:15 * 400])
        for name in ("image_dfl.dcm", "SC_ybr_full_422_uncompressed.dcm", "CT_small.dcm", "SC_rgb_small_odd.dcm"):
            with self.subTest(name):
                dataset = pydicom.dcmread(os.path.join(FILES, name))
                instance = self.upload(os.path.join(FILES, name))
                answer = self.server.get(f"/test/frames/{instance}/0/decoded")
                self.assertEqual(answer.status, 200, answer.body)
                self.assertTrue(answer.body == dataset.PixelData[:len(answer.body)])
                self.assertLessEqual(len(dataset.PixelData) - len(answer.body), 1)  # padding


class FragmentsTest(CodecsCase):
    def test_many_frames_in_many_fragments(self):
        """Frames by offset table and without, where they lie, and the same as `content` shows them."""
        frames = [os.urandom(1000 + 2 * n) for n in range(1500)]
        for fragments, table in ((1, False), (2, True)):
            dataset = pydicom.dcmread(os.path.join(FILES, "SC_rgb_rle.dcm"))
            dataset.NumberOfFrames = len(frames)
            dataset.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=table)
            path = os.path.join(self.folder, "fragments.dcm")
            dataset.save_as(path)
            instance = self.upload(path)
            with open(path, "rb") as file:
                content = file.read()
            for n in (0, 1, 700, 1499):
                self.assertEqual(self.server.get(f"/test/frames/{instance}/{n}/stored").body, frames[n])
                pieces = self.server.get_json(f"/test/frames/{instance}/{n}/pieces")
                self.assertEqual(b"".join(content[pieces[i]:pieces[i] + pieces[i + 1]]
                                          for i in range(0, len(pieces), 2)), frames[n])
                shown = [self.server.get(f"/instances/{instance}/content/7fe0-0010/{1 + fragments * n + i}").body
                         for i in range(fragments)]
                self.assertEqual(b"".join(shown), frames[n])
            self.assertEqual(self.server.get(f"/test/frames/{instance}/1500/stored").status, 400)
            self.assertEqual(len(self.server.get_json(f"/instances/{instance}/content/7fe0-0010")),
                             1 + fragments * len(frames))


class EncodersTest(CodecsCase):
    """Images that other programs have encoded with every option that matters."""

    def sources(self):
        """8 and 12 and 16 bits, signed or not, and colour."""
        for name, tool in (("SC_rgb_rle_2frame.dcm", "dcmdrle"), ("JPGExtended.dcm", "dcmdjpeg")):
            out = os.path.join(self.folder, name)
            if not os.path.exists(out):
                subprocess.run([tool, os.path.join(FILES, name), out], check=True, capture_output=True)
        gray = os.path.join(self.folder, "gray8.dcm")
        if not os.path.exists(gray):
            dataset = pydicom.dcmread(os.path.join(FILES, "CT_small.dcm"))
            dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
            dataset.PixelData = dataset.PixelData[::2]
            dataset.pop("SmallestImagePixelValue", None)
            dataset.pop("LargestImagePixelValue", None)
            dataset.pop("PixelPaddingValue", None)
            dataset.save_as(gray)
        return {"gray8": gray, "gray12": os.path.join(self.folder, "JPGExtended.dcm"),
                "gray16": os.path.join(FILES, "CT_small.dcm"), "colour": os.path.join(self.folder,
                                                                                      "SC_rgb_rle_2frame.dcm")}

    def check_encoder(self, source, syntax, *command):
        with self.subTest(" ".join((source,) + command)):
            path = self.encoded(self.sources()[source], *command)
            self.assertEqual(syntax_of(pydicom.dcmread(path, stop_before_pixels=True)), syntax)
            return self.check(path, syntax)

    def test_jpeg(self):
        self.check_encoder("gray8", "4.50", "dcmcjpeg", "+eb")
        for syntax, *options in (("4.50", "+eb", "+q", "30"), ("4.51", "+ee"), ("4.53", "+es"), ("4.55", "+ep"),
                                 ("4.70", "+e1")):
            self.check_encoder("colour", syntax, "dcmcjpeg", *options)
        for predictor in (1, 4, 6, 7):
            self.check_encoder("gray16", "4.57", "dcmcjpeg", "+el", "+sv", str(predictor))
        for syntax, option in (("4.51", "+ee"), ("4.53", "+es"), ("4.55", "+ep"), ("4.57", "+el"), ("4.70", "+e1")):
            self.check_encoder("gray12", syntax, "dcmcjpeg", option)
        for option in ("+cr", "+cy", "+s2"):
            self.check_encoder("colour", "4.50", "dcmcjpeg", "+eb", option)
        self.check_encoder("colour", "4.50", "dcmcjpeg", "+eb", "-ot")  # no offset table

    def test_jpeg_in_fragments(self):
        for options in (("+eb", "+fs", "1"), ("+el", "+fs", "1")):
            self.check_encoder("colour", "4.50" if "+eb" in options else "4.57", "dcmcjpeg", *options)

    def test_jpeg_ls(self):
        for source in ("gray8", "gray12", "gray16"):
            self.check_encoder(source, "4.80", "dcmcjpls", "+el")
            if source != "gray16":  # which dcmcjpls refuses
                self.check_encoder(source, "4.81", "dcmcjpls", "+en", "+md", "3")
        for interleave in ("+il", "+is", "+in"):
            self.check_encoder("colour", "4.80", "dcmcjpls", "+el", interleave)
        self.check_encoder("gray16", "4.80", "dcmcjpls", "+el", "+fs", "1")

    def test_rle(self):
        for source in ("gray8", "gray16", "colour"):
            self.check_encoder(source, "5", "dcmcrle")
            self.check_encoder(source, "5", "dcmcrle", "+fs", "1")

    def test_planes_in_rle(self):
        """PlanarConfiguration 1 says how decoded samples would lie; the planes of RLE lie as ever."""
        dataset = pydicom.dcmread(self.sources()["colour"])
        dataset.NumberOfFrames = 1
        size = 100 * 100 * 3
        wanted = dataset.PixelData[:size]
        dataset.PixelData = b"".join(wanted[s::3] for s in range(3))
        dataset.PlanarConfiguration = 1
        planes = os.path.join(self.folder, "planes.dcm")
        dataset.save_as(planes)
        form, pixels = self.decoded(self.upload(self.encoded(planes, "dcmcrle")))
        self.assertFalse(form.planar)
        self.assertTrue(pixels == wanted)

    def test_several_at_once(self):
        paths = [os.path.join(FILES, name) for name in ("MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPGExtended.dcm",
                                                        "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm")]
        instances = [self.upload(path) for path in paths]
        expected = [self.decoded(instance)[1] for instance in instances]
        with ThreadPoolExecutor(8) as pool:
            for _, decoded in zip(range(8), pool.map(
                    lambda _: [self.decoded(instance)[1] for instance in instances], range(8))):
                self.assertTrue(decoded == expected)

    def test_ybr_is_converted_if_the_data_set_says_so(self):
        """The same stream twice: as YBR, and (against the truth) as RGB, which leaves it alone."""
        path = self.encoded(self.sources()["colour"], "dcmcjpeg", "+eb", "+cy")
        form, converted = self.decoded(self.upload(path))
        self.assertEqual(form.photometric, "RGB")
        dataset = pydicom.dcmread(path)
        self.assertEqual(dataset.PhotometricInterpretation[:4], "YBR_")
        dataset.PhotometricInterpretation = "RGB"
        lying = os.path.join(self.folder, "lying.dcm")
        dataset.save_as(lying)
        form, left_alone = self.decoded(self.upload(lying))
        self.assertEqual(form.photometric, "RGB")
        self.assertNotEqual(converted, left_alone)


class Jpeg2000Test(CodecsCase):
    """Codestreams by OpenJPEG's and OpenJPH's encoders, without loss: the pixels must come back."""

    ROWS, COLUMNS = 119, 201

    def pixels(self, bits, samples):
        shape = (self.ROWS, self.COLUMNS, samples)
        y, x, s = numpy.indices(shape)
        noise = numpy.random.default_rng(bits).integers(0, 3, shape)
        values = (y * 37 + x * 91 + s * 50) * (bits > 8 and 7 or 1) % (1 << bits) + noise
        return numpy.minimum(values, (1 << bits) - 1)

    def codestream(self, pixels, bits, *command, suffix=".j2k"):
        samples = pixels.shape[2]
        source = os.path.join(self.folder, "in." + ("ppm" if samples == 3 else "pgm"))
        made = os.path.join(self.folder, "out" + suffix)
        with open(source, "wb") as file:
            file.write(b"P%d\n%d %d\n%d\n" % (6 if samples == 3 else 5, self.COLUMNS, self.ROWS, (1 << bits) - 1))
            file.write(pixels.astype("u1" if bits <= 8 else ">u2").tobytes())
        subprocess.run([command[0], "-i", source, "-o", made, *command[1:]], check=True, capture_output=True,
                       timeout=60)
        with open(made, "rb") as file:
            return file.read()

    def dicom(self, stream, bits, samples, syntax, **tags):
        dataset = pydicom.dcmread(os.path.join(FILES, "CT_small.dcm"))
        dataset.SOPInstanceUID = generate_uid()
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = self.ROWS, self.COLUMNS, samples
        dataset.BitsAllocated = 8 if bits <= 8 else 16
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits - 1, 0
        dataset.PhotometricInterpretation = "YBR_RCT" if samples == 3 else "MONOCHROME2"
        dataset.PlanarConfiguration = 0
        for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
            dataset.pop(keyword, None)
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)
        put_frame(dataset, stream)
        path = os.path.join(self.folder, "image.dcm")
        save_with_syntax(dataset, syntax, path)
        return path

    def check_stream(self, bits, samples, syntax, *command, **options):
        with self.subTest(f"{bits} bits, {samples} samples: {command}"):
            pixels = self.pixels(bits, samples)
            stream = self.codestream(pixels, bits, *command, **options)
            form, decoded = self.decoded(self.upload(self.dicom(stream, bits, samples, syntax)))
            self.assertEqual(form.photometric, "RGB" if samples == 3 else "MONOCHROME2")
            self.assertEqual(form.allocated, 8 if bits <= 8 else 16)
            self.assertTrue(decoded == pixels.astype("u1" if bits <= 8 else "<u2").tobytes())

    def test_jpeg_2000(self):
        for bits in (8, 12, 16):
            for samples in (1, 3):
                self.check_stream(bits, samples, "4.90", "opj_compress")
        self.check_stream(8, 1, "4.91", "opj_compress", "-t", "64,64", "-b", "32,32", "-n", "3", "-p", "RLCP")
        self.check_stream(8, 3, "4.92", "opj_compress", "-c", "[128,128],[64,64]", "-SOP", "-EPH", "-r", "20,10,1")
        self.check_stream(8, 1, "4.90", "opj_compress", suffix=".jp2")  # in boxes, against the standard

    def test_high_throughput(self):
        for syntax in ("4.201", "4.202", "4.203"):
            for bits in (8, 12, 16) if syntax == "4.201" else (12,):
                for samples in (1, 3):
                    self.check_stream(bits, samples, syntax, "ojph_compress", "-reversible", "true", suffix=".j2c")

    def test_lossy(self):
        """The same stream through OpenJPEG's own program."""
        for command, suffix in ((("opj_compress", "-r", "10", "-I"), ".j2k"), (("ojph_compress",), ".j2c")):
            stream = self.codestream(self.pixels(8, 1), 8, *command, suffix=suffix)
            _, decoded = self.decoded(self.upload(self.dicom(stream, 8, 1, "4.91")))
            source, made = (os.path.join(self.folder, "lossy" + end) for end in (suffix, ".pgm"))
            with open(source, "wb") as file:
                file.write(stream)
            subprocess.run(["opj_decompress", "-i", source, "-o", made], check=True, capture_output=True)
            with open(made, "rb") as file:
                self.assertTrue(decoded == file.read()[-len(decoded):])

    def test_hostile_headers(self):
        """What the stream announces is compared with the data set and with limits before anything is allocated."""
        stream = self.codestream(self.pixels(8, 1), 8, "opj_compress")
        for tags in ({"Rows": 65535, "Columns": 65535}, {"SamplesPerPixel": 3}, {"Rows": 118}):
            self.assertEqual(self.status_of(self.dicom(stream, 8, 1, "4.90", **tags)), 400, tags)
        huge = bytearray(stream)
        huge[8:16] = (65535).to_bytes(4, "big") * 2
        for width in (65535, 1):  # one tile, or four thousand millions
            huge[24:32] = width.to_bytes(4, "big") * 2
            path = self.dicom(bytes(huge), 8, 1, "4.90", Rows=65535, Columns=65535)
            self.assertEqual(self.status_of(path), 413)
        for size in (0, 2, 40, 100, len(stream) // 2):
            self.assertEqual(self.status_of(self.dicom(stream[:size], 8, 1, "4.90")), 400, size)
        layers = stream.index(b"\xff\x52") + 6
        for count, status in ((65535, 413), (1025, 413), (0, 400)):
            changed = stream[:layers] + count.to_bytes(2, "big") + stream[layers + 2:]
            self.assertEqual(self.status_of(self.dicom(changed, 8, 1, "4.90")), status, count)
        long = bytearray(stream)
        long[8:16] = long[24:32] = (8000).to_bytes(4, "big") * 2
        self.assertEqual(self.status_of(self.dicom(bytes(long[:5000]), 8, 1, "4.90", Rows=8000, Columns=8000)), 413)
        self.assertIsNone(self.server.process.poll())


@unittest.skipUnless(os.path.exists(SAMPLE), "built without the sample plugins")
class SampleTest(CodecsCase):
    def test_deflated_frames(self):
        dataset = pydicom.dcmread(os.path.join(FILES, "CT_small.dcm"))
        pixels = dataset.PixelData
        for stream, status in ((zlib.compress(pixels, wbits=-15), 200), (zlib.compress(pixels[2:], wbits=-15), 400),
                               (zlib.compress(pixels + b"x", wbits=-15), 400), (b"\x07" * 100, 400), (b"", 400)):
            put_frame(dataset, stream)
            path = os.path.join(self.folder, "deflated.dcm")
            save_with_syntax(dataset, "8.1", path)
            self.assertEqual(self.status_of(path), status, len(stream))
        put_frame(dataset, zlib.compress(pixels, wbits=-15))
        save_with_syntax(dataset, "8.1", path)
        self.assertTrue(self.decoded(self.upload(path))[1] == pixels)


class HostileTest(CodecsCase):
    """Streams that are cut, broken, or announce what they do not hold."""

    SOURCES = ("MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPGExtended.dcm", "SC_rgb_jpeg_gdcm.dcm",
               "MR_small_jpeg_ls_lossless.dcm")

    def variant(self, name, change):
        dataset = pydicom.dcmread(os.path.join(FILES, name))
        fragments = list(decode_data_sequence(dataset.PixelData))
        put_frame(dataset, change(b"".join(fragments), dataset))
        path = os.path.join(self.folder, "hostile.dcm")
        dataset.save_as(path)
        return path

    def test_sizes_that_lie(self):
        def enlarge(stream, dataset):
            dataset.Rows = dataset.Columns = 65535
            return stream
        for name in self.SOURCES:
            self.assertEqual(self.status_of(self.variant(name, enlarge)), 400, name)

    def test_scans_without_end(self):
        """A progressive image whose last scan comes again and again: a few bytes each, all the pixels each."""
        gray = pydicom.dcmread(os.path.join(FILES, "CT_small.dcm"))
        gray.BitsAllocated, gray.BitsStored, gray.HighBit, gray.PixelRepresentation = 8, 8, 7, 0
        gray.PixelData = gray.PixelData[::2]
        for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue"):
            gray.pop(keyword, None)
        source = os.path.join(self.folder, "progressive.dcm")
        gray.save_as(source)
        made = self.encoded(source, "dcmcjpeg", "+ep")
        dataset = pydicom.dcmread(made)
        stream = b"".join(decode_data_sequence(dataset.PixelData)).rstrip(b"\0")
        last, end = stream.rindex(b"\xff\xda"), stream.rindex(b"\xff\xd9")
        for repeats, status in ((1, 200), (100, 400), (100000, 400)):
            put_frame(dataset, stream[:last] + stream[last:end] * repeats + stream[end:])
            dataset.save_as(source)
            self.assertEqual(self.status_of(source), status, repeats)

    def test_scans_without_end_or_loss(self):
        made = self.encoded(os.path.join(FILES, "CT_small.dcm"), "dcmcjpeg", "+e1")
        dataset = pydicom.dcmread(made)
        stream = b"".join(decode_data_sequence(dataset.PixelData)).rstrip(b"\0")
        scan, end = stream.rindex(b"\xff\xda"), stream.rindex(b"\xff\xd9")
        path = os.path.join(self.folder, "lossless.dcm")
        for repeats, status in ((1, 200), (65, 400), (1000, 400)):
            put_frame(dataset, stream[:scan] + stream[scan:end] * repeats + stream[end:])
            dataset.save_as(path)
            self.assertEqual(self.status_of(path), status, repeats)

    def test_streams_that_are_cut(self):
        for name in self.SOURCES:
            for part in (0, 0.02, 0.5):
                path = self.variant(name, lambda stream, _: stream[:int(len(stream) * part)])
                self.assertEqual(self.status_of(path), 400, (name, part))

    def test_sizes_that_lie_in_the_stream_too(self):
        """The data set agrees with the stream; the bytes still cannot hold so many samples."""
        def enlarge(marker):
            def change(stream, dataset):
                at = next(i for i in range(len(stream)) if stream[i] == 0xff and stream[i + 1] in marker)
                dataset.Rows = dataset.Columns = 65000
                return stream[:at + 5] + (65000).to_bytes(2, "big") * 2 + stream[at + 9:]
            return change
        for name, marker in (("SC_rgb_jpeg_dcmtk.dcm", (0xc0,)), ("JPGExtended.dcm", (0xc1,)),
                             ("SC_rgb_jpeg_gdcm.dcm", (0xc3,)), ("MR_small_jpeg_ls_lossless.dcm", (0xf7,))):
            self.assertIn(self.status_of(self.variant(name, enlarge(marker))), (400, 413), name)

    def test_broken_bytes_do_not_end_the_server(self):
        random = numpy.random.default_rng(7)
        def breaking(stream, _):
            broken = bytearray(stream)
            for at in random.integers(0, min(len(broken), 700), 6):
                broken[at] = random.integers(0, 256)
            return bytes(broken)
        for name in self.SOURCES + ("MR_small_jp2klossless.dcm",):
            for _ in range(8):
                self.assertIn(self.status_of(self.variant(name, breaking)), (200, 400, 413), name)
        self.assertIsNone(self.server.process.poll())


if __name__ == "__main__":
    unittest.main()
