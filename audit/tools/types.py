"""mypy, as the project configures it: run here, or from the JSON that a run has left."""

import json
from dataclasses import replace
from pathlib import Path

from audit.config import Config
from audit.errors import NotRunError
from audit.model import Check, Confidence, Evidence, Finding, InputHash, Location, Severity, Verdict, counted
from audit.provenance import together
from audit.runners import first_line, run_module, sha256, version
from audit.target import Target
from audit.tools.evidence import digest, fresh

ID, TITLE = "types.mypy", "mypy finds no error"
COMPLETE = "Success: "  # begins the line that mypy ends with when it found nothing, whatever the format


def mypy_check(target: Target) -> Check:
    """`mypy` on what `[tool.mypy]` names, from its JSON output.

    Raises:
        NotRunError: mypy is missing, or stopped before it had read everything.
    """
    done = run_module("mypy", ["--output", "json"], target.root)
    try:
        found = errors(done.stdout)
    except (ValueError, KeyError, TypeError) as error:
        said = first_line(done.stderr or done.stdout)[:200]
        raise NotRunError(f"mypy printed something else than its errors: {said}", "run `mypy` by hand") from error
    if done.status not in (0, 1) and not found:
        raise NotRunError(f"mypy stopped: {first_line(done.stderr or done.stdout)}", "run `mypy` by hand")
    if done.status != 0 and not found:
        raise NotRunError("mypy reported failure but no error", "run `mypy` by hand")
    read = InputHash("(Python files)", together(target, target.python_files))
    proof = Evidence(
        "mypy --output json", versions=(version("mypy"),), inputs=(read,), output_sha256=sha256(done.stdout)
    )
    return judged(found, proof)


def file_check(target: Target, config: Config, path: str) -> Check:
    """What `mypy --output json` printed into a file that [tool.audit.evidence] names.

    Raises:
        NotRunError: the file is missing, older than the code, or says neither an error nor that there is none.
    """
    _, data = fresh(target, path, config.evidence.remedy)
    text = data.decode("utf-8", errors="replace").replace(f"{target.root.resolve()}/", "")
    try:
        found = errors(text)
    except (ValueError, KeyError, TypeError) as error:
        raise NotRunError(f"{path} is not what `mypy --output json` prints", config.evidence.remedy) from error
    if not found and not any(line.startswith(COMPLETE) for line in text.splitlines()):
        raise NotRunError(f"{path} does not say that mypy came to its end", config.evidence.remedy)
    return judged(found, Evidence(f"read {path}", inputs=(digest(path, data),)))


def errors(text: str) -> list[Finding]:
    """The errors among mypy's lines of JSON."""
    entries = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [
        Finding(
            rule=f"types.{entry['code'] or 'mypy'}",
            family="types",
            severity=Severity.MAJOR,
            confidence=Confidence.HIGH,
            location=Location(Path(entry["file"]).as_posix(), max(entry["line"], 0)),
            message=entry["message"],
            risk="What the code says it takes and gives is not what it does.",
            fix="Make the annotation and the code agree.",
        )
        for entry in entries
        if entry["severity"] == "error"
    ]


def judged(found: list[Finding], proof: Evidence) -> Check:
    """Pass without errors, fail with them."""
    proof = replace(proof, measured=len(found), expected=0, unit="errors")
    verdict = Verdict.FAIL if found else Verdict.PASS
    return Check(ID, TITLE, verdict, counted(len(found), "error"), tuple(found), (proof,))
