"""Credentials in code, notebooks (outputs too) and configuration. The value itself never leaves this file."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from audit.errors import NotRunError
from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import TEST_PATH, docstrings
from audit.rules.family import Family, rule
from audit.runners import version
from audit.target import Kind, Piece, Target

TOKEN = rule(
    "secrets.token",
    title="Key or token of a service",
    why="Whoever reads the file can act as its owner; it stays in the history after the line is gone.",
    fix="Revoke it at the service, then read a new one from the environment.",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
)
PASSWORD = rule(
    "secrets.password",
    title="Password or key given as text",
    why="Whoever reads the file knows it; it stays in the history after the line is gone.",
    fix="Change it, then read it from the environment or a secret store.",
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
)

# detect-secrets' detectors of one service each. Its entropy detectors report every hash, and that of Artifactory every
# table in base64: they are left out.
DETECTORS = (
    "aws:AWSKeyDetector", "azure_storage_key:AzureStorageKeyDetector",
    "basic_auth:BasicAuthDetector", "discord:DiscordBotTokenDetector", "github_token:GitHubTokenDetector",
    "gitlab_token:GitLabTokenDetector", "jwt:JwtTokenDetector", "mailchimp:MailchimpDetector", "npm:NpmDetector",
    "openai:OpenAIDetector", "private_key:PrivateKeyDetector", "pypi_token:PypiTokenDetector",
    "sendgrid:SendGridDetector", "slack:SlackDetector", "stripe:StripeDetector",
    "telegram_token:TelegramBotTokenDetector", "twilio:TwilioKeyDetector",
)  # fmt: skip
# Services of this trade that detect-secrets does not know. Each pattern begins with a fixed text: quick to find.
BASIC_AUTH = "Basic Auth Credentials"
OWN_TOKENS = (
    (BASIC_AUTH, re.compile(r"://[^\s:/@'\"]+:([^\s/@'\"]{6,})@[\w.-]+")),  # any sign may be in a password
    ("Hugging Face token", re.compile(r"(hf_[A-Za-z0-9]{30,})\b")),
    ("Anthropic key", re.compile(r"(sk-ant-[A-Za-z0-9_-]{20,})")),
    ("GitHub token", re.compile(r"(github_pat_[A-Za-z0-9_]{40,})\b")),
    ("Groq key", re.compile(r"(gsk_[A-Za-z0-9]{40,})\b")),
    ("Replicate token", re.compile(r"(r8_[A-Za-z0-9]{37,})\b")),
    ("Google OAuth secret", re.compile(r"(GOCSPX-[A-Za-z0-9_-]{20,})")),
    ("Google API key", re.compile(r"(AIza[0-9A-Za-z_-]{35})\b")),
    ("Weights & Biases key", re.compile(r"wandb.*?(?:login[( ]|key)[\s=:('\"\]key]*([0-9a-f]{40})\b", re.I)),
    ("Kaggle key", re.compile(r"['\"](?:key|KAGGLE_KEY)['\"]\]?\s*[:=]\s*['\"]([0-9a-f]{32})['\"]")),
)  # fmt: skip
NAMED_TOKEN = re.compile(
    r"\b\w*(?:token|apikey|api_key|access_key)\w*['\"\]]{0,2}\s*[:=]\s*['\"]?([A-Za-z0-9_.\-/+]{20,})\b", re.I
)
# Where a value is given to a name otherwise than by a sign between the two: fall-backs, options, pairs of credentials.
FALL_BACKS = (
    re.compile(
        r"(?:getenv|environ\.get)\(\s*['\"]\w*(?:KEY|TOKEN|SECRET|PASS|PWD)\w*['\"]\s*,\s*['\"]([^'\"]{8,})['\"]", re.I
    ),
    re.compile(
        r"['\"]-{0,2}[\w-]*(?:key|token|secret|password)['\"]\s*,.*\bdefault\s*=\s*['\"]([^'\"]{8,})['\"]", re.I
    ),
    re.compile(r"\bauth\w*\s*=\s*\(\s*['\"][^'\"]+['\"]\s*,\s*['\"]([^'\"]{6,})['\"]\s*\)", re.I),
)
NO_PASSWORD = re.compile(  # a name, a reference, a constant, words, a number, a special token, a path, a file
    r"[A-Za-z_]+|[A-Za-z_]\w*(\.[A-Za-z_]\w*)+|[A-Z_]+|[a-z]+(?:[-_][a-z]+)+|[\d.]+|\$\w+|\[\w+\].*"
    r"|/?(?:[\w.-]+/)+[\w.-]*"
    r"|_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Za-z_][\w.]*\[[\w., \[\]]*\]"  # a constant's name, a type
    r"|[\w.-]+\.(?:py|ipynb|json|ya?ml|toml|ini|cfg|txt|csv|md|html?|pth?|ckpt|pkl|pickle|bin|model|onnx|np[yz]|h5|pem"
    r"|png|jpe?g|gz|zip|vocab|db|sqlite|safetensors)"
)
PLACEHOLDER = re.compile(
    r"example|your|change.?me|placeholder|dummy|redacted|insert|sample|x{4,}|\*{3,}|<|>|\$\{|\{[\w.]*\}|\{\{|\.\.\.|"
    r"^[\w-]{0,8}1234567890$|"
    r"^(test|fake|none|null|true|false|string|str|password|passwd|secret|token|admin|user|key|pass|value|default)\W*$|"
    r"environ|getenv|[()]|"
    # what the services' own documents show: JWT's John Doe, Azure's storage emulator
    r"eyJzdWIiOiIxMjM0NTY3ODkw|Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
    re.I,
)  # fmt: skip
PRIVATE_KEY = "Private Key"
SHOWN_IN_DOCUMENTS = {BASIC_AUTH, "JSON Web Token", PRIVATE_KEY}  # documents show the form of these
KEY_DATA = re.compile(r"[A-Za-z0-9+/=]{30}|Proc-Type")
IN_DATA = re.compile(r"[A-Za-z0-9+/]{12}$")  # what looks like a key in the midst of a picture or a font
OF_TYPE = re.compile(r"['\"]\w+(?:::\w+)+['\"]\s*:")  # "AWS::SecretsManager::Secret": what kind of thing a value is of
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)  # names a thing, where no key is asked for
KEY_NAME = re.compile(r"api_?key|access_?key|secret_?key|client_?secret|passw", re.I)
HASH_LINE = re.compile(r"\b\w*(hash|sha\d*|md5|digest|checksum|integrity|fingerprint)\w*\b", re.I)
LOCK_FILE = re.compile(r"(^|/)([^/]*\.lock|[^/]*-lock\.(json|ya?ml)|go\.sum|npm-shrinkwrap\.json)$")
CONFIG_SUFFIXES = (
    ".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".env", ".sh", ".bat", ".ps1", ".properties", ".txt",
    "Dockerfile",
)  # fmt: skip
WORD = re.compile(r"[a-z]+\d{1,4}", re.I)  # what a service is given that a test or a fall-back starts
SUM = re.compile(r"(['\"])[ ]?\+[ ]?\1")
SHORTEST, LONGEST = 8, 1000  # characters of a line; shorter ones hold no secret, longer ones are data
TELLING = re.compile(r"key|pass|pwd|secret|contrase|token|auth", re.I)  # without one no detector of names speaks


def find(target: Target) -> Iterator[Finding]:
    """At most one finding a line.

    Raises:
        NotRunError: detect-secrets is missing.
    """
    version("detect-secrets")
    for piece in target.pieces:
        if LOCK_FILE.search(piece.path):
            continue
        # Some of the detectors' patterns take a time that grows with the square of a line.
        text = "\n".join(line for line in piece.lines if len(line) <= LONGEST)
        tokens_there = holds_token(whole(piece, text))
        for number, line in enumerate(piece.lines, start=1):
            told = tokens_there or TELLING.search(line)
            if told and SHORTEST <= len(line) <= LONGEST and "base64," not in line:
                finding = look(piece, number, whole(piece, line))
                if finding:
                    yield finding


def gives_away(piece: Piece, number: int) -> bool:
    """Whether a line must not be quoted."""
    line = whole(piece, piece.lines[number - 1]) if 0 < number <= len(piece.lines) else ""
    return SHORTEST <= len(line) <= LONGEST and look(piece, number, line) is not None


def whole(piece: Piece, text: str) -> str:
    """Code with constants that are added made one: `"hf_" + "abc"` hides nothing."""
    return SUM.sub("", text) if piece.kind is Kind.PYTHON and "+" in text else text


def holds_token(text: str) -> bool:
    """Whether a token may stand in any line: each pattern asked once of the whole text, which is the cheapest.

    No pattern has an anchor, so that what one finds in a line it finds in the text.
    """
    own = any(pattern.search(text) for _, pattern in OWN_TOKENS)
    return own or any(pattern.search(text) for detector in detectors() for pattern in detector.denylist)


def look(piece: Piece, number: int, line: str) -> Finding | None:
    """What one line gives away, the surest rule first."""
    for name, value in tokens(piece, number, line):
        if name in SHOWN_IN_DOCUMENTS and (piece.kind is Kind.MARKDOWN or in_docstring(piece, number)):
            continue
        if name == PRIVATE_KEY and not KEY_DATA.search(" ".join((line, *piece.lines[number : number + 2]))):
            continue  # the mark that a key begins with, and no key
        # An address with a name and a password may as well be a template of one: judged like a password.
        if credible(value) if name == BASIC_AUTH else not PLACEHOLDER.search(value):
            return found(TOKEN, piece.at(number), f"looks like: {name} ({shown(value)})")
    if piece.kind is Kind.MARKDOWN or HASH_LINE.search(line) or OF_TYPE.search(line) or not TELLING.search(line):
        return None
    for value in passwords(piece, number, line):
        bare = value.strip("'\"")
        identifies = UUID.fullmatch(bare) and not KEY_NAME.search(line)
        made_up = WORD.fullmatch(bare) and TEST_PATH.search(piece.path)
        if credible(value) and not identifies and not made_up and not in_docstring(piece, number):
            return found(PASSWORD, piece.at(number), f"a password or key as text ({shown(value)})")
    return None


def tokens(piece: Piece, number: int, line: str) -> Iterator[tuple[str, str]]:
    """(kind, value) of everything with the shape of a known service's token."""
    for detector in detectors():
        if not any(pattern.search(line) for pattern in detector.denylist):
            continue
        for secret in detector.analyze_line(filename=piece.path, line=line, line_number=number):
            value = secret.secret_value or ""
            if not IN_DATA.search(line[: line.find(value)]):
                yield secret.type, value
    for name, pattern in OWN_TOKENS:
        for match in pattern.finditer(line):
            if not line[: match.start()][-1:].isalnum() or name == BASIC_AUTH:
                yield name, match.group(1)


def passwords(piece: Piece, number: int, line: str) -> Iterator[str]:
    """Values given to names like password, secret, api_key, token."""
    configured = piece.kind is Kind.TEXT and (piece.path.endswith(CONFIG_SUFFIXES) or "/.env" in f"/{piece.path}")
    if piece.kind is Kind.TEXT and not configured:
        return
    # The detector chooses its grammar by the file's name: notebooks and outputs hold Python.
    as_ini = "/.env" in f"/{piece.path}" or piece.path.endswith((".env", ".sh", ".bat", ".ps1", "Dockerfile"))
    filename = "env.ini" if as_ini else piece.path if configured else "cell.py"
    for secret in keyword_detector().analyze_line(filename=filename, line=line, line_number=number):
        yield secret.secret_value or ""
    match = NAMED_TOKEN.search(line)
    if match and mixed(match.group(1)):
        yield match.group(1)
    for pattern in FALL_BACKS:
        match = pattern.search(line)
        if match and mixed(match.group(1)) and not WORD.fullmatch(match.group(1)):
            yield match.group(1)


def in_docstring(piece: Piece, number: int) -> bool:
    """Whether a line of code is documentation, where passwords are examples."""
    documentation = docstrings(piece)
    return any(
        isinstance(node, ast.Constant) and id(node) in documentation and node.lineno <= number <= (node.end_lineno or 0)
        for node in piece.nodes
    )


def mixed(value: str) -> bool:
    """Letters and digits as in a generated key, and not the words of a long_name_with_a_2."""
    return bool(
        re.search(r"\d", value) and re.search(r"[A-Za-z]", value) and not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", value)
    )


def credible(value: str) -> bool:
    """Whether a value may be a password, and is no placeholder, reference, address, path or special token."""
    value = value.strip().strip("'\"")
    if len(value) < 6 or PLACEHOLDER.search(value) or " " in value or "://" in value:
        return False
    return not NO_PASSWORD.fullmatch(value) and len(set(value)) > 3


def shown(value: str) -> str:
    """The first four characters of a long value; nothing of a short one."""
    return f"{value[:4]}…" if len(value) >= 16 else "not shown"


@cache
def detectors() -> tuple[Any, ...]:
    """One instance of each detector."""
    return tuple(load(name) for name in DETECTORS)


@cache
def keyword_detector() -> Any:
    """detect-secrets' detector of telling names."""
    return load("keyword:KeywordDetector")


def load(name: str) -> Any:
    """A detector by module and class.

    Raises:
        NotRunError: this detect-secrets does not have it.
    """
    module, attribute = name.split(":")
    try:
        return getattr(import_module(f"detect_secrets.plugins.{module}"), attribute)()
    except (ImportError, AttributeError):
        raise NotRunError(f"detect-secrets has no {attribute}", "run `pip install 'detect-secrets>=1.5'`") from None


FAMILY = Family(
    "secrets", "No credential in the tree", (TOKEN, PASSWORD), find,
    versions=("detect-secrets",), reads_text=True, per_file=True,
)  # fmt: skip
