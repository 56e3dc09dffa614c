"""The Streamlit page, run by `colorlib.apps.streamlit_server`. What it shows is made in `colorlib.apps.studio`."""

import re
import string
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from colorlib import params
from colorlib.apps.streamlit_server import served
from colorlib.apps.streamlit_stage import paste, stage
from colorlib.apps.studio import takeaway, words
from colorlib.apps.studio.desk import SIDES, USUAL_SIDE, Look, Wish
from colorlib.apps.studio.distribution import believed, draw
from colorlib.apps.studio.documents import AUDIT, card_address
from colorlib.apps.studio.errand import Errand
from colorlib.apps.studio.facts import audit_verdict
from colorlib.apps.studio.samples import sample_files
from colorlib.apps.studio.stage import Slider, stage_data
from colorlib.apps.studio.upload import LARGEST_FILE, Upload
from colorlib.apps.studio.views import comparison, side_by_side
from colorlib.apps.studio.visit import Visit
from colorlib.errors import ColorlibError

PAGE_CSS = """
.stMainBlockContainer {padding-top: 2rem}
.stMainBlockContainer h1 {font-size: clamp(1.4rem, 4vw, 2.2rem)}
@media (max-width: 640px) {  /* the picture comes before the choice of a photograph and a model */
    .stColumn:has(> * > * > .st-key-choices) {display: contents}
    .stColumn > .stVerticalBlock:has(> * > .st-key-choices) {display: contents}
    .stColumn > .stVerticalBlock:has(> * > .st-key-choices) > * {min-width: 100%}
    .stColumn:has(> * > * > .st-key-choices) ~ .stColumn {order: 1}
    .stVerticalBlock > :has(> .st-key-choices) {order: 2}
}
"""
POLL = 0.5  # seconds between two looks at the tiles
STAGE = "stage"  # the component's key: what the page says about it is kept there
SETTINGS = {"temperature": params.TEMPERATURE.value, "blend": 1.0}  # until somebody moves a slider
SIDE = "side"  # the key of the selectbox of tiles, which the picture asks for when the page around it stands still
CHOSEN, SAMPLE = "chosen", "sample"  # keys: the photograph that is shown, the sample that is pressed
MARKUP = re.compile(f"([{re.escape(string.punctuation)}])")

P = ParamSpec("P")


def complain(sentence: str) -> None:
    """Show a sentence as it is: names of files in it are nobody's markup."""
    st.error(MARKUP.sub(r"\\\1", sentence))


def spoken(work: Callable[P, None]) -> Callable[P, None]:
    """A sentence in the page in place of a `ColorlibError`."""

    @wraps(work)
    def inner(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            work(*args, **kwargs)
        except ColorlibError as error:
            complain(str(error))

    return inner


def visit() -> Visit:
    """What belongs to this session."""
    if "visit" not in st.session_state:
        st.session_state.visit = Visit(served())
    found: Visit = st.session_state.visit
    return found


def take(here: Visit) -> None:
    """Photographs: uploaded, pasted, or a sample."""
    files = st.file_uploader(words.UPLOAD, accept_multiple_files=True, max_upload_size=LARGEST_FILE >> 20) or []
    taken, _ = here.follow({file.file_id: (file.name, file.getvalue) for file in files})
    for sentence in here.complaints:
        complain(sentence)
    samples = {path.stem.rsplit("-", 1)[0]: path for path in sample_files()}
    clicked: str | None = st.session_state.pop("clicked", None)
    if clicked in samples:
        taken, _ = here.hand_over([(samples[clicked].name, samples[clicked].read_bytes())])
    st.session_state[CHOSEN] = here.choice(taken, st.session_state.get(CHOSEN))
    if samples:
        st.pills(words.SAMPLES, list(samples), wrap=True, key=SAMPLE, on_change=click)


def click() -> None:
    """A sample was clicked; nothing stays pressed, so that the next click on it shows it again."""
    st.session_state.clicked = st.session_state[SAMPLE]
    st.session_state[SAMPLE] = None


def choose(here: Visit) -> tuple[Upload, str] | None:
    """A photograph and the name of a model; None as long as there is no photograph."""
    labels = list(here.uploads)
    label = st.selectbox("Photograph", labels, key=CHOSEN)
    method = st.radio("Method", here.desk.shelf.methods(), horizontal=True)
    model = st.selectbox("Model", here.desk.shelf.names(method))
    st.markdown(f"[Model card]({card_address(model)}) · [Audit: {audit_verdict()}]({AUDIT})")
    return None if label is None else (here.upload(label), model)


def said(topic: str, default: dict[str, float]) -> dict[str, Any]:
    """What the stage last told: settings, or a pixel."""
    found: dict[str, Any] = st.session_state.get(STAGE, {}).get(topic, default)
    return found


def wished(upload: Upload, model: str) -> Wish:
    """What the controls ask for at this moment."""
    settings, look = said("settings", SETTINGS), Look(model, st.session_state.get(SIDE, USUAL_SIDE))
    return Wish(upload, look, float(settings["temperature"]), float(settings["blend"]))


# Each tab is a fragment: what is clicked in it draws it alone. While the whole page is drawn anew, Streamlit's tabs do
# not take a click for a moment, so that happens only for another photograph or model, and when tiles are done.


@st.fragment
@spoken
def show_picture(here: Visit, upload: Upload, model: str) -> None:
    """The picture, before and after, and why a pixel has its colour."""
    here.drawn_after = here.errand if here.errand is not None and here.errand.done else None
    here.wish = wish = wished(upload, model)
    settings, pixel = said("settings", SETTINGS), said("pixel", {})
    view, regression = comparison(here.desk, wish), here.desk.shelf.colorizer(model).grid is None
    sliders = [
        Slider("temperature", words.TEMPERATURE, 0.01, settings["temperature"], regression),
        Slider("blend", words.BLEND, 0.0, settings["blend"]),
    ]
    data = stage_data(view, wish, sliders)
    stage(key=STAGE, data=data, on_settings_change=lambda: None, on_pixel_change=lambda: None)
    st.caption(view.facts)
    if pixel.get("photograph") != upload.sha256:
        st.caption(words.ASK)
        return
    found = believed(here.desk, wish, *here.desk.place(upload, float(pixel["x"]), float(pixel["y"])))
    drawn, explained = st.columns(2)
    drawn.image(draw(found))
    explained.write(found.in_words())


@st.fragment
@spoken
def show_comparison(here: Visit, upload: Upload, model: str) -> None:
    """Models and temperatures side by side."""
    if st.button(words.COMPARE):
        pictures, complaints = side_by_side(here.desk, wished(upload, model))
        columns = st.columns(3)
        for index, (picture, caption) in enumerate(pictures):
            columns[index % 3].image(picture, caption, output_format="JPEG", width="stretch")
        for sentence in complaints:
            complain(sentence)


@st.fragment
@spoken
def show_files(here: Visit, upload: Upload, model: str) -> None:
    """The animation, the picture and the batch; downloads are made when they are clicked, as the sliders stand then."""

    def now() -> Wish:
        return here.wish or wished(upload, model)

    def keep(where: DeltaGenerator, label: str, make: Callable[[], bytes], name: str) -> None:
        where.download_button(label, make, name, on_click="ignore", width="stretch")

    animation = st.radio("Animation", list(takeaway.ANIMATIONS), horizontal=True)
    left, right = st.columns(2)
    if left.button(words.PLAY, width="stretch"):
        st.image(takeaway.animation_file(here.desk, now(), "GIF"))  # of a WebP Streamlit shows the first frame
    keep(
        right,
        words.KEEP_ANIMATION,
        lambda: takeaway.animation_file(here.desk, now(), animation),
        takeaway.file_name(upload, takeaway.ANIMATIONS[animation]),
    )
    format_ = st.radio("Picture", list(takeaway.PICTURES), horizontal=True)
    left, right = st.columns(2)
    keep(
        left,
        words.KEEP_PICTURE,
        lambda: takeaway.picture_file(here.desk, now(), format_),
        takeaway.file_name(upload, takeaway.PICTURES[format_]),
    )
    keep(
        right,
        words.KEEP_ALL,
        lambda: takeaway.batch_file(here.desk, list(here.uploads.values()), now(), format_),
        "colorized.zip",
    )


@st.fragment
@spoken
def show_tiles(here: Visit, upload: Upload, model: str) -> None:
    """Work on tiles, watched and stopped from here."""

    def begin() -> None:
        here.begin(wished(upload, model))

    st.write(words.TILES)
    st.selectbox(words.SIDE, SIDES, index=SIDES.index(USUAL_SIDE), key=SIDE)
    running = here.errand is not None and not here.errand.done
    start, stop = st.columns(2)
    start.button("Start", on_click=begin, width="stretch", disabled=running)
    if stop.button("Cancel", width="stretch", disabled=not running) and here.errand is not None:
        here.errand.stop()
    if here.errand is None:
        return
    if here.drawn_after is not here.errand:  # it works, or ended after the picture was drawn
        watch(here.errand)
        return
    begun, now = here.errand.wish, wished(upload, model)
    if (begun.upload.sha256, begun.look) == (upload.sha256, now.look):
        here.errand.result()
        st.write("Done: at the temperature it was begun with, the picture and its files are made of tiles.")


@st.fragment(run_every=POLL)
@spoken
def watch(errand: Errand) -> None:
    """How far the tiles are; at the end the whole page is drawn anew, the picture with it."""
    if errand.done:
        st.rerun()
    st.progress(errand.share, errand.in_words())


@spoken
def main() -> None:
    """The page."""
    st.set_page_config(page_title=words.TITLE, layout="wide")
    st.html(f"<style>{PAGE_CSS}</style>")
    st.title(words.TITLE)
    st.write(words.INTRODUCTION)
    here = visit()
    left, right = st.columns([1, 2])
    with left:
        paste()
        take(here)
        with st.container(key="choices"):
            chosen = choose(here)
    if chosen is None:
        right.info(words.NOTHING_YET)
        return
    shows = (show_picture, show_comparison, show_files, show_tiles)
    for tab, show in zip(right.tabs(words.TABS), shows, strict=True):
        with tab:
            show(here, *chosen)


main()
