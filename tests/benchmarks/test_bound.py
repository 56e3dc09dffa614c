"""What documents are bound to: counted and measured on the code as it is."""

import json

from benchmarks import networks, predictions


def test_the_weights_that_documents_are_bound_to_are_those_of_the_networks():
    assert json.loads(networks.PATH.read_text(encoding="utf-8")) == {"weights": networks.weights()}


def test_the_table_of_predictions_says_how_far_off_they_are():
    case = {"case": "net, training, fp32", "batch": 2, "side": 96, "predicted": 1_000_000, "allocator": 1_004_400}
    assert predictions.page({"cases": [case]}).splitlines()[2] == (
        "| net, training, fp32 | 2 × 96² | 1,000,000 | 1,004,400 | +0.44% |"
    )
