"""Calls that draw an order from a random state which nobody has set, or which every other call moves on."""

import ast
import re
from collections.abc import Callable

from audit.rules.code import Module, called, is_constant, is_function, keyword, last_name
from audit.rules.determinism.callers import Callers
from audit.rules.determinism.seeding import SETTER
from audit.rules.options import Entries, arguments

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
SPLITTERS = {
    "train_test_split", "ShuffleSplit", "StratifiedShuffleSplit", "GroupShuffleSplit", "RepeatedKFold",
    "RepeatedStratifiedKFold",
}  # fmt: skip
OF_SPLITS = ("sklearn.model_selection.", "iterstrat.ml_stratifiers.")
# In order, unless they are told to shuffle.
FOLDS = {"KFold", "StratifiedKFold", "StratifiedGroupKFold", "GroupKFold", "MultilabelStratifiedKFold"}
OF_LISTS = ("random.", "numpy.", "sklearn.", "tensorflow.random.")  # whose shuffle() is given what it shuffles
METHODS = {"shuffle", "train_test_split", "resample", "sample"}
# Keras's readers of folders.
OF_FOLDERS = {
    "image_dataset_from_directory", "text_dataset_from_directory", "audio_dataset_from_directory",
    "flow_from_directory", "flow_from_dataframe",
}  # fmt: skip
# A list that is shuffled is called otherwise.
SIZE = re.compile(r"^\d|size|buffer|\blen\(|^[A-Z_]+$|^(min|max|int)\(|\.shape\[|cardinality|shuffle|num_|count")
OF_STATE = re.compile(r"rng|rand|gen|state|^rs?$|^np$", re.I)  # whose shuffle() is given a list
OF_NUMPY = ("default_rng", "RandomState", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
FRESH = {"random.Random", *(f"numpy.random.{name}" for name in OF_NUMPY)}
RESETS = {"numpy.random.seed", "random.seed", "torch.seed"}
STATES = {"bit_generator", "set_state", "setstate"}  # by which a generator is put back to where it was
DRAWS_ONE = re.compile(r"^int\(\w+\.(integers|randint|randrange|getrandbits)\(|^\w+\.(randrange|getrandbits)\(")
GIVEN_STATE = re.compile(r"seed|state|rng|generator", re.I)
# What functions and variables are called that learn nothing from what they draw.
FOR_SHOW = re.compile(
    r"(^|_)(run_?id|uid|uuid|token|slug|nickname|port|backoff|retry|delay|pause)(_|$)"
    r"|(^|_)(plot|figure|show|preview|visuali[sz]e)(_|$)"
    r"|(run|file|folder|job|session|experiment|trial)_?name|^(make|new|random)_(name|id|tag)$|^(name|tag|suffix)$",
    re.I,
)
HUGGING = {f"datasets.{name}" for name in ("load_dataset", "load_from_disk", "Dataset", "DatasetDict")} | {"datasets"}
ORDERS = {
    "random.shuffle", "numpy.random.shuffle", "numpy.random.permutation", "torch.randperm", "tensorflow.random.shuffle",
}  # fmt: skip


def unordered(
    module: Module, call: ast.Call, name: str, *, callers: Callers, here: Callable[[], bool], loose: Callable[[], bool]
) -> str:
    """What is wrong with the order that a call draws; "" for nothing.

    Args:
        callers: by whom the function around the call may be told to shuffle.
        here: whether the module sets the global state that scikit-learn and TensorFlow draw from.
        loose: whether something trains with what the call draws, and sets no seed.
    """
    name, shift = meant(module, call, name)
    last = name.rpartition(".")[2]
    named = name in LOADERS or name in SAMPLERS or name in ORDERS or name.startswith(OF_SPLITS)
    if not (named or last in METHODS or last in OF_FOLDERS):
        return ""
    given = arguments(module, call)
    if given is None:
        return ""
    if name in LOADERS:
        return loader(module, call, given, callers, place=2 + shift)
    if name in SAMPLERS:
        given_one = "generator" in given or len(call.args) >= MOST_ARGUMENTS[last]
        spared = given_one or seeded_inside(module, call) or (last == "random_split" and seeded_before(module, call))
        return "" if spared else f"{last} without generator="
    if name.startswith(OF_SPLITS) and "random_state" not in given:
        shuffles = given.get("shuffle")
        moved = last in FOLDS and shuffles is not None and callers.switch(module, shuffles)
        if moved or (last in SPLITTERS and not is_constant(shuffles, False)):
            return "" if here() else f"{last} without random_state="
    if name in ("sklearn.utils.shuffle", "sklearn.utils.resample") and "random_state" not in given and not here():
        return f"{last}() without random_state="
    if is_sample(module, call, given) and loose() and not here():
        return "sample() without random_state="
    if is_folder(module, last, given) and not here():
        return f"{last}() shuffles without seed="
    if (is_pipeline(module, call) or is_dataset(module, call, given)) and "seed" not in given and not here():
        return f"{last}() without seed="
    return f"{name}() draws from a state that nothing sets" if is_order(name, given) and loose() else ""


def is_order(name: str, given: Entries) -> bool:
    """`random.shuffle(files)`, `torch.randperm(9)` with no generator of its own."""
    return name in ORDERS and {"generator", "seed"}.isdisjoint(given)


def meant(module: Module, call: ast.Call, name: str) -> tuple[str, int]:
    """The name of what a call makes, and by how many its arguments are fewer: a class of its own that is a loader.

    `partial(DataLoader, shuffle=True)` makes what is called later without it.
    """
    if name == "functools.partial" and call.args:
        return module.full_name(call.args[0]), -1
    if name == ".__init__" and isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "super()":
        owner = next((node for node in module.enclosing(call) if isinstance(node, ast.ClassDef)), None)
        bases = [module.full_name(base) for base in owner.bases] if owner else []
        return next((base for base in bases if base in LOADERS), name), 0
    values = module.given.get(name, ()) if "." not in name else ()
    for value in values:
        if isinstance(value, ast.Call) and module.full_name(value.func) == "functools.partial" and value.args:
            own = any(item.arg in ("generator", "shuffle", None) for item in value.keywords)
            return (name if own else module.full_name(value.args[0])), 0
        if isinstance(value, ast.Name | ast.Attribute) and module.full_name(value) in LOADERS:
            return module.full_name(value), 0
    return name, 0


def loader(module: Module, call: ast.Call, given: Entries, callers: Callers, *, place: int) -> str:
    """What is wrong with a loader that shuffles; "" where another says in which order, or the function sets a seed."""
    shuffles = given.get("shuffle") or (call.args[place] if len(call.args) > place else None)
    if shuffles is None or "generator" in given or not callers.switch(module, shuffles):
        return ""
    if not is_constant(given.get("sampler", NOTHING), None) or seeded_inside(module, call):
        return ""  # `shuffle=sampler is None`: the order is the sampler's, where there is one
    return f"shuffle={ast.unparse(shuffles)} without generator="


def seeded_inside(module: Module, call: ast.Call) -> bool:
    """Whether the function around a call sets torch's state itself before it."""
    scope = module.scope(call)
    seeding = (other for _, other, name in module.calls if name == "torch.manual_seed" and other.args)
    return is_function(scope) and any(
        other.lineno < call.lineno and module.scope(other) is scope for other in seeding
    )  # fmt: skip


def is_sample(module: Module, call: ast.Call, given: Entries) -> bool:
    """`frame.sample(frac=1)` of pandas."""
    drawn = isinstance(call.func, ast.Attribute) and call.func.attr == "sample" and not {"frac", "n"}.isdisjoint(given)
    holder = module.parents.get(call)
    if isinstance(holder, ast.Expr) or (
        isinstance(holder, ast.Call) and last_name(holder.func) in ("print", "display")
    ):
        return False  # some rows are looked at
    return drawn and "random_state" not in given and uses(module, "pandas")


def is_folder(module: Module, last: str, given: Entries) -> bool:
    """`image_dataset_from_directory(folder)` of Keras, which shuffles unless it is told not to."""
    ordered = is_constant(given.get("shuffle"), False) or "seed" in given
    return last in OF_FOLDERS and not ordered and uses(module, "tensorflow", "keras")


def uses(module: Module, *libraries: str) -> bool:
    """Whether a module imports one of these."""
    return any(origin.split(".")[0] in libraries for origin in module.origins.values())


def seeded_before(module: Module, call: ast.Call) -> bool:
    """Whether the statement before the call sets the state that it draws from at once, or its function sets all."""
    scope = module.scope(call)
    before = [(other, name) for _, other, name in module.calls if other.lineno < call.lineno]
    of_torch = [other for other, name in before if name == "torch.manual_seed" and call.lineno - other.lineno <= CLOSE]
    of_all = [other for other, _ in before if SETTER.search(called(other)) and is_function(scope)]
    return any(module.scope(other) is scope for other in (*of_torch, *of_all))


def is_pipeline(module: Module, call: ast.Call) -> bool:
    """`dataset.shuffle(1000)` of TensorFlow and WebDataset: a method that is given the size of a buffer."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "shuffle" or len(call.args) > 1:
        return False  # the second argument is the seed
    if module.full_name(call.func).startswith(OF_LISTS) or keyword(call, "rng") is not None:
        return False
    told = any(item.arg in ("buffer_size", "reshuffle_each_iteration") for item in call.keywords)
    size = call.args[0] if call.args else None
    owner = call.func.value.func if isinstance(call.func.value, ast.Call) else call.func.value
    of_state = OF_STATE.search(getattr(owner, "attr", getattr(owner, "id", ""))) is not None
    counts = told or (size is not None and (SIZE.search(ast.unparse(size)) is not None or not of_state))
    return counts and uses(module, "tensorflow", "webdataset")


def is_dataset(module: Module, call: ast.Call, given: Entries) -> bool:
    """`rows.shuffle()` and `rows.train_test_split(0.1)` of Hugging Face's datasets, with no generator."""
    if not isinstance(call.func, ast.Attribute) or "generator" in given or is_constant(given.get("shuffle"), False):
        return False
    # The first argument of shuffle() is the seed.
    moved = call.func.attr == "train_test_split" or (call.func.attr == "shuffle" and not call.args)
    return moved and module.full_name(call.func)[:8] != "sklearn." and not HUGGING.isdisjoint(module.origins.values())


def is_fresh(module: Module, call: ast.Call) -> bool:
    """Whether a generator is made with no seed whatever a caller gives, and is not put back to an earlier state."""
    given = [*call.args, *(item.value for item in call.keywords)]
    if not all(is_constant(value, None) for value in given) or is_for_show(module, call):
        return False
    scope = module.scope(call)
    for holder in module.enclosing(call):
        if holder is scope:
            break
        if isinstance(holder, ast.If | ast.IfExp | ast.BoolOp | ast.arguments | ast.Lambda):
            return False
    if is_settable(module, call) or is_seeded_later(module, call):
        return False
    drawn = [node.value for node in ast.walk(scope) if isinstance(node, ast.Return) and node.value is not None]
    if is_function(scope) and drawn and all(DRAWS_ONE.search(ast.unparse(value)) for value in drawn):
        return False  # it draws a seed, which whoever asks for it keeps
    return all(node.attr not in STATES for node in ast.walk(scope) if isinstance(node, ast.Attribute))


def is_seeded_later(module: Module, call: ast.Call) -> bool:
    """Whether the name of a generator is given a seeded one, or a seed, too: `if seed: rng = Random(seed)`."""
    holder = module.parents.get(call)
    names = [last_name(target) for target in holder.targets] if isinstance(holder, ast.Assign) else []
    scope = module.scope(call)
    others = [value for name in names for value in module.given.get(name, ()) if isinstance(value, ast.Call)]
    near = [value for value in others if not is_function(scope) or module.scope(value) is scope]
    if any(module.full_name(value.func) in FRESH and value.args and value is not call for value in near):
        return True
    seeds = {f".{name}.seed" for name in names}
    return any(name in seeds and other.args for _, other, name in module.calls)


def is_for_show(module: Module, call: ast.Call) -> bool:
    """Whether a draw is for a name, a picture or a pause, and not for what learns."""
    for holder in module.enclosing(call):
        if isinstance(holder, ast.Call) and last_name(holder.func) == "sleep":
            return True
        if is_function(holder):
            return FOR_SHOW.search(holder.name) is not None
        targets = holder.targets if isinstance(holder, ast.Assign) else []
        if any(FOR_SHOW.search(last_name(target)) for target in targets):
            return True
    return False


def is_reset(module: Module, call: ast.Call, name: str) -> bool:
    """`np.random.seed()`, whose result nobody keeps: by the machine's own noise, or its clock; `generator.seed()`."""
    drawn = not call.args or is_constant(call.args[0], None)
    owners = module.given.get(name[1:].removesuffix(".seed"), ()) if name.endswith(".seed") else ()
    own = any(isinstance(owner, ast.Call) and module.full_name(owner.func) == "torch.Generator" for owner in owners)
    return (name in RESETS or own) and drawn and not call.keywords and isinstance(module.parents.get(call), ast.Expr)


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
