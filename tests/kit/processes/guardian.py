"""Waits until a process is gone, then ends every process that carries its mark, and removes its folder.

usage: python -I guardian.py PARENT MARK FOLDER

A process is known by its environment, which those that it starts inherit: neither a launcher between it and the run,
nor a session or a user of its own hides it. (A signal of the kernel's at the parent's death, PR_SET_PDEATHSIG, reaches
only the launcher, and comes too early where a thread started it.) Where there is no /proc, only the folder is removed.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

POLL_S = 0.2
CALM_S = 1.0  # a process that was just forked shows its parent's environment until it runs its program
LIMIT_S = 30.0


def main(parent: int, mark: bytes, folder: Path) -> None:
    """Wait, then clear up."""
    while os.getppid() == parent:
        time.sleep(POLL_S)
    end_all(mark)
    shutil.rmtree(folder, ignore_errors=True)


def end_all(mark: bytes) -> None:
    """Kill what carries the mark until nothing has for a while."""
    limit, calm = time.monotonic() + LIMIT_S, time.monotonic() + CALM_S
    while time.monotonic() < min(limit, calm):
        for process in marked(mark):
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
            calm = time.monotonic() + CALM_S
        time.sleep(POLL_S)


def marked(mark: bytes) -> list[int]:
    """Return the processes that carry the mark; those that may not be read belong to somebody else."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2].encode(), Path(sys.argv[3]))
