import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from colorlib.errors import ColorlibError
from colorlib.files import HOST, atomic_path, sha256_of, sha256_of_tree, sweep, write_text


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.txt"
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("failure", [RuntimeError("bug"), KeyboardInterrupt()])
def test_after_a_failure_the_old_file_stands_and_nothing_else(tmp_path: Path, failure: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise failure

    with pytest.raises(type(failure)):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_directory_replaces_a_full_one_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "models"
    target.mkdir()
    (target / "stale").write_text("old")
    with atomic_path(target) as temporary:
        temporary.mkdir()
        (temporary / "fresh").write_text("new")
    assert [p.name for p in target.iterdir()] == ["fresh"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, number: int) -> None:
    with pytest.raises(ColorlibError, match=r"disk is full while writing .*a\.txt"), atomic_path(tmp_path / "a.txt"):
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_a_really_full_device_is_said_in_a_sentence(tmp_path: Path) -> None:
    def fill() -> None:
        with atomic_path(tmp_path / "a.txt"), Path("/dev/full").open("w") as full:
            full.write("x")
            full.flush()

    with pytest.raises(ColorlibError, match="disk is full"):
        fill()


def test_other_errors_of_the_system_pass_through(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output"), atomic_path(tmp_path / "a.txt"):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_folder_that_may_not_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="cannot be written"), atomic_path(tmp_path / "a.txt") as temporary:
        raise PermissionError(errno.EACCES, "Permission denied", str(temporary))


def test_a_file_where_a_folder_stands_is_refused_and_the_folder_kept(tmp_path: Path) -> None:
    (tmp_path / "a.txt" / "inner").mkdir(parents=True)
    with pytest.raises(ColorlibError, match=r"a\.txt cannot be written: Is a directory; a folder has this name"):
        write_text(tmp_path / "a.txt", "x")
    assert [p.name for p in tmp_path.rglob("*")] == ["a.txt", "inner"]


def test_a_folder_where_a_file_stands_is_refused_and_the_file_kept(tmp_path: Path) -> None:
    target = tmp_path / "prepared"
    target.write_text("mine")
    message = "prepared cannot be written: Not a directory; a file stands"
    with pytest.raises(ColorlibError, match=message), atomic_path(target) as temporary:
        temporary.mkdir()
    assert target.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("inner", ["x.png", "deep/x.png"])
def test_a_path_through_a_file_is_refused(tmp_path: Path, inner: str) -> None:
    (tmp_path / "p.jpg").write_text("a photograph")
    with pytest.raises(ColorlibError, match=r"x\.png cannot be written: .*; a file stands where a folder is needed"):
        write_text(tmp_path / "p.jpg" / inner, "x")


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="choose a shorter name"):
        write_text(tmp_path / ("x" * 300), "x")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EPERM])
def test_a_failing_cleanup_does_not_hide_the_first_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(ColorlibError, match=rf"a\.txt cannot be written: {os.strerror(number)}; "):
        write_text(tmp_path / "a.txt", "x")
    with pytest.raises(RuntimeError, match="the first"), atomic_path(tmp_path / "a.txt"):
        raise RuntimeError("the first")


def test_an_error_about_another_file_passes_through(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError), atomic_path(tmp_path / "a.txt"):
        raise NotADirectoryError(errno.ENOTDIR, "Not a directory", str(tmp_path / "other.txt"))
    with pytest.raises(PermissionError), atomic_path(tmp_path / "a.txt"):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_writer_of_another_user_counts_as_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    other = tmp_path / f".a.txt.{HOST}.{_dead_pid()}.partial"
    other.write_text("another user is at work")
    monkeypatch.setattr(os, "kill", refuse)
    write_text(tmp_path / "a.txt", "mine")
    assert other.exists()


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    script = (
        "import os, signal, sys; from pathlib import Path; from colorlib.files import atomic_path\n"
        "with atomic_path(Path(sys.argv[1])) as t: t.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(target)], check=False)
    assert killed.returncode == -9
    assert len(list(tmp_path.iterdir())) == 1
    assert not target.exists()
    write_text(target, "whole")
    assert list(tmp_path.iterdir()) == [target]


def test_a_running_writers_temporary_file_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / f".a.txt.{HOST}.{os.getppid()}.partial"
    other.write_text("another process is at work")
    write_text(tmp_path / "a.txt", "mine")
    assert other.exists()


def test_a_writer_on_another_machine_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / f".a.txt.not-{HOST}.{_dead_pid()}.partial"
    other.write_text("at work, though no process here has its number")
    write_text(tmp_path / "a.txt", "mine")
    sweep(tmp_path)
    assert other.exists()


def test_writing_does_not_list_the_folder_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[Path] = []
    original = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: listed.append(path) or original(path))
    for number in range(5):
        write_text(tmp_path / f"{number}.txt", "x")
    assert listed == [tmp_path]


def test_a_directory_set_aside_by_a_killed_writer_comes_back(tmp_path: Path) -> None:
    aside = tmp_path / f".models.{HOST}.{_dead_pid()}.old.partial"
    aside.mkdir()
    (aside / "weights").write_text("old")
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "models"):
        raise RuntimeError
    assert (tmp_path / "models" / "weights").read_text() == "old"


def test_hashes_follow_content_and_names(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert sha256_of(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    before = sha256_of_tree(tmp_path)
    (tmp_path / "x").rename(tmp_path / "y")
    assert sha256_of_tree(tmp_path) != before


def _dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
