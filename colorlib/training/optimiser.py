"""Adam as the paper uses it."""

from collections.abc import Iterable

import torch
from torch.nn import Parameter

from colorlib.training.settings import OptimiserSettings


def build_optimiser(
    parameters: Iterable[Parameter], settings: OptimiserSettings | None = None
) -> torch.optim.Adam | torch.optim.AdamW:
    """Adam (paper, section 3.1) with coupled decay as released, or AdamW where `settings.decoupled`.

    Args:
        parameters: float tensors to optimise; batch norm and biases are decayed as well, as released.
        settings: the paper's where None.
    """
    settings = settings or OptimiserSettings()
    kind = torch.optim.AdamW if settings.decoupled else torch.optim.Adam
    return kind(
        parameters,
        lr=settings.learning_rate,
        betas=(settings.beta1, settings.beta2),
        weight_decay=settings.weight_decay,
        fused=True,  # one pass over the weights instead of ten, and no temporaries
    )
