"""A foreign implementation with its adapter, and what one can do wrong in it."""

import torch
from torch import nn

from footprint import pretended


class Adapter:
    """A small network; `flaw` names what is wrong with its loop."""

    models = ("small", "large")
    precisions = ("fp32", "bf16")
    crop, small, multiple = 64, 48, 16

    def __init__(self, flaw=""):
        self.flaw = flaw

    def training(self, model, batch, side, precision, checkpointing, device):  # noqa: ARG002
        def prepare():
            network = build(model).to(device)
            optimiser = torch.optim.Adam(network.parameters())
            x, kept = torch.rand(batch, 3, side, side, device=device), {"loss": 0.0, "mean": 0.0, "validation": []}

            def step():
                if self.flaw == "raises":
                    raise KeyError("no such layer")
                if self.flaw == "differs" and not pretended(x):
                    kept["ballast"] = torch.zeros(10_000_000)
                with autocast(precision):
                    y = network(x).float()
                loss = y.square().mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                kept["loss"] = kept["loss"] + (loss if self.flaw == "retained loss" else loss.detach())
                kept["mean"] = 0.9 * kept["mean"] + 0.1 * (y if self.flaw == "missing detach" else y.detach()).mean()
                with torch.set_grad_enabled(self.flaw == "validation with gradients"):
                    kept["validation"] = [*kept["validation"], network(x).mean()][-100:]
                if self.flaw != "validation with gradients":
                    kept["validation"] = [float(value) for value in kept["validation"]]

            return network, step

        return prepare

    def inference(self, model, side, precision, device):
        def prepare():
            network = build(model).to(device).eval()
            x = torch.rand(1, 3, side, side, device=device)

            def step():
                with torch.set_grad_enabled(self.flaw == "missing no_grad"), autocast(precision):
                    return network(x)

            return network, step

        return prepare


def build(model):
    width = {"small": 32, "large": 64}[model]
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.Tanh(), nn.Conv2d(width, 4, 3, padding=1))


def autocast(precision):
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")


def honest():
    return Adapter()


def leaking():
    return Adapter("retained loss")
