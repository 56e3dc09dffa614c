"""Programs with a slip of the pen, rewritten line for line so that the rest can be read. Nothing is executed.

Python says where it gives up, but not what was meant. What stands in that line is left out but for its names, which
count as used there; a line that opens a block still opens one. A program with more than a few such lines is none.
"""

import ast
import keyword
import re

MOST = 12  # lines that are rewritten
LONGEST = 200_000  # characters of a program: each rewritten line costs a parser's run
TEXT = re.compile(r"([A-Za-z]{0,2})('[^'\n]*'|\"[^\"\n]*\")|#.*")  # strings of one line, and comments
NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
OPENED = re.compile(r"on line (\d+)$")  # the header without a block, or the bracket that is closed by another
FOREIGN = re.compile(r"\{\{|\{%|^(<{7}|={7}|>{7})")  # a template, or a merge that nobody has done


def repaired(code: str) -> str | None:
    """The program without what does not parse, every statement in its line; None where too much, or all, does not."""
    lines = code.split("\n") if len(code) <= LONGEST else []
    touched: dict[int, int] = {}
    for _ in range(MOST if lines else 0):
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            number = line_of(error)
            if not 0 < number <= len(lines) or FOREIGN.search(lines[number - 1]) or touched.get(number, 0) > 1:
                return None
            touched[number] = touched.get(number, 0) + 1
            lines[number - 1] = rewritten(lines, number, error, again=touched[number] > 1)
        except (ValueError, RecursionError, MemoryError):
            return None
        else:
            rest = any(line.strip() for number, line in enumerate(lines, start=1) if number not in touched)
            return "\n".join(lines) if rest else None
    return None


def line_of(error: SyntaxError) -> int:
    """The line that is to be rewritten: of a header without a block, and of two brackets, the first."""
    opened = OPENED.search(error.msg)
    return int(opened[1]) if opened else error.lineno or 0


def rewritten(lines: list[str], number: int, error: SyntaxError, *, again: bool) -> str:
    """What stands in place of a line: its names, as a condition where it opens a block; the second time nothing."""
    line = lines[number - 1]
    indent = line[: len(line) - len(line.lstrip())]
    if isinstance(error, IndentationError) and not OPENED.search(error.msg):
        indent = above(lines, number)
    if again:
        return ""
    plain = TEXT.sub(" ", line).rstrip()
    names = [name for name in NAME.findall(plain) if not keyword.iskeyword(name)]
    held = f"({', '.join(dict.fromkeys(names))},)" if names else "..."
    if "expected ':'" in error.msg:
        return f"{indent}if {held}:"
    opens = plain.endswith(":") and not OPENED.search(error.msg)
    return f"{indent}if {held}:" if opens else f"{indent}{held}"


def above(lines: list[str], number: int) -> str:
    """The indentation of the last line before that says something."""
    line = next((one for one in reversed(lines[: number - 1]) if one.strip()), "")
    return line[: len(line) - len(line.lstrip())]
