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
from colorlib.apps.studio import interface, takeaway, words
from colorlib.apps.studio.desk import SIDES, USUAL_SIDE, Look, Wish
from colorlib.apps.studio.distribution import believed, draw
from colorlib.apps.studio.documents import AUDIT, card_address, routes
from colorlib.apps.studio.errand import Errand
from colorlib.apps.studio.facts import audit_verdict
from colorlib.apps.studio.guard import guard
from colorlib.apps.studio.samples import sample_files
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.stage import CSS, HTML, PASTE, SCRIPT, stage_data
from colorlib.apps.studio.upload import LARGEST_FILE
from colorlib.apps.studio.views import comparison, side_by_side
from colorlib.apps.studio.visit import Visit
from colorlib.errors import ColorlibError

SYSTEM_FONTS = [gr.themes.Font(name) for name in ("system-ui", "sans-serif")]
SYSTEM_MONO = [gr.themes.Font(name) for name in ("ui-monospace", "monospace")]
QUIETLY: Any = {"api_visibility": "private"}  # the page's own doing: not an interface for programs
SESSIONS, HOUR = 100, 3600  # the least recently used session makes room for a new one
POLL = 0.3  # seconds between two looks at the tiles
GONE = "this page was left alone for too long: load it again"
FETCH = "() => setTimeout(() => document.querySelector('#ready').click(), 50)"  # once the page has the new address
PAGE_CSS = """
#samples .grid-container {grid-template-columns: repeat(4, minmax(0, 1fr)); margin-top: 1.6rem}
#facts {opacity: .8; font-size: .85rem}
progress {width: 60%; accent-color: currentColor}
"""
# What the page's script calls `say` is an event here: `select` for a pixel, the only thing this stage has to tell.
STAGE = (
    SCRIPT
    + """
    const stage = makeStage(element);
    const show = () => { if (props.value) stage.show(props.value, (_, pixel) => trigger("select", pixel)); };
    watch("value", show);
    show();
    """
)

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
                with gr.Column(scale=1, min_width=300):
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
                    links = gr.HTML(self.links(names[0]))
                with gr.Column(scale=2, min_width=320), gr.Tabs():
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
            for event, work, inputs in (
                (files.upload, self.take_files, [visit, files]),
                (gallery.select, self.take_sample, [visit]),
            ):
                taken = event(work, inputs, chosen, **QUIETLY)
                taken.then(self.show, view, shown, **QUIETLY).then(self.no_reason, None, reason, **QUIETLY)
            chosen.input(self.show, view, shown, **QUIETLY).then(self.no_reason, None, reason, **QUIETLY)
            switched = method.input(self.other_method, method, [model, temperature], **QUIETLY)
            for changed in (switched.then, model.input):
                changed(self.show, view, shown, **QUIETLY).then(self.links, model, links, **QUIETLY)
            # `trigger_mode`: while one picture is made, only the newest position of a slider waits.
            for slider in (temperature, blend):
                slider.input(self.show, view, shown, trigger_mode="always_last", show_progress="hidden", **QUIETLY)
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
            start.click(self.tiles, view, [state, *shown], show_progress="hidden", **QUIETLY)
            stop.click(self.cancel, visit, **QUIETLY)
        return page

    def links(self, model: str) -> str:
        """To the model's card and to the audit's report, with its verdict."""
        return (
            f'<a href="{card_address(model)}" target="_blank">Model card</a> · '
            f'<a href="{AUDIT}" target="_blank">Audit: {html.escape(audit_verdict())}</a>'
        )

    @spoken
    def take_files(self, visit: Visit | None, paths: list[str] | None) -> Any:
        """Uploaded files become photographs; what is none is said and the others stay."""
        if visit is None:
            raise ColorlibError(GONE)
        labels, complaints = visit.hand_over([(Path(path).name, Path(path).read_bytes()) for path in paths or []])
        for sentence in complaints:
            gr.Warning(html.escape(sentence))
        value = labels[-1] if labels else next(reversed(visit.uploads), None)
        return gr.Dropdown(list(visit.uploads), value=value)

    def take_sample(self, picked: gr.SelectData, visit: Visit | None) -> Any:
        """One of the samples."""
        return self.take_files(visit, [str(self.samples[picked.index])])

    def other_method(self, method: str) -> tuple[Any, Any]:
        """The models of a method; regression has no temperature."""
        names = self.shelf.names(method)
        return gr.Dropdown(names, value=names[0]), gr.Slider(interactive=method == "classification")

    @spoken
    def show(self, *view: Any) -> tuple[dict[str, Any] | None, str]:
        """The picture with what it was before, and a line of facts; nothing where there is no photograph yet."""
        if view[1] is None:
            return None, words.NOTHING_YET
        visit, wish = asked(*view)
        found = comparison(visit.desk, wish)
        return stage_data(found, wish), found.facts

    @spoken
    def explain(self, picked: gr.EventData, *view: Any) -> tuple[Any, str]:
        """The distribution at a pixel of the preview."""
        visit, wish = asked(*view)
        found = believed(visit.desk, wish, *visit.desk.place(wish.upload, picked.x, picked.y))
        return gr.Image(draw(found), visible=True), found.in_words()

    def no_reason(self) -> tuple[Any, str]:
        """For a photograph of which nobody asked yet."""
        return gr.Image(visible=False), words.ASK

    @spoken
    def side_by_side(self, *view: Any) -> list[tuple[Image.Image, str]]:
        """The chosen model at three temperatures, and every other model at its own."""
        visit, wish = asked(*view)
        pictures, complaints = side_by_side(visit.desk, wish)
        for sentence in complaints:
            gr.Warning(html.escape(sentence))
        return pictures

    @spoken
    def animate(self, format_: str, *view: Any) -> Any:
        """From grey to colour, to look at."""
        return gr.Image(self._animation(format_, view), visible=True)

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
