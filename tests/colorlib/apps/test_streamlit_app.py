"""The Streamlit page in Streamlit's own harness: what depends on when things end. People's stories: test_apps."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from colorlib.apps import streamlit_server
from colorlib.apps.studio import views, words
from colorlib.apps.studio.desk import Desk, Wish
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.views import Comparison
from tests.browsing import save_small_model
from tests.small_project import ROOT


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """With a photograph chosen."""
    monkeypatch.chdir(ROOT)  # where the samples lie
    monkeypatch.setattr(streamlit_server, "_served", [Shelf(save_small_model(tmp_path / "small"))])
    opened = AppTest.from_file(streamlit_server.SCRIPT, default_timeout=60).run()
    assert [info.value for info in opened.info] == [words.NOTHING_YET]
    opened.pills[0].select(opened.pills[0].options[0]).run()
    return opened


def captions(page: AppTest) -> str:
    return " ".join(caption.value for caption in page.caption)


def test_tiles_that_are_done_just_after_the_picture_was_drawn_are_shown(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "in tiles" not in captions(page)

    def drawn(desk: Desk, wish: Wish) -> Comparison:
        found = comparison(desk, wish)
        if st.session_state.visit.errand is not None:
            st.session_state.visit.errand.result(60)
        return found

    comparison = views.comparison
    monkeypatch.setattr(views, "comparison", drawn)
    (start,) = [button for button in page.button if button.label == "Start"]
    start.click().run()
    assert not page.exception
    assert "in tiles of 512 pixels" in captions(page)
    assert any("Done" in text.value for text in page.markdown)
