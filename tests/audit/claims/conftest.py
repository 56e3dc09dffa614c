import json

import pytest

LEDGER = """
[auc]
evidence = "out/metrics.json"
key = "runs.main.auc"
scale = 100
drift = 2

[photos]
evidence = "photos.csv"
of = "count"
where = { split = "train" }

[speed]
evidence = "out/metrics.json"
key = ["rows", "operation=a.b", "milliseconds", "theirs"]
per = ["rows", "operation=a.b", "milliseconds", "ours"]
"""
METRICS = {
    "runs": {"main": {"auc": 0.8951}},
    "zero": 0,
    "endless": float("inf"),
    "seeds": {
        "x-0": {"run": "x", "auc": 0.25},
        "x-1": {"run": "x", "auc": 0.5},
        "x-2": {"run": "x", "auc": 0.75},
        "y-0": {"run": "y", "auc": 0.1, "parts": [{"id": "a", "value": 6}, {"id": "b", "value": 7}]},
    },
    "rows": [{"operation": "a.b", "milliseconds": {"ours": 2.0, "theirs": 9.0}, "ratios": [1, 4]}],
}


@pytest.fixture
def project(tmp_path):
    """A project with a ledger and the evidence that it names."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "metrics.json").write_text(json.dumps(METRICS))
    (tmp_path / "photos.csv").write_text("file,split\na,train\nb,test\nc,train\n")
    (tmp_path / "claims.toml").write_text(LEDGER)
    return tmp_path
