"""Reads that stand in a `try` which is for a file that is not there."""

import ast

from audit.rules.code import Module, last_name

# What a file that is not there does not raise.
OTHER_ERRORS = {
    "JSONDecodeError", "YAMLError", "TOMLDecodeError", "ParserError", "EmptyDataError", "UnicodeDecodeError",
    "UnicodeError", "UnpicklingError", "EOFError", "KeyError", "IndexError", "AttributeError", "TypeError",
    "KeyboardInterrupt", "StopIteration", "ZeroDivisionError", "ImportError", "ModuleNotFoundError", "MemoryError",
    "BadZipFile",
}  # fmt: skip


def is_tried(module: Module, place: ast.AST) -> bool:
    """Whether a `try` or `suppress` stands around the place."""
    for holder in module.enclosing(place):
        withs = [item.context_expr for item in holder.items] if isinstance(holder, ast.With) else []
        suppressed = any(isinstance(one, ast.Call) and last_name(one.func) == "suppress" for one in withs)
        if suppressed or (isinstance(holder, ast.Try) and any(map(catches, holder.handlers))):
            return True
    return False


def catches(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is for a file that is not there, too; one of all errors that ends with `raise` is for none."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = [last_name(kind) if kind is not None else "" for kind in kinds]
    again = isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None
    if again and not {"", "Exception", "BaseException"}.isdisjoint(names):
        return False
    return not OTHER_ERRORS.issuperset(names)
