import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer, assembly
from colorlib.inference.files import Coloured, Options, colorize_file
from colorlib.inference.folder import colorize_folder
from colorlib.inference.jobs import Failure, Job, find_jobs

STARTER = Path(__file__).parents[3] / "data/starter"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Seven photographs of three shapes, one of them below, and two files that are none."""
    place = tmp_path / "in"
    (place / "below").mkdir(parents=True)
    for index, path in enumerate(sorted(STARTER.glob("*.jpg"))[:7]):
        with Image.open(path) as photo:
            size = [(64, 48), (48, 64), (50, 50)][index % 3]
            folder_ = place / "below" if index == 6 else place
            photo.resize(size).save(folder_ / f"{index}{'.png' if index % 2 else '.jpg'}")
    (place / "broken.jpg").write_bytes(b"no picture")
    (place / "notes.txt").write_text("not for us")
    return place


def names(outcomes: list[Coloured] | list[Failure] | list[Job]) -> list[str]:
    return sorted(outcome.source.name for outcome in outcomes)


def test_a_folder_is_coloured_and_what_fails_is_named(colorizer: Colorizer, photos: Path, tmp_path: Path) -> None:
    jobs = find_jobs(photos, tmp_path / "out", recursive=True)
    told: list[object] = []
    summary = colorize_folder(colorizer, jobs, Options(), told.append)
    assert names(summary.coloured) == ["0.jpg", "1.png", "2.jpg", "3.png", "4.jpg", "5.png", "6.jpg"]
    assert names(summary.failed) == ["broken.jpg"]
    assert "is not an image" in summary.failed[0].reason
    assert len(told) == 8
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")) == [
        *("0.jpg", "1.png", "2.jpg", "3.png", "4.jpg", "5.png", "below/6.jpg")
    ]


def test_each_is_what_it_would_be_alone(colorizer: Colorizer, photos: Path, tmp_path: Path) -> None:
    colorize_folder(colorizer, find_jobs(photos, tmp_path / "out", False), Options(temperature=0.2), lambda _: None)
    for name in ("1.png", "3.png", "5.png"):
        colorize_file(colorizer, photos / name, tmp_path / name, Options(temperature=0.2))
        with Image.open(tmp_path / name) as alone, Image.open(tmp_path / "out" / name) as among:
            assert np.abs(np.asarray(alone, dtype=int) - np.asarray(among, dtype=int)).max() <= 1


def test_a_second_run_goes_on_where_the_first_stopped(
    colorizer: Colorizer, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = find_jobs(photos, tmp_path / "out", recursive=False)
    (photos / "broken.jpg").unlink()
    jobs = [job for job in jobs if job.source.exists()]
    colorize_folder(colorizer, jobs[:3], Options(), lambda _: None)
    before = {job.target: job.target.stat().st_mtime_ns for job in jobs[:3]}
    summary = colorize_folder(colorizer, jobs, Options(), lambda _: None)
    assert names(summary.skipped) == ["0.jpg", "1.png", "2.jpg"]
    assert names(summary.coloured) == ["3.png", "4.jpg", "5.png"]
    assert before == {job.target: job.target.stat().st_mtime_ns for job in jobs[:3]}
    forced = colorize_folder(colorizer, jobs, Options(force=True), lambda _: None)
    assert len(forced.coloured) == 6
    monkeypatch.setattr(colorizer.engine, "logits", lambda _: pytest.fail("nothing is left to do"))
    assert len(colorize_folder(colorizer, jobs, Options(), lambda _: None).skipped) == 6


def test_equal_shapes_share_a_batch_and_memory_held_is_bounded(
    colorizer: Colorizer, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    logits = colorizer.engine.logits
    monkeypatch.setattr(colorizer.engine, "logits", lambda x: batches.append(len(x)) or logits(x))
    jobs = find_jobs(photos, tmp_path / "out", recursive=True)
    colorize_folder(colorizer, jobs, Options(), lambda _: None)
    assert sorted(batches) == [2, 2, 3]
    batches.clear()
    monkeypatch.setattr(assembly, "HELD", 1)  # each photograph alone is too much: one at a time
    colorize_folder(colorizer, jobs, Options(force=True), lambda _: None)
    assert batches == [1] * 7


def test_on_a_cpu_each_batch_has_one_thread_and_all_is_as_it_was_afterwards(
    colorizer: Colorizer, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int]] = []
    logits = colorizer.engine.logits

    def spy(lightness: torch.Tensor) -> torch.Tensor:
        seen.append((threading.current_thread().name, torch.get_num_threads()))
        return logits(lightness)

    monkeypatch.setattr(colorizer.engine, "logits", spy)
    torch.set_num_threads(2)
    try:
        colorize_folder(colorizer, find_jobs(photos, tmp_path / "out", recursive=True), Options(), lambda _: None)
        assert {threads for _, threads in seen} == {1}
        assert all(name.startswith("colorlib-network") for name, _ in seen)
        with ThreadPoolExecutor(1) as later:
            assert later.submit(torch.get_num_threads).result() == torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_two_photographs_never_become_one_picture(colorizer: Colorizer, tmp_path: Path) -> None:
    place = tmp_path / "in"
    place.mkdir()
    Image.new("P", (9, 9)).save(place / "scan.gif")
    Image.new("L", (9, 9), 200).save(place / "scan.gif.png")
    jobs = find_jobs(place, tmp_path / "out", recursive=False)
    summary = colorize_folder(colorizer, jobs, Options(force=True), lambda _: None)
    assert names(summary.coloured) == ["scan.gif"]
    (failure,) = summary.failed
    assert failure.reason.endswith(f"as that of {place / 'scan.gif'}: rename one of them")


def test_tiles_work_in_folders_too(colorizer: Colorizer, photos: Path, tmp_path: Path) -> None:
    summary = colorize_folder(colorizer, find_jobs(photos, tmp_path / "out", False), Options(tile=32, overlap=8), print)
    assert (len(summary.coloured), len(summary.failed)) == (6, 1)


def test_pictures_beside_their_photographs_are_no_photographs(colorizer: Colorizer, photos: Path) -> None:
    Image.new("P", (9, 9)).save(photos / "scan.gif")
    jobs = find_jobs(photos, None, recursive=False)
    assert (photos / "0.jpg", photos / "0.colorized.jpg") in jobs
    assert (photos / "scan.gif", photos / "scan.colorized.gif.png") in jobs
    colorize_folder(colorizer, jobs, Options(), lambda _: None)
    assert find_jobs(photos, None, recursive=False) == jobs
    for output in (photos / "below", photos / ".." / photos.name / "below"):
        inside = find_jobs(photos, output, recursive=True)
        assert not any("below" in job.source.parts for job in inside)
    assert find_jobs(photos, photos.parent, recursive=False)  # where the folder itself lies


def test_folders_that_cannot_be_meant_are_refused(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ColorlibError, match=r"holds no photographs.*--recursive"):
        find_jobs(tmp_path / "empty", None, recursive=False)
    with pytest.raises(ColorlibError, match="is the folder of the photographs itself"):
        find_jobs(photos, photos, recursive=False)


def test_a_target_that_cannot_be_written_fails_alone(colorizer: Colorizer, photos: Path, tmp_path: Path) -> None:
    jobs = [Job(photos / "0.jpg", tmp_path / "x.nothing"), Job(photos / "1.png", photos / "0.jpg" / "y.png")]
    jobs.append(Job(photos / "2.jpg", tmp_path / "z.png"))
    summary = colorize_folder(colorizer, jobs, Options(), lambda _: None)
    assert names(summary.coloured) == ["2.jpg"]
    reasons = sorted(failure.reason.replace(f"{tmp_path}/", "") for failure in summary.failed)
    assert reasons[0].startswith("in/0.jpg: x.nothing: .nothing is no picture format")
    assert reasons[1].startswith("in/1.png: in/0.jpg/y.png cannot be written")
