"""What runs what trains: the programs of a tree, and the place from which each of them comes to a line."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from audit.rules.code import Module, called, is_function, last_name
from audit.rules.determinism.seeding import Seeds, named, names, reach
from audit.rules.local import Local, is_main, is_runnable
from audit.target import Piece

OF_TOOLS = ("setup.py", "conf.py", "noxfile.py", "versioneer.py")  # they import a library and run nothing of it
MADE_UP = {"randn", "rand", "ones", "zeros", "randint", "standard_normal", "normal"}
READERS = ("Loader", "add_argument", "ArgumentParser", "load", "read_csv", "open", "fit")


class Part(NamedTuple):
    """A function or method of a module; without a name, what runs when the module is run or a decorator calls it."""

    path: str
    owner: str = ""
    name: str = ""


class Mention(NamedTuple):
    """Where a part speaks of a name."""

    part: Part
    piece: Piece
    line: int


def is_program(local: Local, module: Module) -> bool:
    """A notebook, a script beside no __init__.py, or a module that can be run."""
    free = module.is_notebook or not in_package(local, module)
    return module.path.rpartition("/")[2] not in OF_TOOLS and (free or is_runnable(module))


def in_package(local: Local, module: Module) -> bool:
    """Whether an __init__.py lies beside it, or in a folder above it other than the tree's own."""
    folder = module.path.rpartition("/")[0]
    if f"{folder}/__init__.py".lstrip("/") in local.files:
        return True
    above = [str(path) for path in PurePosixPath(folder).parents]
    return any(f"{path}/__init__.py" in local.files for path in above if path != ".")


def part_at(piece: Piece, line: int) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None:
    """The outermost function or class in which a line stands."""
    assert piece.tree is not None
    parts = [node for node in piece.tree.body if is_function(node) or isinstance(node, ast.ClassDef)]
    return next((node for node in parts if node.lineno <= line <= (node.end_lineno or 0)), None)


def is_run(piece: Piece, line: int, users: list[Module]) -> bool:
    """Whether a line stands in no function or class, or in one that is decorated or that some module speaks of."""
    part = part_at(piece, line)
    if part is None or part.decorator_list:
        return True
    own = {id(node) for node in ast.walk(part)}
    return any(part.name in named(node, module) for module in users for _, node in module.walk() if id(node) not in own)


def is_trial(piece: Piece, line: int) -> bool:
    """Whether a line under `if __name__ == "__main__"` is one step on made-up numbers, to see that the code works."""
    assert piece.tree is not None
    for node in piece.tree.body:
        if is_main(node) and node.lineno <= line <= (node.end_lineno or 0):
            inside = list(ast.walk(node))
            loops = [inner for inner in inside if isinstance(inner, ast.For | ast.While)]
            looped = any(inner.lineno <= line <= (inner.end_lineno or 0) for inner in loops)
            calls = [called(inner) for inner in inside if isinstance(inner, ast.Call)]
            return not looped and not MADE_UP.isdisjoint(calls) and not any(name.endswith(READERS) for name in calls)
    return False


def unseeded_programs(
    local: Local, seeds: Seeds, module: Module, piece: Piece, line: int
) -> Iterator[tuple[Piece, int]]:
    """Where programs come to a line that trains while neither they nor what they call sets a seed."""
    for path in sorted(seeds.users(module)):
        program = local.modules[path]
        if path in seeds.modules and is_program(local, program) and not seeds.alone(program):
            place = entry(seeds, program, module, piece, line)
            if place:
                yield place


def entry(seeds: Seeds, program: Module, module: Module, piece: Piece, line: int) -> tuple[Piece, int] | None:
    """The place in a program from which its run comes to a line of a module; None where it does not."""
    within = [seeds.modules[path] for path in sorted(seeds.users(module) & reach(program.path, seeds.below))]
    begun = Part(program.path)
    known = {part_of(module, piece, line), *trainings(module)}
    if part_of(module, piece, line) == begun:
        return piece, line
    places: dict[Part, tuple[Piece, int]] = {}
    grown = True
    while grown:
        before = len(known)
        for user in within:
            for spoken in spoken_of(known, user):
                places.setdefault(spoken.part, (spoken.piece, spoken.line))
                known.add(spoken.part)
        grown = len(known) > before
    if begun not in known:
        return None
    if module is program:
        return piece, line
    found = [place for part, place in places.items() if part.path == program.path and part != begun]
    return found[0] if found else places[begun]


def trainings(module: Module) -> set[Part]:
    """The functions and methods of a module that go back through a loss and step: each trains by itself."""
    if "trainings" not in module.derived:
        backward, steps = (
            {part_of(module, piece, call.lineno) for piece, call, _ in module.calls if called(call) == last}
            for last in ("backward", "step")
        )
        module.derived["trainings"] = {part for part in backward & steps if part.name}
    kept: set[Part] = module.derived["trainings"]
    return kept


def spoken_of(known: set[Part], user: Module) -> list[Mention]:
    """Where a module speaks of some known parts: of a method, where it also speaks of its class or is that class."""
    spoken = mentions(user)
    owners = {part.owner for part in known if part.owner}
    heirs = {
        node.name
        for _, node in user.statements()
        if isinstance(node, ast.ClassDef) and not owners.isdisjoint(map(last_name, node.bases))
    }
    classes = heirs | (owners & names(user, whole=True))
    found: list[Mention] = []
    for part in known:
        if not part.name:
            continue
        if part.name.startswith("__"):
            found += spoken.get(part.owner, ())
        elif part.owner:
            free = part.owner in classes or bool(heirs)
            found += [one for one in spoken.get(part.name, ()) if free or one.part.owner == part.owner]
        else:
            found += [one for one in spoken.get(part.name, ()) if one.part != part]
    return found


def part_of(module: Module, piece: Piece, line: int) -> Part:
    """The function or method in which a line stands."""
    outer = part_at(piece, line)
    if outer is None or outer.decorator_list:
        return Part(module.path)
    if is_function(outer):
        return Part(module.path, "", outer.name)
    methods = [node for node in outer.body if is_function(node) and node.lineno <= line <= (node.end_lineno or 0)]
    return Part(module.path, outer.name, methods[0].name if methods else "__init__")


def mentions(module: Module) -> dict[str, list[Mention]]:
    """Name -> where the module speaks of it, function by function; found once."""
    if "mentions" not in module.derived:
        found: dict[str, list[Mention]] = defaultdict(list)
        for piece in module.pieces:
            assert piece.tree is not None
            for node, part in parts_of(module, piece.tree.body):
                for inner in ast.walk(node):
                    name = getattr(inner, "attr", getattr(inner, "id", ""))
                    if name and isinstance(inner, ast.Name | ast.Attribute) and isinstance(inner.ctx, ast.Load):
                        found[name].append(Mention(part, piece, inner.lineno))
        module.derived["mentions"] = found
    kept: dict[str, list[Mention]] = module.derived["mentions"]
    return kept


def parts_of(module: Module, body: list[ast.stmt]) -> Iterator[tuple[ast.AST, Part]]:
    """Each statement of a module, each method of its classes, with the part that it is."""
    for node in body:
        free = Part(module.path)
        if is_function(node):
            yield node, free if node.decorator_list else Part(module.path, "", node.name)
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                yield inner, Part(module.path, node.name, inner.name if is_function(inner) else "__init__")
        else:
            yield node, free
