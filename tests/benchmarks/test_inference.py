import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import __main__ as command
from benchmarks import inference, large, released
from benchmarks.painter import painter
from benchmarks.photographs import squares, starter, write_large
from colorlib.inference import Colorizer
from colorlib.models import MobileLite, PaperNet, save_pretrained


@pytest.fixture(autouse=True)
def one_thread() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def lite() -> MobileLite:
    return painter(MobileLite, squares(4, 64))


def test_the_released_pipeline_paints_the_same_picture_as_ours_in_fp32(lite: MobileLite) -> None:
    picture = squares(1, 64)[0]
    rgb = released.colorize(lite, picture, side=64)
    assert (rgb.shape, rgb.dtype) == ((64, 64, 3), np.uint8)
    difference = inference.mean_difference(
        Colorizer(lite, 64), lambda picture: released.colorize(lite, picture, side=64), [picture]
    )
    grey = inference.mean_difference(
        Colorizer(lite, 64), lambda picture: picture.convert("L").convert("RGB"), [picture]
    )
    assert 0 < difference < grey / 2  # its colours lie 1.5 pixels beside ours


def test_a_painter_paints_in_colour_and_does_so_again(lite: MobileLite) -> None:
    pictures = squares(4, 64)
    assert inference.mean_chroma(Colorizer(lite, 64), pictures) > 5
    again = painter(MobileLite, squares(4, 64))
    assert all(torch.equal(a, b) for a, b in zip(lite.state_dict().values(), again.state_dict().values(), strict=True))


def test_a_large_photograph_is_as_large_as_asked_for_and_has_detail(tmp_path: Path) -> None:
    write_large(tmp_path / "large.jpg", (320, 200))
    with Image.open(tmp_path / "large.jpg") as image:
        assert image.size == (320, 200)
        lightness = np.asarray(image.convert("L"), dtype=float)
    assert lightness.std() > 30


def test_starter_photographs_are_spread_over_the_folder() -> None:
    assert len(starter()) == 200
    assert len(starter(3)) == 3
    assert starter(3)[0] == starter()[0]
    assert starter(3)[-1] > starter()[100]


def test_operations_are_counted_as_the_layers_say(lite: MobileLite) -> None:
    assert inference.flops(lite, 64, 64) == 4 * inference.flops(lite, 32, 32)
    paper = inference.flops(PaperNet(grid="paper"), 256, 256)
    assert 80e9 < paper < 84e9


def test_batches_hold_every_photograph_once(lite: MobileLite) -> None:
    photos = starter(20)
    batches = inference.in_batches(Colorizer(lite, 64), photos)
    assert sum(len(batch) for batch in batches) == 20
    assert len({tuple(batch.shape[2:]) for batch in batches}) > 1


def test_a_child_measures_one_photograph_and_so_does_this_process(
    tmp_path: Path, lite: MobileLite, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, source = tmp_path / "weights", tmp_path / "large.jpg"
    save_pretrained(lite, weights, size=64)
    write_large(source, (640, 400))
    ours = large.in_child("ours", weights, source, tmp_path / "ours.jpg")
    large.main(["released", str(weights), str(source), str(tmp_path / "released.jpg")])
    theirs = large.Outcome(**json.loads(capsys.readouterr().out))
    for outcome, name in ((ours, "ours.jpg"), (theirs, "released.jpg")):
        assert 0 < outcome.seconds < 60
        assert 0 < outcome.extra < outcome.total
        with Image.open(tmp_path / name) as image:
            assert image.size == (640, 400)
            assert inference.lab_of(image)[:, 1:].norm(dim=1).mean() > 3


def test_the_folder_is_promised_beside_the_loop_and_the_network() -> None:
    row = inference.folder_row(rounds=1, shrink=64)
    assert [mark.peer for mark in row.marks] == [inference.LOOP]
    (limit,) = row.limits
    assert limit.most == 115
    alone = min(row.milliseconds[way] for way in (inference.SHARED, inference.APART))
    assert limit.value == pytest.approx(100 * row.milliseconds["ours"] / alone)


def test_the_suite_is_known_and_written_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["small_row", "large_row", "vast_row", "tiles_row", "folder_row", "cache_row"]
    for name in names:
        row = inference.Row(name, {"ours": 1.0, "peer": 2.0}, [inference.Mark("peer", 1)])
        monkeypatch.setattr(inference, name, lambda *_, row=row: row)
    command.main(["inference", "--output", str(tmp_path)])
    document = json.loads((tmp_path / "inference.json").read_text())
    assert [row["operation"] for row in document["rows"]] == names
    assert document["notes"] == inference.notes()
    assert "# Benchmark: inference" in capsys.readouterr().out
