"""Who sets a seed, and for whom it counts: the module itself, what runs it, what those call or import."""

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from audit.rules.code import DEFINING, Function, Module, called, is_constant, is_function, keyword, last_name, text_of
from audit.rules.determinism.reaching import AT_ONCE, Reach, part_name
from audit.rules.local import Local, is_main
from audit.rules.values import bound

SEEDERS = {"random.seed", "numpy.random.seed", "torch.manual_seed", "tensorflow.random.set_seed"}
STATES = {"numpy.random.RandomState", "numpy.random.default_rng", "random.Random"}
KEYS = {"jax.random.PRNGKey", "jax.random.key"}
NAMING = (ast.Name, ast.Attribute, ast.ImportFrom, ast.Constant)
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
DEEPEST = 5  # packages that pass a name on to each other
ORDERING = re.compile(  # a seed of theirs is for data alone
    r"shuffle|split|sample|fold|flow|permut|^random_(flip|crop|brightness|contrast|hue|saturation)", re.I
)
CLOCK = re.compile(
    r"\btime\(\)|time_ns\(\)|\bnow\(\)|perf_counter(_ns)?\(\)|urandom\(|getpid\(\)|SystemRandom\(|secrets\.\w+\("
)
DRAWN = re.compile(r"(^|\W)random\.(randint|randrange|getrandbits|random|integers)\(|torch\.(seed|randint)\(")
# What sets a state by a number, and no experiment's or player's own: `seed_run`, `seed_for`.
SETTER = re.compile(
    r"(set|fix|manual|init|setup|apply|make)\w*_?seed|^_?seed(_?(everything|all|every|rngs?|torch|np|numpy|random))?$",
    re.I,
)
KEEPS = re.compile(r"print|log|info|debug|warn|write|save|dump|record|report|add|update|append|config|track|echo|param")
# Calls that write a seed down with other options.
KEEPING = re.compile(
    r"^(dict|Namespace|SimpleNamespace|_?replace|update|set_defaults|log\w*|info|debug|print|format|save\w*|write\w*)$"
)
# What the worker processes of a loader begin with, each for itself.
OF_WORKERS = re.compile(r"seed\w*worker|worker\w*(seed|init)|init\w*worker|workers?_fn$")


class Seeds:
    """The modules of a tree that set seeds, over the graph of local imports."""

    def __init__(self, local: Local, modules: list[Module]) -> None:
        self.local = local
        self.modules = {module.path: module for module in modules}
        self.reach = Reach(self.modules)
        self.known_alone: dict[tuple[str, bool], bool] = {}

    @cached_property
    def below(self) -> dict[str, set[str]]:
        """Module -> the modules it imports."""
        return {path: {place for place, _ in self.local.edges(module)} for path, module in self.modules.items()}

    @cached_property
    def above(self) -> dict[str, set[str]]:
        """Module -> the modules that take names from it."""
        found: dict[str, set[str]] = defaultdict(set)
        for module in self.modules.values():
            for path in used(self.local, module):
                found[path].add(module.path)
        return found

    @cached_property
    def parts(self) -> dict[str, set[str]]:
        """Module -> its functions and classes that set a seed; only modules that have any."""
        found = {path: set(parts_that_seed(module, self.taking)) for path, module in self.modules.items()}
        return {path: parts for path, parts in found.items() if parts}

    @cached_property
    def common(self) -> dict[str, set[str]]:
        """The same for the states of NumPy and TensorFlow: not torch's own, no `seed=` that one call is given."""
        found = {path: set(parts_that_seed(self.modules[path], self.taking, common=True)) for path in self.parts}
        return {path: parts for path, parts in found.items() if parts}

    @cached_property
    def taking(self) -> set[str]:
        """The tree's own functions and classes that are given a seed: what they do with it stands in them."""
        return {name for module in self.modules.values() for name in takers(module)}

    def users(self, module: Module) -> set[str]:
        """A module and all that use it, one way or another."""
        return reach(module.path, self.above)

    def related(self, module: Module) -> set[str]:
        """A module, all that use it, and all that any of these imports."""
        return set().union(*(reach(path, self.below) for path in self.users(module))) & self.modules.keys()

    def cover(self, module: Module, *, common: bool = False) -> bool:
        """Whether a seed is set by a module, by one that uses it, or by what one of these imports and speaks of."""
        return self.among(self.users(module), self.related(module), self.common if common else self.parts)

    def alone(self, module: Module, *, common: bool = False) -> bool:
        """Whether a seed is set where a module is run by itself: by it, or by what its run comes to."""
        place = module.path, common
        if place not in self.known_alone:
            parts = self.common if common else self.parts
            related = reach(module.path, self.below) & self.modules.keys()
            wanted = {(path, part) for path in related & parts.keys() for part in parts[path]}
            self.known_alone[place] = module.path in parts or self.reach.comes_to(module.path, related, wanted)
        return self.known_alone[place]

    def among(self, users: set[str], related: set[str], parts: dict[str, set[str]]) -> bool:
        """Whether some users set a seed, or what is related to them does so when it is imported or spoken of."""
        if not users.isdisjoint(parts):
            return True
        wanted = set().union(*(parts[path] for path in related & parts.keys()))
        if AT_ONCE in wanted or not wanted:
            return AT_ONCE in wanted
        return any(not wanted.isdisjoint(names(self.modules[path], whole=path in users)) for path in sorted(related))


def takers(module: Module) -> Iterator[str]:
    """The functions of a module that take a seed, and the classes that keep one or are made with one."""
    for _, node in module.statements():
        if is_function(node) and any(speaks_of_seeds(part.arg) for part in every_argument(node)):
            owner = module.parents.get(node)
            yield owner.name if node.name == "__init__" and isinstance(owner, ast.ClassDef) else node.name
        elif isinstance(node, ast.ClassDef):
            fields = (part.target for part in node.body if isinstance(part, ast.AnnAssign))
            if any(speaks_of_seeds(last_name(field)) for field in fields):
                yield node.name


def every_argument(function: Function) -> list[ast.arg]:
    """The parameters of a function, but for `*args` and `**options`."""
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def parts_that_seed(module: Module, taking: set[str], *, common: bool = False) -> Iterator[str]:
    """The outermost functions and classes around everything that sets a seed."""
    calls: Iterator[ast.AST] = (
        call for _, call, name in module.calls if (sets_common(call, name) if common else sets_seed(call, name, taking))
    )
    rows = module.of(ast.Tuple, ast.List)
    listed = (node for node in rows if isinstance(node, ast.Tuple | ast.List) and of_seeders(node, module))
    for node in itertools.chain(calls, listed, decorations(module), () if common else given_states(module)):
        holders = list(module.enclosing(node))
        if not any(is_of_worker(module, holder) for holder in holders):
            yield part_name(module, holders)


def is_of_worker(module: Module, holder: ast.AST) -> bool:
    """A function that the worker processes of a loader begin with: none of them draws the weights."""
    if isinstance(holder, ast.Lambda):
        above = module.parents.get(holder)
        return isinstance(above, ast.keyword) and above.arg == "worker_init_fn"
    if not is_function(holder):
        return False
    if "workers" not in module.derived:
        given = (keyword(call, "worker_init_fn") for _, call, _ in module.calls)
        module.derived["workers"] = {last_name(value) for value in given if value is not None}
    return OF_WORKERS.search(holder.name) is not None or holder.name in module.derived["workers"]


def decorations(module: Module) -> Iterator[ast.AST]:
    """`@seeded` over a function, which sets a seed whenever it is called."""
    for _, node in module.statements():
        for mark in node.decorator_list if is_function(node) else ():
            if not isinstance(mark, ast.Call) and speaks_of_seeds(last_name(mark)):
                yield mark


def given_states(module: Module) -> Iterator[ast.Call]:
    """`rng=np.random.RandomState(0)` as a default: whoever gives no other draws from this one."""
    for _, call, name in module.calls:
        fixed = name in STATES and call.args and not is_constant(call.args[0], None)
        if fixed and isinstance(module.parents.get(call), ast.arguments):
            yield call


def of_seeders(node: ast.Tuple | ast.List, module: Module) -> bool:
    """`(random.seed, torch.manual_seed)`, each of which a loop calls."""
    return bool(node.elts) and all(module.full_name(item) in SEEDERS for item in node.elts)


def sets_common(call: ast.Call, name: str) -> bool:
    """A state that is not torch's own, and by no `seed=` that one call is given."""
    return sets_state(call, name) and "manual_seed" not in name


def sets_seed(call: ast.Call, name: str, taking: set[str]) -> bool:
    """A call with `seed` in its name, or one that is given a seed, or JAX's key of a number.

    Not one that only keeps what it is given, or draws from a state of its own.
    """
    if name in KEYS and call.args:
        return True
    if called(call) in taking or KEEPING.search(called(call)) or name in STATES:
        return sets_state(call, name)
    given = any(item.arg and speaks_of_seeds(item.arg) and not is_constant(item.value, None) for item in call.keywords)
    orders = ORDERING.search(last_name(call.func)) or name.startswith("splitfolders.")
    return (given and not orders) or sets_state(call, name)


def sets_state(call: ast.Call, name: str) -> bool:
    """`random.seed(3)`, `seed_everything()`: not one that asks for a seed, or draws a new one.

    `torch.Generator().manual_seed(3)` sets a state of its own: neither weights nor dropout are drawn from it.
    """
    function = called(call)
    if is_own_seed(call, name):
        return False
    if not speaks_of_seeds(function) or function.lower().startswith(
        ("get", "initial", "new", "make", "parse", "sort", "num", "n_")
    ):
        return False
    drawn = name in ("random.seed", "numpy.random.seed", "torch.seed", "torch.cuda.seed")
    return not drawn or any(not is_constant(value, None) for value in call.args)


def is_own_seed(call: ast.Call, name: str) -> bool:
    """Whether a call seeds a generator and not torch: a method of something made or held, no function of a module."""
    method = isinstance(call.func, ast.Attribute) and call.func.attr == "manual_seed"
    return method and (not name or name.startswith("."))


def lost(module: Module, call: ast.Call, name: str) -> list[ast.expr]:
    """Where the seed that a call sets is drawn anew in each run, and nothing in the module keeps it; else nothing."""
    sets = name in KEYS or (sets_state(call, name) and SETTER.search(called(call)) is not None)
    own = name in STATES or is_own_seed(call, name)
    if not (sets or own) or len(call.args) != 1:
        return []
    given = call.args[0]
    while isinstance(given, ast.BinOp) and isinstance(given.right, ast.Constant):
        given = given.left  # `stamp % 1000`
    values = values_of(module, given) if isinstance(given, ast.Name | ast.Attribute) else [given]
    if own and not all(CLOCK.search(ast.unparse(value)) for value in values):
        return []
    holders = (holder for value in values for holder in module.enclosing(value))
    by_choice = any(isinstance(holder, ast.If | ast.arguments) and not is_main(holder) for holder in holders)
    if by_choice or not all(map(is_drawn, values)):
        return []
    if not any(CLOCK.search(ast.unparse(value)) for value in values) and is_seeded_otherwise(module, given):
        return []
    return values if values == [given] or not is_kept(module, given) else []


def is_drawn(value: ast.expr) -> bool:
    """By a clock, or from a state that nobody has set: another number in each run."""
    text = ast.unparse(value)
    chosen = any(isinstance(node, ast.IfExp | ast.BoolOp) for node in ast.walk(value))
    return bool(CLOCK.search(text) or DRAWN.search(text)) and not chosen


def is_seeded_otherwise(module: Module, given: ast.expr) -> bool:
    """Whether some other number sets a state from which a seed may be drawn."""
    text = ast.unparse(given)
    others = (call.args[0] for _, call, name in module.calls if sets_state(call, name) and call.args)
    return any(ast.unparse(other) != text and not is_drawn(other) for other in others)


def values_of(module: Module, name: ast.Name | ast.Attribute) -> list[ast.expr]:
    """What a name or attribute is given in the module; nothing where a caller may give it."""
    if isinstance(name, ast.Name):
        values = list(bound(module, name))
        known = [value for value in values if value is not None]
        return known if len(known) == len(values) else []
    text = ast.unparse(name)
    assigned = (node for _, node in module.statements() if isinstance(node, ast.Assign))
    return [node.value for node in assigned if text in map(ast.unparse, node.targets)]


def is_kept(module: Module, name: ast.expr) -> bool:
    """Whether a seed, or the options that hold it, is shown, logged, saved, returned or made a part of something."""
    whole = {ast.unparse(name)} | ({ast.unparse(name.value)} if isinstance(name, ast.Attribute) else set())
    for node in module.of(ast.Name, ast.Attribute):
        if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        holder = module.parents.get(node)
        if isinstance(holder, ast.Attribute) or ast.unparse(node) not in whole:
            continue
        if not isinstance(holder, ast.Call | ast.keyword | ast.BinOp | ast.Expr):
            return True
        while isinstance(holder, ast.Call | ast.keyword | ast.BinOp):
            if isinstance(holder, ast.Call):
                function = last_name(holder.func) or getattr(holder.func, "attr", "")
                if function == "vars" or KEEPS.search(function):
                    return True
            holder = module.parents.get(holder)
    return False


def speaks_of_seeds(name: str) -> bool:
    """`set_seed`, `seedAll`, `random_seed`, and not `toSeeDot`."""
    return "seed" in name.lower() and any("seed" in word.lower() for word in WORDS.findall(name))


def names(module: Module, *, whole: bool) -> set[str]:
    """All names that a module speaks of; those under `if __name__ == "__main__"` only when it is the `whole` of it."""
    known: dict[bool, set[str]] = module.derived.setdefault("names", {})
    if whole not in known:
        mains = [node for piece in module.pieces if piece.tree for node in piece.tree.body if is_main(node)]
        left_out = {id(inner) for node in mains for inner in ast.walk(node)} if not whole else set()
        given = module.of(ast.Assign)
        listed = (node for node in given if any(last_name(target) == "__all__" for target in node.targets))
        left_out |= {id(inner) for node in listed for inner in ast.walk(node)}
        found: set[str] = set()
        for node in module.of(*NAMING):
            if id(node) not in left_out and not isinstance(node, ast.ImportFrom):
                found.update(named(node, module))
        for node in module.of(ast.ImportFrom):  # of what is only passed on, nobody speaks
            found.update(alias.name for alias in node.names if alias.asname in found)
        known[whole] = found
    return known[whole]


def named(node: ast.AST, module: Module) -> tuple[str, ...]:
    """The names by which a node may mean a function or class: `train`, `engine.train`, an import, a registry's text."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id not in module.given:
        return (node.attr,)
    if isinstance(node, ast.ImportFrom):
        return tuple(alias.name for alias in node.names)
    return (text_of(node),)


def used(local: Local, module: Module) -> set[str]:
    """The modules that a module takes names from: a package that only passes them on uses none of them."""
    defines = any(module.of(*DEFINING))
    if module.path.endswith("__init__.py") and not defines:
        return set()
    attributes = {node.attr for node in module.of(ast.Attribute)}
    return {
        place for path, item in local.edges(module) for place in sources(local, path, set(item.names) or attributes)
    }


def sources(local: Local, path: str, wanted: set[str], depth: int = 0) -> set[str]:
    """A module, and where it is a package, the modules from which it has some names."""
    package = local.modules.get(path) if path.endswith("__init__.py") and depth < DEEPEST else None
    found = {path}
    for place, inner in local.edges(package) if package else ():
        if place != path and ("*" in wanted or "*" in inner.names or not wanted.isdisjoint(inner.names)):
            found |= sources(local, place, wanted, depth + 1)
    return found


def reach(start: str, edges: dict[str, set[str]]) -> set[str]:
    """All that can be reached, the start with it."""
    seen, waiting = {start}, [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen
