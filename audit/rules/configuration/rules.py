"""Configuration that nothing reads: whole files, single leaves, and dictionaries in the code that stand for them."""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import RECORD_PATH, TEST_PATH, Module, is_function, modules
from audit.rules.configuration.adopted import is_adopted
from audit.rules.configuration.aside import without_mark
from audit.rules.configuration.entries import Leaf, leaves_of, lines_of_keys
from audit.rules.configuration.fixed import HYPER, LONGEST, MIN_SHARED
from audit.rules.configuration.hyperparameters import Settings, hardcoded
from audit.rules.configuration.joined import joined_elsewhere
from audit.rules.configuration.loading import formats, named_files
from audit.rules.configuration.passed import passed_on
from audit.rules.configuration.reach import FOLDER, MAX_BYTES, Code
from audit.rules.configuration.texts import texts, with_point
from audit.rules.configuration.told import is_spoken
from audit.rules.configuration.unread import other_words, referred, unread
from audit.rules.family import Family, rule
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
TEXT = rule(
    "configuration.text",
    title="A number that YAML reads as text",
    why="PyYAML follows YAML 1.1, in which `2e-5` is a text: the optimizer stops with a TypeError, or takes letters.",
    fix="Write it with a point and a signed exponent (`2.0e-5`), or give what is read to float().",
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

TEST_FOLDER = re.compile(r"(^|/)(tests?|testing)/|(^|/)conftest\.py$")
TEST_NAME = re.compile(r"test_|Test")
SUFFIXES = (".yaml", ".yml", ".toml", ".json")
NAMED = re.compile(
    r"^(.*[_-])?(logging|hyp|search_?space|configs?|conf|cfg|settings|params?|parameters|hparams|hyper_?param\w*"
    r"|options|defaults?)([_-].*)?$",
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
OWN_TOO = re.compile(r"(^|/)(app|book|cog|nx)[^/]*\.\w+$", re.I)  # names that a program may give its own as well
# What a model that was saved by a library carries beside its weights.
OF_A_MODEL = {"architectures", "model_type", "transformers_version", "_class_name", "tokenizer_class"}
FEW_CHARACTERS = 5_000
# Quantities of physics are called alpha and gamma too.
OF_TRAINING = re.compile(
    r"(^|_)(lr|learning_?rate|batch_?size|epochs?|optimi[sz]er|weight_?decay|n_estimators|num_leaves|dropout)(_|$)",
    re.I,
)
DATA = re.compile(
    r"(label|class|vocab|token|index|manifest|annotation|mapping|map|metric|result|schema|state|meta|info|data|dict"
    r"|dump|cache|package|names|versions?|example|sample|output|pred\w*|summary|stats|card)(e?s)?\d*\.json$",
    re.I,
)
DATA_FOLDER = re.compile(
    r"(^|/)(data(sets?)?|annotations?|labels?|metadata|locales?|i18n|assets|benchmarks?|reports?|metrics)/", re.I
)
NUMBER = re.compile(r"[:=]\s*([-+]?(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?|true|false)\s*(#.*)?$", re.I)
PLANS = re.compile(r"(^|/)(\w+[_-])?(experiments?|exps?|sweeps?|ablations?|presets?|profiles?|variants?)/", re.I)
OF_TOOLS = {"program", "method", "apiVersion", "kind", "command", "stages", "jobs", "services", "defaults"}
RESULTS = re.compile(r"(^|/)(\w+[_-])?(reports?|results?|metrics|outputs?|runs?|logs?|scores|artifacts)/", re.I)
MEASURE = re.compile(
    r"(?!(min|max|target|goal|required)_)(\w{1,30}_)?(m?iou|acc(uracy)?|top[15]|f1|auc|auroc|auprc|rmse|mae|mse|mape|r2"
    r"|bleu|rouge\w?|wer|cer|psnr|ssim|fid|kappa|perplexity|loss|recall|logloss|brier|ece)",
    re.I,
)
RESULT = re.compile(r"loss|accuracy|score|metric|history|best|result|time|date", re.I)  # then it is a record of a run


def find(target: Target) -> Iterator[Finding]:
    """First which files are loaded, then what is in those that are, and what stands beside them in the code."""
    tests = {module for module in modules(target) if is_test(module)}
    every = [module for module in modules(target) if module not in tests]
    if not every:
        return
    pieces = [piece for piece in target.pieces if may_configure(piece, target)]
    if not pieces:
        return
    code = Code(target, every)
    configurations = {piece: tuple(leaves_of(piece)) for piece in pieces if is_configuration(piece)}
    others = [piece for piece in pieces if piece not in configurations]
    told = {piece: tuple(leaves_of(piece)) for piece in others if code.names(piece)}
    told = {piece: leaves for piece, leaves in told.items() if not (piece.path.endswith(".json") and is_grid(leaves))}
    spoken = (piece for piece in others if piece not in told and is_spoken(piece.path, code.spoken))
    told |= {piece: tuple(leaves_of(piece)) for piece in spoken if sets_options(piece)}
    configurations |= {piece: leaves for piece, leaves in told.items() if code.asks_for_most(leaves)}
    configurations |= dict(neighbours(others, configurations))
    named = {piece for piece in configurations if is_of_dvc(piece, target) or code.names(piece) or code.is_told(piece)}
    loaded_in = {PurePosixPath(piece.path).parent for piece in named}
    for piece in others:
        if piece not in configurations and piece not in told:
            leaves = tuple(leaves_of(piece))
            in_root = PurePosixPath(piece.path).parent == PurePosixPath()
            placed = not in_root and (lies_with_code(piece, target) or lies_with(piece, leaves, loaded_in))
            placed |= is_planned(piece, leaves)
            if (placed or is_of_numbers(piece, leaves)) and sets_values(piece, leaves) and code.is_lost(piece, leaves):
                yield found(UNUSED, piece.at(0), "no code loads this file, and no command names it")
    originals = {piece.path for piece in configurations}
    for piece in target.pieces:
        if without_mark(piece.path) in originals and PurePosixPath(piece.path).name not in code.text + code.spoken:
            yield found(UNUSED, piece.at(0), "a copy beside the configuration, which no code loads")
    settings: list[Settings] = []
    loaded: list[tuple[Piece, tuple[Leaf, ...]]] = []
    for piece, leaves in configurations.items():
        of_a_model = OF_A_MODEL & {leaf.keys[0] for leaf in leaves}
        if not leaves or of_a_model:
            continue
        given = piece in named and (code.given or is_of_dvc(piece, target))
        if code.names(piece) or (given and code.asks_for_most(leaves)):
            loaded.append((piece, leaves))  # by name, or a command hands it to a program that asks for most of it
        elif piece not in named and is_adopted(piece, leaves, code.flow, code.places):
            loaded.append((piece, leaves))
        elif piece not in named and not code.may_reach(piece, leaves, configurations, named):
            yield found(UNUSED, piece.at(0), "no code loads this file, and no command names it")
            settings.append(Settings(piece, leaves, loaded=False))
            continue
        settings.append(Settings(piece, leaves, loaded=True))
    shared = referred(target) if loaded else set()
    whole = [(piece, tuple(leaves_of(piece, in_lists=True)), code.whole(piece) | shared) for piece, _ in loaded]
    spare = other_words(target, tests) | code.unparsed if whole else set()
    passed = passed_on(every, (piece.path for piece, _ in loaded))
    for piece, leaf in unread(whole, code.entries, code.words, spare, passed):
        message = f"`{'.'.join(leaf.keys)}` is read nowhere"
        yield found(UNREAD, piece.at(leaf.line), message, piece.line(leaf.line)[:120])
    for piece, key, line, value in texts([piece for piece, _ in loaded], every):
        message = f"`{key}` is the text '{value}' to PyYAML, no number; `{with_point(value)}` is one"
        yield found(TEXT, piece.at(line), message, piece.line(line)[:120])
    elsewhere = joined_elsewhere(every) if settings else set()
    for module in every if settings else ():
        for piece, line, message in hardcoded(module, settings, elsewhere):
            yield found(HARDCODED, piece.at(line), message, piece.line(line)[:120])


def is_test(module: Module) -> bool:
    """Whether a module tests; a program that is only called so does not."""
    if not TEST_PATH.search(module.path):
        return False
    defined = (node.name for _, node in module.statements() if is_function(node) or isinstance(node, ast.ClassDef))
    return bool(TEST_FOLDER.search(module.path)) or any(map(TEST_NAME.match, defined))


def may_configure(piece: Piece, target: Target) -> bool:
    """By suffix and place; DVC and others read theirs by name."""
    path = piece.path
    if piece.kind is not Kind.TEXT or not path.lower().endswith(SUFFIXES) or len(piece.text) > MAX_BYTES:
        return False
    if (TOOLS.search(path) and not is_loaded_by_name(piece, target)) or RECORD_PATH.search(path):
        return False
    tested = TEST_PATH.search(path)
    if tested and not FOLDER.search(path[: tested.start() + 1]):
        return False  # `configs/test/` holds those of a program that tests
    place = PurePosixPath(path)
    if is_measured(piece):
        return False
    # A web page's are read by other code than Python.
    return not any(f"{parent}/package.json" in target.files for parent in place.parents)


def is_loaded_by_name(piece: Piece, target: Target) -> bool:
    """Whether a module that loads its format names a file that might be a tool's."""
    place = PurePosixPath(piece.path)
    loading = (one for one in modules(target) if place.suffix in formats(one)) if OWN_TOO.search(piece.path) else ()
    return any(is_spoken(piece.path, text) for one in loading for text in named_files(one).get(place.suffix, ()))


def is_measured(piece: Piece) -> bool:
    """Whether a JSON file is what a program has written about a run: results in their folder, or of two measures."""
    if not piece.path.lower().endswith(".json") or FOLDER.search(piece.path):
        return False
    measures = sum(map(bool, map(MEASURE.fullmatch, lines_of_keys(piece))))
    return measures > 1 or bool(measures and RESULTS.search(piece.path))


def is_of_dvc(piece: Piece, target: Target) -> bool:
    """Whether DVC reads it by its name."""
    name = PurePosixPath(piece.path).name
    return name == "params.yaml" and any(other.endswith("dvc.yaml") for other in target.files)


def is_configuration(piece: Piece) -> bool:
    """Whether its name or folder says so, or what it sets."""
    return bool(NAMED.match(PurePosixPath(piece.path).stem) or FOLDER.search(piece.path) or sets_training(piece))


def sets_options(piece: Piece) -> bool:
    """Whether a file that a command names may set a run: JSON holds data as well."""
    return hyperparameters_in(piece) > 1 or not piece.path.lower().endswith(".json")


def lies_with_code(piece: Piece, target: Target) -> bool:
    """Whether Python files stand in the file's folder, which is not the root, where the tools' files lie."""
    folder = PurePosixPath(piece.path).parent
    beside = any(str(PurePosixPath(path).parent) == str(folder) for path in target.python_files)
    return beside and folder != PurePosixPath()


def is_planned(piece: Piece, leaves: tuple[Leaf, ...]) -> bool:
    """Whether a YAML or TOML file that sets a run lies in a folder of experiments, and is for no tool that knows it."""
    if piece.path.lower().endswith(".json") or not PLANS.search(piece.path):
        return False
    of_a_tool = OF_TOOLS & {leaf.keys[0] for leaf in leaves}
    return not of_a_tool and any(OF_TRAINING.search(key) for leaf in leaves for key in leaf.keys)


def lies_with(piece: Piece, leaves: tuple[Leaf, ...], folders: Collection[PurePosixPath]) -> bool:
    """Whether a YAML or TOML file lies in the folder of configurations that are loaded, and is mostly of numbers."""
    if piece.path.lower().endswith(".json") or PurePosixPath(piece.path).parent not in folders:
        return False
    numbers = sum(bool(NUMBER.search(piece.line(leaf.line))) for leaf in leaves)
    return not DATA_FOLDER.search(piece.path) and 2 * numbers > len(leaves)


def is_of_numbers(piece: Piece, leaves: tuple[Leaf, ...]) -> bool:
    """Whether a small table under YAML or TOML gives names nothing but numbers and switches, as people tune them."""
    if piece.path.lower().endswith(".json") or DATA_FOLDER.search(piece.path) or len(leaves) < MIN_SHARED:
        return False
    keys = [key for leaf in leaves for key in leaf.keys]
    if not all(map(str.isidentifier, keys)) or RESULT.search(piece.path):
        return False
    return not is_grid(leaves) and all(NUMBER.search(piece.line(leaf.line)) for leaf in leaves)


def is_grid(leaves: tuple[Leaf, ...]) -> bool:
    """Whether several tables hold the same keys, as those of measured values do."""
    rows: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for leaf in leaves:
        rows[leaf.keys[:-1]].add(leaf.keys[-1])
    return len(rows) > 1 and len({frozenset(row) for row in rows.values()}) == 1


def sets_values(piece: Piece, leaves: tuple[Leaf, ...]) -> bool:
    """Whether a small table that people write gives values to names; JSON is written by programs as well."""
    if len(piece.text) > FEW_CHARACTERS or not leaves:
        return False
    if not piece.path.lower().endswith(".json"):
        return True
    keys = {key for leaf in leaves for key in leaf.keys}
    return all(map(str.isidentifier, keys)) and not any(map(RESULT.search, keys)) and not DATA.search(piece.path)


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
    keys, known = lines_of_keys(piece), hyperparameters_in(piece)
    return (known >= MIN_SHARED or 2 * known >= len(keys) > 3) and not any(map(RESULT.search, keys))


def hyperparameters_in(piece: Piece) -> int:
    """How many of the keys of a small file are called like hyper-parameters, where one of them is nothing else."""
    if len(piece.text) > FEW_CHARACTERS:
        return 0
    keys = [key for key in lines_of_keys(piece) if len(key) < LONGEST]
    return sum(map(bool, map(HYPER.fullmatch, keys))) if any(map(OF_TRAINING.search, keys)) else 0


FAMILY = Family(
    "configuration", "Configuration is what the code reads", (UNUSED, HARDCODED, UNREAD, TEXT), find,
    reads_text=True, of_code=True,
)  # fmt: skip
