"""Configurations whose path is given to something else than what loads them: a library, another program."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from audit.rules.code import Module, last_name, text_of

# What opens or loads a file, joins its path, asks for it or speaks of it.
LOADS = re.compile(
    r"open|load|read|conf|cfg|setting|param|yaml|json|toml|(^|_)(parse|path|join|exists|is_?file|argument|option|main"
    r"|compose|initialize|get|print|log|debug|info|warn|warning|error|exception|exit|echo)(_|$)|Error$",
    re.I,
)
SUFFIX = re.compile(r"\.(?:ya?ml|toml|json)\b", re.I)
NAMED = re.compile(r"(?<![\w.-])[\w.-]+\.(?:ya?ml|toml|json)\b", re.I)


def passed_on(every: Iterable[Module], paths: Iterable[str]) -> set[str]:
    """The files among some whose name stands in what another call is given: `train(data="data.yaml")`."""
    names = {name for module in every for name in named_elsewhere(module)}
    return {path for path in paths if PurePosixPath(path).name in names}


def named_elsewhere(module: Module) -> Iterator[str]:
    """Names of files in the texts that a module gives to calls which load nothing."""
    for piece in module.pieces:
        for node in piece.of(ast.Constant) if SUFFIX.search(piece.text) else ():
            for name in NAMED.findall(text_of(node)):
                call = next((one for one in module.enclosing(node) if isinstance(one, ast.Call | ast.stmt)), None)
                if isinstance(call, ast.Call) and not LOADS.search(last_name(call.func)):
                    yield name
