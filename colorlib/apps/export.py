"""`colorlib export`: a trained network as an ONNX file, in float32 or in 8 bits, measured beside the network."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    model: Annotated[
        Path, typer.Argument(help="A folder that the pipeline wrote, such as models/class-313-rebalanced.")
    ],
    output: Annotated[
        Path | None, typer.Option(help="The folder to make; beside the model by default, as MODEL-onnx or MODEL-int8.")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Convolutions in 8 bits; needs --photos for the ranges of the activations.")
    ] = False,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="A folder of photographs to measure on: with a manifest.csv its test split, else every other."
        ),
    ] = None,
    fixed: Annotated[bool, typer.Option("--fixed", help="One size only, 1×1×S×S with the model's S.")] = False,
) -> None:
    """Write MODEL as an ONNX folder: model.onnx, and a config.json that describes it."""
    # Imported here so that `colorlib --help` does not wait for torch.
    from colorlib.inference.exporting import export_model

    name = model.name or model.resolve().name
    target = output or model.with_name(f"{name}-{'int8' if int8 else 'onnx'}")
    for line in export_model(model, target, int8=int8, photos=photos, dynamic=not fixed):
        typer.echo(line)
