"""Runs the checks of a report again and says which of them no longer come to the same."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from audit import config, engine, memory, parts
from audit.errors import NotRunError
from audit.gate.suppressions import ID as SUPPRESSIONS
from audit.model import Check, Evidence, Report, Verdict, counted, matches
from audit.plans import memory_subject

ID = "verify.again"
TITLE = "What it says still holds"
SLOW = ("memory",)  # of a whole audit: real training steps, a minute
DERIVED = (SUPPRESSIONS, "baseline", "score")  # follow from the other checks
FOREIGN = ("subject", "ledger")  # arguments by which a report, which anybody may have written, names code to be run
ONCE = {  # scopes that nothing here repeats, and what does
    "mutants": "run `python -m audit mutants`, which takes minutes, and compare",
    "reproduction": "run `python -m audit reproduce`, which runs the pipeline twice",
    "verification": "verify the report that it speaks of",
}


def again(
    root: Path, content: Mapping[str, Any], skip: Collection[str], trust: bool, progress: engine.Progress
) -> Report:
    """The same checks on the tree as it is now.

    Args:
        skip: checks of a whole audit that are left out.
        trust: whether code may be imported that the report itself names.

    Raises:
        NotRunError: nothing of the report can be run again from here.
        AuditError: the project is no longer one that could be audited like this.
    """
    given = [(name, value) for name, value in content.get("arguments", ())]
    named = [value for name, value in given if name in FOREIGN]
    if named and not trust:
        reason = f"the report was made with {', '.join(named)}, and running it again runs what that names"
        raise NotRunError(reason, "add --trust if you trust it")
    one = dict(given)
    several = {name: [value for key, value in given if key == name] for name in ("document", "model")}
    match content["scope"]:
        case "project":
            name, settings = config.load(root)
            chosen = repeatable(content, skip)
            return engine.audit_project(root, name, settings, select=chosen, progress=progress).report
        case "tree":
            settings = config.load_if_there(root) or config.Config()
            return engine.audit_tree(root, repeatable(content, skip), progress, settings).report
        case "paper":
            subject, paper = one.get("subject"), one.get("paper")
            return parts.papers(root, progress, subject=subject, paper=paper, trust=trust).report
        case "claims":
            return parts.claims(root, progress, documents=several["document"], ledger=one.get("ledger")).report
        case "memory":
            name, adapter = parts.memory_settings(root, one.get("subject"), trust)
            made = memory_subject(root, adapter, several["model"])
            gpu = any(check["id"] == memory.CUDA for check in content["checks"])
            return parts.memory(root, made, progress, name=name, gpu=gpu).report
        case scope:
            raise NotRunError(f"a report of scope {scope!r} is not run again", ONCE.get(scope, "use --no-again"))


def repeatable(content: Mapping[str, Any], skip: Collection[str]) -> list[str]:
    """The checks of the report that came to a result and can be asked for.

    Raises:
        NotRunError: there is none.
    """
    chosen = [check["id"] for check in content["checks"] if not why_not(check, skip)]
    if not chosen:
        raise NotRunError("no check of the report can be run again", "use --no-again")
    return chosen


def why_not(check: Mapping[str, Any], skip: Collection[str]) -> str:
    """Why a check is not run again; "" where it is."""
    if any(matches(check["id"], name) for name in DERIVED):
        return "follows from the others"
    if check["verdict"] == Verdict.NOT_RUN:
        return "did not run then"
    if any(matches(check["id"], name) for name in skip):
        return "slow: --all runs it"
    return ""


def compared(content: Mapping[str, Any], now: Report, changed: Collection[str], skip: Collection[str] = ()) -> Check:
    """Whether every check that ran again came to what the report says, and why the others did not."""
    before = {check["id"]: check for check in content["checks"]}
    differences: list[str] = []
    same = 0
    ran = [check for check in now.checks if check.id in before and not why_not(before[check.id], ())]
    for check in ran:
        found = difference(before[check.id], asdict(check))
        same += not found
        differences += [f"{check.id}: {text}" for text in found]
    reasons: dict[str, list[str]] = {}
    for name in sorted(set(before) - {check.id for check in ran}):
        reasons.setdefault(why_not(before[name], skip) or "there is no such check any more", []).append(name)
    others = sorted({text for check in ran for text in other_versions(before[check.id], asdict(check))})
    notes = differences + [f"not run again ({why}): {', '.join(names)}" for why, names in reasons.items()]
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
