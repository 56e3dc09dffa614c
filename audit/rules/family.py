"""What a family of rules is, and where its examples lie."""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from audit.model import Confidence, Example, Finding, Rule, Severity
from audit.target import Target


@dataclass(frozen=True)
class Family:
    """Rules that look for the same kind of thing and share one pass over the tree.

    Attributes:
        versions: distributions that do the looking, named in the evidence.
        reads_text: whether it looks into other files than Python and notebooks.
        of_code: whether it reads them for the sake of Python beside them, and has nothing to say without.
        per_file: whether what it finds in a file depends on nothing but that file: then files are looked at in
            parallel, and what was found in one is remembered as long as its bytes stay the same.
        draft, settle: of a family that compares files with each other and has its work in each of them: what may turn
            out to be a finding in a file, drawn up and remembered file by file, and what of all these drafts is one.
            `find` is the second of the first.
    """

    name: str
    title: str
    rules: tuple[Rule, ...]
    find: Callable[[Target], Iterable[Finding]]
    versions: tuple[str, ...] = ()
    reads_text: bool = False
    of_code: bool = False
    per_file: bool = False
    draft: Callable[[Target], Iterable[Finding]] | None = None
    settle: Callable[[Iterable[Finding]], Iterable[Finding]] | None = None

    @property
    def by_file(self) -> bool:
        """Whether it looks at each file alone, at least to begin with."""
        return self.per_file or self.draft is not None


def rule(identifier: str, *, title: str, why: str, fix: str, severity: Severity, confidence: Confidence) -> Rule:
    """A rule named `family.name`, with its examples from `examples/family.toml`.

    The examples are planted defects. They live in data files, so that the audit of this project can leave them out by
    name instead of finding them.
    """
    family = identifier.split(".")[0]
    return Rule(
        id=identifier, title=title, why=why, fix=fix, family=family, severity=severity, confidence=confidence,
        bad=examples(family, identifier, "bad"), good=examples(family, identifier, "good"),
    )  # fmt: skip


@cache
def document(family: str) -> dict[str, Any]:
    """The examples of a family as they stand in its file."""
    place = resources.files("audit.rules") / "examples" / f"{family}.toml"
    return tomllib.loads(place.read_text(encoding="utf-8"))


def examples(family: str, identifier: str, side: str) -> tuple[Example, ...]:
    """Examples of one rule: `[[NAME.bad]]` and `[[NAME.good]]`, each a title and a table of files."""
    name = identifier.split(".", 1)[1]
    return tuple(
        Example(entry["title"], tuple(sorted(entry["files"].items())))
        for entry in document(family).get(name, {}).get(side, [])
    )
