"""Training that nobody can repeat: no seed, loaders that shuffle by a global state, algorithms chosen at run time."""

import ast
import re
from collections.abc import Iterator
from functools import partial

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import TEST_PATH, Module, called, dotted, is_function, last_name
from audit.rules.determinism.callers import Callers
from audit.rules.determinism.draws import Draws, only_of_others
from audit.rules.determinism.programs import (
    Part,
    in_package,
    is_program,
    is_run,
    is_trial,
    part_at,
    part_of,
    unseeded_programs,
)
from audit.rules.determinism.searching import searched
from audit.rules.determinism.seeding import KEYS, STATES, Seeds, is_own_seed, lost
from audit.rules.determinism.settings import is_undone, loosened, settings, written_down
from audit.rules.determinism.shuffling import FRESH, GIVEN_STATE, is_fresh, is_reset, unordered
from audit.rules.family import Family, rule
from audit.rules.local import Local, is_runnable, local_of
from audit.rules.options import arguments
from audit.rules.training import training_place
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
    title="A random draw without a generator or a seed",
    why="It hangs on every other use of the global random state: one more call elsewhere changes the run.",
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

# A file, or its folder, that says what it is for: no `constraint`, nothing `pretrained`.
TRAINER = re.compile(r"(^|[/_.-]|[a-z](?=T))(pre)?[Tt]rain(ing|ers?|s)?(?![a-z])[^/]*(/[^/]+)?\.py$")
# A file that times code, and says so; its models learn nothing.
TIMING = re.compile(r"bench|speed|profil|timing|throughput|latency", re.I)
CLOCKS = ("perf_counter", "timeit", "time.time(", "cuda.Event", "torch.profiler", "do_bench")
OPTIMIZER = re.compile(r"^(Adam\w*|SGD|RMSprop|Adagrad|Lion|LBFGS)$|[Oo]ptimizer$")
# What a trainer makes that has not all of it from its caller; a fit() draws its batches itself.
OWN_PART = re.compile(r"(\bnn\.(?!\w+Loss)[A-Z]\w*|([Oo]ptimizers?|[Ll]oaders?)|(^|\.)(Adam\w*|SGD|RMSprop|fit\w*))$")
# Estimators of scikit-learn that draw at random.
FORESTS = re.compile(
    r"((RandomForest|ExtraTrees|GradientBoosting|MLP|SGD|Bagging|AdaBoost|PassiveAggressive)(Classifier|Regressor)"
    r"|KMeans"
    r"|(Halving)?Random(ized)?SearchCV|IsolationForest|RANSACRegressor|GaussianMixture|BayesianGaussianMixture)$"
)

OF_TESTS = re.compile(r"(^|_)tests?_(params|parameters|instances?|cases?)$")
# What a function is called that gives an estimator the state it draws from.
SETS_STATE = re.compile(r"clone|seed|state|random", re.I)


def find(target: Target) -> Iterator[Finding]:
    """Seeds over the graph of local imports, the rest call by call; tests are left out."""
    local = local_of(target)
    chosen = [module for path, module in local.modules.items() if not TEST_PATH.search(path)]
    timing = {module.path for module in chosen if times(module)}
    learning = [module for module in chosen if module.path not in timing]
    training = [(module, begun) for module in learning if (begun := training_place(module))]
    seeds = Seeds(local, chosen)
    seeded = bool(seeds.parts) or any(map(seeds_own, chosen))
    draws = Draws(local, seeds, {module.path: begun for module, begun in training}, seeded=seeded)
    callers = Callers(chosen, target)
    told = {name for module in chosen for name in written_down(module)}
    yield from unseeded(local, chosen, training, seeds, seeded=seeded)
    for module in chosen:
        here = partial(seeds.alone, module, common=True)
        drawn: dict[tuple[Piece, int], str] = {}
        strayed: set[tuple[str, ast.AST]] = set()
        for piece, call, name in module.calls:
            loosely = partial(draws.are_loose, module, piece, call, name)
            problem = unordered(module, call, name, callers=callers, here=here, loose=loosely)
            problem = problem or searched(module, call, name)
            if problem and any(map(is_of_tests, module.enclosing(call))):
                problem = ""
            if not problem and is_forest(module, call, name) and not here():
                problem = f"{name.rpartition('.')[2]} without random_state="
            if name in FRESH and is_fresh(module, call) and draws.train(module) and not draws.is_spare(module, call):
                problem = f"{name.rpartition('.')[2]}() without a seed"
            place = name.partition(".")[0], module.scope(call)
            if not problem and place not in strayed and draws.is_stray(module, piece, call, name):
                problem = f"{name}() draws from a state that nothing sets in what trains here"
                strayed.add(place)
            if seeded and not problem and is_reset(module, call, name) and draws.train(module):
                problem = f"{name}() sets another state in each run"
            learns = (training and name not in STATES) or name in KEYS or (name in STATES and draws.train(module))
            for value in lost(module, call, name) if learns else ():
                drawn[piece, value.lineno] = "the seed is drawn anew in each run, and nothing keeps it"
            loose = "" if problem or module.path in timing else loosened(module, call, name)
            if problem or (loose and not any(map(is_undone, module.enclosing(call)))):
                kind = SHUFFLE if problem else SETTING
                yield found(kind, piece.at(call.lineno), problem or loose, piece.line(call.lineno)[:120])
        for (piece, line), message in drawn.items():
            yield found(SEED, piece.at(line), message, piece.line(line)[:120])
        for piece, line, message in settings(module, told) if module.path not in timing else ():
            yield found(SETTING, piece.at(line), message, piece.line(line)[:120])


def unseeded(
    local: Local, chosen: list[Module], training: list[tuple[Module, tuple[Piece, int]]], seeds: Seeds, *, seeded: bool
) -> Iterator[Finding]:
    """Programs that train while neither they, nor what they import, nor what imports them, sets a seed."""
    if not training:
        return
    programs = {module.path for module in chosen if is_program(local, module)}
    programs |= {module.path for module, (piece, line) in training if part_at(piece, line) is None}
    programs |= {module.path for module, _ in training if has_recipe(module)}
    told: set[tuple[Piece, int]] = set()
    for module, (piece, line) in training:
        users = seeds.users(module)
        alone = not in_package(local, module) or part_at(piece, line) is None
        run = users & programs and (alone or is_run(piece, line, [local.modules[path] for path in users]))
        named_so = TRAINER.search(module.path) and not only_steps(module)
        own = (named_so or is_whole(piece, line)) and is_repeated(module)
        if not run and (seeded or not own):
            continue  # a library's training function: whoever calls it seeds
        if is_trial(piece, line):
            continue
        if seeds.cover(module) and only_of_others(seeds, module):
            message = (
                "a model is trained here, and only Python's and NumPy's states are set, not what draws the weights"
            )
            yield found(SEED, piece.at(line), message, piece.line(line)[:120])
        elif seeds.cover(module):
            for place in unseeded_programs(local, seeds, module, piece, line):
                if place not in told:
                    told.add(place)
                    message = "a model is trained from here, and nothing that runs then sets a seed"
                    yield found(SEED, place[0].at(place[1]), message, place[0].line(place[1])[:120])
        else:
            message = "a model is trained here, and nothing sets a seed"
            if any(map(seeds_own, (local.modules[path] for path in sorted(seeds.related(module))))):
                message = (
                    "a model is trained here, and only a generator of its own is seeded, not what draws the weights"
                )
            held = part_at(piece, line) is not None and not is_runnable(module)  # by what others run
            scripts = [path for path in users & programs if TRAINER.search(path)] if held else []
            if len(scripts) == 1 and scripts != [module.path]:
                script = local.modules[scripts[0]]
                piece, line = loop_of(script) or start_of(script, part_of(module, piece, line)) or (piece, line)
            yield found(SEED, piece.at(line), message, piece.line(line)[:120])


def seeds_own(module: Module) -> bool:
    """Whether a generator of its own is seeded: `torch.Generator().manual_seed(seed)`."""
    return any(is_own_seed(call, name) for _, call, name in module.calls)


def loop_of(script: Module) -> tuple[Piece, int] | None:
    """Where a script that is called after training goes through its epochs or steps: there a seed is missing."""
    loops = ((piece, node.lineno) for piece, node in script.statements() if isinstance(node, ast.For | ast.While))
    return next(loops, None)


def start_of(script: Module, part: Part) -> tuple[Piece, int] | None:
    """Where a script calls the function, or a method called like the one, that trains."""
    calls = (
        (piece, call.lineno)
        for piece, call, _ in script.calls
        if (called(call) if part.owner else dotted(call.func)) == part.name
    )
    return next(calls, None)


def times(module: Module) -> bool:
    """Whether a module is called after what it does, which is to measure times."""
    named = TIMING.search(module.path.rpartition("/")[2])
    return bool(named) and any(clock in piece.text for piece in module.pieces for clock in CLOCKS)


def is_repeated(module: Module) -> bool:
    """Whether the module goes through the data: a step alone is a part of its caller's training."""
    waiting = [call for _, call, name in module.calls if name.rpartition(".")[2] == "backward"]
    names = {holder.name for call in waiting for holder in module.enclosing(call) if is_function(holder)}
    waiting += [call for _, call, _ in module.calls if last_name(call.func) in names]
    loops = any(isinstance(holder, ast.For | ast.While) for call in waiting for holder in module.enclosing(call))
    return loops or not waiting


def only_steps(module: Module) -> bool:
    """Whether what a module trains with is all given to it: network, loader and optimizer."""
    return not any(OWN_PART.search(name) for _, _, name in module.calls)


def is_whole(piece: Piece, line: int) -> bool:
    """Whether the class or function around a line makes both its optimizer and its loader: all of a training."""
    part = part_at(piece, line)
    made = {last_name(node.func) for node in ast.walk(part) if isinstance(node, ast.Call)} if part else set()
    return any(map(OPTIMIZER.search, made)) and any(name.endswith("Loader") for name in made)


def has_recipe(module: Module) -> bool:
    """Whether a function that can be called without an argument makes its optimizer: an experiment of its own."""
    for piece in module.pieces:
        assert piece.tree is not None
        for node in filter(is_function, piece.tree.body):
            needed = len(node.args.posonlyargs) + len(node.args.args) > len(node.args.defaults)
            calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)) if not needed else ()
            if any(OPTIMIZER.search(last_name(call.func)) for call in calls):
                return True
    return False


def is_forest(module: Module, call: ast.Call, name: str) -> bool:
    """Whether an estimator that draws at random, made without a state of its own, is fitted beside where it is made."""
    if not name.startswith("sklearn.") or not FORESTS.search(name):
        return False
    given = arguments(module, call)
    if given is None or "random_state" in given:
        return False
    if any(isinstance(holder, ast.arguments) for holder in module.enclosing(call)):
        return False  # a default: whoever calls chooses
    if is_given_state(module, call):
        return False
    holder = module.parents.get(call)
    kept = isinstance(holder, ast.Assign) and isinstance(holder.targets[0], ast.Attribute)
    classes = (node for node in module.enclosing(call) if kept and isinstance(node, ast.ClassDef))
    scope = next(classes, module.scope(call))
    calls = (node.func for node in ast.walk(scope) if isinstance(node, ast.Call))
    return any(last_name(function).startswith(("fit", "cross_val")) for function in calls)


def is_of_tests(holder: ast.AST) -> bool:
    """A function of a library that says what its parts are tested with: `get_test_params`."""
    return is_function(holder) and OF_TESTS.search(holder.name) is not None


def is_given_state(module: Module, call: ast.Call) -> bool:
    """Whether an estimator gets its state after it is made: `clone(Forest(), seed)`, `.set_params(random_state=1)`."""
    for holder in module.enclosing(call):
        if isinstance(holder, ast.stmt):
            names = {dotted(target) for target in holder.targets} if isinstance(holder, ast.Assign) else set()
            setters = (other for _, other, name in module.calls if name.endswith(".set_params"))
            told = [other for other in setters if dotted(other.func).removesuffix(".set_params") in names]
            later = any((item.arg or "").endswith("random_state") for other in told for item in other.keywords)
            return later or any(f"{name}.random_state" in module.kept for name in names)
        if isinstance(holder, ast.Call) and SETS_STATE.search(called(holder)):
            given = [last_name(value) for value in (*holder.args, *(item.value for item in holder.keywords))]
            if any(map(GIVEN_STATE.search, given)):
                return True
    return False


FAMILY = Family(
    "determinism", "Training can be repeated", (SEED, SHUFFLE, SETTING), find,
    reads_text=True, of_code=True,
)  # fmt: skip
