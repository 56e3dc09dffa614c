"""The layers of the house, held by import-linter (`[tool.importlinter]` in pyproject.toml)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("colorlib", "audit"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_dependencies_point_downwards_only() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("colorlib/ops/lab.py", "from colorlib.models import base"),
        ("audit/model.py", "from audit import engine"),
        ("audit/reports/wording.py", "from audit import config"),
        ("audit/target.py", "import colorlib.params"),
    ],
)
def test_an_import_upwards_is_noticed(copy: Path, file: str, line: str) -> None:
    path = copy / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    assert lint(copy).returncode == 1


def test_a_new_room_has_to_be_given_its_floor(copy: Path) -> None:
    assert lint(copy).returncode == 0
    (copy / "colorlib/attic.py").write_text('"""Nobody said where this belongs."""\n')
    assert lint(copy).returncode == 1
