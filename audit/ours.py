"""Which files are what this tool has written: were they read, one run would change the result of the next."""

import re
from pathlib import Path

HEAD = 1024  # bytes of a file that tell
# How each rendering, the statement, the facts of a run and a baseline begin.
BEGINNINGS = {
    ".json": re.compile(
        rb'\{\n  "accuracy": (null|\{\n    "false": \d+,\n    "hit": )'
        rb'|\{\n "_type": "https://in-toto\.io/Statement/v1"'
        rb'|\{\n  "commit": "[^"]*",\n  "platform": "[^"]*",\n  "python": "[^"]*",\n  "schema_version": \d'
        rb'|\{\n "entries": \[(\n  \{\n   "fingerprint": "[0-9a-f]+"|\])'
    ),
    ".html": re.compile(rb'<!doctype html>\n(<[^>]*>\n){3}<meta name="generator" content="audit">'),
    ".md": re.compile("# Audit of .*\n\n\\*\\*(✓|✗|≈|–|[?]|○|!) ".encode()),
    ".xml": re.compile(rb'<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="audit of '),
    ".txt": re.compile("(✓|✗|≈|–|[?]|○|!) (pass|fail|deviation|unknown|error|not (run|applicable)) +[a-z]".encode()),
}  # fmt: skip


def is_ours(path: Path) -> bool:
    """Whether a file is a report, or a baseline, of this tool; or a SARIF file, which is some tool's report.

    Raises:
        OSError: it cannot be read.
    """
    if path.suffix == ".sarif":
        return True
    beginning = BEGINNINGS.get(path.suffix)
    if beginning is None:
        return False
    with path.open("rb") as file:
        return beginning.match(file.read(HEAD)) is not None
