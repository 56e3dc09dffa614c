"""What a body without content is, and the classes of a tree with the methods that they leave open."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from audit.rules.code import dotted, is_function, is_text, text_of

NOT_YET = re.compile(r"^\W*(?:\w+ )?(?:is )?(?:not (?:yet )?implemented|to be implemented|unimplemented)\b", re.I)
REFUSES = re.compile(
    r"(?!.*\b(?:yet|stub|todo|fixme)\b)"
    r"(?:\W*call\s+(?!not\b|is\b)"
    r"|.*\bplease\s+(?:first\s+)?(?:call|check|train|fit|run|set|load|install|see|choose|select)\b"
    r"|.*(?:\b(?:use|instead|cannot|can't|only|must|pass|unavailable|does not|doesn't|not used"
    r"|not \w+[ai]ble|not (?:well )?(?:defined|meaningful)|undefined|deprecated|removed|no longer)\b|support))",
    re.I | re.S,
)
UNWRITTEN = re.compile(r"(?:\bnot (?:yet )?implemented|\bto be implemented|\bTODO)\W*(?:yet\W*)?$", re.I)
WORK = {"fit", "train", "evaluate", "run", "load", "save", "preprocess"}  # what a class is made for
ALIKE = 3  # methods that two classes share, which are used in turn
INTERFACES = {"Protocol", "ABC", "ABCMeta", "Interface"}
DOCUMENTED = "a docstring"
DECLINED = "`return NotImplemented`"
STEPS = 3  # that a class leaves open
MANY = 5  # functions of a module
INITIAL = re.compile(r"^_?(init|initiali[sz]e|reset)_(weights|parameters|params)$")
WEIGHTLESS = re.compile(r"Pool|ReLU|GELU|SiLU|Sigmoid|Softmax|Tanh|Dropout|DropPath|Flatten|Identity|Upsample|Loss")


@dataclass
class Classes:
    """Who inherits from whom and who defines which method, by name, over the whole tree.

    `caught` are the methods that somebody calls and knows what to do where they raise NotImplementedError; `again`
    are those that a class writes which inherits from another of its name.
    """

    bases: dict[str, set[str]] = field(default_factory=dict)
    methods: dict[str, set[str]] = field(default_factory=dict)
    hollow: dict[str, set[str]] = field(default_factory=dict)
    protocols: list[set[str]] = field(default_factory=list)
    nodes: dict[str, list[ast.ClassDef]] = field(default_factory=dict)
    registries: set[str] = field(default_factory=set)
    caught: set[str] = field(default_factory=set)
    again: dict[str, set[str]] = field(default_factory=dict)

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

    def add_caught(self, statements: Sequence[ast.AST]) -> None:
        """Note the methods that a module knows may refuse: `try: x.f()` with `except NotImplementedError:`."""
        for node in statements:
            if isinstance(node, ast.Try) and len(node.body) < 3 and any(map(is_refusal, node.handlers)):
                calls = (inner.func for line in node.body for inner in ast.walk(line) if isinstance(inner, ast.Call))
                self.caught.update(func.attr for func in calls if isinstance(func, ast.Attribute))

    def add(self, node: ast.ClassDef, called: Mapping[str, str]) -> None:
        """Note a class."""
        above = {called.get(class_name(base), class_name(base)) for base in node.bases}
        defined = [item for item in node.body if is_function(item)]
        names = {item.name for item in defined}
        # `class Metric(torchmetrics.Metric)`: the one above is another.
        self.bases.setdefault(node.name, set()).update(f".{name}" if name == node.name else name for name in above)
        self.methods.setdefault(node.name, set()).update(names)
        hollow = {item.name for item in defined if placeholder(item.body)}
        self.hollow.setdefault(node.name, set()).update(hollow)
        if node.name in above:
            self.again.setdefault(node.name, set()).update(names - hollow)
        self.nodes.setdefault(node.name, []).append(node)
        for decorator in node.decorator_list:  # `@Encoder.register("lstm")`: others stand in its place
            called_for = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called_for, ast.Attribute) and called_for.attr.startswith("register"):
                self.registries.add(class_name(called_for.value))
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

    def is_alike(self, name: str, method: str) -> bool:
        """Whether another class has this method filled and three more that both fill: they are used in turn."""
        filled = {item for item in self.methods[name] - self.hollow[name] if not item.startswith("_")}
        others = (methods - self.hollow[other] for other, methods in self.methods.items() if method in methods)
        return any(method in written and len(filled & written) >= ALIKE for written in others)

    def is_passed_over(self, name: str, method: str) -> bool:
        """Whether a step that those above leave open is called only by what this class has written anew.

        That is a method of theirs that it overrides, or an object of theirs in whose place it sets another.
        """
        above = self.reach(name, up=True)
        if not any(method in self.hollow.get(other, ()) for other in above):
            return False
        own = [node for part in self.nodes[name] for node in ast.walk(part)]
        kept = {node.attr for node in own if isinstance(node, ast.Attribute) and class_name(node.value) == "super"}
        given = {node.attr for node in own if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
        anew = self.methods[name] - self.hollow[name] - kept
        if any(receiver == "" for _, receiver in self.calls(name, method)):
            return False
        calls = [call for other in above for call in self.calls(other, method)]
        return bool(calls) and all(caller in anew or receiver in given for caller, receiver in calls)

    def calls(self, name: str, method: str) -> Iterator[tuple[str, str]]:
        """(method, attribute) in which a class calls `self.method()`, attribute "", or `self.attribute.method()`."""
        for part in self.nodes.get(name, ()):
            for item in filter(is_function, part.body):
                for node in ast.walk(item):
                    if isinstance(node, ast.Attribute) and node.attr == method:
                        first, _, receiver = dotted(node.value).partition(".")
                        yield from [(item.name, receiver)] if first == "self" else []

    def is_hook(self, name: str, method: str, *, raises: bool) -> bool:
        """Whether a method is known above or below the class: it may have nothing to do here.

        One that only raises is unwritten where those above leave it open as well.
        """
        above, below = self.reach(name, up=True), self.reach(name, up=False)
        known = [other for other in above | below if method in self.methods.get(other, ())]
        return any(not raises or other in below or method not in self.hollow[other] for other in known)

    def is_template(self, name: str) -> bool:
        """Whether one method of a class runs all those, three or more, that it leaves to the classes below."""
        left = self.hollow.get(name, set())
        callers = [{caller for caller, receiver in self.calls(name, method) if not receiver} - left for method in left]
        return len(callers) >= STEPS and bool(set.intersection(*callers))

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


def cannot_be_made(node: ast.ClassDef) -> bool:
    """Whether all that making an object does is to say why there is none: nobody calls its methods."""
    made = (item for item in node.body if is_function(item) and item.name in ("__init__", "__new__"))
    bodies = [item.body[1:] if is_text(item.body[0]) else item.body for item in made]
    return any(len(body) == 1 and isinstance(body[0], ast.Raise) and not placeholder(body) for body in bodies)


def is_weightless(node: ast.ClassDef) -> bool:
    """Whether a class keeps layers of its own, and none of them has weights: there is nothing to initialise."""
    kept = (part for part in ast.walk(node) if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call))
    made = [class_name(part.value) for part in kept if isinstance(part.targets[0], ast.Attribute)]
    layers = [name for name in made if name[:1].isupper()]
    return bool(layers) and len(layers) == len(made) and all(map(WEIGHTLESS.search, layers))


def is_interface(tree: ast.Module) -> bool:
    """Whether a module describes what others have to bring: functions, each of them nothing but its documentation."""
    functions = [node for node in tree.body if is_function(node)]
    return len(functions) >= MANY and all(placeholder(node.body) == DOCUMENTED for node in functions)


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
    if isinstance(only, ast.Return) and (said := nothing_said(only.value)):
        return said
    if isinstance(only, ast.Assert | ast.Expr) and says_unwritten(only):
        return "a word that it is not there"
    if isinstance(only, ast.Raise) and only.exc is not None:
        said = text_of(only.exc.args[0]) if isinstance(only.exc, ast.Call) and only.exc.args else ""
        unwritten = class_name(only.exc) in ("NotImplementedError", "NotImplemented")
        unwritten = unwritten and not (may_refuse and REFUSES.match(said))
        if unwritten or NOT_YET.search(said):
            return f"`raise {class_name(only.exc)}`"
    return ""


def nothing_said(value: ast.expr | None) -> str:
    """What is given back in place of a result: `...`, `NotImplemented`; "" for anything else."""
    if isinstance(value, ast.Constant) and value.value is ...:
        return "`return ...`"
    return DECLINED if isinstance(value, ast.Name) and value.id == "NotImplemented" else ""


def says_unwritten(only: ast.Assert | ast.Expr) -> bool:
    """`assert False, "not implemented"`, `print("not implemented yet")`, `warnings.warn("to be implemented")`."""
    if isinstance(only, ast.Assert):
        fails = isinstance(only.test, ast.Constant) and not only.test.value
        return fails and NOT_YET.search(text_of(only.msg)) is not None
    call = only.value
    given = call.args[:1] if isinstance(call, ast.Call) else []
    return any(UNWRITTEN.search(text_of(part)) for part in given)


def is_refusal(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is for what is not implemented, alone or among others."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(one is not None and class_name(one) == "NotImplementedError" for one in kinds)


def class_name(node: ast.expr) -> str:
    """`Name` of `a.b.Name`, `Name[...]` or `Name(...)`; "" for anything else."""
    if isinstance(node, ast.Subscript):
        return class_name(node.value)
    if isinstance(node, ast.Call):
        return class_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
