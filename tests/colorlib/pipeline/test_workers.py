"""The work of a stage on several workers: the same bytes, whoever does it and whoever dies."""

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.files import sha256_of, sha256_of_tree
from colorlib.pipeline import evaluate, prepare, statistics, workers
from colorlib.pipeline.workers import Workers, chosen_workers
from tests.dask_cluster import DaskCluster

ROOT = Path(__file__).parents[3]


def threads(_item: int) -> int:
    """How many threads torch computes a piece in."""
    return torch.get_num_threads()


def refuse(item: int) -> int:
    """A piece that cannot be done."""
    raise ColorlibError(f"photograph {item} is damaged")


@dataclass(frozen=True)
class Marked:
    """A piece that leaves a file with the process that did it, and takes a while."""

    folder: Path
    number: int


def mark(piece: Marked) -> int:
    """Leave the process' number under the piece's, and return the piece's."""
    (piece.folder / f"{piece.number}.{os.getpid()}").touch()
    time.sleep(0.05)
    return piece.number


def test_in_this_process_one_thread_and_then_as_before() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert list(Workers().map(threads, range(3))) == [1, 1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_piece_that_fails_says_so_here() -> None:
    with pytest.raises(ColorlibError, match="photograph 0 is damaged"):
        list(Workers().map(refuse, range(2)))


def test_a_cluster_gives_the_bytes_of_one_process(
    cluster: DaskCluster, project: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colorlib.data.prepared.AT_ONCE", 2)
    there = Workers(scheduler=cluster.address)
    prepare.main(there)
    assert sha256_of_tree(project / "data/prepared") == sha256_of_tree(finished / "data/prepared")
    statistics.main(there)
    assert sha256_of_tree(project / "reports/statistics") == sha256_of_tree(finished / "reports/statistics")
    shutil.copytree(finished / "models", project / "models")
    shutil.copytree(finished / "reports/training", project / "reports/training")
    evaluate.main(there)
    for name in ("metrics.json", "table.md", "pictures.png"):
        assert sha256_of(project / "reports/evaluation" / name) == sha256_of(finished / "reports/evaluation" / name)


def test_what_a_worker_refuses_is_said_here(cluster: DaskCluster, project: Path) -> None:
    photo = next((project / "data/starter").glob("*.jpg"))
    photo.write_bytes(photo.read_bytes()[:-100])
    with pytest.raises(ColorlibError, match=f"{photo.name} is damaged or was changed"):
        prepare.main(Workers(scheduler=cluster.address))
    assert not (project / "data/prepared").exists()


def test_a_killed_worker_costs_time_only(cluster: DaskCluster, tmp_path: Path) -> None:
    address, (_, victim, survivor) = cluster
    pieces = [Marked(tmp_path, number) for number in range(40)]
    results = []
    for number in Workers(scheduler=address).map(mark, pieces):
        results.append(number)
        if number == 5:
            victim.send_signal(signal.SIGKILL)
            victim.wait(timeout=30)
    assert results == list(range(40))
    did = {path.name.partition(".")[2] for path in tmp_path.iterdir()}
    assert did == {str(victim.pid), str(survivor.pid)}


def test_no_scheduler_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PATIENCE", "1s")
    with pytest.raises(ColorlibError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 within 1s"):
        list(Workers(scheduler="tcp://127.0.0.1:9").map(threads, range(3)))


def test_local_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(Path(__file__).parent)]))
    assert list(Workers(count=2).map(abs, range(-3, 3))) == [3, 2, 1, 0, 1, 2]


def test_the_environment_chooses_where_the_command_line_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORLIB_WORKERS", "3")
    monkeypatch.setenv("COLORLIB_SCHEDULER", "tcp://host:1")
    monkeypatch.setattr("sys.argv", ["prepare"])
    assert chosen_workers("prepare") == Workers(3, "tcp://host:1")
    monkeypatch.setattr("sys.argv", ["prepare", "--workers", "1", "--scheduler", "tcp://other:2"])
    assert chosen_workers("prepare") == Workers(1, "tcp://other:2")


@pytest.mark.parametrize("value", ["many", "-1"])
def test_a_wrong_number_of_workers_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setenv("COLORLIB_WORKERS", value)
    monkeypatch.setattr("sys.argv", ["prepare"])
    with pytest.raises(SystemExit, match="2"):
        chosen_workers("prepare")
    assert value in capsys.readouterr().err
