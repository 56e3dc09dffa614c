import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorlib.errors import ColorlibError
from colorlib.models import ColorNet, MobileLite, PaperNet
from colorlib.ops.upsampling import upsample


@pytest.fixture(scope="module", params=["mobilelite", "papernet"])
def network(request: pytest.FixtureRequest) -> ColorNet:
    torch.manual_seed(0)
    return (MobileLite(q=7) if request.param == "mobilelite" else PaperNet(q=7)).eval()


@settings(max_examples=10, deadline=None)
@given(height=st.integers(8, 70), width=st.integers(8, 70))
def test_any_size_comes_back_at_its_size(network: ColorNet, height: int, width: int) -> None:
    lightness = torch.rand(1, 1, height, width) * 100
    with torch.inference_mode():
        assert network(lightness).shape == (1, 7, height, width)
        assert network.logits(lightness).shape == (1, 7, math.ceil(height / 4), math.ceil(width / 4))


def test_padding_repeats_the_edge_and_changes_nothing_where_none_is_needed(network: ColorNet) -> None:
    lightness = torch.rand(1, 1, 50, 61) * 100
    bottom = -50 % network.multiple
    padded = torch.nn.functional.pad(lightness, (0, 3, 0, bottom), mode="replicate")
    with torch.inference_mode():
        assert torch.equal(network.logits(lightness), network.logits(padded)[..., :13, :16])


def test_the_network_sees_centred_lightness(network: ColorNet) -> None:
    seen: list[torch.Tensor] = []
    first = next(module for module in network.modules() if isinstance(module, torch.nn.Conv2d))
    hook = first.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        network.logits(torch.tensor([0.0, 50.0, 100.0]).repeat_interleave(1024).view(3, 1, 32, 32))
    hook.remove()
    assert seen[0][:, 0, 0, 0].tolist() == [-0.5, 0.0, 0.5]


def test_evaluation_is_deterministic_and_batch_independent(network: ColorNet) -> None:
    lightness = torch.rand(2, 1, 32, 32) * 100
    with torch.inference_mode():
        assert torch.equal(network(lightness), network(lightness))
        torch.testing.assert_close(network(lightness)[:1], network(lightness[:1]), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("make", [MobileLite, PaperNet])
def test_bfloat16_autocast_in_channels_last_trains_near_float32(make: type[ColorNet]) -> None:
    torch.manual_seed(1)
    model = make(q=5).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    lightness = upsample(torch.rand(2, 1, 16, 16) * 100, 4, 64, 64)
    plain = model.logits(lightness)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = model.logits(lightness)
    assert mixed.dtype == torch.bfloat16
    assert plain.dtype == torch.float32
    assert torch.cosine_similarity(plain.flatten(), mixed.float().flatten(), dim=0) > 0.9
    mixed.float().square().sum().backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    assert all(g is not None and g.dtype == torch.float32 and g.isfinite().all() for g in gradients)


@pytest.mark.parametrize("make", [MobileLite, PaperNet])
def test_regression_starts_near_grey_in_lab_units(make: type[ColorNet]) -> None:
    torch.manual_seed(2)
    model = make(head="regression")  # type: ignore[call-arg]
    lightness = torch.rand(2, 1, 64, 64) * 100
    with torch.no_grad():
        ab = model(lightness)
        assert ab.shape == (2, 2, 64, 64)
        assert 0 < ab.abs().max() < 5
        model.final.weight.zero_()
        model.final.bias.copy_(torch.tensor([1.0, -2.0]))  # type: ignore[union-attr]
        assert model.logits(lightness)[0, :, 3, 3].tolist() == [20.0, -40.0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model.logits(lightness).dtype == torch.float32


def test_initial_weights_have_the_spread_of_he() -> None:
    torch.manual_seed(3)
    model = PaperNet(q=313)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d) and module is not model.final:
            expected = math.sqrt(2 / (module.in_channels * 9))
            assert module.weight.std().item() == pytest.approx(expected, rel=0.15)
    transposed = next(module for module in model.modules() if isinstance(module, torch.nn.ConvTranspose2d))
    assert transposed.weight.std().item() == pytest.approx(math.sqrt(2 / (512 * 4)), rel=0.02)
    assert all((p == 0).all() for name, p in model.named_parameters() if name.endswith("bias"))


@pytest.mark.parametrize(
    ("lightness", "message"),
    [
        (torch.zeros(1, 1, 7, 8), "at least 8×8"),
        (torch.zeros(1, 3, 32, 32), "N×1×H×W"),
        (torch.zeros(32, 32), "N×1×H×W"),
        (torch.zeros(1, 1, 32, 32, dtype=torch.uint8), "uint8"),
    ],
)
def test_wrong_inputs_are_named(network: ColorNet, lightness: torch.Tensor, message: str) -> None:
    with pytest.raises(ColorlibError, match=message):
        network.logits(lightness)
    with pytest.raises(ColorlibError, match=message):
        network(lightness)


def test_a_training_batch_without_spread_is_refused() -> None:
    with pytest.raises(ColorlibError, match="batch norm"):
        MobileLite(q=3).train().logits(torch.zeros(1, 1, 32, 32))
    assert MobileLite(q=3).train().logits(torch.zeros(2, 1, 32, 32)).shape == (2, 3, 8, 8)


@pytest.mark.parametrize("arguments", [{"head": "both"}, {"q": 0}, {"q": 3.0}, {"q": True}])
def test_wrong_configurations_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ColorlibError, match="expected"):
        MobileLite(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [MobileLite, PaperNet])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"grid": "full"}, r"Got q=313 for grid 'full', expected its 484 bins"),
        ({"grid": "paper", "q": 484}, r"Got q=484 for grid 'paper', expected its 313 bins"),
        ({"grid": "313"}, "no grid named '313'"),
    ],
)
def test_bins_that_are_not_the_grids_are_refused(make: type[ColorNet], arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ColorlibError, match=words):
        make(**arguments)


@pytest.mark.parametrize("make", [MobileLite, PaperNet])
def test_regression_has_no_bins_that_could_be_wrong(make: type[ColorNet]) -> None:
    assert make(head="regression", grid="full").channels == 2  # type: ignore[call-arg, arg-type]
