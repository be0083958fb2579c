"""Waiting for what must happen."""

import time
from typing import Any


def eventually(true: Any, seconds: float = 15) -> bool:
    """Wait until something holds; return False where it does not within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False
