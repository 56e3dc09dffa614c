"""Families of static rules: each finds one kind of thing in a tree that it only reads."""

from functools import cache

from audit.rules import (
    artefacts,
    configuration,
    dependencies,
    determinism,
    documents,
    duplication,
    handling,
    imports,
    logging,
    paths,
    plugins,
    secrets,
    security,
    stubs,
    syntax,
    testing,
)
from audit.rules.family import Family

FAMILIES: tuple[Family, ...] = (
    syntax.FAMILY, artefacts.FAMILY, stubs.FAMILY, imports.FAMILY, paths.FAMILY, secrets.FAMILY, handling.FAMILY,
    security.FAMILY, determinism.FAMILY, duplication.FAMILY, logging.FAMILY, testing.FAMILY,
    configuration.FAMILY, dependencies.FAMILY, documents.FAMILY,
)  # fmt: skip


@cache
def families() -> tuple[Family, ...]:
    """Ours, and those of the packages that are installed beside us.

    Raises:
        AuditError: one of those is broken.
    """
    return FAMILIES + plugins.families(FAMILIES)
