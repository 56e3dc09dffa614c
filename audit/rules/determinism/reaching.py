"""Which functions and classes a run comes to, by the names that each of them speaks of."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from audit.rules.code import Module, is_function, last_name, text_of
from audit.rules.local import is_main

AT_ONCE = ""  # what happens when the module is imported, or in a part that some decorator calls
MAIN = "if __name__"
# Libraries whose decorators hand a function back and call it only when somebody calls it.
ON_CALL = {
    "absl", "beartype", "click", "contextlib", "dataclasses", "fire", "functools", "hydra", "jax", "numba",
    "tensorflow", "torch", "tyro", "typing",
}  # fmt: skip
GETTERS = {"getattr", "importlib.import_module", "globals", "eval", "hydra.utils.instantiate", "hydra.utils.get_class"}
ANYTHING = "*"  # a function by a name that only the run knows
Place = tuple[str, str]  # module, name of its part


def part_name(module: Module, holders: list[ast.AST]) -> str:
    """The outermost function or class of some holders, from the inside out; AT_ONCE where it is not called by name."""
    parts = [holder for holder in holders if is_function(holder) or isinstance(holder, ast.ClassDef)]
    if any(map(is_main, holders)):
        return MAIN
    return AT_ONCE if not parts or is_registered(module, parts[-1]) else parts[-1].name


def is_registered(module: Module, part: ast.AST) -> bool:
    """Whether a decorator may have a function or class called: not one of `click.command()`, `hydra.main()`."""
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in getattr(part, "decorator_list", ())]
    known = (module.full_name(mark).partition(".")[0] in ON_CALL for mark in marks)
    return not all(known)


def spoken_in(module: Module, own: frozenset[str]) -> dict[str, set[str]]:
    """Function or class of a module -> the names it speaks of, those of another's with a dot; found once.

    Args:
        own: names of the tree's modules and folders: what another library has is none of theirs.
    """
    if "spoken" not in module.derived:
        found: dict[str, set[str]] = defaultdict(set)
        for piece in module.pieces:
            assert piece.tree is not None
            for node in piece.tree.body:
                part = part_name(module, [node])
                if is_function(node) or isinstance(node, ast.ClassDef):
                    found[node.name]
                if not is_list_of_names(node):
                    for inner in ast.walk(node):
                        found[part].update(meant(inner, module, own))
        aliases = (alias for node in module.of(ast.ImportFrom) for alias in node.names)
        others = {alias.asname: alias.name for alias in aliases if alias.asname}
        for words in found.values():
            words |= {f".{name}" for other, name in others.items() if other in words}
        module.derived["spoken"] = dict(found)
    kept: dict[str, set[str]] = module.derived["spoken"]
    return kept


def is_list_of_names(node: ast.stmt) -> bool:
    """`__all__ = [...]`, which speaks of names and uses none."""
    return isinstance(node, ast.Assign) and any(last_name(target) == "__all__" for target in node.targets)


def meant(node: ast.AST, module: Module, own: frozenset[str]) -> Iterator[str]:
    """The names by which a node may mean a function or class; ANYTHING where it gets one by a name of the run."""
    match node:
        case ast.Name():
            yield node.id
        case ast.Attribute():
            first = node.value.id if isinstance(node.value, ast.Name) else ""
            foreign = first in module.origins and module.origins[first].partition(".")[0] not in own
            if first not in module.given and not foreign:
                yield f".{node.attr}"
        case ast.Constant() if text_of(node).replace(".", "").isidentifier():
            yield f".{text_of(node).rpartition('.')[2]}"
        case ast.Call() if module.full_name(node.func) in GETTERS:
            attribute = last_name(node.func) == "getattr"
            known = attribute and (len(node.args) > 2 or (len(node.args) == 2 and text_of(node.args[1]) != ""))
            if not known:
                yield ANYTHING


class Reach:
    """What the modules of a tree speak of, part by part."""

    def __init__(self, modules: dict[str, Module]) -> None:
        self.modules = modules
        self.own = frozenset(part for path in modules for part in path.removesuffix(".py").split("/"))

    def spoken(self, path: str) -> dict[str, set[str]]:
        """Function or class of a module -> the names it speaks of."""
        return spoken_in(self.modules[path], self.own)

    @cached_property
    def owners(self) -> dict[str, set[str]]:
        """Name of a function or class -> the modules that have one of this name."""
        found: dict[str, set[str]] = defaultdict(set)
        for path in self.modules:
            for name in self.spoken(path):
                found[name].add(path)
        return found

    def comes_to(self, program: str, related: set[str], wanted: set[Place]) -> bool:
        """Whether a run of a program that imports the related modules comes to one of the wanted parts.

        Where a part gets a function by a name that only the run knows, it may come to all that anything speaks of.
        """
        seen = {(path, AT_ONCE) for path in related | {program}}
        seen |= {(program, name) for name in self.spoken(program)}
        waiting = list(seen)
        while waiting and wanted.isdisjoint(seen):
            path, part = waiting.pop()
            for name in self.spoken(path).get(part, ()):
                if name == ANYTHING:
                    return self.is_spoken_of(related, wanted)
                own = name in self.spoken(path)
                places = {path} if own else self.owners.get(name.lstrip("."), set()) & related
                new = {(place, name.lstrip(".")) for place in places} - seen
                seen |= new
                waiting += new
        return not wanted.isdisjoint(seen)

    def is_spoken_of(self, related: set[str], wanted: set[Place]) -> bool:
        """Whether some part of the related modules speaks of a wanted one, by its name."""
        names = {name for _, name in wanted}
        names |= {f".{name}" for name in names}
        return any(not names.isdisjoint(words) for path in related for words in self.spoken(path).values())
