"""Imports that look unused and are not: what others take from the module, what is imported for its effect."""

import ast
import re
from collections import defaultdict
from functools import cached_property

from audit.rules.code import TEST_PATH, Module, dotted, is_function, is_text, last_name, text_of
from audit.rules.imports.meant import is_meant
from audit.rules.local import Import, Local, imports_of
from audit.target import Piece, Target

# Modules of distributions that do something when they are imported.
EFFECTS = re.compile(
    r"(?:this|antigravity|mpl_toolkits\.mplot3d(?:\.\w+)?|readline|rlcompleter|scienceplots|tensorflow_text"
    r"|intel_extension_for_\w+|torch_xla|pycuda\.autoinit|comet_ml|unsloth|ale_py|d4rl|procgen|minigrid|gym_minigrid"
    r"|pybullet_envs|pybulletgym|highway_env|panda_gym|pillow_avif|pyximport|win_unicode_console|(?:gym|gymnasium)_\w+"
    r"|(?:qtpy|PyQt\d|PySide\d)\.QtWebEngineWidgets)"
)
# Magics that run the Python they are given, and what others take over from Python: `{name}`, `$name`.
IN_MAGIC = r"^[^#\n]*%{{1,2}}(?:timeit|time|[ml]?prun|memit)\b.*\b{0}\b|^\s*[%!].*(?:\{{[^}}\n]*\b|\$){0}\b"
# Whatever has a name here; whatever of this tree has the name that a text says.
TAKES_ALL = re.compile(
    r"\b(?:globals|vars)\(\)\.(?:copy|items|values|keys)\b|\bglobals\(\)\s*(?:$|\)|,(?!\s*locals\(\),))"
    r"|\bin (?:dir|vars|locals)\(\)",
    re.M,
)
TAKES_NAMED = re.compile(
    r"\b(?:globals|vars|locals)\(\)(?:\[|\.get\()(?!['\"])|\bsys\.modules\[__name__\]|\bimport_module\(__name__\)"
    r"|\bFire\(\s*(?:(?:name|command)\s*=[^()]*)?\)|(?<![\w.])(?<!def )eval\((?!['\")])"
)
FETCHED = re.compile(r"\bgetattr\(\s*sys\.modules\[__name__\],\s*(?!['\"])")  # by names that only a run knows
# What a text that eval is given begins with, `loss_` in eval("loss_%s()" % kind).
BUILT = re.compile(r"(?<![\w.])eval\((['\"])([A-Za-z]\w*)[^'\"\n]*\1\s*(?:%|\+|\.format\()")
COMPATIBLE = re.compile(r"(^|/)_?(py\w*_?)?compat(ibility)?\w*\.py$")  # what others are to take from there
YAML = re.compile(r"ya?ml$")
TAGGED = re.compile(r"![\w/]+[: ](?:[\w.]+\.)?(\w+\.\w+)")
FRONT = 8  # unused names of a module that is a front of others
NAMED_FOR_IMPORTS = re.compile(r"test_(?:\w+_)?(?:re)?(?:imports?|importable)(?:_|$)")
DOCTEST = re.compile(r"\s*(?:>>>|\.\.\.) ")
REGISTERS = re.compile(r"@[\w.]*register|\bregister\(")


def looks(text: str) -> bool:
    """Whether a text may look up names: it holds a word of the two patterns above."""
    return any(word in text for word in ("s()", "dir()", "__name__", "eval(", "Fire("))


def bound(line: str, source: str) -> str:
    """The name that a line with `import source` gives it: `np` for `import numpy as np`, else the last part."""
    last = source.rpartition(".")[2]
    renamed = re.search(rf"\b{re.escape(last)}\s+as\s+(\w+)", line)
    return renamed.group(1) if renamed else last


def uses(text: str, name: str) -> bool:
    """Whether a text is Python that uses a name; one word alone only where it may be a class."""
    if len(text) > 500 or name not in text or (text == name and not name[:1].isupper() and name[:1] != "_"):
        return False
    code = rf"(?<![\w./-]){re.escape(name)}(?:\.\w+[\[\](),|]|[\[\](])|[|\[,] ?{re.escape(name)}\b"
    if text != name and not re.search(code, text):
        return False
    try:
        tree = ast.parse(text.strip())
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def only_imports(module: Module) -> bool:
    """Whether a module only takes names from others, `from a import b`: it is there to hand them on."""
    statements = [node for piece in module.pieces for node in (piece.tree.body if piece.tree else ())]
    return all(
        isinstance(node, ast.ImportFrom)
        or (isinstance(node, ast.Expr) and is_text(node))
        or (isinstance(node, ast.Assign) and dotted(node.targets[0]).startswith("__"))
        for node in statements
    )


def changes_others(module: Module) -> bool:
    """Whether a module changes what is not its own when it is imported: `sys.path`, attributes of other modules."""
    for piece in module.pieces:
        for node in piece.tree.body if piece.tree else ():
            targets = node.targets if isinstance(node, ast.Assign) else ()
            if any(dotted(target).partition(".")[0] in module.origins for target in targets if "." in dotted(target)):
                return True
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and "sys.path" in piece.text:
                return True
    return False


def only_acts(module: Module) -> bool:
    """Whether a module defines nothing but plain values, and calls something: `logger.setLevel(DEBUG)`."""
    statements = [node for piece in module.pieces for node in (piece.tree.body if piece.tree else ())]
    calls = [node for node in statements if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    plain = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr)
    script = module.path.endswith(".py") and not module.path.endswith("__init__.py")
    return script and bool(calls) and all(isinstance(node, plain) for node in statements)


def starts_itself(module: Module) -> bool:
    """Whether a module calls a function of its own when it is imported, `qInitResources()`: it is loaded for that."""
    lines = [line for piece in module.pieces if piece.tree for line in piece.tree.body]
    own = {line.name for line in lines if is_function(line)}
    calls = (line.value for line in lines if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call))
    return any(isinstance(call.func, ast.Name) and call.func.id in own for call in calls)


def tried(module: Module) -> set[tuple[int | None, int]]:
    """(cell, line) of imports that are all that a function does; in a test also a `with`, or what it is named for."""
    lines: set[tuple[int | None, int]] = set()
    tests = TEST_PATH.search(module.path) is not None
    for piece, node in module.statements():
        if is_function(node) or (tests and isinstance(node, ast.With)):
            done = [part for part in node.body if not (isinstance(part, ast.Pass | ast.Assert) or is_text(part))]
            named = tests and is_function(node) and NAMED_FOR_IMPORTS.match(node.name)
            if named or (done and all(isinstance(part, ast.Import | ast.ImportFrom) for part in done)):
                lines.update((piece.cell, line) for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def registers(module: Module, piece: Piece, line: int, source: str) -> bool:
    """Whether a function imports what registers itself and then asks for it by name: `import robots`, `make(name)`."""
    if not re.match(rf"\s*import {re.escape(source)}\s*(#|$)", piece.line(line)):
        return False
    scopes = (module.scope(call) for at, call, _ in module.calls if at is piece and last_name(call.func) == "make")
    return any(is_function(scope) and scope.lineno < line <= (scope.end_lineno or 0) for scope in scopes)


def loads_part(module: Module, piece: Piece, line: int, source: str) -> bool:
    """Whether `import a.b` loads what is used under another name of `a`: `other.b` after `import a as other`."""
    first, _, rest = source.partition(".")
    if not rest or not piece.line(line).lstrip().startswith("import "):
        return False
    named = [name for name, origin in module.origins.items() if origin == first and name != first]
    for name, values in module.given.items():
        calls = (value for value in values if isinstance(value, ast.Call) and value.args)
        if any(text_of(call.args[0]) == first for call in calls):
            named.append(name)
    used = re.compile(rf"(?<![\w.])(?:{'|'.join(named)})\.{re.escape(rest)}\b") if named else None
    return used is not None and any(used.search(part.text) for part in module.pieces)


class Uses:
    """Which names of a module are used, although it does not use them itself."""

    def __init__(self, local: Local, target: Target) -> None:
        self.local = local
        self.target = target

    @cached_property
    def tagged(self) -> set[str]:
        """`utils.score` of `metric: !function utils.score` in a YAML file: module and name, by their last two parts."""
        pieces = (piece for piece in self.target.pieces if YAML.search(piece.path) and "!" in piece.text)
        return {name for piece in pieces for name in TAGGED.findall(piece.text)}

    @cached_property
    def importers(self) -> dict[str, list[tuple[Module, Import]]]:
        """Path of a module -> who imports it, or from it."""
        found: dict[str, list[tuple[Module, Import]]] = defaultdict(list)
        for module in self.local.modules.values():
            for path, item in self.local.edges(module):
                if path != module.path:
                    found[path].append((module, item))
        return found

    def spares(self, piece: Piece, line: int, source: str) -> bool:
        """Whether an import of a piece is for others, or for its effect. `source` is `a.b`, whatever it is called."""
        name = bound(piece.line(line), source)
        if EFFECTS.fullmatch(source) or is_meant(piece, line):
            return True
        module = self.local.modules.get(piece.path)
        if module is None:
            return False
        if "tried" not in module.derived:
            module.derived["tried"] = tried(module)
        if (piece.cell, line) in module.derived["tried"]:
            return True
        if "takes_all" not in module.derived:
            module.derived["takes_all"] = any(TAKES_ALL.search(part.text) for part in module.pieces if looks(part.text))
        if module.derived["takes_all"] or self.is_named_in_text(module, name):
            return True
        if loads_part(module, piece, line, source) or registers(module, piece, line, source):
            return True
        if piece.cell is not None:
            used = re.compile(IN_MAGIC.format(re.escape(name)), re.MULTILINE)
            return any(used.search(cell.text) for cell in module.pieces if "%" in cell.text or "!" in cell.text)
        if f"{piece.path.removesuffix('.py').rpartition('/')[2]}.{name}" in self.tagged:
            return True
        return self.taken(piece.path, name) or self.acts(module, source) or self.is_fixture(module, name)

    def is_named_in_text(self, module: Module, name: str) -> bool:
        """Whether a text that is code uses the name: an annotation, what exec is given, a doctest; or may name it."""
        if "takes" not in module.derived:
            module.derived["takes"] = any(
                TAKES_NAMED.search(piece.text) for piece in module.pieces if looks(piece.text)
            )
        if module.derived["takes"] and self.is_local(module, name):
            return True
        if "fetches" not in module.derived:
            module.derived["fetches"] = any(FETCHED.search(piece.text) for piece in module.pieces)
        if module.derived["fetches"] and any(name in item.names for item in imports_of(module)):
            return True
        if "built" not in module.derived:
            texts = [piece.text for piece in module.pieces if "eval(" in piece.text]
            module.derived["built"] = tuple(match[2] for text in texts for match in BUILT.finditer(text))
        if name.startswith(module.derived["built"]) and self.is_local(module, name):
            return True
        for piece in module.pieces:
            if ">>> " in piece.text:
                lines = [line for line in piece.lines if DOCTEST.match(line) and re.search(rf"\b{name}\b", line)]
                if lines and not any(" import " in line for line in lines):
                    return True
        if all(piece.text.count(name) < 2 for piece in module.pieces):
            return False
        typed = [piece.text for piece in module.pieces if "# type: " in piece.text]
        if any(re.search(rf"# type: [^#\n]*\b{re.escape(name)}\b", text) for text in typed):
            return True
        if "texts" not in module.derived:
            values = (node.value for node in module.of(ast.Constant))
            module.derived["texts"] = {value for value in values if isinstance(value, str)}
        return any(name in text and uses(text, name) for text in module.derived["texts"])

    def is_local(self, module: Module, name: str) -> bool:
        """Whether a name comes from a module of this tree."""
        return any(name in item.names and self.local.resolve(module.path, item) for item in imports_of(module))

    def is_front(self, path: str, unused: int) -> bool:
        """Whether a module that others import whole hardly uses the names it imports: those are for them."""
        module = self.local.modules.get(path)
        stem = path.removesuffix(".py").rpartition("/")[2]
        whole = any(not {"*", stem}.isdisjoint(item.names or (stem,)) for _, item in self.importers.get(path, ()))
        if module is None or only_imports(module) or COMPATIBLE.search(path):
            return module is not None and not module.is_notebook
        if unused < FRONT or not whole:
            return False
        return 4 * unused >= 3 * sum(max(1, len(item.names)) for item in imports_of(module))

    def taken(self, path: str, name: str) -> bool:
        """Whether another module takes the name from this one: by name, by a star, or as an attribute."""
        attribute = f"{path.removesuffix('.py').removesuffix('/__init__').rpartition('/')[2]}.{name}"
        for module, item in self.importers.get(path, ()):
            if name in item.names:
                return True
            star = "*" in item.names and name not in module.origins
            wanted = name if star else attribute
            texts = (piece.text for piece in module.pieces if wanted in piece.text)
            if any(re.search(rf"(?<![\w./'\"]){re.escape(wanted)}\b", text) for text in texts):
                return True
        return False

    def acts(self, module: Module, source: str) -> bool:
        """Whether the import is of a whole module of this tree that does something, or of a name registered there."""
        last = source.rpartition(".")[2]
        registered = re.compile(rf"^@[\w.]*register.*\n(?:@.*\n)*(?:class|def) {re.escape(last)}\b", re.M | re.I)
        for item in imports_of(module):
            whole = item.module == source if not item.names else last in item.names
            place = (self.local.resolve(module.path, item) or "") if whole else ""
            inner = self.local.submodule(place, last) if place and item.names else place
            target = self.local.modules.get(inner)
            if target and (only_acts(target) or starts_itself(target)):
                return True
            if target and (changes_others(target) or any(map(self.registers, self.together(target)))):
                return True
            origin = self.local.modules.get(place)
            texts = [piece.text for piece in origin.pieces] if item.names and origin else []
            if any(f" {last}" in text and registered.search(text) for text in texts):
                return True
        return False

    @staticmethod
    def registers(module: Module) -> bool:
        """Whether a module registers something."""
        return any(REGISTERS.search(piece.text) for piece in module.pieces)

    def together(self, module: Module) -> list[Module]:
        """A module, and where it is a package those that it imports with it."""
        edges = self.local.edges(module) if module.path.endswith("__init__.py") else ()
        return [module, *(self.local.modules[path] for path, _ in edges if path in self.local.modules)]

    def is_fixture(self, module: Module, name: str) -> bool:
        """Whether a test takes the name as a parameter, or conftest.py hands it on: pytest finds fixtures by name."""
        if not TEST_PATH.search(module.path):
            return False
        if module.path.endswith("conftest.py"):
            return self.is_local(module, name)
        return any(
            argument.arg == name
            for _, node in module.statements()
            if is_function(node)
            for argument in (*node.args.args, *node.args.kwonlyargs)
        )
