"""Where what a call is given comes from: lists that the object holds, files that the lines before fetch or write."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from audit.rules.code import Module, dotted, is_function, last_name, text_of
from audit.rules.reading import gone_through

# What leaves files in a folder that it is given, and what makes the very file.
FILLS = re.compile(r"download|fetch|untar|unzip|extract_?(all|to|archive|file)|retrieve|export|convert", re.I)
MAKES = re.compile(f"{FILLS.pattern}|save|write|dump|build|creat|generat|prepar|ensure", re.I)
LOOKS_AFTER = re.compile(r"exist|check|download|ensure|prepare|verify|is_file|isfile|fetch", re.I)
DEEPEST = 3  # names that one value is followed through
FIXED = (ast.Slice, ast.Constant)  # what chooses none by its number
BUILTIN = {"str", "self", "cls", "os", "Path", "open", "list", "sorted", "zip", "int", "len"}


def values_of(call: ast.Call) -> list[ast.expr]:
    """All that a call is given, by place and by name."""
    return [*call.args, *(item.value for item in call.keywords)]


def parts_of(module: Module, call: ast.Call) -> list[ast.AST]:
    """What a call is given with all that it is made of, through the names of the function around it."""
    scope = module.scope(call)
    new: list[ast.AST] = [inner for value in values_of(call) for inner in ast.walk(value)]
    every, seen = list(new), set[str]()
    for _ in range(DEEPEST):
        sources: list[ast.expr] = []
        for one in new:
            if isinstance(one, ast.Name) and one.id not in seen:
                seen.add(one.id)
                values = (*gone_through(module, one), *module.given.get(one.id, ()), *unpacked(module).get(one.id, ()))
                sources += [value for value in values if module.scope(value) is scope]
        new = [inner for value in sources for inner in ast.walk(value)]
        every += new
    return every


def unpacked(module: Module) -> dict[str, list[ast.expr]]:
    """Name -> what an assignment takes apart to give it a value: `image, label = self.pairs[index]`."""
    if "unpacked" not in module.derived:
        values: dict[str, list[ast.expr]] = defaultdict(list)
        nodes = module.of(ast.Assign)
        for node in nodes:
            parts = (part for target in node.targets if isinstance(target, ast.Tuple) for part in target.elts)
            for part in parts:
                values[last_name(part)].append(node.value)
        module.derived["unpacked"] = values
    table: dict[str, list[ast.expr]] = module.derived["unpacked"]
    return table


def is_of_object(module: Module, call: ast.Call) -> bool:
    """Whether a method hands on what the object keeps in a list, or the object's class looks after its files."""
    holders = [one for one in module.enclosing(call) if isinstance(one, ast.ClassDef)]
    if not holders:
        return False
    parts = parts_of(module, call)
    subscripts = (one.value for one in parts if isinstance(one, ast.Subscript) and not isinstance(one.slice, FIXED))
    if any(dotted(one).startswith("self.") and is_list_of_class(holders[0], one) for one in subscripts):
        return True
    of_self = any(isinstance(one, ast.Attribute) and dotted(one).startswith("self.") for one in parts)
    return of_self and any(is_function(one) and LOOKS_AFTER.search(one.name) for one in holders[0].body)


def is_list_of_class(holder: ast.ClassDef, node: ast.expr) -> bool:
    """Whether an attribute is one of the lists by which a data set gives its examples by number."""
    return any(is_function(one) and one.name == "__len__" for one in holder.body) or dotted(node).endswith(
        ("s", "list")
    )


def attributes(module: Module, holder: ast.ClassDef) -> dict[str, list[ast.expr]]:
    """Attribute -> what the methods of a class assign to it."""
    made: dict[ast.ClassDef, dict[str, list[ast.expr]]] = module.derived.setdefault("attributes", {})
    if holder not in made:
        made[holder] = defaultdict(list)
        for node in ast.walk(holder):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Attribute) and dotted(target.value) == "self":
                        made[holder][target.attr].append(node.value)
            elif isinstance(node, ast.Call) and dotted(node.func) == "self.__dict__.update":
                for key, value in entries(holder, {last_name(argument) for argument in node.args}):
                    made[holder][key].append(value)
    return made[holder]


def entries(holder: ast.ClassDef, names: set[str]) -> Iterator[tuple[str, ast.expr]]:
    """The entries of tables that the body of a class writes out under such names."""
    lines = (line for line in holder.body if isinstance(line, ast.Assign) and isinstance(line.value, ast.Dict))
    for line in (line for line in lines if last_name(line.targets[0]) in names):
        pairs = zip(line.value.keys, line.value.values, strict=True) if isinstance(line.value, ast.Dict) else ()
        yield from ((text_of(key), value) for key, value in pairs)


def put_together(module: Module, call: ast.Call) -> ast.expr | None:
    """The path that a function of the module, or of the object itself, does nothing but put together.

    `path_of(epoch)`, `self.path_of(epoch)`.
    """
    own = isinstance(call.func, ast.Name) or dotted(getattr(call.func, "value", call.func)) == "self"
    name = last_name(call.func) if own and not call.keywords else ""
    holders = [one for one in module.enclosing(call) if isinstance(one, ast.ClassDef)]
    blocks = [holder.body for holder in holders] if isinstance(call.func, ast.Attribute) else bodies(module)
    for function in (one for block in blocks for one in block if is_function(one) and one.name == name):
        *before, last = function.body
        told = all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in before)
        return last.value if isinstance(last, ast.Return) and told and not function.decorator_list else None
    return None


def bodies(module: Module) -> list[list[ast.stmt]]:
    """What stands at the top of a module."""
    return [piece.tree.body for piece in module.pieces if piece.tree]


def is_left_before(module: Module, call: ast.Call) -> bool:
    """Whether a line before, in a function around a call, makes what it is given, or fetches it into its folder."""
    functions = [one for one in module.enclosing(call) if is_function(one)]
    before = [one for scope in functions for one in makers(module).get(id(scope), ()) if one.lineno < call.lineno]
    if not before:
        return False
    own = {ast.dump(value) for value in values_of(call) if isinstance(value, ast.Name | ast.BinOp | ast.JoinedStr)}
    if any(ast.dump(value) in own for one in before for value in values_of(one)):
        return True
    filling = [one for one in before if FILLS.search(name_of(one))]
    names = roots(module, call) if filling else set()
    return any(names & roots(module, one) for one in filling)


def makers(module: Module) -> dict[int, list[ast.Call]]:
    """id of a function -> the calls in it of what is called like something that makes or fetches files."""
    if "makers of files" not in module.derived:
        table: dict[int, list[ast.Call]] = defaultdict(list)
        for _, call, _ in module.calls:
            if MAKES.search(name_of(call)):
                table[id(module.scope(call))].append(call)
        module.derived["makers of files"] = table
    calls: dict[int, list[ast.Call]] = module.derived["makers of files"]
    return calls


def name_of(call: ast.Call) -> str:
    """What is called, by the last part of its name."""
    return last_name(call.func) or getattr(call.func, "attr", "")


def roots(module: Module, call: ast.Call) -> set[str]:
    """Folders and paths that a call is given, or its paths are made of."""
    parts = parts_of(module, call)
    names = {one.id for one in parts if isinstance(one, ast.Name)} - BUILTIN - set(module.origins)
    return names | {dotted(one) for one in parts if isinstance(one, ast.Attribute) and dotted(one).startswith("self.")}
