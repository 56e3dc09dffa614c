"""`python -m fuzz.run CORPUS -max_total_time=600`: coverage-guided fuzzing; arguments are libFuzzer's."""

import sys

import atheris

with atheris.instrument_imports(include=["audit.rules", "audit.target", "audit.notebooks"]):
    from fuzz.one_file import look


def main() -> None:
    """Hand the bytes on until time is over or something is raised."""
    atheris.Setup(sys.argv, lambda data: look(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
