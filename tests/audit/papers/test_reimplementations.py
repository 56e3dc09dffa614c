"""Two reimplementations that are wrong on purpose, each measured through an adapter of a few lines."""

from pathlib import Path

import pytest
from numpy_subject import PAPER

from audit.adapters import import_subject
from audit.config import Subject
from audit.model import Verdict
from audit.papers import measure

FOLDER = Path(__file__).parent / "reimplementations"
WRONG = {
    "torch_adapter.py": {
        "bins.count": 484, "bins.sha256": ..., "bins.beyond": 171, "network.channels": 484,  # clipped before the test
        "weights.mean": 0.11894,  # divided by the mean
        "prior.sigma": ..., "prior.isotropy": 0.045,  # smoothed over the list of bins
        "input.lightness": ..., "input.centre": ..., "input.scale": ...,  # grey luma
        "network.parameters": ..., "network.norms": 22, "network.norm_place": "before ReLU",  # one on the logits
        "loss.temperature": 0.38,
        "loss.scale": 0.0164,  # mean over 61 pixels
        "targets.source": "16 of 16 pixels",
        "masking.threshold": 0.0,
    },
    "numpy_adapter.py": {
        "lab.conversion": ...,  # from floats in 0..255
        "encoding.sigma": 0.2,  # / 2 * σ²
        "weights.lambda": 1.0,  # the prior of the pixel's own target
        "decoding.stability": 0.0, "decoding.shift": "nan",  # exp(z / T) without the maximum
        "loss.lookup": ...,  # the rebalanced gradient is written and never used
        "loss.layout": ..., "loss.scale": ..., "loss.target": ...,  # reshaped without moving the channels
        "masking.threshold": 0.0,
        "optimiser.correction": 1.347, "optimiser.epsilon": 1e-7,
        "schedule.steps": "215000, 430000", "schedule.second": 0.316,  # as released
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=WRONG)
def measured(request):
    adapter = f"{request.param}:Subject"
    subject = import_subject(adapter, FOLDER)
    return request.param, measure.check(PAPER, Subject(name="subject", adapter=adapter), subject)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_wrong_is_measured_and_what_is_missing_is_unknown(measured):
    name, result = measured
    failing = {row.id: row.evidence.measured for row in result.rows if row.verdict is Verdict.FAIL}
    assert set(failing) == set(WRONG[name])
    for row, value in WRONG[name].items():
        if value is not ...:
            assert failing[row] == (pytest.approx(value, rel=1e-3) if isinstance(value, float) else value)
    assert {row.verdict for row in result.rows} == {Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN}
    unknown = [row.message for row in result.rows if row.verdict is Verdict.UNKNOWN]
    assert all("the subject has no" in message or "not sharp enough" in message for message in unknown)


@pytest.mark.parametrize("name", WRONG)
def test_an_adapter_is_short(name):
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 25


def test_the_tutorial_shows_what_is_printed(measured):
    name, result = measured
    text = (FOLDER.parents[3] / "docs/papers.md").read_text(encoding="utf-8")
    assert (FOLDER / name).read_text(encoding="utf-8").strip() in text
    for row in result.rows:
        if row.verdict is Verdict.FAIL:
            assert f"  ✗ fail  {row.message}\n" in text
