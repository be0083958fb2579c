"""Reads what this process's memory is, from Linux's /proc."""

from pathlib import Path

_PROCESS = Path("/proc/self")


def resident_mb() -> float:
    """What is in use now."""
    return _status("VmRSS")


def peak_mb() -> float:
    """The most that was in use, since `forget_peak` or the start."""
    return _status("VmHWM")


def forget_peak() -> None:
    """Let the peak start anew."""
    (_PROCESS / "clear_refs").write_text("5", encoding="ascii")


def _status(field: str) -> float:
    text = (_PROCESS / "status").read_text(encoding="ascii")
    return int(text.split(f"{field}:")[1].split()[0]) / 1000
