"""Which test images are left out, and why. `python -m experiments.cifar10.select`.

Grey: no |a| or |b| above 5, as the release masks images in training; there is no colour to predict.

Near-copies of training images: Pearson's correlation of the two images' pixels (all three channels; the image or its
mirror image) above `LEAST_CORRELATION`. Candidates are the `CANDIDATES` training images whose 8×8 thumbnails correlate
most. The threshold favours finding copies: of those just above it about half are true ones, the others share a sky.
"""

import csv
import io

import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib.data.cifar10 import read_cifar10
from colorlib.files import write_text
from colorlib.ops.lab import rgb_to_lab
from colorlib.pipeline.stage import console, run_stage
from colorlib.training.objective import is_coloured
from experiments.cifar10.settings import DATA, SELECTION

LEAST_CORRELATION = 0.9
CANDIDATES = 5
BATCH = 500  # images; bounds the memory
THUMBNAIL = 8  # pixels, both sides


def main() -> None:
    """Write selection.csv: file, reason, and for a near-copy the training image and the correlation."""
    train, test = read_cifar10(DATA, "train"), read_cifar10(DATA, "test")
    images = test.tensor()
    coloured = torch.cat([is_coloured(rgb_to_lab(part)[:, 1:]) for part in torch.split(images, BATCH)])  # (N,)
    correlation, original = nearest_copies(images, train.tensor())
    rows: list[tuple[str, str, str, str]] = []
    for index, name in enumerate(test.files):
        if not coloured[index]:
            rows.append((name, "grey", "", ""))
        elif correlation[index] > LEAST_CORRELATION:
            rows.append((name, "near-copy", train.files[int(original[index])], f"{float(correlation[index]):.4f}"))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "reason", "original", "correlation"])
    writer.writerows(rows)
    write_text(SELECTION, text.getvalue())
    reasons = [row[1] for row in rows]
    console.print(f"{reasons.count('grey')} grey, {reasons.count('near-copy')} near-copies of {len(images)}")


def left_out() -> dict[str, str]:
    """What `main` wrote: the reason by the file's name."""
    with SELECTION.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["reason"] for row in csv.DictReader(file)}


def nearest_copies(images: Tensor, originals: Tensor) -> tuple[Tensor, Tensor]:
    """The highest correlation of each image, or its mirror image, with one of `originals`, and with which.

    Args:
        images: N×3×H×W uint8.
        originals: M×3×H×W uint8.

    Returns:
        N correlations in [−1, 1], and N indices into `originals`.
    """
    known = torch.cat([_standardised(_thumbnails(part)) for part in torch.split(originals, BATCH)])  # (M, 192)
    best, index = torch.full((len(images),), -1.0), torch.zeros(len(images), dtype=torch.int64)
    for start in range(0, len(images), BATCH):
        rows = slice(start, start + BATCH)
        for part in (images[rows], images[rows].flip(-1)):
            likeness = _standardised(_thumbnails(part)) @ known.T  # (B, M)
            candidates = likeness.topk(min(CANDIDATES, len(originals))).indices  # (B, K)
            pixels = _standardised(part)[:, None]  # (B, 1, 3·H·W)
            pairs = _standardised(originals[candidates.flatten()]).reshape(*candidates.shape, -1)  # (B, K, 3·H·W)
            correlation, chosen = (pixels * pairs).sum(2).max(1)  # (B,)
            better = correlation > best[rows]
            best[rows] = torch.where(better, correlation, best[rows])
            index[rows] = torch.where(better, candidates.gather(1, chosen[:, None])[:, 0], index[rows])
    return best, index


def _thumbnails(images: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(images.float(), THUMBNAIL)  # (B, 3, 8, 8)


def _standardised(images: Tensor) -> Tensor:
    flat = images.float().flatten(1)  # (B, C·H·W)
    flat = flat - flat.mean(1, keepdim=True)
    length: Tensor = torch.linalg.vector_norm(flat, dim=1, keepdim=True)  # (B, 1)
    return flat / length.clamp_min(1e-6)


if __name__ == "__main__":
    run_stage("select", main)
