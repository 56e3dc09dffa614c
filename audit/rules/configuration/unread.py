"""Entries of loaded configurations that nothing asks for."""

import ast
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from audit.rules.code import Module
from audit.rules.configuration.asked import Asked
from audit.rules.configuration.entries import Leaf
from audit.rules.configuration.loading import AWAY, CALLED, EACH, ELSEWHERE, ONE, Keys
from audit.target import Kind, Piece, Target

OF_COMPOSERS = {"defaults", "hydra"}  # tables that Hydra reads itself
MADE = re.compile(r"_\w+_|class_path")  # a library makes an object of the table, `_target_`, and of those in it
SHELL = re.compile(r"(^|/)([^/]*\.(sh|bash|sbatch|slurm|bat|ps1|mk|pbs)|(Make|Docker|just|Snake)file[^/]*)$", re.I)
PARSES = re.compile(r"\b(yq|jq|awk|sed|grep|parse_yaml|shyaml|niet|tomlq|dasel|cut)\b|python[\d.]* +-c\b|<<")
OTHER_CODE = re.compile(
    r"\.(jl|r|rmd|c|cc|cpp|cxx|h|hpp|cu|js|ts|tsx|java|go|rs|lua|m|rb|scala|kt|cs|pyx|pyi|j2|jinja|html|smk|ipynb)$",
    re.I,
)
MAX_BYTES = 200_000
MOST_TAKEN = 2 / 3  # of the tables or the entries of a file


def unread(
    loaded: list[tuple[Piece, tuple[Leaf, ...], set[Keys]]],
    asked: Asked,
    known: Collection[str],
    others: set[str],
    passed: Collection[str],
) -> Iterator[tuple[Piece, Leaf]]:
    """Leaves whose key is asked for nowhere, where no table that holds them is handed on as a whole.

    Args:
        loaded: the files with their entries, and the keys of the tables that are used as a whole.
        known: names by which tables may stand in the code.
        others: words by which something else than the code may ask.
        passed: paths of files that something else than the code reads besides.
    """
    words = {*known, *others}
    for piece, leaves, whole in loaded:
        ends = {keys[-1] for keys in whole if keys and keys[-1] not in ("", EACH) and ONE not in keys[-1]}
        parts = [keys for keys in whole if keys and ONE in keys[-1]]
        sections = {key for leaf in leaves for key in leaf.keys[:-1]}
        through = {keys[-2] for keys in whole if keys and keys[-1] == EACH}
        handed = {leaf for leaf in leaves if not ends.isdisjoint(leaf.keys[:-1])}
        handed |= {leaf for leaf in leaves if not through.isdisjoint(leaf.keys[: -2 if leaf.listed else -1])}
        handed |= {leaf for leaf in leaves if any(is_entry(leaf, table) for table in parts)}
        lost = set() if ELSEWHERE in whole or parts else untaken(leaves, asked, words)
        taken = {leaf for leaf in leaves if leaf.keys[0] not in lost and asked.reads(leaf.keys, sections)}
        read = {*handed, *taken}
        composed = piece.path.endswith((".yaml", ".yml"))  # a library may make the folder's name the table's
        groups = {part for part in PurePosixPath(piece.path).parts[:-1] if composed or not CALLED.search(part)}
        if not ends.isdisjoint(groups):
            continue
        if AWAY in whole or (() in whole and len(read) < MOST_TAKEN * len(leaves)):
            continue
        goes = () in whole or ELSEWHERE in whole or parts or not ends.isdisjoint(sections) or piece.path in passed
        closed = taken and not goes
        if not closed and 2 * sum(leaf in read or leaf.keys[-1] in known for leaf in leaves) < len(leaves):
            continue  # where tables are handed on, most of them may be for others
        made = {leaf.keys[:-1] for leaf in leaves if MADE.fullmatch(leaf.keys[-1])}
        asked_for = {leaf.keys[:-1] for leaf in read}
        for leaf in leaves:
            key = leaf.keys[-1]
            if leaf.listed and leaf.keys[:-1] not in asked_for:
                continue  # nothing tells that the tables of this list are read key by key
            if leaf in read or any(leaf.keys[: len(table)] == table for table in made):
                continue
            if ELSEWHERE in whole and not set(known).issuperset(leaf.keys[:-1]):
                continue  # a whole table under another name: not read key by key
            if leaf.keys[0] in OF_COMPOSERS or not key.isidentifier() or key.startswith("_") or key in others:
                continue
            yield piece, leaf


def untaken(leaves: Collection[Leaf], asked: Asked, known: Collection[str]) -> set[str]:
    """The tables of a file that have a name which is nowhere in the code, though most of those beside them are taken.

    Entries of the same name are asked of others then.
    """
    tables = {leaf.keys[0] for leaf in leaves if len(leaf.keys) > 1}
    taken = tables.intersection(asked.readings)
    return tables.difference(taken, known) if len(taken) >= MOST_TAKEN * len(tables) > 1 else set()


def is_entry(leaf: Leaf, asked: Keys) -> bool:
    """Whether an entry stands in a table itself, not in one inside it: but in one whose key has the look asked for."""
    *table, pattern = asked
    if pattern != ONE:
        pairs = zip(("", *leaf.keys), leaf.keys, strict=False)
        return any(fnmatchcase(key, pattern) and above == (table or [""])[-1] for above, key in pairs)
    above = list(leaf.keys[:-1])
    return above == table or (bool(table) and above[-1:] == table[-1:])


def other_words(target: Target, tests: Collection[Module]) -> set[str]:
    """Words by which tests, programs in other languages and references of configurations may ask for an entry."""
    pieces = (piece for piece in target.pieces if piece.kind is Kind.TEXT and len(piece.text) <= MAX_BYTES)
    words = {word for piece in pieces for word in words_of_text(piece)}
    return words | {word for module in tests for word in asked_by(module)}


def referred(target: Target) -> set[Keys]:
    """The keys to which the references of configurations and of DVC lead: `${model}`, `${train.lr}`."""
    files = (piece for piece in target.pieces if piece.path.endswith((".yaml", ".yml")))
    texts = (piece.text for piece in files if len(piece.text) <= MAX_BYTES)
    return {tuple(keys.split(".")) for text in texts for keys in re.findall(r"\$\{([a-zA-Z][\w.]*)\}", text)}


def asked_by(module: Module) -> Iterator[str]:
    """Words of the texts of a test, and its names after a full stop."""
    for piece in module.pieces:
        yield from (node.attr for node in piece.of(ast.Attribute))
        for node in piece.of(ast.Constant):
            if isinstance(node.value, str):
                yield from re.findall(r"\w+", node.value)


def words_of_text(piece: Piece) -> list[str]:
    """Words of a program; of a script, where it takes files apart; of a configuration, those of its references.

    What a script gives to a program by an option of the same name asks no file for it.
    """
    path = piece.path
    if OTHER_CODE.search(path) or "/." in f"/{path}" or (SHELL.search(path) and PARSES.search(piece.text)):
        return re.findall(r"\w+", piece.text)
    return re.findall(r"\w+", " ".join(re.findall(r"\$\{[^}]{0,200}\}", piece.text)))
