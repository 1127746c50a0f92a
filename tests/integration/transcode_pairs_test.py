"""Every pair of transfer syntaxes: files that DCMTK's and GDCM's encoders have made, transcoded by the server, decoded by DCMTK, GDCM
and pydicom, and compared sample by sample."""

import io
import json
import os
import subprocess
import tempfile
import unittest
import zipfile

import numpy
import pydicom

from hilum_server import HilumServer
from transcode_test import BIG, DEFLATED, EXPLICIT, IMPLICIT, LOSSY, NATIVE, SYNTAX, TOOLS, image, samples_of, smooth

# How others write each of them; None: dcmconv.
ENCODERS = {IMPLICIT: ("dcmconv", "+ti"), EXPLICIT: ("dcmconv", "+te"), DEFLATED: ("dcmconv", "+td"), BIG: ("dcmconv", "+tb"),
            ".4.50": ("dcmcjpeg", "+eb", "+cy"), ".4.51": ("dcmcjpeg", "+ee", "+cy"), ".4.57": ("dcmcjpeg", "+el", "+cr"),
            ".4.70": ("dcmcjpeg", "+e1", "+cr"), ".4.80": ("dcmcjpls", "+el"), ".4.81": ("dcmcjpls", "+en", "+md", "2"),
            ".4.90": ("gdcmconv", "--j2k"), ".4.91": ("gdcmconv", "--j2k", "--lossy", "-r", "10"), ".5": ("dcmcrle",)}
IMAGES = {"8 bits": (8, image(smooth((40, 36), 255, numpy.uint8))),
          "12 bits": (12, image(smooth((40, 36), 4095), 12)),
          "16 bits": (16, image(smooth((40, 36), 65535), 16)),
          "RGB": (8, image(numpy.stack([smooth((40, 36), top, numpy.uint8) for top in (255, 200, 90)], -1), photometric="RGB"))}


def uid(tail):
    return tail if tail.startswith("1.") else SYNTAX + tail


def can_hold(tail, name):
    """Whether the syntax has a form for such pixels that DCMTK's encoders write."""
    bits = IMAGES[name][0]
    if tail == ".4.50":
        return bits == 8
    if tail == ".4.51":
        return bits <= 12
    if tail == ".4.81":
        return name != "RGB"  # DCMTK's encoder writes past its buffer: see plugins/codecs
    return True


class Pairs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.server = HilumServer({"OverwriteInstances": True})
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def run_tool(self, *command):
        """What a program makes of a file; None if it refuses."""
        source, target = (os.path.join(self.folder.name, name) for name in ("in.dcm", "out.dcm"))
        with open(source, "wb") as file:
            file.write(command[-1])
        if os.path.exists(target):
            os.remove(target)
        done = subprocess.run([*command[:-1], source, target], capture_output=True, check=False)
        if done.returncode != 0 or not os.path.exists(target):
            return None
        with open(target, "rb") as file:
            return file.read()

    def decode(self, body, tail):
        """Samples of a file, read by somebody else than the server."""
        if tail not in NATIVE:
            tool = TOOLS[tail]
            body = self.run_tool(tool, *(["--raw"] if tool == "gdcmconv" else []), body)
            self.assertIsNotNone(body, f"{tool} does not read the result")
        return samples_of(pydicom.dcmread(io.BytesIO(body))).astype(int)

    def test_pairs(self):
        table = {}
        for name, (bits, raw) in IMAGES.items():
            for source in ENCODERS:
                coded = self.run_tool(*ENCODERS[source], raw) if can_hold(source, name) else None
                if coded is None:
                    continue  # the other encoder has no form for it either
                self.assertEqual(pydicom.dcmread(io.BytesIO(coded)).file_meta.TransferSyntaxUID, uid(source))
                table[name, source] = self.from_one(name, bits, source, coded)
        # All sources that exist were looked at, and each had every target that can hold it.
        self.assertGreaterEqual(len(table), 40)
        for (name, source), targets in table.items():
            self.assertEqual(targets, {tail for tail in ENCODERS if can_hold(tail, name)}, (name, source))

    def from_one(self, name, bits, source, coded):
        """The targets that work from this file, all of them checked."""
        path = self.server.upload(coded)["Path"] + "/file"
        before = pydicom.dcmread(io.BytesIO(coded))
        pixels = self.decode(coded, source)
        done = set()
        for target in ENCODERS:
            with self.subTest(image=name, source=source, target=target):
                answer = self.server.get(f"{path}?transcode={uid(target)}")
                if source == target:
                    self.assertEqual(answer.body, coded)
                elif answer.status != 200:
                    self.assertEqual(answer.json()["OrthancStatus"], 2, answer.body)
                    continue
                else:
                    self.check(name, bits, before, pixels, source, target, answer.body)
                done.add(target)
        return done

    def check(self, name, bits, before, pixels, source, target, body):
        after = pydicom.dcmread(io.BytesIO(body))
        self.assertEqual(after.file_meta.TransferSyntaxUID, uid(target))
        self.assertEqual(after.file_meta.MediaStorageSOPInstanceUID, after.SOPInstanceUID)
        self.assertEqual(after.SOPInstanceUID != before.SOPInstanceUID, target in LOSSY)
        self.assertEqual(after.get("LossyImageCompression") == "01", target in LOSSY or source in LOSSY)
        if target in LOSSY:
            self.assertIn(before.SOPInstanceUID, [item.ReferencedSOPInstanceUID for item in after.SourceImageSequence])
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "PatientID"):
            self.assertEqual(after.get(keyword), before.get(keyword))
        # Two decoders of the same lossy stream may round differently.
        allowed = (1 << bits) // 8 if target in LOSSY else 3 if source in LOSSY else 0
        worst = numpy.abs(self.decode(body, target) - pixels).max()
        self.assertLessEqual(worst, allowed, name)

    def test_identity_by_every_way(self):
        """Lossless keeps the instance, lossy makes another one of the same series: file, archives, media."""
        dicom = image(smooth((40, 36), 4095), 12)
        stored = self.server.upload(dicom)
        before = pydicom.dcmread(io.BytesIO(dicom))
        for target in (".4.70", ".4.80", ".4.90", ".5", ".4.51", ".4.91", ".4.81", BIG):
            series, studies = f"/series/{stored['ParentSeries']}", f"/studies/{stored['ParentStudy']}"
            body = json.dumps({"Transcode": uid(target), "Synchronous": True})
            for method, path, text in (("GET", f"/instances/{stored['ID']}/file?transcode={uid(target)}", None),
                                       ("GET", f"{series}/archive?transcode={uid(target)}", None),
                                       ("GET", f"{studies}/media?transcode={uid(target)}", None), ("POST", f"{series}/archive", body),
                                       ("POST", "/tools/create-archive", json.dumps({"Resources": [stored["ID"]], "Transcode": uid(target)}))):
                with self.subTest(target=target, path=path):
                    answer = self.server.request(method, path, text)
                    self.assertEqual(answer.status, 200, answer.body[:300])
                    for after in self.files_of(answer.body):
                        self.assertEqual(after.file_meta.TransferSyntaxUID, uid(target))
                        self.assertEqual(after.SOPInstanceUID != before.SOPInstanceUID, target in LOSSY)
                        self.assertEqual(after.SeriesInstanceUID, before.SeriesInstanceUID)

    def files_of(self, body):
        """The DICOM files of an answer: itself, or those of an archive; at least one."""
        if body[:2] != b"PK":
            return [pydicom.dcmread(io.BytesIO(body))]
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            files = [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist() if not name.endswith("DICOMDIR")]
        self.assertEqual(len(files), 1)
        return files


if __name__ == "__main__":
    unittest.main()
