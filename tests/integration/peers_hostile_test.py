"""Peers that misbehave, TLS in both directions, and what must never be seen in the log."""

import contextlib
import http.client
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import unittest.mock

from hilum_server import Answer, HilumServer, eventually, free_ports
from http_peer import Peer, RawPeer, read_request
from peers_test import PeersCase
from resources_case import make_dicom

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def repeat(connection, piece, times, pause=0.0):
    for _ in range(times):
        connection.sendall(piece)
        if pause:
            time.sleep(pause)


class HostileTest(PeersCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.instance = cls.server.upload(make_dicom("Hostile"))["ID"]

    def ask(self, talk, name="hostile", timeout=2):
        """All three requests to such a peer; each ends with an error, soon. Their details."""
        with RawPeer(talk) as peer:
            self.put(name, {"Url": peer.url, "Timeout": timeout})
            details = []
            for method, path, body in (("GET", "system", None), ("POST", "store", self.instance),
                                       ("POST", "store-straight", make_dicom())):
                answer = self.expect(500, method, f"/peers/{name}/{path}", body)
                self.assertIn(answer.json()["OrthancStatus"], (9, 2005), answer.body)
                details.append(answer.json()["Details"])
                self.assertLess(len(details[-1]), 500)
            return details

    def test_garbage(self):
        def talk(connection):
            read_request(connection)
            connection.sendall(b"\x00\xff garbage \r\n\r\n" * 50)
        self.ask(talk)

    def test_no_json(self):
        def talk(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>\x00\xff ")
        with RawPeer(talk) as peer:
            self.put("html", [peer.url])
            self.expect(500, "GET", "/peers/html/system", None, 9)
            self.expect(500, "POST", "/peers/html/store-straight", make_dicom(), 9)

    def test_closing(self):
        def at_once(connection):
            connection.shutdown(socket.SHUT_RDWR)

        def in_the_head(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")

        def in_the_body(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

        def without_reading(connection):
            connection.recv(10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        for talk in (at_once, in_the_head, in_the_body, without_reading):
            with self.subTest(talk=talk.__name__):
                self.ask(talk)

    def test_silence(self):
        def talk(connection):
            with contextlib.suppress(OSError):
                while connection.recv(65536):
                    pass
        begin = time.monotonic()
        self.ask(talk, timeout=1)
        self.assertLess(time.monotonic() - begin, 60)

    def test_endless_answers(self):
        def body(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            repeat(connection, b"x" * 65536, 10000)

        def chunks(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            repeat(connection, b"10000\r\n" + b"x" * 65536 + b"\r\n", 10000)

        def headers(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            repeat(connection, b"X-Header: " + b"x" * 5000 + b"\r\n", 10000)

        def one_header(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            repeat(connection, b"x" * 65536, 10000)

        def interim(connection):
            read_request(connection)
            repeat(connection, b"HTTP/1.1 100 Continue\r\n\r\n", 1000000)

        def lying_length(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n")
            repeat(connection, b"x" * 65536, 10000)
        for talk in (body, chunks, headers, one_header, interim, lying_length):
            with self.subTest(talk=talk.__name__):
                self.ask(talk)

    def test_redirects_are_not_followed(self):
        with Peer() as target:
            def talk(connection):
                read_request(connection)
                connection.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + target.url.encode() +
                                   b"/\r\nContent-Length: 0\r\n\r\n")
            for details in self.ask(talk, timeout=20):
                self.assertIn("307", details)
            self.assertEqual(target.requests, [])

    def test_early_refusal(self):
        """A peer that answers without having read the body."""
        def talk(connection):
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        stored = self.server.upload(make_dicom("Early", EncapsulatedDocument=b"x" * (8 << 20)))
        with RawPeer(talk) as peer:
            self.put("early", [peer.url])
            self.expect(500, "POST", "/peers/early/store", stored["ID"], 9)

    def test_other_requests_go_on(self):
        """Peers that never answer hold their own requests only."""
        def talk(connection):
            with contextlib.suppress(OSError):
                while connection.recv(65536):
                    pass
        with RawPeer(talk) as peer:
            self.put("slow", {"Url": peer.url, "Timeout": 300})
            jobs = [self.start("slow", {"Resources": [self.instance]}) for _ in range(2)]
            eventually(lambda: all(self.job(job)["State"] == "Running" for job in jobs))
            self.expect(200, "GET", "/system")
            for job in jobs:
                self.expect(200, "POST", f"/jobs/{job}/cancel")
            for job in jobs:
                self.assertEqual(self.wait(job, "Failure")["ErrorCode"], 37)  # not an error of the network


    def test_the_http_server_is_not_held_up(self):
        """As many requests to silent peers as it has threads, and more: others are answered, and the server stops at once."""
        def talk(connection):
            with contextlib.suppress(OSError):
                while connection.recv(65536):
                    pass
        with RawPeer(talk) as peer, HilumServer({"OrthancPeers": {"silent": {"Url": peer.url, "Timeout": 300}}}) as server:
            statuses = []

            def ask():
                try:
                    statuses.append(server.request("GET", "/peers/silent/system", timeout=120).status)
                except OSError:
                    statuses.append(None)
            threads = [threading.Thread(target=ask) for _ in range(80)]
            for thread in threads:
                thread.start()
            self.assertTrue(eventually(lambda: statuses.count(503) >= 64))
            self.assertEqual(server.get("/system").status, 200)
            self.assertEqual(server.stop(), 0)  # killed, if it took longer than a minute
            for thread in threads:
                thread.join(60)
            self.assertEqual((len(statuses), statuses.count(503)), (80, 64))


class VerboseTest(PeersCase):
    options = {"HttpVerbose": True}

    def test_no_secret_in_the_log(self):
        with Peer() as peer:
            definition = {"Url": peer.url, "Username": "secret-user", "Password": "secret-pass",
                          "HttpHeaders": {"X-Token": "secret-token"}}
            self.put("verbose", definition)
            self.put("inside", [peer.url.replace("//", "//a:secret-url@")])
            for name in ("verbose", "inside"):
                self.server.put("/tools/log-level", "verbose")
                self.expect(200, "GET", f"/peers/{name}/system")
                self.expect(200, "POST", f"/peers/{name}/store-straight", make_dicom())
        self.put("closed", ["http://a:secret-url@127.0.0.1:1/?secret=secret"])
        for answer in (self.expect(500, "GET", "/peers/closed/system"),
                       self.expect(500, "POST", "/peers/closed/store-straight", b"x")):
            self.assertNotIn(b"secret", answer.body)
        self.assertTrue(eventually(lambda: "outgoing HTTP > GET" in self.server.log()), self.server.log()[-2000:])
        self.assertIn("X-Token", self.server.log())
        self.assertNotIn("secret", self.server.log())


def make_certificates(folder):
    """An authority, and certificates that it has signed for `server` (127.0.0.1) and `client`; `stranger` has signed itself."""
    def run(*command):
        subprocess.run(("openssl",) + command, cwd=folder, check=True, capture_output=True)

    def key(name):
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
            "-out", f"{name}.crt")
    key("authority")
    key("stranger")
    with open(os.path.join(folder, "names"), "w", encoding="utf-8") as file:
        file.write("subjectAltName=IP:127.0.0.1")
    for name in ("server", "client"):
        run("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.req")
        run("x509", "-req", "-in", f"{name}.req", "-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-days", "30",
            "-extfile", "names", "-out", f"{name}.crt")
    run("rsa", "-aes256", "-passout", "pass:secret-key", "-in", "client.key", "-out", "locked.key")
    with open(os.path.join(folder, "server.pem"), "w", encoding="utf-8") as file:
        for part in ("server.crt", "server.key"):
            with open(os.path.join(folder, part), encoding="utf-8") as source:
                file.write(source.read())


class TlsServer(HilumServer):
    """Hilum behind TLS that wants client certificates; the test itself comes with one."""

    def __init__(self, certificates):
        self.certificates = certificates
        super().__init__({"SslEnabled": True, "SslCertificate": os.path.join(certificates, "server.pem"),
                          "SslVerifyPeers": True,
                          "SslTrustedClientCertificates": os.path.join(certificates, "authority.crt")})

    def url(self, path=""):
        return f"https://127.0.0.1:{self.http_port}{path}"

    def request(self, method, path, body=None, headers=None, timeout=60):
        context = ssl.create_default_context(cafile=os.path.join(self.certificates, "authority.crt"))
        context.load_cert_chain(os.path.join(self.certificates, "client.crt"), os.path.join(self.certificates, "client.key"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.http_port, timeout=timeout, context=context)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        make_certificates(cls.folder)
        cls.target = TlsServer(cls.folder)
        cls.addClassCleanup(cls.target.close)
        cls.target.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def peers(self):
        url = self.target.url()
        return {"good": {"Url": url, "CertificateFile": self.path("client.crt"), "CertificateKeyFile": self.path("client.key")},
                "locked": {"Url": url, "CertificateFile": self.path("client.crt"), "CertificateKeyFile": self.path("locked.key"),
                           "CertificateKeyPassword": "secret-key"},
                "wrongpass": {"Url": url, "CertificateFile": self.path("client.crt"),
                              "CertificateKeyFile": self.path("locked.key"), "CertificateKeyPassword": "secret-wrong"},
                "stranger": {"Url": url, "CertificateFile": self.path("stranger.crt"),
                             "CertificateKeyFile": self.path("stranger.key")},
                "without": [url],
                "othername": {"Url": url.replace("127.0.0.1", "localhost"), "CertificateFile": self.path("client.crt"),
                              "CertificateKeyFile": self.path("client.key")},
                "plain": [url.replace("https", "http")]}

    def statuses(self, options):
        with HilumServer({"OrthancPeers": self.peers(), "HttpTimeout": 10, **options}) as server:
            found = {name: server.get(f"/peers/{name}/system").status for name in self.peers()}
            stored = server.upload(make_dicom("Tls"))
            for name in ("good", "without"):
                answer = server.post(f"/peers/{name}/store", stored["ID"])
                self.assertEqual(answer.status, found[name], answer.body)
            if found["good"] == 200:
                self.assertEqual(self.target.get(stored["Path"] + "/file").body, server.get(stored["Path"] + "/file").body)
                self.target.delete(stored["Path"])
            self.assertNotIn("secret", server.log())
            return found

    def test_trusted(self):
        found = self.statuses({"HttpsCACertificates": self.path("authority.crt")})
        self.assertEqual(found, {"good": 200, "locked": 200, "wrongpass": 500, "stranger": 500, "without": 500,
                                 "othername": 500, "plain": 500})

    def test_not_trusted(self):
        self.assertEqual(set(self.statuses({}).values()), {500}, "the system does not know that authority")

    def test_unchecked(self):
        found = self.statuses({"HttpsVerifyPeers": False})
        self.assertEqual((found["good"], found["othername"], found["without"]), (200, 200, 500))

    def test_proxy(self):
        """Everything goes through HttpProxy, and the password of the proxy is in no error."""
        seen = []

        def talk(connection):
            head, _ = read_request(connection)
            seen.append(head)
            connection.sendall(OK)
        with RawPeer(talk) as proxy:
            port = proxy.port
            with HilumServer({"HttpProxy": f"user:secret-proxy@127.0.0.1:{port}",
                              "OrthancPeers": {"far": ["http://far.invalid"]}}) as server:
                self.assertEqual(server.get("/peers/far/system").status, 200)
                self.assertIn(b"GET http://far.invalid/system HTTP/1.1", seen[0])
                self.assertIn(b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQtcHJveHk=", seen[0])
                proxy.__exit__()
                answer = server.get("/peers/far/system")
                self.assertEqual(answer.status, 500)
                self.assertNotIn(b"secret", answer.body)
                self.assertNotIn("secret", server.log())

    def test_the_environment_does_not_matter(self):
        (port,) = free_ports(1)
        with unittest.mock.patch.dict(os.environ, {"http_proxy": f"http://127.0.0.1:{port}",
                                                   "all_proxy": f"http://127.0.0.1:{port}"}), Peer() as peer:
            with HilumServer({"OrthancPeers": {"near": [peer.url]}}) as server:
                self.assertEqual(server.get("/peers/near/system").status, 200)


if __name__ == "__main__":
    unittest.main()
