"""Families of static rules: each finds one kind of thing in a tree that it only reads."""

from audit.rules import imports, paths, secrets, stubs, syntax
from audit.rules.family import Family

FAMILIES: tuple[Family, ...] = (syntax.FAMILY, stubs.FAMILY, imports.FAMILY, paths.FAMILY, secrets.FAMILY)
