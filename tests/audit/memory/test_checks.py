import pytest
import torch

from audit.memory import checks
from audit.memory.subject import chosen, read
from audit.model import Verdict
from tests.audit.memory.foreign import Adapter


def subject(flaw=""):
    return chosen(read("foreign.py:Adapter", Adapter(flaw)), ("small",))


def test_a_prediction_holds_in_a_real_run():
    check = checks.prediction_check(subject())
    assert check.verdict is Verdict.PASS
    assert [row.id for row in check.rows] == ["small.training.fp32", "small.training.bf16", "small.inference.fp32"]
    assert check.message.startswith("3 of 3 within 2 % of the allocator's record")


def test_prediction_and_run_are_asked_in_one_thread(monkeypatch):
    seen = []
    original = checks.training_peak, checks.cpu_peak
    for name, call in zip(("training_peak", "cpu_peak"), original, strict=True):

        def watched(*arguments, name=name, call=call, **options):
            seen.append((name, torch.get_num_threads()))
            return call(*arguments, **options)

        monkeypatch.setattr(checks, name, watched)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        checks.prediction_row(next(checks.cases(subject())), 8)
    finally:
        torch.set_num_threads(before)
    assert seen == [("training_peak", 1), ("cpu_peak", 1)]


def test_a_run_that_takes_more_than_its_rehearsal_fails():
    check = checks.prediction_check(subject("differs"))
    assert check.verdict is Verdict.FAIL
    row = check.rows[0]
    assert row.verdict is Verdict.FAIL
    assert row.evidence.measured > 100
    assert row.message in check.message


def test_an_honest_loop_does_not_grow():
    check = checks.growth_check(subject())
    assert check.verdict is Verdict.PASS
    assert check.rows[0].message == "small, training, fp32: nothing is retained"


@pytest.mark.parametrize(
    ("flaw", "row", "cause"),
    [
        ("retained loss", "small.training.fp32", "a loss, or a state"),
        ("missing detach", "small.training.fp32", "without .detach()"),
        ("validation with gradients", "small.training.fp32", "validation without no_grad"),
        ("missing no_grad", "small.inference.fp32", "without torch.no_grad()"),
    ],
)
def test_each_way_to_retain_memory_fails(flaw, row, cause):
    check = checks.growth_check(subject(flaw))
    assert check.verdict is Verdict.FAIL
    found = next(entry for entry in check.rows if entry.id == row)
    assert found.verdict is Verdict.FAIL
    assert cause in found.message
    others = [entry for entry in check.rows if ("training" in entry.id) != ("training" in row)]
    assert all(entry.verdict is Verdict.PASS for entry in others)


@pytest.mark.parametrize("run", [checks.prediction_check, checks.growth_check])
def test_a_subject_that_raises_is_an_error_in_its_rows_alone(run):
    check = run(subject("raises"))
    assert check.verdict is Verdict.ERROR
    assert "raised KeyError: 'no such layer'" in check.rows[0].message
    assert check.rows[-1].verdict is Verdict.PASS  # inference goes on
