"""Pictures that cv2.imread reads: None for a file that is not there, which is used before anybody asks."""

import ast
from itertools import pairwise

from audit.rules.code import Module, dotted, is_function, last_name
from audit.rules.handling.callers import asking_calls
from audit.rules.reading import EXISTS
from audit.rules.tried import is_tried
from audit.trees import inside

GIVES_NONE = {
    "cv2.imread": "a missing file",
    "tensorflow.train.get_checkpoint_state": "a folder without a checkpoint",
    "tensorflow.compat.v1.train.get_checkpoint_state": "a folder without a checkpoint",
}
PICTURES = ("imread",)
PICTURE_USES = {"cvtColor", "resize", "flip", "imwrite", "GaussianBlur", "transform"}  # they fail on None


def is_used_at_once(module: Module, call: ast.Call) -> bool:
    """Whether something is done with what a call gives, before anybody can ask what it is."""
    holder = module.parents.get(call)
    used = isinstance(holder, ast.Attribute | ast.Subscript) and holder.value is call
    return used or (isinstance(holder, ast.Call) and call in holder.args and last_name(holder.func) in PICTURE_USES)


def is_used_next(module: Module, call: ast.Call) -> bool:
    """Whether the next line uses a picture, and nobody lists or tries files.

    `image = cv2.imread(os.path.join(folder, name + ".jpg"))`, then `cv2.cvtColor(image, ...)`.
    """
    line = module.parents.get(call)
    if not isinstance(line, ast.Assign) or not call.args or is_tried(module, call):
        return False
    derived = is_derived(module, call.args[0])
    if "next lines" not in module.derived:
        blocks = (getattr(node, "body", None) for _, node in module.statements())
        lists = [block for block in (*blocks, *(piece.tree.body for piece in module.pieces if piece.tree)) if block]
        module.derived["next lines"] = {id(one): after for block in lists for one, after in pairwise(block)}
    after, name = module.derived["next lines"].get(id(line)), dotted(line.targets[0])
    if after is None or is_told_of(module, call) or asks_nearby(module, call, derived):
        return False
    if isinstance(after, ast.Try | ast.TryStar):
        return False
    for one in inside(after):
        if isinstance(one, ast.Attribute | ast.Subscript) and dotted(one.value) == name:
            return True
        if isinstance(one, ast.Call) and last_name(one.func) in PICTURE_USES and name in map(dotted, one.args):
            return True
    return False


def is_derived(module: Module, path: ast.expr) -> bool:
    """Whether a path is that of another file with a part replaced: `image.replace("images", "labels")`."""
    given = module.given.get(path.id, []) if isinstance(path, ast.Name) else [path]
    values = [value for value in given if module.scope(value) is module.scope(path)]
    func = values[0].func if len(values) == 1 and isinstance(values[0], ast.Call) else None
    return isinstance(func, ast.Attribute) and func.attr == "replace"


def asks_nearby(module: Module, call: ast.Call, derived: bool) -> bool:
    """Whether files are listed or asked for in the function around a call; outside of one, anywhere.

    Of a picture also in the class: a dataset lists in one method what it opens in another.
    A listing says nothing of a file whose name is derived from a listed one's.
    """
    if "asking around" not in module.derived:
        asking = [(holder, one) for one in asking_calls(module) for holder in module.enclosing(one)]
        module.derived["asking around"] = {id(holder) for holder, _ in asking}
        module.derived["asking of files"] = {id(holder) for holder, one in asking if last_name(one.func) in EXISTS}
    around = [id(holder) for holder in module.enclosing(call) if is_function(holder)]
    if last_name(call.func) in PICTURES:
        around += [id(holder) for holder in module.enclosing(call) if isinstance(holder, ast.ClassDef)]
    asking_around: set[int] = module.derived["asking of files" if derived else "asking around"]
    return not asking_around.isdisjoint(around) if around else bool(asking_calls(module))


def is_told_of(module: Module, call: ast.Call) -> bool:
    """Whether a picture is not looked at here, or asked for: `if image is None`; what is used at once is told of."""
    holder = module.parents.get(call)
    if not isinstance(holder, ast.Assign) or not isinstance(holder.targets[0], ast.Name):
        return True
    if "pictures asked for" not in module.derived:
        asking = [node.test for node in module.of(ast.If, ast.IfExp, ast.Assert, ast.While) if hasattr(node, "test")]
        asking += [*module.of(ast.BoolOp), *filter(is_about_none, module.of(ast.Compare))]
        names = (one for test in asking for one in ast.walk(test) if isinstance(one, ast.Name))
        module.derived["pictures asked for"] = {(id(module.scope(one)), one.id) for one in names}
    return (id(module.scope(call)), holder.targets[0].id) in module.derived["pictures asked for"]


def is_about_none(node: ast.Compare) -> bool:
    """`image is None`, `image is not None`."""
    return any(isinstance(one, ast.Constant) and one.value is None for one in node.comparators)


def is_asked(module: Module, call: ast.Call) -> bool:
    """Whether a condition around the call asks if the file is there."""
    tests = (holder.test for holder in module.enclosing(call) if isinstance(holder, ast.If | ast.IfExp))
    asked = (inner for test in tests for inner in ast.walk(test) if isinstance(inner, ast.Call))
    return any(last_name(inner.func) in EXISTS for inner in asked)
