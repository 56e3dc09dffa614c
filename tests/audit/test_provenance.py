import os
import subprocess
from functools import partial

import pytest

from audit.config import Exclusion
from audit.provenance import repository_state
from audit.target import chosen, open_target

EXCLUDE = (Exclusion(path="out", reason="written by the pipeline"),)


@pytest.fixture
def repository(tmp_path):
    """A repository with two files that are audited and one that is not."""
    (tmp_path / "out").mkdir()
    for path in ("a.py", "é b.py", "out/table.md"):
        (tmp_path / path).write_text("x\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "x")
    return tmp_path


def git(root, *command):
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *command], check=True, capture_output=True)


def state(root):
    audited = partial(chosen, include=("**",), exclude=EXCLUDE)
    return repository_state(open_target(root, exclude=EXCLUDE), audited)


def test_a_clean_tree_and_its_commit(repository):
    commit, tree = state(repository)
    assert len(commit) == 40
    assert tree == "clean"
    assert repository_state(open_target(repository)) == (commit, "clean")


@pytest.mark.parametrize("change", ["changed", "new", "gone"])
def test_a_file_that_is_not_as_the_commit_has_it(repository, change):
    if change == "gone":
        (repository / "é b.py").unlink()
    else:
        (repository / {"changed": "é b.py", "new": "c.py"}[change]).write_text("y\n")
    assert state(repository)[1] == "dirty"


@pytest.mark.parametrize("stand_in", ["pipe", "device"])
def test_what_never_ends_in_place_of_a_committed_file_is_not_opened(repository, stand_in):
    place = repository / "é b.py"
    place.unlink()
    if stand_in == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero")
    assert state(repository)[1] == "dirty"


def test_what_is_not_audited_does_not_count_but_for_the_whole_repository(repository):
    (repository / "out/table.md").unlink()
    (repository / "out/new.md").write_text("y\n")
    (repository / "dvc.lock").write_text("written with the report\n")
    assert state(repository)[1] == "clean"
    assert repository_state(open_target(repository))[1] == "dirty"


def test_no_program_that_a_foreign_repository_names_is_run(repository):
    (repository / ".git/info/attributes").write_text("* filter=own\n")
    git(repository, "config", "filter.own.clean", f"touch {repository}/ran; cat")
    (repository / "a.py").write_text("y\n")
    assert state(repository)[1] == "dirty"
    assert not (repository / "ran").exists()


def test_a_folder_of_a_repository_and_none(repository, tmp_path_factory):
    (repository / "out/new.md").write_text("y\n")
    assert repository_state(open_target(repository / "out"))[1] == "dirty"
    (repository / "out/new.md").unlink()
    assert repository_state(open_target(repository / "out"))[1] == "clean"
    assert repository_state(open_target(tmp_path_factory.mktemp("bare"))) == ("", "no repository")
