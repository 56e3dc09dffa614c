"""What lets a test fail: assertions that are reached, calls of what checks, decorators and fixtures that do."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from audit.rules.code import Function, called, dotted, is_constant, is_function, is_text, keyword, last_name, text_of
from audit.rules.testing.vacuous import cannot_fail, is_always, is_something, is_trivial, values_in

FAILS = re.compile(r"assert|raises|warns|deprecated_call|raise_for_status|(^|_)fail(_|$|if|unless)|testmod|run_doctest")
CHECKS = re.compile(
    r"(^|_)(check(s|ed|ing)?(?!_?points?)|verif(y|ies|ied)|validate[sd]?|expects?|should|compare[sd]?|ensures?"
    r"|(?<!train_)(?<!skip_)tests?(?!_?(?:ing|step|data|set|split|loader|image|file|path|dir|input|frame|df)))"
    r"(?=_|\d|$)|check$|snapshot"
)
HANDS_BACK = re.compile(r"^_*(check|verify|ensure|validate|test)(_|$)|snapshot")  # and may check what it returns
MAKES = re.compile(r"_*(get|make|create|build|load|prepare|new|generate|init|sample|random|dummy)(_|$)")
LOOPS = re.compile(r"(^|\.)(trainer|engine|learner)\.(test|validate)$")  # Lightning's
TESTING = re.compile(r"(^|[._])(tests?|testing|test_?utils?|testlib)[._]")
COMPARING = re.compile(r"image_compar|figures_equal")
INHERITED = re.compile(r"self\.\w+")  # a method that the tree does not have may assert
HANDED_ON = re.compile(r"_*(assert|check(?!_?points?)|verify|fail)")  # `map_structure(self.assertAllEqual, …)`
NEUTRAL = re.compile(
    r"(subTest|addCleanup|(setUp|tearDown)(Class)?|id|enterContext|shortDescription|skipTest|doCleanups"
    r"|addTypeEqualityFunc|create_temp(dir|file)|(cached_|test_)?session)$"
)  # methods of every TestCase
REFUSALS = {"ValueError", "TypeError", "KeyError", "IndexError", "NotImplementedError", "FileNotFoundError"}
QUIET = re.compile(r"(print|traceback\.print_exc)$|(log|logger|logging|warnings)\.")


def snake(name: str) -> str:
    """`run_test` of `runTest`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Asserting:
    """Which functions can fail on purpose, by what is known of those that they call.

    Attributes:
        helpers: functions of the modules of tests by name.
        library: functions of the code under test by name, of those whose names may be a check's.
        origins: what the names of the module were imported as.
        fields: `self.name` of what is set: what is called by such a name is no method that asserts.
    """

    def __init__(
        self,
        helpers: Mapping[str, Function],
        library: Mapping[str, Function],
        origins: Mapping[str, str],
        fields: Collection[str] = (),
    ) -> None:
        self.helpers = helpers
        self.library = library
        self.origins = origins
        self.fields = fields

    def holds(self, node: Function, seen: set[str], *, builds: bool = False) -> bool:
        """Whether anything in a function can fail on purpose, or calls what may.

        Args:
            builds: whether what it returns is used: that it refuses what it cannot build from is no check of a test.
        """
        seen.add(node.name)
        alone: set[int] = set()  # calls of which nobody takes what they return
        idle: set[int] = set()  # those that do nothing then
        for inner in heard(node):
            if isinstance(inner, ast.Raise):
                if not (builds and is_refusal(inner)):
                    return True
            elif isinstance(inner, ast.Assert):
                if not cannot_fail(inner.test, values_in(node)):
                    return True
            elif isinstance(inner, ast.Expr | ast.Return | ast.withitem):
                alone.update(dropped(inner))
                idle.update({id(inner.value)} if isinstance(inner, ast.Expr) and is_idle(inner.value) else ())
            elif isinstance(inner, ast.Call):
                if id(inner) not in idle and self.may_fail(inner, node, id(inner) in alone, seen):
                    return True
            elif isinstance(inner, ast.keyword) and last_name(inner.value) == "AssertionError":
                return True  # `side_effect=AssertionError`
        return False

    def may_fail(self, call: ast.Call, node: Function, alone: bool, seen: set[str]) -> bool:
        """Whether a call is an assertion or of a helper that asserts: unknown helpers are taken to."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else last_name(call.func)
        own = self.helpers.get(name)
        builds = not (alone or CHECKS.search(snake(name)))
        if own is not None and name not in seen and self.holds(own, seen, builds=builds):
            return True
        if own is not None and is_of_super(call.func):
            return True  # the test of the class above, given something
        if is_constant(keyword(call, "check"), True) or (call.args and is_strict(name, call.args[0])):
            return True
        if name == "assertIsNotNone" and call.args and is_something(call.args[0], values_in(node)):
            return False
        called = dotted(call.func)
        others = name == node.name and "." in called and not INHERITED.fullmatch(called)  # `test_other.test_it(x)`
        known = (own is not None and not others) or is_trivial(name, call) or called in self.fields
        if not known and self.is_named_so(name, called, alone):
            return True
        return any(HANDED_ON.match(last_name(argument)) for argument in call.args)

    def is_named_so(self, name: str, called: str, alone: bool) -> bool:
        """Whether the name of what is called and the place it is from say that it checks something."""
        plain = snake(name)
        if FAILS.search(plain):
            return True
        if INHERITED.fullmatch(called):
            return not NEUTRAL.match(name) and (alone or not MAKES.match(plain))
        if name in self.library:
            inside = heard(self.library[name])
            return any(isinstance(inner, ast.Raise | ast.Assert) for inner in inside)
        if LOOPS.search(called):
            return False
        if (CHECKS if alone else HANDS_BACK).search(plain):
            return True
        return alone and bool(TESTING.search(f"{self.origins.get(called.partition('.')[0], '')}."))


def dropped(statement: ast.Expr | ast.Return | ast.withitem) -> Iterator[int]:
    """ids of the calls that a statement is made of: `check(x)`, `await check(x)`, `[check(x) for x in xs]`."""
    value = statement.context_expr if isinstance(statement, ast.withitem) else statement.value
    while isinstance(value, ast.Await | ast.Yield | ast.YieldFrom | ast.ListComp | ast.Attribute | ast.Call):
        yield id(value)
        inner = value.func if isinstance(value, ast.Call) else None
        value = inner if inner else value.elt if isinstance(value, ast.ListComp) else getattr(value, "value", None)


def is_idle(value: ast.expr) -> bool:
    """`pytest.raises(ValueError)` with neither a block nor something to call."""
    if not isinstance(value, ast.Call) or any(item.arg in ("callable", "func") for item in value.keywords):
        return False
    least = {"raises": 2, "warns": 2, "assertRaises": 2, "assertWarns": 2, "assertRaisesRegex": 3}
    return 0 < len(value.args) < least.get(called(value), 0)


def is_refusal(node: ast.Raise) -> bool:
    """Whether something complains of what it is given: `raise ValueError("empty")`."""
    kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return kind is not None and last_name(kind) in REFUSALS


def is_strict(name: str, first: ast.expr) -> bool:
    """`warnings.simplefilter("error")`: any warning fails the test."""
    return name in ("simplefilter", "filterwarnings") and text_of(first).startswith("error")


def heard(node: ast.AST) -> Iterator[ast.AST]:
    """What a function holds that can be reached, and of whose failure somebody hears."""
    used: set[str] | None = None
    waiting: list[ast.AST] = [node]
    while waiting:
        inner = waiting.pop()
        yield inner
        if is_lazy(inner):
            continue
        for name in inner._fields:
            value = getattr(inner, name, None)
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list) and not (name == "body" and is_dead(inner)):
                for child in value:
                    if is_function(child) and not (child.decorator_list or isinstance(inner, ast.ClassDef)):
                        if used is None:
                            used = set(names_run(node))
                        if child.name not in used:
                            continue  # nobody calls it
                    if isinstance(child, ast.AST):
                        waiting.append(child)
                    if isinstance(child, ast.Return | ast.Continue | ast.Break):
                        break


def names_run(node: ast.AST) -> Iterator[str]:
    """Names that a function uses, less those of what is never run, or run in a thread, where failures are lost."""
    waiting: list[ast.AST] = [node]
    lost = set(names_lost(node))
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Name) and id(inner) not in lost:
            yield inner.id
        threads = isinstance(inner, ast.Call) and called(inner) in ("Thread", "Timer")
        if not (is_lazy(inner) or threads):
            waiting += ast.iter_child_nodes(inner)


def names_lost(node: ast.AST) -> Iterator[int]:
    """ids of names that a line of a test only mentions, or gives back to nobody: `check`, `return [check for _ in x]`.

    What decorates the test, and whoever calls a helper, may call what that gives back.
    """
    body = node.body if is_function(node) else []
    given_back = is_function(node) and node.name.startswith("test") and all(map(is_mark, node.decorator_list))
    for line in body:
        value = line.value if isinstance(line, ast.Expr) or (isinstance(line, ast.Return) and given_back) else None
        value = value.elt if isinstance(value, ast.ListComp | ast.GeneratorExp | ast.SetComp) else value
        parts = value.elts if isinstance(value, ast.Tuple | ast.List | ast.Set) else [value]
        yield from (id(part) for part in parts if isinstance(part, ast.Name))


def is_mark(decorator: ast.expr) -> bool:
    """`@pytest.mark.slow`: a decorator that leaves alone what a test gives back."""
    return ".mark." in f"{dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)}."


def is_lazy(node: ast.AST) -> bool:
    """`map(check, rows)` or `(check(row) for row in rows)` alone in a line: nobody goes through it."""
    value = node.value if isinstance(node, ast.Expr) else None
    maps = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("map", "filter")
    return maps or isinstance(value, ast.GeneratorExp)


def is_dead(node: ast.AST) -> bool:
    """Whether what a statement holds never runs, or fails and nobody hears it: `if False`, `suppress(Exception)`."""
    if isinstance(node, ast.Try):
        return any(map(is_deaf, node.handlers)) or any(isinstance(line, ast.Return) for line in node.finalbody)
    if isinstance(node, ast.If | ast.While):
        return is_never(node.test)
    if isinstance(node, ast.For):
        return isinstance(node.iter, ast.List | ast.Tuple | ast.Dict) and not ast.unparse(node.iter).strip("[](){} ")
    if isinstance(node, ast.With):
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        return any(last_name(call.func) == "suppress" and is_wide(call.args) for call in calls)
    return False


def is_never(test: ast.expr) -> bool:
    """`False`, `0`, `None`, `False and …`, and what typing alone takes for true."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(map(is_never, test.values))
    constant = isinstance(test, ast.Constant) and not test.value
    return constant or (isinstance(test, ast.Name | ast.Attribute) and last_name(test) == "TYPE_CHECKING")


def is_wide(caught: Collection[ast.expr | None]) -> bool:
    """Whether failed assertions are among what is caught."""
    names = {last_name(each) if each else "BaseException" for each in caught}
    return not names.isdisjoint({"BaseException", "Exception", "AssertionError"})


def is_deaf(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes failed assertions and goes on as if nothing had been."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return is_wide(caught) and all(
        isinstance(line, ast.Pass | ast.Continue)
        or (isinstance(line, ast.Return) and (line.value is None or isinstance(line.value, ast.Constant)))
        or (isinstance(line, ast.Assert) and is_always(line.test))
        or (isinstance(line, ast.Expr) and (is_text(line) or is_told(line.value)))
        for line in handler.body
    )


def is_told(value: ast.expr) -> bool:
    """`...`, or that something is printed or logged."""
    called = dotted(value.func) if isinstance(value, ast.Call) else ""
    return isinstance(value, ast.Constant) or bool(QUIET.match(called))


def is_of_super(called: ast.expr) -> bool:
    """`super().test_it`."""
    of = called.value if isinstance(called, ast.Attribute) else None
    return isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super"
