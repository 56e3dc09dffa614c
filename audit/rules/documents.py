"""What a document tells its reader to run, and whether it is there; badges that show a number nobody measured."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath

from audit.model import Confidence, Finding, Severity, found
from audit.rules.family import Family, rule
from audit.target import Kind, Piece, Target

COMMAND = rule(
    "documents.command",
    title="A command that names a file which is not there",
    why="The first thing a reader does fails.",
    fix="Correct the path, or add the file.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
BADGE = rule(
    "documents.badge",
    title="A badge with a figure typed by hand",
    why="It shows the same number whatever the tests and measurements say.",
    fix="Link it to the run or report it comes from, or remove it.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)

README = re.compile(r"(^|/)(README|INSTALL|USAGE|GETTING.?STARTED|QUICK.?START|CONTRIBUTING)[^/]*\.(md|rst)$", re.I)
FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*([\w+-]*)")
SHELLS = {"", "bash", "sh", "shell", "console", "zsh", "shell-session", "terminal", "cmd", "bat", "powershell"}
PROMPT = re.compile(r"^\s*(?:[$>%!]\s+|\(\w+\)\s*\$\s*|PS>\s*|[$!](?=\w))?")
PLACEHOLDER = re.compile(r"[<>{}$*?\[\]]|\.\.\.|path/to|your|/abs|^[~/]|^[A-Z_]+$|^[A-Za-z]:|example\.|^xx|://", re.I)
PYTHON = re.compile(r"^(?:\.?[\w./]*/)?python(?:[23](?:\.\d+)?)?$|^torchrun$|^ipython$|^py$")
SHELL_PROGRAMS = {"bash", "sh", "zsh", "source", "."}
MAKES = re.compile(r"\b(?:wget|curl|git\s+clone|touch|cp|mv|tee|echo|cat|mkdir|tar|unzip|ln|gdown|heredoc)\b|>")
NAMED = re.compile(r"creat|save|call(?:ed)?|write|named|put|new file|copy|download|rename", re.I)
WITH_VALUE = {"-m", "-W", "-X", "--nproc-per-node", "--nproc_per_node", "--nnodes", "--master_port"}
STATIC = re.compile(
    r"!\[[^\]]*\]\(https?://img\.shields\.io/badge/((?:code[_-]?)?(?:coverage|tests?|build|accuracy|score|quality"
    r"|PSNR|SSIM|FID|pass\w*)[^)\s]*)\)",
    re.I,
)
FIGURE = re.compile(r"\d|pass|success", re.I)


def find(target: Target) -> Iterator[Finding]:
    """Commands in the fences of documents that say how to begin; badges in any of them."""
    files = frozenset(target.files)
    names = {PurePosixPath(path).name for path in files}
    for piece in target.pieces:
        if piece.kind is Kind.MARKDOWN and piece.cell is None and README.search(piece.path):
            yield from commands(piece, files, names, target.root.resolve().name)
            yield from badges(piece)


def commands(piece: Piece, files: frozenset[str], names: set[str], project: str) -> Iterator[Finding]:
    """Each file once a document."""
    reported: set[str] = set()
    for number, line, folder in shell_lines(piece, files, project):
        for path in named_files(line):
            clean = path.removeprefix("./").replace("\\", "/")
            if PLACEHOLDER.search(clean) or clean in reported or PurePosixPath(clean).name in names:
                continue
            beside = str(PurePosixPath(piece.path).parent)
            places = {str(PurePosixPath(base) / clean) for base in (folder, beside, ".")}
            if places & files or is_made(piece, number, clean):
                continue
            reported.add(clean)
            yield found(COMMAND, piece.at(number), f"`{clean}` is not in the tree", line.strip()[:120])


def shell_lines(piece: Piece, files: frozenset[str], project: str) -> Iterator[tuple[int, str, str]]:
    """(line, command, folder it runs in).

    After `cd` into what is not in the tree nothing is known until the fence ends. A clone of this project is its root.
    """
    fenced, speaks, folder, lost = False, False, ".", False
    for number, line in enumerate(piece.lines, start=1):
        fence = FENCE.match(line)
        if fence:
            fenced = not fenced
            speaks = fenced and fence.group(2).lower() in SHELLS
            folder, lost = ".", False
            continue
        if not speaks:
            continue
        text = PROMPT.sub("", line, count=1).split(" #")[0].strip()
        for part in re.split(r"\s*(?:&&|;)\s*", text):
            if part.startswith("cd "):
                wanted = part[3:].strip().strip("'\"").rstrip("/").removeprefix("./")
                inside = str(PurePosixPath(folder) / wanted)
                if any(path.startswith(f"{inside}/") for path in files):
                    folder = inside
                elif wanted.lower() != project.lower() and wanted not in ("..", "."):
                    lost = True
                else:
                    folder = "."
            elif not lost:
                yield number, part, folder


def named_files(command: str) -> Iterator[str]:
    """Scripts, requirements and environments that a command reads."""
    try:
        words = shlex.split(command.rstrip("\\"), posix=True)
    except ValueError:
        return
    while words and (re.match(r"^[A-Z_]+=", words[0]) or words[0] in ("sudo", "time", "nohup", "uv", "run", "poetry")):
        words = words[1:]
    if not words:
        return
    program, rest = words[0], words[1:]
    if PYTHON.match(program):
        yield from script(rest)
    elif program in SHELL_PROGRAMS and rest and rest[0].endswith((".sh", ".bash")):
        yield rest[0]
    elif program.startswith("./") and program.endswith((".sh", ".py")):
        yield program
    elif program in ("pip", "pip3", "conda", "mamba"):
        yield from following(rest, ("-r", "--requirement", "-f", "--file"), (".txt", ".yml", ".yaml"))
    elif program == "jupyter":
        yield from (word for word in rest if word.endswith(".ipynb"))


def script(words: list[str]) -> Iterator[str]:
    """The first argument of Python that is a script, the configuration it is given, or what `-m pip` installs."""
    if words[:2] == ["-m", "pip"]:
        yield from following(words[2:], ("-r", "--requirement"), (".txt",))
        return
    skip = False
    for position, word in enumerate(words):
        if skip or word.startswith("-"):
            skip = not skip and word in WITH_VALUE
            if word in ("-m", "-c"):
                return
            continue
        if word.endswith(".py"):
            yield word
            yield from following(words[position:], ("--config", "--cfg", "-c"), (".yaml", ".yml", ".json", ".toml"))
        return


def following(words: list[str], options: tuple[str, ...], suffixes: tuple[str, ...]) -> Iterator[str]:
    """Values of options that are names of existing files."""
    for option, value in pairwise(words):
        if option in options and value.endswith(suffixes):
            yield value


def is_made(piece: Piece, number: int, path: str) -> bool:
    """Whether the document has the reader make or fetch the file."""
    name = PurePosixPath(path).name
    for other, line in enumerate(piece.lines, start=1):
        if other != number and name in line and (MAKES.search(line) or NAMED.search(line)):
            return True
        if other < number and re.match(rf"^\s*(?:#|//)\s*\S*{re.escape(name)}\s*$", line):
            return True
    return False


def badges(piece: Piece) -> Iterator[Finding]:
    """Static badges with a figure that link nowhere."""
    for number, line in enumerate(piece.lines, start=1):
        for match in STATIC.finditer(line):
            linked = line[: match.start()].endswith("[") and line[match.end() :].startswith("](")
            if FIGURE.search(match.group(1)) and not linked:
                message = f"the badge `{match.group(1)[:40]}` has no source"
                yield found(BADGE, piece.at(number), message, line.strip()[:120])


FAMILY = Family("documents", "Documents say what is so", (COMMAND, BADGE), find, reads_text=True)
