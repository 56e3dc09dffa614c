"""The report as JUnit XML, for dashboards of test results.

A suite is a check, a case a finding (or a row of a paper, or the check itself). Whatever keeps the gate shut is a
failure or an error: a check that did not run is an error here, because dashboards take `skipped` for success.
"""

import re
from xml.etree import ElementTree as xml

from audit.model import Check, Finding, Report, Row, State, Verdict
from audit.reports import wording

# What XML 1.0 cannot hold, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """All checks, in their order; no time in it."""
    suites = [suite(check) for check in report.checks]
    suites += [missing(name) for name in report.required if not report.fulfils(name)]
    root = counted(xml.Element("testsuites", name=clean(f"audit of {report.subject}")), suites)
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def counted(element: xml.Element, children: list[xml.Element]) -> xml.Element:
    """An element with its children, and the number of cases, failures, errors and skips in it."""
    element.extend(children)
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(1 for _ in element.iter(tag))))
    return element


def suite(check: Check) -> xml.Element:
    """A case for each finding and row; one for the check where there is neither."""
    cases = [finding_case(finding) for finding in check.findings] + [row_case(check, row) for row in check.rows]
    failing = any(list(case) and case[0].tag in ("failure", "error") for case in cases)
    if not cases or (not check.verdict.passes and not failing):
        cases.append(own_case(check))
    return counted(xml.Element("testsuite", name=clean(f"{check.id}: {check.title}")), cases)


def own_case(check: Check) -> xml.Element:
    """What the check as a whole came to."""
    message = f"{check.message}; {check.remedy}" if check.remedy else check.message
    text = "\n".join((message, *check.notes))
    return judged(xml.Element("testcase", classname=check.id, name=clean(check.title)), check.verdict, message, text)


def finding_case(finding: Finding) -> xml.Element:
    """Open findings fail; known and suppressed ones are skipped, with the reason."""
    place = str(finding.location)
    case = xml.Element("testcase", classname=clean(finding.rule), name=clean(f"{place}: {finding.message}"))
    case.set("file", clean(finding.location.path))
    if finding.location.line:
        case.set("line", str(finding.location.line))
    if finding.state is State.OPEN:
        text = f"{place}\nRisk: {finding.risk}\nFix: {finding.fix}"
        xml.SubElement(case, "failure", type=finding.severity, message=clean(finding.message)).text = clean(text)
    else:
        reason = finding.reason or "known from the baseline"
        xml.SubElement(case, "skipped", message=clean(f"{finding.state}: {reason}"))
    return case


def row_case(check: Check, row: Row) -> xml.Element:
    """One parameter of a paper."""
    case = xml.Element("testcase", classname=clean(check.id), name=clean(row.name))
    return judged(case, row.verdict, row.message, row.message)


def missing(name: str) -> xml.Element:
    """A check that was required and has no result."""
    case = xml.Element("testcase", classname=clean(name), name="required")
    judged(case, Verdict.NOT_RUN, "required, and without a result", "required, and without a result")
    return counted(xml.Element("testsuite", name=clean(f"{name}: required")), [case])


def judged(case: xml.Element, verdict: Verdict, message: str, text: str) -> xml.Element:
    """The verdict in JUnit's words."""
    if verdict is Verdict.FAIL:
        xml.SubElement(case, "failure", type=verdict, message=clean(message)).text = clean(text)
    elif not verdict.passes:
        xml.SubElement(case, "error", type=verdict, message=clean(message)).text = clean(text)
    elif verdict is Verdict.NOT_APPLICABLE:
        xml.SubElement(case, "skipped", message=clean(message))
    elif verdict is Verdict.DEVIATION:
        xml.SubElement(case, "system-out").text = clean(f"{wording.sign(verdict)}: {text}")
    return case


def clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
