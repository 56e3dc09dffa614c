"""Grids of photographs with a heading for each column."""

from collections.abc import Mapping
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.files import atomic_path

GAP = 6  # pixels
INK, PAPER = (30, 30, 30), (255, 255, 255)


def picture_grid(columns: Mapping[str, Tensor], path: Path, width: int = 128) -> None:
    """Write a PNG with one column a heading and one row an image.

    Args:
        columns: heading -> images, N×3×H×W uint8; the same N everywhere. Line breaks in headings are kept.
        path: of the PNG; written atomically.
        width: of one picture in the grid, in pixels.

    Raises:
        ColorlibError: no column, or columns of different length.
    """
    counts = {heading: len(images) for heading, images in columns.items()}
    if len(set(counts.values())) != 1:
        raise ColorlibError(f"a picture grid needs columns of one length, got {counts or 'none'}")
    text = max(11, width // 10)  # pixels
    font = ImageFont.load_default(size=text)
    first = next(iter(columns.values()))
    height = round(width * first.shape[-2] / first.shape[-1])
    lines = max(heading.count("\n") for heading in columns) + 1
    top = GAP + lines * round(text * 1.3) + GAP
    size = (GAP + len(columns) * (width + GAP), top + len(first) * (height + GAP))
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for column, (heading, images) in enumerate(columns.items()):
        left = GAP + column * (width + GAP)
        middle = (left + width // 2, GAP)
        draw.multiline_text(middle, heading, INK, font, anchor="ma", align="center")
        for row, image in enumerate(images):
            tile = to_pil(image).resize((width, height), Image.Resampling.LANCZOS)
            sheet.paste(tile, (left, top + row * (height + GAP)))
    with atomic_path(path) as temporary:
        sheet.save(temporary, format="PNG", optimize=True)


def to_pil(rgb: Tensor) -> Image.Image:
    """One 3×H×W uint8 image as a PIL image."""
    return Image.fromarray(rgb.permute(1, 2, 0).to("cpu", torch.uint8).contiguous().numpy())  # (H, W, 3)
