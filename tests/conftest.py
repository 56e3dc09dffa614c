"""What holds for every test."""

import os

import torch

# Small tensors gain nothing from a second thread, and two test runs on one machine would wait for each other's.
os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that tests start
torch.set_num_threads(1)
