"""The figures of docs/scale.md: every stage is measured, and what is made of the measurements adds up."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import growth, projection, scale, scaling
from benchmarks.projection import Cost
from colorlib.data.shard import ShardSettings, ShardTask, make_shard
from colorlib.pipeline.workers import Workers


def test_every_stage_costs_something(tmp_path: Path) -> None:
    costs = {cost.stage: cost for cost in scale.measure(tmp_path, 4)}
    assert len(costs) == 6
    assert all(cost.seconds > 0 and cost.read > 0 for cost in costs.values())
    assert costs["prepare, arrays"].written == 3 * 256 * 256
    assert costs["statistics"].read == costs["prepare, shards"].written
    assert costs["prepare, shards"].read == pytest.approx(147.9e9 / 1_281_167, rel=0.25)  # as large as ImageNet's
    assert len(list((tmp_path / "out-1").iterdir())) == 4
    assert costs["colorize, MobileLite"].written * 4 == sum(p.stat().st_size for p in (tmp_path / "out-1").iterdir())


def test_waiting_costs_nothing() -> None:
    assert scale.processor_seconds(lambda: time.sleep(0.2)) < 0.1
    began = time.process_time()

    def work() -> None:
        while time.process_time() < began + 0.1:
            pass

    assert scale.processor_seconds(work) == pytest.approx(0.1, abs=0.05)


def last(text: str) -> list[float]:
    """The numbers of a table's last line."""
    return [float(cell.replace(",", "")) for cell in text.splitlines()[-1].split("|")[2:-1]]


def test_the_tables_multiply() -> None:
    costs = [Cost("seeing", 0.036, 1000.0, 2000.0, 16)]
    assert last(projection.per_image(costs)) == [36, 28, 1, 2]
    hours, dollars, billion, thousands = last(projection.work(costs))
    assert (hours, billion) == (13, 10_000)
    assert (dollars, thousands) == pytest.approx((13 * 0.2016 / 4, 10_000 * 0.2016 / 4), abs=0.006)
    busier, cores, fed, time = last(projection.saturation(costs))
    assert busier == pytest.approx(0.1)  # 2000 bytes in 36 ms
    assert cores == pytest.approx(1.25e9 / (2000 / 0.036), abs=0.5)
    assert fed == 16 * 36  # one piece a millisecond
    assert time == pytest.approx(10_000 / fed, abs=0.5)  # the scheduler is the first that is at its end
    *_, time = last(projection.saturation([Cost("seeing", 0.036, 1e6, 2e6, 1000)]).replace("seeing", "0"))
    assert time == pytest.approx(1e9 * 2e6 / 1.25e9 / 3600, abs=0.5)  # here it is the link


def test_much_storage_costs_less_a_byte() -> None:
    def monthly(size: float) -> float:
        return projection.priced(size, projection.STORAGE)

    assert monthly(1e9) == pytest.approx(0.023)
    assert monthly(50e12) == pytest.approx(50_000 * 0.023)
    assert monthly(600e12) == pytest.approx(50_000 * 0.023 + 450_000 * 0.022 + 100_000 * 0.021)
    kilobytes, _, _, space, month = last(projection.storage({"files": 100_000.0}))
    assert (kilobytes, space, month) == (100, 100, pytest.approx(monthly(1e14)))


def test_the_bill_adds_up() -> None:
    costs = [Cost("one", 0.036, 0.0, 0.0), Cost("two", 0.072, 0.0, 0.0)]
    files = {"originals": 100_000.0, "shards": 50_000.0, "pictures": 10_000.0}
    lines = projection.together(costs, files).splitlines()[2:]
    bill = {line.split("|")[1].strip(): last(line)[1] for line in lines}
    assert bill["processor time of all stages"] == pytest.approx(30_000 * 0.2016 / 4)
    assert bill["requests: each original read once"] == 400
    assert bill["requests: shards written"] == 10
    assert bill["requests: pictures written"] == 5000
    assert bill["pictures out of the cloud"] == 10_000 * 0.09  # 10 TB: the first tier
    assert bill["originals, shards and pictures, a month"] == 50_000 * 0.023 + 110_000 * 0.022


def test_the_training_follows_from_the_operations_of_a_step() -> None:
    text = projection.training(reading=0.001, stored=50_000.0)
    assert "Shards over 1 Gbit/s: 2,500 images/s." in text
    assert "Gradients: 129 MB a step; summed over 10 Gbit/s in 0.21 s." in text
    first = next(line for line in text.splitlines() if line.startswith("| A100, TF32 | 20%"))
    milliseconds, rate, cores, hours = (float(cell.replace(",", "")) for cell in first.split("|")[3:7])
    assert rate == pytest.approx(40 / milliseconds * 1e3, rel=0.01)
    assert cores == pytest.approx(rate * 0.001, abs=0.06)
    assert hours == pytest.approx(450_000 * milliseconds / 3.6e6, rel=0.01)
    assert first.endswith(f"| {hours * 1.49:.0f} to {hours * 2.49:.0f} |")
    # The convolutions by hand: 82 GFLOP at 256×256, as is known of the network, shrink with the area.
    assert milliseconds == pytest.approx(3 * 40 * 82e9 * (176 / 256) ** 2 / (0.2 * 156e12) * 1e3, rel=0.03)


def test_the_teams_take_turns_and_the_first_call_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent: list[tuple[int, int]] = []

    def call(workers: Workers, images: int) -> int:
        spent.append((workers.count, images))
        return images // 2

    seconds = {1: 0.01, 2: 0.005, 3: 0.0025}  # an image
    monkeypatch.setattr(scaling, "stages", lambda *_: (scaling.Stage("seeing", call),))
    monkeypatch.setattr(scaling, "photographs", lambda *_: ())

    class Fake(scaling.Team):
        def timed(self, call: Callable[[Workers], object]) -> scaling.Time:
            call(self.workers)
            count, images = spent[-1]
            return scaling.Time(seconds[count] * images / 2, images / 2)

    who = {name: Fake(Workers(count), lambda: 0.0) for name, count in zip(scaling.TEAMS, seconds, strict=True)}
    found = scaling.measure(tmp_path, 200, 2, dict(who))
    assert spent == [(1, 64), (2, 64), (3, 64), *[(1, 200), (2, 200), (3, 200)] * 2]
    assert last(scaling.table(found)) == [100, 200, 400, 2, 1000, 1000, 1000]


def test_the_growing_tree_is_made_of_photographs_of_which_some_are_torn_or_grey(tmp_path: Path) -> None:
    for size in growth.grow(tmp_path, [3, 1000]):
        assert sum(1 for _ in tmp_path.rglob("*.jpg")) == size
    shard = make_shard(ShardTask(0, tmp_path, ("000000/000000001.jpg", "000000/000000064.jpg"), ShardSettings()))
    assert [image.grey for image in shard.images] == [False, True]
    torn = make_shard(ShardTask(0, tmp_path, ("000000/000000997.jpg",), ShardSettings()))
    assert [file for file, _ in torn.damaged] == ["000000/000000997.jpg"]


def test_too_few_images_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        scale.main(["--images", "3"])
    assert "got 3 images, expected 4 or more" in capsys.readouterr().err
