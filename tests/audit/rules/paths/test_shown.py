"""What a finding says of a path: something that is true of it, and the path to its end."""

import pytest

from audit.rules.paths import rules
from audit.rules.paths.shown import MOST, as_shown
from audit.target import open_target

# Put together here, so that this file does not hold what its own audit looks for.
HOME = "/".join(("", "home", "alice"))
DRIVE = "/".join(("", "content", "drive"))
DISK = "C" + ":\\"
SCRATCH = "/".join(("", "scratch", "alice"))


def messages(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return [finding.message for finding in rules.find(open_target(folder))]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{DRIVE}/MyDrive/x.csv", "is a path of a hosted notebook service"),
        (f"{DISK}Users\\Public\\Documents\\x.csv", "begins with a drive of Windows"),
        (f"{HOME}/data/x.csv", "lies in one user's home directory"),
        (f"{SCRATCH}/data/x.csv", "lies on a disk that only some machines have"),
    ],
)
def test_each_rule_says_what_is_true_of_the_whole_path(tmp_path, path, words):
    assert messages(tmp_path, "a.py", f"x = open({path!r})\n") == [f"`{path}` {words}"]


def test_a_part_that_stands_twice_is_quoted_alone(tmp_path):
    assert messages(tmp_path, "a.py", "x = open('data/train/data/train/x.csv')\n") == [
        "`data/train` stands twice in a row"
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"path: {HOME}/a b/x.csv  # mine", f"{HOME}/a"),
        (f"path: '{HOME}/a b/x.csv'  # mine", f"{HOME}/a b/x.csv"),
        (f"path: [{HOME}/a, b]", f"{HOME}/a"),
        (f"bind: {HOME}/a:/data", f"{HOME}/a"),
    ],
)
def test_in_configuration_a_path_ends_with_its_quotes_or_at_a_space(tmp_path, text, path):
    assert messages(tmp_path, "a.yaml", f"{text}\n") == [f"`{path}` lies in one user's home directory"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"{HOME}/My Data/train set.csv", f"{HOME}/My Data/train set.csv"),
        (f"{HOME}/run.sh --data x/y", f"{HOME}/run.sh"),
        (f"{HOME} is where it lies", HOME),
        (f"{HOME}/x.db?password=hunter", f"{HOME}/x.db"),
        (f"{HOME}/x\n/y", f"{HOME}/x"),
        (f"{HOME}/keys/{'Q4' * 12}/x", f"{HOME}/keys/…/x"),
    ],
)
def test_a_path_ends_where_its_text_does_or_something_else_begins(text, path):
    assert as_shown(text, 0, len(HOME)) == path


def test_of_a_long_path_the_middle_is_left_out():
    path = f"{HOME}/{'a/' * 100}x.npz"
    text = as_shown(path, 0, len(HOME))
    assert len(text) == MOST
    assert text.startswith(f"{HOME}/a/a/")
    assert text.endswith("/a/x.npz")
    assert "…" in text
