"""Whether the code itself limits a text to a closed set: options with choices, own names, a test that comes before."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import DEFINING, Module, dotted, is_constant, is_function, keyword, last_name, text_of
from audit.rules.local import is_runnable
from audit.rules.values import METHODS, Names, attribute_values, bound, is_fixed, is_number

ROUNDS = {"enumerate", "zip", "sorted", "reversed", "list", "tuple", "set", "str", "itertools.product"}
# Calls that give the names of the code's own parts, the name first.
OWN = {
    "dir", "globals", "locals", "getmembers", "fields", "named_parameters", "named_modules", "named_children",
    "named_buffers",
}  # fmt: skip
# Functions that list the code's own parts: `all_estimators()`, `list_transforms()`.
LISTS = re.compile(
    r"^_?(get_|find_)?(all|list|iter|registered|available)_(\w+_)?"
    r"(estimators|classes|subclasses|functions|methods|modules|submodules|members|metrics|layers|transforms)$"
)
OF_CODE = {"__name__", "__qualname__", "__module__", "__all__", "__members__", "__annotations__"}
TABLE = re.compile(r"^(?!.*(CFG|CONF|OPT|ARG|PARAM|SETTING|ENV))[A-Z][A-Z\d_]{2,}$")  # what is given at a run is none
SAFE_TESTS = {"isdigit", "isnumeric", "isdecimal", "isidentifier"}
REWRITINGS = ("", ".lower()", ".upper()", ".strip()")
CODE = re.compile(r"\\w|\\S|\\D|\\W|[A-Za-z_.]|\[\^")  # what a pattern lets through that can name something
PLAIN = re.compile(r"\\[dsbAZ.+*/()-]|(?<=[^\[\]])\.(?=[^\[\]]*\])")  # a point inside of brackets is a point
WALKS = {"walk", "iter_child_nodes"}  # over a syntax tree
NONE = ast.Constant(None)
LEAVES = {"exit", "error", "abort", "fail", "_exit"}


def is_limited(module: Module, node: ast.AST | None, seen: Names = frozenset()) -> bool:
    """Whether all parts of a text are written in the code, or chosen out of what is written there.

    Args:
        seen: names that are being looked at.
    """
    if is_fixed(module, node) or (isinstance(node, ast.expr) and is_asked(module, node)):
        return True
    match node:
        case ast.JoinedStr() | ast.BoolOp():
            return all(is_limited(module, part, seen) for part in node.values)
        case ast.FormattedValue():
            return is_number(node) or is_limited(module, node.value, seen)
        case ast.BinOp():
            return is_limited(module, node.left, seen) and is_limited(module, node.right, seen)
        case ast.List() | ast.Tuple() | ast.Set():
            return all(is_limited(module, part, seen) for part in node.elts)
        case ast.IfExp():
            return is_limited(module, node.body, seen) and is_limited(module, node.orelse, seen)
        case ast.ListComp() | ast.GeneratorExp():
            return is_limited(module, node.elt, seen)
        case ast.Subscript():
            return TABLE.search(last_name(node.value)) is not None or is_limited(module, node.value, seen)
        case ast.Call():
            parts = [*node.args, *(item.value for item in node.keywords)]
            if isinstance(node.func, ast.Attribute) and node.func.attr in (*METHODS, "items"):
                parts.append(node.func.value)
            elif dotted(node.func) == "repr":
                return True  # of what is in memory
            elif LISTS.search(last_name(node.func)):
                return all(is_fixed(module, part) for part in parts)
            elif dotted(node.func) not in ROUNDS:
                return False
            return all(is_limited(module, part, seen) for part in parts)
        case ast.Attribute():
            return is_limited_attribute(module, node, seen)
        case ast.Name():
            return node.id in seen or is_limited_name(module, node, seen | {node.id})
        case _:
            return False


def is_limited_attribute(module: Module, node: ast.Attribute, seen: Names) -> bool:
    """A name of the code's own, an option with choices, or what a class only ever gives its attribute."""
    owner = last_name(node.value)
    if node.attr in OF_CODE or dotted(node) in seen:
        return True
    own_class = any(isinstance(part, ast.ClassDef) and part.name == owner for _, part in module.statements())
    if owner not in ("self", "cls") and not own_class:
        return node.attr in options(module)
    values = list(attribute_values(module, node.attr))
    return bool(values) and all(is_limited(module, value, seen | {dotted(node)}) for value in values)


def is_limited_name(module: Module, name: ast.Name, seen: Names) -> bool:
    """A loop's variable over what is written here, a parameter that is only given that, or a name for such a text."""
    for holder in module.enclosing(name):
        for loop in getattr(holder, "generators", [holder]):
            if isinstance(loop, ast.For | ast.comprehension):
                targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
                places = [number for number, part in enumerate(targets) if dotted(part) == name.id]
                if places == [0] and len(targets) > 1 and is_counted(loop.iter):
                    return True
                if places:
                    return is_limited(module, loop.iter, seen) or (places[0] == 0 and gives_names(loop.iter))
        if is_function(holder) and name.id in {part.arg for part in ast.walk(holder.args) if isinstance(part, ast.arg)}:
            return is_limited_parameter(module, holder, name.id)
    values = list(bound(module, name))
    return bool(values) and all(is_limited(module, value, seen) for value in values)


def is_counted(node: ast.expr) -> bool:
    """`enumerate(rows)`, of which the first is a number."""
    return isinstance(node, ast.Call) and dotted(node.func) == "enumerate"


def is_limited_parameter(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    """An option of the command line with choices, or what each call of a function that others do not use writes out."""
    if any(last_name(getattr(part, "func", part)) in ("option", "argument") for part in function.decorator_list):
        return name in options(module)
    method = isinstance(module.parents.get(function), ast.ClassDef)
    calls = [call for _, call, _ in module.calls if getattr(call.func, "attr", last_name(call.func)) == function.name]
    inside = [call for call in calls if isinstance(call.func, ast.Attribute) and last_name(call.func.value) == "self"]
    # Others may call what is public and no method, but of a script that is run.
    own = function.name.startswith("_") or (len(inside) == len(calls) if method else is_runnable(module))
    if not calls or not own:
        return False
    names = [part.arg for part in (*function.args.posonlyargs, *function.args.args)]
    place = names.index(name) - (names[0] in ("self", "cls")) if name in names else len(names)
    given = [keyword(call, name) or (call.args[place] if place < len(call.args) else None) for call in calls]
    return all(value is not None and is_fixed(module, value) for value in given)


def options(module: Module) -> set[str]:
    """The options of the command line that are only taken out of choices: argparse's, a subcommand's, click's."""
    if "options" not in module.derived:
        free: set[str] = set()
        limited: set[str] = set()
        for _, call, _ in module.calls:
            called = getattr(call.func, "attr", "")
            if called not in ("add_argument", "add_subparsers", "option", "argument"):
                continue
            flags = [text_of(part) for part in call.args]
            flags.sort(key=lambda flag: not flag.startswith("--"))
            name = text_of(keyword(call, "dest")) or next(iter(flags), "").lstrip("-").replace("-", "_")
            kind = keyword(call, "type")
            chosen = isinstance(kind, ast.Call) and last_name(kind.func) == "Choice"
            known = chosen or called == "add_subparsers" or not is_constant(keyword(call, "choices") or NONE, None)
            (limited if known else free).add(name)
        module.derived["options"] = limited - free
    found: set[str] = module.derived["options"]
    return found


def gives_names(node: ast.expr) -> bool:
    """`globals().items()`, `model.named_parameters()`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "keys"):
        node = node.func.value
    return isinstance(node, ast.Call) and getattr(node.func, "attr", last_name(node.func)) in OWN


def is_asked(module: Module, node: ast.expr) -> bool:
    """Whether a test around a text, or one before it that leaves where it fails, lets only a closed set through."""
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        return False
    text = ast.unparse(node)
    place: ast.AST = node
    for holder in module.enclosing(node):
        if isinstance(holder, ast.If | ast.IfExp) and place is not holder.test:
            body = holder.body if isinstance(holder.body, list) else [holder.body]
            if limits(module, holder.test, text, truth=place in body):
                return True
        ifs = [test for part in getattr(holder, "generators", []) for test in part.ifs]
        if isinstance(holder, ast.BoolOp) and isinstance(holder.op, ast.And) and place in holder.values:
            ifs += holder.values[: holder.values.index(place)]
        if any(limits(module, test, text, truth=True) for test in ifs if test is not place):
            return True
        blocks = [getattr(holder, part, None) for part in ("body", "orelse", "finalbody")]
        block = next((one for one in blocks if isinstance(one, list) and place in one), [])
        for line in reversed(block[: block.index(place)] if block else []):
            if refuses(module, line, text):
                return True
            if isinstance(line, ast.Assign) and any(is_same(target, text) for target in line.targets):
                return False
        if is_function(holder):
            return False
        place = holder
    return False


def is_same(node: ast.expr, text: str) -> bool:
    """Whether a node is written so."""
    return node.id == text if isinstance(node, ast.Name) else ast.unparse(node) == text


def refuses(module: Module, line: ast.stmt, text: str) -> bool:
    """Whether the run goes on after a statement only with a text out of a closed set."""
    match line:
        case ast.Assert():
            return limits(module, line.test, text, truth=True)
        case ast.Expr(value=ast.BoolOp(op=ast.Or(), values=[test, *_])):
            return limits(module, test, text, truth=True)
        case ast.If() if limits(module, line.test, text, truth=False):
            last = line.body[-1]
            if isinstance(last, ast.Assign):
                return any(is_same(target, text) for target in last.targets) and is_fixed(module, last.value)
            called = last.value.func if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else None
            leaves = called is not None and getattr(called, "attr", last_name(called)) in LEAVES
            return leaves or isinstance(last, ast.Raise | ast.Return | ast.Continue | ast.Break)
    return False


def limits(module: Module, test: ast.expr, text: str, *, truth: bool) -> bool:
    """Whether a test that comes out so says that a text is of a closed set."""
    match test:
        case ast.UnaryOp(op=ast.Not()):
            return limits(module, test.operand, text, truth=not truth)
        case ast.BoolOp():
            parts = [limits(module, part, text, truth=truth) for part in test.values]
            return any(parts) if isinstance(test.op, ast.And) is truth else all(parts)
        case ast.Compare(ops=[operator], comparators=[other]):
            left = ast.unparse(test.left)
            if isinstance(operator, ast.LtE) and left == f"set({text})":
                return truth and holds_no_names(module, other)
            if left not in {text + ending for ending in REWRITINGS}:
                return False
            if isinstance(operator, ast.In if truth else ast.NotIn):
                return is_closed(module, other)
            return isinstance(operator, ast.Eq if truth else ast.NotEq) and is_fixed(module, other)
        case ast.Call() if truth:
            return any(is_safe(module, test, text))
    return False


def is_safe(module: Module, test: ast.Call, text: str) -> Iterator[bool]:
    """`x.isdigit()`, `hasattr(self, x)`, `all(c in "0123456789+-" for c in x)`, `re.fullmatch(r"[\\d+*]+", x)`."""
    given = [ast.unparse(part) for part in test.args]
    name = module.full_name(test.func)
    if isinstance(test.func, ast.Attribute) and test.func.attr in SAFE_TESTS:
        yield ast.unparse(test.func.value) == text
    yield name == "hasattr" and given[1:] == [text]
    if name in ("re.match", "re.fullmatch") and given[1:2] == [text]:
        pattern = text_of(test.args[0])
        whole = name == "re.fullmatch" or pattern.endswith(("$", "\\Z"))
        yield bool(pattern) and whole and not CODE.search(PLAIN.sub("", pattern))
    if name == "all" and test.args and isinstance(test.args[0], ast.GeneratorExp):
        inner = test.args[0].elt
        one = isinstance(inner, ast.Compare) and isinstance(inner.ops[0], ast.In)
        of_text = ast.unparse(test.args[0].generators[0].iter) == text
        yield one and of_text and isinstance(inner, ast.Compare) and holds_no_names(module, inner.comparators[0])


def holds_no_names(module: Module, node: ast.expr) -> bool:
    """Characters that are written out here, no letters among them."""
    values = list(bound(module, node)) if isinstance(node, ast.Name) else [node]
    texts = [text_of(part) for value in values if value for part in ast.walk(value)]
    return any(texts) and not any(CODE.search(text.replace(".", "")) for text in texts)


def is_closed(module: Module, node: ast.expr) -> bool:
    """A list or table that is written out, a constant's name, or the names of the code's own parts."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys":
        node = node.func.value
    names = gives_names(node) or TABLE.search(last_name(node)) is not None
    return names or (isinstance(node, ast.Attribute) and node.attr in OF_CODE) or is_limited(module, node)


def is_checked_tree(module: Module, call: ast.Call) -> bool:
    """Whether the nodes of the text's syntax tree were looked at before it runs, and some are refused."""
    if not any(name.split(".")[0] == "ast" for name in module.origins.values()):
        return False
    scope = module.scope(call)
    before = [inner for inner in ast.walk(scope) if getattr(inner, "lineno", call.lineno) < call.lineno]
    spoken = {inner.id for inner in ast.walk(call) if isinstance(inner, ast.Name)}
    parsed = False
    called = set()
    for inner in before:
        if isinstance(inner, ast.Call):
            called.add(getattr(inner.func, "attr", last_name(inner.func)))
            if module.full_name(inner.func) in ("ast.parse", "compile"):
                holder = module.parents.get(inner)
                targets = holder.targets if isinstance(holder, ast.Assign) else []
                names = {part.id for node in (inner, *targets) for part in ast.walk(node) if isinstance(part, ast.Name)}
                parsed = parsed or not names.isdisjoint(spoken)
    if not parsed:
        return False
    helpers = [node for node in module.of(*DEFINING) if isinstance(node, DEFINING)]
    units = [before, *(list(ast.walk(part)) for part in helpers if part.name in called)]
    return any(any(map(looks_at_nodes, unit)) and any(refuses_some(module, node) for node in unit) for unit in units)


def looks_at_nodes(node: ast.AST) -> bool:
    """`ast.walk(tree)`, `isinstance(node, ast.Call)`, the method of a visitor."""
    if is_function(node):
        return node.name.startswith(("visit_", "generic_visit"))
    called = getattr(node.func, "attr", last_name(node.func)) if isinstance(node, ast.Call) else ""
    return called in WALKS or (called == "isinstance" and "ast." in ast.unparse(node))


def refuses_some(module: Module, node: ast.AST) -> bool:
    """An exception of the code's own, not one that stands for what it caught."""
    handled = isinstance(module.parents.get(node), ast.ExceptHandler)
    return isinstance(node, ast.Raise | ast.Assert) and not handled
