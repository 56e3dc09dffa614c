"""What is looked at: before and after, models and temperatures side by side."""

from dataclasses import dataclass, replace

from PIL import Image

from colorlib import params
from colorlib.apps.studio.desk import Desk, Look, Wish
from colorlib.apps.studio.facts import about
from colorlib.errors import ColorlibError

COMPARED = (0.1, params.TEMPERATURE.value, 1.0)  # temperatures side by side


@dataclass(frozen=True)
class Comparison:
    """One photograph without and with colour, at screen size.

    Attributes:
        before: its L alone, as RGB.
        after: in colour, RGB of the same size.
        facts: a line on time, machine, cache and memory.
    """

    before: Image.Image
    after: Image.Image
    facts: str


def comparison(desk: Desk, wish: Wish) -> Comparison:
    """What is wished for, beside the photograph without colour.

    Raises:
        ColorlibError: as `Desk.preview`.
    """
    rendered, seconds = desk.preview(wish)
    facts = about(desk.shelf.colorizer(wish.look.model), seconds, rendered.clamped)
    if desk.in_tiles(wish):
        facts += f" · in tiles of {wish.look.tile} pixels"
    return Comparison(desk.grey(wish.upload), rendered.image, facts)


def side_by_side(desk: Desk, wish: Wish) -> tuple[list[tuple[Image.Image, str]], list[str]]:
    """The photograph as it came, in the wished model at three temperatures, and in every other model at its own.

    A blend below 1 stands in the captions: what is on a page already does not follow the slider.

    Returns:
        Pictures with captions, and a sentence for each other model that cannot be loaded.

    Raises:
        ColorlibError: the wished model cannot be loaded.
    """
    model = wish.look.model
    pictures, complaints = [(desk.original(wish.upload), "as it came")], []
    blend = "" if wish.blend == 1 else f" · blend {wish.blend:g}"
    temperatures: tuple[float | None, ...] = COMPARED if desk.shelf.colorizer(model).grid is not None else (None,)
    for temperature in temperatures:
        rendered, _ = desk.preview(replace(wish, look=Look(model), temperature=temperature))
        note = "" if temperature is None else f"T = {temperature:g} · "
        pictures.append((rendered.image, f"{note}{model}{blend}"))
    for name in desk.shelf.names():
        if name == model:
            continue
        try:
            rendered, _ = desk.preview(replace(wish, look=Look(name), temperature=None))
            pictures.append((rendered.image, f"{name}{blend}"))
        except ColorlibError as error:
            complaints.append(f"{name} is left out: {error}")
    return pictures, complaints
