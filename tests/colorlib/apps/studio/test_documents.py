from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from colorlib.apps.studio.documents import AUDIT, card_address, routes
from colorlib.apps.studio.shelf import Shelf
from tests.browsing import save_small_model

CARD = "# A card\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![](http://example.org/x.png) <script>alert(1)</script>\n"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (save_small_model(tmp_path / "a model") / "README.md").write_text(CARD)
    return TestClient(Starlette(routes=routes(Shelf(tmp_path / "a model"), tmp_path / "report.json")))


def test_a_card_is_rendered_and_can_neither_load_nor_run_anything(client: TestClient) -> None:
    answer = client.get(card_address("a model"))
    assert answer.status_code == 200
    assert "<h1>A card</h1>" in answer.text
    assert "<td>2</td>" in answer.text
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "img-src" not in answer.headers["content-security-policy"]


def test_no_such_model_and_no_report_are_sentences(client: TestClient) -> None:
    answer = client.get(card_address("<b>"))
    assert (answer.status_code, "&lt;b&gt;" in answer.text) == (404, True)
    answer = client.get(AUDIT)
    assert (answer.status_code, "make repro" in answer.text) == (404, True)


def test_the_report_is_the_page_beside_the_json(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("<h1>Audit</h1>")
    assert client.get(AUDIT).text == "<h1>Audit</h1>"
