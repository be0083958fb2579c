"""What processes hold and have taken, as /proc tells; one that has ended holds nothing."""

import os
from pathlib import Path


def of_session(session: int) -> list[int]:
    """Return the processes of a session."""
    numbers = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
    return [number for number in numbers if (fields := _stat(number)) and int(fields[3]) == session]


def resident_bytes(process: int) -> int:
    """Return a process's resident memory."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has taken."""
    fields = _stat(process)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _stat(process: int) -> list[str]:
    """Return the fields that follow a process's name, which may hold anything."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []
