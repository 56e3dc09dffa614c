"""What a body without content is, and the classes of a tree with the methods that they leave open."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from audit.rules.code import is_text, text_of

NOT_YET = re.compile(r"^\W*(?:\w+ )?(?:is )?(?:not (?:yet )?implemented|to be implemented|unimplemented)\b", re.I)
REFUSES = re.compile(
    r"(?!.*\b(?:yet|stub|todo|fixme)\b)"
    r".*(?:\b(?:use|instead|cannot|can't|only|must|pass|unavailable|does not|doesn't|not used"
    r"|not \w+[ai]ble|not (?:well )?(?:defined|meaningful)|undefined|deprecated|removed|no longer)\b|support)",
    re.I | re.S,
)
WORK = {"fit", "train", "evaluate", "run", "load", "save", "preprocess"}  # what a class is made for
INTERFACES = {"Protocol", "ABC", "ABCMeta", "Interface"}
DOCUMENTED = "a docstring"


@dataclass
class Classes:
    """Who inherits from whom and who defines which method, by name, over the whole tree."""

    bases: dict[str, set[str]] = field(default_factory=dict)
    methods: dict[str, set[str]] = field(default_factory=dict)
    hollow: dict[str, set[str]] = field(default_factory=dict)
    protocols: list[set[str]] = field(default_factory=list)

    def add_all(self, statements: Sequence[ast.AST]) -> None:
        """Note the classes of a module."""
        called = {  # what a class has been called here -> its own name
            alias.asname: alias.name
            for node in statements
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.asname
        }
        for node in statements:
            if isinstance(node, ast.ClassDef):
                self.add(node, called)

    def add(self, node: ast.ClassDef, called: Mapping[str, str]) -> None:
        """Note a class."""
        above = {called.get(class_name(base), class_name(base)) for base in node.bases}
        defined = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
        names = {item.name for item in defined}
        # `class Metric(torchmetrics.Metric)`: the one above is another.
        self.bases.setdefault(node.name, set()).update(f".{name}" if name == node.name else name for name in above)
        self.methods.setdefault(node.name, set()).update(names)
        self.hollow.setdefault(node.name, set()).update(item.name for item in defined if placeholder(item.body))
        if above & INTERFACES:
            self.protocols.append(names)

    def is_filled_in_below(self, name: str) -> bool:
        """Whether some class below writes a method that this one leaves empty: it is there to be filled in."""
        below = self.reach(name, up=False) if self.hollow[name] else ()
        return any(self.hollow[name] & self.methods[other] for other in below)

    def is_owed(self, name: str, method: str) -> bool:
        """Whether a class has all methods of a protocol, one of which may have nothing to do in it."""
        own = self.methods[name]
        return any(method in protocol and len(protocol) > 1 and protocol <= own for protocol in self.protocols)

    def is_nothing(self, name: str, essential: set[str]) -> bool:
        """Whether a class does nothing in all its methods, and another does something in methods of these names."""
        own = {method for method in self.methods[name] if not method.startswith("__")}
        if len(own) < 2 or not own <= self.hollow[name] or own & (essential | WORK):
            return False
        return any(own <= methods and not own & self.hollow[other] for other, methods in self.methods.items())

    def is_hook(self, name: str, method: str, *, raises: bool) -> bool:
        """Whether a method is known above or below the class: it may have nothing to do here.

        One that only raises is unwritten where those above leave it open as well.
        """
        above, below = self.reach(name, up=True), self.reach(name, up=False)
        known = [other for other in above | below if method in self.methods.get(other, ())]
        return any(not raises or other in below or method not in self.hollow[other] for other in known)

    def reach(self, name: str, *, up: bool) -> set[str]:
        """All classes above or below."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            above = self.bases.get(current, set()) if up else {n for n, bases in self.bases.items() if current in bases}
            waiting += above - seen
            seen |= above
        return seen - {name}


def placeholder(body: list[ast.stmt], *, may_refuse: bool = True) -> str:
    """What is all there is, in words: `pass`, `...`, `raise NotImplementedError` or the like, a docstring; else "".

    A method, or a function for some platform, may refuse what its class or platform cannot do.
    """
    rest = body[1:] if is_text(body[0]) else body
    if len(rest) != 1:
        return "" if rest else DOCUMENTED
    only = rest[0]
    if isinstance(only, ast.Pass):
        return "`pass`"
    if isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant) and only.value.value is ...:
        return "`...`"
    if isinstance(only, ast.Raise) and only.exc is not None:
        said = text_of(only.exc.args[0]) if isinstance(only.exc, ast.Call) and only.exc.args else ""
        unwritten = class_name(only.exc) in ("NotImplementedError", "NotImplemented")
        unwritten = unwritten and not (may_refuse and REFUSES.match(said))
        if unwritten or NOT_YET.search(said):
            return f"`raise {class_name(only.exc)}`"
    return ""


def class_name(node: ast.expr) -> str:
    """`Name` of `a.b.Name`, `Name[...]` or `Name(...)`; "" for anything else."""
    if isinstance(node, ast.Subscript):
        return class_name(node.value)
    if isinstance(node, ast.Call):
        return class_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
