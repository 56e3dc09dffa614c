import pytest
import torch

from colorlib.inference import Colorizer
from colorlib.models import MobileLite
from colorlib.ops.grid import Grid

TINT = torch.tensor([10.0, 20.0])  # a sepia that nearly every lightness can have


@pytest.fixture(scope="session")
def colorizer() -> Colorizer:
    """An untrained network with a tint, so that colour is seen where colour is made."""
    torch.manual_seed(0)
    tint = Grid.paper().nearest(TINT.reshape(1, 2, 1, 1)).item()
    model = MobileLite(q=313, grid="paper")
    with torch.no_grad():
        assert model.final.bias is not None
        model.final.weight.mul_(0.01)
        model.final.bias[tint] = 12.0
    return Colorizer(model, size=32)
