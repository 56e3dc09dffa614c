"""Tries every mutant: first the unchanged copy must pass, then each changed copy must not."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import audit
from audit.config import Mutants
from audit.errors import AuditError
from audit.model import Verdict
from audit.mutation import zygote
from audit.mutation.change import StaleError, mutated
from audit.mutation.spec import Mutant

SECONDS = 120  # of processor time for a child; a mutant may run forever
LEFT_BEHIND = ("__pycache__", ".hypothesis", ".mypy_cache", ".ruff_cache", ".pytest_cache")


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant, or of one check on the unchanged copy.

    Attributes:
        verdict: of the check that is responsible.
        message: what it said.
        tests: (test, verdict) of those that should notice as well.
    """

    verdict: Verdict
    message: str
    tests: tuple[tuple[str, Verdict], ...] = ()

    def caught(self, mutant: Mutant) -> bool:
        """Whether the responsible check, and every test named, did notice."""
        return self.verdict.value == mutant.expect and all(verdict is Verdict.FAIL for _, verdict in self.tests)


def changed_texts(root: Path, mutants: Iterable[Mutant]) -> dict[str, str]:
    """The mutated file of every mutant.

    Raises:
        AuditError: naming all whose change does not apply to the code as it is.
    """
    texts, stale = {}, []
    for mutant in mutants:
        try:
            texts[mutant.id] = mutated((root / mutant.file).read_text(encoding="utf-8"), mutant)
        except (StaleError, OSError, UnicodeDecodeError) as error:
            stale.append(f"{mutant.id} in {mutant.file}: {error}")
    if stale:
        raise AuditError("mutants that no longer apply, so that they test nothing:\n  " + "\n  ".join(stale))
    return texts


def unchanged(root: Path, settings: Mutants, mutants: tuple[Mutant, ...], base: Path) -> dict[str, Outcome]:
    """Every check and test that a mutant names, on a copy of the code as it is; leaves the copy in `base`."""
    for name in (*settings.copies, *settings.support):
        place_copy(root, base, name)
    checks = sorted({mutant.check for mutant in mutants})
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    # As few children as work at a time: each imports the project anew, and makes the subjects that it measures.
    number = settings.workers
    shares = [(checks[i::number], tests[i::number]) for i in range(number)]
    jobs = [job(base, None, checks=some, tests=others) for some, others in shares if some or others]
    found: dict[str, Outcome] = {}
    for entry, told in zip(jobs, run(jobs, settings), strict=True):
        for name in (*entry["checks"], *(f"test:{test}" for test in entry["tests"])):
            said = answered(told, name)
            found[name] = Outcome(Verdict(said["verdict"]), said["message"])
    return found


def attempt(settings: Mutants, mutants: tuple[Mutant, ...], texts: dict[str, str], base: Path) -> list[Outcome]:
    """What became of each mutant, in order."""
    folder = base.parent / "mutants"
    folder.mkdir()
    jobs = [
        job(
            base, folder / mutant.id, checks=[mutant.check], tests=list(mutant.tests), file=mutant.file,
            text=texts[mutant.id], recompile=mutant.recompile,
        )
        for mutant in mutants
    ]  # fmt: skip
    return [outcome(mutant, told) for mutant, told in zip(mutants, run(jobs, settings), strict=True)]


def outcome(mutant: Mutant, told: dict[str, dict[str, str]]) -> Outcome:
    """What a child's answer says; no answer is an error."""
    check = answered(told, mutant.check)
    tests = tuple((test, Verdict(answered(told, f"test:{test}")["verdict"])) for test in mutant.tests)
    return Outcome(Verdict(check["verdict"]), check["message"], tests)


def answered(told: dict[str, dict[str, str]], name: str) -> dict[str, str]:
    """What a child said of one check; what it broke down with, or that it never answered, is an error."""
    silence = f"no answer within {SECONDS} s of processor time, or the process ended"
    return told.get(name) or told.get(zygote.BROKEN) or {"verdict": Verdict.ERROR.value, "message": silence}


def place_copy(root: Path, base: Path, name: str) -> None:
    """Copy a file or a folder of the project, times included, which caches go by.

    Raises:
        AuditError: there is none.
    """
    source, place = root / name, base / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    elif source.is_file():
        shutil.copy2(source, place)
    else:
        raise AuditError(f"tool.audit.mutants: there is no {name} to copy")


def job(base: Path, folder: Path | None, **details: Any) -> dict[str, Any]:
    """A job as the zygote reads it."""
    here = str(Path(audit.__file__).resolve().parents[1])
    defaults = {"file": "", "text": "", "recompile": False}
    return defaults | {"base": str(base), "folder": None if folder is None else str(folder), "path": [here]} | details


def run(jobs: list[dict[str, Any]], settings: Mutants) -> list[dict[str, dict[str, str]]]:
    """The children's answers, in the order of the jobs; {} where a child gave none."""
    with tempfile.TemporaryDirectory(prefix="audit-answers-") as folder:
        for number, entry in enumerate(jobs):
            entry["result"] = f"{folder}/{number}.json"
        request = {"preload": settings.preload, "workers": settings.workers, "seconds": SECONDS, "jobs": jobs}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [sys.executable, "-P", str(Path(zygote.__file__).resolve())], input=json.dumps(request),
            env=environment, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(f"the process that tries mutants ended with status {done.returncode}: {last}")
        return [json.loads(place.read_text()) if place.is_file() else {} for place in (Path(e["result"]) for e in jobs)]
