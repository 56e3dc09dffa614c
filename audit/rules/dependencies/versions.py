"""Which versions of common distributions exist, and for which Python: from `releases.toml`, not the network."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

from audit.rules.requirements import CONDA, REQUIREMENTS, Requirement

Version = tuple[int, ...]
Python = tuple[int, int]


class Release(NamedTuple):
    """A version as it is written, and the lowest and highest Python that it is for; None for any later one."""

    text: str
    lowest: Python
    highest: Python | None


# Modules whose distribution is called otherwise; under the last two names lies a placeholder that installs nothing.
MODULE_NAMES = {
    "cv2": "opencv-python", "pil": "pillow", "yaml": "pyyaml", "skimage": "scikit-image", "sklearn": "scikit-learn",
}  # fmt: skip
PARTS_OF_PYTHON = {
    "python", "os", "sys", "time", "math", "json", "pickle", "shutil", "collections", "random", "re", "glob", "csv",
    "itertools",
}  # fmt: skip
FLOORS = "floors"  # the table of those whose versions are not listed
EXACT = re.compile(r"^={1,3}\s*v?(\d+(?:\.\d+)*)(?:\+\w+)?$")
BOUND = re.compile(r"(<=?|>=?|~=|\^)\s*(\d+(?:\.\d+)*)")
ENDED = {"tensorflow-gpu"}  # of which no further version will come
SOON = 4  # series in which another correction may come out after those that are listed
YEARS = (range(20, 50), range(2020, 2050))  # first numbers of those that count by the year, as others may begin to
OF_PIP = (".txt", ".in", ".toml", ".cfg", "setup.py")
OF_FILE = re.compile(r"(?<![a-z0-9])py(?:thon)?[-_]?3[._]?(\d{1,2})(?!\d)", re.I)  # `requirements-py38.txt`


def impossible(item: Requirement, lowest: Python | None, highest: Python | None) -> str:
    """Why a distribution, or its exact version on the stated Python, cannot be had; "" where it may.

    The name of a file may state its own Python.
    """
    if item.name in MODULE_NAMES and not CONDA.search(item.location.path):
        return f"no distribution {item.name} holds the module: {MODULE_NAMES[item.name]} is meant"
    if item.name == "pytorch" and item.location.path.endswith(OF_PIP):
        return "the distribution pytorch installs nothing: torch is meant"  # conda's is called so
    if item.name in PARTS_OF_PYTHON and REQUIREMENTS.search(item.location.path):
        return f"no distribution is called {item.name}: it is a part of Python"
    match = EXACT.match(item.specifier)
    if not match and not item.marked:
        return empty(item) or too_new(item, highest)
    if not match or item.marked:
        return ""
    own = OF_FILE.search(item.location.path)
    if own:
        lowest = highest = (3, int(own.group(1)))
    version, text = numbers(match.group(1)), match.group(1)
    if not item.specifier.startswith("=="):
        return misfit(item.name, version, text, None, highest)  # conda builds what it likes
    # Builds like +cu118 come from other indexes, which have releases of their own.
    absent = "" if "+" in item.specifier else unpublished(item.name, version, text)
    return absent or misfit(item.name, version, text, lowest, highest)


def bounds(item: Requirement) -> tuple[list[tuple[Version, str]], list[tuple[Version, str]]]:
    """The lowest and the highest versions that a specifier names, each with its sign."""
    found = [(numbers(text), sign) for sign, text in BOUND.findall(item.specifier)]
    return [one for one in found if one[1][0] != "<"], [one for one in found if one[1][0] == "<"]


def empty(item: Requirement) -> str:
    """Why no version can be had: the specifier wants one above its own limit."""
    lows, highs = bounds(item)
    if "|" in item.specifier or not (lows and highs):
        return ""
    low, high = max(lows), min(highs)
    shut = low[0] == high[0] and (low[1] == ">" or high[1] == "<")
    return f"no version of {item.name} is {item.specifier}" if low[0] > high[0] or shut else ""


def too_new(item: Requirement, highest: Python | None) -> str:
    """Why even the oldest version of a range is for a later Python than the stated one."""
    low = max(bounds(item)[0], default=((), ""))[0]
    needed = lowest_python(item.name, low) if low and highest and "|" not in item.specifier else None
    if needed is None or highest is None or needed <= highest:
        return ""
    return f"{item.name} {dots(low)} and later need Python {dots(needed)}, and {dots(highest)} is stated"


def twice(requirements: list[Requirement]) -> Iterator[tuple[Requirement, str]]:
    """Distributions to which one file of requirements gives two versions."""
    seen: dict[tuple[str, str], Version] = {}
    for item in requirements:
        match = EXACT.match(item.specifier)
        if match and not item.marked and REQUIREMENTS.search(item.location.path):
            version = numbers(match.group(1))
            first = seen.setdefault((item.location.path, item.name), version)
            if first != version:
                yield item, f"{item.name} {match.group(1)} is asked for, and {dots(first)} above"


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
    if torch > next(reversed(releases()["torch"])):
        return ()
    if major == 1 and 4 <= series <= 13:
        return (0, series + 1) if name == "torchvision" else (0, series)
    if major == 2:
        return (0, series + 15) if name == "torchvision" else torch
    return ()


@cache
def releases() -> dict[str, dict[Version, Release]]:
    """The releases of each distribution that is known, in their order."""
    known: dict[str, dict[Version, Release]] = {}
    place = resources.files("audit.rules.dependencies") / "releases.toml"
    for name, listed in tomllib.loads(place.read_text("utf-8")).items():
        if name == FLOORS:
            continue
        found = {}
        for span, versions in listed.items():
            lowest, _, highest = span.partition("-")
            for text in versions.split():
                found[numbers(text)] = Release(text, python(lowest), python(highest) if highest else None)
        known[name] = dict(sorted(found.items()))
    return known


@cache
def floors() -> dict[str, dict[Version, Python]]:
    """Of each other distribution the lowest Python from a version on, in their order."""
    place = resources.files("audit.rules.dependencies") / "releases.toml"
    listed = tomllib.loads(place.read_text("utf-8"))[FLOORS]
    return {
        name: dict(sorted((numbers(text), python(lowest)) for text, lowest in each.items()))
        for name, each in listed.items()
    }


def lowest_python(name: str, version: Version) -> Python | None:
    """The lowest Python that a version is for; None where it is not known."""
    release = releases().get(name, {}).get(version)
    reached = [lowest for first, lowest in floors().get(name, {}).items() if first <= version]
    return release.lowest if release else reached[-1] if reached else None


def outgrown(item: Requirement, allowed: Python | None) -> str:
    """Why an exact version cannot be had with the oldest Python that its own file allows; "" where it may."""
    match = EXACT.match(item.specifier)
    if not match or item.marked or item.aside or not allowed or not item.specifier.startswith("=="):
        return ""
    lowest = lowest_python(item.name, numbers(match.group(1)))
    if lowest is None or lowest <= allowed:
        return ""
    return f"{item.name} {match.group(1)} needs Python {dots(lowest)}, and {dots(allowed)} is allowed"


def unpublished(name: str, version: Version, text: str) -> str:
    """Why there is no such version of any Python; "" also for what is older than all that is known, or may be newer."""
    known = list(releases().get(name, {}).items())
    newest = known[-1][0] if known else ()
    if newest and (is_out_of_reach(version, newest) if name not in ENDED else version > newest):
        return f"{name} {text} was never published: {known[-1][1].text} is the newest that is known"
    place = bisect_left(known, version, key=lambda release: release[0])
    if not 0 < place < len(known) or known[place][0] == version:
        return ""
    series = list(dict.fromkeys(each[:2] for each, _ in known))
    if known[place - 1][0][:2] == version[:2] and version[:2] in series[-SOON:]:
        return ""
    return f"{name} {text} was never published: {known[place][1].text} follows {known[place - 1][1].text}"


def is_out_of_reach(version: Version, newest: Version) -> bool:
    """Whether no version of this first number can come out within years; the list of those that are known grows old."""
    return version[0] > 2 * newest[0] + 5 and not any(version[0] in years for years in YEARS)


def misfit(name: str, version: Version, text: str, lowest: Python | None, highest: Python | None) -> str:
    """Why a version is too old or too new for the stated Python."""
    known = releases().get(name, {})
    release = known.get(version)
    first = next(iter(known), version)
    if version < first and lowest and (last := known[first].highest) and last < lowest:
        return f"{name} {text} has no build for Python {dots(lowest)}: {known[first].text}, which is later, has none"
    if release and lowest and release.highest and release.highest < lowest:
        return f"{name} {text} has no build for Python {dots(lowest)}: {dots(release.highest)} is the last that has one"
    needed = lowest_python(name, version)
    if needed and highest and highest < needed:
        return f"{name} {text} needs Python {dots(needed)}, and {dots(highest)} is stated"
    return ""


def numbers(text: str) -> Version:
    """`1.2.0` as (1, 2): zeros at the end make no other version."""
    version = [int(part) for part in text.split(".")]
    while len(version) > 1 and not version[-1]:
        version.pop()
    return tuple(version)


def python(text: str) -> Python:
    """`3.11` as (3, 11)."""
    major, minor = text.split(".")
    return int(major), int(minor)


def dots(numbers: Version) -> str:
    """`3.11` of (3, 11)."""
    return ".".join(map(str, numbers))
