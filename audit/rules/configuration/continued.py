"""What the code puts behind a folder to name a file in it, where the folder has a name of its own as well."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import PurePosixPath

from audit.rules.code import Module, called, last_name, text_of
from audit.rules.configuration.listing import option_of

JOINS = {"join", "Path", "PurePath", "joinpath"}
SAME = {"str", "abspath", "realpath", "expanduser", "fspath", "resolve", "absolute", "as_posix", "normpath"}
ASKS = {"exists", "is_dir", "isdir", "mkdir", "makedirs", "print", "info", "debug"}  # open nothing
ANY = "{}"  # of a name that is made at run time
MOST = 40  # uses of one name that are looked at
DEEPEST = 12  # parts of one path
NODES: set[type[ast.AST]] = {ast.Name, ast.Attribute, ast.ImportFrom}


class Folders:
    """For texts that end in the name of a folder: what stands behind them, wherever they are used.

    Attributes:
        names: of the folders of the tree.
    """

    def __init__(self, modules: Iterable[Module], names: Collection[str]) -> None:
        self.modules = list(modules)
        self.names = names
        self.uses: dict[str, list[tuple[Module, ast.AST]]] | None = None

    def ends(self, module: Module, text: ast.expr) -> list[str]:
        """The text as it is, where anything may follow it; else with each pattern (`configs/{}.yaml`) that does.

        None where nothing but whole names of files stands behind it.
        """
        start = text_of(text) or pattern_of(module, text)
        if start.rstrip("/\\").rpartition("/")[2] not in self.names:
            return [start]
        patterns = set(self.behind(module, text))
        if "" in patterns:
            return [start]
        return [f"{start.rstrip('/')}/{pattern.lstrip('/')}" for pattern in sorted(patterns) if ANY in pattern]

    def behind(self, module: Module, node: ast.AST, depth: int = 0) -> Iterator[str]:
        """Patterns of what stands behind a path: a whole name, one with gaps, "" for what cannot be told."""
        holder = module.parents.get(node)
        if holder is None or depth > DEEPEST:
            yield ""
        elif isinstance(holder, ast.BinOp) and isinstance(holder.op, ast.Div | ast.Add):
            yield from self.behind(module, holder, depth + 1) if holder.right is node else [rest(module, holder)]
        elif isinstance(holder, ast.FormattedValue):
            yield from behind_part(module, holder)
        elif isinstance(holder, ast.JoinedStr):
            yield from behind_part(module, node)
        elif isinstance(holder, ast.Call):
            yield from self.given_to(module, holder, node, depth)
        elif isinstance(holder, ast.Attribute):
            yield from self.of_method(module, holder, depth)
        elif isinstance(holder, ast.Assign | ast.AnnAssign):
            targets = holder.targets if isinstance(holder, ast.Assign) else [holder.target]
            names = [last_name(target) for target in targets]
            yield from chain.from_iterable(self.of_name(name, depth) for name in names)
        elif isinstance(holder, ast.keyword) and holder.arg == "default":
            call = module.parents.get(holder)
            yield from self.of_name(option_of(call) if isinstance(call, ast.Call) else "", depth)
        else:
            yield ""

    def given_to(self, module: Module, call: ast.Call, node: ast.AST, depth: int) -> Iterator[str]:
        """What follows an argument of a call."""
        name = called(call)
        at = next((n for n, argument in enumerate(call.args) if argument is node), None)
        after = call.args[at + 1 :] if at is not None else []
        if at is not None and name in JOINS and after:
            yield "/".join(pattern_of(module, part) for part in after)
        elif at is not None and (name in JOINS or name in SAME):
            yield from self.behind(module, call, depth + 1)
        elif name not in ASKS:
            yield ""

    def of_method(self, module: Module, attribute: ast.Attribute, depth: int) -> Iterator[str]:
        """What follows `folder.joinpath(...)`, `folder.resolve()`, `folder.glob("*.yaml")`."""
        call = module.parents.get(attribute)
        if not isinstance(call, ast.Call) or call.func is not attribute:
            yield ""
        elif attribute.attr in SAME:
            yield from self.behind(module, call, depth + 1)
        elif attribute.attr == "joinpath" and call.args:
            yield "/".join(pattern_of(module, part) for part in call.args)
        elif attribute.attr not in ASKS:
            yield ""

    def of_name(self, name: str, depth: int) -> Iterator[str]:
        """What follows a name, in any module."""
        if not name or depth > 2 * MOST:
            yield ""
            return
        if self.uses is None:
            self.uses = {}
            for module in self.modules:
                for node in module.of(*NODES):
                    for used in used_names(node):
                        self.uses.setdefault(used, []).append((module, node))
        uses = self.uses.get(name, [])
        if len(uses) > MOST or any(isinstance(node, ast.ImportFrom) for _, node in uses):
            yield ""
            return
        for module, node in uses:
            yield from self.behind(module, node, depth + 4)


def used_names(node: ast.AST) -> list[str]:
    """The name that is used; those that are imported under another."""
    if isinstance(node, ast.ImportFrom):
        return [alias.name for alias in node.names if alias.asname not in (None, alias.name)]
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        return [last_name(node) or getattr(node, "attr", "")]
    return []


def rest(module: Module, joined: ast.BinOp) -> str:
    """What stands behind the left side of a sum of paths, up to its end."""
    told = pattern_of(module, joined.right)
    holder = module.parents.get(joined)
    while isinstance(holder, ast.BinOp) and holder.left is joined:
        told += ("/" if isinstance(holder.op, ast.Div) else "") + pattern_of(module, holder.right)
        joined, holder = holder, module.parents.get(holder)
    return told


def behind_part(module: Module, part: ast.AST) -> Iterator[str]:
    """What stands in an f-string behind one of its parts."""
    text = module.parents.get(part)
    parts = text.values if isinstance(text, ast.JoinedStr) else []
    at = next((n for n, other in enumerate(parts) if other is part), len(parts))
    yield "".join(text_of(other) or ANY for other in parts[at + 1 :])


def pattern_of(module: Module, node: ast.expr) -> str:
    """A part of a path, with a gap for what is made at run time."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or ANY for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides: list[ast.expr] = [node.right]
        while isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Add):
            node = node.left
            sides.append(node.right)
        return "".join(text_of(side) or ANY for side in (node.left, *reversed(sides)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return re.sub(r"%s|%d", ANY, text_of(node.left)) or ANY
    if isinstance(node, ast.Call) and called(node) == "format" and isinstance(node.func, ast.Attribute):
        return text_of(node.func.value) or ANY
    if isinstance(node, ast.Name):
        given = module.given.get(node.id, [])
        return (text_of(given[0]) if len(given) == 1 else "") or ANY
    return text_of(node) or ANY


def is_filled(parts: list[str], place: PurePosixPath) -> bool:
    """Whether a text with gaps that says more than a suffix gives the file's name: `net_{}.yml`."""
    if not parts[-1].endswith(place.suffix) or not re.search(r"\w{3}", "".join(parts).removesuffix(place.suffix)):
        return False
    return bool(re.fullmatch(".+".join(map(re.escape, parts)), place.name))


def put_together(path: str, texts: set[str]) -> bool:
    """Whether the code holds the parts of the path: its folder at the end of a text, or its stem and its suffix."""
    place = PurePosixPath(path)
    folder = place.parent.name
    other = rf"(?!\S*\.(?!{place.suffix[1:]}\b)(?:ya?ml|toml|json)$)"  # `configs/{{}}.json` opens no YAML
    at_end = re.compile(rf"(\S*[/\\])?{re.escape(folder)}(/|/{other}[{{%]\S*)?") if folder else None
    if at_end and any(folder in text and at_end.fullmatch(text) for text in texts):
        return True
    return place.stem in texts and any(text.endswith(place.suffix) and len(text) <= 6 for text in texts)
