"""The public workflows are sound by actionlint, and run commands that the Makefile has."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"


@pytest.fixture(scope="module")
def actionlint() -> str:
    """Find actionlint, or build it once from its Go module into the user's cache."""
    if found := shutil.which("actionlint"):
        return found
    cache = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "lastly" / "bin"
    if not (cache / "actionlint").exists():
        if shutil.which("go") is None:
            pytest.skip("neither actionlint nor go is installed: the workflows are not checked")
        environment = os.environ | {"GOBIN": str(cache)}
        subprocess.run(["go", "install", ACTIONLINT], env=environment, check=True, timeout=500, capture_output=True)
    return str(cache / "actionlint")


def test_actionlint_finds_nothing(actionlint: str) -> None:
    done = subprocess.run([actionlint, *map(str, WORKFLOWS)], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "")


def _jobs() -> list[dict[str, Any]]:
    return [job for file in WORKFLOWS for job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values()]


def test_every_target_of_make_that_is_run_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = [step["run"] for job in _jobs() for step in job["steps"] if "run" in step]
    asked = {name for command in commands if command.startswith("make ") for name in _targets(command)}
    asked |= {f"test-{engine}" for job in _jobs() for engine in _matrix(job).get("engine", [])}
    assert asked
    assert asked - targets == set()


def _targets(command: str) -> list[str]:
    return [word for word in command.partition("ARGS=")[0].split()[1:] if re.fullmatch(r"[a-z-]+", word)]


def _matrix(job: dict[str, Any]) -> dict[str, list[str]]:
    return dict(job.get("strategy", {}).get("matrix", {}))


def test_every_job_ends_and_may_write_nothing() -> None:
    assert all(job["timeout-minutes"] <= 60 for job in _jobs())
    for file in WORKFLOWS:
        assert yaml.safe_load(file.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


def test_every_version_of_python_that_is_tested_is_one_that_may_be_installed() -> None:
    tested = {version for job in _jobs() for version in _matrix(job).get("python", [])}
    assert tested >= {"3.11", "3.12", "3.13"}
