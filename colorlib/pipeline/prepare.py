"""Stage 1: photographs -> verified, equally large, in splits. `python -m colorlib.pipeline.prepare`."""

from pathlib import Path

from colorlib.data.manifest import read_manifest
from colorlib.data.prepared import prepare
from colorlib.pipeline.paths import PREPARED
from colorlib.pipeline.progress import progress
from colorlib.pipeline.settings import load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.workers import HERE, Workers, chosen_workers


def main(workers: Workers = HERE) -> None:
    """Prepare what `params.yaml` names."""
    settings = load_settings().prepare
    source = Path(settings.source)
    photos = read_manifest(source / "manifest.csv")
    with progress("prepare", len(photos)) as advance:
        prepare(photos, source, PREPARED, settings.size, advance, workers.map)
    console.print(f"{len(photos)} photographs, {settings.size}×{settings.size} -> {PREPARED}")


if __name__ == "__main__":
    run_stage("prepare", lambda: main(chosen_workers("prepare")))
