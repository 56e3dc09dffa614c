"""Photographs to try an app with: some of the starter set, where the app is started in the project's folder."""

from pathlib import Path

from colorlib.apps.studio.upload import Upload, receive

STARTER = Path("data/starter")
SHOWN = 8


def sample_files(folder: Path = STARTER) -> list[Path]:
    """Up to eight photographs, spread over the folder; none where there is none."""
    files = sorted(folder.glob("*.jpg"))
    return files[:: max(1, len(files) // SHOWN)][:SHOWN]


def read_sample(path: Path) -> Upload:
    """A sample as if it had been uploaded."""
    return receive(path.name, path.read_bytes())
