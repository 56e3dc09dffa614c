from pathlib import Path

import numpy as np
import pytest

from colorlib.ops.grid import Grid
from colorlib.reproduction import Reproduction, library, pipeline
from colorlib.training.settings import OptimiserSettings

AB = np.array([[12.0, -7.0], [3.0, 44.0], [-21.0, 8.0]])


def test_soft_targets_have_the_library_s_neighbours_unless_told_otherwise():
    assert ((library().encode(AB) > 0).sum(1) == 5).all()
    assert ((Reproduction(k=3).encode(AB) > 0).sum(1) == 3).all()
    assert Reproduction(sigma=50.0).encode(AB).max() < library().encode(AB).max()


def test_pixels_and_bins_keep_their_places():
    subject = library()
    weights = subject.encode(AB)
    nearest = ((AB[:, None] - subject.bins()[None]) ** 2).sum(2).argmin(1)
    assert (weights.argmax(1) == nearest).all()
    logits = np.full((3, 313), -50.0)
    logits[np.arange(3), nearest] = 50.0
    assert np.allclose(subject.decode(logits), subject.bins()[nearest])


def test_overrides_reach_each_operation():
    counts = np.zeros(313)
    counts[150] = 1000.0
    assert Reproduction(smoothing_sigma=20.0).smooth_prior(counts).max() < library().smooth_prior(counts).max()
    prior = library().smooth_prior(counts + 1)
    assert np.allclose(Reproduction(lam=1.0).class_weights(prior), 1.0)
    logits = np.linspace(-1, 1, 313)[None]
    assert not np.allclose(Reproduction(temperature=1.0).decode(logits), library().decode(logits))
    assert len(Reproduction(grid="full").bins()) == len(Grid.full())


def test_the_gradient_is_softmax_minus_target():
    subject = library()
    logits = np.random.default_rng(0).normal(size=(3, 313))
    powers = np.exp(logits)
    expected = powers / powers.sum(1, keepdims=True) - subject.encode(AB)
    assert np.allclose(subject.loss_gradient(logits, AB, np.ones(313)), expected, atol=1e-6)


def test_the_optimiser_starts_afresh_and_leaves_its_inputs_alone():
    subject = library()
    start, gradients = np.zeros(2), [np.array([1.0, -2.0]), np.ones(2)]
    first, again = subject.optimiser_path(start, gradients), subject.optimiser_path(start, gradients)
    assert np.array_equal(first, again)
    assert not start.any()
    faster = Reproduction(optimiser=OptimiserSettings(learning_rate=1.0))
    assert faster.optimiser_path(start, gradients)[0] == pytest.approx([-1.0, 1.0], rel=1e-6)


def test_the_network_is_the_paper_s():
    subject = library()
    lightness = np.full((1, 1, 16, 24), 50.0, dtype=np.float32)
    assert subject.logits(lightness).shape == (1, 313, 4, 6)
    assert subject.output(lightness).shape == (1, 313, 16, 24)
    assert subject.parameter_count() == 32_235_385


def test_the_second_subject_is_what_the_parameters_file_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    right = (Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(right.replace("k: 5", "k: 3").replace("grid: paper", "grid: full"))
    monkeypatch.chdir(tmp_path)
    subject = pipeline()
    assert len(subject.bins()) == 484
    assert ((subject.encode(AB) > 0).sum(1) == 3).all()
    first_step = np.abs(subject.optimiser_path(np.zeros(1), [np.ones(1)])[0])
    assert first_step == pytest.approx(1e-3, rel=1e-4)
