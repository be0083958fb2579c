"""A misspelt variable ends the start; what Kubernetes sets for Services is told apart from settings."""

import pytest

from lastly.config import Settings
from lastly.flags import parse, parser


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LASTLY_PORT", "LASTLY_API_KEY", "LASTLY_MAX_QUEUE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("LASTLY_API_KEYS", "LASTLY_API_KEY?"),
        ("LASTLY_MAX_QUEU", "LASTLY_MAX_QUEUE?"),
        ("lastly_max_queu", "LASTLY_MAX_QUEUE?"),
        ("LASTLY_TLSCERT", "LASTLY_TLS_CERT?"),
        ("LASTLY_SERVICE_HOSTS", "lastly serve --help"),
        ("LASTLY_XYZZY", "lastly serve --help"),
    ],
)
def test_an_unknown_variable_ends_the_start_with_the_nearest_name(
    name: str, nearest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "secret value")
    with pytest.raises(SystemExit) as ended:
        parse([])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"{name} is no setting" in said
    assert nearest in said
    assert "secret value" not in said


KUBERNETES = {
    "LASTLY_PORT": "tcp://10.0.0.1:8787",
    "LASTLY_SERVICE_HOST": "10.0.0.1",
    "LASTLY_SERVICE_PORT": "8787",
    "LASTLY_SERVICE_PORT_HTTP": "8787",
    "LASTLY_PORT_8787_TCP": "tcp://10.0.0.1:8787",
    "LASTLY_PORT_8787_TCP_PROTO": "tcp",
    "LASTLY_PORT_8787_TCP_PORT": "8787",
    "LASTLY_PORT_8787_TCP_ADDR": "10.0.0.1",
    "LASTLY_GPU_PORT": "udp://[fd00::1]:53",
    "LASTLY_GPU_SERVICE_HOST": "10.0.0.2",
    "LASTLY_GPU_PORT_53_UDP_ADDR": "10.0.0.2",
}


def test_variables_of_services_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KUBERNETES.items():
        monkeypatch.setenv(name, value)
    assert parse([]).port == Settings.model_fields["port"].default
    assert parse(["--port", "1234"]).port == 1234


def test_a_port_that_is_none_is_still_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LASTLY_PORT", "http")
    with pytest.raises(SystemExit):
        parse([])
    assert "--port (port, LASTLY_PORT)" in capsys.readouterr().err


@pytest.mark.parametrize("setting", ["API_KEY", "MODEL", "PORT", "TRACE_ENDPOINT", "API_KEY_SHA256", "TLS_CERT"])
def test_an_empty_variable_is_unset(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unset = parse([]).model_dump()
    monkeypatch.setenv(f"LASTLY_{setting}", "")
    assert parse([]).model_dump() == unset


def test_an_empty_key_is_none_wherever_it_stands() -> None:
    assert parse(["--api-key", ""]).api_key is None


def test_levels_are_taken_in_either_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTLY_LOG_LEVEL", "WARNING")
    assert parse(["--log-format", "JSON"]).log_level == "warning"


def test_help_says_default_choices_and_variable() -> None:
    said = " ".join(parser().format_help().split())
    assert "--log-level debug|info|warning|error" in said
    assert "(default: 64; LASTLY_MAX_QUEUE)" in said
