"""The table on a terminal and as JSON."""

import json
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table as Drawn
from rich.text import Text

from audit.memory.table import Line, Table
from footprint import format_size

SCHEMA_VERSION = 1


def terminal(table: Table) -> RenderableType:
    """Two tables, and what they leave out."""
    parts: list[RenderableType] = []
    if table.training:
        title = f"Training on {table.crop}×{table.crop} crops, peak by batch"
        parts.append(drawn(title, table.training, "largest batch"))
    if table.inference:
        parts.append(drawn("Inference on one square tile, peak by its side in pixels", table.inference, "largest side"))
    parts.append(Text(wording(table)))
    return Group(*parts)


def wording(table: Table) -> str:
    """What the numbers are, and what they leave out."""
    text = f"Predicted for {table.device}; the largest fits into {format_size(table.budget)}"
    if table.constant:
        text += f" less {format_size(table.constant)} for the CUDA context and workspaces, an assumption until measured"
    return f"{text}. Fragmentation is not predicted."


def drawn(title: str, lines: tuple[Line, ...], most: str) -> Drawn:
    """One table."""
    table = Drawn(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("model", "precision", "recomputed", "weights"):
        table.add_column(name)
    for size, _ in lines[0].peaks:
        table.add_column(str(size), justify="right")
    table.add_column(most, justify="right")
    for line in lines:
        recomputed = "" if line.checkpointing is None else "yes" if line.checkpointing else "no"
        peaks = (format_size(size) for _, size in line.peaks)
        table.add_row(
            line.model, line.precision, recomputed, format_size(line.parameters), *peaks, str(line.largest or "none")
        )
    return table


def document(table: Table) -> str:
    """The same as JSON, in bytes."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(table)}, indent=2, sort_keys=True) + "\n"
