"""The outputs of two runs, byte for byte."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.model import Check, Evidence, InputHash, Verdict, counted
from audit.reproduction.stages import Stage

SHOWN = 10
BLOCK = 2**20


@dataclass(frozen=True)
class Compared:
    """A stage: its files with their hashes in the first run, and what differs in the second, in words."""

    stage: Stage
    files: dict[str, str]
    differences: tuple[str, ...]


def compare(stage: Stage, first: Path, second: Path) -> Compared:
    """Every file of a stage's outputs in both runs. An output that neither run made is a difference as well."""
    one, two = (listed(place, stage.outputs) for place in (first, second))
    missing = [name for name in stage.outputs if not (first / name).exists() and not (second / name).exists()]
    found = [f"{name}: made by neither run" for name in missing]
    for path in sorted({*one, *two}):
        if path not in one or path not in two:
            found.append(f"{path}: only in the {'second' if path not in one else 'first'} run")
        elif one[path] != two[path]:
            found.append(f"{path}: {first_difference(first / path, second / path)}")
    return Compared(stage, one, tuple(found))


def listed(place: Path, outputs: Sequence[str]) -> dict[str, str]:
    """sha256 by path of all files of these outputs."""
    found = {}
    for name in outputs:
        path = place / name
        files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
        for file in files:
            with file.open("rb") as stream:
                found[file.relative_to(place).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def first_difference(one: Path, two: Path) -> str:
    """Where two files part."""
    offset = 0
    with one.open("rb") as a, two.open("rb") as b:
        while True:
            left, right = a.read(BLOCK), b.read(BLOCK)
            if left != right or not left:
                break
            offset += len(left)
    pairs = enumerate(zip(left, right, strict=False))
    inside = next((number for number, (x, y) in pairs if x != y), min(len(left), len(right)))
    sizes = "" if one.stat().st_size == two.stat().st_size else f", sizes {one.stat().st_size} and {two.stat().st_size}"
    return f"differs from byte {offset + inside} on{sizes}"


def checks(results: Sequence[Compared], command: str, sha: str) -> list[Check]:
    """One check for each stage, in the order in which they run, and before them which is the first that differs."""
    wrong = [item for item in results if item.differences]
    files = sum(len(item.files) for item in results)
    message = f"all {counted(files, 'file')} of {counted(len(results), 'stage')} are the same bytes in both runs"
    if wrong:
        message = f"the first stage that differs is {wrong[0].stage.name}: {wrong[0].differences[0]}"
    told = f"`{command}` twice, in clean clones of {sha}"
    total = Evidence(told, len(results) - len(wrong), len(results), "stages with the same bytes")
    remedy = f"look for time, chance, order or paths in {wrong[0].stage.name}" if wrong else ""
    overall = Check("reproduce", "Two runs give the same bytes", verdict(not wrong), message, evidence=(total,),
                    remedy=remedy)  # fmt: skip
    return [overall, *(of_stage(item, told) for item in results)]


def of_stage(item: Compared, told: str) -> Check:
    """The check of one stage."""
    inputs = tuple(InputHash(path, sha256) for path, sha256 in item.files.items())
    proof = Evidence(told, len(item.differences), 0, "files that differ", inputs=inputs)
    message = f"{counted(len(item.files), 'file')}, the same bytes"
    if item.differences:
        message = f"{counted(len(item.differences), 'file')} of {len(item.files)} differ: {item.differences[0]}"
    return Check(
        f"reproduce.{item.stage.name}", f"{item.stage.name} gives the same bytes", verdict(not item.differences),
        message, evidence=(proof,), notes=item.differences[:SHOWN],
    )  # fmt: skip


def verdict(right: bool) -> Verdict:
    """Pass or fail."""
    return Verdict.PASS if right else Verdict.FAIL
