"""What a probe is made of: a subject's parts, a measured value, a straight line with its uncertainty."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class MissingPartError(Exception):
    """The subject does not have a part that a probe needs: the parameter stays unknown."""


@dataclass(frozen=True)
class Measured:
    """What a probe found.

    Attributes:
        value: number or text; NaN when the behaviour has no such number at all.
        uncertainty: half-width around a number; 0 for a count or a text.
        call: what was asked of the subject, for the evidence.
        note: what else is worth knowing about it.
    """

    value: float | int | str
    uncertainty: float = 0.0
    call: str = ""
    note: str = ""


Probe = Callable[[Any], Measured]


@dataclass(frozen=True)
class Line:
    """y = slope·x + intercept by least squares, with the standard errors of both."""

    slope: float
    intercept: float
    slope_error: float
    intercept_error: float


def part(subject: object, name: str) -> Callable[..., Any]:
    """A part of the subject, as a function that says so when it is not implemented.

    Raises:
        MissingPartError: the subject has no such part, or it is None.
    """
    found = getattr(subject, name, None)
    if found is None:
        raise MissingPartError(f"the subject has no {name}()")

    def called(*arguments: Any) -> Any:
        try:
            return found(*arguments)
        except NotImplementedError:
            raise MissingPartError(f"the subject's {name}() is not implemented") from None

    return called


def array(value: Any, shape: tuple[int | None, ...], name: str) -> Array:
    """What a part returned, as float64 of the agreed shape; None stands for any length.

    Raises:
        ValueError: another shape.
    """
    result = np.asarray(value, dtype=np.float64)
    agrees = result.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, result.shape, strict=True)
    )
    if not agrees:
        wanted = "×".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name} returned shape {'×'.join(map(str, result.shape)) or 'scalar'}, expected {wanted}")
    return result


def line(x: Array, y: Array) -> Line:
    """Fit a straight line. Fewer than three points, or points above one another, have no uncertainty: NaN.

    The standard errors follow from the residuals: what is not a line shows as uncertainty.
    """
    if len(x) < 3 or float(np.ptp(x)) == 0.0:
        return Line(np.nan, np.nan, np.nan, np.nan)
    mean_x, mean_y = x.mean(), y.mean()
    spread = ((x - mean_x) ** 2).sum()
    slope = ((x - mean_x) * (y - mean_y)).sum() / spread
    intercept = mean_y - slope * mean_x
    residual = np.sqrt(((y - slope * x - intercept) ** 2).sum() / (len(x) - 2))
    return Line(
        float(slope), float(intercept), float(residual / np.sqrt(spread)),
        float(residual * np.sqrt(1 / len(x) + mean_x**2 / spread)),
    )  # fmt: skip
