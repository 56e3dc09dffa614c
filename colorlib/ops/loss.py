"""Rebalanced soft cross-entropy (paper, section 2.2, eq. 2 and 3)."""

from typing import Literal

import torch

from colorlib.errors import ColorlibError
from colorlib.ops.checks import require_floating, require_map, working_dtype
from colorlib.ops.encoding import SoftTarget

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

    Args:
        logits: N×Q×H×W floating point; half precisions are computed in float32, under autocast as well.
        target: soft targets of the same N, H, W.
        class_weights: Q weights, or None for 1 everywhere.
        reduction: "batch": sum over pixels divided by N, the paper's; "mean": divided by N·H·W; "none": N×H×W.

    Returns:
        A scalar, or N×H×W for "none"; float64 for float64 logits, otherwise float32.

    Raises:
        ColorlibError: where shapes, number of bins or devices do not fit, or the reduction is unknown.
    """
    require_map(logits, "rebalanced_cross_entropy: logits", logits.shape[1] if logits.ndim == 4 else 313)
    require_floating(logits, "rebalanced_cross_entropy: logits")
    n, q, h, w = logits.shape
    target.require_bins(q)
    if class_weights is not None and tuple(class_weights.shape) != (q,):
        raise ColorlibError(
            f"rebalanced_cross_entropy: class_weights have shape {tuple(class_weights.shape)} for logits of {q} bins: "
            "compute them on the same grid."
        )
    if target.indices.shape[0] != n or tuple(target.indices.shape[2:]) != (h, w):
        raise ColorlibError(
            f"rebalanced_cross_entropy: target {tuple(target.indices.shape)} for logits {tuple(logits.shape)}: "
            "N, H and W must agree; encode the ab map at the size of the logits (every 4th pixel)."
        )
    dtype = working_dtype(logits)
    with torch.autocast(logits.device.type, enabled=False):
        z = logits.to(dtype)
        soft = target.weights.to(dtype)
        picked = z.gather(1, target.indices)  # N×K×H×W
        losses = (soft.sum(1) * z.logsumexp(1)) - (soft * picked).sum(1)  # N×H×W
        if class_weights is not None:
            losses = losses * pixel_weights(target, class_weights).to(dtype)
        if reduction == "batch":
            return losses.sum() / n
        if reduction == "mean":
            return losses.mean()
        if reduction == "none":
            return losses
    raise ColorlibError(f"rebalanced_cross_entropy: reduction is {reduction!r}, expected 'batch', 'mean' or 'none'.")


def pixel_weights(target: SoftTarget, class_weights: torch.Tensor) -> torch.Tensor:
    """Return v(Z), the class weight of each pixel's likeliest bin, N×H×W."""
    first = target.weights.argmax(dim=1, keepdim=True)  # N×1×H×W
    return class_weights[target.indices.gather(1, first)[:, 0]]  # N×H×W
