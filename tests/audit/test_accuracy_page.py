"""docs/accuracy.md says what the judgements and first looks in reports/accuracy say."""

import csv
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROUNDS = (
    "32 libraries", "13 libraries", "15 libraries", "11 libraries", "18 libraries", "18 others", "13 more", "12 more",
    "11 more", "11 others", "14 more",
)  # fmt: skip
LEFT_OUT = {("32 libraries", "tests.none"), ("32 libraries", "dependencies.none")}
SETS = {"E, and code of F": ("E", "F4"), "rest of F, and G": ("F3", "G")}
SETS |= {name: (name,) for name in "HIJKLMNOPQRSTUV"}


def records(name):
    with (ROOT / "reports" / "accuracy" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table(first_column):
    """Rows of the table on the page whose second column is called so: family -> column -> text."""
    lines = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8").split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| family | {first_column} |"))
    end = next(n for n, line in enumerate(lines[start:], start) if not line.startswith("|"))
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end]]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def test_the_recall_of_each_set_is_that_of_its_first_look():
    found, planted = Counter(), Counter()
    for item in records("recall.csv"):
        name = item["set"] + (item["tree"][1] if item["set"] == "F" else "")
        column = next(column for column, names in SETS.items() if name in names)
        for family in (item["family"], "all"):
            planted[family, column] += 1
            found[family, column] += item["first_sight"] == "found"
    page = table("A to D")
    assert len(planted) > 60
    for (family, column), count in planted.items():
        assert page[family][column].split(" = ")[0] == f"{found[family, column]}/{count}", (family, column)


def test_the_recall_on_real_repositories_is_that_of_the_first_look():
    found, listed = Counter(), Counter()
    for item in records("real.csv"):
        if item["kind"] == "defect":
            for family in (item["family"], "all"):
                listed[family, item["set"]] += 1
                found[family, item["set"]] += item["first_sight"] == "found"
    page = table("X")
    assert len(listed) > 30
    for (family, column), count in listed.items():
        assert page[family][column].split(" = ")[0] == f"{found[family, column]}/{count}", (family, column)


@pytest.mark.parametrize("column", ROUNDS)
def test_the_precision_of_each_round_is_that_of_its_judgements(column):
    right, read = Counter(), Counter()
    for item in records("precision.csv"):
        if item["round"] == column and item["sample"] == "yes" and (column, item["rule"]) not in LEFT_OUT:
            family = item["rule"].split(".")[0]
            read[family] += 1
            right[family] += item["label"] in ("right", "wheel")
    page = table("213 packages")
    assert len(read) > 2
    for family, count in read.items():
        assert page[family][column].split(" (")[0] == f"{right[family]}/{count}", family
