import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorlib.errors import ColorlibError
from colorlib.ops.grid import Grid
from colorlib.ops.rebalancing import class_weights, smooth_prior

GRID = Grid.paper()


def index_of(a: int, b: int) -> int:
    return GRID.points_int.tolist().index([a, b])


def delta(a: int, b: int) -> torch.Tensor:
    counts = torch.zeros(313, dtype=torch.int64)
    counts[index_of(a, b)] = 7
    return counts


def test_prior_follows_the_slow_formula():
    counts = torch.arange(313) % 17
    points = GRID.points_int.tolist()
    slow = [
        sum(float(n) * math.exp(-((a - c) ** 2 + (b - d) ** 2) / 50) for n, (c, d) in zip(counts, points, strict=True))
        for a, b in points
    ]
    expected = torch.tensor(slow, dtype=torch.float64) / sum(slow)
    torch.testing.assert_close(smooth_prior(counts, GRID), expected)


def test_a_delta_spreads_alike_in_all_directions_of_the_plane():
    prior = smooth_prior(delta(0, 0), GRID)
    around = [float(prior[index_of(a, b)]) for a, b in ((10, 0), (-10, 0), (0, 10), (0, -10))]
    assert around == pytest.approx([around[0]] * 4)
    assert around[0] / float(prior[index_of(0, 0)]) == pytest.approx(math.exp(-100 / 50))


@given(st.lists(st.integers(0, 10**9), min_size=313, max_size=313).filter(any), st.floats(0.01, 1))
def test_weights_average_to_one_under_the_prior(counts, lam):
    prior = smooth_prior(torch.tensor(counts), GRID)
    weights = class_weights(prior, lam)
    assert float(prior.sum()) == pytest.approx(1)
    assert float((prior * weights).sum()) == pytest.approx(1)
    rarest_first = prior.argsort()
    assert bool((weights[rarest_first].diff() <= 1e-9).all())


def test_weights_follow_the_equation_at_the_default():
    prior = smooth_prior(torch.arange(313), GRID)
    unscaled = 1 / (0.5 * prior + 0.5 / 313)
    torch.testing.assert_close(class_weights(prior), unscaled / (prior * unscaled).sum())


def test_published_extremes():
    """From the paper's prior: p̃ = 0.2012340 at grey and 6.07e-9 at the rarest give weights 64.0 apart."""
    p_grey, p_rare = 0.2012340113556749, 6.071444753897211e-09
    rest = torch.full((311,), (1 - p_grey - p_rare) / 311, dtype=torch.float64)
    weights = class_weights(torch.cat((torch.tensor([p_grey, p_rare], dtype=torch.float64), rest)))
    assert float(weights[1] / weights[0]) == pytest.approx(63.98612395751445)


def test_ends_of_lambda():
    prior = smooth_prior(torch.arange(313), GRID)
    torch.testing.assert_close(class_weights(prior, 1.0), torch.ones(313, dtype=torch.float64))
    torch.testing.assert_close(class_weights(prior, 0.0), 1 / prior / 313)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: smooth_prior(torch.ones(484), GRID), "484 counts for the 313 bins"),
        (lambda: smooth_prior(torch.zeros(313), GRID), "not all zero"),
        (lambda: smooth_prior(-torch.ones(313), GRID), "not negative"),
        (lambda: smooth_prior(torch.ones(313), GRID, sigma=0), "sigma is 0"),
        (lambda: smooth_prior(torch.ones(313), GRID, sigma=1e-200), "from 0.001"),
        (lambda: smooth_prior(torch.ones(313), GRID, sigma=1e200), "to 1e\\+06"),
        (lambda: smooth_prior(torch.full((313,), 1e308, dtype=torch.float64), GRID), "must be finite"),
        (lambda: class_weights(torch.ones(313) / 313, "0.5"), "lam is '0.5'"),
        (lambda: class_weights(torch.ones(313) / 313, float("nan")), "lam is nan"),
        (lambda: smooth_prior(torch.ones(1, 313), GRID), "one-dimensional"),
        (lambda: smooth_prior([1.0] * 313, GRID), "list"),
        (lambda: class_weights(torch.ones(313)), "sums to 313"),
        (lambda: class_weights(torch.ones(313) / 313, 1.5), "lam is 1.5"),
        (lambda: class_weights(torch.eye(313)[0], 0.0), "infinitely"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ColorlibError, match=message):
        call()
