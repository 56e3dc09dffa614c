from pathlib import Path

import pytest

from colorlib.errors import ColorlibError
from colorlib.inference.choice import find_model
from colorlib.models import MobileLite, save_pretrained


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("choice")
    save_pretrained(MobileLite(q=313, grid="paper"), place / "a-class")
    save_pretrained(MobileLite(head="regression"), place / "r")
    return place


def test_the_method_chooses_among_several(models: Path) -> None:
    assert find_model(models) == models / "a-class"
    assert find_model(models, "regression") == models / "r"
    assert find_model(models / "r") == models / "r"
    assert find_model(models / "r", "regression") == models / "r"


def test_of_several_the_usual_one_is_taken_and_none_is_guessed(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text('{"architecture": {"head": "classification"}}')
    with pytest.raises(ColorlibError, match=r"holds several classification models \(x, y\)"):
        find_model(tmp_path)
    (tmp_path / "x").rename(tmp_path / "class-313-rebalanced")
    assert find_model(tmp_path) == tmp_path / "class-313-rebalanced"


def test_what_is_missing_or_does_not_fit_is_one_sentence(models: Path, tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="holds no trained model: train one"):
        find_model(tmp_path / "nowhere")
    with pytest.raises(ColorlibError, match="is a regression model, not classification"):
        find_model(models / "r", "classification")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("no json")
    with pytest.raises(ColorlibError, match="holds no regression model"):
        find_model(tmp_path, "regression")
