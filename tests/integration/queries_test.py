"""/queries with a real archive: answers, the queries below them, fetching, what is kept, hostile arguments."""

import json
import socket
import struct
import threading
import unittest

import modalities_test
from dicom_peer import FIND, IMPLICIT, Peer, element, item, pdu, pdv, us
from hilum_server import eventually
from remote_peers import ROOT

STUDY = f"{ROOT}.1.1"
NOBODY = "00000000-0000-4000-8000-000000000000"


class Queries(modalities_test.Case):
    options = {"QueryRetrieveSize": 5}

    def ask(self, level, query=None, **more):
        return self.post("/modalities/peer/query", {"Level": level, "Query": query or {}, **more})["Path"]

    def test_answers(self):
        path = self.ask("Study", {"PatientID": "PAT1", "PatientName": ""})
        self.assertEqual(self.server.get_json(path), ["answers", "level", "modality", "query", "retrieve"])
        self.assertEqual(self.server.get(path + "/level").body, b"Study")
        self.assertEqual(self.server.get(path + "/modality").body, b"peer")
        self.assertEqual(self.server.get_json(path + "/query?simplify"), {"PatientID": "PAT1", "PatientName": ""})
        self.assertEqual(self.server.get_json(path + "/answers"), ["0", "1"])
        answers = self.server.get_json(path + "/answers?expand&simplify")
        self.assertEqual(sorted(one["AccessionNumber"] for one in answers), ["ACC11", "ACC12"])
        self.assertEqual(set(answers[0]), {"AccessionNumber", "PatientID", "PatientName", "QueryRetrieveLevel", "RetrieveAETitle",
                                           "SpecificCharacterSet", "StudyInstanceUID"})
        self.assertEqual(self.server.get_json(path + "/answers/0/content?simplify"), answers[0])
        full = self.server.get_json(path + "/answers/0/content")
        self.assertEqual(full["0010,0010"], {"Name": "PatientName", "Type": "String", "Value": "M\u00fcller^Patient 1"})
        self.assertEqual(self.server.get_json(path + "/answers/0"), ["content", "retrieve", "query-series", "query-instances"])
        self.assertEqual(self.server.get_json(path + "/answers?expand=false"), ["0", "1"])

    def test_normalize(self):
        with_it = self.ask("Study", {"PatientID": "PAT1", "InstitutionName": "nobody's"})
        self.assertEqual(len(self.server.get_json(with_it + "/answers")), 2)
        self.assertEqual(list(self.server.get_json(with_it + "/query?simplify")), ["InstitutionName", "PatientID"])

    def test_below(self):
        path = self.ask("Patient", {"PatientID": "PAT1"})
        self.assertEqual(self.server.get_json(path + "/answers/0"),
                         ["content", "retrieve", "query-studies", "query-series", "query-instances"])
        studies = self.post(path + "/answers/0/query-studies", {"Query": {"AccessionNumber": "ACC12"}})["Path"]
        self.assertEqual(self.server.get_json(studies + "/query?simplify"), {"AccessionNumber": "ACC12", "PatientID": "PAT1"})
        series = self.post(studies + "/answers/0/query-series", {})["Path"]
        self.assertEqual(self.server.get_json(series + "/query?simplify"), {"StudyInstanceUID": f"{ROOT}.1.2"})
        instances = self.post(series + "/answers/0/query-instances", {"Timeout": 20})["Path"]
        self.assertEqual(len(self.server.get_json(instances + "/answers")), 2)
        self.assertEqual(self.server.get_json(instances + "/answers/0"), ["content", "retrieve"])
        self.expect(404, "POST", series + "/answers/0/query-studies", {}, 17)
        self.expect(404, "POST", series + "/answers/0/query-series", {}, 17)
        for body in (b"", b"{", b"[]", b"5", {"Query": 5}, {"Query": {"Nope": ""}}, {"Timeout": "x"}):
            self.expect(400, "POST", series + "/answers/0/query-instances", body, 15)

    def test_only_so_many(self):
        paths = [self.ask("Patient") for _ in range(5)]
        self.expect(200, "GET", paths[0] + "/level")  # the most recent now
        newest = self.ask("Patient")
        self.expect(200, "GET", paths[0])
        self.expect(404, "GET", paths[1], orthanc=17)
        self.assertEqual(len(self.server.get_json("/queries")), 5)
        self.assertEqual(self.server.get_json("/queries"), sorted(self.server.get_json("/queries")))
        self.expect(200, "DELETE", newest)
        self.expect(404, "GET", newest, orthanc=17)
        self.expect(200, "DELETE", newest)

    def test_refused(self):
        path = "/modalities/peer/query"
        for body in (b"", b"{", b"[]", b"5", {}, {"Level": 5}, {"Level": "Study", "Query": []}, {"Level": "Study", "Query": {"Nope": ""}},
                     {"Level": "Study", "Query": {"PatientID": 5}}, {"Level": "Study", "Normalize": 5},
                     {"Level": "Study", "LocalAet": 5}, {"Level": "Study", "LocalAet": "A" * 17}, {"Level": "Study", "Timeout": -1},
                     {"Level": "Instance", "Query": {"Rows": "*"}, "Normalize": False},
                     {"Level": "Study", "Query": {"RequestAttributesSequence": "x"}, "Normalize": False}, "[" * 100000):
            self.expect(400, "POST", path, body, 15)
        self.expect(400, "POST", path, {"Level": "Nope"}, 3)
        self.expect(400, "POST", path, {"Level": "x" * 100000}, 3)
        self.expect(413, "POST", path, json.dumps({"Level": "Study", "Query": {"PatientID": "x" * (5 << 20)}}))
        self.expect(404, "POST", "/modalities/nope/query", {"Level": "Study"}, 7)
        self.expect(500, "POST", "/modalities/down/query", {"Level": "Study"}, 9)
        before = len(self.server.get_json("/queries"))
        query = self.ask("Patient", {"PatientID": "PAT1"})
        self.assertLessEqual(len(self.server.get_json("/queries")), before + 1, "failed queries are not kept")
        for index, code in (("5", 3), ("-1", 3), ("99999999999999999999", 5), ("x", 5), ("0x0", 5)):
            self.expect(400, "GET", f"{query}/answers/{index}/content", orthanc=code)
        for tail in ("", "/answers", "/level", "/query", "/answers/0"):
            self.expect(404, "GET", f"/queries/{NOBODY}{tail}", orthanc=17)


class Fetching(modalities_test.Case):
    def ask(self, level, query=None, modality="peer"):
        return self.post(f"/modalities/{modality}/query", {"Level": level, "Query": query or {}})["Path"]

    def test_by_move(self):
        path = self.ask("Study", {"PatientID": "PAT1"})
        for body in (b"", b"HILUM", b'"HILUM"', b"{}", {"TargetAet": "HILUM", "Simplify": True}):
            self.setUp()
            answer = self.expect(200, "POST", path + "/retrieve", body).json()
            self.assertEqual(len(self.instances()), 8, body)
            self.assertEqual(answer["TargetAet"], "HILUM")
            self.assertEqual(sorted(len(one["ReceivedInstancesIds"]) for one in answer["Details"]), [4, 4])
        self.assertEqual(set(answer["Query"][0]), {"AccessionNumber", "PatientID", "QueryRetrieveLevel", "StudyInstanceUID"})
        self.setUp()
        answer = self.post(path + "/answers/1/retrieve")
        self.assertEqual(len(self.instances()), 4)
        self.assertEqual(set(answer["Query"][0]), {"0008,0050", "0008,0052", "0010,0020", "0020,000d"})

    def test_by_get(self):
        path = self.ask("Series", {"StudyInstanceUID": STUDY})
        answer = self.post(path + "/retrieve", {"RetrieveMethod": "C-GET", "TargetAet": "IGNORED"})
        self.assertEqual(len(self.instances()), 4)
        self.assertNotIn("TargetAet", answer)
        self.server.put("/modalities/getter", self.archive.definition(RetrieveMethod="C-GET"))
        self.setUp()
        path = self.ask("Study", {"PatientID": "PAT1"}, "getter")
        job = self.post(path + "/answers/0/retrieve", {"Asynchronous": True, "UserData": [1]})["ID"]
        done = self.job(job, "Success")
        self.assertEqual((done["Type"], done["UserData"]), ("DicomGetScu", [1]))
        self.assertEqual(len(self.instances()), 4)

    def test_failures(self):
        path = self.ask("Study", {"PatientID": "PAT1"})
        answer = self.expect(500, "POST", path + "/retrieve", b"NOBODY", 9).json()
        self.assertEqual((answer["Uri"], answer["Method"]), (path + "/retrieve", "POST"))
        self.assertEqual(answer["ErrorPayload"]["Content"][0]["DimseErrorStatus"], 0xA801)
        self.expect(400, "POST", path + "/retrieve", {"RetrieveMethod": "Post"}, 3)
        for body, code in ((b"[]", 15), (b"true", 15), ({"TargetAet": 5}, 5), ({"Timeout": "x"}, 5), ({"Synchronous": 5}, 15),
                           ({"TargetAet": "A" * 17}, 15)):
            self.expect(400, "POST", path + "/retrieve", body, code)
        self.expect(400, "POST", path + "/answers/7/retrieve", {}, 3)
        empty = self.ask("Study", {"PatientID": "nobody"})
        self.assertEqual(self.post(empty + "/retrieve")["Query"], [])
        self.expect(413, "POST", path + "/retrieve", b"x" * (5 << 20))

    def test_several_at_once(self):
        path = self.ask("Series", {"PatientID": "PAT1", "StudyInstanceUID": STUDY})
        statuses = []

        def fetch(index):
            statuses.append(self.server.post(f"{path}/answers/{index}/retrieve", {}).status)

        threads = [threading.Thread(target=fetch, args=(number % 2,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [200] * 6)
        self.assertTrue(eventually(lambda: len(self.instances()) == 4))


class Answerer(Peer):
    """A C-FIND SCP of one association that answers what it is told, until it is cancelled."""

    def __init__(self, answers):  # pylint: disable=super-init-not-called
        self.answers = answers
        self.cancelled = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(60)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def __exit__(self, *_):
        self.thread.join()
        self.listener.close()

    def serve(self):
        self.socket, _ = self.listener.accept()
        self.socket.settimeout(60)
        with self.socket:
            try:
                self.accept()
                self.receive()  # command and identifier of the C-FIND
                self.receive()
                for answer in self.answers:
                    self.respond(0xFF00, answer)
                self.respond(0xFE00 if self.cancelled else 0)
                self.receive()
                self.send(pdu(6, bytes(4)))
            except OSError:
                self.cancelled = True  # by an abort

    def accept(self):
        _, request = self.receive()
        contexts, position = b"", 68
        while position < len(request):
            kind, _, length = struct.unpack(">BBH", request[position:position + 4])
            if kind == 0x20:
                self.context = request[position + 4]
                found = FIND.encode() in request[position:position + 4 + length]
                contexts += item(0x21, bytes([self.context, 0, 0 if found else 3, 0]) + item(0x40, IMPLICIT.encode()))
            position += 4 + length
        limits = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3.4"))
        self.send(pdu(2, request[:68] + item(0x10, b"1.2.840.10008.3.1.1.1") + contexts + limits))

    def respond(self, status, data=None):
        body = element(0x00000002, FIND.encode()) + us(0x00000100, 0x8020) + us(0x00000120, 1)
        body += us(0x00000800, 0x0101 if data is None else 1) + us(0x00000900, status)
        messages = [pdv(self.context, element(0x00000000, struct.pack("<I", len(body))) + body, command=True)]
        pieces = [data[at:at + 16000] for at in range(0, len(data), 16000)] if data is not None else []
        messages += [pdv(self.context, piece, last=piece is pieces[-1]) for piece in pieces]
        self.send(b"".join(messages))


class Hostile(modalities_test.Case):
    def ask(self, answers):
        with Answerer(answers) as peer:
            self.server.put("/modalities/hostile", {"AET": "HOSTILE", "Host": "127.0.0.1", "Port": peer.port})
            answer = self.server.post("/modalities/hostile/query", {"Level": "Study"})
        return answer

    def test_answers_without_end(self):
        large = element(0x00100020, b"X") + element(0x0040A160, b"x" * (7 << 20))
        answer = self.ask(large for _ in range(40))
        self.assertEqual((answer.status, answer.json()["OrthancStatus"]), (413, 47), answer.body[:500])
        self.assertEqual(self.server.get_json("/queries"), [])

    def test_answers_that_are_no_data_sets(self):
        lying = struct.pack("<HHI", 0x0010, 0x0020, 1 << 30) + b"short"
        deep = b"".join(struct.pack("<HHIHHI", 0x0040, 0x0275, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF) for _ in range(5000))
        for answers in ([lying], [deep], [b"\xff" * 1000], [b"x"]):
            answer = self.ask(answers)
            self.assertIn(answer.status, (200, 500), answer.body[:500])
            if answer.status == 200:
                for tail in ("/answers?expand", "/answers/0/content?simplify", "/answers"):
                    self.assertIn(self.server.get(answer.json()["Path"] + tail).status, (200, 500))
                self.assertIn(self.server.post(answer.json()["Path"] + "/retrieve", {}).status, (400, 500))

    def test_names_in_other_character_sets(self):
        name = element(0x00080005, b"ISO 2022 IR 6\\ISO 2022 IR 87") + element(0x00100010, b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B")
        path = self.ask([name]).json()["Path"]
        answer = self.server.get_json(path + "/answers/0/content?simplify")
        self.assertEqual(answer["PatientName"], "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce")
        self.assertEqual(answer["QueryRetrieveLevel"], "STUDY", "the peer has left it out")


if __name__ == "__main__":
    unittest.main()
