"""What other files of the tree ask before they call what reads a file: noted file by file, settled over the tree.

A function that is given a path need not ask for it where every call of it in another file stands in a `try`, behind a
question or a download. A draft of each file says how it calls what it imports, and a finding whose function nobody in
its own file calls waits for these notes.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from audit.model import Finding, Rule, found
from audit.rules.code import Module, dotted, is_function, last_name, text_of
from audit.rules.handling.callers import (
    FETCHES,
    LOOKS,
    called_by_name,
    is_made_before,
    is_of_listed,
    mentions,
)
from audit.rules.handling.torches import MARK
from audit.rules.reading import EXISTS, LISTS, OPTIONS, is_tried, parameter

NOTE = f"{MARK}calls "  # begins what is noted of a file
PATHS = re.compile(r"path|file|dir(?!ect)|folder|root|fname|ckpt|checkpoint|weights|csv|json|yaml|^(f|fn|p)$", re.I)
NAMED = re.compile(r"^[^\s:]*([/\\]|\.[A-Za-z]\w*$)")  # a file, written out
# Libraries whose functions are called most, and which no tree defines: their calls say nothing of its files.
LIBRARIES = {
    "numpy", "torch", "os", "re", "sys", "json", "math", "time", "random", "logging", "pandas", "matplotlib", "cv2",
    "scipy", "sklearn", "tensorflow", "keras", "jax", "transformers", "pathlib", "typing", "functools", "collections",
    "itertools", "warnings", "tqdm", "datetime", "copy", "dataclasses", "PIL", "argparse", "yaml", "shutil",
}  # fmt: skip


def notes(module: Module, rule: Rule) -> Iterator[Finding]:
    """One draft that says of each function of another file, by module and name, whether all calls of it take care."""
    origins = imported(module)
    others = (call for _, call, _ in module.calls if not isinstance(call.func, ast.Name) or call.func.id in origins)
    giving = [call for call in others if call.args or call.keywords]
    care = {dotted(value): True for call in giving for value in call.args if is_option(value) and looks(call)}
    for call in giving if origins else ():
        if any(map(may_be_path, (*call.args, *call.keywords))):
            full = origin(module, origins, call.func)
            if full and care.get(full, True):
                care[full] = is_careful(module, call)
    if care:
        words = (f"{'+' if careful else '-'}{full}" for full, careful in sorted(care.items()))
        yield found(rule, module.pieces[0].at(1), NOTE + " ".join(words))


def may_be_path(value: ast.AST) -> bool:
    """Whether what a call is given may say where a file lies, by what it is called or made with."""
    if isinstance(value, ast.keyword):
        return PATHS.search(value.arg or "") is not None or may_be_path(value.value)
    if isinstance(value, ast.Name):
        return PATHS.search(value.id) is not None
    if isinstance(value, ast.Attribute | ast.Subscript):
        own = value.attr if isinstance(value, ast.Attribute) else text_of(value.slice)
        return PATHS.search(own) is not None or may_be_path(value.value)
    if isinstance(value, ast.Call):
        return may_be_path(value.func) or any(map(may_be_path, value.args))
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.Div) and (may_be_path(value.left) or may_be_path(value.right))
    return isinstance(value, ast.JoinedStr) or NAMED.match(text_of(value)) is not None


def is_careful(module: Module, call: ast.Call) -> bool:
    """Whether a call stands in a `try`, behind a question for what it is given, or behind what makes or lists it."""
    if is_tried(module, call) or is_made_before(module, call):
        return True
    if "lookers" not in module.derived:
        module.derived["lookers"] = defaultdict(list)
        for one in (one for _, one, _ in module.calls if looks(one)):
            module.derived["lookers"][id(module.scope(one))].append(one)
    looking = module.derived["lookers"][id(module.scope(call))]
    before = [one for one in looking if one.lineno <= call.lineno and one is not call]
    names = told(call) if before else set()
    return any(mentions(one, names) for one in before) or is_of_listed(module, call)


def looks(call: ast.Call) -> bool:
    """Whether a call asks for a file, lists, fetches or checks it, or leaves that to a base: `super().run()`."""
    name = last_name(call.func) or getattr(call.func, "attr", "")
    inner = getattr(call.func, "value", None)
    of_base = isinstance(inner, ast.Call) and dotted(inner.func) == "super"
    return of_base or name in EXISTS | LISTS or LOOKS.search(name) is not None or FETCHES.search(name) is not None


def told(call: ast.Call) -> set[str]:
    """The variables and attributes that a call is given, also within what it is given."""
    names: set[str] = set()
    waiting: list[ast.AST] = [*call.args, *call.keywords]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name | ast.Attribute) and dotted(node)[:1] not in ("", "."):
            names.add(dotted(node))
        else:
            waiting += [part for part in ast.iter_child_nodes(node) if part is not getattr(node, "func", None)]
    return names - {"self"}


def is_option(node: ast.expr) -> bool:
    """`opt.data`: an option of the program, by which it is known in each file."""
    return isinstance(node, ast.Attribute) and dotted(node.value) in OPTIONS


def imported(module: Module) -> dict[str, str]:
    """Local name -> what it was imported as, also of this very package: `load` -> `utils.load`."""
    names = {name: full for name, full in module.origins.items() if full.partition(".")[0] not in LIBRARIES}
    here = module.path.rpartition("/")[0].rpartition("/")[2]
    for _, node in module.statements():
        if isinstance(node, ast.ImportFrom) and node.level:
            names.update((alias.asname or alias.name, f"{node.module or here}.{alias.name}") for alias in node.names)
    return names


def origin(module: Module, origins: dict[str, str], node: ast.expr) -> str:
    """`utils:load`, `models:Net.load`: module and name of what is imported, methods with their class; "" for others."""
    holder, _, method = dotted(node).rpartition(".")
    values = module.kept.get(holder, []) if holder.startswith("self.") else module.given.get(holder, [])
    made = values[0].func if len(values) == 1 and isinstance(values[0], ast.Call) else node
    is_class = made is not node and last_name(made)[:1].isupper()  # `loader.load(path)` after `loader = Loader()`
    first, dot, rest = (f"{dotted(made)}.{method}" if is_class else dotted(node)).partition(".")
    if first not in origins:
        return ""
    *outer, name = f"{origins[first]}{dot}{rest}".split(".")
    if outer and outer[-1][:1].isupper():
        name = f"{outer.pop()}.{name}"
    return f"{outer[-1]}:{name}" if outer else ""


def asked_as(module: Module, call: ast.Call, path: ast.expr) -> str:
    """How other files call the function around a read, or its class; "" where this one calls it: it would have asked.

    Of an option that a parameter holds also its name: `opt.data`.
    """
    functions = [holder for holder in module.enclosing(call) if is_function(holder)]
    if not functions:
        return ""
    outer = functions[-1]
    holder = module.parents.get(outer)
    names = [outer.name]
    if isinstance(holder, ast.ClassDef):
        of_object = any(isinstance(part, ast.Name) and part.id == "self" for part in ast.walk(path))
        names = [holder.name] if of_object or outer.name == "__init__" else []
        names += [f"{holder.name}.{outer.name}"] if outer.name != "__init__" else []
    calls = (other for name in names for other in called_by_name(module, name.rpartition(".")[2]))
    if any(dotted(other.func).partition(".")[0] not in module.origins for other in calls):  # `json.load()` is another
        return ""
    if isinstance(path, ast.Attribute) and is_option(path) and parameter(dotted(path.value), functions) is not None:
        names.append(dotted(path))
    return "|".join(names)


def waiting(finding: Finding, names: Iterable[str]) -> Finding:
    """A finding as a draft that waits for what other files say of the functions of its reads; as it is if none can."""
    told = list(dict.fromkeys(names))
    return replace(finding, message=f"{finding.message}{MARK}{' '.join(told)}") if all(told) else finding


def settle(drafts: Iterable[Finding]) -> Iterator[Finding]:
    """All but the notes, and those findings of which somebody elsewhere takes care, and nobody does not."""
    every = list(drafts)
    calls: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for item in every:
        if item.message.startswith(NOTE):
            for word in item.message[len(NOTE) :].split():
                module, _, name = word[1:].rpartition(":")
                calls[name].append((module, word[0] == "+"))
    for item in every:
        message, mark, reads = item.message.partition(MARK)
        if message and mark:
            if not all(is_cared_for(calls, names.split("|"), item.location.path) for names in reads.split()):
                yield replace(item, message=message)
        elif not item.message.startswith(NOTE):
            yield item


def is_cared_for(calls: dict[str, list[tuple[str, bool]]], names: list[str], path: str) -> bool:
    """Whether there are calls by one of the names, of a module that is in the path, and all of them take care."""
    holders = {"", *path.removesuffix(".py").split("/")}
    care = [[careful for module, careful in calls.get(name, ()) if module in holders] for name in names]
    return any(each and all(each) for each in care)
