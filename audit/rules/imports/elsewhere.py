"""Modules that a checkout does not hold and that are there when it runs: submodules, clones, what a build makes."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from audit.model import Location
from audit.rules.code import Module, last_name, text_of
from audit.rules.local import COMPILED, Import, Local
from audit.rules.requirements import PIP, normal, parsed
from audit.rules.submodules import submodules
from audit.target import Piece, Target

LINKED = re.compile(r"^(.+): a symbolic link")  # as the target notes it
PROTOBUF = re.compile(r"\w+_pb2(_grpc)?")
COMPILED_NAME = re.compile(r"\w+_(?:cuda|ext|cpp|gpu)")  # as extensions are called; in a tree with code to compile
# How the code of an extension, or the file that builds it, says what it is called.
SAYS = re.compile(
    r"\b(?:PYBIND11_MODULE|NB_MODULE|BOOST_PYTHON_MODULE|\w*[Aa]dd_(?:module|library)|extension_module)\(\s*'?(\w+)"
    r"|\bPyInit_(\w+)|#\[pymodule\b[^\]]*\]\s*(?:pub\s+)?fn\s+(\w+)"
)
NAMED = re.compile(r"""^(?:module-name|target)\s*=\s*["'](?:[\w.]*\.)?(\w+)["']""", re.M)  # in pyproject.toml, for Rust
MAKES = re.compile(r"(^|/)(?:setup|\w*build\w*)\.py$")  # programs that write modules, too
# What a reader, an image or a script is told to fetch, and what the latter two install. Of that only what has another
# build for each machine is declared there: any other distribution belongs to the requirements, beside the rest.
TELLS = re.compile(r"\.(?:md|rst|sh)$|(^|/)(?:Dockerfile|Makefile)[^/]*$")
INSTALLS = re.compile(r"\.sh$|(^|/)Dockerfile[^/]*$")
PER_MACHINE = re.compile(
    r"(?:py)?torch|tensorflow|jax|keras$|cuda|cupy|cudf|flash-attn|xformers|detectron|mmcv|mmdet|apex|bitsandbytes"
    r"|triton|onnxruntime|tensorrt|paddle|mxnet|dgl|deepspeed|faiss|vllm|mpi4py|horovod|opencv|gdal|dlib|rdkit|pyg$"
)
CLONE = re.compile(r"\bgit\s+clone\s[^\n]*?[\w:]/([\w.-]+?)(?:\.git)?(?=[\s\"'`]|$)")
# A script that looks for modules among what Kaggle lays beside it, or that imports from another language.
SUPPLYING = ("sys.path", "jpype")  # without one of these in a file SUPPLIED finds nothing
SUPPLIED = re.compile(r"sys\.path\b[^\n]*(?:\.\./input|/kaggle/)|\bjpype\.imports\b")


# On Kaggle a notebook may be given scripts of other notebooks, which are called as nobody calls a distribution.
ON_KAGGLE = re.compile(r"/kaggle/(?:input|working|usr)|\bkaggle_(?:secrets|datasets|web_client)\b")
SCRIPT = re.compile(r"\w*(?:util|script|helper|metric)s?(?:_\w+)?", re.I)


# What those who extend Stable Diffusion's web interface import of it.
OF_HOST = re.compile(r"modules\.(?:scripts|shared|script_callbacks|processing|devices|sd_\w+)(?:\..*)?")


class Elsewhere:
    """What is not among the files of a tree.

    Attributes:
        folders: of submodules and links, as parts of their paths, with `-` as `_`.
        names: of the submodules, and of what an image or a script installs as it suits the machine, as distributions
            are called.
        cloned: names of repositories that somebody is told to clone, with `-` as `_`.
        laid: those of them that an image or a script clones.
        built: last names of modules that a build compiles or writes.
    """

    def __init__(self, target: Target, local: Local) -> None:
        paths = [*submodules(target)]
        self.names = {normal(path.rpartition("/")[2]) for path in paths}
        self.cloned: set[str] = set()
        self.laid: set[str] = set()
        own = {name.lower() for name in local.tops}  # whoever follows a README clones the tree itself
        for piece in target.pieces:
            runs = INSTALLS.search(piece.path)
            if TELLS.search(piece.path) and "clone" in piece.text:
                names = [name.lower().replace("-", "_") for name in CLONE.findall(piece.text)]
                self.cloned.update(set(names) - own)
                self.laid.update(names if runs else ())
            if runs and "install" in piece.text:
                self.names.update(name for name in installed(piece.text) if PER_MACHINE.match(name))
        paths += [match[1].removesuffix(".py") for match in map(LINKED.match, target.notes) if match]
        self.folders = [PurePosixPath(path.replace("-", "_")).parts for path in paths]
        self.built = {name for piece in target.pieces for name in made(piece)}
        self.compiles = any(COMPILED.search(path) for path in target.files)

    def has(self, module: Module, item: Import, name: str) -> bool:
        """Whether what an import names may come from there; `name` is what it lacks: `a.b` of `from ..a import b`."""
        parts = tuple(name.split("."))
        if parts[-1] in self.built or self.is_compiled(parts[-1]):
            return True
        if item.names and all(PROTOBUF.fullmatch(taken) or taken in self.built for taken in item.names):
            return True
        if item.level:
            path = (*PurePosixPath(module.path).parts[: -item.level], *parts)
            return any(meet(folder, path) for folder in self.folders)
        wanted = (item.module, *(f"{item.module}.{taken}" for taken in item.names))
        if parts[0].lower() in self.cloned or any(map(OF_HOST.fullmatch, wanted)):
            return True
        tails = (folder[start:] for folder in self.folders for start in range(len(folder)))
        return any(meet(tail, parts) for tail in tails) or self.is_supplied(module) or is_script(module, parts[0])

    def is_compiled(self, name: str) -> bool:
        """Whether a name is one that a compiler's or a generator's output has."""
        return PROTOBUF.fullmatch(name) is not None or (self.compiles and COMPILED_NAME.fullmatch(name) is not None)

    def is_supplied(self, module: Module) -> bool:
        """Whether a module looks for others in a submodule, or where a service lays them."""
        if "supplied" not in module.derived:
            texts = [piece.text for piece in module.pieces if any(hint in piece.text for hint in SUPPLYING)]
            said = [line.lower().replace("-", "_") for text in texts for line in text.split("\n") if "sys.path" in line]
            known = {folder[-1].lower() for folder in self.folders} | self.laid
            laid = any(name in line for name in known for line in said)
            module.derived["supplied"] = laid or any(map(SUPPLIED.search, texts))
        supplied: bool = module.derived["supplied"]
        return supplied


def meet(folder: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether one of two paths leads to the other or through it."""
    return all(mine == other for mine, other in zip(folder, path, strict=False))


def is_script(module: Module, first: str) -> bool:
    """Whether a name may be a script that Kaggle gives a notebook."""
    may_be = module.is_notebook and SCRIPT.fullmatch(first) is not None
    return may_be and any(ON_KAGGLE.search(piece.text) for piece in module.pieces)


def installed(text: str) -> Iterator[str]:
    """Names of the distributions that the lines of an image or a script install by pip or conda."""
    for line in text.replace("\\\n", " ").split("\n"):
        for command in re.split(r"&&|;", line.partition("#")[0]):
            match = PIP.search(command)
            items = [parsed(word.strip("'\""), Location("", 1)) for word in match[1].split()] if match else []
            yield from (item.name for item in items if item)


def made(piece: Piece) -> Iterator[str]:
    """Last names of the modules that a file says it compiles or writes."""
    if COMPILED.search(piece.path):
        yield from (match[match.lastindex or 0] for match in SAYS.finditer(piece.text))
    if piece.path.endswith("pyproject.toml"):
        yield from NAMED.findall(piece.text)
    if piece.tree is None or not ("Extension" in piece.text or MAKES.search(piece.path)):
        return
    for node in piece.nodes:
        if isinstance(node, ast.Call) and "Extension" in piece.text and last_name(node.func) != "setup":
            given = (*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "name"))
            texts = [text_of(value) for value in given]
            yield from (re.split(r"[./]", text)[-1] for text in texts if re.fullmatch(r"[\w./]+", text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".py"):
            yield PurePosixPath(node.value).stem if MAKES.search(piece.path) else ""
