"""What the first call of each compiled operation costs: compiling once for a machine, then loading from the cache."""

import json
import os
import subprocess
import sys
import tempfile

PROGRAM = """
import json, time
import torch
from colorlib.ops.encoding import soft_encode
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab
from colorlib.ops.loss import rebalanced_cross_entropy

image = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
grid = Grid.paper()
lab = torch.zeros(1, 3, 64, 64)
logits = torch.zeros(1, 313, 64, 64).requires_grad_()
target = [None]
calls = {
    "rgb_to_lab": lambda: rgb_to_lab(image),
    "lab_to_rgb": lambda: lab_to_rgb(lab, as_uint8=True),
    "histogram": lambda: grid.histogram(lab[:, 1:]),
    "soft_encode": lambda: target.__setitem__(0, soft_encode(lab[:, 1:], grid)),
    "loss and gradient": lambda: rebalanced_cross_entropy(logits, target[0]).backward(),
}
seconds = {}
for name, call in calls.items():
    start = time.perf_counter()
    call()
    seconds[name] = time.perf_counter() - start
print(json.dumps(seconds))
"""


def notes() -> list[str]:
    """Measure in two fresh processes that share an empty cache; one line for each operation."""
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = (_seconds(folder) for _ in range(2))
    return [f"first call of {name}: {cold[name]:.2f} s compiling, {warm[name]:.2f} s from the cache" for name in cold]


def _seconds(cache: str) -> dict[str, float]:
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds
