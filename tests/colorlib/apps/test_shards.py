from pathlib import Path

from PIL import Image
from typer.testing import CliRunner

from colorlib.apps.cli import app


def test_the_command_writes_shards_and_says_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, colour in (("a.png", "red"), ("b.png", "grey")):
        Image.new("RGB", (20, 20), colour).save(tmp_path / "in" / name)
    (tmp_path / "in" / "torn.jpg").touch()
    arguments = ["shards", str(tmp_path / "in"), str(tmp_path / "out"), "--size", "16", "--per-shard", "2"]
    first, again = (CliRunner().invoke(app, arguments) for _ in range(2))
    assert first.exit_code == again.exit_code == 0, first.output
    assert "shard 0: 2 images\n" in first.stdout
    assert "shard 0: 2 images, kept\n" in again.stdout
    assert "2 images (1 grey) in 2 shards" in first.stdout
    assert f"1 damaged files, see {tmp_path / 'out' / 'damaged.csv'}" in first.stdout


def test_originals_keep_their_size(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (20, 20), "red").save(tmp_path / "in" / "a.png")
    done = CliRunner().invoke(app, ["shards", str(tmp_path / "in"), str(tmp_path / "out"), "--originals"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "in" / "a.png").read_bytes() in (tmp_path / "out" / "shard-000000.tar").read_bytes()
