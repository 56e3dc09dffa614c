import pytest

from audit import engine
from audit.target import open_target
from benchmarks import audit, tree


def test_the_tree_is_the_same_each_time_and_has_every_kind_of_file(tmp_path):
    first, second = tree.make(tmp_path / "a", 60), tree.make(tmp_path / "b", 60)
    files = open_target(first).files
    assert files == open_target(second).files
    assert [(first / path).read_bytes() for path in files] == [(second / path).read_bytes() for path in files]
    assert 50 <= len(files) <= 70
    assert {path.rpartition(".")[2] for path in files} == {"py", "ipynb", "yaml", "md", "txt"}
    other = tree.make(tmp_path / "c", 60, seed=1)
    assert [(first / path).read_bytes() for path in files] != [(other / path).read_bytes() for path in files]


def test_there_is_something_to_find_in_it_and_everything_parses(tmp_path):
    found = {finding.family for finding in engine.audit_tree(tree.make(tmp_path / "a", 20)).report.findings}
    assert {"handling", "paths", "tests", "stubs"} <= found
    assert "syntax" not in found


def test_the_suite_measures_the_command_cold_and_warm_beside_its_peers(monkeypatch):
    monkeypatch.setattr(audit, "LEAST_FILES", 8)
    (row,) = audit.run(rounds=1, shrink=200)
    assert row.operation == "check of 8 files"
    assert set(row.milliseconds) == {"ours", "ours, warm", audit.PEERS}
    values = {limit.quantity: limit.value for limit in row.limits}
    assert values["time, nothing known"] == pytest.approx(row.milliseconds["ours"] / 1e3)
    assert values["time, nothing changed since"] == pytest.approx(row.milliseconds["ours, warm"] / 1e3)
    assert 20 < values["peak memory of all processes together"] < 500


def test_a_peer_that_fails_is_no_fast_peer(tmp_path, monkeypatch):
    monkeypatch.setattr(audit.sys, "executable", "/bin/ls")
    with pytest.raises(RuntimeError, match="ruff"):
        audit.peers(tmp_path)
