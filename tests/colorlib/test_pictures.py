import io
from pathlib import Path

import pytest
import torch
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.pictures import picture_grid, to_pil


def solid(count: int, colour: tuple[int, int, int]) -> torch.Tensor:
    return torch.tensor(colour, dtype=torch.uint8).reshape(1, 3, 1, 1).expand(count, 3, 20, 30)


def test_columns_stand_side_by_side_and_images_below_each_other(tmp_path: Path) -> None:
    columns = {"red": solid(2, (255, 0, 0)), "blue": solid(2, (0, 0, 255))}
    picture_grid(columns, tmp_path / "grid.png", width=60)
    grid = Image.open(io.BytesIO((tmp_path / "grid.png").read_bytes())).convert("RGB")
    assert grid.width == 6 + 2 * 66
    bottom = grid.height - 6 - 20  # the middle of the last row, whose tiles are 60×40
    for row in (bottom, bottom - 46):
        assert grid.getpixel((36, row)) == (255, 0, 0)
        assert grid.getpixel((102, row)) == (0, 0, 255)
    heading = grid.crop((6, 0, 66, 24)).getextrema()
    assert all(low < 128 for low, _ in heading)  # something dark is written above the first column


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        picture_grid({"x\ny": solid(1, (9, 8, 7))}, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("columns", [{}, {"a": solid(1, (0, 0, 0)), "b": solid(2, (0, 0, 0))}])
def test_columns_of_different_length_are_refused(tmp_path: Path, columns: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ColorlibError, match="columns of one length"):
        picture_grid(columns, tmp_path / "grid.png")


def test_a_tensor_becomes_the_picture_it_is() -> None:
    tensor = torch.arange(3 * 2 * 4, dtype=torch.uint8).reshape(3, 2, 4)
    picture = to_pil(tensor)
    assert picture.size == (4, 2)
    assert picture.getpixel((3, 1)) == (7, 15, 23)
