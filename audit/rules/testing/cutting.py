"""Loops and steps that judge, in which a fixed part of each batch is taken on the way: of inputs and of targets."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from audit.model import Finding, found
from audit.rules.code import Module, called, is_function, keyword, last_name, text_of
from audit.rules.testing.batches import (
    BATCHES,
    BOXES,
    MODEL,
    is_over_batches,
    is_single,
)
from audit.rules.testing.judging import given_by, is_asked_for, is_metric
from audit.rules.testing.looped import steps
from audit.rules.testing.narrowed import DEPTH, Narrowing, narrowing_of
from audit.rules.testing.partial import PARTIAL, named
from audit.rules.testing.parts import Part, is_rest_taken, names_of, taken_by, whole_number
from audit.rules.testing.words import COUNTED, DESCRIBED, LOOKS, SAYS_SO
from audit.target import Piece

LOOPS = ast.For | ast.AsyncFor
SHOWN = re.compile(
    r"^(add|log|save|write|make|show|print|draw|plot|render|display)_\w*(image|grid|video|audio|figure|histogram|text"
    r"|table|embedding|mesh|sample|prediction|example)s?|^(im)?(save|show|write)$"
    r"|^(image|video|audio|html|table|print)s?$",
    re.I,
)
SAID = re.compile(r"\b(first|half|quarter|sub_?set|sampled?|partial|preview|rough|at most|only)\b|first_|subset", re.I)
LENGTH = re.compile(
    r"(^|_)(max_?)?(len(gths?)?|seq|horizon|window|steps|dim|ctx|context|top_?k|k|way|shots?|seeds?|width|height|h|w)"
    r"($|_)|length|seq_?len|crop|channels?",
    re.I,
)  # how long each sample is, or how many of its values count
SEQUENCE = re.compile(
    r"token|text(?!s)|sent(?!s\b|ences)|word|char|wav(?!s)|audio|signal(?!s)|spec(?!s)|frames|clip(?!s)|series|past"
    r"|future|boxes|caption(?!s)"
)  # of which a part is a shorter one
REDUCES = {"mean", "sum", "max", "min", "norm", "average", "reduce_mean", "reduce_sum", "item", "median"}
SLICED = {"front", "back", "stride", "drawn"}
BATCH = re.compile(r"batch|^(pairs|rows|examples|samples|items|chunk|data)$", re.I)


@dataclass(frozen=True)
class Taken:
    """A part of something that comes from a batch, and which of the batch's fields that is made of.

    Attributes:
        whole: whether it is of the batch itself, or of each of its fields.
        each: whether it is of what was worked out for each sample.
    """

    node: ast.expr
    part: Part
    roots: frozenset[str]
    whole: bool = False
    each: bool = False


def cut_batches(module: Module, told: set[tuple[int | None, int]], cutters: Collection[str] = ()) -> Iterator[Finding]:
    """`x, y = x[:16], y[:16]`, `list(islice(batch, 100))`: one finding for each loop or step that judges by it."""
    narrowing = narrowing_of(module)
    for piece, node in module.statements():
        names = given_by(module, node) if isinstance(node, LOOPS) or is_function(node) else []
        if not names or (told and is_told(told, piece, node)):
            continue
        taken = list(Cutting(narrowing, node, names, cutters).taken())
        cut = next(filter(None, (is_cut(module, node, one, taken) for one in taken)), None)
        if cut is None or is_said(module, piece, node, cut):
            continue
        line = cut.node.lineno
        told.add((piece.cell, line))
        message = f"judged by `{ast.unparse(cut.node)[:60]}`, a part of each batch"
        yield found(PARTIAL, piece.at(line), message, piece.line(line)[:120])


def is_told(told: set[tuple[int | None, int]], piece: Piece, node: ast.AST) -> bool:
    """Whether something is reported already in what a loop or function holds."""
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
    return any(cell == piece.cell and first <= line <= last for cell, line in told)


class Cutting:
    """Of which fields of a batch the names in a loop or step are made, and what part is taken of each."""

    def __init__(self, narrowing: Narrowing, holder: ast.AST, names: list[str], cutters: Collection[str]) -> None:
        self.cutters = cutters
        self.narrowing, self.holder, self.single = narrowing, holder, names[0] if len(names) == 1 else ""
        self.judged: set[str] = set()  # what holds a value for each sample: `hit = guess == y`
        self.whole = {self.single}  # the batch, and what is each of its fields in turn
        self.roots: dict[str, frozenset[str]] = {name: frozenset({name}) for name in names}
        body: list[ast.stmt] = getattr(holder, "body", [])
        for line in steps(body):
            if isinstance(line, ast.Assign):
                for target in line.targets:
                    self.note(target, line.value)

    def note(self, target: ast.expr, value: ast.expr) -> None:
        """What a target is made of; of `x, y = batch`, each is a field."""
        if isinstance(target, ast.Tuple | ast.List):
            each = value.elts if isinstance(value, ast.Tuple | ast.List) else None
            fields = self.of(value) == frozenset({self.single}) and not (
                isinstance(value, ast.Call) and MODEL.search(called(value))
            )
            for number, item in enumerate(target.elts):
                if each and len(each) == len(target.elts):
                    self.note(item, each[number])
                elif isinstance(item, ast.Name) and fields:
                    self.roots[item.id] = frozenset({item.id})
                else:
                    self.note(item, value)
        elif isinstance(target, ast.Name) and (made := self.of(value)):
            if is_of_each(value, self.judged):
                self.judged.add(target.id)
            self.roots[target.id] = self.roots.get(target.id, made) if target.id in set(names_of(value)) else made

    def of(self, node: ast.AST) -> frozenset[str]:
        """The fields of the batch that an expression is made of: `batch["x"]` is one, `batch` all."""
        found: set[str] = set()
        waiting = [node]
        while waiting:
            inner = waiting.pop()
            field = inner.slice if isinstance(inner, ast.Subscript) else None
            if isinstance(inner, ast.Subscript) and last_name(inner.value) == self.single and self.single:
                found.add(f"{self.single}[{text_of(field) or ast.unparse(inner.slice)}]")
            elif isinstance(inner, ast.Attribute) and last_name(inner.value) == self.single and self.single:
                found.add(f"{self.single}.{inner.attr}")
            elif isinstance(inner, ast.Name):
                found |= self.roots.get(inner.id, frozenset())
            else:
                waiting += list(ast.iter_child_nodes(inner))
        return frozenset(found)

    def taken(self) -> Iterator[Taken]:
        """The parts that are taken, not where something is shown or only now and then."""
        waiting: list[ast.AST] = list(reversed(getattr(self.holder, "body", [])))
        while waiting:
            node = waiting.pop()
            if is_function(node) or isinstance(node, ast.ClassDef) or is_shown(node) or is_of_boxes(node):
                continue
            if isinstance(node, ast.If) and not self.of(node.test):
                continue
            if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.SetComp):
                for generator in node.generators:
                    if made := self.of(generator.iter):
                        of_batch = made <= {self.single, f"{self.single}.items", f"{self.single}.values"}
                        each = frozenset({self.single}) if of_batch else made
                        self.roots.update((name, each) for name in names_of(generator.target))
                        self.whole.update(names_of(generator.target) if of_batch else ())
            if isinstance(node, ast.Subscript | ast.Call) and (one := self.part_of(node)):
                yield one
            waiting += reversed(list(ast.iter_child_nodes(node)))

    def cut_by(self, call: ast.Call) -> Taken | None:
        """What a function of the tree cuts: all that it is given of the batch."""
        fields = [made for one in call.args if (made := self.of(one))]
        part = Part("front", f":{called(call)}", samples=True, called=True)
        of_batch = any(isinstance(one, ast.Name) and one.id == self.single for one in call.args)
        return Taken(call, part, fields[0], each=of_batch or len(set(fields)) > 1) if fields else None

    def is_judged(self, of: ast.expr, part: Part) -> bool:
        """Whether what a part is taken of holds a value for each sample: not where it is one number of a tuple."""
        return part.kind != "index" or (isinstance(of, ast.Name) and bool(COUNTED.search(of.id)))

    def part_of(self, node: ast.Subscript | ast.Call) -> Taken | None:
        """The part that a subscript or a call takes itself, of what is in the batch."""
        if isinstance(node, ast.Call):
            each = mapped(node)
            if each and last_name(node.args[1]) == self.single:
                return Taken(node, each, frozenset({self.single}), whole=True)
            if called(node) in self.cutters:
                return self.cut_by(node)
            part = taken_by(node)
            of: ast.expr | None = node.func.value if isinstance(node.func, ast.Attribute) else None
            if called(node) == "islice" and node.args:
                of = node.args[0]
        else:
            part, of = self.narrowing.subscript(node, DEPTH), node.value
        if part is None or of is None or part.kind not in (*SLICED, "index"):
            return None
        plain = of.id if isinstance(of, ast.Name) else ""
        roots = self.roots.get(plain) if plain else self.of(of)
        if not roots or is_of_length(node) or any(map(SEQUENCE.search, names_of(of))):
            return None
        if len(roots) > 1 and is_of_each(of, self.judged) and self.is_judged(of, part):
            return Taken(node, part, roots, each=True)
        if part.kind == "index":
            return None
        return Taken(node, part, roots, whole=plain in self.whole and bool(plain))


def is_of_each(value: ast.expr, known: set[str]) -> bool:
    """Whether something holds how good each guess is: `guess == y`, `(guess - y).abs()`, and no mean of it."""
    for inner in ast.walk(value):
        if isinstance(inner, ast.Call) and called(inner) in REDUCES:
            kept = keyword(inner, "axis") or keyword(inner, "dim") or next(iter(inner.args), None)
            if kept is None or whole_number(kept) == 0:
                return False
    inner = value
    while isinstance(inner, ast.Call | ast.Attribute | ast.BinOp | ast.UnaryOp):
        if isinstance(inner, ast.BinOp):
            if isinstance(inner.op, ast.Sub):
                return True
            inner = inner.left
        elif isinstance(inner, ast.Call):
            text = keyword(inner, "reduction")
            if text_of(text) == "none" or called(inner) in ("eq", "equal"):
                return True
            inner = inner.func if isinstance(inner.func, ast.Attribute) else next(iter(inner.args), inner.func)
        else:
            inner = inner.operand if isinstance(inner, ast.UnaryOp) else inner.value
    equal = isinstance(inner, ast.Compare) and isinstance(inner.ops[0], ast.Eq | ast.Lt | ast.LtE)
    return equal or (isinstance(inner, ast.Name) and inner.id in known)


def mapped(call: ast.Call) -> Part | None:
    """The part that `tree_map(lambda leaf: leaf[:8], batch)` takes of each field; `leaf[0]` is that of one device."""
    first = call.args[0] if len(call.args) == 2 else None
    body = first.body if isinstance(first, ast.Lambda) else None
    if not (called(call) in ("tree_map", "map") and isinstance(body, ast.Subscript)):
        return None
    index = body.slice
    cuts = isinstance(index, ast.Slice) and index.upper is not None and index.lower is None
    return Part("front", ast.unparse(index), samples=True) if cuts or whole_number(index) == 0 else None


def is_shown(node: ast.AST) -> bool:
    """Whether something is drawn, printed or logged."""
    return isinstance(node, ast.Call) and bool(LOOKS.search(named(node)) or SHOWN.search(called(node)))


def is_of_boxes(node: ast.AST) -> bool:
    """Whether the first four numbers are those of boxes: `iou(a[:4], b[:4])`."""
    return isinstance(node, ast.Call) and bool(BOXES.search(called(node))) and ":4]" in ast.unparse(node)


def is_of_length(node: ast.Subscript | ast.Call) -> bool:
    """Whether samples are cut to a length, or along several axes at once."""
    if isinstance(node, ast.Call):
        return False
    index = node.slice
    if isinstance(index, ast.Tuple):
        bounded = [one for one in index.elts if isinstance(one, ast.Slice) and (one.lower or one.upper)]
        if len(bounded) > 1:
            return True
        index = index.elts[0]
    limits = [index.lower, index.upper] if isinstance(index, ast.Slice) else []
    return any(isinstance(limit, ast.Name | ast.Attribute) and LENGTH.search(last_name(limit)) for limit in limits)


def is_cut(module: Module, holder: ast.AST, one: Taken, every: list[Taken]) -> Taken | None:
    """What is taken, if the whole batch is cut, or something else of it is cut alike, and no rest is used."""
    index = one.node.slice if isinstance(one.node, ast.Subscript) else None
    if is_rest_taken(holder, index) or is_single(module, one.node, one.part):
        return None
    if is_metric(holder) and not is_front(module, holder, one):
        return None
    by_one = isinstance(holder, LOOPS) and not is_of_batches(module, holder)
    if one.each and one.part.kind == "index":
        others = [each for each in every if each.part.kind == "index" and each.part.text != one.part.text]
        return None if by_one or others else one  # `error[0]` and `error[1]` are two values of one sample
    if one.each:
        return None if by_one and not one.part.samples else one
    if one.whole:
        target = module.parents.get(one.node)
        unpacked = isinstance(target, ast.Assign) and isinstance(target.targets[0], ast.Tuple)
        of_batches = is_named_batch(one, holder) or isinstance(target, ast.DictComp)
        return one if of_batches and not unpacked and (one.part.samples or isinstance(target, ast.DictComp)) else None
    for other in every:
        alike = other is not one and one.part.is_like(other.part) and other.roots != one.roots
        if alike and (not by_one or one.part.samples or other.part.samples):
            return one
    return None


def is_front(module: Module, function: ast.AST, one: Taken) -> bool:
    """Whether the first samples are taken at once, and as many as the function says: no share, not the parts of one."""
    index = one.node.slice if isinstance(one.node, ast.Subscript) else None
    limit = index.upper if isinstance(index, ast.Slice) else index
    given = narrowing_of(module).value_of(limit) if isinstance(limit, ast.Name) else None
    if isinstance(index, ast.Name) and given is None:
        return False  # one after the other
    share = isinstance(index, ast.Slice) and isinstance(given[0] if given else limit, ast.BinOp | ast.Call)
    return one.part.samples and one.part.kind == "front" and not share and not is_asked_for(function, index)


def is_named_batch(one: Taken, holder: ast.AST) -> bool:
    """Whether what is cut, or what a loop goes through, is called a batch or so."""
    through = list(names_of(holder.iter)) if isinstance(holder, LOOPS) else []
    return any(BATCH.search(name) for name in (*one.roots, *through))


def is_of_batches(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop goes through batches, and not through a set of single samples."""
    words = [name for name in names_of(loop.iter) if BATCHES.search(name)]
    given = is_over_batches(module, loop)
    return given and not any(re.search(r"data_?set|(^|_)ds$", name, re.I) for name in words)


def is_said(module: Module, piece: Piece, holder: ast.AST, cut: Taken) -> bool:
    """Whether a name, a comment, a docstring or what is told says that it is a part."""
    scope = holder if is_function(holder) else module.scope(holder)
    if is_function(scope) and (SAYS_SO.search(scope.name) or DESCRIBED.search(ast.get_docstring(scope) or "")):
        return True
    index = cut.node.slice if isinstance(cut.node, ast.Subscript) else None
    size = index.upper if isinstance(index, ast.Slice) else None
    given = narrowing_of(module).value_of(size) if isinstance(size, ast.Name) else None
    places = [cut.node.lineno, *([given[0].lineno] if given else [])]
    above = [piece.line(number - 1).strip() for number in places]
    told = [*(piece.line(number) for number in places), *(text for text in above if text.startswith("#"))]
    if any(map(SAYS_SO.search, told)):
        return True
    around = scope if is_function(scope) else holder
    documented = {id(line.value) for line in getattr(around, "body", ())[:1] if isinstance(line, ast.Expr)}
    words = (text_of(inner) for inner in ast.walk(around) if id(inner) not in documented)
    return any(SAID.search(word.replace("_", " ")) for word in words)
