"""Notebooks as pieces of text: code cells made parsable, markdown, text outputs. Nothing is executed."""

import ast
import json
import re
import warnings
from typing import Any

MAX_CELLS = 10_000  # each costs a parser's run; nobody scrolls through more
# Cell magics whose body is Python all the same.
PYTHON_CELL_MAGICS = {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "python", "python3"}
LINE_MAGIC = re.compile(r"^(\s*)(?:%{1,2} ?[A-Za-z_]|!(?!=)|\?{1,2}\w|[\w.\[\]]+\?{1,2}\s*$)")
ASSIGNED_MAGIC = re.compile(r"^(\s*[\w.,\[\]'\" ]+=\s*)(?:!|%\w)")
# Shell lines that IPython's automagic, or a reader in a hurry, lets stand without a sign.
SHELL = re.compile(r"^(\s*)(?:pip3?|conda|apt(?:-get)?|git|cd|ls|wget|curl|unzip|mkdir|cp|mv|rm|cat|bash)\s+[\w.~/-]")


class NotebookError(ValueError):
    """The file is not a notebook: the message says how."""


def cells(text: str) -> list[dict[str, Any]]:
    """The cells of a notebook of format 4, or of the single worksheet of format 3; code of another language is raw.

    Raises:
        NotebookError: not JSON, or JSON of another shape.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotebookError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise NotebookError(f"a notebook is a JSON object, this is {type(document).__name__}")
    other = not is_for_python(document)
    if "cells" not in document and isinstance(document.get("worksheets"), list) and document["worksheets"]:
        document = document["worksheets"][0]
    found = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(cell, dict) for cell in found):
        raise NotebookError("no list of cells")
    if len(found) > MAX_CELLS:
        raise NotebookError(f"more than {MAX_CELLS} cells")
    return [cell | {"cell_type": "raw"} for cell in found] if other else found


def is_for_python(document: dict[str, Any]) -> bool:
    """Whether a notebook names Python as its language, or none."""
    metadata = document.get("metadata")
    for holder, key in (("language_info", "name"), ("kernelspec", "language")):
        known = metadata.get(holder) if isinstance(metadata, dict) else None
        language = known.get(key) if isinstance(known, dict) else None
        if isinstance(language, str) and language:
            return "py" in language.lower()  # also pyspark and ipython
    return True


def source(cell: dict[str, Any]) -> str:
    """The text of a cell; format 3 calls it input."""
    return joined(cell.get("source", cell.get("input", "")))


def text_outputs(cell: dict[str, Any]) -> list[str]:
    """Streams, tracebacks and plain-text results of a cell; images and HTML are left out."""
    texts = []
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        plain = data.get("text/plain") if isinstance(data, dict) else None
        texts += [joined(part) for part in (output.get("text"), plain, output.get("traceback")) if part]
    return texts


def joined(value: object) -> str:
    """Notebook text is a string or a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def is_python(text: str) -> bool:
    """Whether a cell parses without any change."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def as_python(text: str) -> str:
    """A code cell with its magics and shell lines replaced, line for line, by Python that does nothing.

    A cell of another language (`%%bash`, `%%html`) becomes blank lines: there is no Python in it. What is Python as it
    stands stays as it is: a `%` may begin the second line of an expression.
    """
    if is_python(text):
        return text
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        name = lines[first][2:].split(maxsplit=1)[0:1]
        if not name or name[0] not in PYTHON_CELL_MAGICS:
            return "\n" * (len(lines) - 1)
        lines[first] = ""
    continued = False
    for number, line in enumerate(lines):
        magic = LINE_MAGIC.match(line) or SHELL.match(line)
        assigned = ASSIGNED_MAGIC.match(line)
        ends_open = line.rstrip().endswith("\\")
        if continued:
            lines[number] = ""
            continued = ends_open
        elif magic:
            lines[number], continued = f"{magic.group(1)}pass", ends_open
        elif assigned:
            lines[number], continued = f"{assigned.group(1)}None", ends_open
    return "\n".join(lines)
