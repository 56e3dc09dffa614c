"""Which versions of common distributions exist, and which Python each of them takes. Known, not looked up."""

import re
from collections.abc import Iterator

from audit.rules.requirements import REQUIREMENTS, Requirement

Version = tuple[int, ...]
Python = tuple[int, int]

# First version with builds for a Python: older ones stop the installation, or are built from source if they can be.
FIRST_FOR: dict[str, dict[Python, Version]] = {
    "torch": {(3, 8): (1, 4), (3, 9): (1, 7, 1), (3, 10): (1, 11), (3, 11): (1, 13), (3, 12): (2, 2), (3, 13): (2, 5),
              (3, 14): (2, 9)},
    "torchvision": {(3, 8): (0, 5), (3, 9): (0, 8, 2), (3, 10): (0, 12), (3, 11): (0, 14), (3, 12): (0, 17),
                    (3, 13): (0, 20)},
    "tensorflow": {(3, 8): (2, 2), (3, 9): (2, 5), (3, 10): (2, 8), (3, 11): (2, 12), (3, 12): (2, 16),
                   (3, 13): (2, 20)},
    "numpy": {(3, 8): (1, 17, 3), (3, 9): (1, 19, 3), (3, 10): (1, 21, 2), (3, 11): (1, 23, 2), (3, 12): (1, 26),
              (3, 13): (2, 1)},
    "scipy": {(3, 9): (1, 5, 4), (3, 10): (1, 7, 2), (3, 11): (1, 9, 2), (3, 12): (1, 11, 2), (3, 13): (1, 14, 1)},
    "pandas": {(3, 8): (0, 25, 3), (3, 9): (1, 1, 3), (3, 10): (1, 3, 3), (3, 11): (1, 5), (3, 12): (2, 1),
               (3, 13): (2, 2, 3)},
    "scikit-learn": {(3, 8): (0, 22), (3, 9): (0, 24), (3, 10): (1, 0, 1), (3, 11): (1, 1, 3), (3, 12): (1, 3),
                     (3, 13): (1, 5, 2)},
}  # fmt: skip
# Lowest Python that a release series takes: (from version, Python), the last that applies counts.
LOWEST_PYTHON: dict[str, tuple[tuple[Python, Python], ...]] = {
    "numpy": (((1, 20), (3, 7)), ((1, 22), (3, 8)), ((1, 25), (3, 9)), ((2, 1), (3, 10)), ((2, 3), (3, 11))),
    "pandas": (((1, 2), (3, 7)), ((1, 4), (3, 8)), ((2, 1), (3, 9)), ((3, 0), (3, 11))),
    "scikit-learn": (((1, 0), (3, 7)), ((1, 1), (3, 8)), ((1, 4), (3, 9)), ((1, 7), (3, 10))),
    "torch": (((1, 11), (3, 7)), ((2, 0), (3, 8)), ((2, 5), (3, 9)), ((2, 9), (3, 10))),
    "tensorflow": (((2, 7), (3, 7)), ((2, 12), (3, 8)), ((2, 14), (3, 9))),
}
# (last series before, first series after) a leap: nothing was ever published between them.
LEAPS: dict[str, tuple[Python, Python]] = {
    "torch": ((1, 13), (2, 0)), "tensorflow": ((1, 15), (2, 0)), "numpy": ((1, 26), (2, 0)),
    "pandas": ((0, 25), (1, 0)), "scikit-learn": ((0, 24), (1, 0)),
}  # fmt: skip
# The last release of each series that has ended, from the first series named on: `1.13.1 2.0.1` is 1.13 and 2.0.
ENDED = {
    "torch": "1.6.0 1.7.1 1.8.2 1.9.1 1.10.2 1.11.0 1.12.1 1.13.1 2.0.1 2.1.2 2.2.2 2.3.1 2.4.1 2.5.1 2.6.0 2.7.1",
    "numpy": "1.15.4 1.16.6 1.17.5 1.18.5 1.19.5 1.20.3 1.21.6 1.22.4 1.23.5 1.24.4 1.25.2 1.26.4 2.0.2 2.1.3",
    "pandas": "0.25.3 1.0.5 1.1.5 1.2.5 1.3.5 1.4.4 1.5.3 2.0.3 2.1.4 2.2.3",
    "scikit-learn": "0.20.4 0.21.3 0.22.2 0.23.2 0.24.2 1.0.2 1.1.3 1.2.2 1.3.2 1.4.2 1.5.2",
    "tensorflow": "1.14.0 1.15.5 2.0.4 2.1.4 2.2.3 2.3.4 2.4.4 2.5.3 2.6.5 2.7.4 2.8.4 2.9.3 2.10.1 2.11.1 2.12.1",
    "scipy": "1.4.1 1.5.4 1.6.3 1.7.3 1.8.1 1.9.3 1.10.1 1.11.4",
}
LAST = {
    name: {tuple(map(int, text.split(".")[:2])): int(text.split(".")[2]) for text in listed.split()}
    for name, listed in ENDED.items()
}
# Names of modules that no distribution has; the distribution that is meant, "" for a part of Python itself.
MODULE_NAMES = {
    "cv2": "opencv-python", "pil": "pillow", "yaml": "pyyaml", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "bs4": "beautifulsoup4", "imblearn": "imbalanced-learn",
    **dict.fromkeys(("python", "os", "sys", "time", "math", "json", "pickle", "shutil", "collections", "random", "re",
                     "glob", "csv", "itertools", "functools"), ""),
}  # fmt: skip
EXACT = re.compile(r"^={1,3}\s*v?(\d+(?:\.\d+)*)(?:\+\w+)?$")
OF_FILE = re.compile(r"(?<![a-z0-9])py(?:thon)?[-_]?3[._]?(\d{1,2})(?!\d)", re.I)  # `requirements-py38.txt`


def impossible(item: Requirement, lowest: Python | None, highest: Python | None) -> str:
    """Why a distribution, or its exact version on the stated Python, cannot be had; "" where it may.

    The name of a file may state its own Python.
    """
    if item.name in MODULE_NAMES and REQUIREMENTS.search(item.location.path):
        meant = MODULE_NAMES[item.name]
        return f"no distribution is called {item.name}: " + (f"{meant} is meant" if meant else "it is a part of Python")
    match = EXACT.match(item.specifier)
    if not match or item.marked:
        return ""
    own = OF_FILE.search(item.location.path)
    if own:
        lowest = highest = (3, int(own.group(1)))
    version = tuple(int(part) for part in match.group(1).split("."))
    if not item.specifier.startswith("=="):
        lowest = None  # conda builds what it likes
    return unpublished(item.name, version) or misfit(item.name, version, lowest, highest)


def clashes(requirements: list[Requirement]) -> Iterator[tuple[Requirement, str]]:
    """Pins of torchvision and torchaudio, each made for one series of torch, beside another torch in the same file."""
    torch: dict[str, Version] = {}
    for name in ("torch", "torchvision", "torchaudio"):
        for item in requirements:
            match = EXACT.match(item.specifier) if item.name == name and not item.marked else None
            version = tuple(int(part) for part in match.group(1).split("."))[:2] if match else ()
            if len(version) < 2:
                continue
            path = item.location.path
            if name == "torch":
                torch[path] = version
            elif path in torch and suits(name, torch[path]) not in ((), version):
                reason = f"{name} {dots(version)} is not for torch {dots(torch[path])}"
                yield item, f"{reason}: {dots(suits(name, torch[path]))} is"


def suits(name: str, torch: Version) -> Version:
    """The series of torchvision or torchaudio that goes with a torch; () where it is not known."""
    major, series = torch
    if major == 1 and 4 <= series <= 13:
        return (0, series + 1) if name == "torchvision" else (0, series)
    if major == 2:
        return (0, series + 15) if name == "torchvision" else torch
    return ()


def unpublished(name: str, version: Version) -> str:
    """Why there is no such version of any Python."""
    leap = LEAPS.get(name)
    shown = f"{name} {dots(version)} was never published"
    if leap and leap[0] < (*version, 0)[:2] < leap[1]:
        return f"{shown}: {dots(leap[1])} follows {dots(leap[0])}"
    last = LAST.get(name, {}).get(version[:2])
    if last is not None and len(version) > 2 and version[2] > last:
        return f"{shown}: the last of its series is {dots((*version[:2], last))}"
    return ""


def misfit(name: str, version: Version, lowest: Python | None, highest: Python | None) -> str:
    """Why a version is too old or too new for the stated Python."""
    suited = [(python, first) for python, first in FIRST_FOR.get(name, {}).items() if lowest and python <= lowest]
    first = suited[-1][1] if suited else ()
    if version < first:
        return f"{name} {dots(version)} has no build for Python {dots(lowest or ())}: the first is {dots(first)}"
    needed = [python for since, python in LOWEST_PYTHON.get(name, ()) if version >= since]
    if needed and highest and highest < needed[-1]:
        return f"{name} {dots(version)} needs Python {dots(needed[-1])}, and {dots(highest)} is stated"
    return ""


def dots(numbers: Version) -> str:
    """`3.11` of (3, 11)."""
    return ".".join(map(str, numbers))
