import sys

import pytest

from audit.adapters import import_subject
from audit.errors import AuditError


def test_import_subject_calls_what_is_named(tmp_path, monkeypatch):
    (tmp_path / "some_adapter.py").write_text("def make():\n    return 42\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert import_subject("some_adapter:make", tmp_path) == 42
    with pytest.raises(AuditError, match="has no 'other'"):
        import_subject("some_adapter:other", tmp_path)
    with pytest.raises(AuditError, match="no module named 'nowhere'"):
        import_subject("nowhere:make", tmp_path)


def test_a_subject_can_be_a_file_with_modules_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/their_code_beside.py").write_text("NUMBER = 7\n")
    (tmp_path / "sub/its adapter.py").write_text(
        "from dataclasses import dataclass\n\nimport their_code_beside\n\n\n@dataclass\nclass Own:\n"
        "    number: int = their_code_beside.NUMBER\n"
    )
    assert import_subject("sub/its adapter.py:Own", tmp_path).number == 7
    with pytest.raises(AuditError, match="has no 'Other'"):
        import_subject("sub/its adapter.py:Other", tmp_path)
    with pytest.raises(AuditError, match="there is no file"):
        import_subject("sub/gone.py:Own", tmp_path)


def test_a_module_missing_inside_the_adapter_is_not_taken_for_a_missing_adapter(tmp_path, monkeypatch):
    (tmp_path / "leaning_adapter.py").write_text("import not_installed_anywhere\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(ModuleNotFoundError):
        import_subject("leaning_adapter:make", tmp_path)
