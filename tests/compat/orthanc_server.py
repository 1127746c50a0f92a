"""Orthanc 1.10.1 (Debian package `orthanc`) on free loopback ports, driven like HilumServer."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from hilum_server import HilumServer, free_ports  # noqa: E402


def find_orthanc():
    """Path of the program, or None."""
    wanted = os.environ.get("ORTHANC_BINARY") or shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    return wanted if os.access(wanted, os.X_OK) else None


class OrthancServer(HilumServer):
    """Owned by one test; the same calls as HilumServer."""

    def __init__(self, options=None):
        super().__init__(options, binary=find_orthanc())

    def launch(self):
        self.http_port, self.dicom_port = free_ports(2)
        configuration = {
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StorageDirectory": os.path.join(self.folder, "storage"),
            "IndexDirectory": os.path.join(self.folder, "storage"),
            "Plugins": [],
            "SaveJobs": False,
            **self.options,
        }
        with open(self.config_path, "w", encoding="utf-8") as file:
            json.dump(configuration, file, indent=2)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.binary, self.config_path], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)
        return self
