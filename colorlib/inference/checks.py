"""Checks of what a caller asks for, made before anything runs; each failure is one sentence with what is expected."""

from numbers import Integral, Real

from colorlib.errors import ColorlibError
from colorlib.models.base import MINIMUM_SIDE
from colorlib.ops.decoding import LEAST_TEMPERATURE


def check_blend(blend: float) -> None:
    """Refuse a blend outside 0…1.

    Raises:
        ColorlibError: it is, or is no number.
    """
    if not _is_number(blend) or not 0 <= blend <= 1:
        raise ColorlibError(f"got blend {blend!r}, expected 0 (grey) to 1 (the predicted colour)")


def check_temperature(temperature: float) -> None:
    """Refuse a temperature of the annealed mean outside 10⁻⁶…1.

    Raises:
        ColorlibError: it is, or is no number.
    """
    if not _is_number(temperature) or not LEAST_TEMPERATURE <= temperature <= 1:
        raise ColorlibError(f"got temperature {temperature!r}, expected {LEAST_TEMPERATURE:g} (vivid) to 1 (muted)")


def check_side(size: int) -> None:
    """Refuse a short side that a network cannot be shown.

    Raises:
        ColorlibError: it is no whole number, or less than 8 pixels.
    """
    if not _is_whole(size) or size < MINIMUM_SIDE:
        raise ColorlibError(f"got size {size!r}, expected a whole number of pixels, {MINIMUM_SIDE} at least")


def check_tile(tile: int, overlap: int | None, multiple: int) -> None:
    """Refuse what cannot be tiled.

    Raises:
        ColorlibError: a tile smaller than the network's coarsest cell, or an overlap that leaves nothing of it; or what
            is no whole number.
    """
    if not _is_whole(tile):
        raise ColorlibError(f"got tiles of {tile!r} pixels, expected a whole number, or None for no tiles")
    if tile < multiple:
        raise ColorlibError(f"got tiles of {tile} pixels, expected at least {multiple}: this network pads to that")
    if overlap is not None and not (_is_whole(overlap) and 0 <= overlap < tile):
        raise ColorlibError(f"got an overlap of {overlap!r} pixels, expected 0 to {tile - 1}: less than a tile")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
