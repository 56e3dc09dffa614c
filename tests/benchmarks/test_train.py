import json

import pytest
import torch
from torch import nn

from benchmarks import __main__ as command
from benchmarks import train
from benchmarks.harness import interleaved, peak_extra_mebibytes
from colorlib.models import PaperNet
from colorlib.models.rectifier import InnerReLU


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_the_suite_runs_small_and_compares_with_the_plain_loop(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "BATCH", 2)
    monkeypatch.setattr(command, "THREADS", 1)  # two that wait for each other take minutes on a busy machine
    peaks = {train.OURS: 600.0, train.RECOMPUTING: 450.0, train.PLAIN: 1000.0}
    monkeypatch.setattr(train, "peak", lambda name, _side: peaks[name])
    command.main(["train", "--rounds", "1", "--shrink", "64", "--output", str(tmp_path)])
    row, reading = json.loads((tmp_path / "train.json").read_text(encoding="utf-8"))["rows"]
    assert row["operation"] == "training step of PaperNet, 2×32×32"
    assert set(row["milliseconds"]) == {"ours", "ours, checkpointing", train.PLAIN}
    assert [(limit["value"], limit["most"], limit["met"]) for limit in row["limits"]] == [
        (pytest.approx(60), 65, True),
        (pytest.approx(45), 40, False),
    ]
    images = float(row["facts"][f"images/s, {train.PLAIN}"])
    assert images == pytest.approx(2000 / row["milliseconds"][train.PLAIN], rel=0.01)
    assert not torch.are_deterministic_algorithms_enabled()
    assert reading["operation"] == "reading 8 crops of 176×176 from shards"
    asked, _, two = (reading["milliseconds"][name] for name in train.READERS.values())
    assert float(reading["facts"]["images/s, 2 processes ahead"]) == pytest.approx(8000 / two, rel=0.01)
    ratio = float(reading["facts"]["2 processes ahead, times as fast as read when asked"])
    assert ratio == pytest.approx(asked / two, abs=0.006)


@pytest.mark.usefixtures("threads")
def test_memory_is_measured_in_a_process_of_its_own():
    torch.set_num_threads(1)
    # Weights, gradients and two moments in float32 are 492 MiB, whatever the images.
    assert 450 < train.peak(train.RECOMPUTING, 32) < 1000


def test_the_plain_loop_is_plain_and_learns(monkeypatch):
    made: list[PaperNet] = []

    def build() -> PaperNet:
        made.append(PaperNet())
        return made[-1]

    monkeypatch.setattr(train, "BATCH", 2)
    monkeypatch.setattr(train, "PaperNet", build)
    step = train.plain(32)
    first = step()
    for _ in range(2):
        last = step()
    kinds = [type(module) for module in made[0].modules()]
    assert InnerReLU not in kinds
    assert kinds.count(nn.ReLU) == 22
    assert last < first


def test_long_calls_are_made_once_a_turn():
    calls = []
    interleaved({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, turn=0)
    assert calls == ["a", "b", "a", "b", "a", "b"]


def test_a_cold_peak_calls_once():
    calls = []
    peak_extra_mebibytes(lambda: calls.append(1), warm=False)
    assert calls == [1]
