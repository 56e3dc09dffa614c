import json
import os
import resource
import shutil
import signal
from pathlib import Path

import pytest
import torch
from PIL import Image

from colorlib.apps import cli
from colorlib.apps import colorize as command
from colorlib.models import MobileLite, save_pretrained

PHOTO = Path(__file__).parents[3] / "data/starter/cat-ab7c3e1b.jpg"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    save_pretrained(MobileLite(q=313, grid="paper"), folder / "c", size=32)
    save_pretrained(MobileLite(head="regression"), folder / "r", size=32)
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.argv", ["colorlib", "colorize", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


def test_every_option_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--method classification --temperature 0.5 --blend 0.8 --precision fp32 --device cpu --tile 64"
    options += " --overlap 16 --no-global --memory-limit 6GiB --max-megapixels 10 --frames 3 --json"
    arguments = [*options.split(), "--cache", f"disk:{tmp_path / 'cache'}", "--animate", tmp_path / "a.gif"]
    target = tmp_path / "out.png"
    assert run(monkeypatch, PHOTO, "--model", models, "--output", target, *arguments) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["target"] == str(target)
    assert described["status"] == "colorized"
    assert 0 <= described["clamped"] <= 1
    assert any((tmp_path / "cache").rglob("*"))
    with Image.open(target) as picture, Image.open(PHOTO) as original, Image.open(tmp_path / "a.gif") as animation:
        assert picture.size == original.size
        assert animation.n_frames == 3  # type: ignore[attr-defined]


def test_the_method_takes_the_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.png"
    assert run(monkeypatch, PHOTO, "--model", models, "--method", "regression", "--output", target) == 0
    assert "clamped to sRGB" in capsys.readouterr().out
    again = (PHOTO, "--model", models, "--method", "regression", "--temperature", "0.4", "--output", target, "--force")
    assert run(monkeypatch, *again) == 1
    assert "regression model has no temperature" in capsys.readouterr().err


def test_a_folder_is_finished_and_its_failures_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    (photos / "deep").mkdir(parents=True)
    shutil.copy(PHOTO, photos / "a.jpg")
    shutil.copy(PHOTO, photos / "deep" / "b.jpg")
    (photos / "broken.png").write_bytes(b"x")
    arguments = (photos, "--model", models, "--output", tmp_path / "out", "--recursive")
    assert run(monkeypatch, *arguments) == 1
    said = capsys.readouterr()
    assert "2 colorized, 1 failed" in said.out
    assert "broken.png is not an image" in said.err
    assert (tmp_path / "out" / "deep" / "b.jpg").exists()
    assert run(monkeypatch, *arguments, "--json") == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["status"] for line in lines[:-1]] == ["skipped", "skipped", "failed"]
    assert lines[-1] == {"summary": {"colorized": 0, "skipped": 2, "failed": 1}}
    (photos / "broken.png").unlink()
    assert run(monkeypatch, *arguments) == 0
    assert "0 colorized, 2 were there already, 0 failed" in capsys.readouterr().out


def test_what_could_not_be_kept_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    Image.new("LA", (20, 20), (90, 128)).save(tmp_path / "in" / "x.png")
    assert run(monkeypatch, tmp_path / "in" / "x.png", "--model", models, "--output", tmp_path / "x.jpg") == 0
    assert "has no transparency: it lies on white" in capsys.readouterr().out
    frames = [Image.new("L", (20, 20), level) for level in (10, 200)]
    frames[0].save(tmp_path / "in" / "y.tif", save_all=True, append_images=frames[1:])
    assert run(monkeypatch, tmp_path / "in", "--model", models, "--output", tmp_path / "out") == 0
    assert "only the first of its 2 frames" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--tile", "big"], 2, "neither a number of pixels nor 'auto'"),
        (["--memory-limit", "lots"], 2, "such as 6GiB"),
        (["--memory-limit", "1MiB"], 1, "cannot be met"),
        (["--blend", "2"], 2, "--blend"),
        (["--precision", "fp16", "--device", "cpu"], 1, "fp16 is for CUDA"),
        (["--cache", "memcached://x"], 1, "no cache is called"),
        (["--animate", "x.png"], 1, "is a .gif or a .webp"),
        (["--max-megapixels", "1", "--tile", "64", "--overlap", "64"], 1, "overlap"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    models: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    assert run(monkeypatch, PHOTO, "--model", models, "--output", tmp_path / "o.png", *arguments) == code
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error
    assert not (tmp_path / "o.png").exists()


def test_an_animation_is_for_one_photograph(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, "--model", models, "--animate", tmp_path / "a.gif") == 1
    assert "--animate is for one photograph" in capsys.readouterr().err


def test_what_no_photograph_can_be_is_one_line_each_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    (photos / "folder.jpg").mkdir(parents=True)
    shutil.copy(PHOTO, photos / "good.jpg")
    (photos / "notes.pdf").write_text("a suffix that Pillow writes")
    (photos / "phone.heic").write_bytes(b"\0\0\0 ftypheic")
    os.mkfifo(photos / "pipe.jpg")
    (photos / "nowhere.jpg").symlink_to("nothing.jpg")
    (photos / "loop.jpg").symlink_to("loop.jpg")
    for name in (b"two\nlines.jpg", b"latin-\xe9.jpg", b"red\x1b[31m.jpg"):
        Path(os.fsdecode(os.fsencode(photos) + b"/" + name)).write_bytes(b"x")
    assert run(monkeypatch, photos, "--model", models, "--output", tmp_path / "out") == 1
    said = capsys.readouterr()
    assert "1 colorized, 7 failed" in said.out
    lines = said.err.splitlines()
    assert len(lines) == 7
    for words in (
        *("pipe.jpg: a pipe or a device", "nowhere.jpg: the link leads nowhere", "loop.jpg cannot be read: Too many"),
        *("two\\nlines.jpg is not", "latin-\\udce9.jpg is not", "red\\x1b[31m.jpg is not"),
        "phone.heic is not an image that can be read",
    ):
        assert sum(words in line for line in lines) == 1
    assert run(monkeypatch, photos, "--model", models, "--output", tmp_path / "out", "--json") == 1
    described = [json.loads(line) for line in capsys.readouterr().out.splitlines()[:-1]]
    assert os.fsencode(photos) + b"/latin-\xe9.jpg" in [os.fsencode(one["source"]) for one in described]
    strange = photos / "two\nlines.jpg"
    assert run(monkeypatch, strange, "--model", models) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert run(monkeypatch, strange, "--model", models, "--json") == 1
    assert json.loads(capsys.readouterr().out)["status"] == "failed"


def test_an_interrupted_run_leaves_whole_pictures_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Path
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(40):
        Image.linear_gradient("L").save(tmp_path / f"in/{number:02}.png")
    line, finished = command._line, []

    def interrupted(described: dict[str, object]) -> None:
        line(described)
        finished.append(described)
        if len(finished) == 3:
            signal.raise_signal(signal.SIGINT)  # Ctrl-C

    monkeypatch.setattr(command, "_line", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        assert run(monkeypatch, tmp_path / "in", "--model", models, "--output", tmp_path / "out", "--json") == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(finished) == 3
    written = sorted((tmp_path / "out").iterdir())
    assert 3 <= len(written) < 40
    for path in written:
        assert path.suffix == ".png"
        with Image.open(path) as picture:
            picture.load()


@pytest.mark.parametrize("suffix", [".png", ".tif"])  # libtiff writes on its own, and does not say what went wrong
def test_a_limit_of_the_files_size_is_said_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        assert run(monkeypatch, PHOTO, "--model", models, "--output", tmp_path / f"out{suffix}") == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "no file may be so large while writing" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
