"""Settings that let algorithms or orders vary from run to run, fixed in the code and told by nobody."""

import ast
import re
from collections.abc import Iterator

from audit.rules.code import Module, called, dotted, is_constant, is_function, keyword, last_name, text_of
from audit.rules.determinism.shuffling import uses
from audit.rules.local import is_main
from audit.rules.options import arguments
from audit.rules.training import LIGHTNING
from audit.rules.values import bound
from audit.target import Piece

BENCHMARK = "torch.backends.cudnn.benchmark"
DETERMINISTIC = "torch.backends.cudnn.deterministic"
SWITCH = "torch.use_deterministic_algorithms"
IS_SWITCHED = "torch.are_deterministic_algorithms_enabled"
# A condition that asks only for the device, and nobody's wish.
DEVICE = re.compile(
    r"^(not )?[\w.]*(cuda|gpu|device)[\w.]*(\(\))?( (==|!=|>|>=|is|is not) .+)?$"
    r"|is_available\(\)$|^.cuda. in \w|^str\(\w*device\) == |device[.\w]*\.startswith\(",
    re.I,
)

PHASE = re.compile(
    r"^(not )?[\w.]*(stage|phase|mode|split|training|is_train|__version__|platform|rank|is_main_process)\w*(\(\))?"
    r"( (==|!=|>|>=|is|is not|in|not in) .+)?$|^hasattr\(torch|^torch\.backends\.cudnn\.(enabled|is_available)"
)
OF_PIPELINES = {"deterministic", "experimental_deterministic"}
OF_ENVIRONMENT = {"TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC"}
OF_EVALUATION = re.compile(r"val|eval|test|infer|predict|serv|preview", re.I)
MAPS = {"map", "interleave", "flat_map", "apply", "from_generator"}  # methods of tf.data that may mix up the order
SPOKEN = re.compile(r"benchmark|determinis", re.I)


def loosened(module: Module, call: ast.Call, name: str) -> str:
    """What a call lets vary from run to run: algorithms of torch, of cuDNN in Lightning's trainer; "" for nothing."""
    switched = call.args[0] if call.args else keyword(call, "mode")
    if name == SWITCH and is_constant(switched, False) and not restored(module, call):
        return "deterministic algorithms are switched off here"
    if name == "torch.backends.cudnn.flags" and not any(map(is_wish, module.enclosing(call))):
        loose = [item.arg for item in call.keywords if is_constant(item.value, item.arg == "benchmark")]
        return next((f"{arg}= is fixed" for arg in loose if arg in ("benchmark", "deterministic")), "")
    if called(call) in MAPS and is_constant(keyword(call, "deterministic"), False) and uses(module, "tensorflow"):
        return "" if is_for_evaluation(module, call) else "deterministic=False is fixed"
    if name.startswith("tensorflow.") and is_constant(keyword(call, "sloppy"), True):
        return "sloppy=True is fixed"
    of_lightning = name.endswith(".Trainer") and name.partition(".")[0] in LIGHTNING
    if not of_lightning:
        return ""
    return "benchmark=True is fixed" if is_constant((arguments(module, call) or {}).get("benchmark"), True) else ""


def restored(module: Module, call: ast.Call) -> bool:
    """Whether the same function sets it back to what it was, or asks what that is."""
    inside = [node for node in ast.walk(module.scope(call)) if isinstance(node, ast.Call)]
    if any(module.full_name(node.func) == IS_SWITCHED for node in inside):
        return True
    given = [node.args[0] for node in inside if node.args and module.full_name(node.func) == SWITCH]
    return any(isinstance(value, ast.Name) for value in given)


def settings(module: Module, told: set[str]) -> Iterator[tuple[Piece, int, str]]:
    """`cudnn.benchmark = True`, `cudnn.deterministic = False` and the like, as they are and by nobody's wish.

    Args:
        told: settings that some module of the tree writes down.
    """
    if not any(SPOKEN.search(piece.text) for piece in module.pieces):
        return
    for piece, node in statements_of(module):
        for written, value in settings_given(module, node):
            name = setting_name(module, written)
            by_name = list(bound(module, value)) if isinstance(value, ast.Name) else []
            fixed = [one for one in by_name or [value] if is_loose(name, one)]
            loose = len(fixed) == len(by_name or [value]) or (name == BENCHMARK and is_of_device(value))
            if name and loose and name not in told and not is_meant(module, node) and not recorded(module, node, name):
                yield piece, node.lineno, f"{name} is fixed to {ast.unparse(value)}"


def is_loose(name: str, value: ast.expr | None) -> bool:
    """Whether a setting is given what lets something vary."""
    if name in OF_ENVIRONMENT:
        return text_of(value).lower() in ("0", "false", "no", "off")
    return is_constant(value, name == BENCHMARK)


def is_meant(module: Module, node: ast.AST) -> bool:
    """Whether a statement stands under somebody's wish, after a way out by one, or where a setting is taken back."""
    below = node
    for holder in module.enclosing(node):
        if is_wish(holder) or is_undone(holder):
            return True
        before = [one for one in getattr(holder, "body", ()) if getattr(one, "lineno", 0) < getattr(below, "lineno", 0)]
        if any(is_wish(one) and isinstance(one.body[-1], ast.Return) for one in before if isinstance(one, ast.If)):
            return True
        below = holder
    return False


def setting_name(module: Module, written: ast.expr) -> str:
    """The full name of a setting that is given a value: of torch, of tf.data, of the environment; "" for others."""
    if isinstance(written, ast.Subscript):
        name = text_of(written.slice)
        return name if name in OF_ENVIRONMENT and module.full_name(written.value) == "os.environ" else ""
    name = switch_name(module, written)
    if name in (BENCHMARK, DETERMINISTIC):
        return name
    if isinstance(written, ast.Attribute) and written.attr in OF_PIPELINES:
        owner = written.value
        made = [*module.given.get(owner.id, ())] if isinstance(owner, ast.Name) else [owner]
        made += module.kept.get(dotted(owner), [])
        made_so = any(isinstance(value, ast.Call) and called(value).lower() == "options" for value in made)
        of_learning = uses(module, "tensorflow") and not is_for_evaluation(module, written)
        if of_learning and (made_so or written.attr != "deterministic"):
            return f"tf.data's {written.attr}"
    return ""


def is_for_evaluation(module: Module, node: ast.AST) -> bool:
    """Whether a function around a node speaks of what learns nothing."""
    return any(is_function(holder) and OF_EVALUATION.search(holder.name) for holder in module.enclosing(node))


def statements_of(module: Module) -> Iterator[tuple[Piece, ast.stmt]]:
    """Every statement with the piece it stands in."""
    return ((piece, node) for piece, node in module.statements() if isinstance(node, ast.stmt))


def settings_given(module: Module, node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a statement gives which value: by an assignment, or by `setattr(cudnn, "benchmark", True)`."""
    if isinstance(node, ast.Assign | ast.AugAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from pairs(target, node.value)
    call = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    if call and module.full_name(call.func) == "setattr" and len(call.args) == 3:
        yield ast.Attribute(call.args[0], text_of(call.args[1])), call.args[2]


def switch_name(module: Module, written: ast.expr) -> str:
    """The full name of what is set, also where its owner has another name here: `backend = torch.backends.cudnn`."""
    owner = written.value if isinstance(written, ast.Attribute) else None
    values = module.given.get(owner.id, []) if isinstance(owner, ast.Name) and owner.id not in module.origins else []
    if isinstance(written, ast.Attribute) and len(values) == 1 and isinstance(values[0], ast.Attribute):
        return f"{module.full_name(values[0])}.{written.attr}"
    return module.full_name(written)


def is_of_device(value: ast.expr) -> bool:
    """A value or condition that asks for the device alone."""
    return DEVICE.search(ast.unparse(value)) is not None


def pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is given which value: `a, b = 1, 2` is two."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def is_undone(holder: ast.AST) -> bool:
    """A function that takes the setting back, as `unset_deterministic` does."""
    return is_function(holder) and re.match(r"_*(?:un|re)set_|_*(?:restore|disable|undo)_", holder.name) is not None


def is_wish(holder: ast.AST) -> bool:
    """A condition other than what device there is, what phase a run is in, and whether the module is run."""
    if not isinstance(holder, ast.If) or is_main(holder):
        return False
    parts = holder.test.values if isinstance(holder.test, ast.BoolOp) else [holder.test]
    return not all(is_of_device(part) or PHASE.search(ast.unparse(part)) for part in parts)


def recorded(module: Module, node: ast.AST, name: str) -> bool:
    """Whether the same function reads the setting or writes of it: it is logged, or put back to what it was."""
    scope = module.scope(node)
    if any(
        isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Load) and module.full_name(inner) == name
        for inner in ast.walk(scope)
    ):
        return True
    own = {id(inner) for inner in ast.walk(node)}
    words = (inner for inner in ast.walk(scope) if is_function(scope) and isinstance(inner, ast.Constant))
    return any(
        SPOKEN.search(text_of(word)) and id(word) not in own and is_written(module, word)
        for word in words
    )  # fmt: skip


def is_written(module: Module, word: ast.Constant) -> bool:
    """Whether a text is given to what keeps it: a log's or a table's, no docstring and no condition."""
    holder = module.parents.get(word)
    if isinstance(holder, ast.Call):
        return last_name(holder.func) not in ("getattr", "setattr", "get")
    kept = isinstance(holder, ast.Subscript) and isinstance(holder.ctx, ast.Store)
    return kept or isinstance(holder, ast.Dict | ast.JoinedStr)


def written_down(module: Module) -> Iterator[str]:
    """The settings that a module reads to write them down, where it does not set them: those of a run's machine."""
    if not any("cudnn" in piece.text for piece in module.pieces):
        return
    spoken = list(module.of(ast.Attribute))
    spoken = [node for node in spoken if node.attr in ("benchmark", "deterministic")]
    setting = {module.scope(node) for node in spoken if isinstance(node.ctx, ast.Store)}
    for node in spoken:
        kept = isinstance(module.parents.get(node), ast.Dict | ast.Call | ast.keyword | ast.FormattedValue)
        if kept and isinstance(node.ctx, ast.Load) and module.scope(node) not in setting:
            yield module.full_name(node)
