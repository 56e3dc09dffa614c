from audit import engine
from audit.target import open_target
from benchmarks import tree


def test_the_tree_is_the_same_each_time_and_has_every_kind_of_file(tmp_path):
    first, second = tree.make(tmp_path / "a", 120), tree.make(tmp_path / "b", 120)
    files = open_target(first).files
    assert files == open_target(second).files
    assert [(first / path).read_bytes() for path in files] == [(second / path).read_bytes() for path in files]
    assert 110 <= len(files) <= 130
    assert {path.rpartition(".")[2] for path in files} == {"py", "ipynb", "yaml", "md", "txt"}
    other = tree.make(tmp_path / "c", 120, seed=1)
    assert [(first / path).read_bytes() for path in files] != [(other / path).read_bytes() for path in files]


def test_there_is_something_to_find_in_it_and_everything_parses(tmp_path):
    found = {finding.family for finding in engine.audit_tree(tree.make(tmp_path / "a", 60)).report.findings}
    assert {"handling", "paths", "tests", "stubs"} <= found
    assert "syntax" not in found
