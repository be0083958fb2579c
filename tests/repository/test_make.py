"""The test commands of the Makefile run what they are asked for, and no more."""

import os
import re
import shutil
import subprocess
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
