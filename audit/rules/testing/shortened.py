"""Held-out data of which a fixed part is taken before a metric is worked out of it, with no word of it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from audit.model import Finding, found
from audit.rules.code import Module, called, is_function, keyword, last_name, text_of
from audit.rules.local import is_main
from audit.rules.testing.partial import PARTIAL, is_condition, named
from audit.rules.testing.parts import names_of
from audit.rules.testing.taken import cut_of
from audit.rules.testing.words import DESCRIBED, JUDGES, LABELLED, LOOKS, METRIC, SCORES
from audit.target import Piece

CUTS = ("[:", "[0:", ".head(", ".take(", "islice(", "sample(", ".select(", "Subset(", "nrows", "slice(")
SAYS = re.compile(
    r"first|only|sub_?set|sub_?sampl|partial|preview|rough|at most|\blast\b|small|tiny|\bfew|debug|smoke|toy|limit|demo"
    r"|_samples?\b|\bsamples?\b(?!\()|mini_?(set|val|test)|calib|support|shot|probe|warm_?up|latency|speed",
    re.I,
)
ASKED = re.compile(r"debug|smoke|quick|fast|limit|max|small|tiny|demo|toy|dry|sub", re.I)
REASONS = re.compile(r"reduc|shrink|memory|quick|fast|example|demonstrat|save time", re.I)  # of a comment
TELLS = re.compile(r"^(print|info|warning|debug|log\w*|write\w*|add_scalar|append|echo)$")
COLLECTS = {"append", "extend", "update", "add", "add_batch"}
MAKES = {"mean", "sum", "average", "item", "compute", "float"}
TAKES = re.compile(r"\b(sample|Subset)\s*\(")


@dataclass
class Cut:
    """A fixed part that is taken of held-out data.

    Attributes:
        said: whether something says that it is a part.
        used: by what a metric is worked out of it, and where.
    """

    piece: Piece
    line: int
    text: str
    number: str
    said: bool = False
    used: tuple[str, int] | None = None


def shortened(module: Module, told: set[tuple[int | None, int]]) -> Iterator[Finding]:
    """One finding for each part that is taken, and measured in the same function; not where one is told already."""
    if not any(word in piece.text for piece in module.pieces for word in CUTS):
        return
    parts = module.of(ast.Subscript, ast.Call)
    cuts: dict[ast.AST, str] = {node: text for node in parts if (text := cut_of(module, node))}
    if not cuts:
        return
    scopes = dict.fromkeys(module.scope(node) for node in cuts)
    kept = [scope for scope in scopes if is_function(scope)]
    if len(kept) < len(scopes):
        yield from Flow(module, cuts, told).findings([(piece, piece.tree) for piece in module.pieces], None)
    pieces = {id(node): piece for piece, node in module.statements() if is_function(node)} if kept else {}
    for scope in kept:
        yield from Flow(module, cuts, told).findings([(pieces[id(scope)], scope)], scope)


class Flow:
    """What the names of one function, or of a module, hold of parts of held-out data: one look at each statement."""

    def __init__(self, module: Module, cuts: dict[ast.AST, str], told: set[tuple[int | None, int]]) -> None:
        self.module, self.cuts, self.told = module, cuts, told
        self.held: dict[str, Cut] = {}
        self.made: dict[ast.AST, Cut] = {}

    def findings(self, bodies: list[tuple[Piece, ast.AST | None]], function: ast.AST | None) -> Iterator[Finding]:
        """The findings of one scope."""
        if is_function(function):
            if SAYS.search(function.name) or DESCRIBED.search(ast.get_docstring(function) or ""):
                return
            if LOOKS.search(function.name):
                return
        self.judges = is_function(function) and bool(JUDGES.match(function.name) or METRIC.match(function.name))
        summary = ast.get_docstring(function) or "" if is_function(function) else ""
        for piece, holder in bodies:
            self.piece = piece
            self.go_through(getattr(holder, "body", []))
        for cut in self.made.values():
            if cut.used is None or cut.said or cut.number in re.findall(r"\d+", summary):
                continue
            places = {(cut.piece.cell, cut.line), (cut.piece.cell, cut.used[1])}
            if self.told.isdisjoint(places):
                self.told |= places
                message = f"{cut.used[0]} of `{cut.text}`, a part of the held-out data"
                yield found(PARTIAL, cut.piece.at(cut.line), message, cut.piece.line(cut.line)[:120])

    def go_through(self, body: list[ast.stmt]) -> None:
        """The statements of a block, in order."""
        for line in body:
            if is_function(line) or isinstance(line, ast.ClassDef):
                continue
            own = list(heads(line))
            source = next((cut for head in own for cut in self.sources(head)), None)
            if source:
                for head in own:
                    self.measure(line, head)
            self.pass_on(line, source)
            if isinstance(line, ast.If) and not is_main(line):
                if ASKED.search(ast.unparse(line.test)):
                    continue
                before = set(self.held)
                for block in (line.body, line.orelse):
                    self.go_through(block)
                for name in set(self.held) - before if source is None else ():
                    del self.held[name]
            else:
                for name in ("body", "orelse", "finalbody"):
                    self.go_through(getattr(line, name, []))
                for handler in getattr(line, "handlers", []):
                    self.go_through(handler.body)

    def sources(self, head: ast.expr) -> Iterator[Cut]:
        """The parts that an expression takes, or that a name in it holds."""
        for inner in ast.walk(head):
            if inner in self.cuts:
                yield self.cut(inner)
            elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id in self.held:
                yield self.held[inner.id]

    def cut(self, node: ast.AST) -> Cut:
        """What is known of a part, made once."""
        if node not in self.made:
            line = node.lineno  # type: ignore[attr-defined]
            words = [TAKES.sub("(", self.piece.line(line))]
            above = [self.piece.line(number).strip() for number in range(line - 1, max(line - 5, 0), -1)]
            comment = next((text for text in above if text.startswith("#") or not text), "")
            words += [comment]
            number = re.findall(r"\d+", self.cuts[node])
            comments = " ".join(word.partition("#")[2] for word in words)
            cut = Cut(self.piece, line, self.cuts[node], number[-1] if number else "")
            cut.said = (
                any(map(SAYS.search, words))
                or bool(REASONS.search(comments))
                or (cut.number in re.findall(r"\d+", comments))
            )
            self.made[node] = cut
        return self.made[node]

    def pass_on(self, line: ast.stmt, source: Cut | None) -> None:
        """Which names a statement gives a part, or what is worked out of one, and which it takes it from."""
        if isinstance(line, ast.Assign | ast.AnnAssign):
            for target in line.targets if isinstance(line, ast.Assign) else [line.target]:
                names = [one.id for one in ast.walk(target) if isinstance(one, ast.Name)]
                names = [name for name in names if not isinstance(target, ast.Subscript | ast.Attribute)]
                for name in names:
                    self.held.pop(name, None)
                    if source:
                        self.held[name] = source
        if source is None:
            return
        if isinstance(line, ast.AugAssign) and last_name(line.target):
            self.held[last_name(line.target)] = source
        elif isinstance(line, ast.For | ast.AsyncFor):
            self.held.update(dict.fromkeys(names_of(line.target), source))
        elif isinstance(line, ast.If):
            counted = [one.target for each in line.body for one in ast.walk(each) if isinstance(one, ast.AugAssign)]
            self.held.update({last_name(target): source for target in counted if last_name(target)})
        elif isinstance(line, ast.Expr) and isinstance(line.value, ast.Call) and called(line.value) in COLLECTS:
            function = line.value.func
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                self.held[function.value.id] = source

    def measure(self, line: ast.stmt, head: ast.expr) -> None:
        """Note by what a metric is worked out of a part; what prints how many there are says so."""
        for inner in ast.walk(head):
            if not isinstance(inner, ast.Call) or is_condition(self.module, inner):
                continue
            name = called(inner)
            given = [*inner.args, *(item.value for item in inner.keywords)]
            of = last_name(inner.func.value) if isinstance(inner.func, ast.Attribute) else ""
            asked = name == "run" and any(map(METRIC.match, names_of(inner.args[0]))) if inner.args else False
            if METRIC.match(name) or name in SCORES:
                self.use(name, line, given)
            elif asked or (METRIC.match(of) and name in ("eval", "compute", "update")):
                self.use(of if METRIC.match(of) else "metric", line, given)
            elif TELLS.match(name):
                told = " ".join(text_of(one) for one in ast.walk(inner))
                for part in (cut for each in given for cut in self.counted(each)):
                    part.said = True
                if LABELLED.search(told) and name != "append":
                    self.use(LABELLED.search(told)[0], line, given)  # type: ignore[index]
            elif name in ("cross_val_score", "cross_validate"):
                self.use(name, line, given)
            elif name == "compute" and keyword(inner, "predictions"):
                self.use("metric", line, given)
            elif name == "Trainer" and keyword(inner, "compute_metrics"):
                kept = [item.value for item in inner.keywords if item.arg == "eval_dataset"]
                self.use("evaluation", line, kept)
        if isinstance(line, ast.Assign) and METRIC.match(last_name(line.targets[0])) and is_worked_out(head):
            self.use(last_name(line.targets[0]), line, [head])
        elif isinstance(line, ast.Return) and self.judges and is_worked_out(head):
            self.use("metric", line, [head])

    def counted(self, node: ast.expr) -> Iterator[Cut]:
        """Parts of which the number is told: `len(test)`, `test.shape`."""
        plain = [value.value for value in getattr(node, "values", []) if isinstance(value, ast.FormattedValue)]
        plain += [node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) else [node]
        plain += node.args if isinstance(node, ast.Call) and called(node) == "format" else []
        plain += [item for one in plain if isinstance(one, ast.Tuple) for item in one.elts]
        for one in plain:
            if isinstance(one, ast.Call) and called(one) == "len" and one.args:
                yield from self.sources(one.args[0])
            elif "shape" in set(names_of(one)) or "size" in set(names_of(one)):
                yield from self.sources(one)

    def use(self, name: str, line: ast.stmt, given: list[ast.expr]) -> None:
        """A metric is worked out of what is given."""
        if any(LOOKS.search(named(holder)) for holder in self.module.enclosing(line)):
            return
        for cut in (cut for each in given for cut in self.sources(each)):
            cut.used = cut.used or (name, line.lineno)
            last = max((node.end_lineno or 0 for node in given), default=line.lineno)
            for number in range(line.lineno, min(last, line.lineno + 8) + 1):
                text = self.piece.line(number)
                told = " ".join(re.findall(r"#.*|\"[^\"]*\"|'[^']*'", text))
                if SAYS.search(text) or (number != cut.line and cut.number in re.findall(r"\d+", told)):
                    cut.said = True
            if cut.line == line.lineno:
                strings = " ".join(text_of(one) for each in given for one in ast.walk(each))
                cut.said = cut.said or cut.number in re.findall(r"\d+", strings.replace(cut.text, ""))


def heads(line: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement that stand in none of its blocks."""
    for child in ast.iter_child_nodes(line):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def is_worked_out(node: ast.expr) -> bool:
    """Whether something is counted, averaged or divided, and no set of samples is handed on."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and (called(inner) in MAKES or METRIC.match(called(inner))):
            return True
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Div):
            return True
    return False
