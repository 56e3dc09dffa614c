"""The options of the gate as a person types them: what is printed, written, and with which exit code."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest

from audit import engine

PROJECT = Path(__file__).parents[3]
RULES = "stubs,paths,suppressions"  # of the rules that start no other program
COMMAND = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]["ml-audit"]
STUB = "def f():\n    pass\n"
GRAVE = "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t").mkdir()
    (tmp_path / "t/a.py").write_text(STUB)
    return tmp_path / "t"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--select", RULES], 1),
        (["--select", "paths"], 0),
        (["--select", "stubs.todo"], 0),
        (["--select", "stubs.function"], 1),
        (["--select", RULES, "--ignore", "stubs"], 0),
        (["--select", RULES, "--ignore", "stubs.function,paths"], 0),
        (["--select", RULES, "--fail-on", "critical"], 0),
        (["--select", RULES, "--fail-on", "major"], 1),
        (["--select", RULES, "--severity", "critical"], 0),
        (["--select", RULES, "--severity", "critical", "--fail-on", "major"], 1),
        (["--select", "stubs.function", "--ignore", "stubs.function"], 3),
        (["--select", "stubs", "--ignore", "stubs.todo"], 1),
        (["--select", RULES, "--fail-on", "critical", "--fail-under", "99"], 1),
        (["--select", RULES, "--fail-on", "critical", "--fail-under", "50"], 0),
    ],
)
@pytest.mark.usefixtures("tree")
def test_what_fails(audit, options, status):
    got, out, err = audit("check", "t", *options)
    assert got == status, out + err


def test_lesser_findings_are_left_out_and_counted(tree, audit):
    (tree / "b.py").write_text("x = 1  # TODO later\n")
    _, out, _ = audit("check", "t", "--select", "stubs", "--severity", "major", "--format", "json")
    report = json.loads(out)
    assert [finding["rule"] for finding in report["checks"][0]["findings"]] == ["stubs.function"]
    assert "1 less grave than major" in report["checks"][0]["message"]
    assert report["score"]["families"][0]["findings"] == 2


@pytest.mark.usefixtures("tree")
def test_a_score_that_is_too_low_says_so(audit):
    status, out, _ = audit("check", "t", "--select", "stubs", "--fail-on", "critical", "--fail-under", "90")
    assert status == 1
    assert "75.6, held down most by stubs" in out  # 2000 / 23, times the mean of one family


@pytest.mark.parametrize(
    ("form", "file", "read"),
    [
        ("json", "x.json", json.loads),
        ("sarif", "x.sarif", json.loads),
        ("junit", "x.xml", xml.fromstring),
        ("html", "x.html", str),
        ("markdown", "x.md", str),
        ("terminal", "x.txt", str),
    ],
)
@pytest.mark.usefixtures("tree")
def test_a_rendering_on_the_screen_and_in_a_file_is_the_same(audit, form, file, read):
    _, printed, _ = audit("check", "t", "--select", "stubs", "--format", form)
    status, summary, _ = audit("check", "t", "--select", "stubs", "--output", f"new/{file}")
    assert status == 1
    assert "fail" in summary
    assert f"Report: new/{file}" in summary
    text = Path("new", file).read_text(encoding="utf-8")
    assert read(text) is not None
    assert text == printed
    assert [path.name for path in Path("new").iterdir()] == [file]


@pytest.mark.usefixtures("tree")
def test_the_format_decides_where_the_name_does_not_fit(audit):
    audit("check", "t", "--select", "stubs", "--format", "sarif", "--output", "x.json")
    assert json.loads(Path("x.json").read_text())["version"] == "2.1.0"


def test_a_baseline_is_written_and_read(tree, audit):
    arguments = ("check", "t", "--select", RULES)
    assert audit(*arguments, "--write-baseline", "known.json")[0] == 1
    status, out, _ = audit(*arguments, "--baseline", "known.json")
    assert status == 0
    assert "[known]" in out
    (tree / "a.py").write_text("x = 1\n")
    status, out, _ = audit(*arguments, "--baseline", "known.json")
    assert status == 1
    assert "gone: stubs.function in a.py" in out
    assert audit(*arguments, "--baseline", "known.json", "--write-baseline", "known.json")[0] == 1
    assert audit(*arguments, "--baseline", "known.json")[0] == 0


def test_a_baseline_says_what_it_takes_in_and_keeps_what_was_not_looked_at(tree, audit):
    arguments = ("check", "t", "--select", RULES, "--write-baseline", "known.json")
    _, _, err = audit(*arguments)
    assert "Baseline: known.json: 1 entry\n" in err
    (tree / "a.py").write_text(STUB.replace("f", "g").replace("deg", "def"))
    _, _, err = audit(*arguments)
    assert "1 entry, 1 new, 1 struck out" in err
    assert "new: stubs.function in a.py: g() is only" in err
    whole = Path("known.json").read_text()
    for narrowed in (("--select", "syntax"), ("--select", RULES, "--ignore", RULES), ("--select", "stubs.todo")):
        audit("check", "t", *narrowed, "--write-baseline", "known.json")
        assert Path("known.json").read_text() == whole
    audit("check", "t", "--select", RULES, "--severity", "critical", "--write-baseline", "known.json")
    assert Path("known.json").read_text() == whole


@pytest.mark.usefixtures("tree")
def test_a_report_whose_name_says_nothing_is_refused_before_the_work(audit):
    status, out, err = audit("check", "t", "--select", "stubs", "--output", "report.htm")
    assert (status, out) == (2, "")
    assert "report.htm: no report ends in .htm; there are .txt, .md, .json, .sarif, .xml, .html" in err
    assert not Path("report.htm").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--baseline", "none.json"], "the baseline {0}/none.json cannot be read: No such file or directory"),
        (["--baseline", "broken.json"], "{0}/broken.json is no baseline of this version"),
        (["--write-baseline", "broken.json"], "broken.json is no baseline of this version"),
        (["--write-baseline", "t/a.py/x.json"], "t/a.py/x.json cannot be written: Not a directory"),
        (["--output", "t/a.py/x.json"], "t/a.py/x.json cannot be written: Not a directory"),
        (["--output", "t/a.py/x/y"], "t/a.py/x/y/report.md cannot be written: Not a directory"),
        (["--output", "full"], "full/report.json cannot be written: Is a directory"),
        (["--output", "nowhere/x.json"], "nowhere/x.json cannot be written: No such file or directory"),
        (["--output", f"{'x' * 300}.json"], "cannot be written: File name too long"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_written_is_told_before_the_work(tree, audit, monkeypatch, options, words):
    monkeypatch.setattr(engine, "run", lambda *_: pytest.fail("the work was begun"))
    monkeypatch.setattr(engine.lookup, "prefetch", lambda *_: pytest.fail("the work was begun"))
    Path("broken.json").write_text("{")
    Path("full/report.json").mkdir(parents=True)
    Path("nowhere").symlink_to("gone")
    status, out, err = audit("check", "t", "--select", "stubs", *options)
    assert (status, out) == (2, "")
    assert words.format(tree.parent) in " ".join(err.split())
    assert sorted(path.name for path in tree.parent.iterdir()) == ["broken.json", "full", "nowhere", "t"]


@pytest.mark.parametrize("command", ["paper", "claims", "mutants", "memory", "reproduce", "verify"])
def test_every_command_tells_it_before_the_work(tmp_path, audit, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(
        "[tool.audit.memory]\nadapter = 'a:b'\n[tool.audit.mutants]\nfiles = ['m.toml']\ncopies = ['a']\n"
    )
    status, out, err = audit(command, *(["x.json"] if command == "verify" else []), "--output", "pyproject.toml/x.json")
    assert (status, out) == (2, "")
    assert "pyproject.toml/x.json cannot be written: Not a directory" in " ".join(err.split())


@pytest.mark.parametrize("arguments", [("memory", "--json"), ("compare", "a", "b", "--output")])
def test_other_files_that_cannot_be_written_are_told_before_the_work_too(tmp_path, audit, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.audit.memory]\nadapter = 'a:b'\n")
    status, out, err = audit(*arguments, "pyproject.toml/x")
    assert (status, out) == (2, "")
    assert re.search(r"pyproject\.toml/x\S* cannot be written: Not a directory", " ".join(err.split()))


@pytest.mark.usefixtures("tree")
def test_checks_that_do_not_apply_are_not_counted_as_passed(audit):
    Path("text").mkdir()
    Path("text/a.txt").write_text("hello\n")
    _, out, _ = audit("check", "text", "--select", "syntax,stubs,configuration,secrets")
    assert "both checks that apply passed" in out


def test_an_exclusion_that_leaves_nothing_out_is_named(tree, audit):
    (tree / "pyproject.toml").write_text('[tool.audit]\nexclude = [{ path = "scipts", reason = "not ours" }]\n')
    _, out, _ = audit("check", "t", "--select", "stubs", "--format", "json")
    noted = {item["what"]: item["why"] for item in json.loads(out)["not_checked"]}
    assert noted["scipts"] == "its entry leaves out no file of the tree"


def test_the_configuration_of_the_tree_is_heeded_and_may_be_left_aside(tree, audit):
    (tree / "pyproject.toml").write_text(
        f"[tool.audit]\nselect = {RULES.split(',')}\nfail_on = 'critical'\nbaseline = 'known.json'\n"
    )
    assert audit("check", "t", "--write-baseline", "t/known.json")[0] == 0
    status, out, _ = audit("check", "t")
    assert status == 0
    assert "In this run: the tree's own [tool.audit] is heeded" in out
    assert audit("check", "t", "--fail-on", "minor")[0] == 0
    (tree / "b.py").write_text(STUB.replace("f", "g").replace("deg", "def"))
    assert audit("check", "t", "--fail-on", "minor")[0] == 1
    status, out, _ = audit("check", "t", "--isolated", "--select", RULES)
    assert status == 1
    assert "2 findings" in out
    assert "heeded" in out
    assert "the tree's own" not in out


def test_the_project_takes_the_same_options(tree, audit, monkeypatch):
    monkeypatch.chdir(tree)
    (tree / "pyproject.toml").write_text("[project]\nname = 'x'\n[tool.audit]\nselect = ['stubs']\nfail_under = 90\n")
    assert audit("--output", "out.md")[0] == 1
    status, out, _ = audit("--fail-on", "critical", "--fail-under", "10", "--format", "json", "--output", "out")
    assert status == 0
    report = json.loads(out)
    assert [check["id"] for check in report["checks"]] == ["stubs", "score"]
    assert report["conditions"] == ["only stubs", "the gate fails on critical findings only"]


@pytest.mark.parametrize(
    ("gravity", "words"), [("critical", "critical findings only"), ("major", "major findings and graver")]
)
@pytest.mark.usefixtures("tree")
def test_the_report_says_which_findings_fail(audit, gravity, words):
    _, out, _ = audit("check", "t", "--select", "paths", "--fail-on", gravity)
    assert f"In this run: the gate fails on {words}" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "t", "--severity", "high"), "'high' is not one of"),
        (("check", "t", "--fail-under", "101"), "less than or equal to 100"),
        (("check", "t", "--format", "pdf"), "'pdf' is not one of"),
        (("check", "t", "--select", "stubs.functoin"), "did you mean 'stubs.function'?"),
        (("check", "t", "--ignore", "pathes"), "did you mean 'paths'?"),
        (("check", "t", "--baseline", "none.json"), "cannot be read: No such file or directory"),
        (("check", "t", "--select", "stubs", "--output", "t/a.py/x.json"), "cannot be written"),
        (("check", "t/a.py"), "is a file"),
        (("check",), "Missing argument"),
        (("explain", "stubs.tood"), "did you mean 'stubs.todo'?"),
        (("schema", "nothing"), "'nothing' is not one of"),
        ((), "no pyproject.toml"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_bad_usage_is_exit_code_2_and_no_trace(audit, arguments, words):
    status, _, err = audit(*arguments)
    assert status == 2
    assert words in " ".join(err.split())
    assert "Traceback" not in err


def test_a_typo_in_the_tree_s_configuration_is_exit_code_2_with_the_nearest_key(tree, audit):
    (tree / "pyproject.toml").write_text("[tool.audit]\nfail-undr = 3\n")
    status, _, err = audit("check", "t")
    assert status == 2
    assert "tool.audit.fail-undr" in err
    assert "did you mean 'fail_under'?" in err
    assert audit("check", "t", "--isolated", "--select", "paths")[0] == 0


@pytest.mark.parametrize("text", ["[tool", 'tool = {poetry = {description = "an audit"}}\n['])
def test_a_pyproject_that_is_no_toml_is_no_configuration(tree, audit, text):
    (tree / "pyproject.toml").write_text(text)
    assert audit("check", "t", "--select", "paths")[0] == 0


@pytest.mark.parametrize(
    "text",
    ["[tool.audit\nfail_under = 99\n", "tool = {audit = {fail_under = 99}}\n[", "[tool]\naudit.fail_under = 9\n["],
)
def test_a_configuration_that_cannot_be_parsed_is_exit_code_2(tree, audit, text):
    (tree / "pyproject.toml").write_text(text)
    status, out, err = audit("check", "t", "--select", "paths")
    assert (status, out) == (2, "")
    assert "t/pyproject.toml has a [tool.audit] that cannot be heeded: " in " ".join(err.split())
    assert audit("check", "t", "--select", "paths", "--isolated")[0] == 0


@pytest.mark.parametrize("document", ["report", "baseline", "configuration"])
def test_schemas_are_printed(audit, document):
    status, out, _ = audit("schema", document)
    assert status == 0
    assert json.loads(out)["title"] == f"audit {document}"


@pytest.mark.parametrize(("content", "status"), [("x = 1\n", 0), (GRAVE, 1), (None, 3)])
def test_exit_codes_of_the_real_command(tmp_path, content, status):
    if content is not None:
        (tmp_path / "a.py").write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "audit", "check", str(tmp_path), "--select", "artefacts"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell):
    environment = {**os.environ, "_ML_AUDIT_COMPLETE": f"source_{shell}"}
    code = f"import sys; sys.argv = ['ml-audit']; from {COMMAND.replace(':', ' import ')}; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "ml-audit" in done.stdout
    assert "_ML_AUDIT_COMPLETE" in done.stdout
