"""`python -m audit rules` and `python -m audit explain ID`."""

from typing import Annotated

import typer

from audit import engine
from audit.commands.console import out
from audit.reports import terminal


def rules() -> None:
    """List all rules."""
    out.print(terminal.rule_list(engine.all_rules()))


def known(incomplete: str) -> list[str]:
    """The ids of rules that begin so, for shells that complete."""
    return [rule.id for rule in engine.all_rules() if rule.id.startswith(incomplete)]


def explain(
    rule_id: Annotated[
        str, typer.Argument(help="A rule's id, as `python -m audit rules` lists it.", autocompletion=known)
    ],
) -> None:
    """Say what a rule finds, why it matters, how to fix it, with examples."""
    out.print(terminal.explained(engine.find_rule(rule_id)))
