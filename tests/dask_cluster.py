"""A Dask cluster on the loopback interface, as a person starts one: a scheduler and workers, each a process."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from distributed import Client

ROOT = Path(__file__).parents[1]
LOOPBACK = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")


class DaskCluster(NamedTuple):
    """The scheduler's address, and the processes: the scheduler first, then the workers."""

    address: str
    processes: list[subprocess.Popen[bytes]]


def start_worker(address: str, imported_from: Path) -> subprocess.Popen[bytes]:
    """Start one more worker, which is to be put among the processes of the cluster."""
    return _start(imported_from, "worker", address, "--nthreads", "1", "--no-nanny")


def _start(imported_from: Path, *command: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(imported_from)])}
    dask = (sys.executable, "-m", "dask", *command, *LOOPBACK)
    return subprocess.Popen(dask, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def dask_cluster(workers: int, imported_from: Path) -> Iterator[DaskCluster]:
    """Start scheduler and workers, which find modules in the project and in `imported_from`; ended by their own ids."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    processes = [_start(imported_from, "scheduler", "--port", port)]
    processes += [start_worker(address, imported_from) for _ in range(workers)]
    try:
        with Client(address, timeout="60s") as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(workers, timeout=60)  # type: ignore[no-untyped-call]
        yield DaskCluster(address, processes)
    finally:
        for process in processes[::-1]:
            process.kill()  # a worker that is asked to leave may wait for half a minute on a busy machine
        for process in processes:
            process.wait(timeout=30)
