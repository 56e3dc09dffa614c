import os
import subprocess
import sys
from itertools import product

import pytest
import torch

from colorlib.models import MobileLite
from colorlib.ops.grid import Grid
from colorlib.training.footprints import predicted_peak, training_step
from colorlib.training.objective import Classification, Regression
from colorlib.training.settings import TrainingSettings
from footprint import live_peak, training_peak
from footprint.measure import cpu_peak

PAPERNET = {"name": "papernet", "q": 313, "grid": "paper"}
MOBILELITE = {"name": "mobilelite", "q": 313, "grid": "paper"}


def step(config, head, dtype, checkpointing=False, batch=2, crop=48, **settings):
    objective = Regression() if head == "regression" else Classification(Grid.paper(), torch.ones(313))
    training = TrainingSettings(batch_size=batch, crop=crop, checkpointing=checkpointing, **settings)
    return training_step({**config, "head": head}, objective, training, dtype)


FUSED = step({**PAPERNET, "fusion": True}, "classification", torch.bfloat16, checkpointing=True, crop=96)


@pytest.mark.parametrize(
    ("config", "head", "dtype", "checkpointing"),
    [
        (PAPERNET, "classification", torch.float32, False),
        (PAPERNET, "regression", torch.bfloat16, True),
        ({**PAPERNET, "fusion": True}, "classification", torch.bfloat16, True),
        *(
            (MOBILELITE, *case)
            for case in product(("classification", "regression"), (torch.float32, torch.bfloat16), (False, True))
        ),
    ],
)
def test_the_prediction_of_the_trainers_step_is_what_it_really_takes(config, head, dtype, checkpointing):
    batch = 5 if config is MOBILELITE else 2  # a gradient of logits that NumPy has no part in
    # On smaller crops the scratch space of oneDNN's kernels, another one from run to run, is more than a hundredth.
    prepare = step(config, head, dtype, checkpointing, batch, crop=96)
    assert cpu_peak(prepare) == pytest.approx(training_peak(prepare).total, rel=0.02)


def test_a_first_step_that_has_to_compile_takes_no_more(tmp_path):
    """Compiling left frames behind that held 14 MB of this step, on each machine's first run."""
    empty = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, __file__], env=empty, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert any(tmp_path.rglob("*.nbi")), "nothing was compiled"
    assert int(done.stdout) == pytest.approx(training_peak(FUSED).total, rel=0.02)


def test_large_gradients_live_in_memory_that_only_the_tracker_sees():
    prepare = step(MOBILELITE, "classification", torch.float32, batch=8, crop=96)  # 5.5 MiB from NumPy
    predicted = training_peak(prepare)
    assert live_peak(prepare).total == pytest.approx(predicted.total, rel=0.001)
    assert cpu_peak(prepare) < predicted.total


def test_smaller_pieces_and_recomputation_take_less():
    config = {"batch": 16, "crop": 128}
    plain = training_peak(step(MOBILELITE, "classification", torch.float32, **config)).total
    pieces = training_peak(step(MOBILELITE, "classification", torch.float32, micro_batch=4, **config)).total
    recomputed = training_peak(step(MOBILELITE, "classification", torch.float32, True, **config)).total
    assert pieces < 0.7 * plain
    assert recomputed < 0.8 * plain


def test_the_closed_form_of_the_papers_network_agrees():
    batch, crop, weights = 32, 128, 4 * 32_235_385
    predicted = training_peak(step(PAPERNET, "classification", torch.float32, batch=batch, crop=crop))
    logits = 4 * 313 * batch * (crop // 4) ** 2
    # 12 bytes a weight (with Adam's moments), 1518 a pixel, and the logits' gradient.
    assert predicted.total == pytest.approx(3 * weights + 1518 * batch * crop**2 + logits, rel=0.02)
    small = training_peak(step(PAPERNET, "classification", torch.float32, batch=1, crop=32), device="cuda")
    assert small.total == pytest.approx(4 * weights, rel=0.02)  # and gradients; fused Adam needs nothing else


def test_a_run_is_told_beforehand_and_draws_the_same_numbers():
    model = MobileLite()
    settings = TrainingSettings(batch_size=8, crop=64, precision="fp32", checkpointing=True)
    objective = Classification(Grid.paper(), torch.ones(313))
    before = torch.get_rng_state()
    whole, half = (predicted_peak(model, objective, settings, processes).total for processes in (1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    prepare = step(MOBILELITE, "classification", torch.float32, True, batch=8, crop=64)
    assert whole == training_peak(prepare).total
    assert half < whole
    assert type(next(model.parameters()).data) is torch.Tensor


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(cpu_peak(FUSED))
