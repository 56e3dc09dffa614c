"""Tokens that are known by their shape: those of detect-secrets' detectors, and of services that it does not know."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from audit.errors import NotRunError

# detect-secrets' detectors of one service each. Its entropy detectors report every hash, that of Artifactory every
# table in base64, and that of telling names every price of a token: they are left out.
DETECTORS = (
    "aws:AWSKeyDetector", "azure_storage_key:AzureStorageKeyDetector",
    "basic_auth:BasicAuthDetector", "discord:DiscordBotTokenDetector", "github_token:GitHubTokenDetector",
    "gitlab_token:GitLabTokenDetector", "jwt:JwtTokenDetector", "mailchimp:MailchimpDetector", "npm:NpmDetector",
    "openai:OpenAIDetector", "private_key:PrivateKeyDetector", "pypi_token:PypiTokenDetector",
    "sendgrid:SendGridDetector", "slack:SlackDetector", "stripe:StripeDetector",
    "telegram_token:TelegramBotTokenDetector", "twilio:TwilioKeyDetector",
)  # fmt: skip
BASIC_AUTH = "Basic Auth Credentials"
AWS = "AWS Access Key"
PRIVATE_KEY = "Private Key"
JSON_WEB_TOKEN = "JSON Web Token"
# Each pattern begins with a fixed text: quick to find.
OWN_TOKENS = (
    (BASIC_AUTH, re.compile(r"://[^\s:/@'\"]*:([^\s/'\"]{6,})@(?!sha256)[\w.-]+")),  # any sign may be in a password
    (BASIC_AUTH, re.compile(r"://((?=[A-Za-z_]*\d)[A-Za-z0-9_]{20,})@(?:github|gitlab|huggingface|bitbucket)\b")),
    ("Azure key", re.compile(r"AccountKey=([A-Za-z0-9+/]{60,}={0,2})")),
    ("Hugging Face token", re.compile(r"(hf_[A-Za-z0-9]{30,})\b")),
    ("Anthropic key", re.compile(r"(sk-ant-[A-Za-z0-9_-]{20,})")),
    ("OpenAI key", re.compile(r"(sk-(?:(?:proj|svcacct|admin|or-v1|live|prod)-[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{20,}))")),
    ("GitHub token", re.compile(r"(github_pat_[A-Za-z0-9_]{40,})\b")),
    ("Groq key", re.compile(r"(gsk_[A-Za-z0-9]{40,})\b")),
    ("Replicate token", re.compile(r"(r8_[A-Za-z0-9]{37,})\b")),
    ("Perplexity key", re.compile(r"(pplx-[A-Za-z0-9]{32,})\b")),
    ("NVIDIA key", re.compile(r"(nvapi-[A-Za-z0-9_-]{32,})")),
    ("xAI key", re.compile(r"(xai-[A-Za-z0-9]{32,})\b")),
    ("Tavily key", re.compile(r"(tvly-[A-Za-z0-9-]{20,})")),
    ("LangSmith key", re.compile(r"(lsv2_[a-z]{2}_[A-Za-z0-9_]{32,})\b")),
    ("Pinecone key", re.compile(r"(pcsk_[A-Za-z0-9_]{40,})\b")),
    ("Notion token", re.compile(r"(ntn_[A-Za-z0-9]{40,})\b")),
    ("Databricks token", re.compile(r"(dapi[0-9a-f]{32})\b")),
    ("Neptune token", re.compile(r"(eyJhcGlfYWRkcmVzcyI6[A-Za-z0-9+/=_-]{30,})")),
    (JSON_WEB_TOKEN, re.compile(r"(eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{16,})")),
    ("Discord webhook", re.compile(r"/api/webhooks/\d{15,}/([A-Za-z0-9_-]{50,})")),
    ("Google OAuth secret", re.compile(r"(GOCSPX-[A-Za-z0-9_-]{20,})")),
    ("Google OAuth token", re.compile(r"(ya29\.[A-Za-z0-9_-]{30,})")),
    ("Google API key", re.compile(r"(AIza[0-9A-Za-z_-]{35})\b")),
    ("Azure shared access signature", re.compile(r"&sig=([A-Za-z0-9%+/=]{40,})")),
    ("Kaggle token", re.compile(r"(KGAT_[A-Za-z0-9]{30,})\b")),
    ("Kaggle key", re.compile(r"KAGGLE_KEY\W{1,8}([0-9a-f]{32})\b", re.I)),
    ("Kaggle key", re.compile(r"username\W{1,8}[\w.-]+\W{1,8}key\W{1,8}([0-9a-f]{32})\b")),
    ("Weights & Biases key", re.compile(r"wandb.*?(?:login[( ]|key)[\s=:('\"\]key]*([0-9a-f]{40})\b", re.I)),
)  # fmt: skip
PREFIX = 6  # characters; of some services a detector tells only how the token begins: `ghp`
IN_DATA = re.compile(r"[A-Za-z0-9+/]{12}$")  # what looks like a key in the midst of a picture or a font


def holds_token(text: str) -> bool:
    """Whether a token may stand in any line: each pattern asked once of the whole text, which is the cheapest.

    No pattern has an anchor, so that what one finds in a line it finds in the text.
    """
    own = any(pattern.search(text) for _, pattern in OWN_TOKENS)
    return own or any(pattern.search(text) for detector in detectors() for pattern in detector.denylist)


def tokens(path: str, number: int, line: str) -> Iterator[tuple[str, str]]:
    """(kind, value) of everything with the shape of a known service's token."""
    for detector in detectors():
        if not any(pattern.search(line) for pattern in detector.denylist):
            continue
        for secret in detector.analyze_line(filename=path, line=line, line_number=number):
            value = secret.secret_value or ""
            if len(value) <= PREFIX and (token := re.search(rf"{re.escape(value)}[-_][\w-]+", line)):
                value = token.group()
            before = line[: line.find(value)]
            is_sequence = secret.type == AWS and value.isalpha()  # ACCATTAG...: of a genome
            if not IN_DATA.search(before) and not before[-1:].isdigit() and not is_sequence:
                yield secret.type, value
    for name, pattern in OWN_TOKENS:
        for match in pattern.finditer(line):
            if not line[: match.start()][-1:].isalnum() or match.group().startswith((":", "/", "&", "AccountKey")):
                yield name, match.group(1)


@cache
def detectors() -> tuple[Any, ...]:
    """One instance of each detector."""
    return tuple(load(name) for name in DETECTORS)


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
