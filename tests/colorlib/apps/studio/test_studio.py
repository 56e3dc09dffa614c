import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.apps.studio import takeaway
from colorlib.apps.studio.desk import Desk, Look
from colorlib.apps.studio.errand import Errand
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import LARGEST_FILE, receive
from colorlib.apps.studio.views import believed, comparison, side_by_side
from colorlib.apps.studio.visit import Visit
from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer
from tests.browsing import photograph_bytes, save_small_model


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(save_small_model(tmp_path_factory.mktemp("models") / "small"))


@pytest.fixture
def visit(shelf: Shelf) -> Visit:
    here = Visit(shelf)
    labels, complaints = here.hand_over([("a.png", photograph_bytes(1)), ("a.png", photograph_bytes(2))])
    assert (labels, complaints) == (["a.png", "a (2).png"], [])
    return here


def test_the_network_runs_once_for_all_temperatures(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, run = [], Colorizer.logits

    def counted(self: Colorizer, lightness: torch.Tensor) -> torch.Tensor:
        runs.append(lightness.shape)
        return run(self, lightness)

    monkeypatch.setattr(Colorizer, "logits", counted)
    pictures = [comparison(visit, "a.png", Look("small"), t, 1.0).after for t in (0.05, 0.38, 1.0)]
    assert len(runs) == 1
    assert np.any(np.asarray(pictures[0]) != np.asarray(pictures[2]))


def test_blend_zero_is_grey(visit: Visit) -> None:
    after = np.asarray(comparison(visit, "a.png", Look("small"), 0.38, 0.0).after).astype(int)
    assert np.ptp(after, axis=2).max() <= 1


def test_a_sentence_for_what_is_no_picture(shelf: Shelf) -> None:
    labels, complaints = Visit(shelf).hand_over([("../../x.png", b"no picture"), ("b.png", photograph_bytes(1)[:90])])
    assert labels == []
    assert [sentence.split(":")[0] for sentence in complaints] == ["x.png", "b.png"]
    with pytest.raises(ColorlibError, match=r"big\.png has .* MiB, more than"):
        receive("big.png", bytes(LARGEST_FILE + 1))


def test_files_hold_what_was_shown(visit: Visit) -> None:
    look, desk, uploads = Look("small"), visit.desk, list(visit.uploads.values())
    content = takeaway.picture_file(desk, uploads[0], look, "PNG", 0.38)
    expected = desk.analysis(uploads[0], look).picture(0.38)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), np.asarray(expected))
    assert Image.open(io.BytesIO(takeaway.animation_file(desk, uploads[0], look, "GIF", 0.38))).n_frames > 2
    with zipfile.ZipFile(io.BytesIO(takeaway.batch_file(desk, uploads, look, "PNG", 0.38))) as archive:
        assert archive.namelist() == ["a.colorized.png", "a.colorized.2.png"]
        assert archive.read("a.colorized.png") == content
    with pytest.raises(ColorlibError, match="expected PNG or JPEG"):
        takeaway.picture_file(desk, uploads[0], look, "BMP", 0.38)


def test_tiles_are_shown_once_done_and_only_at_their_temperature(visit: Visit) -> None:
    upload, look = visit.upload("a.png"), Look("small", 64)
    errand = Errand(visit.desk, upload, look, 0.5)
    errand.result(60)
    assert (errand.share, errand.done) == (1.0, True)
    assert visit.desk.in_tiles(upload, look, 0.5)
    assert not visit.desk.in_tiles(upload, look, 0.6)
    assert "in tiles of 64" in comparison(visit, "a.png", look, 0.5, 1.0).facts


def test_work_that_is_stopped_keeps_nothing(visit: Visit) -> None:
    upload, look = visit.upload("a.png"), Look("small", 64)
    with pytest.raises(ColorlibError):
        visit.desk.work_in_tiles(upload, look, 0.5, lambda _ready, _all: None, lambda: True)
    assert not visit.desk.in_tiles(upload, look, 0.5)


def test_what_may_be_at_a_pixel(visit: Visit) -> None:
    found = believed(visit.desk, visit.upload("a.png"), "small", (5, 5), 0.38)
    assert float(found.probabilities.sum()) == pytest.approx(1, abs=1e-4)
    assert "of 313" in found.in_words()
    assert [caption for _, caption in side_by_side(visit, "a.png", "small", 1.0)] == [
        "as it came",
        *(f"small, T = {t}" for t in ("0.1", "0.38", "1")),
    ]


def test_visits_do_not_share_photographs(visit: Visit, shelf: Shelf) -> None:
    with pytest.raises(ColorlibError, match="no photograph yet"):
        Visit(shelf).upload("a.png")
    assert visit.upload("a.png").name == "a.png"


def test_a_model_that_fails_to_load_says_why(tmp_path: Path) -> None:
    with pytest.raises(ColorlibError, match="holds no trained model"):
        Shelf(tmp_path)
    folder = save_small_model(tmp_path / "broken")
    (folder / "config.json").write_text("{")
    shelf = Shelf(tmp_path)
    assert shelf.names("classification") == ["broken"]
    with pytest.raises(ColorlibError, match="config"):
        Desk(shelf).shelf.colorizer("broken")
