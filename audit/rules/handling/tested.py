"""What is a test, and what is only called like one: a program that evaluates a model on the test data."""

import ast
import re

from audit.rules.code import TEST_PATH, Module, is_function
from audit.rules.local import is_runnable

BY_FOLDER = re.compile(r"(^|/)(tests?|testing)/|(^|/)conftest\.py$")
FRAMEWORKS = {"pytest", "unittest", "nose", "hypothesis", "absl", "tensorflow"}  # the last two have test cases
TEST = re.compile(r"test_|Test|check_")  # and not `test(model, loader)`, which evaluates
SHELL = {"argparse", "click", "typer", "fire", "hydra", "tyro"}


def is_test(module: Module) -> bool:
    """Whether a module is a test by its place, or by its name where it is no program that tests nothing."""
    if not TEST_PATH.search(module.path):
        return False
    return BY_FOLDER.search(module.path) is not None or not is_program(module)


def is_program(module: Module) -> bool:
    """Whether a module is run with options of its own, and defines nothing that a framework would run as a test."""
    used = {origin.partition(".")[0] for origin in module.origins.values()}
    if used.isdisjoint(SHELL) or not used.isdisjoint(FRAMEWORKS) or not is_runnable(module):
        return False
    return not any(is_testing(node) for _, node in module.statements())


def is_testing(node: ast.AST) -> bool:
    """A function or class that is called like a test, or an assertion."""
    named = (is_function(node) or isinstance(node, ast.ClassDef)) and TEST.match(node.name) is not None
    return named or isinstance(node, ast.Assert)
