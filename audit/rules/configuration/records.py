"""Classes that only hold values: what becomes an object of them, and what takes such objects apart again."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

from audit.rules.code import Module, called, dotted, is_function, last_name, text_of

BASES = {"BaseModel", "BaseSettings", "NamedTuple", "TypedDict", "Struct"}  # of classes that hold values
MARKS = {"dataclass", "define", "frozen", "attrs", "s"}  # decorators of such classes
SPREADS = {"asdict", "astuple", "model_dump", "model_dump_json", "_asdict", "vars"}
# What is given an object's values to write them down.
RECORDING = {
    "dump", "dumps", "safe_dump", "print", "pprint", "info", "debug", "log_params", "log_dict", "save", "write",
    "write_text", "log_hyperparams", "save_hyperparameters", "str", "repr", "pformat", "log_param", "add_hparams",
    "add_text", "sha256", "md5", "hash", "echo", "replace", "type", "isinstance", "len", "set_defaults",
}  # fmt: skip
TRACKERS = ("wandb.", "mlflow.", "logging.")
ASKS_CLASS = {"fields", "is_dataclass", "get_type_hints", "signature", "__dataclass_fields__", "__annotations__",
              "model_fields"}  # fmt: skip
MAKING = {
    "from_dict", "structure", "convert", "model_validate", "parse_obj", "validate_python", "fromdict", "from_mapping",
}  # fmt: skip
MOST = 5  # values of one name that are looked at
CHAINED = 3  # fields of fields


class Records:
    """The classes of a tree that only hold values.

    Attributes:
        classes: name -> its fields, each with the names in its annotation.
    """

    def __init__(self, every: Iterable[Module]) -> None:
        self.every = list(every)
        nodes = [node for module in self.every for node in module.of(ast.ClassDef)]
        own = {node.name for node in nodes}
        found: dict[str, dict[str, set[str]]] = {}
        self.above: set[str] = set()  # own classes from which such are derived
        for node in nodes:
            if is_record(node, own):
                found[node.name] = dict(fields_of(node))
                self.above.update(name for name in map(last_name, node.bases) if name in own)
        self.classes: Mapping[str, dict[str, set[str]]] = found
        self.given: set[tuple[str, int | str]] = set()  # (function, place or name of the argument) given such a class
        for module in self.every if found else ():
            for _, call, _ in module.calls:
                self.given.update((called(call), at) for at, value in enumerate(call.args) if last_name(value) in found)
                named = ((item.arg, item.value) for item in call.keywords if item.arg)
                self.given.update((called(call), name) for name, value in named if last_name(value) in found)

    def conversions(self) -> set[ast.Call]:
        """Calls that make such an object of a table under another name than its class's, or a table of an object."""
        found: set[ast.Call] = set()
        for module in self.every if self.classes else ():
            tables = {
                name for name, values in module.given.items() if any(self.are_kinds(value) for value in values[:MOST])
            }
            for _, call, _ in module.calls:
                if not any(item.arg is None for item in call.keywords):
                    apart = called(call) in ("asdict", "astuple") and any(
                        self.kinds_of(module, one) for one in call.args
                    )
                    if apart or (called(call) in MAKING and any(name in self.classes for name in names_in(call))):
                        found.add(call)
                elif isinstance(call.func, ast.Name):
                    if self.stands_for_kind(module, call, call.func.id, tables):
                        found.add(call)
                elif called(call) not in self.classes and isinstance(call.func, ast.Subscript):
                    found.update([call] if last_name(call.func.value) in tables else [])
        return found

    def are_kinds(self, value: ast.expr) -> bool:
        """Whether a table or row holds nothing but such classes."""
        row = value.values if isinstance(value, ast.Dict) else getattr(value, "elts", [])
        return bool(row) and all(last_name(part) in self.classes for part in row)

    def stands_for_kind(self, module: Module, call: ast.Call, name: str, tables: Collection[str]) -> bool:
        """Whether a name is one for such classes: a parameter that is asked for its fields, or what a loop gives."""
        holders = list(module.enclosing(call))
        for holder in holders:
            loops = getattr(holder, "generators", [holder])
            for loop in loops:
                if isinstance(loop, ast.For | ast.comprehension) and name in map(dotted, parts_of(loop.target)):
                    over = method_of(loop.iter)
                    if last_name(over) in tables or self.are_kinds(over):
                        return True
            if is_function(holder):
                kinds = [one.name for one in holders if isinstance(one, ast.ClassDef)]
                if name == "cls" and kinds:
                    return not self.above.isdisjoint(kinds)
                parameters = [item.arg for item in (*holder.args.args, *holder.args.kwonlyargs)]
                if name not in parameters:
                    continue
                places = {(holder.name, name), (holder.name, parameters.index(name))}
                return not places.isdisjoint(self.given) or asks_class(holder, name)
        return any(last_name(getattr(value, "value", value)) in tables for value in module.given.get(name, [])[:MOST])

    def taken_apart(self) -> set[str]:
        """Fields of objects that are turned into tables again, which reads all of them."""
        found: set[str] = set()
        for module in self.every if self.classes else ():
            for _, call, full in module.calls:
                name = called(call)
                if name in SPREADS or (name == "dict" and isinstance(call.func, ast.Attribute)):
                    method = call.func.value if isinstance(call.func, ast.Attribute) else None
                    taken = call.args[0] if call.args else method
                elif name == "getattr" and full == "getattr" and len(call.args) > 1 and not text_of(call.args[1]):
                    taken = call.args[0]
                else:
                    continue
                if taken is not None and not is_recorded(module, call) and not is_of_library(module, taken):
                    found.update(self.fields_of_all(self.kinds_of(module, taken)))
        return found

    def fields_of_all(self, kinds: Collection[str]) -> Iterator[str]:
        """The fields of some classes and of those that they hold."""
        for kind in kinds:
            yield from self.classes[kind]

    def kinds_of(self, module: Module, node: ast.expr) -> Collection[str]:
        """Which classes an object may be of, with those of its fields; all where the code does not tell."""
        kinds = set[str]()
        if isinstance(node, ast.Attribute):
            held = [fields[node.attr] for fields in self.classes.values() if node.attr in fields]
            kinds = {name for names in held for name in names if name in self.classes}
            if held and not kinds and dotted(node.value) != "self":
                return ()  # a table, or a number
        elif isinstance(node, ast.Name):
            kinds = self.kinds_of_name(module, node)
            if not kinds and node.id == "self":
                return ()  # of a class that does more
        elif isinstance(node, ast.Call):
            kinds = self.classes.keys() & names_in(node)  # `asdict(made(Settings, table))`
        if not kinds:
            return ()
        for _ in range(CHAINED):
            held = [names for kind in kinds for names in self.classes[kind].values()]
            kinds |= {name for names in held for name in names if name in self.classes}
        return kinds

    def kinds_of_name(self, module: Module, node: ast.Name) -> set[str]:
        """The classes that the annotation of a parameter, or what a name is given, tells."""
        told: list[ast.expr] = []
        for holder in module.enclosing(node):
            if isinstance(holder, ast.ClassDef) and node.id == "self":
                return {holder.name} & self.classes.keys()
            if is_function(holder):
                items = (*holder.args.posonlyargs, *holder.args.args, *holder.args.kwonlyargs)
                told += [item.annotation for item in items if item.arg == node.id and item.annotation is not None]
        for value in module.given.get(node.id, [])[:MOST]:
            told += [value] if isinstance(value, ast.Call) else []
        return {name for one in told for name in names_in(one) if name in self.classes}


def is_record(node: ast.ClassDef, own: Collection[str] = ()) -> bool:
    """Whether a class only declares values: that it has a field does not mean that anybody asks for it."""
    marks = {last_name(mark.func if isinstance(mark, ast.Call) else mark) for mark in node.decorator_list}
    bases = {last_name(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases}
    if not MARKS.isdisjoint(marks):
        return bases <= {*BASES, *own, "object", "Generic", "ABC"}
    return bool(bases) and bases <= BASES


def fields_of(node: ast.ClassDef) -> Iterator[tuple[str, set[str]]]:
    """The fields of a class, with the names in their annotations."""
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            yield line.target.id, set(names_in(line.annotation))


def names_in(node: ast.AST) -> Iterator[str]:
    """The names in an expression, also those of an annotation that is a text."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name | ast.Attribute):
            yield last_name(inner)
        elif text_of(inner).isidentifier():
            yield text_of(inner)


def asks_class(function: ast.AST, name: str) -> bool:
    """Whether a function asks a class that it is given for its fields."""
    for inner in ast.walk(function):
        if isinstance(inner, ast.Call) and called(inner) in ASKS_CLASS and name in map(dotted, inner.args):
            return True
        if isinstance(inner, ast.Attribute) and inner.attr in ASKS_CLASS and dotted(inner.value) == name:
            return True
    return False


def is_recorded(module: Module, call: ast.Call) -> bool:
    """Whether what a call gives is written down, kept beside other things, or put over what it was taken from."""
    node: ast.AST = call
    kept = False
    for holder in module.enclosing(call):
        if isinstance(holder, ast.Call) and node is not holder.func:
            tracked = module.full_name(holder.func).startswith(TRACKERS)
            return kept or tracked or called(holder) in RECORDING
        if isinstance(holder, ast.keyword) and holder.arg is None:
            return False
        if isinstance(holder, ast.Dict):
            kept = any(value is node and key is not None for key, value in zip(holder.keys, holder.values, strict=True))
            if not kept:
                return False
        elif isinstance(holder, ast.FormattedValue):
            return True
        elif not isinstance(holder, ast.Call | ast.Attribute | ast.keyword):
            return kept
        node = holder
    return kept


def is_of_library(module: Module, node: ast.expr) -> bool:
    """Whether a name is one of an imported module, or what the command line says: `getattr(torch.optim, name)`."""
    root = dotted(node).partition(".")[0]
    if isinstance(node, ast.Attribute | ast.Name) and root in module.origins:
        return True
    given = module.given.get(root, []) if isinstance(node, ast.Name) else []
    return bool(given) and all(isinstance(one, ast.Call) and called(one).startswith("parse_") for one in given)


def method_of(node: ast.expr) -> ast.expr:
    """`table` of `table.items()`; anything else as it is."""
    return node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node


def parts_of(target: ast.expr) -> list[ast.expr]:
    """The names that a loop gives a value."""
    return list(getattr(target, "elts", [target]))
