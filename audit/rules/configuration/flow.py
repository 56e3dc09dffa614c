"""Where tables of a configuration go that the code uses as a whole: back through names, parameters and calls."""

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from audit.rules.code import Function, Module, called, is_function, keyword, last_name, text_of
from audit.rules.configuration.chains import accessors_in, chain, is_no_entry, parameter_asked, pattern_asked, wrapping
from audit.rules.configuration.loading import (
    CALLED,
    DATA,
    EACH,
    FORMATS,
    LOADERS,
    MOST,
    ROOT,
    WRAPPERS,
    Keys,
    Own,
    Use,
    fields,
    handed_on,
    is_called,
    is_row,
    is_written_out,
    stored,
    true_name,
    values_of,
)
from audit.rules.configuration.loops import copies, gone_through_in
from audit.rules.configuration.puts import Put, given_to, put_into, putting
from audit.rules.configuration.records import method_of
from audit.rules.configuration.registered import callers_of, chosen, reaching, spoken
from audit.rules.configuration.tables import (
    MERGES,
    SAME,
    Place,
    Source,
    below,
    filled,
    given_back,
    is_command,
    is_of_constants,
    is_own,
    is_parsed,
    library_of,
    loads_by_name,
    parts_of,
    unpacked,
)

DEEPEST = 30  # names that one table is followed through
MOST_CALLERS = 20  # of a function that are looked at
CHAINED = 6  # calls that one expression is followed through
OF_TABLES = {"object", "dict", "UserDict", "Mapping", "MutableMapping", "SimpleNamespace", "Namespace"}
PARAMETERS = re.compile(r"(^|_)(params?|parameters)$")
AROUND = {"staticmethod", "classmethod", "property", "no_grad", "inference_mode", "wraps", "cached_property"}


class Flow:
    """The functions of a tree with those that call them."""

    def __init__(self, every: Iterable[Module], records: Collection[str], conversions: Collection[ast.Call]) -> None:
        self.every = list(every)
        self.records = records
        self.conversions = conversions
        self.functions: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        self.classes: dict[str, list[tuple[Module, ast.ClassDef]]] = defaultdict(list)
        self.methods: dict[ast.AST, ast.ClassDef] = {}
        self.known: dict[tuple[object, ...], list[Place] | None] = {}
        self.visiting = list[object]()
        for module in self.every:
            for _, node in module.statements():
                if is_function(node):
                    self.functions[node.name].append((module, node))
                elif isinstance(node, ast.ClassDef):
                    self.classes[node.name].append((module, node))
                    self.methods.update((line, node) for line in node.body)

    @cached_property
    def escapes(self) -> dict[tuple[Module, Source | None], set[Keys]]:
        """The keys of tables that are used without naming what is in them, by what loads these.

        Where no call is known that does, it stands for all that the module that uses the table may load.
        """
        own = Own({*self.functions, *self.classes}, self.records, self.conversions, self.chosen.keys())
        found = defaultdict[tuple[Module, Source | None], set[Keys]](set)
        for module in self.every:
            for node, use in filter(is_no_entry, handed_on(module, own)):
                told = use is Use.ENTRIES and self.asks_by_text(module, node)
                places = [] if told else self.places(module, node)
                gone_through = isinstance(module.parents.get(node), ast.For | ast.comprehension)
                known = bool(places) or gone_through or is_own(module, node)
                if use is Use.WHOLE and isinstance(node, ast.Attribute) and not known:
                    places = [((node.attr,), None)]  # `**args.decoder`: no option of a program is a table
                for keys, source in places:
                    loaded = found[source[0] if source else module, source]
                    if use is Use.ENTRIES:
                        loaded.add((*keys, pattern_asked(module, node)) if source else keys)
                    elif keys or use is not Use.FORMAT:
                        loaded.add((*keys, EACH) if keys and gone_through else keys or ROOT[use])
        return {loader: tables for loader, tables in found.items() if tables}

    @cached_property
    def callers(self) -> dict[str, list[Source]]:
        """Name of a function or class -> the calls of it; those of `super().__init__` under the names of the bases."""
        return callers_of(self.every, self.classes, self.chosen)

    @cached_property
    def putting(self) -> dict[str, dict[int, Put]]:
        """Functions that put tables over what they are given by one of their parameters."""
        return putting(self.every)

    @cached_property
    def accessors(self) -> dict[str, int]:
        """Methods and functions of the tree that give an entry of a table by its key."""
        return accessors_in(function for rows in self.functions.values() for _, function in rows)

    @cached_property
    def wrappers(self) -> set[str]:
        """Classes of the tree that stand for the table that they are given."""
        own = {*self.classes, *OF_TABLES}
        return {
            name
            for name, ((_, node), *_) in self.classes.items()
            if own.issuperset(map(last_name, node.bases)) and wrapping(node, self.accessors)
        }

    @cached_property
    def chosen(self) -> dict[ast.Call, tuple[Module, list[str]]]:
        """Calls of what a table of the tree's own functions and classes holds: `MODELS[name](config)`."""
        return chosen(self.every, {*self.functions, *self.classes})

    @cached_property
    def spoken(self) -> set[str]:
        """Names of functions and classes that stand somewhere without being called: in a registry, as a callback."""
        bases = {id(base) for classes in self.classes.values() for _, node in classes for base in node.bases}
        known = {name for _, names in self.chosen.values() for name in names}
        return spoken(self.every, {*self.functions, *self.classes}, bases, known)

    def places(self, module: Module, node: ast.expr, depth: int = 0) -> list[Place]:
        """Where in which configurations a value may stand: ("b",) of `config["a"].b`; none for what is no part."""
        node, links, wrapped = chain(node, self.accessors)
        if depth > CHAINED:
            return []
        above = self.of_root(module, node, depth)
        if above is not None:
            return below(above, links)
        if wrapped and not links[0][1]:
            return below([((), None)], links)
        if not links or not links[0][1]:
            return []
        name = links[0][0]
        if isinstance(node, ast.Name) and node.id == "self":
            values = [(module, value) for value in fields(module).get(name, [])[:MOST]]
            found = self.of_all((module, name, depth), values, depth + 1)
            if found:
                return below(found, links[1:])
            if is_written_out(module, name):
                return []  # made here, not loaded
        if is_row(module, name):
            return []  # the layers of a network, which are called `cfg`
        if is_parsed(module, node) and name not in stored(module):
            return []  # an option of the program
        named = next((n for n, (key, attribute) in enumerate(links) if attribute and is_called(key)), None)
        return [] if named is None else below([((), None)], links[named + 1 :])

    def of_all(self, named: tuple[object, ...], values: Iterable[tuple[Module, ast.expr]], depth: int) -> list[Place]:
        """Where any of the values of something may stand; worked out once for each depth."""
        if named not in self.known:
            places = (place for module, value in values for place in self.places(module, value, depth))
            self.known[named] = list(dict.fromkeys(places))
        return self.known[named] or []

    def of_root(self, module: Module, node: ast.expr, depth: int) -> list[Place] | None:
        """Where what a chain begins with may stand; None for what is no configuration."""
        if isinstance(node, ast.Call):
            return self.of_call(module, node, depth)
        if isinstance(node, ast.Dict | ast.BinOp | ast.BoolOp | ast.IfExp):
            return [place for part in parts_of(node) for place in self.places(module, part, depth + 1)] or None
        if isinstance(node, ast.DictComp) and copies(module, node.generators[0]):
            return self.places(module, method_of(node.generators[0].iter), depth + 1) or None
        if not isinstance(node, ast.Name):
            return None
        given = values_of(module, node)[:MOST]
        put = [pair for row in put_into(module, node, self.putting) for pair in row]
        if is_row(module, node.id):
            return None
        scope = module.scope(node)
        named = (scope, node.id, *gone_through_in(module, node))
        if named not in self.known:
            if len(self.visiting) > DEEPEST:
                return []
            self.known[named] = []  # what stands for itself brings nothing new
            self.visiting.append(named)
            places = self.of_name(module, node, scope, given, put)
            self.known[named] = places and list(dict.fromkeys(places))
            self.visiting.pop()
        return self.known[named]

    def of_name(
        self, module: Module, node: ast.Name, scope: ast.AST, given: list[ast.expr], put: Put
    ) -> list[Place] | None:
        """Where what a name is given may stand: by assignments, callers, loops; else by what it is called."""
        every = [*((module, value) for value in given), *put, *self.unpacked(module, node)]
        found = [place for other, value in every for place in self.places(other, value)]
        bound = self.bound(scope, node.id) if is_function(scope) else None
        if bound is not None and (bound or not found):
            return [*found, *bound]
        if found:
            return found
        loops = list(gone_through_in(module, node))
        found = [place for over in loops for place in self.places(module, over)]
        if found:
            return found
        if (given and all(map(is_command, given))) or not CALLED.search(node.id):
            return None  # what the command line says
        made = [value for value in given if isinstance(value, ast.Call)]
        if given and node.id not in filled(module) and all(self.is_made_here(module, value) for value in given):
            return None
        if made and len(made) == len(given) and PARAMETERS.search(node.id) and not any(map(loads_by_name, made)):
            return None  # of a model, of what has been fitted
        return [((), (module, made[0]) if len(made) == len(given) == 1 else None)]

    def is_made_here(self, module: Module, value: ast.expr) -> bool:
        """Whether a table is of constants, or a function makes it that loads it from nowhere, nor has it from there."""
        name = true_name(module, value) if isinstance(value, ast.Call) else ""
        return is_of_constants(value) or (name in self.functions and name not in self.reaching)

    @cached_property
    def reaching(self) -> set[str]:
        """Names of the functions of the tree that load something or call what does."""
        return reaching(self.every, {function.name for function in self.loading if is_function(function)})

    def unpacked(self, module: Module, name: ast.Name) -> Iterator[tuple[Module, ast.expr]]:
        """What a name is given as one of several: `a, name = x, y`, and where a function of the tree returns them."""
        for value, at in unpacked(module).get(name.id, [])[:MOST]:
            if module.scope(value) is module.scope(name):
                if is_command(value) and at == 0:
                    yield module, value
                rows_of = self.returned(called(value)) if isinstance(value, ast.Call) else [(module, value)]
                for other, row in rows_of:
                    if isinstance(row, ast.Tuple) and at < len(row.elts):
                        yield other, row.elts[at]

    def of_call(self, module: Module, call: ast.Call, depth: int) -> list[Place] | None:
        """What a call loads, or what it is given where that comes back."""
        name = true_name(module, call)
        if name in MERGES and name not in self.functions:
            merged = [place for part in call.args for place in self.places(module, part, depth + 1)]
            return merged or ([((), None)] if LOADERS.search(name) else None)
        if is_command(call) and isinstance(call.func, ast.Attribute):
            return self.places(module, call.func.value, depth + 1) or None  # by `parser.set_defaults(**table)`
        if name in SAME:
            parts = given_to(call) or [method_of(call)]
            return [place for part in parts for place in self.places(module, part, depth + 1)] or None
        if self.loads(module, call):
            return [((), (module, call))]
        if name in WRAPPERS or name in self.wrappers:
            return [place for part in given_to(call) for place in self.places(module, part, depth + 1)] or None
        given = [part for _, one in self.functions.get(name, [])[:1] for part in given_back(call, one)]
        if given:
            return [place for part in given for place in self.places(module, part, depth + 1)] or None
        return self.of_all((name, depth), self.returned(name), depth + 2) or None if depth < CHAINED else None

    def returned(self, name: str) -> Iterator[tuple[Module, ast.expr]]:
        """What functions of the tree that are called so return."""
        for module, function in self.functions.get(name, [])[:2]:
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None and module.scope(node) is function:
                    yield module, node.value

    def loads(self, module: Module, call: ast.Call) -> bool:
        """Whether a call loads a configuration; a function of the tree that is called so must call what does."""
        library = library_of(module, call)
        if not LOADERS.search(called(call)) or library in DATA:
            return False
        own = self.functions.get(called(call), []) if library not in FORMATS else []
        return not own or any(function in self.loading for _, function in own)

    @cached_property
    def loading(self) -> set[ast.AST]:
        """Functions in which something is called that loads by its name."""
        return {
            holder
            for module in self.every
            for _, call, name in module.calls
            if LOADERS.search(called(call)) and name.partition(".")[0] not in DATA
            for holder in module.enclosing(call)
            if is_function(holder)
        }

    def bound(self, function: Function, name: str) -> list[Place] | None:
        """Where what callers give a parameter may stand; None where not all callers are known, or it is none."""
        told = function.args
        parameters = [*told.posonlyargs, *told.args, *told.kwonlyargs, *([told.kwarg] if told.kwarg else [])]
        if name not in [item.arg for item in parameters]:
            return None
        found, open_ended = list[Place](), False
        values = list(self.arguments(function, name))
        for caller, value, keys in values:
            given = self.places(caller, value)
            found += below(given, [(key, False) for key in keys])
            values_given = (values_of(caller, value) if isinstance(value, ast.Name) else []) or [value]
            kinds = ast.Constant | ast.Dict | ast.List
            written = all(isinstance(one, kinds) or is_command(one) for one in values_given)
            open_ended |= not given and not written
        if open_ended or not values or self.is_open(function):
            return [*found, ((), None)] if CALLED.search(name) else found or None
        return found

    def asks_by_text(self, module: Module, table: ast.expr) -> bool:
        """Whether a table is asked by a parameter of a function for entries whose keys all of its callers write out."""
        function, name = module.scope(table), parameter_asked(module, table)
        if not name or not is_function(function) or self.is_open(function):
            return False
        keys = [text_of(value) for _, value, _ in self.arguments(function, name)]
        return 0 < len(keys) < MOST_CALLERS and all(keys)

    def is_open(self, function: Function) -> bool:
        """Whether others than the calls that are seen may call it: it stands in a registry, or behind a decorator."""
        holder = self.methods.get(function)
        name = holder.name if isinstance(holder, ast.ClassDef) and function.name == "__init__" else function.name
        marks = [*function.decorator_list, *(holder.decorator_list if isinstance(holder, ast.ClassDef) else ())]
        names = {last_name(mark.func if isinstance(mark, ast.Call) else mark) for mark in marks}
        return name in self.spoken or not names <= AROUND or len(self.functions.get(name, [])) > 1

    def arguments(self, function: Function, name: str) -> Iterator[tuple[Module, ast.expr, Keys]]:
        """What the callers of a function give one of its parameters, with keys that lead on from there."""
        holder = self.methods.get(function)
        parameters = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
        static = "staticmethod" in map(last_name, function.decorator_list)
        skipped = int(isinstance(holder, ast.ClassDef) and not static)
        at = parameters.index(name) - skipped if name in parameters else -1
        title = holder.name if isinstance(holder, ast.ClassDef) and function.name == "__init__" else function.name
        is_method = isinstance(holder, ast.ClassDef) and title == function.name and title not in self.spoken
        for module, call in self.callers.get(title, [])[:MOST_CALLERS]:
            if is_method and isinstance(call.func, ast.Name) and not module.given.get(call.func.id):
                continue  # of a function that has the method's name
            given = keyword(call, name)
            if given is not None:
                yield module, given, ()
            elif function.args.kwarg is not None and function.args.kwarg.arg == name:
                yield from ((module, item.value, ()) for item in call.keywords if item.arg is None)
            elif 0 <= at < len(call.args) and not any(isinstance(item, ast.Starred) for item in call.args[: at + 1]):
                yield module, call.args[at], ()
            else:
                yield from ((module, item.value, (name,)) for item in call.keywords if item.arg is None)
