"""Programs for Python 2, or for 3.6, rewritten line for line so that this Python can parse them. Nothing is executed.

Much public code of papers before 2018 is Python 2, and in code of Python 3.6 arguments are called `async`. What a tree
is read for (imports, handlers, calls, names) is the same in all of them, so it is enough that the program parses and
that every statement stays in its line; `2to3`, which the standard library drops, moves lines.
"""

import re
from collections.abc import Iterator

from audit.newer import Strings, UnreadableError

VALUE = r"[ \t]*(?!(?:in|is|and|or|if|else|for)\b)(?:[\w'`\[{~\\]|-[\w.(])"  # how one may begin
STATEMENT = re.compile(
    rf"(?:^|[;:])[ \t]*(?:(print)(?=[ \t]*>>|\b{VALUE})|(exec)\b(?={VALUE})|(raise)\b(?=[ \t]+\w))", re.M
)
LAMBDA = re.compile(r"\blambda[ \t]*(\()[^()\n]*(\))[ \t]*:")
DEFINED = re.compile(r"^[ \t]*def[ \t]+\w+[ \t]*\(", re.M)
QUOTED = re.compile(r"(`)[^`\n]+(`)")
RAW = re.compile(r"[uU](?=[rR]['\"])")
LEADING = re.compile(r"^ *\t[ \t]*", re.M)
OPENING, CLOSING = {"(", "[", "{"}, {")", "]", "}"}
SIGN = re.compile(r"\S")
STOPS = re.compile(r"\\\n|[(\[{)\]}\n;,]|\bin\b")
LONGEST = 4000  # characters of a statement
ASYNC = "async_of_old"  # stands for the name until the program is parsed
SIGNS = (  # what stands in the group becomes the text
    (re.compile(r"(<>)"), "!="),
    (re.compile(r"(?<![\w.])(0)(?=[0-7]+[lL]?\b(?!\.))"), "0o"),
    (re.compile(r"(?<![\w.])(?:0[xX][\da-fA-F]+|\d+)([lL])\b"), ""),
    (re.compile(r"\b(async)\b(?=[ \t]*=[^=])"), ASYNC),
    (re.compile(r"(?<=\.)(async)\b"), ASYNC),
    (re.compile(r"^[ \t]*except[ \t]++[^\n:]{1,200}?[ \t]{0,9}(,)[ \t]{0,9}[A-Za-z_]\w*[ \t]{0,9}:", re.M), " as "),
)

Edit = tuple[int, int, str]  # from, to, and what shall stand there


def translated(code: str) -> str:
    """The same program in the syntax of Python 3, as far as it is in an older one; every statement in its line."""
    # In Python 2 a tab reaches to the next eighth column.
    code = LEADING.sub(lambda found: found[0].expandtabs(8), code)
    try:
        hidden = mask(code)
    except UnreadableError:
        return code
    parts, at = [], 0
    for start, end, text in sorted({*signs(code, hidden), *parameters(hidden), *statements(hidden)}):
        if start >= at:
            parts += [code[at:start], text]
            at = end
    return "".join([*parts, code[at:]])


def restored(text: str) -> str:
    """A name, or what is said of one, as it stands in the program."""
    return text.replace(ASYNC, "async")


def mask(code: str) -> str:
    """The program with blanks for comments and quotes for strings, also for the new lines inside: of the same length.

    Raises:
        UnreadableError: a string does not end.
    """
    return "".join(
        text if is_code else (" " if text[0] == "#" else "'") * len(text) for text, is_code in Strings(code).parted()
    )


def signs(code: str, hidden: str) -> Iterator[Edit]:
    """Operators, numbers and prefixes that are written otherwise now, and names that are words of the language."""
    for pattern, text in SIGNS:
        yield from ((*found.span(1), text) for found in pattern.finditer(hidden))
    for found in QUOTED.finditer(hidden):
        yield from ((*found.span(1), "repr("), (*found.span(2), ")"))
    for found in RAW.finditer(code):
        place = found.start()
        if hidden[place] == "'" != hidden[place - 1 : place]:  # the string begins here
            yield (*found.span(), "")


def parameters(hidden: str) -> Iterator[Edit]:
    """Tuples among the parameters of a function become parameters of it."""
    for found in LAMBDA.finditer(hidden):
        yield from ((*found.span(group), " ") for group in (1, 2))
    at = 0
    while defined := DEFINED.search(hidden, at):
        at, depth, opened, before = defined.end(), 0, -1, "("
        for sign in SIGN.finditer(hidden, at, at + LONGEST):
            at, text = sign.end(), sign[0]
            if text == ")" and depth == 0:
                break
            if text == "(" and depth == 0 and before in ("(", ","):
                opened = sign.start()
            elif text == ")" and depth == 1 and opened >= 0:
                yield from ((opened, opened + 1, " "), (sign.start(), at, " "))
                opened = -1
            depth += (text in OPENING) - (text in CLOSING)
            before = text


def statements(hidden: str) -> Iterator[Edit]:
    """`print` and `exec`, and `raise` with a class and its value, become calls."""
    at = 0
    while found := STATEMENT.search(hidden, at):
        start = found.end()
        at = stop(hidden, start, "\n", ";")
        end = len(hidden[start:at].rstrip()) + start
        if found[3]:
            comma = stop(hidden, start, ",", "\n", ";")
            yield from ((comma, comma + 1, "("), (end, end, ")")) if comma < end - 1 else ()
        elif found[2]:
            inside = stop(hidden, start, "in", "\n", ";")
            yield from ((start, start, "("), (end, end, ")"))
            yield from [(inside, inside + 2, ",")] if inside < end else ()
        elif hidden[start:end].lstrip().startswith(">>"):
            yield from redirected(hidden, start, end)
        else:
            yield from ((start, start, "("), (end, end, ")"))


def redirected(hidden: str, start: int, end: int) -> Iterator[Edit]:
    """`print >> file, a, b` becomes `print (file= file,*( a, b,))`: all stays where it is."""
    arrows = hidden.index(">>", start)
    comma = stop(hidden, start, ",")
    yield arrows, arrows + 2, "(file="
    if comma >= end:
        yield end, end, ")"
    elif comma == end - 1:
        yield comma, end, ")"
    else:
        yield comma, comma + 1, ",*("
        yield end, end, "))" if hidden[end - 1] == "," else ",))"


def stop(hidden: str, start: int, *ends: str) -> int:
    """Where the first of some signs stands outside brackets, or the bracket that closes one before; the end if none."""
    depth, last = 0, min(len(hidden), start + LONGEST)
    for found in STOPS.finditer(hidden, start, last):
        if depth == 0 and found[0] in ends:
            return found.start()
        depth += (found[0] in OPENING) - (found[0] in CLOSING)
        if depth < 0:
            return found.start()
    return last
