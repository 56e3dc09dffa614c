"""The generator at test time: whose statistics it normalises by, whether its dropout is on; its first weights."""

import copy
from typing import Any

import numpy as np

from audit.papers import torch_probe
from audit.papers.isola2017.subject import Subject
from audit.papers.probe import Array, Measured, part

SIDE = 256
CALL = f"generator(1×3×{SIDE}×{SIDE})"
CLOSE = 0.05  # of the spread of a layer's output


def image() -> Array:
    """One picture, 1×3×256×256 in −1..1."""
    return np.random.default_rng(43).uniform(-1.0, 1.0, (1, 3, SIDE, SIDE))


def seen(network: Any, layers: list[Any]) -> list[tuple[Any, Any, Any]]:
    """(layer, its input, its output) of each of the layers that ran, for one picture."""
    found: list[tuple[Any, Any, Any]] = []
    with torch_probe.watched(layers, lambda layer, given, made: found.append((layer, given.clone(), made.clone()))):
        torch_probe.run(network, image())
    return found


def statistics(subject: Subject) -> Measured:
    """Share of the normalisations that give the same for x and for 3x + 5: those that go by the picture itself."""
    import torch

    network = copy.deepcopy(part(subject, "generator")())  # asking may move running statistics
    own = []
    with torch.no_grad():
        for layer, given, _ in seen(network, torch_probe.norms(network)):
            plain = given / (float(given.std()) or 1.0)  # so large that no ε beside a variance counts
            before = layer(plain)
            spread = float(before.std()) or 1.0
            own.append(float((layer(3 * plain + 5) - before).abs().max()) <= CLOSE * spread)
    if not own:
        return Measured(np.nan, 0.0, CALL, "there is no normalisation")
    return Measured(sum(own) / len(own), 0.0, f"{CALL}: each of {len(own)} normalisations with x and 3x + 5")


def noise(subject: Subject) -> Measured:
    """Whether the same picture gives another one when asked again."""
    network = part(subject, "generator")()
    differs = bool((torch_probe.run(network, image()) != torch_probe.run(network, image())).any())
    return Measured("on" if differs else "off", call=f"{CALL}, twice")


def dropped(subject: Subject) -> Measured:
    """Share of values that dropout sets to zero."""
    from torch.nn.modules.dropout import _DropoutNd

    network = part(subject, "generator")()
    layers = [layer for layer in torch_probe.leaves(network) if isinstance(layer, _DropoutNd)]
    pairs = [(given != 0, made != 0) for _, given, made in seen(network, layers)]
    before = sum(int(given.sum()) for given, _ in pairs)
    after = sum(int((given & made).sum()) for given, made in pairs)
    call = f"{CALL}: values before and after dropout"
    if not before:
        return Measured(0.0, 0.0, call, "there is no dropout")
    share = 1 - after / before
    return Measured(share, 2 * float(np.sqrt(share * (1 - share) / before)), call)


def initial_spread(subject: Subject) -> Measured:
    """Standard deviation of the weights of all convolutions of both networks."""
    networks = [part(subject, name)() for name in ("generator", "discriminator")]
    layers = [layer for network in networks for layer in torch_probe.convolutions(network)]
    values = np.concatenate([layer.weight.detach().double().cpu().numpy().ravel() for layer in layers])
    value = float(values.std())
    return Measured(value, 2 * value / float(np.sqrt(2 * len(values))), f"weights of {len(layers)} convolutions")
