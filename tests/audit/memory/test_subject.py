from types import SimpleNamespace

import pytest

from audit.errors import AuditError
from audit.memory.subject import chosen, read
from tests.audit.memory.foreign import Adapter


def test_what_an_adapter_leaves_out_has_defaults():
    made = read("a:b", SimpleNamespace(models=("x",), training=lambda: None))
    assert (made.precisions, made.recomputations, made.inference) == (("fp32",), (False,), None)
    made = read("a:b", SimpleNamespace(models=("x",), training=print, checkpointing=True))
    assert made.recomputations == (False, True)


@pytest.mark.parametrize("shown", [{}, {"models": ()}, {"models": ("x",)}, {"training": print}])
def test_an_adapter_that_shows_nothing_is_refused(shown):
    with pytest.raises(AuditError, match=r"a:b made SimpleNamespace.*docs/memory.md"):
        read("a:b", SimpleNamespace(**shown))


def test_models_can_be_chosen():
    made = read("a:b", Adapter())
    assert chosen(made, ()).models == ("small", "large")
    assert chosen(made, ("large",)).models == ("large",)
    with pytest.raises(AuditError, match="'huge'; there are: small, large"):
        chosen(made, ("huge",))
