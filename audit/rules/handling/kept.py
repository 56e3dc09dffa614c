"""What is in a file of torch.save: the weights of a network, or data, options and counts that belong to no device."""

import ast
import re

from audit.rules.code import Function, Module, dotted, is_constant, is_function, last_name, text_of
from audit.rules.handling.callers import called_by_name
from audit.rules.handling.sources import is_left_before, name_of
from audit.rules.reading import default_of, gone_through

NO_DEVICE = re.compile(
    r"(^|[_\W])(cached?|processed|data_?sets?|vocab(ulary)?|tokenizers?|training_args|args|configs?|scheduler|scaler"
    r"|rng_state|(meta|train|val|valid|dev|test)_?(data|examples|samples|split)|examples|splits?|id2\w+|\w+2(id|idx)"
    r"|labels?)(?=$|[_\W]|\d)",
    re.I,
)
LEARNED = re.compile(
    r"model|net(?!flix)|weights|state_dict|ckpt|checkpoint|encoder|decoder|pretrained|optim|embed"
    r"|generator|discriminator|(?<![a-z])actor(?!s)|critic|policy|backbone|teacher|student|classifier|detector",
    re.I,
)
# Suffixes of files of weights (`.pt` says nothing), and what runs call the files that they leave.
SUFFIXES = re.compile(r"\.(pth|ckpt|bin)\b|(^|[_\W])(best|final|last|latest|epoch)(?=$|[_\W\d])", re.I)
WEIGHT_KEYS = re.compile(
    r"state|^(G|D|net|gen|disc|ema|params|policy|actor|critic|agent|teacher|student|backbone)$", re.I
)
OF_NETWORKS = {
    "eval", "state_dict", "load_state_dict", "parameters", "named_parameters", "half", "generate", "predict",
}  # fmt: skip
# What says nothing of a file, as a path or as its content, and what says that no weights are in it.
PLAIN = re.compile(
    r"^((in|input|full|load|resume|restore|from|saved?|src)_?)?(path|file(_?(name|path))?|fname|fn|argv|p)?$"
    r"|^(pth\d?|obj|object|loaded|restored|saved|state|blob|payload|m|x)$",
    re.I,
)
DATA = re.compile(
    r"data|cach|ind(ex|ices)|feat|tok|vocab|corpus|sample|batch|collat|process|sched|stat(s|istic)|chunk|shard|spec"
    r"|audio|wav|voice|speaker|im(g|age)|video|graph|label|split|tensor|number|item|array|record|pred|score|text|mask"
    r"|point|mesh|patch|vol(ume)?|metric|hist|buffer|replay|memory|traj|latent|prompt|transform|lexicon|align|zip",
    re.I,
)
# Methods that an object may have called on it before it has saved anything.
COMES_BACK = re.compile(r"load|resume|restor|init|predict|test|eval|infer|sampl|generat|setup|build|model", re.I)
REMOVES = {"remove", "unlink"}
PARAMETERS = {"state_dict", "named_parameters"}
MOVES = {"to", "cuda", "cpu", "train", "float", "double", "requires_grad_"}
KEPT_IN = re.compile(r"checkpoint|ckpt|weights|snapshot", re.I)  # the modules that load and save them
TRUSTS = re.compile(r"trust|unsafe|insecure|dangerous|allow_?(any|arbitrary|pickle)", re.I)  # of an opt-out
RESTRICTS = re.compile(r"restrict|(?<!un)safe|limited|allow_?list|whitelist", re.I)  # of an unpickler


def is_of_no_device(module: Module, call: ast.Call) -> bool:
    """Whether the names around a torch.load say that no tensor of a GPU is in the file."""
    names = [name for name in (*taken_as(module, call), *ends(call.args[0] if call.args else None)) if name]
    named = any(map(NO_DEVICE.search, names)) and not any(map(LEARNED.search, names))
    return named or is_saved_above(module, call)


def holds_weights(module: Module, call: ast.Call) -> bool:
    """Whether something around a torch.load says that the file is a checkpoint: a name, its suffix, how it is used."""
    path = call.args[0] if call.args else None
    names, paths = taken_as(module, call), ends(path)
    if isinstance(path, ast.Name):
        scope = module.scope(call)
        values = [value for value in module.given.get(path.id, []) if module.scope(value) is scope]
        paths += [end for value in values for end in ends(value)]
    keys: list[str] = []
    for holder in module.enclosing(call):
        if is_function(holder) and not holder.name.startswith("from_"):
            names.append(holder.name)
        elif isinstance(holder, ast.Subscript):
            keys.append(text_of(holder.slice))
        elif isinstance(holder, ast.Call):
            names += ["weights"] if is_of_network(holder) else []
    if any(map(LEARNED.search, (*names, *paths, *keys))) or any(map(WEIGHT_KEYS.search, keys)):
        return True
    if any(map(SUFFIXES.search, paths)) or KEPT_IN.search(module.path):
        return True
    used = used_as_weights(module)
    return any((place(module, call), name) in used for name in names) or is_untold(module, call)


def is_untold(module: Module, call: ast.Call) -> bool:
    """Whether nothing says what is in a file, as in `def load(path): return torch.load(path)`: mostly weights are."""
    path = opened(module, call.args[0]) if call.args else None
    taken = taken_as(module, call)
    names = [*ends(path), *taken]
    kept = isinstance(module.parents.get(call), ast.Return | ast.Assign | ast.AnnAssign)
    if not (kept and any(names) and all(map(PLAIN.match, names))):
        return False
    if isinstance(path, ast.Name) and any(gone_through(module, path)):
        return False  # one of many
    holders = [holder for holder in module.enclosing(call) if is_function(holder) or isinstance(holder, ast.ClassDef)]
    told = [module.path, *(holder.name for holder in holders)]
    for function in holders:
        for other in called_by_name(module, function.name) if is_function(function) else ():
            told += [*taken_as(module, other), *(end for value in other.args for end in ends(value))]
    return not any(map(DATA.search, told)) and not is_taken_apart(module, call, taken)


def is_taken_apart(module: Module, call: ast.Call, names: list[str]) -> bool:
    """Whether the lines around look into what a call gave, or go through it."""
    for node in ast.walk(module.scope(call)) if names else ():
        whole = node.iter if isinstance(node, ast.For) else getattr(node, "value", None)
        looks = isinstance(node, ast.For | ast.Subscript | ast.Attribute) and getattr(node, "attr", "") not in MOVES
        if looks and isinstance(whole, ast.Name) and whole.id in names:
            return True
    return False


def opened(module: Module, path: ast.expr) -> ast.expr:
    """What an open file is called in the call that opens it: `with open(path, "rb") as f`."""
    withs = (holder for holder in module.enclosing(path) if isinstance(holder, ast.With))
    for item in (item for holder in withs for item in holder.items):
        call, name = item.context_expr, item.optional_vars
        opens = isinstance(call, ast.Call) and last_name(call.func) == "open" and call.args
        if opens and isinstance(call, ast.Call) and name is not None and dotted(name) == dotted(path):
            return call.args[0]
    return path


def is_of_network(call: ast.Call) -> bool:
    """`net.load_state_dict(...)`, and other methods that a network has."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in OF_NETWORKS


def place(module: Module, node: ast.AST) -> int:
    """The function around a node, 0 for none."""
    scope = module.scope(node)
    return id(scope) if is_function(scope) else 0


def used_as_weights(module: Module) -> set[tuple[int, str]]:
    """Function and name of what a module uses as a network, or asks for one's weights: `state["model"]`."""
    if "used as weights" not in module.derived:
        used: set[tuple[int, str]] = set()
        for _, call, _ in module.calls:
            if is_of_network(call):
                parts = (part for value in (call.func, *call.args) for part in ast.walk(value))
                used.update((place(module, call), part.id) for part in parts if isinstance(part, ast.Name))
        for node in module.of(ast.Subscript):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                key = text_of(node.slice)
                if LEARNED.search(key) or WEIGHT_KEYS.search(key) or is_named_parameter(module, node.slice):
                    used.add((place(module, node), node.value.id))
        module.derived["used as weights"] = used
    found: set[tuple[int, str]] = module.derived["used as weights"]
    return found


def is_named_parameter(module: Module, key: ast.expr) -> bool:
    """Whether a key goes through the names of a network's weights: `for name, w in net.state_dict().items()`."""
    for holder in module.enclosing(key) if isinstance(key, ast.Name) else ():
        if isinstance(holder, ast.For) and dotted(key) in [dotted(part) for part in parts(holder.target)]:
            calls = (part for part in ast.walk(holder.iter) if isinstance(part, ast.Call))
            return any(getattr(call.func, "attr", "") in PARAMETERS for call in calls)
    return False


def parts(target: ast.expr) -> list[ast.expr]:
    """What a loop gives values."""
    return target.elts if isinstance(target, ast.Tuple) else [target]


def is_network(module: Module, node: ast.expr) -> bool:
    """Whether a name stands for a network that the same function makes: `rnn = RNNModel(...)`."""
    scope = module.scope(node)
    given = module.given.get(node.id, []) if isinstance(node, ast.Name) else []
    given = [value for value in given if module.scope(value) is scope]
    made = [last_name(value.func) for value in given if isinstance(value, ast.Call)]
    return len(made) == len(given) == 1 and made[0][:1].isupper() and LEARNED.search(made[0]) is not None


def is_saved_above(module: Module, call: ast.Call) -> bool:
    """Whether the same function saved the file, lines above: it comes back to the devices that this run has."""
    path = ast.dump(call.args[0]) if call.args else ""
    before = (other for other in saves(module) if other.lineno < call.lineno and len(other.args) > 1)
    scope = module.scope(call)
    if is_function(scope) and any(module.scope(one) is scope and ast.dump(one.args[1]) == path for one in before):
        return True
    if is_function(scope) and is_removed_after(module, call) and is_left_before(module, call):
        return True
    return bool(call.args) and is_function(scope) and is_saved_in_run(module, call, scope)


def is_removed_after(module: Module, call: ast.Call) -> bool:
    """Whether a line below, in the same function, removes the file that a call is given: it was there for a while."""
    path = ast.dump(call.args[0]) if call.args else ""
    scope = module.scope(call)
    later = (one for _, one, _ in module.calls if name_of(one) in REMOVES and one.lineno > call.lineno)
    parts = (part for one in later if module.scope(one) is scope for part in (*one.args, one.func))
    return any(ast.dump(getattr(part, "value", part)) == path or ast.dump(part) == path for part in parts)


def is_saved_in_run(module: Module, call: ast.Call, method: Function) -> bool:
    """Whether an object goes back to what it has saved itself, as when it stops early: no other machine sees the file.

    A method that is called after loading, or with which an object begins, may come in another run.
    """
    if COMES_BACK.search(method.name) or dotted(call.args[0]).partition(".")[0] != "self":
        return False
    holder = module.parents.get(method)
    own = (one for one in saves(module) if len(one.args) > 1 and dotted(one.args[1]) == dotted(call.args[0]))
    return isinstance(holder, ast.ClassDef) and any(holder in module.enclosing(one) for one in own)


def saves(module: Module) -> list[ast.Call]:
    """The calls of torch.save."""
    if "saves" not in module.derived:
        module.derived["saves"] = [call for _, call, name in module.calls if name in ("torch.save", ".torch.save")]
    calls: list[ast.Call] = module.derived["saves"]
    return calls


def taken_as(module: Module, call: ast.Call) -> list[str]:
    """The names that the call's result is given, and of the object whose state it becomes."""
    holder = module.parents.get(call)
    while isinstance(holder, ast.IfExp):
        holder = module.parents.get(holder)
    if isinstance(holder, ast.AnnAssign):
        return [last_name(holder.target)]
    if isinstance(holder, ast.Assign):
        targets = [part for target in holder.targets for part in getattr(target, "elts", [target])]
        return [last_name(target) for target in targets]
    if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Attribute):
        return [last_name(holder.func.value)] if holder.func.attr == "load_state_dict" else [holder.func.attr]
    return []


def ends(path: ast.expr | None) -> list[str]:
    """What the end of a path is called, as far as it is written: the folders above it say nothing."""
    if isinstance(path, ast.Call) and path.args:
        return ends(path.args[-1])
    if isinstance(path, ast.BinOp):
        return ends(path.right)
    if isinstance(path, ast.JoinedStr):
        text = "".join(text_of(part) or "{}" for part in path.values)
        return [text.rpartition("/")[2]]
    if isinstance(path, ast.Subscript):
        return ends(path.value)
    return [text_of(path).rpartition("/")[2] or (dotted(path).rpartition(".")[2] if path is not None else "")]


def is_opted_out(module: Module, call: ast.Call) -> bool:
    """Whether a call stands where somebody has said that he trusts the file: `if trusted:`, which is off by default."""
    child: ast.AST = call
    for holder in module.enclosing(call):
        if isinstance(holder, ast.If) and child in holder.body and isinstance(holder.test, ast.Name | ast.Attribute):
            name = last_name(holder.test)
            functions = (one for one in module.enclosing(holder) if is_function(one))
            given = (default_of(function, name) for function in functions)
            if TRUSTS.search(name) and not any(is_constant(value, True) for value in given):
                return True
        child = holder
    return False


def chooses_classes(module: Module, pickles: ast.expr) -> bool:
    """Whether a class of the module, or one that it derives from, says which classes a pickle may name."""
    if RESTRICTS.search(dotted(pickles)):
        return True
    classes = (node for _, node in module.statements() if isinstance(node, ast.ClassDef))
    bases = [(node, last_name(base)) for node in classes for base in node.bases]
    named = any(RESTRICTS.search(name) and name.endswith("Unpickler") for _, name in bases)
    own = (line for node, name in bases if name == "Unpickler" for line in node.body)
    return named or any(is_function(line) and line.name == "find_class" for line in own)
