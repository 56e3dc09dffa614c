from colorlib import params
from colorlib.workloads import MODELS, config, memory
from footprint import inference_peak, training_peak


def test_each_model_trains_and_predicts_in_each_precision():
    made = memory()
    totals = {}
    for model in made.models:
        assert training_peak(made.training(model, 2, 32, "bf16", True, "cpu")).optimiser > 0
        for precision in made.precisions:
            totals[model, precision] = inference_peak(made.inference(model, 64, precision, "cpu"))
    assert totals["papernet", "fp32"].parameters > 4 * 32_235_385
    assert totals["papernet-fusion", "fp32"].parameters > 4 * 33_449_913
    assert totals["mobilelite", "fp32"].parameters < 40_000_000


def test_the_networks_have_the_papers_bins():
    assert set(MODELS) == set(memory().models)
    assert config("papernet-fusion") == {
        "name": "papernet", "fusion": True, "q": params.BINS.value, "head": "classification", "grid": "paper",
    }  # fmt: skip
