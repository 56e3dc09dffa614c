"""The files of a tree that one command line names or runs."""

import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import pairwise

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
LAUNCHED = ("--config_file", "--config-file", "--deepspeed_config_file")
LAUNCH = ("torch.distributed.launch", "torch.distributed.run", "accelerate.commands.launch", "cProfile", "pdb")
# Options that give a program its configuration.
CONFIGURATION = re.compile(
    r"--?(?:\w+[-_])*(?:conf(?:ig)?s?|cfgs?|settings?|opts?|options?|yaml|deepspeed|recipe|preset|hparams|hyper-?params"
    r"|params|hyp|profile)(?:[-_](?:file|path|json|yaml|toml))?"
)
OF_RUN = re.compile(r"out|save|log|dump|write|export|dest|to\b|result", re.I)  # options of what a program writes
YAML = (".yaml", ".yml")
# Options that give a program a picture or a recording, and what these end in.
INPUT = re.compile(
    r"-i|--?(?:\w+[-_])*(?:images?|imgs?|pictures?|photos?|inputs?|sources?|src|audio|wav|video|content|style)"
    r"(?:[-_](?:file|path|name|image|img))?"
)
RECORDED = (".jpg", ".jpeg", ".png", ".bmp", ".wav", ".mp3", ".flac", ".ogg", ".mp4", ".avi")
SENT = re.compile(r"@((?:[\w-]+/)*(?:\w*[_-])?(?:sample|example|test)(?:[_-]\w*)?\.json)")  # to a server
# What a tree holds for its commands: where its folder has others of the kind, a path that is not there is an error.
KEPT = re.compile(
    r"(?:\./)?(?:(?:[\w-][\w.-]*/)+[\w.-]+"
    r"(\.(?:py|sh|bash|bat|ps1|ipynb|R|jl|lua|slurm|sbatch|ya?ml|toml|jsonnet|gin))"
    # other formats in folders of configurations only: elsewhere they hold what runs read and write
    r"|(?:[\w-][\w.-]*/)*\w*(?:conf|cfg|setting|param|recipe|preset|option|profile)\w*/(?:[\w-][\w.-]*/)*[\w.-]+"
    r"(\.(?:json5?|ini|cfg)))$"
)
RUN = (".py", ".sh", ".bash", ".bat", ".ps1", ".ipynb", ".R", ".jl", ".lua", ".slurm", ".sbatch")
FLASK_APP = re.compile(r"(?:\$env:)?FLASK_APP=[\w./-]+\.py$")
GROUP = re.compile(r"\+{0,2}([a-z][\w/]*)(?:@[\w.]+)?=([\w,-][\w./,-]*)")  # what is taken of a group of configurations
NO_NAME = re.compile(r"(?i:null|none|true|false|)|[\d.,e+-]+|.*\.\w+")
VARIABLE = re.compile(r"^(?=[A-Za-z_][\w.]*=)")  # `make train CONFIG=configs/large.yaml`
WRITES = {"rm", "mkdir", "touch", "vim", "vi", "nano", "code", "echo", "wget", "curl", "git", "mv", "cat", "less", "ls"}
CONFIGURED = (".yaml", ".yml", ".json", ".toml", ".py", ".ini", ".cfg", ".gin", ".jsonnet", ".json5")
SPELT = re.compile(r"(?=\.?[A-Za-z_-]*/)(?:\./)?([A-Za-z_-]{5,})(?:/[\w./-]*)?")
FOLDER = re.compile(r"(?:[\w-][\w.-]*/)+(?!\w*\.)[\w-]+")
NAMED_FILE = re.compile(r"(?:^|/)(?:[\w.-]*[Dd]ockerfile|Makefile|Snakefile)[\w.-]*$")
ON_WINDOWS = re.compile(r"(?<=[\w.])\\(?=[\w.])")  # between the parts of a path


def named_files(command: str, files: frozenset[str]) -> Iterator[str]:
    """Scripts, modules, requirements and environments that a command reads."""
    words = split(command)
    yield from of_program(words, files)
    yield from kept(words, files)


def in_tree(command: str, files: frozenset[str]) -> Iterator[str]:
    """Of what a command reads, what can be nothing but a part of the tree: in its folders, and modules of its own."""
    words = split(command)
    yield from kept(words, files)
    ran = [name for option, name in pairwise(words) if option == "-m" and re.fullmatch(r"[a-z_]\w*(?:\.\w+)+", name)]
    for name in ran[:1]:
        yield from absent_module(name, files)


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
    parts = [part for word in words for part in split_option(VARIABLE.sub("--", word))]
    given = parts[:2] if parts[0] in ("cp", "copy") else parts
    for before, word in zip(["", *given], given, strict=False):
        path = KEPT.fullmatch(word)
        if path and not (before.startswith(("-", ">")) and (OF_RUN.search(before) or before in (">", ">>", "-o"))):
            plain = word.removeprefix("./")
            folder = folder_of(plain)
            suffix = path.group(1) or path.group(2)
            alike = RUN if suffix in RUN else (suffix,)
            yield from [plain] if any(other.startswith(folder) and other.endswith(alike) for other in files) else []


def of_program(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """What the program of a command is known to read."""
    yield from [word.partition("=")[2] for word in words if FLASK_APP.match(word)]
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
    elif program in SHELL_PROGRAMS:
        plain = [word for word in rest[:1] if not word.endswith("/activate")]  # of an environment
        yield from absent_folders(plain, files)  # a script without an ending
    elif program in SERVERS:
        for name in [word for word in rest if re.fullmatch(r"[a-z_][\w.]*:\w+", word)][:1]:
            yield from application(name, files)
    elif program in QUEUES:
        yield from [word for word in rest if word.endswith(QUEUED) and not word.startswith("-")][:1]
    elif re.match(r"\.?[\w-]*/", program) and program.endswith((".sh", ".py", ".bat", ".ps1")):
        yield program
    elif program in ("pip", "pip3", "conda", "mamba", "micromamba"):
        rest = [part for word in rest for part in re.sub(r"^-r(?=\w)", "-r ", word).split()]
        yield from following(rest, ("-r", "--requirement", "-f", "--file", "-c"), (".txt", ".yml", ".yaml"))
        yield from [word for word in rest if rest[0] == "sync" and word.endswith(".txt")]
        yield from absent_folders(following(rest, ("-e", "--editable"), ("",)), files)
    elif program == "curl":
        yield from (match[1] for match in map(SENT.fullmatch, rest) if match)
    elif program in RUNNERS:
        yield from [word for word in rest if word.endswith(RUNNERS[program])][:1]
    elif program == "jupyter":
        made = set(following(rest, ("--output", "-o"), (".ipynb",)))
        parts = (part for word in rest for part in split_option(word))
        yield from (part for part in parts if part.endswith(".ipynb") and part not in made)
    elif program in ("pytest", "py.test", "nosetests"):
        yield from tested(rest, files)
    elif program in ("docker", "docker-compose", "mkdocs", "make", "snakemake", "kubectl"):
        given = following(rest, ("-f", "--file", "--config-file", "-s", "--snakefile"), ("",))
        yield from (path for path in given if path.endswith(YAML) or NAMED_FILE.search(path))
    elif program == "flask" or rest[:1] == ["flask"]:
        for name in following(rest, ("--app", "-A"), ("",)):
            yield from application(name, files)
    elif program == "celery":
        for name in following(rest, ("--app", "-A"), ("",)):
            yield from absent_module(name.partition(":")[0], files)
    elif (program, *rest[:1]) in (("fastapi", "dev"), ("fastapi", "run"), ("wandb", "sweep")):
        yield from [word for word in rest if word.endswith((".py", *YAML))][:1]
    else:  # an installed program, whose user may lay his configurations where he likes
        pairs = pairwise([part for word in rest for part in split_option(word)])
        named = [value for option, value in pairs if configures(option) and value.endswith(CONFIGURED)]
        yield from (path for path in named if any(other.startswith(folder_of(path)) for other in files))


def folder_of(path: str) -> str:
    """The folder of a path with its slash; for a path without one what no file begins with."""
    return path.removeprefix("./").rpartition("/")[0] + "/"


def application(name: str, files: frozenset[str]) -> Iterator[str]:
    """The file of what a server is told to serve, `package.module:app`, where no file of the tree can be meant."""
    plain = name.partition(":")[0]
    path = plain.removesuffix(".py") if plain.endswith(".py") else plain.replace(".", "/")
    kinds = (f"/{path}.py", f"/{path}/__init__.py")
    if path and not any(f"/{other}".endswith(kinds) for other in files):
        yield f"{path}.py"


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
                yield from chosen(words[position + 2 :], files)
                return
            if word == "-c":
                return
            option, sign, value = word.partition("=")
            skip = not skip and not sign and option in WITH_VALUE
            if option in LAUNCHED:  # what the launcher itself is told
                value = value if sign else "".join(words[position + 1 : position + 2])
                yield from [value] if "/" in value and value.endswith((*YAML, ".json")) else []
            continue
        if word.endswith(".py"):
            yield word
            yield from configurations(words[position:], files)
            yield from chosen(words[position:], files)
            yield from recorded(words[position:], files)
            yield from misspelt(words[position:], files)
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
        if (option == "-c" or configures(option)) and value.endswith(CONFIGURED):
            yield value
        elif value.endswith(YAML) and option.startswith("-") and not OF_RUN.search(option):
            beside = [other for other in files if other.startswith(folder_of(value)) and other.endswith(YAML)]
            yield from [value][: len(beside)]


def recorded(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """Pictures and recordings that a program is to read from a folder of the tree that holds others of the kind."""
    for option, value in pairwise([part for word in words for part in split_option(word)]):
        if value.endswith(RECORDED) and INPUT.fullmatch(option) and not OF_RUN.search(option):
            folder, suffix = folder_of(value), value[value.rindex(".") :]
            yield from [value] if any(other.startswith(folder) and other.endswith(suffix) for other in files) else []


def misspelt(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """Folders that a program is to read, called like one of the tree but for letters in another order."""
    folders = {other.partition("/")[0] for other in files if "/" in other}
    for option, value in pairwise([part for word in words for part in split_option(word)]):
        match = SPELT.fullmatch(value)
        if match and option.startswith("-") and not OF_RUN.search(option) and match[1] not in folders:
            yield from [match[1]] if any(is_swapped(match[1], folder) for folder in folders) else []


def is_swapped(word: str, other: str) -> bool:
    """Whether two words differ by two letters that have changed places, one beside the other."""
    places = [place for place, (one, two) in enumerate(zip(word, other, strict=False)) if one != two]
    beside = len(places) == 2 and places[1] == places[0] + 1
    return len(word) == len(other) and beside and sorted(word) == sorted(other)


def configures(option: str) -> bool:
    """Whether an option gives a program its configuration, and does not tell it where to write one."""
    return CONFIGURATION.fullmatch(option) is not None and not OF_RUN.search(option)


def chosen(words: list[str], files: frozenset[str]) -> Iterator[str]:
    """Configurations that Hydra is told to take by their names alone: the main one, and those of a group."""
    configured = [other for other in files if other.endswith(".yaml")]
    for option, value in pairwise([part for word in words for part in split_option(word)]):
        if option in ("--config-name", "-cn") and configured and re.fullmatch(r"[\w./-]+", value):
            yield f"{value.removesuffix('.yaml')}.yaml"
    for group, names in [match.groups() for match in map(GROUP.fullmatch, words) if match]:
        held = re.compile(rf"(?:^|/)\w*(?:conf|cfg|hydra)\w*/(?:.*/)?{re.escape(group)}/[^/]+$")
        if any(map(held.search, configured)):
            yield from (f"{group}/{name}.yaml" for name in names.split(",") if not NO_NAME.fullmatch(name))


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
