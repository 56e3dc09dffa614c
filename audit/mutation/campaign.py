"""One trial of all mutants of a project, from its lists to its evidence."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from audit.config import Mutants
from audit.errors import AuditError, NotRunError
from audit.model import Check
from audit.mutation import evidence, spec, trial


def chosen(root: Path, settings: Mutants, only: tuple[str, ...]) -> tuple[spec.Mutant, ...]:
    """All mutants, or those of these ids.

    Raises:
        AuditError: a list is wrong, or there is no mutant of such an id.
    """
    mutants = spec.load(root, settings.files)
    unknown = set(only) - {mutant.id for mutant in mutants}
    if unknown:
        raise AuditError(f"no mutant is called {', '.join(sorted(unknown))}")
    return tuple(mutant for mutant in mutants if not only or mutant.id in only)


def run(
    root: Path, settings: Mutants, only: tuple[str, ...] = (), progress: Callable[[str], None] = lambda _: None
) -> Check:
    """Try the mutants in copies of the code, which itself is not touched. A trial of all of them leaves its evidence.

    Raises:
        AuditError: a list is wrong, a mutant no longer applies to the code, or the code changed meanwhile.
    """
    mutants = chosen(root, settings, only)
    texts = trial.changed_texts(root, mutants)
    code = evidence.code_hash(root, settings, mutants)
    with tempfile.TemporaryDirectory(prefix="audit-mutants-") as folder:
        base = Path(folder).resolve() / "unchanged"
        progress(f"{len(mutants)} mutants: the unchanged code first")
        baseline = trial.unchanged(root, settings, mutants, base)
        outcomes: list[trial.Outcome] = []
        if all(told.verdict.passes for told in baseline.values()):
            progress(f"{len(mutants)} mutants: each in a copy of its own")
            outcomes = trial.attempt(settings, mutants, texts, base)
    content = evidence.document(code, mutants, baseline, outcomes)
    if not only:
        if evidence.code_hash(root, settings, mutants) != code:
            raise AuditError("the code changed while its mutants were tried: run it again")
        evidence.write(root / settings.report, content)
    return evidence.judged(content)


def gate(root: Path, settings: Mutants) -> Check:
    """The gate's check, from the evidence of the last trial.

    Raises:
        AuditError: a list is wrong.
        NotRunError: there is no list, no evidence, or evidence of other code.
    """
    gone = [file for file in settings.files if not (root / file).is_file()]
    if gone:
        remedy = "put it there, or take it out of [tool.audit.mutants]"
        raise NotRunError(f"the list of mutants {gone[0]} is missing", remedy)
    return evidence.check(root, settings, spec.load(root, settings.files))
