import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.ops.upsampling import upsample


def slow(values: torch.Tensor, stride: int, height: int, width: int) -> torch.Tensor:
    out = torch.empty(*values.shape[:2], height, width, dtype=values.dtype)
    last_row, last_column = values.shape[2] - 1, values.shape[3] - 1
    for y in range(height):
        for x in range(width):
            i, u = divmod(y, stride)
            j, v = divmod(x, stride)
            below, right = min(i + 1, last_row), min(j + 1, last_column)
            top = values[..., i, j] * (1 - v / stride) + values[..., i, right] * (v / stride)
            bottom = values[..., below, j] * (1 - v / stride) + values[..., below, right] * (v / stride)
            out[..., y, x] = top * (1 - u / stride) + bottom * (u / stride)
    return out


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 15), (12, 17)])
def test_agrees_with_the_definition(height: int, width: int) -> None:
    values = torch.randn(2, 3, -(-height // 4), -(-width // 4), dtype=torch.float64)
    torch.testing.assert_close(upsample(values, 4, height, width), slow(values, 4, height, width))


def test_every_fourth_pixel_is_the_sample_itself() -> None:
    values = torch.randn(1, 2, 5, 6)
    torch.testing.assert_close(upsample(values, 4, 20, 24)[..., ::4, ::4], values, rtol=0, atol=1e-6)


def test_stride_one_is_the_identity() -> None:
    values = torch.randn(1, 2, 5, 6)
    assert upsample(values, 1, 5, 6) is values


@pytest.mark.parametrize("shape", [(1, 2, 4, 6), (1, 2, 5, 7), (2, 5, 6)])
def test_a_map_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ColorlibError, match="is not what stride 4 makes of 20×24 pixels, which is N×C×5×6"):
        upsample(torch.zeros(shape), 4, 20, 24)
