"""Calls that draw an order from a random state which nobody has set, or which every other call moves on."""

import ast
import re

from audit.rules.code import Module, has_unpacked_keywords, is_constant, keyword

LOADERS = {"torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader"}
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
CLOSE = 3  # lines between a seed and what is drawn with it
SPLITTERS = {"train_test_split", "ShuffleSplit", "StratifiedShuffleSplit", "GroupShuffleSplit"}
FOLDS = {"KFold", "StratifiedKFold", "StratifiedGroupKFold"}  # in order, unless they are told to shuffle
SIZE = re.compile(r"^\d|size|buffer|^len\(|^[A-Z_]+$")  # a list that is shuffled is called otherwise
ORDERS = {"random.shuffle", "numpy.random.shuffle", "numpy.random.permutation"}


def unordered(module: Module, call: ast.Call, name: str, *, seeded: bool, trains: bool) -> str:
    """What is wrong with the order that a call draws; "" for nothing.

    Args:
        seeded: whether any part of the tree sets a seed: then only what has a generator of its own is asked for one.
        trains: whether any part of the tree trains a network.
    """
    named = name in LOADERS or name in SAMPLERS or name in ORDERS or name.startswith("sklearn.model_selection.")
    if not (named or getattr(call.func, "attr", "") == "shuffle") or has_unpacked_keywords(call):
        return ""
    if name in LOADERS:
        shuffles = keyword(call, "shuffle") or (call.args[2] if len(call.args) > 2 else None)
        return "shuffle=True without generator=" if is_constant(shuffles, True) and not has(call, "generator") else ""
    last = name.rpartition(".")[2]
    if name in SAMPLERS:
        given = has(call, "generator") or len(call.args) >= MOST_ARGUMENTS[last]
        return "" if given or (last == "random_split" and seeded_before(module, call)) else f"{last} without generator="
    if seeded:
        return ""
    if name.startswith("sklearn.model_selection.") and not has(call, "random_state"):
        shuffles = keyword(call, "shuffle")
        if (last in SPLITTERS and not is_constant(shuffles, False)) or (last in FOLDS and is_constant(shuffles, True)):
            return f"{last} without random_state="
    if is_pipeline(module, call) and not has(call, "seed") and len(call.args) < 2:
        return "shuffle() without seed="
    return f"{name}() with no seed set anywhere" if name in ORDERS and trains else ""


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
    counts = has(call, "buffer_size") or (len(call.args) == 1 and SIZE.search(ast.unparse(call.args[0])) is not None)
    return counts and any(origin.split(".")[0] == "tensorflow" for origin in module.origins.values())
