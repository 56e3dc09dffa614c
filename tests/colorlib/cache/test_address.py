import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorlib.cache.address import parse_address
from colorlib.errors import ColorlibError


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("redis://localhost:7000/3", "redis://localhost:7000/3"),
        ("redis://localhost?db=2", "redis://localhost:6379/2"),
        ("rediss://me:secret@[::1]:7000", "rediss://::1:7000/0"),
        ("unix:///run/redis%20a.sock?db=1", "unix:///run/redis a.sock?db=1"),
        ("unix://me:secret@/run/redis.sock", "unix:///run/redis.sock?db=0"),
    ],
)
def test_addresses_are_read_and_shown_without_credentials(url: str, shown: str) -> None:
    address = parse_address(url)
    assert str(address) == shown
    if "@" in url:
        assert (address.username, address.password) == ("me", "secret")
        assert "secret" not in repr(address)


def test_the_authorities_of_a_certificate_may_be_named() -> None:
    assert parse_address("rediss://host?ssl_ca_certs=/etc/our.pem").ca_certs == "/etc/our.pem"


@given(st.text(min_size=1, max_size=12), st.sampled_from(["redis", "rediss"]))
def test_any_password_that_is_quoted_arrives(password: str, scheme: str) -> None:
    quoted = urllib.parse.quote(password, safe="")
    assert parse_address(f"{scheme}://:{quoted}@host").password == password


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "unix://",
        "redis://:hunter2/x@host:1",  # the port would be "hunter2"
        "redis://host:99999/hunter2",
        "redis://host/hunter2",
        "redis://host?password=hunter2",
        "redis://host?hunter2",
        "redis://host?db=hunter2",
        "redis://host?db=-1",
        "redis://host#hunter2",
        "redis://[hunter2",
        "unix:///socket?ssl_ca_certs=hunter2",
    ],
)
def test_what_is_not_understood_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ColorlibError, match="address is not understood") as raised:
        parse_address(url)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__
