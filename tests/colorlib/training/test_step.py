import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor

from colorlib.errors import ColorlibError
from colorlib.training import memory
from colorlib.training.objective import Classification, Losses, Objective
from colorlib.training.settings import TrainingSettings
from colorlib.training.step import Outcome, Stepper
from colorlib.training.world import World
from tests.tiny_network import GRID, OBJECTIVE, Tiny, changed, photographs, tiny

CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
CPU = RuntimeError(
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
    "8589934592 bytes. Error code 12 (Cannot allocate memory)"
)


def images() -> Tensor:
    """Ten coloured ones, of which the fourth is grey."""
    rgb = photographs(10, 16).tensor().clone()
    rgb[3] = 128
    return rgb


def stepper_of(model: Tiny, settings: TrainingSettings, objective: Objective = OBJECTIVE) -> Stepper:
    return Stepper(model.train(), objective, settings, torch.float32, World())


def one_step(
    norm: bool = True, objective: Objective = OBJECTIVE, **values: object
) -> tuple[Tiny, Outcome, dict[str, Tensor]]:
    """The network after one step with the ten images, what it came to, and the gradients that were used."""
    model = tiny(norm)
    outcome = stepper_of(model, changed(batch_size=10, **values), objective).step(1, images(), 10, 1e-3, watch=True)
    return model, outcome, {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def length(gradients: dict[str, Tensor]) -> float:
    return float(torch.cat([g.flatten() for g in gradients.values()]).norm())


WEIGHTED = Classification(GRID, torch.linspace(0.5, 3, len(GRID)))


@pytest.mark.parametrize("micro_batch", [1, 3, 5])
def test_the_pieces_add_up_to_the_batch(micro_batch: int) -> None:
    _, whole, expected = one_step(norm=False, objective=WEIGHTED)
    _, pieces, found = one_step(norm=False, objective=WEIGHTED, micro_batch=micro_batch)
    assert pieces.loss == pytest.approx(whole.loss, rel=1e-6)
    assert pieces.unweighted == pytest.approx(whole.unweighted, rel=1e-6)
    assert pieces.loss != pieces.unweighted
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, rtol=1e-4, atol=1e-5 * float(gradient.abs().max())), name


def test_batch_norm_works_on_the_pieces_and_says_so_in_its_counter() -> None:
    whole, one, _ = one_step()
    pieces, other, _ = one_step(micro_batch=5)
    assert one.loss != pytest.approx(other.loss, rel=1e-6)
    assert whole.state_dict()["first.2.num_batches_tracked"] == 1
    assert pieces.state_dict()["first.2.num_batches_tracked"] == 2


def test_the_mean_differs_from_the_sum_by_the_number_of_pixels_in_the_gradient_alone() -> None:
    _, batch, summed = one_step()
    _, mean, averaged = one_step(loss_scale="mean")
    assert mean.loss == batch.loss
    assert length(summed) / length(averaged) == pytest.approx(4 * 4, rel=1e-4)


def test_a_long_gradient_is_shortened_and_a_short_one_is_not() -> None:
    _, free, gradients = one_step()
    assert free.gradient_norm == pytest.approx(length(gradients), rel=1e-5)
    _, clipped, shortened = one_step(clip_norm=free.gradient_norm / 4)
    assert clipped.gradient_norm == pytest.approx(free.gradient_norm)
    assert length(shortened) == pytest.approx(free.gradient_norm / 4, rel=1e-4)
    _, _, untouched = one_step(clip_norm=free.gradient_norm * 2)
    assert all(torch.equal(gradients[name], untouched[name]) for name in gradients)


def test_chroma_is_looked_at_when_asked() -> None:
    model = tiny()
    stepper = stepper_of(model, changed(batch_size=10))
    assert stepper.step(1, images(), 10, 1e-3, watch=False).chroma is None
    assert 0 < (stepper.step(2, images(), 10, 1e-3, watch=True).chroma or 0) < 110


@dataclass
class Faulty(Objective):
    """The usual objective, which first asks `fault` with the number of the call (from 1) and the images at once."""

    fault: Callable[[int, int], None]
    calls: list[int] = field(default_factory=list)

    def losses(self, output: Tensor, ab: Tensor) -> Losses:
        self.calls.append(len(output))
        self.fault(len(self.calls), len(output))
        return OBJECTIVE.losses(output, ab)

    def decode(self, output: Tensor) -> Tensor:
        return OBJECTIVE.decode(output)


def raise_above(limit: int, error: BaseException) -> Callable[[int, int], None]:
    def fault(_call: int, at_once: int) -> None:
        if at_once > limit:
            raise error

    return fault


@pytest.mark.parametrize("error", [CUDA, CPU, MemoryError()], ids=["cuda", "cpu", "python"])
def test_without_memory_the_pieces_halve_and_the_step_is_the_one_that_had_begun_so(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    objective = Faulty(raise_above(3, error))
    model, outcome, gradients = one_step(objective=objective)
    assert objective.calls == [10, 5, 3, 3, 3, 1]
    expected, wanted, right = one_step(micro_batch=3)
    assert outcome == wanted
    assert all(torch.equal(gradients[name], right[name]) for name in right)
    for name, value in expected.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name
    assert "micro-batch 10 -> 5" in caplog.text
    assert "micro-batch 5 -> 3" in caplog.text


def test_a_failure_in_the_middle_leaves_no_half_of_a_gradient_and_no_trace_in_batch_norm() -> None:
    def third_call(call: int, _at_once: int) -> None:
        if call == 3:  # two pieces of 4 have added their gradients, and moved the running statistics
            raise CUDA

    objective = Faulty(third_call)
    model, outcome, gradients = one_step(objective=objective, micro_batch=4)
    assert objective.calls == [4, 4, 2, 2, 2, 2, 2, 2]
    expected, wanted, right = one_step(micro_batch=2)
    assert outcome == wanted
    assert all(torch.equal(gradients[name], right[name]) for name in right)
    for name, value in expected.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_the_smaller_pieces_stay_for_the_steps_that_follow() -> None:
    objective = Faulty(raise_above(5, CUDA))
    stepper = stepper_of(tiny(), changed(batch_size=10), objective)
    for number in (1, 2):
        stepper.step(number, images(), 10, 1e-3, watch=False)
    assert objective.calls == [10, 5, 5, 5, 5]
    assert stepper.reduced


def test_with_one_image_at_a_time_activations_are_recomputed(caplog: pytest.LogCaptureFixture) -> None:
    model = tiny()

    def unless_recomputing(_call: int, _at_once: int) -> None:
        if not model.checkpointing:
            raise CUDA

    objective = Faulty(unless_recomputing)
    stepper = stepper_of(model, changed(batch_size=2, crop=16), objective)
    stepper.step(7, images()[:2], 2, 1e-3, watch=False)
    assert objective.calls == [2, 1, 1, 1]
    assert "out of memory in step 7 with one image at a time: activations are recomputed" in caplog.text


def test_when_nothing_is_left_to_try_the_advice_is_one_sentence() -> None:
    model = tiny()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stepper = stepper_of(model, changed(batch_size=2), Faulty(raise_above(0, CUDA)))
    with pytest.raises(ColorlibError, match=r"out of memory in step 1 .*lower train\.crop") as caught:
        stepper.step(1, images()[:2], 2, 1e-3, watch=False)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_several_processes_cannot_begin_again_alone() -> None:
    stepper = stepper_of(tiny(), changed(batch_size=10), Faulty(raise_above(0, CUDA)))
    stepper._world = World(rank=0, size=2)
    with pytest.raises(ColorlibError, match=r"one of 2 processes: set train\.micro_batch below 10"):
        stepper.step(1, images(), 10, 1e-3, watch=False)


def test_an_optimiser_without_memory_cannot_be_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CUDA

    monkeypatch.setattr(torch.optim.Adam, "step", fail)
    with pytest.raises(ColorlibError, match="out of memory in the optimiser in step 1"):
        one_step()


@pytest.mark.parametrize("where", ["losses", "optimiser"])
def test_other_errors_are_not_mistaken_for_it(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    if where == "optimiser":
        monkeypatch.setattr(torch.optim.Adam, "step", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        one_step(objective=Faulty(fail) if where == "losses" else OBJECTIVE)
    assert not memory.is_out_of_memory(ValueError("out of memory"))


class Spoilt(Faulty):
    """A loss, or only its gradient, that is not finite."""

    def __init__(self, in_the_loss: bool) -> None:
        super().__init__(lambda _call, _at_once: None)
        self.in_the_loss = in_the_loss

    def losses(self, output: Tensor, ab: Tensor) -> Losses:
        losses = super().losses(output, ab)
        # The square root of zero has an infinite slope.
        poison = torch.tensor(math.nan) if self.in_the_loss else (output * 0.0).abs().sum().sqrt()
        return Losses(losses.objective + poison, losses.unweighted)


@pytest.mark.parametrize("in_the_loss", [True, False])
def test_a_step_that_is_not_finite_is_not_taken(in_the_loss: bool) -> None:
    model = tiny()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    outcome = stepper_of(model, changed(batch_size=10), Spoilt(in_the_loss)).step(1, images(), 10, 1e-3, watch=False)
    assert not outcome.taken
    assert math.isnan(outcome.loss) is in_the_loss
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_half_precision_is_scaled_and_its_overflow_is_the_scalers_business(caplog: pytest.LogCaptureFixture) -> None:
    """float16 on the CPU is slow, and refused by the settings; the arithmetic is the GPU's."""
    model = tiny()
    stepper = Stepper(model.train(), OBJECTIVE, changed(batch_size=2), torch.float16, World())
    before = model.out.weight.detach().clone()
    scales, moved = [], []
    for number in range(1, 8):
        outcome = stepper.step(number, images()[:2], 2, 1e-3, watch=False)
        assert outcome.taken
        scales.append(stepper.scaler.get_scale())
        moved.append(not torch.equal(model.out.weight, before))
    assert scales[0] == scales[-1] == 65536 / 2  # the first scale overflowed and was halved
    assert moved[0] is False
    assert moved[-1] is True
    assert bool(model.out.weight.isfinite().all())
    assert logging.WARNING not in {record.levelno for record in caplog.records}


def test_half_precision_without_any_finite_gradient_is_no_overflow_for_ever() -> None:
    stepper = Stepper(tiny().train(), Spoilt(in_the_loss=False), changed(batch_size=2), torch.float16, World())
    taken = [stepper.step(number, images()[:2], 2, 1e-3, watch=False).taken for number in range(1, 21)]
    assert taken == [True] * 16 + [False] * 4  # the scale is halved from 65536 to 1, and then below
