"""The Streamlit app: `colorlib app streamlit`. What it shows is made in `colorlib.apps.studio`."""

import os
from pathlib import Path

import streamlit as st

from colorlib import params
from colorlib.apps.studio import takeaway
from colorlib.apps.studio.desk import Look
from colorlib.apps.studio.distribution import draw
from colorlib.apps.studio.errand import Errand
from colorlib.apps.studio.facts import audit_verdict
from colorlib.apps.studio.samples import sample_files
from colorlib.apps.studio.shelf import CACHE, PLACE, Shelf
from colorlib.apps.studio.views import believed, comparison, side_by_side
from colorlib.apps.studio.visit import Visit
from colorlib.cache import open_cache
from colorlib.errors import ColorlibError

TITLE = "colorlib: colour for grey photographs"
POLL = 0.5  # seconds between two looks at the tiles


@st.cache_resource
def shelf() -> Shelf:
    """The models, loaded once for all visitors."""
    return Shelf(Path(os.environ.get(PLACE, "models")), open_cache(os.environ.get(CACHE, "none")))


def visit() -> Visit:
    """What belongs to this session."""
    if "visit" not in st.session_state:
        st.session_state.visit = Visit(shelf())
    found: Visit = st.session_state.visit
    return found


def choose() -> tuple[str | None, Look, float, float]:
    """The controls: photograph, model and tiles, temperature, blend."""
    here = visit()
    files = st.file_uploader("Photographs", accept_multiple_files=True) or []
    taken: set[str] = st.session_state.setdefault("taken", set())
    for file in files:
        if file.file_id not in taken:
            taken.add(file.file_id)
            _, st.session_state[f"complaint {file.file_id}"] = here.hand_over([(file.name, file.getvalue())])
        for sentence in st.session_state[f"complaint {file.file_id}"]:
            st.error(sentence)
    samples = {path.stem: path for path in sample_files()}
    if samples:
        sample = st.selectbox("Samples (public domain)", list(samples), index=None)
        if sample is not None and st.session_state.get("sample") != sample:
            here.hand_over([(samples[sample].name, samples[sample].read_bytes())])
        st.session_state.sample = sample
    labels = list(here.uploads)
    label = st.selectbox("Photograph", labels, index=len(labels) - 1 if labels else None)
    method = st.radio("Method", shelf().methods(), horizontal=True)
    model = st.selectbox("Model", shelf().names(method))
    temperature = st.slider(
        "Temperature (low: vivid, high: muted)", 0.01, 1.0, params.TEMPERATURE.value, disabled=method == "regression"
    )
    blend = st.slider("Blend (grey to colour)", 0.0, 1.0, 1.0)
    side = st.selectbox("Side of a tile, for large photographs", [256, 512, 1024], index=1)
    return label, Look(model, side), temperature, blend


def show_picture(label: str, look: Look, temperature: float, blend: float) -> None:
    """The picture, before and after, and why a pixel has its colour."""
    here = visit()
    view = comparison(here, label, look, temperature, blend)
    wipe = st.slider("Wipe (before to after)", 0, 100, 0, format="%d %%")
    shown = view.after.copy()
    shown.paste(view.before.crop((0, 0, shown.width * wipe // 100, shown.height)), (0, 0))
    st.image(shown, output_format="JPEG", width="stretch")
    st.caption(view.facts)
    if st.toggle("Why this colour?"):
        x = st.slider("x", 0, shown.width - 1, shown.width // 2)
        y = st.slider("y", 0, shown.height - 1, shown.height // 2)
        upload = here.upload(label)
        found = believed(here.desk, upload, look.model, here.desk.place(upload, x, y), temperature)
        st.image(draw(found))
        st.write(found.in_words())


def show_comparison(label: str, look: Look, blend: float) -> None:
    """Models and temperatures side by side."""
    if st.button("Compare models and temperatures"):
        columns = st.columns(3)
        for index, (picture, caption) in enumerate(side_by_side(visit(), label, look.model, blend)):
            columns[index % 3].image(picture, caption, output_format="JPEG", width="stretch")


def show_files(label: str, look: Look, temperature: float, blend: float) -> None:
    """The animation, the picture and the batch, made when asked for."""
    here = visit()
    upload = here.upload(label)
    animation = st.radio("Animation", list(takeaway.ANIMATIONS), horizontal=True)
    if st.button("From grey to colour"):
        content = takeaway.animation_file(here.desk, upload, look, animation, temperature)
        st.image(content)
        name = takeaway.file_name(upload, takeaway.ANIMATIONS[animation])
        st.download_button("Download the animation", content, name, on_click="ignore")
    format_ = st.radio("Format", list(takeaway.PICTURES), horizontal=True)
    if st.button("Make the file at full size"):
        content = takeaway.picture_file(here.desk, upload, look, format_, temperature, blend)
        name = takeaway.file_name(upload, takeaway.PICTURES[format_])
        st.download_button("Download the picture", content, name, on_click="ignore")
    if st.button("Make a ZIP of all photographs"):
        bar = st.progress(0.0)

        def progress(done: int, all_: int) -> None:
            bar.progress(done / all_)

        uploads = list(here.uploads.values())
        content = takeaway.batch_file(here.desk, uploads, look, format_, temperature, blend, progress)
        st.download_button("Download the ZIP", content, "colorized.zip", on_click="ignore")


@st.fragment(run_every=POLL)
def show_tiles(label: str, look: Look, temperature: float) -> None:
    """Work on tiles, watched and stopped from here."""
    here = visit()
    start, stop = st.columns(2)
    if start.button("Start", width="stretch") and (here.errand is None or here.errand.done):
        here.errand = Errand(here.desk, here.upload(label), look, temperature)
    errand = here.errand
    if stop.button("Cancel", width="stretch") and errand is not None:
        errand.stop()
    if errand is None:
        return
    st.progress(errand.share, errand.in_words())
    if errand.done:
        try:
            errand.result()
            st.write("Done: the picture and the files are in tiles now.")
        except ColorlibError as error:
            st.error(str(error))


def main() -> None:
    """The page."""
    st.set_page_config(page_title=TITLE, layout="wide")
    st.title(TITLE)
    st.write("Only the lightness of a photograph is looked at; its colours are the network's.")
    left, right = st.columns([1, 2])
    with left:
        label, look, temperature, blend = choose()
    with right:
        tabs = st.tabs(["Picture", "Side by side", "Files", "Large photographs", "About"])
        tabs[4].write(audit_verdict())
        tabs[4].markdown(shelf().card(look.model))
        if label is None:
            tabs[0].info("No photograph yet: upload one, or take a sample.")
            return
        with tabs[0]:
            show_picture(label, look, temperature, blend)
        with tabs[1]:
            show_comparison(label, look, blend)
        with tabs[2]:
            show_files(label, look, temperature, blend)
        with tabs[3]:
            show_tiles(label, look, temperature)


try:
    main()
except ColorlibError as error:
    st.error(str(error))
