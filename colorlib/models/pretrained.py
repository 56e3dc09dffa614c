"""Saved networks: a folder of `model.safetensors`, `config.json` and a model card. Nothing is unpickled."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.files import atomic_path
from colorlib.models.base import MINIMUM_SIDE, ColorNet
from colorlib.models.card import ModelCard, render
from colorlib.models.registry import build

FORMAT = "colorlib-model"
VERSION = 1
WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
REMEDY = "copy the whole folder again from where it was made, or train it again"

__all__ = ["ModelCard", "Pretrained", "from_pretrained", "save_pretrained"]


class Pretrained(NamedTuple):
    """A loaded network, in evaluation mode, and how its output is decoded.

    Attributes:
        model: the network on the CPU.
        decoding: {"temperature": T} for a classification head, empty for regression.
        size: short side in pixels of the images it was trained on, which it should be shown.
    """

    model: ColorNet
    decoding: dict[str, Any]
    size: int


def save_pretrained(
    model: ColorNet,
    directory: str | Path,
    card: ModelCard | None = None,
    temperature: float = params.TEMPERATURE.value,
    size: int = params.IMAGE_SIZE.value,
) -> None:
    """Write the network as a folder; the same weights and card give the same bytes.

    The folder appears whole or not at all, and replaces an older one that was written by this function.

    Args:
        model: any network of `colorlib.models`, with float32 weights on any device.
        directory: the folder to make.
        card: what is said about the weights; without one the card says that nothing was recorded.
        temperature: of the annealed mean (eq. 5), in (0, 1]; not kept for a regression head.
        size: short side in pixels of the images that the network was trained on.

    Raises:
        ColorlibError: the path is a file or a folder that something else wrote, a weight is not float32 or not
            finite, or the temperature or the size is out of range.
    """
    directory = Path(directory)
    _refuse_foreign(directory)
    if not 0 < temperature <= 1:
        raise ColorlibError(f"Got temperature {temperature}, expected a number in (0, 1]; the paper's is 0.38.")
    if size < MINIMUM_SIDE:
        raise ColorlibError(f"Got size {size}, expected at least {MINIMUM_SIDE} pixels.")
    # contiguous() also undoes channels_last, which safetensors cannot store.
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    for name, value in state.items():
        _check_values(name, value)
    blob = safetensors.torch.save(state, metadata={"format": "pt"})
    config = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": model.config,
        "decoding": {"temperature": temperature} if model.head == "classification" else {},
        "size": size,
        "weights_sha256": hashlib.sha256(blob).hexdigest(),
    }
    card = card or ModelCard(title=model.name, data="Not recorded.", licence="Not recorded.")
    count = sum(parameter.numel() for parameter in model.parameters())
    with atomic_path(directory) as temporary:
        temporary.mkdir()
        (temporary / WEIGHTS).write_bytes(blob)
        (temporary / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        (temporary / CARD).write_text(render(card, model.config, count), encoding="utf-8")


def from_pretrained(directory: str | Path) -> Pretrained:
    """Read a folder of `save_pretrained`; everything is checked before a network is handed out.

    Raises:
        ColorlibError: a file is missing, truncated, tampered with, foreign, of a newer format, or its tensors do not
            fit the network that the configuration names. The message names the file and the remedy.
    """
    directory = Path(directory)
    config = _read_config(directory / CONFIG)
    path = directory / WEIGHTS
    blob = _read(path)
    if hashlib.sha256(blob).hexdigest() != config["weights_sha256"]:
        raise ColorlibError(f"{path} is not the file that {CONFIG} describes (its SHA-256 differs): {REMEDY}.")
    try:
        state = safetensors.torch.load(blob)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise ColorlibError(f"{path} is not a safetensors file ({error}): {REMEDY}.") from error
    model = _build(config["architecture"], directory / CONFIG)
    _check_fits(state, model.state_dict(), path)
    model.load_state_dict(state)
    return Pretrained(model.eval(), config["decoding"], config["size"])


def _build(architecture: dict[str, Any], path: Path) -> ColorNet:
    try:
        # The random start is overwritten: the caller's random numbers must not depend on a model being loaded.
        with torch.random.fork_rng(devices=[]):
            return build(**architecture)
    except (ColorlibError, TypeError) as error:
        raise ColorlibError(f"{path} does not describe a network of this version ({error}): {REMEDY}.") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ColorlibError(f"{path} cannot be read ({error.strerror}): name a folder with a saved model.") from error


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(_read(path))
    except ValueError as error:
        raise ColorlibError(f"{path} is not JSON ({error}): {REMEDY}.") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ColorlibError(f"{path} was not written by save_pretrained: point to a folder with a saved model.")
    if config.get("version") != VERSION:
        raise ColorlibError(f"{path} has format version {config.get('version')}, expected {VERSION}: update colorlib.")
    expected: dict[str, type] = {"architecture": dict, "decoding": dict, "size": int, "weights_sha256": str}
    for key, kind in expected.items():
        if not isinstance(config.get(key), kind):
            raise ColorlibError(f"{path} has no valid {key!r}: {REMEDY}.")
    _check_decoding(config["decoding"], path)
    if config["size"] < MINIMUM_SIDE:
        raise ColorlibError(f"{path} has size {config['size']}, expected at least {MINIMUM_SIDE} pixels: {REMEDY}.")
    return config


def _check_decoding(decoding: dict[str, Any], path: Path) -> None:
    temperature = decoding.get("temperature", 1.0)
    if set(decoding) - {"temperature"} or not isinstance(temperature, float) or not 0 < temperature <= 1:
        raise ColorlibError(f"{path} has decoding {decoding}, expected a temperature in (0, 1]: {REMEDY}.")


def _check_fits(state: dict[str, Tensor], expected: dict[str, Tensor], path: Path) -> None:
    for name in sorted(expected.keys() ^ state.keys()):
        problem = "lacks the tensor" if name in expected else "holds the unknown tensor"
        raise ColorlibError(f"{path} {problem} {name!r}: {REMEDY}.")
    for name, value in expected.items():
        got = state[name]
        if got.shape != value.shape or got.dtype != value.dtype:
            raise ColorlibError(
                f"{path} holds {name!r} as {tuple(got.shape)} {got.dtype}, expected {tuple(value.shape)} {value.dtype}:"
                f" {REMEDY}."
            )


def _check_values(name: str, value: Tensor) -> None:
    if value.dtype == torch.int64:  # batch norm's counter
        return
    if value.dtype != torch.float32:
        raise ColorlibError(f"Got weights {name!r} of {value.dtype}, expected float32: call model.float() first.")
    if not math.isfinite(value.sum(dtype=torch.float64).item()):
        raise ColorlibError(f"Got weights {name!r} with NaN or infinity: training diverged, lower the learning rate.")


def _refuse_foreign(directory: Path) -> None:
    if directory.is_dir():
        if any(directory.iterdir()) and not _is_ours(directory / CONFIG):
            raise ColorlibError(f"{directory} holds something else than a saved model: choose another folder.")
    elif directory.exists():
        raise ColorlibError(f"{directory} is a file, expected a folder to write the model to: choose another path.")


def _is_ours(path: Path) -> bool:
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("format") == FORMAT
