"""Where a user's caches lie."""

import os
from pathlib import Path


def user_cache_folder() -> Path:
    """$XDG_CACHE_HOME/colorlib where the variable is an absolute path, else ~/.cache/colorlib.

    Source: XDG Base Directory Specification 0.8, which says that relative paths there are to be ignored.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = named if named.is_absolute() else Path.home() / ".cache"
    return base / "colorlib"
