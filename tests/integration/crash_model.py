"""What an archive may look like after kill -9: all that was acknowledged, and of what was on its way all or
nothing.

Every worker owns its instances and studies, so that what it knows of them is exact. Its state is a dict:
    ("instance", uid): Instance    ("labels", study): frozenset of labels
Keys that are absent do not exist. An operation is a set of changes that must happen together.
"""

import dataclasses
import hashlib
import http.client
import json
import random
import threading

from store_sender import Association, data_set, dicom_file

METADATA = 1024  # user metadata, and as type of attachment
LARGE = (1 << 20) + 4321  # becomes a file of its own
WORKER_INSTANCES = 40


def public_id(*values):
    digest = hashlib.sha1("|".join(values).encode("ascii")).hexdigest()
    return "-".join(digest[i:i + 8] for i in range(0, 40, 8))


@dataclasses.dataclass(frozen=True)
class Instance:
    patient: str
    study: str  # UIDs
    series: str
    uid: str
    digest: str  # of the data set
    metadata: str = ""
    attachment: str = ""

    @property
    def path(self):
        return "/instances/" + public_id(self.patient, self.study, self.series, self.uid)

    @property
    def study_path(self):
        return "/studies/" + public_id(self.patient, self.study)


class Connection:
    """HTTP that is kept alive."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def request(self, method, path, body=None):
        self.connection.request(method, path, body=body)
        response = self.connection.getresponse()
        return response.status, response.read()

    def json(self, path):
        status, body = self.request("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body)

    def close(self):
        self.connection.close()


class Refused(Exception):
    """An answer that an archive that is well must not give."""


class Worker:
    """A client with a mixed load; one thread per round. `state` is what was acknowledged, `pending` the changes
    of the operation that was not answered (None: absent afterwards)."""

    def __init__(self, number, seed, uses_dicom):
        self.number = number
        self.random = random.Random(f"{seed}/{number}")
        self.uses_dicom = uses_dicom
        self.state = {}
        self.pending = None
        self.refused = None
        self.operations = 0
        self.touched = set()
        self._counter = 0
        self._attaches = None  # does this server have the routes of attachments? None: not asked yet
        self._thread = None

    def start(self, server):
        self.pending = self.refused = None
        self.touched = set()
        self._thread = threading.Thread(target=self._run, args=(server,))
        self._thread.start()

    def join(self):
        self._thread.join()

    def _run(self, server):
        association = http_connection = None
        try:
            http_connection = Connection(server.http_port)
            association = Association(server.dicom_port) if self.uses_dicom else None
            if self._attaches is None and self.instances():
                path = self.instances()[0].path + "/attachments"
                self._attaches = http_connection.request("GET", path)[0] == 200
            while True:
                self._step(http_connection, association)
                self.operations += 1
        except (OSError, http.client.HTTPException):
            pass  # killed
        except Exception as error:  # pylint: disable=broad-except
            self.refused = error
        finally:
            if http_connection:
                http_connection.close()
            if association:
                association.socket.close()
            http_connection = association = None

    def decide(self, seen):
        """What has become of the operation that was not answered."""
        self._adopt(seen)
        self.pending = None

    # --- operations ---

    def instances(self):
        return [value for (kind, _), value in self.state.items() if kind == "instance"]

    def _step(self, http_connection, association):
        instances = self.instances()
        weights = {self._store: 6, self._overwrite: 2, self._metadata: 2, self._attachment: 1 if self._attaches else 0, self._label: 1,
                   self._delete: 2, self._delete_study: 0.2}
        if len(instances) < 2:
            weights = {self._store: 1}
        elif len(instances) > WORKER_INSTANCES:
            weights = {self._delete: 3, self._delete_study: 1}
        operation = self.random.choices(list(weights), list(weights.values()))[0]
        instance = self.random.choice(instances) if instances else None
        operation(http_connection, association, instance)

    def _change(self, changes, act):
        """Runs one operation; remembers it as pending until it is answered."""
        self.touched.update(changes)
        self.pending = changes
        act()
        self._adopt(changes)
        self.pending = None

    def _adopt(self, changes):
        for key, value in changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value

    def _send(self, instance, http_connection, association):
        size = LARGE if self.random.random() < 0.03 else self.random.choice((40, 900, 5000, 70000))
        dataset = data_set(instance.patient, instance.study, instance.series, instance.uid,
                           self.random.randbytes(size))
        changed = dataclasses.replace(instance, digest=hashlib.sha256(dataset).hexdigest(), metadata="",
                                      attachment="")
        changes = {("instance", instance.uid): changed}
        labels = ("labels", instance.study)
        # Overwriting the only instance of a study makes the study anew, without labels.
        others = [one for one in self.instances() if one.study == instance.study and one.uid != instance.uid]
        if not others:
            changes[labels] = frozenset()

        def act():
            if association:
                status = association.store(instance.uid, dataset)
                if status != 0:
                    raise Refused(f"C-STORE: 0x{status:04x}")
            else:
                self._expect(http_connection, "POST", "/instances", dicom_file(dataset, instance.uid))
        self._change(changes, act)

    def _expect(self, http_connection, method, path, body=None):
        status, answer = http_connection.request(method, path, body)
        if status != 200:
            raise Refused(f"{method} {path}: {status} {answer[:300]!r}")

    def _store(self, http_connection, association, _):
        self._counter += 1
        patient = f"W{self.number}"
        study = f"1.2.{self.number}.{self.random.randrange(4)}"
        series = f"{study}.{self.random.randrange(3)}"
        self._send(Instance(patient, study, series, f"{series}.{self._counter}", ""), http_connection, association)

    def _overwrite(self, http_connection, association, instance):
        self._send(instance, http_connection, association)

    def _metadata(self, http_connection, _, instance):
        text = f"text {self.random.randrange(1 << 30)}"
        self._change({("instance", instance.uid): dataclasses.replace(instance, metadata=text)},
                     lambda: self._expect(http_connection, "PUT", f"{instance.path}/metadata/{METADATA}", text))

    def _attachment(self, http_connection, _, instance):
        text = f"attached {self.random.randrange(1 << 30)}"
        self._change({("instance", instance.uid): dataclasses.replace(instance, attachment=text)},
                     lambda: self._expect(http_connection, "PUT", f"{instance.path}/attachments/{METADATA}", text))

    def _label(self, http_connection, _, instance):
        key = ("labels", instance.study)
        label = self.random.choice(("a", "b", "c"))
        is_there = label in self.state[key]
        after = self.state[key] - {label} if is_there else self.state[key] | {label}
        path = f"{instance.study_path}/labels/{label}"
        self._change({key: after},
                     lambda: self._expect(http_connection, "DELETE" if is_there else "PUT", path, b""))

    def _delete(self, http_connection, _, instance):
        changes = {("instance", instance.uid): None}
        if sum(one.study == instance.study for one in self.instances()) == 1:
            changes[("labels", instance.study)] = None
        self._change(changes, lambda: self._expect(http_connection, "DELETE", instance.path))

    def _delete_study(self, http_connection, _, instance):
        changes = {("instance", one.uid): None for one in self.instances() if one.study == instance.study}
        changes[("labels", instance.study)] = None
        self._change(changes, lambda: self._expect(http_connection, "DELETE", instance.study_path))
