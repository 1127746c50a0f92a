"""Other DICOM systems on loopback for tests: DCMTK's dcmqrscp and storescp, and small files for them to hold.

    with Archive({"HILUM": server.dicom_port}) as archive:
        archive.fill(files)
"""

import io
import os
import shutil
import subprocess
import tempfile
import time

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

from hilum_server import free_ports

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
ROOT = "1.2.826.0.1.3680043.10.1511.6"
START_SECONDS = 60


def make_file(patient, study, series, instance, size=16, modality="CT", **tags):
    """An image of size x size pixels. The identifiers are numbers: patient 1, study 1, ..."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CT if modality == "CT" else MR
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.{patient}.{study}.{series}.{instance}"
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.ImplementationClassUID = ROOT
    ds = FileDataset(None, Dataset(), file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=False, is_little_endian=True)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.{patient}.{study}", f"{ROOT}.{patient}.{study}.{series}"
    ds.PatientID, ds.PatientName = f"PAT{patient}", f"M\u00fcller^Patient {patient}"
    ds.PatientBirthDate, ds.PatientSex = "19700102", "F"
    ds.StudyDate, ds.StudyTime = f"2020010{study}", "101112"
    ds.AccessionNumber, ds.StudyID = f"ACC{patient}{study}", str(study)
    ds.StudyDescription, ds.ReferringPhysicianName = f"Study {study}", "Ref^Doctor"
    ds.Modality, ds.SeriesNumber, ds.SeriesDescription = modality, series, f"Series {series}"
    ds.SeriesDate, ds.SeriesTime = ds.StudyDate, "101500"
    ds.InstanceNumber = instance
    ds.Rows = ds.Columns = size
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    ds.PixelData = bytes(size * size * 2)
    for name, value in tags.items():
        setattr(ds, name, value)
    out = io.BytesIO()
    ds.save_as(out, write_like_original=False)
    return out.getvalue()


def small_archive():
    """Two patients; the first has two studies of two series of two instances, the second one instance."""
    files = [make_file(1, study, series, instance, modality="CT" if study == 1 else "MR")
             for study in (1, 2) for series in (1, 2) for instance in (1, 2)]
    return files + [make_file(2, 1, 1, 1)]


class Process:
    """A program that listens on `port`; owned by one test."""

    aet = "ANY-SCP"

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hilum-peer-")
        self.port = 0
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def arguments(self):
        raise NotImplementedError

    def start(self):
        for _ in range(5):
            self.port = free_ports(1)[0]
            with open(self.log_path, "ab") as log:
                self.process = subprocess.Popen(self.arguments(), stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=subprocess.STDOUT, cwd=self.folder,
                                                env=dict(os.environ, TCP_NODELAY="1"))
            deadline = time.monotonic() + START_SECONDS
            while self.process.poll() is None and time.monotonic() < deadline:
                # A plain connection would be a client that says nothing.
                if subprocess.run(["echoscu", "-to", "5", "-aec", self.aet, "127.0.0.1", str(self.port)], check=False,
                                  capture_output=True).returncode == 0:
                    return self
                time.sleep(0.05)
            self.stop()  # somebody else may have taken the port
        raise RuntimeError(f"{self.arguments()[0]} does not answer: {self.log()[-2000:]}")

    def stop(self):
        if self.process is not None:
            if self.process.poll() is None:
                self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log_path(self):
        return os.path.join(self.folder, "peer.log")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()


class Archive(Process):
    """dcmqrscp: title PEER, everything readable and writable, moves to the titles of `hosts` (title -> port)."""

    aet = "PEER"

    def __init__(self, hosts=None):
        super().__init__()
        self.hosts = dict(hosts or {})
        self.storage = os.path.join(self.folder, "storage")
        os.mkdir(self.storage)

    def arguments(self):
        path = os.path.join(self.folder, "dcmqrscp.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write("NetworkTCPPort = 11112\nMaxPDUSize = 16384\nMaxAssociations = 32\nHostTable BEGIN\n")
            for number, (title, port) in enumerate(self.hosts.items()):
                file.write(f"host{number} = ({title}, 127.0.0.1, {port})\n")
            file.write("HostTable END\nVendorTable BEGIN\nVendorTable END\nAETable BEGIN\n")
            file.write(f"{self.aet} {self.storage} RW (1000, 1024mb) ANY\nAETable END\n")
        return ["dcmqrscp", "-v", "-c", path, str(self.port)]

    def fill(self, files):
        paths = []
        for number, content in enumerate(files):
            paths.append(os.path.join(self.storage, f"file{number}.dcm"))
            with open(paths[-1], "wb") as file:
                file.write(content)
        subprocess.run(["dcmqridx", self.storage, *paths], check=True, capture_output=True, timeout=60)
        return self

    def definition(self, **more):
        return {"AET": self.aet, "Host": "127.0.0.1", "Port": self.port, **more}

    def stored(self):
        """SOP instances that were sent to it: without those that fill() has put there."""
        return sorted(str(pydicom.dcmread(os.path.join(self.storage, name), specific_tags=["SOPInstanceUID"],
                                          force=True).SOPInstanceUID)
                      for name in os.listdir(self.storage) if not name.startswith("file") and name != "index.dat")


class StoreScp(Process):
    """storescp: keeps what it gets as files."""

    aet = "STORE"

    def __init__(self, *options):
        super().__init__()
        self.options = options
        self.received = os.path.join(self.folder, "received")
        os.mkdir(self.received)

    def arguments(self):
        return ["storescp", "-v", "-aet", self.aet, "-od", self.received, *self.options, str(self.port)]

    def definition(self, **more):
        return {"AET": self.aet, "Host": "127.0.0.1", "Port": self.port, **more}

    def count(self):
        """How many there are, complete or not."""
        return len(os.listdir(self.received))

    def files(self):
        return [pydicom.dcmread(os.path.join(self.received, name), stop_before_pixels=True)
                for name in sorted(os.listdir(self.received))]


class Worklist(Process):
    """wlmscpfs: entries for Modality CT and MR."""

    aet = "WORKLIST"

    def __init__(self):
        super().__init__()
        os.mkdir(os.path.join(self.folder, self.aet))
        with open(os.path.join(self.folder, self.aet, "lockfile"), "w", encoding="ascii"):
            pass
        for modality in ("CT", "MR"):
            self.add(modality)

    def add(self, modality):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"
        meta.MediaStorageSOPInstanceUID = ROOT + ".9.1"
        meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        meta.ImplementationClassUID = ROOT
        step = Dataset()
        step.Modality, step.ScheduledStationAETitle = modality, "STATION"
        step.ScheduledProcedureStepStartDate = "20200101"
        step.ScheduledProcedureStepStartTime = "1000"
        step.ScheduledPerformingPhysicianName = "Doctor"
        step.ScheduledProcedureStepDescription = "Step"
        step.ScheduledProcedureStepID = "1"
        ds = FileDataset(None, Dataset(), file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=False, is_little_endian=True)
        ds.SpecificCharacterSet = "ISO_IR 100"
        ds.PatientName, ds.PatientID = "M\u00fcller^" + modality, "ID" + modality
        ds.AccessionNumber, ds.StudyInstanceUID = "A" + modality, ROOT + ".9"
        ds.RequestedProcedureID, ds.RequestedProcedureDescription = "1", "Procedure"
        ds.ScheduledProcedureStepSequence = [step]
        ds.save_as(os.path.join(self.folder, self.aet, modality + ".wl"), write_like_original=False)

    def arguments(self):
        return ["wlmscpfs", "-v", "-dfr", "-dfp", self.folder, str(self.port)]

    def definition(self, **more):
        return {"AET": self.aet, "Host": "127.0.0.1", "Port": self.port, **more}
