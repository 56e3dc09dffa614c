"""What stays alive from one iteration to the next: the sign of a loss, a state or a graph that somebody still holds."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_iter

from footprint.rehearse import Prepare, rehearsal
from footprint.sizes import FootprintError

ITERATIONS, LEAST = 5, 4
SETTLED = 2  # iterations after which nothing new should stay: the optimiser's state and caches are there
MARK = "footprint"


@dataclass(frozen=True)
class Growth:
    """What is alive after each iteration.

    Attributes:
        bytes: of all storages, but for those of the results that the caller keeps.
        nodes: of autograd's graphs. A loss that is added up without `.detach()` holds few bytes and all its nodes.
    """

    bytes: tuple[int, ...]
    nodes: tuple[int, ...]

    @property
    def bytes_an_iteration(self) -> int:
        """How much each iteration adds for good, once settled; 0 where any did not."""
        return _steady(self.bytes)

    @property
    def nodes_an_iteration(self) -> int:
        """The same of graph nodes."""
        return _steady(self.nodes)

    @property
    def grows(self) -> bool:
        """Whether memory runs out if the loop only runs for long enough."""
        return self.bytes_an_iteration > 0 or self.nodes_an_iteration > 0


def growth(prepare: Prepare, *, iterations: int = ITERATIONS, keep_results: bool = False) -> Growth:
    """Rehearse so many iterations and count what stays alive after each.

    Args:
        prepare: as for `footprint.training_peak`.
        iterations: at least 4; the first two may still add what belongs there.
        keep_results: hold what every step returns, as one does with predictions. They should be all that stays: a
            prediction made with gradients on holds its whole graph.

    Raises:
        FootprintError: fewer than 4 iterations.
    """
    if iterations < LEAST:
        raise FootprintError(f"Got iterations={iterations}, expected at least {LEAST}: growth is seen from three on.")
    with rehearsal("cpu") as tracker, GraphNodes() as nodes, _young_garbage():
        _, step = prepare()
        results: list[object] = []
        alive, counts = [], []
        for _ in range(iterations):
            result = step()
            if keep_results:
                results.append(result)
            del result
            gc.collect()  # only what is still held counts
            kept = [value for value in tree_iter(results) if isinstance(value, Tensor)]
            alive.append(tracker.live - tracker.held_by(kept))
            counts.append(nodes.alive)
        return Growth(tuple(alive), tuple(counts))


class GraphNodes(TorchFunctionMode):
    """Counts the nodes of autograd's graphs that are alive, by a mark that each one carries to its end."""

    def __init__(self) -> None:
        super().__init__()
        self.alive = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the function and mark the nodes of what it returns."""
        result = func(*args, **(kwargs or {}))
        for value in tree_iter(result):
            if isinstance(value, Tensor) and value.grad_fn is not None:
                self._mark(value.grad_fn)
        return result

    def _mark(self, node: Any) -> None:
        if MARK not in node.metadata:
            mark = node.metadata[MARK] = _Mark()
            self.alive += 1
            weakref.finalize(mark, self._gone)

    def _gone(self) -> None:
        self.alive -= 1


class _Mark:
    """Lies in a node's metadata and dies with it."""


@contextmanager
def _young_garbage() -> Iterator[None]:
    """Let the collector look only at objects made within: a program's whole heap takes it half a second each time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _steady(values: tuple[int, ...]) -> int:
    settled = values[SETTLED - 1 :]
    return max(0, min(after - before for before, after in pairwise(settled)))
