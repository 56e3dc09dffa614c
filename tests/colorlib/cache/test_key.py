import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from colorlib.cache import result_key
from colorlib.errors import ColorlibError

WEIGHTS = "0" * 64
DTYPES = [np.uint8, np.uint16, np.float32, np.float64, np.bool_]

arrays = hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4)
)
all_options = st.dictionaries(st.text(max_size=4), scalars, max_size=3)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
versions = st.one_of(st.integers(0, 3), st.text(max_size=2))
parts = [arrays, hashes, all_options, versions]
inputs = st.tuples(*parts)


def identity(pixels: np.ndarray, weights: str, options: dict[str, Any], version: int | str) -> tuple[object, ...]:
    """What tells two inputs apart, written down without any encoding."""
    return (
        (pixels.dtype, pixels.shape, pixels.tobytes()),
        weights,
        {(name, type(value), repr(value)) for name, value in options.items()},
        (type(version), version),
    )


@given(inputs, st.integers(0, 3), st.data())
def test_two_inputs_have_one_key_only_if_they_are_equal(first: Any, changed: int, data: st.DataObject) -> None:
    second = [*first]
    second[changed] = data.draw(parts[changed])
    assert (result_key(*first) == result_key(*second)) == (identity(*first) == identity(*second))


@given(inputs, st.randoms())
def test_the_order_of_options_and_of_memory_does_not_matter(given_: Any, random: Any) -> None:
    pixels, weights, options, version = given_
    shuffled = list(options.items())
    random.shuffle(shuffled)
    key = result_key(pixels, weights, options, version)
    assert key == result_key(pixels.copy(order="F"), weights, dict(shuffled), version)
    assert len(key) == 64


@given(arrays.filter(lambda pixels: pixels.size > 0), st.data())
def test_one_changed_bit_of_the_pixels_is_another_key(pixels: np.ndarray, data: st.DataObject) -> None:
    raw = bytearray(pixels.tobytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = np.frombuffer(bytes(raw), dtype=pixels.dtype).reshape(pixels.shape)
    assert result_key(changed, WEIGHTS, {}, 1) != result_key(pixels, WEIGHTS, {}, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": 1.0}),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": "1"}),
        ({"a": None}, {"a": "null"}),
        ({"a": None}, {}),
        ({"a": "b", "c": "d"}, {"a": 'b", "c": "d'}),
    ],
)
def test_values_that_look_alike_are_told_apart(one: Any, other: Any) -> None:
    pixels = np.zeros((2, 2), np.uint8)
    assert result_key(pixels, WEIGHTS, one, 1) != result_key(pixels, WEIGHTS, other, 1)


def test_bytes_of_the_header_cannot_pass_for_pixels() -> None:
    one = result_key(np.zeros(4, np.uint8), WEIGHTS, {}, 1)
    other = result_key(np.zeros((2, 2), np.uint8), WEIGHTS, {}, 1)
    third = result_key(np.zeros(2, np.uint16), WEIGHTS, {}, 1)
    assert len({one, other, third}) == 3


def test_the_key_is_the_hash_that_is_documented() -> None:
    pixels = np.array([[1, 2]], np.uint8)
    header = (
        b'{"dtype": "|u1", "options": {"temperature": 0.38}, "shape": [1, 2], "version": 1, "weights": "'
        + WEIGHTS.encode()
        + b'"}'
    )
    expected = hashlib.sha256(len(header).to_bytes(8, "little") + header + b"\1\2").hexdigest()
    assert result_key(pixels, WEIGHTS, {"temperature": 0.38}, 1) == expected


@pytest.mark.parametrize(
    ("pixels", "weights", "options", "words"),
    [
        ([[1]], WEIGHTS, {}, "pixels of list"),
        (np.array([None]), WEIGHTS, {}, "pixels of object"),
        (np.zeros(1), "abc", {}, "hash 'abc'"),
        (np.zeros(1), WEIGHTS, {"a": [1]}, r"option 'a' is \[1\]"),
        (np.zeros(1), WEIGHTS, {1: 1}, "option 1 is 1"),
        (np.zeros(1), WEIGHTS, {"a": np.float32(1)}, "option 'a' is"),
        (np.zeros(1), WEIGHTS, {"a": float("nan")}, "NaN or infinite"),
    ],
)
def test_what_has_no_key_is_named(pixels: Any, weights: str, options: Any, words: str) -> None:
    with pytest.raises(ColorlibError, match=words):
        result_key(pixels, weights, options, 1)
