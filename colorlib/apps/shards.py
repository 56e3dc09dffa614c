"""`colorlib shards`: a large folder of images as tar shards."""

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
) -> None:
    """Write a large source as webdataset shards, with checksums and a list of damaged images."""
    from colorlib.data.shard import ShardSettings  # loads torch; `--help` should not wait for it
    from colorlib.data.shards import DAMAGED, Written, write_shards

    def say(done: Written) -> None:
        typer.echo(f"shard {done.number}: {done.images} images{', kept' if done.kept else ''}")

    settings = ShardSettings(None if originals else size, quality, per_shard)
    totals = write_shards(source, output, settings, say)
    typer.echo(
        f"{totals.images} images ({totals.grey} grey) in {totals.shards} shards -> {output}; "
        f"{totals.damaged} damaged files{f', see {output / DAMAGED}' if totals.damaged else ''}"
    )
