"""Configurations whose name says that they have been put aside: old ones, and copies of others."""

import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

PART = re.compile(r"[\W_]+")
PUT_ASIDE = {"old", "backup", "bak", "deprecated", "obsolete", "unused", "outdated"}
KEPT_AWAY = {*PUT_ASIDE, "archive", "archived", "attic", "graveyard", "trash"}  # folders
COPIED = {"copy", "orig", "original", "archive", "archived", "legacy", "prev", "previous", "attic", "save", "saved"}
MARK_BEHIND = rf"[\s_.-]*[(]?(({'|'.join(sorted(COPIED))})\d*[)]?|[(]\d+[)]|[_.-]20\d\d([_-]?\d\d){{0,2}})$"
KEPT = re.compile(r"(.+\.(?:ya?ml|toml|json))(?:~|[._-](?:bak|backup|old|orig|save|copy)\d*)", re.I)
MARK_BEFORE = rf"(copy of|{'|'.join(sorted(COPIED))})[\s_.-]+"


def is_put_aside(place: PurePosixPath, every: Collection[PurePosixPath]) -> bool:
    """Whether its name says that a file is the old one, or the copy of one that lies beside it or a folder above."""
    others = {
        other.stem.lower() for other in every if other != place and other.parent in (place.parent, *place.parents)
    }
    stem = place.stem.lower()
    parts = PART.split(stem)
    if len(parts) > 1 and not PUT_ASIDE.isdisjoint(parts):
        return bool(others)
    if not PUT_ASIDE.union(COPIED).isdisjoint(PART.split(place.parent.name.lower())) and stem in others:
        return True
    if is_shelved(place, every):
        return True
    return any(stem in (f"{other}{mark}", f"{mark}{other}") for other in others for mark in marks_in(stem))


def is_shelved(place: PurePosixPath, every: Collection[PurePosixPath]) -> bool:
    """Whether a folder above its own is put aside, and its twin lies where it would without: `old/configs/a.yaml`."""
    for depth, folder in enumerate(place.parts[:-2]):
        if not PUT_ASIDE.union(COPIED).isdisjoint(PART.split(folder.lower())):
            return PurePosixPath(*place.parts[:depth], *place.parts[depth + 1 :]) in every
    return False


def is_kept_away(place: PurePosixPath, every: Collection[PurePosixPath]) -> bool:
    """Whether its folder says that it has been put away, and others of its format lie in the folder above."""
    away = not KEPT_AWAY.isdisjoint(PART.split(place.parent.name.lower()))
    return away and any(lies_beside(str(other), place.parent.with_suffix(place.suffix)) for other in every)


def without_mark(name: str) -> str:
    """The name of which an editor or a person has kept a file beside it: `a.yaml` of `a.yaml.bak`; "" for others."""
    match = KEPT.fullmatch(name)
    return match[1] if match else ""


def marks_in(stem: str) -> Iterator[str]:
    """What copies are told by, at the end or the beginning of a name: `_copy`, ` (1)`, `.2024-05-01`, `orig_`."""
    for match in (re.search(MARK_BEHIND, stem), re.match(MARK_BEFORE, stem)):
        yield from [match[0]] if match else []


def lies_beside(path: str, place: PurePosixPath) -> bool:
    """Whether a file lies in the folder of another, in the same format."""
    other = PurePosixPath(path)
    formats = {other.suffix.lower(), place.suffix.lower()}
    return other.parent == place.parent and (len(formats) == 1 or formats == {".yaml", ".yml"})
