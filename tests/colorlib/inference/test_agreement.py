import pytest
import torch
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.inference.agreement import agreement
from colorlib.metrics import auc
from colorlib.models import MobileLite, build
from colorlib.ops.colour_difference import delta_e_2000
from colorlib.ops.lab import rgb_to_lab


class Flat:
    """The same ab everywhere."""

    stride, head, grid = 4, "regression", None

    def __init__(self, a: float, b: float) -> None:
        self.ab = torch.tensor([a, b]).view(1, 2, 1, 1)

    def logits(self, lightness: Tensor, /) -> Tensor:
        h, w = (-(-side // 4) for side in lightness.shape[-2:])
        return self.ab.expand(len(lightness), 2, h, w)


@pytest.fixture
def photographs() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randint(0, 256, (n, 3, 21, 30), generator=generator, dtype=torch.uint8) for n in (1, 2)]


def test_known_colours_give_the_known_numbers(photographs: list[Tensor]) -> None:
    found = agreement(Flat(10, 0), Flat(10, 3), photographs)  # type: ignore[arg-type]
    assert found.photographs == 3
    assert found.largest_ab == pytest.approx(3)
    lab = rgb_to_lab(torch.cat(photographs))
    first, second = (torch.tensor([10.0, b]).view(1, 2, 1, 1).expand_as(lab[:, 1:]) for b in (0.0, 3.0))
    expected = delta_e_2000(torch.cat([lab[:, :1], first], 1), torch.cat([lab[:, :1], second], 1)).mean()
    assert found.delta_e == pytest.approx(expected.item())
    assert found.auc == pytest.approx(auc(first, lab[:, 1:]))
    assert found.auc - found.auc_lost == pytest.approx(auc(second, lab[:, 1:]))


def test_a_network_agrees_with_itself(photographs: list[Tensor]) -> None:
    network = MobileLite(q=313, grid="paper").eval()
    found = agreement(network, network, photographs)
    assert (found.largest_ab, found.delta_e, found.auc_lost) == (0, pytest.approx(0, abs=1e-6), 0)
    assert 0 < found.auc < 1


def test_what_cannot_be_compared_is_named(photographs: list[Tensor]) -> None:
    network = MobileLite(q=313, grid="paper").eval()
    with pytest.raises(ColorlibError, match="head is 'classification' and 'regression'"):
        agreement(network, Flat(0, 0), photographs)  # type: ignore[arg-type]
    with pytest.raises(ColorlibError, match="no photograph"):
        agreement(network, network, [])
    nameless = build("mobilelite", q=313).eval()
    with pytest.raises(ColorlibError, match="does not name the grid"):
        agreement(nameless, nameless, photographs)
