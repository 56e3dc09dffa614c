"""Rebalanced soft cross-entropy (paper, section 2.2, eq. 2 and 3), without a dense target and without a dense softmax.

The K entries of a sparse target are enough: − Σ_q Z_q log softmax(z)_q = (Σ_q Z_q) · logsumexp(z) − Σ_k Z_k z_k, and
the gradient is (Σ_q Z_q) · softmax(z) − Z. Plain autograd would keep an exponential for every logit until the backward
pass; here the forward pass keeps one number per pixel, and the backward pass computes the softmax again, block by
block, in the memory of the gradient.
"""

import math
from typing import Any, Literal

import torch
from torch.autograd.function import once_differentiable

from colorlib.errors import ColorlibError
from colorlib.ops.blocks import pixel_blocks
from colorlib.ops.checks import require_floating, require_map, require_tensor, value_range, working_dtype
from colorlib.ops.encoding import SoftTarget
from footprint import device_type

Reduction = Literal["batch", "mean", "none"]


def rebalanced_cross_entropy(
    logits: torch.Tensor,
    target: SoftTarget,
    class_weights: torch.Tensor | None = None,
    reduction: Reduction = "batch",
) -> torch.Tensor:
    """Cross-entropy of predicted distributions against soft targets, each pixel weighted by its colour's rarity.

    loss = − Σ_pixels v(Z) Σ_q Z_q log softmax(logits)_q, with v(Z) = class_weights[argmax_q Z_q] (eq. 2, 3). Where
    several bins of a target are equally likely, the first in the target's order (the lowest index) gives the weight.
    Differentiable once, with respect to the logits only.

    Args:
        logits: N×Q×H×W floating point; half precisions are computed in float32, under autocast as well.
        target: soft targets of the same N, H, W.
        class_weights: Q finite weights ≥ 0, or None for 1 everywhere.
        reduction: "batch": sum over pixels divided by N, the paper's; "mean": divided by N·H·W; "none": N×H×W.

    Returns:
        A scalar, or N×H×W for "none"; float64 for float64 logits, otherwise float32.

    Raises:
        ColorlibError: where types, shapes, number of bins or devices do not fit, a weight is negative or not finite,
            the reduction is unknown, or there is no pixel to reduce over.
    """
    _require_fit(logits, target, class_weights)
    if reduction not in ("batch", "mean", "none"):
        raise ColorlibError(
            f"rebalanced_cross_entropy: reduction is {reduction!r}, expected 'batch', 'mean' or 'none'."
        )
    if reduction != "none" and target.indices[:, 0].numel() == 0:
        raise ColorlibError(
            f"rebalanced_cross_entropy: logits {tuple(logits.shape)} hold no pixel, expected at least one: "
            "skip empty batches, or take reduction='none'."
        )
    dtype = working_dtype(logits)
    if class_weights is None:
        v = torch.ones((), dtype=dtype, device=logits.device).expand(target.indices[:, 0].shape)
    else:
        v = pixel_weights(target, class_weights).to(dtype)  # N×H×W
    losses: torch.Tensor = _SoftCrossEntropy.apply(  # type: ignore[no-untyped-call]
        logits, target.indices, target.weights.to(dtype), v
    )
    if reduction == "none":
        return losses
    return losses.sum() / len(logits) if reduction == "batch" else losses.mean()


def pixel_weights(target: SoftTarget, class_weights: torch.Tensor) -> torch.Tensor:
    """Return v(Z), the class weight of each pixel's likeliest bin, N×H×W."""
    first = target.weights.argmax(dim=1, keepdim=True)  # N×1×H×W, the first where several are equal
    return class_weights[target.indices.gather(1, first)[:, 0]]  # N×H×W


class _SoftCrossEntropy(torch.autograd.Function):
    """Weighted cross-entropy per pixel, N×H×W, of logits N×Q×H×W against indices and weights N×K×H×W."""

    @staticmethod
    def forward(
        ctx: Any, logits: torch.Tensor, indices: torch.Tensor, soft: torch.Tensor, v: torch.Tensor
    ) -> torch.Tensor:
        if _compiled(logits):
            from colorlib.ops import loss_kernels

            normaliser = loss_kernels.normaliser(logits)
        else:
            normaliser = eager_normaliser(logits, soft.dtype)  # N×H×W
        ctx.save_for_backward(logits, indices, soft, v, normaliser)
        picked = logits.gather(1, indices).to(soft.dtype)  # N×K×H×W
        return v * (soft.sum(1) * normaliser - (soft * picked).sum(1))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        logits, indices, soft, v, normaliser = ctx.saved_tensors
        scale = v * upstream  # N×H×W
        entries, mass = scale.unsqueeze(1) * soft, scale * soft.sum(1)  # N×K×H×W, N×H×W
        if _compiled(logits):
            from colorlib.ops import loss_kernels

            gradient = loss_kernels.gradient(logits, normaliser, indices, entries, mass)
        else:
            gradient = eager_gradient(logits, normaliser, indices, entries, mass)
        return gradient, None, None, None


def eager_normaliser(logits: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return logsumexp over the bins, N×H×W in `dtype`, with torch operations only, block by block."""
    n, _, h, w = logits.shape
    normaliser = torch.empty((n, h * w), dtype=dtype, device=logits.device)
    for images, pixels in pixel_blocks(logits):
        block = logits.flatten(2)[images, :, pixels].to(dtype)  # n×Q×p
        largest = block.amax(1, keepdim=True)  # n×1×p
        normaliser[images, pixels] = (block - largest).exp_().sum(1).log_().add_(largest[:, 0])
    return normaliser.reshape(n, h, w)  # N×H×W


def eager_gradient(
    logits: torch.Tensor, normaliser: torch.Tensor, indices: torch.Tensor, entries: torch.Tensor, mass: torch.Tensor
) -> torch.Tensor:
    """Return mass · softmax(logits) − entries scattered to indices, with torch operations only, block by block."""
    gradient = torch.empty_like(logits)
    for images, pixels in pixel_blocks(logits):
        block = logits.flatten(2)[images, :, pixels]  # n×Q×p
        out = gradient.flatten(2)[images, :, pixels]  # n×Q×p
        shift = normaliser.flatten(1)[images, None, pixels]  # n×1×p
        in_place = logits.dtype == normaliser.dtype
        softmax = torch.sub(block, shift, out=out) if in_place else block.to(normaliser.dtype) - shift
        softmax.exp_().mul_(mass.flatten(1)[images, None, pixels])
        softmax.scatter_add_(1, indices.flatten(2)[images, :, pixels], -entries.flatten(2)[images, :, pixels])
        if not in_place:
            out.copy_(softmax)
    return gradient


def _compiled(logits: torch.Tensor) -> bool:
    return device_type(logits) == "cpu" and logits.dtype in (torch.float32, torch.bfloat16)


def _require_fit(logits: torch.Tensor, target: SoftTarget, class_weights: torch.Tensor | None) -> None:
    name = "rebalanced_cross_entropy"
    if not isinstance(target, SoftTarget):
        raise ColorlibError(
            f"{name}: target is of type {type(target).__name__}, expected a SoftTarget: make it from the ab map with "
            "soft_encode(ab, grid)."
        )
    require_tensor(logits, f"{name}: logits", "N×Q×H×W")
    require_map(logits, f"{name}: logits", logits.shape[1] if logits.ndim == 4 else target.bins or 313)
    require_floating(logits, f"{name}: logits")
    n, q, h, w = logits.shape
    target.require_bins(q)
    if class_weights is not None:
        require_tensor(class_weights, f"{name}: class_weights", f"({q},)")
    if target.indices.shape[0] != n or tuple(target.indices.shape[2:]) != (h, w):
        raise ColorlibError(
            f"{name}: target {tuple(target.indices.shape)} for logits {tuple(logits.shape)}: "
            "N, H and W must agree; encode the ab map at the size of the logits (every 4th pixel)."
        )
    devices = {str(tensor.device) for tensor in (logits, target.indices, target.weights)}
    devices |= set() if class_weights is None else {str(class_weights.device)}
    if len(devices) > 1:
        raise ColorlibError(f"{name}: tensors on {' and '.join(sorted(devices))}: move all to one device with .to().")
    if class_weights is not None:
        require_class_weights(class_weights, q, name)


def require_class_weights(class_weights: torch.Tensor, q: int, name: str) -> None:
    """Raise unless `class_weights` are q finite numbers ≥ 0; `name` is the caller's, for the message."""
    require_tensor(class_weights, f"{name}: class_weights", f"({q},)")
    if tuple(class_weights.shape) != (q,):
        raise ColorlibError(
            f"{name}: class_weights have shape {tuple(class_weights.shape)} for logits of {q} bins: "
            "compute them on the same grid."
        )
    low, high = value_range(class_weights)
    if not 0 <= low <= high < math.inf:
        raise ColorlibError(
            f"{name}: class_weights run from {low:g} to {high:g}, expected finite numbers ≥ 0: pass the result of "
            "colorlib.ops.rebalancing.class_weights."
        )
