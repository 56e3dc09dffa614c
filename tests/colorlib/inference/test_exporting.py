import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from colorlib.apps.cli import app
from colorlib.errors import ColorlibError
from colorlib.inference import exporting
from colorlib.models import MobileLite, save_pretrained


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("saved") / "net"
    save_pretrained(MobileLite(q=313, grid="paper"), folder, temperature=0.5, size=32)
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = torch.Generator().manual_seed(0)
    for index in range(5):
        pixels = torch.randint(0, 256, (40, 50, 3), generator=generator, dtype=torch.uint8)
        Image.fromarray(pixels.numpy()).save(folder / f"{index}.png")
    (folder / "notes.txt").write_text("no photograph", encoding="utf-8")
    return folder


def test_the_command_exports_quantises_and_says_what_it_measured(saved: Path, photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    done = CliRunner().invoke(
        app, ["export", str(saved), "--output", str(output), "--int8", "--photos", str(photos), "--fixed"]
    )
    assert done.exit_code == 0, done.output
    assert "ONNX Runtime and PyTorch differ by" in done.output
    assert "On 2 photographs: mean ΔE2000" in done.output
    config = json.loads((output / "config.json").read_text(encoding="utf-8"))
    assert (config["precision"], config["calibration"], config["dynamic"]) == ("int8", 3, False)
    assert (config["size"], config["temperature"]) == (32, 0.5)
    assert (output / "model.onnx").stat().st_size < 0.4 * (saved / "model.safetensors").stat().st_size


def test_an_export_that_gives_other_colours_is_refused(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = MobileLite(q=313, grid="paper").eval()
    with torch.no_grad():
        other.final.bias[0] = 20.0  # type: ignore[index]
    monkeypatch.setattr(exporting, "export_onnx", lambda *_: None)
    monkeypatch.setattr(exporting, "load_onnx", lambda _: other)
    with pytest.raises(ColorlibError, match="differ by up to"):
        list(exporting.export_model(saved, tmp_path / "out"))


def test_int8_without_photographs_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="--photos"):
        list(exporting.export_model(tmp_path / "nowhere", tmp_path / "out", int8=True))


def test_a_folder_that_cannot_serve_is_named(saved: Path, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="is no folder"):
        list(exporting.export_model(saved, tmp_path / "out", photos=tmp_path / "nowhere"))
    for index in range(1, 5):
        (photos / f"{index}.png").unlink()
    with pytest.raises(ColorlibError, match="holds 1 photographs to calibrate with and 0 to measure on"):
        list(exporting.export_model(saved, tmp_path / "out", photos=photos))
    assert not (tmp_path / "out").exists()


def test_the_splits_of_a_manifest_are_kept_apart() -> None:
    starter = Path(exporting.__file__).parents[2] / "data" / "starter"
    calibration, measured = exporting._photographs(starter, 8)
    assert (len(calibration), len(measured)) == (51, 25)
    assert all(image.shape == (1, 3, 8, 8) and image.dtype == torch.uint8 for image in calibration + measured)
