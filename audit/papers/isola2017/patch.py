"""The discriminator: how large its patches are, by changing pixels; how many there are; whether it sees the input."""

import copy
from typing import Any

import numpy as np

from audit.papers import torch_probe
from audit.papers.isola2017.subject import Subject
from audit.papers.probe import Array, Measured, part

HEIGHT, WIDTH = 128, 256


def image(side: int = WIDTH, height: int = HEIGHT) -> Array:
    """Input beside output, 1×6×H×W in −1..1."""
    return np.random.default_rng(41).uniform(-1.0, 1.0, (1, 6, height, side))


def precise(subject: Subject) -> Any:
    """The discriminator in double precision, so that a small influence is not rounded away."""
    return copy.deepcopy(part(subject, "discriminator")()).double()


def size(subject: Subject) -> Measured:
    """Columns of the image that one patch's logit depends on. Normalisation is bypassed: it lets all pixels speak."""
    network = precise(subject)
    call = f"discriminator(1×6×{HEIGHT}×{WIDTH}), columns changed from either side, normalisation bypassed"
    with torch_probe.bypassed(torch_probe.norms(network)):
        first = edge(network, from_left=True)
        last = WIDTH - 1 - edge(network, from_left=False)
    if first == 0 or last == WIDTH - 1:
        return Measured(last - first + 1, np.inf, call, "as wide as the image, or wider")
    return Measured(max(0, last - first + 1), call=call)


def edge(network: Any, *, from_left: bool) -> int:
    """How many columns on one side can change without the logit in the middle noticing, by bisection."""
    plain = image()
    other = -plain[..., ::-1].copy()

    def middle(values: Array) -> float:
        logits = torch_probe.run(network, values)
        return float(logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2])

    before = middle(plain)

    def noticed(columns: int) -> bool:
        changed = plain.copy()
        side = slice(0, columns) if from_left else slice(WIDTH - columns, WIDTH)
        changed[..., side] = other[..., side]
        return middle(changed) != before

    low, high = 0, WIDTH
    if not noticed(high):
        return WIDTH
    while high - low > 1:
        between = (low + high) // 2
        low, high = (low, between) if noticed(between) else (between, high)
    return low


def grid(subject: Subject) -> Measured:
    """Patches of an image of 256×256."""
    logits = torch_probe.run(part(subject, "discriminator")(), image(height=WIDTH))
    return Measured("×".join(map(str, logits.shape[1:])), call=f"discriminator(1×6×{WIDTH}×{WIDTH})")


def conditional(subject: Subject) -> Measured:
    """Whether the input picture has a say, beside the one that is judged."""
    network = precise(subject)
    plain = image()
    changed = plain.copy()
    changed[:, :3] *= -1
    moved = np.abs(torch_probe.run(network, changed) - torch_probe.run(network, plain)).max()
    return Measured("yes" if moved > 0 else "no", call=f"discriminator(1×6×{HEIGHT}×{WIDTH}), another input picture")
