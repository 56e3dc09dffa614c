import pytest

from footprint import FootprintError, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("6GiB", 6 * 2**30), ("800 MB", 800_000_000), (" 1.5gib ", 3 * 2**29), (".5KiB", 512), ("2TB", 2 * 10**12)],
)
def test_a_size_is_read_with_its_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "6", "GiB", "-6GiB", "6 GiBs", "0GiB", "0.1B", "6GiB 3MiB", "1e3MB", "nanGiB"])
def test_what_is_no_size_is_refused_with_an_example(text):
    with pytest.raises(FootprintError, match="such as 6GiB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (6 * 2**30, "6.00 GiB"), (int(12.34 * 2**20), "12.3 MiB"),
     (893 * 2**20, "893 MiB"), (5000 * 2**40, "5000 TiB")],
)  # fmt: skip
def test_a_size_is_written_with_three_digits(size, text):
    assert format_size(size) == text
