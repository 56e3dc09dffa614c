"""Files that code reads by a path it fixes, or is given by its user, with no question whether they are there."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import TEACHING_PATH, Module, dotted, is_function, is_parameter, keyword, last_name, text_of

EXISTS = {"exists", "is_file", "isfile", "is_dir", "isdir", "access", "stat"}
LISTS = {"glob", "rglob", "listdir", "iterdir"}  # what is listed is there; that says nothing about a name in the code
READERS = {
    "torch.load", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "open", "PIL.Image.open", "h5py.File",
    "joblib.load", "scipy.io.loadmat", "tensorflow.keras.models.load_model", "keras.models.load_model",
    "safetensors.torch.load_file",
    *(f"pandas.read_{kind}" for kind in ("csv", "excel", "json", "parquet", "pickle", "table", "feather", "hdf")),
}  # fmt: skip
PATH_READERS = {"read_text", "read_bytes", "open"}  # of pathlib.Path
# Calls that make no file of the path they are given.
PASSING = {
    "os.path.join", "pathlib.Path", "print", "len", "str", "list", "sorted", "enumerate", "zip", "isinstance",
    "os.path.basename", "os.path.dirname", "os.path.splitext",
}  # fmt: skip
OPTIONS = {"args", "opt", "opts", "options", "flags", "FLAGS"}  # what the options of a program are called
MAKING = re.compile(r"(^|/)(setup(_\w+)?|conf|versioneer|noxfile|tasks|fabfile)\.py$")
PATH_TYPES = {"", "str", "Path", "PurePath", "fspath", "expanduser", "abspath"}  # of an option, which ask nothing
FILE = re.compile(r"[^/\\]\.\w+$")
LOOKS = re.compile(r"exist|check|download|ensure|prepare|verify|is_file|isfile", re.I)
DEEPEST = 4  # names and callers that one path is followed through


def unchecked_read(module: Module, call: ast.Call, name: str) -> str:
    """The path, fixed in the code or given by the user, that is read with neither `try` nor a question before it."""
    if MAKING.search(module.path) or TEACHING_PATH.search(module.path):
        return ""
    through: list[ast.AST] = [call]
    path = path_read(module, call, name, through)
    if not path or "://" in path or path.startswith(("/proc", "/dev", "/sys")):
        return ""
    if any(isinstance(holder, ast.Try) for place in through for holder in module.enclosing(place)):
        return ""
    if "asked" not in module.derived:
        module.derived["asked"] = {id(module.scope(c)) for _, c, _ in module.calls if last_name(c.func) in EXISTS}
        module.derived["listed"] = {id(module.scope(c)) for _, c, _ in module.calls if last_name(c.func) in LISTS}
        module.derived["written"] = list(written_paths(module))
    scopes = {id(module.scope(place)) for place in through}
    listed = "{" in path and not scopes.isdisjoint(module.derived["listed"])
    written = any(path == made and by not in through for made, by in module.derived["written"])
    return "" if listed or written or scopes & module.derived["asked"] else path


def path_read(module: Module, call: ast.Call, name: str, through: list[ast.AST]) -> str:
    """The path that a call reads, where the code or its user fixes it; "" for what reads nothing or is told where."""
    if name in READERS and call.args:
        reads = not opens_for_writing(call) if name in ("open", "h5py.File") else True
        return known_path(module, call.args[0], through) or file_in_folder(module, call.args[0]) if reads else ""
    maker = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in PATH_READERS else None
    if isinstance(maker, ast.Call):
        writes = call.args and text_of(call.args[0]).startswith(("w", "a", "x"))
        if module.full_name(maker.func) == "pathlib.Path" and len(maker.args) == 1 and not writes:
            return known_path(module, maker.args[0], through)
    return ""


def known_path(module: Module, node: ast.expr, through: list[ast.AST] | None = None, depth: int = 0) -> str:
    """A path made of constants and options of the command line, joined or given a name; "" for any other.

    With `through`, a parameter stands for its default and for what the module's own calls give it: the places of these
    calls are added.
    """
    if text_of(node):
        return text_of(node)
    if isinstance(node, ast.Name):
        if depth >= DEEPEST:
            return ""
        if is_parameter(module, node):
            return path_given(module, node, through, depth) if through is not None else ""
        over = list(gone_through(module, node))[:1] if through is not None else []
        given = over or module.given.get(node.id, [])
        return known_path(module, given[0], through, depth + 1) if len(given) == 1 else ""
    if is_option(module, node):
        return f"{{{ast.unparse(node)}}}"
    parts: list[ast.expr] = []
    if isinstance(node, ast.Call) and module.full_name(node.func) in ("os.path.join", "pathlib.Path"):
        parts = node.args
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add) and depth < DEEPEST - 1:
        parts = [node.left, node.right]
        depth += 1
    texts = [known_path(module, part, through, depth) for part in parts]
    return "/".join(texts) if all(texts) else ""


def path_given(module: Module, name: ast.Name, through: list[ast.AST], depth: int) -> str:
    """What a parameter of a function stands for: its default, or what a call of the function in this module gives."""
    function = next((holder for holder in module.enclosing(name) if is_function(holder)), None)
    if function is None:
        return ""
    arguments = [*function.args.posonlyargs, *function.args.args]
    names = [argument.arg for argument in arguments]
    if name.id not in names:
        return ""
    at = names.index(name.id)
    default = at - len(names) + len(function.args.defaults)
    if default >= 0:
        text = text_of(function.args.defaults[default])
        return text if FILE.search(text) else ""
    for _, call, _ in module.calls:
        if isinstance(call.func, ast.Name) and call.func.id == function.name:
            value = keyword(call, name.id) or (call.args[at] if at < len(call.args) else None)
            path = known_path(module, value, through, depth + 1) if value is not None else ""
            if path:
                through.append(call)
                return path
    return ""


def gone_through(module: Module, name: ast.Name) -> Iterator[ast.expr]:
    """What a loop around the name goes through to give it its values."""
    for holder in module.enclosing(name):
        loops = holder.generators if isinstance(holder, ast.ListComp | ast.GeneratorExp | ast.SetComp) else [holder]
        for loop in loops:
            if isinstance(loop, ast.For | ast.comprehension) and dotted(loop.target) == name.id:
                yield loop.iter


def is_listed(module: Module, node: ast.expr) -> bool:
    """Whether a loop goes through a listing, of which the name is one."""
    if not isinstance(node, ast.Name):
        return False
    over = [inner for value in gone_through(module, node) for inner in ast.walk(value)]
    for name in [inner.id for inner in over if isinstance(inner, ast.Name)]:
        over += [inner for value in module.given.get(name, []) for inner in ast.walk(value)]
    return any(isinstance(inner, ast.Call) and last_name(inner.func) in LISTS for inner in over)


def file_in_folder(module: Module, node: ast.expr) -> str:
    """A file of a fixed name in a folder that a parameter or an attribute of the object names."""
    if isinstance(node, ast.Call) and module.full_name(node.func) == "os.path.join" and len(node.args) > 1:
        *folders, last = node.args
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add):
        folders, last = [node.left], node.right
    else:
        return ""
    if not FILE.search(text_of(last)) or not all(text_of(part) or is_told(module, part) for part in folders):
        return ""
    holder = next((holder for holder in module.enclosing(node) if isinstance(holder, ast.ClassDef)), None)
    if holder is not None and any(is_function(line) and LOOKS.search(line.name) for line in holder.body):
        return ""  # another method sees to it
    return "/".join([*(f"{{{ast.unparse(part)}}}" for part in folders), text_of(last)])


def is_told(module: Module, node: ast.expr) -> bool:
    """A parameter, or an attribute of one."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and is_parameter(module, node)


def is_option(module: Module, node: ast.expr) -> bool:
    """`args.config` after `args = parser.parse_args()`, or `sys.argv[1]`; not where the parser opens the file."""
    if isinstance(node, ast.Subscript):
        return module.full_name(node.value) == "sys.argv"
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    if is_parameter(module, node.value):
        return node.value.id in OPTIONS and node.attr not in opened_options(module)
    given = module.given.get(node.value.id, [])
    parsed = any(isinstance(value, ast.Call) and last_name(value.func) == "parse_args" for value in given)
    return parsed and node.attr not in opened_options(module)


def opened_options(module: Module) -> set[str]:
    """Names of options whose type is more than a path: `argparse.FileType()`, or a function that asks."""
    if "opened options" not in module.derived:
        opened: set[str] = set()
        for _, call, _ in module.calls:
            kind = keyword(call, "type") if last_name(call.func) == "add_argument" else None
            if kind is not None and last_name(kind) not in PATH_TYPES - ({""} if isinstance(kind, ast.Call) else set()):
                opened.update(text_of(argument).lstrip("-").replace("-", "_") for argument in call.args)
        module.derived["opened options"] = opened
    names: set[str] = module.derived["opened options"]
    return names


def opens_for_writing(call: ast.Call) -> bool:
    """Whether the mode of an open() makes the file."""
    return text_of(call.args[1] if len(call.args) > 1 else keyword(call, "mode")).startswith(("w", "a", "x"))


def written_paths(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Paths that the module itself may make: those given to a call that is no reader."""
    for _, call, name in module.calls:
        if (name not in READERS or (name == "open" and opens_for_writing(call))) and name not in PASSING:
            for value in (*call.args, *(item.value for item in call.keywords)):
                yield known_path(module, value), call
