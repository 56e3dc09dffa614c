"""Steps of training to rehearse: what `footprint` predicts the memory of, made from the trainer's own parts."""

import torch

from colorlib.models import ColorNet, registry
from colorlib.models.resources import pick_device, pick_dtype
from colorlib.training.objective import Objective
from colorlib.training.settings import TrainingSettings
from colorlib.training.step import Stepper
from colorlib.training.world import World
from footprint import Peak, Prepare, Step, training_peak

CPU = torch.device("cpu")


def training_step(
    config: dict[str, object],
    objective: Objective,
    settings: TrainingSettings,
    dtype: torch.dtype,
    device: torch.device = CPU,
) -> Prepare:
    """Everything from an untrained network to one whole step, for `footprint.training_peak`.

    Args:
        config: of the network, as `model.config`.
        objective: made for the network's head.
        settings: of the run; batch_size, micro_batch, crop, checkpointing and optimiser decide about memory.
        dtype: of the forward pass.
        device: where a real run puts the network; a rehearsal stays on the CPU, whatever it stands for.
    """

    def prepare() -> tuple[torch.nn.Module, Step]:
        model = registry.build(**config)  # type: ignore[arg-type]  # its name is a str
        model.checkpointing = settings.checkpointing
        model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stub
        stepper = Stepper(model.train(), objective, settings, dtype, World())
        shape = (settings.batch_size, 3, settings.crop, settings.crop)
        rgb = torch.randint(0, 256, shape, dtype=torch.uint8)  # in colour: grey images take no part

        def step() -> None:
            stepper.step(1, rgb, settings.batch_size, settings.optimiser.learning_rate, watch=True)

        return model, step

    return prepare


def predicted_peak(model: ColorNet, objective: Objective, settings: TrainingSettings, processes: int = 1) -> Peak:
    """What training will take on this machine's device, before it begins; in a second, and without a trace.

    Args:
        model: untrained or not; only its configuration is looked at.
        objective: made for its head.
        settings: of the run.
        processes: that share each batch; the memory is that of one of them.
    """
    device = pick_device()
    share = -(-settings.batch_size // processes)  # rounded up
    checkpointing = model.checkpointing or settings.checkpointing
    own = settings.model_copy(update={"batch_size": share, "checkpointing": checkpointing})
    prepare = training_step(model.config, objective, own, pick_dtype(settings.precision, device))
    with torch.random.fork_rng(devices=[]):  # the run draws the numbers that it would have drawn
        return training_peak(prepare, device=device.type)
