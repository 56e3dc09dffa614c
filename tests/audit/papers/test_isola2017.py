"""pix2pix: probes against a right implementation and against wrong ones; and that only data and probes know it."""

from pathlib import Path

import pytest
import torch.nn.functional as F
from pix2pix_subject import Blind, PatchNet, Pix2Pix, UNet, initialised
from torch import nn

import audit
from audit.config import Subject
from audit.model import Verdict
from audit.papers import measure, spec

PAPER = spec.load("isola2017")


class L2(Pix2Pix):
    def difference(self, made, target):
        return F.mse_loss(made, target)


class Saturating(Pix2Pix):
    def fooled(self, judged):
        return -F.binary_cross_entropy_with_logits(judged, judged * 0)


class LargePatches(Pix2Pix):
    def discriminator(self):
        return initialised(PatchNet(halvings=4)).eval()


class Unconditional(Pix2Pix):
    def discriminator(self):
        return initialised(Blind()).eval()


class Evaluation(Pix2Pix):
    """The generator is put into evaluation mode, as one does with every other network."""

    def generator(self):
        return super().generator().eval()


class Instance(Pix2Pix):
    def generator(self):
        return initialised(UNet(norm=nn.InstanceNorm2d)).train()


class LittleDropout(Pix2Pix):
    def generator(self):
        return initialised(UNet(rate=0.2)).train()


def with_values(**values):
    return type("Changed", (Pix2Pix,), values)


def check(kind):
    return measure.check(PAPER, Subject(name="s", adapter="m:c"), kind())


@pytest.mark.parametrize("kind", [Pix2Pix, Instance])
def test_a_right_implementation_agrees_in_every_row(kind):
    result = check(kind)
    assert result.verdict is Verdict.PASS, result.message
    assert len(result.rows) == len(PAPER.parameters)


CASES = [
    (with_values(weight=10.0), {"loss.l1_weight": 10.0}),
    (L2, {"loss.l1_weight": ..., "loss.exponent": 2.0}),
    (Saturating, {"loss.adversarial": -0.018}),
    (with_values(factor=1.0), {"loss.discriminator": 1.0}),
    (LargePatches, {"patch.size": 142, "patch.grid": "1×14×14"}),
    (Unconditional, {"patch.conditional": "no"}),
    (Evaluation, {"norm.statistics": 0.0, "noise.at_test": "off", "noise.rate": 0.0}),
    (LittleDropout, {"noise.rate": 0.2}),
    (with_values(spread=0.1), {"weights.spread": 0.1}),
    (with_values(rate=1e-3), {"optimiser.learning_rate": 1e-3}),
    (with_values(betas=(0.9, 0.999)), {"optimiser.beta1": 0.9}),
    (with_values(betas=(0.5, 0.99)), {"optimiser.beta2": 0.99}),
    (with_values(decay=1e-3), {"optimiser.decay": "coupled"}),
]


@pytest.mark.parametrize(("kind", "expected"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_implementation_fails_in_the_responsible_rows_only(kind, expected):
    failing = {row.id: row.evidence.measured for row in check(kind).rows if row.verdict is not Verdict.PASS}
    assert set(failing) == set(expected)
    for row, value in expected.items():
        if value is not ...:
            assert failing[row] == (pytest.approx(value, rel=0.03, abs=1e-9) if isinstance(value, float) else value)


def test_what_is_missing_is_unknown_and_never_a_pass():
    assert {row.verdict for row in check(object).rows} == {Verdict.UNKNOWN}


def test_every_probe_exists_and_every_parameter_is_measured_once():
    probes = [parameter.probe for parameter in PAPER.parameters]
    assert all(callable(spec.probe(PAPER, parameter)) for parameter in PAPER.parameters)
    assert len(set(probes)) == len(probes)


def test_a_paper_is_data_and_probes_and_the_engine_knows_none():
    root = Path(audit.__file__).parent
    own = {root / "papers" / name for name in spec.names()}
    modules = [path for path in root.rglob("*.py") if not own & set(path.parents)]
    assert len(modules) > 30
    assert len(own) == 2
    for path in modules:
        text = path.read_text(encoding="utf-8")
        assert not [name for name in spec.names() if name in text], path
