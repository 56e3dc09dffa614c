import pytest

from audit.claims.documents import at_text, bound, unbound


@pytest.mark.parametrize(
    ("line", "value", "step"),
    [
        ("AuC 89.51 %<!-- claim: x -->", 89.51, 0.01),
        ("**32,235,385**<!--claim:x--> weights", 32235385, 1),
        ("from −3.5 to −1.25 dB <!-- claim: x -->", -1.25, 0.01),
        ("`1.5e-3`<!-- claim: x -->", 0.0015, 0.0001),
        ("| a | 7 × <!-- claim: x --> | 8 |", 7, 1),
        ("no number here <!-- claim: x -->", None, 0),
    ],
)
def test_a_marker_binds_the_number_before_it(line, value, step):
    (said,) = bound("d.md", f"text\n{line}\n")
    assert said.value == value
    assert said.step == pytest.approx(step)
    assert (said.claim, said.location.line) == ("x", 2)


def test_two_markers_on_a_line_and_those_in_code():
    text = "1<!-- claim: a --> and 2<!-- claim: b -->\n```\n3<!-- claim: c -->\n```\nwrite `4<!-- claim: d -->`\n"
    assert [(said.value, said.claim) for said in bound("d.md", text)] == [(1, "a"), (2, "b")]


def test_what_stands_alone_is_listed_and_what_is_bound_is_not():
    text = "It takes 12 s, 3<!-- claim: a --> times 1,024 MB; and 45% of 6.5."
    assert [said.text for said in unbound("d.md", text)] == ["12", "1,024", "45", "6.5"]


@pytest.mark.parametrize(
    "line",
    [
        "# 3 things", "1. first", "on 2026-11-22 and in 2016", "Python 3.11 and torch 2.13.0", "CIFAR-10, float32",
        "see [there](a/12 b)", "https://x.org/12", "`code 12`", "<!-- 12 -->", "Table 2 and Eq. (4)", "version 1.2.3",
        "class-313-plain", "~~~\n12\n~~~",
    ],
)  # fmt: skip
def test_names_dates_versions_and_code_are_no_numbers(line):
    assert unbound("d.md", line) == []


def test_a_sentence_of_the_ledger_finds_its_number_over_a_line_break():
    (said,) = at_text("d.md", "a\ntrained on\n153 photographs (all)", "trained on {} photographs (all)", "x")
    assert (said.value, said.location.line) == (153, 3)


def test_a_cell_of_a_table_whatever_stands_in_the_cells_before_it():
    table = "| a | 1.5 | 2 |\n| ab | 3 | 4 |\n"
    (said,) = at_text("d.md", table, "| a | {*} | {} |", "x")
    assert (said.value, said.location.line) == (2, 1)


def test_a_sentence_accounts_for_its_words_and_its_number_and_for_nothing_else():
    table = "| in 16 ms | 3 | 4.5 ± 3 | 4.5 |\n"
    (said,) = at_text("d.md", table, "| in 16 ms | {*} | {} ±", "x")
    assert [item.text for item in unbound("d.md", table, said.spans)] == ["3", "3", "4.5"]
