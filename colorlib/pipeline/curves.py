"""Training curves of all runs side by side."""

import csv
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from colorlib.files import atomic_path

PANELS = {
    "val_auc": "validation AuC",
    "val_chroma": "mean chroma of predictions (Lab units)",
}


def plot_curves(histories: Mapping[str, Path], path: Path) -> None:
    """Draw AuC and chroma on the validation split by epoch, from the CSV files of the training stage, as a PNG."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    for axes, (column, title) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for name, history in histories.items():
            with history.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            axes.plot([int(row["number"]) + 1 for row in rows], [float(row[column]) for row in rows], label=name)
        axes.set(title=title, xlabel="epoch")
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", fontsize="small")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120, metadata={"Software": None})
