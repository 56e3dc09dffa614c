import numpy as np
import pytest

from audit.config import Acceptance, Subject
from audit.errors import AuditError
from audit.model import Verdict
from audit.papers import measure, spec
from audit.papers.probe import Measured, MissingPartError, array, line, part

SUBJECT = Subject(name="s", adapter="m:c")
PARAMETER = spec.Parameter(
    id="x", name="width", symbol="σ", expected=5.0, tolerance=0.1, source="section 1", probe="m:f", unit="ab units",
    deviations=(spec.Deviation(name="seven", value=7.0, reason="as released"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "uncertainty", "verdict"),
    [
        (5.0, 0.0, Verdict.PASS),
        (5.05, 0.04, Verdict.PASS),
        (5.05, 0.2, Verdict.UNKNOWN),
        (5.2, 0.05, Verdict.FAIL),
        (5.2, np.inf, Verdict.UNKNOWN),
        (np.nan, 0.0, Verdict.FAIL),
        (np.inf, 0.0, Verdict.FAIL),
        (7.0, 0.0, Verdict.FAIL),
        ("5", 0.0, Verdict.FAIL),
    ],
)
def test_only_a_sharp_measurement_passes_or_fails(value, uncertainty, verdict):
    assert measure.judge(PARAMETER, Measured(value, uncertainty), {})[0] is verdict


def test_an_accepted_deviation_is_neither_pass_nor_fail():
    verdict, deviation = measure.judge(PARAMETER, Measured(7.0), {"seven": "why not"})
    assert verdict is Verdict.DEVIATION
    assert "why not" in measure.explain(PARAMETER, Measured(7.0), verdict, deviation, {"seven": "why not"})


def test_a_text_is_compared_as_a_whole():
    parameter = PARAMETER.model_copy(update={"expected": "coupled", "deviations": ()})
    assert measure.judge(parameter, Measured("coupled"), {})[0] is Verdict.PASS
    assert measure.judge(parameter, Measured("decoupled"), {})[0] is Verdict.FAIL


def test_digits_beyond_the_tolerance_are_not_shown():
    assert measure.shown(PARAMETER, Measured(5.0000123, 1e-7)) == (5.0, 0.01)
    assert measure.shown(PARAMETER, Measured(5.123, 0.034)) == (5.12, 0.04)
    assert measure.shown(PARAMETER, Measured(-1e-9, 0.0)) == (0.0, None)
    assert str(measure.shown(PARAMETER, Measured(-1e-9, 0.0))[0]) == "0.0"


def test_a_pass_that_is_not_the_number_itself_shows_the_tolerance():
    near = measure.explain(PARAMETER, Measured(5.05), Verdict.PASS, None, {})
    assert near == "width (σ) measured 5.05 ab units, paper 5 ± 0.1"
    assert measure.explain(PARAMETER, Measured(5.0), Verdict.PASS, None, {}).endswith("paper 5")
    assert measure.explain(PARAMETER, Measured(5.2), Verdict.FAIL, None, {}).endswith("paper 5")


def test_accepting_an_unknown_deviation_is_a_mistake_of_the_configuration():
    paper = spec.Paper(id="p", title="t", reference="r", parameters=(PARAMETER,))
    chosen = Subject(name="s", adapter="m:c", accept=(Acceptance(name="eight", reason="x"),))
    with pytest.raises(AuditError, match=r"accept 'eight'.*known: seven"):
        measure.check(paper, chosen, object())


def test_one_paper_is_the_default():
    assert spec.load(spec.default()).default
    assert sum(spec.load(name).default for name in spec.names()) == 1


def test_the_paper_is_found_and_an_unknown_one_is_refused():
    assert "zhang2016" in spec.names()
    with pytest.raises(AuditError, match=r"tool\.audit\.papers\.other: no such paper; there are: .*zhang2016"):
        spec.load("other")


def test_a_wrong_paper_file_says_where():
    with pytest.raises(AuditError, match="paramters"):
        spec.parse("p", b'id = "p"\ntitle = "t"\nreference = "r"\nparameters = []\nparamters = []\n')
    with pytest.raises(AuditError, match="cannot be read"):
        spec.parse("p", b"id = ")


def test_every_probe_exists_and_every_parameter_is_measured_once():
    paper = spec.load("zhang2016")
    for parameter in paper.parameters:
        assert callable(spec.probe(paper, parameter))
    for values in ([p.id for p in paper.parameters], [p.probe for p in paper.parameters]):
        assert len(values) == len(set(values))


def test_a_line_with_noise_has_an_uncertainty_that_covers_it():
    x = np.linspace(0, 1, 50)
    noise = np.random.default_rng(0).normal(0, 0.01, 50)
    fit = line(x, 2 * x + 1 + noise)
    assert abs(fit.slope - 2) < 4 * fit.slope_error
    assert 0 < fit.slope_error < 0.02
    assert np.isnan(line(x[:2], x[:2]).slope)


def test_a_missing_part_says_which():
    with pytest.raises(MissingPartError, match=r"no decode\(\)"):
        part(object(), "decode")


def test_a_wrong_shape_says_both():
    with pytest.raises(ValueError, match=r"shape 2×3, expected any×2"):
        array(np.zeros((2, 3)), (None, 2), "bins()")
    with pytest.raises(ValueError, match="shape scalar"):
        array(1.0, (None,), "x()")
