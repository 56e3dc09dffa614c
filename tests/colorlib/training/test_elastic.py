"""Ranks that die and are started again by torchrun's elastic agent, on shards of unequal length."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from colorlib.data.shard import ShardSettings
from colorlib.data.shards import write_shards
from colorlib.training import checkpoint
from colorlib.training.world import World
from tests.colorlib.training import elastic_run
from tests.tiny_network import photographs

ROOT = Path(__file__).parents[3]
IMAGES, BATCHES, EPOCHS = 11, 4, elastic_run.ELASTIC.epochs
STEPS = BATCHES * EPOCHS
BEGUN = 4  # steps that one process has done where two go on
DEATHS = {"0": (1, "in_step", 3), "1": (0, "with_half_a_file", 2)}  # first rank 1, then rank 0 amid a checkpoint


@dataclass(frozen=True)
class Runs:
    """Folders: of the shards, and of the runs of one process, of two that went on with it, and of two with deaths."""

    shards: Path
    alone: Path
    never: Path
    killed: Path


def start(folder: Path, shards: Path, deaths: dict[str, tuple[int, str, int]]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["--max-restarts", "3", elastic_run.__file__, str(folder), str(shards), json.dumps(deaths)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    place = tmp_path_factory.mktemp("elastic")
    (place / "photos").mkdir()
    for number, image in enumerate(photographs(IMAGES, elastic_run.SIZE).images):
        Image.fromarray(image).save(place / "photos" / f"{number:02d}.png")
    write_shards(place / "photos", place / "shards", ShardSettings(size=None, per_shard=4))  # of 4, 4 and 3 images
    found = Runs(place / "shards", place / "alone", place / "never", place / "killed")
    elastic_run.run(found.alone, found.shards, World())
    for folder in (found.never, found.killed):
        go_on(found.alone, BEGUN, folder)
    started = [start(found.never, found.shards, {}), start(found.killed, found.shards, DEATHS)]
    for process in started:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
    return found


def go_on(source: Path, step: int, folder: Path) -> None:
    """Give `folder` the checkpoint of `step` to begin with."""
    shutil.copytree(checkpoint.place(source / "checkpoints", step), checkpoint.place(folder / "checkpoints", step))


def steps(folder: Path, rank: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"steps-{rank}.jsonl").read_text().splitlines()]


def seen(folder: Path, size: int) -> dict[int, set[str]]:
    """The images of each step, over all ranks."""
    together: dict[int, set[str]] = {}
    for rank in range(size):
        for step in steps(folder, rank):
            together.setdefault(step["step"], set()).update(step["files"])
    return together


def test_an_epoch_sees_each_image_once_and_ranks_share_few_shards(runs: Runs) -> None:
    parts = [steps(runs.never, rank) for rank in (0, 1)]
    for epoch in range(BEGUN // BATCHES, EPOCHS):
        mine, theirs = ([name for step in part if step["epoch"] == epoch for name in step["files"]] for part in parts)
        assert len(mine + theirs) == len(set(mine + theirs)) == IMAGES
        shards = [{name.partition("#")[0] for name in names} for names in (mine, theirs)]
        assert len(shards[0] & shards[1]) <= 1


def test_dead_ranks_are_started_again_and_the_bytes_in_the_end_are_the_same(runs: Runs) -> None:
    lives = [{step["life"] for step in steps(runs.killed, rank)} for rank in (0, 1)]
    assert lives == [{0, 1, 2}, {0, 1, 2}]
    resumed = [min(step["step"] for step in steps(runs.killed, 0) if step["life"] == life) for life in (1, 2)]
    assert resumed == [7, 9]  # after the checkpoints of steps 6 and 8; that of step 10 was half a file
    hashes = {(folder / f"hash-{rank}").read_text() for folder in (runs.never, runs.killed) for rank in (0, 1)}
    assert len(hashes) == 1
    assert checkpoint.present(runs.killed / "checkpoints")[-1] == checkpoint.place(runs.killed / "checkpoints", STEPS)


def test_two_go_on_with_what_one_has_begun(runs: Runs) -> None:
    check_the_rest(runs.never, 2, runs.alone, 1, BEGUN)


def test_one_goes_on_with_what_two_have_begun(runs: Runs, tmp_path: Path) -> None:
    go_on(runs.never, 6, tmp_path)
    elastic_run.run(tmp_path, runs.shards, World())
    check_the_rest(tmp_path, 1, runs.never, 2, 6)


def check_the_rest(folder: Path, size: int, before: Path, size_before: int, begun: int) -> None:
    """After step `begun` the run in `folder` does what that in `before` did, with another number of processes."""
    found, expected = steps(folder, 0), [step for step in steps(before, 0) if step["step"] > begun]
    assert [step["step"] for step in found] == list(range(begun + 1, STEPS + 1))
    assert [step["loss"] for step in found] == pytest.approx([step["loss"] for step in expected], rel=1e-4)
    images = seen(before, size_before)
    assert seen(folder, size) == {step: images[step] for step in range(begun + 1, STEPS + 1)}
