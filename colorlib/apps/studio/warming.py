"""What the first picture would have to wait for, done while the app starts."""

from PIL import Image

from colorlib.apps.studio.desk import Desk, Look, Wish
from colorlib.apps.studio.distribution import believed, draw
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import Upload
from colorlib.apps.studio.views import comparison
from colorlib.inference.photograph import Photograph


def warm_up(shelf: Shelf) -> None:
    """Load the first model, the compiled kernels and the plotting library, by colouring a grey square.

    Raises:
        ColorlibError: the model cannot be loaded.
    """
    desk, upload = Desk(shelf), Upload("grey", "", Photograph.from_pil(Image.new("L", (64, 64), 128)))
    wish = Wish(upload, Look(shelf.names()[0]))
    comparison(desk, wish)
    if shelf.colorizer(wish.look.model).grid is not None:
        draw(believed(desk, wish, 0, 0))
