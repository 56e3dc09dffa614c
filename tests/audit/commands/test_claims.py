import sys

import pytest


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\n[tool.audit.claims]\ndocuments = ["d.md"]\n')
    (tmp_path / "claims.toml").write_text(
        f'[a]\nevidence = "m.json"\nkey = "x"\ncommand = "{sys.executable} make.py"\n'
    )
    (tmp_path / "make.py").write_text('from pathlib import Path\n\nPath("m.json").write_text(\'{"x": 3}\')\n')
    (tmp_path / "d.md").write_text("3<!-- claim: a -->\n")
    return tmp_path


def test_exit_codes_and_recomputing(project, audit):
    assert audit("claims")[0] == 1, "there is no evidence yet"
    status, out, err = audit("claims", "--recompute")
    assert status == 0, out + err
    assert "1 holds" in out
    (project / "d.md").write_text("4<!-- claim: a -->\n")
    status, out, _ = audit("claims", "d.md")
    assert status == 1
    assert "d.md:1  claims.refuted" in out


def test_the_gate_of_the_project_holds_claims(project, audit):
    (project / "m.json").write_text('{"x": 3}')
    assert audit("--select", "claims", "--output", "out")[0] == 0
    (project / "m.json").write_text('{"x": 5}')
    assert audit("--select", "claims", "--output", "out")[0] == 1


def test_in_the_gate_a_missing_document_is_a_check_that_did_not_run(project, audit):
    (project / "d.md").unlink()
    (project / "code.py").write_text("x = 1\n")
    status, out, _ = audit("--select", "claims,stubs", "--output", "out")
    assert status == 1
    assert "○ not run  claims  tool.audit.claims.documents: no file is called d.md" in out
    assert "✓ pass     stubs" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["claims", "gone.md"], "gone.md cannot be read"), (["claims", "--draft"], "needs a document"),
        (["claims", "--ledger", "gone.toml"], "cannot be read"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("project")
def test_wrong_usage(arguments, words, audit):
    status, _, err = audit(*arguments)
    assert status == 2
    assert words in err


def test_a_command_that_fails_is_told(project, audit):
    (project / "make.py").write_text("raise SystemExit(3)\n")
    status, _, err = audit("claims", "--recompute")
    assert status == 2
    assert "ended with 3" in err
    (project / "claims.toml").write_text('[a]\ncommand = "not-installed-anywhere"\n')
    assert "cannot be run" in audit("claims", "--recompute")[2]


def test_a_ledger_by_hand_needs_no_project_and_a_draft_prints_one(project, audit):
    (project / "pyproject.toml").unlink()
    (project / "m.json").write_text('{"x": 3}')
    assert audit("claims", "d.md", "--ledger", "claims.toml")[0] == 0
    (project / "r.md").write_text("- [x] 313 bins\n")
    status, out, _ = audit("claims", "r.md", "--draft")
    assert status == 0
    assert 'text = "- [x] {} bins"' in out


def test_a_project_that_names_no_document(project, audit):
    (project / "pyproject.toml").write_text("[tool.audit]\n")
    assert audit("claims")[0] == 2
