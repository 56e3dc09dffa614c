"""What is a test, and what is only called like one: a program that evaluates a model on the test data."""

import ast
import re

from audit.rules.code import TEST_PATH, Module, is_function, last_name

BY_FOLDER = re.compile(r"(^|/)(tests?|testing)/|(^|/)conftest\.py$")
FRAMEWORKS = {"pytest", "unittest", "nose", "hypothesis", "absl"}
TEST = re.compile(r"test(_|[A-Z])|Test|check_|runTest$|setUp")  # and not `test(model, loader)`, which evaluates
HELPS = re.compile(r"(^|_)(util(itie)?s?|helpers?|common|base|cases?|fixtures?|data)\.py$")  # of `test_utils.py`


def is_test(module: Module) -> bool:
    """Whether a module is a test by its place, or by its name and what it defines."""
    if not TEST_PATH.search(module.path):
        return False
    used = {origin.partition(".")[0] for origin in module.origins.values()}
    by_place = BY_FOLDER.search(module.path) is not None or not used.isdisjoint(FRAMEWORKS)
    by_place = by_place or HELPS.search(module.path) is not None
    return by_place or any(is_testing(node) for _, node in module.statements())


def is_testing(node: ast.AST) -> bool:
    """A function or class that is called like a test or is one, or an assertion."""
    if isinstance(node, ast.ClassDef) and any(last_name(base).endswith("Case") for base in node.bases):
        return True
    if is_function(node) and node.name == "test" and not node.args.args:
        return True
    named = (is_function(node) or isinstance(node, ast.ClassDef)) and TEST.match(node.name) is not None
    return named or isinstance(node, ast.Assert)
