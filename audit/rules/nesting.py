"""How deep brackets and lists of a text nest, asked before a parser of which the time grows with the square."""

import re

MAX_DEPTH = 100


def too_deep(text: str) -> bool:
    """Whether brackets or dashes nest deeper than anybody writes; the YAML parser's time grows with the square."""
    depth = 0
    for match in re.finditer(r"[\[{]|[\]}]", text):
        depth += 1 if match.group() in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return bool(re.search(rf"(?:[-?]\s+){{{MAX_DEPTH}}}", text))
