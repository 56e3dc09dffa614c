"""Files that code reads by a path it fixes, or is given by its user, with no question whether they are there."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from audit.rules.chosen import is_option
from audit.rules.code import (
    TEACHING_PATH,
    Function,
    Module,
    dotted,
    is_function,
    is_parameter,
    keyword,
    last_name,
    text_of,
)
from audit.rules.questions import decides, ends_without, folder_of, subject_of
from audit.rules.readers import (
    BY_NAME,
    CLASS_READERS,
    MODEL_READERS,
    OPENERS,
    PATH_READERS,
    READERS,
    mode_of,
    opens_for_writing,
)
from audit.rules.tried import is_tried
from audit.rules.written import (
    given_here,
    is_configured,
    is_environment,
    is_folder,
    is_imported,
    is_parser_of_ini,
    said,
)
from audit.target import Piece

EXISTS = {"exists", "is_file", "isfile", "is_dir", "isdir", "access", "stat"}
# What is listed is there; that says nothing about a name in the code.
LISTS = {"glob", "rglob", "listdir", "iterdir", "scandir", "subfiles", "subdirs", "list_files", "find_files"}
# Calls that make no file of the path they are given.
PASSING = {
    "os.path.join", "pathlib.Path", "print", "len", "str", "list", "sorted", "enumerate", "zip", "isinstance",
    "os.path.basename", "os.path.dirname", "os.path.splitext",
}  # fmt: skip
ONLY_READS = re.compile(r"^_?(load|read|iter|parse|from_|count_|import_)")  # what makes no file either
MAKING = re.compile(r"(^|/)(_?setup(_\w+)?|conf|versioneer|noxfile|tasks|fabfile)\.py$")
MAKES = {"write_text", "write_bytes", "touch", "open", "rename", "replace", "symlink_to"}  # methods of a path
FILE = re.compile(r"[^/\\]\.\w+$")
MOST = 20  # questions of one function that are looked at
DEEPEST = 4  # names and callers that one path is followed through
WAYS = 4  # values of one name that are looked at

Read = tuple[Piece, ast.Call, str, ast.expr]  # a call that reads a file: where, its full name, its path


def reads(module: Module, calls: Iterable[tuple[Piece, ast.Call, str]] | None = None) -> list[Read]:
    """Calls that read a file; none of files that make a package, which lie where they are run.

    `calls` are those of the module, where they are known by other names than they have there.
    """
    if MAKING.search(module.path):
        return []
    every = module.calls if calls is None else calls
    paths = ((piece, call, name, path_argument(module, call, name)) for piece, call, name in every)
    return [(piece, call, name, path) for piece, call, name, path in paths if path is not None]


def unchecked_read(module: Module, call: ast.Call, name: str, argument: ast.expr) -> str:
    """The path, fixed in the code or given by the user, that is read with neither `try` nor a question before it.

    What teaches lies where it is run, and reads the files that lie beside it: there only those of the user count.
    """
    through: list[ast.AST] = [call]
    path = path_read(module, argument, name, through)
    if TEACHING_PATH.search(module.path) and path[:1] != "{":
        return ""
    if not path or "://" in path or path.startswith(("/proc", "/dev", "/sys")):
        return ""
    if any(is_tried(module, place) for place in through):
        return ""
    if "written" not in module.derived:
        module.derived["written"] = list(written_paths(module))
    listed = "{" in path and any(is_beside_listing(module, place, path) for place in through)
    written = any(path == made and by not in through for made, by in module.derived["written"])
    if listed or written:
        return ""
    if path[0] == "{" and path in asked_options(module):
        return ""
    asked = ((place, one) for place in through for one in questions_of(module).get(id(module.scope(place)), []))
    before = (question for place, question in asked if not is_after(module, question, place))
    questions = list(dict.fromkeys(islice(before, MOST + 1)))
    others = (is_of_another(module, question, through, path) for question in questions[:MOST])
    return path if len(questions) <= MOST and all(others) else ""


def is_beside_listing(module: Module, place: ast.AST, path: str) -> bool:
    """Whether the function of a place lists a folder that may hold the path; that of another option holds none."""
    if "listings" not in module.derived:
        module.derived["listings"] = defaultdict(set)
        for listing in (one for _, one, _ in module.calls if last_name(one.func) in LISTS):
            module.derived["listings"][id(module.scope(listing))].add(known_path(module, folder_of(module, listing)))
    folders: dict[int, set[str]] = module.derived["listings"]
    listed = folders.get(id(module.scope(place)), set())
    return any(folder[:1] != "{" or folder.partition("/")[0] == path.partition("/")[0] for folder in listed)


def questions_of(module: Module) -> dict[int, list[ast.Call]]:
    """id of a function -> the calls in it that ask whether a file is there."""
    if "questions" not in module.derived:
        module.derived["questions"] = defaultdict(list)
        for question in (one for _, one, _ in module.calls if last_name(one.func) in EXISTS):
            module.derived["questions"][id(module.scope(question))].append(question)
    questions: dict[int, list[ast.Call]] = module.derived["questions"]
    return questions


def is_after(module: Module, question: ast.Call, place: ast.AST) -> bool:
    """Whether a question comes too late for what is read at a place: further down in its function, and in no loop."""
    if module.scope(question) is not module.scope(place) or question.lineno <= (getattr(place, "end_lineno", 0) or 0):
        return False
    loops = {holder for holder in module.enclosing(place) if isinstance(holder, ast.For | ast.While)}
    return loops.isdisjoint(module.enclosing(question))


def is_asked_option(module: Module, node: ast.expr) -> bool:
    """Whether a path is an option for whose file some function of the module asks."""
    return is_option(module, node) and known_path(module, node) in asked_options(module)


def asked_options(module: Module) -> set[str]:
    """The options of the program that some function of the module asks for, and refuses where no file is there."""
    if "asked options" not in module.derived:
        every = (one for questions in questions_of(module).values() for one in questions)
        refused = (one for one in every if ends_without(module, one))
        module.derived["asked options"] = {known_path(module, subject_of(one)) for one in refused}
    options: set[str] = module.derived["asked options"]
    return options


def is_of_another(module: Module, question: ast.Call, through: list[ast.AST], path: str) -> bool:
    """Whether a question is for another path: another option's, or a file of another name, as `is_of_other_file`."""
    asked = known_path(module, subject_of(question))
    if not asked and is_of_caller(module, question, through) and FILE.search(path):
        return not decides(module, question, through)
    if not asked or asked in path or path in asked:
        return False
    if "{" in (asked[0], path[0]) and asked.partition("/")[0] != path.partition("/")[0]:
        return True
    return bool(FILE.search(asked) and FILE.search(path)) and not decides(module, question, through)


def is_of_caller(module: Module, question: ast.Call, through: list[ast.AST]) -> bool:
    """Whether a question is for what the function is given, where the path that is read is fixed in it."""
    subject = subject_of(question)
    alone = len(through) == 1 and module.scope(through[0]) is module.scope(question)
    return alone and isinstance(subject, ast.Name) and is_parameter(module, subject)


def is_of_other_file(module: Module, question: ast.Call, call: ast.Call, path: ast.expr) -> bool:
    """Whether a question is for a file of another name than the one that is read, and changes nothing for that."""
    asked, read = file_name(module, subject_of(question)), file_name(module, path)
    return bool(asked and read) and asked != read and not decides(module, question, [call])


def file_name(module: Module, node: ast.expr, depth: int = 0) -> str:
    """The name of a file that a path ends with, as far as it is written out: "train.txt" of `folder / "train.txt"`."""
    if isinstance(node, ast.Name) and depth < DEEPEST and not is_parameter(module, node):
        given = given_here(module, node)
        return file_name(module, given[0], depth + 1) if len(given) == 1 else ""
    if isinstance(node, ast.Call) and node.args:
        joins = module.full_name(node.func) in ("os.path.join", "pathlib.Path")
        if joins or (isinstance(node.func, ast.Attribute) and node.func.attr == "joinpath"):
            return file_name(module, node.args[-1], depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return file_name(module, node.right, depth)
    text = text_of(node.values[-1] if isinstance(node, ast.JoinedStr) and node.values else node)
    whole = not isinstance(node, ast.JoinedStr) or "/" in text
    return text.rpartition("/")[2] if whole and FILE.search(text) else ""


def parameter(name: str, functions: list[Function]) -> str | None:
    """The annotation of the parameter that has this name, "" without one; None where no parameter has it."""
    for function in functions:
        arguments = function.args
        extra = [argument for argument in (arguments.vararg,) if argument is not None]
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra):
            if argument.arg == name:
                return ast.unparse(argument.annotation) if argument.annotation else ""
    return None


def default_of(function: Function, name: str) -> ast.expr | None:
    """The default of a function's parameter, None without one."""
    arguments = function.args
    placed = [*arguments.posonlyargs, *arguments.args]
    defaults = zip(placed[len(placed) - len(arguments.defaults) :], arguments.defaults, strict=True)
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return next((value for argument, value in (*defaults, *named) if argument.arg == name), None)


def path_read(module: Module, path: ast.expr, name: str, through: list[ast.AST]) -> str:
    """The path that is read, where the code or its user fixes it; "" for one that a caller gives."""
    if name not in READERS and isinstance(path, ast.Name):
        values = module.given.get(path.id, [])
        path = values[0] if len(values) == 1 and not is_parameter(module, path) else path
    method = name.rpartition(".")[2]
    of_model = method in MODEL_READERS and ("/" in text_of(path) or FILE.search(text_of(path)))
    of_model = of_model or method in CLASS_READERS
    if not (name in READERS or of_model or isinstance(path, ast.Call | ast.BinOp) or is_imported(module, path)):
        return ""  # whatever has an open()
    return known_path(module, path, through)


def path_argument(module: Module, call: ast.Call, name: str) -> ast.expr | None:
    """What a call reads as a file; None for what reads none, or writes one."""
    if name in READERS and call.args and not (name in BY_NAME and call.args[1:]):
        mode = mode_of(call)
        known = name not in OPENERS or mode is None or isinstance(mode, ast.Constant)
        return call.args[0] if known and not (name in OPENERS and opens_for_writing(call)) else None
    if isinstance(call.func, ast.Attribute) and call.func.attr in PATH_READERS and name not in READERS:
        mode = call.args[0] if call.args else keyword(call, "mode")
        reads = mode is None or (isinstance(mode, ast.Constant) and str(mode.value).startswith(("r", "utf")))
        of_module = isinstance(call.func.value, ast.Name) and call.func.value.id in module.origins
        return call.func.value if reads and (not of_module or is_imported(module, call.func.value)) else None
    named = keyword(call, "fname") or keyword(call, "filepath")
    if isinstance(call.func, ast.Attribute) and call.func.attr in MODEL_READERS and (call.args or named):
        own = isinstance(call.func.value, ast.Name) and call.func.value.id in {"self", "cls", *module.origins}
        libraries = {origin.partition(".")[0] for origin in module.origins.values()}
        known = not own and not libraries.isdisjoint(MODEL_READERS[call.func.attr])
        return (named or call.args[0]) if known else None
    if isinstance(call.func, ast.Attribute) and call.func.attr in CLASS_READERS:
        holder = call.func.value.func if isinstance(call.func.value, ast.Call) else call.func.value
        own = dotted(holder) in ("self", "cls", "super")
        first = keyword(call, CLASS_READERS[call.func.attr]) or next(iter(call.args), None)
        return None if own else first
    if isinstance(call.func, ast.Attribute) and call.func.attr == "read" and len(call.args) == 1:
        return call.args[0] if is_parser_of_ini(module, call, call.func.value) else None
    return None


def known_path(module: Module, node: ast.expr, through: list[ast.AST] | None = None, depth: int = 0) -> str:
    """A path made of constants and options of the command line, joined or given a name; "" for any other.

    With `through`, a parameter stands for its default and for what the module's own calls give it: the places of these
    calls are added.
    """
    if text := text_of(node):
        return text
    if is_option(module, node) or is_configured(module, node) or is_environment(module, node):
        return f"{{{ast.unparse(node)}}}"
    if isinstance(node, ast.Name):
        if depth >= DEEPEST:
            return ""
        if is_parameter(module, node):
            return path_given(module, node, through, depth) if through is not None else ""
        over = list(gone_through(module, node))[:1] if through is not None else []
        given = over or given_here(module, node)
        above = [value for value in given if value.lineno <= node.lineno] or given
        paths = [known_path(module, value, through, depth + 1) for value in above[-WAYS:]]
        return paths[-1] if paths and all(paths) else ""
    if is_folder(module, node):
        return ast.unparse(node)
    if said(module, node) is not None and depth < DEEPEST:
        return known_path(module, said(module, node) or node, through, depth + 1)
    parts: list[ast.expr] = []
    if isinstance(node, ast.IfExp | ast.BoolOp):  # `sys.argv[1] if len(sys.argv) > 1 else "data.csv"`
        either = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
        paths = [known_path(module, one, through, depth + 1) for one in either] if depth < DEEPEST else [""]
        chosen = max(paths, key=lambda path: path[:1] == "{")
        return chosen if all(paths) or chosen[:1] == "{" else ""
    if isinstance(node, ast.Call) and module.full_name(node.func) in ("os.path.join", "pathlib.Path"):
        parts = node.args
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        parts = [node.func.value, *node.args]  # `"{}/train.csv".format(folder)`
        parts = parts if text_of(parts[0])[:2] == "{}" else []
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and text_of(node.left)[:2] == "%s":
        parts = [node.right, node.left]
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
    if (default := default_of(function, name.id)) is not None:
        text = text_of(default)
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
    while isinstance(node, ast.Attribute):
        node = node.value
    if not isinstance(node, ast.Name):
        return False
    over = [inner for value in gone_through(module, node) for inner in ast.walk(value)]
    for name in [inner.id for inner in over if isinstance(inner, ast.Name)]:
        over += [inner for value in module.given.get(name, []) for inner in ast.walk(value)]
    return any(isinstance(inner, ast.Call) and last_name(inner.func) in LISTS for inner in over)


def written_paths(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Paths that the module itself may make: those given to a call that is no reader."""
    for _, call, name in module.calls:
        if (name not in READERS or (name in OPENERS and opens_for_writing(call))) and not (
            name in PASSING or ONLY_READS.search(last_name(call.func))
        ):
            given = (*call.args, *(item.value for item in call.keywords))
            for value in (part for one in given for part in (one.elts if isinstance(one, ast.List) else [one])):
                yield known_path(module, value), call
        if isinstance(call.func, ast.Attribute) and call.func.attr in MAKES and not path_argument(module, call, name):
            yield known_path(module, call.func.value), call
