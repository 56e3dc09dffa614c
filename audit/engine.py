"""Collects checks, runs them one by one, adds them up."""

import platform
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import assert_never

from audit.config import Config, Subject, load, parse
from audit.errors import AuditError, NotRunError
from audit.model import Check, Evidence, Finding, NotChecked, Report, Rule, RunFacts, Verdict, counted, matches
from audit.papers import measure, spec
from audit.rules import FAMILIES
from audit.rules import measured as measured_rules
from audit.rules.family import Family
from audit.runners import version
from audit.target import Kind, Target, open_target
from audit.tools import evidence, lint, types


class Exit(IntEnum):
    """Exit codes of the command."""

    PASS = 0
    GATE_FAILED = 1
    USAGE = 2
    NOTHING_AUDITED = 3
    AUDIT_FAILED = 4


@dataclass(frozen=True)
class Plan:
    """A check that is still to be run."""

    id: str
    title: str
    run: Callable[[], Check]


@dataclass(frozen=True)
class Audit:
    """A result, and the facts of this run that do not belong into it."""

    report: Report
    facts: RunFacts


Progress = Callable[[str], None]


def silent(_title: str) -> None:
    """Report progress to nobody."""
    return


def audit_project(
    root: Path, subject: str, config: Config, select: Sequence[str] = (), require: Sequence[str] = (),
    progress: Progress = silent,
) -> Audit:  # fmt: skip
    """Everything that `[tool.audit]` names: rules, tools, evidence of tests, papers.

    Raises:
        AuditError: a selected or required check does not exist, or a paper is not known.
    """
    target = open_target(root, config.include, config.exclude)
    plans = rule_plans(target) + tool_plans(target, config) + paper_plans(root, config)
    required = tuple(dict.fromkeys((*config.require, *require)))
    for name in (*select, *required):
        if not any(matches(plan.id, name) for plan in plans):
            raise AuditError(f"no check is called {name!r}; there are: {', '.join(plan.id for plan in plans)}")
    chosen = [plan for plan in plans if not select or any(matches(plan.id, name) for name in select)]
    omitted = [
        NotChecked(plan.title, "not selected in this run", "run `python -m audit`")
        for plan in plans
        if plan not in chosen
    ]
    if not target.files:
        chosen = []
    omitted += [NotChecked(item.path, item.reason, "remove its entry in [tool.audit]") for item in config.exclude]
    omitted += [NotChecked(note.split(": ")[0], note.split(": ", 1)[1], "look at it by hand") for note in target.notes]
    omitted += paper_gaps(config) + list(BLIND_SPOTS)
    return run(root, Report(subject, "project", (), tuple(omitted), required), chosen, progress)


def audit_tree(root: Path, select: Sequence[str] = (), progress: Progress = silent) -> Audit:
    """Static rules on a tree that nobody prepared: nothing of it is imported or run, no file is left in it.

    Raises:
        AuditError: a selected family does not exist.
    """
    target = open_target(root)
    plans = rule_plans(target)
    for name in select:
        if not any(matches(plan.id, name) for plan in plans):
            raise AuditError(f"no family is called {name!r}; there are: {', '.join(plan.id for plan in plans)}")
    chosen = [plan for plan in plans if not select or any(matches(plan.id, name) for name in select)]
    omitted = [NotChecked(note.split(": ")[0], note.split(": ", 1)[1], "look at it by hand") for note in target.notes]
    omitted.append(NotChecked("behaviour of the code", "nothing of a foreign tree is run", "run its tests yourself"))
    report = Report(root.resolve().name, "tree", (), (*omitted, *BLIND_SPOTS))
    return run(root, report, chosen if target.files else [], progress)


def audit_papers(root: Path, subject: str, config: Config, progress: Progress = silent) -> Audit:
    """Only the papers, each measured on the subjects that the configuration names."""
    return run(root, Report(subject, "paper", (), tuple(paper_gaps(config))), paper_plans(root, config), progress)


def paper_settings(root: Path, paper: str, subject: str | None, trust: bool) -> tuple[str, Config]:
    """(name, configuration) for measuring papers: a subject given by hand stands in for those of the project.

    Raises:
        AuditError: --subject without --trust, or nothing that could be measured.
    """
    if subject is None:
        name, settings = load(root)
        if not settings.papers:
            raise AuditError(
                "tool.audit.papers names no subject: name one there, or give --subject module:callable --trust"
            )
        return name, settings
    if not trust:
        raise AuditError(f"measuring {subject} imports and runs it: add --trust if you trust it")
    return subject, parse({"papers": {paper: [{"name": "subject", "adapter": subject}]}})


def find_rule(identifier: str) -> Rule:
    """A rule by its id.

    Raises:
        AuditError: there is none of that id.
    """
    rules = {rule.id: rule for family in FAMILIES for rule in family.rules}
    if identifier not in rules:
        raise AuditError(f"no rule is called {identifier!r}; `python -m audit rules` lists them")
    return rules[identifier]


def run(root: Path, report: Report, plans: Sequence[Plan], progress: Progress) -> Audit:
    """Run the plans in order and put their checks into the report."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    checks, seconds = [], []
    for plan in plans:
        progress(plan.title)
        begin = time.perf_counter()
        checks.append(attempt(plan))
        seconds.append((plan.id, round(time.perf_counter() - begin, 3)))
    commit, tree = repository_state(root)
    facts = RunFacts(started, commit, tree, platform.python_version(), platform.platform(), tuple(seconds))
    return Audit(replace(report, checks=without_secrets(checks)), facts)


def attempt(plan: Plan) -> Check:
    """Run one check. What goes wrong in it is its own verdict and ends nothing else."""
    try:
        return plan.run()
    except NotRunError as error:
        return Check(plan.id, plan.title, Verdict.NOT_RUN, error.reason, remedy=error.remedy)
    except AuditError:
        raise
    except Exception as error:
        crash = describe(error)
        return Check(plan.id, plan.title, Verdict.ERROR, f"the check broke down: {crash}", crash=crash)


def without_secrets(checks: Sequence[Check]) -> tuple[Check, ...]:
    """No excerpt from a line that holds a credential, whichever rule quotes it."""
    places = {finding.location for check in checks for finding in check.findings if finding.family == "secrets"}

    def masked(finding: Finding) -> Finding:
        return replace(finding, excerpt="") if finding.location in places else finding

    return tuple(replace(check, findings=tuple(map(masked, check.findings))) for check in checks)


def exit_code(report: Report) -> Exit:
    """The gate: the weakest leg decides; zero checks, or none that applied, is nothing audited."""
    if any(check.crash for check in report.checks):
        return Exit.AUDIT_FAILED
    verdict = report.verdict
    match verdict:
        case Verdict.PASS | Verdict.DEVIATION:
            return Exit.PASS
        case Verdict.NOT_APPLICABLE:
            return Exit.NOTHING_AUDITED
        case Verdict.FAIL | Verdict.UNKNOWN | Verdict.NOT_RUN | Verdict.ERROR:
            return Exit.GATE_FAILED if report.checks else Exit.NOTHING_AUDITED
        case _:
            assert_never(verdict)


def rule_plans(target: Target) -> list[Plan]:
    """One check for each family of static rules."""
    return [Plan(family.name, family.title, partial(family_check, family, target)) for family in FAMILIES]


def family_check(family: Family, target: Target) -> Check:
    """All rules of a family over the tree."""
    reads_text = family.reads_text
    if not reads_text and not any(piece.kind is Kind.PYTHON for piece in target.pieces):
        return Check(family.name, family.title, Verdict.NOT_APPLICABLE, "no Python in the tree")
    found = tuple(family.find(target))
    seen = len(target.files) if reads_text else len(target.python_files)
    message = f"{counted(len(found), 'finding')} in {counted(seen, 'file')}"
    versions = tuple(version(name) for name in family.versions)
    command = f"audit.rules.{family.name} on {seen} files"
    proof = Evidence(command=command, measured=len(found), expected=0, unit="findings", versions=versions)
    verdict = Verdict.FAIL if found else Verdict.PASS
    note = measured_rules.note(family.name)
    return Check(family.name, family.title, verdict, message, found, (proof,), notes=(note,) if note else ())


def tool_plans(target: Target, config: Config) -> list[Plan]:
    """Linters, types, and what the test run left behind."""
    plans = [
        Plan("lint.ruff", "ruff finds nothing", partial(lint.ruff_check, target)),
        Plan("lint.flake8", "flake8 finds nothing", partial(lint.flake8_check, target)),
        Plan("types.mypy", "mypy finds no error", partial(types.mypy_check, target)),
        Plan("tests.run", "All tests pass", partial(evidence.tests_check, target, config)),
    ]
    for package in config.coverage.packages:
        check = partial(evidence.coverage_check, target, config, package)
        plans.append(Plan(f"coverage.{package}", f"Tests cover {package}", check))
    return plans


def paper_plans(root: Path, config: Config) -> list[Plan]:
    """One check for each paper and subject."""
    return [
        Plan(
            f"paper.{name}.{subject.name}",
            plan_title(paper, subject),
            partial(paper_check, root, paper, subject),
        )
        for name, subjects in config.papers.items()
        for paper in (spec.load(name),)
        for subject in subjects
    ]


def paper_check(root: Path, paper: spec.Paper, subject: Subject) -> Check:
    """Import the adapter and measure it. A subject that cannot be made is an error of its own, not of the audit."""
    try:
        made = measure.import_subject(subject.adapter, root)
    except AuditError:
        raise
    except Exception as error:
        message = f"{subject.adapter} raised {describe(error)}"
        return Check(f"paper.{paper.id}.{subject.name}", plan_title(paper, subject), Verdict.ERROR, message)
    return measure.check(paper, subject, made)


def plan_title(paper: spec.Paper, subject: Subject) -> str:
    """The criterion of a paper's check."""
    return f"{paper.title}, measured on {subject.name}"


def describe(error: Exception) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def paper_gaps(config: Config) -> list[NotChecked]:
    """What the papers' files say is not measured."""
    return [
        NotChecked(f"{name}: {gap.what}", gap.why, gap.how)
        for name in config.papers
        for gap in spec.load(name).not_measured
    ]


def repository_state(root: Path) -> tuple[str, str]:
    """(commit, "clean" | "dirty"), or ("", "no repository")."""
    commands = (("rev-parse", "HEAD"), ("status", "--porcelain"))
    try:
        commit, status = (
            subprocess.run(
                ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(root), *command],
                capture_output=True, text=True, check=True,
            ).stdout.strip()
            for command in commands
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "", "no repository"
    return commit, "dirty" if status else "clean"


BLIND_SPOTS = (
    NotChecked(
        "the history of the repository", "only the files as they are now are read", "scan the history for credentials"
    ),
    NotChecked(
        "numbers in documents", "no check binds them to evidence yet", "compare README and reports with metrics.json"
    ),
    NotChecked("GPU memory", "no check predicts or measures it yet", "watch torch.cuda.max_memory_allocated on a GPU"),
)
