"""Which part of a batch an expression takes: by slice, index, chunk, narrow and the like, also under another name."""

import ast
import re
from collections import defaultdict
from dataclasses import replace

from audit.rules.code import Module, called, dotted, is_constant, is_function, last_name
from audit.rules.testing.parts import (
    AT_K,
    MANY,
    PIECES,
    Part,
    as_slice,
    drawn,
    is_mask_of_first,
    is_number,
    of_method,
    piece_of,
    taken_by,
    whole_number,
)

PAIRS = {"max", "min", "topk", "sort", "mode", "median", "kthvalue"}  # give (values, places), each of all samples
PARAMETERS = re.compile(r"(^|_)(params?|variables|weights|state)$")  # `apply(params, x)` of JAX
LENGTH = re.compile(r"ctx|context|horizon|history|warm|burn_?in|seq|window|frames|max_?len|length|width|height", re.I)
DEPTH = 8  # steps from a name to what was assigned to it
SIZES = {"len", "size", "shape", "min", "int", "max", "ceil", "floor", "round", "numel"}


class Narrowing:
    """What the names of a module stand for, and which part of it."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.values: dict[str, list[tuple[ast.Name, ast.expr, int | None]]] = defaultdict(list)
        for _, node in module.statements():
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self.note(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self.note(node.target, node.value)
        for node in module.of(ast.NamedExpr):
            self.note(node.target, node.value)

    def note(self, target: ast.expr, value: ast.expr) -> None:
        """What a target is given; of several targets, each its own."""
        if isinstance(target, ast.Name):
            self.values[target.id].append((target, value, None))
        elif isinstance(target, ast.Tuple | ast.List):
            each = value.elts if isinstance(value, ast.Tuple | ast.List) else None
            for number, item in enumerate(target.elts):
                if each and len(each) == len(target.elts):
                    self.note(item, each[number])
                elif isinstance(item, ast.Name):
                    if isinstance(value, ast.ListComp | ast.GeneratorExp):
                        self.values[item.id].append((item, value.elt, None))
                    else:
                        self.values[item.id].append((item, value, number))

    def value_of(self, name: ast.Name) -> tuple[ast.expr, int | None] | None:
        """What was last assigned to a name before, whatever happens; (value, which of several)."""
        earlier = [given for given in self.values.get(name.id, ()) if given[0].lineno < name.lineno]
        scope = self.module.scope(name) if earlier else None
        before = [given for given in earlier if self.module.scope(given[0]) is scope]
        if not before:
            return None
        target, value, number = max(before, key=lambda item: item[0].lineno)
        around = set(self.module.enclosing(name))
        if any(isinstance(holder, ast.If) and holder not in around for holder in self.module.enclosing(target)):
            return None  # only where something is asked for
        return value, number

    def part(self, node: ast.expr, depth: int = DEPTH) -> Part | None:
        """The part that an expression takes, or what it is worked out of: `model(x[:8]).argmax(1)`."""
        if depth == 0:
            return None
        if isinstance(node, ast.Subscript):
            taken = self.subscript(node, depth)
            return taken or (self.part(node.value, depth - 1) if keeps_samples(node.slice) else None)
        if isinstance(node, ast.Call):
            if called(node) in ("index_select", "take") and node.args:
                rows = self.value_of(node.args[-1]) if isinstance(node.args[-1], ast.Name) else None
                if rows and (few := drawn(rows[0], last_name(node.args[-1]))):
                    return few
            given = [] if called(node).endswith("_as") else node.args[: 1 + takes_parameters(node)]
            return taken_by(node) or self.first([*of_method(node), *given], depth)
        if isinstance(node, ast.Attribute | ast.Starred):
            return self.part(node.value, depth)
        if isinstance(node, ast.BinOp):
            return self.part(node.right if is_number(node.left) else node.left, depth - 1)
        if isinstance(node, ast.Compare):
            return self.part(node.left, depth)
        if isinstance(node, ast.UnaryOp):
            return self.part(node.operand, depth)
        if isinstance(node, ast.Name):
            return self.named(node, depth)
        if isinstance(node, ast.ListComp | ast.GeneratorExp):  # `[[r] for r in refs[:100]]`
            return self.part(node.generators[0].iter, depth - 1)
        return None

    def first(self, nodes: list[ast.expr], depth: int) -> Part | None:
        """The first part that one of several takes."""
        return next((part for node in nodes if (part := self.part(node, depth - 1))), None)

    def named(self, node: ast.Name, depth: int) -> Part | None:
        """The part that a name stands for."""
        given = self.value_of(node)
        if given is None:
            return None
        value, number = given
        whole = number is None or (isinstance(value, ast.Call) and called(value) not in PIECES)
        part = self.part(value, depth - 1) if whole or number is None else piece_of(value, number)
        return replace(part, direct=False, each=False) if part else None

    def subscript(self, node: ast.Subscript, depth: int) -> Part | None:
        """`x[:8]`, `x[0]`, `x[:len(x) // 2]`, `x[::10]`, `x.chunk(4)[0]`, `x[randperm(n)[:8]]`."""
        index = node.slice
        if isinstance(index, ast.Tuple) and index.elts:
            if not isinstance(index.elts[0], ast.Slice) and not all(map(is_everything, index.elts[1:])):
                numbers = [whole_number(each) for each in index.elts]
                return None if None in numbers else Part("index", ast.unparse(index).strip("()"), place=True)
            index = index.elts[0]
        number = whole_number(index)
        if last_name(node.value) == "shape":
            return None
        if number is not None and isinstance(node.value, ast.Call) and called(node.value) in PAIRS:
            return self.part(node.value, depth - 1)
        if number is not None:
            pieces = piece_of(node.value, number)
            return pieces or Part("index", str(number), each=is_of_classes(node.value))
        if isinstance(index, ast.Slice):
            return self.slice(index, depth)
        if isinstance(index, ast.Attribute):
            kept = self.module.kept.get(dotted(index), [])
            whole = len(kept) == 1 and isinstance(kept[0], ast.Call) and called(kept[0]) == "slice"
            return self.slice(as_slice(kept[0]), depth) if whole and isinstance(kept[0], ast.Call) else None
        if isinstance(index, ast.Name):
            given = self.value_of(index)
            if given and isinstance(given[0], ast.Call) and called(given[0]) == "slice":
                return self.slice(as_slice(given[0]), depth)
            if given and is_mask_of_first(given[0]):
                return Part("front", index.id, samples=True, direct=True)
            return drawn(given[0], index.id) if given else self.counted(index)
        return None

    def counted(self, index: ast.Name) -> Part | None:
        """`x[i]` in a loop over `range(min(4, len(x)))`, or over `range(0, len(x), 10)`."""
        for holder in self.module.enclosing(index):
            loops = getattr(holder, "generators", [holder] if isinstance(holder, ast.For) else [])
            for loop in loops:
                if not (isinstance(loop.target, ast.Name) and loop.target.id == index.id):
                    continue
                given = self.value_of(loop.iter) if isinstance(loop.iter, ast.Name) else None
                through = given[0] if given else loop.iter
                limits = through.args if isinstance(through, ast.Call) and called(through) == "range" else []
                if len(limits) == 1 and not is_number(limits[0]) and self.is_share(limits[0], DEPTH):
                    text = ast.unparse(limits[0])
                    return Part("front", f":{text}", samples=True, each="min(" in text and not AT_K.search(text))
                return Part("stride", "::step", samples=True) if len(limits) == 3 and is_number(limits[2]) else None
        return None

    def slice(self, index: ast.Slice, depth: int) -> Part | None:
        """A slice that takes a fixed number or share."""
        lower, upper, step = whole_number(index.lower), whole_number(index.upper), whole_number(index.step)
        text = ast.unparse(index).replace(" ", "")
        text = text.removeprefix("0") if lower == 0 else text
        if index.step is not None and step != 1:
            return Part("stride", text, samples=(step or 0) > 4) if step and step > 1 and index.upper is None else None
        if index.lower is None or lower == 0:
            if upper is not None:
                return Part("front", text, upper >= MANY, upper >= MANY) if upper > 0 else None
            return self.up_to(index.upper, text, depth) if index.upper is not None else None
        if index.upper is None:
            if lower is not None:
                return Part("back", text, lower <= -MANY) if lower < 0 else None
            plain = isinstance(index.lower, ast.Name) and is_fixed(self.module, index.lower)  # `x[warmup:]`
            return Part("back", text, samples=True) if not plain and self.is_share(index.lower, depth) else None
        return Part("middle", text) if upper is not None and lower is not None and 0 < lower < upper else None

    def up_to(self, upper: ast.expr, text: str, depth: int) -> Part | None:
        """`:k`, where k is a share of the batch, at most so many, a constant, or the length of what is a part."""
        if isinstance(upper, ast.Name) and LENGTH.search(upper.id):
            return None
        given = self.value_of(upper) if isinstance(upper, ast.Name) else None
        size = given[0] if given else upper
        if isinstance(size, ast.Call) and last_name(size.func) == "len" and size.args:
            return self.part(size.args[0], depth - 1)
        return Part("front", text, samples=True) if self.is_share(upper, depth) else None

    def is_share(self, size: ast.expr, depth: int) -> bool:
        """`len(x) // 2`, `min(8, len(x))`, `int(0.1 * len(x))`, or a name for one of them or for a number."""
        if depth == 0:
            return False
        if isinstance(size, ast.Name):
            given = self.value_of(size)
            if given and isinstance(given[0], ast.Call) and called(given[0]) == "divmod":
                return given[1] == 0 and any(map(self.is_size, given[0].args[:1]))
            if given:
                return given[1] is None and (whole_number(given[0]) is not None or self.is_share(given[0], depth - 1))
            top = [value for value in self.module.given.get(size.id, ()) if size.id.isupper()]
            return any(whole_number(value) is not None for value in top) or has_default(self.module, size)
        if isinstance(size, ast.BinOp) and isinstance(size.op, ast.FloorDiv | ast.Div | ast.Mult | ast.RShift):
            sides = (size.left, size.right)
            return any(map(is_number, sides)) and any(self.is_size(side) for side in sides)
        if isinstance(size, ast.Attribute) and isinstance(size.value, ast.Name) and size.value.id == "self":
            of_class = self.module.given.get(size.attr, ())  # a number that stands in the class
            return bool(of_class) and all(whole_number(value) is not None for value in of_class)
        if isinstance(size, ast.BoolOp):  # `len(x) // 4 or 1`
            return any(self.is_share(value, depth - 1) for value in size.values)
        if isinstance(size, ast.Call):
            name = last_name(size.func)
            if name == "max":
                return any(self.is_share(argument, depth - 1) for argument in size.args)
            if name == "min":
                fixed = [is_fixed(self.module, argument) for argument in size.args]
                return any(fixed) and any(self.is_size(argument) for argument in size.args)
            return name in SIZES and len(size.args) == 1 and self.is_share(size.args[0], depth - 1)
        return False

    def is_size(self, node: ast.expr) -> bool:
        """`len(x)`, `x.shape[0]`, `x.size(0)`, or a name for it."""
        given = self.value_of(node) if isinstance(node, ast.Name) else None
        names = {getattr(inner, "id", getattr(inner, "attr", "")) for inner in ast.walk(given[0] if given else node)}
        return not names.isdisjoint({"len", "size", "shape", "batch_size", "bs"})


def narrowing_of(module: Module) -> Narrowing:
    """What the names of a module stand for, worked out once."""
    if "narrowing" not in module.derived:
        module.derived["narrowing"] = Narrowing(module)
    made: Narrowing = module.derived["narrowing"]
    return made


def takes_parameters(call: ast.Call) -> bool:
    """Whether the parameters of a model come first: `apply(params, x)`, `net.apply({"params": p}, x)`."""
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Dict) or (first is not None and bool(PARAMETERS.search(last_name(first))))


def is_fixed(module: Module, size: ast.expr) -> bool:
    """A whole number, or a parameter that is one unless somebody says otherwise."""
    return whole_number(size) is not None or (isinstance(size, ast.Name) and has_default(module, size))


def has_default(module: Module, name: ast.Name) -> bool:
    """Whether a name is a parameter that is a number unless somebody says otherwise."""
    function = module.scope(name)
    if not is_function(function):
        return False
    arguments = function.args
    given = [*reversed(arguments.defaults), *arguments.kw_defaults]
    names = [*reversed(arguments.args[len(arguments.args) - len(arguments.defaults) :]), *arguments.kwonlyargs]
    defaults = dict(zip((argument.arg for argument in names), given, strict=False))
    return whole_number(defaults.get(name.id)) is not None


def is_of_classes(node: ast.expr) -> bool:
    """`logits.argmax(1)`: along the second axis, so that the first is that of the samples."""
    if not (isinstance(node, ast.Call) and called(node) == "argmax"):
        return False
    axes = [*node.args[-1:], *(item.value for item in node.keywords if item.arg in ("dim", "axis"))]
    return any(whole_number(axis) in (1, -1) for axis in axes)


def keeps_samples(index: ast.expr) -> bool:
    """Whether an index chooses a field or something along another axis: `["logits"]`, `[:, 0]`, `[..., 0]`."""
    first = index.elts[0] if isinstance(index, ast.Tuple) and index.elts else index
    return is_everything(first) or (isinstance(first, ast.Constant) and isinstance(first.value, str))


def is_everything(index: ast.expr) -> bool:
    """`:` and `...`."""
    empty = isinstance(index, ast.Slice) and index.lower is index.upper is index.step is None
    return empty or is_constant(index, ...)
