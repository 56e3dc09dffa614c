"""By which keys the code asks its tables for entries: subscripts, `.get()`, attributes, and texts that may be keys."""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from audit.rules.code import DEFINING, Module, called, docstrings, dotted, is_function, text_of
from audit.rules.configuration.loading import is_written_out, updated, values_of
from audit.rules.configuration.loops import SETS, checks_keys, is_compared
from audit.rules.configuration.records import Records
from audit.rules.configuration.transfers import uses_of

KEYS = re.compile(r"\s*(?!-)[^\s,]+([,\s]+[\w.]+)*,?\s*")  # not two words of a sentence with other signs
# Methods and functions that are given the key of an entry, and where.
GETTERS = {"get", "pop", "setdefault"}
OF_OBJECTS = {"getattr", "hasattr"}
# Calls that show texts, or name the axes of a figure; what an option is when nobody gives it.
SHOWING = {
    "print", "info", "debug", "warning", "error", "exception", "echo", "write", "log", "title", "xlabel", "ylabel",
    "set_xlabel", "set_ylabel", "set_title", "suptitle", "legend", "add_scalar", "log_metric", "log_param", "tqdm",
}  # fmt: skip
EXPLAINS = {"default", "help", "choices", "description", "prog", "usage", "metavar", "mode", "monitor", "label", "desc"}
SPEAKING = {ast.Dict, ast.JoinedStr, ast.Compare, ast.Call}  # nodes that may hold texts that ask for nothing
ASKING: set[type[ast.AST]] = {*SPEAKING, ast.Attribute, ast.Constant, ast.Subscript}
MOST = 5  # values of one name that are looked at: a name given itself again and again takes no time
ANY = ""  # the section of an entry that is asked for by its key alone

Readings = dict[str, set[str]]  # key -> the sections out of which it is asked for


class Asked:
    """What is asked for in the modules of a tree.

    Attributes:
        variables: names of variables, parameters, functions and classes.
        records: classes that only hold values, with their fields.
        conversions: calls that make such an object of a table under another name than its class's, or a table of it.
        readings: each key that tables are asked for, with the keys of the tables.
    """

    def __init__(self, every: list[Module]) -> None:
        classes = Records(every)
        self.records, self.conversions = classes.classes, classes.conversions()
        self.variables, fields = names_in(every, self.records)
        fields.update(classes.taken_apart())
        self.readings: Readings = defaultdict(set)
        for name in fields:
            self.readings[name].add(ANY)
        for module in every:
            for key, section in asking(module):
                self.readings[key].add(section)

    def reads(self, keys: tuple[str, ...], sections: Collection[str]) -> bool:
        """Whether an entry is asked for by its key: of its own section, or of a table that is none of the file's."""
        asked = self.readings.get(keys[-1], set())
        above = keys[-2] if len(keys) > 1 else ANY
        return any(section in (above, ANY) or section not in sections for section in asked)


def asking(module: Module) -> Iterator[tuple[str, str]]:
    """Keys with the section they are asked of, and texts by which something else may be asked for.

    The keys of tables that are written out in the code ask for nothing, nor do texts that are compared or shown.
    """
    skipped: set[int] = set()
    kept: set[str] = set()  # attributes that the module's own objects are given: nothing of a configuration
    attributes: list[ast.Attribute] = []
    methods = {id(call.func) for _, call, _ in module.calls}
    texts: list[ast.Constant] = []
    for node in module.of(*ASKING):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                texts.append(node)
        elif isinstance(node, ast.Attribute):
            if isinstance(node.ctx, ast.Load):
                attributes += () if id(node) in methods else (node,)
            elif isinstance(node.ctx, ast.Store) and dotted(node.value) == "self":
                kept.add(node.attr)
        elif isinstance(node, ast.Subscript):
            if text_of(node.slice):
                skipped.add(id(node.slice))
                if not isinstance(node.ctx, ast.Store) and not is_made(module, node.value):
                    yield from ((key, section_of(module, node.value)) for key in words(text_of(node.slice)))
        elif isinstance(node, ast.Call):
            key, table = key_asked(node)
            if key is not None:
                skipped.add(id(key))
                if not is_made(module, table):
                    yield from ((word, section_of(module, table)) for word in words(text_of(key)))
        if type(node) in SPEAKING:
            skipped.update(map(id, speaking(node)))
    skipped.update(id(text) for row in known_keys(module) for text in row.elts)
    for node in attributes:
        if not (node.attr in kept and dotted(node.value) == "self"):
            yield node.attr, section_of(module, node.value)
    skipped.update(*map(docstrings, module.pieces))
    for text in texts:
        if id(text) not in skipped:
            yield from ((word, ANY) for word in words(text_of(text)))


def known_keys(module: Module) -> Iterator[ast.Tuple | ast.List | ast.Set]:
    """Rows of keys with which those of a table are only compared: none of them is asked for what it holds."""
    for row in module.of(ast.Tuple, ast.List, ast.Set):
        if not isinstance(row, ast.Tuple | ast.List | ast.Set) or not row.elts or not all(map(text_of, row.elts)):
            continue
        holder = module.parents.get(row)
        if isinstance(holder, ast.Call) and called(holder) in ("set", "frozenset", "tuple"):
            holder = module.parents.get(holder)
        to = holder.targets[0] if isinstance(holder, ast.Assign) else None
        if isinstance(to, ast.Name) and len(module.given[to.id]) == 1:
            uses = uses_of(module).get(to.id, [])
            yield from [row] if uses and all(only_checks(module, use) for use in uses) else []
        elif only_checks(module, row):
            yield row


def only_checks(module: Module, node: ast.expr) -> bool:
    """Whether keys are only compared with those of a table: `[key for key in KEYS if key not in table]`."""
    holder = module.parents.get(node)
    if isinstance(holder, ast.Call):
        return called(holder) in ("join", "sorted", "len") or is_compared(module, holder) or called(holder) in SETS
    if isinstance(holder, ast.BinOp):
        return isinstance(holder.op, ast.Sub | ast.BitAnd | ast.BitXor)
    if isinstance(holder, ast.For | ast.comprehension):
        return checks_keys(module, holder)
    if isinstance(holder, ast.Compare):
        return node is not holder.left and isinstance(holder.ops[0], ast.In | ast.NotIn)
    return isinstance(holder, ast.FormattedValue)


def key_asked(call: ast.Call) -> tuple[ast.expr | None, ast.expr]:
    """The text by which a call asks for an entry, and the table it asks; None for a call that does not."""
    name = called(call)
    if name in GETTERS and isinstance(call.func, ast.Attribute) and call.args and text_of(call.args[0]):
        return call.args[0], call.func.value
    if name in OF_OBJECTS and len(call.args) > 1 and text_of(call.args[1]):
        return call.args[1], call.args[0]
    return None, call.func


def speaking(node: ast.AST) -> Iterator[ast.AST]:
    """Texts that ask for nothing: keys of tables, what is compared or shown, what explains an option."""
    if isinstance(node, ast.Dict):
        yield from (key for key in node.keys if key is not None)
    elif isinstance(node, ast.JoinedStr):
        yield from node.values
    elif isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        if isinstance(node.ops[0], ast.Eq | ast.NotEq):
            yield from sides
        elif isinstance(node.ops[0], ast.In | ast.NotIn) and not text_of(node.left):
            yield from (part for side in sides[1:] for part in getattr(side, "elts", ()))
    elif isinstance(node, ast.Call):
        yield from node.args if called(node) in SHOWING else ()
        for item in node.keywords:
            if item.arg in EXPLAINS:
                yield from (item.value, *getattr(item.value, "elts", ()))


def section_of(module: Module, table: ast.expr, depth: int = 0) -> str:
    """The key of the table in its own: "train" of `config["train"]`; ANY for what cannot be told."""
    if isinstance(table, ast.Subscript):
        return text_of(table.slice)
    if isinstance(table, ast.Attribute):
        return table.attr
    if isinstance(table, ast.Call):
        key, _ = key_asked(table)
        return text_of(key)
    if isinstance(table, ast.Name) and depth < 2:
        given = values_of(module, table) if len(module.given.get(table.id, ())) <= MOST else []
        sections = {section_of(module, value, depth + 1) for value in given}
        return sections.pop() if len(sections) == 1 else ANY
    return ANY


def names_in(every: Iterable[Module], records: Collection[str]) -> tuple[set[str], set[str]]:
    """Names of variables, parameters, functions and classes; fields of classes that are no records."""
    variables: set[str] = set()
    others: set[str] = set()
    for module in every:
        variables.update(node.id for node in module.of(ast.Name))
        variables.update(node.arg for node in module.of(ast.arg))
        variables.update(node.arg or "" for node in module.of(ast.keyword))
        variables.update(node.name for _, node in module.statements() if isinstance(node, DEFINING))
        for node in module.of(ast.ClassDef):
            given = (line.target for line in node.body if isinstance(line, ast.AnnAssign))
            if node.name not in records:
                others.update(field.id for field in given if isinstance(field, ast.Name))
    return variables, others


def is_made(module: Module, node: ast.expr, below: int = 0) -> bool:
    """A name for tables of constants that are written out in the module, and into which nothing is put."""
    while isinstance(node, ast.Subscript) and text_of(node.slice):
        node = node.value
    if isinstance(node, ast.Attribute) and dotted(node.value) in ("self", "cls"):
        return is_written_out(module, node.attr)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in makers(module)
    if not isinstance(node, ast.Name) or node.id in updated(module):
        return False
    given = values_of(module, node) if below < MOST else []
    return bool(given) and all(
        is_plain(value) or (isinstance(value, ast.Subscript | ast.Call) and is_made(module, value, below + 1))
        for value in given
    )


def makers(module: Module) -> set[str]:
    """The module's own functions that return nothing but tables which are written out in them."""
    if "makers" not in module.derived:
        returned: dict[str, list[ast.expr | None]] = defaultdict(list)
        for node in module.of(ast.Return):
            function = module.scope(node)
            if isinstance(node, ast.Return) and is_function(function):
                returned[function.name].append(node.value)
        module.derived["makers"] = {
            name for name, values in returned.items() if all(value is not None and is_plain(value) for value in values)
        }
    names: set[str] = module.derived["makers"]
    return names


def is_plain(value: ast.expr) -> bool:
    """`{"a": 1}`, `dict(a=1)`: a table of nothing but what stands there."""
    if isinstance(value, ast.Call):
        return dotted(value.func) == "dict" and not value.args and all(item.arg for item in value.keywords)
    return isinstance(value, ast.Dict) and None not in value.keys


def words(text: str) -> list[str]:
    """The words of a text that is a key, a path of keys or a list of some; none of a sentence or an option."""
    return re.findall(r"\w+", text) if KEYS.fullmatch(text) else []
