"""Which checks run and whose findings stay: names of checks, families and rules."""

from collections.abc import Iterable
from dataclasses import dataclass

from audit.errors import AuditError
from audit.gate.names import nearest
from audit.model import Check, Finding, matches

OPEN_FAMILIES = ("lint", "types")  # their rules are the tools': there is no list of them


@dataclass(frozen=True)
class Selection:
    """What --select and --ignore ask for; nothing selected is everything.

    Attributes:
        checks: ids of all checks that there are.
    """

    checks: tuple[str, ...]
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def runs(self, check_id: str) -> bool:
        """Whether a check has any part in this run: it, a part of its id, or a rule of it is asked for."""
        if any(matches(check_id, name) for name in self.ignore):
            return False
        asked = [name for name in self.select if self.touches(check_id, name)]
        ignored = (any(matches(name, other) for other in self.ignore) for name in asked)
        return not self.select or not all(ignored)

    def touches(self, check_id: str, name: str) -> bool:
        """`stubs` and `stubs.todo` touch the check `stubs`; `lint.E501` touches both linters."""
        family = check_id.split(".")[0]
        of_a_tool = family in OPEN_FAMILIES and name.startswith(f"{family}.") and name not in self.checks
        return matches(check_id, name) or matches(name, check_id) or of_a_tool

    def keeps(self, check: Check, finding: Finding) -> bool:
        """Whether the rule of a finding was asked for."""
        return self.asks(check.id, finding.rule)

    def asks(self, check_id: str, rule: str) -> bool:
        """Whether a rule was asked for, by itself or with its whole check."""
        asked = not self.select or any(matches(check_id, name) or matches(rule, name) for name in self.select)
        return asked and not any(matches(rule, name) for name in self.ignore)

    def verify(self, rules: Iterable[str], extra: Iterable[str] = ()) -> None:
        """Every name is one of a check, a family or a rule; `extra` names must be of checks.

        Raises:
            AuditError: one is not, with the nearest that is.
        """
        known = set(rules)
        for name in (*self.select, *self.ignore, *extra):
            family = name.split(".")[0]
            is_check = any(matches(check, name) for check in self.checks)
            of_a_tool = family in OPEN_FAMILIES and any(matches(check, family) for check in self.checks)
            if not is_check and name not in known and not of_a_tool:
                hint = nearest(name, {*self.checks, *known}) or f"; there are: {', '.join(self.checks)}"
                raise AuditError(f"no check, family or rule is called {name!r}{hint}")
