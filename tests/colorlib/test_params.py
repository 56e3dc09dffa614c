from dataclasses import fields

import pytest

from colorlib import params

ALL = {name: value for name, value in vars(params).items() if isinstance(value, params.Parameter)}


def test_the_numbers_of_the_paper() -> None:
    # Typed from the paper's text (sections 2.2 and 3.1), not from the code.
    assert params.BINS.value == 313
    assert (params.NEIGHBOURS.value, params.ENCODING_SIGMA.value) == (5, 5)
    assert (params.UNIFORM_SHARE.value, params.SMOOTHING_SIGMA.value) == (0.5, 5)
    assert params.TEMPERATURE.value == 0.38
    assert (params.ADAM_BETA1.value, params.ADAM_BETA2.value, params.WEIGHT_DECAY.value) == (0.9, 0.99, 1e-3)
    assert params.LEARNING_RATE.value == 3e-5
    assert params.LEARNING_RATE_STEPS.value == ((200_000, 1e-5), (375_000, 3e-6))


@pytest.mark.parametrize("name", ALL)
def test_every_number_says_what_it_is_and_where_it_stands(name: str) -> None:
    assert all(getattr(ALL[name], field.name) not in ("", None) for field in fields(params.Parameter))
    assert ALL[name].source.startswith(("paper", "release"))
