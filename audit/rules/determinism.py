"""Training that nobody can repeat: no seed, loaders that shuffle by a global state, algorithms chosen at run time."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import TEST_PATH, Module, is_constant, is_function, last_name, text_of
from audit.rules.family import Family, rule
from audit.rules.local import Local, is_main, is_runnable, local_of
from audit.rules.shuffling import unordered
from audit.target import Piece, Target

SEED = rule(
    "determinism.seed",
    title="Training without a seed",
    why="No run can be repeated, and no difference between two runs can be told from chance.",
    fix="Seed Python, NumPy and torch at the start, from the configuration, and record the seed with the run.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
SHUFFLE = rule(
    "determinism.shuffle",
    title="An order drawn without a generator or a seed",
    why="Its order hangs on every other use of the global random state; one more call elsewhere changes the run.",
    fix="Give it generator=torch.Generator().manual_seed(seed), random_state=seed or seed=seed.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)
SETTING = rule(
    "determinism.setting",
    title="A nondeterministic setting fixed in the code",
    why="cuDNN then picks other algorithms from run to run, and no configuration or log says so.",
    fix="Make it an option of the run that is recorded with it, off by default.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)

BENCHMARK = "torch.backends.cudnn.benchmark"
DETERMINISTIC = "torch.backends.cudnn.deterministic"
SWITCH = "torch.use_deterministic_algorithms"
FITTING = ("fit", "fit_generator", "train_on_batch", "apply_gradients")
FITTERS = ("lightning", "pytorch_lightning", "keras", "tensorflow", "optax", "flax")
KEYS = {"jax.random.PRNGKey", "jax.random.key"}
# Libraries whose fit() trains no network: scalers, trees, statistics, searches.
DEEPEST = 5  # packages that pass a name on to each other
OF_TOOLS = ("setup.py", "conf.py", "noxfile.py", "versioneer.py")  # they import a library and run nothing of it
ESTIMATORS = ("sklearn", "xgboost", "lightgbm", "catboost", "imblearn", "statsmodels", "umap", "scipy", "ray", "optuna")
# What only a network's fit() is given, and what networks and their trainers are called.
OF_A_NETWORK = {
    "epochs", "nb_epoch", "batch_size", "validation_data", "validation_split", "steps_per_epoch", "callbacks",
    "datamodule", "train_dataloaders", "train_dataloader", "ckpt_path",
}  # fmt: skip
NETWORK = re.compile(r"(^|_)(model|net|network|trainer|autoencoder|vae|gan|cnn|rnn|lstm|classifier|engine)(_|\d|$)")


def find(target: Target) -> Iterator[Finding]:
    """Seeds over the graph of local imports, the rest call by call; tests are left out."""
    local = local_of(target)
    chosen = [module for path, module in local.modules.items() if not TEST_PATH.search(path)]
    training = [(module, begun) for module in chosen if (begun := training_place(module))]
    seeds = {module.path for module in chosen if sets_seed(module)}
    yield from unseeded(local, chosen, training, seeds)
    for module in chosen:
        for piece, call, name in module.calls:
            place, excerpt = piece.at(call.lineno), piece.line(call.lineno)[:120]
            problem = unordered(module, call, name, seeded=bool(seeds), trains=bool(training))
            if problem:
                yield found(SHUFFLE, place, problem, excerpt)
            elif name == SWITCH and call.args and is_constant(call.args[0], False) and not restored(module, call):
                yield found(SETTING, place, "deterministic algorithms are switched off here", excerpt)
        yield from settings(module)


def unseeded(
    local: Local, chosen: list[Module], training: list[tuple[Module, tuple[Piece, int]]], seeds: set[str]
) -> Iterator[Finding]:
    """Programs that train while neither they, nor what they import, nor what imports them, sets a seed."""
    if not training:
        return
    below: dict[str, set[str]] = defaultdict(set)
    above: dict[str, set[str]] = defaultdict(set)
    for module in chosen:
        below[module.path].update(path for path, _ in local.edges(module))
        for path in used(local, module):
            above[path].add(module.path)
    programs = {module.path for module in chosen if is_program(local, module)}
    for module, (piece, line) in training:
        users = reach(module.path, above)
        alone = not in_package(local, module)
        run = users & programs and (alone or is_run(piece, line, [local.modules[path] for path in users]))
        if not run and (seeds or not module.path.rpartition("/")[2].startswith("train")):
            continue  # a library's training function: whoever calls it seeds
        related = reach(module.path, below) | {path for user in users for path in reach(user, below)}
        if not related & seeds:
            message = "a model is trained here, and nothing sets a seed"
            yield found(SEED, piece.at(line), message, piece.line(line)[:120])


def is_run(piece: Piece, line: int, users: list[Module]) -> bool:
    """Whether a line stands in no function or class, or in one that is decorated or that some module speaks of."""
    assert piece.tree is not None
    parts = [node for node in piece.tree.body if is_function(node) or isinstance(node, ast.ClassDef)]
    part = next((node for node in parts if node.lineno <= line <= (node.end_lineno or 0)), None)
    if part is None or part.decorator_list:
        return True
    own = {id(node) for node in ast.walk(part)}
    return any(part.name in named(node, module) for module in users for _, node in module.walk() if id(node) not in own)


def named(node: ast.AST, module: Module) -> tuple[str, ...]:
    """The names by which a node may mean a function or class: `train`, `engine.train`, an import, a registry's text."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id not in module.given:
        return (node.attr,)
    if isinstance(node, ast.ImportFrom):
        return tuple(alias.name for alias in node.names)
    return (text_of(node),)


def training_place(module: Module) -> tuple[Piece, int] | None:
    """Where a module trains: `loss.backward()` beside `optimizer.step()`, a fit(), gradients that are applied."""
    backward: tuple[Piece, int] | None = None
    steps = False
    for piece, call, name in module.calls:
        last = name.rpartition(".")[2] or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
        if last == "backward" and backward is None:
            backward = piece, call.lineno
        if name in ("jax.grad", "jax.value_and_grad") and uses_fitter(module):
            return piece, call.lineno
        steps = steps or (last == "step" and not call.keywords)
        fits = last in FITTING and isinstance(call.func, ast.Attribute) and uses_fitter(module)
        if fits and (last != "fit" or fits_network(module, call)):
            return piece, call.lineno
    return backward if steps else None


def uses_fitter(module: Module) -> bool:
    """Whether a module imports a library whose fit() draws its weights from a global state."""
    return any(origin.split(".")[0] in FITTERS for origin in module.origins.values())


def fits_network(module: Module, call: ast.Call) -> bool:
    """Whether `x.fit(…)` trains weights: what x was made by says so, else what it is given, else its name."""
    fitted = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    made = module.given.get(fitted.id, []) if isinstance(fitted, ast.Name) else [fitted]
    names = [module.full_name(value.func) for value in made if isinstance(value, ast.Call)]
    makers = {name.partition(".")[0] for name in names}
    if not makers.isdisjoint(ESTIMATORS) or any(name.endswith("ImageDataGenerator") for name in names):
        return False
    if not makers.isdisjoint(FITTERS):
        return True
    if any(item.arg in OF_A_NETWORK for item in call.keywords):
        return True
    return bool(call.args or call.keywords) and NETWORK.search(last_name(fitted)) is not None


def sets_seed(module: Module) -> bool:
    """A call with `seed` in its name, or one that is given a seed, or JAX's key of a number."""
    for _, node in module.walk():
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else last_name(node.func)
            if module.full_name(node.func) in KEYS and node.args and not isinstance(node.args[0], ast.Call):
                return True
            if "seed" in called.lower() or any(item.arg and "seed" in item.arg.lower() for item in node.keywords):
                return True
    return False


def is_program(local: Local, module: Module) -> bool:
    """A notebook, a script beside no __init__.py, or a module that can be run."""
    free = module.is_notebook or not in_package(local, module)
    return module.path.rpartition("/")[2] not in OF_TOOLS and (free or is_runnable(module))


def in_package(local: Local, module: Module) -> bool:
    """Whether an __init__.py lies beside it."""
    folder = module.path.rpartition("/")[0]
    return f"{folder}/__init__.py".lstrip("/") in local.files


def used(local: Local, module: Module) -> set[str]:
    """The modules that a module takes names from: a package that only passes them on uses none of them."""
    defines = any(is_function(node) or isinstance(node, ast.ClassDef) for _, node in module.walk())
    if module.path.endswith("__init__.py") and not defines:
        return set()
    attributes = {node.attr for _, node in module.walk() if isinstance(node, ast.Attribute)}
    return {
        place
        for path, item in local.edges(module)
        for place in sources(local, path, set(item.names) or attributes)
    }


def sources(local: Local, path: str, names: set[str], depth: int = 0) -> set[str]:
    """A module, and where it is a package, the modules from which it has some names."""
    package = local.modules.get(path) if path.endswith("__init__.py") and depth < DEEPEST else None
    found = {path}
    for place, inner in local.edges(package) if package else ():
        if place != path and ("*" in names or "*" in inner.names or not names.isdisjoint(inner.names)):
            found |= sources(local, place, names, depth + 1)
    return found


def reach(start: str, edges: dict[str, set[str]]) -> set[str]:
    """All that can be reached, the start with it."""
    seen, waiting = {start}, [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def restored(module: Module, call: ast.Call) -> bool:
    """Whether the same function sets it back to what it was."""
    inside = [node for node in ast.walk(module.scope(call)) if isinstance(node, ast.Call) and node.args]
    return any(module.full_name(node.func) == SWITCH and isinstance(node.args[0], ast.Name) for node in inside)


def settings(module: Module) -> Iterator[Finding]:
    """`cudnn.benchmark = True` and `cudnn.deterministic = False`, written as they are and under no condition."""
    for piece, node in module.walk():
        if not isinstance(node, ast.Assign) or any(isinstance(holder, ast.If) for holder in outside_main(module, node)):
            continue
        for written in node.targets:
            name = module.full_name(written)
            if (name == BENCHMARK and is_constant(node.value, True)) or (
                name == DETERMINISTIC and is_constant(node.value, False)
            ):
                message = f"{name} is fixed to {ast.unparse(node.value)}"
                yield found(SETTING, piece.at(node.lineno), message, piece.line(node.lineno)[:120])


def outside_main(module: Module, node: ast.AST) -> Iterator[ast.AST]:
    """What holds the node, less `if __name__ == "__main__"`."""
    return (holder for holder in module.enclosing(node) if not is_main(holder))


FAMILY = Family("determinism", "Training can be repeated", (SEED, SHUFFLE, SETTING), find)
