"""The work of a stage on several workers: the same bytes, whoever does it and whoever dies."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dask
import pytest
import torch
import yaml
from distributed import KilledWorker
from distributed.comm.core import CommClosedError
from distributed.scheduler import NoWorkerError
from typer.testing import CliRunner

from colorlib.apps import cli
from colorlib.data.shard import ShardSettings
from colorlib.data.shards import write_shards
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of, sha256_of_tree
from colorlib.pipeline import cluster as clusters
from colorlib.pipeline import evaluate, prepare, statistics, workers
from colorlib.pipeline.progress import Advance
from colorlib.pipeline.workers import Workers, chosen_workers
from tests.dask_cluster import DaskCluster, start_worker

ROOT = Path(__file__).parents[3]


def threads(_item: int) -> int:
    """How many threads torch computes a piece in."""
    return torch.get_num_threads()


def refuse(item: int) -> int:
    """A piece that cannot be done."""
    raise ColorlibError(f"photograph {item} is damaged")


def process(_item: int) -> int:
    """Which process does a piece."""
    return os.getpid()


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The schedulers that were called."""
    called: list[str] = []
    original = workers.join

    def join(scheduler: str, stack: ExitStack) -> clusters.Cluster:
        called.append(scheduler)
        return original(scheduler, stack)

    monkeypatch.setattr(workers, "join", join)
    return called


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
    cluster: DaskCluster, project: Path, finished: Path, joined: list[str], monkeypatch: pytest.MonkeyPatch
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
    assert joined == [cluster.address] * 3  # once for each command, though `evaluate` goes through the images twice


def test_what_a_worker_refuses_is_said_here(cluster: DaskCluster, project: Path) -> None:
    photo = next((project / "data/starter").glob("*.jpg"))
    photo.write_bytes(photo.read_bytes()[:-100])
    with pytest.raises(ColorlibError, match=f"{photo.name} is damaged or was changed"):
        prepare.main(Workers(scheduler=cluster.address))
    assert not (project / "data/prepared").exists()


def test_shards_are_the_same_whoever_makes_them_and_a_killed_worker_costs_time_only(
    cluster: DaskCluster,
    project: Path,
    joined: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    settings["prepare"]["shards"] = {"per_shard": 1}
    (project / "params.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    prepare.main(Workers(count=1))
    expected = sha256_of_tree(project / "data/prepared")
    shutil.rmtree(project / "data/prepared")

    address, (_, victim, _) = cluster
    done: list[str] = []

    @contextmanager
    def killing(_title: str, total: int) -> Iterator[Advance]:
        assert total == 12

        def advance(note: str, _pieces: int = 1) -> None:
            done.append(note)
            if len(done) == 2:
                victim.send_signal(signal.SIGKILL)
                victim.wait(timeout=30)

        yield advance

    monkeypatch.setattr(prepare, "progress", killing)
    monkeypatch.setattr(clusters, "AHEAD", 1)  # so that most of the work is still to be done then
    prepare.main(Workers(scheduler=address))
    assert len(done) == 12
    assert joined == [address]  # for all three splits
    assert sha256_of_tree(project / "data/prepared") == expected
    assert "train: 6 images (0 grey) in 6 shards\n" in capsys.readouterr().out


def test_items_are_taken_as_they_are_needed(cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "AHEAD", 1)
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10_000):
            taken.append(number)
            yield number

    for there in (Workers(scheduler=cluster.address), Workers(count=1)):
        taken.clear()
        results = there.map(abs, items())
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        assert 3 <= len(taken) <= 10
        results.close()  # type: ignore[attr-defined]


def test_the_command_makes_shards_on_a_cluster(cluster: DaskCluster, project: Path, tmp_path: Path) -> None:
    arguments = ["shards", str(project / "data/starter"), str(tmp_path / "there"), "--size", "16", "--per-shard", "5"]
    done = CliRunner().invoke(cli.app, [*arguments, "--scheduler", cluster.address])
    assert "12 images (0 grey) in 3 shards" in done.stdout, done.output
    write_shards(project / "data/starter", tmp_path / "here", ShardSettings(size=16, per_shard=5))
    assert sha256_of_tree(tmp_path / "there") == sha256_of_tree(tmp_path / "here")


def test_it_is_said_when_no_worker_is_left_and_one_that_comes_goes_on(
    cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "SAID_AFTER", 0.3)
    monkeypatch.setattr(clusters, "LOOK", 0.1)
    said: list[str] = []

    def say(words: str, **_: object) -> None:
        said.append(words)
        if len(said) == 1:
            cluster.processes.append(start_worker(cluster.address, Path(__file__).parent))

    monkeypatch.setattr(clusters.errors, "print", say)
    results = Workers(scheduler=cluster.address).map(abs, range(50))
    assert next(results) == 0
    for worker in cluster.processes[1:]:
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=30)
    assert list(results) == list(range(1, 50))
    assert said[0] == (
        f"no Dask worker is left at {cluster.address}: going on when one comes (dask worker {cluster.address}); "
        "without one the command ends after 10 minutes"
    )
    assert said[1:] == ["a Dask worker has come: going on"]


class Fake:
    """A client whose pieces are done at once, by any number of workers."""

    def __init__(self, workers: int = 1) -> None:
        self.workers, self.submitted = workers, 0
        self.address = "tcp://host:1"

    def nthreads(self) -> dict[int, int]:
        return dict.fromkeys(range(self.workers), 1)

    def submit(self, function: Callable[[int], int], item: int, **_: object) -> Future[int]:
        self.submitted += 1
        done: Future[int] = Future()
        if not self.workers:
            return done
        try:
            done.set_result(function(item))
        except Exception as error:
            done.set_exception(error)
        return done


def test_without_workers_the_command_ends_after_the_time_that_dask_s_option_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clusters, "SAID_AFTER", 0.1)
    monkeypatch.setattr(clusters, "LOOK", 0.05)
    began = time.monotonic()
    with dask.config.set({"distributed.scheduler.no-workers-timeout": "300 ms"}):
        results = clusters.Cluster(Fake(workers=0), "tcp://host:1").map(abs, [1])  # type: ignore[arg-type]
        with pytest.raises(ColorlibError, match=r"no Dask worker was at tcp://host:1 for 300 ms: start some \(dask"):
            list(results)
    assert 0.3 < time.monotonic() - began < 5
    assert capsys.readouterr().err.count("no Dask worker is left at tcp://host:1") == 1


def test_workers_that_come_later_get_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "LOOK", -1.0)
    client = Fake()
    results = clusters.Cluster(client, "tcp://host:1").map(abs, range(1000))  # type: ignore[arg-type]
    next(results)
    assert client.submitted == clusters.AHEAD + 1
    client.workers = 10
    next(results)
    assert client.submitted == 10 * clusters.AHEAD + 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoWorkerError("piece", 5.0), "no Dask worker was at tcp://host:1 for 10 minutes: start some"),
        (KilledWorker("piece", Fake(), 3), "a piece of work killed several workers"),
        (CommClosedError(), "the Dask scheduler went away"),
        (TimeoutError("the photograph's own"), None),
    ],
)
def test_what_ends_a_piece_is_one_sentence(error: Exception, words: str | None) -> None:
    def fail(_: int) -> int:
        raise error

    expected = type(error) if words is None else ColorlibError
    with pytest.raises(expected, match=words or "the photograph's own"):
        list(clusters.Cluster(Fake(), "tcp://host:1").map(fail, [1]))  # type: ignore[arg-type]


def test_a_scheduler_that_goes_away_is_one_sentence(cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", "1s")
    results = Workers(scheduler=cluster.address).map(abs, range(200))
    next(results)
    cluster.processes[0].kill()  # the last test that needs it
    with pytest.raises(ColorlibError, match="the Dask scheduler went away: start it"):
        list(results)


def test_no_scheduler_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", "1s")
    with pytest.raises(ColorlibError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 within 1s"):
        list(Workers(scheduler="tcp://127.0.0.1:9").map(threads, range(3)))


def test_local_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(Path(__file__).parent)]))
    with Workers(count=2).together() as team:
        assert list(team.map(abs, range(-3, 3))) == [3, 2, 1, 0, 1, 2]
        who = {*team.map(process, range(4)), *team.map(process, range(4))}
    assert os.getpid() not in who
    assert len(who) <= 2  # the same ones for all


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
