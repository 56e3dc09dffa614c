"""Ruff's F401 on copies of what Ruff does not read: cells and modules that parse in part, code for Python 2."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from audit import notebooks, python2
from audit.dialects import rest_of
from audit.rules.imports.unused import bound
from audit.runners import Diagnostic, ruff
from audit.target import Piece, Target

F401 = ("--isolated", "--select", "F401")


def in_rewritten(target: Target) -> Iterator[Diagnostic]:
    """Ruff on the modules that only an older Python parses, or that parse in part, as they are read here."""
    alone = (piece for piece in target.python if piece.cell is None and piece.tree is not None)
    pieces = [piece for piece in alone if piece.outdated or piece.problem]
    if not pieces:
        return
    with TemporaryDirectory() as folder:
        for number, piece in enumerate(pieces):
            Path(folder, f"{number}.py").write_text(code_of(piece), encoding="utf-8")
        diagnostics, _ = ruff(F401, [f"{number}.py" for number in range(len(pieces))], Path(folder))
    for item in diagnostics:
        if item.code == "F401":
            piece = pieces[int(item.location.path.removesuffix(".py"))]
            yield replace(item, location=piece.at(item.location.line), message=python2.restored(item.message))


def in_broken_notebooks(target: Target, paths: list[str]) -> Iterator[Diagnostic]:
    """Ruff on what parses of notebooks that it passes over: for one cell that does not parse, or a field that lacks.

    A name that such a cell holds counts as used.
    """
    for path in paths:
        pieces = [piece for piece in target.python if piece.path == path and piece.cell is not None]
        lost = " ".join(piece.text for piece in pieces if piece.problem)
        cells: list[dict[str, object]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
             "source": "" if piece.problem else code_of(piece)}
            for piece in pieces
        ]  # fmt: skip
        with TemporaryDirectory() as folder:
            place = Path(folder) / "cells.ipynb"
            metadata = {"language_info": {"name": "python"}}
            document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
            place.write_text(json.dumps(document), encoding="utf-8")
            diagnostics, _ = ruff(F401, [place.name], Path(folder))
        for item in diagnostics:
            if item.code == "F401" and item.location.cell is not None:
                piece, line = pieces[item.location.cell], item.location.line
                message = python2.restored(item.message)
                name = bound(piece.line(line), message.split("`")[1])
                if not re.search(rf"\b{re.escape(name)}\b", lost):
                    yield replace(item, location=piece.at(line), message=message)


def code_of(piece: Piece) -> str:
    """The text of a piece as its syntax tree was made of it, but for what only a newer Python parses."""
    code = piece.text if piece.cell is None else notebooks.as_python(piece.text)
    if piece.problem:
        return rest_of(code)[0]
    return python2.translated(code) if piece.outdated else code
