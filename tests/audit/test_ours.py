"""What the tool has written itself is told by how it begins, and is no input of the next audit."""

import json
from pathlib import Path

import pytest

from audit import engine
from audit.config import Config
from audit.gate import baseline
from audit.ours import is_ours
from audit.reports import files, formats
from audit.reports.formats import Format


@pytest.fixture
def tree(tmp_path):
    """A configuration that nothing loads, and a swallowed error."""
    root = tmp_path / "t"
    (root / "configs").mkdir(parents=True)
    (root / "configs/base.yaml").write_text("lr: 0.1\nepochs: 3\n")
    (root / "train.py").write_text(
        "def f(x):\n    try:\n        return x.stat()\n    except Exception:\n        pass\n"
    )
    (root / "README.md").write_text("# Tree\n")
    return root


def audited(root):
    return engine.audit_tree(root, config=Config(select=("configuration", "documents", "handling", "syntax")))


@pytest.mark.parametrize("form", Format)
def test_every_rendering_is_known_for_what_it_is(tree, tmp_path, form):
    path = tmp_path / form.file
    path.write_text(formats.render(audited(tree).report, form))
    assert is_ours(path)


def test_all_files_of_a_folder_of_reports_and_a_baseline_are_known(tree, tmp_path):
    result = audited(tree)
    files.write_all(tmp_path / "reports", result.report, result.facts)
    known = baseline.renewed(result.report, baseline.Baseline(), Config(), ())
    (tmp_path / "reports/known.json").write_text(baseline.render(known))
    (tmp_path / "reports/nothing.json").write_text(baseline.render(baseline.Baseline()))
    assert all(map(is_ours, (tmp_path / "reports").iterdir()))
    assert len(list((tmp_path / "reports").iterdir())) == 9


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.json", json.dumps({"accuracy": {"target": 0.9}}, indent=2)),
        ("entries.json", '{"entries": [{"fingerprint": "12ab"}]}'),
        ("README.md", "# Audit of the data\n\n**Note**: by hand.\n"),
        ("tests.xml", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="pytest">'),
        ("index.html", '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Audit</title>'),
        ("notes.txt", "✓ done with it"),
        ("train.py", ""),
    ],
)
def test_what_looks_a_little_like_it_is_not(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert not is_ours(tmp_path / name)


def test_reports_and_baselines_in_the_tree_change_nothing(tree):
    before = audited(tree)
    assert {finding.rule for finding in before.report.findings} >= {"configuration.unused", "handling.swallow"}
    files.write_all(tree / "reports", before.report, before.facts)
    for form in Format:
        (tree / f"audit{Path(form.file).suffix}").write_text(formats.render(before.report, form))
    known = baseline.renewed(before.report, baseline.Baseline(), Config(), ())
    (tree / "known.json").write_text(baseline.render(known))
    after = audited(tree)
    assert after.report.findings == before.report.findings
    assert after.report.score == before.report.score
    noted = {item.what for item in after.report.not_checked}
    assert {"audit.sarif", "known.json", "reports/report.md"} <= noted
