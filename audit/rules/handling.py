"""Errors that are swallowed, files taken for granted, a GPU taken for granted."""

import ast
import re
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import (
    TEACHING_PATH,
    TEST_PATH,
    Module,
    dotted,
    has_unpacked_keywords,
    is_constant,
    is_function,
    is_parameter,
    keyword,
    last_name,
    modules,
    text_of,
)
from audit.rules.family import Family, rule
from audit.target import Piece, Target, held

SWALLOW = rule(
    "handling.swallow",
    title="Every error caught and dropped",
    why="Typing errors, full disks and broken data vanish; the run goes on with something missing.",
    fix="Catch the one exception that is expected, or log it and raise.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
UNCHECKED = rule(
    "handling.unchecked",
    title="A fixed file is read with no check that it is there",
    why="On any machine where the file lies elsewhere the program stops with a traceback, or works with None.",
    fix="Take the path from an argument; check it before use and say what is expected there.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)
MAP_LOCATION = rule(
    "handling.map-location",
    title="torch.load without map_location",
    why="A checkpoint written on a GPU cannot be loaded on a machine without one, or lands on the wrong GPU.",
    fix='Say where it goes: torch.load(path, map_location="cpu"), then .to(device).',
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
UNSAFE_LOAD = rule(
    "handling.unsafe-load",
    title="torch.load that unpickles anything",
    why="With weights_only=False a checkpoint runs whatever code its author put into it.",
    fix="Use weights_only=True, or safetensors.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
CUDA = rule(
    "handling.cuda",
    title="A GPU without asking for one",
    why="On a machine without CUDA the program stops here.",
    fix='device = "cuda" if torch.cuda.is_available() else "cpu", then .to(device).',
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

BROAD = {"Exception", "BaseException"}
ASKS = re.compile(r"cuda|gpu|device|is_available|distributed|accelerat", re.I)
EXISTS = {"exists", "is_file", "isfile", "is_dir", "isdir", "access", "stat", "glob", "rglob", "listdir", "iterdir"}
READERS = {
    "torch.load", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "open", "PIL.Image.open", "h5py.File",
    "joblib.load", "scipy.io.loadmat", "tensorflow.keras.models.load_model", "keras.models.load_model",
    "safetensors.torch.load_file",
    *(f"pandas.read_{kind}" for kind in ("csv", "excel", "json", "parquet", "pickle", "table", "feather", "hdf")),
}  # fmt: skip
PATH_READERS = {"read_text", "read_bytes", "open"}  # of pathlib.Path
PICTURE_USES = {"cvtColor", "resize", "flip", "imwrite", "GaussianBlur"}  # they fail on None
MAKING = re.compile(r"(^|/)(setup|conf|versioneer|noxfile|tasks|fabfile)\.py$")


def find(target: Target) -> Iterator[Finding]:
    """All rules, module by module; tests may do as they like."""
    for module in modules(target):
        if TEST_PATH.search(module.path):
            continue
        yield from swallowed(module)
        for piece, call, name in module.calls:
            line = call.lineno
            if name == "torch.load":
                yield from checkpoint(piece, call)
            if is_fixed_read(module, call, name):
                yield found(UNCHECKED, piece.at(line), f"{name}() of a fixed path, unchecked", piece.line(line)[:120])
            if asks_for_gpu(call, name) and not is_guarded(module, call):
                yield found(CUDA, piece.at(line), "needs CUDA whatever the machine has", piece.line(line)[:120])
        yield from pictures(module)


def swallowed(module: Module) -> Iterator[Finding]:
    """`except:` or `except Exception:` that does nothing, and suppress(Exception)."""
    for piece, node in module.walk():
        if isinstance(node, ast.Try) and not all(isinstance(line, ast.Import | ast.ImportFrom) for line in node.body):
            for handler in node.handlers:
                if is_broad(handler.type) and all(is_nothing(line) for line in handler.body):
                    what = "except:" if handler.type is None else f"except {ast.unparse(handler.type)}:"
                    message = f"`{what}` drops every error"
                    yield found(SWALLOW, piece.at(handler.lineno), message, piece.line(handler.lineno)[:120])
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and last_name(call.func) == "suppress" and any(map(is_broad, call.args)):
                    message = "`suppress` drops every error"
                    yield found(SWALLOW, piece.at(node.lineno), message, piece.line(node.lineno)[:120])


def is_broad(kind: ast.expr | None) -> bool:
    """Bare, Exception or BaseException, alone or in a tuple."""
    if isinstance(kind, ast.Tuple):
        return any(is_broad(item) for item in kind.elts)
    return kind is None or dotted(kind).removeprefix("builtins.") in BROAD


def is_nothing(statement: ast.stmt) -> bool:
    """`pass`, `continue`, `...`, a string, or a return of nothing."""
    if isinstance(statement, ast.Return):
        return statement.value is None or is_constant(statement.value, None)
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass | ast.Continue)


def checkpoint(piece: Piece, call: ast.Call) -> Iterator[Finding]:
    """What is wrong with one torch.load."""
    place, excerpt = piece.at(call.lineno), piece.line(call.lineno)[:120]
    if len(call.args) < 2 and keyword(call, "map_location") is None and not has_unpacked_keywords(call):
        yield found(MAP_LOCATION, place, "the checkpoint goes where it was saved", excerpt)
    if is_constant(keyword(call, "weights_only"), False):
        yield found(UNSAFE_LOAD, place, "weights_only=False runs code from the file", excerpt)


def is_fixed_read(module: Module, call: ast.Call, name: str) -> bool:
    """A reader of a path written into the code, with neither `try` around it nor a question before it."""
    if MAKING.search(module.path) or TEACHING_PATH.search(module.path):
        return False
    path = path_read(module, call, name)
    if not path or "://" in path or path.startswith(("/proc", "/dev", "/sys")):
        return False
    if any(isinstance(holder, ast.Try) for holder in module.enclosing(call)):
        return False
    scope = module.scope(call)
    asked = {
        last_name(other.func)
        for _, other, _ in module.calls
        if module.scope(other) is scope
    }
    return not asked & EXISTS and not is_written(module, path)


def path_read(module: Module, call: ast.Call, name: str) -> str:
    """The path that a call reads, where the code fixes it; "" for what reads nothing or is told where."""
    if name in READERS and call.args:
        reads = not opens_for_writing(call) if name in ("open", "h5py.File") else True
        return fixed_path(module, call.args[0]) if reads else ""
    maker = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in PATH_READERS else None
    if isinstance(maker, ast.Call):
        writes = call.args and text_of(call.args[0]).startswith(("w", "a", "x"))
        if module.full_name(maker.func) == "pathlib.Path" and len(maker.args) == 1 and not writes:
            return fixed_path(module, maker.args[0])
    return ""


def fixed_path(module: Module, node: ast.expr, depth: int = 0) -> str:
    """A path made of constants: a string, a name that is given one once, os.path.join of such; "" for any other."""
    if text_of(node):
        return text_of(node)
    if isinstance(node, ast.Name) and depth < 3 and not is_parameter(module, node):
        given = module.given.get(node.id, [])
        return fixed_path(module, given[0], depth + 1) if len(given) == 1 else ""
    if isinstance(node, ast.Call) and node.args and module.full_name(node.func) in ("os.path.join", "pathlib.Path"):
        parts = [fixed_path(module, part, depth) for part in node.args]
        return "/".join(parts) if all(parts) else ""
    return ""


def opens_for_writing(call: ast.Call) -> bool:
    """Whether the mode of an open() makes the file."""
    return text_of(call.args[1] if len(call.args) > 1 else keyword(call, "mode")).startswith(("w", "a", "x"))


def is_written(module: Module, path: str) -> bool:
    """Whether the module itself makes the file: a call with the same path that is no reader."""
    for _, call, name in module.calls:
        if name not in READERS or (name == "open" and opens_for_writing(call)):
            values = (*call.args, *(item.value for item in call.keywords))
            if name not in ("os.path.join", "pathlib.Path") and path in (fixed_path(module, value) for value in values):
                return True
    return False


def asks_for_gpu(call: ast.Call, name: str) -> bool:
    """`x.cuda()`, `x.to("cuda")`, `torch.device("cuda")`, `torch.zeros(3, device="cuda")`."""
    if name.startswith("torch.") and not name.startswith("torch.cuda"):
        named = call.args[0] if name == "torch.device" and call.args else keyword(call, "device")
        if is_cuda(named):
            return True
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr == "cuda":
        fixed = all(isinstance(argument, ast.Constant) for argument in call.args)
        return fixed and dotted(call.func) != "torch.cuda"
    return call.func.attr == "to" and any(map(is_cuda, (*call.args, keyword(call, "device"))))


def is_cuda(node: ast.expr | None) -> bool:
    """`"cuda"` or `"cuda:1"`."""
    return text_of(node).split(":")[0] == "cuda"


def is_guarded(module: Module, call: ast.Call) -> bool:
    """Whether a condition around the call, or a check earlier in its function or module, asks for the device."""
    for holder in module.enclosing(call):
        if isinstance(holder, ast.If | ast.IfExp | ast.While) and ASKS.search(ast.unparse(holder.test)):
            return True
        if isinstance(holder, ast.Try | ast.arguments) or (is_function(holder) and ASKS.search(holder.name)):
            return True  # a default value is one that the caller may change
        before = [line for line in held(holder) if isinstance(line, ast.stmt) and line.lineno < call.lineno]
        if any(map(stops_without_gpu, before)):
            return True
    return False


def stops_without_gpu(statement: ast.stmt) -> bool:
    """`assert torch.cuda.is_available()`, or an `if` about it that leaves."""
    if isinstance(statement, ast.Assert):
        return bool(ASKS.search(ast.unparse(statement.test)))
    if not isinstance(statement, ast.If) or not ASKS.search(ast.unparse(statement.test)):
        return False
    leaves = any(isinstance(node, ast.Return | ast.Raise) for node in ast.walk(statement))
    return leaves or any(isinstance(n, ast.Call) and last_name(n.func) == "exit" for n in ast.walk(statement))


def pictures(module: Module) -> Iterator[Finding]:
    """`cv2.imread(...)` used at once: it gives None for a file that is not there."""
    for piece, call, name in module.calls:
        if name == "cv2.imread":
            holder = module.parents.get(call)
            used = isinstance(holder, ast.Attribute | ast.Subscript) and holder.value is call
            passed = isinstance(holder, ast.Call) and call in holder.args and last_name(holder.func) in PICTURE_USES
            if used or passed:
                message = "cv2.imread() gives None for a missing file, which is used at once"
                yield found(UNCHECKED, piece.at(call.lineno), message, piece.line(call.lineno)[:120])


FAMILY = Family(
    "handling", "Errors, files and devices are handled", (SWALLOW, UNCHECKED, MAP_LOCATION, UNSAFE_LOAD, CUDA), find,
    per_file=True,
)  # fmt: skip
