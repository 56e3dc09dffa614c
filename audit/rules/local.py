"""Which modules a tree holds, and which of them its imports mean. Nothing is imported: paths are compared."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import PurePosixPath
from typing import NamedTuple

from audit.rules.code import DEFINING, Module, dotted, is_function, modules, text_of
from audit.rules.names import FRAMEWORKS, ON_PYPI
from audit.rules.requirements import declared
from audit.target import Piece, Target

ENDINGS = (".py", "/__init__.py", ".pyi", "/__init__.pyi", ".pyx", ".so", ".pyd", ".c", ".cpp", ".cu", ".proto")
MAKES = re.compile(r"\bsys\.(?:modules\[(?!__name__\])[^\]]+\]\s*=(?!=)|meta_path\.)")  # other modules than itself
COMPILED = re.compile(r"(^|/)(?:CMakeLists\.txt|Cargo\.toml|meson\.build|[^/]+\.(?:pyx|pxd|c|cc|cpp|cu|rs|i))$")
FAILS = re.compile(r"suppress|raises\(|assertRaises")  # what is called with the errors that may, or should, come
GIVES_ANY = {"globals", "setattr", "vars", "exec"}  # by which a module may give itself any name
NAME = re.compile(r"[^\W\d]\w*")
IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "AttributeError", "OSError"}


class When(NamedTuple):
    """When an import happens; as the last attributes of Import."""

    deferred: bool = False
    typing: bool = False
    optional: bool = False
    main: bool = False


@dataclass(frozen=True)
class Import:
    """One `import a.b` or `from ..a import b, c`, and when it happens.

    Attributes:
        level: number of leading dots.
        names: what is taken from the module; () for a plain import.
        deferred: inside a function.
        typing: only for a type checker.
        optional: inside `try` with a handler for the case that it fails.
        main: under `if __name__ == "__main__"`.
    """

    piece: Piece
    line: int
    level: int
    module: str
    names: tuple[str, ...]
    deferred: bool = False
    typing: bool = False
    optional: bool = False
    main: bool = False


def imports_of(module: Module) -> tuple[Import, ...]:
    """All imports of a module, in the order of cells and lines."""
    known: dict[str, tuple[Import, ...]] = module.derived
    if "imports" not in known:
        found = find_imports(module)
        known["imports"] = tuple(sorted(found, key=lambda item: (item.piece.cell or 0, item.line)))
    return known["imports"]


def find_imports(module: Module) -> Iterator[Import]:
    """What `imports_of` keeps."""
    for piece in module.pieces:
        for node in piece.of(ast.Import, ast.ImportFrom):
            when = when_of(module, piece, node)
            if isinstance(node, ast.Import):
                yield from (Import(piece, node.lineno, 0, alias.name, (), *when) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                taken = tuple(alias.name for alias in node.names)
                yield Import(piece, node.lineno, node.level, node.module or "", taken, *when)


def when_of(module: Module, piece: Piece, node: ast.stmt) -> When:
    """When a statement runs, by all that holds it."""
    typed, runs = "TYPE_CHECKING" in piece.text, "__name__" in piece.text
    when = When()
    for inner, holder in reversed(list(pairwise([node, *module.enclosing(node)]))):
        if isinstance(holder, ast.Try):
            when = when._replace(optional=when.optional or any(map(catches_import_error, holder.handlers)))
        elif typed and isinstance(holder, ast.If) and "TYPE_CHECKING" in ast.unparse(holder.test):
            when = when._replace(typing=when.typing or inner in holder.body)
        else:
            when = within(holder, when, runs=runs)
    return when


def within(node: ast.AST, when: When, *, runs: bool) -> When:
    """When what a node holds is imported; `runs` where the module asks for its name."""
    if is_function(node):
        return when if when.deferred else when._replace(deferred=True)
    if isinstance(node, ast.If):
        if runs and is_main(node):
            return when._replace(main=True)
        return when if when.optional else when._replace(optional=True)  # versions, platforms, what find_spec says
    if isinstance(node, ast.With) and any(FAILS.search(ast.unparse(item.context_expr)) for item in node.items):
        return when._replace(optional=True)
    return when


def is_main(node: ast.AST) -> bool:
    """`if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and any(
        isinstance(inner, ast.Name) and inner.id == "__name__" for inner in ast.walk(node.test)
    )


def is_runnable(module: Module) -> bool:
    """Whether a module says what it does when it is run."""
    return any(is_main(node) for piece in module.pieces if piece.tree for node in piece.tree.body)


def catches_import_error(handler: ast.ExceptHandler) -> bool:
    """Whether a failing import ends in this handler."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(kind) in IMPORT_ERRORS for kind in kinds)


class Local:
    """The modules of a tree.

    Attributes:
        tops: first name of a module -> folders in which a module or package of that name lies.
    """

    def __init__(self, target: Target) -> None:
        self.files = frozenset(target.files)
        self.modules = {module.path: module for module in modules(target)}
        self.folders: set[str] = {""}
        self.declared = {item.name for item in declared(target)}
        self.known_edges: dict[str, tuple[tuple[str, Import], ...]] = {}
        self.tops: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.files):
            if path.endswith((".py", ".pyi", ".pyx", ".so")):
                place = PurePosixPath(path)
                self.add(str(place.parent), place.name.split(".")[0])
                for parent in place.parents:
                    if str(parent) != ".":
                        self.folders.add(str(parent))
                        self.add(str(parent.parent), parent.name)

    def add(self, folder: str, name: str) -> None:
        """Note a module's name."""
        folder = "" if folder == "." else folder
        if folder not in self.tops[name]:
            self.tops[name].append(folder)

    @cached_property
    def imported(self) -> set[str]:
        """First names of all absolute imports."""
        items = (item for module in self.modules.values() for item in imports_of(module) if not item.level)
        return {item.module.partition(".")[0] for item in items}

    @cached_property
    def reached(self) -> set[str]:
        """First names of absolute imports of modules inside packages that the tree has."""
        edges = (edge for module in self.modules.values() for edge in self.edges(module))
        return {item.module.partition(".")[0] for _, item in edges if not item.level and "." in item.module}

    @cached_property
    def compiles(self) -> bool:
        """Whether the tree holds code that is compiled."""
        return any(COMPILED.search(path) for path in self.files)

    @cached_property
    def makers(self) -> set[str]:
        """Folders and files that put modules of their own making into `sys.modules`."""
        texts = ((path, piece.text) for path, module in self.modules.items() for piece in module.pieces)
        return {part for path, text in texts if MAKES.search(text) for part in path.split("/")}

    @cached_property
    def holding(self) -> set[str]:
        """Folders with a Python file in them."""
        return {path.rpartition("/")[0] for path in self.files if path.endswith(".py")}

    def within(self, folder: str) -> bool:
        """Whether a folder is a package, or lies in a folder that is imported from: its modules have longer names."""
        above = folder.split("/")[:-1] if folder else []
        return f"{folder}/__init__.py".lstrip("/") in self.files or any(
            name in self.imported and name != "src" for name in (*above, folder.rpartition("/")[2])
        )

    def is_whole(self, package: str) -> bool:
        """Whether a package is all of what has its name: other distributions add nothing to it."""
        place = f"{package}/__init__.py"
        if place not in self.files:
            return False
        module = self.modules.get(place)
        return module is None or not any(
            "__path__" in piece.text or "declare_namespace" in piece.text for piece in module.pieces
        )

    def locate(self, base: str, parts: tuple[str, ...]) -> str:
        """The file of a module under a folder, `folder/` for a package without __init__, "" for none."""
        path = "/".join((*((base,) if base else ()), *parts))
        for ending in ENDINGS:
            if f"{path}{ending}" in self.files:
                return f"{path}{ending}"
        compiled = any(f.startswith(f"{path}.") and f.endswith((".so", ".pyd")) for f in self.siblings(path))
        return f"{path}/" if path in self.folders or compiled else ""

    def siblings(self, path: str) -> list[str]:
        """Compiled modules, by folder."""
        return self.compiled.get(path.rpartition("/")[0], [])

    @cached_property
    def compiled(self) -> dict[str, list[str]]:
        """Folder -> its compiled modules, whose names carry a platform."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.files:
            if path.endswith((".so", ".pyd")):
                found[path.rpartition("/")[0]].append(path)
        return found

    def bases(self, importer: str, first: str) -> list[str]:
        """Folders from which a name may be imported: those above the importer, nearest first, then any other."""
        above = [str(parent) for parent in PurePosixPath(importer).parents]
        near = ["" if folder == "." else folder for folder in above]
        if first in sys.stdlib_module_names:
            # Only a script's own folder comes before the standard library: `import html` in a package means Python's.
            own = near[0]
            script = f"{own}/__init__.py".lstrip("/") not in self.files and own in self.tops.get(first, ())
            return [own] if script else []
        # Python looks for modules beside a package, not in it: `import x` in x/x.py means the package. Inside a package
        # a name may be meant all the same, where its modules are run as scripts, and not a distribution of that name.
        inside = {folder for folder in self.tops.get(first, ()) if f"{folder}/__init__.py".lstrip("/") in self.files}
        found = [folder for folder in near if folder in self.tops.get(first, ())]
        found += [folder for folder in self.tops.get(first, ()) if folder not in near and folder not in inside]
        if first.lower().replace("_", "-") in self.declared:
            found = [folder for folder in found if folder not in inside]
        if first.lower() in FRAMEWORKS:
            found = [folder for folder in found if not self.within(folder)]
        elif first in ON_PYPI:  # in a package that is imported by its name, a module of it has a longer one
            found = [path for path in found if path not in inside or path.rpartition("/")[2] not in self.imported]
        return sorted(found, key=inside.__contains__)

    def absolute(self, importer: str, name: str) -> str:
        """The file of `import name`, wherever in the tree it may come from; "" for none."""
        parts = tuple(name.split("."))
        places = (self.locate(base, parts) for base in self.bases(importer, parts[0]))
        return next((place for place in places if place), "")

    def relative(self, importer: str, level: int, name: str) -> str | None:
        """The file of `from ..name import`; "" for none, None where the dots lead out of the tree."""
        folder = PurePosixPath(importer).parent
        for _ in range(level - 1):
            if str(folder) == ".":
                return None
            folder = folder.parent
        base = "" if str(folder) == "." else str(folder)
        if not name:
            return self.locate("", tuple(base.split("/"))) if base else None
        return self.locate(base, tuple(name.split(".")))

    def resolve(self, importer: str, item: Import) -> str | None:
        """The file of the module that an import names; "" or None for none."""
        if item.level:
            return self.relative(importer, item.level, item.module)
        return self.absolute(importer, item.module)

    def submodule(self, package: str, name: str) -> str:
        """The file of `from package import name` where name is a module; "" where it is not."""
        folder = package.rstrip("/") if package.endswith("/") else package.rpartition("/")[0]
        is_package = package.endswith(("/", "/__init__.py", "/__init__.pyi")) or package in ("__init__.py",)
        return self.locate(folder, (name,)) if is_package else ""

    def defines(self, path: str, name: str) -> bool:
        """Whether a module gives itself this name, or might (star import, __getattr__, globals())."""
        module = self.modules.get(path)
        if module is None:
            return True
        if "defined" not in module.derived:
            lost = any(piece.problem for piece in module.pieces)  # a line of it was left out, which may define anything
            module.derived["defined"] = {"*"} if lost else defined(module)
        return not module.derived["defined"].isdisjoint((name, "*", "__getattr__"))

    def gives(self, place: str, name: str) -> bool:
        """Whether a name can come from this file: not the module that is not there, nor one that protoc will write."""
        return not place.endswith("__init__.py") or (not name.endswith("_pb2") and self.defines(place, name))

    def is_of_a_package(self, path: str, item: Import) -> bool:
        """Whether an absolute import names a file as if its folder were on the path, where that is part of a package.

        `import lightning` means the distribution, not `pack/models/lightning`, where others import `pack.models`.
        """
        place, first = f"/{path.removesuffix('.py')}/", item.module.partition(".")[0]
        base = "" if item.level else place[: max(place.find(f"/{first}/"), 0)]
        return base != "" and self.within(base[1:]) and not self.imported.isdisjoint(set(base.split("/")) - {"", "src"})

    def edges(self, module: Module) -> tuple[tuple[str, Import], ...]:
        """(path, import) of the local modules that one runs when it is imported, or could run later."""
        if module.path not in self.known_edges:
            self.known_edges[module.path] = tuple(self.find_edges(module))
        return self.known_edges[module.path]

    def find_edges(self, module: Module) -> Iterator[tuple[str, Import]]:
        """What `edges` keeps."""
        for item in imports_of(module):
            place = self.resolve(module.path, item)
            if not place:
                continue
            for name in item.names or ("",):
                inner = self.submodule(place, name) if name and name != "*" else ""
                if inner and not (place in self.modules and name in assigned(self.modules[place])):
                    yield inner, item
                elif name in ("", "*") or self.gives(place, name):
                    yield place, item


def local_of(target: Target) -> Local:
    """The modules of a tree, made once."""
    if "local" not in target.derived:
        target.derived["local"] = Local(target)
    made: Local = target.derived["local"]
    return made


def defined(module: Module) -> set[str]:
    """Names that a module has after it ran; "*" where a star import brings more."""
    found = assigned(module)
    for node in module.of(ast.alias):
        found.add(node.asname or node.name.split(".")[0])
    return found


def assigned(module: Module) -> set[str]:
    """Names that a module defines itself: functions, classes, assignments; "__getattr__" for globals(), locals()[n]."""
    found = {"__getattr__" for piece in module.pieces if "sys.modules" in piece.text}
    found.update(node.name for node in module.of(*DEFINING) if isinstance(node, DEFINING))
    found.update(node.id for node in module.of(ast.Name) if isinstance(node.ctx, ast.Store))
    for item in module.of(ast.keyword):  # `@fixture(unpack_into="a, b")` of pytest-cases
        found.update(NAME.findall(text_of(item.value)) if item.arg == "unpack_into" else ())
    if any(dotted(call.func) in GIVES_ANY for _, call, _ in module.calls):
        found.add("__getattr__")
    for node in module.of(ast.Subscript):
        if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Call):
            found.update({"__getattr__"} if dotted(node.value.func) in ("locals", "vars") else ())
    return found
