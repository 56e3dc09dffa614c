"""What the code and the commands of a tree say about its configurations: which they name, list, compose or ask for."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Collection
from functools import cached_property
from pathlib import PurePosixPath

from audit.rules.code import Module, strings, text_of
from audit.rules.configuration.aside import is_kept_away, is_put_aside, is_shelved, lies_beside
from audit.rules.configuration.asked import Asked
from audit.rules.configuration.continued import Folders, is_filled, pattern_of, put_together
from audit.rules.configuration.entries import Leaf, is_short
from audit.rules.configuration.flow import Flow
from audit.rules.configuration.listing import Listing, choices, in_paths, is_listed, listings, open_ended
from audit.rules.configuration.loading import (
    EACH,
    FORMATS,
    KNOWN,
    Keys,
    formats,
    loads_tables,
    reads_any,
)
from audit.rules.configuration.programs import Programs, by_hand, composed, roots
from audit.rules.configuration.told import PASSES_ON, commands, defaults_of, is_globbed, is_handed, is_spoken
from audit.target import Piece, Target

FOLDER = re.compile(
    r"(^|/)((\w+[_-])?(configs?|conf|cfgs?)([_-]\w+)?|settings|hparams|hyper_?params|options|recipes)/", re.I
)
MAX_BYTES = 200_000  # larger files are data
COMPOUND = re.compile(r"\w[_\d-]")  # no plain word
GAP = re.compile(r"\{[^{}]*\}|%s|%d")
ELSEWHERE_COMPOSED = re.compile(r"searchpath|--config-(dir|path)|\s-c[dp]\b")
MAX_NAME = 200  # characters of a path
FEW_STEMS = 2  # of a folder; one may be a default


class Code:
    """What the code and the commands of a tree say about its configurations."""

    def __init__(self, target: Target, every: list[Module]) -> None:
        self.target = target
        self.every = every
        self.speaking = [one for one in every if not one.path.endswith("setup.py") or loads_tables(one)]
        self.texts = {text for module in self.speaking for text in strings(module)}
        unparsed = [piece.text for piece in target.python if piece.problem and len(piece.text) <= MAX_BYTES]
        for text in unparsed:
            self.texts.update(re.findall(r"['\"]([^'\"\n]+)['\"]", text))
        self.text = "\n".join(self.texts)
        self.unparsed = {word for text in unparsed for word in re.findall(r"\w+", text)}
        self.spoken = commands(target)
        self.beside: dict[tuple[PurePosixPath, str], tuple[list[Piece], set[str]]] = {}
        self.entries = Asked(every)
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
    def flow(self) -> Flow:
        """Where tables go that the code uses as a whole."""
        return Flow(self.every, self.entries.records, self.entries.conversions)

    def whole(self, piece: Piece) -> set[Keys]:
        """Keys of tables that are used as a whole, and may have been loaded from the file."""
        suffix = PurePosixPath(piece.path).suffix.lower()
        found: set[Keys] = set()
        for (module, source), tables in self.flow.escapes.items():
            library = source[0].full_name(source[1].func).partition(".")[0] if source else ""
            suffixes = FORMATS.get(library) or formats(source[0] if source else module)
            read = not suffixes or suffix in suffixes
            if read and not tables <= found:
                found |= tables
        return found

    @cached_property
    def ends(self) -> set[str]:
        """Texts that may be folders from which files are taken by a name that is made at run time."""
        every = ((module, text) for module in self.speaking for text in open_ended(module))
        return {end for module, text in every for end in self.continued.ends(module, text)}

    @cached_property
    def continued(self) -> Folders:
        """What stands behind texts that end in the name of a folder of the tree."""
        return Folders(self.every, {name for names in self.folders.values() for name in names})

    @cached_property
    def twins(self) -> dict[str, set[str]]:
        """Names that several files of the tree have -> the folders whose names the code puts before them."""
        every = Counter(PurePosixPath(path).name for path in self.target.files if path.endswith(KNOWN))
        shared = {name for name, count in every.items() if count > 1}
        folders: dict[str, set[str]] = {name: set() for name in shared}
        spoken = {text for text in self.texts if PurePosixPath(text).name in shared}
        for text in spoken if shared else ():
            if "/" in text:
                folders[PurePosixPath(text).name].add(PurePosixPath(text).parent.name)
        if spoken:
            for module in self.speaking:
                for node in module.of(ast.Constant):
                    folder = PurePosixPath(text_of(node)).name
                    for name in self.continued.behind(module, node) if folder in self.continued.names else ():
                        if name.lstrip("/") in shared:
                            folders[name.lstrip("/")].add(folder)
        return folders

    @cached_property
    def places(self) -> set[PurePosixPath]:
        """All configurations of the tree by their place, and what else has their formats."""
        return {PurePosixPath(path) for path in self.target.files if path.endswith(KNOWN)}

    @cached_property
    def rows(self) -> set[frozenset[str]]:
        """Rows of texts among which an option or a question leaves the choice."""
        return {row for module in self.every for row in choices(module) if len(row) >= FEW_STEMS}

    def is_another(self, path: str) -> bool:
        """Whether the code and the commands put other folders before a name that several files have."""
        place = PurePosixPath(path)
        if is_shelved(place, self.places):
            top = place.parts[0]  # a project that is put aside as a whole has its own code
            own = any(other.startswith(f"{top}/") for other in self.target.python_files)
            return not own and f"{top}/" not in self.text and f"{top}/" not in self.spoken
        before = self.twins.get(place.name, set())
        told = re.findall(rf"([\w./-]*/)?(?<![\w.-]){re.escape(place.name)}", self.spoken) if before else []
        folders = {*before, *(PurePosixPath(folder).name for folder in told)}
        known = all(re.fullmatch(r"\w[\w-]*", folder) for folder in folders)
        return bool(before) and known and place.parent.name not in folders

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

        Then it opens those whose stems it has a table of. Plain words may stand for anything, unless they are choices.
        """
        if place.stem in self.stems:
            return False
        alike = [PurePosixPath(other.path) for other in beside if other.path.endswith(place.suffix)]
        if not COMPOUND.search(place.stem) and not any(row <= {other.stem for other in alike} for row in self.rows):
            return False
        known = sum(other.stem in self.stems for other in alike)
        return known >= FEW_STEMS and 3 * known >= 2 * len(alike)

    def names(self, piece: Piece) -> bool:
        """Whether a text in the code holds the file's name or fills its stem in, or a library is told to compose it."""
        place = PurePosixPath(piece.path)
        composed = place.stem in self.composed and bool(FOLDER.search(piece.path))
        spoken = is_spoken(piece.path, self.text) and not self.is_another(piece.path)
        return composed or spoken or self.fills_in(piece)

    def is_told(self, piece: Piece) -> bool:
        """Whether a command names the file."""
        return is_spoken(piece.path, self.spoken) and not self.is_another(piece.path)

    def fills_in(self, piece: Piece) -> bool:
        """Whether a text leaves room for the stem of a configuration, and another text holds that stem."""
        place = PurePosixPath(piece.path)
        placed = FOLDER.search(piece.path) or place.parent.name in self.in_paths
        return place.suffix in self.bare and place.stem in self.stems and bool(placed)

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
        whole = {keys for tables in self.flow.escapes.values() for keys in tables}
        known = self.words if self.composed or () in whole else self.asked
        handed = {key for keys in whole for key in keys if key != EACH}
        asked = (leaf for leaf in leaves if leaf.keys[-1] in known or not handed.isdisjoint(leaf.keys[:-1]))
        return 2 * sum(1 for _ in asked) >= len(leaves) > 0

    @cached_property
    def programs(self) -> Programs:
        """What programs take by themselves, and from commands."""
        return Programs(self.every, self.places, self.spoken)

    def may_reach(
        self, piece: Piece, leaves: tuple[Leaf, ...], every: dict[Piece, tuple[Leaf, ...]], named: Collection[Piece]
    ) -> bool:
        """Whether a file that nothing names is found through its folder, or given by hand as those beside it are.

        A program that takes any configuration is given those that scripts and documents name. Where its neighbours
        are named and it is not, it has been left behind, unless it alone gives an entry that the code asks for.
        """
        name = PurePosixPath(piece.path)
        folder = name.parent
        if (folder, name.suffix) not in self.beside:
            beside = [other for other, found in every.items() if found and lies_beside(other.path, name)]
            given = {leaf.keys[-1] for other in beside if other in named for leaf in every[other]}
            self.beside[folder, name.suffix] = beside, given
        beside, elsewhere = self.beside[folder, name.suffix]
        alone = any(leaf.keys[-1] in self.asked and leaf.keys[-1] not in elsewhere for leaf in leaves)
        alone &= not self.programs.is_strange(leaves, [every[other] for other in beside if other in named])
        left_behind = len(beside) <= 2 * sum(other in named for other in beside) and not alone
        if name.suffix in FORMATS["omegaconf"] and FOLDER.search(piece.path) and self.composes(folder):
            above = [other for other in every if PurePosixPath(other.path).parent == folder.parent]
            in_group = bool(above and FOLDER.search(f"{folder.parent}/"))
            return in_group or not left_behind or self.asks_for_most(leaves)
        if self.readable and name.suffix not in self.readable:
            return False
        if is_globbed(folder.name, self.spoken) or any(is_filled(parts, name) for parts in self.gapped):
            return True
        listed, opened = self.listed
        if any(one.optional for one in listed) and is_handed(folder.name, self.spoken):
            return True
        if any(one.by_hand for one in listed) and all(leaf.keys[0] in self.asked for leaf in leaves):
            return True
        known = any(leaf.keys[-1] in self.words for leaf in leaves)
        asked = known or is_short(leaves)
        found = is_listed(name, listed, self.folders) and not self.programs.is_elsewhere(name)
        named_folder = found and is_listed(name, [one for one in listed if one.folders], self.folders)
        if found and asked and (named_folder or self.asks_for_most(leaves) or is_short(leaves)):
            return True
        opens = self.leads_to(piece.path) or is_listed(name, opened, self.folders)
        if is_put_aside(name, {PurePosixPath(other.path) for other in every}):
            return False
        wanted = self.asks_for_most(leaves) or is_short(leaves) or not any(other in named for other in beside)
        if opens and wanted and not self.passes_over(name, beside):
            return True
        if found or is_kept_away(name, self.places):
            return False
        most = self.asks_for_most(leaves) or is_short(leaves)
        left_behind &= not PASSES_ON.search(self.spoken)
        return self.takes(name.suffix) and most and not left_behind
