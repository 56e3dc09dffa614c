"""The work of a stage on several workers: the same bytes, whoever does it and whoever dies."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
import yaml
from typer.testing import CliRunner

from colorlib.apps import cli
from colorlib.data.shard import ShardSettings
from colorlib.data.shards import write_shards
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of, sha256_of_tree
from colorlib.pipeline import evaluate, prepare, statistics, workers
from colorlib.pipeline.progress import Advance
from colorlib.pipeline.workers import Workers, chosen_workers
from tests.dask_cluster import DaskCluster

ROOT = Path(__file__).parents[3]


def threads(_item: int) -> int:
    """How many threads torch computes a piece in."""
    return torch.get_num_threads()


def refuse(item: int) -> int:
    """A piece that cannot be done."""
    raise ColorlibError(f"photograph {item} is damaged")


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


def test_shards_are_the_same_whoever_makes_them_and_a_killed_worker_costs_time_only(
    cluster: DaskCluster, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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
    monkeypatch.setattr(workers, "AHEAD", 1)  # so that most of the work is still to be done then
    prepare.main(Workers(scheduler=address))
    assert len(done) == 12
    assert sha256_of_tree(project / "data/prepared") == expected
    assert "train: 6 images (0 grey) in 6 shards\n" in capsys.readouterr().out


def test_items_are_taken_as_they_are_needed(cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "AHEAD", 1)
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


def test_a_scheduler_that_goes_away_is_one_sentence(cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PATIENCE", "1s")
    results = Workers(scheduler=cluster.address).map(abs, range(200))
    next(results)
    cluster.processes[0].kill()  # the last test that needs it
    with pytest.raises(ColorlibError, match="the Dask scheduler went away: start it"):
        list(results)


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
