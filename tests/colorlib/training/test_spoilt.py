"""Batches whose loss or gradient is not finite, in a whole run; one step of such: test_step.py."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.training.objective import Classification
from colorlib.training.settings import SavingSettings
from colorlib.training.trainer import train
from tests.tiny_network import GRID, SETTINGS, batches, changed, photographs, tiny

EVERY_STEP = SavingSettings(minutes=None, steps=1, keep=3)


def test_a_batch_without_a_finite_loss_is_skipped_logged_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Spoilt(Classification):
        calls = 0

        def losses(self, output, ab):  # type: ignore[no-untyped-def]
            losses = super().losses(output, ab)
            if torch.is_grad_enabled():
                Spoilt.calls += 1
                if Spoilt.calls in (2, 5, 6):
                    return type(losses)(losses.objective * float("nan"), losses.unweighted)
            return losses

    validation = photographs(4, 16, seed=5).tensor()
    source = batches()
    with caplog.at_level(logging.WARNING):
        history = train(tiny(), Spoilt(GRID), source, validation, changed(skip_limit=3))
    assert len(history) == 3
    assert all(np.isfinite(epoch.loss) for epoch in history)
    assert f"step 2, epoch 1: the batch is skipped ({', '.join(source.files(0, 1))})" in caplog.text
    Spoilt.calls = 0
    with pytest.raises(ColorlibError) as caught:
        train(tiny(), Spoilt(GRID), source, validation, changed(skip_limit=2, saving=EVERY_STEP), checkpoints=tmp_path)
    message = str(caught.value)
    assert f"the loss became nan in step 6, epoch 2 ({', '.join(source.files(1, 2))})" in message
    assert f"the last good checkpoint is {tmp_path / 'step-00000005'}" in message
    assert "\n" not in message


def test_a_gradient_that_is_not_finite_is_not_called_a_loss() -> None:
    class Steep(Classification):
        def losses(self, output, ab):  # type: ignore[no-untyped-def]
            losses = super().losses(output, ab)
            steep = (output * 0.0).abs().sum().sqrt()  # zero, with an infinite slope
            return type(losses)(losses.objective + steep, losses.unweighted)

    with pytest.raises(ColorlibError, match=r"^the length of the gradient became nan in step 1, epoch 1 \("):
        train(tiny(), Steep(GRID), batches(), photographs(2, 16).tensor(), changed(skip_limit=0))


def test_an_epoch_without_any_finite_loss_ends_the_run() -> None:
    class Spoilt(Classification):
        def losses(self, output, ab):  # type: ignore[no-untyped-def]
            losses = super().losses(output, ab)
            return type(losses)(losses.objective * float("inf"), losses.unweighted)

    with pytest.raises(ColorlibError, match="every batch of epoch 1 was skipped"):
        train(tiny(), Spoilt(GRID), batches(), photographs(2, 16).tensor(), SETTINGS)
