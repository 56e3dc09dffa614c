"""Configuration that nothing reads: whole files, single leaves, and dictionaries in the code that stand for them."""

import ast
import re
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import PurePosixPath

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import RECORD_PATH, TEST_PATH, Module, is_function, modules, strings
from audit.rules.entries import Leaf, leaves_of, lines_of_keys
from audit.rules.family import Family, rule
from audit.rules.hyperparameters import MIN_SHARED, Settings, hardcoded
from audit.rules.loading import Keys, by_hand, composed, handed_on, is_listed, listings, open_ended
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
FOLDER = re.compile(r"(^|/)(configs?|conf|cfgs?|settings|hparams|hyper_?params|options|recipes)/", re.I)
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
FEW_CHARACTERS = 5_000
HYPER = {
    "lr", "learning_rate", "batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "epochs",
    "num_epochs", "max_epochs", "optimizer", "weight_decay", "momentum", "dropout", "betas", "warmup_steps", "gamma",
    "hidden_size", "hidden_dim", "num_layers", "n_estimators", "max_depth", "num_leaves", "scheduler", "seed",
    "zero_optimization", "fp16", "bf16",
}  # fmt: skip
RESULT = re.compile(r"loss|accuracy|score|metric|history|best|result|time|date", re.I)  # then it is a record of a run
OF_COMPOSERS = {"defaults", "hydra"}  # tables that Hydra reads itself
WHOLE = {"_target_", "class_path", "init_args", "defaults", "type", "method"}
FEW_ENTRIES = 3  # fewer say nothing about whether a program reads them


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
    others = {piece: tuple(leaves_of(piece)) for piece in pieces if piece not in configurations}
    configurations |= {p: leaves for p, leaves in others.items() if code.names(p) and code.asks_for_most(leaves)}
    configurations |= {p: leaves for p, leaves in others.items() if is_like_its_neighbour(p, leaves, configurations)}
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


class Code:
    """What the code and the commands of a tree say about its configurations."""

    def __init__(self, target: Target, every: list[Module]) -> None:
        self.target = target
        self.every = every
        self.texts = {text for module in every for text in strings(module)}
        unparsed = [piece.text for piece in target.python if piece.tree is None and len(piece.text) <= MAX_BYTES]
        for text in unparsed:
            self.texts.update(re.findall(r"['\"]([^'\"\n]+)['\"]", text))
        self.text = "\n".join(self.texts)
        self.spoken = commands(target)
        self.listed = listings(every)
        self.folders = {str(folder) for path in target.files for folder in PurePosixPath(path).parents}
        self.composed = composed(every)
        self.given = bool(self.composed) or by_hand(every)
        if self.composed:
            self.composed.update(word for piece in target.pieces for word in defaults_of(piece))
        unread = {word for text in unparsed for word in re.findall(r"\w+", text)}
        self.words = words_in(every) | unread
        self.asked = self.words if self.composed else asked_in(every) | unread

    @cached_property
    def whole(self) -> set[Keys]:
        """Keys of tables that are used as a whole."""
        nodes = (node for module in self.every for _, node in module.walk())
        own = {node.name for node in nodes if is_function(node) or isinstance(node, ast.ClassDef)}
        return {keys for module in self.every for keys in handed_on(module, own)}

    @cached_property
    def ends(self) -> set[str]:
        """Texts that may be folders from which files are taken by a name that is made at run time."""
        return {text for module in self.every for text in open_ended(module)}

    def names(self, piece: Piece) -> bool:
        """Whether a text in the code holds the file's name, or a library is told to compose it."""
        place = PurePosixPath(piece.path)
        return is_spoken(piece.path, self.text) or (place.stem in self.composed and bool(FOLDER.search(piece.path)))

    def asks_for_most(self, leaves: Collection[Leaf]) -> bool:
        """Whether half of the entries have a key that the code knows."""
        return 2 * sum(leaf.keys[-1] in self.words for leaf in leaves) >= len(leaves) > 0

    def may_reach(
        self, piece: Piece, leaves: tuple[Leaf, ...], every: dict[Piece, tuple[Leaf, ...]], named: Collection[Piece]
    ) -> bool:
        """Whether a file that nothing names is found through its folder, or given by hand as those beside it are.

        A program that takes any configuration is given those that scripts and documents name. Where its neighbours
        are named and it is not, it has been left behind.
        """
        folder = PurePosixPath(piece.path).parent
        beside = [other for other, entries in every.items() if entries and PurePosixPath(other.path).parent == folder]
        left_behind = len(beside) <= 2 * sum(other in named for other in beside)
        if self.composed and FOLDER.search(piece.path):
            above = [other for other in every if PurePosixPath(other.path).parent == folder.parent]
            in_group = bool(above and FOLDER.search(f"{folder.parent}/"))
            return in_group or not left_behind or self.asks_for_most(leaves)
        if put_together(piece.path, self.ends) or is_globbed(folder.name, self.spoken):
            return True
        known = any(leaf.keys[-1] in self.words for leaf in leaves)
        asked = known or len(leaves) < FEW_ENTRIES or is_made_whole(leaves)
        if is_listed(piece.path, self.listed, self.folders):
            return asked
        most = self.asks_for_most(leaves) or len(leaves) < FEW_ENTRIES or is_made_whole(leaves)
        return self.given and most and not left_behind


def is_made_whole(leaves: tuple[Leaf, ...]) -> bool:
    """Whether a library makes objects of its tables, and reads what it finds in them."""
    return any(key in WHOLE for leaf in leaves for key in leaf.keys)


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


def is_like_its_neighbour(piece: Piece, leaves: Collection[Leaf], known: Collection[Piece]) -> bool:
    """Whether most of its entries stand in a configuration of the same format beside it."""
    place, keys = PurePosixPath(piece.path), {leaf.keys for leaf in leaves}
    for other in known:
        beside = PurePosixPath(other.path)
        if beside.parent == place.parent and beside.suffix == place.suffix:
            shared = keys & {leaf.keys for leaf in leaves_of(other)}
            if len(shared) >= 2 and 2 * len(shared) >= len(keys):
                return True
    return False


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


def defaults_of(piece: Piece) -> list[str]:
    """Names in the list of defaults of a configuration that Hydra composes."""
    if piece.kind is not Kind.TEXT or not piece.path.endswith((".yaml", ".yml")):
        return []
    lists = re.findall(r"^defaults:[^\n]*\n((?:[ \t]*(?:[-#][^\n]*)?\n)+)", piece.text, re.M)
    return re.findall(r"[\w-]+", " ".join(lists))


def is_spoken(path: str, text: str) -> bool:
    """Whether the file's name stands in a text, and not as the end of another file's."""
    name = PurePosixPath(path).name
    return name in text and bool(re.search(rf"(?<![\w.-]){re.escape(name)}", text))


def is_globbed(folder: str, spoken: str) -> bool:
    """Whether a command goes through the files of a folder: `configs/*.yaml`, `configs/$name`."""
    return bool(folder) and f"{folder}/" in spoken and bool(re.search(rf"\b{re.escape(folder)}/[*$]", spoken))


def put_together(path: str, texts: set[str]) -> bool:
    """Whether the code holds the parts of the path: its folder at the end of a text, or its stem and its suffix."""
    place = PurePosixPath(path)
    folder = place.parent.name
    at_end = re.compile(rf"(\S*[/\\])?{re.escape(folder)}(/|/[{{%]\S*)?") if folder else None
    if at_end and any(folder in text and at_end.fullmatch(text) for text in texts):
        return True
    return place.stem in texts and any(text.endswith(place.suffix) and len(text) <= 6 for text in texts)


def unread(loaded: list[tuple[Piece, tuple[Leaf, ...]]], code: Code) -> Iterator[Finding]:
    """Leaves whose key stands nowhere in the code, where no table of the file is handed on as a whole."""
    if not loaded or () in code.whole:
        return
    words = code.words
    others = {word for piece in code.target.pieces if piece.kind is Kind.TEXT for word in words_of_text(piece)}
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
        if key.isidentifier() and key not in code.asked and key not in others and not key.startswith("_"):
            message = f"`{'.'.join(leaf.keys)}` is read nowhere"
            yield found(UNREAD, piece.at(leaf.line), message, piece.line(leaf.line)[:120])


def words_of_text(piece: Piece) -> list[str]:
    """Words of a script; of a configuration, those of its references to entries."""
    if len(piece.text) > MAX_BYTES:
        return []
    of_tools = not piece.path.endswith(SUFFIXES) or "/." in f"/{piece.path}"
    return re.findall(r"\w+", piece.text if of_tools else " ".join(re.findall(r"\$\{[^}]{0,200}\}", piece.text)))


def words_in(every: list[Module]) -> set[str]:
    """Names by which any of the modules may reach an entry."""
    words: set[str] = set()
    for module in every:
        for _, node in module.walk():
            words.update(words_of(node))
        words.update(re.findall(r"\w+", " ".join(strings(module))))
    return words


def asked_in(every: list[Module]) -> set[str]:
    """Names by which a table that is not spread over variables or parameters is asked for an entry."""
    words: set[str] = set()
    for module in every:
        for _, node in module.walk():
            if isinstance(node, ast.Attribute):
                words.add(node.attr)
            elif isinstance(node, ast.ClassDef):
                given = (line.target for line in node.body if isinstance(line, ast.AnnAssign))
                words.update(field.id for field in given if isinstance(field, ast.Name))
        words.update(re.findall(r"\w+", " ".join(strings(module))))
    return words


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


FAMILY = Family(
    "configuration", "Configuration is what the code reads", (UNUSED, HARDCODED, UNREAD), find, reads_text=True
)
