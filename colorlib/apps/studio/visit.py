"""One visitor: a desk, the photographs handed over so far, and the work that was begun."""

import shutil
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from colorlib.apps.studio.desk import Desk, Wish
from colorlib.apps.studio.errand import Errand
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import Upload, receive
from colorlib.apps.studio.words import NOTHING_YET
from colorlib.errors import ColorlibError

KEPT = 100  # photographs
KEPT_PIXELS = 150_000_000  # of all of them: some 450 MB in memory

Result = Literal["sheet", "animation"]  # what stays on the page until it is made anew


class Listed(NamedTuple):
    """A file in an uploader's list: the photograph that it became, or the sentence that says why it is none."""

    label: str | None
    sha256: str | None
    complaint: str | None


class Pixel(NamedTuple):
    """A pixel of a photograph of which somebody asked why it has its colour."""

    sha256: str
    x: float
    y: float


class Visit:
    """What belongs to one session and is seen by nobody else.

    Attributes:
        desk: where its photographs are looked at.
        uploads: label -> photograph, the newest last.
        wish: what was looked at last; None for nothing.
        pixel: that was asked about last.
        errand: the work on tiles that was begun last.
        drawn_after: the errand that had ended when the page last drew its picture.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.desk = Desk(shelf)
        self.uploads: OrderedDict[str, Upload] = OrderedDict()
        self.wish: Wish | None = None
        self.pixel: Pixel | None = None
        self.errand: Errand | None = None
        self.drawn_after: Errand | None = None
        self._listed: dict[str, Listed] = {}
        self._made: dict[Result, tuple[object, ...]] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="colorlib-visit-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def hand_over(self, files: list[tuple[str, bytes]]) -> tuple[list[str], list[str]]:
        """Take files.

        Args:
            files: name and content of each.

        Returns:
            Labels of the photographs, in order, and a sentence for each file that is none.
        """
        labels, complaints = [], []
        for name, content in files:
            try:
                labels.append(self.keep(receive(name, content)))
            except ColorlibError as error:
                complaints.append(str(error))
        return labels, complaints

    def follow(self, listed: Mapping[str, tuple[str, Callable[[], bytes]]]) -> tuple[list[str], list[str]]:
        """Take what is new in an uploader's list of files, and put away what is gone from it.

        Args:
            listed: all that is in the list now: name and content of each, by what tells it from every other one.

        Returns:
            As `hand_over`, of what is new.
        """
        for identity in self._listed.keys() - listed.keys():
            gone = self._listed.pop(identity)
            held = self.uploads.get(gone.label or "")
            twice = any((other.label, other.sha256) == (gone.label, gone.sha256) for other in self._listed.values())
            if gone.label is not None and held is not None and held.sha256 == gone.sha256 and not twice:
                del self.uploads[gone.label]
        labels, complaints = [], []
        for identity, (name, read) in listed.items():
            if identity not in self._listed:
                taken, said = self.hand_over([(name, read())])
                label, sentence = next(iter(taken), None), next(iter(said), None)
                self._listed[identity] = Listed(label, label and self.uploads[label].sha256, sentence)
                labels += taken
                complaints += said
        return labels, complaints

    @property
    def complaints(self) -> list[str]:
        """A sentence for each file in the uploader's list that is no photograph."""
        return [file.complaint for file in self._listed.values() if file.complaint is not None]

    def choice(self, taken: Sequence[str], label: str | None) -> str | None:
        """What to show: the last one that was taken just now, else what is shown, else the newest."""
        if taken:
            return taken[-1]
        return label if label in self.uploads else next(reversed(self.uploads), None)

    def made(self, result: Result, wish: Wish) -> bool:
        """Remember what a result was made from; returns whether that is what is looked at."""
        self._made[result] = self._parts(result, wish)
        return self.is_current(result)

    def is_current(self, result: Result) -> bool:
        """Whether a result was made from what is looked at now."""
        try:
            return self.wish is not None and self._made.get(result) == self._parts(result, self.wish)
        except ColorlibError:  # the model that was chosen cannot be loaded
            return False

    def _parts(self, result: Result, wish: Wish) -> tuple[object, ...]:
        if result == "sheet":  # temperatures of its own
            return wish.upload.sha256, wish.look.model, wish.blend
        tile = wish.look.tile if self.desk.in_tiles(wish) else None  # its frames go through every blend
        return wish.upload.sha256, wish.look.model, wish.temperature, tile

    def keep(self, upload: Upload) -> str:
        """Remember a photograph and return its label: the file's name, numbered where another one has it already."""
        stem, suffix = Path(upload.name).stem, Path(upload.name).suffix
        label, number = upload.name, 2
        while label in self.uploads and self.uploads[label].sha256 != upload.sha256:
            label, number = f"{stem} ({number}){suffix}", number + 1
        self.uploads[label] = upload
        self.uploads.move_to_end(label)
        while len(self.uploads) > KEPT or (len(self.uploads) > 1 and self._pixels() > KEPT_PIXELS):
            self.uploads.popitem(last=False)
        return label

    def _pixels(self) -> int:
        return sum(upload.photograph.size[0] * upload.photograph.size[1] for upload in self.uploads.values())

    def upload(self, label: str | None) -> Upload:
        """The photograph of that label.

        Raises:
            ColorlibError: there is none, or it had to make room for newer ones.
        """
        if label is None:
            raise ColorlibError(NOTHING_YET)
        if label not in self.uploads:
            raise ColorlibError(f"{label} is not here any more, newer photographs took its place: upload it again")
        return self.uploads[label]

    def begin(self, wish: Wish) -> Errand:
        """Begin work on tiles; what was begun before is stopped, and so is this when the session ends."""
        if self.errand is not None:
            self.errand.stop()
        self.errand = Errand(self.desk, wish)
        weakref.finalize(self, self.errand.stop)
        return self.errand

    def file(self, name: str, content: bytes) -> Path:
        """Write a file for the browser to fetch; it lives as long as the visit."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        path = folder / Path(name).name
        path.write_bytes(content)
        return path
