import csv
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from webdataset.tariterators import group_by_keys, tar_file_expander

from colorlib.data.batches import TrainingBatches
from colorlib.data.shard import ShardSettings, ShardTask, make_shard
from colorlib.data.shard_source import ShardSource, open_shards
from colorlib.data.shards import Totals, plan, write_shards
from colorlib.errors import ColorlibError
from colorlib.files import HOST, sha256_of, sha256_of_tree
from tests.allocating import peak

SMALL = ShardSettings(size=16, quality=90, per_shard=5)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """23 images in two folders: one is grey, one torn, one empty."""
    folder = tmp_path / "source"
    generator = np.random.default_rng(0)
    for index in range(23):
        path = folder / f"class{index % 2}" / f"{index:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (20 + index, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels.mean(2, keepdims=True).repeat(3, 2).astype(np.uint8) if index == 4 else pixels).save(
            path
        )
    whole = (folder / "class1/07.png").read_bytes()
    (folder / "class1/07.png").write_bytes(whole[: len(whole) // 2])
    (folder / "class0/10.png").write_bytes(b"")
    return folder


@pytest.fixture
def written(source: Path, tmp_path: Path) -> Path:
    write_shards(source, tmp_path / "out", SMALL)
    return tmp_path / "out"


def test_totals_damaged_and_grey_images_are_counted(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert write_shards(source, output, SMALL) == Totals(shards=5, images=21, grey=1, damaged=2)
    with (output / "damaged.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["class0/10.png", "class1/07.png"]
    assert rows[0]["reason"] == "class0/10.png is not an image that can be read (JPEG, PNG, TIFF, WebP, …)"
    assert open_shards(output, 16).grey.nonzero()[0].tolist() == [2]  # class0/04.png


def test_sums_are_what_sha256sum_reads(written: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=written, capture_output=True, text=True, check=True)
    assert done.stdout.count(": OK") == 5


def test_webdataset_reads_the_same_images(written: Path) -> None:
    samples = []
    for path in sorted(written.glob("*.tar")):
        with path.open("rb") as file:
            samples += list(group_by_keys(tar_file_expander([{"url": path.name, "stream": file}])))
    ours = open_shards(written, 16)
    assert len(samples) == len(ours) == 21
    assert [f"{int(key):09d}" for key in ours.keys] == [sample["__key__"] for sample in samples]
    assert json.loads(samples[2]["json"]) == {"file": "class0/04.png", "width": 16, "height": 16, "grey": True}
    for index, sample in enumerate(samples):
        pixels = np.asarray(Image.open(io.BytesIO(sample["jpg"])))
        assert min(pixels.shape[:2]) == 16
        top, left = ((side - 16) // 2 for side in pixels.shape[:2])
        assert np.array_equal(ours.read(index), pixels[top : top + 16, left : left + 16])


def test_originals_are_stored_byte_for_byte(source: Path, tmp_path: Path) -> None:
    write_shards(source, tmp_path / "out", ShardSettings(size=None, per_shard=100))
    with tarfile.open(tmp_path / "out/shard-000000.tar") as archive:
        stored = archive.extractfile("000000001.png")
        assert stored is not None
        assert stored.read() == (source / "class0/02.png").read_bytes()


def test_small_images_are_not_enlarged(source: Path) -> None:
    shard = make_shard(ShardTask(0, source, ("class0/00.png",), ShardSettings(size=64)))
    assert (shard.images[0].width, shard.images[0].height) == (24, 20)


def test_colours_survive_the_jpeg(tmp_path: Path) -> None:
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 0, 255)
    (tmp_path / "in").mkdir()
    Image.fromarray(stripes).save(tmp_path / "in" / "x.png")
    write_shards(tmp_path / "in", tmp_path / "out", ShardSettings(size=32))
    stored = open_shards(tmp_path / "out", 32).read(0).astype(int)
    assert np.abs(stored - stripes).mean() < 12  # colours at half the resolution would be off by about 100


def test_started_again_it_keeps_what_is_whole_and_the_bytes_are_the_same(written: Path, source: Path) -> None:
    before = sha256_of_tree(written)
    (written / "shard-000001.tar").write_bytes(b"torn")
    (written / "shard-000003.json").unlink()
    (written / "shard-000004.json").write_text("torn")
    (written / f".shard-000001.tar.{HOST}.{dead_process()}.partial").write_bytes(b"of a worker that was killed")
    (written / "shards.json").unlink()
    kept: list[bool] = []
    write_shards(source, written, SMALL, lambda shard: kept.append(shard.kept))
    assert kept == [True, False, True, False, False]
    assert sha256_of_tree(written) == before


def test_a_kill_in_mid_run_changes_no_byte(source: Path, written: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from colorlib.data.shards import write_shards; "
        "from colorlib.data.shard import ShardSettings; write_shards(Path(sys.argv[1]), Path(sys.argv[2]), "
        "ShardSettings(size=16, quality=90, per_shard=5), lambda shard: print(shard.number, flush=True))"
    )
    output = tmp_path / "killed"
    with subprocess.Popen([sys.executable, "-c", script, str(source), str(output)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"0\n"
        os.kill(process.pid, signal.SIGKILL)
    assert (output / "shard-000000.json").is_file()
    assert not (output / "shards.json").exists()
    kept: list[bool] = []
    write_shards(source, output, SMALL, lambda shard: kept.append(shard.kept))
    assert kept[0]
    assert sha256_of_tree(output) == sha256_of_tree(written)


def test_shards_of_a_source_that_shrank_go_away(source: Path, written: Path, tmp_path: Path) -> None:
    for path in source.glob("class1/*"):
        path.unlink()
    totals = write_shards(source, written, SMALL)
    write_shards(source, tmp_path / "afresh", SMALL)
    assert sha256_of_tree(written) == sha256_of_tree(tmp_path / "afresh")
    assert totals.shards == len(list(written.glob("*.tar"))) == len(list(written.glob("shard-*.json"))) == 3


def test_the_work_may_be_spread_in_any_way(source: Path, written: Path, tmp_path: Path) -> None:
    def backwards(function: Callable, tasks: object) -> list:  # type: ignore[type-arg]
        return [function(task) for task in list(tasks)[::-1]][::-1]  # type: ignore[call-overload]

    write_shards(source, tmp_path / "other", SMALL, mapping=backwards)
    assert sha256_of_tree(tmp_path / "other") == sha256_of_tree(written)


def test_memory_does_not_grow_with_the_number_of_images(source: Path, tmp_path: Path) -> None:
    def write(shards: int) -> None:
        files = ((("class0/00.png", "class1/07.png")[number % 2], "") for number in range(25 * shards))  # one is torn
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            write_shards(source, Path(folder) / "out", ShardSettings(size=8, per_shard=25), files=files)

    write(3)  # what is loaded once
    few = peak(lambda: write(3))  # shards of more than 20: Python keeps smaller tuples that are free
    many = peak(lambda: write(15))
    assert many < few + 80_000  # bytes; of 300 more images, a record that is held takes some 600


def test_a_plan_is_lazy(source: Path) -> None:
    tasks = plan(source, SMALL)
    assert next(tasks).files[0] == "class0/00.png"
    assert [len(task.files) for task in tasks] == [5, 5, 5, 3]


def test_wrong_folders_and_settings_are_refused(source: Path, written: Path, tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="holds shards of other settings"):
        write_shards(source, written, ShardSettings(size=17))
    with pytest.raises(ColorlibError, match="is not empty and holds no shards"):
        write_shards(source, source, SMALL)
    (tmp_path / "none").mkdir()
    with pytest.raises(ColorlibError, match="holds no image that can be read"):
        write_shards(tmp_path / "none", tmp_path / "nothing", SMALL)
    for settings in ({"size": 4}, {"quality": 0}, {"per_shard": 0}):
        with pytest.raises(ColorlibError, match="expected"):
            ShardSettings(**settings)


def test_a_file_name_that_is_no_text_is_listed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xff.png")).write_bytes(b"")
    Image.new("RGB", (16, 16), "red").save(tmp_path / "in" / "ok.png")
    assert write_shards(tmp_path / "in", tmp_path / "out", SMALL).damaged == 1
    assert "\\udcff.png" in (tmp_path / "out" / "damaged.csv").read_text()


def test_unfinished_and_damaged_shards_are_refused(written: Path) -> None:
    source = open_shards(written, 16)
    tar = written / "shard-000002.tar"
    blob = bytearray(tar.read_bytes())
    offset, length = source.places[int(source.starts[2])].tolist()
    blob[offset : offset + length] = b"\0" * length
    tar.write_bytes(blob)
    with pytest.raises(ColorlibError, match=r"shard-000002\.tar#\d{9} cannot be read .*sha256sum -c"):
        source.read(int(source.starts[2]))
    tar.write_bytes(blob[:-1])
    with pytest.raises(ColorlibError, match=r"shard-000002\.tar has \d+ bytes, its record says"):
        open_shards(written, 16)
    record = written / "shard-000000.json"
    record.write_text("{}")
    with pytest.raises(ColorlibError, match=r"shard-000000\.json is damaged"):
        open_shards(written, 16)
    (written / "shards.json").unlink()
    with pytest.raises(ColorlibError, match="holds no finished shards"):
        open_shards(written, 16)


@pytest.mark.parametrize("batch_size", [1, 4, 6, 40])
def test_an_epoch_sees_each_image_once(written: Path, batch_size: int) -> None:
    source = open_shards(written, 16)
    order = source.order(torch.Generator().manual_seed(3), batch_size)
    assert sorted(order.tolist()) == list(range(21))
    assert not torch.equal(order, source.order(torch.Generator().manual_seed(4), batch_size))
    of_one_shard = [index for index in order.tolist() if source.shard_of(index) == 0]
    assert of_one_shard != sorted(of_one_shard)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9).filter(any), st.integers(1, 12), st.integers(0, 99))
def test_every_batch_takes_the_next_images_of_all_lanes(lengths: list[int], batch_size: int, seed: int) -> None:
    found = _uneven(lengths).order(torch.Generator().manual_seed(seed), batch_size).tolist()
    generator = torch.Generator().manual_seed(seed)
    sequence: list[int] = []
    for shard in torch.randperm(len(lengths), generator=generator).tolist():
        first = sum(lengths[:shard])
        sequence += [first + place for place in torch.randperm(lengths[shard], generator=generator).tolist()]
    count = max(n for n in range(1, batch_size + 1) if batch_size % n == 0 and n <= len(lengths))
    lanes = [part.tolist() for part in torch.tensor_split(torch.tensor(sequence), count)]
    expected: list[int] = []
    while any(lanes):
        for lane in lanes:
            expected += lane[: batch_size // count]
            del lane[: batch_size // count]
    assert found == expected


def test_ranks_read_their_own_shards_of_any_length() -> None:
    source = _uneven([7, 5, 9, 4, 8, 6, 3, 6])
    ranks = [TrainingBatches(source, 8, 8, seed=1, rank=rank, world=2) for rank in range(2)]
    seen = [
        [
            source.keys.tolist().index(int(name.split("#")[1]))
            for batch in range(len(rank))
            for name in rank.files(0, batch)
        ]
        for rank in ranks
    ]
    assert sorted(seen[0] + seen[1]) == list(range(48))
    assert len(seen[0]) == len(seen[1])
    shards = [{source.shard_of(index) for index in indices} for indices in seen]
    assert len(shards[0] & shards[1]) <= 1
    assert len(ranks[0]) == len(ranks[1]) == 6


def test_training_from_shards_is_the_same_for_any_number_of_ranks(written: Path) -> None:
    source = open_shards(written, 16)
    whole = list(TrainingBatches(source, 4, 8, seed=2, workers=2).epoch(1))
    parts = zip(*(TrainingBatches(source, 4, 8, seed=2, rank=r, world=2).epoch(1) for r in range(2)), strict=True)
    for batch, shares in zip(whole, parts, strict=True):
        assert torch.equal(torch.cat(shares), batch)


def test_the_record_and_the_fingerprint_follow_the_bytes(written: Path) -> None:
    record = json.loads((written / "shard-000000.json").read_text())
    assert record["sha256"] == sha256_of(written / "shard-000000.tar")
    assert open_shards(written, 16).fingerprint != open_shards(written, 8).fingerprint


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def _uneven(lengths: list[int]) -> ShardSource:
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    count = int(starts[-1])
    places = np.zeros((count, 2), np.int64)
    return ShardSource(Path(), 8, starts, places, np.arange(count), np.zeros(count, np.bool_), "")
