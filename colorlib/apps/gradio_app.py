"""The Gradio app: `colorlib app gradio`. What it shows is made in `colorlib.apps.studio`."""

import html
import time
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import gradio as gr
from PIL import Image

from colorlib import params
from colorlib.apps.studio import takeaway
from colorlib.apps.studio.desk import Look
from colorlib.apps.studio.distribution import draw
from colorlib.apps.studio.errand import Errand
from colorlib.apps.studio.facts import audit_verdict
from colorlib.apps.studio.samples import sample_files
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import LARGEST_FILE
from colorlib.apps.studio.views import believed, comparison, side_by_side
from colorlib.apps.studio.visit import Visit
from colorlib.errors import ColorlibError

TITLE = "colorlib: colour for grey photographs"
TILES = {"256 pixels": 256, "512 pixels": 512, "1024 pixels": 1024}
SYSTEM_FONTS = [gr.themes.Font(name) for name in ("system-ui", "sans-serif")]
SYSTEM_MONO = [gr.themes.Font(name) for name in ("ui-monospace", "monospace")]
QUIETLY: Any = {"api_visibility": "private"}  # the page's own doing: not an interface for programs
SESSIONS, HOUR = 100, 3600  # the least recently used session makes room for a new one
POLL = 0.3  # seconds between two looks at the tiles
CSS = """
.facts {opacity: .8; font-size: .85rem}
progress {width: 60%; accent-color: currentColor}
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

    def build(self) -> gr.Blocks:
        """The page."""
        methods = self.shelf.methods()
        page: gr.Blocks
        with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(HOUR, HOUR)) as page:
            visit = gr.State(None, time_to_live=HOUR)
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
                        height=230,
                        buttons=[],
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
                with gr.Column(scale=2, min_width=320), gr.Tabs():
                    with gr.Tab("Picture"):
                        picture = gr.Image(
                            label="In colour: click a pixel to see why",
                            interactive=False,
                            format="jpeg",
                            height=420,
                            elem_id="picture",
                            buttons=["fullscreen"],
                        )
                        facts = gr.Markdown(elem_classes="facts", elem_id="facts")
                        with gr.Row():
                            why = gr.Image(
                                label="What the network held possible there",
                                show_label=False,
                                interactive=False,
                                buttons=["fullscreen"],
                                elem_id="why",
                            )
                            because = gr.Markdown("Click the picture.", elem_id="because")
                    with gr.Tab("Before and after"):
                        wipe = gr.ImageSlider(label="Drag the handle", interactive=False, format="jpeg", elem_id="wipe")
                    with gr.Tab("Side by side"):
                        compare = gr.Button("Compare models and temperatures", elem_id="compare")
                        sheet = gr.Gallery(
                            label="Comparison", show_label=False, columns=3, height=640, buttons=[], elem_id="sheet"
                        )
                    with gr.Tab("Animation"):
                        animation = gr.Radio(list(takeaway.ANIMATIONS), value="WebP", label="Format")
                        play = gr.Button("From grey to colour", elem_id="play")
                        moving = gr.Image(
                            label="Animation", interactive=False, type="filepath", buttons=[], elem_id="moving"
                        )
                        animated = gr.DownloadButton("Download the animation", interactive=False, elem_id="animated")
                    with gr.Tab("Large photographs"):
                        gr.Markdown("The network at full resolution, tile by tile; slow, finer at edges.")
                        tile = gr.Dropdown(list(TILES), value="512 pixels", label="Side of a tile")
                        with gr.Row():
                            start = gr.Button("Start", elem_id="start")
                            stop = gr.Button("Cancel", elem_id="stop")
                        state = gr.HTML(elem_id="state")
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
            page.load(lambda: Visit(self.shelf), outputs=visit, **QUIETLY)
            for event, work, inputs in (
                (files.upload, self.take_files, [visit, files]),
                (pasted.input, self.take_pasted, [visit, pasted]),
                (gallery.select, self.take_sample, [visit]),
            ):
                event(work, inputs, [visit, chosen], **QUIETLY).then(self.show, view, shown, **QUIETLY)
            chosen.input(self.show, view, shown, **QUIETLY)
            switched = method.input(self.other_method, method, [model, temperature], **QUIETLY)
            for changed in (switched.then, model.input):
                changed(self.show, view, shown, **QUIETLY).then(self.shelf.card, model, card, **QUIETLY)
            # `trigger_mode`: while one picture is made, only the newest position of a slider waits.
            for slider in (temperature, blend):
                slider.input(self.show, view, shown, trigger_mode="always_last", show_progress="hidden", **QUIETLY)
            picture.select(self.explain, view, [why, because], **QUIETLY)
            compare.click(self.side_by_side, view, sheet, **QUIETLY)
            play.click(self.animate, [*view, animation], [moving, animated], **QUIETLY)
            start.click(self.tiles, view, [state, *shown], show_progress="hidden", **QUIETLY)
            stop.click(self.cancel, visit, **QUIETLY)
            make.click(self.file, [*view, format_], one, **QUIETLY)
            make_all.click(self.batch, [*view, format_], all_, **QUIETLY)
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
        view = comparison(visit, label, Look(model, TILES[tile]), temperature, blend)
        return view.after, (view.before, view.after), view.facts

    @spoken
    def explain(
        self, visit: Visit, label: str, model: str, temperature: float, _blend: float, _tile: str, picked: Picked
    ) -> tuple[Image.Image, str]:
        """The distribution at the clicked pixel of the preview."""
        upload = visit.upload(label)
        found = believed(visit.desk, upload, model, visit.desk.place(upload, *picked.index), temperature)
        return draw(found), found.in_words()

    @spoken
    def side_by_side(
        self, visit: Visit, label: str, model: str, _temperature: float, blend: float, _tile: str
    ) -> list[tuple[Image.Image, str]]:
        """The chosen model at three temperatures, and every other model at its own."""
        return side_by_side(visit, label, model, blend)

    @spoken
    def animate(
        self, visit: Visit, label: str, model: str, temperature: float, _blend: float, tile: str, format_: str
    ) -> tuple[str, Any]:
        """From grey to colour, to look at and to keep."""
        upload = visit.upload(label)
        content = takeaway.animation_file(visit.desk, upload, Look(model, TILES[tile]), format_, temperature)
        path = str(visit.file(takeaway.file_name(upload, takeaway.ANIMATIONS[format_]), content))
        return path, gr.DownloadButton(value=path, interactive=True)

    def tiles(
        self, visit: Visit, label: str, model: str, temperature: float, blend: float, tile: str
    ) -> Iterator[tuple[Any, ...]]:
        """Work through the tiles, with the number done; then show the picture."""
        unchanged = (gr.skip(), gr.skip(), gr.skip())
        try:
            errand = Errand(visit.desk, visit.upload(label), Look(model, TILES[tile]), temperature)
        except ColorlibError as error:
            yield html.escape(str(error)), *unchanged
            return
        visit.errand = errand
        try:
            while not errand.done:
                yield bar(errand), *unchanged
                time.sleep(POLL)
            errand.result()
            yield f"{errand.in_words()}, done.", *self.show(visit, label, model, temperature, blend, tile)
        except ColorlibError as error:
            yield html.escape(str(error)), *unchanged
        finally:
            errand.stop()  # also when the page was closed meanwhile

    def cancel(self, visit: Visit) -> None:
        """Stop the work on tiles of this visitor."""
        if visit.errand is not None:
            visit.errand.stop()

    @spoken
    def file(
        self, visit: Visit, label: str, model: str, temperature: float, blend: float, tile: str, format_: str
    ) -> Any:
        """The picture at full size, ready to be downloaded."""
        upload, look = visit.upload(label), Look(model, TILES[tile])
        content = takeaway.picture_file(visit.desk, upload, look, format_, temperature, blend)
        path = visit.file(takeaway.file_name(upload, takeaway.PICTURES[format_]), content)
        return gr.DownloadButton(value=str(path), interactive=True)

    @spoken
    def batch(
        self, visit: Visit, label: str, model: str, temperature: float, blend: float, tile: str, format_: str
    ) -> Any:
        """All photographs of the visitor as one ZIP."""
        visit.upload(label)
        uploads, look = list(visit.uploads.values()), Look(model, TILES[tile])
        content = takeaway.batch_file(visit.desk, uploads, look, format_, temperature, blend)
        return gr.DownloadButton(value=str(visit.file("colorized.zip", content)), interactive=True)


def bar(errand: Errand) -> str:
    """How far the work is, as a progress bar and in words."""
    return f'<progress value="{errand.share:.3f}" max="1"></progress> {errand.in_words()}'


def serve(shelf: Shelf, host: str, port: int) -> None:
    """Serve the page until it is interrupted.

    Raises:
        OSError: the port is taken, or the address is not this machine's.
    """
    page = GradioApp(shelf).build()
    page.queue(default_concurrency_limit=4)
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        footer_links=[],
        max_file_size=2 * LARGEST_FILE,
        state_session_capacity=SESSIONS,
        theme=gr.themes.Soft(font=SYSTEM_FONTS, font_mono=SYSTEM_MONO),
        css=CSS,
        ssr_mode=False,
    )
