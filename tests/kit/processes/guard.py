"""Nothing that a run starts outlives it, however the run ends: nodes, sidecars, containers, builds, browsers."""

import functools
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Any

_GUARDIAN = Path(__file__).with_name("guardian.py")
_VARIABLE = "TEST_RUN_MARKS"  # without the prefix LASTLY_, under which the sidecar looks for its settings


@functools.cache
def guarded() -> Path:
    """Mark this process's environment and start its guardian, once; return a folder that is removed with it."""
    mark = secrets.token_hex(8)
    folder = Path(tempfile.mkdtemp(prefix="lastly-run-"))
    folder.chmod(0o755)  # nodes are another user's
    subprocess.Popen(
        [sys.executable, "-I", str(_GUARDIAN), str(os.getpid()), mark, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,  # what ends the run's whole group must not end its guardian
    )
    # A run within a run keeps the mark of the outer one too.
    os.environ[_VARIABLE] = " ".join([*os.environ.get(_VARIABLE, "").split(), mark])
    return folder


def marks() -> dict[str, str]:
    """Return what a process with an environment of its own must have in it."""
    guarded()
    return {_VARIABLE: os.environ[_VARIABLE]}


def end_in_order_on_sigterm() -> None:
    """Let SIGTERM end the program as Ctrl-C does, so that what was set up is taken down; a second one ends it at once.

    Call it once, in the main thread. Forked children keep the default: a handler of Python's loses a signal that comes
    right after the fork, and a pool that ends its workers by SIGTERM would wait for them for ever.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    kept: list[Any] = []

    def before() -> None:
        if threading.current_thread() is threading.main_thread():  # Python sets handlers nowhere else
            kept.append(signal.signal(signal.SIGTERM, signal.SIG_DFL))

    def after() -> None:
        if threading.current_thread() is threading.main_thread() and kept:
            signal.signal(signal.SIGTERM, kept.pop())

    os.register_at_fork(before=before, after_in_parent=after)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt
