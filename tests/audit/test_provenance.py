import subprocess

from audit.provenance import repository_state


def test_the_state_of_the_repository(tmp_path):
    def git(*command):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *command], check=True, capture_output=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "x")
    commit, tree = repository_state(tmp_path)
    assert len(commit) == 40
    assert tree == "clean"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/new.py").write_text("")
    assert repository_state(tmp_path)[1] == "dirty"
    assert repository_state(tmp_path, ["other.py"])[1] == "clean", "what a pipeline writes is not asked for"
    assert repository_state(tmp_path / "sub", ["new.py"])[1] == "dirty"
