"""Files that code reads by a path it fixes, or is given by its user, with no question whether they are there."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import TEACHING_PATH, Module, is_parameter, keyword, last_name, text_of

EXISTS = {"exists", "is_file", "isfile", "is_dir", "isdir", "access", "stat"}
LISTS = {"glob", "rglob", "listdir", "iterdir"}  # what is listed is there; that says nothing about a name in the code
READERS = {
    "torch.load", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "open", "PIL.Image.open", "h5py.File",
    "joblib.load", "scipy.io.loadmat", "tensorflow.keras.models.load_model", "keras.models.load_model",
    "safetensors.torch.load_file",
    *(f"pandas.read_{kind}" for kind in ("csv", "excel", "json", "parquet", "pickle", "table", "feather", "hdf")),
}  # fmt: skip
PATH_READERS = {"read_text", "read_bytes", "open"}  # of pathlib.Path
PASSING = {"os.path.join", "pathlib.Path", "print"}  # calls that make no file of the path they are given
OPTIONS = {"args", "opt", "opts", "options", "flags", "FLAGS"}  # what the options of a program are called
MAKING = re.compile(r"(^|/)(setup|conf|versioneer|noxfile|tasks|fabfile)\.py$")


def unchecked_read(module: Module, call: ast.Call, name: str) -> str:
    """The path, fixed in the code or given by the user, that is read with neither `try` nor a question before it."""
    if MAKING.search(module.path) or TEACHING_PATH.search(module.path):
        return ""
    path = path_read(module, call, name)
    if not path or "://" in path or path.startswith(("/proc", "/dev", "/sys")):
        return ""
    if any(isinstance(holder, ast.Try) for holder in module.enclosing(call)):
        return ""
    if "asked" not in module.derived:
        module.derived["asked"] = {id(module.scope(c)) for _, c, _ in module.calls if last_name(c.func) in EXISTS}
        module.derived["listed"] = {id(module.scope(c)) for _, c, _ in module.calls if last_name(c.func) in LISTS}
        module.derived["written"] = set(written_paths(module))
    scope = id(module.scope(call))
    listed = "{" in path and scope in module.derived["listed"]
    return "" if listed or scope in module.derived["asked"] or path in module.derived["written"] else path


def path_read(module: Module, call: ast.Call, name: str) -> str:
    """The path that a call reads, where the code or its user fixes it; "" for what reads nothing or is told where."""
    if name in READERS and call.args:
        reads = not opens_for_writing(call) if name in ("open", "h5py.File") else True
        return known_path(module, call.args[0]) if reads else ""
    maker = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in PATH_READERS else None
    if isinstance(maker, ast.Call):
        writes = call.args and text_of(call.args[0]).startswith(("w", "a", "x"))
        if module.full_name(maker.func) == "pathlib.Path" and len(maker.args) == 1 and not writes:
            return known_path(module, maker.args[0])
    return ""


def known_path(module: Module, node: ast.expr, depth: int = 0) -> str:
    """A path made of constants and options of the command line, joined or given a name; "" for any other."""
    if text_of(node):
        return text_of(node)
    if isinstance(node, ast.Name) and depth < 3 and not is_parameter(module, node):
        given = module.given.get(node.id, [])
        return known_path(module, given[0], depth + 1) if len(given) == 1 else ""
    if is_option(module, node):
        return f"{{{ast.unparse(node)}}}"
    parts: list[ast.expr] = []
    if isinstance(node, ast.Call) and module.full_name(node.func) in ("os.path.join", "pathlib.Path"):
        parts = node.args
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and depth < 3:
        parts = [node.left, node.right]
        depth += 1
    texts = [known_path(module, part, depth) for part in parts]
    return "/".join(texts) if all(texts) else ""


def is_option(module: Module, node: ast.expr) -> bool:
    """`args.config` after `args = parser.parse_args()`, or `sys.argv[1]`."""
    if isinstance(node, ast.Subscript):
        return module.full_name(node.value) == "sys.argv"
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    if is_parameter(module, node.value):
        return node.value.id in OPTIONS
    given = module.given.get(node.value.id, [])
    return any(isinstance(value, ast.Call) and last_name(value.func) == "parse_args" for value in given)


def opens_for_writing(call: ast.Call) -> bool:
    """Whether the mode of an open() makes the file."""
    return text_of(call.args[1] if len(call.args) > 1 else keyword(call, "mode")).startswith(("w", "a", "x"))


def written_paths(module: Module) -> Iterator[str]:
    """Paths that the module itself may make: those given to a call that is no reader."""
    for _, call, name in module.calls:
        if (name not in READERS or (name == "open" and opens_for_writing(call))) and name not in PASSING:
            yield from (known_path(module, value) for value in (*call.args, *(item.value for item in call.keywords)))
