"""The figures of docs/scale.md: every stage is measured, and what is made of the measurements adds up."""

import time
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.scale import Cost


def test_every_stage_costs_something(tmp_path: Path) -> None:
    costs = {cost.stage: cost for cost in scale.measure(tmp_path, 4)}
    assert len(costs) == 6
    assert all(cost.seconds > 0 and cost.read > 0 for cost in costs.values())
    assert costs["prepare"].written == costs["statistics"].read == 3 * 256 * 256
    assert len(list((tmp_path / "out-1").iterdir())) == 4
    assert costs["colorize, MobileLite"].written * 4 == sum(p.stat().st_size for p in (tmp_path / "out-1").iterdir())


def test_waiting_costs_nothing() -> None:
    assert scale.processor_seconds(lambda: time.sleep(0.2)) < 0.1
    began = time.process_time()

    def work() -> None:
        while time.process_time() < began + 0.1:
            pass

    assert scale.processor_seconds(work) == pytest.approx(0.1, abs=0.05)


def test_the_tables_multiply() -> None:
    *_, line = scale.table([Cost("seeing", 0.036, 1000.0, 2000.0)]).splitlines()
    assert line == "| seeing | 36.0 | 28 | 1 | 2 | 13.0 | 10,000.0 |"
    text = scale.training_table(reading=0.001)
    first = next(line for line in text.splitlines() if line.startswith("| A100, TF32 | 20%"))
    milliseconds, rate, cores, hours = (float(cell.replace(",", "")) for cell in first.split("|")[3:7])
    assert rate == pytest.approx(40 / milliseconds * 1e3, rel=0.01)
    assert cores == pytest.approx(rate * 0.001, abs=0.06)
    assert hours == pytest.approx(450_000 * milliseconds / 3.6e6, rel=0.01)
    # The convolutions by hand: 82 GFLOP at 256×256, as is known of the network, shrink with the area.
    assert milliseconds == pytest.approx(3 * 40 * 82e9 * (176 / 256) ** 2 / (0.2 * 156e12) * 1e3, rel=0.03)


def test_too_few_images_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        scale.main(["--images", "3"])
    assert "got 3 images, expected 4 or more" in capsys.readouterr().err
