"""Why the network chose a colour: what it holds possible at one pixel, drawn over the ab plane."""

import io
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image

from colorlib import params
from colorlib.apps.studio.desk import Desk, Wish
from colorlib.errors import ColorlibError
from colorlib.ops import gamut
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lab_to_rgb, rgb_to_lab

LISTED = 5  # bins named beside the picture
INK = "#808080"
LARGEST_DOT, SMALLEST_DOT = 900.0, 4.0  # area of a dot, in points²


@dataclass(frozen=True)
class Belief:
    """The distribution at a pixel.

    Attributes:
        grid: the bins.
        probabilities: Q, at T = 1.
        lightness: L of the pixel.
        temperature: of the annealed mean.
        chosen: (a, b) that it gives.
    """

    grid: Grid
    probabilities: torch.Tensor
    lightness: float
    temperature: float
    chosen: tuple[float, float]

    def in_words(self) -> str:
        """The likeliest bins, their share, and what was made of them."""
        order = self.probabilities.argsort(descending=True)[:LISTED].tolist()
        bins = ", ".join(
            f"({int(self.grid.points_int[q, 0])}, {int(self.grid.points_int[q, 1])}) {float(self.probabilities[q]):.0%}"
            for q in order
        )
        entropy = float(torch.special.entr(self.probabilities.double()).sum())
        a, b = self.chosen
        return (
            f"Likeliest bins (a, b): {bins}. "
            f"At T = {self.temperature:g} the annealed mean chose a = {round(a)}, b = {round(b)}. "
            f"Effective number of bins (exp of the entropy): {np.exp(entropy):.0f} of {len(self.grid)}."
        )


def believed(desk: Desk, wish: Wish, x: float, y: float) -> Belief:
    """What the model holds possible at pixel (x, y) of the upright photograph.

    Raises:
        ColorlibError: a regression model, a pixel outside the picture, or as `Desk.colours`.
    """
    grid = desk.shelf.colorizer(wish.look.model).grid
    if grid is None:
        raise ColorlibError("regression predicts one colour and no distribution: take a classification model")
    probabilities = desk.distribution(wish, x, y)  # Q
    logits = probabilities.clamp_min(1e-30).log().reshape(1, -1, 1, 1)  # (1, Q, 1, 1)
    temperature = params.TEMPERATURE.value if wish.temperature is None else wish.temperature
    a, b = annealed_mean(logits, grid, temperature).flatten().tolist()
    row = wish.upload.photograph.crop((int(x), int(y), int(x) + 1, int(y) + 1))  # 1×1×3
    lab = rgb_to_lab(torch.from_numpy(np.array(row)).permute(2, 0, 1)[None])  # (1, 3, 1, 1)
    return Belief(grid, probabilities, float(lab[0, 0, 0, 0]), temperature, (a, b))


def draw(shown: Belief) -> Image.Image:
    """The bins over the ab plane at the pixel's own lightness, as large as they are likely; a cross is the choice.

    Returns:
        RGBA, transparent where nothing is drawn, to be read on a light and on a dark page.
    """
    grid = shown.grid
    lab = torch.cat((torch.full((len(grid), 1), shown.lightness), grid.points), dim=1)  # Q×3
    colours = lab_to_rgb(lab.T[None, :, :, None])[0, :, :, 0].T.numpy()  # Q×3
    share = (shown.probabilities / shown.probabilities.max()).numpy()
    figure = Figure(figsize=(4.6, 4.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    outline = gamut.outline().numpy()
    axes.plot(outline[:, 0], outline[:, 1], color=INK, lw=1, label="border of sRGB")
    dots = SMALLEST_DOT + (LARGEST_DOT - SMALLEST_DOT) * share
    axes.scatter(grid.points[:, 0], grid.points[:, 1], s=dots, c=colours, edgecolors=INK, linewidths=0.4)
    cross = axes.plot(*shown.chosen, marker="x", color="black", markersize=11, mew=2, ls="none", label="annealed mean")
    cross[0].set_path_effects([withStroke(linewidth=4, foreground="white")])
    axes.axhline(0, color=INK, lw=0.3)
    axes.axvline(0, color=INK, lw=0.3)
    axes.set(aspect="equal", xlabel="a (green to red)", ylabel="b (blue to yellow)")
    axes.set_title(f"What may be here at L = {shown.lightness:.0f}", fontsize=10, color=INK)
    axes.tick_params(colors=INK)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.spines[:].set_color(INK)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, labelcolor=INK, framealpha=0)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", transparent=True)
    return Image.open(buffer).convert("RGBA")
