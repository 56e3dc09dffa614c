"""A repository of its own, with the project's code and a few photographs, in which `dvc repro` has run."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.small_project import ROOT, SHORT, command, write_project

COPIED = (
    *(".ci", ".dockerignore", ".dvcignore", ".flake8", ".github", ".gitignore", ".pre-commit-hooks.yaml", ".streamlit"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "audit", "claims.toml", "colorlib"),
    *("constraints.txt", "docker", "docs", "experiments", "footprint", "fuzz", "pyproject.toml", "reports/benchmarks"),
    *("reports/reproduction.md", "scripts"),
)


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A git repository in which `dvc repro` has run once."""
    folder = tmp_path_factory.mktemp("clone")
    ignore = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    del pipeline["stages"]["mutants"]  # takes minutes and has tests of its own
    pipeline["stages"]["audit"]["deps"].remove("reports/audit/mutants.json")
    pipeline["stages"]["audit"]["cmd"] += " --select tests --select secrets --select claims"  # all of it takes minutes
    (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False), encoding="utf-8")
    (folder / ".dvc").mkdir()
    for name in ("config", ".gitignore", "page.html"):
        shutil.copy(ROOT / ".dvc" / name, folder / ".dvc" / name)
    for name in ("tests", "benchmarks"):  # the audit stage looks at them; one file each is enough here
        (folder / name).mkdir()
        (folder / name / "test_sum.py").write_text("def test_sum() -> None:\n    assert 1 + 1 == 2\n")
    write_project(folder, SHORT)
    shutil.copy(empty_database, folder / "mlflow.db")
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "small project")):
        assert command(folder, *git, *arguments).returncode == 0
    done = command(folder, "dvc", "repro")
    assert done.returncode == 0, done.stdout + done.stderr
    assert command(folder, *git, "add", "-A").returncode == 0
    assert command(folder, *git, "commit", "-qm", "results").returncode == 0
    return folder
