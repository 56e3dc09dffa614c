"""Python newer than the one that runs the audit, rewritten line for line so that it can be read. Nothing is executed.

What Python 3.12 and 3.14 brought: quotes, backslashes and new lines inside the braces of an f-string (PEP 701),
parameters of types (PEP 695), `except A, B:` (PEP 758).
"""

import re
from collections.abc import Iterator

PLAIN = re.compile(r"[^'\"#\w]+")  # what holds no string and begins none
WORD = re.compile(r"\w+")
STRING = re.compile(r"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
PARAMETERS = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+[ \t]*(\[)", re.M)
ALIAS = re.compile(r"^[ \t]*(type[ \t]+)\w+[ \t]*(?:=(?!=)|(\[))", re.M)
KIND = r"(?:[A-Z]\w*|\w+\.[\w.]+)"  # an exception's class; a small letter is a name of Python 2
SEVERAL = re.compile(rf"^[ \t]*except\*?[ \t]+({KIND}(?:[ \t]*,[ \t]*{KIND})+)[ \t]*:", re.M)
LONGEST = 2000  # characters between the brackets of type parameters
DEEPEST = 4  # strings inside each other, each in other quotes
PAIRS = {"(": ")", "[": "]", "{": "}"}


class UnreadableError(ValueError):
    """A string that does not end, or nests too deep."""


def older(code: str) -> str:
    """The same program in older syntax where it needs that: lines keep their numbers, texts inside braces change."""
    try:
        return without_types(Strings(code).rewritten())
    except UnreadableError:
        return code


class Strings:
    """One pass over a program, from string to string."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.at = 0
        self.outer = ""  # the quote of the f-string that holds all others

    def rewritten(self) -> str:
        """The program with its newer f-strings in triple quotes."""
        parts = []
        while self.at < len(self.code):
            parts.append(self.piece(0))
        return "".join(parts)

    def masked(self) -> str:
        """The program with its strings and comments blank, character for character."""
        return "".join(text if is_code else re.sub(r"[^\n]", " ", text) for text, is_code in self.parted())

    def parted(self) -> Iterator[tuple[str, bool]]:
        """(text, whether it is code) of each string, each comment, and what stands between them.

        Raises:
            UnreadableError: a string does not end.
        """
        while self.at < len(self.code):
            start = self.at
            self.piece(0)
            text = self.code[start : self.at]
            yield text, text[0] != "#" and text[-1] not in "'\""

    def piece(self, depth: int) -> str:
        """The next string or comment as it shall stand, else the code before it; inside braces a word or a sign."""
        start = STRING.match(self.code, self.at)
        if start is None:
            if self.code[self.at] == "#":
                end = self.code.find("\n", self.at)
                return self.taken(len(self.code) if end < 0 else end)
            plain = WORD.match(self.code, self.at) or (None if depth else PLAIN.match(self.code, self.at))
            return self.taken(plain.end() if plain else self.at + 1)
        if depth >= DEEPEST:
            raise UnreadableError
        self.at = start.end()
        prefix, quote = start.groups()
        return self.formatted(prefix, quote, depth) if "f" in prefix.lower() else self.plain(prefix, quote, depth)

    def taken(self, end: int) -> str:
        """The text up to an end, which is then behind us."""
        text = self.code[self.at : end]
        self.at = end
        return text

    def plain(self, prefix: str, quote: str, depth: int) -> str:
        """A string that is no f-string; inside braces without what could not stand there before."""
        start = self.at
        while not self.code.startswith(quote, self.at):
            self.step(quote)
        text = self.code[start : self.at]
        self.at += len(quote)
        if not depth:
            return prefix + quote + text + quote
        return prefix + self.marks(depth) + re.sub(r"[\\'\"\n{}]", "_", text) + self.marks(depth)

    def step(self, quote: str) -> str:
        """One character of a string, or two where the first is a backslash."""
        if self.at >= len(self.code) or (self.code[self.at] == "\n" and len(quote) == 1):
            raise UnreadableError
        return self.taken(self.at + (2 if self.code[self.at] == "\\" else 1))

    def formatted(self, prefix: str, quote: str, depth: int) -> str:
        """An f-string: as it stands where nothing in it is new, else in other quotes."""
        start, parts, new = self.at, [""], False
        self.outer = self.outer if depth else quote[0]
        while not self.code.startswith(quote, self.at):
            if self.code.startswith(("{{", "}}"), self.at):
                parts.append(self.taken(self.at + 2))
            elif self.code[self.at : self.at + 1] == "{":
                before = self.at
                parts.append(self.braces(depth + 1))
                inside = self.code[before : self.at]
                new = new or quote[0] in inside or "\\" in inside or "\n" in inside
            else:
                text = self.step(quote)
                parts.append(re.sub(r"['\"\\]", "_", text) if depth else text)
        text = self.code[start : self.at]
        self.at += len(quote)
        if not new and not depth:
            return prefix + quote + text + quote
        return prefix + self.marks(depth) + "".join(parts) + self.marks(depth)

    def braces(self, depth: int) -> str:
        """`{value!r:>{width}}` with its strings rewritten."""
        parts, waiting = [self.taken(self.at + 1)], ["}"]
        while waiting:
            if self.at >= len(self.code):
                raise UnreadableError
            character = self.code[self.at]
            if character == waiting[-1]:
                waiting.pop()
            elif character in PAIRS:
                waiting.append(PAIRS[character])
            elif character == "\\":
                self.at += 1
                continue
            elif character == "#":
                raise UnreadableError
            parts.append(self.piece(depth))
        return "".join(parts)

    def marks(self, depth: int) -> str:
        """The quotes of a string inside `depth` others: they differ from all around it."""
        other = "'" if self.outer == '"' else '"'
        return (self.outer * 3, other * 3, self.outer, other)[depth]


def without_types(code: str) -> str:
    """Parameters of types, `type` before an alias and bare lists of exceptions replaced by what was always there."""
    hidden = Strings(code).masked()
    aliases = list(ALIAS.finditer(hidden))
    brackets = [found.start(1) for found in PARAMETERS.finditer(hidden)]
    brackets += [found.start(2) for found in aliases if found.group(2)]
    cuts = [(start, closing(hidden, start), "") for start in brackets]
    cuts += [(found.start(1), found.end(1), "") for found in aliases]
    cuts += [(found.start(1), found.end(1), f"({found.group(1)})") for found in SEVERAL.finditer(hidden)]
    for start, end, text in sorted(cuts, reverse=True):
        code = code[:start] + text + "\\\n" * code[start:end].count("\n") + code[end:]
    return code


def closing(code: str, start: int) -> int:
    """Just behind the bracket that closes the one at `start`.

    Raises:
        UnreadableError: there is none near.
    """
    depth = 0
    for position in range(start, min(len(code), start + LONGEST)):
        depth += (code[position] == "[") - (code[position] == "]")
        if not depth:
            return position + 1
    raise UnreadableError
