"""How tables are put together and named: keys that lead on, merges, what the command line says."""

import ast
from collections import defaultdict
from collections.abc import Collection

from audit.rules.code import Function, Module, called, dotted
from audit.rules.configuration.loading import CALLED, LOADERS, Keys, fields, updated, values_of
from audit.rules.configuration.loops import is_new_table
from audit.rules.configuration.puts import FILLS
from audit.rules.configuration.written import is_value

Source = tuple[Module, ast.Call]
Place = tuple[Keys, Source | None]  # the last key that leads to it, if any does, and the call that loads it if known

NEW = {"dict", "list", "set", "OrderedDict"}
SAME = {
    "vars", "copy", "to_dict", "as_dict", "to_container", "create", "deepcopy", "dict", "DictConfig", "EasyDict",
    "edict", "MappingProxyType", "frozendict", "cast", "list", "tuple", "set", "sorted", "reversed",
}  # fmt: skip
MERGES = (FILLS - {"set_defaults"}) | {"ChainMap"}


def below(places: list[Place], links: Collection[tuple[str, bool]]) -> list[Place]:
    """What the keys lead to from there: the last one says which table it is."""
    last = tuple(key for key, _ in links if key)[-1:]
    return [(last, source) for _, source in places] if last else places


def parts_of(node: ast.Dict | ast.BinOp | ast.BoolOp | ast.IfExp) -> list[ast.expr]:
    """The tables that are put together into one, or among which one is chosen."""
    if isinstance(node, ast.Dict):
        return [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right] if isinstance(node.op, ast.BitOr) else []
    return node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]


def is_command(value: ast.expr) -> bool:
    """Whether a value is what the command line says: `parser.parse_args()`, `parse_opt()`."""
    return isinstance(value, ast.Call) and called(value).startswith("parse_")


def library_of(module: Module, call: ast.Call) -> str:
    """The library of what is called, also by an object that it has made: `pickle.Unpickler(stream).load()`."""
    maker = call.func.value if isinstance(call.func, ast.Attribute) else None
    given = values_of(module, maker) if isinstance(maker, ast.Name) else []
    maker = given[0] if len(given) == 1 else maker
    return module.full_name(maker.func if isinstance(maker, ast.Call) else call.func).partition(".")[0]


def is_made_new(value: ast.expr) -> bool:
    """Whether a value is a table or row that begins here: `{}`, `{name: [] for name in names}`, `defaultdict(list)`."""
    if isinstance(value, ast.Call):
        return called(value) in ("defaultdict", "Counter") or (called(value) in NEW and not value.args)
    return isinstance(value, ast.DictComp | ast.ListComp | ast.SetComp | ast.List | ast.Set) or is_new_table(value)


def is_of_constants(value: ast.expr) -> bool:
    """Whether a table is written out with nothing but constants in it, so that it is not loaded."""
    return (
        isinstance(value, ast.Dict) and bool(value.keys) and None not in value.keys and all(map(is_value, value.values))
    )


def is_own(module: Module, node: ast.expr) -> bool:
    """Whether an attribute of self is given nothing but what begins here, and nothing is put over it."""
    name = node.attr if isinstance(node, ast.Attribute) and dotted(node.value) == "self" else ""
    given = fields(module).get(name, [])
    return bool(given) and f"self.{name}" not in updated(module) and all(map(is_made_new, given))


def loads_by_name(call: ast.Call) -> bool:
    """Whether what is called is called like something that loads, or like a configuration."""
    return bool(LOADERS.search(called(call)) or CALLED.search(called(call)))


def filled(module: Module) -> set[str]:
    """Names of tables into which a library loads or merges: `cfg.merge_from_file(path)`."""
    if "filled" not in module.derived:
        calls = (call.func for _, call, _ in module.calls if isinstance(call.func, ast.Attribute))
        methods = (func for func in calls if func.attr in MERGES or LOADERS.search(func.attr) or "merge" in func.attr)
        module.derived["filled"] = {dotted(func.value) for func in methods}
    names: set[str] = module.derived["filled"]
    return names


def is_parsed(module: Module, node: ast.expr) -> bool:
    """Whether a name stands for what the command line says."""
    given = values_of(module, node) if isinstance(node, ast.Name) else []
    return bool(given) and all(map(is_command, given))


def unpacked(module: Module) -> dict[str, list[tuple[ast.expr, int]]]:
    """Name -> what it is given a part of, and which: `a, name = row`."""
    if "unpacked" not in module.derived:
        rows: dict[str, list[tuple[ast.expr, int]]] = defaultdict(list)
        for _, node in module.statements():
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                for at, target in enumerate(node.targets[0].elts):
                    rows[dotted(target)].append((node.value, at))
        module.derived["unpacked"] = rows
    given: dict[str, list[tuple[ast.expr, int]]] = module.derived["unpacked"]
    return given


def given_back(call: ast.Call, function: Function) -> list[ast.expr]:
    """What a call is given that a function does nothing with but return it: `plain(cfg.model)`."""
    names = [item.arg for item in function.args.args]
    found: list[ast.expr] = []
    for node in ast.walk(function):
        value = node.value if isinstance(node, ast.Return) else None
        while isinstance(value, ast.Call) and called(value) in SAME and value.args:
            value = value.args[0]
        if isinstance(node, ast.Return):
            at = names.index(value.id) if isinstance(value, ast.Name) and value.id in names else len(call.args)
            if at >= len(call.args):
                return []
            found.append(call.args[at])
    return found
