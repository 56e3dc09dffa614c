"""Large sources: shards for each split, with or without a manifest."""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib.data.manifest import SPLITS, Photo
from colorlib.data.photos import decode, resize_to_square
from colorlib.data.prepared import load_prepared, prepare, prepared_sha256
from colorlib.data.prepared_shards import MARK, of_folder, of_manifest, prepare_shards, split_of
from colorlib.data.shard import ShardSettings
from colorlib.data.shard_source import ShardSource
from colorlib.data.shards import Totals, Written
from colorlib.errors import ColorlibError
from colorlib.files import sha256_of, sha256_of_tree

SIZE = 16
STORED = ShardSettings(size=SIZE, per_shard=3)


@pytest.fixture
def photos(make_photo: Callable[..., Photo], tmp_path: Path) -> list[Photo]:
    """Eleven rows of a manifest, the last of a grey image."""
    made = [make_photo(f"{number}.png", SPLITS[max(0, number - 7)], seed=number) for number in range(10)]
    path = tmp_path / "source/grey.png"
    Image.new("RGB", (20, 20), "grey").save(path)
    return [*made, replace(made[0], file=path.name, sha256=sha256_of(path))]


def write(photos: list[Photo], folder: Path, settings: ShardSettings = STORED) -> tuple[dict[str, Totals], list[bool]]:
    kept: list[bool] = []
    totals = prepare_shards(
        of_manifest(photos), folder / "source", folder / "out", SIZE, settings, lambda done: kept.append(done.kept)
    )
    return dict(totals), kept


def test_each_split_is_read_back_from_its_shards(photos: list[Photo], tmp_path: Path) -> None:
    totals, _ = write(photos, tmp_path)
    assert {split: found.images for split, found in totals.items()} == {"train": 9, "val": 1, "test": 1}
    train = load_prepared(tmp_path / "out", "train")
    assert isinstance(train, ShardSource)
    assert (len(train), train.size, train.shards) == (9, SIZE, 3)
    exact = resize_to_square(decode(tmp_path / "source/0.png"), SIZE)
    assert np.abs(train.read(0).astype(int) - exact.astype(int)).mean() < 12  # noise, through JPEG


def test_what_is_grey_is_marked_and_what_is_damaged_listed_with_the_reason(photos: list[Photo], tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "source/1.png")  # not what the manifest says
    (tmp_path / "source/2.png").unlink()
    totals, _ = write(photos, tmp_path)
    assert totals["train"] == Totals(shards=3, images=7, grey=1, damaged=2)
    with (tmp_path / "out/train/damaged.csv").open(newline="") as file:
        reasons = {row["file"]: row["reason"] for row in csv.DictReader(file)}
    assert list(reasons) == ["1.png", "2.png"]
    assert "1.png is damaged or was changed" in reasons["1.png"]
    assert "2.png is missing, though the manifest lists it" in reasons["2.png"]
    train = load_prepared(tmp_path / "out", "train")
    assert isinstance(train, ShardSource)
    assert train.grey.tolist() == [False] * 6 + [True]


def test_started_again_it_keeps_what_is_finished_and_other_settings_begin_anew(
    photos: list[Photo], tmp_path: Path
) -> None:
    _, kept = write(photos, tmp_path)
    assert kept == [False] * 5
    before, checksum = sha256_of_tree(tmp_path / "out"), prepared_sha256(tmp_path / "out")
    (tmp_path / "out/train/shard-000001.tar").unlink()
    (tmp_path / "out" / MARK).unlink()
    with pytest.raises(ColorlibError, match="run the prepare stage first"):
        load_prepared(tmp_path / "out", "train")  # unfinished
    _, kept = write(photos, tmp_path)
    assert kept == [True, False, True, True, True]
    assert sha256_of_tree(tmp_path / "out") == before
    _, kept = write(photos, tmp_path, ShardSettings(size=SIZE, quality=50, per_shard=3))
    assert kept == [False] * 5
    assert prepared_sha256(tmp_path / "out") != checksum


def test_shards_take_the_place_of_arrays_and_arrays_of_shards(photos: list[Photo], tmp_path: Path) -> None:
    whole = [photo for photo in photos if photo.file != "grey.png"]
    prepare(whole, tmp_path / "source", tmp_path / "out", SIZE)
    arrays = prepared_sha256(tmp_path / "out")
    write(whole, tmp_path)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*SPLITS, MARK}
    prepare(whole, tmp_path / "source", tmp_path / "out", SIZE)
    assert prepared_sha256(tmp_path / "out") == arrays


def test_originals_are_read_at_the_size_that_was_asked_for(photos: list[Photo], tmp_path: Path) -> None:
    write(photos, tmp_path, ShardSettings(size=None, per_shard=3))
    assert np.array_equal(
        load_prepared(tmp_path / "out", "val").read(0), resize_to_square(decode(tmp_path / "source/8.png"), SIZE)
    )


def test_without_a_manifest_the_names_decide(tmp_path: Path) -> None:
    counts = Counter(split_of(f"n{number % 10}/{number}.jpg") for number in range(20_000))
    assert counts["val"] == pytest.approx(200, abs=60)
    assert counts["test"] == pytest.approx(200, abs=60)
    for number in range(300):
        (tmp_path / f"{number}.jpg").touch()
    listed = {split: [name for name, _ in of_folder(tmp_path)(split)] for split in SPLITS}
    assert sorted(name for names in listed.values() for name in names) == sorted(
        path.name for path in tmp_path.iterdir()
    )
    assert all(split_of(name) == split for split, names in listed.items() for name in names)


def test_what_cannot_be_is_one_sentence(photos: list[Photo], tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="has no image for test: every split needs"):
        write([photo for photo in photos if photo.split != "test"], tmp_path)
    assert not (tmp_path / "out").exists()
    write(photos, tmp_path)
    (tmp_path / "out" / MARK).write_text("{}")
    with pytest.raises(ColorlibError, match=r"prepared\.json is damaged \('size'\): run the prepare stage again"):
        load_prepared(tmp_path / "out", "train")


def test_an_interruption_leaves_nothing_that_looks_finished(photos: list[Photo], tmp_path: Path) -> None:
    write(photos, tmp_path)

    def interrupt(_: Written) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_shards(
            of_manifest(photos), tmp_path / "source", tmp_path / "out", SIZE, ShardSettings(per_shard=2), interrupt
        )
    with pytest.raises(ColorlibError, match="run the prepare stage first"):
        load_prepared(tmp_path / "out", "val")
