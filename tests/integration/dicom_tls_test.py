"""DICOM over TLS in both directions: DCMTK's tools, Orthanc if it is installed, and Python's TLS for what no tool does."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

from certificates import Authority
from dicom_peer import (BOTH, FIND, IMPLICIT, Peer, VERIFICATION, association_request, command, data_set, element, pdv)
from hilum_server import HilumServer, eventually, free_ports
from store_sender import data_set_of

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "compat"))

from orthanc_server import OrthancServer, find_orthanc  # noqa: E402  (found by the path above)

BIG = bytes(range(256)) * 12000  # 3 MB: many TLS records, many PDUs


def run(*arguments, timeout=60):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False,
                          env=dict(os.environ, TCP_NODELAY="1"))
    return done.returncode, done.stdout.decode("utf-8", "replace")


class Keys:
    """Made once for all tests."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hilum-keys-")
        self.authority = Authority(self.folder, "hospital")
        self.stranger = Authority(self.folder, "stranger")
        self.server = self.authority.issue("hilum")
        self.client = self.authority.issue("modality")
        self.elliptic = self.authority.issue("elliptic", kind="ec")
        self.expired = self.authority.issue("expired", days=-1)
        self.untrusted = self.stranger.issue("untrusted")

    def options(self, **more):
        certificate, key = self.server
        return {"DicomTlsCertificate": certificate, "DicomTlsPrivateKey": key,
                "DicomTlsTrustedCertificates": self.authority.certificate, "DicomTlsEnabled": True, "DicomAet": "HILUM",
                "DicomAlwaysAllowFind": True, **more}

    def context(self, own=None, **limits):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.authority.certificate)
        for name, value in limits.items():
            setattr(context, name, value)
        if own:
            context.load_cert_chain(*own)
        return context


class TlsPeer(Peer):
    """One association over TLS. Raises OSError where the server refuses."""

    def __init__(self, port, context, contexts=None, **request):
        super().__init__(port)
        try:
            self.socket = context.wrap_socket(self.socket)
        except BaseException:
            self.socket.close()
            raise
        if contexts is not None:
            self.associate(contexts, **request)

    def associate(self, contexts, **request):
        self.send(association_request(contexts, **request))
        self.answer = self.receive()


def setUpModule():
    global KEYS
    KEYS = Keys()
    unittest.addModuleCleanup(shutil.rmtree, KEYS.folder, ignore_errors=True)


class TlsCase(unittest.TestCase):
    """A server with TLS that is there for all tests of the class, and serves after each of them."""

    more = {}

    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer(options=KEYS.options(**cls.more))
        cls.server.start()
        cls.addClassCleanup(cls.server.close)

    def tearDown(self):
        self.assertIsNone(self.server.process.poll(), self.server.log()[-3000:])
        self.assertEqual(self.echo(KEYS.client), 0)

    def echo(self, own=None, **limits):
        """The status of a C-ECHO; "refused" if it does not come to one."""
        try:
            peer = TlsPeer(self.server.dicom_port, KEYS.context(own, **limits))
        except OSError:
            return "refused"
        with peer:
            try:
                peer.associate(BOTH)
                return peer.echo() if peer.answer[0] == 2 else "refused"
            except OSError:  # with TLS 1.3 the server's verdict comes behind the client's handshake
                return "refused"

    def tool(self, name, own, *arguments):
        tls = ["+tls", own[1], own[0]] if own else ["+tla"]
        return run(name, *tls, "+cf", KEYS.authority.certificate, *arguments, "127.0.0.1", str(self.server.dicom_port))

    def logged(self, text):
        self.assertTrue(eventually(lambda: text in self.server.log()), self.server.log()[-2000:])


class MutualTest(TlsCase):
    """Callers must show a certificate, which is the default."""

    def test_tools(self):
        code, output = self.tool("echoscu", KEYS.client)
        self.assertEqual(code, 0, output)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.dcm")
            with open(path, "wb") as file:
                file.write(data_set("1.77.1", patient="TLS", pixels=BIG))
            code, output = run("storescu", "-f", "-xi", "+tls", KEYS.client[1], KEYS.client[0], "+cf", KEYS.authority.certificate,
                               "127.0.0.1", str(self.server.dicom_port), path)
            self.assertEqual(code, 0, output)
        code, output = self.tool("findscu", KEYS.client, "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=TLS")
        self.assertEqual(code, 0, output)
        self.assertIn("TLS", output)

    def test_profiles_of_dcmtk(self):
        for profile in ("+px", "+py", "+pz"):
            code, output = self.tool("echoscu", KEYS.client, profile)
            self.assertEqual(code, 0, profile + output)

    def test_kinds_of_certificates(self):
        self.assertEqual(self.echo(KEYS.elliptic), 0)

    def test_bytes_arrive_as_they_are_sent(self):
        for number, size in enumerate((0, 1, 16383, 16384, 16385, len(BIG))):
            uid = f"1.77.2.{number}"
            body = data_set(uid, patient="BYTES", pixels=BIG[:size])
            with TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client), BOTH) as peer:
                peer.send(pdv(1, command(1, True, instance=uid), command=True))
                for at in range(0, len(body), 16000):
                    peer.send(pdv(1, body[at:at + 16000], last=at + 16000 >= len(body)))
                self.assertEqual(peer.response(), 0)
            (found,) = self.server.post("/tools/lookup", uid).json()
            self.assertEqual(data_set_of(self.server.get(found["Path"] + "/file").body), body, size)

    def test_all_in_one_record_and_byte_by_byte(self):
        echo = pdv(3, command(0x30, False, sop_class=VERIFICATION), command=True)
        with TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client), BOTH) as peer:
            peer.send(echo * 20)
            self.assertEqual([peer.response() for _ in range(20)], [0] * 20)
            for at in range(len(echo)):
                peer.send(echo[at:at + 1])
            self.assertEqual(peer.response(), 0)

    def test_cancel(self):
        """A search looks for C-CANCEL, and for nothing that TLS says beneath."""
        query = element(0x00080052, b"STUDY ") + element(0x00100020, b"")
        with TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client), {1: (FIND, [IMPLICIT])}) as peer:
            for _ in range(5):
                peer.send(pdv(1, command(0x20, True, sop_class=FIND), command=True) + pdv(1, query))
                status = 0xFF00
                while status == 0xFF00:
                    status = peer.response()
                    if status == 0xFF00:
                        peer.receive()  # the identifier, in a PDU of its own
                self.assertEqual(status, 0)

    def test_several_at_once(self):
        errors = []

        def send(number):
            try:
                with TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client), BOTH) as peer:
                    for each in range(20):
                        uid = f"1.77.3.{number}.{each}"
                        status = peer.store(uid, patient="MANY", study=f"1.77.3.{number}", pixels=BIG[:9000])
                        if status != 0:
                            errors.append(status)
            except OSError as error:
                errors.append(error)

        threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(errors, [])
        found = self.server.post("/tools/find", {"Level": "Instance", "Query": {"PatientID": "MANY"}}).json()
        self.assertEqual(len(found), 160)

    def test_plain_caller(self):
        code, _ = run("echoscu", "127.0.0.1", str(self.server.dicom_port))
        self.assertNotEqual(code, 0)

    def test_without_certificate(self):
        self.assertNotEqual(self.tool("echoscu", None)[0], 0)
        self.assertEqual(self.echo(), "refused")
        self.logged("peer did not return a certificate")

    def test_untrusted_and_expired_certificates(self):
        self.assertNotEqual(self.tool("echoscu", KEYS.untrusted)[0], 0)
        self.assertEqual(self.echo(KEYS.untrusted), "refused")
        self.assertEqual(self.echo(KEYS.expired), "refused")
        self.logged("certificate has expired")

    def test_old_protocols_and_weak_ciphers(self):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            context = KEYS.context(KEYS.client)
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = version
            with self.assertRaises(OSError):
                TlsPeer(self.server.dicom_port, context)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertEqual(self.echo(KEYS.client, minimum_version=version, maximum_version=version), 0)
        for weak in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA"):
            context = KEYS.context(KEYS.client, maximum_version=ssl.TLSVersion.TLSv1_2)
            context.set_ciphers(weak)
            with self.assertRaises(OSError):
                TlsPeer(self.server.dicom_port, context)

    def test_silent_clients_delay_nobody(self):
        """At each step of the handshake, and behind it: none of them takes a thread, or the time of others."""
        hello = ssl.MemoryBIO()
        client = KEYS.context(KEYS.client).wrap_bio(ssl.MemoryBIO(), hello)
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        hello = hello.read()
        threads = len(os.listdir(f"/proc/{self.server.process.pid}/task"))
        with contextlib.ExitStack() as silent:
            for number in range(90):
                peer = silent.enter_context(Peer(self.server.dicom_port))
                peer.send(hello[:(0, 3, len(hello) // 2, len(hello))[number % 4]])
            for _ in range(20):
                silent.enter_context(TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client)))
            self.assertEqual(self.echo(KEYS.client), 0)
            now = len(os.listdir(f"/proc/{self.server.process.pid}/task"))
            self.assertLess(now, threads + 10)

    def test_hostile_bytes(self):
        for data in (b"\x16\x03\x01\xff\xff" + bytes(70000), b"\x16\x03\x01\0\0", b"\x16\x03\x01\0\x05" + bytes(5), b"\x15\x03\x03\0\2\2\0",
                     b"\x16\x02\0\0\1\0", b"GET / HTTP/1.0\r\n\r\n", os.urandom(3000)):
            with Peer(self.server.dicom_port) as peer:
                with contextlib.suppress(OSError):
                    peer.send(data)
                    while peer.socket.recv(1000):
                        pass
        for data in (b"GET / HTTP/1.0\r\n\r\n", b"\1\0\xff\xff\xff\xff", os.urandom(100), bytes(300000)):
            with TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client)) as peer:
                with contextlib.suppress(OSError):
                    peer.send(data)
                    while peer.socket.recv(1000):
                        pass
        # Cut behind the TLS: half an instance, then the end of TCP without a word of TLS.
        with TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client), BOTH) as peer:
            peer.send(pdv(1, command(1, True, instance="1.77.9"), command=True) + pdv(1, BIG[:9000], last=False))
            peer.socket.shutdown(socket.SHUT_RDWR)
        # What breaks the protocol is aborted over TLS.
        with TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client), BOTH) as peer:
            peer.send(pdv(1, b"no command at all", command=False))
            self.assertEqual(peer.receive()[0], 7)

    def test_rejections_arrive(self):
        with TlsPeer(self.server.dicom_port, KEYS.context(KEYS.client), BOTH, context_name="1.2.3") as peer:
            self.assertEqual(peer.answer[0], 3)


class OptionalCertificateTest(TlsCase):
    """DicomTlsRemoteCertificateRequired false: certificates are not asked for; plain callers are refused all the same."""

    more = {"DicomTlsRemoteCertificateRequired": False, "DicomTlsTrustedCertificates": ""}

    def test_who_may(self):
        self.assertEqual(self.echo(), 0)
        self.assertEqual(self.echo(KEYS.untrusted), 0)
        self.assertEqual(self.tool("echoscu", None)[0], 0)
        self.assertNotEqual(run("echoscu", "127.0.0.1", str(self.server.dicom_port))[0], 0)


class LimitsTest(unittest.TestCase):
    def handshake(self, more, **limits):
        """The version and cipher that are agreed upon with a server of these options, or None."""
        with HilumServer(options=KEYS.options(**more)) as server:
            try:
                with TlsPeer(server.dicom_port, KEYS.context(KEYS.client, **limits), BOTH) as peer:
                    return peer.socket.version(), peer.socket.cipher()[0]
            except OSError:
                return None

    def test_minimum_version(self):
        old = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        self.assertIsNone(self.handshake({"DicomTlsMinimumProtocolVersion": 5}, **old))
        self.assertEqual(self.handshake({"DicomTlsMinimumProtocolVersion": 5})[0], "TLSv1.3")

    def test_ciphers(self):
        wanted = "ECDHE-RSA-CHACHA20-POLY1305"
        self.assertEqual(self.handshake({"DicomTlsCiphersAccepted": [wanted]}), ("TLSv1.2", wanted))
        self.assertEqual(self.handshake({"DicomTlsCiphersAccepted": ["TLS_AES_128_GCM_SHA256"]}),
                         ("TLSv1.3", "TLS_AES_128_GCM_SHA256"))


class StartTest(unittest.TestCase):
    """What is wrong with the files is said, and there is no server: never one without TLS instead."""

    def refused(self, says, **options):
        with tempfile.TemporaryDirectory() as folder:
            server = HilumServer(options=KEYS.options(**options), folder=folder).launch()
            try:
                self.assertNotEqual(server.wait_for_end(), 0)
                for text in says:
                    self.assertIn(text, server.log())
            finally:
                server.stop()

    def test_refusals(self):
        key = KEYS.client[1]
        locked = os.path.join(KEYS.folder, "locked.key")
        self.assertEqual(run("openssl", "rsa", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked)[0], 0)
        empty = os.path.join(KEYS.folder, "empty.pem")
        with open(empty, "w", encoding="ascii"):
            pass
        for says, options in (
                (["DicomTlsCertificate"], {"DicomTlsCertificate": ""}),
                (["DicomTlsPrivateKey"], {"DicomTlsPrivateKey": ""}),
                (["DicomTlsTrustedCertificates"], {"DicomTlsTrustedCertificates": ""}),
                (["/no/such.pem", "no such file"], {"DicomTlsCertificate": "/no/such.pem"}),
                (["/no/such.key", "no such file"], {"DicomTlsPrivateKey": "/no/such.key"}),
                (["/no/such.ca", "no such file"], {"DicomTlsTrustedCertificates": "/no/such.ca"}),
                ([empty, "no usable PEM certificate"], {"DicomTlsCertificate": empty}),
                ([empty, "no usable PEM private key"], {"DicomTlsPrivateKey": empty}),
                ([empty, "no usable PEM certificates"], {"DicomTlsTrustedCertificates": empty}),
                ([key, "does not belong to the certificate"], {"DicomTlsPrivateKey": key}),
                ([locked, "protected by a password"], {"DicomTlsPrivateKey": locked}),
                ([KEYS.expired[0], "expired"], {"DicomTlsCertificate": KEYS.expired[0], "DicomTlsPrivateKey": KEYS.expired[1]}),
                (["DicomTlsCiphersAccepted", "NO-SUCH-CIPHER"], {"DicomTlsCiphersAccepted": ["NO-SUCH-CIPHER"]}),
                (["DicomTlsMinimumProtocolVersion"], {"DicomTlsMinimumProtocolVersion": 1}),
                (["DicomTlsMinimumProtocolVersion"], {"DicomTlsMinimumProtocolVersion": 6})):
            with self.subTest(**options):
                self.refused(says, **options)

    def test_end_with_open_associations(self):
        with HilumServer(options=KEYS.options()) as server:
            with TlsPeer(server.dicom_port, KEYS.context(KEYS.client), BOTH) as peer, \
                    TlsPeer(server.dicom_port, KEYS.context(KEYS.client)):
                self.assertEqual(peer.echo(), 0)
                self.assertEqual(server.stop(), 0)
                self.assertEqual(peer.receive()[0], 7)


class CallingTest(unittest.TestCase):
    """Modalities with UseDicomTls."""

    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer(options=KEYS.options(DicomScuTimeout=20))
        cls.server.start()
        cls.addClassCleanup(cls.server.close)

    @contextlib.contextmanager
    def receiver(self, own, trusted):
        """DCMTK's storescp with TLS; gives its port and folder."""
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(5):  # somebody else may take the port first
                (port,) = free_ports(1)
                with open(os.path.join(folder, "log"), "wb") as log:
                    process = subprocess.Popen(["storescp", "+tls", own[1], own[0], "+cf", trusted, "-od", folder, str(port)],
                                               stdout=log, stderr=subprocess.STDOUT, env=dict(os.environ, TCP_NODELAY="1"))
                if eventually(lambda: process.poll() is not None or listens(port)) and process.poll() is None:
                    break
            try:
                self.assertIsNone(process.poll(), "storescp does not listen")
                yield port, folder
            finally:
                process.kill()
                process.wait()

    def know(self, name, port, aet="ANY-SCP", tls=True, server=None):
        answer = (server or self.server).put(f"/modalities/{name}", {"AET": aet, "Host": "127.0.0.1", "Port": port,
                                                                     "UseDicomTls": tls})
        self.assertEqual(answer.status, 200, answer.body)

    def echo(self, name, server=None):
        return (server or self.server).post(f"/modalities/{name}/echo", "{}")

    def test_store_to_dcmtk(self):
        uid = "1.77.20"
        instance = self.server.upload(data_set(uid, patient="OUT", pixels=BIG))["ID"]
        with self.receiver(KEYS.client, KEYS.authority.certificate) as (port, folder):
            self.know("dcmtk", port)
            answer = self.echo("dcmtk")
            self.assertEqual(answer.status, 200, answer.body)
            answer = self.server.post("/modalities/dcmtk/store", {"Resources": [instance]})
            self.assertEqual(answer.status, 200, answer.body)
            self.assertTrue(eventually(lambda: any(uid in name for name in os.listdir(folder))), os.listdir(folder))

    def test_untrusted_server(self):
        with self.receiver(KEYS.untrusted, KEYS.authority.certificate) as (port, _):
            self.know("untrusted", port)
            answer = self.echo("untrusted")
            self.assertEqual(answer.status, 500, answer.body)
            self.assertIn(b"certificate", answer.body)

    def test_plain_server_is_not_spoken_to_in_the_clear(self):
        with HilumServer(options={"DicomAet": "PLAIN"}) as plain:
            self.know("plain", plain.dicom_port, "PLAIN")
            self.assertEqual(self.echo("plain").status, 500)
            self.know("plain", plain.dicom_port, "PLAIN", tls=False)
            answer = self.echo("plain")
            self.assertEqual(answer.status, 200, answer.body)

    def test_server_that_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            self.know("mute", port)
            answer = self.server.post("/modalities/mute/echo", {"Timeout": 1})
            self.assertEqual(answer.status, 500, answer.body)

    def test_without_own_certificate(self):
        with HilumServer(options={"DicomAet": "BARE"}) as bare:
            self.know("hilum", self.server.dicom_port, "HILUM", server=bare)
            answer = self.echo("hilum", server=bare)
            self.assertGreaterEqual(answer.status, 400)
            self.assertIn(b"DicomTlsCertificate", answer.body)

    @unittest.skipUnless(find_orthanc(), "Orthanc isn't installed (Debian package orthanc)")
    def test_orthanc_both_ways(self):
        certificate, key = KEYS.client
        options = {"DicomAet": "ORTHANC", "DicomTlsEnabled": True, "DicomTlsCertificate": certificate, "DicomTlsPrivateKey": key,
                   "DicomTlsTrustedCertificates": KEYS.authority.certificate}
        there = self.server.upload(data_set("1.77.30", patient="THERE", pixels=BIG))["ID"]
        with OrthancServer(options) as orthanc:
            self.know("orthanc", orthanc.dicom_port, "ORTHANC")
            self.know("hilum", self.server.dicom_port, "HILUM", server=orthanc)
            for server, name in ((self.server, "orthanc"), (orthanc, "hilum")):
                answer = self.echo(name, server=server)
                self.assertEqual(answer.status, 200, answer.body)
            answer = self.server.post("/modalities/orthanc/store", {"Resources": [there]})
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(len(orthanc.get_json("/instances")), 1)
            self.assertEqual(self.server.delete("/instances/" + there).status, 200)
            answer = orthanc.post("/modalities/hilum/store", there)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(self.server.get("/instances/" + there).status, 200)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
