"""The mutated text of a file: an exact replacement, or an operation on its syntax tree."""

import ast

from audit.mutation.spec import Mutant

Function = ast.FunctionDef | ast.AsyncFunctionDef


class StaleError(Exception):
    """A mutant's change does not apply to the file as it is. That is a mistake of the list, never a catch."""


def mutated(source: str, mutant: Mutant) -> str:
    """The file's text after the change.

    Raises:
        StaleError: the text does not stand there exactly once, there is no such function or call, or nothing changes.
    """
    if mutant.operation is None:
        result = replaced(source, mutant.text or "", mutant.replacement or "")
    elif mutant.operation == "return":
        result = returning(source, mutant.function or "", mutant.replacement or "")
    else:
        result = swapped(source, mutant.function or "", mutant.call or "")
    if result == source:
        raise StaleError("the change changes nothing")
    if not mutant.file.endswith(".py"):
        return result
    try:
        ast.parse(result)
    except SyntaxError as error:
        raise StaleError(f"the changed file is no Python: {error.msg}, line {error.lineno}") from error
    return result


def replaced(source: str, text: str, replacement: str) -> str:
    """Replace the one occurrence of a text."""
    number = source.count(text)
    if number != 1:
        raise StaleError(f"its text stands there {number} times, expected once: {text!r}")
    return source.replace(text, replacement)


def returning(source: str, name: str, value: str) -> str:
    """Replace the body of a function by `return value`."""
    found = function(source, name)
    last = found.body[-1]
    indent = " " * found.body[0].col_offset
    lines = source.splitlines(keepends=True)
    assert last.end_lineno is not None
    return "".join((*lines[: found.body[0].lineno - 1], f"{indent}return {value}\n", *lines[last.end_lineno :]))


def swapped(source: str, name: str, call: str) -> str:
    """Let the first two arguments of the only call of that name change places."""
    calls = [
        node
        for node in ast.walk(function(source, name))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == call
    ]
    if len(calls) != 1 or len(calls[0].args) < 2:
        raise StaleError(f"{name} calls {call} {len(calls)} times, expected one call with two arguments or more")
    first, second = (span(source, argument) for argument in calls[0].args[:2])
    data = source.encode()
    parts = data[: first[0]], data[slice(*second)], data[first[1] : second[0]], data[slice(*first)], data[second[1] :]
    return b"".join(parts).decode()


def function(source: str, name: str) -> Function:
    """The function of that name, `Class.method` for a method."""
    body: list[ast.stmt] = ast.parse(source).body
    *classes, last = name.split(".")
    for part in classes:
        body = next((node.body for node in body if isinstance(node, ast.ClassDef) and node.name == part), [])
    found = next((node for node in body if isinstance(node, Function) and node.name == last), None)
    if found is None:
        raise StaleError(f"there is no function {name}")
    return found


def span(source: str, node: ast.expr) -> tuple[int, int]:
    """First and last byte of an expression in the file; the syntax tree counts bytes of UTF-8."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
