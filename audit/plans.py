"""The checks that there are, each still to be run."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

from audit import lookup, memory
from audit.adapters import import_subject
from audit.claims import check as claims
from audit.config import Config, Memory, Subject
from audit.errors import AuditError, NotRunError
from audit.model import Check, Evidence, InputHash, NotChecked, Verdict, counted
from audit.mutation import campaign
from audit.mutation import evidence as mutation
from audit.papers import measure, spec
from audit.provenance import imported, together
from audit.rules import families, measured
from audit.rules.family import Family
from audit.runners import version
from audit.target import PYTHON_SUFFIXES, Kind, Target, read
from audit.tools import evidence, lint, types


@dataclass(frozen=True)
class Plan:
    """A check that is still to be run."""

    id: str
    title: str
    run: Callable[[], Check]


def already(check: Check) -> Plan:
    """A check that has been made, as a plan."""
    return Plan(check.id, check.title, lambda: check)


def rule_plans(target: Target) -> list[Plan]:
    """One check for each family of static rules."""
    return [Plan(family.name, family.title, partial(family_check, family, target)) for family in families()]


def family_check(family: Family, target: Target) -> Check:
    """All rules of a family over the tree.

    Raises:
        NotRunError: there was nothing that it could read.
    """
    reads_text = family.reads_text
    of_code = family.of_code or not reads_text
    if of_code and not has_python(target):
        return Check(family.name, family.title, Verdict.NOT_APPLICABLE, "no Python in the tree")
    # What two detectors say of one place under one id is one finding.
    found = tuple({(item.rule, item.location): item for item in lookup.findings(family, target)}.values())
    if not found and not is_read(target, of_code=of_code):
        kind = "Python" if of_code else "file"
        remedy = "mend the files that do not parse or cannot be read, or leave them out by name"
        raise NotRunError(f"no {kind} of the tree can be read", remedy)
    seen = len(target.files) if reads_text else len(target.python_files)
    message = f"{counted(len(found), 'finding')} in {counted(seen, 'file')}"
    versions = (("python", platform.python_version()), *(version(name) for name in family.versions))
    command = f"audit.rules.{family.name} on {counted(seen, 'file')}"
    name, read = ("(all files)", target.files) if reads_text else ("(Python files)", target.python_files)
    inputs = (InputHash(name, together(target, read)),)
    proof = Evidence(command, len(found), 0, "findings", versions=versions, inputs=inputs)
    verdict = Verdict.FAIL if found else Verdict.PASS
    accuracy = measured.table().get(family.name)
    return Check(family.name, family.title, verdict, message, found, (proof,), accuracy=accuracy)


def has_python(target: Target) -> bool:
    """Whether there is a module, or a notebook with a code cell."""
    modules = any(path.endswith(PYTHON_SUFFIXES) for path in target.files)
    return modules or any(piece.kind is Kind.PYTHON for piece in target.pieces)


def is_read(target: Target, *, of_code: bool) -> bool:
    """Whether a piece of Python, or of any text, was read without a problem; also where there is no text at all."""
    known: dict[bool, bool] = target.derived.setdefault("is_read", {})
    if of_code not in known:
        lost = lookup.lost_files(target)
        files = (path for path in (target.python_files if of_code else target.files) if path not in lost)
        pieces = (piece for path in files for piece in read(target.root, path))
        asked = (piece for piece in pieces if piece.kind is Kind.PYTHON or not of_code)
        problems = (piece.problem is not None and piece.tree is None for piece in asked)
        first = next(problems, bool(lost))
        known[of_code] = not (first and all(problems))  # no more are read than it takes to know
    return known[of_code]


def tool_plans(target: Target, config: Config) -> list[Plan]:
    """Linters, types, and what the test run left behind; also what linters and mypy left, in place of running them."""
    left = config.evidence
    linters: dict[str, Callable[[], Check]] = {
        "ruff": partial(lint.ruff_check, target),
        "flake8": partial(lint.flake8_check, target),
    }
    linters |= {PurePosixPath(path).stem: partial(lint.sarif_check, target, config, path) for path in left.sarif}
    mypy = partial(types.file_check, target, config, left.mypy) if left.mypy else partial(types.mypy_check, target)
    plans = [
        *(Plan(f"lint.{name}", f"{name} finds nothing", run) for name, run in linters.items()),
        Plan(types.ID, types.TITLE, mypy),
        Plan("tests.run", "All tests pass", partial(evidence.tests_check, target, config)),
    ]
    for package in config.coverage.packages:
        check = partial(evidence.coverage_check, target, config, package)
        plans.append(Plan(f"coverage.{package}", f"Tests cover {package}", check))
    return plans


def mutation_plans(root: Path, config: Config) -> list[Plan]:
    """What the last trial of all mutants left behind, where the project has a list of them."""
    if config.mutants is None:
        return []
    return [Plan(mutation.ID, mutation.TITLE, partial(campaign.gate, root, config.mutants))]


def claim_plans(root: Path, config: Config) -> list[Plan]:
    """The numbers of the documents that the project names."""
    if config.claims is None:
        return []
    plans = [Plan(claims.ID, claims.TITLES[claims.ID], partial(claims.gate, root, config.claims))]
    if config.claims.made:
        plans.append(Plan(claims.MADE, claims.TITLES[claims.MADE], partial(claims.made_check, root, config.claims)))
    return plans


def memory_plans(
    root: Path, subject: Callable[[], Any], target: Target | None = None, *, gpu: bool = False
) -> list[Plan]:
    """Predictions against real runs, and growth; on a GPU as well where it is asked for or there is one.

    Args:
        subject: makes what `audit.memory.subject.read` returns; called when the first check runs.
        target: the tree that the subject is part of, for the evidence.
        gpu: whether the check on a GPU stands in the report even where there is none.
    """
    from footprint.measure import cuda_available

    made = cache(subject)
    names = (memory.PREDICTION, memory.GROWTH, *((memory.CUDA,) if gpu or cuda_available() else ()))
    return [Plan(name, memory.TITLES[name], partial(memory_check, root, name, made, target)) for name in names]


def memory_check(root: Path, name: str, subject: Callable[[], Any], target: Target | None = None) -> Check:
    """Run one of the checks. A subject that cannot be made is an error of its own, not of the audit."""
    from audit.memory import checks, cuda

    run = {
        memory.PREDICTION: checks.prediction_check,
        memory.GROWTH: checks.growth_check,
        memory.CUDA: cuda.cuda_check,
    }
    try:
        made = subject()
    except AuditError:
        raise
    except Exception as error:
        return Check(name, memory.TITLES[name], Verdict.ERROR, f"the adapter raised {describe(error)}")
    return with_code(run[name](made), root, target)


def memory_subject(root: Path, settings: Memory, models: Sequence[str] = ()) -> Any:
    """Import the adapter and read what it shows, of these models or of all.

    Raises:
        AuditError: there is no such adapter, it shows nothing, or there is no such model.
    """
    from audit.memory import subject

    return subject.chosen(subject.read(settings.adapter, import_subject(settings.adapter, root)), models)


def paper_plans(root: Path, config: Config, target: Target | None = None) -> list[Plan]:
    """One check for each paper and subject; `target` is the tree that the subjects are part of, for the evidence."""
    return [
        Plan(
            f"paper.{name}.{subject.name}",
            plan_title(paper, subject),
            partial(paper_check, root, paper, subject, target),
        )
        for name, subjects in config.papers.items()
        for paper in (spec.load(name),)
        for subject in subjects
    ]


def paper_check(root: Path, paper: spec.Paper, subject: Subject, target: Target | None = None) -> Check:
    """Import the adapter and measure it. A subject that cannot be made is an error of its own, not of the audit."""
    try:
        made = import_subject(subject.adapter, root)
    except AuditError:
        raise
    except Exception as error:
        message = f"{subject.adapter} raised {describe(error)}"
        return Check(f"paper.{paper.id}.{subject.name}", plan_title(paper, subject), Verdict.ERROR, message)
    return with_code(measure.check(paper, subject, made), root, target)


def with_code(check: Check, root: Path, target: Target | None) -> Check:
    """A check that ran code of a tree, with the hash of that code in its evidence: of all, or of what was imported."""
    if not check.evidence:
        return check
    code = (InputHash("(Python files)", together(target, target.python_files)),) if target else imported(root)
    first = replace(check.evidence[0], inputs=(*check.evidence[0].inputs, *code))
    return replace(check, evidence=(first, *check.evidence[1:]))


def plan_title(paper: spec.Paper, subject: Subject) -> str:
    """The criterion of a paper's check."""
    return f"{paper.title}, measured on {subject.name}"


def paper_gaps(config: Config) -> list[NotChecked]:
    """What the papers' files say is not measured."""
    return [
        NotChecked(f"{name}: {gap.what}", gap.why, gap.how)
        for name in config.papers
        for gap in spec.load(name).not_measured
    ]


def describe(error: Exception) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
