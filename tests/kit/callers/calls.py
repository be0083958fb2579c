"""What both loads call: a sidecar of its own, with bodies of random words."""

import random
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.kit.sidecar_process import Sidecar, sidecar

WORDS = "green tea black water mountain city bicycle paper river stone music winter garden market".split()  # noqa: SIM905


def body(rng: random.Random, documents: int) -> dict[str, Any]:
    """Make a call of random words."""
    texts = [" ".join(rng.choices(WORDS, k=40)) for _ in range(documents)]
    return {"query": " ".join(rng.choices(WORDS, k=4)), "documents": texts}


def running(folder: Path, threads: int) -> AbstractContextManager[Sidecar]:
    """Run the sidecar on a model folder, with so many threads for the model."""
    return sidecar("--model", str(folder), "--log-level", "warning", "--threads", str(threads))
