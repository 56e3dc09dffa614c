"""Draws from a global state in what trains, by programs that set no seed."""

import ast
import itertools
import re
from collections.abc import Iterator
from functools import cached_property

from audit.rules.code import Module, called, is_function, last_name
from audit.rules.determinism.programs import is_program, is_run, part_at
from audit.rules.determinism.reaching import AT_ONCE, part_name
from audit.rules.determinism.seeding import SEEDERS, Seeds, reach, sets_seed, sets_state, speaks_of_seeds
from audit.rules.determinism.shuffling import is_for_show, uses
from audit.rules.local import Local, is_runnable
from audit.rules.training import ESTIMATORS
from audit.target import Piece

FITTED = {"fit", "fit_predict", "partial_fit", "cross_val_score", "cross_val_predict", "cross_validate"}
BOOSTING = {"xgboost.train", "xgboost.cv", "lightgbm.train", "lightgbm.cv"}
# Draws that are no order: of rows, noise, values to try.
STRAYS = {
    f"{library}.{name}"
    for library, names in {
        "random": ("sample", "choice", "choices", "random", "uniform", "randint", "gauss"),
        "numpy.random": ("choice", "rand", "randn", "randint", "normal", "uniform", "random", "standard_normal"),
    }.items()
    for name in names
}

OF_NUMBERS = {"random.seed", "numpy.random.seed"}
NETWORKS = ("torch", "tensorflow", "lightning", "pytorch_lightning")
OF_WEIGHTS = re.compile(r"manual_seed|set_random_seed|random\.set_seed|PRNGKey|set_rng_state|workers=True")


class Draws:
    """Which modules train something, a network or an estimator, and which of what they draw nobody seeds."""

    def __init__(self, local: Local, seeds: Seeds, trained: dict[str, tuple[Piece, int]], *, seeded: bool) -> None:
        self.local = local
        self.seeds = seeds
        self.trained = trained
        self.seeded = seeded

    @cached_property
    def fitting(self) -> set[str]:
        """The modules that fit an estimator of a library, or train a network."""
        return {*self.trained, *(path for path, module in self.seeds.modules.items() if fits(module))}

    @cached_property
    def programs(self) -> list[tuple[str, set[str], set[str]]]:
        """(program, what it imports, states it sets) of those that train, but for networks trained with no seed at all.

        Of these the family says that nothing sets a seed, once.
        """
        found = []
        for path, module in self.seeds.modules.items():
            below = reach(path, self.seeds.below) & self.seeds.modules.keys()
            if not below.isdisjoint(self.fitting) and self.is_started(module):
                seeded = self.seeds.alone(module)
                if seeded or below.isdisjoint(self.trained):
                    kinds = {kind for place in below for kind in self.states[place]} if seeded else set()
                    found.append((path, below, kinds))
        return found

    def is_started(self, module: Module) -> bool:
        """Whether a module is run by itself: it says so, or it is a notebook or script that no other module uses."""
        alone = module.is_notebook or is_runnable(module) or self.seeds.users(module) == {module.path}
        return alone and is_program(self.local, module)

    @cached_property
    def states(self) -> dict[str, set[str]]:
        """Module -> the libraries whose global state it sets: "" for all, where another's helper sets them."""
        own = {name for module in self.seeds.modules.values() for name in functions(module)}
        return {path: set(states_of(module, own)) for path, module in self.seeds.modules.items()}

    def train(self, module: Module) -> bool:
        """Whether a module, or one that uses it, trains, or is run and imports what does."""
        users = self.seeds.users(module)
        return not users.isdisjoint(self.fitting) or not users.isdisjoint(self.training)

    @cached_property
    def training(self) -> set[str]:
        """The programs whose run comes to what trains, such as a learner's update that a loop of theirs calls."""
        wanted = {(path, part) for path in self.fitting for part in self.parts_that_fit(self.seeds.modules[path])}
        found = set()
        for path, module in self.seeds.modules.items():
            below = reach(path, self.seeds.below) & self.seeds.modules.keys()
            fitted = {place for place in wanted if place[0] in below}
            if fitted and self.is_started(module) and self.seeds.reach.comes_to(path, below, fitted):
                found.add(path)
        return found

    def parts_that_fit(self, module: Module) -> Iterator[str]:
        """The functions and classes of a module that train a network, or fit an estimator."""
        if module.path in self.trained:
            piece, line = self.trained[module.path]
            part = part_at(piece, line)
            yield AT_ONCE if part is None else part.name
        for _, call, name in module.calls if fits(module) else ():
            if called(call) in FITTED or name in BOOSTING:
                yield part_name(module, list(module.enclosing(call)))

    def are_loose(self, module: Module, piece: Piece, call: ast.Call, name: str) -> bool:
        """Whether a program that trains draws by this call from a state that it does not set."""
        library = name.partition(".")[0]
        if self.trained and not self.seeded and library != "torch":  # by which noise is made too
            return True
        users = self.seeds.users(module) if self.programs else set()
        loose = [
            below
            for path, below, kinds in self.programs
            if path in users
            and kinds.isdisjoint({"", library})
            and (library != "torch" or not kinds)
            and module.path in self.near(path, below)
        ]
        if not loose:
            return False
        speaking = {path for below in loose for path in below & users}
        return is_run(piece, call.lineno, [self.seeds.modules[path] for path in sorted(speaking)])

    def is_spare(self, module: Module, call: ast.Call) -> bool:
        """Whether a generator that a module makes for all only stands in for one that is not given, if at all."""
        holder = module.parents.get(call)
        if not isinstance(holder, ast.Assign) or is_function(module.scope(call)):
            return False
        names = {last_name(target) for target in holder.targets}
        users = [self.seeds.modules[path] for path in sorted(self.seeds.users(module)) if path != module.path]
        others = [one for one in users if names.isdisjoint(one.given) and speaks_of(one, names)]
        return all(stands_in(one, node) for one in (module, *others) for node in loads(one, names))

    def near(self, program: str, below: set[str]) -> set[str]:
        """A program, what it imports itself, and what those import that train: not the inner parts of a library."""
        training = {program} | (below & self.fitting)
        return training | set().union(*(self.seeds.below[path] for path in training))

    def is_stray(self, module: Module, piece: Piece, call: ast.Call, name: str) -> bool:
        """Whether a call draws noise, rows or values from a global state that the program does not set."""
        if name not in STRAYS or (self.trained and not self.seeded):
            return False
        if is_for_a_seed(module, call) or is_for_show(module, call):
            return False
        return self.are_loose(module, piece, call, name)


def speaks_of(module: Module, names: set[str]) -> bool:
    """Whether a module's text holds one of these names."""
    return any(name in piece.text for piece in module.pieces for name in names)


def loads(module: Module, names: set[str]) -> Iterator[ast.expr]:
    """Where a module reads one of these names: `shared`, `tools.shared`."""
    for node in module.of(ast.Name, ast.Attribute):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load) and last_name(node) in names:
            yield node


def stands_in(module: Module, node: ast.expr) -> bool:
    """Whether a generator is only handed on, and on a condition: `rng = shared if rng is None else rng`."""
    holder = module.parents.get(node)
    drawn = isinstance(holder, ast.Attribute) or (isinstance(holder, ast.Call) and holder.func is node)
    inside = itertools.takewhile(lambda one: not is_function(one), module.enclosing(node))
    return not drawn and any(isinstance(one, ast.If | ast.IfExp | ast.BoolOp | ast.arguments) for one in inside)


def is_for_a_seed(module: Module, call: ast.Call) -> bool:
    """`seed = random.randint(0, 9999)`: it is drawn anew on purpose, and kept."""
    statement = next((holder for holder in module.enclosing(call) if isinstance(holder, ast.stmt)), None)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    returned = isinstance(statement, ast.Return) and any(map(is_seeding, module.enclosing(call)))
    return returned or any(speaks_of_seeds(last_name(target)) for target in targets)


def is_seeding(node: ast.AST) -> bool:
    """A function that speaks of seeds."""
    return is_function(node) and speaks_of_seeds(node.name)


def functions(module: Module) -> Iterator[str]:
    """The names of all functions and methods of a module."""
    return (node.name for _, node in module.statements() if is_function(node))


def states_of(module: Module, own: set[str]) -> Iterator[str]:
    """The libraries whose global state a module sets; "" for all of them."""
    for node in module.of(ast.Name, ast.Attribute):
        name = module.full_name(node)
        holder = module.parents.get(node)
        reset = isinstance(holder, ast.Call) and holder.func is node and not sets_state(holder, name)
        if name in SEEDERS and not reset:
            yield name.partition(".")[0]
    for _, call, name in module.calls:
        if name not in SEEDERS and not name.startswith("torch.") and sets_state(call, name) and called(call) not in own:
            yield ""


def fits(module: Module) -> bool:
    """Whether a module fits an estimator of a library."""
    if not any(origin.split(".")[0] in ESTIMATORS for origin in module.origins.values()):
        return False
    return any(called(call) in FITTED or name in BOOSTING for _, call, name in module.calls)


def only_of_others(seeds: Seeds, module: Module) -> bool:
    """Whether all that is seeded where a module trains a network is `random` and NumPy, which draw none of its weights.

    What the tree's own functions seed stands in them, whatever their names.
    """
    related = [seeds.modules[path] for path in sorted(seeds.related(module))]
    if any(OF_WEIGHTS.search(piece.text) for one in related for piece in one.pieces):
        return False
    own = {name for one in seeds.modules.values() for name in functions(one)}
    others = (
        name
        for one in related
        for _, call, name in one.calls
        if called(call) not in own and sets_seed(call, name, seeds.taking)
    )
    return uses(module, *NETWORKS) and all(name in OF_NUMBERS for name in others)
