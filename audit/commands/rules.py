"""`python -m audit rules` and `python -m audit explain ID`."""

from typing import Annotated

import typer

from audit import engine
from audit.commands.console import out
from audit.reports import terminal


def rules() -> None:
    """List all rules."""
    out.print(terminal.rule_list(engine.all_rules()))


def explain(rule_id: Annotated[str, typer.Argument(help="A rule's id, as `python -m audit rules` lists it.")]) -> None:
    """Say what a rule finds, why it matters, how to fix it, with examples."""
    out.print(terminal.explained(engine.find_rule(rule_id)))
