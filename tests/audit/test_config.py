import pytest

from audit import config
from audit.errors import AuditError


def write(folder, text):
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_whole_configuration_is_read(tmp_path):
    name, settings = config.load(
        write(
            tmp_path,
            """
[project]
name = "thing"
[tool.audit]
exclude = [{ path = "data", reason = "photographs" }]
require = ["tests"]
[tool.audit.coverage]
packages = ["thing"]
[[tool.audit.papers.zhang2016]]
name = "library"
adapter = "thing.adapter:make"
accept = [{ name = "released-k", reason = "as released" }]
""",
        )
    )
    assert name == "thing"
    assert settings.coverage.threshold == 90
    assert settings.papers["zhang2016"][0].accept[0].reason == "as released"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[tool.audit]\nexlude = []", "tool.audit.exlude"),
        ("[tool.audit]\nexclude = [{ path = 'x' }]", "tool.audit.exclude.0.reason"),
        ("[tool.audit.coverage]\nthreshold = 101", "tool.audit.coverage.threshold"),
        ("[[tool.audit.papers.p]]\nname = 'n'\nadapter = 'file.py'", "tool.audit.papers.p.0.adapter"),
        ("[[tool.audit.papers.p]]\nname = 'n'\nadapter = 'a:b'\naccept = [{ name = 'k', reason = ' ' }]",
         "tool.audit.papers.p.0.accept.0.reason"),
        ("[tool.audit]\ninclude = 'src'", "tool.audit.include"),
        ("[tool.audit]\nfail_on = 'high'", "tool.audit.fail_on"),
        ("[tool.audit]\nfail_under = -1", "tool.audit.fail_under"),
        ("[[tool.audit.suppress]]\nrule = 'x'", "tool.audit.suppress.0.reason"),
        ("[[tool.audit.suppress]]\nrule = 'x'\nreason = 'y'\nuntil = 'soon'", "tool.audit.suppress.0.until"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_path(tmp_path, text, path):
    with pytest.raises(AuditError) as caught:
        config.load(write(tmp_path, text))
    assert f"{path}: " in str(caught.value)


@pytest.mark.parametrize(("text", "words"), [("[tool]", "has no [tool.audit]"), ("tool = ", "cannot be read")])
def test_a_file_without_it_says_what_to_do(tmp_path, text, words):
    with pytest.raises(AuditError) as caught:
        config.load(write(tmp_path, text))
    assert words in str(caught.value)


def test_no_file_says_what_to_do(tmp_path):
    with pytest.raises(AuditError, match="audit check PATH"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[tool.audit]\nfail-under = 3", "tool.audit.fail-under: .*; did you mean 'fail_under'?"),
        ("[tool.audit.coverage]\nthresold = 3", "did you mean 'threshold'?"),
        ("[[tool.audit.suppress]]\nrule = 'x'\nreson = 'y'", "did you mean 'reason'?"),
        ("[[tool.audit.papers.p]]\nname = 'n'\nadaptor = 'a:b'", "did you mean 'adapter'?"),
        ("[tool.audit]\nzzz = 3", "; there are: include, exclude, "),
    ],
)
def test_a_typo_is_told_with_the_nearest_key(tmp_path, text, hint):
    with pytest.raises(AuditError, match=hint.replace("?", r"\?")):
        config.load(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        None, "[tool", "tool = 3", "[tool.other]", "# [tool.audit]\n[tool.other", "[tool.audit-more]\nx = ",
        "[tool]\n[other]\naudit = ", "name = 'tool.audit'\nx = ", "x = " + "[" * 20_000, "#" * config.MAX_BYTES + "#",
    ],
)  # fmt: skip
def test_a_tree_need_not_have_any(tmp_path, text):
    if text is not None:
        write(tmp_path, text)
    assert config.load_if_there(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "[tool.audit", "[tool.audit]\nx = ", "[[ tool . 'audit' . suppress ]]\nuntil = 2026-13-01", "tool.audit.x = ",
        "[tool]\nx = 1\n\naudit.x = ", "tool = { x = 1, audit = ", "[tool.audit]\nx = " + "[" * 20_000,
        "[tool.audit]\n# \udcff", "[tool.audit]\n" + "#" * config.MAX_BYTES,
    ],
)  # fmt: skip
def test_one_in_a_file_that_is_no_toml_is_not_passed_over(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(AuditError, match=r"pyproject\.toml has a \[tool\.audit\] that cannot be heeded: .+; mend it"):
        config.load_if_there(tmp_path)


@pytest.mark.parametrize("text", ["[tool]\naudit = 3", "[[tool.audit]]\nselect = ['stubs']", "tool.audit = false"])
@pytest.mark.parametrize("read", [config.load, config.load_if_there])
def test_one_that_is_no_table_is_wrong(tmp_path, text, read):
    with pytest.raises(AuditError, match=r"tool\.audit: should be a table"):
        read(write(tmp_path, text))


@pytest.mark.parametrize("text", ["tool = 3\nproject = 4", "x = " + "[" * 20_000])
def test_a_project_whose_tables_are_none_has_none(tmp_path, text):
    with pytest.raises(AuditError, match=r"has no|cannot be read"):
        config.load(write(tmp_path, text))


@pytest.mark.parametrize("read", [lambda root: config.load(root)[1], config.load_if_there])
def test_a_mark_at_the_beginning_of_the_file_hides_nothing(tmp_path, read):
    assert read(write(tmp_path, "\ufeff[tool.audit]\nselect = ['stubs']\n")).select == ("stubs",)


def test_a_tree_that_has_one_is_heeded_but_not_through_a_link(tmp_path):
    (tmp_path / "tree").mkdir()
    write(tmp_path / "tree", "[tool.audit]\nselect = ['stubs']\n")
    assert config.load_if_there(tmp_path / "tree").select == ("stubs",)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/pyproject.toml").symlink_to(tmp_path / "tree/pyproject.toml")
    assert config.load_if_there(tmp_path / "other") is None


def test_options_take_the_place_of_what_is_written():
    settings = config.parse({"select": ["stubs"], "fail_under": 10})
    assert settings.with_options(select=None, fail_under=20.0) == config.parse({"select": ["stubs"], "fail_under": 20})
