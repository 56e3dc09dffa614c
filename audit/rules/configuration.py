"""Configuration that nothing reads: whole files, single leaves, and dictionaries in the code that stand for them."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import RECORD_PATH, TEST_PATH, Module, is_function, modules, strings, text_of
from audit.rules.family import Family, rule
from audit.rules.loading import by_hand, handed_on, listings, words_of_path
from audit.target import Kind, Piece, Target

UNUSED = rule(
    "configuration.unused",
    title="A configuration that nothing loads",
    why="Whoever edits it believes to have changed the run, and has changed nothing.",
    fix="Load it where the values are used, or delete it.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
HARDCODED = rule(
    "configuration.hardcoded",
    title="Values fixed in a dictionary beside a configuration",
    why="Two places claim to set the same values, and the one that people look at has no effect.",
    fix="Load the configuration, and remove the dictionary.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
UNREAD = rule(
    "configuration.unread",
    title="An entry of a configuration that nothing reads",
    why="Changing it changes nothing, and nobody is told.",
    fix="Use it, or remove it; a loader that refuses unknown keys finds the next one.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)

SUFFIXES = (".yaml", ".yml", ".toml", ".json")
NAMED = re.compile(
    r"^(.*[_-])?(configs?|conf|cfg|settings|params?|parameters|hparams|hyper_?param\w*|options|defaults?)([_-].*)?$",
    re.I,
)
FOLDER = re.compile(r"(^|/)(configs?|conf|cfgs?|settings|hparams)/", re.I)
# What tools look for by name, and what is no configuration of a run.
TOOLS = re.compile(
    r"(^|/)(\.[^/]*|docs?|node_modules|k8s|kubernetes|helm|charts|deploy\w*|templates?|schemas?|fixtures?)/|(^|/)\."
    r"|(^|/)(pyproject|package|tsconfig|jsconfig|composer|_config|mkdocs|docker-compose|compose|environment|codecov"
    r"|renovate|book|dvc|mlproject|conda|meta|cog|netlify|vercel|app|appsettings|jest|babel|lerna|nx|angular"
    r"|dependabot|azure-pipelines|readthedocs|config_sentence_transformers|generation_config|preprocessor_config"
    r"|tokenizer_config|adapter_config)[^/]*\.\w+$",
    re.I,
)
COMMAND = re.compile(
    r"^\s*[$!%>]|^\s*(?:\S*python[\d.]*|torchrun|accelerate|deepspeed|ba?sh|make|docker|mlflow|dvc|\./\S+)\s"
)
SPAN = re.compile(r"`([^`]+)`")
FENCE = re.compile(r"^\s*(```|~~~)")
# What a model that was saved by a library carries beside its weights.
OF_A_MODEL = {"architectures", "model_type", "transformers_version", "_class_name", "tokenizer_class"}
MAX_BYTES = 200_000  # larger files are data
MAX_DEPTH = 100
FEW_CHARACTERS = 5_000
HYPER = {
    "lr", "learning_rate", "batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "epochs",
    "num_epochs", "max_epochs", "optimizer", "weight_decay", "momentum", "dropout", "betas", "warmup_steps", "gamma",
    "hidden_size", "hidden_dim", "num_layers", "n_estimators", "max_depth", "num_leaves", "scheduler", "seed",
}  # fmt: skip
RESULT = re.compile(r"loss|accuracy|score|metric|history|best|result|time|date", re.I)  # then it is a record of a run
WHOLE = {"_target_", "class_path", "init_args", "defaults", "type", "method"}
FEW_ENTRIES = 3  # fewer say nothing about whether a program reads them
MIN_SHARED = 3  # keys that a dictionary and a configuration have in common


@dataclass(frozen=True)
class Leaf:
    """One entry of a configuration: the keys that lead to it, and its line."""

    keys: tuple[str, ...]
    line: int


def find(target: Target) -> Iterator[Finding]:
    """First which files are loaded, then what is in those that are, and what stands for those that are not."""
    every = [module for module in modules(target) if not TEST_PATH.search(module.path)]
    if not every:
        return
    texts = {text for module in every for text in strings(module)}
    spoken = commands(target)
    given = by_hand(every)
    listed = listings(every)
    unused: list[tuple[Piece, set[str]]] = []
    loaded: list[tuple[Piece, tuple[Leaf, ...]]] = []
    for piece in target.pieces:
        if not is_configuration(piece, target):
            continue
        name = PurePosixPath(piece.path).name
        leaves = tuple(leaves_of(piece))
        if any(name in text for text in texts):
            loaded.append((piece, leaves))
            continue
        may_be = given or listed is None or listed & words_of_path(piece.path)
        known = [leaf.keys[-1] in words_in(target, every) for leaf in leaves] if may_be else []
        if given and name in spoken and sum(known) > len(known) / 2:
            loaded.append((piece, leaves))  # a command hands it to a program that asks for most of it
            continue
        reached = name in spoken or (may_be and (any(known) or len(known) < FEW_ENTRIES or is_made_whole(leaves)))
        of_a_model = OF_A_MODEL & {leaf.keys[0] for leaf in leaves}
        if leaves and not reached and not of_a_model and not put_together(piece.path, texts):
            yield found(UNUSED, piece.at(0), "no code loads this file, and no command names it")
            unused.append((piece, {leaf.keys[-1].lower() for leaf in leaves}))
    yield from unread(loaded, every, target)
    for module in every if unused else ():
        yield from hardcoded(module, unused)


def is_made_whole(leaves: tuple[Leaf, ...]) -> bool:
    """Whether a library makes objects of its tables, and reads what it finds in them."""
    return any(key in WHOLE for leaf in leaves for key in leaf.keys)


def is_configuration(piece: Piece, target: Target) -> bool:
    """By suffix, and by a name or folder that says so; DVC and others read theirs by name."""
    path = piece.path
    if piece.kind is not Kind.TEXT or not path.lower().endswith(SUFFIXES) or len(piece.text) > MAX_BYTES:
        return False
    if TOOLS.search(path) or TEST_PATH.search(path) or RECORD_PATH.search(path):
        return False
    place = PurePosixPath(path)
    if place.name == "params.yaml" and any(other.endswith("dvc.yaml") for other in target.files):
        return False
    if any(f"{parent}/package.json" in target.files for parent in place.parents):
        return False  # of a web page, which other code than Python reads
    return bool(NAMED.match(place.stem) or FOLDER.search(path) or sets_training(piece))


def sets_training(piece: Piece) -> bool:
    """Whether a small file under any name gives values to what a training run is set by."""
    if len(piece.text) > FEW_CHARACTERS:
        return False
    keys = {key.lower() for key in lines_of_keys(piece)}
    return len(keys & HYPER) >= MIN_SHARED and not any(RESULT.search(key) for key in keys)


def commands(target: Target) -> str:
    """Lines of scripts, workflows, configurations and documents that may name a file to a program."""
    kept = []
    for piece in target.pieces:
        if piece.kind is Kind.TEXT and not piece.path.lower().endswith((".txt", ".csv", ".lock")):
            own = PurePosixPath(piece.path).name
            kept += [line.replace(own, "") for line in piece.lines if len(line) < 2000]
        elif piece.kind is Kind.MARKDOWN:
            fenced = False
            for line in piece.lines:
                fenced ^= bool(FENCE.match(line))
                spans = [line] if fenced or COMMAND.search(line) else SPAN.findall(line)
                kept += [span for span in spans if COMMAND.search(span) or "--" in span]
        elif piece.cell is not None:
            kept += [line for line in piece.lines if COMMAND.search(line)]
    return "\n".join(kept)


def put_together(path: str, texts: set[str]) -> bool:
    """Whether the code holds the parts of the path: its folder at the end of a text, or its suffix and its stem."""
    place = PurePosixPath(path)
    folder = place.parent.name
    if folder and any(text.rstrip("/").endswith(folder) and "\n" not in text for text in texts):
        return True
    suffixed = any(text.endswith(place.suffix) and len(text) <= 6 for text in texts)
    return suffixed and (place.stem in texts or bool(folder and any(folder in text for text in texts)))


def leaves_of(piece: Piece) -> Iterator[Leaf]:
    """The entries of a file, with the line of the last key; none for what does not parse or is no table."""
    if re.search(r"(^|[\s\[,:])&\w", piece.text) or "{{" in piece.text or too_deep(piece.text):
        return  # anchors may multiply without end; templates are filled in elsewhere
    try:
        if piece.path.lower().endswith(".toml"):
            document: Any = tomllib.loads(piece.text)
        elif piece.path.lower().endswith(".json"):
            document = json.loads(piece.text)
        else:
            document = yaml.safe_load(piece.text)
    except (ValueError, RecursionError, yaml.YAMLError):
        return
    lines = lines_of_keys(piece)
    waiting: list[tuple[Any, tuple[str, ...]]] = [(document, ())]
    while waiting:
        value, keys = waiting.pop()
        if isinstance(value, dict):
            waiting += [(inner, (*keys, str(key))) for key, inner in reversed(value.items())]
        elif keys:
            yield Leaf(keys, lines.get(keys[-1], 0))


def lines_of_keys(piece: Piece) -> dict[str, int]:
    """Key -> the first line that gives it a value."""
    found: dict[str, int] = {}
    for number, line in enumerate(piece.lines, start=1):
        before, *value = re.split("[:=]", line, maxsplit=1)
        keys = [before.strip().removeprefix("- ").strip().strip("'\"")] if value else []
        for key in (*keys, *re.findall(r"['\"]([^'\"]+)['\"]\s*:", line)):
            found.setdefault(key, number)
    return found


def too_deep(text: str) -> bool:
    """Whether brackets or dashes nest deeper than anybody writes; the YAML parser's time grows with the square."""
    depth = 0
    for match in re.finditer(r"[\[{]|[\]}]", text):
        depth += 1 if match.group() in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return bool(re.search(rf"(?:[-?]\s+){{{MAX_DEPTH}}}", text))


def unread(
    loaded: list[tuple[Piece, tuple[Leaf, ...]]], every: list[Module], target: Target
) -> Iterator[Finding]:
    """Leaves whose key stands nowhere in the code, where no table of the file is handed on as a whole."""
    if not loaded:
        return
    nodes = (node for module in every for _, node in module.walk())
    own = {node.name for node in nodes if is_function(node) or isinstance(node, ast.ClassDef)}
    whole = {keys for module in every for keys in handed_on(module, own)}
    if () in whole:
        return
    words = words_in(target, every)
    others = {word for piece in target.pieces if piece.kind is Kind.TEXT for word in words_of_text(piece)}
    ends = {keys[-1] for keys in whole}
    for piece, leaf in ((piece, leaf) for piece, leaves in loaded for leaf in leaves):
        key = leaf.keys[-1]
        if not words.issuperset(leaf.keys[:-1]):
            continue  # a whole table under another name: not read key by key
        if not ends.isdisjoint(leaf.keys[:-1]):
            continue  # in a table that is used as a whole
        if key.isidentifier() and key not in words and key not in others and not key.startswith("_"):
            message = f"`{'.'.join(leaf.keys)}` is read nowhere"
            yield found(UNREAD, piece.at(leaf.line), message, piece.line(leaf.line)[:120])


def words_of_text(piece: Piece) -> list[str]:
    """Words of a script; of a configuration, those of its references to entries."""
    if len(piece.text) > MAX_BYTES:
        return []
    of_tools = not piece.path.endswith(SUFFIXES) or "/." in f"/{piece.path}"
    return re.findall(r"\w+", piece.text if of_tools else " ".join(re.findall(r"\$\{[^}]{0,200}\}", piece.text)))


def words_in(target: Target, every: list[Module]) -> set[str]:
    """Names by which any of the modules may reach an entry, worked out once."""
    if "words" not in target.derived:
        words: set[str] = set()
        for module in every:
            for _, node in module.walk():
                words.update(words_of(node))
            words.update(re.findall(r"\w+", " ".join(strings(module))))
        target.derived["words"] = words
    known: set[str] = target.derived["words"]
    return known


def words_of(node: ast.AST) -> Iterator[str]:
    """Names by which a node may reach an entry."""
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.keyword | ast.arg):
        yield node.arg or ""
    elif is_function(node) or isinstance(node, ast.ClassDef):
        yield node.name


def hardcoded(module: Module, unused: list[tuple[Piece, set[str]]]) -> Iterator[Finding]:
    """Dictionaries of constants, with those inside once, that share keys with a configuration that nothing loads."""
    every = set().union(*(names for _, names in unused))
    told: set[ast.AST] = set()
    for piece, node in module.walk():
        if isinstance(node, ast.Dict):
            pairs = [(text_of(key).lower(), value) for key, value in zip(node.keys, node.values, strict=True)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
            pairs = [((item.arg or "").lower(), item.value) for item in node.keywords]
        else:
            continue
        if sum(key in every for key, _ in pairs) < 2:
            continue
        keys = {key for key, value in pairs if isinstance(value, ast.Constant | ast.UnaryOp | ast.Tuple | ast.List)}
        for configuration, names in unused:
            shared = sorted(keys & names - {""})
            if len(shared) >= MIN_SHARED or (len(shared) == 2 and len(names) <= 3):
                outermost = top_of(module, node)
                if outermost not in told:
                    told.add(outermost)
                    message = f"{', '.join(shared)} are fixed here; {configuration.path} sets them and is never loaded"
                    yield found(HARDCODED, piece.at(node.lineno), message, piece.line(node.lineno)[:120])
                break


def top_of(module: Module, node: ast.AST) -> ast.AST:
    """The dictionary that holds all those around the node."""
    for holder in module.enclosing(node):
        if not isinstance(holder, ast.Dict | ast.List | ast.Tuple | ast.keyword | ast.Call):
            break
        node = holder
    return node


FAMILY = Family(
    "configuration", "Configuration is what the code reads", (UNUSED, HARDCODED, UNREAD), find, reads_text=True
)
