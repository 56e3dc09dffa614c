"""What kind of file a path names, by its suffix: a question for one kind says nothing of another."""

import ast
import re

from audit.rules.code import Function, Module, dotted, is_parameter, last_name, text_of
from audit.rules.handling.callers import askers, asking_calls
from audit.rules.questions import subject_of
from audit.rules.reading import EXISTS, file_name, gone_through, is_of_other_file

SUFFIX = re.compile(r"\.[A-Za-z]\w*$")
JOINS = {"join", "Path", "str", "joinpath", "with_suffix", "with_name", "fspath"}  # they end with what they are given
DEEPEST = 4  # names and parts that one path is followed through


def suffix_of(module: Module, node: ast.expr, depth: int = 0) -> str:
    """`.npy` of `folder / f"{name}.npy"`; "" where the code does not say."""
    if depth > DEEPEST:
        return ""
    if isinstance(node, ast.Name):
        over = next(gone_through(module, node), None)
        values = [value for value in module.given.get(node.id, []) if module.scope(value) is module.scope(node)]
        if over is not None:
            return suffix_of(module, over, depth + 1)
        return suffix_of(module, values[0], depth + 1) if len(values) == 1 and not is_parameter(module, node) else ""
    if isinstance(node, ast.List | ast.Tuple):
        kinds = {suffix_of(module, one, depth + 1) for one in node.elts}
        return kinds.pop() if len(kinds) == 1 else ""
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return suffix_of(module, node.elt, depth + 1)
    if isinstance(node, ast.Attribute):
        values = module.kept.get(dotted(node), [])
        return suffix_of(module, values[0], depth + 1) if len(values) == 1 else ""
    if isinstance(node, ast.Call) and node.args:
        kept = last_name(node.func) or getattr(node.func, "attr", "")
        return suffix_of(module, node.args[-1], depth + 1) if kept in JOINS else ""
    if isinstance(node, ast.BinOp):
        return suffix_of(module, node.right, depth + 1)
    text = text_of(node.values[-1] if isinstance(node, ast.JoinedStr) and node.values else node)
    found = SUFFIX.search(text)
    return found.group().lower() if found else ""


def is_of_other_kind(module: Module, question: ast.Call, path: ast.expr) -> bool:
    """Whether a question asks for a file with another suffix than a path has."""
    if last_name(question.func) not in EXISTS:
        return False
    asked, read = suffix_of(module, subject_of(question)), suffix_of(module, path)
    return bool(asked and read) and asked != read


def lists_others(module: Module, question: ast.Call, path: ast.expr) -> bool:
    """Whether a listing looks for files of another suffix or name than a path has: `root.glob("*/report.json")`."""
    looks = last_name(question.func) in ("glob", "rglob") and question.args
    pattern = text_of(question.args[0]).rpartition("/")[2] if looks else ""
    kind, read = SUFFIX.search(pattern), suffix_of(module, path)
    if kind is None or not read:
        return False
    other = "*" not in pattern and file_name(module, path) not in ("", pattern)
    return other or kind.group().lower() != read


def asks_alike(module: Module, function: Function, call: ast.Call, path: ast.expr) -> bool:
    """Whether a function lists, or asks for files which may be of the kind of a path."""
    if id(function) not in askers(module):
        return False
    questions = (call for call in asking_calls(module) if module.scope(call) is function)
    return not all(
        is_of_other_kind(module, question, path)
        or lists_others(module, question, path)
        or (last_name(question.func) in EXISTS and is_of_other_file(module, question, call, path))
        for question in questions
    )
