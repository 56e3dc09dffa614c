import json
from io import StringIO

from rich.console import Console

from audit.memory import render, table
from audit.memory.subject import chosen, read
from footprint import inference_peak, training_peak
from tests.audit.memory.foreign import Adapter

BUDGET, CONSTANT = 40_000_000, 8_000_000


def made(device="cuda"):
    subject = chosen(read("a:b", Adapter()), ("small",))
    told = []
    return subject, table.predict(subject, device, BUDGET, CONSTANT, told.append), told


def test_the_largest_fits_and_the_next_does_not():
    subject, result, told = made()
    assert told == ["small, fp32", "small, bf16"]
    assert [(line.model, line.precision, line.checkpointing) for line in result.training] == [
        ("small", "fp32", False), ("small", "bf16", False),
    ]  # fmt: skip
    line = result.training[0]
    assert line.largest > 0

    def peak(batch):
        return training_peak(subject.training("small", batch, 64, "fp32", False, "cpu"), device="cuda").total

    assert dict(line.peaks)[8] == peak(8)
    assert peak(line.largest) <= BUDGET - CONSTANT < peak(line.largest + 1)
    tile = result.inference[0]

    def predicted(side):
        return inference_peak(subject.inference("small", side, "fp32", "cpu"), device="cuda").total

    assert tile.largest % 16 == 0
    assert predicted(tile.largest) <= BUDGET - CONSTANT < predicted(tile.largest + 16)
    assert tile.checkpointing is None


def test_recomputation_is_shown_in_the_precision_that_saves_most():
    subject = read("a:b", Adapter())
    assert table.recomputations(subject, "bf16") == (False,)
    adapter = Adapter()
    adapter.checkpointing = True
    subject = read("a:b", adapter)
    assert (table.recomputations(subject, "fp32"), table.recomputations(subject, "bf16")) == ((False,), (False, True))


def test_the_table_can_be_read_by_people_and_by_programs():
    _, result, _ = made("cpu")
    console = Console(width=140, record=True, file=StringIO())
    console.print(render.terminal(result))
    text = console.export_text()
    assert "Training on 64×64 crops, peak by batch" in text
    assert "largest side" in text
    assert "38.1 MiB less 7.63 MiB for the CUDA context and workspaces, an assumption until measured" in text
    document = json.loads(render.document(result))
    assert document["training"][0]["peaks"] == [list(pair) for pair in result.training[0].peaks]
    assert (document["budget"], document["constant"], document["device"]) == (BUDGET, CONSTANT, "cpu")


def test_what_does_not_fit_at_all_is_none():
    subject = chosen(read("a:b", Adapter()), ("small",))
    result = table.predict(subject, "cpu", 1000, 0, lambda _: None)
    assert {line.largest for line in (*result.training, *result.inference)} == {0}
    assert "less" not in render.wording(result)
