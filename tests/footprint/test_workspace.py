from itertools import product

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.profiler import ProfilerActivity, profile

from footprint.workspace import workspace

aten = torch.ops.aten

# channels in, channels out, kernel, stride, dilation, groups, transposed, side
CONVOLUTIONS = {
    "3×3": (64, 64, 3, 1, 1, 1, False, 96),
    "strided": (64, 128, 3, 2, 1, 1, False, 96),
    "dilated": (128, 128, 3, 1, 2, 1, False, 48),
    "heavy": (256, 256, 3, 1, 1, 1, False, 16),
    "depthwise": (128, 128, 3, 1, 1, 128, False, 64),
    "1×1": (128, 300, 1, 1, 1, 1, False, 48),
    "columns": (1, 64, 3, 1, 1, 1, False, 64),
    "transposed": (128, 64, 4, 2, 1, 1, True, 48),
}


def arguments(name, dtype, layout):
    inputs, outputs, kernel, stride, dilation, groups, transposed, side = CONVOLUTIONS[name]
    shape = (inputs, outputs // groups) if transposed else (outputs, inputs // groups)
    x = torch.rand(1, inputs, side, side, dtype=dtype).contiguous(memory_format=layout)
    weight = torch.rand(*shape, kernel, kernel, dtype=dtype).contiguous(memory_format=layout)
    padding = 1 if transposed else dilation * (kernel // 2)
    bias = torch.rand(outputs, dtype=dtype)
    return x, weight, bias, [stride] * 2, [padding] * 2, [dilation] * 2, transposed, [0, 0], groups


def beyond_results(function):
    results = [value for value in _tuple(function()) if value is not None]
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        function()
    now = highest = 0
    for event in sorted(profiler.profiler.kineto_results.events(), key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            now += event.nbytes()
            highest = max(highest, now)
    return highest - sum(result.nbytes for result in results)


def _tuple(value):
    return value if isinstance(value, tuple) else (value,)


CASES = list(product(CONVOLUTIONS, (torch.float32, torch.bfloat16), (torch.contiguous_format, torch.channels_last)))


@pytest.mark.parametrize(
    ("name", "dtype", "layout"), [case for case in CASES if case[:2] != ("columns", torch.bfloat16)], ids=str
)
def test_the_workspace_of_a_convolution_is_what_the_allocator_records(name, dtype, layout):
    forward = arguments(name, dtype, layout)
    y = aten.convolution(*forward)
    x, weight, bias, *options = forward
    backward = (torch.rand_like(y), x, weight, [len(bias)], *options, [True, True, True])
    predicted = [
        workspace(aten.convolution.default, forward, {}, y),
        workspace(aten.convolution_backward.default, backward, {}, None),
    ]
    measured = [
        beyond_results(lambda: aten.convolution(*forward)), beyond_results(lambda: aten.convolution_backward(*backward))
    ]  # fmt: skip
    # Scratch space inside oneDNN is the processor's own affair: at most a few copies of the weights and a megabyte; of
    # bfloat16, where the processor has instructions for it, the larger map in float32 as well.
    wide = 2 * max(x.nbytes, y.nbytes) if dtype == torch.bfloat16 else 0
    for guess, truth in zip(predicted, measured, strict=True):
        assert guess == pytest.approx(truth, abs=0.02 * (x.nbytes + y.nbytes) + 2 * weight.nbytes + 1_500_000 + wide)
    if dtype == torch.float32 and name in ("3×3", "dilated", "heavy", "depthwise", "1×1"):
        assert predicted == pytest.approx(measured, abs=10_000)


def test_fake_and_real_convolutions_have_the_same_workspace():
    for name, dtype, layout in CASES:
        found = []
        for real in (True, False):
            with FakeTensorMode() if not real else torch.no_grad():
                forward = arguments(name, dtype, layout)
                found.append(workspace(aten.convolution.default, forward, {}, aten.convolution(*forward)))
        assert found[0] == found[1], name


def test_the_ways_to_call_a_convolution_agree():
    x, weight = torch.rand(2, 16, 40, 40), torch.rand(32, 16, 3, 3)
    y = aten.conv2d(x, weight)
    general = workspace(aten.convolution.default, (x, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1), {}, y)
    assert workspace(aten.conv2d.default, (x, weight), {}, y) == general > 0
    back = torch.rand(16, 32, 4, 4)
    z = aten.conv_transpose2d.input(x, back, None, [2, 2], [1, 1])
    general = workspace(aten.convolution.default, (x, back, None, [2, 2], [1, 1], [1, 1], True, [0, 0], 1), {}, z)
    assert workspace(aten.conv_transpose2d.input, (x, back, None, [2, 2], [1, 1]), {}, z) == general > 0


def test_other_operations_have_none():
    x = torch.rand(4)
    assert workspace(aten.exp.default, (x,), {}, x.exp()) == 0
