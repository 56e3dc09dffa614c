"""Mutations as data: `[[mutants]]` in TOML files that `[tool.audit.mutants]` names."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from audit.errors import AuditError

Text = Annotated[str, StringConstraints(min_length=1)]
Check = Annotated[str, StringConstraints(pattern=r"^(paper\.[\w-]+\.[\w-]+|rule|test):\S+$")]
Test = Annotated[str, StringConstraints(pattern=r"^[^\s:]+\.py(::\S+)?$")]


class Section(BaseModel):
    """A table in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Mutant(Section):
    """One way to break the code, and who must notice.

    Attributes:
        id: unique among all mutants.
        title: what is wrong then, in words.
        file: path in the project.
        text: what stands in the file exactly once; replaced by `replacement`.
        replacement: what stands there instead.
        operation: in place of a text. "return": the body of `function` is `return replacement`; "swap": the first two
            arguments of the only call of `call` inside `function` change places.
        function: name of a function, `Class.method` for a method.
        call: the called name as it is written, such as `torch.where`.
        check: who is responsible: `paper.PAPER.SUBJECT:PARAMETER`, `rule:RULE` (its own examples), `test:TEST`.
        expect: "fail" where the check measures the mistake; "error" where the broken code cannot be measured at all.
        tests: tests that must fail as well, as pytest names them.
        recompile: leave compiled kernels out of the copy, for a change of constants that they hold.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Text
    file: Text
    text: str | None = None
    replacement: str | None = None
    operation: Literal["return", "swap"] | None = None
    function: Text | None = None
    call: Text | None = None
    check: Check
    expect: Literal["fail", "error"] = "fail"
    tests: tuple[Test, ...] = ()
    recompile: bool = False

    @model_validator(mode="after")
    def _one_change(self) -> "Mutant":
        wanted = {
            None: {"text", "replacement"},
            "return": {"function", "replacement"},
            "swap": {"function", "call"},
        }[self.operation]
        given = {key for key in ("text", "replacement", "function", "call") if getattr(self, key) is not None}
        if given != wanted:
            raise ValueError(f"got {', '.join(sorted(given)) or 'no change'}, expected {' and '.join(sorted(wanted))}")
        if self.text == "":
            raise ValueError("text is empty")
        return self


class MutationFile(Section):
    """One file of mutants."""

    mutants: Annotated[tuple[Mutant, ...], Field(min_length=1)]


def load(root: Path, files: tuple[str, ...]) -> tuple[Mutant, ...]:
    """Read the mutants of all files.

    Raises:
        AuditError: a file is missing or wrong, with the path of every key that is; two mutants of one id.
    """
    found = [mutant for file in files for mutant in parse(file, read(root, file))]
    twice = [name for name, number in Counter(mutant.id for mutant in found).items() if number > 1]
    if twice:
        raise AuditError(f"tool.audit.mutants.files: two mutants are called {', '.join(sorted(twice))}")
    return tuple(found)


def read(root: Path, file: str) -> str:
    """The text of a mutation file."""
    try:
        return (root / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"tool.audit.mutants.files: {file} cannot be read: {error}") from error


def parse(file: str, text: str) -> tuple[Mutant, ...]:
    """Check the content of a mutation file.

    Raises:
        AuditError: as `load`.
    """
    try:
        return MutationFile.model_validate(tomllib.loads(text)).mutants
    except tomllib.TOMLDecodeError as error:
        raise AuditError(f"{file} cannot be read: {error}") from error
    except ValidationError as error:
        lines = [f"{file}: {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise AuditError("\n  ".join(lines)) from error
