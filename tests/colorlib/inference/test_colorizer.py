from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer
from colorlib.models import MobileLite, save_pretrained
from colorlib.ops.lab import rgb_to_lab

PHOTO = Path(__file__).parents[3] / "data/starter/cat-ab7c3e1b.jpg"


def lightness(image: Image.Image) -> np.ndarray:
    rgb = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None]
    return rgb_to_lab(rgb)[0, 0].numpy()


def test_a_photograph_keeps_its_size_and_lightness_and_gets_the_networks_colour(colorizer: Colorizer) -> None:
    photo = Image.open(PHOTO).convert("L")
    picture = colorizer(photo)
    assert (picture.mode, picture.size) == ("RGB", photo.size)
    middle = (lightness(photo) > 20) & (lightness(photo) < 80)  # where the gamut has room for the colour
    assert np.abs(lightness(picture) - lightness(photo))[middle].mean() < 1
    rgb = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
    ab = rgb_to_lab(rgb)[0, 1:][:, torch.from_numpy(middle)].mean(1)
    assert torch.allclose(ab, torch.tensor([10.0, 20.0]), atol=2)


def test_only_the_lightness_is_looked_at(colorizer: Colorizer) -> None:
    photo = Image.open(PHOTO)
    lab = rgb_to_lab(torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None])
    assert torch.equal(colorizer.predict(lab[:, :1]), colorizer.predict(lab[:, :1].clone()))
    red = Image.new("RGB", (40, 40), (255, 0, 0))  # L = 53.2, as this grey:
    grey = Image.new("L", (40, 40), 127)
    difference = np.abs(np.array(colorizer(red), dtype=int) - np.array(colorizer(grey), dtype=int))
    assert difference.max() <= 3


@pytest.mark.parametrize("size", [(1, 1), (9, 400), (400, 9), (31, 33)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "CMYK", "LA"])
def test_any_size_and_mode(colorizer: Colorizer, size: tuple[int, int], mode: str) -> None:
    picture = colorizer(Image.new("L", size, 128).convert(mode))
    assert (picture.mode, picture.size) == ("RGB", size)


def test_a_16_bit_scan_looks_like_its_8_bit_copy(colorizer: Colorizer) -> None:
    ramp = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    deep, flat = Image.fromarray(ramp), Image.fromarray((ramp / 257).round().astype(np.uint8))
    assert np.array_equal(np.array(colorizer(deep)), np.array(colorizer(flat)))


def test_a_photograph_that_lies_on_its_side_is_set_upright(colorizer: Colorizer) -> None:
    lying = Image.new("RGB", (64, 48))
    lying.getexif()[0x0112] = 6
    assert colorizer(lying).size == (48, 64)


@pytest.mark.parametrize(("size", "seen"), [((64, 48), (32, 43)), ((3000, 30), (8, 128)), ((20, 20), (32, 32))])
def test_the_network_sees_its_own_size_and_no_panorama_is_blown_up(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], seen: tuple[int, int]
) -> None:
    shapes: list[tuple[int, ...]] = []
    predict = colorizer.predict

    def spy(lightness: torch.Tensor, temperature: float | None = None) -> torch.Tensor:
        shapes.append(tuple(lightness.shape[-2:]))
        return predict(lightness, temperature)

    monkeypatch.setattr(colorizer, "predict", spy)
    assert colorizer(Image.new("L", size, 128)).size == size
    assert shapes == [seen]


def test_colours_stay_where_the_network_put_them(colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def ramp(lightness: torch.Tensor, temperature: float | None = None) -> torch.Tensor:  # noqa: ARG001
        a = torch.arange(lightness.shape[-1] // 4) * 4.0  # what is at pixel 4i of the 32 that the network sees is 4i
        return torch.stack([a, torch.zeros_like(a)])[None, :, None].expand(1, 2, lightness.shape[-2] // 4, -1)

    monkeypatch.setattr(colorizer, "predict", ramp)
    picture = torch.from_numpy(np.array(colorizer(Image.new("L", (128, 128), 128)))).permute(2, 0, 1)[None]
    a = rgb_to_lab(picture)[0, 1, 64]
    middle = torch.arange(16, 100)  # pixel x of 128 lies over pixel (x + ½) / 4 − ½ of 32
    assert (a[middle] - ((middle + 0.5) / 4 - 0.5)).abs().max() < 1


def test_a_lower_temperature_is_more_vivid(colorizer: Colorizer) -> None:
    values = torch.full((1, 1, 32, 32), 50.0)
    cold, hot = colorizer.predict(values, 0.1), colorizer.predict(values, 1.0)
    assert cold.norm(dim=1).mean() > hot.norm(dim=1).mean()


def test_a_batch_is_colorized_as_its_images_are(colorizer: Colorizer) -> None:
    rgb = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    together = colorizer.colorize_batch(rgb)
    for image, one in zip(rgb, together, strict=True):
        alone = colorizer.colorize_batch(image[None])[0]
        assert (alone.int() - one.int()).abs().max() <= 1


@pytest.mark.parametrize("head", ["classification", "regression"])
def test_what_was_saved_colorizes_alike(tmp_path: Path, head: str) -> None:
    model = MobileLite(q=484, grid="full") if head == "classification" else MobileLite(head="regression")
    save_pretrained(model, tmp_path / "m", temperature=0.5, size=48)
    loaded = Colorizer.from_pretrained(tmp_path / "m")
    assert loaded.size == 48
    kept = {"temperature": 0.5} if head == "classification" else {}
    photo = Image.open(PHOTO)
    assert np.array_equal(np.array(loaded(photo)), np.array(Colorizer(model, size=48, **kept)(photo)))


def test_a_classifier_without_a_grid_is_refused() -> None:
    with pytest.raises(ColorlibError, match="does not name the grid"):
        Colorizer(MobileLite(q=313))
