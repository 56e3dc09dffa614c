"""What a candidate must reach: `metric>=value` on the command line, or a baseline file."""

import json
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from audit.comparison.compare import spread
from audit.comparison.runs import Run
from audit.config import Section
from audit.errors import AuditError
from audit.model import Check, Evidence, Verdict

GATE = re.compile(r"\s*(?P<metric>.+?)\s*(?P<sign>>=|<=|>|<)\s*(?P<bound>[-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*")
SIGNS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True)
class Gate:
    """A metric, a sign, a bound."""

    metric: str
    sign: str
    bound: float


class Known(Section):
    """One metric of a baseline.

    Attributes:
        value: what it was.
        better: which way is better.
        tolerance: how much worse it may be, in its own unit.
    """

    value: float
    better: Literal["higher", "lower"]
    tolerance: float = 0.0


def parsed(text: str) -> Gate:
    """A gate from the command line.

    Raises:
        AuditError: it is none.
    """
    match = GATE.fullmatch(text)
    try:
        assert match is not None
        return Gate(match["metric"], match["sign"], float(match["bound"]))
    except (AssertionError, ValueError):
        raise AuditError(f"{text!r} is no gate: write metric>=value, with one of >=, <=, > and <") from None


def from_baseline(path: Path) -> list[Gate]:
    """A gate for each metric of a baseline.

    Raises:
        AuditError: it cannot be read, or does not say which way is better.
    """
    shape = '{"auc": {"value": 0.9, "better": "higher", "tolerance": 0.01}}'
    try:
        known = TypeAdapter(dict[str, Known]).validate_python(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise AuditError(f"the baseline {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole"
        raise AuditError(f"the baseline {path}: {where}: {error.errors()[0]['msg']}; expected {shape}") from error
    except ValueError as error:
        raise AuditError(f"the baseline {path} is no JSON: {error}") from error
    if not known:
        raise AuditError(f"the baseline {path} names no metric; expected {shape}")
    return [
        Gate(name, ">=", item.value - item.tolerance) if item.better == "higher"
        else Gate(name, "<=", item.value + item.tolerance)
        for name, item in known.items()
    ]  # fmt: skip


def check(gate: Gate, candidate: Sequence[Run], source: str) -> Check:
    """The mean over the candidate's runs against the bound. A metric that is not there did not run: no pass."""
    identifier, title = f"compare.{gate.metric}", f"{gate.metric} {gate.sign} {gate.bound:g}"
    found = spread(candidate, gate.metric)
    if found is None:
        known = ", ".join(sorted({name for run in candidate for name in run.metrics})) or "none"
        message = f"no run has a finite {gate.metric}; there are: {known}"
        return Check(identifier, title, Verdict.NOT_RUN, message, remedy="log the metric, or correct its name")
    right = SIGNS[gate.sign](found.mean, gate.bound)
    runs = ", ".join(run.id for run in candidate)
    proof = Evidence(f"{source} on MLflow runs {runs}", found.mean, f"{gate.sign} {gate.bound:g}")
    message = f"{found.mean:.6g} over {len(found.values)} run{'s' if len(found.values) > 1 else ''}"
    remedy = "" if right else "look at what differs between the runs"
    return Check(identifier, title, Verdict.PASS if right else Verdict.FAIL, message, evidence=(proof,), remedy=remedy)
