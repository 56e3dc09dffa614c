"""From a saved network to an exported one that was measured beside it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from colorlib import params
from colorlib.data.manifest import read_manifest
from colorlib.data.photos import decode, load_photo, resize_to_square
from colorlib.errors import ColorlibError
from colorlib.inference.agreement import Network, agreement
from colorlib.models import export_onnx, from_pretrained, load_onnx, quantise_onnx
from colorlib.ops.lab import rgb_to_lab

MOST_CALIBRATION = 64  # photographs; more widen the ranges little
LARGEST_AB = 1e-3  # Lab units; what float32 arithmetic in another order may change
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
MANIFEST = "manifest.csv"


def export_model(
    model: Path, output: Path, int8: bool = False, photos: Path | None = None, dynamic: bool = True
) -> Iterator[str]:
    """Export the network saved in `model` to the folder `output`, and say in sentences what was made and measured.

    Args:
        model: a folder of `save_pretrained`.
        output: the folder to make; see `export_onnx`.
        int8: quantise; `photos` gives the ranges.
        photos: a folder of photographs. With a manifest.csv, its training split calibrates and its test split is
            measured on; else the pictures in the order of their names, in turn. Without it a float32 export is
            measured on noise.
        dynamic: as of `export_onnx`.

    Raises:
        ColorlibError: as `from_pretrained`, `export_onnx` and `quantise_onnx`; int8 without photographs; or a float32
            export that gives other colours than the network.
    """
    if int8 and photos is None:
        raise ColorlibError(
            "int8 needs photographs to learn the ranges of the activations from, got none: add --photos data/starter"
        )
    loaded = from_pretrained(model)
    temperature = loaded.decoding.get("temperature", params.TEMPERATURE.value)
    size = loaded.size
    calibration, measured = _photographs(photos, size) if photos is not None else ([], [])
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "exact" if int8 else output
        export_onnx(loaded.model, exact, dynamic, temperature, size)
        yield from _check(loaded.model, exact, temperature, size, dynamic)
        if int8:
            quantise_onnx(exact, output, [rgb_to_lab(rgb)[:, :1] for rgb in calibration])
    if measured:
        found = agreement(loaded.model, load_onnx(output), measured, temperature)
        yield (
            f"On {found.photographs} photographs: mean ΔE2000 {found.delta_e:.3f}, largest difference of a or b "
            f"{found.largest_ab:.3g}; AuC {100 * found.auc:.2f} %, of which {100 * found.auc_lost:.3f} are lost."
        )
    megabytes = (output / "model.onnx").stat().st_size / 1e6
    yield f"{model} -> {output}, {megabytes:.1f} MB, {'int8' if int8 else 'float32'}"


def _check(network: Network, exported: Path, temperature: float, size: int, dynamic: bool) -> Iterator[str]:
    """Compare the export with the network on noise, at sizes that need padding; a faulty graph differs by units."""
    sizes = [(1, 8, 8), (2, 61, 83), (1, size, size)] if dynamic else [(1, size, size)]
    generator = torch.Generator().manual_seed(0)
    noise = [torch.randint(0, 256, (n, 3, h, w), generator=generator, dtype=torch.uint8) for n, h, w in sizes]
    largest = agreement(network, load_onnx(exported), noise, temperature).largest_ab
    if not largest <= LARGEST_AB:
        raise ColorlibError(
            f"{exported} gives colours that differ by up to {largest:.3g} ab units from the network, expected "
            f"{LARGEST_AB:g}: report this with the versions of torch and onnxruntime."
        )
    yield f"ONNX Runtime and PyTorch differ by {largest:.2g} ab units at most, on noise of {len(sizes)} sizes."


def _photographs(folder: Path, size: int) -> tuple[list[Tensor], list[Tensor]]:
    """Squares 1×3×size×size uint8 to calibrate with and to measure on; no photograph is in both."""
    if (folder / MANIFEST).is_file():
        rows = read_manifest(folder / MANIFEST)
        first, second = (
            [resize_to_square(load_photo(row, folder), size) for row in rows if row.split == split]
            for split in ("train", "test")
        )
    else:
        if not folder.is_dir():
            raise ColorlibError(f"{folder} is no folder, expected one with photographs: name another with --photos.")
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
        squares = [resize_to_square(decode(path), size) for path in files]
        first, second = squares[::2], squares[1::2]
    if not first or not second:
        raise ColorlibError(
            f"{folder} holds {len(first)} photographs to calibrate with and {len(second)} to measure on, expected some "
            "of both: add photographs."
        )
    step = -(-len(first) // MOST_CALIBRATION)  # spread over the set
    calibration, measured = (
        [torch.from_numpy(square.copy()).permute(2, 0, 1)[None] for square in squares]  # (1, 3, S, S)
        for squares in (first[::step], second)
    )
    return calibration, measured
