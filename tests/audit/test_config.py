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
