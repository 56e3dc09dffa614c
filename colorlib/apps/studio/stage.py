"""The picture as both apps show it: a piece of a page (the files beside this one), and the data that it shows."""

import base64
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from colorlib.apps.studio.desk import Wish
from colorlib.apps.studio.views import Comparison

HTML, CSS, SCRIPT, PASTE = (
    Path(__file__).with_name(name).read_text(encoding="utf-8")
    for name in ("stage.html", "stage.css", "stage.js", "paste.js")
)
QUALITY = 90  # of JPEG; files to keep are made anew


@dataclass(frozen=True)
class Slider:
    """A slider under the picture; its positions are steps of 0.01 up to 1.

    Attributes:
        name: what its position is called when the page tells of it.
        label: in words.
        min: its lowest position.
        value: where it stands.
        disabled: whether it can not be moved.
    """

    name: str
    label: str
    min: float
    value: float
    disabled: bool = False


def stage_data(view: Comparison, wish: Wish, sliders: Sequence[Slider] = ()) -> dict[str, Any]:
    """What `makeStage(…).show` in stage.js takes, as JSON.

    Args:
        view: what is shown.
        wish: it came from; a pixel that the page tells of carries its photograph.
        sliders: under the picture.
    """
    width, height = view.after.size
    return {
        "photograph": wish.upload.sha256,
        "width": width,
        "height": height,
        "before": _address(view.before),
        "after": _address(view.after),
        "sliders": [asdict(slider) for slider in sliders],
    }


def _address(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
