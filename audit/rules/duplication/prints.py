"""Fingerprints of definitions, which do not depend on the choice of names."""

import ast
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from audit.rules.code import DEFINING, Function, is_function, is_text
from audit.rules.duplication.meant import with_meanings
from audit.rules.duplication.wording import library_name, message_of, plain_decorators, size, tells, without_self

MIN_NODES = 16  # of the syntax tree: six lines of a list are not logic
MIN_LOGIC = 32  # beside what is only said: of less the words of its messages count
OBJECTS = {"self", "cls", "other"}
HANDING = {"dict", "list", "items", "update", "super"}
# Methods that a library looks up by their names.
LOOKED_UP = {
    "forward", "call", "build", "fit", "predict", "predict_proba", "transform", "step", "setup", "training_step",
    "validation_step", "test_step", "predict_step", "configure_optimizers", "train_dataloader", "val_dataloader",
}  # fmt: skip
BLANK = "by default"
TYPES_ONLY = {"annotation", "returns", "type_comment", "type_params", "kind", "ctx"}


class Prints(NamedTuple):
    """Hashes of a definition.

    Attributes:
        exact: the first of its words, the others of what its names mean besides.
        blank: of a function with plain values by default: of what its names mean, or of its words where nothing tells,
            without those values. Whoever calls it may give others: they are no reason for a copy.
    """

    exact: list[str]
    blank: list[str]


@dataclass
class Text:
    """A definition written out as a row of words, layout, comments, documentation and annotations left away.

    Attributes:
        names: where in the row names stand, which may be chosen; those of attributes begin with a full stop, those of
            keywords with `=`.
        stored: of each name, whether it is given a value there.
        others: where the attributes of variables other than the object itself stand.
        spans: of each definition inside: from which word to which, and its number of nodes.
        said: where in the row a message or a line of the log is left out, and its number of nodes.
        defaults: where plain values stand that parameters have by default.
    """

    imported: Mapping[str, str]
    words: list[str] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    stored: list[bool] = field(default_factory=list)
    others: set[int] = field(default_factory=set)
    spans: dict[ast.AST, tuple[int, int, int]] = field(default_factory=dict)
    said: dict[int, int] = field(default_factory=dict)
    defaults: list[int] = field(default_factory=list)


def written(node: ast.AST, imported: Mapping[str, str], *, word_for_word: bool = False) -> Text:
    """The row of a definition and, within it, of those inside.

    `x: int = 3` is written as `x = 3`, but in a class without a method: there the types are what it says. What a
    library has is written the same way from wherever it was imported. Messages of errors and lines of the log are left
    out, unless they are to count `word_for_word`.
    """
    text = Text(imported)
    words = text.words
    nodes = 0
    spared: set[int] = set()
    by_default: set[int] = set()
    opened: list[tuple[ast.AST, int, int]] = []
    waiting: list[Any] = [node]
    while waiting:
        item = waiting.pop()
        kind = item.__class__
        if kind is ast.Name:
            nodes += 1
            library = library_name(item, imported) if item.id in imported else ""
            if not library:
                words.append("Name")
                text.names.append(len(words))
                text.stored.append(item.ctx.__class__ is ast.Store)
            words.append(library or item.id)
        elif kind is ast.Attribute:
            nodes += 1
            library = library_name(item, imported)
            if library:
                words.append(library)
                continue
            words.append("Attribute")
            holder = getattr(item.value, "id", "")  # what is imported has attributes of the names they have
            chosen = holder != "" and holder not in imported
            stored = item.ctx.__class__ is ast.Store
            waiting += ((f".{item.attr}", chosen, stored, chosen and holder not in OBJECTS), item.value)
        elif kind is tuple:  # the name of an attribute, which follows what has it
            word, chosen, stored, others = item
            if others:
                text.others.add(len(words))
            if chosen:
                text.names.append(len(words))
                text.stored.append(stored)
            words.append(word)
        elif kind is ast.Constant:
            if by_default and id(item) in by_default:
                text.defaults.append(len(words))
            words.append(repr(item.value))
        elif kind is ast.Expr and not word_for_word and tells(item):
            text.said[len(words)] = size(item)
            nodes += text.said[len(words)]
            words.append("")
        elif item is text:  # the end of the definition that was opened last
            inner, start, before = opened.pop()
            text.spans[inner] = (start, len(words), nodes - before)
        elif issubclass(kind, ast.AST):
            name, parts = meaning(kind)
            values = [getattr(item, part) for part in parts]
            stored = kind is ast.arg
            if kind in DEFINING:
                stored = bool(opened) and is_function(item) and is_function(opened[-1][0])
                opened.append((item, len(words), nodes))
                waiting.append(text)
                values = [body_of(item) if value is item.body else value for value in values]
                values = [plain_decorators(item) if value is item.decorator_list else value for value in values]
                if is_function(item):
                    values = [without_self(item) if value is item.args else value for value in values]
                if kind is ast.ClassDef and [getattr(base, "id", "") for base in item.bases] == ["object"]:
                    values = [[] if value is item.bases else value for value in values]  # so is every class
            elif (kind is ast.Raise or kind is ast.Assert) and not word_for_word:
                spared.add(id(message_of(item)))
            elif kind is ast.arguments:
                by_default.update(map(id, (*item.defaults, *item.kw_defaults)))
            elif kind is ast.AnnAssign:
                of_record = bool(opened) and is_record(opened[-1][0])
                name, values = "Assign", [[item.target], item.value, *([item.annotation] if of_record else [])]
            nodes += 1
            words.append(name)
            below: list[Any] = []
            for value in values:
                if value.__class__ is str:
                    text.names.append(len(words))
                    text.stored.append(stored)
                    words.append(f"={value}" if kind is ast.keyword else value)
                elif spared and id(value) in spared:
                    text.said[len(words)] = size(value)
                    nodes += text.said[len(words)]
                    words.append("")
                elif value.__class__ is list:
                    lines = bool(value) and isinstance(value[0], ast.stmt) and not word_for_word
                    words.append(f"[{len(value) - (sum(map(tells, value)) if lines else 0)}")
                    below += value
                else:
                    below.append(value)
            waiting += below[::-1]
        else:
            words.append(repr(item))
    return text


def is_record(node: ast.AST) -> bool:
    """A class that has fields and no method: it is nothing but the names of its fields."""
    return isinstance(node, ast.ClassDef) and not any(map(is_function, node.body))


def hands_on(node: ast.AST) -> bool:
    """Whether a definition is one call and no more: `def __init__(self): super().__init__(url=SMALL_URL)`."""
    while is_function(node) or isinstance(node, ast.ClassDef):
        if len(body_of(node)) != 1:
            return False
        node = body_of(node)[0]
    return isinstance(node, ast.Expr)


def body_of(node: Function | ast.ClassDef) -> list[ast.stmt]:
    """What a definition says behind its docstring."""
    return node.body[1:] if is_text(node.body[0]) else node.body


def forwarded(node: Function | ast.ClassDef) -> str:
    """The types of a method's parameters if it only hands them on, `super().__init__(model=model)`; "" otherwise."""
    lines = [line for line in body_of(node) if not isinstance(line, ast.AnnAssign) or line.value]
    call = lines[0].value if len(lines) == 1 and isinstance(lines[0], ast.Expr | ast.Return) else None
    above = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
    if not (isinstance(above, ast.Call) and getattr(above.func, "id", "") == "super"):
        return ""
    types = [part.annotation for part in ast.walk(node) if isinstance(part, ast.arg)]
    return ", ".join(ast.unparse(kind) for kind in types if kind)


def is_signature(node: ast.AST) -> bool:
    """Whether a function has no content, as an overload and an abstract method have none."""
    said = [line.value if isinstance(line, ast.Expr) else line for line in node.body] if is_function(node) else [node]
    return all(isinstance(part, ast.Pass | ast.Constant) for part in said)


def only_stores(node: ast.AST) -> bool:
    """Whether a method does nothing but keep what it is given, or give back what the object keeps, by its names.

    `self.alpha = alpha` of a constructor, `{"alpha": self.alpha}` of `get_config`: the names are the class's own, and
    there is no logic that could stand in one place.
    """
    if not is_function(node) or not (node.args.posonlyargs + node.args.args)[:1]:
        return False
    lines = body_of(node)
    if not all(isinstance(line, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return) for line in lines):
        return False
    values = [value for line in lines if (value := getattr(line, "value", None)) is not None]
    return any(map(mentions_self, lines)) and all(map(is_handed, values))


def only_hands_over(node: ast.AST) -> bool:
    """Whether all that a function does is one call, with what it is given rather than what it knows.

    A long signature is no logic; a table of what an object keeps, under the names of another, is.
    """
    line = body_of(node)[-1] if is_function(node) and len(body_of(node)) == 1 else None
    call = line.value if isinstance(line, ast.Expr | ast.Return) else None
    if not isinstance(call, ast.Call):
        return False
    if any(isinstance(part, ast.Call) and getattr(part.func, "id", "") != "super" for part in ast.walk(call.func)):
        return False  # `x.reshape(shape).permute(order)`: one step after the other
    given = (*call.args, *(item.value for item in call.keywords))
    plain = [value.value if isinstance(value, ast.Starred) else value for value in given]
    either = (value.values if isinstance(value, ast.BoolOp) else [value] for value in plain)  # `parts or {}`
    kept = sum(isinstance(value, ast.Attribute) for value in plain)
    return 2 * kept <= len(plain) and all(map(is_handed, chain.from_iterable(either)))


def mentions_self(line: ast.stmt) -> bool:
    """Whether something of the object is read or set."""
    return any(isinstance(part, ast.Attribute) and getattr(part.value, "id", "") == "self" for part in ast.walk(line))


def is_handed(value: ast.AST) -> bool:
    """A name, an attribute, nothing, a table or list of such, or what the class above gives or is given."""
    if isinstance(value, ast.Dict):
        named = all(key is None or isinstance(key, ast.Constant) for key in value.keys)
        return named and all(map(is_handed, value.values))
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.Add) and is_handed(value.left) and is_handed(value.right)
    if isinstance(value, ast.Call):
        name = getattr(value.func, "attr", "") or getattr(value.func, "id", "")
        above = "super()" in ast.unparse(value.func)
        given = (*value.args, *(item.value for item in value.keywords))
        return (above or name in HANDING) and all(map(is_handed, given))
    return isinstance(value, ast.Name | ast.Attribute) or (isinstance(value, ast.Constant) and value.value is None)


@cache
def meaning(kind: type[ast.AST]) -> tuple[str, tuple[str, ...]]:
    """The name of a kind of node and those of its parts that say what it does."""
    return kind.__name__, tuple(name for name in kind._fields if name not in TYPES_ONLY)


def fingerprints(
    node: Function | ast.ClassDef,
    text: Text,
    constants: set[str],
    renamed: dict[str, str],
    meanings: Sequence[Mapping[str, str]] = (),
    at_least: int = MIN_NODES,
) -> Prints:
    """Hashes that do not depend on the choice of names; none for what is too small.

    Names that the definition makes itself (its own, parameters, variables) and those of its module's `constants` count
    by order of appearance, in each method of a class anew. So do the attributes and methods of a class that has
    more than its constructor: any two constructors that only store what they are given would else be equal; so would
    those that only hand on constants, which keep their names there. The fields of a record keep their names. What is
    imported under another name counts by its own (`renamed`); values count as they are: code with another number is
    other code. For each table of `meanings` that tells of a name another hash, in which what it means counts; for a
    class one more, in which the attributes of other objects keep their names: `self.width / picture.width`.
    """
    start, end, count = text.spans[node]
    if count < at_least:
        return Prints([], [])
    said = sum(each for place, each in text.said.items() if start <= place < end)
    if said and count - said < MIN_LOGIC:
        text = written(node, text.imported, word_for_word=True)
        start, end, count = text.spans[node]
    methods = {f".{item.name}" for item in node.body if is_function(item)} if isinstance(node, ast.ClassDef) else set()
    first, last = bisect_left(text.names, start), bisect_left(text.names, end)
    own = {text.words[text.names[n]] for n in range(first, last) if text.stored[n]} | {node.name}
    if len(methods) > 1:
        kept = {name for name in methods if name.startswith(".__") or name[1:] in LOOKED_UP}
        own = (own - kept) | {part for name in methods - kept for part in (name, name[1:])}
    else:
        own -= {name for name in own if name.startswith(".")}
    if is_record(node):
        own = {node.name}
    if constants and hands_on(node):
        constants = set()
    inside = [item for item in node.body if is_function(item)] if isinstance(node, ast.ClassDef) else []
    spans = [text.spans[item][:2] for item in reversed(inside)]
    shared = {name for name in own if name.startswith(".")} | constants | {node.name}
    hashes: dict[str, None] = {}
    for kept_names in (frozenset[int](), text.others) if len(methods) > 1 and text.others else (frozenset[int](),):
        words = text.words[start:end]
        numbers: dict[tuple[str, int], str] = {}
        free: dict[int, str] = {}
        around = list(spans)
        for place in text.names[first:last]:
            name = text.words[place]
            if (name in own or name in constants) and place not in kept_names:
                while around and around[-1][1] <= place:
                    around.pop()
                method = around[-1][0] if around and around[-1][0] <= place and name not in shared else 0
                words[place - start] = numbers.setdefault((name, method), f"#{len(numbers)}")
            else:
                free[place - start] = name
                words[place - start] = renamed.get(name, name)
        told = [with_meanings(words, free, table) for table in meanings if not table.keys().isdisjoint(free.values())]
        hashes.update(dict.fromkeys(map(hashed, (words, *told))))
    blanks = text.defaults[bisect_left(text.defaults, start) : bisect_left(text.defaults, end)]
    if not blanks or not is_function(node):
        return Prints(list(hashes), [])
    for place in blanks:
        words[place - start] = BLANK
    told = [with_meanings(words, free, table) for table in meanings if not table.keys().isdisjoint(free.values())]
    return Prints(list(hashes), [hashed(each) for each in told or [words]])


def hashed(words: Iterable[str]) -> str:
    """One hash of all words that are not empty."""
    return hashlib.sha256("\0".join(filter(None, words)).encode("utf-8", "replace")).hexdigest()
