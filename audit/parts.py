"""One part of the audit by itself: papers, claims or memory. Commands run it; verification runs it again."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from audit import config
from audit.claims import check as claims_check
from audit.config import Claims, Config, Memory
from audit.engine import Audit, Progress, run, silent
from audit.errors import AuditError
from audit.model import Report
from audit.papers import spec
from audit.plans import Plan, memory_plans, paper_gaps, paper_plans


def given(**options: str | Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """What a command was told, as a report keeps it: (name, value) of each option, a repeated one several times."""
    pairs = []
    for name, value in options.items():
        values = (value,) if isinstance(value, str) else value or ()
        pairs += [(name, item) for item in values]
    return tuple(pairs)


def papers(
    root: Path, progress: Progress = silent, *, subject: str | None = None, paper: str | None = None,
    trust: bool = False,
) -> Audit:  # fmt: skip
    """Papers, each measured on the subjects that the configuration names, or one on a subject given by hand.

    Raises:
        AuditError: a subject without trust, or nothing that could be measured.
    """
    name, settings = paper_settings(root, paper, subject, trust)
    report = Report(name, "paper", (), tuple(paper_gaps(settings)), arguments=given(subject=subject, paper=paper))
    return run(root, report, paper_plans(root, settings), progress)


def paper_settings(root: Path, paper: str | None, subject: str | None, trust: bool) -> tuple[str, Config]:
    """(name, configuration) for measuring papers: a subject given by hand stands in for those of the project.

    Raises:
        AuditError: as `papers`.
    """
    if subject is None:
        name, settings = config.load(root)
        if not settings.papers:
            raise AuditError(
                "tool.audit.papers names no subject: name one there, or give --subject file.py:callable --trust"
            )
        return name, settings
    if not trust:
        raise AuditError(f"measuring {subject} imports and runs it: add --trust if you trust it")
    chosen = paper or spec.default()
    return subject, config.parse({"papers": {chosen: [{"name": "subject", "adapter": subject}]}})


def claims(
    root: Path, progress: Progress = silent, *, documents: Sequence[str] = (), ledger: str | None = None
) -> Audit:
    """Numbers of documents: of those given by hand, or of all that the configuration names.

    Raises:
        AuditError: nothing names a document, or one, or the ledger, cannot be read.
    """
    name, settings = claim_settings(root, documents, ledger)
    judge = partial(claims_check.check, root, settings, tuple(documents))
    plans = [Plan(claims_check.ID, claims_check.TITLES[claims_check.ID], judge)]
    if settings.made and not documents:
        judge = partial(claims_check.made_check, root, settings)
        plans.append(Plan(claims_check.MADE, claims_check.TITLES[claims_check.MADE], judge))
    report = Report(name, "claims", (), arguments=given(document=documents, ledger=ledger))
    return run(root, report, plans, progress)


def claim_settings(root: Path, documents: Sequence[str], ledger: str | None) -> tuple[str, Claims]:
    """(name, settings): documents and ledger given by hand need no project.

    Raises:
        AuditError: nothing names a document.
    """
    if documents and ledger:
        return documents[0], Claims(documents=tuple(documents), ledger=ledger)
    name, settings = config.load(root)
    if settings.claims is None and not documents:
        raise AuditError("tool.audit.claims names no document: name one there, or on the command line")
    known = settings.claims or Claims(documents=tuple(documents))
    return name, known.model_copy(update={"ledger": ledger}) if ledger else known


def memory(
    root: Path, made: Any, progress: Progress = silent, *, name: str, subject: str | None = None,
    model: Sequence[str] = (), gpu: bool = False,
) -> Audit:  # fmt: skip
    """Predictions of memory against real runs, and growth.

    Args:
        made: what `audit.plans.memory_subject` returned.
        name: of what is measured.
        subject, model: what was given by hand, for the report.
        gpu: whether the check on a GPU stands in the report even where there is none.
    """
    report = Report(name, "memory", (), arguments=given(subject=subject, model=model))
    return run(root, report, memory_plans(root, lambda: made, gpu=gpu), progress)


def memory_settings(root: Path, subject: str | None, trust: bool) -> tuple[str, Memory]:
    """(name, settings): a subject given by hand stands in for that of the project.

    Raises:
        AuditError: a subject without trust, or the project names no subject.
    """
    if subject is None:
        name, settings = config.load(root)
    elif trust:
        name, settings = subject, config.parse({"memory": {"adapter": subject}})
    else:
        raise AuditError(f"predicting the memory of {subject} imports and runs it: add --trust if you trust it")
    if settings.memory is None:
        raise AuditError(
            "tool.audit.memory names no subject: give it an adapter, or --subject file.py:callable --trust"
        )
    return name, settings.memory
