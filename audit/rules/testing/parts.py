"""What an expression takes along its first axis by itself: slices, pieces, so many of the first, drawn ones."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from audit.rules.code import called, last_name

MANY = 8  # a slice of so many is one of samples; fewer may be the parts of a pose or a box
WORD = re.compile(r"[A-Za-z_]\w*")
AT_K = re.compile(r"\b(k|top_?k|at)\b", re.I)  # how far down a ranking
PIECES = {"chunk", "split", "array_split", "tensor_split", "unbind", "unstack", "vsplit"}
FIRST_OF = {"head", "take", "islice"}  # (n), or (x, n)
DRAWN = {"randperm", "permutation", "choice", "sample", "randint", "arange", "range", "linspace", "multinomial"}


@dataclass(frozen=True)
class Part:
    """What is taken along the first axis.

    Attributes:
        kind: front, back, middle, index, stride or drawn.
        text: as it is written: `:8`.
        samples: whether it cannot be the parts of one sample, a pose or a box.
        direct: whether so many are taken on the spot that it is a part of samples wherever it stands.
        called: whether a function takes it, which may be written as a slice as well.
        each: whether the first samples are taken one after the other, of however many there are.
        place: whether it may be one number: `x[0, 0]`.
    """

    kind: str
    text: str
    samples: bool = False
    direct: bool = False
    called: bool = False
    each: bool = False
    place: bool = False

    def is_like(self, other: "Part") -> bool:
        """Whether both take the same samples: `x.chunk(4)[0]` may stand beside `y[: len(y) // 4]`."""
        alike = WORD.sub("_", self.text) == WORD.sub("_", other.text)
        if self.kind == other.kind == "index":
            alike = self.text.partition(",")[0] == other.text.partition(",")[0]
        return self.kind == other.kind and (alike or self.called or other.called)

    def with_other(self, other: "Part", *, certain: bool) -> "Part":
        """What is known of one by what is known of both: `x[0, 0]` beside `y[0]` is no number.

        Args:
            certain: whether it is a metric that takes them: then one part that is taken on the spot is enough.
        """
        kept = other if self.called else self
        direct = self.direct or other.direct if certain else kept.direct
        return replace(kept, direct=direct, place=self.place and other.place)


def of_method(call: ast.Call) -> list[ast.expr]:
    """What a method is one of: `x[:8]` of `x[:8].argmax(1)`."""
    return [call.func.value] if isinstance(call.func, ast.Attribute) else []


def as_slice(call: ast.Call) -> ast.Slice:
    """`:16` of `slice(0, 16)`."""
    given = [None if isinstance(one, ast.Constant) and one.value is None else one for one in call.args]
    lower, upper, step = (*([None] if len(given) == 1 else []), *given, None, None)[:3]
    return ast.Slice(lower, upper, step)


def taken_by(call: ast.Call) -> Part | None:
    """`x.narrow(0, 0, 16)`, `x.select(0, 0)`, `x.head(50)`, `islice(x, 4)`."""
    name = called(call)
    numbers = [whole_number(argument) for argument in call.args]
    text = f"{name}({', '.join(ast.unparse(argument) for argument in call.args[-3:])})"
    if name in ("narrow", "select") and len(numbers) >= 2:
        axis, *rest = numbers[-3:] if name == "narrow" else numbers[-2:]
        if axis != 0:
            return None
        return Part("front", text, samples=True, called=True) if name == "narrow" else Part("index", str(rest[0]))
    if name in FIRST_OF and numbers and numbers[-1] and len(numbers) <= 2:
        return Part("front", text, samples=numbers[-1] >= MANY, called=True)
    return None


def piece_of(value: ast.expr, number: int) -> Part | None:
    """The first or last of the pieces that `x.chunk(4)` and the like make of the first axis."""
    if not isinstance(value, ast.Call):
        return None
    name = called(value)
    method = isinstance(value.func, ast.Attribute) and last_name(value.func.value) not in ("torch", "np", "tf", "jnp")
    first = value.args[0 if method else 1 :][:1]
    if (method and name == "split" and not (first or value.keywords)) or any(map(is_words, first)):
        return None  # of a text: `line.split("=")`
    axes = [whole_number(item.value) for item in value.keywords if item.arg in ("dim", "axis")]
    axes += [whole_number(argument) for argument in value.args[1 if method else 2 :]]
    if name not in PIECES or any(axis != 0 for axis in axes) or number not in (0, -1):
        return None
    return Part("back" if number else "front", f"{name}[{number}]", samples=True, called=True)


def is_words(node: ast.expr) -> bool:
    """Whether a text is written out, or None: by what a line is split."""
    return isinstance(node, ast.Constant) and (isinstance(node.value, str | bytes) or node.value is None)


def drawn(value: ast.expr, name: str) -> Part | None:
    """`randperm(n)[:8]`, `rng.choice(n, 64)`, `range(0, n, 10)`: what is taken by it is a sample."""
    cut = isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice)
    call = value.value if isinstance(value, ast.Subscript) else value
    if not isinstance(call, ast.Call):
        return None
    few = cut or len(call.args) > (2 if called(call) in ("arange", "range") else 1)
    counts = called(call) in ("arange", "range") and len(call.args) == 1  # `arange(1000)`
    few = few or (counts and (whole_number(call.args[0]) or 0) >= MANY)
    return Part("drawn", name, samples=True) if called(call) in DRAWN and few else None


def is_mask_of_first(value: ast.expr) -> bool:
    """`arange(len(y)) < 256`: true of the first samples."""
    compares = isinstance(value, ast.Compare) and isinstance(value.ops[0], ast.Lt | ast.LtE)
    counted = isinstance(value, ast.Compare) and isinstance(value.left, ast.Call) and called(value.left) == "arange"
    return compares and counted and (whole_number(getattr(value, "comparators", [None])[0]) or 0) >= MANY


def whole_number(node: ast.expr | None) -> int | None:
    """The value of a whole number that is written out."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    value = node.value if isinstance(node, ast.Constant) else None
    return sign * value if isinstance(value, int) and not isinstance(value, bool) else None


def is_number(node: ast.expr) -> bool:
    """Whether a number is written out."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def names_of(node: ast.AST) -> Iterator[str]:
    """Names and attributes in a node."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr


def is_rest_taken(holder: ast.AST, index: ast.expr | None) -> bool:
    """Whether what a slice leaves is taken as well in what holds it: `x[n:]` beside `x[:n]`."""
    if not isinstance(index, ast.Slice) or index.step is not None:
        return False
    front = index.lower is None or whole_number(index.lower) == 0
    limit = index.upper if front else index.lower
    if limit is None:
        return False
    other = [one for one in ast.walk(holder) if isinstance(one, ast.Slice)]
    begins = (one.lower if front else one.upper for one in other)
    return any(one is not None and ast.dump(one) == ast.dump(limit) for one in begins)
