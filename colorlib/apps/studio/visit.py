"""One visitor: a desk, the photographs handed over so far, and the work that was begun."""

import shutil
import tempfile
import weakref
from collections import OrderedDict
from pathlib import Path

from colorlib.apps.studio.desk import Desk, Wish
from colorlib.apps.studio.errand import Errand
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import Upload, receive
from colorlib.apps.studio.words import NOTHING_YET
from colorlib.errors import ColorlibError

KEPT = 100  # photographs
KEPT_PIXELS = 150_000_000  # of all of them: some 450 MB in memory


class Visit:
    """What belongs to one session and is seen by nobody else.

    Attributes:
        desk: where its photographs are looked at.
        uploads: label -> photograph, the newest last.
        wish: what was looked at last.
        errand: the work on tiles that was begun last.
        drawn_after: the errand that had ended when the page last drew its picture.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.desk = Desk(shelf)
        self.uploads: OrderedDict[str, Upload] = OrderedDict()
        self.wish: Wish | None = None
        self.errand: Errand | None = None
        self.drawn_after: Errand | None = None
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
