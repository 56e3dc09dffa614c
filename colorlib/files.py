"""Writing files so that a reader never sees half of one."""

import errno
import hashlib
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from colorlib.errors import ColorlibError

NO_ROOM = {
    errno.ENOSPC: ("the disk is full", "free some space"),
    errno.EDQUOT: ("the disk is full", "free some space"),
    errno.EFBIG: ("no file may be so large", "raise the limit (ulimit -f), or choose another file system,"),
}
REMEDIES = {
    errno.EROFS: "choose a folder that is not mounted read-only",
    errno.EISDIR: "a folder has this name, remove it or choose another name",
    errno.ENOTDIR: "a file stands where a folder is needed, remove it or choose another name",
    errno.EEXIST: "a file stands where a folder is needed, remove it or choose another name",
    errno.EACCES: "check the folder's owner",
    errno.EPERM: "check the folder's owner",
    errno.ENAMETOOLONG: "choose a shorter name",
}
HOST = socket.gethostname().partition(".")[0]  # a process's number says nothing about those of other machines
LEFTOVER = re.compile(rf"\.(?P<name>.+)\.{re.escape(HOST)}\.(?P<pid>\d+)(?P<old>\.old)?\.partial")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there becomes `path` when the block ends well.

    The block may write a file or make a directory. When it fails, or is interrupted, the temporary thing is removed and
    `path` is what it was before. What a killed process left behind goes when the next process of the same machine first
    writes into the folder, see `sweep`.

    Raises:
        ColorlibError: the disk is full, or `path` cannot be written where it lies, with the reason and the remedy.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{HOST}.{os.getpid()}.partial")
    try:
        with _in_words(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _sweep_once(path.parent.resolve(), os.getpid())
        with _in_words(path, block=temporary):
            yield temporary
        with _in_words(path):
            _replace(temporary, path)
    finally:
        # What hinders the removal has hindered the writing before: that first error is the one to show.
        with suppress(OSError):
            _remove(temporary)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sweep(folder: Path) -> None:
    """Remove from `folder` what killed processes of this machine left of `atomic_path`'s temporary things.

    A directory that had been set aside to be replaced gets its name back where it is missing: it is the whole one.
    """
    for path in folder.iterdir():
        match = LEFTOVER.fullmatch(path.name)
        if match is None or _is_running(int(match["pid"])):
            continue
        if match["old"] and not (folder / match["name"]).exists():
            path.replace(folder / match["name"])
        else:
            _remove(path)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_tree(directory: Path) -> str:
    """One SHA-256 over the names and contents of all files below `directory`, in sorted order."""
    digest = hashlib.sha256()
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(directory).as_posix()}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def _replace(temporary: Path, path: Path) -> None:
    if not (temporary.is_dir() and path.is_dir()):
        temporary.replace(path)
        return
    # A directory cannot be renamed onto a full one: step aside first, so that the gap is two renames long.
    aside = temporary.with_suffix(".old.partial")
    path.replace(aside)
    temporary.replace(path)
    shutil.rmtree(aside)


@lru_cache(maxsize=1024)
def _sweep_once(folder: Path, _pid: int) -> None:
    # At each writing it would make n files in one folder cost n² names; a forked process is another one.
    sweep(folder)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _in_words(path: Path, block: Path | None = None) -> Iterator[None]:
    """Turn the system's errors about writing `path` into a sentence; of a user's block, those about `path` only."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            reason, advice = NO_ROOM[error.errno]
            raise ColorlibError(f"{reason} while writing {path}: {advice} and start again") from error
        remedy = REMEDIES.get(error.errno or 0)
        if remedy is None or (block is not None and not _is_about(error.filename, path, block)):
            raise
        raise ColorlibError(f"{path} cannot be written: {error.strerror}; {remedy}") from error


def _is_about(name: object, path: Path, temporary: Path) -> bool:
    if not isinstance(name, str | os.PathLike):
        return False
    named = Path(os.fspath(name))
    return named.is_relative_to(temporary) or path.is_relative_to(named)
