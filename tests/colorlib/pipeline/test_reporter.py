import io
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from rich.console import Console

from colorlib.pipeline import progress as progress_module
from colorlib.pipeline.progress import clock, progress
from colorlib.pipeline.reporter import Reporter, draw_samples
from colorlib.training.settings import WatchingSettings
from colorlib.training.step import Outcome
from colorlib.training.trainer import Epoch, Step
from tests.tiny_network import OBJECTIVE, photographs, tiny


class Log:
    """Takes what a tracker and a bar are told."""

    def __init__(self) -> None:
        self.metrics_of: list[tuple[int, dict[str, float]]] = []
        self.files: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self.pieces = 0

    def metrics(self, values: dict[str, float], step: int = 0) -> None:
        self.metrics_of.append((step, values))

    def artifact(self, path: Path, folder: str) -> None:
        self.files.append((path.name, folder))

    def __call__(self, note: str, pieces: int = 1) -> None:
        self.notes.append(note)
        self.pieces += pieces


def step(number: int, chroma: float | None = None, norm: float = 2.0) -> Step:
    return Step(number, 0, 8, 3e-5, Outcome(1234.4, 1000.0, norm, chroma, math.isfinite(norm)))


def reporter(log: Any, drawn: list[Path], **settings: object) -> Reporter:
    watching = WatchingSettings.model_validate(settings)
    return Reporter("run", log, log, watching, drawn.append, Path("pictures"))


def test_words_metrics_and_pictures_come_when_they_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    log, drawn = Log(), []  # type: ignore[var-annotated]
    observer = reporter(log, drawn, seconds=5.0, pictures=3).observer
    observer.begin(0, None)
    for number in range(1, 8):
        now += 2.0
        observer.step(step(number, chroma=7.5 if number == 2 else None))
    assert log.pieces == 7
    assert "loss 1234, lr 3.0e-05, 4 images/s" in log.notes[0]
    assert "GiB" in log.notes[0]
    assert [number for number, _ in log.metrics_of] == [1, 4, 7]
    assert "step_chroma" not in log.metrics_of[0][1]
    assert log.metrics_of[1][1]["step_chroma"] == 7.5
    assert log.metrics_of[1][1]["step_images_per_second"] == pytest.approx(4.0)
    assert [path.name for path in drawn] == ["step-00000003.png", "step-00000006.png"]
    assert log.files == [("step-00000003.png", "pictures"), ("step-00000006.png", "pictures")]
    observer.epoch(Epoch(0, 1.0, 1.0, 1e-5, 2.0, 0.9, 11.0))
    assert log.metrics_of[-1][1]["val_chroma"] == 11.0
    now += 2.0
    observer.step(step(8))
    assert "validation AuC 0.9000, chroma 11.0" in log.notes[-1]


def test_the_steps_of_an_earlier_run_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log()
    reporter(log, []).observer.begin(40, Path("checkpoints/step-00000040"))
    assert log.pieces == 40
    assert "run: goes on after step 40, from checkpoints/step-00000040" in capsys.readouterr().out


def test_without_mlflow_nothing_is_logged() -> None:
    log, drawn = Log(), []  # type: ignore[var-annotated]
    silent = Reporter("run", log, None, WatchingSettings(pictures=1), drawn.append, Path("pictures"))
    silent.observer.begin(0, None)
    silent.observer.step(step(1, norm=math.nan))
    silent.observer.epoch(Epoch(0, 1.0, 1.0, 1e-5, 2.0, 0.9, 11.0))
    assert (log.pieces, len(drawn), log.metrics_of, log.files) == (1, 1, [], [])


def test_a_number_that_is_none_is_not_logged() -> None:
    log = Log()
    observer = reporter(log, [], seconds=0.0).observer
    observer.begin(0, None)
    observer.step(step(1, norm=math.nan))
    assert "step_gradient_norm" not in log.metrics_of[0][1]
    assert "step_loss" in log.metrics_of[0][1]


@pytest.mark.parametrize("training", [True, False])
def test_drawing_leaves_the_network_as_it_was(tmp_path: Path, training: bool) -> None:
    model = tiny().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    draw_samples(model, OBJECTIVE, photographs(2, 16).tensor(), "run", tmp_path / "a/b.png")
    assert model.training is training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with Image.open(tmp_path / "a/b.png") as sheet:
        assert sheet.width == 6 + 3 * 134  # input, truth, run


def test_on_a_terminal_a_bar_shows_the_state_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, color_system=None, width=120)
    monkeypatch.setattr(progress_module, "console", terminal)
    with progress("train main", 4) as advance:
        advance("", pieces=2)  # of an earlier run
        advance("loss 1234, lr 3.0e-05, 4 images/s")
    assert re.search(r"train main .*3/4 0:00:0\d loss 1234, lr 3\.0e-05, 4 images/s", screen.getvalue())


def test_time_left_counts_only_what_was_done_now(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now)
    with progress("work", 100) as advance:
        advance("", pieces=80)
        for _ in range(5):
            now += 4.0
            advance("note")
    assert "work 83/100 note, 0:01:08 left" in capsys.readouterr().out
    assert clock(3661.4) == "1:01:01"
