"""Ruff and flake8, as the project configures them."""

from pathlib import Path

from audit.errors import NotRunError
from audit.model import Check, Confidence, Evidence, Finding, Location, Severity, Verdict, counted
from audit.runners import Diagnostic, first_line, ruff, run_module, sha256, version
from audit.target import Target

UNUSED_IMPORT = "F401"  # reported once, as imports.unused
SEPARATOR = "\t"


def ruff_check(target: Target) -> Check:
    """`ruff check` with the project's own rules.

    Raises:
        NotRunError: ruff is missing or refuses its configuration.
    """
    diagnostics, digest = ruff([], target.python_files, target.root)
    return judged("lint.ruff", "ruff finds nothing", [remark(item) for item in diagnostics], "ruff check", digest)


def flake8_check(target: Target) -> Check:
    """`flake8` with the project's own rules.

    Raises:
        NotRunError: flake8 is missing or refuses its configuration.
    """
    files = [path for path in target.python_files if not path.endswith(".ipynb")]
    if not files:
        return Check("lint.flake8", "flake8 finds nothing", Verdict.NOT_APPLICABLE, "no Python module")
    fields = SEPARATOR.join(("%(path)s", "%(row)d", "%(code)s", "%(text)s"))
    done = run_module("flake8", ["--format", fields, "--", *files], target.root)
    if done.status not in (0, 1) or (done.status == 1 and not done.stdout):
        raise NotRunError(f"flake8 failed: {first_line(done.stderr)}", "run `flake8` by hand")
    findings = []
    for line in done.stdout.splitlines():
        parts = line.split(SEPARATOR, 3)
        if len(parts) != 4 or not parts[1].isdigit():
            raise NotRunError(f"flake8 printed something else than findings: {line[:80]}", "run `flake8` by hand")
        place = Location(Path(parts[0]).as_posix(), int(parts[1]))
        findings.append(remark(Diagnostic(parts[2], place, parts[3])))
    return judged("lint.flake8", "flake8 finds nothing", findings, "flake8", sha256(done.stdout))


def remark(item: Diagnostic) -> Finding:
    """A linter's remark. Both linters share the ids `lint.CODE`, so that what both find stands once in a report."""
    return Finding(
        rule=f"lint.{item.code}",
        family="lint",
        severity=Severity.MINOR,
        confidence=Confidence.HIGH,
        location=item.location,
        message=item.message,
        risk="The project's own rules forbid it.",
        fix=item.url or f"See {item.code} in the linter's manual.",
    )


def judged(identifier: str, title: str, findings: list[Finding], command: str, digest: str) -> Check:
    """Pass without findings, fail with them."""
    kept = tuple(finding for finding in findings if finding.rule != f"lint.{UNUSED_IMPORT}")
    evidence = Evidence(
        command=command,
        measured=len(kept),
        expected=0,
        unit="findings",
        versions=(version(command.split()[0]),),
        output_sha256=digest,
    )
    verdict = Verdict.FAIL if kept else Verdict.PASS
    return Check(identifier, title, verdict, counted(len(kept), "finding"), kept, (evidence,))
