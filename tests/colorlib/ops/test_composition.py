import numpy as np
import pytest
import torch

from colorlib.ops.composition import AbMap, Composer
from colorlib.ops.lab import rgb_to_lab

RNG = np.random.default_rng(7)


def lab_of(pixels: np.ndarray) -> np.ndarray:
    top = 255 if pixels.dtype == np.uint8 else 65535
    return rgb_to_lab(torch.from_numpy(pixels[..., :3] / top).permute(2, 0, 1)[None])[0].numpy()


def a_map(scale: float) -> AbMap:
    values = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(3)) * scale
    return AbMap(values, 4, 23, 32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_and_hue_stay_and_chroma_shrinks_only_outside_the_gamut(dtype: type) -> None:
    height, width = 90, 130
    pixels = RNG.integers(0, np.iinfo(dtype).max + 1, (height, width, 3)).astype(dtype)
    colours = a_map(60.0)
    out, clamped = Composer(colours, height, width).compose(pixels, 0)
    before, after = lab_of(pixels), lab_of(out)
    assert np.abs(before[0] - after[0]).max() < 100 / 255
    wanted = colours.at(height, width).numpy()
    asked, got = np.hypot(*wanted), np.hypot(*after[1:])
    turned = np.abs(np.angle((after[1] + 1j * after[2]) * np.conj(wanted[0] + 1j * wanted[1])))
    assert (turned * got).max() < (1.5 if dtype == np.uint8 else 0.2)  # rounding turns dark colours a little
    lost = asked - got > 1.5
    assert 0.2 < lost.mean() < 0.9
    assert clamped / lost.size >= lost.mean()
    # As vivid as that hue can be: a little more and a channel leaves its range.
    edge = np.minimum(out, np.iinfo(dtype).max - out).min(axis=-1)
    assert edge[lost].max() <= np.iinfo(dtype).max * 4 / 255


def test_within_the_gamut_the_colours_are_the_maps() -> None:
    pixels = RNG.integers(110, 150, (64, 96, 1)).astype(np.uint8).repeat(3, axis=2)
    colours = a_map(8.0)
    out, clamped = Composer(colours, 64, 96).compose(pixels, 0)
    assert clamped == 0
    assert np.abs(lab_of(out)[1:] - colours.at(64, 96).numpy()).max() < 0.8
    half, _ = Composer(colours, 64, 96, blend=0.5).compose(pixels, 0)
    assert np.abs(lab_of(half)[1:] - colours.at(64, 96).numpy() / 2).max() < 0.8


@pytest.mark.parametrize(("seen", "stride"), [((23, 32), 4), ((8, 8), 8), ((40, 9), 1)])
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (67, 3), (23, 32)])
def test_rows_are_taken_from_the_map_where_upsampling_would(
    seen: tuple[int, int], stride: int, size: tuple[int, int]
) -> None:
    shape = (2, *(-(-side // stride) for side in seen))
    colours = AbMap(torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 10, stride, *seen)
    grey = np.full((*size, 1), 40000, np.uint16)
    out, _ = Composer(colours, *size).compose(grey, 0)
    assert np.abs(lab_of(out)[1:] - colours.at(*size).numpy()).max() < 0.05


def test_blocks_of_rows_make_the_whole() -> None:
    pixels = RNG.integers(0, 256, (50, 40, 4), dtype=np.uint8)
    composer = Composer(a_map(30.0), 50, 40)
    whole, clamped = composer.compose(pixels, 0)
    parts = [composer.compose(pixels[top : top + 7], top) for top in range(0, 50, 7)]
    assert np.array_equal(np.concatenate([part for part, _ in parts]), whole)
    assert sum(count for _, count in parts) == clamped
    assert np.array_equal(whole[..., 3], pixels[..., 3])


def test_no_colour_is_the_grey_itself() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    out, clamped = Composer(a_map(50.0), 16, 16, blend=0.0).compose(ramp, 0)
    assert np.array_equal(out, ramp.repeat(3, axis=2))
    assert clamped == 0
