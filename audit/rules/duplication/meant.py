"""What the names in a definition stand for, however they are written.

Two copies may call the same helper under two names: one that stands in each file and was renamed too, or one that is
imported here by itself (`decode(path)`) and there with its module (`charset.decode(path)`).
"""

import ast
from collections.abc import Iterable, Mapping

from audit.rules.code import Module
from audit.rules.duplication.wording import LIBRARIES


def with_meanings(words: list[str], names: Mapping[int, str], meanings: Mapping[str, str]) -> list[str]:
    """The words of a definition, with what its names stand for in their place; those left out are empty.

    Args:
        words: of a definition.
        names: where among them names stand, and which, but for those that the definition makes itself.
        meanings: of each name: the content of what the module defines, or the dotted name of what it imports.
    """
    changed = list(words)
    for place, name in names.items():
        meaning = meanings.get(name, "")
        if not meaning:
            continue
        parts = [meaning]
        for after in range(place + 1, len(words)):  # the attributes of a name follow it, one by one
            if not words[after].startswith("."):
                break
            parts.append(words[after][1:])
            changed[after] = changed[place - 1 - len(parts[1:])] = ""
        changed[place] = ".".join(".".join(parts).split(".")[-2:])
    return changed


def places_of(module: Module, defined: Iterable[str]) -> dict[str, str]:
    """What a module's own definitions are called where they are imported with it."""
    stem = module.path.removesuffix(".py").rpartition("/")[2]
    return {name: f"{stem}.{name}" for name in defined}


def imports_of(module: Module) -> dict[str, str]:
    """What each name stands for that is imported from elsewhere than a library whose names are known."""
    folder = module.path.rpartition("/")[0].rpartition("/")[2]
    names = {name: origin for name, origin in module.origins.items() if origin.partition(".")[0] not in LIBRARIES}
    for node in module.of(ast.ImportFrom):
        if isinstance(node, ast.ImportFrom) and node.level:
            names.update({each.asname or each.name: f"{node.module or folder}.{each.name}" for each in node.names})
    return names
