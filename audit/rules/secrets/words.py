"""Passwords made of letters alone, which nothing but the place tells from any other word.

A word is a password where a login is written out: beside the name of a user, a host or a database, in a variable
called after a service, in a file of settings for the shell, or in a call or command that is given nothing else.
"""

import re
from collections.abc import Collection

from audit.rules.secrets.values import counts_up, is_password, is_placeholder

# What forms, examples and settings say in place of one, in several languages, and what they call its field.
SAYS_NOTHING = re.compile(
    r"pass|pwd|kennwort|parola|senha|contrasen|wachtwoord|heslo|secret|geheim|hidden|credential|token|key$|user|admin"
    r"|login|guest|anonym|test|demo|develop|local|host|server|default|empty|required|optional|string|text|input|field"
    r"|label|value|enter|prompt|interactive|prod|staging|public|private|unknown|mutual|basic|bearer"
    r"|hash|encrypt|protect|abled$|varchar|object|boolean|integer|nullable|invalid|wrong|incorrect|missing|mask"
    r"|forg[eo]t|reset|change|strength|weak|strong|match|confirm|manual|remote|stored|saved|vault|keyring|ldap"
    r"|oauth|kerberos|certificate|plain|method|type|mode|format|regex|check|verif",
    re.I,
)
SERVICES = {  # whose images and manuals use their own name
    "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "redis", "rabbitmq", "airflow", "mlflow",
    "docker", "grafana", "jupyter", "minio", "elastic", "elasticsearch", "neo4j", "clearml", "superset", "metabase",
    "keycloak", "django", "celery", "wordpress", "oracle", "langfuse", "litellm", "ollama", "dagster", "prefect",
    "timescale", "clickhouse", "vagrant", "ubuntu", "raspberry", "jenkins", "pgadmin", "optuna", "feast", "zenml",
}  # fmt: skip
LOGS_IN = {  # parts of names that say what a password opens
    "db", "database", "postgres", "postgresql", "pg", "mysql", "mariadb", "mongo", "mongodb", "redis", "smtp", "imap",
    "email", "mail", "gmail", "mlflow", "ftp", "sftp", "ssh", "sudo", "root", "sql", "neo4j", "elastic", "minio",
    "rabbitmq", "instagram", "twitter", "facebook", "linkedin", "reddit", "github", "gitlab", "kaggle", "vnc", "wifi",
    "zip", "pgadmin", "earthdata", "copernicus", "jupyter",
}  # fmt: skip
NAMES = re.compile(r"(?:password|passwd|pwd)$")
SHORT_NAMES = re.compile(r"(?:^|_)pass$")  # `forward_pass` as well: only of what says what it opens
BESIDE = re.compile(
    r"\b\w{0,20}(?:user|user_?name|uid|login|e?mail|host|host_?name|server|database|db|db_?name|sender|machine)"
    r"['\"\])]{0,4}\s*[:=]\s*['\"]?([\w.@:/-]{2,})",
    re.I,
)
# Texts that a program shows, and databases that live as long as a check.
SHOWN_OR_THROWN = re.compile(
    r"(^|/)(locales?|i18n|langs?|translations?|messages|\.github|\.circleci|test_?utils?|testing)(/|$)", re.I
)
ADDRESS = re.compile(
    r"(?:https?|s?ftps?|ssh|postgres\w*|mysql|mariadb|mongodb|rediss?|amqps?|mssql|oracle|clickhouse|bolt|neo4j|smtp)"
    r"(?:\+\w+)?://([^\s:/@'\"]+):([^\s:/@'\"]+)@([\w.-]+)",
    re.I,
)
TEMPLATES = {"user", "username", "usr", "name", "login", "usuario", "utilisateur", "benutzer"}
NEAR = 4  # lines before and after one in which the rest of a login stands
LONGEST = 24  # letters


def is_word(value: str) -> bool:
    """Whether somebody may have chosen a word, or some written as one, for a password."""
    plain = value.isascii() and value.isalpha() and 6 <= len(value) <= LONGEST and len(set(value)) > 3
    return (
        plain
        and not (is_placeholder(value) or SAYS_NOTHING.search(value) or counts_up(value))
        and value.lower() not in SERVICES
    )


def opens(value: str) -> bool:
    """Whether a value is a password, where nothing else may be given."""
    return is_password(value) or is_word(value)


def is_of_login(path: str, words: Collection[str], value: str, around: str, told: bool) -> bool:
    """Whether a word is the password of a login: its name's parts say so, or what stands around it.

    A word that the login has for its user or its database as well is a stand-in.
    """
    name, service = "_".join(words), not LOGS_IN.isdisjoint(words)
    if not is_word(value) or not (NAMES.search(name) or (service and SHORT_NAMES.search(name))):
        return False
    if SHOWN_OR_THROWN.search(path):
        return False
    others = [other.lower() for other in BESIDE.findall(around)]
    if any(value.lower() in other for other in others):
        return False
    return told or bool(others) or service


def is_of_address(value: str, line: str, path: str) -> bool:
    """Whether a word is the password in an address: its user is somebody, and not called like it."""
    if not is_word(value) or SHOWN_OR_THROWN.search(path):
        return False
    for user, word, host in ADDRESS.findall(line):
        same = word.lower() in (user.lower(), host.lower()) or line.lower().count(word.lower()) > 1
        if word == value and user.lower() not in TEMPLATES and not same and "example" not in host:
            return True
    return False
