"""Collects checks, runs them one by one, adds them up."""

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import assert_never

from audit import lookup
from audit.config import Config, Exclusion
from audit.errors import AuditError, NotRunError
from audit.gate import baseline
from audit.gate.judge import judged
from audit.gate.names import nearest
from audit.gate.selection import Selection
from audit.gate.suppressions import ID
from audit.gate.suppressions import RULES as SUPPRESSION_RULES
from audit.lookup import Step
from audit.model import Check, Finding, InputHash, NotChecked, Report, Rule, RunFacts, Verdict
from audit.plans import (
    Plan,
    claim_plans,
    describe,
    memory_plans,
    memory_subject,
    mutation_plans,
    paper_gaps,
    paper_plans,
    rule_plans,
    tool_plans,
)  # fmt: skip
from audit.provenance import file_hashes, further, repository_state
from audit.rules import families
from audit.store import Store
from audit.target import Target, open_target
from audit.target import chosen as expected

NAMED = 20  # files of one reason that are named among what was not checked


class Exit(IntEnum):
    """Exit codes of the command."""

    PASS = 0
    GATE_FAILED = 1
    USAGE = 2
    NOTHING_AUDITED = 3
    AUDIT_FAILED = 4


@dataclass(frozen=True)
class Audit:
    """A result, and the facts of this run that do not belong into it."""

    report: Report
    facts: RunFacts


Progress = Callable[[str], None]


def silent(_title: str) -> None:
    """Report progress to nobody."""
    return


def unseen(_done: int, _all: int) -> None:
    """Show nobody how far it is."""
    return


def audit_project(
    root: Path, subject: str, config: Config, select: Sequence[str] = (), require: Sequence[str] = (),
    progress: Progress = silent, today: date | None = None, store: Store | None = None, step: Step = unseen,
) -> Audit:  # fmt: skip
    """Everything that `[tool.audit]` names: rules, tools, evidence of tests, papers.

    Args:
        select: in place of what the configuration selects.
        today: for suppressions that end; the day in UTC by default.
        store: where findings are remembered from one run to the next; nowhere without it.
        step: told how many files have been looked at, and of how many.

    Raises:
        AuditError: a selected, ignored or required check does not exist, a paper is not known, no baseline is there.
    """
    target = open_target(root, config.include, config.exclude)
    plans = rule_plans(target) + tool_plans(target, config) + paper_plans(root, config, target)
    plans += mutation_plans(root, config) + claim_plans(root, config)
    if config.memory is not None:
        plans += memory_plans(root, partial(memory_subject, root, config.memory), target)
    required = tuple(dict.fromkeys((*config.require, *require)))
    settings = config.with_options(select=tuple(select) or None)
    blind = BLIND_SPOTS if config.claims is None else tuple(item for item in BLIND_SPOTS if item is not NUMBERS)
    report = Report(subject, "project", (), (*paper_gaps(config), *blind), required)
    return gated(target, report, plans, settings, progress, today, store, step)


def audit_tree(
    root: Path, select: Sequence[str] = (), progress: Progress = silent, config: Config | None = None,
    today: date | None = None, conditions: tuple[str, ...] = (), store: Store | None = None, step: Step = unseen,
) -> Audit:  # fmt: skip
    """Static rules on a tree that nobody prepared: nothing of it is imported or run, no file is left in it.

    Args:
        select: in place of what the configuration selects.
        config: what to leave out and what the gate asks for; the defaults without it.
        today: for suppressions that end; the day in UTC by default.
        conditions: what the report is to say about where the configuration comes from.
        store: where findings are remembered from one run to the next; nowhere without it.
        step: told how many files have been looked at, and of how many.

    Raises:
        AuditError: a selected or ignored rule does not exist, or no baseline is there.
    """
    settings = (config or Config()).with_options(select=tuple(select) or None)
    target = open_target(root, settings.include, settings.exclude)
    omitted = NotChecked("behaviour of the code", "nothing of a foreign tree is run", "run its tests yourself")
    blind = (item for item in BLIND_SPOTS if item is not GPU_MEMORY)  # nothing of this tree can be predicted
    report = Report(root.resolve().name, "tree", (), (omitted, *blind), conditions=conditions)
    return gated(target, report, rule_plans(target), settings, progress, today, store, step)


def gated(
    target: Target, report: Report, plans: Sequence[Plan], settings: Config, progress: Progress, today: date | None,
    store: Store | None = None, step: Step = unseen,
) -> Audit:  # fmt: skip
    """Run what is selected, and let the gate judge it."""
    selection = Selection((*(plan.id for plan in plans), ID), settings.select, settings.ignore)
    rules = {rule.id for rule in all_rules()}
    selection.verify(rules, report.required)
    known = baseline.read(target.root / settings.baseline) if settings.baseline else None
    chosen = [plan for plan in plans if selection.runs(plan.id)]
    omitted = [
        NotChecked(plan.title, "not selected in this run", "run it without --select and --ignore")
        for plan in plans
        if plan not in chosen
    ]
    omitted += [left_out(item, target) for item in settings.exclude]
    lost = lookup.prefetch(target, [plan.id for plan in chosen], store, step)
    omitted += unread([*target.notes, *(f"{path}: {lookup.KILLED}" for path in lost)])
    report = replace(report, not_checked=(*omitted, *report.not_checked))
    files = (*file_hashes(target), *further(target.root, settings.inputs))
    audited = partial(expected, include=settings.include, exclude=settings.exclude)
    state = repository_state(target, audited)
    audit = run(target.root, report, chosen if target.files else [], progress, files, state)
    day = today or datetime.now(UTC).date()
    return Audit(judged(audit.report, target, settings, selection, rules, day, known), audit.facts)


def left_out(item: Exclusion, target: Target) -> NotChecked:
    """An entry of `exclude`, and whether it leaves anything out."""
    if item.path in target.idle:
        return NotChecked(item.path, "its entry leaves out no file of the tree", "mend or remove it in [tool.audit]")
    return NotChecked(item.path, item.reason, "remove its entry in [tool.audit]")


def unread(notes: Sequence[str]) -> Iterator[NotChecked]:
    """What was left unread, in the words of `path: reason`; of one reason the first few by name."""
    by_reason: dict[str, list[str]] = {}
    for note in notes:
        path, _, why = note.rpartition(": ")
        by_reason.setdefault(why, []).append(path)
    for why, paths in by_reason.items():
        yield from (NotChecked(path, why, "look at it by hand") for path in paths[:NAMED])
        if len(paths) > NAMED:
            yield NotChecked(f"{len(paths) - NAMED} more", why, "look at them by hand")


def all_rules() -> tuple[Rule, ...]:
    """Every rule that there is: the families', those of plugins, and those about suppressions."""
    return (*(rule for family in families() for rule in family.rules), *SUPPRESSION_RULES)


def find_rule(identifier: str) -> Rule:
    """A rule by its id.

    Raises:
        AuditError: there is none of that id.
    """
    rules = {rule.id: rule for rule in all_rules()}
    members = [name for name, rule in rules.items() if rule.family == identifier]
    if members:
        raise AuditError(f"{identifier} is a family; its rules are {', '.join(members)}")
    if identifier not in rules:
        hint = nearest(identifier, rules)
        raise AuditError(f"no rule is called {identifier!r}{hint}; `python -m audit rules` lists them")
    return rules[identifier]


def run(
    root: Path, report: Report, plans: Sequence[Plan], progress: Progress, files: Sequence[InputHash] = (),
    state: tuple[str, str] | None = None,
) -> Audit:  # fmt: skip
    """Run the plans in order and put their checks into the report.

    Args:
        files: what is audited.
        state: commit, and whether what is audited is as it has it; asked of the whole repository without it.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    checks, seconds = [], []
    for plan in plans:
        progress(plan.title)
        begin = time.perf_counter()
        checks.append(attempt(plan))
        seconds.append((plan.id, round(time.perf_counter() - begin, 3)))
    commit, tree = state or repository_state(open_target(root))
    machine = "-".join((platform.system(), platform.machine(), *platform.libc_ver()))
    facts = RunFacts(started, commit, tree, platform.python_version(), machine, tuple(seconds), tuple(files))
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
        crash = describe(error).removeprefix(f"{lookup.BrokenRuleError.__name__}: ")
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


NUMBERS = NotChecked(
    "numbers in documents", "tool.audit.claims names no document", "bind them to evidence: `python -m audit claims`"
)
GPU_MEMORY = NotChecked(
    "memory on a GPU", "it is predicted, and measured where there is one",
    "run `python -m audit memory --device cuda` on a machine with a GPU",
)  # fmt: skip
BLIND_SPOTS = (
    NotChecked(
        "the history of the repository", "only the files as they are now are read", "scan the history for credentials"
    ),
    NotChecked(
        "checkpoints, archives and pictures", "binary files are not opened",
        "load checkpoints of others with `weights_only=True`",
    ),
    NUMBERS,
    GPU_MEMORY,
)  # fmt: skip
