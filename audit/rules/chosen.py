"""Options of a program, by which its user says where a file lies."""

import ast

from audit.rules.code import Module, dotted, is_parameter, keyword, last_name, text_of
from audit.rules.written import holds_options, is_parsed

OPTIONS = {"args", "opt", "opts", "options", "flags", "FLAGS"}  # what the options of a program are called
PATH_TYPES = {"", "str", "Path", "PurePath", "fspath", "expanduser", "abspath"}  # of an option, which ask nothing


def is_option(module: Module, node: ast.expr) -> bool:
    """`args.config` after `args = parser.parse_args()`, or `sys.argv[1]`; not where the parser opens the file."""
    if isinstance(node, ast.Subscript):
        whole = module.given.get(node.value.id, []) if isinstance(node.value, ast.Name) else []
        key = text_of(node.slice)
        if key and len(whole) == 1 and is_table(whole[0]):
            return key.replace("-", "_") not in opened_options(module)
        start = whole[0].value if len(whole) == 1 and isinstance(whole[0], ast.Subscript) else node.value
        return module.full_name(start) == "sys.argv"
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    if is_parameter(module, node.value):
        return node.value.id in OPTIONS and node.attr not in opened_options(module)
    return holds_options(module, node.value.id) and node.attr not in opened_options(module)


def is_table(value: ast.expr) -> bool:
    """`vars(parser.parse_args())`."""
    return isinstance(value, ast.Call) and dotted(value.func) == "vars" and any(map(is_parsed, value.args))


def opened_options(module: Module) -> set[str]:
    """Names of options whose type is more than a path: `argparse.FileType()`, or a function that asks."""
    if "opened options" not in module.derived:
        opened: set[str] = set()
        for _, call, _ in module.calls:
            kind = keyword(call, "type") if last_name(call.func) == "add_argument" else None
            if kind is not None and last_name(kind) not in PATH_TYPES - ({""} if isinstance(kind, ast.Call) else set()):
                opened.update(text_of(argument).lstrip("-").replace("-", "_") for argument in call.args)
            elif last_name(call.func) in ("register_validator", "validator"):  # of the flags of absl
                opened.update(map(text_of, call.args[:1]))
        module.derived["opened options"] = opened
    names: set[str] = module.derived["opened options"]
    return names
