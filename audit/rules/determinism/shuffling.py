"""Calls that draw an order from a random state which nobody has set, or which every other call moves on."""

import ast
import re
from collections.abc import Callable

from audit.rules.code import Module, has_unpacked_keywords, is_constant, is_function, keyword, text_of
from audit.rules.values import bound, may_be_true

# torch's loaders, and those of others that hand their arguments on to them.
LOADERS = {
    "torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader", "torch_geometric.loader.DataLoader",
    "torch_geometric.loader.NeighborLoader", "torch_geometric.data.DataLoader", "dgl.dataloading.DataLoader",
    "dgl.dataloading.GraphDataLoader", "monai.data.DataLoader",
}  # fmt: skip
SAMPLERS = {
    f"torch.utils.data.{part}{name}"
    for part, names in {
        "": ("RandomSampler", "WeightedRandomSampler", "SubsetRandomSampler", "random_split"),
        "sampler.": ("RandomSampler", "WeightedRandomSampler", "SubsetRandomSampler"),
        "dataset.": ("random_split",),
    }.items()
    for name in names
}
MOST_ARGUMENTS = {"RandomSampler": 4, "WeightedRandomSampler": 4, "SubsetRandomSampler": 2, "random_split": 3}
NOTHING = ast.Constant(None)
CLOSE = 3  # lines between a seed and what is drawn with it
SPLITTERS = {"train_test_split", "ShuffleSplit", "StratifiedShuffleSplit", "GroupShuffleSplit"}
FOLDS = {"KFold", "StratifiedKFold", "StratifiedGroupKFold"}  # in order, unless they are told to shuffle
SIZE = re.compile(r"^\d|size|buffer|^len\(|^[A-Z_]+$")  # a list that is shuffled is called otherwise
FRESH = {"numpy.random.default_rng", "numpy.random.RandomState", "random.Random"}
STATES = {"bit_generator", "set_state", "setstate"}  # by which a generator is put back to where it was
DRAWS_ONE = re.compile(r"^int\(\w+\.(integers|randint|randrange|getrandbits)\(|^\w+\.(randrange|getrandbits)\(")
GIVEN_STATE = re.compile(r"seed|state|rng|generator", re.I)
HUGGING = {f"datasets.{name}" for name in ("load_dataset", "load_from_disk", "Dataset", "DatasetDict")} | {"datasets"}
ORDERS = {"random.shuffle", "numpy.random.shuffle", "numpy.random.permutation"}


def unordered(
    module: Module, call: ast.Call, name: str, *, seeded: bool, here: Callable[[], bool], trains: bool
) -> str:
    """What is wrong with the order that a call draws; "" for nothing.

    Args:
        seeded: whether any part of the tree sets a seed: then no call that takes no generator is asked for one.
        here: whether what runs this module sets the global state that scikit-learn and TensorFlow draw from.
        trains: whether any part of the tree trains a network.
    """
    last = name.rpartition(".")[2]
    named = name in LOADERS or name in SAMPLERS or name in ORDERS or name.startswith("sklearn.model_selection.")
    if not (named or last in ("shuffle", "train_test_split")):
        return ""
    given = arguments(module, call)
    if given is None:
        return ""
    if name in LOADERS:
        shuffles = given.get("shuffle") or (call.args[2] if len(call.args) > 2 else None)
        if shuffles is None or "generator" in given or not may_be_true(module, shuffles):
            return ""
        if not is_constant(given.get("sampler", NOTHING), None):
            return ""  # `shuffle=sampler is None`: the order is the sampler's, where there is one
        return f"shuffle={ast.unparse(shuffles)} without generator="
    if name in SAMPLERS:
        given_one = "generator" in given or len(call.args) >= MOST_ARGUMENTS[last]
        spared = given_one or (last == "random_split" and seeded_before(module, call))
        return "" if spared else f"{last} without generator="
    if name.startswith("sklearn.model_selection.") and "random_state" not in given:
        shuffles = given.get("shuffle")
        if (last in SPLITTERS and not is_constant(shuffles, False)) or (last in FOLDS and is_constant(shuffles, True)):
            return "" if here() else f"{last} without random_state="
    if name == "sklearn.utils.shuffle" and "random_state" not in given and not here():
        return "shuffle() without random_state="
    if (is_pipeline(module, call) or is_dataset(module, call, given)) and "seed" not in given and not here():
        return f"{last}() without seed="
    return f"{name}() with no seed set anywhere" if name in ORDERS and trains and not seeded else ""


def arguments(module: Module, call: ast.Call) -> dict[str, ast.expr] | None:
    """The keywords of a call, with those of `**options` where a dictionary of that name stands beside it; else None."""
    given = {item.arg: item.value for item in call.keywords if item.arg}
    for item in call.keywords:
        if item.arg is None:
            values = list(bound(module, item.value)) if isinstance(item.value, ast.Name) else []
            if len(values) != 1 or (entries := entries_of(values[0])) is None:
                return None
            given = entries | given
    return given


def entries_of(node: ast.expr | None) -> dict[str, ast.expr] | None:
    """What a dictionary that is written out, `{…}` or `dict(…)`, holds; None for any other."""
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {text_of(key): value for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "dict" and not node.args:
        return None if has_unpacked_keywords(node) else {item.arg or "": item.value for item in node.keywords}
    return None


def seeded_before(module: Module, call: ast.Call) -> bool:
    """Whether the statement before the call sets the state that it draws from at once."""
    scope = module.scope(call)
    seeding = [other for _, other, name in module.calls if name == "torch.manual_seed" and module.scope(other) is scope]
    return any(0 < call.lineno - other.lineno <= CLOSE for other in seeding)


def has(call: ast.Call, name: str) -> bool:
    """Whether a keyword is given."""
    return keyword(call, name) is not None


def is_pipeline(module: Module, call: ast.Call) -> bool:
    """`dataset.shuffle(1000)` of TensorFlow: a method that is given the size of a buffer."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "shuffle":
        return False
    if len(call.args) > 1:
        return False  # the second argument is the seed
    counts = has(call, "buffer_size") or (call.args and SIZE.search(ast.unparse(call.args[0])) is not None)
    return bool(counts) and any(origin.split(".")[0] == "tensorflow" for origin in module.origins.values())


def is_dataset(module: Module, call: ast.Call, given: dict[str, ast.expr]) -> bool:
    """`rows.shuffle()` and `rows.train_test_split(0.1)` of Hugging Face's datasets, with no generator."""
    if not isinstance(call.func, ast.Attribute) or "generator" in given or is_constant(given.get("shuffle"), False):
        return False
    moved = call.func.attr == "train_test_split" or not call.args  # the first argument of shuffle() is the seed
    return moved and module.full_name(call.func)[:8] != "sklearn." and not HUGGING.isdisjoint(module.origins.values())


def is_fresh(module: Module, call: ast.Call) -> bool:
    """Whether a generator is made with no seed whatever a caller gives, and is not put back to an earlier state."""
    if call.args or call.keywords:
        return False
    scope = module.scope(call)
    for holder in module.enclosing(call):
        if holder is scope:
            break
        if isinstance(holder, ast.If | ast.IfExp | ast.BoolOp | ast.arguments | ast.Lambda):
            return False
    if is_settable(module, call):
        return False
    drawn = [node.value for node in ast.walk(scope) if isinstance(node, ast.Return) and node.value is not None]
    if is_function(scope) and drawn and all(DRAWS_ONE.search(ast.unparse(value)) for value in drawn):
        return False  # it draws a seed, which whoever asks for it keeps
    return all(node.attr not in STATES for node in ast.walk(scope) if isinstance(node, ast.Attribute))


def is_settable(module: Module, call: ast.Call) -> bool:
    """Whether a generator is a class's own attribute, which a method sets anew by the seed or state it is given."""
    holder = module.parents.get(call)
    targets = holder.targets if isinstance(holder, ast.Assign) else [getattr(holder, "target", None)]
    names = {getattr(target, "attr", getattr(target, "id", "")) for target in targets}
    owner = next((node for node in module.enclosing(call) if isinstance(node, ast.ClassDef)), None)
    setters = [part for part in owner.body if is_function(part)] if owner else []
    asked = [
        part
        for part in setters
        if any(GIVEN_STATE.search(argument.arg) for argument in ast.walk(part.args) if isinstance(argument, ast.arg))
    ]
    given = [node for part in asked for node in ast.walk(part) if isinstance(node, ast.Assign)]
    fresh = ast.unparse(call)
    return any(
        getattr(target, "attr", "") in names
        for node in given
        for target in node.targets
        if ast.unparse(node.value) != fresh
    )
