"""What a trial of all mutants came to, as a file, and how the gate reads it: only while it is about this very code."""

import hashlib
import json
from pathlib import Path
from typing import Any

from audit.config import Mutants
from audit.errors import NotRunError
from audit.model import Check, Evidence, InputHash, Verdict
from audit.mutation.spec import Mutant
from audit.mutation.trial import LEFT_BEHIND, Outcome

ID = "mutants"
TITLE = "Broken on purpose, the code is caught"
COMMAND = "python -m audit mutants"
REMEDY = f"run `{COMMAND}`"
FORMAT = 1


def code_hash(root: Path, settings: Mutants, mutants: tuple[Mutant, ...]) -> str:
    """sha256 over name and content of all that a trial depends on: code, lists of mutants, the tests that they name."""
    tests = {test.split("::")[0] for mutant in mutants for test in mutant.tests}
    tests |= {mutant.check.split(":")[1] for mutant in mutants if mutant.check.startswith("test:")}
    files: set[Path] = set()
    for name in {*settings.copies, *settings.files, *tests}:
        place = root / name
        files |= {item for item in place.rglob("*") if item.is_file()} if place.is_dir() else {place}
    total = hashlib.sha256()
    for file in sorted(files):
        path = file.relative_to(root)
        if not set(path.parts) & set(LEFT_BEHIND) and file.is_file():
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"{content} {path.as_posix()}\n".encode())
    return total.hexdigest()


def document(
    code: str, mutants: tuple[Mutant, ...], baseline: dict[str, Outcome], outcomes: list[Outcome]
) -> dict[str, Any]:
    """The evidence as JSON has it; the same code gives the same bytes."""
    failing = {name: told for name, told in sorted(baseline.items()) if not told.verdict.passes}
    return {
        "format": FORMAT,
        "command": COMMAND,
        "code_sha256": code,
        "unchanged": {
            "asked": len(baseline),
            "failing": [{"check": name, **spoken(told)} for name, told in failing.items()],
        },
        "caught": sum(told.caught(mutant) for mutant, told in zip(mutants, outcomes, strict=False)),
        "total": len(mutants),
        "mutants": [
            {
                "id": mutant.id,
                "title": mutant.title,
                "file": mutant.file,
                "check": mutant.check,
                "caught": told.caught(mutant),
                **spoken(told),
                "tests": [{"test": test, "verdict": verdict.value} for test, verdict in told.tests],
            }
            for mutant, told in zip(mutants, outcomes, strict=False)
        ],
    }


def spoken(told: Outcome) -> dict[str, str]:
    """Verdict and message of an outcome."""
    return {"verdict": told.verdict.value, "message": told.message}


def render(content: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write(place: Path, content: dict[str, Any]) -> None:
    """Write the file, all or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(place.name + ".partial")
    partial.write_text(render(content), encoding="utf-8")
    partial.replace(place)


def check(root: Path, settings: Mutants, mutants: tuple[Mutant, ...]) -> Check:
    """The gate's check, from the file that the last trial left.

    Raises:
        NotRunError: the file is missing, unreadable, or about other code.
    """
    place = root / settings.report
    try:
        data = place.read_bytes()
        content = json.loads(data)
        known = content["code_sha256"], content["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotRunError(f"no evidence: {settings.report} is missing or unreadable", REMEDY) from error
    if known != (code_hash(root, settings, mutants), FORMAT):
        raise NotRunError(f"no fresh evidence: {settings.report} is about other code than this", REMEDY)
    return judged(content, InputHash(settings.report, hashlib.sha256(data).hexdigest()))


def judged(content: dict[str, Any], *inputs: InputHash) -> Check:
    """Pass where the unchanged code passes and every mutant is caught."""
    caught, total = sum(entry["caught"] for entry in content["mutants"]), content["total"]
    failing = content["unchanged"]["failing"]
    notes = [f"the unchanged code fails {entry['check']}: {entry['message']}" for entry in failing]
    notes += [missed(entry) for entry in content["mutants"] if not entry["caught"]]
    if failing:
        message = f"nothing was tried: the unchanged code fails {len(failing)} of the checks"
    else:
        message = f"{caught} of {total} mutants caught by the check that is responsible ({share(caught, total)} %)"
    proof = Evidence(command=COMMAND, measured=caught, expected=total, unit="mutants caught", inputs=inputs)
    right = not failing and total > 0 and caught == total
    remedy = "" if right else "make the check notice, or the test; `python -m audit mutants --only ID` tries one"
    verdict = Verdict.PASS if right else Verdict.FAIL
    return Check(ID, TITLE, verdict, message, evidence=(proof,), notes=tuple(notes), remedy=remedy)


def share(caught: int, total: int) -> str:
    """The mutation score in per cent, never rounded up to 100."""
    return f"{int(1000 * caught / total) / 10:g}" if total else "0"


def missed(entry: dict[str, Any]) -> str:
    """What an uncaught mutant is, and who did not notice."""
    silent = [item["test"] for item in entry["tests"] if item["verdict"] != Verdict.FAIL.value]
    who = f"{entry['check']} says {entry['verdict']}: {entry['message']}"
    tests = "".join(f"; {test} does not fail" for test in silent)
    return f"not caught: {entry['id']} ({entry['title']}); {who}{tests}"
