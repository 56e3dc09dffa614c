"""Which of the trained models to take."""

import json
from pathlib import Path

from colorlib.errors import ColorlibError
from colorlib.models.pretrained import CONFIG

MODELS = Path("models")  # where the pipeline writes them
MAIN = {"classification": "class-313-rebalanced", "regression": "regression"}  # of several, the paper's


def find_model(place: Path = MODELS, method: str | None = None) -> Path:
    """The model's folder.

    Args:
        place: a model's folder, or a folder of several.
        method: "classification" or "regression"; None takes what a model's folder holds, and classification of several.

    Raises:
        ColorlibError: no model is there, none of that method, or several and none has the pipeline's usual name.
    """
    if (place / CONFIG).exists():
        found = head_of(place)
        if method is not None and found != method:
            raise ColorlibError(
                f"{place} is a {found} model, not {method}: name another with --model, or leave out --method"
            )
        return place
    wanted = method or "classification"
    folders = sorted(path.parent for path in place.glob(f"*/{CONFIG}")) if place.is_dir() else []
    fitting = [folder for folder in folders if head_of(folder) == wanted]
    usual = place / MAIN[wanted]
    if usual in fitting:
        return usual
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(folder.name for folder in fitting)
        raise ColorlibError(f"{place} holds several {wanted} models ({names}): name one of them with --model")
    kind = f"{wanted} model" if folders else "trained model"
    raise ColorlibError(f"{place} holds no {kind}: train one (make repro), or name a model's folder with --model")


def head_of(folder: Path) -> str | None:
    """What the model's configuration says that it predicts; None where it cannot be read, as loading will explain."""
    try:
        head = json.loads((folder / CONFIG).read_bytes())["architecture"].get("head", "classification")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return head if isinstance(head, str) else None
