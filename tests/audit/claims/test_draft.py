import tomllib

from audit.claims import draft
from audit.claims.check import check
from audit.config import Claims
from audit.model import Verdict

REPORT = """
| model | AuC | size |
|---|---|---|
| a-313 | 0.89 | 12 MB |
| b | 0.91 | 2026-01-01 |

- [x] 313 bins after filtering
- [x] Tests pass
- [ ] 7 things not done
12 elsewhere
"""


def test_tables_and_ticks_become_a_ledger_that_reads_back(tmp_path):
    (tmp_path / "r.md").write_text(REPORT)
    made = draft.render("r.md", draft.proposals(REPORT))
    entries = tomllib.loads(made)
    assert list(entries) == ["a-313-auc", "a-313-size", "b-auc", "313-bins-after-filtering", "tests-pass"]
    assert entries["a-313-size"]["text"] == "| a-313 | 0.89 | {} MB |"
    (tmp_path / "claims.toml").write_text(made)
    result = check(tmp_path, Claims(documents=("r.md",)))
    assert result.verdict is Verdict.FAIL
    assert "4 no evidence" in result.message, "a draft proves nothing"


def test_a_draft_filled_in_gives_verdicts(tmp_path):
    (tmp_path / "r.md").write_text(REPORT)
    (tmp_path / "m.json").write_text('{"a": 0.93}')
    made = draft.render("r.md", draft.proposals(REPORT))
    made = made.replace('evidence = ""\nkey = ""', 'evidence = "m.json"\nkey = "a"')
    (tmp_path / "claims.toml").write_text(made)
    result = check(tmp_path, Claims(documents=("r.md",)))
    assert "4 refuted" in result.message
