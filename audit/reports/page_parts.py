"""Pieces that the sections of the HTML page share."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from audit.model import Verdict
from audit.reports import wording

TICKS = re.compile("`([^`]+)`")


def sign(verdict: Verdict) -> str:
    """A verdict with its colour; the words say it too."""
    return f'<span class="verdict {verdict}">{escape(wording.sign(verdict))}</span>'


def code(text: str) -> str:
    """A name or a command."""
    return f"<code>{escape(text)}</code>"


def prose(text: str) -> str:
    """Words in which `ticks` stand around code."""
    return TICKS.sub(r"<code>\1</code>", escape(text))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table whose rows become cards on a narrow screen. Cells are HTML already, heads are text."""
    yield '<table class="cards"><thead><tr>'
    yield from (f'<th scope="col">{escape(head)}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    for row in rows:
        cells = (
            f'<td data-head="{escape(head)}"><span>{cell}</span></td>' for head, cell in zip(heads, row, strict=True)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table>"
