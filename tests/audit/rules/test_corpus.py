"""Recall and precision of every family on planted defects and near misses, compared with what reports tell."""

import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from audit import engine
from audit.model import Verdict
from audit.rules import FAMILIES, measured
from audit.rules.family import Family
from audit.scores import Accuracy
from audit.target import open_target

CORPUS = Path(__file__).parent / "corpus"
NAMES = [family.name for family in FAMILIES]


def read(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


REPOSITORIES = [read(path) for path in sorted((CORPUS / "repositories").glob("*.toml"))]


def cases(name):
    """The family's own cases, and whole trees, of which only its findings count."""
    whole = [
        case | {"expected": [text for text in case["expected"] if text.startswith(f"{name}.")]} for case in REPOSITORIES
    ]
    return read(CORPUS / f"{name}.toml")["case"] + whole


def written(case, folder):
    for path, text in case["files"].items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def measure(family: Family, folder: Path) -> tuple[Accuracy, list[str]]:
    """Counts over all cases of a family, and what was missed or wrong, in words."""
    planted = hit = false = 0
    problems = []
    for number, case in enumerate(cases(family.name)):
        root = written(case, folder / family.name / str(number))
        came = {f"{finding.rule} {finding.location}" for finding in family.find(open_target(root))}
        wanted = set(case["expected"])
        planted, hit, false = planted + len(wanted), hit + len(wanted & came), false + len(came - wanted)
        problems += [f"{case['title']}: missed {text}" for text in sorted(wanted - came)]
        problems += [f"{case['title']}: wrong {text}" for text in sorted(came - wanted)]
    return Accuracy(planted, hit, false), problems


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_the_figures_that_reports_show_are_those_of_the_corpus(family, tmp_path):
    counts, problems = measure(family, tmp_path)
    entry = "\n".join((f"[{family.name}]", *(f"{key} = {value}" for key, value in asdict(counts).items())))
    assert measured.table().get(family.name) == counts, f"measured.toml should say:\n{entry}\n" + "\n".join(problems)


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_every_family_reaches_its_marks_and_every_rule_is_planted(family):
    counts = measured.table()[family.name]
    assert counts.recall >= 0.9
    assert counts.precision >= 0.95
    planted = {text.split()[0] for case in cases(family.name) for text in case["expected"]}
    assert planted == {rule.id for rule in family.rules}
    assert any(not case["expected"] for case in cases(family.name)), "no near miss"


def test_a_deaf_or_talkative_family_changes_the_figures(tmp_path):
    syntax = FAMILIES[0]
    deaf = Family(syntax.name, syntax.title, syntax.rules, lambda _: ())
    counts, problems = measure(deaf, tmp_path)
    assert counts.recall == 0
    assert counts.precision == 1
    assert len(problems) == counts.planted


def test_a_report_carries_the_figures(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    report = engine.audit_tree(tmp_path).report
    checks = {check.id: check for check in report.checks}
    assert checks["stubs"].accuracy == measured.table()["stubs"]
    assert report.accuracy.planted == sum(
        measured.table()[check.id].planted for check in report.checks if check.verdict is not Verdict.NOT_RUN
    )


def test_the_review_that_this_project_was_born_from(tmp_path):
    (case,) = read(CORPUS / "scene.toml")["case"]
    report = engine.audit_tree(written(case, tmp_path)).report
    came = {f"{finding.rule} {finding.location}" for finding in report.findings}
    assert set(case["expected"]) <= came
    families = {"artefacts", "configuration", "paths", "imports", "duplication", "secrets"}
    assert families <= {text.split(".")[0] for text in case["expected"]}
