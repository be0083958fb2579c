"""A test's limit is for its body: what it shares with others may take longer to set up on a slow machine."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SLOW = """
import time

import pytest


@pytest.fixture
def slow():
    time.sleep(1.5)


def test_after_a_slow_set_up(slow):
    pass


def test_that_is_slow_itself():
    time.sleep(1.5)
"""


def test_a_slow_set_up_is_no_error_and_a_slow_test_is_one(tmp_path: Path) -> None:
    (tmp_path / "test_slow.py").write_text(SLOW)
    settings = ["-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "--timeout", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *settings, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert "1 failed, 1 passed" in done.stdout
    assert "test_that_is_slow_itself - Failed: Timeout" in done.stdout
