"""What a value can be, as far as the code around it says: written out in full, or true in some run."""

import ast
from collections import Counter
from collections.abc import Iterator

from audit.rules.code import Module, dotted, is_constant, is_function, last_name

# Calls whose result holds no text that somebody else has chosen.
HARMLESS = {
    "int", "float", "len", "bool", "range", "round", "shlex.quote", "shlex.join", "pipes.quote", "os.getpid",
    "os.cpu_count", "time.time", "time.strftime", "time.time_ns", "random.randint", "random.randrange", "random.random",
    "random.uniform", "random.getrandbits", "numpy.random.randint", "numpy.random.uniform", "uuid.uuid1", "uuid.uuid4",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "multiprocessing.cpu_count", "torch.cuda.device_count",
}  # fmt: skip
# Names that the machine makes up, of what it is given and its own letters.
TEMPORARY = {
    f"tempfile.{name}"
    for name in ("NamedTemporaryFile", "TemporaryDirectory", "mkdtemp", "mkstemp", "mktemp", "gettempdir")
}
# Calls and methods that only rearrange what they are given.
REARRANGING = {
    "str", "list", "tuple", "set", "sorted", "reversed", "compile", "textwrap.dedent", "os.path.join",
    "os.path.dirname", "os.path.abspath", "os.path.realpath", "pathlib.Path", "random.choice", "random.choices",
    "random.sample", "numpy.random.choice",
}  # fmt: skip
METHODS = {
    "format", "join", "strip", "lower", "upper", "replace", "split", "splitlines", "keys", "values", "resolve",
    "strftime", "isoformat",
}  # fmt: skip
OF_THE_MACHINE = {"sys.executable", "__file__", "os.sep", "os.name", "sys.platform", "os.curdir", "os.pathsep"}
NUMBERS = ("d", "f", "e", "g", "%", "x")  # at the end of a format: what it is given is a number
Names = frozenset[str]


def is_fixed(module: Module, node: ast.AST | None, seen: Names = frozenset()) -> bool:
    """Whether all of a value is written in the code: constants, what is made of them, names for nothing else.

    Args:
        seen: names that are being looked at: `line = line + " -v"` adds nothing new.
    """
    match node:
        case ast.Constant():
            return True
        case ast.List() | ast.Tuple() | ast.Set():
            return all(is_fixed(module, element, seen) for element in node.elts)
        case ast.Dict():
            return all(is_fixed(module, part, seen) for part in (*node.keys, *node.values))
        case ast.IfExp():
            return is_fixed(module, node.body, seen) and is_fixed(module, node.orelse, seen)
        case ast.BinOp():
            return is_fixed(module, node.left, seen) and is_fixed(module, node.right, seen)
        case ast.BoolOp():
            return all(is_fixed(module, part, seen) for part in node.values)
        case ast.JoinedStr():
            return all(is_fixed(module, part, seen) for part in node.values)
        case ast.FormattedValue():
            return is_number(node) or is_fixed(module, node.value, seen)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return is_fixed(module, node.elt, seen)
        case ast.Subscript() | ast.Starred():
            return is_fixed(module, node.value, seen)
        case ast.Call():
            return is_fixed_call(module, node, seen)
        case ast.Name() | ast.Attribute():
            return is_fixed_name(module, node, seen)
        case _:
            return False


def is_number(part: ast.FormattedValue) -> bool:
    """`{rank:d}`, `{share:.2f}`."""
    return part.format_spec is not None and ast.unparse(part.format_spec).rstrip("'\"").endswith(NUMBERS)


def is_fixed_call(module: Module, call: ast.Call, seen: Names) -> bool:
    """Numbers, quoted text, temporary names, and what only rearranges what is written here."""
    name = module.full_name(call.func)
    if name in HARMLESS:
        return True
    given = (*call.args, *(item.value for item in call.keywords))
    if name in TEMPORARY:
        return all(is_fixed(module, part, seen) for part in given)
    if name in REARRANGING:
        given = given[:1] if name == "compile" else given
        return bool(given) and all(is_fixed(module, part, seen) for part in given)
    if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
        return all(is_fixed(module, part, seen) for part in (call.func.value, *given))
    return False


def is_fixed_name(module: Module, node: ast.Name | ast.Attribute, seen: Names) -> bool:
    """Whether a name, or an attribute of `self`, is only ever given what is written here."""
    name = dotted(node)
    if name in seen or module.full_name(node) in OF_THE_MACHINE:
        return True
    if isinstance(node, ast.Name):
        values = list(bound(module, node))
        unpacked = temporary(module)[module.scope(node), node.id]
        if unpacked and values.count(None) == unpacked:
            return all(is_fixed(module, value, seen | {name}) for value in values if value)
    elif node.attr in ("parent", "name", "stem", "hex"):
        return is_fixed(module, node.value, seen)
    elif last_name(node.value) in ("self", "cls"):
        values = list(attribute_values(module, node.attr))
    else:
        return False
    return bool(values) and all(is_fixed(module, value, seen | {name}) for value in values)


def temporary(module: Module) -> Counter[tuple[ast.AST, str]]:
    """(function, name) -> how often `with TemporaryDirectory() as name` or `file, name = mkstemp()` gives it."""
    if "temporary names" not in module.derived:
        counts: Counter[tuple[ast.AST, str]] = Counter()
        module.derived["temporary names"] = counts  # known before: one may lie in another
        for _, call, name in module.calls:
            if name in TEMPORARY and is_fixed_call(module, call, frozenset()):
                holder = module.parents.get(call)
                targets = [part for part in getattr(holder, "targets", []) if isinstance(part, ast.Tuple)]
                targets += filter(None, [getattr(holder, "optional_vars", None)])
                names = (part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))
                counts.update((module.scope(call), part.id) for part in names)
    known: Counter[tuple[ast.AST, str]] = module.derived["temporary names"]
    return known


def bound(module: Module, name: ast.Name) -> Iterator[ast.expr | None]:
    """What a name may mean where it is used, by the innermost function that gives it a value, else by the module.

    None for what cannot be told: parameters, imports, opened files, parts of a tuple.
    """
    last = set_before(module, name)
    if last is not None:
        yield last
        return
    for scope in (holder for holder in module.enclosing(name) if is_function(holder)):
        found = [value for known, value in bindings(module, scope) if known == name.id]
        if found:
            yield from found
            return
    for piece in module.pieces:
        assert piece.tree is not None
        yield from (value for known, value in bindings(module, piece.tree) if known == name.id)


def set_before(module: Module, name: ast.Name) -> ast.expr | None:
    """What an assignment gives a name on each way to where it is used, with no other in between; else None."""
    place: ast.AST = name
    for holder in module.enclosing(name):
        blocks = [getattr(holder, part, None) for part in ("body", "orelse", "finalbody")]
        block = next((one for one in blocks if isinstance(one, list) and place in one), [])
        for line in reversed(block[: block.index(place)] if block else []):
            spoken = [inner for inner in ast.walk(line) if isinstance(inner, ast.Name) and inner.id == name.id]
            if isinstance(line, ast.Assign) and len(spoken) == 1 and spoken[0] in line.targets:
                return line.value
            if any(not isinstance(inner.ctx, ast.Load) for inner in spoken):
                return None
        if is_function(holder) or isinstance(holder, ast.Lambda | ast.For | ast.While | ast.comprehension):
            return None  # a loop may come back with another value
        place = holder
    return None


def bindings(module: Module, scope: ast.AST) -> list[tuple[str, ast.expr | None]]:
    """(name, value) of everything that a function, or a module outside its functions, gives a value; found once."""
    known: dict[ast.AST, list[tuple[str, ast.expr | None]]] = module.derived.setdefault("bindings", {})
    if scope not in known:
        known[scope] = [pair for node in own_nodes(scope) for pair in given_by(node)]
        if is_function(scope):
            known[scope] += [(argument.arg, None) for argument in ast.walk(scope.args) if isinstance(argument, ast.arg)]
    return known[scope]


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """All that a function or module holds, without what its functions hold."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not is_function(node) and not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def given_by(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """The names that one node gives a value; the elements of a list stand for the list."""
    match node:
        case ast.Assign():
            pairs: list[tuple[ast.expr | None, ast.expr | None]] = [(target, node.value) for target in node.targets]
        case ast.AugAssign() | ast.NamedExpr():
            pairs = [(node.target, node.value)]
        case ast.AnnAssign():
            pairs = [(node.target, node.value)] if node.value else []
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            pairs = [(node.target, node.iter)]
        case ast.withitem():
            pairs = [(node.optional_vars, None)]
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.asname or alias.name.partition(".")[0], None) for alias in node.names)
            return
        case _:
            name = getattr(node, "name", None)  # of a function, a class, a caught exception, a captured pattern
            if name and not isinstance(node, ast.alias):
                yield name, None
            return
    for target, value in pairs:
        if isinstance(target, ast.Name):
            yield target.id, value
        elif target is not None:
            yield from ((part.id, None) for part in ast.walk(target) if isinstance(part, ast.Name))


def attribute_values(module: Module, attribute: str) -> Iterator[ast.expr | None]:
    """What `self.attribute = …` and the class's own `attribute = …` give it anywhere in the module."""
    for _, node in module.statements():
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            of_self = any(isinstance(target, ast.Attribute) and target.attr == attribute for target in targets)
            of_class = isinstance(module.parents.get(node), ast.ClassDef)
            if of_self or (of_class and any(last_name(target) == attribute for target in targets)):
                yield node.value


def may_be_true(module: Module, node: ast.expr | None, seen: Names = frozenset()) -> bool:
    """Whether the code says that a switch is on in some run: a constant, a comparison, a parameter on by default."""
    match node:
        case ast.Constant():
            return node.value is True or node.value == 1
        case ast.Compare():
            return True
        case ast.UnaryOp():
            return isinstance(node.op, ast.Not)
        case ast.BoolOp():
            off = isinstance(node.op, ast.And) and any(is_constant(part, False) for part in node.values)
            return not off and any(may_be_true(module, part, seen) for part in node.values)
        case ast.IfExp():
            return may_be_true(module, node.body, seen) or may_be_true(module, node.orelse, seen)
        case ast.Name() if node.id not in seen:
            if any(is_constant(value, True) for value in defaults(module, node)):
                return True
            return any(may_be_true(module, value, seen | {node.id}) for value in bound(module, node))
        case _:
            return False


def defaults(module: Module, name: ast.Name) -> Iterator[ast.expr | None]:
    """What a parameter of this name is when nobody gives it."""
    for holder in module.enclosing(name):
        if is_function(holder):
            arguments = holder.args
            positional = (*arguments.posonlyargs, *arguments.args)[::-1]
            pairs = [*zip(positional, arguments.defaults[::-1], strict=False)]
            keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            yield from (value for argument, value in (*pairs, *keywords) if argument.arg == name.id)
