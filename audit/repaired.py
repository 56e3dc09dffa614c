"""Programs with a slip of the pen, rewritten line for line so that the rest can be read. Nothing is executed.

Python says where it gives up, but not what was meant. The statement that goes through that line is left out but for its
names, which count as used there; one that opens a block still opens one. A program with more than a few such is none.
"""

import ast
import keyword
import re
from functools import lru_cache

MOST = 12  # statements that are rewritten
TALLEST = 40  # lines of one, above and below the slip
LONGEST = 60_000  # characters of a program: each rewritten line costs a parser's run
TEXT = re.compile(r"([A-Za-z]{0,2})('[^'\n]*'|\"[^\"\n]*\")|#.*")  # strings of one line, and comments
NAME = re.compile(r"(?<![\w.])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(\(?)")  # and whether it is called
CONTINUED = re.compile(r"[(\[{,+\-*/%|&=\\]$|\b(?:and|or|not|in|is)$")  # ends a line that the next goes on with
OPENED = re.compile(r"on line (\d+)$")  # the header without a block, or the bracket that is closed by another
FOREIGN = re.compile(r"\{\{|\{%|^(<{7}|={7}|>{7})")  # a template, or a merge that nobody has done


@lru_cache(maxsize=64)  # asked again by what reads the text of a program besides its tree
def repaired(code: str) -> str | None:
    """The program without what does not parse, every statement in its line; None where half or more does not."""
    lines = code.split("\n") if len(code) <= LONGEST else []
    touched: dict[int, int] = {}
    for _ in range(MOST if lines else 0):
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            number = line_of(error)
            if not 0 < number <= len(lines):
                return None
            start, end = statement(lines, number)
            if any(map(FOREIGN.search, lines[start - 1 : end])) or not "".join(lines[start - 1 : end]).strip():
                return None
            if touched.get(start, 0) > 1:
                return None
            again = start in touched
            lines[start - 1 : end] = [rewritten(lines, start, end, error, again=again), *[""] * (end - start)]
            touched[start] = touched.get(start, 0) + 1
        except (ValueError, RecursionError, MemoryError):
            return None
        else:
            rest = sum(bool(line.strip()) for number, line in enumerate(lines, start=1) if number not in touched)
            return "\n".join(lines) if rest >= len(touched) else None
    return None


def line_of(error: SyntaxError) -> int:
    """The line where the slip is: of a header without a block, and of two brackets that do not match, the first."""
    opened = OPENED.search(error.msg)
    return int(opened[1]) if opened else error.lineno or 0


def statement(lines: list[str], number: int) -> tuple[int, int]:
    """The first and the last line of what goes through a line, by the signs at the ends of lines."""
    start = end = number
    while start > 1 and number - start < TALLEST and CONTINUED.search(plain(lines[start - 2])):
        start -= 1
    while end < len(lines) and end - number < TALLEST and CONTINUED.search(plain(lines[end - 1])):
        end += 1
    return start, end


def rewritten(lines: list[str], start: int, end: int, error: SyntaxError, *, again: bool) -> str:
    """What stands in place of a statement: its names and what it calls, as a condition where it opens a block."""
    indent = indentation(lines[start - 1])
    if again or (isinstance(error, IndentationError) and not OPENED.search(error.msg)):
        indent = indentation(next((line for line in reversed(lines[: start - 1]) if line.strip()), ""))
    said = " ".join(map(plain, lines[start - 1 : end])).strip()
    found = NAME.findall(" ".join(lines[start - 1 : end]) if said.startswith("__all__") else said)
    names = [name + (call and "()") for name, call in found if not keyword.iskeyword(name.partition(".")[0])]
    held = f"({', '.join(dict.fromkeys(names))},)" if names else "..."
    opens = "expected ':'" in error.msg or (said.endswith(":") and not OPENED.search(error.msg))
    if opens and not again:
        return f"{indent}if {held}:"
    return f"{indent}assert any({held})" if said.startswith("assert") and names else f"{indent}{held}"


def plain(line: str) -> str:
    """A line without its comment and its strings, but for what f-strings hold."""
    return TEXT.sub(lambda found: found[2] if "f" in (found[1] or "").lower() else " ", line).rstrip()


def indentation(line: str) -> str:
    """The blanks that a line begins with."""
    return line[: len(line) - len(line.lstrip())]
