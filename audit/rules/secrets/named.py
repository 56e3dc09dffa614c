"""Values given to names like password, api_key, token: in code, configuration, shell lines, calls and addresses."""

import re
from collections.abc import Callable, Iterator

from audit.rules.secrets.values import APP_PASSWORD, UUID, is_chosen, is_generated, is_password, is_wordy
from audit.rules.secrets.words import NEAR, is_of_login, opens
from audit.target import Kind, Piece

CONFIGURATION = (
    ".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".config", ".properties", ".txt", ".tfvars",
)  # fmt: skip
SHELL = (
    ".env", ".sh", ".bash", ".zsh", ".bat", ".cmd", ".ps1", "Dockerfile", ".dockerfile", ".slurm", ".sbatch",
    "/Makefile", ".mk",
)  # fmt: skip
CODE = (".js", ".ts", ".jsx", ".tsx", ".r", ".jl", ".tf")
LOGINS = (".netrc", "_netrc", ".pypirc", ".npmrc", "/credentials")
SHOWN = re.compile(r"[/._-](?:example|sample|template)s?(?:[.-][\w-]*)*$|\.(?:dist|min\.js)$", re.I)  # to fill in
TELLING = (  # without one of these nothing below speaks
    "key", "pass", "pwd", "pw", "secret", "contrase", "senha", "token", "auth", "appid", ".login(", ".connect(",
    "cohere", "roboflow", " -u", " -p", "credential", "bearer", "mdp", "admin", "login", "sudo", "ftp(",
)  # fmt: skip

UNIQUE = re.compile(r"key$|(?:^|_)(?:api|access|auth|bearer|personal)_?token$")  # services give out such ones as well
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
QUALIFIERS = {  # what may follow the word that tells
    "prod", "production", "dev", "staging", "value", "default", "admin", "backup", "local", "new", "old", "str",
}  # fmt: skip
PASSWORDS = re.compile(
    r"(?:^|.*_)(?:pass|pw|mdp)$|.*(?:password|passwd|pwd|passphrase|contrase[nñ]a|senha|secret|secret_?key)$"
)
KEYS = re.compile(
    r".*(?:api|access|auth|account|service|private|priv|client|encryption|signing|master|subscription|db|database"
    r"|consumer|rapid_?api)_?key$|.*(?:_|^|auth|access|bearer|api)token$|(?:^|.*_)auth$"
    r"|(?:^|.*_)(?:bearer|appid|credential)$"
    r"|(?:^|.*_)(?:openai|azure|wandb|kaggle|hf|huggingface|anthropic|comet|neptune|gemini|cohere|pinecone|roboflow"
    r"|groq|mistral|deepseek|openrouter|serp|weather|owm|news|maps|tmdb|elevenlabs|replicate|langsmith|aws|gcp)_key$"
)
OTHERWISE = {  # a name with one of these is not the secret's own
    "hash", "hashed", "digest", "sha", "md", "checksum", "fingerprint", "integrity", "encrypted", "field", "label",
    "hint", "regex", "pattern", "path", "file", "name", "url", "uri", "env", "public", "pub", "column", "header",
    "cache", "partition", "sort", "primary", "foreign", "cost", "price", "special", "pad", "bos", "eos", "mask", "unk",
    "page", "next", "continuation", "output", "input", "upload", "resume", "verification", "stop", "no",
    "reset", "forgot", "confirm", "show", "type", "search", "site",
}  # fmt: skip

QUOTED = r"(?P<prefix>[a-z]{0,2})(?P<quote>['\"])(?P<value>(?:(?!(?P=quote)).){6,400})(?P=quote)"
# name = "value", "name": "value", x["name"] = "value", name: str = "value", name = Secret("value")
IN_CODE = re.compile(
    r"(?<![\w./?&-])(?<!::)(?P<name>[A-Za-z_][\w.-]{1,80})(?P<close>['\"]?)[\])]*\s*"
    r"(?P<sign>:[\w.\[\]| ]{1,40}=|:=|:|[=!]=|=>|=)\s*(?:(?:\w+\.)?(?:SecretStr|Secret|Field)\((?:default=)?)?" + QUOTED
)
IN_CONFIGURATION = re.compile(
    r"^\s*(?:-\s+)?(?P<close>['\"]?)(?P<name>[A-Za-z_][\w.-]{1,80})['\"]?\s*[:=]\s*(?P<value>\S.*)$"
)
IN_SHELL = re.compile(
    r"(?:^|[\s;&'\"]|\$env:)(?P<name>[A-Za-z_]\w{1,80})(?:\s?=\s?|(?<=^ENV )|(?<=^ARG ))"
    r"(?P<value>'[^']*'|\"[^\"]*\"|[^\s;&|'\"]+)"
)
ENV_LINE = re.compile(r"^\s*(?:ENV|ARG|%env|setenv|setx)\s+(?P<name>\w+)[\s=]+(?P<value>\S+)\s*$")
LOGIN_LINE = re.compile(r"\b(?P<name>password|_authToken)[\s=]+(?P<value>\S+)")
SHOWN_LINE = re.compile(
    r"^\s*(?:[a-z]+ ){0,3}(?P<name>(?:[a-z]\w*_)?(?:password|passwd|pwd)):\s+(?P<value>[^\s(\[]\S*)\s*$", re.I
)
PRINTED = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]{2,60})=(?P<value>\S+)\s*$")  # what `env` prints
OPTION = re.compile(
    r"(?:^|[\s'\"])--?(?P<name>[A-Za-z][\w.-]{2,40})(?:=|\s+)(?P<quote>['\"]?)(?P<value>[^\s'\"]{6,})(?P=quote)"
)
IN_ADDRESS = re.compile(
    r"[?&](?P<name>appid|api_?key|access_?token|subscription-key|client_secret)=(?P<value>[\w.-]{16,})", re.I
)
TEXT = r"\s*['\"]([^'\"]{6,})['\"]"
ANY = r"\s*(?:[\w.\[\]'\"@+-]+)\s*,"
BY_CALL: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"\.login\(" + ANY + TEXT), opens),
    (re.compile(r"(?:HTTPBasicAuth|HTTPDigestAuth)\(" + ANY + TEXT), opens),
    (re.compile(r"(?:pymysql|MySQLdb|mysql\.connector|psycopg2?)\.connect\(" + ANY + ANY + TEXT), opens),
    (re.compile(r"\bapp\w*\.(?:secret_key|config\[['\"]SECRET_KEY['\"]\])\s*=" + TEXT), opens),
    (re.compile(r"username_pw_set\(" + ANY + TEXT), opens),
    (re.compile(r"--requirepass[\s=]+['\"]?([^\s'\"$]{6,})"), opens),
    (re.compile(r"\bFTP(?:_TLS)?\(" + ANY + ANY + TEXT), opens),
    (re.compile(r"(?:pass|pwd|pw)\w*['\"\])]{0,4}\.send_keys\(" + TEXT, re.I), opens),
    (re.compile(r"\.(?:setpassword\(|(?:extractall|extract|open|read)\(.*\bpwd\s*=)\s*b?" + TEXT), opens),
    (re.compile(
        r"['\"][^'\"]*\b(?:host|server|uid|user(?: ?id)?|dbname|database)\s?=[^'\"]*[;\s](?:password|pwd)\s?="
        r"\s?([^\s;'\"{}%$]{6,})", re.I), opens),
    (re.compile(r"(?<![a-z])auth\w*\s*=\s*\(" + ANY + TEXT + r"\s*\)", re.I), opens),
    (re.compile(r"^\s*\w*(?:admin|login|credentials?|account)\s*=\s*\(" + ANY + TEXT + r"\s*\)", re.I), is_chosen),
    (re.compile(r"\bmachine\s+\S+\s+login\s+\S+\s+password\s+([^\s'\"\\]{6,})"), opens),  # of ~/.netrc
    (re.compile(r"\bsshpass\s+-p\s*['\"]?([^\s'\"]{6,})"), opens),
    (re.compile(r"\bcurl\b.*\s-u\s*['\"]?[\w.@-]+:([^\s'\"]{6,})"), opens),
    (re.compile(r"\bmysql\w*\b.*\s-p([^\s'\"]{6,})"), opens),
    (re.compile(r"\bunzip\s.*-P\s*['\"]?([^\s'\"]{6,})"), opens),
    (re.compile(r"\bdocker\s+login\s.*-p\s*['\"]?([^\s'\"]{6,})"), opens),
    (re.compile(r"\becho\s+['\"]?\w+:([^\s'\"|]{6,})['\"]?\s*\|\s*(?:sudo\s+)?chpasswd"), opens),
    (re.compile(r"\becho\s+['\"]?([^\s'\"|]{6,})['\"]?\s*\|\s*sudo\s+-\w*S"), opens),
    (re.compile(r"\s-H\s*['\"][\w-]*(?:key|token|secret)\s*:\s*([\w.+/=-]{16,})", re.I), is_generated),
    (re.compile(r"(?:add-|set_)?auth_?token[\s('\"]+([A-Za-z0-9_]{40,})\b"), is_generated),
    (re.compile(r"(?:set_api_key|set_token|save_token|cohere\.Client|OAuthHandler|Roboflow)\((?:" + ANY + ")?" + TEXT),
     is_generated),
    (re.compile(r"\bAuthorization\b.{1,6}\b(?:Bearer|Token|Basic)\s+([A-Za-z0-9._~+/=-]{16,})", re.I), is_generated),
    (re.compile(r"(?:getenv|environ\.(?:get|setdefault)|[sp][eu]tenv)\("
                r"\s*['\"]\w*(?:KEY|TOKEN|SECRET|PASS|PWD)\w*['\"]\s*," + TEXT, re.I), is_chosen),
    (re.compile(r"['\"]-{0,2}[\w-]*(?:key|token|secret|password)['\"]\s*,.*\bdefault\s*=" + TEXT, re.I), is_chosen),
)  # fmt: skip


def named(piece: Piece, number: int, line: str) -> Iterator[str]:
    """The values of a line that are what their names say: passwords, keys, tokens."""
    if piece.kind is Kind.MARKDOWN or "<script" in line:
        return  # documents show the form; what a web page gives away is public
    path = f"/{piece.path}"
    if piece.kind is Kind.TEXT and SHOWN.search(path):
        return
    remark = piece.kind is Kind.PYTHON and line.lstrip().startswith("#")
    shell = path.lower().endswith(tuple(map(str.lower, SHELL))) or "/.env" in path or line.lstrip()[:1] in ("!", "%")
    settings, logins = path.endswith(CONFIGURATION), path.endswith(LOGINS)
    if piece.kind is Kind.TEXT and not (shell or settings or logins or path.lower().endswith(CODE)):
        return
    patterns = [IN_CODE, OPTION, IN_ADDRESS]
    patterns += [IN_SHELL, ENV_LINE] if shell else []
    patterns += [IN_CONFIGURATION] if settings or logins else []
    patterns += [LOGIN_LINE] if logins else []
    patterns += [SHOWN_LINE, PRINTED] if piece.kind is Kind.OUTPUT else []
    for pattern in patterns:
        for match in pattern.finditer(line):
            value = bare(match["value"])
            shown = remark and is_wordy(value)  # a comment tells what a password looks like
            if shown or not is_meant(piece, pattern, match):
                continue
            words = words_of(match["name"])
            around = "\n".join(piece.lines[max(0, number - 1 - NEAR) : number + NEAR])
            told = shell or logins
            if judged(words, value, path) or (words and is_of_login(piece.path, words, value, around, told)):
                yield value
    for call, is_secret in BY_CALL:
        found = call.search(line)
        if found and is_secret(found.group(1)):
            yield found.group(1)


def is_meant(piece: Piece, pattern: re.Pattern[str], match: re.Match[str]) -> bool:
    """Whether a match gives a value: in Python a bare name before a colon has a type, and an f-string is filled in."""
    if pattern is not IN_CODE:
        return True
    annotates = piece.kind is Kind.PYTHON and match["sign"] == ":" and not match["close"]
    if match["close"] and match.string[: match.start()].endswith("("):
        return False  # a text such as "(ADV-MDP", which is no name
    return not annotates and not ("f" in match["prefix"].lower() and "{" in match["value"])


def bare(value: str) -> str:
    """A value without its quotes, or without the comment after it."""
    value = value.strip().rstrip(",")
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    return re.split(r"\s+#", value)[0].strip()


def words_of(name: str) -> list[str]:
    """The words of a name but those that may follow what it is; none where one says that it is no secret's own."""
    words = [word.lower() for word in PARTS.findall(name)]
    while words and (words[-1].isdigit() or words[-1] in QUALIFIERS):
        words.pop()
    return [] if OTHERWISE.intersection(words) else words


def judged(words: list[str], value: str, path: str) -> bool:
    """Whether a value of this name is a password or a key: its name's last words say which of the two."""
    last = "_".join(words)
    if not words:
        return False
    if PASSWORDS.fullmatch(last):
        return is_password(value) and not (APP_PASSWORD.fullmatch(value) and "secret" in last)
    if KEYS.fullmatch(last) or path.endswith("/kaggle.json"):
        return is_generated(value) and not (UUID.fullmatch(value) and not UNIQUE.search(last))
    return False
