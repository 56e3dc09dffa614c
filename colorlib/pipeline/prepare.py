"""Stage 1: photographs -> verified, equally large, in splits. `python -m colorlib.pipeline.prepare`."""

from functools import partial
from pathlib import Path

from colorlib.data.manifest import SPLITS, read_manifest
from colorlib.data.prepared import prepare
from colorlib.data.prepared_shards import of_folder, of_manifest, prepare_shards
from colorlib.data.shard import ShardSettings
from colorlib.data.shards import DAMAGED
from colorlib.pipeline.paths import PREPARED
from colorlib.pipeline.progress import progress
from colorlib.pipeline.settings import PrepareSettings, ShardsSettings, load_settings
from colorlib.pipeline.stage import console, run_stage
from colorlib.pipeline.workers import HERE, SHARDS_A_PROCESS, Workers, chosen_workers


def main(workers: Workers = HERE) -> None:
    """Prepare what `params.yaml` names."""
    settings = load_settings().prepare
    if settings.shards is not None:
        to_shards(settings, settings.shards, workers)
        return
    source = Path(settings.source)
    photos = read_manifest(source / "manifest.csv")
    with progress("prepare", len(photos)) as advance:
        prepare(photos, source, PREPARED, settings.size, advance, workers.map)
    console.print(f"{len(photos)} photographs, {settings.size}×{settings.size} -> {PREPARED}")


def to_shards(settings: PrepareSettings, shards: ShardsSettings, workers: Workers) -> None:
    """Write shards, and say how many images are grey or damaged."""
    source = Path(settings.source)
    manifest = source / "manifest.csv"
    files = of_manifest(read_manifest(manifest)) if manifest.is_file() else of_folder(source)
    stored = ShardSettings(None if shards.originals else settings.size, shards.quality, shards.per_shard)
    count = sum(-(-sum(1 for _ in files(split)) // shards.per_shard) for split in SPLITS)
    with progress("prepare, shards", count) as advance, workers.together() as team:
        mapping = partial(team.map, least=SHARDS_A_PROCESS)
        totals = prepare_shards(files, source, PREPARED, settings.size, stored, lambda _: advance(""), mapping)
    for split, found in totals.items():
        lost = f", {found.damaged} damaged: {PREPARED / split / DAMAGED}" if found.damaged else ""
        words = f"{split}: {found.images} images ({found.grey} grey) in {found.shards} shards{lost}"
        console.print(words, markup=False)


if __name__ == "__main__":
    run_stage("prepare", lambda: main(chosen_workers("prepare")))
