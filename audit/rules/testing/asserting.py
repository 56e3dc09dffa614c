"""What lets a test fail: assertions that are reached, calls of what checks, decorators and fixtures that do."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from audit.rules.code import Function, dotted, is_constant, is_function, is_text, keyword, last_name, text_of

FAILS = re.compile(r"assert|raises|warns|deprecated_call|raise_for_status|(^|_)fail(_|$|if|unless)|testmod")
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
HANDED_ON = re.compile(r"_*(assert|check|verify|fail)")  # `map_structure(self.assertAllEqual, …)`
CONSTANT = (
    ast.Constant | ast.Compare | ast.cmpop | ast.BoolOp | ast.boolop | ast.UnaryOp | ast.unaryop | ast.BinOp
    | ast.operator | ast.Tuple | ast.List | ast.Dict | ast.Set | ast.expr_context
)  # fmt: skip
TRUE = ast.Lambda | ast.GeneratorExp | ast.JoinedStr
NEUTRAL = re.compile(
    r"(subTest|addCleanup|(setUp|tearDown)(Class)?|id|enterContext|shortDescription|skipTest|doCleanups"
    r"|addTypeEqualityFunc|create_temp(dir|file)|(cached_|test_)?session)$"
)  # methods of every TestCase
QUIET = re.compile(r"(print|traceback\.print_exc)$|(log|logger|logging|warnings)\.")
ONE_SIDED = {"assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone", "assert_", "assert_true"}
TWO_SIDED = re.compile(r"assert_?(equals?|is|almost_?equal|allclose|close|array_equal|array_almost_equal)$", re.I)


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

    def holds(self, node: Function, seen: set[str]) -> bool:
        """Whether anything in a function can fail on purpose, or calls what may."""
        seen.add(node.name)
        alone: set[int] = set()  # calls of which nobody takes what they return
        for inner in heard(node):
            if isinstance(inner, ast.Assert | ast.Raise):
                if isinstance(inner, ast.Raise) or not is_always(inner.test):
                    return True
            elif isinstance(inner, ast.Expr | ast.Return | ast.withitem):
                alone.update(dropped(inner))
            elif isinstance(inner, ast.Call):
                if self.may_fail(inner, node, id(inner) in alone, seen):
                    return True
            elif isinstance(inner, ast.keyword) and last_name(inner.value) == "AssertionError":
                return True  # `side_effect=AssertionError`
        return False

    def may_fail(self, call: ast.Call, node: Function, alone: bool, seen: set[str]) -> bool:
        """Whether a call is an assertion or of a helper that asserts: unknown helpers are taken to."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else last_name(call.func)
        own = self.helpers.get(name)
        if own is not None and name not in seen and self.holds(own, seen):
            return True
        if own is not None and is_of_super(call.func):
            return True  # the test of the class above, given something
        if is_constant(keyword(call, "check"), True) or (call.args and is_strict(name, call.args[0])):
            return True
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
        for name in inner._fields:
            value = getattr(inner, name, None)
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list) and not (name == "body" and is_dead(inner)):
                for child in value:
                    if is_function(child) and not (child.decorator_list or isinstance(inner, ast.ClassDef)):
                        if used is None:
                            used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                        if child.name not in used:
                            continue  # nobody calls it
                    if isinstance(child, ast.AST):
                        waiting.append(child)
                    if isinstance(child, ast.Return | ast.Continue | ast.Break):
                        break


def is_dead(node: ast.AST) -> bool:
    """Whether what a statement holds never runs, or fails and nobody hears it: `if False`, `suppress(Exception)`."""
    if isinstance(node, ast.Try):
        return any(map(is_deaf, node.handlers))
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


def is_always(test: ast.expr) -> bool:
    """Whether a condition can only hold: `True`, `1 == 1`, `(x == y, "message")`, `x or True`, `len(x) >= 0`.

    `assert False` is a way to fail.
    """
    if isinstance(test, ast.Constant) and not test.value:
        return False
    if isinstance(test, TRUE) or (isinstance(test, ast.Tuple | ast.List | ast.Set) and test.elts):
        return True
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(map(is_always, test.values))
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = test.left, test.comparators[0]
        if isinstance(test.ops[0], ast.Eq | ast.Is | ast.LtE | ast.GtE) and is_same(left, right):
            return True
        length = isinstance(left, ast.Call) and last_name(left.func) == "len" and isinstance(test.ops[0], ast.GtE)
        if length and isinstance(right, ast.Constant) and right.value == 0:
            return True
    return is_fixed(test) and not is_false(test)


def is_false(test: ast.expr) -> bool:
    """`not True`, `1 == 2`: a way to fail as well."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return is_always(test.operand)
    if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)):
        return False
    plain = [side.value for side in (test.left, *test.comparators) if isinstance(side, ast.Constant)]
    return len(plain) == 2 and plain[0] != plain[1]


def is_fixed(node: ast.expr) -> bool:
    """Whether nothing but constants stands in an expression."""
    return all(isinstance(inner, CONSTANT) for inner in ast.walk(node))


def is_same(left: ast.expr, right: ast.expr) -> bool:
    """Whether both sides are the same thing, of which nothing is called: a second call may give something else."""
    if any(isinstance(inner, ast.Call | ast.Constant) for inner in ast.walk(left)):
        return False
    return ast.dump(left) == ast.dump(right)


def is_trivial(name: str, call: ast.Call) -> bool:
    """`assertTrue(True)`, `assertEqual(1, 1)`, `assert_allclose(x, x)`."""
    if name in ONE_SIDED and call.args:
        first = call.args[0]
        empty = name in ("assertFalse", "assertIsNone") and isinstance(first, ast.Constant) and not first.value
        return empty or (name not in ("assertFalse", "assertIsNone") and is_always(first))
    left, right = call.args[:2] if len(call.args) > 1 else (None, None)
    if TWO_SIDED.match(name) and left and right:
        return is_same(left, right) or (is_fixed(left) and is_fixed(right) and ast.dump(left) == ast.dump(right))
    return False
