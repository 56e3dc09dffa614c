"""Tables of hyper-parameters in the code: which have a name that says so, or go to what is trained."""

import ast
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from audit.rules.code import Module, called, dotted, is_function, last_name, text_of
from audit.rules.configuration.written import Entry, flat, is_setting, pairs_of
from audit.target import Piece

MIN_SHARED = 3  # keys that a dictionary and a configuration have in common
LONGEST = 60  # characters of a key: the pattern's time grows with the square
# What a training run is set by.
HYPER = re.compile(
    r"(?!initial_|current_|start_|last_|best_|resume_)(\w+_)?"
    r"(lr[\df]?|learning_?rate|batch_?size|bs|n?_?epochs?|weight_?decay|wd|momentum|drop_?out|drop_?rate|betas?\d*"
    r"|gamma|l1|l2|clip(_\w+)?|grad_clip"
    r"|warm_?up(_\w+)?|patience|label_smoothing|optimi[sz]er|scheduler|seed|(max_|train_)?"
    r"steps|hidden(_\w+)?|num_layers|n_layers|n_?heads|num_heads|embed_dim|latent_dim|z_dim|ngf|ndf|n_estimators"
    r"|max_depth|num_leaves|num_boost_round|subsample|colsample_\w+|feature_fraction|bagging_\w+|reg_\w+|lambda(_\w+)?"
    r"|alpha|tau|gae_lambda|buffer_size|milestones|temperature|eta|rank|lora_\w+|lr_\w+|dropout_\w+|accumulate_\w+"
    r"|ema_\w+|timesteps|beta_start|beta_end|guidance_scale|iterations|l2_leaf_reg|min_child_\w+|min_data_in_leaf"
    r"|(freq|time)_mask\w*|max_iter|tol)",
    re.I,
)
# Others that nobody calls anything else, in a table of the code.
TUNED = re.compile(
    r"t_(max|0|mult)|eta_?(min|max|0)|(\w+_)?decay(_\w+)?|dampening|beta_[12]|(global_)?clip_?(norm|value)"
    r"|(max_)?grad(ient)?_(norm|clip\w*|accum\w*)|(\w+_)?drop_?path(_\w+)?|l1_ratio|l2_regularization|ccp_alpha"
    r"|min_samples_\w+|max_leaf_nodes|hidden_layer_sizes|d_model|nhead|n_head|n_embd|dim_feedforward|ff_dim|mlp_ratio"
    r"|(num|n)_(rounds|filters|trees|blocks|iter\w*)|early_stopping\w*|min_delta"
    r"|(\w+_)?(mixup|cutmix|focal)(_\w+)?"
    r"|(\w+_)?smoothing|pos_weight|(\w+_)?loss_weight|clip_range|ent_coef|vf_coef|discount|target_update\w*|polyak"
    r"|replay_\w+|(\w+_)?embedding_dim|repetition_penalty|max_(new_)?tokens|num_beams|plateau_\w+",
    re.I,
)
# What sets a training too, and much else.
VAGUE = re.compile(
    r"power|factor|threshold|cooldown|step_size|eps(ilon)?(_\w+)?|width|depth|layers|heads|(\w+_)?dim|units|filters"
    r"|channels|patch_size|expansion|strides?|(n_)?folds|n_splits|margin|(\w+_)?weight|(\w+_)?noise(_\w+)?|stddev|sigma"
    r"|top_[kp]|batch|window(_\w+)?|seq_len\w*|max_len\w*|[kc]|degree|n_neighbors|n_components|n_clusters|scale"
    r"|(\w+_)?(prob|ratio|rate|penalty)|rho|blocks|(\w+_)?kernel(_size)?|n_fft|hop_length|n_mels|horizon"
    r"|max_features|(\w+_)?std",
    re.I,
)
PACE = re.compile(r"(\w+_)?(lr|learning_?rate|(n_|num_)?epochs|weight_?decay|eta)|lr_\w+", re.I)
# What people call a table of them.
CALLED = re.compile(
    r"(^|_)(hps?|hparams?|hyper\w*|param(s|eters)?|configs?|configuration|cfg|conf|settings|defaults?|opts?|options"
    r"|args|kwargs)(_|$)",
    re.I,
)
SAYS_SO = re.compile(r"(^|_)(hps?|hparams?|hyper(_?param\w*)?)(_|$)", re.I)  # of nothing else
HINTING = re.compile(
    r"(^|_)(schedule\w*|recipes?|tuning|tuned|solver|plateau|optim\w*|train\w*|fit\w*|fine_?tune\w*|augment\w*|model\w*"
    r"|encoder|decoder|backbone|network|net|head|arch\w*|loss\w*|adamw?|sgd|xgb\w*|lgbm?|lightgbm|catboost|forest"
    r"|boost\w*|gbm|svm|mlp|cnn|lstm|gru|transformer|regulari[sz]\w*|early(_stop\w*)?|generation|sampling|decoding"
    r"|knobs|budget"
    r"|preset|setup|run|experiment|exp|ablations?|stage\w*|agent|policy|ppo|dqn|sac|lora|warm_?up|ema|diffusion)(_|$)",
    re.I,
)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LIMITS = re.compile(
    r"(^|_)(min|max|limits?|ranges?|bounds?|types?|valid|choices|help|grids?|space|spaces|search\w*|candidates)(_|$)",
    re.I,
)  # of an entry
DRAWN = {  # keys of what is given to a figure
    "color", "colour", "linewidth", "lw", "linestyle", "ls", "marker", "markersize", "cmap", "figsize", "dpi",
    "fontsize", "edgecolor", "facecolor", "zorder", "bins", "hspace", "wspace", "capsize", "font_scale",
}  # fmt: skip
GIVEN = {"config", "hparams", "hyperparameters", "hyperparams", "hps"}  # to a call, with a table written out
LEARNING = re.compile(
    r"(torch\.(optim|nn)|tensorflow\.keras|tf_keras|keras|tensorflow\.optimizers"
    r"|sklearn\.(?!metrics|datasets|inspection)|xgboost|lightgbm|catboost|optax|flax|timm|transformers|peft|trl"
    r"|lightning|pytorch_lightning|stable_baselines3"
    r"|imblearn|torchvision\.models|torchvision\.transforms|albumentations|diffusers|sentence_transformers"
    r"|torchaudio\.transforms|statsmodels|prophet)(\.|$)"
)
OPTIMISES = re.compile(
    r"(torch\.optim|tensorflow\.keras\.optimizers|keras\.optimizers|optax|sklearn\.(?!metrics|datasets|inspection)\w+"
    r"|xgboost|lightgbm|catboost)\."
)
MAKES = {"create_model", "train", "cv", "adam", "adamw", "sgd", "generate", "fit", "from_pretrained", "fit_generator"}

NAMING = (ast.Return, ast.ClassDef, ast.Assign, ast.AnnAssign)  # statements that may give a table its name


class Fixed(NamedTuple):
    """A table that is given a name, or to a call that trains something ("")."""

    piece: Piece
    node: ast.expr | ast.ClassDef
    name: str
    entries: list[Entry]
    key: str = ""  # in the table that has the name


def fixed(module: Module, known: Collection[str]) -> Iterator[tuple[Fixed, list[str]]]:
    """Tables of hyper-parameters, with the keys that are such.

    Half of a table are such, or keys of the configurations beside it (`known`).
    """
    for table in named(module):
        keys = hyperparameters(module, table, known)
        if keys:
            yield table, keys


def hyperparameters(module: Module, table: Fixed, known: Collection[str]) -> list[str]:
    """The keys of hyper-parameters that a table fixes; none where they are too few, or it is there for others."""
    entries, name = table.entries, CAMEL.sub("_", table.name)
    last = [keys[-1] for keys, _ in entries]
    inner = [keys[-1] for keys, _ in entries if len(keys) > 1]
    variants = len(set(inner)) < len(inner) and not sets_runs(entries)
    if not DRAWN.isdisjoint(last) or variants:
        return []  # of a figure; the same keys several times: sizes to choose from
    numbers = [keys[-1] for keys, value in entries if is_setting(keys[-1], value) and len(keys[-1]) < LONGEST]
    told = [key for key in numbers if HYPER.fullmatch(key) or TUNED.fullmatch(key)]
    vague = [key for key in numbers if key in told or VAGUE.fullmatch(key)]
    limits = bool(LIMITS.search(name))
    own = f"{table.name}.{table.key}".removesuffix(".")
    is_taught = own in taught(module, OPTIMISES) or (told and own in taught(module, LEARNING))
    if is_taught and not limits and len(numbers) > 1 and 2 * len(numbers) >= len(entries):
        return numbers
    if SAYS_SO.search(name) and not limits and MIN_SHARED <= len(numbers) == len(entries):
        return numbers
    alike = sum(key in vague or (key in known and not limits) for key in last if key in numbers or key in known)
    hinted = bool(CALLED.search(name) or HINTING.search(name))
    all_tuned = len(told) > 1 and len(vague) == len(entries)
    enough = len(told) >= (2 if hinted else MIN_SHARED)
    enough |= bool(told) and (hinted or all_tuned) and len(vague) >= MIN_SHARED and not limits
    enough |= bool(HINTING.search(name) and told) and not limits and 1 < len(numbers) == len(entries)
    keys = vague if hinted or all_tuned else told
    return list(dict.fromkeys(keys)) if enough and 2 * alike >= len(entries) else []


def sets_runs(entries: list[Entry]) -> bool:
    """Whether each table inside one says how fast something is trained: stages of a run, or recipes of it."""
    rows: dict[tuple[str, ...], set[str]] = {}
    for keys, value in entries:
        if len(keys) > 1:
            rows.setdefault(keys[:-1], set()).update([keys[-1]] if is_setting(keys[-1], value) else [])
    return all(any(map(PACE.fullmatch, row)) for row in rows.values())


def named(module: Module) -> Iterator[Fixed]:
    """Tables that are given a name, or written out in a call that trains; classes of nothing but constants."""
    filled: dict[str, list[tuple[str, ast.expr]]] = {}
    every: list[tuple[Piece, ast.expr, str]] = []
    for piece, node in module.statements():
        if not isinstance(node, NAMING):
            continue
        if isinstance(node, ast.Return) and node.value is not None:
            function = module.scope(node)
            values = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
            if is_function(function) and (CALLED.search(function.name) or HINTING.search(function.name)):
                every += [(piece, value, function.name) for value in values if pairs_of(value)]
        elif isinstance(node, ast.ClassDef) and is_of_constants(node):
            # Tables in it stand for themselves.
            pairs = [(last_name(to).lower(), value) for to, value in constants_of(node) if not pairs_of(value)]
            yield Fixed(piece, node, node.name, flat(pairs))
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        to = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(to, ast.Subscript) and isinstance(to.value, ast.Name) and text_of(to.slice):
            filled.setdefault(to.value.id, []).append((text_of(to.slice).lower(), node.value))
        elif isinstance(to, ast.Name | ast.Attribute):
            written = made_of(node.value)
            if isinstance(written, ast.Dict) or pairs_of(written) or is_empty(written):
                every.append((piece, written, last_name(to)))
    for piece, call, _ in module.calls:
        every += [(piece, item.value, item.arg) for item in call.keywords if item.arg in GIVEN and pairs_of(item.value)]
        if teaches(module, call, LEARNING):
            tables = [*call.args, *(item.value for item in call.keywords if item.arg not in GIVEN)]
            every += [(piece, value, "params") for value in tables if pairs_of(value)]
    for piece, value, name in every:
        yield Fixed(piece, value, name, flat(pairs_of(value) or filled.get(name, [])))
        spread = taught(module, LEARNING) | taught(module, OPTIMISES)
        inside = ((key, inner, pairs_of(inner)) for key, inner in pairs_of(value) if f"{name}.{key}" in spread)
        yield from (Fixed(piece, inner, name, flat(pairs), key) for key, inner, pairs in inside if pairs)


def made_of(value: ast.expr) -> ast.expr:
    """The table of which a field or a library's object is made: `field(default_factory=lambda: {...})`."""
    if isinstance(value, ast.Call) and called(value) == "field":
        made = next((item.value for item in value.keywords if item.arg == "default_factory"), value)
        return made.body if isinstance(made, ast.Lambda) else made
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        named = called(value) == "create" or CALLED.search(CAMEL.sub("_", called(value)))
        return value.args[0] if named else value
    return value


def is_empty(value: ast.expr) -> bool:
    """`dict()`, into which entries are put one by one."""
    return isinstance(value, ast.Call) and dotted(value.func) == "dict"


def is_of_constants(node: ast.ClassDef) -> bool:
    """Whether a class holds nothing but constants, and is made from no configuration."""
    if node.decorator_list or node.keywords or any(last_name(base) != "object" for base in node.bases):
        return False
    lines = [line for line in node.body if not isinstance(line, ast.Expr | ast.Pass)]
    return bool(lines) and all(isinstance(line, ast.Assign | ast.AnnAssign) for line in lines)


def constants_of(node: ast.ClassDef) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The names and values of a class of constants."""
    for line in node.body:
        if isinstance(line, ast.Assign):
            yield line.targets[0], line.value
        elif isinstance(line, ast.AnnAssign) and line.value is not None:
            yield line.target, line.value


def taught(module: Module, libraries: re.Pattern[str]) -> set[str]:
    """Names of tables that are spread over, or given to, what is trained: `AdamW(net.parameters(), **TABLE)`.

    `TABLE.adam` of one in another: `**TABLE["adam"]`.
    """
    key = f"taught {libraries.pattern[:20]}"
    if key not in module.derived:
        found: set[str] = set()
        for _, call, _ in module.calls:
            if teaches(module, call, libraries):
                found.update(spread_name(item.value) for item in call.keywords if item.arg is None)
                found.update(last_name(argument) for argument in call.args[:1] if called(call) in ("train", "cv"))
        module.derived[key] = found - {"", "kwargs"}
    names: set[str] = module.derived[key]
    return names


def spread_name(table: ast.expr) -> str:
    """The name of a table; of one in another by its key, both: `TABLE.adam`."""
    if isinstance(table, ast.Subscript) and text_of(table.slice):
        return f"{last_name(table.value)}.{text_of(table.slice).lower()}"
    return last_name(table)


def teaches(module: Module, call: ast.Call, libraries: re.Pattern[str]) -> bool:
    """Whether a call makes what is trained, or trains it: of a library that learns, or one given a net's parameters."""
    name = called(call)
    if name.endswith(("SearchCV", "Grid", "Sampler")):
        return False
    if libraries.match(module.full_name(call.func)) and (name[:1].isupper() or name in MAKES):
        return True
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Call) and called(first) in ("parameters", "trainable_parameters")
