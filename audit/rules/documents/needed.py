"""Files that commands need without naming them, targets of make, and templates that the reader is to copy."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audit.target import Target

PYPROJECT = ("pyproject.toml",)
# What a command reads when it is told nothing else; the first of the names stands for all.
READS = (
    (
        re.compile(r"make(?: |$)(?!sure\b|.*(?:-C|-f)\b)"),
        ("Makefile", "makefile", "GNUmakefile", "CMakeLists.txt", "configure"),
    ),
    (re.compile(r"docker (?:buildx )?build\b(?!.*(?: -f\b| --file\b|://| -$))"), ("Dockerfile",)),
    (
        re.compile(r"docker[ -]compose (?:up|build|run|exec)\b"),
        ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"),
    ),
    (
        re.compile(
            r"(?:\S+ -m )?(?:uv )?pip3? install (?:-\w+ )*(?:--editable )?['\"]?\.(?:\[[\w,-]+\])?['\"]?(?:\s|$)"
        ),
        ("setup.py", "pyproject.toml", "setup.cfg"),
    ),
    (re.compile(r"(?:poetry|pdm) install\b|uv sync\b"), PYPROJECT),
    (re.compile(r"pipenv (?:install|sync)(?: --dev)?$"), ("Pipfile", "requirements.txt")),
    (re.compile(r"conda env (?:create|update)(?: -n \S+)?$"), ("environment.yml", "environment.yaml")),
    (re.compile(r"dvc repro\b"), ("dvc.yaml",)),
    (re.compile(r"tox(?: -e \S+)?$"), ("tox.ini", "setup.cfg", "pyproject.toml", "tox.toml")),
    (re.compile(r"nox(?: -s \S+)?$"), ("noxfile.py",)),
    (re.compile(r"mkdocs (?:serve|build)\b(?!.*(?: -f| --config-file))"), ("mkdocs.yml", "mkdocs.yaml")),
    (re.compile(r"npm (?:install$|ci$|run \w)"), ("package.json",)),
    (re.compile(r"flask run\b"), ("app.py", "wsgi.py", ".flaskenv", "app/__init__.py", "wsgi/__init__.py")),
    (re.compile(r"mlflow run \.(?:\s|$)"), ("MLproject",)),
    (re.compile(r"just [\w-]+$"), ("justfile", "Justfile", ".justfile")),
    (re.compile(r"pre-commit (?:install|run)\b"), (".pre-commit-config.yaml", ".pre-commit-config.yml")),
    (re.compile(r"snakemake\b(?!.*(?: -s| --snakefile))"), ("Snakefile",)),
)
PATTERNED = ("Dockerfile", "Snakefile")  # also with a suffix, or in another folder of that name
MAKEFILE = re.compile(r"(?:^|/)(?:GNUm|m|M)akefile$")
MAKE = re.compile(r"make(?: -[ijks]+\d*| --\w[\w-]*)*((?: [\w.+/-]+(?:=\S*)?)+)$")
TARGETS = re.compile(r"^(?!\t)([^\s:#=][^:#=\n]*?)\s*::?(?![=:])", re.M)
# Targets that nobody can list by reading: those of other files, of patterns, of variables.
UNLISTED = re.compile(
    r"^-?s?include\s|^(?!\t)[^:#=\n]*(?:%|\$[({])[^:#=\n]*:(?!=)|^\.DEFAULT\s*:|^define\s|\$\(eval", re.M
)
TEMPLATE = r"[\w./-]*(?:\.env[\w.-]+|[._-](?:example|template|sample|dist|tmpl)(?:\.\w+)?)"
COPIED = (
    re.compile(rf"(?:cp|copy|mv|Copy-Item)\s+(?:-\w+\s+)?({TEMPLATE})\s+\S"),
    re.compile(rf"\b(?:cop(?:y|ied|ying)|renam\w+|duplicat\w+)\b[^`.]{{0,30}}`({TEMPLATE})`", re.I),
)


def implied(command: str, files: frozenset[str]) -> str:
    """The file that a command reads without naming it, where the tree has none of that name; "" otherwise."""
    for pattern, names in READS:
        if pattern.match(command):
            stems = tuple(name.lower() for name in names if name in PATTERNED)
            ends = tuple(f"/{name}" for name in names)
            there = any(f"/{path}".endswith(ends) for path in files) or any(
                path.rpartition("/")[2].lower().startswith(stems) for path in files if stems
            )
            return "" if there or (names[0].startswith((".", "just")) and not has_hidden(files)) else names[0]
    return ""


def unmade(command: str, folder: str, makefiles: dict[str, str]) -> str:
    """The first target of a `make` that no Makefile of the tree has; "" where it has or nobody can tell."""
    match = MAKE.match(command)
    own = makefiles.get("" if folder == "." else folder)
    telling = [own] if own is not None else list(makefiles.values())
    if not match or not telling or any(UNLISTED.search(text) for text in telling):
        return ""
    listed = {name for text in makefiles.values() for line in TARGETS.findall(text) for name in line.split()}
    wanted = [word for word in match.group(1).split() if "=" not in word and not word.startswith("-")]
    return next((word for word in wanted if word not in listed and word.strip(".") and word != "sure"), "")


def makefiles_of(target: Target) -> dict[str, str]:
    """Folder -> the text of its Makefile; none where another program writes one."""
    if any(path.rpartition("/")[2] in ("CMakeLists.txt", "configure", "configure.ac") for path in target.files):
        return {}
    return {piece.path.rpartition("/")[0]: piece.text for piece in target.pieces if MAKEFILE.search(piece.path)}


def uncopied(line: str, files: frozenset[str]) -> Iterator[str]:
    """Templates that a line has the reader copy, and no file of the tree is called so."""
    copied = [path for pattern in COPIED for path in pattern.findall(line)]
    if not copied:
        return
    bases = {path.rpartition("/")[2] for path in files}
    hidden = has_hidden(files)
    for path in copied:
        base = PurePosixPath(path).name
        if base not in bases and (hidden or not base.startswith(".")):
            yield path


def has_hidden(files: frozenset[str]) -> bool:
    """Whether a missing hidden file is known to be missing: packages leave them all out."""
    return "PKG-INFO" not in files and any(path.startswith(".") for path in files)
