"""The name of the code against git itself."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from colorlib.training import provenance

ROOT = Path(__file__).parents[3]
# In git's order a folder's name ends in a slash: lab-b.py, lab.py, lab/.
FILES = ("ops/lab.py", "ops/lab/__init__.py", "ops/lab/deep/grid.py", "ops/lab-b.py", "params.py", "apps/cli.py")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of its own in a repository of its own, with one commit."""
    folder = tmp_path / "repository/colorlib"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    (folder / "ops/lab/deep/grid.py").chmod(0o755)
    git(tmp_path, "init", "-q", "repository")
    commit(folder)
    (folder / "ops/empty").mkdir()
    (folder / "ops/__pycache__").mkdir()
    (folder / "ops/__pycache__/lab.cpython-311.pyc").write_bytes(b"cached")
    (folder / "ops/notes.txt").write_text("not tracked, and no source\n")
    monkeypatch.setattr(provenance, "PACKAGE", folder)
    monkeypatch.setattr(provenance, "SOURCES", ("params.py", "ops"))
    monkeypatch.setattr(provenance, "code_name", provenance.code_name.__wrapped__)  # taken once a process
    return folder


def commit(package: Path) -> str:
    git(package, "add", "*.py")
    git(package, "commit", "-qm", "more", "--allow-empty")
    return git(package, "rev-parse", "HEAD")


def test_the_name_is_what_git_makes_of_the_commit_s_listing(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = git(package.parent, "ls-tree", "HEAD", "colorlib/params.py", "colorlib/ops") + "\n"
    assert "100644 blob" in listing
    hashed = ["git", "hash-object", "--stdin"]
    expected = subprocess.run(hashed, input=listing, check=True, capture_output=True, text=True).stdout.strip()
    monkeypatch.setenv("PATH", "")  # no git, as where the package is merely installed
    assert provenance.code_name() == expected


def test_every_source_counts_and_nothing_else_does(package: Path) -> None:
    names = [provenance.code_name()]
    (package / "apps/cli.py").write_text("no part of training")
    (package / "ops/__pycache__/lab.cpython-311.pyc").unlink()
    assert provenance.code_name() == names[0]
    (package / "ops/lab/deep/grid.py").write_text("changed")
    names.append(provenance.code_name())
    (package / "ops/lab/deep/grid.py").rename(package / "ops/lab/deep/other.py")
    names.append(provenance.code_name())
    (package / "params.py").write_text("changed")
    names.append(provenance.code_name())
    assert len(set(names)) == 4


def test_the_commands_print_the_commits_that_brought_the_code(package: Path, tmp_path: Path) -> None:
    first = git(package, "rev-parse", "HEAD")
    old = provenance.find_commits()
    (package / "apps/cli.py").write_text("no part of training")
    commit(package)
    (package / "ops/lab.py").write_text("changed")
    second = commit(package)
    new = provenance.find_commits()
    (package / "ops/lab.py").write_text("# ops/lab.py\n")
    back = commit(package)
    git(tmp_path, "clone", "-q", "repository", "clone")

    def printed(commands: str) -> list[str]:
        done = subprocess.run(["sh", "-eu", "-c", commands], cwd=tmp_path / "clone", capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    assert printed(old) == [back, first]
    assert printed(new) == [second]


def test_all_that_is_named_makes_the_pipeline_train_anew_and_is_python() -> None:
    """Otherwise a card in a fresh clone could name other code than the one that lies here, of the same stage."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    sources = {f"colorlib/{name}" for name in provenance.SOURCES}
    assert sources <= set(stages["train"]["do"]["deps"])
    files = [Path(folder, name) for source in sources for folder, _, names in os.walk(ROOT / source) for name in names]
    assert len(files) > 50
    assert {file.suffix for file in files if file.parent.name != "__pycache__"} == {".py"}
