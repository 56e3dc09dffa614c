"""Where a module trains a network."""

import ast
import re

from audit.rules.code import Module, last_name
from audit.target import Piece

LIGHTNING = ("lightning", "pytorch_lightning")
FITTING = (
    "fit", "fit_generator", "train_on_batch", "apply_gradients", "minimize", "fit_one_cycle", "fine_tune", "learn",
)  # fmt: skip
FITTERS = (*LIGHTNING, "keras", "tensorflow", "optax", "flax", "fastai", "skorch", "stable_baselines3", "sb3_contrib")
RUNNERS = {"segmentation_models_pytorch.utils.train.TrainEpoch"}  # its run() goes through the loader
# Libraries whose fit() trains no network: scalers, trees, statistics, searches.
ESTIMATORS = ("sklearn", "xgboost", "lightgbm", "catboost", "imblearn", "statsmodels", "umap", "scipy", "ray", "optuna")
# What only a network's fit() is given, and what networks and their trainers are called.
OF_KERAS = {"steps_per_epoch", "validation_data", "validation_split", "callbacks", "batch_size"}
OF_A_NETWORK = {*OF_KERAS, "epochs", "nb_epoch", "datamodule", "train_dataloaders", "train_dataloader", "ckpt_path"}
NETWORK = re.compile(
    r"(^|_)(model|net|network|trainer|autoencoder|vae|gan|cnn|rnn|lstm|classifier|engine|learn|learner)(_|\d|$)"
)


def training_place(module: Module) -> tuple[Piece, int] | None:
    """Where a module trains: `loss.backward()` beside `optimizer.step()`, a fit(), gradients that are applied."""
    backward: tuple[Piece, int] | None = None
    steps = False
    for piece, call, name in module.calls:
        last = name.rpartition(".")[2] or (call.func.attr if isinstance(call.func, ast.Attribute) else "")
        if last == "backward" and backward is None:
            backward = piece, call.lineno
        if (name in ("jax.grad", "jax.value_and_grad") and uses_fitter(module)) or name in RUNNERS:
            return piece, call.lineno
        steps = steps or (last == "step" and not call.keywords)
        of_network = last in FITTING and name.partition(".")[0] not in ESTIMATORS and not of_one(call)
        fits = of_network and isinstance(call.func, ast.Attribute) and (uses_fitter(module) or is_of_keras(call))
        if fits and (last != "fit" or fits_network(module, call)):
            return piece, call.lineno
    return backward if steps else None


def trainer_run(module: Module) -> tuple[Piece, int] | None:
    """Where a trainer of a library is run: `trainer.train()` of Transformers, TRL and the like."""
    for piece, call, name in module.calls:
        if name.rpartition(".")[2] == "train" and not call.args:
            for value in module.given.get(name.split(".")[-2], ()) if name.count(".") else ():
                if isinstance(value, ast.Call) and last_name(value.func).endswith("Trainer"):
                    return piece, call.lineno
    return None


def of_one(call: ast.Call) -> bool:
    """`apply_gradients([(gradient, image)])`, `zip([gradient], [image])`: an image is made, no weights are."""
    given = call.args[0] if call.args else None
    if isinstance(given, ast.Call) and last_name(given.func) == "zip":
        return bool(given.args) and all(isinstance(part, ast.List) for part in given.args)
    return isinstance(given, ast.List) and all(isinstance(pair, ast.Tuple) for pair in given.elts)


def is_of_keras(call: ast.Call) -> bool:
    """Whether a fit() says itself that it trains a network, whose class may come from another module."""
    given = {item.arg for item in call.keywords}
    return last_name(call.func) == "fit_generator" or ("epochs" in given and not given.isdisjoint(OF_KERAS))


def uses_fitter(module: Module) -> bool:
    """Whether a module imports a library whose fit() draws its weights from a global state."""
    return any(origin.split(".")[0] in FITTERS for origin in module.origins.values())


def fits_network(module: Module, call: ast.Call) -> bool:
    """Whether `x.fit(…)` trains weights: what x was made by says so, else what it is given, else its name."""
    fitted = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    made = module.given.get(fitted.id, []) if isinstance(fitted, ast.Name) else [fitted]
    names = [module.full_name(value.func) for value in made if isinstance(value, ast.Call)]
    makers = {name.partition(".")[0] for name in names}
    if not makers.isdisjoint(ESTIMATORS) or any(name.endswith("ImageDataGenerator") for name in names):
        return False
    if not makers.isdisjoint(FITTERS):
        return True
    if any(item.arg in OF_A_NETWORK for item in call.keywords):
        return True
    return bool(call.args or call.keywords) and NETWORK.search(last_name(fitted)) is not None
