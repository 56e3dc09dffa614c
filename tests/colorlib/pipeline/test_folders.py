"""A folder colorized by a cluster of two workers with one Redis: as by one process, whoever dies and however often."""

import json
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.apps import cli
from colorlib.errors import ColorlibError
from colorlib.files import HOST, sha256_of_tree
from colorlib.inference import Colorizer
from colorlib.inference.files import Coloured, Options
from colorlib.inference.folder import colorize_folder
from colorlib.inference.jobs import Failure, Job, find_jobs
from colorlib.models import MobileLite, save_pretrained
from colorlib.pipeline import folders
from colorlib.pipeline.folders import Chunk, colorize_chunk, colorize_on_workers, painter
from colorlib.pipeline.workers import Workers
from tests.colorlib.cache.conftest import Server
from tests.dask_cluster import DaskCluster

STARTER = Path(__file__).parents[3] / "data/starter"
PHOTOS = 12


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    save_pretrained(MobileLite(q=313, grid="paper"), folder / "m", size=32)
    return folder / "m"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve photographs, and a file that is none."""
    place = tmp_path / "in"
    place.mkdir()
    for number, path in enumerate(sorted(STARTER.glob("*.jpg"))[:PHOTOS]):
        with Image.open(path) as photo:
            photo.resize((64, 48)).save(place / f"{number:02d}.png")
    (place / "broken.png").write_bytes(b"no picture")
    return place


@pytest.fixture(scope="module")
def redis() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="colorlib-", dir="/tmp") as name:  # the path of a socket must be short
        server = Server(Path(name))
        server.start()
        yield server
        server.kill()


def names(outcomes: list[Coloured] | list[Failure] | list[Job]) -> list[str]:
    return [outcome.source.name for outcome in outcomes]


def test_the_command_on_a_cluster_gives_the_bytes_of_one_process(
    cluster: DaskCluster,
    redis: Server,
    model: Path,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(folders, "CHUNK", 4)
    options = ["--model", str(model), "--precision", "fp32", "--json", "--scheduler", cluster.address]
    command = ["colorlib", "colorize", str(photos), *options, "--cache", redis.url]
    monkeypatch.setattr("sys.argv", [*command, "--output", str(tmp_path / "out")])
    with pytest.raises(SystemExit, match="1"):  # one has failed
        cli.main()
    *lines, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert last == {"summary": {"colorized": PHOTOS, "skipped": 0, "failed": 1}}
    assert [Path(line["source"]).name for line in lines if line["status"] == "failed"] == ["broken.png"]
    expected = tmp_path / "expected"
    jobs = find_jobs(photos, expected, recursive=False)
    colorize_on_workers(Workers(count=1), painter(model, "fp32"), jobs, Options(), lambda _: None)
    assert sha256_of_tree(tmp_path / "out") == sha256_of_tree(expected)
    with redis.client() as client:
        assert client.dbsize() == PHOTOS

        hits = client.info("stats")["keyspace_hits"]
        monkeypatch.setattr("sys.argv", [*command, "--output", str(tmp_path / "again"), "--blend", "0.5"])
        with pytest.raises(SystemExit, match="1"):
            cli.main()
        assert client.info("stats")["keyspace_hits"] - hits == PHOTOS  # whichever worker had predicted them
        assert client.dbsize() == PHOTOS


def test_a_second_run_does_what_is_left(
    cluster: DaskCluster, model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "CHUNK", 3)
    there, using = Workers(scheduler=cluster.address), painter(model, "fp32")
    jobs = find_jobs(photos, tmp_path / "out", recursive=False)
    colorize_on_workers(there, using, jobs[:5], Options(), lambda _: None)
    before = {job.target: job.target.stat().st_mtime_ns for job in jobs[:5]}
    summary = colorize_on_workers(there, using, jobs, Options(), lambda _: None)
    assert names(summary.skipped) == names(jobs[:5])
    assert len(summary.coloured) == PHOTOS - 5
    assert before == {target: target.stat().st_mtime_ns for target in before}
    (photos / "broken.png").unlink()
    jobs = find_jobs(photos, tmp_path / "out", recursive=False)
    nobody = Workers(scheduler="tcp://127.0.0.1:9")  # which would be refused if there were anything to do
    assert len(colorize_on_workers(nobody, using, jobs, Options(), lambda _: None).skipped) == PHOTOS


def test_a_worker_with_other_weights_refuses(model: Path, photos: Path, tmp_path: Path) -> None:
    other = replace(painter(model), weights_sha256="0" * 64)
    with pytest.raises(ColorlibError, match="other weights on a worker"):
        colorize_chunk(Chunk(other, tuple(find_jobs(photos, tmp_path / "out", False)), Options()))
    assert not (tmp_path / "out").exists()


def test_each_process_loads_the_model_once(
    model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    using, jobs = painter(model, "fp32"), find_jobs(photos, tmp_path / "out", False)
    loaded: list[object] = []
    original = Colorizer.from_pretrained

    def load(*arguments: object) -> Colorizer:
        loaded.append(arguments)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Colorizer, "from_pretrained", load)
    folders._colorizer.cache_clear()
    outcomes = [colorize_chunk(Chunk(using, (job,), Options())) for job in jobs[:3]]
    assert [type(outcome) for (outcome,) in outcomes] == [Coloured] * 3
    assert len(loaded) == 1


def test_a_password_is_in_no_log(model: Path) -> None:
    using = painter(model, cache="redis://:secret@host")
    assert using.cache.endswith("secret@host")
    assert "secret" not in repr(Chunk(using, (), Options()))


def test_a_killed_worker_costs_time_only(
    cluster: DaskCluster, model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "CHUNK", 4)
    (photos / "broken.png").unlink()
    for number in range(20):
        shutil.copy(photos / f"{number % PHOTOS:02d}.png", photos / f"more-{number:02d}.png")
    jobs = find_jobs(photos, tmp_path / "out", recursive=False)
    victim = cluster.processes[1]
    killed = threading.Event()

    def report(_: object) -> None:
        if not killed.is_set():
            killed.set()
            victim.send_signal(signal.SIGKILL)
            victim.wait(timeout=30)
            (tmp_path / "out" / f".begun.png.{HOST}.{victim.pid}.partial").write_bytes(b"half a picture")

    there = Workers(scheduler=cluster.address)
    summary = colorize_on_workers(there, painter(model, "fp32"), jobs, Options(), report)
    assert not summary.failed
    assert not list((tmp_path / "out").glob(".*"))
    assert len(summary.coloured) + len(summary.skipped) == len(jobs) == PHOTOS + 20
    alone = find_jobs(photos, tmp_path / "alone", recursive=False)
    colorize_folder(Colorizer.from_pretrained(model, "fp32"), alone, Options(), lambda _: None)
    for job, mine in zip(alone, jobs, strict=True):  # other photographs share a batch: a rounding apart
        with Image.open(job.target) as expected, Image.open(mine.target) as found:
            assert np.abs(np.asarray(expected, dtype=int) - np.asarray(found, dtype=int)).max() <= 1


def test_a_cluster_for_one_photograph_is_refused(
    model: Path, photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(photos / "00.png"), "--model", str(model), "--scheduler", "tcp://127.0.0.1:9"]
    monkeypatch.setattr("sys.argv", ["colorlib", "colorize", *arguments])
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    assert "--scheduler is for a folder" in capsys.readouterr().err
