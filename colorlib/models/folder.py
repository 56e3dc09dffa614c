"""Folders that hold a network: what this library wrote may be replaced by it, what anybody else wrote may not."""

import json
from pathlib import Path

CONFIG = "config.json"  # says in "format" what the folder is


def replaceable(directory: Path, form: str) -> bool:
    """Whether `directory` is not there yet, an empty folder, or one whose config.json has the format `form`."""
    if not directory.exists():
        return True
    if not directory.is_dir():
        return False
    if not any(directory.iterdir()):
        return True
    try:
        config = json.loads((directory / CONFIG).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and config.get("format") == form
