import subprocess
import sys
from functools import partial

import pytest

from audit.errors import AuditError
from audit.reproduction import outputs, stages

# Three stages; `train` writes a number that `chance` gives it, and `table` copies it.
PIPELINE = """
import pathlib, sys

out = pathlib.Path("out")
(out / "model").mkdir(parents=True)
(out / "data.txt").write_text("data")
(out / "model/w.bin").write_bytes(bytes(3) + {chance} + b"end")
(out / "model/config.json").write_text("1")
(out / "table.md").write_bytes((out / "model/w.bin").read_bytes())
"""
LOCK = """
schema: '2.0'
stages:
  table:
    deps: [{path: out/model}]
    outs: [{path: out/table.md}]
  prepare:
    outs: [{path: out/data.txt}]
  train:
    deps: [{path: out/data.txt}]
    outs: [{path: out/model}]
"""
DETERMINISTIC, RANDOM = 'b"x"', '__import__("os").urandom(8)'


def git(place, *arguments):
    head = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(place)]
    subprocess.run([*head, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Makes a committed project whose pipeline writes what `chance` evaluates to."""

    def make(chance, *, lock=LOCK, settings=""):
        root = tmp_path / "project"
        root.mkdir()
        (root / "run.py").write_text(PIPELINE.format(chance=chance))
        (root / "pyproject.toml").write_text(
            f"[project]\nname = \"p\"\n[tool.audit.reproduce]\ncommand = '{sys.executable} run.py'\n{settings}\n"
        )
        if lock:
            (root / "dvc.lock").write_text(lock)
        git(root, "init", "-q")
        git(root, "add", ".")
        git(root, "commit", "-qm", "x")
        monkeypatch.chdir(root)
        return root

    return make


@pytest.fixture
def reproduce(audit):
    return partial(audit, "reproduce")


def test_a_deterministic_pipeline_passes(project, reproduce):
    root = project(DETERMINISTIC)
    status, out, err = reproduce()
    assert status == 0, out + err
    assert "all 4 files of 3 stages are the same bytes" in out
    assert not (root / "out").exists(), "the working tree is left alone"


def test_the_first_stage_that_differs_is_named(project, reproduce):
    project(RANDOM)
    status, out, _ = reproduce()
    assert status == 1
    assert "the first stage that differs is train: out/model/w.bin: differs from byte 3 on" in out
    assert "✓ pass  reproduce.prepare" in out
    assert "✗ fail  reproduce.table" in out


def test_committed_outputs_are_made_anew(project, reproduce):
    root = project(RANDOM)
    (root / "out/model").mkdir(parents=True)
    (root / "out/model/w.bin").write_text("old")
    (root / "out/table.md").write_text("old")
    git(root, "add", ".")
    git(root, "commit", "-qm", "outputs")
    # A pipeline that trusts what it finds, as one does whose lock says that nothing changed.
    status, out, _ = reproduce("--command", f"test -e out/table.md || {sys.executable} run.py || true")
    assert status == 1
    assert "the first stage that differs is train: out/model/w.bin" in out


def test_outputs_by_configuration_and_clones_that_are_kept(project, reproduce, tmp_path):
    project(RANDOM, lock="", settings='outputs = ["out/data.txt", "out/table.md"]')
    status, out, _ = reproduce("--keep", str(tmp_path / "kept"))
    assert status == 1
    assert "the first stage that differs is out/table.md" in out
    assert (tmp_path / "kept/second/out/data.txt").read_text() == "data"
    status, _, err = reproduce("--keep", str(tmp_path / "kept"))
    assert (status, "there already" in err) == (2, True)


def test_a_pipeline_that_breaks_fails_with_what_it_said(project, reproduce):
    project(DETERMINISTIC)
    status, out, _ = reproduce("--command", "echo no data; exit 3")
    assert status == 1
    assert "ended with 3 in the first clone: no data" in out


def test_what_is_not_committed_has_no_part_and_is_said(project, reproduce):
    root = project(DETERMINISTIC)
    (root / "run.py").write_text("raise SystemExit(1)\n")
    status, out, _ = reproduce("--ref", "HEAD")
    assert status == 0
    assert "uncommitted changes have no part in it" in out


def test_wrong_usage(project, reproduce):
    project(DETERMINISTIC, lock="")
    status, _, err = reproduce("--ref", "gone")
    assert (status, "no commit 'gone'" in err) == (2, True)
    status, _, err = reproduce()
    assert (status, "no dvc.lock" in err) == (2, True)


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        ("{", "cannot be read"), ("stages: {}", "names no output"), ("x: 1", "cannot be read"),
        ("stages: {a: {outs: [{path: ../x}]}}", "outside the project"),
        ("stages: {a: {deps: [{path: y}], outs: [{path: x}]}, b: {deps: [{path: x}], outs: [{path: y}]}}", "circle"),
    ],
)  # fmt: skip
def test_a_wrong_lock(tmp_path, lock, words):
    (tmp_path / "dvc.lock").write_text(lock)
    with pytest.raises(AuditError, match=words):
        stages.of_project(tmp_path, ())


def test_stages_run_in_the_order_of_what_they_read(tmp_path):
    (tmp_path / "dvc.lock").write_text(LOCK)
    assert [stage.name for stage in stages.of_project(tmp_path, ())] == ["prepare", "train", "table"]


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        (b"abc", b"abd", "from byte 2 on"), (b"abc", b"abcd", "from byte 3 on, sizes 3 and 4"),
        (b"a" * 2**20 + b"b", b"a" * 2**20 + b"c", f"from byte {2**20} on"),
        (None, b"x", "only in the second run"), (b"x", None, "only in the first run"), (None, None, "by neither run"),
    ],
)  # fmt: skip
def test_differences_are_told_by_place(tmp_path, one, two, words):
    for name, data in (("one", one), ("two", two)):
        (tmp_path / name).mkdir()
        if data is not None:
            (tmp_path / name / "x").write_bytes(data)
    result = outputs.compare(stages.Stage("s", ("x",)), tmp_path / "one", tmp_path / "two")
    assert len(result.differences) == 1
    assert words in result.differences[0]
