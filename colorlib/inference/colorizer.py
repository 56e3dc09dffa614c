"""The object a user holds: a trained network that colorizes photographs."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from colorlib import params
from colorlib.cache import Cache, Scalar
from colorlib.errors import ColorlibError
from colorlib.inference.analysis import Analysis
from colorlib.inference.checks import check_blend, check_side, check_temperature, check_tile
from colorlib.inference.engine import Engine, MemoryExhausted
from colorlib.inference.kept import Kept
from colorlib.inference.looking import seen_size
from colorlib.inference.photograph import Photograph
from colorlib.inference.receptive_field import measured_margin
from colorlib.inference.recombine import recombine
from colorlib.inference.rendering import Rendered
from colorlib.inference.tiling import Progress, Tiling, held_together, smaller, tiled_ab
from colorlib.models.base import ColorNet
from colorlib.models.pretrained import CONFIG, from_pretrained
from colorlib.models.resources import Device, Precision, pick_device, pick_dtype
from colorlib.ops.composition import AbMap
from colorlib.ops.decoding import annealed_mean
from colorlib.ops.grid import Grid
from colorlib.ops.lab import lightness_of, rgb_to_lab


class Colorizer:
    """A network with its decoding.

    Args:
        model: any network of `colorlib.models`; it is put into evaluation mode.
        size: short side in pixels of what the network sees; photographs are scaled to it, and keep their own lightness
            in the result.
        temperature: of the annealed mean (eq. 5), 10⁻⁶ to 1.
        precision: of the convolutions: fp32, bf16, fp16 (CUDA only), or auto: fp16 on CUDA, bf16 on a CPU that has it,
            fp32 else. Anything but fp32 works on a copy of `model`.
        device: cpu, cuda, auto, or None: where the model lies.
        cache: where predicted colours are kept and looked up; None keeps none.

    Attributes:
        temperature: the default one.
        size: as the argument.
        grid: of the bins, None for regression.
        engine: what runs the network.

    Raises:
        ColorlibError: a classification model that does not say which grid its bins belong to, fp16 on a CPU, cuda where
            there is none, or an argument that is out of range or unknown.
    """

    def __init__(
        self,
        model: ColorNet,
        size: int = 256,
        temperature: float = params.TEMPERATURE.value,
        precision: Precision = "fp32",
        device: Device | None = None,
        cache: Cache | None = None,
    ) -> None:
        if model.head == "classification" and model.grid is None:
            raise ColorlibError("the model does not name the grid of its bins: build it with grid='paper' or 'full'")
        check_side(size)
        check_temperature(temperature)
        where = next(model.parameters()).device if device is None else pick_device(device)
        self.engine = Engine(model.eval(), where, pick_dtype(precision, where))
        self.size = size
        self.temperature = temperature
        self.grid = Grid.by_name(model.grid) if model.grid is not None else None
        self.cache = cache
        self._weights_sha256: str | None = None

    @classmethod
    def from_pretrained(
        cls,
        directory: str | Path,
        precision: Precision = "auto",
        device: Device = "auto",
        cache: Cache | None = None,
    ) -> "Colorizer":
        """Load what the training stage saved, e.g. `models/class-313-rebalanced`, for the best that the machine has.

        Raises:
            ColorlibError: no model there, or a damaged one; a device or a precision that the machine does not have.
        """
        loaded = from_pretrained(directory)
        colorizer = cls(loaded.model, loaded.size, precision=precision, device=device, cache=cache, **loaded.decoding)
        config = json.loads((Path(directory) / CONFIG).read_text(encoding="utf-8"))
        colorizer._weights_sha256 = config["weights_sha256"]  # which loading has checked
        return colorizer

    @property
    def model(self) -> ColorNet:
        """The network that runs."""
        return self.engine.model

    @property
    def method(self) -> str:
        """ "classification" or "regression"."""
        return self.model.head

    def __call__(
        self,
        image: Image.Image,
        temperature: float | None = None,
        blend: float = 1.0,
        tile: int | None = None,
        overlap: int | None = None,
        global_pass: bool = True,
    ) -> Image.Image:
        """Colorize one photograph of any mode and size; only its lightness is looked at.

        Args:
            image: as Pillow opened it.
            temperature: of the annealed mean, 10⁻⁶ to 1; None is the model's.
            blend: 0 (grey) to 1 (as predicted).
            tile: side of the tiles in which the network works at full resolution; None shows it the picture scaled to
                `size`, as released.
            overlap: of tiles in pixels; None follows the measured receptive field.
            global_pass: with tiles, take the large-scale colours from one look at the whole picture.

        Returns:
            An upright RGB image (RGBA where the input has alpha) of the same size (EXIF orientation applied) with the
            lightness of the input.

        Raises:
            ColorlibError: not a PIL image, one without pixels or that cannot be decoded, or of a mode that has no
                defined range; an option out of range.
        """
        return self.render(Photograph.from_pil(image), temperature, blend, tile, overlap, global_pass).image

    def render(
        self,
        photograph: Photograph,
        temperature: float | None = None,
        blend: float = 1.0,
        tile: int | None = None,
        overlap: int | None = None,
        global_pass: bool = True,
    ) -> Rendered:
        """As `__call__`, with the share of clamped pixels; a picture that the cache holds is not rendered again.

        Raises:
            ColorlibError: an option out of range.
        """
        check_blend(blend)
        tiling = None if tile is None else self._tiling(tile, overlap, global_pass)
        kept = self._kept(photograph, temperature, tiling)
        rendered = None if kept is None else kept.picture(blend)
        if rendered is None:
            rendered = self.analyse(photograph, tile, overlap, global_pass).render(temperature, blend)
            if kept is not None:
                kept.keep_picture(blend, rendered)
        return rendered

    def analyse(
        self,
        image: Image.Image | Photograph,
        tile: int | None = None,
        overlap: int | None = None,
        global_pass: bool = True,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        batch: int | None = None,
    ) -> Analysis:
        """Prepare a photograph, so that the network runs once for all temperatures and blends.

        The network runs when a colour is first asked for. With tiles, which are decoded one by one, it runs for each
        temperature; `progress` and `cancelled` are called then, and `Cancelled` is raised there.

        Args:
            image: a PIL image, or what `read_photograph` gave.
            tile, overlap, global_pass: as in `__call__`.
            progress: called with (tiles done, tiles in all) after each batch.
            cancelled: asked before each batch; True stops.
            batch: tiles that run together.

        Raises:
            ColorlibError: as `__call__`.
        """
        photograph = image if isinstance(image, Photograph) else Photograph.from_pil(image)
        seen = self.seen_size(photograph.size)
        full = first = None
        if tile is not None:
            tiling = self._tiling(tile, overlap, global_pass, batch)
            full = partial(self._full_resolution, photograph, tiling, progress, cancelled)
        elif self.cache is not None:
            first = lambda chosen: self.colours([photograph], chosen)[0]  # noqa: E731
        return Analysis(self, photograph, seen, lambda: self.logits(self.look(photograph)), full, first)

    def colours(
        self,
        photographs: Sequence[Photograph],
        temperature: float | None = None,
        looks: Sequence[Tensor] | None = None,
    ) -> list[AbMap]:
        """The colours of several photographs; those that the network sees at one size run as one batch.

        Args:
            photographs: of any sizes.
            temperature: as in `__call__`.
            looks: what `look` gives for each of them, where that is known already.
        """
        places = [self._kept(photograph, temperature, None) for photograph in photographs]
        found = {i: ab for i, kept in enumerate(places) if kept is not None and (ab := kept.colours()) is not None}
        seen = {i: looks[i] if looks else self.look(photographs[i]) for i in range(len(places)) if i not in found}
        for shape in {tuple(look.shape) for look in seen.values()}:
            members = [i for i, look in seen.items() if tuple(look.shape) == shape]
            predicted = self.predict(torch.cat([seen[i] for i in members]), temperature).float().cpu()
            for i, values in zip(members, predicted, strict=True):
                found[i] = AbMap(values.clone(), self.model.stride, *shape[-2:])
                if (kept := places[i]) is not None:
                    kept.keep_colours(found[i])
        return [found[i] for i in range(len(places))]

    def predict(self, lightness: Tensor, temperature: float | None = None) -> Tensor:
        """The ab map for L (N×1×H×W, [0, 100]) at the network's stride: N×2×⌈H/stride⌉×⌈W/stride⌉, Lab units."""
        return self.decode(self.logits(lightness), temperature)

    def logits(self, lightness: Tensor) -> Tensor:
        """The network's output, as `ColorNet.logits`; when memory runs out, in smaller batches, then on the CPU.

        Raises:
            ColorlibError: not even one picture fits into the memory of the CPU.
        """
        try:
            return self.engine.logits(lightness)
        except MemoryExhausted:
            if self.engine.device.type == "cpu":
                raise
        self.engine.to_cpu()
        return self.engine.logits(lightness)

    def decode(self, output: Tensor, temperature: float | None = None) -> Tensor:
        """ab, N×2×h×w in Lab units, from the network's output.

        Raises:
            ColorlibError: a temperature for regression, or one out of range.
        """
        chosen = self.temperature_or_default(temperature)
        return output if self.grid is None else annealed_mean(output, self.grid, chosen)

    def temperature_or_default(self, temperature: float | None) -> float:
        """The temperature that counts.

        Raises:
            ColorlibError: one for a regression model, which has none, or one that is not 10⁻⁶ to 1.
        """
        if temperature is None:
            return self.temperature
        if self.grid is None:
            raise ColorlibError("a regression model has no temperature: leave it out, or use a classification model")
        check_temperature(temperature)
        return temperature

    def colorize_batch(self, rgb: Tensor) -> Tensor:
        """Colorize equally large images at their own size: uint8 sRGB N×3×H×W -> the same."""
        lightness = rgb_to_lab(rgb)[:, :1]
        return recombine(lightness, self.predict(lightness).to(rgb.device), self.model.stride)

    def seen_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Height and width of what the network is shown of a picture of that width and height."""
        return seen_size(size, self.size)

    def look(self, photograph: Photograph) -> Tensor:
        """L of the whole picture as the network is shown it, 1×1×h×w."""
        height, width = self.seen_size(photograph.size)
        return lightness_of(photograph.resized(width, height))

    @cached_property
    def margin(self) -> int:
        """How far the network sees, in pixels; measured when first asked for."""
        engine = self.engine.exact()

        def predict(lightness: Tensor) -> Tensor:
            return torch.cat([self.decode(engine.logits(one)) for one in lightness[:, None]])  # one by one: less memory

        return measured_margin(predict, self.model.stride, self.model.multiple)

    @property
    def weights_sha256(self) -> str:
        """Of the model's file; of the weights' bytes for a network that was never saved."""
        if self._weights_sha256 is None:
            digest = hashlib.sha256()
            for name, value in sorted(self.model.state_dict().items()):
                digest.update(name.encode() + value.float().cpu().contiguous().numpy().tobytes())
            self._weights_sha256 = digest.hexdigest()
        return self._weights_sha256

    def _full_resolution(
        self,
        photograph: Photograph,
        tiling: Tiling,
        progress: Progress | None,
        cancelled: Callable[[], bool] | None,
        temperature: float | None,
    ) -> AbMap:
        kept = self._kept(photograph, temperature, tiling)
        if kept is not None and (found := kept.colours()) is not None:
            return found
        whole = self.colours([photograph], temperature)[0] if tiling.global_pass else None

        def predict(lightness: Tensor) -> Tensor:
            return self.decode(self.engine.logits(lightness), temperature).float().cpu()

        one = max(photograph.size) <= tiling.tile
        trying = tiling
        while True:
            margin = 0 if one and trying == tiling else self.margin
            try:
                tiles = tiled_ab(photograph, predict, self.model, trying, margin, progress, cancelled)
                break
            except MemoryExhausted:
                trying = self._retreat(trying, tiling)
        colours = tiles if whole is None else held_together(tiles, whole, tiling.tile)
        if kept is not None:
            kept.keep_colours(colours)
        return colours

    def _retreat(self, trying: Tiling, wanted: Tiling) -> Tiling:
        """What to try next when one tile is too much: smaller ones, then the CPU with those that were wanted."""
        try:
            return smaller(trying, self.model, self.margin)
        except MemoryExhausted:
            if self.engine.device.type == "cpu":
                raise
        self.engine.to_cpu()
        return wanted

    def _tiling(self, tile: int, overlap: int | None, global_pass: bool, batch: int | None = None) -> Tiling:
        check_tile(tile, overlap, self.model.multiple)
        return Tiling(tile, overlap, global_pass, batch)

    def _kept(self, photograph: Photograph, temperature: float | None, tiling: Tiling | None) -> Kept | None:
        chosen = self.temperature_or_default(temperature)
        if self.cache is None:
            return None
        options: dict[str, Scalar] = {"device": self.engine.device.type, "dtype": str(self.engine.dtype)}
        options |= {"size": self.size, "temperature": None if self.grid is None else float(chosen)}
        if tiling is not None:
            options |= {"tile": tiling.tile, "overlap": tiling.overlap, "global_pass": tiling.global_pass}
        return Kept(self.cache, photograph, self.weights_sha256, options)
