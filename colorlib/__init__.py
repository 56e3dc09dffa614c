"""Image colorization after Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016 (arXiv:1603.08511)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colorlib.inference import Colorizer

__all__ = ["Colorizer"]


def __getattr__(name: str) -> object:
    """Load `Colorizer`, and torch with it, when it is asked for: `import colorlib` alone stays fast."""
    if name == "Colorizer":
        from colorlib.inference import Colorizer

        return Colorizer
    raise AttributeError(f"module 'colorlib' has no attribute {name!r}")
