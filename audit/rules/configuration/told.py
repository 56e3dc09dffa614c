"""What scripts, workflows, documents and other configurations of a tree say to its programs: which files they name."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audit.target import Kind, Piece, Target

COMMAND = re.compile(
    r"^\s*[$!%>]|^\s*(?:\S*python[\d.]*|torchrun|accelerate|deepspeed|ba?sh|make|docker|mlflow|dvc|\./\S+)\s"
)
SPAN = re.compile(r"`([^`]+)`")
COPIES = re.compile(r"\s*(COPY|ADD)\s", re.I)  # into an image, where the same code runs
PACKING = {"MANIFEST.in", "CODEOWNERS", ".gitattributes"}  # say what is shipped and whose it is, not what is read
PASSES_ON = re.compile(  # what a script is given itself, or makes
    r"--?(?:[\w-]*[-_])?(?:config|cfg|conf|params|settings)(?:[-_]?(?:file|path|name))?[ =]['\"]?(?:[\w./-]*/)?\$", re.I
)
LOOP = re.compile(r"\s*for (\w+) in ([\w./-]+(?: [\w./-]+){0,30})\s*(?:;|$)")
DONE = re.compile(r"\bdone\b")
FENCE = re.compile(r"^\s*(```|~~~)")


def commands(target: Target) -> str:
    """Lines of scripts, workflows, configurations and documents that may name a file to a program."""
    kept = []
    for piece in target.pieces:
        own = PurePosixPath(piece.path).name
        if piece.kind is Kind.TEXT and not own.lower().endswith((".txt", ".csv", ".lock")) and own != "PKG-INFO":
            shipped = own.endswith("ignore") or own in PACKING
            copied = own.startswith("Dockerfile") and "python" in piece.text
            lines = [line for line in piece.lines if len(line) < 2000 and not (copied and COPIES.match(line))]
            kept += [] if shipped else [line.replace(own, "") for line in unrolled(lines)]
        elif piece.kind is Kind.MARKDOWN:
            fenced = False
            for line in piece.lines:
                fenced ^= bool(FENCE.match(line))
                spans = [line] if fenced or COMMAND.search(line) else SPAN.findall(line)
                kept += [span for span in spans if COMMAND.search(span) or "--" in span]
        elif piece.cell is not None:
            kept += [line for line in piece.lines if COMMAND.search(line)]
    return "\n".join(kept)


def unrolled(lines: list[str]) -> Iterator[str]:
    """Lines of a script, those inside a loop over words once for each: `for c in base large`, `configs/$c.yaml`."""
    variable, words = "", [""]
    for line in lines:
        loop = LOOP.match(line)
        if loop:
            variable, words = loop[1], loop[2].split()
        used = re.compile(rf"\$(?:{variable}\b|\{{{variable}\}})") if variable else None
        if used and used.search(line):
            yield from (used.sub(word, line) for word in words)
        else:
            yield line
        if DONE.search(line):
            variable = ""


def defaults_of(piece: Piece) -> list[str]:
    """Names in the list of defaults of a configuration that Hydra composes."""
    if piece.kind is not Kind.TEXT or not piece.path.endswith((".yaml", ".yml")):
        return []
    lists = re.findall(r"^defaults:[^\n]*\n((?:[ \t]*(?:[-#][^\n]*)?\n)+)", piece.text, re.M)
    return re.findall(r"[\w-]+", " ".join(lists))


def is_spoken(path: str, text: str) -> bool:
    """Whether the file's name stands in a text, and not as the end of another file's."""
    name = PurePosixPath(path).name
    at = text.find(name)
    while at > 0 and (text[at - 1].isalnum() or text[at - 1] in "_.-"):
        at = text.find(name, at + 1)
    return at >= 0


def is_globbed(folder: str, spoken: str) -> bool:
    """Whether a command goes through the files of a folder: `configs/*.yaml`, `configs/$name`."""
    if not folder or not any(f"{folder}/{sign}" in spoken for sign in "*$"):
        return False
    return bool(re.search(rf"\b{re.escape(folder)}/[*$]", spoken))


def is_handed(folder: str, spoken: str) -> bool:
    """Whether a command gives a folder to a program: `--dir configs/sweeps`."""
    if not folder or folder not in spoken:
        return False
    return bool(re.search(rf"--?[\w-]+[ =]['\"]?(?:[^\s'\"]*/)?{re.escape(folder)}/?['\"]?\s", f"{spoken}\n"))
