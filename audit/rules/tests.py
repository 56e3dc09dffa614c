"""Tests that are not there, that assert nothing, that are skipped without a word; metrics of half a batch."""

import ast
import re
from collections.abc import Iterable, Iterator

from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.code import TEST_PATH, Function, Module, dotted, is_function, keyword, last_name, modules
from audit.rules.family import Family, rule
from audit.target import Piece, Target

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
PARTIAL = rule(
    "tests.partial-batch",
    title="A metric of one part of each batch",
    why="The figure reported for the whole set is that of its first pictures.",
    fix="Compute it for all of the batch, or say in its name which part it is of.",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

MIN_MODULES = 3  # a tree of fewer with definitions is a snippet
TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_tests?)\.py$")
CHECKS = re.compile(r"assert|check|verify|expect|validate|raises|warns|fail|should|test|compare|ensure|snapshot", re.I)
INHERITED = re.compile(r"self\.\w+")  # a method that the tree does not have may assert
CONSTANT = ast.Constant | ast.Compare | ast.cmpop | ast.BoolOp | ast.boolop
FIXTURES = re.compile(r"snapshot|regression|bench|testdir|pytester|mocker")
METRIC = re.compile(
    r"^(calc(?:ulate)?_|compute_|get_)?\w*(psnr|ssim|lpips|fid|accuracy|mse|mae|rmse|iou|dice|f1|auc|peak_signal\w*"
    r"|structural_similarity|mean_(?:squared|absolute)_error)(_score|_metric|_fn|_loss)?$", re.I
)  # fmt: skip
STEPS = re.compile(r"(^|_)step$")
EVALUATES = re.compile(r"(^|_)(step|metrics|validate|evaluate|validation|eval|main)(_|$)")
BATCHES = re.compile(r"loader|batches|dataset|dl$", re.I)
SAYS_SO = re.compile(r"first|only|sample|subset|preview", re.I)


def find(target: Target) -> Iterator[Finding]:
    """All rules; tests are what pytest and unittest would take for one."""
    every = modules(target)
    yield from no_tests(every)
    shared = helpers_of(module for module in every if TEST_PATH.search(module.path))
    for module in every:
        if TEST_FILE.search(module.path):
            yield from assertless(module, shared)
            yield from skips(module)
        elif not TEST_PATH.search(module.path):
            yield from partial(module)


def no_tests(every: list[Module]) -> Iterator[Finding]:
    """One finding for a tree with functions or classes in several files and no test of any."""
    files = [module for module in every if not module.is_notebook and not module.path.endswith(".pyi")]
    if any(TEST_PATH.search(module.path) or has_doctest(module) for module in files):
        return
    defining = [m for m in files if any(is_function(node) or isinstance(node, ast.ClassDef) for _, node in m.walk())]
    if len(defining) >= MIN_MODULES:
        yield found(NONE, Location("."), f"{len(defining)} modules define something, and no file tests any of it")


def has_doctest(module: Module) -> bool:
    """Whether a module runs its own examples or holds unittest cases."""
    return any(name in ("doctest.testmod", "unittest.main") for _, _, name in module.calls)


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
    for piece, node in module.walk():
        if not is_function(node) or not node.name.startswith("test") or not is_collected(module, node):
            continue
        arguments = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        marks = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
        if any(map(FIXTURES.search, arguments)) or re.search(r"skip|xfail|fixture|expected", marks):
            continue
        if not asserts(node, helpers, set()) and traps_of(module).isdisjoint(names_in(node)):
            message = f"{node.name} has no assertion"
            yield found(ASSERTLESS, piece.at(node.lineno), message, piece.line(node.lineno)[:120])


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


def is_collected(module: Module, node: Function) -> bool:
    """A function of the module or a method of one of its Test classes."""
    holder = module.parents.get(node)
    if isinstance(holder, ast.ClassDef):
        if any(map(is_function, module.enclosing(holder))):
            return False  # made and run by a test
        return holder.name.startswith("Test") or any("Test" in last_name(base) for base in holder.bases)
    return isinstance(holder, ast.Module)


def asserts(node: Function, helpers: dict[str, Function], seen: set[str]) -> bool:
    """Whether anything in a function can fail on purpose, or calls what may: unknown helpers count as asserting."""
    seen.add(node.name)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert | ast.Raise):
            if isinstance(inner, ast.Raise) or not is_always(inner.test):
                return True
        elif isinstance(inner, ast.Call):
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else last_name(inner.func)
            own = helpers.get(name)
            if own is not None and name not in seen and asserts(own, helpers, seen):
                return True
            always = name in ("assertTrue", "assertEqual") and inner.args and all(map(is_always, inner.args))
            if own is None and not always and (CHECKS.search(name) or INHERITED.fullmatch(dotted(inner.func))):
                return True
    return False


def is_always(test: ast.expr) -> bool:
    """Whether a condition is made of constants only: `True`, `1 == 1`. `assert False` is a way to fail."""
    if isinstance(test, ast.Constant) and not test.value:
        return False
    return all(isinstance(inner, CONSTANT) for inner in ast.walk(test))


def skips(module: Module) -> Iterator[Finding]:
    """Marks and calls that skip, without a word why."""
    for piece, node in module.walk():
        if is_function(node) or isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                if is_silent(module, decorator):
                    message = f"`@{ast.unparse(decorator)}` gives no reason"
                    yield found(SKIP, piece.at(decorator.lineno), message, piece.line(node.lineno)[:120])
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            skips_here = module.full_name(call.func) == "pytest.skip" or dotted(call.func) == "self.skipTest"
            if skips_here and not has_text(call.args[:1], keyword(call, "reason")):
                message = f"{ast.unparse(call)} gives no reason"
                yield found(SKIP, piece.at(node.lineno), message, piece.line(node.lineno)[:120])


def is_silent(module: Module, decorator: ast.expr) -> bool:
    """`skip` bare or without text, `skipif` without reason."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = module.full_name(call.func if call else decorator)
    if name in ("pytest.mark.skip", "unittest.skip"):
        return call is None or not has_text(call.args[:1], keyword(call, "reason"))
    conditional = name in ("pytest.mark.skipif", "unittest.skipIf", "unittest.skipUnless")
    return conditional and call is not None and not has_text(call.args[1:], keyword(call, "reason"))


def has_text(given: list[ast.expr], reason: ast.expr | None) -> bool:
    """Whether a reason is given that is not empty."""
    values = [value for value in (*given, reason) if value is not None]
    return any(not isinstance(value, ast.Constant) or bool(value.value) for value in values)


def partial(module: Module) -> Iterator[Finding]:
    """A metric of the same fixed part of two batches, with no word that it is of a part."""
    for piece, call, _ in module.calls:
        name, pair = compared(call)
        parts = [part for argument in pair if (part := fixed_part(argument))]
        if len(parts) != 2 or parts[0] != parts[1] or says_so(piece, call.lineno):
            continue
        if any(sees_batches(holder, parts[0]) for holder in module.enclosing(call)):
            message = f"{name} of `[{parts[0]}]` of each batch"
            yield found(PARTIAL, piece.at(call.lineno), message, piece.line(call.lineno)[:120])


def compared(call: ast.Call) -> tuple[str, list[ast.expr]]:
    """`ssim(a, b)` and `(a == b).mean()`: what is worked out, and of what."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else last_name(call.func)
    if METRIC.match(name):
        return name, call.args[:2]
    equal = call.func.value if isinstance(call.func, ast.Attribute) and name in ("mean", "sum") else None
    while isinstance(equal, ast.Call) and isinstance(equal.func, ast.Attribute):  # `.float()` before `.mean()`
        equal = equal.func.value
    if isinstance(equal, ast.Compare) and isinstance(equal.ops[0], ast.Eq):
        return "equality", [equal.left, *equal.comparators]
    return "", []


def sees_batches(holder: ast.AST, part: str) -> bool:
    """A loop over a loader, or a function that is called with one batch after the other.

    A function that evaluates may be given single pictures as well: there `[0]` says nothing.
    """
    if is_function(holder):
        return (STEPS if part.isdigit() else EVALUATES).search(holder.name) is not None
    return isinstance(holder, ast.For | ast.AsyncFor) and BATCHES.search(ast.unparse(holder.iter)) is not None


def fixed_part(node: ast.expr) -> str:
    """`0` of `x[0]` or of `x[0].cpu().numpy()`, `:4` of `x[:4]`; "" where the whole or a variable part is taken."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(node, ast.Subscript):
        return ""
    text = ast.unparse(node.slice)
    return re.sub("^0:", ":", text) if re.fullmatch(r"\d+|0?:\d+", text) else ""


def says_so(piece: Piece, line: int) -> bool:
    """A comment or name on the line or the one before that says which part it is."""
    return bool(SAYS_SO.search(piece.line(line)) or SAYS_SO.search(piece.line(line - 1)))


FAMILY = Family("tests", "Tests are there and can fail", (NONE, ASSERTLESS, SKIP, PARTIAL), find)
