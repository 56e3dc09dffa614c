import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch

from colorlib.errors import ColorlibError
from colorlib.files import sha256_of, sha256_of_tree
from colorlib.models import MobileLite, from_pretrained, save_pretrained
from colorlib.models.pretrained import ModelCard

CARD = ModelCard(
    title="Test | model",
    data="Noise.",
    licence="CC0-1.0",
    metrics={"AuC, validation": 0.912345678},
    parameters={"seed": 3, "crop": "a|b"},
    code="Commit `abc123`.",
)


@pytest.fixture(scope="module")
def model() -> MobileLite:
    torch.manual_seed(0)
    model = MobileLite(q=313, grid="paper")
    model.logits(torch.rand(2, 1, 64, 64) * 100)  # moves the running statistics
    return model


@pytest.fixture
def saved(model: MobileLite, tmp_path: Path) -> Path:
    save_pretrained(model, tmp_path / "model", CARD, temperature=0.5, size=96)
    return tmp_path / "model"


def test_what_was_saved_comes_back(model: MobileLite, saved: Path) -> None:
    loaded, decoding, size = from_pretrained(saved)
    assert decoding == {"temperature": 0.5}
    assert size == 96
    assert loaded.config == model.config
    assert not loaded.training
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    assert all(value.device.type == "cpu" for value in loaded.state_dict().values())
    state = loaded.state_dict()
    assert state.keys() == model.state_dict().keys()
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_the_same_weights_give_the_same_bytes_in_any_memory_format(saved: Path) -> None:
    before = sha256_of_tree(saved)
    again = from_pretrained(saved).model
    again = again.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    save_pretrained(again, saved, CARD, temperature=0.5, size=96)
    assert sha256_of_tree(saved) == before
    assert sorted(path.name for path in saved.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_loading_leaves_the_random_numbers_alone(saved: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    from_pretrained(saved)
    assert torch.equal(torch.rand(1), expected)


def test_loaded_and_original_predict_the_same_bits(model: MobileLite, saved: Path) -> None:
    lightness = torch.rand(1, 1, 40, 33, generator=torch.Generator().manual_seed(1)) * 100
    with torch.inference_mode():
        original = copy.deepcopy(model).eval().logits(lightness)
        assert torch.equal(from_pretrained(saved).model.logits(lightness), original)


def test_a_large_network_takes_no_memory_before_its_file_was_checked(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices: list[str] = []

    def record(**config: object) -> MobileLite:
        network = MobileLite(**{key: value for key, value in config.items() if key != "name"})  # type: ignore[arg-type]
        devices.extend(value.device.type for value in network.state_dict().values())
        return network

    monkeypatch.setattr("colorlib.models.pretrained.build", record)
    from_pretrained(saved)
    assert set(devices) == {"meta"}


def test_the_card_says_what_is_known(saved: Path, tmp_path: Path, model: MobileLite) -> None:
    text = (saved / "README.md").read_text()
    for part in ("Noise.", "CC0-1.0", "AuC, validation | 0.912346 |", "| seed | 3 |", "a\\|b", "grid paper"):
        assert part in text
    assert "## Code\n\nCommit `abc123`.\n" in text
    save_pretrained(model, tmp_path / "bare")
    assert (tmp_path / "bare" / "README.md").read_text().count("Not recorded.") == 2
    assert json.loads((tmp_path / "bare" / "config.json").read_text())["decoding"] == {"temperature": 0.38}


def test_regression_keeps_no_temperature(tmp_path: Path) -> None:
    save_pretrained(MobileLite(head="regression"), tmp_path / "m")
    loaded, decoding, _ = from_pretrained(tmp_path / "m")
    assert decoding == {}
    assert loaded.head == "regression"


def rehash(folder: Path, **changes: object) -> None:
    """Make config.json agree with the weights again, so that the check behind the hash is reached."""
    config = json.loads((folder / "config.json").read_text())
    config["weights_sha256"] = sha256_of(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config | changes))


def architecture(**changes: object) -> Callable[[Path], None]:
    """Damage that changes what the configuration says about the network."""
    return lambda folder: rehash(
        folder, architecture=json.loads((folder / "config.json").read_text())["architecture"] | changes
    )


def flip(folder: Path) -> None:
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def truncate(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def truncate_and_rehash(folder: Path) -> None:
    truncate(folder)
    rehash(folder)


class Payload:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (pytest.fail, ("unpickled",))


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps(Payload()))
    rehash(folder)


def change_tensors(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        state = safetensors.torch.load_file(folder / "model.safetensors")
        change(state)
        safetensors.torch.save_file(state, folder / "model.safetensors")
        rehash(folder)

    return apply


def config_text(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "config.json").write_text(text) and None


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "flipped bit": (flip, r"model\.safetensors is not the file"),
    "truncated": (truncate, r"model\.safetensors is not the file"),
    "truncated, rehashed": (truncate_and_rehash, r"model\.safetensors is not a safetensors file"),
    "pickle": (pickled, r"model\.safetensors is not a safetensors file"),
    "missing tensor": (change_tensors(lambda s: s.__delitem__("out.bias")), "lacks the tensor 'out.bias'"),
    "extra tensor": (change_tensors(lambda s: s.update(more=torch.zeros(1))), "unknown tensor 'more'"),
    "other shape": (change_tensors(lambda s: s.update({"out.bias": torch.zeros(8)})), r"\(8,\).*expected \(313,\)"),
    "other dtype": (change_tensors(lambda s: s.update({"out.bias": torch.zeros(313).half()})), "float16"),
    "NaN": (change_tensors(lambda s: s.update({"out.bias": torch.full((313,), torch.nan)})), "'out.bias' with NaN"),
    "infinity": (
        change_tensors(lambda s: s.update({"stem.1.running_var": torch.full((32,), torch.inf)})),
        "'stem.1.running_var' with NaN or inf",
    ),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), r"model\.safetensors cannot be read"),
    "no config": (lambda f: (f / "config.json").unlink(), r"config\.json cannot be read"),
    "config no JSON": (config_text("{"), r"config\.json is not JSON"),
    "config deep": (config_text("[" * 100_000), r"config\.json is not JSON \(maximum recursion"),
    "config binary": (lambda f: (f / "config.json").write_bytes(b"\xff\xfe\x00") and None, r"config\.json is not JSON"),
    "config a list": (config_text("[]"), "not written by save_pretrained"),
    "foreign config": (config_text('{"model_type": "bert"}'), "not written by save_pretrained"),
    "newer version": (lambda f: rehash(f, version=2), "format version 2, expected 1"),
    "no hash": (lambda f: rehash(f, weights_sha256=None), "no valid 'weights_sha256'"),
    "unknown model": (lambda f: rehash(f, architecture={"name": "vgg"}), "expected one of mobilelite"),
    "unnamed model": (lambda f: rehash(f, architecture={"q": 9}), "does not describe"),
    "decoding key": (lambda f: rehash(f, decoding={"size": 3}), "decoding"),
    "size": (lambda f: rehash(f, size=0), "size 0, expected 8 to 16384"),
    "size huge": (lambda f: rehash(f, size=10**9), "size 1000000000, expected 8 to 16384"),
    "size a bool": (lambda f: rehash(f, size=True), "size True"),
    "temperature": (lambda f: rehash(f, decoding={"temperature": 0.0}), "expected a temperature"),
    "temperature tiny": (lambda f: rehash(f, decoding={"temperature": 1e-45}), "temperature from 1e-06 to 1"),
    "q huge": (architecture(q=10**12), "q is 1000000000000, expected 1 to 65536"),
    "q large": (architecture(q=60_000, grid=None), r"expected \(60000,"),
    "q a bool": (architecture(q=True), "q is True"),
    "q of no grid": (architecture(q=312), "q is 312, expected the 313 bins of grid 'paper'"),
    "q by default": (
        lambda f: rehash(f, architecture={"name": "mobilelite", "grid": "full"}),
        "q is 313, expected the 484",
    ),
    "grid a number": (architecture(grid=5), "grid is 5"),
    "grid unknown": (architecture(grid="313"), "no grid named '313'"),
    "checkpointing": (architecture(checkpointing="yes"), "checkpointing is 'yes'"),
    "name a list": (architecture(name=[]), r"name is \[\]"),
    "head unknown": (architecture(head="both"), "'both', expected one of"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_with_its_file_and_a_remedy(saved: Path, kind: str) -> None:
    damage, message = DAMAGE[kind]
    damage(saved)
    with pytest.raises(ColorlibError, match=rf"{message}.*[:;] (copy|name|point|update)") as caught:
        from_pretrained(saved)
    assert str(saved) in str(caught.value)


def test_a_failed_write_leaves_the_old_model(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sha256_of_tree(saved)

    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("colorlib.models.pretrained.render", stop)
    with pytest.raises(KeyboardInterrupt):
        save_pretrained(MobileLite(q=9), saved)
    assert sha256_of_tree(saved) == before
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_somebody_elses_folder_is_not_replaced(tmp_path: Path, model: MobileLite) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ColorlibError, match="holds something else"):
        save_pretrained(model, tmp_path)
    with pytest.raises(ColorlibError, match="is a file"):
        save_pretrained(model, tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "config.json").write_text("[" * 100_000)
    with pytest.raises(ColorlibError, match="holds something else"):
        save_pretrained(model, tmp_path / "deep")
    (tmp_path / "empty").mkdir()
    save_pretrained(model, tmp_path / "empty")
    assert from_pretrained(tmp_path / "empty").model.grid == "paper"


def test_half_precision_and_diverged_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="float32"):
        save_pretrained(MobileLite(q=9).bfloat16(), tmp_path / "m")
    broken = MobileLite(q=9)
    with torch.no_grad():
        broken.final.weight[0, 0] = torch.nan
    with pytest.raises(ColorlibError, match="diverged"):
        save_pretrained(broken, tmp_path / "m")
    with pytest.raises(ColorlibError, match="temperature"):
        save_pretrained(MobileLite(q=9), tmp_path / "m", temperature=0.0)
    with pytest.raises(ColorlibError, match="size"):
        save_pretrained(MobileLite(q=9), tmp_path / "m", size=4)
    with pytest.raises(ColorlibError, match=r"size 8\.5"):
        save_pretrained(MobileLite(q=9), tmp_path / "m", size=8.5)  # type: ignore[arg-type]
    of_another_grid = MobileLite(q=9)
    of_another_grid.grid = "paper"
    with pytest.raises(ColorlibError, match="q is 9, expected the 313 bins of grid 'paper'"):
        save_pretrained(of_another_grid, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []
