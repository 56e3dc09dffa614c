import json

import pytest

from audit.claims.check import check, made_check
from audit.claims.ledger import load
from audit.config import Claims
from audit.model import Verdict

CARDS = """
["card-{run}-{what}"]
each = { run = ["a", "b"], what = ["auc", "psnr"] }
evidence = "{run}.json"
key = "test.{what}"
document = "models/{run}/README.md"
text = "| {what} | {} |"
"""
SETTINGS = Claims(documents=("d.md",), made=("models/*/README.md",))
CARD = "# Card\n\n| auc | 0.9 |\n| psnr | 20.5 |\n"


@pytest.fixture
def cards(tmp_path):
    """Two model cards and their evidence, and a document without a claim."""
    (tmp_path / "claims.toml").write_text(CARDS)
    (tmp_path / "d.md").write_text("nothing")
    for name in "ab":
        (tmp_path / f"models/{name}").mkdir(parents=True)
        (tmp_path / f"models/{name}/README.md").write_text(CARD)
        (tmp_path / f"{name}.json").write_text(json.dumps({"test": {"auc": 0.904, "psnr": 20.5}}))
    return tmp_path


def test_an_entry_stands_for_every_combination(cards):
    entries = load(cards / "claims.toml")
    assert list(entries) == ["card-a-auc", "card-a-psnr", "card-b-auc", "card-b-psnr"]
    assert entries["card-b-psnr"].evidence == "b.json"
    assert entries["card-b-psnr"].text == "| psnr | {} |"


def test_a_document_that_the_pipeline_makes_is_a_check_of_its_own(cards):
    result = made_check(cards, SETTINGS)
    assert (result.id, result.verdict) == ("claims.made", Verdict.PASS)
    assert "4 claims: 4 holds" in result.message
    assert check(cards, SETTINGS).verdict is Verdict.NOT_APPLICABLE, "none of them is a matter of the other check"


@pytest.mark.parametrize(("old", "new", "words"), [("0.9", "0.8", "document says 0.8"), ("auc", "AuC", "does not say")])
def test_a_wrong_card_is_a_finding_in_it(cards, old, new, words):
    (cards / "models/b/README.md").write_text(CARD.replace(old, new))
    result = made_check(cards, SETTINGS)
    assert result.verdict is Verdict.FAIL
    (finding,) = result.findings
    assert finding.location.path == "models/b/README.md"
    assert words in finding.message
    assert len(result.rows) == 3


def test_before_the_pipeline_has_made_any_it_does_not_apply_and_one_missing_is_no_evidence(cards):
    (cards / "models/a/README.md").unlink()
    result = made_check(cards, SETTINGS)
    assert result.verdict is Verdict.FAIL
    assert "there is no models/a/README.md" in result.findings[0].message
    (cards / "models/b/README.md").unlink()
    assert made_check(cards, SETTINGS).verdict is Verdict.NOT_APPLICABLE


def test_ledger_documents_and_evidence_are_inputs(cards):
    proof = made_check(cards, SETTINGS).evidence[0]
    paths = ["a.json", "b.json", "claims.toml", "models/a/README.md", "models/b/README.md"]
    assert [item.path for item in proof.inputs] == paths


def test_where_all_must_be_bound_a_loose_number_is_a_finding(cards):
    (cards / "models/b/README.md").write_text(CARD + "\n7 weights, 8 bins\n")
    assert made_check(cards, SETTINGS).verdict is Verdict.PASS
    result = made_check(cards, SETTINGS.model_copy(update={"complete": ("models/*/README.md",)}))
    assert result.verdict is Verdict.FAIL
    (finding,) = result.findings
    assert (str(finding.location), finding.rule) == ("models/b/README.md:6", "claims.unbound")
    assert finding.message == "bound to nothing: 7, 8"
