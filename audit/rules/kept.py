"""Files of torch.save that hold nothing of a device: data sets, vocabularies, options, what a scheduler has counted."""

import ast
import re

from audit.rules.code import Module, dotted, is_function, last_name, text_of
from audit.rules.given import attributes

NO_DEVICE = re.compile(
    r"(^|[_\W])(cached?|processed|data_?sets?|vocab(ulary)?|tokenizers?|training_args|args|configs?|scheduler|scaler"
    r"|rng_state|(meta|train|val|valid|dev|test)_?(data|examples|samples|split)|examples|splits?|id2\w+|\w+2(id|idx)"
    r"|labels?)(?=$|[_\W]|\d)",
    re.I,
)
LEARNED = re.compile(
    r"model|net(?!flix)|weights|state_dict|ckpt|checkpoint|encoder|decoder|pretrained|optim|embed", re.I
)
NUMBERS = {"int", "float", "bool", "str", "min", "max", "len", "round", "abs", "sum"}


def is_of_no_device(module: Module, call: ast.Call) -> bool:
    """Whether the names around a torch.load say that no tensor of a GPU is in the file."""
    names = [name for name in (*taken_as(module, call), *ends(call.args[0] if call.args else None)) if name]
    named = any(map(NO_DEVICE.search, names)) and not any(map(LEARNED.search, names))
    return named or is_saved_above(module, call) or holds_numbers(module, call)


def is_saved_above(module: Module, call: ast.Call) -> bool:
    """Whether the same function saved the file, lines above: it comes back to the devices that this run has."""
    path = ast.dump(call.args[0]) if call.args else ""
    before = (other for other in saves(module) if other.lineno < call.lineno and len(other.args) > 1)
    scope = module.scope(call)
    return is_function(scope) and any(
        module.scope(other) is scope and ast.dump(other.args[1]) == path for other in before
    )


def holds_numbers(module: Module, call: ast.Call) -> bool:
    """Whether the class that loads saves a table of its own plain attributes, none of which a call makes."""
    holder = next((one for one in module.enclosing(call) if isinstance(one, ast.ClassDef)), None)
    if holder is None or any("Module" in ast.unparse(base) for base in holder.bases):
        return False
    own = [other for other in saves(module) if holder in module.enclosing(other) and other.args]
    return bool(own) and all(is_of_numbers(module, holder, other) for other in own)


def is_of_numbers(module: Module, holder: ast.ClassDef, save: ast.Call) -> bool:
    """Whether what is saved is a dictionary, written out, of constants and of attributes that no call makes."""
    saved = save.args[0]
    if isinstance(saved, ast.Name):
        tables = [value for value in module.given.get(saved.id, []) if module.scope(value) is module.scope(save)]
        saved = tables[0] if len(tables) == 1 else saved
    if not isinstance(saved, ast.Dict):
        return False
    names = [dotted(value) for value in saved.values if not isinstance(value, ast.Constant)]
    made = attributes(module, holder)
    used = {
        dotted(node.func)
        for node in ast.walk(holder)
        if isinstance(node, ast.Call) and not dotted(node.func).endswith((".append", ".extend"))
    }
    return all(
        name.startswith("self.")
        and not LEARNED.search(name)
        and is_plain(made.get(name.removeprefix("self."), []))
        and not any(one == name or one.startswith(f"{name}.") for one in used)
        for name in names
    )


def is_plain(values: list[ast.expr]) -> bool:
    """Whether no value is made by a call other than one that gives a number."""
    calls = (node for value in values for node in ast.walk(value) if isinstance(node, ast.Call))
    return bool(values) and all(dotted(node.func) in NUMBERS for node in calls)


def saves(module: Module) -> list[ast.Call]:
    """The calls of torch.save."""
    if "saves" not in module.derived:
        module.derived["saves"] = [call for _, call, name in module.calls if name in ("torch.save", ".torch.save")]
    calls: list[ast.Call] = module.derived["saves"]
    return calls


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
