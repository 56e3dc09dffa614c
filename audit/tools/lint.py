"""Ruff and flake8, as the project configures them, and the SARIF that other linters have left."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from audit.config import Config
from audit.errors import NotRunError
from audit.model import Check, Confidence, Evidence, Finding, InputHash, Location, Severity, Verdict, counted
from audit.provenance import together
from audit.runners import Diagnostic, first_line, ruff, ruff_output, run, sha256, version
from audit.target import Target
from audit.tools import flake8_json, sarif
from audit.tools.evidence import digest, fresh

UNUSED_IMPORT = "F401"  # reported once, as imports.unused


def ruff_check(target: Target) -> Check:
    """`ruff check` with the project's own rules, from its SARIF; of notebooks from its JSON.

    Ruff's SARIF counts a notebook's lines over all cells of code together and does not say which cells it left out.

    Raises:
        NotRunError: ruff is missing or refuses its configuration.
    """
    modules = [path for path in target.python_files if not path.endswith(".ipynb")]
    notebooks = [path for path in target.python_files if path.endswith(".ipynb")]
    printed = ruff_output("sarif", [], modules, target.root)
    try:
        found = [item for text in printed for item in sarif.read(text, target.root).diagnostics]
    except ValueError as error:
        raise NotRunError(f"ruff's SARIF cannot be read: {error}", "run `ruff check --output-format sarif`") from error
    in_cells, digest_of_json = ruff([], notebooks, target.root)
    output = sha256("".join((*printed, digest_of_json if notebooks else "")))
    return judged("ruff", [*found, *in_cells], evidence("ruff check", target, output))


def flake8_check(target: Target) -> Check:
    """`flake8` with the project's own rules, each finding as JSON.

    Raises:
        NotRunError: flake8 is missing or refuses its configuration.
    """
    files = [path for path in target.python_files if not path.endswith(".ipynb")]
    if not files:
        return Check("lint.flake8", "flake8 finds nothing", Verdict.NOT_APPLICABLE, "no Python module")
    done = run("flake8", [flake8_json.__file__, "--", *files], target.root)
    if done.status not in (0, 1) or (done.status == 1 and not done.stdout):
        raise NotRunError(f"flake8 failed: {first_line(done.stderr)}", "run `flake8` by hand")
    found = [violation(line) for line in done.stdout.splitlines()]
    return judged("flake8", found, evidence("flake8", target, sha256(done.stdout)))


def violation(line: str) -> Diagnostic:
    """A line of JSON.

    Raises:
        NotRunError: it is none.
    """
    try:
        entry = json.loads(line)
        return Diagnostic(entry["code"], Location(Path(entry["path"]).as_posix(), entry["row"]), entry["text"])
    except (ValueError, KeyError, TypeError) as error:
        text = f"flake8 printed something else than findings: {line[:80]}"
        raise NotRunError(text, "run `flake8` by hand") from error


def sarif_check(target: Target, config: Config, path: str) -> Check:
    """What a linter left in a SARIF file that [tool.audit.evidence] names.

    Raises:
        NotRunError: the file is missing, older than the code, no SARIF, or of a run that did not come to its end.
    """
    _, data = fresh(target, path, config.evidence.remedy)
    try:
        log = sarif.read(data.decode("utf-8"), target.root)
    except ValueError as error:
        raise NotRunError(f"{path} cannot be read: {error}", config.evidence.remedy) from error
    proof = Evidence(f"read {path}", versions=log.versions, inputs=(digest(path, data),))
    return judged(PurePosixPath(path).stem, log.diagnostics, proof)


def evidence(command: str, target: Target, output: str) -> Evidence:
    """What a linter was given and what it printed."""
    read = InputHash("(Python files)", together(target, target.python_files))
    return Evidence(command, versions=(version(command.split()[0]),), inputs=(read,), output_sha256=output)


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


def judged(name: str, found: Sequence[Diagnostic], proof: Evidence) -> Check:
    """Pass without findings, fail with them."""
    findings = tuple(remark(item) for item in found if item.code != UNUSED_IMPORT)
    proof = replace(proof, measured=len(findings), expected=0, unit="findings")
    verdict = Verdict.FAIL if findings else Verdict.PASS
    message = counted(len(findings), "finding")
    return Check(f"lint.{name}", f"{name} finds nothing", verdict, message, findings, (proof,))
