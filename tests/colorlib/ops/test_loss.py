import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorlib.errors import ColorlibError
from colorlib.ops import blocks, loss_kernels
from colorlib.ops.encoding import SoftTarget, soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.loss import eager_gradient, eager_normaliser, pixel_weights, rebalanced_cross_entropy

GRID = Grid.paper()


def case(n: int = 2, h: int = 3, w: int = 5, dtype: torch.dtype = torch.float64, scale: float = 3, seed: int = 3):
    generator = torch.Generator().manual_seed(seed)
    logits = (torch.randn(n, 313, h, w, dtype=torch.float64, generator=generator) * scale).to(dtype)
    ab = torch.rand(n, 2, h, w, dtype=torch.float64, generator=generator) * 200 - 100
    weights = torch.rand(313, dtype=torch.float64, generator=generator) + 0.1
    return logits, soft_encode(ab, GRID), weights


def slow(logits: torch.Tensor, target: SoftTarget, weights: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss of each pixel and gradient of the unweighted sum's formula, dense and in float64."""
    dense, z = target.dense(313).double(), logits.double()
    v = torch.ones_like(dense[:, 0]) if weights is None else weights[dense.argmax(1)]
    return -v * (dense * z.log_softmax(1)).sum(1), v[:, None] * (z.softmax(1) - dense)


TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5, torch.bfloat16: 5e-3, torch.float16: 5e-3}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("weighted", [True, False])
def test_loss_and_gradient_follow_the_formula(dtype, order, weighted):
    logits, target, weights = case(dtype=dtype)
    logits = logits.to(memory_format=order).requires_grad_()
    losses, gradient = slow(logits.detach(), target, weights if weighted else None)
    for reduction, expected, divisor in (("batch", losses.sum() / 2, 2), ("mean", losses.mean(), 30)):
        logits.grad = None
        loss = rebalanced_cross_entropy(logits, target, weights if weighted else None, reduction)
        loss.backward()
        assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        torch.testing.assert_close(loss.detach().double(), expected, rtol=1e-5, atol=0)
        assert logits.grad.dtype == dtype
        assert logits.grad.is_contiguous(memory_format=order)
        error = (logits.grad.double() - gradient / divisor).abs().max() * divisor
        assert float(error) < TOLERANCE[dtype]
    each = rebalanced_cross_entropy(logits, target, weights if weighted else None, "none")
    torch.testing.assert_close(each.detach().double(), losses, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reduction", ["batch", "mean", "none"])
def test_gradcheck(reduction):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 6, 2, 2, dtype=torch.float64, generator=generator).requires_grad_()
    indices = torch.stack([torch.randperm(6, generator=generator)[:3] for _ in range(8)]).T.reshape(1, 3, 2, 4)
    indices = torch.cat((indices[..., :2], indices[..., 2:]))  # 2×3×2×2
    target = SoftTarget(indices, torch.rand(2, 3, 2, 2, dtype=torch.float64, generator=generator))
    weights = torch.rand(6, dtype=torch.float64, generator=generator)
    assert torch.autograd.gradcheck(lambda z: rebalanced_cross_entropy(z, target, weights, reduction), logits)


@given(st.integers(0, 1000), st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]))
def test_extreme_logits(seed, dtype):
    _, target, weights = case(1, 2, 2, seed=seed)
    signs = torch.randint(-1, 2, (1, 313, 2, 2), generator=torch.Generator().manual_seed(seed))
    logits = (signs * 1e4).to(dtype).requires_grad_()
    loss = rebalanced_cross_entropy(logits, target, weights)
    loss.backward()
    assert bool(torch.isfinite(loss))
    assert bool(torch.isfinite(logits.grad).all())
    torch.testing.assert_close(
        loss.detach().double(), slow(logits.detach(), target, weights)[0].sum(), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 16, 16), (1, 9, 33)])
def test_kernel_and_torch_agree(monkeypatch, size):
    logits, target, weights = case(*size, dtype=torch.float32)
    monkeypatch.setattr(blocks, "CPU_BLOCK", 313 * 50)
    normaliser = eager_normaliser(logits, torch.float32)
    torch.testing.assert_close(loss_kernels.normaliser(logits), normaliser, rtol=1e-6, atol=1e-6)
    entries, mass = target.weights.float(), pixel_weights(target, weights).float()
    arguments = (logits, normaliser, target.indices, entries, mass)
    torch.testing.assert_close(loss_kernels.gradient(*arguments), eager_gradient(*arguments), rtol=1e-5, atol=1e-6)


def test_uncompiled_kernels_do_the_same():
    logits, target, _ = case(1, 1, 2, dtype=torch.float32)
    stored = loss_kernels._stored(logits)
    normaliser = torch.zeros(1, 2)
    loss_kernels.normaliser_range.py_func(stored, normaliser.numpy(), 1, 0, 1)
    torch.testing.assert_close(normaliser, logits.logsumexp(1)[:, 0], rtol=1e-5, atol=1e-6)
    gradient = torch.zeros_like(logits)
    flat = [tensor.flatten(-2).numpy() for tensor in (target.indices, target.weights.float(), torch.ones(1, 1, 2))]
    loss_kernels.gradient_range.py_func(stored, normaliser.numpy(), *flat, loss_kernels._stored(gradient), 1, 0, 1)
    torch.testing.assert_close(gradient, logits.softmax(1) - target.dense(313).float(), atol=1e-5, rtol=0)


def test_uncompiled_parts_do_the_same():
    tile = loss_kernels.TILE
    row = torch.linspace(-100, 0, tile).numpy()
    expected = torch.from_numpy(row).double().exp()
    power, rest = torch.zeros(tile, dtype=torch.int32).numpy(), torch.zeros(tile).numpy()
    loss_kernels._exp.py_func(row, torch.zeros(tile).numpy(), power, rest)
    torch.testing.assert_close(torch.from_numpy(row).double(), expected, rtol=1e-6, atol=2e-38)
    image = torch.randn(3, tile, generator=torch.Generator().manual_seed(0)).bfloat16()
    bits = image.view(torch.int16).numpy()
    buffer = torch.zeros(3, tile)
    loss_kernels._load.py_func(bits, 0, tile, buffer.numpy())
    assert torch.equal(buffer, image.float())
    back = torch.zeros(3, tile, dtype=torch.bfloat16)
    loss_kernels._store.py_func((buffer * 1.001).numpy(), back.view(torch.int16).numpy(), 0, tile)
    assert torch.equal(back, (buffer * 1.001).bfloat16())
    halves = (torch.arange(3 * tile, dtype=torch.int32) * 0x10000 + 0x3F808000).view(torch.float32).reshape(3, tile)
    for store in (loss_kernels._store, loss_kernels._store.py_func):
        store(halves.numpy(), back.view(torch.int16).numpy(), 0, tile)
        assert torch.equal(back, halves.bfloat16())


def test_same_bytes_with_any_number_of_threads():
    logits, target, weights = case(2, 20, 20, dtype=torch.float32)
    before, gradients = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            logits = logits.detach().requires_grad_()
            rebalanced_cross_entropy(logits, target, weights).backward()
            gradients.append(logits.grad)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(gradients[0], gradients[1])
    assert torch.equal(gradients[0], gradients[2])


def test_under_autocast():
    logits, target, weights = case(dtype=torch.bfloat16)
    logits.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss = rebalanced_cross_entropy(logits, target, weights)
    loss.backward()
    assert loss.dtype == torch.float32
    assert torch.equal(loss, rebalanced_cross_entropy(logits, target, weights))


def test_a_tie_takes_the_weight_of_the_first():
    target = SoftTarget(torch.tensor([4, 2]).reshape(1, 2, 1, 1), torch.full((1, 2, 1, 1), 0.5))
    assert float(pixel_weights(target, torch.arange(5.0))) == 4


@pytest.mark.parametrize("size", [(0, 2, 2), (1, 0, 2)])
def test_no_pixels_have_no_mean(size):
    logits, target, weights = case(*size)
    for reduction in ("batch", "mean"):
        with pytest.raises(ColorlibError, match=r"hold no pixel.*skip empty batches"):
            rebalanced_cross_entropy(logits, target, weights, reduction)
    assert rebalanced_cross_entropy(logits, target, weights, "none").shape == size


LOGITS, TARGET, WEIGHTS = case()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logits": LOGITS[:, :300]}, "encoded on 313 bins, the logits have 300"),
        ({"class_weights": torch.ones(484)}, r"class_weights have shape \(484,\) for logits of 313 bins"),
        ({"logits": LOGITS[:1]}, "N, H and W must agree"),
        ({"logits": LOGITS[0]}, "expected N×313×H×W"),
        ({"logits": LOGITS.long()}, "floating"),
        ({"reduction": "sum"}, "'sum', expected 'batch'"),
        ({"target": TARGET.dense(313)}, r"target is of type Tensor, expected a SoftTarget.*soft_encode\(ab, grid\)"),
        ({"logits": LOGITS.numpy()}, "logits is of type ndarray.*from_numpy"),
        ({"class_weights": WEIGHTS.tolist()}, r"class_weights is of type list.*shape \(313,\).*torch.tensor"),
        ({"class_weights": WEIGHTS - 1}, "class_weights run from -.*expected finite numbers ≥ 0"),
        ({"class_weights": WEIGHTS / 0}, "run from inf to inf"),
        ({"class_weights": WEIGHTS * float("nan")}, "run from nan to nan"),
        ({"class_weights": torch.ones(313, device="meta")}, "on cpu and meta: move all to one device"),
    ],
)
def test_wrong_input_is_named(change, message):
    arguments = {"logits": LOGITS, "target": TARGET, "class_weights": WEIGHTS} | change
    with pytest.raises(ColorlibError, match=message):
        rebalanced_cross_entropy(**arguments)
