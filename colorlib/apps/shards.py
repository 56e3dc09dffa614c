"""`colorlib shards`: a large folder of images as tar shards."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer


def shards(
    source: Annotated[Path, typer.Argument(help="A folder with images at any depth.")],
    output: Annotated[Path, typer.Argument(help="The folder for the shards; an interrupted one is gone on with.")],
    size: Annotated[int, typer.Option(help="Short side of the stored images in pixels; smaller ones stay.")] = 256,
    quality: Annotated[int, typer.Option(help="Of the JPEG files, 1 to 100.")] = 95,
    per_shard: Annotated[int, typer.Option(help="Images a shard.")] = 1000,
    originals: Annotated[bool, typer.Option("--originals", help="Store the files as they are.")] = False,
    workers: Annotated[
        int, typer.Option(min=0, help="Local processes; 0 takes one for each core where there are shards enough.")
    ] = 0,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask cluster that makes the shards: tcp://host:8786.")
    ] = None,
) -> None:
    """Write a large source as webdataset shards, with checksums and a list of damaged images."""
    # Imported here so that `colorlib --help` does not wait for torch.
    from colorlib.data.shard import ShardSettings
    from colorlib.data.shards import DAMAGED, Written, write_shards
    from colorlib.pipeline.workers import SHARDS_A_PROCESS, Workers

    def say(done: Written) -> None:
        typer.echo(f"shard {done.number}: {done.images} images{', kept' if done.kept else ''}")

    settings = ShardSettings(None if originals else size, quality, per_shard)
    mapping = partial(Workers(workers, scheduler).map, least=SHARDS_A_PROCESS)
    totals = write_shards(source, output, settings, say, mapping)
    typer.echo(
        f"{totals.images} images ({totals.grey} grey) in {totals.shards} shards -> {output}; "
        f"{totals.damaged} damaged files{f', see {output / DAMAGED}' if totals.damaged else ''}"
    )
