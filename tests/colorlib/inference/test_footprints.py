import pytest
import torch

from colorlib.inference.footprints import prediction
from footprint import inference_peak
from footprint.measure import cpu_peak

CONFIGS = {
    "papernet": {"name": "papernet", "q": 313, "head": "classification", "grid": "paper"},
    "fusion": {"name": "papernet", "q": 313, "head": "classification", "grid": "paper", "fusion": True},
    "mobilelite": {"name": "mobilelite", "q": 313, "head": "classification", "grid": None},
    "regression": {"name": "mobilelite", "q": 313, "head": "regression", "grid": None},
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", CONFIGS)
def test_a_prediction_takes_what_was_predicted(name, dtype):
    prepare = prediction(CONFIGS[name], 128, 96, dtype)
    assert cpu_peak(prepare, iterations=1) == pytest.approx(inference_peak(prepare).total, rel=0.02)


def test_the_closed_form_of_the_papers_network_agrees():
    side, weights = 512, 4 * 32_240_391  # with batch norm's statistics
    predicted = inference_peak(prediction(CONFIGS["papernet"], side, side), device="cuda")
    assert predicted.total == pytest.approx(weights + 328 * side**2, rel=0.10)
    twice = inference_peak(prediction(CONFIGS["papernet"], side, side, batch=2), device="cuda")
    assert twice.activations == pytest.approx(2 * predicted.activations, rel=0.01)
