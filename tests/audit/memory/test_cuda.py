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
    """A GPU whose runs take what is predicted, plus constants, times a factor in runs of more than one image."""

    def install(factor):
        def peak(prepare):
            images, prepare = prepare
            taken = round(training_peak(prepare, device="cuda").total * (factor if images > 1 else 1.0)) + WORKSPACE
            return CudaPeak(taken, taken + 1000, taken + 1000 + CONTEXT)

        monkeypatch.setattr(cuda, "cuda_available", lambda: True)
        monkeypatch.setattr(cuda, "cuda_peak", peak)

    return install


def counted(subject):
    """The same subject, whose real runs say how many images they have."""

    def training(model, batch, side, precision, checkpointing, device):
        prepare = subject.training(model, batch, side, precision, checkpointing, "cpu")
        return (batch, prepare) if device == "cuda" else prepare

    return replace(subject, training=training)


def test_without_a_gpu_it_is_not_run(subject, monkeypatch):
    monkeypatch.setattr(cuda, "cuda_available", lambda: False)
    with pytest.raises(NotRunError, match="no CUDA device"):
        cuda.cuda_check(subject)


def test_without_training_it_is_not_run(subject, gpu):
    gpu(1.0)
    with pytest.raises(NotRunError, match="no training"):
        cuda.cuda_check(replace(subject, training=None))


def test_a_gpu_that_agrees_passes_and_the_constants_are_stated(subject, gpu):
    gpu(1.0)
    check = cuda.cuda_check(counted(subject))
    assert check.verdict is Verdict.PASS
    assert [row.id for row in check.rows] == ["small.fp32.tensors", "small.fp32.device"]
    assert all("workspace 4.77 MiB, context 286 MiB" in row.message for row in check.rows)
    assert check.rows[0].evidence.measured == 0.0


def test_a_gpu_that_takes_a_quarter_more_fails(subject, gpu):
    gpu(1.25)
    check = cuda.cuda_check(counted(subject))
    assert check.verdict is Verdict.FAIL
    assert check.rows[0].verdict is Verdict.FAIL
    assert check.rows[0].evidence.measured > cuda.TOLERANCE
