"""Photographs to try an app with: some of the starter set, where the app is started in the project's folder."""

from pathlib import Path

STARTER = Path("data/starter")
SHOWN = 8


def sample_files(folder: Path = STARTER) -> list[Path]:
    """Up to eight photographs, spread over the folder; none where there is none."""
    files = sorted(folder.glob("*.jpg"))
    return files[:: max(1, len(files) // SHOWN)][:SHOWN]
