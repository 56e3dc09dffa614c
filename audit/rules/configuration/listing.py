"""Listings in the code, and which configurations they may find."""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TypeGuard

from audit.rules.code import Module, called, is_function, keyword, last_name, text_of
from audit.rules.reading import gone_through

LISTINGS = {"glob", "iglob", "rglob", "listdir", "scandir", "iterdir", "walk", "fwalk"}
PACKAGED = ("importlib.resources", "importlib_resources", "pkg_resources", "pkgutil")  # find files of a package
SUFFIX = re.compile(r"[*/]*\.?(ya?ml|toml|json)")  # a pattern or a suffix, and not the name of one file
# Nodes that tell parts of paths from keys.
NAMES = {"getLogger", "get_logger", "getChild", "Flask"}  # are given names of other things than files
UP = {"parent", "parents", "dirname", "pardir"}
JOINING = {"join", "Path", "PurePath", "joinpath", *LISTINGS}
FOLDERS = re.compile(r"dir|folder|path|root|base|loc|place|where|config|cfg", re.I)
OPTION_CALLS = {"add_argument", "option", "add_option"}
MOST = 5  # values of one name that are looked at
DEEPEST = 3  # names that one path is followed through


@dataclass(frozen=True)
class Listing:
    """The words of the path that is listed, the folders among them, the suffixes that are asked of what is found.

    The path may be an option of a program (`optional`), whose default has these words; or nothing else but what the
    program is given (`by_hand`).

    Some find only what lies in the folder itself (`flat`), or what has the suffix with which a pattern ends (`ending`).

    `home` is the module's own folder where the path is made of its place, and "" where it is not. A folder of a
    package is opened (`packaged`), which lists nothing yet.
    """

    words: frozenset[str]
    folders: frozenset[str]
    suffixes: frozenset[str]
    home: str
    packaged: bool
    optional: bool = False
    by_hand: bool = False
    flat: bool = False
    ending: str = ""


def listings(modules: Iterable[Module], folders: Collection[str]) -> Iterator[Listing]:
    """What each listing in the code may find in a tree with folders of these names."""
    modules = list(modules)
    callers: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
    for module in modules:
        for _, call, _ in module.calls:
            callers[called(call)].append((module, call))
    for module in modules:
        for _, call, name in module.calls:
            packaged = name.startswith(PACKAGED) and not any(map(is_file, call.args))
            if packaged or called(call) in LISTINGS:
                further = list(parts_behind(module, call)) if packaged else []
                if any(map(is_file, further)):
                    continue
                nodes = [*followed(module, call, call), *further]
                nodes += handed(module, call, nodes, callers, folders)
                words = frozenset(word for node in nodes for word in re.findall(r"[\w-]+", text_of(node)))
                scope = module.scope(call)
                around = [*nodes, *(ast.walk(scope) if is_function(scope) else ())]
                asked = (SUFFIX.fullmatch(text_of(node)) for node in around)
                suffixes = frozenset(match[1] for match in asked if match) | (words if packaged else frozenset())
                home = str(PurePosixPath(module.path).parent) if is_beside(nodes) else ""
                optional = any(isinstance(node, ast.Attribute) and node.attr in defaulted(module) for node in nodes)
                told = (last_name(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute))
                by_hand = "argv" in told
                named = words.intersection(folders)
                flat, ending = is_flat(module, call), ending_of(call)
                yield Listing(words, named, suffixes, home, packaged, optional, by_hand and not named, flat, ending)


def is_flat(module: Module, call: ast.Call) -> bool:
    """Whether a call looks for files in one folder that it names: `(ROOT / "runs").glob("*.toml")`."""
    folder = call.func.value if isinstance(call.func, ast.Attribute) else None
    deep = any("/" in text_of(part) or "**" in text_of(part) for part in call.args)
    if called(call) != "glob" or folder is None or deep:
        return False
    given = module.given.get(folder.id, []) if isinstance(folder, ast.Name) else [folder]
    ends = [one.right if isinstance(one, ast.BinOp) else one.args[-1] if is_path(one) else None for one in given]
    return bool(ends) and all(map(text_of, ends)) and all(map(text_of, call.args))


def ending_of(call: ast.Call) -> str:
    """The suffix with which the pattern of a listing ends: `.h5` of `glob("*.h5")`; "" where it does not say."""
    pattern = call.args[0] if call.args and called(call).endswith("glob") else None
    if isinstance(pattern, ast.Call) and pattern.args:
        pattern = pattern.args[-1]
    found = re.search(r"\.\w+$", text_of(pattern.right if isinstance(pattern, ast.BinOp) else pattern))
    return found.group() if found else ""


def is_path(node: ast.expr) -> TypeGuard[ast.Call]:
    """`Path("runs")`, `ROOT.joinpath("runs")`."""
    return isinstance(node, ast.Call) and called(node) in ("Path", "joinpath") and bool(node.args)


def handed(
    module: Module,
    call: ast.Call,
    nodes: Collection[ast.AST],
    callers: Mapping[str, list[tuple[Module, ast.Call]]],
    folders: Collection[str],
    depth: int = 0,
) -> list[ast.AST]:
    """What callers give the parameters of which a path is made; nothing where one of them names no folder."""
    function = module.scope(call)
    if not is_function(function) or depth > DEEPEST:
        return []
    parameters = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
    method = int(parameters[:1] in (["self"], ["cls"]))
    used = [node.id for node in nodes if isinstance(node, ast.Name) and node.id in parameters]
    found: list[ast.AST] = []
    for name in dict.fromkeys(used):
        at = parameters.index(name) - method
        for other, calling in callers.get(function.name, [])[:MOST]:
            value = keyword(calling, name) or (calling.args[at] if 0 <= at < len(calling.args) else None)
            given = list(followed(other, calling, value)) if value is not None else []
            given += handed(other, calling, given, callers, folders, depth + 1)
            words = {word for node in given for word in re.findall(r"[\w-]+", text_of(node))}
            if words.isdisjoint(folders):
                return []
            found += given
    return found


def option_of(call: ast.Call) -> str:
    """The attribute under which a program finds the option that a call declares; "" for other calls."""
    flags = [text_of(flag) for flag in call.args] if called(call) in OPTION_CALLS else []
    return max(flags, key=len, default="").lstrip("-").replace("-", "_")


def choices(module: Module) -> Iterator[frozenset[str]]:
    """Rows of texts that an option leaves the choice among, or that a name must be in."""
    for node in module.of(ast.Call, ast.Compare):
        rows: list[ast.expr] = []
        if isinstance(node, ast.Call):
            given = keyword(node, "choices")
            rows = [given] if given is not None else node.args[:1] if called(node) == "Choice" else []
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            rows = node.comparators[:1]
        values = (value for row in rows for value in (module.given.get(last_name(row), [])[:MOST] or [row]))
        for value in values:
            texts = frozenset(map(text_of, value.keys if isinstance(value, ast.Dict) else getattr(value, "elts", ())))
            yield from [texts] if "" not in texts else []


def defaulted(module: Module) -> dict[str, ast.expr]:
    """The options of a program with a default that may be a folder: attribute -> the default."""
    if "defaulted" not in module.derived:
        given = ((option_of(call), keyword(call, "default")) for _, call, _ in module.calls)
        module.derived["defaulted"] = {name: value for name, value in given if name and value and not is_file(value)}
    options: dict[str, ast.expr] = module.derived["defaulted"]
    return options


def parts_behind(module: Module, call: ast.Call) -> Iterator[ast.expr]:
    """What is joined to the path that a call makes: `files("package").joinpath("a") / "b"`."""
    node: ast.AST = call
    for holder in module.enclosing(call):
        if isinstance(holder, ast.Call) and holder.func is node and last_part(node) == "joinpath":
            yield from holder.args
        elif isinstance(holder, ast.BinOp) and holder.left is node and isinstance(holder.op, ast.Div):
            yield holder.right
        elif not isinstance(holder, ast.Attribute):
            return
        node = holder


def last_part(node: ast.AST) -> str:
    """`c` of anything that ends in `.c`."""
    return node.attr if isinstance(node, ast.Attribute) else ""


def in_paths(module: Module) -> Iterator[str]:
    """Words that stand for a part of a path in the code: joined to another, or given a name that says so.

    What lies in the user's home is none of the tree's.
    """
    at_home = {id(node) for node in module.of(ast.BinOp) if is_at_home(node)}
    for _, node in module.walk():
        parts: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and id(node) not in at_home:
            parts = [node.left, node.right]
        elif isinstance(node, ast.Call) and called(node) in JOINING:
            parts = node.args
        elif isinstance(node, ast.Assign | ast.keyword):
            names = [node.arg or ""] if isinstance(node, ast.keyword) else map(last_name, node.targets)
            parts = [node.value] if any(map(FOLDERS.search, names)) else []
        elif isinstance(node, ast.Call) and any(FOLDERS.search(text_of(argument)) for argument in node.args[:1]):
            parts = [item.value for item in node.keywords if item.arg == "default"]
        elif is_function(node):
            parts = [value for item in ast.walk(node.args) if isinstance(item, ast.arg) and FOLDERS.search(item.arg)
                     for value in defaults(node, item.arg)]  # fmt: skip
        yield from filter(None, map(text_of, parts))


def open_ended(module: Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Texts that may be folders from which anything is taken: not those joined with the name of what is, or Hydra's."""
    followed = {id(node.slice) for node in module.of(ast.Subscript)}  # by another part of the path, or keys
    followed.update(id(key) for node in module.of(ast.Dict) for key in node.keys)
    for comparison in module.of(ast.Compare):  # `path.suffix == ".toml"` puts nothing together
        parts = (comparison.left, *comparison.comparators)
        sides = [side for part in parts for side in getattr(part, "elts", [part])]
        followed.update(id(side) for side in sides if text_of(side).startswith("."))
    for node in module.of(ast.BinOp):
        if isinstance(node.op, ast.Div) and text_of(node.right):
            followed.add(id(node.left.right if isinstance(node.left, ast.BinOp) else node.left))
    for _, call, full in module.calls:
        name = called(call)
        if name in NAMES or (name in ("get", "pop") and isinstance(call.func, ast.Attribute)):
            followed.update(map(id, call.args[:1]))
        elif full.startswith("hydra."):
            followed.update(id(item.value) for item in call.keywords if item.arg == "config_path")
        elif name in ("join", "Path", "joinpath"):
            followed.update(id(before) for before, after in pairwise(call.args) if text_of(after))
    for text in module.of(ast.Constant, ast.JoinedStr):
        if id(text) in followed:
            continue
        if isinstance(text, ast.JoinedStr) or (isinstance(text, ast.Constant) and isinstance(text.value, str)):
            yield text


def is_at_home(node: ast.expr) -> bool:
    """`Path.home() / ".cache" / "name"`, `Path("~").expanduser() / "name"`."""
    while isinstance(node, ast.BinOp):
        node = node.left
    return isinstance(node, ast.Call) and called(node) in ("home", "expanduser", "user_cache_dir", "gettempdir")


def is_beside(nodes: Collection[ast.AST]) -> bool:
    """Whether a path is made of the module's own and leads no higher than its folder."""
    own = any(isinstance(node, ast.Name) and node.id == "__file__" for node in nodes)
    steps = [node for node in nodes if isinstance(node, ast.Name | ast.Attribute) and last_name(node) in UP]
    return own and len(steps) < 2 and not any(text_of(node).startswith("..") for node in nodes)


def is_file(node: ast.expr) -> bool:
    """A text with a suffix: the name of one file."""
    return bool(re.search(r"\.\w+$", text_of(node)) and not text_of(node).startswith("."))


def followed(module: Module, call: ast.Call, node: ast.AST, depth: int = 0) -> Iterator[ast.AST]:
    """The nodes of a path, and of what the names in it stand for: their values, or the defaults of parameters."""
    for inner in ast.walk(node):
        yield inner
        if isinstance(inner, ast.Name) and depth < DEEPEST:
            values = [*module.given.get(inner.id, [])[:MOST], *gone_through(module, inner)]
            for value in (*values, *defaults(module.scope(call), inner.id)):
                yield from followed(module, call, value, depth + 1)
        elif isinstance(inner, ast.Attribute) and inner.attr in defaulted(module) and depth < DEEPEST:
            yield from followed(module, call, defaulted(module)[inner.attr], depth + 1)


def defaults(function: ast.AST, name: str) -> Iterator[ast.expr]:
    """The default of a parameter of the function."""
    if is_function(function):
        given = [*function.args.posonlyargs, *function.args.args]
        last = zip(reversed(given), reversed(function.args.defaults), strict=False)
        only = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        yield from (value for parameter, value in (*last, *only) if value is not None and parameter.arg == name)


def is_listed(place: PurePosixPath, every: Iterable[Listing], folders: Mapping[PurePosixPath, set[str]]) -> bool:
    """Whether a listing names the folder of a file and none in that folder, or its suffix and no other folder.

    `folders` are those of the tree: folder -> the names of those in it.
    """
    inside = folders.get(place.parent, set())
    above = place.parts[:-1]
    for listing in every:
        if listing.ending not in ("", place.suffix) and place.suffix.lstrip(".") not in listing.suffixes:
            continue  # it looks for others: `run.glob("*.h5")`
        if above and above[-1] in listing.words and listing.words.isdisjoint(inside):
            return True
        at_home = listing.home in ("", ".") or place.is_relative_to(listing.home)
        inner = listing.flat and listing.folders and not listing.folders.intersection(above[-1:])
        if inner:
            continue
        if at_home and place.suffix.lstrip(".") in listing.suffixes and listing.folders.issubset(above):
            return True
    return False
