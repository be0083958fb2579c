"""What nodes, containers and sidecars wrote, kept where LASTLY_TEST_LOGS names a folder."""

import os
import shutil
from pathlib import Path


def keep(name: str, *written: Path) -> None:
    """Copy files and folders into the folder's `name`; does nothing where none is named."""
    if not (chosen := os.environ.get("LASTLY_TEST_LOGS")):
        return
    kept = Path(chosen) / name
    kept.mkdir(parents=True, exist_ok=True)
    for path in written:
        if path.is_dir():
            shutil.copytree(path, kept / path.name, dirs_exist_ok=True)
        elif path.exists():
            shutil.copy(path, kept)
