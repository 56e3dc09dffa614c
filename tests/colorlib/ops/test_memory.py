import pytest
import torch

from colorlib.ops.memory import HUGE, huge_page_empty, huge_page_empty_like


@pytest.mark.parametrize("dtype", [torch.uint8, torch.bfloat16, torch.float32, torch.int64])
@pytest.mark.parametrize("rows", [0, 3, HUGE // 1024])
def test_is_an_ordinary_tensor(dtype, rows):
    tensor = huge_page_empty((rows, 2, 1024), dtype)
    assert (tensor.shape, tensor.dtype) == ((rows, 2, 1024), dtype)
    assert tensor.is_contiguous()
    tensor.fill_(1)
    assert int(tensor.sum(dtype=torch.int64)) == rows * 2048


def test_other_devices_have_their_own_memory():
    assert huge_page_empty_like(torch.zeros(2, 3, device="meta")).device.type == "meta"


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_like_keeps_the_memory_order(order):
    tensor = torch.zeros(2, 300, 64, 64).to(memory_format=order)
    like = huge_page_empty_like(tensor)
    assert like.stride() == tensor.stride()
    like.copy_(tensor)
    assert torch.equal(like, tensor)
