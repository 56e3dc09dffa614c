from dataclasses import replace

import pytest

from audit.errors import NotRunError
from audit.memory import cuda
from audit.memory.subject import chosen, read
from audit.model import Verdict
from footprint import training_peak
from footprint.measure import CudaPeak
from tests.audit.memory.foreign import Adapter

WORKSPACE, CONTEXT = 5_000_000, 300_000_000


@pytest.fixture
def subject():
    return replace(chosen(read("a:b", Adapter()), ("small",)), precisions=("fp32",))


@pytest.fixture
def gpu(monkeypatch):
    """A GPU whose runs take what is predicted, plus constants; large ones `tensors` and `device` times as much."""

    def install(tensors=1.0, device=1.0):
        def peak(prepare, *, iterations):
            large, prepare = prepare
            taken = training_peak(prepare, iterations=iterations, device="cuda").total
            allocated = round(taken * (tensors if large else 1.0)) + WORKSPACE
            held = round(allocated * (device if large else 1.0)) + 1000
            return CudaPeak(allocated, allocated + 1000, held + CONTEXT)

        monkeypatch.setattr(cuda, "cuda_available", lambda: True)
        monkeypatch.setattr(cuda, "cuda_peak", peak)
        monkeypatch.setattr(cuda, "SIDE", 256)

    return install


def told(subject):
    """The same subject, whose real runs say whether they are large."""

    def training(model, batch, side, precision, checkpointing, device):
        prepare = subject.training(model, batch, side, precision, checkpointing, "cpu")
        return (batch > 1, prepare) if device == "cuda" else prepare

    def inference(model, side, precision, device):
        prepare = subject.inference(model, side, precision, "cpu")
        return (side > subject.small, prepare) if device == "cuda" else prepare

    return replace(subject, training=training, inference=inference)


def test_without_a_gpu_it_is_not_run(subject, monkeypatch):
    monkeypatch.setattr(cuda, "cuda_available", lambda: False)
    with pytest.raises(NotRunError, match="no CUDA device"):
        cuda.cuda_check(subject)


def test_a_gpu_that_agrees_passes_and_the_constants_are_stated(subject, gpu):
    gpu()
    check = cuda.cuda_check(told(subject))
    assert check.verdict is Verdict.PASS
    assert [row.id for row in check.rows] == [
        f"small.{what}.fp32.{part}" for what in ("training", "inference") for part in ("tensors", "device")
    ]
    assert all("workspace 4.77 MiB, context 286 MiB" in row.message for row in check.rows)
    assert [row.evidence.measured for row in check.rows[::2]] == [0.0, 0.0]


def test_a_card_that_is_too_small_is_an_error_in_its_rows_alone(subject, gpu, monkeypatch):
    gpu()
    peak = cuda.cuda_peak

    def full(prepare, *, iterations):
        if prepare[0] and iterations > 1:
            raise MemoryError("CUDA out of memory")
        return peak(prepare, iterations=iterations)

    monkeypatch.setattr(cuda, "cuda_peak", full)
    check = cuda.cuda_check(told(subject))
    assert [row.verdict for row in check.rows] == [Verdict.ERROR, Verdict.PASS, Verdict.PASS]
    assert "raised MemoryError: CUDA out of memory" in check.rows[0].message


def failing(check):
    return [row.id.split(".")[-1] for row in check.rows if row.verdict is Verdict.FAIL]


def test_a_gpu_that_takes_a_quarter_more_fails(subject, gpu):
    gpu(tensors=1.25)
    check = cuda.cuda_check(told(subject))
    assert check.verdict is Verdict.FAIL
    assert failing(check).count("tensors") == 2
    assert check.rows[0].evidence.measured > cuda.TOLERANCE


def test_a_device_that_holds_far_more_than_its_tensors_fails_by_itself(subject, gpu):
    gpu(device=8.0)
    check = cuda.cuda_check(told(subject))
    assert check.verdict is Verdict.FAIL
    assert failing(check) == ["device", "device"]
