import os

import pytest

from audit import store
from audit.store import Store

KEY, OTHER = "ab" * 32, "cd" * 32


def test_what_was_put_comes_back_and_nothing_else_does(tmp_path):
    kept = Store(tmp_path)
    kept.put(KEY, {"a": [1, "é\udc80"]})
    assert kept.get(KEY) == {"a": [1, "é\udc80"]}
    assert kept.get(OTHER) is None


@pytest.mark.parametrize("damage", [b"", b"\0\xff", b"[]\n[]", b"cut"])
def test_a_damaged_entry_is_a_miss(tmp_path, damage):
    kept = Store(tmp_path)
    kept.put(KEY, [1, 2, 3])
    place = kept.place(KEY)
    place.write_bytes(place.read_bytes()[:-2] if damage == b"cut" else damage)
    assert kept.get(KEY) is None


def test_the_oldest_entries_go_first(tmp_path):
    kept = Store(tmp_path, most=150)
    for age, key in enumerate((OTHER, KEY)):
        kept.put(key, "x" * 20)
        os.utime(kept.place(key), (age, age))
    kept.prune()
    assert kept.get(OTHER) is None
    assert kept.get(KEY) == "x" * 20


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    kept = Store(tmp_path / "file")
    kept.put(KEY, 1)
    assert kept.get(KEY) is None


def test_a_value_beyond_the_bound_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MOST_OF_ONE", 10)
    kept = Store(tmp_path)
    kept.put(KEY, "x" * 20)
    assert kept.get(KEY) is None


def test_the_users_folder_follows_xdg_and_a_relative_one_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.of_user().folder == tmp_path / "ml-audit"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert store.of_user().folder.is_absolute()


def test_another_version_of_any_module_that_decides_is_another_digest(tmp_path, monkeypatch):
    for name in ("store.py", "repaired.py", "rules/a.py", *store.TABLES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1")
    monkeypatch.setattr(store, "__file__", str(tmp_path / "store.py"))
    seen = {store.code_digest.__wrapped__()}
    for name in ("repaired.py", "rules/a.py", *store.TABLES):
        (tmp_path / name).write_text("x = 2")
        seen.add(store.code_digest.__wrapped__())
    assert len(seen) == 3 + len(store.TABLES)
