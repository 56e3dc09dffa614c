from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import tiling
from colorlib.inference import Photograph
from colorlib.inference.tiles import plan_axis
from colorlib.models import MobileLite


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that paints takes seconds to make; here it need not."""
    monkeypatch.setattr(tiling, "painter", lambda *_: MobileLite(q=313, grid="paper").eval())


def test_a_border_lies_where_the_next_tile_begins_to_count_most() -> None:
    assert tiling.borders(plan_axis(1024, 256, 0, 0, 32, 4), 4) == [64, 128, 192]
    halves = tiling.borders(plan_axis(1024, 256, 128, 48, 32, 4), 4)
    assert halves == pytest.approx([48, 80, 112, 144, 176, 208], abs=1)  # in the middle of what neighbours share


def test_a_step_at_the_borders_is_told_from_steps_elsewhere() -> None:
    ab = np.random.default_rng(0).normal(size=(2, 60, 256)).cumsum(axis=2).astype(np.float32)
    places = [64, 128, 192]
    even = tiling.seam(ab, places)
    assert even.ratio == pytest.approx(1, abs=0.1)
    assert abs(even.deviations) < 3
    for place in places:
        ab[:, :, place:] += 4
    cut = tiling.seam(ab, places)
    assert cut.ratio > 1.3
    assert cut.deviations > 5


@pytest.mark.usefixtures("untrained")
def test_the_tiles_row_promises_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "PIPELINE", Path("none"))
    (photograph,) = tiling.enlarged(1, 1)
    small = Photograph(photograph.pixels.crop((0, 0, 256, 192)))
    monkeypatch.setattr(tiling, "enlarged", lambda *_: [small])
    row = tiling.tiles_row(rounds=1, shrink=4)
    assert [limit.most for limit in row.limits] == [0.5, 0.05, 2, 2]
    assert row.operation == "tiles of 128 beside the whole picture, trained networks"
    assert row.limits[0].value > row.limits[1].value > 0  # this network sees farther than such tiles reach


@pytest.mark.usefixtures("untrained")
def test_a_large_photograph_is_measured_whole_and_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    ways: list[str] = []

    def child(way: str, weights: Path, source: Path, target: Path) -> tiling.large.Outcome:
        assert weights.is_dir()
        with Image.open(source) as image:
            assert image.size == (161, 161)
        ways.append(way)
        if way == "tiled":
            tiling.large.main([way, str(weights), str(source), str(target)])
            with Image.open(target) as picture:
                assert picture.size == (161, 161)
        return tiling.large.Outcome(2.0, 300.0 if way == "ours" else 3000.0, 900.0)

    monkeypatch.setattr(tiling.large, "in_child", child)
    row = tiling.vast_row(1, shrink=62)
    assert ways == ["ours", "tiled"]
    assert [limit.met for limit in row.limits] == [True, False]
