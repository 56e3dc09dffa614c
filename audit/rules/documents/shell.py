"""Command lines that a document shows, each with the folder it runs in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from audit.rules.documents.invoked import ON_WINDOWS
from audit.target import Piece

FENCE = re.compile(r"^[\s>]*(`{3,}|~{3,})\s*\{?([\w+-]*)")
SHELLS = {"", "bash", "sh", "shell", "console", "zsh", "shell-session", "shellsession", "commandline",
          "cli", "terminal", "cmd", "bat", "powershell", "batch", "dos", "ps1", "pwsh", "fish", "text", "txt",
          "plaintext", "none", "ksh", "sh-session"}  # fmt: skip
MAY_SPEAK = {"python", "py", "python3", "ipython", "ipython3", "pycon"}  # which hold a command now and then
IN_PYTHON = re.compile(r"^\s*(?:!|%run\s|python[\d.]* (?:-m )?[\w./-]+)")
PROMPT = re.compile(
    r"^[\s>]*(?:[$>%!]\s+|\(\w+\)\s*\$\s*|(?:\(\w+\) ?)?(?:PS )?(?:[A-Z]:[^>\s]*)?>\s*|[$!](?=\w)"
    r"|[\w.-]+@[\w.-]+:\S*[$#] )?"
)
OF_LOOP = re.compile(r"^(?:do|then) ")
INDENTED = re.compile(r"^(?: {4,}|\t)")
OF_DIRECTIVE = re.compile(r"^ {2,}|^\t")  # in reStructuredText the code of a directive may be indented by less
BLOCK = re.compile(r"^\s*<pre\b[^<>]*>")
PRE = re.compile(r"^\s*(?:[-*]\s+)?<pre>(?:<code>)?([^<>]*)(?:</code>)?(?:</pre>)?\s*$")
SPAN = re.compile(r"(?<!`)`{1,2}([^`]+)`{1,2}(?!`)|<code>([^<>]+)</code>")
TAGS = re.compile(r"</?(?:pre|code)\b[^<>]*>")
# A command without any mark of code: Python or a shell, and the path of a program behind it.
BARE = re.compile(
    r"(?<![\w`/.-])(?:python3?|bash|sh) (?:-\w )?(?:[\w-]+/)*[\w-]+\.(?:py|sh)\b"
    r"(?! (?:is|was|are|were|will|can|does|did|has|had|which|that|no longer|and [a-z]+ed)\b)[^`]*"
)
PROGRAMS = re.compile(r"`|<code>|\.(?:py|sh)\b")  # without one of these a sentence names no command
# A program that the reader is told to run, named by its path alone.
TOLD = re.compile(
    r"\b(?:re-?)?(?:run(?:ning)?|execut(?:e|ing)|launch(?:ing)?|open|start)\s+(?:the )?(?:\w+ ){0,2}"
    r"`(?:\./)?((?:[\w-]+/)*[\w-]+\.(?:py|sh|ipynb))`",
    re.I,
)
OTHER_VERSION = re.compile(r"git (?:checkout|switch) (?!-b|-c|main$|master$)")  # its files are not those of this tree
UNKNOWN_URL = re.compile(r"your|user|<|name\b", re.I)
STARTS = re.compile(
    r"^(?:[A-Z_]+=\S+\s+)*(?:(?:uv|poetry|pdm|pipenv)\s+run\s+)?(?:python[\d.]*|torchrun|ba?sh|sh|pip3?|conda|streamlit"
    r"|accelerate|deepspeed|pytest|jupyter|docker|mkdocs|Rscript|julia|node|perl|papermill|sbatch|qsub|hatch|pixi|rye"
    r"|wandb|source|chmod|gunicorn|uvicorn|mpirun|srun|\./\S+)\s*\S"
    r"|^make [\w.-]+(?: \w+=\S+)*$"
    # a program of the project's own, told by the file of its options
    r"|^[a-z][\w-]*(?: [a-z][\w-]*){0,2} (?:--?\w[\w-]*(?:[= ][\w./][\w./-]*)? )*"
    r"--?(?:config|cfg|conf)\w*[= ][\w./-]+\.\w+\b"
)
OPENS = "jupyter notebook"
ENDS = ("\\", "`", "^")
CONTINUED = re.compile(r"(?:(?<![\\|])\\|(?<=\w) [`^])\s*$")  # the end of a line that goes on
LONGEST = 4000  # characters of a command
HEADING = re.compile(r"^#{1,6}\s|^(?:=|-|~|\^){4,}\s*$")


@dataclass
class Place:
    """Where the next command of a block runs: a folder of the tree, or nobody knows where."""

    folder: str = "."
    lost: bool = False
    cloned: str = ""

    def go(self, wanted: str, files: frozenset[str], project: str) -> None:
        """`cd wanted`. A clone of this project is its root; `project` holds words of its names."""
        inside = str(PurePosixPath(self.folder) / ON_WINDOWS.sub("/", wanted))
        if any(path.startswith(f"{inside}/") for path in files):
            self.folder = inside
        elif alike(wanted, project) or wanted in ("..", ".") or UNKNOWN_URL.search(self.cloned):
            self.folder = "."
        else:
            self.lost = True


def alike(name: str, project: str) -> bool:
    """Whether a folder is called like the project: its name, or a word of its title."""
    mine, theirs = (set(re.findall(r"[a-z0-9]{4,}", text.lower())) for text in (name, project))
    return name.lower() == project.lower().split("\n")[0] or not mine.isdisjoint(theirs)


def shell_lines(piece: Piece, files: frozenset[str], project: str) -> Iterator[tuple[int, str, str]]:
    """(line, command, folder it runs in): in fences, in indented blocks, and in spans of code within a sentence.

    After `cd` into what is not in the tree nothing is known until the block ends, nor, in sentences, after the clone of
    another project until the next heading.
    """
    fenced = speaks = may_speak = inside = abroad = hidden = False
    place = Place()
    indented = OF_DIRECTIVE if piece.path.lower().endswith(".rst") else INDENTED
    for number, line in whole_lines(piece):
        unseen = hidden or (not fenced and line.lstrip().startswith("<!--"))
        if not fenced and ("<!--" in line or "-->" in line):
            hidden = line.rfind("<!--") > line.rfind("-->")
        if unseen:
            continue
        fence = ("```" in line or "~~~" in line) and FENCE.match(line)
        if fence:
            fenced = not fenced
            language = fence.group(2).lower()
            speaks, may_speak = fenced and language in SHELLS, language in MAY_SPEAK
            place = Place()
        elif speaks or (fenced and may_speak and IN_PYTHON.match(line)):
            yield from run(number, line, place, files, project)
        elif fenced:
            continue
        elif "<pre>" in line and PRE.match(line):
            yield from run(number, PRE.sub(r"\1", line), Place(), files, project)
        elif inside or ("<pre" in line and BLOCK.match(line)):
            inside = "</pre>" not in line
            yield from run(number, TAGS.sub("", line), place, files, project)
        elif indented.match(line):
            if STARTS.match(PROMPT.sub("", line, count=1)) or line.strip().startswith(("cd ", "$ cd ", "git clone ")):
                yield from run(number, line, place, files, project)
        else:
            place = Place() if line.strip() else place
            abroad = abroad and HEADING.match(line) is None
            if not PROGRAMS.search(line):
                continue
            spans = [span or other for span, other in SPAN.findall(line)]
            for span in [*spans, *TOLD.findall(line), *BARE.findall(SPAN.sub("", line))]:
                if span.startswith("git clone "):
                    abroad = not alike(span, project) and not UNKNOWN_URL.search(span)
                elif not abroad and (STARTS.match(span) or span in TOLD.findall(line)):
                    started = span if STARTS.match(span) else f"{OPENS if span.endswith('.ipynb') else 'run'} {span}"
                    yield from run(number, started, Place(), files, project)


def whole_lines(piece: Piece) -> Iterator[tuple[int, str]]:
    """(number, line), with what follows a backslash, a backtick or a caret at its end as part of it."""
    number, held = 0, ""
    for position, line in enumerate(piece.lines, start=1):
        number = number if held else position
        goes_on = line.rstrip()[-1:] in ENDS and CONTINUED.search(line) is not None and len(held) < LONGEST
        held = f"{held} {line.strip()}" if held else line
        if goes_on:
            held = CONTINUED.sub("", held)
            continue
        yield number, held
        held = ""
    if held:
        yield number, held


def run(number: int, line: str, place: Place, files: frozenset[str], project: str) -> Iterator[tuple[int, str, str]]:
    """The commands of one line, each with the folder it runs in."""
    text = PROMPT.sub("", line, count=1).split(" #")[0].strip()
    for part in re.split(r"\s*(?:&&|;)\s*", text):
        part = OF_LOOP.sub("", part)
        if part.startswith("cd "):
            place.go(part[3:].strip().strip("'\"").rstrip("/").removeprefix("./"), files, project)
        elif part.startswith("git clone "):
            place.cloned = part
        elif OTHER_VERSION.match(part):
            place.lost = True
        elif not place.lost and not is_of_clone(part, place.cloned, files):
            yield number, part, place.folder


def is_of_clone(command: str, cloned: str, files: frozenset[str]) -> bool:
    """Whether a command names a path in the folder into which something was cloned that is no folder of the tree."""
    name = cloned.rstrip("/").rpartition("/")[2].removesuffix(".git")
    if not name or f" {name}/" not in command.replace(" ./", " "):
        return False
    return not any(path.startswith(f"{name}/") for path in files)
