"""Runs the checks of a report again and says which of them no longer come to the same."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from audit import config, engine
from audit.errors import AuditError
from audit.gate.suppressions import ID as SUPPRESSIONS
from audit.model import Check, Evidence, Report, Verdict, counted

ID = "verify.again"
TITLE = "What it says still holds"
SLOW = ("memory",)  # real training steps: a minute, and a promise about this machine's memory
DERIVED = (SUPPRESSIONS, "baseline", "score")  # follow from the other checks


def again(root: Path, content: Mapping[str, Any], skip: Collection[str], progress: engine.Progress) -> Report:
    """The same checks on the tree as it is now.

    Raises:
        AuditError: the scope of the report cannot be run from here.
    """
    scope = content["scope"]
    own = config.load_if_there(root)
    match scope:
        case "project":
            name, settings = config.load(root)
            chosen = repeatable(content, skip)
            audit = engine.audit_project(root, name, settings, select=chosen, progress=progress)
        case "tree":
            settings = own or config.Config()
            audit = engine.audit_tree(root, repeatable(content, skip), progress, settings)
        case "paper":
            name, settings = config.load(root)
            audit = engine.audit_papers(root, name, settings, progress)
        case _:
            raise AuditError(f"a report of scope {scope!r} cannot be run again; it can be checked with --no-again")
    return audit.report


def repeatable(content: Mapping[str, Any], skip: Collection[str]) -> list[str]:
    """The checks of the report that came to a result and can be asked for.

    Raises:
        AuditError: there is none.
    """
    left_out = (*skip, *DERIVED)
    chosen = [
        check["id"]
        for check in content["checks"]
        if check["verdict"] != Verdict.NOT_RUN and not any(matches(check["id"], name) for name in left_out)
    ]
    if not chosen:
        raise AuditError("no check of the report can be run again; --no-again leaves that out")
    return chosen


def matches(identifier: str, name: str) -> bool:
    """Whether `name` is the check or a leading part of its id."""
    return identifier == name or identifier.startswith(f"{name}.")


def compared(content: Mapping[str, Any], now: Report, changed: Collection[str]) -> Check:
    """Whether every check that ran again came to what the report says."""
    before = {check["id"]: check for check in content["checks"]}
    differences: list[str] = []
    same = 0
    ran = [check for check in now.checks if check.id in before and check.id not in DERIVED]
    for check in ran:
        found = difference(before[check.id], asdict(check))
        same += not found
        differences += [f"{check.id}: {text}" for text in found]
    left = sorted(set(before) - {check.id for check in ran})
    others = sorted({text for check in ran for text in other_versions(before[check.id], asdict(check))})
    notes = differences + ([f"not run again: {', '.join(left)}"] if left else [])
    notes += [f"other versions than then: {', '.join(others)}"] if others else []
    if changed and differences:
        notes.append("inputs have changed since, which may be why")
    message = f"{same} of {counted(len(ran), 'check')} came to the same"
    proof = Evidence("the checks of the report, run again", same, len(ran), "checks that came to the same")
    right = same == len(ran) and bool(ran)
    remedy = "" if right else "find out which of the two is right, and run the audit again"
    return Check(ID, TITLE, Verdict.PASS if right else Verdict.FAIL, message, evidence=(proof,), notes=tuple(notes),
                 remedy=remedy)  # fmt: skip


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What a check no longer says: its verdict, what a row measured, findings that came or went, its own figure."""
    found = []
    if before["verdict"] != now["verdict"]:
        found.append(f"was {before['verdict']} ({before['message'][:80]}), is {now['verdict']} ({now['message'][:80]})")
    old_rows = {row["id"]: row for row in before["rows"]}
    for row in now["rows"]:
        old = old_rows.pop(row["id"], None)
        if old is None:
            found.append(f"{row['id']} is new")
        elif (old["verdict"], old["evidence"]["measured"]) != (row["verdict"], row["evidence"]["measured"]):
            was, now_is = (f"{item['evidence']['measured']} ({item['verdict']})" for item in (old, row))
            found.append(f"{row['id']} was {was}, is {now_is}")
    found += [f"{name} is no longer measured" for name in old_rows]
    then, later = ({known(item): item for item in check["findings"]} for check in (before, now))
    found += [f"no longer found: {place(then[key])}" for key in then if key not in later]
    found += [f"found now: {place(later[key])}" for key in later if key not in then]
    figures = [[proof["measured"] for proof in check["evidence"]] for check in (before, now)]
    if not found and figures[0] != figures[1]:
        was, now_is = (", ".join(map(str, values)) for values in figures)
        found.append(f"measured {was}, measures {now_is}")
    return found


def other_versions(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The tools of a check that are not those of then."""
    then, later = ({name: text for proof in check["evidence"] for name, text in proof["versions"]}
                   for check in (before, now))  # fmt: skip
    return [f"{name} {then[name]} → {later[name]}" for name in then if later.get(name, then[name]) != then[name]]


def known(finding: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a finding is recognised by, its line apart."""
    return finding["rule"], finding["location"]["path"], finding["fingerprint"] or finding["message"]


def place(finding: Mapping[str, Any]) -> str:
    """A finding in a few words."""
    return f"{finding['rule']} at {finding['location']['path']}:{finding['location']['line']}"
