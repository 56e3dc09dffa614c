"""Code that a project names for the audit, as `module:callable` or `file.py:callable`: imported when it is needed."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from audit.errors import AuditError


def import_subject(adapter: str, root: Path) -> Any:
    """Call `module:callable` or `file.py:callable` for the subject. This imports and runs the project's code.

    Raises:
        AuditError: no such module, file or callable.
    """
    return named(adapter, root)()


def named(adapter: str, root: Path) -> Any:
    """What `module:name` or `file.py:name` names. This imports the project's code.

    Modules beside a file can be imported by it, as if it were run as a script.

    Raises:
        AuditError: no such module, file or name.
    """
    module, name = adapter.rsplit(":", 1)
    is_file = module.endswith(".py")
    imported = from_file(root / module, adapter) if is_file else from_module(module, adapter, root)
    found = getattr(imported, name, None)
    if found is None:
        raise AuditError(f"the adapter {adapter}: {module} has no {name!r}")
    return found


def from_module(module: str, adapter: str, root: Path) -> ModuleType:
    """Import a dotted module, the project's root on the path."""
    on_path(root)
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise AuditError(f"the adapter {adapter}: no module named {error.name!r}") from error
        raise


def from_file(path: Path, adapter: str) -> ModuleType:
    """Import a file by its path."""
    if not path.is_file():
        raise AuditError(f"the adapter {adapter}: there is no file {path}")
    on_path(path.parent)
    found = spec_from_file_location(f"_subject_{path.stem}", path)
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module


def on_path(folder: Path) -> None:
    """Put a folder first on the import path, once."""
    path = str(folder.resolve())
    if path not in (str(Path(entry).resolve()) for entry in sys.path):
        sys.path.insert(0, path)
