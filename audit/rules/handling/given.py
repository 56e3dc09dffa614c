"""Files read by a path that a function's caller gives, where neither the function, its callers nor its class asks."""

import ast
import re
from collections import defaultdict

from audit.rules.code import Function, Module, dotted, is_function, last_name, text_of
from audit.rules.handling.asking import asks
from audit.rules.handling.callers import (
    LOOKS,
    SEES_TO,
    askers,
    asking_calls,
    called_by_name,
    is_made_before,
    is_of_listed,
    is_of_user_too,
    mentions,
)
from audit.rules.handling.conditions import does_nothing, is_prepared
from audit.rules.handling.promised import promises_error
from audit.rules.handling.shipped import is_of_shipped
from audit.rules.handling.sources import attributes, is_left_before, is_of_object, name_of, put_together, values_of
from audit.rules.handling.suffixes import asks_alike
from audit.rules.reading import (
    default_of,
    gone_through,
    is_asked_option,
    parameter,
)
from audit.rules.tried import is_tried
from audit.rules.written import entry_in
from audit.rules.written import is_imported as is_imported_path

JOINS = {"os.path.join", "pathlib.Path", "os.fspath", "str", "os.path.expanduser", "os.path.abspath"}
JOINING = {"joinpath", "with_suffix", "with_name", "expanduser", "absolute", "as_posix", "format", "strip"}
# What is no path, or one that the program has made: an open file, bytes, an address, a temporary folder.
NO_PATH = re.compile(
    r"^_?(self|cls|f|fp|fh|fd|fo|io|b|bio|src|source|serial)$|buf|stream|bytes|content|data$|resp|handle|upload|url|uri"
    r"|file_?(obj|like)|te?mp|request|cache|pattern|glob|img$|image$|archive$|zip|reader",
    re.I,
)
NO_PATH_TYPE = re.compile(r"IO\b|Buffer|Upload|FilePath|bytes|Response|\bFile\b|Traversable|ndarray|Tensor|Image")
SETTINGS = re.compile(r"conf|cfg|setting|param|option|args|opts?\b|paths|files|hparams|spec", re.I)
FILED = re.compile(r"(\w+_)?(file|file_?name|csv)$", re.I)  # the entry of a table that names a file
CHECKS = re.compile(r"^_*(check|validate|verify|ensure|require|assert)(_|$)")  # and no `cross_validate`
CACHE = re.compile(r"cache", re.I)  # asked for, says nothing of what it is made from
DEEPEST = 3  # names that one path has, and callers of callers


def is_unasked(module: Module, call: ast.Call, path: ast.expr) -> bool:
    """Whether a parameter or the object holds the path that is read, and nobody in the module asks if it is there."""
    functions = [holder for holder in module.enclosing(call) if is_function(holder)]
    told: set[str] = set()
    given = bool(functions) and is_given(module, path, functions, told)
    told_by_caller = any({".", "["} & set(name) or parameter(name, functions) is not None for name in told)
    return given and told_by_caller and not is_seen_to(module, call, path, functions, told)


def is_just_made(module: Module, call: ast.Call, path: ast.expr) -> bool:
    """Whether the lines before, in the same function, give a parameter to what saves, exports or fetches a file."""
    scope = module.scope(call)
    if not isinstance(path, ast.Name) or not is_function(scope) or parameter(path.id, [scope]) is None:
        return False
    inside = (node for node in ast.walk(scope) if isinstance(node, ast.Call) and node.lineno < call.lineno)
    making = (node for node in inside if SEES_TO.search(last_name(node.func) or getattr(node.func, "attr", "")))
    values = (value for node in making for value in (*node.args, *(item.value for item in node.keywords)))
    return any(isinstance(value, ast.Name) and value.id == path.id for value in values)


def is_given(module: Module, node: ast.expr, functions: list[Function], told: set[str], depth: int = 0) -> bool:
    """Whether a path is made of nothing but constants and what the caller tells; the names of that go to `told`."""
    parts: list[ast.expr] | None = None
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and "://" not in node.value
    if isinstance(node, ast.Name):
        return is_given_name(module, node, functions, told, depth)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):  # `path or ROOT / "settings.json"`
        return is_given(module, node.values[0], functions, told, depth)
    if isinstance(node, ast.Attribute | ast.Subscript | ast.Call) and is_setting(module, node, functions):
        told.add(ast.unparse(node))
        return True
    if isinstance(node, ast.Attribute):
        return is_imported_path(module, node) or is_held(module, node, functions, told)
    if isinstance(node, ast.Call) and depth < DEEPEST and (made := put_together(module, node)) is not None:
        inner = [holder for holder in module.enclosing(made) if is_function(holder)]
        of_caller = all(is_given(module, value, functions, told, depth) for value in node.args)
        return of_caller and is_given(module, made, inner, told, depth + 1)
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Call) and module.full_name(node.func) in JOINS:
        parts = node.args
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in JOINING:
        parts = [node.func.value, *node.args]
    return parts is not None and all(is_given(module, part, functions, told, depth) for part in parts)


def is_setting(module: Module, node: ast.Attribute | ast.Subscript | ast.Call, functions: list[Function]) -> bool:
    """An entry of a configuration that the caller tells: `cfg["data"]["train"]`, `settings.get("paths.weather")`.

    Or one of any table that is called like a file: `station["file"]`.
    """
    inner, keys = entry_in(module, node)
    if not keys or not isinstance(inner, ast.Name) or (len(keys) < 2 and isinstance(node, ast.Attribute)):
        return False
    told = inner.id == "self" or parameter(inner.id, functions) is not None
    told = told or (not functions and inner.id not in module.given and inner.id not in module.origins)  # `a, cfg = f()`
    filed = isinstance(node, ast.Subscript) and FILED.match(keys[0]) is not None
    of_settings = filed or SETTINGS.search(f"{inner.id} {' '.join(keys[1:])}") is not None
    return told and of_settings and not NO_PATH.search(keys[0])


def is_given_name(module: Module, name: ast.Name, functions: list[Function], told: set[str], depth: int) -> bool:
    """A parameter, one of those that a parameter lists, another name for such a path, or a constant of the module."""
    around: list[ast.AST] = [*functions] or [module.scope(name)]
    values = [value for value in module.given.get(name.id, []) if module.scope(value) in around]
    if any(isinstance(value, ast.Call) and mentions(value, {name.id}) for value in values):
        values = [value for value in values if not is_same(module, value, name.id)]  # `path = Path(path)`
        if values and functions:
            return False
    over = next(gone_through(module, name), None)
    if over is not None:
        if lists_words(module, over):
            return True
        name = over if isinstance(over, ast.Name) else name
        values = []
    kind = parameter(name.id, functions)
    if kind is not None:
        told.add(name.id)
        defaults = [default_of(one, name.id) for one in functions]
        if any(isinstance(one, ast.Call) and last_name(one.func) not in ("Argument", "Option") for one in defaults):
            return False  # `path=shipped_table()`: the function gives one that is there
        return not values and not NO_PATH.search(name.id) and not NO_PATH_TYPE.search(kind)
    if len(values) == 1 and over is None and depth < DEEPEST:
        told.add(name.id)
        return is_given(module, values[0], functions, told, depth + 1)
    return over is None and not values and (name.id in module.given or name.id.isupper())


def lists_words(module: Module, over: ast.expr) -> bool:
    """Whether a loop goes through words that are written out: `("train", "val")`, or the name of a list of such."""
    values = module.given.get(over.id, []) if isinstance(over, ast.Name) else [over]
    words = values[0].elts if len(values) == 1 and isinstance(values[0], ast.List | ast.Tuple) else []
    return bool(words) and all(map(text_of, words))


def is_same(module: Module, value: ast.expr, name: str) -> bool:
    """`Path(path)`, `str(path)`: the same path as another type."""
    if not isinstance(value, ast.Call):
        return False
    named = [argument.id for argument in value.args if isinstance(argument, ast.Name)]
    method = isinstance(value.func, ast.Attribute) and value.func.attr in JOINING
    return (module.full_name(value.func) in JOINS and named == [name]) or method


def is_held(module: Module, node: ast.Attribute, functions: list[Function], told: set[str]) -> bool:
    """`self.path` that a parameter gave, or an attribute of a parameter (`args.path`)."""
    if not isinstance(node.value, ast.Name) or NO_PATH.search(node.attr):
        return False
    if dotted(node) in told:
        return True
    told.add(dotted(node))
    if node.value.id != "self":
        return not node.attr.startswith("_") and parameter(node.value.id, functions) is not None
    holder = next((one for one in module.enclosing(functions[-1]) if isinstance(one, ast.ClassDef)), None)
    if holder is None:
        return False
    values = attributes(module, holder).get(node.attr, [])
    return bool(values) and all(
        is_given(module, value, [one for one in module.enclosing(value) if is_function(one)], told, DEEPEST)
        for value in values
    )


def is_seen_to(module: Module, call: ast.Call, path: ast.expr, functions: list[Function], told: set[str]) -> bool:
    """Whether the function, the class that holds the path or a caller in the module asks, tries, tests or makes it."""
    if is_tried(module, call) or any(asks(module, one, told, call.lineno, (call, path)) for one in functions):
        return True
    if is_wrapped(module, call, told) or is_verified(module, call) or any(map(promises_error, functions)):
        return True
    outer = functions[-1]
    holder = next((one for one in module.enclosing(outer) if isinstance(one, ast.ClassDef)), None)
    if holder is not None and any(name.startswith("self.") for name in told):
        methods = [one for one in holder.body if is_function(one) and looks_at_own(module, one, told)]
        looking = (one for one in methods if LOOKS.search(one.name))
        if any(not does_nothing(one) or one.name in own_calls(module) for one in looking):
            return True
        if any(asks_alike(module, one, call, path) or is_prepared(one) for one in methods):
            return True
    own = outer.name.startswith("_") and outer.name[-2:] != "__"
    if own and holder is not None and not called_by_name(module, outer.name):
        return True  # a hook: what calls it stands in another module, and may ask
    names = {outer.name} if holder is None or outer.name != "__init__" else {holder.name}
    names |= {holder.name} if holder is not None and any(name.startswith("self.") for name in told) else set()
    names |= {one.name for one in functions[:-1]}
    return any(is_called_with_care(module, name, 0) for name in names)


def looks_at_own(module: Module, method: Function, told: set[str]) -> bool:
    """Whether a method may look at a path of the object: no `validate(self, table)`, which uses nothing but that."""
    known: dict[int, bool] = module.derived.setdefault("looks at own", {})
    if id(method) not in known:
        attributes_of = (one.value for one in ast.walk(method) if isinstance(one, ast.Attribute))
        known[id(method)] = any(dotted(value) in ("self", "cls") for value in attributes_of)
    asked = known[id(method)] or len(method.args.args) < 2 or id(method) in askers(module)
    return asked or any(
        mentions(value, told) for one in called_by_name(module, method.name) for value in values_of(one)
    )


def is_verified(module: Module, call: ast.Call) -> bool:
    """Whether the lines before let the object look after its files: `self._verify()`."""
    scope = module.scope(call)
    calls = (inner for name in own_calls(module) if LOOKS.search(name) for inner in own_calls(module)[name])
    return any(module.scope(inner) is scope and inner.lineno < call.lineno for inner in calls)


def own_calls(module: Module) -> dict[str, list[ast.Call]]:
    """Method -> the calls of it on the object itself, with nothing given."""
    if "own calls" not in module.derived:
        table: dict[str, list[ast.Call]] = defaultdict(list)
        for _, call, _ in module.calls:
            if isinstance(call.func, ast.Attribute) and dotted(call.func.value) == "self" and not call.args:
                table[call.func.attr].append(call)
        module.derived["own calls"] = table
    calls: dict[str, list[ast.Call]] = module.derived["own calls"]
    return calls


def is_wrapped(module: Module, call: ast.Call, told: set[str]) -> bool:
    """Whether a `with` around the call is given the path: it may turn the error into a sentence."""
    withs = (item for holder in module.enclosing(call) if isinstance(holder, ast.With) for item in holder.items)
    calls = (item.context_expr for item in withs)
    return any(one is not call and isinstance(one, ast.Call) and mentions(one, told) for one in calls)


def is_called_with_care(module: Module, name: str, depth: int) -> bool:
    """Whether a call of the function in this module stands in a `try`, or where somebody asks for files."""
    calls = (call for call in called_by_name(module, name) if not is_imported(module, call, name))
    return any(is_careful(module, call, name, depth) for call in calls)


def is_imported(module: Module, call: ast.Call, name: str) -> bool:
    """Whether a call is one of another module's function of this name: `json.load()` beside a `load()` of its own."""
    return last_name(call.func) == name and dotted(call.func).partition(".")[0] in module.origins


def is_careful(module: Module, call: ast.Call, name: str = "", depth: int = 0) -> bool:
    """Whether a call stands in a `try`, or behind what asks for files or makes them; or all that holds it does."""
    if is_made_before(module, call) or is_tried(module, call) or is_of_listed(module, call):
        return True
    if is_of_user_too(module, call):
        return False
    if is_of_shipped(module, call):
        return True
    if is_of_object(module, call) or is_left_before(module, call) or is_looked_after(module, call):
        return True
    if any(is_asked_option(module, value) for value in values_of(call)):
        return True
    around = [holder for holder in module.enclosing(call) if is_function(holder)]
    asking = (one for one in around if asks(module, one, made_of(module, call, one), 0))
    if any(is_prepared(one) or not is_past_cache(module, call, one) for one in asking):
        return True
    if is_verified(module, call) or (not around and id(module.scope(call)) in askers(module)):
        return True
    further = around and depth < DEEPEST and around[-1].name != name
    return bool(further) and is_called_with_care(module, around[-1].name, depth + 1)


def is_past_cache(module: Module, call: ast.Call, function: Function) -> bool:
    """Whether all that a function asks for is a cache, and a call makes what belongs there: it speaks of none."""
    around = [call, *(holder.test for holder in module.enclosing(call) if isinstance(holder, ast.If | ast.IfExp))]
    subjects = [ast.unparse(one) for one in asking_calls(module) if module.scope(one) is function]
    return all(map(CACHE.search, subjects)) and not any(CACHE.search(ast.unparse(one)) for one in around)


def is_looked_after(module: Module, call: ast.Call) -> bool:
    """Whether a line before, in the same function, checks what a call is given: `check(cfg)`, `check_file(path)`."""
    if "looking after" not in module.derived:
        table: dict[int, list[ast.Call]] = defaultdict(list)
        for _, one, _ in module.calls:
            if CHECKS.match(name_of(one)):
                table[id(module.scope(one))].append(one)
        module.derived["looking after"] = table
    names = {value.id for value in values_of(call) if isinstance(value, ast.Name)}
    before = module.derived["looking after"].get(id(module.scope(call)), []) if names else []
    return any(one.lineno < call.lineno and mentions(value, names) for one in before for value in values_of(one))


def made_of(module: Module, call: ast.Call, function: Function) -> set[str]:
    """Parameters of a function that a call in it is given, itself or joined; none where it is given anything else."""
    names: set[str] = set()
    for argument in values_of(call):
        told: set[str] = set()
        if not is_given(module, argument, [function], told):
            return set()
        names |= told
    return names
