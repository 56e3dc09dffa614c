"""Adam's numbers, from the steps that it takes when it is handed chosen gradients. For any paper that uses Adam."""

from typing import Protocol

import numpy as np

from audit.papers.probe import Array, Measured, line, part

RATIOS = np.linspace(-1.0, 1.0, 2001)  # second gradient over the first, one parameter each
TWO_STEPS = "optimiser_path(parameters at 0, gradients 1 and then −1 … 1)"
NEGLIGIBLE = 1e-7  # a decay below this is none


class Subject(Protocol):
    """The part of a subject that these probes call."""

    def optimiser_path(self, initial: Array, gradients: list[Array]) -> list[Array]:
        """P parameters after each step of a fresh optimiser that is handed these P gradients one after another."""


def path(subject: Subject, initial: Array, gradients: list[Array]) -> list[Array]:
    """The parameters after each step, float64."""
    steps = part(subject, "optimiser_path")(initial.copy(), [gradient.copy() for gradient in gradients])
    result = [np.asarray(step, dtype=np.float64) for step in steps]
    if len(result) != len(gradients) or any(step.shape != initial.shape for step in result):
        raise ValueError("optimiser_path() must return the parameters after each step, in their own shape")
    return result


def two_steps(subject: Subject) -> tuple[Array, Array]:
    """(first step, second step), for parameters at zero, on which decay has no hold."""
    zero = np.zeros(len(RATIOS))
    first, second = path(subject, zero, [np.ones(len(RATIOS)), RATIOS])
    return first, second - first


def learning_rate(subject: Subject) -> Measured:
    """The size of Adam's first step, which does not depend on the gradient's: where it does, that is uncertainty."""
    size = np.abs(path(subject, np.zeros(9), [np.geomspace(0.1, 10.0, 9)])[0])
    return Measured(float(size.mean()), float(np.ptp(size) / 2), "optimiser_path(parameters at 0, gradients 0.1 … 10)")


def beta1_at(second: Array) -> float:
    """β₁: the second step is nought where g₂ = −β₁ g₁, because m₂ ∝ β₁ g₁ + g₂."""
    crossing = np.flatnonzero(np.diff(np.sign(second)) != 0)
    if len(crossing) == 0:
        return float("nan")
    i = int(crossing[0])
    share = second[i] / (second[i] - second[i + 1])
    return float(-(RATIOS[i] + share * (RATIOS[i + 1] - RATIOS[i])))


def beta1(subject: Subject) -> Measured:
    """β₁ to within the spacing of the gradients' ratios at worst."""
    _, second = two_steps(subject)
    return Measured(beta1_at(second), float(RATIOS[1] - RATIOS[0]) / 10, TWO_STEPS)


def beta2(subject: Subject) -> Measured:
    """β₂ from ((β₁ g₁ + g₂) / step)² ∝ v₂ ∝ β₂ g₁² + g₂²: a line in g₂² whose intercept over slope is β₂."""
    _, second = two_steps(subject)
    value = beta1_at(second)
    usable = np.abs(RATIOS + value) > 0.1  # near the zero of the step the quotient is 0/0
    fit = line(RATIOS[usable] ** 2, ((value + RATIOS[usable]) / second[usable]) ** 2)
    if not fit.slope > 1e-6 * abs(fit.intercept):
        return Measured(
            np.nan, 0.0, TWO_STEPS, "the step does not depend on the size of the gradients: no second moment"
        )
    ratio = fit.intercept / fit.slope
    error = (fit.intercept_error + ratio * fit.slope_error) / fit.slope
    return Measured(ratio, 2 * error, TWO_STEPS)


def second_step(subject: Subject) -> Measured:
    """The second step over the first under equal gradients: 1 where the moments' start at zero is corrected for."""
    first, second = path(subject, np.zeros(9), [np.geomspace(0.1, 10.0, 9)] * 2)
    ratio = (second - first) / first
    call = "optimiser_path(parameters at 0, the same gradients twice)"
    return Measured(float(ratio.mean()), float(np.ptp(ratio) / 2), call)


def epsilon(subject: Subject) -> Measured:
    """ε from the first step α·g / (g + ε): 1/step is a line in 1/g whose slope over intercept is ε."""
    gradients = np.geomspace(1e-9, 1e-6, 31)
    size = np.abs(path(subject, np.zeros(len(gradients)), [gradients])[0])
    call = "optimiser_path(parameters at 0, gradients 10⁻⁹ … 10⁻⁶)"
    if not (size > 0).all():
        return Measured(np.nan, 0.0, call, "a small gradient makes no step")
    fit = line(1 / gradients, size.max() / size)
    value = fit.slope / fit.intercept
    error = (fit.slope_error + abs(value) * fit.intercept_error) / abs(fit.intercept)
    return Measured(value, 2 * error, call)


def coupled_decay(subject: Subject) -> float:
    """L2 decay λ: at θ = 1 the first step changes its sign where the gradient is −λ; found by bisection."""

    def step(gradients: Array) -> Array:
        one = np.ones(len(gradients))
        return np.asarray(path(subject, one, [gradients])[0] - one)

    low, high = 0.0, 1.0  # decay between them
    if not step(np.array([-low, -high]))[1] > 0:
        raise ValueError("a step against a gradient of −1 does not raise the parameter")
    if not step(np.array([-NEGLIGIBLE]))[0] < 0:
        return 0.0
    candidates = np.geomspace(NEGLIGIBLE, 1.0, 257)
    for _ in range(4):
        falling = step(-candidates) < 0
        if falling.all() or not falling.any():
            break
        i = int(np.flatnonzero(falling)[-1])
        low, high = float(candidates[i]), float(candidates[min(i + 1, len(candidates) - 1)])
        candidates = np.linspace(low, high, 257)
    return (low + high) / 2


def decoupled_decay(subject: Subject) -> float:
    """AdamW's decay: without a gradient a parameter shrinks by lr·λ of itself."""
    size = learning_rate(subject).value
    assert isinstance(size, float)
    one = np.ones(1)
    shrunk = float(1.0 - path(subject, one, [np.zeros(1)])[0][0])
    return shrunk / size


def weight_decay(subject: Subject) -> Measured:
    """The decay, whichever way it works."""
    value = coupled_decay(subject)
    call = "optimiser_path(parameters at 1, gradients −10⁻⁷ … −1): where the step changes its sign"
    if value == 0.0:
        value, call = decoupled_decay(subject), "optimiser_path(parameter at 1, gradient 0)"
    return Measured(value, 1e-3 * abs(value), call)


def coupling(subject: Subject) -> Measured:
    """Whether the decay is added to the gradient (coupled), taken off the parameter (decoupled), or absent."""
    call = "optimiser_path(parameter at 1, gradients around 0)"
    if coupled_decay(subject) > NEGLIGIBLE:
        return Measured("coupled", call=call)
    shrink = decoupled_decay(subject)
    return Measured("decoupled" if shrink > NEGLIGIBLE else "none", call=call)
