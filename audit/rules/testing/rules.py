"""Tests that are not there, that assert nothing, that are skipped without a word; metrics of a part."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.code import (
    DEFINING,
    TEST_PATH,
    Function,
    Module,
    dotted,
    is_function,
    is_text,
    keyword,
    last_name,
    modules,
    text_of,
)
from audit.rules.family import Family, rule
from audit.rules.testing.asserting import CHECKS, COMPARING, FAILS, Asserting, snake
from audit.rules.testing.averaged import averaged
from audit.rules.testing.cutters import cutters_of
from audit.rules.testing.cutting import cut_batches
from audit.rules.testing.headed import headed
from audit.rules.testing.incomplete import incomplete
from audit.rules.testing.leftout import left_out
from audit.rules.testing.looped import looped
from audit.rules.testing.partial import PARTIAL, may_measure, partial
from audit.rules.testing.shortened import shortened
from audit.rules.testing.skipping import SKIP, is_left, is_taken_back, skips
from audit.rules.testing.vacuous import pretended
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

MIN_MODULES = 3  # a tree of fewer with definitions is a snippet
TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_tests?)\.py$")
NAMED = re.compile(r"(^|/)tests?/([^/]+/)*test[^/]*\.py$|(^|/)tests\.py$")  # Django's too, and a script of tests
SETTINGS = re.compile(r"(^|/)(pyproject\.toml|setup\.cfg|pytest\.ini|tox\.ini|Makefile)$|\.ya?ml$")
UNTOLD = re.compile(r"skip(?!_?(?:if|unless))|xfail|fixture|expected", re.I)  # marks of what is no test, or is to fail
FIXTURES = re.compile(r"snapshot|regression$|bench|testdir|pytester")
EMPTY = ast.Import | ast.ImportFrom | ast.Pass  # of which no test consists
# A name that says that the test only has to run.
SMOKE = re.compile(r"smoke|(do(es)?|did|should|must|will)_?no?t_(raise|fail|crash|throw)|without_(error|rais)", re.I)


def find(target: Target) -> Iterator[Finding]:
    """All rules; tests are what pytest and unittest would take for one."""
    every = modules(target)
    yield from no_tests(target, every)
    tested = [module for module in every if TEST_FILE.search(module.path)]
    if tested:
        shared = helpers_of(module for module in every if TEST_PATH.search(module.path))
        library = library_of(module for module in every if not TEST_PATH.search(module.path))
        for module in tested:
            yield from assertless(module, shared, library)
            yield from skips(module)
    measuring = [module for module in every if not TEST_PATH.search(module.path) and may_measure(module)]
    cutters = cutters_of(module for module in every if not TEST_PATH.search(module.path)) if measuring else set()
    for module in measuring:
        measured = [*partial(module), *looped(module)]
        yield from measured
        told = {(one.location.cell, one.location.line or 0) for one in measured}
        yield from shortened(module, told)
        yield from incomplete(module, told)
        yield from averaged(module, told)
        yield from cut_batches(module, told, cutters)
        yield from left_out(module, told)
        yield from headed(module, told)


def no_tests(target: Target, every: list[Module]) -> Iterator[Finding]:
    """One finding for a tree with functions or classes in several files and no test of any."""
    files = [module for module in every if not module.is_notebook and not module.path.endswith(".pyi")]
    if any(map(has_tests, files)):
        return
    defining = [m for m in files if any(m.of(*DEFINING))]
    if len(defining) >= MIN_MODULES and not (runs_doctests(target) and any(map(has_examples, files))):
        yield found(NONE, Location("."), f"{len(defining)} modules define something, and no file tests any of it")


def has_tests(module: Module) -> bool:
    """Whether a module of tests tests something, or another runs its own examples or holds unittest cases."""
    if NAMED.search(module.path):
        return any(not isinstance(line, EMPTY) and not is_text(line) for line in body_of(module))
    if TEST_PATH.search(module.path):
        names = (getattr(node, "name", None) or "" for _, node in module.statements())
        return any(name.lower().startswith("test") for name in names) or "assert" in module.pieces[0].text
    return any(name in ("doctest.testmod", "unittest.main") for _, _, name in module.calls)


def body_of(module: Module) -> Iterator[ast.stmt]:
    """The statements of a module that stand in nothing else."""
    return (line for piece in module.pieces for line in getattr(piece.tree, "body", ()))


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
    plain = Asserting({}, {}, {})
    for module in modules:
        for piece in module.pieces:
            for node in piece.statements:
                if is_function(node) and (node.name not in found or plain.holds(node, set())):
                    found[node.name] = node
    return found


def library_of(modules: Iterable[Module]) -> dict[str, Function]:
    """The functions under test whose names sound like a check's: what they hold says whether they are one."""
    named: dict[str, Function] = {}
    for module in modules:
        functions = (node for _, node in module.statements() if is_function(node))
        named.update((node.name, node) for node in functions if CHECKS.search(snake(node.name)))
    return named


def assertless(module: Module, shared: Mapping[str, Function], library: Mapping[str, Function]) -> Iterator[Finding]:
    """Test functions in which, and in the helpers of the tests that they call, nothing is asserted."""
    helpers = {**shared, **helpers_of([module])}
    fields = {f"self.{node.attr}" for node in module.of(ast.Attribute) if is_set(node)}
    known = Asserting(helpers, library, module.origins, fields)
    for piece, node in module.statements():
        if not is_function(node) or not node.name.startswith("test") or not is_collected(module, node):
            continue
        arguments = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        marks = [mark_of(decorator) for decorator in node.decorator_list]
        if any(map(FIXTURES.search, arguments)) or UNTOLD.search(" ".join(marks)) or is_smoke(module, node):
            continue
        if (
            is_step_of_script(module, node)
            or is_of_imports(node)
            or is_left(module, node)
            or is_taken_back(module, piece, node, shared.get(node.name))
            or any(checks_for(mark, helpers, known) for mark in marks)
        ):
            continue
        if any(checks_later(helpers.get(argument)) for argument in arguments - parameters_of(node)) or is_followed(
            module, node, known
        ):
            continue
        if is_given_checks(node):
            continue
        if not known.holds(node, set()) and traps_of(module).isdisjoint(names_in(node)):
            shown = next(pretended(node), node)
            said = f": `{ast.unparse(shown)[:60]}` checks nothing" if shown is not node else ""
            yield found(
                ASSERTLESS,
                piece.at(node.lineno),
                f"{node.name} has no assertion{said}",
                piece.line(node.lineno)[:120],
            )


def is_smoke(module: Module, node: Function) -> bool:
    """Whether the name of a test, of its class or of its file says that it only has to run."""
    names = (getattr(holder, "name", "") for holder in (node, *module.enclosing(node)))
    return any(map(SMOKE.search, names)) or "smoke" in module.path.rpartition("/")[2]


def checks_for(mark: str, helpers: Mapping[str, Function], known: Asserting) -> bool:
    """Whether a decorator asserts: `@check_figures_equal()`, or one of the tests' own that does."""
    name = mark.rpartition(".")[2]
    own = helpers.get(name)
    if own is not None:
        return known.holds(own, set())
    plain = snake(name)
    return bool(FAILS.search(plain) or COMPARING.search(plain) or CHECKS.match(plain))


def parameters_of(node: Function) -> set[str]:
    """Arguments that `parametrize` gives, which are no fixtures whatever else has their names."""
    calls = [mark for mark in node.decorator_list if isinstance(mark, ast.Call) and "parametrize" in mark_of(mark)]
    given = (
        text_of(one)
        for call in calls
        if not keyword(call, "indirect")
        for each in call.args[:1]
        for one in ast.walk(each)
    )
    return {name.strip() for text in given for name in text.split(",")}


def is_given_checks(node: Function) -> bool:
    """Whether `parametrize` gives a test what it compares by: `assert_array_equal`, `pytest.raises(ValueError)`."""
    names = parameters_of(node)
    held = list(ast.walk(node)) if names else []
    used = [inner.func for inner in held if isinstance(inner, ast.Call)]
    used += [inner.context_expr for inner in held if isinstance(inner, ast.withitem)]
    if not any(isinstance(one, ast.Name) and one.id in names for one in used):
        return False
    given = (part for mark in node.decorator_list for part in ast.walk(mark))
    return any(FAILS.search(snake(last_name(part))) for part in given if isinstance(part, ast.Name | ast.Attribute))


def checks_later(fixture: Function | None) -> bool:
    """Whether a fixture asserts something after the test: behind its yield."""
    if fixture is None or not any("fixture" in mark_of(decorator) for decorator in fixture.decorator_list):
        return False
    held = list(ast.walk(fixture))
    given = [inner.lineno for inner in held if isinstance(inner, ast.Yield)]
    return any(isinstance(inner, ast.Assert) and inner.lineno > min(given) for inner in held) if given else False


def is_followed(module: Module, node: Function, known: Asserting) -> bool:
    """Whether something that asserts is run after each test: `tearDown`, a fixture of its module for all of them."""
    holder = module.parents[node]
    around = [*holder.body, *module.pieces[0].statements] if isinstance(holder, ast.ClassDef) else []
    for inner in around or module.pieces[0].statements:
        if not is_function(inner):
            continue
        if inner.name in ("tearDown", "teardown_method", "asyncTearDown") and inner in around:
            if known.holds(inner, set()):
                return True
        elif any("autouse" in ast.unparse(mark) for mark in inner.decorator_list) and checks_later(inner):
            return True
    return False


def is_step_of_script(module: Module, node: Function) -> bool:
    """Whether a script outside the tests' folders calls the function with what its command line gives."""
    if NAMED.search(module.path) or not node.args.args or isinstance(module.parents[node], ast.ClassDef):
        return False
    calls = [call for _, call, name in module.calls if name == node.name]
    return "argparse" in module.origins and any(call.args or call.keywords for call in calls)


def is_of_imports(node: Function) -> bool:
    """Whether a test does nothing but import: it fails where that does."""
    lines = [line for line in node.body if not (is_text(line) or isinstance(line, ast.Pass))]
    return bool(lines) and all(isinstance(line, ast.Import | ast.ImportFrom) for line in lines)


def traps_of(module: Module) -> set[str]:
    """Functions that do nothing but raise, classes that hold or use one, and classes of helpers that assert.

    A test passes only if it calls none of the first, and hands the others on to what calls them.
    """
    if "traps" in module.derived:
        made: set[str] = module.derived["traps"]
        return made
    statements = [node for piece in module.pieces for node in piece.statements]
    raising = {node.name for node in statements if is_function(node) and is_trap(node)}
    defined = [node for node in statements if is_function(node) or isinstance(node, ast.ClassDef)]
    classes = [node for node in defined if isinstance(node, ast.ClassDef) and "Test" not in node.name]
    traps = {node.name for node in classes if any(isinstance(inner, ast.Assert) for inner in ast.walk(node))}
    if raising:
        inside = {node.name for node in defined if raising & {getattr(one, "name", "") for one in ast.walk(node)}}
        traps |= raising | inside | {node.name for node in defined if not names_in(node).isdisjoint(raising)}
    module.derived["traps"] = traps
    return traps


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
    while isinstance(holder, ast.If | ast.Try | ast.With):
        holder = module.parents.get(holder)
    if isinstance(holder, ast.ClassDef):
        if any(map(is_function, module.enclosing(holder))):
            return False  # made and run by a test
        bases = [last_name(base) for base in holder.bases]
        if not any("TestCase" in name for name in bases) and is_made_with(holder):
            return False  # pytest passes over a class that has to be given something
        return any("Test" in name for name in (holder.name, *bases))
    return isinstance(holder, ast.Module)


def is_made_with(node: ast.ClassDef) -> bool:
    """Whether a class has a constructor of its own."""
    return any(is_function(item) and item.name == "__init__" for item in node.body)


def is_set(node: ast.Attribute) -> bool:
    """Whether an attribute of self is set: what is called by its name is no method that asserts."""
    return isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self"


FAMILY = Family("tests", "Tests are there and can fail", (NONE, ASSERTLESS, SKIP, PARTIAL), find)
