"""What git holds."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_nothing_that_is_ignored_is_tracked() -> None:
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
