"""Measures what machine-learning code does, and says what it could not measure."""

import sys

# `python -m audit` puts the working directory first on the import path: in a foreign tree a `typer.py` would run.
# While the package is being imported for -m, argv[0] is "-m". What a project trusts is put on the path later, by name.
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    del sys.path[0]
