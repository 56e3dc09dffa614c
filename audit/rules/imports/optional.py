"""Imports that may fail: a call above asks for the library, or a helper loads the module and knows what to do."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from audit.rules.code import Module, is_function, last_name, text_of
from audit.rules.local import Import, Local, catches_import_error
from audit.rules.names import DISTRIBUTIONS

SPEAKS = ("find_spec", "vailable", "nstalled", "equire", "ependenc", "EQUIREMENTS", "EPENDENC")
# From such a word on: a call that asks, `require("mne")`, or a list of what a part of the tree needs, which is looked
# for when that is made, `"python_dependencies": ["mne"]`.
ASKED = re.compile(
    r"(?:(?:find_spec|vailable\w*|nstalled|equire\w*|ependenc\w+)\("
    r"|(?:ependenc(?:y|ies)|EPENDENC(?:Y|IES)|equires|equire(?:ments|d_packages)|EQUIREMENTS)['\"]?\s*"
    r"(?::[^\n=]*=|[:=]))"
    r"\s*[(\[{]?((?:\s*f?['\"][\w-]+[^'\"\n]*['\"],?(?:[^\S\n]*#[^\n]*)?)+)"
)
ASKED_BY_NAME = re.compile(r"is_(?<!\wis_)(\w+?)_(?:available|installed)\b")
ASKED_FOR = re.compile(r"['\"]([\w-]+)")
# Calls that install what is missing, or end with a word on it.
INSTALLS = re.compile(
    r"\b(?:check|ensure|install|require|requires|verify|validate)_(?:\w+_)?"
    r"(?:requirements?|packages?|dependenc(?:y|ies)|backends?|installed|installation|extras?|version)\("
)
REGISTERED = re.compile(r"^\s*@[\w.]*register\w*\(\s*['\"]([\w-]+)['\"]", re.M)
HEAD = 4  # lines of a function of one import, with its decorators
LOADS = {"import_module", "__import__", "find_spec"}
# What there are several of, each with a library of its own: `name + "_backend"`, `f"app.backends.{name}"`.
ALTERNATIVE = re.compile(r"(?:^|[._])(backends?|frontends?|plugins?|engines?|integrations?|frameworks?)\.?$")
PATH = re.compile(r"\.?[A-Za-z_]\w*(?:\.\w+)+|\.\w+")


def is_asked_for(item: Import, first: str) -> bool:
    """Whether a module installs what it imports, or fails with a word on it: `check_requirements(("x2paddle",))`.

    For an import in a function it may do so anywhere; any other must stand below.
    """
    text = item.piece.text
    if not installs(text):
        return False
    if not item.deferred:
        above = [line for line in item.piece.tree.body if line.lineno < item.line] if item.piece.tree else []
        text = "\n".join(ast.unparse(line) for line in above if isinstance(line, ast.Expr))
        if not INSTALLS.search(text):
            return False
    # `rknn-toolkit-lite2` brings rknnlite.
    heads = {name.partition("-")[0] for name in asked_for(text)}
    alike = any(len(head) > 3 and first.startswith(head) for head in heads)
    return alike or re.search(rf"['\"]{first.replace('_', '[-_]')}\b", text) is not None


def asked_for(text: str) -> Iterator[str]:
    """Names of libraries for which a file asks by a call, or which it lists as needed by one of its parts."""
    for word in SPEAKS:
        place = text.find(word)  # far faster than a pattern that begins with any of them
        while place >= 0:
            match = ASKED.match(text, place)
            yield from ASKED_FOR.findall(match[1]) if match else ()
            place = text.find(word, place + 1)


def names_of(first: str) -> set[str]:
    """What a library may be called where the tree asks for it: as it is imported, or as its distribution is."""
    return {first.lower(), DISTRIBUTIONS.get(first, first).lower().replace("-", "_"), f"py{first.lower()}"}


def is_registered(item: Import, path: str) -> bool:
    """Whether a function registered under a library's name imports a module of that name: `@register_lazy("keras")`."""
    above = "\n".join(item.piece.lines[max(0, item.line - 1 - HEAD) : item.line - 1])
    stem = path.removesuffix(".py").rpartition("/")[2].lower()
    return any(stem in name.lower() for name in REGISTERED.findall(above))


def is_chosen(module: Module, item: Import, first: str) -> bool:
    """Whether a function imports a library only for who has named it in a setting: `if backend() == "accimage":`."""
    return item.deferred and first in chosen(module)


def chosen(module: Module) -> set[str]:
    """Texts that a module compares with something, or under which a table has a function of it."""
    if "chosen" not in module.derived:
        found: set[str] = set()
        for node in module.of(ast.Compare, ast.MatchValue, ast.Dict):
            inner: list[ast.expr | None] = []
            if isinstance(node, ast.Compare):
                inner = [node.left, *node.comparators]
            elif isinstance(node, ast.MatchValue):
                inner = [node.value]
            elif isinstance(node, ast.Dict) and all(isinstance(value, ast.Name) for value in node.values):
                inner = list(node.keys)
            found.update(text_of(part) for one in inner for part in (getattr(one, "elts", None) or [one]))
        module.derived["chosen"] = found
    known: set[str] = module.derived["chosen"]
    return known


@lru_cache(maxsize=1)  # of one file come many imports, one after the other
def installs(text: str) -> bool:
    """Whether some call in a file may ask for a library."""
    return INSTALLS.search(text) is not None


def listed(local: Local) -> Iterator[str]:
    """Paths of modules that a table names, `{"Net": ("app.net", "torch")}`, whose reader knows what to do without them.

    The reader imports them where they are asked for, in `try: … except ImportError`; it may stand in another module.
    """
    readers = {path: names for path, module in local.modules.items() if (names := set(functions_that_load(module)))}
    for module in local.modules.values() if readers else ():
        taken = (name for path, item in local.edges(module) for name in readers.get(path, set()) & set(item.names))
        helpers = readers.get(module.path, set()) | set(taken)
        if helpers:
            calls = [call for _, call, _ in module.calls if last_name(call.func) in helpers]
            for node in (node for table in (*module.of(ast.Dict), *calls) for node in ast.walk(table)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and PATH.fullmatch(node.value):
                    yield from places(local, module.path, node.value)


def alternatives(local: Local) -> Iterator[str]:
    """Paths of modules of which one is loaded by a name made at a run, in `try: … except ImportError`."""
    for path, module in local.modules.items():
        for _, call, name in module.calls if any("import_module" in piece.text for piece in module.pieces) else ():
            if name.rpartition(".")[2] == "import_module" and call.args and is_tried(module, call):
                parts = pieces_of(call.args[0])
                named = ALTERNATIVE.search(next(filter(None, reversed(parts)), ""))
                top = path.partition("/")[0]
                places = [one for one in local.modules if one.partition("/")[0] == top] if named and "" in parts else []
                yield from (one for one in places if named and is_one_of(one, named[1], parts[-1]))


def is_one_of(path: str, kind: str, ending: str) -> bool:
    """Whether a module lies in a folder of such parts, or where the name has an ending, has it."""
    folder, _, stem = f"/{path.removesuffix('.py')}".rpartition("/")
    return stem.endswith(ending) if ending else folder.endswith(f"/{kind}") and stem != "__init__"


def pieces_of(node: ast.expr) -> list[str]:
    """The texts of which a text is put together, "" for each that only a run knows."""
    if isinstance(node, ast.BinOp):
        return [*pieces_of(node.left), *pieces_of(node.right)]
    return [text_of(part) for part in (node.values if isinstance(node, ast.JoinedStr) else [node])]


def is_tried(module: Module, call: ast.Call) -> bool:
    """Whether a call stands in `try: … except ImportError`."""
    tries = (holder for holder in module.enclosing(call) if isinstance(holder, ast.Try))
    return any(catches_import_error(handler) for node in tries for handler in node.handlers)


def functions_that_load(module: Module) -> Iterator[str]:
    """Names of functions that import what they are told in `try: … except ImportError`, and of those around them."""
    if not any("import_module" in piece.text or "__import__" in piece.text for piece in module.pieces):
        return
    for _, call, name in module.calls:
        if name.rpartition(".")[2] in LOADS and is_tried(module, call):
            yield from (holder.name for holder in module.enclosing(call) if is_function(holder))


def places(local: Local, path: str, name: str) -> Iterator[str]:
    """Paths of the modules that a dotted name may mean in a file: from the root, or from its own folder."""
    inner = name.lstrip(".").replace(".", "/")
    folder = path.rpartition("/")[0]
    for start in dict.fromkeys((f"{folder}/" * bool(folder), "", "src/")):
        for ending in (".py", "/__init__.py"):
            if f"{start}{inner}{ending}" in local.modules:
                yield f"{start}{inner}{ending}"
