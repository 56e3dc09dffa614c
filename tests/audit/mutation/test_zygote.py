import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from audit.mutation import zygote


@pytest.fixture
def base(tmp_path):
    folder = tmp_path / "base"
    (folder / "thing/__pycache__").mkdir(parents=True)
    (folder / "thing/a.py").write_text("x = 1\n")
    (folder / "thing/b.py").write_text("y = 1\n")
    (folder / "thing/__pycache__/k.nbi").write_text("compiled")
    return folder


def request(monkeypatch, *jobs, **changes):
    content = {"preload": ["json", "not_installed_anywhere"], "workers": 2, "seconds": 20, "jobs": list(jobs)} | changes
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(content)))
    zygote.main()


def job(base, tmp_path, number=0):
    return {
        "base": str(base), "folder": str(tmp_path / f"own{number}"), "file": "thing/a.py", "text": "x = 2\n",
        "recompile": False, "path": [], "checks": ["rule:stubs.function"], "tests": [],
        "result": str(tmp_path / f"answer{number}.json"),
    }  # fmt: skip


def test_a_copy_shares_what_is_not_changed(base, tmp_path):
    own = tmp_path / "own"
    zygote.copy(base, own, recompile=False)
    before = (own / "thing/a.py").stat().st_mtime
    zygote.change(own / "thing/a.py", "x = 2\n")
    assert (base / "thing/a.py").read_text() == "x = 1\n"
    assert (own / "thing/a.py").read_text() == "x = 2\n"
    assert (own / "thing/a.py").stat().st_mtime > before, "or bytecode would be taken for that of the change"
    assert (own / "thing/b.py").samefile(base / "thing/b.py")
    assert (own / "thing/__pycache__/k.nbi").is_file()
    zygote.copy(base, tmp_path / "other", recompile=True)
    assert not (tmp_path / "other/thing/__pycache__/k.nbi").exists()


def test_a_child_works_in_its_copy_and_removes_it(base, tmp_path, monkeypatch):
    seen = {}

    def answer(folder, checks, tests):
        seen.update(here=str(Path.cwd()), first=sys.path[0], text=(folder / "thing/a.py").read_text(), tests=tests)
        return {checks[0]: {"verdict": "fail", "message": "noticed"}}

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    monkeypatch.setattr(zygote.importlib, "import_module", lambda _: SimpleNamespace(answer=answer))
    zygote.work(job(base, tmp_path))
    own = str(tmp_path / "own0")
    assert seen == {"here": own, "first": own, "text": "x = 2\n", "tests": []}
    assert json.loads((tmp_path / "answer0.json").read_text())["rule:stubs.function"]["message"] == "noticed"
    assert not (tmp_path / "own0").exists()
    zygote.work(job(base, tmp_path) | {"folder": None})
    assert seen["text"] == "x = 1\n"


def test_a_child_that_breaks_down_says_with_what(tmp_path, monkeypatch):
    request(monkeypatch, job(tmp_path / "gone", tmp_path, 0), job(tmp_path / "gone", tmp_path, 1))
    for number in (0, 1):
        answer = json.loads((tmp_path / f"answer{number}.json").read_text())
        assert answer[zygote.BROKEN]["verdict"] == "error"
        assert "gone" in answer[zygote.BROKEN]["message"]


def test_a_child_that_waits_for_ever_is_ended(base, tmp_path, monkeypatch):
    read_end, write_end = os.pipe()

    def wait(_):
        os.read(read_end, 1)

    monkeypatch.setattr(zygote, "work", wait)
    monkeypatch.setattr(zygote, "BUSY", 0.01)
    request(monkeypatch, job(base, tmp_path))
    os.close(read_end)
    os.close(write_end)
    assert not (tmp_path / "answer0.json").exists()
