"""print where a library or a training loop should report to whoever runs it."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import (
    FOREIGN_PATH,
    TEACHING_PATH,
    TEST_PATH,
    Function,
    Module,
    dotted,
    is_function,
    is_text,
    last_name,
    modules,
    text_of,
)
from audit.rules.family import Family, rule
from audit.rules.local import is_main, local_of
from audit.rules.logging.asked import is_question
from audit.rules.logging.commanded import SHELLS, commanded, reads_arguments
from audit.rules.logging.handed import reporters
from audit.rules.logging.launching import Launches, is_on_the_way, launches
from audit.rules.logging.loops import is_of_learning, is_tried, is_work, trainers, training_loops, trials
from audit.rules.logging.printing import ENDS, PRINTS, is_drawing, printing
from audit.rules.logging.reported import reported, reporting
from audit.rules.marked import PRINT_MARK, is_marked
from audit.rules.training import trainer_run, training_place
from audit.target import Piece, Target
from audit.trees import held

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
    r"(^|/)(__main__|cli(_\w+)?|\w*_cli|main|app|console|commands?|setup|versioneer|conf|demo\w*|show\w*|print\w*"
    r"|report\w*|display\w*|\w*completions?|bench\w*|\w+_bench|info|collect_env|manage|shell|repl|_*(terminal|prompts?)"
    r"|_*testing|_*test(ing)?_?utils?|_*(pretty_?)?print(er|ing)?)\.py$"
    r"|(^|/)(cli|commands?|scripts?|bin|tools|test_utils|benchmarks?|cmd|ci)(?=/)",
    re.I,
)
# Of these, where a model is trained all the same; a folder of tools that is a package is imported by others.
PROGRAMS = re.compile(r"(^|/)(main|app|__main__)\.py$|(^|/)(scripts?|tools|bin)/", re.I)
SPEAKING = re.compile(
    r"^_*(main|cli|usage|show|print|display|summar|report|dump|info|help|demo|bench|pprint|pretty|render$)"
    r"|_(summary|report|info|main|stdout|prints?)$"
)
ANSWERS = re.compile(
    r"^(?!_*(main|cli|usage|show|print|display|dump|help|demo|bench|pprint|pretty)).*(report|summar|info)"
)
LISTING = re.compile(r"^_*(list|view|progress|echo|inspect)(_|$)|_(progress|table)$")
TOLD = re.compile(r"^\W*(pretty[- ])?(prints?|displays?|shows?)\b", re.I)  # by a docstring: what a function is for
OF_A_RUN = re.compile(
    r"^_*(on|log|after|before|train|fit|step|update|call)(_|$)|_(epoch|step|batch|end|begin|start)(_|$)"
)
PRINTER = re.compile(
    r"^_*(Pretty|Console|Stdout|Terminal|Logger$)|(Printer|Reporter|Progress(Bar|Indicator)|Debug(ger)?)$"
    r"|(?<![A-Z])CLI(?=[A-OQ-Z][a-z]|$)|Cli(?=[A-Z]|$)|Command(Line)?(Executor|Handler|Runner)?$"  # CLIP is none
)
CALLED_BACK = re.compile(r"(Callback|Hook)\w*$")  # by a training loop, whose words they print
WINDOWS = re.compile(r"(^|\.)(Q(Gui|Core)?Application|mainloop|MainLoop)$")  # what a program with windows starts
PROGRAM = re.compile(r"^_*(main|cli|usage)|_main$")
ELSEWHERE = (TEST_PATH, TEACHING_PATH, FOREIGN_PATH)
# What an application that answers requests is made with: nobody sees it print.
SERVES = re.compile(r"(?:flask|fastapi|sanic|bottle|starlette|quart|aiohttp\.web|tornado\.web)(?:\.|$)")
LOGGED = re.compile(r"(^|\.)_*(log|logger|logging|LOG|LOGGER)\.(debug|info)$")  # what is told of all runs
INPUTS = {"input", "raw_input", "builtins.input", "six.moves.input"}
SAME = 3  # first signs of a text that a docstring shows as well
SHOWN = 5  # line numbers named in one message


def find(target: Target) -> Iterator[Finding]:
    """One finding for each function, at its first print. Notebooks are there to print."""
    packages = {path.rpartition("/")[0] for path in target.files if path.endswith("/__init__.py")}
    local = local_of(target)
    imported: dict[str, set[str]] = defaultdict(set)  # path -> what others take from there, "*" for all
    for module in modules(target):
        for path, item in local.edges(module) if not is_aside(module.path) else ():
            stem = path.removesuffix(".py").rpartition("/")[2]
            imported[path].update({"*"} if stem in (item.names or (stem,)) else item.names)
    commands = commanded(target)
    for module in modules(target):
        path = module.path
        origins = {origin.split(".")[0] for origin in module.origins.values()}
        if module.is_notebook or any(pattern.search(path) for pattern in ELSEWHERE):
            continue
        in_package = path.rpartition("/")[0] in packages
        serves = any(map(SERVES.match, (*module.origins.values(), *(name for _, _, name in module.calls))))
        if serves:
            imported[path].add("*")  # the server imports it
        speaks = is_to_speak(path, in_package=in_package or path in imported) and not serves
        loops = training_loops(module) if not speaks or PROGRAMS.search(path) else set()
        loops = {loop for loop in loops if (path, getattr(loop, "name", "")) not in commands}
        if speaks and not loops:
            continue
        is_library = in_package or path in imported or only_defines(module)
        place = training_place(module) or trainer_run(module)
        tried = trials(module)
        if is_library and is_tried(module, tried):
            loops, place = {loop for loop in loops if tried[0] not in module.enclosing(loop)}, None
        trains = bool(loops) or place is not None
        is_command = not origins.isdisjoint(SHELLS) and (path not in imported or reads_arguments(module))
        is_command = is_command or opens_windows(module)
        works = not trains and (is_command or not is_library)
        launched = {} if speaks else launches(module, tried)
        if works and not launched and not is_of_learning(module):
            continue
        training = set() if speaks else trainers(module, loops, place) | reporting(module, reported(target))
        said = prints(module, loops, training, launched)
        if speaks:
            said = (item for item in said if not loops.isdisjoint(module.enclosing(item[1])))
        if works:
            said = (item for item in said if is_told_by_work(module, item[1], launched))
        if not trains:
            said = (item for item in said if not is_of_a_script(module, item[1], imported, launched))
            said = (item for item in said if not is_of_command(module, item[1], commands))
        told: dict[ast.AST, list[tuple[Piece, int]]] = defaultdict(list)  # function -> where it prints
        for piece, node in said:
            if not is_of_self_test(module, node):
                told[module.scope(node)].append((piece, node.lineno))
        for (piece, line), *others in told.values():
            numbers = ", ".join(str(number) for _, number in others[:SHOWN])
            more = f", again in line {numbers}{' …' if len(others) > SHOWN else ''}" if numbers else ""
            kind = "training" if trains or works else "library"
            yield found(PRINT, piece.at(line), f"print in {kind} code{more}", piece.line(line)[:120])


def is_to_speak(path: str, *, in_package: bool) -> bool:
    """Whether the name of a file, or of a folder around it, says that its output is what it is for."""
    return any(not (in_package and match[0].endswith("tools")) for match in SPEAKS.finditer(path))


def only_defines(module: Module) -> bool:
    """Whether a file does nothing when it is run: its functions are there for others."""
    lines = [line for piece in module.pieces if piece.tree for line in piece.tree.body if not is_text(line)]
    does = (ast.Expr, ast.If, ast.For, ast.While, ast.With, ast.Try)
    defines = any(is_function(line) or isinstance(line, ast.ClassDef) for line in lines)
    return defines and not any(isinstance(line, does) for line in lines)


def opens_windows(module: Module) -> bool:
    """Whether a module is a program with windows: its main function, or main block, waits for what a user does."""
    calls = (call for _, call, name in module.calls if WINDOWS.search(name))
    holders = (holder for call in calls for holder in module.enclosing(call))
    return any(is_main(holder) or (is_function(holder) and PROGRAM.search(holder.name)) for holder in holders)


def is_aside(path: str) -> bool:
    """Whether an import in this file makes no library of what is imported: tests and notebooks use anything."""
    return path.endswith(".ipynb") or TEST_PATH.search(path) is not None


def is_told_by_work(module: Module, call: ast.expr, launched: Launches) -> bool:
    """Whether a print of a program comes before a training, or from a function that works for it and answers it."""
    return is_on_the_way(module, call, launched) or (is_work(scope := module.scope(call)) and answers(scope))


def prints(
    module: Module, loops: set[ast.AST], training: set[ast.AST], launched: Launches
) -> Iterator[tuple[Piece, ast.expr]]:
    """Calls of print to standard output that nobody asked for, in the order of the lines."""
    dialogues = {part_of(module, call) for _, call, name in module.calls if name in INPUTS}
    drawing: set[ast.AST] = {node for _, node in module.statements() if is_function(node) and is_drawing(node)}
    logs = {module.scope(call) for _, call, name in module.calls if LOGGED.search(name)}
    every = (*printing(module), *reporters(module, loops))
    for piece, call in sorted(every, key=lambda item: item[1].lineno):
        holders = tuple(module.enclosing(call))
        asked = any(is_question(holder, call.lineno) and not is_settled(module, holder) for holder in holders)
        told = module.scope(call) in logs and not loops.isdisjoint(holders)
        asked = asked and not told and not (logs and any(map(is_called_back, holders)))
        asked = asked or is_marked(piece, call, PRINT_MARK)
        meant = is_meant(holders, training, drawing) and not is_on_the_way(module, call, launched)
        meant = meant or part_of(module, call) in dialogues
        if not asked and (not meant or not loops.isdisjoint(holders)):
            yield piece, call


def is_settled(module: Module, holder: ast.AST) -> bool:
    """Whether a function asks what it has settled itself: `debug = False` and `if debug:` ask nobody."""
    test = holder.test if isinstance(holder, ast.If) else None
    function = module.scope(holder)
    if not isinstance(test, ast.Name) or not is_function(function):
        return False
    known: dict[ast.AST, set[str]] = module.derived.setdefault("settled", {})
    if function not in known:
        known[function] = settled(function)
    return test.id in known[function]


def settled(function: Function) -> set[str]:
    """Names that a function gives one value, which is written there."""
    lines = [line for line in function.body if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)]
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    stored = Counter(node.id for node in names)
    return {name for line in lines if stored[name := getattr(line.targets[0], "id", "")] == 1}


def is_of_a_script(module: Module, call: ast.expr, imported: Mapping[str, Container[str]], launched: Launches) -> bool:
    """Whether a print runs only when the file is run: in what its main block starts, or in no function at all.

    A function that the main block starts is given nothing, or has no result and is called nowhere else.
    """
    if is_on_the_way(module, call, launched):
        return False
    part = part_of(module, call)
    if part is call:
        failing = any(isinstance(holder, ast.ExceptHandler) for holder in module.enclosing(call))
        return module.path not in imported and not failing
    blocks = [node for piece in module.pieces if piece.tree for node in piece.tree.body if is_main(node)]
    name = getattr(part, "name", "")
    if any(name in calls_of_nothing(block) for block in blocks):
        return True
    taken = imported.get(module.path, ())
    if not (blocks and is_function(part) and returns_nothing(part)) or "*" in taken or name in taken:
        return False
    started = [node for block in blocks for node in ast.walk(block) if isinstance(node, ast.Name) and node.id == name]
    used = [node for node in module.of(ast.Name) if node.id == name]
    return 0 < len(started) == len(used)


def is_of_self_test(module: Module, call: ast.expr) -> bool:
    """Whether a print stands in a test of the module by itself, given nothing, that its main block may start."""
    part = part_of(module, call)
    if not is_function(part) or not part.name.startswith("test_") or ast.unparse(part.args):
        return False
    used = [node for node in module.of(ast.Name) if node.id == part.name]
    return bool(used) and all(any(map(is_main, module.enclosing(node))) for node in used)


def is_of_command(module: Module, call: ast.expr, commands: Container[tuple[str, str]]) -> bool:
    """Whether a function of the project's command line prints, where all goes well."""
    holders = list(module.enclosing(call))
    failing = any(isinstance(holder, ast.ExceptHandler) for holder in holders)
    return not failing and (module.path, getattr(part_of(module, call), "name", "")) in commands


def calls_of_nothing(block: ast.stmt) -> Iterator[str]:
    """Functions that a block calls and gives nothing: `test()`, the program itself under another name."""
    for node in held(block):
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and not (call.args or call.keywords):
            yield call.func.id


def part_of(module: Module, call: ast.expr) -> ast.AST:
    """The outermost function or class around a call: where it asks for an answer, its prints are the questions."""
    parts = [holder for holder in module.enclosing(call) if is_function(holder) or isinstance(holder, ast.ClassDef)]
    return parts[-1] if parts else call


def is_meant(holders: tuple[ast.AST, ...], training: set[ast.AST], drawing: set[ast.AST]) -> bool:
    """Whether what holds a print is there to print: a program's end, a function of that name where all goes well."""
    failed = False
    for holder in holders:
        failed = failed or (isinstance(holder, ast.ExceptHandler) and not is_without(holder))
        if holder in training:
            continue
        if is_main(holder) or (is_function(holder) and (PROGRAM if failed else SPEAKING).search(holder.name)):
            return not (is_function(holder) and (holder in drawing or is_report(holder)))
        if is_function(holder) and not failed and is_listing(holder):
            return True
        if isinstance(holder, ast.ClassDef) and (PRINTER.search(holder.name) or is_log_handler(holder)):
            return not is_called_back(holder)
    return False


def is_report(function: Function) -> bool:
    """Whether a function answers the report or summary that it is called after."""
    return ANSWERS.search(function.name) is not None and answers(function)


def is_called_back(holder: ast.AST) -> bool:
    """Whether a class is one of those that a training loop calls: where others log, its prints are no answer."""
    return isinstance(holder, ast.ClassDef) and any(CALLED_BACK.search(last_name(base)) for base in holder.bases)


def is_log_handler(holder: ast.ClassDef) -> bool:
    """Whether a class is where logging ends: its `emit` prints what has been logged."""
    of_kind = any(last_name(base).endswith("Handler") for base in holder.bases)
    return of_kind and any(is_function(line) and line.name == "emit" for line in holder.body)


def answers(function: Function) -> bool:
    """Whether a function gives what it has worked out: then it is not there to print it."""
    results = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    return any(not isinstance(value, ast.Constant) for value in results)


def is_listing(function: Function) -> bool:
    """Whether a function without a result lists something, by its name or its docstring, or says why it exits."""
    if is_shown(function):
        return True
    says = LISTING.search(function.name) or TOLD.search(docstring(function))
    if says and not OF_A_RUN.search(function.name):
        return returns_nothing(function)
    body = [line for line in function.body if not is_text(line)]
    called = [
        dotted(line.value.func) for line in body if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call)
    ]
    return len(called) == len(body) > 0 and called[-1] in ENDS and PRINTS.issuperset(called[:-1])


def is_shown(function: Function) -> bool:
    """Whether the docstring shows, below a call of the function, words that it prints: what it prints is its answer."""
    said = docstring(function)
    if not re.search(rf">>> (?:.*\W)?{re.escape(function.name)}\(", said):
        return False
    shown = [line.strip() for line in said.split("\n") if not line.lstrip().startswith((">>>", "..."))]
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call) and dotted(node.func) in PRINTS)
    begins = {words[:SAME] for call in calls for words in map(first_words, call.args[:1]) if len(words) >= SAME}
    return returns_nothing(function) and any(line.startswith(start) for line in shown for start in begins)


def first_words(node: ast.expr) -> str:
    """The text that a printed value begins with."""
    return text_of(node.values[0]) if isinstance(node, ast.JoinedStr) and node.values else text_of(node)


def docstring(function: Function) -> str:
    """What a function says of itself."""
    return ast.get_docstring(function, clean=False) or ""


def is_without(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is the way that goes on without a library that is not installed."""
    return handler.type is not None and dotted(handler.type) in ("ImportError", "ModuleNotFoundError")


def returns_nothing(function: Function) -> bool:
    """Whether a function has no result: then printing is what it is for."""
    return not any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))


FAMILY = Family("logging", "Libraries and training report through logging", (PRINT,), find)
