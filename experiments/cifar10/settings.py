"""`experiments/cifar10/params.yaml`, checked, and where the experiment keeps its files."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from colorlib.data.cifar10 import PACKAGE
from colorlib.errors import ColorlibError
from colorlib.pipeline.settings import RunName, RunSettings
from colorlib.training.settings import Settings, TrainingSettings

HERE = Path("experiments/cifar10")  # everything runs from the project's folder
DATA = HERE / "data" / PACKAGE
STATISTICS = HERE / "statistics"
SELECTION = HERE / "selection.csv"
RUNS = HERE / "runs"
CHECKPOINTS = HERE / "checkpoints"  # no output of DVC, which deletes those before a stage runs
SEARCH = HERE / "search.json"
RESULTS = HERE / "results.json"
REPORT = Path("reports/reproduction.md")

Rate = Literal["regression", "plain", "rebalanced"]


class SearchSettings(Settings):
    """The search for learning rates.

    Attributes:
        epochs: of each trial.
        seed: of each trial; of no run.
        candidates: the learning rates that are tried.
    """

    epochs: int = Field(1, ge=1)
    seed: int = Field(100, ge=0, lt=2**31)
    candidates: list[float] = Field(min_length=1)


class Experiment(Settings):
    """The whole file.

    Attributes:
        validation: images taken from the end of the official training set.
        seeds: each run is done once with each.
        train: of all runs; the learning rate is not taken from here.
        search: of the learning rates.
        learning_rates: one for each kind of objective.
        runs: by name.
    """

    validation: int = Field(ge=1, lt=50_000)
    seeds: list[int] = Field(min_length=1)
    train: TrainingSettings
    search: SearchSettings
    learning_rates: dict[Rate, float]
    runs: dict[RunName, RunSettings] = Field(min_length=1)

    def run(self, name: str) -> RunSettings:
        """The run called `name`.

        Raises:
            ColorlibError: there is none.
        """
        if name not in self.runs:
            raise ColorlibError(f"there is no run {name!r}; the runs are {', '.join(self.runs)}")
        return self.runs[name]

    def training(self, rate: float, epochs: int | None = None) -> TrainingSettings:
        """The settings of one run at the learning rate `rate`."""
        optimiser = self.train.optimiser.model_copy(update={"learning_rate": rate})
        return self.train.model_copy(update={"optimiser": optimiser, "epochs": epochs or self.train.epochs})


def kind_of(run: RunSettings) -> Rate:
    """Which of the learning rates a run takes."""
    if run.objective == "regression":
        return "regression"
    return "rebalanced" if run.rebalancing else "plain"


def load_experiment(path: Path = HERE / "params.yaml") -> Experiment:
    """Read and check the parameters.

    Raises:
        ColorlibError: the file is missing or no YAML, or a key is unknown, missing or wrong.
    """
    try:
        return Experiment.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ColorlibError(f"there is no {path}: run this from the project's folder") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise ColorlibError(f"{path}: {error}") from error
