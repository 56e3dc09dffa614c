"""How code reaches configurations: files that it is given by name, tables that it hands on as a whole."""

import ast
import re
from collections.abc import Collection, Iterator
from enum import Enum, auto
from typing import NamedTuple

from audit.rules.code import Module, called, dotted, is_function, is_parameter, last_name, strings, text_of
from audit.rules.configuration.loops import (
    FOUND,
    is_compared,
    is_in_copy,
    is_new_table,
    is_of_row,
    is_shown,
    uses_none,
)
from audit.rules.configuration.puts import FILLS, is_filled
from audit.rules.configuration.records import TRACKERS, method_of
from audit.rules.configuration.transfers import converts, has_name, owner

# What configurations are called, as a name or as the last part of one.
CALLED = re.compile(
    r"(^|_)(cfgs?|confs?|configs?|configuration|params?|parameters|hparams|hps?|settings|opts?|options|yaml|json"
    r"|toml)$",
    re.I,
)
LOADERS = re.compile(
    r"^(full_|safe_)?loads?$|^fromfile$|config|yaml|hparams"
    r"|^_*(load|read|get)_(\w+_)?(cfg|conf|defaults|json|options|opts|params|parameters|settings|toml)$",
    re.I,
)
# Libraries whose load() reads data and weights.
DATA = {"torch", "numpy", "joblib", "pickle", "dill", "librosa", "nibabel", "soundfile", "safetensors", "jax", "mlflow"}
FORMATS = {
    "json": (".json",), "yaml": (".yaml", ".yml"), "omegaconf": (".yaml", ".yml"), "toml": (".toml",),
    "tomllib": (".toml",), "tomli": (".toml",), "tomlkit": (".toml",), "rtoml": (".toml",), "pytoml": (".toml",),
    "orjson": (".json",), "ujson": (".json",), "simplejson": (".json",), "rapidjson": (".json",),
    "ruamel": (".yaml", ".yml"), "ruyaml": (".yaml", ".yml"), "oyaml": (".yaml", ".yml"), "yamale": (".yaml", ".yml"),
}  # fmt: skip
KNOWN = tuple({suffix for suffixes in FORMATS.values() for suffix in suffixes})
OF_ANY_FORMAT = {
    "lightning", "pytorch_lightning", "jsonargparse", "transformers", "trl", "hydra", "omegaconf", "dynaconf",
    "anyconfig", "mmengine", "mmcv", "detectron2", "confuse", "configargparse", "allennlp", "fvcore", "yacs",
    "pyhocon", "gin", "ml_collections", "simple_parsing", "pyrallis", "draccus", "tyro",
    "pydantic_settings", "ultralytics",
}  # fmt: skip
WHOLE = {"items", "values", "keys"}
HANDING: set[type[ast.AST]] = {ast.Call, ast.Dict, ast.For, ast.comprehension, ast.Subscript}
# Classes that turn the keys of a table into attributes.
WRAPPERS = {
    "SimpleNamespace", "Namespace", "EasyDict", "edict", "AttrDict", "DotMap", "Munch", "Box", "ConfigDict", "dict",
    "set_defaults", "replace", "evolve",
}  # fmt: skip
# Functions that are given a table and use nothing of what is in it.
ONLOOKERS = {
    "print", "pprint", "dump", "dumps", "log_params", "log_dict", "len", "isinstance", "type", "deepcopy", "info",
    "debug", "str", "repr", "setattr", "save_hyperparameters", "add_hparams", "get", "float", "int", "bool", "replace",
    "getattr", "hasattr", "add_argument", "cast", "vars",
}  # fmt: skip

# Methods of tables, and of programs whose options they fill.
OF_TABLES = re.compile(
    r"(items|values|keys|get|pop|setdefault|update|copy|clone|freeze|defrost|dump|exit|error|to_dict)$"
    r"|merge|parse|add_|set_|print_|_"
)

MOST = 5  # values of one name that are looked at

OPENERS = {"open", "Path", "join", "exists", "isfile", "basename", "splitext", "dirname", "stem", "init", "merge"}

Keys = tuple[str, ...]
ELSEWHERE: Keys = ("",)  # the whole table is given to code that is not here
AWAY: Keys = ("\0",)  # stands for the options of a program, all of which are given to code that is not here
ONE = "*"  # ends the keys of a table of which entries are asked for by keys that are made at run time


class Own(NamedTuple):
    """What a tree has of its own: functions and classes, classes that only hold values, calls by other names.

    `conversions` are calls between tables and classes that only hold values, `chosen` those of what a table registers.
    """

    names: Collection[str]
    records: Collection[str]
    conversions: Collection[ast.Call]
    chosen: Collection[ast.Call]


class Use(Enum):
    """How code uses a table without naming what is in it."""

    WHOLE = auto()
    GIVEN = auto()  # to code that is not here
    FORMAT = auto()  # to what opens, merges or wraps it
    AWAY = auto()  # as the options of a program, to code that is not here
    ENTRIES = auto()  # by keys that are made at run time


EACH = "[]"  # ends the keys of a table, or of a list of tables, that a loop goes through
ROOT = {Use.WHOLE: (), Use.AWAY: AWAY, Use.GIVEN: ELSEWHERE}  # stands for the use of a whole file's table


def loads_tables(module: Module) -> bool:
    """Whether a module calls what may load a configuration."""
    return any(LOADERS.search(called(call)) and name.partition(".")[0] not in DATA for _, call, name in module.calls)


def formats(module: Module) -> frozenset[str]:
    """The suffixes of what a module loads; empty where it does not say."""
    if "formats" not in module.derived:
        libraries = {name.partition(".")[0] for _, call, name in module.calls if LOADERS.search(called(call))}
        module.derived["formats"] = frozenset(ending for library in libraries for ending in FORMATS.get(library, ()))
    suffixes: frozenset[str] = module.derived["formats"]
    return suffixes


def named_files(module: Module) -> dict[str, set[str]]:
    """Suffix -> the texts of a module that end in it, as the names of files do."""
    if "named_files" not in module.derived:
        found: dict[str, set[str]] = {}
        for text in strings(module):
            stem, _, suffix = text.rpartition(".")
            if stem:
                found.setdefault(f".{suffix}", set()).add(text)
        module.derived["named_files"] = found
    names: dict[str, set[str]] = module.derived["named_files"]
    return names


def reads_any(module: Module) -> bool:
    """Whether a module imports what reads configurations of several formats."""
    return any(origin.partition(".")[0] in OF_ANY_FORMAT for origin in module.origins.values())


def parameters(module: Module) -> Iterator[str]:
    """Names of the parameters of all functions of a module."""
    for _, node in module.statements():
        if is_function(node):
            yield from (item.arg for item in (*node.args.args, *node.args.kwonlyargs))


def handed_on(module: Module, own: Own) -> Iterator[tuple[ast.expr, Use]]:
    """Values that the module uses without naming what is in them, if they are tables.

    `Model(**config["model"])`, `config.items()` and `Model(config)`. What is given to a function or class of the tree
    is followed there instead; what becomes an object of a class that only holds values is read field by field.
    """
    for node in module.of(*HANDING):
        if isinstance(node, ast.Call):
            name = made_by(module, node)
            wraps = name in WRAPPERS or name in own.records or node in own.conversions
            values = [item.value for item in node.keywords if item.arg is None and not wraps]
            looks = name in WHOLE and not is_shown(module, node) and not is_compared(module, node)
            if isinstance(node.func, ast.Attribute) and looks:
                values.append(node.func.value)
            if is_object(module, node, own.names):
                values.append(method_of(node))
            if name == "update" and isinstance(node.func, ast.Attribute) and is_space(module, node.func.value):
                values += node.args
            if name in ("getattr", "get") and key_argument(node) and not all(map(text_of, key_argument(node))):
                table = node.func.value if isinstance(node.func, ast.Attribute) else node.args[0]
                key = key_argument(node)[0]
                put = is_in_copy(module, node, key) or is_of_row(module, key)
                yield from () if put else [(table, Use.ENTRIES)]
            yield from ((value, Use.WHOLE) for value in values)
            followed = name in own.names or true_name(module, node) in own.names or node in own.chosen
            quiet = name in ONLOOKERS or converts(node) or is_kept(module, node)
            quiet = quiet or isinstance(module.parents.get(node), ast.Raise)
            quiet = quiet or module.full_name(node.func).startswith("omegaconf.")
            if not quiet and not followed and node not in own.conversions and not is_compared(module, node):
                use = Use.FORMAT if name in OPENERS or LOADERS.search(name) else Use.GIVEN
                given = [*node.args, *(item.value for item in node.keywords if item.arg)]
                parts = [inner for value in given for inner in getattr(value, "elts", (value,))]
                tracked = module.full_name(node.func).startswith(TRACKERS)
                yield from ((part, Use.AWAY if is_options(module, part) and not tracked else use) for part in parts)
        elif isinstance(node, ast.Dict) and not is_followed(module, node, own.names):
            pairs = zip(node.keys, node.values, strict=True)
            yield from ((value, Use.WHOLE) for key, value in pairs if key is None)
        elif isinstance(node, ast.For | ast.comprehension):
            yield from () if uses_none(module, node) else [(node.iter, Use.WHOLE)]
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name | ast.JoinedStr | ast.Attribute):
            put = isinstance(node.ctx, ast.Store) or is_in_copy(module, node, node.slice)
            put = put or is_of_row(module, node.slice) or is_field(module, node, own)
            yield from () if put else [(node.value, Use.ENTRIES)]


def is_field(module: Module, entry: ast.Subscript, own: Own) -> bool:
    """Whether a loop over the fields of a class that only holds values makes an object of it: it is read by these.

    `cls(**{field.name: table[field.name] for field in fields(cls)})`.
    """
    made = module.parents.get(entry)
    spread = module.parents.get(made) if isinstance(made, ast.DictComp) and made.value is entry else None
    call = module.parents.get(spread) if isinstance(spread, ast.keyword) and spread.arg is None else None
    if not isinstance(made, ast.DictComp) or not isinstance(call, ast.Call):
        return False
    loop = made.generators[0]
    over = loop.iter.args[:1] if isinstance(loop.iter, ast.Call) and called(loop.iter) == "fields" else []
    of_record = call in own.conversions or made_by(module, call) in own.records
    by_field = dotted(entry.slice) == f"{dotted(loop.target)}.name"
    return by_field and of_record and list(map(dotted, over)) == [dotted(call.func)]


def is_followed(module: Module, table: ast.Dict, own: Collection[str]) -> bool:
    """Whether a table that is put together gets a name, comes back, or is given to the tree's own: it is one more."""
    node: ast.AST = table
    holder = module.parents.get(node)
    while isinstance(holder, ast.Dict | ast.keyword):
        node, holder = holder, module.parents.get(holder)
    if isinstance(holder, ast.Call):
        return called(holder) in own or true_name(module, holder) in own
    named = isinstance(holder, ast.Assign) and all(isinstance(target, ast.Name) for target in holder.targets)
    return named or isinstance(holder, ast.Return)


def true_name(module: Module, call: ast.Call) -> str:
    """The last part of what is called, also where it was imported under another name: `import evaluate as run`."""
    return module.full_name(call.func).rpartition(".")[2] or called(call)


def made_by(module: Module, call: ast.Call) -> str:
    """The last part of the name of what is called: that of its class where a method of it calls `cls`."""
    name = called(call)
    holders = module.enclosing(call) if name == "cls" else ()
    return next((node.name for node in holders if isinstance(node, ast.ClassDef)), name)


def is_kept(module: Module, call: ast.Call) -> bool:
    """Whether a call puts a table into one that is followed by its name: `table.update(other)`."""
    table = call.func.value if isinstance(call.func, ast.Attribute) and called(call) in FILLS else None
    own = dotted(table) == "self.__dict__" if table is not None else False
    return table is not None and (owner(table) is not None or (own and has_name(module, table)))


def is_object(module: Module, call: ast.Call, own: Collection[str]) -> bool:
    """Whether a method is asked of what is filled entry by entry and is no table: it may do anything with them."""
    table = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(table, ast.Name) or called(call) in own or OF_TABLES.match(called(call)):
        return False
    return is_filled(module, table)


def is_options(module: Module, node: ast.expr) -> bool:
    """Whether a name stands for the options of a program that a table fills: what is not here may ask for any."""
    if not isinstance(node, ast.Name) or not is_filled(module, node):
        return False
    return any(isinstance(value, ast.Call) and called(value).startswith("parse_") for value in values_of(module, node))


def is_space(module: Module, node: ast.expr) -> bool:
    """`globals()`, `self.args.__dict__`: what is put there becomes names or attributes, by which nobody follows it.

    Attributes of an object that has a name, or is not taken apart again, are asked for by theirs.
    """
    name = called(node) if isinstance(node, ast.Call) else last_name(node)
    return name in ("globals", "locals") or (name in ("__dict__", "vars") and not has_name(module, node))


def updated(module: Module) -> set[str]:
    """Names of tables into which others are put; what a function is given as `**options` is spread by its callers."""
    if "updated" not in module.derived:
        every = [call for _, call, _ in module.calls if called(call) == "update"]
        calls = [call for call in every if puts_table(call) and not puts_options(module, call)]
        methods = (call.func for call in calls if isinstance(call.func, ast.Attribute))
        module.derived["updated"] = {dotted(method.value) for method in methods}
    names: set[str] = module.derived["updated"]
    return names


def puts_table(call: ast.Call) -> bool:
    """Whether a call is given a table that may come from elsewhere: not `update(shuffle=True)`, `update({"a": 1})`."""
    given = [*call.args, *(item.value for item in call.keywords if item.arg is None)]
    return any(not isinstance(value, ast.Dict) or None in value.keys for value in given)


def puts_options(module: Module, call: ast.Call) -> bool:
    """Whether a call is given nothing but the `**options` of the function that holds it."""
    scope = module.scope(call)
    options = scope.args.kwarg.arg if is_function(scope) and scope.args.kwarg else ""
    return bool(options) and [last_name(value) for value in call.args] == [options] and not call.keywords


def key_argument(call: ast.Call) -> list[ast.expr]:
    """The argument that names a key: the second of getattr(), the first of `.get()`."""
    return call.args[1:2] if isinstance(call.func, ast.Name) else call.args[:1]


def is_called(name: str) -> bool:
    """Whether an attribute is called like a configuration, and not like what a search has found."""
    return bool(CALLED.search(name)) and not name.startswith(FOUND)


def fields(module: Module) -> dict[str, list[ast.expr]]:
    """Attribute of self -> what is assigned to it, in its class too, or to one of its keys."""
    if "fields" not in module.derived:
        held: dict[str, list[ast.expr]] = {}
        for _, node in module.statements():
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for to in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    to = to.value if isinstance(to, ast.Subscript) else to
                    if isinstance(to, ast.Attribute) and dotted(to.value) == "self":
                        held.setdefault(to.attr, []).append(node.value)
                    elif isinstance(to, ast.Name) and isinstance(module.parents.get(node), ast.ClassDef):
                        held.setdefault(to.id, []).append(node.value)
        module.derived["fields"] = held
    of_self: dict[str, list[ast.expr]] = module.derived["fields"]
    return of_self


def stored(module: Module) -> set[str]:
    """Attributes that objects are given in a module."""
    if "stored" not in module.derived:
        attributes = module.of(ast.Attribute)
        module.derived["stored"] = {node.attr for node in attributes if isinstance(node.ctx, ast.Store)}
    names: set[str] = module.derived["stored"]
    return names


def is_written_out(module: Module, name: str) -> bool:
    """Whether an attribute of self is given nothing but tables of the code, and nothing is put into these."""
    given = fields(module).get(name, [])
    written = (is_new_table(value) and not is_empty(value) for value in given)
    return bool(given) and f"self.{name}" not in updated(module) and all(written)


def is_empty(table: ast.expr) -> bool:
    """`{}`, into which something is put later."""
    return isinstance(table, ast.Dict) and not table.keys


def is_row(module: Module, name: str) -> bool:
    """Whether the module gives the name nothing but rows that are written out."""
    given = module.given.get(name, [])
    return bool(given) and all(isinstance(value, ast.List | ast.Tuple) for value in given)


def values_of(module: Module, name: ast.Name) -> list[ast.expr]:
    """What is assigned to a name in the function that uses it; else, unless it is a parameter, anywhere."""
    given = module.given.get(name.id, [])
    scope = module.scope(name)
    return [value for value in given if module.scope(value) is scope] or ([] if is_parameter(module, name) else given)
