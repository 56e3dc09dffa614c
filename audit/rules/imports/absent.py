"""Modules of a tree that its imports name and that are not there."""

import ast
import re
import sys
from collections.abc import Iterator

from audit.rules.code import Module, is_function, text_of
from audit.rules.local import Import, Local, imports_of
from audit.rules.names import ON_PYPI, OWN_NAMES

GENERATED = re.compile(
    r"(^|\.)(_+version\w*|_[A-Z]\w*|_\w*(?:ext|cuda|lib|core|native|build|c)|version|\w+_pb2(_grpc)?|\w+_rc"
    r"|generated\w*|cython_\w+)(\.|$)"
)
OF_SOMEBODY = re.compile(r"(?!(?:my|config|data|dataset|train|test|model|image)_)[a-z0-9]+_utils?")
BESIDE = {"tests", "scripts"}  # folders of a project, of which each distribution may have one
PLAIN = re.compile(r"(?!__)[a-z_][a-z0-9_]*")  # as modules are called, unlike classes and constants


def lost(local: Local, module: Module, item: Import, moves: bool) -> str:
    """The name of a module of this tree that an import means and that is not there; "" when all is well."""
    if module.is_notebook and (item.level or moves):
        return ""
    dots = "." * item.level
    first, dot, _ = item.module.partition(".")
    if is_made(local, item.module) or (not item.level and (first in sys.stdlib_module_names or first in local.makers)):
        return ""
    place = local.resolve(module.path, item)
    if place is None or (item.level and not item.module and not place.endswith("__init__.py")):
        return ""
    if place:
        sure = place.endswith("__init__.py") and (item.level or not moves)
        name = lost_name(local, module, item, place) if sure else untold(local, module, item, place)
        return name and f"{dots}{item.module}{'.' if item.module else ''}{name}"
    if item.level:
        return f"{dots}{item.module}"
    # `acvl_utils.a.b`, with nothing of that name in the tree, is a distribution's.
    far = item.module.count(".") > 1 and OF_SOMEBODY.fullmatch(first) and first not in local.tops
    own = OWN_NAMES.fullmatch(first) and first not in ON_PYPI and not far
    if dot and first in BESIDE and f"{module.path}/".startswith(f"{first}/") and not moves:
        return item.module  # `tests.parts` in tests/: Python finds the folder in which the module itself lies
    if first in local.tops:
        known = any(local.resolve(module.path, other) for other in siblings(module, first))
        own = own and (known or not is_deep(local, first))
        here = not moves or known
        return item.module if dot and here and (owns(local, module, item.module) or (own and not moves)) else ""
    return item.module if own and not moves and not item.deferred else ""


def untold(local: Local, module: Module, item: Import, place: str) -> str:
    """What an import takes from a module of this tree that gives itself no such name."""
    if module.is_notebook or item.deferred or not place.endswith(".py") or place.endswith("__init__.py"):
        return ""
    known = item.level or is_only(local, module, item)
    return next((name for name in item.names if name != "*" and known and not local.defines(place, name)), "")


def loaded(module: Module) -> Iterator[Import]:
    """`import_module("app.metrics")`, as if it were an import where it stands; none that may fail."""
    for piece, call, name in module.calls:
        told = text_of(call.args[0]) if len(call.args) == 1 and not call.keywords else ""
        if name == "importlib.import_module" and re.fullmatch(r"[a-z_]\w*(\.\w+)+", told):
            holders = list(module.enclosing(call))
            tried = any(isinstance(holder, ast.Try | ast.With | ast.If) for holder in holders)
            yield Import(piece, call.lineno, 0, told, (), deferred=any(map(is_function, holders)), optional=tried)


def is_deep(local: Local, first: str) -> bool:
    """Whether all of a name in the tree are folders without `__init__.py` in packages: as may be a distribution's."""
    places = local.tops[first]
    return all(local.within(folder) and local.locate(folder, (first,)).endswith("/") for folder in places)


def lost_name(local: Local, module: Module, item: Import, place: str) -> str:
    """What `from package import name` takes that is neither a module of the package nor something it defines."""
    beside = item.level and not item.module
    absent = (name for name in item.names if name != "*" and not local.defines(place, name))
    for name in absent:
        if local.submodule(place, name) or is_made(local, name):
            continue
        if beside or (PLAIN.fullmatch(name) and not local.compiles and (item.level or is_only(local, module, item))):
            return name
    return ""


def is_only(local: Local, module: Module, item: Import) -> bool:
    """Whether an absolute import can mean one package only, which is the tree's."""
    parts = tuple(item.module.split("."))
    places = [base for base in local.bases(module.path, parts[0]) if local.locate(base, parts)]
    return len(places) == 1 and parts[0] not in ON_PYPI and owns(local, module, item.module)


def siblings(module: Module, first: str) -> list[Import]:
    """Imports of the same package: one that is found in the tree says that the package is the tree's."""
    return [item for item in imports_of(module) if not item.level and item.module.startswith(f"{first}.")]


def is_made(local: Local, name: str) -> bool:
    """Whether a module may come out of a build: by its name, or hidden in a tree with code that is compiled."""
    return GENERATED.search(name) is not None or (re.search(r"(^|\.)_", name) is not None and local.compiles)


def owns(local: Local, module: Module, name: str) -> bool:
    """Whether the first part of a name can only be a package of this tree that the module reaches.

    One inside another package (`app/wandb/`), beside another project (`projects/b/`), which the tree never reaches
    (`examples/wandb/`), or whose name other distributions share is not what the import means.
    """
    first = name.partition(".")[0]
    outside = [folder for folder in local.tops[first] if not local.within(folder)]
    reached = any(
        not folder or folder == "src" or (f"{module.path}/".startswith(f"{folder}/") and first in local.reached)
        for folder in outside
    )
    return reached and all(is_alone(local, folder, name) for folder in outside)


def is_alone(local: Local, folder: str, name: str) -> bool:
    """Whether no other distribution can add the module: to a package, or to a folder of modules below a shared name."""
    parts = tuple(name.split("."))
    paths = ["/".join((folder, *parts[:length])).lstrip("/") for length in range(1, len(parts))]
    if local.is_whole("/".join((folder, parts[0])).lstrip("/")):
        return True
    known = [path for path in paths if path in local.folders]
    shared = any(f"{path}/__init__.py" in local.files and not local.is_whole(path) for path in known[1:])
    return len(known) > 1 and not shared and known[-1] in local.holding
