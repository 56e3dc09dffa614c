"""One file of any bytes through every reader and rule of the audit. What may come is findings; never an exception."""

import tempfile
from pathlib import Path

from audit.lookup import patience
from audit.rules import FAMILIES
from audit.rules.imports import rules as imports
from audit.rules.local import Local
from audit.target import Target

NAMES = (
    "model.py", "study.ipynb", "config.yaml", "pyproject.toml", "README.md", "config.json", "requirements.txt",
    "tests/test_model.py", "setup.py", "environment.yml", ".env", "setup.cfg",
)  # fmt: skip
BESIDE = {"train.py": "import yaml\n\nsettings = yaml.safe_load(open('config.yaml'))\nother = 'config.json'\n"}


def look(data: bytes) -> int:
    """Give the file a name by its first byte, and count what is found in it. Ruff, another program, is left out."""
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, content in {name: data[1:], **{path: text.encode() for path, text in BESIDE.items()}}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        target = Target(root, tuple(sorted((name, *BESIDE))))
        assert target.pieces, "the file beside it is read whatever the bytes are"
        with patience():
            count = sum(len(tuple(family.find(target))) for family in FAMILIES if family.name != "imports")
            local = Local(target)
            count += len(tuple(imports.missing_and_undeclared(target, local)))
            count += len(tuple(imports.cycles(local))) + len(tuple(imports.optional_imports(target)))
    return count
