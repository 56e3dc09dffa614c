"""Suite `commands`: what each command of the audit costs on this very project, once, after `make repro`."""

import os
import sys
import tempfile
from dataclasses import dataclass

from benchmarks.harness import Limit, Row
from benchmarks.watching import watched

REPORT = "reports/audit/report.json"
PAUSE, QUICK = 1.0, 0.1  # seconds between two looks at the memory
MUTANTS = 180  # seconds on two processors, promised


@dataclass(frozen=True)
class Command:
    """One command of the audit.

    Attributes:
        arguments: `{folder}` stands for a folder that is thrown away.
        quick: it takes seconds; the only kind in a quick trial.
        most: seconds that are promised; None where none are.
    """

    arguments: str
    quick: bool = False
    most: float | None = None


COMMANDS = (
    Command("claims", quick=True),
    Command(f"verify {REPORT} --no-again", quick=True),
    Command("compare class-313-plain class-313-rebalanced --output {folder}/comparison"),
    Command("paper"),
    Command("memory --budget 6GiB --table-only"),
    Command("memory --model mobilelite --budget 6GiB"),
    Command("mutants", most=MUTANTS),
    Command(f"verify {REPORT}"),
    Command("--output {folder}/report"),
)


def run(rounds: int = 1, shrink: int = 1) -> list[Row]:
    """A row for each command; of a trial (`shrink` above 1) only those that take seconds. One round whatever `rounds`.

    Raises:
        RuntimeError: a command ended otherwise than by passing or failing.
    """
    del rounds  # minutes each
    return [measured(command) for command in COMMANDS if command.quick or shrink == 1]


def measured(command: Command) -> Row:
    """One command in a process of its own. It starts with what earlier runs have left in the audit's cache."""
    with tempfile.TemporaryDirectory() as folder:
        words = [word.format(folder=folder) for word in command.arguments.split()]
        spent = watched([sys.executable, "-m", "audit", *words], os.environ, pause=QUICK if command.quick else PAUSE)
    spent_on_it = f"{spent.seconds:.1f} s by the clock, {spent.processor:.1f} s of the processors"
    facts = {"cost": f"{spent_on_it}, {spent.mebibytes:.0f} MiB, exit code {spent.status}"}
    limits = [] if command.most is None else [Limit("time", spent.seconds, command.most, "s")]
    name = f"python -m audit {command.arguments}".replace("{folder}", "FOLDER")
    return Row(name, {"ours": 1e3 * spent.seconds}, [], facts, limits)


def notes() -> list[str]:
    """What else there is to know."""
    return [
        "MiB: what all processes of a command held together at the most, as far as looks at it every second showed",
        "`reproduce` takes twice what `make repro` takes without a cache",
        "`python -m audit` has no fresh results of tests here unless `make test` ran before: it then ends with 1",
        "`mutants` leaves its evidence in reports/audit/mutants.json, as it always does",
    ]
