import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference import Cancelled, Colorizer
from colorlib.inference.photograph import Photograph
from colorlib.inference.receptive_field import measured_margin, probe_lightness
from colorlib.inference.tiles import plan_axis
from colorlib.inference.tiling import Tiling, held_together, tiled_ab
from colorlib.models import MobileLite
from colorlib.ops.composition import AbMap
from colorlib.ops.lab import rgb_to_lab
from colorlib.ops.upsampling import upsample

STARTER = Path(__file__).parents[3] / "data/starter"


@pytest.fixture(scope="module")
def vivid() -> Colorizer:
    """A network of short sight whose colours swing with what it sees: a tile that saw too little would show."""
    torch.manual_seed(4)
    model = MobileLite(q=313, grid="paper")
    model.train()
    with torch.no_grad():
        for _ in range(3):  # batch norm learns the activations' spread
            model.logits(probe_lightness()[:, :, :, :256])
        model.final.weight.normal_(std=0.4)
        model.decoder["level8"].coarse.weight.zero_()  # nothing comes from the coarser levels
    return Colorizer(model, size=64)


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    """Four photographs side by side: 350×256 pixels of L in which no two places are alike."""
    sheet = Image.new("L", (350, 256))
    for index, path in enumerate(sorted(STARTER.glob("*.jpg"))[20:24]):
        with Image.open(path) as photo:
            sheet.paste(photo.convert("L").resize((175, 128)), (index % 2 * 175, index // 2 * 128))
    return sheet


@pytest.mark.parametrize("size", [1, 31, 32, 64, 100, 255, 256, 1000])
@pytest.mark.parametrize(("tile", "overlap"), [(32, 0), (64, 32), (128, 64), (128, 100), (128, 127), (512, 0)])
@pytest.mark.parametrize("margin", [0, 16, 400])
def test_the_shares_of_all_tiles_sum_to_one_everywhere(size: int, tile: int, overlap: int, margin: int) -> None:
    axis = plan_axis(size, tile, overlap, margin, 32, 4)
    whole = -(-size // 32) * 32
    total = np.zeros(whole // 4)
    for origin, shares in zip(axis.origins, axis.shares, strict=True):
        assert origin % 32 == 0
        assert (shares >= 0).all()
        total[origin // 4 : (origin + axis.length) // 4] += shares
    assert total == pytest.approx(1, abs=1e-6)
    assert axis.origins[-1] + axis.length == whole
    assert axis.length <= -(-tile // 32) * 32


def test_a_tile_counts_nothing_where_it_misses_what_lies_beyond() -> None:
    axis = plan_axis(1024, 256, 160, 48, 32, 4)
    inner = axis.shares[1]
    assert (inner[: 44 // 4] == 0).all()
    assert (inner[-44 // 4 :] == 0).all()
    assert axis.shares[0][0] == 1  # at the picture's border there is nothing beyond


@pytest.mark.parametrize(("tile", "overlap"), [(224, None), (192, 160), (160, 128)])
def test_tiles_give_what_the_whole_picture_would(
    vivid: Colorizer, scene: Image.Image, tile: int, overlap: int | None
) -> None:
    whole = vivid.analyse(scene, tile=512, global_pass=False).ab().values
    tiled = vivid.analyse(scene, tile=tile, overlap=overlap, global_pass=False).ab().values
    lightness = rgb_to_lab(torch.from_numpy(np.array(scene.convert("RGB"))).permute(2, 0, 1)[None])[:, :1]
    assert torch.allclose(whole, vivid.predict(lightness)[0], atol=1e-4)
    assert whole.std() > 5
    difference = (tiled - whole).abs()
    assert difference.max() <= 0.5
    assert difference.mean() <= 0.05


def test_without_enough_overlap_they_would_not(vivid: Colorizer, scene: Image.Image) -> None:
    whole = vivid.analyse(scene, tile=512, global_pass=False).ab().values
    poor = vivid.analyse(scene, tile=128, overlap=0, global_pass=False).ab().values
    assert (poor - whole).abs().max() > 5


def seam(colours: AbMap, borders: list[int], width: int) -> float:
    """The mean step of ab across the columns where tiles begin or end, by that across all columns."""
    ab = upsample(colours.values[None], colours.stride, colours.height, colours.width)[0]
    steps = (ab[:, :, 1:] - ab[:, :, :-1]).norm(dim=0).mean(0)
    near = [x for border in borders for x in range(border - 3, border + 3) if 0 <= x < width - 1]
    return float(steps[near].mean() / steps.mean())


@pytest.mark.parametrize("global_pass", [True, False])
def test_no_seam_shows_at_the_tiles_borders(vivid: Colorizer, scene: Image.Image, global_pass: bool) -> None:
    axis = plan_axis(350, 128, 96, 0, 32, 4)
    borders = [x for origin in axis.origins for x in (origin, origin + axis.length) if 0 < x < 350]
    assert len(borders) > 8
    smooth = vivid.analyse(scene, tile=128, overlap=96, global_pass=global_pass).ab()
    assert seam(smooth, borders, 350) < 1.2
    hard_axis = plan_axis(350, 128, 0, 0, 32, 4)
    hard = [x for x in hard_axis.origins if 0 < x < 350]
    assert seam(vivid.analyse(scene, tile=128, overlap=0, global_pass=False).ab(), hard, 350) > 1.4


@pytest.mark.parametrize(
    ("size", "tile", "overlap"), [((256, 256), 128, 64), ((256, 256), 128, 96), ((40, 33), 512, 256), ((1, 9), 32, 31)]
)
def test_sizes_that_others_fail_on(
    vivid: Colorizer, scene: Image.Image, size: tuple[int, int], tile: int, overlap: int
) -> None:
    picture = vivid(scene.crop((0, 0, *size)), tile=tile, overlap=overlap)
    assert picture.size == size


def test_the_large_scale_is_that_of_the_global_pass() -> None:
    rows = torch.linspace(-5, 5, 256)
    texture = torch.where(torch.arange(256) % 8 < 4, 3.0, -3.0)
    tiles = AbMap((texture.expand(256, 256) + 1).expand(2, 256, 256).clone(), 4, 1024, 1024)
    whole = AbMap(rows[::8].expand(32, 32).expand(2, 32, 32).clone(), 4, 128, 128)
    together = held_together(tiles, whole, 256).values[0, 100]
    assert together.reshape(-1, 8).mean(1) == pytest.approx(rows.reshape(-1, 8).mean(1), abs=1.0)
    assert together[96:160].reshape(-1, 8).std(1).mean() > 0.8 * 3  # what is small comes from the tiles
    wrong = AbMap(torch.full((2, 256, 256), 80.0).add(texture), 4, 1024, 1024)
    corrected = held_together(wrong, whole, 256).values[0, 100]
    assert corrected == pytest.approx(rows, abs=1.5)  # tiles that are far off count next to nothing


def test_the_measured_margin_is_that_of_a_known_filter() -> None:
    def box(reach: int) -> object:
        kernel = torch.ones(1, 1, 1, 2 * reach + 1) / (2 * reach + 1)

        def predict(lightness: torch.Tensor) -> torch.Tensor:
            blurred = torch.nn.functional.conv2d(lightness, kernel, padding=(0, reach))
            return blurred[..., ::4, ::4].repeat(1, 2, 1, 1)

        return predict

    assert measured_margin(box(60), 4, 8) == 64  # type: ignore[arg-type]
    assert measured_margin(box(100), 4, 32) == 128  # type: ignore[arg-type]
    assert measured_margin(lambda lightness: lightness[..., ::4, ::4].repeat(1, 2, 1, 1), 4, 32) == 0


def test_the_margin_is_the_weights_and_not_that_of_the_arithmetic(
    vivid: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounded = Colorizer(vivid.model, size=64, precision="bf16")
    monkeypatch.setattr(rounded.engine, "logits", lambda _: pytest.fail("rounding moves ab by more than is measured"))
    assert 0 < rounded.margin == vivid.margin


def test_progress_is_told_and_a_run_can_be_stopped(vivid: Colorizer, scene: Image.Image) -> None:
    told: list[tuple[int, int]] = []
    vivid.analyse(scene, tile=128, overlap=0, progress=lambda *at: told.append(at), batch=2).ab()
    assert told == [(2, 6), (4, 6), (6, 6)]
    stop = iter((False, True))
    with pytest.raises(Cancelled, match="stopped after 2 of 6 tiles"):
        vivid.analyse(scene, tile=128, overlap=0, batch=2, cancelled=lambda: next(stop)).ab()


@pytest.mark.parametrize(
    ("tile", "overlap", "words"), [(16, None, "at least 32"), (64, 64, "0 to 63"), (64, -1, "0 to 63")]
)
def test_impossible_tiles_are_refused(vivid: Colorizer, tile: int, overlap: int | None, words: str) -> None:
    with pytest.raises(ColorlibError, match=words):
        vivid(Image.new("L", (9, 9)), tile=tile, overlap=overlap)


def exhausted_beyond(colorizer: Colorizer, pixels: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make the network run out of memory for batches of more than so many pixels; returns the sizes that ran."""
    run, sizes = colorizer.model.logits, []

    def limited(lightness: torch.Tensor) -> torch.Tensor:
        if lightness.numel() > pixels and colorizer.engine.model is colorizer.model:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        sizes.append(lightness.numel())
        return run(lightness)

    monkeypatch.setattr(colorizer.model, "logits", limited)
    return sizes


def test_when_memory_runs_out_batches_and_tiles_get_smaller_and_the_picture_stays(
    vivid: Colorizer, scene: Image.Image, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = vivid.analyse(scene, tile=320, overlap=160, global_pass=False).ab().values
    mine = Colorizer(vivid.model, size=64)
    assert mine.margin > 0
    sizes = exhausted_beyond(mine, 320 * 256, monkeypatch)
    with caplog.at_level(logging.WARNING):
        batched = mine.analyse(scene, tile=320, overlap=160, global_pass=False, batch=2).ab().values
    assert "out of memory with 2 pictures of 320×256: going on with 1" in caplog.text
    assert (batched - expected).abs().max() < 1e-3
    assert max(sizes) <= 320 * 256
    monkeypatch.undo()
    caplog.clear()
    other = Colorizer(vivid.model, size=64)
    assert other.margin > 0
    exhausted_beyond(other, 200 * 200, monkeypatch)
    with caplog.at_level(logging.WARNING):
        tiles = other.analyse(scene, tile=320, global_pass=False).ab().values
    assert "out of memory with tiles of 320 pixels: going on with 160" in caplog.text
    assert (tiles - expected).abs().mean() < 0.05
    assert (tiles - expected).abs().max() < 0.5


def test_when_nothing_fits_it_is_said(vivid: Colorizer, scene: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = (Colorizer(vivid.model, size=64) for _ in range(2))
    assert other.margin > 0
    exhausted_beyond(mine, 0, monkeypatch)
    with pytest.raises(ColorlibError, match="need more memory than the cpu has"):
        mine(scene)
    with pytest.raises(ColorlibError, match="cannot get smaller"):
        other(scene, tile=128, overlap=64, global_pass=False)


def test_a_gpu_that_is_too_small_hands_over_to_the_cpu(
    vivid: Colorizer, scene: Image.Image, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = np.asarray(vivid(scene), dtype=int)
    mine = Colorizer(vivid.model, size=64)
    attempt = mine.engine._attempt
    mine.engine.device = torch.device("cuda")
    monkeypatch.setattr(mine.engine, "_attempt", lambda x: None if mine.engine.device.type == "cuda" else attempt(x))
    with caplog.at_level(logging.WARNING):
        picture = np.asarray(mine(scene), dtype=int)
    assert "going on on the CPU" in caplog.text
    assert np.abs(picture - expected).max() <= 1


def test_other_errors_are_not_taken_for_exhausted_memory(vivid: Colorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_lightness: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("some defect")

    mine = Colorizer(vivid.model, size=64)
    monkeypatch.setattr(mine.model, "logits", broken)
    with pytest.raises(RuntimeError, match="some defect"):
        mine(Image.new("L", (20, 20)))


def test_tiles_of_one_batch_run_together(vivid: Colorizer, scene: Image.Image) -> None:
    batches: list[int] = []

    def predict(lightness: torch.Tensor) -> torch.Tensor:
        batches.append(len(lightness))
        return vivid.predict(lightness)

    photograph = Photograph.from_pil(scene)
    tiled_ab(photograph, predict, vivid.model, Tiling(128, 0), 0)
    assert batches == [6]
