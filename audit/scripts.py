"""Programs of Python whose names have no suffix: their first line says what they are."""

import re
from contextlib import suppress
from pathlib import Path, PurePosixPath

HEAD = 4096  # bytes in which a program shows what it is; an archive that begins as one has a zero among them
# The interpreter of the first line, also by way of env with its options and variables; uv for a script of its own.
SCRIPT = re.compile(
    rb"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*(?:\S*/)?)?"
    rb"(?:python[\d.]*(?=[ \t\r\n])|uv[ \t]+run[ \t]+(?:-\S+[ \t]+)*(?:--script|-s)[ \t]*(?=\n))"
)


def is_script(path: str, data: bytes) -> bool:
    """Whether a file without a suffix begins as a program of Python does: `#!/usr/bin/env python3`."""
    return not PurePosixPath(path).suffix and SCRIPT.match(data[:HEAD]) is not None and b"\0" not in data[:HEAD]


def start(path: Path) -> bytes:
    """The first bytes of a file without a suffix; nothing where it has one, or cannot be read."""
    if not path.suffix:
        with suppress(OSError), path.open("rb") as file:
            return file.read(HEAD)
    return b""
