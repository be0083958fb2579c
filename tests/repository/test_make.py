"""The Makefile's commands run what they are asked for, and no more."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _run_by(target: str, arguments: str = "") -> str:
    """Return the commands that a target would run."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    command = [make, "--dry-run", target, f"ARGS={arguments}"]
    # The flags of a make that runs these tests would come before.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKEOVERRIDES")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _tests(target: str, arguments: str = "") -> str:
    """Return what a target hands to pytest."""
    lines = [line for line in _run_by(target, arguments).splitlines() if "-m pytest" in line]
    assert len(lines) == 1, lines
    return " ".join(lines[0].split("-m pytest")[1].split())


def test_all_tests_come_with_lint_and_types() -> None:
    commands = _run_by("test")
    assert "ruff check" in commands
    assert "bin/mypy" in commands
    assert _tests("test") == ""


def test_tests_that_are_asked_for_come_alone() -> None:
    commands = _run_by("test", "tests/unit -k overlap")
    assert "ruff" not in commands
    assert "mypy" not in commands
    assert _tests("test", "tests/unit -k overlap") == "tests/unit -k overlap"


@pytest.mark.parametrize("target", ["test-quick", "test-opensearch", "test-elasticsearch", "test-vespa"])
def test_a_target_s_own_tests_give_way_to_those_asked_for_and_take_options(target: str) -> None:
    own = _tests(target)
    assert own.startswith("tests/")
    assert _tests(target, "-x") == f"{own} -x"
    assert _tests(target, "tests/unit/test_config.py -x") == "tests/unit/test_config.py -x"


def test_what_ci_runs_is_the_readme_s_test_command() -> None:
    command = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()[-1]
    assert command == "exec make test"  # a signal to CI's process reaches make, which passes it on
    assert re.search(r"^make test\b", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_building_the_plugins_needs_nothing_of_the_tests() -> None:
    commands = _run_by("plugins")
    assert "plugin/find_jdk.py" in commands
    assert "tests" not in commands


def _find_jdk(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", str(ROOT / "plugin/find_jdk.py"), *arguments]
    environment = {"PATH": "/nowhere", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def _jdk(folder: Path, version: str) -> Path:
    """Write what tells a JDK's version and that it is one."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "javac").touch()
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return folder


def test_a_jdk_that_is_new_enough_is_found_by_its_variable(tmp_path: Path) -> None:
    old, new = _jdk(tmp_path / "old", "17.0.2"), _jdk(tmp_path / "new", "21.0.1")
    assert _find_jdk("21", "OF_THE_ENGINE", OF_THE_ENGINE=str(old), JAVA_HOME=str(new)).stdout.strip() == str(new)
    assert _find_jdk("17", "OF_THE_ENGINE", OF_THE_ENGINE=str(old), JAVA_HOME=str(new)).stdout.strip() == str(old)


def test_where_no_jdk_is_new_enough_it_says_what_to_set(tmp_path: Path) -> None:
    done = _find_jdk("21", JAVA_HOME=str(_jdk(tmp_path / "old", "17")))
    assert done.returncode == 1
    assert "set JAVA_HOME" in done.stderr
