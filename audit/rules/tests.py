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
FIXTURES = re.compile(r"snapshot|regression|bench|testdir|pytester|mocker")
METRIC = re.compile(
    r"^(calc(?:ulate)?_|compute_|get_)?\w*(psnr|ssim|lpips|fid|accuracy|mse|mae|rmse|iou|dice|f1|auc|peak_signal\w*"
    r"|structural_similarity)(_score|_metric|_fn|_loss)?$", re.I
)  # fmt: skip
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
        if not asserts(node, helpers, set()):
            message = f"{node.name} has no assertion"
            yield found(ASSERTLESS, piece.at(node.lineno), message, piece.line(node.lineno)[:120])


def is_collected(module: Module, node: Function) -> bool:
    """A function of the module or a method of one of its Test classes."""
    holder = module.parents.get(node)
    if isinstance(holder, ast.ClassDef):
        return holder.name.startswith("Test") or any("Test" in last_name(base) for base in holder.bases)
    return isinstance(holder, ast.Module)


def asserts(node: Function, helpers: dict[str, Function], seen: set[str]) -> bool:
    """Whether anything in a function can fail on purpose, or calls what may: unknown helpers count as asserting."""
    seen.add(node.name)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert | ast.Raise):
            return True
        if isinstance(inner, ast.Call):
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else last_name(inner.func)
            own = helpers.get(name)
            if own is not None and name not in seen and asserts(own, helpers, seen):
                return True
            if own is None and (CHECKS.search(name) or dotted(inner.func).startswith(("self.", "super."))):
                return True
    return False


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
            if module.full_name(call.func) == "pytest.skip" and not call.args and not call.keywords:
                message = "pytest.skip() gives no reason"
                yield found(SKIP, piece.at(node.lineno), message, piece.line(node.lineno)[:120])


def is_silent(module: Module, decorator: ast.expr) -> bool:
    """`skip` bare or without text, `skipif` without reason."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = module.full_name(call.func if call else decorator)
    if name in ("pytest.mark.skip", "unittest.skip"):
        return call is None or (not call.args and keyword(call, "reason") is None)
    return name == "pytest.mark.skipif" and call is not None and len(call.args) < 2 and keyword(call, "reason") is None


def partial(module: Module) -> Iterator[Finding]:
    """`ssim(fake[0], real[0])` inside a loop over a loader, with no word that it is of the first."""
    for piece, call, _ in module.calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else last_name(call.func)
        parts = [part for argument in call.args[:2] if (part := fixed_part(argument))]
        if not METRIC.match(name) or len(parts) != 2 or parts[0] != parts[1]:
            continue
        over = [holder for holder in module.enclosing(call) if isinstance(holder, ast.For)]
        if any(BATCHES.search(ast.unparse(holder.iter)) for holder in over) and not says_so(piece, call):
            message = f"{name} of `[{parts[0]}]` of each batch"
            yield found(PARTIAL, piece.at(call.lineno), message, piece.line(call.lineno)[:120])


def fixed_part(node: ast.expr) -> str:
    """`0` of `x[0]` or of `x[0].cpu().numpy()`, `:4` of `x[:4]`; "" where the whole or a variable part is taken."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return ""
    numbers = [inner for inner in ast.walk(node.slice) if isinstance(inner, ast.Name)]
    text = ast.unparse(node.slice)
    return "" if numbers or not re.fullmatch(r"\d+|:\d+|0:\d+", text) else text


def says_so(piece: Piece, call: ast.Call) -> bool:
    """A comment or name on the line or the one before that says which part it is."""
    return bool(SAYS_SO.search(piece.line(call.lineno)) or SAYS_SO.search(piece.line(call.lineno - 1)))


FAMILY = Family("tests", "Tests are there and can fail", (NONE, ASSERTLESS, SKIP, PARTIAL), find)
