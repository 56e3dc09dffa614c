from pathlib import Path

import pytest

from audit.comparison.runs import Run


class FakeStore:
    """Runs in memory, pictures as texts: {run id: {path: content}}."""

    def __init__(self, runs, pictures=None):
        self.runs, self.files = runs, pictures or {}

    def by_id(self, identifier):
        return next((run for run in self.runs if run.id == identifier), None)

    def by_name(self, name):
        return [run for run in self.runs if run.name == name]

    def pictures(self, run):
        return sorted(self.files.get(run.id, {}))

    def fetch(self, run, path, folder):
        place = Path(folder) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(self.files[run.id][path])
        return place


def made(number, name="main", seed="0", auc=0.9, **parameters):
    return Run(f"{number:032x}", name, {"train.seed": seed, **parameters}, {"auc": auc})


@pytest.fixture
def run():
    return made


@pytest.fixture
def fake():
    return FakeStore
