"""Prints the activation memory of a model folder at given lengths.

usage: python -m tests.kit.models.memory_probe FOLDER LENGTH…

Run as a process of its own, since a process's peak never falls.
"""

import sys
from pathlib import Path

import numpy as np

from lastly.graph.opening import GraphOptions
from lastly.graph.session import Session
from lastly.model.folder import ModelFolder
from lastly.types import Encoding


def main(folder: Path, lengths: list[int]) -> None:
    session = Session(ModelFolder.load(folder, verify=False), GraphOptions(threads=2))
    _run(session, 256)  # touches the weights
    before = peak()
    for length in lengths:
        _run(session, length)
        print(length, peak() - before, flush=True)


def _run(session: Session, length: int) -> None:
    session.run([Encoding(np.arange(length) % 500, np.arange(100) * (length // 100), length - 1)])


def peak() -> int:
    """Peak resident memory of this process in bytes. (ru_maxrss would count the parent's peak before exec.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(length) for length in sys.argv[2:]])
