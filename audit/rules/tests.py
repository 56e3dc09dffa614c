"""Tests that are not there, that assert nothing, that are skipped without a word; metrics of a part."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator

from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.code import TEST_PATH, Function, Module, dotted, is_function, is_text, keyword, last_name, modules
from audit.rules.family import Family, rule
from audit.rules.partial import PARTIAL, partial
from audit.target import Target

NONE = rule(
    "tests.none",
    title="No tests",
    why="Nobody can tell whether the code does what it says, or still does after a change.",
    fix="Write a test for each function that others build on, and run them with one command.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
ASSERTLESS = rule(
    "tests.assertless",
    title="A test that asserts nothing",
    why="It passes whatever the code returns.",
    fix="Assert what should come out; if it must only not raise, say so with an assertion on the result.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)
SKIP = rule(
    "tests.skip",
    title="A test skipped without a reason",
    why="Nobody knows when it may run again, so it never does.",
    fix="Give the reason, or remove the test.",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)

MIN_MODULES = 3  # a tree of fewer with definitions is a snippet
TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_tests?)\.py$")
NAMED = re.compile(r"(^|/)tests?/([^/]+/)*test[^/]*\.py$|(^|/)tests\.py$")  # Django's too, and a script of tests
SETTINGS = re.compile(r"(^|/)(pyproject\.toml|setup\.cfg|pytest\.ini|tox\.ini|Makefile)$|\.ya?ml$")
CHECKS = re.compile(
    r"assert|check(?!_?point)|verify|expect|validate|raises|warns|fail|should|compare|ensure|snapshot"
    r"|(?<!train_)(?<!sub)(?<!skip)test(?!ing|_step|_?(?:data|set|split|loader|image|file|path|dir|input|frame|df))",
    re.I,
)  # fmt: skip
UNTOLD = re.compile(r"skip(?!_?(?:if|unless))|xfail|fixture|expected", re.I)  # marks of what is no test, or is to fail
INHERITED = re.compile(r"self\.\w+")  # a method that the tree does not have may assert
HANDED_ON = re.compile(r"_*(assert|check|verify|fail)")  # `map_structure(self.assertAllEqual, …)`
CONSTANT = ast.Constant | ast.Compare | ast.cmpop | ast.BoolOp | ast.boolop
SKIPS = ("pytest.skip", "unittest.SkipTest", ".self.skipTest")
FIXTURES = re.compile(r"snapshot|regression|bench|testdir|pytester|mocker")


def find(target: Target) -> Iterator[Finding]:
    """All rules; tests are what pytest and unittest would take for one."""
    every = modules(target)
    yield from no_tests(target, every)
    shared = helpers_of(module for module in every if TEST_PATH.search(module.path))
    for module in every:
        if TEST_FILE.search(module.path):
            yield from assertless(module, shared)
            yield from skips(module)
        elif not TEST_PATH.search(module.path):
            yield from partial(module)


def no_tests(target: Target, every: list[Module]) -> Iterator[Finding]:
    """One finding for a tree with functions or classes in several files and no test of any."""
    files = [module for module in every if not module.is_notebook and not module.path.endswith(".pyi")]
    if any(map(has_tests, files)):
        return
    defining = [m for m in files if any(is_function(node) or isinstance(node, ast.ClassDef) for _, node in m.walk())]
    if len(defining) >= MIN_MODULES and not (runs_doctests(target) and any(map(has_examples, files))):
        yield found(NONE, Location("."), f"{len(defining)} modules define something, and no file tests any of it")


def has_tests(module: Module) -> bool:
    """Whether a module of tests tests something, or another runs its own examples or holds unittest cases."""
    if NAMED.search(module.path):
        return any(piece.text.strip() for piece in module.pieces)
    if TEST_PATH.search(module.path):
        names = (getattr(node, "name", None) or "" for _, node in module.statements())
        return any(name.lower().startswith("test") for name in names) or "assert" in module.pieces[0].text
    return any(name in ("doctest.testmod", "unittest.main") for _, _, name in module.calls)


def has_examples(module: Module) -> bool:
    """Whether there may be an example in a docstring."""
    return any(">>>" in piece.text for piece in module.pieces)


def runs_doctests(target: Target) -> bool:
    """Whether the settings of pytest, or a workflow, have the examples in the docstrings run."""
    settings = (piece for piece in target.pieces if SETTINGS.search(piece.path))
    return any("--doctest-modules" in piece.text or "-m doctest" in piece.text for piece in settings)


def helpers_of(modules: Iterable[Module]) -> dict[str, Function]:
    """The functions of modules of tests by name; of several with one name, one that asserts."""
    found: dict[str, Function] = {}
    for module in modules:
        for piece in module.pieces:
            for node in piece.statements:
                if is_function(node) and (node.name not in found or asserts(node, {}, set())):
                    found[node.name] = node
    return found


def assertless(module: Module, shared: dict[str, Function]) -> Iterator[Finding]:
    """Test functions in which, and in the helpers of the tests that they call, nothing is asserted."""
    helpers = shared | helpers_of([module])
    fields = {f"self.{node.attr}" for _, node in module.walk() if isinstance(node, ast.Attribute) and is_set(node)}
    for piece, node in module.walk():
        if not is_function(node) or not node.name.startswith("test") or not is_collected(module, node):
            continue
        arguments = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        marks = " ".join(mark_of(decorator) for decorator in node.decorator_list)
        if any(map(FIXTURES.search, arguments)) or UNTOLD.search(marks):
            continue
        if is_of_imports(node) or is_left(module, node):
            continue
        if not asserts(node, helpers, set(), fields) and traps_of(module).isdisjoint(names_in(node)):
            message = f"{node.name} has no assertion"
            yield found(ASSERTLESS, piece.at(node.lineno), message, piece.line(node.lineno)[:120])


def is_of_imports(node: Function) -> bool:
    """Whether a test does nothing but import: it fails where that does."""
    lines = [line for line in node.body if not (is_text(line) or isinstance(line, ast.Pass))]
    return bool(lines) and all(isinstance(line, ast.Import | ast.ImportFrom) for line in lines)


def is_left(module: Module, node: Function) -> bool:
    """Whether a test ends by skipping itself: the rule of skips asks for the reason."""
    last = node.body[-1]
    left = last.value if isinstance(last, ast.Expr) else last.exc if isinstance(last, ast.Raise) else None
    return left is not None and module.full_name(left.func if isinstance(left, ast.Call) else left) in SKIPS


def traps_of(module: Module) -> set[str]:
    """Functions that do nothing but raise, and classes that hold or use one: a test that calls none of it passes."""
    statements = [node for piece in module.pieces for node in piece.statements]
    raising = {node.name for node in statements if is_function(node) and is_trap(node)}
    if not raising:
        return raising
    defined = [node for node in statements if is_function(node) or isinstance(node, ast.ClassDef)]
    inside = {node.name for node in defined if raising & {getattr(inner, "name", "") for inner in ast.walk(node)}}
    return raising | inside | {node.name for node in defined if not names_in(node).isdisjoint(raising)}


def is_trap(node: Function) -> bool:
    """`def boom(): raise Dummy()`, which is no part that somebody has yet to write."""
    last = node.body[-1]
    return len(node.body) == 1 and isinstance(last, ast.Raise) and "NotImplementedError" not in ast.unparse(last)


def names_in(node: ast.AST) -> set[str]:
    """Every name that a node uses."""
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def mark_of(decorator: ast.expr) -> str:
    """A decorator without what it is given: one of the parameters may be called `expected`."""
    return dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)


def is_collected(module: Module, node: Function) -> bool:
    """A function of the module or a method of one of its Test classes."""
    holder = module.parents.get(node)
    if isinstance(holder, ast.ClassDef):
        if any(map(is_function, module.enclosing(holder))):
            return False  # made and run by a test
        return any("Test" in name for name in (holder.name, *map(last_name, holder.bases)))
    return isinstance(holder, ast.Module)


def is_set(node: ast.Attribute) -> bool:
    """Whether an attribute of self is set: what is called by its name is no method that asserts."""
    return isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self"


def asserts(
    node: Function, helpers: dict[str, Function], seen: set[str], fields: Collection[str] = frozenset()
) -> bool:
    """Whether anything in a function can fail on purpose, or calls what may: unknown helpers count as asserting."""
    seen.add(node.name)
    for inner in heard(node):
        if isinstance(inner, ast.Assert | ast.Raise):
            if isinstance(inner, ast.Raise) or not is_always(inner.test):
                return True
        elif isinstance(inner, ast.Call):
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else last_name(inner.func)
            own = helpers.get(name)
            if own is not None and name not in seen and asserts(own, helpers, seen, fields):
                return True
            called = dotted(inner.func)
            if own is not None and is_of_super(inner.func):
                return True  # the test of the class above, given something
            always = name in ("assertTrue", "assertEqual") and inner.args and all(map(is_always, inner.args))
            others = name == node.name and "." in called and not INHERITED.fullmatch(called)  # `test_other.test_it(x)`
            known = (own is not None and not others) or always or called in fields
            if not known and (CHECKS.search(name) or INHERITED.fullmatch(called)):
                return True
            if any(HANDED_ON.match(last_name(argument)) for argument in inner.args):
                return True
    return False


def heard(node: ast.AST) -> Iterator[ast.AST]:
    """What a function holds, without that whose failure nobody hears: `try: assert x`, `except Exception: pass`."""
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        yield inner
        silent = inner.body if isinstance(inner, ast.Try) and any(map(is_deaf, inner.handlers)) else []
        waiting += [child for child in ast.iter_child_nodes(inner) if child not in silent]


def is_deaf(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes failed assertions and goes on as if nothing had been."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {last_name(each) if each else "BaseException" for each in caught}
    if names.isdisjoint({"BaseException", "Exception", "AssertionError"}):
        return False
    return all(
        isinstance(line, ast.Pass | ast.Continue)
        or (isinstance(line, ast.Return) and line.value is None)
        or (isinstance(line, ast.Expr) and (is_text(line) or is_told(line.value)))
        for line in handler.body
    )


def is_told(value: ast.expr) -> bool:
    """`...`, or that something is printed or logged."""
    called = dotted(value.func) if isinstance(value, ast.Call) else ""
    return isinstance(value, ast.Constant) or called == "print" or called.startswith(("log.", "logger.", "logging."))


def is_of_super(called: ast.expr) -> bool:
    """`super().test_it`."""
    of = called.value if isinstance(called, ast.Attribute) else None
    return isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super"


def is_always(test: ast.expr) -> bool:
    """Whether a condition can only hold: `True`, `1 == 1`. `assert False` is a way to fail."""
    if isinstance(test, ast.Constant) and not test.value:
        return False
    if isinstance(test, ast.Tuple) and test.elts:
        return True  # `assert (x == y, "message")`
    return all(isinstance(inner, CONSTANT) for inner in ast.walk(test))


def skips(module: Module) -> Iterator[Finding]:
    """Marks and calls that skip, without a word why."""
    for piece, node in module.walk():
        if is_function(node) or isinstance(node, ast.ClassDef):
            silent = [(mark, f"@{ast.unparse(mark)}") for mark in node.decorator_list if is_silent(module, mark)]
        elif isinstance(node, ast.Assign | ast.keyword):  # `pytestmark = …`, `marks=…`
            marks = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            silent = [(mark, ast.unparse(mark)) for mark in marks if is_silent(module, mark)]
        else:
            left = node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None
            silent = [(left, ast.unparse(left))] if left is not None and leaves_silently(module, left) else []
        for mark, text in silent:
            line = node.lineno if isinstance(node, ast.ClassDef) or is_function(node) else mark.lineno
            yield found(SKIP, piece.at(mark.lineno), f"`{text}` gives no reason", piece.line(line)[:120])


def leaves_silently(module: Module, left: ast.expr) -> bool:
    """`pytest.skip()`, `self.skipTest("")`, `raise SkipTest`."""
    call = left if isinstance(left, ast.Call) else None
    name = module.full_name(call.func if call else left)
    if name in SKIPS:
        return call is None or not has_text(call.args[:1], reason_of(call))
    return False


def is_silent(module: Module, decorator: ast.expr) -> bool:
    """`skip` bare or without text, `skipif` without reason."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = module.full_name(call.func if call else decorator)
    if name in ("pytest.mark.skip", "unittest.skip"):
        return call is None or not has_text(call.args[:1], reason_of(call))
    conditional = name in ("pytest.mark.skipif", "unittest.skipIf", "unittest.skipUnless")
    return conditional and call is not None and not has_text(call.args[1:], reason_of(call))


def reason_of(call: ast.Call) -> ast.expr | None:
    """What is given by name: `msg` was what pytest called it once."""
    return keyword(call, "reason") or keyword(call, "msg")


def has_text(given: list[ast.expr], reason: ast.expr | None) -> bool:
    """Whether a reason is given that is not empty."""
    values = [value for value in (*given, reason) if value is not None]
    return any(not isinstance(value, ast.Constant) or bool(value.value) for value in values)


FAMILY = Family("tests", "Tests are there and can fail", (NONE, ASSERTLESS, SKIP, PARTIAL), find)
