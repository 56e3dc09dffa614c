"""The models on offer, loaded once for all visitors of an app."""

import threading
from pathlib import Path

from colorlib.cache import Cache
from colorlib.errors import ColorlibError
from colorlib.inference.choice import MAIN, MODELS, head_of
from colorlib.inference.colorizer import Colorizer
from colorlib.models.pretrained import CONFIG


class Shelf:
    """Saved models by name.

    Args:
        place: a model's folder, or a folder of several (what the pipeline trained lies in `models`).
        cache: for predicted colours; shared by all models and visitors.

    Raises:
        ColorlibError: no saved model lies there.
    """

    def __init__(self, place: Path = MODELS, cache: Cache | None = None) -> None:
        alone = (place / CONFIG).is_file()
        folders = [place] if alone else sorted(path.parent for path in place.glob(f"*/{CONFIG}"))
        if not folders:
            raise ColorlibError(
                f"{place} holds no trained model: train one (make repro), or name a folder with --model"
            )
        self.folders = {folder.resolve().name: folder for folder in folders}
        self.cache = cache
        self._methods = {name: _method(folder) for name, folder in self.folders.items()}
        self._open: dict[str, Colorizer] = {}
        self._lock = threading.Lock()

    def names(self, method: str | None = None) -> list[str]:
        """The models that predict by `method` (all for None), those that the pipeline calls its main ones first."""
        chosen = [name for name, found in self._methods.items() if method in (None, found)]
        return sorted(chosen, key=lambda name: (name not in MAIN.values(), name))

    def methods(self) -> list[str]:
        """The methods for which there is a model, classification first."""
        return [method for method in MAIN if method in self._methods.values()]

    def colorizer(self, name: str) -> Colorizer:
        """The model called `name`, loaded when first asked for.

        Raises:
            ColorlibError: there is none of that name, or it cannot be loaded; the reason is named.
        """
        folder = self._folder(name)
        with self._lock:  # two visitors who ask at once wait for one loading
            if name not in self._open:
                self._open[name] = Colorizer.from_pretrained(folder, cache=self.cache)
            return self._open[name]

    def card(self, name: str) -> str:
        """The model card of `name` as markdown; a sentence where it has none.

        Raises:
            ColorlibError: there is no model of that name.
        """
        path = self._folder(name) / "README.md"
        if not path.is_file():
            return f"{name} came without a model card."
        return path.read_text(encoding="utf-8", errors="replace")

    def _folder(self, name: str) -> Path:
        if name not in self.folders:
            raise ColorlibError(f"there is no model called {name!r}: choose one of {', '.join(self.names())}")
        return self.folders[name]


def _method(folder: Path) -> str:
    found = head_of(folder)
    # One that cannot be read is listed all the same: loading it says why.
    return found if found in MAIN else "classification"
