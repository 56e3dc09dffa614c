"""Questions whether a file is there: of what, and what the program does where the answer is no."""

import ast

from audit.rules.code import Module, last_name

ENDS = {"exit", "_exit", "quit", "abort", "error"}  # calls that end a program: `parser.error(...)`


def subject_of(question: ast.Call) -> ast.expr:
    """What is asked for: of `os.path.exists(path)` and of `path.exists()` the path."""
    if question.args or not isinstance(question.func, ast.Attribute):
        return question.args[0] if question.args else question.func
    return question.func.value


def folder_of(module: Module, listing: ast.Call) -> ast.expr:
    """What is listed: of `folder.glob("*.png")` the folder, of `glob.glob(pattern)` and `os.listdir(folder)` that."""
    function = listing.func
    if isinstance(function, ast.Attribute) and function.attr in ("glob", "rglob"):
        return subject_of(listing) if module.full_name(function) == "glob.glob" else function.value
    return subject_of(listing)


def decides(module: Module, question: ast.Call, places: list[ast.AST]) -> bool:
    """Whether something is done, made or refused where the file is not there, or the places are reached if it is.

    `if cache.exists(): return load(cache)` leaves open whether the file is there that is read behind it.
    """
    child: ast.AST = question
    for holder in module.enclosing(question):
        if isinstance(holder, ast.If | ast.IfExp) and child is holder.test:
            inside = holder.body if isinstance(holder.body, list) else [holder.body]
            return any(part in inside for place in places for part in (place, *module.enclosing(place)))
        if isinstance(holder, ast.UnaryOp) and isinstance(holder.op, ast.Not) and child is question:
            return not refuses(module.parents.get(holder), holder)
        if not (isinstance(holder, ast.BoolOp) and isinstance(holder.op, ast.And)):
            return True
        child = holder
    return True


def refuses(holder: ast.AST | None, test: ast.expr) -> bool:
    """Whether all that a condition does is to end with an error: it makes no other file."""
    whole = isinstance(holder, ast.If) and holder.test is test and not holder.orelse
    return whole and isinstance(holder, ast.If) and all(isinstance(line, ast.Raise) for line in holder.body)


def ends_without(module: Module, question: ast.Call) -> bool:
    """Whether the program ends where the answer is no: `assert exists(path)`, `if not exists(path): raise ...`."""
    parent = module.parents.get(question)
    if isinstance(parent, ast.Assert):
        return parent.test is question
    holder = module.parents.get(parent) if isinstance(parent, ast.UnaryOp) else None
    if not isinstance(holder, ast.If) or holder.test is not parent:
        return False
    last = holder.body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    return isinstance(last, ast.Raise) or (isinstance(call, ast.Call) and last_name(call.func) in ENDS)
