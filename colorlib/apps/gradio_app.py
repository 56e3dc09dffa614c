"""The Gradio app: `colorlib app gradio`. What it shows is made in `colorlib.apps.studio`."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import gradio as gr
from PIL import Image

from colorlib import params
from colorlib.apps.studio import takeaway
from colorlib.apps.studio.desk import Look
from colorlib.apps.studio.distribution import belief, draw
from colorlib.apps.studio.facts import about, audit_verdict
from colorlib.apps.studio.samples import sample_files
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import LARGEST_FILE
from colorlib.apps.studio.visit import Visit
from colorlib.errors import ColorlibError

TITLE = "colorlib: colour for grey photographs"
TILES = {"off (the network's own size)": None, "512 pixels": 512, "256 pixels": 256}
COMPARED = (0.1, params.TEMPERATURE.value, 1.0)  # temperatures side by side
SYSTEM_FONTS = ("system-ui", "sans-serif")
CSS = """
footer {display: none !important}
.facts {opacity: .75; font-size: .85rem}
"""

Picked = gr.SelectData
P = ParamSpec("P")
R = TypeVar("R")


def spoken(work: Callable[P, R]) -> Callable[P, R]:
    """A sentence in the page in place of a `ColorlibError`."""

    @wraps(work)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(*args, **kwargs)
        except ColorlibError as error:
            raise gr.Error(str(error), duration=None) from error

    return inner


class GradioApp:
    """The page and what its controls do.

    Args:
        shelf: the models on offer.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.samples = sample_files()
        self.cancels: dict[int, threading.Event] = {}

    def build(self) -> gr.Blocks:
        """The page."""
        methods = self.shelf.methods()
        with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
            visit = gr.State(None)
            gr.Markdown(f"# {TITLE}\nOnly the lightness of a photograph is looked at; its colours are the network's.")
            with gr.Row():
                with gr.Column(scale=1, min_width=300):
                    files = gr.File(label="Photographs", file_count="multiple", type="filepath", height=140)
                    pasted = gr.Image(
                        label="Paste from the clipboard", sources=["clipboard"], type="filepath", height=120
                    )
                    gallery = gr.Gallery(
                        [str(path) for path in self.samples],
                        label="Samples (public domain)",
                        columns=4,
                        height=150,
                        allow_preview=False,
                        visible=bool(self.samples),
                        elem_id="samples",
                    )
                    chosen = gr.Dropdown([], label="Photograph", interactive=True)
                    method = gr.Radio(methods, value=methods[0], label="Method")
                    names = self.shelf.names(methods[0])
                    model = gr.Dropdown(names, value=names[0], label="Model")
                    temperature = gr.Slider(
                        0.01, 1.0, params.TEMPERATURE.value, step=0.01, label="Temperature (low: vivid, high: muted)"
                    )
                    blend = gr.Slider(0.0, 1.0, 1.0, step=0.01, label="Blend (grey to colour)")
                with gr.Column(scale=2, min_width=320):
                    with gr.Tabs():
                        with gr.Tab("Picture"):
                            picture = gr.Image(
                                label="In colour: click a pixel to see why",
                                interactive=False,
                                format="png",
                                elem_id="picture",
                                buttons=["fullscreen"],
                            )
                            facts = gr.Markdown(elem_classes="facts", elem_id="facts")
                            with gr.Row():
                                why = gr.Image(label="What the network held possible there", interactive=False)
                                because = gr.Markdown(elem_id="because")
                        with gr.Tab("Before and after"):
                            wipe = gr.ImageSlider(label="Drag the handle", interactive=False, elem_id="wipe")
                        with gr.Tab("Side by side"):
                            compare = gr.Button("Compare models and temperatures", elem_id="compare")
                            sheet = gr.Gallery(label="Comparison", columns=3, height="auto", elem_id="sheet")
                        with gr.Tab("Animation"):
                            animation = gr.Radio(list(takeaway.ANIMATIONS), value="WebP", label="Format")
                            play = gr.Button("From grey to colour", elem_id="play")
                            moving = gr.Image(label="Animation", interactive=False, type="filepath", elem_id="moving")
                            animated = gr.DownloadButton(
                                "Download the animation", interactive=False, elem_id="animated"
                            )
                        with gr.Tab("Large photographs"):
                            gr.Markdown("The network at full resolution, tile by tile; slow, finer at edges.")
                            tile = gr.Dropdown(list(TILES), value=next(iter(TILES)), label="Tiles")
                            with gr.Row():
                                start = gr.Button("Start", elem_id="start")
                                stop = gr.Button("Cancel", elem_id="stop")
                            state = gr.Markdown(elem_id="state")
                        with gr.Tab("Download"):
                            format_ = gr.Radio(list(takeaway.PICTURES), value="PNG", label="Format")
                            make = gr.Button("Make the file at full size", elem_id="make")
                            one = gr.DownloadButton("Download the picture", interactive=False, elem_id="one")
                            make_all = gr.Button("Make a ZIP of all photographs", elem_id="make-all")
                            all_ = gr.DownloadButton("Download the ZIP", interactive=False, elem_id="all")
                        with gr.Tab("About"):
                            gr.Markdown(f"{audit_verdict()}", elem_id="verdict")
                            card = gr.Markdown(self.shelf.card(names[0]), elem_id="card")
            view = [visit, chosen, model, temperature, blend, tile]
            shown = [picture, wipe, facts]
            page.load(lambda: Visit(self.shelf), outputs=visit)
            files.upload(self.take_files, [visit, files], [visit, chosen]).then(self.show, view, shown)
            pasted.input(self.take_pasted, [visit, pasted], [visit, chosen]).then(self.show, view, shown)
            gallery.select(self.take_sample, visit, [visit, chosen]).then(self.show, view, shown)
            chosen.input(self.show, view, shown)
            method.input(self.other_method, method, [model, temperature]).then(self.show, view, shown).then(
                self.shelf.card, model, card
            )
            model.input(self.show, view, shown).then(self.shelf.card, model, card)
            # `trigger_mode`: while one picture is made, only the newest position of a slider waits.
            for slider in (temperature, blend):
                slider.input(self.show, view, shown, trigger_mode="always_last", show_progress="hidden")
            picture.select(self.explain, view, [why, because])
            compare.click(self.side_by_side, view, sheet)
            play.click(self.animate, [*view, animation], [moving, animated])
            start.click(self.tiles, view, [state, *shown])
            stop.click(self.cancel, visit, state)
            make.click(self.file, [*view, format_], one)
            make_all.click(self.batch, [*view, format_], all_)
        return page

    def take_files(self, visit: Visit | None, paths: list[str] | None) -> tuple[Visit, Any]:
        """Uploaded files become photographs; what is none is said and the others stay."""
        visit = visit or Visit(self.shelf)
        large = [path for path in paths or [] if Path(path).stat().st_size > LARGEST_FILE]
        readable = [(Path(path).name, Path(path).read_bytes()) for path in paths or [] if path not in large]
        labels, complaints = visit.hand_over(readable)
        limit = LARGEST_FILE >> 20
        complaints += [f"{Path(path).name} has more than the {limit} MiB that an upload may have" for path in large]
        for sentence in complaints:
            gr.Warning(sentence)
        value = labels[-1] if labels else next(reversed(visit.uploads), None)
        return visit, gr.Dropdown(list(visit.uploads), value=value)

    def take_pasted(self, visit: Visit | None, path: str | None) -> tuple[Visit, Any]:
        """A picture from the clipboard."""
        return self.take_files(visit, [path] if path else [])

    def take_sample(self, visit: Visit | None, picked: Picked) -> tuple[Visit, Any]:
        """One of the samples."""
        index = picked.index if isinstance(picked.index, int) else 0
        return self.take_files(visit, [str(self.samples[index])])

    def other_method(self, method: str) -> tuple[Any, Any]:
        """The models of a method; regression has no temperature."""
        names = self.shelf.names(method)
        return gr.Dropdown(names, value=names[0]), gr.Slider(interactive=method == "classification")

    @spoken
    def show(
        self, visit: Visit | None, label: str | None, model: str, temperature: float, blend: float, tile: str
    ) -> tuple[Image.Image | None, tuple[Image.Image, Image.Image] | None, str]:
        """The picture, before and after, and a line of facts; nothing where there is no photograph yet."""
        if visit is None or not visit.uploads:
            return None, None, ""
        upload = visit.upload(label)
        rendered, seconds = visit.desk.preview(upload, Look(model, TILES[tile]), temperature, blend)
        line = about(self.shelf.colorizer(model), seconds, rendered.clamped)
        before = visit.desk.original(upload).convert("L").convert("RGB")
        return rendered.image, (before, rendered.image.convert("RGB")), line

    @spoken
    def explain(
        self, visit: Visit, label: str, model: str, temperature: float, _blend: float, _tile: str, picked: Picked
    ) -> tuple[Image.Image | None, str]:
        """The distribution at the clicked pixel of the preview."""
        upload = visit.upload(label)
        analysis = visit.desk.analysis(upload, Look(model))
        grid = self.shelf.colorizer(model).grid
        if grid is None:
            return None, "Regression predicts one colour and no distribution: take a classification model."
        found = belief(analysis, grid, *visit.desk.place(upload, *picked.index), temperature)
        return draw(found), found.in_words()

    @spoken
    def side_by_side(
        self, visit: Visit, label: str, model: str, _temperature: float, blend: float, _tile: str
    ) -> list[tuple[Image.Image, str]]:
        """The chosen model at three temperatures, and every other model at its own."""
        upload = visit.upload(label)
        views = [(model, temperature) for temperature in COMPARED if self.shelf.colorizer(model).grid is not None]
        views += [(name, None) for name in self.shelf.names() if name != model or not views]
        pictures = []
        for name, temperature in views:
            rendered, _ = visit.desk.preview(upload, Look(name), temperature, blend)
            note = "" if temperature is None else f", T = {temperature:g}"
            pictures.append((rendered.image, f"{name}{note}"))
        return [(visit.desk.original(upload), "as it came"), *pictures]

    @spoken
    def animate(
        self, visit: Visit, label: str, model: str, temperature: float, _blend: float, _tile: str, format_: str
    ) -> tuple[str, Any]:
        """From grey to colour, to look at and to keep."""
        upload = visit.upload(label)
        content = takeaway.animation_file(visit.desk, upload, Look(model), format_, temperature)
        path = kept(content, takeaway.file_name(upload, takeaway.ANIMATIONS[format_]))
        return path, gr.DownloadButton(value=path, interactive=True)

    def tiles(
        self, visit: Visit, label: str, model: str, temperature: float, blend: float, tile: str
    ) -> Iterator[tuple[Any, ...]]:
        """Work through the tiles, with the number done; then show the picture."""
        side = TILES[tile]
        if side is None:
            yield "Choose a size of tiles first.", gr.skip(), gr.skip(), gr.skip()
            return
        cancel = self.cancels[id(visit)] = threading.Event()
        done: list[str] = []
        failure: list[ColorlibError] = []

        def work() -> None:
            try:
                visit.desk.work_in_tiles(
                    visit.upload(label),
                    Look(model, side),
                    temperature,
                    lambda ready, all_: done.append(f"{ready} of {all_} tiles"),
                    cancel.is_set,
                )
            except ColorlibError as error:
                failure.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        while thread.is_alive():
            thread.join(timeout=0.3)
            yield (done[-1] if done else "The whole picture first …"), gr.skip(), gr.skip(), gr.skip()
        if failure:
            yield str(failure[0]), gr.skip(), gr.skip(), gr.skip()
            return
        yield "Done.", *self.show(visit, label, model, temperature, blend, tile)

    def cancel(self, visit: Visit) -> str:
        """Stop the work on tiles of this visitor."""
        if id(visit) in self.cancels:
            self.cancels[id(visit)].set()
        return "Cancelling …"

    @spoken
    def file(
        self, visit: Visit, label: str, model: str, temperature: float, blend: float, tile: str, format_: str
    ) -> Any:
        """The picture at full size, ready to be downloaded."""
        upload = visit.upload(label)
        content = takeaway.picture_file(visit.desk, upload, Look(model, TILES[tile]), format_, temperature, blend)
        path = kept(content, takeaway.file_name(upload, takeaway.PICTURES[format_]))
        return gr.DownloadButton(value=path, interactive=True)

    @spoken
    def batch(
        self, visit: Visit, label: str, model: str, temperature: float, blend: float, tile: str, format_: str
    ) -> Any:
        """All photographs of the visitor as one ZIP."""
        visit.upload(label)
        content = takeaway.batch_file(
            visit.desk, list(visit.uploads.values()), Look(model, TILES[tile]), format_, temperature, blend
        )
        return gr.DownloadButton(value=kept(content, "colorized.zip"), interactive=True)


def kept(content: bytes, name: str) -> str:
    """A file for the browser to fetch; gradio takes a copy and removes it after an hour."""
    folder = Path(tempfile.mkdtemp(prefix="colorlib-"))
    (folder / name).write_bytes(content)
    return str(folder / name)


def serve(shelf: Shelf, host: str, port: int) -> None:
    """Serve the page until it is interrupted."""
    GradioApp(shelf).build().launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        max_file_size=2 * LARGEST_FILE,
        theme=gr.themes.Soft(font=SYSTEM_FONTS, font_mono=("ui-monospace", "monospace")),
        css=CSS,
        ssr_mode=False,
    )
