"""`lastly attach|detach|status vespa` as commands: what they show, refuse and say."""

from pathlib import Path

import pytest

from lastly.cli import main
from lastly_integrations.vespa import cli, settings
from tests.kit.vespa.packages import contents


def test_the_command_shows_the_difference_first_and_writes_only_when_told(
    package: Path, jar: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [str(package), "--fields", "title,text", "--sidecar", "http://127.0.0.1:8787", "--bundle", jar]
    before = contents(package)
    assert cli.attach([*arguments, "--dry-run"]) == 0
    assert '+        <searcher id="com.lastly.vespa.RerankSearcher"' in capsys.readouterr().out
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert cli.attach(arguments) == 1
    assert contents(package) == before
    assert cli.attach([*arguments, "--yes"]) == 0
    assert cli.status([str(package)]) == 0
    assert cli.detach([str(package), "--yes"]) == 0
    assert contents(package) == before
    assert cli.status([str(package)]) == 1


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--window-size", "0"),
        ("--window-size", "1001"),
        ("--timeout", "61s"),
        ("--timeout", "soon"),
        ("--on-failure", "shrug"),
        ("--mode", "loud"),
        ("--explain", "yes"),
        ("--max-doc-tokens", "-1"),
        ("--sidecar", "sidecar:8787"),
        ("--instruction", "x" * 8193),
        ("--fields", " , "),
        ("--fields", ",".join(["title"] * 33)),
    ],
)
def test_a_setting_with_which_no_container_would_start_is_refused(
    package: Path, jar: str, capsys: pytest.CaptureFixture[str], flag: str, value: str
) -> None:
    before = contents(package)
    arguments = [str(package), "--fields", "title", "--sidecar", "http://s", "--bundle", jar, "--yes"]
    assert cli.attach([*arguments, f"{flag}={value}"]) == 1
    assert flag in capsys.readouterr().err
    assert contents(package) == before


def test_the_limits_of_the_flags_are_the_core_s() -> None:
    core = Path(__file__).parents[3] / "plugin" / "core" / "src" / "main" / "java" / "com" / "lastly" / "core"
    code = (core / "settings" / "SettingLimits.java").read_text()
    assert f"LARGEST_WINDOW = {settings.LARGEST_WINDOW};" in code
    assert f"LONGEST_TEXT = {settings.LONGEST_TEXT};" in code
    assert f"MOST_FIELDS = {settings.MOST_FIELDS};" in code
    assert f"LONGEST_TIMEOUT_MILLIS = {settings.LONGEST_TIMEOUT_MS:_};" in code


def test_errors_of_the_command_are_one_line_and_say_what_to_do(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(package), "--fields", "title", "--sidecar", "http://s", "--yes"]
    assert cli.attach([*arguments, "--bundle", "nowhere.jar"]) == 1
    assert "make plugins" in capsys.readouterr().err


def test_the_command_line_finds_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["attach", "vespa", "--help"])
    assert "--sidecar" in capsys.readouterr().out
    assert main(["attach", "solr"]) == 1
    assert "vespa" in capsys.readouterr().err
