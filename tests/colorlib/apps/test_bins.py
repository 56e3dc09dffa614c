import typer
from typer.testing import CliRunner

from colorlib.apps.bins import bins
from colorlib.ops.grid import Grid

app = typer.Typer()
app.command()(bins)


def test_explains_the_grid_and_draws_it(tmp_path):
    picture = tmp_path / "bins.png"
    result = CliRunner().invoke(app, ["--grid", "full", "--output", str(picture)])
    assert result.exit_code == 0
    assert "484 bins" in result.output
    assert "261 bins are the nearest" in result.output
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_prior_is_read_from_the_named_table(tmp_path):
    table = tmp_path / "paper.csv"
    rows = [f"{a},{b},1,{1 / 313},1" for a, b in Grid.paper().points_int.tolist()]
    table.write_text("\n".join(["a,b,count,prior,weight", *rows]), encoding="utf-8")
    without, with_prior = tmp_path / "without.png", tmp_path / "with.png"
    CliRunner().invoke(app, ["--output", str(without)])
    result = CliRunner().invoke(app, ["--output", str(with_prior), "--prior", str(table)])
    assert result.exit_code == 0
    assert without.read_bytes() != with_prior.read_bytes()


def test_unknown_grid_is_the_librarys_error():
    result = CliRunner().invoke(app, ["--grid", "313"])
    assert "no grid named '313'" in str(result.exception)
