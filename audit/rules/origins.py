"""What the names of a module were imported as, where that may be another file of the tree."""

import ast

from audit.rules.code import Module

# Libraries whose functions are called most, and which no tree defines.
LIBRARIES = {
    "numpy", "torch", "os", "re", "sys", "json", "math", "time", "random", "logging", "pandas", "matplotlib", "cv2",
    "scipy", "sklearn", "tensorflow", "keras", "jax", "transformers", "pathlib", "typing", "functools", "collections",
    "itertools", "warnings", "tqdm", "datetime", "copy", "dataclasses", "PIL", "argparse", "yaml", "shutil",
}  # fmt: skip


def imported(module: Module) -> dict[str, str]:
    """Local name -> what it was imported as, also of this very package: `load` -> `utils.load`."""
    if "imported" not in module.derived:
        names = {name: full for name, full in module.origins.items() if full.partition(".")[0] not in LIBRARIES}
        here = module.path.rpartition("/")[0].rpartition("/")[2]
        for node in module.of(ast.ImportFrom):
            if node.level:
                names.update((one.asname or one.name, f"{node.module or here}.{one.name}") for one in node.names)
        module.derived["imported"] = names
    known: dict[str, str] = module.derived["imported"]
    return known
