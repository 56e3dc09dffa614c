"""Code and configuration that cannot be read: what no other rule can look into."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator

import yaml

from audit.model import Confidence, Finding, Severity, found
from audit.rules.code import RECORD_PATH, TEST_PATH
from audit.rules.family import Family, rule
from audit.rules.nesting import too_deep
from audit.target import GIVEN, Piece, Target

UNPARSABLE = rule(
    "syntax.unparsable",
    title="File that cannot be read, or Python that does not parse",
    why="What does not parse cannot run, and no other rule sees what stands in the lines that do not.",
    fix="Repair the syntax at the line named, or move data that make it too large to a data file; give those who run "
    "the audit the right to read it, or remove the file.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)

OUTDATED = rule(
    "syntax.outdated",
    title="Code for Python 2, or for 3.6 at most",
    why="No Python that still gets mended runs it, and none of the libraries of today.",
    fix="Port it: print and exec are functions, `except A as error`, `raise A(message)`, no backticks, no `async` as a "
    "name. What it is meant for was read all the same.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)

DAMAGED = rule(
    "syntax.damaged",
    title="Configuration that does not parse",
    why="Whatever loads it stops, or goes on with its defaults; no other rule can see what is in it.",
    fix="Repair it at the line named.",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
)

# Lines that stand in a template until somebody fills them in, and lines of a merge, which are a finding of their own.
PLACEHOLDER = re.compile(r"\{\{.*\}\}|\{%.*%\}")
MERGE = re.compile(r"(<{7}|={7}|>{7})( |$)")
CONFIGURATION = re.compile(r"\.(toml|json|ya?ml)$", re.I)
MOST = 1_000_000  # characters of a configuration; what is longer holds data
# Files in which editors and compilers of JavaScript allow comments, as they do wherever one stands.
COMMENTED = re.compile(r"(^|/)(\.(vscode|devcontainer)/|[jt]sconfig[^/]*\.json$|\.\w+rc\.json$)")
COMMENT = re.compile(r"^\s*(//|/\*)", re.M)
TEMPLATE = re.compile(r"\{\{|\{%|<%|^(<<<<<<<|>>>>>>>) ", re.M)  # filled in elsewhere, or a merge that is not done
AT_LINE = re.compile(r"at line (\d+)")
# What came after the last Python that reads `print "…"`, tabs beside blanks, or `async` as a name.
NEW = (ast.JoinedStr, ast.AnnAssign, ast.AsyncFunctionDef, ast.Nonlocal, ast.NamedExpr, ast.Match)
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def find(target: Target) -> Iterator[Finding]:
    """One finding for each file, module or cell that could not be read or parsed; of an older Python, for each file."""
    older: set[str] = set()
    for piece in target.pieces:
        if piece.outdated and piece.path not in older and not is_meant(piece, piece.outdated):
            message, line = piece.outdated
            older.add(piece.path)
            broken = UNPARSABLE if is_new(piece) else OUTDATED
            said = "does not parse" if is_new(piece) else "only an older Python parses this"
            yield found(broken, piece.at(line), f"{said}: {message}", piece.line(line)[:120])
        elif piece.problem and not is_meant(piece, piece.problem):
            message, line = piece.problem
            yield found(UNPARSABLE, piece.at(line), message, piece.line(line)[:120])
        elif CONFIGURATION.search(piece.path) and not piece.problem and is_read_as_it_is(piece):
            message, line = damage(piece)
            if message:
                yield found(DAMAGED, piece.at(line), message, piece.line(line)[:120])


def is_read_as_it_is(piece: Piece) -> bool:
    """Whether a configuration is no template, no record of a run, and not there to be broken."""
    aside = any(pattern.search(piece.path) for pattern in (TEST_PATH, RECORD_PATH, COMMENTED))
    plain = 0 < len(piece.text.strip()) <= MOST and TEMPLATE.search(piece.text) is None
    return not aside and plain and not too_deep(piece.text)


def damage(piece: Piece) -> tuple[str, int]:
    """(what keeps a configuration from being parsed, its line); ("", 0) where nothing does.

    Of YAML the events alone are asked for: tags need not be known, and aliases are not followed. JSON with comments,
    or with a document in each line, is another format.
    """
    suffix = piece.path.lower().rpartition(".")[2]
    try:
        if suffix == "toml":
            tomllib.loads(piece.text)
        elif suffix == "json":
            json.loads(piece.text)
        else:
            for _ in yaml.parse(piece.text, Loader=LOADER):
                pass
    except tomllib.TOMLDecodeError as error:
        place = AT_LINE.search(str(error))
        return f"is no TOML: {error}", int(place[1]) if place else len(piece.lines)
    except json.JSONDecodeError as error:
        other = error.msg == "Extra data" or COMMENT.search(piece.text) is not None
        return ("", 0) if other else (f"is no JSON: {error.msg}", error.lineno)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return f"is no YAML: {error.problem or error.context}", mark.line + 1 if mark else 0
    except (ValueError, RecursionError, yaml.YAMLError):
        return "", 0  # too long a number, too deep a nest: not what a person wrote
    return "", 0


def is_new(piece: Piece) -> bool:
    """Whether a program holds what no Python knows together with what this one does not parse."""
    annotated = (item.annotation for item in piece.of(ast.arg))
    return bool(piece.of(*NEW)) or any(annotation is not None for annotation in annotated)


def is_meant(piece: Piece, problem: tuple[str, int]) -> bool:
    """Whether a piece is a template or the input of a test, or says itself what is wrong with it."""
    broken = piece.line(problem[1])
    merged = MERGE.match(broken) is not None and any(line.startswith("<<<<<<< ") for line in piece.lines)
    return merged or PLACEHOLDER.search(broken) is not None or GIVEN.search(piece.path) is not None


FAMILY = Family("syntax", "Everything parses", (UNPARSABLE, OUTDATED, DAMAGED), find, reads_text=True, per_file=True)
