"""From grey photographs to colour."""

from colorlib.inference.colorizer import Colorizer

__all__ = ["Colorizer"]
