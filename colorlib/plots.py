"""Pictures of the bins over the ab plane. The same input gives the same PNG bytes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.files import atomic_path
from colorlib.ops import gamut
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lab_to_rgb

STEP = params.GRID_STEP.value
BIN_LIGHTNESS = 60.0  # L at which a bin's colour is shown: most hues are at their most distinct near it
PRIOR_DECADES = 6  # rarer bins look alike: a Gaussian tail of 1e-100 would leave no colours for the rest
PANEL_INCHES = (6.2, 5.4)


def plot_prior(grid: Grid, prior: torch.Tensor, weights: torch.Tensor, path: Path) -> None:
    """Draw the smoothed prior (log scale) and the class weights of a grid side by side, and write them as PNG.

    Args:
        grid: the bins.
        prior: Q, the smoothed prior p̃.
        weights: Q, the class weights.
        path: where the picture goes.

    Raises:
        ColorlibError: if prior or weights do not have one number per bin.
    """
    _require_values(grid, prior, "prior")
    _require_values(grid, weights, "weights")
    figure = _figure(2)
    left, right = figure.subplots(1, 2)
    _draw_prior(left, grid, prior)
    _draw_values(right, grid, weights, Normalize(0, float(weights.max())), "weight of the bin in the loss")
    right.set_title(f"Class weights, {float(weights.min()):.3g} to {float(weights.max()):.3g}")
    _save(figure, path)


def plot_bins(grid: Grid, path: Path, prior: torch.Tensor | None = None) -> None:
    """Draw the bins of a grid in their own colours (at L = 60, clipped to what a screen shows), and write a PNG.

    Bins that are the nearest of no 8-bit colour are hatched. With a prior (Q numbers), a second panel shows it.

    Raises:
        ColorlibError: if the prior does not have one number per bin.
    """
    if prior is not None:
        _require_values(grid, prior, "prior")
    figure = _figure(1 if prior is None else 2)
    panels = figure.subplots(1, 1 if prior is None else 2, squeeze=False)[0]
    _draw_colours(panels[0], grid)
    if prior is not None:
        _draw_prior(panels[1], grid, prior)
    _save(figure, path)


def _draw_colours(axes: Axes, grid: Grid) -> None:
    lab = torch.cat((torch.full((len(grid), 1), BIN_LIGHTNESS), grid.points), dim=1)  # Q×3
    rgb = lab_to_rgb(lab.T[None, :, :, None])[0, :, :, 0].T.numpy()  # Q×3
    axes.add_collection(PatchCollection(_squares(grid, range(len(grid))), facecolors=rgb, edgecolors="white", lw=0.6))
    unreachable = torch.nonzero(~grid.reachable).flatten().tolist()
    axes.add_collection(
        PatchCollection(_squares(grid, unreachable), facecolors="none", edgecolors="#00000088", hatch="////", lw=0)
    )
    _frame(axes, grid)
    axes.set_title(f"Grid “{grid.name}”: {len(grid)} bins, {int(grid.reachable.sum())} reachable, the others hatched")


def _draw_prior(axes: Axes, grid: Grid, prior: torch.Tensor) -> None:
    top = float(prior.max())
    norm = LogNorm(top / 10**PRIOR_DECADES, top, clip=True)
    _draw_values(axes, grid, prior, norm, "p̃ (log scale)", extend="min")
    axes.set_title(f"Smoothed prior of {len(grid)} bins")


def _draw_values(
    axes: Axes, grid: Grid, values: torch.Tensor, norm: Normalize, label: str, extend: str = "neither"
) -> None:
    mappable = ScalarMappable(norm, "viridis")
    mappable.set_array(values.numpy())
    squares = PatchCollection(_squares(grid, range(len(grid))), edgecolors="white", lw=0.3)
    squares.set_facecolor([tuple(row) for row in mappable.to_rgba(values.numpy()).tolist()])
    axes.add_collection(squares)
    _frame(axes, grid)
    axes.figure.colorbar(mappable, ax=axes, label=label, shrink=0.85, extend=extend)


def _frame(axes: Axes, grid: Grid) -> None:
    outline = gamut.outline().numpy()
    axes.plot(outline[:, 0], outline[:, 1], color="black", lw=1.4, label="border of sRGB")
    low, high = grid.points.numpy().min(0) - STEP, grid.points.numpy().max(0) + STEP
    low, high = np.minimum(low, outline.min(0) - STEP), np.maximum(high, outline.max(0) + STEP)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xlabel="a (green to red)")
    axes.set_ylabel("b (blue to yellow)")


def _squares(grid: Grid, bins: Sequence[int]) -> list[Rectangle]:
    corners = (grid.points - STEP / 2).tolist()
    return [Rectangle((corners[q][0], corners[q][1]), STEP, STEP) for q in bins]


def _figure(panels: int) -> Figure:
    layout = ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1)  # inches; the default cuts the titles
    figure = Figure(figsize=(PANEL_INCHES[0] * panels, PANEL_INCHES[1]), dpi=110, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> None:
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", fontsize="small")
    with atomic_path(path) as temporary:
        # matplotlib would write its version into the file.
        figure.savefig(temporary, format="png", metadata={"Software": None})


def _require_values(grid: Grid, values: torch.Tensor, name: str) -> None:
    if tuple(values.shape) != (len(grid),):
        raise ColorlibError(
            f"the {name} to draw has shape {tuple(values.shape)}, expected ({len(grid)},) for grid {grid.name!r}: "
            "take both from one table."
        )
