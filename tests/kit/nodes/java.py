"""The JDK that a node runs on, found as `make plugins` finds the one that it builds with."""

import subprocess
import sys

from tests.kit.nodes.build import PLUGIN


def java_home(at_least: int, *variables: str) -> str | None:
    """Return the home of a JDK of this version or newer, one that a variable names before others; or None."""
    command = [sys.executable, str(PLUGIN / "find_jdk.py"), str(at_least), *variables]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
