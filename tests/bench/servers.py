"""The servers that tests/bench/run measures, each on free loopback ports and in a folder of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
sys.path.insert(0, os.path.join(HERE, "..", "compat"))

from hilum_server import HilumServer, free_ports  # noqa: E402
from orthanc_server import OrthancServer, find_orthanc  # noqa: E402

PATIENCE = 30
ALLOW = {f"DicomAlwaysAllow{command}": True for command in ("Find", "Get", "Move")}  # the sender is in nobody's list of modalities


class Hilum(HilumServer):
    """Durable, as it comes."""

    name, aet = "hilum", "HILUM"
    peer = False

    def __init__(self, folder, binary):
        super().__init__(ALLOW, binary=binary, folder=folder)

    def processes(self):
        return [self.process.pid]

    def index_bytes(self):
        return folder_bytes(os.path.join(self.folder, "storage", "index"))


class Orthanc(OrthancServer):
    """As Debian packages it."""

    name, aet = "orthanc", "ORTHANC"
    peer = True
    settings = {}
    no_delay = False

    def __init__(self, folder, _binary):
        super().__init__({**ALLOW, **self.settings})
        self.folder, self._own_folder = folder, False
        self.log_path = os.path.join(folder, "orthanc.log")

    def launch(self):
        before = os.environ.pop("TCP_NODELAY", None)
        if self.no_delay:
            os.environ["TCP_NODELAY"] = "1"
        try:
            return super().launch()
        finally:
            os.environ.pop("TCP_NODELAY", None)
            if before is not None:
                os.environ["TCP_NODELAY"] = before

    def processes(self):
        return [self.process.pid]

    def index_bytes(self):
        storage = os.path.join(self.folder, "storage")
        return sum(os.path.getsize(os.path.join(storage, name)) for name in os.listdir(storage)
                   if name.startswith("index"))


class OrthancNoDelay(Orthanc):
    """As packaged, but without the 40 ms that libdcmnet waits for an acknowledgement of TCP."""

    name = "nodelay"
    no_delay = True


class OrthancTuned(Orthanc):
    """Its fastest documented settings: not durable, no MD5."""

    name = "tuned"
    no_delay = True
    settings = {
        "SyncStorageArea": False, "StoreMD5ForAttachments": False, "StorageCompression": False,
        "MaximumPduLength": 131072, "TcpNoDelay": True, "KeepAlive": True, "HttpThreadsCount": 50,
    }


class Process:
    """A program that knows no HTTP of its own accord: storescp, nginx."""

    http_port = dicom_port = 0
    aet = "ANY-SCP"
    peer = True

    def __init__(self, folder, _binary):
        self.folder = folder
        self.process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, cwd=self.folder,
                                            env={**os.environ, "TCP_NODELAY": "1"})
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.http_port or self.dicom_port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not listen")

    def processes(self):
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], check=False,
                                  capture_output=True, text=True).stdout.split()
        return [self.process.pid, *map(int, children)]

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    close = stop


class StoreScp(Process):
    """DCMTK's receiver, one process per association: no index, nothing flushed."""

    name = "storescp"

    def processes(self):
        return [self.process.pid]  # the time of those that it has waited for counts as its own

    def command(self):
        (self.dicom_port,) = free_ports(1)
        os.makedirs(os.path.join(self.folder, "out"), exist_ok=True)
        return ["storescp", "+B", "--fork", "-pdu", "131072", "-od", "out", str(self.dicom_port)]


class DcmQrScp(Process):
    """DCMTK's archive: a folder and an index file that each search reads from the beginning; nothing flushed."""

    name, aet = "dcmqrscp", "DCMQRSCP"

    def command(self):
        self.dicom_port, self.move_port = free_ports(2)
        folder = os.path.join(self.folder, "db")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(self.folder, "dcmqrscp.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""NetworkTCPPort = {self.dicom_port}
MaxPDUSize = 131072
MaxAssociations = 32
HostTable BEGIN
bench = (BENCHDEST, 127.0.0.1, {self.move_port})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{self.aet} {folder} RW (100000, 1024gb) ANY
AETable END
""")
        return ["dcmqrscp", "-c", path, "+xe", "-pdu", "131072"]


class Nginx(Process):
    """Serves files: /small.dcm, /ct.dcm."""

    name = "nginx"

    def command(self):
        (self.http_port,) = free_ports(1)
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            user = "user root;" if os.geteuid() == 0 else ""  # the folder is ours alone
            file.write(f"""{user} daemon off; worker_processes 2; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000;
  open_file_cache max=1000;
  client_body_temp_path {self.folder}; proxy_temp_path {self.folder}; fastcgi_temp_path {self.folder};
  uwsgi_temp_path {self.folder}; scgi_temp_path {self.folder};
  server {{ listen 127.0.0.1:{self.http_port}; root {self.folder}; }}
}}
""")
        return ["nginx", "-c", path, "-e", os.path.join(self.folder, "error.log")]


KINDS = {kind.name: kind for kind in (Hilum, OrthancTuned, OrthancNoDelay, Orthanc, StoreScp, DcmQrScp, Nginx)}


def missing(name):
    """Why a server cannot be measured here, or None."""
    if issubclass(KINDS[name], Orthanc):
        return None if find_orthanc() else "Debian package orthanc"
    if name in ("storescp", "dcmqrscp", "nginx"):
        return None if shutil.which(name) else f"Debian package {'nginx-light' if name == 'nginx' else 'dcmtk'}"
    return None


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names)


def first_of(server, level):
    """The public id of one resource."""
    return json.loads(server.get(f"/{level}?since=0&limit=1").body)[0]
