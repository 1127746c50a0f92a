"""kill -9 at random moments of a mixed load: what was acknowledged is there, byte for byte; nothing is half there.

    HILUM_CRASH_ROUNDS   rounds (default 50)
    HILUM_CRASH_SEED     makes a run again (the seed of every run is printed)
"""

import hashlib
import os
import random
import socket
import subprocess
import time
import unittest

from crash_model import METADATA, Connection, Instance, Worker, public_id
from hilum_server import START_SECONDS, HilumServer
from store_sender import data_set_of

ROUNDS = int(os.environ.get("HILUM_CRASH_ROUNDS", "50"))
SEED = os.environ.get("HILUM_CRASH_SEED", str(random.SystemRandom().randrange(1 << 32)))
WORKERS = 4
# Of the median start: single ones are slow when the machine is busy with something else. A sanitizer's own set-up
# needs its time, too.
START_LIMIT = 20.0 if os.environ.get("HILUM_SAMPLE_FLAGS") else 2.0


def launch_and_wait(server):
    """Starts the server; seconds until it takes connections."""
    server.launch()
    begin = time.monotonic()
    while time.monotonic() < begin + START_SECONDS:
        try:
            socket.create_connection(("127.0.0.1", server.http_port), timeout=5).close()
            return time.monotonic() - begin
        except OSError:
            if server.process.poll() is not None:
                break
            time.sleep(0.002)
    raise AssertionError("the server does not start:\n" + server.log()[-4000:])


class CrashTest(unittest.TestCase):
    def crash(self, options, rounds, seed):
        print(f"\nHILUM_CRASH_SEED={seed}, {rounds} rounds, {options}", flush=True)
        self.random = random.Random(seed)
        self.workers = [Worker(number, seed, number % 2 == 0) for number in range(WORKERS)]
        self.sizes = {}  # of the files of instances, by digest and origin
        self.starts = []
        with HilumServer({"OverwriteInstances": True, "StableAge": 1, **options}) as self.server:
            for number in range(rounds):
                try:
                    self.one_round(number % 10 == 9 or number == rounds - 1)
                except AssertionError as error:
                    raise AssertionError(f"round {number} of HILUM_CRASH_SEED={seed}: {error}\n"
                                         + self.server.log()[-3000:]) from error
            self.assertEqual(self.server.stop(), 0)
            self.check("after the end")
        operations = sum(worker.operations for worker in self.workers)
        kept = sum(len(worker.instances()) for worker in self.workers)
        median = sorted(self.starts)[len(self.starts) // 2]
        print(f"{operations} operations were acknowledged, {kept} instances are there; starts: median "
              f"{median:.3f} s, longest {max(self.starts):.3f} s", flush=True)
        self.assertLess(median, START_LIMIT)

    def one_round(self, everything):
        for worker in self.workers:
            worker.start(self.server)
        time.sleep(self.random.choice((0.02, 0.1, 0.3, 0.5)) * self.random.random())
        self.server.kill()
        for worker in self.workers:
            worker.join()
        for worker in self.workers:
            self.assertIsNone(worker.refused, f"worker {worker.number}")
        if self.random.random() < 0.3:
            self.check("between kill and restart")
        if self.random.random() < 0.15:  # killed once more, while it starts
            self.server.launch()
            time.sleep(self.random.random() * 0.15)
            self.server.kill()
        seconds = launch_and_wait(self.server)
        self.starts.append(seconds)
        connection = Connection(self.server.http_port)
        try:
            self.settle(connection)
            self.compare(connection, everything)
        finally:
            connection.close()

    def check(self, when):
        result = subprocess.run([self.server.binary, "index", "check", self.server.config_path], cwd=self.server.folder,
                                capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, f"index check {when}:\n{result.stdout}{result.stderr}")

    # --- what is there ---

    def settle(self, connection):
        """Decides for each operation that was not answered whether it has happened: all of it or nothing."""
        for worker in self.workers:
            if worker.pending is None:
                continue
            seen = {key: self.look(connection, worker, key) for key in worker.pending}
            before = {key: worker.state.get(key) for key in worker.pending}
            after = dict(worker.pending)
            self.assertIn(seen, (before, after), "an operation without answer is half there")
            worker.decide(seen)

    def look(self, connection, worker, key):
        kind, name = key
        if kind == "labels":
            path = "/studies/" + public_id(f"W{worker.number}", name)
            if connection.request("GET", path)[0] == 404:
                return None
            return frozenset(connection.json(path + "/labels"))
        series = name[:name.rindex(".")]
        known = Instance(f"W{worker.number}", series[:series.rindex(".")], series, name, "")
        status, file = connection.request("GET", known.path + "/file")
        if status == 404:
            self.assertEqual(connection.request("GET", known.path)[0], 404)
            return None
        self.assertEqual(status, 200, f"GET {known.path}/file: {file[:300]!r}")
        digest = hashlib.sha256(data_set_of(file)).hexdigest()
        self.sizes[name] = len(file)
        texts = [self.text(connection, f"{known.path}/{place}")
                 for place in (f"metadata/{METADATA}", f"attachments/{METADATA}/data")]
        return Instance(known.patient, known.study, known.series, name, digest, *texts)

    @staticmethod
    def text(connection, path):
        status, body = connection.request("GET", path)
        if status not in (200, 404):
            raise AssertionError(f"GET {path}: {status} {body[:300]!r}")
        return body.decode("ascii") if status == 200 else ""

    def compare(self, connection, everything):
        instances = [one for worker in self.workers for one in worker.instances()]
        self.assertEqual(sorted(connection.json("/instances")), sorted(one.path[11:] for one in instances))
        for worker in self.workers:
            for key, value in worker.state.items():
                if everything or key in worker.touched or (key[0] == "instance" and key[1] not in self.sizes):
                    self.assertEqual(self.look(connection, worker, key), value)
        statistics = connection.json("/statistics")
        self.assertEqual(
            {name: statistics[name] for name in ("CountPatients", "CountStudies", "CountSeries", "CountInstances")},
            {"CountPatients": len({one.patient for one in instances}),
             "CountStudies": len({one.study for one in instances}),
             "CountSeries": len({one.series for one in instances}), "CountInstances": len(instances)})
        if everything:
            self.assertEqual(int(statistics["TotalDiskSize"]), sum(
                int(connection.json(one.path + "/statistics")["DiskSize"]) for one in instances))
        if "StorageCompression" not in self.server.options:
            self.assertEqual(int(statistics["TotalDiskSize"]),
                             sum(self.sizes[one.uid] + len(one.attachment) for one in instances))
        for level in ("patients", "studies", "series"):
            self.assertEqual(len(connection.json("/" + level)), statistics["Count" + level.capitalize()])

    # --- the runs ---

    def test_segments(self):
        self.crash({}, ROUNDS * 4 // 5, SEED)

    def test_files_and_compression(self):
        self.crash({"StorageLayout": "files", "StorageCompression": True}, ROUNDS - ROUNDS * 4 // 5, SEED)


if __name__ == "__main__":
    unittest.main()
