"""The sidecar that both loads call."""

from contextlib import AbstractContextManager
from pathlib import Path

from tests.kit.sidecars.process import Sidecar, sidecar


def running(folder: Path, threads: int) -> AbstractContextManager[Sidecar]:
    """Run the sidecar on a model folder, with so many threads for the model."""
    return sidecar("--model", str(folder), "--log-level", "warning", "--threads", str(threads))
