"""Command lines that a document shows, and the files of the tree that they name."""

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

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
# A program that the reader is told to run, named by its path alone.
TOLD = re.compile(
    r"\b(?:re-?)?(?:run(?:ning)?|execut(?:e|ing)|launch(?:ing)?|open|start)\s+(?:the )?(?:\w+ ){0,2}"
    r"`(?:\./)?((?:[\w-]+/)*[\w-]+\.(?:py|sh|ipynb))`",
    re.I,
)
PYTHON = re.compile(r"^(?:\.?[\w./]*/)?python(?:[23](?:\.\d+)?)?$|^torchrun$|^ipython$|^py$|^deepspeed$")
SHELL_PROGRAMS = {"bash", "sh", "zsh", "source", "."}
WRAPPERS = {"mpirun", "mpiexec", "horovodrun", "xvfb-run", "taskset", "numactl", "env", "nice", "srun", "bsub", "conda",
            "mamba", "micromamba", "ray", "stdbuf", "timeout", "kernprof", "nsys", "ncu", "py-spy"}  # fmt: skip
SERVERS = {"uvicorn", "gunicorn", "hypercorn", "waitress-serve"}
QUEUES = {"sbatch", "qsub", "bsub", "srun", "condor_submit"}  # programs that hand a script to a cluster
QUEUED = (".sh", ".bash", ".sbatch", ".slurm", ".slrm", ".pbs", ".job", ".sub", ".lsf", ".qsub")
# Words before the one that says what runs; after the last of them a script may stand by itself.
BEFORE = {"sudo", "time", "nohup", "exec", "uv", "poetry", "accelerate", "streamlit", "run", "launch", "gradio", "pdm",
          "pipenv", "hatch", "pixi", "rye", "chainlit", "lightning", "model", "%run"}  # fmt: skip
STARTERS = {"run", "launch", "gradio", "model", "%run"}
WITH_VALUE = {"-m", "-W", "-X", "--nproc-per-node", "--nproc_per_node", "--nnodes", "--master_port", "--num_gpus",
              "--config_file", "--num_processes", "--include", "--mixed_precision", "--main_process_port", "--nnode",
              "--num_machines", "--node_rank", "--gpu_ids", "--rdzv_backend", "--rdzv_endpoint",
              "--master_addr"}  # fmt: skip
# Other programs whose first argument is a file to run.
RUNNERS = {"Rscript": (".R", ".r"), "julia": (".jl",), "node": (".js", ".mjs", ".ts"), "perl": (".pl",),
           "papermill": (".ipynb",), "voila": (".ipynb",), "th": (".lua",), "lua": (".lua",), "luajit": (".lua",),
           "ruby": (".rb",), "php": (".php",), "powershell": (".ps1",), "pwsh": (".ps1",)}  # fmt: skip
LAUNCH = ("torch.distributed.launch", "torch.distributed.run", "accelerate.commands.launch", "cProfile", "pdb")
CONFIGURATION = ("--config", "--cfg", "--config-file", "--config_file", "--opt", "-opt", "--conf", "--yaml")
OF_RUN = re.compile(r"out|save|log|dump|write|export|dest|to\b|result", re.I)  # options of what a program writes
YAML = (".yaml", ".yml")
# What a tree holds for its commands: where its folder has others of the kind, a path that is not there is an error.
KEPT = re.compile(
    r"(?:\./)?(?:[\w-][\w.-]*/)+[\w.-]+(\.(?:py|sh|bash|bat|ps1|ipynb|R|jl|lua|slurm|sbatch|ya?ml|toml|jsonnet))$"
)
WRITES = {"rm", "mkdir", "touch", "vim", "vi", "nano", "code", "echo", "wget", "curl", "git", "mv", "cat", "less", "ls"}
CONFIGURED = (".yaml", ".yml", ".json", ".toml", ".py")
FOLDER = re.compile(r"(?:[\w-][\w.-]*/)+(?!\w*\.)[\w-]+")
OTHER_VERSION = re.compile(r"git (?:checkout|switch) (?!-b|-c|main$|master$)")  # its files are not those of this tree
UNKNOWN_URL = re.compile(r"your|user|<|name\b", re.I)
STARTS = re.compile(
    r"^(?:[A-Z_]+=\S+\s+)*(?:(?:uv|poetry|pdm|pipenv)\s+run\s+)?(?:python[\d.]*|torchrun|ba?sh|sh|pip3?|conda|streamlit"
    r"|accelerate|deepspeed|pytest|jupyter|docker|mkdocs|Rscript|julia|node|perl|papermill|sbatch|qsub|hatch|pixi|rye"
    r"|wandb|source|chmod|gunicorn|uvicorn|mpirun|srun|\./\S+)\s*\S"
    r"|^make [\w.-]+(?: \w+=\S+)*$"
)
NAMED_FILE = re.compile(r"(?:^|/)(?:[\w.-]*[Dd]ockerfile|Makefile|Snakefile)[\w.-]*$")
OPENS = "jupyter notebook"
CONTINUED = re.compile(r"(?:(?<![\\|])\\|(?<=\w) [`^])\s*$")  # the end of a line that goes on
LONGEST = 4000  # characters of a command
ON_WINDOWS = re.compile(r"(?<=[\w.])\\(?=[\w.])")  # between the parts of a path
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
    fenced = speaks = may_speak = inside = abroad = False
    place = Place()
    indented = OF_DIRECTIVE if piece.path.lower().endswith(".rst") else INDENTED
    for number, line in whole_lines(piece):
        fence = FENCE.match(line)
        if fence:
            fenced = not fenced
            language = fence.group(2).lower()
            speaks, may_speak = fenced and language in SHELLS, language in MAY_SPEAK
            place = Place()
        elif speaks or (fenced and may_speak and IN_PYTHON.match(line)):
            yield from run(number, line, place, files, project)
        elif fenced:
            continue
        elif PRE.match(line):
            yield from run(number, PRE.sub(r"\1", line), Place(), files, project)
        elif BLOCK.match(line) or inside:
            inside = "</pre>" not in line
            yield from run(number, TAGS.sub("", line), place, files, project)
        elif indented.match(line):
            if STARTS.match(PROMPT.sub("", line, count=1)) or line.strip().startswith(("cd ", "$ cd ", "git clone ")):
                yield from run(number, line, place, files, project)
        else:
            place = Place() if line.strip() else place
            abroad &= HEADING.match(line) is None
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
        goes_on = CONTINUED.search(line) is not None and len(held) < LONGEST
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
    own = any(path.startswith(f"{name}/") for path in files)
    return bool(name) and not own and f" {name}/" in command.replace(" ./", " ")


def named_files(command: str, files: frozenset[str]) -> Iterator[str]:
    """Scripts, modules, requirements and environments that a command reads."""
    words = split(command)
    yield from of_program(words, files)
    yield from kept(words, files)


def split(command: str) -> list[str]:
    """Its words; none where a quotation does not end."""
    try:
        return shlex.split(ON_WINDOWS.sub("/", command.rstrip("\\")), posix=True)
    except ValueError:
        return []


def kept(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """Paths in a folder of the tree that holds others of their kind, but for those that the command makes."""
    if not words or words[0] in WRITES or not re.fullmatch(r"[\w./=-]+", words[0]):
        return
    parts = [part for word in words for part in split_option(word)]
    given = parts[:2] if parts[0] in ("cp", "copy") else parts
    for before, word in zip(["", *given], given, strict=False):
        path = KEPT.fullmatch(word)
        if path and not (before.startswith(("-", ">")) and (OF_RUN.search(before) or before in (">", ">>", "-o"))):
            plain = word.removeprefix("./")
            folder = folder_of(plain)
            beside = any(other.startswith(folder) and other.endswith(path.group(1)) for other in files)
            yield from [plain] if beside else []


def of_program(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """What the program of a command is known to read."""
    started = False
    while words and (re.match(r"^[A-Z_]+=", words[0]) or words[0] in BEFORE):
        started = words[0] in STARTERS
        words = words[1:]
    if not words:
        return
    if words[0] in WRAPPERS:  # what they run stands behind their own options
        runs = (i for i, word in enumerate(words) if PYTHON.match(word) or word in SHELL_PROGRAMS)
        words = words[next(runs, 0) :]
    program, rest = words[0], words[1:]
    if started and (program.startswith("-") or program.endswith(".py")):
        yield from script(words, files)
    elif PYTHON.match(program):
        yield from script(rest, files)
    elif program in SHELL_PROGRAMS and rest and rest[0].endswith((".sh", ".bash")):
        yield rest[0]
    elif program in SERVERS:
        for application in [word for word in rest if re.fullmatch(r"[a-z_][\w.]*:\w+", word)][:1]:
            yield from absent_module(application.partition(":")[0], files)
    elif program in QUEUES:
        yield from [word for word in rest if word.endswith(QUEUED) and not word.startswith("-")][:1]
    elif re.match(r"\.?[\w-]*/", program) and program.endswith((".sh", ".py", ".bat", ".ps1")):
        yield program
    elif program in ("pip", "pip3", "conda", "mamba", "micromamba"):
        rest = [part for word in rest for part in re.sub(r"^-r(?=\w)", "-r ", word).split()]
        yield from following(rest, ("-r", "--requirement", "-f", "--file", "-c"), (".txt", ".yml", ".yaml"))
        yield from [word for word in rest if rest[0] == "sync" and word.endswith(".txt")]
        yield from absent_folders(following(rest, ("-e", "--editable"), ("",)), files)
    elif program in RUNNERS:
        yield from [word for word in rest if word.endswith(RUNNERS[program])][:1]
    elif program == "jupyter":
        yield from (word for word in rest if word.endswith(".ipynb"))
    elif program in ("pytest", "py.test", "nosetests"):
        yield from tested(rest, files)
    elif program in ("docker", "docker-compose", "mkdocs", "make", "snakemake", "kubectl"):
        given = following(rest, ("-f", "--file", "--config-file", "-s", "--snakefile"), ("",))
        yield from (path for path in given if path.endswith(YAML) or NAMED_FILE.search(path))
    elif program == "flask" or rest[:1] == ["flask"]:
        yield from following(rest, ("--app", "-A"), (".py",))
    else:  # an installed program, whose user may lay his configurations where he likes
        given = following(rest, CONFIGURATION, CONFIGURED)
        yield from (path for path in given if any(other.startswith(folder_of(path)) for other in files))


def folder_of(path: str) -> str:
    """The folder of a path with its slash; for a path without one what no file begins with."""
    return path.removeprefix("./").rpartition("/")[0] + "/"


def script(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """The script or module that Python runs, the configuration it is given, or what `-m pip` installs."""
    if words[:2] == ["-m", "pip"]:
        yield from following(words[2:], ("-r", "--requirement"), (".txt",))
        yield from absent_folders(following(words[2:], ("-e", "--editable"), ("",)), files)
        return
    if words[:2] == ["-m", "pytest"]:
        yield from tested(words[2:], files)
        return
    skip = False
    for position, word in enumerate(words):
        if skip or word.startswith("-"):
            if word == "-m" and not skip and words[position + 1 : position + 2]:
                module = words[position + 1]
                if module in LAUNCH:
                    skip = True
                    continue
                yield from absent_module(module, files)
                yield from configurations(words[position + 2 :], files)
                return
            if word == "-c":
                return
            skip = not skip and word in WITH_VALUE
            continue
        if word.endswith(".py"):
            yield word
            yield from configurations(words[position:], files)
        return


def tested(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """The files and folders of tests that pytest is given."""
    paths = [word.partition("::")[0] for word in words if not word.startswith("-")]
    yield from (path for path in paths if path.endswith(".py"))
    yield from absent_folders(paths, files)


def absent_folders(paths: Iterable[str], files: frozenset[str]) -> Iterator[str]:
    """Folders that are not there, though the one they lie in is; a submodule's is filled later."""
    for path in paths:
        plain = path.split("[")[0].removeprefix("./").rstrip("/")
        known = any(other.startswith(folder_of(plain)) for other in files)
        if known and FOLDER.fullmatch(plain) and ".gitmodules" not in files:
            there = any(f"/{plain}/" in f"/{other}" for other in files)
            yield from [] if there else [plain]


def configurations(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """What a program is given as a configuration: by the name of the option, or as YAML in a folder of the tree."""
    for option, value in pairwise([part for word in words for part in split_option(word)]):
        if option in (*CONFIGURATION, "-c") and value.endswith(CONFIGURED):
            yield value
        elif value.endswith(YAML) and option.startswith("-") and not OF_RUN.search(option):
            beside = [other for other in files if other.startswith(folder_of(value)) and other.endswith(YAML)]
            yield from [value][: len(beside)]


def absent_module(name: str, files: frozenset[str]) -> Iterator[str]:
    """The file of a module that is none, where its package is one of the tree."""
    path = name.replace(".", "/")
    first = path.partition("/")[0]
    for base in ("", "src/"):
        inside = any(other.startswith(f"{base}{first}/") and other.endswith(".py") for other in files)
        if "/" in path and inside:
            kinds = (f"{path}.py", f"{path}/__main__.py", f"{path}/__init__.py")
            if not any(f"{base}{kind}" in files for kind in kinds):
                yield f"{base}{path}.py"
            return


def following(words: list[str], options: tuple[str, ...], suffixes: tuple[str, ...]) -> Iterator[str]:
    """Values of options that are names of existing files."""
    for option, value in pairwise([part for word in words for part in split_option(word)]):
        if option in options and value.endswith(suffixes):
            yield value


def split_option(word: str) -> list[str]:
    """`--config=a.yaml` as two words."""
    option, sign, value = word.partition("=")
    return [option, value] if sign and option.startswith("--") else [word]
