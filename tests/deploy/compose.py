"""The real Compose: what is installed, or built from its Go module and kept beside the engines' distributions."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.kit.limits import BUILD_S
from tests.kit.nodes.central import CACHE

_MODULE, _VERSION = "github.com/docker/compose/v2/cmd", "v2.39.4"


class NoComposeError(Exception):
    """There is none, and it can't be built; the message says why."""


def found_or_built() -> list[str]:
    """Return Compose's command."""
    if binary := os.environ.get("LASTLY_COMPOSE") or shutil.which("docker-compose"):
        return [binary]
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, timeout=30).returncode == 0:
        return [docker, "compose"]
    return [str(_built())]


def _built() -> Path:
    binary = CACHE / f"docker-compose-{_VERSION}"
    if binary.exists():
        return binary
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        raise NoComposeError("no Compose here and no Go to build it; name a binary in LASTLY_COMPOSE")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        _run([go, "mod", "init", "stack"], folder)
        fetched = _run([go, "get", f"{_MODULE}@{_VERSION}"], folder)
        if fetched.returncode:
            raise NoComposeError(f"no Compose here, and its module can't be fetched: {fetched.stderr[-300:]}")
        built = _run([go, "build", "-o", "docker-compose", _MODULE], folder)
        assert built.returncode == 0, built.stderr[-2000:]
        (Path(folder) / "docker-compose").rename(binary)
    return binary


def _run(command: list[str], folder: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_S, check=False)
