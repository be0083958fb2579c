"""Runs the transformers reference in a process of its own.

Usage: python -m lastly_export.parity.reference_process FOLDER IN OUT

torch and what it keeps take about 1.2 GB for a 0.6B model; a process of its own releases them before the exported
graph is loaded. Encodings and embeddings travel as .npz files.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lastly.types import BlockEmbeddings, Encoding
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.errors import ExportError
from lastly_export.parity.reference import TransformersReference

Answer = tuple[str, list[BlockEmbeddings]]
_DEADLINE_S = 1800


def transformers_installed() -> bool:
    """Return whether torch and transformers are there, without importing them."""
    return all(importlib.util.find_spec(name) for name in ("torch", "transformers"))


def embed(checkpoint: Checkpoint, encodings: Sequence[Encoding], scratch: Path) -> Answer:
    """Return the reference's name and its embeddings of every encoding.

    Where torch is already loaded, its memory is spent anyway: the work is done in this process.
    """
    if "torch" in sys.modules:
        return _embed_here(checkpoint, encodings)
    sent, answered = scratch / "encodings.npz", scratch / "embeddings.npz"
    _write_encodings(sent, encodings)
    command = [sys.executable, "-m", __name__, str(checkpoint.folder), str(sent), str(answered)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE_S, check=False)  # noqa: S603
    if done.returncode:
        raise ExportError(f"transformers could not run this checkpoint: {done.stderr.strip().splitlines()[-1:]}")
    return _read_embeddings(answered)


def _embed_here(checkpoint: Checkpoint, encodings: Sequence[Encoding]) -> Answer:
    reference = TransformersReference(checkpoint)
    return reference.name, [reference.run(encoding) for encoding in encodings]


def _write_encodings(file: Path, encodings: Sequence[Encoding]) -> None:
    arrays = {}
    for place, encoding in enumerate(encodings):
        arrays[f"ids{place}"] = encoding.input_ids
        arrays[f"positions{place}"] = np.append(encoding.document_positions, encoding.query_position)
    np.savez(file, allow_pickle=False, **arrays)


def _read_encodings(file: Path) -> list[Encoding]:
    with np.load(file) as held:
        pairs = [(held[f"ids{place}"], held[f"positions{place}"]) for place in range(len(held.files) // 2)]
    return [Encoding(ids, positions[:-1], int(positions[-1])) for ids, positions in pairs]


def _write_embeddings(file: Path, answer: Answer) -> None:
    name, embedded = answer
    arrays = {f"rows{place}": np.vstack([each.documents, each.query]) for place, each in enumerate(embedded)}
    np.savez(file, allow_pickle=False, name=np.array(name), **arrays)


def _read_embeddings(file: Path) -> Answer:
    with np.load(file) as held:
        rows = [held[f"rows{place}"] for place in range(len(held.files) - 1)]
        name = str(held["name"])
    return name, [BlockEmbeddings(each[:-1], each[-1]) for each in rows]


def main(folder: str, sent: str, answered: str) -> None:
    """Read encodings, write embeddings."""
    _write_embeddings(Path(answered), _embed_here(Checkpoint(Path(folder)), _read_encodings(Path(sent))))


if __name__ == "__main__":
    main(*sys.argv[1:])
