from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from colorlib.apps.bins import bins
from colorlib.errors import ColorlibError
from colorlib.ops.grid import Grid

app = typer.Typer()
app.command()(bins)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current directory without the tables that the pipeline may have written to this repository."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def write_table(path: Path) -> None:
    rows = [f"{a},{b},1,{1 / 313},1" for a, b in Grid.paper().points_int.tolist()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["a,b,count,prior,weight", *rows]), encoding="utf-8")


def test_explains_the_grid_and_draws_it(tmp_path):
    picture = tmp_path / "bins.png"
    result = CliRunner().invoke(app, ["--grid", "full", "--output", str(picture)])
    assert result.exit_code == 0
    assert "484 bins" in result.output
    assert "261 bins are the nearest" in result.output
    assert "No prior drawn: the stage `dvc repro statistics` writes reports/statistics/full.csv." in result.output
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_prior_is_read_from_the_named_table(tmp_path):
    table = tmp_path / "paper.csv"
    write_table(table)
    without, with_prior = tmp_path / "without.png", tmp_path / "with.png"
    CliRunner().invoke(app, ["--output", str(without)])
    result = CliRunner().invoke(app, ["--output", str(with_prior), "--prior", str(table)])
    assert result.exit_code == 0
    assert without.read_bytes() != with_prior.read_bytes()
    assert f"Prior: {table}" in result.output
    assert "No prior" not in result.output


def test_the_table_of_the_pipeline_is_used_where_it_exists():
    table = Path("reports/statistics/paper.csv")
    write_table(table)
    found = CliRunner().invoke(app, ["--output", "found.png"])
    assert f"Prior: {table}" in found.output
    CliRunner().invoke(app, ["--output", "named.png", "--prior", str(table)])
    assert Path("found.png").read_bytes() == Path("named.png").read_bytes()
    other = CliRunner().invoke(app, ["--grid", "full"])
    assert "No prior drawn" in other.output


@pytest.mark.parametrize("name", ["bins.jpg", "bins"])
def test_only_png_is_written(name):
    result = CliRunner().invoke(app, ["--output", name])
    assert isinstance(result.exception, ColorlibError)
    assert f"--output is {name}, expected a name that ends in .png" in str(result.exception)
    assert not Path(name).exists()


def test_unknown_grid_is_the_librarys_error():
    result = CliRunner().invoke(app, ["--grid", "313"])
    assert "no grid named '313'" in str(result.exception)
