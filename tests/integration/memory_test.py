"""How much memory the server takes for large instances, slow readers and many silent connections.

Scaled down by ten unless HILUM_FULL_SIZE=1 (eight uploads of 1 GB, an answer of 2 GB, 5,000 connections): the limits
are the same, for what counts is that memory does not follow the size.
"""

import os
import resource
import socket
import threading
import time
import unittest

from dicom_peer import CT, EXPLICIT, IMPLICIT, Peer, VERIFICATION, command, data_set, pdv
from hilum_server import HilumServer, eventually

FULL = os.environ.get("HILUM_FULL_SIZE") == "1"
MB = 1 << 20
INSTANCE_SIZE = (1000 if FULL else 100) * MB
ANSWER_SIZE = (2000 if FULL else 200) * MB
IDLE_CONNECTIONS = 5000 if FULL else 1000
IDLE_ASSOCIATIONS = 500 if FULL else 100
PEAK_LIMIT = 200 * MB
REST_LIMIT = 100 * MB
# Sanitizers keep shadows and quarantines: what they measure is not the server.
SANITIZED = bool(os.environ.get("HILUM_SAMPLE_FLAGS"))
BLOCK = bytes(MB)
OPTIONS = {
    "DicomAet": "HILUM",
    "DicomScpTimeout": 120,
    "MaximumDicomAssociations": IDLE_ASSOCIATIONS + 10,
    "OverwriteInstances": False,
    "KeepAliveTimeout": 300,
}


def in_parallel(function, count):
    """Runs function(0) ... function(count - 1) at once; the results, or the first exception."""
    results = [None] * count
    errors = []

    def call(number):
        try:
            results[number] = function(number)
        except Exception as error:  # reported below, by the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    if errors:
        raise errors[0]
    return results


def large_instance(number, size, kind):
    """Everything of an implicit little endian data set but the zeros of its pixel data."""
    head = data_set(f"1.2.826.{kind}.{number}", study=f"1.2.826.{kind}.1.{number}", series=f"1.2.826.{kind}.2.{number}")
    return head + b"\xe0\x7f\x10\x00" + size.to_bytes(4, "little")


def answer_of(sock):
    data = b""
    while piece := sock.recv(65536):
        data += piece
    return data


class MemoryTest(unittest.TestCase):
    def setUp(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
        self.server = HilumServer(options=OPTIONS).__enter__()
        self.addCleanup(self.server.close)

    def memory(self, field):
        """VmHWM (peak) or VmRSS (now), in bytes."""
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        raise AssertionError(f"no {field}")

    def check_memory(self, what, peak=PEAK_LIMIT):
        highest = self.memory("VmHWM")
        eventually(lambda: self.memory("VmRSS") < REST_LIMIT, 20)
        rest = self.memory("VmRSS")
        print(f"\n{what}: peak {highest / MB:.0f} MB, afterwards {rest / MB:.0f} MB", flush=True)
        if not SANITIZED:
            self.assertLess(highest, peak)
            self.assertLess(rest, REST_LIMIT)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.server.http_port), timeout=300)

    def post_large(self, number, size=INSTANCE_SIZE):
        head = large_instance(number, size, 1)
        with self.connect() as sock:
            sock.sendall(b"POST /instances HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" %
                         (len(head) + size) + head)
            for _ in range(size // MB):
                sock.sendall(BLOCK)
            return answer_of(sock)

    def test_large_uploads(self):
        for answer in in_parallel(self.post_large, 8):
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer[:300])
        self.check_memory(f"8 uploads of {INSTANCE_SIZE // MB} MB")

    def test_large_stores(self):
        def store(number):
            head = large_instance(number, INSTANCE_SIZE, 2)
            with Peer(self.server.dicom_port, {1: (CT, [IMPLICIT])}) as peer:
                peer.socket.settimeout(300)
                peer.send(pdv(1, command(1, True, instance=f"1.2.826.2.{number}"), command=True))
                peer.send(pdv(1, head, last=False))
                piece = pdv(1, bytes(16000), last=False) * 64
                for _ in range(INSTANCE_SIZE // 1024000):
                    peer.send(piece)
                peer.send(pdv(1, bytes(16000), last=False) * (INSTANCE_SIZE % 1024000 // 16000))
                peer.send(pdv(1, bytes(INSTANCE_SIZE % 16000)))
                return peer.response()

        self.assertEqual(in_parallel(store, 4), [0] * 4)
        self.check_memory(f"4 C-STOREs of {INSTANCE_SIZE // MB} MB")

    def test_slow_reader(self):
        answer = self.post_large(1, ANSWER_SIZE)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer[:300])
        instance = self.server.get_json("/instances")[0]
        before = self.memory("VmRSS")
        paths = [f"/instances/{instance}/file", f"/instances/{instance}/content/7fe0-0010/0"]
        readers = []
        for path in paths:
            sock = self.connect()
            self.addCleanup(sock.close)
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            readers.append(sock)
        for sock in readers:
            start = sock.recv(400)
            self.assertTrue(start.startswith(b"HTTP/1.1 200 "), start)
        for _ in range(20):  # some bytes now and then
            time.sleep(0.1)
            for sock in readers:
                self.assertTrue(sock.recv(1000))
        grown = self.memory("VmRSS") - before
        print(f"\n{len(paths)} slow readers of {ANSWER_SIZE // MB} MB: {grown / MB:.1f} MB more", flush=True)
        if not SANITIZED:
            self.assertLess(grown, 10 * MB)
        self.check_memory("slow readers")

    def test_idle_connections(self):
        sockets = []
        try:
            for _ in range(IDLE_CONNECTIONS):
                sock = self.connect()
                sock.sendall(b"GET /system HTTP/1.1\r\nHost: a\r\n\r\n")
                sockets.append(sock)
                if len(sockets) % 100 == 0:
                    for answered in sockets[-100:]:
                        self.assertTrue(answered.recv(65536).startswith(b"HTTP/1.1 200 "))
            self.assertEqual(self.server.get("/system").status, 200)
            self.check_memory(f"{IDLE_CONNECTIONS} idle keep-alive connections", peak=REST_LIMIT)
        finally:
            for sock in sockets:
                sock.close()

    def test_silent_associations(self):
        peers = []
        try:
            for _ in range(IDLE_ASSOCIATIONS):
                peers.append(Peer(self.server.dicom_port, {1: (CT, [EXPLICIT]), 3: (VERIFICATION, [IMPLICIT])}))
                self.assertEqual(peers[-1].answer[0], 2)
            self.assertEqual(peers[-1].echo(), 0)
            self.assertEqual(peers[0].echo(), 0)
            self.check_memory(f"{IDLE_ASSOCIATIONS} silent associations", peak=REST_LIMIT)
        finally:
            for peer in peers:
                peer.socket.close()


if __name__ == "__main__":
    unittest.main()
