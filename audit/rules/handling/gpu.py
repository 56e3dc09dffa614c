"""Code that needs CUDA whatever the machine has, and what asks for it before."""

import ast
import re

from audit.rules.code import Module, dotted, is_constant, is_function, keyword, last_name, text_of
from audit.trees import held

CALLERS = 3  # followed upwards
ASKS = re.compile(r"cuda|gpu|device|is_available|distributed|accelerat|data_?parallel|\b(have_|has_|use_)?apex\b", re.I)
OTHERS = re.compile(r"\bis_dist|dist_avail|\bdist\.is_|is_initialized")  # whether there is a group of processes
OF_CUDA = ("tensorrt", "pycuda", "cupy", "triton", "cutlass", "cuda")  # what works with nothing but CUDA
OF_TPU = ("torch_xla",)  # whose checkpoints no GPU has written
NCCL = re.compile(r"""['"]nccl['"]""")
# Decorators by which a function runs where there is a GPU: `@app.function(gpu="A10G")`, `@requires_cuda`.
PLACED = re.compile(r"gpu|requires?_cuda|is_available", re.I)
# The GPU of a process that has been given one.
RANK = re.compile(r"rank|world|proc|worker|index|idx|dist", re.I)
OF_SETTINGS = re.compile(r"^(self|cls)$|args|opts?$|options|conf|cfg|settings|flags|params", re.I)
NEEDING = {
    f"torch.cuda.{name}" for name in ("synchronize", "current_device", "get_device_name", "get_device_properties")
} | {"torch.cuda.FloatTensor", "torch.cuda.LongTensor"}
# Libraries of networks, whose models go to the device that they are told.
LIBRARIES = {
    "transformers", "diffusers", "sentence_transformers", "timm", "whisper", "faster_whisper", "open_clip", "clip",
    "ultralytics", "easyocr", "lpips", "stable_baselines3", "segment_anything", "torchmetrics", "accelerate",
}  # fmt: skip
NAMED = re.compile(r"(^|/)(\w+_)?cuda(_\w+)?(/|\.py$)")
IS_THERE = re.compile(r"cuda\.(is_available|device_count|get_device_cap)")
STREAMS = {
    f"torch.cuda.{name}"
    for name in ("Stream", "stream", "default_stream", "current_stream", "Event", "CUDAGraph", "graph")
}
STARTS = re.compile(r"^_*(init|set_?up|main|launch|start|prepare|require|ensure|check)", re.I)
MOST = 5  # values of one name that are looked at
CHOICES = {"get", "pop", "setdefault", "getattr", "add_argument", "option", "Option"}


def is_of_cuda(module: Module) -> bool:
    """Whether the module is about CUDA: it is named so, imports what needs it, or stops where it starts without."""
    if "of CUDA" not in module.derived:
        parts = (origin.split(".") for origin in module.origins.values())
        imports = any(part[0] in OF_CUDA or part[:2] == ["numba", "cuda"] for part in parts)
        imports = imports or NAMED.search(module.path) is not None
        module.derived["of CUDA"] = imports or any(starts_with(module, one) for one in module.of(ast.Assert))
    answer: bool = module.derived["of CUDA"]
    return answer


def is_of_tpu(module: Module) -> bool:
    """Whether the module is about TPUs and says nothing of CUDA."""
    imports = any(origin.split(".")[0] in OF_TPU for origin in module.origins.values())
    return imports and not any("cuda" in piece.text for piece in module.pieces)


def starts_with(module: Module, node: ast.Assert) -> bool:
    """Whether a function that sets a module up, or the module itself, asserts that there is CUDA."""
    scope = module.scope(node)
    starting = STARTS.match(scope.name) is not None if is_function(scope) else isinstance(scope, ast.Module)
    return starting and re.match(r"torch\.cuda\.is_available\(\)", ast.unparse(node.test)) is not None


def asks_for_gpu(call: ast.Call, name: str) -> bool:
    """`x.cuda()`, `x.to("cuda")`, `torch.device("cuda")`, `torch.zeros(3, device="cuda")`, `map_location="cuda"`.

    And what torch.cuda answers or waits for: not `empty_cache()` and the like, which do nothing where there is no GPU.
    """
    if name in NEEDING:
        return True
    if name.startswith("torch.") and not name.startswith(("torch.cuda", "torch.amp")):
        if name == "torch.device" and not all(isinstance(argument, ast.Constant) for argument in call.args):
            return False  # `torch.device("cuda", rank)`: of a process that has been given one
        named = call.args[:1] if name == "torch.device" else [keyword(call, "device"), keyword(call, "map_location")]
        if any(map(is_cuda, named)):
            return True
    of_library = name.partition(".")[0] in LIBRARIES
    if of_library and any(map(is_cuda, (keyword(call, "device"), keyword(call, "device_map")))):
        return True
    if (
        name in ("torch.set_default_tensor_type", "torch.set_default_device")
        or getattr(call.func, "attr", "") == "type"
    ):
        kinds = (text_of(value) or dotted(value) for value in call.args[:1])
        if any(kind.startswith("torch.cuda.") or is_cuda(call.args[0]) for kind in kinds):
            return True
    if name == "torch.cuda.set_device" and call.args and isinstance(call.args[0], ast.Constant):
        return True
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr == "cuda":
        told = [*map(ast.unparse, call.args)] if dotted(call.func) == "storage.cuda" else []  # by map_location=
        of_process = bool(told) or any(RANK.search(ast.unparse(argument)) for argument in call.args)
        of_process = of_process or any(map(is_own_device, call.args))
        return not of_process and dotted(call.func) != "torch.cuda"
    return call.func.attr == "to" and any(map(is_cuda, (*call.args, keyword(call, "device"))))


def is_own_device(node: ast.expr) -> bool:
    """`weight.device`: where a tensor lies, which the code puts another beside."""
    if not isinstance(node, ast.Attribute) or node.attr != "device":
        return False
    return OF_SETTINGS.search(last_name(node.value)) is None


def is_cuda(node: ast.expr | None) -> bool:
    """`"cuda"` or `"cuda:1"`."""
    return text_of(node).split(":")[0] == "cuda"


def is_guarded(module: Module, node: ast.Call | ast.Assign, depth: int = 0) -> bool:
    """Whether a condition around the node, or a check earlier in function, module or callers, asks for the device."""
    function = None
    for holder in module.enclosing(node):
        if isinstance(holder, ast.If | ast.IfExp | ast.While) and asks(module, holder.test):
            return True
        if isinstance(holder, ast.If) and is_constant(holder.test, False) and node.lineno <= end_of(holder.body):
            return True  # `if False:  # torch.cuda.is_available()`
        if isinstance(holder, ast.Try) or (is_function(holder) and ASKS.search(holder.name)):
            return True
        if isinstance(holder, ast.ClassDef) and streams(module, holder):
            return True
        if is_default(module, holder) or runs_on_gpu(holder) or isinstance(holder, ast.Compare):
            return True  # what is only compared is put on no GPU
        before = [line for line in held(holder) if isinstance(line, ast.stmt) and line.lineno < node.lineno]
        if any(stops_without_gpu(line) or joins(module, line) for line in before):
            return True
        function = holder if is_function(holder) else function
    if function is None or depth >= CALLERS:
        return False
    made = module.parents.get(function)
    name = made.name if isinstance(made, ast.ClassDef) else function.name  # a method runs where its class is made
    calls = [call for _, call, _ in module.calls if dotted(call.func) == name]
    calls = [call for call in calls if module.scope(call) is not function]  # a function that calls itself
    return bool(calls) and all(is_guarded(module, call, depth + 1) for call in calls)


def end_of(block: list[ast.stmt]) -> int:
    """The last line of a block."""
    return block[-1].end_lineno or 0


def streams(module: Module, holder: ast.ClassDef) -> bool:
    """Whether a class works with streams of CUDA: it is for nothing else."""
    if "classes with streams" not in module.derived:
        calls = (call for _, call, name in module.calls if name in STREAMS)
        module.derived["classes with streams"] = {id(one) for call in calls for one in module.enclosing(call)}
    return id(holder) in module.derived["classes with streams"]


def asks(module: Module, test: ast.expr) -> bool:
    """Whether a condition asks for the device, or for a constant that has been made from the answer."""
    if dotted(test).rpartition(".")[2] in always_on(module) and isinstance(test, ast.Attribute):
        return False
    if ASKS.search(ast.unparse(test)) or (OTHERS.search(ast.unparse(test)) and is_of_nccl(module)):
        return True
    names = {dotted(one) for one in ast.walk(test) if isinstance(one, ast.Name | ast.Attribute)}
    values = (value for name in names for value in (module.given.get(name) or module.kept.get(name, []))[:MOST])
    texts = ((value, ast.unparse(value)) for value in values)
    return any(IS_THERE.search(text) or (is_yes_or_no(value) and ASKS.search(text)) for value, text in texts)


def always_on(module: Module) -> set[str]:
    """The options that a user cannot turn off: of `add_argument("--cuda", action="store_true", default=True)`."""
    if "options always on" not in module.derived:
        adding = [call for _, call, _ in module.calls if last_name(call.func) == "add_argument"]
        firm = (call for call in adding if text_of(keyword(call, "action")) == "store_true")
        firm = (call for call in firm if is_constant(keyword(call, "default"), True))
        words = (text_of(value) for call in firm for value in (*call.args, keyword(call, "dest")))
        given = {name.rpartition(".")[2] for name in (*module.given, *module.kept)}  # `args.cuda = args.cuda and …`
        off = {text_of(keyword(call, "dest")) for call in adding if text_of(keyword(call, "action")) == "store_false"}
        on = {word.lstrip("-").replace("-", "_") for word in words if word}
        module.derived["options always on"] = on - given - off
    names: set[str] = module.derived["options always on"]
    return names


def is_yes_or_no(value: ast.expr) -> bool:
    """`world_size() > 1 and asked`, `not cpu`."""
    negated = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    return negated or isinstance(value, ast.Compare | ast.BoolOp)


def joins(module: Module, statement: ast.stmt) -> bool:
    """Whether a run goes on after a statement only in a group of processes that NCCL joins."""
    if isinstance(statement, ast.If):
        alone = OTHERS.search(ast.unparse(statement.test)) is not None and is_of_nccl(module)
        return alone and isinstance(statement.body[-1], ast.Return | ast.Raise)
    if "joining" not in module.derived:
        functions = [node for _, node in module.statements() if is_function(node)]
        firm = (node for node in functions if any(isinstance(one, ast.Expr) and is_nccl(one) for one in node.body))
        module.derived["joining"] = {node.name for node in firm}
    names: set[str] = module.derived["joining"]
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and last_name(call.func) in names


def is_of_nccl(module: Module) -> bool:
    """Whether a module joins its processes by NCCL, and by nothing else."""
    texts = [piece.text for piece in module.pieces]
    return any(map(NCCL.search, texts)) and not any("gloo" in text for text in texts)


def is_nccl(statement: ast.stmt) -> bool:
    """`init_process_group("nccl")`, `backend = "nccl"`: where another backend may be taken, that is none."""
    text = ast.unparse(statement)
    return NCCL.search(text) is not None and "gloo" not in text


def stops_without_gpu(statement: ast.stmt) -> bool:
    """`assert torch.cuda.is_available()`, an `if` about it that leaves, a group of processes that NCCL joins."""
    if isinstance(statement, ast.Assert):
        return bool(ASKS.search(ast.unparse(statement.test)))
    if isinstance(statement, ast.Expr) and NCCL.search(ast.unparse(statement)):
        return True
    if isinstance(statement, ast.Assign) and is_nccl(statement):
        return True
    if not isinstance(statement, ast.If) or not ASKS.search(ast.unparse(statement.test)):
        return False
    leaves = any(isinstance(node, ast.Return | ast.Raise) for node in ast.walk(statement))
    return leaves or any(isinstance(n, ast.Call) and last_name(n.func) == "exit" for n in ast.walk(statement))


def is_default(module: Module, holder: ast.AST) -> bool:
    """A value that somebody may change: of a parameter, a field, an option, or behind an `or`."""
    if isinstance(holder, ast.arguments):
        return True
    if isinstance(holder, ast.AnnAssign):
        return isinstance(module.parents.get(holder), ast.ClassDef)
    if isinstance(holder, ast.BoolOp):
        return isinstance(holder.op, ast.Or) and ASKS.search(ast.unparse(holder.values[0])) is not None
    if not isinstance(holder, ast.Call) or not any(ASKS.search(text_of(argument)) for argument in holder.args):
        return False
    return (last_name(holder.func) or getattr(holder.func, "attr", "")) in CHOICES


def runs_on_gpu(holder: ast.AST) -> bool:
    """Whether a decorator says that a function or class runs on a machine with a GPU."""
    marks = holder.decorator_list if is_function(holder) or isinstance(holder, ast.ClassDef) else []
    return any(PLACED.search(ast.unparse(mark)) for mark in marks)
