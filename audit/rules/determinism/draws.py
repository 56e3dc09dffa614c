"""Draws from a global state in what trains, by programs that set no seed."""

import ast
from functools import cached_property

from audit.rules.code import Module, called
from audit.rules.determinism.programs import is_program, is_run
from audit.rules.determinism.seeding import Seeds, reach
from audit.rules.local import Local
from audit.rules.training import ESTIMATORS
from audit.target import Piece

FITTED = {"fit", "fit_predict", "partial_fit", "cross_val_score", "cross_val_predict", "cross_validate"}
# Draws that are no order: of rows, noise, values to try.
STRAYS = {
    f"{library}.{name}"
    for library, names in {
        "random": ("sample", "choice", "choices", "random", "uniform", "randint", "gauss"),
        "numpy.random": ("choice", "rand", "randn", "randint", "normal", "uniform", "random", "standard_normal"),
    }.items()
    for name in names
}


class Draws:
    """Which modules train something, a network or an estimator, and which of what they draw nobody seeds."""

    def __init__(self, local: Local, seeds: Seeds, trained: set[str], *, seeded: bool) -> None:
        self.local = local
        self.seeds = seeds
        self.trained = trained
        self.seeded = seeded

    @cached_property
    def fitting(self) -> set[str]:
        """The modules that fit an estimator of a library, or train a network."""
        return self.trained | {path for path, module in self.seeds.modules.items() if fits(module)}

    @cached_property
    def loose_programs(self) -> list[tuple[Module, set[str]]]:
        """The programs that train and set no state of NumPy or TensorFlow, with the modules that each imports."""
        found = []
        for path, module in self.seeds.modules.items():
            if is_program(self.local, module) and not self.seeds.alone(module, common=True):
                below = reach(path, self.seeds.below)
                found += [(module, below)] if not below.isdisjoint(self.fitting) else []
        return found

    def train(self, module: Module) -> bool:
        """Whether a module, or one that uses it, trains."""
        return not self.seeds.users(module).isdisjoint(self.fitting)

    def are_loose(self, module: Module, piece: Piece, call: ast.Call, name: str) -> bool:
        """Whether a program that trains draws by this call, and sets no seed."""
        if self.trained and not self.seeded and not name.startswith("torch."):  # which also makes noise by it
            return True
        programs = self.programs(module)
        if name.startswith("torch."):
            programs = [item for item in programs if not self.seeds.alone(item[0])]
        if not programs or self.seeds.alone(module, common=True):
            return False
        users = self.seeds.users(module)
        speaking = {path for _, below in programs for path in below & users & self.seeds.modules.keys()}
        return is_run(piece, call.lineno, [self.seeds.modules[path] for path in sorted(speaking)])

    def programs(self, module: Module) -> list[tuple[Module, set[str]]]:
        """The programs that train, set no seed and take names from a module, one way or another."""
        users = self.seeds.users(module) if self.loose_programs else set()
        return [(program, below) for program, below in self.loose_programs if program.path in users]

    def is_stray(self, module: Module, piece: Piece, call: ast.Call, name: str) -> bool:
        """Whether a call draws from a global state in a program that fits estimators alone, and sets no seed."""
        if name not in STRAYS or not self.programs(module):
            return False
        networks = any(not below.isdisjoint(self.trained) for _, below in self.programs(module))
        return not networks and self.are_loose(module, piece, call, name)


def fits(module: Module) -> bool:
    """Whether a module fits an estimator of a library."""
    if not any(origin.split(".")[0] in ESTIMATORS for origin in module.origins.values()):
        return False
    return any(called(call) in FITTED for _, call, _ in module.calls)
