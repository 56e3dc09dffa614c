"""What the families find in a tree: looked up where it is known, worked out by several processes where it is not."""

import gc
import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from audit import workers
from audit.errors import NotRunError
from audit.model import Confidence, Finding, Location, found
from audit.rules import families, syntax
from audit.rules.family import Family
from audit.rules.secrets.rules import gives_away
from audit.store import Store, code_digest, digest
from audit.target import Target

FEW = 100  # files of a tree; below it a process costs more than it saves,
HEAVY = 4 * 2**20  # unless they are bytes of so much code that whoever parses it may be killed
CHUNK = 16  # files of one task
RECURSION = 10_000  # frames; enough to unparse the deepest tree that `target` lets through
ANSWERS = "answers"
KILLED = "the process that looked at it was killed, as happens when memory runs out"

Step = Callable[[int, int], None]  # (files looked at, files)


class BrokenRuleError(Exception):
    """What went wrong in a family, in another process: its message says what."""


@dataclass(frozen=True)
class Answer:
    """What a family found, or why it did not.

    Attributes:
        not_run: (reason, remedy) of a NotRunError.
        crash: any other error, in words.
        lost: files that it could not look at.
    """

    findings: tuple[Finding, ...] = ()
    not_run: tuple[str, str] | None = None
    crash: str = ""
    lost: tuple[str, ...] = ()

    def read(self) -> tuple[Finding, ...]:
        """The findings.

        Raises:
            NotRunError: the family could not look.
            BrokenRuleError: it broke down.
        """
        if self.not_run:
            raise NotRunError(*self.not_run)
        if self.crash:
            raise BrokenRuleError(self.crash)
        return self.findings


def findings(family: Family, target: Target) -> tuple[Finding, ...]:
    """What a family finds in a tree: the answer that `prefetch` left, or worked out now.

    Raises:
        NotRunError: the family could not look.
        Exception: whatever it breaks down with.
    """
    answers = target.derived.get(ANSWERS, {})
    return answers[family.name].read() if family.name in answers else tuple(look(target, family.find))


def look(target: Target, find: Callable[[Target], Iterable[Finding]]) -> Iterator[Finding]:
    """Run a family here. No line that holds a credential is quoted, whichever family quotes it."""
    lines = {(piece.path, piece.cell): piece for piece in target.pieces if piece.problem is None or piece.tree}
    with patience():
        made = tuple(find(target))
    for finding in made:
        place = finding.location
        piece = lines.get((place.path, place.cell))
        quoted = finding.excerpt and piece is not None and gives_away(piece, place.line)
        yield replace(finding, excerpt="") if quoted else finding


@contextmanager
def patience() -> Iterator[None]:
    """Room for deep trees. The parser, whose recursion is C's, never runs in it: the pieces are made before."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@contextmanager
def without_collector() -> Iterator[None]:
    """Syntax trees hold no cycles, and looking for some among millions of nodes takes most of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def prefetch(target: Target, names: Sequence[str], store: Store | None, step: Step) -> list[str]:
    """Leave the answers of the named families in the target, and say which files nobody could look at.

    Families that look at each file alone do so in parallel, and are remembered file by file. The others see the whole
    tree, in one process beside those, and are remembered as long as no file changes.
    """
    chosen = [family for family in families() if family.name in names]
    alone = [family.name for family in chosen if family.by_file]
    together = [family.name for family in chosen if not family.by_file]
    known = keys(target, chosen) if store else {}
    files = target.files if alone else ()
    by_file = {path: recall(store, known.get(path, ""), alone) for path in files}
    whole = {name: recall(store, known.get(f":{name}", ""), [name]) for name in together}
    new_files = [path for path, answers in by_file.items() if answers is None]
    new_names = [name for name, answers in whole.items() if answers is None]
    done = len(files) - len(new_files)
    step(done, len(files))
    for key, answers in worked_out(target, new_files, alone, new_names):
        if key is None:
            whole.update({name: {name: answer} for name, answer in answers.items()})
            for name, answer in answers.items():
                remember(store, known.get(f":{name}", ""), {name: answer})
        else:
            by_file[key] = answers
            remember(store, known.get(key, ""), answers)
            done += 1
            step(done, len(files))
    if store and (new_files or new_names):
        store.prune()
    every = {family.name: together_of(by_file, family) for family in chosen if family.by_file}
    every |= {name: (answers or {})[name] for name, answers in whole.items()}
    target.derived[ANSWERS] = every
    return lost_files(target)


def lost_files(target: Target) -> list[str]:
    """The files that nobody could look at, by the answers that are left in the target."""
    return sorted({path for answer in target.derived.get(ANSWERS, {}).values() for path in answer.lost})


def together_of(by_file: Mapping[str, dict[str, Answer] | None], family: Family) -> Answer:
    """One family's answers over all files, in the order of the files; a file that it failed on fails it."""
    answers = [answers[family.name] for answers in by_file.values() if answers]
    failed = next((answer for answer in answers if answer.not_run or answer.crash), None)
    if failed:
        return failed
    in_all = [item for answer in answers for item in answer.findings]
    lost = tuple(path for answer in answers for path in answer.lost)
    return replace(answer(partial(settled, family, in_all)), lost=lost)


def settled(family: Family, drafts: Sequence[Finding]) -> Iterable[Finding]:
    """What of the files' findings is one in the tree: all, but for a family that compares files."""
    return family.settle(drafts) if family.settle else drafts


Result = tuple[str | None, dict[str, Answer]]


def worked_out(target: Target, files: list[str], alone: list[str], together: list[str]) -> Iterator[Result]:
    """(path, answers) of each file, and (None, answers) of the families that see the whole tree."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if is_small(target) or count < 2 or not (files or together):
        if together:
            yield from of_tree(target, together)
        for path in files:
            yield from of_files(target.root, [path], alone)
        return
    look_into = partial(of_files, target.root, names=alone)
    chunks: list[list[str]] = [[]] if together else []  # an empty one stands for the whole tree
    chunks += [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]
    tasks = [partial(look_into, chunk) if chunk else partial(of_tree, target, together) for chunk in chunks]
    killed = []
    for number, results in workers.finished(tasks, count):
        killed += [chunks[number]] if results is None else []
        yield from results or []
    lost = []
    suspects = [path for chunk in killed for path in chunk]
    for number, results in workers.one_by_one([partial(look_into, [path]) for path in suspects]):
        lost += [suspects[number]] if results is None else []
        yield from results or [(suspects[number], lost_file(suspects[number], alone))]
    if [] in killed:
        yield from of_rest(target, tuple(lost), together)


def is_small(target: Target) -> bool:
    """Whether this process looks at the tree itself."""
    return len(target.files) < FEW and sum(size(target.root / path) for path in target.python_files) < HEAVY


def size(path: Path) -> int:
    """Bytes of a file; 0 of one that has gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def of_rest(target: Target, lost: tuple[str, ...], names: Sequence[str]) -> Iterator[Result]:
    """The whole tree without the files that kill a process; a family that is killed by the others did not run."""
    rest = replace(target, files=tuple(path for path in target.files if path not in lost))
    for number, results in workers.one_by_one([partial(of_tree, rest, [name]) for name in names]):
        not_run = (KILLED, "leave the largest files out, or give it more memory")
        answers = results[0][1] if results else {names[number]: Answer(not_run=not_run)}
        yield None, {name: replace(answer, lost=lost) for name, answer in answers.items()}


def lost_file(path: str, names: Sequence[str]) -> dict[str, Answer]:
    """In place of the answers on a file: nothing was found in it, and that nobody could look is a finding."""
    remark = found(syntax.UNPARSABLE, Location(path), f"not looked at: {KILLED}")
    return {name: Answer((remark,) if name == syntax.FAMILY.name else (), lost=(path,)) for name in names}


def of_files(root: Path, files: Sequence[str], names: Sequence[str]) -> list[Result]:
    """Each file as a tree of its own."""
    return [(path, answers_of(Target(root, (path,)), names, alone=True)) for path in files]


def of_tree(target: Target, names: Sequence[str]) -> list[Result]:
    """The whole tree at once."""
    return [(None, answers_of(target, names))]


def answers_of(target: Target, names: Sequence[str], *, alone: bool = False) -> dict[str, Answer]:
    """The answer of each family, or its draft of a file that stands alone; what breaks one down ends no other."""
    with without_collector():
        return {
            family.name: answer(partial(look, target, (family.draft if alone else None) or family.find))
            for family in families()
            if family.name in names
        }


def answer(find: Callable[[], Iterable[Finding]]) -> Answer:
    """What was found or why nothing was."""
    try:
        return Answer(tuple(find()))
    except NotRunError as error:
        return Answer(not_run=(error.reason, error.remedy))
    except Exception as error:
        return Answer(crash=f"{type(error).__name__}: {error}")


def keys(target: Target, chosen: Sequence[Family]) -> dict[str, str]:
    """Path -> key of what is found in this file alone; `:family` -> key of what a family finds in the whole tree."""
    tool = digest(json.dumps([code_digest(), platform.python_version(), versions(chosen)]).encode())
    found_keys = {path: digest(f"{tool}\n{path}\n{content(target.root / path)}".encode()) for path in target.files}
    tree = digest(json.dumps([tool, target.root.resolve().name, list(found_keys.items())]).encode())
    return found_keys | {
        f":{family.name}": digest(f"{tree}\n{family.name}".encode()) for family in chosen if not family.by_file
    }


def content(path: Path) -> str:
    """The hash of a file's bytes; of one that cannot be read, why not."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"unreadable: {error.errno}"


def versions(chosen: Sequence[Family]) -> list[tuple[str, str]]:
    """Of the distributions that do the looking: another version finds other things."""
    names = {name for family in chosen for name in family.versions} | {
        module.split(".")[0] for family in chosen for module in (family.find.__module__,)
    }
    known = []
    for name in sorted(names):
        with suppress(PackageNotFoundError):
            known.append((name, version(name)))
    return known


def remember(store: Store | None, key: str, answers: Mapping[str, Answer]) -> None:
    """Keep answers that can be read back as they are; failures are tried again the next time."""
    if store is None or any(item.not_run or item.crash or item.lost for item in answers.values()):
        return
    written = {name: [as_json(finding) for finding in item.findings] for name, item in answers.items()}
    if restored(written, list(answers)) == dict(answers):
        store.put(key, written)


def recall(store: Store | None, key: str, names: Sequence[str]) -> dict[str, Answer] | None:
    """The answers of these families as they were kept; None when any of them is missing."""
    value = store.get(key) if store else None
    try:
        return restored(value, names) if value is not None else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # not written by this code


def restored(value: Mapping[str, Any], names: Sequence[str]) -> dict[str, Answer]:
    """Answers from their JSON: rules give what all their findings share."""
    rules = {rule.id: rule for family in families() for rule in family.rules}

    def one(rule: str, path: str, line: int, cell: int | None, message: str, excerpt: str, sure: str) -> Finding:
        finding = found(rules[rule], Location(str(path), line, cell), message, excerpt)
        return finding if sure == finding.confidence else replace(finding, confidence=Confidence(sure))

    return {name: Answer(tuple(one(*item) for item in value[name])) for name in names}


def as_json(finding: Finding) -> list[Any]:
    """What sets a finding apart from others of its rule."""
    place = finding.location
    said = (finding.message, finding.excerpt, finding.confidence.value)
    return [finding.rule, place.path, place.line, place.cell, *said]
