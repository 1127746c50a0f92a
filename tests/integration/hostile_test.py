"""Bytes that no honest client sends, against the real server. After all of it the server answers, has kept its memory,
left nothing in its spool folder, and its archive passes the check."""

import gzip
import io
import os
import random
import socket
import struct
import subprocess
import threading
import time
import unittest
import zipfile

from dicom_peer import (BOTH, CT, FIND, IMPLICIT, Peer, association_request, command, data_set, element, item, pdu, pdv)
from hilum_server import HilumServer, eventually

MB = 1 << 20
MEMORY_LIMIT = 200 * MB
SANITIZED = bool(os.environ.get("HILUM_SAMPLE_FLAGS"))
OPTIONS = {
    "DicomAet": "HILUM",
    "DicomAlwaysAllowFind": True,
    "DicomScpTimeout": 5,
    "MaximumRequestBodySizeMB": 64,
    "MaximumFileSizeInArchiveMB": 8,
}
SEQUENCE = struct.pack("<HHI", 0x0008, 0x1140, 0xFFFFFFFF)
ITEM = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
ITEM_END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
SEQUENCE_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def archive(entries, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, content in entries:
            file.writestr(name, content)
    return out.getvalue()


def nested(depth, closed=True):
    end = (ITEM_END + SEQUENCE_END) * depth if closed else b""
    return element(0x00080016, CT.encode()) + (SEQUENCE + ITEM) * depth + end


def mutations(data, count, seed):
    """Copies of `data` with bytes changed, removed, doubled: the same ones in every run."""
    chance = random.Random(seed)
    for _ in range(count):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(changed))
            kind = chance.randrange(4)
            if kind == 0:
                changed[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)))
            elif kind == 1:
                del changed[at:at + chance.randint(1, 8)]
            elif kind == 2:
                changed[at:at] = changed[at:at + chance.randint(1, 40)]
            else:
                changed[at:at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice((0, 0xFFFFFFFF, 0x7FFFFFFF, 4)))
            if not changed:
                changed = bytearray(b"\0")
        yield bytes(changed)


class HostileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer(options=OPTIONS)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        try:
            peak = cls.memory("VmHWM")
            print(f"\npeak {peak / MB:.0f} MB", flush=True)
            code = cls.server.stop()
            check = subprocess.run([cls.server.binary, "index", "check", cls.server.config_path], capture_output=True,
                                   text=True, timeout=120)
            if code != 0:
                raise AssertionError(f"the server ended with {code}: {cls.server.log()[-3000:]}")
            if check.returncode != 0:
                raise AssertionError(f"index check: {check.stdout}{check.stderr}")
            if not SANITIZED and peak > MEMORY_LIMIT:
                raise AssertionError(f"peak of {peak / MB:.0f} MB")
        finally:
            cls.server.close()

    @classmethod
    def memory(cls, field):
        with open(f"/proc/{cls.server.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))

    def tearDown(self):
        """Whatever a test has done: the next client is served, and nothing of it is left."""
        self.assertIsNone(self.server.process.poll(), self.server.log()[-3000:])
        self.assertEqual(self.server.get("/system").status, 200)

        def echoes():
            with Peer(self.server.dicom_port, BOTH) as peer:
                return peer.answer[0] == 2 and peer.echo() == 0
        self.assertTrue(eventually(echoes))
        self.assertTrue(eventually(lambda: not self.spooled()), self.spooled())

    def spooled(self):
        """Files in the spool folder: with a name, or without one but still open."""
        folder = os.path.join(self.server.folder, "storage", "spool")
        found = os.listdir(folder) if os.path.isdir(folder) else []
        descriptors = f"/proc/{self.server.process.pid}/fd"
        for number in os.listdir(descriptors):
            try:
                target = os.readlink(f"{descriptors}/{number}")
            except FileNotFoundError:
                continue
            if target.startswith(folder):
                found.append(target)
        return found

    def connect(self, timeout=60):
        return socket.create_connection(("127.0.0.1", self.server.http_port), timeout=timeout)

    def raw(self, data, pieces=None):
        """Sends bytes; what comes back until the server closes or says nothing for a second."""
        answer = b""
        with self.connect(2) as sock:
            try:
                for at in range(0, len(data), pieces or len(data) or 1):
                    sock.sendall(data[at:at + (pieces or len(data))])
                sock.shutdown(socket.SHUT_WR)
                while piece := sock.recv(65536):
                    answer += piece
            except OSError:
                pass  # closed or reset while we were still sending: the server's right
        return answer

    def refused(self, body, statuses=(400, 413), path="/instances", headers=None):
        answer = self.server.post(path, body, headers)
        self.assertIn(answer.status, statuses, answer.body[:300])

    # --- DICOM by HTTP ---

    def test_nesting(self):
        for depth in (65, 1000, 100000):
            self.refused(nested(depth))
            self.refused(nested(depth, closed=False))

    def test_lying_lengths(self):
        good = data_set("1.66.2")
        for at in range(0, len(good), 2):
            for length in (0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000):
                lying = good[:at] + struct.pack("<I", length) + good[at + 4:]
                self.assertIn(self.server.post("/instances", lying).status, (200, 400, 404))

    def test_truncated_at_every_point(self):
        good = bytes(128) + b"DICM" + data_set("1.66.3", pixels=bytes(64))
        for size in range(0, len(good) - 1):
            status = self.server.post("/instances", good[:size]).status
            self.assertIn(status, (200, 400, 404))

    def test_mutated_instances(self):
        good = data_set("1.66.4", pixels=bytes(20))[:-28] + SEQUENCE + ITEM + element(0x00081155, b"1.2") + ITEM_END
        good += SEQUENCE_END + struct.pack("<HHI", 0x7FE0, 0x0010, 20) + bytes(20)
        for changed in mutations(good, 600, seed=1):
            answer = self.server.post("/instances", changed)
            self.assertIn(answer.status, (200, 400, 404), answer.body[:300])
            if answer.status == 200 and answer.body.startswith(b"{"):
                path = answer.json()["Path"]
                for view in ("/tags", "/simplified-tags", "/content", "/header"):
                    self.assertIn(self.server.get(path + view).status, (200, 400, 404))

    # --- archives ---

    def test_zip_bombs(self):
        zeros = bytes(20 * MB)
        self.refused(archive([("a", zeros)]))
        self.refused(archive([("a.zip", archive([("b.zip", archive([("c", zeros)]))]))]), statuses=(200, 400))
        many = archive([(f"{number}", b"x") for number in range(3000)])
        self.assertIn(self.server.post("/instances", many).status, (200, 400))

    def test_zip_names_lead_nowhere(self):
        names = ["../../../escaped", "/tmp/hilum-escaped", "..\\..\\escaped", "a/../../escaped", "x" * 60000]
        good = data_set("1.66.5")
        answer = self.server.post("/instances", archive([(name, good) for name in names]))
        self.assertIn(answer.status, (200, 400), answer.body[:300])
        self.assertFalse(os.path.exists("/tmp/hilum-escaped"))
        for folder, _, files in os.walk(self.server.folder):
            self.assertFalse([name for name in files if "escaped" in name], folder)

    def test_damaged_archives(self):
        whole = archive([("a", data_set("1.66.6")), ("b", bytes(3000))])
        for changed in mutations(whole, 150, seed=2):
            self.assertIn(self.server.post("/instances", changed).status, (200, 400, 404))
        for size in range(1, len(whole), 7):
            self.assertIn(self.server.post("/instances", whole[:size]).status, (200, 400, 404))

    def test_gzip_bomb(self):
        bomb = gzip.compress(bytes(200 * MB), 9)
        self.refused(bomb, headers={"Content-Encoding": "gzip"})

    # --- forms ---

    def test_multipart_bombs(self):
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n'
        for body in (b"--b", part, b"--b\r\n" + b"A: b\r\n" * 100000, b"--b\r\n" + b"A" * 4 * MB,
                     b"--b\r\n\r\n" + b"\r\n--" * MB, b"--b\r\n" * 200000, part * 150000 + b"--b--"):
            self.refused(body, headers=headers)
        for boundary in ("", '"', "x" * 100, "\x01"):
            self.assertEqual(self.server.post("/instances", b"x", {"Content-Type": f"multipart/form-data; boundary={boundary}"})
                             .status, 400)

    # --- HTTP ---

    def test_heads(self):
        get = b"GET /system HTTP/1.1\r\nHost: a\r\n"
        for data in (get + b"A: b\r\n" * 100000 + b"\r\n", get + b"A: " + b"b" * MB + b"\r\n\r\n", b"G" * MB,
                     b"GET /" + b"a" * MB + b" HTTP/1.1\r\n\r\n", get + b"A\r\n\r\n", get + b" folded\r\n\r\n",
                     b"\x16\x03\x01\x02\x00" + os.urandom(500), b"\0" * 1000, b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
                     get + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                     get + b"Content-Length: -1\r\n\r\n", get + b"Content-Length: 99999999999999999999\r\n\r\n",
                     get + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
            answer = self.raw(data)
            self.assertNotIn(b"HTTP/1.1 200", answer, data[:100])
            self.assertNotIn(b"HTTP/1.1 500", answer, data[:100])

    def test_chunks(self):
        post = b"POST /instances HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in (b"0x3\r\nabc\r\n0\r\n\r\n", b"-1\r\n\r\n", b"FFFFFFFFFFFFFFFFF\r\nx", b"FFFFFFFFFFFFFFFF\r\nx", b"3\r\nabcX",
                     b"3;" + b"e" * MB, b"0\r\n!\r\n\r\n", b"0\r\n" + b"T: x\r\n" * 100000 + b"\r\n", b"\n" * 5000, b"3\nabc\n0\n\n"):
            for pieces in (None, 3) if len(body) < 1000 else (None,):
                answer = self.raw(post + body, pieces)
                self.assertNotIn(b"HTTP/1.1 500", answer, body[:100])
                self.assertNotIn(b"HTTP/1.1 200", answer, body[:100])

    def test_mutated_requests(self):
        good = (b"POST /tools/now HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                b"GET /instances?expand&since=0&limit=1 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nRange: bytes=0-1\r\n\r\n"
                b"GET /system HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        for changed in mutations(good, 400, seed=3):
            self.assertNotIn(b"HTTP/1.1 500", self.raw(changed), changed)

    def test_pipelined_garbage(self):
        get = b"GET /system HTTP/1.1\r\nHost: a\r\n\r\n"
        answer = self.raw(get * 3 + b"\x00\xff garbage" * 10000)
        self.assertEqual(answer.count(b"HTTP/1.1 200"), 3)
        answer = self.raw(get * 500)
        self.assertEqual(answer.count(b"HTTP/1.1 200"), 500)

    def test_odd_targets(self):
        for target in ("/instances/..%2f..%2fetc%2fpasswd", "/%00", "/../../etc/passwd", "/instances/" + "%41" * 5000, "//////",
                       "/instances?" + "a=b&" * 5000, "/instances?since=-1&limit=99999999999999999999", "/instances/%ff%fe/tags",
                       "http://", "http://a", "*"):
            answer = self.raw(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            self.assertNotIn(b"HTTP/1.1 500", answer, target[:100])
            self.assertNotIn(b"root:", answer)

    def test_deep_json(self):
        for body in (b"[" * MB, b'{"a":' * 100000, b'{"Level":"Study","Query":{"PatientID":"' + b"*?" * 100000 + b'"}}',
                     b'{"Level":' + b"9" * 100000 + b"}", b"\xff" * 1000):
            self.assertIn(self.server.post("/tools/find", body).status, (200, 400, 404, 413))

    def test_slow_clients_delay_nobody(self):
        slow = [self.connect() for _ in range(300)]
        try:
            for number, sock in enumerate(slow):
                sock.sendall((b"GET /system HTT", b"POST /instances HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nDI", b"",
                              b"GET /system HTTP/1.1\r\nA: b")[number % 4])
            start = time.monotonic()
            for _ in range(20):
                self.assertEqual(self.server.get("/system").status, 200)
            self.assertLess(time.monotonic() - start, 20)  # the slow ones are given up after 30 s
        finally:
            for sock in slow:
                sock.close()

    def test_aborted_uploads(self):
        head = b"POST /instances HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (50 * MB)
        count = self.server.get_json("/statistics")["CountInstances"]
        for number in range(20):
            with self.connect() as sock:
                sock.sendall(head + data_set("1.66.7") + bytes((number % 4) * MB))
                if number % 2:  # a reset instead of an orderly end
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assertTrue(eventually(lambda: not self.spooled()), self.spooled())
        self.assertEqual(self.server.get_json("/statistics")["CountInstances"], count)

    def test_clients_that_leave_while_they_are_answered(self):
        """The end of a connection and its last events meet in one turn of an I/O thread; its number is given to a newcomer."""
        upload = b"POST /instances HTTP/1.1\r\nHost: a\r\n%sContent-Length: 10\r\n\r\n0123456789"
        begin, wrong, answered = time.monotonic(), [], []

        def go_on():
            """For five seconds; on a busy machine for as long as it takes until some have been answered."""
            passed = time.monotonic() - begin
            return (passed < 5 or len(answered) <= 10 and passed < 120) and self.server.process.poll() is None

        def leave(kind):
            while go_on():
                answer = b""
                with self.connect() as sock:
                    try:
                        if kind == 0:
                            sock.sendall(upload % b"")
                            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        elif kind == 1:
                            sock.sendall(upload % b"Connection: close\r\n")
                            sock.recv(100)
                        else:
                            sock.sendall(b"GET /system HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                            while piece := sock.recv(65536):
                                answer += piece
                    except OSError:
                        pass  # the server may shed what comes too fast; half an answer is told below
                if answer:
                    whole = answer.startswith(b"HTTP/1.1 200") and answer.rstrip().endswith(b"}")
                    (answered if whole else wrong).append(answer)

        threads = [threading.Thread(target=leave, args=(number % 3,)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(180)
        self.assertIsNone(self.server.process.poll(), self.server.log()[-3000:])
        self.assertEqual(wrong[:3], [])
        self.assertGreater(len(answered), 10)

    # --- DICOM upper layer ---

    def test_pdus_of_absurd_length(self):
        for kind in range(0, 9):
            for length in (0xFFFFFFFF, 0x7FFFFFFF, 0x10000000, 0):
                data = struct.pack(">BBI", kind, 0, length) + b"x" * 5000
                with Peer(self.server.dicom_port) as peer:
                    self.push(peer, data)
                with Peer(self.server.dicom_port, BOTH) as peer:
                    self.push(peer, data)

    def push(self, peer, data):
        try:
            peer.send(data)
        except OSError:
            pass  # cut while we were still sending

    def test_mutated_association_requests(self):
        user = item(0x50, item(0x51, struct.pack(">I", 65536)) + item(0x52, b"1.2.3.4") + item(0x53, bytes(4)) +
                    item(0x54, struct.pack(">H", 25) + CT.encode() + bytes(2)) + item(0x55, b"NAME") +
                    item(0x56, struct.pack(">H", 25) + CT.encode() + struct.pack(">H", 4) + b"abcd") +
                    item(0x58, b"\1\0" + struct.pack(">H", 3) + b"abc" + bytes(2)))
        good = association_request(BOTH)[6:-21] + user
        for changed in mutations(good, 500, seed=4):
            with Peer(self.server.dicom_port) as peer:
                self.push(peer, pdu(1, changed))
                self.push(peer, pdv(3, command(0x30, False), command=True))

    def test_aborts_in_each_step(self):
        store = command(1, True, instance="1.66.8")
        body = data_set("1.66.8", pixels=bytes(40000))
        steps = [association_request(BOTH), pdv(1, store[:20], command=True, last=False), pdv(1, store[20:], command=True),
                 pdv(1, body[:100], last=False), pdv(1, body[100:20000], last=False), pdv(1, body[20000:]), pdu(5, bytes(4))]
        for count in range(1, len(steps)):
            for end in (pdu(7, bytes(4)), pdu(5, bytes(4)), b"", pdu(7, b""), pdu(1, b"abc"), b"\4\0\0\0"):
                with Peer(self.server.dicom_port) as peer:
                    self.push(peer, b"".join(steps[:count]) + end)

    def test_lying_data_sets(self):
        good = data_set("1.66.9", pixels=bytes(50))
        with Peer(self.server.dicom_port, BOTH) as peer:
            for changed in (good[:-20], good[:30], good + b"\x01", b"\xff" * 500, nested(200), nested(400, closed=False),
                            good[:-54] + struct.pack("<I", 0xFFFFFFFE) + bytes(50)):
                status = peer.store("1.66.9", body=changed)
                self.assertIn(status, (0xC000, 0xA900, 0xA700), changed[:60])
        for changed in mutations(good, 300, seed=5):
            with Peer(self.server.dicom_port, BOTH) as peer:
                self.assertIsInstance(peer.store("1.66.9", body=changed), int)

    def test_mutated_commands_and_queries(self):
        query = element(0x00080052, b"STUDY ") + element(0x00080020, b"20200101-20201231") + element(0x00100010, b"A*?^B ")
        good = pdv(1, command(0x20, True, sop_class=FIND), command=True) + pdv(1, query)
        for changed in mutations(good, 400, seed=6):
            with Peer(self.server.dicom_port, {1: (FIND, [IMPLICIT])}) as peer:
                self.push(peer, changed)
                self.push(peer, pdu(7, bytes(4)))

    def test_silent_and_half_open_connections(self):
        peers = [Peer(self.server.dicom_port) for _ in range(200)]
        try:
            for number, peer in enumerate(peers):
                self.push(peer, association_request(BOTH)[:number % 100])
            with Peer(self.server.dicom_port, BOTH) as peer:
                self.assertEqual(peer.echo(), 0)
        finally:
            for peer in peers:
                peer.socket.close()

    # --- all at once ---

    def test_everything_at_once(self):
        good = data_set("1.66.10", pixels=bytes(2000))
        errors = []

        def attack(number):
            try:
                for changed in mutations(good, 60, seed=100 + number):
                    if number % 2:
                        self.raw(b"POST /instances HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(good) + changed)
                    else:
                        with Peer(self.server.dicom_port, BOTH) as peer:
                            self.push(peer, pdv(1, command(1, True, instance="1.66.10"), command=True) + pdv(1, changed))
            except Exception as error:  # reported below, by the test's own thread
                errors.append(error)

        threads = [threading.Thread(target=attack, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
