import pytest
import torch

from colorlib.ops.encoding import soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.loss import rebalanced_cross_entropy
from colorlib.training.objective import Classification, Regression, is_coloured

GRID = Grid.paper()


def coloured(images: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(images, 2, 6, 5, generator=torch.Generator().manual_seed(seed)) * 30


def test_only_images_with_some_ab_beyond_five_count_as_coloured() -> None:
    ab = torch.zeros(4, 2, 3, 3)
    ab[1, 0, 1, 1] = 5.0
    ab[2, 1, 2, 2] = -5.1
    ab[3] = 40
    assert is_coloured(ab).tolist() == [False, False, True, True]


def test_classification_minimises_the_weighted_loss_and_reports_the_plain_one() -> None:
    ab, weights = coloured(3), torch.linspace(0.5, 3, 313)
    logits = torch.randn(3, 313, 6, 5)
    losses = Classification(GRID, weights).losses(logits, ab)
    target = soft_encode(ab, GRID)
    assert losses.objective.item() == pytest.approx(rebalanced_cross_entropy(logits, target, weights).item())
    assert losses.unweighted.item() == pytest.approx(rebalanced_cross_entropy(logits, target).item())
    assert abs(losses.objective.item() - losses.unweighted.item()) > 1


@pytest.mark.parametrize(("k", "sigma"), [(1, 5.0), (5, 50.0)])
def test_the_soft_targets_follow_their_parameters(k: int, sigma: float) -> None:
    ab, logits = coloured(2), torch.randn(2, 313, 6, 5)
    expected = rebalanced_cross_entropy(logits, soft_encode(ab, GRID, k, sigma)).item()
    assert Classification(GRID, k=k, sigma=sigma).losses(logits, ab).objective.item() == pytest.approx(expected)
    assert Classification(GRID).losses(logits, ab).objective.item() != pytest.approx(expected, rel=1e-6)


def test_the_weights_follow_the_network_to_its_device() -> None:
    moved: list[torch.device] = []

    class Weights(torch.Tensor):
        def to(self, device):  # type: ignore[no-untyped-def, override]
            moved.append(device)
            return torch.ones(313)

    ab, logits = coloured(1), torch.randn(1, 313, 6, 5)
    Classification(GRID, torch.ones(313).as_subclass(Weights)).losses(logits, ab)
    assert moved == [logits.device]


def test_without_weights_both_losses_are_one() -> None:
    losses = Classification(GRID).losses(torch.randn(2, 313, 6, 5), coloured(2))
    assert losses.objective.item() == losses.unweighted.item()


@pytest.mark.parametrize("objective", [Classification(GRID), Classification(GRID, torch.ones(313)), Regression()])
def test_grey_images_give_no_gradient_but_count_in_the_batch(objective: Classification | Regression) -> None:
    channels = 2 if isinstance(objective, Regression) else 313
    ab = coloured(2)
    ab[1] = 1.0
    output = torch.randn(2, channels, 6, 5, requires_grad=True)
    both = objective.losses(output, ab).objective
    both.backward()
    assert output.grad is not None
    assert bool((output.grad[1] == 0).all())
    assert bool((output.grad[0] != 0).any())
    alone = objective.losses(output[:1].detach(), ab[:1]).objective
    assert both.item() == pytest.approx(alone.item() / 2, rel=1e-5)  # divided by the batch, the grey image included


@pytest.mark.parametrize("objective", [Classification(GRID), Regression()])
def test_a_batch_of_grey_images_is_a_loss_of_zero_that_can_be_differentiated(
    objective: Classification | Regression,
) -> None:
    channels = 2 if isinstance(objective, Regression) else 313
    output = torch.randn(2, channels, 6, 5, requires_grad=True)
    loss = objective.losses(output, torch.zeros(2, 2, 6, 5)).objective
    loss.backward()
    assert loss.item() == 0
    assert output.grad is not None
    assert bool((output.grad == 0).all())


def test_regression_is_half_the_squared_distance_summed_over_pixels_divided_by_the_batch() -> None:
    ab = coloured(3)
    output = ab + 2.0
    assert Regression().losses(output, ab).objective.item() == pytest.approx(0.5 * 4 * 2 * 6 * 5)


def test_a_likely_bin_is_decoded_to_its_colour() -> None:
    logits = torch.full((1, 313, 2, 2), -50.0)
    logits[:, 100] = 50.0
    ab = Classification(GRID).decode(logits)
    assert torch.allclose(ab[0, :, 0, 0], GRID.points[100], atol=1e-4)


def test_the_temperature_plays_no_part_in_the_loss() -> None:
    logits, ab = torch.randn(1, 313, 6, 5), coloured(1)
    hot, cold = Classification(GRID, temperature=1.0), Classification(GRID, temperature=0.1)
    assert hot.losses(logits, ab).objective.item() == cold.losses(logits, ab).objective.item()
    assert not torch.allclose(hot.decode(logits), cold.decode(logits))
