import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.apps.studio import takeaway
from colorlib.apps.studio.desk import Look, Wish
from colorlib.apps.studio.distribution import believed, draw
from colorlib.apps.studio.facts import audit_verdict
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.stage import Slider, stage_data
from colorlib.apps.studio.upload import LARGEST_FILE, receive
from colorlib.apps.studio.views import comparison, side_by_side
from colorlib.apps.studio.visit import Visit
from colorlib.apps.studio.warming import warm_up
from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer
from colorlib.ops.lab import rgb_to_lab
from tests.browsing import photograph_bytes, save_small_model

LOOK = Look("small")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(save_small_model(tmp_path_factory.mktemp("models") / "small"))


@pytest.fixture
def visit(shelf: Shelf) -> Visit:
    here = Visit(shelf)
    labels, complaints = here.hand_over([("a.png", photograph_bytes(1)), ("a.png", photograph_bytes(2))])
    assert (labels, complaints) == (["a.png", "a (2).png"], [])
    return here


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """Shapes that the network was run on; each run takes its time."""
    seen, run = [], Colorizer.logits

    def counted(self: Colorizer, lightness: torch.Tensor) -> torch.Tensor:
        seen.append(lightness.shape)
        time.sleep(0.05)
        return run(self, lightness)

    monkeypatch.setattr(Colorizer, "logits", counted)
    return seen


def test_the_network_runs_once_for_all_temperatures_and_all_at_once(visit: Visit, runs: list[torch.Size]) -> None:
    wishes = [Wish(visit.upload("a.png"), LOOK, t) for t in (0.05, 0.38, 1.0)]
    with ThreadPoolExecutor(3) as pool:
        at_once = list(pool.map(lambda wish: np.asarray(comparison(visit.desk, wish).after), wishes))
    assert len(runs) == 1
    one_by_one = [np.asarray(comparison(visit.desk, wish).after) for wish in wishes]
    assert all(np.array_equal(a, b) for a, b in zip(at_once, one_by_one, strict=True))
    assert np.any(one_by_one[0] != one_by_one[2])


def test_without_blend_it_is_what_it_was_before_and_that_is_its_lightness(visit: Visit) -> None:
    upload = visit.upload("a.png")
    view = comparison(visit.desk, Wish(upload, LOOK, 0.38, blend=0.0))
    assert np.array_equal(np.asarray(view.after), np.asarray(view.before))
    lightness, grey = (
        rgb_to_lab(torch.from_numpy(np.array(image)).permute(2, 0, 1)[None])[0, 0]
        for image in (visit.desk.original(upload), view.before)
    )
    assert (lightness - grey).abs().max() < 0.5  # one level of 255 is up to 0.5 in L


def test_a_sentence_for_what_is_no_picture(shelf: Shelf) -> None:
    labels, complaints = Visit(shelf).hand_over([("../../x.png", b"no picture"), ("b.png", photograph_bytes(1)[:90])])
    assert labels == []
    assert complaints[0].startswith("x.png is not an image")
    assert complaints[1].startswith("b.png cannot be decoded")
    with pytest.raises(ColorlibError, match=r"big\.png has more than the 64 MiB"):
        receive("big.png", bytes(LARGEST_FILE + 1))
    bomb = io.BytesIO()
    Image.new("1", (10_000, 6_001)).save(bomb, "PNG")
    with pytest.raises(
        ColorlibError, match=r"^bomb\.png: 10000×6001 is 60 megapixels, more than the 60 .*command line"
    ):
        receive("bomb.png", bomb.getvalue())


def test_files_hold_what_was_shown(visit: Visit) -> None:
    desk, uploads = visit.desk, list(visit.uploads.values())
    wish = Wish(uploads[0], LOOK, 0.38)
    content = takeaway.picture_file(desk, wish, "PNG")
    shown = comparison(desk, wish).after  # small enough to be shown whole
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), np.asarray(shown))
    animation = Image.open(io.BytesIO(takeaway.animation_file(desk, wish, "GIF")))
    assert getattr(animation, "n_frames", 1) > 2
    with zipfile.ZipFile(io.BytesIO(takeaway.batch_file(desk, uploads, wish, "PNG"))) as archive:
        assert archive.namelist() == ["a.colorized.png", "a.colorized.2.png"]
        assert archive.read("a.colorized.png") == content
        assert archive.read("a.colorized.2.png") != content
    with pytest.raises(ColorlibError, match="expected PNG or JPEG"):
        takeaway.picture_file(desk, wish, "BMP")


def test_what_is_transparent_lies_on_white_on_screen_and_in_files(shelf: Shelf) -> None:
    pixels, buffer, here = np.full((40, 80, 4), 90, np.uint8), io.BytesIO(), Visit(shelf)
    pixels[:, :40, 3], pixels[:, 40:] = 255, (200, 0, 0, 0)
    Image.fromarray(pixels).save(buffer, "PNG")
    here.hand_over([("a.png", buffer.getvalue())])
    wish = Wish(here.upload("a.png"), LOOK)
    view = comparison(here.desk, wish)
    files = [takeaway.picture_file(here.desk, wish, "JPEG"), takeaway.animation_file(here.desk, wish, "GIF")]
    seen = [view.before, view.after, here.desk.original(wish.upload), *(Image.open(io.BytesIO(file)) for file in files)]
    seen += [picture for picture, _ in side_by_side(here.desk, wish)[0]]
    for picture in seen:
        assert np.asarray(picture.convert("RGB"))[:, 48:].min() > 245
        assert np.asarray(picture.convert("RGB"))[:, :32].mean() < 160
    kept = Image.open(io.BytesIO(takeaway.picture_file(here.desk, wish, "PNG")))
    assert np.array_equal(np.asarray(kept)[..., 3], pixels[..., 3])


def test_tiles_are_shown_once_done_and_only_at_their_temperature(visit: Visit) -> None:
    wish = Wish(visit.upload("a.png"), Look("small", 64), 0.5)
    errand = visit.begin(wish)
    errand.result(60)
    assert (errand.share, errand.done) == (1.0, True)
    assert "in tiles of 64" in comparison(visit.desk, wish).facts
    assert "in tiles" not in comparison(visit.desk, Wish(wish.upload, wish.look, 0.6)).facts


def test_work_that_is_stopped_keeps_nothing_and_new_work_stops_it(visit: Visit) -> None:
    wish = Wish(visit.upload("a.png"), Look("small", 64), 0.5)
    first = visit.begin(wish)
    second = visit.begin(wish)
    second.stop()
    for errand in (first, second):
        with pytest.raises(ColorlibError, match="stopped after"):
            errand.result(60)
    assert not visit.desk.in_tiles(wish)


def test_what_may_be_at_a_pixel(visit: Visit) -> None:
    wish = Wish(visit.upload("a.png"), LOOK, 0.25)
    found = believed(visit.desk, wish, 5, 5)
    assert float(found.probabilities.sum()) == pytest.approx(1, abs=1e-4)
    assert "of 313" in found.in_words()
    assert "T = 0.25" in found.in_words()
    drawn = np.asarray(draw(found))
    assert drawn.shape[2] == 4
    assert drawn[..., 3].min() == 0  # the page shines through, light or dark
    with pytest.raises(ColorlibError, match="outside the picture"):
        believed(visit.desk, wish, 500, 5)


def test_a_model_that_cannot_be_loaded_is_named_beside_the_others(tmp_path: Path, visit: Visit) -> None:
    save_small_model(tmp_path / "small")
    (save_small_model(tmp_path / "broken") / "config.json").write_text("{")
    shelf = Shelf(tmp_path)
    assert shelf.names("classification") == ["broken", "small"]
    here, upload = Visit(shelf), visit.upload("a.png")
    pictures, complaints = side_by_side(here.desk, Wish(upload, LOOK))
    assert [caption for _, caption in pictures] == ["as it came", *(f"T = {t} · small" for t in ("0.1", "0.38", "1"))]
    mixed, _ = side_by_side(here.desk, Wish(upload, LOOK, blend=0.5))
    assert [caption for _, caption in mixed][:2] == ["as it came", "T = 0.1 · small · blend 0.5"]
    assert len(complaints) == 1
    assert complaints[0].startswith("broken is left out: ")
    with pytest.raises(ColorlibError, match=r"broken.*config\.json"):
        comparison(here.desk, Wish(upload, Look("broken")))
    with pytest.raises(ColorlibError, match="no model called 'other': choose one of broken, small"):
        shelf.card("other")
    with pytest.raises(ColorlibError, match="holds no trained model"):
        Shelf(tmp_path / "nowhere")


def test_an_uploaders_list_is_followed(shelf: Shelf) -> None:
    here, first, second = Visit(shelf), photograph_bytes(1), photograph_bytes(2)
    files = {"1": ("a.png", lambda: first), "2": ("b.png", lambda: second), "3": ("c.png", lambda: b"no picture")}
    labels, complaints = here.follow(files)
    assert (labels, len(complaints), here.complaints) == (["a.png", "b.png"], 1, complaints)
    assert here.follow(files | {"4": ("a.png", lambda: first)}) == (["a.png"], [])  # once more: no other photograph
    assert here.choice(["a.png"], "b.png") == "a.png"
    assert here.choice([], "b.png") == "b.png"
    assert here.follow({"2": files["2"], "4": files["1"]}) == ([], [])
    assert (sorted(here.uploads), here.complaints) == (["a.png", "b.png"], [])
    here.follow({"2": files["2"]})
    assert list(here.uploads) == ["b.png"]
    assert here.choice([], "a.png") == "b.png"
    here.uploads.clear()  # as when newer ones took its place
    here.keep(receive("b.png", first))
    here.follow({})
    assert list(here.uploads) == ["b.png"]
    here.uploads.clear()
    assert here.choice([], "b.png") is None


def test_results_are_current_as_long_as_what_they_were_made_from_is_looked_at(visit: Visit) -> None:
    upload = visit.upload("a.png")
    wish = visit.wish = Wish(upload, LOOK, 0.38)
    assert not visit.is_current("sheet")
    assert visit.made("sheet", wish)
    assert visit.made("animation", wish)
    for other, current in (
        (Wish(upload, LOOK, 0.38, 0.5), (False, True)),
        (Wish(upload, LOOK, 0.5), (True, False)),
        (Wish(visit.upload("a (2).png"), LOOK, 0.38), (False, False)),
        (Wish(upload, Look("none"), 0.38), (False, False)),
        (None, (False, False)),
    ):
        visit.wish = other
        assert (visit.is_current("sheet"), visit.is_current("animation")) == current
    assert not visit.made("sheet", wish)  # came too late


def test_visits_do_not_share_photographs_and_forget_the_oldest(
    visit: Visit, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ColorlibError, match="No photograph yet"):
        Visit(shelf).upload(None)
    with pytest.raises(ColorlibError, match=r"a\.png is not here"):
        Visit(shelf).upload("a.png")
    monkeypatch.setattr("colorlib.apps.studio.visit.KEPT", 2)
    visit.hand_over([("b.png", photograph_bytes(3))])
    assert list(visit.uploads) == ["a (2).png", "b.png"]


def test_the_stage_is_told_what_to_show(visit: Visit) -> None:
    wish = Wish(visit.upload("a.png"), LOOK, 0.5)
    data = stage_data(comparison(visit.desk, wish), wish, [Slider("temperature", "Temperature", 0.01, 0.5)])
    assert (data["width"], data["height"]) == (96, 80)
    assert data["before"].startswith("data:image/jpeg;base64,")
    assert data["before"] != data["after"]
    assert data["sliders"] == [
        {"name": "temperature", "label": "Temperature", "min": 0.01, "value": 0.5, "disabled": False}
    ]


def test_warm_up_loads_the_first_model(shelf: Shelf, runs: list[torch.Size]) -> None:
    warm_up(shelf)
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no report"),
        ("{", "cannot be read"),
        ('{"verdict": "not_run"}', "cannot be read"),
        (
            '{"verdict": "not_run", "checks": [{"verdict": "pass"}, {"verdict": "deviation"}, {"verdict": "fail"}]}',
            "not run, 2 of 3 checks passed",
        ),
    ],
)
def test_the_verdict_or_why_there_is_none(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    assert words in audit_verdict(tmp_path / "report.json")
