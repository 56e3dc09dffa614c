import pytest
import torch

from colorlib.errors import ColorlibError
from colorlib.models.resources import pick_device, pick_dtype

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_fp16_on_a_cpu_is_refused_with_the_reason() -> None:
    with pytest.raises(ColorlibError, match="fp16 is for CUDA"):
        pick_dtype("fp16", CPU)


def test_auto_follows_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_dtype("auto", CUDA) is torch.float16
    for native, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda native=native: {"avx512_bf16": native})
        assert pick_dtype("auto", CPU) is expected


def test_what_is_asked_for_is_given() -> None:
    assert pick_dtype("fp32", CUDA) is torch.float32
    assert pick_dtype("bf16", CPU) is torch.bfloat16
    assert pick_dtype("fp16", CUDA) is torch.float16


def test_a_gpu_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for available, expected in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda available=available: available)
        assert pick_device().type == expected


def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ColorlibError, match="torch sees no GPU here"):
        pick_device("cuda")
    assert pick_device("cpu").type == "cpu"


def test_a_gpu_may_be_named_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("cuda:1") == pick_device(torch.device("cuda", 1)) == torch.device("cuda", 1)
    with pytest.raises(ColorlibError, match="device cuda:2 is not to be had: torch counts 2 from cuda:0"):
        pick_device("cuda:2")
