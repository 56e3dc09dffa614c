"""What the lines around a call say of the file that it is given: listed, asked for, made or fetched before."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import cast

from audit.rules.chosen import OPTIONS
from audit.rules.code import Module, dotted, is_function, last_name
from audit.rules.handling.sources import unpacked, values_of
from audit.rules.readers import OPENERS, opens_for_writing
from audit.rules.reading import EXISTS, LISTS, gone_through

SEES_TO = re.compile(
    r"exist|check|download|ensure|prepare|verif|valid|retriev|save|write|dump|extract|creat|generat|copy|move|fetch"
    r"|resolve|find|touch|convert|export|mkdir|make|run|sync|require|assert|must_|^need|confirm|guard|from_pretrained",
    re.I,
)
LOOKS = re.compile(
    r"exist|check(?!point)|download|ensure|prepare|verif|valid(?!ation)|is_file|isfile|require|assert|confirm"
    r"|from_pretrained",  # which says itself what is not there
    re.I,
)
OF_BASE = {"self.raw_paths"}  # that PyTorch Geometric's data sets fetch before `process` runs
FETCHES = re.compile(r"fetch|download|cached_(path|file)|get_file", re.I)


def called_by_name(module: Module, name: str) -> list[ast.Call]:
    """The calls of what has a name, and those that hand it on: `pool.map(read, paths)`."""
    if "calls by name" not in module.derived:
        table: dict[str, list[ast.Call]] = defaultdict(list)
        for _, call, _ in module.calls:
            for name_of in (call.func, *call.args, *meant_by(module, call.func)):
                table[last_name(name_of) or getattr(name_of, "attr", "")].append(call)
        module.derived["calls by name"] = table
    calls: list[ast.Call] = module.derived["calls by name"].get(name, [])
    return calls


def meant_by(module: Module, func: ast.expr) -> list[ast.expr]:
    """The functions that a name or an entry stands for: `for read in (read_a, read_b)`, `READERS[suffix]`."""
    sources: list[ast.expr] = []
    if isinstance(func, ast.Name):
        sources = list(gone_through(module, func))
    elif isinstance(func, ast.Subscript) and isinstance(func.value, ast.Name):
        sources = module.given.get(func.value.id, [])
    tables = [one.values if isinstance(one, ast.Dict) else getattr(one, "elts", []) for one in sources]
    return [value for table in tables for value in table if isinstance(value, ast.Name)]


def is_made_before(module: Module, call: ast.Call) -> bool:
    """Whether the lines before a call fetch, move or make what it is given, or give it to what writes."""
    held = (one for value in values_of(call) for one in ast.walk(value) if isinstance(one, ast.Attribute))
    if any(dotted(one) in OF_BASE for one in held):
        return True
    joined = [ast.dump(argument) for argument in call.args if isinstance(argument, ast.Call | ast.BinOp)]
    if any(made_at(module).get((id(module.scope(call)), one), call.lineno) < call.lineno for one in joined):
        return True
    names = {argument.id for argument in call.args if isinstance(argument, ast.Name)}
    scope = module.scope(call)
    values = [value for name in names for value in module.given.get(name, []) if module.scope(value) is scope]
    if any(isinstance(value, ast.Call) and FETCHES.search(last_name(value.func)) for value in values):
        return True
    if "writers" not in module.derived:
        opened = [other for _, other, name in module.calls if name in OPENERS and opens_for_writing(other)]
        module.derived["writers"] = {one.name for one in map(module.scope, opened) if is_function(one)}
    writers: set[str] = module.derived["writers"] if names else set()
    before = [other for _, other, _ in module.calls if writers and other.lineno < call.lineno]
    made = [other for other in before if last_name(other.func) in writers and module.scope(other) is scope]
    return any(mentions(argument, names) for other in made for argument in other.args)


def made_at(module: Module) -> dict[tuple[int, str], int]:
    """Scope and expression -> the first line that gives it to what makes, moves or fetches a file."""
    if "made at" not in module.derived:
        lines: dict[tuple[int, str], int] = {}
        for _, call, _ in module.calls:
            for value in call.args if SEES_TO.search(last_name(call.func)) else ():
                if isinstance(value, ast.Call | ast.BinOp):
                    lines.setdefault((id(module.scope(call)), ast.dump(value)), call.lineno)
        module.derived["made at"] = lines
    return cast(dict[tuple[int, str], int], module.derived["made at"])


def is_of_listed(module: Module, call: ast.Call) -> bool:
    """Whether what a call is given comes from a listing, or a function of the module that lists or asks."""
    if is_of_user_too(module, call):
        return False
    over: list[ast.AST] = [inner for argument in values_of(call) for inner in ast.walk(argument)]
    new, seen = over, set[str]()
    for _ in range(3):  # `for item in scanned.images` after `scanned = scan(folder)`; `self.files[index]`
        sources: list[ast.expr] = []
        for one in new:
            known = dotted(one) if isinstance(one, ast.Name | ast.Attribute) else ""
            if isinstance(one, ast.Name) and known not in seen:
                sources += (*gone_through(module, one), *taken_apart(module, one), *module.given.get(known, ()))
            elif known.startswith("self.") and known not in seen:
                sources += module.kept.get(known, [])
            seen.add(known)
        new = [inner for value in sources for inner in ast.walk(value)]
        over += new
    names = {last_name(one.func) for one in over if isinstance(one, ast.Call)}
    if "asker names" not in module.derived:
        holders = {module.scope(call) for call in asking_calls(module)}
        module.derived["asker names"] = {holder.name for holder in holders if is_function(holder)}
    return not (names.isdisjoint(LISTS) and names.isdisjoint(module.derived["asker names"]))


def taken_apart(module: Module, name: ast.Name) -> Iterator[ast.expr]:
    """What a loop or an assignment takes apart to give a name its values: `for i, path in enumerate(paths)`."""
    scope = module.scope(name)
    yield from (value for value in unpacked(module).get(name.id, ()) if module.scope(value) is scope)
    for holder in module.enclosing(name):
        loops = getattr(holder, "generators", [holder] if isinstance(holder, ast.For) else [])
        for loop in loops:
            if isinstance(loop.target, ast.Tuple) and any(dotted(part) == name.id for part in loop.target.elts):
                yield loop.iter


def is_of_user_too(module: Module, call: ast.Call) -> bool:
    """Whether a call is given what the user names beside what is listed: `for p in (*root.glob("*"), *args.more)`."""
    names = [value for value in values_of(call) if isinstance(value, ast.Name)]
    for through in (one for name in names for one in gone_through(module, name)):
        parts = [through.left, through.right] if isinstance(through, ast.BinOp) else getattr(through, "elts", [])
        plain = [part.value if isinstance(part, ast.Starred) else part for part in parts]
        if any(isinstance(part, ast.Attribute) and dotted(part.value) in OPTIONS for part in plain):
            return True
    return False


def askers(module: Module) -> set[int]:
    """ids of functions and cells that ask whether a file is there, or list a folder."""
    if "askers" not in module.derived:
        module.derived["askers"] = {id(module.scope(call)) for call in asking_calls(module)}
    ids: set[int] = module.derived["askers"]
    return ids


def asking_calls(module: Module) -> list[ast.Call]:
    """Calls that ask whether something is there, or list a folder."""
    if "asking calls" not in module.derived:
        asking = EXISTS | LISTS | {"walk", "scandir", "which", "is_available"}
        module.derived["asking calls"] = [call for _, call, _ in module.calls if last_name(call.func) in asking]
    calls: list[ast.Call] = module.derived["asking calls"]
    return calls


def mentions(node: ast.AST, told: set[str]) -> bool:
    """Whether one of the names stands in the node."""
    calls = any("(" in name for name in told)
    for one in ast.walk(node):
        if isinstance(one, ast.Name | ast.Attribute) and dotted(one) in told:
            return True
        if (isinstance(one, ast.Subscript) or (calls and isinstance(one, ast.Call))) and ast.unparse(one) in told:
            return True
    return False
