"""Configuration that nothing reads: whole files, single leaves, and dictionaries in the code that stand for them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import RECORD_PATH, TEST_PATH, modules
from audit.rules.entries import Leaf, leaves_of, lines_of_keys
from audit.rules.family import Family, rule
from audit.rules.hyperparameters import MIN_SHARED, Settings, hardcoded
from audit.rules.reach import FOLDER, MAX_BYTES, Code, is_spoken
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
    why="Two places set the run, and whoever edits the configuration does not see the other.",
    fix="Load the configuration, keep the values there, and remove the dictionary.",
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
# What tools look for by name, and what is no configuration of a run.
TOOLS = re.compile(
    r"(^|/)(\.[^/]*|docs?|node_modules|k8s|kubernetes|helm|charts|deploy\w*|templates?|schemas?|fixtures?)/|(^|/)\."
    r"|(^|/)(pyproject|package|tsconfig|jsconfig|composer|_config|mkdocs|docker-compose|compose|environment|codecov"
    r"|renovate|book|dvc|mlproject|conda|meta|cog|netlify|vercel|app|appsettings|jest|babel|lerna|nx|angular"
    r"|dependabot|azure-pipelines|readthedocs|config_sentence_transformers|generation_config|preprocessor_config"
    r"|tokenizer_config|adapter_config)[^/]*\.\w+$",
    re.I,
)
# What a model that was saved by a library carries beside its weights.
OF_A_MODEL = {"architectures", "model_type", "transformers_version", "_class_name", "tokenizer_class"}
FEW_CHARACTERS = 5_000
HYPER = {
    "lr", "learning_rate", "batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "epochs",
    "num_epochs", "max_epochs", "optimizer", "weight_decay", "momentum", "dropout", "betas", "warmup_steps", "gamma",
    "hidden_size", "hidden_dim", "num_layers", "n_estimators", "max_depth", "num_leaves", "scheduler", "seed",
    "zero_optimization", "fp16", "bf16",
}  # fmt: skip
RESULT = re.compile(r"loss|accuracy|score|metric|history|best|result|time|date", re.I)  # then it is a record of a run
OF_COMPOSERS = {"defaults", "hydra"}  # tables that Hydra reads itself


def find(target: Target) -> Iterator[Finding]:
    """First which files are loaded, then what is in those that are, and what stands beside them in the code."""
    every = [module for module in modules(target) if not TEST_PATH.search(module.path)]
    if not every:
        return
    pieces = [piece for piece in target.pieces if may_configure(piece, target)]
    if not pieces:
        return
    code = Code(target, every)
    configurations = {piece: tuple(leaves_of(piece)) for piece in pieces if is_configuration(piece)}
    others = [piece for piece in pieces if piece not in configurations]
    told = [(piece, tuple(leaves_of(piece))) for piece in others if code.names(piece)]
    configurations |= {piece: leaves for piece, leaves in told if code.asks_for_most(leaves)}
    configurations |= dict(neighbours(others, configurations))
    named = {piece for piece in configurations if code.names(piece) or is_spoken(piece.path, code.spoken)}
    settings: list[Settings] = []
    loaded: list[tuple[Piece, tuple[Leaf, ...]]] = []
    for piece, leaves in configurations.items():
        of_a_model = OF_A_MODEL & {leaf.keys[0] for leaf in leaves}
        if not leaves or of_a_model:
            continue
        if code.names(piece) or (piece in named and code.given and code.asks_for_most(leaves)):
            loaded.append((piece, leaves))  # by name, or a command hands it to a program that asks for most of it
        elif piece not in named and not code.may_reach(piece, leaves, configurations, named):
            yield found(UNUSED, piece.at(0), "no code loads this file, and no command names it")
            settings.append(Settings(piece, frozenset(leaf.keys[-1].lower() for leaf in leaves), loaded=False))
            continue
        settings.append(Settings(piece, frozenset(leaf.keys[-1].lower() for leaf in leaves), loaded=True))
    yield from unread(loaded, code)
    for module in every if settings else ():
        for piece, line, message in hardcoded(module, settings):
            yield found(HARDCODED, piece.at(line), message, piece.line(line)[:120])


def may_configure(piece: Piece, target: Target) -> bool:
    """By suffix and place; DVC and others read theirs by name."""
    path = piece.path
    if piece.kind is not Kind.TEXT or not path.lower().endswith(SUFFIXES) or len(piece.text) > MAX_BYTES:
        return False
    if TOOLS.search(path) or TEST_PATH.search(path) or RECORD_PATH.search(path):
        return False
    place = PurePosixPath(path)
    if place.name == "params.yaml" and any(other.endswith("dvc.yaml") for other in target.files):
        return False
    # A web page's are read by other code than Python.
    return not any(f"{parent}/package.json" in target.files for parent in place.parents)


def is_configuration(piece: Piece) -> bool:
    """Whether its name or folder says so, or what it sets."""
    return bool(NAMED.match(PurePosixPath(piece.path).stem) or FOLDER.search(piece.path) or sets_training(piece))


def neighbours(others: list[Piece], known: dict[Piece, tuple[Leaf, ...]]) -> Iterator[tuple[Piece, tuple[Leaf, ...]]]:
    """Files most of whose entries stand in a configuration of the same format beside them, with their entries."""
    beside: dict[tuple[PurePosixPath, str], list[set[tuple[str, ...]]]] = defaultdict(list)
    for piece, leaves in known.items():
        place = PurePosixPath(piece.path)
        beside[place.parent, place.suffix].append({leaf.keys for leaf in leaves})
    for piece in others:
        place = PurePosixPath(piece.path)
        if piece not in known and (place.parent, place.suffix) in beside:
            leaves = tuple(leaves_of(piece))
            keys = {leaf.keys for leaf in leaves}
            if any(2 * len(keys & theirs) >= max(len(keys), 3) for theirs in beside[place.parent, place.suffix]):
                yield piece, leaves


def sets_training(piece: Piece) -> bool:
    """Whether a small file under any name gives values to what a training run is set by."""
    if len(piece.text) > FEW_CHARACTERS:
        return False
    keys = {key.lower() for key in lines_of_keys(piece)}
    return len(keys & HYPER) >= MIN_SHARED and not any(RESULT.search(key) for key in keys)


def unread(loaded: list[tuple[Piece, tuple[Leaf, ...]]], code: Code) -> Iterator[Finding]:
    """Leaves whose key stands nowhere in the code, where no table of the file is handed on as a whole."""
    if not loaded or () in code.whole:
        return
    words = code.words
    others = {word for piece in code.target.pieces if piece.kind is Kind.TEXT for word in words_of_text(piece)}
    asked = words if code.composed else code.asked
    ends = {keys[-1] for keys in code.whole}
    loaded = [
        (piece, leaves)
        for piece, leaves in loaded
        if 2 * sum(not ends.isdisjoint(leaf.keys) or leaf.keys[-1] in words for leaf in leaves) >= len(leaves)
    ]
    for piece, leaf in ((piece, leaf) for piece, leaves in loaded for leaf in leaves):
        key = leaf.keys[-1]
        if not words.issuperset(leaf.keys[:-1]):
            continue  # a whole table under another name: not read key by key
        if leaf.keys[0] in OF_COMPOSERS or not ends.isdisjoint(leaf.keys[:-1]):
            continue  # in a table that is used as a whole
        if key.isidentifier() and key not in asked and key not in others and not key.startswith("_"):
            message = f"`{'.'.join(leaf.keys)}` is read nowhere"
            yield found(UNREAD, piece.at(leaf.line), message, piece.line(leaf.line)[:120])


def words_of_text(piece: Piece) -> list[str]:
    """Words of a script; of a configuration, those of its references to entries."""
    if len(piece.text) > MAX_BYTES:
        return []
    of_tools = not piece.path.endswith(SUFFIXES) or "/." in f"/{piece.path}"
    return re.findall(r"\w+", piece.text if of_tools else " ".join(re.findall(r"\$\{[^}]{0,200}\}", piece.text)))


FAMILY = Family(
    "configuration", "Configuration is what the code reads", (UNUSED, HARDCODED, UNREAD), find, reads_text=True
)
