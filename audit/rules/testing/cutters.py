"""Functions of a tree that hand back a part of what they are given: `def rows(x, n=16): return x[:n]`."""

import ast
from collections.abc import Iterable, Iterator

from audit.rules.code import Function, Module, is_function
from audit.rules.testing.narrowed import DEPTH, narrowing_of
from audit.rules.testing.words import DESCRIBED, SAYS_SO

SHORT = 4  # statements


def cutters_of(modules: Iterable[Module]) -> set[str]:
    """The names of those that cut each thing that they hand back, and do not say so by their names."""
    return {
        node.name
        for module in modules
        if any("[:" in piece.text for piece in module.pieces)
        for _, node in module.statements()
        if is_function(node) and len(node.body) <= SHORT and is_cutter(module, node)
    }


def is_cutter(module: Module, node: Function) -> bool:
    """Whether a function returns parts of its arguments and nothing else."""
    last = node.body[-1]
    if not (isinstance(last, ast.Return) and last.value is not None):
        return False
    parts = list(handed_back(last.value))
    cut = [one for one in parts if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Slice)]
    if not cut or len(cut) < len(parts):
        return False
    if SAYS_SO.search(node.name) or DESCRIBED.search(ast.get_docstring(node) or ""):
        return False
    names = {argument.arg for argument in node.args.args} | ({node.args.vararg.arg} if node.args.vararg else set())
    if isinstance(last.value, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        names |= {one.id for one in ast.walk(last.value.generators[0].target) if isinstance(one, ast.Name)}
    narrowing = narrowing_of(module)
    for one in cut:
        part = narrowing.subscript(one, DEPTH)
        if not (isinstance(one.value, ast.Name) and one.value.id in names and part and part.samples):
            return False
    return True


def handed_back(value: ast.expr) -> Iterator[ast.expr]:
    """Each of several things that are returned."""
    if isinstance(value, ast.Tuple | ast.List):
        yield from value.elts
    elif isinstance(value, ast.DictComp):
        yield value.value
    elif isinstance(value, ast.ListComp | ast.GeneratorExp):
        yield value.elt
    elif isinstance(value, ast.Call) and len(value.args) == 1 and isinstance(value.args[0], ast.GeneratorExp):
        yield value.args[0].elt
    else:
        yield value
