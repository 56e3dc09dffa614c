from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.data.greys import GreyScale
from colorlib.data.photos import decode, to_rgb
from colorlib.errors import ColorlibError
from tests.grey_tiff import BLACK_IS_ZERO, WHITE_IS_ZERO, write_grey_tiff

VALUES = np.array([[0, 300, 4095], [65535, 128 * 257, 40000]])


def test_a_file_whose_0_is_white_is_inverted(tmp_path: Path) -> None:
    write_grey_tiff(tmp_path / "negative.tif", VALUES, WHITE_IS_ZERO)
    write_grey_tiff(tmp_path / "positive.tif", 65535 - VALUES, BLACK_IS_ZERO)
    negative, positive = (np.asarray(decode(tmp_path / f"{name}.tif")) for name in ("negative", "positive"))
    assert np.array_equal(negative, positive)
    assert np.array_equal(negative[..., 0], np.rint((65535 - VALUES) / 257))


def test_the_blackest_picture_whose_0_is_white_stays_black(tmp_path: Path) -> None:
    write_grey_tiff(tmp_path / "x.tif", np.full((2, 2), 65535), WHITE_IS_ZERO)
    assert not np.asarray(decode(tmp_path / "x.tif")).any()


def test_of_12_bits_the_largest_number_is_white(tmp_path: Path) -> None:
    write_grey_tiff(tmp_path / "x.tif", np.array([[0, 0x800, 0xFFF]]), bits=12)
    assert np.asarray(decode(tmp_path / "x.tif"))[0, :, 0].tolist() == [0, 128, 255]


def test_it_is_the_number_in_the_file_that_has_to_have_a_range() -> None:
    image = Image.new("I", (2, 1))
    image.putpixel((1, 0), 65536)
    with pytest.raises(ColorlibError, match="values from 0 to 65536"):
        to_rgb(image)
    with pytest.raises(ColorlibError, match="values from -1 to 65535"):
        GreyScale(inverted=True).limits(np.array([[0, 65536]]))
    assert GreyScale().limits(np.zeros((0, 4), np.uint16)) == (0, 0)


def test_a_scale_gives_levels_from_black_to_white() -> None:
    assert GreyScale().levels(np.array([0, 65535], np.uint16)).tolist() == [0, 65535]
    assert GreyScale(4095).levels(np.array([0, 4095, 5000], np.uint16)).tolist() == [0, 65535, 65535]
    assert GreyScale(4095, inverted=True).levels(np.array([0, 4095], np.uint16)).tolist() == [65535, 0]
