"""Values that a configuration, a class or a table of the module gives a name."""

import ast
import re
from collections import defaultdict

from audit.rules.code import Module, dotted, is_function, is_parameter, last_name, text_of
from audit.rules.origins import imported

LOADS = re.compile(r"((load|read|get|parse|compose|make)_?)?(\w*_)?(conf(ig)?s?|cfg|settings|options|hparams)", re.I)
URL = re.compile(r"ur[il]s?(_|$)", re.I)
OF_SETTINGS = re.compile(r"(\w*_)?(configs?|conf|cfg|settings|constants?|consts?|paths|hparams)", re.I)
PARSES = re.compile(
    r"^(parse(_\w*)?(args|arguments|opts?|options|cli|command_line|flags)|get_(args|arguments|opts|options))$", re.I
)
PARSERS = {
    "yaml.safe_load", "yaml.load", "json.load", "tomllib.load", "toml.load", "omegaconf.OmegaConf.load",
    "configparser.ConfigParser", "configparser.RawConfigParser",
}  # fmt: skip
DEEPEST = 3  # names for sections of sections
FOLDER = re.compile(r"(get_)?(raw|data(set)?|inputs?|models?|checkpoints?|weights)_(dir|folder|root)$")
PATHS = re.compile(
    r"path|file|csv|json|artifact|ckpt|checkpoint|weights|vocab|index|table|parquet|embedding|manifest|root|dir|folder"
    r"|source|split|annot|(^|_)(txt|tsv|lists?|data(set)?|model)$",
    re.I,
)


def is_folder(module: Module, node: ast.expr) -> bool:
    """The folder of data or models that a function of another file tells, given nothing: `raw_dir()`.

    Or one that the module's own place gives: `Path(__file__).parent`.
    """
    if is_own(node):
        return True
    if not isinstance(node, ast.Call) or node.args or node.keywords or not isinstance(node.func, ast.Name):
        return False
    return FOLDER.match(node.func.id) is not None and node.func.id in module.origins


def is_own(node: ast.expr) -> bool:
    """`Path(__file__).resolve().parents[1]`, `os.path.dirname(__file__)`: nothing is added to the place."""
    if not isinstance(node, ast.Call | ast.Subscript | ast.Attribute):
        return False
    inside = list(ast.walk(node))
    added = any(text_of(one) or isinstance(one, ast.BinOp | ast.JoinedStr) for one in inside)
    return not added and any(isinstance(one, ast.Name) and one.id == "__file__" for one in inside)


def is_configured(module: Module, node: ast.expr) -> bool:
    """An entry of a configuration that the module has loaded, or imports: `cfg["data"]["csv"]`, `config.table_path`.

    Also what the module of a configuration calls a path: `from config import TRAIN_CSV`.
    """
    inner, keys = entry_in(module, node)
    if not isinstance(inner, ast.Name) or is_parameter(module, inner):
        return False
    if is_imported(module, node):
        return True
    if not keys:
        return False
    here = given_here(module, inner)
    loaded = len(here) == 1 and isinstance(here[0], ast.Call) and is_loader(module, here[0])
    return loaded and any(map(PATHS.search, keys))


def is_imported(module: Module, node: ast.expr) -> bool:
    """Whether a path is an entry of a configuration that another module holds, or a constant of it."""
    inner, keys = entry_in(module, node)
    if not isinstance(inner, ast.Name) or is_parameter(module, inner):
        return False
    *place, name = imported(module).get(inner.id, "").split(".")
    if not keys:
        name, keys = "".join(place[-1:]), [name]
    if not name or any(map(URL.search, keys)) or not any(map(PATHS.search, keys)):
        return False
    return OF_SETTINGS.fullmatch(name) is not None or (len(keys) == 1 and keys[0].isupper())


def origin_of(module: Module, node: ast.expr) -> str:
    """`lake.conf.TABLE` of what is imported, whatever it is called here, without the keys of a table; "" of others."""
    inner, _ = entry_in(module, node)
    first, dot, rest = (dotted(node) or dotted(inner)).partition(".")
    return f"{imported(module)[first]}{dot}{rest}" if first in imported(module) else ""


def given_here(module: Module, name: ast.Name) -> list[ast.expr]:
    """What a name is given in its own function, else anywhere in the module."""
    if "given here" not in module.derived:
        table: dict[tuple[str, ast.AST], list[ast.expr]] = defaultdict(list)
        for one, values in module.given.items():
            for value in values:
                table[one, module.scope(value)].append(value)
        module.derived["given here"] = table
    here: list[ast.expr] = module.derived["given here"].get((name.id, module.scope(name)), [])
    return here or module.given.get(name.id, [])


def entry_of(node: ast.expr) -> tuple[ast.expr, list[str]]:
    """What an entry is one of, and its keys, the last first: `cfg["data"].get("csv")` is `csv` of `data` of `cfg`."""
    keys: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            keys.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript) and text_of(node.slice):
            keys.append(text_of(node.slice))
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            told = [text_of(value) for value in node.args[:1]]
            if not any(told):
                return node, []
            section = node.args[1:] and text_of(node.args[1]).isidentifier()  # `ini.get("data", "table")`
            keys += [text_of(node.args[1]), *told] if section else told
            node = node.func.value
        else:
            return node, keys


def entry_in(module: Module, node: ast.expr) -> tuple[ast.expr, list[str]]:
    """The same, also through names for sections: `csv` of `data` of `cfg`, where `data = cfg["data"]` stands before."""
    inner, keys = entry_of(node)
    for _ in range(DEEPEST if keys else 0):
        given = module.given.get(inner.id, []) if isinstance(inner, ast.Name) else []
        here = [value for value in given if module.scope(value) is module.scope(inner)]
        above, more = entry_of(here[0]) if len(here) == 1 else (inner, [])
        if not more:
            break
        inner, keys = above, keys + more
    return inner, keys


def is_environment(module: Module, node: ast.expr) -> bool:
    """A path that an environment variable gives: `os.environ["TABLE_PATH"]`, `os.getenv("DATA_CSV")`."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and module.full_name(node.value) == "os.environ":
        key = node.slice
    elif isinstance(node, ast.Call) and module.full_name(node.func) in ("os.getenv", "os.environ.get"):
        key = next(iter(node.args), None)
    return PATHS.search(text_of(key)) is not None


def is_parser_of_ini(module: Module, call: ast.Call, node: ast.expr) -> bool:
    """Whether a ConfigParser reads a file and nobody looks at what it says it has read: none that is missing."""
    known = module.given if isinstance(node, ast.Name) else module.kept
    values = known.get(dotted(node), []) if isinstance(module.parents.get(call), ast.Expr) else []
    return any(isinstance(value, ast.Call) and last_name(value.func).endswith("ConfigParser") for value in values)


def is_loader(module: Module, call: ast.Call) -> bool:
    """Whether a call reads a configuration."""
    return module.full_name(call.func) in PARSERS or LOADS.fullmatch(last_name(call.func)) is not None


def said(module: Module, node: ast.expr) -> ast.expr | None:
    """What a class or a table of the module says once of an entry: `CFG.train`, `PATHS["train"]`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return class_values(module).get(dotted(node))
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and text_of(node.slice):
        tables = module.given.get(node.value.id, [])
        if len(tables) == 1 and isinstance(tables[0], ast.Dict):
            pairs = zip(tables[0].keys, tables[0].values, strict=True)
            return next((value for key, value in pairs if text_of(key) == text_of(node.slice)), None)
    return None


def class_values(module: Module) -> dict[str, ast.expr]:
    """`CFG.train` -> what the body of a class gives it, where nothing else does."""
    if "values of classes" not in module.derived:
        classes = [node for _, node in module.statements() if isinstance(node, ast.ClassDef)]
        lines = [(node.name, line) for node in classes for line in node.body]
        pairs = [(name, line.targets[0], line.value) for name, line in lines if isinstance(line, ast.Assign)]
        typed = [(name, line) for name, line in lines if isinstance(line, ast.AnnAssign)]
        pairs += [(name, line.target, line.value) for name, line in typed if line.value is not None]
        table = {f"{name}.{dotted(target)}": value for name, target, value in pairs}
        module.derived["values of classes"] = {key: value for key, value in table.items() if key not in module.kept}
    values: dict[str, ast.expr] = module.derived["values of classes"]
    return values


def is_parsed(value: ast.expr) -> bool:
    """`parser.parse_args()`, and functions that are called like what returns this: `get_args()`."""
    return isinstance(value, ast.Call) and PARSES.match(last_name(value.func)) is not None


def holds_options(module: Module, name: str) -> bool:
    """Whether a name stands for the options of the program, as a parser or a function of the module gives them."""
    if "parsing functions" not in module.derived:
        returns = [node for _, node in module.statements() if isinstance(node, ast.Return) and node.value is not None]
        giving = [node for node in returns if node.value is not None and is_told(module, node.value)]
        holders = map(module.scope, giving)
        module.derived["parsing functions"] = {holder.name for holder in holders if is_function(holder)}
        pairs = (node for _, node in module.statements() if isinstance(node, ast.Assign) and is_parsed(node.value))
        tuples = (target for node in pairs for target in node.targets if isinstance(target, ast.Tuple))
        module.derived["options of tuples"] = {dotted(target.elts[0]) for target in tuples if target.elts}
    functions: set[str] = module.derived["parsing functions"]
    every = module.given.get(name, [])
    given = (value for value in every if isinstance(value, ast.Call))
    told = any(is_parsed(value) or dotted(value.func) in functions for value in given)
    of_flags = any(isinstance(value, ast.Attribute) and value.attr == "FLAGS" for value in every)  # of absl
    return told or of_flags or name in module.derived["options of tuples"]


def is_told(module: Module, value: ast.expr) -> bool:
    """Whether a value is what a parser gives, or a name of it."""
    values = module.given.get(value.id, []) if isinstance(value, ast.Name) else [value]
    return any(map(is_parsed, values))
