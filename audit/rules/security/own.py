"""Whether what is unpickled is the program's own: a copy, what its run wrote, what its ranks send, what it checked."""

import ast
import re
from collections.abc import Iterator, Sequence

from audit.rules.code import Module, called, dotted, is_constant, is_function, keyword, last_name, text_of
from audit.rules.security.checked import is_checked
from audit.rules.security.received import filled, received
from audit.rules.values import bound, defaults

PICKLES = {
    f"{module}.{name}"
    for module in ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "pickle5", "six.moves.cPickle")
    for name in ("load", "loads", "Unpickler")
} | {
    "pandas.read_pickle", "shelve.open", "sklearn.externals.joblib.load", "marshal.load", "marshal.loads",
    "jsonpickle.decode", "dill.load_session", "dill.load_module",
}  # fmt: skip
OPENERS = ("open", "io.open", "gzip.open", "bz2.open", "lzma.open", "builtins.open")
VIEWS = {"memoryview", "bytes", "bytearray", "BytesIO", "decompress", "compress", "b64decode", "b64encode"}
CODECS = {"codecs.encode", "codecs.decode"}
DEEPEST = 8  # names and views of the same bytes
DUMPS = {name.removesuffix(".loads") + ".dumps" for name in PICKLES if name.endswith(".loads")}
REDUCES = ("__reduce__", "__reduce_ex__")
BUFFERS = {"io.BytesIO", "BytesIO"}
TAKES = ("get", "get_nowait")  # of a queue
GIVES = ("put", "put_nowait", "send")
OF_TENSOR = re.compile(r"\b(tobytes|tolist|bytes|bytearray|memoryview)\(")
COLLECTIVE = re.compile(
    r"(distributed\w*|dist|hvd|torch)\.(all_gather|all_reduce|broadcast|gather|scatter|reduce|i?send)"
)
RANKED = re.compile(r"\{[^{}]*\brank\b[^{}]*\}")
WRITERS = {f"{name.rpartition('.')[0]}.dump": 1 for name in PICKLES} | {"numpy.save": 0}  # which argument the file is
QUOTED = re.compile(r"['\"].*['\"]")
TRUST = re.compile(r"(?<!un)(?<!dis)trust|unsafe|dangerous|insecure|allow_pickle", re.I)
REFUSAL = re.compile(f"^not .*({TRUST.pattern})", re.I)


def is_own(module: Module, call: ast.Call) -> bool:
    """Whether what is unpickled was pickled by the same function before: a copy; a cache is of another run, of whoever.

    What `__setstate__` is given comes from another pickle, which has run by then.
    """
    if any(is_function(holder) and holder.name in copiers(module) for holder in module.enclosing(call)):
        return True
    file = call.args[0] if call.args else keyword(call, "filename")
    if is_dumped(module, file):
        return True
    if is_checked(module, call):
        return True
    opened = list(openings(module, file, module.scope(call))) if isinstance(file, ast.Name) else [file]
    if any(isinstance(one, ast.Call) and is_inherited(module, one) for one in opened):
        return True
    path = path_of(module, file, module.scope(call))
    if is_temporary(module, path):
        return True
    made = written(module, module.scope(call), call.end_lineno)
    return path in made or is_of_group(module, call) or is_part(module, call, path, made)


def copiers(module: Module) -> set[str]:
    """`__setstate__`, and the functions that `__reduce__` gives back: `return _rebuild, (dumps(self.net),)`."""
    if "copiers" not in module.derived:
        returns = [node for _, node in module.statements() if isinstance(node, ast.Return)]
        rows = [(node, node.value.elts) for node in returns if isinstance(node.value, ast.Tuple)]
        named = ((getattr(module.scope(node), "name", ""), last_name(row[0])) for node, row in rows if row)
        module.derived["copiers"] = {"__setstate__"} | {name for holder, name in named if holder in REDUCES and name}
    known: set[str] = module.derived["copiers"]
    return known


def is_temporary(module: Module, path: str) -> bool:
    """Whether a module pickles to files of this name, and removes them: `f"part_{rank}.pkl"`, by any number."""
    if "temporary" not in module.derived:
        removing = [call for _, call, name in module.calls if name in ("os.remove", "os.unlink") and call.args]
        removed = {shape(ast.unparse(written_out(module, call.args[0]))) for call in removing}
        tops = [piece.tree for piece in module.pieces if piece.tree] if removed else []
        made = {shape(one) for top in tops for one in written(module, top)}
        module.derived["temporary"] = removed & made
    names: set[str] = module.derived["temporary"]
    return shape(path) in names and QUOTED.search(path) is not None


def shape(path: str) -> str:
    """`'part_%d.pkl'` of `'part_%d.pkl' % rank`, `f'part_{}.pkl'` of `f'part_{rank}.pkl'`."""
    return re.sub(r"\{[^{}]*\}", "{}", re.sub(r"(?<=['\"]) % .*|\.format\(.*", "", path))


def is_dumped(module: Module, file: ast.expr | None, depth: int = 0) -> bool:
    """Whether bytes were pickled by the module itself: `dumps(x)`, a name for it, a view of it, its own method's."""
    if depth > DEEPEST:
        return False
    match file:
        case ast.Call() if called(file) == "dumps":
            return True
        case ast.Call() if called(file) in VIEWS and file.args:
            return is_dumped(module, file.args[0], depth + 1)
        case ast.Call() if module.full_name(file.func) in CODECS and file.args:
            return is_dumped(module, file.args[0], depth + 1)
        case ast.Call(func=ast.Attribute(value=text, attr="encode" | "decode")) if dotted(text) != "self":
            return is_dumped(module, text, depth + 1)  # as text and back
        case ast.Call() if is_of_process(module, file):
            return True
        case ast.Call():
            parts = [node for _, node in module.statements() if is_function(node) and node.name == called(file)]
            results = [node.value for part in parts for node in ast.walk(part) if isinstance(node, ast.Return)]
            of_own = isinstance(file.func, ast.Name) or dotted(file.func).startswith("self.")
            return of_own and bool(results) and all(is_dumped(module, value, depth + 1) for value in results)
        case ast.Name():
            values: Sequence[ast.expr | None] = list(bound(module, file))
            values = filled(module, file, values if any(values) else list(received(module, file)))
        case ast.Attribute():  # what another method has kept
            values = filled(module, file, module.kept.get(dotted(file), []))
        case ast.Subscript():
            values = [file.value]
        case ast.ListComp() | ast.GeneratorExp():
            values = [file.elt]
        case _:
            return False
    return bool(values) and all(is_dumped(module, value, depth + 1) for value in values)


def is_of_process(module: Module, call: ast.Call) -> bool:
    """Whether bytes come from another process of the program: by a pipe, or by a queue that it gives pickles."""
    if called(call) not in ("recv_bytes", "recv", *TAKES):
        return False
    if not any("multiprocessing" in origin.split(".") for origin in module.origins.values()):
        return False
    if called(call) == "recv" and not any("ipc://" in piece.text for piece in module.pieces):
        return False
    return called(call) == "recv_bytes" or (gives_pickles(module) and not any(map(text_of, call.args)))


def is_inherited(module: Module, call: ast.Call) -> bool:
    """Whether a file is a pipe that the parent process has left open: `os.fdopen(args.pipe, "rb")`."""
    started = any("multiprocessing" in origin.split(".") for origin in module.origins.values())
    return started and module.full_name(call.func) == "os.fdopen"


def gives_pickles(module: Module) -> bool:
    """Whether a module gives a queue what it has pickled: `queue.put(dumps(batch))`."""
    if "gives pickles" not in module.derived:
        given = [call.args[0] for _, call, _ in module.calls if called(call) in GIVES and call.args]
        named = [value for one in given if isinstance(one, ast.Name) for value in bound(module, one)]
        made = [value for value in (*given, *named) if isinstance(value, ast.Call)]
        module.derived["gives pickles"] = any(called(value) == "dumps" for value in made)
    known: bool = module.derived["gives pickles"]
    return known


def is_of_group(module: Module, call: ast.Call) -> bool:
    """Whether bytes of a tensor are unpickled in a module that sends what it pickles among its program's own ranks."""
    values = [call.args[0]] if call.args else []
    values += [value for name in values if isinstance(name, ast.Name) for value in bound(module, name) if value]
    if not any(OF_TENSOR.search(ast.unparse(value)) for value in values):
        return False
    named = {name for _, _, name in module.calls}
    in_memory = not named.isdisjoint(WRITERS) and not named.isdisjoint(BUFFERS)
    return (in_memory or not named.isdisjoint(DUMPS)) and any(COLLECTIVE.search(name) for name in named)


def is_part(module: Module, call: ast.Call, path: str, made: set[str]) -> bool:
    """Whether a loop over the ranks unpickles what the same function pickled for its own: `part_{rank}.pkl`."""
    loops = (
        holder
        for holder in module.enclosing(call)
        if isinstance(holder, ast.For) and "range(" in ast.unparse(holder.iter)
    )
    parts = {RANKED.sub("{}", one) for one in made if RANKED.search(one)}
    return any(path.replace(f"{{{ast.unparse(loop.target)}}}", "{}") in parts for loop in loops)


def is_trusted(module: Module, call: ast.Call) -> bool:
    """Whether it is read only if the caller says that it trusts the file: `if trusted:`, or a refusal before."""
    function = None
    place: ast.AST = call
    for holder in module.enclosing(call):
        if isinstance(holder, ast.If) and place in holder.body and is_consent(module, holder.test):
            return True
        if is_function(holder):
            function = holder
            break
        place = holder
    before = [line for line in function.body if line.lineno < call.lineno] if function else []
    asked = [line for line in before if isinstance(line, ast.If) and REFUSAL.search(ast.unparse(line.test))]
    return any(isinstance(inner, ast.Raise) for line in asked for inner in line.body)


def is_consent(module: Module, test: ast.expr) -> bool:
    """Whether a condition is a switch by which a caller says that it trusts what it gives, off by default."""
    if not isinstance(test, ast.Name) or not TRUST.search(test.id):
        return False
    return any(is_constant(value, False) for value in defaults(module, test))


def path_of(module: Module, file: ast.expr | None, scope: ast.AST) -> str:
    """The path of an open file, as it is written in the code; that of a path is itself; "" for none."""
    if isinstance(file, ast.Name):
        opened = list(openings(module, file, scope))
        return path_of(module, opened[0], scope) if len(opened) == 1 else ast.unparse(file)
    if isinstance(file, ast.Call):
        if module.full_name(file.func) in OPENERS and file.args:
            return ast.unparse(written_out(module, file.args[0]))
        if isinstance(file.func, ast.Attribute) and file.func.attr == "open":
            return ast.unparse(file.func.value)
    return ast.unparse(file) if file else ""


def written_out(module: Module, path: ast.expr) -> ast.expr:
    """What a name for a path was given in one place; any other path is itself."""
    values = list(bound(module, path)) if isinstance(path, ast.Name) else []
    return values[0] if len(values) == 1 and values[0] is not None else path


def openings(module: Module, file: ast.Name, scope: ast.AST) -> Iterator[ast.Call]:
    """What opened a file: the `with` around its use, or what its name was given."""
    holders = list(module.enclosing(file))
    for node in ast.walk(scope):
        if isinstance(node, ast.With) and node in holders:
            yield from (
                item.context_expr
                for item in node.items
                if isinstance(item.context_expr, ast.Call) and item.optional_vars and is_name(item.optional_vars, file)
            )
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and is_name(node.targets[0], file):
            yield node.value


def is_name(node: ast.expr, name: ast.Name) -> bool:
    """Whether a node is the same name."""
    return isinstance(node, ast.Name) and node.id == name.id


def written(module: Module, scope: ast.AST, before: int | None = None) -> set[str]:
    """The paths, as they are written in the code, to which a function pickles; only before a line, if one is given."""
    paths = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Call) and (before is None or node.lineno <= before):
            name = module.full_name(node.func)
            if name in WRITERS and len(node.args) > WRITERS[name]:
                paths.add(path_of(module, node.args[WRITERS[name]], scope))
            elif last_name(node.func) == "to_pickle" and node.args:
                paths.add(ast.unparse(node.args[0]))
    return paths
