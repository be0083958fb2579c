"""Settings come from flags, environment and file, in this order, and a bad one is named."""

from pathlib import Path

import pytest

from lastly.config import Settings, parse, parser


def test_every_setting_is_a_flag() -> None:
    flags = {option for action in parser()._actions for option in action.option_strings}
    assert {f"--{name.replace('_', '-')}" for name in Settings.model_fields} <= flags


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
