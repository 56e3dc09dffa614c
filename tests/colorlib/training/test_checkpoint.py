import json
import os
import random
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.models.base import ColorNet
from colorlib.training import checkpoint, state
from colorlib.training.objective import Classification
from colorlib.training.settings import SavingSettings, TrainingSettings
from colorlib.training.step import Stepper
from colorlib.training.trainer import Epoch, Observer, Step, train
from colorlib.training.world import World
from tests.tiny_network import GRID, OBJECTIVE, SETTINGS, batches, changed, photographs, tiny

EVERY_STEP = SavingSettings(minutes=None, steps=1, keep=3)  # nine steps in three epochs
SAVED = SETTINGS.model_copy(update={"saving": EVERY_STEP})


@pytest.fixture(autouse=True)
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was brought to the disk; not really, since a busy disk would take most of the time of these tests."""
    names: list[str] = []
    monkeypatch.setattr(checkpoint, "_to_disk", lambda path: names.append(path.name))
    return names


class KilledError(BaseException):
    """What a test throws to end a run."""


def run(
    folder: Path | None, settings: TrainingSettings = SAVED, stop_after: int | None = None, seed: int = 0
) -> tuple[ColorNet, list[Epoch], list[int]]:
    """The trained network, its history, and the steps that were taken."""
    steps: list[int] = []

    def on_step(step: Step) -> None:
        steps.append(step.number)

    def on_begin(done: int, source: Path | None) -> None:
        assert (done > 0) is (source is not None)

    model = tiny(seed=seed)
    source = batches(settings, seed=seed)
    if stop_after is not None:
        original = source.epoch

        def epoch(number: int, start: int = 0):  # type: ignore[no-untyped-def]
            for batch in original(number, start):
                if len(steps) == stop_after:
                    raise KilledError
                yield batch

        source.epoch = epoch  # type: ignore[method-assign]
    validation = photographs(4, 16, seed=5).tensor()
    history = train(model, OBJECTIVE, source, validation, settings, Observer(on_begin, on_step), folder)
    return model, history, steps


def names(folder: Path) -> list[str]:
    return [path.name for path in checkpoint.present(folder)]


def assert_same(one: ColorNet, other: ColorNet) -> None:
    for name, value in one.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name


@pytest.mark.parametrize("stop_after", [1, 3, 4, 8])
def test_a_run_goes_on_where_it_stopped_and_ends_with_the_same_bytes(tmp_path: Path, stop_after: int) -> None:
    expected, history, _ = run(None)
    with pytest.raises(KilledError):
        run(tmp_path, stop_after=stop_after)
    torch.manual_seed(99)  # whatever else the process has drawn meanwhile
    model, found, steps = run(tmp_path)
    assert steps == list(range(stop_after + 1, 10))
    assert found == history
    assert_same(expected, model)


def test_both_files_and_both_folders_are_brought_to_the_disk(tmp_path: Path, flushed: list[str]) -> None:
    with pytest.raises(KilledError):
        run(tmp_path / "checkpoints", stop_after=1)
    tensors, state_file, temporary, folder = flushed
    assert (tensors, state_file, folder) == ("tensors.safetensors", "state.json", "checkpoints")
    assert temporary.startswith(".step-00000001.")


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    expected, history, _ = run(tmp_path)
    model, found, steps = run(tmp_path)
    assert (steps, found) == ([], history)
    assert_same(expected, model)


def test_the_last_ones_and_the_best_one_stay(tmp_path: Path) -> None:
    _, history, _ = run(tmp_path, changed(epochs=6, saving=EVERY_STEP.model_copy(update={"keep": 2})))
    best = min(history, key=lambda epoch: epoch.val_loss).number
    marked = json.loads((tmp_path / "best.json").read_text())["checkpoint"]
    assert marked == f"step-{3 * (best + 1):08d}"
    assert set(names(tmp_path)) == {"step-00000017", "step-00000018", marked}


def test_by_default_the_best_epochs_are_saved_and_the_clock_decides_on_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, history, _ = run(tmp_path / "a", changed(saving=SavingSettings(minutes=60, keep=99)))
    losses = [epoch.val_loss for epoch in history]
    best = [3 * (i + 1) for i, loss in enumerate(losses) if loss == min(losses[: i + 1])]
    assert names(tmp_path / "a") == [f"step-{step:08d}" for step in best]
    now = 0.0

    def monotonic() -> float:
        nonlocal now
        now += 40.0
        return now

    monkeypatch.setattr("time.monotonic", monotonic)
    run(tmp_path / "b", changed(saving=SavingSettings(minutes=1, keep=99)))
    assert set(names(tmp_path / "b")) > set(names(tmp_path / "a"))


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("tensors.safetensors", lambda blob: blob[: len(blob) // 2]),
        ("tensors.safetensors", lambda blob: blob[:-1] + bytes([blob[-1] ^ 1])),
        ("tensors.safetensors", None),
        ("state.json", lambda blob: blob[: len(blob) // 2]),
        ("state.json", lambda blob: blob.replace(b'"skipped": 0', b'"skipped": 7')),
        ("state.json", lambda _: b"[]"),
        ("state.json", lambda _: b"\xff"),
        ("state.json", None),
    ],
)
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(  # type: ignore[no-untyped-def]
    tmp_path: Path, caplog: pytest.LogCaptureFixture, file: str, damage
) -> None:
    expected, _, _ = run(None)
    with pytest.raises(KilledError):
        run(tmp_path, stop_after=5)
    path = tmp_path / "step-00000005" / file
    if damage is None:
        path.unlink()
    else:
        blob = path.read_bytes()
        path.write_bytes(damage(blob))
        assert path.read_bytes() != blob
    model, _, steps = run(tmp_path)
    assert steps[0] == 5
    assert "step-00000005 is damaged" in caplog.text
    assert "going back to the checkpoint before it" in caplog.text
    assert_same(expected, model)


def test_where_all_are_damaged_the_run_begins_afresh(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KilledError):
        run(tmp_path, stop_after=2)
    for path in checkpoint.present(tmp_path):
        (path / "state.json").write_text("{}")
    _, _, steps = run(tmp_path)
    assert steps[0] == 1
    assert len([record for record in caplog.records if "is damaged" in record.message]) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"crop": 12}, r"other settings \(crop was 16, is 12\)"),
        ({"optimiser": {"beta1": 0.5}}, r"other settings \(optimiser\.beta1 was 0\.9, is 0\.5; .*learning_rate"),
        ({"epochs": 9}, r"other settings \(epochs was 3, is 9\)"),
        ({"precision": "bf16"}, r"precision was float32, is bfloat16"),
    ],
)
def test_other_settings_are_refused_in_one_sentence(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(KilledError):
        run(tmp_path, stop_after=1)
    with pytest.raises(ColorlibError, match=f"step-00000001 belongs to a run with .*{words}") as caught:
        run(tmp_path, changed(**change))
    assert "\n" not in str(caught.value)
    assert "to start afresh" in str(caught.value)


def test_another_loss_other_data_and_other_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KilledError):
        run(tmp_path, stop_after=1)
    validation = photographs(4, 16, seed=5).tensor()
    weighted = Classification(GRID, torch.ones(len(GRID)))
    with pytest.raises(ColorlibError, match=r"objective\.class_weights was None, is "):
        train(tiny(), weighted, batches(), validation, SAVED, checkpoints=tmp_path)
    other = batches()
    other._data = photographs(seed=4)
    with pytest.raises(ColorlibError, match="a run with other data: "):
        train(tiny(), OBJECTIVE, other, validation, SAVED, checkpoints=tmp_path)
    monkeypatch.setattr("colorlib.training.identity.code_name", lambda: "other")
    with pytest.raises(ColorlibError, match="another version of the code"):
        run(tmp_path)


def test_what_changes_no_weight_may_change(tmp_path: Path) -> None:
    expected, _, _ = run(None)
    with pytest.raises(KilledError):
        run(tmp_path, stop_after=4)
    model, _, steps = run(tmp_path, changed(saving=SavingSettings(steps=2, keep=1), skip_limit=3))
    assert steps[0] == 5
    assert_same(expected, model)


def test_a_newer_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "VERSION", 2)
    with pytest.raises(KilledError):
        run(tmp_path, stop_after=1)
    monkeypatch.undo()
    with pytest.raises(ColorlibError, match="format version 2, expected 1"):
        run(tmp_path)


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        checkpoint.locked(tmp_path),
        pytest.raises(ColorlibError, match="another process trains in"),
    ):
        run(tmp_path)


def test_what_a_killed_trainer_had_started_does_not_keep_its_folder(tmp_path: Path) -> None:
    """A process that reads photographs notices its parent's end some seconds later."""
    reading, writing = os.pipe()
    trainer = os.fork()
    if trainer == 0:
        with checkpoint.locked(tmp_path):
            reader = os.fork()
            if reader == 0:
                os.write(writing, str(os.getpid()).encode())
                signal.pause()
            signal.pause()
    reader = int(os.read(reading, 20))
    try:
        with pytest.raises(ColorlibError, match="another process trains in"), checkpoint.locked(tmp_path):
            pass
        os.kill(trainer, signal.SIGKILL)
        os.waitpid(trainer, 0)
        with checkpoint.locked(tmp_path):
            os.kill(reader, 0)  # it is alive
    finally:
        os.kill(reader, signal.SIGKILL)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ColorlibError, match=r"no checkpoint can be written to .*: name another"):
        run(tmp_path / "file")


def test_what_a_killed_writer_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".step-00000001.1.partial").mkdir()
    (tmp_path / ".best.json.1.partial").write_text("{")
    run(tmp_path)
    assert not list(tmp_path.glob(".*"))


def stepper() -> Stepper:
    return Stepper(tiny(), OBJECTIVE, SETTINGS, torch.float32, World())


def test_every_random_state_comes_back() -> None:
    def drawn() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002

    run = stepper()
    tensors, facts = state.capture(run, state.Position())
    expected = drawn()
    assert drawn() != expected
    state.restore(run, tensors, json.loads(json.dumps(facts)))
    assert drawn() == expected


def test_smaller_pieces_and_recomputation_survive_a_restart() -> None:
    one, other = stepper(), stepper()
    one.micro_batch, one.reduced, one.model.checkpointing = 1, True, True
    state.restore(other, *state.capture(one, state.Position()))
    assert (other.micro_batch, other.reduced, other.model.checkpointing) == (1, True, True)


def test_the_moments_lie_in_memory_like_their_weights_again(tmp_path: Path) -> None:
    """In another order the same sums could be rounded differently."""
    with pytest.raises(KilledError):
        run(tmp_path, stop_after=2)
    seen: list[bool] = []
    original = torch.optim.Adam.step

    def step(optimiser: torch.optim.Adam, *arguments: object) -> object:
        for parameter, moments in optimiser.state.items():
            seen.append(moments["exp_avg"].stride() == parameter.stride())
        return original(optimiser, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", step)
        run(tmp_path)
    assert seen
    assert all(seen)
