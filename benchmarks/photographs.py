"""What the suite `inference` colorizes: the bundled photographs, and a large one made of them."""

from pathlib import Path

import torch
from PIL import Image

from colorlib.data.photos import decode, resize_to_square, to_tensor

STARTER = Path(__file__).parents[1] / "data/starter"
TILES = (16, 10)  # across and down
LARGE = (5472, 3648)  # pixels, 20 megapixels, as a camera with a 1-inch sensor makes them


def starter(count: int | None = None) -> list[Path]:
    """The bundled photographs in the order of their names; every n-th where fewer are asked for."""
    paths = sorted(STARTER.glob("*.jpg"))
    return paths if count is None else paths[:: max(1, len(paths) // count)][:count]


def squares(count: int, side: int) -> list[Image.Image]:
    """Middle squares of photographs, RGB."""
    return [Image.fromarray(resize_to_square(decode(path), side)) for path in starter(count)]


def as_batch(images: list[Image.Image]) -> torch.Tensor:
    """Equally large images as uint8 N×3×H×W."""
    return torch.cat([to_tensor(image) for image in images])


def write_large(path: Path, size: tuple[int, int] = LARGE) -> None:
    """Write a JPEG of `size`, a mosaic of photographs: as much detail as a photograph of that size has, or more."""
    across, down = TILES
    tile = (-(-size[0] // across), -(-size[1] // down))
    mosaic = Image.new("RGB", size)
    for index, photo in enumerate(starter(across * down)):
        row, column = divmod(index, across)
        mosaic.paste(decode(photo).resize(tile, Image.Resampling.BICUBIC), (column * tile[0], row * tile[1]))
    mosaic.save(path, quality=92)
