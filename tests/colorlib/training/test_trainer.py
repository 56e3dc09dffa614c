import numpy as np
import pytest
import torch

from colorlib.data.batches import TrainingBatches
from colorlib.data.prepared import Prepared
from colorlib.models import MobileLite
from colorlib.ops.grid import Grid
from colorlib.ops.lab import rgb_to_lab
from colorlib.training.objective import Classification
from colorlib.training.schedule import learning_rate
from colorlib.training.settings import OptimiserSettings, ScheduleSettings, TrainingSettings, WatchingSettings
from colorlib.training.trainer import Epoch, Observer, network_pair, train, validate

GRID = Grid.paper()
SETTINGS = TrainingSettings(
    epochs=2,
    batch_size=2,
    crop=16,
    precision="fp32",
    optimiser=OptimiserSettings(learning_rate=1e-3),
    schedule=ScheduleSettings(kind="cosine"),
)


def photographs(count: int = 4, size: int = 16) -> Prepared:
    images = np.random.default_rng(3).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    return Prepared(images, tuple(f"{i}.jpg" for i in range(count)))


def run(settings: TrainingSettings = SETTINGS, observer: Observer | None = None) -> tuple[MobileLite, list[Epoch]]:
    torch.manual_seed(0)
    model = MobileLite(q=313, grid="paper")
    data = photographs()
    batches = TrainingBatches(data, settings.batch_size, settings.crop, seed=0)
    history = train(model, Classification(GRID), batches, data.tensor(), settings, observer or Observer())
    return model, history


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_same_run_twice_gives_the_same_bytes(precision: str) -> None:
    settings = SETTINGS.model_copy(update={"precision": precision})
    (one, first), (other, second) = run(settings), run(settings)
    assert first == second
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_what_can_be_learned_is_learned() -> None:
    images = np.empty((8, 16, 16, 3), np.uint8)
    images[...] = np.linspace(90, 130, 16)[None, None, :, None] + np.array(
        [60, 0, -60]
    )  # one orange, lighter and darker
    data = Prepared(images, tuple("abcdefgh"))
    torch.manual_seed(0)
    model, objective = MobileLite(q=313, grid="paper"), Classification(GRID)
    batches = TrainingBatches(data, 4, 16, seed=0)
    history = train(model, objective, batches, data.tensor(), SETTINGS.model_copy(update={"epochs": 10}))
    assert history[-1].loss < 0.6 * history[0].loss
    assert history[-1].val_auc > 0.95 > history[0].val_auc


def test_observers_hear_every_step_and_epoch() -> None:
    steps: list[int] = []
    epochs: list[Epoch] = []
    _, history = run(observer=Observer(step=lambda step: steps.append(step.number), epoch=epochs.append))
    assert steps == [1, 2, 3, 4]
    assert epochs == history
    assert [epoch.number for epoch in history] == [0, 1]


def test_chroma_is_looked_at_every_so_many_steps() -> None:
    looked: list[bool] = []
    settings = SETTINGS.model_copy(update={"watching": WatchingSettings(chroma=2)})
    run(settings, Observer(step=lambda step: looked.append(step.outcome.chroma is not None)))
    assert looked == [False, True, False, True]


def test_the_learning_rate_follows_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[float] = []
    original = torch.optim.Adam.step

    def step(optimiser: torch.optim.Adam, *arguments: object) -> object:
        used.append(optimiser.param_groups[0]["lr"])
        return original(optimiser, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    _, history = run()
    assert used == [learning_rate(number, 4, 1e-3, SETTINGS.schedule) for number in range(4)]
    assert [epoch.learning_rate for epoch in history] == [used[1], used[3]]


def test_every_epoch_trains_in_training_mode() -> None:
    torch.manual_seed(0)
    model, data = MobileLite(q=313, grid="paper"), photographs()
    modes: list[bool] = []
    observer = Observer(step=lambda *_: modes.append(model.training))
    train(model, Classification(GRID), TrainingBatches(data, 2, 16, 0), data.tensor(), SETTINGS, observer)
    assert modes == [True] * 4


def test_determinism_is_asked_for_during_training_only() -> None:
    inside: list[bool] = []
    run(observer=Observer(step=lambda *_: inside.append(torch.are_deterministic_algorithms_enabled())))
    assert set(inside) == {True}
    assert not torch.are_deterministic_algorithms_enabled()


def test_targets_are_every_fourth_pixel_not_averages() -> None:
    rgb = photographs(2, 18).tensor()
    lightness, ab = network_pair(rgb, 4)
    lab = rgb_to_lab(rgb)
    assert torch.equal(lightness, lab[:, :1])
    assert ab.shape == (2, 2, 5, 5)
    assert torch.equal(ab[:, :, 1, 2], lab[:, 1:, 4, 8])


def test_validation_averages_over_images_and_leaves_the_weights_alone() -> None:
    model, images = MobileLite(q=313, grid="paper"), photographs().tensor()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    whole = validate(model, Classification(GRID), images, 4, torch.float32)
    parts = validate(model, Classification(GRID), images, 1, torch.float32)
    assert whole == pytest.approx(parts, rel=1e-4)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert whole[1] == pytest.approx(1 - _mean_error(model, images) / 150, abs=1e-6)


def _mean_error(model: MobileLite, images: torch.Tensor) -> float:
    lightness, ab = network_pair(images, 4)
    with torch.no_grad():
        prediction = Classification(GRID).decode(model.logits(lightness))
    return float((prediction - ab).square().sum(1).sqrt().clamp_max(150).mean())
