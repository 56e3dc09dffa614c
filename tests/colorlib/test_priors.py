from pathlib import Path

import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.ops.grid import Grid
from colorlib.priors import read_bin_table


def write(path: Path, rows: list[str], header: str = "a,b,count,prior,weight") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def paper_rows() -> list[str]:
    return [f"{a},{b},{i},{i / 1000},{2 + i}" for i, (a, b) in enumerate(Grid.paper().points_int.tolist())]


def test_columns_come_back_in_the_grids_order(tmp_path):
    table = read_bin_table(write(tmp_path / "t.csv", paper_rows()), Grid.paper())
    assert torch.equal(table.counts, torch.arange(313))
    assert torch.equal(table.prior, torch.arange(313, dtype=torch.float64) / 1000)
    assert torch.equal(table.weights, torch.arange(313, dtype=torch.float64) + 2)


def test_a_table_of_another_grid_or_order_is_refused(tmp_path):
    path = write(tmp_path / "t.csv", paper_rows())
    with pytest.raises(ColorlibError, match="313 bins that are not those of grid 'full'"):
        read_bin_table(path, Grid.full())
    with pytest.raises(ColorlibError, match="not those of grid 'paper'"):
        read_bin_table(write(tmp_path / "r.csv", paper_rows()[::-1]), Grid.paper())


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(ColorlibError, match="cannot be read"):
        read_bin_table(tmp_path / "absent.csv", Grid.paper())
    with pytest.raises(ColorlibError, match="lacks prior, weight"):
        read_bin_table(write(tmp_path / "c.csv", ["1,2,3"], "a,b,count"), Grid.paper())
    with pytest.raises(ColorlibError, match="not a number"):
        read_bin_table(write(tmp_path / "n.csv", ["1,2,3,x,5"]), Grid.paper())
    with pytest.raises(ColorlibError, match="lacks a, b"):
        read_bin_table(write(tmp_path / "e.csv", []), Grid.paper())
