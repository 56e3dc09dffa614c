"""`python -m audit`: commands parse, the engine works, the renderers speak."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from audit import config, engine
from audit.errors import AuditError
from audit.reports import files, json_report, markdown, terminal
from audit.rules import FAMILIES

app = typer.Typer(add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False, rich_markup_mode=None)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


class Format(StrEnum):
    """Renderings of `check`."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


INTERRUPTED = 130  # what typer makes of Ctrl-C, without a word
Select = Annotated[list[str] | None, typer.Option(help="Only this check or family; repeatable.")]


def progress(title: str) -> None:
    """One plain line on stderr for each check as it begins."""
    err.print(f"· {title} …", style="dim")


def finish(audit: engine.Audit, output: Path | None, report_only: bool = False, all_rows: bool = False) -> None:
    """Print, write, and end with the gate's exit code."""
    out.print(terminal.render(audit.report, all_rows=all_rows))
    if output is not None:
        files.write_all(output, audit.report, audit.facts)
        out.print(f"Report: {output}/report.md, {output}/report.json")
    raise typer.Exit(engine.Exit.PASS if report_only else engine.exit_code(audit.report))


@app.callback(invoke_without_command=True)
def project(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="Folder for report.md, report.json and run.json.")] = Path(
        "reports/audit"
    ),
    require: Annotated[list[str] | None, typer.Option(help="This check must have a result; repeatable.")] = None,
    select: Select = None,
    report_only: Annotated[bool, typer.Option("--report-only", help="Exit with 0 whatever the verdict.")] = False,
) -> None:
    """Audit the project in this directory as its [tool.audit] says.

    Exit codes: 0 pass, 1 the gate failed, 2 usage, 3 nothing audited, 4 the audit itself failed.
    """
    if context.invoked_subcommand is None:
        name, settings = config.load(Path())
        finish(engine.audit_project(Path(), name, settings, select or (), require or (), progress), output, report_only)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A folder with any code in it.", exists=True, file_okay=False)],
    select: Select = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.TERMINAL,
    output: Annotated[Path | None, typer.Option(help="Folder for the reports; none is written without it.")] = None,
) -> None:
    """Look at a tree that nobody prepared. Nothing of it is imported or run, and no file is left in it."""
    audit = engine.audit_tree(path, select or (), progress)
    if form is Format.TERMINAL:
        finish(audit, output)
    print(markdown.render(audit.report) if form is Format.MARKDOWN else json_report.render(audit.report), end="")
    if output is not None:
        files.write_all(output, audit.report, audit.facts)
    raise typer.Exit(engine.exit_code(audit.report))


@app.command()
def paper(
    subject: Annotated[str | None, typer.Option(help="module:callable instead of what [tool.audit] names.")] = None,
    name: Annotated[str, typer.Option("--paper", help="The paper to measure --subject against.")] = "zhang2016",
    trust: Annotated[bool, typer.Option("--trust", help="Import and run the subject's code.")] = False,
    output: Annotated[Path | None, typer.Option(help="Folder for the reports; none is written without it.")] = None,
) -> None:
    """Measure the papers' parameters on running code."""
    project_name, settings = engine.paper_settings(Path(), name, subject, trust)
    finish(engine.audit_papers(Path(), project_name, settings, progress), output, all_rows=True)


@app.command()
def rules() -> None:
    """List all rules."""
    out.print(terminal.rule_list(tuple(rule for family in FAMILIES for rule in family.rules)))


@app.command()
def explain(rule_id: Annotated[str, typer.Argument(help="A rule's id, as `python -m audit rules` lists it.")]) -> None:
    """Say what a rule finds, why it matters, how to fix it, with examples."""
    out.print(terminal.explained(engine.find_rule(rule_id)))


def main() -> None:
    """Run the command; errors of usage and configuration are one message and exit code 2."""
    try:
        app()
    except AuditError as error:
        err.print(f"audit: {error}", style="red", markup=False)
        raise SystemExit(engine.Exit.USAGE) from None
    except SystemExit as ending:
        if ending.code == INTERRUPTED:
            err.print("audit: interrupted; no report was written", style="red")
        raise
    except Exception as error:
        err.print(f"audit: the audit itself failed: {type(error).__name__}: {error}", style="red", markup=False)
        raise SystemExit(engine.Exit.AUDIT_FAILED) from error


if __name__ == "__main__":
    main()
