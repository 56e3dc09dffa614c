"""What the programs of a tree take where their users give nothing, and which folders commands give to them."""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import PurePosixPath

from audit.rules.code import Module, called, keyword, text_of
from audit.rules.configuration.entries import Leaf
from audit.rules.configuration.loading import KNOWN, OPTION, OPTION_CALLS, loads_tables
from audit.rules.configuration.told import is_handed


class Programs:
    """The programs of a tree and the commands that start them.

    Attributes:
        every: the modules.
        places: all files that have the format of a configuration.
        spoken: the commands.
    """

    def __init__(self, every: list[Module], places: Collection[PurePosixPath], spoken: str) -> None:
        self.every = every
        self.places = places
        self.spoken = spoken

    def is_strange(self, leaves: Collection[Leaf], named: Iterable[tuple[Leaf, ...]]) -> bool:
        """Whether a file shares no table with those beside it (`named`) that all programs take by themselves."""
        known = {leaf.keys[0] for other in named for leaf in other}
        return self.have_defaults and bool(known) and known.isdisjoint(leaf.keys[0] for leaf in leaves)

    @cached_property
    def have_defaults(self) -> bool:
        """Whether each program that takes a configuration says which it takes where its user gives none."""
        told = [bool(default) for module in self.every for default in defaults_of_options(module)]
        argued = any("sys.argv" in piece.text for module in filter(loads_tables, self.every) for piece in module.pieces)
        return bool(told) and all(told) and not argued

    def is_elsewhere(self, place: PurePosixPath) -> bool:
        """Whether the folders that commands give to programs hold files of its format, and none of them holds it."""
        handed = self.handed.get(place.suffix, set())
        return bool(handed) and handed.isdisjoint(place.parents)

    @cached_property
    def handed(self) -> dict[str, set[PurePosixPath]]:
        """Suffix -> the folders with such files that commands give to programs."""
        found: dict[str, set[PurePosixPath]] = defaultdict(set)
        for folder, suffix in {(place.parent, place.suffix) for place in self.places}:
            if is_handed(folder.name, self.spoken):
                found[suffix].add(folder)
        return found


def defaults_of_options(module: Module) -> Iterator[str]:
    """The file that each option for a configuration has as its default; "" for an option that has none."""
    for _, call, _ in module.calls:
        if called(call) in OPTION_CALLS and any(OPTION.match(text_of(argument)) for argument in call.args):
            default = keyword(call, "default")
            texts = map(text_of, ast.walk(default)) if default is not None else ()
            yield next((text for text in texts if PurePosixPath(text).suffix in KNOWN), "")
