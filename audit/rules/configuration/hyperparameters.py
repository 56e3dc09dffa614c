"""Dictionaries of constants in the code that set what a configuration beside them is there to set."""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from audit.rules.code import Module, last_name
from audit.rules.configuration.entries import Leaf
from audit.rules.configuration.fixed import DRAWN, HYPER, LONGEST, MIN_SHARED, TUNED, VAGUE, Fixed, fixed, named
from audit.rules.configuration.joined import filled_in, is_joined
from audit.rules.configuration.loading import loads_tables
from audit.rules.configuration.written import flat, is_value, said_by, tables
from audit.target import Piece

SHORT = {"learning_rate": "lr", "weight_decay": "wd", "batch_size": "bs"}  # of one quantity
CONFIGURES = re.compile(r"configs?|conf|cfgs?|settings|hparams|options|params|experiments?|exps?|recipes", re.I)
DEFAULTS = re.compile(r"(^|_)(default|fallback)s?(_|$)", re.I)
MODULE_OF_SETTINGS = re.compile(r"(^|/)(configs?|conf|settings|defaults|constants)(/|\.py$)")
NUMBER = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?", re.I)
SHOWN = re.compile(r"(^|/)(docs?|tutorials?|examples?)/")


@dataclass(frozen=True)
class Settings:
    """A configuration: the file, its entries, and whether code loads it."""

    piece: Piece
    leaves: tuple[Leaf, ...]
    loaded: bool

    @cached_property
    def keys(self) -> frozenset[str]:
        """The last keys of its entries."""
        return frozenset(leaf.keys[-1].lower() for leaf in self.leaves)

    @cached_property
    def sections(self) -> tuple[frozenset[str], ...]:
        """The keys of the entries of each table in it."""
        rows: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for leaf in self.leaves:
            rows[leaf.keys[:-1]].add(leaf.keys[-1].lower())
        return tuple(map(frozenset, rows.values()))

    @cached_property
    def entries(self) -> frozenset[tuple[str, str]]:
        """The last keys of its entries, with what they say."""
        return frozenset((leaf.keys[-1].lower(), leaf.value) for leaf in self.leaves)

    @cached_property
    def covers(self) -> tuple[str, ...]:
        """The folder whose code it is there for: its own, or the one that holds its folder of configurations."""
        folders = PurePosixPath(self.piece.path).parts[:-1]
        while folders and CONFIGURES.fullmatch(folders[-1]):
            folders = folders[:-1]
        return folders


def hardcoded(
    module: Module, settings: Collection[Settings], elsewhere: Collection[str]
) -> Iterator[tuple[Piece, int, str]]:
    """Where a table of constants begins, and what it stands for: (piece, line, message).

    Args:
        elsewhere: names of tables that other modules put together with others.
    """
    told: set[ast.AST] = set()
    for piece, node, one, shared in instead(module, [one for one in settings if not one.loaded]):
        outermost = top_of(module, node)
        if outermost not in told:
            told.add(outermost)
            listed = ", ".join(shared)
            yield piece, node.lineno, f"{listed} are fixed here; {one.piece.path} sets them and is never loaded"
    place = PurePosixPath(module.path).parts
    others = [one for one in settings if module.path != one.piece.path]
    under = [one for one in others if place[: len(one.covers)] == one.covers]
    beside = under or [one for one in others if one.loaded and loads_tables(module)]
    if not beside or SHOWN.search(module.path):
        return
    known = {key for one in beside for key in one.keys}
    found = [(table, keys, nearest(beside, keys)) for table, keys in fixed(module, known)]
    if MODULE_OF_SETTINGS.search(module.path):
        found = []  # the configuration in another language
    for table, keys, one in (*found, *copied(module, beside)):
        near = bool(under) or table.name.isupper()  # a program that is given a configuration from another folder
        if not near or top_of(module, table.node) in told or stands_for_others(module, table, keys, elsewhere):
            continue
        told.add(top_of(module, table.node))
        yield table.piece, table.node.lineno, f"{', '.join(keys)} are fixed here, beside {one.piece.path}"


def nearest(beside: Collection[Settings], keys: Collection[str]) -> Settings:
    """Of the configurations beside a table the one that is there for the fewest, and shares most keys with it."""
    return max(beside, key=lambda one: (len(one.covers), len(one.keys.intersection(keys)), one.loaded))


def instead(module: Module, unused: Collection[Settings]) -> Iterator[tuple[Piece, ast.expr, Settings, list[str]]]:
    """Tables with the keys of a configuration that nothing loads, and the keys that they share."""
    for piece, node, pairs in tables(module) if unused else ():
        entries = flat(pairs)
        keys = {SHORT.get(key[-1], key[-1]): key[-1] for key, value in entries if key[-1] and is_value(value)}
        own = {key for key, value in pairs if key and is_value(value)}
        for one in unused if len(keys) > 1 else ():
            shared = {keys[key] for key in keys.keys() & {SHORT.get(key, key) for key in one.keys}}
            if not shared <= own and 2 * len(shared) < len(entries):
                shared &= own  # few of what stands in the tables inside it
            if len(shared) >= MIN_SHARED or (len(shared) == 2 and len(one.keys) <= 3):
                yield piece, node, one, sorted(shared)
                break


def copied(module: Module, beside: Collection[Settings]) -> Iterator[tuple[Fixed, list[str], Settings]]:
    """Tables most of which says the same as a configuration beside them, whatever they are called."""
    for table in named(module):
        said = {keys[-1]: said_by(value) for keys, value in table.entries if is_value(value) and keys[-1]}
        if len(said) < 2 or not DRAWN.isdisjoint(said):
            continue
        for one in beside:
            shared = [key for key in said if len(key) < LONGEST and key in one.keys]
            same = [key for key in shared if (key, said[key]) in one.entries]
            tuned = any(HYPER.fullmatch(key) or TUNED.fullmatch(key) or VAGUE.fullmatch(key) for key in shared)
            few = len(shared) < MIN_SHARED or 2 * len(shared) < len(table.entries)
            if (tuned and not few and len(same) >= MIN_SHARED - 1) or is_section(said, one):
                yield table, shared, one
                break


def is_section(said: Mapping[str, str], one: Settings) -> bool:
    """Whether a table gives values, two of them numbers, to most entries of one section and to nothing else."""
    numbers = sum(bool(NUMBER.fullmatch(value)) for value in said.values())
    return numbers > 1 and any(said.keys() <= keys and 3 * len(said) >= 2 * len(keys) for keys in one.sections)


def stands_for_others(module: Module, table: Fixed, keys: list[str], elsewhere: Collection[str]) -> bool:
    """Whether a table is there for others: put together with one that is loaded, filled in, or what is taken without.

    What is called a default is fixed only where it is asked for its entries, or spread, in its own module.
    """
    if is_joined(module, table.name) or table.name in elsewhere:
        return True
    if 2 * len(filled_in(module, table.name).intersection(keys)) >= len(keys):
        return True
    return bool(DEFAULTS.search(table.name)) and not is_used(module, table.name)


def is_used(module: Module, name: str) -> bool:
    """Whether a table of the module is asked for an entry or spread there."""
    for node in module.of(ast.Subscript, ast.keyword, ast.Attribute, ast.Dict):
        tables: list[ast.expr] = []
        if isinstance(node, ast.Dict):
            tables = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
        elif isinstance(node, ast.Subscript | ast.Attribute) or (isinstance(node, ast.keyword) and node.arg is None):
            tables = [node.value]
        if name in map(last_name, tables):
            return True
    return False


def top_of(module: Module, node: ast.AST) -> ast.AST:
    """The dictionary that holds all those around the node."""
    for holder in module.enclosing(node):
        if not isinstance(holder, ast.Dict | ast.List | ast.Tuple | ast.keyword | ast.Call):
            break
        node = holder
    return node
