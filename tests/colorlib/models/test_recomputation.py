import pytest
import torch
from torch import nn

from colorlib.models import MobileLite, PaperNet
from colorlib.models.base import ColorNet
from colorlib.models.recomputation import frozen_statistics


def train_two_steps(make: type[ColorNet], checkpointing: bool) -> tuple[dict[str, torch.Tensor], int]:
    """Gradients of the second step and the whole state after it; and the bytes kept for the backward pass."""
    torch.manual_seed(0)
    model = make(q=5, checkpointing=checkpointing)  # type: ignore[call-arg, arg-type]
    kept = 0

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal kept
        kept += 0 if isinstance(tensor, nn.Parameter) else tensor.nbytes
        return tensor

    for _ in range(2):
        model.zero_grad()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            output = model.logits(torch.rand(2, 1, 40, 64) * 100)
        output.square().sum().backward()
        with torch.no_grad():
            for parameter in model.parameters():
                assert parameter.grad is not None
                parameter -= 1e-6 * parameter.grad
    gradients = {f"grad {name}": p.grad for name, p in model.named_parameters() if p.grad is not None}
    return model.state_dict() | gradients, kept


@pytest.mark.parametrize("make", [MobileLite, PaperNet])
def test_recomputing_changes_no_bit_of_gradients_weights_and_statistics(make: type[ColorNet]) -> None:
    plain, all_kept = train_two_steps(make, checkpointing=False)
    recomputed, few_kept = train_two_steps(make, checkpointing=True)
    assert plain.keys() == recomputed.keys()
    assert len(plain) > 2 * len([name for name in plain if name.startswith("grad")])
    different = [name for name, value in plain.items() if not torch.equal(value, recomputed[name])]
    assert not different
    assert few_kept < 0.5 * all_kept


def test_statistics_are_counted_once() -> None:
    model = MobileLite(q=5, checkpointing=True)
    model.logits(torch.rand(2, 1, 32, 32) * 100).sum().backward()
    counters = {name: value.item() for name, value in model.state_dict().items() if name.endswith("tracked")}
    assert set(counters.values()) == {1}


def test_frozen_statistics_are_given_back_after_an_error() -> None:
    norm = nn.BatchNorm2d(3)
    with pytest.raises(ValueError, match="Expected more than 1 value"), frozen_statistics(norm):
        norm(torch.randn(2, 3, 4, 4) + norm(torch.randn(1, 3, 1, 1)))
    assert norm.momentum == 0.1
    assert norm.running_mean is not None
    assert (norm.running_mean == 0).all()
    norm(torch.randn(2, 3, 4, 4))
    assert norm.num_batches_tracked == 1


def test_prediction_does_not_recompute() -> None:
    model = MobileLite(q=5, checkpointing=True).eval()
    runs = 0

    def count(*_: object) -> None:
        nonlocal runs
        runs += 1

    model.stem.register_forward_hook(count)
    with torch.no_grad():
        model.logits(torch.rand(1, 1, 32, 32))
    assert runs == 1
