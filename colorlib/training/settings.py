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


class SavingSettings(Settings):
    """When checkpoints are written, and how many stay. They change no weight.

    A checkpoint is due when either interval has passed, and at the end of an epoch that is the best so far.

    Attributes:
        minutes: between two checkpoints; None: not by the clock.
        steps: between two checkpoints; None: not by the count.
        keep: how many of the newest stay; the best one stays beside them.
    """

    minutes: float | None = Field(10.0, gt=0)
    steps: int | None = Field(None, ge=1)
    keep: int = Field(3, ge=1)


class WatchingSettings(Settings):
    """How often is looked at what a run does. It changes no weight.

    Attributes:
        chroma: steps between two looks at the chroma of the predictions.
        pictures: steps between two sheets of pictures.
        seconds: between two entries of a step's metrics.
    """

    chroma: int = Field(10, ge=1)
    pictures: int = Field(500, ge=1)
    seconds: float = Field(5.0, ge=0)


class TrainingSettings(Settings):
    """One run of the trainer.

    Attributes:
        epochs: passes over the training split.
        batch_size: images a step, over all processes.
        micro_batch: images that a process puts through the network at once; their gradients add up to those of the
            batch. None: its whole share. Batch norm then sees micro-batches (colorlib.training.step).
        crop: side of the random crops in pixels.
        precision: of the forward pass: "fp32", "bf16", "fp16" (CUDA only), or "auto" for what suits the device.
        checkpointing: recompute activations in the backward pass: the same gradients, less memory, more time.
        loss_scale: what is differentiated: "batch", the loss summed over pixels and divided by the batch (as released),
            or "mean", divided by the pixels as well. Adam divides the scale out again, but coupled weight decay is
            added to the gradient before: at 44×44 predictions "mean" makes it 1936 times stronger.
        clip_norm: gradients longer than this are shortened to it, all weights together; None: not at all.
        skip_limit: batches whose loss or gradient is not finite are skipped, up to so many in a run; one more ends it.
        initialisation: of the weights: "plain" (random, by the sizes of the layers), or from photographs: "normalised"
            (activations of mean 0 and variance 1) and "kmeans" (filters from clusters, then the same).
        optimiser: Adam.
        schedule: of the learning rate.
        saving: of checkpoints.
        watching: what is logged, and how often.
    """

    epochs: int = Field(1, ge=1)
    batch_size: int = Field(params.BATCH_SIZE.value, ge=1)
    micro_batch: int | None = Field(None, ge=1)
    crop: int = Field(params.CROP_SIZE.value, ge=8)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    checkpointing: bool = False
    loss_scale: Literal["batch", "mean"] = "batch"
    clip_norm: float | None = Field(None, gt=0)
    skip_limit: int = Field(10, ge=0)
    initialisation: Literal["plain", "normalised", "kmeans"] = "plain"
    optimiser: OptimiserSettings = OptimiserSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    saving: SavingSettings = SavingSettings()
    watching: WatchingSettings = WatchingSettings()
