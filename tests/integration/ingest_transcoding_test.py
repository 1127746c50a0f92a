"""IngestTranscoding: what comes in, by every way, in another transfer syntax."""

import io
import json
import os
import subprocess
import tempfile
import threading
import unittest

import numpy
import pydicom
from pydicom.encaps import encapsulate

from hilum_server import HilumServer
from resources_case import archive, make_dicom, public_id
from transcode_test import BIG, DEFLATED, EXPLICIT, IMPLICIT, SYNTAX, image, samples_of, smooth

LOSSLESS = SYNTAX + ".4.70"
LS = SYNTAX + ".4.80"
LOSSY = SYNTAX + ".4.51"
MPEG = SYNTAX + ".4.102"


def picture(top=4095, shape=(32, 30), **tags):
    return image(smooth(shape, top), 12, **tags)


def video():
    dataset = pydicom.dcmread(io.BytesIO(picture()))
    dataset.file_meta.TransferSyntaxUID = MPEG
    dataset.PixelData = encapsulate([b"\0\0\1\xb3" * 100])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return bytes_of(dataset)


def bytes_of(dataset):
    memory = io.BytesIO()
    dataset.save_as(memory, write_like_original=False)
    return memory.getvalue()


class IngestCase(unittest.TestCase):
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer(cls.options)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), "the server has ended:\n" + self.server.log()[-4000:])

    def stored(self, identifier):
        """The file that the server has, all that it says of it being true."""
        body = self.server.get(f"/instances/{identifier}/file").body
        dataset = pydicom.dcmread(io.BytesIO(body))
        syntax = self.server.get(f"/instances/{identifier}/metadata/TransferSyntax").text()
        self.assertEqual(syntax, dataset.file_meta.TransferSyntaxUID)
        self.assertEqual(identifier, public_id(dataset.PatientID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID,
                                               dataset.SOPInstanceUID))
        self.assertEqual(self.server.get(f"/instances/{identifier}/attachments/dicom/size").text(), str(len(body)))
        offset = self.server.get(f"/instances/{identifier}/metadata/PixelDataOffset")
        if offset.status == 200:
            self.assertEqual(body[int(offset.body):int(offset.body) + 4], b"\xe0\x7f\x10\x00")
        self.assertEqual(self.server.get(f"/instances/{identifier}/tags?simplify").json()["SOPInstanceUID"],
                         dataset.SOPInstanceUID)
        return body, dataset

    def pixels(self, identifier):
        answer = self.server.get(f"/instances/{identifier}/file?transcode={EXPLICIT}")
        self.assertEqual(answer.status, 200, answer.body[:300])
        return samples_of(pydicom.dcmread(io.BytesIO(answer.body)))


class LosslessTest(IngestCase):
    options = {"IngestTranscoding": LOSSLESS, "MaximumConcurrentDcmtkTranscoders": 1}

    def check(self, dicom, identifier):
        _, dataset = self.stored(identifier)
        original = pydicom.dcmread(io.BytesIO(dicom))
        self.assertEqual(dataset.file_meta.TransferSyntaxUID, LOSSLESS)
        self.assertEqual(dataset.SOPInstanceUID, original.SOPInstanceUID)
        self.assertNotIn("LossyImageCompression", dataset)
        numpy.testing.assert_array_equal(self.pixels(identifier), samples_of(original))

    def test_upload(self):
        self.assertEqual(self.server.get_json("/system")["IngestTranscoding"], LOSSLESS)
        for dicom in (picture(), image(smooth((3, 32, 30), 255, numpy.uint8)), image(smooth((1, 1), 65535), 16)):
            answer = self.server.upload(dicom)
            self.assertEqual(answer["Status"], "Success")
            self.check(dicom, answer["ID"])
            self.assertEqual(self.server.upload(dicom)["Status"], "AlreadyStored")

    def test_through_a_file(self):
        """Results over a megabyte wait on the disk."""
        rng = numpy.random.default_rng(1)
        dicom = image(rng.integers(0, 65536, (4, 600, 500), dtype=numpy.uint16))
        self.check(dicom, self.server.upload(dicom)["ID"])

    def test_archive(self):
        files = [picture() for _ in range(20)]
        answer = self.server.post("/instances", archive([(f"{i}.dcm", file) for i, file in enumerate(files)]))
        self.assertEqual(answer.status, 200)
        for file, stored in zip(files, answer.json()):
            self.check(file, stored["ID"])

    def test_c_store(self):
        dicom = picture()
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a.dcm"), "wb") as file:
                file.write(dicom)
            subprocess.run(["storescu", "127.0.0.1", str(self.server.dicom_port), os.path.join(folder, "a.dcm")], check=True,
                           capture_output=True)
        dataset = pydicom.dcmread(io.BytesIO(dicom))
        self.check(dicom, public_id(dataset.PatientID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID))

    def test_created_and_modified(self):
        body = {"Tags": {"PatientID": "created"}, "Content": "data:image/png;base64,"
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="}
        created = self.server.post("/tools/create-dicom", json.dumps(body))
        self.assertEqual(created.status, 200, created.body)
        _, dataset = self.stored(created.json()["ID"])
        self.assertEqual(dataset.file_meta.TransferSyntaxUID, LOSSLESS)
        study = self.server.get_json(f"/instances/{self.server.upload(picture(study='1.2.77'))['ID']}/study")["ID"]
        for transcode, expected in ((None, LOSSLESS), (EXPLICIT, EXPLICIT), (LS, LS)):
            body = {"Replace": {"StudyDescription": "x"}, **({"Transcode": transcode} if transcode else {})}
            answer = self.server.post(f"/studies/{study}/modify", json.dumps(body))
            self.assertEqual(answer.status, 200, answer.body)
            for instance in self.server.get_json(f"/studies/{answer.json()['ID']}/instances"):
                _, dataset = self.stored(instance["ID"])
                self.assertEqual(dataset.file_meta.TransferSyntaxUID, expected)

    def test_left_alone(self):
        """What is no picture, or nothing that could be converted, is stored byte by byte."""
        broken = pydicom.dcmread(io.BytesIO(picture()))
        broken.Rows = 60000
        deep = image(numpy.zeros((8, 8), dtype=numpy.uint32), 32)
        for dicom in (make_dicom(PatientComments="text"), video(), bytes_of(broken), deep):
            answer = self.server.post("/instances", dicom)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(self.server.get(f"/instances/{answer.json()['ID']}/file").body, dicom)
        self.assertIn("IngestTranscoding: an instance is stored as it came", self.server.log())

    def test_many_at_once(self):
        files = [picture() for _ in range(24)]
        answers = [None] * len(files)

        def upload(i):
            answers[i] = self.server.upload(files[i])
        threads = [threading.Thread(target=upload, args=(i,)) for i in range(len(files))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for file, answer in zip(files, answers):
            self.check(file, answer["ID"])

    def test_restart_and_check(self):
        dicom = picture()
        identifier = self.server.upload(dicom)["ID"]
        self.server.kill()
        self.server.start()
        self.check(dicom, identifier)


class SourcesTest(unittest.TestCase):
    """Which sources are converted."""

    def syntaxes(self, options):
        with HilumServer({**options, "IngestTranscoding": LS}) as server:
            found = []
            with HilumServer() as maker:
                path = maker.upload(picture())["Path"]
                for syntax in (IMPLICIT, EXPLICIT, BIG, DEFLATED, LOSSLESS, LS, SYNTAX + ".5", SYNTAX + ".4.90", LOSSY):
                    dicom = maker.get(f"{path}/file?transcode={syntax}").body
                    stored = server.upload(dicom)
                    after = server.get(stored["Path"] + "/metadata/TransferSyntax").text()
                    found.append((syntax, after))
                    if after == syntax:
                        self.assertEqual(server.get(stored["Path"] + "/file").body, dicom)
                    server.delete(stored["Path"])
            return [syntax for syntax, after in found if after == LS], [syntax for syntax, after in found if after == syntax]

    def test_scope(self):
        compressed = [DEFLATED, LOSSLESS, LS, SYNTAX + ".5", SYNTAX + ".4.90", LOSSY]
        uncompressed = [IMPLICIT, EXPLICIT, BIG]
        self.assertEqual(self.syntaxes({}), (uncompressed + compressed, [LS]))
        self.assertEqual(self.syntaxes({"IngestTranscodingOfCompressed": False}), (uncompressed + [LS], compressed))
        self.assertEqual(self.syntaxes({"IngestTranscodingOfUncompressed": False}), (compressed, uncompressed + [LS]))


class LossyTest(IngestCase):
    options = {"IngestTranscoding": LOSSY, "DicomLossyTranscodingQuality": 40, "StorageCompression": True}

    def test_a_new_instance(self):
        dicom = picture()
        original = pydicom.dcmread(io.BytesIO(dicom))
        answer = self.server.upload(dicom)
        _, dataset = self.stored(answer["ID"])
        self.assertEqual(dataset.file_meta.TransferSyntaxUID, LOSSY)
        self.assertNotEqual(dataset.SOPInstanceUID, original.SOPInstanceUID)
        self.assertEqual(dataset.SeriesInstanceUID, original.SeriesInstanceUID)
        self.assertEqual((dataset.LossyImageCompression, dataset.LossyImageCompressionMethod), ("01", "ISO_10918_1"))
        self.assertEqual(dataset.SourceImageSequence[0].ReferencedSOPInstanceUID, original.SOPInstanceUID)
        self.assertLess(numpy.abs(self.pixels(answer["ID"]).astype(int) - samples_of(original)).max(), 600)
        # The same image again is no other one.
        again = self.server.upload(dicom)
        self.assertEqual((again["ID"], again["Status"]), (answer["ID"], "AlreadyStored"))

    def test_what_it_cannot_hold(self):
        dicom = image(smooth((20, 20), 65535), 16)
        answer = self.server.upload(dicom)
        self.assertEqual(self.server.get(answer["Path"] + "/file").body, dicom)


class ConfigurationTest(unittest.TestCase):
    def test_unknown_syntax(self):
        for bad in ("1.2.3", "JPEG", "1.2.840.10008.1.2.4.999"):
            server = HilumServer({"IngestTranscoding": bad})
            try:
                server.launch()
                self.assertNotEqual(server.wait_for_end(), 0)
                self.assertIn("IngestTranscoding", server.log())
                self.assertIn(bad, server.log())
            finally:
                server.close()

    def test_without_codecs(self):
        """A native target needs none; a compressed one leaves everything as it came."""
        dicom = picture()
        for target, expected in ((BIG, BIG), (LOSSLESS, EXPLICIT)):
            with HilumServer({"IngestTranscoding": target, "DisabledPlugins": ["codecs", "jpeg2000"]}) as server:
                path = server.upload(dicom)["Path"]
                self.assertEqual(server.get(path + "/metadata/TransferSyntax").text(), expected)

    def test_off(self):
        with HilumServer() as server:
            self.assertEqual(server.get_json("/system")["IngestTranscoding"], "")
            dicom = picture()
            self.assertEqual(server.get(server.upload(dicom)["Path"] + "/file").body, dicom)


if __name__ == "__main__":
    unittest.main()
