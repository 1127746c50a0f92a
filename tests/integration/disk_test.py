"""Disks that are full, read-only or damaged: clear errors, reads go on, nothing that was acknowledged is lost.

File systems of their own are mounted for it (root only; skipped elsewhere).
"""

import contextlib
import glob
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from crash_model import public_id
from hilum_server import HilumServer, eventually
from store_sender import Association, data_set, data_set_of, dicom_file

EXIT_ERROR = 255
OUT_OF_RESOURCES = 0xa700
LARGE = 2 << 20  # becomes a file of its own


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)


@contextlib.contextmanager
def mounted(test, *mount_arguments, source="hilum-test"):
    """A folder with a file system of its own."""
    folder = tempfile.mkdtemp(prefix="hilum-disk-")
    result = run("mount", *mount_arguments, source, folder)
    if result.returncode != 0:
        os.rmdir(folder)
        test.skipTest(f"mounting is not permitted here: {result.stderr.strip()}")
    try:
        yield folder
    finally:
        for _ in range(50):
            if run("umount", folder).returncode == 0:
                break
            time.sleep(0.1)
        else:
            run("umount", "--lazy", folder)
        os.rmdir(folder)


def fill(folder, leave=0):
    """Takes the space of a file system but for some bytes."""
    facts = os.statvfs(folder)
    size = facts.f_bavail * facts.f_frsize - leave
    with open(os.path.join(folder, "filler"), "ab") as file:
        while size > 0:
            try:
                size -= os.write(file.fileno(), b"\1" * min(size, 1 << 16))
            except OSError:
                return


def filler(folder):
    return os.path.join(folder, "filler")


def test_instance(number, size=3000):
    uid = f"1.2.3.{number}"
    return uid, data_set("DISK", "1.2", "1.2.3", uid, os.urandom(size))


def path_of(uid):
    return "/instances/" + public_id("DISK", "1.2", "1.2.3", uid)


class DiskTest(unittest.TestCase):
    def check(self, server):
        return run(server.binary, "index", "check", server.config_path)

    def expect_kept(self, server, kept):
        """Everything that was acknowledged is there and can be read."""
        self.assertEqual(sorted(server.get_json("/instances")), sorted(path_of(uid)[11:] for uid in kept))
        for uid, dataset in kept.items():
            answer = server.get(path_of(uid) + "/file")
            self.assertEqual(answer.status, 200, answer.body[:300])
            self.assertEqual(data_set_of(answer.body), dataset)

    def expect_kept_by_a_kill(self, server, kept):
        """Index and storage agree after kill -9, and everything is there after the next start."""
        server.kill()
        checked = self.check(server)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        server.start()
        self.expect_kept(server, kept)

    def expect_full(self, answer):
        self.assertIn(answer.status, (500, 507), answer.body[:300])
        self.assertEqual(answer.json()["OrthancStatus"], 19, answer.body)

    def store_some(self, server, kept, first, count, size=3000):
        for number in range(first, first + count):
            uid, dataset = test_instance(number, size)
            server.upload(dicom_file(dataset, uid))
            kept[uid] = dataset

    # --- a full disk ---

    def store_until_full(self, server, kept, first, size):
        for number in range(first, first + 100000):
            uid, dataset = test_instance(number, size)
            answer = server.post("/instances", dicom_file(dataset, uid))
            if answer.status != 200:
                self.expect_full(answer)
                return
            kept[uid] = dataset
        self.fail("the disk does not get full")

    def full_disk(self, folder, options):
        with HilumServer({"StorageDirectory": os.path.join(folder, "storage"), **options}) as server:
            kept = {}
            self.store_some(server, kept, 0, 20)
            self.store_some(server, kept, 20, 2, LARGE)
            for size, first in ((LARGE, 1000), (40000, 2000)):
                self.store_until_full(server, kept, first, size)
            # The rest, too, is taken by somebody else.
            fill(folder)
            for size, number in ((3000, 100), (LARGE, 101)):
                uid, dataset = test_instance(number, size)
                self.expect_full(server.post("/instances", dicom_file(dataset, uid)))
                with Association(server.dicom_port) as association:
                    self.assertEqual(association.store(uid, dataset), OUT_OF_RESOURCES)
            self.expect_kept(server, kept)
            self.assertEqual(server.get_json("/statistics")["CountInstances"], len(kept))
            # Changes fail or not; what fails must not count.
            labels = set()
            study = "/studies/" + public_id("DISK", "1.2")
            for number in range(300):
                answer = server.put(f"{study}/labels/l{number}", "x" * 10)
                if answer.status == 200:
                    labels.add(f"l{number}")
                else:
                    self.expect_full(answer)
            self.assertEqual(set(server.get_json(study + "/labels")), labels)
            os.remove(filler(folder))
            for uid in list(kept)[::2]:
                answer = server.delete(path_of(uid))
                self.assertEqual(answer.status, 200, answer.body)
                del kept[uid]

            def store_again():
                uid, dataset = test_instance(200)
                stored = server.post("/instances", dicom_file(dataset, uid)).status == 200
                if stored:
                    kept[uid] = dataset
                return stored
            self.assertTrue(eventually(store_again), "no space comes back after a deletion\n" + server.log()[-3000:])
            self.store_some(server, kept, 300, 20)
            self.store_some(server, kept, 320, 1, LARGE)
            self.expect_kept(server, kept)
            self.expect_kept_by_a_kill(server, kept)
            self.assertEqual(set(server.get_json(study + "/labels")), labels)

    def test_full_tmpfs(self):
        with mounted(self, "-t", "tmpfs", "-o", "size=48m") as folder:
            self.full_disk(folder, {})

    def test_full_tmpfs_with_files(self):
        with mounted(self, "-t", "tmpfs", "-o", "size=48m") as folder:
            self.full_disk(folder, {"StorageLayout": "files"})

    def test_full_disk_of_the_index(self):
        with mounted(self, "-t", "tmpfs", "-o", "size=24m") as folder, HilumServer(
                {"IndexDirectory": os.path.join(folder, "index")}) as server:
            kept = {}
            self.store_some(server, kept, 0, 20)
            fill(folder)
            refused = []
            for number in range(100, 400):  # until LevelDB notices: its last page has room for some
                uid, dataset = test_instance(number)
                answer = server.post("/instances", dicom_file(dataset, uid))
                if answer.status == 200:
                    kept[uid] = dataset
                else:
                    self.expect_full(answer)
                    refused.append((uid, dataset))
                if len(refused) >= 5:
                    break
            self.assertTrue(refused, "an index without space takes everything")
            self.expect_kept(server, kept)
            os.remove(filler(folder))
            for uid, dataset in refused:
                server.upload(dicom_file(dataset, uid))
                kept[uid] = dataset
            self.expect_kept(server, kept)
            self.expect_kept_by_a_kill(server, kept)

    # --- a disk that cannot be written ---

    def test_read_only_folder(self):
        with HilumServer() as server:
            kept = {}
            self.store_some(server, kept, 0, 3)
            server.stop()
            storage = os.path.join(server.folder, "storage")
            with mounted(self, "--bind", source=storage) as folder:
                result = run("mount", "-o", "remount,bind,ro", folder)
                self.assertEqual(result.returncode, 0, result.stderr)
                server.options["StorageDirectory"] = folder
                begin = len(server.log())
                server.launch()
                self.assertEqual(server.wait_for_end(), EXIT_ERROR)
                self.assertIn("Read-only file system", server.log()[begin:])
                self.assertIn(folder, server.log()[begin:])
            server.options["StorageDirectory"] = storage
            server.start()
            self.expect_kept(server, kept)

    def test_disk_that_becomes_read_only(self):
        image = tempfile.NamedTemporaryFile(prefix="hilum-disk-")
        with image:
            image.truncate(64 << 20)
            result = run("mkfs.ext4", "-q", "-F", image.name)
            if result.returncode != 0:
                self.skipTest(f"no ext4 file system can be made here: {result.stderr.strip()}")
            with mounted(self, "-o", "loop", source=image.name) as folder, HilumServer(
                    {"StorageDirectory": os.path.join(folder, "storage")}) as server:
                kept = {}
                self.store_some(server, kept, 0, 10)
                self.store_some(server, kept, 10, 1, LARGE)
                # As the kernel does after an error of the disk.
                result = run("mount", "-o", "remount,abort", folder)
                if result.returncode != 0:
                    self.skipTest(f"the file system cannot be made to fail: {result.stderr.strip()}")
                for number, size in ((100, 3000), (101, LARGE)):
                    uid, dataset = test_instance(number, size)
                    answer = server.post("/instances", dicom_file(dataset, uid))
                    self.assertIn(answer.status, (500, 507), answer.body[:300])
                    self.assertIn(b"Read-only file system", answer.body)
                    with Association(server.dicom_port) as association:
                        self.assertEqual(association.store(uid, dataset), OUT_OF_RESOURCES)
                self.assertEqual(server.delete(path_of("1.2.3.0")).status, 500)
                self.expect_kept(server, kept)
                server.stop()

    # --- damage ---

    def test_removed_files(self):
        with HilumServer() as server:
            kept = {}
            self.store_some(server, kept, 0, 3)
            self.store_some(server, kept, 3, 1, LARGE)
            own_file, = glob.glob(os.path.join(server.folder, "storage/files/*/*/*"))
            os.remove(own_file)
            self.expect_lost(server, "1.2.3.3")
            for uid in ("1.2.3.0", "1.2.3.1", "1.2.3.2"):
                self.assertEqual(server.get(path_of(uid) + "/file").status, 200)
            server.stop()
            checked = self.check(server)
            self.assertEqual(checked.returncode, 1, checked.stdout)
            self.assertIn(os.path.basename(own_file), checked.stdout)
            server.start()
            self.expect_lost(server, "1.2.3.3")
            self.assertEqual(server.delete(path_of("1.2.3.3")).status, 200)
            server.stop()
            self.assertEqual(self.check(server).returncode, 0)

    def expect_lost(self, server, uid):
        answer = server.get(path_of(uid) + "/file")
        self.assertEqual(answer.status, 500, answer.body)
        self.assertEqual(answer.json()["OrthancStatus"], 20)
        self.assertEqual(server.get(path_of(uid)).status, 200)

    def test_cut_segment(self):
        with HilumServer() as server:
            kept = {}
            self.store_some(server, kept, 0, 3, 40000)
            server.stop()
            segment, = glob.glob(os.path.join(server.folder, "storage/segments/*.log"))
            with open(segment, "rb") as file:
                os.truncate(segment, file.read().index(kept["1.2.3.2"]) + 20000)
            server.start()
            with contextlib.suppress(Exception):  # an answer that is cut off counts as an error, too
                answer = server.get(path_of("1.2.3.2") + "/file")
                self.assertEqual(answer.status, 500)
            for uid in ("1.2.3.0", "1.2.3.1"):
                self.assertEqual(data_set_of(server.get(path_of(uid) + "/file").body), kept[uid])
            self.store_some(server, kept, 10, 3)  # into a new segment, not behind the cut
            server.stop()
            checked = self.check(server)
            self.assertEqual(checked.returncode, 1, checked.stdout)
            self.assertIn("bytes, but they are not all there", checked.stdout)

    def test_removed_segment(self):
        with HilumServer() as server:
            kept = {}
            self.store_some(server, kept, 0, 3)
            server.stop()
            segment, = glob.glob(os.path.join(server.folder, "storage/segments/*.log"))
            shutil.move(segment, server.folder)
            begin = len(server.log())
            server.launch()
            self.assertEqual(server.wait_for_end(), EXIT_ERROR)
            self.assertIn(segment, server.log()[begin:])
            shutil.move(os.path.join(server.folder, os.path.basename(segment)), segment)
            server.start()
            self.expect_kept(server, kept)

    # --- one server at a time ---

    def test_second_server(self):
        with HilumServer() as server:
            kept = {}
            self.store_some(server, kept, 0, 3)
            storage = os.path.join(server.folder, "storage")
            for options in ({"StorageDirectory": storage},
                            {"StorageDirectory": storage, "IndexDirectory": os.path.join(server.folder, "other")}):
                second = HilumServer(options)
                try:
                    second.launch()
                    self.assertEqual(second.wait_for_end(), EXIT_ERROR)
                    self.assertRegex(second.log(), "another (server|process)")
                    self.assertIn(storage, second.log())
                finally:
                    second.close()
            self.assertEqual(self.check(server).returncode, EXIT_ERROR)
            self.store_some(server, kept, 10, 3)
            self.expect_kept(server, kept)

    # --- layouts, space and rebuild ---

    def everything(self, server):
        """What the index knows of all instances."""
        return {name: [server.get_json(f"/instances/{name}"), server.get_json(f"/instances/{name}/simplified-tags"),
                       server.get_json(f"/instances/{name}/metadata?expand"),
                       server.get(f"/instances/{name}/file").body]
                for name in server.get_json("/instances")}

    def test_layouts_and_rebuild(self):
        with HilumServer() as server:
            files = os.path.join(server.folder, "storage/files/*/*/*")
            kept = {}
            self.store_some(server, kept, 0, 30)
            self.store_some(server, kept, 30, 2, LARGE)
            self.assertEqual(len(glob.glob(files)), 2)
            server.options["StorageLayout"] = "files"
            server.restart()
            self.store_some(server, kept, 100, 30)
            self.assertEqual(len(glob.glob(files)), 32)
            self.expect_kept(server, kept)
            server.options["StorageLayout"] = "segments"
            server.restart()
            self.store_some(server, kept, 200, 10)
            for uid in list(kept)[::3]:
                self.assertEqual(server.delete(path_of(uid)).status, 200)
                del kept[uid]
            self.expect_kept(server, kept)
            self.assertEqual(len(glob.glob(files)), sum(
                len(dataset) > LARGE or 100 <= int(uid.split(".")[-1]) < 130 for uid, dataset in kept.items()))
            before = self.everything(server)
            for stop in (server.stop, server.kill):
                stop()
                result = run(server.binary, "index", "rebuild", server.config_path)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertIn(f"{len(kept)} instances", result.stdout)
                checked = self.check(server)
                self.assertEqual(checked.returncode, 0, checked.stdout)
                server.start()
                self.maxDiff = 2000
                after = self.everything(server)
                self.assertEqual(sorted(after), sorted(before))
                for name, known in before.items():
                    self.assertEqual(after[name], known)
            self.store_some(server, kept, 300, 5)
            self.expect_kept(server, kept)

    def test_space_comes_back(self):
        """Deletion of half an archive while others store: compaction gives the space of it back."""
        size, count = 700_000, 480  # more than one segment
        with HilumServer() as server:
            kept = {}
            self.store_some(server, kept, 0, count, size)

            def used():
                return sum(os.stat(path).st_blocks * 512
                           for path in glob.glob(os.path.join(server.folder, "storage/segments/*")))
            before = used()
            for number in range(count):
                if number % 8:
                    uid = f"1.2.3.{number}"
                    self.assertEqual(server.delete(path_of(uid)).status, 200)
                    del kept[uid]
                if number % 20 == 0:
                    self.store_some(server, kept, 1000 + number, 1)
            self.assertTrue(eventually(lambda: used() < before / 2), f"{used()} of {before} bytes are still used")
            print(f"\n{before >> 20} MiB used, {used() >> 20} MiB after the deletion of 7 of 8 instances", flush=True)
            self.expect_kept(server, kept)
            self.expect_kept_by_a_kill(server, kept)


if __name__ == "__main__":
    unittest.main()
