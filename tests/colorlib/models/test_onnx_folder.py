import builtins
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import TensorProto, helper

from colorlib.errors import ColorlibError
from colorlib.models import load_onnx
from colorlib.models.onnx_folder import OPSET, OnnxConfig, write_folder
from colorlib.ops.grid import Grid


def write_average(path: Path) -> None:
    """A network without weights: the mean of 4×4 pixels, on all 313 channels."""
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["lightness"], ["mean"], kernel_shape=[4, 4], strides=[4, 4], ceil_mode=1),
            helper.make_node("Concat", ["mean"] * 313, ["logits"], axis=1),
        ],
        "average",
        [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, ["N", 1, "H", "W"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 313, "h", "w"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    path.write_bytes(model.SerializeToString())


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    config = OnnxConfig(
        name="average",
        head="classification",
        channels=313,
        grid="paper",
        bins=Grid.paper().points.tolist(),
        temperature=0.38,
        size=64,
        stride=4,
        input={},
        output={},
        dynamic=True,
    )
    write_folder(tmp_path / "net", config, write_average)
    return tmp_path / "net"


def change(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps(config), encoding="utf-8")


def test_it_carries_what_decoding_needs(exported: Path) -> None:
    network = load_onnx(exported)
    assert (network.stride, network.head, network.grid) == (4, "classification", "paper")
    assert network.logits(torch.zeros(1, 1, 8, 8, dtype=torch.float64)).dtype == torch.float32


def test_a_changed_or_truncated_model_is_refused(exported: Path) -> None:
    path = exported / "model.onnx"
    blob = bytearray(path.read_bytes())
    blob[len(blob) // 2] ^= 1
    path.write_bytes(blob)
    with pytest.raises(ColorlibError, match="SHA-256 differs"):
        load_onnx(exported)
    path.write_bytes(blob[:1000])
    with pytest.raises(ColorlibError, match="SHA-256 differs"):
        load_onnx(exported)
    path.unlink()
    with pytest.raises(ColorlibError, match=r"model\.onnx cannot be read"):
        load_onnx(exported)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": "colorlib-model"}, "format"),
        ({"version": 2}, "version"),
        ({"stride": 0}, "stride"),
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"surprise": 1}, "surprise"),
        ({"bins": [[0.0, 0.0]]}, "other bins"),
        ({"grid": "moon"}, "moon"),
    ],
)
def test_a_configuration_out_of_range_is_named(exported: Path, values: dict[str, Any], message: str) -> None:
    change(exported, **values)
    with pytest.raises(ColorlibError, match=message):
        load_onnx(exported)


def test_no_configuration_is_named(exported: Path) -> None:
    (exported / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ColorlibError, match="the file"):
        load_onnx(exported)
    (exported / "config.json").unlink()
    with pytest.raises(ColorlibError, match="colorlib export"):
        load_onnx(exported)


@pytest.mark.parametrize("image", [torch.zeros(1, 1, 7, 8), torch.zeros(8, 8), torch.zeros(1, 1, 8, 8).int()])
def test_wrong_inputs_are_named(exported: Path, image: torch.Tensor) -> None:
    with pytest.raises(ColorlibError, match="expected"):
        load_onnx(exported).logits(image)


def test_the_missing_extra_is_named(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError("gone", name=name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ColorlibError, match=r"colorful-colorization\[export\]"):
        load_onnx(exported)
