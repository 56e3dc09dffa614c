"""Networks as ONNX files, for programs that have no torch."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.models.base import AB_SCALE, MINIMUM_SIDE, ColorNet, centred
from colorlib.models.onnx_folder import INPUT, OPSET, OnnxConfig, onnx_runtime, write_folder
from colorlib.ops.decoding import LEAST_TEMPERATURE
from colorlib.ops.grid import Grid

if TYPE_CHECKING:
    import onnx

NOISY = "torch.onnx._internal.exporter._registration"  # warns that torchvision is missing, which nothing here uses


def export_onnx(
    model: ColorNet,
    directory: str | Path,
    dynamic: bool = True,
    temperature: float = params.TEMPERATURE.value,
    size: int = params.IMAGE_SIZE.value,
) -> None:
    """Write the network as `directory`/model.onnx with a config.json that describes it and holds its hash.

    The graph is `model.logits` in evaluation mode: N×1×H×W lightness in [0, 100] to logits at the network's stride
    (regression: ab in Lab units); the centring, the padding of sides that are no multiple of the network's, and the
    crop are inside. Decoding stays outside: config.json holds the bins and the temperature. Weights are float32, in
    the one file; stack traces, which name folders of this machine, are taken out. The folder appears whole or not at
    all and replaces an older export.

    Args:
        model: any network of `colorlib.models`; it is not changed.
        directory: the folder to make.
        dynamic: any N, and any H, W ≥ 8; otherwise 1×1×size×size only.
        temperature: of the annealed mean, for config.json; as in `save_pretrained`.
        size: short side in pixels of the images that the network was trained on; as in `save_pretrained`.

    Raises:
        ColorlibError: the packages of the extra `export` are missing, the path holds something else, temperature or
            size is out of range, or a weight is not finite.
    """
    onnx_runtime()  # so that the sentence about the extra comes before any work
    if not LEAST_TEMPERATURE <= temperature <= 1 or isinstance(size, bool) or size < MINIMUM_SIDE:
        raise ColorlibError(
            f"Got temperature {temperature} and size {size}, expected {LEAST_TEMPERATURE:g} to 1 and at least "
            f"{MINIMUM_SIDE} pixels: {params.TEMPERATURE.value} and {params.IMAGE_SIZE.value} are the paper's."
        )
    if not all(bool(value.isfinite().all()) for value in model.state_dict().values()):
        raise ColorlibError("Got weights with NaN or infinity: training diverged, lower the learning rate.")
    graph = _graph(model, dynamic, size)
    write_folder(
        directory, _config(model, dynamic, temperature, size), lambda path: _write(graph.SerializeToString(), path)
    )


class _Exported(nn.Module):
    """`model.logits` without checks and branches on the size, which a graph cannot hold."""

    def __init__(self, model: ColorNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, lightness: Tensor) -> Tensor:
        multiple, stride = self.model.multiple, self.model.stride
        height, width = lightness.shape[-2:]
        x = centred(lightness)
        for dim, side in ((2, height), (3, width)):
            padded = torch.arange((side + multiple - 1) // multiple * multiple, device=x.device)
            x = x.index_select(dim, padded.clamp(max=side - 1))  # repeats the last row, or column
        output: Tensor = self.model.final(self.model.features(x))
        output = output[..., : (height + stride - 1) // stride, : (width + stride - 1) // stride]
        return output * AB_SCALE if self.model.head == "regression" else output


def _graph(model: ColorNet, dynamic: bool, size: int) -> "onnx.ModelProto":
    # Sides that differ from each other and from the channels: equal ones would be taken for the same dimension.
    example = (
        torch.zeros(2, 1, 2 * model.multiple + 8, 3 * model.multiple + 8) if dynamic else torch.zeros(1, 1, size, size)
    )
    free = {"lightness": {0: torch.export.Dim("N"), 2: torch.export.Dim("H", min=8), 3: torch.export.Dim("W", min=8)}}
    weight = model.final.weight
    with _as_for_inference(model), _quiet():
        program = torch.onnx.export(
            _Exported(model).eval(),
            (example.to(weight),),
            dynamo=True,
            dynamic_shapes=free if dynamic else None,
            input_names=[INPUT],
            output_names=["logits" if model.head == "classification" else "ab"],
            opset_version=OPSET,
            verbose=False,
        )
    if program is None:
        raise TypeError("torch.onnx.export gave no program")
    graph = program.model_proto
    for part in (graph.graph, *graph.graph.node, *graph.graph.value_info, *graph.graph.input, *graph.graph.output):
        del part.metadata_props[:]
    return graph


def _config(model: ColorNet, dynamic: bool, temperature: float, size: int) -> OnnxConfig:
    classes = model.head == "classification"
    sides = (
        f"N×{model.channels}×⌈H/{model.stride}⌉×⌈W/{model.stride}⌉"
        if dynamic
        else f"1×{model.channels}×{-(-size // model.stride)}×{-(-size // model.stride)}"
    )
    return OnnxConfig(
        name=model.name,
        head=model.head,
        channels=model.channels,
        grid=model.grid if classes else None,
        bins=Grid.by_name(model.grid).points.tolist() if classes and model.grid is not None else [],
        temperature=temperature if classes else None,
        size=size,
        stride=model.stride,
        input={
            "name": INPUT,
            "dtype": "float32",
            "shape": "N×1×H×W, H and W ≥ 8" if dynamic else f"1×1×{size}×{size}",
            "range": "L of CIE Lab (D65), 0 to 100",
        },
        output={
            "name": "logits" if classes else "ab",
            "dtype": "float32",
            "shape": sides,
            "range": "any; softmax over axis 1" if classes else "a and b of CIE Lab (D65)",
        },
        dynamic=dynamic,
    )


def _write(blob: bytes, path: Path) -> None:
    path.write_bytes(blob)


@contextmanager
def _as_for_inference(model: ColorNet) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


@contextmanager
def _quiet() -> Iterator[None]:
    logger: Any = logging.getLogger(NOISY)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of the exporter, about torch itself
            yield
    finally:
        logger.setLevel(level)
