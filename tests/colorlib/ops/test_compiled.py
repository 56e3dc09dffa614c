import os
import subprocess
import sys
import threading

import pytest
import torch

from colorlib.ops import compiled
from colorlib.ops.compiled import for_each_range


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize(
    ("total", "smallest", "calls"), [(1000, 10, 12), (100, 10, 10), (25, 10, 2), (9, 10, 1), (0, 10, 1)]
)
def test_ranges_cover_everything_once(total, smallest, calls):
    seen = []
    for_each_range(lambda start, stop: seen.append(range(start, stop)), total, smallest)
    assert len(seen) == calls
    assert sorted(x for part in seen for x in part) == list(range(total))


@pytest.mark.usefixtures("three_threads")
def test_other_threads_help():
    together = threading.Barrier(3, timeout=20)

    def meet(start: int, stop: int) -> None:
        assert stop == start + 1
        together.wait()  # passes only with three at once

    for_each_range(meet, 3, 1)


@pytest.mark.usefixtures("three_threads")
def test_an_error_in_a_thread_arrives():
    def fail(start: int, stop: int) -> None:
        raise ValueError(f"{start} to {stop}")

    with pytest.raises(ValueError, match="0 to"):
        for_each_range(fail, 100, 1)


def test_where_no_cache_can_be_written_kernels_still_compile():
    # Numba finds no place for the cache of a function that was defined in no file.
    namespace: dict[str, object] = {}
    exec("def double(x):\n    return 2 * x", namespace)
    assert compiled.compiled(namespace["double"])(21) == 42


def test_importing_the_operations_does_not_import_numba():
    program = "import sys, colorlib.ops.encoding, colorlib.ops.loss, colorlib.ops.lab; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.usefixtures("three_threads")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    for_each_range(range, 100, 1)
    child = os.fork()
    if child == 0:
        threading.Timer(20, lambda: os._exit(1)).start()  # rather than hang
        together = threading.Barrier(3, timeout=10)
        try:
            for_each_range(lambda start, stop: together.wait() * (stop - start), 3, 1)
        except threading.BrokenBarrierError:
            os._exit(2)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
