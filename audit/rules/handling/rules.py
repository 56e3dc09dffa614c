"""Errors that are swallowed, files taken for granted, a GPU taken for granted."""

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from audit.model import Confidence, Finding, Location, Severity, found
from audit.rules.chosen import OPTIONS
from audit.rules.code import (
    TEACHING_PATH,
    Module,
    dotted,
    has_unpacked_keywords,
    is_constant,
    is_function,
    keyword,
    last_name,
    modules,
    text_of,
)
from audit.rules.family import Family, rule
from audit.rules.handling import elsewhere, shipped, tested, torches
from audit.rules.handling.aliases import reading_calls, said_at
from audit.rules.handling.callers import called_by_name
from audit.rules.handling.dropped import asks_for_notebook, drops, gives_back, is_broad, knows_one, swallows_as_manager
from audit.rules.handling.elsewhere import asked_as, waiting
from audit.rules.handling.explained import is_explained
from audit.rules.handling.given import is_given, is_just_made, is_unasked
from audit.rules.handling.gpu import asks_for_gpu, is_cuda, is_guarded, is_of_cuda, is_of_tpu
from audit.rules.handling.kept import chooses_classes, holds_weights, is_network, is_of_no_device, is_opted_out, opened
from audit.rules.handling.opened import is_opened_above
from audit.rules.handling.pictures import GIVES_NONE, is_asked, is_told_of, is_used_at_once, is_used_next
from audit.rules.handling.printed import only_prints
from audit.rules.handling.torches import WHERE_OLD
from audit.rules.marked import DROP_MARK, is_marked
from audit.rules.reading import (
    Read,
    default_of,
    is_listed,
    known_path,
    reads,
    unchecked_read,
)
from audit.rules.tried import is_tried
from audit.target import Piece, Target

SWALLOW = rule(
    "handling.swallow",
    title="Every error caught and dropped",
    why="Typing errors, full disks and broken data vanish; the run goes on with something missing.",
    fix="Catch the one exception that is expected, or log it and raise.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
UNCHECKED = rule(
    "handling.unchecked",
    title="A file is read with no check that it is there",
    why="Where the file lies elsewhere or is misspelt, the program stops with a traceback or works with None.",
    fix="Ask before use, or catch the error where it is known what the file is for, and say what was expected there.",
    severity=Severity.MINOR,
    confidence=Confidence.MEDIUM,
)
MAP_LOCATION = rule(
    "handling.map-location",
    title="torch.load without map_location",
    why="A checkpoint written on a GPU cannot be loaded on a machine without one, or lands on the wrong GPU.",
    fix='Say where it goes: torch.load(path, map_location="cpu"), then .to(device).',
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
UNSAFE_LOAD = rule(
    "handling.unsafe-load",
    title="torch.load that unpickles anything",
    why="With weights_only=False, a pickle_module, or a torch before 2.6 that is not asked for weights_only, a "
    "checkpoint runs whatever code its author put into it.",
    fix="Use weights_only=True, or safetensors.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)
CUDA = rule(
    "handling.cuda",
    title="A GPU without asking for one",
    why="On a machine without CUDA the program stops here.",
    fix='device = "cuda" if torch.cuda.is_available() else "cpu", then .to(device).',
    severity=Severity.MAJOR,
    confidence=Confidence.MEDIUM,
)

NOTHING = ast.Constant(None)
PRINTS = "whatever fails is printed, and the program goes on, or ends, as if nothing had"
NEEDS = "needs CUDA whatever the machine has"
CLEANS = re.compile(r"^__(a?exit|del)__$|clean_?up|tear_?down|^_*(abort|close|dispose|shutdown)(_|$)", re.I)
MOST = 100  # calls of one name that are looked at
SHOWN = 5  # line numbers named in one message


def find(target: Target) -> Iterator[Finding]:
    """All rules, module by module; tests may do as they like."""
    return settle(draft(target))


def draft(target: Target) -> Iterator[Finding]:
    """What is found in each module, what may be where torch is old or nobody asks, and what files say of these."""
    yield from torches.manifests(target, UNSAFE_LOAD)
    yield from shipped.files(target, MAP_LOCATION)
    for module in modules(target):
        if tested.is_test(module):
            yield from unfelt(module)
            continue
        yield from swallowed(module)
        needing: dict[tuple[str, Location], Finding] = {}
        for piece, call, name in reading_calls(module):
            line = call.lineno
            if name in ("torch.load", ".torch.load"):  # torch may come with `import *`
                needing.update({(one.rule, one.location): one for one in checkpoint(module, piece, call)})
            if asks_for_gpu(call, name) and not is_guarded(module, call) and not is_of_cuda(module):
                needed = found(CUDA, piece.at(line), NEEDS, piece.line(line)[:120])
                needing[CUDA.id, piece.at(line)] = shipped.unless_asked(module, needed, call)
        yield from needing.values()
        yield from pictures(module)
        yield from devices(module)
        yield from shipped.constants(module, CUDA)
        yield from unchecked(module)
        yield from elsewhere.notes(module, UNCHECKED)


def settle(drafts: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of the drafts of a whole tree."""
    return torches.settle(elsewhere.settle(shipped.settle(drafts)))


def swallowed(module: Module) -> Iterator[Finding]:
    """Handlers of everything that do nothing, suppress(Exception), and `finally` that leaves."""
    for piece, node in module.statements():
        if isinstance(node, ast.Try | ast.TryStar):
            scope = module.scope(node)
            dropped = drops(node, is_function(scope) and scope.name == "__getitem__")
            if dropped and (cleans(module, node) or goes_on(module, node)):
                dropped = [(place, what) for place, what in dropped if what in ("except:", "finally")]
        elif isinstance(node, ast.With | ast.AsyncWith):
            calls = (item.context_expr for item in node.items)
            dropped = [(node, "suppress") for call in calls if isinstance(call, ast.Call) and suppresses(module, call)]
            if dropped and (cleans(module, node) or gives_back(node.body) or is_probe(module, node)):
                continue
        elif is_function(node) and (leaving := swallows_as_manager(node)):
            dropped = [(leaving, "return True")]
        else:
            continue
        said = [(handler, "print") for handler in only_prints(module, node)] if not dropped else []
        for statement, what in (*dropped, *said):
            line = statement.lineno
            if not is_marked(piece, line, DROP_MARK) and not is_explained(module, piece, statement):
                other = "other " if isinstance(statement, ast.ExceptHandler) and knows_one(statement) else ""
                message = PRINTS if what == "print" else f"`{what}` drops every {other}error"
                finding = found(SWALLOW, piece.at(line), message, piece.line(line)[:120])
                yield replace(finding, confidence=Confidence.LOW) if what == "print" else finding


def cleans(module: Module, node: ast.stmt) -> bool:
    """Whether a function only gives back what is no longer used: an error there changes nothing that comes after.

    Nor does one on the way to an error that a handler, or the very next line, raises.
    """
    scope = module.scope(node)
    if raises_next(module, node):
        return True
    handlers = (holder for holder in module.enclosing(node) if isinstance(holder, ast.ExceptHandler))
    raises = any(isinstance(handler.body[-1], ast.Raise) for handler in handlers)
    return raises or (is_function(scope) and CLEANS.search(scope.name) is not None)


def raises_next(module: Module, node: ast.stmt) -> bool:
    """Whether the line after a statement, in the same block, raises an error whatever came before."""
    holder = module.parents.get(node)
    blocks = (getattr(holder, name, ()) for name in ("body", "orelse", "finalbody"))
    for block in (block for block in blocks if isinstance(block, list) and node in block):
        return any(isinstance(line, ast.Raise) for line in block[block.index(node) + 1 :][:1])
    return False


def is_probe(module: Module, node: ast.With | ast.AsyncWith) -> bool:
    """Whether a `with suppress(...)` asks for a notebook, or tries one way after the other before it raises."""
    return asks_for_notebook(node.body) or goes_on(module, node)


def goes_on(module: Module, node: ast.Try | ast.TryStar | ast.With | ast.AsyncWith) -> bool:
    """Whether one way is tried after the other, each left with its result, and an error is raised where none works.

    The last way, which nobody tries, raises too: `return solve(x)` after `try: return solve(x)`.
    """
    loop, last = module.parents.get(node), node.body[-1]
    after = (loop.body[-1] if isinstance(loop, ast.For) else node).end_lineno or node.lineno
    if isinstance(loop, ast.For) and isinstance(last, ast.Return | ast.Break):
        inside = (inner for inner in ast.walk(module.scope(loop)) if isinstance(inner, ast.Raise | ast.Call))
        if any(is_raising(inner) and inner.lineno > after for inner in inside):
            return True
    if not isinstance(last, ast.Return):
        return False
    way = last_name(last.value.func) if isinstance(last.value, ast.Call) else ""
    own = way and not hasattr(builtins, way)  # `len()` is no way
    again = [call for call in called_by_name(module, way) if call.lineno > after] if own else []
    return any(module.scope(call) is module.scope(node) and not is_tried(module, call) for call in again[:MOST])


def is_raising(node: ast.Raise | ast.Call) -> bool:
    """`raise`, and functions called like one that logs besides: `raise_log(error)`."""
    return isinstance(node, ast.Raise) or last_name(node.func).startswith("raise_")


def unfelt(module: Module) -> Iterator[Finding]:
    """Tests whose own assertion is caught and dropped, and those that pass whatever the call that they test does."""
    for piece, node in module.statements():
        if not isinstance(node, ast.Try):
            continue
        asserts = any(isinstance(line, ast.Assert) for line in node.body)
        lost = "the test's assertion too" if asserts else "what the test would tell"
        if asserts or is_whole_test(module.parents.get(node), node):
            for handler, what in drops(node):
                line = handler.lineno
                message = f"`{what}` drops {lost}"
                yield found(SWALLOW, piece.at(line), message, piece.line(line)[:120])


def is_whole_test(holder: ast.AST | None, node: ast.Try) -> bool:
    """Whether a test ends with a `try`, and nothing is asserted in or after it."""
    return is_function(holder) and holder.name.startswith("test") and holder.body[-1] is node and not node.finalbody


def suppresses(module: Module, call: ast.Call) -> bool:
    """`suppress(Exception)`, whatever it was imported as."""
    return module.full_name(call.func).rpartition(".")[2] == "suppress" and any(map(is_broad, call.args))


def checkpoint(module: Module, piece: Piece, call: ast.Call) -> Iterator[Finding]:
    """What is wrong with one torch.load."""
    line = said_at(module, call)
    place, excerpt = piece.at(line), piece.line(line)[:120]
    filled = len(call.args) > 1 and is_network(module, call.args[1])  # no place, though it stands where one belongs
    placed = len(call.args) > 1 and not filled
    placed = placed or not is_constant(keyword(call, "map_location") or NOTHING, None) or has_unpacked_keywords(call)
    weights = filled or (holds_weights(module, call) and not is_of_no_device(module, call))
    if not placed and weights and not is_of_tpu(module):
        missing = found(MAP_LOCATION, place, "the checkpoint goes where it was saved", excerpt)
        yield shipped.unless_shipped(module, missing, call.args[0]) if call.args else missing
    pickles = keyword(call, "pickle_module")
    restricted = (pickles is not None and chooses_classes(module, pickles)) or is_opted_out(module, call)
    if is_constant(keyword(call, "weights_only"), False) and not restricted:
        yield found(UNSAFE_LOAD, place, "weights_only=False runs code from the file", excerpt)
    elif pickles is not None and not restricted:
        yield found(UNSAFE_LOAD, place, "pickle_module= runs code from the file", excerpt)
    elif weights and is_given_file(module, call):
        yield found(UNSAFE_LOAD, place, WHERE_OLD, excerpt)


def is_given_file(module: Module, call: ast.Call) -> bool:
    """Whether a call leaves it to torch what to unpickle, of a file that a caller or the user names."""
    if not call.args or keyword(call, "weights_only") is not None or has_unpacked_keywords(call):
        return False
    told: set[str] = set()
    functions = [holder for holder in module.enclosing(call) if is_function(holder)]
    path = opened(module, call.args[0])
    known = known_path(module, path)
    option = isinstance(path, ast.Attribute) and dotted(path.value) in OPTIONS
    return option or "{" in known or (not known and is_given(module, path, functions, told) and bool(told))


def devices(module: Module) -> Iterator[Finding]:
    """`device = "cuda"` with no other value anywhere: a constant where a question belongs."""
    if not any(origin.split(".")[0] == "torch" for origin in module.origins.values()):
        return
    given: dict[str, list[tuple[Piece, ast.Assign]]] = defaultdict(list)
    for piece, node in module.statements():
        if isinstance(node, ast.Assign) and "device" in last_name(node.targets[0]).lower():
            given[dotted(node.targets[0])].append((piece, node))
    for (piece, node), *others in given.values():
        if not others and is_cuda(node.value) and not is_guarded(module, node):
            line = node.lineno
            yield found(CUDA, piece.at(line), NEEDS, piece.line(line)[:120])


def pictures(module: Module) -> Iterator[Finding]:
    """`cv2.imread(...)` used at once, and others that give None where nothing lies."""
    for piece, call, name in module.calls:
        if name in GIVES_NONE and (is_used_at_once(module, call) or is_used_next(module, call)):
            one_of_many = bool(call.args) and is_listed(module, call.args[0])
            if not one_of_many and not is_asked(module, call):
                message = f"{name}() gives None for {GIVES_NONE[name]}, which is used at once"
                yield found(UNCHECKED, piece.at(call.lineno), message, piece.line(call.lineno)[:120])


def called(call: ast.Call, name: str) -> str:
    """The full name of what is called, of a method its own."""
    return last_name(call.func) if name.startswith(".") else name


def unchecked(module: Module) -> Iterator[Finding]:
    """Files of fixed or chosen paths, each; of the paths that callers give the first in each function."""
    given: dict[ast.AST, list[Read]] = defaultdict(list)
    opened_before: set[tuple[ast.AST, str]] = set()  # by a line above that is reported: then it is there
    reading = sorted(reads(module, reading_calls(module)), key=lambda read: (read[0].cell or 0, read[1].lineno))
    teaches = TEACHING_PATH.search(module.path) is not None
    for read in reading:
        piece, call, name, argument = read
        if name == "cv2.imread" and (is_told_of(module, call) or is_used_next(module, call)):
            continue
        same_path = (module.scope(call), ast.dump(argument))
        path = unchecked_read(module, call, name, argument)
        if path and not is_just_made(module, call, argument):
            default = isinstance(argument, ast.Name) and is_default(module, argument)
            settings = shipped.settings_in(module, argument) if "{" in path else []
            giver = "a configuration" if settings else "its user"
            whose = f"path that {giver} gives" if path[0] == "{" else f"{'default' if default else 'fixed'} path"
            message = f"{called(call, name)}() of a {whose}, unchecked"
            finding = found(UNCHECKED, piece.at(call.lineno), message, piece.line(call.lineno)[:120])
            opened_before.add(same_path)
            if default or path[0] == "{":
                finding = waiting(finding, [asked_as(module, call, argument)])
            finding = shipped.unless_settled(finding, settings, path)
            yield from filter(None, [shipped.unless_in_tree(module, finding, path, argument)])
        elif path or teaches or same_path in opened_before:
            continue
        elif is_unasked(module, call, argument) and not is_opened_above(module, call, argument):
            given[module.scope(call)].append(read)
    for same in given.values():
        piece, call, name, _ = same[0]
        lines = list(dict.fromkeys(str(read[1].lineno) for read in same[1:]))
        more = f"; again in line {', '.join(lines[:SHOWN])}{' …' if len(lines) > SHOWN else ''}" if lines else ""
        message = f"{called(call, name)}() of a path that its caller gives, unchecked{more}"
        finding = found(UNCHECKED, piece.at(call.lineno), message, piece.line(call.lineno)[:120])
        names = [asked_as(module, read[1], read[3]) for read in same]
        yield waiting(replace(finding, confidence=Confidence.LOW), names)


def is_default(module: Module, name: ast.Name) -> bool:
    """Whether a name is a parameter whose default the code fixes, and callers may change."""
    functions = (holder for holder in module.enclosing(name) if is_function(holder))
    return any(text_of(default_of(function, name.id)) for function in functions)


FAMILY = Family(
    "handling", "Errors, files and devices are handled", (SWALLOW, UNCHECKED, MAP_LOCATION, UNSAFE_LOAD, CUDA), find,
    draft=draft, settle=settle,
)  # fmt: skip
