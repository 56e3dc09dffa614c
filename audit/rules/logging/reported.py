"""Functions that a training loop calls, in its own file or in another: what they print is its progress."""

import ast
from collections.abc import Iterator

from audit.rules.code import Module, called, is_function
from audit.rules.local import Local, local_of
from audit.rules.logging.asked import is_question
from audit.rules.logging.loops import training_loops
from audit.target import Target

Named = set[tuple[str, str, bool]]  # file, name, and whether it is a method


def reported(target: Target) -> Named:
    """What training loops call, in every file that it may stand in; worked out once."""
    if "called by training" not in target.derived:
        local = local_of(target)
        target.derived["called by training"] = {
            pair for module in local.modules.values() for pair in called_in_loops(local, module)
        }
    known: Named = target.derived["called by training"]
    return known


def called_in_loops(local: Local, module: Module) -> Iterator[tuple[str, str, bool]]:
    """What the training loops of a module call, where nobody is asked first: in it and in what it imports."""
    loops = training_loops(module)
    calls = [call for _, call, name in module.calls if loops and is_own(call, name) and is_told(module, call)]
    names = {(called(call), isinstance(call.func, ast.Attribute)) for call in calls}
    if names:
        paths = {module.path, *(path for path, _ in local.edges(module))}
        yield from ((path, name, of_object) for path in paths for name, of_object in names)


def is_own(call: ast.Call, name: str) -> bool:
    """Whether what is called may be of the project: `meter.display(3)`, `show(losses)`; not `pyplot.show()`."""
    return isinstance(call.func, ast.Name) or name.startswith(".")


def is_told(module: Module, call: ast.Call) -> bool:
    """Whether a call stands in a training loop, and in no condition that asks if somebody wants to read it."""
    holders = tuple(module.enclosing(call))
    inside = not training_loops(module).isdisjoint(holders)
    return inside and not any(is_question(holder, call.lineno) for holder in holders)


def reporting(module: Module, known: Named) -> set[ast.AST]:
    """The functions and methods of a module that training loops call."""
    functions = [node for _, node in module.statements() if is_function(node)]
    return {
        node
        for node in functions
        if (module.path, node.name, isinstance(module.parents.get(node), ast.ClassDef)) in known
    }
