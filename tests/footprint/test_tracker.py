import torch

from footprint.peak import Kind
from footprint.tracker import Tracker

KB = 250  # float32 numbers in a thousand bytes


def test_views_share_and_what_nobody_holds_is_gone():
    with Tracker() as tracker:
        a = torch.zeros(4 * KB)
        b = a.view(2, -1)[1]
        c = a.t()
        assert tracker.live == 4000
        del a, c
        assert tracker.live == 4000  # the view holds it
        del b
        assert tracker.live == 0
        assert tracker.peak.total == 4000


def test_what_autograd_saves_counts_until_the_backward_pass():
    with Tracker() as tracker:
        x = torch.zeros(KB, requires_grad=True)
        y = x.exp()  # saves its result
        loss = y.sum()
        del y
        assert tracker.live == 1000 + 1000 + 4
        loss.backward()
        assert tracker.live == 1000 + 1000 + 4  # the gradient instead
        del loss
        assert tracker.live == 2000


def test_tensors_that_were_there_before_count_once_they_are_used():
    before = torch.zeros(KB)
    with Tracker() as tracker:
        assert tracker.live == 0
        after = before + 1
        assert tracker.live == 2000
        assert tracker.held_by([before, after, after[:1]]) == 2000
    del after


def test_the_peak_is_that_since_the_last_restart_and_says_what_it_is_made_of():
    with Tracker() as tracker:
        weight = torch.zeros(KB)
        high = torch.zeros(8 * KB)
        assert tracker.peak.total == 9000
        del high
        tracker.restart()
        assert (tracker.peak.total, tracker.peak.operation) == (1000, "before the first operation")
        state = torch.zeros(2 * KB)
        tracker.mark([weight], Kind.PARAMETERS)
        tracker.mark([state], Kind.OPTIMISER)
        temporary = weight.exp()
        peak = tracker.peak
    assert (peak.parameters, peak.optimiser, peak.activations, peak.gradients) == (1000, 2000, 1000, 0)
    assert peak.operation == "aten.exp.default"
    del temporary


def test_a_storage_that_grows_is_counted_anew():
    with Tracker() as tracker:
        a = torch.zeros(KB)
        a.resize_(3 * KB)
        assert tracker.live == 3000
    del a


def test_granularity_rounds_every_storage_up():
    with Tracker(granularity=512) as tracker:
        kept = [torch.zeros(1), torch.zeros(128), torch.zeros(129)]
        assert tracker.live == 512 + 512 + 1024
    del kept
