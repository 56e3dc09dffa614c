"""print where a library or a training loop should report to whoever runs it."""

import ast
import re
from collections.abc import Iterator

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import FOREIGN_PATH, TEACHING_PATH, TEST_PATH, Module, is_function, keyword, modules
from audit.rules.determinism import training_place
from audit.rules.family import Family, rule
from audit.rules.local import is_main, is_runnable, local_of
from audit.target import Piece, Target

PRINT = rule(
    "logging.print",
    title="print in library or training code",
    why="Whoever uses it can neither silence it, nor send it to a file, nor tell how grave it is.",
    fix="Use logging.getLogger(__name__), or what records the run (TensorBoard, MLflow).",
    severity=Severity.MINOR,
    confidence=Confidence.HIGH,
)

# Programs and functions whose output is what they are for.
SPEAKS = re.compile(
    r"(^|/)(__main__|cli\w*|\w*_cli|main|app|console|commands?|setup|versioneer|conf|demo\w*|show\w*|print\w*|report\w*"
    r"|display\w*|\w*completions?|bench\w*|\w+_bench|info|collect_env|manage|shell|repl)\.py$"
    r"|(^|/)(cli|commands?|scripts?|bin|tools|test_utils|benchmarks?|cmd|ci)/",
    re.I,
)
SPEAKING = re.compile(
    r"^_*(main|cli|usage|show|print|display|summar|report|describe|dump|log|info|help|demo)"
    r"|_(summary|report|info|main)$"
)
ELSEWHERE = (TEST_PATH, TEACHING_PATH, FOREIGN_PATH)
SHELLS = ("argparse", "click", "typer", "fire", "docopt", "optparse")
SERVERS = {"flask", "fastapi", "aiohttp", "sanic", "bottle", "tornado", "starlette", "quart"}  # nobody sees them print
ASKED = re.compile(r"verbose|verbosity|debug|quiet|silent|print|display|show|dry_run", re.I)
PRINTS = {"print", "pprint.pprint", "pprint.pp"}
SHOWN = 5  # line numbers named in one message


def find(target: Target) -> Iterator[Finding]:
    """One finding for each file, at its first print. Notebooks are there to print."""
    packages = {path.rpartition("/")[0] for path in target.files if path.endswith("/__init__.py")}
    local = local_of(target)
    imported = {path for module in modules(target) if not is_aside(module.path) for path, _ in local.edges(module)}
    for module in modules(target):
        path = module.path
        origins = {origin.split(".")[0] for origin in module.origins.values()}
        speaks = SPEAKS.search(path) and origins.isdisjoint(SERVERS)
        if module.is_notebook or speaks or any(pattern.search(path) for pattern in ELSEWHERE):
            continue
        is_library = path.rpartition("/")[0] in packages or (path in imported and not is_runnable(module))
        trains = training_place(module) is not None
        is_command = not origins.isdisjoint(SHELLS)
        if not trains and (is_command or not is_library):
            continue
        lines = [(piece, node.lineno) for piece, node in prints(module, training_loops(module) if trains else set())]
        if lines:
            piece, line = lines[0]
            numbers = ", ".join(str(number) for _, number in lines[1 : SHOWN + 1])
            more = f", again in line {numbers}{' …' if len(lines) > SHOWN + 1 else ''}" if numbers else ""
            kind = "training" if trains else "library"
            yield found(PRINT, piece.at(line), f"print in {kind} code{more}", piece.line(line)[:120])


def is_aside(path: str) -> bool:
    """Whether an import in this file makes no library of what is imported: tests and notebooks use anything."""
    return path.endswith(".ipynb") or TEST_PATH.search(path) is not None


def training_loops(module: Module) -> set[ast.AST]:
    """Loops in which a model is trained: what is printed there is no command's answer."""
    calls = [call for _, call, _ in module.calls if getattr(call.func, "attr", "") in ("backward", "apply_gradients")]
    return {holder for call in calls for holder in module.enclosing(call) if isinstance(holder, ast.For | ast.While)}


def prints(module: Module, loops: set[ast.AST]) -> Iterator[tuple[Piece, ast.Call]]:
    """Calls of print to standard output that nobody asked for, in the order of the lines."""
    calls = [(piece, call) for piece, call, name in module.calls if name in PRINTS and keyword(call, "file") is None]
    for piece, call in sorted(calls, key=lambda item: item[1].lineno):
        holders = tuple(module.enclosing(call))
        asked = any(isinstance(holder, ast.If) and ASKED.search(ast.unparse(holder.test)) for holder in holders)
        if not asked and (not loops.isdisjoint(holders) or not any(map(is_meant, holders))):
            yield piece, call


def is_meant(holder: ast.AST) -> bool:
    """Whether what holds a print is there to print: a program's end, a function of that name."""
    return bool(SPEAKING.search(holder.name)) if is_function(holder) else is_main(holder)


FAMILY = Family("logging", "Libraries and training report through logging", (PRINT,), find)
