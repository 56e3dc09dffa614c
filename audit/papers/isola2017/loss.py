"""The objective, by its gradients: λ·L1 on the picture, the logistic loss on each patch."""

import numpy as np

from audit.papers.isola2017.subject import Subject
from audit.papers.probe import Array, Measured, line, part
from audit.papers.probe import array as checked

SIDE = 16  # pixels of the pictures used
PATCHES = 3
SURE = -4.0  # a logit at which the discriminator is sure that the picture is made


def pictures() -> tuple[Array, Array]:
    """(made, target), 1×3×16×16 in −1..1, with differences from 0.01 to 0.5 of both signs."""
    source = np.random.default_rng(37)
    target = source.uniform(-0.5, 0.5, (1, 3, SIDE, SIDE))
    size = np.exp(source.uniform(np.log(0.01), np.log(0.5), target.shape))
    return target + size * source.choice([-1.0, 1.0], target.shape), target


def gradients(subject: Subject, logit: float) -> tuple[Array, Array]:
    """Gradients of the generator's loss by picture and by logits, all of which are `logit`."""
    made, target = pictures()
    judged = np.full((1, 1, PATCHES, PATCHES), logit)
    by_picture, by_logits = part(subject, "generator_gradients")(made, target, judged)
    name = "generator_gradients()"
    return checked(by_picture, made.shape, name), checked(by_logits, judged.shape, name)


def weight(subject: Subject) -> Measured:
    """λ: the sum of the sizes of the gradient by the picture, whose mean absolute difference it weighs."""
    made, target = pictures()
    by_picture, _ = gradients(subject, 0.0)
    value = float((by_picture * np.sign(made - target)).sum())
    return Measured(value, 0.0, f"generator_gradients({SIDE}×{SIDE})")


def exponent(subject: Subject) -> Measured:
    """p of a loss |d|^p, from how its gradient grows with the difference d."""
    made, target = pictures()
    by_picture, _ = gradients(subject, 0.0)
    size = np.abs(by_picture).ravel()
    call = f"generator_gradients({SIDE}×{SIDE}, differences from 0.01 to 0.5)"
    if not (size > 0).all():
        return Measured(np.nan, 0.0, call, "a difference has no gradient")
    fit = line(np.log(np.abs(made - target)).ravel(), np.log(size))
    return Measured(1 + fit.slope, 2 * fit.slope_error, call)


def adversarial(subject: Subject) -> Measured:
    """Gradient by a logit of −4: −σ(4) for −log D, −σ(−4) for log(1 − D), which saturates."""
    _, by_logits = gradients(subject, SURE)
    return Measured(float(by_logits.sum()), 0.0, f"generator_gradients(logits of {SURE:g})")


def halved(subject: Subject) -> Measured:
    """Factor of the discriminator's loss: at logits of 0 the logistic loss alone has gradients of ∓½."""
    even = np.zeros((1, 1, PATCHES, PATCHES))
    real, made = part(subject, "discriminator_gradients")(even, even)
    name = "discriminator_gradients()"
    sums = -checked(real, even.shape, name).sum(), checked(made, even.shape, name).sum()
    return Measured(float(sum(sums)), float(abs(sums[0] - sums[1])), "discriminator_gradients(logits of 0)")
