import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from colorlib.cache import disk as disk_module
from colorlib.cache import ledger, open_cache
from colorlib.cache.disk import DiskStore
from colorlib.cache.ledger import Ledger
from colorlib.cache.store import DeclinedError

ROOT = Path(__file__).parents[3]
NOBODY = 65534

# Entries of a key hold bytes that follow from the key, so that any reader can tell a wrong one.
WORKER = """
import hashlib, random, sys
from pathlib import Path
from colorlib.cache.disk import DiskStore

folder, seed, rounds, limit = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
store, draw = DiskStore(folder, size_limit=limit), random.Random(seed)
hits = 0
for _ in range(rounds):
    number = draw.randrange(60)
    key = hashlib.sha256(str(number).encode()).hexdigest()
    value = key.encode() * (1 + number * 4)
    if draw.random() < 0.5:
        store.put(key, value)
    else:
        found = store.get(key)
        assert found is None or bytes(found) == value, "another's bytes"
        hits += found is not None
print(hits)
"""


class Clock:
    """Seconds since the epoch, that pass when told to."""

    def __init__(self) -> None:
        self.now = 1.7e9

    def __call__(self) -> float:
        self.now += 1
        return self.now


def key(number: int) -> str:
    return f"{number:064x}"


def start_worker(folder: Path, seed: int, rounds: int, limit: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), str(seed), str(rounds), str(limit)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def held(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / "v1").glob("??/*"))


def written_down(folder: Path) -> str:
    return (folder / "v1" / "ledger").read_text()


def test_what_was_put_is_found_by_another_store(tmp_path: Path) -> None:
    DiskStore(tmp_path).put(key(1), b"abc")
    assert DiskStore(tmp_path).get(key(1)) == b"abc"
    assert DiskStore(tmp_path).get(key(2)) is None
    assert DiskStore(tmp_path).usage() == (3, 0)


def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    DiskStore(tmp_path).put(key(1), b"abc")
    assert (tmp_path / "v1").stat().st_mode & 0o777 == 0o700


def test_a_new_value_replaces_the_old_one(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    for value in (b"long value", b"short"):
        store.put(key(1), value)
    assert store.get(key(1)) == b"short"
    assert int(written_down(tmp_path)) == 5


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, size_limit=100, clock=Clock())
    for number in range(10):
        store.put(key(number), bytes(10))
    assert store.get(key(0)) is not None
    store.put(key(10), bytes(10))  # 110: down to 90
    assert [number for number in range(11) if store.get(key(number)) is None] == [1, 2]
    assert store.usage() == (90, 2)
    assert int(written_down(tmp_path)) == 90


def test_what_is_larger_than_the_cache_is_declined_and_evicts_nobody(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, size_limit=100)
    store.put(key(1), bytes(60))
    with pytest.raises(DeclinedError, match="101 bytes is larger than the whole cache of 100"):
        store.put(key(2), bytes(101))
    assert store.get(key(1)) is not None


def test_an_entry_lives_for_its_time_from_when_it_was_written(tmp_path: Path) -> None:
    clock = Clock()
    store = DiskStore(tmp_path, ttl=100, clock=clock)
    store.put(key(1), b"abc")
    clock.now += 90
    assert store.get(key(1)) == b"abc"  # being used does not make it younger
    clock.now += 10
    assert store.get(key(1)) is None
    assert held(tmp_path) == 0


def test_a_sweep_takes_what_is_expired_or_was_never_finished(tmp_path: Path) -> None:
    clock = Clock()
    store = DiskStore(tmp_path, size_limit=100, ttl=1000, clock=clock)
    store.put(key(1), bytes(40))
    abandoned = tmp_path / "v1" / "partial" / "1-abc"
    abandoned.write_bytes(b"half")
    os.utime(abandoned, (clock.now, clock.now))
    clock.now += 1000
    for number in (2, 3):
        store.put(key(number), bytes(40))
    assert store.usage() == (80, 0)  # expired is not evicted
    assert not abandoned.exists()


def test_a_writers_file_that_is_new_survives_a_sweep(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, size_limit=100)
    store.put(key(1), bytes(60))
    fresh = tmp_path / "v1" / "partial" / "1-abc"
    fresh.write_bytes(b"half")
    store.put(key(2), bytes(60))
    assert store.usage() == (60, 1)
    assert fresh.exists()


@pytest.mark.parametrize("nonsense", ["", "12", "x" * 20, "-0000000000000000001"])
def test_a_ledger_that_says_nothing_is_counted_anew(tmp_path: Path, nonsense: str) -> None:
    store = DiskStore(tmp_path)
    store.put(key(1), bytes(10))
    (tmp_path / "v1" / "ledger").write_text(nonsense)
    store.put(key(2), bytes(10))
    assert int(written_down(tmp_path)) == 20


def test_two_processes_share_one_folder(tmp_path: Path) -> None:
    limit = 100_000  # all 60 entries would take 457,000
    workers = [start_worker(tmp_path, seed, rounds=500, limit=limit) for seed in (1, 2)]
    outputs = [worker.communicate(timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    assert all(int(out) > 10 for out, _ in outputs)
    assert 0 < held(tmp_path) <= limit
    assert held(tmp_path) == int(written_down(tmp_path))
    assert not any((tmp_path / "v1" / "partial").iterdir())


def test_killed_writers_leave_a_cache_that_works(tmp_path: Path) -> None:
    for seed in range(3):
        worker = start_worker(tmp_path, seed, rounds=10**9, limit=100_000)
        end = time.monotonic() + 30
        while not (tmp_path / "v1" / "ledger").exists() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.05 + 0.03 * seed)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        assert worker.returncode == -signal.SIGKILL
    survivor = start_worker(tmp_path, seed=9, rounds=100, limit=100_000)
    output = survivor.communicate(timeout=60)
    assert survivor.returncode == 0, output
    assert held(tmp_path) <= 110_000  # at most what the killed ones had renamed and not yet written down


def test_a_writer_that_died_with_the_ledger_in_hand_leaves_it_empty(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "ledger")
    with book.locked() as total:
        assert total.value is None
        total.value = 7
    with pytest.raises(ZeroDivisionError), book.locked() as total:
        total.value //= 0
    with book.locked() as total:
        assert total.value is None


def test_a_writer_that_is_stopped_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "LOCK_SECONDS", 0.1)
    store = DiskStore(tmp_path)
    store.put(key(1), b"abc")
    start = time.monotonic()
    with Ledger(tmp_path / "v1" / "ledger").locked(), pytest.raises(DeclinedError, match="locked by another process"):
        store.put(key(2), b"abc")
    assert 0.1 <= time.monotonic() - start < 1
    assert store.get(key(1)) == b"abc"
    assert not any((tmp_path / "v1" / "partial").iterdir())


@contextmanager
def without_rights() -> Iterator[Path]:
    """A folder that this process may read and not write, also where it runs as root."""
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        DiskStore(folder).put(key(1), b"abc")
        touched = [folder, *folder.rglob("*")]
        for path in touched:
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            if root:
                os.seteuid(NOBODY)
            yield folder
        finally:
            if root:
                os.seteuid(0)
            for path in touched:
                path.chmod(0o700)


def test_a_read_only_folder_is_read_and_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    array = np.arange(5)
    with without_rights() as folder:
        store = DiskStore(folder)
        assert store.get(key(1)) == b"abc"
        with pytest.raises(DeclinedError, match="Permission denied"):
            store.put(key(2), b"abc")
        with open_cache(f"disk:{folder}") as cache:
            for number in range(3, 8):
                cache.put(key(number), array)
                assert cache.get(key(number)) is None
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert record.getMessage() == f"cache: {folder}/v1: Permission denied; results are not kept"


FULL = """
import logging, resource, sys
import numpy as np
from colorlib.cache import open_cache

logging.basicConfig(format="%(levelname)s %(message)s")
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
with open_cache("disk:" + sys.argv[1]) as cache:
    for number in range(5):
        cache.put(f"{number:064x}", np.zeros(20_000, np.uint8))
        print(cache.get(f"{number:064x}"))
    cache.put("a" * 64, np.arange(3))
    print(cache.get("a" * 64))
"""


def test_a_disk_that_takes_no_more_is_warned_of_once_and_the_work_goes_on(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["None"] * 5 + ["[0 1 2]"]
    assert done.stderr.splitlines() == [f"WARNING cache: {tmp_path}/v1: File too large; results are not kept"]
    assert not any((tmp_path / "v1" / "partial").iterdir())


def test_other_errors_of_the_system_are_declined_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def utime(path: Path, **times: object) -> None:  # noqa: ARG001
        raise OSError(error, "as the system says")

    store = DiskStore(tmp_path)
    store.put(key(1), b"abc")
    monkeypatch.setattr(disk_module.os, "utime", utime)
    error = errno.EROFS
    assert store.get(key(1)) == b"abc"
    error = errno.EIO
    with pytest.raises(DeclinedError, match="as the system says"):
        store.get(key(1))


def test_removing_and_closing(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    store.put(key(1), b"abc")
    store.remove(key(1))
    store.remove(key(2))
    store.close()
    assert store.get(key(1)) is None
    assert store.usage() == (0, 0)


def test_files_that_vanish_while_they_are_listed_do_not_matter(tmp_path: Path) -> None:
    assert list(disk_module._files(tmp_path / "nothing")) == []
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    listing = disk_module._files(tmp_path)
    first = next(listing)
    for path in (tmp_path / "a", tmp_path / "b"):
        if path != first.path:
            path.unlink()
    assert list(listing) in ([], [first])
