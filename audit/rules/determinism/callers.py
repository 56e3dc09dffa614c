"""By whom a function is called, and what it is given there."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from audit.rules.code import Module, called, dotted, is_constant, is_function, keyword, last_name, text_of
from audit.rules.values import bound, may_be_true
from audit.target import Target

CONFIGURED = re.compile(r"^[ \t\-{,]*[\"']?(\w{0,40}?shuffle\w{0,40})[\"']?[ \t]*:[ \t]*(true|false)\b", re.I | re.M)
DEEPEST = 6  # functions that hand a switch on to each other


class Callers:
    """Who calls a function of this name, anywhere in the tree."""

    def __init__(self, modules: list[Module], target: Target) -> None:
        self.fields = {name for module in modules for name in switched_on(module)} | set(configured(target))
        self.calls: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        for module in modules:
            for _, call, _ in module.calls:
                self.calls[called(call)].append((module, call))

    def switch(self, module: Module, node: ast.expr | None, depth: int = 0) -> bool:
        """Whether a switch is on in some run: as the code around it says, or as some call of its function gives it."""
        if node is None or depth > DEEPEST:
            return False
        if may_be_true(module, node):
            return True
        match node:
            case ast.Name():
                read = (value for value in bound(module, node) if isinstance(value, ast.Attribute | ast.Subscript))
                values = [*self.given(module, node), *((module, value) for value in read)]
                return any(self.switch(owner, value, depth + 1) for owner, value in values)
            case ast.Attribute() if dotted(node).startswith("self."):
                return any(self.switch(module, value, depth + 1) for value in module.kept.get(dotted(node), ()))
            case ast.Attribute():
                return node.attr in self.fields
            case ast.Subscript():
                return text_of(node.slice) in self.fields
            case ast.BoolOp() | ast.IfExp():
                parts = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
                return all(self.switch(module, part, depth + 1) for part in parts)
        return False

    def given(self, module: Module, name: ast.Name) -> Iterator[tuple[Module, ast.expr]]:
        """What the calls of the function around a name give the parameter of this name."""
        for holder in module.enclosing(name):
            if not is_function(holder):
                continue
            positional = [argument.arg for argument in (*holder.args.posonlyargs, *holder.args.args)]
            if name.id not in (*positional, *(argument.arg for argument in holder.args.kwonlyargs)):
                continue
            owner = module.parents.get(holder)
            made = holder.name == "__init__" and isinstance(owner, ast.ClassDef)
            method = positional[:1] in (["self"], ["cls"])
            place = positional.index(name.id) - method if name.id in positional else -1
            function = owner.name if made and isinstance(owner, ast.ClassDef) else holder.name
            for caller, call in self.calls.get(function, ()):
                value = keyword(call, name.id)
                if value is None and 0 <= place < len(call.args):
                    value = call.args[place]
                if value is not None:
                    yield caller, value
            return


def configured(target: Target) -> Iterator[str]:
    """What configurations in the tree switch on, and say of what: `use_shuffle: true`."""
    for piece in target.pieces:
        if piece.path.endswith((".yaml", ".yml", ".json")) and "huffle" in piece.text.replace("HUFFLE", "huffle"):
            said = CONFIGURED.findall(piece.text)
            off = {name for name, switch in said if switch.lower() == "false"}
            yield from (name for name, _ in said if name not in off)


def switched_on(module: Module) -> Iterator[str]:
    """The fields of a module's classes that are on by default, and say of what: `shuffle: bool = True`."""
    for node in module.of(ast.AnnAssign):
        if isinstance(node, ast.AnnAssign) and "shuffle" in last_name(node.target) and is_constant(node.value, True):
            yield last_name(node.target)
