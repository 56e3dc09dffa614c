import json

import pytest

from audit.comparison import gates, page
from audit.comparison.compare import Difference, Judgement, Spread, differences, parameters
from audit.comparison.runs import Run, chosen
from audit.errors import AuditError
from audit.model import Verdict


@pytest.mark.parametrize(
    ("a", "b", "judgement"),
    [
        ((0.90, 0.91, 0.92), (0.95, 0.96, 0.97), Judgement.LARGER),
        ((0.95, 0.96, 0.97), (0.90, 0.91, 0.92), Judgement.LARGER),
        ((0.90, 0.91, 0.96), (0.95, 0.96, 0.97), Judgement.WITHIN),
        ((0.90, 0.90, 0.90, 0.951), (0.95, 0.96, 0.97), Judgement.WITHIN),
        ((0.10, 0.90), (0.91, 1.9), Judgement.WITHIN),
        ((0.9,), (0.1,), Judgement.UNKNOWN),
        ((0.9, 0.9), (0.1,), Judgement.UNKNOWN),
    ],
)
def test_a_difference_is_judged_by_the_spread_over_seeds(a, b, judgement):
    assert Difference("auc", Spread(a), Spread(b)).judgement is judgement


def test_metrics_of_one_side_and_without_a_value(run):
    other = Run("b" * 32, "b", {}, {"psnr": 20.0, "auc": float("nan")})
    found = {item.metric: item for item in differences([run(1)], [other])}
    assert {name: item.judgement for name, item in found.items()} == {
        "auc": Judgement.MISSING, "psnr": Judgement.MISSING,
    }  # fmt: skip
    assert found["psnr"].delta is None


def test_mean_and_deviation_are_those_of_the_sample():
    assert Spread((1.0, 3.0)).mean == 2
    assert Spread((1.0, 3.0)).deviation == pytest.approx(2**0.5)


def test_parameters_that_differ_and_seeds_that_may(run):
    a = [run(1, seed="0", lr="1e-3", same="x"), run(2, seed="1", lr="1e-3", same="x")]
    b = [run(3, seed="2", lr="1e-4", same="x", extra="y")]
    assert parameters(a, b) == [("extra", "—", "y"), ("lr", "1e-3", "1e-4")]


def test_a_name_is_a_set_over_seeds_and_of_each_seed_the_newest_counts(run, fake):
    store = fake([run(3, seed="1"), run(2, seed="0"), run(1, seed="0"), run(4, name="other")])
    assert [int(item.id, 16) for item in chosen(store, "main")] == [3, 2]
    assert [int(item.id, 16) for item in chosen(store, f"{1:032x}, other")] == [1, 4]
    for wrong in ("gone", f"{9:032x}", ""):
        with pytest.raises(AuditError, match="no finished run"):
            chosen(store, wrong)


def test_the_page_shows_both_sides_and_their_pictures(run, fake, tmp_path):
    one, two = run(1, lr="a|b"), run(2, auc=0.95, lr="<b>")
    store = fake([one, two], {one.id: {"p/grid 1.png": "A", "only.png": "x"}, two.id: {"p/grid 1.png": "B"}})
    made = page.Comparison((one,), (two,))
    text = page.markdown(made, page.copies(store, made, tmp_path))
    assert "![grid 1.png](a/p/grid%201.png) | ![grid 1.png](b/p/grid%201.png)" in text
    assert (tmp_path / "b/p/grid 1.png").read_text() == "B"
    assert r"a\|b" in text
    assert "<b>" not in text
    assert "+0.05" in text
    content = json.loads(page.document(made))
    assert content["metrics"]["auc"]["a"] == [0.9]
    assert content["parameters"]["lr"] == {"a": "a|b", "b": "<b>"}


def test_nothing_that_differs():
    made = page.Comparison((Run("a" * 32, "a", {}, {}),), (Run("b" * 32, "b", {}, {}),))
    assert page.markdown(made).count("None.") == 2


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("auc>=0.9", Verdict.PASS), ("auc > 0.9", Verdict.FAIL), ("auc<=9e-1", Verdict.PASS), ("auc<.9", Verdict.FAIL),
        ("auc>=0.91", Verdict.FAIL), ("psnr>=1", Verdict.NOT_RUN),
    ],
)  # fmt: skip
def test_gates(run, text, verdict):
    assert gates.check(gates.parsed(text), [run(1)], "test").verdict is verdict


def test_a_gate_is_about_the_mean_over_seeds(run):
    result = gates.check(gates.parsed("auc>=0.9"), [run(1, auc=0.8), run(2, auc=1.0)], "test")
    assert result.verdict is Verdict.PASS
    assert "over 2 runs" in result.message


@pytest.mark.parametrize("text", ["auc", "auc>=", "auc>=x", ">=1", "auc==1", "auc>=1.2.3"])
def test_what_is_no_gate(text):
    with pytest.raises(AuditError, match="is no gate"):
        gates.parsed(text)


@pytest.mark.parametrize(
    ("known", "auc", "verdict"),
    [
        ({"value": 0.91, "better": "higher", "tolerance": 0.01}, 0.9, Verdict.PASS),
        ({"value": 0.92, "better": "higher", "tolerance": 0.01}, 0.9, Verdict.FAIL),
        ({"value": 0.89, "better": "lower", "tolerance": 0.02}, 0.9, Verdict.PASS),
        ({"value": 0.89, "better": "lower"}, 0.9, Verdict.FAIL),
    ],
)
def test_no_worse_than_a_baseline(tmp_path, run, known, auc, verdict):
    (tmp_path / "b.json").write_text(json.dumps({"auc": known}))
    (gate,) = gates.from_baseline(tmp_path / "b.json")
    assert gates.check(gate, [run(1, auc=auc)], "test").verdict is verdict


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"), ("{}", "names no metric"), ('{"auc": 0.9}', "expected"),
        ('{"auc": {"value": 1}}', "auc.better"),
    ],
)  # fmt: skip
def test_a_wrong_baseline(tmp_path, text, words):
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(AuditError, match=words):
        gates.from_baseline(tmp_path / "b.json")


def test_a_baseline_that_is_not_there(tmp_path):
    with pytest.raises(AuditError, match="cannot be read"):
        gates.from_baseline(tmp_path / "b.json")
