"""Reports of one part of the audit, run again with what the command was given by hand."""

import json

import pytest

from audit import parts
from audit.plans import memory_subject
from audit.reports import files

TINY = """
import torch


class Tiny:
    models = ("one", "two")

    def inference(self, model, side, precision, device):
        def prepare():
            network = torch.nn.Conv2d(3, 4, 3)
            return network, lambda: network(torch.rand(1, 3, side, side)).detach()

        return prepare
"""


def again(audit, *arguments):
    status, out, err = audit("verify", "part/report.json", *arguments)
    return status, " ".join((out + err).split())


def test_claims(project, audit):
    assert audit("claims", "--output", "part")[0] == 0
    status, out = again(audit)
    assert status == 0, out
    assert "1 of 1 check came to the same" in out
    (project / "m.json").write_text('{"x": 3.1}')
    status, out = again(audit)
    assert status == 1
    assert "claims: a in d.md was 3.0 (pass), is 3.1" in out


def test_claims_by_a_ledger_that_the_report_names_need_trust(project, audit):
    (project / "other.toml").write_text((project / "claims.toml").read_text())
    (project / "e.md").write_text("3<!-- claim: a --> of 5<!-- claim: gone -->\n")
    assert audit("claims", "e.md", "--ledger", "other.toml", "--output", "part")[0] == 1
    content = json.loads((project / "part/report.json").read_text())
    assert content["arguments"] == [["document", "e.md"], ["ledger", "other.toml"]]
    assert content["checks"][0]["evidence"][0]["command"] == "python -m audit claims e.md --ledger other.toml"
    status, out = again(audit)
    assert status == 1
    assert "every byte is as it was" in out
    assert "made with other.toml" in out
    assert "add --trust" in out
    assert again(audit, "--trust")[0] == 0, "it fails as it did"


def test_a_paper_on_a_subject_given_by_hand(project, audit):
    (project / "nothing_in_it.py").write_text("make = object\n")
    audit("paper", "--subject", "nothing_in_it.py:make", "--trust", "--output", "part")
    status, out = again(audit, "--trust")
    assert status == 0, out
    assert "1 of 1 check came to the same" in out
    (project / "nothing_in_it.py").write_text("make = list\n")
    assert "changed: nothing_in_it.py" in again(audit, "--no-again")[1]


def test_memory_of_one_model(project, audit):
    (project / "tiny.py").write_text(TINY)
    name, settings = parts.memory_settings(project, "tiny.py:Tiny", True)
    made = parts.memory(project, memory_subject(project, settings, ["one"]), name=name, subject=name, model=["one"])
    files.write_all(project / "part", made.report, made.facts)
    status, out = again(audit, "--trust")
    assert status == 0, out
    assert "2 of 2 checks came to the same" in out
    rows = json.loads((project / "part/report.json").read_text())["checks"][0]["rows"]
    assert [row["id"] for row in rows] == ["one.inference.fp32"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scope": "mutants"}, "not run again"), ({"scope": "mutants"}, "python -m audit mutants"),
        ({"scope": "odd"}, "scope 'odd' is not run again"), ({"checks": []}, "no check of the report can be run again"),
    ],
)  # fmt: skip
def test_what_is_not_run_again_says_so_beside_the_rest(project, audit, change, words):
    content = json.loads((project / "out/report.json").read_text())
    (project / "out/report.json").write_text(json.dumps(content | change))
    status, out, _ = audit("verify", "out/report.json")
    assert status == 1
    assert words in out
    assert "verify.inputs" in out
