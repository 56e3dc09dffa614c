"""Whether a text may be a password or a generated key, and is no placeholder, reference, name or number."""

import re
from itertools import pairwise

PLACEHOLDER = re.compile(
    r"example|your|change.?(?:me|this|it)|placeholder|dummy|redacted|insert|sample|replace|fake|mock|foobar|x{4,}"
    r"|\*{3,}|<|>|\$\{|\{[\w.]*\}|\{\{|\.\.\.|\u2026|not[-_ ]?(?:set|needed|used|required|real)|[-_ ]here\b|todo"
    r"|^[\w-]{0,8}1234567890$"
    r"|^(test|none|null|true|false|string|str|password|passwd|secret|token|admin|user|key|pass|value|default)\W*$"
    r"|environ|getenv|%\(|%s|\w\(|\$\(|\(\?|\[\^|a-z0-9|a-za-z|\\[sdw]"
    # what the services' own documents show: JWT's John Doe, Azure's storage emulator
    r"|eyJzdWIiOiIxMjM0NTY3ODkw|Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
    re.I,
)  # fmt: skip
NO_SECRET = re.compile(
    r"[A-Za-z_]+|[a-z]+(?:[-_][a-z]+)+"  # words
    r"|(?!(?=\w{20})[A-Za-z]*\d+[A-Za-z])[A-Za-z_]\w*(\.[A-Za-z_]\w*)+"  # a reference, and no key with a dot in it
    r"|[-+]?[\d._,]+(?:e[+-]?\d+)?|[$%]\w+%?|\[\w+\].*"  # a number, a variable, a special token
    r"|_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:=.*)?|[A-Za-z_][\w.]*(?:\[[\w., \[\]-]*\][\w.]*)+"  # a constant's name, a type
    r"|(?:arn|urn|vault|sha\d+|md5|env|file|ssh-\w+|ecdsa-\S+)[:\s-].*"  # what points at something, or sums it up
    r"|\$(?:2[abxy]|argon2\w*|[156])\$.*|pbkdf2\S*|\{S?SHA\d*\}.*"  # the hash of a password
    r"|~?/?(?:[\w.*-]+/)+[\w.*-]*\.\w{1,5}|[\w.-]+@[\w-]+(?:\.[\w-]+)+"  # a file, an address of mail
    r"|[\w.-]+\.(?:py|ipynb|json|ya?ml|toml|ini|cfg|txt|csv|md|html?|pth?|ckpt|pkl|pickle|bin|model|onnx|np[yz]|h5|pem"
    r"|png|jpe?g|gz|zip|vocab|db|sqlite|safetensors|key|cer|crt)",
)
WORD = re.compile(r"[a-z]{0,20}\d{0,4}|\d{1,4}[a-z]{1,2}|\d+x\d+|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]+)+\d{0,4}|v?\d+", re.I)
BETWEEN = re.compile(r"[-_./:+ ]")
MADE_UP = re.compile(r"\b(?:test|my|some|pass\w*|secret|key|token|user|id|local|demo|foo|bar|abc)\d*(?:\b|_)", re.I)
RANDOM_CASE = re.compile(r"[A-Z][a-z][A-Z]|[a-z][A-Z][a-z][A-Z]")
APP_PASSWORD = re.compile(r"[a-z0-9]{4}(?: [a-z0-9]{4}){3}")  # as Google gives them to programs
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
SHORTEST_KEY = 12  # characters; services give longer ones
TESTED = 24  # characters of a key in a test: what is made up there is shorter, or counts up


def is_placeholder(value: str) -> bool:
    """Whether a value holds the place of one: `FaKe` amid random letters is no word that somebody wrote."""
    found = (match.group() for match in PLACEHOLDER.finditer(value))
    return any(not (text.isalpha() and RANDOM_CASE.search(text)) for text in found)


def is_password(value: str) -> bool:
    """Whether somebody may log in with it: not a word, and no text for people."""
    if APP_PASSWORD.fullmatch(value):
        return True
    if len(value) < 6 or " " in value or "://" in value or not value.isascii() or is_placeholder(value):
        return False
    if (NO_SECRET.fullmatch(value) and not is_drawn(value)) or len(set(value)) <= 3 or counts_up(value):
        return False
    if "\\u" in value or ("/" in value and is_wordy(value.replace("*", ""))):
        return False  # letters of another alphabet; a path, or what points into a store of secrets
    return not (is_wordy(value) and BETWEEN.search(value) and (MADE_UP.search(value) or len(value) > TESTED))


def is_drawn(value: str) -> bool:
    """Whether letters alone were drawn at random: `qIbIHwGCRGTxSF` goes from small to large where no word does."""
    runs = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", value)
    return value.isalpha() and SHORTEST_KEY <= len(value) < 3 * len(runs)


def is_chosen(value: str) -> bool:
    """Whether it is a password and none that a program falls back on: `minio123`."""
    return is_password(value) and not is_wordy(value)


def is_generated(value: str) -> bool:
    """Whether a machine may have made it: long, letters and digits, and not the words of a long_name_with_a_2."""
    return (
        len(value) >= SHORTEST_KEY
        and is_password(value)
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and not is_wordy(value)
    )


def is_wordy(value: str) -> bool:
    """Whether each of its parts is a word, a number, or a word with a number: `bert-base-v2`, `limited123`."""
    return all(WORD.fullmatch(part) for part in BETWEEN.split(value))


def counts_up(value: str) -> bool:
    """Whether most signs follow each other in the alphabet: `abcdef123456`."""
    signs = [ord(sign) for sign in value.lower()]
    steps = sum(second - first in (0, 1) for first, second in pairwise(signs))
    return len(value) >= SHORTEST_KEY and steps > 0.6 * len(value)
