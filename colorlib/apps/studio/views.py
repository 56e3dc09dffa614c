"""What is looked at: before and after, models and temperatures side by side, the distribution at a pixel."""

from dataclasses import dataclass

from PIL import Image

from colorlib import params
from colorlib.apps.studio.desk import Desk, Look
from colorlib.apps.studio.distribution import Belief, belief
from colorlib.apps.studio.facts import about
from colorlib.apps.studio.upload import Upload
from colorlib.apps.studio.visit import Visit
from colorlib.errors import ColorlibError

COMPARED = (0.1, params.TEMPERATURE.value, 1.0)  # temperatures side by side


@dataclass(frozen=True)
class Comparison:
    """One photograph without and with colour.

    Attributes:
        before: grey.
        after: in colour, RGB of the same size.
        facts: a line on time, machine, cache and memory.
        seconds: from the question to the picture.
    """

    before: Image.Image
    after: Image.Image
    facts: str
    seconds: float


def comparison(visit: Visit, label: str | None, look: Look, temperature: float | None, blend: float) -> Comparison:
    """The photograph called `label`, at screen size.

    Raises:
        ColorlibError: there is none of that label, or as `Desk.preview`.
    """
    upload, desk = visit.upload(label), visit.desk
    rendered, seconds = desk.preview(upload, look, temperature, blend)
    facts = about(desk.shelf.colorizer(look.model), seconds, rendered.clamped)
    if desk.in_tiles(upload, look, temperature):
        facts += f" · in tiles of {look.tile} pixels"
    before = desk.original(upload).convert("L").convert("RGB")
    return Comparison(before, rendered.image.convert("RGB"), facts, seconds)


def side_by_side(visit: Visit, label: str | None, model: str, blend: float) -> list[tuple[Image.Image, str]]:
    """The photograph as it came, in `model` at three temperatures, and in every other model at its own.

    A model that cannot be loaded is left out, unless it is `model`.

    Raises:
        ColorlibError: there is no photograph of that label, or `model` cannot be loaded.
    """
    upload, desk = visit.upload(label), visit.desk
    pictures = [(desk.original(upload), "as it came")]
    temperatures: tuple[float | None, ...] = COMPARED if desk.shelf.colorizer(model).grid is not None else (None,)
    for temperature in temperatures:
        rendered, _ = desk.preview(upload, Look(model), temperature, blend)
        note = "" if temperature is None else f", T = {temperature:g}"
        pictures.append((rendered.image.convert("RGB"), f"{model}{note}"))
    for name in desk.shelf.names():
        if name != model and _loads(desk, name):
            rendered, _ = desk.preview(upload, Look(name), None, blend)
            pictures.append((rendered.image.convert("RGB"), name))
    return pictures


def believed(desk: Desk, upload: Upload, model: str, place: tuple[float, float], temperature: float) -> Belief:
    """What the model holds possible at a pixel (x, y) of the photograph.

    Raises:
        ColorlibError: a regression model, a pixel outside the picture, or as `Desk.analysis`.
    """
    grid = desk.shelf.colorizer(model).grid
    if grid is None:
        raise ColorlibError("regression predicts one colour and no distribution: take a classification model")
    return belief(desk.analysis(upload, Look(model)), grid, *place, temperature)


def _loads(desk: Desk, model: str) -> bool:
    try:
        desk.shelf.colorizer(model)
    except ColorlibError:
        return False
    return True
