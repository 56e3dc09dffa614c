import hashlib
import subprocess

import pytest

from audit.claims import sources
from audit.claims.check import check
from audit.claims.documents import bound
from audit.claims.judge import Outcome, judge
from audit.claims.ledger import Entry, load
from audit.config import Claims
from audit.errors import AuditError
from audit.model import Verdict


def run(project, text):
    (project / "d.md").write_text(text, encoding="utf-8")
    return check(project, Claims(documents=("*.md",)))


def change(project, old, new):
    place = project / "claims.toml"
    place.write_text(place.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("text", "verdict", "words"),
    [
        ("89.5<!-- claim: auc -->", Verdict.PASS, "1 claim: 1 holds"),
        ("89.51<!-- claim: auc -->", Verdict.PASS, "1 holds"),
        ("90<!-- claim: auc -->", Verdict.PASS, "1 holds"),
        ("89.4<!-- claim: auc -->", Verdict.DEVIATION, "1 drifted"),
        ("87.4<!-- claim: auc -->", Verdict.FAIL, "1 refuted"),
        ("2<!-- claim: photos -->", Verdict.PASS, "1 holds"),
        ("3<!-- claim: photos -->", Verdict.FAIL, "1 refuted"),
        ("4.5<!-- claim: speed --> times", Verdict.PASS, "1 holds"),
        ("4.6<!-- claim: speed --> times", Verdict.FAIL, "1 refuted"),
        ("4<!-- claim: nobody -->", Verdict.FAIL, "1 no evidence"),
        ("none <!-- claim: speed -->", Verdict.FAIL, "1 no evidence"),
        ("nothing", Verdict.NOT_APPLICABLE, "no claim"),
    ],
)
def test_verdicts(project, text, verdict, words):
    result = run(project, text)
    assert result.verdict is verdict, result
    assert words in result.message


def test_refuted_and_missing_are_findings_at_their_line(project):
    result = run(project, "x\n87.4<!-- claim: auc -->\n1<!-- claim: nobody -->\n")
    assert [(str(item.location), item.rule) for item in result.findings] == [
        ("d.md:2", "claims.refuted"), ("d.md:3", "claims.no-evidence"),
    ]  # fmt: skip
    assert "the document says 87.4, out/metrics.json 89.51" in result.findings[0].message


def test_unbound_numbers_and_unused_claims_are_listed_and_do_not_fail(project):
    result = run(project, "89.5<!-- claim: auc --> and 17 more")
    assert result.verdict is Verdict.PASS
    assert any("17 (line 1)" in note for note in result.notes)
    assert any("photos, speed" in note for note in result.notes)


def test_evidence_carries_value_and_hash(project):
    (row,) = run(project, "x\n89.5<!-- claim: auc -->").rows
    assert (row.id, row.source, row.verdict) == ("auc in d.md", "d.md:2", Verdict.PASS)
    proof = row.evidence
    assert proof.measured == pytest.approx(89.51)
    assert proof.expected == 89.5
    assert proof.inputs[0].sha256 == hashlib.sha256((project / "out/metrics.json").read_bytes()).hexdigest()


def test_other_bytes_than_the_ledger_names_are_no_evidence(project):
    digest = hashlib.sha256((project / "photos.csv").read_bytes()).hexdigest()
    change(project, 'of = "count"', f'of = "count"\nsha256 = "{digest}"')
    assert run(project, "2<!-- claim: photos -->").verdict is Verdict.PASS
    with (project / "photos.csv").open("a") as stream:
        stream.write("d,test\n")
    assert "no evidence" in run(project, "2<!-- claim: photos -->").message


def test_evidence_of_code_that_changed_is_stale(project):
    def git(*arguments):
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(project), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    (project / "code.py").write_text("1\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "x")
    change(project, 'of = "count"', f'of = "count"\ncommit = "{git("rev-parse", "HEAD")}"\ncode = ["code.py"]')
    assert run(project, "2<!-- claim: photos -->").verdict is Verdict.PASS
    (project / "code.py").write_text("2\n")
    assert "stale: code.py changed" in run(project, "2<!-- claim: photos -->").findings[0].message


def test_a_missing_file_names_the_command_that_makes_it(project):
    (project / "photos.csv").unlink()
    change(project, 'of = "count"', 'of = "count"\ncommand = "make photos"')
    (finding,) = run(project, "2<!-- claim: photos -->").findings
    assert "photos.csv is missing; `make photos` makes it" in finding.message


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ({"key": ["rows", 0, "ratios"], "of": "max"}, 4), ({"key": ["rows", 0, "ratios"], "of": "min"}, 1),
        ({"key": ["rows", 0, "ratios"], "of": "mean"}, 2.5), ({"key": ["rows", 0, "ratios"], "of": "sum"}, 5),
        ({"key": "rows.0.ratios", "of": "last"}, 4), ({"key": "rows", "of": "count"}, 1),
        ({"key": ["seeds", "run=x", "auc"], "of": "mean"}, 0.5),
        ({"key": ["seeds", "run=y", "parts", "id=b", "value"]}, 7),
        ({"key": ["seeds", "run=x", "auc"], "of": "std"}, 0.25),
        ({"key": ["seeds", "run=y", "auc"], "of": "count"}, 1), ({"key": ["seeds", "run=y", "auc"]}, 0.1),
        ({"key": ["seeds", "run=x", "auc"]}, None), ({"key": ["seeds", "run=y", "auc"], "of": "std"}, None),
        ({"key": "runs.main.none"}, None), ({"key": "runs.main"}, None), ({"key": ["rows", "operation=x"]}, None),
        ({"key": "rows.0.ratios", "per": "runs.zero", "of": "sum"}, None),
    ],
)  # fmt: skip
def test_keys_and_what_is_made_of_lists(project, entry, value):
    made = Entry.model_validate({"evidence": "out/metrics.json", **entry})
    if value is None:
        with pytest.raises(sources.NoEvidenceError, match="metrics"):
            sources.value(project, made)
    else:
        assert sources.value(project, made)[0] == pytest.approx(value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"evidence": "photos.csv", "key": "licence"}, "has no column 'licence'"),
        ({"evidence": "photos.csv", "key": "file"}, "3 rows of photos.csv fit, not one"),
        ({"evidence": "photos.csv", "key": "file", "where": {"split": "test"}}, "is no number"),
        ({"evidence": "out/metrics.json", "key": "rows.0.milliseconds.ours", "per": "zero"}, "zero in out/.* is 0"),
        ({"evidence": "out/metrics.json", "key": "endless"}, "is inf"),
        ({"evidence": "photos.csv", "of": "count", "commit": "abcdef0", "code": ["a.py"]}, "does not know the commit"),
    ],
)
def test_what_is_no_evidence_says_why(project, entry, words):
    with pytest.raises(sources.NoEvidenceError, match=words):
        sources.value(project, Entry.model_validate(entry))


@pytest.mark.parametrize(("name", "text"), [("a.toml", "x = 3"), ("a.yaml", "x: 3"), ("a.json", '{"x": "3"}')])
def test_other_formats(project, name, text):
    (project / name).write_text(text)
    assert sources.value(project, Entry(evidence=name, key="x"))[0] == 3
    (project / name).write_text("{]")
    with pytest.raises(sources.NoEvidenceError, match="cannot be read"):
        sources.value(project, Entry(evidence=name, key="x"))


def test_a_tolerance_as_a_share(project):
    (project / "claims.toml").write_text('[a]\nevidence = "photos.csv"\nof = "count"\ntolerance = "40 %"\n')
    assert run(project, "2<!-- claim: a -->").verdict is Verdict.PASS
    assert run(project, "1<!-- claim: a -->").verdict is Verdict.FAIL


def test_a_claim_by_sentence_needs_no_marker_and_misses_it_when_it_is_gone(project):
    change(project, 'of = "count"', 'of = "count"\ndocument = "d.md"\ntext = "on {} photos"')
    result = run(project, "trained on 2 photos")
    assert result.verdict is Verdict.PASS
    assert "no number bound to nothing" in result.message
    assert run(project, "trained on 3 photos").findings[0].rule == "claims.refuted"
    assert "does not say" in run(project, "trained elsewhere").findings[0].message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[a]\nevidense = "x.json"', "a.evidense"), ("nonsense", "no TOML"), ('[a]\nevidence = "x.txt"', "none of"),
        ('[a]\nevidence = "../x.json"', "not inside"), ('[a]\ntolerance = "much"', "such as '2 %'"),
        ('[a]\ntolerance = -1', "0 or more"), ('[a]\ndocument = "d.md"', "belong together"),
        ('[a]\ncommit = "abcdef0"', "belong together"), ('[a]\neach.run = ["x"]', "does not stand in the id"),
        ('[a-x]\n["a-{run}"]\neach.run = ["x"]', "two claims are called a-x"),
    ],
)  # fmt: skip
def test_a_wrong_ledger_is_told_with_its_place(tmp_path, text, words):
    (tmp_path / "claims.toml").write_text(text)
    with pytest.raises(AuditError, match=words):
        load(tmp_path / "claims.toml")


def test_a_document_that_is_not_there(project):
    with pytest.raises(AuditError, match=r"no file is called \*\.rst"):
        check(project, Claims(documents=("*.rst",)))
    with pytest.raises(AuditError, match=r"gone\.md cannot be read"):
        check(project, Claims(documents=("*.md",)), ["gone.md"])


def test_an_entry_without_evidence_is_none(project):
    (said,) = bound("d.md", "1<!-- claim: a -->")
    assert judge(project, said, {"a": Entry()}).outcome is Outcome.NO_EVIDENCE
