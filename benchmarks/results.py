"""Keeps `benchmarks/RESULTS.md`: each command owns one section and replaces it."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_section(
    title: str, command: str, body: str, packages: Sequence[str] = (), machine: str | None = None
) -> None:
    """Put a section under its title, with the command, the machine (this one) and the versions; prints it too."""
    text = f"## {title}\n\n`{command}`\n\n{machine or _machine(packages)}\n\n{body.strip()}\n"
    print(text)
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Results\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    after = pattern.sub(lambda _: text + "\n", before) if pattern.search(before) else f"{before.rstrip()}\n\n{text}"
    RESULTS.write_text(after.rstrip() + "\n", encoding="utf-8")


def _machine(packages: Sequence[str]) -> str:
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        _processor(),
        f"{os.cpu_count()} cores",
        f"Python {platform.python_version()}",
    ]
    return ", ".join(parts + [f"{name} {_version(name)}" for name in packages])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()
