"""Families of rules from other packages, by entry points of the group `audit.rules`."""

from importlib.metadata import EntryPoint, entry_points

from audit.errors import AuditError
from audit.rules.family import Family

GROUP = "audit.rules"


def families(own: tuple[Family, ...]) -> tuple[Family, ...]:
    """What the installed packages add to our `own` families, in the order of the entry points' names.

    Raises:
        AuditError: an entry point that cannot be loaded, is no Family, or takes a name that is taken.
    """
    added: list[Family] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        family = loaded(point)
        if family.name in {other.name for other in (*own, *added)}:
            raise broken(point, f"{family.name!r} is the name of another family")
        foreign = [rule.id for rule in family.rules if rule.id != f"{rule.family}.{rule.id.partition('.')[2]}"]
        foreign += [rule.id for rule in family.rules if rule.family != family.name]
        if foreign:
            raise broken(point, f"the rule {foreign[0]!r} must be called {family.name}.NAME")
        added.append(family)
    return tuple(added)


def loaded(point: EntryPoint) -> Family:
    """The family that an entry point names.

    Raises:
        AuditError: importing it raised, or it is something else.
    """
    try:
        value = point.load()
    except Exception as error:
        raise broken(point, f"{type(error).__name__}: {error}".splitlines()[0]) from error
    if not isinstance(value, Family):
        raise broken(point, f"it is {type(value).__name__}, not an audit.rules.family.Family")
    return value


def broken(point: EntryPoint, reason: str) -> AuditError:
    """One sentence that names the package at fault and what to do about it."""
    package = point.dist.name if point.dist else "an unknown package"
    return AuditError(
        f"the rules {point.name!r} ({point.value}) of {package} cannot be used: {reason}; repair or uninstall {package}"
    )
