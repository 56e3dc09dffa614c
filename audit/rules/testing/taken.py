"""Which expressions take a fixed part of held-out data: by slice, head(), islice(), Subset() and the like."""

import ast
import re

from audit.rules.code import Module, called, is_constant, is_function, keyword, last_name, text_of
from audit.rules.testing.batches import HELD_OUT
from audit.rules.testing.narrowed import narrowing_of
from audit.rules.testing.parts import MANY, as_slice, names_of, whole_number
from audit.rules.testing.words import JUDGES, METRIC

TRAIN = re.compile(r"(^|[_/\W])(x_?|y_?)?tr(ai)?n", re.I)
OTHER = re.compile(
    r"loss|hist|score|metric|result|(^|_)acc|curve|text$|token|string|prompt|title|names?$|word|char|line$|sentence$"
    r"|(^|_)ids?$|audio$|wav|signal|path$|time|log|error|prob|rank|order|top|sort|report|msg|message|key|columns|cols",
    re.I,
)  # what is no set of samples, or is no longer one
RANKED = re.compile(r"^(sort_values|argsort|rank\w*|topk|nlargest|nsmallest|value_counts|groupby|most_common)$")
SPLIT = re.compile(r"^(val|validation|test|eval|dev)\w*\[\s*:\s*(\d+)%?\s*\]$")
LOADER = re.compile(r"loader|batches$|(^|_)dl$", re.I)  # what gives whole batches, of which a few are many samples
DATASET = re.compile(rf"{LOADER.pattern}|(^|_)(ds|data_?set)$", re.I)
SCORED = re.compile(r"scor|metric|report|check|quality|result", re.I)
FRAME = re.compile(r"^(x|xs|y|ys|df|data|frame|table|rows|samples|examples|features|labels|records)(_\w+)?$", re.I)
COUNT = re.compile(r"(^|\s|_)(n|num|number|count|len|total)(_|\s|$)|_count\b", re.I)  # how many there are
INDEXERS = {"iloc", "loc"}


def cut_of(module: Module, node: ast.AST) -> str:
    """How a fixed part of held-out data is taken, as it is written; "" where none is."""
    of, size = taken(module, node)
    if of is None or not size:
        return ""
    words = [*names_of(of), *(text_of(one) for one in ast.walk(of))]
    calls = (one for one in ast.walk(of) if isinstance(one, ast.Call))
    words += ["test" for call in calls if is_constant(keyword(call, "train"), False)]
    of_fold = is_of_one_fold(module, of) or is_given_to_judge(module, node, of) or is_of_numbers(module, node, of)
    if any(map(TRAIN.search, words)) or any(map(RANKED.search, words)) or (OTHER.search(root(of)) and not of_fold):
        return ""
    if not any(map(HELD_OUT.search, words)) and not is_gone_through(module, node) and not of_fold:
        return ""
    text = ast.unparse(node)
    if len(text) > 120 or is_rest(module, of) or is_of_another(module, node, words) or is_all_smaller(module):
        return ""
    return text[:80]


def is_given_to_judge(module: Module, node: ast.AST, of: ast.expr) -> bool:
    """Whether a function that judges is given what is cut: `frame.iloc[:256]` in `holdout_score(model, frame)`."""
    function = module.scope(node)
    if isinstance(of, ast.Attribute) and of.attr == "dataset":
        of = of.value  # `loader.dataset[:256]`
    if not (is_function(function) and isinstance(of, ast.Name)):
        return False
    given = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)} - {"self"}
    name = function.name
    judges = JUDGES.match(name) or METRIC.match(name) or (HELD_OUT.search(name) and SCORED.search(name))
    return of.id in given and bool(judges) and (FRAME.search(of.id) or LOADER.search(of.id)) is not None


def is_of_numbers(module: Module, node: ast.AST, of: ast.expr) -> bool:
    """Whether a function that judges takes the first of the numbers of all: `torch.arange(self.users)[:512]`."""
    function = module.scope(node)
    if not (is_function(function) and (JUDGES.match(function.name) or METRIC.match(function.name))):
        return False
    numbers = of.args[0] if isinstance(of, ast.Call) and called(of) == "list" and len(of.args) == 1 else of
    if not (isinstance(numbers, ast.Call) and called(numbers) in ("arange", "range") and len(numbers.args) == 1):
        return False
    return COUNT.search(" ".join(names_of(numbers.args[0]))) is not None


def is_of_one_fold(module: Module, of: ast.expr) -> bool:
    """The rows of one fold, `df[df.fold == fold]`, or what is told apart in them: `df.image_id.unique()`."""
    if isinstance(of, ast.Subscript):
        return is_by_fold(of)
    if not (isinstance(of, ast.Call) and called(of) == "unique"):
        return False
    frame = next((one for one in ast.walk(of) if isinstance(one, ast.Name)), None)
    given = narrowing_of(module).value_of(frame) if frame is not None else None
    return given is not None and is_by_fold(given[0])


def is_by_fold(rows: ast.expr) -> bool:
    """`df[df.fold == fold]`, `df[df["fold"] == 0]`."""
    test = rows.slice if isinstance(rows, ast.Subscript) else None
    if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)):
        return False
    column = text_of(test.left.slice) if isinstance(test.left, ast.Subscript) else ""
    return column == "fold" or "fold" in names_of(test.left)


def is_all_smaller(module: Module) -> bool:
    """Whether the training data is cut as well: then it is a smaller set that is learnt and measured."""
    if "smaller" not in module.derived:
        given = [node.value for _, node in module.statements() if isinstance(node, ast.Assign)]
        pairs = (taken(module, node) for value in given for node in parts(value))
        module.derived["smaller"] = any(of is not None and size and TRAIN.search(root(of)) for of, size in pairs)
    smaller: bool = module.derived["smaller"]
    return smaller


def parts(value: ast.expr) -> list[ast.expr]:
    """What is given to each of several names."""
    return value.elts if isinstance(value, ast.Tuple) else [value]


def is_gone_through(module: Module, node: ast.AST) -> bool:
    """Whether a function that judges, or is called a metric, goes through the part: `for f in files[:64]`."""
    function, holder, child = module.scope(node), module.parents[node], node
    if not (is_function(function) and (JUDGES.match(function.name) or METRIC.match(function.name))):
        return False
    while isinstance(holder, ast.Call) and called(holder) in ("enumerate", "tqdm", "track"):
        holder, child = module.parents[holder], holder
    return isinstance(holder, ast.For | ast.comprehension) and holder.iter is child


def taken(module: Module, node: ast.AST) -> tuple[ast.expr | None, str]:
    """(Of what, how many) of `x[:N]`, `x.head(N)`, `islice(x, N)`, `Subset(x, range(N))` and the like."""
    if isinstance(node, ast.Subscript):
        index = node.slice
        given = narrowing_of(module).value_of(index) if isinstance(index, ast.Name) else None
        if given and isinstance(given[0], ast.Call) and called(given[0]) == "slice" and given[0].args:
            index = as_slice(given[0])
        cut = index if isinstance(index, ast.Slice) and index.step is None else None
        first = cut is not None and (cut.lower is None or whole_number(cut.lower) == 0)
        indexer = isinstance(node.value, ast.Attribute) and node.value.attr in INDEXERS
        whole = node.value.value if isinstance(node.value, ast.Attribute) and indexer else node.value
        least = 1 if LOADER.search(root(whole)) else MANY
        return (whole, size_of(module, cut.upper, least)) if cut and cut.upper is not None and first else (None, "")
    if not isinstance(node, ast.Call):
        return None, ""
    name, method = called(node), isinstance(node.func, ast.Attribute)
    of = node.func.value if isinstance(node.func, ast.Attribute) else None
    arguments = node.args
    if name in ("head", "take") and of is not None and len(arguments) == 1:
        batched = name == "take" and DATASET.search(root(of)) is not None
        return of, size_of(module, arguments[0], 1 if batched else MANY)
    if name == "sample" and of is not None and last_name(of) != "random":
        share = keyword(node, "frac")
        number = keyword(node, "n") or next(iter(arguments), None)
        few = isinstance(share, ast.Constant) and isinstance(share.value, float) and share.value < 1
        return of, ast.unparse(share) if few and share else size_of(module, number)
    if name in ("islice", "sample") and len(arguments) == 2:
        return arguments[0], size_of(module, arguments[1], 1 if LOADER.search(root(arguments[0])) else MANY)
    if (name == "select" and method and len(arguments) == 1) or (name == "Subset" and len(arguments) == 2):
        limit = arguments[-1].args if isinstance(arguments[-1], ast.Call) and called(arguments[-1]) == "range" else []
        return (of if name == "select" else arguments[0]), size_of(module, limit[0]) if len(limit) == 1 else ""
    if name in ("load_dataset", "load"):
        split = keyword(node, "split")
        asked = SPLIT.match(text_of(split))
        return (split, asked[2]) if asked else (None, "")
    rows = keyword(node, "nrows") if name == "read_csv" and arguments else None
    return (arguments[0], size_of(module, rows)) if rows is not None else (None, "")


def size_of(module: Module, size: ast.expr | None, least: int = MANY) -> str:
    """A number of samples or batches that is written out, or a constant that is one; "" for any other."""
    if isinstance(size, ast.Name) and size.id.isupper():
        values = module.given.get(size.id, [])
        size = values[0] if len(values) == 1 else None
    elif isinstance(size, ast.Name):
        local = narrowing_of(module).value_of(size)
        size = local[0] if local and local[1] is None else None
    number = whole_number(size)
    return str(number) if number is not None and number >= least else ""


def root(node: ast.expr) -> str:
    """The last name of what a part is taken of: `test` of `df[df.split == "test"].dropna()`."""
    while isinstance(node, ast.Call | ast.Subscript):
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            return last_name(node.args[0]) if node.args else ""
    return last_name(node)


def is_rest(module: Module, of: ast.expr) -> bool:
    """Whether the rest is taken as well, so that both are parts of a split: `x[500:]`, `x.skip(500)`."""
    if "rests" not in module.derived:
        slices = list(module.of(ast.Subscript))
        behind = [one for one in slices if isinstance(one.slice, ast.Slice) and one.slice.lower and not one.slice.upper]
        calls = [call for _, call, name in module.calls if name.endswith((".skip", ".drop"))]
        skips = [call.func for call in calls if not (keyword(call, "columns") or keyword(call, "axis"))]
        rest = {ast.unparse(one.value) for one in behind}
        rest.update(ast.unparse(one.value) for one in skips if isinstance(one, ast.Attribute))
        module.derived["rests"] = rest
    rests: set[str] = module.derived["rests"]
    return ast.unparse(of) in rests


def is_of_another(module: Module, node: ast.AST, words: list[str]) -> bool:
    """Whether the part is given to another set: validation data taken of the test data."""
    holder = module.parents.get(node)
    if isinstance(holder, ast.Tuple):
        holder = module.parents.get(holder)
    if not isinstance(holder, ast.Assign):
        return False
    names = [name for target in holder.targets for name in names_of(target)]
    own = {found[3].lower()[:3] for word in words if (found := HELD_OUT.search(word))} - {"eva", "hel", "hol"}
    given = {found[3].lower()[:3] for name in names if (found := HELD_OUT.search(name))} - {"eva", "hel", "hol"}
    return any(map(TRAIN.search, names)) or bool(given and own and given.isdisjoint(own))
