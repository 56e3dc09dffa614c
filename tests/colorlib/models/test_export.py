import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.files import sha256_of, sha256_of_tree
from colorlib.models import ColorNet, MobileLite, PaperNet, export_onnx, load_onnx, onnx_folder
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.grid import Grid
from colorlib.ops.upsampling import upsample

SIZES = [(1, 8, 8), (2, 9, 31), (3, 33, 64), (1, 64, 33), (1, 70, 100)]  # N, H, W


def lively(model: ColorNet) -> ColorNet:
    """Running statistics off their start and logits of a trained network's spread, so that a difference would show."""
    with torch.no_grad():
        model.train().logits(lightness(4, 64, 64))
        spread = 1.0 if model.head == "classification" else 10.0  # logits, ab
        model.final.weight.mul_(spread / model.eval().logits(lightness(1, 64, 64)).std())
    return model


def lightness(n: int, h: int, w: int) -> Tensor:
    generator = torch.Generator().manual_seed(h * w)
    return upsample(torch.rand(n, 1, -(-h // 4), -(-w // 4), generator=generator) * 100, 4, h, w)


def ab(network: ColorNet | onnx_folder.OnnxNet, image: Tensor) -> Tensor:
    with torch.no_grad():
        output = network.logits(image)
    return annealed_mean(output, Grid.paper()) if network.head == "classification" else output


@pytest.fixture(scope="module")
def model() -> ColorNet:
    torch.manual_seed(0)
    return lively(MobileLite(q=313, grid="paper"))


@pytest.fixture(scope="module")
def exported(model: ColorNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "net"
    export_onnx(model, folder, temperature=0.5, size=96)
    return folder


@pytest.mark.parametrize("size", SIZES)
def test_onnx_runtime_agrees_with_torch_at_any_size(
    model: ColorNet, exported: Path, size: tuple[int, int, int]
) -> None:
    image = lightness(*size)
    expected, got = ab(model, image), ab(load_onnx(exported), image)
    assert got.shape == expected.shape
    assert expected.abs().max() > 3
    assert (got - expected).abs().max() < 1e-3


def test_papernet_agrees_too(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = lively(PaperNet(q=313, grid="paper"))
    export_onnx(network, tmp_path / "net")
    for size in ((1, 9, 18), (2, 32, 24)):
        expected = ab(network, lightness(*size))
        assert expected.abs().max() > 3
        assert (ab(load_onnx(tmp_path / "net"), lightness(*size)) - expected).abs().max() < 1e-3


def test_fusion_is_exported_at_full_resolution(tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = PaperNet(q=3, fusion=True).eval()
    export_onnx(network, tmp_path / "net")
    image = lightness(1, 13, 18)
    with torch.no_grad():
        torch.testing.assert_close(
            load_onnx(tmp_path / "net").logits(image), network.logits(image), rtol=1e-4, atol=1e-5
        )


def test_regression_gives_ab_and_a_fixed_export_takes_one_size_only(tmp_path: Path) -> None:
    torch.manual_seed(3)
    regression = lively(MobileLite(head="regression"))
    export_onnx(regression, tmp_path / "net", dynamic=False, size=40)
    network = load_onnx(tmp_path / "net")
    expected = ab(regression, lightness(1, 40, 40))
    assert expected.abs().max() > 3
    assert (ab(network, lightness(1, 40, 40)) - expected).abs().max() < 1e-3
    assert (network.config.output["name"], network.config.channels, network.config.temperature) == ("ab", 2, None)
    with pytest.raises(ColorlibError, match=r"expected \(1, 1, 40, 40\)"):
        network.logits(lightness(1, 48, 40))


def test_the_folder_describes_itself(exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == ["config.json", "model.onnx"]
    config = json.loads((exported / "config.json").read_text(encoding="utf-8"))
    assert config["model_sha256"] == sha256_of(exported / "model.onnx")
    assert (config["head"], config["stride"], config["channels"], config["temperature"]) == (
        "classification",
        4,
        313,
        0.5,
    )
    assert (config["size"], config["dynamic"], config["precision"]) == (96, True, "float32")
    assert config["bins"] == Grid.paper().points.tolist()
    assert config["input"]["name"] == "lightness"
    assert config["output"]["name"] == "logits"


def test_a_stranger_decodes_with_the_configuration_alone(model: ColorNet, exported: Path) -> None:
    import numpy as np
    import onnxruntime

    config = json.loads((exported / "config.json").read_text(encoding="utf-8"))
    session = onnxruntime.InferenceSession(exported / "model.onnx", providers=["CPUExecutionProvider"])
    image = lightness(1, 20, 30)
    (logits,) = session.run([config["output"]["name"]], {config["input"]["name"]: image.numpy()})
    z = logits / config["temperature"]
    shares = np.exp(z - z.max(1, keepdims=True))
    decoded = np.einsum("nqhw,qc->nchw", shares / shares.sum(1, keepdims=True), np.array(config["bins"]))
    with torch.no_grad():
        expected = annealed_mean(model.logits(image), Grid.paper(), 0.5)
    assert np.abs(decoded - expected.numpy()).max() < 1e-3


def test_no_path_of_this_machine_is_in_the_file(exported: Path) -> None:
    blob = (exported / "model.onnx").read_bytes()
    assert b"colorlib/models" not in blob
    assert b"site-packages" not in blob


def test_the_network_is_left_as_it_was_and_a_second_export_has_the_same_bytes(
    model: ColorNet, exported: Path, tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    export_onnx(model, tmp_path / "net", temperature=0.5, size=96)
    assert model.training
    model.eval()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert sha256_of_tree(tmp_path / "net") == sha256_of_tree(exported)


def keep_empty(_path: Path) -> None:
    raise AssertionError("nothing may be written")


def test_a_folder_with_something_else_is_not_replaced(model: ColorNet, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ColorlibError, match="choose another"):
        onnx_folder.write_folder(tmp_path, _config(model), keep_empty)
    (tmp_path / "config.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ColorlibError, match="choose another"):
        onnx_folder.write_folder(tmp_path, _config(model), keep_empty)
    with pytest.raises(ColorlibError, match="choose another"):
        onnx_folder.write_folder(tmp_path / "diary.txt", _config(model), keep_empty)
    assert (tmp_path / "diary.txt").read_text(encoding="utf-8") == "mine"


def test_what_fails_on_the_way_leaves_the_older_export(exported: Path, model: ColorNet) -> None:
    before = sha256_of_tree(exported)

    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        onnx_folder.write_folder(exported, _config(model), fail)
    assert sha256_of_tree(exported) == before
    assert [path.name for path in exported.parent.iterdir()] == ["net"]


def test_an_empty_folder_is_filled(model: ColorNet, tmp_path: Path) -> None:
    onnx_folder.write_folder(tmp_path, _config(model), lambda path: path.write_bytes(b"x") and None)
    assert onnx_folder.read_config(tmp_path).model_sha256 == sha256_of(tmp_path / "model.onnx")
    with pytest.raises(ColorlibError, match="ONNX Runtime can run"):
        load_onnx(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"temperature": 0.0}, "temperature 0"), ({"size": 7}, "size 7"), ({"size": True}, "size True")],
)
def test_values_out_of_range_are_named(tmp_path: Path, arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ColorlibError, match=message):
        export_onnx(MobileLite(q=2), tmp_path / "net", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "net").exists()


def test_weights_that_diverged_are_not_exported(tmp_path: Path) -> None:
    network = MobileLite(q=2)
    with torch.no_grad():
        network.final.weight[0, 0] = float("nan")
    with pytest.raises(ColorlibError, match="NaN"):
        export_onnx(network, tmp_path / "net")


def _config(model: ColorNet) -> onnx_folder.OnnxConfig:
    return onnx_folder.OnnxConfig(
        name=model.name, head=model.head, channels=313, grid=None, bins=[], temperature=0.38, size=64, stride=4,
        input={}, output={}, dynamic=True,
    )  # fmt: skip
