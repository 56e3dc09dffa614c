import torch

from colorlib.ops.grid import Grid
from colorlib.ops.rebalancing import class_weights, smooth_prior


def test_weights_average_to_one_under_the_prior():
    prior = smooth_prior(torch.arange(313), Grid.paper())
    assert abs(float((prior * class_weights(prior)).sum()) - 1) < 1e-12
