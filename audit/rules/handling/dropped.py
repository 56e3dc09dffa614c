"""Handlers by which every error is lost: what counts as broad, as silent, and as an answer."""

import ast
import re
from typing import TypeGuard

from audit.rules.code import Function, dotted, is_function, last_name, text_of

BROAD = {"Exception", "BaseException"}
REMOVES = {"unlink", "rmtree"}
PASSING = re.compile(r"te?mp|temporary|scratch|stag(e|ing)|partial|(^|\W|_)(part|lock|sock)", re.I)  # not meant to stay
GIVES_BACK = {"close", "terminate", "kill", "cleanup", "shutdown", "disconnect", "release"}
FILLED = {"full", "full_like"}  # arrays of what they are given second
BLANK = {"zeros", "zeros_like", "ones", "ones_like", "empty", "empty_like"}  # arrays and tensors of nothing
NOTEBOOKS = ("IPython", "google.colab")  # what code asks for that may run in one
MADE_OF = {"DataFrame", "Series", "array", "tensor", "Tensor", "Counter", "OrderedDict"}  # of nothing, or constants
OTHERWISE = re.compile(r"default|fallback|other|alternative|instead", re.I)  # what the caller gives for that case
PARSES = re.compile(r"parse|loads?$|eval$|^(int|float|complex|str|bool)$|decode|from_|(^|\.)to_|cast|astype", re.I)
FAILED = re.compile(r"fail|error|invalid|exception|crash|timeout|skip|broken|unavailable", re.I)  # words for the reader
SAYS_SO = re.compile(r"AVAILABLE|ERROR|FAIL|INVALID")  # constants that say that it failed
NO_VALUE = {"nan", "NaN", "NAN", "NaT", "NA", "inf", "Inf"}
EMPTY = {"set", "dict", "list", "tuple"}
KEEPS = {"append", "add", "extend", "insert", "put", "print", "update"}  # what fails is what they are given
NUMBER = (ast.Constant, ast.USub)  # of `-1`
SETS = re.compile(r"set|use$|enable|disable|(simple)?filter|register|switch", re.I)
SAYS = re.compile(r"\b(could|can|did|does|do|was|is)( ?no|n')t\b|\bfail|\berror|unable|invalid|wrong|problem", re.I)
TELLS = re.compile(
    r"print|log|warn|error|exception|info|debug|critical|exit|fail|abort|append|add|write|echo|show|send|report|put"
    r"|trace|rollback",
    re.I,
)
SENTENCES = {"print", "exit", "_exit", "quit", "echo", "sys.stderr.write", "sys.stdout.write"}  # they know no error
ERROR = re.compile(r"exc_info|traceback|format_exc|exception")


def drops(node: ast.Try | ast.TryStar, of_data: bool = False) -> list[tuple[ast.stmt | ast.ExceptHandler, str]]:
    """Where a `try` loses every error, and by what; where it fetches data, another example in place of it is none."""
    leaving = [line for line in node.finalbody if isinstance(line, ast.Return | ast.Break | ast.Continue)]
    lost: list[tuple[ast.stmt | ast.ExceptHandler, str]] = [(line, "finally") for line in leaving[:1]]
    imports = [isinstance(line, ast.Import | ast.ImportFrom) for line in node.body]
    probes = all(one or is_answer(line) for one, line in zip(imports, node.body, strict=True))
    if not probes and not asks_for_notebook(node.body):
        lost += [
            (handler, f"except{f' {ast.unparse(handler.type)}' if handler.type else ''}:")
            for handler in node.handlers
            if is_broad(handler.type)
            and not is_cleanup(node, handler)
            and (is_silent(handler, of_data) or gives_input_back(node, handler) or fills_in(node, handler))
            and not answers(node, handler)
            and not is_same_work(node, handler)
            and not tries_again(node, handler)
            if not (any(imports) and (is_set_up(node) or all(map(is_assigned, handler.body))))
        ]
    return lost


def is_answer(line: ast.stmt) -> bool:
    """`return True`: what a function says that only tries to import something."""
    return isinstance(line, ast.Return) and isinstance(line.value, ast.Constant)


def asks_for_notebook(body: list[ast.stmt]) -> bool:
    """Whether a block begins with what only a notebook has: it asks where it runs, or is of use nowhere else."""
    first = body[0]
    names = [alias.name for alias in first.names] if isinstance(first, ast.Import) else []
    names += [first.module or ""] if isinstance(first, ast.ImportFrom) else []
    return any(name.startswith(NOTEBOOKS) for name in names)


def answers(node: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> bool:
    """Whether all that failing changes is a truth value which says so: `ok = True`, and `ok = False` in the handler."""
    said = {ast.unparse(place) for line in node.body for place in answered(line)}
    given = [ast.unparse(place) for line in handler.body for place in answered(line)]
    return len(given) == len(handler.body) and said.issuperset(given)


def answered(line: ast.stmt) -> list[ast.expr]:
    """The places that a line gives a truth value."""
    value = line.value if isinstance(line, ast.Assign) else None
    told = isinstance(value, ast.Constant) and isinstance(value.value, bool)
    return line.targets if told and isinstance(line, ast.Assign) else []


def is_same_work(node: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> bool:
    """Whether a handler works out the same names from all that the first way was given, by another call."""
    one, other = node.body[-1], handler.body[-1]
    if not (isinstance(one, ast.Assign) and isinstance(other, ast.Assign) and len(node.body) == len(handler.body) == 1):
        return False
    calls = isinstance(one.value, ast.Call) and isinstance(other.value, ast.Call)
    same = list(map(ast.unparse, one.targets)) == list(map(ast.unparse, other.targets))
    given = {part.id for value in getattr(one.value, "args", ()) for part in ast.walk(value) if is_name(part)}
    return calls and same and len(given) > 1 and given <= {part.id for part in ast.walk(other.value) if is_name(part)}


def tries_again(node: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> bool:
    """Whether a handler ends with the very call that failed, once more with what it has changed: that one raises."""
    ways = [getattr(block[-1], "value", None) for block in (node.body, handler.body)]
    calls = [way for way in ways if isinstance(way, ast.Call) and last_name(way.func) not in KEEPS]
    same = len(calls) == 2 and ast.unparse(calls[0].func) == ast.unparse(calls[1].func)
    return same and type(node.body[-1]) is type(handler.body[-1])


def is_name(node: ast.AST) -> TypeGuard[ast.Name]:
    """A variable."""
    return isinstance(node, ast.Name)


def is_set_up(node: ast.Try | ast.TryStar) -> bool:
    """Imports with what is made of them at once; at the top also settings of these modules: `cv2.setNumThreads(0)`."""
    body = node.body
    lines = [line for line in body if isinstance(line, ast.Import | ast.ImportFrom)]
    names = {(alias.asname or alias.name).partition(".")[0] for line in lines for alias in line.names}
    top = node.col_offset == 0
    settings = [line for line in body if top and isinstance(line, ast.Expr) and is_setting(line.value, names)]
    return all(line in settings or is_definition(line) for line in body)


def is_setting(node: ast.expr, names: set[str]) -> bool:
    """A call that sets something for good, of a module that has just been imported."""
    if not isinstance(node, ast.Call) or dotted(node.func).partition(".")[0] not in names:
        return False
    constant = (isinstance(value, ast.Constant) for value in (*node.args, *(item.value for item in node.keywords)))
    return SETS.match(last_name(node.func)) is not None and all(constant)


def is_definition(line: ast.stmt) -> bool:
    """An import, or what is made of it at once: a class, a function, another name; nothing that is run."""
    if isinstance(line, ast.Assign):
        calls = (node for node in ast.walk(line.value) if isinstance(node, ast.Call))
        return all(dotted(call.func) == "getattr" for call in calls)  # by another name in older versions
    return isinstance(line, ast.Import | ast.ImportFrom | ast.ClassDef) or is_function(line)


def is_assigned(line: ast.stmt) -> bool:
    """Another value for a name."""
    return isinstance(line, ast.Assign)


def is_broad(kind: ast.expr | None) -> bool:
    """Bare, Exception or BaseException, alone or in a tuple."""
    if isinstance(kind, ast.Tuple):
        return any(is_broad(item) for item in kind.elts)
    return kind is None or dotted(kind).removeprefix("builtins.") in BROAD


def is_cleanup(node: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> bool:
    """One call that gives something back, at the end of its use: there is nothing left to do where it fails."""
    return handler.type is not None and gives_back(node.body)


def gives_back(body: list[ast.stmt]) -> bool:
    """Whether a block is one call such as `stream.close()`, or removes what is only there for a while."""
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    passing = last_name(call.func) in REMOVES and PASSING.search(ast.unparse(call)) is not None
    return passing or last_name(call.func) in GIVES_BACK


def is_silent(handler: ast.ExceptHandler, of_data: bool) -> bool:
    """Whether nobody hears of the error: the handler does nothing, or a bare one goes on another way.

    A bare `except:` catches Ctrl-C and the end of the program besides: whatever it does instead, without raising,
    telling or looking at the error, hides them. A sentence that it prints is the same for every error.
    """
    if any(isinstance(line, ast.Return) and is_message(line.value) for line in handler.body):
        return False
    if all(is_nothing(line, handler) for line in handler.body) or knows_one(handler):
        return True
    if handler.type is not None and "BaseException" not in ast.unparse(handler.type) and not of_data:
        return False
    inside = [node for line in handler.body for node in ast.walk(line)]
    calls = [node.func for node in inside if isinstance(node, ast.Call) and not is_filler(node, handler)]
    if handler.type is None and not ERROR.search(ast.unparse(handler)):
        calls = [func for func in calls if SENTENCES.isdisjoint((dotted(func), last_name(func)))]
    looked_at = any(isinstance(node, ast.Name) and node.id == handler.name for node in inside)
    told = any(TELLS.search(last_name(func)) for func in calls)
    return not (looked_at or told or any(isinstance(node, ast.Raise) for node in inside))


def knows_one(handler: ast.ExceptHandler) -> bool:
    """Whether all that a handler does is for one error that it knows: `if str(error) == "no window": print("...")`."""
    line = handler.body[0]
    if len(handler.body) > 1 or not isinstance(line, ast.If) or line.orelse or not isinstance(line.test, ast.Compare):
        return False
    sides = [line.test.left, *line.test.comparators]
    same = len(sides) == 2 and isinstance(line.test.ops[0], ast.Eq | ast.In) and any(map(text_of, sides))
    looked_at = any(is_name(node) and node.id == handler.name for node in ast.walk(line.test))
    return same and looked_at and not any(isinstance(node, ast.Raise) for node in ast.walk(line))


def gives_input_back(node: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> bool:
    """Whether all that a handler does is to give what the block was to work on, as if nothing had failed."""
    line = handler.body[0] if len(handler.body) == 1 else None
    value = line.value if isinstance(line, ast.Return) else None
    if not isinstance(value, ast.Name) or value.id == handler.name or OTHERWISE.search(value.id):
        return False
    every = [part for one in node.body for part in ast.walk(one)]
    if any(isinstance(part, ast.Call) and PARSES.search(ast.unparse(part.func)) for part in every):
        return False  # a text that is no number or JSON is meant as it is
    inside = [part for part in every if isinstance(part, ast.Name) and part.id == value.id]
    calls = [part for part in every if isinstance(part, ast.Call)]
    worked_on = [one for call in calls for one in (*call.args, getattr(call.func, "value", None))]
    return any(part in worked_on for part in inside) and all(isinstance(part.ctx, ast.Load) for part in inside)


def fills_in(node: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> bool:
    """Whether a handler puts a word among the results that the block collects: `answers.append("yes")`."""
    line = handler.body[0] if len(handler.body) == 1 else None
    call = line.value if isinstance(line, ast.Expr) else None
    if not (isinstance(call, ast.Call) and last_name(call.func) in ("append", "add") and len(call.args) == 1):
        return False
    word = text_of(call.args[0])
    if not word or FAILED.search(word):
        return False
    inside = (one for line in node.body for one in ast.walk(line) if isinstance(one, ast.Call))
    return any(ast.dump(one.func) == ast.dump(call.func) for one in inside)


def is_message(value: ast.expr | None) -> bool:
    """A sentence that says what failed."""
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    text = " ".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
    return " " in text.strip() and SAYS.search(text) is not None


def is_nothing(statement: ast.stmt, handler: ast.ExceptHandler) -> bool:
    """`pass`, `continue`, `...`, a string, or a constant in place of the value that failed.

    A truth value is an answer (`return False` says that it failed), unless the error was given a name and not looked
    at.
    """
    if isinstance(statement, ast.Return):
        return statement.value is None or is_stand_in(statement.value, handler)
    if isinstance(statement, ast.Assign):
        return is_stand_in(statement.value, handler) or {dotted(target) for target in statement.targets} == {"_"}
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return is_filler(statement.value, handler)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
        return statement.value.value is not None and is_stand_in(statement.value.value, handler)
    if isinstance(statement, ast.Delete):
        return [dotted(target) for target in statement.targets] == [handler.name]
    if isinstance(statement, ast.AugAssign):
        return isinstance(statement.value, ast.Constant) and not statement.value.value  # `total += 0.0`
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass | ast.Continue | ast.Break)


def is_filler(call: ast.Call, handler: ast.ExceptHandler) -> bool:
    """`scores.append(0.0)`: a constant among the results, in place of the one that failed."""
    values = [value for value in call.args if not isinstance(value, ast.Constant) or not isinstance(value.value, str)]
    placed = last_name(call.func) in ("append", "add") and len(values) == len(call.args) == 1
    return placed and is_stand_in(values[0], handler)


def is_stand_in(node: ast.expr, handler: ast.ExceptHandler) -> bool:
    """A constant or NaN, several of them, or an empty list, table or set."""
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, bool) or handler.name is not None
    if isinstance(node, ast.List | ast.Tuple):
        return all(is_stand_in(item, handler) for item in node.elts)
    if isinstance(node, ast.Attribute):
        return node.attr in NO_VALUE or (node.attr.isupper() and not SAYS_SO.search(node.attr))
    if isinstance(node, ast.Name):
        return node.id.isupper() and not SAYS_SO.search(node.id)
    if isinstance(node, ast.Call):
        if last_name(node.func) in FILLED:
            return len(node.args) > 1 and is_stand_in(node.args[1], handler)
        of_number = dotted(node.func) == "float" and len(node.args) == 1 and isinstance(node.args[0], ast.Constant)
        blank = last_name(node.func) in BLANK or dotted(node.func) == "Image.new"
        given = (*node.args, *(item.value for item in node.keywords if item.arg not in ("dtype", "device", "columns")))
        blank = blank or (last_name(node.func) in MADE_OF and all(is_stand_in(one, handler) for one in given))
        return of_number or blank or (dotted(node.func) in EMPTY and not node.args and not node.keywords)
    return isinstance(node, ast.UnaryOp | ast.Dict) and all(
        isinstance(one, NUMBER) for one in ast.iter_child_nodes(node)
    )


def swallows_as_manager(node: Function) -> ast.Return | None:
    """The `return True` with which `__exit__` drops whatever has been raised, looked at by nobody."""
    last = node.body[-1]
    if node.name not in ("__exit__", "__aexit__") or not isinstance(last, ast.Return):
        return None
    if not (isinstance(last.value, ast.Constant) and last.value.value is True):
        return None
    arguments = [*node.args.args[1:], *([node.args.vararg] if node.args.vararg else [])]
    names = {argument.arg for argument in arguments}
    inside = list(ast.walk(node))
    looked_at = any(isinstance(one, ast.Name) and one.id in names for one in inside)
    calls = (last_name(one.func) for one in inside if isinstance(one, ast.Call))
    return None if looked_at or any(map(TELLS.search, calls)) else last
