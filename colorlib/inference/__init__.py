"""From grey photographs to colour."""

from colorlib.inference.analysis import Analysis
from colorlib.inference.colorizer import Colorizer
from colorlib.inference.photograph import Photograph, read_photograph
from colorlib.inference.rendering import Rendered
from colorlib.inference.tiling import Cancelled
from colorlib.inference.writing import write_picture

__all__ = ["Analysis", "Cancelled", "Colorizer", "Photograph", "Rendered", "read_photograph", "write_picture"]
