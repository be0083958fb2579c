"""Whose a node is: the engines refuse to run as root, so that root gives theirs to a user who owns nothing else."""

import os
from pathlib import Path
from typing import Any

_USER = 9201


def as_owner() -> dict[str, Any]:
    """Return subprocess's arguments for running a program as a node's owner: none where that is this user."""
    return {} if os.geteuid() else {"user": _USER, "group": _USER, "extra_groups": []}


def give(folder: Path) -> None:
    """Make a folder and all in it the owner's."""
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, _USER, _USER)
