"""What holds for every test."""

import os

import hypothesis
import torch

# Small tensors gain nothing from a second thread, and two test runs on one machine would wait for each other's.
os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that tests start
torch.set_num_threads(1)

# A busy machine is slow, not wrong. Where CI is set, hypothesis brings its own, reproducible profile.
hypothesis.settings.register_profile("busy machine", deadline=None)
if not os.environ.get("CI"):
    hypothesis.settings.load_profile("busy machine")
