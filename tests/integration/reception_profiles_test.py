"""Sending to storescp with every reception profile: what it does not take as it is stored arrives transcoded where the
modality allows that; where it does not, those that are not taken fail and the others arrive."""

import unittest

from hilum_server import HilumServer
from remote_peers import StoreScp, make_file

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG, J2K, JLS, RLE = "1.2.840.10008.1.2.4.", "1.2.840.10008.1.2.4.9", "1.2.840.10008.1.2.4.8", "1.2.840.10008.1.2.5"
UNCOMPRESSED = {IMPLICIT, EXPLICIT, BIG}
# Option: what storescp takes then (storescp(1), "preferred network transfer syntaxes").
PROFILES = {
    "+x=": UNCOMPRESSED, "+xe": UNCOMPRESSED, "+xb": UNCOMPRESSED, "+xi": {IMPLICIT},
    "+xs": {*UNCOMPRESSED, JPEG + "70"}, "+xy": {*UNCOMPRESSED, JPEG + "50"}, "+xx": {*UNCOMPRESSED, JPEG + "51"},
    "+xv": {*UNCOMPRESSED, J2K + "0"}, "+xw": {*UNCOMPRESSED, J2K + "1"},
    "+xt": {*UNCOMPRESSED, JLS + "0"}, "+xu": {*UNCOMPRESSED, JLS + "1"}, "+xr": {*UNCOMPRESSED, RLE},
    "+xd": {*UNCOMPRESSED, DEFLATED}, "+xm": {*UNCOMPRESSED, JPEG + "100"}, "+xh": {*UNCOMPRESSED, JPEG + "101"},
    "+xn": {*UNCOMPRESSED, JPEG + "102"}, "+xl": {*UNCOMPRESSED, JPEG + "103"}, "+x2": {*UNCOMPRESSED, JPEG + "104"},
    "+x3": {*UNCOMPRESSED, JPEG + "105"}, "+xo": {*UNCOMPRESSED, JPEG + "106"}, "+x4": {*UNCOMPRESSED, JPEG + "107"},
    "+x5": {*UNCOMPRESSED, JPEG + "108"}, "+xa": None,
}
STORED = (EXPLICIT, IMPLICIT, JPEG + "70", JPEG + "50", J2K + "0", JLS + "0", RLE, DEFLATED)


class ProfilesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer(options={"DicomAet": "HILUM"})
        cls.server.start()
        cls.addClassCleanup(cls.server.close)
        # 8 bits, so that each transfer syntax can hold it.
        pixels = bytes(number % 251 for number in range(64 * 64))
        cls.instances = {}
        for number, syntax in enumerate(STORED):
            made = cls.server.upload(make_file(1, 1, 1, number + 1, size=64, BitsAllocated=8, BitsStored=8, HighBit=7,
                                               PixelData=pixels))["ID"]
            if syntax == EXPLICIT:
                cls.instances[syntax] = made
                continue
            answer = cls.server.post(f"/instances/{made}/modify", {
                "Transcode": syntax, "Keep": ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"], "Force": True})
            if answer.status != 200:
                raise AssertionError(f"transcoding to {syntax}: {answer.status} {answer.body[:300]}")
            cls.server.delete("/instances/" + made)
            cls.instances[syntax] = cls.server.upload(answer.body)["ID"]
        cls.study, = cls.server.get_json("/studies")

    def test_each_profile(self):
        for option, takes in PROFILES.items():
            with self.subTest(profile=option), StoreScp(option) as peer:
                self.server.put("/modalities/peer", peer.definition())
                answer = self.server.post("/modalities/peer/store", {"Resources": [self.study]})
                self.assertEqual(answer.status, 200, (answer.body[:500], peer.log()[-1000:]))
                self.assertEqual(answer.json()["FailedInstancesCount"], 0, answer.body)
                files = peer.files()
                self.assertEqual(len(files), len(STORED))
                syntaxes = {str(file.file_meta.TransferSyntaxUID) for file in files}
                if takes is None:
                    self.assertEqual(syntaxes, set(STORED))  # each as it is stored
                else:
                    self.assertLessEqual(syntaxes, takes)
                    for syntax in takes & set(STORED) - {DEFLATED}:
                        self.assertIn(syntax, syntaxes)

    def test_without_transcoding(self):
        with StoreScp("+xi") as peer:
            self.server.put("/modalities/peer", peer.definition(AllowTranscoding=False))
            answer = self.server.post("/modalities/peer/store", {"Resources": [self.study], "Permissive": True})
            self.assertEqual(answer.status, 200, answer.body[:500])
            found = {str(file.file_meta.TransferSyntaxUID) for file in peer.files()}
            self.assertEqual(found, {IMPLICIT})
            self.assertGreater(answer.json()["FailedInstancesCount"], 0)


if __name__ == "__main__":
    unittest.main()
