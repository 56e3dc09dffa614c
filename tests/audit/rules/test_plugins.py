"""Rules of another package: a small one is laid on the path with its entry point, as pip would."""

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from audit import engine
from audit.errors import AuditError
from audit.model import Severity
from audit.rules import FAMILIES, families, plugins

PROJECT = Path(__file__).parents[3]
MODULE = '''
"""Rules of a house of its own."""

from collections.abc import Iterator
from dataclasses import replace

from audit.model import Confidence, Example, Finding, Rule, Severity, found
from audit.rules.family import Family
from audit.target import Target

NAME = Rule(
    id="house.name", title="A variable called foo", why="It says nothing.", fix="Say what it is.", family="house",
    severity=Severity.MAJOR, confidence=Confidence.HIGH,
    bad=(Example("foo", (("a.py", "foo = 1\\n"),)),), good=(Example("length", (("a.py", "length = 1\\n"),)),),
)


def find(target: Target) -> Iterator[Finding]:
    for piece in target.python:
        for number, line in enumerate(piece.lines, start=1):
            if line.startswith("foo ="):
                yield found(NAME, piece.at(number), "called foo", line)


HOUSE = Family("house", "The rules of the house", (NAME,), find)
WRONG = {"not": "a family"}
TAKEN = Family("paths", "Paths again", (), find)
FOREIGN = Family("house", "Named after another", (replace(NAME, id="other.name", family="other"),), find)
'''


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Lays the package on the path, with an entry point to `value`."""

    def installed(value):
        (tmp_path / "house_rules.py").write_text(MODULE)
        info = tmp_path / "house_rules-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-rules\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[audit.rules]\nhouse = {value}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        families.cache_clear()
        assert "house-rules" in {item.name for item in distributions()}

    yield installed
    families.cache_clear()
    sys.modules.pop("house_rules", None)


def test_without_plugins_there_are_ours():
    assert families() == FAMILIES


def test_its_rules_are_listed_explained_and_run(install, tmp_path):
    install("house_rules:HOUSE")
    assert engine.find_rule("house.name").title == "A variable called foo"
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("foo = 1\n")
    report = engine.audit_tree(tree, ["house.name"]).report
    (finding,) = report.findings
    assert (finding.rule, str(finding.location), finding.severity) == ("house.name", "a.py:1", Severity.MAJOR)
    (check,) = report.checks
    assert check.accuracy is None, "nobody measured it on our corpus"
    assert report.score.value < 100


def test_its_findings_can_be_suppressed(install, tmp_path):
    install("house_rules:HOUSE")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("foo = 1  # audit: ignore[house.name] the manual calls it so\n")
    assert engine.exit_code(engine.audit_tree(tree, ["house", "suppressions"]).report) is engine.Exit.PASS


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("house_rules:NOTHING", "AttributeError"),
        ("no_such_module:HOUSE", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("house_rules:WRONG", "it is dict, not an audit.rules.family.Family"),
        ("house_rules:TAKEN", "'paths' is the name of another family"),
        ("house_rules:FOREIGN", "the rule 'other.name' must be called house.NAME"),
    ],
)
def test_a_broken_one_is_one_sentence_that_names_the_package(install, value, reason):
    install(value)
    with pytest.raises(AuditError) as caught:
        plugins.families(FAMILIES)
    message = str(caught.value)
    assert reason in message
    assert message.endswith("repair or uninstall house-rules")
    assert "\n" not in message


def test_the_command_shows_it_and_a_broken_one_is_exit_code_2(install, tmp_path):
    install("house_rules:HOUSE")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['audit', 'rules']"

    def rules():
        whole = f"{code}; from audit.__main__ import main; main()"
        return subprocess.run([sys.executable, "-c", whole], cwd=PROJECT, capture_output=True, text=True, check=False)

    done = rules()
    assert done.returncode == 0, done.stderr
    assert "house.name" in done.stdout
    (tmp_path / "house_rules.py").write_text("raise RuntimeError('not today')\n")
    done = rules()
    assert done.returncode == 2
    assert "of house-rules cannot be used: RuntimeError: not today" in done.stderr
    assert "Traceback" not in done.stderr
