"""mypy, as the project configures it."""

import json
from pathlib import Path

from audit.errors import NotRunError
from audit.model import Check, Confidence, Evidence, Finding, Location, Severity, Verdict, counted
from audit.runners import first_line, run_module, sha256, version
from audit.target import Target


def mypy_check(target: Target) -> Check:
    """`mypy` on what `[tool.mypy]` names, from its JSON output.

    Raises:
        NotRunError: mypy is missing, or stopped before it had read everything.
    """
    done = run_module("mypy", ["--output", "json"], target.root)
    findings = []
    for line in done.stdout.splitlines():
        if not line.startswith("{"):
            continue
        entry = json.loads(line)
        if entry["severity"] != "error":
            continue
        findings.append(
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
        )
    if done.status not in (0, 1) and not findings:
        raise NotRunError(f"mypy stopped: {first_line(done.stderr or done.stdout)}", "run `mypy` by hand")
    if done.status != 0 and not findings:
        raise NotRunError("mypy reported failure but no error", "run `mypy` by hand")
    evidence = Evidence(
        command="mypy --output json", measured=len(findings), expected=0, unit="errors", versions=(version("mypy"),),
        output_sha256=sha256(done.stdout),
    )  # fmt: skip
    verdict = Verdict.FAIL if findings else Verdict.PASS
    message = counted(len(findings), "error")
    return Check("types.mypy", "mypy finds no error", verdict, message, tuple(findings), (evidence,))
