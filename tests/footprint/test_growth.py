from types import SimpleNamespace

import pytest
import torch
from torch import nn

from footprint import FootprintError, growth


def loop(body):
    """A training loop of which `body` (what there is now, what it kept) does one thing more."""

    def prepare():
        model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4))
        optimiser = torch.optim.Adam(model.parameters())
        x, state = torch.rand(5, 8), {}

        def step():
            y = model(x)
            loss = y.square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            body(SimpleNamespace(model=model, x=x, y=y, loss=loss), state)

        return model, step

    return prepare


def test_an_honest_loop_stays_as_it_is():
    def body(now, state):
        state["loss"] = state.get("loss", 0.0) + float(now.loss.detach())
        state["mean"] = 0.9 * state.get("mean", 0.0) + 0.1 * now.y.detach().mean(0)
        with torch.no_grad():
            state["validation"] = now.model(now.x).mean()

    found = growth(loop(body))
    assert (found.grows, found.bytes_an_iteration, found.nodes_an_iteration) == (False, 0, 0)
    assert found.bytes[0] > 3 * 4 * 212  # weights and Adam's state are alive all the same


def test_a_retained_loss_holds_the_nodes_of_every_iteration():
    def body(now, state):
        state["loss"] = state.get("loss", 0.0) + now.loss

    found = growth(loop(body))
    assert found.grows
    assert found.nodes_an_iteration >= 4
    assert found.bytes_an_iteration == 0  # what it saved is gone after backward: only the nodes show it


def test_a_missing_detach_in_a_running_mean_shows():
    def body(now, state):
        state["mean"] = 0.9 * state.get("mean", 0.0) + 0.1 * now.y.mean(0)

    assert growth(loop(body)).nodes_an_iteration >= 4


def test_a_missing_no_grad_in_validation_holds_activations():
    def body(now, state):
        state.setdefault("losses", []).append(now.model(now.x).mean())

    found = growth(loop(body))
    assert found.bytes_an_iteration >= 5 * 16 * 4  # tanh's result at least
    assert found.nodes_an_iteration > 0


@pytest.mark.parametrize("gradients", [False, True])
def test_predictions_that_are_kept_hold_their_graph_where_gradients_are_on(gradients):
    def prepare():
        model, x = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4)), torch.rand(5, 8)

        def step():
            with torch.set_grad_enabled(gradients):
                return model(x)

        return model, step

    assert growth(prepare, keep_results=True).grows is gradients
    assert not growth(prepare, keep_results=False).grows


def test_too_few_iterations_show_nothing():
    with pytest.raises(FootprintError, match="at least 4"):
        growth(loop(lambda *_: None), iterations=3)
