"""From RGB to what the network is trained on: Lab, the network's input, the targets."""

import numpy as np

from audit.papers.probe import Array, Measured, line, part
from audit.papers.probe import array as checked
from audit.papers.reference import colours, lab
from audit.papers.torch_probe import first_input
from audit.papers.zhang2016.subject import Subject

SIDE = 64  # pixels of the images used
BLOCK = 8  # pixels; the square whose influence on the targets is looked at


def conversion(subject: Subject) -> Measured:
    """Largest difference from Lab as the standards define it, of any coordinate of any colour."""
    rgb = colours()
    own = checked(part(subject, "rgb_to_lab")(rgb), (len(rgb), 3), "rgb_to_lab()")
    difference = np.abs(own - lab(rgb))
    worst = int(difference.max(1).argmax())
    value = float(difference.max())
    red, green, blue = rgb[worst].tolist()
    note = f"at RGB ({red}, {green}, {blue})" if value > 0.1 else ""
    return Measured(value, 0.0, f"rgb_to_lab({len(rgb)} colours)", note)


def image() -> Array:
    """One image of random colours, 1×3×64×64 uint8."""
    return np.random.default_rng(13).integers(0, 256, (1, 3, SIDE, SIDE)).astype(np.uint8)


def pair(subject: Subject, rgb: Array) -> tuple[Array, Array]:
    """(input N×1×H×W, targets N×2×h×w) that training makes of images."""
    first, second = part(subject, "training_pair")(rgb)
    n, _, height, width = rgb.shape
    lightness = checked(first, (n, 1, height, width), "training_pair()'s input")
    return lightness, checked(second, (n, 2, None, None), "training_pair()'s targets")


def lightness(subject: Subject) -> Measured:
    """How far the network's input is from L, whatever its scale: largest residual of a line through both, in L."""
    rgb = image()
    own = pair(subject, rgb)[0].ravel()
    true = lab(np.moveaxis(rgb, 1, -1))[..., 0].ravel()
    fit = line(true, own)
    residual = float(np.abs((own - fit.intercept) / fit.slope - true).max())
    call = f"training_pair(random colours, {SIDE}×{SIDE})"
    return Measured(residual, 0.0, call, "grey luma in place of L would do this" if residual > 1 else "")


def seen(subject: Subject) -> tuple[float, float, float, float]:
    """(scale, its error, centre, its error) of x = scale · (L − centre), x being what enters the first layer."""
    rgb = image()
    true = lab(np.moveaxis(rgb, 1, -1))[..., 0]
    paired = getattr(subject, "training_pair", None) is not None
    given = pair(subject, rgb)[0] if paired else true[:, None]
    own = first_input(part(subject, "network")(), given)
    if own.shape != (1, 1, SIDE, SIDE):
        raise ValueError(f"the first layer sees shape {own.shape}, expected 1×1×{SIDE}×{SIDE}")
    fit = line(true.ravel(), own.ravel())
    centre = -fit.intercept / fit.slope
    error = (fit.intercept_error + abs(centre) * fit.slope_error) / abs(fit.slope)
    return fit.slope, 2 * fit.slope_error, centre, 2 * error


CALL = f"network(random colours, {SIDE}×{SIDE}): what enters its first layer"


def centre(subject: Subject) -> Measured:
    """The lightness that the first layer sees as 0."""
    _, _, value, error = seen(subject)
    return Measured(value, error, CALL)


def scale(subject: Subject) -> Measured:
    """What a difference of one L is at the first layer."""
    value, error, _, _ = seen(subject)
    return Measured(value, error, CALL)


def influence(subject: Subject) -> tuple[Array, tuple[int, int]]:
    """(share of the targets that each pixel of a square has influence on 8×8, size of the targets)."""
    base = np.full((1, 3, SIDE, SIDE), 90, dtype=np.uint8)
    changed = np.repeat(base, BLOCK * BLOCK, axis=0)
    for number in range(BLOCK * BLOCK):
        changed[number, :, number // BLOCK :: BLOCK, number % BLOCK :: BLOCK] = np.array([[[220]], [[30]], [[60]]])
    _, before = pair(subject, base)
    _, after = pair(subject, changed)
    moved = (np.abs(after - before) > 1e-3).any(1)  # 64×h×w
    return moved.mean((1, 2)).reshape(BLOCK, BLOCK), (before.shape[2], before.shape[3])


def target_stride(subject: Subject) -> Measured:
    """Pixels from one target to the next; 0 where height and width disagree or do not divide."""
    _, targets = pair(subject, image())
    height, width = targets.shape[2:]
    call = f"training_pair({SIDE}×{SIDE})"
    if height != width or SIDE % height:
        return Measured(0, call=call, note=f"the targets are {height}×{width}")
    return Measured(SIDE // height, call=call)


def target_source(subject: Subject) -> Measured:
    """Which pixels of each 4×4 a target is made of."""
    shares, _ = influence(subject)
    call = f"training_pair(images that differ in one pixel of every {BLOCK}×{BLOCK})"
    used = {(row % 4, column % 4) for row, column in zip(*np.nonzero(shares), strict=True)}
    if len(used) == 1:
        row, column = used.pop()
        return Measured(f"pixel ({row}, {column})", call=call)
    return Measured(f"{len(used)} of 16 pixels", call=call, note="averaged or interpolated" if used else "")
