"""Which code trains: a name that git can find commits by, made without git.

Git names a file or a folder by a hash of what it holds. The name of the code is what git makes of the list of such
names, for the sources that decide the weights:

```
git ls-tree COMMIT colorlib/data colorlib/metrics.py ... | git hash-object --stdin
```

It is the same in every clone and wherever the package is installed, and it changes with these sources alone: the
commit's own name would change with every commit.
"""

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
SOURCES = ("data", "metrics.py", "models", "ops", "params.py", "training")  # what the loop runs


@cache
def code_name() -> str:
    """40 hexadecimal digits: the name of the sources as they lie on the disk.

    Taken once a process: what is edited later is not what runs.
    """
    lines = []
    for path in sorted((PACKAGE / name for name in SOURCES), key=_in_order):
        mode, digest = _entry(path)
        kind = "tree" if path.is_dir() else "blob"
        lines.append(f"{mode:>06} {kind} {digest}\t{PACKAGE.name}/{path.name}\n")
    return _digest("blob", "".join(lines).encode())


def find_commits() -> str:
    """Commands for a shell in a clone of the project, which print the commits that brought this code."""
    paths = " ".join(f"{PACKAGE.name}/{name}" for name in SOURCES)
    return (
        f"set -- {paths}\n"
        'git log --all --format=%H -- "$@" | while read -r commit; do\n'
        f'  if [ "$(git ls-tree "$commit" "$@" | git hash-object --stdin)" = {code_name()} ]; then echo "$commit"; fi\n'
        "done\n"
    )


def _entry(path: Path) -> tuple[str, str]:
    """Mode and name in git's trees; what is no Python source has no part in them, and no name where nothing is left."""
    if not path.is_dir():
        return "100755" if path.stat().st_mode & 0o100 else "100644", _digest("blob", path.read_bytes())
    content = b""
    for child in sorted(path.iterdir(), key=_in_order):
        if child.is_dir() or child.suffix == ".py":
            mode, digest = _entry(child)
            if digest:
                content += f"{mode} {child.name}\0".encode() + bytes.fromhex(digest)
    return "40000", _digest("tree", content) if content else ""


def _in_order(path: Path) -> bytes:
    return f"{path.name}/".encode() if path.is_dir() else path.name.encode()


def _digest(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
