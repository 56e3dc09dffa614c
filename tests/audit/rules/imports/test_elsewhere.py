"""Modules that a checkout does not hold; most cases stand in the corpus, which can hold no links and no notebooks."""

import json
from pathlib import Path
from typing import Any

from audit.rules.imports import FAMILY
from audit.target import open_target


def missing(root: Path) -> list[str]:
    """Places and names of what is not there."""
    findings = FAMILY.find(open_target(root))
    return sorted(f"{item.rule} {item.location}" for item in findings if item.rule != "imports.unused")


def test_a_link_is_there_and_a_name_beside_it_is_not(tmp_path: Path) -> None:
    """Links are not followed: what they lead to is not known, and may hold any module."""
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "main.py").write_text("from . import cfg\nfrom .shared import read\n\nprint(cfg, read)\n")
    (package / "run.py").write_text("from .lost import one\n\nprint(one)\n")
    (package / "cfg.py").symlink_to(tmp_path / "nowhere.py")
    (package / "shared").symlink_to(tmp_path / "nowhere")
    assert missing(tmp_path) == ["imports.missing pack/run.py:1"]


def test_a_notebook_on_kaggle_has_scripts_beside_it(tmp_path: Path) -> None:
    """`plot_utils` may be a utility script there, and not elsewhere; seaborn is a library that nobody declares."""
    (tmp_path / "requirements.txt").write_text("torch==2.1.0\n")
    source = "import seaborn\nfrom plot_utils import draw\ndraw(seaborn, '{}')"
    for name, folder in (("kernel", "/kaggle/input/digits"), ("local", "data/digits")):
        cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells = [{**cell, "source": source.format(folder)}]
        document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(document))
    assert missing(tmp_path) == [
        "imports.missing local.ipynb#cell=0:2",
        "imports.undeclared kernel.ipynb#cell=0:1",
    ]
