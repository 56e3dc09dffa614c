"""An exported network as a folder: `model.onnx`, and a `config.json` that says what goes in and what comes out.

Torch is not needed to run such a file; `OnnxNet` runs it beside the networks of this library.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.files import atomic_path
from colorlib.models.base import MINIMUM_SIDE, Head, require_lightness
from colorlib.models.folder import CONFIG, replaceable
from colorlib.ops.decoding import LEAST_TEMPERATURE
from colorlib.ops.grid import Grid

FORMAT = "colorlib-onnx"
MODEL = "model.onnx"
INPUT = "lightness"
OPSET = 18
REMEDY = "export the model again"


class OnnxConfig(BaseModel):
    """What a stranger must know to run `model.onnx`.

    Attributes:
        format: always "colorlib-onnx".
        version: of this list.
        name: of the network.
        head: "classification": the output is logits over the bins of `grid`; "regression": ab in Lab units.
        channels: of the output: the bins, or 2.
        grid: name of the ab grid; None where the network does not say.
        bins: the points (a, b) of the grid in the order of the channels; empty where there is no grid.
        temperature: of the annealed mean (eq. 5), ab = softmax(logits / T) · bins; None for regression.
        size: short side in pixels of the images it was trained on.
        stride: output (i, j) speaks for pixel (stride·i, stride·j).
        input: name, dtype, shape and range of what goes in.
        output: the same of what comes out.
        dynamic: whether N, H and W are free (H, W ≥ 8); otherwise 1×1×size×size.
        opset: of ONNX.
        precision: "float32", or "int8" with 8-bit weights and activations.
        calibration: images that the ranges of the activations come from; None for float32.
        model_sha256: of `model.onnx`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    format: Literal["colorlib-onnx"] = "colorlib-onnx"
    version: Literal[1] = 1
    name: str
    head: Head
    channels: int = Field(ge=1)
    grid: str | None
    bins: list[list[float]]
    temperature: float | None = Field(ge=LEAST_TEMPERATURE, le=1)
    size: int = Field(ge=MINIMUM_SIDE)
    stride: int = Field(ge=1)
    input: dict[str, str]
    output: dict[str, str]
    dynamic: bool
    opset: int = OPSET
    precision: Literal["float32", "int8"] = "float32"
    calibration: int | None = None
    model_sha256: str = ""


class OnnxNet:
    """An exported network, run by ONNX Runtime on the CPU; made by `load_onnx`.

    Attributes:
        config: of the folder.
        stride: as of the network.
        head: as of the network.
        grid: as of the network.
    """

    def __init__(self, blob: bytes, config: OnnxConfig, path: Path) -> None:
        ort = onnx_runtime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3  # errors
        try:
            self._session = ort.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has a dozen types, none of them public
            raise ColorlibError(f"{path} is no model that ONNX Runtime can run ({error}): {REMEDY}.") from error
        self.config = config
        self.stride, self.head, self.grid = config.stride, config.head, config.grid

    def logits(self, lightness: Tensor) -> Tensor:
        """The head's output at the network's stride, as of `ColorNet.logits`: float32 on the CPU.

        Shape:
            lightness: N×1×H×W, L in [0, 100], floating point, H and W ≥ 8; N = 1 and H = W = size unless
                `config.dynamic`. Returns N×Q×⌈H/stride⌉×⌈W/stride⌉ logits, or ab with 2 channels.

        Raises:
            ColorlibError: another shape, or an integer dtype.
        """
        require_lightness(lightness)
        size = self.config.size
        if not self.config.dynamic and tuple(lightness.shape) != (1, 1, size, size):
            raise ColorlibError(
                f"Got lightness of shape {tuple(lightness.shape)}, expected (1, 1, {size}, {size}): the model was "
                "exported for one size; export it with dynamic=True."
            )
        (output,) = self._session.run(None, {INPUT: lightness.detach().cpu().float().contiguous().numpy()})
        return torch.from_numpy(output)


def load_onnx(directory: str | Path) -> OnnxNet:
    """Open a folder of `export_onnx` or `quantise_onnx`.

    Raises:
        ColorlibError: a file is missing, damaged, foreign or tampered with, or ONNX Runtime is not installed.
    """
    path = Path(directory) / MODEL
    config = read_config(Path(directory))
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise ColorlibError(f"{path} cannot be read ({error.strerror}): {REMEDY}.") from error
    if hashlib.sha256(blob).hexdigest() != config.model_sha256:
        raise ColorlibError(f"{path} is not the file that {CONFIG} describes (its SHA-256 differs): {REMEDY}.")
    return OnnxNet(blob, config, path)


def read_config(directory: Path) -> OnnxConfig:
    """Read and check the `config.json` of an exported network.

    Raises:
        ColorlibError: it is missing, no JSON, not of this format, or a value is out of range.
    """
    path = directory / CONFIG
    try:
        config = OnnxConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ColorlibError(
            f"{path} cannot be read ({error.strerror}): name a folder that `colorlib export` wrote."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ColorlibError(f"{path} describes no exported network ({where}: {first['msg']}): {REMEDY}.") from error
    points = Grid.by_name(config.grid).points.tolist() if config.grid is not None else None
    if config.head == "classification" and points is not None and config.bins != points:
        raise ColorlibError(f"{path} lists other bins than those of grid {config.grid!r}: {REMEDY}.")
    return config


def write_folder(directory: str | Path, config: OnnxConfig, write: Callable[[Path], None]) -> None:
    """Make the folder whole or not at all: `write` puts `model.onnx` at the path it is given, the hash is added here.

    Raises:
        ColorlibError: the path is a file, or a folder that holds something else.
    """
    directory = Path(directory)
    if not replaceable(directory, FORMAT):
        raise ColorlibError(f"{directory} is not an exported network, expected one or a new name: choose another.")
    with atomic_path(directory) as temporary:
        temporary.mkdir()
        write(temporary / MODEL)
        digest = hashlib.sha256((temporary / MODEL).read_bytes()).hexdigest()
        values = config.model_dump() | {"model_sha256": digest}
        (temporary / CONFIG).write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def onnx_runtime() -> Any:
    """The module `onnxruntime`, which is an extra.

    Raises:
        ColorlibError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ColorlibError(
            f"ONNX needs a package that is not installed ({error.name}): "
            'install them with pip install "colorful-colorization[export]".'
        ) from error
    return onnxruntime
