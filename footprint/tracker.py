"""Counts the bytes of all storages that are alive, operation by operation."""

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from footprint.peak import Kind, Peak
from footprint.workspace import workspace


@dataclass(eq=False)
class Block:
    """The memory of one storage; views and aliases share it."""

    size: int
    kind: Kind
    alive: weakref.ref[Any] | None = None


class Tracker(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's base class has no types
    """Sees every operation's tensors, fake or real, and knows each storage until nobody holds it any more.

    What autograd saves for the backward pass is held by its graph and counts by itself. What an operation allocates and
    frees inside is not seen; of convolutions on a CPU it is known (footprint.workspace).

    Args:
        granularity: every storage counts as a multiple of so many bytes, as CUDA's caching allocator rounds to 512.
        workspaces: count what convolutions allocate inside on a CPU.
    """

    def __init__(self, granularity: int = 1, workspaces: bool = True) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.granularity, self.workspaces = granularity, workspaces
        self.live = 0
        self._blocks: dict[int, Block] = {}
        self.restart()

    def restart(self) -> None:
        """Forget the peak so far; what is alive stays counted."""
        self._highest, self._inside = self.live, 0
        self._at_peak = tuple(self._blocks.values())
        self._operation = "before the first operation"

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation, then look at what it was given and what it returned."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        for value in tree_iter((args, kwargs, result)):
            if isinstance(value, Tensor):
                self._see(value)
        inside = workspace(func, args, kwargs, result) if self.workspaces else 0
        if self.live + inside > self._highest:
            self._highest = self.live + inside
            self._inside = inside
            self._at_peak = tuple(self._blocks.values())
            self._operation = str(func)
        return result

    def mark(self, tensors: Iterable[Tensor], kind: Kind) -> None:
        """Say what these tensors are for; storages that no operation showed yet are counted from now on."""
        for tensor in tensors:
            self._see(tensor).kind = kind

    def held_by(self, tensors: Iterable[Tensor]) -> int:
        """Bytes of the storages of these tensors, each once."""
        return sum({id(block): block.size for block in map(self._see, tensors)}.values())

    @property
    def peak(self) -> Peak:
        """The moment with most bytes alive since the last restart."""
        sizes = dict.fromkeys(Kind, 0)
        for block in self._at_peak:
            sizes[block.kind] += block.size
        named = {kind.value: size for kind, size in sizes.items()}
        return Peak(**named, workspace=self._inside, operation=self._operation)

    def _see(self, tensor: Tensor) -> Block:
        storage = tensor.untyped_storage()  # one Python object for each storage, for as long as it lives
        key = id(storage)
        size = -(-storage.nbytes() // self.granularity) * self.granularity
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = Block(0, Kind.ACTIVATIONS)
            block.alive = weakref.ref(storage, lambda _: self._free(key))
        self.live += size - block.size  # a storage can be resized
        block.size = size
        return block

    def _free(self, key: int) -> None:
        self.live -= self._blocks.pop(key).size
