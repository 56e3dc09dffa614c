import math

import pytest
import torch
from torch import Tensor, nn

from colorlib.errors import ColorlibError
from colorlib.models import ColorNet, MobileLite, PaperNet
from colorlib.ops.upsampling import upsample
from colorlib.training.initialisation import FINAL_SPREAD, initialise, spherical_kmeans


class Tiny(ColorNet):
    """Every kind of layer that k-means meets: bare edges, dilation, stride, depthwise, transposed."""

    name = "tiny"
    multiple = 4

    def __init__(self) -> None:
        super().__init__(q=5, head="classification", checkpointing=False, grid=None)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(16, 24, 3, stride=2, padding=2, dilation=2, bias=False),
            nn.BatchNorm2d(24),
            nn.Conv2d(24, 24, 3, padding=1, groups=24),
            nn.ReLU(),
            nn.ConvTranspose2d(24, 12, 4, stride=2, padding=1),
            nn.Conv2d(12, 10, 3, stride=2, padding=1),
        )
        self.out = nn.Conv2d(10, 5, 1)

    @property
    def final(self) -> nn.Conv2d:
        return self.out

    def features(self, x: Tensor) -> Tensor:
        features: Tensor = self.layers(x)
        return features


NETWORKS = {
    "tiny": Tiny,
    "papernet": lambda: PaperNet(q=5),
    "fusion": lambda: PaperNet(q=5, fusion=True),
    "mobilelite": lambda: MobileLite(q=5),
    "regression": lambda: MobileLite(head="regression"),
}


def photographs(count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return upsample(torch.rand(count, 1, 16, 16, generator=generator) * 60 + 30, 4, 64, 64)


def make(name: str) -> ColorNet:
    torch.manual_seed(0)
    return NETWORKS[name]()


def statistics(model: ColorNet, lightness: Tensor) -> dict[str, tuple[nn.Module, Tensor, Tensor]]:
    """Of each convolution's output in a training pass: the layer, means and standard deviations by channel."""
    found: dict[str, tuple[nn.Module, Tensor, Tensor]] = {}
    hooks = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):

            def look(layer: nn.Module, _inputs: object, output: Tensor, name: str = name) -> None:
                variance, mean = torch.var_mean(output.double(), dim=(0, 2, 3), correction=0)
                found[name] = (layer, mean, variance.sqrt())

            hooks.append(module.register_forward_hook(look))
    with torch.no_grad():
        model.train().logits(lightness)
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize(("name", "filters"), [*((name, "random") for name in NETWORKS), ("tiny", "kmeans")])
def test_every_convolution_gives_mean_0_and_spread_1_on_the_batches(name: str, filters: str) -> None:
    model, lightness = make(name), photographs(4, seed=1)
    initialise(model, lightness.split(2), filters=filters)  # type: ignore[arg-type]
    found = statistics(model, lightness)
    assert len(found) == sum(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in model.modules())
    for layer, mean, deviation in found.values():
        spread = FINAL_SPREAD if layer is model.final else 1.0
        assert (deviation / spread - 1).abs().max() < 0.02
        if layer.bias is not None:
            assert mean.abs().max() < 0.02 * spread


def test_plain_initialisation_has_not_that_property() -> None:
    found = statistics(make("papernet"), photographs(4, seed=1))
    assert max(float((deviation - 1).abs().max()) for _, _, deviation in found.values()) > 0.5


@pytest.mark.parametrize("filters", ["random", "kmeans"])
def test_the_same_start_gives_the_same_bits_and_touches_no_global_state(filters: str) -> None:
    models = [make("tiny") for _ in range(2)]
    states = []
    for model in models:
        before = torch.get_rng_state()
        initialise(model, [photographs(4, seed=2)], filters=filters, seed=3)  # type: ignore[arg-type]
        assert torch.equal(before, torch.get_rng_state())
        states.append(model.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    other = make("tiny")
    initialise(other, [photographs(4, seed=4)], filters=filters, seed=3)  # type: ignore[arg-type]
    assert any(not torch.equal(value, states[0][key]) for key, value in other.state_dict().items())


def test_mode_running_statistics_and_hooks_are_left_as_they_were() -> None:
    model = make("mobilelite").eval()
    initialise(model, [photographs(4, seed=5)])
    assert not model.training
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    assert all((norm.running_mean == 0).all() and norm.num_batches_tracked == 0 for norm in norms)
    before = [p.clone() for p in model.parameters()]
    with torch.no_grad():
        model.train().logits(photographs(4, seed=6) * 0.5)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_the_first_prediction_is_near_uniform_and_the_first_colour_near_grey() -> None:
    lightness = photographs(4, seed=7)
    model = make("mobilelite")
    initialise(model, [lightness])
    with torch.no_grad():
        entropy = -(model.logits(lightness).softmax(1) * model.logits(lightness).log_softmax(1)).sum(1).mean()
    assert entropy.item() == pytest.approx(math.log(5), rel=0.01)
    regression = make("regression")
    initialise(regression, [lightness])
    with torch.no_grad():
        assert regression.logits(lightness).std().item() == pytest.approx(20 * FINAL_SPREAD, rel=0.1)


def test_photographs_without_contrast_leave_finite_weights() -> None:
    model = make("tiny")
    initialise(model, [torch.full((2, 1, 64, 64), 50.0)], filters="kmeans")
    assert all(bool(p.isfinite().all()) for p in model.parameters())


def test_kmeans_finds_the_directions_that_are_there() -> None:
    generator = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q  # six orthogonal directions
    axes = axes - axes.mean(0)
    points = axes[torch.arange(600) % 6] + 0.02 * torch.randn(600, 6, generator=generator)
    centres = spherical_kmeans(points, 12, generator)
    cosines = nn.functional.normalize(axes, dim=1) @ centres.T
    assert cosines.amax(1).min() > 0.99
    assert torch.linalg.vector_norm(centres, dim=1) == pytest.approx(torch.ones(12), abs=1e-5)


def test_kmeans_filters_follow_the_patches_that_the_layer_sees() -> None:
    stripes = torch.zeros(2, 1, 64, 64)
    stripes[..., ::2, :] = 100.0  # rows alternate: within a row of a kernel all taps are alike
    model = make("tiny")
    initialise(model, [stripes], filters="kmeans")
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    inner = nn.functional.normalize(first.weight[:, 0].flatten(1), dim=1).view(-1, 3, 3)
    alike = (inner - inner.mean(2, keepdim=True)).flatten(1).norm(dim=1) < 1e-3
    assert alike.sum() >= 2  # bright and dark in the middle; there are no others, and the other clusters stay empty


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "no batch"),
        ([torch.zeros(2, 1, 32, 32), torch.zeros(2, 1, 40, 32)], "different shapes"),
        ([torch.full((2, 1, 32, 32), float("nan"))], "NaN"),
        ([torch.zeros(2, 3, 32, 32)], "N×1×H×W"),
    ],
)
def test_batches_that_cannot_serve_are_named(batches: list[Tensor], message: str) -> None:
    with pytest.raises(ColorlibError, match=message):
        initialise(make("mobilelite"), batches)


def test_an_unknown_source_of_filters_is_named() -> None:
    with pytest.raises(ColorlibError, match="random, kmeans"):
        initialise(make("mobilelite"), [photographs(2, seed=1)], filters="pca")  # type: ignore[arg-type]
