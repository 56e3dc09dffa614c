"""What recipes of images, scripts that set up and cells of notebooks install by a command of pip or conda."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audit.rules.code import RECORD_PATH, TEACHING_PATH, TEST_PATH, dotted, last_name, text_of
from audit.rules.requirements import Requirement, is_aside, parsed
from audit.target import Kind, Piece, Target

RECIPE = re.compile(r"^(?:\w+\.)?(?:Docker|Container)file(?:[._-].*)?$|\.(?:docker|container)file$|\.def$", re.I)
SCRIPT = re.compile(
    r"(?:install|set_?up|bootstrap|env|colab|requirements?|dep(?:s|endencies))[^/]*\.(?:sh|bash)$", re.I
)
INSTALL = re.compile(
    r"^(?:[!%]\s*)?(?:RUN\s+(?:--\S+\s+)*)?(?:sudo\s+)?(?:-H\s+)?(?:[A-Z_]+=\S+\s+)*"
    r"(?:(?:\S*python[\d.]*|\{sys\.executable\})\s+-m\s+)?(?:uv\s+)?\S*(?:pip[\d.]*|conda|(?:micro)?mamba)\s+"
    r"install\b(.*)",
    re.S,
)
VALUED = {
    "-r", "--requirement", "-c", "--constraint", "--channel", "-i", "--index-url", "--extra-index-url", "-f",
    "--find-links", "-e", "--editable", "-t", "--target", "--prefix", "-n", "--name", "-p", "--file", "--trusted-host",
    "--platform", "--python-version", "--timeout", "--default-timeout", "--retries", "--progress-bar", "--root",
    "--no-binary", "--only-binary", "--python", "--cache-dir", "--proxy", "--src", "--upgrade-strategy",
}  # fmt: skip
RUNS = {"system", "run", "call", "check_call", "check_output", "Popen", "getoutput"}
FILE = re.compile(r"\.(?:txt|whl|zip|gz|ya?ml|in|toml)$|[$/{]")
TOOLS = {
    "poetry", "uv", "pipenv", "virtualenv", "pdm", "hatch", "pip-tools", "awscli", "gsutil", "gdown", "kaggle", "mamba",
    "cython", "ninja", "pybind11", "supervisor", "dvc", "libgcc", "gcc", "gxx", "ffmpeg",
}  # fmt: skip


def installed(target: Target) -> Iterator[Requirement]:
    """What is installed where the project's own work runs: teaching and tests take what there is."""
    for piece in target.pieces:
        if RECORD_PATH.search(piece.path) or is_aside(piece.path) or "install" not in piece.text:
            continue
        name = PurePosixPath(piece.path).name
        if piece.kind is Kind.PYTHON:
            told = piece.cell is not None and not TEACHING_PATH.search(piece.path)
        else:
            told = RECIPE.search(name) is not None or SCRIPT.search(name) is not None
        if told:
            yield from from_commands(piece)
        elif piece.kind is Kind.PYTHON and not is_apart(piece.path):
            for words in run_by_code(piece):
                yield from from_words(piece, words)


def from_commands(piece: Piece) -> Iterator[Requirement]:
    """The distributions that the commands of one text name, each at its line."""
    for words in commands(piece):
        yield from from_words(piece, words)


def from_words(piece: Piece, words: list[tuple[int, str]]) -> Iterator[Requirement]:
    """The distributions that one command names, given as (line, word) of its words."""
    install = INSTALL.match(" ".join(word for _, word in words))
    given = words[len(words) - len(install.group(1).split()) :] if install else []
    skip = False
    for number, word in given:
        plain = word.strip("'\"")
        item = None if skip or word.startswith("-") or FILE.search(plain.split("://")[0]) else plain
        skip = word in VALUED
        requirement = parsed(item, piece.at(number)) if item else None
        if requirement and requirement.name not in TOOLS:
            yield requirement


def is_apart(path: str) -> bool:
    """Whether a module is a test, shown to learners, or one of those that set a package up."""
    return bool(TEST_PATH.search(path) or TEACHING_PATH.search(path)) or path.endswith(("setup.py", "noxfile.py"))


def run_by_code(piece: Piece) -> Iterator[list[tuple[int, str]]]:
    """Commands of pip that a program runs itself: `os.system("pip install x")`, and lists of their words."""
    for node in piece.nodes if "install" in piece.text and "pip" in piece.text else ():
        if not isinstance(node, ast.Call) or last_name(node.func) not in RUNS or not node.args:
            continue
        first = node.args[0]
        parts = first.elts if isinstance(first, ast.List | ast.Tuple) else [first]
        texts = ["python" if dotted(part) == "sys.executable" else text_of(part) for part in parts]
        if all(texts):
            yield [(node.lineno, word) for text in texts for word in text.split()]


def commands(piece: Piece) -> Iterator[list[tuple[int, str]]]:
    """Each command as (line, word) of its words: those joined by a backslash are one, those parted by `&&` several."""
    words: list[tuple[int, str]] = []
    for number, line in enumerate(piece.lines, start=1):
        if line.lstrip().startswith("#"):
            continue
        for word in re.sub(r"\s#.*|\\\s*$", "", line).split():
            if re.match(r"(?:&&?|\|\|?|;|\d?>{1,2}|&>)(?!=)", word):
                yield words
                words = []
            else:
                words.append((number, word.rstrip(";")))
            if word.endswith(";"):
                yield words
                words = []
        if not line.rstrip().endswith("\\"):
            yield words
            words = []
    yield words
