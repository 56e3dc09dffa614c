"""What commands say to a person, line by line, whatever a file is called."""

import unicodedata

from rich.console import Console

UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, marks of direction, bytes that are no text, ends of lines


def one_line(text: str) -> str:
    """The text with escapes in place of what would break the line or steer the terminal: a newline becomes `\\\\n`."""
    return "".join(ascii(c)[1:-1] if unicodedata.category(c) in UNSEEN else c for c in text)


def say(text: str, error: bool = False) -> None:
    """Print one line as it is, to the standard output, or to the error stream."""
    Console(stderr=error, soft_wrap=True).print(one_line(text), markup=False, highlight=False)
