from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from colorlib.cache.entry import DamagedEntryError, pack, unpack
from colorlib.errors import ColorlibError

KEY, OTHER = "a" * 64, "b" * 64
arrays = hnp.arrays(
    st.sampled_from([np.bool_, np.uint8, np.int64, np.float16, np.float32, np.dtype(">f8")]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


@given(arrays, st.sampled_from([bytes, bytearray]))
def test_what_is_packed_is_unpacked_and_may_be_written_to(array: np.ndarray, kind: type) -> None:
    back = unpack(KEY, kind(pack(KEY, array)))
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert back.flags.writeable


@given(arrays, st.data())
def test_any_change_is_seen(array: np.ndarray, data: st.DataObject) -> None:
    entry = bytearray(pack(KEY, array))
    entry[data.draw(st.integers(0, len(entry) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DamagedEntryError):
        unpack(KEY, entry)


@given(arrays, st.data())
def test_any_cut_is_seen(array: np.ndarray, data: st.DataObject) -> None:
    entry = pack(KEY, array)
    with pytest.raises(DamagedEntryError):
        unpack(KEY, entry[: data.draw(st.integers(0, len(entry) - 1))])
    with pytest.raises(DamagedEntryError):
        unpack(KEY, entry + b"\0")


@given(st.binary(max_size=200))
def test_garbage_is_damaged_and_nothing_else(garbage: bytes) -> None:
    with pytest.raises(DamagedEntryError):
        unpack(KEY, garbage)


def test_a_right_entry_of_another_key_is_damaged() -> None:
    with pytest.raises(DamagedEntryError, match="checksum"):
        unpack(OTHER, pack(KEY, np.zeros(3)))


@pytest.mark.parametrize("value", [np.array([None]), np.array(["text"]), [1, 2], b"bytes"])
def test_only_numbers_are_kept(value: Any) -> None:
    with pytest.raises(ColorlibError, match="keeps numeric arrays, got"):
        pack(KEY, value)
