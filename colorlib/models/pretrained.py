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
from colorlib.models.folder import CONFIG, replaceable
from colorlib.models.registry import build
from colorlib.ops.decoding import LEAST_TEMPERATURE
from colorlib.ops.grid import Grid

FORMAT = "colorlib-model"
VERSION = 1
WEIGHTS, CARD = "model.safetensors", "README.md"
LARGEST_SIZE = 16384  # pixels
MOST_BINS = 1 << 16  # far beyond any grid, and small enough for the shapes of a network to be computed
REMEDY = "copy the whole folder again from where it was made, or train it again"

__all__ = ["CONFIG", "ModelCard", "Pretrained", "from_pretrained", "save_pretrained"]


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
        temperature: of the annealed mean (eq. 5), 10⁻⁶ to 1; not kept for a regression head.
        size: short side in pixels of the images that the network was trained on, 8 to 16384.

    Raises:
        ColorlibError: the path is a file or a folder that something else wrote, a weight is not float32 or not
            finite, its bins are not those of its grid, or the temperature or the size is out of range.
    """
    directory = Path(directory)
    if not replaceable(directory, FORMAT):
        what = "holds something else than a saved model" if directory.is_dir() else "is a file"
        raise ColorlibError(f"{directory} {what}, expected a folder to write the model to: choose another.")
    if not LEAST_TEMPERATURE <= temperature <= 1:
        raise ColorlibError(
            f"Got temperature {temperature}, expected {LEAST_TEMPERATURE:g} to 1: "
            f"the paper's is {params.TEMPERATURE.value}."
        )
    if not _is_size(size):
        raise ColorlibError(
            f"Got size {size!r}, expected {MINIMUM_SIDE} to {LARGEST_SIZE} whole pixels: pass such a number."
        )
    if problem := _architecture_problem(model.config):
        raise ColorlibError(f"Got a network that could not be loaded again, {problem}: build it for its grid.")
    # contiguous() also undoes channels_last, which safetensors cannot store.
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    for name, value in state.items():
        if value.dtype not in (torch.float32, torch.int64):  # int64 is batch norm's counter
            raise ColorlibError(f"Got weights {name!r} of {value.dtype}, expected float32: call model.float() first.")
        if not _is_finite(value):
            raise ColorlibError(
                f"Got weights {name!r} with NaN or infinity: training diverged, lower the learning rate."
            )
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
        ColorlibError: a file is missing, truncated, tampered with, foreign, of a newer format, names a value out of
            range, or its tensors are not finite or do not fit the network that the configuration describes. The message
            names the file and the remedy.
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
    model.to_empty(device="cpu").load_state_dict(state)
    return Pretrained(model.eval(), config["decoding"], config["size"])


def _build(architecture: dict[str, Any], path: Path) -> ColorNet:
    """Return the network without any memory for its weights: what the file says is checked before it is believed."""
    if problem := _architecture_problem(architecture):
        raise ColorlibError(f"{path} does not describe a network of this version, {problem}: {REMEDY}.")
    try:
        with torch.device("meta"):
            return build(**architecture)
    except (ColorlibError, TypeError) as error:
        raise ColorlibError(f"{path} does not describe a network of this version ({error}): {REMEDY}.") from error


def _architecture_problem(architecture: dict[str, Any]) -> str | None:
    """Say what is wrong with the values of an architecture, for the middle of a sentence; None where nothing is.

    Which names and heads there are is for `build` to say.
    """
    kinds = {"name": str, "q": int, "head": str, "checkpointing": bool, "fusion": bool, "grid": str | None}
    for key, value in architecture.items():
        if key in kinds and (not isinstance(value, kinds[key]) or (key == "q" and isinstance(value, bool))):
            return f"{key} is {value!r}"
    q = architecture.get("q", params.BINS.value)
    if not 1 <= q <= MOST_BINS:
        return f"q is {q}, expected 1 to {MOST_BINS} bins"
    if architecture.get("grid") is not None:
        try:
            bins = len(Grid.by_name(architecture["grid"]))
        except ColorlibError as error:
            return str(error).rstrip(".")
        if architecture.get("head", "classification") == "classification" and q != bins:
            return f"q is {q}, expected the {bins} bins of grid {architecture['grid']!r}"
    return None


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and MINIMUM_SIDE <= size <= LARGEST_SIZE


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ColorlibError(f"{path} cannot be read ({error.strerror}): name a folder with a saved model.") from error


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
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
    if not _is_size(config["size"]):
        raise ColorlibError(
            f"{path} has size {config['size']}, expected {MINIMUM_SIDE} to {LARGEST_SIZE} pixels: {REMEDY}."
        )
    return config


def _check_decoding(decoding: dict[str, Any], path: Path) -> None:
    temperature = decoding.get("temperature", 1.0)
    if (
        set(decoding) - {"temperature"}
        or not isinstance(temperature, float)
        or not LEAST_TEMPERATURE <= temperature <= 1
    ):
        raise ColorlibError(
            f"{path} has decoding {decoding}, expected a temperature from {LEAST_TEMPERATURE:g} to 1: {REMEDY}."
        )


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
        if not _is_finite(got):
            raise ColorlibError(f"{path} holds {name!r} with NaN or infinity, expected finite weights: {REMEDY}.")


def _is_finite(value: Tensor) -> bool:
    return math.isfinite(value.sum(dtype=torch.float64).item())
