"""Code that stands for code that is not there: empty bodies, notes to do it later, lines no run can reach."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import FOREIGN_PATH, TEST_PATH, Function, dotted, is_function, text_of
from audit.rules.family import Family, rule
from audit.rules.local import local_of
from audit.rules.stubs.hollow import (
    DECLINED,
    DOCUMENTED,
    INITIAL,
    INTERFACES,
    WORK,
    Classes,
    cannot_be_made,
    class_name,
    is_interface,
    is_weightless,
    placeholder,
)
from audit.rules.stubs.notes import NOTE, TEMPLATES, TODO, notes
from audit.rules.stubs.unreachable import UNREACHABLE, unreachable
from audit.target import Piece, Target
from audit.trees import held

FUNCTION = rule(
    "stubs.function",
    title="Function without a body",
    why="Callers get None or an exception where they were promised a result.",
    fix="Write the body, or remove the function; a method meant to be overridden is marked abstract.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
CLASS = rule(
    "stubs.class",
    title="Class without a body",
    why="The class promises something that it does not have.",
    fix="Write the class, or remove it.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)

TO_FILL = re.compile(
    r"\.pyi$|(^|/)versioneer\.py$|_pb2(_grpc)?\.py$"
    r"|(^|/)_?(dummy|null|no_?op)(_\w+)?\.py$"  # modules that do nothing in another's place
)
# Classes that say by their name that others fill them in; functions that a framework looks up by name.
BASE = re.compile(
    r"^_*(Base|Abstract|I(?=[A-Z][a-z]))(?=[A-Z_]|$)|(Base|Mixin|Interface|Hooks|Callbacks?)(V?\d+D?)?$"
)  # fmt: skip
OF_BASES = re.compile(r"(^|/)(\w+_base|base_\w+)\.py$")  # modules of what others inherit from
HOOK = re.compile(
    r"^(_?(on|before|after|visit|leave)_\w+|(pre|post)_(un)?install|upgrade|downgrade|setup|teardown|close|reset|flush"
    r"|cleanup|shutdown)$"
)  # fmt: skip
DOUBLE = re.compile(
    r"^_?No(ne|t)?(?=[A-Z]|$)|^_?silent_|^_?Silent(?=[A-Z])"
    r"|(Null|Noop|NoOp|Empty|Dummy|Fake|Mock|Stub)(?=[A-Z]|$)|^_?(pass|do_nothing)"
    r"|(^|_)(no_?op|nop|nothing)(_|$)|^_?(raise|refuse|forbid)_"
    r"|^_?(unimp|unimplemented|not_implemented|unsupported)$", re.ASCII
)  # fmt: skip
# What is said where an empty body, or an error, is all that should be there.
MEANT = re.compile(
    r"\bno[- ]?op\b|\bnothing\b|^\W*ignor(?:e|es|ed|ing)\b|intentional|deliberate|on purpose"
    r"|\b(not|never|un) ?used\b|\balways raise|\bnever be (called|used)\b"
    r"|\bskip(?:s|ped)? this (?:method|function|step)\b"
    r"|\bdeprecated\b|no longer|sub-?class|child class|derived class|overrid|overwrit|abstract|\bhook\b"
    r"|(?<!not )implemented (by|in)|does(?: not|n't) (?:have|need|depend)\b|\bdo(?: not|n't) need (?:an?|the|this|it)\b"
    r"|\b(?:when|if) implemented\b|\b(?:has|have) no (?:\w+ ){0,2}(?:parameters|weights|layers|state)\b"
    r"|^\W*implement (?:this |it )?(?:method |hook )?to (?:add|define|customi[sz]e|provide|extend)\b"
    r"|\buse\b[^.]*\binstead\b|\b(?:not |un)necessary\b"
    r"|\bnot (?:supported|implemented|available|possible)\b[^.;]*[.;] +(?:please )?(?:try|use|set|call) \W?\w"
    r"|\b(?:is|outputs?|returns?|gives?|takes?) an? [\w -]{1,40} and not an?\b", re.I
)  # fmt: skip
IDLE = re.compile(r"\b(does|do|doing) nothing\b|\bno-?op\b", re.I)  # of a class: its empty methods are meant
GUARDS = {"__setattr__", "__delattr__", "__setitem__", "__delitem__"}  # that refuse: nobody is to change it
STANDARD = re.compile(r"^\W*(?:use|keep|leave)s? (?:all )?(?:the )?(?:\w+ )?(?:defaults?|standard)\b", re.I)
ABSTRACT = re.compile(
    r"\babstract\b|\bbase[- ]class\b|^\W*(an? |the )?((basic|common|minimal|general|generic) )?interface\b|\bhooks\b"
    r"|\binherit(ing)? from (this|it)\b"
    r"|sub-?class(es)? (must|should|can|may|need|have to)|(must|should|to) (be )?(sub-?class|overrid|implement)", re.I
)  # fmt: skip
# `not implemented for non-deterministic transforms`: for all of a kind, and not for now.
OF_A_KIND = re.compile(
    r"\bnot (?:implemented|provided|available) (?:for|with|on) (?!now\b|th[ei]\w*\b|all\b|today)"
    r"(?:[\w-]+ ){0,4}[\w-]+s\b"
    r"(?!.*\b(?:yet|for now|at the moment|currently|planned)\b)",
    re.I,
)
# What stands where a value is missing is finished without a body.
SENTINEL = re.compile(r"^_*(Undefined|Missing|Unset|NotSet|NotGiven|Unspecified|Omitted)|Sentinel$|^_*Default(Value)?$")
MARKS = re.compile(r"\bmark(s|er|ers|ing)?\b|\bsentinel\b|\bnamespace\b|\bcompat|\bdummy\b", re.I)
IN_PLACE = re.compile(r"^\W*(an? |the )?(fake|dummy|null|no-?op|mock|stand-?in)\b", re.I)  # of a class that works
# Decorators that leave a function what it is; any other may use an empty body (overload, click.group, a registry).
PLAIN = {
    "staticmethod", "classmethod", "property", "no_grad", "inference_mode", "jit", "njit", "cache", "lru_cache",
    "cached_property", "compile", "filter_jit", "timed", "timer", "timeit", "retry", "profile", "typechecked",
    "beartype", "jaxtyped", "validate_call",
}  # fmt: skip
SERVING = {"get", "post", "put", "route", "command", "task", "function"}  # those of what must answer: no error for all
# Methods whose empty override in a subclass of a foreign base class is no harmless hook.
ESSENTIAL = {
    "forward", "call", "__call__", "__getitem__", "__len__", "__iter__", "training_step", "configure_optimizers",
    "predict", "predict_proba", "score", "transform", "train_dataloader", "compute_loss", "get_config",
}  # fmt: skip
QUIET = {  # that Python calls on its own, and where doing nothing is an answer
    "__init__", "__post_init__", "__init_subclass__", "__del__", "__enter__", "__exit__", "__aenter__", "__aexit__",
    "__setstate__", "__copy__",
}  # fmt: skip

# Classes of torch of which all is known that they look up by name.
TORCH = {"Module", "Dataset", "IterableDataset"}
BARE = {"object", "LightningModule", "LightningDataModule", "Layer"}  # with those of torch: they ask for a body
HOOKS_OF_TORCH = {"extra_repr", "reset_parameters"}


def find(target: Target) -> Iterator[Finding]:
    """All four rules over every module and cell that parses."""
    pieces = [piece for piece in target.python if piece.tree is not None]
    classes = Classes()
    for piece in pieces:
        classes.add_all(piece.statements)
        if not TEST_PATH.search(piece.path):
            classes.add_caught(piece.statements)
    programs = parts_of_programs(target) if any(map(is_called_test, target.python_files)) else set()
    for piece in pieces:
        tests = TEST_PATH.search(piece.path) and piece.path not in programs
        if not tests and not any(pattern.search(piece.path) for pattern in (FOREIGN_PATH, TEMPLATES, TO_FILL)):
            yield from empty(piece, classes)
        yield from unreachable(piece) if not piece.problem else ()  # a line that is left out may have ended a block
    yield from notes(target)


def is_called_test(path: str) -> bool:
    """Whether a file has the name of a test, and lies in no folder of tests."""
    folder, _, _ = path.rpartition("/")
    return TEST_PATH.search(path) is not None and not TEST_PATH.search(f"{folder}/")


def parts_of_programs(target: Target) -> set[str]:
    """Paths of files that are called like tests and that a program uses: `from test_loop import test`."""
    local = local_of(target)
    users = (module for path, module in local.modules.items() if not TEST_PATH.search(path))
    return {path for module in users for path, _ in local.edges(module) if is_called_test(path)}


def empty(piece: Piece, classes: Classes) -> Iterator[Finding]:
    """Functions and classes with nothing in them."""
    assert piece.tree is not None
    typed = "TYPE_CHECKING" in piece.text
    if is_interface(piece.tree):
        return
    waiting: list[tuple[ast.AST, ast.AST]] = [(piece.tree, piece.tree)]
    while waiting:
        node, holder = waiting.pop()
        if is_function(node):
            owner = holder if isinstance(holder, ast.ClassDef) else None
            body = placeholder(node.body, may_refuse=node.col_offset > 0)
            given = is_function(holder) and not body.startswith("`raise")  # made to be handed on: it does nothing
            right = not body or given or excused(node, body, owner, classes) or is_meant(piece, node)
            right = right or is_null(piece, node, body, owner, classes)
            right = right or (owner is not None and body.startswith("`raise") and bool(OF_BASES.search(piece.path)))
            if not right and node.name not in defaults(piece):
                where = f"{owner.name}.{node.name}" if owner else node.name
                hollow = found(FUNCTION, piece.at(node.lineno), f"{where}() is only {body}", piece.line(node.lineno))
                yield replace(hollow, confidence=Confidence.LOW) if node.name == "__init__" else hollow
        if isinstance(node, ast.ClassDef) and (body := placeholder(node.body)):
            plain = all(class_name(base) in TORCH | BARE for base in node.bases)
            inherits = not plain or node.keywords or node.decorator_list
            named = DOUBLE.search(node.name) or BASE.search(node.name) or SENTINEL.search(node.name)
            used = classes.reach(node.name, up=False) or is_told_apart(piece, node.name)
            above = piece.line(node.lineno - 1) if node.lineno > 1 else ""
            lines = [above, *piece.lines[node.lineno : node.end_lineno]]
            notes_of = "\n".join(line.partition("#")[2] for line in lines)
            said = (ast.get_docstring(node, clean=False) or "") + notes_of
            meant = ABSTRACT.search(said) or (MARKS.search(said) and not NOTE.search(said))
            if body != DOCUMENTED and not (inherits or named or used or meant):
                message = f"class {node.name} is only {body}"
                yield found(CLASS, piece.at(node.lineno), message, piece.line(node.lineno))
        if typed and isinstance(node, ast.If) and any(map(is_for_checkers, ast.walk(node.test))):
            continue  # declarations for a type checker have no body
        # A definition under `except ImportError` is a fall-back: doing nothing is what it is for.
        children = [child for child in held(node) if not isinstance(child, ast.ExceptHandler)]
        if isinstance(node, ast.If):
            children = [child for child in children if not has_twin(child, node)]
        inside = node if is_function(node) or isinstance(node, ast.ClassDef) else holder
        waiting += [(child, inside) for child in children]


def is_meant(piece: Piece, node: Function) -> bool:
    """Whether a function says of itself, or in its error, that it has nothing to do, or that others write it."""
    lines = piece.lines[node.lineno - 1 : node.end_lineno]
    texts = (text_of(inner) for statement in node.body for inner in ast.walk(statement))
    said = [*texts, *(line.partition("#")[2] for line in lines)]
    return any(map(MEANT.search, said)) and not any(map(NOTE.search, said))


def is_null(piece: Piece, node: Function, body: str, owner: ast.ClassDef | None, classes: Classes) -> bool:
    """Whether a method has nothing to do in its class, and something in another that is used in turn with it."""
    if owner is None or body.startswith("`raise") or node.name in ESSENTIAL | WORK:
        return False
    left = any(map(NOTE.search, piece.lines[node.lineno - 1 : node.end_lineno]))
    return not left and classes.is_alike(owner.name, node.name)


def is_for_checkers(node: ast.AST) -> bool:
    """`TYPE_CHECKING`, wherever it comes from."""
    return isinstance(node, ast.expr) and class_name(node) == "TYPE_CHECKING"


def has_twin(node: ast.AST, choice: ast.If) -> bool:
    """Whether what is defined in one branch without content has its content in the other."""
    if not is_function(node) and not isinstance(node, ast.ClassDef):
        return False
    other = choice.orelse if node in choice.body else choice.body
    taken = (part for part in other if isinstance(part, ast.Import | ast.ImportFrom))
    if any(node.name in (alias.asname, alias.name) for part in taken for alias in part.names):
        return True
    parts = [node] if is_function(node) else [part for part in node.body if is_function(part)]
    return any(getattr(twin, "name", "") == node.name for twin in other) and all(placeholder(p.body) for p in parts)


def defaults(piece: Piece) -> set[str]:
    """What is used where nothing better is given: defaults of parameters, of `a or b`, of attributes of a class.

    So are the values of a table that is called so, `default_callbacks = {"on_end": [on_end]}`.
    """
    used: list[ast.AST | None] = []
    for node in piece.of(ast.arguments, ast.IfExp, ast.BoolOp, ast.ClassDef, ast.Assign):
        if isinstance(node, ast.arguments):
            used += [*node.defaults, *node.kw_defaults]
        elif isinstance(node, ast.IfExp | ast.BoolOp):
            used += [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
        elif isinstance(node, ast.ClassDef):
            values = [part.value for part in node.body if isinstance(part, ast.Assign | ast.AnnAssign) and part.value]
            used += [*values, *(value.args[0] for value in values if isinstance(value, ast.Call) and value.args)]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            named = any("default" in class_name(target).lower() for target in node.targets)
            used += ast.walk(node.value) if named else ()
    return {node.id for node in used if isinstance(node, ast.Name)}


def is_told_apart(piece: Piece, name: str) -> bool:
    """Whether an empty class is a mark that others are compared with, or a record, on which attributes are set.

    A mark is also what a module makes one of, and asks for nothing: `MISSING = _Missing()`.
    """
    made = {name}
    if is_token(piece, name):
        return True
    for node in piece.of(ast.Assign, ast.Compare, ast.Call):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and class_name(node.value.func) == name:
            made.update(class_name(target) for target in node.targets if isinstance(target, ast.Name | ast.Attribute))
        compared: list[ast.expr] = []
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot):
            compared = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and dotted(node.func) in ("isinstance", "issubclass") and len(node.args) == 2:
            kinds = node.args[1]
            compared = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
        if any(class_name(kind) == name for kind in compared):
            return True
    return any(isinstance(node, ast.expr) and class_name(filled(node)) in made for node in piece.nodes)


def is_token(piece: Piece, name: str) -> bool:
    """Whether a module makes an object of a class, gives it a name, and asks it for no attribute."""
    lines = piece.tree.body if piece.tree else ()
    made = {
        class_name(target)
        for line in lines
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call) and not line.value.args
        if class_name(line.value.func) == name
        for target in line.targets
    }
    asked = (dotted(node.value) for node in piece.of(ast.Attribute) if isinstance(node, ast.Attribute))
    return bool(made) and made.isdisjoint(asked)


def filled(node: ast.expr) -> ast.expr:
    """`x` of `x.name = 1` and of `setattr(x, name, 1)`; anything else stays a node without a name."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return node.value
    is_set = isinstance(node, ast.Call) and len(node.args) == 3 and class_name(node) == "setattr"
    return node.args[0] if isinstance(node, ast.Call) and is_set else ast.Constant(None)


def excused(node: Function, body: str, owner: ast.ClassDef | None, classes: Classes) -> bool:
    """Whether an empty body is right here: interfaces, hooks, null objects, decorators that use it."""
    raises = body.startswith("`raise")
    plain = PLAIN | SERVING if raises else PLAIN
    if (
        DOUBLE.search(node.name)
        or HOOK.match(node.name)
        or any(class_name(decorator) not in plain for decorator in node.decorator_list)
        or (node.returns is not None and class_name(node.returns) in ("NoReturn", "Never"))
    ):
        return True
    if body == DECLINED and node.name.startswith("__"):
        return True  # Python then asks the other operand
    if not raises and node.args.vararg and len(node.args.args) == (owner is not None):
        return True  # takes anything and does nothing with it
    if owner is None:
        return False
    if raises and (node.name in classes.caught | GUARDS or is_of_another_kind(node, owner, classes)):
        return True
    names = {class_name(base) for base in owner.bases} | {class_name(keyword.value) for keyword in owner.keywords}
    if names & INTERFACES or DOUBLE.search(owner.name) or BASE.search(owner.name):
        return True
    said = ast.get_docstring(owner, clean=False) or ""
    if not raises and (IDLE.search(said) or STANDARD.search(ast.get_docstring(node, clean=False) or "")):
        return True
    if ABSTRACT.search(said) or owner.name in classes.registries or classes.is_passed_over(owner.name, node.name):
        return True
    if cannot_be_made(owner) or node.name in classes.again.get(owner.name, ()):
        return True
    if not raises and INITIAL.search(node.name) and is_weightless(owner):
        return True
    owed = not raises and (classes.is_owed(owner.name, node.name) or classes.is_nothing(owner.name, ESSENTIAL))
    if owed or (not raises and IN_PLACE.search(said)) or classes.is_filled_in_below(owner.name):
        return True
    if classes.is_hook(owner.name, node.name, raises=raises) or (raises and classes.is_template(owner.name)):
        return True
    if raises or node.name in ESSENTIAL:
        return False
    above = classes.reach(owner.name, up=True) - (set() if node.name in HOOKS_OF_TORCH else TORCH)
    foreign = any(name not in classes.methods for name in above - INTERFACES - {"object", "Generic"})
    if node.name == "__init__" and not foreign:  # nothing above makes anything of it, and nothing below
        made = any(is_function(item) and item.name == "__new__" for item in owner.body)
        return made or bool(above - {"object"}) or bool(classes.reach(owner.name, up=False))
    return node.name in QUIET or (foreign and not node.name.startswith("__"))


def is_of_another_kind(node: Function, owner: ast.ClassDef, classes: Classes) -> bool:
    """Whether a class says, by its own name or that of its kind, that a method of those above makes no sense for it."""
    error = node.body[-1].exc if isinstance(node.body[-1], ast.Raise) else None
    said = text_of(error.args[0]) if isinstance(error, ast.Call) and error.args else ""
    above = classes.reach(owner.name, up=True)
    owed = any(node.name in classes.methods.get(other, ()) for other in above)
    own = re.search(rf"\bfor\W+(?:an? |the )?{owner.name}\b(?!.*\byet\b)", said)
    return owed and (own or OF_A_KIND.search(said)) is not None


FAMILY = Family("stubs", "Nothing is left empty", (FUNCTION, CLASS, TODO, UNREACHABLE), find)
