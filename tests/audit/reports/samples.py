"""A report with everything in it, for the tests of the renderings."""

from dataclasses import replace

from audit.model import (
    Check,
    Confidence,
    Evidence,
    Finding,
    InputHash,
    Location,
    NotChecked,
    Report,
    Row,
    Severity,
    State,
    Verdict,
)
from audit.scores import Accuracy, FamilyScore, Score

NOTEBOOK = Finding(
    rule="stubs.todo", family="stubs", severity=Severity.MINOR, confidence=Confidence.HIGH,
    location=Location("n.ipynb", 2, 3), message="work left in `f`", risk="nobody is reminded", fix="do it",
    excerpt="# `x` | <y> & z", title="TODO", fingerprint="a" * 16,
)  # fmt: skip
GRAVE = replace(
    NOTEBOOK, rule="secrets.token", family="secrets", severity=Severity.CRITICAL, excerpt="", title="Token",
    location=Location("folder with space/ä.py", 7), message="a \x07 bell and <script>alert(1)</script>",
    fingerprint="b" * 16,
)  # fmt: skip
KNOWN = replace(
    NOTEBOOK, rule="paths.home", family="paths", severity=Severity.MAJOR, location=Location("a.py", 1),
    state=State.KNOWN, fingerprint="c" * 16,
)  # fmt: skip
SUPPRESSED = replace(
    KNOWN, location=Location("a.py", 4), state=State.SUPPRESSED, reason="the lab's own", suppressed_in="a.py:4",
    fingerprint="d" * 16,
)  # fmt: skip
FROM_TABLE = replace(
    SUPPRESSED, location=Location("b.py"), suppressed_in="pyproject.toml", fingerprint="e" * 16
)  # fmt: skip
RIGHT = Row("t", "temperature", "T", "eq. 5", Verdict.PASS, Evidence("p", 0.38, 0.38, "1", 0.001), "T measured")
WRONG = Row("k", "neighbours", "K", "2.2", Verdict.FAIL, Evidence("p", 10, 5, "bins"), "K measured 10 bins, paper 5")
FULL = Report(
    subject="thing <b>",
    scope="project",
    checks=(
        Check(
            "stubs", "Nothing is left empty", Verdict.FAIL, "1 finding", (NOTEBOOK,), accuracy=Accuracy(5, 5, 0),
            evidence=(Evidence("audit.rules.stubs on 3 files", 1, 0, "findings"),),
        ),
        Check("secrets", "No credential", Verdict.FAIL, "1 finding", (GRAVE,), accuracy=Accuracy(7, 6, 1)),
        Check("paths", "No path", Verdict.DEVIATION, "3 findings", (KNOWN, SUPPRESSED, FROM_TABLE)),
        Check("tests.run", "All tests pass", Verdict.NOT_RUN, "no evidence", remedy="run `make test`"),
        Check("paper.p.s", "A paper, measured on s", Verdict.FAIL, "1 of 2", rows=(RIGHT, WRONG)),
        Check("coverage.a", "Covered", Verdict.FAIL, "80 %", remedy="write tests"),
        Check("other", "Other", Verdict.ERROR, "the check broke down: KeyError", crash="KeyError: 'x'"),
        Check("open", "Open", Verdict.UNKNOWN, "not known"),
        Check("none", "None", Verdict.NOT_APPLICABLE, "no Python"),
        Check(
            "types.mypy", "mypy finds no error", Verdict.PASS, "no error", notes=("skipped: x",),
            evidence=(Evidence("mypy", 0, 0, "errors", versions=(("mypy", "2"),), inputs=(InputHash("a", "b" * 64),)),),
        ),
        Check("baseline", "The baseline says what is so", Verdict.PASS, "1 of 1 entries found again"),
    ),
    not_checked=(NotChecked("history", "only files", "scan it"),),
    required=("tests", "absent"),
    conditions=("without lint",), arguments=(("subject", "a.py:b"),),
    score=Score(
        43.2, "secrets", (FamilyScore("stubs", 95.2, 1, 1), FamilyScore("secrets", 66.7, 10, 1)), ("tests.run",)
    ),
)  # fmt: skip
EMPTY = Report("nothing", "tree", ())
