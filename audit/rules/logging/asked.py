"""Conditions that ask whether somebody wants to read what is printed."""

import ast
import re

from audit.rules.code import is_function

HANDED = re.compile(r"(not )?[\w.]*(?<![a-z])(logger|log|log_fn|log_func)( is (not )?None)?")
ASKED = re.compile(
    r"verbose|verbosity|debug|quiet|silent|print|disp(lay)?(?![a-z])|show|dry_?run|interactive|\btrac(e|ing)\b(?!\()"
    r"|(?<![a-z])(dump_|write_out\b)",
    re.I,
)
EVERY = re.compile(r"% *[\w.\[\]'\"()]+")  # `step % print_every`: how often, not whether
NONE_OF = {ast.Lt: 1, ast.LtE: 0, ast.Eq: 0, ast.Is: False}  # `verbose < 1`, `verbose == 0`


def is_question(holder: ast.AST, line: int) -> bool:
    """Whether what holds a line asks if somebody wants to read it, or left above where nobody does."""
    if isinstance(holder, ast.If | ast.IfExp):
        return is_asked(holder.test) or HANDED.fullmatch(ast.unparse(holder.test)) is not None
    if isinstance(holder, ast.BoolOp):
        return is_asked(holder.values[0])
    if isinstance(holder, ast.match_case):
        return holder.guard is not None and is_asked(holder.guard)
    above = holder.body if is_function(holder) else ()
    leaving = (part for part in above if isinstance(part, ast.If) and (part.end_lineno or 0) < line)
    return any(isinstance(part.body[-1], ast.Return) and is_unasked(part.test) for part in leaving)


def is_asked(test: ast.expr) -> bool:
    """Whether a condition asks if somebody wants to read it: `verbose`, and not `step % print_every`."""
    return ASKED.search(EVERY.sub("", ast.unparse(test))) is not None


def is_unasked(test: ast.expr) -> bool:
    """Whether a condition asks if nobody wants to read it: `not verbose`, `verbose < 1`, `quiet`."""
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    if isinstance(test, ast.Compare) and isinstance(other := test.comparators[0], ast.Constant):
        negated = NONE_OF.get(type(test.ops[0])) == other.value
    silent = re.search("quiet|silent", ast.unparse(test)) is not None
    return is_asked(test) and negated != silent
