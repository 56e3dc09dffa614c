import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorlib.inference.looking import LONGEST, seen_size

SIDES = st.integers(1, 20_000)


@given(width=SIDES, height=SIDES, side=st.integers(16, 512))
def test_the_short_side_is_as_asked_and_the_scene_hardly_stretched(width: int, height: int, side: int) -> None:
    high, wide = seen_size((width, height), side)
    assert seen_size((height, width), side) == (wide, high)
    aspect = max(width, height) / min(width, height)
    if aspect <= LONGEST:
        assert min(high, wide) == side
        assert max(high, wide) == pytest.approx(side * aspect, abs=side / 16 + 1)
    else:
        assert max(high, wide) == LONGEST * side
        assert min(high, wide) == max(8, round(LONGEST * side / aspect))


@given(width=SIDES, height=SIDES)
def test_photographs_meet_in_few_shapes_without_padding(width: int, height: int) -> None:
    seen = seen_size((width, height), 256)
    if max(width, height) <= LONGEST * min(width, height):
        assert all(side % 32 == 0 for side in seen)


def test_formats_of_cameras() -> None:
    assert seen_size((6000, 4000), 256) == (256, 384)
    assert seen_size((3000, 4000), 256) == (352, 256)
    assert seen_size((640, 641), 256) == (256, 256)
