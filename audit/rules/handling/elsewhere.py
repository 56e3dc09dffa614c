"""What other files of the tree ask before they call what reads a file: noted file by file, settled over the tree.

A function that is given a path need not ask for it where every call of it in another file stands in a `try`, behind a
question or a download. A draft of each file says how it calls what it imports, and a finding whose function nobody in
its own file calls waits for these notes.
"""

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from audit.model import Finding, Rule, found
from audit.rules.chosen import OPTIONS
from audit.rules.code import Module, dotted, is_function, keyword, last_name, text_of
from audit.rules.handling.callers import (
    FETCHES,
    LOOKS,
    called_by_name,
    is_made_before,
    is_of_listed,
    mentions,
)
from audit.rules.handling.sources import is_left_before, is_of_object, name_of, parts_of, roots
from audit.rules.handling.torches import MARK
from audit.rules.origins import LIBRARIES, imported
from audit.rules.reading import EXISTS, LISTS, parameter
from audit.rules.tried import is_tried

NOTE = f"{MARK}calls "  # begins what is noted of a file
PATHS = re.compile(r"path|file|dir(?!ect)|folder|root|fname|ckpt|checkpoint|weights|csv|json|yaml|^(f|fn|p)$", re.I)
HANDS_ON = {"map", "imap", "imap_unordered", "starmap", "starmap_async", "map_async", "apply_async", "submit", "launch"}
WORSE = "+~-"  # signs of calls, the worst last
DEEPEST = 3  # callers of callers
MOST = 20  # calls of one function that are looked at
Noted = tuple[str, bool, str, str]  # the module that is called, whether the call takes care, its function, its file
Calls = dict[str, list[Noted]]  # by the name that is called
NAMED = re.compile(r"^[^\s:]*([/\\]|\.[A-Za-z]\w*$)")  # a file, written out


def notes(module: Module, rule: Rule) -> Iterator[Finding]:
    """One draft that says of each function of another file, by module and name, whether all calls of it take care.

    `+utils:load` where they do, `-utils:load` where one does not, `~utils:load>run` where it hands on what those who
    call `run` give.
    """
    origins = imported(module)
    stars = star_modules(module)
    others = (call for _, call, _ in module.calls if call.args or call.keywords)
    care: dict[str, str] = {}
    for call in others:
        if any(is_option(value) for value in call.args) and looks(call):
            care.update({dotted(value): "+" for value in call.args if is_option(value)})
        given = (*call.args, *call.keywords) if origins or stars else ()
        if any(may_be_path(value) or is_path_option(module, value) for value in given):
            for full in names_of(module, origins, stars, call):
                if care.get(full) != "-":
                    care[full] = max(care.get(full, "+"), sign(module, call), key=lambda one: WORSE.index(one[0]))
    if care:
        words = (f"{found_sign[0]}{full}{found_sign[1:]}" for full, found_sign in sorted(care.items()))
        yield found(rule, module.pieces[0].at(1), NOTE + " ".join(words))


def names_of(module: Module, origins: dict[str, str], stars: list[str], call: ast.Call) -> list[str]:
    """The functions of other files that a call runs: itself, what it hands on to a pool, or what a name stands for."""
    handed = [value for value in call.args if isinstance(value, ast.Name)] if name_of(call) in HANDS_ON else []
    funcs: list[ast.expr] = [call.func, *handed]
    if isinstance(call.func, ast.Name) and call.func.id not in origins:
        meant = module.given.get(call.func.id, [])
        funcs += [value for value in meant if isinstance(value, ast.Name)]
        if stars and not meant and call.func.id not in own_names(module) and not hasattr(builtins, call.func.id):
            return [f"{star}:{call.func.id}" for star in stars]
    return [full for full in (origin(module, origins, func) for func in funcs) if full]


def star_modules(module: Module) -> list[str]:
    """The last names of the modules from which everything is imported."""
    if "star modules" not in module.derived:
        nodes = (node for _, node in module.statements() if isinstance(node, ast.ImportFrom))
        stars = [node for node in nodes if any(alias.name == "*" for alias in node.names)]
        sources = [(node.module or "").rpartition(".")[2] for node in stars]
        module.derived["star modules"] = [name for name in sources if name and name not in LIBRARIES]
    names: list[str] = module.derived["star modules"]
    return names


def own_names(module: Module) -> set[str]:
    """The functions and classes that a module defines."""
    if "own names" not in module.derived:
        nodes = (node for _, node in module.statements())
        module.derived["own names"] = {one.name for one in nodes if is_function(one) or isinstance(one, ast.ClassDef)}
    names: set[str] = module.derived["own names"]
    return names


def sign(module: Module, call: ast.Call) -> str:
    """`+` of a call that takes care, `~>name` of one in a function that hands on what it is given, `-` of others."""
    if is_careful(module, call):
        return "+"
    functions = [holder for holder in module.enclosing(call) if is_function(holder)]
    names = told(call) if functions else set()
    handed = any(parameter(name.partition(".")[0], functions) is not None for name in names)
    if not handed or called_by_name(module, functions[-1].name):
        return "-"
    holder = module.parents.get(functions[-1])
    own = f"{holder.name}.{functions[-1].name}" if isinstance(holder, ast.ClassDef) else functions[-1].name
    return f"~>{holder.name if isinstance(holder, ast.ClassDef) and own.endswith('__init__') else own}"


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


def is_careful(module: Module, call: ast.Call, depth: int = 0) -> bool:
    """Whether a call stands in a `try`, behind a question for what it is given, or behind what makes or lists it.

    Or all calls of the function around it do, in this module.
    """
    if is_tried(module, call) or is_made_before(module, call) or is_looked_for(module, call):
        return True
    if is_of_listed(module, call) or is_of_object(module, call) or is_left_before(module, call):
        return True
    functions = [holder for holder in module.enclosing(call) if is_function(holder)]
    above = called_by_name(module, functions[-1].name)[:MOST] if functions and depth < DEEPEST else []
    above = [one for one in above if functions[-1] not in module.enclosing(one)]
    return bool(above) and all(is_careful(module, one, depth + 1) for one in above)


def is_looked_for(module: Module, call: ast.Call) -> bool:
    """Whether a line before asks for what a call is given, in its function or, of what the object keeps, in its class.

    A cell asks for all that come after it.
    """
    names = told(call)
    names |= {name for name in roots(module, call) if PATHS.search(name)}
    kept = {name for name in names if name.startswith("self.")}
    scopes = {id(holder) for holder in module.enclosing(call) if is_function(holder)} or {id(module.scope(call))}
    before = [one for scope in scopes for one in lookers(module)[scope] if one.lineno <= call.lineno]
    tests = (holder.test for holder in module.enclosing(call) if isinstance(holder, ast.If | ast.IfExp))
    asked = (one for test in tests for one in ast.walk(test) if isinstance(one, ast.Call) and one is not call)
    if any(mentions(one, names) for one in (*asked, *(one for one in before if one is not call))):
        return True
    if "looker names" not in module.derived:
        holders = {module.scope(one) for ones in lookers(module).values() for one in ones}
        module.derived["looker names"] = {holder.name for holder in holders if is_function(holder)}
    made = (name_of(one) for one in parts_of(module, call) if isinstance(one, ast.Call))
    if not module.derived["looker names"].isdisjoint(made):
        return True  # what a function of the module gives that looks for it
    classes = [holder for holder in module.enclosing(call) if isinstance(holder, ast.ClassDef)] if kept else []
    methods = [line for holder in classes for line in holder.body if is_function(line)]
    return any(mentions(one, kept) for method in methods for one in lookers(module)[id(method)] if one is not call)


def lookers(module: Module) -> dict[int, list[ast.Call]]:
    """id of a function -> the calls in it that look for files."""
    if "lookers" not in module.derived:
        module.derived["lookers"] = defaultdict(list)
        for one in (one for _, one, _ in module.calls if looks(one)):
            module.derived["lookers"][id(module.scope(one))].append(one)
    calls: dict[int, list[ast.Call]] = module.derived["lookers"]
    return calls


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


def is_path_option(module: Module, value: ast.AST) -> bool:
    """`args.export`, by `add_argument("--export", type=Path)` in the same file."""
    if "path options" not in module.derived:
        adding = [call for _, call, _ in module.calls if last_name(call.func) == "add_argument"]
        kinds = [(call, keyword(call, "type")) for call in adding]
        paths = [call for call, kind in kinds if kind is not None and last_name(kind) == "Path"]
        texts = (text_of(argument) for call in paths for argument in call.args)
        module.derived["path options"] = {text.lstrip("-").replace("-", "_") for text in texts}
    names: set[str] = module.derived["path options"]
    value = value.value if isinstance(value, ast.keyword) else value
    return isinstance(value, ast.Attribute) and value.attr in names and is_option(value)


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
    calls: Calls = defaultdict(list)
    for item in every:
        if item.message.startswith(NOTE):
            for word in item.message[len(NOTE) :].split():
                full, _, above = word[1:].partition(">")
                module, _, name = full.rpartition(":")
                calls[name].append((module, word[0] == "+", above, item.location.path))
    for item in every:
        message, mark, reads = item.message.partition(MARK)
        if message and mark:
            if not all(is_cared_for(calls, names.split("|"), item.location.path) for names in reads.split()):
                yield replace(item, message=message)
        elif not item.message.startswith(NOTE):
            yield item


def is_cared_for(calls: Calls, names: list[str], path: str, depth: int = 0) -> bool:
    """Whether there are calls by one of the names, of a module that is in the path, and all of them take care.

    Of a call that hands on what its function is given, those who call that function.
    """
    holders = {"", *path.removesuffix(".py").split("/")}
    care = [[call for call in calls.get(name, ()) if call[0] in holders] for name in names]
    return any(each and all(takes_care(calls, call, depth) for call in each) for each in care)


def takes_care(calls: Calls, call: Noted, depth: int) -> bool:
    """Whether a call takes care, or all those do who call the function that it stands in."""
    _, careful, above, place = call
    return careful or (above != "" and depth < DEEPEST and is_cared_for(calls, [above], place, depth + 1))
