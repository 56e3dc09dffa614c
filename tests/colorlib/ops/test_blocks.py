import pytest
import torch

from colorlib.ops import blocks


@pytest.mark.parametrize("limit", [1, 300, 7 * 313, 1 << 20])
def test_blocks_cover_every_pixel_once_and_stay_small(monkeypatch, limit):
    monkeypatch.setattr(blocks, "CPU_BLOCK", limit)
    logits = torch.zeros(3, 313, 4, 5)
    seen = torch.zeros(3, 20)
    for images, pixels in blocks.pixel_blocks(logits):
        seen[images, pixels] += 1
        assert 313 * seen[images, pixels].numel() <= max(limit, 313)
    assert bool((seen == 1).all())
