import json
import os
import socket
import time
from itertools import pairwise

import pytest

from audit import engine
from audit.target import open_target

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n" for before, after in pairwise("abcdefghi")
)


def batched(names, size):
    """The names in groups, each a tree of its own."""
    every = list(names)
    return [tuple(every[start : start + size]) for start in range(0, len(every), size)]


HOSTILE = {
    "chain.py": b"x = " + b"a." * 3000 + b"b",
    "sum.py": b"x = " + b"1 + " * 5000 + b"1",
    "parentheses.py": b"(" * 100_000,
    "indented.py": b"".join(b" " * i + b"if x:\n" for i in range(150)),
    "minus.py": b"x = " + b"-" * 50_000 + b"1",
    "binary.py": bytes(range(256)) * 100,
    "latin.py": b"x = '\xe9'\n",
    "nul.py": b"x = 1\0",
    "huge.py": b"x = 1\n" * 350_000,
    "one_line.py": b"x = '" + b"key=" * 100_000 + b"'\n",
    "slashes.py": b"x = '" + b"/home/" * 100_000 + b"'\n",
    "config/keys.toml": b"".join(b"k%d = 1\n" % i for i in range(12_000)),
    "opens.py": b"".join(b"x = open('%d.csv')\n" % i for i in range(3_000)),
    "many.ipynb": b'{"cells": [' + b",".join([b"{}"] * 100_000) + b"]}",
    "laughs.yaml": LAUGHS.encode(),
    "config/laughs.yaml": LAUGHS.encode(),
    "config/deep.json": b"[" * 90_000,
    "config/deep.yaml": b"[" * 90_000,
    "deep.ipynb": b"[" * 100_000,
    "cells.ipynb": json.dumps({"cells": [{"cell_type": 3, "source": {"a": 1}, "outputs": 5}]}).encode(),
    "pyproject.toml": b"x = " + b"[" * 50_000,
    "vocabulary.json": b"{" + b",".join(b'"t%d":[%d,{"a":"x"}]' % (i, i) for i in range(50_000)) + b"}",
    "bundle.min.js": b"var a=function(b){return b};" * 50_000,
    "links.md": b"".join(b"http://" + b"a" * i + b":" + b"b" * i + b"@" for i in range(300)),
    "secret.env": b"A_KEY=" + b"a=" * 50_000,
    "setup.cfg": b"[options]\ninstall_requires =\n" + b"  a\n" * 20_000,
    "setup.py": b"from setuptools import setup\nsetup(install_requires=[" + b"'a'," * 20_000 + b"])\n",
    "README.rst": b".. code-block:: bash\n\n" + b"   python gone.py \\\n" * 5_000,
    "README.md": b"```bash\npython gone.py\npython " + b"a/" * 20_000 + b"\n" + b"[" * 20_000 + b"\n" + b">" * 200_000,
}


PARSES = {"one_line.py", "slashes.py", "opens.py", "setup.py"}
LOADS = "import yaml\n\nsettings = yaml.safe_load(open('laughs.yaml')), open('config/keys.toml')\n"


@pytest.mark.parametrize("names", batched(HOSTILE, 6), ids=" ".join)
def test_hostile_files_break_nothing_and_take_no_time(tmp_path, names):
    (tmp_path / "config").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(HOSTILE[name])
    (tmp_path / "train.py").write_text(LOADS)
    begin = time.process_time()
    report = engine.audit_tree(tmp_path).report
    assert time.process_time() - begin < 20
    assert not [check.crash for check in report.checks if check.crash]
    unparsable = {finding.location.path for finding in report.findings if finding.rule == "syntax.unparsable"}
    assert unparsable == {name for name in names if name.endswith((".py", "deep.ipynb", "many.ipynb"))} - PARSES


def test_names_that_lead_to_each_other_and_long_chains_take_no_time(tmp_path):
    (tmp_path / "config.yaml").write_text("a: 1\n")
    chain = "f(**x." + "cfg." * 300 + "a)\n"
    code = "import os\nimport yaml\nx = yaml.safe_load(open('config.yaml'))\n" + chain
    code += "def g():\n    os.listdir(cfg)\n" + "    cfg = cfg.a\n" * 2_000
    (tmp_path / "train.py").write_text(code)
    begin = time.process_time()
    report = engine.audit_tree(tmp_path).report
    assert time.process_time() - begin < 10
    assert not [check.crash for check in report.checks if check.crash]


def test_pipes_sockets_and_loops_are_noted_and_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a.py").write_text("x = 1\n")
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(os.path.relpath(tmp_path / "s"))
        target = open_target(tmp_path)
    assert target.files == ("a.py",)
    assert [note.split(":")[0] for note in target.notes] == ["gone.py", "loop", "pipe.py", "s"]
    assert not [check.crash for check in engine.audit_tree(tmp_path).report.checks if check.crash]


def test_a_notebook_of_100_mb_is_noted_and_not_read(tmp_path):
    with (tmp_path / "big.ipynb").open("wb") as file:
        file.truncate(100 * 2**20)  # sparse: it takes no room
    (tmp_path / "a.py").write_text("x = 1\n")
    report = engine.audit_tree(tmp_path).report
    assert any(item.what == "big.ipynb" and "larger" in item.why for item in report.not_checked)


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("x = 1\n")
    real = type(tmp_path).open

    def refused(path, *mode, **options):
        if path.name == "a.py":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *mode, **options)

    monkeypatch.setattr(type(tmp_path), "open", refused)
    report = engine.audit_tree(tmp_path, select=("syntax",)).report
    assert [finding.message for finding in report.findings] == ["cannot be read: Permission denied"]


def test_of_many_unread_files_the_first_are_named(tmp_path):
    for number in range(30):
        (tmp_path / f"a: {number:02}.py").symlink_to(tmp_path / "gone")
    (tmp_path / "a.py").write_text("x = 1\n")
    report = engine.audit_tree(tmp_path, select=("syntax",)).report
    named = [item.what for item in report.not_checked if item.why == "a symbolic link, not followed"]
    assert named == [*(f"a: {number:02}.py" for number in range(20)), "10 more"]
