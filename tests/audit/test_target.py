import json
import os
import subprocess
import time

import pytest

from audit import engine, notebooks, provenance, target
from audit.config import Exclusion
from audit.target import Kind, open_target


def write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def git(folder, *command):
    subprocess.run(["git", "-C", str(folder), *command], check=True, capture_output=True)


def test_without_git_everything_but_caches_is_read(tmp_path):
    write(tmp_path, a_dot_py="x = 1", sub__b_dot_py="", node_modules__c_dot_py="", dot_egg__x="")
    (tmp_path / "p.egg-info").mkdir()
    (tmp_path / "p.egg-info" / "PKG").write_text("x")
    assert open_target(tmp_path).files == ("a.py", "dot_egg/x", "sub/b.py")


def test_with_git_ignored_and_deleted_files_are_left_out_and_new_ones_read(tmp_path):
    git(tmp_path, "init", "-q")
    write(tmp_path, _dot_gitignore="build/\n", tracked_dot_py="", gone_dot_py="", build__made_dot_py="")
    git(tmp_path, "add", "tracked.py", "gone.py")
    (tmp_path / "gone.py").unlink()
    write(tmp_path, new_dot_py="")
    assert open_target(tmp_path).files == (".gitignore", "new.py", "tracked.py")


def test_a_monitor_named_by_the_repository_is_not_run(tmp_path):
    git(tmp_path, "init", "-q")
    write(tmp_path, a_dot_py="")
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(trap))
    assert "a.py" in open_target(tmp_path).files
    assert not (tmp_path / "sprung").exists()


def test_where_git_is_missing_the_walk_stands_in(tmp_path, monkeypatch):
    write(tmp_path, a_dot_py="")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert open_target(tmp_path).files == ("a.py",)


def stand_in(folder, monkeypatch, script):
    """A program in place of git."""
    program = folder / "bin/git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_a_git_that_gives_no_answer_is_waited_for_no_longer_than_the_limit(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    root = write(tmp_path / "t", a_dot_py="x = 1\n")
    monkeypatch.setattr(target, "PATIENCE", 0.3)
    monkeypatch.setattr(provenance, "PATIENCE", 0.3)
    begin = time.perf_counter()
    audit = engine.audit_tree(root, select=("syntax",))
    assert 0.6 <= time.perf_counter() - begin < 20
    assert audit.facts.tree == "no repository"
    assert [check.message for check in audit.report.checks] == ["no finding in 1 file"]
    note = next(item for item in audit.report.not_checked if item.what == ".git")
    assert note.why == "git gave no answer within 0.3 s, what it would ignore is read as well"


def test_folders_that_cannot_be_listed_are_noted_with_git_and_without(tmp_path, monkeypatch):
    note = "d: a folder that cannot be listed, not looked into"
    root = write(tmp_path / "t", a_dot_py="x = 1\n", d__b_dot_py="")
    real = os.scandir

    def refused(path):
        if str(path).endswith("/d"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as walk:
        walk.setattr(os, "scandir", refused)
        assert open_target(root) == target.Target(root, ("a.py",), (note,))
    warning = "warning: could not open directory 'd/': Permission denied"
    stand_in(tmp_path, monkeypatch, f"printf 'a.py\\0'; echo \"{warning}\" >&2")
    assert open_target(root) == target.Target(root, ("a.py",), (note,))


def test_a_file_behind_a_closed_door_is_noted(tmp_path, monkeypatch):
    write(tmp_path, a_dot_py="", b_dot_py="")
    real = type(tmp_path).lstat

    def refused(path):
        if path.name == "b.py":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(type(tmp_path), "lstat", refused)
    assert open_target(tmp_path).notes == ("b.py: cannot be reached, Permission denied",)


def test_repositories_inside_are_noted_and_folders_in_place_of_files_are_looked_into(tmp_path):
    git(tmp_path, "init", "-q")
    write(tmp_path, a_dot_py="", was_a_file="", inner__b_dot_py="")
    git(tmp_path, "add", "a.py", "was_a_file")
    git(tmp_path, "init", "-q", "inner")
    git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},submodule")
    (tmp_path / "submodule").mkdir()
    (tmp_path / "was_a_file").unlink()
    write(tmp_path, was_a_file__c_dot_py="")
    tree = open_target(tmp_path)
    assert tree.files == ("a.py", "was_a_file/c.py")
    assert [note.split(":")[0] for note in tree.notes] == ["inner/", "submodule"]


def test_include_and_exclude(tmp_path):
    write(tmp_path, a__x_dot_py="", a__y_dot_txt="", b__x_dot_py="")
    tree = open_target(tmp_path, ("**/*.py",), (Exclusion(path="b", reason="not ours"),))
    assert tree.files == ("a/x.py",)


def test_links_and_giants_are_noted_and_not_read(tmp_path, monkeypatch):
    write(tmp_path, real_dot_py="x = 1", big_dot_txt="x" * 100)
    (tmp_path / "loop").symlink_to(tmp_path)
    monkeypatch.setattr(target, "MAX_BYTES", 50)
    tree = open_target(tmp_path)
    assert tree.files == ("real.py",)
    assert [note.split(":")[0] for note in tree.notes] == ["big.txt", "loop"]


def test_what_a_build_has_copied_is_noted_and_not_read_and_what_stands_there_alone_is(tmp_path):
    for path in ("p/a.py", "p/b.py", "build/lib/p/a.py", "build/lib/p/b.py", "build/lib.linux-x86_64/p/a.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x = 1")
    (tmp_path / "build/lib/p/alone.py").write_text("x = 1")
    (tmp_path / "build/a.py").write_text("x = 1")
    tree = open_target(tmp_path)
    assert tree.files == ("build/a.py", "build/lib/p/alone.py", "p/a.py", "p/b.py")
    assert [note.split(" of ")[1].split()[0] for note in tree.notes] == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"print 'x", "does not parse"),
        (b"x = 1\0", "NUL bytes"),
        (b"x = '\xe9'", "not UTF-8"),
        (b"# -*- coding: nonsense -*-\nx = 1", "not UTF-8"),
        (b"(" * 5000, "does not parse"),
    ],
)
def test_what_cannot_be_parsed_is_a_problem_and_no_crash(tmp_path, content, words):
    write(tmp_path, m_dot_py=content)
    (piece,) = open_target(tmp_path).pieces
    assert piece.tree is None
    assert words in piece.problem[0]


def test_python_2_is_read_and_what_python_3_says_of_it_is_kept(tmp_path):
    write(tmp_path, m_dot_py="import os\nprint 'x'\n")
    (piece,) = open_target(tmp_path).pieces
    assert [type(node).__name__ for node in piece.tree.body] == ["Import", "Expr"]
    assert piece.problem is None
    assert piece.outdated == ("Missing parentheses in call to 'print'. Did you mean print(...)?", 2)


def test_encodings_that_are_declared_are_read(tmp_path):
    write(tmp_path, a_dot_py="# coding: latin-1\nx = 'é'".encode("latin-1"), b_dot_py=b"\xef\xbb\xbfx = 1\r\ny = 2")
    first, second = open_target(tmp_path).pieces
    assert "é" in first.text
    assert second.tree is not None
    assert [second.line(number) for number in range(4)] == ["", "x = 1", "y = 2", ""]
    assert [first.line(number) for number in (1, 2)] == first.lines


def test_binary_files_are_skipped_and_latin_text_is_read(tmp_path):
    write(tmp_path, picture_dot_png=b"\x89PNG\0\0", note_dot_txt=b"caf\xe9")
    (piece,) = open_target(tmp_path).pieces
    assert piece.text == "café"


def test_a_file_that_vanishes_is_a_problem(tmp_path):
    (piece,) = target.read(tmp_path, "gone.py")
    assert "cannot be read" in piece.problem[0]


def test_notebook_pieces_have_the_cell_and_the_line(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": "# Title"},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "x = 1"],
         "outputs": [{"output_type": "stream", "text": "hello"}, {"data": {"text/plain": ["42"], "image/png": "AAAA"}},
                     {"traceback": ["Error"]}, "broken"]},
    ]  # fmt: skip
    write(tmp_path, n_dot_ipynb=json.dumps({"cells": cells}))
    pieces = open_target(tmp_path).pieces
    assert [(piece.kind, piece.cell, piece.text) for piece in pieces] == [
        (Kind.MARKDOWN, 0, "# Title"),
        (Kind.PYTHON, 1, "%matplotlib inline\nx = 1"),
        (Kind.OUTPUT, 1, "hello"),
        (Kind.OUTPUT, 1, "42"),
        (Kind.OUTPUT, 1, "Error"),
    ]
    assert str(pieces[1].at(2)) == "n.ipynb#cell=1:2"
    assert pieces[1].tree is not None


def test_format_3_has_its_cells_in_a_worksheet():
    text = json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}]})
    (cell,) = notebooks.cells(text)
    assert notebooks.source(cell) == "x = 1"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"cells": 3}', '{"cells": [1]}', "[" * 100_000])
def test_what_is_no_notebook_is_refused(text):
    with pytest.raises(notebooks.NotebookError):
        notebooks.cells(text)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("!ls -l", "pass"),
        ("if x:\n    %run a.py", "if x:\n    pass"),
        ("files = !ls\ny = 1", "files = None\ny = 1"),
        ("!pip install \\\n  torch\nx = 1", "pass\n\nx = 1"),
        ("pip install torch", "pass"),
        ("%%bash\nls | wc\necho", "\n\n"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%", ""),
        ("obj?", "pass"),
        ("x = a % b", "x = a % b"),
        ("", ""),
    ],
)
def test_magics_become_python_line_for_line(cell, code):
    assert notebooks.as_python(cell) == code


def test_a_program_for_a_newer_python_has_a_tree_whose_lines_are_its_own(tmp_path):
    write(tmp_path, a_dot_py='type X = int\n\ndef f[T](x: T) -> str:\n    return f"{x["a"]}"\n')
    (piece,) = open_target(tmp_path).pieces
    assert piece.problem is None
    assert [node.lineno for node in piece.tree.body] == [1, 3]


def test_a_broken_program_keeps_the_message_of_what_is_broken(tmp_path):
    write(tmp_path, a_dot_py='def f[T](x: T) -> str:\n    return x\nprint "x"\n')
    (piece,) = open_target(tmp_path).pieces
    assert piece.problem[0].startswith("does not parse: ")
    assert [type(node).__name__ for node in piece.tree.body] == ["FunctionDef", "Expr"]


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        ({"language_info": {"name": "R"}}, Kind.MARKDOWN),
        ({"kernelspec": {"language": "julia"}}, Kind.MARKDOWN),
        ({"language_info": {"name": "pyspark"}}, Kind.PYTHON),
        ({"kernelspec": {"language": 3}, "language_info": "R"}, Kind.PYTHON),
        ([], Kind.PYTHON),
    ],
)
def test_code_of_another_language_is_no_python(tmp_path, metadata, kind):
    cell = {"cell_type": "code", "source": "x <- 1", "outputs": [{"text": "1"}]}
    write(tmp_path, n_dot_ipynb=json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4}))
    assert [piece.kind for piece in open_target(tmp_path).pieces] == [kind, Kind.OUTPUT]


@pytest.mark.parametrize(
    "first",
    [
        "#!/usr/bin/env python3",
        "#!/usr/bin/python -u",
        "#!/usr/bin/env -S uv run -s",
        "#!/usr/bin/env -S X=1 python3.11",
    ],
)
def test_a_program_without_a_suffix_is_read_as_python_by_its_first_line(tmp_path, first):
    (tmp_path / "sweep").write_text(f"{first}\nimport os\n")
    tree = target.open_target(tmp_path)
    assert [(piece.path, piece.kind, piece.tree is not None) for piece in tree.pieces] == [("sweep", "python", True)]
    assert tree.python_files == ["sweep"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("sweep", b"#!/bin/sh\nimport os\n"),
        ("notes", b"python\nimport os\n"),
        ("sweep.txt", b"#!/usr/bin/env python\nimport os\n"),
        ("tool", b"#!/usr/bin/env python3\nPK\x03\x04\0\0"),  # an archive that Python runs
        ("run", b"#!/usr/bin/env -S uv run bash\nls\n"),
        ("shell", b"#!/bin/bash -e # wraps python scripts\nls\n"),
        ("prep", b"#!/usr/bin/env -S bash -c 'exec python x.py'\nls\n"),
        ("words", b"#! my pythonic notes on python-like snakes\n"),
    ],
)
def test_what_only_looks_like_one_is_no_program(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    tree = target.open_target(tmp_path)
    assert not any(piece.kind == "python" for piece in tree.pieces)
    assert tree.python_files == []
