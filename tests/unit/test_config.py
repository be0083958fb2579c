"""Settings come from flags, environment and file, in this order, and a bad one is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from lastly.config import Settings
from lastly.flags import parse, parser


def test_every_setting_is_a_flag() -> None:
    flags = {option for action in parser()._actions for option in action.option_strings}
    assert {f"--{name.replace('_', '-')}" for name in Settings.model_fields} <= flags


HASHES = ["0" * 64, "f" * 64]
# A value that is not its default for every setting, as a file holds it; a number gets one more than its default.
OTHER_VALUES: dict[str, Any] = {
    "model": ["a=/x", "/y"],
    "host": "0.0.0.0",
    "root_path": "/lastly",
    "tls_cert": "/c.pem",
    "tls_key": "/k.pem",
    "api_key": "hunter2",
    "api_key_sha256": HASHES,
    "api_key_file": "/keys",
    "long_documents": "excerpt",
    "lexical_weight": 0.25,
    "provider": "cuda",
    "log_level": "debug",
    "log_format": "json",
    "trace_endpoint": "http://collector:4318/v1/traces",
    "ray": True,
} | {name: field.default + 1 for name, field in Settings.model_fields.items() if field.annotation is int}
# What a setting is only taken together with.
TOGETHER = {"tls_cert": {"tls_key": "/k.pem"}, "tls_key": {"tls_cert": "/c.pem"}}


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_taken_alike_from_flag_variable_and_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {name: OTHER_VALUES[name]} | TOGETHER.get(name, {})
    texts = {each: value if isinstance(value, list) else [_text(value)] for each, value in given.items()}
    flags = [f"--{each.replace('_', '-')}={one}" for each, ones in texts.items() for one in ones]
    by_flag = getattr(parse(flags), name)
    file = tmp_path / "lastly.toml"
    file.write_text("".join(f"{each} = {json.dumps(value)}\n" for each, value in given.items()))
    by_file = getattr(parse(["--config", str(file)]), name)
    for each, ones in texts.items():
        monkeypatch.setenv(f"LASTLY_{each.upper()}", ",".join(ones))
    assert by_flag == by_file == getattr(parse([]), name)
    assert by_flag != getattr(Settings.model_construct(), name)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_a_switch_may_stand_alone_and_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse(["--ray"]).ray
    monkeypatch.setenv("LASTLY_RAY", "true")
    assert parse([]).ray
    assert not parse(["--ray", "false"]).ray


def test_flags_win_over_the_environment_and_this_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lastly.toml"
    file.write_text("port = 1\nmax_queue = 2\nmax_documents = 3\n")
    monkeypatch.setenv("LASTLY_PORT", "11")
    monkeypatch.setenv("LASTLY_MAX_QUEUE", "12")
    settings = parse(["--config", str(file), "--port", "21"])
    assert (settings.port, settings.max_queue, settings.max_documents) == (21, 12, 3)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--port", "99999"], "port"),
        (["--max-queue", "0"], "max_queue"),
        (["--provider", "abacus"], "provider"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_a_bad_value_ends_the_program_and_is_named(
    flags: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(flags)
    assert named in capsys.readouterr().err


def test_an_unknown_key_in_the_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lastly.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(SystemExit):
        parse(["--config", str(file)])
    assert "prot" in capsys.readouterr().err


def test_the_key_is_never_shown() -> None:
    assert "hunter2" not in repr(parse(["--api-key", "hunter2"]))


def test_models_are_named_in_flags_variables_and_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = (("a", Path("/x")), (None, Path("/y")))
    assert parse(["--model", "a=/x", "--model", "/y"]).model == expected
    monkeypatch.setenv("LASTLY_MODEL", "a=/x, /y")
    assert parse([]).model == expected
    monkeypatch.delenv("LASTLY_MODEL")
    file = tmp_path / "lastly.toml"
    file.write_text('[model]\na = "/x"\nb = "/y"\n')
    assert parse(["--config", str(file)]).model == (("a", Path("/x")), ("b", Path("/y")))


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--tls-cert", "c.pem"], "tls_key"),
        (["--api-key-sha256", "hunter2"], "sha256"),
        (["--ray", "--ray-min-replicas", "5", "--ray-max-replicas", "2"], "ray_min_replicas"),
    ],
)
def test_settings_that_do_not_fit_together_are_named(
    flags: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(flags)
    assert named in capsys.readouterr().err
    assert "hunter2" not in capsys.readouterr().err
