"""Data that becomes code: eval, pickle, YAML with tags, shell lines put together."""

import ast
import re
from collections.abc import Iterator, Sequence

from audit.model import Confidence, Finding, Rule, Severity, found
from audit.rules.code import TEST_PATH, Module, dotted, is_constant, is_function, keyword, last_name, modules, text_of
from audit.rules.family import Family, rule
from audit.rules.marked import UNSAFE_MARK, is_marked
from audit.rules.security.limited import is_checked_tree, is_limited, is_limited_parameter
from audit.rules.values import bound, defaults, is_fixed, may_be_true
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

PICKLES = {
    f"{module}.{name}"
    for module in ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "pickle5", "six.moves.cPickle")
    for name in ("load", "loads", "Unpickler")
} | {
    "pandas.read_pickle", "shelve.open", "sklearn.externals.joblib.load", "marshal.load", "marshal.loads",
    "jsonpickle.decode", "dill.load_session", "dill.load_module",
}  # fmt: skip
EVALS = ("eval", "exec", "builtins.eval", "builtins.exec")
HANDED = re.compile(r"eval\s*[,)]")
OPENERS = ("open", "io.open", "gzip.open", "bz2.open", "lzma.open", "builtins.open")
DUMPS = {name.removesuffix(".loads") + ".dumps" for name in PICKLES if name.endswith(".loads")}
OF_TENSOR = re.compile(r"\b(tobytes|tolist|bytes|bytearray|memoryview)\(")
COLLECTIVE = re.compile(
    r"(distributed\w*|dist|hvd|torch)\.(all_gather|all_reduce|broadcast|gather|scatter|reduce|i?send)"
)
RANKED = re.compile(r"\{[^{}]*\brank\b[^{}]*\}")
WRITERS = {f"{name.rpartition('.')[0]}.dump": 1 for name in PICKLES} | {"numpy.save": 0}  # which argument the file is
BUILDING = re.compile(r"(^|/)(_?setup\w*|conf|noxfile|versioneer)\.py$")  # they run the tree's own version.py
UNSAFE = {f"yaml.{part}{name}" for part in ("", "loader.", "cyaml.") for name in ("Loader", "UnsafeLoader", "CLoader")}
STARTERS = {"run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"}
LIBRARIES = {name.partition(".")[0] for name in (*EVALS, *PICKLES)} | {
    "numpy", "yaml", "ruamel", "os", "subprocess", "asyncio", "commands",
}  # fmt: skip
TRUST = re.compile(r"(?<!un)(?<!dis)trust|unsafe|dangerous|insecure|allow_pickle", re.I)
REFUSAL = re.compile(f"^not .*({TRUST.pattern})", re.I)
SHELL_NAME = re.compile(r"(^|/)(ba|z|da)?sh$")
SHELLS = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell",
    "commands.getoutput", "commands.getstatusoutput",
}  # fmt: skip


def find(target: Target) -> Iterator[Finding]:
    """At most one finding a call; tests may do as they like."""
    for module in modules(target):
        if TEST_PATH.search(module.path):
            continue
        hands_on = any(HANDED.search(piece.text) for piece in module.pieces if "eval" in piece.text)
        for piece, call, name in module.calls:
            kind, problem = danger(module, call, name)
            if hands_on and not problem:
                kind, problem = EVAL, handed_on(module, call, name)
            if problem and not is_marked(piece, call, UNSAFE_MARK):
                yield found(kind, piece.at(call.lineno), problem, piece.line(call.lineno)[:120])


def danger(module: Module, call: ast.Call, name: str) -> tuple[Rule, str]:
    """(rule, what the call does with data); "" for nothing."""
    if name.partition(".")[0] not in LIBRARIES:
        return EVAL, ""
    if name in EVALS:
        if call.args and not is_harmless(module, call) and not is_loading(module, call):
            return EVAL, "" if defines(module, name) else f"{name}() of a value"
    elif unpickles(module, call, name) and not is_own(module, call) and not is_trusted(module, call):
        allowed = "allow_pickle=True" if name == "numpy.load" else ""
        return PICKLE, f"{name}({allowed}) runs code from its input"
    elif name in ("yaml.unsafe_load", "yaml.unsafe_load_all") or is_unsafe_yaml(module, call, name):
        return YAML, f"{name}() makes any object the file asks for"
    elif is_shell(module, call, name) and not is_written(module, call.args[0]) and not is_release(module, call):
        return SHELL, f"{name}() gives data to a shell"
    return EVAL, ""


def is_harmless(module: Module, call: ast.Call) -> bool:
    """Whether what runs is written here, chosen out of what is written here, or was looked at node by node."""
    code = call.args[0]
    return is_fixed(module, code) or is_limited(module, code) or is_checked_tree(module, call)


def is_written(module: Module, line: ast.expr) -> bool:
    """Whether a shell line is written here: as it stands, or in each call of the script's own helper that runs it."""
    function = next(filter(is_function, module.enclosing(line)), None)
    if isinstance(line, ast.Name) and function and line.id in {part.arg for part in function.args.args}:
        untouched = all(value is None for value in bound(module, line))
        return untouched and is_limited_parameter(module, function, line.id)
    return is_fixed(module, line)


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


def handed_on(module: Module, call: ast.Call, name: str) -> str:
    """What is wrong where `eval` is handed on: `column.apply(eval)`, `add_argument(type=eval)`; "" for nothing."""
    for node in (*call.args, *(item.value for item in call.keywords)):
        if isinstance(node, ast.Name) and node.id == "eval" and not list(bound(module, node)):
            return f"eval is called with whatever {name.lstrip('.') or 'this call'}() gives it"
    return ""


def defines(module: Module, name: str) -> bool:
    """Whether a module has a function or class of this name, no method."""
    parts = (node for _, node in module.statements() if is_function(node) or isinstance(node, ast.ClassDef))
    return any(node.name == name and not isinstance(module.parents.get(node), ast.ClassDef) for node in parts)


def unpickles(module: Module, call: ast.Call, name: str) -> bool:
    """Whether a call makes objects of a pickle; NumPy does where it is allowed to."""
    if name == "numpy.load":
        return may_be_true(module, keyword(call, "allow_pickle") or (call.args[2] if len(call.args) > 2 else None))
    return name in PICKLES


def is_own(module: Module, call: ast.Call) -> bool:
    """Whether what is unpickled was pickled by the same function: a copy, or a cache that it fills when it is empty.

    What `__setstate__` is given comes from another pickle, which has run by then.
    """
    if any(is_function(holder) and holder.name == "__setstate__" for holder in module.enclosing(call)):
        return True
    file = call.args[0] if call.args else keyword(call, "filename")
    values: Sequence[ast.expr | None] = list(bound(module, file)) if isinstance(file, ast.Name) else [file]
    if isinstance(file, ast.Attribute):  # what another method has kept
        values = module.kept.get(dotted(file), [])
    if values and all(isinstance(value, ast.Call) and last_name(value.func) == "dumps" for value in values):
        return True
    path = path_of(module, file, module.scope(call))
    made = written(module, module.scope(call))
    return path in made or is_of_group(module, call) or is_part(module, call, path, made)


def is_of_group(module: Module, call: ast.Call) -> bool:
    """Whether bytes of a tensor are unpickled in a module that sends what it pickles among its program's own ranks."""
    values = [call.args[0]] if call.args else []
    values += [value for name in values if isinstance(name, ast.Name) for value in bound(module, name) if value]
    if not any(OF_TENSOR.search(ast.unparse(value)) for value in values):
        return False
    named = {name for _, _, name in module.calls}
    return not named.isdisjoint(DUMPS) and any(COLLECTIVE.search(name) for name in named)


def is_part(module: Module, call: ast.Call, path: str, made: set[str]) -> bool:
    """Whether a loop over the ranks unpickles what the same function pickled for its own: `part_{rank}.pkl`."""
    loops = (
        holder
        for holder in module.enclosing(call)
        if isinstance(holder, ast.For) and "range(" in ast.unparse(holder.iter)
    )
    parts = {RANKED.sub("{}", one) for one in made if RANKED.search(one)}
    return any(path.replace(f"{{{ast.unparse(loop.target)}}}", "{}") in parts for loop in loops)


def is_trusted(module: Module, call: ast.Call) -> bool:
    """Whether it is read only if the caller says that it trusts the file: `if trusted:`, or a refusal before."""
    function = None
    place: ast.AST = call
    for holder in module.enclosing(call):
        if isinstance(holder, ast.If) and place in holder.body and is_consent(module, holder.test):
            return True
        if is_function(holder):
            function = holder
            break
        place = holder
    before = [line for line in function.body if line.lineno < call.lineno] if function else []
    asked = [line for line in before if isinstance(line, ast.If) and REFUSAL.search(ast.unparse(line.test))]
    return any(isinstance(inner, ast.Raise) for line in asked for inner in line.body)


def is_consent(module: Module, test: ast.expr) -> bool:
    """Whether a condition is a switch by which a caller says that it trusts what it gives, off by default."""
    if not isinstance(test, ast.Name) or not TRUST.search(test.id):
        return False
    return any(is_constant(value, False) for value in defaults(module, test))


def path_of(module: Module, file: ast.expr | None, scope: ast.AST) -> str:
    """The path of an open file, as it is written in the code; that of a path is itself; "" for none."""
    if isinstance(file, ast.Name):
        opened = list(openings(module, file, scope))
        return path_of(module, opened[0], scope) if len(opened) == 1 else ast.unparse(file)
    if isinstance(file, ast.Call):
        if module.full_name(file.func) in OPENERS and file.args:
            return ast.unparse(written_out(module, file.args[0]))
        if isinstance(file.func, ast.Attribute) and file.func.attr == "open":
            return ast.unparse(file.func.value)
    return ast.unparse(file) if file else ""


def written_out(module: Module, path: ast.expr) -> ast.expr:
    """What a name for a path was given in one place; any other path is itself."""
    values = list(bound(module, path)) if isinstance(path, ast.Name) else []
    return values[0] if len(values) == 1 and values[0] is not None else path


def openings(module: Module, file: ast.Name, scope: ast.AST) -> Iterator[ast.Call]:
    """What opened a file: the `with` around its use, or what its name was given."""
    holders = list(module.enclosing(file))
    for node in ast.walk(scope):
        if isinstance(node, ast.With) and node in holders:
            yield from (
                item.context_expr
                for item in node.items
                if isinstance(item.context_expr, ast.Call) and item.optional_vars and is_name(item.optional_vars, file)
            )
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and is_name(node.targets[0], file):
            yield node.value


def is_name(node: ast.expr, name: ast.Name) -> bool:
    """Whether a node is the same name."""
    return isinstance(node, ast.Name) and node.id == name.id


def written(module: Module, scope: ast.AST) -> set[str]:
    """The paths, as they are written in the code, to which a function pickles."""
    paths = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Call):
            name = module.full_name(node.func)
            if name in WRITERS and len(node.args) > WRITERS[name]:
                paths.add(path_of(module, node.args[WRITERS[name]], scope))
            elif last_name(node.func) == "to_pickle" and node.args:
                paths.add(ast.unparse(node.args[0]))
    return paths


def is_unsafe_yaml(module: Module, call: ast.Call, name: str) -> bool:
    """yaml.load with another loader than a restricted one, or with none; ruamel's YAML that is told to make objects."""
    if name == "ruamel.yaml.YAML":
        return text_of(keyword(call, "typ")) == "unsafe"
    if name.removeprefix("ruamel.") not in ("yaml.load", "yaml.load_all"):
        return False
    loader = call.args[1] if len(call.args) > 1 else keyword(call, "Loader")
    return loader is None or makes_objects(module, loader)


def makes_objects(module: Module, loader: ast.expr) -> bool:
    """Whether a loader, or what a class of this module is made of, calls what a tag names."""
    if module.full_name(loader).removeprefix("ruamel.") in UNSAFE:
        return True
    name = last_name(loader)
    classes = [node for _, node in module.statements() if isinstance(node, ast.ClassDef) and node.name == name]
    return any(module.full_name(base).removeprefix("ruamel.") in UNSAFE for node in classes for base in node.bases)


def is_shell(module: Module, call: ast.Call, name: str) -> bool:
    """Whether the first argument is read by a shell."""
    package, _, function = name.rpartition(".")
    if not call.args or name in SHELLS or package != "subprocess" or function not in STARTERS:
        return name in SHELLS and bool(call.args)
    line = call.args[0].elts if isinstance(call.args[0], ast.List) else []
    composed = len(line) > 2 and isinstance(line[2], ast.JoinedStr | ast.BinOp | ast.Call)  # not a line as it came
    by_name = composed and SHELL_NAME.search(text_of(line[0])) is not None and text_of(line[1]) in ("-c", "-lc")
    return by_name or may_be_true(module, keyword(call, "shell"))


FAMILY = Family("security", "No data becomes code", (EVAL, PICKLE, YAML, SHELL), find, per_file=True)
