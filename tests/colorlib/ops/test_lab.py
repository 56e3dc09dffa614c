import numpy as np
import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab


def image(rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(rows).T[None, :, :, None]  # 1×3×P×1


def rows(tensor: torch.Tensor) -> np.ndarray:
    return tensor[0, :, :, 0].T.numpy()


def test_uint8_agrees_with_the_reference(golden):
    vectors = golden("rgb2lab")
    assert np.abs(rows(rgb_to_lab(image(vectors["rgb_uint8"]))) - vectors["lab_float64"]).max() < 2e-4


def test_floats_agree_with_the_reference(golden):
    vectors = golden("rgb2lab")
    assert np.abs(rows(rgb_to_lab(image(vectors["rgb_float01"]))) - vectors["lab_from_rgb_float01"]).max() < 1e-9
    assert np.abs(rows(lab_to_rgb(image(vectors["lab_in"]))) - vectors["rgb_from_lab_clipped"]).max() < 1e-9


def test_0_to_255_floats_are_refused():
    with pytest.raises(ColorlibError, match="divide by 255"):
        rgb_to_lab(torch.rand(1, 3, 2, 2) * 255)
