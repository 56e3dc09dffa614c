"""Functions that a command line is made of: a table, a decorator or the project's own file hands them to it."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import Module, dotted, is_function
from audit.rules.local import Local, is_main, local_of
from audit.target import Target

# Calls that make commands of the functions which they are given, or of those in a table.
MAKES = re.compile(
    r"^(CLI|auto_cli|Fire|cli|run_cli|run_exit|extract_cli|call|dispatch_commands?|set_default_command)$"
)
MAKERS = {"jsonargparse", "fire", "tyro", "typer", "plac", "defopt", "argh", "clize", "simple_parsing", "click"}
SHELL = {"argparse", *MAKERS}
SHELLS = ("argparse", "click", "typer", "fire", "docopt", "optparse")
# What a function is called that says which arguments the programs of others take.
ARGUMENTS = re.compile(r"(^|_)(args?|arguments?|opts?|options?|(arg_?)?parsers?)(_|$)")
SCRIPT = re.compile(r"=\s*[\"']?([\w.]+):(\w+)\s*(?:\[\w+\])?[\"']?\s*(?:[,\]#]|$)", re.M)
SCRIPTS = re.compile(r"scripts\b|entry[_-]points")


def commanded(target: Target) -> set[tuple[str, str]]:
    """(path, name) of the functions that somebody runs by the project's command line; worked out once."""
    if "commanded" not in target.derived:
        local = local_of(target)
        found = set(of_scripts(target, local))
        for module in local.modules.values():
            if not SHELL.isdisjoint(origin.partition(".")[0] for origin in module.origins.values()):
                found.update(handed(local, module))
        target.derived["commanded"] = found
    made: set[tuple[str, str]] = target.derived["commanded"]
    return made


def of_scripts(target: Target, local: Local) -> Iterator[tuple[str, str]]:
    """What pyproject.toml, setup.cfg and setup.py name as programs: `fit = "app.cli:main"`."""
    for piece in target.pieces:
        if piece.path.endswith(("pyproject.toml", "setup.cfg", "setup.py")) and SCRIPTS.search(piece.text):
            for dotted_path, name in SCRIPT.findall(piece.text):
                path = local.absolute(piece.path, dotted_path)
                yield from [(path, name)] if path else []


def handed(local: Local, module: Module) -> Iterator[tuple[str, str]]:
    """The functions that calls of a module give to a command line, by name or in a table."""
    known = {
        (alias.asname or alias.name): (path, alias.name)
        for path, item in local.edges(module)
        for node in item.piece.statements
        if isinstance(node, ast.ImportFrom) and node.lineno == item.line
        for alias in node.names
        if alias.name in item.names
    }
    for _, call, name in module.calls:
        last = name.rpartition(".")[2]
        given: list[ast.expr] = []
        if last in ("set_defaults", "add_parser"):
            given = [item.value for item in call.keywords]
        elif MAKES.search(last) and name.lstrip(".").partition(".")[0] in MAKERS:
            given = list(call.args)
        for value in given:
            for one in tabled(module, value):
                first, _, rest = dotted(one).partition(".")
                path, own = known.get(first, (module.path, first))
                yield path, rest.rpartition(".")[2] or own


def tabled(module: Module, value: ast.expr) -> Iterator[ast.expr]:
    """The functions that a value names: itself, or the entries of a table or list, also of one that has a name."""
    values = [value]
    if isinstance(value, ast.Name) and value.id in module.given:
        values = module.given[value.id]
    for one in values:
        if isinstance(one, ast.Dict):
            yield from (entry for entry in one.values if isinstance(entry, ast.Name | ast.Attribute))
        elif isinstance(one, ast.List | ast.Tuple):
            yield from (entry for entry in one.elts if isinstance(entry, ast.Name | ast.Attribute))
        elif isinstance(one, ast.Name | ast.Attribute):
            yield one


def reads_arguments(module: Module) -> bool:
    """Whether more than its main block reads the command line, which makes no command of a library.

    Nor does a function that hands the arguments to the programs of others, in a file that is no program itself.
    """
    lines = [line for piece in module.pieces if piece.tree for line in piece.tree.body]
    runs = any(is_main(line) or getattr(line, "name", "") == "main" for line in lines)
    is_aside = is_main if runs else hands_arguments
    calls = [call for _, call, name in module.calls if name.split(".")[0] in SHELLS]
    return not calls or any(not any(map(is_aside, module.enclosing(call))) for call in calls)


def hands_arguments(holder: ast.AST) -> bool:
    """Whether a function says what the command line holds, and answers it: `def get_args(): ... return parser`."""
    if not is_function(holder) or not ARGUMENTS.search(holder.name):
        return False
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(holder))
