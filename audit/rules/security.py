"""Data that becomes code: eval, pickle, YAML with tags, shell lines put together."""

import ast
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import TEST_PATH, Module, is_constant, is_function, is_parameter, keyword, last_name, modules
from audit.rules.family import Family, rule
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
    for module in ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "pickle5")
    for name in ("load", "loads", "Unpickler")
} | {
    "pandas.read_pickle", "shelve.open", "sklearn.externals.joblib.load", "marshal.load", "marshal.loads",
    "jsonpickle.decode",
}  # fmt: skip
STARTERS = {"run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"}
SHELLS = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell",
}  # fmt: skip


def find(target: Target) -> Iterator[Finding]:
    """At most one finding a call; tests may do as they like."""
    for module in modules(target):
        if TEST_PATH.search(module.path):
            continue
        own = {node.name for _, node in module.walk() if is_function(node) or isinstance(node, ast.ClassDef)}
        for piece, call, name in module.calls:
            place, excerpt = piece.at(call.lineno), piece.line(call.lineno)[:120]
            if name in ("eval", "exec", "builtins.eval", "builtins.exec") and name not in own:
                if call.args and not is_fixed(module, call.args[0]) and not module.path.endswith("setup.py"):
                    yield found(EVAL, place, f"{name}() of a value", excerpt)
            elif name in PICKLES and not copies(module, call):
                yield found(PICKLE, place, f"{name}() runs code from its input", excerpt)
            elif name == "numpy.load" and is_constant(keyword(call, "allow_pickle"), True):
                yield found(PICKLE, place, "numpy.load(allow_pickle=True) runs code from its input", excerpt)
            elif name in ("yaml.unsafe_load", "yaml.unsafe_load_all") or is_unsafe_yaml(call, name):
                yield found(YAML, place, f"{name}() makes any object the file asks for", excerpt)
            elif is_shell(call, name) and call.args and not is_fixed(module, call.args[0]):
                yield found(SHELL, place, f"{name}() gives data to a shell", excerpt)


def is_fixed(module: Module, node: ast.expr) -> bool:
    """Whether all of a value is written in the code: a constant, a choice or sum of constants, a name for one."""
    match node:
        case ast.Constant():
            return True
        case ast.List() | ast.Tuple():
            return all(is_fixed(module, element) for element in node.elts)
        case ast.IfExp():
            return is_fixed(module, node.body) and is_fixed(module, node.orelse)
        case ast.BinOp():
            return is_fixed(module, node.left) and is_fixed(module, node.right)
        case ast.JoinedStr():
            return all(isinstance(part, ast.Constant) for part in node.values)
        case ast.Call():
            return last_name(node.func) == "compile" and bool(node.args) and is_fixed(module, node.args[0])
        case ast.Name():
            given = module.given.get(node.id, [])
            return len(given) == 1 and isinstance(given[0], ast.Constant) and not is_parameter(module, node)
        case _:
            return False


def copies(module: Module, call: ast.Call) -> bool:
    """`pickle.loads(pickle.dumps(x))`: what goes in was made here."""
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Call) and module.full_name(first.func).endswith((".dumps", "dumps"))


def is_unsafe_yaml(call: ast.Call, name: str) -> bool:
    """yaml.load with another loader than a restricted one, or with none."""
    if name not in ("yaml.load", "yaml.load_all"):
        return False
    loader = call.args[1] if len(call.args) > 1 else keyword(call, "Loader")
    if loader is None:
        return True
    return last_name(loader) in ("Loader", "UnsafeLoader", "CLoader")


def is_shell(call: ast.Call, name: str) -> bool:
    """Whether the first argument is read by a shell."""
    if name in SHELLS:
        return True
    module, _, function = name.rpartition(".")
    return module == "subprocess" and function in STARTERS and is_constant(keyword(call, "shell"), True)


FAMILY = Family("security", "No data becomes code", (EVAL, PICKLE, YAML, SHELL), find, per_file=True)
