"""Readers and writers at once: what each keeps while the other does all it can. Part of `run`."""

import concurrent.futures

ASSOCIATIONS = 4
READERS = 8
# How often the patient reader and the echo ask while everything else is busy: as a viewer and a monitor would.
PACED = ["--pause-ms", 5]


def measure(bench, server, ids, seconds):
    """One round on one server: rates and times in one dictionary."""
    study = f"/studies/{ids['study']}"

    def store():
        return bench.load("store", server.dicom_port, "--size", "small", "--run", bench.next_run(), "--aet", server.aet,
                          "--connections", ASSOCIATIONS, "--seconds", seconds)

    def read():
        return bench.load("get", server.http_port, "--connections", READERS, "--seconds", seconds, study)

    def watch():
        return bench.load("get", server.http_port, "--seconds", seconds, *PACED, study)

    def echo():
        return bench.load("echo", server.dicom_port, "--aet", server.aet, "--seconds", seconds, *PACED)

    alone = store()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        watched = [pool.submit(job) for job in (store, watch, echo)]
        _, seen, echoed = [job.result() for job in watched]
        mixed = [pool.submit(job) for job in (store, read)]
        stored, _ = [job.result() for job in mixed]
    return {
        "GET /studies/{id} during ingest, p99 ms": seen["p99_ms"],
        "C-ECHO during ingest, p99 ms": echoed["p99_ms"],
        "C-STORE 5 KB alone, /s": alone["per_second"],
        "C-STORE 5 KB under 8 readers, /s": stored["per_second"],
        "share that ingest keeps": stored["per_second"] / alone["per_second"] if alone["per_second"] else 0,
    }
