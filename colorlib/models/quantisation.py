"""Exported networks in 8 bits: a quarter of the file, and integer arithmetic where the processor has it."""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.models.base import require_lightness
from colorlib.models.onnx_folder import INPUT, MODEL, load_onnx, onnx_runtime, write_folder

LAYERS = ["Conv", "ConvTranspose"]
"""What is computed in 8 bits: nearly all of the arithmetic. The rest costs little time, and rounding costs colour."""


def quantise_onnx(source: str | Path, directory: str | Path, calibration: Iterable[Tensor]) -> None:
    """Turn a folder of `export_onnx` into one whose convolutions have 8-bit weights and activations.

    Static quantisation: weights as int8 with a scale for each output channel, activations as uint8 with one scale for
    each tensor, from the smallest and the largest value seen on the calibration images (QuantizeLinear and
    DequantizeLinear around the layers, which ONNX Runtime fuses into integer kernels). Dynamic quantisation, which
    needs no images, measures every tensor anew at each run and has no fast convolution in ONNX Runtime.

    Args:
        source: an export in float32; it stays as it is.
        directory: the folder to make; as in `export_onnx`.
        calibration: lightness N×1×H×W in [0, 100] of typical photographs, 32 or more; training images will do.

    Raises:
        ColorlibError: the source is not a float32 export, there is no calibration image, or the packages of the extra
            `export` are missing.
    """
    onnx_runtime()
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    network = load_onnx(source)
    if network.config.precision != "float32":
        raise ColorlibError(f"{source} is quantised already, expected a float32 export: name that one.")
    images = list(calibration)
    for image in images:
        require_lightness(image)
    count = sum(len(image) for image in images)
    if count == 0:
        raise ColorlibError("Got no calibration image, expected 32 or more photographs: pass some of the training set.")

    def write(path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder, _quiet():
            folded = Path(folder) / MODEL
            quant_pre_process(str(Path(source) / MODEL), str(folded), skip_symbolic_shape=True)
            quantize_static(
                str(folded),
                str(path),
                _reader(images),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=LAYERS,
            )

    config = network.config.model_copy(update={"precision": "int8", "calibration": count})
    write_folder(directory, config, write)


def _reader(images: list[Tensor]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
        def __init__(self) -> None:
            self._arrays = ({INPUT: image.float().contiguous().numpy()} for image in images)

        def get_next(self) -> dict[str, Any] | None:
            return next(self._arrays, None)

    return Reader()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser's advice, which it gives to the root logger, off the screen."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with torch.no_grad():
            yield
    finally:
        logging.disable(disabled)
