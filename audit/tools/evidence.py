"""Results that a test run left behind: JUnit XML and coverage JSON, believed only while they are fresh."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from audit.config import Config
from audit.errors import NotRunError
from audit.model import Check, Evidence, InputHash, Verdict
from audit.target import Target

SHOWN = 20  # failed or skipped tests named in a report


@dataclass(frozen=True)
class Tests:
    """What a JUnit file counts, and the names of the tests that did not pass."""

    total: int
    failed: tuple[str, ...]
    skipped: tuple[str, ...]


def tests_check(target: Target, config: Config) -> Check:
    """All tests passed, and there were some.

    Raises:
        NotRunError: the evidence is missing, stale or unreadable.
    """
    path, data = fresh(target, config.evidence.junit, config.evidence.remedy)
    try:
        tests = count(ElementTree.fromstring(data))
    except ElementTree.ParseError as error:
        raise NotRunError(f"{path} is no XML: {error}", config.evidence.remedy) from error
    passed = tests.total - len(tests.failed) - len(tests.skipped)
    evidence = Evidence(
        command=f"read {path}", measured=passed, expected=tests.total - len(tests.skipped), unit="tests passed",
        inputs=(digest(path, data),),
    )  # fmt: skip
    message = f"{passed} passed, {len(tests.failed)} failed, {len(tests.skipped)} skipped"
    if tests.total == 0:
        verdict, message = Verdict.FAIL, "no test was collected"
    elif tests.failed:
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.PASS if passed else Verdict.FAIL
    notes = [f"failed: {name}" for name in tests.failed[:SHOWN]] + [
        f"skipped: {name}" for name in tests.skipped[:SHOWN]
    ]
    return Check(
        "tests.run", "All tests pass", verdict, message, evidence=(evidence,), notes=tuple(notes),
        remedy="" if verdict is Verdict.PASS else config.evidence.remedy,
    )  # fmt: skip


def count(root: ElementTree.Element) -> Tests:
    """Add up the test cases themselves; the sums in the attributes are somebody's claim."""
    total, failed, skipped = 0, [], []
    for case in root.iter("testcase"):
        total += 1
        name = f"{case.get('classname', '')}::{case.get('name', '')}".removeprefix("::")
        reason = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        elif reason is not None:
            skipped.append(f"{name} ({reason.get('message') or 'no reason'})")
    return Tests(total, tuple(sorted(failed)), tuple(sorted(skipped)))


def coverage_check(target: Target, config: Config, package: str) -> Check:
    """The share of a package's statements and branches that the tests run, as coverage.py counts them.

    Raises:
        NotRunError: the evidence is missing, stale, unreadable, or leaves out files of the package.
    """
    path, data = fresh(target, config.evidence.coverage, config.evidence.remedy)
    try:
        files: dict[str, dict[str, Any]] = json.loads(data)["files"]
        summaries = {Path(name).as_posix(): entry["summary"] for name, entry in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotRunError(f"{path} is not coverage's JSON: {error!r}", config.evidence.remedy) from error
    missing = [
        name
        for name in target.files
        if name.startswith(f"{package}/") and name.endswith(".py") and name not in summaries and has_code(target, name)
    ]
    if missing:
        raise NotRunError(f"{path} says nothing about {missing[0]} and {len(missing) - 1} more", config.evidence.remedy)
    own = [summary for name, summary in summaries.items() if name.startswith(f"{package}/")]
    total = sum(item["num_statements"] + item.get("num_branches", 0) for item in own)
    covered = sum(item["covered_lines"] + item.get("covered_branches", 0) for item in own)
    if total == 0:
        raise NotRunError(f"{path} covers no statement of {package}", config.evidence.remedy)
    percent = 100 * covered / total
    threshold = config.coverage.threshold
    verdict = Verdict.PASS if percent >= threshold else Verdict.FAIL
    evidence = Evidence(
        command=f"read {path}",
        measured=round(percent, 2),
        expected=f"≥ {threshold:g}",
        unit="%",
        inputs=(digest(path, data),),
    )
    message = (
        f"{percent:.2f} % of {package} ({covered} of {total} statements and branches), at least {threshold:g} % asked"
    )
    remedy = "" if verdict is Verdict.PASS else "write the missing tests; `coverage report --show-missing` lists lines"
    title = f"Tests cover {package}"
    return Check(f"coverage.{package}", title, verdict, message, evidence=(evidence,), remedy=remedy)


def has_code(target: Target, path: str) -> bool:
    """Coverage leaves empty files out."""
    return any(piece.path == path and piece.text.strip() for piece in target.python)


def fresh(target: Target, path: str, remedy: str) -> tuple[str, bytes]:
    """A file of evidence that is at least as new as every Python file of the tree.

    Raises:
        NotRunError: it is missing or older than the code it speaks of. One wording for both: which of them it is
            depends on this copy of the tree, and a report does not.
    """
    place = target.root / path
    code = max(((target.root / name).stat().st_mtime_ns for name in target.python_files), default=0)
    if not place.is_file() or place.stat().st_mtime_ns < code:
        raise NotRunError(f"no fresh evidence: {path} is missing or older than the code it speaks of", remedy)
    return path, place.read_bytes()


def digest(path: str, data: bytes) -> InputHash:
    """Name and content of a file that was read."""
    return InputHash(path, hashlib.sha256(data).hexdigest())
