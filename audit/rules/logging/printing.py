"""What prints: the function under any name, and what writes to the terminal in its place."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import Function, Module, called, dotted, has_unpacked_keywords, keyword, text_of
from audit.target import Piece
from audit.trees import inside

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b[c78]|[\r\a\b]")  # moves the cursor, erases; no colours
PRINTS = {
    "print", "builtins.print", "pprint.pprint", "pprint.pp", "rich.print", "rich.pretty.pprint", "tensorflow.print",
    "jax.debug.print",
}  # fmt: skip
ENDS = {"sys.exit", "exit", "quit", "os._exit"}
LOGS = re.compile(r"(^|\.)_*(log|logger|logging)\.(debug|info|log|warning)$", re.I)
WRITES = {"sys.stdout.write", "sys.stderr.write"}
SHOWS = re.compile(r"^_*(show|display|render)(_|$)")
DRAWS = {"imshow", "savefig", "subplots", "ToPILImage"}
HANDED_ON = {"map", "functools.partial"}  # `map(print, scores)`


def printing(module: Module) -> Iterator[tuple[Piece, ast.expr]]:
    """Calls of print, by whatever name, that leave a text where whoever runs the program sees it.

    So does a name that stands for print or a logger's method: `say = print if verbose else logger.debug`.
    """
    for piece in module.pieces:
        yield from ((piece, node) for node in piece.of(ast.IfExp) if is_choice(module, node))
    names = PRINTS | aliases(module)
    for piece, call, name in module.calls:
        if (name in names and is_to_terminal(module, call)) or (name in WRITES and is_said(call)) or maps(name, call):
            yield piece, call


def aliases(module: Module) -> set[str]:
    """Names that mean print and nothing else in a module: `say = print`, `self.log = print`, also with a first part."""
    kept = {f".{name}": values for name, values in module.kept.items()}
    return {name for name, values in (module.given | kept).items() if all(is_print(module, value) for value in values)}


def is_choice(module: Module, node: ast.IfExp) -> bool:
    """Whether a value is print in some runs, and a method of a logger in the others."""
    ways = (node.body, node.orelse)
    logs = any(isinstance(way, ast.Attribute) and LOGS.search(dotted(way)) for way in ways)
    return logs and any(is_print(module, way) for way in ways)


def is_print(module: Module, value: ast.expr) -> bool:
    """`print`, `partial(print, "[fit]")`."""
    if isinstance(value, ast.Call):
        return module.full_name(value.func) in HANDED_ON and any(is_print(module, part) for part in value.args[:1])
    return isinstance(value, ast.Name | ast.Attribute) and module.full_name(value) in PRINTS


def maps(name: str, call: ast.Call) -> bool:
    """`map(print, scores)`."""
    return name == "map" and bool(call.args) and dotted(call.args[0]) in PRINTS


def is_said(call: ast.Call) -> bool:
    """Whether what is written to the terminal stays there, unlike a bar that is drawn again and again."""
    texts = [text_of(node) for node in ast.walk(call) if isinstance(node, ast.Constant)]
    if is_line(call):
        texts[0] = texts[0].removeprefix("\r")
    return any(texts) and not any(map(CONTROL.search, texts))


def is_line(call: ast.Call) -> bool:
    """`write(f"\\repoch {epoch}: {loss}\\n")`: a line of its own, that nothing is drawn over."""
    parts = call.args[0].values if call.args and isinstance(call.args[0], ast.JoinedStr) else call.args[:1]
    return len(parts) > 1 and text_of(parts[0]).startswith("\r") and text_of(parts[-1]).endswith("\n")


def is_to_terminal(module: Module, call: ast.Call) -> bool:
    """Whether a print writes where nobody looks for results: `file=sys.stdout` says that one is meant to be read."""
    file = keyword(call, "file")
    if has_unpacked_keywords(call):
        return False  # `print(*args, **kwargs)`: whoever calls it says where to
    if is_control(call):
        return False
    return file is None or module.full_name(file) == "sys.stderr"


def is_control(call: ast.Call) -> bool:
    """Whether all that is printed moves the cursor or erases what stands there: `print(f"\\033[{lines}A", end="")`."""
    parts = [*call.args, *(item.value for item in call.keywords if item.arg == "end")]
    pieces = (piece for part in parts for piece in (part.values if isinstance(part, ast.JoinedStr) else [part]))
    said = "".join("1" if isinstance(piece, ast.FormattedValue) else text_of(piece) or "?" for piece in pieces)
    return bool(call.args) and CONTROL.search(said) is not None and not CONTROL.sub("", said).strip()


def is_drawing(function: Function) -> bool:
    """Whether a function shows pictures, as its name says: what it prints beside them is not what it is for."""
    if not SHOWS.search(function.name):
        return False
    return any(is_drawn(node) for node in inside(function) if isinstance(node, ast.Call))


def is_drawn(call: ast.Call) -> bool:
    """`axes.imshow(picture)`, `draw_plot(values)`, `picture.show()`."""
    name = called(call)
    return name in DRAWS or "plot" in name.split("_") or (name == "show" and isinstance(call.func, ast.Attribute))
