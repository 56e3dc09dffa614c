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
from colorlib.apps.gradio_stage import PAGE_CSS, STAGE
from colorlib.apps.studio import interface, takeaway, words
from colorlib.apps.studio.desk import SIDES, USUAL_SIDE, Look, Wish
from colorlib.apps.studio.distribution import believed, draw
from colorlib.apps.studio.documents import AUDIT, card_address, routes
from colorlib.apps.studio.errand import Errand
from colorlib.apps.studio.facts import audit_verdict
from colorlib.apps.studio.guard import guard
from colorlib.apps.studio.samples import sample_files
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.stage import CSS, HTML, PASTE, stage_data
from colorlib.apps.studio.upload import LARGEST_FILE
from colorlib.apps.studio.views import comparison, side_by_side
from colorlib.apps.studio.visit import Pixel, Visit
from colorlib.errors import ColorlibError

SYSTEM_FONTS = [gr.themes.Font(name) for name in ("system-ui", "sans-serif")]
SYSTEM_MONO = [gr.themes.Font(name) for name in ("ui-monospace", "monospace")]
QUIETLY: Any = {"api_visibility": "private"}  # the page's own doing: not an interface for programs
LAST: Any = {"trigger_mode": "always_last", **QUIETLY}  # while one is worked on, only the newest position waits
SESSIONS, HOUR = 100, 3600  # the least recently used session makes room for a new one
POLL = 0.3  # seconds between two looks at the tiles
GONE = "this page was left alone for too long: load it again"
FETCH = "() => setTimeout(() => document.querySelector('#ready').click(), 50)"  # once the page has the new address

P = ParamSpec("P")
R = TypeVar("R")


def spoken(work: Callable[P, R]) -> Callable[P, R]:
    """A sentence in the page in place of a `ColorlibError`; names of files in it are nobody's markup."""

    @wraps(work)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(*args, **kwargs)
        except ColorlibError as error:
            raise gr.Error(html.escape(str(error))) from error

    return inner


def asked(
    visit: Visit | None, label: str | None, model: str, temperature: float, blend: float, tile: int
) -> tuple[Visit, Wish]:
    """What the controls say, in the order in which they are handed to each of the handlers below.

    Raises:
        ColorlibError: there is no photograph of that label, or the session had to make room for others.
    """
    if visit is None:
        raise ColorlibError(GONE)
    return visit, Wish(visit.upload(label), Look(model, tile), temperature, blend)


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
        names = self.shelf.names(methods[0])
        page: gr.Blocks
        with gr.Blocks(title=words.TITLE, analytics_enabled=False, delete_cache=(HOUR, HOUR)) as page:
            visit = gr.State(lambda: Visit(self.shelf))
            gr.Markdown(f"# {words.TITLE}\n{words.INTRODUCTION}")
            with gr.Row():
                with gr.Column(scale=1, min_width=300, elem_id="choices"):
                    files = gr.File(
                        label=words.UPLOAD,
                        file_count="multiple",
                        type="filepath",
                        height=200,
                    )
                    gallery = gr.Gallery(
                        [str(path) for path in self.samples],
                        label=words.SAMPLES,
                        columns=4,
                        height=265,
                        buttons=[],
                        allow_preview=False,
                        visible=bool(self.samples),
                        elem_id="samples",
                    )
                    chosen = gr.Dropdown([], label="Photograph", interactive=True)
                    method = gr.Radio(methods, value=methods[0], label="Method")
                    model = gr.Dropdown(names, value=names[0], label="Model")
                    links = gr.HTML(self.links(names[0]), elem_id="links")
                with gr.Column(scale=2, min_width=320, elem_id="results"), gr.Tabs():
                    with gr.Tab(words.TABS[0]):
                        stage = gr.HTML(
                            None, html_template=HTML, css_template=CSS, js_on_load=STAGE, apply_default_css=False
                        )
                        temperature = gr.Slider(0.01, 1.0, params.TEMPERATURE.value, step=0.01, label=words.TEMPERATURE)
                        blend = gr.Slider(0.0, 1.0, 1.0, step=0.01, label=words.BLEND)
                        facts = gr.Markdown(words.NOTHING_YET, elem_id="facts")
                        with gr.Row():
                            with gr.Column(min_width=320):
                                why = gr.Image(
                                    show_label=False, interactive=False, buttons=[], visible=False, elem_id="why"
                                )
                            with gr.Column(min_width=320):
                                because = gr.Markdown(elem_id="because")
                    with gr.Tab(words.TABS[1]):
                        compare = gr.Button(words.COMPARE)
                        sheet = gr.Gallery(show_label=False, columns=3, height="auto", buttons=[], elem_id="sheet")
                    with gr.Tab(words.TABS[2]):
                        animation = gr.Radio(list(takeaway.ANIMATIONS), value="GIF", label="Animation")
                        with gr.Row():
                            play = gr.Button(words.PLAY)
                            keep = gr.Button(words.KEEP_ANIMATION)
                        moving = gr.Image(
                            show_label=False,
                            interactive=False,
                            type="filepath",
                            buttons=[],
                            visible=False,
                            elem_id="moving",
                        )
                        format_ = gr.Radio(list(takeaway.PICTURES), value="PNG", label="Picture")
                        with gr.Row():
                            one = gr.Button(words.KEEP_PICTURE)
                            all_ = gr.Button(words.KEEP_ALL)
                        ready = gr.DownloadButton("The file", visible="hidden", elem_id="ready")
                    with gr.Tab(words.TABS[3]):
                        gr.Markdown(words.TILES)
                        tile = gr.Dropdown(list(SIDES), value=USUAL_SIDE, label=words.SIDE)
                        with gr.Row():
                            start = gr.Button("Start")
                            stop = gr.Button("Cancel")
                        state = gr.HTML(elem_id="state")
            view = [visit, chosen, model, temperature, blend, tile]
            shown, reason = [stage, facts], [why, because]
            uploaded = files.change(self.take_files, [visit, files, chosen], chosen, **LAST)
            picked = gallery.select(self.take_sample, visit, chosen, **QUIETLY)
            switched = method.input(self.other_method, method, [model, temperature], **QUIETLY)
            for changed in (switched.then, model.input):
                changed(self.links, model, links, **LAST)
            drawn = [
                *(
                    changed(self.show, view, shown, **LAST)
                    for changed in (uploaded.then, picked.then, chosen.input, switched.then, model.input)
                ),
                *(
                    slider.input(self.show, view, shown, show_progress="hidden", **LAST)
                    for slider in (temperature, blend)
                ),
                start.click(self.tiles, view, [state, *shown], show_progress="hidden", **QUIETLY),
            ]
            for picture in drawn:
                picture.then(self.settle, view, [*reason, sheet, moving], show_progress="hidden", **LAST)
            stage.select(self.explain, view, reason, show_progress="hidden", **QUIETLY)
            compare.click(self.side_by_side, view, sheet, **QUIETLY)
            play.click(self.animate, [animation, *view], moving, **QUIETLY)
            for button, make, choice in (
                (keep, self.animation, animation),
                (one, self.picture, format_),
                (all_, self.batch, format_),
            ):
                made = button.click(make, [choice, *view], ready, **QUIETLY)
                made.success(None, js=FETCH, **QUIETLY)
            stop.click(self.cancel, visit, **QUIETLY)
        return page

    def links(self, model: str) -> str:
        """To the model's card and to the audit's report, with its verdict."""
        return (
            f'<a href="{card_address(model)}" target="_blank">Model card</a> · '
            f'<a href="{AUDIT}" target="_blank">Audit: {html.escape(audit_verdict())}</a>'
        )

    @spoken
    def take_files(self, visit: Visit | None, paths: list[str] | None, label: str | None) -> Any:
        """New files become photographs, and of what is none that is said; what left the list goes."""
        if visit is None:
            raise ColorlibError(GONE)
        listed: dict[str, tuple[str, Callable[[], bytes]]] = {}
        for index, path in enumerate(paths or []):  # the same file may be there twice
            listed[f"{path} {(paths or [])[:index].count(path)}"] = (Path(path).name, Path(path).read_bytes)
        labels, complaints = visit.follow(listed)
        for sentence in complaints:
            gr.Warning(html.escape(sentence))
        return gr.Dropdown(list(visit.uploads), value=visit.choice(labels, label))

    @spoken
    def take_sample(self, picked: gr.SelectData, visit: Visit | None) -> Any:
        """One of the samples."""
        if visit is None:
            raise ColorlibError(GONE)
        path = self.samples[picked.index]
        labels, _ = visit.hand_over([(path.name, path.read_bytes())])
        return gr.Dropdown(list(visit.uploads), value=visit.choice(labels, None))

    def other_method(self, method: str) -> tuple[Any, Any]:
        """The models of a method; regression has no temperature."""
        names = self.shelf.names(method)
        return gr.Dropdown(names, value=names[0]), gr.Slider(interactive=method == "classification")

    @spoken
    def show(self, *view: Any) -> tuple[dict[str, Any] | None, str]:
        """The picture with what it was before, and a line of facts; nothing where there is no photograph yet."""
        if view[0] is not None:
            view[0].wish = None
        if view[1] is None:
            return None, words.NOTHING_YET
        visit, wish = asked(*view)
        visit.wish = wish
        found = comparison(visit.desk, wish)
        return stage_data(found, wish), found.facts

    @spoken
    def explain(self, picked: gr.EventData, *view: Any) -> tuple[Any, str]:
        """The distribution at a pixel of the preview."""
        visit, wish = asked(*view)
        visit.pixel = Pixel(wish.upload.sha256, *visit.desk.place(wish.upload, picked.x, picked.y))
        return reason(visit, wish)

    def settle(self, *view: Any) -> tuple[Any, ...]:
        """After another picture: the reason is given anew, and what was made from something else goes."""
        visit: Visit | None = view[0]
        if visit is None:
            return (gr.skip(),) * 4
        try:
            why = (gr.Image(visible=False), words.ASK) if visit.wish is None else reason(visit, visit.wish)
        except ColorlibError as error:
            why = gr.Image(visible=False), html.escape(str(error))
        sheet = gr.skip() if visit.is_current("sheet") else []
        return *why, sheet, gr.skip() if visit.is_current("animation") else gr.Image(None, visible=False)

    @spoken
    def side_by_side(self, *view: Any) -> list[tuple[Image.Image, str]]:
        """The chosen model at three temperatures, and every other model at its own."""
        visit, wish = asked(*view)
        pictures, complaints = side_by_side(visit.desk, wish)
        for sentence in complaints:
            gr.Warning(html.escape(sentence))
        return pictures if visit.made("sheet", wish) else []

    @spoken
    def animate(self, format_: str, *view: Any) -> Any:
        """From grey to colour, to look at."""
        path, (visit, wish) = self._animation(format_, view), asked(*view)
        return gr.Image(path, visible=True) if visit.made("animation", wish) else gr.Image(None, visible=False)

    @spoken
    def animation(self, format_: str, *view: Any) -> Any:
        """From grey to colour, to keep."""
        return gr.DownloadButton(value=self._animation(format_, view))

    def _animation(self, format_: str, view: tuple[Any, ...]) -> str:
        visit, wish = asked(*view)
        content = takeaway.animation_file(visit.desk, wish, format_)
        return str(visit.file(takeaway.file_name(wish.upload, takeaway.ANIMATIONS[format_]), content))

    @spoken
    def picture(self, format_: str, *view: Any) -> Any:
        """The picture at full size, to keep."""
        visit, wish = asked(*view)
        content = takeaway.picture_file(visit.desk, wish, format_)
        path = visit.file(takeaway.file_name(wish.upload, takeaway.PICTURES[format_]), content)
        return gr.DownloadButton(value=str(path))

    @spoken
    def batch(self, format_: str, *view: Any) -> Any:
        """All photographs of the visitor as one ZIP."""
        visit, wish = asked(*view)
        content = takeaway.batch_file(visit.desk, list(visit.uploads.values()), wish, format_)
        return gr.DownloadButton(value=str(visit.file("colorized.zip", content)))

    def tiles(self, *view: Any) -> Iterator[tuple[Any, ...]]:
        """Work through the tiles, with the number done; then show the picture."""
        try:
            visit, wish = asked(*view)
            errand = visit.begin(wish)
        except ColorlibError as error:
            yield html.escape(str(error)), gr.skip(), gr.skip()
            return
        try:
            while not errand.done:
                yield bar(errand), gr.skip(), gr.skip()
                time.sleep(POLL)
            errand.result()
            yield f"{errand.in_words()}, done.", *self.show(*view)
        except ColorlibError as error:
            yield html.escape(str(error)), gr.skip(), gr.skip()
        finally:
            errand.stop()  # also when the page was closed meanwhile

    def cancel(self, visit: Visit | None) -> None:
        """Stop the work on tiles of this visitor."""
        if visit is not None and visit.errand is not None:
            visit.errand.stop()


def reason(visit: Visit, wish: Wish) -> tuple[Any, str]:
    """Why the pixel has its colour that was asked about; how to ask, where the photograph is another one."""
    pixel = visit.pixel
    if pixel is None or pixel.sha256 != wish.upload.sha256:
        visit.pixel = None
        return gr.Image(visible=False), words.ASK
    found = believed(visit.desk, wish, pixel.x, pixel.y)
    return gr.Image(draw(found), visible=True), found.in_words()


def bar(errand: Errand) -> str:
    """How far the work is, as a progress bar and in words."""
    return f'<progress value="{errand.share:.3f}" max="1"></progress> {errand.in_words()}'


def serve(shelf: Shelf, host: str, port: int) -> None:
    """Serve the page until it is interrupted."""
    page = GradioApp(shelf).build()
    page.queue(default_concurrency_limit=4)
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        footer_links=[],
        max_file_size=2 * LARGEST_FILE,  # what is in between gets a sentence that names the file
        state_session_capacity=SESSIONS,
        theme=gr.themes.Soft(font=SYSTEM_FONTS, font_mono=SYSTEM_MONO),
        css=PAGE_CSS,
        head=f"<script>{PASTE}</script>",
        ssr_mode=False,
        app_kwargs={"routes": [*routes(shelf), interface.route(shelf)], "middleware": guard(host)},
    )
