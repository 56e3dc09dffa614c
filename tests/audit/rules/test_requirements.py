"""What each kind of manifest declares."""

import json

import pytest

from audit.rules.configuration import rules as configuration
from audit.rules.documents import rules as documents
from audit.rules.requirements import declared
from audit.target import open_target

NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "code", "outputs": [], "source": "!pip install -q wandb 'timm>=1'"}], "nbformat": 4}
)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("requirements.txt", "-r a.txt\nTorch_Vision==1 # x\nx @ file:x\n", {"torch-vision": "==1", "x": "@ file:x"}),
        ("reqs/base.in", "a>=1 ; python_version < '3.9'\ngit+https://e.org/y#egg=why\n", {"a": ">=1", "why": ""}),
        ("requirements.txt", "-e git+https://e.org/t/h.git@v1\ng @ git+ssh://git@e.org/g.git\n", {"h": "@", "g": ""}),
        ("requirements.txt", "https://e.org/x.whl\n./local\n", {}),
        ("setup.py", "reqs = ['k']\nreqs += ['l']\nsetup(keywords=['m'])\n", {"k": "", "l": ""}),
        ("setup.py", "setup(**{'install_requires': ['n'], 'extras_require': {'x': ['o>1']}})\n", {"n": "", "o": ">1"}),
        ("setup.py", "ALL = ['p', 'q==2']\n", {"p": "", "q": "==2"}),
        ("pyproject.toml", "[tool.poetry.dependencies]\nb = '*'\nc = {version = '1'}\n", {"b": "", "c": "==1"}),
        ("pyproject.toml", "[dependency-groups]\ndev = ['d>2', {include-group = 'x'}]\n", {"d": ">2"}),
        ("pyproject.toml", "[broken\n", {}),
        ("Pipfile", "[packages]\ne = '*'\n", {"e": ""}),
        ("setup.cfg", "[metadata]\nname = x\n[options]\ninstall_requires =\n    f>=1\n", {"f": ">=1"}),
        ("setup.py", "setup(install_requires=['g', 'h~=1'])\n", {"g": "", "h": "~=1"}),
        ("environment.yml", "dependencies:\n  - i=1.2\n  - pip:\n    - j\n", {"i": "=1.2", "j": ""}),
        ("n.ipynb", NOTEBOOK, {"wandb": "", "timm": ">=1"}),
    ],
)  # fmt: skip
def test_every_manifest_is_read(tmp_path, path, text, expected):
    place = tmp_path / path
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    assert {item.name: item.specifier for item in declared(open_target(tmp_path))} == expected


def test_a_configuration_that_does_not_parse_or_multiplies_is_left_alone(tmp_path):
    (tmp_path / "a.py").write_text("print(1)\n")
    (tmp_path / "config.yaml").write_text("a: [1\n")
    (tmp_path / "config.json").write_text("{")
    (tmp_path / "settings.yaml").write_text("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")
    assert list(configuration.find(open_target(tmp_path))) == []


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("sudo bash gone.sh", True),
        ("pytest -q gone.py::test_one", True),
        ("docker compose -f gone.yml up", True),
        ("kit train --config=gone.yaml", False),
        ("kit train --config=sub/gone.yaml", True),
        ("julia sub/gone.jl", True),
        ("docker build .", True),
        ("docker build https://example.org/kit.git", False),
        ("make sure", False),
        ("make train", True),
        ("CUDA_VISIBLE_DEVICES=0 torchrun --nproc_per_node 2 gone.py", True),
        ("conda env create -f gone.yml", True),
        ("python there.py --config gone.yaml", True),
        ("jupyter notebook gone.ipynb", True),
        ("python -m gone.py", False),
        ("python 'half", False),
        ("python there.py --output gone.yaml", False),
        ("python -c 'import gone.py'", False),
        ("CUDA_VISIBLE_DEVICES=0", False),
        ("cd elsewhere && python gone.py", False),
        ("cd .. && python gone.py", True),
    ],
)
def test_what_a_command_names(tmp_path, command, found):
    (tmp_path / "there.py").write_text("")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "there.yaml").write_text("")
    (tmp_path / "README.md").write_text(f"```bash\n{command}\n```\n")
    assert bool(list(documents.find(open_target(tmp_path)))) == found


def test_a_file_that_the_reader_is_told_to_write_may_be_missing(tmp_path):
    (tmp_path / "README.md").write_text("```\n# own.py\nx = 1\n```\n\n```\npython own.py\n```\n")
    assert list(documents.find(open_target(tmp_path))) == []
