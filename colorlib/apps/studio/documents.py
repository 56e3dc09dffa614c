"""The pages that both apps link to: the cards of the models, and the audit's report.

Served with a policy that lets them load nothing: a card that came with somebody's model may name pictures elsewhere.
"""

import html
from pathlib import Path
from urllib.parse import quote

from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from colorlib.apps.studio.facts import REPORT
from colorlib.apps.studio.shelf import Shelf
from colorlib.errors import ColorlibError

AUDIT = "/documents/audit"
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
REPORT_POLICY = f"{POLICY}; script-src 'unsafe-inline'"  # the report's own policy names its one script by its hash
STYLE = """
:root {color-scheme: light dark}
body {max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif}
body {overflow-wrap: anywhere}
table {border-collapse: collapse}
td, th {border: 1px solid #8886; padding: .2rem .6rem; text-align: left}
pre {overflow-x: auto}
"""


def card_address(model: str) -> str:
    """Where the card of a model is found."""
    return f"/documents/models/{quote(model)}"


def routes(shelf: Shelf, report: Path = REPORT) -> list[Route]:
    """The pages.

    Args:
        shelf: whose models' cards are shown.
        report: the audit's report as JSON; the page is the HTML file beside it.
    """

    def card(request: Request) -> HTMLResponse:
        name = request.path_params["name"]
        try:
            text = shelf.card(name)
        except ColorlibError as error:
            return _page(name, html.escape(str(error)), 404)
        return _page(name, MarkdownIt("commonmark", {"html": False}).enable("table").render(text))

    def audit(_: Request) -> HTMLResponse:
        path = report.with_suffix(".html")
        if not path.is_file():
            return _page("Audit", "There is no report: <code>make repro</code> writes one.", 404)
        content = path.read_text(encoding="utf-8", errors="replace")
        return HTMLResponse(content, headers={"Content-Security-Policy": REPORT_POLICY})

    return [Route("/documents/models/{name}", card), Route(AUDIT, audit)]


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    content = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><body>{body}</body></html>"
    )
    return HTMLResponse(content, status, {"Content-Security-Policy": POLICY})
