"""The sidecar listens where it is told: IPv4, IPv6, names; and says when anybody may call."""

import socket
from pathlib import Path

import pytest

from lastly.config import Settings
from lastly.serving import server
from lastly.serving.connections.addresses import is_loopback, listening_socket, shown
from tests.kit.sidecars.in_process import small_settings


@pytest.mark.parametrize(("host", "called"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "::1")])
def test_every_kind_of_address_is_listened_on(host: str, called: str) -> None:
    with listening_socket(host, 0, backlog=1) as listener:
        socket.create_connection((called, listener.getsockname()[1]), timeout=5).close()


def test_all_addresses_are_those_of_both_kinds() -> None:
    with listening_socket("::", 0, backlog=1) as listener:
        for called in ("127.0.0.1", "::1"):
            socket.create_connection((called, listener.getsockname()[1]), timeout=5).close()


def test_an_address_is_shown_as_a_url_has_it() -> None:
    assert (shown("::1", 80), shown("127.0.0.1", 80)) == ("[::1]:80", "127.0.0.1:80")


@pytest.mark.parametrize(
    ("host", "told"), [("127.0.0.1", False), ("localhost", False), ("::1", False), ("0.0.0.0", True), ("::", True)]
)
@pytest.mark.parametrize("key", ["", "right"])
def test_a_start_without_a_key_beyond_loopback_says_so(small_model: Path, host: str, told: bool, key: str) -> None:
    settings = Settings(**small_settings(small_model, host=host, api_key=key))
    assert bool(server._open_to_all(settings)) == (told and not key)
    assert is_loopback(host) == (not told)
