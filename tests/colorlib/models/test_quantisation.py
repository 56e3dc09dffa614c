import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from colorlib.errors import ColorlibError
from colorlib.models import load_onnx, quantise_onnx
from colorlib.models.onnx_folder import OPSET, OnnxConfig, write_folder


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A strided convolution, a ReLU and a convolution to two channels, as a folder."""
    generator = np.random.default_rng(0)
    weights = {
        "first": generator.normal(size=(16, 1, 4, 4)).astype(np.float32) / 400,
        "second": generator.normal(size=(2, 16, 1, 1)).astype(np.float32) * 5,
    }
    nodes = [
        helper.make_node("Conv", ["lightness", "first"], ["c"], strides=[4, 4], kernel_shape=[4, 4], name="c"),
        helper.make_node("Relu", ["c"], ["r"], name="r"),
        helper.make_node("Conv", ["r", "second"], ["ab"], kernel_shape=[1, 1], name="s"),
    ]
    graph = helper.make_graph(
        nodes,
        "two",
        [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, ["N", 1, "H", "W"])],
        [helper.make_tensor_value_info("ab", TensorProto.FLOAT, ["N", 2, "h", "w"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    config = OnnxConfig(
        name="two", head="regression", channels=2, grid=None, bins=[], temperature=None, size=32, stride=4,
        input={}, output={}, dynamic=True,
    )  # fmt: skip
    write_folder(tmp_path / "exact", config, lambda path: path.write_bytes(model.SerializeToString()) and None)
    return tmp_path / "exact"


def photographs() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(1, 1, 32, 32, generator=generator) * 100 for _ in range(8)]


def test_convolutions_become_8_bits_and_colours_stay_near(exported: Path, tmp_path: Path) -> None:
    quantise_onnx(exported, tmp_path / "int8", photographs())
    exact, rounded = load_onnx(exported), load_onnx(tmp_path / "int8")
    image = photographs()[0]
    difference = (exact.logits(image) - rounded.logits(image)).abs()
    assert 0 < difference.max() < 0.03 * exact.logits(image).abs().max()
    kinds = {tensor.data_type for tensor in onnx.load(tmp_path / "int8" / "model.onnx").graph.initializer}
    assert TensorProto.INT8 in kinds
    assert (rounded.config.precision, rounded.config.calibration) == ("int8", 8)
    same = {"precision", "calibration", "model_sha256"}
    assert rounded.config.model_dump(exclude=same) == exact.config.model_dump(exclude=same)
    assert exact.config.precision == "float32"


def test_ranges_come_from_the_photographs(exported: Path, tmp_path: Path) -> None:
    quantise_onnx(exported, tmp_path / "wide", photographs())
    quantise_onnx(exported, tmp_path / "narrow", [image * 0.05 for image in photographs()])
    image = photographs()[0]
    exact = load_onnx(exported).logits(image)
    errors = [(load_onnx(tmp_path / name).logits(image) - exact).abs().mean() for name in ("wide", "narrow")]
    assert errors[1] > 5 * errors[0]


def test_nothing_is_said_and_logging_is_as_before(exported: Path, tmp_path: Path, capfd, caplog) -> None:
    before = logging.root.manager.disable
    quantise_onnx(exported, tmp_path / "int8", photographs())
    assert logging.root.manager.disable == before
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_quantised_is_named(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="no calibration image"):
        quantise_onnx(exported, tmp_path / "int8", [])
    with pytest.raises(ColorlibError, match="N×1×H×W"):
        quantise_onnx(exported, tmp_path / "int8", [torch.zeros(3, 32, 32)])
    quantise_onnx(exported, tmp_path / "int8", photographs())
    with pytest.raises(ColorlibError, match="quantised already"):
        quantise_onnx(tmp_path / "int8", tmp_path / "again", photographs())
    with pytest.raises(ColorlibError, match="choose another"):
        quantise_onnx(exported, tmp_path, photographs())
