"""Files of torch.save that hold nothing of a device: data sets, vocabularies, options, what a scheduler has counted."""

import ast
import re

from audit.rules.code import Module, dotted, last_name, text_of

NO_DEVICE = re.compile(
    r"(^|[_\W])(cached?|processed|data_?sets?|vocab(ulary)?|tokenizers?|training_args|args|configs?|scheduler|scaler"
    r"|rng_state|(meta|train|val|valid|dev|test)_?(data|examples|samples|split)|examples|splits?|id2\w+|\w+2(id|idx)"
    r"|labels?)(?=$|[_\W]|\d)",
    re.I,
)
LEARNED = re.compile(
    r"model|net(?!flix)|weights|state_dict|ckpt|checkpoint|encoder|decoder|pretrained|optim|embed", re.I
)


def is_of_no_device(module: Module, call: ast.Call) -> bool:
    """Whether the names around a torch.load say that no tensor of a GPU is in the file."""
    names = [name for name in (*taken_as(module, call), *ends(call.args[0] if call.args else None)) if name]
    return any(map(NO_DEVICE.search, names)) and not any(map(LEARNED.search, names))


def taken_as(module: Module, call: ast.Call) -> list[str]:
    """The names that the call's result is given, and of the object whose state it becomes."""
    holder = module.parents.get(call)
    if isinstance(holder, ast.Assign):
        targets = [part for target in holder.targets for part in getattr(target, "elts", [target])]
        return [last_name(target) for target in targets]
    if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Attribute):
        return [last_name(holder.func.value)] if holder.func.attr == "load_state_dict" else [holder.func.attr]
    return []


def ends(path: ast.expr | None) -> list[str]:
    """What the end of a path is called, as far as it is written: the folders above it say nothing."""
    if isinstance(path, ast.Call) and path.args:
        return ends(path.args[-1])
    if isinstance(path, ast.BinOp):
        return ends(path.right)
    if isinstance(path, ast.JoinedStr):
        text = "".join(text_of(part) or "{}" for part in path.values)
        return [text.rpartition("/")[2]]
    if isinstance(path, ast.Subscript):
        return ends(path.value)
    return [text_of(path).rpartition("/")[2] or (dotted(path).rpartition(".")[2] if path is not None else "")]
