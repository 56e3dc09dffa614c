"""Which files a call that loads a configuration may open, by the texts of which its path is made."""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import TypeGuard

from audit.rules.code import Module, called, dotted, is_function, is_parameter, keyword, last_name, text_of
from audit.rules.configuration.flow import CHAINED, Flow
from audit.rules.configuration.listing import LISTINGS, defaulted, defaults, option_of
from audit.rules.configuration.loading import CALLED, FORMATS, KNOWN, MOST, named_files, parameters, values_of
from audit.rules.configuration.tables import Source
from audit.rules.configuration.told import is_spoken
from audit.rules.reading import gone_through
from audit.target import Piece, Target

MAX_BYTES = 200_000  # larger files are data
MOST_NODES = 200  # that one path is followed through
RECURSIVE = {"rglob", "walk", "fwalk"}
KEY = "\0"  # before the name of an option or an entry among texts
GAP = re.compile(r"\{[^{}]*\}|%s|%d")
FILE = re.compile(r"[\w*}/]\.\w{1,5}$")  # ends the path of one
POINTER = re.compile(r"['\"]?(\w+)['\"]?\s*[:=]\s*['\"]?([\w./-]+\.(?:ya?ml|toml|json))\b")


class Sources:
    """The paths that calls open, and what stands in the tree for them.

    Attributes:
        places: all files that have the format of a configuration.
        folders: folder -> the names of those in it.
    """

    def __init__(
        self,
        target: Target,
        flow: Flow,
        places: Collection[PurePosixPath],
        folders: Mapping[PurePosixPath, Collection[str]],
    ) -> None:
        self.target = target
        self.flow = flow
        self.places = places
        self.folders = folders
        self.opened: dict[Source, set[str]] = {}

    def may_load(self, source: Source, piece: Piece, by_hand: bool) -> bool:
        """Whether a call may load the file: not where it names others, or lists another folder.

        A call that is given its path by an option or an entry loads what users hand to programs (`by_hand`).
        """
        if source not in self.opened:
            self.opened[source] = self.texts(*source)
        texts = {text for text in self.opened[source] if not text.startswith(KEY)}
        keys = {text.removeprefix(KEY) for text in self.opened[source]} - texts
        files = {text for text in texts if FILE.search(text) or text in self.configured}
        files.update(file for key in keys for file in self.pointers.get(key, ()))
        place = PurePosixPath(piece.path)
        if not files and keys and keys <= self.options.keys():
            return by_hand or any(is_spoken(piece.path, text) for key in keys for text in self.options[key])
        if any(text == place.stem or is_spoken(piece.path, text) or GAP.search(text) for text in files):
            return True
        listed = texts & {"*", "**"} or any("*" in text for text in files)
        if listed:
            folders = {word for text in texts for word in re.findall(r"[\w-]+", text)}
            inside = self.folders.get(place.parent, set())
            deep = any("**" in text for text in texts)
            if deep or (place.parent.name in folders and folders.isdisjoint(inside)):
                return True
            return folders.isdisjoint(self.in_folders)
        return not files or (by_hand and not keys <= self.pointers.keys())

    @cached_property
    def configured(self) -> set[str]:
        """Stems of all files that have the format of a configuration."""
        return {place.stem for place in self.places}

    @cached_property
    def in_folders(self) -> set[str]:
        """Names of all folders of the tree."""
        return {name for names in self.folders.values() for name in names}

    @cached_property
    def pointers(self) -> dict[str, set[str]]:
        """Keys of entries of configurations that hold the path of another -> these paths."""
        found: dict[str, set[str]] = defaultdict(set)
        for piece in self.target.pieces:
            if piece.path.endswith(KNOWN) and len(piece.text) <= MAX_BYTES:
                for key, path in POINTER.findall(piece.text):
                    found[key].add(path)
        return found

    @cached_property
    def options(self) -> dict[str, set[str]]:
        """Options of the programs of the tree -> the texts that stand for them where nobody gives them."""
        found: dict[str, set[str]] = defaultdict(set)
        for module in self.flow.every:
            for _, call, _ in module.calls:
                if option_of(call):
                    default = keyword(call, "default")
                    found[option_of(call)] |= self.texts(module, default) if default is not None else set()
        return found

    def texts(self, module: Module, node: ast.AST) -> set[str]:
        """Texts of which the path in an expression may be made; KEY before what an option or entry is called."""
        found: set[str] = set()
        seen: set[ast.AST] = set()
        waiting: list[tuple[Module, ast.AST, int]] = [(module, node, 0)]
        while waiting:
            module, node, depth = waiting.pop()
            if node in seen or depth > CHAINED or len(seen) > MOST_NODES:
                continue
            seen.add(node)
            keys = {id(inner.slice) for inner in ast.walk(node) if isinstance(inner, ast.Subscript)}
            heads = {id(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
            tables = {id(inner.value) for inner in ast.walk(node) if is_entry(inner)}
            for inner in ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    found.add(f"{KEY}{inner.value}" if id(inner) in keys else inner.value)
                elif isinstance(inner, ast.Attribute):
                    if isinstance(inner.value, ast.Name) and id(inner) not in heads and not is_of_format(module, inner):
                        found.add(f"{KEY}{inner.attr}")
                    if inner.attr in defaulted(module):
                        waiting.append((module, defaulted(module)[inner.attr], depth + 1))
                elif isinstance(inner, ast.Name) and id(inner) not in tables:
                    waiting += [(other, value, depth + 1) for other, value in self.behind(module, inner)]
                elif isinstance(inner, ast.Call) and called(inner) in LISTINGS:
                    found.add("**" if called(inner) in RECURSIVE else "*")
                elif isinstance(inner, ast.Call) and not inner.args and not inner.keywords:
                    named = self.flow.functions.get(called(inner), [])[:2]
                    waiting += [(other, function, depth + 2) for other, function in named]
        return found

    def behind(self, module: Module, name: ast.Name) -> Iterator[tuple[Module, ast.expr]]:
        """What a name may stand for: values it is given, defaults and arguments of a parameter, constants elsewhere."""
        values = [*values_of(module, name)[:MOST], *gone_through(module, name), *opened_as(module, name)]
        yield from ((module, value) for value in values)
        scope = module.scope(name)
        if is_function(scope):
            yield from ((module, value) for value in defaults(scope, name.id))
            if is_parameter(module, name):
                yield from ((caller, value) for caller, value, _ in self.flow.arguments(scope, name.id))
        if not values and name.id.isupper():
            yield from ((other, value) for other in self.flow.every for value in other.given.get(name.id, [])[:1])


def loads_another(module: Module, path: str) -> bool:
    """Whether a module names other files of the format and not this one, and is given no configuration."""
    texts = named_files(module).get(PurePosixPath(path).suffix, ())
    if not texts or any(is_spoken(path, text) or "*" in text or "{" in text for text in texts):
        return False
    return not any(map(CALLED.search, parameters(module)))


def is_of_format(module: Module, node: ast.Attribute) -> bool:
    """Whether a name after a full stop is one of a library that loads tables: `yaml.SafeLoader`."""
    return module.full_name(node).partition(".")[0] in FORMATS


def is_entry(node: ast.AST) -> TypeGuard[ast.Subscript | ast.Attribute]:
    """`table["key"]`, `cfg.key`."""
    if isinstance(node, ast.Subscript):
        return bool(text_of(node.slice))
    return isinstance(node, ast.Attribute) and bool(CALLED.search(last_name(node.value)))


def opened_as(module: Module, name: ast.Name) -> Iterator[ast.expr]:
    """What a name is that `with` gives: `open(path)` of `with open(path) as name`."""
    for holder in module.enclosing(name):
        if isinstance(holder, ast.With):
            yield from (
                item.context_expr
                for item in holder.items
                if item.optional_vars is not None and dotted(item.optional_vars) == name.id
            )
