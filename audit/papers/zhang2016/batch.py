"""The training loss of a whole batch: what divides it, which images it leaves out, whether a pixel's place matters."""

import numpy as np

from audit.papers.probe import Array, Measured, part
from audit.papers.probe import array as checked
from audit.papers.zhang2016.grid import bins
from audit.papers.zhang2016.loss import near_grey, one_image
from audit.papers.zhang2016.subject import Subject

HEIGHT, WIDTH = 3, 5
COLOURED = 40.0  # ab units, far above any threshold of grey
STEPS = 41  # amplitudes tried at a time


def gradient(subject: Subject, logits: Array, ab: Array) -> Array:
    """Gradient of the batch's loss by its logits, with equal weights."""
    weights = np.ones(logits.shape[1])
    return checked(part(subject, "batch_gradient")(logits, ab, weights), logits.shape, "batch_gradient()")


def flat_logits(subject: Subject, images: int, height: int, width: int) -> Array:
    """All bins equally likely."""
    return np.zeros((images, len(bins(subject)), height, width))


def plain(amplitudes: Array) -> Array:
    """One image of 2×2 pixels for each amplitude, a = amplitude and b = 0: N×2×2×2."""
    ab = np.zeros((len(amplitudes), 2, 2, 2))
    ab[:, 0] = amplitudes[:, None, None]
    return ab


def divisor(subject: Subject) -> Measured:
    """Gradient of a pixel in a batch of four, times four, over that of the same pixel alone: 1 where N divides."""
    ab = near_grey()
    images = np.repeat(ab.T[None, :, :, None], 4, axis=0)  # 4×2×M×1
    logits = flat_logits(subject, 4, len(ab), 1)
    together = gradient(subject, logits, images)
    alone = one_image(subject, np.moveaxis(logits[0, :, :, 0], 0, 1), ab, np.ones(logits.shape[1]))  # M×Q
    heaviest = np.abs(alone).argmax(1)
    pixels = np.arange(len(ab))
    ratio = 4 * together[:, heaviest, pixels, 0] / alone[pixels, heaviest]
    return Measured(float(ratio.mean()), float(np.ptp(ratio) / 2), "batch_gradient(4 images) and one of them alone")


def layout(subject: Subject) -> Measured:
    """Largest change of a pixel's gradient when pixels and images trade places, over the largest gradient."""
    source = np.random.default_rng(23)
    count = 2 * HEIGHT * WIDTH
    ab = source.uniform(-30.0, 30.0, (count, 2))
    rows = source.normal(0.0, 2.0, (count, len(bins(subject))))
    order = source.permutation(count)

    def arranged(values: Array) -> Array:
        return np.moveaxis(values.reshape(2, HEIGHT, WIDTH, -1), -1, 1)  # 2×C×3×5

    first = np.moveaxis(gradient(subject, arranged(rows), arranged(ab)), 1, -1).reshape(count, -1)  # 30×Q
    second = np.moveaxis(gradient(subject, arranged(rows[order]), arranged(ab[order])), 1, -1).reshape(count, -1)
    change = float(np.abs(second - first[order]).max() / np.abs(first).max())
    return Measured(change, 0.0, f"batch_gradient(2 images of {HEIGHT}×{WIDTH}), pixels in two orders")


def counted(subject: Subject, amplitudes: Array) -> Array:
    """Which images of these amplitudes take part, beside one that surely does."""
    ab = plain(np.append(amplitudes, COLOURED))
    moved = gradient(subject, flat_logits(subject, len(ab), 2, 2), ab)
    return np.asarray(np.abs(moved).max((1, 2, 3)) > 0)[:-1]


def threshold(subject: Subject) -> Measured:
    """The |a| of an even image from which on it takes part in the loss; 0 where every image does."""
    low, high = 0.0, COLOURED
    call = "batch_gradient(even images of a from 0 to 40, b = 0)"
    for _ in range(3):
        amplitudes = np.linspace(low, high, STEPS)
        taking_part = counted(subject, amplitudes)
        if taking_part.all():
            return Measured(0.0 if low == 0.0 else low, 0.0, call)
        if not taking_part[-1]:
            return Measured(np.nan, 0.0, call, f"an image of a = {high:g} takes no part")
        last = int(np.flatnonzero(~taking_part)[-1])
        low, high = float(amplitudes[last]), float(amplitudes[last + 1])
    return Measured((low + high) / 2, (high - low) / 2, call)


def masked_unit(subject: Subject) -> Measured:
    """Whether one coloured pixel lets its whole image take part, or only itself."""
    ab = plain(np.array([1.0, COLOURED]))
    ab[0, 0, 0, 0] = COLOURED
    moved = np.abs(gradient(subject, flat_logits(subject, 2, 2, 2), ab)[0]).max(0) > 0  # 2×2
    call = "batch_gradient(an image of one coloured pixel and three grey ones)"
    if not moved[0, 0]:
        return Measured("nothing", call=call, note="not even the coloured pixel takes part")
    return Measured("image" if moved.all() else "pixel", call=call)
