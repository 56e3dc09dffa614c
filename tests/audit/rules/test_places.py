"""Where a rule points to, and what it must never show."""

import json

import pytest

from audit import engine
from audit.errors import NotRunError
from audit.model import Verdict
from audit.reports import json_report, markdown
from audit.rules import syntax
from audit.rules.imports import rules as imports
from audit.rules.paths import rules as paths
from audit.rules.secrets import rules as secrets
from audit.rules.secrets import tokens as service_tokens
from audit.rules.stubs import rules as stubs
from audit.target import open_target

# Put together here, so that this file does not hold what its own audit looks for.
TOKEN = "AKIA" + "Q4NOT7A8REAL2KEY"  # audit: ignore[secrets.token] made up
WORD = "hunter2" + "x9Q"
KEY = "9f8e7d6c5b4a3928" + "1706f5e4d3c2b1a0"
HOME = "/".join(("", "home", "alice", "x"))


def code(*lines, outputs=()):
    joined = [f"{line}\n" for line in lines]
    return {"cell_type": "code", "metadata": {}, "execution_count": None, "source": joined, "outputs": list(outputs)}


@pytest.fixture
def notebook(tmp_path):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Title"},
        code("%matplotlib inline", "import json", "", "def f():", "    pass"),
        code(f"path = '{HOME}'", "%%not a cell magic here", outputs=[{"output_type": "stream", "text": f"a\n{TOKEN}"}]),
        code("x = (", outputs=[]),
    ]
    document = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "n.ipynb").write_text(json.dumps(document))
    return open_target(tmp_path)


@pytest.mark.parametrize(
    ("family", "place"),
    [
        (stubs, "n.ipynb#cell=1:4"),
        (paths, "n.ipynb#cell=2:1"),
        (secrets, "n.ipynb#cell=2:2"),
        (syntax, "n.ipynb#cell=3:1"),
    ],
)
def test_a_finding_in_a_notebook_names_the_cell_and_the_line(notebook, family, place):
    assert [str(finding.location) for finding in family.find(notebook)] == [place]


def test_ruff_s_cells_are_counted_as_ours(tmp_path):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "x"}, code("x = 1"), code("y = 1", "import json")]
    document = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "n.ipynb").write_text(json.dumps(document))
    (finding,) = imports.find(open_target(tmp_path))
    assert str(finding.location) == "n.ipynb#cell=2:2"
    assert finding.message == "`json` is imported and never used"


def test_an_import_under_a_bare_except_is_a_test_of_its_own(tmp_path):
    (tmp_path / "a.py").write_text("try:\n    import fast\nexcept:\n    pass\nimport slow\n")
    assert [str(finding.location) for finding in imports.find(open_target(tmp_path))] == ["a.py:5"]


def test_ruff_s_complaints_about_syntax_are_not_imports(tmp_path):
    (tmp_path / "a.py").write_text("import (\n")
    assert list(imports.find(open_target(tmp_path))) == []


def test_no_credential_reaches_any_report(tmp_path):
    (tmp_path / "a.py").write_text(f"password = '{WORD}'\nx = '{TOKEN}'\n")
    (tmp_path / ".env").write_text(f"API_KEY={KEY}\n")
    (tmp_path / "b.yaml").write_text(f"url: https://bob:{WORD}@db.internal/x\n")
    report = engine.audit_tree(tmp_path).report
    places = {str(finding.location) for finding in report.findings if finding.family == "secrets"}
    assert places == {"a.py:1", "a.py:2", ".env:1", "b.yaml:1"}
    for text in (markdown.render(report), json_report.render(report), repr(report)):
        for value in (WORD, TOKEN, KEY):
            assert value[:5] not in text


def test_without_detect_secrets_the_family_did_not_run(tmp_path, monkeypatch):
    def missing(_):
        raise NotRunError("detect-secrets is not installed", "install it")

    (tmp_path / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(secrets, "version", missing)
    check = next(check for check in engine.audit_tree(tmp_path).report.checks if check.id == "secrets")
    assert check.verdict is Verdict.NOT_RUN


def test_an_old_detect_secrets_is_not_run():
    with pytest.raises(NotRunError, match="has no NoSuchDetector"):
        service_tokens.load("keyword:NoSuchDetector")


def test_passwords_are_sought_in_configuration_and_code_only(tmp_path):
    (tmp_path / "story.tex").write_text(f'password = "{WORD}"\n')
    assert list(secrets.find(open_target(tmp_path))) == []


def test_the_same_tree_gives_the_same_bytes(tmp_path):
    rendered = []
    for place in ("one", "two"):
        folder = tmp_path / place / "tree"
        folder.mkdir(parents=True)
        for name in ("b.py", "a.py") if place == "one" else ("a.py", "b.py"):
            (folder / name).write_text(f"import os\npassword = '{WORD}'\n\n\ndef f():\n    pass\n")
        report = engine.audit_tree(folder).report
        rendered.append((markdown.render(report), json_report.render(report)))
    assert rendered[0] == rendered[1]
    assert str(tmp_path) not in rendered[0][1]
