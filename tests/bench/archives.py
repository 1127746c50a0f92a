"""Archives of a study (rate, first byte, memory, size) and its anonymization (rate, memory). Part of `run`.

A study of 100 slices of 525 KB, and one series of 10,000 instances of 5 KB.
"""

import concurrent.futures
import http.client
import json
import os
import re
import subprocess
import time

SLICES = 100
INSTANCES = 10_000
# As test_data.cpp makes them: level, run and number of the study, series or instance.
UID = re.compile(rb"2\.25\.9([123])(\d{8})(\d{10})")


def instances(bench, size, run, count):
    """Files of one series: copies of one of the load client's, under other numbers."""
    folder = os.path.join(bench.folder, f"archive-{size}")
    path = os.path.join(folder, "0.dcm")
    if not os.path.exists(path):
        os.makedirs(folder)
        subprocess.run([bench.client, "write", folder, "--size", size, "--count", "1"], check=True)
    with open(path, "rb") as file:
        template = file.read()
    for number in range(count):
        yield UID.sub(lambda match: b"2.25.9%s%08d%010d" % (match[1], run, number if match[1] == b"3" else 0), template)


def store(server, files):
    def send(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=60)
        for body in part:
            connection.request("POST", "/instances", body)
            assert connection.getresponse().read()
        connection.close()

    files = list(files)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(send, [files[i::4] for i in range(4)]))


def fill(bench, server):
    """Ids of the two studies."""
    known = set(server.get_json("/studies"))
    ids = {}
    for name, size, run, count in (("slices", "ct", 80000001, SLICES), ("instances", "small", 80000002, INSTANCES)):
        store(server, instances(bench, size, run, count))
        now = set(server.get_json("/studies"))
        ids[name], = now - known
        known = now
    return ids


def peak_memory(server):
    """MB, the highest that the process has taken since it was last asked."""
    process = server.processes()[0]
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
    with open(f"/proc/{process}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # proc(5): the peak is reset to what is taken now
    return peak


def fetch(server, path):
    """Seconds to the first byte of the body and to the last, and how many there are."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=600)
    begin = time.monotonic()
    connection.request("GET", path)
    response = connection.getresponse()
    size = len(response.read(1))
    first = time.monotonic() - begin
    while piece := response.read(1 << 20):
        size += len(piece)
    connection.close()
    return first, time.monotonic() - begin, size


def measure(server, ids):
    """One round on one server."""
    result = {}
    peak_memory(server)
    before = server_memory(server)
    _, seconds, size = fetch(server, f"/studies/{ids['slices']}/archive")
    result["archive of 100 slices, /s"] = 1 / seconds
    result["its size, MB"] = size / 1e6
    result["memory on top of it, MB"] = peak_memory(server) - before
    before = server_memory(server)
    first, seconds, _ = fetch(server, f"/studies/{ids['instances']}/archive")
    result["archive of 10,000 instances, first byte, ms"] = 1000 * first
    result["archive of 10,000 instances, s"] = seconds
    result["its memory on top, MB"] = peak_memory(server) - before
    for of, study in ids.items():
        before = server_memory(server)
        begin = time.monotonic()
        status, answer = request(server, "POST", f"/studies/{study}/anonymize", "{}")
        assert status == 200, answer
        name = f"{SLICES} slices" if of == "slices" else f"{INSTANCES:,} instances"
        result[f"anonymize {name}, /s"] = 1 / (time.monotonic() - begin)
        result[f"anonymize {name}, memory on top, MB"] = peak_memory(server) - before
        assert request(server, "DELETE", json.loads(answer)["Path"])[0] == 200
    return result


def request(server, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=600)
    connection.request(method, path, body)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer


def server_memory(server):
    with open(f"/proc/{server.processes()[0]}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024
