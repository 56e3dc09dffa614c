import json
import time

import pytest
import torch

from benchmarks import __main__ as command
from benchmarks import first_call, ops
from benchmarks.harness import Limit, Mark, Row, interleaved, peak_extra_mebibytes
from benchmarks.report import document, page, write


def test_contenders_take_turns_and_the_median_counts():
    calls = []

    def fast() -> None:
        calls.append("fast")

    def slow() -> None:
        calls.append("slow")
        time.sleep(0.02)

    medians = interleaved({"slow": slow, "fast": fast}, rounds=3, turn=0.001)
    assert 20 <= medians["slow"] < 200
    assert medians["fast"] < 5
    assert [name for name, before in zip(calls, [None, *calls], strict=False) if name != before][-6:] == [
        "slow",
        "fast",
    ] * 3


def test_memory_that_is_touched_counts_and_memory_that_was_there_does_not():
    held = torch.ones(20 << 18)  # 20 MiB
    assert 28 <= peak_extra_mebibytes(lambda: torch.ones(32 << 18)) < 45
    assert peak_extra_mebibytes(lambda: held.sum()) < 8


def test_a_missed_mark_is_not_called_met():
    row = Row("op", {"ours": 2.0, "peer": 10.0}, [Mark("peer", 5), Mark("peer", 5.1)], {"error": "none"})
    assert [row.met(mark) for mark in row.marks] == [True, False]
    table = page(document("ops", [row], ["a note"]))
    assert "| op | 2.00 | peer | 10.0 | 5.0 | 5 | yes |" in table
    assert "| 5.1 | **no** |" in table
    assert "- op: error none" in table
    assert "- a note" in table


def test_a_limit_that_was_passed_is_not_called_met(tmp_path):
    limits = [Limit("error", value, 1e-3, "Lab units") for value in (1e-3, 2e-3, float("nan"))]
    assert [limit.met for limit in limits] == [True, False, False]
    row = Row("op", {"ours": 2.0, "peer": 10.0}, [Mark("peer", 5)], {}, [*limits[:2], Limit("share", 0.1, 0.5)])
    table = write("ops", [row], [], tmp_path).read_text(encoding="utf-8")
    assert "| op | share | 0.1 | 0.5 | yes |" in table
    assert "| op | error, Lab units | 0.001 | 0.001 | yes |" in table
    assert "| op | error, Lab units | 0.002 | 0.001 | **no** |" in table
    written = json.loads((tmp_path / "ops.json").read_text())["rows"][0]["limits"]
    assert [limit["met"] for limit in written] == [True, False, True]
    assert written[1]["value"] == 2e-3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the peers
def test_the_suite_runs_small_and_writes_what_it_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(first_call, "notes", lambda: ["first calls left out"])
    monkeypatch.setitem(command.SUITES, "ops", (ops.run, first_call.notes))
    threads = torch.get_num_threads()
    try:
        command.main(["ops", "--rounds", "1", "--shrink", "16", "--output", str(tmp_path)])
    finally:
        torch.set_num_threads(threads)
    document = json.loads((tmp_path / "ops.json").read_text())
    assert len(document["rows"]) == 6
    assert all(row["milliseconds"]["ours"] > 0 for row in document["rows"])
    limits = {limit["quantity"]: limit for row in document["rows"] for limit in row["limits"]}
    assert set(limits) == {"largest error", "peak extra memory beside dense targets"}
    assert limits["largest error"]["met"]
    assert document["machine"]["threads"] == "2"
    assert page(document) == (tmp_path / "ops.md").read_text()
    assert page(document) in capsys.readouterr().out


def test_first_calls_are_measured_in_fresh_processes():
    notes = first_call.notes()
    assert len(notes) == 5
    assert all("s compiling" in note for note in notes)


def test_the_loss_needs_no_dense_target():
    (limit,) = ops.loss_row(rounds=1, shrink=1).limits
    assert limit.unit == "%"
    assert limit.most == 60
    assert limit.met


@pytest.mark.parametrize("option", ["--rounds", "--shrink"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "1001"])
def test_numbers_that_make_no_sense_are_named(capsys, option, value):
    with pytest.raises(SystemExit) as stopped:
        command.main(["ops", option, value])
    assert stopped.value.code == 2
    assert f"{option}: got '{value}', expected a whole number from 1 to" in capsys.readouterr().err
