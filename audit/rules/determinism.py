"""Training that nobody can repeat: no seed, loaders that shuffle by a global state, algorithms chosen at run time."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import TEST_PATH, Module, has_unpacked_keywords, is_constant, keyword, last_name
from audit.rules.family import Family, rule
from audit.rules.local import Local, is_main, is_runnable, local_of
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
    title="A loader that shuffles without a generator",
    why="Its order hangs on every other use of the global random state; one more call elsewhere changes the run.",
    fix="Give it generator=torch.Generator().manual_seed(seed).",
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
LOADERS = {"torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader"}
FITTING = ("fit", "fit_generator", "train_on_batch", "apply_gradients")
FITTERS = ("lightning", "pytorch_lightning", "keras", "tensorflow")


def find(target: Target) -> Iterator[Finding]:
    """Seeds over the graph of local imports, the rest call by call; tests are left out."""
    local = local_of(target)
    chosen = [module for path, module in local.modules.items() if not TEST_PATH.search(path)]
    yield from unseeded(local, chosen)
    for module in chosen:
        for piece, call, name in module.calls:
            place, excerpt = piece.at(call.lineno), piece.line(call.lineno)[:120]
            if name in LOADERS and is_constant(keyword(call, "shuffle"), True):
                if keyword(call, "generator") is None and not has_unpacked_keywords(call):
                    yield found(SHUFFLE, place, "shuffle=True without generator=", excerpt)
            elif name == "torch.use_deterministic_algorithms" and call.args and is_constant(call.args[0], False):
                yield found(SETTING, place, "deterministic algorithms are switched off here", excerpt)
        yield from settings(module)


def unseeded(local: Local, chosen: list[Module]) -> Iterator[Finding]:
    """Programs that train while neither they, nor what they import, nor what imports them, sets a seed."""
    training = [(module, place) for module in chosen if (place := training_place(module))]
    if not training:
        return
    seeds = {module.path for module in chosen if sets_seed(module)}
    below: dict[str, set[str]] = defaultdict(set)
    above: dict[str, set[str]] = defaultdict(set)
    for module in chosen:
        for path, _ in local.edges(module):
            below[module.path].add(path)
            above[path].add(module.path)
    programs = {module.path for module in chosen if is_program(local, module)}
    for module, (piece, line) in training:
        users = reach(module.path, above)
        if not users & programs and (seeds or not module.path.rpartition("/")[2].startswith("train")):
            continue  # a library's training function: whoever calls it seeds
        related = reach(module.path, below) | {path for user in users for path in reach(user, below)}
        if not related & seeds:
            message = "a model is trained here, and nothing sets a seed"
            yield found(SEED, piece.at(line), message, piece.line(line)[:120])


def training_place(module: Module) -> tuple[Piece, int] | None:
    """Where a module trains: `loss.backward()` beside `optimizer.step()`, a fit(), gradients that are applied."""
    backward: tuple[Piece, int] | None = None
    steps = False
    for piece, call, name in module.calls:
        last = name.rpartition(".")[2] or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
        if last == "backward" and backward is None:
            backward = piece, call.lineno
        steps = steps or (last == "step" and not call.keywords)
        if last in FITTING and isinstance(call.func, ast.Attribute) and uses_fitter(module):
            return piece, call.lineno
    return backward if steps else None


def uses_fitter(module: Module) -> bool:
    """Whether a module imports a library whose fit() draws its weights from a global state."""
    return any(origin.split(".")[0] in FITTERS for origin in module.origins.values())


def sets_seed(module: Module) -> bool:
    """A call with `seed` in its name, or one that is given a seed."""
    for _, node in module.walk():
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else last_name(node.func)
            if "seed" in called.lower() or any(item.arg and "seed" in item.arg.lower() for item in node.keywords):
                return True
    return False


def is_program(local: Local, module: Module) -> bool:
    """A notebook, a script beside no __init__.py, or a module that can be run."""
    folder = module.path.rpartition("/")[0]
    beside = f"{folder}/__init__.py" if folder else "__init__.py"
    return module.is_notebook or beside not in local.files or is_runnable(module)


def reach(start: str, edges: dict[str, set[str]]) -> set[str]:
    """All that can be reached, the start with it."""
    seen, waiting = {start}, [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


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
