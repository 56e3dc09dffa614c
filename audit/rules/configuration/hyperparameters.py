"""Dictionaries of constants in the code that set what a configuration beside them is there to set."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from audit.rules.code import Module, dotted, is_function, last_name, text_of
from audit.rules.configuration.loading import loads_tables, updated
from audit.target import Piece

MIN_SHARED = 3  # keys that a dictionary and a configuration have in common
SHORT = {"learning_rate": "lr", "weight_decay": "wd", "batch_size": "bs"}  # of one quantity
LONGEST = 60  # characters of a key: the pattern's time grows with the square
# What a training run is set by.
HYPER = re.compile(
    r"(?!initial_|current_|start_|last_|best_|resume_)(\w+_)?"
    r"(lr[\df]?|learning_?rate|batch_?size|bs|n?_?epochs?|weight_?decay|wd|momentum|drop_?out|drop_?rate|betas?\d*"
    r"|gamma|l1|l2|clip(_\w+)?|grad_clip"
    r"|warm_?up(_\w+)?|patience|label_smoothing|optimi[sz]er|scheduler|seed|(max_|train_)?"
    r"steps|hidden(_\w+)?|num_layers|n_layers|n_?heads|num_heads|embed_dim|latent_dim|z_dim|ngf|ndf|n_estimators"
    r"|max_depth|num_leaves|num_boost_round|subsample|colsample_\w+|feature_fraction|bagging_\w+|reg_\w+|lambda(_\w+)?"
    r"|alpha|tau|gae_lambda|buffer_size|milestones|temperature|eta|rank|lora_\w+|lr_\w+|dropout_\w+|accumulate_\w+"
    r"|ema_\w+|timesteps|beta_start|beta_end|guidance_scale|iterations|l2_leaf_reg|min_child_\w+|min_data_in_leaf"
    r"|(freq|time)_mask\w*|max_iter|tol)",
    re.I,
)
# What people call a table of them.
CALLED = re.compile(
    r"(^|_)(hps?|hparams?|hyper\w*|param(s|eters)?|configs?|configuration|cfg|conf|settings|defaults?|opts?|options"
    r"|args|kwargs)(_|$)",
    re.I,
)
# Functions that put another table over the first, search in it, or write it into a file.
JOINS = {
    "merge", "unsafe_merge", "update", "ChainMap", "deepcopy", "copy", "dump", "dumps", "safe_dump",
    "ParameterGrid", "GridSearchCV", "RandomizedSearchCV",
}  # fmt: skip
SEARCHES = {"ParameterGrid", "ParameterSampler", "range", "product"}  # what a loop over values goes through
LIMITS = re.compile(r"(^|_)(min|max|limits?|ranges?|bounds?|types?|valid|choices|help)(_|$)", re.I)  # of an entry
TABLES = {"dict", "edict", "DotMap", "Munch", "Box"}
HOLDS = re.compile(r"(Dict|Proxy|Namespace)(Type)?$")  # of any library
CONFIGURES = re.compile(r"configs?|conf|cfgs?|settings|hparams|options|params|experiments?|exps?|recipes", re.I)
GIVEN = {"config", "hparams", "hyperparameters", "hyperparams", "hps"}  # to a call, with a table written out
FALLS_BACK = {"get", "pop", "getattr", "setdefault", "add_argument"}  # on a value of the table


@dataclass(frozen=True)
class Settings:
    """A configuration: the file, the last keys of its entries, and whether code loads it."""

    piece: Piece
    keys: frozenset[str]
    loaded: bool

    @cached_property
    def covers(self) -> tuple[str, ...]:
        """The folder whose code it is there for: its own, or the one that holds its folder of configurations."""
        folders = PurePosixPath(self.piece.path).parts[:-1]
        while folders and CONFIGURES.fullmatch(folders[-1]):
            folders = folders[:-1]
        return folders


def hardcoded(module: Module, settings: Collection[Settings]) -> Iterator[tuple[Piece, int, str]]:
    """Where a table of constants begins, and what it stands for: (piece, line, message)."""
    told: set[ast.AST] = set()
    unused = [one for one in settings if not one.loaded]
    for piece, node, pairs in tables(module) if unused else ():
        keys = {SHORT.get(key, key): key for key, value in pairs if key and is_value(value)}
        for one in unused if len(keys) > 1 else ():
            shared = {keys[key] for key in keys.keys() & {SHORT.get(key, key) for key in one.keys}}
            if len(shared) >= MIN_SHARED or (len(shared) == 2 and len(one.keys) <= 3):
                outermost = top_of(module, node)
                if outermost not in told:
                    told.add(outermost)
                    listed = ", ".join(sorted(shared))
                    yield piece, node.lineno, f"{listed} are fixed here; {one.piece.path} sets them and is never loaded"
                break
    place = PurePosixPath(module.path).parts
    others = [one for one in settings if module.path != one.piece.path]
    under = [one for one in others if place[: len(one.covers)] == one.covers]
    beside = under or [one for one in others if one.loaded and loads_tables(module)]
    if beside and not is_itself_configuration(module.path):
        nearest = max(beside, key=lambda one: len(one.covers))
        for piece, table, name, found in fixed(module, {key for one in beside for key in one.keys}):
            near = bool(under) or name.isupper()  # a program that is given a configuration from another folder
            if near and top_of(module, table) not in told and not is_joined(module, name):
                yield piece, table.lineno, f"{', '.join(found)} are fixed here, beside {nearest.piece.path}"


def is_itself_configuration(path: str) -> bool:
    """A module of settings, which is the configuration in another language; what is shown to learners."""
    return bool(re.search(r"(^|/)(configs?|conf|settings|defaults|constants)(/|\.py$)", path)) or bool(
        re.search(r"(^|/)(docs?|tutorials?)/", path)
    )


def tables(module: Module) -> Iterator[tuple[Piece, ast.Dict | ast.Call, list[tuple[str, ast.expr]]]]:
    """`{...}` and `dict(...)` with their keys in small letters."""
    for piece in module.pieces:
        for node in piece.nodes:
            if type(node) is ast.Dict or (type(node) is ast.Call and dotted(node.func) == "dict"):
                yield piece, node, pairs_of(node)


def pairs_of(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """Keys and values of a table; nothing of what is none."""
    if isinstance(node, ast.Dict):
        return [(text_of(key).lower(), value) for key, value in zip(node.keys, node.values, strict=True)]
    if isinstance(node, ast.Call) and (last_name(node.func) in TABLES or HOLDS.search(last_name(node.func))):
        inner = [pair for value in node.args for pair in pairs_of(value)]
        return inner + [((item.arg or "").lower(), item.value) for item in node.keywords]
    return []


def is_value(node: ast.expr) -> bool:
    """A constant, or a row of some."""
    return isinstance(node, ast.Constant | ast.UnaryOp | ast.Tuple | ast.List)


def fixed(module: Module, known: Collection[str]) -> Iterator[tuple[Piece, ast.expr, str, list[str]]]:
    """Tables of hyper-parameters that are given a name: (piece, where it begins, the name, its hyper-parameters).

    Half of a table are such, or keys of the configurations beside it (`known`).
    """
    filled: dict[str, list[tuple[str, ast.expr]]] = {}
    named: list[tuple[Piece, ast.expr, str]] = []
    for piece, node in module.statements():
        if isinstance(node, ast.Return) and node.value is not None and pairs_of(node.value):
            function = module.scope(node)
            if is_function(function) and CALLED.search(function.name):
                named.append((piece, node.value, function.name))
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        to = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(to, ast.Subscript) and isinstance(to.value, ast.Name) and text_of(to.slice):
            filled.setdefault(to.value.id, []).append((text_of(to.slice).lower(), node.value))
        elif isinstance(to, ast.Name | ast.Attribute) and (isinstance(node.value, ast.Dict) or pairs_of(node.value)):
            named.append((piece, node.value, last_name(to)))
        elif isinstance(to, ast.Name) and isinstance(node.value, ast.Call) and dotted(node.value.func) == "dict":
            named.append((piece, node.value, to.id))
    for piece, call, _ in module.calls:
        named += [(piece, item.value, item.arg) for item in call.keywords if item.arg in GIVEN and pairs_of(item.value)]
    for piece, node, name in named:
        pairs = pairs_of(node) or filled.get(name, [])
        inner = [pair for _, value in pairs for pair in pairs_of(value)]
        if len({key for key, _ in inner}) < len(inner):
            continue  # the same keys several times: variants to choose from
        numbers = [key for key, value in (*pairs, *inner) if is_number(value) or is_pair(key, value)]
        keys = [key for key in numbers if len(key) < LONGEST and HYPER.fullmatch(key)]
        alike = sum(key in keys or (key in known and not LIMITS.search(name)) for key in numbers)
        if len(keys) >= (2 if CALLED.search(name) else MIN_SHARED) and 2 * alike >= len(pairs) + len(inner):
            yield piece, node, name, keys


def is_number(node: ast.expr) -> bool:
    """A number; text may say anything, and a list is a choice."""
    value = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(value, ast.Constant) and type(value.value) in (int, float)


def is_pair(key: str, node: ast.expr) -> bool:
    """The two decay rates of Adam, which are one value."""
    row = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    return key.endswith("betas") and len(row) == 2 and all(map(is_number, row))


def is_joined(module: Module, name: str) -> bool:
    """Whether the table is one of defaults over which another is put, or one that is searched or written down."""
    if "joined" not in module.derived:
        module.derived["joined"] = set(joined(module))
    return name in module.derived["joined"]


def joined(module: Module) -> Iterator[str]:
    """Names of tables that are put together with others."""
    for _, node in module.walk():
        if isinstance(node, ast.Call):
            name = last_name(node.func) or dotted(node.func)
            given = [*node.args, *(item.value for item in node.keywords)]
            if name in JOINS:
                yield from map(last_name, given)
                yield from [last_name(node.func.value)] if isinstance(node.func, ast.Attribute) else []
            elif name in FALLS_BACK:
                yield from (last_name(value.value) for value in given if isinstance(value, ast.Subscript))
            yield from (last_name(i.value) for i in node.keywords if i.arg is None and name in ("dict", "set_defaults"))
        elif isinstance(node, ast.Dict):
            spread = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
            if spread and not is_varied(module, node, spread[0]):
                yield from map(last_name, spread)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            yield from (last_name(node.left), last_name(node.right))


def written_out(module: Module) -> Iterator[set[tuple[str, ...]]]:
    """The keys of the entries of each table that has a name, and is used for nothing but its entries."""
    for name, values in module.given.items():
        table = values[0] if len(values) == 1 else None
        if isinstance(table, ast.Dict) and not is_joined(module, name) and only_asked(module, name):
            yield set(entries_of(table))


def only_asked(module: Module, name: str) -> bool:
    """Whether a table is used for nothing but its entries: nothing is put into it, and nothing stands for it."""
    uses = (node for node in module.of({ast.Name}) if isinstance(node, ast.Name) and node.id == name)
    return name not in updated(module) and all(
        isinstance(module.parents.get(node), ast.Subscript | ast.Attribute | ast.keyword)
        for node in uses
        if isinstance(node.ctx, ast.Load)
    )


def entries_of(table: ast.Dict) -> Iterator[tuple[str, ...]]:
    """The keys that lead to each entry of a table that is written out in the code."""
    for key, value in zip(table.keys, table.values, strict=True):
        if isinstance(value, ast.Dict) and value.keys:
            yield from ((text_of(key), *inner) for inner in entries_of(value))
        else:
            yield (text_of(key),)


def is_varied(module: Module, table: ast.Dict, base: ast.expr) -> bool:
    """Whether constants, or what a search goes through, are put over a table, or only beside it: as fixed as it is.

    `{**BASE, "seed": 1}`, `{**BASE, **params}` for each `params` of a grid; `{**BASE, "seed": seed}`: BASE has none.
    """
    over = [value for value in table.values if value is not base]
    if table.values[:1] != [base] or not over:
        return False
    known = {key for value in module.given.get(last_name(base), ()) for key, _ in pairs_of(value)}
    if known and all(key is not None and text_of(key).lower() not in known for key in table.keys[1:]):
        return True
    searched = {
        holder.target.id
        for holder in module.enclosing(table)
        if isinstance(holder, ast.For) and isinstance(holder.target, ast.Name)
        if isinstance(holder.iter, ast.Call) and last_name(holder.iter.func) in SEARCHES
    }
    return all(is_value(value) or (isinstance(value, ast.Name) and value.id in searched) for value in over)


def top_of(module: Module, node: ast.AST) -> ast.AST:
    """The dictionary that holds all those around the node."""
    for holder in module.enclosing(node):
        if not isinstance(holder, ast.Dict | ast.List | ast.Tuple | ast.keyword | ast.Call):
            break
        node = holder
    return node
