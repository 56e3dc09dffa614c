"""`params.yaml`, checked before anything runs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from colorlib import params
from colorlib.errors import ColorlibError
from colorlib.models.resources import pick_device, pick_dtype
from colorlib.ops.decoding import LEAST_TEMPERATURE
from colorlib.ops.encoding import LEAST_SIGMA, MOST_SIGMA
from colorlib.ops.grid import Grid
from colorlib.pipeline.stage import console, run_stage
from colorlib.training.settings import Settings, TrainingSettings

RunName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
GridName = Literal["paper", "full"]


class ShardsSettings(Settings):
    """Prepared images of a large source, as tar files.

    Attributes:
        originals: store the files as they are, of whatever size.
        quality: of JPEG files where they are not the originals.
        per_shard: images a tar file.
    """

    originals: bool = False
    quality: int = Field(95, ge=1, le=100)
    per_shard: int = Field(1000, ge=1, le=100_000)


class PrepareSettings(Settings):
    """From photographs to equally large squares.

    Attributes:
        source: the folder with manifest.csv and the photographs; for shards a folder with images at any depth will do.
        size: side of the squares in pixels.
        shards: how to store a source of more than some ten thousand images; None makes one array a split.
    """

    source: str = "data/starter"
    size: int = Field(256, ge=8, le=4096)
    shards: ShardsSettings | None = None


class EncodingSettings(Settings):
    """Soft encoding of ab: `k` nearest bins, Gaussian of width `sigma` in ab units."""

    k: int = Field(params.NEIGHBOURS.value, ge=1, le=484)
    sigma: float = Field(params.ENCODING_SIGMA.value, ge=LEAST_SIGMA, le=MOST_SIGMA)


class RebalancingSettings(Settings):
    """Prior smoothing of width `sigma` in ab units, and the share `lam` of the uniform distribution (eq. 4)."""

    sigma: float = Field(params.SMOOTHING_SIGMA.value, ge=LEAST_SIGMA, le=MOST_SIGMA)
    lam: float = Field(params.UNIFORM_SHARE.value, ge=0, le=1)


class DecodingSettings(Settings):
    """Annealed mean at `temperature` (eq. 5)."""

    temperature: float = Field(params.TEMPERATURE.value, ge=LEAST_TEMPERATURE, le=1)


class TrainSettings(TrainingSettings):
    """What all runs of the matrix share.

    Attributes:
        model: the network, "mobilelite" or "papernet".
        seed: of weights, order, crops and mirrors.
        workers: processes that read photographs ahead; 0 reads when asked, None decides by the device. Their number
            changes no weight.
    """

    model: Literal["mobilelite", "papernet"] = "mobilelite"
    seed: int = Field(0, ge=0, lt=2**31)
    workers: int | None = Field(None, ge=0, le=64)


class RunSettings(Settings):
    """One run of the matrix.

    Attributes:
        objective: "classification" (the paper) or "regression" (its baseline).
        grid: bins of the classification: "paper" (313) or "full" (484).
        rebalancing: whether the loss is weighted by the rarity of colours.
    """

    objective: Literal["classification", "regression"] = "classification"
    grid: GridName = "paper"
    rebalancing: bool = True

    @model_validator(mode="after")
    def _regression_has_no_bins(self) -> "RunSettings":
        extra = self.model_fields_set & {"grid", "rebalancing"}
        if self.objective == "regression" and extra:
            raise ValueError(f"regression has no bins: leave out {' and '.join(sorted(extra))}")
        return self


class EvaluateSettings(Settings):
    """Evaluation on the test split.

    Attributes:
        pictures: rows of the picture grid.
    """

    pictures: int = Field(8, ge=1, le=64)


class PipelineSettings(Settings):
    """All of `params.yaml`; `main` names the run that stands for the paper."""

    prepare: PrepareSettings = PrepareSettings()
    encoding: EncodingSettings = EncodingSettings()
    rebalancing: RebalancingSettings = RebalancingSettings()
    decoding: DecodingSettings = DecodingSettings()
    train: TrainSettings = TrainSettings()
    runs: dict[RunName, RunSettings] = Field(min_length=1)
    main: str
    evaluate: EvaluateSettings = EvaluateSettings()

    @model_validator(mode="after")
    def _consistent(self) -> "PipelineSettings":
        if self.main not in self.runs:
            raise ValueError(f"main is {self.main!r}, which is none of the runs: {', '.join(self.runs)}")
        if self.train.crop > self.prepare.size:
            raise ValueError(f"train.crop ({self.train.crop}) is larger than prepare.size ({self.prepare.size})")
        for name, run in self.runs.items():
            bins = len(Grid.by_name(run.grid))
            if run.objective == "classification" and self.encoding.k > bins:
                raise ValueError(f"encoding.k ({self.encoding.k}) is larger than the {bins} bins of runs.{name}")
        try:
            pick_dtype(self.train.precision, pick_device())
        except ColorlibError as error:
            raise ValueError(f"train.precision: {error}") from error
        return self

    def single_yaml(self) -> str:
        """Everything about the main run, as `load_single` reads it."""
        content = self.model_dump(mode="json", exclude={"runs", "main", "evaluate"})
        content["prepare"] = {"size": self.prepare.size}
        run = self.runs[self.main]
        bins = {"grid", "rebalancing"} if run.objective == "regression" else set()
        return yaml.safe_dump(content | {"run": run.model_dump(mode="json", exclude=bins)}, sort_keys=False)

    def run(self, name: str) -> RunSettings:
        """The run called `name`.

        Raises:
            ColorlibError: there is none.
        """
        if name not in self.runs:
            raise ColorlibError(f"params.yaml has no run {name!r}; its runs are {', '.join(self.runs)}")
        return self.runs[name]


def load_settings(path: Path = Path("params.yaml")) -> PipelineSettings:
    """Read and check `params.yaml`.

    Raises:
        ColorlibError: the file is missing or no YAML, or a key stands twice, is unknown, missing, of a wrong type or
            out of range: one line for each, with the key's path.
    """
    content = _read(path, "run this from the project's folder")
    try:
        return PipelineSettings.model_validate(content)
    except ValidationError as error:
        raise ColorlibError("\n".join(_lines(path, error))) from error


def load_single(path: Path | None, source: Path, overrides: Mapping[str, object]) -> PipelineSettings:
    """The settings of one run called "run", which has a section `run` instead of `runs`, `main` and `evaluate`.

    Args:
        path: a YAML file with any of prepare, encoding, rebalancing, decoding, train and run; None for none of them.
        source: of the images.
        overrides: of the section `train`.

    Raises:
        ColorlibError: as of `load_settings`.
    """
    shown = path or Path("settings")
    content = dict(_read(path, "name a file that exists")) if path is not None else {}
    for key in ("runs", "main", "evaluate"):
        if key in content:
            raise ColorlibError(f"{shown}: {key} belongs to params.yaml; one run is described by the section run")
    sections = {key: content.get(key) or {} for key in ("train", "prepare")}
    for key, section in sections.items():
        if not isinstance(section, Mapping):
            raise ColorlibError(f"{shown}: {key} holds {type(section).__name__}, expected keys with values")
    for key in ("source", "shards"):
        if key in sections["prepare"]:
            raise ColorlibError(f"{shown}: prepare.{key} is what --data says; leave it out")
    content["train"] = {**sections["train"], **overrides}
    content["prepare"] = {**sections["prepare"], "source": str(source)}
    runs = {"run": content.pop("run", None) or {}}
    try:
        return PipelineSettings.model_validate(content | {"runs": runs, "main": "run"})
    except ValidationError as error:
        raise ColorlibError("\n".join(line.replace(" runs.run", " run") for line in _lines(shown, error))) from error


def _read(path: Path, remedy: str) -> Mapping[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # a SafeLoader
    except FileNotFoundError:
        raise ColorlibError(f"there is no {path}: {remedy}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ColorlibError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping):
        raise ColorlibError(f"{path} holds {type(content).__name__}, expected keys such as prepare, train and runs")
    return content


class _Loader(yaml.SafeLoader):
    """YAML wants the keys of a mapping unique; PyYAML alone lets the last one win."""

    def compose_mapping_node(self, anchor: dict[Any, yaml.Node]) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                line, name = key.start_mark.line + 1, (key.tag, key.value)
                if name in lines:
                    where = f"in lines {lines[name]} and {line}"
                    raise yaml.YAMLError(f"the key {key.value!r} stands twice, {where}; remove one")
                lines[name] = line
        return node


def _lines(path: Path, error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "unknown key; check the spelling"
        elif item["type"] != "missing" and not isinstance(item["input"], Mapping):
            message = f"{message[0].lower()}{message[1:]}, got {item['input']!r}"
            if item["type"] == "float_type":
                message += _remedy(item["input"])
        lines.append(f"{path}: {key + ': ' if key else ''}{message}")
    return lines


def _remedy(text: object) -> str:
    """YAML 1.1 reads 3e-5 as text: a number with an exponent needs a dot, and the exponent a sign."""
    match = re.fullmatch(r"([-+]?\d+)(\.\d*)?(?:[eE]([-+]?)(\d+))?", text) if isinstance(text, str) else None
    if match is None:
        return ""
    whole, fraction, sign, exponent = match.groups()
    return f": write {whole}{fraction or '.0'}" + (f"e{sign or '+'}{exponent}" if exponent else "")


def main() -> None:
    """Check `params.yaml` and say that it is right."""
    settings = load_settings()
    console.print(f"params.yaml: {len(settings.runs)} runs, the main one is {settings.main}")


if __name__ == "__main__":
    run_stage("parameters", main)
