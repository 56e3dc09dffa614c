import json

import pytest

from colorlib.errors import ColorlibError
from colorlib.models import ColorNet, MobileLite, PaperNet, build


@pytest.mark.parametrize("model", [MobileLite(q=484, grid="full"), MobileLite(q=11), PaperNet(head="regression")])
def test_a_configuration_rebuilds_its_model(model: ColorNet) -> None:
    config = json.loads(json.dumps(model.config))
    again = build(**config)
    assert type(again) is type(model)
    assert again.config == model.config
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    assert {name: value.shape for name, value in again.state_dict().items()} == shapes


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ColorlibError, match="'vgg', expected one of mobilelite, papernet"):
        build("vgg")


def test_an_unknown_argument_is_named() -> None:
    with pytest.raises(ColorlibError, match="depth"):
        build("mobilelite", depth=3)
