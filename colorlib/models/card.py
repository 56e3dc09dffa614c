"""The model card: what a stranger needs to know about saved weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ModelCard:
    """What is said about saved weights, in words and numbers.

    Attributes:
        title: the model's name for a person.
        data: what it was trained on, and what it therefore cannot do.
        licence: of the weights.
        metrics: name -> value on held-out data; the name says which data.
        parameters: name -> value of the training run.
        code: which code trained it, and how to find its commit; Markdown.
    """

    title: str
    data: str
    licence: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    code: str | None = None


def render(card: ModelCard, architecture: Mapping[str, object], weights: int) -> str:
    """The card as Markdown; the same card gives the same text."""
    described = ", ".join(f"{key} {value}" for key, value in sorted(architecture.items()) if value is not None)
    sections = [
        f"# {card.title}",
        f"Colorizes photographs: L in, colour out. {weights:,} weights; {described}.",
        f"## Training data\n\n{card.data}",
        "## Metrics\n\n" + _table("metric", {name: f"{value:.6g}" for name, value in card.metrics.items()}),
        "## Parameters of the run\n\n" + _table("parameter", card.parameters),
        f"## Licence\n\n{card.licence}",
        *([f"## Code\n\n{card.code}"] if card.code else []),
        "## Use\n\n```python\nfrom colorlib.models import from_pretrained\n\n"
        'model, decoding, size = from_pretrained("path/to/this/folder")\n```',
    ]
    return "\n\n".join(sections) + "\n"


def _table(heading: str, rows: Mapping[str, object]) -> str:
    if not rows:
        return "None recorded."
    lines = [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows.items()]
    return "\n".join([f"| {heading} | value |", "|---|---|", *lines])


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
