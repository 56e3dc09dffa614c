"""What tells one run from another, beside the settings: see test_checkpoint.py for those."""

import shutil
from pathlib import Path

import pytest
import torch

from colorlib.models import MobileLite
from colorlib.models.base import ColorNet
from colorlib.training.identity import Identity, difference, identify
from tests import tiny_network
from tests.tiny_network import OBJECTIVE, SETTINGS, batches, tiny


def identity(model: ColorNet | None = None, seed: int = 0) -> Identity:
    return identify(model or tiny(), OBJECTIVE, batches(seed=seed), SETTINGS, torch.float32)


def test_the_same_again_is_the_same_run_and_another_seed_is_not() -> None:
    assert difference(identity(), identity()) is None
    assert difference(identity(), identity(seed=1)) == "other settings (seed was 0, is 1)"


def test_another_torch_is_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    before, version = identity(), torch.__version__
    monkeypatch.setattr(torch, "__version__", "3.0")
    assert difference(before, identity()) == f"other settings (torch was {version}, is 3.0)"


def test_a_network_from_elsewhere_is_known_by_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, copied = identity(), tmp_path / "network.py"
    shutil.copy(tiny_network.__file__, copied)
    monkeypatch.setattr(tiny_network, "__file__", str(copied))
    assert difference(before, identity()) is None
    copied.write_text(copied.read_text().replace("stride=2", "stride=1"))
    assert "other settings (network.source was " in str(difference(before, identity()))
    monkeypatch.setattr(tiny_network, "__file__", None)  # as of a class that was typed in
    assert "source" not in identity()["settings"]["network"]
    assert "source" not in identity(MobileLite(q=313, grid="paper"))["settings"]["network"]  # `code` holds it
