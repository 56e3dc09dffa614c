"""What other files of a tree say of a finding: weights that lie beside the code, constants that ask for a GPU.

A draft of each such file is a note; a finding that one may answer waits for it, and is none where it does.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

from audit.model import Finding, Location, Rule, found
from audit.rules.code import Module, dotted, is_parameter, last_name, text_of
from audit.rules.handling.callers import FETCHES, asking_calls
from audit.rules.handling.gpu import IS_THERE
from audit.rules.handling.torches import MARK
from audit.rules.origins import imported
from audit.rules.reading import file_name
from audit.rules.written import OF_SETTINGS, given_here, is_imported, origin_of
from audit.target import Target

LIES = f"{MARK}lies here"  # a note of a file of weights
ASKED = f"{MARK}asks "  # a note of the constants of a module that ask for a GPU
BELOW = f"{MARK}below "  # a note of the paths of a module of settings that begin at its own place, with their files
WAITS = f"{MARK}unless "  # ends the message of a finding, before what would answer it
WEIGHTS = re.compile(r"\.(pth?|ckpt|bin|pkl|tar)$")
DATA = re.compile(
    rf"{WEIGHTS.pattern}|\.(npy|npz|jsonl?|csv|tsv|txt|ya?ml|toml|h5|hdf5|keras|joblib|pickle|onnx|parquet|feather"
    r"|xlsx?|mat|tflite|safetensors|index)$"
)
OF_PACKAGE = re.compile(r"__file__|resources\.files|pkg_resources|resource_filename|__path__")
DEEPEST = 4  # names that one path is followed through


def files(target: Target, rule: Rule) -> Iterator[Finding]:
    """A note of each file of weights or data."""
    yield from (found(rule, Location(path), LIES) for path in target.files if DATA.search(path))


def constants(module: Module, rule: Rule) -> Iterator[Finding]:
    """Notes of the names that a module gives what torch says of its GPU, and of the paths of a module of settings."""
    lines = (line for piece in module.pieces if piece.tree and "cuda" in piece.text for line in piece.tree.body)
    given = [line for line in lines if isinstance(line, ast.Assign) and IS_THERE.search(ast.unparse(line.value))]
    names = [dotted(target) for line in given for target in line.targets if dotted(target)]
    called = called_as(module.path)
    if OF_SETTINGS.fullmatch(called):
        names += {one.id for call in asking_calls(module) for one in ast.walk(call) if isinstance(one, ast.Name)}
    if any("__file__" in piece.text for piece in module.pieces):
        anchored = partial(is_anchored, module)
        lying = {name: values[-1] for name, values in module.given.items() if any(map(anchored, values))}
        told = (f"{name}={known_name(file_name(module, value))}" for name, value in sorted(lying.items()))
        yield found(rule, Location(module.path), f"{BELOW}{' '.join(told)}")
    if names:
        yield found(rule, Location(module.path), ASKED + " ".join(sorted(names)))


def known_name(name: str) -> str:
    """The name of a file of which there would be a note; "" of any other."""
    return name if DATA.search(name) and " " not in name else ""


def called_as(path: str) -> str:
    """The last name by which a module is imported: of a package that of its folder."""
    return PurePosixPath(path.removesuffix("/__init__.py")).stem


def unless_asked(module: Module, finding: Finding, node: ast.AST) -> Finding:
    """A finding that waits for the modules from which the names in the conditions around a node come."""
    names = {one.id for test in tests(module, node) for one in ast.walk(test) if isinstance(one, ast.Name)}
    origins = imported(module) if names else {}
    sources = sorted(origins[name] for name in names if "." in origins.get(name, ""))
    return replace(finding, message=f"{finding.message}{WAITS}{' '.join(sources)}") if sources else finding


def tests(module: Module, node: ast.AST) -> Iterator[ast.expr]:
    """The conditions around a node."""
    return (one.test for one in module.enclosing(node) if isinstance(one, ast.If | ast.IfExp))


def unless_shipped(module: Module, finding: Finding, path: ast.expr) -> Finding:
    """A finding that waits for a file of this name beside the module, where the path begins at the module's own."""
    name = name_of(module, path)
    return replace(finding, message=f"{finding.message}{WAITS}{name}") if name and " " not in name else finding


def unless_in_tree(module: Module, finding: Finding, path: str, argument: ast.expr) -> Finding | None:
    """A finding that waits for a file of this name in the tree, where the path begins at the module's own.

    None of a file that no note would be of, and where the module fetches files: it may fill its folder itself.
    """
    if "__file__" not in path:
        return finding
    name = file_name(module, argument)
    if "fetches" not in module.derived:
        module.derived["fetches"] = any(FETCHES.search(last_name(call.func)) for _, call, _ in module.calls)
    known = DATA.search(name) is not None and " " not in name and not module.derived["fetches"]
    return replace(finding, message=f"{finding.message}{WAITS}/{name}") if known else None


def unless_settled(finding: Finding, sources: list[str], path: str) -> Finding:
    """A finding that waits for the modules of settings that its path comes from: they may ask for it, or lie beside."""
    name = path.rpartition("/")[2]
    own = [f"={name}"] if known_name(name) or not set(name) & set("{} .") else []
    known = (source if is_of_settings(constant(source)) else f"!{source}" for source in sources)
    return replace(finding, message=f"{finding.message}{WAITS}{' '.join([*known, *own])}") if sources else finding


def settings_in(module: Module, path: ast.expr, depth: int = 0) -> list[str]:
    """The settings of other modules in a path: "lake.conf.DEPTHS_CSV" of `join(folder, DEPTHS_CSV)`."""
    sources: list[str] = []
    for node in ast.walk(path):
        if isinstance(node, ast.expr) and is_imported(module, node):
            sources.append(origin_of(module, node))
        elif isinstance(node, ast.Name) and depth < DEEPEST and not is_parameter(module, node):
            for value in given_here(module, node)[:1]:
                sources += settings_in(module, value, depth + 1)
    return list(dict.fromkeys(sources))


def name_of(module: Module, path: ast.expr, depth: int = 0) -> str:
    """The last part of a path that begins where the module lies; "" of any other."""
    if isinstance(path, ast.Name) and depth < DEEPEST:
        values = module.given.get(path.id, [])
        return name_of(module, values[0], depth + 1) if len(values) == 1 else ""
    texts = [text_of(part) for part in ast.walk(path) if text_of(part)]
    inner = [part for part in ast.walk(path) if isinstance(part, ast.Name) and part is not path]
    known = [ast.unparse(value) for part in inner for value in module.given.get(part.id, ())]
    anchored = OF_PACKAGE.search(" ".join((ast.unparse(path), *known))) is not None
    if isinstance(path, ast.Call) and len(path.args) == 1 and not texts:
        return name_of(module, path.args[0], depth + 1) if depth < DEEPEST else ""
    named = [text.rpartition("/")[2] for text in texts if WEIGHTS.search(text)]
    return named[-1] if anchored and named else ""


def is_of_shipped(module: Module, call: ast.Call) -> bool:
    """Whether all that a call is given are constants of paths that begin where the module lies."""
    paths = [value for value in call.args if text_of(value) == ""]
    return bool(paths) and all(is_anchored(module, path) for path in paths)


def is_anchored(module: Module, path: ast.expr, depth: int = 0) -> bool:
    """Whether a path begins where the module lies and every other part of it is written out."""
    if isinstance(path, ast.Name) and path.id == "__file__":
        return True
    if isinstance(path, ast.Name):
        values = module.given.get(path.id, [])
        known = len(values) == 1 and depth < DEEPEST and not is_parameter(module, path)
        return known and is_anchored_value(module, values[0], depth + 1)
    return is_anchored_value(module, path, depth)


def is_anchored_value(module: Module, path: ast.expr, depth: int) -> bool:
    """`Path(__file__).parent / "words.json"`, `ROOT / "words.json"` of a root that begins so."""
    if isinstance(path, ast.BinOp) and isinstance(path.op, ast.Div):
        return is_anchored(module, path.left, depth) and text_of(path.right) != ""
    if isinstance(path, ast.Call) and last_name(path.func) == "join" and path.args:
        return is_anchored(module, path.args[0], depth) and all(text_of(part) for part in path.args[1:])
    return OF_PACKAGE.search(ast.unparse(path)) is not None


def settle(drafts: Iterable[Finding]) -> Iterator[Finding]:
    """All but the notes, and what waits for one that is there."""
    every = list(drafts)
    lying: dict[str, list[str]] = defaultdict(list)  # name -> files that are called so
    for item in every:
        if item.message == LIES:
            lying[item.location.path.rpartition("/")[2]].append(item.location.path)
    asked = dict(noted(every, ASKED))
    below: dict[str, set[str]] = defaultdict(set)
    for name, file in noted(every, BELOW):
        below[name].add(file)
    for item in every:
        message, mark, sources = item.message.partition(WAITS)
        if not mark:
            if item.message != LIES and not item.message.startswith((ASKED, BELOW)):
                yield item
            continue
        waiting = sources.split()
        own = next((source[1:] for source in waiting if source.startswith("=")), "")
        constants_of = [constant(source.removeprefix("!")) for source in waiting if "." in source]
        files_of = [file or own for name in constants_of for file in below.get(name, ())]
        elsewhere = [constant(source[1:]) for source in waiting if source.startswith("!")]
        if not (
            any(is_there(source, item.location.path, lying) for source in waiting)
            or any(name in asked for name in constants_of)
            or any(name not in below for name in elsewhere)
            or any(not name or lying.get(name) or lying.get(f"{name}.index") for name in files_of)
        ):
            yield replace(item, message=message)


def constant(source: str) -> str:
    """`settings.TABLE` of `lake.settings.TABLE`."""
    return ".".join(source.split(".")[-2:])


def is_of_settings(name: str) -> bool:
    """Whether a constant is one of a module that is called like settings: `settings.TABLE`."""
    return OF_SETTINGS.fullmatch(name.partition(".")[0]) is not None


def noted(every: Iterable[Finding], mark: str) -> Iterator[tuple[str, str]]:
    """Each constant of the notes with a mark, `settings.TABLE`, with the file that it names."""
    for item in every:
        if item.message.startswith(mark):
            module = called_as(item.location.path)
            for word in item.message[len(mark) :].split():
                name, _, file = word.partition("=")
                yield f"{module}.{name}", file


def is_there(source: str, path: str, lying: Mapping[str, list[str]]) -> bool:
    """Whether a file lies below the folder of a module; anywhere, where its name begins with a slash."""
    called = lying.get(source.removeprefix("/"), [])
    if source.startswith("/"):
        return bool(called)
    folder = f"/{path}".rpartition("/")[0]
    return any(f"/{file}".startswith(f"{folder}/") for file in called)
