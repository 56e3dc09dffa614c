"""What the code and the commands of a tree say about its configurations: which they name, list, compose or ask for."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import PurePosixPath

from audit.rules.asked import Asked
from audit.rules.code import Module, strings
from audit.rules.continued import Folders, pattern_of
from audit.rules.entries import Leaf
from audit.rules.listing import Listing, in_paths, is_listed, listings, open_ended
from audit.rules.loading import (
    CALLED,
    ELSEWHERE,
    FORMATS,
    Keys,
    by_hand,
    composed,
    formats,
    handed_on,
    loads_tables,
    parameters,
    reads_any,
    roots,
    spread_in,
)
from audit.rules.told import PASSES_ON, commands, defaults_of, is_globbed, is_handed, is_spoken
from audit.target import Piece, Target

FOLDER = re.compile(
    r"(^|/)((\w+[_-])?(configs?|conf|cfgs?)([_-]\w+)?|settings|hparams|hyper_?params|options|recipes)/", re.I
)
MAX_BYTES = 200_000  # larger files are data
COMPOUND = re.compile(r"\w[_\d-]")  # no plain word
GAP = re.compile(r"\{[^{}]*\}|%s|%d")
ELSEWHERE_COMPOSED = re.compile(r"searchpath|--config-(dir|path)|\s-c[dp]\b")
MAX_NAME = 200  # characters of a path
WHOLE = {"_target_", "class_path", "init_args", "defaults", "type", "method"}
PART = re.compile(r"[\W_]+")
PUT_ASIDE = {"old", "backup", "bak", "deprecated", "obsolete", "unused", "outdated"}
COPIED = {"copy", "orig", "original", "archive", "archived", "legacy", "prev", "previous", "attic", "save", "saved"}
MARK_BEHIND = rf"[\s_.-]*[(]?(({'|'.join(sorted(COPIED))})\d*[)]?|[(]\d+[)]|[_.-]20\d\d([_-]?\d\d){{0,2}})$"
MARK_BEFORE = rf"(copy of|{'|'.join(sorted(COPIED))})[\s_.-]+"
FEW_STEMS = 2  # of a folder; one may be a default
FEW_ENTRIES = 3  # fewer say nothing about whether a program reads them


class Code:
    """What the code and the commands of a tree say about its configurations."""

    def __init__(self, target: Target, every: list[Module]) -> None:
        self.target = target
        self.every = every
        self.speaking = [one for one in every if not one.path.endswith("setup.py") or loads_tables(one)]
        self.texts = {text for module in self.speaking for text in strings(module)}
        unparsed = [piece.text for piece in target.python if piece.tree is None and len(piece.text) <= MAX_BYTES]
        for text in unparsed:
            self.texts.update(re.findall(r"['\"]([^'\"\n]+)['\"]", text))
        self.text = "\n".join(self.texts)
        self.unparsed = {word for text in unparsed for word in re.findall(r"\w+", text)}
        self.spoken = commands(target)
        self.beside: dict[PurePosixPath, tuple[list[Piece], set[str]]] = {}
        parts = (PurePosixPath(path).parts for path in target.files if path.endswith((".py", ".ipynb")))
        self.entries = Asked(every, {part.removesuffix(".py") for path in parts for part in path})
        self.composed = composed(every)
        if self.composed:
            self.composed.update(word for piece in target.pieces for word in defaults_of(piece))

    @cached_property
    def given(self) -> bool:
        """Whether a program takes a configuration from its user, or a library from a folder."""
        return bool(self.composed or self.by_hand)

    @cached_property
    def by_hand(self) -> set[str]:
        """Suffixes of configurations that programs take from their users; "" for any."""
        return set(by_hand(self.every))

    def takes(self, suffix: str) -> bool:
        """Whether a program takes a configuration of this format from its user, and code can read the format."""
        return suffix in self.by_hand or ("" in self.by_hand and (not self.readable or suffix in self.readable))

    @cached_property
    def readable(self) -> set[str]:
        """Suffixes of the tables that code loads; none where it may be any."""
        any_format = any(map(reads_any, self.every))
        return set() if any_format else {ending for module in self.every for ending in formats(module)}

    @cached_property
    def roots(self) -> set[str]:
        """Folders from which Hydra is told to compose; "" where it is not said, is not in the tree, or commands say."""
        told = set(roots(self.every))
        there = {str(above / name) for above, names in self.folders.items() for name in names}
        known = not ELSEWHERE_COMPOSED.search(self.spoken) and told <= there
        return told if known else told | {""}

    @cached_property
    def listed(self) -> tuple[list[Listing], list[Listing]]:
        """What it lists, and which folders of packages it opens."""
        every = list(listings(self.every, {name for names in self.folders.values() for name in names}))
        return [one for one in every if not one.packaged], [one for one in every if one.packaged]

    @cached_property
    def folders(self) -> dict[PurePosixPath, set[str]]:
        """All folders of the tree: folder -> the names of those in it."""
        inside: dict[PurePosixPath, set[str]] = defaultdict(set)
        for folder in {folder for path in self.target.files for folder in PurePosixPath(path).parents}:
            inside[folder.parent].add(folder.name)
        return inside

    @cached_property
    def words(self) -> set[str]:
        """Names by which the code may reach an entry."""
        return self.entries.variables | self.asked

    @cached_property
    def asked(self) -> set[str]:
        """Names by which a table that is not spread over variables or parameters is asked for an entry."""
        return self.unparsed.union(self.entries.readings)

    @cached_property
    def handed(self) -> list[tuple[Module, frozenset[str], set[Keys]]]:
        """For each module the suffixes of what it loads, and the keys of tables that it uses as a whole."""
        own: dict[str, set[int | str]] = defaultdict(set)
        for name, places in (entry for module in self.every for entry in spread_in(module)):
            own[name] |= places
        keys = ((module, set(handed_on(module, own, self.entries.records))) for module in self.every)
        return [(module, formats(module), whole) for module, whole in keys if whole]

    def whole(self, path: str) -> set[Keys]:
        """Keys of tables that are used as a whole, in modules that may have loaded the file."""
        suffix = PurePosixPath(path).suffix.lower()
        loading = [(module, keys) for module, suffixes, keys in self.handed if not suffixes or suffix in suffixes]
        return {key for module, keys in loading if not self.loads_another(module, path) for key in keys}

    def loads_another(self, module: Module, path: str) -> bool:
        """Whether a module names other files of the format and not this one, and is given no configuration."""
        suffix = PurePosixPath(path).suffix
        texts = [text for text in strings(module) if text.endswith(suffix) and text != suffix]
        if not texts or any(is_spoken(path, text) or "*" in text or "{" in text for text in texts):
            return False
        return not any(map(CALLED.search, parameters(module)))

    @cached_property
    def ends(self) -> set[str]:
        """Texts that may be folders from which files are taken by a name that is made at run time."""
        folders = Folders(self.every, {name for names in self.folders.values() for name in names})
        every = ((module, text) for module in self.speaking for text in open_ended(module))
        return {end for module, text in every for end in folders.ends(module, text)}

    @cached_property
    def in_paths(self) -> set[str]:
        """Words that are parts of paths, for folders whose names are those of packages too."""
        return {text for module in self.every for text in in_paths(module)}

    def leads_to(self, path: str) -> bool:
        """Whether the code holds the parts of the path; the name of a package alone stands for the package."""
        folder = PurePosixPath(path).parent
        if f"{folder}/__init__.py" in self.target.files and folder.name not in self.in_paths:
            return put_together(path, self.ends - {folder.name})
        return put_together(path, self.ends)

    @cached_property
    def bare(self) -> set[str]:
        """Suffixes of files that modules load whose stems are all made at run time."""
        loading = [module for module in self.every if loads_tables(module)]
        ends = {pattern_of(one, text).rpartition("/")[2] for one in loading for text in open_ended(one)}
        matches = (re.fullmatch(r"(?:\{[^{}]*\}|%s)(\.\w+)", text) for text in ends if len(text) < MAX_NAME)
        return {match[1] for match in matches if match}

    @cached_property
    def gapped(self) -> list[list[str]]:
        """What stands around the gaps of texts that are filled at run time, after the last slash."""
        texts = (text.rpartition("/")[2] for text in self.ends if ("{" in text or "%" in text) and len(text) < MAX_NAME)
        return [parts for parts in map(GAP.split, texts) if len(parts) > 1]

    @cached_property
    def stems(self) -> set[str]:
        """The last parts of texts that may be paths, without a suffix."""
        paths = (text.rpartition("/")[2] for text in self.texts if len(text) < MAX_NAME)
        return {re.sub(r"\.(ya?ml|toml|json)$", "", path) for path in paths}

    def passes_over(self, place: PurePosixPath, beside: list[Piece]) -> bool:
        """Whether the code knows two thirds of the files of a folder by their stems, and not this one.

        Then it opens those whose stems it has a table of. Plain words may stand for anything.
        """
        if not COMPOUND.search(place.stem) or place.stem in self.stems:
            return False
        alike = [PurePosixPath(other.path) for other in beside if other.path.endswith(place.suffix)]
        known = sum(other.stem in self.stems for other in alike)
        return known >= FEW_STEMS and 3 * known >= 2 * len(alike)

    def names(self, piece: Piece) -> bool:
        """Whether a text in the code holds the file's name or fills its stem in, or a library is told to compose it."""
        place = PurePosixPath(piece.path)
        composed = place.stem in self.composed and bool(FOLDER.search(piece.path))
        return composed or is_spoken(piece.path, self.text) or self.fills_in(piece)

    def fills_in(self, piece: Piece) -> bool:
        """Whether a text leaves room for the stem of a configuration, and another text holds that stem."""
        place = PurePosixPath(piece.path)
        return place.suffix in self.bare and place.stem in self.stems and bool(FOLDER.search(piece.path))

    def is_lost(self, piece: Piece, leaves: tuple[Leaf, ...]) -> bool:
        """Whether no text holds a small file's name or stem, lists it, or leaves room for its name."""
        place = PurePosixPath(piece.path)
        if self.names(piece) or is_spoken(piece.path, self.spoken) or place.stem in self.stems:
            return False
        if place.suffix in self.bare:
            return False
        return not self.may_reach(piece, leaves, {piece: leaves}, ())

    def composes(self, folder: PurePosixPath) -> bool:
        """Whether a library puts configurations together from the folder."""
        places = {str(folder), *map(str, folder.parents)}
        return bool(self.composed) and (not self.roots or "" in self.roots or not self.roots.isdisjoint(places))

    def asks_for_most(self, leaves: Collection[Leaf]) -> bool:
        """Whether half of the entries have a key that the code knows: of a table used as a whole by any name."""
        known = self.words if self.composed or any(keys - {ELSEWHERE} for *_, keys in self.handed) else self.asked
        return 2 * sum(leaf.keys[-1] in known for leaf in leaves) >= len(leaves) > 0

    def may_reach(
        self, piece: Piece, leaves: tuple[Leaf, ...], every: dict[Piece, tuple[Leaf, ...]], named: Collection[Piece]
    ) -> bool:
        """Whether a file that nothing names is found through its folder, or given by hand as those beside it are.

        A program that takes any configuration is given those that scripts and documents name. Where its neighbours
        are named and it is not, it has been left behind, unless it alone gives an entry that the code asks for.
        """
        name = PurePosixPath(piece.path)
        folder = name.parent
        if folder not in self.beside:
            beside = [other for other, found in every.items() if found and PurePosixPath(other.path).parent == folder]
            self.beside[folder] = beside, {leaf.keys[-1] for other in beside if other in named for leaf in every[other]}
        beside, elsewhere = self.beside[folder]
        alone = any(leaf.keys[-1] in self.asked and leaf.keys[-1] not in elsewhere for leaf in leaves)
        left_behind = len(beside) <= 2 * sum(other in named for other in beside) and not alone
        if name.suffix in FORMATS["omegaconf"] and FOLDER.search(piece.path) and self.composes(folder):
            above = [other for other in every if PurePosixPath(other.path).parent == folder.parent]
            in_group = bool(above and FOLDER.search(f"{folder.parent}/"))
            return in_group or not left_behind or self.asks_for_most(leaves)
        if any(is_filled(parts, name) for parts in self.gapped):
            return True
        if is_globbed(folder.name, self.spoken):
            return True
        listed, opened = self.listed
        if any(one.optional for one in listed) and is_handed(folder.name, self.spoken):
            return True
        known = any(leaf.keys[-1] in self.words for leaf in leaves)
        asked = known or len(leaves) < FEW_ENTRIES or is_made_whole(leaves)
        found = is_listed(name, listed, self.folders)
        if found and asked:
            return True
        opens = self.leads_to(piece.path) or is_listed(name, opened, self.folders)
        if is_put_aside(name, {PurePosixPath(other.path) for other in every}):
            return False
        if opens and not self.passes_over(name, beside):
            return True
        if found:
            return False
        most = self.asks_for_most(leaves) or len(leaves) < FEW_ENTRIES or is_made_whole(leaves)
        left_behind &= not PASSES_ON.search(self.spoken)
        return self.takes(name.suffix) and most and not left_behind


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
    return any(stem in (f"{other}{mark}", f"{mark}{other}") for other in others for mark in marks_in(stem))


def marks_in(stem: str) -> Iterator[str]:
    """What copies are told by, at the end or the beginning of a name: `_copy`, ` (1)`, `.2024-05-01`, `orig_`."""
    for match in (re.search(MARK_BEHIND, stem), re.match(MARK_BEFORE, stem)):
        yield from [match[0]] if match else []


def is_made_whole(leaves: tuple[Leaf, ...]) -> bool:
    """Whether a library makes objects of its tables, and reads what it finds in them."""
    return any(key in WHOLE for leaf in leaves for key in leaf.keys)


def is_filled(parts: list[str], place: PurePosixPath) -> bool:
    """Whether a text with gaps that says more than a suffix gives the file's name: `net_{}.yml`."""
    if not parts[-1].endswith(place.suffix) or not re.search(r"\w{3}", "".join(parts).removesuffix(place.suffix)):
        return False
    return bool(re.fullmatch(".+".join(map(re.escape, parts)), place.name))


def put_together(path: str, texts: set[str]) -> bool:
    """Whether the code holds the parts of the path: its folder at the end of a text, or its stem and its suffix."""
    place = PurePosixPath(path)
    folder = place.parent.name
    other = rf"(?!\S*\.(?!{place.suffix[1:]}\b)(?:ya?ml|toml|json)$)"  # `configs/{{}}.json` opens no YAML
    at_end = re.compile(rf"(\S*[/\\])?{re.escape(folder)}(/|/{other}[{{%]\S*)?") if folder else None
    if at_end and any(folder in text and at_end.fullmatch(text) for text in texts):
        return True
    return place.stem in texts and any(text.endswith(place.suffix) and len(text) <= 6 for text in texts)
