"""C-GET and C-MOVE of a series of 500 slices of 525 KB, beside DCMTK sending the same files from disk. Part of `run`."""

import json
import os
import subprocess
import time

import archives
from servers import free_ports

SLICES = 500
RUN = 80000003
SERIES = ["00080052=SERIES", "0020000D=2.25.91{0:08}{1:010}", "0020000E=2.25.92{0:08}{1:010}"]


def files(bench):
    """The folder of the files, made once."""
    folder = os.path.join(bench.folder, "slices")
    if not os.path.isdir(folder):
        os.makedirs(folder)
        for number, content in enumerate(archives.instances(bench, "ct", RUN, SLICES)):
            with open(os.path.join(folder, f"{number:04}.dcm"), "wb") as file:
                file.write(content)
    return folder


def keys():
    return [key.format(RUN, 0) for key in SERIES]


def fill(bench, server):
    folder = files(bench)
    done = subprocess.run(["storescu", "-pdu", "131072", "-aec", server.aet, "+sd", "127.0.0.1", str(server.dicom_port), folder],
                          check=False, capture_output=True, text=True, env={**os.environ, "TCP_NODELAY": "1"})
    if done.returncode != 0:
        raise RuntimeError(f"storescu to {server.name}: {done.stdout}{done.stderr}")
    if server.http_port:
        (server.move_port,) = free_ports(1)
        server.put("/modalities/bench", ["BENCHDEST", "127.0.0.1", server.move_port])


def client(bench, *arguments):
    done = subprocess.run([os.path.join(bench.options.build, "bin", "retrieve_client"), *map(str, arguments)], check=False,
                          capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(f"retrieve_client {arguments[0]}: {done.stderr.strip()}")
    return rate(bench, arguments[0], json.loads(done.stdout))


def rate(bench, what, result):
    if result["instances"] != SLICES or result["status"] != 0:
        bench.problems.append(f"{what}: {result}")
    return result["instances"] / result["seconds"]


def measure(bench, server):
    """One round on one server: instances per second."""
    result = {"C-GET, 500 slices of 525 KB, /s": client(bench, "get", server.dicom_port, server.aet, *keys())}
    result["C-MOVE, 500 slices of 525 KB, /s"] = client(bench, "move", server.dicom_port, server.aet, server.move_port, *keys())
    return result


def from_disk(bench):
    """DCMTK's sender, with the files and the same receiver."""
    (port,) = free_ports(1)
    folder = files(bench)
    with subprocess.Popen([os.path.join(bench.options.build, "bin", "retrieve_client"), "listen", str(port)],
                          stdout=subprocess.PIPE, text=True) as receiver:
        for _ in range(100):  # until it listens
            done = subprocess.run(["storescu", "-pdu", "131072", "+sd", "-xe", "-R", "127.0.0.1", str(port), folder], check=False,
                                  capture_output=True, env={**os.environ, "TCP_NODELAY": "1"})
            if done.returncode == 0:
                break
            time.sleep(0.1)
        output, _ = receiver.communicate(timeout=60)
    return {"C-MOVE, 500 slices of 525 KB, /s": rate(bench, "storescu", json.loads(output))}
