"""The processes of one run: how many there are, and what they say to each other.

`torchrun` starts them and says in the environment who is who; without it there is one process, and nothing here does
anything. Every process holds the whole model. Each sees its part of every batch, gradients and batch-norm statistics
are added up over all of them (gloo between CPUs, NCCL between GPUs), and each then takes the same step.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from colorlib.errors import ColorlibError

BUCKET = 1 << 22  # numbers added up in one message (16 MiB)
MOST_READERS = 8  # processes; a GPU rarely takes more photographs than they read


@dataclass(frozen=True)
class World:
    """One process among `size`.

    Attributes:
        rank: from 0; rank 0 alone writes files.
        size: number of processes.
    """

    rank: int = 0
    size: int = 1

    def add_up(self, values: Tensor) -> Tensor:
        """Replace `values` (contiguous) by their sum over all processes, in place."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def add_up_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace every gradient by its sum over all processes; one that is missing counts as zero."""
        if self.size == 1:
            return
        with_gradient = []
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            with_gradient.append(parameter.grad)
        for bucket in _buckets(with_gradient):
            flat = self.add_up(torch.cat([gradient.reshape(-1) for gradient in bucket]))  # (numbers,)
            parts = torch.split(flat, [gradient.numel() for gradient in bucket])
            for gradient, part in zip(bucket, parts, strict=True):
                gradient.copy_(part.view(gradient.shape))

    def share(self, tensors: Iterable[Tensor]) -> None:
        """Give every process the values that rank 0 has, in place."""
        if self.size == 1:
            return
        for tensor in tensors:
            whole = tensor.detach().contiguous()  # a copy where the memory order is another
            dist.broadcast(whole, src=0)
            tensor.detach().copy_(whole)

    def gather(self, part: Tensor) -> Tensor:
        """The parts of all processes, one after the other along the first dimension; CPU tensors of any length."""
        if self.size == 1:
            return part
        parts: list[Tensor] = [part] * self.size
        dist.all_gather_object(parts, part)
        return torch.cat(parts)

    def agree(self, value: str | None) -> str | None:
        """What rank 0 says."""
        if self.size == 1:
            return value
        said = [value]
        dist.broadcast_object_list(said, src=0)
        return said[0]


def current_world() -> World:
    """This process among those of the open process group; alone where there is none."""
    if dist.is_available() and dist.is_initialized():
        return World(dist.get_rank(), dist.get_world_size())
    return World()


def life() -> int:
    """How often the elastic agent of `torchrun --max-restarts` has started the processes of this machine again."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


def readers(device: torch.device) -> int:
    """How many processes should read ahead for this one: its share of the cores where a GPU trains, 8 at most.

    None where the CPU trains: its cores are at work already.
    """
    if device.type == "cpu":
        return 0
    return max(1, min(MOST_READERS, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))


@contextmanager
def processes() -> Iterator[World]:
    """Join the processes that `torchrun` started, for the time of the block; without `torchrun`, one process alone.

    Raises:
        ColorlibError: there are more processes on this machine than GPUs, though it has some.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield World()
        return
    backend, device = "gloo", None
    if torch.cuda.is_available():
        local, devices = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if local >= devices:
            raise ColorlibError(f"there are more processes than the {devices} GPUs: --nproc-per-node {devices}")
        backend, device = "nccl", torch.device("cuda", local)
        torch.cuda.set_device(local)
    store, rank, size = next(dist.rendezvous("env://"))  # type: ignore[attr-defined]  # public, says the manual
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        # The elastic agent keeps its store when it starts dead processes again: without a name of its own, a process
        # would find the addresses of the life before, and wait for nobody.
        store = dist.PrefixStore(f"life-{life()}", store)  # type: ignore[attr-defined]  # likewise
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, device_id=device)
    try:
        yield current_world()
    finally:
        dist.destroy_process_group()


def _buckets(gradients: list[Tensor]) -> Iterator[list[Tensor]]:
    bucket: list[Tensor] = []
    size = 0
    for gradient in gradients:
        if bucket and (size + gradient.numel() > BUCKET or gradient.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(gradient)
        size += gradient.numel()
    if bucket:
        yield bucket
