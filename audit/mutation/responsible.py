"""Asks the checks that are responsible, inside a copy. Runs in a process of its own, which imports the copy's code."""

import contextlib
import io
import random
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from audit import config
from audit.adapters import import_subject
from audit.errors import AuditError
from audit.model import Example, Verdict
from audit.papers import measure, spec
from audit.rules import FAMILIES
from audit.rules.family import Family
from audit.target import open_target

Answer = dict[str, dict[str, str]]


def answer(root: Path, checks: list[str], tests: list[str]) -> Answer:
    """{check or test: {verdict, message}}. What breaks down is an error of that check."""
    seed()
    results = {name: ask(root, name) for name in checks}
    results |= {f"test:{name}": run_test(root, name) for name in tests}
    return results


def seed() -> None:
    """Start the usual sources of chance at the same place, so that the same code leaves the same evidence."""
    random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def ask(root: Path, check: str) -> dict[str, str]:
    """Verdict and message of one check."""
    kind, name = check.split(":", 1)
    try:
        if kind == "rule":
            return examples(name)
        if kind == "test":
            return run_test(root, name)
        _, paper, subject = kind.split(".")
        return parameter(root, paper, subject, name)
    except Exception as error:
        return told(Verdict.ERROR, f"{type(error).__name__}: {error}".splitlines()[0][:200])


def told(verdict: Verdict, message: str) -> dict[str, str]:
    """As JSON has it."""
    return {"verdict": verdict.value, "message": message}


def parameter(root: Path, name: str, subject: str, identifier: str) -> dict[str, str]:
    """One row of a paper, measured on one of the project's subjects.

    Raises:
        AuditError: the project has no such subject, or the paper no such parameter.
    """
    paper = spec.load(name)
    _, settings = config.load(root)
    chosen = next((item for item in settings.papers.get(name, ()) if item.name == subject), None)
    wanted = next((item for item in paper.parameters if item.id == identifier), None)
    if chosen is None or wanted is None:
        raise AuditError(f"paper.{name}.{subject}:{identifier}: no such subject in [tool.audit], or no such parameter")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = measure.row(paper, wanted, made(root, chosen.adapter), {item.name: item.reason for item in chosen.accept})
    return told(row.verdict, row.message)


@cache
def made(root: Path, adapter: str) -> Any:
    """The subject; the unchanged copy is asked for all of its parameters."""
    return import_subject(adapter, root)


def examples(identifier: str) -> dict[str, str]:
    """Whether a rule speaks on its bad examples, and its family keeps silent on the good ones.

    Raises:
        AuditError: there is no such rule.
    """
    for family in FAMILIES:
        for rule in family.rules:
            if rule.id == identifier:
                missed = [example.title for example in rule.bad if identifier not in spoken(family, example)]
                wrong = [example.title for example in rule.good if spoken(family, example)]
                if missed or wrong:
                    return told(Verdict.FAIL, f"{identifier}: missed {missed}, spoke on good {wrong}")
                return told(Verdict.PASS, f"{identifier}: {len(rule.bad)} bad and {len(rule.good)} good examples")
    raise AuditError(f"rule:{identifier}: no such rule; `python -m audit rules` lists them")


def spoken(family: Family, example: Example) -> set[str]:
    """The rules of a family that find something in an example."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in example.files:
            place = Path(folder) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text.lstrip("\n"), encoding="utf-8")
        return {finding.rule for finding in family.find(open_target(Path(folder)))}


def run_test(root: Path, name: str) -> dict[str, str]:
    """One test under pytest: pass, fail, or error where it could not be run.

    Its temporary files have a folder of their own: in the usual one, pytests that run at a time clear up after each
    other, and the one that meets a folder that has just gone warns, which counts as a failure.
    """
    import pytest

    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed),
        tempfile.TemporaryDirectory(prefix="audit-test-") as folder,
    ):  # fmt: skip
        options = ["-q", "-x", "--no-header", "--tb=line", "-p", "no:cacheprovider", "--rootdir", str(root)]
        status = pytest.main([*options, "--basetemp", f"{folder}/pytest", str(root / name)])
    lines = [line for line in printed.getvalue().splitlines() if line.strip()]
    verdicts = {pytest.ExitCode.OK: Verdict.PASS, pytest.ExitCode.TESTS_FAILED: Verdict.FAIL}
    verdict = verdicts.get(pytest.ExitCode(status), Verdict.ERROR)
    return told(verdict, lines[-1].replace(f"{root}/", "")[:200] if lines and verdict is Verdict.ERROR else name)
