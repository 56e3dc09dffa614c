"""Values that stand in another line than what says what they are: calls and tables written over several lines."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import text_of
from audit.rules.secrets.values import is_password
from audit.target import Kind, Piece

LONGEST = 14  # lines of a call
OPENS = re.compile(r"(?<=[=(\[{,])\s+|\s+(?=[)\]}])")
IN_BRACKETS = re.compile(r"(=\s*)\((?=\s*['\"])")
PLURAL = re.compile(r"(?:^|_)(?:passwords|passwds|tokens|(?:api_|access_|secret_)keys|secrets)$", re.I)
ACCOUNTS = re.compile(r"(?:^|_)(?:accounts|logins|users|credentials)$", re.I)
# What nobody is called: letters, a digit and a sign, and no address.
CHOSEN = re.compile(r"(?=\S*[A-Za-z]{3})(?=\S*\d)(?=\S*[!#$%&*?^])(?!\S*(?:://|%[sd(]|@\w+\.))[^\s/{}<>\[\]]{8,40}")
NAME = re.compile(r"^[\s{-]*['\"]?name['\"]?\s*:\s*['\"]?([A-Za-z][\w.-]+)['\"]?,?\s*$", re.I)
VALUE = re.compile(r"^[\s{-]*['\"]?value['\"]?\s*:\s*['\"]?([^\s'\"]{6,})['\"]?[\s},]*$", re.I)


def spread(piece: Piece) -> Iterator[tuple[int, str, str]]:
    """(line, what says it and the value as one line, the same without the value) of each value that may be a secret."""
    if piece.kind is Kind.TEXT and piece.path.endswith((".yaml", ".yml", ".json")) and "alue" in piece.text:
        for number, (before, line) in enumerate(zip(piece.lines, piece.lines[1:], strict=False), start=2):
            value = VALUE.match(line)
            name = NAME.match(before) if value else None
            if name and value:
                yield number, f"{name[1]}: {value[1]}", ""
    for node in piece.of(ast.Call, ast.Assign, ast.AnnAssign):
        if isinstance(node, ast.Call) and is_spread(node):
            for part in (*node.args, *(item.value for item in node.keywords)):
                yield from of_lines(piece, node, part)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            if is_spread(node) and node.value:
                yield from of_lines(piece, node, node.value)
            yield from of_table(node)


def is_spread(node: ast.expr | ast.stmt) -> bool:
    """Whether an expression or statement takes a few lines."""
    return 0 < (node.end_lineno or node.lineno) - node.lineno < LONGEST


def of_lines(piece: Piece, node: ast.expr | ast.stmt, part: ast.expr) -> Iterator[tuple[int, str, str]]:
    """A text of a call or an assignment that begins in another line than it."""
    if part.lineno > node.lineno and is_password(text_of(part)):
        numbers = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        yield part.lineno, one_line(piece, numbers), one_line(piece, [n for n in numbers if n != part.lineno])


def one_line(piece: Piece, numbers: range | list[int]) -> str:
    """Lines of code as one, without the brackets that only let a value stand in the next line."""
    return IN_BRACKETS.sub(r"\1", OPENS.sub("", " ".join(piece.line(number) for number in numbers)))


def of_table(node: ast.Assign | ast.AnnAssign) -> Iterator[tuple[int, str, str]]:
    """The texts of a list or table that says what all of them are: `TOKENS = {"carla": "…"}`.

    In a table of accounts, `users = dict(users, carla="…")`, they are passwords if they look like one.
    """
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    name = getattr(target, "id", "") or getattr(target, "attr", "")
    if not (PLURAL.search(name) and isinstance(target, ast.Name)) and not ACCOUNTS.search(name):
        return
    value = node.value
    of_accounts = ACCOUNTS.search(name) is not None
    held = value.values if isinstance(value, ast.Dict) else [] if of_accounts else getattr(value, "elts", [])
    if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict":
        held = [item.value for item in value.keywords if item.arg]
    says = "password" if of_accounts else name[:-1]
    for part in held:
        if is_password(text_of(part)) and not (of_accounts and not CHOSEN.fullmatch(text_of(part))):
            yield part.lineno, f'{says} = "{text_of(part)}"', ""
