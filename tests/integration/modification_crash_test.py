#!/usr/bin/python3
"""kill -9 in the middle of anonymizations, merges and splits: either the source is intact or the result is complete.

HILUM_CRASH_ROUNDS sets the number of rounds of each (5)."""

import json
import os
import random
import threading
import time
import unittest

from pydicom.uid import generate_uid

from hilum_server import HilumServer, eventually
from modification_case import slices
from resources_case import OPTIONS, make_dicom

ROUNDS = int(os.environ.get("HILUM_CRASH_ROUNDS", "5"))
COUNT = 40


class CrashTest(unittest.TestCase):

    def setUp(self):
        self.server = HilumServer({**OPTIONS, "JobsHistorySize": 1000})
        self.addCleanup(self.server.close)
        self.server.start()
        self.random = random.Random(self.id())

    def fill(self, **tags):
        stored = [self.server.upload(file) for file in slices(COUNT, **tags)]
        return stored[0]

    def studies(self):
        """Number of instances by study. One answer, of one moment: a job that goes on after the restart may end at any time."""
        return {one["ID"]: int(one["RequestedTags"]["NumberOfStudyRelatedInstances"])
                for one in self.server.get_json("/studies?expand&requested-tags=NumberOfStudyRelatedInstances")}

    def crash(self, path, body):
        """Sends the request and kills the server somewhere in its middle; starts it again and waits until no job runs."""
        def send():
            try:
                self.server.request("POST", path, json.dumps(body))
            except OSError:
                pass  # the server has been killed

        thread = threading.Thread(target=send)
        thread.start()
        time.sleep(self.random.uniform(0, 0.15))
        self.server.kill()
        thread.join()
        self.server.start()
        after_crash = self.studies()
        done = eventually(lambda: all(job["State"] in ("Success", "Failure") for job in self.server.get_json("/jobs?expand")), seconds=60)
        self.assertTrue(done, self.server.get_json("/jobs?expand"))
        return after_crash, self.studies()

    def test_anonymize(self):
        for _ in range(ROUNDS):
            source = self.fill(patient=generate_uid())["ParentStudy"]
            before = self.studies()
            for state in self.crash(f"/studies/{source}/anonymize", {"KeepSource": False}):
                new = {study: count for study, count in state.items() if study not in before}
                if source in state:
                    self.assertEqual((state[source], new), (COUNT, {}))
                else:
                    self.assertEqual(list(new.values()), [COUNT])

    def test_merge(self):
        for _ in range(ROUNDS):
            source = self.fill(patient=generate_uid())["ParentStudy"]
            target = self.server.upload(make_dicom(patient=generate_uid(), study=generate_uid(), series=generate_uid()))["ParentStudy"]
            for state in self.crash(f"/studies/{target}/merge", {"Resources": [source]}):
                self.assertIn((state.get(source, 0), state[target]), ((COUNT, 1), (0, COUNT + 1)))

    def test_split(self):
        for _ in range(ROUNDS):
            study = generate_uid()
            first = self.fill(patient="split", study=study)
            self.fill(patient="split", study=study)
            before = self.studies()
            for state in self.crash(f"/studies/{first['ParentStudy']}/split", {"Series": [first["ParentSeries"]]}):
                new = [count for one, count in state.items() if one not in before]
                self.assertIn((state[first["ParentStudy"]], new), ((2 * COUNT, []), (COUNT, [COUNT])))


if __name__ == "__main__":
    unittest.main()
