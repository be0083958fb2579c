"""Finds a JDK that is new enough: engines want different ones, and the one on the path is often older.

usage: python plugin/find_jdk.py 21 [VARIABLE ...]

Prints the JDK's home: a variable's (JAVA_HOME last), the one on the path, or its oldest neighbour that is new enough.
Imports nothing but the standard library, so that any Python runs it before anything is installed.
"""

import os
import re
import shutil
import sys
from pathlib import Path


def java_home(at_least: int, *variables: str) -> str | None:
    """Return the home of a JDK of this version or newer, or None."""
    homes = [Path(home) for name in (*variables, "JAVA_HOME") if (home := os.environ.get(name))]
    if java := shutil.which("java"):
        on_path = Path(java).resolve().parents[1]
        homes += [on_path, *sorted(on_path.parent.iterdir(), key=_version)]
    return next((str(home) for home in homes if _version(home) >= at_least and (home / "bin" / "javac").exists()), None)


def _version(home: Path) -> int:
    """Return a JDK's major version, as its `release` file says; 0 where there is none."""
    try:
        found = re.search(r'JAVA_VERSION="(\d+)', (home / "release").read_text(encoding="utf-8"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


if __name__ == "__main__":
    if not (home := java_home(int(sys.argv[1]), *sys.argv[2:])):
        sys.exit(f"No JDK of {sys.argv[1]} or newer found; set JAVA_HOME")
    print(home)
