"""Steps of training to rehearse: what `footprint` predicts the memory of, made from the trainer's own parts."""

import torch

from colorlib.models import registry
from colorlib.training.objective import Objective
from colorlib.training.settings import TrainingSettings
from colorlib.training.step import Stepper
from colorlib.training.world import World
from footprint import Prepare, Step

CPU, ALONE = torch.device("cpu"), World()


def training_step(
    config: dict[str, object],
    objective: Objective,
    settings: TrainingSettings,
    dtype: torch.dtype,
    device: torch.device = CPU,
    world: World = ALONE,
) -> Prepare:
    """Everything from an untrained network to one whole step, for `footprint.training_peak`.

    Args:
        config: of the network, as `model.config`.
        objective: made for the network's head.
        settings: of the run; batch_size, micro_batch, crop, checkpointing and optimiser decide about memory.
        dtype: of the forward pass.
        device: where a real run puts the network; a rehearsal stays on the CPU, whatever it stands for.
        world: the processes of the run; the memory is that of one of them.
    """

    def prepare() -> tuple[torch.nn.Module, Step]:
        model = registry.build(**config)  # type: ignore[arg-type]  # its name is a str
        model.checkpointing = settings.checkpointing
        model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stub
        stepper = Stepper(model.train(), objective, settings, dtype, world)
        share = -(-settings.batch_size // world.size)
        rgb = torch.randint(0, 256, (share, 3, settings.crop, settings.crop), dtype=torch.uint8)  # grey takes no part

        def step() -> None:
            stepper.step(1, rgb, settings.batch_size, settings.optimiser.learning_rate, watch=True)

        return model, step

    return prepare
