"""The status of C-STORE responses: what cannot be identified is 0xA700, what cannot be parsed 0xC000."""

import unittest

from hilum_server import HilumServer
from store_sender import Association, data_set, element

SUCCESS, OUT_OF_RESOURCES, MISMATCH, CANNOT_UNDERSTAND = 0x0000, 0xa700, 0xa900, 0xc000
UID = "1.2.3.4"


class StoreStatusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HilumServer()
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def status_of(self, dataset, uid=UID):
        with Association(self.server.dicom_port) as association:
            return association.store(uid, dataset)

    def test_uids(self):
        for absent in ("", None):
            for place in range(3):
                uids = ["1.2", "1.2.3", UID]
                uids[place] = absent
                with self.subTest(uids=uids):
                    self.assertEqual(self.status_of(data_set("P", *uids, b"x" * 10)), OUT_OF_RESOURCES)
        self.assertEqual(self.server.get_json("/instances"), [])

    def test_patient_id_may_be_missing(self):
        self.assertEqual(self.status_of(data_set(None, "1.2", "1.2.3", UID)), SUCCESS)
        self.assertEqual(self.status_of(data_set("", "1.2", "1.2.3", "1.2.3.5"), "1.2.3.5"), SUCCESS)
        for instance in self.server.get_json("/instances"):
            self.server.delete(f"/instances/{instance}")

    def test_other_uid_than_announced(self):
        self.assertEqual(self.status_of(data_set("P", "1.2", "1.2.3", "1.2.3.6"), "1.2.3.7"), MISMATCH)

    def test_no_data_set(self):
        self.assertEqual(self.status_of(b"\xff" * 300), CANNOT_UNDERSTAND)
        cut = data_set("P", "1.2", "1.2.3", UID) + element(0x7fe1, 0x0010, "OB", b"x" * 1000)[:100]
        self.assertEqual(self.status_of(cut), CANNOT_UNDERSTAND)


if __name__ == "__main__":
    unittest.main()
