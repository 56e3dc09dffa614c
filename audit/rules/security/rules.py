"""Data that becomes code: eval, pickle, YAML with tags, shell lines put together."""

import ast
import re
from collections.abc import Iterator

from audit.model import Confidence, Finding, Rule, Severity, found
from audit.rules.code import TEST_PATH, Module, dotted, is_function, is_parameter, last_name, modules, text_of
from audit.rules.family import Family, rule
from audit.rules.marked import UNSAFE_MARK, is_marked
from audit.rules.options import Entries
from audit.rules.security.handed import EVALS, handed_on, meant
from audit.rules.security.limited import is_checked_tree, is_limited, is_limited_parameter
from audit.rules.security.own import OPENERS, PICKLES, is_own, is_trusted
from audit.rules.values import bound, is_fixed, may_be_true
from audit.target import Target

EVAL = rule(
    "security.eval",
    title="eval or exec of what is not written here",
    why="Whoever chooses the text runs any code.",
    fix="Use ast.literal_eval, a table of functions, or getattr on a known object.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
PICKLE = rule(
    "security.pickle",
    title="Unpickling",
    why="A pickle runs whatever code its author put into it, before anything can be checked.",
    fix="Store JSON, NumPy arrays without objects, or safetensors.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
YAML = rule(
    "security.yaml",
    title="YAML loaded with a loader that makes objects",
    why="A tag in the file calls any Python function.",
    fix="Use yaml.safe_load.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
SHELL = rule(
    "security.shell",
    title="A shell line put together from data",
    why="A quote or a semicolon in the data starts another command.",
    fix="Give subprocess.run a list of arguments, without shell=True.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)

OBJECTS = {"yaml.unsafe_load", "yaml.unsafe_load_all"}
DEEPEST = 4  # names for a loader that are given another's
BUILDING = re.compile(r"(^|/)(_?setup\w*|conf|noxfile|versioneer)\.py$")  # they run the tree's own version.py
UNSAFE = {f"yaml.{part}{name}" for part in ("", "loader.", "cyaml.") for name in ("Loader", "UnsafeLoader", "CLoader")}
STARTERS = {"run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"}
LIBRARIES = {name.partition(".")[0] for name in (*EVALS, *PICKLES)} | {
    "numpy", "yaml", "ruamel", "os", "subprocess", "asyncio", "commands", "builtins",
}  # fmt: skip
SHELL_NAME = re.compile(r"(^|/)(ba|z|da)?sh$")
SHELLS = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell",
    "asyncio.subprocess.create_subprocess_shell",
    "commands.getoutput", "commands.getstatusoutput",
}  # fmt: skip


def find(target: Target) -> Iterator[Finding]:
    """At most one finding a call; tests may do as they like."""
    for module in modules(target):
        if TEST_PATH.search(module.path):
            continue
        for piece, call, name in module.calls:
            kind, problem = danger(module, call, name)
            if problem and not is_marked(piece, call, UNSAFE_MARK):
                yield found(kind, piece.at(call.lineno), problem, piece.line(call.lineno)[:120])
        for piece, node, name in handed_on(module):
            kind, problem = (EVAL if name in EVALS else PICKLE), f"{name}() is handed on, for whatever it is given then"
            if not is_marked(piece, node, UNSAFE_MARK):
                yield found(kind, piece.at(node.lineno), problem, piece.line(node.lineno)[:120])


def danger(module: Module, call: ast.Call, name: str) -> tuple[Rule, str]:
    """(rule, what the call does with data); "" for nothing."""
    known = name.partition(".")[0] in LIBRARIES
    if not known and not is_renamed(module, call, name):
        return EVAL, ""
    name, given = meant(module, call, name)
    if name in EVALS:
        if call.args and not is_harmless(module, call) and not is_loading(module, call):
            return EVAL, "" if defines(module, name) else f"{name}() of a value"
    elif unpickles(module, call, name, given) and not is_own(module, call) and not is_trusted(module, call):
        allowed = "allow_pickle=True" if name == "numpy.load" else ""
        return PICKLE, f"{name}({allowed}) runs code from its input"
    elif name in OBJECTS or is_unsafe_yaml(module, call, name, given):
        return YAML, f"{name}() makes any object the file asks for"
    elif is_shell(module, call, name, given) and not is_written(module, call.args[0]) and not is_release(module, call):
        return SHELL, f"{name}() gives data to a shell"
    return EVAL, ""


def is_renamed(module: Module, call: ast.Call, name: str) -> bool:
    """Whether what is called may be one of these functions by another name."""
    if isinstance(call.func, ast.Call):
        return module.full_name(call.func.func) == "getattr"
    return name in module.given or dotted(call.func) in module.kept or name in unpicklers(module)


def is_harmless(module: Module, call: ast.Call) -> bool:
    """Whether what runs is written here, chosen out of what is written here, or was looked at node by node."""
    code = call.args[0]
    return is_fixed(module, code) or is_limited(module, code) or is_checked_tree(module, call) or is_cell(module, code)


def is_cell(module: Module, code: ast.expr) -> bool:
    """Whether a command of IPython runs the cell that its user has written: `@register_cell_magic`."""
    function = next(filter(is_function, module.enclosing(code)), None)
    marks = [last_name(getattr(mark, "func", mark)) for mark in function.decorator_list] if function else []
    return isinstance(code, ast.Name) and any(name.endswith("_magic") for name in marks) and is_parameter(module, code)


def is_written(module: Module, line: ast.expr) -> bool:
    """Whether a shell line is written here: as it stands, or in each call of the script's own helper that runs it."""
    function = next(filter(is_function, module.enclosing(line)), None)
    if isinstance(line, ast.Name) and function and line.id in {part.arg for part in function.args.args}:
        untouched = all(value is None for value in bound(module, line))
        return untouched and is_limited_parameter(module, function, line.id)
    return is_fixed(module, line) or is_of_constants(module, line)


def is_of_constants(module: Module, line: ast.expr) -> bool:
    """`info_command()`, alone or in a list: what a function of the module returns, which is written there each time."""
    if isinstance(line, ast.List | ast.Tuple):
        return bool(line.elts) and all(is_fixed(module, part) or is_of_constants(module, part) for part in line.elts)
    if isinstance(line, ast.Name):
        values = list(bound(module, line))
        return bool(values) and all(isinstance(one, ast.Call) and is_of_constants(module, one) for one in values)
    if not isinstance(line, ast.Call) or not isinstance(line.func, ast.Name):
        return False
    named = [node for node in module.of(ast.FunctionDef) if getattr(node, "name", "") == last_name(line.func)]
    results = [node.value for one in named for node in ast.walk(one) if isinstance(node, ast.Return)]
    return bool(results) and all(is_fixed(module, value) for value in results)


def is_loading(module: Module, call: ast.Call) -> bool:
    """Whether the tree's own code is run: its version while it is built, its modules by a loader."""
    loads = any(is_function(holder) and holder.name == "exec_module" for holder in module.enclosing(call))
    return loads or BUILDING.search(module.path) is not None or is_of_file(module, call.args[0])


def is_of_file(module: Module, code: ast.expr) -> bool:
    """`open("configurator.py").read()`: a file of code that is named here, with no part that anybody chooses."""
    opened = [node for node in ast.walk(code) if isinstance(node, ast.Call) and module.full_name(node.func) in OPENERS]
    paths = [node.args[0] for node in opened if node.args]
    named = any(text_of(node).endswith(".py") for path in paths for node in ast.walk(path))
    return named and all(is_fixed(module, path) for path in paths)


def is_release(module: Module, call: ast.Call) -> bool:
    """Whether a shell line of setup.py is given the tree's own version."""
    return BUILDING.search(module.path) is not None and "version" in ast.unparse(call.args[0])


def defines(module: Module, name: str) -> bool:
    """Whether a module has a function or class of this name, no method."""
    parts = (node for _, node in module.statements() if is_function(node) or isinstance(node, ast.ClassDef))
    return any(node.name == name and not isinstance(module.parents.get(node), ast.ClassDef) for node in parts)


def unpickles(module: Module, call: ast.Call, name: str, given: Entries) -> bool:
    """Whether a call makes objects of a pickle; NumPy does where it is allowed to."""
    if name == "numpy.load":
        return may_be_true(module, given.get("allow_pickle") or (call.args[2] if len(call.args) > 2 else None))
    return name in PICKLES or name in unpicklers(module)


def unpicklers(module: Module) -> set[str]:
    """The module's own classes that unpickle, and refuse nothing that they are asked for; found once."""
    if "unpicklers" not in module.derived:
        classes = list(module.of(ast.ClassDef))
        own = [node for node in classes if any(module.full_name(base).endswith(".Unpickler") for base in node.bases)]
        free = {node.name for node in own if not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))}
        module.derived["unpicklers"] = free
    found: set[str] = module.derived["unpicklers"]
    return found


def is_unsafe_yaml(module: Module, call: ast.Call, name: str, given: Entries) -> bool:
    """yaml.load with another loader than a restricted one, or with none; ruamel's YAML that is told to make objects."""
    if name == "ruamel.yaml.YAML":
        return text_of(given.get("typ")) == "unsafe"
    if name.removeprefix("ruamel.") not in ("yaml.load", "yaml.load_all"):
        return False
    loader = call.args[1] if len(call.args) > 1 else given.get("Loader")
    return loader is None or makes_objects(module, loader)


def makes_objects(module: Module, loader: ast.expr, depth: int = 0) -> bool:
    """Whether a loader, or what a class or name of this module is made of, calls what a tag names."""
    if module.full_name(loader).removeprefix("ruamel.") in UNSAFE:
        return True
    if isinstance(loader, ast.Call) and module.full_name(loader.func) == "getattr" and len(loader.args) > 1:
        named = f"{module.full_name(loader.args[0])}.{text_of(loader.args[1])}" in UNSAFE
        return named or any(makes_objects(module, part, depth + 1) for part in loader.args[2:])
    if isinstance(loader, ast.IfExp | ast.BoolOp):
        parts = loader.values if isinstance(loader, ast.BoolOp) else [loader.body, loader.orelse]
        return any(makes_objects(module, part, depth + 1) for part in parts)
    name = last_name(loader)
    values = [*module.given.get(dotted(loader), ()), *module.kept.get(dotted(loader), ())] if depth < DEEPEST else []
    if any(makes_objects(module, value, depth + 1) for value in values):
        return True
    classes = [node for _, node in module.statements() if isinstance(node, ast.ClassDef) and node.name == name]
    return any(module.full_name(base).removeprefix("ruamel.") in UNSAFE for node in classes for base in node.bases)


def is_shell(module: Module, call: ast.Call, name: str, given: Entries) -> bool:
    """Whether the first argument is read by a shell."""
    package, _, function = name.rpartition(".")
    if not call.args or name in SHELLS or package != "subprocess" or function not in STARTERS:
        return name in SHELLS and bool(call.args)
    line = call.args[0].elts if isinstance(call.args[0], ast.List) else []
    composed = len(line) > 2 and isinstance(line[2], ast.JoinedStr | ast.BinOp | ast.Call)  # not a line as it came
    by_name = composed and SHELL_NAME.search(text_of(line[0])) is not None and text_of(line[1]) in ("-c", "-lc")
    return by_name or may_be_true(module, given.get("shell")) or is_kind(given.get("shell"))


def is_kind(node: ast.expr | None) -> bool:
    """`shell=isinstance(command, str)`."""
    return isinstance(node, ast.Call) and last_name(node.func) == "isinstance"


FAMILY = Family("security", "No data becomes code", (EVAL, PICKLE, YAML, SHELL), find, per_file=True)
