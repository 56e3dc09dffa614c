"""The learning rate as a function of the step."""

import math

from colorlib import params
from colorlib.training.settings import ScheduleSettings


def learning_rate(step: int, steps: int, peak: float, settings: ScheduleSettings) -> float:
    """The learning rate of step `step` (from 0) of `steps`.

    "paper": `peak` until iteration 200,000, then lowered by the paper's factors (3e-5 → 1e-5 → 3e-6, section 3.1).
    "cosine": a linear rise over the first `warmup` share of the run, then peak · (1 + cos πt) / 2 with t from 0 to 1.
    """
    if settings.kind == "paper":
        rate = params.LEARNING_RATE.value
        for start, value in params.LEARNING_RATE_STEPS.value:
            if step >= start:
                rate = value
        return peak * rate / params.LEARNING_RATE.value
    rise = settings.warmup * steps
    if step < rise:
        return peak * (step + 1) / (rise + 1)
    return peak * (1 + math.cos(math.pi * (step - rise) / max(1.0, steps - rise))) / 2
