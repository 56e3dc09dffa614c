"""`python -m audit`: registers the commands of `audit.commands`, and turns what goes wrong into exit codes."""

import typer

from audit.commands.check import check
from audit.commands.claims import claims
from audit.commands.compare import compare
from audit.commands.console import err
from audit.commands.memory import memory
from audit.commands.mutants import mutants
from audit.commands.paper import paper
from audit.commands.project import project
from audit.commands.reproduce import reproduce
from audit.commands.rules import explain, rules
from audit.commands.schema import schema
from audit.commands.verify import verify
from audit.engine import Exit
from audit.errors import AuditError

app = typer.Typer(add_completion=True, no_args_is_help=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.callback(invoke_without_command=True)(project)
app.command()(check)
app.command()(paper)
app.command()(memory)
app.command()(mutants)
app.command()(claims)
app.command()(verify)
app.command()(compare)
app.command()(reproduce)
app.command()(rules)
app.command()(explain)
app.command()(schema)

INTERRUPTED = 130  # what typer makes of Ctrl-C, without a word


def main() -> None:
    """Run the command; errors of usage and configuration are one message and exit code 2."""
    try:
        app()
    except AuditError as error:
        err.print(f"audit: {error}", style="red", markup=False)
        raise SystemExit(Exit.USAGE) from None
    except SystemExit as ending:
        if ending.code == INTERRUPTED:
            err.print("audit: interrupted; no report was written", style="red")
        raise
    except Exception as error:
        err.print(f"audit: the audit itself failed: {type(error).__name__}: {error}", style="red", markup=False)
        raise SystemExit(Exit.AUDIT_FAILED) from error


if __name__ == "__main__":
    main()
