import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from colorlib.errors import ColorlibError
from colorlib.inference import Colorizer
from colorlib.inference.files import Options, colorize_file
from colorlib.inference.folder import colorize_folder
from colorlib.inference.jobs import find_jobs
from colorlib.inference.memory import network_bytes, photograph_bytes, plan, resident
from colorlib.models import save_pretrained

MEBI = 1 << 20

CHILD = """
import sys
from pathlib import Path
from PIL import Image
from colorlib.inference import Colorizer
from colorlib.inference.files import Options, colorize_file
from colorlib.inference.memory import resident

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024

colorizer = Colorizer.from_pretrained(sys.argv[1])
colorizer(Image.new("L", (100, 100)))  # compiled loops and libraries are loaded
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
before = resident()
colorize_file(colorizer, Path(sys.argv[2]), Path(sys.argv[3]), Options())
print(peak() - before)

medium = Path(sys.argv[3]).with_name("medium.png")
Image.linear_gradient("L").resize((800, 600)).save(medium)
limit = resident() + (220 << 20)
Path("/proc/self/clear_refs").write_text("5")
options = Options(tile=512, overlap=32, memory_limit=limit)
colorize_file(colorizer, medium, medium.with_suffix(".jpg"), options)
print(limit - peak())
"""


def test_a_large_photograph_takes_its_share_of_two_gibibytes_and_tiles_keep_to_a_limit(
    colorizer: Colorizer, tmp_path: Path
) -> None:
    """A hundred megapixels may take 2 GiB, so 4 may take 82 MiB; the tiles of 512 pixels take 340 without a limit."""
    save_pretrained(colorizer.model, tmp_path / "m", size=144)
    Image.linear_gradient("L").resize((2000, 2000)).convert("RGB").save(tmp_path / "in.jpg", quality=60)
    command = [sys.executable, "-c", CHILD, str(tmp_path / "m"), str(tmp_path / "in.jpg"), str(tmp_path / "out.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "out.jpg") as picture:
        assert picture.size == (2000, 2000)
    used, left = map(int, done.stdout.split())
    assert used < 2048 * MEBI * 4 / 100
    assert 0 <= left < 220 * MEBI


def test_the_plan_fits_the_limit_with_the_largest_tile_and_batch(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = colorizer.engine
    before = 700 * MEBI
    # The first rehearsal loads libraries, and other tests of this process hold what they like.
    monkeypatch.setattr("colorlib.inference.memory.resident", lambda: before)
    small = plan(engine, before + 400 * MEBI, (32, 32), MEBI, 512, auto=False, most=1024)
    assert small.tile == 512
    assert 1 <= small.batch <= 4
    assert small.peak <= before + 400 * MEBI
    tight = plan(engine, before + 150 * MEBI, (32, 32), MEBI, 512, auto=False, most=1024)
    assert tight.tile is not None
    assert 64 <= tight.tile < 512
    assert tight.tile % 32 == 0
    room = before + 150 * MEBI - (tight.peak - tight.batch * network_bytes(engine, 1, tight.tile, tight.tile))
    assert network_bytes(engine, 1, tight.tile, tight.tile) <= room
    assert network_bytes(engine, 1, tight.tile + 32, tight.tile + 32) > room
    peak = network_bytes(engine, 1, 512, 512)
    with pytest.raises(ColorlibError, match="cannot be met"):
        plan(engine, before + 150 * MEBI, (32, 32), MEBI, 512, auto=False, most=1024, beside=[peak])
    plain = plan(engine, before + 2000 * MEBI, (256, 256), MEBI, None, auto=False, most=16)
    assert (plain.tile, plain.batch) == (None, 16)


def test_without_a_limit_nothing_is_rehearsed(
    colorizer: Colorizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    analyse = colorizer.analyse
    monkeypatch.setattr("colorlib.inference.memory._rehearsed", lambda *_: pytest.fail("rehearsed"))
    monkeypatch.setattr(colorizer, "analyse", lambda *of, **how: asked.append(of[1]) or analyse(*of, **how))
    Image.new("L", (60, 40), 90).save(tmp_path / "in.png")
    for tile in ("auto", 64, None):
        colorize_file(colorizer, tmp_path / "in.png", tmp_path / "out.png", Options(tile=tile, force=True))
    assert asked == [1024, 64, None]


def test_a_limit_that_cannot_be_met_names_the_least(colorizer: Colorizer, tmp_path: Path) -> None:
    Image.new("L", (4000, 3000), 90).save(tmp_path / "in.png")
    limit = Options(memory_limit=100 * MEBI)
    with pytest.raises(ColorlibError, match=r"100 MiB cannot be met: this picture needs at least .* [MG]iB"):
        colorize_file(colorizer, tmp_path / "in.png", tmp_path / "out.png", limit)
    assert not (tmp_path / "out.png").exists()


def test_a_folder_keeps_to_the_limit(colorizer: Colorizer, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in "abc":
        Image.new("L", (60, 40), 90).save(tmp_path / "in" / f"{name}.png")
    Image.new("1", (16000, 16000)).save(tmp_path / "in" / "large.png")
    options = Options(memory_limit=resident() + 700 * MEBI)
    summary = colorize_folder(colorizer, find_jobs(tmp_path / "in", tmp_path / "out", False), options, lambda _: None)
    assert len(summary.coloured) == 3
    assert "cannot be met" in summary.failed[0].reason
    assert len(summary.failed) == 1


def test_tiles_chosen_for_the_limit_give_the_picture(colorizer: Colorizer, tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((200, 150)).save(tmp_path / "in.png")
    for tile in ("auto", 128):
        options = Options(tile=tile, memory_limit=resident() + 500 * MEBI, force=True)
        colorize_file(colorizer, tmp_path / "in.png", tmp_path / "out.png", options)
        with Image.open(tmp_path / "out.png") as picture:
            assert picture.size == (200, 150)
    with pytest.raises(ColorlibError, match="expected a number of pixels or auto"):
        colorize_file(colorizer, tmp_path / "in.png", tmp_path / "x.png", Options(tile="large"))


@pytest.mark.parametrize(("mode", "suffix"), [("L", ".png"), ("RGB", ".jpg"), ("I;16", ".png"), ("P", ".png")])
def test_a_photographs_bytes_are_known_from_its_header(tmp_path: Path, mode: str, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new(mode, (50, 20)).save(tmp_path / f"x{suffix}")
    Image.new(mode, (50, 20)).save(tmp_path / f"turned{suffix}", exif=exif)
    width, height, plain = photograph_bytes(tmp_path / f"x{suffix}", tmp_path / f"y{suffix}")
    assert (width, height) == (50, 20)
    assert plain >= 4000
    assert photograph_bytes(tmp_path / f"turned{suffix}", tmp_path / "y.png")[2] > plain
    assert photograph_bytes(tmp_path / f"x{suffix}", tmp_path / "y.webp")[2] > plain


def test_a_larger_batch_is_predicted_to_take_more(colorizer: Colorizer) -> None:
    one, two = (network_bytes(colorizer.engine, batch, 128, 128) for batch in (1, 2))
    assert 1.6 < two / one < 2.4
