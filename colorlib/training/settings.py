"""Everything a training run can be told, with the paper's values as defaults."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from colorlib import params


class Settings(BaseModel):
    """Base of all settings: immutable, no unknown keys, no silent conversions, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class OptimiserSettings(Settings):
    """Adam (paper, section 3.1).

    Attributes:
        learning_rate: at the start of the schedule.
        beta1: decay of the first moment.
        beta2: decay of the second moment.
        weight_decay: L2 factor.
        decoupled: False adds the decay to the gradient (coupled, as released); True is AdamW.
    """

    learning_rate: float = Field(params.LEARNING_RATE.value, gt=0)
    beta1: float = Field(params.ADAM_BETA1.value, ge=0, lt=1)
    beta2: float = Field(params.ADAM_BETA2.value, ge=0, lt=1)
    weight_decay: float = Field(params.WEIGHT_DECAY.value, ge=0)
    decoupled: bool = False


class ScheduleSettings(Settings):
    """How the learning rate goes.

    Attributes:
        kind: "paper": lowered at the iterations of the paper, in the paper's proportions; "cosine": down to zero over
            the run.
        warmup: share of the run over which the rate rises linearly from zero, in [0, 1); cosine only.
    """

    kind: Literal["paper", "cosine"] = "paper"
    warmup: float = Field(0.0, ge=0, lt=1)


class TrainingSettings(Settings):
    """One run of the trainer.

    Attributes:
        epochs: passes over the training split.
        batch_size: images a step.
        crop: side of the random crops in pixels.
        precision: of the forward pass: "fp32", "bf16", "fp16" (CUDA only), or "auto" for what suits the device.
        optimiser: Adam.
        schedule: of the learning rate.
    """

    epochs: int = Field(1, ge=1)
    batch_size: int = Field(params.BATCH_SIZE.value, ge=1)
    crop: int = Field(params.CROP_SIZE.value, ge=8)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    optimiser: OptimiserSettings = OptimiserSettings()
    schedule: ScheduleSettings = ScheduleSettings()
