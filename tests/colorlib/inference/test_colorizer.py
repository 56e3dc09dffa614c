from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

import colorlib
from colorlib.cache import open_cache
from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer, analysis, kept
from colorlib.inference.photograph import Photograph
from colorlib.models import MobileLite, PaperNet, save_pretrained
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
    red = Image.new("RGB", (40, 40), (255, 0, 0))  # L = 53.2, as this grey:
    grey = Image.new("L", (40, 40), 127)
    difference = np.abs(np.array(colorizer(red), dtype=int) - np.array(colorizer(grey), dtype=int))
    assert difference.max() <= 3


@pytest.mark.parametrize("size", [(1, 1), (9, 400), (400, 9), (31, 33)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "CMYK", "LA"])
def test_any_size_and_mode(colorizer: Colorizer, size: tuple[int, int], mode: str) -> None:
    picture = colorizer(Image.new("L", size, 128).convert(mode))
    assert (picture.mode, picture.size) == ("RGBA" if mode.endswith("A") else "RGB", size)


def test_a_16_bit_scan_looks_like_its_8_bit_copy(colorizer: Colorizer) -> None:
    ramp = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    deep, flat = Image.fromarray(ramp), Image.fromarray((ramp / 257).round().astype(np.uint8))
    difference = np.array(colorizer(deep), dtype=int) - np.array(colorizer(flat), dtype=int)
    assert np.abs(difference).max() <= 2
    assert abs(difference.mean()) < 0.05


def test_a_photograph_that_lies_on_its_side_is_set_upright(colorizer: Colorizer) -> None:
    lying = Image.new("RGB", (64, 48))
    lying.getexif()[0x0112] = 6
    assert colorizer(lying).size == (48, 64)


@pytest.mark.parametrize(("size", "seen"), [((64, 48), (32, 44)), ((3000, 30), (8, 128)), ((20, 20), (32, 32))])
def test_the_network_sees_its_own_size_and_no_panorama_is_blown_up(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], seen: tuple[int, int]
) -> None:
    shapes: list[tuple[int, ...]] = []
    logits = colorizer.logits

    def spy(lightness: torch.Tensor) -> torch.Tensor:
        shapes.append(tuple(lightness.shape[-2:]))
        return logits(lightness)

    monkeypatch.setattr(colorizer, "logits", spy)
    assert colorizer(Image.new("L", size, 128)).size == size
    assert shapes == [seen]


def test_colours_stay_where_the_network_put_them(colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def ramp(output: torch.Tensor, temperature: float | None = None) -> torch.Tensor:  # noqa: ARG001
        a = torch.arange(output.shape[-1]) * 4.0  # what is at pixel 4i of the 32 that the network sees is 4i
        return torch.stack([a, torch.zeros_like(a)])[None, :, None].expand(1, 2, output.shape[-2], -1)

    monkeypatch.setattr(colorizer, "decode", ramp)
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
    loaded = Colorizer.from_pretrained(tmp_path / "m", precision="fp32", device="cpu")
    assert loaded.size == 48
    kept = {"temperature": 0.5} if head == "classification" else {}
    photo = Image.open(PHOTO)
    assert np.array_equal(np.array(loaded(photo)), np.array(Colorizer(model, size=48, **kept)(photo)))


def test_a_classifier_without_a_grid_is_refused() -> None:
    with pytest.raises(ColorlibError, match="does not name the grid"):
        Colorizer(MobileLite(q=313))


def test_the_network_runs_once_for_all_temperatures_and_blends(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    logits = colorizer.engine.logits
    monkeypatch.setattr(colorizer.engine, "logits", lambda lightness: calls.append(1) or logits(lightness))
    photo = Image.open(PHOTO)
    analysis = colorizer.analyse(photo)
    vivid, muted = (np.asarray(analysis.picture(t), dtype=int) for t in (0.05, 1.0))
    assert np.abs(vivid - muted).max() > 0
    grey = np.asarray(analysis.picture(blend=0.0), dtype=int)
    assert np.ptp(grey, axis=-1).max() <= 1
    half, full = (np.asarray(analysis.picture(blend=b), dtype=int) for b in (0.5, 1.0))
    assert np.ptp(grey, axis=-1).mean() < np.ptp(half, axis=-1).mean() < np.ptp(full, axis=-1).mean()
    assert np.array_equal(full, np.asarray(colorizer(photo)))
    assert len(calls) == 2  # one for the analysis, one for the call


def test_the_distribution_at_a_pixel_is_the_softmax_of_its_logits(colorizer: Colorizer) -> None:
    analysis = colorizer.analyse(Image.open(PHOTO))
    share = analysis.distribution(3, 5)
    assert share.shape == (313,)
    assert share.sum().item() == pytest.approx(1, abs=1e-5)
    assert torch.allclose(share, analysis.output[0, :, 0, 0].softmax(0), atol=1e-6)
    width, height = analysis.size
    last = analysis.distribution(width - 1, height - 1)
    assert torch.allclose(last, analysis.output[0, :, -1, -1].softmax(0), atol=1e-6)
    with pytest.raises(ColorlibError, match="outside the picture"):
        analysis.distribution(width, 0)


def test_regression_has_neither_temperature_nor_distribution() -> None:
    colorizer = Colorizer(MobileLite(head="regression"), size=32)
    image = Image.new("L", (20, 30), 90)
    assert colorizer.method == "regression"
    with pytest.raises(ColorlibError, match="no temperature"):
        colorizer(image, temperature=0.4)
    with pytest.raises(ColorlibError, match="no distribution"):
        colorizer.analyse(image).distribution(0, 0)


@pytest.mark.parametrize(("option", "words"), [({"blend": 1.2}, "blend"), ({"temperature": 0.0}, "temperature")])
def test_an_option_out_of_range_is_refused(colorizer: Colorizer, option: dict[str, float], words: str) -> None:
    with pytest.raises(ColorlibError, match=words):
        colorizer(Image.new("L", (8, 8)), **option)


def test_alpha_is_kept_and_the_input_left_alone(colorizer: Colorizer) -> None:
    image = Image.open(PHOTO).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    before = image.copy()
    picture = colorizer(image)
    assert np.array_equal(np.asarray(picture)[..., 3], np.asarray(image)[..., 3])
    assert np.array_equal(np.asarray(image), np.asarray(before))


def test_what_was_kept_is_not_computed_again(
    colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = Colorizer(colorizer.model, size=32, cache=open_cache(f"disk:{tmp_path}"))
    photo = Image.open(PHOTO)
    first, tiled = np.asarray(cached(photo)), np.asarray(cached(photo, tile=96))
    other = np.asarray(cached(photo, temperature=1.0))
    again = Colorizer(colorizer.model, size=32, cache=open_cache(f"disk:{tmp_path}"))
    monkeypatch.setattr(again.engine, "logits", lambda _: pytest.fail("the network ran"))
    assert np.array_equal(np.asarray(again(photo)), first)
    assert np.array_equal(np.asarray(again(photo, tile=96)), tiled)
    assert np.array_equal(np.asarray(again(photo, temperature=1.0)), other)
    assert np.array_equal(first, np.asarray(colorizer(photo)))
    with pytest.raises(pytest.fail.Exception, match="the network ran"):
        again(photo, temperature=0.9)
    again(photo, blend=0.5)  # of the kept colours
    changed = Colorizer(MobileLite(q=313, grid="paper"), size=32, cache=again.cache)
    monkeypatch.setattr(changed.engine, "logits", lambda _: pytest.fail("the network ran"))
    with pytest.raises(pytest.fail.Exception, match="the network ran"):
        changed(photo)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_finished_picture_is_kept_and_is_the_callers_own(
    colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    cached = Colorizer(colorizer.model, size=32, cache=open_cache(f"disk:{tmp_path}"))
    photo = Photograph.from_pil(Image.open(PHOTO).resize((60, 45)).convert(mode))
    first, half = cached.render(photo), cached.render(photo, blend=0.5)
    assert first.clamped > half.clamped
    monkeypatch.setattr(analysis, "render", lambda *_: pytest.fail("rendered again"))
    for before, blend in ((first, 1.0), (half, 0.5), (first, 1)):
        found = cached.render(photo, blend=blend)
        assert (found.image.mode, found.image.size, found.clamped) == (before.image.mode, (60, 45), before.clamped)
        assert np.array_equal(np.asarray(found.image), np.asarray(before.image))
        found.image.paste(0, (0, 0, 60, 45))
        assert not np.asarray(found.image).any()
    with pytest.raises(pytest.fail.Exception, match="rendered again"):
        cached.render(photo, blend=0.25)


def test_of_large_and_of_deep_photographs_the_colours_are_kept(
    colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = open_cache(f"disk:{tmp_path}")
    assert cache is not None
    cached = Colorizer(colorizer.model, size=32, cache=cache)
    cached(Image.fromarray(np.arange(50 * 50, dtype=np.uint16).reshape(50, 50) * 20))
    monkeypatch.setattr(kept, "LARGEST_PICTURE", 50 * 50 - 1)
    cached(Image.new("L", (50, 50), 100))
    colours = cache.statistics().bytes
    monkeypatch.setattr(kept, "LARGEST_PICTURE", 50 * 50)
    cached(Image.new("L", (50, 50), 90))
    assert colours < 4000
    assert 7500 < cache.statistics().bytes - colours < 7500 + colours


@pytest.mark.parametrize("kind", [MobileLite, PaperNet])
def test_bf16_gives_the_same_picture(kind: type[MobileLite] | type[PaperNet]) -> None:
    torch.manual_seed(1)
    model = kind(q=313, grid="paper")
    with torch.no_grad():
        model.final.weight.normal_(std=0.1)
    photo = Image.open(PHOTO)
    exact, fast = Colorizer(model, size=96), Colorizer(model, size=96, precision="bf16")
    assert fast.model is not model
    assert next(model.parameters()).dtype == torch.float32
    # By the order of the weights torch chooses that of the whole network; the other one takes twice the time.
    assert fast.logits(torch.full((1, 1, 96, 96), 50.0)).is_contiguous(memory_format=torch.channels_last)
    pictures = [np.asarray(c(photo)) / 255 for c in (exact, fast)]
    difference = deltaE_ciede2000(*(rgb2lab(picture) for picture in pictures))
    assert 0 < difference.mean() <= 0.5


def test_the_object_is_at_hand() -> None:
    assert colorlib.Colorizer is Colorizer
    with pytest.raises(AttributeError, match="no attribute 'Colouriser'"):
        colorlib.Colouriser  # noqa: B018
