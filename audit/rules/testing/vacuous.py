"""Assertions that hold whatever comes out, and comparisons of which nobody hears: what a test may pretend to check."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from audit.rules.code import Function, called, last_name, text_of

CONSTANT = (
    ast.Constant | ast.Compare | ast.cmpop | ast.BoolOp | ast.boolop | ast.UnaryOp | ast.unaryop | ast.BinOp
    | ast.operator | ast.Tuple | ast.List | ast.Dict | ast.Set | ast.expr_context
)  # fmt: skip
TRUE = ast.Lambda | ast.GeneratorExp | ast.JoinedStr
ONE_SIDED = {"assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone", "assert_", "assert_true"}
TWO_SIDED = re.compile(r"assert_?(equals?|is|almost_?equal|allclose|close|array_equal|array_almost_equal)$", re.I)
MADE = re.compile(r"_*[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$")  # a class, by its name: what it makes is an object
CLIENT = re.compile(r"(^|_)client$")
OF_MOCKS = re.compile(r"(called_(once(_with)?|with)|not_called|has_(any_)?calls?)$")  # made up by a mock, and true
ASSERTS = re.compile(r"assert_(not_)?(called|any_call|has_calls)")
VERBS = {"get", "post", "put", "patch", "delete", "options", "head"}  # of HTTP: each gives a response or raises
NEVER_NONE = ast.Constant | ast.List | ast.Dict | ast.Set | ast.Tuple | ast.ListComp | ast.DictComp | ast.SetComp | TRUE


def pretended(node: Function) -> Iterator[ast.Assert | ast.Expr]:
    """Statements of a test that look like a check and are none: `a == b` alone, `assert True`, `any(…)` dropped."""
    values = values_in(node)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert):
            empty = cannot_fail(inner.test, values)
        else:
            empty = isinstance(inner, ast.Expr) and is_dropped(inner.value)
        if empty and isinstance(inner, ast.Assert | ast.Expr):
            yield inner


def is_dropped(value: ast.expr) -> bool:
    """A comparison that nobody takes, or `assertTrue(True)`."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return True
    if isinstance(value, ast.Call):
        compares = called(value) in ("allclose", "array_equal", "equal", "isclose", "isinstance")
        return (
            compares
            or (isinstance(value.func, ast.Name) and value.func.id in ("any", "all"))
            or is_trivial(called(value), value)
        )
    return isinstance(value, ast.Compare | ast.BoolOp)


def values_in(node: Function) -> Mapping[str, list[ast.expr | None]]:
    """What a function gives each name; None where that is not said: by a loop, with `with`, as an argument."""
    given: dict[str, list[ast.expr | None]] = defaultdict(list)
    known: set[int] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign):
            for target in inner.targets:
                if isinstance(target, ast.Name):
                    given[target.id].append(inner.value)
                    known.add(id(target))
        elif isinstance(inner, ast.arg):
            given[inner.arg].append(None)
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and id(inner) not in known:
            given[inner.id].append(None)
    return given


def cannot_fail(test: ast.expr, values: Mapping[str, list[ast.expr | None]]) -> bool:
    """Whether a condition can only hold, by itself or by what its names are given: `ok = True`, and `assert ok`."""
    if isinstance(test, ast.Name):
        given = values.get(test.id, [])
        return bool(given) and all(isinstance(value, ast.Constant) and bool(value.value) for value in given)
    return is_always(test) or is_never_none(test, values)


def is_never_none(test: ast.expr, values: Mapping[str, list[ast.expr | None]]) -> bool:
    """`x is not None` of what cannot be None: a literal, a new object, what a client of a web service answers."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.IsNot)):
        return False
    right = test.comparators[0]
    return isinstance(right, ast.Constant) and right.value is None and is_something(test.left, values)


def is_something(node: ast.expr, values: Mapping[str, list[ast.expr | None]]) -> bool:
    """Whether an expression cannot be None."""
    if isinstance(node, ast.Name):
        given = values.get(node.id, [])
        return bool(given) and all(value is not None and is_something(value, {}) for value in given)
    if isinstance(node, ast.Constant):
        return node.value is not None
    if isinstance(node, ast.Call):
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        answers = of is not None and CLIENT.search(last_name(of)) is not None and called(node) in VERBS
        asked = text_of(node.args[0]) if answers and node.args else ""
        return asked.startswith("/") or (isinstance(node.func, ast.Name) and MADE.match(node.func.id) is not None)
    return isinstance(node, NEVER_NONE)


def is_always(test: ast.expr) -> bool:
    """Whether a condition can only hold: `True`, `1 == 1`, `(x == y, "message")`, `x or True`, `len(x) >= 0`.

    `assert False` is a way to fail.
    """
    if isinstance(test, ast.Constant) and not test.value:
        return False
    if isinstance(test, TRUE) or (isinstance(test, ast.Tuple | ast.List | ast.Set) and test.elts):
        return True
    if isinstance(test, ast.Dict):
        return bool(test.keys)
    if is_of_mock(test):
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


def is_of_mock(test: ast.expr) -> bool:
    """`mock.called_once_with(x)`, `mock.assert_called_once` without its brackets: a mock has any attribute."""
    plain = test.func if isinstance(test, ast.Call) else test
    if not isinstance(plain, ast.Attribute):
        return False
    return bool(OF_MOCKS.match(plain.attr) or (plain is test and ASSERTS.match(plain.attr)))


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
