"""Runs that are killed by SIGKILL, each in a process of its own, forked from one that has imported everything.

`python killed_runs.py FOLDER SEED` prints one line a run: how it was killed, and the hash of the weights in the end.
"""

import hashlib
import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import safetensors.torch
import torch

from colorlib import files
from colorlib.models.base import ColorNet
from colorlib.training import checkpoint, keeper
from colorlib.training.provenance import code_name
from colorlib.training.settings import SavingSettings
from colorlib.training.trainer import train
from tests.tiny_network import OBJECTIVE, SETTINGS, batches, photographs, tiny

STEPS = 9
SAVED = SETTINGS.model_copy(update={"saving": SavingSettings(minutes=None, steps=2, keep=2)})


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed processes do not go on")


def in_step(number: int) -> None:
    """Die when the gradient of step `number` is there and the weights have not moved."""
    original = torch.optim.Adam.step
    count = [0]

    def step(optimiser: torch.optim.Adam, *arguments: object) -> object:
        count[0] += 1
        return die() if count[0] == number else original(optimiser, *arguments)

    torch.optim.Adam.step = step  # type: ignore[method-assign, assignment]


def in_validation(number: int) -> None:
    """Die at the end of epoch `number`, before it is recorded."""
    original = keeper.Keeper.after_epoch
    count = [0]

    def after_epoch(self, *arguments):  # type: ignore[no-untyped-def]
        count[0] += 1
        return die() if count[0] == number else original(self, *arguments)

    keeper.Keeper.after_epoch = after_epoch  # type: ignore[method-assign]


def with_half_a_file(number: int) -> None:
    """Die in checkpoint `number` (from 1), with half of its tensors written."""
    original = safetensors.torch.save_file
    count = [0]

    def save_file(tensors: dict[str, torch.Tensor], path: Path) -> None:
        count[0] += 1
        original(tensors, path)
        if count[0] == number:
            os.truncate(path, path.stat().st_size // 2)
            die()

    safetensors.torch.save_file = save_file


def before_the_renaming(number: int) -> None:
    """Die in checkpoint `number` when all is written, under its temporary name."""
    original = files._replace
    count = [0]

    def replace(temporary: Path, path: Path) -> None:
        count[0] += checkpoint.NAME.fullmatch(path.name) is not None
        if count[0] == number:
            die()
        original(temporary, path)

    files._replace = replace


def before_the_pruning(number: int) -> None:
    """Die after checkpoint `number`, before older ones are removed and the best is marked."""
    original = checkpoint.prune
    count = [0]

    def prune(folder: Path, keep: int, best: int | None) -> None:
        count[0] += 1
        if count[0] == number:
            die()
        original(folder, keep, best)

    checkpoint.prune = prune


def amid_the_pruning(number: int) -> None:
    """Die in removal `number` of an old checkpoint, with one of its two files gone."""
    original = checkpoint.shutil.rmtree
    count = [0]

    def rmtree(path: Path) -> None:
        count[0] += checkpoint.NAME.fullmatch(Path(path).name) is not None
        if count[0] == number:
            (path / checkpoint.STATE).unlink()
            die()
        original(path)

    checkpoint.shutil.rmtree = rmtree


def after_some_time(milliseconds: int) -> None:
    """Die wherever the run happens to be."""
    signal.signal(signal.SIGALRM, lambda *_: die())
    signal.setitimer(signal.ITIMER_REAL, milliseconds / 1000)


WAYS: dict[Callable[[int], None], range] = {
    in_step: range(1, STEPS + 1),
    in_validation: range(1, 4),
    with_half_a_file: range(1, 5),
    before_the_renaming: range(1, 5),
    before_the_pruning: range(1, 5),
    amid_the_pruning: range(1, 3),
    after_some_time: range(5, 60),
}


def run(folder: Path | None) -> ColorNet:
    model = tiny()
    validation = photographs(4, 16, seed=5).tensor()
    train(model, OBJECTIVE, batches(SAVED), validation, SAVED, checkpoints=folder)
    return model


def keep_digest(folder: Path | None, result: Path) -> None:
    tensors = {name: value.detach().contiguous() for name, value in run(folder).state_dict().items()}
    result.write_text(hashlib.sha256(safetensors.torch.save(tensors)).hexdigest())


def in_a_process(work: Callable[[], None]) -> bool:
    """Do the work in a fork; whether it was killed. Any other bad end is one of this process as well."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def killed_run(folder: Path, way: Callable[[int], None], number: int) -> str:
    """Kill a run in one way, start it again and let it end: what happened, and the hash of its weights."""

    def first() -> None:
        way(number)
        run(folder)

    result = folder.with_suffix(".hash")
    was_killed = in_a_process(first)
    if way in (with_half_a_file, before_the_renaming):
        for path in checkpoint.present(folder):  # what stands there under its name is whole
            checkpoint.read(path, json.loads((path / checkpoint.STATE).read_text())["identity"])
    assert not in_a_process(lambda: keep_digest(folder, result))
    assert len(checkpoint.present(folder)) <= 3, "the two newest and the best"
    return f"{way.__name__} {number} {was_killed} {result.read_text()}"


def main(folder: Path, seed: int) -> None:
    torch.set_num_threads(1)
    chance = random.Random(seed)
    checkpoint._to_disk = lambda _path: None  # a killed process loses no file; only a loss of power does
    code_name()  # once for all, should somebody edit the code meanwhile
    run(None)  # loads the compiled loops, which every process would do otherwise
    assert not in_a_process(lambda: keep_digest(None, folder / "never.hash"))
    print("never 0 False", (folder / "never.hash").read_text(), flush=True)
    ways = [*WAYS, *chance.choices(list(WAYS), k=20 - len(WAYS))]
    for index, way in enumerate(ways):
        print(killed_run(folder / f"run-{index}", way, chance.choice(WAYS[way])), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
