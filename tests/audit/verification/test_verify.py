import base64
import hashlib
import json
import subprocess

import pytest

REPORT = "out/report.json"


def test_a_report_that_nobody_touched_holds(project, audit):
    status, out, err = audit("verify", REPORT)
    assert status == 0, out + err
    assert "every byte is as it was, outside of a repository, Python 3.11" in out
    assert "3 of 3 checks came to the same" in out
    assert (project / "out/report.intoto.json").is_file()


def test_the_statement_names_report_tree_weights_and_results(project):
    said = json.loads((project / "out/report.intoto.json").read_text())
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    subjects = {item["name"]: item["digest"]["sha256"] for item in said["subject"]}
    for name in ("report.json", "code.py", "m.json", "weights/w.bin"):
        place = project / ("out/report.json" if name == "report.json" else name)
        assert subjects[name] == hashlib.sha256(place.read_bytes()).hexdigest()
    assert said["predicate"]["result"] == "PASSED"
    assert said["predicate"]["passedTests"] == ["stubs", "lint.ruff", "claims"]
    assert said["predicate"]["configuration"][0]["annotations"]["tree"] == "no repository"


def test_commit_and_state_of_the_audited_files_are_said(project, audit):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "x")):
        subprocess.run(["git", *command], check=True, capture_output=True)
    (project / "out/new").write_text("what a pipeline writes")
    audit("--output", "out")
    assert "of a clean tree" in audit("verify", REPORT, "--no-again")[1]
    (project / "code.py").write_text("import sys\n\nprint(sys.argv[0])\n")
    audit("--output", "out")
    assert "of a dirty tree" in audit("verify", REPORT, "--no-again")[1]


def test_every_result_carries_its_evidence(project):
    content = json.loads((project / REPORT).read_text())
    proofs = [(check["id"], proof) for check in content["checks"] for proof in check["evidence"]]
    assert {name for name, _ in proofs} == {check["id"] for check in content["checks"]}
    for name, proof in proofs:
        assert proof["command"], name
        assert proof["measured"] is not None, name
        assert all(len(item["sha256"]) == 64 for item in proof["inputs"]), name
        assert proof["inputs"], name
    assert {name for name, proof in proofs if proof["versions"]} == {"stubs", "lint.ruff"}
    assert [proof["output_sha256"] != "" for name, proof in proofs if name == "lint.ruff"] == [True]


def test_a_failed_audit_is_a_failed_result(project, audit):
    (project / "code.py").write_text("def f():\n    pass\n")
    assert audit("--output", "out")[0] == 1
    predicate = json.loads((project / "out/report.intoto.json").read_text())["predicate"]
    assert (predicate["result"], predicate["failedTests"]) == ("FAILED", ["stubs"])


def test_a_changed_byte_in_the_report_is_noticed(project, audit):
    place = project / REPORT
    place.write_text(place.read_text().replace('"line": 0', '"line": 1').replace("no finding", "No finding"))
    status, out, _ = audit("verify", REPORT, "--no-again")
    assert status == 1
    assert "it has been changed" in out


@pytest.mark.parametrize("path", ["code.py", "weights/w.bin", "claims.toml"])
def test_a_changed_byte_in_an_input_is_noticed_and_named(project, audit, path):
    with (project / path).open("a") as stream:
        stream.write("\n")
    status, out, _ = audit("verify", REPORT, "--no-again")
    assert status == 1
    assert f"changed: {path}" in out
    (project / path).unlink()
    assert f"missing: {path}" in audit("verify", REPORT, "--no-again")[1]


def test_what_no_longer_holds_is_named(project, audit):
    (project / "code.py").write_text("def f():\n    pass\n")
    (project / "m.json").write_text('{"x": 4}')
    status, out, _ = audit("verify", REPORT)
    assert status == 1
    assert "1 of 3 checks came to the same" in out
    assert "stubs: was pass" in out
    assert "found now: stubs.function at code.py:1" in out
    assert "found now: claims.refuted at d.md:1" in out


def test_a_finding_that_is_gone_and_one_that_moved(project, audit):
    (project / "code.py").write_text("def f():\n    pass\n\n\ndef g():\n    pass\n")
    audit("--output", "out")
    (project / "code.py").write_text("import sys\n\nprint(sys.argv)\n\n\ndef f():\n    pass\n")
    out = audit("verify", REPORT)[1]
    assert "no longer found: stubs.function at code.py:5" in out
    assert "code.py:6" not in out, "a line that moved is the same finding"


def test_without_a_statement_nothing_passes(project, audit):
    (project / "out/report.intoto.json").unlink()
    status, out, _ = audit("verify", REPORT, "--no-again")
    assert status == 1
    assert "nothing says what its bytes were" in out


@pytest.mark.parametrize("text", ["{", "{}", '{"_type": "x", "predicateType": "y", "subject": []}'])
def test_a_statement_that_is_none_counts_as_missing(project, audit, text):
    (project / "out/report.intoto.json").write_text(text)
    assert audit("verify", REPORT, "--no-again")[0] == 1


def test_signing_and_checking(project, audit, keys):
    private, public = keys
    assert audit("verify", REPORT, "--no-again", "--sign", private)[0] == 0
    envelope = json.loads((project / "out/report.dsse.json").read_text())
    assert base64.b64decode(envelope["payload"]) == (project / "out/report.intoto.json").read_bytes()
    status, out, _ = audit("verify", REPORT, "--no-again", "--key", public)
    assert status == 0
    assert "the signature is good" in out


@pytest.mark.parametrize("part", ["payload", "sig", "payloadType"])
def test_a_forged_envelope_is_refused(project, audit, keys, part):
    private, public = keys
    audit("verify", REPORT, "--no-again", "--sign", private)
    place = project / "out/report.dsse.json"
    envelope = json.loads(place.read_text())
    forged = base64.b64encode(base64.b64decode(envelope["payload"]).replace(b"PASSED", b"WARNED")).decode()
    if part == "sig":
        envelope["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()
    else:
        envelope[part] = {"payload": forged, "payloadType": "text/plain"}[part]
    place.write_text(json.dumps(envelope))
    status, out, _ = audit("verify", REPORT, "--no-again", "--key", public)
    assert status == 1
    assert "report.dsse.json:" in out


def test_report_and_statement_changed_together_do_not_survive_the_key(project, audit, keys):
    private, public = keys
    audit("verify", REPORT, "--no-again", "--sign", private)
    place = project / REPORT
    old = hashlib.sha256(place.read_bytes()).hexdigest()
    place.write_text(place.read_text().replace("no finding", "No finding"))
    beside = project / "out/report.intoto.json"
    beside.write_text(beside.read_text().replace(old, hashlib.sha256(place.read_bytes()).hexdigest()))
    assert audit("verify", REPORT, "--no-again")[0] == 0, "without a key the two agree"
    assert audit("verify", REPORT, "--no-again", "--key", public)[0] == 1


def test_a_changed_report_is_not_signed(project, audit, keys):
    (project / REPORT).write_text((project / REPORT).read_text().replace("no finding", "No finding"))
    status, _, err = audit("verify", REPORT, "--no-again", "--sign", keys[0])
    assert status == 2
    assert "nothing was signed" in err
    assert not (project / "out/report.dsse.json").exists()


def test_no_envelope_and_another_key(project, audit, keys):
    assert "report.dsse.json is missing" in audit("verify", REPORT, "--no-again", "--key", keys[1])[1]
    (project / "out/report.dsse.json").write_text("{")
    assert "no DSSE envelope" in audit("verify", REPORT, "--no-again", "--key", keys[1])[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone.json"], "cannot be read"), (["m.json"], "no report.json of an audit"),
        ([REPORT, "--key", "gone.pem"], "gone.pem cannot be read"),
        ([REPORT, "--key", "m.json"], "no public key in PEM"),
        ([REPORT, "--sign", "m.json"], "no private key in PEM"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("project")
def test_wrong_usage_is_one_sentence(audit, arguments, words):
    status, _, err = audit("verify", "--no-again", *arguments)
    assert status == 2
    assert words in err


def test_another_version_is_one_sentence(project, audit):
    content = json.loads((project / REPORT).read_text())
    (project / "odd.json").write_text(json.dumps({**content, "schema_version": 1}))
    assert "schema version 1; this audit reads version 3" in audit("verify", "odd.json")[2]


@pytest.mark.usefixtures("project")
def test_a_report_on_a_tree(audit):
    audit("check", ".", "--output", "tree", "--select", "stubs")
    assert audit("verify", "tree/report.json")[0] == 0
