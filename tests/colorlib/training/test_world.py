"""Two processes (gloo, on the CPU) against one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from colorlib.errors import ColorlibError
from colorlib.training import world
from colorlib.training.batchnorm import SynchronisedBatchNorm2d, synchronised
from colorlib.training.world import World
from tests.colorlib.training import shared_run

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes of `torchrun` wrote."""
    folder = tmp_path_factory.mktemp("shared")
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *(shared_run.__file__, str(folder)),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def of_rank(folder: Path, name: str, rank: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / f"{name}-{rank}.json").read_text())
    return content


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return shared_run.run(tmp_path_factory.mktemp("alone"), World())


def test_the_losses_of_two_processes_follow_those_of_one(shared: Path, alone: dict[str, Any]) -> None:
    found = of_rank(shared, "batch", 0)
    assert len(found["losses"]) == 24
    assert found["losses"] == pytest.approx(alone["losses"], rel=1e-5)
    assert found["losses"] == of_rank(shared, "batch", 1)["losses"]
    for mine, theirs in zip(found["validation"], alone["validation"], strict=True):
        assert mine == pytest.approx(theirs, rel=1e-4)


def test_both_processes_end_with_the_same_weights_which_are_those_of_one(shared: Path, alone: dict[str, Any]) -> None:
    one, other = (of_rank(shared, "batch", rank)["state"] for rank in (0, 1))
    assert one == other
    for name, values in alone["state"].items():
        assert one[name] == pytest.approx(values, rel=1e-3, abs=1e-5), name


def test_every_image_is_seen_once_an_epoch(shared: Path) -> None:
    parts = [of_rank(shared, "batch", rank)["files"] for rank in (0, 1)]
    for one, other in zip(*parts, strict=True):
        assert sorted(one + other) == sorted(f"{number}.jpg" for number in range(10))


def test_batch_norm_is_synchronised_during_the_run_only(shared: Path, alone: dict[str, Any]) -> None:
    assert of_rank(shared, "batch", 1)["norms"] == ["SynchronisedBatchNorm2d"]
    assert alone["norms"] == ["BatchNorm2d"]


def test_pieces_and_recomputation_keep_the_processes_in_step(shared: Path, alone: dict[str, Any]) -> None:
    one, other = (of_rank(shared, "pieces", rank) for rank in (0, 1))
    assert one["losses"] == other["losses"]
    assert one["state"] == other["state"]
    assert one["losses"] != pytest.approx(alone["losses"], rel=1e-5)  # batch norm sees two images at once


def test_both_start_from_the_same_photographs(shared: Path, tmp_path: Path) -> None:
    settings = shared_run.SHARED.model_copy(update={"epochs": 1, "initialisation": "normalised"})
    expected: Any = shared_run.run(tmp_path, World(), settings)["losses"]
    assert of_rank(shared, "start", 0)["losses"] == pytest.approx(expected, rel=1e-5)


def test_one_process_goes_on_with_what_two_have_saved(shared: Path, alone: dict[str, Any]) -> None:
    """And rank 0 alone has written: two writers would have met at the lock."""
    again = shared_run.run(shared / "batch", World())
    assert again["losses"] == []
    assert again["state"] == of_rank(shared, "batch", 0)["state"]
    assert len(alone["losses"]) == 24


class Twin(World):
    """Two processes with the same images, played by one."""

    def add_up(self, values: torch.Tensor) -> torch.Tensor:
        return values.mul_(2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_synchronised_batch_norm_is_batch_norm_of_all_images(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, 5, 6, dtype=dtype) * 3 + 7
    plain, synced = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
    for norm in (plain, synced):
        nn.init.uniform_(norm.weight, 0.5, 2, generator=torch.Generator().manual_seed(1))
        nn.init.normal_(norm.bias, generator=torch.Generator().manual_seed(2))
    whole = torch.cat([x, x]).requires_grad_()
    half = x.clone().requires_grad_()
    slope = torch.randn(3, 4, 5, 6, dtype=dtype)
    expected = plain(whole)
    expected.backward(torch.cat([slope, slope]))
    with synchronised(synced, Twin(0, 2)):
        assert type(synced) is SynchronisedBatchNorm2d
        found = synced(half)
        found.backward(slope)
    assert type(synced) is nn.BatchNorm2d
    near = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 2e-2, "atol": 5e-2}
    assert found.dtype == dtype
    assert torch.allclose(found, expected[:3], **near)
    assert half.grad is not None
    assert whole.grad is not None
    assert torch.allclose(half.grad, whole.grad[:3], **near)
    for name, value in plain.state_dict().items():
        assert torch.allclose(synced.state_dict()[name], value, rtol=1e-5), name
    assert synced.weight.grad is not None
    assert plain.weight.grad is not None
    assert torch.allclose(synced.weight.grad * 2, plain.weight.grad, rtol=1e-2, atol=1e-2)


def test_in_evaluation_nothing_is_added_up() -> None:
    norm = nn.BatchNorm2d(2).eval()
    x = torch.randn(2, 2, 3, 3)
    expected = norm(x)
    with synchronised(norm, Twin(0, 2)):
        assert torch.equal(norm(x), expected)


def test_alone_nothing_is_changed() -> None:
    alone = World()
    norm, values = nn.BatchNorm2d(2), torch.ones(2)
    with synchronised(norm, alone):
        assert type(norm) is nn.BatchNorm2d
    alone.add_up_gradients([values])
    alone.share([values])
    assert alone.agree("a") == "a"
    assert torch.equal(alone.add_up(values), torch.ones(2))
    assert torch.equal(alone.gather(values), torch.ones(2))


def test_gradients_go_in_buckets_of_one_dtype(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "BUCKET", 10)
    gradients = [torch.zeros(size) for size in (4, 4, 4, 20, 1)] + [torch.zeros(1, dtype=torch.float64)]
    sizes = [[g.numel() for g in bucket] for bucket in world._buckets(gradients)]
    assert sizes == [[4, 4], [4], [20], [1], [1]]


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(ColorlibError, match="more processes than the 1 GPUs"), world.processes():
        pass


@pytest.mark.parametrize(
    ("cores", "processes", "expected"), [(6, None, 6), (64, None, 8), (16, "4", 4), (2, "8", 1), (None, None, 1)]
)
def test_a_process_reads_with_its_share_of_the_cores_where_a_gpu_trains(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, processes: str | None, expected: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    if processes is not None:
        monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
    assert world.readers(torch.device("cuda")) == expected
    assert world.readers(torch.device("cpu")) == 0
