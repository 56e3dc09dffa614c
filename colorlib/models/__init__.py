"""Networks that turn lightness into a distribution over ab bins, or into ab; saving and loading them."""

from colorlib.models.base import ColorNet, Head
from colorlib.models.mobilelite import MobileLite
from colorlib.models.papernet import PaperNet
from colorlib.models.pretrained import from_pretrained, save_pretrained
from colorlib.models.registry import build

__all__ = ["ColorNet", "Head", "MobileLite", "PaperNet", "build", "from_pretrained", "save_pretrained"]
