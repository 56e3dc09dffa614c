"""Suite `ops`: the paper's operations beside the libraries and the plain torch that one would use instead."""

from collections.abc import Callable

import cv2
import kornia
import numpy as np
import torch
from scipy.sparse import csr_matrix
from skimage.color import lab2rgb, rgb2lab
from sklearn.neighbors import NearestNeighbors

from benchmarks.harness import Limit, Mark, Row, interleaved, peak_extra_mebibytes
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.encoding import SoftTarget, soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.lab import eager_rgb_to_lab, lab_to_rgb, rgb_to_lab
from colorlib.ops.loss import rebalanced_cross_entropy
from colorlib.ops.upsampling import upsample

Contenders = dict[str, Callable[[], object]]


def run(rounds: int = 9, shrink: int = 1) -> list[Row]:
    """Measure every row; `shrink` divides the sides of all images, for a quick trial."""
    suite = (rgb_to_lab_row, lab_to_rgb_row, soft_encoding_row, histogram_row, decoding_row, loss_row)
    return [row(rounds, shrink) for row in suite]


def rgb_to_lab_row(rounds: int, shrink: int) -> Row:
    """uint8 sRGB to Lab; the peers get their floats ready-made."""
    side = 2048 // shrink
    image = photo_like(3, side)
    floats = image.float() / 255
    interleaved_floats = np.ascontiguousarray(floats[0].permute(1, 2, 0).numpy())  # H×W×3
    contenders: Contenders = {
        "ours": lambda: rgb_to_lab(image),
        "scikit-image float32": lambda: rgb2lab(interleaved_floats),
        "kornia eager": lambda: kornia.color.rgb_to_lab(floats),
        "OpenCV float32": lambda: cv2.cvtColor(interleaved_floats, cv2.COLOR_RGB2Lab),
    }
    exact = eager_rgb_to_lab(image.double() / 255)
    opencv = torch.from_numpy(cv2.cvtColor(interleaved_floats, cv2.COLOR_RGB2Lab)).permute(2, 0, 1)  # 3×H×W
    limits = [Limit("largest error", float((rgb_to_lab(image) - exact).abs().max()), 1e-3, "Lab units")]
    facts = {"largest error, OpenCV": f"{float((opencv - exact[0]).abs().max()):.2g}"}
    marks = [Mark("scikit-image float32", 10), Mark("kornia eager", 10), Mark("OpenCV float32", 1)]
    return Row(f"rgb→Lab, uint8 {side}×{side}", interleaved(contenders, rounds), marks, facts, limits)


def lab_to_rgb_row(rounds: int, shrink: int) -> Row:
    """Lab to uint8 sRGB."""
    side = 2048 // shrink
    image = photo_like(3, side)
    lab = rgb_to_lab(image)
    lab_last = np.ascontiguousarray(lab[0].permute(1, 2, 0).numpy())  # H×W×3
    contenders: Contenders = {
        "ours": lambda: lab_to_rgb(lab, as_uint8=True),
        "scikit-image": lambda: np.rint(lab2rgb(lab_last) * 255).astype(np.uint8),
    }
    changed = int((lab_to_rgb(lab, as_uint8=True) != image).sum())
    facts = {"channel values changed by uint8 → Lab → uint8": str(changed)}
    return Row(f"Lab→rgb, {side}×{side} to uint8", interleaved(contenders, rounds), [Mark("scikit-image", 10)], facts)


def soft_encoding_row(rounds: int, shrink: int) -> Row:
    """The five nearest of 313 bins and their weights."""
    side = 256 // shrink
    ab, grid = photo_like_ab(side), Grid.paper()
    pixels = ab[0].flatten(1).T.contiguous()  # P×2
    tree = NearestNeighbors(n_neighbors=5, algorithm="ball_tree").fit(grid.points.numpy())

    def ball_tree() -> csr_matrix:
        distances, bins = tree.kneighbors(pixels.numpy())
        weights = np.exp(-(distances**2) / 50)
        weights /= weights.sum(1, keepdims=True)
        starts = np.arange(0, bins.size + 1, 5)
        return csr_matrix((weights.ravel(), bins.ravel(), starts), shape=(len(bins), len(grid)))

    def all_distances() -> tuple[torch.Tensor, torch.Tensor]:
        distances, bins = torch.cdist(pixels, grid.points).topk(5, largest=False)
        return bins, torch.softmax(-distances.square() / 50, dim=1)

    contenders: Contenders = {
        "ours": lambda: soft_encode(ab, grid),
        "scikit-learn ball tree": ball_tree,
        "torch cdist + topk": all_distances,
    }
    marks = [Mark("scikit-learn ball tree", 10), Mark("torch cdist + topk", 20)]
    facts = {"goal": "15 and 30 times"}
    return Row(f"soft encoding, {side}×{side}, K = 5, exact", interleaved(contenders, rounds), marks, facts)


def histogram_row(rounds: int, shrink: int) -> Row:
    """Counting the nearest bins of an ab map."""
    side = 256 // shrink
    ab, grid = photo_like_ab(side), Grid.paper()

    def all_distances() -> torch.Tensor:
        pixels = ab[0].flatten(1).T  # P×2
        return torch.bincount(torch.cdist(pixels, grid.points).argmin(1), minlength=len(grid))

    contenders: Contenders = {"ours": lambda: grid.histogram(ab), "torch cdist + argmin": all_distances}
    marks = [Mark("torch cdist + argmin", 100)]
    return Row(f"histogram of ab, {side}×{side}", interleaved(contenders, rounds), marks)


def decoding_row(rounds: int, shrink: int) -> Row:
    """Decoding at stride 4 and enlarging ab, beside enlarging the logits first."""
    side = 256 // shrink
    grid = Grid.paper()
    logits = torch.randn(1, len(grid), side // 4, side // 4, generator=torch.Generator().manual_seed(0)) * 4
    large = torch.nn.functional.interpolate(logits, size=(side, side), mode="bilinear")

    def at_full_size() -> torch.Tensor:
        return torch.einsum("nqhw,qc->nchw", torch.softmax(large / 0.38, dim=1), grid.points)

    contenders: Contenders = {
        "ours": lambda: upsample(annealed_mean(logits, grid), 4, side, side),
        "softmax + einsum at full size": at_full_size,
    }
    marks = [Mark("softmax + einsum at full size", 30)]
    return Row(f"annealed mean at {side // 4}² and ×4 upsampling", interleaved(contenders, rounds), marks)


def loss_row(rounds: int, shrink: int) -> Row:
    """Forward and backward pass of the rebalanced loss; peak memory beside dense targets."""
    side, grid = 64 // shrink, Grid.paper()
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(8, len(grid), side, side, generator=generator).requires_grad_()
    target = soft_encode(torch.cat([photo_like_ab(side)] * 8), grid)
    weights = torch.rand(len(grid), generator=generator) + 0.1

    def ours() -> torch.Tensor:
        return gradient(rebalanced_cross_entropy(logits, target, weights), logits)

    def dense() -> torch.Tensor:
        return gradient(dense_cross_entropy(logits, target, weights), logits)

    times = interleaved({"ours": ours, "dense soft targets": dense}, rounds)
    sparse_peak, dense_peak = peak_extra_mebibytes(ours), peak_extra_mebibytes(dense)
    facts = {"peak extra memory": f"{sparse_peak:.0f} MiB beside {dense_peak:.0f} MiB dense"}
    share = 100 * sparse_peak / max(dense_peak, 1e-9)
    limits = [Limit("peak extra memory beside dense targets", share, 60, "%")]
    name = f"loss forward + backward, [8, {len(grid)}, {side}, {side}]"
    return Row(name, times, [Mark("dense soft targets", 1)], facts, limits)


def dense_cross_entropy(logits: torch.Tensor, target: SoftTarget, weights: torch.Tensor) -> torch.Tensor:
    """The formula with a dense N×Q×H×W target and plain autograd."""
    soft = target.dense(logits.shape[1])
    v = weights[soft.argmax(1)]  # N×H×W
    return -(v * (soft * logits.log_softmax(1)).sum(1)).sum() / len(logits)


def gradient(loss: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """The gradient of a loss with respect to the logits."""
    return torch.autograd.grad(loss, logits)[0]


def photo_like(channels: int, side: int) -> torch.Tensor:
    """A uint8 1×channels×side×side image: smooth areas with some noise, as photographs have."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, channels, max(1, side // 16), max(1, side // 16), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    noise = torch.rand(1, channels, side, side, generator=generator) * 0.1
    return ((smooth * 0.9 + noise) * 255).to(torch.uint8)


def photo_like_ab(side: int) -> torch.Tensor:
    """The ab map, 1×2×side×side, of such an image."""
    return rgb_to_lab(photo_like(3, side))[:, 1:].contiguous()
