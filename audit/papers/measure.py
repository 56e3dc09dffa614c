"""Measures a paper's parameters on a subject and judges each. Knows no paper."""

import math
from typing import assert_never

import numpy as np

from audit.config import Subject
from audit.errors import AuditError
from audit.model import Check, Evidence, InputHash, Row, Verdict, weakest
from audit.papers import spec
from audit.papers.probe import Measured, MissingPartError


def check(paper: spec.Paper, chosen: Subject, subject: object) -> Check:
    """One row for each parameter of the paper.

    Raises:
        AuditError: an accepted deviation that the paper does not know.
    """
    known = {deviation.name for parameter in paper.parameters for deviation in parameter.deviations}
    accepted = {item.name: item.reason for item in chosen.accept}
    for name in accepted:
        if name not in known:
            options = ", ".join(sorted(known)) or "none"
            raise AuditError(f"tool.audit.papers.{paper.id}: accept {name!r}: no such deviation; known: {options}")
    rows = tuple(row(paper, parameter, subject, accepted) for parameter in paper.parameters)
    verdict = weakest(entry.verdict for entry in rows)
    agreeing = sum(entry.verdict is Verdict.PASS for entry in rows)
    parts = [f"{agreeing} of {len(rows)} parameters agree with the paper"]
    parts += [f"{entry.verdict.value}: {entry.message}" for entry in rows if entry.verdict is not Verdict.PASS]
    return Check(
        id=f"paper.{paper.id}.{chosen.name}", title=f"{paper.title}, measured on {chosen.name}", verdict=verdict,
        message="; ".join(parts), rows=rows,
        evidence=(Evidence(
            command=f"probes of {paper.id} on {chosen.adapter}", measured=agreeing, expected=len(rows),
            unit="parameters that agree", versions=(("numpy", np.__version__),),
            inputs=(InputHash(f"({paper.id}/paper.toml of the audit)", paper.sha256),),
        ),),
    )  # fmt: skip


def row(paper: spec.Paper, parameter: spec.Parameter, subject: object, accepted: dict[str, str]) -> Row:
    """Measure one parameter; whatever the subject does, the other rows go on."""

    def outcome(verdict: Verdict, message: str, measured: Measured | None = None) -> Row:
        command = f"{paper.id}/{parameter.probe}"
        evidence = Evidence(command, expected=parameter.expected, unit=parameter.unit)
        if measured is not None:
            value, uncertainty = shown(parameter, measured)
            evidence = Evidence(f"{command}: {measured.call}", value, parameter.expected, parameter.unit, uncertainty)
        return Row(parameter.id, parameter.name, parameter.symbol, parameter.source, verdict, evidence, message)

    try:
        with np.errstate(all="ignore"):  # a wrong subject may overflow: that is its result, not our warning
            measured = spec.probe(paper, parameter)(subject)
    except MissingPartError as error:
        return outcome(Verdict.UNKNOWN, f"{parameter.name}: {error}")
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return outcome(Verdict.ERROR, f"{parameter.name}: the subject raised {reason}")
    verdict, deviation = judge(parameter, measured, accepted)
    return outcome(verdict, explain(parameter, measured, verdict, deviation, accepted), measured)


def judge(
    parameter: spec.Parameter, measured: Measured, accepted: dict[str, str]
) -> tuple[Verdict, spec.Deviation | None]:
    """Pass or fail only where the uncertainty leaves no doubt; a known deviation where it is the measured value."""
    if agrees(measured, parameter.expected, parameter.tolerance):
        return Verdict.PASS, None
    for deviation in parameter.deviations:
        if agrees(measured, deviation.value, parameter.tolerance):
            return (Verdict.DEVIATION if deviation.name in accepted else Verdict.FAIL), deviation
    if undecided(measured, parameter):
        return Verdict.UNKNOWN, None
    return Verdict.FAIL, None


def agrees(measured: Measured, value: spec.Value, tolerance: float) -> bool:
    """Whether the whole interval around the measured value lies within the tolerance around `value`."""
    if isinstance(measured.value, str) or isinstance(value, str):
        return measured.value == value
    return abs(measured.value - value) + measured.uncertainty <= tolerance


def undecided(measured: Measured, parameter: spec.Parameter) -> bool:
    """Whether the expected value lies inside the uncertainty without the measurement being sharp enough to pass."""
    if isinstance(measured.value, str) or isinstance(parameter.expected, str):
        return False
    if math.isnan(measured.value):
        return False
    return not abs(measured.value - parameter.expected) - measured.uncertainty > parameter.tolerance


def explain(
    parameter: spec.Parameter, measured: Measured, verdict: Verdict, deviation: spec.Deviation | None,
    accepted: dict[str, str],
) -> str:  # fmt: skip
    """One sentence: parameter, measured value, the paper's value, and why it is judged as it is."""
    value, uncertainty = shown(parameter, measured)
    plus = f" ± {uncertainty:g}" if uncertainty else ""
    unit = f" {parameter.unit}" if parameter.unit not in ("", "1") else ""
    text = (
        f"{parameter.name} ({parameter.symbol}) measured {short(value)}{plus}{unit}, paper {short(parameter.expected)}"
    )
    match verdict:
        case Verdict.DEVIATION:
            assert deviation is not None
            reason = accepted[deviation.name]
            return f"{text}: accepted deviation {deviation.name} ({reason})"
        case Verdict.FAIL:
            if deviation is not None:
                text += f": the known deviation {deviation.name}, not accepted here"
        case Verdict.UNKNOWN:
            text += ": not sharp enough to tell"
        case Verdict.PASS:
            if parameter.tolerance and value != parameter.expected:
                text += f" ± {parameter.tolerance:g}"
        case Verdict.NOT_APPLICABLE | Verdict.NOT_RUN | Verdict.ERROR:
            pass
        case _:
            assert_never(verdict)
    return f"{text} ({measured.note})" if measured.note else text


def shown(parameter: spec.Parameter, measured: Measured) -> tuple[spec.Value, float | None]:
    """Value and uncertainty to a tenth of the tolerance: finer digits are noise that differs between processors."""
    value = measured.value
    if not isinstance(value, str) and not math.isfinite(value):
        return str(value), None
    if isinstance(value, str | int) or not parameter.tolerance:
        return value, None
    decimals = max(0, math.ceil(-math.log10(parameter.tolerance / 10) - 1e-9))
    scale = 10.0**decimals
    uncertainty = measured.uncertainty
    known = math.isfinite(uncertainty) and uncertainty > 0
    return round(value, decimals) + 0.0, max(1.0, math.ceil(uncertainty * scale)) / scale if known else None


def short(value: spec.Value | None) -> str:
    """A hash by its first twelve characters, numbers without needless zeros."""
    if isinstance(value, str) and len(value) == 64:
        return f"{value[:12]}…"
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
