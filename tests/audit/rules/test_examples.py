import pytest

from audit.model import Example, Rule
from audit.rules import FAMILIES
from audit.rules.family import Family
from audit.target import open_target

CASES = [
    pytest.param(family, rule, example, expected, id=f"{rule.id}-{'bad' if expected else 'good'}-{example.title}")
    for family in FAMILIES
    for rule in family.rules
    for expected, examples in ((True, rule.bad), (False, rule.good))
    for example in examples
]


@pytest.mark.parametrize(("family", "rule", "example", "expected"), CASES)
def test_rule_speaks_on_its_bad_examples_and_only_there(
    family: Family, rule: Rule, example: Example, expected: bool, tmp_path
):
    for path, text in example.files:
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.lstrip("\n"), encoding="utf-8")
    found = {finding.rule for finding in family.find(open_target(tmp_path))}
    if expected:
        assert rule.id in found
    else:
        assert not found, "a good example is clean for its whole family"


@pytest.mark.parametrize("rule", [rule for family in FAMILIES for rule in family.rules], ids=lambda rule: rule.id)
def test_every_rule_explains_itself_and_has_both_examples(rule: Rule):
    assert rule.bad
    assert rule.good
    assert rule.id.startswith(f"{rule.family}.")
    assert all((rule.title, rule.why, rule.fix))


def test_rule_ids_are_unique():
    ids = [rule.id for family in FAMILIES for rule in family.rules]
    assert len(ids) == len(set(ids))
