import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from colorlib.apps import cli
from colorlib.models import MobileLite, save_pretrained

PHOTO = Path(__file__).parents[3] / "data/starter/cat-ab7c3e1b.jpg"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "m"
    torch.manual_seed(0)
    save_pretrained(MobileLite(q=313, grid="paper"), folder, size=32)
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["colorlib", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


def test_a_photo_is_colorized_beside_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = Path(shutil.copy(PHOTO, tmp_path / "cat.jpg"))
    assert run(monkeypatch, "colorize", photo, "--model", model) == 0
    assert "cat.colorized.jpg" in capsys.readouterr().out.replace("\n", "")
    with Image.open(tmp_path / "cat.colorized.jpg") as picture, Image.open(PHOTO) as original:
        assert picture.size == original.size


def test_a_second_time_needs_force(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.png"
    arguments = ("colorize", PHOTO, "--model", model, "--output", target)
    assert run(monkeypatch, *arguments) == 0
    capsys.readouterr()
    assert run(monkeypatch, *arguments) == 1
    error = capsys.readouterr().err
    assert "out.png exists" in error
    assert "Traceback" not in error
    assert run(monkeypatch, *arguments, "--force", "--temperature", "1.0") == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["colorize", "nothing.jpg", "--model", "MODEL"], 1, "nothing.jpg: there is no such file"),
        (
            ["colorize", str(PHOTO), "--model", "no-model", "--output", "x.png"],
            1,
            "no-model holds no trained model",
        ),
        (["colorize", str(PHOTO)], 1, "models holds no trained model"),
        (["colorize", str(PHOTO), "--model", "MODEL", "--temperature", "2"], 2, "Invalid value for '--temperature'"),
        (["colour"], 2, "No such command"),
    ],
)
def test_what_is_wrong_is_said_and_the_exit_code_is_not_zero(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    model: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    assert run(monkeypatch, *[str(model) if a == "MODEL" else a for a in arguments]) == code
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_help_does_not_load_torch() -> None:
    import subprocess
    import sys

    script = (
        "import sys; sys.argv = ['colorlib', '--help']\n"
        "from colorlib.apps.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "colorize" in done.stdout
    assert "bins" in done.stdout
