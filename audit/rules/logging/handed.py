"""print that a training loop is handed to report with: as the default of a parameter, or by who calls it there."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from audit.rules.code import Function, Module, dotted, is_function
from audit.rules.logging.asked import is_question
from audit.rules.logging.printing import aliases, is_print
from audit.rules.reading import default_of
from audit.target import Piece

Placed = tuple[Piece, Function]


def reporters(module: Module, loops: set[ast.AST]) -> Iterator[tuple[Piece, ast.expr]]:
    """Where print is named that a training loop calls by the name of a parameter, and not where it is asked to."""
    if loops:
        functions = [(piece, node) for piece, node in module.statements() if is_function(node)]
        yield from defaults(module, functions, loops)
        yield from fields(module, loops)
        yield from handed(module, {function.name: function for _, function in functions}, loops)


def defaults(module: Module, functions: Iterable[Placed], loops: set[ast.AST]) -> Iterator[tuple[Piece, ast.expr]]:
    """print as the default of a parameter: `def fit(model, say=print)`."""
    for piece, function in functions:
        for name in parameters(function):
            value = default_of(function, name)
            says = isinstance(value, ast.Name) and is_print(module, value)
            if value and says and any(is_in(module, call, loops) for call in reports(module, function, name)):
                yield piece, value


def fields(module: Module, loops: set[ast.AST]) -> Iterator[tuple[Piece, ast.expr]]:
    """print as what a class gives its objects: the field `say: Callable = print`."""
    for piece, holder in module.places(ast.ClassDef):
        lines = (line for line in holder.body if isinstance(line, ast.Assign | ast.AnnAssign) and line.value)
        for line in lines:
            name = dotted(line.target if isinstance(line, ast.AnnAssign) else line.targets[0])
            calls = calls_by_name(module).get(f"self.{name}", ()) if f"self.{name}" not in module.kept else ()
            said = (call for call in calls if holder in module.enclosing(call) and is_in(module, call, loops))
            if isinstance(line.value, ast.Name) and is_print(module, line.value) and any(said):
                yield piece, line.value


def handed(module: Module, known: dict[str, Function], loops: set[ast.AST]) -> Iterator[tuple[Piece, ast.expr]]:
    """print as what a loop gives a function that calls it: `train_epoch(model, say=print)`."""
    names = {"print", *aliases(module)}
    for piece, call, _ in module.calls:
        function = known.get(dotted(call.func))
        if function is not None and is_in(module, call, loops):
            given: list[tuple[str | None, ast.expr]] = [*zip(parameters(function), call.args, strict=False)]
            for name, value in [*given, *((item.arg, item.value) for item in call.keywords)]:
                if isinstance(value, ast.Name) and value.id in names and any(reports(module, function, name or "")):
                    yield piece, value


def parameters(function: Function) -> list[str]:
    """The parameters of a function, those by place first."""
    arguments = function.args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def reports(module: Module, function: Function, name: str) -> Iterator[ast.Call]:
    """The calls of what a parameter holds, by its own name or that of the attribute which keeps it."""
    calls = calls_by_name(module)
    yield from (call for call in calls.get(name, ()) if function in module.enclosing(call))
    for key in kept_by(module).get((id(function), name), ()):
        yield from (call for call in calls.get(key, ()) if module.parents[function] in module.enclosing(call))


def kept_by(module: Module) -> dict[tuple[int, str], list[str]]:
    """id of a function and a name in it -> the attributes that hold its value, and no other: `self.say = say`."""
    if "names kept" not in module.derived:
        table: dict[tuple[int, str], list[str]] = defaultdict(list)
        for key, values in module.kept.items():
            if len(values) == 1 and isinstance(values[0], ast.Name) and key.startswith("self."):
                table[id(module.scope(values[0])), values[0].id].append(key)
        module.derived["names kept"] = table
    known: dict[tuple[int, str], list[str]] = module.derived["names kept"]
    return known


def calls_by_name(module: Module) -> dict[str, list[ast.Call]]:
    """What is called, as it is written -> its calls."""
    if "calls as written" not in module.derived:
        table: dict[str, list[ast.Call]] = defaultdict(list)
        for _, call, _ in module.calls:
            table[dotted(call.func)].append(call)
        module.derived["calls as written"] = table
    calls: dict[str, list[ast.Call]] = module.derived["calls as written"]
    return calls


def is_in(module: Module, call: ast.Call, loops: set[ast.AST]) -> bool:
    """Whether a call stands in one of the loops, and not where the program asks if somebody wants to read it."""
    holders = tuple(module.enclosing(call))
    return not loops.isdisjoint(holders) and not any(is_question(holder, call.lineno) for holder in holders)
