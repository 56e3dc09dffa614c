"""One visitor: a desk, the photographs handed over so far, and which of them is looked at."""

from collections import OrderedDict
from pathlib import Path

from colorlib.apps.studio.desk import Desk
from colorlib.apps.studio.shelf import Shelf
from colorlib.apps.studio.upload import Upload, receive
from colorlib.errors import ColorlibError

KEPT = 40  # photographs


class Visit:
    """What belongs to one session and is seen by nobody else."""

    def __init__(self, shelf: Shelf) -> None:
        self.desk = Desk(shelf)
        self.uploads: OrderedDict[str, Upload] = OrderedDict()

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
        while len(self.uploads) > KEPT:
            self.uploads.popitem(last=False)
        return label

    def upload(self, label: str | None) -> Upload:
        """The photograph of that label.

        Raises:
            ColorlibError: there is none.
        """
        if label is None or label not in self.uploads:
            raise ColorlibError("no photograph yet: upload one, or take a sample")
        return self.uploads[label]
