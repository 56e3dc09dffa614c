"""SARIF 2.1.0 as linters leave it, read into diagnostics."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from audit.model import Location
from audit.runners import Diagnostic

NO_FINDING = ("pass", "notApplicable", "informational")  # kinds of results that blame nothing


@dataclass(frozen=True)
class Log:
    """What a file says.

    Attributes:
        versions: (name, version) of the tools that it speaks for.
    """

    diagnostics: tuple[Diagnostic, ...]
    versions: tuple[tuple[str, str], ...]


def read(text: str, root: Path) -> Log:
    """The results of all runs that are open: neither suppressed, nor gone since a baseline.

    Args:
        root: of the tree; absolute places in it become relative ones.

    Raises:
        ValueError: it is no SARIF 2.1.0, no tool ran, or one says of itself that it did not come to its end.
    """
    try:
        content = json.loads(text)
        if content["version"] != "2.1.0" or not content["runs"]:
            raise ValueError("it is not SARIF 2.1.0, or of no run")
        found, versions = [], []
        for run in content["runs"]:
            driver = run["tool"]["driver"]
            versions.append((str(driver["name"]), str(driver.get("version", driver.get("semanticVersion", "")))))
            if not all(item["executionSuccessful"] for item in run.get("invocations", ())):
                raise ValueError(f"{driver['name']} says that it did not come to its end")
            links = {rule["id"]: rule.get("helpUri", "") for rule in driver.get("rules", ())}
            found += [diagnostic(item, run, links, root) for item in run["results"] if is_open(item)]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"it is no SARIF: {error!r}") from error
    return Log(tuple(found), tuple(versions))


def is_open(result: dict[str, Any]) -> bool:
    """Whether a result blames something, and nobody has accepted it."""
    accepted = any(item.get("status", "accepted") == "accepted" for item in result.get("suppressions") or ())
    gone = result.get("baselineState") == "absent"
    return not accepted and not gone and result.get("kind", "fail") not in NO_FINDING


def diagnostic(result: dict[str, Any], run: dict[str, Any], links: dict[str, str], root: Path) -> Diagnostic:
    """One result; without a place it is about the tree as a whole."""
    code = result.get("ruleId") or result.get("rule", {}).get("id") or rule_at(result, run)
    places = result.get("locations") or [{}]
    physical = places[0].get("physicalLocation", {})
    artifact = physical.get("artifactLocation", {})
    uri = artifact.get("uri") or (run["artifacts"][artifact["index"]]["location"]["uri"] if artifact else ".")
    line = int(physical.get("region", {}).get("startLine", 0))
    cell = result.get("properties", {}).get("cell")
    return Diagnostic(code, Location(path_of(uri, root), line, cell), result["message"]["text"], links.get(code, ""))


def rule_at(result: dict[str, Any], run: dict[str, Any]) -> str:
    """The rule that a result names by its place in the list."""
    return str(run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"])


def path_of(uri: str, root: Path) -> str:
    """A URI as a path in the tree; what lies elsewhere stays as it is."""
    path = Path(unquote(urlsplit(uri).path if uri.startswith("file:") else uri))
    place = root.resolve()
    return (path.relative_to(place) if path.is_relative_to(place) else path).as_posix()
