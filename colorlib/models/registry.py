"""Networks by name, for configurations and saved weights."""

from collections.abc import Callable

from colorlib.errors import ColorlibError
from colorlib.models.base import ColorNet
from colorlib.models.mobilelite import MobileLite
from colorlib.models.papernet import PaperNet

MODELS: dict[str, Callable[..., ColorNet]] = {PaperNet.name: PaperNet, MobileLite.name: MobileLite}


def build(name: str, **config: object) -> ColorNet:
    """The network called `name`; `build(**model.config)` makes an untrained copy of `model`.

    Args:
        name: "papernet" or "mobilelite".
        config: the arguments of its class: q, head, checkpointing, grid; fusion for papernet.

    Raises:
        ColorlibError: no network has that name, or it takes no such argument or value.
    """
    if name not in MODELS:
        raise ColorlibError(f"Got the model name {name!r}, expected one of {', '.join(sorted(MODELS))}.")
    try:
        return MODELS[name](**config)
    except TypeError as error:
        raise ColorlibError(f"The model {name!r} cannot be built from {config}: {error}.") from error
