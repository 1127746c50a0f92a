"""How the server calls other systems: associations that are kept, lost and refused, peers that abort or say nothing, large
instances in bounded memory, modalities that outlive a restart. The operations themselves: modalities_test.py, queries_test.py."""

import json
import os
import socket
import threading
import time
import unittest

import pydicom

from hilum_server import HilumServer
from remote_peers import Archive, StoreScp, make_file

IMPLICIT = "1.2.840.10008.1.2"
# What a sanitizer takes is not the server's.
SANITIZED = bool(os.environ.get("HILUM_SAMPLE_FLAGS"))
LARGE = 5000  # rows and columns: 50 MB


class ScuTest(unittest.TestCase):
    def serve(self, **options):
        server = HilumServer(options={"DicomAet": "HILUM", "DicomScuTimeout": 30, **options})
        server.start()
        self.addCleanup(server.close)
        return server

    def peer(self, peer):
        self.addCleanup(peer.close)
        return peer.start()

    def store(self, server, name, resources, expected=200, **more):
        answer = server.post(f"/modalities/{name}/store", json.dumps({"Resources": resources, **more}).encode())
        self.assertEqual(answer.status, expected, answer.body)
        return answer.json()

    @staticmethod
    def associations(peer):
        return peer.log().count("Association Received")

    def eventually(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not come to that")
            time.sleep(0.02)

    def test_associations_are_shared_for_a_while(self):
        peer = self.peer(StoreScp())
        server = self.serve(DicomModalities={"peer": peer.definition()}, DicomAssociationCloseDelay=3600)
        ids = [server.upload(make_file(1, 1, 1, number))["ID"] for number in range(1, 4)]
        self.store(server, "peer", ids)
        before = self.associations(peer)
        for instance in ids:
            self.store(server, "peer", [instance])
        self.assertEqual(self.associations(peer), before)
        # Another title of ours is another association. This peer serves one at a time: the idle one must go first.
        self.store(server, "peer", ids[:1], LocalAet="OTHER", Timeout=20)
        self.assertEqual(server.post("/modalities/peer/echo", b'{"Timeout": 20}').status, 200)
        self.eventually(lambda: self.associations(peer) == before + 2)

    def test_associations_end_in_order_after_the_delay(self):
        for delay in (0, 1):
            with self.subTest(delay=delay), StoreScp() as peer:
                server = self.serve(DicomModalities={"peer": peer.definition()}, DicomAssociationCloseDelay=delay)
                released = peer.log().count("Association Release")
                self.store(server, "peer", [server.upload(make_file(1, 1, 1, 1))["ID"]])
                self.eventually(lambda: peer.log().count("Association Release") == released + 1)
                server.close()
                self.assertNotIn("Abort", peer.log())

    def test_an_association_that_was_lost_is_replaced(self):
        peer = self.peer(StoreScp("--fork"))
        server = self.serve(DicomModalities={"peer": peer.definition()}, DicomAssociationCloseDelay=3600)
        instance = server.upload(make_file(1, 1, 1, 1))["ID"]
        self.store(server, "peer", [instance])
        # The peer's children, one of which holds the association, end without a word.
        children = f"/proc/{peer.process.pid}/task/{peer.process.pid}/children"
        with open(children, encoding="ascii") as file:
            for child in file.read().split():
                os.kill(int(child), 9)
        self.store(server, "peer", [instance])
        self.assertEqual(len(peer.files()), 1)

    def test_peers_that_abort(self):
        for option in ("--abort-during", "--abort-after"):
            with self.subTest(option=option), StoreScp(option) as peer:
                server = self.serve(DicomModalities={"peer": peer.definition()})
                instances = [server.upload(make_file(1, 1, 1, number))["ID"] for number in (1, 2)]
                self.assertEqual(self.store(server, "peer", instances, 500)["OrthancStatus"], 9)
                answer = self.store(server, "peer", instances, Permissive=True)
                self.assertEqual(answer["FailedInstancesCount"], 2)
                server.close()

    def test_peers_that_are_too_slow(self):
        peer = self.peer(StoreScp("--sleep-during", "20"))
        server = self.serve(DicomModalities={"peer": peer.definition()})
        instance = server.upload(make_file(1, 1, 1, 1))["ID"]
        answer = self.store(server, "peer", [instance], 500, Timeout=1)
        self.assertEqual(answer["OrthancStatus"], 9)
        self.assertIn("within 1 s", answer["Details"])

    def test_peers_that_hang_up_at_once(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def hang_up():
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        server = self.serve(DicomModalities={"peer": ["PEER", "127.0.0.1", listener.getsockname()[1]],
                                             "nowhere": ["PEER", "no-such-host.invalid", 104]})
        for name in ("peer", "nowhere"):
            answer = server.post(f"/modalities/{name}/echo", b"{}")
            self.assertEqual((answer.status, answer.json()["OrthancStatus"]), (500, 9), answer.body)

    def test_transcoding_only_where_it_is_allowed(self):
        peer = self.peer(StoreScp("+xi"))
        server = self.serve(DicomModalities={"may": peer.definition(), "maynot": peer.definition(AllowTranscoding=False)},
                            DicomAssociationCloseDelay=0)
        instance = server.upload(make_file(1, 1, 1, 1))["ID"]
        answer = self.store(server, "maynot", [instance], 500)
        self.assertEqual(answer["OrthancStatus"], 9)
        self.assertIn("No valid presentation context", answer["Details"])
        self.store(server, "may", [instance])
        received, = peer.files()
        self.assertEqual(received.file_meta.TransferSyntaxUID, IMPLICIT)
        original = pydicom.dcmread(pydicom.filebase.DicomBytesIO(make_file(1, 1, 1, 1)))
        sent = pydicom.dcmread(os.path.join(peer.received, os.listdir(peer.received)[0]))
        self.assertEqual(sent.PixelData, original.PixelData)
        self.assertEqual(sent.SOPInstanceUID, original.SOPInstanceUID)

    def test_a_large_instance_takes_no_memory(self):
        peer = self.peer(Archive())
        server = self.serve(DicomModalities={"peer": peer.definition()}, DicomAlwaysAllowStore=True)
        content = make_file(1, 1, 1, 1, size=LARGE)
        self.assertGreater(len(content), 2 * LARGE * LARGE - 1)
        instance = server.upload(content)["ID"]
        self.store(server, "peer", [server.upload(make_file(2, 1, 1, 1))["ID"]])  # what the first use takes
        before = self.memory(server)
        self.store(server, "peer", [instance])
        after_sending = self.memory(server)
        server.delete("/instances/" + instance)
        answer = server.post("/modalities/peer/get", json.dumps(
            {"Level": "Instance", "Resources": [{"StudyInstanceUID": self.uid(content, "StudyInstanceUID"),
                                                 "SeriesInstanceUID": self.uid(content, "SeriesInstanceUID"),
                                                 "SOPInstanceUID": self.uid(content, "SOPInstanceUID")}]}).encode())
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(server.get(f"/instances/{instance}/file").status, 200)
        limit = 24 << 20
        if not SANITIZED:
            self.assertLess(after_sending - before, limit)
            self.assertLess(self.memory(server) - before, 2 * limit)

    @staticmethod
    def uid(content, name):
        return str(pydicom.dcmread(pydicom.filebase.DicomBytesIO(content), stop_before_pixels=True)[name].value)

    @staticmethod
    def memory(server):
        """What has been resident at most, in bytes."""
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024

    def test_modalities_in_the_database(self):
        server = self.serve(DicomModalities={"configured": ["CONFIGURED", "127.0.0.1", 104]},
                            DicomModalitiesInDatabase=True)
        self.assertEqual(server.get_json("/modalities"), [])
        self.assertEqual(server.put("/modalities/kept", b'["KEPT", "127.0.0.1", "11112", "GE"]').status, 200)
        self.assertEqual(server.put("/modalities/gone", b'["GONE", "127.0.0.1", 104]').status, 200)
        self.assertEqual(server.delete("/modalities/gone").status, 200)
        server.restart()
        self.assertEqual(server.get_json("/modalities"), ["kept"])
        definition = server.get_json("/modalities/kept/configuration")
        self.assertEqual((definition["AET"], definition["Port"], definition["Manufacturer"]), ("KEPT", 11112, "GE"))

    def test_configurations_that_name_no_modality(self):
        for wrong in ({"a": ["A", "h", 65535]}, {"a b": ["A", "h", 104]}, {"a": ["A", "h", 104, "Nobody"]}, {"a": 5}):
            server = HilumServer(options={"DicomModalities": wrong})
            self.addCleanup(server.close)
            with self.assertRaises(RuntimeError) as ended:
                server.start()
            self.assertIn("DicomModalities", str(ended.exception))


if __name__ == "__main__":
    unittest.main()
