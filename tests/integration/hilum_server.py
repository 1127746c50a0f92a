"""Runs the real server on free loopback ports for a test: start, wait, talk, stop.

    with HilumServer(options={"StableAge": 1}) as server:
        status, body = server.get("/system")

The program is $HILUM_BINARY, or `hilum` of the path. One server, one temporary folder; both go at the end.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 120  # sanitizer builds on a busy machine are slow
STOP_SECONDS = 60
PORT_TAKEN = "already in use"  # in the log of a server that ends for this reason


def free_ports(count):
    """Ports of 127.0.0.1 that are free now; all different."""
    with contextlib.ExitStack() as sockets:
        ports = []
        for _ in range(count):
            listener = sockets.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            ports.append(listener.getsockname()[1])
        return ports


class Answer:
    """Status, headers (names in lower case) and body of an HTTP answer. Unpacks as (status, body)."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __iter__(self):
        return iter((self.status, self.body))

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode("utf-8")


class HilumServer:
    """Owned by one test. `options` go into the configuration on top of what keeps the server to itself."""

    def __init__(self, options=None, binary=None, arguments=(), folder=None):
        self.binary = binary or os.environ.get("HILUM_BINARY", "hilum")
        self.options = dict(options or {})
        self.arguments = list(arguments)
        self._own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="hilum-test-")
        self.http_port = self.dicom_port = 0
        self.process = None
        self.log_path = os.path.join(self.folder, "hilum.log")

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    @property
    def config_path(self):
        return os.path.join(self.folder, "hilum.json")

    def configuration(self):
        base = {
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "RemoteAccessAllowed": False,
            "HttpBindAddresses": ["127.0.0.1"],
            "KeepAliveTimeout": 60,  # a slow client must not meet a connection that closes just then
            "StorageDirectory": os.path.join(self.folder, "storage"),
        }
        base.update(self.options)
        return base

    def launch(self):
        """Starts the process and does not wait for it to answer."""
        self.http_port, self.dicom_port = free_ports(2)
        with open(self.config_path, "w", encoding="utf-8") as file:
            json.dump(self.configuration(), file, indent=2)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, *self.arguments, self.config_path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)
        return self

    def start(self):
        """Starts the server and returns once it answers."""
        begin = len(self.log())
        self.launch()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                # Between free_ports() and now somebody else may have taken the port.
                if PORT_TAKEN in self.log()[begin:]:
                    begin = len(self.log())
                    self.launch()
                    continue
                raise RuntimeError(f"hilum ended with {self.process.returncode}:\n{self.log()}")
            try:
                self.request("GET", "/system", timeout=5)  # any answer will do, 404 too
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"hilum does not answer:\n{self.log()}")

    def wait_for_end(self, seconds=START_SECONDS):
        """Exit code of a server that is expected to end by itself."""
        return self.process.wait(timeout=seconds)

    def stop(self, number=signal.SIGTERM):
        """Ends the server and returns its exit code; kills it if it does not end."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        code = self.process.returncode
        self.process = None
        return code

    def kill(self):
        """As a loss of power would end the process."""
        return self.stop(signal.SIGKILL)

    def restart(self):
        self.stop()
        return self.start()

    def close(self):
        self.stop(signal.SIGTERM)
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def url(self, path=""):
        return f"http://127.0.0.1:{self.http_port}{path}"

    # --- HTTP ---

    def request(self, method, path, body=None, headers=None, timeout=60):
        """One request on a connection of its own. A body that is neither bytes nor text is sent as JSON."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode("utf-8")
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            content = response.read()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, content)
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post(self, path, body=b"", headers=None):
        return self.request("POST", path, body, headers)

    def put(self, path, body=b"", headers=None):
        return self.request("PUT", path, body, headers)

    def delete(self, path, headers=None):
        return self.request("DELETE", path, headers=headers)

    def get_json(self, path):
        answer = self.get(path)
        if answer.status != 200:
            raise AssertionError(f"GET {path}: {answer.status} {answer.body[:500]!r}")
        return answer.json()

    def upload(self, dicom):
        """POST /instances of a file's bytes; the decoded answer."""
        answer = self.post("/instances", dicom, {"Content-Type": "application/dicom"})
        if answer.status != 200:
            raise AssertionError(f"POST /instances: {answer.status} {answer.body[:500]!r}")
        return answer.json()


def eventually(question, seconds=60, pause=0.05):
    """Asks until the answer is true, and returns it; the last answer when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        result = question()
        if result or time.monotonic() > deadline:
            return result
        time.sleep(pause)
