import pytest
import torch
from torch import nn

from footprint import FootprintError, device_type, inference_peak, pretended, training_peak
from footprint.rehearse import rehearsal


def test_numbers_are_zero_conditions_hold_and_masks_select_everything():
    with rehearsal("cpu"):
        x = torch.rand(4, 3)
        assert (x.sum().item(), int(x.long().sum()), bool((x > 2).all())) == (0.0, 0, True)
        assert x[x[:, 0] > 2].shape == (4, 3)
        assert x[x > 2].shape == (12,)
        assert x[:, x[0] > 2].shape == (4, 3)
        assert (x > 2).nonzero().shape == (12, 2)
        assert x.masked_select(x > 2).shape == (12,)
        assert torch.isfinite(torch.tensor(float(x.sum())))


def test_a_step_whose_shapes_depend_on_values_is_named():
    def prepare():
        x = torch.rand(10)
        return nn.Linear(1, 1), lambda: torch.unique(x)

    with pytest.raises(FootprintError, match="unique"):
        inference_peak(prepare)


def test_an_error_of_the_step_itself_stays_what_it_is():
    def prepare():
        return nn.Linear(3, 1), lambda: torch.rand(2, 4) @ torch.rand(3, 2)

    with pytest.raises(RuntimeError, match="reduction dim"):
        inference_peak(prepare)


def test_a_masked_step_has_gradients():
    def prepare():
        model = nn.Linear(3, 2)
        x = torch.rand(8, 3)

        def step():
            y = model(x)
            loss = y[y[:, 0] > 0].square().sum()
            loss.backward()

        return model, step

    assert training_peak(prepare).total > 8 * 3 * 4


def test_code_can_ask_what_it_is_run_on():
    real = torch.zeros(1)
    assert (pretended(real), device_type(real)) == (False, "cpu")
    with rehearsal("cuda"):
        fake = torch.zeros(1)
        assert (pretended(fake), device_type(fake)) == (True, "cuda")
        assert device_type(real) == "cpu"
    with rehearsal("cpu"):
        assert device_type(torch.zeros(1)) == "cpu"


def test_modules_can_be_moved_and_converted():
    def prepare():
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
        model.to("cpu", memory_format=torch.channels_last)
        model[0].to(torch.bfloat16)
        x = torch.rand(2, 3, 9, 9, dtype=torch.bfloat16)

        def step():
            y = model(x)
            y.float().sum().backward()
            model.half()  # gradients as well
            assert model[1].running_mean.dtype == model[0].weight.grad.dtype == torch.float16
            assert y.is_contiguous(memory_format=torch.channels_last)

        return model, step

    before = nn.Module._apply
    assert training_peak(prepare, iterations=1).parameters > 0
    assert nn.Module._apply is before
