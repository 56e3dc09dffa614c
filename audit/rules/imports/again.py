"""Imports of a name that a later import of the same name hides from ruff: where nothing uses it, both are unused."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from audit.rules.code import is_function
from audit.rules.imports.unused import bound
from audit.rules.local import Local
from audit.runners import Diagnostic


def again(local: Local, told: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The same of other lines of a module that import the name of an import which is not used."""
    for item in told:
        module = local.modules.get(item.location.path)
        if module is None or module.is_notebook:
            continue
        source = item.message.split("`")[1]
        piece = module.pieces[0]
        name = bound(piece.line(item.location.line), source)
        others = [
            (node, alias)
            for node in module.of(ast.ImportFrom, ast.Import)
            if isinstance(node, ast.ImportFrom | ast.Import) and not any(map(is_function, module.enclosing(node)))
            for alias in node.names
            if (alias.asname or alias.name) == name and alias.lineno != item.location.line
        ]
        if others and not any(node.id == name for node in module.of(ast.Name) if isinstance(node, ast.Name)):
            for node, alias in others:
                whole = f"{'.' * node.level}{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
                message = item.message.replace(f"`{source}`", f"`{whole}{alias.name}`", 1)
                yield replace(item, location=piece.at(alias.lineno), message=message)
